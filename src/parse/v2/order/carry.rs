//! What one generation leaves to the next, and joining a generation that was ordered alone.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};

use super::regions::{Regions, Text, TextNumber, Texts};
use super::{Cells, GcState, Order, ProcRef, ProcStatus, RangeType, Seq, Stop};
use crate::base::{GoId, Large, ProcId, TaskId, ThreadId};
use crate::parse::event::{GoRef, GoState};
use crate::parse::spec::wire;
use crate::parse::v2::ids::{NO_ROW, Slots};

/// Open regions of a goroutine, innermost last.
type OpenRegions = Vec<(TaskId, Text)>;

/// The scheduler's state between two generations.
#[derive(Debug, Default)]
pub(in crate::parse::v2) struct Carry {
    pub(super) goroutines: FxHashMap<GoId, (GoState, Seq)>,
    pub(super) procs: FxHashMap<ProcId, (ProcStatus, Seq)>,
    pub(super) threads: FxHashMap<ThreadId, (GoId, ProcId)>,
    pub(super) regions: FxHashMap<GoId, OpenRegions>,
    pub(super) go_ranges: FxHashMap<GoId, Vec<RangeType>>,
    pub(super) proc_ranges: FxHashMap<ProcId, Vec<RangeType>>,
    /// The parent and type of each active task.
    pub(super) tasks: FxHashMap<TaskId, (TaskId, Text)>,
    gc: GcState,
    gc_seq: u64,
    /// Which threads are on record with each P, once that has been asked for.
    pub(super) holders: Option<Holders>,
}

/// The threads on record with each P.
pub(super) type Holders = FxHashMap<ProcId, BTreeSet<ThreadId>>;

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
            goroutines: Large::default(),
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
            past: Carry::default(),
        }
    }

    /// An order that knows nothing of the generations before and assumes instead.
    ///
    /// `cells` is room for its goroutines, which [`Order::into_cells`] gives back.
    pub(in crate::parse::v2) fn alone(number: u64, cells: Cells) -> Self {
        let assumed = Some(Box::default());
        Self { assumed, goroutines: cells.0, ..Self::empty(number, false, false) }
    }

    /// Room for the goroutines of another order.
    pub(in crate::parse::v2) fn into_cells(mut self) -> Cells {
        self.goroutines.clear();
        Cells(self.goroutines)
    }

    /// An order that goes on from `carry`. In the initial generation statuses come from nowhere.
    ///
    /// What is carried is taken up where it is first named: a small generation has to be cheap
    /// however many goroutines are alive.
    pub(in crate::parse::v2) fn with_carry(
        carry: Carry,
        number: u64,
        is_initial: bool,
        lenient: bool,
    ) -> Self {
        let (gc, gc_seq) = (carry.gc, carry.gc_seq);
        Self { past: carry, gc, gc_seq, ..Self::empty(number, is_initial, lenient) }
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
    pub(in crate::parse::v2) fn join(&mut self, order: &mut Order) -> Result<(), Mismatch> {
        let Some(assumed) = &order.assumed else {
            *self = std::mem::take(&mut order.past);
            self.absorb(order);
            return Ok(());
        };
        let holds = self.holds_goroutines(order, assumed)
            && self.holds_procs(order, assumed)
            && self.holds_threads(assumed)
            && self.holds_gc(assumed)
            && self.holds_ranges(order, assumed)
            && self.holds_tasks(assumed)
            && self.holds_regions(order, assumed);
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
        if !self.regions.is_empty() {
            for &slot in &assumed.ended {
                self.regions.remove(&order.go_id(slot));
            }
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

    fn absorb(&mut self, order: &Order) {
        let assumed = order.assumed.as_ref().map_or(&[][..], |assumed| &assumed.goroutines);
        for (slot, cell) in order.goroutines.iter().enumerate() {
            if cell.state == GoState::NotExist {
                // Most came and went meanwhile.
                if assumed.get(slot) != Some(&None) {
                    self.goroutines.remove(&cell.id);
                }
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
                let before = std::mem::replace(proc, cell.proc.id);
                if let Some(holders) = &mut self.holders {
                    move_holder(holders, cell.id, before, cell.proc.id);
                }
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

    /// Tasks that begin were not active, or ended first.
    fn holds_tasks(&self, assumed: &Assumed) -> bool {
        let ended: FxHashSet<TaskId> = assumed.ended_tasks.iter().copied().collect();
        assumed.new_tasks.iter().all(|id| !self.tasks.contains_key(id) || ended.contains(id))
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

/// A thread that was on record with one P is so with another.
pub(super) fn move_holder(holders: &mut Holders, thread: ThreadId, from: ProcId, to: ProcId) {
    if let Some(of_before) = holders.get_mut(&from) {
        of_before.remove(&thread);
    }
    holders.entry(to).or_default().insert(thread);
}
