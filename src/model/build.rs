//! Columns from ordered events. (Being written.)

use super::Trace;

/// One stretch's columns before they are joined.
#[derive(Debug, Default)]
pub struct Draft;

/// Joins drafts into a trace.
#[derive(Debug, Default)]
pub struct Builder;

impl Builder {
    /// The finished trace.
    #[must_use]
    pub fn finish(self) -> Trace {
        Trace::default()
    }
}
