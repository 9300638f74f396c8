//! What is not one goroutine's: processors, threads, GC, stop-the-world, metrics, CPU samples.

use super::alloc::Allocations;
use crate::base::{Goroutine, Interval, ProcId, StackId, StrId, ThreadId, Time};

/// A stretch in which a thread held a P.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ProcSpan {
    /// From when until when.
    pub interval: Interval,
    /// The thread that held it.
    pub thread: ThreadId,
}

/// A stretch in which a P swept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sweep {
    /// From when until when, cut at the trace's edges.
    pub interval: Interval,
    /// Whose.
    pub of: ProcId,
}

/// A stretch in which a goroutine helped the GC mark, since it allocated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Assist {
    /// From when until when, cut at the trace's edges.
    pub interval: Interval,
    /// Whose.
    pub of: Goroutine,
    /// What it allocated for; empty if its beginning is not in the trace.
    pub stack: StackId,
}

/// A stretch in which no goroutine ran, but the one that asked for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StopTheWorld {
    /// From when until when, cut at the trace's edges.
    pub interval: Interval,
    /// Why.
    pub reason: StrId,
    /// Who asked for it.
    pub by: Option<Goroutine>,
    /// Where.
    pub stack: StackId,
}

/// One report of a number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MetricPoint {
    /// When.
    pub at: Time,
    /// The value from then on.
    pub value: u64,
}

/// One sample of the CPU profiler. Which P, M and goroutine it names are hints.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CpuSample {
    /// When.
    pub at: Time,
    /// The goroutine, if it is known.
    pub goroutine: Option<Goroutine>,
    /// The stack.
    pub stack: StackId,
}

/// The trace's clock against the wall's (Go 1.25 and later).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WallClock {
    /// A moment on the trace's clock.
    pub trace: Time,
    /// The same moment in nanoseconds since 1970.
    pub unix_ns: i128,
}

/// Everything in a trace that is not one goroutine's.
#[derive(Debug, Default)]
pub struct World {
    pub(crate) procs: Vec<(ProcId, Vec<ProcSpan>)>,
    pub(crate) threads: Vec<ThreadId>,
    pub(crate) gc: Vec<Interval>,
    pub(crate) stw: Vec<StopTheWorld>,
    pub(crate) assists: Vec<Assist>,
    pub(crate) sweeps: Vec<Sweep>,
    pub(crate) gomaxprocs: Vec<MetricPoint>,
    pub(crate) heap: Vec<MetricPoint>,
    pub(crate) heap_goal: Vec<MetricPoint>,
    pub(crate) samples: Vec<CpuSample>,
    pub(crate) clocks: Vec<WallClock>,
    pub(crate) gaps: Vec<Interval>,
    pub(crate) labels: Vec<(Goroutine, StrId)>,
    pub(crate) allocations: Allocations,
}

impl World {
    /// The Ps, by number, each with the stretches in which it was held, in order of time.
    #[must_use]
    pub fn procs(&self) -> &[(ProcId, Vec<ProcSpan>)] {
        &self.procs
    }

    /// The threads seen, in order of first appearance.
    #[must_use]
    pub fn threads(&self) -> &[ThreadId] {
        &self.threads
    }

    /// The GC's concurrent mark phases, in order of time.
    #[must_use]
    pub fn gc(&self) -> &[Interval] {
        &self.gc
    }

    /// Stop-the-world stretches, in order of their ends.
    #[must_use]
    pub fn stop_the_world(&self) -> &[StopTheWorld] {
        &self.stw
    }

    /// Mark assists: allocation made to pay with GC work. In order of their ends.
    #[must_use]
    pub fn assists(&self) -> &[Assist] {
        &self.assists
    }

    /// Sweeps, in order of their ends.
    #[must_use]
    pub fn sweeps(&self) -> &[Sweep] {
        &self.sweeps
    }

    /// GOMAXPROCS over time.
    #[must_use]
    pub fn gomaxprocs(&self) -> &[MetricPoint] {
        &self.gomaxprocs
    }

    /// Bytes of heap objects over time.
    #[must_use]
    pub fn heap(&self) -> &[MetricPoint] {
        &self.heap
    }

    /// The GC's heap goal over time, in bytes.
    #[must_use]
    pub fn heap_goal(&self) -> &[MetricPoint] {
        &self.heap_goal
    }

    /// CPU samples, in order of time.
    #[must_use]
    pub fn samples(&self) -> &[CpuSample] {
        &self.samples
    }

    /// Clock snapshots, one per generation, from Go 1.25 on.
    #[must_use]
    pub fn clocks(&self) -> &[WallClock] {
        &self.clocks
    }

    /// Stretches that were lost to damage.
    #[must_use]
    pub fn gaps(&self) -> &[Interval] {
        &self.gaps
    }

    /// What the experiment `AllocFree` tells of the heap; empty as a rule.
    #[must_use]
    pub fn allocations(&self) -> &Allocations {
        &self.allocations
    }

    /// Labels of GC workers: "GC (dedicated)"….
    #[must_use]
    pub fn labels(&self) -> &[(Goroutine, StrId)] {
        &self.labels
    }
}
