//! The thirteen cases of traces/, before and after.

use super::super::{Cause, Evidence, Outcome, Rule, Verdict, describe, diff};
use super::made::MS;
use super::{example, found, open, whom};

/// Rules by which somebody is accused.
const ACCUSING: [Rule; 3] = [Rule::LateExit, Rule::StillAlive, Rule::Deaf];

#[test]
fn whoever_behaves_is_not_accused() {
    let cured = [
        "after-in-loop",
        "broken-chain",
        "deaf",
        "errgroup-straggler",
        "late-exit",
        "lost-cancel",
        "nested-deadline",
        "polling-sleep",
        "shutdown-hang",
        "sleep-in-handler",
        "ticker-vs-sleep",
        "timer-churn",
    ];
    let mut names: Vec<String> = cured.iter().map(|case| format!("{case}/after")).collect();
    names.push("healthy-server/healthy-server".to_owned());
    for case in ["deaf", "late-exit", "polling-sleep", "broken-chain"] {
        names.extend(["go1.21", "go1.22"].map(|version| format!("{case}/after.{version}")));
    }
    for name in names {
        let document = open(&example(&name));
        for rule in ACCUSING {
            assert!(found(&document, rule).is_empty(), "{name}: {:?}", found(&document, rule));
        }
    }
}

#[test]
fn late_exits_are_named_with_what_held_them() {
    for version in ["", ".go1.22", ".go1.21"] {
        let document = open(&example(&format!("late-exit/before{version}")));
        let late = ["flushWorker", "readWorker", "reportWorker", "storeWorker"];
        let late: Vec<_> = late.iter().map(|name| format!("main.{name}")).collect();
        let named = whom(&document, Rule::LateExit);
        assert!(
            named.iter().map(|(name, _)| *name).eq(late.iter().map(String::as_str)),
            "{named:?}"
        );
        let flush = found(&document, Rule::LateExit)
            .into_iter()
            .find(|finding| document.trace().string(finding.function) == "main.flushWorker")
            .expect("checked above");
        assert!((80 * MS..90 * MS).contains(&flush.worst_ns), "{flush:?}");
        assert!(flush.message.contains("in main.lateWork (main.go:52)"), "{}", flush.message);
    }
}

#[test]
fn blame_follows_the_wakes_to_the_one_who_slept() {
    let document = open(&example("late-exit/before"));
    let (trace, analysis) = (document.trace(), document.analysis());
    let store = analysis
        .hearings()
        .iter()
        .find(|hearing| trace.string(hearing.function) == "main.storeWorker")
        .expect("it heard");
    let links = document.held_by(store);
    let blamed = links.first().expect("a chain");
    assert_eq!(trace.string(trace.life(blamed.goroutine).name), "main.readWorker");
    let what = describe(trace, &blamed.did);
    assert!(what.contains("main.readRow"), "{what}");
}

#[test]
fn the_straggler_is_blamed_by_the_one_who_waits_for_its_lock() {
    let document = open(&example("errgroup-straggler/before"));
    let trace = document.trace();
    assert_eq!(found(&document, Rule::LateExit).len(), 2);
    let index = document
        .analysis()
        .late(10 * MS)
        .find(|hearing| document.split(hearing)[0].reason == trace.strings().find("sync").unwrap())
        .expect("one waits for a lock");
    let links = document.held_by(index);
    let what: Vec<_> = links.iter().map(|link| describe(trace, &link.did)).collect();
    assert!(what.iter().any(|what| what.contains("system call in main.syncDisk")), "{what:?}");
    assert!(document.analysis().cancels().iter().all(|cancel| cancel.cause == Cause::Errgroup));
}

#[test]
fn the_deaf_are_found_by_who_waited_for_them() {
    for version in ["", ".go1.22", ".go1.21"] {
        let document = open(&example(&format!("deaf/before{version}")));
        let deaf = whom(&document, Rule::Deaf);
        assert!(deaf.contains(&("main.askExchange", 1)), "{deaf:?}");
        assert!(deaf.contains(&("main.retryPayment", 3)), "{deaf:?}");
        for cancel in document.analysis().cancels() {
            let deaf = document.analysis().deaf(cancel);
            assert!(deaf.iter().all(|hearing| hearing.evidence == Evidence::WaitedOn));
        }
    }
}

#[test]
fn a_broken_chain_leaves_the_downstream_deaf() {
    for version in ["", ".go1.22", ".go1.21"] {
        let document = open(&example(&format!("broken-chain/before{version}")));
        assert_eq!(whom(&document, Rule::Deaf), [("main.call", 5)]);
    }
}

#[test]
fn polling_between_sleeps_is_late_deaf_and_piles_up() {
    let document = open(&example("polling-sleep/before"));
    assert_eq!(whom(&document, Rule::LateExit), [("main.syncLoop", 30)]);
    assert_eq!(whom(&document, Rule::Deaf), [("main.syncLoop", 60)]);
    assert!(whom(&document, Rule::PileUp).iter().any(|(name, _)| *name == "main.syncLoop"));
    assert!(whom(&document, Rule::LongSleep).iter().any(|(name, _)| *name == "main.syncLoop"));
    assert!(found(&open(&example("polling-sleep/after")), Rule::PileUp).is_empty());
}

#[test]
fn a_deadline_below_an_earlier_one_is_cut_short() {
    let before = open(&example("nested-deadline/before"));
    let cut = whom(&before, Rule::DeadlineCutShort);
    assert_eq!(cut, [("main.authorize", 3), ("main.capture", 3)]);
    assert!(found(&open(&example("nested-deadline/after")), Rule::DeadlineCutShort).is_empty());
}

#[test]
fn handlers_that_sleep_outstay_their_clients() {
    let document = open(&example("sleep-in-handler/before"));
    assert_eq!(whom(&document, Rule::LateExit), [("main.pay", 68)]);
    assert_eq!(whom(&document, Rule::Deaf), [("main.pay", 132)]);
    assert_eq!(whom(&document, Rule::LongSleep), [("main.pay", 200)]);
    // The task of the same requests says the same.
    assert_eq!(whom(&document, Rule::LateRequest), [("main.pay", 200)]);
    let after = open(&example("sleep-in-handler/after"));
    for rule in [Rule::LongSleep, Rule::LateRequest] {
        assert!(found(&after, rule).is_empty(), "{rule}");
    }
}

#[test]
fn contexts_that_nobody_cancels_keep_goroutines_alive() {
    let before = open(&example("lost-cancel/before"));
    assert!(whom(&before, Rule::StillAlive).iter().any(|(name, _)| *name == "main.refresh"));
    assert_eq!(whom(&before, Rule::PileUp), [("main.refresh", 450)]);
    assert!(found(&open(&example("lost-cancel/after")), Rule::PileUp).is_empty());
}

#[test]
fn garbage_from_timers_is_pressure() {
    for case in ["after-in-loop", "timer-churn"] {
        assert_eq!(found(&open(&example(&format!("{case}/before"))), Rule::GcPressure).len(), 1);
        assert!(found(&open(&example(&format!("{case}/after"))), Rule::GcPressure).is_empty());
    }
}

#[test]
fn cures_show_in_the_comparison() {
    for case in ["ticker-vs-sleep", "polling-sleep", "sleep-in-handler", "timer-churn", "late-exit"]
    {
        let open = |side: &str| open(&example(&format!("{case}/{side}")));
        let (before, after) = (open("before"), open("after"));
        assert_eq!(diff(&before, &after).verdict, Verdict::Better, "{case}");
        assert_eq!(diff(&after, &before).verdict, Verdict::Worse, "{case}");
        let itself = diff(&before, &before);
        assert!(itself.groups.iter().all(|group| group.verdict == Verdict::Same), "{case}");
    }
}

#[test]
fn workers_and_connections_that_serve_many_contexts_live_on() {
    let document = open(&example("healthy-server/healthy-server"));
    let trace = document.trace();
    let workers = document.analysis().hearings().iter().filter(|hearing| {
        trace.string(hearing.function) == "main.(*pool).worker" && hearing.overstay_ns > 10 * MS
    });
    assert!(workers.clone().count() > 0);
    assert!(workers.into_iter().all(|hearing| hearing.outcome == Outcome::LivesOn));
}

#[test]
fn findings_of_one_place_are_told_together_and_each_once() {
    let document = open(&example("sleep-in-handler/before"));
    let analysis = document.analysis();
    let places = analysis.findings_by_place();
    let rules: Vec<Vec<Rule>> =
        places.iter().map(|place| place.iter().map(|finding| finding.rule).collect()).collect();
    assert!(rules.contains(&vec![Rule::LateExit, Rule::LongSleep, Rule::Deaf]), "{rules:?}");
    assert_eq!(rules.iter().map(Vec::len).sum::<usize>(), analysis.findings().len());
    for place in places.iter().filter(|place| place.len() > 1) {
        assert!(place.iter().all(|finding| finding.site.is_some()));
        assert!(place.windows(2).all(|pair| pair[0].site == pair[1].site));
    }
}

#[test]
fn streams_that_hold_up_a_shutdown_are_told() {
    let document = open(&example("shutdown-hang/before"));
    let alive = found(&document, Rule::StillAlive);
    let [finding] = alive.as_slice() else { panic!("{alive:?}") };
    assert_eq!(document.trace().string(finding.function), "main.events");
    assert_eq!(finding.count, 3);
    assert!((500 * MS..510 * MS).contains(&finding.worst_ns), "{finding:?}");
    assert!(finding.message.contains("Shutdown gave up after"), "{}", finding.message);
    let causes: Vec<Cause> = document.analysis().cancels().iter().map(|it| it.cause).collect();
    assert_eq!(causes, [Cause::Signal, Cause::Deadline], "heard by the main goroutine");
}

#[test]
fn a_shutdown_that_no_longer_hangs_is_better() {
    let [before, after] =
        ["shutdown-hang/before", "shutdown-hang/after"].map(|name| open(&example(name)));
    let cured = diff(&before, &after);
    assert_eq!((cured.verdict, cured.decided()), (Verdict::Better, [1, 0]));
    let broken = diff(&after, &before);
    assert_eq!((broken.verdict, broken.decided()), (Verdict::Worse, [0, 1]));
    assert_eq!(diff(&before, &before).verdict, Verdict::Same);
}
