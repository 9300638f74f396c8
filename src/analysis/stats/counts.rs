//! Tests of how many there are of something, which hold for few as well.

use std::cmp::Ordering;

use super::Test;

/// Whether more of the second are late than of the first: so many of so many (Fisher's exact test, which
/// holds for few as well).
pub(crate) fn late_test(late: [u32; 2], n: [u32; 2]) -> Test {
    let late = [late[0].min(n[0]), late[1].min(n[1])];
    let [late, n] = [late, n].map(|both| both.map(f64::from));
    let (all, all_late) = (n[0] + n[1], late[0] + late[1]);
    let apart = late[1] * n[0] - late[0] * n[1];
    let way = apart.partial_cmp(&0.0).unwrap_or(Ordering::Equal);
    if n.contains(&0.0) || way == Ordering::Equal {
        return Test::NONE;
    }
    // From what was seen on to where all that are late are of the side with more.
    let more = usize::from(way == Ordering::Greater);
    let (of, others) = (n[more], n[1 - more]);
    let mut k = late[more];
    let ln_choose = |n: f64, k: f64| ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k);
    let (mut p, mut term) = (0.0, {
        let ways = ln_choose(of, k) + ln_choose(others, all_late - k);
        (ways - ln_choose(all, all_late)).exp()
    });
    while k <= all_late.min(of) && term > f64::MIN_POSITIVE {
        p += term;
        let left = all_late - k;
        term *= (of - k) * left / ((k + 1.0) * (others - left + 1.0));
        k += 1.0;
    }
    Test { way, p: (2.0 * p).min(1.0) }
}

/// Whether something came more often in the second than in the first by more than `times` as often, in each
/// of the measures of how much there was of either: its chance is the largest of all of them
/// (the conditional test of two rates, which is exact). `times` is above 1, so that what is seldom on one
/// side is not often there by chance as well.
///
/// A measure that is 0 on a side tells nothing and is left out.
pub(crate) fn rate_test(counts: [u32; 2], measures: &[[f64; 2]], times: f64) -> Test {
    let of_each = measures.iter().filter(|measure| !measure.contains(&0.0)).map(|measure| {
        let rate = [0, 1].map(|side| f64::from(counts[side]) / measure[side]);
        let way = rate[1].total_cmp(&rate[0]);
        let more = usize::from(way == Ordering::Greater);
        // The share of all that would be on this side if it had just so many times as much.
        let share = times * measure[more] / (times * measure[more] + measure[1 - more]);
        Test { way, p: at_least(counts[more], counts[0].saturating_add(counts[1]), share) }
    });
    let least_sure = |a: Test, b: Test| match (a.way == b.way, a.p < b.p) {
        (false, _) => Test::NONE,
        (true, true) => b,
        (true, false) => a,
    };
    of_each.reduce(least_sure).unwrap_or(Test::NONE)
}

/// How likely at least so many of all are on one side, if each is with the chance `share`; 1 where these are
/// no more than is to be expected.
fn at_least(many: u32, all: u32, share: f64) -> f64 {
    let (all, many) = (f64::from(all), f64::from(many));
    if many <= all * share {
        return 1.0;
    }
    let ln_ways = ln_factorial(all) - ln_factorial(many) - ln_factorial(all - many);
    let (mut k, mut p) = (many, 0.0);
    let mut term = (ln_ways + many * share.ln() + (all - many) * (1.0 - share).ln()).exp();
    while k <= all && term > f64::MIN_POSITIVE {
        p += term;
        term *= (all - k) * share / ((k + 1.0) * (1.0 - share));
        k += 1.0;
    }
    p.min(1.0)
}

/// The logarithm of a factorial (Stirling's series, exact enough from 0 on by shifting).
fn ln_factorial(n: f64) -> f64 {
    let (mut x, mut below) = (n + 1.0, 0.0);
    while x < 8.0 {
        below += x.ln();
        x += 1.0;
    }
    let series = 1.0 / (12.0 * x) - 1.0 / (360.0 * x.powi(3));
    (x - 0.5) * x.ln() - x + 0.5 * std::f64::consts::TAU.ln() + series - below
}
