//! Which waits a timer ends: a sleep's, a ticker's, a deadline's.

use crate::base::Goroutine;
use crate::model::Span;
use crate::parse::event::GoState;

use super::super::cancels::cause::is_timers_own;
use super::super::code::book::Traits;
use super::Facts;

/// How many of the last spans of a goroutine are read for how its waits end.
const MAX_READ: usize = 64;

/// Whether a timer let a goroutine go on, which has this span after a wait: no goroutine's code did,
/// or a timer's own did, such as a deadline's.
pub(super) fn woke(facts: &Facts<'_>, next: &Span) -> bool {
    let trace = facts.trace;
    let by = facts.book.top(trace.stacks(), next.stack);
    next.woken
        && (by.is_none_or(|by| by.is.has(Traits::RUNTIME))
            || next.waker.is_some_and(|by| is_timers_own(trace, by)))
}

/// Whether a goroutine, which waits where its known life ends, waited there before, until a timer let
/// it go on.
pub(super) fn ended_such_waits_of(facts: &Facts<'_>, goroutine: Goroutine) -> bool {
    let trace = facts.trace;
    let mut last = trace.spans_before(goroutine, trace.last_known(goroutine)).take(MAX_READ);
    let Some(wait) = last.next() else { return false };
    let is_there = |span: &Span| span.state == GoState::Waiting && span.stack == wait.stack;
    let mut after = wait;
    last.any(|span| {
        let is_one = is_there(&span) && woke(facts, &after);
        after = span;
        is_one
    })
}
