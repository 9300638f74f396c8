//! What it tells who had started one that heard: others that were started on the way to where its creator
//! waits may have the context as well. Traces made by hand.

use super::super::Document;
use super::made::{CANCEL, DEADLINE, MS, Made, US};
use super::spared::{SLEEPS, deaf, lets_go, made, starts};

const SIGNALLED: &str = "context.(*cancelCtx).cancel < os/signal.(*signalCtx).cancel < \
                         os/signal.NotifyContext.func1";

/// 2 starts one that hears, 3, and then calls a function that starts one that does not, 4, and waits for it.
/// The first is started in some line, and the function may have been called from elsewhere.
fn on_the_way(line: &str, called: &str, is_signal: bool) -> Document {
    let mut made = made();
    let stack = |line: &str| format!("{line} < {called}");
    starts(&mut made, 10 * US, (2, line), 3, ("main.beat", ["select", "main.beat:30"]));
    starts(&mut made, 20 * US, (2, &stack("main.batch:8")), 4, ("main.batch.func1", SLEEPS));
    made.waits(MS, 2, "sync", &stack("sync.(*WaitGroup).Wait < main.batch:9"));
    if is_signal {
        made.go(2 * MS, 1, "main.main:2", 8, "os/signal.NotifyContext.func1").runs(3 * MS, 8);
        made.wakes(10 * MS, 8, SIGNALLED, 3).ends(11 * MS, 8);
    } else {
        made.passes(10 * MS, 90, &[3]);
    }
    made.runs(12 * MS, 3).ends(12 * MS + US, 3);
    lets_go(&mut made, 60 * MS, 4, "sync.(*WaitGroup).Done < main.batch.func1:41");
    made.document(70 * MS)
}

#[test]
fn what_a_function_starts_has_the_context_of_one_that_its_caller_had_started() {
    let from_run = "main.run:5";
    assert_eq!(deaf(&on_the_way("main.run:4", from_run, false)), [4]);
    assert_eq!(deaf(&on_the_way("main.run:4", "main.mid:7 < main.run:5", false)), [4]);
    let by_a_method = "main.warm:14 < main.run:4";
    assert_eq!(deaf(&on_the_way(by_a_method, from_run, false)), [0; 0], "a local context");
    assert_eq!(deaf(&on_the_way(by_a_method, from_run, true)), [4], "a signal is for all");
}

/// The main goroutine's child starts four, of which it cancels three's contexts, which callbacks tell to
/// stop; then it starts one that waits for all of them, and waits itself for as long as it wants.
#[test]
fn who_waits_on_where_the_others_were_told_by_a_callback_is_deaf() {
    const COND: [&str; 2] = ["sync.(*Cond).Wait", "sync.(*Cond).Wait < main.(*shard).loop:36"];
    let mut made = made();
    for of in 3..7 {
        starts(&mut made, i64::from(of) * 10 * US, (2, "main.run:4"), of, ("main.run.func1", COND));
    }
    let callback = format!("context.(*afterFuncCtx).cancel < {CANCEL} < main.run:7");
    for of in [3, 4, 5] {
        let at = 10 * MS + i64::from(of) * US;
        made.go(at, 2, &callback, of + 20, "main.newShard.func1");
    }
    made.go(10 * MS + 50 * US, 2, "main.run:8", 7, "main.run.func2");
    made.waits(10 * MS + 51 * US, 2, "select", "main.run:9");
    for of in [3, 4, 5] {
        let at = 10 * MS + 100 * US + i64::from(of) * 10 * US;
        made.runs(at, of + 20).wakes(at + US, of + 20, "main.newShard.func1:20", of);
        made.ends(at + 2 * US, of + 20).runs(at + 3 * US, of).ends(at + 4 * US, of);
    }
    made.runs(11 * MS, 7);
    made.waits(11 * MS + US, 7, "sync", "sync.(*WaitGroup).Wait < main.run.func2:8");
    made.wakes(400 * MS, 0, "", 2).runs(400 * MS + US, 2);
    assert_eq!(deaf(&made.document(401 * MS)), [6]);
}

/// 2 starts three that hear and one that does not, and one that waits for all of them, while it waits itself
/// as long as it wants.
fn in_a_group(statement_of_other: &str, waits: [&str; 2]) -> Document {
    let mut made = made();
    for of in 3..6 {
        let listens = ["chan receive", "main.hear:12"];
        starts(
            &mut made,
            i64::from(of) * 10 * US,
            (2, "main.run:4"),
            of,
            ("main.run.func1", listens),
        );
    }
    let stuck = ["chan send", "main.stuck:23"];
    starts(&mut made, 60 * US, (2, statement_of_other), 6, ("main.run.func1", stuck));
    let joins = ["sync", "sync.(*WaitGroup).Wait < main.run.func2:8"];
    starts(&mut made, 70 * US, (2, "main.run:8"), 7, ("main.run.func2", joins));
    made.waits(80 * US, 2, waits[0], waits[1]);
    made.timer(10 * MS, 90);
    for of in [5, 4, 3] {
        let at = 10 * MS + i64::from(10 - of) * 10 * US;
        made.wakes(at, 90, DEADLINE, of).runs(at + US, of).ends(at + 2 * US, of);
    }
    made.ends(11 * MS, 90);
    made.wakes(400 * MS, 0, "", 2).runs(400 * MS + US, 2);
    made.document(401 * MS)
}

#[test]
fn a_group_that_another_waits_for_besides_a_time_limit_is_waited_for() {
    let select = ["select", "main.run:9"];
    assert_eq!(deaf(&in_a_group("main.run:4", select)), [6]);
    assert_eq!(deaf(&in_a_group("main.other:4", select)), [0; 0], "of other making");
    assert_eq!(
        deaf(&in_a_group("main.run:4", ["select", "main.other:9"])),
        [0; 0],
        "for other things"
    );
}
