//! What a comparison counts, on traces made by hand.

use super::super::{Diff, DiffGroup, Document, GroupKind, Verdict, diff};
use super::made::{CANCEL, MS, Made, US};

const LOCK: &str = "sync.(*Mutex).Lock < main.worker:5";
const DONE: &str = "runtime.selectgo < main.worker:3";

/// The only row of a kind, of those that are about one place.
fn row(diff: &Diff, kind: GroupKind) -> &DiffGroup {
    let mut rows =
        diff.groups.iter().filter(|group| group.kind == kind && group.key != "all cancels");
    let row = rows.next().expect("a row");
    assert!(rows.next().is_none(), "one row of {kind}: {diff:?}");
    row
}

/// The main goroutine and a worker, which waits for a lock from 10 ms on.
fn locked() -> Made {
    let mut made = Made::new();
    made.running(1, "main.main").go(MS, 1, "main.main:2", 2, "main.worker").runs(2 * MS, 2);
    made.waits(10 * MS, 2, "sync", LOCK);
    made
}

#[test]
fn a_wait_is_as_long_as_it_is_however_the_trace_is_cut() {
    for cuts in [vec![], vec![20], vec![20, 30, 40]] {
        let mut made = locked();
        for at in &cuts {
            made.generation(at * MS);
        }
        made.wakes(90 * MS, 1, "main.main:9", 2).runs(91 * MS, 2).ends(92 * MS, 2);
        let document = made.document(100 * MS);
        let diff = diff(&document, &document);
        let blocked = row(&diff, GroupKind::Blocked);
        assert_eq!((blocked.before.n, blocked.before.max_ns), (1, 80 * MS), "{cuts:?}");
        // From its birth on and after it was woken.
        assert_eq!(row(&diff, GroupKind::Scheduling).before.n, 2, "{cuts:?}");
        assert_eq!(diff.verdict, Verdict::Same);
    }
    // What the trace's end cuts off has no length.
    let document = locked().document(100 * MS);
    let diff = diff(&document, &document);
    assert!(diff.groups.iter().all(|group| group.kind != GroupKind::Blocked), "{diff:?}");
}

/// Workers whose context is cancelled at 10 ms; each leaves so many ms later.
fn cancelled(late: &[i64]) -> Document {
    let mut made = Made::new();
    made.running(1, "main.main");
    let mut workers: Vec<(i64, u32)> = late.iter().copied().zip(2..).collect();
    for &(_, worker) in &workers {
        let at = MS + i64::from(worker) * 1_000;
        made.go(at, 1, "main.main:2", worker, "main.worker").runs(at + 100, worker);
        made.waits(at + 200, worker, "select", DONE);
    }
    let canceller = format!("{CANCEL} < main.main:7");
    for &(_, worker) in &workers {
        made.wakes(10 * MS + i64::from(worker), 1, &canceller, worker);
    }
    for &(_, worker) in &workers {
        made.runs(10 * MS + 1_000 + i64::from(worker), worker);
    }
    workers.sort_unstable();
    for &(late, worker) in &workers {
        made.ends(10 * MS + late * MS + 2_000 + i64::from(worker), worker);
    }
    made.document(1_000 * MS)
}

#[test]
fn who_is_late_for_a_cancel_that_was_not_there_makes_it_worse() {
    let (nothing, prompt, late) = (cancelled(&[]), cancelled(&[0, 1]), cancelled(&[0, 80, 90]));
    let new = diff(&nothing, &late);
    let site = row(&new, GroupKind::CancelSite);
    assert_eq!((site.verdict, site.late), (Verdict::OnlyAfter, [0, 2]));
    assert!(site.is_newly_late() && site.is_one_site(), "{site:?}");
    assert_eq!(new.verdict, Verdict::Worse);
    // All who are new are in time, or all who were late are gone.
    assert_ne!(diff(&nothing, &prompt).verdict, Verdict::Worse);
    assert_ne!(diff(&late, &nothing).verdict, Verdict::Worse);
    // They were there before, too few to compare; but none was late, and now one is by far.
    for (late, expected) in [(&late, Verdict::Worse), (&cancelled(&[0, 30]), Verdict::Same)] {
        let changed = diff(&prompt, late);
        assert_eq!(row(&changed, GroupKind::CancelSite).verdict, Verdict::NotEnoughData);
        assert_eq!(changed.verdict == Verdict::Worse, expected == Verdict::Worse);
    }
}

/// A server whose handler takes 2 ms, and every fiftieth time so many.
fn served(slow_ms: i64) -> Document {
    const SERVE: &str = "net/http.(*conn).serve";
    let code = format!("main.orders:7 < net/http.HandlerFunc.ServeHTTP < {SERVE}");
    let mut made = Made::new();
    made.running(1, "runtime.main");
    for n in 0..400_u32 {
        let (server, at) = (10 + n, i64::from(n) * 500 * MS + 10 * US);
        let took = if n % 50 == 0 { slow_ms * MS } else { 2 * MS + i64::from(n % 7) * US };
        made.go(at, 1, "net/http.(*Server).Serve < main.main:3", server, SERVE);
        made.runs(at + US, server).waits(at + 2 * US, server, "select", &code);
        made.wakes(at + took, 0, "", server).runs(at + took + US, server);
        made.waits(at + took + 2 * US, server, "network", &format!("net.(*conn).Read < {SERVE}"));
    }
    made.document(200_500 * MS)
}

#[test]
fn handlers_are_compared_by_their_routes() {
    let (before, after) = (served(2), served(200));
    let compared = diff(&before, &after);
    let row = |compared: &Diff| {
        let row = compared.groups.iter().find(|row| row.key == "handler main.orders");
        row.map(|row| (row.kind, row.verdict))
    };
    assert_eq!(row(&compared), Some((GroupKind::Task, Verdict::Worse)));
    assert_eq!(compared.verdict, Verdict::Worse);
    assert_eq!(row(&diff(&after, &before)), Some((GroupKind::Task, Verdict::Better)));
    assert_eq!(row(&diff(&before, &before)), Some((GroupKind::Task, Verdict::Same)));
}

/// A program that does so much each millisecond, with so many cycles of the GC, for so many milliseconds.
fn collected(cycles: i64, n_works: i64, ms: i64) -> Document {
    let mut made = Made::new();
    made.running(1, "main.main").go(MS, 1, "main.main:2", 2, "main.worker").runs(MS + US, 2);
    for n in 0..n_works {
        let at = 2 * MS + n * ms * MS / n_works;
        made.waits(at + US, 2, "chan receive", "runtime.chanrecv1 < main.worker:5");
        if n < cycles {
            made.marks(at + 2 * US, true).marks(at + 9 * US, false);
        }
        made.wakes(at + 10 * US, 1, "main.main:7", 2).runs(at + 11 * US, 2);
    }
    made.document((ms + 5) * MS)
}

#[test]
fn fewer_cycles_are_better_unless_less_is_done_or_in_less_time() {
    let many = collected(20, 100, 100);
    for (other, expected, what) in [
        (collected(0, 100, 100), Verdict::Better, "none"),
        (collected(2, 100, 100), Verdict::Better, "few"),
        (collected(12, 100, 100), Verdict::Same, "not half as many"),
        (collected(2, 10, 100), Verdict::Same, "a tenth is done"),
        (collected(2, 10, 10), Verdict::Same, "it takes a tenth of the time"),
        (collected(90, 100, 100), Verdict::Worse, "more than four times as many"),
        (collected(100, 500, 100), Verdict::Same, "five times as much is done"),
    ] {
        let compared = diff(&many, &other);
        let row = compared.groups.iter().find(|row| row.key == "cycles").expect("a row");
        assert_eq!((row.kind, row.verdict), (GroupKind::Gc, expected), "{what}");
        let back = diff(&other, &many);
        let row = back.groups.iter().find(|row| row.key == "cycles").expect("a row");
        let back = match expected {
            Verdict::Better => Verdict::Worse,
            Verdict::Worse => Verdict::Better,
            same => same,
        };
        assert_eq!(row.verdict, back, "{what}, the other way round");
    }
    // Four against none can be chance.
    let few = diff(&collected(4, 100, 100), &collected(0, 100, 100));
    assert_eq!(few.verdict, Verdict::Same);
}
