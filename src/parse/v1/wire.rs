//! The old format's event types as one table.
//!
//! Facts from Go 1.26 `internal/trace/internal/tracev1/parser.go`. An event on the wire:
//!
//! ```text
//! byte     low six bits: the type; high two: how many numbers follow, less one; 3 means
//!          that their length in bytes comes first
//! varints  time since the batch's previous event (timed types), arguments, stack (if any)
//! ```
//!
//! Batch, string and user log have forms of their own, see [`super::cursor`].

/// An event's type, named as in Go's source.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub(super) enum Kind {
    None,
    Batch,
    Frequency,
    Stack,
    Gomaxprocs,
    ProcStart,
    ProcStop,
    GcStart,
    GcDone,
    StwStart,
    StwDone,
    GcSweepStart,
    GcSweepDone,
    GoCreate,
    GoStart,
    GoEnd,
    GoStop,
    GoSched,
    GoPreempt,
    GoSleep,
    GoBlock,
    GoUnblock,
    GoBlockSend,
    GoBlockRecv,
    GoBlockSelect,
    GoBlockSync,
    GoBlockCond,
    GoBlockNet,
    GoSysCall,
    GoSysExit,
    GoSysBlock,
    GoWaiting,
    GoInSyscall,
    HeapAlloc,
    HeapGoal,
    TimerGoroutine,
    FutileWakeup,
    String,
    GoStartLocal,
    GoUnblockLocal,
    GoSysExitLocal,
    GoStartLabel,
    GoBlockGc,
    GcMarkAssistStart,
    GcMarkAssistDone,
    UserTaskCreate,
    UserTaskEnd,
    UserRegion,
    UserLog,
    CpuSample,
}

impl Kind {
    /// Whether the goroutine that ran waits from then on.
    pub(super) fn blocks(self) -> bool {
        matches!(
            self,
            Self::GoBlock
                | Self::GoBlockSend
                | Self::GoBlockRecv
                | Self::GoBlockSelect
                | Self::GoBlockSync
                | Self::GoBlockCond
                | Self::GoBlockNet
                | Self::GoBlockGc
                | Self::GoSleep
                | Self::GoSysBlock
        )
    }

    /// Whether the goroutine that ran does not any more: it waits, lets others run, or has ended.
    pub(super) fn stops(self) -> bool {
        self.blocks()
            || matches!(self, Self::GoEnd | Self::GoStop | Self::GoSched | Self::GoPreempt)
    }
}

/// What follows an event's type byte.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spec {
    /// The type.
    pub(super) kind: Kind,
    /// How many arguments there are, time and stack excluded.
    pub(super) n_args: u8,
    /// Whether a stack id comes last.
    pub(super) has_stack: bool,
    /// Whether a time difference comes first.
    pub(super) is_timed: bool,
    /// The first format version that has it.
    pub(super) since: u32,
}

impl Spec {
    /// How many numbers follow the type byte in all.
    pub(super) fn n_numbers(self) -> usize {
        usize::from(self.n_args) + usize::from(self.has_stack) + usize::from(self.is_timed)
    }
}

/// The most numbers that a type with a fixed count has.
pub(super) const MAX_NUMBERS: usize = 5;

/// The spec of a type, if the format version has it.
pub(super) fn spec(wire_type: u8, minor: u32) -> Option<Spec> {
    let spec = SPECS.get(usize::from(wire_type)).copied();
    spec.filter(|spec| spec.kind != Kind::None && spec.since <= minor)
}

const fn timed(kind: Kind, n_args: u8) -> Spec {
    Spec { kind, n_args, has_stack: false, is_timed: true, since: 11 }
}

const fn with_stack(kind: Kind, n_args: u8) -> Spec {
    Spec { has_stack: true, ..timed(kind, n_args) }
}

const fn untimed(kind: Kind, n_args: u8) -> Spec {
    Spec { is_timed: false, ..timed(kind, n_args) }
}

/// By type. Of `Batch`, `Stack` and `String` only the kind is used.
static SPECS: [Spec; 50] = [
    untimed(Kind::None, 0),
    untimed(Kind::Batch, 2),
    untimed(Kind::Frequency, 1),
    untimed(Kind::Stack, 2),
    with_stack(Kind::Gomaxprocs, 1), // procs
    timed(Kind::ProcStart, 1),       // thread
    timed(Kind::ProcStop, 0),
    with_stack(Kind::GcStart, 1), // sequence number
    timed(Kind::GcDone, 0),
    timed(Kind::StwStart, 1), // kind, whose meaning depends on the version
    timed(Kind::StwDone, 0),
    with_stack(Kind::GcSweepStart, 0),
    timed(Kind::GcSweepDone, 2),   // bytes swept, bytes reclaimed
    with_stack(Kind::GoCreate, 2), // goroutine, its first stack
    timed(Kind::GoStart, 2),       // goroutine, sequence number
    timed(Kind::GoEnd, 0),
    with_stack(Kind::GoStop, 0),
    with_stack(Kind::GoSched, 0),
    with_stack(Kind::GoPreempt, 0),
    with_stack(Kind::GoSleep, 0),
    with_stack(Kind::GoBlock, 0),
    with_stack(Kind::GoUnblock, 2), // goroutine, sequence number
    with_stack(Kind::GoBlockSend, 0),
    with_stack(Kind::GoBlockRecv, 0),
    with_stack(Kind::GoBlockSelect, 0),
    with_stack(Kind::GoBlockSync, 0),
    with_stack(Kind::GoBlockCond, 0),
    with_stack(Kind::GoBlockNet, 0),
    with_stack(Kind::GoSysCall, 0),
    timed(Kind::GoSysExit, 3), // goroutine, sequence number, real time in ticks or 0
    timed(Kind::GoSysBlock, 0),
    timed(Kind::GoWaiting, 1),        // goroutine
    timed(Kind::GoInSyscall, 1),      // goroutine
    timed(Kind::HeapAlloc, 1),        // bytes
    timed(Kind::HeapGoal, 1),         // bytes
    untimed(Kind::TimerGoroutine, 1), // goroutine
    timed(Kind::FutileWakeup, 0),
    untimed(Kind::String, 2),
    timed(Kind::GoStartLocal, 1),        // goroutine
    with_stack(Kind::GoUnblockLocal, 1), // goroutine
    timed(Kind::GoSysExitLocal, 2),      // goroutine, real time in ticks or 0
    timed(Kind::GoStartLabel, 3),        // goroutine, sequence number, label
    with_stack(Kind::GoBlockGc, 0),
    with_stack(Kind::GcMarkAssistStart, 0),
    timed(Kind::GcMarkAssistDone, 0),
    with_stack(Kind::UserTaskCreate, 3), // task, parent, type
    with_stack(Kind::UserTaskEnd, 1),    // task
    with_stack(Kind::UserRegion, 3),     // task, 0 begin or 1 end, type
    with_stack(Kind::UserLog, 2),        // task, category; the message follows
    Spec { since: 19, ..with_stack(Kind::CpuSample, 3) }, // real time in ticks, P, goroutine
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_is_at_its_own_row() {
        for (row, spec) in SPECS.iter().enumerate() {
            assert_eq!(spec.kind as usize, row);
            assert!(spec.n_numbers() <= MAX_NUMBERS);
        }
        assert_eq!(Kind::CpuSample as u8, 49);
        assert_eq!(Kind::GoUnblock as u8, 21);
    }

    #[test]
    fn versions_differ_in_cpu_samples_only() {
        assert!(spec(49, 11).is_none());
        assert!(spec(49, 19).is_some());
        assert!(spec(0, 21).is_none() && spec(50, 21).is_none());
    }
}
