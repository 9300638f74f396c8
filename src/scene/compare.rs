//! Two documents side by side, each with its own clock, panned and zoomed as one.

use crate::base::{Interval, Time};

use super::viewport::Viewport;

/// Which moments of two traces are shown at the same place: both starts, the same cancel site,
/// the same task.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Link {
    /// The moment in the first trace.
    pub first: Time,
    /// The moment in the second.
    pub second: Time,
}

impl Link {
    /// The viewport over the first trace's clock whose bounds hold both traces.
    #[must_use]
    pub fn viewport(self, first: Interval, second: Interval, width_px: f64) -> Viewport {
        let shift = self.first.since(self.second);
        let start = first.start.min(second.start + shift);
        let end = first.end.max(second.end + shift);
        Viewport::new(Interval::new(start, end), width_px)
    }

    /// The second trace's viewport for one over the first trace's clock: draw it with this.
    #[must_use]
    pub fn second(self, viewport: &Viewport) -> Viewport {
        viewport.shifted(self.second.since(self.first))
    }

    /// A time of the second trace on the first one's clock.
    #[must_use]
    pub fn to_first(self, second: Time) -> Time {
        second + self.first.since(self.second)
    }

    /// The same link with the two traces swapped.
    #[must_use]
    pub fn swapped(self) -> Self {
        Self { first: self.second, second: self.first }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_share_a_place_and_bounds_hold_both() {
        let link = Link { first: Time(1_000), second: Time(50_000) };
        let (a, b) =
            (Interval::new(Time(900), Time(2_000)), Interval::new(Time(49_000), Time(50_500)));
        let viewport = link.viewport(a, b, 200.0);
        assert_eq!(viewport.bounds(), Interval::new(Time(0), Time(2_000)));
        let other = link.second(&viewport);
        let (x, y) = (viewport.x_from_time(link.first), other.x_from_time(link.second));
        assert!((x - y).abs() < 1e-9);
        assert_eq!(link.to_first(Time(50_100)), Time(1_100));
        assert_eq!(link.swapped().swapped(), link);
    }
}
