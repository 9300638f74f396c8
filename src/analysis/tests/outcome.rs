//! Who was meant to leave and who lives on: traces made by hand.

use super::super::{Document, Ledgers, Outcome};
use super::made::{CANCEL, DEADLINE, MS, Made, TIMER, US};

/// Where the goroutine heard: in a function that its start function called.
const HEARD: &str = "main.handle:30 < main.worker:20";

/// Who ends the goroutine's last wait.
#[derive(Clone, Copy)]
enum Ender {
    /// The main goroutine, which had started it.
    Creator,
    /// A goroutine that it had started itself.
    Child,
    /// Nobody, as far as the trace tells.
    Nobody,
}

/// One goroutine, or two, hears a deadline in `main.handle`, goes on to wait for 60 ms elsewhere,
/// and ends.
fn hears_and_waits(n: u32, wait: &str, ender: Ender) -> Document {
    let mut made = Made::new();
    made.running(1, "runtime.main");
    for of in 2..2 + n {
        let at = i64::from(of) * 10 * US;
        made.go(at, 1, "main.main:3", of, "main.worker").runs(at + US, of);
        made.go(at + 2 * US, of, "main.worker:15", of + 10, "main.helper");
        made.runs(at + 3 * US, of + 10);
        made.waits(at + 4 * US, of, "chan receive", HEARD);
    }
    made.timer(10 * MS, 90);
    let hearers: Vec<u32> = (2..2 + n).rev().collect();
    for (at, &of) in (2..).zip(&hearers) {
        made.wakes(10 * MS + at * US, 90, DEADLINE, of);
    }
    made.ends(10 * MS + 10 * US, 90);
    for (at, &of) in (5..).map(|step| step * 10).zip(&hearers) {
        let at = 10 * MS + at * US;
        made.runs(at, of).waits(at + US, of, "chan receive", wait);
    }
    for (at, &of) in (0..).map(|step| step * 10).zip(&hearers) {
        let at = 70 * MS + at * US;
        match ender {
            Ender::Creator => made.wakes(at, 1, "main.main:8", of),
            Ender::Child => made.wakes(at, of + 10, "main.helper:44", of),
            Ender::Nobody => continue,
        };
        made.runs(at + US, of).ends(at + 2 * US, of);
    }
    made.document(80 * MS)
}

pub(super) fn outcomes(document: &Document) -> Vec<Outcome> {
    document.analysis().hearings().iter().map(|row| row.outcome).collect()
}

#[test]
fn a_worker_whose_job_ran_out_of_time_waits_for_the_next() {
    for ender in [Ender::Creator, Ender::Nobody] {
        let document = hears_and_waits(1, "main.worker:18", ender);
        assert_eq!(outcomes(&document), [Outcome::LivesOn]);
        assert!(document.analysis().findings().is_empty());
    }
}

#[test]
fn who_waits_for_the_results_of_its_own_goroutine_is_late() {
    let document = hears_and_waits(1, "main.worker:18", Ender::Child);
    assert_eq!(outcomes(&document), [Outcome::Exited]);
}

#[test]
fn who_goes_on_to_wait_further_down_is_late() {
    let document = hears_and_waits(1, "main.worker:22", Ender::Creator);
    assert_eq!(outcomes(&document), [Outcome::Exited]);
}

#[test]
fn who_waits_deeper_in_or_was_not_alone_is_late() {
    let document = hears_and_waits(1, "main.drain:50 < main.worker:21", Ender::Creator);
    assert_eq!(outcomes(&document), [Outcome::Exited]);
    let document = hears_and_waits(2, "main.worker:18", Ender::Creator);
    assert_eq!(outcomes(&document), [Outcome::Exited; 2]);
}

/// A goroutine that is started in line 3 hears a cancel and cleans up: it waits under a deadline
/// of its own, which it alone hears, and ends.
fn hears_and_cleans_up(first: &str, heard: &str, cleanup: &str) -> Document {
    let mut made = Made::new();
    made.running(1, "runtime.main");
    made.go(10 * US, 1, "main.main:3", 2, "main.worker").runs(11 * US, 2);
    made.waits(12 * US, 2, "chan receive", heard);
    if first == TIMER {
        made.passes(10 * MS, 90, &[2]);
    } else {
        made.wakes(10 * MS, 1, first, 2);
    }
    made.runs(11 * MS, 2).waits(11 * MS + US, 2, "select", cleanup);
    made.passes(70 * MS, 91, &[2]).runs(70 * MS + 4 * US, 2).ends(70 * MS + 5 * US, 2);
    made.document(80 * MS)
}

#[test]
fn a_deadline_of_its_own_for_cleaning_up_excuses_nobody() {
    let first = format!("{CANCEL} < main.main:5");
    let late = [Outcome::Exited, Outcome::Exited];
    for (heard, cleanup) in [
        ("main.worker:20", "main.worker:24"),
        ("main.worker:20", "main.flush:50 < main.worker:24"),
        ("main.listen:40 < main.worker:20", "main.listen:40 < main.worker:24"),
    ] {
        assert_eq!(outcomes(&hears_and_cleans_up(&first, heard, cleanup)), late, "{cleanup}");
    }
    // Back up in its function it is in a loop, and the second context is another job's.
    let back = hears_and_cleans_up(&first, "main.worker:20", "main.worker:18");
    assert_eq!(outcomes(&back), [Outcome::LivesOn, Outcome::Exited]);
    let again = hears_and_cleans_up(&first, "main.worker:20", "main.worker:20");
    assert_eq!(outcomes(&again), [Outcome::LivesOn, Outcome::Exited]);
    // So it is after a time limit that it alone heard: one operation follows another.
    let next = hears_and_cleans_up(TIMER, "main.worker:20", "main.worker:24");
    assert_eq!(outcomes(&next), [Outcome::LivesOn, Outcome::Exited]);
}

#[test]
fn two_waits_in_the_line_of_the_go_statement_are_no_loop() {
    let first = format!("{CANCEL} < main.main:5");
    let line = "main.main.func1:3";
    assert_eq!(outcomes(&hears_and_cleans_up(&first, line, line)), [Outcome::Exited; 2]);
}

#[test]
fn who_waits_forever_serves_nobody() {
    for (line, reason) in [("main.worker:20", "forever"), ("main.worker:20", "select")] {
        let mut made = Made::new();
        made.running(1, "runtime.main");
        made.go(10 * US, 1, "main.main:3", 2, "main.worker").runs(11 * US, 2);
        made.waits(12 * US, 2, "select", "main.worker:20");
        made.wakes(10 * MS, 1, &format!("{CANCEL} < main.main:5"), 2);
        made.runs(10 * MS + US, 2).waits(10 * MS + 2 * US, 2, reason, line);
        let expected = if reason == "forever" { Outcome::Alive } else { Outcome::LivesOn };
        assert_eq!(outcomes(&made.document(80 * MS)), [expected], "{reason}");
    }
}

#[test]
fn until_a_timer_goes_off_a_wait_is_nobody_elses() {
    let mut made = Made::new();
    made.running(1, "runtime.main");
    made.go(10 * US, 1, "main.main:3", 2, "main.worker").runs(11 * US, 2);
    made.waits(12 * US, 2, "chan receive", "main.worker:20");
    made.wakes(10 * MS, 1, &format!("{CANCEL} < main.main:5"), 2);
    made.runs(10 * MS + US, 2).waits(10 * MS + 2 * US, 2, "chan receive", "main.flush:50");
    // time.AfterFunc: nobody starts it.
    made.go(40 * MS, 0, "", 9, "main.flush.func1").runs(40 * MS + US, 9);
    made.waits(40 * MS + 2 * US, 9, "sleep", "time.Sleep < main.flush.func1:53");
    made.wakes(60 * MS, 0, "", 9).runs(60 * MS + US, 9);
    made.wakes(60 * MS + 2 * US, 9, "main.flush.func1:54", 2).ends(60 * MS + 3 * US, 9);
    made.runs(60 * MS + 4 * US, 2).ends(60 * MS + 5 * US, 2);
    let document = made.document(80 * MS);
    let ledgers = Ledgers::default();
    let mut accountant = document.accountant(&ledgers);
    let links = accountant.account(&document.analysis().hearings()[0]).links();
    let id = |of| document.trace().go_id(of).0;
    let held: Vec<_> = links.map(|link| (id(link.goroutine), link.did.ns / MS)).collect();
    assert_eq!(held, [(2, 29), (9, 19)], "the wait until it began, and the callback's sleep");
}

#[test]
fn a_test_that_hears_thousands_of_deadlines_in_one_handler_lives_on_after_each() {
    const N: u32 = 5_000;
    let handler = "main.TestAll:9 < testing.tRunner:7";
    let mut made = Made::new();
    made.running(1, "runtime.main");
    made.go(US, 1, "main.main:3", 2, "testing.tRunner").runs(2 * US, 2);
    let begins = |n: u32| MS + i64::from(n) * 20 * US;
    for n in 0..N {
        let (at, timer) = (begins(n), n + 3);
        made.waits(at, 2, "select", handler);
        made.passes(at + US, timer, &[2]).runs(at + 5 * US, 2);
    }
    // Only at last is it seen outside the handler.
    let left = begins(N);
    made.waits(left, 2, "chan send", "testing.tRunner.func1:12 < testing.tRunner:8");
    let document = made.document(left + 50 * MS);
    let rows = document.analysis().hearings();
    assert_eq!(rows.len(), N as usize);
    assert!(rows.iter().all(|row| row.outcome == Outcome::LivesOn));
    let mut ends = rows.iter().filter_map(|row| row.end.time());
    assert_eq!(
        ends.next_back().map(crate::base::Time::ns),
        Some(left),
        "it left the handler, and lives"
    );
}

/// A goroutine hears cancels of contexts that it gets one after the other, in a function that its
/// start function calls, and at last stops elsewhere for 60 ms.
fn hears_one_after_the_other(cancels: &[&str], last: &str) -> Document {
    let mut made = Made::new();
    made.running(1, "runtime.main");
    made.go(10 * US, 1, "main.main:3", 2, "main.worker").runs(11 * US, 2);
    let mut at = 0;
    for stack in cancels {
        at += 10 * MS;
        made.preempted(at - 2 * US, 1, "main.main:4").runs(at - US, 1);
        made.waits(at, 2, "chan receive", HEARD);
        made.wakes(at + MS, 1, stack, 2).runs(at + MS + US, 2);
    }
    made.waits(at + MS + 2 * US, 2, "chan send", last);
    made.wakes(at + 60 * MS, 1, "main.main:9", 2).runs(at + 60 * MS + US, 2);
    made.ends(at + 60 * MS + 2 * US, 2);
    made.document(at + 80 * MS)
}

#[test]
fn who_lived_on_after_a_cancel_of_the_same_sort_does_so_after_the_last() {
    let term = format!("{CANCEL} < main.main:5");
    let below = format!("context.(*cancelCtx).cancel < {term}");
    let out = "main.worker:24";
    assert_eq!(outcomes(&hears_one_after_the_other(&[&*term; 3], out)), [Outcome::LivesOn; 3]);
    // Who never comes out of the function in which it heard is stuck.
    let stuck = hears_one_after_the_other(&[&*term; 2], "main.handle:33 < main.worker:20");
    assert_eq!(outcomes(&stuck), [Outcome::LivesOn, Outcome::Exited]);
    // From further up: that ends the contexts of all turns.
    let all = hears_one_after_the_other(&[&term, &below], out);
    assert_eq!(outcomes(&all), [Outcome::LivesOn, Outcome::Exited]);
    let only = hears_one_after_the_other(&[&term], out);
    assert_eq!(outcomes(&only), [Outcome::Exited]);
}

#[test]
fn a_callback_and_a_helper_that_hear_it_too_leave_a_time_limit_private() {
    for (creator, expected) in [(2, Outcome::LivesOn), (1, Outcome::Alive)] {
        let mut made = Made::new();
        made.running(1, "runtime.main");
        made.go(10 * US, 1, "main.main:3", 2, "main.worker").runs(11 * US, 2);
        made.go(20 * US, creator, "main.handle:28", 3, "main.helper").runs(21 * US, 3);
        made.waits(22 * US, 3, "chan receive", "main.helper:40");
        made.waits(23 * US, 2, "chan receive", HEARD);
        made.timer(10 * MS, 90);
        made.wakes(10 * MS + 2 * US, 90, DEADLINE, 2).wakes(10 * MS + 3 * US, 90, DEADLINE, 3);
        let callback = format!("context.(*afterFuncCtx).cancel < {DEADLINE}");
        made.go(10 * MS + 4 * US, 90, &callback, 4, "main.handle.func1").ends(10 * MS + 5 * US, 90);
        made.runs(10 * MS + 6 * US, 4).ends(10 * MS + 7 * US, 4);
        made.runs(10 * MS + 8 * US, 3).ends(10 * MS + 9 * US, 3);
        // It waits for the next job.
        made.runs(10 * MS + 10 * US, 2);
        made.waits(10 * MS + 11 * US, 2, "chan receive", "main.worker:18");
        let document = made.document(80 * MS);
        let mut rows = document.analysis().hearings().iter();
        let worker = rows.find(|row| document.trace().go_id(row.goroutine).0 == 2);
        assert_eq!(worker.map(|row| row.outcome), Some(expected), "created by {creator}");
    }
}

/// A goroutine waits for work with this stack, gets some, hears the cancel of its context, by one of
/// its own goroutines or by the main one, and waits with another stack until the trace ends.
fn takes_work(work: &str, by_child: bool, then: (&str, &str)) -> Document {
    let mut made = Made::new();
    made.running(1, "runtime.main");
    made.go(10 * US, 1, "main.main:3", 2, "main.worker").runs(11 * US, 2);
    if !work.is_empty() {
        made.waits(12 * US, 2, "chan receive", work);
        made.wakes(MS, 1, "main.main:4", 2).runs(MS + US, 2);
    }
    made.go(MS + 2 * US, 2, "main.handle:29 < main.worker:20", 3, "main.reader")
        .runs(MS + 3 * US, 3);
    made.waits(MS + 4 * US, 2, "chan receive", HEARD);
    let canceller = if by_child { (3, "main.reader:50") } else { (1, "main.main:5") };
    made.wakes(10 * MS, canceller.0, &format!("{CANCEL} < {}", canceller.1), 2);
    made.runs(10 * MS + US, 2).waits(10 * MS + 2 * US, 2, then.0, then.1);
    made.document(80 * MS)
}

#[test]
fn who_takes_work_by_a_helper_goes_back_to_it() {
    let next = "main.next:70 < main.worker:18";
    let again = takes_work(next, false, ("chan receive", next));
    assert_eq!(outcomes(&again), [Outcome::LivesOn]);
    // A lock that the loop takes, too, is no work.
    let locks =
        takes_work(next, false, ("sync", "sync.(*Mutex).Lock < main.count:80 < main.worker:22"));
    assert_eq!(outcomes(&locks), [Outcome::Alive]);
    let elsewhere =
        takes_work(next, false, ("chan receive", "main.next:70 < main.drain:60 < main.worker:22"));
    assert_eq!(outcomes(&elsewhere), [Outcome::Alive]);
}

#[test]
fn who_is_cancelled_by_its_own_goroutine_goes_on_to_the_next() {
    let out = ("select", "main.backoff:90 < main.worker:24");
    assert_eq!(outcomes(&takes_work("", true, out)), [Outcome::LivesOn]);
    assert_eq!(outcomes(&takes_work("", false, out)), [Outcome::Alive]);
    let sleeps = ("sleep", "time.Sleep < main.worker:24");
    assert_eq!(outcomes(&takes_work("", true, sleeps)), [Outcome::Alive]);
    let joins = ("sync", "sync.(*WaitGroup).Wait < main.worker:24");
    assert_eq!(outcomes(&takes_work("", true, joins)), [Outcome::Alive]);
    let stuck = ("chan receive", "main.handle:33 < main.worker:20");
    assert_eq!(outcomes(&takes_work("", true, stuck)), [Outcome::Alive]);
}

#[test]
fn a_timer_that_calls_cancel_is_a_time_limit() {
    for (timer, expected) in [(true, Outcome::LivesOn), (false, Outcome::Alive)] {
        let mut made = Made::new();
        made.running(1, "runtime.main");
        made.go(10 * US, 1, "main.main:3", 2, "main.worker").runs(11 * US, 2);
        made.waits(MS, 2, "chan receive", HEARD);
        let by = if timer { (0, "") } else { (1, "main.main:7") };
        made.go(10 * MS, by.0, by.1, 90, "main.guard.func1").runs(10 * MS + US, 90);
        made.wakes(10 * MS + 2 * US, 90, &format!("{CANCEL} < main.guard.func1:9"), 2);
        made.ends(10 * MS + 3 * US, 90).runs(10 * MS + 4 * US, 2);
        made.waits(10 * MS + 5 * US, 2, "chan receive", "main.worker:18");
        assert_eq!(outcomes(&made.document(80 * MS)), [expected], "{timer}");
    }
}

#[test]
fn thousands_of_cancels_by_turns_in_ones_own_code_and_in_a_call_are_judged_at_once() {
    const N: u32 = 10_000;
    let mut made = Made::new();
    made.running(1, "runtime.main");
    made.go(US, 1, "main.main:3", 2, "main.worker").runs(2 * US, 2);
    let begins = |n: u32| MS + i64::from(n) * 20 * US;
    let places = [HEARD, "database/sql.(*DB).PingContext < main.handle:31 < main.worker:20"];
    for n in 0..N {
        let (at, timer) = (begins(n), n + 3);
        made.waits(at, 2, "select", places[n as usize % 2]);
        made.passes(at + US, timer, &[2]).runs(at + 5 * US, 2);
    }
    // Each asked for all that came after it took minutes.
    let document = made.document(begins(N) + 50 * MS);
    let outcomes = outcomes(&document);
    assert_eq!(outcomes.len(), N as usize);
    assert!(outcomes[..N as usize - 2].iter().all(|&it| it == Outcome::LivesOn));
}

/// What waits when the trace begins hears a deadline; then it waits for so long in one place, and
/// ends soon after it waited in another.
fn heard_from_before(next: (&str, &str)) -> Vec<Outcome> {
    let mut made = Made::new();
    made.running(1, "runtime.main").waiting(2);
    made.passes(10 * MS, 90, &[2]).runs(11 * MS, 2);
    made.waits(11 * MS + US, 2, next.0, next.1).wakes(60 * MS, 0, "", 2).runs(61 * MS, 2);
    made.waits(62 * MS, 2, "sleep", "time.Sleep < main.client:9").wakes(70 * MS, 0, "", 2);
    made.runs(71 * MS, 2).ends(72 * MS, 2);
    outcomes(&made.document(80 * MS))
}

#[test]
fn who_waited_before_the_trace_began_was_in_the_call_in_which_it_waits_next() {
    let call = "net/http.(*Transport).roundTrip < net/http.(*Client).Do < main.client:7";
    for reason in ["select", "sync", "chan receive"] {
        assert_eq!(heard_from_before((reason, call)), [Outcome::LivesOn], "{reason}");
    }
    for (reason, stack) in [
        ("select", "main.client:7"),
        ("sleep", "time.Sleep < main.client:7"),
        ("sync", "sync.(*WaitGroup).Wait < main.client:7"),
        ("network", "internal/poll.(*FD).Read < net.(*conn).Read < main.client:7"),
    ] {
        assert_eq!(heard_from_before((reason, stack)), [Outcome::Exited], "{stack}");
    }
}

/// A server's goroutine runs a handler for each request, which hears a deadline of its own, itself or in
/// a function that it calls, and then sleeps for 60 ms.
fn serves(n: u32, heard: &str) -> Document {
    let mut made = Made::new();
    made.running(1, "runtime.main");
    made.go(US, 1, "net/http.(*Server).Serve", 2, "net/http.(*conn).serve").runs(2 * US, 2);
    for request in 0..n {
        let at = MS + i64::from(request) * 100 * MS;
        made.waits(at, 2, "network", "net.(*conn).Read < net/http.(*conn).serve");
        made.wakes(at + US, 0, "", 2).runs(at + 2 * US, 2);
        made.waits(at + 3 * US, 2, "select", heard).passes(at + 10 * MS, 90 + request, &[2]);
        made.runs(at + 10 * MS + 5 * US, 2);
        made.waits(
            at + 11 * MS,
            2,
            "sleep",
            "time.Sleep < main.handle:32 < net/http.(*conn).serve",
        );
        made.wakes(at + 71 * MS, 0, "", 2).runs(at + 71 * MS + US, 2);
    }
    let end = i64::from(n) * 100 * MS;
    made.waits(end, 2, "network", "net.(*conn).Read < net/http.(*conn).serve");
    made.document(end + 10 * MS)
}

#[test]
fn each_request_of_a_connection_is_judged_by_itself() {
    let handler = "main.handle:30 < net/http.(*conn).serve";
    assert_eq!(outcomes(&serves(3, handler)), [Outcome::Exited; 3]);
    // The sleep of the request before is no earlier round of a loop in this one.
    let callee = "main.acquire:40 < main.handle:30 < net/http.(*conn).serve";
    assert_eq!(outcomes(&serves(3, callee)), [Outcome::Exited; 3]);
}
