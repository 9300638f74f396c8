//! What is under the pointer: the tooltip, the status line, and labels of spans and bars.

use std::fmt::Write as _;

use egui::{CursorIcon, RichText, Ui};

use super::canvas::lane_of;
use super::{Frame, Kind};
use crate::analysis::Cancel;
use crate::base::StackId;
use crate::model::{Frame as StackFrame, Span, Trace};
use crate::parse::event::GoState;
use crate::scene::{BarKind, BarRecord, FuseRecord, Hit, Scene, SectionKey, SpanFlags, SpanRecord};
use crate::ui::command::Command;
use crate::ui::ctx::{
    Ctx, count, goroutine_id, moment, short_file, short_function, start_function, thousands,
};
use crate::ui::details::{cancel_kind, cancel_title, is_library, span_text, verdict};
use crate::ui::sheet::Sheet;
use crate::ui::theme::size;
use crate::ui::widgets::{caption, code, strong, swatch_ui, weak};

/// Below this width in points a function's name would be cut to nothing.
pub(super) const WITH_FUNCTION_PX: f32 = 120.0;
/// How many frames of a stack a tooltip shows.
const MAX_FRAMES: usize = 4;

/// The cursor over something.
pub(super) fn cursor(ui: &Ui, hit: Hit) {
    if !matches!(hit, Hit::Row { .. } | Hit::Axis { .. }) {
        ui.ctx().set_cursor_icon(CursorIcon::PointingHand);
    }
}

/// The first frame of a stack that is the user's own code, else its innermost.
pub(super) fn user_frame(trace: &Trace, stack: StackId) -> Option<StackFrame> {
    let own = trace.frames(stack).take(32).find(|frame| !is_library(trace.string(frame.function)));
    own.or_else(|| trace.frames(stack).next())
}

/// What is written on a span: why it waits and where; nothing on a running one.
pub(super) fn span_label(trace: &Trace, span: &Span, room_px: f32) -> String {
    let reason = trace.string(span.reason);
    match span.state {
        GoState::Running | GoState::NotExist | GoState::Undetermined => String::new(),
        GoState::Runnable => "runnable".to_owned(),
        GoState::Syscall | GoState::Waiting => {
            let what = if span.state == GoState::Syscall { "system call" } else { reason };
            match user_frame(trace, span.stack) {
                Some(frame) if room_px >= WITH_FUNCTION_PX => {
                    let function = short_function(trace.string(frame.function));
                    if what.is_empty() {
                        function.to_owned()
                    } else {
                        format!("{what} · {function}")
                    }
                }
                _ => what.to_owned(),
            }
        }
    }
}

/// What is written on a bar.
pub(super) fn bar_label(frame: &Frame<'_>, bar: &BarRecord) -> String {
    let name = frame.sheet.trace().string(bar.name);
    match bar.kind {
        BarKind::Gc => "GC".to_owned(),
        BarKind::Proc(thread) => format!("thread {thread}"),
        BarKind::Thread(proc) => format!("P{proc}"),
        BarKind::Merged => format!("{}×", thousands(u64::from(bar.count))),
        _ => name.to_owned(),
    }
}

/// A section's name.
pub(super) fn section_name(sheet: &Sheet, key: SectionKey) -> String {
    match key {
        SectionKey::Metrics => "Heap and goroutines".to_owned(),
        SectionKey::Runtime => "Garbage collection".to_owned(),
        SectionKey::Procs => "Processors".to_owned(),
        SectionKey::Threads => "Threads".to_owned(),
        SectionKey::Tasks => "Tasks".to_owned(),
        SectionKey::Function(name) => match sheet.trace().string(name) {
            "" => "no stack seen".to_owned(),
            name => short_function(name).to_owned(),
        },
        SectionKey::CreatedBy(Some(goroutine)) => {
            let id = goroutine_id(sheet, goroutine);
            format!("created by {id} {}", short_function(start_function(sheet, goroutine)))
        }
        SectionKey::CreatedBy(None) => "creator not seen".to_owned(),
        SectionKey::All => "All goroutines".to_owned(),
        SectionKey::Cancel(row) => {
            sheet.cancel(row).map_or_else(String::new, |cancel| cancel_title(sheet, cancel))
        }
    }
}

/// The row of a record, if it is a goroutine's lane.
fn lane_text(frame: &Frame<'_>, scene: &Scene, row: u32) -> Option<String> {
    let goroutine = lane_of(scene.rows.get(row as usize)?)?;
    let name = short_function(start_function(frame.sheet, goroutine));
    Some(format!("{} {name}", goroutine_id(frame.sheet, goroutine)))
}

/// The span under the pointer.
fn span_of(
    frame: &Frame<'_>,
    scene: &Scene,
    record: &SpanRecord,
    at: crate::base::Time,
) -> Option<Span> {
    let goroutine = lane_of(scene.rows.get(record.row as usize)?)?;
    frame.sheet.trace().span_at(goroutine, at)
}

/// What is under the pointer, in one line.
pub(super) fn hint(scene: &Scene, frame: &Frame<'_>, hit: Hit, x: f32) -> String {
    let at = frame.viewport.time_from_x(f64::from(x - frame.canvas.left()));
    let time = match frame.kind {
        Kind::All => moment(frame.sheet, at),
        Kind::Cancels => format!("{} after the cancel", frame.sheet.duration(at.ns())),
    };
    let what = what_is(scene, frame, hit).unwrap_or_default();
    if what.is_empty() { time } else { format!("{time}  ·  {what}") }
}

fn what_is(scene: &Scene, frame: &Frame<'_>, hit: Hit) -> Option<String> {
    match hit {
        Hit::Axis { .. } | Hit::Sticky => None,
        Hit::Cancel { record } => {
            let mark = scene.cancels.get(record as usize)?;
            Some(cancel_title(frame.sheet, frame.sheet.cancel(mark.cancel)?))
        }
        Hit::Fuse { record } => {
            let fuse = scene.fuses.get(record as usize)?;
            let hearing = frame.sheet.hearing(fuse.hearing)?;
            let lane = lane_text(frame, scene, fuse.row).unwrap_or_default();
            let late = frame.ctx.is_late(hearing.overstay_ns);
            Some(format!("{lane}: {}", verdict(frame.sheet, hearing, late)))
        }
        Hit::Span { record, at } => {
            let record = scene.spans.get(record as usize)?;
            let lane = lane_text(frame, scene, record.row)?;
            if record.flags.has(SpanFlags::MIXED) {
                return Some(format!("{lane}: several spans, mostly {}", record.class.label()));
            }
            let span = span_of(frame, scene, record, at)?;
            Some(format!("{lane}: {}", span_text(frame.sheet, &span)))
        }
        Hit::Bar { record } => {
            let bar = scene.bars.get(record as usize)?;
            Some(format!("{} {}", bar_label(frame, bar), frame.sheet.duration(bar.interval.ns())))
        }
        Hit::Arrow { record } => {
            let arrow = scene.arrows.get(record as usize)?;
            let to = goroutine_id(frame.sheet, arrow.to);
            Some(match arrow.from {
                Some(from) => format!("{} → {to}", goroutine_id(frame.sheet, from)),
                None => format!("→ {to}"),
            })
        }
        Hit::Row { record, .. } => lane_text(frame, scene, record),
    }
}

/// The tooltip.
pub(super) fn tooltip_ui(ui: &mut Ui, scene: &Scene, frame: &Frame<'_>, hit: Hit) {
    let sheet = frame.sheet;
    match hit {
        Hit::Cancel { record } => {
            let Some(mark) = scene.cancels.get(record as usize) else { return };
            if let Some(cancel) = sheet.cancel(mark.cancel) {
                cancel_ui(ui, frame.ctx, sheet, cancel);
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
        Hit::Row { .. } | Hit::Axis { .. } | Hit::Sticky => ui.close(),
    }
}

fn cancel_ui(ui: &mut Ui, ctx: &Ctx<'_>, sheet: &Sheet, cancel: &Cancel) {
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
        let _ = write!(text, ", {} were deaf to it", cancel.n_deaf());
    }
    ui.label(weak(theme, text));
    let worst = sheet
        .document
        .analysis()
        .heard(cancel)
        .iter()
        .chain(sheet.document.analysis().deaf(cancel))
        .take(4096)
        .filter(|hearing| hearing.is_late(ctx.state.prefs.budget_ns))
        .map(|hearing| hearing.overstay_ns)
        .max();
    if let Some(worst) = worst {
        let text = format!("the latest left {} after it", sheet.duration(worst));
        ui.label(RichText::new(text).color(theme.late_text));
    }
}

fn fuse_ui(ui: &mut Ui, frame: &Frame<'_>, fuse: &FuseRecord) {
    let (ctx, sheet) = (frame.ctx, frame.sheet);
    let theme = ctx.theme;
    let Some(hearing) = sheet.hearing(fuse.hearing) else { return };
    let late = hearing.is_late(ctx.state.prefs.budget_ns);
    let color = if late { theme.late_text } else { theme.text };
    ui.label(strong(verdict(sheet, hearing, late)).color(color));
    let name = short_function(start_function(sheet, fuse.goroutine));
    ui.label(code(format!("{} {name}", goroutine_id(sheet, fuse.goroutine))));
    if let Some(sentence) = ctx.sentence(frame.slot, fuse.hearing) {
        ui.label(sentence);
    }
    if let Some(cancel) = sheet.cancel(fuse.cancel) {
        ui.label(weak(theme, cancel_title(sheet, cancel)));
    }
    if hearing.deaf {
        ui.label(weak(theme, "deaf: it never heard of the cancel"));
    }
    if fuse.count > 1 {
        ui.label(caption(theme, format!("and {} more within these pixels", fuse.count - 1)));
    }
}

fn span_ui(
    ui: &mut Ui,
    scene: &Scene,
    frame: &Frame<'_>,
    record: &SpanRecord,
    at: crate::base::Time,
) {
    let theme = frame.ctx.theme;
    let trace = frame.sheet.trace();
    let mixed = record.flags.has(SpanFlags::MIXED);
    let Some(span) = span_of(frame, scene, record, at) else { return };
    ui.horizontal(|ui| {
        swatch_ui(ui, theme.patch(record.class));
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
        format!("{} – {}", moment(frame.sheet, span.start), moment(frame.sheet, span.end));
    ui.label(weak(theme, from_to));
    if let Some(waker) = span.waker {
        let name = short_function(start_function(frame.sheet, waker));
        ui.label(weak(theme, format!("woken by {} {name}", goroutine_id(frame.sheet, waker))));
    }
    for frame in trace.frames(span.stack).take(MAX_FRAMES) {
        let function = short_function(trace.string(frame.function));
        let place = format!("{}:{}", short_file(trace.string(frame.file)), frame.line);
        ui.horizontal(|ui| {
            ui.label(code(function).size(size::TEXT_SMALL));
            ui.label(caption(theme, place));
        });
    }
}

fn bar_ui(ui: &mut Ui, frame: &Frame<'_>, bar: &BarRecord) {
    let theme = frame.ctx.theme;
    let trace = frame.sheet.trace();
    let name = trace.string(bar.name);
    let title = match bar.kind {
        BarKind::Gc => "Garbage collection: marking".to_owned(),
        BarKind::StopTheWorld => format!("Stop-the-world: {name}"),
        BarKind::Proc(thread) => format!("Thread {thread} held this processor"),
        BarKind::Thread(proc) => format!("This thread held P{proc}"),
        BarKind::Task(_) => format!("Task {name}"),
        BarKind::Region(_) => format!("Region {name}"),
        BarKind::Merged => format!("{} too narrow to draw", count(bar.count as usize, "bar")),
    };
    ui.label(strong(title));
    let from_to = format!(
        "{}, {} – {}",
        frame.sheet.duration(bar.interval.ns()),
        moment(frame.sheet, bar.interval.start),
        moment(frame.sheet, bar.interval.end)
    );
    ui.label(weak(theme, from_to));
}

/// What the cancel view shows, above it.
pub(super) fn cancel_head_ui(ui: &mut Ui, ctx: &Ctx<'_>, sheet: &Sheet) {
    let theme = ctx.theme;
    ui.horizontal(|ui| {
        let all = sheet.document.analysis().cancels().len();
        let like = ctx.state.cancel_site.and_then(|row| sheet.cancel(row));
        match like {
            Some(cancel) => {
                swatch_ui(ui, theme.cause(cancel.cause));
                let site = match cancel.site {
                    Some(site) => {
                        let trace = sheet.trace();
                        let function = short_function(trace.string(site.function));
                        format!("{} in {function}", cancel_kind(sheet, cancel))
                    }
                    None => cancel_kind(sheet, cancel),
                };
                ui.label(strong(site));
                let n = count(sheet.n_cancels_shown, "cancel");
                ui.label(weak(theme, format!("{n} of {all}, each at time zero")));
                if ui.button("Show all cancels").clicked() {
                    ctx.send(Command::CancelSite(None));
                }
            }
            None => {
                ui.label(strong(count(all, "cancel")));
                ui.label(weak(theme, "each at time zero, the latest exits first"));
                let selected = ctx.state.selected.map(|selected| selected.what);
                let row = match selected {
                    Some(crate::ui::state::What::Cancel(row)) => Some(row),
                    Some(crate::ui::state::What::Hearing(row)) => {
                        sheet.hearing(row).map(|hearing| hearing.cancel)
                    }
                    _ => None,
                };
                if let Some(row) = row.filter(|_| all > 1)
                    && ui.button("Only this cancel's site").clicked()
                {
                    ctx.send(Command::CancelSite(Some(row)));
                }
            }
        }
    });
}
