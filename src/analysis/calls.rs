//! Calls of cancel functions: runs of evidence, and the logs that tell of them.

use std::ops::Range;

use rustc_hash::FxHashMap;

use crate::base::{Goroutine, Time};

use super::evidence::Pieces;
use super::grouping::Group;
use super::logged::{Entry, SAME_CALL_NS, Verb};

/// One call of a cancel function: its pieces, or else the log that tells of it.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) at: Time,
    pub(crate) by: Option<Goroutine>,
    pub(crate) pieces: Range<u32>,
    /// By how many of the pieces somebody heard.
    pub(crate) n_heard: u32,
    /// The row of the log that tells of it, if there is one.
    pub(crate) log: Option<u32>,
}

/// Puts logs and evidence together: the evidence that follows a log at once is of that call.
/// In order of time.
pub(crate) fn calls(pieces: &Pieces, groups: Vec<Group>, logs: &[Entry<'_>]) -> Vec<Call> {
    let of_group = |Group { pieces: places, n_heard }| {
        let first = pieces.at(places.start as usize);
        Call { at: first.at, by: first.by, pieces: places, n_heard, log: None }
    };
    let mut calls: Vec<Call> = groups.into_iter().map(of_group).collect();
    // The groups are in the order of their pieces: by canceller, then time.
    let n_seen = calls.len();
    let cancels = (0..).zip(logs).filter(|(_, log)| log.says.verb == Verb::Cancel);
    for (row, log) in cancels {
        let next =
            calls[..n_seen].partition_point(|call| (call.by, call.at) < (Some(log.by), log.at));
        let unseen = match calls[..n_seen].get_mut(next) {
            // The last log before the evidence is the one that tells of it.
            Some(call) if call.by == Some(log.by) && call.at - log.at <= SAME_CALL_NS => {
                call.log.replace(row)
            }
            _ => Some(row),
        };
        calls.extend(unseen.map(|row| of_log(row, &logs[row as usize])));
    }
    // Small keys sort faster than calls.
    let key = |row: u32, call: &Call| {
        let by = call.by.map_or(0, |by| u128::from(by.0) + 1);
        u128::from(call.at.ns().cast_unsigned() ^ (1 << 63)) << 64 | by << 32 | u128::from(row)
    };
    let mut order: Vec<u128> = (0..).zip(&calls).map(|(row, call)| key(row, call)).collect();
    order.sort_unstable();
    let row = |key: u128| usize::try_from(key & u128::from(u32::MAX)).unwrap_or(usize::MAX);
    let mut in_order = Vec::with_capacity(calls.len());
    in_order.extend(order.into_iter().filter_map(|key| calls.get(row(key)).cloned()));
    in_order
}

/// A call that only its log tells of.
fn of_log(row: u32, log: &Entry<'_>) -> Call {
    Call { at: log.at, by: Some(log.by), pieces: 0..0, n_heard: 0, log: Some(row) }
}

/// Which cancel a goroutine noticed that logs a context's name: the last one before of that
/// context, or else of the nearest above it.
#[derive(Debug, Default)]
pub(crate) struct Names<'a> {
    /// The last cancel of each context.
    cancelled: FxHashMap<&'a str, u32>,
    /// The parent of each context.
    parents: FxHashMap<&'a str, &'a str>,
}

/// How many contexts above one to ask.
const MAX_ABOVE: usize = 64;

impl<'a> Names<'a> {
    /// Notes where a context is in the tree.
    pub(crate) fn is_under(&mut self, name: &'a str, parent: &'a str) {
        if !parent.is_empty() {
            self.parents.insert(name, parent);
        }
    }

    /// Notes a cancel.
    pub(crate) fn is_cancelled(&mut self, name: &'a str, cancel: u32) {
        self.cancelled.insert(name, cancel);
    }

    /// The cancel that ended a context.
    pub(crate) fn cancel_of(&self, name: &str) -> Option<u32> {
        let above = std::iter::successors(Some(name), |name| self.parents.get(name).copied());
        above.take(MAX_ABOVE).find_map(|name| self.cancelled.get(name).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_is_cancelled_by_itself_or_from_above() {
        let mut names = Names::default();
        names.is_under("query", "request");
        names.is_under("request", "");
        assert_eq!(names.cancel_of("query"), None);
        names.is_cancelled("request", 3);
        assert_eq!(names.cancel_of("query"), Some(3));
        names.is_cancelled("query", 2);
        assert_eq!(names.cancel_of("query"), Some(2));
        assert_eq!(names.cancel_of("other"), None);
        // Names that go round in a circle are nobody's doing but a broken log's.
        names.is_under("a", "b");
        names.is_under("b", "a");
        assert_eq!(names.cancel_of("a"), None);
    }
}
