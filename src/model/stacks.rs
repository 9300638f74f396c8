//! Interned stacks as a tree: each row is a frame and the row of its caller.
//!
//! Callers have lower rows than what they call, so that a fact about every stack (does it
//! hold a cancel?) is one forward pass over the rows.

use crate::base::{StackId, StrId, WireMap};

/// One call, as people see it. The PC is left out: it differs between builds and adds nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Frame {
    /// The function's full name.
    pub function: StrId,
    /// The file.
    pub file: StrId,
    /// The line, from 1; 0 if unknown.
    pub line: u32,
}

/// All stacks of a trace. Row 0 is the empty stack.
#[derive(Debug)]
pub struct Stacks {
    parents: Vec<StackId>,
    frames: Vec<Frame>,
    rows: WireMap<(StackId, Frame), StackId>,
}

impl Default for Stacks {
    fn default() -> Self {
        Self {
            parents: vec![StackId::EMPTY],
            frames: vec![Frame::default()],
            rows: WireMap::default(),
        }
    }
}

impl Stacks {
    /// The row of `frame` called from the stack `caller`, added if it is new.
    pub(crate) fn intern(&mut self, caller: StackId, frame: Frame) -> StackId {
        *self.rows.entry((caller, frame)).or_insert_with(|| {
            let row = StackId(u32::try_from(self.frames.len()).unwrap_or(0));
            self.parents.push(caller);
            self.frames.push(frame);
            row
        })
    }

    /// How many rows there are, the empty stack included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Never: row 0 is always there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// The innermost frame of a stack, none for the empty one.
    #[must_use]
    pub fn top(&self, stack: StackId) -> Option<Frame> {
        (stack != StackId::EMPTY).then(|| self.frames.get(stack.index()).copied()).flatten()
    }

    /// The stack without its innermost frame: the caller's.
    #[must_use]
    pub fn caller(&self, stack: StackId) -> StackId {
        self.parents.get(stack.index()).copied().unwrap_or_default()
    }

    /// The frames of a stack, innermost first.
    pub fn frames(&self, stack: StackId) -> impl Iterator<Item = Frame> + '_ {
        let mut at = stack;
        std::iter::from_fn(move || {
            let frame = self.top(at)?;
            at = self.caller(at);
            Some(frame)
        })
    }

    /// The outermost frame: a goroutine's start function, unless the stack was cut at 128 frames.
    #[must_use]
    pub fn bottom(&self, stack: StackId) -> Option<Frame> {
        self.frames(stack).last()
    }

    /// All rows with their caller and frame, callers first; the empty stack is left out.
    pub fn iter(&self) -> impl Iterator<Item = (StackId, StackId, Frame)> + '_ {
        (0..)
            .map(StackId)
            .zip(self.parents.iter().zip(&self.frames))
            .skip(1)
            .map(|(row, (&caller, &frame))| (row, caller, frame))
    }
}
