//! The wire's event types as one table: names, arguments, which of them are stacks or strings.
//!
//! Facts from Go 1.26 `internal/trace/tracev2/events.go`. One table serves every v2
//! version: newer types under an older header are accepted, as Go's own reader does.

/// How an event's arguments are laid out.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// The name in Go's source, without `Ev`.
    pub name: &'static str,
    /// The arguments after the time difference.
    pub args: &'static [&'static str],
    /// Which arguments are stack ids, as a bit set over `args`.
    pub stacks: u8,
    /// Which arguments are string ids, as a bit set over `args`.
    pub strings: u8,
    /// Whether it is a timed event of an ordinary batch; the others are structure.
    pub timed: bool,
}

/// The wire's type bytes, named as in Go's source.
#[expect(missing_docs, reason = "the names are the wire's own and the table below says the rest")]
pub mod wire {
    pub const EVENT_BATCH: u8 = 1;
    pub const STACKS: u8 = 2;
    pub const STACK: u8 = 3;
    pub const STRINGS: u8 = 4;
    pub const STRING: u8 = 5;
    pub const CPU_SAMPLES: u8 = 6;
    pub const CPU_SAMPLE: u8 = 7;
    pub const FREQUENCY: u8 = 8;
    pub const PROCS_CHANGE: u8 = 9;
    pub const PROC_START: u8 = 10;
    pub const PROC_STOP: u8 = 11;
    pub const PROC_STEAL: u8 = 12;
    pub const PROC_STATUS: u8 = 13;
    pub const GO_CREATE: u8 = 14;
    pub const GO_CREATE_SYSCALL: u8 = 15;
    pub const GO_START: u8 = 16;
    pub const GO_DESTROY: u8 = 17;
    pub const GO_DESTROY_SYSCALL: u8 = 18;
    pub const GO_STOP: u8 = 19;
    pub const GO_BLOCK: u8 = 20;
    pub const GO_UNBLOCK: u8 = 21;
    pub const GO_SYSCALL_BEGIN: u8 = 22;
    pub const GO_SYSCALL_END: u8 = 23;
    pub const GO_SYSCALL_END_BLOCKED: u8 = 24;
    pub const GO_STATUS: u8 = 25;
    pub const STW_BEGIN: u8 = 26;
    pub const STW_END: u8 = 27;
    pub const GC_ACTIVE: u8 = 28;
    pub const GC_BEGIN: u8 = 29;
    pub const GC_END: u8 = 30;
    pub const GC_SWEEP_ACTIVE: u8 = 31;
    pub const GC_SWEEP_BEGIN: u8 = 32;
    pub const GC_SWEEP_END: u8 = 33;
    pub const GC_MARK_ASSIST_ACTIVE: u8 = 34;
    pub const GC_MARK_ASSIST_BEGIN: u8 = 35;
    pub const GC_MARK_ASSIST_END: u8 = 36;
    pub const HEAP_ALLOC: u8 = 37;
    pub const HEAP_GOAL: u8 = 38;
    pub const GO_LABEL: u8 = 39;
    pub const USER_TASK_BEGIN: u8 = 40;
    pub const USER_TASK_END: u8 = 41;
    pub const USER_REGION_BEGIN: u8 = 42;
    pub const USER_REGION_END: u8 = 43;
    pub const USER_LOG: u8 = 44;
    pub const GO_SWITCH: u8 = 45;
    pub const GO_SWITCH_DESTROY: u8 = 46;
    pub const GO_CREATE_BLOCKED: u8 = 47;
    pub const GO_STATUS_STACK: u8 = 48;
    pub const EXPERIMENTAL_BATCH: u8 = 49;
    pub const SYNC: u8 = 50;
    pub const CLOCK_SNAPSHOT: u8 = 51;
    pub const END_OF_GENERATION: u8 = 52;
    /// The first experimental event; they run to [`EXPERIMENTAL_LAST`].
    pub const EXPERIMENTAL_FIRST: u8 = 128;
    pub const EXPERIMENTAL_LAST: u8 = 136;
}

/// A batch's data is at most this long (Go 1.26 `tracev2.MaxBatchSize`).
pub const MAX_BATCH_BYTES: u64 = 64 << 10;
/// A string is at most this long (`tracev2.MaxEventTrailerDataSize`).
pub const MAX_STRING_BYTES: u64 = 1 << 10;
/// A stack has at most this many frames (`tracev2.MaxFramesPerStack`).
pub const MAX_STACK_FRAMES: u64 = 128;
/// The most arguments, time difference excluded, that a timed event has.
pub const MAX_ARGS: usize = 4;

const fn structure(name: &'static str) -> Spec {
    Spec { name, args: &[], stacks: 0, strings: 0, timed: false }
}

const fn timed(name: &'static str, args: &'static [&'static str], stacks: u8, strings: u8) -> Spec {
    Spec { name, args, stacks, strings, timed: true }
}

/// The spec of a wire type, if there is one.
#[must_use]
pub fn spec(wire_type: u8) -> Option<&'static Spec> {
    let row = match wire_type {
        0..=52 => wire_type,
        128..=136 => wire_type - 128 + 53,
        _ => return None,
    };
    SPECS.get(row as usize).filter(|spec| !spec.name.is_empty())
}

/// How many arguments a timed event has, by type; `untimed` for all other bytes.
#[expect(clippy::indexing_slicing, reason = "a wrong index does not compile")]
#[expect(clippy::cast_possible_truncation, reason = "at most MAX_ARGS")]
pub(super) const fn arg_counts(untimed: u8) -> [u8; 256] {
    let mut counts = [untimed; 256];
    let mut row = 0;
    while row < SPECS.len() {
        // The reverse of `spec`.
        let wire_type = if row <= 52 { row } else { row - 53 + 128 };
        if SPECS[row].timed {
            counts[wire_type] = SPECS[row].args.len() as u8;
        }
        row += 1;
    }
    counts
}

/// Rows 0–52 are the ordinary types, 53–61 the experimental types 128–136.
static SPECS: [Spec; 62] = [
    structure(""),
    structure("EventBatch"),
    structure("Stacks"),
    structure("Stack"),
    structure("Strings"),
    structure("String"),
    structure("CPUSamples"),
    structure("CPUSample"),
    structure("Frequency"),
    timed("ProcsChange", &["procs_value", "stack"], 0b10, 0),
    timed("ProcStart", &["p", "p_seq"], 0, 0),
    timed("ProcStop", &[], 0, 0),
    timed("ProcSteal", &["p", "p_seq", "m"], 0, 0),
    timed("ProcStatus", &["p", "pstatus"], 0, 0),
    timed("GoCreate", &["new_g", "new_stack", "stack"], 0b110, 0),
    timed("GoCreateSyscall", &["new_g"], 0, 0),
    timed("GoStart", &["g", "g_seq"], 0, 0),
    timed("GoDestroy", &[], 0, 0),
    timed("GoDestroySyscall", &[], 0, 0),
    timed("GoStop", &["reason_string", "stack"], 0b10, 0b01),
    timed("GoBlock", &["reason_string", "stack"], 0b10, 0b01),
    timed("GoUnblock", &["g", "g_seq", "stack"], 0b100, 0),
    timed("GoSyscallBegin", &["p_seq", "stack"], 0b10, 0),
    timed("GoSyscallEnd", &[], 0, 0),
    timed("GoSyscallEndBlocked", &[], 0, 0),
    timed("GoStatus", &["g", "m", "gstatus"], 0, 0),
    timed("STWBegin", &["kind_string", "stack"], 0b10, 0b01),
    timed("STWEnd", &[], 0, 0),
    timed("GCActive", &["gc_seq"], 0, 0),
    timed("GCBegin", &["gc_seq", "stack"], 0b10, 0),
    timed("GCEnd", &["gc_seq"], 0, 0),
    timed("GCSweepActive", &["p"], 0, 0),
    timed("GCSweepBegin", &["stack"], 0b1, 0),
    timed("GCSweepEnd", &["swept_value", "reclaimed_value"], 0, 0),
    timed("GCMarkAssistActive", &["g"], 0, 0),
    timed("GCMarkAssistBegin", &["stack"], 0b1, 0),
    timed("GCMarkAssistEnd", &[], 0, 0),
    timed("HeapAlloc", &["heapalloc_value"], 0, 0),
    timed("HeapGoal", &["heapgoal_value"], 0, 0),
    timed("GoLabel", &["label_string"], 0, 0b1),
    timed("UserTaskBegin", &["task", "parent_task", "name_string", "stack"], 0b1000, 0b100),
    timed("UserTaskEnd", &["task", "stack"], 0b10, 0),
    timed("UserRegionBegin", &["task", "name_string", "stack"], 0b100, 0b10),
    timed("UserRegionEnd", &["task", "name_string", "stack"], 0b100, 0b10),
    timed("UserLog", &["task", "key_string", "value_string", "stack"], 0b1000, 0b110),
    timed("GoSwitch", &["g", "g_seq"], 0, 0),
    timed("GoSwitchDestroy", &["g", "g_seq"], 0, 0),
    timed("GoCreateBlocked", &["new_g", "new_stack", "stack"], 0b110, 0),
    timed("GoStatusStack", &["g", "m", "gstatus", "stack"], 0b1000, 0),
    structure("ExperimentalBatch"),
    structure("Sync"),
    timed("ClockSnapshot", &["mono", "sec", "nsec"], 0, 0),
    structure("EndOfGeneration"),
    timed("Span", &["id", "npages_value", "kindclass"], 0, 0),
    timed("SpanAlloc", &["id", "npages_value", "kindclass"], 0, 0),
    timed("SpanFree", &["id"], 0, 0),
    timed("HeapObject", &["id", "type"], 0, 0),
    timed("HeapObjectAlloc", &["id", "type"], 0, 0),
    timed("HeapObjectFree", &["id"], 0, 0),
    timed("GoroutineStack", &["id", "order"], 0, 0),
    timed("GoroutineStackAlloc", &["id", "order"], 0, 0),
    timed("GoroutineStackFree", &["id"], 0, 0),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_lines_up_with_the_wire() {
        let named = |wire_type| spec(wire_type).map(|spec| spec.name);
        assert_eq!(named(wire::GO_START), Some("GoStart"));
        assert_eq!(named(wire::USER_LOG), Some("UserLog"));
        assert_eq!(named(wire::GO_STATUS_STACK), Some("GoStatusStack"));
        assert_eq!(named(wire::END_OF_GENERATION), Some("EndOfGeneration"));
        assert_eq!(named(wire::EXPERIMENTAL_FIRST), Some("Span"));
        assert_eq!(named(wire::EXPERIMENTAL_LAST), Some("GoroutineStackFree"));
        assert!([0, 53, 127, 137, 255].iter().all(|&t| spec(t).is_none()));
        assert!((0..=255).filter_map(spec).all(|spec| spec.args.len() <= MAX_ARGS));
    }
}
