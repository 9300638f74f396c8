//! Flags in the axis: one for each mark of a cancel that stands apart, one with a count for marks
//! that crowd, so that every flag can be read.
//!
//! A crowd is a run of marks that are closer than their flags are wide. A long one is cut where
//! the axis's own grid is, not where the screen begins, so that flags stay when one pans.

use crate::base::Interval;

use super::fold::cell_log2;
use super::hearings::cancelled_at;
use super::records::{CancelRecord, FlagRecord};
use super::view::View;

/// Room for a flag, in pixels.
const FLAG_PX: f32 = 13.0;
/// Room for a flag with a count beside it, in pixels.
const COUNT_PX: f32 = 60.0;
/// A crowd at least this wide can be cut, in pixels.
const CUT_PX: f32 = 72.0;

/// Appends the flags of `marks`, from left to right.
pub(super) fn fill(view: &View<'_>, marks: &[CancelRecord], out: &mut Vec<FlagRecord>) {
    let times = &view.source.index.cancel_times;
    let cell = cell_log2(&view.viewport, COUNT_PX);
    let cell_of = |cancel: u32| times.get(cancel as usize).map_or(0, |at| at.ns() >> cell);
    for mark in marks {
        let flag = out.last_mut().filter(|flag| {
            let is_near = cell_of(flag.first) == cell_of(mark.first);
            joins(flag, mark, is_near)
        });
        match flag {
            Some(flag) => join(flag, mark, view.budget_ns),
            None => out.push(of_one(mark)),
        }
    }
    for flag in out {
        // A crowd that is wider than a flag has its flag at its left end, and its count over it.
        if !flag.selected && flag.x1 - flag.x0 >= FLAG_PX {
            flag.x = flag.x0;
        }
    }
}

/// Whether a mark is of the crowd of the flag before it; both are of one cell of the grid if
/// they are `near`.
fn joins(flag: &FlagRecord, mark: &CancelRecord, near: bool) -> bool {
    if mark.x - flag.x1 < FLAG_PX {
        return near || mark.x - flag.x0 < CUT_PX;
    }
    near && flag.count > 1 && mark.x - flag.x0 < COUNT_PX
}

fn of_one(mark: &CancelRecord) -> FlagRecord {
    FlagRecord {
        x: mark.x,
        x0: mark.x,
        x1: mark.x,
        cancel: mark.cancel,
        first: mark.first,
        count: mark.count,
        worst_ns: mark.worst_ns,
        cause: mark.cause,
        late: mark.late,
        selected: mark.selected,
        dimmed: mark.dimmed,
    }
}

fn join(flag: &mut FlagRecord, mark: &CancelRecord, budget_ns: i64) {
    if mark.worst_ns > flag.worst_ns {
        (flag.cancel, flag.worst_ns, flag.cause) = (mark.cancel, mark.worst_ns, mark.cause);
        if !flag.selected {
            flag.x = mark.x;
        }
    }
    if mark.selected {
        flag.x = mark.x;
    }
    flag.x1 = mark.x;
    flag.count += mark.count;
    flag.late = flag.worst_ns > budget_ns;
    flag.selected |= mark.selected;
    flag.dimmed &= mark.dimmed;
}

impl FlagRecord {
    /// From the first of the cancels that it stands for to the last; empty if they are at once.
    #[must_use]
    pub fn interval(&self, view: &View<'_>) -> Interval {
        let analysis = view.source.document.analysis();
        let last = self.first.saturating_add(self.count.saturating_sub(1));
        Interval::new(cancelled_at(analysis, self.first), cancelled_at(analysis, last))
    }

    /// The cancels that it stands for: rows of [`crate::analysis::Analysis::cancels`].
    #[must_use]
    pub fn cancels(&self) -> std::ops::Range<u32> {
        self.first..self.first.saturating_add(self.count)
    }
}
