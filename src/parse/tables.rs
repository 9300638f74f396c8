//! One generation's strings, stacks, clock and experimental batches, by dense rows.
//!
//! The wire's own ids can be any 64-bit number; they are turned into rows while the
//! tables are read, so that nothing downstream hashes an id.

use std::borrow::Cow;

use super::event::{StackRef, StrRef};
use crate::base::{ThreadId, Time, narrow};

/// One call in a stack. The same PC has one description per generation.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Frame {
    /// The program counter.
    pub pc: u64,
    /// The function's full name.
    pub function: StrRef,
    /// The file as the binary names it.
    pub file: StrRef,
    /// The line, from 1; 0 if unknown.
    pub line: u64,
}

/// The same moment on three clocks (Go 1.25 and later).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClockSnapshot {
    /// The trace's clock.
    pub trace: Time,
    /// The runtime's monotonic clock, ns.
    pub mono: u64,
    /// Seconds since 1970.
    pub wall_s: u64,
    /// Nanoseconds within that second.
    pub wall_ns: u64,
}

/// A batch of an experiment, not decoded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ExperimentalBatch<'a> {
    /// Which experiment (1 is `AllocFree`).
    pub experiment: u8,
    /// The thread that wrote it.
    pub thread: ThreadId,
    /// Its bytes.
    pub data: &'a [u8],
}

/// What the events of one generation refer to.
#[derive(Clone, Default, Debug)]
pub struct Tables<'a> {
    /// The generation's number in the trace; 0 for the old format, which has none.
    pub generation: u64,
    pub(super) strings: Vec<Cow<'a, [u8]>>,
    pub(super) frames: Vec<Frame>,
    /// Rows of `frames`, all stacks one after another, innermost frame first.
    pub(super) stack_frames: Vec<u32>,
    /// Where each stack begins in `stack_frames`, and the end.
    pub(super) stack_starts: Vec<u32>,
    /// The clock snapshot, from Go 1.25 on.
    pub clock: Option<ClockSnapshot>,
    /// Batches of experiments, in file order.
    pub experimental: Vec<ExperimentalBatch<'a>>,
}

impl<'a> Tables<'a> {
    /// Tables that hold only row 0 of each kind: "" and the empty stack.
    #[must_use]
    pub fn empty(generation: u64) -> Self {
        Self {
            generation,
            strings: vec![Cow::Borrowed(b"")],
            stack_starts: vec![0, 0],
            ..Self::default()
        }
    }

    /// A copy that borrows nothing. Experimental batches are left out.
    #[must_use]
    pub fn to_owned_tables(&self) -> Tables<'static> {
        let owned = |text: &Cow<'a, [u8]>| Cow::Owned(text.clone().into_owned());
        Tables {
            generation: self.generation,
            strings: self.strings.iter().map(owned).collect(),
            frames: self.frames.clone(),
            stack_frames: self.stack_frames.clone(),
            stack_starts: self.stack_starts.clone(),
            clock: self.clock,
            experimental: Vec::new(),
        }
    }

    /// The bytes of a string, "" for a row that is not there. The runtime cuts strings at
    /// 1024 bytes, possibly inside a character.
    #[must_use]
    pub fn string(&self, row: StrRef) -> &[u8] {
        self.strings.get(row.0 as usize).map_or(b"", |s| s)
    }

    /// How many strings there are, row 0 included.
    #[must_use]
    pub fn n_strings(&self) -> usize {
        self.strings.len()
    }

    /// How many stacks there are, row 0 included.
    #[must_use]
    pub fn n_stacks(&self) -> usize {
        self.stack_starts.len().saturating_sub(1)
    }

    /// The distinct frames.
    #[must_use]
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// A stack as rows of [`Tables::frames`], innermost first; empty for a row that is not there.
    #[must_use]
    pub fn stack(&self, row: StackRef) -> &[u32] {
        let at = row.0 as usize;
        let bounds = self.stack_starts.get(at).zip(self.stack_starts.get(at + 1));
        bounds
            .and_then(|(&start, &end)| self.stack_frames.get(start as usize..end as usize))
            .unwrap_or(&[])
    }

    /// The frames of a stack, innermost first.
    pub fn stack_of(&self, row: StackRef) -> impl Iterator<Item = &Frame> {
        self.stack(row).iter().filter_map(|&at| self.frames.get(at as usize))
    }

    /// Adds a string and returns its row.
    pub fn add_string(&mut self, text: impl Into<Cow<'a, [u8]>>) -> StrRef {
        let row = StrRef(narrow(self.strings.len()));
        self.strings.push(text.into());
        row
    }

    /// Adds a frame and returns its row.
    pub fn add_frame(&mut self, frame: Frame) -> u32 {
        let row = narrow(self.frames.len());
        self.frames.push(frame);
        row
    }

    /// Adds a stack of frame rows, innermost first, and returns its row.
    pub fn add_stack(&mut self, frames: &[u32]) -> StackRef {
        let row = StackRef(narrow(self.n_stacks()));
        self.stack_frames.extend_from_slice(frames);
        self.stack_starts.push(narrow(self.stack_frames.len()));
        row
    }
}
