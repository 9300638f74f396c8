//! Why a context was cancelled, and where in the user's code.

use crate::base::{Goroutine, StackId, Time};
use crate::model::{Frame, Trace};

use super::super::code::book::{Book, Traits};
use super::super::code::names::Origin;
use super::super::code::patterns::{CAUSES, Role, stopper_of};
use super::super::lives;
use super::super::words::Cause;
use super::evidence::is_timers;
use super::readers::{end_of_read, is_reader};

/// How far to look back for the wake that made a goroutine cancel, in spans.
const LOOK_BACK: usize = 16;

/// Why, where and by whom.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Why {
    pub(crate) cause: Cause,
    pub(crate) detail: &'static str,
    pub(crate) site: Option<Frame>,
    pub(crate) by: Option<Goroutine>,
    /// The stack to show: the canceller's, or that of its creator if it was started to cancel.
    pub(crate) stack: StackId,
}

/// A cause, and what to add to it.
type Told = (Cause, &'static str);

/// Tells why from the canceller and its stack inside the cancel, which is empty if none was seen.
pub(crate) fn why(
    trace: &Trace,
    book: &Book,
    by: Option<Goroutine>,
    stack: StackId,
    at: Time,
) -> Why {
    let start = by.map(|by| (by, book.function(lives::name(trace, by)).role));
    match start {
        Some((by, Some(Role::DeadlineFunc))) if is_timers(trace, by) => {
            return Why { cause: Cause::Deadline, detail: "", site: None, by: Some(by), stack };
        }
        Some((by, Some(Role::CancelFunc | Role::DeadlineFunc))) => {
            return started_to_cancel(trace, book, by, stack, at);
        }
        _ => {}
    }
    let Some(mark) = book.mark(stack) else {
        let (cause, detail) = by_shutdown(trace, book, told_by_start(trace, book, by), by, at);
        return Why { cause, detail, site: None, by, stack };
    };
    let site = site(trace, book, mark.caller);
    let is_watcher = trace
        .stacks()
        .top(mark.entry)
        .is_some_and(|frame| book.function(frame.function).role == Some(Role::Watcher));
    let (cause, detail) = if is_watcher {
        (Cause::Parent, "a parent of a foreign type was cancelled")
    } else if mark.cut {
        (Cause::Unknown, "the stack was cut off")
    } else {
        let told = told_by_frames(trace, book, mark.caller);
        let told = by_signal(trace, book, told, by, at);
        by_shutdown(trace, book, told, by, at)
    };
    // No handler returns on a timer's goroutine: it is its time that is up.
    if cause == Cause::HandlerDone && by.is_some_and(|by| is_timers_own(trace, by)) {
        return Why {
            cause: Cause::Deadline,
            detail: "a timer of the server's",
            site: None,
            by,
            stack,
        };
    }
    Why { cause, detail, site, by, stack }
}

/// A cancel that only the program's log tells of; `stack` is the log's.
pub(crate) fn why_logged(trace: &Trace, book: &Book, by: Option<Goroutine>, stack: StackId) -> Why {
    let site = site(trace, book, stack);
    Why { cause: Cause::Logged, detail: "the program's log says so", site, by, stack }
}

/// A goroutine that was started with the cancel function itself: `go cancel()`,
/// `time.AfterFunc(d, cancel)`, `context.AfterFunc(ctx, cancel)`.
fn started_to_cancel(trace: &Trace, book: &Book, by: Goroutine, stack: StackId, at: Time) -> Why {
    if is_timers(trace, by) {
        let detail = "a timer called it";
        return Why { cause: Cause::Explicit, detail, site: None, by: Some(by), stack };
    }
    let creation = lives::creation_stack(trace, by);
    let creator = lives::parent(trace, by).or(Some(by));
    let site = site(trace, book, creation);
    let stack = if stack == StackId::EMPTY { creation } else { stack };
    if let Some(mark) = book.mark(creation).filter(|mark| mark.starts_callback) {
        // Why that one was cancelled, if the library that did tells.
        let (cause, detail) = match told_by_frames(trace, book, mark.caller) {
            (Cause::Explicit, _) => (Cause::Parent, "AfterFunc of another context"),
            told => told,
        };
        return Why { cause, detail, site, by: creator, stack };
    }
    let told = told_by_frames(trace, book, creation);
    let (cause, detail) = by_signal(trace, book, told, creator, at);
    Why { cause, detail, site, by: creator, stack }
}

/// What a canceller's start function tells that was seen nowhere inside the cancel.
fn told_by_start(trace: &Trace, book: &Book, by: Option<Goroutine>) -> Told {
    let reader = by.filter(|&by| is_reader(trace, book, by));
    let row = reader.and_then(|reader| book.function(lives::name(trace, reader)).cause);
    row.map_or((Cause::Unknown, ""), |row| {
        let row = &CAUSES[usize::from(row)];
        (row.cause, row.detail)
    })
}

/// What the frames between `context` and the user's own code tell.
fn told_by_frames(trace: &Trace, book: &Book, caller: StackId) -> Told {
    let is_user = |frame: &Frame| book.function(frame.function).origin == Origin::User;
    let rows = trace
        .frames(caller)
        // A library's own tests live in its package: their names match its rows.
        .take_while(|frame| !is_user(frame))
        .filter_map(|frame| book.function(frame.function).cause.map(usize::from));
    // The innermost of those with the highest rank.
    let best =
        rows.reduce(|best, row| if CAUSES[row].rank > CAUSES[best].rank { row } else { best });
    let stopper = || {
        let mut outer = trace.frames(caller).skip_while(|frame| !is_user(frame));
        let calls = outer.find(|frame| !is_user(frame))?;
        stopper_of(trace.string(calls.function))
    };
    best.or_else(stopper)
        .map_or((Cause::Explicit, ""), |row| (CAUSES[row].cause, CAUSES[row].detail))
}

/// Whether a goroutine is one that a timer began: nobody started it, though it began in the trace.
pub(crate) fn is_timers_own(trace: &Trace, goroutine: Goroutine) -> bool {
    lives::born(trace, goroutine).is_some() && is_timers(trace, goroutine)
}

/// An explicit cancel by a goroutine that a signal had woken is the signal's.
fn by_signal(trace: &Trace, book: &Book, told: Told, by: Option<Goroutine>, at: Time) -> Told {
    let (Cause::Explicit, Some(by), true) = (told.0, by, book.has_signals()) else { return told };
    let woken = trace.spans_before(by, at).take(LOOK_BACK).find(|span| span.woken);
    match woken {
        Some(span) if book.any(trace.stacks(), span.stack, Traits::SIGNALS) => {
            (Cause::Signal, "a signal woke the goroutine that called cancel")
        }
        _ => told,
    }
}

/// The client is gone for one whose connection the server itself closed.
fn by_shutdown(trace: &Trace, book: &Book, told: Told, by: Option<Goroutine>, at: Time) -> Told {
    let reader = by.filter(|&by| told.0 == Cause::ClientGone && is_reader(trace, book, by));
    let closed = reader.and_then(|reader| end_of_read(trace, reader, at));
    match closed.map(|closed| told_by_frames(trace, book, closed.stack)) {
        Some(closed @ (Cause::ServerShutdown, _)) => closed,
        _ => told,
    }
}

/// The first frame of the user's own code, else the first of another module, else the first
/// outside `context`.
fn site(trace: &Trace, book: &Book, caller: StackId) -> Option<Frame> {
    let user = book.user_frame(trace.stacks(), caller);
    let of = |frame: &Frame| book.function(frame.function);
    user.or_else(|| trace.frames(caller).find(|frame| of(frame).origin == Origin::Dependency))
        .or_else(|| {
            trace
                .frames(caller)
                .find(|frame| of(frame).role.is_none() && !of(frame).is.has(Traits::RUNTIME))
        })
}
