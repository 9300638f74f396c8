//! A group's wait that still lasts when the trace ends: for whom it may be.
//!
//! A goroutine of another kind than those that heard may have a context of its own, unless the cancel was
//! to end all.

use crate::base::{Goroutine, StrId, Time};
use crate::model::Span;
use crate::parse::event::GoState;

use super::super::code::book::Traits;
use super::super::code::names::Origin;
use super::super::lives;
use super::super::types::{Cancel, Hearing};
use super::super::words::Outcome;
use super::held::Held;
use super::{Inquiry, MAX_SPANS};

/// A wait for a group, after one cancel.
pub(super) struct Hung<'a> {
    inquiry: &'a Inquiry<'a>,
    cancel: &'a Cancel,
    /// The goroutine that waits, and since when.
    who: Goroutine,
    since: Time,
    /// The function that waits, and the one that started the goroutine that was told.
    waits_in: Option<StrId>,
    with_told: Option<StrId>,
    /// The kind of the goroutines that count.
    kind: Option<StrId>,
    /// The kind of one that heard and is still there, which explains the wait.
    left: Option<StrId>,
    /// Whether the cancel was to end those of other kinds, too.
    ends_all: bool,
}

impl<'a> Hung<'a> {
    /// None if it is no wait for a group.
    pub(super) fn new(
        inquiry: &'a Inquiry<'a>,
        cancel: &'a Cancel,
        held: &Held,
        wait: &Span,
    ) -> Option<Self> {
        let (trace, book) = (inquiry.trace, inquiry.book);
        let joins = book.any(trace.stacks(), wait.stack, Traits::JOINS);
        let is_left = |row: &&Hearing| {
            let parent = lives::parent(trace, row.goroutine);
            parent.is_some() && held.parents.contains(&parent) && row.outcome == Outcome::Alive
        };
        let told_parent = |of| cancel.by == Some(of) || inquiry.heard(cancel, of);
        joins.then(|| Self {
            inquiry,
            cancel,
            who: held.who,
            since: wait.start,
            waits_in: book.user_function(trace.stacks(), wait.stack),
            with_told: held.round_of.map(|told| inquiry.creating_function(told)),
            kind: held.round_of.map(|told| book.kind(trace, told)),
            left: inquiry.told(cancel).find(is_left).map(|row| book.kind(trace, row.goroutine)),
            ends_all: cancel.cause.ends_all()
                || held.parents.iter().flatten().any(|&of| told_parent(of)),
        })
    }

    /// Whether the wait may be for a goroutine that is alive at the trace's end and deaf to the cancel.
    pub(super) fn is_for(&self, of: Goroutine) -> bool {
        self.may_be_for(of) && self.is_deaf(of)
    }

    /// Whether a goroutine is deaf, and works for the one that waits.
    pub(super) fn is_deaf(&self, of: Goroutine) -> bool {
        self.inquiry.may_be_deaf(self.cancel, of) && !self.is_fed(of)
    }

    /// Whether the wait may be for a goroutine, as is seen at first sight.
    pub(super) fn may_be_for(&self, of: Goroutine) -> bool {
        let inquiry = self.inquiry;
        let kind = inquiry.book.kind(inquiry.trace, of);
        lives::ended(inquiry.trace, of).is_none()
            && lives::first(inquiry.trace, of) < self.since
            && (self.ends_all || self.kind == Some(kind))
            && self.left.is_none_or(|left| left == kind)
            && self.is_of_group(of)
            && inquiry.overstays(self.cancel, of)
    }

    /// Whether a goroutine has waited in one place since the cancel, up to the trace's end.
    pub(super) fn is_idle(&self, of: Goroutine) -> bool {
        let inquiry = self.inquiry;
        let span = inquiry.trace.span_at(of, self.cancel.at + inquiry.rules.late_over_ns);
        span.is_some_and(|span| span.state == GoState::Waiting && span.end >= inquiry.end(of))
    }

    /// Whether a goroutine was started by the function that waits, or by the one that started the
    /// goroutine that was told; or is idle and was started by a method of the type of the one that waits.
    fn is_of_group(&self, of: Goroutine) -> bool {
        let made_by = self.inquiry.creating_function(of);
        let name = |function| self.inquiry.trace.string(function);
        let of_type = |waits_in| are_of_one_type(name(waits_in), name(made_by));
        Some(made_by) == self.waits_in
            || Some(made_by) == self.with_told
            || self.waits_in.is_some_and(of_type) && self.is_idle(of)
    }

    /// Whether one that heard nothing lets a goroutine go on after the cancel: that works for it.
    fn is_fed(&self, of: Goroutine) -> bool {
        let Self { inquiry, cancel, who, .. } = *self;
        let feeds = |by: Goroutine| {
            by != who
                && !inquiry.heard(cancel, by)
                && lives::parent(inquiry.trace, by) != Some(of)
                && inquiry.book.function(lives::name(inquiry.trace, by)).origin != Origin::Std
        };
        // What was under way may still come.
        let soon = cancel.at + inquiry.rules.late_over_ns;
        let mut after = inquiry.trace.spans_from(of, soon).take(MAX_SPANS);
        after.any(|span| span.start > soon && span.waker.is_some_and(feeds))
    }
}

/// Whether two functions are methods of one type, or closures in them.
fn are_of_one_type(one: &str, other: &str) -> bool {
    let receiver = |function: &str| function.find(").").map(|end| end + 1);
    receiver(one).is_some_and(|end| {
        receiver(other).is_some_and(|until| one.get(..end) == other.get(..until))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_and_their_closures_are_of_one_type() {
        assert!(are_of_one_type("main.(*pool).start", "main.(*pool).stop"));
        assert!(are_of_one_type("main.(*pool).start.func1", "main.(*pool).stop"));
        assert!(!are_of_one_type("main.(*pool).start", "main.(*server).stop"));
        assert!(!are_of_one_type("main.(*pool).start", "other.(*pool).stop"));
        assert!(!are_of_one_type("main.start", "main.stop"), "no methods");
    }
}
