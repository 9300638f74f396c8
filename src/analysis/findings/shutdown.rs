//! `still-alive`: handlers that keep a program from shutting down.
//!
//! `http.Server.Shutdown` waits for handlers to return and tells them nothing: the requests'
//! contexts go on. So a stream that only listens to its own request holds it up until its time is
//! over, or for good.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use crate::base::{Goroutine, Interval, StackId, StrId, Time, narrow};
use crate::model::{Frame, Span};
use crate::parse::event::GoState;

use super::super::code::book::Traits;
use super::super::code::reasons;
use super::super::heard::serving::{Run, route, runs};
use super::super::lives;
use super::super::recorder;
use super::super::split::describe::part_text;
use super::super::types::{Finding, Hearing, SplitPart};
use super::super::words::{Rule, Severity};
use super::{Facts, count_text};

/// How many requests that hold up shutdowns to look at: a program has a few shutdowns, but tests can try
/// thousands.
const MAX_HELD: usize = 100_000;

/// How often to ask whether a request ran during a shutdown.
const MAX_ASKED: usize = 1_000_000;

/// As how many such questions it counts to find out whose server a connection is of.
const ASKED_OF_SERVER: usize = 16;

/// How far to look back for a shutdown's beginning, in spans.
const LOOK_BACK: usize = 4_096;

/// How many goroutines there can be between one that serves and the one that accepts.
const ANCESTORS: usize = 3;

/// Where a server waits for connections.
const ACCEPTS: [&str; 2] = [").Accept", ").accept"];

/// A shutdown in good order that was not done when it ended, or the trace.
#[derive(Clone, Copy)]
struct Shutdown {
    by: Goroutine,
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
    shutdown: Shutdown,
    did: Option<SplitPart>,
}

pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let mut shutdowns = shutdowns(facts);
    // Looking through all connections takes its time, and few traces need to know.
    if shutdowns.is_empty() {
        return Vec::new();
    }
    let mut runs: Vec<Run> = runs(facts.trace, facts.book).collect();
    runs.sort_by_key(|run| began(facts, run));
    shutdowns.sort_by_key(|shutdown| shutdown.interval.start);
    let mut groups: FxHashMap<(StrId, bool), Vec<Held>> = FxHashMap::default();
    let (mut n_held, mut n_asked) = (0, 0);
    let mut begun = runs.iter().peekable();
    let mut running: Vec<&Run> = Vec::new();
    let mut left = shutdowns.into_iter();
    for shutdown in left.by_ref() {
        let start = shutdown.interval.start;
        while let Some(run) = begun.next_if(|run| began(facts, run) < start) {
            running.push(run);
        }
        running.retain(|run| ended(facts, run) >= start);
        let mut anothers = Anothers { shutdown, by_parent: FxHashMap::default() };
        for held in held_by(facts, &running, &mut anothers, MAX_HELD - n_held) {
            n_held += 1;
            groups.entry((held.function, shutdown.gave_up.is_some())).or_default().push(held);
        }
        n_asked += running.len() + ASKED_OF_SERVER * anothers.by_parent.len();
        if n_held >= MAX_HELD || n_asked >= MAX_ASKED {
            break;
        }
    }
    let are_all = n_held < MAX_HELD && left.next().is_none();
    let of = |((function, _), held)| finding(facts, function, held, are_all);
    groups.into_iter().map(of).collect()
}

/// When a run began, or the trace.
fn began(facts: &Facts<'_>, run: &Run) -> Time {
    run.began.unwrap_or_else(|| lives::first(facts.trace, run.by))
}

/// When a run ended, or was last known of.
fn ended(facts: &Facts<'_>, run: &Run) -> Time {
    run.until.unwrap_or_else(|| lives::end(facts.trace, run.by))
}

/// All shutdowns that gave up, or that last to the trace's end.
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
    let mut heard = HeardAt::default();
    let gave_up = facts.register.hearings.iter().filter(in_one).filter_map(|hearing| {
        let shutdown = shutdown(facts, &mut heard, hearing.goroutine, hearing.heard_at)?;
        Some(Shutdown { gave_up: Some(hearing.cancel), ..shutdown })
    });
    let mut all: Vec<Shutdown> = gave_up.collect();
    let alive = trace.goroutines().filter(|&of| lives::ended(trace, of).is_none());
    let unfinished = alive.filter_map(|of| shutdown(facts, &mut heard, of, lives::end(trace, of)));
    // Requests in good order may take a moment.
    let is_long = |shutdown: &Shutdown| shutdown.interval.ns() > facts.rules.hang_over_ns;
    all.extend(unfinished.filter(is_long));
    all
}

/// When the goroutines that shut down heard cancels, in order.
#[derive(Default)]
struct HeardAt(FxHashMap<Goroutine, Vec<Time>>);

impl HeardAt {
    /// The last time before some moment at which a goroutine heard one; the beginning of time if there is
    /// none.
    fn last_before(&mut self, facts: &Facts<'_>, by: Goroutine, until: Time) -> Time {
        let times = self.0.entry(by).or_insert_with(|| {
            let mut times: Vec<Time> =
                facts.hearings_of(by).map(|hearing| hearing.heard_at).collect();
            times.sort_unstable();
            times
        });
        let n_before = times.partition_point(|at| *at < until);
        n_before.checked_sub(1).map_or(Time::MIN, |last| times[last])
    }
}

/// The shutdown that a goroutine waits in until some moment, if it does: since it came to that line,
/// or since the one before it gave up.
fn shutdown(
    facts: &Facts<'_>,
    heard: &mut HeardAt,
    by: Goroutine,
    until: Time,
) -> Option<Shutdown> {
    let (trace, book) = (facts.trace, facts.book);
    let is_in = |span: &Span| book.any(trace.stacks(), span.stack, Traits::GRACEFUL);
    let mut before = trace.spans_before(by, until).filter(|span| span.start < until);
    let last = before.next().filter(|last| last.state == GoState::Waiting && is_in(last))?;
    let line = book.user(last.stack);
    let is_elsewhere = |span: &Span| {
        (span.has_own_stack() || span.state == GoState::Waiting)
            && !(is_in(span) && book.user(span.stack) == line)
    };
    let gave_up_before = heard.last_before(facts, by, until);
    let waits = before
        .take(LOOK_BACK)
        .take_while(|span| !is_elsewhere(span) && span.start >= gave_up_before);
    let began = waits.filter(is_in).last().map_or(last.start, |first| first.start);
    let is_graceful = |function| book.function(function).is.has(Traits::GRACEFUL);
    let mut functions = trace.frames(last.stack).map(|frame| frame.function);
    let function = functions.find(|&function| is_graceful(function))?;
    Some(Shutdown { by, interval: Interval::new(began, until), function, gave_up: None })
}

/// The handlers among those that ran when a shutdown began which still ran when it ended; so many at
/// most.
fn held_by(facts: &Facts<'_>, running: &[&Run], anothers: &mut Anothers, most: usize) -> Vec<Held> {
    let (trace, shutdown) = (facts.trace, anothers.shutdown);
    let still_run = running.iter().filter(|run| ended(facts, run) >= shutdown.interval.end);
    let held = still_run.filter_map(|run| {
        // What it did takes the longest to find out.
        if anothers.is(facts, run.by) {
            return None;
        }
        let function = route(trace, facts.book, run.stack)?.function;
        let did = facts.parts(run.by, shutdown.interval).first().copied();
        let records = did.is_some_and(|did| recorder::is_handler(trace, did.stack));
        (!records).then_some(Held { handler: run.by, function, shutdown, did })
    });
    held.take(most).collect()
}

/// Which connections are not those of the server that is shut down, as far as that is known: a shutdown
/// closes its listeners first, so that the one which accepted was accepting until then, and no longer.
struct Anothers {
    shutdown: Shutdown,
    /// By the goroutine that started the one that serves.
    by_parent: FxHashMap<Goroutine, bool>,
}

impl Anothers {
    fn is(&mut self, facts: &Facts<'_>, server: Goroutine) -> bool {
        let Some(parent) = lives::parent(facts.trace, server) else { return false };
        let Shutdown { interval, by, .. } = self.shutdown;
        *self.by_parent.entry(parent).or_insert_with(|| {
            let near_ns = facts.rules.late_over_ns;
            let near = Interval::new(interval.start - near_ns, interval.start + near_ns);
            let ancestors = || lives::line(facts.trace, parent).take(ANCESTORS);
            // A goroutine that was waiting for connections is let go on by the one that closes the
            // listener.
            let closer = ancestors().find_map(|of| closed_by(facts, of, near));
            let accepted = || ancestors().any(|of| accepts(facts, of, near));
            let after = Interval::new(near.end, interval.end);
            let still = || ancestors().any(|of| accepts(facts, of, after));
            closer.map_or_else(|| !accepted() || still(), |closer| closer != by)
        })
    }
}

/// The goroutine that let one go on at some time that waited for connections, if one did.
fn closed_by(facts: &Facts<'_>, of: Goroutine, within: Interval) -> Option<Goroutine> {
    let spans = facts.trace.spans_from(of, within.start).take(LOOK_BACK);
    let mut was_accept = false;
    spans.take_while(|span| span.start < within.end).find_map(|span| {
        let let_go = span.waker.filter(|_| was_accept);
        was_accept = is_accept(facts, &span);
        let_go
    })
}

/// Whether a goroutine accepts connections at some time.
fn accepts(facts: &Facts<'_>, of: Goroutine, within: Interval) -> bool {
    let trace = facts.trace;
    let spans = trace.spans_from(of, within.start).take_while(|span| span.start < within.end);
    spans.take(LOOK_BACK).any(|span| is_accept(facts, &span))
}

fn is_accept(facts: &Facts<'_>, span: &Span) -> bool {
    let is_named = |name: &str| ACCEPTS.iter().any(|accept| name.ends_with(accept));
    let name = |frame: Frame| facts.trace.string(frame.function);
    matches!(span.state, GoState::Waiting | GoState::Syscall)
        && facts.trace.frames(span.stack).any(|frame| is_named(name(frame)))
}

/// What to say of all that held up shutdowns in one function; or of some, if not all were looked at.
fn finding(facts: &Facts<'_>, function: StrId, mut held: Vec<Held>, are_all: bool) -> Finding {
    let trace = facts.trace;
    let n = narrow(held.len());
    held.sort_by_key(|held| {
        let did_ns = held.did.map_or(0, |did| did.ns);
        (Reverse(held.shutdown.interval.ns()), Reverse(did_ns), held.handler)
    });
    let shutdown = held.first().map(|held| held.shutdown);
    let worst = held.first().and_then(|held| held.did);
    let did = worst.map_or(String::new(), |did| {
        let who = if n == 1 { "it" } else { "one of them" };
        format!("; {who} {}", part_text(trace, &did))
    });
    let mut cancels: Vec<u32> = held.iter().filter_map(|held| held.shutdown.gave_up).collect();
    cancels.sort_unstable();
    cancels.dedup();
    // Of a connection from before the trace nobody knows the server.
    let is_known = |held: &Held| lives::parent(trace, held.handler).is_some();
    let is_sure = !cancels.is_empty() && held.iter().all(is_known);
    Finding {
        rule: Rule::StillAlive,
        severity: if is_sure { Severity::High } else { Severity::Medium },
        function,
        site: worst.and_then(|did| did.site),
        count: n,
        worst_ns: shutdown.map_or(0, |shutdown| shutdown.interval.ns()),
        total_ns: super::total(held.iter().map(|held| held.shutdown.interval.ns())),
        message: format!(
            "{}{} in {} still ran {}{did}",
            if are_all { "" } else { "At least " },
            count_text(n, "request"),
            trace.string(function),
            shutdown.map_or(String::new(), |worst| when(facts, &worst, cancels.len()))
        ),
        fix: fix(facts, worst).to_owned(),
        goroutines: super::once_each(held.iter().map(|held| held.handler)),
        cancels,
    }
}

/// When the longest shutdown was not done.
fn when(facts: &Facts<'_>, shutdown: &Shutdown, n_gave_up: usize) -> String {
    let lasted = facts.trace.clock().text(shutdown.interval.ns());
    let what = facts.trace.string(shutdown.function);
    match n_gave_up {
        0 => format!("{lasted} after {what} had begun, when the trace ended"),
        1 => format!("when {what} gave up after {lasted}"),
        n => format!("when {what} gave up, {n} times, after up to {lasted}"),
    }
}

fn fix(facts: &Facts<'_>, worst: Option<SplitPart>) -> &'static str {
    if worst.is_some_and(|did| facts.trace.string(did.reason) == reasons::NETWORK) {
        "A shutdown ends no read or write: set deadlines on them (http.Server.ReadTimeout, \
         http.ResponseController)."
    } else {
        "A shutdown ends no request's context: make them of one that you cancel first \
         (http.Server.BaseContext), or end streams by RegisterOnShutdown."
    }
}
