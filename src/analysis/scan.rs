//! Linear passes over the spans of a chunk: the innermost loops of the analysis.

use crate::base::Goroutine;
use crate::model::{Chunk, KindRows};

/// Calls `visit` for every span of whose kind `class` does not say 0: with the span's number,
/// that of the word that names its stack, if it has one, and the class.
pub(crate) fn each_span(
    chunk: &Chunk,
    class: impl Fn(u16) -> u8,
    mut visit: impl FnMut(usize, usize, u8),
) {
    let mut scan = Scan::new(chunk, class);
    while let Some(hits) = scan.next_block() {
        for hit in hits {
            visit(hit.at(), hit.word(), hit.class);
        }
    }
}

/// How many spans are looked at in one go.
const BLOCK: usize = 64;

/// What a pass needs to know of a kind, in one number: how far a span of it is from the next, as
/// in [`Scan::hits`], and below that its class.
#[derive(Clone, Copy)]
struct Step(u32);

impl Default for Step {
    fn default() -> Self {
        Self::new(0, 0)
    }
}

impl Step {
    fn new(words: u8, class: u8) -> Self {
        Self(u32::from(words) << 16 | 1 << 8 | u32::from(class))
    }

    fn class(self) -> u32 {
        self.0 & 0xff
    }
}

/// A span that is wanted.
#[derive(Clone, Copy)]
pub(crate) struct Hit {
    /// The span's number in its chunk.
    pub(crate) at: u32,
    word: u32,
    /// The class of its kind.
    pub(crate) class: u8,
}

impl Hit {
    /// The span's number in its chunk.
    #[inline]
    pub(crate) fn at(self) -> usize {
        self.at as usize
    }

    /// The number of its first word.
    #[inline]
    pub(crate) fn word(self) -> usize {
        self.word as usize
    }
}

/// The wanted spans of a chunk, a block at a time.
pub(crate) struct Scan<'c> {
    rows: KindRows<'c>,
    /// By kind, filled up to the next size at which no bound needs to be checked.
    steps: Vec<Step>,
    /// The first span of the next block, and its first word.
    at: u32,
    word: u32,
    /// The wanted spans of the block: from its beginning so many words (16 bits) and so many
    /// spans (8 bits), and the class.
    hits: [u32; BLOCK],
}

impl<'c> Scan<'c> {
    /// All spans of whose kind `class` does not say 0.
    pub(crate) fn new(chunk: &'c Chunk, class: impl Fn(u16) -> u8) -> Self {
        let kinds = (0..).zip(chunk.kinds());
        let mut steps: Vec<Step> =
            kinds.map(|(row, kind)| Step::new(kind.words, class(row))).collect();
        steps.resize(steps.len().max(256), Step::default());
        Self { rows: chunk.kind_rows(), steps, at: 0, word: 0, hits: [0; BLOCK] }
    }

    /// The next block's, of which there may be none; none if there are no more blocks.
    #[inline]
    pub(crate) fn next_block(&mut self) -> Option<impl Iterator<Item = Hit> + '_> {
        let from = self.at as usize;
        let n_rows = self.rows.len().checked_sub(from).filter(|&n| n > 0)?.min(BLOCK);
        let (first, first_word) = (self.at, self.word);
        let (n, from_start) = match self.rows {
            KindRows::Narrow(rows) => {
                let steps: &[Step; 256] = self.steps.first_chunk()?;
                let rows = rows.get(from..from + n_rows)?;
                select(&mut self.hits, rows, |&row| steps[usize::from(row)])
            }
            KindRows::Wide(rows) => {
                let step = |row: &[u8; 2]| self.steps.get(usize::from(u16::from_le_bytes(*row)));
                let rows = rows.get(from..from + n_rows)?;
                select(&mut self.hits, rows, |row| step(row).copied().unwrap_or_default())
            }
        };
        self.at += u32::try_from(n_rows).unwrap_or(0);
        self.word += from_start >> 16;
        Some(self.hits[..n].iter().map(move |hit| {
            let [class, at, low, high] = hit.to_le_bytes();
            let word = u32::from(u16::from_le_bytes([low, high]));
            Hit { at: first + u32::from(at), word: first_word + word, class }
        }))
    }
}

/// Fills in the hits of a block, and gives their number and where the next block begins. The
/// loop has no branch that depends on what is wanted, since which those are cannot be foretold.
#[inline]
fn select<R>(hits: &mut [u32; BLOCK], rows: &[R], step: impl Fn(&R) -> Step) -> (usize, u32) {
    let mut n = 0;
    let mut from_start = 0;
    for row in rows {
        let step = step(row);
        hits[n % BLOCK] = from_start | step.class();
        n += usize::from(step.class() != 0);
        from_start += step.0 - step.class();
    }
    (n.min(BLOCK), from_start)
}

/// Whose the spans of a chunk are, asked for in ascending order.
pub(crate) struct Runs<'a> {
    chunk: &'a Chunk,
    row: usize,
}

impl<'a> Runs<'a> {
    pub(crate) fn new(chunk: &'a Chunk) -> Self {
        Self { chunk, row: 0 }
    }

    /// Whose span it is, and the number of that goroutine's first span in the chunk.
    #[inline]
    pub(crate) fn at(&mut self, at: usize) -> (Goroutine, usize) {
        let starts = &self.chunk.run_starts;
        while starts.get(self.row + 1).is_some_and(|&end| end as usize <= at) {
            self.row += 1;
        }
        let first = starts.get(self.row).map_or(0, |&start| start as usize);
        (self.chunk.members.get(self.row).copied().unwrap_or_default(), first)
    }

    /// The number after that goroutine's last span in the chunk, for the one asked for last.
    pub(crate) fn end(&self) -> usize {
        self.chunk.run_starts.get(self.row + 1).map_or(0, |&end| end as usize)
    }
}

/// Whose span a chunk's span is, and the number of that goroutine's first span in the chunk.
pub(crate) fn member_of(chunk: &Chunk, at: usize) -> (Goroutine, usize) {
    let after = chunk.run_starts.partition_point(|&start| start as usize <= at);
    let row = after.saturating_sub(1);
    let first = chunk.run_starts.get(row).map_or(0, |&start| start as usize);
    (chunk.members.get(row).copied().unwrap_or_default(), first)
}
