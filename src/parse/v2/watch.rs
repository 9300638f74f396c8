//! What whoever waits for a reading is told, and may ask of it.

use std::ops::Range;

use super::batch::Generation;
use super::fault::Fault;
use crate::base::Progress;

/// So many bytes are told of at a time, at least: to give back memory takes a call to the system.
const PASSED_BYTES: usize = 1 << 20;

/// How far a reading is, and whether it is to go on.
#[derive(Clone, Copy)]
pub(super) struct Watch<'w> {
    pub(super) progress: &'w Progress,
    /// Told which bytes of the file are not needed for now.
    pub(super) done: &'w (dyn Fn(Range<usize>) + Sync),
}

impl<'w> Watch<'w> {
    /// One that nobody is told of which bytes were read.
    pub(super) fn new(progress: &'w Progress) -> Self {
        Self { progress, done: &|_| {} }
    }

    /// A generation's tables have been read. That was a look at the beginning of each batch, for
    /// which the system brought what lies around it, too: most of the generation.
    pub(super) fn loaded(&self, generation: &Generation<'_>) {
        (self.done)(generation.bytes());
    }

    /// # Errors
    /// If the reading is to end.
    pub(super) fn check(&self) -> Result<(), Fault> {
        self.progress.check().map_err(|_| Fault::Cancelled)
    }
}

/// The part of a generation that has been read.
pub(super) struct Passed {
    /// Up to where it was told of.
    told: usize,
}

impl Passed {
    /// Nothing of a generation that begins there.
    pub(super) fn new(offset: u64) -> Self {
        Self { told: place(offset) }
    }

    /// Every thread's events before `offset` have been read.
    pub(super) fn reach(&mut self, offset: u64, watch: &Watch<'_>) {
        let offset = place(offset);
        if offset.saturating_sub(self.told) >= PASSED_BYTES {
            (watch.done)(self.told..offset);
            self.told = offset;
        }
    }
}

fn place(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}
