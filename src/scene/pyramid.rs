//! Levels of detail of one long lane: which class has the most time in each cell of a grid.
//!
//! Cells are powers of two nanoseconds wide and lie on the trace's own grid, so that a picture
//! does not shimmer while it is panned: the same cell is merged in the same way wherever it is
//! on the screen. A cell costs one byte. The finest level has a cell per 16 spans, which with
//! the levels above it and the span numbers makes 0.375 bytes per span.

use crate::base::Time;

use super::class::{StateClass, Tally};
use super::fold::cell_end;

/// Lanes with fewer spans need no pyramid: sampling them is as fast.
pub(super) const MIN_SPANS: usize = 1024;

/// Spans per cell of the finest level, on average.
const SPANS_PER_CELL: usize = 16;

/// What a cell says, in one byte: class (4 bits), share in 7ths (3 bits), crowded (1 bit).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Cell(u8);

impl Cell {
    fn new(tally: &Tally, crowded: bool) -> Self {
        let (class, share) = tally.dominant();
        Self((class as u8) << 4 | (share / 36).min(7) << 1 | u8::from(crowded))
    }

    /// The class with the most time.
    pub(super) fn class(self) -> StateClass {
        StateClass::from_index(usize::from(self.0 >> 4))
    }

    /// Its share, 0 to 255.
    pub(super) fn share(self) -> u8 {
        ((self.0 >> 1) & 7).saturating_mul(36).saturating_add(3)
    }

    /// Whether every span in it is narrower than the cell, so that nobody needs to look at them.
    pub(super) fn is_crowded(self) -> bool {
        self.0 & 1 == 1
    }
}

/// The levels of one lane.
#[derive(Clone, Debug)]
pub(super) struct Pyramid {
    /// Logarithm of the finest cell's width in nanoseconds.
    base_log2: u32,
    /// Number on the grid of the finest level's first cell.
    first: i64,
    /// The number in the lane of the span that holds each finest cell's start.
    spans: Vec<u32>,
    /// The number in the lane of each piece's first span.
    pieces: Vec<u32>,
    /// From the finest level to one of at most two cells; each level is twice as wide.
    levels: Vec<Vec<Cell>>,
}

impl Pyramid {
    /// Starts a pyramid of a lane from `start_ns` to `end_ns` (from the grid's zero, which is not
    /// later) with `n_spans` spans; add them all in order.
    pub(super) fn builder(start_ns: i64, end_ns: i64, n_spans: usize) -> Builder {
        let most = (n_spans / SPANS_PER_CELL).max(2);
        let length = u64::try_from(end_ns.saturating_sub(start_ns)).unwrap_or(0).max(1);
        let per_cell = length.div_ceil(most as u64).max(1);
        let base_log2 = per_cell.next_power_of_two().trailing_zeros().min(62);
        let first = start_ns >> base_log2;
        let n_cells = usize::try_from(((end_ns - 1).max(start_ns) >> base_log2) - first + 1);
        let n_cells = n_cells.unwrap_or(1);
        Builder {
            base_log2,
            first,
            tallies: vec![(Tally::default(), 0); n_cells],
            spans: Vec::with_capacity(n_cells),
            n_spans: 0,
        }
    }

    /// The level whose cells are `1 << cell_log2` ns wide; the coarsest for wider ones, none
    /// for finer ones than there are.
    pub(super) fn level(&self, cell_log2: u32) -> Option<Level<'_>> {
        let level = cell_log2.checked_sub(self.base_log2)?;
        let top = u32::try_from(self.levels.len() - 1).unwrap_or(0);
        let level = level.min(top);
        Some(Level {
            cells: &self.levels[level as usize],
            first: self.first >> level,
            log2: self.base_log2 + level,
        })
    }

    /// The number of the piece with a span that starts at or before `at_ns`, few spans before
    /// the one that holds it.
    pub(super) fn piece_before(&self, at_ns: i64) -> usize {
        let span = self.span_before(at_ns);
        self.pieces.partition_point(|&first| first <= span).saturating_sub(1)
    }

    /// That span's number within a piece; 0 if it is in an earlier one.
    pub(super) fn spans_into(&self, piece: usize, at_ns: i64) -> usize {
        let first = self.pieces.get(piece).copied().unwrap_or(0);
        self.span_before(at_ns).saturating_sub(first) as usize
    }

    /// That span's number in the lane.
    fn span_before(&self, at_ns: i64) -> u32 {
        let cell = (at_ns >> self.base_log2).saturating_sub(self.first).max(0);
        let last = self.spans.len().saturating_sub(1);
        let cell = usize::try_from(cell).unwrap_or(last).min(last);
        self.spans.get(cell).copied().unwrap_or(0)
    }

    /// What it takes in memory, in bytes.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.spans.capacity() * 4 + self.levels.iter().map(Vec::capacity).sum::<usize>()
    }
}

/// One level.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level<'a> {
    cells: &'a [Cell],
    first: i64,
    log2: u32,
}

impl Level<'_> {
    /// The cell that holds `at_ns`, and its end; none outside the lane.
    pub(super) fn cell(&self, at_ns: i64) -> Option<(Cell, i64)> {
        let number = at_ns >> self.log2;
        let at = usize::try_from(number - self.first).ok()?;
        Some((*self.cells.get(at)?, cell_end(at_ns, self.log2)))
    }
}

/// A pyramid in the making.
#[derive(Debug)]
pub(super) struct Builder {
    base_log2: u32,
    first: i64,
    /// Time by class and the longest span of each finest cell.
    tallies: Vec<(Tally, i64)>,
    spans: Vec<u32>,
    n_spans: u32,
}

impl Builder {
    /// Adds the lane's next span.
    pub(super) fn add(&mut self, start_ns: i64, end_ns: i64, class: StateClass) {
        let (first_cell, last_cell) = (self.cell_of(start_ns), self.cell_of(end_ns - 1));
        for cell in first_cell..=last_cell {
            let Some((tally, longest)) = self.tallies.get_mut(cell) else { break };
            let from = (self.first + i64::try_from(cell).unwrap_or(0)) << self.base_log2;
            let to = from.saturating_add(1 << self.base_log2);
            tally.add(class, end_ns.min(to) - start_ns.max(from));
            *longest = (*longest).max(end_ns - start_ns);
            if self.spans.len() == cell {
                // The first cell begins before the lane does; every other one inside a span.
                self.spans.push(self.n_spans);
            }
        }
        self.n_spans += 1;
    }

    fn cell_of(&self, at_ns: i64) -> usize {
        usize::try_from((at_ns >> self.base_log2) - self.first).unwrap_or(0)
    }

    /// Merges upwards and drops the full numbers. `pieces` has the number in the lane of each
    /// piece's first span.
    pub(super) fn finish(mut self, pieces: Vec<u32>) -> Pyramid {
        let mut levels = Vec::new();
        let (mut first, mut log2) = (self.first, self.base_log2);
        loop {
            let width = 1_i64.checked_shl(log2).unwrap_or(i64::MAX);
            let cells =
                self.tallies.iter().map(|(tally, longest)| Cell::new(tally, *longest < width));
            levels.push(cells.collect::<Vec<_>>());
            if self.tallies.len() <= 2 || log2 >= 62 {
                break;
            }
            // An odd first cell is the right half of its parent.
            let mut merged: Vec<(Tally, i64)> = Vec::with_capacity(self.tallies.len() / 2 + 1);
            for (at, (tally, longest)) in self.tallies.iter().enumerate() {
                let starts_pair = (first + i64::try_from(at).unwrap_or(0)) & 1 == 0;
                match merged.last_mut() {
                    Some((sum, most)) if !starts_pair => {
                        sum.merge(tally);
                        *most = (*most).max(*longest);
                    }
                    _ => merged.push((*tally, *longest)),
                }
            }
            self.tallies = merged;
            first >>= 1;
            log2 += 1;
        }
        let Self { base_log2, first, spans, .. } = self;
        Pyramid { base_log2, first, spans, pieces, levels }
    }
}

/// Nanoseconds from the grid's zero.
pub(super) fn on_grid(zero: Time, time: Time) -> i64 {
    time.since(zero)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Spans from `start_ns` with the given lengths and classes, as (start, end, class).
    fn spans(start_ns: i64, lengths: &[(i64, usize)]) -> Vec<(i64, i64, StateClass)> {
        let mut at = start_ns;
        let each = |&(length, class): &(i64, usize)| {
            let span = (at, at + length, StateClass::from_index(class));
            at += length;
            span
        };
        lengths.iter().map(each).collect()
    }

    fn pyramid(spans: &[(i64, i64, StateClass)]) -> Pyramid {
        let (start, end) = (spans[0].0, spans[spans.len() - 1].1);
        let mut builder = Pyramid::builder(start, end, spans.len());
        for &(start, end, class) in spans {
            builder.add(start, end, class);
        }
        builder.finish(vec![0, 0])
    }

    proptest! {
        #[test]
        fn every_level_says_what_adding_up_says(
            start in 0_i64..10_000,
            lengths in proptest::collection::vec((1_i64..300, 0_usize..10), 40..400),
        ) {
            let spans = spans(start, &lengths);
            let pyramid = pyramid(&spans);
            let (begin, end) = (spans[0].0, spans[spans.len() - 1].1);
            for log2 in pyramid.base_log2..pyramid.base_log2 + 20 {
                let level = pyramid.level(log2).unwrap();
                let mut at = begin;
                while at < end {
                    let (cell, to) = level.cell(at).unwrap();
                    let from = to - (1 << level.log2);
                    let mut tally = Tally::default();
                    let mut longest = 0;
                    for &(s, e, class) in spans.iter().filter(|(s, e, _)| *s < to && *e > from) {
                        tally.add(class, e.min(to) - s.max(from));
                        longest = longest.max(e - s);
                    }
                    prop_assert_eq!(cell.class(), tally.dominant().0);
                    prop_assert_eq!(cell.is_crowded(), longest < 1 << level.log2);
                    let near = pyramid.span_before(at);
                    prop_assert!(spans[near as usize].0 <= at.max(begin));
                    at = to;
                }
                prop_assert!(level.cell(end + (2 << level.log2)).is_none());
            }
        }
    }

    #[test]
    fn costs_less_than_half_a_byte_per_span() {
        let lengths: Vec<_> = (0..100_000).map(|i| (1 + i % 700, 1)).collect();
        let pyramid = pyramid(&spans(77, &lengths));
        assert!(pyramid.bytes() * 2 <= lengths.len(), "{} bytes", pyramid.bytes());
    }
}
