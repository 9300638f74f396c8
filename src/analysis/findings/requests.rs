//! `late-request`: the slowest of many requests of one kind.
//!
//! A request is a user task, by its type, or an HTTP handler, by its function.

use std::cmp::Reverse;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::{Goroutine, Interval, StrId, Time, narrow, nearest_rank};
use crate::model::Frame;

use super::super::cancels::readers::readers;
use super::super::heard::serving::{are_nearly_all, route, runs};
use super::super::types::Finding;
use super::super::words::{Rule, Severity};
use super::Facts;

/// From so many requests on their p99 is not one or two of them.
const MANY: usize = 100;

/// A p99 of so many times the median is a tail.
const TAIL_TIMES: i64 = 5;

/// The cancels of a goroutine that heard no more than this are each held against each request.
const FEW_HEARD: usize = 64;

/// One request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    /// The goroutine that serves it, if that is known.
    pub(crate) by: Option<Goroutine>,
    /// From when until when; cut off at the trace's end.
    pub(crate) interval: Interval,
    /// The handler's own function, for an HTTP request.
    pub(crate) handler: Option<Frame>,
}

pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let tasks = tasks(facts);
    let handlers = handlers(facts);
    // A handler that stops nowhere is not seen to run.
    let n_seen: usize = handlers.values().map(Vec::len).sum();
    let are_all = readers(facts.trace, facts.book).count() <= n_seen;
    let which = if are_all { "" } else { " that waited at all" };
    let same = same(facts, &tasks, &handlers);
    let mut told: FxHashSet<StrId> = FxHashSet::default();
    let mut findings: Vec<Finding> = Vec::new();
    for (name, requests) in handlers {
        let kinds = same.iter().filter(|(_, handler)| **handler == name);
        let mut kinds: Vec<&str> = kinds.map(|(kind, _)| facts.trace.string(*kind)).collect();
        kinds.sort_unstable();
        let which = match kinds[..] {
            [] => which.to_owned(),
            _ => format!("{which} (task {})", kinds.join(", ")),
        };
        if let Some(finding) = finding(facts, (name, &which), requests) {
            told.insert(name);
            findings.push(finding);
        }
    }
    // What is said of a handler is said of what it does.
    let is_said = |kind: &StrId| same.get(kind).is_some_and(|handler| told.contains(handler));
    let others = tasks.into_iter().filter(|(kind, _)| !is_said(kind));
    findings.extend(others.filter_map(|(name, of)| finding(facts, (name, ""), of)));
    findings
}

/// The kinds of tasks that stand for the handlers of one function, each with that function: nearly each
/// task began and ended while one ran, and there are as many.
fn same(
    facts: &Facts<'_>,
    tasks: &FxHashMap<StrId, Vec<Request>>,
    handlers: &FxHashMap<StrId, Vec<Request>>,
) -> FxHashMap<StrId, StrId> {
    let many = |requests: &&Vec<Request>| narrow(requests.len()) >= facts.rules.requests_min;
    let mut tasks = tasks.iter().filter(|(_, requests)| many(requests)).peekable();
    if tasks.peek().is_none() {
        return FxHashMap::default();
    }
    let mut by: FxHashMap<Goroutine, Vec<(Interval, StrId)>> = FxHashMap::default();
    for (&handler, runs) in handlers.iter().filter(|(_, runs)| many(runs)) {
        for (run, of) in runs.iter().filter_map(|run| Some((run, run.by?))) {
            by.entry(of).or_default().push((run.interval, handler));
        }
    }
    for runs in by.values_mut() {
        runs.sort_unstable_by_key(|(run, handler)| (run.start, *handler));
    }
    let handler_of = |task: &Request| {
        let runs = by.get(&task.by?)?;
        let before = runs.partition_point(|(run, _)| run.start <= task.interval.start);
        let (run, handler) = runs.get(before.checked_sub(1)?)?;
        (task.interval.end <= run.end).then_some(*handler)
    };
    let whole = tasks.filter_map(|(&kind, requests)| {
        let mut n_of: FxHashMap<StrId, usize> = FxHashMap::default();
        for handler in requests.iter().filter_map(handler_of) {
            *n_of.entry(handler).or_default() += 1;
        }
        let n_runs = |handler: &StrId| handlers.get(handler).map_or(0, Vec::len);
        let (handler, _) = n_of.into_iter().find(|(handler, n)| {
            are_nearly_all(*n, requests.len()) && are_nearly_all(requests.len(), n_runs(handler))
        })?;
        Some((kind, handler))
    });
    whole.collect()
}

/// User tasks that began and ended in the trace, by type.
fn tasks(facts: &Facts<'_>) -> FxHashMap<StrId, Vec<Request>> {
    let mut n_by_kind: FxHashMap<StrId, usize> = FxHashMap::default();
    for task in facts.trace.notes().tasks() {
        *n_by_kind.entry(task.kind).or_default() += 1;
    }
    let empty = n_by_kind.into_iter().map(|(kind, n)| (kind, Vec::with_capacity(n)));
    let mut by_kind: FxHashMap<StrId, Vec<Request>> = empty.collect();
    for task in facts.trace.notes().tasks() {
        if let (Some(began), Some(ended)) = (task.began.time(), task.ended.time()) {
            let interval = Interval::new(began, ended);
            let request = Request { by: task.goroutine, interval, handler: None };
            by_kind.entry(task.kind).or_default().push(request);
        }
    }
    by_kind
}

/// HTTP handlers that returned in the trace, by function.
fn handlers(facts: &Facts<'_>) -> FxHashMap<StrId, Vec<Request>> {
    let trace = facts.trace;
    let mut by_function: FxHashMap<StrId, Vec<Request>> = FxHashMap::default();
    for run in runs(trace, facts.book) {
        if let (Some(began), Some(until)) = (run.began, run.until)
            && let Some(frame) = route(trace, facts.book, run.stack)
        {
            let interval = Interval::new(began, until);
            let request = Request { by: Some(run.by), interval, handler: Some(frame) };
            by_function.entry(frame.function).or_default().push(request);
        }
    }
    by_function
}

/// `which` says of which requests of that name it is.
fn finding(
    facts: &Facts<'_>,
    (name, which): (StrId, &str),
    mut requests: Vec<Request>,
) -> Option<Finding> {
    let n = requests.len();
    if narrow(n) < facts.rules.requests_min {
        return None;
    }
    let mut times: Vec<i64> = requests.iter().map(|request| request.interval.ns()).collect();
    let (_, &mut p99, _) = times.select_nth_unstable(nearest_rank(n, 99)?);
    let (_, &mut median, _) = times.select_nth_unstable(n / 2);
    // Of hundreds a few can take many times as long as the others.
    let has_tail = n >= MANY && p99 / TAIL_TIMES > median && p99 - median > facts.rules.tail_ns;
    if p99 <= facts.rules.max_request_ns && !has_tail {
        return None;
    }
    requests.sort_by_key(|request| Reverse(request.interval.ns()));
    let slowest = requests.get(..n.div_ceil(100))?;
    let worst = slowest.first()?.interval.ns();
    let total = super::total(slowest.iter().map(|request| request.interval.ns()));
    let mut overstays = Overstays::default();
    let overstayed = super::total(slowest.iter().map(|request| overstays.of(facts, request)));
    let share = overstayed.saturating_mul(100) / total.max(1);
    let text = facts.trace.string(name);
    let of_it = match share {
        0 => String::new(),
        share => format!("; {share} % of the slowest is overstay"),
    };
    Some(Finding {
        rule: Rule::LateRequest,
        severity: Severity::Medium,
        function: name,
        site: requests.first()?.handler,
        count: narrow(n),
        worst_ns: worst,
        total_ns: super::total(requests.iter().map(|request| request.interval.ns())),
        message: if p99 - median < median / 2 {
            let median = facts.trace.clock().text(median);
            format!("Most of the {n} requests of {text}{which} take about {median}{of_it}")
        } else {
            format!(
                "The p99 of {n} requests of {text}{which} is {}, against a median of {}{of_it}",
                facts.trace.clock().text(p99),
                facts.trace.clock().text(median)
            )
        },
        fix: "Look at what the slowest ones waited for; give each request a deadline, and end all \
              its waits at that."
            .to_owned(),
        goroutines: super::once_each(requests.iter().filter_map(|request| request.by)),
        cancels: Vec::new(),
    })
}

/// The overstays of goroutines that heard so many cancels that nobody looks through all of them for
/// each of many requests.
#[derive(Default)]
struct Overstays(FxHashMap<Goroutine, Vec<Overstay>>);

/// The window of one overstay.
struct Overstay {
    interval: Interval,
    /// The last end of those that began with this one or before.
    latest: Time,
}

impl Overstays {
    /// How much of a request its goroutine spent after a cancel that told it to stop.
    fn of(&mut self, facts: &Facts<'_>, request: &Request) -> i64 {
        let Some(by) = request.by else { return 0 };
        let overlap = |window: Interval| window.intersect(request.interval).map_or(0, Interval::ns);
        if facts.register.by_goroutine.of(by).len() <= FEW_HEARD {
            return windows(facts, by).map(overlap).max().unwrap_or(0);
        }
        let all = self.0.entry(by).or_insert_with(|| in_order(facts, by));
        let Interval { start, end } = request.interval;
        let before = all.partition_point(|overstay| overstay.interval.start <= start);
        let latest = before.checked_sub(1).map(|last| all[last].latest);
        let since_before =
            latest.map_or(0, |latest| overlap(Interval::new(start, latest.max(start))));
        // Those that began within it: the first ones take the most of it.
        let within = all[before..].iter().take_while(|overstay| overstay.interval.start < end);
        let within = within.take(FEW_HEARD).map(|overstay| overlap(overstay.interval)).max();
        since_before.max(within.unwrap_or(0))
    }
}

/// The windows of a goroutine's overstays.
fn windows(facts: &Facts<'_>, by: Goroutine) -> impl Iterator<Item = Interval> {
    facts.hearings_of(by).filter(|hearing| hearing.was_to_leave()).map(|hearing| {
        let start = facts.cancel_of(hearing).at;
        Interval::new(start, facts.until(hearing))
    })
}

/// The windows of a goroutine's overstays in order of time.
fn in_order(facts: &Facts<'_>, by: Goroutine) -> Vec<Overstay> {
    let mut all: Vec<Interval> = windows(facts, by).collect();
    all.sort_by_key(|window| window.start);
    let latest = all.iter().scan(Time::MIN, |latest, window| {
        *latest = window.end.max(*latest);
        Some(*latest)
    });
    let latest: Vec<Time> = latest.collect();
    all.into_iter().zip(latest).map(|(interval, latest)| Overstay { interval, latest }).collect()
}
