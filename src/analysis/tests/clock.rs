//! Deadlines that nobody listened to, and whose they were by the clock: traces made by hand.

use super::super::{Document, Evidence, Rule};
use super::made::{MS, Made, US};

const STATEMENT: &str = "main.main:8";
const SLEEP: &str = "time.Sleep < main.work:3";
const GROUP: &str = "sync.(*WaitGroup).Wait < main.main:12";

/// One that starts workers, 1, which is not to be the main goroutine, and its creator, 100.
fn starting() -> Made {
    let mut made = Made::new();
    made.running(100, "runtime.main");
    made.go(US, 100, "main.main:3", 1, "main.serve").runs(2 * US, 1);
    made
}

/// A worker is started, and sleeps.
fn starts(made: &mut Made, at: i64, of: u32) {
    made.go(at, 1, STATEMENT, of, "main.work").runs(at + US, of);
    made.waits(at + 2 * US, of, "sleep", SLEEP);
}

/// It wakes up, lets 1 go on if that waits for it, and ends.
fn ends(made: &mut Made, at: i64, of: u32, lets_go: bool) {
    made.wakes(at, 0, "", of).runs(at + US, of);
    if lets_go {
        made.wakes(at + 2 * US, of, "main.work:5", 1);
    }
    made.ends(at + 3 * US, of);
    if lets_go {
        made.runs(at + 4 * US, 1);
    }
}

/// The numbers of those who are deaf, each with its evidence and its cancel.
fn deaf(document: &Document) -> Vec<(u64, Evidence, u32)> {
    let rows = document.analysis().hearings().iter().filter(|row| row.deaf);
    rows.map(|row| (document.trace().go_id(row.goroutine).0, row.evidence, row.cancel)).collect()
}

fn n_found(document: &Document, rule: Rule) -> u32 {
    let findings = document.analysis().findings().iter();
    findings.filter(|finding| finding.rule == rule).map(|finding| finding.count).sum()
}

/// A worker for each of some times, of which each is waited for, and a deadline for each of others.
fn in_turn(starts_at: &[i64], deadlines: &[i64], lasts: i64) -> Document {
    let mut made = starting();
    let mut passed = deadlines.iter().zip(200..).peekable();
    for (&at, of) in starts_at.iter().zip(10..) {
        starts(&mut made, at, of);
        made.waits(at + 3 * US, 1, "chan receive", "main.main:9");
        while let Some((&at, timer)) = passed.next_if(|(deadline, _)| **deadline < at + lasts) {
            made.passes(at, timer, &[]);
        }
        ends(&mut made, at + lasts, of, true);
    }
    for (&at, timer) in passed {
        made.passes(at, timer, &[]);
    }
    made.document(3_000 * MS)
}

#[test]
fn who_is_always_at_work_the_same_time_after_its_start_has_that_limit() {
    // 37 ms is no round number, and each is a little late.
    let starts_at = [10 * MS, 140 * MS, 301 * MS, 477 * MS];
    let late = [0, 300 * US, 900 * US, 100 * US];
    let deadlines: Vec<i64> =
        starts_at.iter().zip(late).map(|(at, late)| at + 37 * MS + late).collect();
    let document = in_turn(&starts_at, &deadlines, 100 * MS);
    let expected: Vec<_> = (10..14).zip(0..).map(|(of, id)| (of, Evidence::WaitedOn, id)).collect();
    assert_eq!(deaf(&document), expected);
    assert_eq!(n_found(&document, Rule::Deaf), 4);
    assert_eq!(n_found(&document, Rule::LongSleep), 4);
}

#[test]
fn deadlines_at_any_time_are_nobodys() {
    let starts_at = [10 * MS, 140 * MS, 301 * MS, 477 * MS];
    let deadlines = [47 * MS, 203 * MS, 322 * MS, 531 * MS];
    assert_eq!(deaf(&in_turn(&starts_at, &deadlines, 100 * MS)), []);
}

#[test]
fn among_very_many_deadlines_every_time_is_met() {
    let starts_at = [10 * MS, 140 * MS, 301 * MS, 477 * MS];
    let deadlines: Vec<i64> = (20..600).map(|at| at * MS).collect();
    assert_eq!(deaf(&in_turn(&starts_at, &deadlines, 100 * MS)), []);
}

#[test]
fn one_alone_has_its_only_deadline_after_a_round_time() {
    for (limit, is_told) in [
        (50 * MS + 400 * US, true),
        (100 * MS + 1_100 * US, true),
        (150 * MS, true),
        (120 * MS + 500 * US, true),
        (300 * MS + 3_500 * US, true),
        (103 * MS, false),
        (57 * MS, false),
    ] {
        let document = in_turn(&[10 * MS], &[10 * MS + limit], 400 * MS);
        let expected = if is_told { vec![(10, Evidence::WaitedOn, 0)] } else { vec![] };
        assert_eq!(deaf(&document), expected, "{limit}");
    }
    let several = in_turn(&[10 * MS], &[110 * MS, 210 * MS], 400 * MS);
    assert_eq!(deaf(&several), [], "of two deadlines either may be another one's");
    let long = in_turn(&[10 * MS], &[60 * MS], 2_000 * MS);
    assert_eq!(deaf(&long), [], "who is at work 40 limits later was not to end then");
}

#[test]
fn a_group_is_started_with_one_context() {
    let mut made = starting();
    for of in 10..14 {
        starts(&mut made, 10 * MS + i64::from(of) * 10 * US, of);
    }
    made.waits(12 * MS, 1, "sync", GROUP).passes(210 * MS + 800 * US, 200, &[]);
    for of in 10..14 {
        ends(&mut made, 500 * MS + i64::from(of) * MS, of, of == 13);
    }
    let found = deaf(&made.document(1_000 * MS));
    let expected: Vec<_> = (10..14).map(|of| (of, Evidence::WaitedOn, 0)).collect();
    assert_eq!(found, expected);
}

#[test]
fn of_whom_nobody_waits_for_only_its_sleep_is_told() {
    let mut made = starting();
    for (of, at) in (10..16).zip([10, 33, 59, 71, 94, 120]) {
        starts(&mut made, at * MS, of);
    }
    for (timer, at) in (200..206).zip([10, 33, 59, 71, 94, 120]) {
        made.passes((at + 230) * MS, timer, &[]);
    }
    for (of, at) in (10..16).zip([10, 33, 59, 71, 94, 120]) {
        ends(&mut made, (at + 500) * MS, of, false);
    }
    let document = made.document(1_000 * MS);
    assert_eq!(deaf(&document), []);
    assert_eq!(n_found(&document, Rule::LongSleep), 6);
}

#[test]
fn who_waits_for_one_that_is_deaf_by_the_clock_is_only_held_up() {
    let mut made = starting();
    starts(&mut made, 10 * MS, 10);
    // The worker has a helper from its beginning on.
    made.wakes(10 * MS + 3 * US, 1, "", 10).runs(10 * MS + 4 * US, 10);
    made.go(10 * MS + 5 * US, 10, "main.work:4", 11, "main.help").runs(10 * MS + 6 * US, 11);
    made.waits(10 * MS + 7 * US, 10, "chan receive", "main.work:5");
    made.waits(10 * MS + 8 * US, 11, "sleep", "time.Sleep < main.help:30");
    made.waits(11 * MS, 1, "chan receive", "main.main:9");
    made.passes(110 * MS + 500 * US, 200, &[]);
    made.wakes(300 * MS, 0, "", 11).runs(300 * MS + US, 11);
    made.wakes(300 * MS + 2 * US, 11, "main.help:31", 10).ends(300 * MS + 3 * US, 11);
    made.runs(300 * MS + 4 * US, 10).wakes(300 * MS + 5 * US, 10, "main.work:6", 1);
    made.ends(300 * MS + 6 * US, 10).runs(300 * MS + 7 * US, 1);
    assert_eq!(deaf(&made.document(1_000 * MS)), [(11, Evidence::WaitedOn, 0)]);
}

#[test]
fn who_slept_when_its_creators_context_was_cancelled_is_told() {
    let mut made = starting();
    starts(&mut made, 10 * MS, 10);
    made.waits(10 * MS + 3 * US, 1, "select", "main.serve:6").passes(60 * MS, 200, &[1]);
    made.runs(60 * MS + 10 * US, 1).ends(60 * MS + 20 * US, 1);
    ends(&mut made, 400 * MS, 10, false);
    let document = made.document(1_000 * MS);
    assert_eq!(deaf(&document), []);
    assert_eq!(n_found(&document, Rule::LongSleep), 1);
}

#[test]
fn who_goes_round_in_the_background_is_at_no_one_thing() {
    for rounds in [2, 8] {
        let mut made = starting();
        starts(&mut made, 10 * MS, 10);
        made.waits(11 * MS, 1, "chan receive", "main.main:9").passes(110 * MS + 300 * US, 200, &[]);
        for round in 0..rounds {
            let at = (150 + 50 * round) * MS;
            made.wakes(at, 0, "", 10).runs(at + US, 10).waits(at + 2 * US, 10, "sleep", SLEEP);
        }
        ends(&mut made, 600 * MS, 10, true);
        assert_eq!(deaf(&made.document(1_000 * MS)).len(), usize::from(rounds == 2), "{rounds}");
    }
}

#[test]
fn whose_sleep_ends_with_the_recording_ends_the_recording() {
    let mut made = starting();
    for (of, at) in (10..14).zip([10, 33, 59, 71]) {
        starts(&mut made, at * MS, of);
        made.passes((at + 1) * MS, 300 + of, &[]);
    }
    for (timer, at) in (200..204).zip([10, 33, 59, 71]) {
        made.passes((at + 230) * MS, timer, &[]);
    }
    for of in 10..13 {
        ends(&mut made, 500 * MS + i64::from(of) * MS, of, false);
    }
    made.wakes(600 * MS, 0, "", 13).runs(600 * MS + US, 13);
    assert_eq!(n_found(&made.document(601 * MS), Rule::LongSleep), 3);
}

/// Workers that are started one after the other, each with a limit of 230 ms, of which the last ends the
/// wait for their group; that begins when most have had their deadline.
fn joined_late(wait: &str, has_peers: bool) -> Document {
    let starts_at = [10, 33, 59, 71, 94, 120];
    let mut made = starting();
    for (of, at) in (10..16).zip(starts_at) {
        starts(&mut made, at * MS, of);
        if has_peers {
            let peer = of + 20;
            made.go(at * MS + 10 * US, 1, "main.main:9", peer, "main.peer");
            made.runs(at * MS + 11 * US, peer);
            made.waits(at * MS + 12 * US, peer, "chan receive", "main.peer:60");
        }
    }
    for (timer, at) in (200..204).zip(starts_at) {
        made.passes((at + 230) * MS, timer, &[]);
    }
    made.waits(310 * MS, 1, "sync", wait);
    for (timer, at) in (204..206).zip([94, 120]) {
        made.passes((at + 230) * MS, timer, &[]);
    }
    for (of, at) in (10..16).zip(starts_at) {
        ends(&mut made, (at + 500) * MS, of, of == 15);
    }
    made.document(1_000 * MS)
}

#[test]
fn a_group_that_is_waited_for_only_in_the_end_was_waited_for() {
    let found: Vec<u64> = deaf(&joined_late(GROUP, false)).iter().map(|(of, ..)| *of).collect();
    assert_eq!(found, [10, 11, 12, 13, 14, 15]);
    // Whose word ends another wait may be asked for many things.
    assert_eq!(deaf(&joined_late("sync.(*Mutex).Lock < main.main:12", false)), []);
    let found: Vec<u64> = deaf(&joined_late(GROUP, true)).iter().map(|(of, ..)| *of).collect();
    assert_eq!(
        found,
        [14, 15],
        "the others' deadlines may be those of what was started beside them"
    );
}

#[test]
fn those_that_leave_in_time_do_not_have_the_limits_of_those_before_them() {
    // Most start 26 ms after the one before, and so 34 ms before its deadline.
    let starts_at = [10, 36, 62, 100, 126, 152, 178, 204, 230, 256, 282];
    let mut events: Vec<(i64, u32, u8)> = Vec::new();
    for (at, of) in starts_at.into_iter().zip(10..) {
        events.extend([(at * MS, of, 0), ((at + 60) * MS, of, 1), ((at + 64) * MS + US, of, 2)]);
    }
    events.push((300 * MS, 1, 3));
    events.sort_unstable();
    let mut made = starting();
    for (at, of, what) in events {
        match what {
            0 => starts(&mut made, at, of),
            1 => {
                made.passes(at + 10 * US, 200 + of, &[]);
            }
            2 => ends(&mut made, at + 20 * US, of, of == 20),
            _ => {
                made.waits(at + 30 * US, 1, "sync", GROUP);
            }
        }
    }
    assert_eq!(deaf(&made.document(1_000 * MS)), []);
}

/// One starts a job each 50 ms, under a limit of 150 ms; the last three contexts end otherwise, as the one
/// that starts them does. The main goroutine waits for all in the end, and the last job lets it go on.
#[test]
fn of_jobs_at_regular_intervals_the_first_has_met_its_limit_and_not_anothers() {
    const N: i64 = 15;
    let mut made = starting();
    let mut events: Vec<(i64, u32, u8)> = Vec::new();
    for (n, of) in (0..N).zip(10..) {
        let at = (10 + 50 * n) * MS;
        events.push((at, of, 0));
        if n < N - 3 {
            events.push((at + 150 * MS + 300 * US, of, 1));
        }
        events.push((at + 420 * MS, of, 2));
    }
    let stop = (10 + 50 * N) * MS;
    events.push((stop, 1, 3));
    events.sort_unstable();
    for (at, of, what) in events {
        match what {
            0 => starts(&mut made, at, of),
            1 => {
                made.passes(at, 200 + of, &[]);
            }
            2 => {
                made.wakes(at, 0, "", of).runs(at + US, of);
                if i64::from(of) == 10 + N - 1 {
                    made.wakes(at + 2 * US, of, "sync.(*WaitGroup).Done < main.work:5", 100);
                }
                made.ends(at + 3 * US, of);
            }
            _ => {
                made.ends(at, 1);
                made.waits(at + US, 100, "sync", "sync.(*WaitGroup).Wait < main.main:12");
            }
        }
    }
    let document = made.document(3_000 * MS);
    let found = deaf(&document);
    assert_eq!(found.len(), 12);
    let limit = |of: u64| {
        let row = document.analysis().hearings().iter().find(|row| row.deaf);
        let row = row.filter(|row| document.trace().go_id(row.goroutine).0 == of);
        row.map(|row| row.overstay_ns / MS)
    };
    assert_eq!(limit(10), Some(269), "its own deadline, and not the one 100 ms later");
}

#[test]
fn results_that_are_gathered_one_by_one_are_all_waited_for() {
    let mut made = starting();
    for of in 10..13 {
        starts(&mut made, 10 * MS + i64::from(of) * 10 * US, of);
    }
    made.waits(12 * MS, 1, "chan receive", "main.main:9").passes(110 * MS + 600 * US, 200, &[]);
    for (of, at) in (10..13).zip([150, 200, 250]) {
        ends(&mut made, at * MS, of, true);
        made.waits(at * MS + 10 * US, 1, "chan receive", "main.main:9");
    }
    let found = deaf(&made.document(1_000 * MS));
    assert_eq!(found.iter().map(|(of, ..)| *of).collect::<Vec<_>>(), [10, 11, 12]);
}

#[test]
fn one_that_closes_the_channel_waits_for_the_others() {
    let mut made = starting();
    for of in 10..12 {
        starts(&mut made, 10 * MS + i64::from(of) * 10 * US, of);
    }
    made.go(11 * MS, 1, "main.main:10", 12, "main.main.func1").runs(11 * MS + US, 12);
    made.waits(11 * MS + 2 * US, 12, "sync", "sync.(*WaitGroup).Wait < main.main.func1:20");
    made.waits(12 * MS, 1, "chan receive", "main.main:9").passes(110 * MS + 600 * US, 200, &[]);
    ends(&mut made, 150 * MS, 10, false);
    made.wakes(200 * MS, 0, "", 11).runs(200 * MS + US, 11);
    made.wakes(200 * MS + 2 * US, 11, "sync.(*WaitGroup).Done < main.work:5", 12);
    made.ends(200 * MS + 3 * US, 11).runs(200 * MS + 4 * US, 12);
    made.wakes(200 * MS + 5 * US, 12, "main.main.func1:21", 1).ends(200 * MS + 6 * US, 12);
    made.runs(200 * MS + 7 * US, 1);
    let found = deaf(&made.document(1_000 * MS));
    assert_eq!(found.iter().map(|(of, ..)| *of).collect::<Vec<_>>(), [10, 11]);
}

#[test]
fn those_who_still_hold_up_a_group_at_the_end_are_deaf() {
    let mut made = starting();
    for of in 10..12 {
        let at = 10 * MS + i64::from(of) * 10 * US;
        made.go(at, 1, STATEMENT, of, "main.work").runs(at + US, of);
        made.waits(at + 2 * US, of, "chan send", "main.work:3");
    }
    made.waits(12 * MS, 1, "sync", GROUP).passes(210 * MS + 800 * US, 200, &[]);
    let found = deaf(&made.document(1_000 * MS));
    assert_eq!(found.iter().map(|(of, ..)| *of).collect::<Vec<_>>(), [10, 11]);
}

/// Requests of a server, one after another on a connection of its own each; two routes below one
/// function have limits of their own.
#[test]
fn each_route_of_a_server_has_its_own_limit() {
    let mut made = Made::new();
    made.running(1, "net/http.(*Server).Serve");
    let mut expected = Vec::new();
    for (n, pause) in (0..8).zip([3, 11, 5, 23, 2, 17, 9, 4]) {
        let (of, timer, at) = (10 + n, 100 + n, (i64::from(n) * 150 + pause) * MS);
        let (route, limit) = if n % 2 == 0 { ("main.users:5", 30) } else { ("main.search:6", 70) };
        let stack = format!(
            "time.Sleep < {route} < net/http.HandlerFunc.ServeHTTP < main.limit:9 < \
             net/http.HandlerFunc.ServeHTTP < net/http.(*conn).serve"
        );
        made.go(at, 1, "net/http.(*Server).Serve", of, "net/http.(*conn).serve");
        made.runs(at + US, of).waits(at + 2 * US, of, "sleep", &stack);
        made.passes(at + limit * MS + 400 * US, timer, &[]);
        let done = at + (limit + 50) * MS;
        made.wakes(done, 0, "", of).runs(done + US, of).ends(done + 2 * US, of);
        expected.push((u64::from(of), Evidence::Task, n));
    }
    assert_eq!(deaf(&made.document(3_000 * MS)), expected);
}

#[test]
fn each_of_those_that_begin_at_once_has_a_deadline_of_its_own() {
    const N: u32 = 2_000;
    let mut made = starting();
    for n in 0..N {
        let at = 10 * MS + i64::from(n) * 500;
        made.go(at, 1, STATEMENT, 10 + n, "main.work").runs(at + 100, 10 + n);
        made.waits(at + 200, 10 + n, "sleep", SLEEP);
    }
    made.waits(12 * MS, 1, "sync", GROUP);
    for n in 0..N {
        let at = 60 * MS + 200 * US + i64::from(n) * 500;
        made.go(at, 0, "", 10_000 + n, "context.WithDeadlineCause.func2");
        made.runs(at + 100, 10_000 + n).ends(at + 200, 10_000 + n);
    }
    for n in 0..N {
        ends(&mut made, 200 * MS + i64::from(n) * 10 * US, 10 + n, n + 1 == N);
    }
    let found = deaf(&made.document(1_000 * MS));
    let expected: Vec<_> = (0..N).map(|n| (u64::from(10 + n), Evidence::WaitedOn, n)).collect();
    assert_eq!(found, expected);
}

#[test]
fn timers_that_are_late_tell_as_well() {
    // 61 ms is no round number, and the machine has no time for the third.
    let starts_at = [10 * MS, 140 * MS, 301 * MS, 477 * MS];
    let late = [100 * US, 200 * US, 5 * MS, 300 * US];
    let deadlines: Vec<i64> =
        starts_at.iter().zip(late).map(|(at, late)| at + 61 * MS + late).collect();
    assert_eq!(deaf(&in_turn(&starts_at, &deadlines, 100 * MS)).len(), 4);
    // Those that begin at once have a deadline each, of which only the first is in time.
    for (first, n_told) in [(100 * MS + 200 * US, 4), (107 * MS, 0)] {
        let mut made = starting();
        for of in 10..14 {
            starts(&mut made, 10 * MS + i64::from(of) * 10 * US, of);
        }
        made.waits(12 * MS, 1, "sync", GROUP);
        for (late, timer) in [0, 4 * MS, 19 * MS, 41 * MS].into_iter().zip(200..) {
            made.passes(10 * MS + 100 * US + first + late, timer, &[]);
        }
        for of in 10..14 {
            ends(&mut made, 500 * MS + i64::from(of) * MS, of, of == 13);
        }
        assert_eq!(deaf(&made.document(1_000 * MS)).len(), n_told, "{first}");
    }
}

#[test]
fn times_at_the_ends_of_the_clock_are_taken_as_they_are() {
    let mut made = starting();
    starts(&mut made, MS, 10);
    made.waits(2 * MS, 1, "chan receive", "main.main:9");
    made.passes(i64::MAX / 2, 200, &[]);
    ends(&mut made, i64::MAX - MS, 10, true);
    assert_eq!(deaf(&made.document(i64::MAX)), []);
}

/// Workers take one job after another, each under a limit of 57 ms, and sleep for it twice as long; the
/// deadlines come so much later.
fn jobs(n_workers: u32, pauses: &[i64], late: impl Fn(i64) -> i64) -> Document {
    let mut made = starting();
    for of in 10..10 + n_workers {
        made.go(3 * US + i64::from(of) * US, 1, STATEMENT, of, "main.work").runs(MS, of);
    }
    let mut at = 5 * MS;
    for (n, &pause) in (0..).zip(pauses) {
        let of = 10 + n % n_workers;
        made.waits(at, of, "sleep", SLEEP);
        made.passes(at + 57 * MS + late(i64::from(n)), 200 + n, &[]);
        made.wakes(at + 114 * MS, 0, "", of).runs(at + 114 * MS + US, of);
        at += 114 * MS + pause * MS;
    }
    made.document(3_000 * MS)
}

#[test]
fn who_sleeps_across_the_limit_of_each_job_is_told() {
    let pauses = [3, 11, 5, 23, 2, 17, 9, 4];
    let in_time = jobs(2, &pauses, |n| n * 50 * US);
    assert_eq!(deaf(&in_time), [], "it lives on");
    assert_eq!(n_found(&in_time, Rule::LongSleep), 8);
    let at_any_time = jobs(2, &pauses, |n| (n * 31 % 50 - 25) * MS);
    assert_eq!(n_found(&at_any_time, Rule::LongSleep), 0);
    assert_eq!(n_found(&jobs(2, &pauses[..3], |_| 0), Rule::LongSleep), 0, "too few");
    assert_eq!(n_found(&jobs(8, &pauses, |_| 0), Rule::LongSleep), 0, "each sleeps once");
}
