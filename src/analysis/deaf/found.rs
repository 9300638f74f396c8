//! The deaf of one cancel, as they are found.

use rustc_hash::FxHashSet;

use crate::base::{Goroutine, Time};

use super::super::words::Evidence;

/// Who was asked for an answer by whom, which that one no longer waits for.
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
    /// When it left what it should have left, if not at its end.
    pub(super) left: Option<Time>,
    /// The question that tells of it, if that is how it is known.
    pub(super) question: Option<Question>,
}

/// The deaf of one cancel, each once, by the first grade that fits.
#[derive(Default, Debug)]
pub(super) struct Found {
    pub(super) rows: Vec<Row>,
    pub(super) seen: FxHashSet<Goroutine>,
    /// As in [`super::Deaf::asleep`]; some may be among the rows.
    pub(super) asleep: Vec<Goroutine>,
}

impl Found {
    pub(super) fn add(&mut self, row: Row) -> bool {
        let new = self.seen.insert(row.goroutine);
        if new {
            self.rows.push(row);
        }
        new
    }
}
