//! What stands above the table: the verdict on the whole, and the findings that are gone or new.

use std::cmp::Ordering;

use egui::{Label, Ui};

use super::super::command::Command;
use super::super::ctx::{Ctx, count, short_names, thousands};
use super::super::details::{rule_title, worst_of};
use super::super::slot::Slot;
use super::super::state::Selected;
use super::super::widgets::{badge_ui, caption, link_ui, strong, swatch_ui};
use crate::analysis::{Diff, OneSided, Verdict};

/// How many findings that are gone, and how many that are new, are told.
const ONE_SIDED: usize = 3;
/// How wide the page must be for as many, in points, and how many more are told in a tooltip.
const NARROW: f32 = 900.0;
const MAX_TOLD: usize = 12;

/// The verdict on the whole; the counts beside it leave so much room, in points.
pub(super) fn verdict_ui(ui: &mut Ui, ctx: &Ctx<'_>, diff: &Diff, spared: f32) {
    let theme = ctx.theme;
    let [before, after] = diff.clocks;
    let (text, color) = match diff.verdict {
        _ if before != after => ("Not comparable: one counts ticks", theme.warn),
        // A beginning against a whole trace is worse or better for that alone.
        _ if ctx.previewing() => ("No verdict yet: a trace is not read to its end", theme.warn),
        Verdict::Worse => ("✗ Worse than before", theme.late_text),
        Verdict::Better => ("✓ Better than before", theme.better),
        Verdict::NotEnoughData => ("Too little data to tell", theme.weak),
        _ if diff.one_sided.iter().any(|side| !side.is_empty()) => {
            ("= Durations as before", theme.text)
        }
        _ => ("= The same as before", theme.text),
    };
    ui.label(strong(text).size(14.0).color(color));
    let of = |verdict| diff.groups.iter().filter(|group| group.verdict == verdict).count();
    let [n_newly, n_no_longer] = diff.late_sites();
    let new = match n_newly {
        0 => String::new(),
        n => format!(", late at {} where none was", count(n, "cancel site")),
    };
    let gone = match n_no_longer {
        0 => String::new(),
        n => format!(", none late any more at {}", count(n, "cancel site")),
    };
    let lateness = match diff.lateness() {
        Ordering::Less => ", fewer late",
        Ordering::Equal => "",
        Ordering::Greater => ", more late",
    };
    let counts = format!(
        "{}: {} worse, {} better{new}{gone}{lateness}",
        count(diff.groups.len(), "group"),
        of(Verdict::Worse),
        of(Verdict::Better)
    );
    let counts = if ctx.previewing() {
        format!("{} so far", count(diff.groups.len(), "group"))
    } else {
        counts
    };
    let room = ui.available_width() - spared;
    ui.scope(|ui| {
        ui.set_max_width(room.max(20.0));
        ui.add(Label::new(caption(theme, counts)).truncate());
    });
}

/// Which color is which trace's, from right to left.
pub(super) fn sides_ui(ui: &mut Ui, ctx: &Ctx<'_>) {
    for slot in [Slot::After, Slot::Before] {
        let color = ctx.theme.side[slot as usize];
        ui.label(caption(ctx.theme, slot.name()).color(color));
        swatch_ui(ui, color);
    }
}

/// The serious findings that only one trace has; a click leads to the worst of whom one is about.
pub(super) fn one_sided_ui(ui: &mut Ui, ctx: &Ctx<'_>, diff: &Diff) {
    let none = diff.one_sided.iter().all(Vec::is_empty);
    if none || ctx.previewing() {
        return;
    }
    let theme = ctx.theme;
    let sides = [(Slot::Before, "gone", theme.better), (Slot::After, "new", theme.late_text)];
    // In a narrow window more would take the table's lines.
    let most = if ui.available_width() < NARROW { 1 } else { ONE_SIDED };
    ui.horizontal_wrapped(|ui| {
        for (one_sided, (slot, what, color)) in diff.one_sided.iter().zip(sides) {
            for one in one_sided.iter().take(most) {
                badge_ui(ui, theme, what, color);
                one_ui(ui, ctx, slot, one);
            }
            let left = one_sided.get(most..).unwrap_or(&[]);
            if !left.is_empty() {
                let text = format!("and {} more {what}", thousands(left.len() as u64));
                let told: Vec<String> = left.iter().take(MAX_TOLD).map(one_text).collect();
                ui.label(caption(theme, text)).on_hover_text(told.join("\n"));
            }
            ui.add_space(6.0);
        }
    });
}

/// What only one trace has, in a few words.
fn one_text(one: &OneSided) -> String {
    let times = match one.count {
        0 | 1 => String::new(),
        n => format!(" {}×", thousands(n.into())),
    };
    format!("{}: {}{times}", rule_title(one.rule), short_names(&one.place))
}

fn one_ui(ui: &mut Ui, ctx: &Ctx<'_>, slot: Slot, one: &OneSided) {
    let text = one_text(one);
    let Some(sheet) = ctx.sheet(slot) else { return };
    let is_it = |rule, function| rule == one.rule && sheet.trace().string(function) == one.function;
    let findings = sheet.document.analysis().findings();
    let finding = findings.iter().find(|finding| is_it(finding.rule, finding.function));
    let link = link_ui(ui, ctx.theme, text);
    let Some(finding) = finding else { return };
    let link = link.on_hover_text(format!("{}\n\n{}", short_names(&finding.message), finding.fix));
    if link.clicked()
        && let Some(what) = worst_of(sheet, finding)
    {
        ctx.send(Command::Jump(Selected { slot, what }));
    }
}
