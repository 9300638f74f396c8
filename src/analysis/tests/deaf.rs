//! Who is deaf and who is not, by who waits for whom: traces made by hand.

use super::super::{Document, Evidence};
use super::made::{Made, TIMER};

const US: i64 = 1_000;
const MS: i64 = 1_000_000;
/// Where the contexts of these traces end.
const CANCELLED: i64 = 10 * MS;

const WAIT: &str = "sync.(*WaitGroup).Wait < main.serve:20";

/// What each goroutine that the server starts is.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// It waits for its context, the one of that number.
    Listens(u32),
    /// It knows of none, and works until long after.
    Works,
}

/// The main goroutine starts a server, 2, which starts these, 11 and up, each kind by a go
/// statement of its own, and waits for all. Each context ends by a timer.
fn served(kinds: &[Kind]) -> Document {
    let mut made = Made::new();
    made.running(1, "runtime.main");
    made.go(US, 1, "main.main:3", 2, "main.serve").runs(2 * US, 2);
    let ids: Vec<(u32, Kind)> = (11..).zip(kinds.iter().copied()).collect();
    for &(id, kind) in &ids {
        let at = i64::from(id) * 10 * US;
        let (line, start) = match kind {
            Kind::Listens(_) => ("main.serve:10", "main.listen"),
            Kind::Works => ("main.serve:12", "main.work"),
        };
        made.go(at, 2, line, id, start).runs(at + US, id);
        match kind {
            Kind::Listens(_) => made.waits(at + 2 * US, id, "chan receive", "main.listen:30"),
            Kind::Works => made.waits(at + 2 * US, id, "sleep", "time.Sleep < main.work:40"),
        };
    }
    made.waits(MS, 2, "sync", WAIT);
    let stack = format!("context.(*cancelCtx).cancel < {TIMER}");
    for context in 0..4 {
        let (timer, mut at) = (90 + context, CANCELLED + i64::from(context) * 100 * US);
        made.go(at, 0, "", timer, "context.WithDeadlineCause.func2").runs(at + US, timer);
        for &(id, kind) in ids.iter().rev() {
            if kind == Kind::Listens(context) {
                made.wakes(at + 2 * US, timer, &stack, id);
                made.runs(at + 3 * US, id).ends(at + 4 * US, id);
                at += 5 * US;
            }
        }
        made.ends(at + 50 * US, timer);
    }
    let workers = ids.iter().filter(|(_, kind)| *kind == Kind::Works);
    let workers: Vec<u32> = workers.map(|(id, _)| *id).collect();
    let mut at = 60 * MS;
    for &id in &workers {
        at += MS;
        made.wakes(at, 0, "", id).runs(at + US, id);
        if Some(&id) == workers.last() {
            made.wakes(at + 2 * US, id, "sync.(*WaitGroup).Done < main.work:41", 2);
        }
        made.ends(at + 3 * US, id);
    }
    made.runs(90 * MS, 2).ends(91 * MS, 2);
    made.document(100 * MS)
}

/// Each deaf goroutine, with when its context ended, in microseconds after the first.
fn deaf(document: &Document) -> Vec<(u64, i64)> {
    let (trace, analysis) = (document.trace(), document.analysis());
    let rows = analysis.hearings().iter().filter(|row| row.deaf);
    let mut rows: Vec<_> = rows
        .inspect(|row| assert_eq!(row.evidence, Evidence::WaitedOn))
        .map(|row| {
            let at = analysis.cancels()[row.cancel as usize].at.ns();
            (trace.life(row.goroutine).id.0, (at - CANCELLED) / US)
        })
        .collect();
    rows.sort_unstable();
    rows
}

use Kind::{Listens, Works};

#[test]
fn who_is_waited_for_beside_those_that_heard_is_deaf() {
    let document = served(&[Listens(0), Listens(0), Works]);
    assert_eq!(deaf(&document), [(13, 0)]);
}

#[test]
fn all_that_do_the_same_are_deaf_though_only_the_last_ends_the_wait() {
    let document = served(&[Listens(0), Works, Works]);
    assert_eq!(deaf(&document), [(12, 0), (13, 0)]);
}

#[test]
fn who_comes_after_a_loop_of_contexts_has_none_of_them() {
    let document = served(&[Listens(0), Listens(1), Listens(2), Works, Works]);
    assert_eq!(deaf(&document), []);
    let document = served(&[Works, Listens(0), Listens(1), Listens(2)]);
    assert_eq!(deaf(&document), []);
}

#[test]
fn in_a_loop_of_contexts_each_is_deaf_to_its_own() {
    let document = served(&[Listens(0), Works, Listens(1), Works, Listens(2), Works]);
    assert_eq!(deaf(&document), [(12, 0), (14, 100), (16, 200)]);
}

#[test]
fn children_of_one_who_heard_are_deaf_whichever_statement_made_them() {
    let mut made = Made::new();
    made.running(1, "runtime.main");
    made.go(US, 1, "main.main:3", 2, "main.hears").runs(2 * US, 2);
    for (id, line) in [(3, "main.hears:10"), (4, "main.hears:11"), (5, "main.hears:12")] {
        let at = i64::from(id) * 10 * US;
        let start = if id == 5 { "main.other" } else { "main.kid" };
        made.go(at, 2, line, id, start).runs(at + US, id);
        made.waits(at + 2 * US, id, "sleep", "time.Sleep < main.kid:40");
    }
    made.waits(MS, 2, "chan receive", "main.hears:13");
    made.wakes(
        CANCELLED,
        1,
        "context.(*cancelCtx).cancel < context.WithCancel.func1 < main.main:5",
        2,
    );
    made.runs(CANCELLED + US, 2).waits(
        CANCELLED + 2 * US,
        2,
        "sync",
        "sync.(*WaitGroup).Wait < main.hears:14",
    );
    // 5 is not seen to be waited for, and does something else.
    for (at, id) in [(30 * MS, 3), (35 * MS, 5), (40 * MS, 4)] {
        made.wakes(at, 0, "", id).runs(at + US, id);
        if id == 4 {
            made.wakes(at + 2 * US, 4, "sync.(*WaitGroup).Done < main.kid:41", 2);
        }
        made.ends(at + 3 * US, id);
    }
    made.runs(41 * MS, 2).ends(42 * MS, 2);
    assert_eq!(deaf(&made.document(50 * MS)), [(3, 0), (4, 0)]);
}
