//! `gc-pressure`: the collector takes a large share of the time.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use crate::base::{Goroutine, Interval, StrId, narrow};

use super::super::types::Finding;
use super::super::words::{Rule, Severity};
use super::Facts;

/// Fewer cycles than this are no pressure, however long they take.
const MIN_CYCLES: usize = 3;

/// Beyond this share of the time, in percent, the collector is no small matter.
const HEAVY_PERCENT: i64 = 33;

pub(super) fn find(facts: &Facts<'_>) -> Option<Finding> {
    let world = facts.trace.world();
    let total = facts.trace.interval().ns().max(1);
    let marked = super::total(world.gc().iter().copied().map(Interval::ns));
    let percent = marked.saturating_mul(100) / total;
    if world.gc().len() < MIN_CYCLES || percent <= i64::from(facts.rules.gc_percent) {
        return None;
    }
    let stopped = super::total(world.stop_the_world().iter().map(|stop| stop.interval.ns()));
    let assisted = super::total(world.assists().iter().map(|assist| assist.interval.ns()));
    let assistants = assistants(facts);
    let (payer, paid) = payer(facts, &assistants);
    let helped = match (facts.trace.string(payer), facts.trace.clock().text(assisted)) {
        _ if assisted == 0 => "no goroutine had to help it".to_owned(),
        ("", time) => format!("goroutines helped it for {time} in all"),
        (name, time) => {
            let most = if paid > assisted / 2 { "most" } else { "the largest part" };
            format!("goroutines helped it for {time} in all, {most} of that in {name}")
        }
    };
    Some(Finding {
        rule: Rule::GcPressure,
        severity: if percent > HEAVY_PERCENT { Severity::Medium } else { Severity::Low },
        function: payer,
        site: None,
        count: narrow(world.gc().len()),
        worst_ns: world.gc().iter().copied().map(Interval::ns).max().unwrap_or(0),
        total_ns: marked,
        message: format!(
            "The GC marked for {percent} % of the time, in {} cycles; {helped}; the world was \
             stopped for {}",
            world.gc().len(),
            facts.trace.clock().text(stopped)
        ),
        fix: "Allocate less where it is hot: reset one timer instead of time.After in a loop, \
              reuse buffers (sync.Pool)."
            .to_owned(),
        goroutines: assistants.into_iter().map(|(_, goroutine)| goroutine).collect(),
        cancels: Vec::new(),
    })
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
