//! What is computed once per document, off the UI thread, so that a frame need not.

use crate::analysis::{Analysis, Document};
use crate::base::{Cancelled, Progress, ThreadId, Time, beside};

use super::class::Classes;
use super::edition::Edition;
use super::hearings::{ByEnd, ByGoroutine, late_ns};
use super::levels::{self, Levels};
use super::maxtree::MaxTree;
use super::options::{RowOptions, Sort};
use super::rows::Rows;
use super::tracks::Tracks;

/// Levels of detail of one document: per-lane pyramids, densities, fuses by goroutine.
#[derive(Debug, Default)]
pub struct Index {
    /// The grid's zero: the trace's start.
    pub(super) zero: Time,
    pub(super) classes: Classes,
    pub(super) hearings: ByGoroutine,
    /// All hearings that may be late, for the overview.
    pub(super) ends: ByEnd,
    /// Times of all cancels, ascending.
    pub(super) cancel_times: Vec<Time>,
    /// The worst overstay that counts of each cancel.
    pub(super) worst_of_cancel: MaxTree,
    pub(super) tracks: Tracks,
    /// Empty in a quick index.
    pub(super) levels: Levels,
    pub(super) edition: Edition,
}

impl Index {
    /// The part without which nothing can be drawn; costs next to nothing. Frames are right
    /// with it alone, only coarser where a lane is crowded, and collapsed groups are empty.
    #[must_use]
    pub fn quick(document: &Document) -> Self {
        let (trace, analysis) = (document.trace(), document.analysis());
        let ((tracks, classes), (hearings, ends, worst_of_cancel)) = beside(
            || (Tracks::new(trace), Classes::new(trace)),
            || {
                let hearings = ByGoroutine::new(analysis, trace.n_goroutines());
                (hearings, ByEnd::all(analysis), worst_of_cancels(analysis))
            },
        );
        Self {
            zero: trace.interval().start,
            classes,
            hearings,
            cancel_times: analysis.cancels().iter().map(|cancel| cancel.at).collect(),
            ends,
            worst_of_cancel,
            tracks,
            levels: Levels::default(),
            edition: Edition::new(),
        }
    }

    /// The same with all levels.
    fn with(self, levels: Levels) -> Self {
        Self { levels, edition: Edition::new(), ..self }
    }

    /// Builds all levels; linear in the trace, on the cores there are.
    ///
    /// # Errors
    /// [`Cancelled`] if `progress` is cancelled meanwhile.
    pub fn build(document: &Document, progress: &Progress) -> Result<Self, Cancelled> {
        let index = Self::quick(document);
        let levels = levels::build(document, &index.classes, progress)?;
        Ok(index.with(levels))
    }

    /// The same, and rows, which take one core meanwhile.
    ///
    /// # Errors
    /// [`Cancelled`] if `progress` is cancelled meanwhile.
    pub fn build_with_rows(
        document: &Document,
        options: &RowOptions,
        progress: &Progress,
    ) -> Result<(Self, Rows), Cancelled> {
        let rows = |index: &Self| Rows::build(Source { document, index }, options);
        if options.sort == Sort::Running {
            // This needs to know how long each ran.
            let index = Self::build(document, progress)?;
            let rows = rows(&index);
            return Ok((index, rows));
        }
        let index = Self::quick(document);
        let levels = || levels::build(document, &index.classes, progress);
        let (levels, rows) = beside(levels, || rows(&index));
        Ok((index.with(levels?), rows))
    }

    /// The thread of a lane of [`Row::Thread`](super::Row::Thread).
    #[must_use]
    pub fn thread(&self, lane: u32) -> Option<ThreadId> {
        self.tracks.thread(lane)
    }
}

fn worst_of_cancels(analysis: &Analysis) -> MaxTree {
    let mut worst_of_cancel = vec![0; analysis.cancels().len()];
    for hearing in analysis.hearings() {
        if let Some(worst) = worst_of_cancel.get_mut(hearing.cancel as usize) {
            *worst = late_ns(hearing).max(*worst);
        }
    }
    MaxTree::new(worst_of_cancel)
}

/// A document as the scene reads it.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The trace and what the analysis says of it.
    pub document: &'a Document,
    /// Its levels of detail.
    pub index: &'a Index,
}
