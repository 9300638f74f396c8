//! Collapsed groups seen closely: the few goroutines that live in the window, as thin lanes in
//! the header.
//!
//! A histogram has a few thousand bins for the whole trace. Zoomed in beyond that it would say
//! nothing, and in an open group of a million lanes the few that live in the window are
//! thousands of rows apart. So a header shows them itself, as long as they are few.

use crate::base::{Goroutine, Interval, Time};
use crate::model::Trace;

use super::bars::partition_point;
use super::fold::{Fold, blank, cell_log2};
use super::maxtree::MaxTree;
use super::records::{DensityRecord, SpanRecord};
use super::view::View;

/// The most goroutines in one header: they have 2 px each.
const MAX_LANES: usize = 11;

/// The most in all headers of a frame.
const MAX_PER_FRAME: usize = 44;

/// Rows of thin lanes come in these numbers, so that their heights seldom change in a pan.
const STEPS: [usize; 3] = [2, 5, MAX_LANES];

/// Spans closer than this are merged, in pixels.
const SPAN_PX: f32 = 3.0;

/// A histogram is replaced where its bins are wider than this, in pixels.
const BIN_PX: f64 = 12.0;

/// A group's goroutines by birth, those alive in a window found at once.
#[derive(Clone, Debug, Default)]
pub(super) struct Lives {
    births: Vec<(Time, Goroutine)>,
    ends: MaxTree,
}

impl Lives {
    /// Sorts a group by birth: goroutines are numbered nearly in that order, so a stable sort has
    /// little to do where they come in order.
    pub(super) fn new(trace: &Trace, group: &[Goroutine]) -> Self {
        let mut births: Vec<_> = group.iter().map(|&g| (trace.lifetime(g).start, g)).collect();
        births.sort();
        let ends = births.iter().map(|&(_, g)| trace.lifetime(g).end.ns()).collect();
        Self { births, ends: MaxTree::new(ends) }
    }

    /// From the first birth to the last end; none if there is nobody.
    pub(super) fn interval(&self) -> Option<Interval> {
        let last = self.ends.argmax(0, self.births.len())?;
        Some(Interval::new(self.births.first()?.0, Time(self.ends.get(last))))
    }

    /// Those alive at some time in `window`, in order of birth; none if they are more than
    /// `most`. Costs a search for each.
    fn alive<'a>(
        &self,
        window: Interval,
        most: usize,
        found: &'a mut [Goroutine],
    ) -> &'a [Goroutine] {
        let born = partition_point(self.births.len(), |at| self.births[at].0 < window.end);
        let (mut next, mut n) = (0, 0);
        while let Some(at) = self.ends.next_above(next, born, window.start.ns()) {
            if n == most || n == found.len() {
                return &[];
            }
            found[n] = self.births[at].1;
            n += 1;
            next = at + 1;
        }
        &found[..n]
    }
}

/// Whether thin lanes say more than a histogram with bins of `bin_ns`: in a small group, and
/// where the bins are wide.
pub(super) fn say_more(view: &View<'_>, lives: &Lives, bin_ns: Option<i64>) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "a width on screen")]
    let width_px = |ns: i64| ns as f64 / view.viewport.ns_per_px();
    lives.births.len() <= MAX_LANES || bin_ns.is_none_or(|ns| width_px(ns) > BIN_PX)
}

/// What the headers of a frame have used up, and memory to reuse.
#[derive(Clone, Debug, Default)]
pub(super) struct Minis {
    spans: Vec<SpanRecord>,
    used: usize,
}

impl Minis {
    /// Before the first header of a frame.
    pub(super) fn reset(&mut self) {
        self.used = 0;
    }

    /// Appends thin lanes for who is alive in the window, between `y0` and `y1`; says whether
    /// they were few enough.
    pub(super) fn fill(
        &mut self,
        view: &View<'_>,
        lives: &Lives,
        (row, y0, y1): (u32, f32, f32),
        out: &mut Vec<DensityRecord>,
    ) -> bool {
        let mut found = [Goroutine(0); MAX_LANES];
        let most = MAX_LANES.min(MAX_PER_FRAME - self.used);
        let alive = lives.alive(view.viewport.visible(), most, &mut found);
        let Some(&places) = STEPS.iter().find(|&&n| n >= alive.len()) else { return false };
        self.used += alive.len();
        #[expect(clippy::cast_precision_loss, reason = "at most eleven")]
        let height = (y1 - y0) / places as f32;
        let mut top = y0;
        for &goroutine in alive {
            self.lane(view, goroutine, blank(row, top, top + height * 0.8));
            out.extend(self.spans.iter().map(|span| DensityRecord {
                x0: span.x0,
                x1: span.x1,
                y0: span.y0,
                y1: span.y1,
                row,
                class: span.class,
            }));
            top += height;
        }
        !alive.is_empty()
    }

    fn lane(&mut self, view: &View<'_>, goroutine: Goroutine, row: SpanRecord) {
        let (trace, index) = (view.source.document.trace(), view.source.index);
        self.spans.clear();
        let fold = Fold {
            trace,
            classes: &index.classes,
            pyramid: index.levels.pyramids.get(&goroutine),
            viewport: view.viewport,
            zero: index.zero,
            cell_log2: cell_log2(&view.viewport, SPAN_PX),
            min_px: SPAN_PX,
            late: &[],
            selected: None,
            row,
        };
        fold.lane(goroutine, &trace.life(goroutine), trace.lifetime(goroutine), &mut self.spans);
    }
}
