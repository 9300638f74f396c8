//! Whether goroutines that grew in number are all needed: the program gives each of them something to do,
//! again and again.
//!
//! Sessions, workers and subscribers are as many as there are users, and a trace may end while there are
//! more and more. Those that nobody needs any more wait for what does not come, or go round by the clock.

use crate::base::{Goroutine, StackId, Time};
use crate::model::Span;
use crate::parse::event::GoState;

use super::super::code::names::Origin;
use super::super::code::reasons;
use super::super::lives;
use super::Facts;
use super::growth::{Growth, ended_in_order};

/// So many in a hundred must be in use.
const MOST_PERCENT: usize = 90;

/// Whether all but a few are in use when the trace ends, or ended as they were to, and their creators are
/// there: what a goroutine began that is gone should have ended with it. `user` tells whose use is that
/// of one that grew.
pub(super) fn are_in_use(
    facts: &Facts<'_>,
    growth: &Growth,
    user: impl Fn(Goroutine) -> Option<Goroutine>,
) -> bool {
    let n = growth.alive.len();
    let is_idle = |of: &&Goroutine| {
        let is_used = |user: Goroutine| {
            ended_in_order(facts, user)
                || lives::ended(facts.trace, user).is_none()
                    && has_its_creator(facts, user)
                    && is_in_use(facts, user, growth)
        };
        !user(**of).is_some_and(is_used)
    };
    let few = n * (100 - MOST_PERCENT) / 100;
    growth.alive.iter().filter(is_idle).take(few + 1).count() <= few
}

/// Whether the goroutine that started another is still there, and the program's own: a server's serves
/// one request after another.
fn has_its_creator(facts: &Facts<'_>, goroutine: Goroutine) -> bool {
    let trace = facts.trace;
    lives::parent(trace, goroutine).is_some_and(|creator| {
        let start = facts.book.function(facts.book.kind(trace, creator)).origin;
        let is_own = start == Origin::User || facts.is_main(creator);
        is_own && lives::ended(trace, creator).is_none()
    })
}

/// Whether a goroutine was given something to do in the last quarter of the growth, and not once only,
/// unless it began then.
fn is_in_use(facts: &Facts<'_>, goroutine: Goroutine, growth: &Growth) -> bool {
    let end = lives::end(facts.trace, goroutine);
    let in_growth = growth.last.0.saturating_sub(growth.spread_ns / 4);
    // Long after the last one began none of them may be needed.
    let from = Time(in_growth.max(end.0.saturating_sub(growth.spread_ns)));
    let uses = uses(facts, goroutine);
    let (mut first, mut last) = (None, None);
    for at in uses {
        first = first.or(Some(at));
        last = Some(at);
    }
    let is_late = last.is_some_and(|at| at >= from);
    is_late && (first != last || lives::first(facts.trace, goroutine) >= from)
}

/// When the program let a goroutine go on that waited for something to do.
fn uses<'a>(facts: &'a Facts<'a>, of: Goroutine) -> impl Iterator<Item = Time> + 'a {
    let (trace, book) = (facts.trace, facts.book);
    let mut waited_for = "";
    trace.spans(of).filter_map(move |span: Span| {
        let reason = std::mem::take(&mut waited_for);
        if span.state == GoState::Waiting {
            waited_for = trace.string(span.reason);
        }
        if !span.woken || !reasons::is_for_work(reason) && reason != reasons::SEND {
            return None;
        }
        let by_program = span.waker.is_some_and(|waker| waker != of)
            && book.user(span.stack) != StackId::EMPTY
            && book.mark(span.stack).is_none();
        (by_program || reason == reasons::NETWORK).then_some(span.start)
    })
}
