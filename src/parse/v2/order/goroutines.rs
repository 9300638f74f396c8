//! The rules of goroutines.

use super::{Answer, GoCell, Made, ProcStatus, Step, Stop};
use crate::base::{GoId, ThreadId};
use crate::parse::event::{Body, GoRef, GoState, StackRef, StrRef};

impl Made<'_, '_, '_> {
    fn transition(
        &mut self,
        of: GoRef,
        states: (GoState, GoState),
        reason: StrRef,
        stacks: (StackRef, StackRef),
    ) {
        let (from, to) = states;
        let (stack, own) = stacks;
        self.emit(stack, Body::Goroutine { of, from, to, reason, stack: own });
    }

    /// A transition with neither reason nor stack.
    fn plain(&mut self, of: GoRef, from: GoState, to: GoState) {
        self.transition(of, (from, to), StrRef(0), (StackRef(0), StackRef(0)));
    }

    /// Adds or revives the goroutine `id` in `state`.
    fn create(&mut self, id: u64, state: GoState) -> GoRef {
        let slot = self.order.go_slots.get_or_add(id);
        let cell = GoCell { id: GoId(id), state, seq: self.seq(0) };
        match self.order.goroutines.get_mut(slot as usize) {
            Some(place) => *place = cell,
            None => {
                self.order.goroutines.push(cell);
                self.order.assume_absent(slot);
            }
        }
        GoRef { id: GoId(id), slot }
    }

    fn exists(&mut self, id: u64) -> bool {
        let slot = self.order.go_slot(id);
        slot.and_then(|slot| self.order.goroutines.get(slot as usize))
            .is_some_and(|cell| cell.state != GoState::NotExist)
    }

    /// The state of the goroutine that the thread runs.
    fn current(&mut self, wanted: GoState, event: &str) -> Result<&mut GoCell, Stop> {
        let of = self.context.goroutine;
        let cell = self.order.go_cell(of.slot).filter(|cell| cell.state != GoState::NotExist);
        match cell {
            Some(cell) if cell.state == wanted => Ok(cell),
            other => Err(misfit(of, other.map(|cell| cell.state), wanted, event)),
        }
    }

    pub(super) fn go_start(&mut self, [id, seq]: [u64; 2]) -> Answer {
        let Some(slot) = self.order.go_slot(id) else {
            return Ok(Step::NotYet);
        };
        let seq = self.seq(seq);
        let fits = self.context.proc.is_some() && self.context.goroutine.some().is_none();
        match self.order.go_cell(slot) {
            Some(cell) if cell.state == GoState::Runnable && seq.follows(cell.seq) => {
                // What breaks leaves the states as they were: a damaged trace goes on without it.
                if !fits {
                    return self.cannot_start();
                }
                cell.state = GoState::Running;
                cell.seq = seq;
            }
            _ => return Ok(Step::NotYet),
        }
        let of = GoRef { id: GoId(id), slot };
        self.plain(of, GoState::Runnable, GoState::Running);
        self.bind_goroutine(of);
        Ok(Step::Advanced)
    }

    #[cold]
    fn cannot_start(&self) -> Answer {
        self.needs_proc()?;
        Err(Stop::broken("GoStart on a thread that runs a goroutine already"))
    }

    pub(super) fn go_unblock(&mut self, [id, seq, stack]: [u64; 3]) -> Answer {
        let Some(slot) = self.order.go_slot(id) else {
            return Ok(Step::NotYet);
        };
        let seq = self.seq(seq);
        match self.order.go_cell(slot) {
            Some(cell) if cell.state == GoState::Waiting && seq.follows(cell.seq) => {
                cell.state = GoState::Runnable;
                cell.seq = seq;
            }
            _ => return Ok(Step::NotYet),
        }
        let stack = self.stack(stack)?;
        let of = GoRef { id: GoId(id), slot };
        let states = (GoState::Waiting, GoState::Runnable);
        self.transition(of, states, StrRef(0), (stack, StackRef(0)));
        Ok(Step::Advanced)
    }

    /// `GoBlock` and `GoStop`.
    pub(super) fn go_stop(&mut self, to: GoState, [reason, stack]: [u64; 2]) -> Answer {
        self.needs_user_code()?;
        self.current(GoState::Running, "a stop")?.state = to;
        let reason = self.string(reason)?;
        let stack = self.stack(stack)?;
        let of = self.context.goroutine;
        self.transition(of, (GoState::Running, to), reason, (stack, stack));
        self.bind_goroutine(GoRef::NONE);
        Ok(Step::Advanced)
    }

    pub(super) fn go_destroy(&mut self) -> Answer {
        self.needs_user_code()?;
        self.current(GoState::Running, "the end")?.state = GoState::NotExist;
        let of = self.context.goroutine;
        self.order.forget(of.slot);
        self.plain(of, GoState::Running, GoState::NotExist);
        self.bind_goroutine(GoRef::NONE);
        Ok(Step::Advanced)
    }

    pub(super) fn go_create(&mut self, state: GoState, [id, own, stack]: [u64; 3]) -> Answer {
        self.needs_proc()?;
        let creator = self.context.goroutine.slot;
        if let Some(cell) = self.order.go_cell(creator)
            && !matches!(cell.state, GoState::Running | GoState::NotExist)
        {
            return Err(Stop::broken("a goroutine that is not running creates another"));
        }
        if self.exists(id) {
            return Err(Stop::broken(format!("goroutine {id} is created, but exists already")));
        }
        let stack = self.stack(stack)?;
        let own = self.stack(own)?;
        let of = self.create(id, state);
        self.transition(of, (GoState::NotExist, state), StrRef(0), (stack, own));
        Ok(Step::Advanced)
    }

    /// A C thread that calls into Go appears as a goroutine in a system call.
    pub(super) fn go_create_syscall(&mut self, [id]: [u64; 1]) -> Answer {
        self.needs_thread()?;
        if self.context.goroutine.some().is_some() {
            return Err(Stop::broken("a goroutine appears on a thread that runs another"));
        }
        if self.exists(id) {
            return Err(Stop::broken(format!("goroutine {id} is created, but exists already")));
        }
        let of = self.create(id, GoState::Syscall);
        self.plain(of, GoState::NotExist, GoState::Syscall);
        self.bind_goroutine(of);
        Ok(Step::Advanced)
    }

    /// The call from C ends. The thread id may be used again, so the P is given up too.
    pub(super) fn go_destroy_syscall(&mut self) -> Answer {
        self.needs_thread()?;
        self.needs_goroutine()?;
        if self.context.proc.is_some() {
            self.may_abandon_proc()?;
        }
        self.current(GoState::Syscall, "the end in a system call")?.state = GoState::NotExist;
        let of = self.context.goroutine;
        self.order.forget(of.slot);
        if self.context.proc.is_some() {
            self.abandon_proc()?;
        }
        self.plain(of, GoState::Syscall, GoState::NotExist);
        self.bind_goroutine(GoRef::NONE);
        Ok(Step::Advanced)
    }

    pub(super) fn go_syscall_begin(&mut self, [seq, stack]: [u64; 2]) -> Answer {
        self.needs_user_code()?;
        let seq = self.seq(seq);
        let proc = self.held_proc()?;
        // The number only tells apart two system calls when clocks are wrong.
        if !seq.follows(proc.seq) {
            let what = format!("a system call on P {} out of sequence", proc.id);
            return Err(Stop::broken(what));
        }
        self.current(GoState::Running, "a system call")?.state = GoState::Syscall;
        let proc = self.held_proc()?;
        proc.status = ProcStatus::Syscall;
        proc.seq = seq;
        let stack = self.stack(stack)?;
        let states = (GoState::Running, GoState::Syscall);
        self.transition(self.context.goroutine, states, StrRef(0), (stack, stack));
        Ok(Step::Advanced)
    }

    pub(super) fn go_syscall_end(&mut self) -> Answer {
        self.needs_user_code()?;
        let proc = self.held_proc()?;
        if proc.status != ProcStatus::Syscall {
            let what = format!("a system call ends on P {}, which is in none", proc.id);
            return Err(Stop::broken(what));
        }
        self.current(GoState::Syscall, "the end of a system call")?.state = GoState::Running;
        self.held_proc()?.status = ProcStatus::Running;
        self.plain(self.context.goroutine, GoState::Syscall, GoState::Running);
        Ok(Step::Advanced)
    }

    pub(super) fn go_syscall_end_blocked(&mut self) -> Answer {
        // The thread is about to lose its P, so it may not go on before it has.
        if self.context.proc.is_some() && self.held_proc()?.status == ProcStatus::Syscall {
            return Ok(Step::NotYet);
        }
        self.needs_thread()?;
        self.needs_goroutine()?;
        self.current(GoState::Syscall, "the end of a system call")?.state = GoState::Runnable;
        self.plain(self.context.goroutine, GoState::Syscall, GoState::Runnable);
        self.bind_goroutine(GoRef::NONE);
        Ok(Step::Advanced)
    }

    /// `GoSwitch` and `GoSwitchDestroy`, a coroutine's hand-over: the next one is woken, the
    /// current one blocks or ends, the next one runs. Its sequence number is the next one's.
    pub(super) fn go_switch(&mut self, [id, seq]: [u64; 2], to: GoState) -> Answer {
        self.needs_user_code()?;
        self.current(GoState::Running, "a switch")?;
        let seq = self.seq(seq);
        let Some(slot) = self.order.go_slot(id) else {
            return Ok(Step::NotYet);
        };
        match self.order.go_cell(slot) {
            Some(cell) if cell.state == GoState::Waiting && seq.follows(cell.seq) => {
                cell.state = GoState::Running;
                cell.seq = seq;
            }
            _ => return Ok(Step::NotYet),
        }
        let this = self.context.goroutine;
        let next = GoRef { id: GoId(id), slot };
        if let Some(cell) = self.order.go_cell(this.slot) {
            cell.state = to;
        }
        if to == GoState::NotExist {
            self.order.forget(this.slot);
        }
        self.plain(next, GoState::Waiting, GoState::Runnable);
        self.plain(this, GoState::Running, to);
        let mut context = self.context;
        context.goroutine = GoRef::NONE;
        let (from, to) = (GoState::Runnable, GoState::Running);
        let (reason, stack) = (StrRef(0), StackRef(0));
        self.emit_at(context, stack, Body::Goroutine { of: next, from, to, reason, stack });
        self.bind_goroutine(next);
        Ok(Step::Advanced)
    }

    /// `GoStatus` and `GoStatusStack`: the state at the generation's start, though it may be said
    /// as late as its end.
    pub(super) fn go_status(&mut self, [id, thread, status, stack]: [u64; 4]) -> Answer {
        let thread = ThreadId(thread);
        let state = match status {
            0 => GoState::Undetermined,
            1 => GoState::Runnable,
            2 => GoState::Running,
            3 => GoState::Syscall,
            4 => GoState::Waiting,
            other => {
                return Err(Stop::broken(format!("goroutine {id} has unknown status {other}")));
            }
        };
        let stack = self.stack(stack)?;
        let (of, from) = self.note_status(id, state)?;
        let mut context = self.context;
        match state {
            GoState::Running => self.bind_goroutine(of),
            GoState::Syscall if thread == ThreadId::NONE => {
                return Err(Stop::broken(format!("goroutine {id} in a system call on no thread")));
            }
            GoState::Syscall if thread == self.context.thread => {
                self.order.check_syscall_here(self.context.slot, of)?;
                self.bind_goroutine(of);
            }
            GoState::Syscall => {
                if self.order.bind_syscall_elsewhere(thread, of)? {
                    context.goroutine = of;
                }
                context.thread = thread;
            }
            _ => {}
        }
        let body = Body::Goroutine { of, from, to: state, reason: StrRef(0), stack };
        self.emit_at(context, stack, body);
        Ok(Step::Advanced)
    }

    /// Checks a status against what is known, or takes it as the first that is.
    fn note_status(&mut self, id: u64, state: GoState) -> Result<(GoRef, GoState), Stop> {
        let seq = self.seq(0);
        if let Some(slot) = self.order.go_slot(id)
            && let Some(cell) = self.order.go_cell(slot)
            && (cell.state != GoState::NotExist)
        {
            if cell.state != state {
                let (known, state) = (cell.state.name(), state.name());
                let what = format!("goroutine {id} is {known}, but its status says {state}");
                return Err(Stop::broken(what));
            }
            cell.seq = seq;
            return Ok((GoRef { id: GoId(id), slot }, state));
        }
        if !self.order.is_initial && !self.order.may_assume(id) {
            let what = format!("goroutine {id} turns up after the first generation without birth");
            return Err(Stop::broken(what));
        }
        let slot = self.order.go_slots.get_or_add(id);
        let cell = GoCell { id: GoId(id), state, seq };
        match self.order.goroutines.get_mut(slot as usize) {
            Some(place) => *place = cell,
            None => {
                self.order.goroutines.push(cell);
                self.order.assume_status(slot, state);
            }
        }
        Ok((GoRef { id: GoId(id), slot }, GoState::Undetermined))
    }
}

/// A goroutine is not in the state that an event needs it in; none if it does not exist.
#[cold]
fn misfit(of: GoRef, state: Option<GoState>, wanted: GoState, event: &str) -> Stop {
    Stop::broken(match state {
        None => format!("{event} of goroutine {}, which does not exist", of.id),
        Some(state) => {
            let (state, wanted) = (state.name(), wanted.name());
            format!("{event} of goroutine {}, which is {state}, not {wanted}", of.id)
        }
    })
}
