//! Calls of cancel functions: runs of evidence, and the logs that tell of them.

use std::ops::Range;

use crate::base::{Goroutine, Time, WireMap, narrow};

use super::super::threads::Threads;
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
pub(crate) fn calls(
    threads: Threads,
    pieces: &Pieces,
    groups: &[Group],
    logs: &[Entry<'_>],
) -> Vec<Call> {
    let first = |group: &Group| {
        let piece = pieces.at(group.pieces.start as usize);
        (piece.by, piece.at)
    };
    // By group, the log that tells of it; and those logs that tell of none.
    let mut told: WireMap<usize, u32> = WireMap::default();
    let mut unseen = Vec::new();
    for (row, log) in (0..).zip(logs).filter(|(_, log)| log.says.verb == Verb::Cancel) {
        let next = groups.partition_point(|group| first(group) < (Some(log.by), log.at));
        match groups.get(next).map(first) {
            // The last log before the evidence is the one that tells of it.
            Some((by, at)) if by == Some(log.by) && at - log.at <= SAME_CALL_NS => {
                unseen.extend(told.insert(next, row));
            }
            _ => unseen.push(row),
        }
    }
    let call = |row: usize| match groups.get(row) {
        Some(group) => {
            let ((by, at), log) = (first(group), told.get(&row).copied());
            Call { at, by, pieces: group.pieces.clone(), n_heard: group.n_heard, log }
        }
        None => {
            let log = unseen[row - groups.len()];
            let Entry { at, by, .. } = logs[log as usize];
            Call { at, by: Some(by), pieces: 0..0, n_heard: 0, log: Some(log) }
        }
    };
    // Small keys sort faster than calls.
    let n = groups.len() + unseen.len();
    let mut order = threads.over_rows(n, |rows| rows.map(|row| key(row, &call(row))).collect());
    threads.sort(&mut order);
    let row = |key: u128| usize::try_from(key & u128::from(u32::MAX)).unwrap_or(usize::MAX);
    threads.over_rows(n, |rows| order[rows].iter().map(|&key| call(row(key))).collect())
}

/// The time, the canceller and the row, in this order of weight.
fn key(row: usize, call: &Call) -> u128 {
    let by = call.by.map_or(0, |by| u128::from(by.0) + 1);
    let row = u128::from(narrow(row));
    u128::from(call.at.ns().cast_unsigned() ^ (1 << 63)) << 64 | by << 32 | row
}

/// Which cancel a goroutine noticed that logs a context's name: the last one before of that
/// context, or else of the nearest above it.
#[derive(Debug, Default)]
pub(crate) struct Names<'a> {
    /// The last cancel of each context.
    cancelled: WireMap<&'a str, u32>,
    /// The parent of each context.
    parents: WireMap<&'a str, &'a str>,
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
