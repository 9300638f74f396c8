//! The tests, held against R and against samples made by hand.

use std::cmp::Ordering::{Equal, Greater, Less};

use super::*;

fn sample(values: &[i64]) -> Sample {
    Sample::new(values.iter().map(|&ns| Duration { ns, cut_off: false }).collect())
}

fn near(a: f64, b: f64, by: f64) {
    assert!((a - b).abs() < by, "{a} is not near {b}");
}

#[test]
fn few_that_are_late_are_told_from_chance() {
    let of = |late, n| late_test(late, n);
    let fewer = of([5, 0], [6, 6]);
    assert!((fewer.p - 12.0 / 792.0).abs() < 1e-9 && fewer.way == Less, "{}", fewer.p);
    let more = of([0, 5], [6, 6]);
    assert!((more.p - fewer.p).abs() < 1e-12 && more.way == Greater, "{}", more.p);
    assert!(of([3, 0], [3, 3]).p > 0.05, "three of three can be chance");
    assert!(of([16, 0], [36, 40]).p < 1e-5);
    assert!(of([400_000, 300_000], [1_000_000, 1_000_000]).p < 1e-9);
    for (late, n) in [([4, 4], [4, 4]), ([0, 0], [9, 5]), ([3, 0], [3, 0])] {
        assert_eq!(of(late, n).way, Equal, "{late:?} {n:?}");
    }
}

#[test]
fn how_often_is_told_from_chance_by_each_measure() {
    let of = |counts, measures: &[[f64; 2]], times| rate_test(counts, measures, times);
    // R: pbinom(12, 13, 2/3, lower.tail=FALSE): p = 0.005138
    let fewer = of([13, 0], &[[1.0; 2]], 2.0);
    near(fewer.p, (2.0_f64 / 3.0).powi(13), 1e-7);
    assert_eq!(fewer.way, Less);
    assert_eq!(of([0, 13], &[[1.0; 2]], 2.0), Test { way: Greater, ..fewer });
    // R: pbinom(17, 20, 2/3, lower.tail=FALSE): p = 0.01759
    near(of([18, 2], &[[1.0; 2]], 2.0).p, 0.017_59, 1e-4);
    // The measure by which it is least sure decides, and one that contradicts it takes all back.
    let twice = [[1.0; 2], [2.0, 1.0]];
    near(of([13, 0], &twice, 2.0).p, 0.8_f64.powi(13), 1e-7);
    assert_eq!(of([9, 6], &twice, 2.0), Test { p: 1.0, way: Equal });
    assert_eq!(of([9, 6], &[[0.0, 1.0]], 2.0), Test { p: 1.0, way: Equal }, "nothing tells");
    assert!(of([4_000_000, 1_000_000], &[[1.0; 2]], 2.0).p < 1e-9);
    near(of([4_000_000, 3_000_000], &[[1.0; 2]], 2.0).p, 1.0, 1e-6);
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
    near(rank_test(&sample(&[1, 3, 5, 7, 9]), &sample(&[2, 4, 6, 8, 10])).p, 0.6015, 1e-3);
    // R: wilcox.test(1:5, 11:15, exact=FALSE, correct=FALSE): p = 0.009023
    let (short, long) = (sample(&[1, 2, 3, 4, 5]), sample(&[11, 12, 13, 14, 15]));
    near(rank_test(&short, &long).p, 0.009_023, 1e-5);
    assert_eq!([rank_test(&short, &long).way, rank_test(&long, &short).way], [Greater, Less]);
    let same = sample(&[4, 4, 4, 4, 4]);
    assert_eq!(rank_test(&same, &same), Test { p: 1.0, way: Equal });
}

#[test]
fn what_was_cut_off_counts_as_longer_where_that_is_certain() {
    let before = sample(&[1, 2, 3, 4, 5, 6]);
    let cut = |ns| Duration { ns, cut_off: true };
    let after = Sample::new(vec![cut(50); 6]);
    assert!(rank_test(&before, &after).p < 0.01);
    // Cut off at once, they say nothing.
    near(rank_test(&before, &Sample::new(vec![cut(0); 6])).p, 1.0, 1e-9);
    assert_eq!(shorter_in(&before, &running_cut_offs(&before), cut(3)), 3);
}

#[test]
fn the_shift_is_the_median_difference_with_an_interval_around_it() {
    let shift = |x: &[i64], y: &[i64]| shift(&sample(x), &sample(y));
    let moved = shift(&[1, 2, 3, 4, 5, 6, 7, 8], &[11, 12, 13, 14, 15, 16, 17, 18]).unwrap();
    assert_eq!(moved.ns, 10);
    // R: wilcox.test(11:18, 1:8, conf.int=TRUE, exact=FALSE): 7 to 13
    let [low, high] = moved.ci95_ns.unwrap();
    assert!((6..=8).contains(&low) && (12..=14).contains(&high), "{moved:?}");
    assert_eq!(shift(&[], &[1]), None);
    let many: Vec<i64> = (0..5_000).collect();
    let wide = shift(&many, &many).unwrap();
    assert_eq!(wide.ns, 0);
    assert!(wide.ci95_ns.is_some_and(|[low, high]| low > -100 && high < 100), "{wide:?}");
}

#[test]
fn a_shift_takes_what_was_cut_off_as_at_least_so_long() {
    let cut = |ns, n| vec![Duration { ns, cut_off: true }; n];
    let whole = |ns, n| vec![Duration { ns, cut_off: false }; n];
    let before = Sample::new(whole(10, 100));
    // 40 took 10 longer; of the others it is known only that they took at least 5.
    let after = Sample::new([whole(20, 40), cut(5, 60)].concat());
    assert_eq!(shift(&before, &after), Some(Shift { ns: 10, ci95_ns: Some([10, 10]) }));
    assert_eq!(shift(&after, &before), Some(Shift { ns: -10, ci95_ns: Some([-10, -10]) }));
    assert_eq!(rank_test(&before, &after).way, Greater);
    // There is no upper bound, and what is nearest to no change is said.
    let endless = Sample::new(cut(50, 9));
    assert_eq!(shift(&before, &endless), Some(Shift { ns: 40, ci95_ns: None }));
    assert_eq!(shift(&endless, &before), Some(Shift { ns: -40, ci95_ns: None }));
    assert_eq!(shift(&before, &Sample::new(cut(5, 9))), Some(Shift { ns: 0, ci95_ns: None }));
    assert_eq!(shift(&endless, &endless), None);
}

#[test]
fn tails_are_told_apart_though_the_middles_are_equal() {
    let before: Vec<i64> = (0..400).map(|n| if n % 20 == 0 { 1_000 } else { n % 7 }).collect();
    let after: Vec<i64> = (0..400).map(|n| n % 7).collect();
    let (before, after) = (sample(&before), sample(&after));
    let test = |before, after, margin| tail_test(before, after, Slow::Beyond(95), |_| margin);
    assert!(test(&before, &after, 10).p < 0.001);
    assert_eq!(test(&before, &after, 10).way, Less);
    assert_eq!(test(&after, &before, 10).way, Greater);
    assert_eq!(test(&after, &after, 0), Test { p: 1.0, way: Equal });
    assert_eq!(test(&before, &after, 2_000).way, Equal, "it does not matter");
}

#[test]
fn a_few_that_are_far_off_are_told_apart() {
    // Nine of 300, where the others are spread by less than what does not matter.
    let before: Vec<i64> = (0..300).map(|n| 100 + n).collect();
    let after: Vec<i64> = (0..300).map(|n| if n % 33 == 7 { 6_000 } else { 100 + n }).collect();
    let (before, after) = (sample(&before), sample(&after));
    let test = |before, after| tail_test(before, after, Slow::BeyondAll, |_| 2_000);
    assert_eq!(test(&before, &after).way, Greater);
    assert!(test(&before, &after).p < 0.01);
    assert_eq!(test(&after, &before).way, Less);
    assert_eq!(test(&after, &after), Test::NONE);
    assert!(tail_test(&before, &after, Slow::Beyond(98), |_| 2_000).p > 0.05);
}

#[test]
fn a_tail_that_was_cut_off_may_be_short_or_long() {
    let slow = |n: i64| if n % 10 == 0 { 900 } else { n % 7 };
    let before = sample(&(0..400).map(slow).collect::<Vec<_>>());
    // The slow ones were cut off before they could be slow.
    let cut = |n: i64| Duration { ns: slow(n).min(5), cut_off: n % 10 == 0 };
    let after = Sample::new((0..400).map(cut).collect());
    assert_eq!(tail_test(&before, &after, Slow::Beyond(95), |_| 0).way, Equal);
    assert_eq!(tail_test(&after, &before, Slow::Beyond(95), |_| 0).way, Equal);
}

#[test]
fn who_is_stuck_goes_on_when_nearly_all_have_long_ended() {
    let with = |n_stuck: usize, ns| {
        let stuck = |at| at < n_stuck;
        let of = |at| Duration { ns: if stuck(at) { ns } else { 10 }, cut_off: stuck(at) };
        Sample::new((0..50).map(of).collect())
    };
    let (none, many) = (with(0, 0), with(20, 500));
    let (test, percent) = stuck_test(&none, &many, |_| 1);
    assert!((test.way, percent) == (Greater, 40) && test.p < 1e-4, "{test:?}");
    let (test, percent) = stuck_test(&many, &none, |_| 1);
    assert!((test.way, percent) == (Less, -40) && test.p < 1e-4, "{test:?}");
    // The trace ended before they could end.
    assert_eq!(stuck_test(&none, &with(20, 9), |_| 1).0.way, Equal);
    assert_eq!(stuck_test(&none, &with(1, 500), |_| 1).0.way, Equal, "one of 50 is chance");
}

#[test]
fn many_comparisons_are_corrected_for() {
    let rates = false_discovery_rates(&[0.01, 0.04, 0.03, 0.5]);
    near(rates[0], 0.04, 1e-12);
    near(rates[2], 0.04 * 4.0 / 3.0, 1e-12);
    near(rates[1], 0.04 * 4.0 / 3.0, 1e-12);
    near(rates[3], 0.5, 1e-12);
}

#[test]
fn an_ecdf_rises_to_the_share_that_is_over() {
    let of = |ns: i64, cut_off: bool| Duration { ns, cut_off };
    let sample = Sample::new(vec![of(3, false), of(1, false), of(9, true), of(2, false)]);
    assert_eq!(sample.ecdf(8), [(1, 0.25), (2, 0.5), (3, 0.75), (9, 0.75)]);
    assert_eq!(sample.ecdf(2), [(2, 0.5), (9, 0.75)]);
    assert_eq!(Sample::default().ecdf(8), []);
}
