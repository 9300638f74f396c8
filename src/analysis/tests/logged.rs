//! Contexts that the program logs, by assets/overstayctx: a recording.

use std::path::Path;

use super::super::{Cause, Evidence, Outcome, Rule};
use super::made::{CANCEL, MS, Made};
use super::open;

#[test]
fn contexts_that_are_written_down_are_found_by_name() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/recorded");
    let document = open(&fixtures.join("1.27.3/overstayctx.trace"));
    let (trace, analysis) = (document.trace(), document.analysis());
    let logged: Vec<_> = analysis
        .cancels()
        .iter()
        .map(|cancel| (cancel, analysis.logged(cancel).expect("all are logged")))
        .collect();
    let names = logged.iter().map(|(_, logged)| (logged.name(trace), logged.parent(trace)));
    assert_eq!(names.collect::<Vec<_>>(), [("slow-query#2", "request#1"), ("request#1", "")]);
    let named = document.context_of(logged[0].0).expect("it is logged by name");
    assert_eq!((named.name, named.parent), ("slow-query#2", "request#1"));
    assert_eq!(named.kind(), "slow-query");
    for (cancel, _) in &logged {
        assert_eq!(cancel.cause, Cause::Logged);
        let site = cancel.site.map(|site| trace.string(site.function));
        assert_eq!(site, Some("main.request"), "not the wrapper's own code");
    }
    // The poller has a context below the request's, and says when it noticed.
    assert!(analysis.heard(logged[0].0).is_empty());
    let [poller] = analysis.heard(logged[1].0) else { panic!("one heard") };
    assert_eq!(trace.string(poller.function), "main.poll");
    assert_eq!((poller.evidence, poller.outcome), (Evidence::Logged, Outcome::Exited));
    assert!((20 * MS..60 * MS).contains(&poller.overstay_ns), "{poller:?}");
    assert_eq!(document.heard_as(poller), Some("poll#3"), "a context below the one cancelled");
    let late = analysis.findings().iter().find(|finding| finding.rule == Rule::LateExit);
    let message = &late.expect("the poller is late").message;
    assert!(message.contains("after its cancel of request#1 (logged)"), "{message}");
}

#[test]
fn of_two_logs_in_a_row_the_last_tells_of_the_evidence_and_the_first_of_a_call_without() {
    let mut made = Made::new();
    made.running(1, "runtime.main");
    made.go(10_000, 1, "main.main:3", 2, "main.listen").runs(11_000, 2);
    made.waits(12_000, 2, "chan receive", "main.listen:20");
    made.logs(10 * MS, 1, 0, "cancel alpha#1", "main.main:4");
    made.logs(10 * MS + 1_000, 1, 0, "cancel beta#2", "main.main:5");
    made.wakes(10 * MS + 2_000, 1, &format!("{CANCEL} < main.main:5"), 2);
    made.runs(11 * MS, 2).ends(12 * MS, 2);
    let document = made.document(20 * MS);
    let (trace, analysis) = (document.trace(), document.analysis());
    let cancels = analysis.cancels().iter().map(|cancel| {
        let logged = analysis.logged(cancel).expect("both are logged");
        (logged.name(trace), cancel.n_heard())
    });
    assert_eq!(cancels.collect::<Vec<_>>(), [("alpha#1", 0), ("beta#2", 1)]);
}
