//! Waits in which a goroutine only lets time pass: a sleep, or a channel on which nothing but a timer's
//! tick comes.
//!
//! A worker waits for its next job, which somebody brings. One that only lets time pass between attempts
//! takes nothing from anybody; but it may look for jobs by the clock, and do those at once that it finds.

use rustc_hash::FxHashSet;

use crate::base::{Goroutine, StackId};
use crate::model::{Span, Trace};
use crate::parse::event::GoState;

use super::super::code::book::Book;
use super::super::code::reasons;
use super::listening::Listening;

/// Tells the rests of one goroutine.
#[derive(Clone, Copy)]
pub(crate) struct Rests<'a> {
    pub(crate) trace: &'a Trace,
    pub(crate) book: &'a Book,
    pub(crate) listening: &'a Listening,
    pub(crate) goroutine: Goroutine,
}

impl Rests<'_> {
    /// Whether a wait is a sleep, or one for a channel that a timer ended. Not where cancels are heard:
    /// with the cancelled context it could not wait there, so it does something else.
    pub(crate) fn has(self, wait: &Span) -> bool {
        let reason = self.trace.string(wait.reason);
        match reason {
            reasons::SLEEP => true,
            _ if self.listening.hears(self.trace, self.book, wait.stack) => false,
            reasons::RECEIVE | reasons::SELECT => {
                match self.trace.span_at(self.goroutine, wait.end) {
                    Some(next) => {
                        next.woken && !self.book.woken_by_code(self.trace.stacks(), &next)
                    }
                    // It lasts to the trace's end. Who waits for several things may yet be given one.
                    None => reason == reasons::RECEIVE,
                }
            }
            _ => false,
        }
    }

    /// Whether all waits before in some places were rests, too, and between two in one place there
    /// always was a wait for work; `before` is the last first.
    ///
    /// Else it had gone round with nothing to do before the cancel as well: so it may have looked for
    /// jobs there.
    pub(crate) fn had_work_in_each_round(
        self,
        places: &FxHashSet<StackId>,
        before: impl Iterator<Item = Span>,
    ) -> bool {
        let mut round = FxHashSet::default();
        for wait in before.filter(|span| span.state == GoState::Waiting) {
            let place = self.book.place(wait.stack);
            if places.contains(&place) {
                if !self.has(&wait) || !round.insert(place) {
                    return false;
                }
            } else if reasons::is_for_work(self.trace.string(wait.reason)) {
                round.clear();
            }
        }
        true
    }
}
