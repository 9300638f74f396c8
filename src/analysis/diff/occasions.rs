//! On how many occasions something went on.

use super::super::stats::{Duration, Occasions, Sample};
use crate::base::{Interval, Time};

/// A duration, and when it was.
#[derive(Clone, Copy)]
pub(super) struct Timed {
    /// From when to when.
    pub(super) when: Interval,
    /// How long, and whether something cut it off.
    pub(super) duration: Duration,
    /// Whether it still went on when the trace ended.
    pub(super) is_alive: bool,
}

impl Timed {
    /// All of a stretch of time.
    pub(super) fn whole(start: Time, end: Time) -> Self {
        let duration = Duration { ns: end - start, cut_off: false };
        Self { when: Interval::new(start, end), duration, is_alive: false }
    }

    /// A stretch of time at the end of which the trace ended.
    pub(super) fn alive(start: Time, end: Time) -> Self {
        Self { is_alive: true, ..Self::whole(start, end).cut_off() }
    }

    /// The same, if nobody knows how long it would have been.
    pub(super) fn cut_off(mut self) -> Self {
        self.duration.cut_off = true;
        self
    }
}

/// Durations as a sample that knows on how many occasions they were.
pub(super) fn sample(mut timed: Vec<Timed>) -> Sample {
    let occasions = occasions(&mut timed);
    let alive = timed.iter().filter(|one| one.is_alive).map(|one| one.duration.ns).collect();
    let durations = timed.into_iter().map(|one| one.duration).collect();
    Sample::new(durations).on(occasions).alive(alive)
}

/// The slowest are one in so many.
const SLOW_ONE_IN: usize = 20;

/// On how many occasions some durations were. Puts them in order, the slowest last.
pub(super) fn occasions(timed: &mut [Timed]) -> Occasions {
    timed.sort_unstable_by_key(|one| (one.duration.ns, one.when.start));
    let one_by_one = |timed: &[Timed]| one_by_one(timed.iter().map(|one| one.when).collect());
    let slow = timed.len() - timed.len().div_ceil(SLOW_ONE_IN);
    Occasions { all: one_by_one(timed), slow: one_by_one(&timed[slow..]) }
}

/// How many of some intervals were one after the other, at most.
fn one_by_one(mut when: Vec<Interval>) -> usize {
    // Taking the one that ends first leaves most room for the others.
    when.sort_unstable_by_key(|interval| (interval.end, interval.start));
    let mut free_from: Option<Time> = None;
    let mut n = 0;
    for interval in when {
        if free_from.is_none_or(|from| interval.start >= from) {
            free_from = Some(interval.end);
            n += 1;
        }
    }
    n
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(intervals: &[(i64, i64)]) -> usize {
        let interval = |&(start, end)| Interval::new(Time(start), Time(end));
        one_by_one(intervals.iter().map(interval).collect())
    }

    #[test]
    fn what_goes_on_at_once_is_one_occasion() {
        assert_eq!(of(&[]), 0);
        assert_eq!(of(&[(0, 9), (1, 8), (2, 10)]), 1);
        assert_eq!(of(&[(20, 30), (0, 10), (10, 20)]), 3, "one after the other, in any order");
    }

    #[test]
    fn one_that_lasts_all_the_time_hides_no_others() {
        assert_eq!(of(&[(0, 100), (1, 10), (20, 30), (25, 35), (40, 50)]), 3);
    }

    #[test]
    fn the_slowest_have_occasions_of_their_own() {
        let timed = |start: i64, ns: i64| Timed::whole(Time(start), Time(start + ns));
        // One after the other, but for five that are slow at once.
        let mut timed: Vec<Timed> = (0..95)
            .map(|at| timed(at * 10, 10))
            .chain((0..5).map(|at| timed(2_000 + at, 500)))
            .collect();
        assert_eq!(occasions(&mut timed), Occasions { all: 96, slow: 1 });
    }
}
