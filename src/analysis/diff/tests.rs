//! The verdicts, on samples made by hand.

use super::super::stats::Duration;
use super::*;

fn sample(values: impl IntoIterator<Item = i64>) -> Sample {
    let whole = |ms: i64| Duration { ns: ms * 1_000_000, cut_off: false };
    Sample::new(values.into_iter().map(whole).collect())
}

fn verdict(before: &Sample, after: &Sample) -> DiffGroup {
    verdict_of(before, after, true)
}

fn verdict_of(before: &Sample, after: &Sample, alike: bool) -> DiffGroup {
    let key = Key { kind: GroupKind::CancelSite, what: "k".into(), function: String::new() };
    let mut groups = [compare(key, before, after, alike)];
    correct(&mut groups);
    let [group] = groups;
    group
}

#[test]
fn a_sample_against_itself_is_the_same_however_small() {
    for n in [1, 4, 5, 200] {
        let sample = sample(0..n);
        assert_eq!(verdict(&sample, &sample).verdict, Verdict::Same, "{n}");
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
    assert_eq!(group.verdict, Verdict::Better);
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
}

#[test]
fn a_tail_alone_counts() {
    let before = sample((0..400).map(|n| if n % 16 == 0 { 300 } else { 10 + n % 3 }));
    let after = sample((0..400).map(|n| 10 + n % 3));
    assert_eq!(verdict(&before, &after).verdict, Verdict::Better);
    assert_eq!(verdict(&after, &before).verdict, Verdict::Worse);
}

#[test]
fn many_rows_of_noise_stay_the_same() {
    let mut groups: Vec<DiffGroup> = (0_i64..100)
        .map(|row| {
            let noise = |n: i64| (n * 7_919 + row * 104_729) % 50;
            let key = Key { kind: GroupKind::Task, what: row.to_string(), function: String::new() };
            compare(key, &sample((0..30).map(noise)), &sample((30..60).map(noise)), true)
        })
        .collect();
    correct(&mut groups);
    assert_eq!(overall(&groups), Verdict::Same);
}
