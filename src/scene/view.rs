//! What a frame shows, besides the document itself.

use crate::base::{Goroutine, Interval};
use crate::model::Wakers;

use super::edition::Edition;
use super::index::Source;
use super::rows::Rows;
use super::viewport::Viewport;

/// The canvas.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Layout {
    /// Height of the whole canvas in pixels, the axis included. Its width is the viewport's.
    pub height_px: f32,
    /// Height of the axis at the top in pixels.
    pub axis_px: f32,
    /// The narrowest span that is drawn by itself, in pixels: 2 as a rule, which is
    /// 4 ms for 16,000 records on 100 lanes of a trace with 31 million spans.
    pub min_px: f32,
}

impl Default for Layout {
    fn default() -> Self {
        Self { height_px: 600.0, axis_px: 32.0, min_px: 2.0 }
    }
}

/// Heights of rows, in whole pixels; compact mode has smaller ones.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Metrics {
    /// A goroutine's lane, and any lane of bars.
    pub lane_px: u32,
    /// A group's header.
    pub header_px: u32,
    /// One depth of regions under a lane.
    pub region_px: u32,
    /// A plot.
    pub plot_px: u32,
    /// Free space between neighboring lanes, part of the heights above.
    pub gap_px: u32,
}

impl Default for Metrics {
    fn default() -> Self {
        Self { lane_px: 20, header_px: 26, region_px: 12, plot_px: 48, gap_px: 3 }
    }
}

impl Metrics {
    /// Twice the rows in the same space.
    #[must_use]
    pub fn compact() -> Self {
        Self { lane_px: 10, header_px: 20, region_px: 6, plot_px: 32, gap_px: 1 }
    }
}

/// What is selected; the rest steps back.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Selection {
    /// A goroutine.
    pub goroutine: Option<Goroutine>,
    /// A span of that goroutine.
    pub span: Option<Interval>,
    /// A cancel, by its row in [`crate::analysis::Analysis::cancels`]: all it did not reach is dimmed, and the tree of what it reached is drawn.
    pub cancel: Option<u32>,
}

/// Which overlays are drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches of the view menu")]
pub struct Show {
    /// Cancel marks and fuses.
    pub cancels: bool,
    /// Arrows to and from what is selected.
    pub arrows: bool,
    /// GC phases across all rows.
    pub gc: bool,
    /// Stop-the-world across all rows.
    pub stop_the_world: bool,
}

impl Default for Show {
    fn default() -> Self {
        Self { cancels: true, arrows: true, gc: false, stop_the_world: true }
    }
}

/// Everything that decides a frame; cheap to copy. If none of it changed, nor did the frame.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// What is shown.
    pub source: Source<'a>,
    /// Its rows.
    pub rows: &'a Rows,
    /// The stretch of time on screen; relative to the cancel in a cancel view.
    pub viewport: Viewport,
    /// The canvas.
    pub layout: Layout,
    /// How far the rows are scrolled, in pixels from the top of the first. f64 since a million
    /// rows are more pixels than f32 can count; clamp it with [`Rows::max_scroll`].
    pub scroll_px: f64,
    /// What is selected.
    pub selection: Selection,
    /// Overstays above this are late, in nanoseconds.
    pub budget_ns: i64,
    /// Which overlays are drawn.
    pub show: Show,
    /// The wakes by waker, for the arrows to those whom a selected goroutine woke; none until
    /// somebody has sorted them.
    pub wakers: Option<&'a Wakers>,
}

/// A [`View`] without what it refers to.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct ViewKey {
    index: Edition,
    rows: Edition,
    viewport: Viewport,
    layout: Layout,
    scroll_px: f64,
    selection: Selection,
    budget_ns: i64,
    show: Show,
    has_wakers: bool,
}

impl View<'_> {
    /// Two views that have the same one are the same. No two documents share an index.
    pub(super) fn key(&self) -> ViewKey {
        let Self { source, rows, viewport, layout, scroll_px, selection, budget_ns, show, wakers } =
            *self;
        let (index, rows, has_wakers) = (source.index.edition, rows.edition, wakers.is_some());
        ViewKey { index, rows, viewport, layout, scroll_px, selection, budget_ns, show, has_wakers }
    }
}
