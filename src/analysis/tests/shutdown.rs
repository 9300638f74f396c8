//! Programs that do not come to an end: traces made by hand.

use super::super::{Document, Finding, Rule, Rules};
use super::made::{DEADLINE, MS, Made, US};

const SIGNALLED: &str = "context.(*cancelCtx).cancel < context.WithCancel.func1 < \
                         os/signal.NotifyContext.func1";
const SHUTS_DOWN: &str = "net/http.(*Server).Shutdown < main.main:30";
const EVENTS: &str = "main.events:10 < net/http.(*conn).serve";
const GROUP: &str = "sync.(*WaitGroup).Wait < main.(*pool).stop:40 < main.main:31";

/// When the signal comes, and the trace ends.
const SIGNAL: i64 = 300 * MS;
const END: i64 = 1_500 * MS;

/// The main goroutine, 1, waits for its context, which a signal's goroutine ends, 2.
fn program(begins: impl Fn(&mut Made)) -> Made {
    let mut made = Made::new();
    made.running(1, "runtime.main");
    begins(&mut made);
    made.waits(MS, 1, "chan receive", "main.main:28");
    made
}

fn signalled(made: &mut Made) {
    made.go(SIGNAL, 0, "", 2, "os/signal.NotifyContext.func1").runs(SIGNAL + US, 2);
    made.wakes(SIGNAL + 2 * US, 2, SIGNALLED, 1).ends(SIGNAL + 3 * US, 2).runs(SIGNAL + 4 * US, 1);
}

fn still_alive(document: &Document) -> Vec<(&Finding, Vec<u64>)> {
    let findings = document.analysis().findings().iter();
    let alive = findings.filter(|finding| finding.rule == Rule::StillAlive);
    let ids = |finding: &Finding| {
        finding.goroutines.iter().map(|&of| document.trace().go_id(of).0).collect()
    };
    alive.map(|finding| (finding, ids(finding))).collect()
}

/// A server's loop, 3, and a connection's goroutine, 4, that serves a stream.
fn streams(made: &mut Made) {
    made.go(2 * US, 1, "main.main:20", 3, "net/http.(*Server).Serve").runs(3 * US, 3);
    made.go(4 * US, 3, "net/http.(*Server).Serve", 4, "net/http.(*conn).serve").runs(5 * US, 4);
    made.waits(6 * US, 3, "network", "net.(*netFD).accept < net/http.(*Server).Serve");
    let reader = "net/http.(*connReader).backgroundRead";
    made.go(7 * US, 4, "net/http.(*conn).serve", 5, reader).runs(8 * US, 5);
    made.waits(9 * US, 5, "network", "net.(*conn).Read < net/http.(*connReader).backgroundRead");
    made.waits(10 * US, 4, "select", EVENTS);
}

/// The main goroutine shuts the server down; its loop ends unless another server is shut down.
fn shuts_down(made: &mut Made, loop_ends: bool) {
    if loop_ends {
        made.wakes(SIGNAL + 5 * US, 1, SHUTS_DOWN, 3).runs(SIGNAL + 6 * US, 3);
        made.ends(SIGNAL + 7 * US, 3);
    }
    made.waits(SIGNAL + 8 * US, 1, "select", SHUTS_DOWN);
}

#[test]
fn handlers_that_still_run_when_a_shutdown_gives_up_are_told() {
    for (loop_ends, expected) in [(true, vec![vec![4]]), (false, vec![])] {
        let mut made = program(streams);
        signalled(&mut made);
        shuts_down(&mut made, loop_ends);
        made.timer(SIGNAL + 800 * MS, 6).wakes(SIGNAL + 800 * MS + 2 * US, 6, DEADLINE, 1);
        made.ends(SIGNAL + 800 * MS + 3 * US, 6).runs(SIGNAL + 800 * MS + 4 * US, 1);
        let document = made.document(SIGNAL + 801 * MS);
        let found = still_alive(&document);
        let ids: Vec<Vec<u64>> = found.iter().map(|(_, ids)| ids.clone()).collect();
        assert_eq!(ids, expected, "of a server that goes on nothing is told");
        for (finding, _) in found {
            assert!(finding.message.contains("gave up after 800 ms"), "{}", finding.message);
            assert_eq!(document.trace().string(finding.function), "main.events");
        }
    }
}

#[test]
fn whose_listener_another_closes_is_of_another_server() {
    for (closer, n) in [(1, 1), (7, 0)] {
        let mut made = program(|made| {
            streams(made);
            made.go(20 * US, 1, "main.main:24", 7, "main.other").runs(21 * US, 7);
        });
        signalled(&mut made);
        made.wakes(SIGNAL + 5 * US, closer, SHUTS_DOWN, 3).runs(SIGNAL + 6 * US, 3);
        made.ends(SIGNAL + 7 * US, 3).waits(SIGNAL + 8 * US, 1, "select", SHUTS_DOWN);
        made.passes(SIGNAL + 800 * MS, 6, &[1]).runs(SIGNAL + 801 * MS, 1);
        assert_eq!(still_alive(&made.document(SIGNAL + 802 * MS)).len(), n, "closed by {closer}");
    }
}

#[test]
fn shutdowns_that_give_up_for_one_function_are_one_finding() {
    let mut made = program(|made| {
        streams(made);
        let serve = "net/http.(*Server).Serve";
        made.go(20 * US, 1, "main.main:21", 8, serve).runs(21 * US, 8);
        made.go(22 * US, 8, serve, 9, "net/http.(*conn).serve").runs(23 * US, 9);
        made.waits(24 * US, 8, "network", "net.(*netFD).accept < net/http.(*Server).Serve");
        made.waits(25 * US, 9, "select", EVENTS);
    });
    signalled(&mut made);
    shuts_down(&mut made, true);
    made.passes(SIGNAL + 300 * MS, 6, &[1]).runs(SIGNAL + 301 * MS, 1);
    let again = SIGNAL + 302 * MS;
    made.wakes(again, 1, SHUTS_DOWN, 8).runs(again + US, 8).ends(again + 2 * US, 8);
    made.waits(again + 3 * US, 1, "select", SHUTS_DOWN);
    made.passes(again + 200 * MS, 10, &[1]).runs(again + 201 * MS, 1);
    let document = made.document(again + 202 * MS);
    let found = still_alive(&document);
    let [(finding, ids)] = found.as_slice() else { panic!("{found:?}") };
    // The first server's is not held against the second.
    assert_eq!((finding.count, ids.as_slice()), (2, &[4, 9][..]));
    assert!(
        finding.message.contains("gave up, 2 times, after up to 300 ms"),
        "{}",
        finding.message
    );
}

#[test]
fn so_are_those_for_which_a_shutdown_waits_when_the_trace_ends() {
    for (until, expected) in [(END, vec![vec![4]]), (SIGNAL + 200 * MS, vec![])] {
        let mut made = program(streams);
        signalled(&mut made);
        shuts_down(&mut made, true);
        let document = made.document(until);
        let ids: Vec<_> = still_alive(&document).into_iter().map(|(_, ids)| ids).collect();
        assert_eq!(ids, expected, "a moment is no hang");
    }
}

#[test]
fn a_limit_on_sleeps_is_none_on_hangs() {
    for max_sleep_ns in [50 * MS, 5_000 * MS] {
        for (until, n) in [(END, 1), (SIGNAL + 200 * MS, 0)] {
            let mut made = program(streams);
            signalled(&mut made);
            shuts_down(&mut made, true);
            let document = made.document_by(until, Rules { max_sleep_ns, ..Rules::default() });
            assert_eq!(still_alive(&document).len(), n, "sleeps of {max_sleep_ns} ns are allowed");
        }
    }
}

#[test]
fn a_handler_that_returns_holds_nobody_up() {
    let mut made = program(streams);
    signalled(&mut made);
    shuts_down(&mut made, true);
    made.wakes(SIGNAL + 50 * MS, 0, "", 4).runs(SIGNAL + 50 * MS + US, 4);
    made.waits(SIGNAL + 51 * MS, 4, "network", "net.(*conn).Read < net/http.(*conn).serve");
    assert!(still_alive(&made.document(END)).is_empty());
}

#[test]
fn a_program_that_hangs_says_where_and_who_else_does() {
    let mut made = program(|made| {
        made.go(2 * US, 1, "main.main:20", 3, "main.produce").runs(3 * US, 3);
    });
    made.waits(SIGNAL - MS, 3, "chan send", "main.produce:50");
    signalled(&mut made);
    made.waits(SIGNAL + 5 * US, 1, "chan receive", "main.main:33");
    let document = made.document(END);
    let found = still_alive(&document);
    let [(finding, ids)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(*ids, [1, 3]);
    assert!(finding.message.contains("main.produce:50") || finding.message.contains("50)"));
}

#[test]
fn without_a_signal_a_program_hangs_only_if_nothing_else_runs() {
    for works_on in [false, true] {
        let mut made = program(|made| {
            made.go(2 * US, 1, "main.main:20", 3, "main.produce").runs(3 * US, 3);
            made.go(4 * US, 1, "main.main:21", 4, "main.tick").runs(5 * US, 4);
        });
        made.waits(2 * MS, 3, "chan send", "main.produce:50");
        if works_on {
            made.waits(3 * MS, 4, "sleep", "time.Sleep < main.tick:60");
            made.wakes(1_000 * MS, 0, "", 4).runs(1_000 * MS + US, 4);
        } else {
            made.ends(3 * MS, 4);
        }
        assert_eq!(still_alive(&made.document(END)).len(), usize::from(!works_on));
    }
}

#[test]
fn a_program_that_only_waits_for_something_to_do_is_idle() {
    let mut made = program(|made| {
        made.go(2 * US, 1, "main.main:20", 3, "main.work").runs(3 * US, 3);
    });
    made.waits(2 * MS, 3, "chan receive", "main.work:50");
    assert!(still_alive(&made.document(END)).is_empty());
}

/// Workers of a pool wait for jobs, of which they had some; its `stop` waits for them.
fn pool(started_by: &str) -> Document {
    let mut made = program(|made| {
        for (of, at) in [(3, 2 * US), (4, 10 * US)] {
            made.go(at, 1, started_by, of, "main.(*pool).work").runs(at + US, of);
            made.waits(at + 2 * US, of, "chan receive", "main.(*pool).work:50");
        }
        made.go(20 * US, 1, "main.main:22", 5, "main.feed").runs(21 * US, 5);
    });
    for round in 0..3 {
        for of in [3, 4] {
            let at = (10 + 10 * i64::from(round) + i64::from(of)) * MS;
            made.wakes(at, 5, "main.feed:60", of).runs(at + US, of);
            made.waits(at + 2 * US, of, "chan receive", "main.(*pool).work:50");
        }
    }
    made.ends(90 * MS, 5);
    signalled(&mut made);
    made.waits(SIGNAL + 5 * US, 1, "sync", GROUP);
    made.document(END)
}

#[test]
fn a_pool_that_nobody_tells_to_stop_is_deaf_though_it_takes_jobs() {
    let n_deaf = |document: &Document| document.analysis().summary().deaf;
    assert_eq!(n_deaf(&pool("main.(*pool).start:12 < main.main:19")), 2);
    let other = pool("main.(*server).start:12 < main.main:19");
    assert_eq!(n_deaf(&other), 0, "started by another type's method");
    assert_eq!(still_alive(&other).len(), 1, "but the program hangs");
}

#[test]
fn the_usual_order_of_a_deadlock_is_told_as_well() {
    let mut made = program(|made| {
        made.go(2 * US, 1, "main.main:20", 3, "main.transfer").runs(3 * US, 3);
        made.go(4 * US, 1, "main.main:21", 4, "main.transfer").runs(5 * US, 4);
    });
    // The main goroutine waits before the others get stuck.
    made.waits(100 * MS, 3, "sync", "sync.(*Mutex).Lock < main.transfer:50");
    made.waits(200 * MS, 4, "sync", "sync.(*Mutex).Lock < main.transfer:51");
    assert_eq!(still_alive(&made.document(END)).len(), 1);
}

#[test]
fn a_signal_that_came_by_a_channel_is_one() {
    let mut made = program(|made| {
        made.go(2 * US, 1, "main.main:20", 3, "main.push").runs(3 * US, 3);
        made.go(4 * US, 1, "main.main:21", 4, "main.tick").runs(5 * US, 4);
        made.go(6 * US, 1, "os/signal.Notify", 5, "os/signal.loop").runs(7 * US, 5);
    });
    made.waits(2 * MS, 3, "chan send", "main.push:50").waits(
        3 * MS,
        4,
        "sleep",
        "time.Sleep < main.tick:6",
    );
    made.wakes(SIGNAL, 5, "os/signal.process < os/signal.loop", 1).runs(SIGNAL + US, 1);
    made.waits(SIGNAL + 2 * US, 1, "sync", GROUP);
    made.wakes(1_000 * MS, 0, "", 4).runs(1_000 * MS + US, 4);
    let document = made.document(END);
    let found = still_alive(&document);
    let [(finding, ids)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(*ids, [1, 3]);
    assert!(finding.message.contains("was told to stop"), "{}", finding.message);
}

#[test]
fn who_took_the_connection_over_holds_up_no_shutdown() {
    let mut made = program(streams);
    made.wakes(2 * MS, 0, "", 4).runs(2 * MS + US, 4);
    let hijack = "sync.(*Cond).Wait < net/http.(*connReader).abortPendingRead < \
                  net/http.(*response).Hijack < main.events:12 < net/http.(*conn).serve";
    made.waits(2 * MS + 2 * US, 4, "sync.(*Cond).Wait", hijack);
    made.wakes(2 * MS + 5 * US, 5, "net/http.(*connReader).backgroundRead", 4);
    made.runs(2 * MS + 6 * US, 4).waits(3 * MS, 4, "select", EVENTS);
    signalled(&mut made);
    shuts_down(&mut made, true);
    made.passes(SIGNAL + 800 * MS, 6, &[1]).runs(SIGNAL + 801 * MS, 1);
    assert!(still_alive(&made.document(SIGNAL + 802 * MS)).is_empty());
}

#[test]
fn who_is_still_fed_works_for_somebody() {
    let mut made = program(|made| {
        for (of, at) in [(3, 2 * US), (4, 10 * US)] {
            made.go(at, 1, "main.(*pool).start:12 < main.main:19", of, "main.(*pool).work");
            made.runs(at + US, of);
            made.waits(at + 2 * US, of, "chan receive", "main.(*pool).work:50");
        }
        made.go(20 * US, 1, "main.main:22", 5, "main.feed").runs(21 * US, 5);
    });
    signalled(&mut made);
    made.waits(SIGNAL + 5 * US, 1, "sync", GROUP);
    for round in 1..5 {
        let at = SIGNAL + 100 * MS * i64::from(round);
        made.wakes(at, 5, "main.feed:60", 3).runs(at + US, 3);
        made.waits(at + 2 * US, 3, "chan receive", "main.(*pool).work:50");
    }
    let document = made.document(END);
    let deaf = document.analysis().hearings().iter().filter(|row| row.deaf);
    let deaf: Vec<u64> = deaf.map(|row| document.trace().go_id(row.goroutine).0).collect();
    assert_eq!(deaf, [4]);
}
