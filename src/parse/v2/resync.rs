//! Where batches go on behind damage.
//!
//! Batch headers have little redundancy, so one or two could be chance: batches are believed
//! only where several follow one another, each beginning where the one before ends.

use super::batch::{Item, Scanner};
use crate::parse::spec::wire;

/// How many items have to follow one another.
const CHAIN: usize = 4;

/// The first place from `from` on where batches stand in a row.
pub(super) fn find(scanner: &Scanner<'_>, from: usize) -> Option<usize> {
    let rest = scanner.file.get(from..)?;
    let begins = |byte: u8| byte == wire::EVENT_BATCH || byte == wire::EXPERIMENTAL_BATCH;
    let candidates = rest.iter().enumerate().filter(|(_, byte)| begins(**byte));
    candidates.map(|(at, _)| from + at).find(|&at| {
        let mut probe = scanner.clone();
        probe.at = at;
        chain(&probe).is_some()
    })
}

/// The number of the generation that a row of batches at the scanner's position begins with,
/// if there is such a row: [`CHAIN`] batches and marks, or fewer up to the end of the file, with
/// numbers that stay or go up by one.
pub(super) fn chain(scanner: &Scanner<'_>) -> Option<u64> {
    let mut probe = scanner.clone();
    let mut first = None;
    let mut last = None;
    for n_items in 0..CHAIN {
        match probe.item() {
            Ok(Item::Batch { generation, .. }) if generation != 0 => {
                let before = last.replace(generation).unwrap_or(generation);
                if generation != before && Some(generation) != before.checked_add(1) {
                    return None;
                }
                first.get_or_insert(generation);
            }
            Ok(Item::Mark) if first.is_some() => {}
            // Two batches that end exactly with the file are no chance either.
            Ok(Item::End) if n_items >= 2 => break,
            _ => return None,
        }
    }
    first
}
