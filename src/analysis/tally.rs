//! Counting: the summary, the groups by start function, the orders that surfaces ask for.

use std::cmp::Reverse;

use crate::base::{StrId, Time};
use crate::model::Trace;

use super::Rules;
use super::book::Book;
use super::cancels::Heard;
use super::findings;
use super::index::overstays_of;
use super::split::Assists;
use super::types::{Analysis, Cancel, Group, Hearing, Quantiles, Summary};
use super::words::Outcome;

/// Puts an analysis together.
pub(crate) fn analysis(
    trace: &Trace,
    rules: &Rules,
    book: Book,
    assists: Assists,
    heard: Heard,
) -> Analysis {
    let Heard { cancels, hearings, logged, .. } = heard;
    let worst_first = worst_first(&hearings);
    let by_goroutine = overstays_of(trace, &hearings);
    let findings = findings::find(&findings::Facts {
        trace,
        rules,
        book: &book,
        assists: &assists,
        cancels: &cancels,
        hearings: &hearings,
        worst_first: &worst_first,
        by_goroutine: &by_goroutine,
    });
    Analysis {
        summary: summary(rules, &cancels, &hearings, &worst_first),
        groups: groups(trace, rules, &hearings, &worst_first),
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
    let mut keys: Vec<(Reverse<i64>, u32)> = (0..)
        .zip(hearings)
        .filter(|(_, hearing)| may_be_late(hearing))
        .map(|(row, hearing)| (Reverse(hearing.overstay_ns), row))
        .collect();
    keys.sort_unstable();
    keys.into_iter().map(|(_, row)| row).collect()
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
        overstay: quantiles_of(worst_first.len(), |rank| {
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
fn quantiles_of(n: usize, by_rank: impl Fn(usize) -> i64) -> Quantiles {
    if n == 0 {
        return Quantiles::default();
    }
    let at = |percent: usize| by_rank((n * percent).div_ceil(100).saturating_sub(1));
    Quantiles { p50: at(50), p90: at(90), p99: at(99), max: at(100) }
}

/// Goroutines by start function.
fn groups(trace: &Trace, rules: &Rules, hearings: &[Hearing], worst_first: &[u32]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut row_of: Vec<u32> = vec![u32::MAX; trace.strings().len()];
    let lives = &trace.goroutines;
    for (&name, &ended) in lives.names.iter().zip(&lives.ended) {
        let group = group_of(&mut groups, &mut row_of, name);
        group.goroutines += 1;
        group.alive += u32::from(ended == Time::MIN);
    }
    let mut reached = vec![false; trace.n_goroutines() as usize];
    let mut row_of = |hearing: &Hearing, seen: &mut [bool]| {
        let first = !std::mem::replace(&mut seen[hearing.goroutine.index()], true);
        let row = row_of.get_mut(hearing.function.index()).map(|row| *row as usize);
        row.filter(|_| first)
    };
    for hearing in hearings {
        if let Some(row) = row_of(hearing, &mut reached) {
            groups[row].reached += 1;
        }
    }
    // The first that is met of each goroutine is its worst.
    let mut counted = vec![false; reached.len()];
    let mut overstays: Vec<Vec<i64>> = vec![Vec::new(); groups.len()];
    for hearing in worst_first.iter().map(|&row| &hearings[row as usize]) {
        if let Some(row) = row_of(hearing, &mut counted) {
            groups[row].late += u32::from(hearing.is_late(rules.late_over_ns));
            overstays[row].push(hearing.overstay_ns);
        }
    }
    for (group, worst_first) in groups.iter_mut().zip(overstays) {
        let n = worst_first.len();
        group.overstay = quantiles_of(n, |rank| worst_first[n - 1 - rank]);
    }
    groups.sort_by_key(|group| {
        (Reverse(group.late), Reverse(group.reached), Reverse(group.goroutines), group.function)
    });
    groups
}

fn group_of<'a>(groups: &'a mut Vec<Group>, row_of: &mut [u32], function: StrId) -> &'a mut Group {
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
    &mut groups[*row as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_the_sample() {
        let of = |sorted: &[i64]| quantiles_of(sorted.len(), |rank| sorted[rank]);
        assert_eq!(of(&[]), Quantiles::default());
        assert_eq!(of(&[7]), Quantiles { p50: 7, p90: 7, p99: 7, max: 7 });
        let hundred: Vec<i64> = (1..=100).collect();
        assert_eq!(of(&hundred), Quantiles { p50: 50, p90: 90, p99: 99, max: 100 });
        assert_eq!(of(&[1, 2]), Quantiles { p50: 1, p90: 2, p99: 2, max: 2 });
    }
}
