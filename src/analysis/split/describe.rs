//! What a goroutine did, in words.

use crate::base::StackId;
use crate::model::{Frame, Trace};

use super::super::code::names::base_name;
use super::super::code::reasons;
use super::super::types::SplitPart;
use super::super::words::Doing;

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
#[must_use]
pub fn part_text(trace: &Trace, part: &SplitPart) -> String {
    let [before, after] = phrase(trace, part);
    before + &trace.clock().text(part.ns) + &after
}

/// The same in few words, to stand behind the whole of which it is the largest part: `slept in
/// main.lateWork`, with its duration only if it is not nearly all of it.
#[must_use]
pub fn brief_text(trace: &Trace, part: &SplitPart, whole_ns: i64) -> String {
    let (before, after) = words(trace, part);
    let site = part.site.filter(|_| has_place(part));
    let place = site.map(|site| format!(" in {}", trace.string(site.function)));
    let after = after + &place.unwrap_or_default();
    if part.ns < whole_ns - whole_ns / 10 {
        return format!("{before}{}{after}", trace.clock().text(part.ns));
    }
    before.trim_end().trim_end_matches(" for").to_owned() + &after
}

/// What comes before and after the duration when a part of a split is worded. It is the same
/// for all parts with the same state, reason, site and stack.
#[must_use]
pub fn phrase(trace: &Trace, part: &SplitPart) -> [String; 2] {
    let (before, after) = words(trace, part);
    let site = part.site.filter(|_| has_place(part));
    let place = site.map(|site| format!(" in {}", frame_text(trace, site)));
    [before.to_owned(), after + &place.unwrap_or_default()]
}

/// Whether where a goroutine was says what it did there.
fn has_place(part: &SplitPart) -> bool {
    !matches!(part.state, Doing::Runnable | Doing::Unborn | Doing::Unknown)
}

/// What comes before and after the duration, but for the place.
fn words(trace: &Trace, part: &SplitPart) -> (&'static str, String) {
    let (before, after) = match part.state {
        Doing::Waiting => return waiting(trace, part),
        Doing::Runnable => ("waited ", " for a processor"),
        Doing::Running => ("ran for ", ""),
        Doing::Syscall => ("spent ", " in a system call"),
        Doing::GcAssist => ("helped the GC for ", ""),
        Doing::Unborn => ("was started ", " after the cancel"),
        Doing::Unknown => ("did something unknown for ", ": the trace has a hole"),
    };
    (before, after.to_owned())
}

fn waiting(trace: &Trace, part: &SplitPart) -> (&'static str, String) {
    match waiting_for(trace, part.stack, trace.string(part.reason)) {
        For::Sleep => ("slept ", String::new()),
        For::Thing(thing) => ("waited ", format!(" {thing}")),
        For::Reason("") => ("was blocked for ", String::new()),
        For::Reason(reason) => ("was blocked for ", format!(" ({reason})")),
    }
}

/// What those do who wait: `wait to send on a channel`, `sleep`.
pub(crate) fn waits_text(trace: &Trace, stack: StackId, reason: &str) -> String {
    match waiting_for(trace, stack, reason) {
        For::Sleep => "sleep".to_owned(),
        For::Thing(thing) => format!("wait {thing}"),
        For::Reason("") => "are blocked".to_owned(),
        For::Reason(reason) => format!("are blocked ({reason})"),
    }
}

/// Why a goroutine waits, as the runtime words it. Where it says nothing, as of those that were
/// blocked when the trace began, the innermost frames tell; "" where they do not, either.
pub(crate) fn reason_of<'a>(trace: &'a Trace, stack: StackId, reason: &'a str) -> &'a str {
    if reason.is_empty() {
        blocker(trace, stack).map_or("", |blocker| blocker.reason)
    } else {
        reason
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
    match blocker(trace, stack) {
        Some(Blocker { reason: reasons::NETWORK, .. }) if is_of_file(trace, stack) => {
            return For::Thing("for a file or pipe");
        }
        Some(Blocker { thing: "", .. }) => return For::Sleep,
        Some(Blocker { thing, .. }) => return For::Thing(thing),
        None => {}
    }
    match reason {
        reasons::SLEEP => For::Sleep,
        reasons::SELECT => For::Thing("in a select"),
        reasons::RECEIVE => For::Thing("to receive from a channel"),
        reasons::SEND => For::Thing("to send on a channel"),
        reasons::NETWORK => For::Thing("for the network"),
        reasons::LOCK => For::Thing("for a lock"),
        reasons::COND => For::Thing("for a sync.Cond"),
        reasons::FOREVER => For::Thing("forever"),
        reasons::PREEMPTED => For::Thing("to be scanned by the GC"),
        reasons::GC_ASSIST => For::Thing("for the GC, to pay for its allocations"),
        reasons::GC_ENDS => For::Thing("for the GC to end"),
        other => For::Reason(other),
    }
}

/// Whether the innermost code outside of the poller's is that of files: the runtime waits for pipes
/// as it does for connections, and gives the same reason.
pub(crate) fn is_of_file(trace: &Trace, stack: StackId) -> bool {
    let names = trace.frames(stack).take(INNERMOST).map(|frame| trace.string(frame.function));
    let mut above =
        names.skip_while(|name| name.starts_with("runtime.") || name.starts_with("internal/poll."));
    above.next().is_some_and(|name| name.starts_with("os.("))
}

/// A function that blocks.
struct Blocker {
    function: &'static str,
    /// What for; "" for sleeping.
    thing: &'static str,
    /// The reason that the runtime gives then; "" if it depends.
    reason: &'static str,
}

/// How far from the innermost frame a blocking function is looked for.
const INNERMOST: usize = 32;

/// The function that a stack's goroutine blocks in, below any user code.
fn blocker(trace: &Trace, stack: StackId) -> Option<&'static Blocker> {
    for frame in trace.frames(stack).take(INNERMOST) {
        let name = trace.string(frame.function);
        if let Some(blocker) = BLOCKERS.iter().find(|blocker| blocker.function == name) {
            return Some(blocker);
        }
        if name.starts_with(GC.function) {
            return Some(&GC);
        }
        let below_user =
            ["runtime.", "sync.", "internal/", "time."].iter().any(|part| name.starts_with(part));
        if !below_user {
            break;
        }
    }
    None
}

/// All functions whose names begin so.
const GC: Blocker = blocks("runtime.gc", "for the GC", "");

const BLOCKERS: &[Blocker] = &[
    blocks("time.Sleep", "", reasons::SLEEP),
    blocks("sync.(*Mutex).Lock", "for a mutex", reasons::LOCK),
    blocks("sync.(*Mutex).lockSlow", "for a mutex", reasons::LOCK),
    blocks("internal/sync.(*Mutex).Lock", "for a mutex", reasons::LOCK),
    blocks("internal/sync.(*Mutex).lockSlow", "for a mutex", reasons::LOCK),
    blocks("sync.(*RWMutex).Lock", "for an RWMutex, to write", reasons::LOCK),
    blocks("sync.(*RWMutex).RLock", "for an RWMutex, to read", reasons::LOCK),
    blocks("sync.(*WaitGroup).Wait", "for a WaitGroup", reasons::LOCK),
    blocks("sync.(*Cond).Wait", "for a sync.Cond", reasons::COND),
    blocks("sync.(*Once).Do", "for a sync.Once", reasons::LOCK),
    blocks("runtime.chanrecv1", "to receive from a channel", reasons::RECEIVE),
    blocks("runtime.chanrecv2", "to receive from a channel", reasons::RECEIVE),
    blocks("runtime.chansend1", "to send on a channel", reasons::SEND),
    blocks("runtime.selectgo", "in a select", reasons::SELECT),
    blocks("internal/poll.(*FD).Read", "for the network, to read", reasons::NETWORK),
    blocks("internal/poll.(*FD).Write", "for the network, to write", reasons::NETWORK),
    blocks("internal/poll.(*FD).Accept", "for a connection to accept", reasons::NETWORK),
];

const fn blocks(function: &'static str, thing: &'static str, reason: &'static str) -> Blocker {
    Blocker { function, thing, reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::tests::made::Made;

    /// What is known of a wait with this stack for which the runtime gives a reason, or none.
    fn reason(given: &str, stack: &str) -> String {
        let mut made = Made::new();
        made.running(1, "main.main").waits(10, 1, given, stack);
        let document = made.document(100);
        let trace = document.trace();
        let of = trace.goroutines().next().expect("one");
        let wait = trace.spans(of).last().expect("it waits");
        reason_of(trace, wait.stack, trace.string(wait.reason)).to_owned()
    }

    #[test]
    fn stacks_tell_what_is_waited_for_where_the_runtime_does_not() {
        assert_eq!(reason("", "time.Sleep:1 < main.poll:2"), "sleep");
        assert_eq!(reason("", "runtime.gopark:1 < runtime.selectgo:2 < main.work:3"), "select");
        assert_eq!(reason("", "sync.(*WaitGroup).Wait:1 < main.main:2"), "sync");
        assert_eq!(reason("chan send", "time.Sleep:1 < main.poll:2"), "chan send");
        // What user code is called by says nothing of where that waits.
        assert_eq!(reason("", "main.work:3 < sync.(*Once).Do:1"), "");
        assert_eq!(reason("", ""), "");
    }

    #[test]
    fn implied_reasons_are_such_as_the_runtime_gives() {
        let known = [
            "sleep",
            "select",
            "chan receive",
            "chan send",
            "sync",
            "network",
            "sync.(*Cond).Wait",
        ];
        for Blocker { function, reason, .. } in BLOCKERS {
            assert!(known.contains(reason), "{function}: {reason}");
        }
    }
}
