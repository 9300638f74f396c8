//! The page of a row of the comparison: what is compared, of both sides, and how sure that is.

use egui::Ui;

use super::parts::{fact_ui, function_ui, headline_ui};
use crate::analysis::{DiffGroup, GroupKind, Side};
use crate::ui::command::Command;
use crate::ui::compare::{
    INTERVAL_TEXT, Q_TEXT, SHIFT_TEXT, clock_of, interval_text, q_text, verdict_color, verdict_text,
};
use crate::ui::ctx::{Ctx, thousands};
use crate::ui::slot::Slot;
use crate::ui::widgets::{caption, section_ui, weak};

/// The row that is selected, if it is one of the comparison that there is.
fn selected<'a>(ctx: &Ctx<'a>) -> Option<&'a DiffGroup> {
    let (kind, key) = ctx.state.compared.as_ref()?;
    ctx.diff?.groups.iter().find(|group| group.kind == *kind && group.key == *key)
}

/// The page; says whether there is such a row.
pub(super) fn page_ui(ui: &mut Ui, ctx: &Ctx<'_>) -> bool {
    let Some(group) = selected(ctx) else { return false };
    let theme = ctx.theme;
    headline_ui(ui, verdict_text(group), verdict_color(theme, group));
    function_ui(ui, theme, &group.key);
    ui.add_space(2.0);
    ui.add(egui::Label::new(weak(theme, meaning(group.kind))).wrap());
    lanes_ui(ui, ctx, group);
    for (slot, side) in [(Slot::Before, &group.before), (Slot::After, &group.after)] {
        side_ui(ui, ctx, slot, side, group.late[slot as usize]);
    }
    change_ui(ui, ctx, group);
    true
}

/// The button that shows the group's lanes alone in both timelines, or all again.
fn lanes_ui(ui: &mut Ui, ctx: &Ctx<'_>, group: &DiffGroup) {
    if group.function.is_empty() {
        return;
    }
    ui.add_space(4.0);
    let shown = *ctx.state.rows.filter == *group.function;
    let (title, words) =
        if shown { ("Show all lanes", "") } else { ("Show only its lanes", &*group.function) };
    let tip = "In both timelines, by what Find looks for";
    if ui.button(title).on_hover_text(tip).clicked() {
        ctx.send(Command::LanesOf(words.to_owned()));
    }
}

fn side_ui(ui: &mut Ui, ctx: &Ctx<'_>, slot: Slot, side: &Side, late: u32) {
    let theme = ctx.theme;
    let title = if slot == Slot::Before { "Before" } else { "After" };
    section_ui(ui, theme, title);
    if side.n == 0 {
        ui.label(weak(theme, "none"));
        return;
    }
    let clock = clock_of(ctx, slot);
    fact_ui(ui, theme, "How many", |ui| {
        ui.label(thousands(u64::from(side.n)));
        if late > 0 {
            let text = format!("{} late", thousands(u64::from(late)));
            ui.label(caption(theme, text).color(theme.late_text));
        }
        if side.alive > 0 {
            let text = format!("{} alive at the end", thousands(u64::from(side.alive)));
            ui.label(caption(theme, text).color(theme.warn));
        }
    });
    let figures = [
        ("Median", side.p50_ns),
        ("90 % within", side.p90_ns),
        ("99 % within", side.p99_ns),
        ("Longest", side.max_ns),
    ];
    for (name, ns) in figures {
        fact_ui(ui, theme, name, |ui| drop(ui.label(clock.text(ns))));
    }
}

fn change_ui(ui: &mut Ui, ctx: &Ctx<'_>, group: &DiffGroup) {
    let clock = clock_of(ctx, Slot::Before);
    let shift = group.shift_ns.map(|shift| clock.signed_text(shift));
    let facts = [
        ("Typical shift", shift, SHIFT_TEXT),
        ("95 % interval", interval_text(clock, group), INTERVAL_TEXT),
        ("q", q_text(group), Q_TEXT),
    ];
    if facts.iter().all(|(_, text, _)| text.is_none()) {
        return;
    }
    section_ui(ui, ctx.theme, "The change");
    for (name, text, tip) in facts {
        let Some(text) = text else { continue };
        fact_ui(ui, ctx.theme, name, |ui| drop(ui.label(text).on_hover_text(tip)));
    }
}

/// What is compared in a row of a kind.
fn meaning(kind: GroupKind) -> &'static str {
    match kind {
        GroupKind::CancelSite => "How long those stayed whom these cancels told to stop.",
        GroupKind::Goroutine => "How long its goroutines lived.",
        GroupKind::Task => "How long tasks of this type took.",
        GroupKind::Blocked => "How long its goroutines were blocked there.",
        GroupKind::Scheduling => "How long its goroutines waited for a processor.",
        GroupKind::Gc => "How long the collector marked.",
        GroupKind::Stw => "For how long the world was stopped.",
    }
}
