//! What is said of goroutines that overstay.

use crate::base::{Interval, StackId, StrId, Time, grouped, narrow};
use crate::model::Span;

use super::super::super::cancels::logged::kind;
use super::super::super::code::reasons;
use super::super::super::deaf::round_ns;
use super::super::super::heard::awaited::waits_plainly;
use super::super::super::lives;
use super::super::super::split::blame::Walk;
use super::super::super::split::describe::{frame_text, part_text};
use super::super::super::split::n_sleeps;
use super::super::super::types::{Hearing, Link, SplitPart};
use super::super::super::words::{Cause, Doing, Evidence, Outcome, Rule};
use super::super::{Facts, count_text, once_each};
use super::{Group, MAX_ASKED, limited_call};

/// How many spans to read for what held a goroutine up.
const MAX_READ: usize = 4_096;

/// What happened, in one sentence; `by_whom` names the goroutine that held up the worst one, if one did.
pub(super) fn message(
    facts: &Facts<'_>,
    group: &Group<'_>,
    members: &[&Hearing],
    worst: i64,
    by_whom: &str,
) -> String {
    let trace = facts.trace;
    // A connection's goroutine can be late in one request after another.
    let n = once_each(members.iter().map(|hearing| hearing.goroutine)).len();
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
            let stayed = stayed_text(members, &format!("{up_to}{time}"));
            format!("{was} not woken by {cause}{unheard} and {stayed} ({grades})")
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
            let first = group.members.first().filter(|_| group.asked);
            let times = first.map_or(String::new(), |first| times_text(facts, first, held));
            let called = called_text(facts, group, held).unwrap_or_default();
            let own = format!("{}{times}{called}", part_text(trace, held));
            match first.and_then(|first| longest_besides(facts, first, held)) {
                Some(longest) => {
                    format!("{who} {did}; {worst} {longest}{by_whom}, and of its own doing {own}")
                }
                None => format!("{who} {did}; {worst} {own}{by_whom}"),
            }
        }
        _ => format!("{who} {did}{by_whom}"),
    }
}

/// For how long the deaf stayed, and whether they are still there.
fn stayed_text(members: &[&Hearing], time: &str) -> String {
    let n_alive = members.iter().filter(|hearing| hearing.outcome == Outcome::Alive).count();
    match (n_alive, members.len()) {
        (0, _) => format!("stayed {time} longer"),
        (1, 1) => format!("is still alive {time} later"),
        (alive, all) if alive == all => format!("are still alive {time} later"),
        (alive, _) => {
            let alive = grouped(u64::from(narrow(alive)));
            format!("stayed {time} longer, {alive} of them to the trace's end")
        }
    }
}

/// What the worst one mostly did from the cancel to its end, if that is not what it is accused of:
/// it waited for the cancel to come to it, or for a processor. Every list says this of it.
fn longest_besides(facts: &Facts<'_>, worst: &Hearing, held: &SplitPart) -> Option<String> {
    let window = Interval::new(facts.cancel_of(worst).at, facts.until(worst));
    let longest = *facts.parts(worst.goroutine, window).first()?;
    // What held it may have begun before it heard.
    let is_it = longest.state == held.state && longest.site == held.site;
    (!is_it && longest.ns > held.ns).then(|| part_text(facts.trace, &longest))
}

/// The caller of one that is deaf in a place where others hear: that hands on the wrong context.
fn called_text(facts: &Facts<'_>, group: &Group<'_>, held: &SplitPart) -> Option<String> {
    let stacks = facts.trace.stacks();
    let hear = group.key.rule == Rule::Deaf
        && held.state == Doing::Waiting
        && facts.listening.hears(facts.trace, facts.book, held.stack);
    let caller = stacks.caller(facts.book.user(held.stack));
    let frame = facts.book.user_frame(stacks, caller).filter(|_| hear)?;
    Some(format!(", called in {}", frame_text(facts.trace, frame)))
}

/// How often the worst one slept, if more than once.
fn times_text(facts: &Facts<'_>, worst: &Hearing, held: &SplitPart) -> String {
    let window = Interval::new(worst.heard_at, facts.until(worst));
    match n_sleeps(facts.trace, facts.book, (worst.goroutine, window), held) {
        0 | 1 => String::new(),
        n => format!(", {n} times"),
    }
}

/// The one other goroutine for which a hearing's goroutine waited more than half of its overstay, if
/// there is one: it is the one to look at.
pub(super) fn held_up_by(facts: &Facts<'_>, hearing: &Hearing) -> Option<String> {
    let trace = facts.trace;
    let window = Interval::new(facts.cancel_of(hearing).at, facts.until(hearing));
    let mut walk = Walk::new(facts.splitter());
    let account = walk.account(hearing.goroutine, window, MAX_READ);
    let Link { goroutine, did, .. } = account.held_up_by(hearing.goroutine)?;
    let id = trace.go_id(goroutine).0;
    let is_most = did.ns > window.ns() / 2;
    is_most.then(|| format!(", held up by goroutine {id}: {}", part_text(trace, &did)))
}

/// How long a cancel took to reach the last of its hearers, if that is most of what they are late by: a
/// canceller wakes one after another.
pub(super) fn reach(facts: &Facts<'_>, members: &[&Hearing]) -> Option<String> {
    let way = |hearing: &Hearing| hearing.heard_at.since(facts.cancel_of(hearing).at);
    let on_the_way = super::super::total(members.iter().map(|hearing| way(hearing)));
    let in_all = super::super::total(members.iter().map(|hearing| hearing.overstay_ns));
    let is_most = on_the_way > in_all / 2;
    let last = members.iter().map(|hearing| way(hearing)).max()?;
    is_most.then(|| facts.trace.clock().text(last))
}

/// The grades by which goroutines are known to be deaf: `task`, `waited-on by main.serve`.
fn grades(facts: &Facts<'_>, members: &[&Hearing]) -> String {
    let mut grades: Vec<&str> = members.iter().map(|hearing| hearing.evidence.name()).collect();
    grades.sort_unstable();
    grades.dedup();
    if members.iter().all(|hearing| hearing.evidence == Evidence::Stranded) {
        let takers = if members.len() == 1 {
            "who took what it sends"
        } else {
            "those who took what they send"
        };
        let left = if members.len() == 1 { "has" } else { "have" };
        return format!("{}: {takers} {left} left", Evidence::Stranded);
    }
    let by_clock = members.iter().any(|hearing| hearing.by_clock);
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

/// The function of the goroutine that waited for a deaf one: its creator's, if that was waiting when the
/// context was cancelled, or was let go by the deaf one at its end.
fn waiter(facts: &Facts<'_>, hearing: &Hearing) -> Option<StrId> {
    let (trace, deaf) = (facts.trace, hearing.goroutine);
    let parent = lives::parent(trace, deaf)?;
    let cancelled = facts.cancel_of(hearing).at;
    // Who heard in a select had asked for something there; others are served there as well.
    let until = cancelled + facts.rules.late_over_ns;
    let asked = |span: &Span| trace.string(span.reason) == reasons::SELECT && span.end <= until;
    let waits = |span: Span| waits_plainly(trace, facts.book, &span) || asked(&span);
    let near_its_end = facts.until(hearing) - facts.rules.late_over_ns;
    let mut near = trace.spans_from(parent, near_its_end).take(MAX_ASKED);
    let is_let_go = near.any(|span| span.waker == Some(deaf));
    let at_its_end = trace.span_at(parent, Time(facts.until(hearing).ns().saturating_sub(1)));
    let joins = |span: Span| waits_plainly(trace, facts.book, &span);
    (is_let_go
        || trace.span_at(parent, cancelled).is_some_and(waits)
        || at_its_end.is_some_and(joins))
    .then(|| facts.acting(parent, [lives::creation_stack(trace, deaf), StackId::EMPTY]))
}

/// `its cancel (deadline)`, `their cancel (deadline, explicit)`; with the context's name where
/// the program logged it: `its cancel of query#7 (explicit)`.
fn cause_text(facts: &Facts<'_>, members: &[&Hearing]) -> String {
    let cancels = members.iter().map(|hearing| facts.cancel_of(hearing));
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

/// After what time a deadline came for which nobody left: only the clock tells whose it was.
fn unheard_text(facts: &Facts<'_>, members: &[&Hearing]) -> Option<String> {
    let cancel = |hearing: &&Hearing| facts.cancel_of(hearing);
    if !members.iter().all(|hearing| hearing.by_clock) {
        return None;
    }
    let is_unheard = |hearing: &&Hearing| cancel(hearing).is_unheard_deadline();
    let heard_by = match members.len() {
        _ if members.iter().all(is_unheard) => "nobody",
        1 => "a listener of its own",
        _ => "listeners of their own",
    };
    // Of those that started a little before their context was made the least is the nearest to it.
    let own = members.iter().filter(|hearing| hearing.evidence == Evidence::WaitedOn);
    let after =
        own.map(|hearing| cancel(hearing).at - lives::first(facts.trace, hearing.goroutine));
    let start = if members.len() == 1 { "its start" } else { "their start" };
    Some(match after.min() {
        Some(ns) => {
            let limit = facts.trace.clock().text(round_ns(ns).unwrap_or(ns));
            format!(", which {heard_by} heard and which came {limit} after {start},")
        }
        None => format!(", which {heard_by} heard,"),
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
