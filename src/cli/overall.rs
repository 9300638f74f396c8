//! What a report says of a trace as a whole: how many were told to stop, and whether they left.

use std::collections::BTreeSet;

use super::ink::{count, grouped};
use crate::analysis::{Cause, Document, Outcome, PASSED, Severity};
use crate::base::{Goroutine, narrow};

/// `4 cancels, heard 7 times: 5 ended, 1 is still alive when the trace ends, 1 lives on…`; in a
/// trace with holes nobody knows whether one is, nor whom else a cancel reached.
pub(super) fn cancels(document: &Document, complete: bool) -> String {
    let summary = document.analysis().summary();
    match (summary.cancels, complete) {
        (0, true) => {
            return "No context was cancelled while anybody listened, so there is nobody to leave \
                    late."
                .to_owned();
        }
        (0, false) => {
            return "No context was cancelled while anybody listened in what is there of the \
                    trace. Cancels in what is missing cannot be seen."
                .to_owned();
        }
        _ => {}
    }
    let is = |n: u32| if n == 1 { "is" } else { "are" };
    let alive = if complete { "still alive when the trace ends" } else { "not seen to end" };
    let lives = if summary.lives_on == 1 { "lives" } else { "live" };
    let parts = [
        (summary.exited, "ended".to_owned()),
        (summary.alive, format!("{} {alive}", is(summary.alive))),
        (summary.lives_on, format!("{lives} on, not meant to end")),
    ];
    let parts = parts.into_iter().filter(|(n, _)| *n > 0);
    let parts: Vec<String> =
        parts.map(|(n, text)| format!("{} {text}", grouped(n.into()))).collect();
    let deaf = match summary.deaf {
        0 => String::new(),
        n => format!("; {}", deaf_text(document, n)),
    };
    let heard = match summary.heard {
        0 => "heard by nobody".to_owned(),
        1 => format!("heard once: {}", parts.join(", ")),
        n => format!("heard {} times: {}", grouped(n.into()), parts.join(", ")),
    };
    format!("{}, {heard}{deaf}.", count(summary.cancels, "cancel"))
}

/// A connection's goroutine can be deaf in one request after another.
fn deaf_text(document: &Document, n: u32) -> String {
    let deaf = document.analysis().hearings().iter().filter(|hearing| hearing.deaf);
    let goroutines: BTreeSet<Goroutine> = deaf.map(|hearing| hearing.goroutine).collect();
    let was = if goroutines.len() == 1 { "was" } else { "were" };
    let who = count(narrow(goroutines.len()), "goroutine");
    if goroutines.len() == n as usize {
        format!("{who} {was} deaf")
    } else {
        format!("{who} {was} deaf, {} times in all", grouped(n.into()))
    }
}

/// Whether all left in time, and how many did not.
pub(super) fn verdict(document: &Document) -> String {
    let summary = document.analysis().summary();
    let limit = document.trace().clock().text(document.rules().late_over_ns);
    match (summary.cancels, summary.late) {
        (0, _) => {
            "A cancel that no goroutine waits for leaves nothing in a trace, unless it is a deadline's \
             or an HTTP client's that goes away."
                .to_owned()
        }
        (_, 0) if summary.heard == 0 => {
            let cancels = document.analysis().cancels();
            let unheard = "Nobody waited to hear of it. Code that only checks ctx.Err(), or ignores \
                           its context, leaves no trace.";
            if cancels.iter().any(|cancel| cancel.cause == Cause::Deadline) {
                format!("{unheard} {PASSED}")
            } else {
                unheard.to_owned()
            }
        }
        (_, 0) => {
            let findings = document.analysis().findings();
            let is_all = findings.iter().all(|finding| finding.severity == Severity::Low);
            let others = if is_all { "" } else { " The findings are about others." };
            format!("No late exits: all who were told to stop left within {limit}.{others}")
        }
        (_, late) => late_text(document, late, &limit),
    }
}

/// How many are late, and how many of them are still there when the trace ends.
fn late_text(document: &Document, late: u32, limit: &str) -> String {
    let over_ns = document.rules().late_over_ns;
    let still_there = document.analysis().late(over_ns);
    let alive = still_there.filter(|hearing| hearing.outcome == Outcome::Alive).count();
    let number = |n: u32| grouped(n.into());
    match narrow(alive) {
        0 => format!("{} left more than {limit} after the cancel.", number(late)),
        1 if late == 1 => {
            format!("1 is still there when the trace ends, more than {limit} after the cancel.")
        }
        alive if alive == late => format!(
            "{} are still there when the trace ends, more than {limit} after the cancel.",
            number(late)
        ),
        alive => format!(
            "{} stayed more than {limit} after the cancel: {} left then, {} {} still there when the \
             trace ends.",
            number(late),
            number(late - alive),
            number(alive),
            if alive == 1 { "is" } else { "are" },
        ),
    }
}

/// How long it took from the cancel to the end.
pub(super) fn quantiles(document: &Document) -> Option<String> {
    let (clock, summary) = (document.trace().clock(), document.analysis().summary());
    // Of who is still there nobody knows how long it would have stayed.
    let longest = document.analysis().late(document.rules().late_over_ns).next();
    let is_known = longest.is_none_or(|hearing| hearing.outcome != Outcome::Alive);
    let most = if is_known { "at most" } else { "the longest more than" };
    let overstay = summary.overstay;
    (overstay.max > 0).then(|| {
        format!(
            "From the cancel to the end: p50 {}, p90 {}, p99 {}, {most} {}.",
            clock.text(overstay.p50),
            clock.text(overstay.p90),
            clock.text(overstay.p99),
            clock.text(overstay.max),
        )
    })
}
