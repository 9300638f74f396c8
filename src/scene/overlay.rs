//! Cancels as vertical marks, and bands across all rows.

use crate::base::{Interval, Time, narrow};

use super::bars::{MIN_PX, partition_point, share};
use super::fold::{cell_end, cell_log2, gallop};
use super::hearings::cancelled_at;
use super::records::{BandKind, BandRecord, CancelRecord};
use super::rows::SectionKey;
use super::sums::Sums;
use super::view::View;

/// Cancels closer than this are one mark, in pixels.
const MARK_PX: f32 = 4.0;

/// The same where there are many: a flag in the axis is about as wide.
const CROWD_PX: f32 = 10.0;

/// With more cancels on screen than one per so many pixels there are many.
const CROWD_APART_PX: f64 = 32.0;

/// Bands of which less is filled are left out: a fence of pauses of which each is far narrower than
/// a pixel would say that the world stood still. In their own lane they are seen all the same.
const LEAST_SHARE: f32 = 0.1;

/// Appends the marks on screen, from left to right: at most one per cell of the grid, in the
/// place of the selected cancel or the one with the worst overstay.
pub(super) fn fill_cancels(view: &View<'_>, out: &mut Vec<CancelRecord>) {
    let analysis = view.source.document.analysis();
    let times = &view.source.index.cancel_times;
    if let Some(row) = view.rows.cancel_bounds().and_then(|_| view.re_based_on()) {
        // All rows of a cancel view share one moment zero,
        // and the worst of all of them.
        let worst_ns = view.rows.sections().iter().map(|section| section.worst_ns).max();
        let worst_ns = worst_ns.unwrap_or(0);
        let mark = mark(view, row as usize, row as usize + 1, &view.viewport, Time(0));
        let late = worst_ns > view.budget_ns;
        out.extend(mark.map(|mark| CancelRecord { worst_ns, late, ..mark }));
        return;
    }
    let seen = view.viewport.visible();
    let mut at = times.partition_point(|&at| at < seen.start);
    let stop = at + times[at..].partition_point(|&at| at < seen.end);
    let room = view.viewport.width_px() / CROWD_APART_PX;
    let crowded =
        u32::try_from(stop - at).is_ok_and(|n| f64::from(n) > room) || stop - at > 1 << 20;
    let cell = cell_log2(&view.viewport, if crowded { CROWD_PX } else { MARK_PX });
    while at < stop {
        let stop_ns = cell_end(times[at].ns(), cell);
        let past = gallop(at + 1, stop, |at| times[at].ns() < stop_ns);
        let shown = view.selection.cancel.map(|cancel| cancel as usize);
        let shown = shown.filter(|cancel| (at..past).contains(cancel));
        let worst = view.source.index.worst_of_cancel.argmax(at, past);
        if let Some(shown) = shown.or(worst) {
            let time = cancelled_at(analysis, u32::try_from(shown).unwrap_or(0));
            out.extend(
                mark(view, at, past, &view.viewport, time)
                    .map(|mark| CancelRecord { cancel: u32::try_from(shown).unwrap_or(0), ..mark }),
            );
        }
        at = past;
    }
}

/// The mark for the cancels `first..past`, at the position of `time`.
fn mark(
    view: &View<'_>,
    first: usize,
    past: usize,
    viewport: &super::Viewport,
    time: Time,
) -> Option<CancelRecord> {
    let analysis = view.source.document.analysis();
    let tree = &view.source.index.worst_of_cancel;
    let worst = tree.argmax(first, past)?;
    let worst_ns = tree.get(worst);
    let selected = view.selection.cancel.map(|cancel| cancel as usize);
    let is_selected = selected.is_some_and(|cancel| (first..past).contains(&cancel));
    Some(CancelRecord {
        x: viewport.x_on_screen(time),
        cancel: narrow(worst),
        first: narrow(first),
        count: narrow(past - first),
        worst_ns,
        cause: analysis.cancels().get(worst)?.cause,
        late: worst_ns > view.budget_ns,
        selected: is_selected,
        // In a cancel view they are all at time zero.
        dimmed: selected.is_some() && !is_selected && view.rows.cancel_bounds().is_none(),
    })
}

/// Appends the bands on screen: gaps, what lies outside the trace, GC, stop-the-world.
pub(super) fn fill_bands(view: &View<'_>, out: &mut Vec<BandRecord>) {
    if view.rows.cancel_bounds().is_some() {
        return;
    }
    let trace = view.source.document.trace();
    let whole = trace.interval();
    let seen = view.viewport.visible();
    let outside = [Interval::new(seen.start, whole.start), Interval::new(whole.end, seen.end)];
    bands(view, BandKind::Outside, 2, |at| outside[at], None, out);
    let world = trace.world();
    let gaps = world.gaps();
    bands(view, BandKind::Gap, gaps.len(), |at| gaps[at], None, out);
    let tracks = &view.source.index.tracks;
    if view.show.gc {
        let gc = world.gc();
        bands(view, BandKind::Gc, gc.len(), |at| gc[at], Some(&tracks.gc_sums), out);
    }
    if view.show.stop_the_world {
        let (order, sums) = (&tracks.stop_the_world, Some(&tracks.stop_sums));
        let stw = world.stop_the_world();
        let interval = |at: usize| stw[order[at] as usize].interval;
        bands(view, BandKind::StopTheWorld, order.len(), interval, sums, out);
    }
}

/// Appends the bands of one kind: of those that start in one cell of the grid, the hull, as strong
/// as it is filled, if `sums` tell so. Without these it is what must not be overlooked.
fn bands(
    view: &View<'_>,
    kind: BandKind,
    n: usize,
    interval: impl Fn(usize) -> Interval,
    sums: Option<&Sums>,
    out: &mut Vec<BandRecord>,
) {
    let seen = view.viewport.visible();
    let cell = cell_log2(&view.viewport, view.layout.min_px);
    let mut at = partition_point(n, |at| interval(at).end <= seen.start);
    while at < n && interval(at).start < seen.end {
        let first = interval(at);
        let stop_ns = cell_end(first.start.ns(), cell);
        let past = gallop(at + 1, n, |at| interval(at).start.ns() < stop_ns);
        let hull = Interval::new(first.start, interval(past - 1).end.max(first.end));
        let busy = sums.map(|sums| sums.of(at, past, &interval));
        let share = busy.map_or(1.0, |busy| share(&view.viewport, busy.ns, hull));
        at = past;
        if hull.end > hull.start && share >= LEAST_SHARE {
            let x0 = view.viewport.x_on_screen(hull.start);
            let x1 = view.viewport.x_on_screen(hull.end).max(x0 + MIN_PX);
            out.push(BandRecord { x0, x1, kind, share });
        }
    }
}

impl View<'_> {
    /// The cancel that a cancel view is re-based on, the first if several.
    fn re_based_on(&self) -> Option<u32> {
        match self.rows.sections().first()?.key {
            SectionKey::Cancel(row) => Some(row),
            _ => None,
        }
    }
}
