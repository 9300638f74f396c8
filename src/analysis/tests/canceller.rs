//! Whom the canceller waits for then, and whom those that it told to stop.

use super::super::Document;
use super::deaf::deaf;
use super::made::{CANCEL, DEADLINE, MS, Made, US};

const DONE: &str = "runtime.selectgo < main.listen:3";
const RESULT: &str = "runtime.chanrecv1 < main.main:9";

/// The main goroutine cancels what 2 listens to, and then takes what 3, 4 and 5 send, on these lines.
fn gathered(lines: [&str; 3]) -> Document {
    let mut made = Made::new();
    made.running(1, "main.main").go(MS, 1, "main.main:3", 2, "main.listen").runs(MS + US, 2);
    made.waits(MS + 2 * US, 2, "select", DONE);
    for id in 3..6 {
        let at = 2 * MS + i64::from(id) * 10 * US;
        made.go(at, 1, "main.main:5", id, "main.poll").runs(at + US, id);
        made.waits(at + 2 * US, id, "sleep", "time.Sleep < main.poll:6");
    }
    made.wakes(10 * MS, 1, &format!("{CANCEL} < main.main:7"), 2);
    for (id, line) in (3..).zip(lines) {
        let at = 50 * MS + i64::from(id) * 100 * US;
        let waits_at = if id == 3 { 11 * MS } else { at - 50 * US };
        if id == 3 {
            made.runs(10 * MS + US, 2).ends(10 * MS + 2 * US, 2);
        }
        made.waits(waits_at, 1, "chan receive", line);
        made.wakes(at, 0, "", id).runs(at + US, id);
        made.wakes(at + 2 * US, id, "runtime.chansend1 < main.poll:8", 1).ends(at + 3 * US, id);
        made.runs(at + 4 * US, 1);
    }
    made.document(100 * MS)
}

#[test]
fn who_sends_the_canceller_one_result_after_another_is_deaf() {
    let all = gathered([RESULT; 3]);
    assert_eq!(deaf(&all).iter().map(|row| row.0).collect::<Vec<_>>(), [3, 4, 5]);
    // What comes on another line can be something else.
    let other = "runtime.chanrecv1 < main.main:11";
    let first = gathered([RESULT, other, other]);
    assert_eq!(deaf(&first).iter().map(|row| row.0).collect::<Vec<_>>(), [3]);
}

/// 2 hears a deadline, and then waits for 3, which it had started, and which hears another deadline so
/// many milliseconds later, or is cancelled by the main goroutine.
fn broken(later_ms: i64, is_deadline: bool) -> Document {
    let mut made = Made::new();
    made.running(1, "runtime.main").go(US, 1, "main.main:2", 2, "main.ask").runs(2 * US, 2);
    made.go(MS, 2, "main.ask:4", 3, "main.post").runs(MS + US, 3);
    made.waits(MS + 2 * US, 3, "chan receive", "runtime.chanrecv1 < main.post:6");
    made.waits(2 * MS, 2, "chan receive", "runtime.chanrecv1 < main.ask:7");
    made.timer(10 * MS, 90).wakes(10 * MS + US, 90, DEADLINE, 2).ends(10 * MS + 2 * US, 90);
    made.runs(10 * MS + 3 * US, 2);
    made.waits(10 * MS + 4 * US, 2, "chan receive", "runtime.chanrecv1 < main.ask:8");
    let at = (10 + later_ms) * MS;
    if is_deadline {
        made.timer(at, 91).wakes(at + US, 91, DEADLINE, 3).ends(at + 2 * US, 91);
    } else {
        made.wakes(at + US, 1, &format!("{CANCEL} < main.main:9"), 3);
    }
    made.runs(at + 3 * US, 3).wakes(at + 4 * US, 3, "runtime.chansend1 < main.post:9", 2);
    made.ends(at + 5 * US, 3).runs(at + 6 * US, 2).ends(at + 7 * US, 2);
    made.document(100 * MS)
}

#[test]
fn a_later_deadline_of_its_own_excuses_nobody_who_is_waited_for() {
    assert_eq!(deaf(&broken(50, true)), [(3, 0)]);
    assert_eq!(deaf(&broken(5, true)), [], "that is in time");
    // Somebody may have told it to stop otherwise.
    assert_eq!(deaf(&broken(50, false)), []);
}

/// The main goroutine cancels what 2 listens to, and waits for a group, the last of which is 4: it was
/// started by 3, which has left.
fn of_a_group(waits_at: &str) -> Document {
    let mut made = Made::new();
    made.running(1, "main.main").go(MS, 1, "main.main:3", 2, "main.listen").runs(MS + US, 2);
    made.waits(MS + 2 * US, 2, "select", DONE);
    made.go(2 * MS, 1, "main.main:4", 3, "main.serve").runs(2 * MS + US, 3);
    made.go(3 * MS, 3, "main.serve:12", 4, "main.work").ends(3 * MS + US, 3);
    made.runs(3 * MS + 2 * US, 4).waits(3 * MS + 3 * US, 4, "sleep", "time.Sleep < main.work:21");
    made.wakes(10 * MS, 1, &format!("{CANCEL} < main.main:7"), 2);
    made.runs(10 * MS + US, 2).ends(10 * MS + 2 * US, 2).waits(11 * MS, 1, "sync", waits_at);
    made.wakes(60 * MS, 0, "", 4).runs(60 * MS + US, 4);
    made.wakes(60 * MS + 2 * US, 4, "sync.(*WaitGroup).Done < main.work:22", 1);
    made.ends(60 * MS + 3 * US, 4).runs(60 * MS + 4 * US, 1);
    made.document(100 * MS)
}

#[test]
fn a_group_that_the_canceller_waits_for_has_whoever_ends_the_wait() {
    assert_eq!(deaf(&of_a_group("sync.(*WaitGroup).Wait < main.main:8")), [(4, 0)]);
    assert_eq!(deaf(&of_a_group("sync.(*Mutex).Lock < main.main:8")), [], "that is no group");
}
