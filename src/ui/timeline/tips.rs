//! Tooltips of what is under the pointer.

use std::fmt::Write as _;

use egui::{RichText, Ui};

use super::Frame;
use super::canvas::plot_color;
use super::hover::{lane_text, merged_text, pointed_text, section_name, span_of, what_is};
use crate::analysis::Cancel;
use crate::base::Time;
use crate::scene::{
    BarKind, BarRecord, FlagRecord, FuseRecord, Hit, Row, Scene, Section, SectionKey, SpanFlags,
    SpanRecord,
};
use crate::ui::ctx::{
    Ctx, bytes, called, count, goroutine_id, moment, moment_within, short_file, short_function,
    thousands,
};
use crate::ui::details::{cancel_title, span_text, verdict};
use crate::ui::sheet::Sheet;
use crate::ui::stuck::stuck_ui;
use crate::ui::theme::size;
use crate::ui::widgets::{caption, code, strong, swatch_ui, weak};

/// How many cancels of a crowd a tooltip names.
const MAX_NAMED: usize = 5;
/// Height of a line, in points.
const LINE: f32 = 16.0;
/// Width of a tooltip with a sentence, in points.
const SENTENCE: f32 = 300.0;
/// How many frames of a stack a tooltip shows.
const MAX_FRAMES: usize = 4;

/// The tooltip.
pub(super) fn tooltip_ui(ui: &mut Ui, scene: &Scene, frame: &Frame<'_>, hit: Hit) {
    let sheet = frame.sheet;
    // Lines of text, none of which can be clicked.
    ui.spacing_mut().interact_size.y = LINE;
    match hit {
        Hit::Flag { record } => {
            let Some(flag) = scene.flags.get(record as usize) else { return };
            match sheet.cancel(flag.cancel) {
                _ if flag.count > 1 => crowd_ui(ui, frame, flag),
                Some(cancel) => cancel_ui(ui, frame.ctx, sheet, cancel, flag.worst_ns),
                None => {}
            }
        }
        Hit::Cancel { record } => {
            let Some(mark) = scene.cancels.get(record as usize) else { return };
            if let Some(cancel) = sheet.cancel(mark.cancel) {
                cancel_ui(ui, frame.ctx, sheet, cancel, mark.worst_ns);
            }
            if mark.count > 1 {
                let text = format!("and {} more within these pixels", mark.count - 1);
                ui.label(caption(frame.ctx.theme, text));
            }
        }
        Hit::Fuse { record } => {
            if let Some(fuse) = scene.fuses.get(record as usize) {
                fuse_ui(ui, frame, fuse);
            }
        }
        Hit::Span { record, at } => {
            let Some(record) = scene.spans.get(record as usize) else { return };
            span_ui(ui, scene, frame, record, at);
        }
        Hit::Bar { record } => {
            let Some(bar) = scene.bars.get(record as usize) else { return };
            bar_ui(ui, frame, bar);
        }
        Hit::Arrow { .. } => {
            if let Some(text) = what_is(scene, frame, hit) {
                ui.label(text);
            }
        }
        Hit::Row { record, at } => match scene.rows.get(record as usize).map(|row| row.row) {
            Some(Row::Header(number)) => section_ui(ui, frame, number),
            Some(row) => plot_ui(ui, frame, row, at),
            None => {}
        },
        Hit::Axis { .. } | Hit::Sticky => {}
    }
}

/// Whether there is anything to say of what is under the pointer.
pub(super) fn has_tooltip(scene: &Scene, frame: &Frame<'_>, hit: Hit) -> bool {
    match hit {
        Hit::Row { record, .. } => match scene.rows.get(record as usize).map(|row| row.row) {
            Some(Row::HeapPlot | Row::GoroutinesPlot) => true,
            Some(Row::Header(number)) => folded(frame, number).is_some(),
            _ => false,
        },
        Hit::Axis { .. } | Hit::Sticky => false,
        _ => true,
    }
}

/// A section whose lanes are folded into a strip.
fn folded<'a>(frame: &Frame<'a>, number: u32) -> Option<&'a Section> {
    frame.rows.sections().get(number as usize).filter(|section| section.collapsed)
}

/// What a folded section's strip stands for.
fn section_ui(ui: &mut Ui, frame: &Frame<'_>, number: u32) {
    let Some(section) = folded(frame, number) else { return };
    let theme = frame.ctx.theme;
    ui.label(strong(section_name(frame.sheet, section.key)));
    let is_of_goroutines =
        matches!(section.key, SectionKey::Function(_) | SectionKey::CreatedBy(_) | SectionKey::All);
    let what = if is_of_goroutines { "goroutine" } else { "lane" };
    ui.label(weak(theme, count(section.count as usize, what)));
    let late = u64::from(section.late - section.stuck);
    let loud = [(late, "late"), (u64::from(section.stuck), "stuck")];
    for (n, word) in loud.into_iter().filter(|(n, _)| *n > 0) {
        ui.label(RichText::new(format!("{} {word}", thousands(n))).color(theme.late_text));
    }
    if section.worst_ns > 0 && section.late > 0 {
        let worst = frame.sheet.duration(section.worst_ns);
        ui.label(weak(theme, format!("the worst by {worst}")));
    }
    ui.label(caption(theme, "Click to open"));
}

/// The values of a plot at a moment, which are the legend of its lines, too.
fn plot_ui(ui: &mut Ui, frame: &Frame<'_>, row: Row, at: Time) {
    let theme = frame.ctx.theme;
    ui.label(weak(theme, pointed_text(frame, at)));
    for (line, value) in (0_u8..).zip(frame.view().plot_values(row, at)) {
        let Some(value) = value else { continue };
        ui.horizontal(|ui| {
            swatch_ui(ui, plot_color(theme, row, line));
            ui.label(plot_text(row, line, value));
        });
    }
}

/// A value of a plot with its line's name.
pub(super) fn plot_text(row: Row, line: u8, value: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
    let whole = value.round() as u64;
    match (row, line) {
        (Row::HeapPlot, 0) => format!("heap {}", bytes(whole)),
        (Row::HeapPlot, _) => format!("goal {}", bytes(whole)),
        (_, line) => {
            let name = ["running", "runnable", "in system calls", "alive"];
            let name = name.get(usize::from(line)).copied().unwrap_or_default();
            // A mean over the pixel: of less than ten the part counts.
            if value < 9.95 && (value - value.round()).abs() >= 0.05 {
                format!("{value:.1} {name}")
            } else {
                format!("{} {name}", thousands(whole))
            }
        }
    }
}

fn cancel_ui(ui: &mut Ui, ctx: &Ctx<'_>, sheet: &Sheet, cancel: &Cancel, worst_ns: i64) {
    let theme = ctx.theme;
    ui.horizontal(|ui| {
        swatch_ui(ui, theme.cause(cancel.cause));
        ui.label(strong(cancel_title(sheet, cancel)));
    });
    let parent = sheet.document.context_of(cancel).map(|context| context.parent);
    if let Some(parent) = parent.filter(|parent| !parent.is_empty()) {
        ui.label(weak(theme, format!("under {parent}")));
    }
    if let Some(site) = cancel.site {
        let trace = sheet.trace();
        let place = format!("{}:{}", short_file(trace.string(site.file)), site.line);
        ui.label(code(format!("{} {place}", short_function(trace.string(site.function)))));
    }
    let mut text = format!("reached {}", count(cancel.n_heard(), "goroutine"));
    if cancel.n_deaf() > 0 {
        let were = if cancel.n_deaf() == 1 { "was" } else { "were" };
        let _ = write!(text, ", {} {were} deaf to it", cancel.n_deaf());
    }
    ui.label(weak(theme, text));
    if worst_ns > ctx.state.prefs.budget_ns {
        let text = format!("the latest left {} after it", sheet.duration(worst_ns));
        ui.label(RichText::new(text).color(theme.late_text));
    }
}

/// How many cancels a flag stands for, and when they were.
pub(super) fn crowd_title(frame: &Frame<'_>, flag: &FlagRecord) -> String {
    let interval = flag.interval(&frame.view());
    let [from, to] = [interval.start, interval.end].map(|at| moment(frame.sheet, at));
    let when = if from == to { format!("at {from}") } else { format!("from {from} to {to}") };
    format!("{} {when}", count(flag.count as usize, "cancel"))
}

/// A crowd of cancels: the first of them, and how to see the others.
fn crowd_ui(ui: &mut Ui, frame: &Frame<'_>, flag: &FlagRecord) {
    let theme = frame.ctx.theme;
    ui.label(strong(crowd_title(frame, flag)));
    // Of many the worst tells more than the first few.
    let many = flag.cancels().len() > MAX_NAMED;
    let named = if many { flag.cancel..flag.cancel + 1 } else { flag.cancels() };
    if many {
        ui.label(caption(theme, "The one whose goroutines stayed longest"));
    }
    for cancel in named.filter_map(|row| frame.sheet.cancel(row)) {
        ui.horizontal(|ui| {
            swatch_ui(ui, theme.cause(cancel.cause));
            ui.label(cancel_title(frame.sheet, cancel));
        });
    }
    if flag.late {
        let worst = frame.sheet.duration(flag.worst_ns);
        let text = format!("the latest left {worst} after its cancel");
        ui.label(RichText::new(text).color(theme.late_text));
    }
    let at_once = flag.interval(&frame.view()).ns() == 0;
    let tip = if at_once { "Click to select the worst" } else { "Click to tell them apart" };
    ui.label(caption(theme, tip));
}

fn fuse_ui(ui: &mut Ui, frame: &Frame<'_>, fuse: &FuseRecord) {
    let (ctx, sheet) = (frame.ctx, frame.sheet);
    let theme = ctx.theme;
    let Some((row, hearing)) = fuse.hearing().and_then(|row| Some((row, sheet.hearing(row)?)))
    else {
        left_over_ui(ui, frame, fuse);
        return;
    };
    let late = hearing.is_late(ctx.state.prefs.budget_ns);
    let color = if late { theme.late_text } else { theme.text };
    ui.label(strong(verdict(sheet, hearing, late)).color(color));
    let name = short_function(called(sheet, fuse.goroutine));
    ui.label(code(format!("{} {name}", goroutine_id(sheet, fuse.goroutine))));
    if let Some(sentence) = ctx.sentence(frame.slot, row) {
        ui.set_min_width(SENTENCE);
        ui.label(sentence);
    }
    if let Some(cancel) = sheet.cancel(hearing.cancel) {
        ui.label(weak(theme, cancel_title(sheet, cancel)));
    }
    if hearing.deaf {
        ui.label(weak(theme, "deaf: it never heard of the cancel"));
    }
    if fuse.count > 1 {
        ui.label(caption(theme, format!("and {} more within these pixels", fuse.count - 1)));
    }
}

/// A goroutine that is stuck, and what is said of it.
fn left_over_ui(ui: &mut Ui, frame: &Frame<'_>, fuse: &FuseRecord) {
    let (theme, sheet) = (frame.ctx.theme, frame.sheet);
    let Some(stuck) = sheet.document.analysis().stuck(fuse.goroutine) else { return };
    ui.set_min_width(SENTENCE);
    stuck_ui(ui, frame.ctx, sheet, stuck, |ui| {
        let name = short_function(called(sheet, fuse.goroutine));
        ui.label(code(format!("{} {name}", goroutine_id(sheet, fuse.goroutine))));
    });
    if fuse.count > 1 {
        ui.label(caption(theme, format!("and {} more of this group", fuse.count - 1)));
    }
}

fn span_ui(ui: &mut Ui, scene: &Scene, frame: &Frame<'_>, record: &SpanRecord, at: Time) {
    let theme = frame.ctx.theme;
    let trace = frame.sheet.trace();
    let mixed = record.flags.has(SpanFlags::MIXED);
    let Some(span) = span_of(frame, scene, record, at) else { return };
    ui.horizontal(|ui| {
        swatch_ui(ui, theme.state(record.class));
        if mixed {
            let percent = f32::from(record.share) / 2.55;
            let label = record.class.label();
            ui.label(strong(format!("Several spans, {percent:.0} % {label}")));
        } else {
            ui.label(strong(span_text(frame.sheet, &span)));
        }
    });
    if let Some(lane) = lane_text(frame, scene, record.row) {
        ui.label(code(lane));
    }
    if mixed {
        ui.label(caption(theme, "Zoom in to tell them apart"));
        return;
    }
    let from_to =
        [span.start, span.end].map(|at| moment_within(frame.sheet, at, span.ns())).join(" – ");
    ui.label(weak(theme, from_to));
    if let Some(waker) = span.waker {
        let name = short_function(called(frame.sheet, waker));
        ui.label(weak(theme, format!("woken by {} {name}", goroutine_id(frame.sheet, waker))));
    }
    for frame in trace.frames(span.stack).take(MAX_FRAMES) {
        let function = short_function(trace.string(frame.function));
        let place = format!("{}:{}", short_file(trace.string(frame.file)), frame.line);
        ui.horizontal(|ui| {
            ui.label(code(function.as_ref()).size(size::TEXT_SMALL));
            ui.label(caption(theme, place));
        });
    }
}

fn bar_ui(ui: &mut Ui, frame: &Frame<'_>, bar: &BarRecord) {
    let theme = frame.ctx.theme;
    let trace = frame.sheet.trace();
    let name = trace.string(bar.name);
    let title = match bar.kind {
        _ if bar.is_merged() => merged_text(frame, bar),
        BarKind::Gc => "Garbage collection: marking".to_owned(),
        BarKind::StopTheWorld => format!("Stop-the-world: {name}"),
        BarKind::Proc(thread) => format!("Thread {thread} held this processor"),
        BarKind::Thread(proc) => format!("This thread held P{proc}"),
        BarKind::Task(_) => format!("Task {name}"),
        BarKind::Region(_) => format!("Region {name}"),
    };
    if bar.is_merged() {
        // Short, and what was in the tooltip before may have been narrow.
        ui.style_mut().wrap_mode = Some(egui::TextWrapMode::Extend);
    }
    ui.label(strong(title));
    let ns = bar.interval.ns();
    let [from, to] = [bar.interval.start, bar.interval.end];
    let [from, to] = [from, to].map(|at| moment_within(frame.sheet, at, ns));
    if bar.is_merged() {
        ui.label(weak(theme, format!("{from} – {to}")));
        ui.label(caption(theme, "Zoom in to tell them apart"));
    } else {
        ui.label(weak(theme, format!("{}, {from} – {to}", frame.sheet.duration(ns))));
    }
}
