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
    /// The bytes at the beginning, in which the first events of all busy Ps are.
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
    let tail = bytes.get(from..)?.iter().take(2 * MAX_BATCH_BYTES);
    let mut batches = (from..).zip(tail).filter(|&(_, &byte)| byte == BATCH);
    batches.find_map(|(at, _)| next_batch(bytes, at, minor)).map(|end| ends.head..end)
}

/// Where the batch behind the one at `at` begins, if there seems to be one at `at`: by then events
/// have fallen into step, even if what is at `at` was something else.
fn next_batch(bytes: &[u8], at: usize, minor: u32) -> Option<usize> {
    let mut cursor = Cursor::new(bytes, at, minor);
    let Ok(Some((_, Item::Batch { .. }))) = cursor.next() else { return None };
    while cursor.at() < at + MAX_BATCH_BYTES {
        match cursor.next() {
            Ok(Some((next, Item::Batch { .. }))) => return Some(next),
            Ok(Some(_)) => {}
            Ok(None) | Err(_) => return None,
        }
    }
    None
}
