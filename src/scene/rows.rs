//! The list of rows: groups with headers, a lane per goroutine, special lanes.

use crate::base::{Goroutine, StrId, Time};

use super::index::Source;
use super::view::Metrics;

/// What a row is. Small and copied freely; stays the same while the row scrolls.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Row {
    /// The header of a section, by its number in [`Rows::sections`].
    Header(u32),
    /// A goroutine's lane.
    Lane {
        /// Whose.
        goroutine: Goroutine,
        /// In a cancel view, the cancel that is this row's time zero.
        cancel: Option<u32>,
        /// That cancel's time; the trace's zero otherwise.
        zero: Time,
    },
    /// Heap and heap goal.
    HeapPlot,
    /// Goroutines by state.
    GoroutinesPlot,
    /// GC phases.
    Gc,
    /// Stop-the-world stretches.
    StopTheWorld,
    /// A P, by its row in [`crate::model::World::procs`].
    Proc(u32),
    /// Tasks that do not overlap, by the row's number among the task rows.
    Tasks(u32),
}

/// What a section is, stable across rebuilds: what a collapse is remembered by.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SectionKey {
    /// Plots of metrics.
    Metrics,
    /// GC and stop-the-world.
    Runtime,
    /// Processors.
    Procs,
    /// User tasks.
    Tasks,
    /// The goroutines of one start function.
    Function(StrId),
    /// The goroutines that one goroutine created; none for those whose creator was not seen.
    CreatedBy(Option<Goroutine>),
    /// All goroutines.
    All,
    /// The goroutines that one cancel reached.
    Cancel(u32),
}

/// A header and what lies under it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Section {
    /// What it is.
    pub key: SectionKey,
    /// How many lanes it has.
    pub count: u32,
    /// How many of its goroutines have a late overstay (or are overdue and alive).
    pub late: u32,
    /// Its worst overstay in nanoseconds, 0 if none.
    pub worst_ns: i64,
    /// Whether its lanes are hidden.
    pub collapsed: bool,
}

/// What the rows of a group, and the groups, are sorted by.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Sort {
    /// Worst overstay first.
    #[default]
    Lateness,
    /// First appearance first.
    Start,
    /// The trace's id.
    Id,
    /// Most time on a processor first.
    Running,
    /// Longest life first.
    Lifetime,
}

/// How goroutines are grouped.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Grouping {
    /// By start function.
    #[default]
    Function,
    /// By creator.
    Creator,
    /// Not at all.
    Flat,
}

/// Which rows, in which order.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct RowOptions {
    /// The order.
    pub sort: Sort,
    /// The groups.
    pub grouping: Grouping,
    /// Words that must all match: part of the start function's name, or `g123` for an id.
    pub filter: String,
    /// Only goroutines with a late overstay.
    pub late_only: bool,
    /// Overstays above this are late, in nanoseconds.
    pub budget_ns: i64,
    /// Regions as bars under their goroutine's lane.
    pub regions: bool,
    /// Leave out the lanes for metrics, GC, processors and tasks.
    pub goroutines_only: bool,
    /// Sections that are not as they come: collapsed instead of open, or the reverse.
    pub toggled: Vec<SectionKey>,
    /// Heights.
    pub metrics: Metrics,
}

/// Where something is, in pixels from the top of the first row.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Place {
    /// Top edge.
    pub top_px: f64,
    /// Height.
    pub height_px: f64,
    /// Whether it is hidden in a collapsed section, whose header this is then.
    pub collapsed: bool,
}

/// The rows of one document: what exists, from top to bottom, without drawing any.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    sections: Vec<Section>,
}

impl Rows {
    /// Lists, filters, groups and sorts. Costs n log n in goroutines: call it off the UI thread.
    #[must_use]
    pub fn build(_source: Source<'_>, _options: &RowOptions) -> Self {
        Self::default()
    }

    /// Rows of a cancel view: a lane for each goroutine that one of `cancels` reached, time
    /// zero at its cancel, sorted by exit, the latest at the top. Its viewport's bounds are
    /// [`Rows::cancel_bounds`].
    #[must_use]
    pub fn cancel_view(_source: Source<'_>, _cancels: &[u32], _metrics: Metrics) -> Self {
        Self::default()
    }

    /// The stretch around time zero that a cancel view's rows need; none for other rows.
    #[must_use]
    pub fn cancel_bounds(&self) -> Option<crate::base::Interval> {
        None
    }

    /// The sections, from top to bottom.
    #[must_use]
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// How many goroutine lanes there are, hidden ones included.
    #[must_use]
    pub fn n_lanes(&self) -> usize {
        0
    }

    /// Collapses or opens a section; costs only as much as there are sections.
    pub fn toggle(&mut self, _section: u32) {}

    /// Collapses or opens all sections.
    pub fn set_all_collapsed(&mut self, _collapsed: bool) {}

    /// Height of all rows in pixels.
    #[must_use]
    pub fn height_px(&self) -> f64 {
        0.0
    }

    /// The farthest that the rows can be scrolled on a canvas with `view_px` for rows.
    #[must_use]
    pub fn max_scroll(&self, view_px: f64) -> f64 {
        (self.height_px() - view_px).max(0.0)
    }

    /// Where a goroutine's lane is.
    #[must_use]
    pub fn place_of(&self, _goroutine: Goroutine) -> Option<Place> {
        None
    }

    /// The section whose header or lanes are at a height, to keep its header in view.
    #[must_use]
    pub fn section_at(&self, _y_px: f64) -> Option<u32> {
        None
    }

    /// The goroutine lane after (`step` 1) or before (`step` -1) another, for the arrow keys.
    #[must_use]
    pub fn neighbor(&self, _goroutine: Goroutine, _step: i64) -> Option<Goroutine> {
        None
    }
}
