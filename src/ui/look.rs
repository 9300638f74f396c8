//! Where things are in time, on the clock that the viewport runs on.

use super::ctx::Ctx;
use super::sheet::Sheet;
use super::slot::Slot;
use super::state::{Selected, What};
use crate::base::{Interval, Time};

/// The stretch of a trace's own time that a selection covers.
pub(crate) fn interval_of(sheet: &Sheet, what: What) -> Option<Interval> {
    let trace = sheet.trace();
    Some(match what {
        What::Goroutine(goroutine) => trace.lifetime(goroutine),
        What::Span(goroutine, at) => trace.span_at(goroutine, at)?.interval(),
        What::Hearing(row) => sheet.document.window(sheet.hearing(row)?),
        What::Cancel(row) => {
            let cancel = sheet.cancel(row)?;
            let analysis = sheet.document.analysis();
            let reached = analysis.heard(cancel).iter().chain(analysis.deaf(cancel)).take(4096);
            let longest = reached
                .filter(|hearing| hearing.was_to_leave())
                .map(|hearing| hearing.overstay_ns)
                .max()
                .unwrap_or(0);
            Interval::new(cancel.at, cancel.at + longest.max(1_000_000))
        }
    })
}

/// A moment of a trace on the first trace's clock, on which the viewport runs.
pub(crate) fn to_first(ctx: &Ctx<'_>, slot: Slot, time: Time) -> Time {
    match (slot, ctx.state.link) {
        (Slot::After, Some(link)) => link.to_first(time),
        _ => time,
    }
}

/// The reverse of [`to_first`].
pub(crate) fn from_first(ctx: &Ctx<'_>, slot: Slot, time: Time) -> Time {
    match (slot, ctx.state.link) {
        (Slot::After, Some(link)) => link.swapped().to_first(time),
        _ => time,
    }
}

/// A stretch on the first trace's clock.
pub(crate) fn interval_to_first(ctx: &Ctx<'_>, slot: Slot, interval: Interval) -> Interval {
    Interval::new(to_first(ctx, slot, interval.start), to_first(ctx, slot, interval.end))
}

/// What lies within the open traces of a stretch on the first trace's clock, if anything does.
pub(crate) fn clipped(ctx: &Ctx<'_>, stretch: Interval) -> Option<Interval> {
    let traces = Slot::BOTH
        .into_iter()
        .filter_map(|slot| Some(interval_to_first(ctx, slot, ctx.sheet(slot)?.interval())));
    let all = traces
        .reduce(|one, other| Interval::new(one.start.min(other.start), one.end.max(other.end)))?;
    stretch.intersect(all)
}

/// What is selected, as a stretch on the first trace's clock.
pub(crate) fn selected_interval(ctx: &Ctx<'_>) -> Option<Interval> {
    let Selected { slot, what } = ctx.state.selected?;
    let interval = interval_of(ctx.sheet(slot)?, what)?;
    Some(interval_to_first(ctx, slot, interval))
}
