//! What is not a goroutine's span, joined across generations: ranges, tasks, regions, Ps.

use crate::base::{
    Goroutine, Interval, ProcId, StackId, StrId, TaskId, ThreadId, Time, WireMap, WireSet, narrow,
};
use crate::parse::event::{MetricKind, ProcState, RangeMoment};

use super::Trace;
use super::draft::{Note, Side};
use super::goroutines::Edge;
use super::join::Rows;
use super::notes::{Log, Region, Task};
use super::regions::{OpenRegion, Regions};
use super::world::{Assist, CpuSample, MetricPoint, ProcSpan, StopTheWorld, Sweep};

/// What is open between two drafts.
#[derive(Debug)]
pub(super) struct Sides {
    /// Row of each P in the world's table.
    procs: WireMap<ProcId, usize>,
    /// The Ps that are held: row, since when, and by which thread.
    held: WireMap<ProcId, (usize, Time, ThreadId)>,
    threads: WireSet<ThreadId>,
    gc: Option<Time>,
    sweeps: WireMap<ProcId, Open>,
    assists: WireMap<Goroutine, Open>,
    stops: WireMap<Option<Goroutine>, Vec<OpenStop>>,
    /// Row of each active task.
    tasks: WireMap<TaskId, usize>,
    /// Regions that go on, the innermost last.
    regions: WireMap<Goroutine, Vec<Carried>>,
    /// What ends without having begun has gone on since then at least.
    known_since: Time,
}

/// What goes on since some time, and where it began.
#[derive(Clone, Copy, Debug)]
struct Open {
    since: Time,
    stack: StackId,
}

#[derive(Clone, Copy, Debug)]
struct OpenStop {
    since: Time,
    reason: StrId,
    stack: StackId,
}

#[derive(Clone, Copy, Debug)]
struct Carried {
    task: TaskId,
    kind: StrId,
    began: Time,
}

impl Default for Sides {
    fn default() -> Self {
        Self {
            procs: WireMap::default(),
            held: WireMap::default(),
            threads: WireSet::default(),
            gc: None,
            sweeps: WireMap::default(),
            assists: WireMap::default(),
            stops: WireMap::default(),
            tasks: WireMap::default(),
            regions: WireMap::default(),
            known_since: Time::MIN,
        }
    }
}

impl Sides {
    /// Adds a draft's, which begins at `start`.
    pub(super) fn add(
        &mut self,
        trace: &mut Trace,
        start: Time,
        sides: &[(Time, Side)],
        rows: &Rows,
    ) {
        for (at, side) in sides {
            self.one(trace, start, *at, side, rows);
        }
    }

    fn one(&mut self, trace: &mut Trace, draft_start: Time, at: Time, side: &Side, rows: &Rows) {
        match *side {
            Side::Proc { of, to, thread, from_start } => {
                let since = if from_start { draft_start } else { at };
                self.proc(trace, since, of, to, thread);
            }
            Side::Metric { kind, value } => {
                let world = &mut trace.world;
                let points = match kind {
                    MetricKind::GoMaxProcs => &mut world.gomaxprocs,
                    MetricKind::HeapObjects => &mut world.heap,
                    MetricKind::HeapGoal => &mut world.heap_goal,
                };
                points.push(MetricPoint { at, value });
            }
            Side::Mark(moment) => self.mark(trace, at, moment),
            Side::Sweep { of, moment } => {
                let now = Open { since: at, stack: StackId::EMPTY };
                if let Some((interval, _)) =
                    range(&mut self.sweeps, self.known_since, of, now, moment)
                {
                    trace.world.sweeps.push(Sweep { interval, of });
                }
            }
            Side::Assist { of, stack, moment } => {
                let now = Open { since: at, stack: rows.stack(stack) };
                if let Some(of) = rows.goroutine(of)
                    && let Some((interval, stack)) =
                        range(&mut self.assists, self.known_since, of, now, moment)
                {
                    trace.world.assists.push(Assist { interval, of, stack });
                }
            }
            Side::StopTheWorld { by, reason, stack, moment } => {
                let (by, reason) = (rows.goroutine(by), rows.string(reason));
                let stop = OpenStop { since: at, reason, stack: rows.stack(stack) };
                self.stop_the_world(trace, by, stop, moment);
            }
            Side::Sample { of, stack } => {
                let (goroutine, stack) = (rows.goroutine(of), rows.stack(stack));
                trace.world.samples.push(CpuSample { at, goroutine, stack });
            }
            Side::Label { of, label } => {
                if let Some(of) = rows.goroutine(of) {
                    trace.world.labels.push((of, rows.string(label)));
                }
            }
            Side::Note(note) => self.note(trace, at, note, rows),
        }
    }

    fn mark(&mut self, trace: &mut Trace, at: Time, moment: RangeMoment) {
        match moment {
            RangeMoment::End { .. } => {
                // An end without a begin is the end of what began after the last one.
                let last = trace.world.gc.last().map_or(Time::MIN, |gc| gc.end);
                let start = self.gc.take().unwrap_or(self.known_since.max(last));
                trace.world.gc.push(Interval { start, end: at });
            }
            RangeMoment::Begin => self.gc = Some(at),
            RangeMoment::Active => self.gc = self.gc.or(Some(self.known_since)),
        }
    }

    fn proc(&mut self, trace: &mut Trace, at: Time, of: ProcId, to: ProcState, thread: ThreadId) {
        let world = &mut trace.world;
        if thread != ThreadId::NONE && self.threads.insert(thread) {
            world.threads.push(thread);
        }
        let row = *self.procs.entry(of).or_insert_with(|| {
            world.procs.push((of, Vec::new()));
            world.procs.len() - 1
        });
        if to == ProcState::Running {
            self.held.entry(of).or_insert((row, at, thread));
        } else if let Some(held) = self.held.remove(&of) {
            end_held(trace, held, at);
        }
    }

    /// `stop.since` is the moment itself.
    fn stop_the_world(
        &mut self,
        trace: &mut Trace,
        by: Option<Goroutine>,
        stop: OpenStop,
        moment: RangeMoment,
    ) {
        match moment {
            RangeMoment::Begin => self.stops.entry(by).or_default().push(stop),
            RangeMoment::Active => {}
            RangeMoment::End { .. } => {
                let end = stop.since;
                let open = self.stops.get_mut(&by).filter(|open| !open.is_empty());
                let began = OpenStop { since: self.known_since, ..stop };
                let OpenStop { since, reason, stack } =
                    open.map_or(began, |open| open.swap_remove(0));
                let interval = Interval { start: since, end };
                trace.world.stw.push(StopTheWorld { interval, reason, by, stack });
            }
        }
    }

    fn note(&mut self, trace: &mut Trace, at: Time, note: Note, rows: &Rows) {
        let notes = &mut trace.notes;
        match note {
            Note::TaskBegin { id, parent, kind, by, stack } => {
                self.tasks.insert(id, notes.tasks.len());
                notes.tasks.push(Task {
                    id,
                    parent,
                    kind: rows.string(kind),
                    began: Edge::seen(at),
                    ended: Edge::OUTSIDE,
                    goroutine: rows.goroutine(by),
                    stack: rows.stack(stack),
                });
            }
            Note::TaskEnd { id } => {
                let row = self.tasks.remove(&id).unwrap_or_else(|| {
                    notes.tasks.push(Task {
                        id,
                        parent: TaskId::NONE,
                        kind: StrId::EMPTY,
                        began: Edge::OUTSIDE,
                        ended: Edge::OUTSIDE,
                        goroutine: None,
                        stack: StackId::EMPTY,
                    });
                    notes.tasks.len() - 1
                });
                if let Some(task) = notes.tasks.get_mut(row) {
                    task.ended = Edge::seen(at);
                }
            }
            Note::Log { task, category, message, by, stack } => notes.logs.push(Log {
                at,
                goroutine: rows.goroutine(by),
                task,
                category: rows.string(category),
                message: rows.string(message),
                stack: rows.stack(stack),
            }),
        }
    }

    /// Adds a draft's regions; their order is that of their ends.
    pub(super) fn add_regions(&mut self, trace: &mut Trace, regions: &Regions, rows: &Rows) {
        let all = &mut trace.notes.regions;
        all.reserve(regions.ended().len());
        for region in regions.ended() {
            let Some(goroutine) = rows.goroutine(region.by) else {
                continue;
            };
            let mut began = region.began;
            let mut depth = region.depth;
            if !self.regions.is_empty()
                && let Some(open) = self.regions.get_mut(&goroutine)
            {
                if began == Edge::OUTSIDE {
                    began = open.pop().map(|open| open.began).into();
                }
                depth = depth.saturating_add(narrow(open.len()));
                if open.is_empty() {
                    self.regions.remove(&goroutine);
                }
            }
            all.push(Region {
                goroutine,
                task: region.task,
                kind: rows.string(region.kind),
                began,
                ended: Edge::seen(region.ended),
                depth,
            });
        }
        for (by, open) in regions.open() {
            if let Some(of) = rows.goroutine(by) {
                let open = open.into_iter().map(|OpenRegion { task, kind, began, .. }| Carried {
                    task,
                    kind: rows.string(kind),
                    began,
                });
                self.regions.entry(of).or_default().extend(open);
            }
        }
    }

    /// Nothing is known of `gap`: what is open ends there. Tasks and regions may go on.
    pub(super) fn lose(&mut self, trace: &mut Trace, gap: Interval) {
        self.close(trace, gap.start);
        self.known_since = gap.end;
    }

    /// Ends the ranges that are open.
    fn close(&mut self, trace: &mut Trace, end: Time) {
        // All Ps that there ever were may be many more than those that are held.
        for held in std::mem::take(&mut self.held).into_values() {
            end_held(trace, held, end);
        }
        let world = &mut trace.world;
        let until = |start| Interval { start, end };
        world.gc.extend(self.gc.take().map(until));
        let sweeps = sorted(std::mem::take(&mut self.sweeps));
        let sweep = |(of, Open { since, .. })| Sweep { interval: until(since), of };
        world.sweeps.extend(sweeps.into_iter().map(sweep));
        let assists = sorted(std::mem::take(&mut self.assists));
        let assist = |(of, Open { since, stack })| Assist { interval: until(since), of, stack };
        world.assists.extend(assists.into_iter().map(assist));
        for (by, open) in sorted(std::mem::take(&mut self.stops)) {
            for stop in open {
                let OpenStop { since, reason, stack } = stop;
                world.stw.push(StopTheWorld { interval: until(since), reason, by, stack });
            }
        }
    }

    /// Closes what is open at the trace's end, and cuts what began before its start.
    pub(super) fn finish(mut self, trace: &mut Trace) {
        let whole = trace.interval;
        let (start, end) = (whole.start, whole.end);
        self.close(trace, end);
        trace.world.procs.sort_by_key(|(id, _)| *id);
        let cut = |interval: &mut Interval| interval.start = interval.start.max(start);
        trace.world.gc.iter_mut().for_each(cut);
        trace.world.sweeps.iter_mut().for_each(|range| cut(&mut range.interval));
        trace.world.assists.iter_mut().for_each(|range| cut(&mut range.interval));
        trace.world.stw.iter_mut().for_each(|range| cut(&mut range.interval));
        for (goroutine, open) in sorted(self.regions) {
            for (depth, region) in (0..).zip(open) {
                trace.notes.regions.push(Region {
                    goroutine,
                    task: region.task,
                    kind: region.kind,
                    began: Edge::seen(region.began),
                    ended: Edge::OUTSIDE,
                    depth,
                });
            }
        }
    }
}

/// A P is not held any more.
fn end_held(trace: &mut Trace, (row, since, thread): (usize, Time, ThreadId), end: Time) {
    if let Some((_, spans)) = trace.world.procs.get_mut(row) {
        spans.push(ProcSpan { interval: Interval::new(since, end), thread });
    }
}

fn sorted<K: Ord, V>(map: WireMap<K, V>) -> Vec<(K, V)> {
    let mut pairs: Vec<(K, V)> = map.into_iter().collect();
    pairs.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    pairs
}

/// Notes a range's moment; gives the range when it ends. One that goes on from before the
/// trace begins at [`Time::MIN`] for now.
fn range<K: std::hash::Hash + Eq>(
    open: &mut WireMap<K, Open>,
    known_since: Time,
    of: K,
    now: Open,
    moment: RangeMoment,
) -> Option<(Interval, StackId)> {
    let unseen = Open { since: known_since, stack: StackId::EMPTY };
    match moment {
        RangeMoment::Begin => {
            open.insert(of, now);
            None
        }
        RangeMoment::Active => {
            open.entry(of).or_insert(unseen);
            None
        }
        RangeMoment::End { .. } => {
            let Open { since, stack } = open.remove(&of).unwrap_or(unseen);
            Some((Interval { start: since, end: now.since }, stack))
        }
    }
}
