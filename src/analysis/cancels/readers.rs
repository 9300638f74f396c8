//! Clients that went away, as the connection's background reader saw it.
//!
//! While a handler runs, `net/http` reads the connection in a goroutine of its own
//! (GOROOT/src/net/http/server.go, `connReader.backgroundRead`, the same since Go 1.8). If the
//! read fails, the client is gone: the reader cancels the request's context and ends. That leaves
//! no other trace if nobody listens. A handler that returns first ends the read itself. A byte of
//! a next request ends it, too, which the connection's goroutine then serves with another reader.

use std::cmp::Reverse;

use crate::base::{Goroutine, StackId, Time};
use crate::model::{Span, Trace};
use crate::parse::event::GoState;

use super::super::code::book::{Book, Traits};
use super::super::code::reasons;
use super::super::lives;
use super::evidence::{Act, Piece};

/// How many spans of a reader's life to look at, from its end: it reads once.
const LOOK_BACK: usize = 64;

/// If the connection's goroutine ends this soon after the reader, in nanoseconds, the client had
/// its answer, as a rule, and closed the connection before the handler's return ended the read.
const ANSWERED_NS: i64 = 1_000_000;

/// Whether a goroutine is a connection's background reader.
pub(crate) fn is_reader(trace: &Trace, book: &Book, goroutine: Goroutine) -> bool {
    book.function(lives::name(trace, goroutine)).is.has(Traits::READS)
}

/// All background readers whose connection's goroutine is known, each with that one before it.
pub(crate) fn readers<'a>(
    trace: &'a Trace,
    book: &'a Book,
) -> impl Iterator<Item = (Goroutine, Goroutine)> + 'a {
    let all = book.knows(Traits::READS).then(|| trace.goroutines());
    let readers = all.into_iter().flatten().filter(|&of| is_reader(trace, book, of));
    readers.filter_map(|reader| Some((lives::parent(trace, reader)?, reader)))
}

/// Those that ended because their client was gone while a handler worked on, each with when it
/// had ended.
pub(crate) fn saw_client_go(trace: &Trace, book: &Book) -> Vec<Piece> {
    let mut last: Vec<(Goroutine, Goroutine)> = readers(trace, book).collect();
    // Goroutines are numbered as they appear: of each connection's readers the last is kept.
    last.sort_unstable_by_key(|&(server, reader)| (server, Reverse(reader)));
    last.dedup_by_key(|(server, _)| *server);
    let gone = last.into_iter().filter_map(|(server, reader)| {
        let ended = lives::ended(trace, reader)?;
        let woken = end_of_read(trace, reader, ended)?;
        // A handler may run in a goroutine of its own, and end the read when it returns.
        let by_server = |by: Goroutine| by == server || lives::parent(trace, by) == Some(server);
        let is_gone =
            !woken.waker.is_some_and(by_server) && lives::end(trace, server) - ended > ANSWERED_NS;
        let inside = Piece::inside(Some(reader), ended, StackId::EMPTY);
        is_gone.then_some(Piece { act: Act::Ends, ..inside })
    });
    gone.collect()
}

/// The wake that ended a reader's wait for the network, the last before some moment.
pub(crate) fn end_of_read(trace: &Trace, reader: Goroutine, before: Time) -> Option<Span> {
    let mut woken = None;
    for span in trace.spans_before(reader, before).take(LOOK_BACK) {
        if span.state == GoState::Waiting && trace.string(span.reason) == reasons::NETWORK {
            return woken;
        }
        woken = span.woken.then_some(span);
    }
    None
}
