//! The first steps of reading, each on its own, for those who measure where the time goes.

use super::{FIRST_WITH_GENERATIONS, header_minor, v2};

/// Walks a trace's batch headers; gives how many batches there are. None for the old format.
#[must_use]
pub fn scan(file: &[u8]) -> Option<usize> {
    header_minor(file)
        .filter(|&minor| minor >= FIRST_WITH_GENERATIONS)
        .map(|minor| v2::scan(file, minor))
}

/// Decodes a trace's events thread by thread, without putting them into order; gives how many
/// there are. None for the old format, and for a damaged trace.
#[must_use]
pub fn decode(file: &[u8]) -> Option<u64> {
    header_minor(file)
        .filter(|&minor| minor >= FIRST_WITH_GENERATIONS)
        .and_then(|minor| v2::decode(file, minor))
}
