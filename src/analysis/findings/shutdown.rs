//! `still-alive`: who keeps a program from shutting down.
//!
//! `http.Server.Shutdown` waits for handlers to return and tells them nothing: the requests'
//! contexts go on. So a stream that only listens to its own request holds it up until its time is
//! over, or for good.

use std::cmp::Reverse;
use std::iter::successors;

use rustc_hash::FxHashMap;

use crate::base::{Goroutine, Interval, StackId, StrId, Time, narrow};
use crate::model::Span;
use crate::parse::event::GoState;

use super::super::book::Traits;
use super::super::describe::part_text;
use super::super::lives;
use super::super::recorder;
use super::super::serving::{Run, route, runs};
use super::super::types::{Finding, Hearing, SplitPart};
use super::super::words::{Rule, Severity};
use super::{Facts, count_text};

/// How many shutdowns to look at: a program has a few, but tests can try thousands.
const MAX_SHUTDOWNS: usize = 256;

/// How far to look back for a shutdown's beginning, in spans.
const LOOK_BACK: usize = 4_096;

/// How many goroutines there can be between one that serves and the one that accepts.
const ANCESTORS: usize = 3;

/// Where a server waits for connections.
const ACCEPTS: [&str; 2] = [").Accept", ").accept"];

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
    /// Whether it is known who accepted its connection.
    is_known: bool,
}

pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let shutdowns = shutdowns(facts);
    // Looking through all connections takes its time, and few traces need to know.
    let runs: Vec<Run> = match shutdowns.as_slice() {
        [] => return Vec::new(),
        _ => runs(facts.trace, facts.book).collect(),
    };
    let mut findings = Vec::new();
    for shutdown in shutdowns.into_iter().take(MAX_SHUTDOWNS) {
        let mut by_function: FxHashMap<StrId, Vec<Held>> = FxHashMap::default();
        for held in held_by(facts, &runs, &shutdown) {
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
    // There are many hearings, but in few places.
    let mut places: FxHashMap<StackId, bool> = FxHashMap::default();
    let mut is_in = |stack: StackId| {
        let look = || facts.book.any(trace.stacks(), stack, Traits::GRACEFUL);
        *places.entry(stack).or_insert_with(look)
    };
    let in_one = |hearing: &&Hearing| !hearing.deaf && is_in(hearing.stack);
    let gave_up = facts.hearings.iter().filter(in_one).filter_map(|hearing| {
        let shutdown = shutdown(facts, hearing.goroutine, hearing.heard_at)?;
        Some(Shutdown { gave_up: Some(hearing.cancel), ..shutdown })
    });
    let alive = trace.goroutines().filter(|&of| lives::ended(trace, of).is_none());
    let unfinished = alive.filter_map(|of| shutdown(facts, of, lives::end(trace, of)));
    // Requests in good order may take a moment.
    let is_long = |shutdown: &Shutdown| shutdown.interval.ns() > facts.rules.max_sleep_ns;
    gave_up.chain(unfinished.filter(is_long)).collect()
}

/// The shutdown that a goroutine waits in until some moment, if it does: since it came to that line,
/// or since the one before it gave up.
fn shutdown(facts: &Facts<'_>, by: Goroutine, until: Time) -> Option<Shutdown> {
    let (trace, book) = (facts.trace, facts.book);
    let is_in = |span: &Span| book.any(trace.stacks(), span.stack, Traits::GRACEFUL);
    let mut before = trace.spans_before(by, until).filter(|span| span.start < until);
    let last = before.next().filter(|last| last.state == GoState::Waiting && is_in(last))?;
    let line = book.user(last.stack);
    let is_elsewhere = |span: &Span| {
        let is_own = !span.woken && span.stack != StackId::EMPTY;
        (is_own || span.state == GoState::Waiting)
            && !(is_in(span) && book.user(span.stack) == line)
    };
    let heard = facts.hearings_of(by).map(|hearing| hearing.heard_at);
    let gave_up_before = heard.filter(|&at| at < until).max().unwrap_or(Time::MIN);
    let waits = before
        .take(LOOK_BACK)
        .take_while(|span| !is_elsewhere(span) && span.start >= gave_up_before);
    let began = waits.filter(is_in).last().map_or(last.start, |first| first.start);
    let is_graceful = |function| book.function(function).is.has(Traits::GRACEFUL);
    let mut functions = trace.frames(last.stack).map(|frame| frame.function);
    let function = functions.find(|&function| is_graceful(function))?;
    Some(Shutdown { interval: Interval::new(began, until), function, gave_up: None })
}

/// The handlers that ran when a shutdown began and still ran when it ended.
fn held_by(facts: &Facts<'_>, runs: &[Run], shutdown: &Shutdown) -> Vec<Held> {
    let trace = facts.trace;
    let Interval { start, end } = shutdown.interval;
    let mut anothers = Anothers { shutdown: shutdown.interval, by_parent: FxHashMap::default() };
    let mut held = Vec::new();
    for &Run { by: server, began, until, stack } in runs {
        let is_over = until.is_some_and(|until| until < end) || lives::end(trace, server) < end;
        let is_new = began.unwrap_or(lives::first(trace, server)) >= start;
        if is_new || is_over || anothers.is(facts, server) {
            continue;
        }
        let did = facts.parts(server, shutdown.interval).first().copied();
        if did.is_some_and(|did| recorder::is_handler(facts.trace, did.stack)) {
            continue;
        }
        let Some(frame) = route(trace, facts.book, stack) else { continue };
        let is_known = lives::parent(trace, server).is_some();
        held.push(Held { handler: server, function: frame.function, did, is_known });
    }
    held
}

/// Which connections are not those of the server that is shut down, as far as that is known: a shutdown
/// closes its listeners first, so that the one which accepted was accepting until then, and no longer.
struct Anothers {
    shutdown: Interval,
    /// By who started the goroutine that serves.
    by_parent: FxHashMap<Goroutine, bool>,
}

impl Anothers {
    fn is(&mut self, facts: &Facts<'_>, server: Goroutine) -> bool {
        let Some(parent) = lives::parent(facts.trace, server) else { return false };
        let shutdown = self.shutdown;
        *self.by_parent.entry(parent).or_insert_with(|| {
            let near_ns = facts.rules.late_over_ns;
            let (opened, closed) = (shutdown.start + -near_ns, shutdown.start + near_ns);
            let ancestors = || {
                let parents = successors(Some(parent), |&of| lives::parent(facts.trace, of));
                parents.take(ANCESTORS)
            };
            !ancestors().any(|of| accepts(facts, of, Interval::new(opened, closed)))
                || ancestors().any(|of| accepts(facts, of, Interval::new(closed, shutdown.end)))
        })
    }
}

/// Whether a goroutine accepts connections at some time.
fn accepts(facts: &Facts<'_>, of: Goroutine, within: Interval) -> bool {
    let trace = facts.trace;
    let is_named = |name: &str| ACCEPTS.iter().any(|accept| name.ends_with(accept));
    let is_accept = |span: &Span| {
        matches!(span.state, GoState::Waiting | GoState::Syscall)
            && trace.frames(span.stack).any(|frame| is_named(trace.string(frame.function)))
    };
    let spans = trace.spans_from(of, within.start).take_while(|span| span.start < within.end);
    spans.take(LOOK_BACK).any(|span| is_accept(&span))
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
        None => format!("{lasted} after {what} had begun, when the trace ended"),
    };
    let each = shutdown.interval.ns();
    Finding {
        rule: Rule::StillAlive,
        // Of a connection from before the trace nobody knows the server.
        severity: if shutdown.gave_up.is_some() && held.iter().all(|held| held.is_known) {
            Severity::High
        } else {
            Severity::Medium
        },
        function,
        site: worst.and_then(|did| did.site),
        count: n,
        worst_ns: each,
        total_ns: super::total(held.iter().map(|_| each)),
        message: format!(
            "{} in {} still ran {when}{did}",
            count_text(n, "request"),
            trace.string(function)
        ),
        fix: fix(facts, worst).to_owned(),
        goroutines: held.iter().map(|held| held.handler).collect(),
        cancels: shutdown.gave_up.into_iter().collect(),
    }
}

fn fix(facts: &Facts<'_>, worst: Option<SplitPart>) -> &'static str {
    if worst.is_some_and(|did| facts.trace.string(did.reason) == "network") {
        "A shutdown ends no read or write: set deadlines on them (http.Server.ReadTimeout, \
         http.ResponseController)."
    } else {
        "A shutdown ends no request's context: make them of one that you cancel first \
         (http.Server.BaseContext), or end streams by RegisterOnShutdown."
    }
}
