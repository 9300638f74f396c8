//! `late-exit`, `still-alive`, `late-scheduling` and `deaf`: goroutines that overstay a cancel.

mod advice;
mod message;
mod verdict;

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use crate::base::{StackId, StrId, WireMap, narrow};
use crate::model::{Chunk, Frame};

use super::super::split::blame::{Walk, spans_for_each};
use super::super::types::{Finding, Hearing, SplitPart};
use super::super::words::{Cause, Doing, Evidence, Rule, Severity};
use super::Facts;
use message::{held_up_by, message};
use verdict::judge;

/// For how many groups to look for what held up the worst.
const MAX_ASKED: usize = 256;

/// How many overstays to take apart; the rest, which are shorter, go by their function alone, as
/// far as one like them was among the first.
const MAX_SPLITS: usize = 20_000;

/// So many times the limit is little beyond it.
const BARELY: i64 = 2;

/// What else to do if only the clock tells whose the deadline was.
const OF_ONE_CALL: &str =
    " If the limit was that of one call only, call its cancel function right after that.";

/// Overstays that have the same rule, function and hold-up.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    rule: Rule,
    function: StrId,
    state: Doing,
    site: Option<Frame>,
}

struct Group<'a> {
    key: Key,
    members: Vec<&'a Hearing>,
    /// The largest part of the worst overstay.
    held: Option<SplitPart>,
    /// Whether to look closely at the worst one's life: the groups of the worst come first.
    asked: bool,
}

pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let n_late = facts.worst_first.partition_point(|&row| {
        facts.register.hearings[row as usize].overstay_ns > facts.rules.late_over_ns
    });
    let late = |rank: usize| &facts.register.hearings[facts.worst_first[rank] as usize];
    let in_all = facts.trace.chunks().iter().map(Chunk::n_spans).sum();
    let n_spans = spans_for_each(n_late, in_all);
    let mut groups = Groups::default();
    for first in (0..n_late).step_by(MAX_SPLITS) {
        let ranks = first..n_late.min(first + MAX_SPLITS);
        // The worst are all taken apart.
        let alike = |groups: &Groups<'_>, hearing| {
            if first == 0 { None } else { groups.alike(hearing) }
        };
        let seen = facts.threads.over_rows(ranks.len(), |rows| {
            let hearings = rows.map(|row| late(first + row));
            let mut walk = Walk::new(facts.splitter());
            let mut judged = |hearing| judge(facts, &mut walk, n_spans, hearing);
            let see = |hearing| alike(&groups, hearing).ok_or_else(|| judged(hearing));
            hearings.map(see).collect()
        });
        for (hearing, seen) in ranks.map(late).zip(seen) {
            // One like it may have come up since.
            match seen.or_else(|judged| alike(&groups, hearing).ok_or(judged)) {
                Ok(group) => groups.all[group].members.push(hearing),
                Err(judged) => groups.add(facts, hearing, judged),
            }
        }
    }
    groups.all.iter().map(|group| finding(facts, group)).collect()
}

/// All groups, in the order of the worst of each.
#[derive(Default)]
struct Groups<'a> {
    all: Vec<Group<'a>>,
    rows: WireMap<Key, usize>,
    /// The first group with a function and a rule.
    row_of_function: FxHashMap<(StrId, Rule), usize>,
}

impl<'a> Groups<'a> {
    /// A group with the hearing's function, and the rule that it goes by at first sight.
    fn alike(&self, hearing: &Hearing) -> Option<usize> {
        self.row_of_function.get(&(hearing.function, hearing.rule())).copied()
    }

    /// Adds a hearing whose overstay was taken apart to its group.
    fn add(
        &mut self,
        facts: &Facts<'_>,
        hearing: &'a Hearing,
        (rule, held): (Rule, Option<SplitPart>),
    ) {
        let key = Key {
            rule,
            function: facts.acting(
                hearing.goroutine,
                [hearing.stack, held.map_or(StackId::EMPTY, |held| held.stack)],
            ),
            state: held.map_or(Doing::Unknown, |held| held.state),
            site: held.and_then(|held| held.site),
        };
        let group = *self.rows.entry(key).or_insert_with(|| {
            let asked = self.all.len() < MAX_ASKED;
            self.all.push(Group { key, members: Vec::new(), held, asked });
            self.all.len() - 1
        });
        self.all[group].members.push(hearing);
        self.row_of_function.entry((hearing.function, rule)).or_insert(group);
    }
}

/// What to act on in a group.
fn finding(facts: &Facts<'_>, group: &Group<'_>) -> Finding {
    let mut members = group.members.clone();
    members.sort_by_key(|hearing| (Reverse(hearing.overstay_ns), hearing.goroutine));
    let total = super::total(members.iter().map(|hearing| hearing.overstay_ns));
    let worst = members.first().map_or(0, |hearing| hearing.overstay_ns);
    let first = members.first().filter(|_| group.asked && group.key.rule != Rule::LateScheduling);
    let by_whom = first.and_then(|worst| held_up_by(facts, worst)).unwrap_or_default();
    let mut cancels: Vec<u32> = members.iter().map(|hearing| hearing.cancel).collect();
    cancels.sort_unstable();
    cancels.dedup();
    let by_clock = members.iter().all(|hearing| hearing.by_clock);
    Finding {
        rule: group.key.rule,
        severity: severity(facts, group, &members),
        function: group.key.function,
        site: group.key.site,
        count: narrow(members.len()),
        worst_ns: worst,
        total_ns: total,
        message: message(facts, group, &members, worst, &by_whom),
        fix: advice::fix(facts, group).to_owned() + if by_clock { OF_ONE_CALL } else { "" },
        // One that is late for two cancels is listed once, at its worst.
        goroutines: super::once_each(members.iter().map(|hearing| hearing.goroutine)),
        cancels,
    }
}

fn severity(facts: &Facts<'_>, group: &Group<'_>, members: &[&Hearing]) -> Severity {
    match group.key.rule {
        Rule::LateScheduling => Severity::Low,
        Rule::Deaf if members.iter().all(|hearing| hearing.evidence == Evidence::Sibling) => {
            Severity::Low
        }
        Rule::Deaf => Severity::Medium,
        // A callback was told to start, and a limit of one call may have been that call's only.
        _ if members.iter().all(|hearing| hearing.evidence == Evidence::AfterFunc) => {
            Severity::Medium
        }
        Rule::LateExit if limited_call(facts, group, members).is_some() => Severity::Medium,
        Rule::LateExit if is_barely_late(facts, members) => Severity::Medium,
        _ => Severity::High,
    }
}

/// Whether even the worst hearing is late by little: on a busy machine that is soon so.
fn is_barely_late(facts: &Facts<'_>, members: &[&Hearing]) -> bool {
    let limit = facts.rules.late_over_ns.saturating_mul(BARELY);
    members.iter().all(|hearing| hearing.overstay_ns <= limit)
}

/// The function in which each alone heard a deadline, and which the worst had left when it was held up:
/// that may have been a limit of that one call.
fn limited_call(facts: &Facts<'_>, group: &Group<'_>, members: &[&Hearing]) -> Option<StrId> {
    let (trace, book) = (facts.trace, facts.book);
    let stacks = trace.stacks();
    let held = group.held.map(|held| held.stack).filter(|&stack| stack != StackId::EMPTY)?;
    let function = |stack| book.user_function(stacks, stack);
    let heard_in = function(members.first()?.stack)?;
    let alone = |hearing: &&Hearing| {
        let cancel = facts.cancel_of(hearing);
        cancel.cause == Cause::Deadline && cancel.n_heard() == 1 && cancel.depth <= 1
    };
    let has_left = trace.frames(held).all(|frame| frame.function != heard_in);
    let is_called = stacks.caller(book.user(members.first()?.stack)) != StackId::EMPTY;
    (has_left && is_called && members.iter().all(alone)).then_some(heard_in)
}
