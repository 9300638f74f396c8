//! What is not a goroutine's state but drawn as bars, in the orders that drawing needs.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::base::{Goroutine, Interval, ThreadId, Time, narrow};
use crate::model::{Log, MetricPoint, ProcSpan, Region, Task, Trace, World};

use super::class::StateClass;
use super::density::{self, Density};
use super::grouped::Grouped;
use super::maxtree::MaxTree;
use super::sums::Sums;
use super::threads::Threads;

/// Regions by goroutine and depth, tasks packed into rows, stop-the-world by start.
#[derive(Clone, Debug, Default)]
pub(super) struct Tracks {
    /// Rows of the model's regions, by goroutine, depth and begin.
    regions: Grouped,
    /// How long they are, in that order.
    pub(super) region_sums: Sums,
    /// When tasks are and their rows in the model: in each list they do not overlap and are in
    /// order of time.
    pub(super) tasks: Vec<Vec<(Interval, u32)>>,
    pub(super) task_sums: Vec<Sums>,
    pub(super) gc_sums: Sums,
    /// Rows of the model's stop-the-world stretches, by start.
    pub(super) stop_the_world: Vec<u32>,
    pub(super) stop_sums: Sums,
    /// Rows of the model's logs, by goroutine and time; those of nobody are left out.
    logs: Grouped,
    pub(super) heap: Curve,
    pub(super) heap_goal: Curve,
    /// How many tasks are open, over time.
    pub(super) tasks_open: Density,
    /// How many Ps are held by a thread, over time.
    pub(super) procs_held: Density,
    /// For how long each P is held.
    pub(super) proc_sums: Vec<Sums>,
    pub(super) threads: Threads,
    pub(super) thread_sums: Vec<Sums>,
}

/// The extremes of a metric, found without looking at every report of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Curve {
    /// Values and, negated, values again, in order of time.
    pub(super) highest: MaxTree,
    pub(super) lowest: MaxTree,
}

impl Curve {
    fn new(points: &[MetricPoint]) -> Self {
        let value = |point: &MetricPoint| i64::try_from(point.value).unwrap_or(i64::MAX);
        Self {
            highest: MaxTree::new(points.iter().map(value).collect()),
            lowest: MaxTree::new(points.iter().map(|point| -value(point)).collect()),
        }
    }
}

/// From a task's begin to its end, cut at the trace's edges.
fn task_interval(task: &Task, trace: Interval) -> Interval {
    Interval::new(task.began.time().unwrap_or(trace.start), task.ended.time().unwrap_or(trace.end))
}

impl Tracks {
    pub(super) fn new(trace: &Trace) -> Self {
        let whole = trace.interval();
        let regions = trace.notes().regions();
        let stw = trace.world().stop_the_world();
        let n_goroutines = trace.n_goroutines();
        let mut by_goroutine = Grouped::new(n_goroutines, regions, |region| Some(region.goroutine));
        by_goroutine.sort_each(|row| {
            let region = &regions[row as usize];
            (region.depth, region.interval(whole).start)
        });
        let mut pauses = rows(stw.len());
        pauses.sort_unstable_by_key(|&row| stw[row as usize].interval.start);
        let logs = trace.notes().logs();
        let mut logs_by_goroutine = Grouped::new(n_goroutines, logs, |log| log.goroutine);
        logs_by_goroutine.sort_each(|row| logs[row as usize].at);
        let tasks = pack(trace.notes().tasks(), whole);
        let open = tasks.iter().flatten().map(|&(interval, _)| interval);
        let world = trace.world();
        let procs = world.procs().iter();
        let held = procs.flat_map(|(_, spans)| spans.iter().map(|span| span.interval));
        let threads = Threads::new(world);
        let region = |at: usize| regions[by_goroutine.order[at] as usize].interval(whole);
        Self {
            region_sums: Sums::new(by_goroutine.order.len(), region),
            task_sums: tasks.iter().map(|row| Sums::new(row.len(), |at| row[at].0)).collect(),
            gc_sums: Sums::new(world.gc().len(), |at| world.gc()[at]),
            stop_sums: Sums::new(pauses.len(), |at| stw[pauses[at] as usize].interval),
            proc_sums: proc_sums(world),
            thread_sums: thread_sums(&threads, world),
            regions: by_goroutine,
            tasks_open: occupancy(whole, open, StateClass::Blocked),
            procs_held: occupancy(whole, held, StateClass::Running),
            threads,
            tasks,
            stop_the_world: pauses,
            logs: logs_by_goroutine,
            heap: Curve::new(trace.world().heap()),
            heap_goal: Curve::new(trace.world().heap_goal()),
        }
    }

    /// The thread whose lane this is.
    pub(super) fn thread(&self, lane: u32) -> Option<ThreadId> {
        self.threads.ids().nth(lane as usize)
    }

    /// A goroutine's logs from `from` on, as rows of the model's, in order of time.
    pub(super) fn logs_from(&self, all: &[Log], goroutine: Goroutine, from: Time) -> &[u32] {
        let of_one = self.logs.rows(goroutine);
        &of_one[of_one.partition_point(|&row| all[row as usize].at < from)..]
    }

    /// A goroutine's regions at one depth, as rows of the model's, in order of begin; and where
    /// the first of them is among all goroutines'.
    pub(super) fn regions_at(
        &self,
        all: &[Region],
        goroutine: Goroutine,
        depth: u32,
    ) -> (&[u32], usize) {
        let (first, _) = self.regions.of(goroutine);
        let of_one = self.regions.rows(goroutine);
        let start = of_one.partition_point(|&row| all[row as usize].depth < depth);
        let end = of_one.partition_point(|&row| all[row as usize].depth <= depth);
        (&of_one[start..end], first + start)
    }

    /// How deep a goroutine's regions go: how many can lie in each other; 0 if it has none.
    pub(super) fn region_depth(&self, all: &[Region], goroutine: Goroutine) -> u32 {
        let deepest = self.regions.rows(goroutine).last();
        deepest.map_or(0, |&row| all[row as usize].depth + 1)
    }
}

/// For how long each P is held by a thread.
fn proc_sums(world: &World) -> Vec<Sums> {
    let sums = |spans: &Vec<ProcSpan>| Sums::new(spans.len(), |at| spans[at].interval);
    world.procs().iter().map(|(_, spans)| sums(spans)).collect()
}

/// For how long each thread holds a P.
fn thread_sums(threads: &Threads, world: &World) -> Vec<Sums> {
    let lanes = 0..narrow(threads.ids().len());
    let sums = |lane| Sums::new(threads.n_held(lane), |at| threads.held(world, lane, at).0);
    lanes.map(sums).collect()
}

/// How many of some intervals hold each moment.
fn occupancy(
    trace: Interval,
    intervals: impl Iterator<Item = Interval>,
    class: StateClass,
) -> Density {
    let mut builder = density::Builder::new(trace.ns(), 0, 1);
    let (mut any, layer) = (false, density::layer(class));
    for interval in intervals {
        builder.add(interval.start.since(trace.start), interval.end.since(trace.start), layer);
        any = true;
    }
    if any { builder.finish() } else { Density::default() }
}

/// Packs tasks into as few rows as hold them without overlap: each takes the row that has
/// been free the longest. Costs n log n.
fn pack(tasks: &[Task], trace: Interval) -> Vec<Vec<(Interval, u32)>> {
    let mut order = rows(tasks.len());
    let interval = |row: &u32| task_interval(&tasks[*row as usize], trace);
    order.sort_by_key(|row| interval(row).start);
    let mut packed: Vec<Vec<(Interval, u32)>> = Vec::new();
    let mut free: BinaryHeap<Reverse<(Time, usize)>> = BinaryHeap::new();
    for row in order {
        let span = interval(&row);
        let is_free = free.peek().is_some_and(|Reverse((end, _))| *end <= span.start);
        let reused = if is_free { free.pop() } else { None };
        let at = reused.map_or(packed.len(), |Reverse((_, at))| at);
        if at == packed.len() {
            packed.push(Vec::new());
        }
        packed[at].push((span, row));
        free.push(Reverse((span.end, at)));
    }
    packed
}

fn rows(n: usize) -> Vec<u32> {
    (0..narrow(n)).collect()
}
