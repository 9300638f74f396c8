//! A stretch of time of all goroutines' spans, as columns sorted by goroutine.
//!
//! A chunk is a generation as a rule, or a piece of a long one. Per span it holds the start
//! (as an offset from the chunk's), a kind, and as many extra words as the kind says: none
//! for running, the stack for waiting, the waker's stack and the waker for woken. A span ends
//! where the goroutine's next one begins, in this chunk or a later one.

use std::sync::Arc;

use crate::base::{Goroutine, ProcId, StackId, StrId, Time};
use crate::parse::event::GoState;

use super::spans::Run;

/// What a span is, shared by many spans.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Kind {
    /// The state.
    pub state: GoState,
    /// Why, as the runtime words it; "" where it says nothing.
    pub reason: StrId,
    /// The P it runs on, for running.
    pub proc: ProcId,
    /// Whether another goroutine or the runtime made it runnable: it was waiting before.
    pub woken: bool,
    /// How many extra words a span of this kind has: 0; 1, the stack; 2, the stack and the waker.
    pub words: u8,
}

/// The start times of a chunk's spans, relative to its base.
#[derive(Debug)]
pub(crate) enum Starts {
    /// Nanoseconds since the base; serves any chunk shorter than 4.29 s.
    Narrow(Vec<u32>),
    /// The same for the others.
    Wide(Vec<i64>),
}

impl Starts {
    pub(crate) fn get(&self, base: Time, at: usize) -> Time {
        match self {
            Self::Narrow(starts) => starts.get(at).map_or(base, |&ns| base + i64::from(ns)),
            Self::Wide(starts) => starts.get(at).map_or(base, |&ns| base + ns),
        }
    }

    /// Sets one start, in nanoseconds since the base.
    pub(crate) fn set(&mut self, at: usize, ns: i64) {
        match self {
            Self::Narrow(starts) => {
                if let Some(place) = starts.get_mut(at) {
                    *place = u32::try_from(ns).unwrap_or(u32::MAX);
                }
            }
            Self::Wide(starts) => {
                if let Some(place) = starts.get_mut(at) {
                    *place = ns;
                }
            }
        }
    }
}

/// How many spans share one entry of [`Chunk::word_marks`].
pub(crate) const MARK_EVERY: usize = 64;

/// The waker's word when nobody in particular woke the goroutine (the runtime did).
pub(crate) const NO_WAKER: u32 = u32::MAX;

/// One stretch of time of the span columns.
#[derive(Debug)]
pub struct Chunk {
    /// The time that starts are relative to: not after the first start.
    pub(crate) base: Time,
    pub(crate) kinds: Arc<[Kind]>,
    /// The generation's stack number → interned row; shared by its chunks.
    pub(crate) stacks: Arc<[StackId]>,
    /// The generation's goroutine number, by which words name wakers → row; shared likewise.
    pub(crate) people: Arc<[Goroutine]>,
    /// The goroutines that have spans here.
    pub(crate) members: Vec<Goroutine>,
    /// Where each member's spans begin, and the end.
    pub(crate) run_starts: Vec<u32>,
    pub(crate) starts: Starts,
    pub(crate) kind: Vec<u16>,
    pub(crate) words: Vec<u32>,
    /// Position in `words` of the first word of every [`MARK_EVERY`]th span.
    pub(crate) word_marks: Vec<u32>,
}

impl Chunk {
    /// Fills [`Chunk::word_marks`] from the kinds.
    pub(crate) fn mark_words(&mut self) {
        let mut word = 0;
        self.word_marks.clear();
        for block in self.kind.chunks(MARK_EVERY) {
            self.word_marks.push(word);
            let kinds = &self.kinds;
            let width =
                |&kind: &u16| kinds.get(usize::from(kind)).map_or(0, |kind| u32::from(kind.words));
            word += block.iter().map(width).sum::<u32>();
        }
    }

    /// How many spans begin in this chunk.
    #[must_use]
    pub fn n_spans(&self) -> usize {
        self.kind.len()
    }

    /// The goroutines that have spans here.
    #[must_use]
    pub fn members(&self) -> &[Goroutine] {
        &self.members
    }

    /// The kinds of span that occur here.
    #[must_use]
    pub fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    /// One member's spans.
    #[must_use]
    pub(crate) fn run(&self, member: u32) -> Run<'_> {
        let at = member as usize;
        let bounds = self.run_starts.get(at).zip(self.run_starts.get(at + 1));
        let (start, end) = bounds.map_or((0, 0), |(&start, &end)| (start as usize, end as usize));
        Run { chunk: self, start, end }
    }

    /// The start of a span, by its number in this chunk.
    #[must_use]
    pub fn start(&self, at: usize) -> Time {
        self.starts.get(self.base, at)
    }

    /// The kind of a span, by its number in this chunk.
    ///
    /// # Panics
    /// If there is no such span.
    #[must_use]
    pub fn kind_of(&self, at: usize) -> &Kind {
        &self.kinds[usize::from(self.kind[at])]
    }

    /// The kind of every span, as rows of [`Chunk::kinds`]: what a level of detail reads.
    #[must_use]
    pub fn kind_rows(&self) -> &[u16] {
        &self.kind
    }

    /// Where the extra words of a span begin.
    pub(crate) fn words_at(&self, at: usize) -> usize {
        let mark = at / MARK_EVERY;
        let mut word = self.word_marks.get(mark).copied().unwrap_or(0) as usize;
        for &kind in self.kind.get(mark * MARK_EVERY..at).unwrap_or(&[]) {
            word += usize::from(self.kinds[usize::from(kind)].words);
        }
        word
    }

    /// A span's stack from its words.
    pub(crate) fn stack_at(&self, word: usize) -> StackId {
        let local = self.words.get(word).copied().unwrap_or(0);
        self.stacks.get(local as usize).copied().unwrap_or_default()
    }

    /// A span's waker from its words.
    pub(crate) fn waker_at(&self, word: usize) -> Option<Goroutine> {
        let local = self.words.get(word + 1).copied().filter(|&w| w != NO_WAKER)?;
        self.people.get(local as usize).copied()
    }
}
