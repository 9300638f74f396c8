//! `orphan` and `pile-up`: goroutines that outlive their creator, or grow in number; and those
//! `still-alive` that do both.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use crate::base::{Goroutine, StackId, StrId, Time, WireMap, grouped, narrow};
use crate::model::{Edge, Frame};
use crate::parse::event::GoState;

use super::super::code::book::Traits;
use super::super::code::names::Origin;
use super::super::lives::{self, ended};
use super::super::types::{Finding, Hearing};
use super::super::words::{Cause, Outcome, Rule, Severity};
use super::in_use::are_in_use;
use super::{Facts, abandoned, count_text};

/// Births must be spread over at least this share of the trace, in percent: a burst is no growth.
const MIN_SPREAD_PERCENT: i64 = 25;

/// Of so many that were born more than one must be alive at the last birth.
const MANY_FOR_ONE_ALIVE: usize = 3;

/// So many in a hundred of some must have ended in one way for that to be how all of them end.
const MOST_PERCENT: usize = 80;

/// Goroutines of one start function and one place of creation that were born in the trace, in
/// order of birth.
type Kin = Vec<Goroutine>;

pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for ((function, site), kin) in &kin(facts) {
        let orphans = orphans(facts, kin);
        findings.extend(orphan(facts, *function, *site, &orphans));
        let needs_none =
            |growth: &Growth| !is_in_order(facts, growth) && !are_in_use(facts, growth, Some);
        if let Some(growth) = growth(facts, kin).filter(needs_none) {
            findings.push(pile_up(facts, *function, *site, &growth));
            let left: Vec<_> = orphans
                .iter()
                .filter(|(_, goroutine)| ended(facts.trace, *goroutine).is_none())
                .copied()
                .collect();
            let is_left = left.len() >= facts.rules.pile_up_min as usize;
            if is_left && growth.at_end as usize >= left.len() {
                findings.extend(abandoned::by_creators(facts, *function, *site, &left));
            } else if growth.at_end as usize == kin.len() {
                findings.extend(abandoned::by_all(facts, *function, *site, &growth));
            }
        }
    }
    findings
}

/// Kin by start function and stack of creation, in order of first appearance.
#[derive(Default)]
struct ByStack {
    row_of: FxHashMap<(StrId, StackId), usize>,
    rows: Vec<((StrId, StackId), Kin)>,
    /// The row that was asked for last.
    last: usize,
}

impl ByStack {
    fn kin(&mut self, key: (StrId, StackId)) -> &mut Kin {
        // Most are created several at a time.
        if self.rows.get(self.last).is_none_or(|(of, _)| *of != key) {
            self.last = *self.row_of.entry(key).or_insert_with(|| {
                self.rows.push((key, Kin::new()));
                self.rows.len() - 1
            });
        }
        &mut self.rows[self.last].1
    }
}

/// All kin of the program's own.
fn kin(facts: &Facts<'_>) -> Vec<((StrId, Option<Frame>), Kin)> {
    let lives = &facts.trace.goroutines;
    let some = facts.threads.of_rows(facts.trace.n_goroutines() as usize, |rows| {
        let mut by_stack = ByStack::default();
        for at in rows {
            let goroutine = Goroutine(narrow(at));
            // What a group started is of the kind that it was started for.
            let name = facts.book.kind(facts.trace, goroutine);
            let function = facts.book.function(name);
            let is_other = function.origin == Origin::Std || function.is.has(Traits::MAIN);
            if !is_other && lives.born[at] != Edge::OUTSIDE {
                by_stack.kin((name, lives.creation_stacks[at])).push(goroutine);
            }
        }
        by_stack.rows
    });
    let mut by_stack = ByStack::default();
    for (key, kin) in some.into_iter().flatten() {
        by_stack.kin(key).extend(kin);
    }
    let by_stack = by_stack.rows;
    let mut row_of: WireMap<(StrId, Option<Frame>), usize> = WireMap::default();
    let mut kin: Vec<((StrId, Option<Frame>), Kin)> = Vec::new();
    for ((name, stack), goroutines) in by_stack {
        let site = facts.book.site(facts.trace.stacks(), stack);
        let row = *row_of.entry((name, site)).or_insert(kin.len());
        match kin.get_mut(row) {
            Some((_, known)) => known.extend(goroutines),
            None => kin.push(((name, site), goroutines)),
        }
    }
    for (_, goroutines) in &mut kin {
        goroutines.sort_unstable_by_key(|goroutine| lives.first(*goroutine));
    }
    kin
}

/// The goroutines that outlived their creator, and by how much, worst first. A cancel starts callbacks,
/// too, which are not the canceller's business.
fn orphans(facts: &Facts<'_>, kin: &[Goroutine]) -> Vec<(Reverse<i64>, Goroutine)> {
    let trace = facts.trace;
    let mut orphans = facts.threads.over_rows(kin.len(), |rows| {
        let outlives = |&goroutine: &Goroutine| {
            let parent = lives::parent(trace, goroutine)?;
            let left = ended(trace, parent)?;
            let mark = facts.book.mark(lives::creation_stack(trace, goroutine));
            if mark.is_some_and(|mark| mark.starts_callback) {
                return None;
            }
            let until = trace.last_known(goroutine);
            let by = until - left;
            (by > facts.rules.orphan_over_ns).then_some((Reverse(by), goroutine))
        };
        kin[rows].iter().filter_map(outlives).collect()
    });
    orphans.sort_unstable();
    orphans
}

fn orphan(
    facts: &Facts<'_>,
    function: StrId,
    site: Option<Frame>,
    orphans: &[(Reverse<i64>, Goroutine)],
) -> Option<Finding> {
    let (Reverse(worst), _) = *orphans.first()?;
    let name = facts.trace.string(function);
    let n = narrow(orphans.len());
    let (it, up_to) = if n == 1 { ("it", "") } else { ("them", "up to ") };
    let by_limit = n >= facts.rules.pile_up_min && ended_by_limits(facts, orphans);
    let until = if by_limit { ", until their deadlines passed" } else { "" };
    let fix = if by_limit {
        "Nothing but the time limit ends them: keep the cancel function and call it when the work is \
         done (defer cancel()), or wait for them."
    } else {
        "Wait for it before returning (sync.WaitGroup, errgroup), or give it a context that ends with \
         its creator."
    };
    Some(Finding {
        rule: Rule::Orphan,
        severity: if by_limit { Severity::Medium } else { Severity::Low },
        function,
        site,
        count: n,
        worst_ns: worst,
        total_ns: super::total(orphans.iter().map(|(Reverse(by), _)| *by)),
        message: format!(
            "{} of {name} outlived the goroutine that created {it}, by {up_to}{}{until}",
            count_text(n, "goroutine"),
            facts.trace.clock().text(worst)
        ),
        fix: fix.to_owned(),
        goroutines: orphans.iter().map(|(_, goroutine)| *goroutine).collect(),
        cancels: Vec::new(),
    })
}

/// Whether nearly all orphans listened until the deadline of their context, and then left at once: what
/// they work for had been over long before, and nobody cancelled.
fn ended_by_limits(facts: &Facts<'_>, orphans: &[(Reverse<i64>, Goroutine)]) -> bool {
    let by_limit = |goroutine: Goroutine| {
        facts.hearings_of(goroutine).any(|hearing| {
            facts.cancel_of(hearing).cause == Cause::Deadline
                && hearing.outcome == Outcome::Exited
                && !hearing.deaf
                && !hearing.is_late(facts.rules.late_over_ns)
        })
    };
    let n = orphans.iter().filter(|(_, goroutine)| by_limit(*goroutine)).count();
    are_most(n, orphans.len())
}

/// Whether so many of some are enough to tell how all of them end.
pub(super) fn are_most(n: usize, of: usize) -> bool {
    n * 100 >= of * MOST_PERCENT
}

/// Growth that does not stop while goroutines are being created.
pub(super) struct Growth {
    /// Those that are alive at the last birth, the oldest first.
    pub(super) alive: Vec<Goroutine>,
    /// How many of them are alive at the trace's end.
    pub(super) at_end: u32,
    /// How many others had ended by then.
    pub(super) n_ended: u32,
    /// How long the oldest of them lived.
    pub(super) oldest_ns: i64,
    pub(super) total_ns: i64,
    /// When the last of all was born, and how long after the first.
    pub(super) last: Time,
    pub(super) spread_ns: i64,
}

/// Tells growth from a burst and from a plateau: births are spread over time, more than a
/// third of all that were born are alive at the last birth, and each quarter left more than the one
/// before.
pub(super) fn growth(facts: &Facts<'_>, kin: &[Goroutine]) -> Option<Growth> {
    let trace = facts.trace;
    let lives = &trace.goroutines;
    let born = |goroutine: &Goroutine| lives.first(*goroutine);
    let (first, last) = (kin.first().map(born)?, kin.last().map(born)?);
    let spread = last - first;
    if narrow(kin.len()) < facts.rules.pile_up_min
        || spread.saturating_mul(100) < trace.interval().ns().saturating_mul(MIN_SPREAD_PERCENT)
    {
        return None;
    }
    let ends = |goroutine: &Goroutine| trace.last_known(*goroutine);
    let alive = facts.threads.over_rows(kin.len(), |rows| {
        kin[rows].iter().copied().filter(|goroutine| ends(goroutine) > last).collect()
    });
    if alive.len() * MANY_FOR_ONE_ALIVE <= kin.len()
        || narrow(alive.len()) < facts.rules.pile_up_min
    {
        return None;
    }
    let alive_at = |time: Time| {
        kin.iter().filter(|goroutine| born(goroutine) <= time && ends(goroutine) > time).count()
    };
    let quarters: Vec<usize> = (1..=4).map(|n| alive_at(first + spread / 4 * n)).collect();
    if !quarters.windows(2).all(|pair| pair[0] < pair[1]) {
        return None;
    }
    let age = |goroutine: &Goroutine| ends(goroutine) - born(goroutine);
    let end = trace.interval().end;
    let is_left =
        |goroutine: &&Goroutine| ended(trace, **goroutine).is_none() && ends(goroutine) == end;
    Some(Growth {
        at_end: narrow(alive.iter().filter(is_left).count()),
        n_ended: narrow(kin.len() - alive.len()),
        oldest_ns: alive.iter().map(age).max().unwrap_or(0),
        total_ns: super::total(alive.iter().map(age)),
        alive,
        last,
        spread_ns: spread,
    })
}

/// Whether those that piled up ended as they were to, but for a few: in time of a cancel, or while their
/// creator waited for them, as it is with those that make load.
fn is_in_order(facts: &Facts<'_>, growth: &Growth) -> bool {
    let left = growth.alive.iter().filter(|of| !ended_in_order(facts, **of));
    growth.at_end == 0 && left.count() < facts.rules.pile_up_min as usize
}

pub(super) fn ended_in_order(facts: &Facts<'_>, goroutine: Goroutine) -> bool {
    let trace = facts.trace;
    let Some(end) = ended(trace, goroutine) else { return false };
    let late_ns = facts.rules.late_over_ns;
    if facts.hearings_of(goroutine).any(|hearing| hearing.is_late(late_ns)) {
        return false;
    }
    let in_time = |hearing: &Hearing| hearing.outcome == Outcome::Exited && !hearing.deaf;
    if facts.hearings_of(goroutine).any(in_time) {
        return true;
    }
    let waits_for_it = |creator: Goroutine| {
        let span = trace.span_at(creator, end)?;
        (span.state == GoState::Waiting && span.start < end)
            .then(|| facts.book.any(trace.stacks(), span.stack, Traits::JOINS))
    };
    lives::parent(trace, goroutine).and_then(waits_for_it).unwrap_or(false)
}

fn pile_up(facts: &Facts<'_>, function: StrId, site: Option<Frame>, growth: &Growth) -> Finding {
    let name = facts.trace.string(function);
    let n = narrow(growth.alive.len());
    let later = match growth.at_end {
        0 if growth.n_ended == 0 => "they ended only when no more were started".to_owned(),
        0 => {
            let all = grouped((n + growth.n_ended).into());
            format!("there were more and more until the last of {all} was started")
        }
        left => format!("{} of them are alive at the end of the trace", grouped(left.into())),
    };
    Finding {
        rule: Rule::PileUp,
        severity: Severity::Medium,
        function,
        site,
        count: n,
        worst_ns: growth.oldest_ns,
        total_ns: growth.total_ns,
        message: format!(
            "Goroutines of {name} piled up: {} at once, and {later}",
            grouped(n.into())
        ),
        fix: "Make each end with the request that it works for: select on its ctx.Done(), and \
              call the cancel function (defer cancel())."
            .to_owned(),
        goroutines: growth.alive.clone(),
        cancels: Vec::new(),
    }
}
