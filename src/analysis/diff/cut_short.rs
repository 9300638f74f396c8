//! Whose life a deadline cut short: how long it would have been nobody knows.

use rustc_hash::{FxHashMap, FxHashSet};

use super::super::Document;
use super::super::words::Rule;
use crate::base::{Goroutine, Time};
use crate::parse::event::GoState;

/// So many waited for each other at most.
const MAX_CHAIN: usize = 8;
/// After its last wait a goroutine that has nothing more to do has at most so many spans.
const LAST_SPANS: usize = 6;

/// Whose work a deadline cut short by the findings, and who was waiting for these: that it takes
/// longer where the deadline is gone is not worse.
pub(super) struct CutShort<'a> {
    document: &'a Document,
    /// When their deadlines were.
    at: FxHashMap<Goroutine, Time>,
}

impl<'a> CutShort<'a> {
    pub(super) fn new(document: &'a Document) -> Self {
        let analysis = document.analysis();
        let ended = &document.trace().goroutines.ended;
        let late_over_ns = document.rules().late_over_ns;
        let mut at = FxHashMap::default();
        let findings = analysis.findings().iter();
        for finding in findings.filter(|finding| finding.rule == Rule::DeadlineCutShort) {
            let about: FxHashSet<Goroutine> = finding.goroutines.iter().copied().collect();
            for &row in &finding.cancels {
                let cancel = &analysis.cancels()[row as usize];
                // Who left late, or with a handler that somebody else runs, was not cut short.
                let in_time = analysis.heard(cancel).iter().filter(|hearing| {
                    about.contains(&hearing.goroutine)
                        && hearing.overstay_ns <= late_over_ns
                        && hearing.end == ended[hearing.goroutine.index()]
                });
                at.extend(in_time.map(|hearing| (hearing.goroutine, cancel.at)));
            }
        }
        Self { document, at }
    }

    /// Whether a goroutine, which ended then, did so because of a deadline.
    pub(super) fn ended(&self, goroutine: Goroutine, end: Time) -> bool {
        if self.at.is_empty() {
            return false;
        }
        let (mut of, mut end) = (goroutine, end);
        let mut waited_since = None;
        for _ in 0..MAX_CHAIN {
            if let Some(&at) = self.at.get(&of) {
                // Who began to wait only after the deadline was held up by something else.
                return waited_since.is_none_or(|since| since <= at);
            }
            let Some(wait) = last_wait(self.document, of, end) else { return false };
            if end - wait.woken > self.document.rules().late_over_ns {
                return false;
            }
            waited_since = waited_since.max(Some(wait.since));
            (of, end) = (wait.waker, wait.woken);
        }
        false
    }
}

/// The last time that a goroutine waited for another.
struct LastWait {
    since: Time,
    woken: Time,
    waker: Goroutine,
}

/// For whom a goroutine waited last before it ended.
fn last_wait(document: &Document, goroutine: Goroutine, end: Time) -> Option<LastWait> {
    let (trace, book) = (document.trace(), &document.analysis().book);
    let mut back = trace.spans_before(goroutine, end).take(LAST_SPANS);
    let woken = back.find(|span| span.woken)?;
    let waited = back.next().filter(|span| span.state == GoState::Waiting)?;
    let by_code = book.woken_by_code(trace.stacks(), &woken);
    let waker = woken.waker.filter(|waker| by_code && *waker != goroutine)?;
    Some(LastWait { since: waited.start, woken: woken.start, waker })
}
