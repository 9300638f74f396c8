//! The strip that shows the whole trace: how many goroutines were in which state, where they
//! left late, and which part is on screen.

use super::index::Source;
use super::records::DensityRecord;
use super::viewport::Viewport;

/// Late exits that fall on one column of the overview.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct LateRecord {
    /// Left edge in pixels.
    pub x0: f32,
    /// Right edge in pixels.
    pub x1: f32,
    /// How many.
    pub count: u32,
    /// The worst of them: a row of [`crate::analysis::Analysis::hearings`].
    pub hearing: u32,
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
    /// Refills for a strip of `width_px` × `height_px` that shows the whole trace from edge to
    /// edge. Overstays above `budget_ns` are late.
    pub fn fill(&mut self, _source: Source<'_>, _width_px: f32, _height_px: f32, _budget_ns: i64) {
        self.density.clear();
        self.late.clear();
    }

    /// Where on a strip of `width_px` the viewport's stretch is: left and right edge in pixels.
    #[must_use]
    pub fn window(viewport: &Viewport, width_px: f32) -> (f32, f32) {
        let _ = viewport;
        (0.0, width_px)
    }
}
