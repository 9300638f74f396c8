//! The grade `task`, for HTTP requests: the server knows whose request a connection carries.
//!
//! While a handler runs, net/http reads the connection in the background, in a goroutine that
//! the connection's own one created. When that goroutine cancels, the client is gone, and the
//! context was that of the request which the connection's goroutine is serving.

use super::super::departure::own_stacks;
use super::super::lives;
use super::super::place::host;
use super::super::types::Cancel;
use super::super::words::{Cause, Evidence};
use super::{Found, Ground, Row};
use crate::base::{Goroutine, StackId, Time};

/// How far to look back for the handler that runs, in spans.
const LOOK_BACK: usize = 16;

/// Adds the handler whose client went away, if it did not hear and works on.
pub(super) fn find(ground: &Ground<'_>, cancel: &Cancel, found: &mut Found) {
    if cancel.cause != Cause::ClientGone {
        return;
    }
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
