//! Which wakes are of one cancel: traces made by hand.

use super::super::{Cause, Document};
use super::made::{BELOW, CANCEL, DEADLINE, MS, Made, US};

/// Where those that wait for a context do so.
const DONE: &str = "main.worker:9";

/// The main goroutine, 1, starts others, 2 and up, which wait one after the other, 10 µs apart.
fn waiters(n: u32) -> Made {
    let mut made = Made::new();
    made.running(1, "runtime.main");
    for of in 2..2 + n {
        let at = i64::from(of) * 10 * US;
        made.go(at, 1, "main.start:5 < main.main", of, "main.worker");
        made.runs(at + US, of).waits(at + 2 * US, of, "chan receive", DONE);
    }
    made
}

/// A stack inside a cancel, which a function of the program's called.
fn below(context: &str, caller: &str) -> String {
    format!("{context} < {caller} < main.main")
}

/// Each cancel: when, by whom, whom it reached.
fn cancels(document: &Document) -> Vec<(i64, u64, Vec<u64>)> {
    let (trace, analysis) = (document.trace(), document.analysis());
    let id = |goroutine| trace.life(goroutine).id.0;
    let heard = |cancel| analysis.heard(cancel).iter().map(|row| id(row.goroutine)).collect();
    let row = |cancel| (cancel, heard(cancel));
    let rows = analysis.cancels().iter().map(row);
    rows.map(|(cancel, heard)| (cancel.at.ns(), cancel.by.map_or(0, id), heard)).collect()
}

#[test]
fn one_call_wakes_those_who_came_last_first() {
    let mut made = waiters(3);
    let stack = below(CANCEL, "main.stop:20");
    for (at, of) in [(0, 4), (300, 3), (600, 2)] {
        made.wakes(MS + at, 1, &stack, of);
    }
    assert_eq!(cancels(&made.document(2 * MS)), [(MS, 1, vec![4, 3, 2])]);
}

#[test]
fn a_loop_of_cancels_is_told_apart_by_who_came_later() {
    let mut made = waiters(6);
    let stack = below(CANCEL, "main.stopAll:20");
    for (at, of) in [(0, 3), (300, 2), (600, 5), (900, 4), (1_200, 7), (1_500, 6)] {
        made.wakes(MS + at, 1, &stack, of);
    }
    let expected = [(MS, 1, vec![3, 2]), (MS + 600, 1, vec![5, 4]), (MS + 1_200, 1, vec![7, 6])];
    assert_eq!(cancels(&made.document(2 * MS)), expected);
}

#[test]
fn a_loop_of_cancels_is_told_apart_by_coming_back_up() {
    let mut made = waiters(4);
    let (top, deep) = (below(CANCEL, "main.stopAll:20"), below(BELOW, "main.stopAll:20"));
    for (at, stack, of) in [(0, &top, 5), (300, &deep, 4), (600, &top, 3), (900, &deep, 2)] {
        made.wakes(MS + at, 1, stack, of);
    }
    let document = made.document(2 * MS);
    assert_eq!(cancels(&document), [(MS, 1, vec![5, 4]), (MS + 600, 1, vec![3, 2])]);
    assert!(document.analysis().cancels().iter().all(|cancel| cancel.depth == 2));
}

#[test]
fn two_lines_are_two_cancels() {
    let mut made = waiters(2);
    made.wakes(MS, 1, &below(CANCEL, "main.stop:20"), 3);
    made.wakes(MS + 300, 1, &below(CANCEL, "main.stop:21"), 2);
    assert_eq!(cancels(&made.document(2 * MS)), [(MS, 1, vec![3]), (MS + 300, 1, vec![2])]);
}

#[test]
fn who_hears_and_cancels_makes_a_cancel_of_its_own() {
    let mut made = waiters(3);
    made.wakes(MS, 1, &below(CANCEL, "main.stop:20"), 4);
    made.runs(MS + 100, 4);
    let relay = format!("{CANCEL} < main.relay:30 < main.worker");
    made.wakes(MS + 200, 4, &relay, 3).wakes(MS + 500, 4, &relay, 2).ends(MS + 900, 4);
    let document = made.document(2 * MS);
    assert_eq!(cancels(&document), [(MS, 1, vec![4]), (MS + 200, 4, vec![3, 2])]);
    let last = document.analysis().cancels().last().and_then(|cancel| cancel.site);
    assert_eq!(last.map(|site| document.trace().string(site.function)), Some("main.relay"));
}

#[test]
fn cancels_by_several_at_once_are_each_ones_own() {
    let mut made = waiters(4);
    made.go(100 * US, 1, "main.start:6 < main.main", 8, "main.closer").runs(101 * US, 8);
    let (one, other) = (below(CANCEL, "main.stop:20"), format!("{CANCEL} < main.closer:40"));
    made.wakes(MS, 1, &one, 5).wakes(MS + 50, 8, &other, 4);
    made.wakes(MS + 300, 1, &one, 3).wakes(MS + 350, 8, &other, 2);
    let expected = [(MS, 1, vec![5, 3]), (MS + 50, 8, vec![4, 2])];
    assert_eq!(cancels(&made.document(2 * MS)), expected);
}

#[test]
fn a_watcher_passes_on_a_foreign_parents_cancel() {
    let mut made = waiters(2);
    let watcher = "context.(*cancelCtx).propagateCancel.func2";
    made.go(100 * US, 1, "context.(*cancelCtx).propagateCancel < main.main", 9, watcher);
    made.runs(101 * US, 9).waits(102 * US, 9, "select", watcher);
    made.wakes(MS, 1, "main.(*own).close:50 < main.main", 9).runs(MS + 100, 9);
    let stack = format!("context.(*cancelCtx).cancel < {watcher}");
    made.wakes(MS + 200, 9, &stack, 3).wakes(MS + 5 * MS, 9, &stack, 2).ends(7 * MS, 9);
    let document = made.document(9 * MS);
    assert_eq!(cancels(&document), [(MS + 200, 9, vec![3, 2])]);
    assert_eq!(document.analysis().cancels()[0].cause, Cause::Parent);
}

#[test]
fn a_finalizer_cancels_for_the_one_who_set_it() {
    let mut made = waiters(2);
    made.running(9, "runtime.runFinalizers");
    let stack = format!("{CANCEL} < main.(*handle).free:60 < runtime.runFinalizers");
    made.wakes(MS, 9, &stack, 3).wakes(MS + 300, 9, &stack, 2);
    // The next object's, from the same line.
    made.waits(MS + 900, 9, "finalizer wait", "runtime.runFinalizers");
    let document = made.document(2 * MS);
    assert_eq!(cancels(&document), [(MS, 9, vec![3, 2])]);
    let cancel = &document.analysis().cancels()[0];
    assert_eq!(cancel.cause, Cause::Explicit);
    let site = cancel.site.map(|site| document.trace().string(site.function));
    assert_eq!(site, Some("main.(*handle).free"));
}

#[test]
fn a_panic_on_its_way_up_cancels_by_what_was_deferred() {
    let mut made = waiters(2);
    let panic = "runtime.gopanic < runtime.panicmem < runtime.sigpanic < main.load:71";
    let stack = format!("{CANCEL} < main.load.deferwrap1:70 < {panic} < main.main");
    made.wakes(MS, 1, &stack, 3).wakes(MS + 300, 1, &stack, 2);
    let document = made.document(2 * MS);
    assert_eq!(cancels(&document), [(MS, 1, vec![3, 2])]);
    let cancel = &document.analysis().cancels()[0];
    assert_eq!(cancel.cause, Cause::Explicit);
    assert_eq!(cancel.site.map(|site| site.line), Some(70));
}

#[test]
fn a_cancel_goes_on_in_the_next_generation() {
    let mut made = waiters(3);
    let stack = below(CANCEL, "main.stop:20");
    made.wakes(MS, 1, &stack, 4).generation(MS + 200).wakes(MS + 400, 1, &stack, 3);
    made.wakes(MS + 700, 1, &stack, 2);
    let document = made.document(2 * MS);
    assert_eq!(cancels(&document), [(MS, 1, vec![4, 3, 2])]);
    let waited: Vec<_> = document.analysis().hearings().iter().map(|row| row.stack).collect();
    assert!(waited.iter().all(|stack| *stack == waited[0]), "{waited:?}");
}

#[test]
fn a_canceller_that_is_preempted_inside_is_in_the_same_call() {
    let stack = below(CANCEL, "main.stop:20");
    let inside =
        below("context.(*cancelCtx).cancel:562 < context.WithCancel.func1", "main.stop:20");
    for (at, n) in [(&*stack, 1), (&*inside, 1), ("main.stop:19 < main.main", 2)] {
        let mut made = waiters(2);
        made.wakes(MS, 1, &stack, 3).preempted(MS + 100, 1, at).runs(21 * MS, 1);
        made.wakes(21 * MS + 100, 1, &stack, 2);
        assert_eq!(made.document(30 * MS).analysis().cancels().len(), n, "{at}");
    }
}

#[test]
fn a_canceller_that_waits_for_a_lock_inside_is_in_the_same_call() {
    let stack = below(CANCEL, "main.stop:20");
    let lock = format!("sync.(*Mutex).Lock < context.removeChild < {stack}");
    let elsewhere = "sync.(*Mutex).Lock < main.stop:19 < main.main";
    for (waits, n) in [(&*lock, 1), (elsewhere, 2)] {
        let mut made = waiters(2);
        made.running(9, "main.holder").wakes(MS, 1, &stack, 3);
        made.waits(MS + 100, 1, "sync", waits);
        made.wakes(3 * MS, 9, "sync.(*Mutex).Unlock < main.holder:80", 1).runs(3 * MS + 100, 1);
        made.wakes(3 * MS + 200, 1, &stack, 2);
        assert_eq!(made.document(4 * MS).analysis().cancels().len(), n, "{waits}");
    }
}

#[test]
fn a_canceller_that_does_something_else_in_between_calls_anew() {
    let stack = below(CANCEL, "main.stopAll:20");
    let acts: [fn(&mut Made); 4] = [
        |made| {
            made.wakes(MS + 500, 1, "main.stopAll:21 < main.main", 4);
        },
        |made| {
            made.go(MS + 500, 1, "main.stopAll:22 < main.main", 9, "main.worker");
        },
        |made| {
            made.logs(MS + 500, 1, 0, "just saying", "main.stopAll:23 < main.main");
        },
        |made| {
            made.region(MS + 500, 1, 1, true);
        },
    ];
    for (n, act) in acts.iter().enumerate() {
        let mut made = waiters(3);
        made.wakes(MS, 1, &stack, 3);
        act(&mut made);
        made.wakes(MS + 1_000, 1, &stack, 2);
        let document = made.document(2 * MS);
        assert_eq!(cancels(&document), [(MS, 1, vec![3]), (MS + 1_000, 1, vec![2])], "{n}");
    }
}

#[test]
fn a_deadline_begins_with_its_timer_and_reaches_all_below() {
    let mut made = waiters(3);
    made.timer(MS, 9);
    let below = format!("context.(*cancelCtx).cancel < {DEADLINE}");
    made.wakes(MS + 1_600, 9, DEADLINE, 4).wakes(MS + 1_900, 9, &below, 3);
    made.preempted(MS + 1_950, 9, "main.later:90 < main.main");
    // A timer's goroutine cancels one context, whatever else it seems to do.
    made.runs(4 * MS, 9).wakes(4 * MS + 100, 9, DEADLINE, 2).ends(5 * MS, 9);
    let document = made.document(6 * MS);
    assert_eq!(cancels(&document), [(MS, 9, vec![4, 3, 2])]);
    let cancel = &document.analysis().cancels()[0];
    assert_eq!((cancel.cause, cancel.depth, cancel.site), (Cause::Deadline, 2, None));
}
