//! The wire's ids, any 64-bit numbers, as dense rows.

use crate::base::WireMap;

/// The row of an id that has none.
pub(super) const NO_ROW: u32 = u32::MAX;

/// Ids below this have a place of their own however far the others are.
const LOW_IDS: usize = 1 << 12;
/// A window is no longer than this, unless many ids have been met: a file that names two ids
/// far from one another may not make it pay for all between, generation after generation.
const MIN_WINDOW: usize = 1 << 13;
/// How many places of the window each id that has been met justifies.
const PLACES_PER_ID: usize = 8;
/// Ids this far below the first large one still lie in the window.
const WINDOW_MARGIN: u64 = 1 << 12;

/// Gives out dense slots for ids as they are met: goroutines, Ps, threads.
///
/// Go numbers goroutines in sequence, so nearly all ids of a trace lie close together: they
/// are looked up in a window, and only what lies outside is hashed.
#[derive(Debug, Default)]
pub(super) struct Slots {
    low: Vec<u32>,
    window: Vec<u32>,
    /// The id at the window's start, never a low one.
    window_base: u64,
    /// What lay outside the window when it was met, even if the window has grown over it since.
    far: WireMap<u64, u32>,
    len: u32,
}

impl Slots {
    /// The slot of an id, if it has been met.
    #[inline]
    pub(super) fn get(&self, id: u64) -> Option<u32> {
        let near = self.window.get(self.window_at(id));
        let slot = match near {
            Some(&slot) if slot != NO_ROW => slot,
            _ => self.elsewhere(id),
        };
        (slot != NO_ROW).then_some(slot)
    }

    fn elsewhere(&self, id: u64) -> u32 {
        let slot = if id < LOW_IDS as u64 {
            usize::try_from(id).ok().and_then(|at| self.low.get(at))
        } else if self.far.is_empty() {
            None
        } else {
            self.far.get(&id)
        };
        slot.copied().unwrap_or(NO_ROW)
    }

    /// The slot of an id, a new one if it has not been met.
    pub(super) fn get_or_add(&mut self, id: u64) -> u32 {
        if let Some(slot) = self.get(id) {
            return slot;
        }
        let slot = self.len;
        self.len = self.len.saturating_add(1);
        if id < LOW_IDS as u64 {
            put(&mut self.low, usize::try_from(id).unwrap_or(0), slot);
            return slot;
        }
        if self.window.is_empty() && self.far.is_empty() {
            self.window_base = id.saturating_sub(WINDOW_MARGIN).max(LOW_IDS as u64);
        }
        let at = self.window_at(id);
        if at < MIN_WINDOW.max(PLACES_PER_ID * self.len as usize) {
            put(&mut self.window, at, slot);
        } else {
            self.far.insert(id, slot);
        }
        slot
    }

    #[inline]
    fn window_at(&self, id: u64) -> usize {
        // Below the base this wraps round, to far beyond any window.
        usize::try_from(id.wrapping_sub(self.window_base)).unwrap_or(usize::MAX)
    }
}

fn put(table: &mut Vec<u32>, at: usize, slot: u32) {
    if at >= table.len() {
        table.resize(at + 1, NO_ROW);
    }
    if let Some(place) = table.get_mut(at) {
        *place = slot;
    }
}

/// The rows of a finished table's ids: strings, stacks.
#[derive(Debug, Default)]
pub(super) struct Rows {
    dense: Vec<u32>,
    sparse: WireMap<u64, u32>,
}

impl Rows {
    /// Rows 1, 2, … for `ids` in this order; row 0 is id 0's.
    ///
    /// # Errors
    /// The first id that is 0 or there twice.
    pub(super) fn new(ids: &[u64]) -> Result<Self, u64> {
        let mut rows = Self::with_room(ids);
        rows.add(0, 0)?;
        for (row, &id) in (1_u32..).zip(ids) {
            rows.add(id, row)?;
        }
        Ok(rows)
    }

    /// The same, but an id keeps its first row.
    pub(super) fn of_first(ids: &[u64]) -> Self {
        let mut rows = Self::with_room(ids);
        for (row, &id) in (0_u32..).zip(std::iter::once(&0).chain(ids)) {
            if rows.get(id).is_none() {
                // It is new, so adding it cannot fail.
                let _ = rows.add(id, row);
            }
        }
        rows
    }

    fn with_room(ids: &[u64]) -> Self {
        let most = 4 * ids.len() as u64 + 1024;
        let highest = ids.iter().copied().max().unwrap_or(0);
        let mut rows = Self::default();
        if highest <= most {
            rows.dense = vec![NO_ROW; usize::try_from(highest).unwrap_or(0) + 1];
        }
        rows
    }

    fn add(&mut self, id: u64, row: u32) -> Result<(), u64> {
        let place = usize::try_from(id).ok().and_then(|at| self.dense.get_mut(at));
        let taken = match place {
            Some(place) => std::mem::replace(place, row) != NO_ROW,
            None => self.sparse.insert(id, row).is_some(),
        };
        if taken { Err(id) } else { Ok(()) }
    }

    /// The row of an id, if it is defined.
    #[inline]
    pub(super) fn get(&self, id: u64) -> Option<u32> {
        match usize::try_from(id).ok().and_then(|at| self.dense.get(at)) {
            Some(&row) => (row != NO_ROW).then_some(row),
            None => self.sparse.get(&id).copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_dense_and_stable_for_near_and_far_ids() {
        let ids = [1, 7, 5_000_000_000, 5_000_000_001, u64::MAX - 1, 4095, 4096, 5_003_000_000];
        let ids: Vec<u64> = ids.into_iter().chain((0..10_000).map(|n| 6_000_000_000 + n)).collect();
        let mut slots = Slots::default();
        for (slot, &id) in (0..).zip(&ids) {
            assert_eq!(slots.get(id), None);
            assert_eq!(slots.get_or_add(id), slot);
        }
        for (slot, &id) in (0..).zip(&ids) {
            assert_eq!(slots.get(id), Some(slot));
            assert_eq!(slots.get_or_add(id), slot);
        }
    }

    #[test]
    fn rows_refuse_ids_defined_twice_and_zero() {
        assert_eq!(Rows::new(&[3, 1, 3]).err(), Some(3));
        assert_eq!(Rows::new(&[0]).err(), Some(0));
        let rows = Rows::new(&[9, u64::MAX, 2]).unwrap_or_default();
        assert_eq!(rows.get(u64::MAX), Some(2));
        assert_eq!(rows.get(2), Some(3));
        assert_eq!(rows.get(0), Some(0));
        assert_eq!(rows.get(3), None);
    }
}
