//! `still-alive`, of the main goroutine: a program that hangs.
//!
//! The main goroutine is meant to live on, and never late. But if it waits for others until the trace
//! ends, since a signal told the program to stop or since nothing else of the program has run either,
//! then somebody should look at what it waits for.

use std::cmp::Reverse;

use crate::base::{Goroutine, StrId, Time, WireMap, narrow};
use crate::model::{Frame, Span};
use crate::parse::event::GoState;

use super::super::code::book::Traits;
use super::super::code::names::Origin;
use super::super::code::reasons;
use super::super::lives;
use super::super::recorder;
use super::super::split::describe::{frame_text, part_text, reason_of, waits_text};
use super::super::types::{Finding, Hearing};
use super::super::words::{Cause, Outcome, Rule, Severity};
use super::{Facts, count_text};

/// How far to look back for a signal, in spans.
const LOOK_BACK: usize = 1_024;

/// How many sorts of other stuck goroutines are told.
const MAX_TOLD: usize = 3;

/// Others of one function that wait in one place for one thing, for very long.
type Sort = (StrId, Option<Frame>, String);

pub(super) fn find(facts: &Facts<'_>) -> Option<Finding> {
    let trace = facts.trace;
    let main =
        trace.goroutines().find(|&of| facts.is_main(of) && lives::ended(trace, of).is_none())?;
    let last = long_wait(facts, main)?;
    let told = told_before(facts, main, last.start);
    // Goroutines that are late, or deaf to it, are told.
    if matches!(told, Told::ByCancel(cancel) if holds_up(facts, cancel)) {
        return None;
    }
    let others = others(facts, main);
    // A goroutine that only waits for something to do is idle, and not stuck.
    let is_held_up = |of: Goroutine| {
        long_wait(facts, of).is_some_and(|wait| {
            let reason = reason_of(trace, wait.stack, trace.string(wait.reason));
            let joins = facts.book.any(trace.stacks(), wait.stack, Traits::JOINS);
            reason == reasons::SEND
                || reason == reasons::LOCK && (!joins || of == main && others.n == 0)
        })
    };
    let mut stuck = others.stuck.iter().flat_map(|(_, of)| of.iter().copied()).chain([main]);
    let hangs = others.none_runs && stuck.any(is_held_up);
    (told != Told::Not || hangs).then(|| finding(facts, (main, &last), told, &others.stuck))?
}

fn finding(
    facts: &Facts<'_>,
    (main, last): (Goroutine, &Span),
    told: Told,
    others: &[(Sort, Vec<Goroutine>)],
) -> Option<Finding> {
    let trace = facts.trace;
    let part = *facts.parts(main, last.interval()).first()?;
    let did = part_text(trace, &part);
    let (message, cancels) = match told {
        Told::Not => (
            format!(
                "The main goroutine {did}, to the trace's end, and nothing of the program goes on"
            ),
            Vec::new(),
        ),
        Told::BySignal | Told::ByCancel(_) => (
            format!("The main goroutine was told to stop and then {did}, to the trace's end"),
            if let Told::ByCancel(cancel) = told { vec![cancel] } else { Vec::new() },
        ),
    };
    let others_too = others.iter().flat_map(|(_, goroutines)| goroutines.iter().copied());
    Some(Finding {
        rule: Rule::StillAlive,
        severity: Severity::Medium,
        function: facts.book.kind(trace, main),
        site: part.site,
        count: 1,
        worst_ns: last.ns(),
        total_ns: last.ns(),
        message: message + &others_text(facts, others),
        fix:
            "See why those whom it waits for do not go on; give waits on the way out a time limit."
                .to_owned(),
        goroutines: std::iter::once(main).chain(others_too).collect(),
        cancels,
    })
}

/// The wait for others that a goroutine is in when the trace ends, if that has lasted very long.
fn long_wait(facts: &Facts<'_>, goroutine: Goroutine) -> Option<Span> {
    let (trace, book) = (facts.trace, facts.book);
    let last = trace.spans_before(goroutine, lives::end(trace, goroutine)).next()?;
    let has = |fact| book.any(trace.stacks(), last.stack, fact);
    let reason = reason_of(trace, last.stack, trace.string(last.reason));
    // In a library's call it may wait for what is outside of the program, such as a process.
    let is_own = book.spot(last.stack).code.is_none_or(|code| code == Origin::User);
    let is_channel = reasons::is_channel(reason) && is_own;
    let is_for_others = matches!(reason, reasons::LOCK | reasons::COND | reasons::SYNCTEST);
    let is_plain = is_channel || is_for_others || has(Traits::JOINS);
    let is_long = last.ns() > facts.rules.hang_over_ns;
    let waits = last.state == GoState::Waiting && is_plain;
    (waits && is_long && !has(Traits::GRACEFUL)).then_some(last)
}

/// How the main goroutine was told to stop, if at all.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Not,
    /// By a channel of signals.
    BySignal,
    /// By the cancel of a context that ends with a signal.
    ByCancel(u32),
}

/// Whether a signal told the main goroutine to stop before some moment.
fn told_before(facts: &Facts<'_>, main: Goroutine, at: Time) -> Told {
    let trace = facts.trace;
    let is_told = |hearing: &&Hearing| {
        let cancel = facts.cancel_of(hearing);
        matches!(cancel.cause, Cause::Signal | Cause::ServerShutdown)
            && !hearing.deaf
            && hearing.outcome == Outcome::LivesOn
            && hearing.heard_at <= at
    };
    let told = facts.hearings_of(main).filter(is_told).max_by_key(|hearing| hearing.heard_at);
    let hands_signals =
        |by: Goroutine| facts.book.function(lives::name(trace, by)).is.has(Traits::SIGNALS);
    let mut before = trace.spans_before(main, at).take(LOOK_BACK);
    match told {
        Some(told) => Told::ByCancel(told.cancel),
        None if before.any(|span| span.waker.is_some_and(hands_signals)) => Told::BySignal,
        None => Told::Not,
    }
}

/// Whether any goroutine is deaf to a cancel, or late or alive in spite of it.
fn holds_up(facts: &Facts<'_>, cancel: u32) -> bool {
    let of = facts.register.cancel(cancel);
    let is_late = |hearing: &Hearing| hearing.is_late(facts.rules.late_over_ns);
    of.n_deaf() > 0 || facts.register.heard(of).iter().any(is_late)
}

/// What the other goroutines of the program do when the trace ends.
struct Others {
    /// Those that are stuck as well, the most numerous sort first.
    stuck: Vec<(Sort, Vec<Goroutine>)>,
    /// How many are alive.
    n: usize,
    /// Whether none of the program's own has gone on for very long, but for the one that ends the
    /// recording.
    none_runs: bool,
}

fn others(facts: &Facts<'_>, main: Goroutine) -> Others {
    let trace = facts.trace;
    let trace_end = lives::end(trace, main);
    let since = trace_end - facts.rules.hang_over_ns;
    let mut sorts: WireMap<Sort, Vec<Goroutine>> = WireMap::default();
    let (mut n, mut none_runs) = (0, true);
    for of in trace.goroutines().filter(|&of| of != main) {
        let kind = facts.book.kind(trace, of);
        if facts.book.function(kind).origin == Origin::Std {
            continue;
        }
        if let Some(ended) = lives::ended(trace, of) {
            none_runs &= ended <= since;
            continue;
        }
        if recorder::ends_it(trace, of) {
            continue;
        }
        n += 1;
        let wait = long_wait(facts, of);
        none_runs &= wait.is_some();
        let Some(wait) = wait else { continue };
        let reason = reason_of(trace, wait.stack, trace.string(wait.reason));
        let waits = waits_text(trace, wait.stack, reason);
        let site = facts.book.site(trace.stacks(), wait.stack);
        sorts.entry((kind, site, waits)).or_default().push(of);
    }
    let mut stuck: Vec<(Sort, Vec<Goroutine>)> = sorts.into_iter().collect();
    stuck.sort_by_key(|(_, of)| (Reverse(of.len()), of.first().copied()));
    Others { stuck, n, none_runs }
}

fn others_text(facts: &Facts<'_>, others: &[(Sort, Vec<Goroutine>)]) -> String {
    let one = |((kind, site, waits), of): &(Sort, Vec<Goroutine>)| {
        let place = site.map(|site| format!(" in {}", frame_text(facts.trace, site)));
        let waits = match waits.strip_prefix("wait ") {
            Some(what) if of.len() == 1 => format!("waits {what}"),
            _ => waits.clone(),
        };
        let n = count_text(narrow(of.len()), "goroutine");
        let kind = facts.trace.string(*kind);
        format!("{n} of {kind}, which {waits}{}", place.unwrap_or_default())
    };
    let told: Vec<String> = others.iter().take(MAX_TOLD).map(one).collect();
    let more = if others.len() > MAX_TOLD { "; and others elsewhere" } else { "" };
    if told.is_empty() {
        String::new()
    } else {
        format!("; stuck as well: {}{more}", told.join("; "))
    }
}
