//! How much of the beginning of a file is whole generations.

use super::batch::{FIRST_WITH_MARK, Scanned, Scanner};

/// The length of the whole generations that the first bytes of a file begin with, header
/// included; none if there is not one. Costs a look at each batch's header.
pub(in crate::parse) fn whole_generations(start: &[u8], minor: u32) -> Option<usize> {
    let mut scanner = Scanner::new(start, minor);
    let mut whole = None;
    while let Some(Scanned::Generation(generation)) = scanner.next() {
        // Before format 26 only the next generation's first batch tells that one has ended.
        if minor < FIRST_WITH_MARK && scanner.at >= start.len() {
            break;
        }
        whole = usize::try_from(generation.end).ok();
    }
    whole
}
