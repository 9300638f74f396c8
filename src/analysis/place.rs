//! Where a goroutine was when it heard a cancel, and whether that told it to stop.

use crate::base::{Goroutine, StackId};
use crate::model::Trace;

use super::book::Book;
use super::lives;
use super::names::Origin;
use super::words::HeardIn;

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
    let heard_in = match spot.code {
        // A library's own goroutine: whatever it waits in is its own.
        Some(Origin::Std | Origin::Dependency) if spot.has_user => HeardIn::Call,
        _ if spot.called_back => HeardIn::Call,
        _ => HeardIn::Own,
    };
    // Go 1.22 has no stacks of goroutines that were waiting when the trace began.
    let waits_in_std = spot.code.unwrap_or(start) == Origin::Std;
    Place {
        heard_in,
        library_only: !spot.has_user && waits_in_std && start == Origin::Std,
        host: if start == Origin::User { StackId::EMPTY } else { host(trace, book, stack) },
    }
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
