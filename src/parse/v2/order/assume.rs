//! What a generation that is ordered alone takes for granted about those before it.
//!
//! Go makes each generation name the state of what lives on, so that most of it can be ordered
//! without the ones before. What it does not name is assumed to be such that the event in hand is
//! allowed, and noted; when the generation's turn comes, [`Carry::join`](super::Carry::join) checks
//! each note, and the generation is read again in order if one does not hold:
//!
//! | field | noted when | does not hold if |
//! |---|---|---|
//! | `goroutines` | a goroutine is first named | it was in another state, or there when it is created |
//! | `procs` | a P is first named | it had another status, or was held in a system call unheard of |
//! | `threads` | a thread acts before a status binds it | it ran or held something else |
//! | `gc` | the first GC event comes | its number does not follow, or GC was in another state |
//! | `tasks` | a task begins, or ends unbegun | one that begins was active and has not ended first |
//! | `regions` | a region ends that was not begun here | the innermost open one is another |
//! | `assists`, `sweeps` | a status says that one goes on | exactly these were not open |
//! | `ended` | a goroutine ends | never: it says whose open regions go with it |

use super::regions::{Text, TextNumber};
use super::{GcState, Order, ProcRef, ProcStatus, Stop};
use crate::base::{GoId, ProcId, TaskId, ThreadId};
use crate::parse::event::{GoRef, GoState};
use crate::parse::spec::wire;
use crate::parse::v2::ids::NO_ROW;

/// What an order without a carry took for granted about the generations before.
#[derive(Debug, Default)]
pub(in crate::parse::v2) struct Assumed {
    /// By goroutine slot: the state it was in, none if it did not exist.
    pub(super) goroutines: Vec<Option<GoState>>,
    /// By P slot: the status it had, if it existed.
    pub(super) procs: Vec<ProcStatus>,
    pub(super) threads: Vec<(ThreadId, AssumedThread)>,
    /// The first GC event and its number.
    pub(super) gc: Option<(u8, u64)>,
    /// Tasks that began, and those that ended and may have begun earlier, in order.
    pub(super) tasks: Vec<(TaskId, AssumedTask)>,
    /// Regions that ended here and began earlier, by goroutine slot, in order.
    pub(super) regions: Vec<(u32, TaskId, Text)>,
    /// Goroutines, by slot, with a mark assist that began earlier.
    pub(super) assists: Vec<u32>,
    /// Ps, by slot, with a sweep that began earlier.
    pub(super) sweeps: Vec<u32>,
    /// Goroutines, by slot, that ended here.
    pub(super) ended: Vec<u32>,
}

/// What was assumed of a thread.
#[derive(Clone, Copy, Debug)]
pub(super) enum AssumedThread {
    RanNothing,
    HeldNothing,
    Ran(GoId),
    /// It ran this goroutine, or had not been heard of.
    RanOrAbsent(GoId),
    Held(ProcId),
}

/// What was assumed of a task.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum AssumedTask {
    /// It began, so it was not active.
    New,
    /// It ended, and was active or began before the trace.
    Ended,
}

impl Order {
    /// Whether a goroutine never met in this generation may be one from before.
    pub(super) fn may_assume(&self, id: u64) -> bool {
        self.assumed.is_some() && self.go_slots.get(id).is_none()
    }

    pub(super) fn assume_absent(&mut self, slot: u32) {
        if let Some(assumed) = &mut self.assumed {
            debug_assert_eq!(assumed.goroutines.len(), slot as usize);
            assumed.goroutines.push(None);
        }
    }

    pub(super) fn assume_status(&mut self, slot: u32, state: GoState) {
        if let Some(assumed) = &mut self.assumed {
            debug_assert_eq!(assumed.goroutines.len(), slot as usize);
            assumed.goroutines.push(Some(state));
        }
    }

    /// Takes a P's first status for its state so far. True if that state was "in a system
    /// call" and the status only says that it is about to be stolen.
    pub(super) fn assume_proc(&mut self, slot: u32, status: ProcStatus) -> Result<bool, Stop> {
        let Some(assumed) = &mut self.assumed else {
            return Ok(false);
        };
        let abandoned = status == ProcStatus::SyscallAbandoned;
        let status = if abandoned { ProcStatus::Syscall } else { status };
        assumed.procs.push(status);
        let cell = self.procs.get_mut(slot as usize).ok_or(Stop::NEEDS_CARRY)?;
        cell.status = status;
        Ok(abandoned)
    }

    /// A thread does something before any status bound it: it held and ran nothing.
    #[cold]
    pub(super) fn assume_idle(&mut self, wire_type: u8, slot: u32) -> Result<(), Stop> {
        let binds = [wire::GO_STATUS, wire::GO_STATUS_STACK, wire::PROC_STATUS];
        if binds.contains(&wire_type) {
            return Ok(());
        }
        let (Some(assumed), Some(cell)) = (&mut self.assumed, self.threads.get_mut(slot as usize))
        else {
            return Err(Stop::NEEDS_CARRY);
        };
        if !std::mem::replace(&mut cell.knows_goroutine, true) {
            assumed.threads.push((cell.id, AssumedThread::RanNothing));
        }
        if !std::mem::replace(&mut cell.knows_proc, true) {
            assumed.threads.push((cell.id, AssumedThread::HeldNothing));
        }
        Ok(())
    }

    /// A status says that the thread at `slot` has `of` in a system call. After the first
    /// generation the thread must have been seen with it.
    pub(super) fn check_syscall_here(&mut self, slot: u32, of: GoRef) -> Result<(), Stop> {
        let Some(cell) = self.threads.get_mut(slot as usize) else {
            return Ok(());
        };
        if self.is_initial || cell.goroutine == of {
            return Ok(());
        }
        if let Some(assumed) = &mut self.assumed
            && !std::mem::replace(&mut cell.knows_goroutine, true)
        {
            assumed.threads.push((cell.id, AssumedThread::Ran(of.id)));
            return Ok(());
        }
        let (thread, runs) = (cell.id, cell.goroutine.id);
        let what = format!("thread {thread} runs goroutine {runs}, its status says {}", of.id);
        Err(Stop::broken(what))
    }

    /// A status says that another thread sits in a system call with `of`. True if the thread
    /// was known to run it, false if this is the first that is heard of the thread.
    pub(super) fn bind_syscall_elsewhere(
        &mut self,
        thread: ThreadId,
        of: GoRef,
    ) -> Result<bool, Stop> {
        let slot = self.thread_slot(thread);
        let Some(cell) = self.threads.get_mut(slot as usize) else {
            return Err(Stop::NEEDS_CARRY);
        };
        if cell.exists && cell.knows_goroutine {
            if cell.goroutine != of {
                let runs = cell.goroutine.id;
                let what =
                    format!("thread {thread} runs goroutine {runs}, its status says {}", of.id);
                return Err(Stop::broken(what));
            }
            return Ok(true);
        }
        if let Some(assumed) = &mut self.assumed {
            let assumption = if cell.exists {
                AssumedThread::Ran(of.id)
            } else {
                AssumedThread::RanOrAbsent(of.id)
            };
            assumed.threads.push((thread, assumption));
        }
        cell.exists = true;
        cell.goroutine = of;
        cell.knows_goroutine = true;
        Ok(false)
    }

    /// `victim` loses the P that it holds in a system call.
    pub(super) fn take_proc(&mut self, victim: ThreadId, of: ProcRef) -> Result<(), Stop> {
        let slot = match self.thread_slots.get(victim.0) {
            Some(slot) => slot,
            None if self.assumed.is_some() || self.past.threads.contains_key(&victim) => {
                self.thread_slot(victim)
            }
            None => NO_ROW,
        };
        let Some(cell) = self.threads.get_mut(slot as usize) else {
            return Err(Stop::broken(format!("a P is stolen from thread {victim}, not heard of")));
        };
        if let Some(assumed) = &mut self.assumed
            && !std::mem::replace(&mut cell.knows_proc, true)
        {
            assumed.threads.push((victim, AssumedThread::Held(of.id)));
            cell.exists = true;
            cell.proc = of;
        }
        if !cell.exists || cell.proc != of {
            let what =
                format!("P {} is stolen from thread {victim}, which holds {}", of.id, cell.proc.id);
            return Err(Stop::broken(what));
        }
        self.set_proc(slot, ProcRef::NONE);
        Ok(())
    }

    /// Takes the first GC event for sound.
    pub(super) fn assume_gc(&mut self, wire_type: u8, seq: u64) {
        if let Some(assumed) = &mut self.assumed
            && assumed.gc.is_none()
        {
            assumed.gc = Some((wire_type, seq));
            self.gc_seq = seq.wrapping_sub(1);
            let began = wire_type == wire::GC_BEGIN;
            self.gc = if began { GcState::NotRunning } else { GcState::Running };
        }
    }

    pub(super) fn assume_task(&mut self, id: TaskId, assumption: AssumedTask) {
        if let Some(assumed) = &mut self.assumed {
            assumed.tasks.push((id, assumption));
        }
    }

    pub(super) fn assume_region(&mut self, slot: u32, task: TaskId, kind: TextNumber) {
        if let Some(assumed) = &mut self.assumed {
            assumed.regions.push((slot, task, self.texts.text(kind)));
        }
    }

    pub(super) fn assume_assist(&mut self, slot: u32) {
        if let Some(assumed) = &mut self.assumed {
            assumed.assists.push(slot);
        }
    }

    pub(super) fn assume_sweep(&mut self, slot: u32) {
        if let Some(assumed) = &mut self.assumed {
            assumed.sweeps.push(slot);
        }
    }
}
