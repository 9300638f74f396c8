//! The verdicts, on samples made by hand and on samples drawn by lot.

use super::super::stats::{Duration, Occasions, rank_test};
use super::*;
use crate::base::Time;

fn sample(values: impl IntoIterator<Item = i64>) -> Sample {
    let whole = |ms: i64| Duration { ns: ms * 1_000_000, cut_off: false };
    Sample::new(values.into_iter().map(whole).collect())
}

fn verdict(before: &Sample, after: &Sample) -> DiffGroup {
    verdict_of(before, after, true)
}

fn verdict_of(before: &Sample, after: &Sample, alike: bool) -> DiffGroup {
    let key = Key { kind: GroupKind::CancelSite, what: "k".into(), function: String::new() };
    let mut groups = [compare(&key, before, after, alike)];
    correct(&mut groups);
    let [group] = groups;
    group
}

fn whole(groups: &[DiffGroup]) -> Verdict {
    whole_of(groups, [Clock::Nanoseconds; 2])
}

fn whole_of(groups: &[DiffGroup], clocks: [Clock; 2]) -> Verdict {
    let one_sided = <[Vec<OneSided>; 2]>::default();
    overall(&Diff { groups: groups.to_vec(), one_sided, verdict: Verdict::Same, clocks })
}

#[test]
fn a_sample_against_itself_is_the_same_however_small() {
    for n in [1, 4, 5, 200] {
        let sample = sample(0..n);
        let group = verdict(&sample, &sample);
        assert_eq!(group.verdict, Verdict::Same, "{n}");
        let expected = (n >= 5).then_some(1.0);
        assert_eq!(group.q_value, expected, "where there is enough, the statistics say it");
    }
}

#[test]
fn too_few_on_a_side_tell_nothing() {
    let group = verdict(&sample([80, 80, 80, 80]), &sample([1; 50]));
    assert_eq!(group.verdict, Verdict::NotEnoughData);
    assert_eq!((group.p_value, group.q_value, group.ci95_ns), (None, None, None));
    assert_eq!(group.shift_ns, Some(-79_000_000));
    assert_eq!(verdict(&sample([]), &sample([1])).verdict, Verdict::OnlyAfter);
    assert_eq!(verdict(&sample([1]), &sample([])).verdict, Verdict::OnlyBefore);
}

#[test]
fn ticks_and_nanoseconds_are_not_compared() {
    let (before, after) = (sample(70..120), sample([1, 2, 1, 3, 1, 2, 1, 1, 2, 2]));
    let group = verdict_of(&before, &after, false);
    assert_eq!(group.verdict, Verdict::NotEnoughData);
    assert_eq!((group.shift_ns, group.ci95_ns, group.q_value), (None, None, None));
    assert_eq!(verdict_of(&before, &before, false).verdict, Verdict::NotEnoughData);
}

#[test]
fn a_clear_change_is_better_or_worse() {
    let (slow, fast) = (sample(70..120), sample([1, 2, 1, 3, 1, 2, 1, 1, 2, 2]));
    let group = verdict(&slow, &fast);
    assert_eq!((group.verdict, group.aspect), (Verdict::Better, Some(Aspect::Typical)));
    assert!(group.q_value.is_some_and(|q| q < 0.001));
    assert!(group.ci95_ns.is_some_and(|[low, high]| low < -80_000_000 && high < -70_000_000));
    assert_eq!(verdict(&fast, &slow).verdict, Verdict::Worse);
}

#[test]
fn a_change_that_is_too_small_to_matter_is_none() {
    let before = sample((0..200).map(|n| 1_000 + n % 10));
    let after = sample((0..200).map(|n| 1_020 + n % 10));
    let group = verdict(&before, &after);
    assert!(group.p_value.is_some_and(|p| p < 1e-6));
    assert_eq!(group.verdict, Verdict::Same);
    // Why, is told with it: a tenth of it would matter.
    let spared = group.spared.expect("it is no chance");
    assert!(spared.is_below && !spared.by_load, "{spared:?}");
    assert!((100_000_000..102_000_000).contains(&spared.margin_ns), "{spared:?}");
    // Of what is short, what the machine's load moves is more than a tenth.
    let of_few = |least: i64| sample((0..200).map(|n| least + n % 3));
    let spared = verdict(&of_few(5), &of_few(6)).spared.expect("it is no chance");
    assert!(spared.is_below && spared.by_load, "{spared:?}");
    assert_eq!((spared.margin_ns, spared.aspect), (1_000_000, Aspect::Typical));
    assert_eq!(verdict(&before, &before).spared, None, "by chance it needs no reason");
}

#[test]
fn a_small_change_that_may_not_matter_is_none() {
    // 340 ms became 360 ms, as between two runs on a busy machine: it is sure that it is longer,
    // but not that it is longer by a twentieth.
    let spread = |n: i64| (n * 37) % 100;
    let before = sample((0..60).map(|n| 290 + spread(n)));
    let after = sample((0..60).map(|n| 310 + spread(n)));
    let group = verdict(&before, &after);
    assert!(group.p_value.is_some_and(|p| p < 0.01), "{group:?}");
    assert!(group.ci95_ns.is_some_and(|[low, _]| low > 0), "{group:?}");
    assert_eq!(group.verdict, Verdict::Same);
    // What is sure to be more than that counts, and so does what is several times as much.
    let more = sample((0..60).map(|n| 345 + spread(n)));
    assert_eq!(verdict(&before, &more).verdict, Verdict::Worse);
    assert_eq!(verdict(&more, &before).verdict, Verdict::Better);
    let few = sample([1, 1, 2, 80, 81, 80, 82, 81]);
    assert_eq!(verdict(&sample([0, 1, 1, 0, 2, 1, 3, 1]), &few).verdict, Verdict::Worse);
}

#[test]
fn a_tail_alone_counts() {
    let before = sample((0..400).map(|n| if n % 16 == 0 { 300 } else { 10 + n % 3 }));
    let after = sample((0..400).map(|n| 10 + n % 3));
    let group = verdict(&before, &after);
    assert_eq!((group.verdict, group.aspect), (Verdict::Better, Some(Aspect::Slowest)));
    assert_eq!(verdict(&after, &before).verdict, Verdict::Worse);
}

#[test]
fn a_few_of_many_count_if_all_others_are_far_below() {
    let before = sample((0..300).map(|n| n % 3));
    let after = sample((0..300).map(|n| if n % 33 == 7 { 60 } else { n % 3 }));
    let group = verdict(&before, &after);
    assert_eq!((group.verdict, group.aspect), (Verdict::Worse, Some(Aspect::Slowest)));
    assert_eq!(verdict(&after, &before).verdict, Verdict::Better);
    // One or two are anybody's.
    let two = sample((0..300).map(|n| if n % 150 == 7 { 60 } else { n % 3 }));
    assert_eq!(verdict(&before, &two).verdict, Verdict::Same);
}

#[test]
fn many_rows_of_noise_stay_the_same() {
    let mut groups: Vec<DiffGroup> = (0_i64..100)
        .map(|row| {
            let noise = |n: i64| (n * 7_919 + row * 104_729) % 50;
            let key = Key { kind: GroupKind::Task, what: row.to_string(), function: String::new() };
            compare(&key, &sample((0..30).map(noise)), &sample((30..60).map(noise)), true)
        })
        .collect();
    correct(&mut groups);
    assert_eq!(whole(&groups), Verdict::Same);
}

/// `n` times a duration in microseconds, cut off or not.
fn times(n: usize, us: i64, cut_off: bool) -> Vec<Duration> {
    vec![Duration { ns: us * 1_000, cut_off }; n]
}

#[test]
fn what_was_cut_off_is_not_faster() {
    // 10 ms became 20 ms, but for 60 of 100 the trace ended after 5 ms.
    let before = Sample::new(times(100, 10_400, false));
    let after = Sample::new([times(40, 20_200, false), times(60, 5_200, true)].concat());
    let group = verdict(&before, &after);
    assert_eq!((group.verdict, group.shift_ns), (Verdict::Worse, Some(9_800_000)));
    let group = verdict(&after, &before);
    assert_eq!((group.verdict, group.shift_ns), (Verdict::Better, Some(-9_800_000)));
    // If none of the others came to an end, nothing can be told.
    let all_cut = Sample::new(times(100, 5_200, true));
    assert_eq!(verdict(&before, &all_cut).verdict, Verdict::Same);
    assert_eq!(verdict(&all_cut, &before).verdict, Verdict::Same);
}

#[test]
fn each_change_is_held_against_its_own_test() {
    // All took 0.12 ms longer, which is sure but does not matter; two took 8 ms, which matters
    // but may be chance.
    let before = Sample::new((0..150).map(|n| times(1, 200 + n % 7, false)[0]).collect());
    let slow = |n: i64| if n < 2 { 8_050 } else { 320 + n % 7 };
    let after = Sample::new((0..150).map(|n| times(1, slow(n), false)[0]).collect());
    assert!(rank_test(&before, &after).p < 1e-20);
    assert_eq!(verdict(&before, &after).verdict, Verdict::Same);
    assert_eq!(verdict(&after, &before).verdict, Verdict::Same);
    // Ten of them are no chance.
    let slow = |n: i64| if n < 10 { 8_050 } else { 320 + n % 7 };
    let after = Sample::new((0..150).map(|n| times(1, slow(n), false)[0]).collect());
    assert_eq!(verdict(&before, &after).verdict, Verdict::Worse);
    assert_eq!(verdict(&after, &before).verdict, Verdict::Better);
}

#[test]
fn that_far_more_or_far_fewer_are_stuck_counts() {
    let none = Sample::new(times(50, 10_000, false));
    let many = Sample::new([times(30, 10_000, false), times(20, 500_000, true)].concat());
    assert_eq!(verdict(&none, &many).verdict, Verdict::Worse);
    assert_eq!(verdict(&many, &none).verdict, Verdict::Better);
    let few = Sample::new([times(45, 10_000, false), times(5, 500_000, true)].concat());
    assert_eq!(verdict(&none, &few).verdict, Verdict::Same);
}

#[test]
fn a_lateness_where_nobody_was_before_is_worse_on_the_whole() {
    let mut groups = [verdict(&sample([]), &sample([100, 110, 140]))];
    assert_eq!(whole(&groups), Verdict::NotEnoughData);
    groups[0].late = [0, 1];
    groups[0].after.max_ns = LONG_NS - 1;
    assert_eq!(groups[0].verdict, Verdict::OnlyAfter);
    assert_eq!(whole(&groups), Verdict::NotEnoughData, "one, and by little");
    groups[0].after.max_ns = LONG_NS;
    assert_eq!(whole(&groups), Verdict::Worse);
    (groups[0].after.max_ns, groups[0].late) = (LONG_NS - 1, [0, 2]);
    assert_eq!(whole(&groups), Verdict::Worse);
    assert_eq!(
        whole_of(&groups, [Clock::Nanoseconds, Clock::Ticks]),
        Verdict::NotEnoughData,
        "ticks are not late"
    );
    let mut gone = [verdict(&sample([100, 110, 140]), &sample([]))];
    gone[0].late = [3, 0];
    assert_eq!(whole(&gone), Verdict::NotEnoughData);
}

/// Numbers by lot, the same on each run (`SplitMix64`).
struct Lots(u64);

impl Lots {
    /// At least 0, below 1.
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        f64::from(u32::try_from((x ^ (x >> 31)) >> 32).expect("32 bits")) / 4_294_967_296.0
    }

    /// A number from 0 to below `n`.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small")]
    fn below(&mut self, n: u32) -> usize {
        (self.next() * f64::from(n)) as usize
    }

    /// So many durations of a program that takes about `ms`, some of them far more; a share of
    /// them is cut off on the way.
    #[expect(clippy::cast_possible_truncation, reason = "a few seconds")]
    fn sample(&mut self, n: usize, ms: f64, cut: f64) -> Sample {
        let one = |lots: &mut Self| {
            let usual = -(1.0 - lots.next()).ln() * ms;
            let slow = if lots.next() < 0.03 { 10.0 } else { 1.0 };
            let cut_off = lots.next() < cut;
            let seen = if cut_off { lots.next() } else { 1.0 };
            Duration { ns: (usual * slow * seen * 1e6) as i64, cut_off }
        };
        Sample::new((0..n).map(|_| one(self)).collect())
    }
}

/// The rows of a comparison of a program with itself: 20 kinds of work, some with very few.
fn of_the_same(lots: &mut Lots) -> Vec<DiffGroup> {
    let mut groups: Vec<DiffGroup> = (0..20)
        .map(|row| {
            let n = [5 + lots.below(6), 5 + lots.below(40), 100 + lots.below(40)][row % 3];
            let more = lots.below(5);
            let cut = if row % 4 == 0 { 0.3 } else { 0.0 };
            let [before, after] = [n, n + more].map(|n| lots.sample(n, 50.0, cut));
            let kind = GroupKind::CancelSite;
            let key = Key { kind, what: row.to_string(), function: String::new() };
            compare(&key, &before, &after, true)
        })
        .collect();
    correct(&mut groups);
    groups
}

#[test]
fn a_program_is_seldom_worse_or_better_than_itself() {
    let mut lots = Lots(20_261_123);
    let (mut n_changed, mut n_tested, mut p_below) = (0, 0, 0);
    for _ in 0..200 {
        let groups = of_the_same(&mut lots);
        n_changed += usize::from(whole(&groups) != Verdict::Same);
        n_tested += groups.len();
        p_below += groups.iter().filter(|group| group.p_value.is_some_and(|p| p < 0.05)).count();
    }
    // One in twenty is what is promised, and three standard deviations are 9 of 200.
    assert!(n_changed <= 19, "{n_changed} of 200 comparisons");
    assert!(p_below * 100 <= n_tested * 6, "{p_below} of {n_tested} rows");
    // The promise would be kept by saying nothing at all.
    assert!(p_below * 100 >= n_tested, "{p_below} of {n_tested} rows");
}

#[test]
fn the_other_way_round_worse_is_better() {
    let mut lots = Lots(7);
    let mut seen = [0; 3];
    for at in 0..600 {
        let n = [5 + lots.below(20), 20 + lots.below(60), 110][at % 3];
        let (ms, cut) = ([20.0, 21.0, 30.0, 60.0][lots.below(4)], [0.0, 0.2, 0.6][lots.below(3)]);
        let before = lots.sample(n, 30.0, 0.1);
        let more = lots.below(9);
        let after = lots.sample(n + more, ms, cut);
        let (there, back) = (verdict(&before, &after), verdict(&after, &before));
        let mirrored = match there.verdict {
            Verdict::Worse => Verdict::Better,
            Verdict::Better => Verdict::Worse,
            other => other,
        };
        assert_eq!(back.verdict, mirrored, "{at}: {there:?}");
        // Rounding may differ by one.
        let sum = there.shift_ns.zip(back.shift_ns).map_or(0, |(there, back)| there + back);
        assert!(sum.abs() <= 1, "{at}: {there:?}");
        let ps = there.p_value.zip(back.p_value);
        assert!(ps.is_none_or(|(there, back)| (there - back).abs() < 1e-9), "{at}: {ps:?}");
        seen[there.verdict as usize] += 1;
    }
    assert!(seen.into_iter().all(|n| n > 20), "each verdict is seen: {seen:?}");
}

#[test]
fn few_that_are_slow_are_found_among_many() {
    // One in forty of them took 200 ms.
    let with_slow = |n: i64| sample((0..400).map(move |at| if at < n { 200 } else { 5 + at % 3 }));
    let (before, after) = (with_slow(10), with_slow(0));
    let group = verdict(&before, &after);
    assert_eq!((group.verdict, group.aspect), (Verdict::Better, Some(Aspect::Slowest)));
    assert_eq!(verdict(&after, &before).verdict, Verdict::Worse);
    assert_eq!(verdict(&with_slow(4), &with_slow(2)).verdict, Verdict::Same);
}

#[test]
fn of_few_it_is_worse_that_one_is_late_by_far_where_none_was() {
    let late = |ms: i64, late: [u32; 2]| {
        let group = verdict(&sample([1, 1, 1]), &sample([1, 1, ms]));
        assert_eq!(group.verdict, Verdict::NotEnoughData);
        DiffGroup { late, ..group }.is_newly_late()
    };
    assert!(late(60, [0, 1]));
    assert!(!late(40, [0, 1]), "another's turn in the next run");
    assert!(!late(60, [0, 0]), "it could not be helped");
    let cured = verdict(&sample([1, 1, 60]), &sample([1, 1, 1]));
    let cured = |late: [u32; 2]| DiffGroup { late, ..cured.clone() }.is_no_longer_late();
    assert!(cured([1, 0]) && !cured([0, 0]));
    // That one was late by a tenth of that, or is now, is next to nothing.
    assert!(cured([1, 1]));
    let more = verdict(&sample([1, 1, 12]), &sample([80, 90, 110]));
    assert!(!DiffGroup { late: [1, 3], ..more }.is_newly_late());
    let by_far = verdict(&sample([1, 1, 12]), &sample([80, 90, 120]));
    assert!(DiffGroup { late: [1, 3], ..by_far }.is_newly_late());
}

#[test]
fn one_of_few_that_is_late_by_far_is_told_however_many_it_takes_to_compare() {
    let late = |n: usize, late: [u32; 2]| {
        let after = sample((1..n).map(|_| 1).chain([400]));
        let group = verdict(&sample(vec![1; n]), &after);
        assert_eq!(group.verdict, Verdict::Same, "{n}");
        let late = DiffGroup { late, ..group };
        assert_eq!(late.is_newly_late(), late.is_change());
        late.is_newly_late()
    };
    assert!(late(5, [0, 1]) && late(9, [0, 1]));
    assert!(!late(10, [0, 1]), "of many one can be");
}

#[test]
fn where_no_cancel_is_seen_any_more_it_is_better_if_those_who_were_late_live_shorter() {
    let gone = |lived: Lived| {
        let group = verdict(&sample([220, 220, 220, 220]), &sample([]));
        assert_eq!(group.verdict, Verdict::OnlyBefore);
        DiffGroup { late: [4, 0], lived: [lived, Lived::Unknown], ..group }
    };
    assert_eq!(whole(&[gone(Lived::Longer)]), Verdict::Better);
    for lived in [Lived::Unknown, Lived::Alike] {
        assert_ne!(whole(&[gone(lived)]), Verdict::Better, "{lived:?}");
    }
}

/// So many durations of 1 ms to 2 ms around `ms`, on few occasions.
fn at_once(ms: i64) -> Sample {
    sample((0..12).map(|n| ms + n % 2)).on(Occasions { all: 1, slow: 1 })
}

#[test]
fn what_goes_on_at_once_has_to_change_by_far() {
    // Six workers of one shutdown, on an idle machine and on a busy one.
    for (before, after) in [(160, 230), (1, 40), (30, 75)] {
        let there = verdict(&at_once(before), &at_once(after));
        assert_eq!(there.verdict, Verdict::Same, "{before} ms, {after} ms: {there:?}");
        assert_eq!(verdict(&at_once(after), &at_once(before)).verdict, Verdict::Same);
    }
    assert_eq!(verdict(&at_once(1), &at_once(60)).verdict, Verdict::Worse);
    assert_eq!(verdict(&at_once(300), &at_once(120)).verdict, Verdict::Better);
    // One after the other, each of them counts.
    let one_by_one = |ms: i64| sample((0..12).map(|n| ms + n % 2));
    assert_eq!(verdict(&one_by_one(160), &one_by_one(230)).verdict, Verdict::Worse);
}

#[test]
fn slowest_ones_that_were_slow_at_once_are_one() {
    let with_slow = |slow: usize, ms: i64| {
        let all = sample((0..400).map(|at| if at < 30 { ms } else { 1 + at % 3 }));
        all.on(Occasions { all: 370 + slow, slow })
    };
    let calm = with_slow(20, 2);
    assert_eq!(verdict(&calm, &with_slow(1, 40)).verdict, Verdict::Same);
    assert_eq!(verdict(&calm, &with_slow(1, 90)).verdict, Verdict::Worse);
    assert_eq!(verdict(&calm, &with_slow(20, 40)).verdict, Verdict::Worse);
}

#[test]
fn as_long_but_cut_off_is_the_same() {
    // Nine terms of leadership, each ended by its deadline; the last one by the program's end. After,
    // somebody's own deadline is later than theirs, so that all of them count as cut short.
    let terms = [150, 150, 150, 150, 150, 150, 150, 150, 97];
    let before = sample(terms);
    let cut = terms.map(|ms| Duration { ns: ms * 1_000_000 + 100_000, cut_off: true });
    let after = Sample::new(cut.to_vec());
    assert_eq!(verdict(&before, &after).verdict, Verdict::Same);
    assert_eq!(verdict(&after, &before).verdict, Verdict::Same);
}

#[test]
fn who_is_late_on_one_side_only_and_lived_as_long_decides_nothing() {
    let late = |before: &[i64], after: &[i64]| {
        let of = |values: &[i64]| verdict(&sample(before.to_vec()), &sample(values.to_vec()));
        DiffGroup { late: [0, 2], lived: [Lived::Unknown, Lived::Alike], ..of(after) }
    };
    let unseen = late(&[], &[400, 410]);
    assert!(!unseen.is_newly_late(), "the cancel was not seen before");
    let longer = DiffGroup { lived: [Lived::Unknown, Lived::Longer], ..unseen };
    assert!(longer.is_newly_late());
    // At one site it was seen: they overstayed by less before.
    assert!(late(&[1, 1], &[400, 410]).is_newly_late());
    let all = DiffGroup { key: ALL_CANCELS.to_owned(), ..late(&[1, 1], &[400, 410]) };
    assert!(!all.is_newly_late(), "of all, others may have been seen");
}

#[test]
fn tasks_that_are_called_so_are_not_all_cancels() {
    let late = verdict(&sample([1, 1, 1]), &sample([1, 1, 60]));
    let called = |kind, late: &DiffGroup| DiffGroup {
        kind,
        key: ALL_CANCELS.to_owned(),
        late: [0, 1],
        ..late.clone()
    };
    let tasks = called(GroupKind::Task, &late);
    let calm = called(GroupKind::CancelSite, &verdict(&sample([1, 1, 1]), &sample([1, 1, 1])));
    let lateness = |groups: &[&DiffGroup]| {
        let groups = groups.iter().map(|&group| group.clone()).collect();
        let one_sided = <[Vec<OneSided>; 2]>::default();
        let clocks = [Clock::Nanoseconds; 2];
        Diff { groups, one_sided, verdict: Verdict::Same, clocks }.lateness()
    };
    assert_eq!(lateness(&[&called(GroupKind::CancelSite, &late)]), Ordering::Greater);
    assert_eq!(lateness(&[&tasks]), Ordering::Equal);
    assert_eq!(lateness(&[&tasks, &calm]), Ordering::Equal);
}

#[test]
fn what_something_else_cut_off_is_neither_alive_nor_stuck() {
    let cut_off = Sample::new(times(50, 120_000, true)).alive(vec![]);
    let whole = Sample::new(times(50, 350_000, false));
    for (before, after) in [(&cut_off, &whole), (&whole, &cut_off)] {
        let group = verdict(before, after);
        assert_eq!(group.verdict, Verdict::Same, "{group:?}");
        assert_eq!((group.before.alive, group.after.alive), (0, 0));
    }
}

#[test]
fn what_is_short_matters_if_many_are_several_times_as_long() {
    let task = |us: i64, n: i64| {
        let timed = (0..n).map(|at| {
            let start = at * 10_000_000;
            let ns = (us + at % 7) * 1_000;
            occasions::Timed::whole(Time(start), Time(start + ns))
        });
        occasions::sample(timed.collect())
    };
    let verdict = |before: &Sample, after: &Sample| {
        let key = Key { kind: GroupKind::Task, what: "k".into(), function: String::new() };
        let mut groups = [compare(&key, before, after, true)];
        correct(&mut groups);
        groups[0].verdict
    };
    assert_eq!(verdict(&task(400, 100), &task(1_200, 100)), Verdict::Worse);
    assert_eq!(verdict(&task(1_200, 100), &task(400, 100)), Verdict::Better);
    assert_eq!(verdict(&task(400, 100), &task(800, 100)), Verdict::Same, "load can do that");
    assert_eq!(verdict(&task(400, 10), &task(1_200, 10)), Verdict::Same, "too few");
    assert_eq!(verdict(&task(100, 100), &task(350, 100)), Verdict::Same, "too short");
}
