//! Counting: the summary, the groups by start function, the orders that surfaces ask for.

use std::cmp::Reverse;

use crate::base::{Goroutine, StrId, Time, nearest_rank};
use crate::model::{Edge, Trace};

use super::Rules;
use super::book::Book;
use super::cancels::Heard;
use super::findings;
use super::index::overstays_of;
use super::split::Assists;
use super::threads::Threads;
use super::types::{Analysis, Cancel, Group, Hearing, Quantiles, Summary};
use super::words::Outcome;

/// Puts an analysis together.
pub(crate) fn analysis(
    trace: &Trace,
    rules: &Rules,
    threads: Threads,
    book: Book,
    heard: Heard,
    sleeps: &[Vec<(Goroutine, Time)>],
) -> Analysis {
    let Heard { cancels, hearings, logged, by_goroutine } = heard;
    let by_goroutine = || {
        let by_goroutine = overstays_of(trace, &hearings, by_goroutine);
        (by_goroutine, groups(trace, rules, &book, &hearings))
    };
    let (worst_first, (by_goroutine, groups)) =
        threads.both(|| worst_first(&hearings), by_goroutine);
    let assists = Assists::new(trace);
    let findings = findings::find(&findings::Facts {
        trace,
        rules,
        threads,
        sleeps,
        book: &book,
        assists: &assists,
        cancels: &cancels,
        hearings: &hearings,
        logged: &logged,
        worst_first: &worst_first,
        by_goroutine: &by_goroutine,
    });
    Analysis {
        summary: summary(rules, &cancels, &hearings, &worst_first),
        groups,
        findings,
        by_goroutine,
        worst_first,
        cancels,
        hearings,
        logged,
        book,
        assists,
    }
}

/// The rows of hearings that may be late, worst first.
fn worst_first(hearings: &[Hearing]) -> Vec<u32> {
    // Nearly all overstays are below 4 s: with their row they fit one word, which sorts faster.
    let mut long: Vec<(Reverse<i64>, u32)> = Vec::new();
    let mut short: Vec<u64> = Vec::with_capacity(hearings.len());
    for (row, hearing) in (0..).zip(hearings).filter(|(_, hearing)| may_be_late(hearing)) {
        match u32::try_from(hearing.overstay_ns) {
            Ok(ns) => short.push(u64::from(!ns) << 32 | u64::from(row)),
            Err(_) => long.push((Reverse(hearing.overstay_ns), row)),
        }
    }
    long.sort_unstable();
    short.sort_unstable();
    let row = |key: u64| u32::try_from(key & u64::from(u32::MAX)).unwrap_or(u32::MAX);
    long.into_iter().map(|(_, row)| row).chain(short.into_iter().map(row)).collect()
}

/// Whether a hearing is late by some limit.
fn may_be_late(hearing: &Hearing) -> bool {
    hearing.is_late(-1)
}

fn summary(
    rules: &Rules,
    cancels: &[Cancel],
    hearings: &[Hearing],
    worst_first: &[u32],
) -> Summary {
    let mut summary = Summary {
        cancels: u32::try_from(cancels.len()).unwrap_or(u32::MAX),
        overstay: quantiles_of_sorted(worst_first.len(), |rank| {
            hearings[worst_first[worst_first.len() - 1 - rank] as usize].overstay_ns
        }),
        ..Summary::default()
    };
    for hearing in hearings {
        summary.late += u32::from(hearing.is_late(rules.late_over_ns));
        if hearing.deaf {
            summary.deaf += 1;
            continue;
        }
        summary.heard += 1;
        match hearing.outcome {
            Outcome::Exited => summary.exited += 1,
            Outcome::Alive => summary.alive += 1,
            Outcome::LivesOn => summary.lives_on += 1,
        }
    }
    summary
}

/// The quantiles of `n` durations, given each by its rank from the smallest: each is one of
/// them, the smallest that enough are at most.
fn quantiles_of_sorted(n: usize, by_rank: impl Fn(usize) -> i64) -> Quantiles {
    let at = |percent| nearest_rank(n, percent).map_or(0, &by_rank);
    Quantiles { p50: at(50), p90: at(90), p99: at(99), max: at(100) }
}

/// The same of durations in any order, which it changes.
fn quantiles_of(durations: &mut [i64]) -> Quantiles {
    let n = durations.len();
    let mut below = 0;
    let mut at = |percent| {
        let Some(rank) = nearest_rank(n, percent) else { return 0 };
        // What is below the rank before is below this one, too.
        let (_, found, _) = durations[below..].select_nth_unstable(rank - below);
        below = rank;
        *found
    };
    Quantiles { p50: at(50), p90: at(90), p99: at(99), max: at(100) }
}

/// A goroutine's overstay that is never late.
const NEVER: i64 = -1;

/// Goroutines by kind.
fn groups(trace: &Trace, rules: &Rules, book: &Book, hearings: &[Hearing]) -> Vec<Group> {
    // Each goroutine's worst; goroutines that nothing reached are not in it.
    let mut worst = vec![i64::MIN; trace.n_goroutines() as usize];
    for hearing in hearings {
        let overstay = if may_be_late(hearing) { hearing.overstay_ns } else { NEVER };
        let worst = &mut worst[hearing.goroutine.index()];
        *worst = overstay.max(*worst);
    }
    let mut groups: Vec<Group> = Vec::new();
    let mut overstays: Vec<Vec<i64>> = Vec::new();
    let mut row_of: Vec<u32> = vec![u32::MAX; trace.strings().len()];
    let ended = &trace.goroutines.ended;
    for ((goroutine, &ended), &worst) in trace.goroutines().zip(ended).zip(&worst) {
        let row = group_of(&mut groups, &mut row_of, book.kind(trace, goroutine));
        let group = &mut groups[row];
        group.goroutines += 1;
        group.alive += u32::from(ended == Edge::OUTSIDE);
        group.reached += u32::from(worst != i64::MIN);
        group.late += u32::from(worst > rules.late_over_ns);
        if worst > NEVER {
            overstays.resize_with(groups.len(), Vec::new);
            overstays[row].push(worst);
        }
    }
    for (group, overstays) in groups.iter_mut().zip(&mut overstays) {
        group.overstay = quantiles_of(overstays);
    }
    groups.sort_by_key(|group| {
        (Reverse(group.late), Reverse(group.reached), Reverse(group.goroutines), group.function)
    });
    groups
}

/// The row of a function's group, a new one if it is the first.
fn group_of(groups: &mut Vec<Group>, row_of: &mut [u32], function: StrId) -> usize {
    let row = &mut row_of[function.index()];
    if *row == u32::MAX {
        *row = u32::try_from(groups.len()).unwrap_or(u32::MAX);
        groups.push(Group {
            function,
            goroutines: 0,
            alive: 0,
            reached: 0,
            late: 0,
            overstay: Quantiles::default(),
        });
    }
    *row as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_the_sample() {
        let of = |sorted: &[i64]| quantiles_of_sorted(sorted.len(), |rank| sorted[rank]);
        assert_eq!(of(&[]), Quantiles::default());
        assert_eq!(of(&[7]), Quantiles { p50: 7, p90: 7, p99: 7, max: 7 });
        let hundred: Vec<i64> = (1..=100).collect();
        assert_eq!(of(&hundred), Quantiles { p50: 50, p90: 90, p99: 99, max: 100 });
        assert_eq!(of(&[1, 2]), Quantiles { p50: 1, p90: 2, p99: 2, max: 2 });
    }

    #[test]
    fn quantiles_are_the_same_in_any_order() {
        for n in [0, 1, 2, 3, 10, 99, 100, 101, 1_000] {
            let mut mixed: Vec<i64> = (0..n).map(|at| at * 7_919 % 1_009).collect();
            let mut sorted = mixed.clone();
            sorted.sort_unstable();
            let expected = quantiles_of_sorted(sorted.len(), |rank| sorted[rank]);
            assert_eq!(quantiles_of(&mut mixed), expected, "{n}");
        }
    }
}
