//! Which handlers ran when, on the goroutines of servers.
//!
//! The goroutine of an HTTP/1 connection serves one request after another (GOROOT/src/net/http/server.go,
//! `conn.serve`), each once its bytes have come; one of HTTP/2 serves one. That a handler runs shows at
//! the first stop below it, and that it has returned at the next stop elsewhere. A connection that is
//! taken over (`Hijack`) is served no longer.

use crate::base::{Goroutine, StackId, Time};
use crate::model::{Frame, Span, Trace};
use crate::parse::event::GoState;

use super::super::code::book::{Book, Traits};
use super::super::code::reasons;
use super::super::lives;
use super::place::host;

/// Stops the background reader, and hands the connection over.
const HIJACK: &str = "net/http.(*response).Hijack";

/// So many in a hundred of some requests stand for all of them.
const NEARLY_ALL_PERCENT: usize = 90;

/// Whether so many of some requests are nearly all.
pub(crate) fn are_nearly_all(n: usize, of: usize) -> bool {
    n * 100 >= of * NEARLY_ALL_PERCENT
}

/// A handler that ran, and stopped somewhere.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    /// The goroutine on which it ran.
    pub(crate) by: Goroutine,
    /// When the request had come; none if that was before the trace.
    pub(crate) began: Option<Time>,
    /// When it returned, or took the connection over; none if the trace ends first.
    pub(crate) until: Option<Time>,
    /// Where it stopped that tells most of what it serves: furthest on the way to the handler, and first
    /// there.
    pub(crate) stack: StackId,
}

/// All handlers that ran, by goroutine and in order of time.
pub(crate) fn runs<'a>(trace: &'a Trace, book: &'a Book) -> impl Iterator<Item = Run> + 'a {
    let all = book.knows(Traits::SERVES).then(|| trace.goroutines());
    let serves = |of: &Goroutine| book.function(lives::name(trace, *of)).is.has(Traits::SERVES);
    all.into_iter().flatten().filter(serves).flat_map(|server| runs_of(trace, book, server))
}

fn runs_of(trace: &Trace, book: &Book, server: Goroutine) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut in_host = StackId::EMPTY;
    let mut began = lives::born(trace, server);
    let mut is_idle = false;
    for span in trace.spans(server) {
        if std::mem::take(&mut is_idle) {
            began = Some(span.start);
        }
        if !span.has_own_stack() {
            continue;
        }
        if hijacks(trace, &span) {
            end(&mut runs, span.start);
            return runs;
        }
        let of = host(trace, book, span.stack);
        if of != in_host {
            if in_host != StackId::EMPTY {
                began = Some(span.start);
                end(&mut runs, span.start);
            }
            if of != StackId::EMPTY {
                runs.push(Run { by: server, began, until: None, stack: span.stack });
            }
            in_host = of;
        } else if let Some(run) = runs.last_mut().filter(|run| run.until.is_none())
            && is_further(trace, book, span.stack, run.stack)
        {
            run.stack = span.stack;
        }
        let reads = match span.state {
            GoState::Waiting => trace.string(span.reason) == reasons::NETWORK,
            state => state == GoState::Syscall,
        };
        is_idle = of == StackId::EMPTY && reads;
    }
    if let Some(ended) = lives::ended(trace, server) {
        end(&mut runs, ended);
    }
    runs
}

/// At most so many frames of a stack are counted.
const MAX_FRAMES: usize = 256;

/// Whether a stack is further on the way to a handler than another one: middleware can stop, too, before
/// it hands the request on.
fn is_further(trace: &Trace, book: &Book, stack: StackId, than: StackId) -> bool {
    let [one, other] = [stack, than].map(|stack| book.route(stack));
    let depth = |stack| trace.stacks().frames(stack).take(MAX_FRAMES).count();
    one != other && depth(one) > depth(other)
}

/// Ends the last run, if it goes on.
fn end(runs: &mut [Run], at: Time) {
    if let Some(run) = runs.last_mut().filter(|run| run.until.is_none()) {
        run.until = Some(at);
    }
}

fn hijacks(trace: &Trace, span: &Span) -> bool {
    span.state == GoState::Waiting
        && trace.string(span.reason) == reasons::COND
        && trace.frames(span.stack).any(|frame| trace.string(frame.function) == HIJACK)
}

/// The user's function that a request is for, on a stack of the goroutine that serves it.
pub(crate) fn route(trace: &Trace, book: &Book, stack: StackId) -> Option<Frame> {
    trace.stacks().top(book.route(stack))
}
