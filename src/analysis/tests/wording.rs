//! What findings leave out, and how they count: traces made by hand.

use super::super::{Document, Rule};
use super::advice::only;
use super::found;
use super::made::{CANCEL, DEADLINE, MS, Made, US};

#[test]
fn a_callback_is_no_orphan_of_the_timer_that_cancelled() {
    let mut made = Made::new();
    let callback = format!("context.(*afterFuncCtx).cancel < {DEADLINE}");
    made.running(1, "runtime.main").timer(10 * MS, 90);
    made.go(10 * MS + 2 * US, 90, &callback, 4, "main.cleanup").ends(10 * MS + 3 * US, 90);
    made.runs(10 * MS + 4 * US, 4).waits(
        10 * MS + 5 * US,
        4,
        "sleep",
        "time.Sleep < main.cleanup:9",
    );
    made.wakes(210 * MS, 0, "", 4).runs(210 * MS + US, 4).ends(210 * MS + 2 * US, 4);
    let document = made.document(300 * MS);
    assert_eq!(only(&document, Rule::LateExit).count, 1);
    assert!(found(&document, Rule::Orphan).is_empty());
}

/// A goroutine that hears, and then stays in a select until a timer or somebody else ends it.
fn selects(by: u32, stack: &str) -> Document {
    let mut made = Made::new();
    made.running(1, "runtime.main");
    made.go(10 * US, 1, "main.main:3", 2, "main.worker").runs(11 * US, 2);
    made.waits(12 * US, 2, "select", "main.worker:20");
    made.wakes(10 * MS, 1, &format!("{CANCEL} < main.main:5"), 2).runs(10 * MS + US, 2);
    made.waits(10 * MS + 2 * US, 2, "select", "main.worker:30");
    made.wakes(70 * MS, by, stack, 2).runs(70 * MS + US, 2).ends(70 * MS + 2 * US, 2);
    made.document(80 * MS)
}

#[test]
fn who_has_a_time_limit_is_not_told_to_have_one() {
    let timer = selects(0, "");
    let fix = &only(&timer, Rule::LateExit).fix;
    assert!(fix.starts_with("Give that wait on its way out a shorter time limit"), "{fix}");
    let other = selects(1, "main.main:9");
    let fix = &only(&other, Rule::LateExit).fix;
    assert!(fix.starts_with("Give that wait on its way out a time limit"), "{fix}");
}

#[test]
fn sleeps_are_counted_and_told_once_for_each_line() {
    let mut made = Made::new();
    made.running(1, "runtime.main");
    made.go(10 * US, 1, "main.main:3", 2, "main.worker").runs(11 * US, 2);
    made.waits(12 * US, 2, "select", "main.worker:20");
    made.wakes(10 * MS, 1, &format!("{CANCEL} < main.main:5"), 2).runs(10 * MS + US, 2);
    for n in 0..3 {
        let (at, line) = ((10 + 20 * n) * MS + 2 * US, if n == 1 { 31 } else { 30 });
        made.waits(at, 2, "sleep", &format!("time.Sleep < main.pause:5 < main.worker:{line}"));
        made.wakes(at + 19 * MS, 0, "", 2).runs(at + 19 * MS + US, 2);
    }
    made.ends(90 * MS, 2);
    let document = made.document(100 * MS);
    let late = only(&document, Rule::LateExit);
    assert!(late.message.contains("in main.pause (main.go:5), 3 times"), "{}", late.message);
    assert_eq!(only(&document, Rule::LongSleep).count, 3);
}

/// Some do their work in time, and then a deadline of all of them ends so many.
fn ends_all(in_time: u32, cut: u32) -> bool {
    let below = format!("context.(*cancelCtx).cancel < {DEADLINE}");
    let mut made = Made::new();
    made.running(1, "runtime.main");
    let all = in_time + cut;
    for n in 0..all {
        let (at, of) = (i64::from(n) * MS + US, 10 + n);
        made.go(at, 1, "main.main:7", of, "main.item").runs(at + US, of);
        made.waits(at + 2 * US, of, "select", "main.item:20");
        if n < in_time {
            made.wakes(at + 500 * US, 0, "", of).runs(at + 501 * US, of).ends(at + 502 * US, of);
        }
    }
    let at = i64::from(all) * MS + MS;
    made.timer(at, 3);
    for (n, of) in (0..).zip((10 + in_time..10 + all).rev()) {
        made.wakes(at + (2 + n) * US, 3, &below, of);
    }
    made.ends(at + 100 * US, 3);
    for (n, of) in (0..).zip(10 + in_time..10 + all) {
        made.runs(at + (101 + 2 * n) * US, of).ends(at + (102 + 2 * n) * US, of);
    }
    let document = made.document(at + MS);
    !found(&document, Rule::DeadlineCutShort).is_empty()
}

#[test]
fn the_end_of_all_cuts_no_deadline_short() {
    assert!(ends_all(0, 2));
    assert!(ends_all(3, 2));
    assert!(!ends_all(20, 2), "most had no need of it");
}

/// Requests whose handlers take 100 ms each, in which a task begins that ends so much later.
fn handled(task_ms: i64) -> Document {
    const SERVE: &str = "net/http.(*conn).serve";
    let code = format!("main.get:7 < net/http.HandlerFunc.ServeHTTP < {SERVE}");
    let mut made = Made::new();
    made.running(1, "runtime.main");
    for n in 0..30 {
        let (server, at) = (10 + n, i64::from(n) * 1_000 * MS + 10 * US);
        let task = (u64::from(server), "get");
        made.go(at, 1, "net/http.(*Server).Serve < main.main:3", server, SERVE);
        made.runs(at + US, server).task_by(at + 2 * US, server, task, true);
        made.waits(at + 3 * US, server, "select", &code);
        made.wakes(at + 100 * MS, 0, "", server).runs(at + 100 * MS + US, server);
        if task_ms <= 100 {
            made.task_by(at + 100 * MS + 2 * US, server, task, false);
        }
        made.waits(
            at + 100 * MS + 3 * US,
            server,
            "network",
            &format!("net.(*conn).Read < {SERVE}"),
        );
        if task_ms > 100 {
            made.task_by(at + task_ms * MS, server, task, false);
        }
    }
    made.document(31_000 * MS)
}

#[test]
fn a_task_is_its_handlers_unless_it_outlives_that() {
    assert!(found(&handled(100), Rule::LateRequest).is_empty(), "neither is late");
    let document = handled(400);
    assert_eq!(only(&document, Rule::LateRequest).count, 30, "the task is, the handler is not");
}

#[test]
fn a_name_is_unescaped_once_however_many_frames_have_it() {
    let name = "example.com/a%252eb.f";
    let mut made = Made::new();
    made.running(1, "runtime.main").go(US, 1, "main.main:3", 2, name).runs(2 * US, 2);
    made.waits(3 * US, 2, "sleep", &format!("time.Sleep < {name}:5 < {name}:9"));
    let document = made.document(MS);
    let names: Vec<&str> = document.trace().strings().iter().map(|(_, text)| text).collect();
    assert!(names.contains(&"example.com/a%2eb.f") && !names.contains(&"example.com/a.b.f"));
}
