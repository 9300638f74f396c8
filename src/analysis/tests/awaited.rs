//! Who was told to stop since the canceller waits for its end, and who was told nothing.
//!
//! Whose call was cut off and who carries on lives on all the same: that may have been all that was meant.

use super::super::{Document, Outcome, Rule};
use super::made::{CANCEL, MS, Made, US};

const WAIT: &str = "sync.(*WaitGroup).Wait < main.main:9";
const IN_CALL: &str = "net/http.(*Client).Do < main.poll:5";
const DONE: &str = "sync.(*WaitGroup).Done < main.poll:8";

/// The main goroutine's child, 2, starts pollers, 11 and up, and cancels at 10 ms, when each of them
/// is in a library's call. Each then sleeps for 150 ms, and ends, the last one after a word to `then`.
fn polled(n: u32, then: impl Fn(&mut Made)) -> Document {
    let mut made = Made::new();
    made.running(1, "runtime.main").go(US, 1, "main.main:3", 2, "main.run").runs(2 * US, 2);
    let ids = 11..11 + n;
    for id in ids.clone() {
        let at = i64::from(id) * 10 * US;
        made.go(at, 2, "main.run:4", id, "main.poll").runs(at + US, id);
        made.waits(at + 2 * US, id, "select", IN_CALL);
    }
    let mut at = 10 * MS;
    for id in ids.clone().rev() {
        made.wakes(at, 2, &format!("{CANCEL} < main.run:7"), id);
        at += US;
    }
    then(&mut made);
    for id in ids.clone() {
        let at = 12 * MS + i64::from(id) * 10 * US;
        made.runs(at, id).waits(at + US, id, "sleep", "time.Sleep < main.poll:6");
    }
    for id in ids.clone() {
        let at = 162 * MS + i64::from(id) * 10 * US;
        made.wakes(at, 0, "", id).runs(at + US, id);
        if id + 1 == ids.end {
            made.wakes(at + 2 * US, id, DONE, 2);
        }
        made.ends(at + 3 * US, id);
    }
    made.runs(190 * MS, 2).ends(191 * MS, 2);
    made.document(200 * MS)
}

/// What became of each that heard, and whether it was told to stop.
fn outcomes(document: &Document) -> Vec<(Outcome, bool)> {
    let heard = document.analysis().hearings().iter().filter(|row| !row.deaf);
    heard.map(|row| (row.outcome, row.told_to_stop)).collect()
}

#[test]
fn for_whose_end_its_canceller_waits_next_it_was_told_to_stop() {
    let sleeps = |document: &Document| {
        let findings = document.analysis().findings();
        findings.iter().filter(|it| it.rule == Rule::LongSleep).map(|it| it.count).sum::<u32>()
    };
    let document = polled(3, |made| {
        made.waits(11 * MS, 2, "sync", WAIT);
    });
    assert_eq!(outcomes(&document), [(Outcome::LivesOn, true); 3]);
    assert_eq!(sleeps(&document), 3, "who is waited for should not sleep");
    let receives = polled(1, |made| {
        made.waits(11 * MS, 2, "chan receive", "main.run:9");
    });
    assert_eq!(outcomes(&receives), [(Outcome::LivesOn, true)]);
}

#[test]
fn whose_canceller_does_something_else_first_lives_on() {
    // It comes back to it, or it is somebody else's.
    for elsewhere in ["main.run:5", "main.serve:9"] {
        let document = polled(3, |made| {
            made.waits(11 * MS, 2, "select", elsewhere);
        });
        assert_eq!(outcomes(&document), [(Outcome::LivesOn, false); 3], "{elsewhere}");
        assert!(document.analysis().findings().is_empty());
    }
}

#[test]
fn a_canceller_may_wait_with_a_limit() {
    for select in ["main.run:9", "main.(*poller).wait:30 < main.run:9"] {
        let document = polled(1, |made| {
            made.waits(11 * MS, 2, "select", select);
        });
        assert_eq!(outcomes(&document), [(Outcome::LivesOn, true)], "{select}");
        assert_eq!(document.analysis().findings().len(), 1, "it sleeps");
    }
}

/// One that runs a command, for which a goroutine of the library listens; both are told at 10 ms, and then
/// it sleeps for 150 ms. The canceller waits with this stack.
fn runs_a_command(reason: &str, stack: &str) -> Document {
    let mut made = Made::new();
    made.running(1, "runtime.main").go(US, 1, "main.main:3", 2, "main.stop").runs(2 * US, 2);
    made.go(3 * US, 1, "main.main:4", 3, "main.run").runs(4 * US, 3);
    let watch = "os/exec.(*Cmd).watchCtx.func1";
    made.go(5 * US, 3, "os/exec.(*Cmd).Start < main.run:5", 4, watch).runs(6 * US, 4);
    made.waits(7 * US, 4, "select", watch);
    made.waits(8 * US, 3, "chan receive", "os/exec.(*Cmd).Wait < main.run:5");
    made.wakes(10 * MS, 2, &format!("{CANCEL} < main.stop:7"), 4).runs(10 * MS + US, 4);
    made.waits(11 * MS, 2, reason, stack);
    made.wakes(12 * MS, 4, watch, 3).ends(12 * MS + US, 4).runs(12 * MS + 2 * US, 3);
    made.waits(13 * MS, 3, "sleep", "time.Sleep < main.run:6");
    made.wakes(163 * MS, 0, "", 3).runs(163 * MS + US, 3);
    made.wakes(164 * MS, 3, "main.run.func1:9", 2).ends(164 * MS + US, 3);
    made.runs(165 * MS, 2).ends(166 * MS, 2);
    made.document(200 * MS)
}

#[test]
fn whose_command_was_ended_should_not_sleep_while_its_canceller_waits_for_it() {
    let document = runs_a_command("chan receive", "main.stop:8");
    let rules: Vec<_> = document.analysis().findings().iter().map(|it| it.rule).collect();
    assert_eq!(rules, [Rule::LongSleep]);
    let message = &document.analysis().findings()[0].message;
    assert!(message.contains("the one that cancelled it waited for its end"), "{message}");
    // It goes on to other things.
    assert!(runs_a_command("select", "main.stop:8").analysis().findings().is_empty());
}

/// As [`polled`], but the trace ends while all of them sleep.
fn hung(reason: &str, stack: &str, n: u32) -> Document {
    let mut made = Made::new();
    made.running(1, "runtime.main").go(US, 1, "main.main:3", 2, "main.run").runs(2 * US, 2);
    for id in 11..11 + n {
        let at = i64::from(id) * 10 * US;
        made.go(at, 2, "main.run:4", id, "main.poll").runs(at + US, id);
        made.waits(at + 2 * US, id, "select", IN_CALL);
    }
    for id in (11..11 + n).rev() {
        made.wakes(10 * MS + i64::from(30 - id) * US, 2, &format!("{CANCEL} < main.run:7"), id);
    }
    made.waits(11 * MS, 2, reason, stack);
    for id in 11..11 + n {
        let at = 12 * MS + i64::from(id) * 10 * US;
        made.runs(at, id).waits(at + US, id, "sleep", "time.Sleep < main.poll:6");
    }
    made.document(100 * MS)
}

#[test]
fn whom_a_group_waits_for_when_the_trace_ends_was_told_to_stop() {
    assert_eq!(outcomes(&hung("sync", WAIT, 2)), [(Outcome::LivesOn, true); 2]);
    assert_eq!(outcomes(&hung("chan receive", "main.run:9", 1)), [(Outcome::LivesOn, true)]);
    let either = hung("chan receive", "main.run:9", 2);
    assert_eq!(outcomes(&either), [(Outcome::LivesOn, false); 2], "one of them sends, but which?");
}
