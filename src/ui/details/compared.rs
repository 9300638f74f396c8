//! The page of a row of the comparison: what is compared, of both sides, and how sure that is.

use egui::{RichText, Ui};

use super::parts::{fact_ui, function_ui, headline_ui};
use crate::analysis::{Aspect, DiffGroup, GroupKind, Spared};
use crate::base::Clock;
use crate::ui::charts;
use crate::ui::command::Command;
use crate::ui::compare::{
    INTERVAL_TEXT, Q_TEXT, SHIFT_TEXT, clock_of, interval_text, q_text, verdict_color, verdict_text,
};
use crate::ui::ctx::{Ctx, thousands};
use crate::ui::slot::Slot;
use crate::ui::theme::size;
use crate::ui::widgets::{section_ui, strong, weak};

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
    sides_ui(ui, ctx, group);
    change_ui(ui, ctx, group);
    charts::spread_ui(ui, ctx, group);
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

/// The numbers of both sides beside each other.
fn sides_ui(ui: &mut Ui, ctx: &Ctx<'_>, group: &DiffGroup) {
    let theme = ctx.theme;
    let sides = [&group.before, &group.after];
    ui.add_space(6.0);
    let grid = egui::Grid::new("both sides").num_columns(3).spacing([18.0, 3.0]);
    grid.min_col_width(78.0).min_row_height(16.0).show(ui, |ui| {
        ui.label("");
        for slot in Slot::BOTH {
            let title = if slot == Slot::Before { "Before" } else { "After" };
            ui.label(strong(title).size(size::TEXT_SMALL).color(theme.side[slot as usize]));
        }
        ui.end_row();
        let counts = [
            ("How many", sides.map(|side| side.n), theme.text),
            ("Late", group.late, theme.late_text),
            ("Alive at end", sides.map(|side| side.alive), theme.warn),
        ];
        for (name, both, color) in counts {
            if name != "How many" && both == [0; 2] {
                continue;
            }
            ui.label(weak(theme, name));
            for n in both {
                let color = if n > 0 { color } else { theme.weak };
                ui.label(RichText::new(thousands(n.into())).color(color));
            }
            ui.end_row();
        }
        let figures = [
            ("Median", sides.map(|side| side.p50_ns)),
            ("90 % within", sides.map(|side| side.p90_ns)),
            ("99 % within", sides.map(|side| side.p99_ns)),
            ("Longest", sides.map(|side| side.max_ns)),
        ];
        for (name, both) in figures {
            ui.label(weak(theme, name));
            for ((slot, side), ns) in Slot::BOTH.into_iter().zip(sides).zip(both) {
                match side.n {
                    0 => drop(ui.label(weak(theme, "–"))),
                    _ => drop(ui.label(clock_of(ctx, slot).text(ns))),
                }
            }
            ui.end_row();
        }
    });
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
    if let Some(spared) = group.spared {
        let why = spared_text(clock, spared);
        ui.add(egui::Label::new(weak(ctx.theme, why)).wrap());
    }
    for (name, text, tip) in facts {
        let Some(text) = text else { continue };
        fact_ui(ui, ctx.theme, name, |ui| drop(ui.label(text).on_hover_text(tip)));
    }
}

/// Why what is hardly by chance is called the same.
fn spared_text(clock: Clock, spared: Spared) -> String {
    let margin = clock.text(spared.margin_ns);
    let what = match spared.aspect {
        Aspect::Stuck => {
            return "Beyond chance, but too few more or less were still going on at the end to \
                    matter."
                .to_owned();
        }
        Aspect::Slowest => "Beyond chance in the slowest, but",
        Aspect::Typical | Aspect::Often => "Beyond chance, but",
    };
    let below = if spared.is_below { "below" } else { "not for sure more than" };
    let why = if spared.by_load {
        "how busy the machine is moves it as much"
    } else {
        "that is a small part of it"
    };
    format!("{what} {below} {margin}: {why}.")
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
