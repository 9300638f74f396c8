//! What one generation leaves to the next, and joining a generation that was ordered alone.

use rustc_hash::FxHashMap;

use super::regions::{Regions, Text, TextNumber, Texts};
use super::{
    GcState, GoCell, Order, ProcCell, ProcRef, ProcStatus, RangeType, Seq, Stop, TaskCell,
    ThreadCell,
};
use crate::base::{GoId, ProcId, TaskId, ThreadId};
use crate::parse::event::{GoRef, GoState};
use crate::parse::spec::wire;
use crate::parse::v2::ids::{NO_ROW, Slots};

/// Open regions of a goroutine, innermost last.
type OpenRegions = Vec<(TaskId, Text)>;

/// The scheduler's state between two generations.
#[derive(Clone, Debug, Default)]
pub(in crate::parse::v2) struct Carry {
    goroutines: FxHashMap<GoId, (GoState, Seq)>,
    procs: FxHashMap<ProcId, (ProcStatus, Seq)>,
    threads: FxHashMap<ThreadId, (GoId, ProcId)>,
    regions: FxHashMap<GoId, OpenRegions>,
    go_ranges: FxHashMap<GoId, Vec<RangeType>>,
    proc_ranges: FxHashMap<ProcId, Vec<RangeType>>,
    /// The parent and type of each active task.
    tasks: FxHashMap<TaskId, (TaskId, Text)>,
    gc: GcState,
    gc_seq: u64,
}

/// What an order without a carry took for granted about the generations before.
#[derive(Debug, Default)]
pub(in crate::parse::v2) struct Assumed {
    /// By goroutine slot: the state it was in, none if it did not exist.
    goroutines: Vec<Option<GoState>>,
    /// By P slot: the status it had, if it existed.
    procs: Vec<ProcStatus>,
    threads: Vec<(ThreadId, AssumedThread)>,
    /// The first GC event and its number.
    gc: Option<(u8, u64)>,
    /// Tasks that were not active.
    new_tasks: Vec<TaskId>,
    /// Tasks that ended here and may have begun earlier.
    ended_tasks: Vec<TaskId>,
    /// Regions that ended here and began earlier, by goroutine slot, in order.
    regions: Vec<(u32, TaskId, Text)>,
    /// Goroutines, by slot, with a mark assist that began earlier.
    assists: Vec<u32>,
    /// Ps, by slot, with a sweep that began earlier.
    sweeps: Vec<u32>,
    /// Goroutines, by slot, that ended here.
    ended: Vec<u32>,
}

/// What was assumed of a thread.
#[derive(Clone, Copy, Debug)]
enum AssumedThread {
    RanNothing,
    HeldNothing,
    Ran(GoId),
    /// It ran this goroutine, or had not been heard of.
    RanOrAbsent(GoId),
    Held(ProcId),
}

/// A generation that was ordered alone assumed something that is not so.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::parse::v2) struct Mismatch;

impl Order {
    fn empty(number: u64, is_initial: bool, lenient: bool) -> Self {
        Self {
            number,
            is_initial,
            lenient,
            go_slots: Slots::default(),
            goroutines: Vec::new(),
            proc_slots: Slots::default(),
            procs: Vec::new(),
            thread_slots: Slots::default(),
            threads: Vec::new(),
            regions: Regions::default(),
            go_ranges: FxHashMap::default(),
            proc_ranges: FxHashMap::default(),
            tasks: FxHashMap::default(),
            gc: GcState::Undetermined,
            gc_seq: 0,
            texts: Texts::default(),
            extra_rows: FxHashMap::default(),
            assumed: None,
        }
    }

    /// An order that knows nothing of the generations before and assumes instead.
    pub(in crate::parse::v2) fn alone(number: u64) -> Self {
        Self { assumed: Some(Box::default()), ..Self::empty(number, false, false) }
    }

    /// An order that goes on from `carry`. In the initial generation statuses come from nowhere.
    pub(in crate::parse::v2) fn with_carry(
        carry: &Carry,
        number: u64,
        is_initial: bool,
        lenient: bool,
    ) -> Self {
        let mut order = Self::empty(number, is_initial, lenient);
        for (&id, &(state, seq)) in &carry.goroutines {
            order.go_slots.get_or_add(id.0);
            order.goroutines.push(GoCell { id, state, seq });
        }
        for (&id, &(status, seq)) in &carry.procs {
            order.proc_slots.get_or_add(id.0);
            order.procs.push(ProcCell { id, status, seq });
        }
        for (&thread, &(goroutine, proc)) in &carry.threads {
            let slot = order.thread_slot(thread);
            let (goroutine, proc) = (order.go_ref(goroutine), order.proc_ref(proc));
            if let Some(cell) = order.threads.get_mut(slot as usize) {
                *cell = ThreadCell { exists: true, goroutine, proc, ..*cell };
            }
        }
        for (id, open) in &carry.regions {
            for (task, kind) in open {
                if let Some(slot) = order.go_slots.get(id.0) {
                    let kind = order.texts.number(kind);
                    order.regions.push(slot, (*task, kind));
                }
            }
        }
        let go_slot = |id: &GoId| order.go_slots.get(id.0);
        let keyed = |(id, open): (&GoId, &Vec<RangeType>)| Some((go_slot(id)?, open.clone()));
        order.go_ranges = carry.go_ranges.iter().filter_map(keyed).collect();
        let proc_slot = |id: &ProcId| order.proc_slots.get(id.0);
        let keyed = |(id, open): (&ProcId, &Vec<RangeType>)| Some((proc_slot(id)?, open.clone()));
        order.proc_ranges = carry.proc_ranges.iter().filter_map(keyed).collect();
        for (&id, (parent, kind)) in &carry.tasks {
            let kind = order.texts.number(kind);
            order.tasks.insert(id, TaskCell { parent: *parent, kind });
        }
        order.gc = carry.gc;
        order.gc_seq = carry.gc_seq;
        order
    }

    fn go_ref(&self, id: GoId) -> GoRef {
        match id.some().and_then(|id| self.go_slots.get(id.0)) {
            Some(slot) => GoRef { id, slot },
            None => GoRef::NONE,
        }
    }

    fn proc_ref(&self, id: ProcId) -> ProcRef {
        match id.some().and_then(|id| self.proc_slots.get(id.0)) {
            Some(slot) => ProcRef { id, slot },
            None => ProcRef::NONE,
        }
    }

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
            None if self.assumed.is_some() => self.thread_slot(victim),
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
        cell.proc = ProcRef::NONE;
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

    pub(super) fn assume_task_new(&mut self, id: TaskId) {
        if let Some(assumed) = &mut self.assumed {
            assumed.new_tasks.push(id);
        }
    }

    pub(super) fn assume_task_ended(&mut self, id: TaskId) {
        if let Some(assumed) = &mut self.assumed {
            assumed.ended_tasks.push(id);
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

    /// A goroutine ended: its open regions and ranges go with it.
    #[inline]
    pub(super) fn forget(&mut self, slot: u32) {
        self.regions.clear(slot);
        if !self.go_ranges.is_empty() {
            self.go_ranges.remove(&slot);
        }
        if let Some(assumed) = &mut self.assumed {
            assumed.ended.push(slot);
        }
    }

    fn go_id(&self, slot: u32) -> GoId {
        self.goroutines.get(slot as usize).map_or(GoId::NONE, |cell| cell.id)
    }

    fn proc_id(&self, slot: u32) -> ProcId {
        self.procs.get(slot as usize).map_or(ProcId::NONE, |cell| cell.id)
    }
}

impl Carry {
    /// Takes over what a generation left behind. If the generation was ordered alone, checks
    /// first that all it assumed is so.
    ///
    /// # Errors
    /// [`Mismatch`] if not; the carry is then unchanged.
    pub(in crate::parse::v2) fn join(&mut self, order: Order) -> Result<(), Mismatch> {
        let Some(assumed) = &order.assumed else {
            *self = Self::default();
            self.absorb(order);
            return Ok(());
        };
        let holds = self.holds_goroutines(&order, assumed)
            && self.holds_procs(&order, assumed)
            && self.holds_threads(assumed)
            && self.holds_gc(assumed)
            && self.holds_ranges(&order, assumed)
            && assumed.new_tasks.iter().all(|id| self.fresh_task(*id, assumed))
            && self.holds_regions(&order, assumed);
        if !holds {
            return Err(Mismatch);
        }
        for id in &assumed.ended_tasks {
            self.tasks.remove(id);
        }
        for (slot, ..) in &assumed.regions {
            if let Some(open) = self.regions.get_mut(&order.go_id(*slot)) {
                open.pop();
            }
        }
        for &slot in &assumed.ended {
            self.regions.remove(&order.go_id(slot));
        }
        self.go_ranges.clear();
        self.proc_ranges.clear();
        if assumed.gc.is_none() {
            let (gc, gc_seq) = (self.gc, self.gc_seq);
            self.absorb(order);
            (self.gc, self.gc_seq) = (gc, gc_seq);
        } else {
            self.absorb(order);
        }
        Ok(())
    }

    fn absorb(&mut self, order: Order) {
        for cell in &order.goroutines {
            if cell.state == GoState::NotExist {
                self.goroutines.remove(&cell.id);
            } else {
                self.goroutines.insert(cell.id, (cell.state, cell.seq));
            }
        }
        for cell in &order.procs {
            self.procs.insert(cell.id, (cell.status, cell.seq));
        }
        for cell in order.threads.iter().filter(|cell| cell.exists) {
            let (goroutine, proc) =
                self.threads.entry(cell.id).or_insert((GoId::NONE, ProcId::NONE));
            if cell.knows_goroutine {
                *goroutine = cell.goroutine.id;
            }
            if cell.knows_proc {
                *proc = cell.proc.id;
            }
        }
        let go_id = |slot: u32| order.goroutines.get(slot as usize).map(|cell| cell.id);
        let text = |number: TextNumber| order.texts.text(number);
        for (slot, open) in order.regions.iter() {
            if let Some(id) = go_id(slot) {
                let open = open.into_iter().map(|(task, kind)| (task, text(kind)));
                self.regions.entry(id).or_default().extend(open);
            }
        }
        for (&slot, open) in order.go_ranges.iter().filter(|(_, open)| !open.is_empty()) {
            if let Some(id) = go_id(slot) {
                self.go_ranges.insert(id, open.clone());
            }
        }
        for (&slot, open) in order.proc_ranges.iter().filter(|(_, open)| !open.is_empty()) {
            if let Some(cell) = order.procs.get(slot as usize) {
                self.proc_ranges.insert(cell.id, open.clone());
            }
        }
        self.gc = order.gc;
        self.gc_seq = order.gc_seq;
        let tasks = order.tasks.iter();
        self.tasks.extend(tasks.map(|(&id, task)| (id, (task.parent, text(task.kind)))));
    }

    fn holds_goroutines(&self, order: &Order, assumed: &Assumed) -> bool {
        order.goroutines.iter().zip(&assumed.goroutines).all(|(cell, state)| {
            self.goroutines.get(&cell.id).map(|(state, _)| state) == state.as_ref()
        })
    }

    fn holds_procs(&self, order: &Order, assumed: &Assumed) -> bool {
        order.procs.iter().zip(&assumed.procs).all(|(cell, status)| {
            match self.procs.get(&cell.id) {
                Some((known, _)) => known == status,
                // A P that first appears now; but nobody can have held it in a system call.
                None => *status != ProcStatus::Syscall,
            }
        })
    }

    fn holds_threads(&self, assumed: &Assumed) -> bool {
        assumed.threads.iter().all(|(thread, assumption)| {
            let known = self.threads.get(thread);
            let (goroutine, proc) = known.copied().unwrap_or((GoId::NONE, ProcId::NONE));
            match *assumption {
                AssumedThread::RanNothing => goroutine == GoId::NONE,
                AssumedThread::HeldNothing => proc == ProcId::NONE,
                AssumedThread::Ran(id) => goroutine == id,
                AssumedThread::RanOrAbsent(id) => known.is_none() || goroutine == id,
                AssumedThread::Held(id) => proc == id,
            }
        })
    }

    fn holds_gc(&self, assumed: &Assumed) -> bool {
        let Some((wire_type, seq)) = assumed.gc else {
            return true;
        };
        let follows = self.gc_seq.checked_add(1) == Some(seq);
        match (wire_type, self.gc) {
            (wire::GC_BEGIN, GcState::Undetermined) => true,
            (wire::GC_BEGIN, GcState::NotRunning)
            | (wire::GC_ACTIVE | wire::GC_END, GcState::Running) => follows,
            _ => false,
        }
    }

    /// Every open range was said to go on, and no other.
    fn holds_ranges(&self, order: &Order, assumed: &Assumed) -> bool {
        let assist = [RangeType { begin: wire::GC_MARK_ASSIST_BEGIN, reason: 0 }];
        let sweep = [RangeType { begin: wire::GC_SWEEP_BEGIN, reason: 0 }];
        let is_assist = |slot: &u32| {
            self.go_ranges.get(&order.go_id(*slot)).is_some_and(|open| *open == assist)
        };
        let is_sweep = |slot: &u32| {
            self.proc_ranges.get(&order.proc_id(*slot)).is_some_and(|open| *open == sweep)
        };
        self.go_ranges.len() == assumed.assists.len()
            && self.proc_ranges.len() == assumed.sweeps.len()
            && assumed.assists.iter().all(is_assist)
            && assumed.sweeps.iter().all(is_sweep)
    }

    /// Whether a task that begins was not active, or ended first.
    fn fresh_task(&self, id: TaskId, assumed: &Assumed) -> bool {
        !self.tasks.contains_key(&id) || assumed.ended_tasks.contains(&id)
    }

    fn holds_regions(&self, order: &Order, assumed: &Assumed) -> bool {
        let mut popped: FxHashMap<u32, usize> = FxHashMap::default();
        assumed.regions.iter().all(|(slot, task, kind)| {
            let Some(open) = self.regions.get(&order.go_id(*slot)) else {
                return true;
            };
            let popped = popped.entry(*slot).or_default();
            *popped += 1;
            match open.len().checked_sub(*popped).and_then(|at| open.get(at)) {
                Some(inner) => (inner.0, &inner.1) == (*task, kind),
                None => true,
            }
        })
    }
}
