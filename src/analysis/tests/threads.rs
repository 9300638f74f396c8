//! What the analysis says does not depend on the number of threads.

use super::super::threads::Threads;
use super::super::{Analysis, Rules, analyze_on};
use super::{example, open};
use crate::model::Trace;

/// All that is said, in words that can be compared.
fn said(trace: &Trace, threads: usize) -> Vec<String> {
    let rules = Rules { sibling: true, ..Rules::default() };
    let analysis: Analysis = analyze_on(trace, &rules, Threads(threads));
    let by_goroutine = trace.goroutines().map(|of| analysis.by_goroutine.of(of).to_vec());
    let mut said = vec![format!("{:?} {:?}", analysis.summary(), analysis.worst_first)];
    said.extend(analysis.cancels().iter().map(|row| format!("{row:?}")));
    said.extend(analysis.hearings().iter().map(|row| format!("{row:?}")));
    said.extend(analysis.findings().iter().map(|row| format!("{row:?}")));
    said.extend(analysis.groups().iter().map(|row| format!("{row:?}")));
    said.extend(by_goroutine.map(|rows| format!("{rows:?}")));
    said
}

#[test]
fn any_number_of_threads_says_the_same() {
    let names = [
        "healthy-server/healthy-server",
        "sleep-in-handler/before",
        "polling-sleep/before",
        "errgroup-straggler/before",
        "lost-cancel/before",
        "deaf/before.go1.21",
    ];
    for name in names {
        let document = open(&example(name));
        let alone = said(document.trace(), 1);
        assert!(alone.len() > 10, "{name}");
        for threads in [2, 7] {
            assert_eq!(said(document.trace(), threads), alone, "{name} on {threads}");
        }
    }
}
