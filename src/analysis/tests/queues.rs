//! Who takes what others queue in a channel, and is told by its close, each beside one who is deaf: traces
//! made by hand.

use super::super::Document;
use super::made::{CANCEL, MS, Made, US};
use super::spared::{SLEEPS, deaf, lets_go, made, starts};

const FILLS: [&str; 2] = ["select", "main.fill:20"];
const RANGES: &str = "runtime.chanrecv2 < main.work:39";
const JOINS: [&str; 2] = ["sync", "sync.(*WaitGroup).Wait < main.run:6"];
const DONE: &str = "sync.(*WaitGroup).Done < main.work:41";

/// A worker takes jobs from one that hears and closes their channel, does so many more after that, or
/// is at its last one all the time.
fn queued(n_more: i64, receive: &str) -> Document {
    let mut made = made();
    starts(&mut made, 10 * US, (2, "main.run:4"), 3, ("main.fill", FILLS));
    starts(&mut made, 20 * US, (2, "main.run:5"), 4, ("main.work", SLEEPS));
    made.waits(30 * US, 2, JOINS[0], JOINS[1]);
    for n in 1..=3 {
        let at = n * MS;
        made.wakes(at, 0, "", 4).runs(at + US, 4).wakes(at + 2 * US, 4, receive, 3);
        made.waits(at + 3 * US, 4, SLEEPS[0], SLEEPS[1]).runs(at + 4 * US, 3);
        made.waits(at + 5 * US, 3, FILLS[0], FILLS[1]);
    }
    made.passes(10 * MS, 9, &[3]).runs(10 * MS + 10 * US, 3).ends(10 * MS + 11 * US, 3);
    for n in 1..=n_more {
        let at = 10 * MS + n * 50 * MS / (n_more + 1);
        made.wakes(at, 0, "", 4).runs(at + US, 4).waits(at + 2 * US, 4, SLEEPS[0], SLEEPS[1]);
    }
    lets_go(&mut made, 60 * MS, 4, DONE);
    made.document(70 * MS)
}

#[test]
fn who_works_off_a_queue_whose_filler_heard_is_told_by_its_end() {
    assert_eq!(deaf(&queued(5, RANGES)), [0; 0]);
    assert_eq!(deaf(&queued(0, RANGES)), [4], "it is long about one job");
    assert_eq!(
        deaf(&queued(5, "runtime.chanrecv1 < main.work:39")),
        [4],
        "it need not end by a close"
    );
}

/// One has five more jobs after the cancel, and then lets the canceller go on.
fn works_on(made: &mut Made, of: u32) {
    for n in 1..=5 {
        let at = (10 + n * 8) * MS;
        made.wakes(at, 0, "", of).runs(at + US, of).waits(at + 2 * US, of, SLEEPS[0], SLEEPS[1]);
    }
    lets_go(made, 60 * MS, of, DONE);
}

/// A worker takes jobs from one that is on its way when another one hears, and leaves at once or later.
fn filler_leaves(at_once: bool) -> Document {
    let mut made = made();
    starts(&mut made, 10 * US, (2, "main.run:4"), 3, ("main.fill", FILLS));
    starts(&mut made, 20 * US, (2, "main.run:5"), 4, ("main.work", ["chan receive", RANGES]));
    starts(&mut made, 25 * US, (2, "main.run:3"), 5, ("main.watch", ["select", "main.watch:30"]));
    made.waits(30 * US, 2, JOINS[0], JOINS[1]);
    for n in 1..=3 {
        let at = n * MS;
        made.wakes(at, 0, "", 3).runs(at + US, 3);
        if n == 1 {
            made.wakes(at + 2 * US, 3, "runtime.chansend1 < main.fill:21", 4).runs(at + 3 * US, 4);
            made.waits(at + 4 * US, 4, SLEEPS[0], SLEEPS[1]);
        }
        made.waits(at + 5 * US, 3, FILLS[0], FILLS[1]);
    }
    made.wakes(10 * MS - 10 * US, 0, "", 3).passes(10 * MS, 9, &[5]);
    made.runs(10 * MS + 10 * US, 3).runs(10 * MS + 11 * US, 5).ends(10 * MS + 12 * US, 5);
    if at_once {
        made.ends(10 * MS + 20 * US, 3);
    } else {
        made.waits(10 * MS + 20 * US, 3, FILLS[0], FILLS[1]);
    }
    works_on(&mut made, 4);
    made.document(70 * MS)
}

#[test]
fn who_fills_a_queue_may_see_without_a_wait_that_its_context_is_over() {
    assert_eq!(deaf(&filler_leaves(true)), [0; 0]);
    assert_eq!(deaf(&filler_leaves(false)), [4], "the queue may be filled for ever");
}

/// A worker takes jobs of 20 ms each from one that hears when it is at its last one, which takes so long.
fn last_job(ms: i64, receive: &str) -> Document {
    let mut made = made();
    starts(&mut made, 10 * US, (2, "main.run:4"), 3, ("main.fill", FILLS));
    starts(&mut made, 20 * US, (2, "main.run:5"), 4, ("main.work", SLEEPS));
    made.waits(30 * US, 2, JOINS[0], JOINS[1]);
    for n in 1..=3 {
        let at = n * 20 * MS;
        made.wakes(at, 0, "", 4).runs(at + US, 4).wakes(at + 2 * US, 4, receive, 3);
        made.waits(at + 3 * US, 4, SLEEPS[0], SLEEPS[1]).runs(at + 4 * US, 3);
        made.waits(at + 5 * US, 3, FILLS[0], FILLS[1]);
    }
    made.passes(65 * MS, 9, &[3]).runs(65 * MS + 10 * US, 3).ends(65 * MS + 11 * US, 3);
    lets_go(&mut made, (60 + ms) * MS, 4, DONE);
    made.document((70 + ms) * MS)
}

#[test]
fn who_is_at_its_last_job_as_long_as_at_others_is_told_by_the_close() {
    assert_eq!(deaf(&last_job(20, RANGES)), [0; 0]);
    assert_eq!(deaf(&last_job(25, RANGES)), [0; 0], "a little longer");
    assert_eq!(deaf(&last_job(60, RANGES)), [4], "it is long about one job");
    assert_eq!(deaf(&last_job(20, "runtime.chanrecv1 < main.work:39")), [4], "no close ends it");
}

/// A worker computes for 20 ms at each thing that it takes from one that hears, and for so long at the last.
fn computes(ms: i64) -> Document {
    let mut made = made();
    starts(&mut made, 10 * US, (2, "main.run:4"), 3, ("main.fill", FILLS));
    made.go(20 * US, 2, "main.run:5", 4, "main.work").runs(21 * US, 4);
    made.waits(30 * US, 2, JOINS[0], JOINS[1]);
    for n in 0..=3 {
        let at = n * 20 * MS + 100 * US;
        made.wakes(at, 4, RANGES, 3).runs(at + US, 3).waits(at + 2 * US, 3, FILLS[0], FILLS[1]);
    }
    made.passes(65 * MS, 9, &[3]).runs(65 * MS + 10 * US, 3).ends(65 * MS + 11 * US, 3);
    let end = (60 + ms) * MS;
    for at in (66..60 + ms).step_by(4) {
        made.preempted(at * MS, 4, "main.work:40").runs(at * MS + US, 4);
    }
    made.wakes(end, 4, DONE, 2).ends(end + US, 4).runs(end + 2 * US, 2).ends(end + MS, 2);
    made.document(end + 10 * MS)
}

#[test]
fn who_computes_no_longer_than_before_is_told_by_the_close() {
    assert_eq!(deaf(&computes(20)), [0; 0]);
    assert_eq!(deaf(&computes(60)), [4], "however often it loses its processor");
}

/// The last of a pipeline's three works off what its middle stage brings it; the first one hears.
fn pipeline(middle: &str) -> Document {
    let mut made = made();
    let receives = ["chan receive", "runtime.chanrecv2 < main.pass:29"];
    starts(&mut made, 10 * US, (2, "main.run:4"), 3, ("main.fill", FILLS));
    starts(&mut made, 20 * US, (2, "main.run:5"), 4, ("main.pass", [receives[0], middle]));
    starts(&mut made, 30 * US, (2, "main.run:6"), 5, ("main.work", SLEEPS));
    made.waits(40 * US, 2, JOINS[0], JOINS[1]);
    for n in 1..=3 {
        let at = n * MS;
        made.wakes(at, 0, "", 3).runs(at + US, 3);
        made.wakes(at + 2 * US, 3, "runtime.chansend1 < main.fill:21", 4);
        made.waits(at + 3 * US, 3, FILLS[0], FILLS[1]).runs(at + 4 * US, 4);
        made.waits(at + 5 * US, 4, "chan send", "main.pass:30");
        made.wakes(at + 10 * US, 0, "", 5).runs(at + 11 * US, 5);
        made.wakes(at + 12 * US, 5, RANGES, 4).waits(at + 13 * US, 5, SLEEPS[0], SLEEPS[1]);
        made.runs(at + 14 * US, 4).waits(at + 15 * US, 4, receives[0], middle);
    }
    made.passes(10 * MS, 9, &[3]).runs(10 * MS + 10 * US, 3);
    made.wakes(10 * MS + 11 * US, 3, "main.fill:25", 4);
    made.ends(10 * MS + 12 * US, 3).runs(10 * MS + 13 * US, 4).ends(10 * MS + 14 * US, 4);
    works_on(&mut made, 5);
    made.document(70 * MS)
}

#[test]
fn the_last_of_a_pipeline_is_told_by_the_first() {
    assert_eq!(deaf(&pipeline("runtime.chanrecv2 < main.pass:29")), [0; 0]);
    assert_eq!(deaf(&pipeline("main.pass:29")), [5], "what is before it does not end so");
}

/// A worker takes what one brings that hears, and waits for more until a stranger closes the channel.
fn closed_by_a_stranger(ms: i64) -> Document {
    let mut made = made();
    let receives = ["chan receive", RANGES];
    starts(&mut made, 10 * US, (2, "main.run:4"), 3, ("main.fill", FILLS));
    starts(&mut made, 20 * US, (2, "main.run:5"), 4, ("main.work", receives));
    made.go(25 * US, 1, "main.main:9", 6, "main.evict").runs(26 * US, 6);
    made.waits(30 * US, 2, JOINS[0], JOINS[1]);
    for n in 1..=3 {
        let at = n * 3 * MS;
        made.wakes(at, 0, "", 3).runs(at + US, 3);
        made.wakes(at + 2 * US, 3, "runtime.chansend1 < main.fill:21", 4).runs(at + 3 * US, 4);
        made.waits(at + 4 * US, 4, receives[0], receives[1]);
        made.waits(at + 5 * US, 3, FILLS[0], FILLS[1]);
    }
    made.passes(10 * MS, 9, &[3]).runs(10 * MS + 10 * US, 3).ends(10 * MS + 11 * US, 3);
    let at = (10 + ms) * MS;
    made.wakes(at, 6, "main.evict:51", 4).runs(at + US, 4).wakes(at + 2 * US, 4, DONE, 2);
    made.ends(at + 3 * US, 4).runs(at + MS, 2).ends(at + 2 * MS, 2);
    made.document(at + 10 * MS)
}

#[test]
fn who_waits_long_for_a_close_when_nobody_fills_the_channel_any_more_is_deaf() {
    assert_eq!(deaf(&closed_by_a_stranger(50)), [4]);
    assert_eq!(deaf(&closed_by_a_stranger(5)), [0; 0]);
}

/// Two work off what their creator has queued, which cancels and waits for them; one of them never had
/// to wait for that.
fn two_inboxes(receive: &str) -> Document {
    let mut made = made();
    let (listens, takes) = (["chan receive", "main.watch:30"], ["chan receive", receive]);
    starts(&mut made, 10 * US, (2, "main.run:3"), 3, ("main.watch", listens));
    for (at, of, wait) in [(20 * US, 4, takes), (30 * US, 5, SLEEPS)] {
        starts(&mut made, at, (2, "main.run:4"), of, ("main.work", wait));
    }
    made.wakes(40 * US, 2, "runtime.chansend1 < main.run:5", 4).runs(41 * US, 4);
    made.waits(42 * US, 4, SLEEPS[0], SLEEPS[1]);
    made.wakes(10 * MS, 2, &format!("{CANCEL} < main.run:5"), 3);
    made.waits(10 * MS + US, 2, JOINS[0], JOINS[1]);
    made.runs(10 * MS + 2 * US, 3).ends(10 * MS + 3 * US, 3);
    for n in 1..=5 {
        for of in [4, 5] {
            let at = (10 + n * 8) * MS + i64::from(of) * 10 * US;
            made.wakes(at, 0, "", of).runs(at + US, of);
            made.waits(at + 2 * US, of, SLEEPS[0], SLEEPS[1]);
        }
    }
    made.wakes(58 * MS, 0, "", 4).runs(58 * MS + US, 4).ends(58 * MS + 2 * US, 4);
    lets_go(&mut made, 60 * MS, 5, DONE);
    made.document(70 * MS)
}

#[test]
fn who_never_had_to_wait_for_a_job_is_known_by_others_of_its_kind() {
    assert_eq!(deaf(&two_inboxes(RANGES)), [0; 0]);
    assert_eq!(deaf(&two_inboxes("runtime.chanrecv1 < main.work:39")), [4, 5], "no close ends it");
}

/// One serves what another brings it, cancels, and then drains that one's channel in another line, until
/// it is closed.
fn drained(brings: [&str; 2], receive: &str) -> Document {
    let mut made = made();
    let (listens, first) = (["chan receive", "main.watch:30"], "runtime.chanrecv2 < main.run:12");
    starts(&mut made, 10 * US, (2, "main.run:9"), 3, ("main.watch", listens));
    starts(&mut made, 20 * US, (2, "main.run:10"), 4, ("main.read", brings));
    made.waits(30 * US, 2, "chan receive", first);
    for n in 1..=3 {
        let at = n * MS;
        made.wakes(at, 0, "", 4).runs(at + US, 4).wakes(at + 2 * US, 4, "main.read:21", 2);
        made.waits(at + 3 * US, 4, brings[0], brings[1]).runs(at + 4 * US, 2);
        if n < 3 {
            made.waits(at + 5 * US, 2, "chan receive", first);
        }
    }
    made.wakes(10 * MS, 2, &format!("{CANCEL} < main.run:15"), 3);
    made.waits(10 * MS + US, 2, "chan receive", receive);
    made.runs(10 * MS + 2 * US, 3).ends(10 * MS + 3 * US, 3);
    lets_go(&mut made, 60 * MS, 4, "main.read:25");
    made.document(70 * MS)
}

#[test]
fn who_reads_what_another_drains_ends_when_no_more_comes() {
    let reads = ["network", "internal/poll.(*FD).Read < main.read:20"];
    let drains = "runtime.chanrecv2 < main.run:16";
    assert_eq!(deaf(&drained(reads, drains)), [0; 0]);
    assert_eq!(deaf(&drained(SLEEPS, drains)), [4], "it makes by itself what it brings");
    assert_eq!(deaf(&drained(reads, "main.run:16")), [4], "only its end is waited for");
}
