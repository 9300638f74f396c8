//! What it tells who had started one that heard: its creator held the context, and so may others that were
//! started on the way to where that waits. Traces made by hand.

use super::super::{Document, Evidence};
use super::made::{CANCEL, DEADLINE, MS, Made, US};
use super::spared::{SLEEPS, deaf, lets_go, made, starts};

const SIGNALLED: &str = "context.(*cancelCtx).cancel < os/signal.(*signalCtx).cancel < \
                         os/signal.NotifyContext.func1";
const RECEIVES: [&str; 2] = ["chan receive", "main.log:30"];

/// One, 3, starts a listener, 4, and sleeps for 300 ms beyond a deadline that this alone hears. 2 waits
/// for it plainly.
fn listened(limit: i64, listens: [&str; 2], leaves_after: i64) -> Document {
    let mut made = made();
    made.go(MS, 2, "main.run:4", 3, "main.work").runs(MS + US, 3);
    starts(&mut made, MS + 2 * US, (3, "main.work:10"), 4, ("main.log", listens));
    made.waits(MS + 5 * US, 3, SLEEPS[0], SLEEPS[1]);
    made.waits(MS + 6 * US, 2, "chan receive", "main.run:5");
    made.passes(MS + limit, 90, &[4]).runs(MS + limit + 10 * US, 4);
    made.ends(MS + limit + 10 * US + leaves_after, 4);
    lets_go(&mut made, 400 * MS, 3, "main.work:12");
    made.document(500 * MS)
}

#[test]
fn a_listener_of_ones_own_leaves_the_deadline_to_the_clock() {
    let document = listened(100 * MS + 400 * US, RECEIVES, US);
    assert_eq!(deaf(&document), [3]);
    let row = document.analysis().hearings().iter().find(|row| row.deaf).expect("a deaf one");
    assert!(row.by_clock && row.evidence == Evidence::WaitedOn);
    assert_eq!(deaf(&listened(103 * MS, RECEIVES, US)), [0; 0], "after no round time");
    let select = ["select", "main.log:30"];
    assert_eq!(
        deaf(&listened(100 * MS, select, US)),
        [0; 0],
        "it can work under a limit of its own"
    );
    assert_eq!(deaf(&listened(100 * MS, RECEIVES, 50 * MS)), [0; 0], "it has something to do then");
}

#[test]
fn who_waits_for_one_that_it_had_started_beside_its_listener_is_only_held_up() {
    let mut made = made();
    made.go(MS, 2, "main.run:4", 3, "main.work").runs(MS + US, 3);
    starts(&mut made, MS + 2 * US, (3, "main.work:10"), 4, ("main.log", RECEIVES));
    starts(&mut made, MS + 5 * US, (3, "main.work:11"), 5, ("main.work.func1", SLEEPS));
    made.waits(MS + 8 * US, 3, "chan receive", "main.work:12");
    made.waits(MS + 9 * US, 2, "chan receive", "main.run:5");
    made.passes(101 * MS, 90, &[4]).runs(101 * MS + 10 * US, 4).ends(101 * MS + 11 * US, 4);
    made.wakes(300 * MS, 0, "", 5).runs(300 * MS + US, 5);
    made.wakes(300 * MS + 2 * US, 5, "main.work.func1:42", 3).ends(300 * MS + 3 * US, 5);
    made.runs(300 * MS + 4 * US, 3).wakes(300 * MS + 5 * US, 3, "main.work:13", 2);
    made.ends(300 * MS + 6 * US, 3).runs(300 * MS + 7 * US, 2).ends(301 * MS, 2);
    assert_eq!(deaf(&made.document(500 * MS)), [5]);
}

#[test]
fn each_has_the_deadline_that_its_own_listener_heard() {
    let mut made = made();
    for of in [3, 5, 7] {
        let at = i64::from(of) * 10 * US;
        made.go(at, 2, "main.run:4", of, "main.work").runs(at + US, of);
        starts(&mut made, at + 2 * US, (of, "main.work:10"), of + 1, ("main.log", RECEIVES));
        made.waits(at + 5 * US, of, SLEEPS[0], SLEEPS[1]);
    }
    made.waits(MS, 2, "chan receive", "main.run:5");
    for of in [7, 3, 5] {
        let at = 100 * MS + i64::from(10 - of) * 100 * US;
        made.passes(at, 90 + of, &[of + 1]).runs(at + 10 * US, of + 1).ends(at + 11 * US, of + 1);
    }
    for of in [3, 5, 7] {
        let at = 300 * MS + i64::from(of) * MS;
        made.wakes(at, 0, "", of).runs(at + US, of).wakes(at + 2 * US, of, "main.work:12", 2);
        made.ends(at + 3 * US, of).runs(at + 4 * US, 2);
        made.waits(at + 5 * US, 2, "chan receive", "main.run:5");
    }
    let document = made.document(500 * MS);
    assert_eq!(deaf(&document), [7, 5, 3], "in order of their deadlines");
}

/// 2 starts two under one deadline, each with a listener, and waits for both; the first has another child
/// that hears in some way.
fn under_one(child: [&str; 2]) -> Document {
    let mut made = made();
    for of in [3, 4] {
        let at = MS + i64::from(of) * 10 * US;
        made.go(at, 2, "main.run:4", of, "main.work").runs(at + US, of);
        starts(&mut made, at + 2 * US, (of, "main.work:10"), of + 10, ("main.log", RECEIVES));
    }
    starts(&mut made, 2 * MS, (3, "main.work:11"), 23, ("main.child", child));
    for of in [3, 4] {
        made.waits(2 * MS + i64::from(of) * 10 * US, of, SLEEPS[0], SLEEPS[1]);
    }
    made.waits(3 * MS, 2, "sync", "sync.(*WaitGroup).Wait < main.run:5");
    made.passes(101 * MS, 90, &[23, 14, 13]);
    for of in [13, 14, 23] {
        let at = 101 * MS + i64::from(of) * 10 * US;
        made.runs(at, of).ends(at + US, of);
    }
    made.wakes(290 * MS, 0, "", 3).runs(290 * MS + US, 3).ends(290 * MS + 2 * US, 3);
    lets_go(&mut made, 300 * MS, 4, "sync.(*WaitGroup).Done < main.work:12");
    made.document(500 * MS)
}

#[test]
fn one_deadline_can_be_that_of_several_with_listeners() {
    assert_eq!(deaf(&under_one(["chan receive", "main.child:50"])), [3, 4]);
    let works = ["select", "main.child:50"];
    assert_eq!(
        deaf(&under_one(works)),
        [0; 0],
        "it can be that child's, and then not their creators'"
    );
}

#[test]
fn a_handlers_own_listener_leaves_its_deadline_to_the_clock() {
    let mut made = Made::new();
    made.running(1, "net/http.(*Server).Serve");
    let serves = "net/http.HandlerFunc.ServeHTTP < main.limit:9 < net/http.HandlerFunc.ServeHTTP < \
                  net/http.(*conn).serve";
    for (n, pause) in (0..4).zip([3, 11, 5, 23]) {
        let (of, listener, at) = (10 + n, 50 + n, (i64::from(n) * 250 + pause) * MS);
        made.go(at, 1, "net/http.(*Server).Serve", of, "net/http.(*conn).serve").runs(at + US, of);
        let line =
            format!("main.limit:7 < {}", "net/http.HandlerFunc.ServeHTTP < net/http.(*conn).serve");
        starts(&mut made, at + 2 * US, (of, &line), listener, ("main.limit.func1", RECEIVES));
        made.waits(at + 6 * US, of, "sleep", &format!("time.Sleep < main.users:20 < {serves}"));
        let due = at + 100 * MS + 300 * US;
        made.passes(due, 90 + n, &[listener]).runs(due + 10 * US, listener);
        made.ends(due + 11 * US, listener);
        made.wakes(at + 200 * MS, 0, "", of).runs(at + 200 * MS + US, of).ends(at + 201 * MS, of);
    }
    let document = made.document(2_000 * MS);
    assert_eq!(deaf(&document), [10, 11, 12, 13]);
    assert!(document.analysis().hearings().iter().all(|row| row.by_clock == row.deaf));
}

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
