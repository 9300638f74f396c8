//! What generations before told, taken up where it is first named in this one.

use std::collections::hash_map::Entry;

use super::carry::{Holders, move_holder};
use super::{GoCell, Order, ProcCell, ProcRef, TaskCell};
use crate::base::{GoId, ProcId, TaskId, ThreadId};
use crate::parse::event::GoRef;

impl Order {
    /// The slot of a goroutine that has been heard of.
    #[inline]
    pub(super) fn go_slot(&mut self, id: u64) -> Option<u32> {
        let slot = self.go_slots.get(id);
        if slot.is_some() || self.past.goroutines.is_empty() { slot } else { self.recall_go(id) }
    }

    #[cold]
    fn recall_go(&mut self, id: u64) -> Option<u32> {
        let (state, seq) = self.past.goroutines.remove(&GoId(id))?;
        let slot = self.go_slots.get_or_add(id);
        self.goroutines.push(GoCell { id: GoId(id), state, seq });
        for (task, kind) in self.past.regions.remove(&GoId(id)).unwrap_or_default() {
            let kind = self.texts.number(&kind);
            self.regions.push(slot, (task, kind));
        }
        if let Some(open) = self.past.go_ranges.remove(&GoId(id)) {
            self.go_ranges.insert(slot, open);
        }
        Some(slot)
    }

    /// The slot of a P that has been heard of.
    #[inline]
    pub(super) fn proc_slot(&mut self, id: u64) -> Option<u32> {
        let slot = self.proc_slots.get(id);
        if slot.is_some() || self.past.procs.is_empty() { slot } else { self.recall_proc(id) }
    }

    #[cold]
    fn recall_proc(&mut self, id: u64) -> Option<u32> {
        let (status, seq) = self.past.procs.remove(&ProcId(id))?;
        let slot = self.proc_slots.get_or_add(id);
        self.procs.push(ProcCell { id: ProcId(id), status, seq });
        if let Some(open) = self.past.proc_ranges.remove(&ProcId(id)) {
            self.proc_ranges.insert(slot, open);
        }
        Some(slot)
    }

    /// What a thread met for the first time in this generation ran and held before.
    pub(super) fn recall_thread(&mut self, thread: ThreadId) -> Option<(GoRef, ProcRef)> {
        let (goroutine, proc) = self.past.threads.remove(&thread)?;
        let slot = goroutine.some().and_then(|id| self.go_slot(id.0));
        let goroutine = slot.map_or(GoRef::NONE, |slot| GoRef { id: goroutine, slot });
        let slot = proc.some().and_then(|id| self.proc_slot(id.0));
        let proc = slot.map_or(ProcRef::NONE, |slot| ProcRef { id: proc, slot });
        Some((goroutine, proc))
    }

    /// An active task, which this generation or one before began.
    pub(super) fn task(&mut self, id: TaskId) -> Option<TaskCell> {
        let Entry::Vacant(place) = self.tasks.entry(id) else {
            return self.tasks.get(&id).copied();
        };
        let (parent, kind) = self.past.tasks.remove(&id)?;
        let kind = self.texts.number(&kind);
        Some(*place.insert(TaskCell { parent, kind }))
    }

    /// The thread on record with a P; the lowest if several are.
    pub(super) fn lowest_holder(&mut self, of: ProcId) -> Option<ThreadId> {
        let (past, threads) = (&mut self.past, &self.threads);
        let holders = past.holders.get_or_insert_with(|| {
            let mut holders = Holders::default();
            for (&thread, &(_, proc)) in &past.threads {
                holders.entry(proc).or_default().insert(thread);
            }
            for cell in threads.iter().filter(|cell| cell.exists) {
                holders.entry(cell.proc.id).or_default().insert(cell.id);
            }
            holders
        });
        holders.get(&of)?.first().copied()
    }

    /// The thread at `slot` holds `proc` from now on.
    #[inline]
    pub(super) fn set_proc(&mut self, slot: u32, proc: ProcRef) {
        let Some(cell) = self.threads.get_mut(slot as usize) else { return };
        let before = std::mem::replace(&mut cell.proc, proc);
        cell.knows_proc = true;
        if let Some(holders) = &mut self.past.holders {
            move_holder(holders, cell.id, before.id, proc.id);
        }
    }
}
