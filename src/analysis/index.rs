//! Lookups that several parts of the analysis share: hearings and children by goroutine.

use std::cmp::Reverse;
use std::ops::Range;
use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use crate::base::{Goroutine, Time};
use crate::model::Trace;

use super::lives;
use super::types::{Cancel, Hearing};

/// Rows of some table by goroutine: where each goroutine's rows end, and the rows.
#[derive(Clone, Debug, Default)]
pub(crate) struct ByGoroutine {
    ends: Vec<u32>,
    rows: Vec<u32>,
    /// Those that have several rows.
    several: Vec<Goroutine>,
    /// The rows in order of row, of those few whose rows are sorted otherwise: those that heard
    /// cancels which take turns.
    by_row: FxHashMap<Goroutine, Vec<u32>>,
}

impl ByGoroutine {
    /// Sorts row numbers by the goroutine that each has, if it has one; in order of row within.
    pub(crate) fn new(
        n_goroutines: u32,
        of: impl Iterator<Item = Option<Goroutine>> + Clone,
    ) -> Self {
        let mut ends = vec![0_u32; n_goroutines as usize];
        for goroutine in of.clone().flatten() {
            ends[goroutine.index()] += 1;
        }
        let mut sum = 0;
        let mut several = Vec::new();
        // Up to its end as far as it is filled: from its beginning on.
        for (goroutine, end) in (0..).map(Goroutine).zip(&mut ends) {
            if *end > 1 {
                several.push(goroutine);
            }
            sum += std::mem::replace(end, sum);
        }
        let mut rows = vec![0; sum as usize];
        for (row, goroutine) in (0..).zip(of) {
            if let Some(goroutine) = goroutine {
                let end = &mut ends[goroutine.index()];
                rows[*end as usize] = row;
                *end += 1;
            }
        }
        Self { ends, rows, several, by_row: FxHashMap::default() }
    }

    /// One goroutine's rows.
    pub(crate) fn of(&self, goroutine: Goroutine) -> &[u32] {
        self.rows.get(self.range_of(goroutine)).unwrap_or(&[])
    }

    /// Where one goroutine's rows are among all.
    pub(crate) fn range_of(&self, goroutine: Goroutine) -> Range<usize> {
        let at = goroutine.index();
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before));
        let start = start.map_or(0, |&start| start as usize);
        self.ends.get(at).map_or(0..0, |&end| start..end as usize)
    }

    /// Those that have several rows.
    pub(crate) fn several(&self) -> &[Goroutine] {
        &self.several
    }

    /// Sorts each goroutine's rows anew.
    pub(crate) fn sort_each_by_key<K: Ord>(&mut self, key: impl Fn(u32) -> K) {
        self.by_row.clear();
        for &goroutine in &self.several {
            let range = self.range_of(goroutine);
            self.rows[range].sort_unstable_by_key(|&row| key(row));
        }
    }

    /// Sorts each goroutine's rows by time, which mostly is their order already.
    pub(crate) fn sort_each_by_time(&mut self, time: impl Fn(u32) -> Time) {
        for &goroutine in &self.several {
            let range = self.range_of(goroutine);
            let rows = &mut self.rows[range];
            if !rows.is_sorted_by_key(|&row| time(row)) {
                self.by_row.insert(goroutine, rows.to_vec());
                rows.sort_unstable_by_key(|&row| time(row));
            }
        }
    }

    /// Those of one goroutine's rows that lie in a range, in order of row: those of one cancel.
    /// Costs two binary searches, as this is asked for each wake of those around a cancel.
    pub(crate) fn of_within(&self, goroutine: Goroutine, within: &Range<u32>) -> &[u32] {
        let kept = if self.by_row.is_empty() { None } else { self.by_row.get(&goroutine) };
        let rows = kept.map_or_else(|| self.of(goroutine), Vec::as_slice);
        let rows = &rows[rows.partition_point(|row| *row < within.start)..];
        &rows[..rows.partition_point(|row| *row < within.end)]
    }
}

/// The tables of cancels and hearings, and the rows of hearings by goroutine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Register<'a> {
    pub(crate) cancels: &'a [Cancel],
    pub(crate) hearings: &'a [Hearing],
    pub(crate) by_goroutine: &'a ByGoroutine,
}

impl<'a> Register<'a> {
    /// The cancel with a number.
    pub(crate) fn cancel(self, id: u32) -> &'a Cancel {
        &self.cancels[id as usize]
    }

    /// The cancel of a hearing.
    pub(crate) fn cancel_of(self, hearing: &Hearing) -> &'a Cancel {
        self.cancel(hearing.cancel)
    }

    /// Those that heard a cancel.
    pub(crate) fn heard(self, cancel: &Cancel) -> &'a [Hearing] {
        self.rows(&cancel.heard)
    }

    /// Those that were deaf to a cancel.
    pub(crate) fn deaf(self, cancel: &Cancel) -> &'a [Hearing] {
        self.rows(&cancel.deaf)
    }

    fn rows(self, rows: &Range<u32>) -> &'a [Hearing] {
        self.hearings.get(rows.start as usize..rows.end as usize).unwrap_or(&[])
    }

    /// The hearings of a goroutine.
    pub(crate) fn of(self, goroutine: Goroutine) -> impl ExactSizeIterator<Item = &'a Hearing> {
        self.by_goroutine.of(goroutine).iter().map(move |&row| &self.hearings[row as usize])
    }

    /// Whether a goroutine heard a cancel, as long as its rows are in order of time.
    pub(crate) fn has_heard(self, cancel: &Cancel, goroutine: Goroutine) -> bool {
        !self.by_goroutine.of_within(goroutine, &cancel.heard).is_empty()
    }
}

/// Some of the goroutines by creator, and whether any of a creator's lives at one moment and
/// still at another. Most creators have none of these.
#[derive(Debug, Default)]
pub(crate) struct Spanning {
    /// The creators that have some, in order of row.
    parents: Vec<Goroutine>,
    /// Where each one's begin in the columns below, and the end.
    starts: Vec<usize>,
    /// The children, in order of birth.
    children: Vec<Goroutine>,
    /// Beside each child, the last end of those up to it.
    latest: Vec<Time>,
    /// The children once more, each creator's in order of end; few traces need to know.
    by_end: OnceLock<Vec<Goroutine>>,
}

impl Spanning {
    /// Takes pairs of a creator and its child, both in order of first appearance.
    pub(crate) fn new(trace: &Trace, mut pairs: Vec<(Goroutine, Goroutine)>) -> Self {
        pairs.sort_unstable();
        let mut all = Self::default();
        for same in pairs.chunk_by(|one, other| one.0 == other.0) {
            all.parents.extend(same.first().map(|(parent, _)| *parent));
            all.starts.push(all.children.len());
            let mut latest = Time::MIN;
            for &(_, child) in same {
                latest = latest.max(lives::end(trace, child));
                all.children.push(child);
                all.latest.push(latest);
            }
        }
        all.starts.push(all.children.len());
        all
    }

    /// Those that fit.
    pub(crate) fn only(&self, trace: &Trace, fits: impl Fn(Goroutine) -> bool) -> Self {
        let of = |(at, &parent): (usize, &Goroutine)| {
            let children = &self.children[self.starts[at]..self.starts[at + 1]];
            children.iter().map(move |&child| (parent, child))
        };
        let pairs = self.parents.iter().enumerate().flat_map(of);
        Self::new(trace, pairs.filter(|(_, child)| fits(*child)).collect())
    }

    /// The children of all.
    pub(crate) fn all(&self) -> impl Iterator<Item = Goroutine> + '_ {
        self.children.iter().copied()
    }

    /// A creator's children, in order of birth, which is that of their rows.
    pub(crate) fn of(&self, parent: Goroutine) -> &[Goroutine] {
        &self.children[self.range_of(parent)]
    }

    /// A creator's children that end after `from`, and not after `until`, in order of end.
    pub(crate) fn ending(
        &self,
        trace: &Trace,
        parent: Goroutine,
        from: Time,
        until: Time,
    ) -> &[Goroutine] {
        let end = |child: &Goroutine| lives::end(trace, *child);
        let by_end = self.by_end.get_or_init(|| {
            let mut by_end = self.children.clone();
            for stretch in self.starts.windows(2) {
                by_end[stretch[0]..stretch[1]].sort_by_key(end);
            }
            by_end
        });
        let all = &by_end[self.range_of(parent)];
        let all = &all[all.partition_point(|child| end(child) <= from)..];
        &all[..all.partition_point(|child| end(child) <= until)]
    }

    fn range_of(&self, parent: Goroutine) -> Range<usize> {
        self.parents.binary_search(&parent).map_or(0..0, |at| self.starts[at]..self.starts[at + 1])
    }

    /// Whether a child was born before `from` and ends after `until`.
    pub(crate) fn any(&self, trace: &Trace, parent: Goroutine, from: Time, until: Time) -> bool {
        let range = self.range_of(parent);
        let began = |child: &Goroutine| lives::first(trace, *child) < from;
        let before = self.children[range.clone()].partition_point(began);
        before > 0 && self.latest[range.start + before - 1] > until
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

    #[test]
    fn rows_of_one_cancel_are_found_whatever_the_order_of_time() {
        let of = [0, 1, 0, 1, 0, 0].map(|row| Some(Goroutine(row)));
        for times in [[0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0], [1, 3, 0, 2, 5, 4]] {
            let mut index = ByGoroutine::new(2, of.iter().copied());
            index.sort_each_by_time(|row| Time(times[row as usize]));
            let in_time = index.of(Goroutine(0)).iter().map(|&row| times[row as usize]);
            assert!(in_time.is_sorted());
            assert_eq!(index.of_within(Goroutine(0), &(2..5)), [2, 4]);
            assert!(index.of_within(Goroutine(1), &(2..3)).is_empty());
            assert_eq!(index.of_within(Goroutine(1), &(0..6)), [1, 3]);
        }
    }
}
