//! The deaf of one cancel, as they are found.

use rustc_hash::FxHashSet;

use crate::base::{Goroutine, Time};

use super::super::words::Evidence;

/// A goroutine that was asked for an answer, and the one that asked and no longer waits for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question {
    pub(super) asked: Goroutine,
    pub(super) by: Goroutine,
}

/// One deaf goroutine.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) goroutine: Goroutine,
    pub(super) evidence: Evidence,
    /// When it left what it should have left, if that was before its end.
    pub(super) left: Option<Time>,
    /// The question that shows that it is deaf, if one does.
    pub(super) question: Option<Question>,
}

/// The deaf of one cancel, each once, by the first grade that fits.
#[derive(Default, Debug)]
pub(super) struct Found {
    pub(super) rows: Vec<Row>,
    pub(super) seen: FxHashSet<Goroutine>,
    /// Those that only the clock tells of.
    pub(super) by_clock: FxHashSet<Goroutine>,
    /// As in [`super::Deaf::asleep`]; some may be among the rows.
    pub(super) asleep: Vec<Goroutine>,
}

impl Found {
    /// Adds one that only the clock tells of.
    pub(super) fn add_by_clock(&mut self, row: Row) {
        if self.add(row) {
            self.by_clock.insert(row.goroutine);
        }
    }

    pub(super) fn add(&mut self, row: Row) -> bool {
        let new = self.seen.insert(row.goroutine);
        if new {
            self.rows.push(row);
        }
        new
    }
}
