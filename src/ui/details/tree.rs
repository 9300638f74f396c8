//! How a cancel went down the contexts: its levels with who heard on each, the deaf, and who
//! left last.

use std::fmt::Write as _;

use egui::{RichText, Ui};

use super::Page;
use super::cancel::cancel_title;
use super::overstay::{Shown, line_ui, verdict};
use super::parts::goroutine_ui;
use crate::analysis::{Cancel, ContextTree, Level, Slowest};
use crate::ui::ctx::{called, count, goroutine_id, short_function, thousands};
use crate::ui::state::What;
use crate::ui::theme::size;
use crate::ui::widgets::{caption, link_ui, section_ui};

/// Levels with more hearings than this come folded, but for the one with the slowest.
const FOLD_ABOVE: u32 = 12;
/// The most levels that are shown one by one.
const MAX_LEVELS: usize = 64;
/// The most links of the way down to the slowest.
const MAX_PATH: usize = 8;

/// The whole tree.
pub(super) fn tree_ui(ui: &mut Ui, page: &Page<'_>, cancel: &Cancel, tree: &ContextTree) {
    let theme = page.ctx.theme;
    let slowest = tree.slowest.as_ref().filter(|_| cancel.n_heard() + cancel.n_deaf() > 1);
    if tree.n_heard() > 0 {
        let title = match page.sheet.document.context_of(cancel) {
            Some(context) => format!("Heard the cancel of {}", context.name),
            None => "Heard it".to_owned(),
        };
        section_ui(ui, theme, &title);
        let text = RichText::new(summary(page, tree)).color(theme.text);
        ui.add(egui::Label::new(text).wrap());
        ui.add_space(2.0);
    }
    if let Some(slowest) = slowest {
        path_ui(ui, page, slowest);
    }
    let alone = tree.levels.len() == 1;
    for level in tree.levels.iter().take(MAX_LEVELS) {
        if alone {
            hearings_ui(ui, page, cancel, level, slowest);
        } else {
            level_ui(ui, page, cancel, level, slowest);
        }
    }
    if tree.levels.len() > MAX_LEVELS {
        let rest = count(tree.levels.len() - MAX_LEVELS, "deeper level");
        ui.label(caption(theme, format!("and {rest}")));
    }
    passed_on_ui(ui, page, tree);
    deaf_ui(ui, page, cancel, tree, slowest);
}

/// The tree in a sentence: `3 levels, 12 hearers; level 3 heard 80 µs after the cancel; …`.
fn summary(page: &Page<'_>, tree: &ContextTree) -> String {
    let mut text = match tree.n_levels() {
        0 => count(tree.n_heard() as usize, "hearer"),
        n => format!("{}, {}", count(n, "level"), count(tree.n_heard() as usize, "hearer")),
    };
    if let Some(last) = tree.levels.last() {
        let after = delay(page, last);
        let _ = match (tree.n_levels(), last.depth) {
            (0 | 1, _) => write!(text, "; heard {after} after the cancel"),
            (_, depth) => write!(text, "; level {depth} heard {after} after the cancel"),
        };
    }
    let slowest = tree.slowest.as_ref().filter(|_| tree.n_heard() > 1);
    let hearing = slowest.and_then(|slowest| page.sheet.hearing(slowest.row));
    if let Some(hearing) = hearing {
        let id = goroutine_id(page.sheet, hearing.goroutine);
        let name = short_function(called(page.sheet, hearing.goroutine));
        let late = hearing.is_late(page.ctx.state.prefs.budget_ns);
        let mut verdict = verdict(page.sheet, hearing, late);
        if let Some(first) = verdict.get_mut(..1) {
            first.make_ascii_lowercase();
        }
        let _ = write!(text, "; slowest leaf: {id} {name}, {verdict}");
    }
    text + "."
}

/// From when until when a level heard, after the cancel.
fn delay(page: &Page<'_>, level: &Level) -> String {
    let (first, last) = (page.sheet.duration(level.first_ns), page.sheet.duration(level.last_ns));
    if first == last { first } else { format!("{first} to {last}") }
}

/// Who heard on the way down to the slowest.
fn path_ui(ui: &mut Ui, page: &Page<'_>, slowest: &Slowest) {
    let Some((_, above)) = slowest.path.split_last() else { return };
    if above.is_empty() {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        ui.label(caption(page.ctx.theme, "The way down to it"));
        for (at, &row) in slowest.path.iter().take(MAX_PATH).enumerate() {
            let Some(hearing) = page.sheet.hearing(row) else { continue };
            if at > 0 {
                ui.label(caption(page.ctx.theme, "→"));
            }
            let id = goroutine_id(page.sheet, hearing.goroutine);
            let name = called(page.sheet, hearing.goroutine);
            if link_ui(ui, page.ctx.theme, id).on_hover_text(name).clicked() {
                page.jump(What::Hearing(row));
            }
        }
        if slowest.path.len() > MAX_PATH {
            let rest = slowest.path.len() - MAX_PATH;
            ui.label(caption(page.ctx.theme, format!("and {rest} more")));
        }
    });
}

/// One level, which can be folded.
fn level_ui(
    ui: &mut Ui,
    page: &Page<'_>,
    cancel: &Cancel,
    level: &Level,
    slowest: Option<&Slowest>,
) {
    let theme = page.ctx.theme;
    let fan_out = thousands(u64::from(level.fan_out));
    let title = match level.depth {
        0 => format!("Depth not known: {fan_out} heard, {} after it", delay(page, level)),
        depth => format!("Level {depth}: {fan_out} heard, {} after it", delay(page, level)),
    };
    let has_slowest = slowest.is_some_and(|slowest| level.worst.contains(&slowest.row));
    let text = RichText::new(title).size(size::TEXT_SMALL).color(theme.text);
    egui::CollapsingHeader::new(text)
        .id_salt(("level", page.selected.slot, cancel.id, level.depth))
        .default_open(has_slowest || level.fan_out <= FOLD_ABOVE)
        .show(ui, |ui| hearings_ui(ui, page, cancel, level, slowest));
}

/// Who heard on one level, the longest overstay first.
fn hearings_ui(
    ui: &mut Ui,
    page: &Page<'_>,
    cancel: &Cancel,
    level: &Level,
    slowest: Option<&Slowest>,
) {
    for &row in &level.worst {
        row_ui(ui, page, cancel, row, slowest);
    }
    rest_ui(ui, page, level.fan_out as usize, level.worst.len());
}

fn row_ui(ui: &mut Ui, page: &Page<'_>, cancel: &Cancel, row: u32, slowest: Option<&Slowest>) {
    let Some(hearing) = page.sheet.hearing(row) else { return };
    let shown = Shown::InTree {
        cancelled: cancel.at,
        slowest: slowest.is_some_and(|slowest| slowest.row == row),
    };
    line_ui(ui, page, row, hearing, shown);
}

fn rest_ui(ui: &mut Ui, page: &Page<'_>, n: usize, listed: usize) {
    if n > listed {
        let rest = format!("and {} more", thousands((n - listed) as u64));
        ui.label(caption(page.ctx.theme, rest));
    }
}

/// Cancels that watchers made when they heard this one.
fn passed_on_ui(ui: &mut Ui, page: &Page<'_>, tree: &ContextTree) {
    if tree.passed_on.is_empty() {
        return;
    }
    section_ui(ui, page.ctx.theme, "Passed on");
    for &(row, next) in &tree.passed_on {
        let (Some(hearing), Some(next)) = (page.sheet.hearing(row), page.sheet.cancel(next)) else {
            continue;
        };
        ui.horizontal_wrapped(|ui| {
            goroutine_ui(ui, page, hearing.goroutine);
            ui.label(caption(page.ctx.theme, "made"));
            if link_ui(ui, page.ctx.theme, cancel_title(page.sheet, next)).clicked() {
                page.jump(What::Cancel(next.id));
            }
        });
    }
}

/// Who did not hear it and should have.
fn deaf_ui(
    ui: &mut Ui,
    page: &Page<'_>,
    cancel: &Cancel,
    tree: &ContextTree,
    slowest: Option<&Slowest>,
) {
    if tree.deaf.is_empty() {
        return;
    }
    section_ui(ui, page.ctx.theme, "Deaf to it");
    for &row in &tree.deaf {
        row_ui(ui, page, cancel, row, slowest);
    }
    rest_ui(ui, page, cancel.n_deaf(), tree.deaf.len());
}
