//! From the trace's ids, which can be any number, to dense rows.

use crate::base::{GoId, WireMap};
use crate::parse::event::GoRef;

/// Rows by id. Ids below a bound, which are nearly all, need no hashing.
#[derive(Debug)]
pub(super) struct Rows {
    /// Rows of the ids below `bound`, [`Rows::ABSENT`] for those not seen.
    dense: Vec<u32>,
    bound: u64,
    sparse: WireMap<u64, u32>,
}

impl Rows {
    const ABSENT: u32 = u32::MAX;

    /// An empty table for a trace of `n_bytes`; it never takes more memory than the trace does.
    pub(super) fn for_trace(n_bytes: usize) -> Self {
        Self { dense: Vec::new(), bound: (n_bytes / 4) as u64, sparse: WireMap::default() }
    }

    /// The row of an id.
    pub(super) fn get(&self, id: u64) -> Option<u32> {
        if id < self.bound {
            let at = usize::try_from(id).ok()?;
            self.dense.get(at).copied().filter(|&row| row != Self::ABSENT)
        } else {
            self.sparse.get(&id).copied()
        }
    }

    /// Gives an id a row, in place of one that it may have.
    pub(super) fn set(&mut self, id: u64, row: u32) {
        match usize::try_from(id) {
            Ok(at) if id < self.bound => {
                if at >= self.dense.len() {
                    self.dense.resize(at + 1, Self::ABSENT);
                }
                if let Some(slot) = self.dense.get_mut(at) {
                    *slot = row;
                }
            }
            _ => {
                self.sparse.insert(id, row);
            }
        }
    }
}

/// The goroutines by their slots.
#[derive(Debug)]
pub(super) struct Goroutines {
    slots: Rows,
    ids: Vec<GoId>,
}

impl Goroutines {
    /// No goroutines yet.
    pub(super) fn for_trace(n_bytes: usize) -> Self {
        Self { slots: Rows::for_trace(n_bytes), ids: Vec::new() }
    }

    /// The slot of an id, a new one if it has none yet; id 0 is no goroutine.
    pub(super) fn slot(&mut self, id: u64) -> u32 {
        if id == 0 {
            return GoRef::NO_SLOT;
        }
        self.slots.get(id).unwrap_or_else(|| {
            // The file would have to have 4 GiB of ids.
            let slot = u32::try_from(self.ids.len()).unwrap_or(GoRef::NO_SLOT);
            self.ids.push(GoId(id));
            self.slots.set(id, slot);
            slot
        })
    }

    /// The goroutine with an id, none if the id has no slot.
    pub(super) fn by_id(&self, id: u64) -> GoRef {
        self.by_slot(self.slots.get(id).unwrap_or(GoRef::NO_SLOT))
    }

    /// The goroutine in a slot, none for [`GoRef::NO_SLOT`].
    pub(super) fn by_slot(&self, slot: u32) -> GoRef {
        self.ids.get(slot as usize).map_or(GoRef::NONE, |&id| GoRef { id, slot })
    }

    /// How many slots there are.
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_and_huge_ids_have_rows() {
        let mut rows = Rows::for_trace(400);
        for (row, id) in [0, 99, 100, u64::MAX].into_iter().enumerate() {
            assert_eq!(rows.get(id), None);
            rows.set(id, u32::try_from(row).expect("small"));
            assert_eq!(rows.get(id), u32::try_from(row).ok());
        }
        assert_eq!(rows.dense.len(), 100);
        assert_eq!(rows.sparse.len(), 2);
    }
}
