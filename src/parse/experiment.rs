//! The batches of the experiment `AllocFree` (`GODEBUG=traceallocfree=1`, Go 1.23 and later).
//!
//! ```text
//! types   0, then entries: id, address, size, bytes that can hold pointers, name length, name
//! info    1, then: lowest heap address, page size, heap alignment, stack alignment
//! ```
//!
//! Facts from Go 1.26 `runtime/traceallocfree.go` and `runtime/tracetype.go`. A batch that breaks
//! off gives what comes before.

use super::cursor::Cursor;
use super::tables::ExperimentalBatch;

/// The experiment's number.
pub const ALLOC_FREE: u8 = 1;
const TYPES: u8 = 0;
const INFO: u8 = 1;

/// What is needed to make sense of the events' ids, which are addresses scaled.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct HeapInfo {
    /// The lowest address of the heap; ids count from there.
    pub lowest_address: u64,
    /// A span's id is its page: an address divided by this.
    pub page_bytes: u64,
    /// An object's id is its address divided by this.
    pub heap_align: u64,
    /// A stack's id is its address divided by this.
    pub stack_align: u64,
}

/// A type of objects in the heap.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HeapType<'a> {
    /// The number by which events of the same generation name it.
    pub id: u64,
    /// One value's size in bytes; an object can hold several.
    pub size: u64,
    /// Its name as the runtime has it.
    pub name: &'a [u8],
}

/// The heap's layout, if the batch tells it.
#[must_use]
pub fn heap_info(batch: &ExperimentalBatch<'_>) -> Option<HeapInfo> {
    let mut cursor = entries(batch, INFO)?;
    Some(HeapInfo {
        lowest_address: cursor.varint()?,
        page_bytes: cursor.varint()?,
        heap_align: cursor.varint()?,
        stack_align: cursor.varint()?,
    })
}

/// The types in the batch; none if it holds something else.
pub fn heap_types<'a>(batch: &ExperimentalBatch<'a>) -> impl Iterator<Item = HeapType<'a>> {
    let mut cursor = entries(batch, TYPES);
    std::iter::from_fn(move || {
        let cursor = cursor.as_mut()?;
        let (id, _address, size) = (cursor.varint()?, cursor.varint()?, cursor.varint()?);
        let (_pointer_bytes, length) = (cursor.varint()?, cursor.varint()?);
        Some(HeapType { id, size, name: cursor.bytes(length)? })
    })
}

/// What comes after the byte that tells what the batch holds, if it is `kind`.
fn entries<'a>(batch: &ExperimentalBatch<'a>, kind: u8) -> Option<Cursor<'a>> {
    let is_it = batch.experiment == ALLOC_FREE && batch.data.first() == Some(&kind);
    is_it.then(|| Cursor::starting_at(batch.data, 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ThreadId;

    fn batch(experiment: u8, data: &[u8]) -> ExperimentalBatch<'_> {
        ExperimentalBatch { experiment, thread: ThreadId::NONE, data }
    }

    #[test]
    fn types_are_read_up_to_the_first_that_is_cut() {
        let data = [0, 7, 100, 24, 8, 3, b'i', b'n', b't', 8, 101, 1, 0, 4, b'b', b'o'];
        let types: Vec<_> = heap_types(&batch(1, &data)).collect();
        assert_eq!(types, [HeapType { id: 7, size: 24, name: b"int" }]);
        assert_eq!(heap_types(&batch(2, &data)).count(), 0);
        assert_eq!(heap_types(&batch(1, &[])).count(), 0);
    }

    #[test]
    fn the_layout_is_read_whole_or_not_at_all() {
        let info = HeapInfo { lowest_address: 1, page_bytes: 2, heap_align: 3, stack_align: 4 };
        assert_eq!(heap_info(&batch(1, &[1, 1, 2, 3, 4])), Some(info));
        assert_eq!(heap_info(&batch(1, &[1, 1, 2, 3])), None);
        assert_eq!(heap_info(&batch(1, &[0, 1, 2, 3, 4])), None);
    }
}
