//! The ordered event, in which both wire formats end.
//!
//! Strings and stacks are rows of the [`Tables`](super::tables::Tables) that come
//! with the event; they mean nothing in another generation.

use crate::base::{GoId, ProcId, TaskId, ThreadId, Time};

/// A row of the current generation's strings; 0 is "".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct StrRef(pub u32);

/// A row of the current generation's stacks; 0 is none.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct StackRef(pub u32);

/// A goroutine's id with a dense number for it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct GoRef {
    /// The trace's id.
    pub id: GoId,
    /// Dense number of the id within one ordering, so that a sink needs no hashing;
    /// an id that is used again keeps it. [`GoRef::NO_SLOT`] when there is no goroutine.
    pub slot: u32,
}

impl GoRef {
    /// The slot of no goroutine.
    pub const NO_SLOT: u32 = u32::MAX;
    /// No goroutine.
    pub const NONE: Self = Self { id: GoId::NONE, slot: Self::NO_SLOT };

    /// The goroutine, if there is one.
    #[must_use]
    pub fn some(self) -> Option<Self> {
        (self.slot != Self::NO_SLOT).then_some(self)
    }
}

/// What a goroutine is doing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum GoState {
    /// Not known yet: before the first status in the first generation.
    Undetermined,
    /// Before birth and after the end.
    NotExist,
    /// Ready, waiting for a processor.
    Runnable,
    /// On a processor.
    Running,
    /// Blocked, for a reason.
    Waiting,
    /// In a system call (or in C code).
    Syscall,
}

impl GoState {
    /// The name as the canonical dump spells it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Undetermined => "Undetermined",
            Self::NotExist => "NotExist",
            Self::Runnable => "Runnable",
            Self::Running => "Running",
            Self::Waiting => "Waiting",
            Self::Syscall => "Syscall",
        }
    }
}

/// What a P is doing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum ProcState {
    /// Not known yet.
    Undetermined,
    /// Before its first status.
    NotExist,
    /// Held by a thread.
    Running,
    /// Free.
    Idle,
}

impl ProcState {
    /// The name as the canonical dump spells it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Undetermined => "Undetermined",
            Self::NotExist => "NotExist",
            Self::Running => "Running",
            Self::Idle => "Idle",
        }
    }
}

/// A number that the runtime reports now and then.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum MetricKind {
    /// GOMAXPROCS.
    GoMaxProcs,
    /// Bytes of live and unswept heap objects.
    HeapObjects,
    /// The heap size at which the current GC cycle should end, in bytes.
    HeapGoal,
}

impl MetricKind {
    /// The name in Go's runtime/metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::GoMaxProcs => "/sched/gomaxprocs:threads",
            Self::HeapObjects => "/memory/classes/heap/objects:bytes",
            Self::HeapGoal => "/gc/heap/goal:bytes",
        }
    }
}

/// A special stretch of time in the runtime, and what it belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RangeKind {
    /// The whole world stands still, for a reason; belongs to the goroutine that stopped it.
    StopTheWorld {
        /// Why.
        reason: StrRef,
        /// Who stopped it.
        by: GoRef,
    },
    /// The GC's concurrent mark phase; belongs to all.
    GcMark,
    /// Sweeping on a P.
    GcSweep(ProcId),
    /// A goroutine made to help marking.
    GcMarkAssist(GoRef),
}

/// Which moment of a range an event is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RangeMoment {
    /// It begins.
    Begin,
    /// It had begun before and goes on: said once at the start of a generation.
    Active,
    /// It ends; for a sweep with the bytes swept and reclaimed.
    End {
        /// Bytes swept, 0 for other ranges.
        swept: u64,
        /// Bytes reclaimed, 0 for other ranges.
        reclaimed: u64,
    },
}

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Body {
    /// A generation begins, or the trace ends: counted from 1. The clock snapshot and the
    /// experimental batches, if any, are in the tables.
    Sync {
        /// How many there have been, this one included.
        number: u32,
        /// Whether this one closes the trace, and so has no tables.
        last: bool,
    },
    /// A number was reported.
    Metric {
        /// Which.
        kind: MetricKind,
        /// Its value.
        value: u64,
    },
    /// The running goroutine was labelled ("GC (dedicated)"…).
    Label(StrRef),
    /// The CPU profiler sampled the stack.
    StackSample,
    /// A special range begins, goes on or ends.
    Range {
        /// Which range.
        kind: RangeKind,
        /// Which moment of it.
        moment: RangeMoment,
    },
    /// `trace.NewTask`.
    TaskBegin {
        /// The task.
        id: TaskId,
        /// Its parent, none if it has none.
        parent: TaskId,
        /// Its type.
        kind: StrRef,
    },
    /// `Task.End`. `parent` and `kind` repeat the begin's, when the ordering saw that.
    TaskEnd {
        /// The task.
        id: TaskId,
        /// As at its begin.
        parent: TaskId,
        /// As at its begin.
        kind: StrRef,
    },
    /// A region begins on the running goroutine.
    RegionBegin {
        /// The task it belongs to, 0 for the background task.
        task: TaskId,
        /// Its type.
        kind: StrRef,
    },
    /// A region ends.
    RegionEnd {
        /// The task it belongs to.
        task: TaskId,
        /// Its type.
        kind: StrRef,
    },
    /// `trace.Log`.
    Log {
        /// The task it belongs to.
        task: TaskId,
        /// Its category.
        category: StrRef,
        /// Its text.
        message: StrRef,
    },
    /// A goroutine changed state, or its state was repeated at a generation's start.
    Goroutine {
        /// Whose state.
        of: GoRef,
        /// The state before.
        from: GoState,
        /// The state from now on.
        to: GoState,
        /// Why, as the runtime words it; "" where it says nothing.
        reason: StrRef,
        /// The stack of the goroutine itself, where known (the event's own stack is the actor's).
        stack: StackRef,
    },
    /// A P changed state.
    Proc {
        /// Which P.
        of: ProcId,
        /// The state before.
        from: ProcState,
        /// The state from now on.
        to: ProcState,
    },
    /// An event of an experiment: its type byte in the wire format and its arguments.
    Experimental {
        /// The event's type byte, a row of the spec table.
        wire_type: u8,
        /// Its arguments; those beyond the spec's count are 0.
        args: [u64; 3],
    },
}

/// One event in the one order that the scheduler's rules allow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Event {
    /// When; strictly after the event before it.
    pub time: Time,
    /// The thread it happened on.
    pub thread: ThreadId,
    /// The P that thread held before the event.
    pub proc: ProcId,
    /// The goroutine that thread ran before the event.
    pub goroutine: GoRef,
    /// The stack of the one who acted.
    pub stack: StackRef,
    /// What happened.
    pub body: Body,
}

/// A goroutine's change of state with the parts of its event: what most events are. It stands for
/// an [`Event`] whose body is [`Body::Goroutine`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Transition {
    /// When; strictly after the event before it.
    pub time: Time,
    /// The thread it happened on.
    pub thread: ThreadId,
    /// The P that thread held before the event.
    pub proc: ProcId,
    /// The goroutine that thread ran before the event.
    pub by: GoRef,
    /// The stack of the one who acted.
    pub stack: StackRef,
    /// Whose state.
    pub of: GoRef,
    /// The state before.
    pub from: GoState,
    /// The state from now on.
    pub to: GoState,
    /// Why, as the runtime words it; "" where it says nothing.
    pub reason: StrRef,
    /// The stack of the goroutine itself, where known.
    pub own_stack: StackRef,
}

impl Transition {
    /// The event that it is.
    #[must_use]
    pub fn event(&self) -> Event {
        let Self { time, thread, proc, by, stack, of, from, to, reason, own_stack } = *self;
        let body = Body::Goroutine { of, from, to, reason, stack: own_stack };
        Event { time, thread, proc, goroutine: by, stack, body }
    }

    /// The change of a goroutine's state that an event is, if it is one.
    #[must_use]
    pub fn of_event(event: &Event) -> Option<Self> {
        let Event { time, thread, proc, goroutine: by, stack, body } = *event;
        let Body::Goroutine { of, from, to, reason, stack: own_stack } = body else {
            return None;
        };
        Some(Self { time, thread, proc, by, stack, of, from, to, reason, own_stack })
    }
}
