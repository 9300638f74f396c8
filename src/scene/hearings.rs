//! Hearings in the orders that drawing needs: by goroutine and time, and by end.

use crate::analysis::{Analysis, Hearing};
use crate::base::{Goroutine, Time, narrow};

use super::fold::{cell_end, gallop};
use super::grouped::Grouped;
use super::maxtree::MaxTree;

/// The overstay that a budget is held against, in nanoseconds; 0 for a hearing that is never
/// late, however long it takes. Late is what is *above* the budget, as
/// [`Hearing::is_late`] says.
pub(super) fn late_ns(hearing: &Hearing) -> i64 {
    let counts = hearing.was_to_leave();
    if counts { hearing.overstay_ns.max(0) } else { 0 }
}

/// When a hearing's fuse ends on the trace's clock.
pub(super) fn end_of(analysis: &Analysis, hearing: &Hearing) -> Time {
    cancelled_at(analysis, hearing.cancel) + hearing.overstay_ns.max(0)
}

/// When a cancel was.
pub(super) fn cancelled_at(analysis: &Analysis, cancel: u32) -> Time {
    analysis.cancels().get(cancel as usize).map_or(Time(0), |cancel| cancel.at)
}

/// How often a search for a late fuse across the whole screen goes on. Only a trace made for it
/// needs more, and would lose one line of many.
const MAX_LEAPS: usize = 4096;

/// All hearings by goroutine, then by the time of the cancel.
#[derive(Clone, Debug, Default)]
pub(super) struct ByGoroutine {
    /// Rows of the analysis's hearings.
    rows: Grouped,
    /// Cancels of the hearings in that order.
    cancels: Vec<u32>,
    /// Ends of the fuses in that order, as nanoseconds on the trace's clock.
    ends: MaxTree,
    /// [`late_ns`] in that order.
    late: MaxTree,
}

impl ByGoroutine {
    pub(super) fn new(analysis: &Analysis, n_goroutines: u32) -> Self {
        let hearings = analysis.hearings();
        // Hearings are stored cancel by cancel, in order of time, and stay so.
        let rows = Grouped::new(n_goroutines, hearings, |hearing| Some(hearing.goroutine));
        let in_order = || rows.order.iter().map(|&row| &hearings[row as usize]);
        let ends = in_order().map(|hearing| end_of(analysis, hearing).ns()).collect();
        let late = in_order().map(late_ns).collect();
        let cancels = in_order().map(|hearing| hearing.cancel).collect();
        Self { cancels, ends: MaxTree::new(ends), late: MaxTree::new(late), rows }
    }

    /// The places in this order of one goroutine's hearings.
    pub(super) fn of(&self, goroutine: Goroutine) -> (usize, usize) {
        self.rows.of(goroutine)
    }

    /// The cancel of the hearing at a place.
    pub(super) fn cancel(&self, place: usize) -> u32 {
        self.cancels[place]
    }

    /// The row of the hearing at a place.
    pub(super) fn row(&self, place: usize) -> u32 {
        self.rows.order[place]
    }

    /// The row of the hearing of a cancel by a goroutine, if it reached it.
    pub(super) fn find(&self, goroutine: Goroutine, cancel: u32) -> Option<u32> {
        let (start, end) = self.of(goroutine);
        let at = self.cancels[start..end].binary_search(&cancel).ok()?;
        Some(self.rows.order[start + at])
    }

    /// The first place of `start..end` whose fuse ends after `time`.
    pub(super) fn next_ending_after(&self, start: usize, end: usize, time: Time) -> Option<usize> {
        self.ends.next_above(start, end, time.ns())
    }

    /// The place of `start..end` with the worst overstay, and that.
    pub(super) fn worst(&self, start: usize, end: usize) -> Option<(usize, i64)> {
        self.late.argmax(start, end).map(|place| (place, self.late.get(place)))
    }

    /// The place of `start..end` whose fuse ends last.
    pub(super) fn longest(&self, start: usize, end: usize) -> Option<usize> {
        self.ends.argmax(start, end)
    }
}

/// Some hearings that may be late by the time their fuses end, worst found at once.
#[derive(Clone, Debug, Default)]
pub(super) struct ByEnd {
    /// Ends, ascending, and rows of the analysis's hearings.
    ends: Vec<(Time, u32)>,
    late: MaxTree,
    /// Times of the cancels, negated.
    starts: MaxTree,
}

impl ByEnd {
    /// All hearings of the analysis that are late by some budget.
    pub(super) fn all(analysis: &Analysis) -> Self {
        let may_be_late =
            (0..).zip(analysis.hearings()).filter(|(_, hearing)| late_ns(hearing) > 0);
        let mut ends: Vec<_> =
            may_be_late.map(|(row, hearing)| (end_of(analysis, hearing), row)).collect();
        ends.sort_unstable();
        Self::of_sorted(analysis, ends)
    }

    /// Some of them, each part in order: which part one is in, `part` tells by its goroutine.
    pub(super) fn parts(
        &self,
        analysis: &Analysis,
        n_parts: usize,
        part: impl Fn(Goroutine) -> Option<usize>,
    ) -> Vec<Self> {
        let mut parts = vec![Vec::new(); n_parts];
        for &(end, row) in &self.ends {
            let of = part(analysis.hearings()[row as usize].goroutine);
            if let Some(ends) = of.and_then(|part| parts.get_mut(part)) {
                ends.push((end, row));
            }
        }
        parts.into_iter().map(|ends| Self::of_sorted(analysis, ends)).collect()
    }

    fn of_sorted(analysis: &Analysis, ends: Vec<(Time, u32)>) -> Self {
        let hearing = |row: u32| &analysis.hearings()[row as usize];
        let late = MaxTree::new(ends.iter().map(|&(_, row)| late_ns(hearing(row))).collect());
        let at = |row: u32| cancelled_at(analysis, hearing(row).cancel).ns();
        let starts = MaxTree::new(ends.iter().map(|&(_, row)| at(row).saturating_neg()).collect());
        Self { ends, late, starts }
    }

    /// The row of one that is late, ends at or after `from`, and whose cancel was before `until`.
    pub(super) fn late_across(&self, from: Time, until: Time, budget_ns: i64) -> Option<u32> {
        let n = self.ends.len();
        let mut at = self.ends.partition_point(|&(end, _)| end < from);
        // Each tree in turn skips what cannot be; they soon agree.
        for _ in 0..MAX_LEAPS {
            at = self.late.next_above(at, n, budget_ns)?;
            let next = self.starts.next_above(at, n, until.ns().saturating_neg())?;
            if next == at {
                return Some(self.ends[at].1);
            }
            at = next;
        }
        None
    }

    /// Calls `each` with every stretch of late ends that fall into the same cell of
    /// the grid, from `from` on and before `to`: the cell's ends' number, late or not, and
    /// the row of the worst. Costs a search per cell with a late end.
    pub(super) fn late_cells(
        &self,
        (from, to): (Time, Time),
        cell_log2: u32,
        budget_ns: i64,
        mut each: impl FnMut(u32, u32),
    ) {
        let stop = self.ends.partition_point(|&(end, _)| end < to);
        let mut at = self.ends.partition_point(|&(end, _)| end < from);
        while let Some(next) = self.late.next_above(at, stop, budget_ns) {
            let stop_ns = cell_end(self.ends[next].0.ns(), cell_log2);
            let past = gallop(next + 1, stop, |at| self.ends[at].0.ns() < stop_ns);
            if let Some(worst) = self.late.argmax(next, past) {
                each(narrow(past - next), self.ends[worst].1);
            }
            at = past;
        }
    }
}
