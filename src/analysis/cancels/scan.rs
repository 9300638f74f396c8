//! Linear passes over the spans of a chunk: the innermost loops of the analysis.

use crate::base::Goroutine;
use crate::model::{Chunk, KindRows};

/// Calls `visit` for every span of whose kind `class` says 1 or 2, and not 0.
#[inline]
pub(crate) fn each_span(chunk: &Chunk, class: impl Fn(u16) -> u8, mut visit: impl FnMut(Hit)) {
    let mut scan = Scan::new(chunk, class);
    while let Some(hits) = scan.next_block() {
        hits.for_each(&mut visit);
    }
}

/// How many spans are looked at in one go.
const BLOCK: usize = 128;

/// How far it is from one place in a block to another, in one number: so many wanted spans
/// (8 bits), spans (8 bits) and words (15 bits), and whether those of class 2 are odd in number.
#[derive(Clone, Copy, Default)]
struct Steps(u32);

impl Steps {
    const ODD: u32 = 1 << 31;

    fn over(words: u8, class: u8) -> Self {
        let odd = if class == 2 { Self::ODD } else { 0 };
        Self(odd | u32::from(words) << 16 | 1 << 8 | u32::from(class > 0))
    }

    #[inline]
    fn n_wanted(self) -> usize {
        usize::from(self.0.to_le_bytes()[0])
    }

    #[inline]
    fn spans(self) -> u32 {
        u32::from(self.0.to_le_bytes()[1])
    }

    #[inline]
    fn words(self) -> u32 {
        self.0 >> 16 & 0x7fff
    }
}

/// A span's number in its chunk, and that of its first word.
#[derive(Clone, Copy)]
struct Place {
    at: u32,
    word: u32,
}

/// A span that is wanted. Most are not looked at further than to their stacks.
#[derive(Clone, Copy)]
pub(crate) struct Hit {
    /// Where the block begins.
    block: Place,
    /// How far it is from there to the span, and to the next wanted one.
    here: Steps,
    next: Steps,
}

impl Hit {
    /// The span's number in its chunk.
    #[inline]
    pub(crate) fn at(self) -> usize {
        (self.block.at + self.here.spans()) as usize
    }

    /// The number of the word that names its stack, if it has one.
    #[inline]
    pub(crate) fn word(self) -> usize {
        (self.block.word + self.here.words()) as usize
    }

    /// Its class.
    #[inline]
    pub(crate) fn class(self) -> u8 {
        if (self.here.0 ^ self.next.0) & Steps::ODD == 0 { 1 } else { 2 }
    }
}

/// The wanted spans of a chunk, a block at a time.
struct Scan<'c> {
    rows: KindRows<'c>,
    /// Over a span of each kind, filled up to the next size at which no bound needs to be checked.
    steps: Vec<Steps>,
    /// Where the next block begins.
    next: Place,
    /// How far it is to each wanted span of the block, and to its end; as many as a byte counts.
    hits: [Steps; 256],
}

impl<'c> Scan<'c> {
    fn new(chunk: &'c Chunk, class: impl Fn(u16) -> u8) -> Self {
        let kinds = (0..).zip(chunk.kinds());
        let mut steps: Vec<Steps> =
            kinds.map(|(row, kind)| Steps::over(kind.words, class(row))).collect();
        steps.resize(steps.len().max(256), Steps::default());
        let next = Place { at: 0, word: 0 };
        Self { rows: chunk.kind_rows(), steps, next, hits: [Steps::default(); 256] }
    }

    /// The wanted spans of the next block, of which there may be none; none if there are no more
    /// blocks.
    #[inline]
    fn next_block(&mut self) -> Option<impl Iterator<Item = Hit> + '_> {
        let block = self.next;
        let from = block.at as usize;
        let n_rows = self.rows.len().checked_sub(from).filter(|&n| n > 0)?.min(BLOCK);
        let end = match self.rows {
            KindRows::Narrow(rows) => {
                let steps: &[Steps; 256] = self.steps.first_chunk()?;
                let rows = rows.get(from..from + n_rows)?;
                select(&mut self.hits, rows, |&row| steps[usize::from(row)])
            }
            KindRows::Wide(rows) => {
                let steps = |row: &[u8; 2]| self.steps.get(usize::from(u16::from_le_bytes(*row)));
                let rows = rows.get(from..from + n_rows)?;
                select(&mut self.hits, rows, |row| steps(row).copied().unwrap_or_default())
            }
        };
        self.next = Place { at: block.at + end.spans(), word: block.word + end.words() };
        let (here, next) = (&self.hits[..end.n_wanted()], &self.hits[1..]);
        Some(here.iter().zip(next).map(move |(&here, &next)| Hit { block, here, next }))
    }
}

/// Fills in how far it is to each hit of a block, and gives how far to its end. The loop has no
/// branch, since what is wanted cannot be foretold: what is not is written over by what is next.
#[inline]
fn select<R>(hits: &mut [Steps; 256], rows: &[R], steps: impl Fn(&R) -> Steps) -> Steps {
    let mut place = Steps::default();
    for row in rows {
        hits[place.n_wanted()] = place;
        place.0 = place.0.wrapping_add(steps(row).0);
    }
    hits[place.n_wanted()] = place;
    place
}

/// Whose the spans of a chunk are, asked for in ascending order: each span is somebody's.
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
        (self.chunk.members[self.row], first)
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
    (chunk.members[row], first)
}
