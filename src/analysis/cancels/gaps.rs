//! Stretches between two pieces of evidence, in which their canceller may have done something
//! else.

use crate::base::{Goroutine, Interval, Time};

/// A stretch between two pieces of one canceller.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gap {
    pub(crate) by: Goroutine,
    pub(crate) from: Time,
    pub(crate) until: Time,
    /// The number of the later piece.
    pub(crate) piece: usize,
}

/// Stretches, sorted by canceller and time; those of one canceller do not overlap.
#[derive(Debug)]
pub(crate) struct Gaps {
    rows: Vec<Gap>,
    moments: Moments,
}

impl Gaps {
    pub(crate) fn new(rows: Vec<Gap>) -> Self {
        debug_assert!(rows.is_sorted_by_key(|gap| (gap.by, gap.from)));
        let moments = Moments::new(&rows);
        Self { rows, moments }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// All of them.
    pub(crate) fn rows(&self) -> &[Gap] {
        &self.rows
    }

    /// Whether there may be a stretch of anybody's around a moment: costs next to nothing.
    #[inline]
    pub(crate) fn may_be_around(&self, at: Time) -> bool {
        self.moments.has(at)
    }

    /// The piece after the stretch in which a goroutine did something at some moment.
    pub(crate) fn around(&self, by: Goroutine, at: Time) -> Option<usize> {
        if !self.moments.has(at) {
            return None;
        }
        let next = self.rows.partition_point(|gap| (gap.by, gap.until) <= (by, at));
        let gap = self.rows.get(next).filter(|gap| gap.by == by && gap.from < at);
        gap.map(|gap| gap.piece)
    }
}

/// The moments that stretches lie around, roughly: a bit for each piece of time.
#[derive(Debug, Default)]
struct Moments {
    start: Time,
    /// Each bit stands for 2^`shift` nanoseconds.
    shift: u32,
    bits: Vec<u64>,
}

/// So many bits for each stretch, so that most are not set.
const BITS_EACH: usize = 64;
/// At most so many: 2 MB.
const MAX_BITS: usize = 1 << 24;

impl Moments {
    fn new(gaps: &[Gap]) -> Self {
        let starts = gaps.iter().map(|gap| gap.from);
        let ends = gaps.iter().map(|gap| gap.until);
        let Some(all) = starts.min().zip(ends.max()) else { return Self::default() };
        let all = Interval::new(all.0, all.1);
        let n_bits = (gaps.len() * BITS_EACH).next_power_of_two().min(MAX_BITS);
        let needed = i64::BITS - all.ns().leading_zeros();
        let shift = needed.saturating_sub(n_bits.trailing_zeros());
        let mut moments = Self { start: all.start, shift, bits: vec![0; n_bits / 64 + 1] };
        let mut times: Vec<(Time, Time)> = gaps.iter().map(|gap| (gap.from, gap.until)).collect();
        times.sort_unstable();
        // Each bit is set once, however many stretches overlap.
        let mut next = 0;
        for (from, until) in times {
            let end = moments.bit(until) + 1;
            for bit in next.max(moments.bit(from))..end {
                if let Some(word) = moments.bits.get_mut(bit / 64) {
                    *word |= 1 << (bit % 64);
                }
            }
            next = next.max(end);
        }
        moments
    }

    #[inline]
    fn bit(&self, at: Time) -> usize {
        // All ends of stretches are times of the trace, so that nothing here wraps far enough
        // to come back; what is before the start becomes a huge number.
        let since = at.ns().wrapping_sub(self.start.ns()).cast_unsigned() >> self.shift;
        usize::try_from(since).unwrap_or(usize::MAX)
    }

    #[inline]
    fn has(&self, at: Time) -> bool {
        let bit = self.bit(at);
        self.bits.get(bit / 64).is_some_and(|word| word >> (bit % 64) & 1 != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gap(by: u32, from: i64, until: i64, piece: usize) -> Gap {
        Gap { by: Goroutine(by), from: Time(from), until: Time(until), piece }
    }

    #[test]
    fn moments_between_two_pieces_are_found_and_those_at_them_are_not() {
        let gaps = Gaps::new(vec![gap(1, 10, 20, 1), gap(1, 30, 1_000_000, 2), gap(7, 15, 25, 9)]);
        let at = |by, at| gaps.around(Goroutine(by), Time(at));
        assert_eq!([at(1, 10), at(1, 11), at(1, 19), at(1, 20)], [None, Some(1), Some(1), None]);
        assert_eq!([at(1, 25), at(1, 500_000), at(1, 2_000_000)], [None, Some(2), None]);
        assert_eq!([at(7, 20), at(7, 25), at(3, 18), at(8, 18)], [Some(9), None, None, None]);
        assert_eq!([at(1, i64::MIN), at(1, i64::MAX)], [None, None]);
        assert!(Gaps::new(Vec::new()).around(Goroutine(0), Time(0)).is_none());
    }

    #[test]
    fn many_gaps_over_a_long_time_are_all_kept() {
        let rows: Vec<Gap> = (0..3_000)
            .map(|n| {
                gap(n % 7, i64::from(n) * 1_000_003, i64::from(n) * 1_000_003 + 700, n as usize)
            })
            .collect();
        let mut sorted = rows.clone();
        sorted.sort_by_key(|gap| (gap.by, gap.from));
        let gaps = Gaps::new(sorted);
        for gap in rows {
            assert_eq!(gaps.around(gap.by, gap.from + 350), Some(gap.piece));
            assert_eq!(gaps.around(gap.by, gap.from + 900), None);
        }
    }
}
