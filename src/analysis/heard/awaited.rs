//! The goroutines for which a canceller waits right after its cancel.
//!
//! A goroutine that heard in a library's call may have had one operation cut off, or have been told to
//! stop. A canceller that goes on to wait for its end has told it to stop.

use crate::base::{Goroutine, StackId, Time};
use crate::model::{Frame, Span, Trace};
use crate::parse::event::GoState;

use super::super::code::book::{Book, Traits};
use super::super::code::names::Origin;
use super::super::code::reasons;
use super::super::index::Register;
use super::super::lives;
use super::super::types::{Cancel, Hearing};
use super::super::words::{Cause, HeardIn};

/// How many spans of the canceller's to look at.
const MAX_AHEAD: usize = 256;

/// How many results one after another to look at.
const MAX_RESULTS: usize = 64;

/// How many frames of a stack to look at.
const MAX_FRAMES: usize = 64;

/// Whether a wait is one for a result or an end, and for nothing else.
pub(crate) fn waits_plainly(trace: &Trace, book: &Book, span: &Span) -> bool {
    trace.string(span.reason) == reasons::RECEIVE
        || book.any(trace.stacks(), span.stack, Traits::JOINS)
}

/// Whether a wait is over in a moment and tells of no intention: at a lock, for the collector, or inside a
/// library's call, as `signal.Stop` waits for the runtime. It is nothing that the program waits for.
pub(crate) fn is_in_passing(trace: &Trace, book: &Book, span: &Span, over_ns: i64) -> bool {
    let (stacks, stack) = (trace.stacks(), span.stack);
    let is_own = || book.top(stacks, stack).is_none_or(|top| top.origin == Origin::User);
    span.state == GoState::Waiting
        && span.ns() <= over_ns
        && (!is_own() || book.in_gc(trace, stack))
        && !book.any(stacks, stack, Traits::JOINS)
}

/// The goroutines for whose end the canceller of one cancel waits next.
#[derive(Clone, Default, Debug)]
pub(crate) struct Awaited {
    /// Those that ended that wait, each as its last act.
    who: Vec<Goroutine>,
    /// The `go` statement and the creator of all others, if it was a group's wait: only the last of a
    /// group is seen to end it.
    group: Option<(StackId, Goroutine)>,
    /// The creator of those for which it is, which are still alive, if it lasts to the trace's end.
    hangs: Option<Goroutine>,
}

impl Awaited {
    /// Whether there is nobody.
    pub(crate) fn is_empty(&self) -> bool {
        self.who.is_empty() && self.group.is_none() && self.hangs.is_none()
    }

    /// Whether the canceller waits for a goroutine.
    pub(crate) fn has(&self, trace: &Trace, goroutine: Goroutine) -> bool {
        self.who.contains(&goroutine)
            || self.group.is_some_and(|(statement, creator)| {
                lives::creation_stack(trace, goroutine) == statement
                    && lives::parent(trace, goroutine) == Some(creator)
            })
            || self.hangs.is_some_and(|creator| {
                lives::parent(trace, goroutine) == Some(creator)
                    && lives::ended(trace, goroutine).is_none()
            })
    }
}

/// All that tells for whom cancellers wait.
#[derive(Clone, Copy)]
pub(crate) struct Lookup<'a> {
    pub(crate) trace: &'a Trace,
    pub(crate) book: &'a Book,
    pub(crate) register: Register<'a>,
    pub(crate) late_over_ns: i64,
}

impl Lookup<'_> {
    /// The goroutines for which the canceller waits, if that says anything of one that heard: if it is a
    /// program's own code that cancelled, and one heard in a call.
    pub(crate) fn awaited(&self, cancel: &Cancel) -> Awaited {
        let Some(by) = cancel.by.filter(|_| cancel.cause == Cause::Explicit) else {
            return Awaited::default();
        };
        let heard = self.register.heard(cancel);
        if !heard.iter().any(|row| row.heard_in == HeardIn::Call) {
            return Awaited::default();
        }
        let mut spans = self.trace.spans_from(by, cancel.at).take(MAX_AHEAD).peekable();
        let is_next = |span: &Span| {
            span.state == GoState::Waiting
                && span.start >= cancel.at
                && self.book.mark(span.stack).is_none()
                && !is_in_passing(self.trace, self.book, span, self.late_over_ns)
        };
        let first = spans.find(is_next);
        let first = first.filter(|wait| self.is_plain(wait) || self.is_with_limit(cancel, wait));
        let mut awaited = Awaited::default();
        let mut wait = first;
        while let Some(this) = wait.filter(|_| awaited.who.len() < MAX_RESULTS) {
            let Some(next) = spans.peek() else {
                let hangs = self.is_plain(&this) && self.hangs_on(heard, by, &this);
                awaited.hangs = Some(by).filter(|_| hangs);
                break;
            };
            let (Some(last), let_go) = (next.waker, next.start) else { break };
            if self.joins(&this) {
                awaited.group = self.group(cancel, heard, last);
                break;
            }
            if !self.register.has_heard(cancel, last) || !self.ends_soon_after(last, let_go) {
                break;
            }
            awaited.who.push(last);
            // Results can be received one by one.
            let place = |span: &Span| self.book.place(span.stack);
            wait = spans.find(|span| span.state == GoState::Waiting).filter(|then| {
                self.joins(then) || first.is_some_and(|of| place(&of) == place(then))
            });
        }
        awaited
    }

    /// Whether a canceller's wait that lasts to the trace's end is for its children that heard: a
    /// group's may be for all of them, another one is for one.
    fn hangs_on(&self, heard: &[Hearing], by: Goroutine, wait: &Span) -> bool {
        let is_left = |row: &&Hearing| {
            lives::parent(self.trace, row.goroutine) == Some(by)
                && lives::ended(self.trace, row.goroutine).is_none()
        };
        wait.end >= lives::end(self.trace, by)
            && lives::ended(self.trace, by).is_none()
            && (self.joins(wait) || heard.iter().filter(is_left).take(2).count() == 1)
    }

    fn is_plain(&self, wait: &Span) -> bool {
        waits_plainly(self.trace, self.book, wait)
            && !self.book.any(self.trace.stacks(), wait.stack, Traits::GRACEFUL)
    }

    /// Whether a canceller's wait is a `select` further down in the function that cancels: for an end, but
    /// not for ever. One that it comes back to can be for anything.
    fn is_with_limit(&self, cancel: &Cancel, wait: &Span) -> bool {
        let stacks = self.trace.stacks();
        let by = self.book.mark(cancel.stack).map_or(StackId::EMPTY, |mark| mark.caller);
        let Some(cancels) = stacks.top(by).filter(|_| self.book.user(by) == by) else {
            return false;
        };
        let rows = std::iter::successors(Some(wait.stack), |&row| Some(stacks.caller(row)));
        let mut rows = rows.take_while(|row| *row != StackId::EMPTY).take(MAX_FRAMES);
        self.trace.string(wait.reason) == reasons::SELECT
            && rows.any(|row| {
                let is_lower =
                    |frame: Frame| frame.function == cancels.function && frame.line > cancels.line;
                stacks.caller(row) == stacks.caller(by) && stacks.top(row).is_some_and(is_lower)
            })
    }

    fn joins(&self, wait: &Span) -> bool {
        self.book.any(self.trace.stacks(), wait.stack, Traits::JOINS)
    }

    fn ends_soon_after(&self, goroutine: Goroutine, at: Time) -> bool {
        lives::ended(self.trace, goroutine).is_some_and(|end| end - at <= self.late_over_ns)
    }

    /// The group whose last one left, if that heard, or if several of the same `go` statement did: where
    /// one alone heard, it may have had a context of its own.
    fn group(
        &self,
        cancel: &Cancel,
        heard: &[Hearing],
        last: Goroutine,
    ) -> Option<(StackId, Goroutine)> {
        let of = |goroutine| {
            let statement = lives::creation_stack(self.trace, goroutine);
            Some((statement, lives::parent(self.trace, goroutine)?))
                .filter(|_| statement != StackId::EMPTY)
        };
        let group = of(last)?;
        let members = heard.iter().filter(|row| of(row.goroutine) == Some(group));
        (self.register.has_heard(cancel, last) || members.take(2).count() > 1).then_some(group)
    }
}
