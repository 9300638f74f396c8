//! Statistics of durations, some of which were cut off by the trace's end.
//!
//! Small and distribution-free: durations in traces are never normal. A duration that was cut
//! off counts as "more than this" wherever that can be told (Gehan's generalization of the
//! Mann–Whitney test; without such durations and ties it is that test).

/// A duration in nanoseconds, and whether the trace ended before it did.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Duration {
    pub(crate) ns: i64,
    pub(crate) cut_off: bool,
}

/// How many of each side enter the pairwise differences: more cost time and tell nothing new.
const MAX_PAIRED: usize = 300;

/// The normal quantile that leaves 2.5 % on each side.
const Z_975: f64 = 1.959_963_984_540_054;

/// Durations of one kind, sorted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Sample(Vec<Duration>);

impl Sample {
    pub(crate) fn new(mut durations: Vec<Duration>) -> Self {
        durations.sort_unstable();
        Self(durations)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn n_cut_off(&self) -> usize {
        self.0.iter().filter(|duration| duration.cut_off).count()
    }

    /// The smallest that at least this share, in percent, is at most; 0 if there is none.
    pub(crate) fn quantile(&self, percent: usize) -> i64 {
        let rank = (self.0.len() * percent).div_ceil(100).saturating_sub(1);
        self.0.get(rank).map_or(0, |duration| duration.ns)
    }

    /// At most [`MAX_PAIRED`] of them, evenly by rank.
    fn thinned(&self) -> Vec<i64> {
        let n = self.0.len();
        let kept = n.min(MAX_PAIRED);
        (0..kept).map(|at| self.0[(2 * at + 1) * n / (2 * kept)].ns).collect()
    }
}

/// How a sample differs from another.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Shift {
    /// The median of all differences of pairs: the Hodges–Lehmann estimate.
    pub(crate) ns: i64,
    /// Where that lies with 95 % confidence, by the ranks of the same differences.
    pub(crate) ci95_ns: [i64; 2],
}

/// By how much `after` is longer than `before`; none if either is empty.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of pairs, at most 90,000"
)]
pub(crate) fn shift(before: &Sample, after: &Sample) -> Option<Shift> {
    let (x, y) = (before.thinned(), after.thinned());
    let mut differences: Vec<i64> =
        y.iter().flat_map(|y| x.iter().map(move |x| y.saturating_sub(*x))).collect();
    differences.sort_unstable();
    let n = differences.len();
    let middle = n.checked_sub(1)? / 2;
    // The thinned samples stand for the whole ones: the interval narrows with the real sizes.
    let (real_x, real_y) = (before.len() as f64, after.len() as f64);
    let (thin_x, thin_y) = (x.len() as f64, y.len() as f64);
    let spread = (real_x * real_y * (real_x + real_y + 1.0) / 12.0).sqrt();
    let scale = (thin_x * thin_y) / (real_x * real_y);
    let from_middle = (Z_975 * spread * scale).ceil().min(n as f64) as usize;
    let low = (n / 2).saturating_sub(from_middle);
    let high = (n.div_ceil(2) + from_middle).min(n) - 1;
    let ns = differences[middle].midpoint(differences[n / 2]);
    Some(Shift { ns, ci95_ns: [differences[low].min(ns), differences[high].max(ns)] })
}

/// How likely a difference in rank as large is by chance alone, 0 to 1: Gehan's test, by its
/// permutation variance.
#[expect(clippy::cast_precision_loss, reason = "a probability")]
pub(crate) fn rank_test(before: &Sample, after: &Sample) -> f64 {
    let pooled = Sample::new(before.0.iter().chain(&after.0).copied().collect());
    let n = pooled.len();
    if before.is_empty() || after.is_empty() || n < 3 {
        return 1.0;
    }
    let cut_off_before: Vec<usize> = running_cut_offs(&pooled);
    let score = |duration: Duration| {
        let shorter = shorter_in(&pooled, &cut_off_before, duration);
        let longer = if duration.cut_off { 0 } else { longer_in(&pooled, duration) };
        shorter as f64 - longer as f64
    };
    let w: f64 = after.0.iter().map(|&duration| score(duration)).sum();
    let squares: f64 = pooled.0.iter().map(|&duration| score(duration).powi(2)).sum();
    let (nx, ny, n) = (before.len() as f64, after.len() as f64, n as f64);
    let variance = nx * ny / (n * (n - 1.0)) * squares;
    if variance <= 0.0 {
        return 1.0;
    }
    two_sided(w / variance.sqrt())
}

/// How many of the first so many were cut off.
fn running_cut_offs(pooled: &Sample) -> Vec<usize> {
    let mut sum = 0;
    let mut sums = Vec::with_capacity(pooled.len() + 1);
    sums.push(0);
    for duration in &pooled.0 {
        sum += usize::from(duration.cut_off);
        sums.push(sum);
    }
    sums
}

/// How many are definitely shorter than one: those that were cut off may be of any length above.
fn shorter_in(pooled: &Sample, cut_offs: &[usize], than: Duration) -> usize {
    let at_most = |duration: &Duration| {
        duration.ns < than.ns || duration.ns == than.ns && than.cut_off && !duration.cut_off
    };
    let n = pooled.0.partition_point(at_most);
    n - cut_offs[n]
}

/// How many are definitely longer than one that was not cut off.
fn longer_in(pooled: &Sample, than: Duration) -> usize {
    // At equal length, one that was cut off went on.
    pooled.len() - pooled.0.partition_point(|other| *other <= Duration { cut_off: false, ..than })
}

/// How likely a difference as large in the share of slow ones is by chance alone, 0 to 1; slow
/// is what is beyond the p95 of both samples together.
#[expect(clippy::cast_precision_loss, reason = "a probability")]
pub(crate) fn tail_test(before: &Sample, after: &Sample) -> f64 {
    let pooled = Sample::new(before.0.iter().chain(&after.0).copied().collect());
    let limit = pooled.quantile(95);
    let slow =
        |sample: &Sample| sample.0.iter().filter(|duration| duration.ns > limit).count() as f64;
    let (nx, ny) = (before.len() as f64, after.len() as f64);
    let share = (slow(before) + slow(after)) / (nx + ny);
    let variance = share * (1.0 - share) * (1.0 / nx + 1.0 / ny);
    if nx < 1.0 || ny < 1.0 || variance <= 0.0 {
        return 1.0;
    }
    two_sided((slow(after) / ny - slow(before) / nx) / variance.sqrt())
}

/// The chance of a standard normal value at least as far from 0.
fn two_sided(z: f64) -> f64 {
    erfc(z.abs() / std::f64::consts::SQRT_2).clamp(0.0, 1.0)
}

/// The complementary error function, to 1.2e-7 of its value (Numerical Recipes' Chebyshev fit).
fn erfc(x: f64) -> f64 {
    const COEFFICIENTS: [f64; 10] = [
        0.170_872_77,
        -0.822_152_23,
        1.488_515_87,
        -1.135_203_98,
        0.278_868_07,
        -0.186_288_06,
        0.096_784_18,
        0.374_091_96,
        1.000_023_68,
        -1.265_512_23,
    ];
    let t = 1.0 / (1.0 + 0.5 * x.abs());
    let series = COEFFICIENTS.iter().fold(0.0, |sum, coefficient| sum * t + coefficient);
    let value = t * (series - x * x).exp();
    if x >= 0.0 { value } else { 2.0 - value }
}

/// Benjamini and Hochberg's correction: the false discovery rate at which each would count,
/// in the order given.
#[expect(clippy::cast_precision_loss, reason = "a probability")]
pub(crate) fn false_discovery_rates(p_values: &[f64]) -> Vec<f64> {
    let n = p_values.len();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&a, &b| p_values[b].total_cmp(&p_values[a]));
    let mut rates = vec![1.0; n];
    let mut smallest = 1.0_f64;
    for (from_largest, &at) in order.iter().enumerate() {
        let rank = (n - from_largest) as f64;
        smallest = smallest.min(p_values[at] * n as f64 / rank);
        rates[at] = smallest;
    }
    rates
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(values: &[i64]) -> Sample {
        Sample::new(values.iter().map(|&ns| Duration { ns, cut_off: false }).collect())
    }

    fn near(a: f64, b: f64, by: f64) {
        assert!((a - b).abs() < by, "{a} is not near {b}");
    }

    #[test]
    fn quantiles_are_of_the_sample() {
        let hundred = sample(&(1..=100).rev().collect::<Vec<_>>());
        assert_eq!([50, 90, 99, 100].map(|percent| hundred.quantile(percent)), [50, 90, 99, 100]);
        assert_eq!(sample(&[]).quantile(50), 0);
    }

    #[test]
    fn the_normal_tail_is_as_in_the_tables() {
        near(two_sided(0.0), 1.0, 1e-6);
        near(two_sided(1.959_964), 0.05, 1e-6);
        near(two_sided(-2.575_829), 0.01, 1e-6);
        near(two_sided(3.290_527), 0.001, 1e-7);
    }

    #[test]
    fn the_rank_test_is_mann_and_whitneys_without_cut_offs() {
        // R: wilcox.test(c(1,3,5,7,9), c(2,4,6,8,10), exact=FALSE, correct=FALSE): p = 0.6015
        near(rank_test(&sample(&[1, 3, 5, 7, 9]), &sample(&[2, 4, 6, 8, 10])), 0.6015, 1e-3);
        // R: wilcox.test(1:5, 11:15, exact=FALSE, correct=FALSE): p = 0.009023
        near(rank_test(&sample(&[1, 2, 3, 4, 5]), &sample(&[11, 12, 13, 14, 15])), 0.009_023, 1e-5);
        let same = sample(&[4, 4, 4, 4, 4]);
        near(rank_test(&same, &same), 1.0, 1e-9);
    }

    #[test]
    fn what_was_cut_off_counts_as_longer_where_that_is_certain() {
        let before = sample(&[1, 2, 3, 4, 5, 6]);
        let cut = |ns| Duration { ns, cut_off: true };
        let after = Sample::new(vec![cut(50); 6]);
        assert!(rank_test(&before, &after) < 0.01);
        // Cut off at once, they say nothing.
        near(rank_test(&before, &Sample::new(vec![cut(0); 6])), 1.0, 1e-9);
        assert_eq!(shorter_in(&before, &running_cut_offs(&before), cut(3)), 3);
    }

    #[test]
    fn the_shift_is_the_median_difference_with_an_interval_around_it() {
        let shift = |x: &[i64], y: &[i64]| shift(&sample(x), &sample(y));
        let moved = shift(&[1, 2, 3, 4, 5, 6, 7, 8], &[11, 12, 13, 14, 15, 16, 17, 18]).unwrap();
        assert_eq!(moved.ns, 10);
        // R: wilcox.test(11:18, 1:8, conf.int=TRUE, exact=FALSE): 7 to 13
        assert!((6..=8).contains(&moved.ci95_ns[0]), "{moved:?}");
        assert!((12..=14).contains(&moved.ci95_ns[1]), "{moved:?}");
        assert_eq!(shift(&[], &[1]), None);
        let many: Vec<i64> = (0..5_000).collect();
        let wide = shift(&many, &many).unwrap();
        assert_eq!(wide.ns, 0);
        assert!(wide.ci95_ns[0] > -100 && wide.ci95_ns[1] < 100, "{wide:?}");
    }

    #[test]
    fn tails_are_told_apart_though_the_middles_are_equal() {
        let before: Vec<i64> = (0..400).map(|n| if n % 20 == 0 { 1_000 } else { n % 7 }).collect();
        let after: Vec<i64> = (0..400).map(|n| n % 7).collect();
        assert!(tail_test(&sample(&before), &sample(&after)) < 0.001);
        near(tail_test(&sample(&after), &sample(&after)), 1.0, 1e-9);
    }

    #[test]
    fn many_comparisons_are_corrected_for() {
        let rates = false_discovery_rates(&[0.01, 0.04, 0.03, 0.5]);
        near(rates[0], 0.04, 1e-12);
        near(rates[2], 0.04 * 4.0 / 3.0, 1e-12);
        near(rates[1], 0.04 * 4.0 / 3.0, 1e-12);
        near(rates[3], 0.5, 1e-12);
    }
}
