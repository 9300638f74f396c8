//! Lookups that several parts of the analysis share: hearings and children by goroutine.

use std::cmp::Reverse;

use crate::base::Goroutine;
use crate::model::Trace;

use super::types::Hearing;

/// Rows of some table by goroutine: where each goroutine's rows begin, and the rows.
#[derive(Debug, Default)]
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
        let at = goroutine.index();
        let bounds = self.starts.get(at).zip(self.starts.get(at + 1));
        bounds.and_then(|(&start, &end)| self.rows.get(start as usize..end as usize)).unwrap_or(&[])
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

/// Hearings by goroutine, the worst overstay first.
pub(crate) fn overstays_of(trace: &Trace, hearings: &[Hearing]) -> ByGoroutine {
    let of = hearings.iter().map(|hearing| Some(hearing.goroutine));
    let mut index = ByGoroutine::new(trace.n_goroutines(), of);
    index.sort_each_by_key(|row| (Reverse(hearings[row as usize].overstay_ns), row));
    index
}

/// Goroutines by the one that created them, in order of first appearance.
pub(crate) fn children_of(trace: &Trace) -> ByGoroutine {
    ByGoroutine::new(trace.n_goroutines(), trace.goroutines.parents.iter().copied())
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
