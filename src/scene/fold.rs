//! One lane: spans → records, at a cost that follows pixels.
//!
//! The grid: time is cut into cells of a power of two nanoseconds, the narrowest that are at
//! least [`Layout::min_px`](super::Layout::min_px) wide. A span at least as long as a cell is
//! drawn by itself, exactly. Shorter ones are merged up to the end of the cell in which the
//! first of them starts, and drawn in the class that has the most time. So a lane has at most
//! two records per cell however many spans it holds, and since cells lie still on the trace's
//! clock, panning does not change what is merged.
//!
//! How a lane is walked:
//!
//! 1. Find the run and in it the span that holds the left edge of the screen, by binary search.
//! 2. A long span: one record; go on with the next span.
//! 3. A short span: gallop to the first span that starts after the cell (the next pixel is
//!    near, so this beats a search over the rest of the lane). The last span before it may be
//!    a long one that only starts here: it stays out.
//! 4. What was skipped gets its color from all its spans if they are few, else from a sample.
//! 5. A lane with a pyramid: where its cell says "crowded", take the class from there and touch
//!    no span and no run at all. Where it does not, the next span is looked up by its number.

use crate::base::{Goroutine, Interval, Time};
use crate::model::{Life, Trace};

use super::class::{Classes, StateClass, Tally};
use super::piece::{Piece, Pieces};
use super::pyramid::{Cell, Level, Pyramid, on_grid};
use super::records::{SpanFlags, SpanRecord};
use super::viewport::Viewport;

/// Up to so many spans are added up; of more, this many are sampled.
const SAMPLE: usize = 16;

/// The first of `from..end` for which `holds` is false, where it is true up to some point and
/// false from there on. Looks at places in doubling distance: cheap if the answer is near.
pub(super) fn gallop(from: usize, end: usize, holds: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut step) = (from, 1);
    // Everything before `low` holds.
    let mut high = loop {
        let probe = low + step - 1;
        if probe >= end {
            break end;
        }
        if !holds(probe) {
            break probe;
        }
        low = probe + 1;
        step *= 2;
    };
    while low < high {
        let middle = low.midpoint(high);
        if holds(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

/// The logarithm of the cell's width in nanoseconds at a zoom.
pub(super) fn cell_log2(viewport: &Viewport, min_px: f32) -> u32 {
    let least_ns = (f64::from(min_px) * viewport.ns_per_px()).max(1.0).ceil();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at least 1")]
    let least_ns = least_ns as u64;
    least_ns.checked_next_power_of_two().map_or(62, u64::trailing_zeros).min(62)
}

/// The first nanosecond after the cell that holds `ns`.
pub(super) fn cell_end(ns: i64, cell_log2: u32) -> i64 {
    (ns | ((1 << cell_log2) - 1)).saturating_add(1)
}

/// What a lane is folded by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fold<'a> {
    pub(super) trace: &'a Trace,
    pub(super) classes: &'a Classes,
    pub(super) pyramid: Option<&'a Pyramid>,
    /// The row's own viewport, shifted if the view is re-based.
    pub(super) viewport: Viewport,
    /// The grid's zero.
    pub(super) zero: Time,
    /// See [`cell_log2`].
    pub(super) cell_log2: u32,
    /// What that was made from.
    pub(super) min_px: f32,
    /// Late overstays of the goroutine, sorted and not overlapping.
    pub(super) late: &'a [Interval],
    /// The span that is selected, if it is one of this lane.
    pub(super) selected: Option<Interval>,
    /// The record that all of the lane's copy: row, top and bottom.
    pub(super) row: SpanRecord,
}

/// A row's record without any span, to copy from.
pub(super) fn blank(row: u32, y0: f32, y1: f32) -> SpanRecord {
    SpanRecord {
        x0: 0.0,
        x1: 0.0,
        y0,
        y1,
        row,
        class: StateClass::Unknown,
        share: u8::MAX,
        flags: SpanFlags::default(),
    }
}

impl Fold<'_> {
    /// Appends the records of a goroutine's lane to `out`, from left to right. `life` is from its
    /// first moment to its last.
    pub(super) fn lane(
        &self,
        goroutine: Goroutine,
        first: &Life,
        life: Interval,
        out: &mut Vec<SpanRecord>,
    ) {
        let first_record = out.len();
        self.spans(goroutine, first, life, out);
        // A whole life narrower than a record can be seen all the same.
        if let Some(&SpanRecord { x0, .. }) = out.get(first_record)
            && let Some(last) = out.last_mut()
        {
            last.x1 = last.x1.max(x0 + self.min_px);
        }
    }

    fn spans(&self, goroutine: Goroutine, first: &Life, life: Interval, out: &mut Vec<SpanRecord>) {
        let seen = self.viewport.visible();
        if life.end <= seen.start || life.start >= seen.end {
            return;
        }
        let mut walk = Walk {
            fold: self,
            out,
            at: on_grid(self.zero, seen.start.max(life.start)),
            end: on_grid(self.zero, seen.end.min(life.end)),
            level: self.pyramid.and_then(|pyramid| pyramid.level(self.cell_log2)),
            late: 0,
            open: None,
        };
        let pieces = Pieces::new(self, goroutine, first, life);
        let mut last: Option<Piece<'_>> = None;
        while walk.at < walk.end {
            if walk.take_crowd() {
                continue;
            }
            let before = walk.at;
            let piece = match &last {
                Some(piece) if walk.at < piece.end => *piece,
                Some(piece) if walk.at == piece.end => pieces.after(piece),
                _ => pieces.holding(walk.at),
            };
            walk.piece(&piece);
            last = Some(piece);
            // The model's times increase; where they did not, this would go on for ever.
            if walk.at <= before {
                break;
            }
        }
        walk.close();
    }

    fn x(&self, at_ns: i64) -> f32 {
        self.viewport.x_on_screen(self.zero + at_ns)
    }
}

/// Short spans that are being merged.
struct Open {
    start: i64,
    end: i64,
    tally: Tally,
    n: usize,
}

/// The state of one lane's walk, all times on the grid.
struct Walk<'a, 'o> {
    fold: &'a Fold<'a>,
    out: &'o mut Vec<SpanRecord>,
    /// Everything before this is done.
    at: i64,
    /// Where to stop.
    end: i64,
    /// The pyramid's level for the grid in use.
    level: Option<Level<'a>>,
    /// The first late interval that does not lie wholly before `at`.
    late: usize,
    open: Option<Open>,
}

impl Walk<'_, '_> {
    /// Goes on through a piece, to its end or until the pyramid knows better.
    fn piece(&mut self, piece: &Piece<'_>) {
        let width = 1_i64 << self.fold.cell_log2;
        let mut at = piece.holding(self.at, self.fold.pyramid);
        loop {
            let (start, end) = (piece.start(at), piece.start(at + 1));
            if end.saturating_sub(start) >= width {
                self.close();
                self.emit(start, end, piece.class(at, self.fold.classes));
                self.at = end;
                at += 1;
            } else {
                at = self.cell(piece, at, width);
            }
            if self.at >= self.end.min(piece.end) || self.crowd().is_some() {
                return;
            }
        }
    }

    /// Merges the spans from `first` on that start in the cell in which it does; returns the
    /// next one.
    fn cell(&mut self, piece: &Piece<'_>, first: usize, width: i64) -> usize {
        let from = piece.start(first).max(self.at);
        let stop_ns = cell_end(from, self.fold.cell_log2);
        let past = gallop(first + 1, piece.stop(), |at| piece.start(at) < stop_ns);
        let last_is_long = piece.start(past).saturating_sub(piece.start(past - 1)) >= width;
        let past = if last_is_long { past - 1 } else { past };
        let end = piece.start(past);
        let mut tally = Tally::default();
        let n = past - first;
        let stride = n.div_ceil(SAMPLE).max(1);
        for at in (first..past).step_by(stride) {
            let ns = piece.start(at + 1).saturating_sub(piece.start(at));
            tally.add(piece.class(at, self.fold.classes), ns);
        }
        // What a tiny run of the chunk before left open in this cell goes on.
        let cell_of = |ns: i64| ns >> self.fold.cell_log2;
        if let Some(open) = &mut self.open
            && cell_of(open.start) == cell_of(from)
        {
            open.tally.merge(&tally);
            open.end = end;
            open.n += n;
        } else {
            self.close();
            self.open = Some(Open { start: from, end, tally, n });
        }
        if end >= stop_ns || last_is_long {
            self.close();
        }
        self.at = end;
        past
    }

    /// The pyramid's cell here and its end, if all spans in it are narrower.
    fn crowd(&self) -> Option<(Cell, i64)> {
        self.level.and_then(|level| level.cell(self.at)).filter(|(cell, _)| cell.is_crowded())
    }

    /// Takes such a cell's word for what is in it; false if there is none.
    fn take_crowd(&mut self) -> bool {
        let Some((cell, end)) = self.crowd() else { return false };
        let end = end.min(self.end);
        self.close();
        self.push(self.at, end, cell.class(), cell.share(), SpanFlags::MIXED);
        self.at = end;
        true
    }

    /// Writes what was merged.
    fn close(&mut self) {
        let Some(open) = self.open.take() else { return };
        let (class, share) = open.tally.dominant();
        if open.n == 1 {
            self.emit(open.start, open.end, class);
        } else {
            self.push(open.start, open.end, class, share, SpanFlags::MIXED);
        }
    }

    /// Writes one span.
    fn emit(&mut self, start: i64, end: i64, class: StateClass) {
        let span = Interval::new(self.fold.zero + start, self.fold.zero + end);
        let selected =
            self.fold.selected.is_some_and(|selected| selected.intersect(span).is_some());
        let flags = if selected { SpanFlags::SELECTED } else { SpanFlags::default() };
        self.push(start, end, class, u8::MAX, flags);
    }

    fn push(&mut self, start: i64, end: i64, class: StateClass, share: u8, flags: SpanFlags) {
        let flags = if self.is_late(start, end) { flags.with(SpanFlags::LATE) } else { flags };
        let (x0, x1) = (self.fold.x(start), self.fold.x(end));
        // Neighbors that look the same are one rectangle to paint.
        if flags.has(SpanFlags::MIXED)
            && let Some(last) = self.out.last_mut()
            && last.row == self.fold.row.row
            && last.class == class
            && last.flags == flags
            && last.share / 64 == share / 64
            && last.x1 >= x0
        {
            last.x1 = x1;
            return;
        }
        self.out.push(SpanRecord { x0, x1, class, share, flags, ..self.fold.row });
    }

    /// Whether a late overstay overlaps the stretch; stretches come in order.
    fn is_late(&mut self, start: i64, end: i64) -> bool {
        let late = self.fold.late;
        while late.get(self.late).is_some_and(|i| on_grid(self.fold.zero, i.end) <= start) {
            self.late += 1;
        }
        late.get(self.late).is_some_and(|i| on_grid(self.fold.zero, i.start) < end)
    }
}
