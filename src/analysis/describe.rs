//! What a goroutine did, in words.

use crate::base::StackId;
use crate::model::{Frame, Trace};

use super::names::base_name;
use super::types::SplitPart;
use super::words::Doing;

/// `main.lateWork (main.go:22)`: a function with the last part of its file's path.
pub(crate) fn frame_text(trace: &Trace, frame: Frame) -> String {
    let function = match trace.string(frame.function) {
        "" => "(unknown function)",
        name => name,
    };
    let file = base_name(trace.string(frame.file));
    if file.is_empty() {
        function.to_owned()
    } else {
        format!("{function} ({file}:{})", frame.line)
    }
}

/// What a part of a split says: `slept 80 ms in main.lateWork (main.go:22)`.
pub(crate) fn part_text(trace: &Trace, part: &SplitPart) -> String {
    let [before, after] = phrase(trace, part);
    before + &trace.clock().text(part.ns) + &after
}

/// What comes before and after the duration when a part of a split is worded. It is the same
/// for all parts with the same state, reason, site and stack.
pub(crate) fn phrase(trace: &Trace, part: &SplitPart) -> [String; 2] {
    let (before, after) = match part.state {
        Doing::Waiting => waiting(trace, part),
        Doing::Runnable => return ["waited ".to_owned(), " for a processor".to_owned()],
        Doing::Running => ("ran for ", String::new()),
        Doing::Syscall => ("spent ", " in a system call".to_owned()),
        Doing::GcAssist => ("helped the GC for ", String::new()),
        Doing::Unborn => return ["was started ".to_owned(), " after the cancel".to_owned()],
        Doing::Unknown => {
            let hole = ": the trace has a hole".to_owned();
            return ["did something unknown for ".to_owned(), hole];
        }
    };
    let place = part.site.map(|site| format!(" in {}", frame_text(trace, site)));
    [before.to_owned(), after + &place.unwrap_or_default()]
}

fn waiting(trace: &Trace, part: &SplitPart) -> (&'static str, String) {
    match waiting_for(trace, part.stack, trace.string(part.reason)) {
        For::Sleep => ("slept ", String::new()),
        For::Thing(thing) => ("waited ", format!(" {thing}")),
        For::Reason("") => ("was blocked for ", String::new()),
        For::Reason(reason) => ("was blocked for ", format!(" ({reason})")),
    }
}

/// What a blocked goroutine waits for.
enum For<'a> {
    Sleep,
    Thing(&'static str),
    Reason(&'a str),
}

/// The innermost frames say more than the reason, which is "sync" for most locks, and empty for
/// goroutines that were blocked when the trace began.
fn waiting_for<'a>(trace: &'a Trace, stack: StackId, reason: &'a str) -> For<'a> {
    for frame in trace.frames(stack) {
        let name = trace.string(frame.function);
        if let Some((_, thing)) = BLOCKERS.iter().find(|(blocker, _)| *blocker == name) {
            return if thing.is_empty() { For::Sleep } else { For::Thing(thing) };
        }
        if name.starts_with("runtime.gc") {
            return For::Thing("for the GC");
        }
        let below_user =
            ["runtime.", "sync.", "internal/", "time."].iter().any(|part| name.starts_with(part));
        if !below_user {
            break;
        }
    }
    match reason {
        "sleep" => For::Sleep,
        "select" => For::Thing("in a select"),
        "chan receive" => For::Thing("to receive from a channel"),
        "chan send" => For::Thing("to send on a channel"),
        "network" => For::Thing("for the network"),
        "sync" => For::Thing("for a lock"),
        "sync.(*Cond).Wait" => For::Thing("for a sync.Cond"),
        "forever" => For::Thing("forever"),
        "preempted" => For::Thing("to be scanned by the GC"),
        "GC mark assist wait for work" => For::Thing("for the GC, to pay for its allocations"),
        "wait until GC ends" => For::Thing("for the GC to end"),
        other => For::Reason(other),
    }
}

/// Functions that block, and what for; "" for sleeping.
const BLOCKERS: &[(&str, &str)] = &[
    ("time.Sleep", ""),
    ("sync.(*Mutex).Lock", "for a mutex"),
    ("sync.(*Mutex).lockSlow", "for a mutex"),
    ("internal/sync.(*Mutex).Lock", "for a mutex"),
    ("internal/sync.(*Mutex).lockSlow", "for a mutex"),
    ("sync.(*RWMutex).Lock", "for an RWMutex, to write"),
    ("sync.(*RWMutex).RLock", "for an RWMutex, to read"),
    ("sync.(*WaitGroup).Wait", "for a WaitGroup"),
    ("sync.(*Cond).Wait", "for a sync.Cond"),
    ("sync.(*Once).Do", "for a sync.Once"),
    ("runtime.chanrecv1", "to receive from a channel"),
    ("runtime.chanrecv2", "to receive from a channel"),
    ("runtime.chansend1", "to send on a channel"),
    ("runtime.selectgo", "in a select"),
    ("internal/poll.(*FD).Read", "for the network, to read"),
    ("internal/poll.(*FD).Write", "for the network, to write"),
    ("internal/poll.(*FD).Accept", "for a connection to accept"),
];
