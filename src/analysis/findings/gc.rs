//! `gc-pressure`: the collector takes a large share of the time.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use crate::base::{Goroutine, Interval, StackId, StrId, narrow};
use crate::model::Frame;

use super::super::code::book::Traits;
use super::super::split::describe::frame_text;
use super::super::types::Finding;
use super::super::words::{Rule, Severity};
use super::Facts;

/// Fewer cycles than this are no pressure, however long they take.
const MIN_CYCLES: usize = 3;

/// Beyond this share of the time, in percent, the collector is no small matter.
const HEAVY_PERCENT: i64 = 33;

/// From so many cycles a second on, each of which ends the last one's garbage, half the share is enough:
/// where much is allocated and little of it kept, marking is quick.
const MANY_PER_SECOND: i64 = 100;
/// Fewer cycles than this are not many, however short the trace.
const MANY_CYCLES: usize = 20;

const NS_PER_SECOND: i64 = 1_000_000_000;

pub(super) fn find(facts: &Facts<'_>) -> Option<Finding> {
    let world = facts.trace.world();
    let n_cycles = world.gc().len();
    let total = facts.trace.interval().ns().max(1);
    let marked = super::total(world.gc().iter().copied().map(Interval::ns));
    let percent = marked.saturating_mul(100) / total;
    let per_second = i64::from(narrow(n_cycles)).saturating_mul(NS_PER_SECOND) / total;
    let are_many = n_cycles >= MANY_CYCLES && per_second >= MANY_PER_SECOND;
    let limit = i64::from(facts.rules.gc_percent) / if are_many { 2 } else { 1 };
    if n_cycles < MIN_CYCLES || percent <= limit {
        return None;
    }
    let stopped = super::total(world.stop_the_world().iter().map(|stop| stop.interval.ns()));
    let assistants = assistants(facts);
    let place = place(facts);
    Some(Finding {
        rule: Rule::GcPressure,
        severity: if percent > HEAVY_PERCENT { Severity::Medium } else { Severity::Low },
        function: place.map_or_else(|| payer(facts, &assistants).0, |place| place.site.function),
        site: place.map(|place| place.site),
        count: narrow(n_cycles),
        worst_ns: world.gc().iter().copied().map(Interval::ns).max().unwrap_or(0),
        total_ns: marked,
        message: format!(
            "The GC marked for {percent} % of the time, in {n_cycles} cycles; {}; the world was \
             stopped for {}",
            helped(facts, place, &assistants),
            facts.trace.clock().text(stopped)
        ),
        fix: fix(facts, place),
        goroutines: assistants.into_iter().map(|(_, goroutine)| goroutine).collect(),
        cancels: Vec::new(),
    })
}

/// Where the goroutines allocated that had to help the GC.
#[derive(Clone, Copy)]
struct Place {
    /// The line of the program's that most of the help was for.
    site: Frame,
    /// A stack of that line's.
    stack: StackId,
    /// How long goroutines helped there, in nanoseconds.
    ns: i64,
}

/// The line that goroutines helped longest for; none if that is not known.
fn place(facts: &Facts<'_>) -> Option<Place> {
    let stacks = facts.trace.stacks();
    let mut by_stack: FxHashMap<StackId, i64> = FxHashMap::default();
    for assist in facts.trace.world().assists() {
        *by_stack.entry(assist.stack).or_default() += assist.interval.ns();
    }
    let mut by_stack: Vec<_> =
        by_stack.into_iter().map(|(stack, ns)| (Reverse(ns), stack)).collect();
    by_stack.sort_unstable();
    // Each line's first stack is the one that most of its help was for.
    let mut by_line: FxHashMap<(StrId, u32), Place> = FxHashMap::default();
    for (Reverse(ns), stack) in by_stack {
        let Some(site) = facts.book.user_frame(stacks, stack) else { continue };
        let line = by_line.entry((site.function, site.line));
        line.or_insert(Place { site, stack, ns: 0 }).ns += ns;
    }
    by_line.into_values().max_by_key(|place| (place.ns, Reverse(place.stack)))
}

/// What goroutines had to do for the GC.
fn helped(
    facts: &Facts<'_>,
    place: Option<Place>,
    assistants: &[(Reverse<i64>, Goroutine)],
) -> String {
    let trace = facts.trace;
    let assisted = super::total(assistants.iter().map(|(ns, _)| ns.0));
    if assisted == 0 {
        return "no goroutine had to help it".to_owned();
    }
    let time = trace.clock().text(assisted);
    let most = |ns: i64| if ns > assisted / 2 { "most" } else { "the largest part" };
    if let Some(place) = place {
        let called = called(facts, place).map_or_else(String::new, |name| format!("{name} in "));
        let site = frame_text(trace, place.site);
        return format!(
            "goroutines helped it for {time} in all, {} of that for {called}{site}",
            most(place.ns)
        );
    }
    match payer(facts, assistants) {
        (StrId::EMPTY, _) => format!("goroutines helped it for {time} in all"),
        (name, paid) => {
            let name = trace.string(name);
            format!("goroutines helped it for {time} in all, {} of that in {name}", most(paid))
        }
    }
}

/// The function of a library's that the program called in the line; none if it allocates itself.
fn called<'a>(facts: &Facts<'a>, place: Place) -> Option<&'a str> {
    let trace = facts.trace;
    let is_line =
        |frame: &Frame| (frame.function, frame.line) == (place.site.function, place.site.line);
    let inner = trace.frames(place.stack).take_while(|frame| !is_line(frame)).last()?;
    let is_runtime = facts.book.function(inner.function).is.has(Traits::RUNTIME);
    let name = trace.string(inner.function);
    (!is_runtime).then_some(name)
}

fn fix(facts: &Facts<'_>, place: Option<Place>) -> String {
    let called = place.and_then(|place| called(facts, place)).unwrap_or_default();
    match called {
        "time.After" | "time.NewTimer" | "time.AfterFunc" | "time.Tick" | "time.NewTicker" => {
            format!("Reset one timer there instead of making one each time ({called}).")
        }
        _ if called.starts_with("context.With") => {
            "Make fewer contexts there: one for several calls, or a timer that is reset.".to_owned()
        }
        _ => {
            "Allocate less there: reuse buffers (sync.Pool), and what can be made once.".to_owned()
        }
    }
}

/// The function whose goroutines helped the GC longest, and for how long, in nanoseconds.
fn payer(facts: &Facts<'_>, assistants: &[(Reverse<i64>, Goroutine)]) -> (StrId, i64) {
    let mut by: FxHashMap<StrId, i64> = FxHashMap::default();
    for &(Reverse(ns), goroutine) in assistants {
        *by.entry(facts.book.kind(facts.trace, goroutine)).or_default() += ns;
    }
    let most = by.into_iter().max_by_key(|&(name, ns)| (ns, Reverse(facts.trace.string(name))));
    most.unwrap_or((StrId::EMPTY, 0))
}

/// The goroutines that helped the GC, the one that helped longest first.
fn assistants(facts: &Facts<'_>) -> Vec<(Reverse<i64>, Goroutine)> {
    let mut by: FxHashMap<Goroutine, i64> = FxHashMap::default();
    for assist in facts.trace.world().assists() {
        *by.entry(assist.of).or_default() += assist.interval.ns();
    }
    let mut by: Vec<_> = by.into_iter().map(|(goroutine, ns)| (Reverse(ns), goroutine)).collect();
    by.sort_unstable();
    by
}
