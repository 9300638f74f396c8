//! The columns of a chunk's spans, packed into one block of memory.
//!
//! ```text
//! starts   per span 4 bytes, or 8 in a long chunk: nanoseconds since the chunk's base
//! words    2 bytes each: per span none, a stack, or a stack and a waker
//! kinds    per span 1 byte, or 2 if there are more than 256 kinds
//! ```
//!
//! A waker takes two words; a stack takes one, or two if the chunk names stacks beyond 65,534.

/// The waker's number when nobody in particular woke the goroutine (the runtime did).
pub(crate) const NO_WAKER: u32 = u32::MAX;
/// The number of a stack that is not known, in one word.
const NO_STACK: u16 = u16::MAX;

/// How wide a chunk's columns are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Widths {
    pub(crate) wide_starts: bool,
    pub(crate) wide_kinds: bool,
    pub(crate) wide_stacks: bool,
}

impl Widths {
    /// Those that suit the highest numbers to be stored.
    pub(crate) fn for_highest(start_ns: i64, kind: usize, stack: u32) -> Self {
        Self {
            wide_starts: u32::try_from(start_ns).is_err(),
            wide_kinds: u8::try_from(kind).is_err(),
            wide_stacks: stack >= u32::from(NO_STACK),
        }
    }

    /// How many words `stacks` stacks and `wakers` wakers take.
    pub(crate) fn words(self, stacks: u32, wakers: u32) -> u32 {
        stacks * (1 + u32::from(self.wide_stacks)) + 2 * wakers
    }

    fn start_bytes(self) -> usize {
        if self.wide_starts { 8 } else { 4 }
    }

    fn kind_bytes(self) -> usize {
        if self.wide_kinds { 2 } else { 1 }
    }
}

/// A span's start, in nanoseconds since the chunk's base, its kind, and its stack if that
/// kind has one.
pub(crate) type SpanParts = (i64, u16, Option<u32>);

/// The starts, kinds and words of a chunk's spans.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    memory: Vec<u8>,
    len: usize,
    words: usize,
    widths: Widths,
}

impl Columns {
    /// Columns of `len` spans with `words` words between them, all zero.
    pub(crate) fn zeroed(len: usize, words: usize, widths: Widths) -> Self {
        let bytes = len * (widths.start_bytes() + widths.kind_bytes()) + 2 * words;
        Self { memory: vec![0; bytes], len, words, widths }
    }

    /// Columns of a few spans, as wide as can be.
    pub(crate) fn of(spans: &[SpanParts]) -> Self {
        let widths = Widths { wide_starts: true, wide_kinds: true, wide_stacks: true };
        let words: usize = spans.iter().map(|span| 2 * usize::from(span.2.is_some())).sum();
        let mut columns = Self::zeroed(spans.len(), words, widths);
        let mut writer = columns.writer();
        let mut word = 0;
        for (at, &(start, kind, stack)) in spans.iter().enumerate() {
            writer.start(at, start);
            writer.kind(at, kind);
            if let Some(stack) = stack {
                word = writer.stack(word, stack);
            }
        }
        columns
    }

    /// How many spans there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Makes room for starts of any size.
    pub(crate) fn widen_starts(&mut self) {
        let widths = Widths { wide_starts: true, ..self.widths };
        let mut wide = Self::zeroed(self.len, self.words, widths);
        let mut writer = wide.writer();
        for (at, kind) in self.kinds().iter().enumerate() {
            writer.start(at, self.start(at).unwrap_or(0));
            writer.kind(at, kind);
        }
        writer.words.copy_from_slice(self.words());
        *self = wide;
    }

    pub(crate) fn widths(&self) -> Widths {
        self.widths
    }

    /// The start of a span, in nanoseconds since the chunk's base.
    #[inline]
    pub(crate) fn start(&self, at: usize) -> Option<i64> {
        self.starts().get(at)
    }

    /// The starts of all spans, for passes that read many.
    #[inline]
    pub(crate) fn starts(&self) -> Starts<'_> {
        let starts = self.memory.get(..self.len * self.widths.start_bytes()).unwrap_or_default();
        if self.widths.wide_starts {
            Starts::Wide(starts.as_chunks().0)
        } else {
            Starts::Narrow(starts.as_chunks().0)
        }
    }

    /// The kinds of all spans.
    #[inline]
    pub(crate) fn kinds(&self) -> KindRows<'_> {
        let kinds = self.memory.get(self.words_end()..).unwrap_or_default();
        if self.widths.wide_kinds {
            KindRows::Wide(kinds.as_chunks().0)
        } else {
            KindRows::Narrow(kinds)
        }
    }

    /// What the words name, for passes that read many.
    #[inline]
    pub(crate) fn names(&self) -> Names<'_> {
        Names { words: self.words(), wide_stacks: self.widths.wide_stacks }
    }

    /// The number of the stack that begins at a word.
    #[inline]
    pub(crate) fn stack(&self, word: usize) -> Option<u32> {
        self.names().stack(word)
    }

    fn words_end(&self) -> usize {
        self.len * self.widths.start_bytes() + 2 * self.words
    }

    #[inline]
    fn words(&self) -> &[[u8; 2]] {
        let range = self.len * self.widths.start_bytes()..self.words_end();
        self.memory.get(range).unwrap_or_default().as_chunks().0
    }

    /// All columns, to be filled.
    pub(crate) fn writer(&mut self) -> Writer<'_> {
        let (starts, rest) = self.memory.split_at_mut(self.len * self.widths.start_bytes());
        let (words, kinds) = rest.split_at_mut(2 * self.words);
        Writer { widths: self.widths, starts, words: words.as_chunks_mut().0, kinds }
    }

    /// All columns, to be filled from the beginning; starts are narrow.
    pub(crate) fn filler(&mut self) -> Filler<'_> {
        let Writer { widths, starts, words, kinds } = self.writer();
        let (starts, kinds) = (starts.as_chunks_mut().0.iter_mut(), kinds.iter_mut());
        Filler { starts, kinds, words, next_word: 0, widths }
    }
}

/// The start of each span of a chunk, in nanoseconds since the chunk's base.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Starts<'c> {
    Narrow(&'c [[u8; 4]]),
    Wide(&'c [[u8; 8]]),
}

impl Starts<'_> {
    #[inline]
    pub(crate) fn get(self, at: usize) -> Option<i64> {
        match self {
            Self::Narrow(starts) => {
                starts.get(at).map(|&bytes| i64::from(u32::from_le_bytes(bytes)))
            }
            Self::Wide(starts) => starts.get(at).map(|&bytes| i64::from_le_bytes(bytes)),
        }
    }
}

/// The words of a chunk's spans: its generation's numbers of stacks and goroutines.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names<'c> {
    words: &'c [[u8; 2]],
    wide_stacks: bool,
}

impl Names<'_> {
    /// The number of the stack that begins at a word.
    #[inline]
    pub(crate) fn stack(self, word: usize) -> Option<u32> {
        if self.wide_stacks {
            return self.double(word);
        }
        let &stack = self.words.get(word)?;
        Some(u16::from_le_bytes(stack)).filter(|&stack| stack != NO_STACK).map(u32::from)
    }

    /// The number of the waker behind the stack that begins at a word.
    #[inline]
    pub(crate) fn waker(self, word: usize) -> Option<u32> {
        let stack_words = 1 + usize::from(self.wide_stacks);
        self.double(word + stack_words).filter(|&waker| waker != NO_WAKER)
    }

    #[inline]
    fn double(self, word: usize) -> Option<u32> {
        let [a, b] = *self.words.get(word..)?.first_chunk()?;
        Some(u32::from(u16::from_le_bytes(a)) | u32::from(u16::from_le_bytes(b)) << 16)
    }
}

/// Fills columns. A place that is not there is left out.
pub(crate) struct Writer<'c> {
    widths: Widths,
    starts: &'c mut [u8],
    words: &'c mut [[u8; 2]],
    kinds: &'c mut [u8],
}

impl Writer<'_> {
    /// Sets the start of a span, in nanoseconds since the chunk's base.
    #[inline]
    pub(crate) fn start(&mut self, at: usize, ns: i64) {
        if self.widths.wide_starts {
            if let Some(place) = self.starts.as_chunks_mut().0.get_mut(at) {
                *place = ns.to_le_bytes();
            }
        } else if let Some(place) = self.starts.as_chunks_mut().0.get_mut(at) {
            *place = u32::try_from(ns).unwrap_or(u32::MAX).to_le_bytes();
        }
    }

    #[inline]
    pub(crate) fn kind(&mut self, at: usize, kind: u16) {
        if self.widths.wide_kinds {
            if let Some(place) = self.kinds.as_chunks_mut().0.get_mut(at) {
                *place = kind.to_le_bytes();
            }
        } else if let Some(place) = self.kinds.get_mut(at) {
            *place = kind.to_le_bytes()[0];
        }
    }

    /// Sets the stack that begins at a word, and gives the word after it.
    #[inline]
    pub(crate) fn stack(&mut self, word: u32, stack: u32) -> u32 {
        if self.widths.wide_stacks {
            self.double(word, stack);
            return word + 2;
        }
        if let Some(place) = self.words.get_mut(word as usize) {
            *place = u16::try_from(stack).unwrap_or(NO_STACK).to_le_bytes();
        }
        word + 1
    }

    /// Sets a waker of which [`Writer::stack`] gave the word.
    #[inline]
    pub(crate) fn double(&mut self, word: u32, value: u32) {
        let places = self.words.get_mut(word as usize..).and_then(|rest| rest.first_chunk_mut());
        if let Some(places) = places {
            *places = halves(value);
        }
    }
}

/// Fills columns with narrow starts from their beginning to their end.
pub(crate) struct Filler<'c> {
    starts: std::slice::IterMut<'c, [u8; 4]>,
    kinds: std::slice::IterMut<'c, u8>,
    words: &'c mut [[u8; 2]],
    next_word: usize,
    widths: Widths,
}

impl Filler<'_> {
    /// How many words have been filled.
    pub(crate) fn n_words(&self) -> u32 {
        u32::try_from(self.next_word).unwrap_or(u32::MAX)
    }

    /// Adds a span: its start in nanoseconds since the chunk's base, its kind, and the stack and
    /// the waker, of which the first `n_words` words are its own. `WIDE` has to be said if kinds
    /// or stacks are.
    #[inline]
    pub(crate) fn add<const WIDE: bool>(
        &mut self,
        start: u32,
        kind: u16,
        n_words: u8,
        (stack, waker): (u32, u32),
    ) {
        if let Some(place) = self.starts.next() {
            *place = start.to_le_bytes();
        }
        let [low, high] = kind.to_le_bytes();
        if let Some(place) = self.kinds.next() {
            *place = low;
        }
        if WIDE
            && self.widths.wide_kinds
            && let Some(place) = self.kinds.next()
        {
            *place = high;
        }
        let [stack, stack_high] = halves(stack);
        let [waker, waker_high] = halves(waker);
        let words = if WIDE && self.widths.wide_stacks {
            [stack, stack_high, waker, waker_high]
        } else {
            [stack, waker, waker_high, [0; 2]]
        };
        let rest = self.words.get_mut(self.next_word..).unwrap_or_default();
        match rest.first_chunk_mut() {
            // What it does not have is overwritten by the next one.
            Some(place) => *place = words,
            None => rest.iter_mut().zip(words).for_each(|(place, word)| *place = word),
        }
        self.next_word += usize::from(n_words);
    }
}

/// A number as two words, the low one first.
fn halves(value: u32) -> [[u8; 2]; 2] {
    let [a, b, c, d] = value.to_le_bytes();
    [[a, b], [c, d]]
}

/// The kind of each span of a chunk, as rows of [`Chunk::kinds`](super::Chunk::kinds).
#[derive(Clone, Copy, Debug)]
pub enum KindRows<'c> {
    /// One byte each.
    Narrow(&'c [u8]),
    /// Two bytes each, the low one first.
    Wide(&'c [[u8; 2]]),
}

impl<'c> KindRows<'c> {
    /// How many there are.
    #[must_use]
    pub fn len(self) -> usize {
        match self {
            Self::Narrow(rows) => rows.len(),
            Self::Wide(rows) => rows.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// One of them.
    #[inline]
    #[must_use]
    pub fn get(self, at: usize) -> Option<u16> {
        match self {
            Self::Narrow(rows) => rows.get(at).map(|&row| u16::from(row)),
            Self::Wide(rows) => rows.get(at).map(|&row| u16::from_le_bytes(row)),
        }
    }

    /// All of them.
    pub fn iter(self) -> impl Iterator<Item = u16> + 'c {
        self.from(0)
    }

    /// Those from one on.
    pub(crate) fn from(self, first: usize) -> impl Iterator<Item = u16> + 'c {
        (first..self.len()).map(move |at| self.get(at).unwrap_or_default())
    }

    /// All of them, copied.
    #[must_use]
    pub fn to_vec(self) -> Vec<u16> {
        self.iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back_in_all_widths() {
        for bits in 0..8 {
            let widths = Widths {
                wide_starts: bits & 1 != 0,
                wide_kinds: bits & 2 != 0,
                wide_stacks: bits & 4 != 0,
            };
            let stack = if widths.wide_stacks { 70_000 } else { 65_534 };
            let kind = if widths.wide_kinds { 300 } else { 255 };
            let ns = if widths.wide_starts { 1 << 40 } else { i64::from(u32::MAX) };
            let words = widths.words(2, 1) as usize;
            let mut columns = Columns::zeroed(3, words, widths);
            let mut writer = columns.writer();
            writer.start(2, ns);
            writer.kind(1, kind);
            let next = writer.stack(0, stack);
            writer.double(next, 0x1234_5678);
            let last = writer.stack(next + 2, u32::MAX - 1);
            writer.start(3, 1);
            writer.kind(3, 1);
            assert_eq!(last as usize, words);
            assert_eq!(
                [0, 1, 2, 3].map(|at| columns.start(at)),
                [Some(0), Some(0), Some(ns), None]
            );
            columns.widen_starts();
            assert_eq!(
                [0, 1, 2, 3].map(|at| columns.start(at)),
                [Some(0), Some(0), Some(ns), None]
            );
            assert_eq!(columns.kinds().to_vec(), [0, kind, 0]);
            assert_eq!(columns.stack(0), Some(stack));
            assert_eq!(columns.names().waker(0), Some(0x1234_5678));
            let unknown = (widths.wide_stacks).then_some(u32::MAX - 1);
            assert_eq!(columns.stack(next as usize + 2), unknown);
            assert_eq!(columns.stack(words), None);
        }
    }
}
