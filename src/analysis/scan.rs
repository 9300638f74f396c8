//! Linear passes over the spans of a chunk: the innermost loops of the analysis.

use crate::base::Goroutine;
use crate::model::{Chunk, KindRows};

/// Calls `visit` for every span whose kind `wanted` says yes to, with the span's number and
/// the word that names its stack, if it has one.
#[inline]
pub(crate) fn each_span(
    chunk: &Chunk,
    wanted: impl Fn(u16) -> bool,
    mut visit: impl FnMut(usize, usize),
) {
    let steps: Vec<Step> = (0..)
        .zip(chunk.kinds())
        .map(|(row, kind)| Step { words: kind.words, wanted: wanted(row) })
        .collect();
    let mut word = 0;
    match chunk.kind_rows() {
        // The common case, without a check of bounds, and without a branch that depends on
        // what is wanted: which spans those are cannot be foretold.
        KindRows::Narrow(rows) => {
            let mut table = [Step::default(); 256];
            let n = steps.len().min(table.len());
            table[..n].copy_from_slice(&steps[..n]);
            for (block, rows) in rows.chunks(BLOCK).enumerate() {
                let mut hits = [(0, 0); BLOCK];
                let mut n = 0;
                for (at, &row) in rows.iter().enumerate() {
                    let step = table[usize::from(row)];
                    hits[n % BLOCK] = (at, word);
                    n += usize::from(step.wanted);
                    word += usize::from(step.words);
                }
                for &(at, word) in &hits[..n.min(BLOCK)] {
                    visit(block * BLOCK + at, word);
                }
            }
        }
        rows @ KindRows::Wide(_) => {
            for (at, row) in rows.iter().enumerate() {
                let step = steps.get(usize::from(row)).copied().unwrap_or_default();
                if step.wanted {
                    visit(at, word);
                }
                word += usize::from(step.words);
            }
        }
    }
}

/// How many spans are looked at in one go.
const BLOCK: usize = 64;

/// What a pass needs to know of a kind.
#[derive(Clone, Copy, Default)]
struct Step {
    words: u8,
    wanted: bool,
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
