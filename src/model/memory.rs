//! Blocks of memory for columns.

use std::fmt;
use std::ops::{Deref, DerefMut};

use memmap2::MmapMut;

/// A block of bytes, zero at first.
///
/// Large blocks come from the kernel directly, in huge pages where it has them, and all at
/// once: touching fresh memory page by page costs more than filling it.
pub(crate) struct Memory {
    block: Block,
    len: usize,
}

enum Block {
    Heap(Vec<u8>),
    Mapped(MmapMut),
}

impl Memory {
    pub(crate) fn zeroed(len: usize) -> Self {
        let block = mapped(len).map_or_else(|| Block::Heap(vec![0; len]), Block::Mapped);
        Self { block, len }
    }
}

/// Blocks smaller than this are left to the allocator.
#[cfg(target_os = "linux")]
const LARGE: usize = 128 << 10;
/// The size of a huge page on most machines.
#[cfg(target_os = "linux")]
const HUGE: usize = 2 << 20;

#[cfg(target_os = "linux")]
fn mapped(len: usize) -> Option<MmapMut> {
    use memmap2::Advice;

    if len < LARGE {
        return None;
    }
    // Only mappings of whole huge pages begin where one can lie. What lies beyond `len` is
    // never touched and takes no memory, unless the last page is a huge one too: that has to
    // be worth it.
    let whole = len.next_multiple_of(HUGE);
    let map = MmapMut::map_anon(whole).ok()?;
    let huge = if whole - len <= HUGE / 4 { whole } else { len / HUGE * HUGE };
    // Both are advice: kernels that do not know it do without.
    let _ = map.advise_range(Advice::HugePage, 0, huge);
    let _ = map.advise_range(Advice::PopulateWrite, 0, len);
    Some(map)
}

#[cfg(not(target_os = "linux"))]
fn mapped(_len: usize) -> Option<MmapMut> {
    None
}

impl Default for Memory {
    fn default() -> Self {
        Self { block: Block::Heap(Vec::new()), len: 0 }
    }
}

impl Deref for Memory {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match &self.block {
            Block::Heap(bytes) => bytes,
            Block::Mapped(map) => map.get(..self.len).unwrap_or_default(),
        }
    }
}

impl DerefMut for Memory {
    fn deref_mut(&mut self) -> &mut [u8] {
        match &mut self.block {
            Block::Heap(bytes) => bytes,
            Block::Mapped(map) => map.get_mut(..self.len).unwrap_or_default(),
        }
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Memory({} bytes)", self.len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_any_size_are_zero_and_can_be_written() {
        for len in [0, 1, 4096, 128 << 10, (2 << 20) - 1, (4 << 20) + 3] {
            let mut memory = Memory::zeroed(len);
            assert_eq!(memory.len(), len);
            assert!(memory.iter().all(|&byte| byte == 0));
            memory.fill(7);
            assert!(memory.iter().all(|&byte| byte == 7));
        }
    }
}
