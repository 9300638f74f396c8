//! Follows what goroutines and Ps do, so that no transition is told that contradicts the last.
//!
//! The rules are those of Go 1.26 `internal/trace/internal/tracev1/parser.go`,
//! `postProcessTrace`, as far as they are about scheduling.

use super::index::ProcRow;
use super::order::Record;
use super::wire::Kind;
use crate::parse::event::GoRef;

/// What a goroutine was last seen doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Life {
    #[default]
    Unseen,
    Runnable,
    Running,
    /// Blocked, perhaps on the network.
    Waiting {
        network: bool,
    },
    Ended,
}

/// A P, the goroutine it runs, and the thread that holds it.
#[derive(Clone, Copy, Debug)]
struct Proc {
    started: bool,
    runs: u32,
    thread: Option<u64>,
    /// Whether any event has told of its start or stop.
    seen: bool,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Lives {
    goroutines: Vec<Life>,
    procs: Vec<Proc>,
}

/// A goroutine and the P on which something happens to it.
type Place<'l> = (&'l mut Life, &'l mut Proc);

impl Lives {
    /// Nothing has been seen yet.
    pub(super) fn new(n_goroutines: usize, n_procs: usize) -> Self {
        let proc = Proc { started: false, runs: GoRef::NO_SLOT, thread: None, seen: false };
        Self { goroutines: vec![Life::Unseen; n_goroutines], procs: vec![proc; n_procs] }
    }

    /// The thread that holds a P.
    pub(super) fn thread(&self, proc: ProcRow) -> Option<u64> {
        self.procs.get(usize::from(proc))?.thread
    }

    /// A thread takes a P, or lets go of it; tells whether the P had been seen before.
    pub(super) fn set_thread(&mut self, proc: ProcRow, thread: Option<u64>) -> bool {
        let Some(proc) = self.procs.get_mut(usize::from(proc)) else { return false };
        proc.thread = thread;
        std::mem::replace(&mut proc.seen, true)
    }

    /// Follows one event. `other` is the slot of the goroutine that is created or unblocked;
    /// `by_timer` tells that a timer's goroutine unblocks, which needs no P. Returns whether
    /// an unblocked goroutine had been waiting for the network.
    ///
    /// # Errors
    /// What the event contradicts. Nothing is changed then.
    pub(super) fn follow(
        &mut self,
        record: &Record,
        other: u32,
        by_timer: bool,
    ) -> Result<bool, &'static str> {
        match record.kind {
            Kind::ProcStart => self.start_proc(record.proc)?,
            Kind::ProcStop => self.stop_proc(record.proc)?,
            Kind::GoCreate => {
                self.needs_running(record, true)?;
                self.change(other, |life| life == Life::Unseen, Life::Runnable)
                    .ok_or("a goroutine is created that exists")?;
            }
            Kind::GoWaiting | Kind::GoInSyscall => {
                self.change(record.goroutine, is_runnable, Life::Waiting { network: false })
                    .ok_or("a goroutine waits that was not ready before")?;
            }
            Kind::GoStart | Kind::GoStartLabel => self.start(record)?,
            Kind::GoUnblock => {
                let is_in_place = by_timer || self.needs_running(record, true).is_ok();
                let network = self.change(other, is_waiting, Life::Runnable);
                let network = network.filter(|_| is_in_place);
                return network
                    .map(|life| life == Life::Waiting { network: true })
                    .ok_or("a goroutine is unblocked that does not wait");
            }
            Kind::GoSysExit => {
                self.change(record.goroutine, is_waiting, Life::Runnable)
                    .ok_or("a system call returns in which the goroutine is not")?;
            }
            Kind::GoSysCall => self.needs_running(record, false)?,
            Kind::GoEnd | Kind::GoStop => self.leave(record, Life::Ended)?,
            Kind::GoSched | Kind::GoPreempt => self.leave(record, Life::Runnable)?,
            Kind::GoBlockNet => self.leave(record, Life::Waiting { network: true })?,
            kind if kind.blocks() => self.leave(record, Life::Waiting { network: false })?,
            _ => {}
        }
        Ok(false)
    }

    fn start_proc(&mut self, row: ProcRow) -> Result<(), &'static str> {
        match self.procs.get_mut(usize::from(row)) {
            Some(proc) if !proc.started => proc.started = true,
            _ => return Err("a P starts that runs already"),
        }
        Ok(())
    }

    fn stop_proc(&mut self, row: ProcRow) -> Result<(), &'static str> {
        match self.procs.get_mut(usize::from(row)) {
            Some(proc) if proc.started && proc.runs == GoRef::NO_SLOT => proc.started = false,
            Some(proc) if proc.started => return Err("a P stops that runs a goroutine"),
            _ => return Err("a P stops that does not run"),
        }
        Ok(())
    }

    /// The goroutine of the record runs on the record's P; or, if `or_none`, neither does
    /// anything run there nor is the record about a goroutine.
    fn needs_running(&self, record: &Record, or_none: bool) -> Result<(), &'static str> {
        let runs = self.procs.get(usize::from(record.proc)).map(|proc| proc.runs);
        let life = self.goroutines.get(record.goroutine as usize);
        let is_right = match life {
            Some(life) => *life == Life::Running,
            None => or_none && record.goroutine == GoRef::NO_SLOT,
        };
        let is_right = is_right && runs == Some(record.goroutine);
        if is_right { Ok(()) } else { Err("a goroutine acts that does not run there") }
    }

    fn place(&mut self, record: &Record) -> Option<Place<'_>> {
        let life = self.goroutines.get_mut(record.goroutine as usize)?;
        Some((life, self.procs.get_mut(usize::from(record.proc))?))
    }

    fn start(&mut self, record: &Record) -> Result<(), &'static str> {
        match self.place(record) {
            Some((life @ Life::Runnable, proc)) if proc.runs == GoRef::NO_SLOT => {
                *life = Life::Running;
                proc.runs = record.goroutine;
                Ok(())
            }
            Some((Life::Runnable, _)) => Err("a P starts a goroutine while it runs another"),
            _ => Err("a goroutine starts that is not ready"),
        }
    }

    fn leave(&mut self, record: &Record, next: Life) -> Result<(), &'static str> {
        self.needs_running(record, false)?;
        if let Some((life, proc)) = self.place(record) {
            *life = next;
            proc.runs = GoRef::NO_SLOT;
        }
        Ok(())
    }

    /// Changes a goroutine's life if it is as it should be; returns what it was.
    fn change(&mut self, slot: u32, is_right: impl Fn(Life) -> bool, next: Life) -> Option<Life> {
        let life = self.goroutines.get_mut(slot as usize).filter(|life| is_right(**life))?;
        Some(std::mem::replace(life, next))
    }
}

fn is_runnable(life: Life) -> bool {
    life == Life::Runnable
}

fn is_waiting(life: Life) -> bool {
    matches!(life, Life::Waiting { .. })
}
