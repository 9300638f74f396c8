//! A deadline that one goroutine alone heard, and that was made for it: the clock tells.
//!
//! A time limit is a number in the code. So a deadline that comes such a time after its only listener
//! last went on, and no such time after another goroutine was started, is not that one's.

use crate::base::{Goroutine, Time};
use crate::model::Span;
use crate::parse::event::GoState;

use super::super::lives;
use super::super::types::Cancel;
use super::super::words::Cause;
use super::Inquiry;
use super::clock::{is_usual, round_ns};

/// How many spans to look back for a stop: a goroutine that goes on for longer may have made the context
/// any time.
const MAX_BACK: usize = 64;

/// Whether a cancel was the time limit of another goroutine alone.
pub(super) fn is_of_another(inquiry: &Inquiry<'_>, cancel: &Cancel, goroutine: Goroutine) -> bool {
    if cancel.cause != Cause::Deadline || cancel.n_heard() != 1 {
        return false;
    }
    let Some(heard) = inquiry.all_heard(cancel).next() else { return false };
    let own = || {
        let born = lives::born(inquiry.trace, goroutine)?;
        stretch_before(inquiry, lives::parent(inquiry.trace, goroutine)?, born)
    };
    let others = || {
        let mut before = inquiry.trace.spans_before(heard.goroutine, heard.heard_at);
        let wait = before.next().filter(|wait| wait.state == GoState::Waiting)?;
        // A goroutine that had waited there before has had its context for longer.
        let place = |span: &Span| inquiry.book.place(span.stack);
        let mut waits = before.take(MAX_BACK).filter(|span| span.state == GoState::Waiting);
        let is_first = waits.all(|span| place(&span) != place(&wait));
        stretch_before(inquiry, heard.goroutine, wait.start).filter(|_| is_first)
    };
    let ns = |at: Time| cancel.at - at;
    let is_none_of_its = own().is_some_and(|of| of.iter().all(|at| round_ns(ns(*at)).is_none()));
    is_none_of_its && others().is_some_and(|of| of.iter().any(|at| is_usual(ns(*at))))
}

/// Since when a goroutine had gone on without a stop, up to a moment.
fn stretch_before(inquiry: &Inquiry<'_>, goroutine: Goroutine, at: Time) -> Option<[Time; 2]> {
    let mut since = None;
    for (n, span) in inquiry.trace.spans_before(goroutine, at).enumerate() {
        match span.state {
            GoState::Waiting => break,
            _ if n == MAX_BACK => return None,
            _ => since = Some(span.start),
        }
    }
    since.map(|since| [since, at])
}
