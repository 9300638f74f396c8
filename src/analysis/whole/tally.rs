//! Counting: the summary, the groups by start function, the orders that surfaces ask for.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use crate::base::{Goroutine, StrId, Time, narrow, nearest_rank};
use crate::model::{Edge, Trace};

use super::super::Rules;
use super::super::code::book::Book;
use super::super::code::ground::Ground;
use super::super::findings;
use super::super::heard::AllHeard;
use super::super::index::{Register, overstays_of};
use super::super::split::Assists;
use super::super::threads::Threads;
use super::super::types::{Group, Hearing, Quantiles, Summary};
use super::super::words::Outcome;
use super::Analysis;
use super::stuck::AllStuck;

/// Puts an analysis together.
pub(crate) fn analysis(
    trace: &Trace,
    rules: &Rules,
    threads: Threads,
    book: Book,
    heard: AllHeard,
    sleeps: &[Vec<(Goroutine, Time)>],
) -> Analysis {
    let AllHeard { cancels, hearings, logged, by_goroutine, listening, asleep } = heard;
    let by_goroutine = overstays_of(trace, &hearings, by_goroutine);
    let register = Register { cancels: &cancels, hearings: &hearings, by_goroutine: &by_goroutine };
    let (summary, worst_first) = worst_first(rules, threads, &hearings);
    let groups = groups(Ground { trace, book: &book, rules, threads }, register);
    let assists = Assists::new(trace);
    let asleep: FxHashMap<Goroutine, u32> = asleep.into_iter().rev().collect();
    let findings = findings::find(&findings::Facts {
        trace,
        rules,
        threads,
        sleeps,
        asleep: &asleep,
        book: &book,
        assists: &assists,
        listening: &listening,
        register,
        logged: &logged,
        worst_first: &worst_first,
    });
    let stuck = AllStuck::new(trace, register, &findings);
    Analysis {
        stuck,
        summary: Summary { cancels: narrow(cancels.len()), ..summary },
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

/// Some of the hearings, counted, and those that may be late.
#[derive(Default)]
struct Counted {
    summary: Summary,
    /// Nearly all overstays are below 4 s: with their row they fit one word, which sorts faster.
    short: Vec<u64>,
    long: Vec<(Reverse<i64>, u32)>,
}

impl Counted {
    fn add(&mut self, rules: &Rules, row: u32, hearing: &Hearing) {
        if hearing.was_to_leave() {
            match u32::try_from(hearing.overstay_ns) {
                Ok(ns) => self.short.push(u64::from(!ns) << 32 | u64::from(row)),
                Err(_) => self.long.push((Reverse(hearing.overstay_ns), row)),
            }
        }
        self.summary.late += u32::from(hearing.is_late(rules.late_over_ns));
        if hearing.deaf {
            self.summary.deaf += 1;
            return;
        }
        self.summary.heard += 1;
        match hearing.outcome {
            Outcome::Exited => self.summary.exited += 1,
            Outcome::Alive => self.summary.alive += 1,
            Outcome::LivesOn => self.summary.lives_on += 1,
        }
    }

    fn join(&mut self, Self { summary, short, long }: Self) {
        self.summary.late += summary.late;
        self.summary.deaf += summary.deaf;
        self.summary.heard += summary.heard;
        self.summary.exited += summary.exited;
        self.summary.alive += summary.alive;
        self.summary.lives_on += summary.lives_on;
        self.short.extend(short);
        self.long.extend(long);
    }
}

/// The hearings in numbers, and the rows of those that may be late, worst first.
fn worst_first(rules: &Rules, threads: Threads, hearings: &[Hearing]) -> (Summary, Vec<u32>) {
    let counted = threads.of_rows(hearings.len(), |rows| {
        let mut counted = Counted::default();
        for (at, hearing) in rows.clone().zip(&hearings[rows]) {
            counted.add(rules, narrow(at), hearing);
        }
        counted
    });
    let mut all = Counted::default();
    all.short.reserve(counted.iter().map(|counted| counted.short.len()).sum());
    for counted in counted {
        all.join(counted);
    }
    let Counted { mut summary, mut short, mut long } = all;
    threads.sort(&mut long);
    threads.sort(&mut short);
    let row = |key: u64| u32::try_from(key & u64::from(u32::MAX)).unwrap_or(u32::MAX);
    let rows = long.into_iter().map(|(_, row)| row).chain(short.into_iter().map(row));
    let rows: Vec<u32> = rows.collect();
    summary.overstay = quantiles_of_sorted(rows.len(), |rank| {
        hearings[rows[rows.len() - 1 - rank] as usize].overstay_ns
    });
    (summary, rows)
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

/// Goroutines by kind, and the overstays of each kind.
#[derive(Default)]
struct Kinds {
    row_of: FxHashMap<StrId, usize>,
    rows: Vec<(Group, Vec<i64>)>,
    /// The row that was asked for last.
    last: usize,
}

impl Kinds {
    /// The row of a function's group, a new one if it is the first.
    fn row(&mut self, function: StrId) -> &mut (Group, Vec<i64>) {
        // Most are created several at a time.
        if self.rows.get(self.last).is_none_or(|(group, _)| group.function != function) {
            self.last = *self.row_of.entry(function).or_insert_with(|| {
                let overstay = Quantiles::default();
                let group =
                    Group { function, goroutines: 0, alive: 0, reached: 0, late: 0, overstay };
                self.rows.push((group, Vec::new()));
                self.rows.len() - 1
            });
        }
        &mut self.rows[self.last]
    }

    fn join(&mut self, other: Self) {
        for (group, overstays) in other.rows {
            let (all, all_overstays) = self.row(group.function);
            all.goroutines += group.goroutines;
            all.alive += group.alive;
            all.reached += group.reached;
            all.late += group.late;
            all_overstays.extend(overstays);
        }
    }
}

/// Goroutines by kind.
fn groups(ground: Ground<'_>, register: Register<'_>) -> Vec<Group> {
    let Ground { trace, book, rules, threads } = ground;
    let overstay = |hearing: &Hearing| {
        if hearing.was_to_leave() { hearing.overstay_ns } else { NEVER }
    };
    let some = threads.of_rows(trace.n_goroutines() as usize, |rows| {
        let mut kinds = Kinds::default();
        for at in rows {
            let goroutine = Goroutine(narrow(at));
            // Goroutines that nothing reached have no worst.
            let worst = register.of(goroutine).map(overstay).max();
            let (group, overstays) = kinds.row(book.kind(trace, goroutine));
            group.goroutines += 1;
            group.alive += u32::from(trace.goroutines.ended[at] == Edge::OUTSIDE);
            group.reached += u32::from(worst.is_some());
            group.late += u32::from(worst.is_some_and(|worst| worst > rules.late_over_ns));
            overstays.extend(worst.filter(|&worst| worst > NEVER));
        }
        kinds
    });
    let mut kinds = Kinds::default();
    for some in some {
        kinds.join(some);
    }
    let n_kinds = kinds.rows.len();
    threads.each(n_kinds, kinds.rows.iter_mut(), |(group, overstays)| {
        group.overstay = quantiles_of(overstays);
    });
    let mut groups: Vec<Group> = kinds.rows.into_iter().map(|(group, _)| group).collect();
    groups.sort_by_key(|group| {
        (Reverse(group.late), Reverse(group.reached), Reverse(group.goroutines), group.function)
    });
    groups
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
