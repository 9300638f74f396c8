//! Bars: intervals in order of time, with gaps between them, folded like spans.

use crate::base::{Interval, StrId, narrow};

use super::fold::{cell_end, gallop};
use super::records::{BarKind, BarRecord};
use super::viewport::Viewport;

/// Where bars go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Track<'a> {
    pub(super) viewport: &'a Viewport,
    pub(super) cell_log2: u32,
    pub(super) row: u32,
    pub(super) y0: f32,
    pub(super) y1: f32,
}

/// The narrowest bar, in pixels: a short pause must be seen in a long trace.
const MIN_PX: f32 = 1.0;

impl Track<'_> {
    /// Appends the bars on screen of `n` intervals that are sorted and do not overlap. Narrow
    /// neighbors within a cell of the grid become one bar of kind [`BarKind::Merged`].
    pub(super) fn fill(
        &self,
        n: usize,
        interval: impl Fn(usize) -> Interval,
        what: impl Fn(usize) -> (BarKind, StrId),
        out: &mut Vec<BarRecord>,
    ) {
        let seen = self.viewport.visible();
        let width = 1_i64 << self.cell_log2;
        let mut at = partition_point(n, |at| interval(at).end <= seen.start);
        while at < n {
            let first = interval(at);
            if first.start >= seen.end {
                break;
            }
            let stop_ns = cell_end(first.start.ns(), self.cell_log2);
            let mut past = at + 1;
            if first.ns() < width {
                past = gallop(past, n, |at| interval(at).start.ns() < stop_ns);
                // The last one may be long and only start here.
                if past > at + 1 && interval(past - 1).ns() >= width {
                    past -= 1;
                }
            }
            let whole = Interval::new(first.start, interval(past - 1).end);
            let (kind, name) =
                if past == at + 1 { what(at) } else { (BarKind::Merged, StrId::EMPTY) };
            let count = narrow(past - at);
            self.push(BarRecord { kind, name, count, interval: whole, ..self.blank() }, out);
            at = past;
        }
    }

    fn blank(&self) -> BarRecord {
        BarRecord {
            x0: 0.0,
            x1: 0.0,
            y0: self.y0,
            y1: self.y1,
            row: self.row,
            kind: BarKind::Merged,
            name: StrId::EMPTY,
            count: 0,
            interval: Interval::default(),
        }
    }

    fn push(&self, bar: BarRecord, out: &mut Vec<BarRecord>) {
        let x0 = self.viewport.x_on_screen(bar.interval.start);
        let x1 = self.viewport.x_on_screen(bar.interval.end).max(x0 + MIN_PX);
        // Of merged bars so close that no gap could be seen, one rectangle is enough.
        if let Some(last) = out.last_mut()
            && (last.row, last.kind, bar.kind) == (bar.row, BarKind::Merged, BarKind::Merged)
            && last.y0.to_bits() == bar.y0.to_bits()
            && x0 - last.x1 < MIN_PX
        {
            last.x1 = x1;
            last.count += bar.count;
            last.interval.end = bar.interval.end;
            return;
        }
        out.push(BarRecord { x0, x1, ..bar });
    }
}

/// The first of `0..n` for which `before` is false.
pub(super) fn partition_point(n: usize, before: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, n);
    while low < high {
        let middle = low.midpoint(high);
        if before(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use crate::base::Time;

    use super::*;

    #[test]
    fn narrow_bars_merge_and_long_ones_stay() {
        let bars: Vec<Interval> = [(0, 1), (2, 3), (4, 5), (7, 300), (500, 501)]
            .map(|(start, end)| Interval::new(Time(start), Time(end)))
            .to_vec();
        let viewport = Viewport::new(Interval::new(Time(0), Time(1_000)), 100.0);
        let track = Track { viewport: &viewport, cell_log2: 4, row: 7, y0: 0.0, y1: 9.0 };
        let mut out = Vec::new();
        track.fill(bars.len(), |at| bars[at], |_| (BarKind::Gc, StrId::EMPTY), &mut out);
        let got: Vec<_> = out
            .iter()
            .map(|bar| (bar.kind, bar.count, bar.interval.start.ns(), bar.interval.end.ns()))
            .collect();
        let expected =
            [(BarKind::Merged, 3, 0, 5), (BarKind::Gc, 1, 7, 300), (BarKind::Gc, 1, 500, 501)];
        assert_eq!(got, expected);
        assert!(out.iter().all(|bar| bar.x1 - bar.x0 >= MIN_PX && bar.row == 7));
    }
}
