//! Generations read on several threads and joined in order.
//!
//! A worker takes a generation, reads its tables and orders it alone ([`Order::alone`]). The
//! calling thread joins the pieces in order ([`Joiner`]): it checks what the order assumed, and
//! reads again what does not fit, so that the result is always that of reading in order. While
//! it waits it reads generations, too.

#![expect(
    clippy::inline_always,
    reason = "an event whose parts stay in registers takes half the time: docs/performance.md"
)]

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::batch::{Generation, Scanned, Scanner};
use super::join::{Joiner, Spare};
use super::merge::{Outlet, merge};
use super::order::Order;
use super::read::{Loaded, load};
use super::spares::Spares;
use super::turns::Turns;
use super::warnings::Warnings;
use super::watch::Watch;
use crate::base::{Progress, Time};
use crate::parse::Parsed;
use crate::parse::error::ParseError;
use crate::parse::event::{Event, Transition};
use crate::parse::pieces::Piece;
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
    pub(super) times: Vec<Time>,
    pub(super) events: u64,
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

/// How many generations are read beyond the one that is waited for, besides one for each worker:
/// pieces wait in memory.
const AHEAD: usize = 2;

/// To hand a generation of fewer bytes to another thread takes longer than to read it. Go writes
/// one a second, and the smallest of the recorded fixtures have two kilobytes.
const TINY_BYTES: usize = 1 << 10;

/// A generation ordered alone.
pub(super) struct Alone<'a, P> {
    pub(super) noted: Noted<P>,
    pub(super) loaded: Loaded<'a>,
    pub(super) order: Order,
    pub(super) last: Time,
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
    let n_workers = n_workers(file.len(), jobs.len(), threads);
    let turns = Turns::new(jobs.len(), AHEAD + n_workers);
    let reader = Reader { minor, initial, watch, spares: &spares, jobs: &jobs, turns: &turns };
    std::thread::scope(|scope| {
        let (send, receive) = sync_channel(n_workers.max(1));
        for _ in 0..n_workers {
            let (send, reader) = (send.clone(), &reader);
            scope.spawn(move || reader.work(P::scratch(file.len()), &send));
        }
        drop(send);
        let _last = turns.nobody_waits_after();
        let (early, scratch) = (BTreeMap::new(), P::scratch(file.len()));
        let queue = Queue { reader: &reader, receive, early, scratch };
        let joiner = Joiner::new(file.len(), minor, watch, &spares);
        join_all(&scan, queue, joiner, &mut join)
    })
}

/// How many threads read besides the one that joins. Who writes hundreds of thousands of generations
/// in a few megabytes keeps threads busy with waking each other.
fn n_workers(n_bytes: usize, n_jobs: usize, threads: usize) -> usize {
    let are_tiny = n_bytes / n_jobs.max(1) < TINY_BYTES;
    if are_tiny { 0 } else { threads.saturating_sub(1).min(n_jobs.saturating_sub(1)) }
}

/// Joins what was found, in order.
fn join_all<'a, P: Piece>(
    scan: &[Scanned<'a>],
    mut queue: Queue<'_, 'a, P>,
    mut joiner: Joiner<'_, P>,
    join: &mut impl FnMut(P, &Tables<'_>) -> P::Left,
) -> Result<Parsed, ParseError> {
    let mut at = 0;
    let mut gaps = Warnings::default();
    for scanned in scan {
        match scanned {
            Scanned::Generation(generation) => {
                if let Some(gap) = generation.gap() {
                    gaps.push(gap);
                    joiner.gap(join);
                }
                let alone = queue.get(at);
                joiner.generation(generation, alone, join)?;
                (joiner.watch.done)(generation.bytes());
                at += 1;
            }
            Scanned::Broken { fault, rest } => joiner.broken(fault, rest, join)?,
        }
    }
    Ok(super::with_gaps(joiner.finish(join)?, gaps))
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

/// What a worker has of the generation of that number among all jobs.
type Ready<'a, P> = (usize, Option<Alone<'a, P>>);

/// Reads generations on their own.
struct Reader<'r, 'a, P: Piece> {
    minor: u32,
    /// The number of the generation that cannot be read on its own.
    initial: Option<u64>,
    watch: Watch<'r>,
    spares: &'r Spares<Spare<P>>,
    jobs: &'r [&'r Generation<'a>],
    turns: &'r Turns,
}

impl<'a, P: Piece> Reader<'_, 'a, P> {
    /// Does jobs until there are no more, or nobody wants them.
    fn work(&self, mut scratch: P::Scratch, send: &SyncSender<Ready<'a, P>>) {
        let _last = self.turns.nobody_waits_after();
        while let Some(at) = self.turns.next() {
            let alone = self.read(at, &mut scratch);
            if send.send((at, alone)).is_err() {
                return;
            }
        }
    }

    /// None if the generation cannot be read on its own.
    fn read(&self, at: usize, scratch: &mut P::Scratch) -> Option<Alone<'a, P>> {
        let generation = *self.jobs.get(at)?;
        if self.initial == Some(generation.number) {
            return None;
        }
        // When the last batch began of the generation before, in ticks.
        let before = at.checked_sub(1).and_then(|before| self.jobs.get(before));
        let last_batch = before.map_or(0, |before| before.max_time);
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
    reader: &'q Reader<'q, 'a, P>,
    scratch: P::Scratch,
    receive: Receiver<Ready<'a, P>>,
    early: BTreeMap<usize, Option<Alone<'a, P>>>,
}

impl<'a, P: Piece> Queue<'_, 'a, P> {
    fn get(&mut self, at: usize) -> Option<Alone<'a, P>> {
        self.reader.turns.want(at);
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
            if let Some(next) = self.reader.turns.next_up_to(at + AHEAD) {
                let alone = self.reader.read(next, &mut self.scratch);
                self.early.insert(next, alone);
            } else if let Ok((ready, alone)) = self.receive.recv() {
                self.early.insert(ready, alone);
            } else {
                return None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::pieces::Shift;

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
    fn tiny_generations_are_no_work_for_others() {
        assert_eq!(n_workers(200 << 20, 60, 8), 7);
        assert_eq!(n_workers(4 << 10, 2, 8), 1);
        assert_eq!(n_workers(4 << 20, 500_000, 8), 0);
        assert_eq!((n_workers(100, 0, 8), n_workers(1 << 20, 1, 8)), (0, 0));
        assert_eq!(n_workers(200 << 20, 60, 1), 0);
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
