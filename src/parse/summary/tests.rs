use super::*;
use crate::base::{GoId, ProcId, ThreadId};
use crate::parse::event::{GoRef, GoState, StrRef};

#[test]
fn lives_are_counted_from_the_last_sync_or_from_birth() {
    let mut tables = Tables::empty(1);
    let reason = tables.add_string(&b"sleep"[..]);
    let mut sink = SummarySink::default();
    sink.begin_generation(&tables);
    let mut send = |time, actor, body| {
        let goroutine = if actor == 0 { GoRef::NONE } else { GoRef { id: GoId(actor), slot: 0 } };
        let (thread, proc, stack) = (ThreadId(7), ProcId::NONE, StackRef(0));
        let event = Event { time: Time(time), thread, proc, goroutine, stack, body };
        sink.event(&tables, &event);
    };
    let go = |id, from, to, reason| {
        let of = GoRef { id: GoId(id), slot: 0 };
        Body::Goroutine { of, from, to, reason, stack: StackRef(0) }
    };
    let none = StrRef(0);
    send(100, 0, Body::Sync { number: 1, last: false });
    send(110, 0, go(1, GoState::Undetermined, GoState::Running, none));
    send(120, 1, go(2, GoState::NotExist, GoState::Runnable, none));
    send(150, 1, go(1, GoState::Running, GoState::Waiting, reason));
    send(170, 2, go(2, GoState::Running, GoState::NotExist, none));
    send(200, 0, Body::Sync { number: 2, last: true });
    let mut out = Vec::new();
    sink.write(&mut out, 22, Some("a \"cut\"")).expect("a Vec takes all");
    let text = String::from_utf8(out).expect("UTF-8");
    let lines: Vec<_> = text.lines().filter(|line| !line.contains("fnv1a64")).collect();
    let want = [
        "format\t1",
        "version\t22",
        "verdict\terror",
        "error\t\"a \\x22cut\\x22\"",
        "events\t6",
        "first_time\t100",
        "last_time\t200",
        "frames\t0",
        "kind\tSync\t2",
        "kind\tStateTransition\t4",
        "clock_snapshots\t0",
        "exp_batches\t0\t0",
        "goroutines\t2\t2",
        "procs\t0",
        "threads\t1",
        "gostate\tRunnable\t\"\"\t50",
        "gostate\tRunning\t\"\"\t50",
        "gostate\tWaiting\t\"sleep\"\t50",
        "gotrans\tNotExist\tRunnable\t\"\"\t1",
        "gotrans\tRunning\tNotExist\t\"\"\t1",
        "gotrans\tRunning\tWaiting\t\"sleep\"\t1",
        "gotrans\tUndetermined\tRunning\t\"\"\t1",
        "g\t1\t0\t-\t110\t-\t2\t50\t0\t0\t50\t-1\t\"\"",
        "g\t2\t0\t120\t120\t170\t2\t0\t50\t0\t0\t1\t\"\"",
    ];
    assert_eq!(lines, want);
}
