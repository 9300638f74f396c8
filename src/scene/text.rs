//! Texts of records live in one arena that is emptied and refilled every frame.

use crate::base::Clock;

use super::records::TextRange;

impl TextRange {
    /// The stretch of the arena from byte `start` to `end`.
    pub(super) fn new(start: usize, end: usize) -> Self {
        let cut = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self { start: cut(start), end: cut(end) }
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
