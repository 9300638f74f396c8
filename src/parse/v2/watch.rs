//! What whoever waits for a reading is told, and may ask of it.

use std::ops::Range;

use super::batch::{Generation, place};
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
    /// which the system brought what lies around it, too: most of the generation. Of a small one
    /// that is soon read.
    pub(super) fn loaded(&self, generation: &Generation<'_>) {
        let bytes = generation.bytes();
        if bytes.len() >= PASSED_BYTES {
            (self.done)(bytes);
        }
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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn what_was_read_is_told_once_and_in_large_pieces() {
        const MEGABYTE: u64 = PASSED_BYTES as u64;
        let told = Mutex::new(Vec::new());
        let done = |range: Range<usize>| told.lock().expect("nobody panicked").push(range);
        let progress = Progress::default();
        let watch = Watch { progress: &progress, done: &done };
        let mut passed = Passed::new(100);
        // A thread that had nothing to say for long can begin far back.
        let reached = [0, 100, MEGABYTE, MEGABYTE + 100, MEGABYTE + 99, 0, 4 * MEGABYTE];
        for offset in reached {
            passed.reach(offset, &watch);
        }
        let first_end = PASSED_BYTES + 100;
        let told = told.into_inner().expect("nobody panicked");
        assert_eq!(told, [100..first_end, first_end..4 * PASSED_BYTES]);
    }
}
