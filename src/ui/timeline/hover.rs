//! What is under the pointer, in words: the status line, and labels of spans and bars.

use egui::{CursorIcon, Ui};

use super::canvas::lane_of;
use super::tips::{crowd_title, plot_text};
use super::{Frame, Kind};
use crate::analysis::reason_of;
use crate::base::{StackId, Time};
use crate::model::{Frame as StackFrame, Span, Trace};
use crate::parse::event::GoState;
use crate::scene::{BarKind, BarRecord, Hit, Scene, SectionKey, SpanFlags, SpanRecord};
use crate::ui::ctx::{called, count, goroutine_id, short_function};
use crate::ui::details::{cancel_title, is_library, span_text, verdict};
use crate::ui::nothing::short_words;
use crate::ui::sheet::Sheet;
use crate::ui::stuck::stuck_text;

/// Below this width in points a function's name would be cut to nothing.
pub(super) const WITH_FUNCTION_PX: f32 = 120.0;

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
    match span.state {
        GoState::Running | GoState::NotExist | GoState::Undetermined => String::new(),
        GoState::Runnable => "runnable".to_owned(),
        GoState::Syscall | GoState::Waiting => {
            let what = match span.state {
                GoState::Syscall => "system call",
                _ => reason_of(trace, span.stack, trace.string(span.reason)),
            };
            match user_frame(trace, span.stack) {
                Some(frame) if room_px >= WITH_FUNCTION_PX => {
                    let function = short_function(trace.string(frame.function));
                    if what.is_empty() {
                        function.into_owned()
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
        _ => name.to_owned(),
    }
}

/// What merged bars are, how long they take, and the longest of them.
pub(super) fn merged_text(frame: &Frame<'_>, bar: &BarRecord) -> String {
    let what = match bar.kind {
        BarKind::Gc => "mark phase",
        BarKind::StopTheWorld => "stop",
        BarKind::Proc(_) | BarKind::Thread(_) => "turn",
        BarKind::Task(_) => "task",
        BarKind::Region(_) => "region",
    };
    let [all, longest] = [bar.busy_ns, bar.longest_ns].map(|ns| frame.sheet.duration(ns));
    format!("{}, {all} in all, the longest {longest}", count(bar.count as usize, what))
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
            name => short_function(name).into_owned(),
        },
        SectionKey::CreatedBy(Some(goroutine)) => {
            let id = goroutine_id(sheet, goroutine);
            format!("created by {id} {}", short_function(called(sheet, goroutine)))
        }
        SectionKey::CreatedBy(None) => "creator not seen".to_owned(),
        SectionKey::All => "All goroutines".to_owned(),
        // Of several, which lie over one another, none is the heading's.
        SectionKey::Cancel(_) if sheet.n_cancels_shown > 1 => {
            count(sheet.n_cancels_shown, "cancel")
        }
        SectionKey::Cancel(row) => {
            sheet.cancel(row).map_or_else(String::new, |cancel| cancel_title(sheet, cancel))
        }
    }
}

/// The row of a record, if it is a goroutine's lane.
pub(super) fn lane_text(frame: &Frame<'_>, scene: &Scene, row: u32) -> Option<String> {
    let goroutine = lane_of(scene.rows.get(row as usize)?)?;
    let name = short_function(called(frame.sheet, goroutine));
    Some(format!("{} {name}", goroutine_id(frame.sheet, goroutine)))
}

/// The span under the pointer.
pub(super) fn span_of(
    frame: &Frame<'_>,
    scene: &Scene,
    record: &SpanRecord,
    at: Time,
) -> Option<Span> {
    let goroutine = lane_of(scene.rows.get(record.row as usize)?)?;
    frame.sheet.trace().span_at(goroutine, at)
}

/// Why there is no lane, and what to press.
pub(super) fn no_lanes_text(frame: &Frame<'_>) -> String {
    let rows = &frame.ctx.state.rows;
    let words = &short_words(&rows.filter);
    let budget = frame.sheet.duration(frame.ctx.state.prefs.budget_ns);
    if rows.within.is_some() {
        return "No goroutine like that lives in the stretch that was measured out. E shows all."
            .to_owned();
    }
    if frame.rows.n_hidden() > 0 && words.is_empty() && frame.kind == Kind::All {
        return "All groups with such lanes are hidden. Shift+Delete shows them.".to_owned();
    }
    match (words.is_empty(), rows.late_only) {
        (true, true) => format!("No goroutine stayed longer than {budget}. L shows all lanes."),
        (false, true) => {
            format!("No goroutine that matches “{words}” stayed longer than {budget}. L shows all.")
        }
        (false, false) => format!("No goroutine matches “{words}”. Esc shows all lanes."),
        (true, false) if frame.kind == Kind::Cancels => {
            "No goroutine is known to have been reached by a cancel here.".to_owned()
        }
        (true, false) => "There is no goroutine in this trace.".to_owned(),
    }
}

/// The moment under the pointer, to the pixel: in the cancel view since the cancel.
pub(super) fn pointed_text(frame: &Frame<'_>, at: Time) -> String {
    let since = match frame.kind {
        Kind::All => frame.sheet.since_start(at),
        Kind::Cancels => at.ns(),
    };
    #[expect(clippy::cast_possible_truncation, reason = "saturates")]
    let pixel_ns = frame.viewport.ns_per_px() as i64;
    frame.sheet.trace().clock().moment(since, pixel_ns)
}

/// What is under the pointer, in one line.
pub(super) fn hint(scene: &Scene, frame: &Frame<'_>, hit: Hit, x: f32) -> String {
    let at = frame.viewport.time_from_x(f64::from(x - frame.canvas.left()));
    let time = match frame.kind {
        Kind::All => pointed_text(frame, at),
        Kind::Cancels => format!("{} after the cancel", pointed_text(frame, at)),
    };
    let what = what_is(scene, frame, hit).unwrap_or_default();
    if what.is_empty() { time } else { format!("{time}  ·  {what}") }
}

/// What is there, in words.
pub(super) fn what_is(scene: &Scene, frame: &Frame<'_>, hit: Hit) -> Option<String> {
    match hit {
        Hit::Axis { .. } | Hit::Sticky => None,
        Hit::Flag { record } => {
            let flag = scene.flags.get(record as usize)?;
            if flag.count > 1 {
                return Some(crowd_title(frame, flag));
            }
            Some(cancel_title(frame.sheet, frame.sheet.cancel(flag.cancel)?))
        }
        Hit::Cancel { record } => {
            let mark = scene.cancels.get(record as usize)?;
            Some(cancel_title(frame.sheet, frame.sheet.cancel(mark.cancel)?))
        }
        Hit::Fuse { record } => {
            let fuse = scene.fuses.get(record as usize)?;
            let lane = lane_text(frame, scene, fuse.row).unwrap_or_default();
            let Some(hearing) = fuse.hearing().and_then(|row| frame.sheet.hearing(row)) else {
                let stuck = frame.sheet.document.analysis().stuck(fuse.goroutine)?;
                return Some(format!("{lane}: {}", stuck_text(&frame.sheet.document, stuck)));
            };
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
            if bar.is_merged() {
                return Some(merged_text(frame, bar));
            }
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
        Hit::Row { record, at } => {
            let row = scene.rows.get(record as usize)?.row;
            let values = (0_u8..).zip(frame.view().plot_values(row, at));
            let texts: Vec<String> =
                values.filter_map(|(line, value)| Some(plot_text(row, line, value?))).collect();
            if texts.is_empty() { lane_text(frame, scene, record) } else { Some(texts.join(", ")) }
        }
    }
}
