//! What is told of a damaged trace, and how the damage is named.

use super::builder::Trace;
use super::*;

/// Events, completeness, and warnings with their bytes.
fn outcome(trace: &Trace) -> (u64, bool, Vec<(u64, String)>) {
    let (_, outcome) = dump(trace, 0);
    let warnings = outcome.warnings.into_iter().map(|warning| (warning.offset, warning.message));
    (outcome.events, outcome.complete, warnings.collect())
}

/// As [`outcome`], of a trace that begins soundly, then has `damage` and the frequency. The
/// damage is at the byte that is returned first.
#[expect(clippy::type_complexity, reason = "what is compared, field by field")]
fn of_damage(damage: impl Fn(Trace) -> Trace) -> (u64, (u64, bool, Vec<(u64, String)>)) {
    let sound = started();
    (sound.bytes.len() as u64, outcome(&damage(sound).frequency()))
}

#[test]
fn a_cut_leaves_what_was_before_it() {
    let trace = started().timed(Kind::HeapAlloc, &[1]).raw(&[Kind::GoSched as u8 | 1 << 6, 1]);
    let at = trace.bytes.len() as u64 - 2;
    let clock = "the frequency of the clock is missing; times are in its ticks, not in nanoseconds, \
                 and only their order can be trusted";
    let want = vec![
        (at, "the file ends inside an event; no event from here on is shown".to_owned()),
        (at + 2, clock.to_owned()),
    ];
    assert_eq!(outcome(&trace), (9, false, want));
}

/// The stacks are at the end of the file: without them the trace would seem to be well.
#[test]
fn wherever_a_trace_is_cut_it_is_not_whole() {
    let whole = include_bytes!("../../../../traces/deaf/before.go1.21.trace");
    let read =
        |bytes: &[u8]| parse(bytes, 21, &mut TextSink::new(std::io::sink()), &Progress::default());
    let outcome = read(whole).expect("a trace");
    assert!(outcome.complete && !outcome.has_gaps);
    for n_bytes in 0..whole.len() {
        if let Ok(outcome) = read(&whole[..n_bytes]) {
            let is_whole = outcome.complete && !outcome.has_gaps;
            assert!(!is_whole && !outcome.warnings.is_empty(), "{n_bytes} bytes");
        }
    }
}

#[test]
fn after_damage_of_known_extent_the_tables_are_still_read() {
    let (at, got) = of_damage(|trace| {
        let broken = trace.timed(Kind::ProcStop, &[9]);
        broken.timed(Kind::HeapAlloc, &[1])
    });
    let what = "ProcStop has 2 numbers, which is wrong; no event from here on is shown";
    // The clock comes after the damage, and no warning says that it is missing.
    assert_eq!(got, (8, false, vec![(at, what.to_owned())]));
}

#[test]
fn a_type_that_does_not_exist_ends_the_reading() {
    let (at, (n_events, complete, warnings)) = of_damage(|trace| trace.raw(&[50, 1]));
    assert_eq!((n_events, complete), (8, false));
    let what = "event type 50 does not exist; no event from here on is shown";
    assert_eq!(warnings[0], (at, what.to_owned()));
}

#[test]
fn an_event_that_cannot_be_ordered_ends_the_events_at_its_time() {
    let (at, got) = of_damage(|trace| {
        let other = trace.batch(1, 1019).timed(Kind::GoStart, &[4, 9]).timed(Kind::GoEnd, &[]);
        other.batch(2, 1010).timed(Kind::HeapAlloc, &[1]).timed_after(20, Kind::HeapAlloc, &[2])
    });
    let what = "GoStart of goroutine 4 does not fit what came before it; no later event is shown";
    // The batch header takes four bytes.
    assert_eq!(got, (9, false, vec![(at + 4, what.to_owned())]));
}

#[test]
fn times_that_contradict_the_order_end_the_events() {
    let (at, got) = of_damage(|trace| trace.batch(0, 900).timed(Kind::GoUnblockLocal, &[2, 0]));
    let what = "GoUnblockLocal comes after an event that is later; no later event is shown";
    assert_eq!(got, (8, false, vec![(at + 4, what.to_owned())]));
}

#[test]
fn scheduling_that_contradicts_itself_ends_the_events() {
    let (at, got) = of_damage(|trace| trace.timed(Kind::ProcStart, &[17]));
    let what = "ProcStart contradicts what came before: a P starts that runs already; \
                no later event is shown";
    assert_eq!(got, (8, false, vec![(at, what.to_owned())]));
}

#[test]
fn oddities_beside_scheduling_are_noted_once_and_told_as_they_stand() {
    let (at, got) = of_damage(|trace| {
        let strings = trace.string(1, "a").string(2, "b").string(2, "c");
        [(0, 1), (0, 2), (1, 1), (1, 2)].into_iter().fold(strings, |trace, (mode, kind)| {
            // Type, length, time, task, mode, kind, stack: seven bytes.
            trace.timed(Kind::UserRegion, &[0, mode, kind, 0])
        })
    });
    let twice = "a string is defined again; the first text counts";
    let crossed = "a region ends that is not the innermost one of its goroutine, 2 times";
    let want = vec![(at + 8, twice.to_owned()), (at + 12 + 14, crossed.to_owned())];
    assert_eq!(got, (12, true, want));
}

#[test]
fn a_system_call_that_returns_too_early_keeps_the_time_of_its_event() {
    let (_, (n_events, complete, warnings)) = of_damage(|trace| {
        trace
            .timed(Kind::GoSysCall, &[0])
            .timed(Kind::GoSysBlock, &[])
            .timed(Kind::GoSysExit, &[1, 2, 1001])
    });
    assert_eq!((n_events, complete), (10, true));
    assert_eq!(warnings[0].1, "a system call returns before it blocks");
}

#[test]
fn nothing_to_tell_is_an_error_with_its_byte() {
    let broken = |trace: &Trace| {
        let mut sink = TextSink::new(Vec::new());
        match parse(&trace.bytes, trace.minor, &mut sink, &Progress::default()) {
            Err(ParseError::Broken { offset, generation: None, what }) => (offset, what),
            other => panic!("not broken: {other:?}"),
        }
    };
    let header = Trace::of_version(19);
    assert_eq!(broken(&header), (16, "the trace ends before its first event".to_owned()));
    let newer = header.clone().raw(&[1, 1, 0]);
    assert_eq!(broken(&newer), (16, "a batch begins wrongly".to_owned()));
    let early = header.clone().batch(0, 1).timed(Kind::GoEnd, &[]);
    let why = "GoEnd contradicts what came before: a goroutine acts that does not run there";
    assert_eq!(broken(&early), (19, why.to_owned()));
    let stuck = header.batch(3, 2000).timed(Kind::GoBlock, &[0]);
    assert_eq!(broken(&stuck), (20, "GoBlock does not fit what came before it".to_owned()));
    assert_eq!(broken(&Trace { bytes: vec![], minor: 11 }).0, 0);
}

#[test]
fn no_prefix_and_no_changed_byte_is_too_much() {
    for minor in [11, 21] {
        let whole = Trace::started(minor)
            .string(1, "task")
            .untimed(Kind::Stack, &[5, 1, 100, 1, 1, 7])
            .timed(Kind::UserTaskCreate, &[7, 0, 1, 5])
            .log(7, 1, "hello")
            .timed(Kind::GcStart, &[0, 5])
            .timed(Kind::GoSysCall, &[5])
            .timed(Kind::GoSysBlock, &[])
            .batch(u64::MAX, 1100)
            .timed(Kind::GoSysExit, &[1, 2, 1090])
            .batch(1, 1050)
            .timed(Kind::ProcStart, &[18])
            .timed(Kind::GoStartLabel, &[4, 1, 1])
            .frequency();
        let n_whole = outcome(&whole).0;
        for end in 0..whole.bytes.len() {
            let mut sink = TextSink::new(Vec::new());
            let prefix = whole.bytes.get(..end).expect("within");
            let told = parse(prefix, minor, &mut sink, &Progress::default());
            assert!(told.map_or(sink.count() <= N_SYNCS, |told| told.events <= n_whole));
        }
        for at in 16..whole.bytes.len() {
            for bit in 0..8 {
                let mut changed = whole.bytes.clone();
                changed[at] ^= 1 << bit;
                let mut sink = TextSink::new(Vec::new());
                let told = parse(&changed, minor, &mut sink, &Progress::default());
                assert!(
                    told.is_ok_and(|told| told.complete || !told.warnings.is_empty())
                        || sink.count() <= N_SYNCS
                );
                // A beginning is read from whatever all is read from.
                for at_most in [0, 1, 7] {
                    let mut sink = TextSink::new(Vec::new());
                    let none = Progress::default();
                    let told = parse_first(&changed, minor, at_most, &mut sink, &none);
                    assert!(told.map_or(0, |told| told.events) <= sink.count());
                }
            }
        }
    }
}
