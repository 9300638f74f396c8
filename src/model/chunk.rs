//! A stretch of time of all goroutines' spans, as columns sorted by goroutine.
//!
//! A chunk is a generation as a rule, or a piece of a long one. Per span it holds the start
//! (as an offset from the chunk's), a kind, and as many extra words as the kind says: none
//! for running, the stack for waiting, the waker's stack and the waker for woken. A span ends
//! where the goroutine's next one begins, in this chunk or a later one.

use std::ops::Range;
use std::sync::Arc;

use crate::base::{Goroutine, ProcId, StackId, StrId, Time};
use crate::parse::event::GoState;

use super::columns::{Columns, KindRows, Names, Starts};
use super::spans::{Run, Span};

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
    /// How many extra words a span of this kind has in its chunk: none, a stack's, or those of
    /// a stack and a waker.
    pub words: u8,
}

/// How many spans share one entry of [`Chunk::word_marks`].
pub(crate) const MARK_EVERY: usize = 16;

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
    pub(crate) columns: Columns,
    /// The first word of every [`MARK_EVERY`]th span, and last where all words end.
    pub(crate) word_marks: Vec<u32>,
}

impl Chunk {
    /// Fills [`Chunk::word_marks`] from the kinds.
    pub(crate) fn mark_words(&mut self) {
        let widths: Vec<u8> = self.kinds.iter().map(|kind| kind.words).collect();
        let width = |kind: u16| widths.get(usize::from(kind)).map_or(0, |&words| u32::from(words));
        let mut word = 0;
        let mut marks = Vec::with_capacity(2 + self.n_spans() / MARK_EVERY);
        marks.push(0);
        let mut put_mark = |words: u32| {
            word += words;
            marks.push(word);
        };
        match self.columns.kinds() {
            KindRows::Narrow(rows) => rows.chunks(MARK_EVERY).for_each(|rows| {
                put_mark(rows.iter().map(|&row| width(row.into())).sum());
            }),
            KindRows::Wide(rows) => rows.chunks(MARK_EVERY).for_each(|rows| {
                put_mark(rows.iter().map(|&row| width(u16::from_le_bytes(row))).sum());
            }),
        }
        self.word_marks = marks;
    }

    /// How many spans begin in this chunk.
    #[must_use]
    pub fn n_spans(&self) -> usize {
        self.columns.len()
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
        self.columns.start(at).map_or(self.base, |ns| self.base + ns)
    }

    /// The kind of a span, by its number in this chunk.
    ///
    /// # Panics
    /// If there is no such span.
    #[must_use]
    pub fn kind_of(&self, at: usize) -> &Kind {
        let row = self.columns.kinds().get(at);
        row.and_then(|row| self.kinds.get(usize::from(row))).expect("a span of this chunk")
    }

    /// The kind of every span, as rows of [`Chunk::kinds`]: what a level of detail reads.
    #[must_use]
    pub fn kind_rows(&self) -> KindRows<'_> {
        self.columns.kinds()
    }

    /// Where the extra words of a span begin, or where all words end.
    pub(crate) fn words_at(&self, at: usize) -> usize {
        View::new(self).words_at(at)
    }

    /// A span's stack from its words.
    pub(crate) fn stack_at(&self, word: usize) -> StackId {
        View::new(self).stack_at(word)
    }

    /// A span's waker from its words.
    pub(crate) fn waker_at(&self, word: usize) -> Option<Goroutine> {
        View::new(self).waker_at(word)
    }
}

/// The columns of a chunk, taken apart once: for passes that read many spans.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'c> {
    pub(crate) chunk: &'c Chunk,
    starts: Starts<'c>,
    rows: KindRows<'c>,
    pub(crate) names: Names<'c>,
}

impl<'c> View<'c> {
    pub(crate) fn new(chunk: &'c Chunk) -> Self {
        let columns = &chunk.columns;
        let (starts, names) = (columns.starts(), columns.names());
        Self { chunk, starts, rows: chunk.kind_rows(), names }
    }

    /// As [`Chunk::start`].
    #[inline]
    pub(crate) fn start(self, at: usize) -> Time {
        self.chunk.base + self.ns(at)
    }

    /// The start of a span, in nanoseconds since the chunk's base.
    #[inline]
    pub(crate) fn ns(self, at: usize) -> i64 {
        self.starts.get(at).unwrap_or(0)
    }

    /// The number of the first of one goroutine's spans that begins after `time`.
    pub(crate) fn first_after(self, of: Range<usize>, time: Time) -> usize {
        let ns = time - self.chunk.base;
        let (mut low, mut high) = (of.start, of.end);
        while low < high {
            let middle = low.midpoint(high);
            if self.ns(middle) <= ns {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// As [`Chunk::words_at`].
    pub(crate) fn words_at(self, at: usize) -> usize {
        let mark = at / MARK_EVERY;
        let word = self.chunk.word_marks.get(mark).copied().unwrap_or(0) as usize;
        let width =
            |row: usize| self.chunk.kinds.get(row).map_or(0, |kind| usize::from(kind.words));
        let range = mark * MARK_EVERY..at;
        let words: usize = match self.rows {
            KindRows::Narrow(rows) => {
                rows.get(range).unwrap_or_default().iter().map(|&row| width(row.into())).sum()
            }
            KindRows::Wide(_) => {
                range.filter_map(|at| self.rows.get(at)).map(|row| width(row.into())).sum()
            }
        };
        word + words
    }

    /// As [`Chunk::kind_of`].
    #[inline]
    pub(crate) fn kind_of(self, at: usize) -> &'c Kind {
        &self.chunk.kinds()[self.kind_row(at)]
    }

    /// The row of a span's kind in [`Chunk::kinds`]; `u16::MAX` if there is no such span.
    #[inline]
    pub(crate) fn kind_row(self, at: usize) -> usize {
        usize::from(self.rows.get(at).unwrap_or(u16::MAX))
    }

    /// A span's stack from its words.
    #[inline]
    pub(crate) fn stack_at(self, word: usize) -> StackId {
        let row = self.names.stack(word).and_then(|row| self.chunk.stacks.get(row as usize));
        row.copied().unwrap_or_default()
    }

    /// A span's waker from its words.
    #[inline]
    pub(crate) fn waker_at(self, word: usize) -> Option<Goroutine> {
        self.chunk.people.get(self.names.waker(word)? as usize).copied()
    }

    /// A span, given its kind, its words, and where it ends.
    #[inline]
    pub(crate) fn span(self, at: usize, kind: &Kind, word: usize, end: Time) -> Span {
        Span {
            start: self.start(at),
            end,
            state: kind.state,
            reason: kind.reason,
            stack: if kind.words > 0 { self.stack_at(word) } else { StackId::EMPTY },
            waker: if kind.woken { self.waker_at(word) } else { None },
            woken: kind.woken,
            proc: kind.proc,
        }
    }
}
