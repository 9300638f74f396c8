//! Generations read on several threads and joined in order.
//!
//! A worker takes a generation, reads its tables and orders it alone ([`Order::alone`]); the
//! calling thread checks what the order assumed against the carry, moves the first times
//! behind the generation before, and hands the piece on. If an assumption does not hold, or
//! too many times would move, the generation is read again with the carry, so the result is
//! always that of reading in order.

#![expect(
    clippy::inline_always,
    reason = "an event whose parts stay in registers takes half the time: docs/performance.md"
)]

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};

use super::batch::{Generation, Scanned, Scanner};
use super::fault::Fault;
use super::merge::{Outlet, merge};
use super::order::{Cells, Order};
use super::read::{Loaded, load};
use super::spares::Spares;
use super::warnings::Warnings;
use super::watch::Watch;
use super::{Between, Serial};
use crate::base::{Progress, Time};
use crate::parse::Parsed;
use crate::parse::error::ParseError;
use crate::parse::event::{Event, Transition};
use crate::parse::pieces::{Piece, Shift, Whole};
use crate::parse::sink::Sink;
use crate::parse::tables::Tables;

/// How many first times of a piece are kept for a [`Shift`] at least. Generations overlap by
/// microseconds, which is tens of events.
const KEPT_TIMES: usize = 1 << 12;
/// Where a million goroutines are alive, telling of them all takes a while, and generations overlap
/// by a tenth of a second. So times are kept up to this long after the last batch of the
/// generation before began: it is flushed as soon as that ends, or is full after milliseconds.
const LONGEST_BATCH_NS: i64 = 20_000_000;

/// A piece that notes the times of its first events.
pub(super) struct Noted<P> {
    pub(super) piece: P,
    times: Vec<Time>,
    events: u64,
    /// Up to when, once there are [`KEPT_TIMES`].
    until: Time,
    is_noting: bool,
}

impl<P: Piece> Noted<P> {
    fn new(piece: P, until: Time) -> Self {
        Self { piece, times: Vec::new(), events: 0, until, is_noting: true }
    }

    #[inline(always)]
    fn note(&mut self, time: Time) {
        self.events += 1;
        if self.is_noting {
            self.keep(time);
        }
    }

    #[inline(never)]
    fn keep(&mut self, time: Time) {
        self.times.push(time);
        self.is_noting = self.times.len() < KEPT_TIMES || time <= self.until;
    }
}

impl<P: Piece> Sink for Noted<P> {
    fn begin_generation(&mut self, tables: &Tables<'_>) {
        self.piece.begin_generation(tables);
    }

    #[inline(always)]
    fn event(&mut self, tables: &Tables<'_>, event: &Event) {
        self.note(event.time);
        self.piece.event(tables, event);
    }

    #[inline(always)]
    fn transition(&mut self, tables: &Tables<'_>, transition: &Transition) {
        self.note(transition.time);
        self.piece.transition(tables, transition);
    }

    fn lost(&mut self, at: Time) {
        self.piece.lost(at);
    }
}

/// A generation ordered alone.
struct Alone<'a, P> {
    noted: Noted<P>,
    loaded: Loaded<'a>,
    order: Order,
    last: Time,
}

/// Reads all generations, `threads` at a time, and hands the pieces to `join` in order.
pub(in crate::parse) fn parse_pieces<P: Piece>(
    file: &[u8],
    minor: u32,
    threads: usize,
    mut join: impl FnMut(P, &Tables<'_>) -> P::Left,
    done: &(impl Fn(Range<usize>) + Sync),
    progress: &Progress,
) -> Result<Parsed, ParseError> {
    progress.set_total(file.len() as u64);
    let scan = scan_all(file, minor);
    // The headers are all over the file.
    done(0..file.len());
    let jobs: Vec<&Generation<'_>> = scan.iter().filter_map(whole).collect();
    // The first generation's statuses come from nowhere: it is read with a carry, an empty one.
    let initial = jobs.first().map(|generation| generation.number);
    let watch = Watch { progress, done };
    let spares = Spares::new(jobs.len());
    let reader = Reader { minor, initial, watch, spares: &spares };
    let taken = AtomicUsize::new(0);
    let workers = if jobs.len() > 1 { threads.saturating_sub(1).min(jobs.len() - 1) } else { 0 };
    std::thread::scope(|scope| {
        let (send, receive) = sync_channel(workers.max(1));
        for _ in 0..workers {
            let (send, jobs, taken, reader) = (send.clone(), &jobs, &taken, &reader);
            scope.spawn(move || {
                let mut scratch = P::scratch(file.len());
                while let Some(job) = next_job(jobs, taken) {
                    let alone = reader.read(&job, &mut scratch);
                    if send.send((job.at, alone)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(send);
        let early = BTreeMap::new();
        let mut queue = Queue {
            jobs: &jobs,
            taken: &taken,
            reader: &reader,
            receive,
            early,
            scratch: P::scratch(file.len()),
        };
        let mut joiner = Joiner::new(file.len(), minor, watch, &spares);
        let mut at = 0;
        let mut gaps = Warnings::default();
        for scanned in &scan {
            match scanned {
                Scanned::Generation(generation) => {
                    if let Some(gap) = generation.gap() {
                        gaps.push(gap);
                        seam(joiner.last, &mut join);
                    }
                    let alone = queue.get(at);
                    joiner.generation(generation, alone, &mut join)?;
                    done(generation.bytes());
                    at += 1;
                }
                Scanned::Broken { fault, rest } => joiner.broken(fault, rest, &mut join)?,
            }
        }
        Ok(super::with_gaps(joiner.finish(&mut join)?, gaps))
    })
}

/// Hands on a piece that says no more than that nothing is known from `at` on.
fn seam<P: Piece>(at: Time, join: &mut impl FnMut(P, &Tables<'_>) -> P::Left) {
    let mut seam: Whole<P> = Whole::new(P::new(P::Scratch::default(), P::Left::default()));
    seam.piece.lost(at);
    let _ = seam.piece.finish();
    let _ = join(seam.piece, &seam.tables);
}

fn scan_all(file: &[u8], minor: u32) -> Vec<Scanned<'_>> {
    let mut scanner = Scanner::new(file, minor);
    let mut all = Vec::new();
    while let Some(scanned) = scanner.next() {
        all.push(scanned);
    }
    all
}

fn whole<'s, 'a>(scanned: &'s Scanned<'a>) -> Option<&'s Generation<'a>> {
    match scanned {
        Scanned::Generation(generation) => Some(generation),
        Scanned::Broken { .. } => None,
    }
}

fn next_job<'s, 'a>(jobs: &[&'s Generation<'a>], taken: &AtomicUsize) -> Option<Job<'s, 'a>> {
    let at = taken.fetch_add(1, Ordering::Relaxed);
    let before = at.checked_sub(1).and_then(|before| jobs.get(before));
    let last_batch = before.map_or(0, |before| before.max_time);
    jobs.get(at).map(|&generation| Job { at, generation, last_batch })
}

/// What a generation that was joined leaves to one that is read later: fresh memory costs more than
/// what is done in it.
struct Spare<P: Piece> {
    left: P::Left,
    cells: Cells,
}

impl<P: Piece> Default for Spare<P> {
    fn default() -> Self {
        Self { left: P::Left::default(), cells: Cells::default() }
    }
}

/// A generation to be read on its own.
struct Job<'s, 'a> {
    /// Its number among all jobs.
    at: usize,
    generation: &'s Generation<'a>,
    /// When the last batch began of the generation before it, in ticks.
    last_batch: u64,
}

/// Reads generations on their own.
struct Reader<'r, P: Piece> {
    minor: u32,
    /// The number of the generation that cannot be read on its own.
    initial: Option<u64>,
    watch: Watch<'r>,
    spares: &'r Spares<Spare<P>>,
}

impl<P: Piece> Reader<'_, P> {
    /// None if the generation cannot be read on its own.
    fn read<'a>(
        &self,
        &Job { generation, last_batch, .. }: &Job<'_, 'a>,
        scratch: &mut P::Scratch,
    ) -> Option<Alone<'a, P>> {
        if self.initial == Some(generation.number) {
            return None;
        }
        let mut loaded = load(generation, self.minor).ok()?;
        self.watch.loaded(generation);
        let Spare { left, cells } = self.spares.take();
        let mut order = Order::alone(generation.number, cells);
        let until = Time(loaded.frequency.ns(last_batch)) + LONGEST_BATCH_NS;
        let mut noted = Noted::new(P::new(std::mem::take(scratch), left), until);
        let mut outlet = Outlet::new(&mut noted, Time::MIN, 0);
        let outcome = merge(&mut loaded, &mut order, &mut outlet, &self.watch);
        let last = outlet.last;
        *scratch = noted.piece.finish();
        // Only the strings are looked at again, when the piece is joined.
        (self.watch.done)(generation.bytes());
        outcome.ok()?;
        Some(Alone { noted, loaded, order, last })
    }
}

/// The workers' results by job; the caller does jobs itself while it waits.
struct Queue<'q, 'a, P: Piece> {
    jobs: &'q [&'q Generation<'a>],
    taken: &'q AtomicUsize,
    reader: &'q Reader<'q, P>,
    scratch: P::Scratch,
    receive: Receiver<(usize, Option<Alone<'a, P>>)>,
    early: BTreeMap<usize, Option<Alone<'a, P>>>,
}

impl<'a, P: Piece> Queue<'_, 'a, P> {
    fn get(&mut self, at: usize) -> Option<Alone<'a, P>> {
        loop {
            if let Some(alone) = self.early.remove(&at) {
                return alone;
            }
            while let Ok((ready, alone)) = self.receive.try_recv() {
                self.early.insert(ready, alone);
            }
            if self.early.contains_key(&at) {
                continue;
            }
            // Do not run far ahead of what can be joined: pieces wait in memory.
            let next = self.taken.load(Ordering::Relaxed);
            if next <= at + AHEAD
                && let Some(job) = next_job(self.jobs, self.taken)
            {
                let alone = self.reader.read(&job, &mut self.scratch);
                self.early.insert(job.at, alone);
            } else if let Ok((ready, alone)) = self.receive.recv() {
                self.early.insert(ready, alone);
            } else {
                return None;
            }
        }
    }
}

/// How many generations the joining thread reads beyond the one that it waits for.
const AHEAD: usize = 2;

/// Joins pieces in order, reading again what did not fit.
struct Joiner<'j, P: Piece> {
    n_bytes: usize,
    minor: u32,
    watch: Watch<'j>,
    spares: &'j Spares<Spare<P>>,
    state: Between,
    last: Time,
    syncs: u32,
    parsed: Parsed,
    warnings: Warnings,
}

impl<'j, P: Piece> Joiner<'j, P> {
    fn new(n_bytes: usize, minor: u32, watch: Watch<'j>, spares: &'j Spares<Spare<P>>) -> Self {
        let parsed = Parsed { minor, ..Parsed::default() };
        let state = Between::default();
        let warnings = Warnings::default();
        Self { n_bytes, minor, watch, spares, state, last: Time(0), syncs: 0, parsed, warnings }
    }

    fn generation(
        &mut self,
        generation: &Generation<'_>,
        alone: Option<Alone<'_, P>>,
        join: &mut impl FnMut(P, &Tables<'_>) -> P::Left,
    ) -> Result<(), ParseError> {
        self.watch.progress.check()?;
        if self.state.initial.is_some()
            && let Some(mut alone) = alone
            && let Ok(shift) = Shift::after(
                self.last,
                &alone.noted.times,
                alone.noted.events == alone.noted.times.len() as u64,
            )
            && self.state.carry.join(&mut alone.order).is_ok()
        {
            let Noted { mut piece, events, .. } = alone.noted;
            self.last = alone.last;
            if let Some(shift) = shift {
                self.last = shift.apply(self.last);
                piece.shift(&shift);
            }
            self.state.fallback.frequency = Some(alone.loaded.frequency);
            self.parsed.events += events;
            self.parsed.generations += 1;
            self.syncs += 1;
            self.watch.progress.advance(generation.end.saturating_sub(generation.offset));
            let left = join(piece, &alone.loaded.tables);
            self.spares.put(Spare { left, cells: alone.order.into_cells() });
            return Ok(());
        }
        let (before, syncs, fallback) = (self.last, self.syncs, self.state.fallback);
        let is_first = self.state.initial.is_none();
        let with_carry = self.serially(|serial| serial.generation(generation))?;
        let is_lost = self.state.initial.is_none();
        if is_first || !is_lost {
            self.take(with_carry, join);
            return Ok(());
        }
        // It breaks, perhaps only since something before it is missing: it may make sense alone.
        let after = (self.last, self.syncs, std::mem::take(&mut self.state));
        (self.last, self.syncs, self.state.fallback) = (before, syncs, fallback);
        let mark = self.warnings.mark();
        let on_its_own = self.serially(|serial| serial.generation(generation))?;
        if on_its_own.events > with_carry.events {
            seam(before, join);
            self.take(on_its_own, join);
        } else {
            (self.last, self.syncs, self.state) = after;
            self.warnings.back_to(mark);
            self.take(with_carry, join);
        }
        Ok(())
    }

    fn broken(
        &mut self,
        fault: &Fault,
        rest: &Generation<'_>,
        join: &mut impl FnMut(P, &Tables<'_>) -> P::Left,
    ) -> Result<(), ParseError> {
        let done = self.serially(|serial| serial.broken_frame(fault.clone(), rest))?;
        self.take(done, join);
        Ok(())
    }

    /// Lets `read` read a generation with the carry, into one piece.
    fn serially(
        &mut self,
        read: impl FnOnce(&mut Serial<'_, Whole<P>>) -> Result<(), ParseError>,
    ) -> Result<Done<P>, ParseError> {
        let mut whole = Whole::new(P::new(P::scratch(self.n_bytes), self.spares.take().left));
        let outlet = Outlet::new(&mut whole, self.last, self.syncs);
        let mut serial = Serial {
            minor: self.minor,
            outlet,
            state: std::mem::take(&mut self.state),
            parsed: Parsed::default(),
            warnings: std::mem::take(&mut self.warnings),
            watch: self.watch,
        };
        read(&mut serial)?;
        self.last = serial.outlet.last;
        self.syncs = serial.outlet.syncs;
        self.state = std::mem::take(&mut serial.state);
        self.warnings = serial.warnings;
        let (events, generations) = (serial.outlet.events, serial.parsed.generations);
        let _ = whole.piece.finish();
        Ok(Done { whole, events, generations })
    }

    fn take(&mut self, done: Done<P>, join: &mut impl FnMut(P, &Tables<'_>) -> P::Left) {
        self.parsed.events += done.events;
        self.parsed.generations += done.generations;
        let left = join(done.whole.piece, &done.whole.tables);
        self.spares.put(Spare { left, cells: Cells::default() });
    }

    fn finish(
        mut self,
        join: &mut impl FnMut(P, &Tables<'_>) -> P::Left,
    ) -> Result<Parsed, ParseError> {
        self.parsed.complete = self.warnings.is_empty();
        if self.parsed.complete {
            let done = self.serially(|serial| {
                serial.outlet.close(&Tables::empty(0));
                Ok(())
            })?;
            self.take(done, join);
        }
        self.parsed.warnings = self.warnings.into_vec();
        super::or_error(self.parsed, u64::from(self.syncs))
    }
}

/// A generation that was read with the carry.
struct Done<P> {
    whole: Whole<P>,
    events: u64,
    generations: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nothing;

    impl Sink for Nothing {
        fn begin_generation(&mut self, _: &Tables<'_>) {}

        fn event(&mut self, _: &Tables<'_>, _: &Event) {}
    }

    impl Piece for Nothing {
        type Scratch = ();
        type Left = ();

        fn scratch(_: usize) {}

        fn new((): (), (): ()) -> Self {
            Self
        }

        fn finish(&mut self) {}

        fn shift(&mut self, _: &Shift) {}
    }

    #[test]
    fn times_are_kept_while_the_generation_before_may_go_on() {
        for (until, n_kept) in [(10, KEPT_TIMES), (20_000, 10_002), (1_000_000, 30_000)] {
            let mut noted = Noted::new(Nothing, Time(until));
            for n in 0..30_000 {
                noted.note(Time(2 * n));
            }
            assert_eq!(noted.events, 30_000);
            assert_eq!(noted.times.len(), n_kept, "{until}");
        }
    }
}
