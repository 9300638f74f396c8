//! What holds of every trace: the examples, the fixtures, and the corpus where there is one.

use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;

use super::super::split::Splitter;
use super::super::split::activity::Key;
use super::super::split::blame::{Walk, spans_for_each};
use super::super::split::ledger::{Ledger, Ledgers, SPANS_EACH};
use super::super::whole::accounts::splitter;
use super::super::{Cancel, Document, Doing, Outcome, Rules, SplitPart};
use super::made::{MS, US};
use super::traces_below;
use crate::base::{Goroutine, Interval, Progress, StackId, Time};
use crate::model::{self, Edge};

/// Names the folder of a larger corpus of traces.
const CORPUS: &str = "OVERSTAY_CORPUS";

pub(crate) fn documents() -> impl Iterator<Item = (PathBuf, Document)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    for folder in ["traces", "tests/fixtures"] {
        traces_below(&root.join(folder), &mut paths);
    }
    match std::env::var_os(CORPUS) {
        Some(folder) => traces_below(Path::new(&folder), &mut paths),
        None => eprintln!("{CORPUS} is not set: only the package's own traces are checked"),
    }
    assert!(paths.len() > 20, "the package has traces");
    paths.into_iter().filter_map(|path| {
        #[expect(clippy::disallowed_methods, reason = "a test reads its traces")]
        let bytes = std::fs::read(&path).ok()?;
        // Damaged ones are fixtures too: whatever opens is checked.
        let trace = model::build(&bytes, &Progress::default()).ok()?;
        Some((path, Document::new(trace, Rules::default())))
    })
}

#[test]
fn splits_add_up() {
    for (path, document) in documents() {
        for hearing in document.analysis().hearings() {
            let sum: i64 = document.split(hearing).iter().map(|part| part.ns).sum();
            assert_eq!(sum, hearing.overstay_ns, "{}: {hearing:?}", path.display());
        }
    }
}

/// All the time back to the cancel is somebody's, and what each of them did has a name.
#[test]
fn chains_end_at_the_cancel_or_at_a_named_reason() {
    for (path, document) in documents() {
        let mut walk = Walk::new(splitter(document.trace(), document.analysis()));
        for hearing in document.analysis().hearings() {
            let name = format!("{}: {hearing:?}", path.display());
            let window = document.window(hearing);
            let account = walk.account(hearing.goroutine, window, spans_for_each(1, 0));
            let links: Vec<_> = account.links().collect();
            let read_forwards = document.split(hearing).into_iter();
            assert!(account.parts().map(plain).eq(read_forwards.map(plain)), "{name}");
            assert_eq!(links.is_empty(), hearing.overstay_ns == 0, "{name}");
            for link in links {
                assert!(is_named(&document, &link.did), "{name}: {link:?}");
                let Interval { start, end } = link.interval;
                assert!(window.start <= start && start < end && end <= window.end, "{name}");
            }
            let held: i64 = walk.hands().iter().map(|(_, held)| held.ns).sum();
            assert_eq!(held, hearing.overstay_ns, "{name}");
        }
    }
}

/// Long windows are looked up, and that tells the same as reading them span by span.
#[test]
fn ledgers_tell_what_spans_tell() {
    let mut n_long = 0;
    for (path, document) in documents() {
        let trace = document.trace();
        let read = splitter(trace, document.analysis());
        let ledgers = Ledgers::default();
        let looked_up = Splitter { ledgers: Some(&ledgers), ..read };
        for goroutine in trace.goroutines() {
            let starts: Vec<Time> = trace.spans(goroutine).map(|span| span.start).collect();
            if starts.len() < 4 * SPANS_EACH {
                continue;
            }
            n_long += 1;
            let n_sums = Ledger::new(read, goroutine).n_sums();
            assert!(n_sums <= starts.len(), "{}: {goroutine:?}", path.display());
            let end = trace.lifetime(goroutine).end;
            for first in (0..starts.len() - 3 * SPANS_EACH).step_by(301) {
                for until in [end, starts[first + 3 * SPANS_EACH - 1] + 7] {
                    let window = Interval::new(starts[first] + 5, until);
                    let name = format!("{}: {goroutine:?} {window:?}", path.display());
                    let (told, _) = sums(read, goroutine, window);
                    let (same, n_pieces) = sums(looked_up, goroutine, window);
                    assert_eq!(told, same, "{name}");
                    assert!(n_pieces <= 5 * SPANS_EACH + told.len(), "{name}: {n_pieces}");
                }
            }
        }
    }
    assert!(n_long > 0, "the package has a trace with a goroutine of many spans");
}

/// How long a goroutine did what in a window, and of how many pieces that was put together.
fn sums(splitter: Splitter<'_>, of: Goroutine, window: Interval) -> (FxHashMap<Key, i64>, usize) {
    let (mut sums, mut n_pieces) = (FxHashMap::default(), 0);
    splitter.cut(of, window, &mut |activity, ns| {
        *sums.entry(splitter.key(activity)).or_insert(0) += ns;
        n_pieces += 1;
    });
    (sums, n_pieces)
}

/// A part without the stack, which is one of several.
fn plain(part: SplitPart) -> SplitPart {
    SplitPart { stack: StackId::EMPTY, ..part }
}

/// Whether the trace tells what somebody did: a wait has a reason or a place.
fn is_named(document: &Document, did: &SplitPart) -> bool {
    let trace = document.trace();
    match did.state {
        Doing::Waiting => did.site.is_some() || !trace.string(did.reason).is_empty(),
        Doing::Unknown => false,
        _ => true,
    }
}

#[test]
fn tables_are_in_order_and_agree() {
    for (path, document) in documents() {
        let (name, analysis) = (path.display(), document.analysis());
        assert!(analysis.cancels().is_sorted_by_key(|cancel| cancel.at), "{name}");
        let mut n_hearings = 0;
        for cancel in analysis.cancels() {
            let (heard, deaf) = (analysis.heard(cancel), analysis.deaf(cancel));
            n_hearings += heard.len() + deaf.len();
            assert!(heard.is_sorted_by_key(|row| (row.heard_at, row.goroutine)), "{name}");
            assert!(deaf.is_sorted_by_key(|row| row.goroutine), "{name}");
            let all = heard.iter().chain(deaf);
            assert!(all.clone().all(|row| row.cancel == cancel.id), "{name}");
            assert!(all.clone().all(|row| row.heard_at >= cancel.at), "{name}");
            assert!(
                all.clone().all(|row| row.outcome != Outcome::Alive || row.end == Edge::OUTSIDE),
                "{name}"
            );
        }
        assert_eq!(n_hearings, analysis.hearings().len(), "{name}");
        assert!(
            analysis.late(0).map(|row| std::cmp::Reverse(row.overstay_ns)).is_sorted(),
            "{name}"
        );
        for hearing in analysis.hearings() {
            assert!(analysis.overstays_of(hearing.goroutine).any(|row| row == hearing), "{name}");
        }
        assert!(analysis.findings().is_sorted_by_key(|finding| finding.severity), "{name}");
        for finding in analysis.findings() {
            let mut goroutines = finding.goroutines.clone();
            goroutines.sort_unstable();
            assert!(goroutines.is_sorted_by(|a, b| a < b), "{name}: {finding:?}");
        }
    }
}

/// The window keeps what is selected by its row when the budget changes.
#[test]
fn another_budget_changes_neither_cancels_nor_who_heard_them() {
    for (path, document) in documents() {
        for late_over_ns in [0, 50 * US, 100 * MS, i64::MAX] {
            let rules = Rules { late_over_ns, ..document.rules().clone() };
            let other = Document::new(document.share_trace(), rules);
            let cancels = |document: &Document| {
                let of =
                    |cancel: &Cancel| (cancel.at, cancel.by, cancel.site, cancel.heard.clone());
                document.analysis().cancels().iter().map(of).collect::<Vec<_>>()
            };
            let name = format!("{} by {late_over_ns}", path.display());
            assert_eq!(cancels(&document), cancels(&other), "{name}");
            let heard = |document: &Document| {
                let rows = document.analysis().hearings().iter().take_while(|row| !row.deaf);
                rows.map(|row| (row.cancel, row.goroutine, row.heard_at)).collect::<Vec<_>>()
            };
            assert_eq!(heard(&document), heard(&other), "{name}");
            let deaf = other.analysis().hearings().iter().skip(heard(&other).len());
            assert!(deaf.clone().all(|row| row.deaf), "{name}");
        }
    }
}
