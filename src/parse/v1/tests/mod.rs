//! Whole traces in, lines of the canonical dump out. That the lines are right in every detail is
//! shown by the conformance corpus; here is one trace for each rule and each kind of damage.

mod builder;
mod damage;
mod part;

use self::builder::Trace;
use super::wire::Kind;
use super::*;
use crate::parse::event::{Body, Event};
use crate::parse::tables::Tables;
use crate::parse::text::TextSink;

/// The dump's lines from the event with this number on, without their numbers, and the outcome.
fn dump(trace: &Trace, from: usize) -> (Vec<String>, V1Outcome) {
    let mut sink = TextSink::new(Vec::new());
    let outcome = parse(&trace.bytes, trace.minor, &mut sink, &Progress::default());
    let outcome = outcome.expect("something to tell");
    let (text, n_events) = sink.finish().expect("a Vec takes all");
    assert_eq!(n_events, outcome.events);
    let text = String::from_utf8(text).expect("the dump is UTF-8");
    let lines = text.lines().skip(from).map(|line| line.split_once('\t').expect("a number").1);
    (lines.map(str::to_owned).collect(), outcome)
}

/// The events after those of [`Trace::started`] of a sound trace, in short: time, P, the rest.
/// The first event of such a trace is at 1001 ticks, which is time 0.
fn events(trace: Trace) -> Vec<String> {
    let (lines, outcome) = dump(&trace.frequency(), 7);
    assert_eq!((outcome.complete, outcome.warnings), (true, vec![]));
    let short = lines.iter().map(|line| {
        let fields: Vec<_> = line.split('\t').collect();
        format!("{} P{} {} {}", fields[0], fields[3], fields[1], fields[7..].join(" "))
    });
    short.collect()
}

fn started() -> Trace {
    Trace::started(21)
}

#[test]
fn what_was_there_at_the_start_becomes_statuses() {
    let (lines, outcome) = dump(&started().frequency(), 0);
    assert_eq!(
        lines,
        [
            "-1\tSync\t-1\t-1\t-1\t-\t-\t1\t-\t-\t-\t-\t-",
            "5\tStateTransition\t-1\t0\t2\t-\t-\tGoroutine\t2\tUndetermined\tWaiting\t\"\"",
            "6\tStateTransition\t-1\t0\t3\t-\t-\tGoroutine\t3\tUndetermined\tSyscall\t\"\"",
            "7\tStateTransition\t17\t0\t-1\t-\t-\tProc\t0\tUndetermined\tRunning\t\"\"",
            "8\tStateTransition\t17\t0\t1\t-\t-\tGoroutine\t1\tUndetermined\tRunning\t\"\"",
            "9\tStateTransition\t-1\t-1\t-1\t-\t-\tGoroutine\t4\tUndetermined\tRunnable\t\"\"",
            "10\tStateTransition\t-1\t-1\t-1\t-\t-\tGoroutine\t5\tUndetermined\tRunnable\t\"\"",
            "11\tSync\t-1\t-1\t-1\t-\t-\t2\t-\t-\t-\t-\t-",
        ]
    );
    assert_eq!(
        outcome,
        V1Outcome { events: 8, warnings: vec![], complete: true, has_gaps: false, in_ticks: false }
    );
}

#[test]
fn an_event_waits_for_what_it_needs_even_if_it_claims_to_be_earlier_in_the_file() {
    // P 1 starts goroutine 4 before the file tells that it was unblocked.
    let trace = Trace::of_version(21)
        .batch(1, 1020)
        .timed(Kind::ProcStart, &[22])
        .timed(Kind::GoStart, &[4, 1])
        .raw(&started().bytes[16..]);
    assert_eq!(
        events(trace),
        [
            "20 P1 StateTransition Proc 1 Undetermined Running \"\"",
            "21 P1 StateTransition Goroutine 4 Runnable Running \"\"",
            "22 P-1 Sync 2 - - - - -",
        ]
    );
}

#[test]
fn equal_times_go_by_p() {
    let heap = |trace: Trace, proc| {
        trace.batch(proc, 1020).timed(Kind::HeapAlloc, &[proc]).timed(Kind::HeapAlloc, &[proc])
    };
    let trace = [3, 1, 0].into_iter().fold(started(), heap);
    let values: Vec<_> = events(trace).iter().map(|line| line[..5].to_owned()).collect();
    assert_eq!(values, ["20 P0", "21 P1", "22 P3", "23 P0", "24 P1", "25 P3", "26 P-"]);
}

#[test]
fn a_system_call_blocks_if_the_goroutine_next_says_so_and_ends_at_its_own_time() {
    let trace = started()
        .timed(Kind::GoSysCall, &[0])
        .timed_after(5, Kind::HeapAlloc, &[1])
        .timed(Kind::GoSysCall, &[0])
        .timed(Kind::GoSysBlock, &[])
        .timed_after(50, Kind::HeapAlloc, &[2])
        .batch(u64::MAX, 2000)
        .timed(Kind::GoSysExit, &[1, 2, 1030]);
    assert_eq!(
        events(trace),
        [
            "11 P0 StateTransition Goroutine 1 Running Syscall \"\"",
            "12 P0 StateTransition Goroutine 1 Syscall Running \"\"",
            "15 P0 Metric \"/memory/classes/heap/objects:bytes\" 1",
            "16 P0 StateTransition Goroutine 1 Running Syscall \"\"",
            "29 P1000003 StateTransition Goroutine 1 Syscall Runnable \"\"",
            "67 P0 Metric \"/memory/classes/heap/objects:bytes\" 2",
            "68 P-1 Sync 2 - - - - -",
        ]
    );
}

#[test]
fn unblocks_by_the_network_and_by_timers_have_ps_of_their_own() {
    let trace = started()
        .timed(Kind::GoBlockNet, &[0])
        .timed(Kind::GoUnblock, &[1, 2, 0])
        .untimed(Kind::TimerGoroutine, &[1])
        .timed(Kind::GoStartLocal, &[1])
        .timed(Kind::GoUnblockLocal, &[2, 0]);
    assert_eq!(
        events(trace),
        [
            "11 P0 StateTransition Goroutine 1 Running Waiting \"network\"",
            "12 P1000002 StateTransition Goroutine 1 Waiting Runnable \"\"",
            "13 P0 StateTransition Goroutine 1 Runnable Running \"\"",
            "14 P1000001 StateTransition Goroutine 2 Waiting Runnable \"\"",
            "15 P-1 Sync 2 - - - - -",
        ]
    );
}

#[test]
fn tasks_regions_and_logs_keep_their_texts() {
    let trace = started()
        .string(1, "task")
        .string(2, "region")
        .timed(Kind::UserTaskCreate, &[7, 0, 1, 0])
        .timed(Kind::UserRegion, &[7, 0, 2, 0])
        .log(7, 2, "hello")
        .log(7, 2, "")
        .timed(Kind::UserRegion, &[7, 1, 2, 0])
        .timed(Kind::UserTaskEnd, &[7, 0])
        .timed(Kind::UserTaskEnd, &[8, 0]);
    assert_eq!(
        events(trace),
        [
            "11 P0 TaskBegin 7 -1 \"task\"",
            "12 P0 RegionBegin 7 \"region\"",
            "13 P0 Log 7 \"region\" \"hello\"",
            "14 P0 Log 7 \"region\" \"\"",
            "15 P0 RegionEnd 7 \"region\"",
            "16 P0 TaskEnd 7 0 \"task\"",
            "17 P0 TaskEnd 8 -1 \"\"",
            "18 P-1 Sync 2 - - - - -",
        ]
    );
}

#[test]
fn cpu_samples_go_by_their_own_times() {
    let trace = started()
        .timed(Kind::CpuSample, &[1030, 0, 1, 0])
        .timed(Kind::CpuSample, &[1020, u64::MAX, 0, 0])
        .timed_after(15, Kind::HeapAlloc, &[1]);
    assert_eq!(
        events(trace),
        [
            "19 P-1 StackSample ",
            "24 P0 Metric \"/memory/classes/heap/objects:bytes\" 1",
            "29 P0 StackSample ",
            "30 P-1 Sync 2 - - - - -",
        ]
    );
}

#[test]
fn goroutines_have_dense_slots() {
    #[derive(Default)]
    struct Slots(Vec<(u64, u32)>);
    impl Sink for Slots {
        fn begin_generation(&mut self, _: &Tables<'_>) {}
        fn event(&mut self, _: &Tables<'_>, event: &Event) {
            if let Body::Goroutine { of, .. } = event.body {
                self.0.push((of.id.0, of.slot));
            }
        }
    }
    let mut slots = Slots::default();
    let trace = started().frequency();
    parse(&trace.bytes, 21, &mut slots, &Progress::default()).expect("a sound trace");
    assert_eq!(slots.0, [(2, 1), (3, 2), (1, 0), (4, 3), (5, 4)]);
}

#[test]
fn other_versions_are_refused_by_name() {
    for minor in [5, 10, 12, 20, 22] {
        let trace = Trace::of_version(minor);
        let mut sink = TextSink::new(Vec::new());
        let refused = parse(&trace.bytes, minor, &mut sink, &Progress::default());
        assert_eq!(refused, Err(ParseError::UnsupportedVersion { minor }));
    }
}

#[test]
fn a_wish_to_stop_is_heard() {
    let progress = Progress::default();
    progress.cancel();
    let mut sink = TextSink::new(Vec::new());
    let stopped = parse(&started().bytes, 21, &mut sink, &progress);
    assert_eq!(stopped, Err(ParseError::Cancelled(crate::base::Cancelled)));
}

#[test]
fn the_first_events_are_those_that_all_begin_with_names_included() {
    let file = include_bytes!("../../../../traces/late-exit/before.go1.21.trace");
    let lines = |at_most| {
        let mut sink = TextSink::new(Vec::new());
        let outcome = parse_first(file, 21, at_most, &mut sink, &Progress::default());
        let outcome = outcome.expect("a sound trace");
        assert_eq!((outcome.complete, outcome.warnings), (true, vec![]), "{at_most}");
        let text = String::from_utf8(sink.finish().expect("a Vec takes all").0);
        text.expect("the dump is UTF-8").lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let all = lines(usize::MAX);
    for at_most in [1, all.len() / 3, all.len() / 2] {
        let first = lines(at_most);
        let same = first.iter().zip(&all).take_while(|(one, other)| one == other).count();
        // What a call or an exit near the end is, only later events tell.
        assert!(same + 10 > first.len() && same < all.len(), "{same} of {}", first.len());
    }
}
