use super::*;
use crate::base::{GoId, ProcId, TaskId, ThreadId, Time};
use crate::parse::event::{GoRef, GoState, ProcState, RangeKind, RangeMoment, StrRef};
use crate::parse::tables::{ClockSnapshot, ExperimentalBatch, Frame};

fn lines(tables: &Tables<'_>, events: &[Event]) -> Vec<String> {
    let mut sink = TextSink::new(Vec::new());
    sink.begin_generation(tables);
    for event in events {
        sink.event(tables, event);
    }
    let (out, count) = sink.finish().expect("a Vec takes all");
    assert_eq!(count, events.len() as u64);
    String::from_utf8(out).expect("the dump is UTF-8").lines().map(str::to_owned).collect()
}

fn event(body: Body) -> Event {
    Event {
        time: Time(-7),
        thread: ThreadId(3),
        proc: ProcId::NONE,
        goroutine: GoRef { id: GoId(9), slot: 0 },
        stack: StackRef(0),
        body,
    }
}

#[test]
fn each_kind_has_its_fields() {
    let mut tables = Tables::empty(1);
    let reason = tables.add_string(&b"chan \"send\""[..]);
    let function = tables.add_string(&b"main.f[go.shape;int]"[..]);
    let frame = tables.add_frame(Frame { pc: 1, function, file: StrRef(0), line: 12 });
    let stack = tables.add_stack(&[frame, frame]);
    let g = GoRef { id: GoId(u64::MAX - 1), slot: 1 };
    let sweep = RangeKind::GcSweep(ProcId(2));
    let bodies = [
        Body::Goroutine { of: g, from: GoState::Running, to: GoState::Waiting, reason, stack },
        Body::Proc { of: ProcId(1), from: ProcState::Idle, to: ProcState::Running },
        Body::Range { kind: RangeKind::StopTheWorld { reason, by: g }, moment: RangeMoment::Begin },
        Body::Range { kind: sweep, moment: RangeMoment::End { swept: 5, reclaimed: 6 } },
        Body::Label(reason),
        Body::TaskEnd { id: TaskId(4), parent: TaskId::NONE, kind: StrRef(0) },
        Body::Experimental { wire_type: 130, args: [7, 0, 0] },
    ];
    let got = lines(&tables, &bodies.map(event));
    let stack = r"main.f[go.shape\x3bint]:12;main.f[go.shape\x3bint]:12";
    let want = [
        &format!(
            "0\t-7\tStateTransition\t3\t-1\t9\t-\t{stack}\tGoroutine\t-2\tRunning\tWaiting\t\"chan \\x22send\\x22\""
        ),
        "1\t-7\tStateTransition\t3\t-1\t9\t-\t-\tProc\t1\tIdle\tRunning\t\"\"",
        "2\t-7\tRangeBegin\t3\t-1\t9\t-\t-\t\"stop-the-world (chan \\x22send\\x22)\"\tGoroutine\t-2",
        "3\t-7\tRangeEnd\t3\t-1\t9\t-\t-\t\"GC incremental sweep\"\tProc\t2\tbytes swept=5\tbytes reclaimed=6",
        "4\t-7\tLabel\t3\t-1\t9\t-\t-\t\"chan \\x22send\\x22\"\tGoroutine\t9",
        "5\t-7\tTaskEnd\t3\t-1\t9\t-\t-\t4\t-1\t\"\"",
        "6\t-7\tExperimental\t3\t-1\t9\t-\t-\tSpanFree\tAllocFree\tid=7",
    ];
    assert_eq!(got, want);
}

#[test]
fn a_sync_tells_clock_and_batches_unless_it_is_the_last() {
    let mut tables = Tables::empty(1);
    tables.clock =
        Some(ClockSnapshot { trace: Time(5), mono: 6, wall_s: 7, wall_ns: 1_000_000_008 });
    tables.experimental =
        vec![ExperimentalBatch { experiment: 1, thread: ThreadId::NONE, data: b"abc" }];
    let got = lines(&tables, &[false, true].map(|last| event(Body::Sync { number: 2, last })));
    let mut hash = Fnv::default();
    hash.add(b"-1\nabc");
    let batches = format!("AllocFree:1:3:{:016x}", hash.value());
    assert_eq!(got[0], format!("0\t-7\tSync\t3\t-1\t9\t-\t-\t2\t5\t6\t8\t8\t{batches}"));
    assert_eq!(got[1], "1\t-7\tSync\t3\t-1\t9\t-\t-\t2\t-\t-\t-\t-\t-");
}

#[test]
fn the_first_failure_to_write_is_told_at_the_end() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let tables = Tables::empty(1);
    let mut sink = TextSink::new(Full);
    for _ in 0..FLUSH_AT {
        sink.event(&tables, &event(Body::StackSample));
    }
    assert_eq!(sink.finish().err().map(|err| err.kind()), Some(io::ErrorKind::StorageFull));
}

#[test]
fn head_and_tail_frame_the_dump() {
    let mut out = Vec::new();
    write_head(&mut out, 21).expect("a Vec takes all");
    write_tail(&mut out, 3, None).expect("a Vec takes all");
    write_tail(&mut out, 4, Some("a\n\"b\"")).expect("a Vec takes all");
    let want: &[u8] = b"#tracedump\t1\n#version\t21\n#ok\t3\n#error\t4\t\"a\\n\\x22b\\x22\"\n";
    assert_eq!(out, want);
}
