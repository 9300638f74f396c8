//! The grade `task`, for HTTP requests: the server knows whose request a connection carries.
//!
//! While a handler runs, net/http reads the connection in the background, in a goroutine that
//! the connection's own one created. When that goroutine cancels, the client is gone, and the
//! context was that of the request which the connection's goroutine is serving.
//! `http.TimeoutHandler` tells as much: it waits for its handler with the context that it gave it.

use super::super::departure::own_stacks;
use super::super::lives;
use super::super::place::host;
use super::super::types::Cancel;
use super::super::words::{Cause, Evidence};
use super::{Found, Ground, Row};
use crate::base::{Goroutine, StackId, Time};

/// How far to look back for the handler that runs: in spans, or in goroutines that were started.
const LOOK_BACK: usize = 16;

/// The function that runs a handler in a goroutine of its own, and answers for it when its time is
/// up: `http.TimeoutHandler`.
pub(super) const TIMEOUT_HANDLER: &str = "net/http.(*timeoutHandler).ServeHTTP";

/// Adds the handler whose client went away or whose time is up, if it did not hear and works on.
pub(super) fn find(ground: &Ground<'_>, cancel: &Cancel, found: &mut Found) {
    match cancel.cause {
        Cause::ClientGone => client_gone(ground, cancel, found),
        Cause::Deadline => timed_out(ground, cancel, found),
        _ => {}
    }
}

/// The handler that an `http.TimeoutHandler` started last, if that heard.
fn timed_out(ground: &Ground<'_>, cancel: &Cancel, found: &mut Found) {
    let Some(function) = ground.timeout_handler else { return };
    let trace = ground.trace;
    for hearing in ground.all_heard(cancel) {
        let place = trace.stacks().top(ground.book.place(hearing.stack));
        if place.is_none_or(|frame| frame.function != function) {
            continue;
        }
        let children = ground.children(hearing.goroutine).iter().rev().map(|&row| Goroutine(row));
        let is_handler = |child: &Goroutine| {
            let name = trace.string(lives::name(trace, *child));
            lives::first(trace, *child) < cancel.at && name.starts_with(TIMEOUT_HANDLER)
        };
        let handler = children.take(LOOK_BACK).find(is_handler);
        let is_deaf = |handler: &Goroutine| {
            ground.overstays(cancel, *handler)
                && !ground.heard(cancel, *handler)
                && !ground.was_helped(cancel, *handler)
                && !ground.is_excused(cancel, *handler)
        };
        if let Some(goroutine) = handler.filter(is_deaf) {
            found.add(Row { goroutine, evidence: Evidence::Task, left: None });
        }
    }
}

fn client_gone(ground: &Ground<'_>, cancel: &Cancel, found: &mut Found) {
    let Some(server) = cancel.by.and_then(|by| served_by(ground, by)) else { return };
    if lives::first(ground.trace, server) >= cancel.at || ground.heard(cancel, server) {
        return;
    }
    let serving = handler(ground, server, cancel.at);
    if serving == StackId::EMPTY {
        return;
    }
    let left = own_stacks(ground.trace, server, cancel.at)
        .find(|span| host(ground.trace, ground.book, span.stack) != serving)
        .map(|span| span.start);
    let until = left.unwrap_or(ground.end(server));
    if until - cancel.at > ground.rules.late_over_ns {
        let left = left.or(lives::ended(ground.trace, server));
        found.add(Row { goroutine: server, evidence: Evidence::Task, left });
    }
}

/// The connection's goroutine, if `reader` is its background reader.
fn served_by(ground: &Ground<'_>, reader: Goroutine) -> Option<Goroutine> {
    let name = lives::name(ground.trace, reader);
    let reads = ground.trace.string(name).starts_with("net/http.(*connReader).backgroundRead");
    lives::parent(ground.trace, reader).filter(|_| reads)
}

/// The host of the handler that a connection's goroutine is in at some moment; empty if it is
/// in none.
fn handler(ground: &Ground<'_>, server: Goroutine, at: Time) -> StackId {
    let host_of = |stack| host(ground.trace, ground.book, stack);
    let before = ground
        .trace
        .spans_before(server, at)
        .take(LOOK_BACK)
        .find(|span| !span.woken && span.stack != StackId::EMPTY)
        .map_or(StackId::EMPTY, |span| host_of(span.stack));
    if before != StackId::EMPTY {
        return before;
    }
    // It may be in a handler that has not stopped anywhere yet.
    own_stacks(ground.trace, server, at).next().map_or(StackId::EMPTY, |span| host_of(span.stack))
}
