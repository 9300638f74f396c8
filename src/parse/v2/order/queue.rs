//! The events that were just taken and have not been handed on.

#![expect(
    clippy::inline_always,
    reason = "an event whose parts stay in registers takes half the time: docs/performance.md"
)]

use crate::base::{ProcId, ThreadId, Time};
use crate::parse::event::{Body, Event, GoRef, StackRef};

/// Up to three events that one wire event stands for.
#[derive(Debug)]
pub(in crate::parse::v2) struct Queue {
    /// The only one as a rule.
    pub(in crate::parse::v2) first: Event,
    others: [Event; 2],
    len: usize,
}

impl Queue {
    pub(in crate::parse::v2) fn new() -> Self {
        let event = Event {
            time: Time(0),
            thread: ThreadId::NONE,
            proc: ProcId::NONE,
            goroutine: GoRef::NONE,
            stack: StackRef(0),
            body: Body::StackSample,
        };
        Self { first: event, others: [event; 2], len: 0 }
    }

    #[inline]
    pub(in crate::parse::v2) fn clear(&mut self) {
        self.len = 0;
    }

    #[inline]
    pub(in crate::parse::v2) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Those after the first.
    #[inline]
    pub(in crate::parse::v2) fn others(&mut self) -> &mut [Event] {
        match self.len {
            0 | 1 => &mut [],
            len => self.others.get_mut(..len - 1).unwrap_or_default(),
        }
    }

    /// Makes `event` the only one.
    #[inline(always)]
    pub(super) fn set(&mut self, event: Event) {
        self.first = event;
        self.len = 1;
    }

    pub(super) fn push(&mut self, event: Event) {
        if self.len == 0 {
            self.first = event;
        } else if let Some(place) = self.others.get_mut(self.len - 1) {
            *place = event;
        }
        self.len += 1;
    }
}
