//! The events that were just taken and have not been handed on.

use crate::base::{ProcId, ThreadId, Time};
use crate::parse::event::{Body, Event, GoRef, StackRef};

/// Up to three events that one wire event stands for.
#[derive(Debug)]
pub(in crate::parse::v2) struct Queue {
    events: [Event; 3],
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
        Self { events: [event; 3], len: 0 }
    }

    #[inline]
    pub(in crate::parse::v2) fn clear(&mut self) {
        self.len = 0;
    }

    /// All of them.
    #[inline]
    pub(in crate::parse::v2) fn events(&mut self) -> &mut [Event] {
        self.events.get_mut(..self.len).unwrap_or_default()
    }

    #[inline]
    pub(super) fn push(&mut self, event: Event) {
        if let Some(place) = self.events.get_mut(self.len) {
            *place = event;
            self.len += 1;
        }
    }
}
