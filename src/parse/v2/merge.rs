//! One generation's threads merged into one stream of events.
//!
//! The steps, after Go 1.26 `internal/trace/reader.go`:
//! 1. All batches of the generation are at hand, its tables read ([`super::read`]).
//! 2. Event batches are grouped by thread, each thread a [`Stream`].
//! 3. The threads' next events form a heap by time, the [`Frontier`].
//! 4. A CPU sample goes first if it is earlier than all of them.
//! 5. Else the event at the root is tried; if it cannot go yet the heap is sorted and the
//!    others are tried in order of time. If none can go, the trace is broken.
//! 6. The thread that went on reads its next event, and the heap is restored; only then are
//!    the events handed on, so that an unreadable next event breaks the trace before them.
//! 7. Every event handed on gets a time after the one before it: its own, or one more.

#![expect(
    clippy::inline_always,
    reason = "an event whose parts stay in registers takes half the time: docs/performance.md"
)]

use rustc_hash::FxHashMap;

use super::fault::Fault;
use super::frontier::{Frontier, Head};
use super::order::{Order, Queue, Step};
use super::read::{Loaded, Sample};
use super::stream::Stream;
use crate::base::{Progress, ThreadId, Time};
use crate::parse::event::{Body, Event, GoRef, StackRef};
use crate::parse::sink::Sink;

/// Times beyond this, some 146 years, are cut to it, so that one more never overflows.
const LIMIT_NS: i64 = 1 << 62;

/// How much may be spent on looking for a thread that can go on: so many looks for each event,
/// and so many besides. Recorded traces need next to none, with badly wrong clocks one for
/// each thread; a made-up one could ask for a look at every thread for every event.
const LOOKS_PER_EVENT: u64 = 256;
const MORE_LOOKS: u64 = 2_000_000;

/// Hands events on, each with a time after the one before.
#[derive(Debug)]
pub(super) struct Outlet<'s, S> {
    pub(super) sink: &'s mut S,
    /// The time of the last event handed on.
    pub(super) last: Time,
    /// How many have been handed on.
    pub(super) events: u64,
    /// How many Syncs have been handed on.
    pub(super) syncs: u32,
    /// After how many events to stop; an event's others and samples may come besides.
    pub(super) at_most: u64,
}

impl<'s, S: Sink> Outlet<'s, S> {
    /// Hands on events behind the time `last` and after `syncs` Syncs.
    pub(super) fn new(sink: &'s mut S, last: Time, syncs: u32) -> Self {
        Self { sink, last, events: 0, syncs, at_most: u64::MAX }
    }

    #[inline(always)]
    fn put(&mut self, loaded: &Loaded<'_>, event: &mut Event) {
        event.time = Time(event.time.ns().clamp(-LIMIT_NS, LIMIT_NS));
        if event.time <= self.last {
            event.time = self.last + 1;
        }
        self.last = event.time;
        self.events += 1;
        self.sink.event(&loaded.tables, event);
    }

    /// The same, not compiled into the caller.
    #[inline(never)]
    fn put_rarer(&mut self, loaded: &Loaded<'_>, event: &mut Event) {
        self.put(loaded, event);
    }

    /// The Sync with which a generation begins.
    fn begin(&mut self, loaded: &Loaded<'_>) {
        self.sink.begin_generation(&loaded.tables);
        self.syncs += 1;
        let mut event = sync(loaded.start, self.syncs, false);
        self.put_rarer(loaded, &mut event);
    }

    /// The Sync behind the last generation, or where the trace breaks between generations.
    pub(super) fn close(&mut self, tables: &crate::parse::tables::Tables<'_>) {
        self.syncs += 1;
        self.last = self.last + 1;
        self.events += 1;
        self.sink.event(tables, &sync(self.last, self.syncs, true));
    }
}

fn sync(time: Time, number: u32, last: bool) -> Event {
    Event {
        time,
        thread: ThreadId::NONE,
        proc: crate::base::ProcId::NONE,
        goroutine: GoRef::NONE,
        stack: StackRef(0),
        body: Body::Sync { number, last },
    }
}

/// How often cancelling is looked for, in events.
const CHECK_EVERY: u64 = 1 << 14;

/// Orders a generation and hands its events to `outlet`, a Sync before them. Gives how many
/// threads were left out, since what they wait for was cut off.
///
/// # Errors
/// Where the trace breaks; the events before that have been handed on.
pub(super) fn merge<S: Sink>(
    loaded: &mut Loaded<'_>,
    order: &mut Order,
    outlet: &mut Outlet<'_, S>,
    progress: &Progress,
) -> Result<u32, Fault> {
    let mut merger = Merger::new(loaded, order)?;
    outlet.begin(loaded);
    let mut samples = Samples::new(std::mem::take(&mut loaded.samples));
    let mut queue = Queue::new();
    loop {
        progress.check().map_err(|_| Fault::Cancelled)?;
        let left = outlet.at_most.saturating_sub(outlet.events);
        if left == 0 {
            return Ok(merger.left_out);
        }
        for _ in 0..CHECK_EVERY.min(left) {
            let root = merger.frontier.get(0);
            if root.is_none_or(|head| head.time > samples.due) {
                samples.put_before(root, loaded, order, outlet);
                if root.is_none() {
                    return Ok(merger.left_out);
                }
            }
            merger.step(loaded, order, &mut queue, outlet.events)?;
            if queue.is_empty() {
                continue;
            }
            outlet.put(loaded, &mut queue.first);
            for event in queue.others() {
                outlet.put_rarer(loaded, event);
            }
        }
    }
}

/// The CPU samples that have not been handed on.
struct Samples {
    rest: std::vec::IntoIter<Sample>,
    /// When the next one was taken; the end of time if there is none.
    due: i64,
}

impl Samples {
    fn new(samples: Vec<Sample>) -> Self {
        let mut samples = Self { rest: samples.into_iter(), due: i64::MAX };
        samples.look();
        samples
    }

    fn look(&mut self) {
        self.due = self.rest.as_slice().first().map_or(i64::MAX, |sample| sample.time.0);
    }

    /// Hands on the samples that are earlier than `root`, the earliest event; all without one.
    #[cold]
    fn put_before<S: Sink>(
        &mut self,
        root: Option<Head>,
        loaded: &Loaded<'_>,
        order: &Order,
        outlet: &mut Outlet<'_, S>,
    ) {
        while let Some(sample) = self.rest.as_slice().first()
            && root.is_none_or(|head| sample.time.0 < head.time)
        {
            outlet.put_rarer(loaded, &mut sample_event(order, sample));
            self.rest.next();
        }
        self.look();
    }
}

fn sample_event(order: &Order, sample: &Sample) -> Event {
    let goroutine = match sample.goroutine {
        0 => GoRef::NONE,
        id => order.goroutine_of(id),
    };
    Event {
        time: sample.time,
        thread: sample.thread,
        proc: sample.proc,
        goroutine,
        stack: sample.stack,
        body: Body::StackSample,
    }
}

pub(super) struct Merger<'a> {
    streams: Vec<Stream<'a>>,
    frontier: Frontier,
    left_out: u32,
    /// How often a thread was looked at because an earlier event had to wait.
    looks: u64,
}

impl<'a> Merger<'a> {
    /// Groups the batches by thread, in order of each thread's first, and reads all first events.
    pub(super) fn new(loaded: &Loaded<'a>, order: &mut Order) -> Result<Self, Fault> {
        let mut rows: FxHashMap<ThreadId, usize> = FxHashMap::default();
        let mut streams: Vec<Stream<'a>> = Vec::new();
        for batch in &loaded.events {
            let row = *rows.entry(batch.thread).or_insert(streams.len());
            if row == streams.len() {
                let slot = order.thread_slot(batch.thread);
                streams.push(Stream::new(slot, loaded.frequency));
            }
            if let Some(stream) = streams.get_mut(row) {
                stream.push(*batch);
            }
        }
        let mut frontier = Frontier::default();
        for (row, stream) in (0..).zip(&mut streams) {
            if stream.advance()? {
                frontier.insert(Head { time: stream.event.time, stream: row });
            }
        }
        Ok(Self { streams, frontier, left_out: 0, looks: 0 })
    }

    /// Reads all events, thread by thread, and gives how many there were.
    pub(super) fn drain(mut self) -> Result<u64, Fault> {
        let mut events = self.frontier.len() as u64;
        let mut last = 0;
        for stream in &mut self.streams {
            while stream.advance()? {
                events += 1;
                last ^= stream.event.time;
            }
        }
        // The times were read for nothing, which the compiler must not find out.
        std::hint::black_box(last);
        Ok(events)
    }

    /// Takes one event of the first thread that can go on, after `events`. None is taken if a
    /// thread had to be left out.
    #[inline(always)]
    fn step(
        &mut self,
        loaded: &mut Loaded<'a>,
        order: &mut Order,
        queue: &mut Queue,
        events: u64,
    ) -> Result<(), Fault> {
        if self.try_at(0, loaded, order, queue)? {
            return Ok(());
        }
        self.step_elsewhere(loaded, order, queue, events)
    }

    /// The same, when the earliest event has to wait.
    #[inline(never)]
    fn step_elsewhere(
        &mut self,
        loaded: &mut Loaded<'a>,
        order: &mut Order,
        queue: &mut Queue,
        events: u64,
    ) -> Result<(), Fault> {
        let n_threads = self.frontier.len();
        self.looks += n_threads as u64;
        if self.looks > MORE_LOOKS.saturating_add(events.saturating_mul(LOOKS_PER_EVENT)) {
            let what = format!("{n_threads} threads' events do not fit together in any time");
            return Err(Fault::broken(self.next_offset(loaded), what));
        }
        self.frontier.sort();
        for at in 1..n_threads {
            if self.try_at(at, loaded, order, queue)? {
                return Ok(());
            }
        }
        if loaded.lenient {
            return self.step_anyway(loaded, order, queue);
        }
        let what = "no thread's next event fits what the others did";
        Err(Fault::broken(self.next_offset(loaded), what))
    }

    /// Where in the file the earliest of the next events is.
    fn next_offset(&self, loaded: &Loaded<'_>) -> u64 {
        let next = self.frontier.get(0).and_then(|head| self.streams.get(head.stream as usize));
        next.map_or(loaded.offset, Stream::event_offset)
    }

    /// The same, when no event fits and that is because some were cut off.
    #[cold]
    fn step_anyway(
        &mut self,
        loaded: &mut Loaded<'a>,
        order: &mut Order,
        queue: &mut Queue,
    ) -> Result<(), Fault> {
        for at in 0..self.frontier.len() {
            let stream =
                self.frontier.get(at).and_then(|head| self.streams.get(head.stream as usize));
            if stream.is_some_and(|stream| order.adopt(&stream.event))
                && self.try_at(at, loaded, order, queue)?
            {
                return Ok(());
            }
        }
        self.leave_out(0, queue);
        Ok(())
    }

    /// Gives up a thread's remaining events.
    fn leave_out(&mut self, at: usize, queue: &mut Queue) {
        self.frontier.remove(at);
        self.left_out += 1;
        queue.clear();
    }

    #[inline(always)]
    fn try_at(
        &mut self,
        at: usize,
        loaded: &mut Loaded<'a>,
        order: &mut Order,
        queue: &mut Queue,
    ) -> Result<bool, Fault> {
        let Some(head) = self.frontier.get(at) else {
            return Ok(false);
        };
        let Some(stream) = self.streams.get_mut(head.stream as usize) else {
            return Ok(false);
        };
        queue.clear();
        match order.advance(loaded, &stream.event, stream.slot, queue) {
            Ok(Step::NotYet) => return Ok(false),
            Ok(Step::Advanced) => {}
            Err(stop) if loaded.lenient && stop.is_broken() => {
                self.leave_out(at, queue);
                return Ok(true);
            }
            Err(stop) => return Err(stop.at(stream.event_offset())),
        }
        match stream.advance() {
            Ok(true) => self.frontier.update(at, stream.event.time),
            Ok(false) => self.frontier.remove(at),
            Err(_) if loaded.lenient => {
                // The event that was taken stands.
                self.frontier.remove(at);
                self.left_out += 1;
            }
            Err(fault) => return Err(fault),
        }
        Ok(true)
    }
}
