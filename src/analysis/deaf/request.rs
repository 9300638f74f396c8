//! The grade `task`, for HTTP requests: the server knows whose request a connection carries.
//!
//! While a handler runs, net/http reads the connection in the background, in a goroutine that
//! the connection's own one created. When that goroutine cancels, the client is gone, and the
//! context was that of the request which the connection's goroutine is serving.
//! `http.TimeoutHandler` tells as much: it waits for its handler with the context that it gave it.

use super::super::cancels::readers::is_reader;
use super::super::heard::departure::own_stacks;
use super::super::heard::place::host;
use super::super::lives;
use super::super::types::Cancel;
use super::super::words::{Cause, Evidence};
use super::{Found, Inquiry, Row};
use crate::base::{Goroutine, Interval, StackId, Time};
use crate::model::Span;

/// How far to look back for the handler that runs: in spans, or in goroutines that were started.
const LOOK_BACK: usize = 16;

/// The function that runs a handler in a goroutine of its own, and answers for it when its time is
/// up: `http.TimeoutHandler`.
pub(super) const TIMEOUT_HANDLER: &str = "net/http.(*timeoutHandler).ServeHTTP";

/// Adds the handler whose client went away or whose time is up, if it did not hear and works on.
pub(super) fn find(inquiry: &Inquiry<'_>, cancel: &Cancel, found: &mut Found) {
    match cancel.cause {
        Cause::ClientGone | Cause::ServerShutdown => client_gone(inquiry, cancel, found),
        Cause::Deadline => timed_out(inquiry, cancel, found),
        _ => {}
    }
}

/// The handler that an `http.TimeoutHandler` started last, if that heard.
fn timed_out(inquiry: &Inquiry<'_>, cancel: &Cancel, found: &mut Found) {
    let Some(function) = inquiry.timeout_handler else { return };
    let trace = inquiry.trace;
    for hearing in inquiry.all_heard(cancel) {
        let place = trace.stacks().top(inquiry.book.place(hearing.stack));
        if place.is_none_or(|frame| frame.function != function) {
            continue;
        }
        let children = inquiry.children(hearing.goroutine).iter().rev().map(|&row| Goroutine(row));
        let is_handler = |child: &Goroutine| {
            let name = trace.string(lives::name(trace, *child));
            lives::first(trace, *child) < cancel.at && name.starts_with(TIMEOUT_HANDLER)
        };
        let handler = children.take(LOOK_BACK).find(is_handler);
        let is_deaf = |handler: &Goroutine| {
            inquiry.overstays(cancel, *handler)
                && !inquiry.heard(cancel, *handler)
                && !inquiry.was_helped(cancel, *handler)
                && !inquiry.is_excused(cancel, *handler)
        };
        if let Some(goroutine) = handler.filter(is_deaf) {
            found.add(Row { goroutine, evidence: Evidence::Task, left: None, question: None });
        }
    }
}

fn client_gone(inquiry: &Inquiry<'_>, cancel: &Cancel, found: &mut Found) {
    let Some(server) = cancel.by.and_then(|by| served_by(inquiry, by)) else { return };
    if lives::first(inquiry.trace, server) >= cancel.at || inquiry.heard(cancel, server) {
        return;
    }
    let serving = handler(inquiry, server, cancel.at);
    if serving == StackId::EMPTY {
        return;
    }
    let left = own_stacks(inquiry.trace, server, cancel.at)
        .find(|span| host(inquiry.trace, inquiry.book, span.stack) != serving)
        .map(|span| span.start);
    let until = left.unwrap_or(inquiry.end(server));
    let window = Interval::new(cancel.at, until);
    let is_told = |span: &Span| span.waker.is_some_and(|by| inquiry.is_callback(cancel, by));
    if inquiry.own_ns(cancel, server, window, is_told) > Some(inquiry.rules.late_over_ns) {
        let left = left.or(lives::ended(inquiry.trace, server));
        found.add(Row { goroutine: server, evidence: Evidence::Task, left, question: None });
    }
}

/// The connection's goroutine, if `reader` is its background reader.
fn served_by(inquiry: &Inquiry<'_>, reader: Goroutine) -> Option<Goroutine> {
    let reads = is_reader(inquiry.trace, inquiry.book, reader);
    lives::parent(inquiry.trace, reader).filter(|_| reads)
}

/// The host of the handler that a connection's goroutine is in at some moment; empty if it is
/// in none.
fn handler(inquiry: &Inquiry<'_>, server: Goroutine, at: Time) -> StackId {
    let host_of = |stack| host(inquiry.trace, inquiry.book, stack);
    let before = inquiry
        .trace
        .spans_before(server, at)
        .take(LOOK_BACK)
        .find(Span::has_own_stack)
        .map_or(StackId::EMPTY, |span| host_of(span.stack));
    if before != StackId::EMPTY {
        return before;
    }
    // It may be in a handler that has not stopped anywhere yet.
    own_stacks(inquiry.trace, server, at).next().map_or(StackId::EMPTY, |span| host_of(span.stack))
}
