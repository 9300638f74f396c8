//! The last step of an event: its time, and the sink.

use crate::base::{ProcId, ThreadId, Time};
use crate::parse::event::{Body, Event, GoRef, StackRef};
use crate::parse::sink::Sink;
use crate::parse::tables::Tables;

/// Where an event happens.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context {
    pub(super) thread: ThreadId,
    pub(super) proc: ProcId,
    pub(super) goroutine: GoRef,
}

impl Context {
    /// Nowhere in particular.
    pub(super) const NONE: Self =
        Self { thread: ThreadId::NONE, proc: ProcId::NONE, goroutine: GoRef::NONE };
}

/// A sink, and what it has got.
pub(super) struct Outlet<'o, S> {
    sink: &'o mut S,
    tables: &'o Tables<'o>,
    last: Time,
    n_events: u64,
    n_syncs: u32,
}

impl<'o, S: Sink> Outlet<'o, S> {
    /// An outlet for events that refer to `tables`, and begin at time 0.
    pub(super) fn new(sink: &'o mut S, tables: &'o Tables<'o>) -> Self {
        sink.begin_generation(tables);
        Self { sink, tables, last: Time(-1), n_events: 0, n_syncs: 0 }
    }

    /// How many events the sink has got.
    pub(super) fn n_events(&self) -> u64 {
        self.n_events
    }

    /// Tells that the events begin.
    pub(super) fn begin(&mut self) {
        self.sync(self.last, false);
    }

    /// Tells that the events end; `is_lost` tells that there were more.
    pub(super) fn end(&mut self, is_lost: bool) {
        if is_lost {
            self.sink.lost(self.last);
        }
        self.sync(self.last + 1, true);
    }

    fn sync(&mut self, time: Time, last: bool) {
        self.n_syncs += 1;
        let body = Body::Sync { number: self.n_syncs, last };
        self.hand_on(time, Context::NONE, StackRef(0), body);
    }

    /// Gives the sink an event, after the last one by at least a nanosecond.
    pub(super) fn emit(&mut self, time: Time, context: Context, stack: StackRef, body: Body) {
        self.hand_on(time.max(self.last + 1), context, stack, body);
    }

    fn hand_on(&mut self, time: Time, context: Context, stack: StackRef, body: Body) {
        self.last = time;
        self.n_events += 1;
        let Context { thread, proc, goroutine } = context;
        self.sink.event(self.tables, &Event { time, thread, proc, goroutine, stack, body });
    }
}
