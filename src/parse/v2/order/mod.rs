//! The scheduler's rules: which event may come next.
//!
//! Truth is the order within one thread plus sequence numbers, not time. An [`Order`] holds
//! what goroutines, Ps and threads are doing and answers for an event one of three things:
//! *advanced* (it fits, and is now the next event), *not yet* (something on another thread
//! has to come first), *broken* (nothing can make it fit). Facts from Go 1.26
//! `internal/trace/order.go`.
//!
//! An order serves one generation. It begins either with what the generations before left
//! behind (a [`Carry`]), or knowing nothing; the latter lets generations be ordered at the
//! same time on several threads. Not knowing, it takes the generation's own status events
//! for true and writes down what it assumed of the past ([`Assumed`]), so that whoever joins
//! the generations can check it; where it would have to guess it says so
//! ([`Stop::NEEDS_CARRY`]), and the generation is ordered again with the carry.

#![expect(
    clippy::inline_always,
    reason = "an event whose parts stay in registers takes half the time: docs/performance.md"
)]

mod adopt;
mod assume;
mod carry;
mod goroutines;
mod notes;
mod procs;
mod queue;
mod ranges;
mod recall;
mod regions;
mod usual;

pub(super) use assume::Assumed;
pub(super) use carry::Carry;
pub(super) use queue::Queue;

use regions::{Regions, TextNumber, Texts};

use super::fault::Fault;
use super::ids::{NO_ROW, Slots};
use super::read::Loaded;
use super::stream::RawEvent;
use crate::base::{GoId, Large, ProcId, TaskId, ThreadId, Time, WireMap};
use crate::parse::event::{Body, Event, GoRef, GoState, MetricKind, StackRef, StrRef};
use crate::parse::spec::{spec, wire};

/// Whether an event could be taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    /// It fits; it and what it implies are in the queue.
    Advanced,
    /// Something on another thread has to come first.
    NotYet,
}

/// Why an event can never be taken.
///
/// Boxed, so that an [`Answer`] fits registers.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(clippy::box_collection, reason = "one word instead of three in each answer")]
pub(super) struct Stop(Option<Box<String>>);

impl Stop {
    /// It depends on generations that this order does not know.
    const NEEDS_CARRY: Self = Self(None);

    /// The trace breaks a rule.
    #[cold]
    fn broken(what: impl Into<String>) -> Self {
        Self(Some(Box::new(what.into())))
    }

    #[cold]
    fn undefined(what: &str, id: u64) -> Self {
        Self::broken(format!("an event names {what} {id}, which is not defined"))
    }

    /// Whether it does not depend on what this order knows.
    pub(super) fn is_broken(&self) -> bool {
        self.0.is_some()
    }

    /// What to do about an event at `offset` that gave this.
    #[cold]
    pub(super) fn at(self, offset: u64) -> Fault {
        match self.0 {
            None => Fault::NeedsCarry,
            Some(what) => Fault::Broken { offset, what: *what },
        }
    }
}

type Answer = Result<Step, Stop>;

/// A sequence number and the generation in which it counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Seq {
    generation: u64,
    number: u64,
}

impl Seq {
    fn follows(self, before: Self) -> bool {
        self.generation == before.generation && before.number.checked_add(1) == Some(self.number)
    }
}

/// A P's state as the wire has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum ProcStatus {
    /// Status 0: accepted, and says nothing.
    Unknown,
    Running,
    Idle,
    Syscall,
    /// In a system call, but which thread holds it is lost.
    SyscallAbandoned,
}

/// A P with its slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct ProcRef {
    id: ProcId,
    slot: u32,
}

impl ProcRef {
    const NONE: Self = Self { id: ProcId::NONE, slot: NO_ROW };

    fn is_some(self) -> bool {
        self.slot != NO_ROW
    }
}

/// Room for the goroutines of an order.
#[derive(Debug, Default)]
pub(super) struct Cells(Large<GoCell>);

#[derive(Clone, Copy, Debug)]
struct GoCell {
    id: GoId,
    /// [`GoState::NotExist`] before birth and after the end.
    state: GoState,
    seq: Seq,
}

#[derive(Clone, Copy, Debug)]
struct ProcCell {
    id: ProcId,
    status: ProcStatus,
    seq: Seq,
}

#[derive(Clone, Copy, Debug)]
struct ThreadCell {
    id: ThreadId,
    /// Whether any event of the thread has been looked at, or a status has named it.
    exists: bool,
    goroutine: GoRef,
    proc: ProcRef,
    /// Whether `goroutine` is known; always, unless ordering without a carry.
    knows_goroutine: bool,
    /// The same for `proc`.
    knows_proc: bool,
}

/// What a special range is, with the wire id of a stop-the-world's reason.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct RangeType {
    /// The wire type of its begin event.
    begin: u8,
    reason: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum GcState {
    #[default]
    Undetermined,
    NotRunning,
    Running,
}

/// What `trace.NewTask` said.
#[derive(Clone, Copy, Debug)]
struct TaskCell {
    parent: TaskId,
    kind: TextNumber,
}

/// The thread, P and goroutine at which an event happens, as they are before it.
#[derive(Clone, Copy, Debug)]
struct Context {
    thread: ThreadId,
    /// The thread's slot, [`NO_ROW`] for the stream of no thread.
    slot: u32,
    proc: ProcRef,
    goroutine: GoRef,
}

impl Context {
    /// That of an event outside any thread.
    const NONE: Self =
        Self { thread: ThreadId::NONE, slot: NO_ROW, proc: ProcRef::NONE, goroutine: GoRef::NONE };

    fn needs_thread(self) -> Result<(), Stop> {
        if self.slot == NO_ROW {
            return Err(Stop::broken("an event that needs a thread, outside any"));
        }
        Ok(())
    }

    fn needs_proc(self) -> Result<(), Stop> {
        self.needs_thread()?;
        if !self.proc.is_some() {
            return Err(Stop::broken("an event that needs a P, on a thread without one"));
        }
        Ok(())
    }

    fn needs_goroutine(self) -> Result<(), Stop> {
        if self.goroutine.some().is_none() {
            return Err(Stop::broken("an event that needs a goroutine, on a thread without one"));
        }
        Ok(())
    }

    /// What nearly all events of user code need.
    fn needs_user_code(self) -> Result<(), Stop> {
        self.needs_proc()?;
        self.needs_goroutine()
    }
}

impl ThreadCell {
    /// Whether it has been heard of, and what it runs and holds is known.
    #[inline(always)]
    fn is_settled(&self) -> bool {
        self.exists & self.knows_proc & self.knows_goroutine
    }

    #[inline(always)]
    fn context(&self, slot: u32) -> Context {
        Context { thread: self.id, slot, proc: self.proc, goroutine: self.goroutine }
    }
}

/// The scheduler's state within one generation.
#[derive(Debug)]
pub(super) struct Order {
    /// The generation's number.
    number: u64,
    /// Whether it is the first: statuses come from nowhere.
    is_initial: bool,
    /// Ids without a definition are taken for none.
    lenient: bool,
    go_slots: Slots,
    goroutines: Large<GoCell>,
    proc_slots: Slots,
    procs: Vec<ProcCell>,
    thread_slots: Slots,
    threads: Vec<ThreadCell>,
    regions: Regions,
    /// Open ranges by goroutine slot.
    go_ranges: WireMap<u32, Vec<RangeType>>,
    /// Open ranges by P slot.
    proc_ranges: WireMap<u32, Vec<RangeType>>,
    tasks: WireMap<TaskId, TaskCell>,
    gc: GcState,
    gc_seq: u64,
    texts: Texts,
    /// Rows of texts that this generation's table lacks: types of tasks from before.
    extra_rows: WireMap<TextNumber, StrRef>,
    /// What was assumed of the past; none when the past is known.
    assumed: Option<Box<Assumed>>,
    /// What is known of the past and has not been named yet in this generation.
    past: Carry,
}

impl Order {
    /// The slot of a stream's thread, for [`Order::advance`].
    pub(super) fn thread_slot(&mut self, thread: ThreadId) -> u32 {
        if thread == ThreadId::NONE {
            return NO_ROW;
        }
        let slot = self.thread_slots.get_or_add(thread.0);
        if slot as usize == self.threads.len() {
            let known = self.assumed.is_none();
            let recalled = self.recall_thread(thread);
            let (goroutine, proc) = recalled.unwrap_or((GoRef::NONE, ProcRef::NONE));
            self.threads.push(ThreadCell {
                id: thread,
                exists: recalled.is_some(),
                goroutine,
                proc,
                knows_goroutine: known,
                knows_proc: known,
            });
        }
        slot
    }

    /// The goroutine of a CPU sample, which names it by id only.
    pub(super) fn goroutine_of(&self, id: u64) -> GoRef {
        let slot = self.go_slots.get(id).unwrap_or(GoRef::NO_SLOT);
        GoRef { id: GoId(id), slot }
    }

    /// Tries to take `event`, the next one of the thread at `slot`.
    ///
    /// # Errors
    /// [`Stop`] when it can never be taken; the order is then of no further use.
    #[inline(never)]
    pub(super) fn advance(
        &mut self,
        loaded: &mut Loaded<'_>,
        event: &RawEvent,
        slot: u32,
        queue: &mut Queue,
    ) -> Answer {
        let context = self.context(event.wire_type, slot)?;
        let mut made = Made { order: self, loaded, queue, context, time: Time(event.time) };
        match event.wire_type {
            wire::GO_START => made.go_start(event.args()),
            wire::GO_UNBLOCK => made.go_unblock(event.args()),
            wire::GO_BLOCK => made.go_stop(GoState::Waiting, event.args()),
            wire::GO_STOP => made.go_stop(GoState::Runnable, event.args()),
            wire::GO_DESTROY => made.go_destroy(),
            wire::GO_CREATE => made.go_create(GoState::Runnable, event.args()),
            wire::GO_CREATE_BLOCKED => made.go_create(GoState::Waiting, event.args()),
            wire::GO_CREATE_SYSCALL => made.go_create_syscall(event.args()),
            wire::GO_DESTROY_SYSCALL => made.go_destroy_syscall(),
            wire::GO_SYSCALL_BEGIN => made.go_syscall_begin(event.args()),
            wire::GO_SYSCALL_END => made.go_syscall_end(),
            wire::GO_SYSCALL_END_BLOCKED => made.go_syscall_end_blocked(),
            wire::GO_STATUS => {
                let [id, thread, status] = event.args();
                made.go_status([id, thread, status, 0])
            }
            wire::GO_STATUS_STACK => made.go_status(event.args()),
            wire::GO_SWITCH => made.go_switch(event.args(), GoState::Waiting),
            wire::GO_SWITCH_DESTROY => made.go_switch(event.args(), GoState::NotExist),
            wire::PROC_START => made.proc_start(event.args()),
            wire::PROC_STOP => made.proc_stop(),
            wire::PROC_STEAL => made.proc_steal(event.args()),
            wire::PROC_STATUS => made.proc_status(event.args()),
            wire::STW_BEGIN..=wire::GC_MARK_ASSIST_END => made.range(event),
            wire::USER_TASK_BEGIN => made.task_begin(event.args()),
            wire::USER_TASK_END => made.task_end(event.args()),
            wire::USER_REGION_BEGIN => made.region_begin(event.args()),
            wire::USER_REGION_END => made.region_end(event.args()),
            wire::PROCS_CHANGE => made.procs_change(event.args()),
            wire::HEAP_ALLOC => made.heap(MetricKind::HeapObjects, event.args()),
            wire::HEAP_GOAL => made.heap(MetricKind::HeapGoal, event.args()),
            wire::GO_LABEL => made.label(event.args()),
            wire::USER_LOG => made.log(event.args()),
            wire::EXPERIMENTAL_FIRST..=wire::EXPERIMENTAL_LAST => {
                made.experimental(event.wire_type, event.args())
            }
            other => Err(Stop::broken(format!("{} in an event batch", name(other)))),
        }
    }

    /// What the thread at `slot` holds before the event.
    #[inline(always)]
    fn context(&mut self, wire_type: u8, slot: u32) -> Result<Context, Stop> {
        let Some(cell) = self.threads.get_mut(slot as usize) else {
            return Ok(Context::NONE);
        };
        cell.exists = true;
        if cell.knows_proc && cell.knows_goroutine {
            return Ok(cell.context(slot));
        }
        self.assume_idle(wire_type, slot)?;
        let cell = self.threads.get(slot as usize).ok_or(Stop::NEEDS_CARRY)?;
        Ok(cell.context(slot))
    }

    /// From now on the thread at `slot` runs `goroutine`.
    #[inline(always)]
    fn bind_goroutine(&mut self, slot: u32, goroutine: GoRef) {
        if let Some(cell) = self.threads.get_mut(slot as usize) {
            cell.goroutine = goroutine;
            cell.knows_goroutine = true;
        }
    }

    #[inline]
    fn stack(&self, loaded: &Loaded<'_>, id: u64) -> Result<StackRef, Stop> {
        match loaded.stack_rows.get(id) {
            Some(row) => Ok(StackRef(row)),
            None if self.lenient => Ok(StackRef(0)),
            None => Err(Stop::undefined("stack", id)),
        }
    }

    #[inline]
    fn string(&self, loaded: &Loaded<'_>, id: u64) -> Result<StrRef, Stop> {
        match loaded.string_rows.get(id) {
            Some(row) => Ok(StrRef(row)),
            None if self.lenient => Ok(StrRef(0)),
            None => Err(Stop::undefined("string", id)),
        }
    }

    #[inline]
    fn seq(&self, number: u64) -> Seq {
        Seq { generation: self.number, number }
    }

    fn go_cell(&mut self, slot: u32) -> Option<&mut GoCell> {
        self.goroutines.get_mut(slot as usize)
    }

    fn proc_cell(&mut self, slot: u32) -> Option<&mut ProcCell> {
        self.procs.get_mut(slot as usize)
    }
}

/// One event being taken: the rules in the sibling files are its methods.
struct Made<'o, 'l, 'a> {
    order: &'o mut Order,
    loaded: &'l mut Loaded<'a>,
    queue: &'o mut Queue,
    context: Context,
    time: Time,
}

impl Made<'_, '_, '_> {
    /// An event at the context as it was before.
    fn emit(&mut self, stack: StackRef, body: Body) {
        self.emit_at(self.context, stack, body);
    }

    fn emit_at(&mut self, context: Context, stack: StackRef, body: Body) {
        self.queue.push(self.event(context, stack, body));
    }

    fn event(&self, context: Context, stack: StackRef, body: Body) -> Event {
        Event {
            time: self.time,
            thread: context.thread,
            proc: context.proc.id,
            goroutine: context.goroutine,
            stack,
            body,
        }
    }

    /// From now on the thread runs `goroutine`.
    fn bind_goroutine(&mut self, goroutine: GoRef) {
        self.order.bind_goroutine(self.context.slot, goroutine);
    }

    /// From now on the thread holds `proc`.
    #[inline]
    fn bind_proc(&mut self, proc: ProcRef) {
        self.order.set_proc(self.context.slot, proc);
    }

    fn stack(&self, id: u64) -> Result<StackRef, Stop> {
        self.order.stack(self.loaded, id)
    }

    fn string(&self, id: u64) -> Result<StrRef, Stop> {
        self.order.string(self.loaded, id)
    }

    fn seq(&self, number: u64) -> Seq {
        self.order.seq(number)
    }

    fn needs_thread(&self) -> Result<(), Stop> {
        self.context.needs_thread()
    }

    fn needs_proc(&self) -> Result<(), Stop> {
        self.context.needs_proc()
    }

    fn needs_goroutine(&self) -> Result<(), Stop> {
        self.context.needs_goroutine()
    }

    fn needs_user_code(&self) -> Result<(), Stop> {
        self.context.needs_user_code()
    }
}

fn name(wire_type: u8) -> &'static str {
    spec(wire_type).map_or("an unknown event", |spec| spec.name)
}
