//! The one place where nanoseconds become pixels and back.
//!
//! All of it is f64: an f32 cannot tell two nanoseconds apart after 16.8 ms. Only what is
//! already on the screen is handed on as f32.

use crate::base::{Interval, Time};

/// The deepest zoom: 10 ns across 100 px, finer than any clock a trace is written with.
pub const MIN_NS_PER_PX: f64 = 0.1;

/// How much wider than the whole the widest view is: 5 %, half of it on either side.
const FIT_MARGIN: f64 = 0.025;

/// Positions beyond the screen are cut this far outside it, in pixels, since a painter's f32
/// would lose the slope and the width of anything much farther away.
pub const OFFSCREEN_PX: f64 = 64.0;

/// Which stretch of time is on screen, and how wide the screen is.
///
/// The left edge is kept as f64 nanoseconds from an origin on the trace's clock, so that
/// sub-nanosecond panning at the deepest zoom does not stick.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Viewport {
    origin: Time,
    bounds_ns: (f64, f64),
    left_ns: f64,
    ns_per_px: f64,
    width_px: f64,
}

impl Viewport {
    /// A viewport over `bounds` (a trace's interval, or a stretch around zero in the cancel
    /// view) that shows all of it on `width_px`.
    #[must_use]
    pub fn new(bounds: Interval, width_px: f64) -> Self {
        let length_ns = as_f64(bounds.ns()).max(1.0);
        let mut viewport = Self {
            origin: bounds.start,
            bounds_ns: (0.0, length_ns),
            left_ns: 0.0,
            ns_per_px: 1.0,
            width_px: width_px.max(1.0),
        };
        viewport.fit();
        viewport
    }

    /// The same screen and zoom seen from another zero point: a time `t` of the shifted
    /// viewport is where `t - by_ns` is in this one. The cancel view shows each row through a
    /// viewport shifted by its cancel; a compared trace through one shifted by its anchor.
    #[must_use]
    pub fn shifted(&self, by_ns: i64) -> Self {
        Self { origin: self.origin + by_ns, ..*self }
    }

    /// Where a time is on the screen, in pixels from its left edge; may lie far outside.
    #[must_use]
    pub fn x_from_time(&self, time: Time) -> f64 {
        (as_f64(time.since(self.origin)) - self.left_ns) / self.ns_per_px
    }

    /// Where a time is on the screen, cut [`OFFSCREEN_PX`] outside it: what records hold.
    #[must_use]
    pub fn x_on_screen(&self, time: Time) -> f32 {
        let x = self.x_from_time(time).clamp(-OFFSCREEN_PX, self.width_px + OFFSCREEN_PX);
        #[expect(clippy::cast_possible_truncation, reason = "on screen, where f32 is enough")]
        let x = x as f32;
        x
    }

    /// The time at a position, rounded down to the nanosecond.
    #[must_use]
    pub fn time_from_x(&self, x_px: f64) -> Time {
        self.origin + to_i64((self.left_ns + x_px * self.ns_per_px).floor())
    }

    /// The zoom, in nanoseconds per pixel.
    #[must_use]
    pub fn ns_per_px(&self) -> f64 {
        self.ns_per_px
    }

    /// The screen's width in pixels.
    #[must_use]
    pub fn width_px(&self) -> f64 {
        self.width_px
    }

    /// The stretch on screen, rounded outwards to whole nanoseconds.
    #[must_use]
    pub fn visible(&self) -> Interval {
        let start = self.time_from_x(0.0);
        let end_ns = (self.left_ns + self.width_px * self.ns_per_px).ceil();
        Interval::new(start, self.origin + to_i64(end_ns))
    }

    /// What the viewport ranges over: the bounds it was made with.
    #[must_use]
    pub fn bounds(&self) -> Interval {
        Interval::new(self.origin, self.origin + to_i64(self.bounds_ns.1))
    }

    /// Takes a new width in pixels; the stretch on screen stays the same.
    pub fn set_width(&mut self, width_px: f64) {
        let width_px = width_px.max(1.0);
        if (width_px - self.width_px).abs() > f64::EPSILON {
            self.ns_per_px *= self.width_px / width_px;
            self.width_px = width_px;
            self.clamp();
        }
    }

    /// Moves the picture: positive `by_px` shows later times.
    pub fn pan(&mut self, by_px: f64) {
        self.left_ns += by_px * self.ns_per_px;
        self.clamp();
    }

    /// Zooms by `factor` (2 shows half as much) and keeps what is at `x_px` where it is.
    pub fn zoom_at(&mut self, x_px: f64, factor: f64) {
        if !(factor.is_finite() && factor > 0.0) {
            return;
        }
        let zoomed = (self.ns_per_px / factor).clamp(MIN_NS_PER_PX, self.widest());
        self.left_ns += x_px * (self.ns_per_px - zoomed);
        self.ns_per_px = zoomed;
        self.clamp();
    }

    /// Shows everything, with a small margin.
    pub fn fit(&mut self) {
        self.ns_per_px = self.widest();
        self.left_ns = self.bounds_ns.0 - FIT_MARGIN * self.length_ns();
        self.clamp();
    }

    /// Shows `interval` across the screen with `margin` of its length free on either side
    /// (0.1 is 10 %); as much of it as the zoom's limits allow, centered.
    pub fn show(&mut self, interval: Interval, margin: f64) {
        let length_ns = as_f64(interval.ns()).max(1.0) * (1.0 + 2.0 * margin.max(0.0));
        self.ns_per_px = (length_ns / self.width_px).clamp(MIN_NS_PER_PX, self.widest());
        let center = as_f64(interval.start.since(self.origin)) + as_f64(interval.ns()) / 2.0;
        self.left_ns = center - self.width_px * self.ns_per_px / 2.0;
        self.clamp();
    }

    /// Pans, without zooming, as little as brings `time` at least `margin_px` inside.
    pub fn reveal(&mut self, time: Time, margin_px: f64) {
        let x = self.x_from_time(time);
        let margin = margin_px.clamp(0.0, self.width_px / 2.0);
        if x < margin {
            self.pan(x - margin);
        } else if x > self.width_px - margin {
            self.pan(x - (self.width_px - margin));
        }
    }

    /// A viewport between `self` (`share` 0) and `target` (`share` 1), for animations: the zoom
    /// runs evenly in its logarithm and the edges arrive together.
    #[must_use]
    pub fn toward(&self, target: &Self, share: f64) -> Self {
        let share = share.clamp(0.0, 1.0);
        if share >= 1.0 {
            return *target;
        }
        let from_ns = as_f64(self.origin.since(target.origin)) + self.left_ns;
        let ratio = target.ns_per_px / self.ns_per_px;
        let zoom = self.ns_per_px * ratio.powf(share);
        // Along a zoom the left edge moves with the zoom, not with the clock, or the picture
        // would first fly off sideways.
        let travelled = if (ratio - 1.0).abs() < 1e-9 {
            share
        } else {
            (zoom - self.ns_per_px) / (target.ns_per_px - self.ns_per_px)
        };
        let left_ns = from_ns + (target.left_ns - from_ns) * travelled;
        Self { left_ns, ns_per_px: zoom, ..*target }
    }

    /// The widest zoom, in nanoseconds per pixel.
    fn widest(&self) -> f64 {
        (self.length_ns() * (1.0 + 2.0 * FIT_MARGIN) / self.width_px).max(MIN_NS_PER_PX)
    }

    fn length_ns(&self) -> f64 {
        self.bounds_ns.1 - self.bounds_ns.0
    }

    /// Keeps the zoom within its limits and at least the margin's share of the bounds in view.
    fn clamp(&mut self) {
        self.ns_per_px = self.ns_per_px.clamp(MIN_NS_PER_PX, self.widest());
        let shown = self.width_px * self.ns_per_px;
        let margin = (FIT_MARGIN * self.length_ns()).max(shown * FIT_MARGIN);
        let first = self.bounds_ns.0 - margin;
        let last = (self.bounds_ns.1 + margin - shown).max(first);
        self.left_ns = self.left_ns.clamp(first, last);
    }
}

/// Nanoseconds as f64: exact up to 2^53 ns, 104 days from the origin.
#[expect(clippy::cast_precision_loss, reason = "exact within 104 days of the origin")]
fn as_f64(ns: i64) -> f64 {
    ns as f64
}

/// Back to whole nanoseconds; the cast saturates.
#[expect(clippy::cast_possible_truncation, reason = "saturates, and the input is floored")]
fn to_i64(ns: f64) -> i64 {
    ns as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second() -> Interval {
        Interval::new(Time(5_000_000_000), Time(6_000_000_000))
    }

    #[test]
    fn fits_all_with_a_margin_and_maps_both_ways() {
        let viewport = Viewport::new(second(), 1050.0);
        assert!((viewport.x_from_time(Time(5_000_000_000)) - 25.0).abs() < 1e-6);
        assert!((viewport.x_from_time(Time(6_000_000_000)) - 1025.0).abs() < 1e-6);
        assert_eq!(viewport.time_from_x(525.0), Time(5_500_000_000));
    }

    #[test]
    fn zoom_keeps_the_point_and_stops_at_the_limits() {
        let mut viewport = Viewport::new(second(), 1000.0);
        let before = viewport.time_from_x(300.0);
        viewport.zoom_at(300.0, 1000.0);
        assert!(viewport.time_from_x(300.0).since(before).abs() <= 1);
        viewport.zoom_at(300.0, 1e12);
        assert!((viewport.ns_per_px() - MIN_NS_PER_PX).abs() < 1e-12);
        viewport.zoom_at(300.0, 1e-12);
        let all = Viewport::new(second(), 1000.0);
        assert!((viewport.ns_per_px() - all.ns_per_px()).abs() < 1e-3);
        viewport.zoom_at(0.0, f64::NAN);
        assert!(viewport.ns_per_px().is_finite());
    }

    #[test]
    fn panning_stops_at_the_margin() {
        let mut viewport = Viewport::new(second(), 1000.0);
        viewport.zoom_at(0.0, 10.0);
        viewport.pan(1e9);
        let end = viewport.x_from_time(Time(6_000_000_000));
        assert!((0.0..1000.0).contains(&end), "{end}");
        viewport.pan(-1e9);
        let start = viewport.x_from_time(Time(5_000_000_000));
        assert!((0.0..1000.0).contains(&start), "{start}");
    }

    #[test]
    fn a_shifted_viewport_draws_its_times_at_the_same_place() {
        let around_zero = Viewport::new(Interval::new(Time(-10), Time(90)), 100.0);
        let shifted = around_zero.shifted(1_000);
        let (x, y) = (around_zero.x_from_time(Time(40)), shifted.x_from_time(Time(1_040)));
        assert!((x - y).abs() < 1e-9);
    }

    #[test]
    fn animation_starts_here_and_ends_there() {
        let here = Viewport::new(second(), 1000.0);
        let mut there = here;
        there.show(Interval::new(Time(5_400_000_000), Time(5_401_000_000)), 0.1);
        let begin = here.toward(&there, 0.0);
        assert!((begin.ns_per_px() - here.ns_per_px()).abs() < 1e-9);
        assert_eq!(here.toward(&there, 1.0), there);
        let mut width = f64::MAX;
        for step in 0..=10 {
            let now = here.toward(&there, f64::from(step) / 10.0);
            assert!(now.ns_per_px() <= width);
            width = now.ns_per_px();
            let x = now.x_from_time(Time(5_400_500_000));
            assert!((0.0..=1000.0).contains(&x), "the target stays on screen: {x}");
        }
    }
}
