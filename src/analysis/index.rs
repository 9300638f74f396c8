//! Lookups that several parts of the analysis share: hearings and children by goroutine.

use std::cmp::Reverse;
use std::ops::Range;

use crate::base::{Goroutine, Time};
use crate::model::Trace;

use super::lives;
use super::types::Hearing;

/// Rows of some table by goroutine: where each goroutine's rows begin, and the rows.
#[derive(Clone, Debug, Default)]
pub(crate) struct ByGoroutine {
    starts: Vec<u32>,
    rows: Vec<u32>,
}

impl ByGoroutine {
    /// Sorts row numbers by the goroutine that each has, if it has one; in order of row within.
    pub(crate) fn new(
        n_goroutines: u32,
        of: impl Iterator<Item = Option<Goroutine>> + Clone,
    ) -> Self {
        let mut starts = vec![0_u32; n_goroutines as usize + 1];
        for goroutine in of.clone().flatten() {
            starts[goroutine.index() + 1] += 1;
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut next = starts.clone();
        let mut rows = vec![0; sum as usize];
        for (row, goroutine) in (0..).zip(of) {
            if let Some(goroutine) = goroutine {
                let place = &mut next[goroutine.index()];
                rows[*place as usize] = row;
                *place += 1;
            }
        }
        Self { starts, rows }
    }

    /// One goroutine's rows.
    pub(crate) fn of(&self, goroutine: Goroutine) -> &[u32] {
        self.rows.get(self.range_of(goroutine)).unwrap_or(&[])
    }

    /// Where one goroutine's rows are among all.
    pub(crate) fn range_of(&self, goroutine: Goroutine) -> Range<usize> {
        let at = goroutine.index();
        let bounds = self.starts.get(at).zip(self.starts.get(at + 1));
        bounds.map_or(0..0, |(&start, &end)| start as usize..end as usize)
    }

    /// Sorts each goroutine's rows anew.
    pub(crate) fn sort_each_by_key<K: Ord>(&mut self, key: impl Fn(u32) -> K) {
        for bounds in self.starts.windows(2) {
            if let [start, end] = bounds
                && end - start > 1
            {
                self.rows[*start as usize..*end as usize].sort_unstable_by_key(|&row| key(row));
            }
        }
    }
}

/// For each creator, whether any child of some kind lives at one moment and still at another.
#[derive(Debug)]
pub(crate) struct Spanning {
    /// By creator, in order of first appearance.
    children: ByGoroutine,
    /// Beside each child, the last end of those up to it.
    latest: Vec<Time>,
}

impl Spanning {
    /// Takes the children of each creator.
    pub(crate) fn new(trace: &Trace, children: ByGoroutine) -> Self {
        let mut latest: Vec<Time> =
            children.rows.iter().map(|&row| lives::end(trace, Goroutine(row))).collect();
        for bounds in children.starts.windows(2) {
            let [start, end] = [bounds[0] as usize, bounds[1] as usize];
            // Rows are in the order of births, and all children were born in the trace.
            debug_assert!(
                children.rows[start..end]
                    .is_sorted_by_key(|&row| lives::first(trace, Goroutine(row)))
            );
            for at in start + 1..end {
                latest[at] = latest[at].max(latest[at - 1]);
            }
        }
        Self { children, latest }
    }

    /// A creator's children, in order of first appearance.
    pub(crate) fn of(&self, parent: Goroutine) -> &[u32] {
        self.children.of(parent)
    }

    /// Whether a child first appeared before `from` and ends after `until`.
    pub(crate) fn any(&self, trace: &Trace, parent: Goroutine, from: Time, until: Time) -> bool {
        let began = |row: &u32| lives::first(trace, Goroutine(*row)) < from;
        let before = self.children.of(parent).partition_point(began);
        let last = before.checked_sub(1).map(|at| self.children.range_of(parent).start + at);
        last.and_then(|at| self.latest.get(at)).is_some_and(|&end| end > until)
    }
}

/// Hearings by goroutine, the worst overstay first; `heard` are those of them that were heard.
pub(crate) fn overstays_of(trace: &Trace, hearings: &[Hearing], heard: ByGoroutine) -> ByGoroutine {
    let of = hearings.iter().map(|hearing| Some(hearing.goroutine));
    let mut index = if heard.rows.len() == hearings.len() {
        heard
    } else {
        ByGoroutine::new(trace.n_goroutines(), of)
    };
    index.sort_each_by_key(|row| (Reverse(hearings[row as usize].overstay_ns), row));
    index
}

/// Goroutines by the one that created them, in order of first appearance.
pub(crate) fn children_of(trace: &Trace) -> ByGoroutine {
    ByGoroutine::new(trace.n_goroutines(), trace.goroutines.parents())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_by_goroutine() {
        let of = [Some(2), None, Some(0), Some(2)].map(|row| row.map(Goroutine));
        let mut index = ByGoroutine::new(3, of.iter().copied());
        assert_eq!(index.of(Goroutine(0)), [2]);
        assert!(index.of(Goroutine(1)).is_empty());
        assert_eq!(index.of(Goroutine(2)), [0, 3]);
        assert!(index.of(Goroutine(3)).is_empty());
        index.sort_each_by_key(Reverse);
        assert_eq!(index.of(Goroutine(2)), [3, 0]);
    }
}
