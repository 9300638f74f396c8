//! Who was asked for an answer that the cancel outran, and whom a group's wait is for: traces made
//! by hand.

use super::super::{Document, Evidence};
use super::made::{DEADLINE, MS, Made, US};

/// When the context ends.
const CANCELLED: i64 = 20 * MS;

const SELECT: &str = "main.ask:12 < main.serve:4";
const GROUP: &str = "sync.(*WaitGroup).Wait < main.serve:20";
const SIGNALLED: &str = "context.(*cancelCtx).cancel < context.WithCancel.func1 < \
                         os/signal.NotifyContext.func1";

/// The main goroutine, and one that serves, 2.
fn serving() -> Made {
    let mut made = Made::new();
    made.running(1, "runtime.main");
    made.go(US, 1, "main.main:3", 2, "main.serve").runs(2 * US, 2);
    made
}

/// One starts another from its own function, which works until long after.
fn asks(made: &mut Made, at: i64, by: u32, of: u32) {
    made.go(at, by, "main.ask:9 < main.serve:4", of, "main.answer").runs(at + US, of);
    made.waits(at + 2 * US, of, "sleep", "time.Sleep < main.answer:30");
}

/// It ends, and may let somebody go on before.
fn ends(made: &mut Made, at: i64, of: u32, wakes: Option<u32>) {
    made.wakes(at, 0, "", of).runs(at + US, of);
    if let Some(other) = wakes {
        made.wakes(at + 2 * US, of, "main.answer:31", other);
    }
    made.ends(at + 3 * US, of);
}

/// The numbers of those who are deaf, each once.
fn deaf(document: &Document) -> Vec<u64> {
    let rows = document.analysis().hearings().iter().filter(|row| row.deaf);
    let mut deaf: Vec<u64> = rows
        .inspect(|row| assert_eq!(row.evidence, Evidence::WaitedOn))
        .map(|row| document.trace().go_id(row.goroutine).0)
        .collect();
    deaf.sort_unstable();
    deaf.dedup();
    deaf
}

/// Callers, 10 and up, that each start one with nothing to say, and then wait in a select: a stranger
/// answers the first, the deadline ends the second's wait. `answers` says that the first one's is what
/// it had started.
fn beside(answers: bool) -> Document {
    let mut made = Made::new();
    made.running(1, "runtime.main");
    made.go(US, 1, "main.main:3", 5, "main.pay").runs(2 * US, 5);
    made.waits(3 * US, 5, "sleep", "time.Sleep < main.pay:50");
    for (at, asks) in [(10 * US, 10), (MS, 20)] {
        made.go(at, 1, "main.main:4", asks, "main.checkout").runs(at + US, asks);
        made.go(at + 2 * US, asks, "main.checkout:12", asks + 1, "main.emit");
        made.waits(at + 3 * US, asks, "select", "main.checkout:20").runs(at + 4 * US, asks + 1);
        made.waits(at + 5 * US, asks + 1, "sleep", "time.Sleep < main.emit:30");
    }
    if answers {
        made.wakes(5 * MS, 0, "", 11).runs(5 * MS + US, 11);
        made.wakes(5 * MS + 2 * US, 11, "main.emit:32", 10).ends(5 * MS + 3 * US, 11);
    } else {
        made.wakes(5 * MS, 0, "", 5).runs(5 * MS + US, 5);
        made.wakes(5 * MS + 2 * US, 5, "main.pay:52", 10);
    }
    made.runs(6 * MS, 10).ends(6 * MS + US, 10);
    made.timer(10 * MS, 90).wakes(10 * MS + US, 90, DEADLINE, 20).ends(10 * MS + 2 * US, 90);
    made.runs(10 * MS + 3 * US, 20).ends(10 * MS + 4 * US, 20);
    made.wakes(60 * MS, 0, "", 21).runs(60 * MS + US, 21).ends(60 * MS + 2 * US, 21);
    made.document(100 * MS)
}

#[test]
fn who_never_answers_where_strangers_do_was_asked_for_nothing() {
    let is_deaf = |document: &Document| document.analysis().hearings().iter().any(|row| row.deaf);
    assert!(is_deaf(&beside(true)), "it answers, and did not stop");
    assert!(!is_deaf(&beside(false)), "it does something else");
}

#[test]
fn who_is_asked_for_an_answer_that_nobody_waits_for_any_longer_is_deaf() {
    let mut made = serving();
    asks(&mut made, 10 * US, 2, 3);
    made.waits(20 * US, 2, "select", SELECT).passes(CANCELLED, 9, &[2]);
    made.runs(CANCELLED + 10 * US, 2).ends(CANCELLED + 20 * US, 2);
    ends(&mut made, 120 * MS, 3, None);
    assert_eq!(deaf(&made.document(200 * MS)), [3]);
}

#[test]
fn of_several_questions_in_a_row_each_is_deaf_to_its_own_deadline() {
    let mut made = serving();
    for round in 0..3 {
        let (at, worker) = (10 * US + i64::from(round) * CANCELLED, 3 + round);
        asks(&mut made, at, 2, worker);
        made.waits(at + 10 * US, 2, "select", SELECT).passes(at + 11 * MS, 90 + round, &[2]);
        made.runs(at + 11 * MS + 10 * US, 2);
    }
    made.ends(110 * MS, 2);
    for (at, worker) in [(120, 3), (121, 4), (122, 5)] {
        ends(&mut made, at * MS, worker, None);
    }
    let document = made.document(200 * MS);
    assert_eq!(deaf(&document), [3, 4, 5]);
    let n_deaf = document.analysis().hearings().iter().filter(|row| row.deaf).count();
    assert_eq!(n_deaf, 3, "none to another one's");
}

#[test]
fn who_was_started_for_what_a_select_brought_was_asked_for_no_answer() {
    let mut made = serving();
    made.waits(5 * US, 2, "select", SELECT).wakes(MS, 1, "main.main:5", 2).runs(MS + US, 2);
    asks(&mut made, 2 * MS, 2, 3);
    made.waits(3 * MS, 2, "select", SELECT).passes(CANCELLED, 9, &[2]);
    made.runs(CANCELLED + 10 * US, 2).ends(CANCELLED + 20 * US, 2);
    ends(&mut made, 120 * MS, 3, None);
    assert_eq!(deaf(&made.document(200 * MS)), [0; 0]);
}

#[test]
fn who_is_told_to_stop_in_another_way_is_not_deaf() {
    let mut made = serving();
    made.go(10 * US, 2, "main.ask:9 < main.serve:4", 3, "main.answer").runs(11 * US, 3);
    made.waits(12 * US, 3, "chan receive", "main.answer:30");
    made.waits(20 * US, 2, "select", SELECT).passes(CANCELLED, 9, &[2]);
    made.runs(CANCELLED + 10 * US, 2).wakes(CANCELLED + 11 * US, 2, "main.ask:14", 3);
    made.ends(CANCELLED + 20 * US, 2).runs(CANCELLED + 21 * US, 3).ends(120 * MS, 3);
    assert_eq!(deaf(&made.document(200 * MS)), [0; 0]);
}

#[test]
fn who_answers_several_does_not_end_with_the_first_ones_context() {
    let mut made = serving();
    made.go(3 * US, 1, "main.main:4", 4, "main.serve").runs(4 * US, 4);
    asks(&mut made, 10 * US, 2, 3);
    made.waits(20 * US, 2, "select", SELECT).waits(21 * US, 4, "select", SELECT);
    made.passes(CANCELLED, 9, &[2]);
    made.runs(CANCELLED + 10 * US, 2).ends(CANCELLED + 20 * US, 2);
    ends(&mut made, 120 * MS, 3, Some(4));
    made.runs(121 * MS, 4).ends(122 * MS, 4);
    assert_eq!(deaf(&made.document(200 * MS)), [0; 0]);
}

#[test]
fn who_helps_to_answer_several_is_not_deaf_either() {
    let mut made = serving();
    made.go(3 * US, 1, "main.main:4", 4, "main.serve").runs(4 * US, 4);
    made.go(10 * US, 2, "main.ask:9 < main.serve:4", 3, "main.answer").runs(11 * US, 3);
    made.go(12 * US, 3, "main.answer:28", 5, "main.help").runs(13 * US, 5);
    made.waits(14 * US, 5, "sleep", "time.Sleep < main.help:50");
    made.waits(15 * US, 3, "chan receive", "main.answer:30");
    made.waits(20 * US, 2, "select", SELECT).waits(21 * US, 4, "select", SELECT);
    made.passes(CANCELLED, 9, &[2]);
    made.runs(CANCELLED + 10 * US, 2).ends(CANCELLED + 20 * US, 2);
    ends(&mut made, 110 * MS, 5, Some(3));
    made.runs(111 * MS, 3).wakes(112 * MS, 3, "main.answer:31", 4).ends(113 * MS, 3);
    made.runs(114 * MS, 4).ends(115 * MS, 4);
    assert_eq!(deaf(&made.document(200 * MS)), [0; 0]);
}

#[test]
fn who_gathers_answers_is_held_up_by_the_one_that_is_deaf() {
    let mut made = serving();
    asks(&mut made, 10 * US, 2, 3);
    made.go(15 * US, 2, "main.ask:10 < main.serve:4", 4, "main.gather").runs(16 * US, 4);
    made.waits(17 * US, 4, "sync", "sync.(*WaitGroup).Wait < main.gather:40");
    made.waits(20 * US, 2, "select", SELECT).passes(CANCELLED, 9, &[2]);
    made.runs(CANCELLED + 10 * US, 2).ends(CANCELLED + 20 * US, 2);
    ends(&mut made, 120 * MS, 3, Some(4));
    made.runs(121 * MS, 4).ends(122 * MS, 4);
    assert_eq!(deaf(&made.document(200 * MS)), [3]);
}

/// The main goroutine starts two, waits for its context, and then for both. These may have taken
/// jobs before.
fn main_joins(take_jobs: bool, ends_by_deadline: bool) -> Document {
    let mut made = Made::new();
    made.running(1, "main.main");
    let mut at = 10 * US;
    for of in [3, 4] {
        made.go(at, 1, "main.main:9", of, "main.work").runs(at + US, of);
        for _ in 0..if take_jobs { 2 } else { 0 } {
            made.waits(at + 2 * US, of, "chan receive", "main.work:30");
            made.wakes(at + 3 * US, 1, "main.main:10", of).runs(at + 4 * US, of);
            at += 5 * US;
        }
        made.waits(at + 5 * US, of, "sleep", "time.Sleep < main.work:31");
        at += 10 * US;
    }
    made.waits(MS, 1, "chan receive", "main.main:12");
    if ends_by_deadline {
        made.passes(CANCELLED, 9, &[1]);
    } else {
        made.go(2 * MS, 1, "main.main:2", 8, "os/signal.NotifyContext.func1").runs(3 * MS, 8);
        made.wakes(CANCELLED, 8, SIGNALLED, 1).ends(CANCELLED + US, 8);
    }
    made.runs(CANCELLED + 10 * US, 1);
    made.waits(CANCELLED + 11 * US, 1, "sync", "sync.(*WaitGroup).Wait < main.main:14");
    for (at, of, wakes) in [(80 * MS, 3, None), (90 * MS, 4, Some(1))] {
        made.wakes(at, 0, "", of).runs(at + US, of);
        if let Some(other) = wakes {
            made.wakes(at + 2 * US, of, "sync.(*WaitGroup).Done < main.work:33", other);
        }
        made.ends(at + 3 * US, of);
    }
    made.runs(91 * MS, 1).document(100 * MS)
}

#[test]
fn those_for_whom_the_main_goroutine_waits_after_its_context_are_deaf() {
    for ends_by_deadline in [true, false] {
        assert_eq!(deaf(&main_joins(false, ends_by_deadline)), [3, 4]);
        assert_eq!(
            deaf(&main_joins(true, ends_by_deadline)),
            [0; 0],
            "they end when no job is left"
        );
    }
}

/// The main goroutine is told by a signal, waits in some place for some time, and then for its worker.
fn joins_after_a_stop(reason: &str, stack: &str, ns: i64) -> Document {
    let mut made = Made::new();
    made.running(1, "runtime.main").go(US, 1, "main.main:9", 3, "main.work").runs(2 * US, 3);
    made.waits(3 * US, 3, "sleep", "time.Sleep < main.work:31");
    made.waits(MS, 1, "chan receive", "main.main:12");
    made.go(2 * MS, 1, "main.main:2", 8, "os/signal.NotifyContext.func1").runs(3 * MS, 8);
    made.wakes(CANCELLED, 8, SIGNALLED, 1).runs(CANCELLED + 10 * US, 1);
    made.waits(CANCELLED + 11 * US, 1, reason, stack);
    let then = CANCELLED + 11 * US + ns;
    made.wakes(then, 8, "", 1).ends(then + US, 8).runs(then + 2 * US, 1);
    made.waits(then + 3 * US, 1, "sync", "sync.(*WaitGroup).Wait < main.main:14");
    made.wakes(290 * MS, 0, "", 3).runs(290 * MS + US, 3);
    made.wakes(290 * MS + 2 * US, 3, "sync.(*WaitGroup).Done < main.work:33", 1);
    made.ends(290 * MS + 3 * US, 3).runs(291 * MS, 1).document(300 * MS)
}

#[test]
fn what_is_over_in_a_moment_is_not_what_one_waits_for_next() {
    let stops = "runtime.chanrecv1 < runtime.sigdisable < os/signal.Stop < main.main:13";
    let lock = "sync.(*Mutex).Lock < log.(*Logger).output < main.main:13";
    for (reason, stack, ns, is_told) in [
        ("chan receive", stops, 20 * US, true),
        ("sync", lock, MS, true),
        ("GC mark assist wait for work", "runtime.gcAssistAlloc < main.main:13", MS, true),
        ("sync", lock, 50 * MS, false),
        ("chan receive", "runtime.chanrecv1 < main.main:13", MS, false),
        ("select", "runtime.selectgo < main.main:13", MS, false),
    ] {
        let found = deaf(&joins_after_a_stop(reason, stack, ns));
        assert_eq!(found, if is_told { vec![3] } else { vec![] }, "{stack} {ns}");
    }
}

/// Three ask for an answer each, and hear; who answers the first one waits for what it needs where the
/// next ones do, gives it on to `n` of them at once, and each of these on to one.
fn hands_on(place: &str, n: u32) -> Document {
    let mut made = Made::new();
    made.running(1, "runtime.main").go(US, 1, "main.main:9", 9, "main.own").runs(2 * US, 9);
    made.waits(3 * US, 9, "sleep", "time.Sleep < main.own:70");
    for of in [10, 20, 30] {
        let (at, answers) = (i64::from(of) * 10 * US, of + 1);
        made.go(at, 1, "main.main:3", of, "main.serve").runs(at + US, of);
        made.go(at + 2 * US, of, "main.ask:9 < main.serve:4", answers, "main.answer");
        made.runs(at + 3 * US, answers);
        let place = if of == 10 { place } else { "main.take:40 < main.answer:30" };
        made.waits(at + 4 * US, answers, "chan receive", place);
        made.waits(at + 5 * US, of, "select", SELECT);
    }
    for (of, timer) in [(10, 90), (20, 91), (30, 92)] {
        let at = CANCELLED + i64::from(of) * 100 * US;
        made.passes(at, timer, &[of]).runs(at + 10 * US, of).ends(at + 20 * US, of);
    }
    made.wakes(100 * MS, 0, "", 9).runs(100 * MS + US, 9).wakes(100 * MS + 2 * US, 9, GIVES, 11);
    made.ends(100 * MS + 3 * US, 9).runs(100 * MS + 4 * US, 11);
    made.wakes(120 * MS, 11, GIVES, 21);
    if n > 1 {
        made.wakes(120 * MS + US, 11, GIVES, 31);
    }
    made.ends(120 * MS + 2 * US, 11).runs(120 * MS + 3 * US, 21);
    if n == 1 {
        made.wakes(140 * MS, 21, GIVES, 31);
    }
    made.ends(140 * MS + US, 21).runs(140 * MS + 2 * US, 31).ends(160 * MS, 31);
    made.document(200 * MS)
}

const GIVES: &str = "main.give:50 < main.answer:31";

#[test]
fn who_gives_on_what_it_had_to_wait_for_itself_answers_nobody_else() {
    let take = "main.take:40 < main.answer:30";
    assert_eq!(deaf(&hands_on(take, 1)), [11, 21, 31]);
    assert_eq!(deaf(&hands_on(take, 2)), [21, 31], "what it tells several is their answer, too");
    assert_eq!(deaf(&hands_on("main.compute:60 < main.answer:30", 1)), [21, 31]);
}

/// One that serves starts two that listen and one more, and waits for all; that one never ends.
fn hangs(same_kind: bool) -> Document {
    let mut made = serving();
    for (at, of) in [(10 * US, 3), (20 * US, 4)] {
        made.go(at, 2, "main.serve:10", of, "main.listen").runs(at + US, of);
        made.waits(at + 2 * US, of, "chan receive", "main.listen:30");
    }
    let (line, start) =
        if same_kind { ("main.serve:10", "main.listen") } else { ("main.serve:11", "main.watch") };
    made.go(30 * US, 2, line, 5, start).runs(31 * US, 5);
    made.waits(32 * US, 5, "select", "main.stuck:40 < main.listen:33");
    made.waits(40 * US, 2, "sync", GROUP).timer(CANCELLED, 9);
    for (at, of) in [(2 * US, 4), (5 * US, 3)] {
        made.wakes(CANCELLED + at, 9, DEADLINE, of).runs(CANCELLED + at + US, of);
        made.ends(CANCELLED + at + 2 * US, of);
    }
    made.ends(CANCELLED + 20 * US, 9);
    made.document(200 * MS)
}

#[test]
fn a_group_that_still_waits_when_the_trace_ends_waits_for_the_deaf() {
    let document = hangs(true);
    assert_eq!(deaf(&document), [5]);
    let row = document.analysis().hearings().iter().find(|row| row.deaf).expect("one is");
    assert_eq!(row.outcome, super::super::Outcome::Alive);
    assert_eq!(deaf(&hangs(false)), [0; 0], "it may have a context of its own");
}

/// One that serves starts so many that listen and one that does not, by one statement, and waits for
/// all; and again. Each time there is a new context.
fn fans_out(n_listen: u32) -> Document {
    let mut made = serving();
    for round in 0..3 {
        let (at, first) = (MS + i64::from(round) * 200 * MS, 10 * (round + 1));
        let worker = first + n_listen;
        for of in first..=worker {
            let at = at + i64::from(of - first) * 10 * US;
            made.go(at, 2, "main.serve:10", of, "main.work").runs(at + US, of);
            let (reason, wait) = if of < worker {
                ("chan receive", "main.work:30")
            } else {
                ("sleep", "time.Sleep < main.work:34")
            };
            made.waits(at + 2 * US, of, reason, wait);
        }
        made.waits(at + MS, 2, "sync", GROUP);
        let told: Vec<u32> = (first..worker).rev().collect();
        made.passes(at + 20 * MS, 90 + round, &told);
        for (n, &of) in (0..).zip(&told) {
            let at = at + 21 * MS + n * 10 * US;
            made.runs(at, of).ends(at + US, of);
        }
        ends(&mut made, at + 120 * MS, worker, Some(2));
        made.runs(at + 121 * MS, 2);
    }
    made.ends(700 * MS, 2).document(800 * MS)
}

#[test]
fn who_is_deaf_in_a_fan_out_is_so_each_time() {
    assert_eq!(deaf(&fans_out(2)), [12, 22, 32]);
    assert_eq!(deaf(&fans_out(1)), [0; 0], "the deadline may be that one's own");
}
