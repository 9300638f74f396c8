//! Who is told of a cancel by its callback: traces made by hand.

use super::super::{Document, Evidence, HeardIn, Outcome};
use super::made::{DEADLINE, MS, Made, US};

const CANCELLED: i64 = 10 * MS;

/// What a goroutine waits for that a callback lets go on.
struct Wait {
    reason: &'static str,
    stack: &'static str,
    /// Whether it has waited since before the cancel.
    before: bool,
}

/// A worker, 3, waits, and cleans up for 50 ms when it is let go on by a callback of its context, 5, from
/// a line of that one's own.
fn told(wait: &Wait) -> Document {
    let mut made = Made::new();
    made.running(1, "runtime.main");
    made.go(US, 1, "main.main:4", 3, "main.worker").runs(2 * US, 3);
    if wait.before {
        made.waits(3 * US, 3, wait.reason, wait.stack);
    }
    made.timer(CANCELLED, 90);
    let stack = format!("context.(*afterFuncCtx).cancel < {DEADLINE}");
    made.go(CANCELLED + US, 90, &stack, 5, "main.main.func1").runs(CANCELLED + 2 * US, 5);
    if !wait.before {
        made.waits(CANCELLED + 3 * US, 3, wait.reason, wait.stack);
    }
    made.wakes(CANCELLED + 20 * US, 5, "main.main.func1:8", 3).ends(CANCELLED + 21 * US, 5);
    made.ends(CANCELLED + 22 * US, 90).runs(CANCELLED + 23 * US, 3);
    made.waits(CANCELLED + 24 * US, 3, "sleep", "time.Sleep < main.worker:20");
    made.wakes(60 * MS, 0, "", 3).runs(60 * MS + US, 3).ends(60 * MS + 2 * US, 3);
    made.document(100 * MS)
}

/// Those that a callback told, each with where it heard and what became of it.
fn relayed(document: &Document) -> Vec<(u64, HeardIn, Outcome, bool)> {
    let (trace, analysis) = (document.trace(), document.analysis());
    let rows = analysis.hearings().iter().filter(|row| row.evidence == Evidence::Relayed);
    rows.map(|row| {
        (trace.life(row.goroutine).id.0, row.heard_in, row.outcome, row.overstay_ns > 49 * MS)
    })
    .collect()
}

#[test]
fn who_is_let_go_on_by_a_callback_has_heard_the_cancel() {
    const COND: &str = "sync.(*Cond).Wait < main.worker:14";
    let wait = Wait { reason: "sync.(*Cond).Wait", stack: COND, before: true };
    assert_eq!(relayed(&told(&wait)), [(3, HeardIn::Own, Outcome::Exited, true)]);
    let wait = Wait { reason: "select", stack: "main.worker:14", before: true };
    assert_eq!(relayed(&told(&wait)), [(3, HeardIn::Own, Outcome::Exited, true)]);
    // That one call was cut off tells nobody to end.
    let stack = "net.(*conn).Read < main.worker:14";
    let wait = Wait { reason: "network", stack, before: true };
    assert_eq!(relayed(&told(&wait)), [(3, HeardIn::Call, Outcome::LivesOn, true)]);
}

#[test]
fn who_waits_for_a_callback_is_not_told_by_it() {
    let wait = Wait { reason: "chan receive", stack: "main.worker:14", before: false };
    assert_eq!(relayed(&told(&wait)), []);
    let stack = "sync.(*WaitGroup).Wait < main.worker:14";
    let wait = Wait { reason: "sync", stack, before: true };
    assert_eq!(relayed(&told(&wait)), []);
}
