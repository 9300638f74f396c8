//! Who works for several, each beside one who works for one: traces made by hand.

use super::super::{Document, Evidence};
use super::made::{MS, Made, US};
use super::spared::deaf;

/// When the first one's context ends.
const CANCELLED: i64 = 20 * MS;

const SELECT: &str = "main.get:43 < main.serve:4";
const FILLS: [&str; 2] = ["select", "main.origin:85 < main.fill:55"];

/// One starts another from the function in which it waits then.
fn starts_a_fill(made: &mut Made, at: i64, by: u32, of: u32) {
    made.go(at, by, "main.get:36 < main.serve:4", of, "main.fill").runs(at + US, of);
    made.waits(at + 2 * US, of, FILLS[0], FILLS[1]);
}

/// Two want something, and leave at their deadlines: the first one has started who fetches it, and the
/// other one may have as well.
fn two_ask(other_starts: bool, other_waits: &str) -> Document {
    let mut made = Made::new();
    made.running(1, "runtime.main");
    for of in [2, 3] {
        let at = i64::from(of) * 10 * US;
        made.go(at, 1, "main.main:3", of, "main.serve").runs(at + US, of);
    }
    starts_a_fill(&mut made, 100 * US, 2, 4);
    made.waits(110 * US, 2, "select", SELECT);
    if other_starts {
        starts_a_fill(&mut made, 5 * MS, 3, 5);
    }
    made.waits(5 * MS + 10 * US, 3, "select", other_waits);
    for (at, timer, of) in [(CANCELLED, 8, 2), (CANCELLED + 5 * MS, 9, 3)] {
        made.passes(at, timer, &[of]).runs(at + 10 * US, of).ends(at + 20 * US, of);
    }
    for of in [4, 5].into_iter().take(1 + usize::from(other_starts)) {
        let at = (100 + i64::from(of)) * MS;
        made.wakes(at, 0, "", of).runs(at + US, of).ends(at + 2 * US, of);
    }
    made.document(200 * MS)
}

#[test]
fn for_whom_others_wait_as_well_does_not_end_with_the_first_ones_context() {
    assert_eq!(deaf(&two_ask(false, SELECT)), [0; 0]);
    let called_by_another = "main.get:43 < main.other:9 < main.serve:5";
    assert_eq!(deaf(&two_ask(false, called_by_another)), [0; 0]);
    assert_eq!(deaf(&two_ask(true, SELECT)), [4, 5], "each waits for its own");
    assert_eq!(deaf(&two_ask(false, "main.other:9 < main.serve:5")), [4], "elsewhere");
}

/// Several are called one after another, each with a time limit of its own, and wait beyond that for one
/// that the first two of them have started, or each for its own.
fn called(each_starts: bool) -> Document {
    const WAIT: &str = "main.get:40 < main.lookup:3";
    let mut made = Made::new();
    made.running(100, "runtime.main");
    made.go(US, 100, "main.main:3", 1, "main.serve").runs(2 * US, 1);
    let callers = || (10..14).zip([10, 23, 31, 42]);
    let fill = |of: u32| of + 10;
    let starts = |of: u32| each_starts || of < 12;
    let fills_for = |of: u32| if starts(of) { fill(of) } else { fill(of - 2) };
    for (of, at) in callers() {
        let at = at * MS;
        made.go(at, 1, "main.serve:8", of, "main.lookup").runs(at + US, of);
        if starts(of) {
            let stack = "main.get:36 < main.lookup:3";
            made.go(at + 2 * US, of, stack, fill(of), "main.fill").runs(at + 3 * US, fill(of));
            made.waits(at + 4 * US, fill(of), FILLS[0], FILLS[1]);
        }
        made.waits(at + 5 * US, of, "chan receive", WAIT);
    }
    for ((_, at), timer) in callers().zip(50..) {
        made.passes((at + 100) * MS, timer, &[]);
    }
    for (of, at) in callers().filter(|(of, _)| starts(*of)) {
        let (at, by) = ((200 + at) * MS, fill(of));
        let waits = || callers().map(|(other, _)| other).filter(|&it| fills_for(it) == by);
        made.wakes(at, 0, "", by).runs(at + US, by);
        for (other, n) in waits().zip(2..) {
            made.wakes(at + n * US, by, "main.fill:60", other);
        }
        made.ends(at + 10 * US, by);
        for (other, n) in waits().zip(1..) {
            made.runs(at + n * 20 * US, other).ends(at + n * 20 * US + US, other);
        }
    }
    made.document(400 * MS)
}

#[test]
fn a_deadline_is_the_callers_if_several_wait_for_one() {
    assert_eq!(deaf(&called(true)), [20, 21, 22, 23], "each has its caller's context");
    let shared = called(false);
    assert_eq!(deaf(&shared), [10, 11, 12, 13], "not the one that they wait for");
    let rows = shared.analysis().hearings().iter().filter(|row| row.deaf);
    assert!(rows.map(|row| row.evidence).all(|evidence| evidence == Evidence::Task));
}
