//! Which waits a timer ends: a sleep's, a ticker's, a deadline's.

use crate::base::Goroutine;
use crate::model::Span;

use super::super::cancels::cause::is_timers_own;
use super::super::lives;
use super::Facts;

/// How many of the last spans of a goroutine are read for how its waits end.
const MAX_READ: usize = 64;

/// Whether a timer let a goroutine go on, which has this span after a wait: no goroutine's code did,
/// or a timer's own did, such as a deadline's.
pub(super) fn woke(facts: &Facts<'_>, next: &Span) -> bool {
    let trace = facts.trace;
    next.woken
        && (!facts.book.woken_by_code(trace.stacks(), next)
            || next.waker.is_some_and(|by| is_timers_own(trace, by)))
}

/// Whether a goroutine, which waits where its known life ends, waited there before, until a timer let
/// it go on.
pub(super) fn ended_such_waits_of(facts: &Facts<'_>, goroutine: Goroutine) -> bool {
    let (trace, end) = (facts.trace, facts.trace.last_known(goroutine));
    let Some(wait) = trace.spans_before(goroutine, end).next() else { return false };
    lives::waits_before(trace, goroutine, end, MAX_READ)
        .any(|(before, next)| before.stack == wait.stack && woke(facts, &next))
}
