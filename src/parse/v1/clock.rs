//! From ticks to nanoseconds.

use crate::base::Time;
use crate::parse::LIMIT_NS;

/// Counts from the trace's first event on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    first_ticks: i64,
    ns_per_tick: f64,
}

impl Clock {
    /// A clock that is at 0 at `first_ticks`. Without a frequency a tick is taken as 1 ns.
    pub(super) fn new(first_ticks: i64, ticks_per_second: Option<i64>) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "Go's reader computes in the same way")]
        let ns_per_tick = ticks_per_second.map_or(1.0, |frequency| 1e9 / frequency as f64);
        Self { first_ticks, ns_per_tick }
    }

    /// The time at `ticks`, rounded down towards the first event as Go's reader does.
    pub(super) fn time(&self, ticks: i64) -> Time {
        #[expect(clippy::cast_precision_loss, reason = "Go's reader computes in the same way")]
        let ns = ticks.wrapping_sub(self.first_ticks) as f64 * self.ns_per_tick;
        #[expect(clippy::cast_possible_truncation, reason = "it saturates, and is cut below")]
        let ns = ns as i64;
        Time(ns.clamp(-LIMIT_NS, LIMIT_NS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_scaled_once_and_cut() {
        let clock = Clock::new(1000, Some(3_100_000_000));
        assert_eq!([1000, 1007, 1015].map(|ticks| clock.time(ticks).ns()), [0, 2, 4]);
        assert_eq!(Clock::new(7, None).time(9), Time(2));
        assert_eq!(Clock::new(0, Some(1)).time(i64::MAX), Time(LIMIT_NS));
    }
}
