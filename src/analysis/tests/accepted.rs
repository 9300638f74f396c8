//! Groups whose members others started, as one that accepts connections starts those that serve them:
//! traces made by hand.

use super::super::Document;
use super::made::{CANCEL, MS, Made, US};
use super::spared::{deaf, lets_go, made, starts};

const JOINS: [&str; 2] = ["sync", "sync.(*WaitGroup).Wait < main.run:8"];
const ACCEPTS: [&str; 2] = ["network", "net.(*netFD).accept < main.accept:20"];
const READS: [&str; 2] = ["network", "net.(*conn).Read < main.serve:30"];
const LISTENS: [&str; 2] = ["select", "main.ping:40"];
const DONE: &str = "sync.(*WaitGroup).Done < main.serve:31";

/// 2 starts 3, which accepts a connection, for which it starts 4 to serve and 5 to ping, each from a
/// function of its own.
fn accepted(pings_in: &str) -> Made {
    let mut made = made();
    made.go(10 * US, 2, "main.run:4", 3, "main.accept").runs(11 * US, 3);
    starts(&mut made, 20 * US, (3, "main.accept:21"), 4, ("main.serve", READS));
    starts(&mut made, 30 * US, (3, pings_in), 5, ("main.ping", LISTENS));
    made.waits(40 * US, 3, ACCEPTS[0], ACCEPTS[1]);
    made
}

/// 2 closes the listener, cancels and waits for all.
fn shut_down(pings_in: &str) -> Document {
    let mut made = accepted(pings_in);
    made.wakes(10 * MS - 10 * US, 2, "net.(*TCPListener).Close < main.run:6", 3);
    made.runs(10 * MS - 9 * US, 3).ends(10 * MS - 8 * US, 3);
    made.wakes(10 * MS, 2, &format!("{CANCEL} < main.run:7"), 5);
    made.waits(10 * MS + US, 2, JOINS[0], JOINS[1]);
    made.runs(10 * MS + 2 * US, 5).ends(10 * MS + 3 * US, 5);
    lets_go(&mut made, 60 * MS, 4, DONE);
    made.document(70 * MS)
}

#[test]
fn who_was_started_with_one_that_heard_by_a_child_of_the_canceller_is_waited_for() {
    assert_eq!(deaf(&shut_down("main.accept:22")), [4]);
    assert_eq!(deaf(&shut_down("main.other:22")), [0; 0], "another function had another context");
}

/// 2 accepts and starts 4 to serve; 5, started by it, too, hears when 6 cancels, which closes the listener
/// or does not. 2 then waits for all.
fn let_go_by(closes: bool) -> Document {
    let mut made = made();
    starts(&mut made, 10 * US, (2, "main.run:4"), 5, ("main.ping", LISTENS));
    made.go(20 * US, 1, "main.main:5", 6, "main.control").runs(21 * US, 6);
    starts(&mut made, 30 * US, (2, "main.run:5"), 4, ("main.serve", READS));
    made.waits(40 * US, 2, "network", "net.(*netFD).accept < main.run:3");
    made.wakes(10 * MS, 6, &format!("{CANCEL} < main.control:7"), 5);
    let by = if closes { (6, "net.(*TCPListener).Close < main.control:8") } else { (0, "") };
    made.wakes(10 * MS + US, by.0, by.1, 2).runs(10 * MS + 2 * US, 2);
    made.waits(10 * MS + 3 * US, 2, JOINS[0], JOINS[1]);
    made.runs(10 * MS + 4 * US, 5).ends(10 * MS + 5 * US, 5);
    made.ends(10 * MS + 6 * US, 6);
    lets_go(&mut made, 60 * MS, 4, DONE);
    made.document(70 * MS)
}

#[test]
fn who_is_let_go_by_the_canceller_waits_for_its_children_next() {
    assert_eq!(deaf(&let_go_by(true)), [4]);
    assert_eq!(deaf(&let_go_by(false)), [0; 0], "it may have been at its end anyway");
}

/// 2 hears when 1 cancels, and waits for all that its child 3 had started, in a group or for a value.
fn leaving(waits: [&str; 2]) -> Document {
    let mut made = accepted("main.accept:22");
    made.waits(50 * US, 2, "select", "main.run:7");
    made.wakes(10 * MS, 1, &format!("{CANCEL} < main.main:9"), 2).runs(10 * MS + US, 2);
    made.waits(10 * MS + 2 * US, 2, waits[0], waits[1]);
    made.wakes(10 * MS + 3 * US, 1, "net.(*TCPListener).Close < main.main:10", 3);
    made.runs(10 * MS + 4 * US, 3).ends(10 * MS + 5 * US, 3);
    lets_go(&mut made, 60 * MS, 4, DONE);
    made.document(70 * MS)
}

#[test]
fn the_members_of_a_group_may_be_started_by_a_child() {
    assert_eq!(deaf(&leaving(JOINS)), [4]);
    let receives = ["chan receive", "runtime.chanrecv1 < main.run:8"];
    assert_eq!(deaf(&leaving(receives)), [0; 0], "no group is waited for");
}

/// 2 stops a spinner, 5, and waits for a group of which 4 is a member, started by the group's own method.
fn spinner(starts_in: &str) -> Document {
    const MEMBER: &str = "sync.(*WaitGroup).Go.func1";
    let mut made = made();
    starts(&mut made, 10 * US, (2, "main.run:4"), 5, (starts_in, LISTENS));
    let reads = ["network", "net.(*conn).Read < main.serve:30 < sync.(*WaitGroup).Go.func1"];
    let by = "sync.(*WaitGroup).Go < main.run:5";
    starts(&mut made, 20 * US, (2, by), 4, (MEMBER, reads));
    made.wakes(10 * MS, 2, &format!("{CANCEL} < main.run:7"), 5);
    made.waits(10 * MS + US, 2, JOINS[0], JOINS[1]);
    made.runs(10 * MS + 2 * US, 5).ends(10 * MS + 3 * US, 5);
    lets_go(&mut made, 60 * MS, 4, "sync.(*WaitGroup).Done < sync.(*WaitGroup).Go.func1");
    made.document(70 * MS)
}

#[test]
fn who_was_told_and_is_no_member_of_a_library_s_group_tells_nothing_of_its_members() {
    assert_eq!(deaf(&spinner("main.spin")), [0; 0]);
    assert_eq!(deaf(&spinner("sync.(*WaitGroup).Go.func1")), [4]);
}

/// 2 cancels and waits until 6, which waits for the group of 4 and 5 and does this besides, lets it go on.
fn in_its_place(besides: &[[&str; 2]]) -> Document {
    let mut made = made();
    starts(&mut made, 10 * US, (2, "main.run:4"), 5, ("main.ping", LISTENS));
    starts(&mut made, 20 * US, (2, "main.run:5"), 4, ("main.serve", READS));
    made.go(30 * US, 2, "main.run:6", 6, "main.run.func1").runs(31 * US, 6);
    for (at, wait) in (1..).zip(besides) {
        made.waits(at * MS, 6, wait[0], wait[1]).wakes(at * MS + US, 0, "", 6);
        made.runs(at * MS + 2 * US, 6);
    }
    made.waits(9 * MS, 6, JOINS[0], "sync.(*WaitGroup).Wait < main.run.func1:6");
    made.wakes(10 * MS, 2, &format!("{CANCEL} < main.run:7"), 5);
    made.waits(10 * MS + US, 2, "chan receive", "runtime.chanrecv1 < main.run:8");
    made.runs(10 * MS + 2 * US, 5).ends(10 * MS + 3 * US, 5);
    made.wakes(60 * MS, 0, "", 4).runs(60 * MS + US, 4).wakes(60 * MS + 2 * US, 4, DONE, 6);
    made.ends(60 * MS + 3 * US, 4).runs(60 * MS + 4 * US, 6);
    made.wakes(60 * MS + 5 * US, 6, "main.run.func1:6", 2).ends(60 * MS + 6 * US, 6);
    made.runs(61 * MS, 2).ends(62 * MS, 2);
    made.document(70 * MS)
}

#[test]
fn who_only_waits_for_a_group_in_another_one_s_place_is_not_deaf_but_its_members_are() {
    assert_eq!(deaf(&in_its_place(&[])), [4]);
    let sleeps = ["sleep", "time.Sleep < main.run.func1:5"];
    assert_eq!(deaf(&in_its_place(&[sleeps])), [6], "it works itself");
}
