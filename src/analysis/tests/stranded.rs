//! Who waits for ever to hand something to one that heard and left: traces made by hand.

use super::super::{Document, Evidence, Outcome, Rule};
use super::made::{MS, Made, US};

const SENDS: &str = "runtime.chansend1 < main.produce:6";
const SELECTS: &str = "runtime.selectgo < main.consume:12";
const CANCELLED: i64 = 30 * MS;
const END: i64 = 300 * MS;

/// A producer, 3, sends to a consumer, 4, that waits in a select.
fn producing() -> Made {
    let mut made = Made::new();
    made.running(1, "runtime.main");
    made.go(US, 1, "main.main:4", 3, "main.produce").runs(2 * US, 3);
    made.go(3 * US, 1, "main.main:5", 4, "main.consume").runs(4 * US, 4);
    made.waits(5 * US, 4, "select", SELECTS);
    made.wakes(MS, 3, SENDS, 4).runs(MS + US, 4).waits(MS + 2 * US, 4, "select", SELECTS);
    made
}

/// The consumer hears a deadline and leaves.
fn leaves(made: &mut Made) {
    made.passes(CANCELLED, 90, &[4]);
    made.runs(CANCELLED + 50 * US, 4).ends(CANCELLED + 60 * US, 4);
}

fn stranded(document: &Document) -> Vec<u64> {
    let (trace, analysis) = (document.trace(), document.analysis());
    let rows = analysis.hearings().iter().filter(|row| row.evidence == Evidence::Stranded);
    rows.map(|row| {
        assert!(
            row.deaf && row.outcome == Outcome::Alive && row.overstay_ns > END - CANCELLED - MS
        );
        trace.life(row.goroutine).id.0
    })
    .collect()
}

#[test]
fn who_can_send_to_nobody_since_its_taker_heard_and_left_is_deaf() {
    let mut made = producing();
    leaves(&mut made);
    made.waits(CANCELLED + MS, 3, "chan send", SENDS);
    let document = made.document(END);
    assert_eq!(stranded(&document), [3]);
    let finding = document.analysis().findings().iter().find(|of| of.rule == Rule::Deaf);
    let finding = finding.expect("the producer is deaf");
    assert!(finding.message.contains("(waited-on: who took what it sends has left)"));
    assert!(finding.fix.starts_with("Nobody takes what it sends any more"));
}

#[test]
fn a_pipeline_is_stranded_stage_by_stage() {
    let mut made = producing();
    let sends = "runtime.chansend1 < main.generate:3";
    made.go(MS + 3 * US, 1, "main.main:6", 5, "main.generate").runs(MS + 4 * US, 5);
    made.waits(MS + 5 * US, 5, "chan send", sends);
    made.wakes(2 * MS, 3, "runtime.chanrecv2 < main.produce:5", 5).runs(2 * MS + US, 5);
    made.waits(2 * MS + 2 * US, 5, "chan send", sends);
    leaves(&mut made);
    made.waits(CANCELLED + MS, 3, "chan send", SENDS);
    assert_eq!(stranded(&made.document(END)), [3, 5]);
}

#[test]
fn who_has_another_taker_left_is_not_stranded() {
    let mut made = producing();
    made.go(MS + 3 * US, 1, "main.main:7", 6, "main.consume").runs(MS + 4 * US, 6);
    made.waits(MS + 5 * US, 6, "select", SELECTS);
    made.wakes(2 * MS, 3, SENDS, 6).runs(2 * MS + US, 6);
    made.waits(2 * MS + 2 * US, 6, "sleep", "time.Sleep < main.consume:14");
    leaves(&mut made);
    made.waits(CANCELLED + MS, 3, "chan send", SENDS);
    assert!(stranded(&made.document(END)).is_empty());
}

#[test]
fn who_had_waited_as_long_before_may_wait_for_the_next_taker() {
    // It had waited for 27 ms: 53 of waiting are less than twice that, and 55 are more.
    let until = |end: i64| {
        let mut made = producing();
        made.waits(2 * MS, 3, "chan send", SENDS);
        made.wakes(29 * MS, 4, SELECTS, 3).runs(29 * MS + US, 3);
        leaves(&mut made);
        made.waits(CANCELLED + MS, 3, "chan send", SENDS);
        made.document(CANCELLED + MS + end)
    };
    let n_stranded = |document: &Document| {
        let rows = document.analysis().hearings().iter();
        rows.filter(|row| row.evidence == Evidence::Stranded).count()
    };
    assert_eq!(n_stranded(&until(53 * MS)), 0);
    assert_eq!(n_stranded(&until(55 * MS)), 1);
}
