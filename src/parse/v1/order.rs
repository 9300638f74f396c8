//! The second pass: the Ps' streams become one.
//!
//! 1. Each stream shows its next event.
//! 2. An event is ready if the goroutine that it is about is in the state that it needs.
//! 3. The ready event with the lowest time (of the lowest P, if times are equal) goes next, and
//!    changes its goroutine's state.
//! 4. That can make the events ready that wait for the very state; and the event's stream
//!    shows its next one.
//!
//! A stream that is not ready is looked at again only when the state comes up that its event
//! needs, so that the work is the same however many Ps wait.
//!
//! Rules from Go 1.26 `internal/trace/internal/tracev1/parser.go`, `parseEventBatches`.

use std::cmp::Reverse;
use std::collections::binary_heap::PeekMut;
use std::collections::{BTreeMap, BinaryHeap};

use super::bytes_per_check;
use super::ids::Goroutines;
use super::index::{Index, ProcRow};
use super::rule::{Rule, State};
use super::stream::{File, Head, Stream};
use super::wire::Kind;
use crate::base::{Cancelled, Progress};
use crate::parse::CHECK_EVERY;

/// An event in its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    /// When, in ticks.
    pub(super) ticks: i64,
    /// Where it is in the file.
    pub(super) at: usize,
    /// The slot of the goroutine it is about or that does it.
    pub(super) goroutine: u32,
    /// On which P; for samples the row after the last.
    pub(super) proc: ProcRow,
    /// What it is; the local forms have become the ordinary ones.
    pub(super) kind: Kind,
    /// For a system call: whether it blocks. For the exit from one: whether its own, true
    /// time has taken it out of its place.
    pub(super) flag: bool,
}

/// Why and where the order ends before the events do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Stop {
    /// The event that does not fit.
    pub(super) at: usize,
    /// Why it does not.
    pub(super) what: String,
}

/// What the second pass made.
#[derive(Debug)]
pub(super) struct Ordered {
    /// The events in the order in which they happened; their times never go back.
    pub(super) records: Vec<Record>,
    /// The goroutines that they are about.
    pub(super) goroutines: Goroutines,
    /// Why there are no more.
    pub(super) stop: Option<Stop>,
}

/// Puts the events of all Ps in one order, as far as they allow one, and up to `at_most` of them.
///
/// # Errors
/// [`Cancelled`] if `progress` says so.
pub(super) fn order(
    file: &File<'_>,
    index: &Index<'_>,
    at_most: usize,
    progress: &Progress,
) -> Result<Ordered, Cancelled> {
    let mut merge = Merge::new(file, index, at_most);
    let per_check = bytes_per_check(file.bytes.len(), index.n_events);
    let mut stop = None;
    while stop.is_none() && merge.records.len() < at_most && !merge.ready.is_empty() {
        if merge.records.len().is_multiple_of(CHECK_EVERY) {
            progress.check()?;
            progress.advance(per_check);
        }
        stop = merge.step(file).err();
    }
    if merge.records.len() < at_most {
        stop = stop.or_else(|| merge.cut_at_first_blocked());
    }
    Ok(Ordered { records: merge.records, goroutines: merge.goroutines, stop })
}

/// The state in which a blocked event becomes ready: slot, then state.
type Key = (u32, State);

struct Merge<'a> {
    streams: Vec<Stream<'a>>,
    /// Time, P and row of the streams whose next event is ready, or was when it got here.
    ready: BinaryHeap<Reverse<(i64, i32, ProcRow)>>,
    /// The first stream that waits for a state; the others are linked to it.
    blocked: BTreeMap<Key, ProcRow>,
    /// The state of each goroutine and how many streams wait for a change of it.
    states: Vec<(State, u32)>,
    gc: (State, u32),
    goroutines: Goroutines,
    records: Vec<Record>,
}

impl<'a> Merge<'a> {
    fn new(file: &File<'a>, index: &'a Index<'_>, at_most: usize) -> Self {
        let mut batches = vec![Vec::new(); index.procs.len()];
        for batch in &index.batches {
            if let Some(of_proc) = batches.get_mut(usize::from(batch.proc)) {
                of_proc.push(*batch);
            }
        }
        let procs = index.procs.iter().zip(batches);
        let of_procs = procs.map(|(&proc, batches)| Stream::of_proc(proc, batches, file));
        let streams: Vec<_> = of_procs.chain([Stream::of_samples(&index.samples)]).collect();
        let n_streams = ProcRow::try_from(streams.len()).unwrap_or(ProcRow::MAX);
        let mut merge = Self {
            streams,
            ready: BinaryHeap::new(),
            blocked: BTreeMap::new(),
            states: Vec::new(),
            gc: Default::default(),
            goroutines: Goroutines::for_trace(file.bytes.len()),
            records: Vec::with_capacity(index.n_events.min(at_most)),
        };
        for row in 0..n_streams {
            if let Some(entry) = merge.advance(row, file) {
                merge.ready.push(entry);
            }
        }
        merge
    }

    /// Takes the next event.
    fn step(&mut self, file: &File<'a>) -> Result<(), Stop> {
        let Some(&Reverse((_, _, row))) = self.ready.peek() else { return Ok(()) };
        let Some(head) = self.streams.get(usize::from(row)).and_then(|stream| stream.head) else {
            self.ready.pop();
            return Ok(());
        };
        if self.records.last().is_some_and(|last| last.ticks > head.ticks) {
            let what = format!("{:?} comes after an event that is later", head.kind);
            return Err(Stop { at: head.at, what });
        }
        // It was ready when it got in line, but another P's event may have come between.
        let changed = match head.rule {
            Some(rule) if !self.is_ready(rule) => return Err(misfit(&head, &self.goroutines)),
            Some(rule) => self.apply(rule),
            None => None,
        };
        self.records.push(record(&head, row));
        let next = self.advance(row, file);
        match (self.ready.peek_mut(), next) {
            (Some(mut top), Some(next)) => *top = next,
            (Some(top), None) => drop(PeekMut::pop(top)),
            (None, _) => {}
        }
        if let Some((slot, state)) = changed {
            self.wake((slot, state));
            self.wake((slot, State { seq: State::ANY, ..state }));
        }
        Ok(())
    }

    /// Shows a stream's next event: its entry in line, or none if it ends or has to wait.
    fn advance(&mut self, row: ProcRow, file: &File<'a>) -> Option<Reverse<(i64, i32, ProcRow)>> {
        let stream = self.streams.get_mut(usize::from(row))?;
        stream.advance(file, &mut self.goroutines);
        let (head, proc) = (stream.head?, stream.proc);
        match head.rule {
            Some(rule) if !self.is_ready(rule) => {
                self.block(row, rule);
                None
            }
            _ => Some(Reverse((head.ticks, proc, row))),
        }
    }

    fn is_ready(&self, rule: Rule) -> bool {
        let (state, _) = match rule.slot {
            Rule::GC => self.gc,
            slot => self.states.get(slot as usize).copied().unwrap_or_default(),
        };
        rule.needs.is_met_by(state)
    }

    /// The state and the number of waiting streams, except of a goroutine that does not exist.
    fn state_mut(&mut self, slot: u32) -> Option<&mut (State, u32)> {
        if slot == Rule::GC {
            return Some(&mut self.gc);
        }
        let at = slot as usize;
        if at >= self.goroutines.len() {
            return None;
        }
        if at >= self.states.len() {
            self.states.resize(self.goroutines.len(), Default::default());
        }
        self.states.get_mut(at)
    }

    /// Changes the state; returns it with its slot if somebody waits for a change.
    fn apply(&mut self, rule: Rule) -> Option<Key> {
        let (state, n_waiting) = self.state_mut(rule.slot)?;
        *state = rule.after(*state);
        (*n_waiting > 0).then_some((rule.slot, *state))
    }

    fn block(&mut self, row: ProcRow, rule: Rule) {
        if let Some((_, n_waiting)) = self.state_mut(rule.slot) {
            *n_waiting += 1;
            let first = self.blocked.insert((rule.slot, rule.needs), row);
            if let Some(stream) = self.streams.get_mut(usize::from(row)) {
                stream.next_blocked = first;
            }
        }
    }

    /// Puts in line whoever waits for a state that has come up.
    fn wake(&mut self, key: Key) {
        let mut next = self.blocked.remove(&key);
        while let Some(row) = next {
            let Some(stream) = self.streams.get_mut(usize::from(row)) else { return };
            next = stream.next_blocked.take();
            if let Some(head) = stream.head {
                self.ready.push(Reverse((head.ticks, stream.proc, row)));
            }
            if let Some((_, n_waiting)) = self.state_mut(key.0) {
                *n_waiting = n_waiting.saturating_sub(1);
            }
        }
    }

    /// Once nothing is ready: if events are left, nothing after the first of them can be trusted,
    /// since what its P did from there on is missing.
    fn cut_at_first_blocked(&mut self) -> Option<Stop> {
        let left = self.streams.iter().filter_map(|stream| Some((stream.head?, stream.proc)));
        let (first, _) = left.min_by_key(|(head, proc)| (head.ticks, *proc))?;
        self.records.truncate(self.records.partition_point(|record| record.ticks <= first.ticks));
        Some(misfit(&first, &self.goroutines))
    }
}

fn misfit(head: &Head, goroutines: &Goroutines) -> Stop {
    let goroutine = head.rule.map_or(head.goroutine, |rule| rule.slot);
    let of = goroutines.by_slot(goroutine).some();
    let of = of.map(|of| format!(" of goroutine {}", of.id)).unwrap_or_default();
    Stop { at: head.at, what: format!("{:?}{of} does not fit what came before it", head.kind) }
}

fn record(head: &Head, proc: ProcRow) -> Record {
    let kind = match head.kind {
        Kind::GoStartLocal => Kind::GoStart,
        Kind::GoUnblockLocal => Kind::GoUnblock,
        Kind::GoSysExitLocal => Kind::GoSysExit,
        kind => kind,
    };
    let Head { ticks, at, goroutine, .. } = *head;
    Record { ticks, at, goroutine, proc, kind, flag: false }
}
