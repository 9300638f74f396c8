//! Contexts that the program logs, by assets/overstayctx: a recording.

use std::path::Path;

use super::super::{Cause, Evidence, Outcome, Rule};
use super::open;

const MS: i64 = 1_000_000;

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
