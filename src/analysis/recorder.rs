//! Who makes the recording: that goroutine waits for the recording's end, and for nothing else.

use crate::base::{Goroutine, StackId};
use crate::model::Trace;
use crate::parse::event::GoState;

use super::lives;

/// How long before the end who makes the recording is still waiting, in nanoseconds: to stop it takes
/// a moment.
const STOPS_WITHIN_NS: i64 = 100_000_000;

/// Where a handler waits that makes the recording.
const HANDLERS: &str = "net/http/pprof.";

/// What stops it.
const STOPS: &str = "runtime/trace.";

/// Whether a stack is that of a handler that makes the recording.
pub(crate) fn is_handler(trace: &Trace, stack: StackId) -> bool {
    calls(trace, stack, HANDLERS)
}

/// Whether a goroutine came only to end the recording, or did nothing but wait before that.
pub(crate) fn ends_it(trace: &Trace, of: Goroutine) -> bool {
    if lives::ended(trace, of).is_some() {
        return false;
    }
    let end = lives::end(trace, of);
    let soon = end - STOPS_WITHIN_NS;
    let stops = trace
        .spans_before(of, end)
        .next()
        .is_some_and(|last| last.state != GoState::Waiting || calls(trace, last.stack, STOPS));
    let waited = || trace.span_at(of, soon).is_some_and(|span| span.state == GoState::Waiting);
    stops && (lives::first(trace, of) > soon || waited())
}

fn calls(trace: &Trace, stack: StackId, package: &str) -> bool {
    trace.frames(stack).any(|frame| trace.string(frame.function).starts_with(package))
}
