//! Who is deaf and who is not, by who waits for whom: traces made by hand.

use super::super::{Document, Evidence};
use super::made::{DEADLINE, MS, Made, US};

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

use Kind::{Listens, Works};

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
            Listens(_) => ("main.serve:10", "main.listen"),
            Works => ("main.serve:12", "main.work"),
        };
        made.go(at, 2, line, id, start).runs(at + US, id);
        match kind {
            Listens(_) => made.waits(at + 2 * US, id, "chan receive", "main.listen:30"),
            Works => made.waits(at + 2 * US, id, "sleep", "time.Sleep < main.work:40"),
        };
    }
    made.waits(MS, 2, "sync", WAIT);
    for context in 0..4 {
        let (timer, mut at) = (90 + context, CANCELLED + i64::from(context) * 100 * US);
        made.timer(at, timer);
        for &(id, kind) in ids.iter().rev() {
            if kind == Listens(context) {
                made.wakes(at + 2 * US, timer, DEADLINE, id);
                made.runs(at + 3 * US, id).ends(at + 4 * US, id);
                at += 5 * US;
            }
        }
        made.ends(at + 50 * US, timer);
    }
    let workers = ids.iter().filter(|(_, kind)| *kind == Works);
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
pub(super) fn deaf(document: &Document) -> Vec<(u64, i64)> {
    let (trace, analysis) = (document.trace(), document.analysis());
    let rows = analysis.hearings().iter().filter(|row| row.deaf);
    let mut rows: Vec<_> = rows
        .inspect(|row| assert_eq!(row.evidence, Evidence::WaitedOn))
        .map(|row| {
            let at = analysis.cancel_of(row).at.ns();
            (trace.life(row.goroutine).id.0, (at - CANCELLED) / US)
        })
        .collect();
    rows.sort_unstable();
    rows
}

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
fn of_thousands_with_deadlines_of_their_own_under_one_wait_group_each_is_deaf_to_its_own() {
    const N: u32 = 4_000;
    let mut made = Made::new();
    made.running(1, "runtime.main");
    made.go(US, 1, "main.main:3", 2, "main.serve").runs(2 * US, 2);
    let (listens, works) = (|n: u32| 10 + 2 * n, |n: u32| 11 + 2 * n);
    let at = |ms: i64, n: u32| ms * MS + i64::from(n) * 10 * US;
    for n in 0..N {
        let (at, listens, works) = (at(1, n), listens(n), works(n));
        made.go(at, 2, "main.serve:10", listens, "main.listen").runs(at + US, listens);
        made.waits(at + 2 * US, listens, "chan receive", "main.listen:30");
        made.go(at + 3 * US, 2, "main.serve:12", works, "main.work").runs(at + 4 * US, works);
        made.waits(at + 5 * US, works, "sleep", "time.Sleep < main.work:40");
    }
    made.waits(50 * MS, 2, "sync", WAIT);
    for n in 0..N {
        let (at, of, timer) = (at(60, n), listens(n), 2 * N + 100 + n);
        made.passes(at, timer, &[of]).runs(at + 4 * US, of).ends(at + 5 * US, of);
    }
    for n in 0..N {
        let (at, of) = (at(150, n), works(n));
        made.wakes(at, 0, "", of).runs(at + US, of);
        if n + 1 == N {
            made.wakes(at + 2 * US, of, "sync.(*WaitGroup).Done < main.work:41", 2);
        }
        made.ends(at + 3 * US, of);
    }
    made.runs(250 * MS, 2).ends(251 * MS, 2);
    // Each cancel held against each of the others took minutes.
    let document = made.document(300 * MS);
    let analysis = document.analysis();
    assert_eq!((analysis.cancels().len(), analysis.hearings().len()), (N as usize, 2 * N as usize));
    for cancel in analysis.cancels() {
        let id = |of| document.trace().go_id(of).0;
        let heard: Vec<u64> = analysis.heard(cancel).iter().map(|it| id(it.goroutine)).collect();
        let deaf: Vec<u64> = analysis.deaf(cancel).iter().map(|it| id(it.goroutine) - 1).collect();
        assert_eq!(heard, deaf, "the one that was started with it");
    }
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

/// A server starts two that hear and one that only collects them, for which it waits.
#[test]
fn who_is_held_up_by_one_that_heard_is_not_deaf() {
    let mut made = Made::new();
    made.running(1, "runtime.main");
    made.go(US, 1, "main.main:3", 2, "main.serve").runs(2 * US, 2);
    let starts = [
        (3, "main.worker", "chan receive", "main.worker:30"),
        (4, "main.worker", "chan receive", "main.worker:30"),
        (6, "main.collect", "sync", "sync.(*WaitGroup).Wait < main.collect:50"),
    ];
    for (id, start, reason, stack) in starts {
        let at = i64::from(id) * 10 * US;
        let line = if id == 6 { "main.serve:11" } else { "main.serve:10" };
        made.go(at, 2, line, id, start).runs(at + US, id).waits(at + 2 * US, id, reason, stack);
    }
    made.waits(MS, 2, "chan receive", "main.serve:12");
    let cancel = "context.(*cancelCtx).cancel < context.WithCancel.func1 < main.main:5";
    made.wakes(CANCELLED, 1, cancel, 4).wakes(CANCELLED + 300, 1, cancel, 3);
    made.runs(CANCELLED + US, 3).ends(CANCELLED + 2 * US, 3);
    made.runs(CANCELLED + 3 * US, 4);
    made.waits(CANCELLED + 4 * US, 4, "sleep", "time.Sleep < main.worker:32");
    made.wakes(50 * MS, 0, "", 4).runs(50 * MS + US, 4);
    made.wakes(50 * MS + 2 * US, 4, "sync.(*WaitGroup).Done < main.worker:33", 6);
    made.ends(50 * MS + 3 * US, 4).runs(50 * MS + 4 * US, 6);
    made.wakes(50 * MS + 5 * US, 6, "main.collect:51", 2).ends(50 * MS + 6 * US, 6);
    made.runs(51 * MS, 2).ends(52 * MS, 2);
    assert_eq!(deaf(&made.document(60 * MS)), []);
}

/// Three members of a group, of which two hear and one of those is held up by the third, which has a
/// `go` statement of its own.
fn group([go, of_third]: [&str; 2], start: &str) -> Document {
    let mut made = Made::new();
    made.running(1, "runtime.main");
    made.go(US, 1, "main.main:3", 2, "main.serve").runs(2 * US, 2);
    for id in [3, 4, 5] {
        let at = i64::from(id) * 10 * US;
        made.go(at, 2, if id == 5 { of_third } else { go }, id, start).runs(at + US, id);
        if id == 5 {
            made.waits(at + 2 * US, id, "sleep", "time.Sleep < main.worker:31");
        } else {
            made.waits(at + 2 * US, id, "chan receive", "main.worker:30");
        }
    }
    made.waits(MS, 2, "sync", WAIT);
    let cancel = "context.(*cancelCtx).cancel < context.WithCancel.func1 < main.main:5";
    made.wakes(CANCELLED, 1, cancel, 4).wakes(CANCELLED + 300, 1, cancel, 3);
    made.runs(CANCELLED + US, 3).ends(CANCELLED + 2 * US, 3);
    // It needs the lock that 5 holds until its end.
    made.runs(CANCELLED + 3 * US, 4);
    made.waits(CANCELLED + 4 * US, 4, "sync", "sync.(*Mutex).Lock < main.worker:32");
    made.wakes(50 * MS, 0, "", 5).runs(50 * MS + US, 5);
    made.wakes(50 * MS + 2 * US, 5, "sync.(*Mutex).Unlock < main.worker:34", 4);
    made.ends(50 * MS + 3 * US, 5).runs(50 * MS + 4 * US, 4);
    made.wakes(50 * MS + 5 * US, 4, "sync.(*WaitGroup).Done < main.worker:33", 2);
    made.ends(50 * MS + 6 * US, 4).runs(51 * MS, 2).ends(52 * MS, 2);
    made.document(60 * MS)
}

#[test]
fn a_member_of_a_group_is_deaf_though_it_leaves_before_a_late_one() {
    let go = "golang.org/x/sync/errgroup.(*Group).Go < main.serve:10";
    let document = group([go; 2], "golang.org/x/sync/errgroup.(*Group).Go.func1");
    assert_eq!(deaf(&document), [(5, 0)]);
    assert_eq!(deaf(&group(["main.serve:10"; 2], "main.worker")), [(5, 0)]);
    // Who is started by hand elsewhere may be a helper without a context.
    assert_eq!(deaf(&group(["main.serve:10", "main.serve:12"], "main.worker")), []);
}

#[test]
fn a_tick_that_comes_with_the_deadline_excuses_nobody() {
    const SELECT: &str = "main.beat:30";
    let mut made = Made::new();
    made.running(1, "runtime.main").go(US, 1, "main.main:3", 2, "main.fetch").runs(2 * US, 2);
    for id in [3, 4] {
        let at = i64::from(id) * 10 * US;
        made.go(at, 2, "main.fetch:10", id, "main.beat").runs(at + US, id);
        made.waits(at + 2 * US, id, "select", SELECT);
    }
    made.waits(MS, 2, "sync", "sync.(*WaitGroup).Wait < main.fetch:20");
    made.timer(CANCELLED, 90).wakes(CANCELLED + 3 * US, 0, "", 4);
    made.wakes(CANCELLED + 9 * US, 90, DEADLINE, 3).ends(CANCELLED + 10 * US, 90);
    made.runs(CANCELLED + 11 * US, 3).ends(CANCELLED + 12 * US, 3);
    made.runs(CANCELLED + 13 * US, 4);
    made.waits(CANCELLED + 14 * US, 4, "sleep", "time.Sleep < main.beat:33");
    made.wakes(50 * MS, 0, "", 4).runs(50 * MS + US, 4);
    made.wakes(50 * MS + 2 * US, 4, "sync.(*WaitGroup).Done < main.beat:34", 2);
    made.ends(50 * MS + 3 * US, 4).runs(51 * MS, 2).ends(52 * MS, 2);
    assert_eq!(deaf(&made.document(60 * MS)), [(4, 0)]);
}

/// A client hears, sleeps, and waits for the reader that it has started. That waits for the network
/// until the client frees it, or until something comes.
fn closes(frees: bool) -> Document {
    let mut made = Made::new();
    made.running(1, "runtime.main").go(US, 1, "main.main:3", 2, "main.client").runs(2 * US, 2);
    made.go(3 * US, 2, "main.client:10", 3, "main.client.func1").runs(4 * US, 3);
    made.waits(5 * US, 3, "network", "internal/poll.(*FD).Read < main.client.func1:12");
    made.waits(6 * US, 2, "select", "main.client:20");
    let cancel = "context.(*cancelCtx).cancel < context.WithCancel.func1 < main.main:5";
    made.wakes(CANCELLED, 1, cancel, 2).runs(CANCELLED + US, 2);
    made.waits(CANCELLED + 2 * US, 2, "sleep", "time.Sleep < main.client:22");
    made.wakes(90 * MS, 0, "", 2).runs(90 * MS + US, 2);
    let close = "internal/poll.(*FD).Close < net.(*conn).Close < main.client:24";
    if frees {
        made.wakes(90 * MS + 2 * US, 2, &format!("internal/poll.runtime_pollUnblock < {close}"), 3);
    }
    made.waits(90 * MS + 3 * US, 2, "sync", &format!("internal/poll.runtime_Semacquire < {close}"));
    if !frees {
        made.wakes(91 * MS, 0, "", 3);
    }
    let release = "internal/poll.(*FD).readUnlock < main.client.func1:12";
    made.runs(92 * MS, 3).wakes(92 * MS + US, 3, release, 2).ends(92 * MS + 2 * US, 3);
    made.runs(93 * MS, 2).ends(94 * MS, 2);
    made.document(99 * MS)
}

#[test]
fn who_is_freed_by_the_one_that_waits_for_it_is_not_deaf() {
    assert_eq!(deaf(&closes(true)), []);
    assert_eq!(deaf(&closes(false)), [(3, 0)]);
}

#[test]
fn a_logged_cancel_reaches_its_task_unless_it_is_of_a_part_of_it() {
    let by_convention: &[&str] = &[];
    let whole = &["new request#1", "new query#2 under request#1"][..];
    let part = &["new query#1 under server#9", "new query#2 under server#9"][..];
    let cases = [
        (by_convention, "cancel request", true),
        (whole, "cancel request#1", true),
        (whole, "cancel query#2 under request#1", false),
        (part, "cancel query#2 under server#9", false),
    ];
    for (made_before, cancel, reaches) in cases {
        let mut made = Made::new();
        made.running(1, "runtime.main");
        made.go(US, 1, "main.main:3", 2, "main.request").runs(2 * US, 2);
        for (at, log) in (3..).zip(made_before) {
            made.logs(at * US, 2, 7, log, "overstayctx.log < main.request:4");
        }
        made.go(10 * US, 2, "main.request:5", 3, "main.audit").runs(11 * US, 3);
        made.region(12 * US, 3, 7, true);
        made.waits(13 * US, 3, "sleep", "time.Sleep < main.audit:6");
        made.logs(CANCELLED, 2, 7, cancel, "overstayctx.log < main.request:7");
        made.ends(CANCELLED + US, 2);
        made.wakes(40 * MS, 0, "", 3).runs(40 * MS + US, 3);
        made.region(40 * MS + 2 * US, 3, 7, false).ends(40 * MS + 3 * US, 3);
        let document = made.document(50 * MS);
        let analysis = document.analysis();
        let grades = analysis.hearings().iter().map(|row| (row.deaf, row.evidence));
        let expected = if reaches { vec![(true, Evidence::Task)] } else { vec![] };
        assert_eq!(grades.collect::<Vec<_>>(), expected, "{cancel}");
        let site = analysis.cancels()[0].site.map(|site| site.line);
        assert_eq!(site, Some(7), "the code that called the wrapper");
    }
}

#[test]
fn of_thousands_with_deadlines_of_their_own_in_one_task_one_is_deaf() {
    const N: u32 = 5_000;
    let mut made = Made::new();
    made.running(1, "runtime.main");
    let at = |n: u32| i64::from(n) * 10 * US;
    for of in 2..2 + N {
        made.go(at(of), 1, "main.main:3", of, "main.work").runs(at(of) + US, of);
        made.region(at(of) + 2 * US, of, 7, true);
        let wait = if of == 2 { "main.work:30" } else { "main.work:20" };
        made.waits(at(of) + 3 * US, of, "chan receive", wait);
    }
    let start = at(N) + 10 * MS;
    for of in 3..2 + N {
        let (timer, at) = (of + N, start + at(of));
        made.passes(at, timer, &[of])
            .runs(at + 4 * US, of)
            .region(at + 5 * US, of, 7, false)
            .ends(at + 6 * US, of);
    }
    let document = made.document(start + at(N) + 50 * MS);
    let rows = document.analysis().hearings().iter().filter(|row| row.deaf);
    let ids: Vec<u64> = rows.map(|row| document.trace().go_id(row.goroutine).0).collect();
    assert_eq!(ids.len(), N as usize - 1, "deaf to each deadline of the task");
    assert!(ids.iter().all(|&id| id == 2), "only the one that heard none");
}

/// One receives what three others send, of which the first one hears, each on a line of its own.
fn gathered(lines: [&str; 3]) -> Document {
    let mut made = Made::new();
    made.running(1, "runtime.main");
    made.go(US, 1, "main.main:3", 2, "main.serve").runs(2 * US, 2);
    for id in [3, 4, 5] {
        let at = i64::from(id) * 10 * US;
        let wait = if id == 3 {
            ("select", "main.fetch:30")
        } else {
            ("sleep", "time.Sleep < main.fetch:31")
        };
        made.go(at, 2, "main.serve:10", id, "main.fetch").runs(at + US, id);
        made.waits(at + 2 * US, id, wait.0, wait.1);
    }
    made.waits(MS, 2, "chan receive", lines[0]);
    made.passes(CANCELLED, 90, &[3]);
    for (n, id) in (0..).zip([3, 4, 5]) {
        let at = CANCELLED + n * 20 * MS + 10 * US;
        if id != 3 {
            made.wakes(at, 0, "", id);
        }
        made.runs(at + US, id).wakes(at + 2 * US, id, "main.fetch:32", 2).ends(at + 3 * US, id);
        made.runs(at + 4 * US, 2);
        if let Some(line) = lines.get(id as usize - 2) {
            made.waits(at + 5 * US, 2, "chan receive", line);
        }
    }
    made.ends(90 * MS, 2).document(99 * MS)
}

#[test]
fn who_sends_the_next_of_several_results_is_deaf_on_whichever_line_it_is_received() {
    assert_eq!(deaf(&gathered(["main.serve:12"; 3])), [(4, 0), (5, 0)]);
    assert_eq!(
        deaf(&gathered(["main.serve:12", "main.serve:13", "main.serve:14"])),
        [(4, 0), (5, 0)]
    );
    let elsewhere = "main.next:20 < main.serve:13";
    assert_eq!(deaf(&gathered(["main.serve:12", elsewhere, elsewhere])), []);
}
