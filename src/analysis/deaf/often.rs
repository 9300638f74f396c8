//! Goroutines that heard very many cancels: what there is to know of each, summed up once.

use super::super::types::Hearing;
use super::super::words::{HeardIn, Outcome};

/// The hearings of a goroutine that has more than this are looked through once, and not for each cancel.
pub(super) const OFTEN: usize = 64;

/// What there is to know of all hearings of a goroutine that has very many.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Often {
    /// The first two cancels that it heard in its own code.
    pub(super) in_own: [Option<u32>; 2],
    /// Whether it lives on after any cancel.
    pub(super) lives_on: bool,
    /// The last cancel after which to look at those around it, if more told it to stop.
    pub(super) last_asked: Option<u32>,
}

impl Often {
    pub(super) fn new<'h>(rows: impl Iterator<Item = &'h Hearing>) -> Self {
        let mut often = Self::default();
        let mut told = Vec::new();
        for hearing in rows {
            if hearing.was_to_leave() {
                told.push(hearing.cancel);
            }
            often.lives_on |= hearing.outcome == Outcome::LivesOn;
            if hearing.heard_in == HeardIn::Own
                && let Some(free) = often.in_own.iter_mut().find(|cancel| cancel.is_none())
            {
                *free = Some(hearing.cancel);
            }
        }
        told.sort_unstable();
        often.last_asked = told.get(OFTEN - 1).copied();
        often
    }
}
