//! The frame: caller-owned buffers that are refilled and never shrink.

use crate::base::Time;

use super::records::{
    ArrowRecord, BandRecord, BarRecord, CancelRecord, DensityRecord, FuseRecord, MarkerRecord,
    PlotRecord, RowRecord, SpanRecord, TextRange, TickRecord,
};
use super::view::View;

/// All records of a frame. Keep one and refill it: in the steady state nothing is allocated.
#[derive(Clone, Default, Debug)]
pub struct Scene {
    /// Visible rows, from top to bottom.
    pub rows: Vec<RowRecord>,
    /// Bands behind all rows.
    pub bands: Vec<BandRecord>,
    /// Histograms of collapsed groups, in their header rows.
    pub density: Vec<DensityRecord>,
    /// Spans, row by row.
    pub spans: Vec<SpanRecord>,
    /// Bars of special lanes and regions.
    pub bars: Vec<BarRecord>,
    /// Lines of plots.
    pub plots: Vec<PlotRecord>,
    /// The points of the plots, in pixels.
    pub points: Vec<[f32; 2]>,
    /// Birth, end and log marks.
    pub markers: Vec<MarkerRecord>,
    /// Cancels, from left to right.
    pub cancels: Vec<CancelRecord>,
    /// Fuses, row by row.
    pub fuses: Vec<FuseRecord>,
    /// Arrows between lanes.
    pub arrows: Vec<ArrowRecord>,
    /// Ticks of the axis, from left to right.
    pub ticks: Vec<TickRecord>,
    /// The header of the section that the topmost lane belongs to, if it scrolled out: draw it
    /// over the rows, under the axis.
    pub sticky: Option<RowRecord>,
    pub(super) texts: String,
}

/// What is under a point. Record numbers are those of the scene's lists.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Hit {
    /// The axis.
    Axis {
        /// The time there.
        at: Time,
    },
    /// A cancel's line or flag.
    Cancel {
        /// Number in [`Scene::cancels`].
        record: u32,
    },
    /// A fuse.
    Fuse {
        /// Number in [`Scene::fuses`].
        record: u32,
    },
    /// A span.
    Span {
        /// Number in [`Scene::spans`].
        record: u32,
        /// The time there, on the trace's clock: the span itself is
        /// [`crate::model::Trace::span_at`] that.
        at: Time,
    },
    /// A bar.
    Bar {
        /// Number in [`Scene::bars`].
        record: u32,
    },
    /// An arrow.
    Arrow {
        /// Number in [`Scene::arrows`].
        record: u32,
    },
    /// A row, where it is empty, or a header.
    Row {
        /// Number in [`Scene::rows`].
        record: u32,
        /// The time there, on the trace's clock.
        at: Time,
    },
}

impl Scene {
    /// Refills all lists for `view`.
    pub fn fill(&mut self, _view: &View<'_>) {
        self.clear();
    }

    /// Empties all lists and keeps their memory.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.bands.clear();
        self.density.clear();
        self.spans.clear();
        self.bars.clear();
        self.plots.clear();
        self.points.clear();
        self.markers.clear();
        self.cancels.clear();
        self.fuses.clear();
        self.arrows.clear();
        self.ticks.clear();
        self.sticky = None;
        self.texts.clear();
    }

    /// A record's text.
    #[must_use]
    pub fn text(&self, range: TextRange) -> &str {
        self.texts.get(range.start as usize..range.end as usize).unwrap_or("")
    }

    /// What is under the point, the smallest thing first: an arrow's head, a fuse's loud part,
    /// a cancel's line, a span, then the row. `view` is the one that the scene was filled with.
    #[must_use]
    pub fn hit(&self, _view: &View<'_>, _x_px: f32, _y_px: f32) -> Option<Hit> {
        None
    }

    /// The cancels that a mark stands for.
    #[must_use]
    pub fn cancels_of(&self, record: &CancelRecord) -> impl Iterator<Item = u32> + use<> {
        (record.first..record.first + record.count)
    }
}
