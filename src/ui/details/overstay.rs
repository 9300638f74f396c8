//! The page of an overstay: how late, what held it, and the cancel it is about.

use egui::{RichText, Ui};

use super::goroutine::findings_ui;
use super::parts::{fact_ui, function_ui, goroutine_ui, headline_ui, moment_text, split_ui};
use super::stack::stack_ui;
use super::{Page, cancel};
use crate::analysis::{Evidence, HeardIn, Hearing, Outcome, describe};
use crate::base::{StackId, Time};
use crate::ui::ctx::{acting, count, short_names};
use crate::ui::explain::Explanation;
use crate::ui::late::EXCUSED;
use crate::ui::sheet::Sheet;
use crate::ui::state::What;
use crate::ui::theme::Theme;
use crate::ui::widgets::{badge_ui, caption, hatched, hourglass, icon_badge_ui, section_ui, weak};

/// The whole page.
pub(super) fn page_ui(ui: &mut Ui, page: &Page<'_>, row: u32, hearing: &Hearing) {
    let theme = page.ctx.theme;
    let late = hearing.is_late(page.ctx.state.prefs.budget_ns);
    let color = if late { theme.late_text } else { theme.text };
    headline_ui(ui, &verdict(page.sheet, hearing, late), color);
    function_ui(ui, theme, acting(page.sheet, hearing));
    ui.add_space(2.0);
    if let Some(sentence) = page.ctx.sentence(page.selected.slot, row) {
        ui.add(egui::Label::new(RichText::new(sentence).color(theme.text)).wrap().selectable(true));
    }
    if page.sheet.excused.contains(&row) {
        badge_ui(ui, theme, "Late by scheduling", theme.weak);
        ui.add(egui::Label::new(caption(theme, EXCUSED)).wrap());
    }
    section_ui(ui, theme, "From the cancel to the end");
    match page.explanation() {
        Some(explanation) if explanation.overstay.is_empty() => {
            ui.label(caption(theme, "Nothing was recorded in between."));
        }
        Some(explanation) => split_ui(ui, page, hearing.goroutine, &explanation.overstay),
        None => drop(ui.label(caption(theme, "Working it out…"))),
    }
    let held = page.explanation().map_or(StackId::EMPTY, held_at);
    stack_ui(ui, page, "Where it was held", held);
    held_by_ui(ui, page, hearing);
    findings_ui(ui, page, hearing.goroutine, true);
    hearing_ui(ui, page, hearing);
    if let Some(cancel) = page.sheet.cancel(hearing.cancel) {
        cancel::summary_ui(ui, page, cancel);
    }
    // Once is enough, but who was held nowhere in particular was somewhere when it heard.
    if hearing.stack != held {
        let title = if hearing.deaf {
            "Where it was when it should have heard"
        } else {
            "Where it heard the cancel"
        };
        stack_ui(ui, page, title, hearing.stack);
    }
}

/// The stack of what held one up: of the largest part of its overstay, the one that its sentence is
/// about. Empty if that was in no place, as waiting for a processor is.
pub(super) fn held_at(explanation: &Explanation) -> StackId {
    explanation.overstay.first().map_or(StackId::EMPTY, |told| told.part.stack)
}

/// How it left, in words.
pub(crate) fn verdict(sheet: &Sheet, hearing: &Hearing, late: bool) -> String {
    let after = sheet.duration(hearing.overstay_ns);
    match hearing.outcome {
        Outcome::LivesOn => "Lives on: it was not meant to end".to_owned(),
        Outcome::Alive => format!("Still alive ≥ {after} after the cancel"),
        Outcome::Exited if late => format!("{after} late"),
        Outcome::Exited => format!("Left {after} after the cancel"),
    }
}

/// The chain from the end back to the cancel.
fn held_by_ui(ui: &mut Ui, page: &Page<'_>, hearing: &Hearing) {
    let Some(explanation) = page.explanation() else { return };
    let links = &explanation.held_by;
    let alone =
        links.len() == 1 && links.first().is_some_and(|it| it.goroutine == hearing.goroutine);
    if links.is_empty() || alone {
        return;
    }
    let theme = page.ctx.theme;
    section_ui(ui, theme, "What held up the end, the last thing first");
    for link in links {
        goroutine_ui(ui, page, link.goroutine);
        ui.indent(("held", link.interval.start.ns(), link.goroutine.0), |ui| {
            ui.add(
                egui::Label::new(
                    RichText::new(short_names(&describe(page.sheet.trace(), &link.did)))
                        .color(theme.weak),
                )
                .wrap(),
            );
        });
    }
}

/// How it is known that it heard, and when.
fn hearing_ui(ui: &mut Ui, page: &Page<'_>, hearing: &Hearing) {
    let theme = page.ctx.theme;
    section_ui(ui, theme, "The hearing");
    fact_ui(ui, theme, "Goroutine", |ui| goroutine_ui(ui, page, hearing.goroutine));
    fact_ui(ui, theme, "Evidence", |ui| {
        let color = if hearing.deaf { theme.warn } else { theme.text };
        let word = if hearing.deaf { "deaf" } else { hearing.evidence.name() };
        badge_ui(ui, theme, word, color);
        ui.label(caption(theme, evidence_text(hearing)));
    });
    if let Some(name) = page.sheet.document.heard_as(hearing) {
        fact_ui(ui, theme, "Heard as", |ui| drop(ui.label(name)));
    }
    if !hearing.deaf {
        let after = page.sheet.cancel(hearing.cancel).map_or(0, |it| hearing.heard_at.since(it.at));
        fact_ui(ui, theme, "Heard", |ui| {
            ui.label(moment_text(page, hearing.heard_at, hearing.overstay_ns));
            ui.label(weak(theme, heard_after_text(page.sheet, after)));
        });
        fact_ui(ui, theme, "Heard in", |ui| {
            ui.label(match hearing.heard_in {
                HeardIn::Own => "its own code",
                HeardIn::Call => "a call that it made",
            });
        });
    }
    if hearing.depth > 1 {
        fact_ui(ui, theme, "Depth", |ui| {
            let below = count(hearing.depth as usize - 1, "context");
            ui.label(format!("{below} below the one cancelled"));
        });
    }
    fact_ui(ui, theme, "Ended", |ui| match hearing.end.time() {
        Some(end) => drop(ui.label(moment_text(page, end, hearing.overstay_ns))),
        None => drop(ui.label(weak(theme, "not in this trace"))),
    });
}

/// How long after its cancel one heard of it. The first to hear is what tells that there was one.
fn heard_after_text(sheet: &Sheet, after_ns: i64) -> String {
    match after_ns {
        0 => "at the cancel".to_owned(),
        _ => format!("{} after the cancel", sheet.duration(after_ns)),
    }
}

/// What a grade of evidence means.
fn evidence_text(hearing: &Hearing) -> &'static str {
    if hearing.by_clock {
        return "inferred by the clock: nobody left for the deadline, which came as long after the start as a time limit of its own";
    }
    match (hearing.evidence, hearing.deaf) {
        (Evidence::Woken, _) => "the cancel woke it",
        (Evidence::AfterFunc, _) => "the cancel created it",
        (Evidence::Relayed, _) => "a callback of the cancel let it go on",
        (Evidence::Logged, _) => "the program logged it",
        (Evidence::Task, _) => "inferred: it works in the same task or request",
        (Evidence::WaitedOn, _) => "inferred: one that heard waited for it",
        (Evidence::Stranded, _) => "inferred: one that heard took what it sends, and has left",
        (Evidence::Sibling, _) => "a guess: it was made like one that heard",
    }
}

/// What a line of a list of overstays shows besides how late.
#[derive(Clone, Copy)]
pub(super) enum Shown {
    /// Nothing more: the list is about its goroutine.
    Alone,
    /// In the tree of its cancel: whose it is and when it heard.
    InTree {
        /// When the cancel was.
        cancelled: Time,
        /// Whether nobody left later.
        slowest: bool,
    },
}

/// A line for a list of overstays: a link with how late, and whose.
pub(super) fn line_ui(ui: &mut Ui, page: &Page<'_>, row: u32, hearing: &Hearing, shown: Shown) {
    let theme: &Theme = page.ctx.theme;
    ui.horizontal(|ui| {
        lateness_ui(ui, page, row, hearing);
        let Shown::InTree { cancelled, slowest } = shown else {
            if hearing.deaf {
                deaf_badge_ui(ui, theme);
            }
            return;
        };
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if hearing.deaf {
                deaf_badge_ui(ui, theme);
            } else {
                let after = page.sheet.duration(hearing.heard_at.since(cancelled).max(0));
                let tip = "When it heard, after the cancel";
                ui.label(caption(theme, format!("+{after}"))).on_hover_text(tip);
            }
            if slowest {
                let late = hearing.is_late(page.ctx.state.prefs.budget_ns);
                slowest_badge_ui(ui, theme, late);
            }
            let layout = egui::Layout::left_to_right(egui::Align::Center).with_main_wrap(false);
            ui.with_layout(layout, |ui| {
                ui.style_mut().wrap_mode = Some(egui::TextWrapMode::Truncate);
                goroutine_ui(ui, page, hearing.goroutine);
                if let Some(name) = page.sheet.document.heard_as(hearing) {
                    ui.label(caption(theme, format!("as {name}")))
                        .on_hover_text("The context that it logged to have heard");
                }
            });
        });
    });
}

/// How late, as a link to the overstay's page.
fn lateness_ui(ui: &mut Ui, page: &Page<'_>, row: u32, hearing: &Hearing) {
    let theme = page.ctx.theme;
    let late = hearing.is_late(page.ctx.state.prefs.budget_ns);
    let sign = if hearing.outcome == Outcome::Alive { "≥ " } else { "" };
    let (text, color) = match (hearing.outcome, late) {
        (Outcome::LivesOn, _) => ("lives on".to_owned(), theme.faint),
        (_, true) => {
            (format!("{sign}{}", page.sheet.duration(hearing.overstay_ns)), theme.late_text)
        }
        (_, false) => (format!("{sign}{}", page.sheet.duration(hearing.overstay_ns)), theme.weak),
    };
    let text = RichText::new(text).color(color).family(crate::ui::theme::strong_family());
    let room = egui::vec2(70.0, 18.0);
    ui.allocate_ui_with_layout(room, egui::Layout::left_to_right(egui::Align::Center), |ui| {
        ui.set_min_width(room.x);
        if ui.link(text).on_hover_text("Show this overstay").clicked() {
            page.jump(What::Hearing(row));
        }
    });
}

/// The mark of one that was deaf: the hatch of its fuse, and the word.
fn deaf_badge_ui(ui: &mut Ui, theme: &Theme) {
    let badge = icon_badge_ui(ui, theme, hatched, "deaf", theme.warn);
    badge.on_hover_text("It was never woken by the cancel: its fuse is hatched");
}

/// The mark of one who left last: an hourglass, and the words.
fn slowest_badge_ui(ui: &mut Ui, theme: &Theme, late: bool) {
    let color = if late { theme.late_text } else { theme.text };
    let badge = icon_badge_ui(ui, theme, hourglass, "slowest leaf", color);
    badge.on_hover_text("Nobody who was meant to leave left later");
}
