//! How often the GC ran. A program that has less garbage has fewer cycles, but not shorter ones.

use std::cmp::Ordering;

use super::super::Document;
use super::super::stats::{Duration, Sample, Test, rate_test};
use super::super::words::{GroupKind, Verdict};
use super::{Aspect, DiffGroup, ENOUGH, Key, MAX_RATE, compare, verdict_of};
use crate::base::narrow;

/// Up to so many times as many cycles do not matter.
const TIMES: f64 = 2.0;

/// The row of the GC's cycles, whose durations are those of marking; none if there was no cycle.
///
/// There have to be more or fewer in all, by time, and by how often any goroutine went on in these
/// `groups`: a trace that goes on for longer, and a program that gets more done, have more of them.
pub(super) fn row(both: [&Document; 2], groups: &[DiffGroup]) -> Option<DiffGroup> {
    let samples = both.map(marks);
    let counts = samples.each_ref().map(|sample| narrow(sample.len()));
    if counts == [0, 0] {
        return None;
    }
    let clocks = both.map(|document| document.trace().clock());
    let alike = clocks[0] == clocks[1];
    let key = Key { kind: GroupKind::Gc, what: "cycles".to_owned(), function: String::new() };
    let row = compare(&key, &samples[0], &samples[1], alike);
    let is_enough = counts.iter().any(|&n| n as usize >= ENOUGH);
    let test = (alike && is_enough)
        .then(|| rate_test(counts, &[[1.0; 2], both.map(seconds), went_on(groups)], TIMES));
    let verdict = verdict(counts, test, row.verdict);
    let is_changed = matches!(verdict, Verdict::Better | Verdict::Worse);
    Some(DiffGroup {
        shift_ns: None,
        ci95_ns: None,
        p_value: test.map(|test| test.p),
        verdict,
        aspect: is_changed.then_some(Aspect::Often),
        spared: None,
        ..row
    })
}

/// What a test of the numbers says, if there are enough for one. What is there on one side only stays
/// `by_duration` if it is not sure that this is no chance.
fn verdict(counts: [u32; 2], test: Option<Test>, by_duration: Verdict) -> Verdict {
    match test {
        Some(test) if test.way != Ordering::Equal && test.p < MAX_RATE => verdict_of(test.way),
        _ if counts.contains(&0) => by_duration,
        Some(_) => Verdict::Same,
        None if counts[0] == counts[1] => by_duration,
        None => Verdict::NotEnoughData,
    }
}

/// How long each cycle marked.
fn marks(document: &Document) -> Sample {
    let marks = document.trace().world().gc();
    Sample::new(marks.iter().map(|mark| Duration { ns: mark.ns(), cut_off: false }).collect())
}

/// How long a trace goes on, in seconds.
#[expect(clippy::cast_precision_loss, reason = "a measure, to be divided by another")]
fn seconds(document: &Document) -> f64 {
    document.trace().interval().ns() as f64 / 1e9
}

/// How often goroutines were given a processor: whoever does something has waited for something. How
/// long they had it is no measure, since what makes garbage takes time, too.
fn went_on(groups: &[DiffGroup]) -> [f64; 2] {
    let waits = groups.iter().find(|group| group.kind == GroupKind::Scheduling);
    waits.map_or([0.0; 2], |group| [&group.before, &group.after].map(|side| f64::from(side.n)))
}
