//! One fact about a goroutine at a time: [`Trace::life`] reads them all, which is far to go for
//! one when there are millions.

use crate::base::{Goroutine, StackId, StrId, Time};
use crate::model::{Span, Trace};
use crate::parse::event::GoState;

/// The start function.
pub(crate) fn name(trace: &Trace, goroutine: Goroutine) -> StrId {
    trace.goroutines.names[goroutine.index()]
}

/// Who created it.
pub(crate) fn parent(trace: &Trace, goroutine: Goroutine) -> Option<Goroutine> {
    trace.goroutines.parent(goroutine)
}

/// It, who created it, who created that one, and so on.
pub(crate) fn line(trace: &Trace, goroutine: Goroutine) -> impl Iterator<Item = Goroutine> {
    std::iter::successors(Some(goroutine), |&of| parent(trace, of))
}

/// The creator's stack at the `go` statement.
pub(crate) fn creation_stack(trace: &Trace, goroutine: Goroutine) -> StackId {
    trace.goroutines.creation_stacks[goroutine.index()]
}

/// When it first appears.
pub(crate) fn first(trace: &Trace, goroutine: Goroutine) -> Time {
    trace.goroutines.first(goroutine)
}

/// When it was created, if that was seen.
pub(crate) fn born(trace: &Trace, goroutine: Goroutine) -> Option<Time> {
    trace.goroutines.born[goroutine.index()].time()
}

/// When it ended, if that was seen.
pub(crate) fn ended(trace: &Trace, goroutine: Goroutine) -> Option<Time> {
    trace.goroutines.ended[goroutine.index()].time()
}

/// When it ended, or was last known of: at the trace's end, unless a gap comes first.
pub(crate) fn end(trace: &Trace, goroutine: Goroutine) -> Time {
    trace.last_known(goroutine)
}

/// The waits among its last `n_spans` spans before a moment, the last first, each with the span after it,
/// which tells who ended it. The one that it is in at that moment is none of them.
pub(crate) fn waits_before(
    trace: &Trace,
    goroutine: Goroutine,
    at: Time,
    n_spans: usize,
) -> impl Iterator<Item = (Span, Span)> + '_ {
    let mut after = None;
    trace.spans_before(goroutine, at).take(n_spans).filter_map(move |span| {
        let next = after.replace(span)?;
        (span.state == GoState::Waiting).then_some((span, next))
    })
}
