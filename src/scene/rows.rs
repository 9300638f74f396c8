//! The list of rows: groups with headers, a lane per goroutine, special lanes.
//!
//! Rows exist as sections and one list of goroutines; a row's place is arithmetic on prefix
//! sums. So a million lanes cost nothing per frame, and collapsing costs as much as there are
//! sections. How the list comes about is in `listing.rs`.

use std::sync::Arc;

use crate::base::{Goroutine, Interval, StrId, Time, narrow};
use crate::model::Trace;

use super::density::Density;
use super::edition::Edition;
use super::hearings::ByEnd;
use super::minis::Lives;
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
    /// A thread that holds a P now and then, by its number among these.
    Thread(u32),
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
    /// Threads.
    Threads,
    /// User tasks.
    Tasks,
    /// The goroutines of one kind: those started for one function, or to run tests.
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
    /// How many of its goroutines have a late overstay, or are stuck for as long.
    pub late: u32,
    /// How many of these are stuck, and no cancel tells how late they are.
    pub stuck: u32,
    /// Which of those is so for longest.
    pub worst_stuck: Option<Goroutine>,
    /// Its worst overstay in nanoseconds, 0 if none.
    pub worst_ns: i64,
    /// Whether its lanes are hidden as long as nobody wants it otherwise.
    pub comes_collapsed: bool,
    /// Whether its lanes are hidden.
    pub collapsed: bool,
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

/// What lies under a section's header.
#[derive(Clone, Debug)]
pub(super) enum Body {
    /// Special lanes.
    Fixed(Vec<Row>),
    /// Goroutines: a stretch of [`Rows::order`].
    Lanes(std::ops::Range<usize>),
}

/// Marks a goroutine that has no lane.
const NOWHERE: u32 = u32::MAX;

/// The rows of one document: what exists, from top to bottom, without drawing any.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    pub(super) sections: Vec<Section>,
    pub(super) bodies: Vec<Body>,
    /// Goroutines of all lanes, section by section.
    pub(super) order: Vec<Goroutine>,
    /// In a cancel view the cancel and its time of every lane, else empty.
    pub(super) anchors: Vec<(u32, Time)>,
    pub(super) bounds: Option<Interval>,
    /// Depth of all regions above each lane and a last entry, if any lane has regions.
    pub(super) depths: Vec<u32>,
    /// Late ends of each section, for when it is collapsed.
    pub(super) ends: Vec<ByEnd>,
    /// Histograms of the sections that are not just all of one start function.
    pub(super) densities: Vec<Option<Density>>,
    /// Who lives when in each section.
    pub(super) lives: Vec<Lives>,
    /// How many sections are left out.
    pub(super) n_hidden: usize,
    pub(super) metrics: Metrics,
    /// Top edge of each section and a last entry, in pixels.
    pub(super) tops: Vec<u64>,
    /// Where each goroutine is in `order`.
    pub(super) places: Vec<u32>,
    /// New whenever anything of it changes.
    pub(super) edition: Edition,
}

/// A visible row on its way to becoming a record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Visible {
    pub(super) row: Row,
    /// In pixels from the top of the first row.
    pub(super) top_px: f64,
    pub(super) height_px: u32,
}

impl Rows {
    /// The stretch around time zero that a cancel view's rows need, for its viewport; none for
    /// other rows.
    #[must_use]
    pub fn cancel_bounds(&self) -> Option<Interval> {
        self.bounds
    }

    /// The sections, from top to bottom.
    #[must_use]
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// How many sections are left out, since somebody wants it so.
    #[must_use]
    pub fn n_hidden(&self) -> usize {
        self.n_hidden
    }

    /// From the first birth in a section of goroutines to the last end.
    #[must_use]
    pub fn life_of(&self, section: u32) -> Option<Interval> {
        self.lives.get(section as usize)?.interval()
    }

    /// How many goroutine lanes there are, those of collapsed sections included.
    #[must_use]
    pub fn n_lanes(&self) -> usize {
        self.order.len()
    }

    /// Collapses those sections of which `is_collapsed` says so, and opens the others; costs only as
    /// much as there are sections, however many change.
    pub fn set_collapsed(&mut self, is_collapsed: impl Fn(&Section) -> bool) {
        for section in &mut self.sections {
            section.collapsed = is_collapsed(section);
        }
        self.open_headless();
        self.lay_out();
    }

    /// Whether a section has no header and cannot be collapsed: that of a function with a single
    /// goroutine, whose lane says all that the header would.
    #[must_use]
    pub fn is_headless(&self, section: u32) -> bool {
        let at = section as usize;
        let by_function = |section: &Section| matches!(section.key, SectionKey::Function(_));
        let lone = |body: &Body| matches!(body, Body::Lanes(lanes) if lanes.len() == 1);
        self.sections.get(at).is_some_and(by_function) && self.bodies.get(at).is_some_and(lone)
    }

    /// Height of a section's header.
    fn header_px(&self, section: usize) -> u32 {
        let headless = u32::try_from(section).is_ok_and(|section| self.is_headless(section));
        if headless { 0 } else { self.metrics.header_px }
    }

    fn open_headless(&mut self) {
        for number in 0..narrow(self.sections.len()) {
            if self.is_headless(number) {
                self.sections[number as usize].collapsed = false;
            }
        }
    }

    /// Changes the heights of rows.
    pub fn set_metrics(&mut self, metrics: Metrics) {
        self.metrics = metrics;
        self.lay_out();
    }

    /// Height of all rows in pixels.
    #[must_use]
    pub fn height_px(&self) -> f64 {
        as_px(self.tops.last().copied().unwrap_or(0))
    }

    /// The farthest that the rows can be scrolled on a canvas with `view_px` for rows.
    #[must_use]
    pub fn max_scroll(&self, view_px: f64) -> f64 {
        (self.height_px() - view_px).max(0.0)
    }

    /// Where a goroutine's lane is; none if the filter leaves it out. In a cancel view with
    /// several lanes of it, the first.
    #[must_use]
    pub fn place_of(&self, goroutine: Goroutine) -> Option<Place> {
        let lane = *self.places.get(goroutine.index()).filter(|&&lane| lane != NOWHERE)? as usize;
        let section = self.section_of_lane(lane)?;
        let header = u64::from(self.header_px(section));
        let top = self.tops[section];
        if self.sections[section].collapsed {
            let height_px = as_px(header);
            return Some(Place { top_px: as_px(top), height_px, collapsed: true });
        }
        let Body::Lanes(lanes) = &self.bodies[section] else { return None };
        let top_px = as_px(top + header + self.lanes_px(lanes.start, lane));
        let height_px = as_px(self.lanes_px(lane, lane + 1));
        Some(Place { top_px, height_px, collapsed: false })
    }

    /// The section that a goroutine's lane is in, by its number in [`Rows::sections`].
    #[must_use]
    pub fn section_of(&self, goroutine: Goroutine) -> Option<u32> {
        let lane = *self.places.get(goroutine.index()).filter(|&&lane| lane != NOWHERE)?;
        u32::try_from(self.section_of_lane(lane as usize)?).ok()
    }

    /// Bottom edge of a section, in pixels from the top of the first row.
    pub(super) fn section_bottom_px(&self, section: u32) -> f64 {
        as_px(self.tops.get(section as usize + 1).copied().unwrap_or(u64::MAX))
    }

    /// The section whose header or lanes are at a height, in pixels from the top of the first row.
    #[must_use]
    pub fn section_at(&self, y_px: f64) -> Option<u32> {
        if y_px < 0.0 || y_px >= self.height_px() {
            return None;
        }
        let after = self.tops.partition_point(|&top| as_px(top) <= y_px);
        u32::try_from(after.checked_sub(1)?).ok()
    }

    /// The goroutine lane after (`step` 1) or before (`step` -1) another, for the arrow keys.
    #[must_use]
    pub fn neighbor(&self, goroutine: Goroutine, step: i64) -> Option<Goroutine> {
        let lane = *self.places.get(goroutine.index()).filter(|&&lane| lane != NOWHERE)?;
        let next = usize::try_from(i64::from(lane) + step).ok()?;
        self.order.get(next).copied()
    }

    /// The same in a cancel view, where a lane is of a goroutine and a cancel: from the lane of
    /// both, or from the goroutine's first if no cancel is given.
    #[must_use]
    pub fn neighbor_hearing(
        &self,
        goroutine: Goroutine,
        cancel: Option<u32>,
        step: i64,
    ) -> Option<(Goroutine, u32)> {
        let mut lanes = self.order.iter().zip(&self.anchors);
        let lane = lanes.position(|(&of, &(at, _))| {
            of == goroutine && cancel.is_none_or(|cancel| cancel == at)
        })?;
        let next = usize::try_from(i64::try_from(lane).ok()? + step).ok()?;
        Some((*self.order.get(next)?, self.anchors.get(next)?.0))
    }

    /// The goroutines of all lanes, from top to bottom, hidden ones included.
    #[must_use]
    pub fn goroutines(&self) -> &[Goroutine] {
        &self.order
    }

    /// Finishes a list: finds the tops and places of what is in it.
    pub(super) fn finish(&mut self, n_goroutines: u32) {
        self.places = vec![NOWHERE; n_goroutines as usize];
        for (lane, goroutine) in self.order.iter().enumerate().rev() {
            if let Some(place) = self.places.get_mut(goroutine.index()) {
                *place = u32::try_from(lane).unwrap_or(NOWHERE);
            }
        }
        self.open_headless();
        self.lay_out();
    }

    /// The functions of its groups, from top to bottom, to put another trace's in their order.
    #[must_use]
    pub fn functions(&self, trace: &Trace) -> Arc<[String]> {
        let name = |section: &Section| match section.key {
            SectionKey::Function(name) => Some(trace.string(name).to_owned()),
            _ => None,
        };
        self.sections.iter().filter_map(name).collect()
    }

    /// Calls `each` with every row that reaches into `from_px..to_px`, from top to bottom.
    pub(super) fn visible(&self, from_px: f64, until_px: f64, mut each: impl FnMut(Visible)) {
        let first = self.tops.partition_point(|&top| as_px(top) <= from_px).saturating_sub(1);
        for (at, section) in self.sections.iter().enumerate().skip(first) {
            let top_px = as_px(self.tops[at]);
            if top_px >= until_px {
                break;
            }
            let number = narrow(at);
            let header_px = self.header_px(at);
            if header_px > 0 && top_px + f64::from(header_px) > from_px {
                let row = Row::Header(number);
                each(Visible { row, top_px, height_px: header_px });
            }
            if section.collapsed {
                continue;
            }
            let body = Strip { top: top_px + f64::from(header_px), from: from_px, until: until_px };
            match &self.bodies[at] {
                Body::Fixed(rows) => self.visible_fixed(rows, body, &mut each),
                Body::Lanes(lanes) => self.visible_lanes(lanes, body, &mut each),
            }
        }
    }

    fn visible_fixed(&self, rows: &[Row], strip: Strip, each: &mut impl FnMut(Visible)) {
        let mut top_px = strip.top;
        for &row in rows {
            let height_px = self.row_px(row);
            if top_px + f64::from(height_px) > strip.from && top_px < strip.until {
                each(Visible { row, top_px, height_px });
            }
            top_px += f64::from(height_px);
        }
    }

    fn visible_lanes(
        &self,
        lanes: &std::ops::Range<usize>,
        strip: Strip,
        each: &mut impl FnMut(Visible),
    ) {
        let bottom = |lane: usize| strip.top + as_px(self.lanes_px(lanes.start, lane + 1));
        let (mut low, mut high) = (lanes.start, lanes.end);
        while low < high {
            let middle = low.midpoint(high);
            if bottom(middle) <= strip.from {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        for lane in low..lanes.end {
            let top_px = strip.top + as_px(self.lanes_px(lanes.start, lane));
            if top_px >= strip.until {
                break;
            }
            let height_px = u32::try_from(self.lanes_px(lane, lane + 1)).unwrap_or(u32::MAX);
            let row = self.lane_row(lane);
            each(Visible { row, top_px, height_px });
        }
    }

    fn lane_row(&self, lane: usize) -> Row {
        let anchor = self.anchors.get(lane);
        Row::Lane {
            goroutine: self.order[lane],
            cancel: anchor.map(|&(cancel, _)| cancel),
            zero: anchor.map_or(Time(0), |&(_, zero)| zero),
        }
    }

    /// Height of the lanes `from..to` of one section.
    fn lanes_px(&self, from: usize, to: usize) -> u64 {
        let lanes = (to - from) as u64 * u64::from(self.metrics.lane_px);
        let depth = match (self.depths.get(from), self.depths.get(to)) {
            (Some(&from), Some(&to)) => u64::from(to - from),
            _ => 0,
        };
        lanes + depth * u64::from(self.metrics.region_px)
    }

    fn row_px(&self, row: Row) -> u32 {
        match row {
            Row::HeapPlot | Row::GoroutinesPlot => self.metrics.plot_px,
            _ => self.metrics.lane_px,
        }
    }

    fn section_of_lane(&self, lane: usize) -> Option<usize> {
        // Special lanes come first and have no goroutines; the others follow one another.
        let after = self.bodies.partition_point(|body| match body {
            Body::Fixed(_) => true,
            Body::Lanes(lanes) => lanes.start <= lane,
        });
        after.checked_sub(1)
    }

    fn lay_out(&mut self) {
        let mut top = 0;
        self.tops.clear();
        for (at, (section, body)) in self.sections.iter().zip(&self.bodies).enumerate() {
            self.tops.push(top);
            top += u64::from(self.header_px(at));
            if !section.collapsed {
                top += match body {
                    Body::Fixed(rows) => rows.iter().map(|&row| u64::from(self.row_px(row))).sum(),
                    Body::Lanes(lanes) => self.lanes_px(lanes.start, lanes.end),
                };
            }
        }
        self.tops.push(top);
        self.edition = Edition::new();
    }
}

/// The part of the rows that a section's body is asked for, in pixels.
#[derive(Clone, Copy)]
struct Strip {
    /// Top of the body.
    top: f64,
    from: f64,
    until: f64,
}

/// Pixels as f64: exact, a list of rows is shorter than 2^53 px.
#[expect(clippy::cast_precision_loss, reason = "shorter than 2^53 px")]
fn as_px(px: u64) -> f64 {
    px as f64
}
