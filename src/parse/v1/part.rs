//! Which part of a file is read: all of it, or what its first events need.
//!
//! Events stand first, the names of their stacks and the clock's frequency last. A batch does not
//! tell its length, so that one in the middle of the file can only be looked for: read from a wrong
//! place, events soon fall into step with the true ones.

use std::ops::Range;

use super::cursor::{Cursor, Item};

/// How much of a file is read at its two ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends {
    /// The bytes at the beginning, in which the first events of all busy Ps are. A P that does
    /// little writes its first batch later, so that what it did may be missing.
    pub(super) head: usize,
    /// The bytes at the end, in which the stacks are.
    pub(super) tail: usize,
}

impl Ends {
    /// Read in some hundredths of a second. The stacks of the largest programs take a few megabytes.
    pub(super) const QUICK: Self = Self { head: 8 << 20, tail: 24 << 20 };
}

/// What is read of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Part {
    /// How many events, as they stand in the file.
    pub(super) at_most: usize,
    /// What is passed over, from the first batch behind its start. It ends where a batch begins.
    pub(super) left_out: Option<Range<usize>>,
}

/// The first byte of a batch: its type, and that two numbers follow.
const BATCH: u8 = 0x41;
/// A batch is no longer than the buffer that it was written to (Go 1.21 `runtime/trace.go`,
/// `traceBuf`).
const MAX_BATCH_BYTES: usize = 64 << 10;
/// After so many bytes events have fallen into step, wherever reading began.
const IN_STEP_BYTES: usize = 256;
/// How many bytes may be read in search of a batch: a made-up file could have it begin anew at
/// every byte.
pub(super) const SEARCH_BYTES: usize = 1 << 20;

impl Part {
    /// All of a file.
    pub(super) const ALL: Self = Self { at_most: usize::MAX, left_out: None };

    /// What the first `at_most` events need, as far as that can be known.
    pub(super) fn first(at_most: usize, bytes: &[u8], minor: u32, ends: Ends) -> Self {
        Self { at_most, left_out: between(ends, bytes, minor) }
    }

    /// The same without leaving anything out.
    pub(super) fn and_the_middle(&self) -> Self {
        Self { left_out: None, ..*self }
    }
}

fn between(ends: Ends, bytes: &[u8], minor: u32) -> Option<Range<usize>> {
    let from = bytes.len().checked_sub(ends.tail).filter(|&from| from > ends.head)?;
    let end = find_batch(bytes, from, minor).ok()?;
    Some(ends.head..end)
}

/// Where a batch surely begins, not far behind `from`.
///
/// # Errors
/// If none is found: how many bytes were read in vain.
pub(super) fn find_batch(bytes: &[u8], from: usize, minor: u32) -> Result<usize, usize> {
    let near = bytes.iter().enumerate().skip(from).take(2 * MAX_BATCH_BYTES);
    let mut searched = 0;
    for (at, _) in near.filter(|&(_, &byte)| byte == BATCH) {
        let mut cursor = Cursor::new(bytes, at, minor);
        if let Some(batch) = next_batch(&mut cursor) {
            return Ok(batch);
        }
        searched += cursor.at().saturating_sub(at);
        if searched > SEARCH_BYTES {
            break;
        }
    }
    Err(searched)
}

/// Where a batch begins behind the one that seems to begin here, once events are in step.
fn next_batch(cursor: &mut Cursor<'_>) -> Option<usize> {
    let from = cursor.at();
    while cursor.at() < from + MAX_BATCH_BYTES {
        let Ok(Some((at, item))) = cursor.next() else { return None };
        if matches!(item, Item::Batch { .. }) && at >= from + IN_STEP_BYTES {
            return Some(at);
        }
    }
    None
}
