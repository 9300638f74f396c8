//! `still-alive`: who keeps a program from shutting down.
//!
//! `http.Server.Shutdown` waits for handlers to return and tells them nothing: the requests'
//! contexts go on. So a stream that only listens to its own request holds it up until its time is
//! over, or for good.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use crate::base::{Goroutine, Interval, StackId, StrId, Time, narrow};
use crate::model::Span;
use crate::parse::event::GoState;

use super::super::book::Traits;
use super::super::describe::part_text;
use super::super::lives;
use super::super::serving::{Run, runs};
use super::super::types::{Finding, SplitPart};
use super::super::words::{Rule, Severity};
use super::{Facts, count_text};

/// How far to look back for a shutdown's beginning, in spans.
const LOOK_BACK: usize = 4_096;

/// A shutdown in good order that was not done when it ended, or the trace.
#[derive(Clone, Copy)]
struct Shutdown {
    interval: Interval,
    /// The function that shuts down.
    function: StrId,
    /// The deadline at which it gave up; none if the trace ended first.
    gave_up: Option<u32>,
}

/// A handler that a shutdown waited for, and what it mostly did meanwhile.
struct Held {
    handler: Goroutine,
    function: StrId,
    did: Option<SplitPart>,
}

pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for shutdown in shutdowns(facts) {
        let mut by_function: FxHashMap<StrId, Vec<Held>> = FxHashMap::default();
        for held in held_by(facts, &shutdown) {
            by_function.entry(held.function).or_default().push(held);
        }
        findings.extend(by_function.iter().map(|(&of, held)| finding(facts, &shutdown, of, held)));
    }
    findings
}

/// All that gave up, and that last to the trace's end.
fn shutdowns(facts: &Facts<'_>) -> Vec<Shutdown> {
    let trace = facts.trace;
    if !facts.book.knows(Traits::GRACEFUL) {
        return Vec::new();
    }
    let gave_up = facts.hearings.iter().filter(|hearing| !hearing.deaf).filter_map(|hearing| {
        let shutdown = shutdown(facts, hearing.goroutine, hearing.heard_at)?;
        Some(Shutdown { gave_up: Some(hearing.cancel), ..shutdown })
    });
    let alive = trace.goroutines().filter(|&of| lives::ended(trace, of).is_none());
    let unfinished = alive.filter_map(|of| shutdown(facts, of, lives::end(trace, of)));
    let is_long = |shutdown: &Shutdown| shutdown.interval.ns() > facts.rules.max_request_ns;
    gave_up.chain(unfinished.filter(is_long)).collect()
}

/// The shutdown that a goroutine waits in until some moment, if it does.
fn shutdown(facts: &Facts<'_>, by: Goroutine, until: Time) -> Option<Shutdown> {
    let trace = facts.trace;
    let is_in = |span: &Span| facts.book.any(trace.stacks(), span.stack, Traits::GRACEFUL);
    let is_elsewhere = |span: &Span| {
        let is_own = !span.woken && span.stack != StackId::EMPTY;
        (is_own || span.state == GoState::Waiting) && !is_in(span)
    };
    let mut before = trace.spans_before(by, until).filter(|span| span.start < until);
    let last = before.next().filter(|last| last.state == GoState::Waiting && is_in(last))?;
    let waits = before.take(LOOK_BACK).take_while(|span| !is_elsewhere(span));
    let began = waits.filter(is_in).last().map_or(last.start, |first| first.start);
    let is_graceful = |function| facts.book.function(function).is.has(Traits::GRACEFUL);
    let mut functions = trace.frames(last.stack).map(|frame| frame.function);
    let function = functions.find(|&function| is_graceful(function))?;
    Some(Shutdown { interval: Interval::new(began, until), function, gave_up: None })
}

/// The handlers that ran when a shutdown began and still ran when it ended.
fn held_by(facts: &Facts<'_>, shutdown: &Shutdown) -> Vec<Held> {
    let trace = facts.trace;
    let Interval { start, end } = shutdown.interval;
    let mut held = Vec::new();
    for Run { by: server, began, until, .. } in runs(trace, facts.book) {
        let is_over = until.is_some_and(|until| until < end) || lives::end(trace, server) < end;
        if began >= start || is_over || still_accepts(facts, server, end) {
            continue;
        }
        let parts = facts.parts(server, shutdown.interval);
        let did = parts.first().copied();
        let stack = did.map_or(StackId::EMPTY, |did| did.stack);
        let Some(frame) = facts.book.outermost_user(trace.stacks(), stack) else { continue };
        held.push(Held { handler: server, function: frame.function, did });
    }
    held
}

/// Whether a connection is that of a server which goes on to accept others: another one is shut down.
fn still_accepts(facts: &Facts<'_>, server: Goroutine, at: Time) -> bool {
    let trace = facts.trace;
    let accepts = |of: Goroutine| {
        lives::ended(trace, of).is_none_or(|ended| ended > at)
            && trace.span_at(of, at).is_some_and(|span| {
                span.state == GoState::Waiting && trace.string(span.reason) == "network"
            })
    };
    lives::parent(trace, server).is_some_and(accepts)
}

fn finding(facts: &Facts<'_>, shutdown: &Shutdown, function: StrId, held: &[Held]) -> Finding {
    let trace = facts.trace;
    let n = narrow(held.len());
    let mut held: Vec<&Held> = held.iter().collect();
    held.sort_by_key(|held| (Reverse(held.did.map_or(0, |did| did.ns)), held.handler));
    let worst = held.first().and_then(|held| held.did);
    let did = worst.map_or(String::new(), |did| {
        let who = if n == 1 { "it" } else { "one of them" };
        format!("; {who} {}", part_text(trace, &did))
    });
    let lasted = trace.clock().text(shutdown.interval.ns());
    let what = trace.string(shutdown.function);
    let when = match shutdown.gave_up {
        Some(_) => format!("when {what} gave up after {lasted}"),
        None => format!("when the trace ended, {lasted} after {what} had begun"),
    };
    let each = shutdown.interval.ns();
    Finding {
        rule: Rule::StillAlive,
        severity: Severity::High,
        function,
        site: worst.and_then(|did| did.site),
        count: n,
        worst_ns: each,
        total_ns: super::total(held.iter().map(|_| each)),
        message: format!(
            "{} of {} still ran {when}{did}",
            count_text(n, "handler"),
            trace.string(function)
        ),
        fix: "A shutdown ends no request's context: make them of one that you cancel first \
              (http.Server.BaseContext), or end streams by RegisterOnShutdown."
            .to_owned(),
        goroutines: held.iter().map(|held| held.handler).collect(),
        cancels: shutdown.gave_up.into_iter().collect(),
    }
}
