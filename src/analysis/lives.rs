//! One fact about a goroutine at a time: [`Trace::life`] reads them all, which is far to go for
//! one when there are millions.

use crate::base::{Goroutine, StackId, StrId, Time};
use crate::model::Trace;

/// The start function.
pub(crate) fn name(trace: &Trace, goroutine: Goroutine) -> StrId {
    trace.goroutines.names[goroutine.index()]
}

/// Who created it.
pub(crate) fn parent(trace: &Trace, goroutine: Goroutine) -> Option<Goroutine> {
    trace.goroutines.parents[goroutine.index()]
}

/// The creator's stack at the `go` statement.
pub(crate) fn creation_stack(trace: &Trace, goroutine: Goroutine) -> StackId {
    trace.goroutines.creation_stacks[goroutine.index()]
}

/// When it first appears.
pub(crate) fn first(trace: &Trace, goroutine: Goroutine) -> Time {
    trace.goroutines.first[goroutine.index()]
}

/// When it was created, if that was seen.
pub(crate) fn born(trace: &Trace, goroutine: Goroutine) -> Option<Time> {
    seen(trace.goroutines.born[goroutine.index()])
}

/// When it ended, if that was seen.
pub(crate) fn ended(trace: &Trace, goroutine: Goroutine) -> Option<Time> {
    seen(trace.goroutines.ended[goroutine.index()])
}

/// When it ended, or the trace.
pub(crate) fn end(trace: &Trace, goroutine: Goroutine) -> Time {
    ended(trace, goroutine).unwrap_or(trace.interval().end)
}

/// A time column's value, unless it stands for "outside the trace".
pub(crate) fn seen(time: Time) -> Option<Time> {
    (time != Time::MIN).then_some(time)
}
