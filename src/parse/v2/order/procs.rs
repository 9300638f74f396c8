//! The rules of Ps.

use super::{Answer, Context, GoRef, Made, ProcCell, ProcRef, ProcStatus, Step, Stop};
use crate::base::{ProcId, ThreadId};
use crate::parse::event::{Body, ProcState, StackRef};

impl ProcStatus {
    fn from_wire(status: u64) -> Option<Self> {
        Some(match status {
            0 => Self::Unknown,
            1 => Self::Running,
            2 => Self::Idle,
            3 => Self::Syscall,
            4 => Self::SyscallAbandoned,
            _ => return None,
        })
    }

    fn state(self) -> ProcState {
        match self {
            Self::Unknown => ProcState::Undetermined,
            Self::Running | Self::Syscall => ProcState::Running,
            Self::Idle | Self::SyscallAbandoned => ProcState::Idle,
        }
    }
}

impl Made<'_, '_, '_> {
    fn proc_transition(&mut self, context: Context, of: ProcId, from: ProcState, to: ProcState) {
        self.emit_at(context, StackRef(0), Body::Proc { of, from, to });
    }

    /// The P that the thread holds.
    pub(super) fn held_proc(&mut self) -> Result<&mut ProcCell, Stop> {
        let held = self.context.proc;
        self.order
            .proc_cell(held.slot)
            .ok_or_else(|| Stop::broken(format!("P {} has not been heard of", held.id)))
    }

    pub(super) fn proc_start(&mut self, [id, seq]: [u64; 2]) -> Answer {
        let seq = self.seq(seq);
        let Some(slot) = self.order.proc_slot(id) else {
            return Ok(Step::NotYet);
        };
        // A thread that still has a P is in a system call, and it has not been stolen yet.
        let waits = self.context.proc.is_some();
        match self.order.proc_cell(slot) {
            Some(cell) if cell.status == ProcStatus::Idle && seq.follows(cell.seq) && !waits => {
                cell.status = ProcStatus::Running;
                cell.seq = seq;
            }
            _ => return Ok(Step::NotYet),
        }
        self.needs_thread()?;
        let of = ProcRef { id: ProcId(id), slot };
        self.proc_transition(self.context, of.id, ProcState::Idle, ProcState::Running);
        self.bind_proc(of);
        Ok(Step::Advanced)
    }

    pub(super) fn proc_stop(&mut self) -> Answer {
        let proc = self.held_proc()?;
        if !matches!(proc.status, ProcStatus::Running | ProcStatus::Syscall) {
            return Err(Stop::broken(format!("P {} stops, but is not running", proc.id)));
        }
        proc.status = ProcStatus::Idle;
        self.needs_proc()?;
        let of = self.context.proc.id;
        self.proc_transition(self.context, of, ProcState::Running, ProcState::Idle);
        self.bind_proc(ProcRef::NONE);
        Ok(Step::Advanced)
    }

    /// One thread takes a P from another, or from itself, that is in a system call.
    pub(super) fn proc_steal(&mut self, [id, seq, victim]: [u64; 3]) -> Answer {
        let seq = self.seq(seq);
        let Some(slot) = self.order.proc_slot(id) else {
            return Ok(Step::NotYet);
        };
        let before = match self.order.proc_cell(slot) {
            Some(cell)
                if matches!(cell.status, ProcStatus::Syscall | ProcStatus::SyscallAbandoned)
                    && seq.follows(cell.seq) =>
            {
                let before = cell.status;
                cell.status = ProcStatus::Idle;
                cell.seq = seq;
                before
            }
            _ => return Ok(Step::NotYet),
        };
        self.needs_thread()?;
        let of = ProcRef { id: ProcId(id), slot };
        let from = if before == ProcStatus::SyscallAbandoned {
            // Which thread had it is lost, so no thread loses it.
            ProcState::Idle
        } else {
            self.take_proc_from(ThreadId(victim), of)?;
            ProcState::Running
        };
        self.proc_transition(self.context, of.id, from, ProcState::Idle);
        Ok(Step::Advanced)
    }

    /// The thread named `victim` loses the P.
    fn take_proc_from(&mut self, victim: ThreadId, of: ProcRef) -> Result<(), Stop> {
        if victim == self.context.thread {
            if self.context.proc != of {
                let what =
                    format!("thread {victim} steals P {} from itself, but has none such", of.id);
                return Err(Stop::broken(what));
            }
            self.bind_proc(ProcRef::NONE);
            return Ok(());
        }
        self.order.take_proc(victim, of)
    }

    /// Whether the thread's P is in a system call.
    pub(super) fn may_abandon_proc(&mut self) -> Result<(), Stop> {
        let proc = self.held_proc()?;
        if proc.status != ProcStatus::Syscall {
            let what = format!("a call from C ends on P {}, which is in no system call", proc.id);
            return Err(Stop::broken(what));
        }
        Ok(())
    }

    /// A goroutine that came from C ends on a thread that still holds a P.
    pub(super) fn abandon_proc(&mut self) -> Result<(), Stop> {
        self.held_proc()?.status = ProcStatus::SyscallAbandoned;
        let of = self.context.proc.id;
        self.proc_transition(self.context, of, ProcState::Running, ProcState::Idle);
        self.bind_proc(ProcRef::NONE);
        Ok(())
    }

    pub(super) fn proc_status(&mut self, [id, status]: [u64; 2]) -> Answer {
        let Some(status) = ProcStatus::from_wire(status) else {
            return Err(Stop::broken(format!("P {id} has unknown status {status}")));
        };
        let seq = self.seq(0);
        let known = self.order.proc_slot(id);
        let slot = known.unwrap_or_else(|| self.order.proc_slots.get_or_add(id));
        let of = ProcRef { id: ProcId(id), slot };
        let promoted;
        let mut to = status.state();
        let from = match self.order.proc_cell(slot) {
            Some(cell) => {
                promoted =
                    status == ProcStatus::SyscallAbandoned && cell.status == ProcStatus::Syscall;
                if promoted {
                    // Nothing is lost yet: the P is still known to be in its system call.
                    to = ProcState::Running;
                } else if cell.status != status {
                    return Err(Stop::broken(format!("P {id} contradicts its status")));
                }
                cell.seq = seq;
                to
            }
            None => {
                self.order.procs.push(ProcCell { id: of.id, status, seq });
                promoted = self.order.assume_proc(slot, status)?;
                if promoted {
                    to = ProcState::Running;
                }
                if self.order.is_initial { ProcState::Undetermined } else { ProcState::NotExist }
            }
        };
        let mut context = self.context;
        if promoted {
            // It is about to be stolen, so another thread says this: show it where it is held.
            context = self.holder_of(of)?;
        }
        self.proc_transition(context, of.id, from, to);
        if matches!(status, ProcStatus::Running | ProcStatus::Syscall) {
            self.bind_proc(of);
        }
        Ok(Step::Advanced)
    }

    /// The context of the thread that holds `of`; the lowest if several are on record.
    fn holder_of(&mut self, of: ProcRef) -> Result<Context, Stop> {
        let slot = self.context.slot;
        let Some(thread) = self.order.lowest_holder(of.id) else {
            if self.order.assumed.is_some() {
                let (thread, goroutine) = (ThreadId::NONE, GoRef::NONE);
                return Ok(Context { thread, slot, proc: of, goroutine });
            }
            return Err(Stop::broken(format!("no thread holds P {}, about to be stolen", of.id)));
        };
        let holder = self.order.thread_slot(thread);
        let cell = self.order.threads.get(holder as usize);
        let goroutine = cell.map_or(GoRef::NONE, |cell| cell.goroutine);
        Ok(Context { thread, slot, proc: of, goroutine })
    }
}
