//! `late-exit`, `still-alive`, `late-scheduling` and `deaf`: who overstays a cancel.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use crate::base::{Interval, StackId, StrId, WireMap, grouped, narrow};
use crate::model::{Frame, Span};
use crate::parse::event::GoState;

use super::super::blame::Walk;
use super::super::book::Traits;
use super::super::deaf::round_ns;
use super::super::describe::{is_of_file, part_text};
use super::super::lives;
use super::super::logged::kind;
use super::super::names::Origin;
use super::super::types::{Finding, Hearing, Link, SplitPart};
use super::super::words::{Cause, Doing, Evidence, Rule, Severity};
use super::{Facts, count_text};

/// To wake fewer takes a cancel no time to speak of.
const MANY_HEARERS: usize = 64;

/// Of how many groups to ask who held up the worst, and how many spans to read for each.
const MAX_ASKED: usize = 256;
const MAX_READ: usize = 4_096;

/// How many overstays to take apart; the rest, which are shorter, go by their function alone, as
/// far as one like them was among the first.
const MAX_SPLITS: usize = 20_000;

/// What else may cure it if only the clock tells whose the deadline was.
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
    /// The worst one's largest part.
    held: Option<SplitPart>,
}

pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let n_late = facts.worst_first.partition_point(|&row| {
        facts.hearings[row as usize].overstay_ns > facts.rules.late_over_ns
    });
    let late = |rank: usize| &facts.hearings[facts.worst_first[rank] as usize];
    let mut groups = Groups::default();
    for first in (0..n_late).step_by(MAX_SPLITS) {
        let ranks = first..n_late.min(first + MAX_SPLITS);
        // The worst are all taken apart.
        let alike = |groups: &Groups<'_>, hearing| {
            if first == 0 { None } else { groups.alike(hearing) }
        };
        let seen = facts.threads.over_rows(ranks.len(), |rows| {
            let hearings = rows.map(|row| late(first + row));
            let see = |hearing| alike(&groups, hearing).ok_or_else(|| judge(facts, hearing));
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
    // The worst groups come first.
    let asked = (0..).map(|n| n < MAX_ASKED);
    groups.all.iter().zip(asked).map(|(group, asked)| finding(facts, group, asked)).collect()
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

    /// Adds one that was taken apart to its group.
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
            self.all.push(Group { key, members: Vec::new(), held });
            self.all.len() - 1
        });
        self.all[group].members.push(hearing);
        self.row_of_function.entry((hearing.function, rule)).or_insert(group);
    }
}

/// By which rule a late hearing counts, and what held it up.
fn judge(facts: &Facts<'_>, hearing: &Hearing) -> (Rule, Option<SplitPart>) {
    let window = Interval::new(hearing.heard_at, facts.until(hearing));
    let parts = facts.parts(hearing.goroutine, window);
    let rule = hearing.rule();
    let own = |part: &&SplitPart| !is_starved(facts, part);
    if rule == Rule::Deaf {
        return (rule, parts.iter().find(own).or(parts.first()).copied());
    }
    // What it could not help: that the canceller took its time, that no processor was free,
    // and that the GC made it wait.
    let starved = |part: &&SplitPart| is_starved(facts, part);
    let waited = parts.iter().filter(starved).map(|part| part.ns);
    if window.ns() - waited.sum::<i64>() <= facts.rules.late_over_ns {
        return (Rule::LateScheduling, parts.iter().find(starved).copied());
    }
    (rule, parts.iter().find(own).copied())
}

/// Whether a goroutine spent its time waiting for a processor or for the GC.
fn is_starved(facts: &Facts<'_>, part: &SplitPart) -> bool {
    const BY_GC: &[&str] = &["GC mark assist wait for work", "wait until GC ends", "preempted"];
    match part.state {
        Doing::Runnable | Doing::GcAssist | Doing::Unborn => true,
        Doing::Waiting => {
            BY_GC.contains(&facts.trace.string(part.reason))
                || facts.book.in_gc(facts.trace, part.stack)
        }
        _ => false,
    }
}

/// What to act on in a group; `asked` says whether to look for who held up the worst.
fn finding(facts: &Facts<'_>, group: &Group<'_>, asked: bool) -> Finding {
    let mut members = group.members.clone();
    members.sort_by_key(|hearing| (Reverse(hearing.overstay_ns), hearing.goroutine));
    let total = super::total(members.iter().map(|hearing| hearing.overstay_ns));
    let worst = members.first().map_or(0, |hearing| hearing.overstay_ns);
    let first = members.first().filter(|_| asked && group.key.rule != Rule::LateScheduling);
    let by_whom = first.and_then(|worst| held_up_by(facts, worst)).unwrap_or_default();
    let mut cancels: Vec<u32> = members.iter().map(|hearing| hearing.cancel).collect();
    cancels.sort_unstable();
    cancels.dedup();
    let by_clock = cancels.iter().all(|&id| facts.cancels[id as usize].is_unheard_deadline());
    Finding {
        rule: group.key.rule,
        severity: severity(facts, group, &members),
        function: group.key.function,
        site: group.key.site,
        count: narrow(members.len()),
        worst_ns: worst,
        total_ns: total,
        message: message(facts, group, &members, worst) + &by_whom,
        fix: fix(facts, group).to_owned() + if by_clock { OF_ONE_CALL } else { "" },
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
        _ => Severity::High,
    }
}

/// The function in which each of some alone heard a deadline, and which the worst had left when it
/// was held up: that may have been a limit of that one call.
fn limited_call(facts: &Facts<'_>, group: &Group<'_>, members: &[&Hearing]) -> Option<StrId> {
    let (trace, book) = (facts.trace, facts.book);
    let stacks = trace.stacks();
    let held = group.held.map(|held| held.stack).filter(|&stack| stack != StackId::EMPTY)?;
    let function = |stack| stacks.top(book.user(stack)).map(|frame| frame.function);
    let heard_in = function(members.first()?.stack)?;
    let alone = |hearing: &&Hearing| {
        let cancel = &facts.cancels[hearing.cancel as usize];
        cancel.cause == Cause::Deadline && cancel.n_heard() == 1 && cancel.depth <= 1
    };
    let has_left = trace.frames(held).all(|frame| frame.function != heard_in);
    let is_called = stacks.caller(book.user(members.first()?.stack)) != StackId::EMPTY;
    (has_left && is_called && members.iter().all(alone)).then_some(heard_in)
}

fn message(facts: &Facts<'_>, group: &Group<'_>, members: &[&Hearing], worst: i64) -> String {
    let trace = facts.trace;
    // A connection's goroutine can be late in one request after another.
    let n = super::once_each(members.iter().map(|hearing| hearing.goroutine)).len();
    let times = match members.len() {
        all if all > n => format!(", {} times in all,", grouped(u64::from(narrow(all)))),
        _ => String::new(),
    };
    let who = match trace.string(group.key.function) {
        "" => count_text(narrow(n), "goroutine") + &times,
        name => format!("{} of {name}{times}", count_text(narrow(n), "goroutine")),
    };
    let cause = cause_text(facts, members);
    let time = trace.clock().text(worst);
    let up_to = if members.len() == 1 { "" } else { "up to " };
    let did = match group.key.rule {
        Rule::StillAlive => {
            let is = if members.len() == 1 { "is" } else { "are" };
            format!("{is} still alive {up_to}{time} after {cause}")
        }
        Rule::Deaf => {
            let was = if members.len() == 1 { "was" } else { "were" };
            let grades = grades(facts, members);
            let unheard = unheard_text(facts, members).unwrap_or_default();
            format!(
                "{was} not woken by {cause}{unheard} and stayed {up_to}{time} longer ({grades})"
            )
        }
        Rule::LateScheduling => {
            let why = match reach(facts, members) {
                Some(reach) => format!("most of it, {reach}, before the cancel came to the last"),
                None => "because no processor was free, or because of the GC".to_owned(),
            };
            format!("left {up_to}{time} after {cause}, {why}")
        }
        _ => match limited_call(facts, group, members) {
            Some(call) => {
                let call = trace.string(call);
                format!("left {up_to}{time} after {cause}, which may have been that of {call} only")
            }
            None => format!("left {up_to}{time} after {cause}"),
        },
    };
    match &group.held {
        Some(held) if group.key.rule != Rule::LateScheduling => {
            let worst = if members.len() == 1 { "it" } else { "the worst" };
            format!("{who} {did}; {worst} {}", part_text(trace, held))
        }
        _ => format!("{who} {did}"),
    }
}

/// The one other goroutine for which a hearing's goroutine waited more than half of its overstay, if
/// there is one: it is the one to look at.
fn held_up_by(facts: &Facts<'_>, hearing: &Hearing) -> Option<String> {
    let trace = facts.trace;
    let window = Interval::new(facts.cancels[hearing.cancel as usize].at, facts.until(hearing));
    let mut walk = Walk::new(facts.splitter());
    let account = walk.account(hearing.goroutine, window, MAX_READ);
    let Link { goroutine, did, .. } = account.held_up_by(hearing.goroutine)?;
    let id = trace.go_id(goroutine).0;
    let is_most = did.ns > window.ns() / 2;
    is_most.then(|| format!(", held up by goroutine {id}: {}", part_text(trace, &did)))
}

/// How long a cancel took to reach the last of some, if that is most of what they are late by: a
/// canceller wakes one after another.
fn reach(facts: &Facts<'_>, members: &[&Hearing]) -> Option<String> {
    let way = |hearing: &Hearing| hearing.heard_at.since(facts.cancels[hearing.cancel as usize].at);
    let on_the_way = super::total(members.iter().map(|hearing| way(hearing)));
    let in_all = super::total(members.iter().map(|hearing| hearing.overstay_ns));
    let is_most = on_the_way > in_all / 2;
    let last = members.iter().map(|hearing| way(hearing)).max()?;
    is_most.then(|| facts.trace.clock().text(last))
}

/// How it is known that some were deaf: `task`, `waited-on by main.serve`.
fn grades(facts: &Facts<'_>, members: &[&Hearing]) -> String {
    let mut grades: Vec<&str> = members.iter().map(|hearing| hearing.evidence.name()).collect();
    grades.sort_unstable();
    grades.dedup();
    let by_clock =
        members.iter().any(|hearing| facts.cancels[hearing.cancel as usize].is_unheard_deadline());
    let grades = grades.join(", ") + if by_clock { ", by the clock" } else { "" };
    let waited = members.iter().filter(|hearing| hearing.evidence == Evidence::WaitedOn);
    let mut waiters = waited.take(MAX_ASKED).map(|hearing| waiter(facts, hearing));
    match waiters.next().flatten() {
        Some(by) if waiters.all(|other| other == Some(by)) => {
            let by_whom = format!("{} by {}", Evidence::WaitedOn, facts.trace.string(by));
            grades.replacen(Evidence::WaitedOn.name(), &by_whom, 1)
        }
        _ => grades,
    }
}

/// The function of the goroutine that waited for one that was deaf: its creator's, if that was
/// waiting when the context was cancelled, or was let go by the deaf one at its end.
fn waiter(facts: &Facts<'_>, hearing: &Hearing) -> Option<StrId> {
    let (trace, deaf) = (facts.trace, hearing.goroutine);
    let parent = lives::parent(trace, deaf)?;
    let cancelled = facts.cancels[hearing.cancel as usize].at;
    let waits = |span: Span| span.state == GoState::Waiting;
    let near_its_end = facts.until(hearing) + -facts.rules.late_over_ns;
    let mut near = trace.spans_from(parent, near_its_end).take(MAX_ASKED);
    let is_let_go = near.any(|span| span.woken && span.waker == Some(deaf));
    (is_let_go || trace.span_at(parent, cancelled).is_some_and(waits))
        .then(|| facts.acting(parent, [lives::creation_stack(trace, deaf), StackId::EMPTY]))
}

/// `its cancel (deadline)`, `their cancel (deadline, explicit)`; with the context's name where
/// the program logged it: `its cancel of query#7 (explicit)`.
fn cause_text(facts: &Facts<'_>, members: &[&Hearing]) -> String {
    let cancels = members.iter().map(|hearing| &facts.cancels[hearing.cancel as usize]);
    let mut causes: Vec<Cause> = cancels.map(|cancel| cancel.cause).collect();
    causes.sort_unstable();
    causes.dedup();
    let names: Vec<&str> = causes.iter().map(|cause| cause.name()).collect();
    let what = if members.len() == 1 { "its cancel" } else { "their cancel" };
    let of = match context_text(facts, members) {
        Some(context) => format!(" of {context}"),
        None => String::new(),
    };
    format!("{what}{of} ({})", names.join(", "))
}

/// Of a deadline that nobody heard, after what time it came: only the clock tells whose it was.
fn unheard_text(facts: &Facts<'_>, members: &[&Hearing]) -> Option<String> {
    let cancel = |hearing: &&Hearing| &facts.cancels[hearing.cancel as usize];
    let is_unheard = |hearing: &&Hearing| cancel(hearing).is_unheard_deadline();
    if !members.iter().all(is_unheard) {
        return None;
    }
    // Of those that started a little before their context was made the least is the nearest to it.
    let own = members.iter().filter(|hearing| hearing.evidence == Evidence::WaitedOn);
    let after =
        own.map(|hearing| cancel(hearing).at - lives::first(facts.trace, hearing.goroutine));
    let start = if members.len() == 1 { "its start" } else { "their start" };
    Some(match after.min() {
        Some(ns) => {
            let limit = facts.trace.clock().text(round_ns(ns).unwrap_or(ns));
            format!(", which nobody heard and which came {limit} after {start},")
        }
        None => ", which nobody heard,".to_owned(),
    })
}

/// What the program calls the contexts: the name of the only one, the kind of several of one
/// kind; none if they differ or have no names.
fn context_text<'a>(facts: &Facts<'a>, members: &[&Hearing]) -> Option<&'a str> {
    if facts.logged.is_empty() {
        return None;
    }
    let name = |hearing: &&Hearing| {
        let name = facts.logged.get(&hearing.cancel)?.name(facts.trace);
        (!name.is_empty()).then_some(name)
    };
    let names: Vec<&str> = members.iter().map(name).collect::<Option<_>>()?;
    let first = *names.first()?;
    if names.iter().all(|name| *name == first) {
        Some(first)
    } else {
        names.iter().all(|name| kind(name) == kind(first)).then(|| kind(first))
    }
}

/// Whether the worst one ran on in the function in which it had heard.
fn ran_where_it_heard(facts: &Facts<'_>, group: &Group<'_>, held: &SplitPart) -> bool {
    let heard = group.members.first().filter(|hearing| !hearing.deaf);
    let top = heard.and_then(|hearing| {
        facts.trace.stacks().top(facts.book.user(hearing.stack)).map(|frame| frame.function)
    });
    top.is_some() && top == held.site.map(|site| site.function)
}

/// What to do about it, by what held the worst one.
fn fix(facts: &Facts<'_>, group: &Group<'_>) -> &'static str {
    let is_scheduling = group.key.rule == Rule::LateScheduling;
    if is_scheduling && reach(facts, &group.members).is_some() {
        let n_heard = |hearing: &&Hearing| facts.cancels[hearing.cancel as usize].n_heard();
        return if group.members.iter().map(n_heard).max().unwrap_or(0) < MANY_HEARERS {
            "Give the program more processors: the goroutine that cancels waited for one."
        } else {
            "Let fewer goroutines wait for one context: a cancel wakes them one after another."
        };
    }
    if group.members.iter().all(|hearing| hearing.evidence == Evidence::AfterFunc) {
        return "A callback of a cancel has no context left that ends its waits: give them a time \
                limit of their own, on context.WithoutCancel(ctx).";
    }
    let Some(held) = &group.held else { return "Return as soon as ctx.Done() is closed." };
    if is_scheduling {
        return "Give the program more processors, or fewer goroutines that compute at a time.";
    }
    match held.state {
        Doing::Waiting => of_wait(facts, group, held),
        Doing::Running if ran_where_it_heard(facts, group, held) => {
            "Return there when ctx.Done() is closed (break leaves only the select), or check ctx.Err() in the loop."
        }
        Doing::Running => "Check ctx.Err() in the loop, every few milliseconds of work.",
        Doing::Syscall => {
            "Make the call interruptible (deadlines, CommandContext), or run it where nobody waits for it."
        }
        Doing::GcAssist => "Allocate less on the way out: it paid for allocations with GC work.",
        _ => "Return as soon as ctx.Done() is closed.",
    }
}

/// What to do about a wait that held the worst one.
fn of_wait(facts: &Facts<'_>, group: &Group<'_>, held: &SplitPart) -> &'static str {
    let trace = facts.trace;
    let joins = facts.book.any(trace.stacks(), held.stack, Traits::JOINS);
    let heard = group.members.iter().any(|hearing| !hearing.deaf);
    let in_call = facts.book.spot(held.stack).code.is_some_and(|code| code != Origin::User);
    match trace.string(held.reason) {
        "sleep" if group.key.rule == Rule::Deaf => {
            "Give it the context if it has none, and wait in a select on ctx.Done() and a timer instead of time.Sleep."
        }
        "sleep" => {
            "Wait in a select on ctx.Done() and a timer instead of time.Sleep, or return before the sleep."
        }
        _ if joins => "Cancel those whom it waits for with the same context: they hold it up.",
        // Who heard and went on to wait may have to: with that case it would wait for nothing.
        "select" if heard && in_call => {
            "Give that call, which it makes on its way out, a time limit: a context with a deadline of its own."
        }
        "select" if heard => {
            "Give that wait on its way out a time limit, or a case <-ctx.Done() if nothing is lost by leaving at once."
        }
        "select" if in_call => {
            "Give that call the context: it waits there with another one, or none."
        }
        "select" => "Add a case <-ctx.Done() of the same context to that select.",
        "chan receive" | "chan send" if heard => {
            "Put the channel operation into a select with a time limit, or with a case <-ctx.Done() if nothing is lost by leaving at once."
        }
        "chan receive" | "chan send" => {
            "Put the channel operation into a select with a case <-ctx.Done()."
        }
        "network" if is_of_file(trace, held.stack) => {
            "Close the file or pipe when ctx is done (context.AfterFunc), or set a deadline on it."
        }
        "network" => {
            "Use the call that takes a context, or set a deadline on the connection when ctx is done."
        }
        "sync.(*Cond).Wait" => {
            "Let context.AfterFunc(ctx, cond.Broadcast) end the wait, and check ctx.Err() in the loop around it."
        }
        "sync" => {
            "Do not take locks on the way out, or make their holders shorter: see who held it."
        }
        _ => "Return as soon as ctx.Done() is closed.",
    }
}
