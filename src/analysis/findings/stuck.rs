//! `still-alive`, of the main goroutine: a program that hangs.
//!
//! The main goroutine is meant to live on, and never late. But if it waits for others until the
//! trace ends, since a signal told the program to stop or since nothing else of the program has
//! run either, then somebody should look at whom it waits for.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use crate::base::{Goroutine, Interval, StrId, Time, narrow};
use crate::model::{Frame, Span};
use crate::parse::event::GoState;

use super::super::book::Traits;
use super::super::describe::{frame_text, part_text, reason_of, waits_text};
use super::super::lives;
use super::super::names::Origin;
use super::super::types::{Finding, Hearing};
use super::super::words::{Cause, Outcome, Rule, Severity};
use super::{Facts, count_text};

/// How many sorts of others that are stuck are told.
const MAX_TOLD: usize = 3;

/// Others of one function that wait in one place for one thing, for very long.
type Sort = (StrId, Option<Frame>, String);

pub(super) fn find(facts: &Facts<'_>) -> Option<Finding> {
    let trace = facts.trace;
    let main = trace.goroutines().find(|&of| {
        facts.book.function(facts.book.kind(trace, of)).is.has(Traits::MAIN)
            && lives::ended(trace, of).is_none()
    })?;
    let end = lives::end(trace, main);
    let last = long_wait(facts, main)?;
    let told = told_before(facts, main, last.start);
    // Those who are deaf to it are told.
    if told.is_some_and(|told| facts.cancels[told.cancel as usize].n_deaf() > 0) {
        return None;
    }
    let (others, all_stuck) = others(facts, main, last.start);
    // Who only waits for something to do is idle, and not stuck.
    let is_held_up = |of: Goroutine| {
        long_wait(facts, of).is_some_and(|wait| {
            let reason = trace.string(wait.reason);
            let joins = facts.book.any(trace.stacks(), wait.stack, Traits::JOINS);
            reason == "chan send" || reason == "sync" && !joins
        })
    };
    let mut stuck = others.iter().flat_map(|(_, of)| of.iter().copied()).chain([main]);
    if told.is_none() && !(all_stuck && stuck.any(is_held_up)) {
        return None;
    }
    let part = *facts.parts(main, Interval::new(last.start, end)).first()?;
    let did = part_text(trace, &part);
    let message = match told {
        Some(_) => {
            format!("The main goroutine was told to stop and then {did}, to the trace's end")
        }
        None => format!("The main goroutine {did}, to the trace's end, and nothing else has run"),
    };
    let goroutines = std::iter::once(main)
        .chain(others.iter().flat_map(|(_, goroutines)| goroutines.iter().copied()))
        .collect();
    Some(Finding {
        rule: Rule::StillAlive,
        severity: Severity::Medium,
        function: facts.book.kind(trace, main),
        site: part.site,
        count: 1,
        worst_ns: last.ns(),
        total_ns: last.ns(),
        message: message + &others_text(facts, &others),
        fix:
            "See why those whom it waits for do not go on; give waits on the way out a time limit."
                .to_owned(),
        goroutines,
        cancels: told.map(|told| told.cancel).into_iter().collect(),
    })
}

/// The wait for others that a goroutine is in when the trace ends, if that has lasted very long.
fn long_wait(facts: &Facts<'_>, goroutine: Goroutine) -> Option<Span> {
    let (trace, book) = (facts.trace, facts.book);
    let last = trace.spans_before(goroutine, lives::end(trace, goroutine)).next()?;
    let has = |fact| book.any(trace.stacks(), last.stack, fact);
    let reason = trace.string(last.reason);
    // In a library's call it may wait for what is outside of the program, such as a process.
    let is_own = book.spot(last.stack).code.is_none_or(|code| code == Origin::User);
    let is_channel = matches!(reason, "chan receive" | "chan send") && is_own;
    let is_plain = is_channel || reason.starts_with("sync") || has(Traits::JOINS);
    let is_long = last.ns() > facts.rules.max_sleep_ns;
    let waits = last.state == GoState::Waiting && is_plain;
    (waits && is_long && !has(Traits::GRACEFUL)).then_some(last)
}

/// What told the main goroutine to stop before some moment.
fn told_before<'a>(facts: &Facts<'a>, main: Goroutine, at: Time) -> Option<&'a Hearing> {
    let is_told = |hearing: &&Hearing| {
        let cancel = &facts.cancels[hearing.cancel as usize];
        matches!(cancel.cause, Cause::Signal | Cause::ServerShutdown)
            && !hearing.deaf
            && hearing.outcome == Outcome::LivesOn
            && hearing.heard_at <= at
    };
    let rows = facts.by_goroutine.of(main).iter().map(|&row| &facts.hearings[row as usize]);
    rows.filter(is_told).max_by_key(|hearing| hearing.heard_at)
}

/// The others that are stuck as well, the most numerous sort first; and whether all of the
/// program's have been since before some moment, but for what goes on by itself soon after it, and
/// for who comes only to end the recording.
fn others(facts: &Facts<'_>, main: Goroutine, since: Time) -> (Vec<(Sort, Vec<Goroutine>)>, bool) {
    let trace = facts.trace;
    let trace_end = lives::end(trace, main);
    let soon = since + facts.rules.late_over_ns;
    let mut sorts: FxHashMap<Sort, Vec<Goroutine>> = FxHashMap::default();
    let mut all_stuck = true;
    for of in trace.goroutines().filter(|&of| of != main) {
        let kind = facts.book.kind(trace, of);
        let is_late = trace_end - lives::first(trace, of) <= facts.rules.late_over_ns;
        if is_late || facts.book.function(kind).origin == Origin::Std {
            continue;
        }
        if let Some(ended) = lives::ended(trace, of) {
            all_stuck &= ended <= soon;
            continue;
        }
        let wait = long_wait(facts, of);
        all_stuck &= wait.is_some_and(|wait| wait.start <= soon);
        let Some(wait) = wait else { continue };
        let reason = reason_of(trace, wait.stack, trace.string(wait.reason));
        let waits = waits_text(trace, wait.stack, reason);
        let site = facts.book.site(trace.stacks(), wait.stack);
        sorts.entry((kind, site, waits)).or_default().push(of);
    }
    let mut sorts: Vec<(Sort, Vec<Goroutine>)> = sorts.into_iter().collect();
    sorts.sort_by_key(|(_, of)| (Reverse(of.len()), of.first().copied()));
    let any = !sorts.is_empty();
    (sorts, all_stuck && any)
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
