//! The largest of any stretch of numbers in logarithmic time.
//!
//! This is what keeps late exits on the screen: however many are merged into one pixel, the
//! worst of them is found without looking at the others.

/// Children per node.
const FAN: usize = 16;
/// Its logarithm.
const FAN_LOG2: usize = 4;

/// Numbers with the maxima of every 16, 256, … of them. Costs a fifteenth more than the numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct MaxTree {
    /// The numbers, then the maxima of 16 each of the level before, up to a level of one.
    levels: Vec<Vec<i64>>,
}

impl MaxTree {
    /// Builds the tree, linear in the numbers.
    pub(super) fn new(values: Vec<i64>) -> Self {
        let mut levels = vec![values];
        while let Some(last) = levels.last()
            && last.len() > 1
        {
            let next = last.chunks(FAN).filter_map(|block| block.iter().copied().max()).collect();
            levels.push(next);
        }
        Self { levels }
    }

    /// One number.
    pub(super) fn get(&self, at: usize) -> i64 {
        self.levels.first().and_then(|values| values.get(at)).copied().unwrap_or(i64::MIN)
    }

    /// How many numbers there are.
    pub(super) fn len(&self) -> usize {
        self.levels.first().map_or(0, Vec::len)
    }

    /// Where the largest of `start..end` is, the first of several; none if that is empty.
    pub(super) fn argmax(&self, start: usize, end: usize) -> Option<usize> {
        let end = end.min(self.len());
        let mut best: Option<(i64, usize, usize)> = None;
        let mut at = start;
        while at < end {
            let level = self.level_of(at, end);
            let node = at >> (FAN_LOG2 * level);
            let value = self.levels[level][node];
            if best.is_none_or(|(most, ..)| value > most) {
                best = Some((value, level, node));
            }
            at += 1 << (FAN_LOG2 * level);
        }
        let (value, level, node) = best?;
        Some(self.descend(level, node, |child| child == value))
    }

    /// The first of `start..end` that is above `limit`.
    pub(super) fn next_above(&self, start: usize, end: usize, limit: i64) -> Option<usize> {
        let end = end.min(self.len());
        let mut at = start;
        while at < end {
            let level = self.level_of(at, end);
            let node = at >> (FAN_LOG2 * level);
            if self.levels[level][node] > limit {
                return Some(self.descend(level, node, |child| child > limit));
            }
            at += 1 << (FAN_LOG2 * level);
        }
        None
    }

    /// The highest level at which a node begins at `at` and ends by `end`.
    fn level_of(&self, at: usize, end: usize) -> usize {
        let mut level = 0;
        while level + 1 < self.levels.len() {
            let size = 1 << (FAN_LOG2 * (level + 1));
            if !at.is_multiple_of(size) || at + size > end {
                break;
            }
            level += 1;
        }
        level
    }

    /// From a node down to the first number that `wanted` leads to.
    fn descend(&self, mut level: usize, mut node: usize, wanted: impl Fn(i64) -> bool) -> usize {
        while level > 0 {
            level -= 1;
            let first = node * FAN;
            let values = &self.levels[level];
            node = (first..values.len()).find(|&at| wanted(values[at])).unwrap_or(first);
        }
        node
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn agrees_with_looking_at_all(
            values in proptest::collection::vec(-20_i64..20, 0..700),
            a in 0_usize..700, b in 0_usize..700, limit in -21_i64..21,
        ) {
            let tree = MaxTree::new(values.clone());
            let (start, end) = (a.min(b).min(values.len()), a.max(b).min(values.len()));
            let slow = (start..end).rev().max_by_key(|&at| values[at]);
            prop_assert_eq!(tree.argmax(start, end), slow);
            let slow = (start..end).find(|&at| values[at] > limit);
            prop_assert_eq!(tree.next_above(start, end, limit), slow);
        }
    }
}
