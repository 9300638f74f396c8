//! Who goes round a loop after a cancel, and only lets time pass there: traces made by hand.

use super::super::Outcome;
use super::made::{CANCEL, MS, Made, US};
use super::outcome::outcomes;

const OP: &str = "main.op:20 < main.poll:9";
const SLEEP: (&str, &str) = ("sleep", "time.Sleep < main.poll:10");
const AFTER: (&str, &str) = ("chan receive", "main.poll:10");
const SELECT: (&str, &str) = ("select", "main.poll:10");

/// `for ctx.Err() == nil { op(ctx); time.Sleep(d) }` and its like: rounds of an operation and a wait.
/// An operation waits until it is cancelled, and then no more.
#[derive(Clone, Copy)]
struct Rounds {
    /// How many go round at the same time.
    n: u32,
    /// The wait in each round, and another one in it.
    rest: (&'static str, &'static str),
    second: Option<(&'static str, &'static str)>,
    /// Whether the operation's own deadline passes; else the main goroutine cancels.
    own_deadline: bool,
    /// The operations before the cancel that have to wait for what they ask for.
    waits_before: [bool; 3],
    /// How often it goes round after the cancel, and whether the last round is over before the trace
    /// is, and the goroutine ends.
    after: u32,
    ends: bool,
    /// Whether the main goroutine ends the first wait before the cancel, and the first after it.
    fed: [bool; 2],
    /// What else it waits for in each round after the cancel, by the main goroutine.
    takes: Option<(&'static str, &'static str)>,
}

const ROUNDS: Rounds = Rounds {
    n: 1,
    rest: SLEEP,
    second: None,
    own_deadline: false,
    waits_before: [true; 3],
    after: 3,
    ends: true,
    fed: [false; 2],
    takes: None,
};

impl Rounds {
    fn outcomes(self) -> Vec<Outcome> {
        let mut made = Made::new();
        made.running(1, "runtime.main");
        let mut at = MS;
        for of in self.all() {
            made.go(at + of_us(of), 1, "main.main:3", of, "main.poll");
            made.runs(at + of_us(of) + US, of);
        }
        for (round, &waits) in self.waits_before.iter().enumerate() {
            at += MS;
            if waits {
                self.wait(&mut made, &mut at, ("select", OP), false);
            }
            self.rest(&mut made, &mut at, self.fed[0] && round == 0);
        }
        self.cancel(&mut made, at + MS);
        at += 5 * MS;
        for round in 0..self.after {
            if let Some(takes) = self.takes {
                self.wait(&mut made, &mut at, takes, true);
            }
            if round + 1 == self.after && !self.ends {
                for of in self.all() {
                    made.waits(at + of_us(of), of, self.rest.0, self.rest.1);
                }
            } else {
                self.rest(&mut made, &mut at, self.fed[1] && round == 0);
            }
        }
        if self.ends {
            for of in self.all() {
                made.ends(at + of_us(of), of);
            }
        }
        outcomes(&made.document(at + 40 * MS))
    }

    fn all(self) -> impl Iterator<Item = u32> {
        2..2 + self.n
    }

    fn rest(self, made: &mut Made, at: &mut i64, is_fed: bool) {
        for rest in [self.rest].into_iter().chain(self.second) {
            self.wait(made, at, rest, is_fed);
        }
    }

    /// Each waits for 10 ms.
    fn wait(self, made: &mut Made, at: &mut i64, (reason, stack): (&str, &str), is_fed: bool) {
        for of in self.all() {
            made.waits(*at + of_us(of), of, reason, stack);
        }
        *at += 10 * MS;
        let by = if is_fed { (1, "main.main:4") } else { (0, "") };
        for of in self.all() {
            made.wakes(*at + of_us(of), by.0, by.1, of).runs(*at + of_us(of) + US, of);
        }
        *at += MS;
    }

    /// They are cancelled in an operation.
    fn cancel(self, made: &mut Made, at: i64) {
        for of in self.all() {
            made.waits(at + of_us(of), of, "select", OP);
        }
        let all: Vec<u32> = self.all().collect();
        // The last that came is woken first.
        let all: Vec<u32> = all.into_iter().rev().collect();
        if self.own_deadline {
            made.passes(at + MS, 90, &all);
        } else {
            let cancel = format!("{CANCEL} < main.main:5");
            for (&of, n) in all.iter().zip(0..) {
                made.wakes(at + MS + n * US, 1, &cancel, of);
            }
        }
        for of in self.all() {
            made.runs(at + 2 * MS + of_us(of), of);
        }
    }
}

/// One does everything so long after the one before it.
fn of_us(of: u32) -> i64 {
    i64::from(of) * 10 * US
}

#[test]
fn who_polls_between_operations_and_sleeps_once_more_is_late() {
    let once = Rounds { after: 1, ..ROUNDS };
    assert_eq!(once.outcomes(), [Outcome::Exited]);
    let goes_on = Rounds { ends: false, ..once };
    assert_eq!(goes_on.outcomes(), [Outcome::LivesOn], "it may go on");
    let last_of_several = Rounds { own_deadline: true, ..once };
    assert_eq!(last_of_several.outcomes(), [Outcome::LivesOn]);
}

#[test]
fn who_tries_again_and_again_with_the_cancelled_context_is_late() {
    for rest in [SLEEP, AFTER, SELECT] {
        for n in [1, 3] {
            for own_deadline in [false, true] {
                let retries = Rounds { n, rest, own_deadline, ..ROUNDS };
                let expected = vec![Outcome::Exited; n as usize];
                assert_eq!(retries.outcomes(), expected, "{rest:?} {n} {own_deadline}");
            }
        }
    }
    // Two waits in each round, and one round after the cancel.
    let second = Some(("sleep", "time.Sleep < main.poll:11"));
    let twice = Rounds { second, after: 1, ..ROUNDS };
    assert_eq!(twice.outcomes(), [Outcome::Exited]);
    let others_limit = Rounds { own_deadline: true, ..twice };
    assert_eq!(others_limit.outcomes(), [Outcome::LivesOn], "the last of several");
}

#[test]
fn who_still_tries_when_the_trace_ends_is_alive() {
    for (rest, expected) in
        [(SLEEP, Outcome::Alive), (AFTER, Outcome::Alive), (SELECT, Outcome::LivesOn)]
    {
        let retries = Rounds { rest, ends: false, ..ROUNDS };
        assert_eq!(retries.outcomes(), [expected], "{rest:?}");
    }
}

#[test]
fn who_looks_for_jobs_by_the_clock_lives_on() {
    // It found none in one round before the cancel; so it may have found none after it.
    let polls = Rounds { waits_before: [true, false, true], ..ROUNDS };
    assert_eq!(polls.outcomes(), [Outcome::LivesOn]);
    let polls = Rounds { n: 3, ..polls };
    assert_eq!(polls.outcomes(), [Outcome::LivesOn; 3]);
}

#[test]
fn who_waits_for_anything_else_between_its_rests_lives_on() {
    for takes in
        [("chan receive", "main.next:30 < main.poll:8"), ("network", "main.op:24 < main.poll:9")]
    {
        let works = Rounds { takes: Some(takes), ..ROUNDS };
        assert_eq!(works.outcomes(), [Outcome::LivesOn], "{takes:?}");
    }
    // What the operation waits for on another line, under a context of its own, may come by a timer.
    let works = Rounds { second: Some(("select", "main.op:20 < main.poll:12")), ..ROUNDS };
    assert_eq!(works.outcomes(), [Outcome::LivesOn]);
    // What others end is no rest, before the cancel and after it.
    for fed in [[true, false], [false, true]] {
        for rest in [AFTER, SELECT] {
            let served = Rounds { rest, fed, ..ROUNDS };
            assert_eq!(served.outcomes(), [Outcome::LivesOn], "{fed:?} {rest:?}");
        }
    }
}
