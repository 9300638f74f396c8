//! How much time some of a row of intervals take, and which is the longest, without looking at
//! each of them: there can be thousands within a pixel.

use crate::base::Interval;

use super::maxtree::MaxTree;

/// Intervals per block: more would be looked at one by one at either end of a stretch.
const BLOCK: usize = 16;

/// Sums and maxima of every [`BLOCK`] intervals. Costs a byte for each interval.
#[derive(Clone, Debug, Default)]
pub(super) struct Sums {
    /// The time of all intervals before each block, and of all.
    before_ns: Vec<i64>,
    /// The longest of each block.
    longest_ns: MaxTree,
}

/// What some intervals come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Busy {
    /// The time of all of them together.
    pub(super) ns: i64,
    /// The longest of them.
    pub(super) longest_ns: i64,
    /// Which that is, the first of several.
    pub(super) longest: usize,
}

impl Busy {
    fn add(&mut self, at: usize, ns: i64) {
        self.ns = self.ns.saturating_add(ns);
        if ns > self.longest_ns {
            (self.longest_ns, self.longest) = (ns, at);
        }
    }
}

impl Sums {
    /// Adds up `n` intervals; linear in their number.
    pub(super) fn new(n: usize, interval: impl Fn(usize) -> Interval) -> Self {
        let (mut all_ns, mut before_ns, mut longest_ns) = (0_i64, vec![0], Vec::new());
        for start in (0..n).step_by(BLOCK) {
            let block = (start..n.min(start + BLOCK)).map(|at| interval(at).ns());
            let (sum, longest) =
                block.fold((0_i64, 0), |(sum, most), ns| (sum.saturating_add(ns), ns.max(most)));
            all_ns = all_ns.saturating_add(sum);
            before_ns.push(all_ns);
            longest_ns.push(longest);
        }
        Self { before_ns, longest_ns: MaxTree::new(longest_ns) }
    }

    /// What `from..past` of the same intervals come to. Looks at no more than two blocks of them.
    pub(super) fn of(
        &self,
        from: usize,
        past: usize,
        interval: impl Fn(usize) -> Interval,
    ) -> Busy {
        let mut busy = Busy { longest: from, ..Busy::default() };
        let (first, last) = (from.div_ceil(BLOCK), past / BLOCK);
        let whole = self.before_ns.get(first).zip(self.before_ns.get(last));
        let Some((before, until)) = whole.filter(|_| first < last) else {
            (from..past).for_each(|at| busy.add(at, interval(at).ns()));
            return busy;
        };
        (from..first * BLOCK).for_each(|at| busy.add(at, interval(at).ns()));
        busy.ns = busy.ns.saturating_add(until - before);
        if let Some(block) = self.longest_ns.argmax(first, last)
            && self.longest_ns.get(block) > busy.longest_ns
        {
            let longest_ns = self.longest_ns.get(block);
            let mut within = block * BLOCK..(block + 1) * BLOCK;
            let longest = within.find(|&at| interval(at).ns() == longest_ns);
            (busy.longest_ns, busy.longest) = (longest_ns, longest.unwrap_or(from));
        }
        (last * BLOCK..past).for_each(|at| busy.add(at, interval(at).ns()));
        busy
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::base::Time;

    proptest! {
        #[test]
        fn agrees_with_looking_at_all(
            lengths in proptest::collection::vec(0_i64..50, 0..400),
            a in 0_usize..400, b in 0_usize..400,
        ) {
            let interval = |at: usize| Interval::new(Time(5), Time(5 + lengths[at]));
            let sums = Sums::new(lengths.len(), interval);
            let (from, past) = (a.min(b).min(lengths.len()), a.max(b).min(lengths.len()));
            let busy = sums.of(from, past, interval);
            let all = &lengths[from..past];
            prop_assert_eq!(busy.ns, all.iter().sum::<i64>());
            prop_assert_eq!(busy.longest_ns, all.iter().copied().max().unwrap_or(0));
            let first = all.iter().position(|&ns| ns == busy.longest_ns && ns > 0);
            prop_assert_eq!(busy.longest, first.map_or(from, |at| from + at));
        }
    }
}
