//! Why a generation cannot be read on, before it is known what to do about it.

use std::fmt;

/// What stopped the reading or ordering of a generation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Fault {
    /// The trace breaks a rule: at which byte of the trace, and how.
    Broken { offset: u64, what: String },
    /// What comes next depends on the generations before, which this ordering does not know.
    /// Only when generations are ordered on their own.
    NeedsCarry,
    /// The work was cancelled.
    Cancelled,
}

impl Fault {
    pub(super) fn broken(offset: u64, what: impl fmt::Display) -> Self {
        Self::Broken { offset, what: what.to_string() }
    }
}
