//! The third pass: the old events become those of the new format.
//!
//! Most have an equivalent. Until the first GOMAXPROCS event, creations and starts tell what
//! was there when tracing began, and become statuses; a system call that does not block
//! becomes a pair of events; timers, the network poller, exits from system calls and the GC
//! get Ps of their own. Facts from Go 1.26 `internal/trace/tracev1.go`.

use std::collections::BTreeMap;

use super::clock::Clock;
use super::cursor::{Raw, low_half};
use super::ids::Goroutines;
use super::index::Index;
use super::lives::Lives;
use super::names::Names;
use super::notes::Notes;
use super::order::{Record, Stop};
use super::others::Others;
use super::outlet::{Context, Outlet};
use super::stream::File;
use super::wire::Kind;
use crate::base::{ProcId, ThreadId};
use crate::parse::event::{Body, GoRef, GoState, ProcState, StackRef, StrRef};
use crate::parse::sink::Sink;

/// The Ps that Go's reader makes up (Go 1.26 `internal/trace/internal/tracev1/parser.go`).
const TIMER_PROC: ProcId = ProcId(1_000_001);
const NETWORK_PROC: ProcId = ProcId(1_000_002);
const SYSCALL_PROC: ProcId = ProcId(1_000_003);
const GC_PROC: ProcId = ProcId(1_000_004);

/// One event on its way through the pass.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step<'r> {
    pub(super) record: &'r Record,
    pub(super) raw: Raw<'r>,
    pub(super) context: Context,
    /// The goroutine that is created or unblocked.
    other: GoRef,
    /// The stack of the one who acts.
    stack: StackRef,
}

/// The pass's state.
pub(super) struct Converter<'c, S> {
    file: &'c File<'c>,
    index: &'c Index<'c>,
    goroutines: &'c Goroutines,
    names: &'c Names,
    clock: Clock,
    lives: Lives,
    others: Others,
    /// Goroutines, by signed id, that were there when tracing began and of which nothing else
    /// has been said; none from the first GOMAXPROCS event on.
    idle_at_start: Option<BTreeMap<i64, GoRef>>,
    outlet: Outlet<'c, S>,
    /// How many events have a stack that the file does not tell of.
    n_without_stack: u64,
}

impl<'c, S: Sink> Converter<'c, S> {
    /// A converter that writes to `outlet`.
    pub(super) fn new(
        file: &'c File<'c>,
        index: &'c Index<'c>,
        goroutines: &'c Goroutines,
        names: &'c Names,
        clock: Clock,
        outlet: Outlet<'c, S>,
    ) -> Self {
        Self {
            file,
            index,
            goroutines,
            names,
            clock,
            lives: Lives::new(goroutines.len(), index.procs.len()),
            others: Others::default(),
            idle_at_start: Some(BTreeMap::new()),
            outlet,
            n_without_stack: 0,
        }
    }

    /// How many events so far have a stack that the file does not tell of.
    pub(super) fn n_without_stack(&self) -> u64 {
        self.n_without_stack
    }

    /// Ends the events; `is_lost` tells that there were more. Returns how many there are.
    pub(super) fn end(mut self, is_lost: bool) -> u64 {
        self.outlet.end(is_lost);
        self.outlet.n_events()
    }

    /// Converts one event.
    ///
    /// # Errors
    /// If it contradicts what came before.
    pub(super) fn convert(&mut self, record: &Record, notes: &mut Notes) -> Result<(), Stop> {
        let Some(raw) = self.file.event(record.at) else { return Ok(()) };
        let [first, ..] = raw.args;
        let other = match record.kind {
            Kind::GoCreate | Kind::GoUnblock => self.goroutines.by_id(first),
            _ => GoRef::NONE,
        };
        let goroutine = self.goroutines.by_slot(record.goroutine);
        let actor = goroutine.some().map_or(0, |actor| actor.id.0);
        let by_timer =
            record.kind == Kind::GoUnblock && self.index.timer_goroutines.contains(&actor);
        let from_network =
            self.lives.follow(record, other.slot, by_timer).map_err(|what| Stop {
                at: record.at,
                what: format!("{:?} contradicts what came before: {what}", record.kind),
            })?;
        let proc = match record.kind {
            Kind::GoUnblock if from_network => NETWORK_PROC,
            Kind::GoUnblock if by_timer => TIMER_PROC,
            Kind::GoSysExit => SYSCALL_PROC,
            Kind::GcStart => GC_PROC,
            _ => self.proc(record, &raw),
        };
        let thread = self.thread(record, proc);
        let stack = self.stack(u64::from(raw.stack));
        let context = Context { thread, proc, goroutine };
        self.dispatch(Step { record, raw, context, other, stack }, notes);
        Ok(())
    }

    fn dispatch(&mut self, step: Step<'_>, notes: &mut Notes) {
        let at_start = self.idle_at_start.is_some();
        let goroutine = step.context.goroutine;
        match step.record.kind {
            Kind::ProcStart | Kind::ProcStop => self.proc_event(step),
            Kind::Gomaxprocs if at_start => self.end_of_start(step),
            Kind::GoCreate if at_start => {
                if let Some(idle) = &mut self.idle_at_start {
                    idle.insert(step.other.id.0.cast_signed(), step.other);
                }
            }
            Kind::GoCreate => self.creation(step),
            Kind::GoStart if at_start => self.status(step, GoState::Running),
            Kind::GoWaiting => self.status(step, GoState::Waiting),
            Kind::GoInSyscall => self.status(step, GoState::Syscall),
            Kind::GoStart => self.change(step, goroutine, GoState::Runnable, GoState::Running),
            Kind::GoStartLabel => self.labeled_start(step),
            Kind::GoEnd => self.change(step, goroutine, GoState::Running, GoState::NotExist),
            Kind::GoUnblock => self.change(step, step.other, GoState::Waiting, GoState::Runnable),
            Kind::GoSysExit => self.change(step, goroutine, GoState::Syscall, GoState::Runnable),
            Kind::GoSysCall => self.system_call(step),
            Kind::GoSysBlock | Kind::FutileWakeup => {}
            kind => {
                let body = match self.names.stop(kind) {
                    Some((to, reason)) => Some(Body::Goroutine {
                        of: goroutine,
                        from: GoState::Running,
                        to,
                        reason,
                        stack: step.stack,
                    }),
                    None => self.others.convert(&step, self.index, self.names, notes),
                };
                if let Some(body) = body {
                    self.send(step, body);
                }
            }
        }
    }

    fn proc_event(&mut self, mut step: Step<'_>) {
        let (of, row) = (step.context.proc, step.record.proc);
        let starts = step.record.kind == Kind::ProcStart;
        let [thread, ..] = step.raw.args;
        let was_seen = self.lives.set_thread(row, starts.then_some(thread));
        if starts {
            step.context.thread = self.thread(step.record, of);
        }
        let (from, to) = match (was_seen, starts) {
            (true, true) => (ProcState::Idle, ProcState::Running),
            (true, false) => (ProcState::Running, ProcState::Idle),
            (false, true) => (ProcState::Undetermined, ProcState::Running),
            (false, false) => (ProcState::Undetermined, ProcState::Idle),
        };
        self.send(step, Body::Proc { of, from, to });
    }

    /// The goroutines that were there when tracing began and of which nothing has been said
    /// were ready, in ascending order since the file tells none.
    fn end_of_start(&mut self, step: Step<'_>) {
        let time = self.clock.time(step.record.ticks);
        for of in self.idle_at_start.take().unwrap_or_default().into_values() {
            let body = transition(of, GoState::Undetermined, GoState::Runnable);
            self.outlet.emit(time, Context::NONE, StackRef(0), body);
        }
    }

    fn status(&mut self, step: Step<'_>, to: GoState) {
        let of = step.context.goroutine;
        if let Some(idle) = &mut self.idle_at_start {
            idle.remove(&of.id.0.cast_signed());
        }
        self.change(step, of, GoState::Undetermined, to);
    }

    fn creation(&mut self, step: Step<'_>) {
        let [_, stack, _] = step.raw.args;
        let body = Body::Goroutine {
            of: step.other,
            from: GoState::NotExist,
            to: GoState::Runnable,
            reason: StrRef(0),
            stack: self.stack(stack),
        };
        self.send(step, body);
    }

    fn stack(&mut self, id: u64) -> StackRef {
        self.index.dictionary.stack(id).unwrap_or_else(|| {
            self.n_without_stack += 1;
            StackRef(0)
        })
    }

    fn labeled_start(&mut self, step: Step<'_>) {
        let step = self.with_some_thread(step);
        let [_, _, label] = step.raw.args;
        self.change(step, step.context.goroutine, GoState::Runnable, GoState::Running);
        self.send(step, Body::Label(self.index.dictionary.string(label)));
    }

    fn system_call(&mut self, step: Step<'_>) {
        let of = step.context.goroutine;
        let (from, to) = (GoState::Running, GoState::Syscall);
        let begin = Body::Goroutine { of, from, to, reason: StrRef(0), stack: step.stack };
        let blocks = step.record.flag;
        if blocks {
            return self.send(step, begin);
        }
        // It is over at once, and nothing tells when: the shortest time will do.
        let Step { context, record, .. } = self.with_some_thread(step);
        let time = self.clock.time(record.ticks);
        self.outlet.emit(time, context, step.stack, begin);
        self.outlet.emit(time + 1, context, StackRef(0), transition(of, to, from));
    }

    /// Go's reader puts these events on thread 0 if no thread is known to hold the P.
    fn with_some_thread<'r>(&self, mut step: Step<'r>) -> Step<'r> {
        step.context.thread = ThreadId(self.lives.thread(step.record.proc).unwrap_or(0));
        step
    }

    fn change(&mut self, step: Step<'_>, of: GoRef, from: GoState, to: GoState) {
        self.send(step, transition(of, from, to));
    }

    fn send(&mut self, step: Step<'_>, body: Body) {
        self.outlet.emit(self.clock.time(step.record.ticks), step.context, step.stack, body);
    }

    /// The P as the file numbers it, which cuts the number in a CPU sample to 32 bits.
    fn proc(&self, record: &Record, raw: &Raw<'_>) -> ProcId {
        let proc = match (record.kind, raw.args) {
            (Kind::CpuSample, [_, proc, _]) => Some(low_half(proc).cast_signed()),
            _ => self.index.procs.get(usize::from(record.proc)).copied(),
        };
        proc.map_or(ProcId::NONE, |proc| ProcId(i64::from(proc).cast_unsigned()))
    }

    /// The thread that holds the record's P, if the event is to be shown there.
    fn thread(&self, record: &Record, shown_on: ProcId) -> ThreadId {
        let is_made_up = matches!(shown_on, TIMER_PROC | NETWORK_PROC | SYSCALL_PROC | GC_PROC);
        if is_made_up || shown_on == ProcId::NONE || record.kind == Kind::CpuSample {
            return ThreadId::NONE;
        }
        self.lives.thread(record.proc).map_or(ThreadId::NONE, ThreadId)
    }
}

/// A transition without reason or stack.
fn transition(of: GoRef, from: GoState, to: GoState) -> Body {
    Body::Goroutine { of, from, to, reason: StrRef(0), stack: StackRef(0) }
}
