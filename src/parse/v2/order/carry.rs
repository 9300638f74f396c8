//! What one generation leaves to the next, and joining a generation that was ordered alone.

use std::collections::BTreeSet;

use super::assume::{Assumed, AssumedTask, AssumedThread};
use super::regions::{Regions, Text, TextNumber, Texts};
use super::{Cells, GcState, Order, ProcStatus, RangeType, Seq};
use crate::base::{GoId, Large, ProcId, TaskId, ThreadId, WireMap, WireSet};
use crate::parse::event::GoState;
use crate::parse::spec::wire;
use crate::parse::v2::ids::Slots;

/// Open regions of a goroutine, innermost last.
type OpenRegions = Vec<(TaskId, Text)>;

/// The scheduler's state between two generations.
#[derive(Debug, Default)]
pub(in crate::parse::v2) struct Carry {
    pub(super) goroutines: WireMap<GoId, (GoState, Seq)>,
    pub(super) procs: WireMap<ProcId, (ProcStatus, Seq)>,
    pub(super) threads: WireMap<ThreadId, (GoId, ProcId)>,
    pub(super) regions: WireMap<GoId, OpenRegions>,
    pub(super) go_ranges: WireMap<GoId, Vec<RangeType>>,
    pub(super) proc_ranges: WireMap<ProcId, Vec<RangeType>>,
    /// The parent and type of each active task.
    pub(super) tasks: WireMap<TaskId, (TaskId, Text)>,
    gc: GcState,
    gc_seq: u64,
    /// Which threads are on record with each P, once that has been asked for.
    pub(super) holders: Option<Holders>,
}

/// The threads on record with each P.
pub(super) type Holders = WireMap<ProcId, BTreeSet<ThreadId>>;

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
            go_ranges: WireMap::default(),
            proc_ranges: WireMap::default(),
            tasks: WireMap::default(),
            gc: GcState::Undetermined,
            gc_seq: 0,
            texts: Texts::default(),
            extra_rows: WireMap::default(),
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
        for (id, assumption) in &assumed.tasks {
            if *assumption == AssumedTask::Ended {
                self.tasks.remove(id);
            }
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
        let mut ended: WireSet<TaskId> = WireSet::default();
        assumed.tasks.iter().all(|(id, assumption)| match assumption {
            AssumedTask::New => !self.tasks.contains_key(id) || ended.contains(id),
            AssumedTask::Ended => {
                ended.insert(*id);
                true
            }
        })
    }

    fn holds_regions(&self, order: &Order, assumed: &Assumed) -> bool {
        let mut popped: WireMap<u32, usize> = WireMap::default();
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
