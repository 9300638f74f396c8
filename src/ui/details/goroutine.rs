//! The pages of a goroutine and of one of its spans.

use egui::{Label, Ui};

use super::Page;
use super::card::named_ui;
use super::overstay;
use super::parts::{fact_ui, function_ui, goroutine_ui, headline_ui, moment_text, split_ui};
use super::stack::stack_ui;
use super::text::span_text;
use super::wakes;
use crate::base::Goroutine;
use crate::model::Span;
use crate::parse::event::GoState;
use crate::ui::ctx::{called, count, goroutine_id, thousands};
use crate::ui::state::What;
use crate::ui::stuck;
use crate::ui::widgets::{caption, link_ui, section_ui, weak};

/// How many of a list's items are shown.
const MAX_LISTED: usize = 40;

/// The page of a goroutine.
pub(super) fn page_ui(ui: &mut Ui, page: &Page<'_>, goroutine: Goroutine) {
    let theme = page.ctx.theme;
    let trace = page.sheet.trace();
    let life = trace.life(goroutine);
    headline_ui(ui, &goroutine_id(page.sheet, goroutine), theme.text);
    function_ui(ui, theme, called(page.sheet, goroutine));
    ui.add_space(2.0);
    left_over_ui(ui, page, goroutine);
    findings_ui(ui, page, goroutine, false);
    overstays_ui(ui, page, goroutine);
    let lived_ns = trace.lifetime(goroutine).ns();
    section_ui(ui, theme, "Life");
    fact_ui(ui, theme, "Born", |ui| match life.born.time() {
        Some(at) => {
            ui.label(moment_text(page, at, lived_ns));
            if let Some(parent) = life.parent {
                ui.label(weak(theme, "by"));
                goroutine_ui(ui, page, parent);
            }
        }
        None => drop(ui.label(weak(theme, "before the trace began"))),
    });
    fact_ui(ui, theme, "Ended", |ui| match life.ended.time() {
        Some(at) => drop(ui.label(moment_text(page, at, lived_ns))),
        None => drop(ui.label(weak(theme, "alive when the trace ended"))),
    });
    fact_ui(ui, theme, "Lived", |ui| {
        let edges = [life.born, life.ended].iter().any(|edge| edge.time().is_none());
        let sign = if edges { "≥ " } else { "" };
        ui.label(format!("{sign}{}", page.sheet.duration(lived_ns)));
    });
    section_ui(ui, theme, "How it spent its life");
    match page.explanation() {
        Some(explanation) => split_ui(ui, page, goroutine, &explanation.life),
        None => drop(ui.label(caption(theme, "Working it out…"))),
    }
    wakes::both_ui(ui, page, goroutine);
    children_ui(ui, page);
    stack_ui(ui, page, "Created at", life.creation_stack);
}

/// What is said of a goroutine that is stuck, and the way to the cancel with which somebody gave up
/// waiting for it.
fn left_over_ui(ui: &mut Ui, page: &Page<'_>, goroutine: Goroutine) {
    let (ctx, theme, sheet) = (page.ctx, page.ctx.theme, page.sheet);
    let Some(stuck) = sheet.document.analysis().stuck(goroutine) else { return };
    let Some(finding) = stuck::stuck_ui(ui, ctx, sheet, stuck, |_| ()) else { return };
    ui.add(Label::new(caption(theme, &finding.fix)).wrap());
    if let Some(cancel) = finding.cancels.first().and_then(|&row| page.sheet.cancel(row)) {
        let title = super::cancel::cancel_title(page.sheet, cancel);
        if link_ui(ui, theme, title).clicked() {
            page.jump(What::Cancel(cancel.id));
        }
    }
    ui.add_space(4.0);
}

/// What was found of it: each finding that names it, which leads to its card among all. What is
/// said above already is not said again, as lateness is on the page of an overstay.
pub(super) fn findings_ui(ui: &mut Ui, page: &Page<'_>, goroutine: Goroutine, late: bool) {
    let (ctx, sheet) = (page.ctx, page.sheet);
    let analysis = sheet.document.analysis();
    let told = analysis.stuck(goroutine).map(|stuck| stuck.finding as usize);
    let rows = page.explanation().map(|it| it.findings.as_slice()).unwrap_or_default();
    if rows.is_empty() {
        return;
    }
    section_ui(ui, ctx.theme, "Findings that name it");
    for &row in rows.iter().take(MAX_LISTED) {
        let Some(finding) = analysis.findings().get(row) else { continue };
        let of = (page.selected.slot, sheet);
        let is_told = Some(row) == told || late && finding.rule.is_about_lateness();
        named_ui(ui, ctx, of, finding, (goroutine, is_told));
    }
}

fn overstays_ui(ui: &mut Ui, page: &Page<'_>, goroutine: Goroutine) {
    let analysis = page.sheet.document.analysis();
    let rows = rows_of(page, goroutine);
    if rows.is_empty() {
        return;
    }
    section_ui(ui, page.ctx.theme, "Cancels that reached it");
    for &row in rows.iter().take(MAX_LISTED) {
        let Some(hearing) = analysis.hearings().get(row as usize) else { continue };
        ui.horizontal(|ui| {
            overstay::line_ui(ui, page, row, hearing, overstay::Shown::Alone);
            if let Some(cancel) = page.sheet.cancel(hearing.cancel) {
                let title = super::cancel::cancel_title(page.sheet, cancel);
                if link_ui(ui, page.ctx.theme, title).clicked() {
                    page.jump(What::Cancel(cancel.id));
                }
            }
        });
    }
    if rows.len() > MAX_LISTED {
        let rest = format!("and {} more", rows.len() - MAX_LISTED);
        ui.label(caption(page.ctx.theme, rest));
    }
}

/// The rows of a goroutine's hearings, the worst first.
fn rows_of<'a>(page: &Page<'a>, goroutine: Goroutine) -> &'a [u32] {
    page.sheet.document.analysis().by_goroutine.of(goroutine)
}

/// Whom it created.
fn children_ui(ui: &mut Ui, page: &Page<'_>) {
    let Some(children) = page.explanation().map(|it| &it.children) else { return };
    let n = children.n;
    if n == 0 {
        return;
    }
    section_ui(ui, page.ctx.theme, &format!("Created {}", count(n, "goroutine")));
    for &child in children.first.iter().take(MAX_LISTED) {
        goroutine_ui(ui, page, child);
    }
    if n > MAX_LISTED {
        ui.label(caption(
            page.ctx.theme,
            format!("and {} more", thousands((n - MAX_LISTED) as u64)),
        ));
    }
}

/// The page of a span, above its goroutine's.
pub(super) fn span_ui(ui: &mut Ui, page: &Page<'_>, goroutine: Goroutine, span: &Span) {
    let theme = page.ctx.theme;
    let trace = page.sheet.trace();
    headline_ui(ui, &span_text(page.sheet, span), theme.text);
    fact_ui(ui, theme, "From", |ui| drop(ui.label(moment_text(page, span.start, span.ns()))));
    fact_ui(ui, theme, "To", |ui| drop(ui.label(moment_text(page, span.end, span.ns()))));
    if let Some(proc) = span.proc.some() {
        fact_ui(ui, theme, "On", |ui| drop(ui.label(format!("P{proc}"))));
    }
    if span.woken {
        fact_ui(ui, theme, "Woken by", |ui| match span.waker {
            Some(waker) => waker_ui(ui, page, waker, span),
            None => drop(ui.label(weak(theme, "the runtime: a timer or the network"))),
        });
    }
    let next = trace.span_at(goroutine, span.end);
    if let Some(waker) = next.and_then(|next| next.waker) {
        let next = next.unwrap_or(*span);
        fact_ui(ui, theme, "Let go by", |ui| waker_ui(ui, page, waker, &next));
    }
    ui.horizontal(|ui| {
        let previous = trace.span_at(goroutine, span.start - 1);
        for (title, to) in [("← Previous", previous), ("Next →", next)] {
            ui.add_enabled_ui(to.is_some(), |ui| {
                if let (true, Some(to)) = (ui.button(title).clicked(), to) {
                    page.jump(What::Span(goroutine, to.start));
                }
            });
        }
    });
    let title = if span.woken { "The waker's stack" } else { "Stack" };
    stack_ui(ui, page, title, span.stack);
    ui.add_space(6.0);
    ui.separator();
}

fn waker_ui(ui: &mut Ui, page: &Page<'_>, waker: Goroutine, woken: &Span) {
    goroutine_ui(ui, page, waker);
    if link_ui(ui, page.ctx.theme, "at that moment").clicked() {
        page.jump(What::Span(waker, woken.start));
    }
}

/// A state as a word.
pub(crate) fn state_word(state: GoState) -> &'static str {
    match state {
        GoState::Running => "Running",
        GoState::Runnable => "Runnable",
        GoState::Waiting => "Waiting",
        GoState::Syscall => "In a system call",
        GoState::Undetermined => "Not known",
        GoState::NotExist => "Not there",
    }
}
