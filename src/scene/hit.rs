//! Point → what is under it, from the records that were painted.

use crate::base::{Time, narrow};

use super::frame::Scene;
use super::records::{CancelRecord, FuseKind};
use super::rows::Row;
use super::view::View;

/// How near a point must be to a line or a head, in pixels.
const NEAR_PX: f32 = 4.0;

/// Cancel lines closer to a neighbor than this can only be hit by their flags in the axis, or
/// nothing between them could be hit at all, in pixels.
const APART_PX: f32 = 12.0;

/// What is under a point. Record numbers are those of the scene's lists.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Hit {
    /// The axis.
    Axis {
        /// The time there, on the viewport's clock.
        at: Time,
    },
    /// A cancel's flag, or a crowd's.
    Flag {
        /// Number in [`Scene::flags`].
        record: u32,
    },
    /// A cancel's line.
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
    /// The head of an arrow.
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
    /// The header that stays in sight above its section's lanes: [`Scene::sticky`].
    Sticky,
}

impl Scene {
    /// What is under the point, the smallest thing first: an arrow's head, a fuse, a cancel's
    /// line, a bar, a span, then the row. `view` is the one that the scene was filled with.
    #[must_use]
    pub fn hit(&self, view: &View<'_>, x_px: f32, y_px: f32) -> Option<Hit> {
        if y_px < view.layout.axis_px {
            let flag = self.flag_at(x_px);
            let axis = || Hit::Axis { at: view.viewport.time_from_x(f64::from(x_px)) };
            return Some(flag.unwrap_or_else(axis));
        }
        if self.sticky.is_some_and(|row| row.y0 <= y_px && y_px < row.y1) {
            return Some(Hit::Sticky);
        }
        let number = self.rows.partition_point(|row| row.y1 <= y_px);
        let row = self.rows.get(number).filter(|row| row.y0 <= y_px)?;
        let number = u32::try_from(number).ok()?;
        let zero = match row.row {
            Row::Lane { zero, .. } => zero,
            _ => Time(0),
        };
        let at = view.viewport.shifted(zero.ns()).time_from_x(f64::from(x_px));
        self.arrow_at(x_px, y_px)
            .or_else(|| self.fuse_at(number, x_px, y_px))
            .or_else(|| self.cancel_at(x_px, APART_PX))
            .or_else(|| self.bar_at(number, x_px, y_px))
            .or_else(|| self.span_at(number, x_px, y_px, at))
            .or(Some(Hit::Row { record: number, at }))
    }

    /// The flag under a place in the axis, or the crowd's that reaches there.
    fn flag_at(&self, x: f32) -> Option<Hit> {
        let after = self.flags.partition_point(|flag| flag.x0 <= x);
        let candidates = [after.checked_sub(1), Some(after)].into_iter().flatten();
        let distance = |&at: &usize| {
            let flag = self.flags.get(at)?;
            let to_crowd = (flag.x0 - x).max(x - flag.x1).max(0.0);
            Some(to_crowd.min((flag.x - x).abs())).filter(|px| *px <= NEAR_PX)
        };
        let (at, _) = candidates
            .filter_map(|at| Some((at, distance(&at)?)))
            .min_by(|(_, a), (_, b)| a.total_cmp(b))?;
        Some(Hit::Flag { record: narrow(at) })
    }

    /// The nearest mark, if it is near and `apart_px` from the others.
    fn cancel_at(&self, x: f32, apart_px: f32) -> Option<Hit> {
        let after = self.cancels.partition_point(|mark| mark.x < x);
        let candidates = [after.checked_sub(1), Some(after)].into_iter().flatten();
        let distance = |&at: &usize| self.cancels.get(at).map(|mark| (mark.x - x).abs());
        let nearest = candidates.filter(|at| distance(at).is_some_and(|px| px <= NEAR_PX)).min_by(
            |a, b| distance(a).partial_cmp(&distance(b)).unwrap_or(std::cmp::Ordering::Equal),
        )?;
        let mark = self.cancels[nearest];
        let clear = |other: Option<&CancelRecord>| {
            other.is_none_or(|other| (other.x - mark.x).abs() >= apart_px)
        };
        let before = nearest.checked_sub(1).and_then(|at| self.cancels.get(at));
        let free = mark.selected || (clear(before) && clear(self.cancels.get(nearest + 1)));
        free.then_some(Hit::Cancel { record: narrow(nearest) })
    }

    fn arrow_at(&self, x: f32, y: f32) -> Option<Hit> {
        let near = |px: f32, other: f32| (px - other).abs() <= NEAR_PX;
        let at = self.arrows.iter().position(|arrow| near(arrow.x1, x) && near(arrow.y1, y))?;
        Some(Hit::Arrow { record: narrow(at) })
    }

    /// A late fuse before one within the budget, the shortest of several.
    fn fuse_at(&self, row: u32, x: f32, y: f32) -> Option<Hit> {
        let start = self.fuses.partition_point(|fuse| fuse.row < row);
        let fuses = self.fuses[start..].iter().take_while(|fuse| fuse.row == row);
        let (at, _) = fuses
            .enumerate()
            .filter(|(_, fuse)| (fuse.y - y).abs() <= NEAR_PX)
            .filter(|(_, fuse)| fuse.x0 - NEAR_PX <= x && x <= fuse.x1 + NEAR_PX)
            .min_by(|(_, a), (_, b)| {
                let key = |kind| kind != FuseKind::Late;
                let length = |fuse: &super::FuseRecord| fuse.x1 - fuse.x0;
                key(a.kind).cmp(&key(b.kind)).then(length(a).total_cmp(&length(b)))
            })?;
        Some(Hit::Fuse { record: narrow(start + at) })
    }

    fn bar_at(&self, row: u32, x: f32, y: f32) -> Option<Hit> {
        let start = self.bars.partition_point(|bar| bar.row < row);
        let mut bars = self.bars[start..].iter().take_while(|bar| bar.row == row);
        let at = bars.position(|bar| bar.x0 <= x && x < bar.x1 && bar.y0 <= y && y < bar.y1)?;
        Some(Hit::Bar { record: narrow(start + at) })
    }

    fn span_at(&self, row: u32, x: f32, y: f32, at: Time) -> Option<Hit> {
        let before =
            self.spans.partition_point(|span| span.row < row || (span.row == row && span.x1 <= x));
        let span = self.spans.get(before)?;
        let inside = span.row == row && span.x0 <= x && span.y0 <= y && y < span.y1;
        inside.then_some(Hit::Span { record: narrow(before), at })
    }
}
