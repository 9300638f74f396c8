//! What is over a budget, on traces made by hand.

use super::budget::{Budget, Limits, Unit};
use super::forgive;
use super::verdict::{Checked, hold_against, measure};
use crate::analysis::tests::made::{CANCEL, MS, Made};
use crate::analysis::{AsLong, Document, Rule, Rules};

const DONE: &str = "runtime.selectgo < main.worker:3";
const HANDLER: &str = "net/http.HandlerFunc.ServeHTTP < net/http.(*conn).serve";

/// When the traces end.
const END: i64 = 1_000 * MS;

/// How a worker spends the time from its cancel, at 10 ms, to its end.
#[derive(Clone, Copy)]
enum Spends {
    /// It sleeps, so many ms.
    Sleep(i64),
    /// It wants for a processor.
    Starve(i64),
    /// It is a server's goroutine whose handler sleeps.
    Handle(i64),
}

/// Workers of one context, in order of their ends; who would end after the trace is alive then.
fn cancelled(workers: &[Spends], rules: Rules) -> Document {
    let mut made = Made::new();
    made.running(1, "main.main");
    let numbered = || workers.iter().copied().zip(2_u32..);
    for (spends, worker) in numbered() {
        let at = MS + i64::from(worker) * 1_000;
        let (start, stack) = match spends {
            Spends::Handle(_) => {
                ("net/http.(*conn).serve", format!("runtime.selectgo < main.handler:3 < {HANDLER}"))
            }
            _ => ("main.worker", DONE.to_owned()),
        };
        made.go(at, 1, "main.main:2", worker, start).runs(at + 100, worker);
        made.waits(at + 200, worker, "select", &stack);
    }
    for (_, worker) in numbered() {
        let canceller = format!("{CANCEL} < main.main:7");
        made.wakes(10 * MS + i64::from(worker), 1, &canceller, worker);
    }
    for (spends, worker) in numbered() {
        let at = 10 * MS + 1_000 + i64::from(worker) * 10;
        match spends {
            Spends::Sleep(_) => {
                made.runs(at, worker).waits(at + 1, worker, "sleep", "time.Sleep < main.worker:5");
            }
            Spends::Handle(_) => {
                let stack = format!("time.Sleep < main.handler:5 < {HANDLER}");
                made.runs(at, worker).waits(at + 1, worker, "sleep", &stack);
            }
            Spends::Starve(_) => {}
        }
    }
    for (spends, worker) in numbered() {
        let (Spends::Sleep(ms) | Spends::Starve(ms) | Spends::Handle(ms)) = spends;
        let at = 10 * MS + ms * MS + i64::from(worker) * 10;
        if at > END {
            continue;
        }
        if !matches!(spends, Spends::Starve(_)) {
            made.wakes(at - 3, 0, "", worker);
        }
        made.runs(at - 2, worker).ends(at, worker);
    }
    made.document_by(END, rules)
}

fn budget(limits: Limits, allow: &[&str]) -> Budget {
    let entry = |function: &&str| {
        format!("[[allow]]\nfunction = \"{function}\"\nrule = \"late-exit\"\nwhy = \"x\"\n")
    };
    let text: String = allow.iter().map(entry).collect();
    Budget { limits, ..Budget::parse(&text, None).expect("a budget") }
}

fn check(workers: &[Spends], allow: &[&str]) -> Checked {
    hold_against(&cancelled(workers, Rules::default()), &budget(Limits::BUILT_IN, allow))
}

/// What is over, as text.
fn over(checked: &Checked) -> Vec<String> {
    checked.over.iter().map(|over| format!("{}: {}", over.function, measure(over))).collect()
}

#[test]
fn the_limits_on_late_exits_count_the_same_goroutines() {
    let checked = check(&[Spends::Starve(300)], &[]);
    assert_eq!(over(&checked), [""; 0], "to want for a processor is excused by both");
    let checked = check(&[Spends::Sleep(300), Spends::Starve(600)], &[]);
    let slept = "main.worker: late_exit_p99 300 ms, at most 50 ms";
    assert_eq!(over(&checked), [slept, "main.worker: late_exit_max 300 ms, at most 200 ms"]);
    let prompt = [Spends::Sleep(1); 100];
    let checked = check(&[&prompt[..], &[Spends::Sleep(100)]].concat(), &[]);
    assert_eq!(over(&checked), [""; 0], "one of a hundred and one may be slower");
}

#[test]
fn who_held_the_worst_one_is_named() {
    let mut made = Made::new();
    made.running(1, "main.main");
    let holds = "time.Sleep < main.holder:5";
    made.go(MS, 1, "main.main:2", 2, "main.holder").runs(MS + 1, 2).waits(
        MS + 2,
        2,
        "sleep",
        holds,
    );
    made.go(2 * MS, 1, "main.main:3", 3, "main.worker").runs(2 * MS + 1, 3);
    made.waits(2 * MS + 2, 3, "select", DONE);
    made.wakes(10 * MS, 1, &format!("{CANCEL} < main.main:7"), 3);
    let lock = "sync.(*Mutex).Lock < main.worker:5";
    made.runs(10 * MS + 1, 3).waits(10 * MS + 2, 3, "sync", lock);
    made.wakes(310 * MS, 0, "", 2).runs(310 * MS + 1, 2);
    made.wakes(310 * MS + 2, 2, "sync.(*Mutex).Unlock < main.holder:6", 3);
    made.runs(310 * MS + 3, 3).ends(310 * MS + 4, 3).ends(310 * MS + 5, 2);
    let document = made.document(1_000 * MS);
    let checked = hold_against(&document, &budget(Limits::BUILT_IN, &[]));
    let over = checked.over.iter().find(|over| over.limit == "late_exit_max").expect("it is late");
    assert!(over.fix.contains("see who held it"), "{over:?}");
    let held = "held up by goroutine 2: slept 300 ms in main.holder (main.go:5)";
    assert!(over.message.ends_with(held), "{}", over.message);

    let alone = cancelled(&[Spends::Sleep(300)], Rules::default());
    let checked = hold_against(&alone, &budget(Limits::BUILT_IN, &[]));
    assert!(!checked.over[0].message.contains("held up by"), "nobody else held it");
}

#[test]
fn an_exception_is_for_whoever_the_finding_names() {
    let workers = [Spends::Sleep(15), Spends::Handle(80)];
    let late = ["main.handler: late_exit_p99 80 ms, at most 50 ms"];
    assert_eq!(over(&check(&workers, &[])), late);
    assert_eq!(over(&check(&workers, &["main.handler"])), [""; 0]);
    assert_eq!(over(&check(&workers, &["net/http.(*conn).serve"])), late);
}

/// What is left over if `before` is the baseline, with 100 ms as the limit on the latest.
fn beyond(workers: &[Spends], before: &[Spends]) -> Checked {
    let limits =
        Limits { late_exit_max: Some(100 * MS), still_alive: Some(0), ..Limits::default() };
    let budget = budget(limits, &[]);
    let rules = Rules { late_over_ns: 100 * MS, ..Rules::default() };
    let mut checked = hold_against(&cancelled(workers, rules.clone()), &budget);
    forgive(&mut checked, &cancelled(before, rules.clone()), &rules, &budget);
    checked
}

#[test]
fn a_tenth_more_than_the_baseline_is_forgiven_though_that_was_within() {
    for before in [95, 99, 101, 120] {
        let checked = beyond(&[Spends::Sleep(104)], &[Spends::Sleep(before)]);
        assert_eq!(over(&checked), [""; 0], "{before}");
        assert_eq!(checked.forgiven, ["late_exit_max"]);
        assert_eq!(checked.kept().collect::<Vec<_>>(), ["late_exit_max", "still_alive"]);
        assert_eq!(checked.within().collect::<Vec<_>>(), ["still_alive"]);
    }
    for before in [1, 50, 94] {
        let checked = beyond(&[Spends::Sleep(104)], &[Spends::Sleep(before)]);
        assert_eq!(over(&checked).len(), 1, "{before}");
        assert_eq!(checked.kept().collect::<Vec<_>>(), ["still_alive"]);
    }
    // Another function's is no excuse.
    assert_eq!(over(&beyond(&[Spends::Sleep(104)], &[Spends::Handle(104)])).len(), 1);
}

#[test]
fn what_is_over_by_little_is_told_to_the_nanosecond() {
    let limits = Limits { late_exit_max: Some(100 * MS), ..Limits::default() };
    let document = cancelled(&[Spends::Sleep(100)], Rules::default());
    let checked = hold_against(&document, &budget(limits, &[]));
    let told = "main.worker: late_exit_max 100,000,018 ns, at most 100,000,000 ns";
    assert_eq!(over(&checked), [told]);
}

#[test]
fn a_count_is_that_of_all_findings_that_its_limit_is_on() {
    // Each by itself is within the limit.
    let workers = [Spends::Sleep(2_000), Spends::Sleep(2_000), Spends::Handle(2_000)];
    let limits = |still_alive| Limits { still_alive: Some(still_alive), ..Limits::default() };
    let checked = |still_alive| {
        hold_against(&cancelled(&workers, Rules::default()), &budget(limits(still_alive), &[]))
    };
    let told = [
        "main.worker: still_alive 2 of 3 goroutines, at most 2",
        "main.handler: still_alive 1 of 3 goroutines, at most 2",
    ];
    assert_eq!(over(&checked(2)), told);
    assert_eq!(over(&checked(3)), [""; 0]);
}

#[test]
fn how_many_are_seen_to_be_deaf_is_a_matter_of_luck() {
    let deaf = |count: u32| {
        let document = cancelled(&[Spends::Sleep(300)], Rules::default());
        let mut checked = hold_against(&document, &budget(Limits::BUILT_IN, &[]));
        checked.over.truncate(1);
        for over in &mut checked.over {
            (over.limit, over.rule, over.unit, over.count) =
                ("deaf", Rule::Deaf, Unit::Count, count);
        }
        checked
    };
    let is_over = |before: u32, after: u32| {
        let mut checked = deaf(after);
        checked.forgive(&deaf(before));
        !checked.over.is_empty()
    };
    assert!(!is_over(30, 32) && !is_over(10, 16) && !is_over(50, 48));
    assert!(is_over(10, 30) && is_over(50, 80));
    let mut alive = deaf(2);
    alive.over[0].rule = Rule::StillAlive;
    let mut before = deaf(1);
    before.over[0].rule = Rule::StillAlive;
    alive.forgive(&before);
    assert_eq!(alive.over.len(), 1, "who is alive at the end is none");
}

#[test]
fn who_lived_as_long_in_the_baseline_is_no_worse_for_a_cancel_that_was_not_seen_there() {
    let unseen = |ms: i64, others: &[i64]| {
        let mut made = Made::new();
        made.running(1, "main.main");
        let at = MS + 2_000;
        made.go(at, 1, "main.main:2", 2, "main.worker").runs(at + 100, 2);
        made.waits(at + 200, 2, "sleep", "time.Sleep < main.worker:5");
        for id in (3..).take(others.len()) {
            let at = at + i64::from(id) * 300;
            made.go(at, 1, "main.main:9", id, "main.worker").runs(at + 100, id);
            made.waits(at + 200, id, "sleep", "time.Sleep < main.worker:5");
        }
        let mut all: Vec<(i64, u32)> = others.iter().copied().zip(3..).collect();
        all.push((ms, 2));
        all.sort_unstable();
        for (ms, id) in all {
            made.wakes(ms * MS - 3, 0, "", id).runs(ms * MS - 2, id).ends(ms * MS, id);
        }
        made.document_by(END, Rules::default())
    };
    let late = cancelled(&[Spends::Sleep(300)], Rules::default());
    let is_over = |baseline: &Document| {
        let mut checked = hold_against(&late, &budget(Limits::BUILT_IN, &[]));
        checked.forgive_unseen(&AsLong::new(&late, baseline));
        !checked.over.is_empty()
    };
    assert!(!is_over(&unseen(310, &[])));
    assert!(is_over(&unseen(100, &[])), "it lived for less");
    // Who is started on two lines of one function is of one kind.
    assert!(is_over(&unseen(100, &[310])) && is_over(&unseen(310, &[100])), "half lived for less");
    assert!(!is_over(&unseen(310, &[310, 320])));
    let prompt = cancelled(&[Spends::Sleep(1)], Rules::default());
    assert!(is_over(&prompt), "it was told, and left");
}
