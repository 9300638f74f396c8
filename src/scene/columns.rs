//! Histograms as columns: how many goroutines of a group are alive, and what they mostly do.

use crate::base::{Interval, Time};

use super::class::StateClass;
use super::density::{Density, LAYERS};
use super::fold::cell_log2;
use super::pyramid::on_grid;
use super::records::DensityRecord;
use super::viewport::Viewport;

/// The narrowest column, in pixels.
const COLUMN_PX: f32 = 3.0;

/// Columns whose heights differ by less are one, in pixels.
const SAME_PX: f32 = 0.5;

/// Where columns go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chart<'a> {
    pub(super) viewport: &'a Viewport,
    /// The trace: the grid's zero, and where the columns stop.
    pub(super) trace: Interval,
    pub(super) row: u32,
    pub(super) y0: f32,
    pub(super) y1: f32,
}

/// A piece of a column: its class, and its lower and upper edge as a share of the whole height.
type Piece = (StateClass, f32, f32);

impl Chart<'_> {
    /// Appends columns of two pieces: what is at work, in its commonest state, and above it
    /// what waits. For the headers of groups.
    pub(super) fn brief(&self, density: &Density, out: &mut Vec<DensityRecord>) {
        self.columns(density, out, |[running, runnable, syscall, waiting]| {
            let busy = running + runnable + syscall;
            let class = if running >= runnable.max(syscall) {
                StateClass::Running
            } else if runnable >= syscall {
                StateClass::Runnable
            } else {
                StateClass::Syscall
            };
            [(class, 0.0, busy), (StateClass::Blocked, busy, busy + waiting)]
        });
    }

    /// Appends columns with a piece for each state. For the overview.
    pub(super) fn full(&self, density: &Density, out: &mut Vec<DensityRecord>) {
        self.columns(density, out, |layers| {
            let mut top = 0.0;
            let mut pieces = [(StateClass::Unknown, 0.0, 0.0); 4];
            for (piece, (class, height)) in pieces.iter_mut().zip(LAYERS.into_iter().zip(layers)) {
                *piece = (class, top, top + height);
                top += height;
            }
            pieces
        });
    }

    fn columns<const N: usize>(
        &self,
        density: &Density,
        out: &mut Vec<DensityRecord>,
        pieces: impl Fn([f32; 4]) -> [Piece; N],
    ) {
        if density.is_empty() || density.max() <= 0.0 {
            return;
        }
        let Some(seen) = self.viewport.visible().intersect(self.trace) else { return };
        let zero = self.trace.start;
        let width = density.bin_ns().max(1 << cell_log2(self.viewport, COLUMN_PX));
        let (mut at, end) = (on_grid(zero, seen.start), on_grid(zero, seen.end));
        // The last record of each piece, to be made longer while nothing changes.
        let mut last: [Option<usize>; N] = [None; N];
        while at < end {
            let column_start = at & !(width - 1);
            let next = column_start.saturating_add(width);
            let (x0, x1) = (self.x(at), self.x(next.min(end)));
            let layers = density.mean(column_start, next).map(|mean| mean / density.max());
            for (piece, last) in pieces(layers).into_iter().zip(&mut last) {
                self.piece(piece, (x0, x1), last, out);
            }
            at = next;
        }
    }

    fn piece(
        &self,
        (class, from, to): Piece,
        (x0, x1): (f32, f32),
        last: &mut Option<usize>,
        out: &mut Vec<DensityRecord>,
    ) {
        let y_of = |share: f32| self.y1 - share.min(1.0) * (self.y1 - self.y0);
        // However few are alive, the group is seen to be there.
        let (y0, y1) =
            (y_of(to).min(y_of(from) - if to > from { SAME_PX } else { 0.0 }), y_of(from));
        if to <= from {
            *last = None;
            return;
        }
        if let Some(record) = last.and_then(|at| out.get_mut(at))
            && record.class == class
            && (record.y0 - y0).abs() < SAME_PX
            && (record.y1 - y1).abs() < SAME_PX
        {
            record.x1 = x1;
            return;
        }
        *last = Some(out.len());
        out.push(DensityRecord { x0, x1, y0, y1, row: self.row, class });
    }

    fn x(&self, at_ns: i64) -> f32 {
        self.viewport.x_on_screen(self.trace.start + at_ns)
    }
}

/// How far a stretch of the trace is from its start, as a share of the whole: for strips that
/// show all of it.
pub(super) fn share(trace: Interval, time: Time) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a share of a screen")]
    let share = time.since(trace.start) as f64 / trace.ns().max(1) as f64;
    share
}
