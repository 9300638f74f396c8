//! One generation's events on their way into columns.
//!
//! A draft takes the ordered events of one generation (or of a whole old-format trace), knows
//! goroutines by numbers of its own, and needs nothing of other generations, so drafts can be
//! filled on several threads. [`Builder::join`](super::Builder) then gives goroutines, strings
//! and stacks their rows.
//!
//! Spans are first appended in order of time, then sorted by goroutine (count, prefix sum,
//! scatter) whenever enough have gathered, so that the working set stays small however long
//! the generation is.

#![expect(
    clippy::inline_always,
    reason = "an event whose parts stay in registers takes half the time: docs/performance.md"
)]

use crate::base::{GoId, Large, ProcId, TaskId, ThreadId, Time};
use crate::parse::event::{
    Body, Event, GoRef, GoState, MetricKind, ProcState, RangeKind, RangeMoment, StackRef, StrRef,
    Transition,
};
use crate::parse::pieces::{Piece, Shift};
use crate::parse::sink::Sink;
use crate::parse::tables::Tables;

use super::alloc::HeapDraft;
use super::columns::NO_WAKER;
use super::goroutines::Edge;
use super::kinds::Kinds;
use super::regions::Regions;
use super::seal::{Pending, Sealed};

/// A goroutine's number within a draft.
pub(super) type Member = u32;
/// No goroutine.
pub(super) const NOBODY: Member = NO_WAKER;

/// How a goroutine came to be in a draft.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Origin {
    /// It was created here: when, by whom, from which stack.
    Created { at: Time, by: Member, stack: StackRef },
    /// Its status was given: it is older than the draft.
    Status,
    /// It was only named; its state is not known.
    Named,
}

/// One goroutine within a draft.
#[derive(Clone, Copy, Debug)]
pub(super) struct MemberRow {
    pub(super) id: GoId,
    pub(super) origin: Origin,
    /// The state at its origin.
    pub(super) state: GoState,
    /// Its own stack at its origin.
    pub(super) stack: StackRef,
    pub(super) ended: Edge,
}

/// What is not a goroutine's span.
#[derive(Clone, Copy, Debug)]
pub(super) enum Side {
    /// `from_start`: a first status, which holds since the draft's start.
    Proc {
        of: ProcId,
        to: ProcState,
        thread: ThreadId,
        from_start: bool,
    },
    Metric {
        kind: MetricKind,
        value: u64,
    },
    Mark(RangeMoment),
    Sweep {
        of: ProcId,
        moment: RangeMoment,
    },
    Assist {
        of: Member,
        stack: StackRef,
        moment: RangeMoment,
    },
    StopTheWorld {
        by: Member,
        reason: StrRef,
        stack: StackRef,
        moment: RangeMoment,
    },
    Note(Note),
    Sample {
        of: Member,
        stack: StackRef,
    },
    Label {
        of: Member,
        label: StrRef,
    },
}

/// What the program notes of itself.
#[derive(Clone, Copy, Debug)]
pub(super) enum Note {
    TaskBegin { id: TaskId, parent: TaskId, kind: StrRef, by: Member, stack: StackRef },
    TaskEnd { id: TaskId },
    Log { task: TaskId, category: StrRef, message: StrRef, by: Member, stack: StackRef },
}

/// The ordered events of one generation, being sorted into columns.
#[derive(Debug, Default)]
pub struct Draft {
    /// The time of the first event.
    pub(super) start: Option<Time>,
    /// The time of the last event.
    pub(super) last: Time,
    pub(super) members: Large<MemberRow>,
    /// The start function of each member: the outermost one of the first stack of its own that
    /// has one.
    pub(super) names: Large<StrRef>,
    /// Member by goroutine slot, [`NOBODY`] if there is none alive.
    by_slot: Large<Member>,
    pub(super) kinds: Kinds,
    pending: Pending,
    pub(super) sealed: Vec<Sealed>,
    pub(super) sides: Large<(Time, Side)>,
    pub(super) regions: Regions,
    /// Whether a generation has begun; else there is no more than the trace's last Sync.
    begun: bool,
    /// When the trace broke in this draft: nothing is known from then on.
    pub(super) lost: Option<Time>,
    pub(super) heap: HeapDraft,
}

impl Draft {
    /// The member of a goroutine, a new one if it has not been met.
    #[inline]
    fn member(&mut self, of: GoRef) -> Member {
        match self.by_slot.get(of.slot as usize) {
            Some(&member) if member != NOBODY => member,
            _ => self.meet(of),
        }
    }

    #[cold]
    fn meet(&mut self, of: GoRef) -> Member {
        if of.slot == GoRef::NO_SLOT {
            return NOBODY;
        }
        self.add(of, Origin::Named, GoState::Undetermined, StackRef(0))
    }

    fn add(&mut self, of: GoRef, origin: Origin, state: GoState, stack: StackRef) -> Member {
        let member = Member::try_from(self.members.len()).unwrap_or(NOBODY);
        self.members.push(MemberRow { id: of.id, origin, state, stack, ended: Edge::OUTSIDE });
        self.names.push(StrRef(0));
        self.pending.add_member();
        let slot = of.slot as usize;
        if slot >= self.by_slot.len() {
            self.by_slot.resize(slot + 1, NOBODY);
        }
        if let Some(place) = self.by_slot.get_mut(slot) {
            *place = member;
        }
        member
    }

    fn has(&self, of: GoRef) -> bool {
        self.by_slot.get(of.slot as usize).is_some_and(|&member| member != NOBODY)
    }

    /// The goroutine waits, is in a system call, or lost its P.
    #[inline(always)]
    fn stop(&mut self, tables: &Tables<'_>, step: &Transition) {
        let member = self.member(step.of);
        self.name(tables, member, step.own_stack);
        let kind = self.kinds.stopped(step.to, step.reason);
        self.pending.push_stack(step.time, member, kind, step.own_stack.0);
    }

    /// Kept apart from the three that are nearly all.
    #[inline(never)]
    fn rarer_transition(&mut self, tables: &Tables<'_>, step: &Transition) {
        let Transition { time: at, by, of, from, to, own_stack: stack, .. } = *step;
        match (from, to) {
            (GoState::NotExist, _) => {
                let by = self.member(by);
                let origin = Origin::Created { at, by, stack: step.stack };
                let member = self.add(of, origin, to, stack);
                self.name(tables, member, stack);
            }
            // Known before or not: its state is given.
            (from, to) if (from == GoState::Undetermined || from == to) && !self.has(of) => {
                let member = self.add(of, Origin::Status, to, stack);
                self.name(tables, member, stack);
            }
            (_, GoState::NotExist) => {
                let member = self.member(of);
                if let Some(row) = self.members.get_mut(member as usize) {
                    row.ended = Edge::seen(at);
                }
                if let Some(place) = self.by_slot.get_mut(of.slot as usize) {
                    *place = NOBODY;
                }
            }
            (from, to) if from == to => {
                if stack != StackRef(0) {
                    let member = self.member(of);
                    self.name(tables, member, stack);
                }
            }
            (_, GoState::Running) => {
                let member = self.member(of);
                let kind = self.kinds.running(step.proc);
                self.pending.push_bare(at, member, kind);
            }
            _ => self.stop(tables, step),
        }
    }

    /// Takes a stack of the goroutine's own for its name, unless an earlier one gave it.
    #[inline]
    fn name(&mut self, tables: &Tables<'_>, member: Member, stack: StackRef) {
        if let Some(name) = self.names.get_mut(member as usize)
            && *name == StrRef(0)
        {
            *name = start_function(tables, stack);
        }
    }

    /// Empties it, for another draft.
    pub(super) fn leave(self) -> Left {
        let Self { mut members, mut names, mut sides, mut regions, .. } = self;
        members.clear();
        names.clear();
        sides.clear();
        regions.clear();
        Left { members, names, sides, regions }
    }

    #[cold]
    fn seal(&mut self) {
        if let Some(sealed) = self.pending.seal(&self.kinds) {
            self.sealed.push(sealed);
        }
    }

    /// An event that is no goroutine's transition.
    #[inline(never)]
    fn side(&mut self, event: &Event) {
        let by = event.goroutine;
        let side = match event.body {
            Body::Proc { of, from, to } => {
                let from_start = from == ProcState::Undetermined;
                Side::Proc { of, to, thread: event.thread, from_start }
            }
            Body::Metric { kind, value } => Side::Metric { kind, value },
            Body::Range { kind, moment } => match kind {
                RangeKind::GcMark => Side::Mark(moment),
                RangeKind::GcSweep(of) => Side::Sweep { of, moment },
                RangeKind::GcMarkAssist(of) => {
                    Side::Assist { of: self.member(of), stack: event.stack, moment }
                }
                RangeKind::StopTheWorld { reason, by } => {
                    Side::StopTheWorld { by: self.member(by), reason, stack: event.stack, moment }
                }
            },
            Body::TaskBegin { id, parent, kind } => Side::Note(Note::TaskBegin {
                id,
                parent,
                kind,
                by: self.member(by),
                stack: event.stack,
            }),
            Body::TaskEnd { id, .. } => Side::Note(Note::TaskEnd { id }),
            Body::RegionBegin { task, kind } => {
                let by = self.member(by);
                self.regions.begin(by, task, kind, event.time);
                return;
            }
            Body::RegionEnd { task, kind } => {
                let by = self.member(by);
                self.regions.end(by, task, kind, event.time);
                return;
            }
            Body::Log { task, category, message } => Side::Note(Note::Log {
                task,
                category,
                message,
                by: self.member(by),
                stack: event.stack,
            }),
            Body::StackSample => Side::Sample { of: self.known(by), stack: event.stack },
            Body::Label(label) => Side::Label { of: self.member(by), label },
            Body::Experimental { wire_type, args } => {
                self.heap.event(wire_type, args);
                return;
            }
            Body::Sync { .. } | Body::Goroutine { .. } => return,
        };
        self.sides.push((event.time, side));
    }

    /// The member of a goroutine that need not exist: a CPU sample's is a hint.
    fn known(&self, of: GoRef) -> Member {
        self.by_slot.get(of.slot as usize).copied().unwrap_or(NOBODY)
    }
}

/// The outermost function of a stack. The runtime also writes stacks whose only frame has no
/// function.
fn start_function(tables: &Tables<'_>, stack: StackRef) -> StrRef {
    let outermost = tables.stack(stack).last();
    let frame = outermost.and_then(|&frame| tables.frames().get(frame as usize));
    let named = frame.filter(|frame| !tables.string(frame.function).is_empty());
    named.map_or(StrRef(0), |frame| frame.function)
}

impl Sink for Draft {
    fn begin_generation(&mut self, tables: &Tables<'_>) {
        self.by_slot.clear();
        self.seal();
        self.pending.expect_stacks(tables.n_stacks());
        self.heap.begin(tables);
        self.begun = true;
    }

    fn event(&mut self, tables: &Tables<'_>, event: &Event) {
        if let Some(transition) = Transition::of_event(event) {
            return self.transition(tables, &transition);
        }
        self.last = event.time;
        // A generation's first event is a Sync, so that goroutines need not look.
        if self.start.is_none() && self.begun {
            self.start = Some(event.time);
        }
        self.side(event);
    }

    #[inline(always)]
    fn transition(&mut self, tables: &Tables<'_>, step: &Transition) {
        self.last = step.time;
        if self.pending.is_over(step.time) {
            self.seal();
            self.pending.begin(step.time);
        }
        match (step.from, step.to) {
            (GoState::Runnable, GoState::Running) => {
                let member = self.member(step.of);
                let kind = self.kinds.running(step.proc);
                self.pending.push_bare(step.time, member, kind);
            }
            (GoState::Waiting, GoState::Runnable) => {
                let member = self.member(step.of);
                let waker = self.member(step.by);
                let kind = self.kinds.woken();
                self.pending.push_wake(step.time, member, kind, (step.stack.0, waker));
            }
            (GoState::Running, GoState::Waiting) => self.stop(tables, step),
            _ => self.rarer_transition(tables, step),
        }
    }

    fn lost(&mut self, at: Time) {
        self.lost.get_or_insert(at);
    }
}

/// What one draft's working memory leaves to the next.
#[derive(Debug, Default)]
pub struct Scratch {
    pending: Pending,
    by_slot: Large<Member>,
}

/// What a draft that was joined leaves to one that is filled later.
#[derive(Debug, Default)]
pub struct Left {
    members: Large<MemberRow>,
    names: Large<StrRef>,
    sides: Large<(Time, Side)>,
    regions: Regions,
}

impl Piece for Draft {
    type Scratch = Scratch;
    type Left = Left;

    fn scratch(n_bytes: usize) -> Scratch {
        Scratch { pending: Pending::of_file(n_bytes), by_slot: Large::default() }
    }

    fn new(scratch: Scratch, left: Left) -> Self {
        let Scratch { pending, by_slot } = scratch;
        let Left { members, names, sides, regions } = left;
        Self { members, names, by_slot, pending, sides, regions, ..Self::default() }
    }

    fn finish(&mut self) -> Scratch {
        self.seal();
        self.pending.clear();
        self.by_slot.clear();
        Scratch {
            pending: std::mem::take(&mut self.pending),
            by_slot: std::mem::take(&mut self.by_slot),
        }
    }

    fn shift(&mut self, shift: &Shift) {
        let end = shift.end();
        if let Some(start) = &mut self.start {
            *start = shift.apply(*start);
        }
        self.last = shift.apply(self.last);
        for row in self.members.iter_mut() {
            if let Origin::Created { at, .. } = &mut row.origin {
                *at = shift.apply(*at);
            }
            row.ended = row.ended.time().map(|at| shift.apply(at)).into();
        }
        for (at, _) in self.sides.iter_mut().take_while(|(at, _)| *at < end) {
            *at = shift.apply(*at);
        }
        self.regions.shift(shift);
        for sealed in &mut self.sealed {
            sealed.shift(shift);
        }
    }
}
