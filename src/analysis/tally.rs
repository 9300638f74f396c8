//! Counting: the summary, the groups by start function, the orders that surfaces ask for.

use std::cmp::Reverse;

use crate::base::StrId;
use crate::model::{Edge, Trace};

use super::Rules;
use super::book::Book;
use super::split::Assists;
use super::types::{Analysis, Cancel, Group, Hearing, Quantiles, Summary};
use super::words::Outcome;

/// Puts an analysis together.
pub(crate) fn analysis(
    trace: &Trace,
    rules: &Rules,
    book: Book,
    assists: Assists,
    cancels: Vec<Cancel>,
    hearings: Vec<Hearing>,
) -> Analysis {
    let rows = 0..u32::try_from(hearings.len()).unwrap_or(u32::MAX);
    let hearing = |row: &u32| &hearings[*row as usize];
    let mut by_goroutine: Vec<u32> = rows.clone().collect();
    by_goroutine.sort_unstable_by_key(|row| {
        (hearing(row).goroutine, Reverse(hearing(row).overstay_ns), *row)
    });
    let mut worst_first: Vec<u32> = rows.filter(|row| may_be_late(hearing(row))).collect();
    worst_first.sort_unstable_by_key(|row| (Reverse(hearing(row).overstay_ns), *row));
    Analysis {
        summary: summary(rules, &cancels, &hearings),
        groups: groups(trace, rules, &hearings, &by_goroutine),
        findings: Vec::new(),
        by_goroutine,
        worst_first,
        cancels,
        hearings,
        book,
        assists,
    }
}

/// Whether a hearing is late by some limit.
fn may_be_late(hearing: &Hearing) -> bool {
    hearing.is_late(-1)
}

fn summary(rules: &Rules, cancels: &[Cancel], hearings: &[Hearing]) -> Summary {
    let count = |test: &dyn Fn(&Hearing) -> bool| {
        u32::try_from(hearings.iter().filter(|hearing| test(hearing)).count()).unwrap_or(u32::MAX)
    };
    let heard =
        |outcome| count(&move |hearing: &Hearing| !hearing.deaf && hearing.outcome == outcome);
    let overstays = hearings.iter().filter(|hearing| may_be_late(hearing));
    Summary {
        cancels: u32::try_from(cancels.len()).unwrap_or(u32::MAX),
        heard: count(&|hearing| !hearing.deaf),
        exited: heard(Outcome::Exited),
        alive: heard(Outcome::Alive),
        lives_on: heard(Outcome::LivesOn),
        deaf: count(&|hearing| hearing.deaf),
        late: count(&|hearing| hearing.is_late(rules.late_over_ns)),
        overstay: quantiles(overstays.map(|hearing| hearing.overstay_ns).collect()),
    }
}

/// The quantiles of some durations: each is one of them, the smallest that enough are at most.
pub(crate) fn quantiles(mut durations: Vec<i64>) -> Quantiles {
    durations.sort_unstable();
    let at = |percent: usize| {
        let rank = (durations.len() * percent).div_ceil(100).saturating_sub(1);
        durations.get(rank).copied().unwrap_or(0)
    };
    Quantiles { p50: at(50), p90: at(90), p99: at(99), max: at(100) }
}

/// Goroutines by start function.
fn groups(trace: &Trace, rules: &Rules, hearings: &[Hearing], by_goroutine: &[u32]) -> Vec<Group> {
    // Each goroutine's worst that counts, or its first.
    let of = |row: &u32| hearings[*row as usize];
    let mut groups: Vec<Group> = Vec::new();
    let mut row_of: Vec<u32> = vec![u32::MAX; trace.strings().len()];
    for goroutine in trace.goroutines() {
        let life = trace.life(goroutine);
        let group = group_of(&mut groups, &mut row_of, life.name);
        group.goroutines += 1;
        group.alive += u32::from(life.ended == Edge::TraceEdge);
    }
    let mut overstays: Vec<Vec<i64>> = vec![Vec::new(); groups.len()];
    for rows in by_goroutine.chunk_by(|a, b| of(a).goroutine == of(b).goroutine) {
        let Some(first) = rows.first().map(of) else { continue };
        let Some(&at) = row_of.get(first.function.index()) else { continue };
        let Some(group) = groups.get_mut(at as usize) else { continue };
        group.reached += 1;
        if let Some(worst) = rows.iter().map(of).find(may_be_late) {
            group.late += u32::from(worst.is_late(rules.late_over_ns));
            overstays[at as usize].push(worst.overstay_ns);
        }
    }
    for (group, overstays) in groups.iter_mut().zip(overstays) {
        group.overstay = quantiles(overstays);
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
        assert_eq!(quantiles(Vec::new()), Quantiles::default());
        assert_eq!(quantiles(vec![7]), Quantiles { p50: 7, p90: 7, p99: 7, max: 7 });
        let hundred = (1..=100).rev().collect();
        assert_eq!(quantiles(hundred), Quantiles { p50: 50, p90: 90, p99: 99, max: 100 });
        assert_eq!(quantiles(vec![1, 2]), Quantiles { p50: 1, p90: 2, p99: 2, max: 2 });
    }
}
