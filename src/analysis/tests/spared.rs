//! Who seems to be deaf and is not, each beside one who is: traces made by hand.

use super::super::Document;
use super::made::{CANCEL, DEADLINE, MS, Made, US};

/// The numbers of those who are deaf.
pub(super) fn deaf(document: &Document) -> Vec<u64> {
    let rows = document.analysis().hearings().iter().filter(|row| row.deaf);
    rows.map(|row| document.trace().go_id(row.goroutine).0).collect()
}

/// The main goroutine, and another one, 2, that does what a test is about.
pub(super) fn made() -> Made {
    let mut made = Made::new();
    made.running(1, "runtime.main").go(US, 1, "main.main:3", 2, "main.run").runs(2 * US, 2);
    made
}

/// One starts another, which goes to wait at once; neither takes longer than this.
pub(super) fn starts(
    made: &mut Made,
    at: i64,
    (by, line): (u32, &str),
    of: u32,
    (start, wait): (&str, [&str; 2]),
) {
    made.go(at, by, line, of, start).runs(at + US, of).waits(at + 2 * US, of, wait[0], wait[1]);
}

/// One wakes up, lets 2 go on as its last act, and 2 ends a moment later.
pub(super) fn lets_go(made: &mut Made, at: i64, of: u32, stack: &str) {
    made.wakes(at, 0, "", of).runs(at + US, of).wakes(at + 2 * US, of, stack, 2);
    made.ends(at + 3 * US, of).runs(at + MS, 2).ends(at + 2 * MS, 2);
}

pub(super) const SLEEPS: [&str; 2] = ["sleep", "time.Sleep < main.work:40"];

/// A canceller waits for two: one that left a library's call at once, and one that slept on.
fn beside_one_that_left(line: &str) -> Document {
    let mut made = made();
    let retries = ["select", "golang.org/x/sync/semaphore.(*Weighted).Acquire < main.good:30"];
    starts(&mut made, 10 * US, (2, "main.run:4"), 3, ("main.good", retries));
    starts(&mut made, 20 * US, (2, line), 4, ("main.work", SLEEPS));
    made.wakes(10 * MS, 2, &format!("{CANCEL} < main.run:7"), 3);
    made.waits(10 * MS + US, 2, "sync", "sync.(*WaitGroup).Wait < main.run:8");
    made.runs(10 * MS + 2 * US, 3).ends(10 * MS + 3 * US, 3);
    lets_go(&mut made, 60 * MS, 4, "sync.(*WaitGroup).Done < main.work:41");
    made.document(70 * MS)
}

#[test]
fn who_stays_longer_than_one_that_left_its_call_at_once_is_deaf() {
    assert_eq!(deaf(&beside_one_that_left("main.run:5")), [4]);
    assert_eq!(deaf(&beside_one_that_left("main.other:5 < main.run:5")), [0; 0], "of other making");
}

/// A goroutine serves what a reader of its own brings, the third under a context of its own, and waits
/// for the next, until the reader ends.
fn served(n_brought: i64) -> Document {
    const NEXT: &str = "main.run:12";
    let mut made = made();
    let reads = ["network", "internal/poll.(*FD).Read < main.read:20"];
    starts(&mut made, 10 * US, (2, "main.run:10"), 3, ("main.read", reads));
    made.waits(20 * US, 2, "chan receive", NEXT);
    for n in 1..=n_brought {
        let at = n * MS;
        made.wakes(at, 0, "", 3).runs(at + US, 3).wakes(at + 2 * US, 3, "main.read:21", 2);
        made.waits(at + 3 * US, 3, reads[0], reads[1]).runs(at + 4 * US, 2);
        if n < n_brought {
            made.waits(at + 5 * US, 2, "chan receive", NEXT);
        }
    }
    if n_brought == 0 {
        made.wakes(8 * MS, 0, "", 2).runs(8 * MS + US, 2);
    }
    let listens = ["chan receive", "main.watch:30"];
    starts(&mut made, 9 * MS, (2, "main.job:14 < main.run:13"), 4, ("main.watch", listens));
    made.wakes(10 * MS, 2, &format!("{CANCEL} < main.job:15 < main.run:13"), 4);
    made.waits(10 * MS + US, 2, "chan receive", NEXT);
    made.runs(10 * MS + 2 * US, 4).ends(10 * MS + 3 * US, 4);
    made.wakes(60 * MS, 0, "", 3).runs(60 * MS + US, 3);
    made.wakes(60 * MS + 2 * US, 3, "main.read:22", 2).ends(60 * MS + 3 * US, 3);
    made.runs(61 * MS, 2).ends(62 * MS, 2);
    made.document(70 * MS)
}

#[test]
fn who_brings_one_thing_to_do_after_another_is_part_of_none() {
    assert_eq!(deaf(&served(0)), [3]);
    assert_eq!(deaf(&served(2)), [0; 0]);
}

/// Three members of a group: one under a context of its own, which another one cancels, and one that
/// waits in the same helper, or in its own code.
fn helped(place: &str, by: u32) -> Document {
    let mut made = made();
    let helper = "main.wait:30";
    let under = ["select", &format!("{helper} < main.run.func1:11")];
    let other = ["select", &format!("{place} < main.run.func2:12")];
    starts(&mut made, 10 * US, (2, "main.run:10"), 3, ("main.run.func1", under));
    starts(&mut made, 20 * US, (2, "main.run:10"), 4, ("main.run.func2", other));
    made.go(30 * US, 2, "main.run:10", 5, "main.run.func3").runs(31 * US, 5);
    if by == 5 {
        made.waits(40 * US, 2, "sync", "sync.(*WaitGroup).Wait < main.run:14");
        made.wakes(10 * MS, 5, &format!("{CANCEL} < main.run.func3:13"), 3).ends(10 * MS + US, 5);
    } else {
        made.ends(40 * US, 5).wakes(10 * MS, 2, &format!("{CANCEL} < main.run:13"), 3);
        made.waits(10 * MS + US, 2, "sync", "sync.(*WaitGroup).Wait < main.run:14");
    }
    made.runs(10 * MS + 2 * US, 3).ends(10 * MS + 3 * US, 3);
    lets_go(&mut made, 60 * MS, 4, "sync.(*WaitGroup).Done < main.run.func2:12");
    made.document(70 * MS)
}

#[test]
fn who_waits_in_a_helper_that_listens_may_have_been_given_another_context() {
    assert_eq!(deaf(&helped("main.wait:31", 5)), [4]);
    assert_eq!(deaf(&helped("main.wait:30", 5)), [0; 0]);
    // Whose creator cancels should have that one's: the line that gave it another is told.
    let document = helped("main.wait:30", 2);
    assert_eq!(deaf(&document), [4]);
    let finding = &document.analysis().findings()[0];
    assert!(finding.message.ends_with(", called in main.run.func2 (main.go:12)"), "{finding:?}");
    assert!(finding.fix.starts_with("Others hear in that select"), "{finding:?}");
}

/// One starts a load, does something else for 17 ms, and then pings for 100 ms, or has a context of
/// `age` nanoseconds more for both.
fn pinged(age: i64) -> Document {
    let mut made = made();
    starts(&mut made, 10 * US, (2, "main.run:4"), 3, ("main.work", SLEEPS));
    made.waits(20 * US, 2, "sleep", "time.Sleep < main.run:5");
    made.wakes(17 * MS, 0, "", 2).runs(17 * MS + US, 2);
    made.waits(17 * MS + 2 * US, 2, "select", "main.ping:20 < main.run:6");
    let at = 117 * MS - age;
    made.timer(at, 9).wakes(at + 2 * US, 9, DEADLINE, 2).ends(at + 3 * US, 9);
    made.runs(at + 4 * US, 2).waits(at + 5 * US, 2, "chan receive", "main.run:8");
    lets_go(&mut made, 200 * MS, 3, "main.work:41");
    made.document(210 * MS)
}

#[test]
fn a_limit_made_for_one_that_alone_heard_it_is_no_others() {
    assert_eq!(deaf(&pinged(17 * MS)), [3], "100 ms after both began");
    assert_eq!(deaf(&pinged(4 * MS)), [3], "no round time after either");
    assert_eq!(deaf(&pinged(0)), [0; 0], "100 ms after the ping");
}

/// A server hears, tells its worker to stop, and waits for it; the worker takes its time.
fn told(frees: bool) -> Document {
    let mut made = made();
    let idle = if frees { ["select", "main.work:39"] } else { SLEEPS };
    starts(&mut made, 10 * US, (2, "main.run:4"), 3, ("main.work", idle));
    made.waits(20 * US, 2, "select", "main.run:5");
    made.wakes(10 * MS, 1, &format!("{CANCEL} < main.main:9"), 2).runs(10 * MS + US, 2);
    if frees {
        made.wakes(10 * MS + 2 * US, 2, "main.run:6", 3).runs(10 * MS + 3 * US, 3);
        made.waits(10 * MS + 4 * US, 3, SLEEPS[0], SLEEPS[1]);
    }
    made.waits(10 * MS + 5 * US, 2, "chan receive", "main.run:7");
    lets_go(&mut made, 60 * MS, 3, "main.work:41");
    made.document(70 * MS)
}

#[test]
fn who_was_told_by_the_one_that_waits_for_it_is_not_deaf_however_long_it_takes() {
    assert_eq!(deaf(&told(false)), [3]);
    assert_eq!(deaf(&told(true)), [0; 0]);
}

/// A page calls two functions that each start a goroutine, the first of which listens; the second
/// sleeps, after it has taken what others bring or not. It waits for one after the other.
fn called(takes: bool) -> Document {
    let mut made = made();
    let listens = ["select", "main.price.func1:30"];
    let (price, quote) = ("main.price:20 < main.run:4", "main.quote:21 < main.run:5");
    starts(&mut made, 10 * US, (2, price), 3, ("main.price.func1", listens));
    let idle = ["chan receive", "main.quote.func1:39"];
    starts(&mut made, 20 * US, (2, quote), 4, ("main.quote.func1", idle));
    made.waits(30 * US, 2, "chan receive", "main.run:6");
    for n in 1..=3 {
        let by = u32::from(takes);
        made.wakes(n * MS, by, "main.main:9", 4).runs(n * MS + US, 4);
        let next = if n == 3 { SLEEPS } else { idle };
        made.waits(n * MS + 2 * US, 4, next[0], next[1]);
    }
    made.passes(10 * MS, 9, &[3]).runs(10 * MS + 10 * US, 3);
    made.wakes(10 * MS + 11 * US, 3, "main.price.func1:32", 2).ends(10 * MS + 12 * US, 3);
    made.runs(10 * MS + 13 * US, 2).waits(10 * MS + 14 * US, 2, "chan receive", "main.run:6");
    made.wakes(60 * MS, 0, "", 4).runs(60 * MS + US, 4);
    made.wakes(60 * MS + 2 * US, 4, "main.quote.func1:41", 2).ends(60 * MS + 3 * US, 4);
    made.runs(61 * MS, 2).ends(62 * MS, 2);
    made.document(70 * MS)
}

#[test]
fn who_takes_what_a_pipeline_brings_goes_on_until_there_is_no_more() {
    assert_eq!(deaf(&called(false)), [4], "of two calls in one go");
    assert_eq!(deaf(&called(true)), [0; 0]);
}

/// One listens to a deadline whose timer's goroutine waits so long for a processor, and one only looks
/// every other moment whether it has passed; both leave at once then.
fn starved(ms: i64) -> Document {
    let mut made = made();
    starts(&mut made, 10 * US, (2, "main.run:4"), 3, ("main.listen", ["select", "main.listen:30"]));
    made.go(20 * US, 2, "main.run:5", 4, "main.hash").runs(21 * US, 4);
    made.waits(30 * US, 2, "sync", "sync.(*WaitGroup).Wait < main.run:6");
    made.go(10 * MS, 0, "", 9, "context.WithDeadlineCause.func2").preempted(
        30 * MS,
        4,
        "main.hash:40",
    );
    made.runs(30 * MS + US, 4);
    let at = (10 + ms) * MS;
    made.runs(at, 9).wakes(at + US, 9, DEADLINE, 3).ends(at + 2 * US, 9);
    made.runs(at + 3 * US, 3).ends(at + 4 * US, 3);
    let at = at.max(60 * MS);
    made.wakes(at + 5 * US, 4, "sync.(*WaitGroup).Done < main.hash:42", 2).ends(at + 6 * US, 4);
    made.runs(at + 7 * US, 2).ends(at + 8 * US, 2);
    made.document(90 * MS)
}

#[test]
fn before_a_deadlines_timer_has_run_nobody_is_deaf_to_it() {
    assert_eq!(deaf(&starved(1)), [4], "it went on for 50 ms");
    assert_eq!(deaf(&starved(50)), [0; 0]);
}

/// Of two for whom a goroutine waits one leaves at once, and the other just before the trace ends, or
/// it only says so before that.
fn last(ends: bool) -> Document {
    let mut made = made();
    starts(&mut made, 10 * US, (2, "main.run:4"), 3, ("main.work", ["select", "main.work:30"]));
    starts(&mut made, 20 * US, (2, "main.run:4"), 4, ("main.work", SLEEPS));
    made.waits(30 * US, 2, "chan receive", "main.run:6").passes(10 * MS, 9, &[3]);
    made.runs(10 * MS + 10 * US, 3).wakes(10 * MS + 11 * US, 3, "main.work:41", 2);
    made.ends(10 * MS + 12 * US, 3).runs(10 * MS + 13 * US, 2);
    made.waits(10 * MS + 14 * US, 2, "chan receive", "main.run:6");
    made.wakes(60 * MS, 0, "", 4).runs(60 * MS + US, 4).wakes(
        60 * MS + 2 * US,
        4,
        "main.work:41",
        2,
    );
    if ends {
        made.ends(60 * MS + 3 * US, 4);
    }
    made.runs(60 * MS + 500 * US, 2).document(60 * MS + 900 * US)
}

#[test]
fn whose_last_act_is_the_traces_is_deaf_all_the_same() {
    assert_eq!(deaf(&last(true)), [4]);
    assert_eq!(deaf(&last(false)), [4]);
}
