//! Quantiles by nearest rank: the only place that says which of some values is the p99.

/// The place of a quantile among `n` sorted values, from 0: that of the smallest value that at
/// least this percentage of all do not exceed; none if there are no values.
#[must_use]
pub fn nearest_rank(n: usize, percent: usize) -> Option<usize> {
    let last = n.checked_sub(1)?;
    Some((n * percent).div_ceil(100).saturating_sub(1).min(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_one_of_the_values() {
        assert_eq!(nearest_rank(0, 50), None);
        assert_eq!([0, 1, 50, 100].map(|percent| nearest_rank(1, percent)), [Some(0); 4]);
        assert_eq!(
            [50, 90, 99, 100].map(|percent| nearest_rank(2, percent)),
            [0, 1, 1, 1].map(Some)
        );
        assert_eq!(nearest_rank(100, 99), Some(98), "one of a hundred may be larger");
        assert_eq!(nearest_rank(101, 99), Some(99));
        assert_eq!(nearest_rank(200, 99), Some(197));
    }
}
