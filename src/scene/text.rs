//! Texts of records live in one arena that is emptied and refilled every frame.

use crate::base::{Clock, narrow};

use super::records::TextRange;

impl TextRange {
    /// The stretch of the arena from byte `start` to `end`.
    pub(super) fn new(start: usize, end: usize) -> Self {
        Self { start: narrow(start), end: narrow(end) }
    }
}

/// Appends an overstay: `80.2 ms`, or `≥ 80.2 ms` where it is a lower bound.
pub(super) fn push_overstay(
    texts: &mut String,
    clock: Clock,
    ns: i64,
    is_bound: bool,
) -> TextRange {
    let start = texts.len();
    if is_bound {
        texts.push_str("≥ ");
    }
    texts.push_str(&clock.text(ns));
    TextRange::new(start, texts.len())
}
