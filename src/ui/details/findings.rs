//! What to act on, when nothing is selected: the findings, and the trace in numbers.

use std::fmt::Write as _;
use std::ptr;

use egui::{Label, RichText, Ui};

use super::card::card_ui;
use super::parts::lanes_link_ui;
use crate::analysis::{Analysis, Cause, Finding, Group, Rule, Summary};
use crate::scene::{BarKind, StateClass};
use crate::ui::ctx::{Ctx, count, thousands};
use crate::ui::late::EXCUSED;
use crate::ui::sheet::Sheet;
use crate::ui::slot::Slot;
use crate::ui::theme::Theme;
use crate::ui::timeline::bar_color;
use crate::ui::widgets::{caption, link_ui, section_ui, strong, swatch_ui, weak};

/// How wide the panel's content must be for a legend of two columns, in points.
const TWO_COLUMNS: f32 = 300.0;
/// How many start functions are listed.
const MAX_GROUPS: usize = 16;

/// What a trace of which a part is missing cannot tell.
pub(crate) const INCOMPLETE: &str = "Part of this trace is missing: cancels and late exits in it \
                                     cannot be seen.";

/// All findings, and the summary. `scroll` says that one that is looked for has to be brought into view.
pub(super) fn list_ui(ui: &mut Ui, ctx: &Ctx<'_>, scroll: bool) {
    for slot in Slot::BOTH {
        let Some(sheet) = ctx.sheet(slot) else { continue };
        if ctx.comparing() {
            section_ui(ui, ctx.theme, &format!("{}: {}", slot.name(), sheet.origin.long_name()));
        }
        let analysis = sheet.document.analysis();
        summary_ui(ui, ctx.theme, analysis.summary());
        ui.add_space(6.0);
        if sheet.is_preview {
            let text = "This is the beginning of the trace: what to act on is said once all of it \
                        has been read.";
            ui.add(Label::new(weak(ctx.theme, text)).wrap());
            continue;
        }
        if !sheet.is_whole() {
            let text = RichText::new(INCOMPLETE).color(ctx.theme.warn);
            ui.add(Label::new(text).wrap());
            ui.add_space(2.0);
        }
        if analysis.findings().is_empty() {
            let late = analysis.late(ctx.state.prefs.budget_ns).len();
            let text = if late > 0 {
                format!("{}: see the table.", count(late, "late exit"))
            } else if !sheet.is_whole() {
                "Nothing was found in what could be read.".to_owned()
            } else if analysis.cancels().is_empty() {
                "No cancel left evidence in this trace.".to_owned()
            } else if analysis.worst_first.is_empty() {
                "Nothing to act on: nobody was told to stop.".to_owned()
            } else {
                "Nothing to act on: everyone who was told to stop left in time.".to_owned()
            };
            ui.label(weak(ctx.theme, text));
        }
        judged_ui(ui, ctx, sheet);
        let to_excused = excused_ui(ui, ctx, sheet);
        let mut to_excused = to_excused.then_some(Rule::LateScheduling);
        let wanted = ctx.state.finding.filter(|at| at.slot == slot);
        let wanted = wanted.and_then(|at| analysis.findings().get(at.row));
        for mut of_place in cards(analysis) {
            let at = of_place.iter().position(|it| wanted.is_some_and(|of| ptr::eq(*it, of)));
            // The one that was asked for is told, and the others of its place beside it.
            if let Some(at) = at {
                of_place[..=at].rotate_right(1);
            }
            if let Some((finding, others)) = of_place.split_first() {
                let card = card_ui(ui, ctx, (slot, sheet), finding, others);
                if to_excused.take_if(|rule| of_place.iter().any(|it| it.rule == *rule)).is_some() {
                    card.scroll_to_me(Some(egui::Align::Min));
                    card.request_focus();
                } else if scroll && at.is_some() {
                    card.scroll_to_me(Some(egui::Align::Min));
                }
                ui.add_space(2.0);
            }
        }
        groups_ui(ui, ctx, sheet);
    }
    legend_ui(ui, ctx);
}

/// The findings as cards, by severity. Of one severity what explains late exits comes first, which
/// is what the window is about, and then the worst.
fn cards(analysis: &Analysis) -> Vec<Vec<&Finding>> {
    let mut cards = analysis.findings_by_place();
    cards.sort_by_key(|card| {
        let of_late = card.iter().any(|finding| finding.rule.is_about_lateness());
        (card.first().map(|finding| finding.severity), !of_late)
    });
    cards
}

/// How many of the late exits are excused, with the way to why; says whether that was taken.
fn excused_ui(ui: &mut Ui, ctx: &Ctx<'_>, sheet: &Sheet) -> bool {
    let late = sheet.document.analysis().late(ctx.state.prefs.budget_ns).len();
    let excused = sheet.excused.len();
    // Those of another budget are still being counted.
    if excused == 0
        || excused > late
        || sheet.document.rules().late_over_ns != ctx.state.prefs.budget_ns
    {
        return false;
    }
    let text =
        format!("{} of {} only by scheduling", thousands(excused as u64), count(late, "late exit"));
    let link = link_ui(ui, ctx.theme, text).on_hover_text(EXCUSED);
    ui.add_space(2.0);
    link.clicked()
}

/// Findings of another budget, or with guesses or without, are on their way while these are those of
/// before.
fn judged_ui(ui: &mut Ui, ctx: &Ctx<'_>, sheet: &Sheet) {
    let judged_by = sheet.document.rules();
    let asked = ctx.state.prefs.rules();
    if *judged_by == asked || sheet.document.analysis().findings().is_empty() {
        return;
    }
    let text = if judged_by.sibling == asked.sibling {
        let budget = sheet.duration(judged_by.late_over_ns);
        format!("Found with a budget of {budget}; being found again.")
    } else {
        let guesses = if judged_by.sibling { "with" } else { "without" };
        format!("Found {guesses} guesses; being found again.")
    };
    ui.add(Label::new(caption(ctx.theme, text).color(ctx.theme.warn)).wrap());
    ui.add_space(2.0);
}

/// The start functions that cancels reached, those with late ones first; a click shows only
/// their lanes, another all again.
fn groups_ui(ui: &mut Ui, ctx: &Ctx<'_>, sheet: &Sheet) {
    let theme = ctx.theme;
    let groups = sheet.document.analysis().groups();
    let mut reached: Vec<&Group> =
        groups.iter().filter(|group| group.reached > 0).take(MAX_GROUPS).collect();
    reached.sort_by_key(|group| std::cmp::Reverse(group.overstay.max));
    if reached.is_empty() {
        return;
    }
    section_ui(ui, theme, "Reached by cancels");
    for group in reached {
        let name = sheet.trace().string(group.function);
        let late = group.overstay.max > ctx.state.prefs.budget_ns;
        ui.horizontal(|ui| {
            // The numbers first: the name has all the room that they leave.
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                group_numbers_ui(ui, theme, sheet, group, late);
                ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                    lanes_link_ui(ui, ctx, name);
                });
            });
        });
    }
}

/// How many goroutines of a function cancels reached, and the longest overstay.
fn group_numbers_ui(ui: &mut Ui, theme: &Theme, sheet: &Sheet, group: &Group, late: bool) {
    let color = if late { theme.late_text } else { theme.weak };
    // Nobody who lives on is early or late.
    if group.overstay.max > 0 {
        let worst = strong(sheet.duration(group.overstay.max)).color(color);
        ui.label(worst).on_hover_text("The longest overstay");
    } else {
        ui.label(strong("–").color(color)).on_hover_text(
            "No overstay: none was meant to end with the context that was cancelled",
        );
    }
    let reached = thousands(u64::from(group.reached));
    ui.label(caption(theme, reached)).on_hover_text("How many that cancels reached");
}

/// What colors and marks mean.
fn legend_ui(ui: &mut Ui, ctx: &Ctx<'_>) {
    let theme = ctx.theme;
    section_ui(ui, theme, "Colors");
    let active = [StateClass::Running, StateClass::Runnable, StateClass::Syscall];
    let waiting = [
        StateClass::Channel,
        StateClass::Sync,
        StateClass::Network,
        StateClass::Sleep,
        StateClass::Gc,
        StateClass::Blocked,
    ];
    let classes: Vec<StateClass> = active.into_iter().chain(waiting).collect();
    let states = classes.into_iter().map(|class| (theme.state(class), class.label()));
    entries_ui(ui, theme, "states", &states.collect::<Vec<_>>());
    let open = || ctx.sheets.iter().filter_map(|(_, sheet)| sheet.as_ref());
    let notes = [
        (BarKind::Task(0), "user task", open().any(|it| !it.trace().notes().tasks().is_empty())),
        (
            BarKind::Region(0),
            "user region",
            open().any(|it| !it.trace().notes().regions().is_empty()),
        ),
    ];
    let notes = notes.into_iter().filter(|(.., occurs)| *occurs);
    let notes = notes.map(|(kind, name, _)| (bar_color(theme, kind), name));
    entries_ui(ui, theme, "notes", &notes.collect::<Vec<_>>());
    let occurs = |cause: &Cause| open().any(|sheet| sheet.causes().contains(cause));
    let causes = Cause::ALL.iter().filter(|cause| occurs(cause));
    let causes: Vec<_> = causes.map(|&cause| (theme.cause(cause), cause.name())).collect();
    if !causes.is_empty() {
        section_ui(ui, theme, "Why cancelled");
        entries_ui(ui, theme, "causes", &causes);
    }
    let any_stuck = open().any(|sheet| !sheet.document.analysis().all_stuck().is_empty());
    if causes.is_empty() && !any_stuck {
        return;
    }
    section_ui(ui, theme, "Fuses");
    if causes.is_empty() {
        entry_ui(ui, theme, theme.late, "stuck, an arrow if still alive");
        return;
    }
    entry_ui(ui, theme, theme.prompt, "from the cancel to the end, within the budget");
    entry_ui(ui, theme, theme.late, "beyond it; hatched if deaf, an arrow if still alive");
}

/// The trace in one line.
fn summary_ui(ui: &mut Ui, theme: &Theme, summary: &Summary) {
    let mut text = format!(
        "{}, {}",
        count(summary.cancels as usize, "cancel"),
        count(summary.heard as usize, "hearing")
    );
    if summary.deaf > 0 {
        let _ = write!(text, ", {} deaf", summary.deaf);
    }
    ui.label(weak(theme, text));
}

/// Colors with what they mean, in two columns where there is room for them.
fn entries_ui(ui: &mut Ui, theme: &Theme, name: &str, entries: &[(egui::Color32, &str)]) {
    if entries.is_empty() {
        return;
    }
    let n_columns = if ui.available_width() < TWO_COLUMNS { 1 } else { 2 };
    let grid = egui::Grid::new(("legend", name)).num_columns(n_columns).spacing([18.0, 3.0]);
    grid.min_col_width(130.0).show(ui, |ui| {
        for pair in entries.chunks(n_columns) {
            for &(color, text) in pair {
                entry_ui(ui, theme, color, text);
            }
            ui.end_row();
        }
    });
    ui.add_space(3.0);
}

fn entry_ui(ui: &mut Ui, theme: &Theme, color: egui::Color32, text: &str) {
    ui.horizontal(|ui| {
        swatch_ui(ui, color);
        ui.label(caption(theme, text));
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::{Document, Rules};
    use crate::base::Progress;

    #[test]
    fn of_one_severity_what_explains_late_exits_comes_first() {
        let files = [
            &include_bytes!("../../../traces/deaf/after.trace")[..],
            include_bytes!("../../../traces/deaf/before.trace"),
            include_bytes!("../../../traces/sleep-in-handler/before.trace"),
            include_bytes!("../../../traces/errgroup-straggler/before.trace"),
        ];
        for file in files {
            let trace = crate::model::build(file, &Progress::default()).expect("a trace");
            let rules = Rules { late_over_ns: 20_000, ..Rules::default() };
            let document = Document::new(trace, rules);
            let cards = cards(document.analysis());
            let n: usize = cards.iter().map(Vec::len).sum();
            assert_eq!(n, document.analysis().findings().len(), "none is lost");
            let key = |card: &Vec<&Finding>| {
                let of_late = card.iter().any(|it| it.rule.is_about_lateness());
                (card[0].severity, !of_late)
            };
            assert!(cards.is_sorted_by_key(key));
        }
    }
}
