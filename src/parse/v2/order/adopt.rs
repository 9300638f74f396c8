//! Going on without what was cut off.
//!
//! In a generation whose end is missing, the status of a goroutine or P may be in a batch that
//! is not there, though events about it are. Rather than lose those, the first such event is
//! believed about the state it begins from. What has been heard of is never adopted: there the
//! sequence numbers tell that something is missing, and the thread has to stop.

use super::{GoCell, Order, ProcCell, ProcStatus, Seq};
use crate::base::{GoId, ProcId};
use crate::parse::event::GoState;
use crate::parse::spec::wire;
use crate::parse::v2::stream::RawEvent;

impl Order {
    /// Takes a goroutine or P that has not been heard of for what `event` needs it to be. True
    /// if there was one.
    pub(in crate::parse::v2) fn adopt(&mut self, event: &RawEvent) -> bool {
        let [id, seq] = event.args();
        let seq = Seq { generation: self.number, number: seq.wrapping_sub(1) };
        match event.wire_type {
            wire::GO_START => self.adopt_goroutine(id, GoState::Runnable, seq),
            wire::GO_UNBLOCK | wire::GO_SWITCH | wire::GO_SWITCH_DESTROY => {
                self.adopt_goroutine(id, GoState::Waiting, seq)
            }
            wire::PROC_START => self.adopt_proc(id, ProcStatus::Idle, seq),
            wire::PROC_STEAL => self.adopt_proc(id, ProcStatus::SyscallAbandoned, seq),
            _ => false,
        }
    }

    fn adopt_goroutine(&mut self, id: u64, state: GoState, seq: Seq) -> bool {
        let is_new = self.go_slot(id).is_none();
        if is_new {
            self.go_slots.get_or_add(id);
            self.goroutines.push(GoCell { id: GoId(id), state, seq });
        }
        is_new
    }

    fn adopt_proc(&mut self, id: u64, status: ProcStatus, seq: Seq) -> bool {
        let is_new = self.proc_slot(id).is_none();
        if is_new {
            self.proc_slots.get_or_add(id);
            self.procs.push(ProcCell { id: ProcId(id), status, seq });
        }
        is_new
    }
}
