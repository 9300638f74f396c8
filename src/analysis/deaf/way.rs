//! The way of calls to a wait: two goroutines that were started on it can have one context.

use crate::base::{Goroutine, StackId, StrId};

use super::super::lives;
use super::super::types::Cancel;
use super::super::words::Cause;
use super::{Inquiry, MAX_SPANS};

/// The calls that led a creator to the wait in which a cancel found it.
#[derive(Clone, Copy)]
pub(super) struct Way<'a> {
    pub(super) inquiry: &'a Inquiry<'a>,
    pub(super) cancel: &'a Cancel,
    /// Where it waits; empty if that is not known.
    pub(super) wait: StackId,
}

impl Way<'_> {
    /// Whether a goroutine may have the context of one that was told to stop, which `made_by` had started:
    /// the creator waits for both in a function that had called what started each, as of two calls that
    /// each return a channel. Or what waits had started only the one, and `made_by` is still running and
    /// has called it: as of a function that starts a heartbeat, and then one that works in parallel.
    ///
    /// Where `made_by` has returned its context can have been a local matter, and nothing tells that the
    /// function that waits ever had it; unless the cancel ends the whole request or program.
    pub(super) fn joins(self, told: Goroutine, made_by: StrId, of: Goroutine) -> bool {
        let Self { inquiry, wait, .. } = self;
        let Some(waits_in) = inquiry.book.user_function(inquiry.trace.stacks(), wait) else {
            return false;
        };
        let origin = |of| inquiry.book.user(lives::creation_stack(inquiry.trace, of));
        let of_other = origin(of);
        let is_called =
            || self.ends_whole() || self.has(wait, made_by) && self.has(of_other, made_by);
        self.has(of_other, waits_in)
            && (self.has(origin(told), waits_in) || is_called() && !self.is_let_go(of))
    }

    /// Whether the cancel ends a whole request or program, and no group within it only.
    pub(super) fn ends_whole(self) -> bool {
        self.cancel.cause.ends_all() && self.cancel.cause != Cause::Errgroup
    }

    /// Whether one that heard ended a wait of a goroutine's after the cancel: as one that closes a channel
    /// when its context ends, which tells others to stop.
    fn is_let_go(self, of: Goroutine) -> bool {
        let Self { inquiry, cancel, .. } = self;
        let mut after = inquiry.trace.spans_from(of, cancel.at).take(MAX_SPANS);
        after.any(|span| {
            span.start >= cancel.at && span.waker.is_some_and(|by| inquiry.heard(cancel, by))
        })
    }

    /// Whether a function is on a stack.
    fn has(self, stack: StackId, function: StrId) -> bool {
        self.inquiry.trace.frames(stack).any(|frame| frame.function == function)
    }
}
