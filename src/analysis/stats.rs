//! Statistics of durations, some of which were cut off by the trace's end.
//!
//! Small and distribution-free: durations in traces are never normal. A duration that was cut
//! off counts as "more than this" wherever that can be told (Gehan's generalization of the
//! Mann–Whitney test; without such durations and ties it is that test).

mod counts;

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::base::nearest_rank;
pub(crate) use counts::{late_test, rate_test};

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

/// Durations of one kind, sorted: all of them, or a selection that stands for all.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Sample {
    kept: Vec<Duration>,
    /// How many there are, those that were not kept included.
    n: u64,
    /// The longest of all.
    longest: i64,
    /// On how many occasions they were.
    occasions: Occasions,
    /// How long those are that still went on when the trace ended, sorted: others are cut off by
    /// something else.
    alive: Vec<i64>,
}

/// On how many occasions durations were: what goes on at the same time shares the machine, and
/// often its cause, so that many of them tell no more than one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Occasions {
    /// How many were one after the other, at most.
    pub(crate) all: usize,
    /// The same of the slowest twentieth.
    pub(crate) slow: usize,
}

impl Sample {
    pub(crate) fn new(durations: Vec<Duration>) -> Self {
        let longest = durations.iter().map(|duration| duration.ns).max().unwrap_or(0);
        let n = durations.len() as u64;
        Self::of_some(durations, n, longest)
    }

    /// A selection of `n` durations, the longest of which is not always in it.
    pub(crate) fn of_some(mut kept: Vec<Duration>, n: u64, longest: i64) -> Self {
        kept.sort_unstable();
        let occasions = Occasions { all: kept.len(), slow: kept.len() };
        let alive = kept.iter().filter(|duration| duration.cut_off).map(|duration| duration.ns);
        let alive = alive.collect();
        Self { kept, n, longest, occasions, alive }
    }

    /// The same, on so many occasions; otherwise each is one of its own.
    pub(crate) fn on(self, occasions: Occasions) -> Self {
        Self { occasions, ..self }
    }

    /// The same, if of those that are cut off only these still went on when the trace ended.
    pub(crate) fn alive(self, mut alive: Vec<i64>) -> Self {
        alive.sort_unstable();
        Self { alive, ..self }
    }

    /// On how many occasions they were.
    pub(crate) fn occasions(&self) -> Occasions {
        self.occasions
    }

    /// How many still went on when the trace ended.
    pub(crate) fn n_alive(&self) -> usize {
        self.alive.len()
    }

    /// How many there are to compute with.
    pub(crate) fn len(&self) -> usize {
        self.kept.len()
    }

    /// How many the sample stands for.
    pub(crate) fn n(&self) -> u64 {
        self.n
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    pub(crate) fn n_cut_off(&self) -> usize {
        self.count(|duration| duration.cut_off)
    }

    /// The smallest that at least this share, in percent, is at most; 0 if there is none.
    pub(crate) fn quantile(&self, percent: usize) -> i64 {
        if percent >= 100 {
            return self.longest;
        }
        let rank = nearest_rank(self.kept.len(), percent);
        rank.and_then(|rank| self.kept.get(rank)).map_or(0, |duration| duration.ns)
    }

    /// Which share took at most how long, in so many steps or fewer.
    pub(crate) fn ecdf(&self, steps: usize) -> Vec<(i64, f64)> {
        let n = self.kept.len();
        let steps = n.min(steps);
        let (mut over, mut n_over) = (0, 0_u32);
        let step = |step: usize| {
            let end = (step + 1) * n / steps;
            let ended = self.kept[over..end].iter().filter(|duration| !duration.cut_off);
            n_over += u32::try_from(ended.count()).unwrap_or(u32::MAX);
            over = end;
            #[expect(clippy::cast_precision_loss, reason = "a share")]
            let share = f64::from(n_over) / n as f64;
            (self.kept[end - 1].ns, share)
        };
        (0..steps).map(step).collect()
    }

    fn count(&self, fits: impl Fn(&Duration) -> bool) -> usize {
        self.kept.iter().filter(|duration| fits(duration)).count()
    }

    /// All of both.
    fn with(&self, other: &Self) -> Self {
        Self::new(self.kept.iter().chain(&other.kept).copied().collect())
    }

    /// The same, if each had taken longer by a margin that depends on it.
    fn raised(&self, margin: impl Fn(i64) -> i64) -> Self {
        let raise = |&Duration { ns, cut_off }: &Duration| Duration {
            ns: ns.saturating_add(margin(ns)),
            cut_off,
        };
        Self::new(self.kept.iter().map(raise).collect())
    }

    /// At most [`MAX_PAIRED`] of them, evenly by rank.
    fn thinned(&self) -> Vec<Duration> {
        let n = self.kept.len();
        let kept = n.min(MAX_PAIRED);
        (0..kept).map(|at| self.kept[(2 * at + 1) * n / (2 * kept)]).collect()
    }
}

/// How a sample differs from another.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Shift {
    /// The shift after which [`rank_test`] finds no difference. Without durations that were cut
    /// off that is the median of all differences of pairs: the Hodges–Lehmann estimate. If they
    /// give it only one bound, it is the shift nearest to 0 within that.
    pub(crate) ns: i64,
    /// Where that lies with 95 % confidence; none if it has only one bound.
    pub(crate) ci95_ns: Option<[i64; 2]>,
}

/// The differences of pairs from two samples, by what they tell of a shift between these.
///
/// That `after` is the longer one of a pair can be told if that of `before` was not cut off,
/// and that it is the shorter one if it was not cut off itself.
struct Pairs<'a> {
    all: &'a [i64],
    /// Those that may tell that `after` is longer.
    longer: Cow<'a, [i64]>,
    /// Those that may tell that it is shorter.
    shorter: Cow<'a, [i64]>,
}

impl Pairs<'_> {
    /// How many more pairs say "longer" than say "shorter" if `before` is raised by a little
    /// more than `by`: the less, the larger `by` is.
    fn above(&self, by: i64) -> i64 {
        let longer = self.longer.len() - self.longer.partition_point(|&pair| pair <= by);
        difference(longer, self.shorter.partition_point(|&pair| pair <= by))
    }

    /// The same for a little less than `by`.
    fn below(&self, by: i64) -> i64 {
        let longer = self.longer.len() - self.longer.partition_point(|&pair| pair < by);
        difference(longer, self.shorter.partition_point(|&pair| pair < by))
    }

    /// The bounds between which fewer than `limit` pairs are in excess; none where there is no
    /// bound.
    fn bounds(&self, limit: i64) -> [Option<i64>; 2] {
        let first = self.all.partition_point(|&by| self.above(by) >= limit);
        let past = self.all.partition_point(|&by| self.below(by) > -limit);
        let low = (difference(self.longer.len(), 0) >= limit).then(|| self.all.get(first));
        let high = (difference(self.shorter.len(), 0) >= limit)
            .then(|| past.checked_sub(1).and_then(|last| self.all.get(last)));
        [low, high].map(|bound| bound.flatten().copied())
    }
}

fn difference(a: usize, b: usize) -> i64 {
    let whole = |n| i64::try_from(n).unwrap_or(i64::MAX);
    whole(a) - whole(b)
}

/// All differences of pairs for which something holds, sorted.
fn differences(
    before: &[Duration],
    after: &[Duration],
    counts: impl Fn(Duration, Duration) -> bool,
) -> Vec<i64> {
    let mut pairs = Vec::with_capacity(before.len() * after.len());
    for &after in after {
        let with = before.iter().filter(|&&before| counts(before, after));
        pairs.extend(with.map(|before| after.ns.saturating_sub(before.ns)));
    }
    pairs.sort_unstable();
    pairs
}

/// The middle one of some in order, 0 if there is none.
fn middle<'a>(sorted: impl Iterator<Item = &'a i64>) -> i64 {
    let sorted: Vec<i64> = sorted.copied().collect();
    let at = |row: usize| sorted.get(row).copied().unwrap_or(0);
    // Of an even number between both: then it is the same of all that are negated.
    at(sorted.len().saturating_sub(1) / 2).midpoint(at(sorted.len() / 2))
}

/// By how much `after` is longer than `before`; none if no pair tells.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "counts of pairs, at most 90,000"
)]
pub(crate) fn shift(before: &Sample, after: &Sample) -> Option<Shift> {
    let (x, y) = (before.thinned(), after.thinned());
    let all = differences(&x, &y, |_, _| true);
    let known = |side: &Sample, counts: fn(Duration, Duration) -> bool| {
        // Nearly always none is cut off, and all tell both.
        if side.n_cut_off() == 0 {
            Cow::Borrowed(all.as_slice())
        } else {
            Cow::Owned(differences(&x, &y, counts))
        }
    };
    let longer = known(before, |before, _| !before.cut_off);
    let shorter = known(after, |_, after| !after.cut_off);
    let pairs = Pairs { all: &all, longer, shorter };
    let ns = match pairs.bounds(1) {
        [None, None] => return None,
        [Some(low), Some(high)] => low.midpoint(high),
        [Some(low), None] => low.min(middle(pairs.longer.iter().filter(|&&by| by > 0))).max(0),
        [None, Some(high)] => high.max(middle(pairs.shorter.iter().filter(|&&by| by < 0))).min(0),
    };
    // The thinned samples stand for the whole ones: the interval narrows with the real sizes.
    let (real_x, real_y) = (before.len() as f64, after.len() as f64);
    let (thin_x, thin_y) = (x.len() as f64, y.len() as f64);
    let spread = (real_x * real_y * (real_x + real_y + 1.0) / 12.0).sqrt();
    let scale = (thin_x * thin_y) / (real_x * real_y);
    let from_middle = (Z_975 * spread * scale).ceil().min(all.len() as f64) as i64;
    let ci95_ns = match pairs.bounds((2 * from_middle).max(1)) {
        [Some(low), Some(high)] => Some([low.min(ns), high.max(ns)]),
        _ => None,
    };
    Some(Shift { ns, ci95_ns })
}

/// What a test says of two samples.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Test {
    /// How likely a difference as large is by chance alone, 0 to 1.
    pub(crate) p: f64,
    /// How the second compares with the first; equal if nothing tells.
    pub(crate) way: Ordering,
}

impl Test {
    /// Of a normal value: above 0 if the second is more.
    fn of(z: f64) -> Self {
        Self { p: two_sided(z), way: z.total_cmp(&0.0) }
    }

    /// Nothing is told.
    pub(crate) const NONE: Self = Self { p: 1.0, way: Ordering::Equal };
}

/// Whether one sample is longer in rank than another: Gehan's test, by its permutation variance.
#[expect(clippy::cast_precision_loss, reason = "a probability")]
pub(crate) fn rank_test(before: &Sample, after: &Sample) -> Test {
    let pooled = before.with(after);
    let n = pooled.len();
    if before.is_empty() || after.is_empty() || n < 3 {
        return Test::NONE;
    }
    let cut_off_before: Vec<usize> = running_cut_offs(&pooled);
    let score = |duration: Duration| {
        let shorter = shorter_in(&pooled, &cut_off_before, duration);
        let longer = if duration.cut_off { 0 } else { longer_in(&pooled, duration) };
        shorter as f64 - longer as f64
    };
    let w: f64 = after.kept.iter().map(|&duration| score(duration)).sum();
    let squares: f64 = pooled.kept.iter().map(|&duration| score(duration).powi(2)).sum();
    let (nx, ny, n) = (before.len() as f64, after.len() as f64, n as f64);
    let variance = nx * ny / (n * (n - 1.0)) * squares;
    if w == 0.0 || variance <= 0.0 {
        return Test::NONE;
    }
    Test::of(w / variance.sqrt())
}

/// How many of the first so many were cut off.
fn running_cut_offs(pooled: &Sample) -> Vec<usize> {
    let mut sum = 0;
    let mut sums = Vec::with_capacity(pooled.len() + 1);
    sums.push(0);
    for duration in &pooled.kept {
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
    let n = pooled.kept.partition_point(at_most);
    n - cut_offs[n]
}

/// How many are definitely longer than one that was not cut off.
fn longer_in(pooled: &Sample, than: Duration) -> usize {
    // At equal length, one that was cut off went on.
    pooled.len()
        - pooled.kept.partition_point(|other| *other <= Duration { cut_off: false, ..than })
}

/// What counts as slow when the slowest of two samples are compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Slow {
    /// Beyond this quantile of both together, in percent.
    Beyond(usize),
    /// Beyond all of the other one: a few that are far off are lost among all that is just below a
    /// quantile.
    BeyondAll,
}

/// Whether more of one sample are slow than of another, by more than the margin by which each
/// duration may grow and not matter.
///
/// What was cut off before that may have been fast or slow: it counts as what speaks against a
/// difference.
pub(crate) fn tail_test(
    before: &Sample,
    after: &Sample,
    slow: Slow,
    margin: impl Fn(i64) -> i64,
) -> Test {
    let more = |before: &Sample, after: &Sample| {
        let raised = before.raised(&margin);
        let limit = match slow {
            Slow::Beyond(percent) => raised.with(after).quantile(percent),
            Slow::BeyondAll => raised.quantile(100),
        };
        let may_be = raised.count(|duration| duration.cut_off || duration.ns > limit);
        let is = after.count(|duration| duration.ns > limit);
        of_shares([may_be, is], [before.len(), after.len()]).max(0.0)
    };
    let (longer, shorter) = (more(before, after), more(after, before));
    let z = longer - shorter;
    if z == 0.0 { Test::NONE } else { Test::of(z) }
}

/// Whether more of one sample than of another were still going on when the trace ended though
/// nearly all that came to an end had done so long before; and by how many in a hundred.
#[expect(clippy::cast_possible_wrap, reason = "numbers in memory")]
pub(crate) fn stuck_test(
    before: &Sample,
    after: &Sample,
    margin: impl Fn(i64) -> i64,
) -> (Test, i64) {
    let both = before.with(after);
    let ended = both.kept.iter().filter(|duration| !duration.cut_off).copied().collect();
    let usual = Sample::new(ended).quantile(95);
    let limit = usual.saturating_add(margin(usual));
    let stuck = [before, after]
        .map(|sample| sample.n_alive() - sample.alive.partition_point(|&ns| ns <= limit));
    let n = [before.len(), after.len()];
    let share = |side: usize| (stuck[side] * 100) as i64 / n[side].max(1) as i64;
    let z = of_shares(stuck, n);
    let test = if z == 0.0 { Test::NONE } else { Test::of(z) };
    (test, share(1) - share(0))
}

/// How far two shares lie apart, as a normal value: above 0 if the second is larger. Corrected
/// for continuity, so that few of few do not count for more than they are.
#[expect(clippy::cast_precision_loss, reason = "a probability")]
fn of_shares(counts: [usize; 2], n: [usize; 2]) -> f64 {
    let [kx, ky] = counts.map(|count| count as f64);
    let [nx, ny] = n.map(|n| n as f64);
    let share = (kx + ky) / (nx + ny);
    let variance = share * (1.0 - share) * (1.0 / nx + 1.0 / ny);
    let apart = ky / ny - kx / nx;
    let sure = apart.abs() - (1.0 / nx).midpoint(1.0 / ny);
    if nx < 1.0 || ny < 1.0 || variance <= 0.0 || sure <= 0.0 {
        return 0.0;
    }
    sure.copysign(apart) / variance.sqrt()
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
mod tests;
