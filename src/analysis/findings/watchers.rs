//! Contexts that nobody ends, below a parent of another type than `context`'s own: for each of them
//! `context` keeps a goroutine that watches the parent.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::{Goroutine, StackId, Time, WireMap, count_text, narrow};
use crate::model::{Edge, Frame};

use super::super::code::names::Origin;
use super::super::code::patterns::Role;
use super::super::lives;
use super::super::split::describe::frame_text;
use super::super::types::Finding;
use super::super::words::{Cause, Rule, Severity};
use super::growth::Growth;
use super::in_use::are_in_use;
use super::{Facts, growth};

/// What to do about contexts that nobody ends.
const FIX: &str = "Keep the cancel function and call it when the work is done: defer cancel().";

/// Looks for such contexts, whose number grew throughout, by where they are made.
///
/// The watcher ends with either context (Go 1.7 to 1.27, context/context.go, `propagateCancel`), so that
/// one which is there when the trace ends stands for a context that nobody has cancelled.
pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let trace = facts.trace;
    let lives = &trace.goroutines;
    let mut made_at: WireMap<Frame, Vec<Goroutine>> = WireMap::default();
    let is_watcher =
        |of: &Goroutine| facts.book.function(lives.names[of.index()]).role == Some(Role::Watcher);
    for watcher in trace.goroutines().filter(is_watcher) {
        let made = facts.book.site(trace.stacks(), lives::creation_stack(trace, watcher));
        let by_program =
            made.filter(|site| facts.book.function(site.function).origin != Origin::Std);
        if let Some(site) = by_program.filter(|_| lives.born[watcher.index()] != Edge::OUTSIDE) {
            made_at.entry(site).or_default().push(watcher);
        }
    }
    let started = started(facts, made_at.values().flatten());
    let mut findings: Vec<Finding> = made_at
        .into_iter()
        .filter_map(|(site, mut watchers)| {
            watchers.sort_unstable_by_key(|watcher| lives.first(*watcher));
            let users = Users { facts, site, started: &started };
            let Some(growth) = growth::growth(facts, &watchers) else {
                let left = left_to_deadlines(facts, &watchers, &users)?;
                return Some(left_finding(facts, site, left));
            };
            let in_use = are_in_use(facts, &growth, |watcher| users.of(watcher));
            (!in_use).then(|| finding(facts, site, growth))
        })
        .collect();
    findings.sort_by_key(|finding| finding.site.map(|site| (site.function, site.file, site.line)));
    findings
}

/// What each of some contexts was made for: the next goroutine that its creator started, in the function
/// that made it.
struct Users<'a> {
    facts: &'a Facts<'a>,
    site: Frame,
    /// All that the watchers' creators started, by creator and in order.
    started: &'a [(Goroutine, Time, Goroutine)],
}

impl Users<'_> {
    fn of(&self, watcher: Goroutine) -> Option<Goroutine> {
        let trace = self.facts.trace;
        let watcher = birth(self.facts, watcher)?;
        let next = self.started.partition_point(|other| *other <= watcher);
        let &(by, _, user) = self.started.get(next)?;
        let statement = lives::creation_stack(trace, user);
        let made = self.facts.book.site(trace.stacks(), statement)?;
        let is_watcher = self.facts.book.function(lives::name(trace, user)).role.is_some();
        (by == watcher.0 && made.function == self.site.function && !is_watcher).then_some(user)
    }
}

/// All that the creators of watchers started, by creator and in order.
fn started<'w>(
    facts: &Facts<'_>,
    watchers: impl Iterator<Item = &'w Goroutine>,
) -> Vec<(Goroutine, Time, Goroutine)> {
    let creators = watchers.filter_map(|watcher| lives::parent(facts.trace, *watcher));
    let creators: FxHashSet<Goroutine> = creators.collect();
    let is_theirs = |(by, ..): &(Goroutine, Time, Goroutine)| creators.contains(by);
    let born = facts.trace.goroutines().filter(|_| !creators.is_empty());
    let mut started: Vec<_> = born.filter_map(|of| birth(facts, of)).filter(is_theirs).collect();
    started.sort_unstable();
    started
}

/// The creator of a goroutine, and when it was born.
fn birth(facts: &Facts<'_>, of: Goroutine) -> Option<(Goroutine, Time, Goroutine)> {
    Some((lives::parent(facts.trace, of)?, lives::first(facts.trace, of), of))
}

/// The watchers that were ended by their deadline alone, to which nobody listened any more, when their
/// creator had gone on to make the next one there; if these are nearly all.
fn left_to_deadlines(
    facts: &Facts<'_>,
    watchers: &[Goroutine],
    users: &Users<'_>,
) -> Option<Vec<Goroutine>> {
    let trace = facts.trace;
    let by_deadline = |of: Goroutine| {
        facts.hearings_of(of).any(|hearing| {
            let cancel = facts.cancel_of(hearing);
            cancel.cause == Cause::Deadline && cancel.n_heard() == 1
        })
    };
    let mut next: FxHashMap<(Option<Goroutine>, StackId), Time> = FxHashMap::default();
    let (mut left, mut n_ended) = (Vec::new(), 0);
    for &watcher in watchers.iter().rev() {
        let made = (lives::parent(trace, watcher), lives::creation_stack(trace, watcher));
        let next = next.insert(made, lives::first(trace, watcher));
        let Some(ended) = lives::ended(trace, watcher) else { continue };
        n_ended += 1;
        if next.is_some_and(|next| next < ended) && by_deadline(watcher) {
            left.push((watcher, ended));
        }
    }
    let are_most = |n: usize| n >= facts.rules.pile_up_min as usize && growth::are_most(n, n_ended);
    if !are_most(left.len()) {
        return None;
    }
    // A context under which work went on to its end was needed.
    let is_used = |watcher: Goroutine, until: Time| {
        users.of(watcher).is_some_and(|user| trace.last_known(user) >= until)
    };
    left.retain(|(watcher, until)| !is_used(*watcher, *until));
    left.reverse();
    are_most(left.len()).then(|| left.into_iter().map(|(watcher, _)| watcher).collect())
}

fn left_finding(facts: &Facts<'_>, site: Frame, left: Vec<Goroutine>) -> Finding {
    let n = narrow(left.len());
    let lived = |of: &Goroutine| life_ns(facts, *of);
    Finding {
        rule: Rule::PileUp,
        severity: Severity::Medium,
        function: site.function,
        site: Some(site),
        count: n,
        worst_ns: left.iter().map(lived).max().unwrap_or(0),
        total_ns: super::total(left.iter().map(lived)),
        message: format!(
            "{} made in {} were not cancelled, but ended by their deadlines alone, when others had long \
             been made there: each had a goroutine of context's own, since its parent is of another type",
            count_text(n, "context"),
            frame_text(facts.trace, site)
        ),
        fix: FIX.to_owned(),
        goroutines: left,
        cancels: Vec::new(),
    }
}

/// How long a goroutine lived.
fn life_ns(facts: &Facts<'_>, of: Goroutine) -> i64 {
    facts.trace.last_known(of) - lives::first(facts.trace, of)
}

fn finding(facts: &Facts<'_>, site: Frame, growth: Growth) -> Finding {
    let n = narrow(growth.alive.len());
    let left = match growth.at_end {
        0 if growth.n_ended == 0 => "they ended only when no more were made".to_owned(),
        0 => format!("they were still there when the last of {} was made", n + growth.n_ended),
        left if left == n => "all of them are there when the trace ends".to_owned(),
        left => format!("{left} of them are there when the trace ends"),
    };
    Finding {
        rule: if growth.at_end > 0 { Rule::StillAlive } else { Rule::PileUp },
        severity: Severity::Medium,
        function: site.function,
        site: Some(site),
        count: n,
        worst_ns: growth.oldest_ns,
        total_ns: growth.total_ns,
        message: format!(
            "{} made in {} were not cancelled, and there were more and more: {left}, and each has a \
             goroutine of context's own, since its parent is of another type",
            count_text(n, "context"),
            frame_text(facts.trace, site)
        ),
        fix: FIX.to_owned(),
        goroutines: growth.alive,
        cancels: Vec::new(),
    }
}
