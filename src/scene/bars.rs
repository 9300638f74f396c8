//! Bars: intervals in order of time, with gaps between them, folded like spans.

use crate::base::{Interval, StrId, narrow};

use super::fold::{cell_end, gallop};
use super::records::{BarKind, BarRecord};
use super::sums::Sums;
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

/// What bars are made of: intervals that are sorted and do not overlap, each with what it is.
pub(super) struct Bars<'a, I, W> {
    /// How many there are.
    pub(super) n: usize,
    pub(super) interval: I,
    pub(super) what: W,
    /// The sums of a row of intervals of which these are a part.
    pub(super) sums: &'a Sums,
    /// The number of the first of these in that row.
    pub(super) first: usize,
}

/// The narrowest bar, in pixels: a short pause must be seen in a long trace.
pub(super) const MIN_PX: f32 = 1.0;

/// Bars that are filled as much as each other, but for this, are one rectangle to paint.
const SAME_SHARE: f32 = 0.08;

impl Track<'_> {
    /// Appends the bars on screen. Narrow neighbors within a cell of the grid become one bar.
    pub(super) fn fill<I, W>(&self, bars: &Bars<'_, I, W>, out: &mut Vec<BarRecord>)
    where
        I: Fn(usize) -> Interval,
        W: Fn(usize) -> (BarKind, StrId),
    {
        let (n, interval) = (bars.n, &bars.interval);
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
            self.push(bars, (at, past), out);
            at = past;
        }
    }

    /// Appends the bar for `at..past`.
    fn push<I, W>(
        &self,
        bars: &Bars<'_, I, W>,
        (at, past): (usize, usize),
        out: &mut Vec<BarRecord>,
    ) where
        I: Fn(usize) -> Interval,
        W: Fn(usize) -> (BarKind, StrId),
    {
        let interval = Interval::new((bars.interval)(at).start, (bars.interval)(past - 1).end);
        let in_row = |of: usize| (bars.interval)(of - bars.first);
        let busy = bars.sums.of(bars.first + at, bars.first + past, in_row);
        let (kind, name) = (bars.what)(busy.longest - bars.first);
        let x0 = self.viewport.x_on_screen(interval.start);
        let bar = BarRecord {
            x0,
            x1: self.viewport.x_on_screen(interval.end).max(x0 + MIN_PX),
            y0: self.y0,
            y1: self.y1,
            row: self.row,
            kind,
            name,
            count: narrow(past - at),
            interval,
            busy_ns: busy.ns,
            longest_ns: busy.longest_ns,
            share: share(self.viewport, busy.ns, interval),
        };
        // Of merged bars so close that no gap could be seen, one rectangle is enough.
        if let Some(last) = out.last_mut()
            && last.row == bar.row
            && last.y0.to_bits() == bar.y0.to_bits()
            && last.is_merged()
            && bar.is_merged()
            && bar.x0 - last.x1 < MIN_PX
            && (last.share - bar.share).abs() < SAME_SHARE
        {
            if bar.longest_ns > last.longest_ns {
                (last.longest_ns, last.kind, last.name) = (bar.longest_ns, bar.kind, bar.name);
            }
            last.x1 = bar.x1;
            last.count += bar.count;
            last.interval.end = bar.interval.end;
            last.busy_ns = last.busy_ns.saturating_add(bar.busy_ns);
            last.share = share(self.viewport, last.busy_ns, last.interval);
            return;
        }
        out.push(bar);
    }
}

/// How much of what is drawn for a stretch is filled by so much time: what is narrower than a
/// pixel is drawn as one.
pub(super) fn share(viewport: &Viewport, busy_ns: i64, whole: Interval) -> f32 {
    #[expect(clippy::cast_precision_loss, reason = "a share")]
    let (busy, whole) = (busy_ns as f64, whole.ns() as f64);
    let drawn = whole.max(f64::from(MIN_PX) * viewport.ns_per_px());
    #[expect(clippy::cast_possible_truncation, reason = "a share")]
    let share = (busy / drawn).clamp(0.0, 1.0) as f32;
    share
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

    fn fill(bars: &[(i64, i64)], end: i64) -> Vec<BarRecord> {
        let interval = |at: usize| Interval::new(Time(bars[at].0), Time(bars[at].1));
        let viewport = Viewport::new(Interval::new(Time(0), Time(end)), 100.0);
        let track = Track { viewport: &viewport, cell_log2: 4, row: 7, y0: 0.0, y1: 9.0 };
        let sums = Sums::new(bars.len(), interval);
        let what = |_| (BarKind::Gc, StrId::EMPTY);
        let mut out = Vec::new();
        track.fill(&Bars { n: bars.len(), interval, what, sums: &sums, first: 0 }, &mut out);
        out
    }

    #[test]
    fn narrow_bars_merge_and_long_ones_stay() {
        let out = fill(&[(0, 1), (2, 3), (4, 5), (7, 300), (500, 501)], 1_000);
        let got = out.iter().map(|bar| (bar.count, bar.interval.start.ns(), bar.interval.end.ns()));
        assert_eq!(got.collect::<Vec<_>>(), [(3, 0, 5), (1, 7, 300), (1, 500, 501)]);
        assert!(out.iter().all(|bar| bar.x1 - bar.x0 >= MIN_PX && bar.row == 7));
        assert!(out.iter().all(|bar| bar.kind == BarKind::Gc), "merged or not");
    }

    /// What is merged says how long it really is, and not from when until when.
    #[test]
    fn merged_bars_know_their_time() {
        let out = fill(&[(0, 1), (2, 6), (14, 15), (500, 501)], 1_000);
        let [merged, alone] = out[..] else { panic!("{out:?}") };
        assert_eq!((merged.count, merged.busy_ns, merged.longest_ns), (3, 6, 4));
        assert!((merged.share - 6.0 / 15.0).abs() < 0.01, "{}", merged.share);
        assert_eq!((alone.count, alone.busy_ns, alone.longest_ns), (1, 1, 1));
        assert!(alone.share < 0.11, "a tenth of the pixel that it is drawn as");
    }
}
