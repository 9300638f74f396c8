//! Bringing what was jumped to into view, as soon as its row is known.

use super::{Frame, Kind, TimelinePanel};
use crate::base::{Goroutine, Interval};
use crate::scene::Viewport;
use crate::ui::app::Gestures;
use crate::ui::command::{Command, Look};
use crate::ui::ctx::goroutine_id;
use crate::ui::explain::goroutine_of;
use crate::ui::look::{interval_of, interval_to_first};
use crate::ui::state::{Selected, What};

/// An overstay is shown with this much free on either side, as a share of its length.
const OVERSTAY_MARGIN: f64 = 0.7;
/// A span is not shown narrower than this, in points.
const SPAN_PX: f64 = 60.0;
/// Free space kept around what is revealed, in points.
const EDGE_PX: f64 = 40.0;

impl TimelinePanel {
    /// Moves the viewport and the rows to what is to be revealed, if it is this panel's.
    pub(super) fn reveal(&self, frame: &Frame<'_>, wanted: Viewport, gestures: &mut Gestures) {
        let Some(target) = frame.ctx.state.reveal.filter(|it| it.slot == frame.slot) else {
            return;
        };
        if rows_are_stale(frame) {
            return;
        }
        let gesture = gestures.next();
        if !self.reveal_row(frame, target, gesture) {
            // Its group opens first; the row is there in the next frame.
            return;
        }
        if frame.kind == Kind::All {
            reveal_time(frame, target, wanted, gesture);
        }
        frame.ctx.send(Command::Revealed);
        if let Some(text) = hidden_text(frame, target) {
            frame.ctx.send(Command::Say(text));
        }
    }

    /// Scrolls to the lane; false if its group had to be opened first.
    fn reveal_row(&self, frame: &Frame<'_>, target: Selected, gesture: u64) -> bool {
        let goroutine = match target.what {
            What::Cancel(row) => first_reached(frame, row),
            _ => goroutine_of(frame.sheet, target),
        };
        let Some(place) = goroutine.and_then(|goroutine| frame.rows.place_of(goroutine)) else {
            return true;
        };
        if place.collapsed
            && let Some(section) = goroutine.and_then(|it| frame.rows.section_of(it))
            && let Some(section) = frame.rows.sections().get(section as usize)
        {
            frame.ctx.send(Command::Fold(frame.slot, section.key, false));
            return false;
        }
        // A heading may stick to the top: keep clear of it.
        let clear = 2.0 * place.height_px + 8.0;
        let (first, last) = (frame.scroll + clear, frame.scroll + self.page_px - clear);
        let bottom = place.top_px + place.height_px;
        if place.top_px < first || bottom > last {
            let to = place.top_px - self.page_px * 0.35;
            let to = to.clamp(0.0, self.max_scroll);
            frame.ctx.send(Command::Scroll(frame.scroll_id(), to, gesture));
        }
        true
    }
}

/// Why there is no lane to bring into view, if one was asked for by itself.
fn hidden_text(frame: &Frame<'_>, target: Selected) -> Option<String> {
    let goroutine = match target.what {
        What::Cancel(_) => return None,
        _ => goroutine_of(frame.sheet, target)?,
    };
    let choice = &frame.ctx.state.rows;
    let why = match (choice.filter.trim(), choice.late_only) {
        _ if frame.rows.place_of(goroutine).is_some() => return None,
        _ if choice.within.is_some() => "only what is in the stretch is shown: E shows all",
        ("", true) => "only late lanes are shown: L shows all",
        ("", false) if !choice.hidden[target.slot].is_empty() => {
            "its group is hidden: Shift+Delete shows all"
        }
        ("", false) => return None,
        _ => "Find leaves it out: empty the field to see it",
    };
    Some(format!("{} has no lane here, since {why}", goroutine_id(frame.sheet, goroutine)))
}

/// Whether other rows are being built.
fn rows_are_stale(frame: &Frame<'_>) -> bool {
    let lane = match frame.kind {
        Kind::All => crate::ui::jobs::Lane::Rows(frame.slot),
        Kind::Cancels => crate::ui::jobs::Lane::CancelRows(frame.slot),
    };
    frame.ctx.jobs.is_busy(lane)
}

/// The lane that stands for a cancel: the latest of those it reached.
fn first_reached(frame: &Frame<'_>, row: u32) -> Option<Goroutine> {
    let cancel = frame.sheet.cancel(row)?;
    let analysis = frame.sheet.document.analysis();
    let reached = analysis.heard(cancel).iter().chain(analysis.deaf(cancel)).take(4096);
    reached.max_by_key(|hearing| hearing.overstay_ns).map(|hearing| hearing.goroutine)
}

fn reveal_time(frame: &Frame<'_>, target: Selected, wanted: Viewport, gesture: u64) {
    let Some(interval) = interval_of(frame.sheet, target.what) else { return };
    let interval = interval_to_first(frame.ctx, frame.slot, interval);
    let mut to = wanted;
    match target.what {
        What::Cancel(_) => {
            let px = wanted.x_from_time(interval.end) - wanted.x_from_time(interval.start);
            if (2.0..EDGE_PX).contains(&px) {
                to.show(interval, OVERSTAY_MARGIN);
            } else {
                to.reveal(interval.start, EDGE_PX);
            }
        }
        What::Hearing(_) => {
            if !is_comfortable(&wanted, interval) {
                to.show(interval, OVERSTAY_MARGIN);
            }
        }
        What::Goroutine(_) => {
            let seen = wanted.visible();
            if interval.intersect(seen).is_none() {
                to.reveal(interval.start, EDGE_PX);
            }
        }
        What::Span(_, at) => {
            let px = wanted.x_from_time(interval.end) - wanted.x_from_time(interval.start);
            if px < 2.0 {
                let needed = SPAN_PX / px.max(1e-9);
                to.zoom_at(wanted.x_from_time(interval.start), needed);
            }
            let at = crate::ui::look::to_first(frame.ctx, frame.slot, at);
            to.reveal(at, EDGE_PX);
        }
    }
    if to != wanted {
        frame.ctx.send(Command::Look(Look { to, glide: true, gesture: Some(gesture) }));
    }
}

/// Whether a stretch is wholly on screen and neither tiny nor all of it.
fn is_comfortable(viewport: &Viewport, interval: Interval) -> bool {
    let (left, right) = (viewport.x_from_time(interval.start), viewport.x_from_time(interval.end));
    let width = viewport.width_px();
    let inside = left >= EDGE_PX && right <= width - EDGE_PX;
    inside && (0.15..=0.8).contains(&((right - left) / width))
}
