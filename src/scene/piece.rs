//! Where the model has a lane's spans: the state in which the life begins, then run by run.

use crate::base::{Goroutine, Interval, Time};
use crate::model::{Life, Trace, View};

use super::class::{Classes, StateClass};
use super::fold::{Fold, gallop};
use super::pyramid::{Pyramid, on_grid};

/// A lane in pieces: piece 0 is the state in which the life begins, piece `n + 1` the run with
/// the number `n`. All times are on the grid.
#[derive(Clone, Copy)]
pub(super) struct Pieces<'a> {
    trace: &'a Trace,
    goroutine: Goroutine,
    pyramid: Option<&'a Pyramid>,
    zero: Time,
    start: i64,
    end: i64,
    /// What the state is drawn as in which the life begins.
    first: StateClass,
}

impl<'a> Pieces<'a> {
    /// Those of a goroutine that lives in `all`.
    pub(super) fn new(fold: &Fold<'a>, goroutine: Goroutine, life: &Life, all: Interval) -> Self {
        let &Fold { trace, classes, pyramid, zero, .. } = fold;
        let first = classes.of_first(life.first_state, life.first_stack);
        let (start, end) = (on_grid(zero, all.start), on_grid(zero, all.end));
        Self { trace, goroutine, pyramid, zero, start, end, first }
    }

    /// The piece that holds `at_ns`, which is within the life.
    pub(super) fn holding(&self, at_ns: i64) -> Piece<'a> {
        let begins = |number| self.begin(number).is_some_and(|begin| begin <= at_ns);
        let mut number = match self.pyramid {
            Some(pyramid) => pyramid.piece_before(at_ns),
            None => {
                let n_pieces = self.trace.n_runs(self.goroutine) + 1;
                gallop(0, n_pieces, begins).saturating_sub(1)
            }
        };
        while begins(number + 1) {
            number += 1;
        }
        self.piece(number)
    }

    /// The piece after one.
    pub(super) fn after(&self, piece: &Piece<'_>) -> Piece<'a> {
        self.piece(piece.number + 1)
    }

    fn piece(&self, number: usize) -> Piece<'a> {
        let end = self.begin(number + 1).unwrap_or(self.end);
        let run = number.checked_sub(1).and_then(|run| self.trace.run_at(self.goroutine, run));
        let (spans, range, base) = match run {
            None => (None, 0..1, self.start),
            Some(run) => {
                (Some(View::new(run.chunk())), run.range(), on_grid(self.zero, run.chunk().base))
            }
        };
        Piece { number, spans, range: (range.start, range.end), base, end, first: self.first }
    }

    /// When a piece begins; none if there are not so many.
    fn begin(&self, number: usize) -> Option<i64> {
        let Some(run) = number.checked_sub(1) else { return Some(self.start) };
        let run = self.trace.run_at(self.goroutine, run)?;
        Some(on_grid(self.zero, run.chunk().start(run.range().start)))
    }
}

/// A piece of a lane, its spans by the numbers that they have in their chunk.
#[derive(Clone, Copy)]
pub(super) struct Piece<'a> {
    number: usize,
    /// None for the state in which the life begins: one span, with the number 0.
    spans: Option<View<'a>>,
    /// The number of the first span, and the one after the last's.
    range: (usize, usize),
    /// The chunk's zero; when the life begins, for the first piece.
    base: i64,
    /// When the piece ends.
    pub(super) end: i64,
    first: StateClass,
}

impl Piece<'_> {
    /// The number after the last span's.
    pub(super) fn stop(&self) -> usize {
        self.range.1
    }

    /// Where a span starts; the piece's end for the one past the last.
    #[inline]
    pub(super) fn start(&self, at: usize) -> i64 {
        if at >= self.range.1 {
            return self.end;
        }
        self.spans.map_or(self.base, |spans| self.base.saturating_add(spans.ns(at)))
    }

    #[inline]
    pub(super) fn class(&self, at: usize, classes: &Classes) -> StateClass {
        self.spans.map_or(self.first, |spans| classes.of_kind(spans.kind_of(at)))
    }

    /// The span that holds `at_ns`.
    pub(super) fn holding(&self, at_ns: i64, pyramid: Option<&Pyramid>) -> usize {
        let Some(spans) = self.spans else { return 0 };
        let (first, stop) = self.range;
        let after = match pyramid {
            Some(pyramid) => {
                let near = first + pyramid.spans_into(self.number, at_ns);
                gallop(near.min(stop), stop, |at| self.start(at) <= at_ns)
            }
            None => spans.first_after(first..stop, spans.chunk.base + (at_ns - self.base)),
        };
        after.saturating_sub(1).max(first)
    }
}
