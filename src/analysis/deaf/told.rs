//! What else a goroutine was told: to stop, by other means than the cancel, or what to do.

use crate::base::{Goroutine, StackId, Time};
use crate::model::Span;
use crate::parse::event::GoState;

use super::super::code::book::Traits;
use super::super::code::reasons;
use super::super::lives;
use super::super::types::Cancel;
use super::{Inquiry, MAX_SPANS};

/// How many spans of a goroutine to look back for jobs that it took.
const MAX_JOBS: usize = 64;

impl Inquiry<'_> {
    /// Whether a goroutine that heard a cancel ended a wait of another after that: it may have told it to
    /// stop in another way.
    pub(super) fn is_let_go(&self, cancel: &Cancel, by: Goroutine, goroutine: Goroutine) -> bool {
        let mut after = self.trace.spans_from(goroutine, cancel.at).take(MAX_SPANS);
        after.any(|span| span.waker == Some(by) && span.start >= cancel.at)
    }

    /// Whether one goroutine ended another's wait for something to come after a cancel: it told it what
    /// to do, or to stop.
    pub(super) fn is_told(&self, cancel: &Cancel, by: Goroutine, goroutine: Goroutine) -> bool {
        let mut after = self.trace.spans_from(goroutine, cancel.at).take(MAX_SPANS).peekable();
        while let Some(span) = after.next() {
            let comes = span.state == GoState::Waiting && self.is_for_what_comes(&span);
            let next = after.peek().filter(|next| comes && next.start >= cancel.at);
            if next.is_some_and(|next| next.waker == Some(by)) {
                return true;
            }
        }
        false
    }

    /// Whether a wait is one for something to do.
    fn is_for_what_comes(&self, span: &Span) -> bool {
        reasons::is_for_work(self.trace.string(span.reason))
    }

    /// Whether a span is a wait for something that the goroutine wants, and not for the GC or a lock.
    pub(super) fn is_wanted_wait(&self, span: &Span) -> bool {
        let reason = self.trace.string(span.reason);
        let joins = || self.book.any(self.trace.stacks(), span.stack, Traits::JOINS);
        let is_lock = || reason == reasons::LOCK && !joins();
        span.state == GoState::Waiting && !reasons::is_gc(reason) && !is_lock()
    }

    /// Whether a goroutine that waits, and is let go on in `next`, had waited there before `at` and been
    /// let go by the same goroutine: what that brings is something to do, and no end.
    pub(super) fn is_fed(&self, who: Goroutine, at: Time, wait: &Span, next: &Span) -> bool {
        let Some(by) = next.waker else { return false };
        let place = self.book.place(wait.stack);
        lives::waits_before(self.trace, who, at, MAX_JOBS)
            .any(|(wait, next)| next.waker == Some(by) && self.book.place(wait.stack) == place)
    }

    /// Whether a goroutine that waits, and is let go on in `next`, only drains a channel: it takes from
    /// it to its end, the same goroutine had brought it something before the cancel, and that one only
    /// waits since for what others bring, as a connection's reader does until the peer hangs up. One that
    /// waits for what the other makes by itself is not excused.
    pub(super) fn is_drained(
        &self,
        who: Goroutine,
        cancel: &Cancel,
        wait: &Span,
        next: &Span,
    ) -> bool {
        let Some(by) = next.waker.filter(|_| self.is_to_the_end(wait.stack)) else {
            return false;
        };
        let mut before = lives::waits_before(self.trace, who, cancel.at, MAX_JOBS);
        let was_fed =
            before.any(|(wait, next)| next.waker == Some(by) && self.is_for_what_comes(&wait));
        was_fed && self.only_waits_for(who, cancel, by)
    }

    /// Whether a goroutine does nothing after a cancel but wait for what comes, or until `who` takes what
    /// it brings. A timer brings nothing.
    fn only_waits_for(&self, who: Goroutine, cancel: &Cancel, goroutine: Goroutine) -> bool {
        let (mut own_ns, mut n_read) = (0, 0);
        let mut after = self.trace.spans_from(goroutine, cancel.at).take(MAX_SPANS).peekable();
        while let Some(span) = after.next() {
            n_read += 1;
            let by = after.peek().and_then(|next| next.waker);
            let waits = span.state == GoState::Waiting && {
                let reason = self.trace.string(span.reason);
                reason == reasons::NETWORK
                    || self.is_for_what_comes(&span) && by.is_some()
                    || reason == reasons::SEND && by == Some(who)
            };
            if !waits && span.state != GoState::Runnable {
                own_ns += span.end - span.start.max(cancel.at);
            }
        }
        n_read < MAX_SPANS && own_ns <= self.rules.late_over_ns
    }

    /// Whether a goroutine had taken one job after another before a cancel: it ends when there are no
    /// more. A job is what another goroutine's code brings; a timer brings none.
    pub(super) fn takes_jobs(&self, cancel: &Cancel, goroutine: Goroutine) -> bool {
        let is_brought = |span: &Span| {
            let own = |by: Goroutine| lives::parent(self.trace, by) == Some(goroutine);
            span.waker.is_some_and(|by| !own(by))
        };
        let mut seen: Vec<StackId> = Vec::new();
        lives::waits_before(self.trace, goroutine, cancel.at, MAX_JOBS).any(|(wait, next)| {
            let reason = self.trace.string(wait.reason);
            if !matches!(reason, reasons::RECEIVE | reasons::SELECT) || !is_brought(&next) {
                return false;
            }
            let again = seen.contains(&wait.stack);
            seen.push(wait.stack);
            again
        })
    }
}
