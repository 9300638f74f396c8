//! What else a goroutine was told: to stop, by other means than the cancel, or what to do.

use crate::base::{Goroutine, StackId, Time};
use crate::model::Span;
use crate::parse::event::GoState;

use super::super::code::reasons;
use super::super::lives;
use super::super::types::Cancel;
use super::{Inquiry, MAX_SPANS};

/// How many spans of a goroutine to look back for jobs that it took.
const MAX_JOBS: usize = 64;

/// How many places to tell apart in which one waits.
const MAX_PLACES: usize = 64;

/// How many of those that heard may have filled a channel.
const MAX_FILLERS: usize = 16;

/// What the compiler calls to receive where the program asks whether the channel is closed (Go 1.19 to
/// 1.27, runtime/chan.go).
const RECEIVES_TO_THE_END: &str = "runtime.chanrecv2";

impl Inquiry<'_> {
    /// Whether one that heard a cancel ended a wait of another goroutine after that: it may have told
    /// it to stop in another way.
    pub(super) fn is_let_go(&self, cancel: &Cancel, by: Goroutine, goroutine: Goroutine) -> bool {
        let mut after = self.trace.spans_from(goroutine, cancel.at).take(MAX_SPANS);
        after.any(|span| span.woken && span.waker == Some(by) && span.start >= cancel.at)
    }

    /// Whether one goroutine ended another's wait for something to come after a cancel: it told it what
    /// to do, or to stop.
    pub(super) fn is_told(&self, cancel: &Cancel, by: Goroutine, goroutine: Goroutine) -> bool {
        let mut after = self.trace.spans_from(goroutine, cancel.at).take(MAX_SPANS).peekable();
        while let Some(span) = after.next() {
            let comes = span.state == GoState::Waiting && self.is_for_what_comes(&span);
            let next = after.peek().filter(|next| comes && next.start >= cancel.at);
            if next.is_some_and(|next| next.woken && next.waker == Some(by)) {
                return true;
            }
        }
        false
    }

    /// Whether a wait is one for something to do.
    fn is_for_what_comes(&self, span: &Span) -> bool {
        reasons::is_for_work(self.trace.string(span.reason))
    }

    /// Whether one that waits, and is let go on in `next`, had waited there before `at` and been let go
    /// by the same goroutine: what that brings is something to do, and no end.
    pub(super) fn is_fed(&self, who: Goroutine, at: Time, wait: &Span, next: &Span) -> bool {
        let Some(by) = next.waker.filter(|_| next.woken) else { return false };
        let place = self.book.place(wait.stack);
        let mut was_let_go = false;
        self.trace.spans_before(who, at).take(MAX_JOBS).any(|span| {
            let let_go = std::mem::replace(&mut was_let_go, span.woken && span.waker == Some(by));
            let_go && span.state == GoState::Waiting && self.book.place(span.stack) == place
        })
    }

    /// Whether a goroutine had taken one job after another before a cancel: it ends when there are no
    /// more. A job is what another goroutine's code brings; a timer brings none.
    pub(super) fn takes_jobs(&self, cancel: &Cancel, goroutine: Goroutine) -> bool {
        let is_brought = |span: &Span| {
            let own = |by: Goroutine| lives::parent(self.trace, by) == Some(goroutine);
            span.woken && span.waker.is_some_and(|by| !own(by))
        };
        let mut was_brought = false;
        let mut seen: Vec<StackId> = Vec::new();
        self.trace.spans_before(goroutine, cancel.at).take(MAX_JOBS).any(|span| {
            let brought = std::mem::replace(&mut was_brought, is_brought(&span));
            let waits = span.state == GoState::Waiting
                && matches!(self.trace.string(span.reason), reasons::RECEIVE | reasons::SELECT);
            if !waits || !brought {
                return false;
            }
            let again = seen.contains(&span.stack);
            seen.push(span.stack);
            again
        })
    }

    /// Whether a goroutine works off what is queued in a channel that is closed then: it takes one thing
    /// after another from it, to its end, those who fill it heard the cancel or are the canceller, and it
    /// goes round several times after that. Who is long about the one thing that it has at hand does not.
    pub(super) fn works_off(&self, cancel: &Cancel, goroutine: Goroutine) -> bool {
        let after = self.trace.spans_from(goroutine, cancel.at).take(MAX_SPANS);
        let mut places: Vec<StackId> = Vec::new();
        let goes_round = after.filter(|span| span.state == GoState::Waiting).any(|span| {
            let again = places.contains(&span.stack);
            if places.len() < MAX_PLACES {
                places.push(span.stack);
            }
            again
        });
        goes_round && (self.is_fed_to_the_end(cancel, goroutine) || self.drains(cancel, goroutine))
    }

    /// Whether one that heard had let it go on from a receive that also tells whether a channel is closed.
    fn is_fed_to_the_end(&self, cancel: &Cancel, goroutine: Goroutine) -> bool {
        let fills = |by: Goroutine| cancel.by == Some(by) || self.heard(cancel, by);
        let mut was_fed = false;
        self.trace.spans_before(goroutine, cancel.at).take(MAX_JOBS).any(|span| {
            let fed = std::mem::replace(&mut was_fed, span.woken && span.waker.is_some_and(fills));
            fed && span.state == GoState::Waiting && self.is_to_the_end(span.stack)
        })
    }

    /// Whether it had let one that heard go on, with such a receive, from a send.
    fn drains(&self, cancel: &Cancel, goroutine: Goroutine) -> bool {
        let who_heard = self.all_heard(cancel).take(MAX_FILLERS).map(|row| row.goroutine);
        who_heard.chain(cancel.by).any(|filler| {
            let mut before = self.trace.spans_before(filler, cancel.at).take(MAX_JOBS);
            before.any(|span| {
                span.woken && span.waker == Some(goroutine) && self.is_to_the_end(span.stack)
            })
        })
    }

    /// Whether a stack is in `for range channel`, or in `x, ok := <-channel`.
    fn is_to_the_end(&self, stack: StackId) -> bool {
        let top = self.trace.stacks().top(stack);
        top.is_some_and(|frame| self.trace.string(frame.function) == RECEIVES_TO_THE_END)
    }
}
