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

use super::fault::Fault;
use super::frontier::{Frontier, Head};
use super::order::{Order, Queue, Step, Stop};
use super::read::Loaded;
use super::samples::Samples;
use super::stream::{Packed, Stream};
use super::watch::{Passed, Watch};
use crate::base::{ThreadId, Time, WireMap};
use crate::parse::event::{Body, Event, GoRef, GoState, StackRef, Transition};
use crate::parse::sink::Sink;
use crate::parse::spec::wire;
use crate::parse::{CHECK_EVERY, LIMIT_NS};

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
        let last = last.max(Time(-LIMIT_NS - 1));
        Self { sink, last, events: 0, syncs, at_most: u64::MAX }
    }

    /// The time of the next event: its own, or one more than the last.
    #[inline(always)]
    fn next_time(&mut self, time: Time) -> Time {
        let fits = self.last < time && time.ns() <= LIMIT_NS;
        self.last = if fits { time } else { self.odd_time(time) };
        self.events += 1;
        self.last
    }

    #[cold]
    fn odd_time(&self, time: Time) -> Time {
        Time(time.ns().clamp(-LIMIT_NS, LIMIT_NS)).max(self.last + 1)
    }

    /// Hands on what one wire event stands for.
    #[inline(always)]
    fn put(&mut self, loaded: &Loaded<'_>, queue: &mut Queue) {
        let [first, others @ ..] = queue.events() else { return };
        self.put_event(loaded, first);
        for event in others {
            self.put_other(loaded, event);
        }
    }

    #[inline(always)]
    fn put_event(&mut self, loaded: &Loaded<'_>, event: &mut Event) {
        event.time = self.next_time(event.time);
        self.sink.event(&loaded.tables, event);
    }

    /// The same, not compiled into the caller.
    #[inline(never)]
    pub(super) fn put_other(&mut self, loaded: &Loaded<'_>, event: &mut Event) {
        self.put_event(loaded, event);
    }

    #[inline(always)]
    fn put_transition(&mut self, loaded: &Loaded<'_>, transition: &Transition) {
        let time = self.next_time(transition.time);
        self.sink.transition(&loaded.tables, &Transition { time, ..*transition });
    }

    /// The Sync with which a generation begins.
    fn begin(&mut self, loaded: &Loaded<'_>) {
        self.sink.begin_generation(&loaded.tables);
        self.syncs += 1;
        let mut event = sync(loaded.start, self.syncs, false);
        self.put_other(loaded, &mut event);
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

/// Orders a generation and hands its events to `outlet`, a Sync before them. Gives how many
/// threads were left out, since what they wait for was cut off.
///
/// # Errors
/// Where the trace breaks; the events before that have been handed on.
pub(super) fn merge<S: Sink>(
    loaded: &mut Loaded<'_>,
    order: &mut Order,
    outlet: &mut Outlet<'_, S>,
    watch: &Watch<'_>,
) -> Result<u32, Fault> {
    let mut merger = Merger::new(loaded, order)?;
    let (mut passed, mut look_at) = (Passed::new(loaded.offset), 0);
    outlet.begin(loaded);
    let mut samples = Samples::new(std::mem::take(&mut loaded.samples));
    let mut queue = Queue::new();
    loop {
        watch.check()?;
        if outlet.events >= look_at {
            passed.reach(merger.passed(), watch);
            // A made-up trace can have a thread for each event, all of which are looked at.
            look_at = outlet.events.saturating_add(merger.frontier.len() as u64);
        }
        if outlet.events >= outlet.at_most {
            return Ok(merger.left_out);
        }
        let until = outlet.events.saturating_add(CHECK_EVERY as u64).min(outlet.at_most);
        while outlet.events < until {
            let root = merger.frontier.get(0);
            if root.is_none_or(|head| head.time > samples.due) {
                samples.put_before(root, loaded, order, outlet);
                if root.is_none() {
                    return Ok(merger.left_out);
                }
            }
            match merger.turn(loaded, order, outlet, (samples.due, until)) {
                Turn::Over => {}
                Turn::Rarer => merger.step_rarer(loaded, order, &mut queue, outlet)?,
                Turn::Last(taken) => {
                    merger.end(0, loaded.lenient)?;
                    outlet.put_transition(loaded, &taken);
                }
            }
        }
    }
}

/// How a thread's turn ended.
enum Turn {
    /// It is another's.
    Over,
    /// There is no short cut for its next event.
    Rarer,
    /// This was taken, but not handed on: there is no next event that could be read.
    Last(Box<Transition>),
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
        let mut rows: WireMap<ThreadId, usize> = WireMap::default();
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
            if stream.advance() {
                frontier.insert(Head { time: stream.event.time, stream: row });
            } else if let Some(fault) = stream.fault.take() {
                return Err(*fault);
            }
        }
        Ok(Self { streams, frontier, left_out: 0, looks: 0 })
    }

    /// Up to where all threads have read the file; 0 if none has an event left.
    fn passed(&self) -> u64 {
        let heads = (0..self.frontier.len()).filter_map(|at| self.frontier.get(at));
        let streams = heads.filter_map(|head| self.streams.get(head.stream as usize));
        streams.map(Stream::event_offset).min().unwrap_or(0)
    }

    /// Reads all events, thread by thread, and gives how many there were.
    pub(super) fn drain(mut self) -> Result<u64, Fault> {
        let mut events = self.frontier.len() as u64;
        let mut last = 0;
        for stream in &mut self.streams {
            while stream.advance() {
                events += 1;
                last ^= stream.event.time;
            }
            if let Some(fault) = stream.fault.take() {
                return Err(*fault);
            }
        }
        // The times were read for nothing, which the compiler must not find out.
        std::hint::black_box(last);
        Ok(events)
    }

    /// Takes the events of the earliest thread, as long as it is that and their times are no later
    /// than `due`, and hands on what they stand for, up to so many in all. They are the three
    /// quarters of a busy program's events for which there is a short cut. Each kind has its own way
    /// all through, so that what is handed on is known when this is compiled.
    #[inline(always)]
    fn turn<S: Sink>(
        &mut self,
        loaded: &Loaded<'a>,
        order: &mut Order,
        outlet: &mut Outlet<'_, S>,
        (due, until): (i64, u64),
    ) -> Turn {
        let Self { streams, frontier, .. } = self;
        let root = frontier.get(0);
        let Some(stream) = root.and_then(|head| streams.get_mut(head.stream as usize)) else {
            return Turn::Rarer;
        };
        let slot = stream.slot;
        let due = frontier.second_time().min(due);
        let turn = loop {
            let time = stream.event.time;
            let Some(args) = stream.event.packed() else { break Turn::Rarer };
            let taken = match stream.event.wire_type {
                wire::GO_START => {
                    let started = order.go_start(slot, time, args.unpack());
                    started.map(|started| take(&started, (args, 2), stream, loaded, outlet))
                }
                wire::GO_UNBLOCK => {
                    let woken = order.go_unblock(loaded, slot, time, args.unpack());
                    woken.map(|woken| take(&woken, (args, 3), stream, loaded, outlet))
                }
                wire::GO_BLOCK => {
                    let to = GoState::Waiting;
                    let stopped = order.go_stop(loaded, slot, time, to, args.unpack());
                    stopped.map(|stopped| take(&stopped, (args, 2), stream, loaded, outlet))
                }
                _ => None,
            };
            match taken {
                Some(Ok(())) => {}
                Some(Err(last)) => break Turn::Last(last),
                None => break Turn::Rarer,
            }
            if stream.event.time > due || outlet.events >= until {
                break Turn::Over;
            }
        };
        frontier.update(0, stream.event.time);
        turn
    }

    /// The same for any event.
    #[inline(never)]
    fn step_rarer<S: Sink>(
        &mut self,
        loaded: &mut Loaded<'a>,
        order: &mut Order,
        queue: &mut Queue,
        outlet: &mut Outlet<'_, S>,
    ) -> Result<(), Fault> {
        if !self.try_at(0, loaded, order, queue)? {
            self.step_elsewhere(loaded, order, queue, outlet.events)?;
        }
        outlet.put(loaded, queue);
        Ok(())
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
            let what = format!(
                "no order of the events of {n_threads} threads was found within the steps allowed"
            );
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
        let Some(stream) = self.streams.get(head.stream as usize) else {
            return Ok(false);
        };
        queue.clear();
        match order.advance(loaded, &stream.event, stream.slot, queue) {
            Ok(Step::NotYet) => Ok(false),
            Ok(Step::Advanced) => self.go_on(at, loaded.lenient).map(|()| true),
            Err(stop) => self.stop(at, stop, loaded, queue).map(|()| true),
        }
    }

    /// Reads the next event of a thread whose last one was taken.
    #[inline(always)]
    fn go_on(&mut self, at: usize, lenient: bool) -> Result<(), Fault> {
        let head = self.frontier.get(at);
        let Some(stream) = head.and_then(|head| self.streams.get_mut(head.stream as usize)) else {
            return Ok(());
        };
        if stream.advance() {
            self.frontier.update(at, stream.event.time);
            return Ok(());
        }
        self.end(at, lenient)
    }

    /// A thread has no next event that could be read. The one that was taken stands where damage
    /// is known of.
    #[cold]
    fn end(&mut self, at: usize, lenient: bool) -> Result<(), Fault> {
        let head = self.frontier.get(at);
        let stream = head.and_then(|head| self.streams.get_mut(head.stream as usize));
        match stream.and_then(|stream| stream.fault.take()) {
            Some(fault) if !lenient => return Err(*fault),
            fault => self.left_out += u32::from(fault.is_some()),
        }
        self.frontier.remove(at);
        Ok(())
    }

    /// A thread's event can never be taken: where the trace is known to be damaged, the thread's
    /// remaining events are given up.
    #[cold]
    fn stop(
        &mut self,
        at: usize,
        stop: Stop,
        loaded: &Loaded<'_>,
        queue: &mut Queue,
    ) -> Result<(), Fault> {
        if loaded.lenient && stop.is_broken() {
            self.leave_out(at, queue);
            return Ok(());
        }
        let stream = self.frontier.get(at).and_then(|head| self.streams.get(head.stream as usize));
        Err(stop.at(stream.map_or(loaded.offset, Stream::event_offset)))
    }
}

/// Goes on behind an event that was taken, of which the arguments are told and their number, and
/// hands on what it stands for, unless there is no next event.
#[inline(always)]
fn take<S: Sink>(
    taken: &Transition,
    (args, n): (Packed, u8),
    stream: &mut Stream<'_>,
    loaded: &Loaded<'_>,
    outlet: &mut Outlet<'_, S>,
) -> Result<(), Box<Transition>> {
    if !stream.advance_behind(args, n) {
        return Err(Box::new(*taken));
    }
    outlet.put_transition(loaded, taken);
    Ok(())
}
