//! `still-alive` without a cancel: a pile of goroutines whose creators are gone, so that nobody is
//! left who could mean to end them; or of which none has ever ended.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use crate::base::{Goroutine, StackId, StrId, narrow};
use crate::model::Frame;
use crate::parse::event::GoState;

use super::super::code::names::Origin;
use super::super::code::reasons;
use super::super::split::describe::{frame_text, reason_of, waits_text};
use super::super::types::Finding;
use super::super::words::{Rule, Severity};
use super::growth::Growth;
use super::{Facts, count_text, timers};

/// How many of those left are asked where they wait.
const MAX_ASKED: usize = 256;

/// A wait in which most of those left are.
#[derive(Clone, Copy)]
struct Wait<'a> {
    reason: &'a str,
    stack: StackId,
    site: Option<Frame>,
    /// The library's function in which they wait, called at the site.
    inside: Option<Frame>,
    /// Whether timers end such waits, only for the next to begin.
    ticks: bool,
}

/// `left` are those of one kind that outlived their creator and the trace, by how much, the worst
/// first.
pub(super) fn by_creators(
    facts: &Facts<'_>,
    function: StrId,
    created_at: Option<Frame>,
    left: &[(Reverse<i64>, Goroutine)],
) -> Option<Finding> {
    let (Reverse(worst), _) = *left.first()?;
    let goroutines: Vec<Goroutine> = left.iter().map(|(_, goroutine)| *goroutine).collect();
    let wait = common_wait(facts, &goroutines);
    Some(Finding {
        rule: Rule::StillAlive,
        severity: Severity::High,
        function,
        // A context that nobody cancels was lost where they were started.
        site: on_channel(wait).and_then(|wait| wait.site).or(created_at),
        count: narrow(left.len()),
        worst_ns: worst,
        total_ns: super::total(left.iter().map(|(Reverse(by), _)| *by)),
        message: format!(
            "{} of {} are still alive up to {} after the goroutine that created them ended, and \
             their number grew throughout: {}",
            count_text(narrow(left.len()), "goroutine"),
            facts.trace.string(function),
            facts.trace.clock().text(worst),
            why(facts, wait)
        ),
        fix: fix(wait).to_owned(),
        goroutines,
        cancels: Vec::new(),
    })
}

/// A pile of which none has ended; the creators may be alive. It counts if they wait for one thing only,
/// on a channel: connections, too, can be many for a while.
pub(super) fn by_all(
    facts: &Facts<'_>,
    function: StrId,
    created_at: Option<Frame>,
    pile: &Growth,
) -> Option<Finding> {
    let wait = on_channel(common_wait(facts, &pile.alive))?;
    Some(Finding {
        rule: Rule::StillAlive,
        severity: Severity::Medium,
        function,
        site: wait.site.or(created_at),
        count: narrow(pile.alive.len()),
        worst_ns: pile.oldest_ns,
        total_ns: pile.total_ns,
        message: format!(
            "{} of {} are still alive, none has ever ended, and their number grew throughout: {}",
            count_text(narrow(pile.alive.len()), "goroutine"),
            facts.trace.string(function),
            why(facts, Some(wait))
        ),
        fix: fix(Some(wait)).to_owned(),
        goroutines: pile.alive.clone(),
        cancels: Vec::new(),
    })
}

fn on_channel(wait: Option<Wait<'_>>) -> Option<Wait<'_>> {
    wait.filter(|wait| reasons::is_channel(wait.reason))
}

/// The wait in which at least half of those left are at the trace's end.
fn common_wait<'a>(facts: &Facts<'a>, left: &[Goroutine]) -> Option<Wait<'a>> {
    let mut waits: FxHashMap<(&str, Option<Frame>), (usize, Wait<'a>)> = FxHashMap::default();
    let asked = left.len().min(MAX_ASKED);
    for &goroutine in &left[..asked] {
        if let Some(wait) = last_wait(facts, goroutine) {
            waits.entry((wait.reason, wait.site)).or_insert((0, wait)).0 += 1;
        }
    }
    let most = waits.into_values().max_by_key(|(n, _)| *n);
    most.filter(|(n, _)| n * 2 > asked).map(|(_, wait)| wait)
}

/// Where a goroutine waits when the trace ends.
fn last_wait<'a>(facts: &Facts<'a>, goroutine: Goroutine) -> Option<Wait<'a>> {
    let trace = facts.trace;
    let last = trace.spans_before(goroutine, trace.last_known(goroutine)).next()?;
    (last.state == GoState::Waiting).then(|| Wait {
        reason: reason_of(trace, last.stack, trace.string(last.reason)),
        stack: last.stack,
        site: facts.book.site(trace.stacks(), last.stack),
        inside: inside(facts, last.stack),
        ticks: timers::ended_such_waits_of(facts, goroutine),
    })
}

/// The library's function that a stack waits in, if the program's own code called one.
fn inside(facts: &Facts<'_>, stack: StackId) -> Option<Frame> {
    let (book, stacks) = (facts.book, facts.trace.stacks());
    let frame = stacks.top(book.place(stack))?;
    let is_called = book.user(stack) != StackId::EMPTY;
    (is_called && book.function(frame.function).origin != Origin::User).then_some(frame)
}

fn why(facts: &Facts<'_>, wait: Option<Wait<'_>>) -> String {
    let Some(wait) = wait else { return "nobody ends them".to_owned() };
    let waits = waits_text(facts.trace, wait.stack, wait.reason);
    let site = wait.site.map(|site| frame_text(facts.trace, site));
    let inside = wait.inside.map(|frame| facts.trace.string(frame.function));
    let place = match (inside, site) {
        (Some(inside), Some(site)) => format!(" in {inside}, called in {site}"),
        (_, Some(site)) => format!(" in {site}"),
        _ => String::new(),
    };
    let because = match wait.reason {
        reasons::RECEIVE if wait.ticks => ", from a timer or ticker, again and again",
        reasons::SELECT if wait.ticks => {
            ", which nothing but timers ends: if a case is a context's, nobody cancels it"
        }
        reasons::SELECT if wait.inside.is_some() => ", and nobody ends that call",
        reasons::SEND => ", and nobody receives any more",
        reasons::RECEIVE => ", and nobody sends there, closes it or cancels",
        reasons::SELECT => {
            ", and none of its cases comes: if one is a context's, nobody cancels their context"
        }
        _ => "",
    };
    format!("they {waits}{place}{because}")
}

fn fix(wait: Option<Wait<'_>>) -> &'static str {
    match wait.map_or("", |wait| wait.reason) {
        reasons::RECEIVE if wait.is_some_and(|wait| wait.ticks) => {
            "Receive in a select with a case <-ctx.Done() that returns, and cancel that context when \
             the work is done."
        }
        reasons::SELECT if wait.is_some_and(|wait| wait.inside.is_some()) => {
            "Close what that call waits for when the work is done (io.Pipe: CloseWithError), or give it a \
             context that ends then."
        }
        reasons::SEND => {
            "Give the channel room for what is sent (a buffer of one), or send in a select with a \
             case <-ctx.Done()."
        }
        reasons::RECEIVE => {
            "Close the channel when no more is sent, or receive in a select with a case \
             <-ctx.Done(); if it is a context's, call its cancel function: defer cancel()."
        }
        reasons::SELECT => {
            "Keep the cancel function and call it when the work is done: defer cancel(); if no case \
             is <-ctx.Done(), add one."
        }
        reasons::SLEEP => "Wait in a select on ctx.Done() and a timer instead of time.Sleep.",
        _ => {
            "Let each end with the request that it works for: give it the request's context, and \
             call the cancel function when the work is done."
        }
    }
}
