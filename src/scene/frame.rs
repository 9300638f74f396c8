//! The frame: caller-owned buffers that are refilled and never shrink.

use crate::base::{Interval, Time};

use super::minis::Minis;
use super::records::{
    ArrowRecord, BandRecord, BarRecord, CancelRecord, DensityRecord, FlagRecord, FuseRecord,
    MarkerRecord, PlotRecord, RowRecord, SpanRecord, TextRange, TickRecord,
};
use super::view::{View, ViewKey};
use super::{arrows, axis, flags, lanes, overlay};

/// All records of a frame. Keep one and refill it: in the steady state nothing is allocated
/// but what goes into the texts of overstays.
#[derive(Clone, Default, Debug)]
pub struct Scene {
    /// Visible rows, from top to bottom.
    pub rows: Vec<RowRecord>,
    /// Bands behind all rows.
    pub bands: Vec<BandRecord>,
    /// Histograms of collapsed groups, in their header rows; where they would be too coarse,
    /// the few goroutines that live in the window as thin lanes.
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
    /// Their flags in the axis, from left to right.
    pub flags: Vec<FlagRecord>,
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
    /// Late stretches of the lane being filled.
    pub(super) late: Vec<Interval>,
    pub(super) minis: Minis,
    /// What the lists were filled for.
    filled: Option<ViewKey>,
}

impl Scene {
    /// Refills all lists for `view`, unless they were filled for the same: most frames of a
    /// window come from a pointer that moves.
    pub fn fill(&mut self, view: &View<'_>) {
        let key = Some(view.key());
        if self.filled == key {
            return;
        }
        self.clear();
        self.filled = key;
        let zero = match view.rows.cancel_bounds() {
            Some(_) => Time(0),
            None => view.source.document.trace().interval().start,
        };
        let clock = view.source.document.trace().clock();
        axis::fill(&view.viewport, clock, zero, &mut self.ticks, &mut self.texts);
        overlay::fill_bands(view, &mut self.bands);
        lanes::fill(view, self);
        if view.show.cancels {
            overlay::fill_cancels(view, &mut self.cancels);
            flags::fill(view, &self.cancels, &mut self.flags);
        }
        arrows::fill(view, &self.rows, &mut self.arrows);
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
        self.flags.clear();
        self.fuses.clear();
        self.arrows.clear();
        self.ticks.clear();
        self.sticky = None;
        self.texts.clear();
        self.late.clear();
        self.minis.reset();
        self.filled = None;
    }

    /// A record's text.
    #[must_use]
    pub fn text(&self, range: TextRange) -> &str {
        self.texts.get(range.start as usize..range.end as usize).unwrap_or("")
    }
}
