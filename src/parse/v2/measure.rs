//! Steps on their own: see [`measure`](crate::parse::measure).

use super::batch::{Scanned, Scanner};
use super::merge::Merger;
use super::order::{Cells, Order};
use super::read::load;

/// How many batches a trace has.
pub(in crate::parse) fn scan(file: &[u8], minor: u32) -> usize {
    let mut scanner = Scanner::new(file, minor);
    let mut batches = 0;
    while let Some(Scanned::Generation(generation)) = scanner.next() {
        batches += generation.batches.len();
    }
    batches
}

/// How many events a trace's threads wrote; none if it is damaged.
pub(in crate::parse) fn decode(file: &[u8], minor: u32) -> Option<u64> {
    let mut scanner = Scanner::new(file, minor);
    let mut events = 0;
    while let Some(scanned) = scanner.next() {
        let Scanned::Generation(generation) = scanned else {
            return None;
        };
        let loaded = load(&generation, minor).ok()?;
        let mut order = Order::alone(generation.number, Cells::default());
        let merger = Merger::new(&loaded, &mut order).ok()?;
        events += merger.drain().ok()?;
    }
    Some(events)
}
