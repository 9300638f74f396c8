//! Who would have left in time if the machine had let it.

use super::super::{Document, Rule};
use super::made::{CANCEL, MS, Made, US};

/// The rules by which goroutines are late.
fn rules(document: &Document) -> Vec<Rule> {
    document.analysis().findings().iter().map(|finding| finding.rule).collect()
}

/// A worker that hears after 10 ms.
fn worker() -> Made {
    let mut made = Made::new();
    made.running(1, "runtime.main");
    made.go(10 * US, 1, "main.main:3", 2, "main.worker").runs(11 * US, 2);
    made.waits(12 * US, 2, "select", "main.worker:20");
    made.wakes(10 * MS, 1, &format!("{CANCEL} < main.main:5"), 2);
    made
}

/// It is preempted on its way out, after 30 ms.
fn preempted_in(stack: &str) -> Document {
    let mut made = worker();
    made.runs(10 * MS + US, 2).preempted(40 * MS, 2, stack);
    made.runs(41 * MS, 2).ends(41 * MS + US, 2);
    made.document(50 * MS)
}

#[test]
fn who_had_returned_when_it_was_preempted_is_late_by_the_machine() {
    for stack in ["runtime.goexit1", "runtime.asyncPreempt2 < runtime.asyncPreempt"] {
        let document = preempted_in(stack);
        assert_eq!(rules(&document), [Rule::LateScheduling], "{stack}");
        assert_eq!(document.analysis().findings()[0].site, None, "it is nowhere in the code");
    }
    for stack in ["main.flush:9 < main.worker:22", "runtime.mallocgc < main.worker:22"] {
        assert_eq!(rules(&preempted_in(stack)), [Rule::LateExit], "{stack}");
    }
}

/// It waits for a processor, and then runs for so long.
fn queued(ready_ms: i64, ran_ms: i64) -> Document {
    let mut made = worker();
    let began = (10 + ready_ms) * MS;
    made.runs(began, 2).ends(began + ran_ms * MS, 2);
    made.document(800 * MS)
}

#[test]
fn who_mostly_waited_for_a_processor_may_be_a_little_late_by_itself() {
    let rule = |ready_ms, ran_ms| rules(&queued(ready_ms, ran_ms));
    assert_eq!(rule(300, 19), [Rule::LateScheduling]);
    assert_eq!(rule(300, 21), [Rule::LateExit], "that alone is late");
    assert_eq!(rule(30, 19), [Rule::LateExit], "without the queue it would have been as late");
}

/// It waits for another goroutine, which had to wait for a processor for so long and ran for so long.
fn waits_for_one(ready_ms: i64, ran_ms: i64) -> Document {
    let mut made = worker();
    made.go(10 * MS + US, 1, "main.main:7", 3, "main.flush").runs(10 * MS + 2 * US, 2);
    made.waits(10 * MS + 3 * US, 2, "sync", "sync.(*Mutex).Lock < main.worker:22");
    let began = (10 + ready_ms) * MS;
    made.runs(began, 3);
    let at = began + ran_ms * MS;
    made.wakes(at, 3, "sync.(*Mutex).Unlock < main.flush:9", 2).ends(at + US, 3);
    made.runs(at + 2 * US, 2).ends(at + 3 * US, 2);
    made.document(200 * MS)
}

#[test]
fn who_waits_for_one_without_a_processor_is_late_by_that() {
    assert_eq!(rules(&waits_for_one(60, 1)), [Rule::LateScheduling]);
    assert_eq!(rules(&waits_for_one(1, 60)), [Rule::LateExit]);
    assert_eq!(rules(&waits_for_one(60, 60)), [Rule::LateExit]);
}
