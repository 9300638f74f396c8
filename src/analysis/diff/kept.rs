//! Durations of one place, of which there can be millions: how many, the longest, and a selection.

use super::super::stats::Sample;
use super::occasions::{Timed, occasions};
use crate::base::{Goroutine, Interval, Time};

/// How many durations to keep at most.
const MAX_KEPT: usize = 8_192;

/// Durations of one place. Beyond [`MAX_KEPT`] a selection is kept, as if by lot, since what
/// takes turns would be on one side of an even one. The lot is drawn by who and when: any order
/// and any number of threads keep the same.
#[derive(Default)]
pub(super) struct Kept {
    /// Each with its lot.
    some: Vec<(Interval, u8)>,
    /// Lots from this on are kept: each step leaves half of them.
    from_lot: u8,
    n: u64,
    longest: i64,
}

impl Kept {
    pub(super) fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// Adds a duration.
    pub(super) fn push(&mut self, of: Goroutine, start: Time, end: Time) {
        let ns = end - start;
        self.n += 1;
        self.longest = self.longest.max(ns);
        let lot = lot(of, start);
        if lot >= self.from_lot {
            self.some.push((Interval::new(start, end), lot));
            self.thin();
        }
    }

    /// Adds all that another has.
    pub(super) fn join(&mut self, other: Self) {
        self.n += other.n;
        self.longest = self.longest.max(other.longest);
        self.some.extend(other.some);
        if self.from_lot != other.from_lot {
            self.from_lot = self.from_lot.max(other.from_lot);
            self.drop_lots();
        }
        self.thin();
    }

    /// Them as a sample.
    pub(super) fn sample(self) -> Sample {
        let whole = |(when, _): (Interval, u8)| Timed::whole(when.start, when.end);
        let mut timed: Vec<Timed> = self.some.into_iter().map(whole).collect();
        let occasions = occasions(&mut timed);
        let durations = timed.into_iter().map(|one| one.duration).collect();
        Sample::of_some(durations, self.n, self.longest).on(occasions)
    }

    fn thin(&mut self) {
        while self.some.len() > MAX_KEPT {
            self.from_lot += 1;
            self.drop_lots();
        }
    }

    fn drop_lots(&mut self) {
        let from = self.from_lot;
        self.some.retain(|&(_, lot)| lot >= from);
    }
}

/// A number that is at least 1 for one in two, at least 2 for one in four, and so on, at most
/// 64: the zeros at the end of a well-mixed number (the mixer is that of `SplitMix64`).
fn lot(of: Goroutine, start: Time) -> u8 {
    let mut x = start.ns().cast_unsigned() ^ u64::from(of.0).rotate_left(40);
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^= x >> 31;
    u8::try_from(x.trailing_zeros()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Waits of two goroutines that take turns: a short one, a long one.
    fn waits(n: i64) -> impl Iterator<Item = (Goroutine, Time, Time)> {
        (0..n).map(|at| {
            let (start, ns) = (at * 1_000, if at % 2 == 0 { 10 } else { 500 });
            (Goroutine(u32::from(at % 4 > 1)), Time(start), Time(start + ns))
        })
    }

    fn kept(n: i64) -> Kept {
        let mut kept = Kept::default();
        waits(n).for_each(|(of, start, end)| kept.push(of, start, end));
        kept
    }

    #[test]
    fn few_are_all_kept() {
        let sample = kept(8_192).sample();
        assert_eq!((sample.len(), sample.n()), (8_192, 8_192));
        assert_eq!([50, 51, 100].map(|percent| sample.quantile(percent)), [10, 500, 500]);
    }

    #[test]
    fn of_many_the_number_and_the_longest_are_known_and_turns_are_kept_alike() {
        let mut all = kept(120_000);
        all.push(Goroutine(7), Time(-5), Time(9_995));
        let sample = all.sample();
        assert_eq!((sample.n(), sample.quantile(100)), (120_001, 10_000));
        assert!((4_000..=8_192).contains(&sample.len()), "{}", sample.len());
        assert_eq!([45, 55].map(|percent| sample.quantile(percent)), [10, 500]);
    }

    #[test]
    fn any_order_keeps_the_same() {
        let mut parts: Vec<Kept> = (0..3).map(|_| Kept::default()).collect();
        for (at, (of, start, end)) in waits(50_000).enumerate() {
            // One of them has but a few.
            parts[if at % 100 == 0 { 0 } else { 1 + at / 30_000 }].push(of, start, end);
        }
        let mut joined = Kept::default();
        parts.into_iter().rev().for_each(|part| joined.join(part));
        assert_eq!(joined.sample(), kept(50_000).sample());
    }
}
