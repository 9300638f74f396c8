//! Ordered events → immutable columns.
//!
//! This room owns the columns and keeps their invariants. It may not interpret them: it
//! knows no "late" and no "cancel", and nothing changes after the build.
//!
//! Invariants (held by `tests/`: the validator runs over every fixture):
//! - A goroutine's spans tile its life: each ends where the next begins, the first begins
//!   where the life does, the last ends at the goroutine's end or at the trace's.
//! - Span starts strictly increase within a goroutine.
//! - Every [`StackId`] and [`StrId`] in a column resolves; a stack's parent row is lower than its own.
//! - Births and ends outside the trace are [`Edge::OUTSIDE`], never a time.

mod alloc;
mod back;
mod build;
mod chunk;
mod columns;
mod draft;
mod escapes;
mod goroutines;
mod join;
mod kinds;
mod notes;
mod regions;
mod seal;
mod sides;
mod spans;
mod stacks;
mod strings;
mod wakers;
mod world;

pub use alloc::{Allocations, Tally, Totals, TypeTotals};
pub use back::SpansBack;
pub use build::{build, build_first, build_from, build_on};
pub(crate) use chunk::View;
pub use chunk::{Chunk, Kind};
#[cfg(test)]
pub(crate) use columns::Columns;
pub use columns::KindRows;
pub use draft::Draft;
pub(crate) use goroutines::RunAt;
pub use goroutines::{Edge, Goroutines, Life};
pub use join::Builder;
pub use notes::{Log, Notes, Region, Task};
pub use spans::{Run, Span, Spans, Wake};
pub use stacks::{Frame, Stacks};
pub use strings::Strings;
pub use wakers::{Wakers, Woken};
pub use world::{Assist, CpuSample, MetricPoint, ProcSpan, StopTheWorld, Sweep, WallClock, World};

use crate::base::{Clock, GoId, Goroutine, Interval, StackId, StrId, Time, Warning};

/// What is known of the trace as a whole.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TraceInfo {
    /// The format's minor version, from the header: 26 for `go 1.26 trace`. It is the format's
    /// number, not the toolchain's: Go 1.27 writes 26.
    pub minor: u32,
    /// Length of the (decompressed) trace in bytes.
    pub bytes: u64,
    /// How many events were read.
    pub events: u64,
    /// How many generations were read; 1 for the old format.
    pub generations: u32,
    /// Whether the trace was read to its end without damage, and no part of it is missing.
    pub complete: bool,
    /// Whether times are in ticks of the clock, of unknown length, instead of nanoseconds: so
    /// in a trace of the old format that was cut before it told its clock's frequency.
    pub in_ticks: bool,
}

/// A whole trace in memory, immutable.
#[derive(Default, Debug)]
pub struct Trace {
    pub(crate) info: TraceInfo,
    pub(crate) interval: Interval,
    pub(crate) warnings: Vec<Warning>,
    pub(crate) strings: Strings,
    pub(crate) stacks: Stacks,
    pub(crate) goroutines: Goroutines,
    pub(crate) chunks: Vec<Chunk>,
    pub(crate) world: World,
    pub(crate) notes: Notes,
}

impl Trace {
    /// What is known of the trace as a whole.
    #[must_use]
    pub fn info(&self) -> &TraceInfo {
        &self.info
    }

    /// What its times count.
    #[must_use]
    pub fn clock(&self) -> Clock {
        if self.info.in_ticks { Clock::Ticks } else { Clock::Nanoseconds }
    }

    /// From the first event to the last.
    #[must_use]
    pub fn interval(&self) -> Interval {
        self.interval
    }

    /// What is damaged, missing or skipped.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The text of an interned string.
    #[must_use]
    pub fn string(&self, id: StrId) -> &str {
        self.strings.get(id)
    }

    /// All interned strings.
    #[must_use]
    pub fn strings(&self) -> &Strings {
        &self.strings
    }

    /// All interned stacks.
    #[must_use]
    pub fn stacks(&self) -> &Stacks {
        &self.stacks
    }

    /// The frames of a stack, innermost first.
    pub fn frames(&self, stack: StackId) -> impl Iterator<Item = Frame> + '_ {
        self.stacks.frames(stack)
    }

    /// How many goroutine lives there are. An id that was used again counts again.
    #[must_use]
    pub fn n_goroutines(&self) -> u32 {
        self.goroutines.len()
    }

    /// All goroutines, in order of first appearance.
    pub fn goroutines(&self) -> impl DoubleEndedIterator<Item = Goroutine> + use<> {
        (0..self.n_goroutines()).map(Goroutine)
    }

    /// One goroutine's birth, end, start function and parent.
    ///
    /// # Panics
    /// If the row is not one of this trace's.
    #[must_use]
    pub fn life(&self, goroutine: Goroutine) -> Life {
        self.goroutines.life(goroutine)
    }

    /// The id by which the trace calls a goroutine.
    ///
    /// # Panics
    /// If the row is not one of this trace's.
    #[must_use]
    pub fn go_id(&self, goroutine: Goroutine) -> GoId {
        self.goroutines.ids[goroutine.index()]
    }

    /// From a goroutine's birth (or the trace's start) to its end (or the trace's end).
    #[must_use]
    pub fn lifetime(&self, goroutine: Goroutine) -> Interval {
        Interval::new(self.goroutines.first(goroutine), self.last_known(goroutine))
    }

    /// Its end, or the last moment at which it is known to exist.
    pub(crate) fn last_known(&self, goroutine: Goroutine) -> Time {
        let ended = self.goroutines.ended(goroutine);
        ended.or_else(|| self.goroutines.lost.get(&goroutine).copied()).unwrap_or(self.interval.end)
    }

    /// The goroutine's spans, in order of time; they tile its life.
    #[must_use]
    pub fn spans(&self, goroutine: Goroutine) -> Spans<'_> {
        Spans::new(self, goroutine, Time::MIN)
    }

    /// The goroutine's spans from the one that holds `from` on (or its first, if later).
    #[must_use]
    pub fn spans_from(&self, goroutine: Goroutine, from: Time) -> Spans<'_> {
        Spans::new(self, goroutine, from)
    }

    /// The goroutine's spans that begin before `time`, the last first.
    #[inline]
    #[must_use]
    pub fn spans_before(&self, goroutine: Goroutine, time: Time) -> SpansBack<'_> {
        SpansBack::new(self, goroutine, time)
    }

    /// The span in which the goroutine is at `time`, if it lives then.
    #[must_use]
    pub fn span_at(&self, goroutine: Goroutine, time: Time) -> Option<Span> {
        self.spans_from(goroutine, time).next().filter(|span| span.start <= time && time < span.end)
    }

    /// The chunks of the span columns, in order of time. Linear passes go chunk by chunk, in
    /// parallel if they like; everything else is better served by [`Trace::spans`].
    #[must_use]
    pub fn chunks(&self) -> &[Chunk] {
        &self.chunks
    }

    pub(crate) fn run(&self, at: RunAt) -> Option<Run<'_>> {
        Some(self.chunks.get(at.chunk as usize)?.run(at.member))
    }

    /// The stretches of a goroutine's spans that lie in one chunk each, in order of time.
    #[must_use]
    pub fn runs(&self, goroutine: Goroutine) -> impl DoubleEndedIterator<Item = Run<'_>> {
        self.goroutines.runs(goroutine).iter().filter_map(|at| self.run(*at))
    }

    /// The stretch with a number, from 0 on, of [`Trace::runs`].
    #[must_use]
    pub fn run_at(&self, goroutine: Goroutine, number: usize) -> Option<Run<'_>> {
        self.run(*self.goroutines.runs(goroutine).get(number)?)
    }

    /// How many spans a goroutine has: the state in which its life begins, and those of its runs.
    #[must_use]
    pub fn n_spans(&self, goroutine: Goroutine) -> usize {
        1 + self.runs(goroutine).map(|run| run.range().len()).sum::<usize>()
    }

    /// How many runs it has.
    #[must_use]
    pub fn n_runs(&self, goroutine: Goroutine) -> usize {
        self.goroutines.runs(goroutine).len()
    }

    /// Processors, threads, GC, stop-the-world, metrics, CPU samples.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Tasks, regions and logs.
    #[must_use]
    pub fn notes(&self) -> &Notes {
        &self.notes
    }
}
