//! The strip that shows the whole trace: how many goroutines were in which state, where they
//! left late, and which part is on screen.

use crate::base::{Goroutine, Interval, Time, narrow};

use super::columns::{Chart, share};
use super::fold::cell_log2;
use super::hearings::end_of;
use super::index::Source;
use super::records::DensityRecord;
use super::viewport::Viewport;

/// Late ends closer than this are one mark, in pixels; and how wide that is.
const LATE_PX: f32 = 3.0;

/// Late exits that fall on one column of the overview.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct LateRecord {
    /// Left edge in pixels.
    pub x0: f32,
    /// Right edge in pixels.
    pub x1: f32,
    /// How many.
    pub count: u32,
    /// The worst of them: a row of [`crate::analysis::Analysis::hearings`]; none if that is stuck.
    pub hearing: Option<u32>,
    /// Its goroutine.
    pub goroutine: Goroutine,
    /// Its overstay in nanoseconds.
    pub worst_ns: i64,
}

/// The records of the overview; keep one and refill it when the width or the budget changes.
#[derive(Clone, Default, Debug)]
pub struct Overview {
    /// Columns of goroutines by state, stacked, from left to right. Row 0.
    pub density: Vec<DensityRecord>,
    /// Late ends, from left to right.
    pub late: Vec<LateRecord>,
}

impl Overview {
    /// Refills for a strip of `width_px` × `height_px` that shows `whole` from edge to edge: the
    /// trace, or of two that are compared what holds both, so that one scale is right for either.
    /// Overstays above `budget_ns` are late.
    pub fn fill(
        &mut self,
        source: Source<'_>,
        whole: Interval,
        (width_px, height_px): (f32, f32),
        budget_ns: i64,
    ) {
        self.density.clear();
        self.late.clear();
        let trace = source.document.trace().interval();
        let mut viewport = Viewport::new(whole, f64::from(width_px));
        viewport.show(whole, 0.0);
        let chart = Chart { viewport: &viewport, trace, row: 0, y0: 0.0, y1: height_px };
        chart.full(&source.index.levels.density, &mut self.density);
        let hearings = source.document.analysis().hearings();
        let cell = cell_log2(&viewport, LATE_PX);
        let range = (trace.start, trace.end + 1);
        source.index.ends.late_cells(range, cell, budget_ns, |count, hearing| {
            let heard = &hearings[hearing as usize];
            let end = end_of(source.document.analysis(), heard);
            let x = viewport.x_on_screen(end);
            let (x0, x1) = (x - LATE_PX / 2.0, x + LATE_PX / 2.0);
            let worst_ns = heard.overstay_ns;
            let (hearing, goroutine) = (Some(hearing), heard.goroutine);
            self.late.push(LateRecord { x0, x1, count, hearing, goroutine, worst_ns });
        });
        // Those who are stuck are so to the trace's end, but for very few.
        let mut stuck = source.document.analysis().stuck_over(budget_ns);
        let n = stuck.len();
        if let Some(worst) = stuck.next() {
            // That is the strip's edge, too: the mark lies before it.
            let x = viewport.x_on_screen(worst.interval.end);
            self.late.push(LateRecord {
                x0: x - LATE_PX,
                x1: x,
                count: narrow(n),
                hearing: None,
                goroutine: worst.goroutine,
                worst_ns: worst.interval.ns(),
            });
        }
    }

    /// Where on a strip of `width_px` the viewport's stretch is: left and right edge in pixels.
    #[must_use]
    pub fn window(whole: Interval, viewport: &Viewport, width_px: f32) -> (f32, f32) {
        Self::place(whole, viewport.visible(), width_px)
    }

    /// Where on a strip of `width_px` a stretch is: left and right edge in pixels.
    #[must_use]
    pub fn place(whole: Interval, stretch: Interval, width_px: f32) -> (f32, f32) {
        let x = |time| {
            let share = share(whole, time).clamp(0.0, 1.0);
            #[expect(clippy::cast_possible_truncation, reason = "a position on screen")]
            let x = (share * f64::from(width_px)) as f32;
            x
        };
        (x(stretch.start), x(stretch.end))
    }

    /// The time at a position on a strip of `width_px`.
    #[must_use]
    pub fn time_at(whole: Interval, x_px: f32, width_px: f32) -> Time {
        let share = f64::from(x_px / width_px.max(1.0)).clamp(0.0, 1.0);
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            reason = "within the trace, to the pixel"
        )]
        let ns = (share * whole.ns() as f64) as i64;
        whole.start + ns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_strips_over_one_stretch_have_one_scale() {
        let whole = Interval::new(Time(0), Time(1_000));
        let place = |from, to| Overview::place(whole, Interval::new(Time(from), Time(to)), 500.0);
        assert_eq!(place(0, 1_000), (0.0, 500.0));
        assert_eq!(place(100, 500), (50.0, 250.0));
        assert_eq!(place(-50, 2_000), (0.0, 500.0));
    }
}
