//! Who was meant to leave and who lives on: traces made by hand.

use super::super::{Document, Outcome};
use super::made::{Made, TIMER};

const US: i64 = 1_000;
const MS: i64 = 1_000_000;

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
    let stack = format!("context.(*cancelCtx).cancel < {TIMER}");
    made.go(10 * MS, 0, "", 90, "context.WithDeadlineCause.func2").runs(10 * MS + US, 90);
    let hearers: Vec<u32> = (2..2 + n).rev().collect();
    for (at, &of) in (2..).zip(&hearers) {
        made.wakes(10 * MS + at * US, 90, &stack, of);
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

fn outcomes(document: &Document) -> Vec<Outcome> {
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
fn who_waits_deeper_in_or_was_not_alone_is_late() {
    let document = hears_and_waits(1, "main.drain:50 < main.worker:21", Ender::Creator);
    assert_eq!(outcomes(&document), [Outcome::Exited]);
    let document = hears_and_waits(2, "main.worker:18", Ender::Creator);
    assert_eq!(outcomes(&document), [Outcome::Exited; 2]);
}
