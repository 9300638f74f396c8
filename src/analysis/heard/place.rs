//! Where a goroutine was when it heard a cancel, and whether that told it to stop.

use crate::base::{Goroutine, StackId, Time};
use crate::model::{Span, Trace};
use crate::parse::event::GoState;

use super::super::code::book::{Book, Spot, Traits};
use super::super::code::names::Origin;
use super::super::code::reasons;
use super::super::lives;
use super::super::words::{Evidence, HeardIn};

/// Where a goroutine waited.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    /// In its own code or in a call.
    pub(crate) heard_in: HeardIn,
    /// Whether all of it is the standard library's, so that no code of the program's was told.
    pub(crate) library_only: bool,
    /// The stack of the library's code that had called the user's, if the goroutine is a
    /// library's that runs one handler after another: it is told to leave the handler, not to end.
    pub(crate) host: StackId,
}

/// Tells from the stack of the wait that the cancel ended.
pub(crate) fn place(trace: &Trace, book: &Book, goroutine: Goroutine, stack: StackId) -> Place {
    let start = book.function(lives::name(trace, goroutine)).origin;
    let spot = book.spot(stack);
    // Where a goroutine waited when the trace began is not known.
    let waits_in_std = spot.code.unwrap_or(start) == Origin::Std;
    Place {
        heard_in: heard_in(spot),
        library_only: !spot.has_user && waits_in_std && start == Origin::Std,
        host: if start == Origin::User { StackId::EMPTY } else { host(trace, book, stack) },
    }
}

fn heard_in(spot: Spot) -> HeardIn {
    match spot.code {
        // A library's own goroutine: whatever it waits in is its own.
        Some(Origin::Std | Origin::Dependency) if spot.has_user => HeardIn::Call,
        _ if spot.called_back => HeardIn::Call,
        _ => HeardIn::Own,
    }
}

/// How far to look ahead for the next wait, in spans.
const LOOK_AHEAD: usize = 64;

/// Where a goroutine had waited that heard a cancel at some moment, as far as that is known, and what
/// that tells.
pub(crate) fn place_of_hearing(
    trace: &Trace,
    book: &Book,
    evidence: Evidence,
    goroutine: Goroutine,
    (stack, heard_at): (StackId, Time),
) -> (StackId, Place) {
    let stack = waited_in(trace, book, evidence, goroutine, (stack, heard_at));
    // One that logs that it heard did so in its own code; the log's frames are the library's.
    let waited = if evidence == Evidence::Logged { book.user(stack) } else { stack };
    (stack, place(trace, book, goroutine, waited))
}

/// Where a goroutine had waited that a cancel woke at some moment, or was when it heard otherwise; empty
/// if that is not known.
///
/// A trace does not tell the stacks of goroutines that were waiting when it began. One whose next wait is
/// in a library's call had waited in that call before, as a rule.
fn waited_in(
    trace: &Trace,
    book: &Book,
    evidence: Evidence,
    goroutine: Goroutine,
    (stack, heard_at): (StackId, Time),
) -> StackId {
    if stack != StackId::EMPTY || evidence != Evidence::Woken {
        return stack;
    }
    // Not a system call: a goroutine that heard may log that.
    let waits = |span: &Span| {
        span.state == GoState::Waiting && span.start > heard_at && span.stack != StackId::EMPTY
    };
    let next = trace.spans_from(goroutine, heard_at).take(LOOK_AHEAD).find(waits);
    // A plain read, a sleep or a join listens to no context.
    let listens = |next: &Span| {
        let has = |fact| book.any(trace.stacks(), next.stack, fact);
        let is_plain = matches!(trace.string(next.reason), reasons::NETWORK | reasons::SLEEP);
        heard_in(book.spot(next.stack)) == HeardIn::Call && !is_plain && !has(Traits::JOINS)
    };
    next.filter(listens).map_or(StackId::EMPTY, |next| next.stack)
}

/// Whether a goroutine is a library's, so that the user's code in it has a host.
pub(crate) fn has_host(trace: &Trace, book: &Book, goroutine: Goroutine) -> bool {
    book.function(lives::name(trace, goroutine)).origin != Origin::User
}

/// The stack that called the outermost of the user's frames; empty if there is no such frame
/// or nobody called it.
pub(crate) fn host(trace: &Trace, book: &Book, stack: StackId) -> StackId {
    trace.stacks().caller(book.outermost(stack))
}
