//! The grade `task`: a goroutine works in the user task of one that heard, or of one that logged the
//! cancel.

use rustc_hash::FxHashMap;

use crate::base::{Goroutine, Interval, TaskId, Time, WireMap, WireSet};
use crate::model::Trace;

use super::super::index::Register;
use super::super::threads::Threads;
use super::super::types::Cancel;
use super::super::words::Evidence;
use super::super::{Rules, lives};
use super::{Found, Inquiry, Row};

/// The background task, which everything is in.
const BACKGROUND: TaskId = TaskId(0);

/// How far up to look for ancestors.
const MAX_GENERATIONS: usize = 16;

/// To so many cancels of its task, the first ones, a goroutine that works there can be deaf, and to more
/// only as far as all that work there are deaf no more often than there are cancels. Where each of
/// thousands has a deadline of its own in one task, each of as many others would be deaf to all.
const CANCELS: usize = 16;

/// The goroutines that work in a task for longer than the limit, and what else it takes to judge them.
pub(crate) struct LongWork {
    /// By task: the goroutines, and from when until when.
    by_task: WireMap<TaskId, Vec<(Goroutine, Interval)>>,
    /// By goroutine: whether it was seen in any task of long work; empty if there are none.
    known: Vec<bool>,
    /// In which tasks each of the known goroutines was seen.
    tasks: WireMap<Goroutine, Seen>,
}

/// In which tasks a goroutine was seen.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    In(TaskId),
    /// In several: it serves one after the other.
    InMany,
}

impl LongWork {
    pub(crate) fn new(trace: &Trace, rules: &Rules) -> Self {
        let mut by_task: WireMap<TaskId, Vec<(Goroutine, Interval)>> = WireMap::default();
        let all = trace.interval();
        for region in trace.notes().regions() {
            if region.task != BACKGROUND {
                let interval = region.interval(all);
                if interval.ns() > rules.late_over_ns {
                    by_task.entry(region.task).or_default().push((region.goroutine, interval));
                }
            }
        }
        Self { by_task, known: Vec::new(), tasks: WireMap::default() }
    }

    /// Notes in which tasks the goroutines are seen that are in any of long work, if there is any left.
    pub(super) fn see(&mut self, trace: &Trace, threads: Threads) {
        if self.by_task.is_empty() {
            return;
        }
        let mut known = vec![false; trace.n_goroutines() as usize];
        for (goroutine, _) in seen(trace, threads, |_, task| self.by_task.contains_key(&task)) {
            known[goroutine.index()] = true;
        }
        for (goroutine, task) in seen(trace, threads, |goroutine, _| known[goroutine.index()]) {
            let now = self.tasks.entry(goroutine).or_insert(Seen::In(task));
            if *now != Seen::In(task) {
                *now = Seen::InMany;
            }
        }
        self.known = known;
    }

    /// Leaves out all but the work of goroutines that fit.
    pub(super) fn retain(&mut self, fits: impl Fn(Goroutine) -> bool) {
        self.by_task.retain(|_, work| {
            work.retain(|(goroutine, _)| fits(*goroutine));
            !work.is_empty()
        });
    }

    /// The task that a goroutine works in, if it is only one and somebody works there for long.
    fn task_of(&self, goroutine: Goroutine) -> Option<TaskId> {
        let known = self.known.get(goroutine.index()).copied().unwrap_or(false);
        match known.then(|| self.tasks.get(&goroutine)).flatten() {
            Some(Seen::In(task)) => Some(*task),
            _ => None,
        }
    }
}

/// Each sight of a goroutine in a task, as far as both fit.
fn seen(
    trace: &Trace,
    threads: Threads,
    fits: impl Fn(Goroutine, TaskId) -> bool + Sync,
) -> Vec<(Goroutine, TaskId)> {
    let notes = trace.notes();
    let fits =
        |&(goroutine, task): &(Goroutine, TaskId)| task != BACKGROUND && fits(goroutine, task);
    let mut seen = threads.over_rows(notes.regions().len(), |rows| {
        let regions = notes.regions()[rows].iter().map(|region| (region.goroutine, region.task));
        regions.filter(fits).collect()
    });
    let logs = notes.logs().iter().filter_map(|log| Some((log.goroutine?, log.task)));
    let begun = notes.tasks().iter().filter_map(|task| Some((task.goroutine?, task.id)));
    seen.extend(logs.chain(begun).filter(fits));
    seen
}

/// A cancel that a goroutine of a task heard, or that was logged in it.
#[derive(Clone, Copy)]
struct Told {
    cancel: u32,
    at: Time,
    /// The goroutine that heard and tells of the task.
    because_of: Option<Goroutine>,
}

/// The goroutines that may have to stop for a cancel because of a task.
#[derive(Default)]
pub(super) struct ByTask(FxHashMap<u32, Vec<Goroutine>>);

impl ByTask {
    /// Holds the cancels of each task against the goroutines that work in it. `logged` gives the task of
    /// a cancel's log.
    pub(super) fn new(
        inquiry: &Inquiry<'_>,
        work: &mut LongWork,
        logged: impl Fn(&Cancel) -> Option<TaskId> + Sync,
    ) -> Self {
        let mut by_task = Self::default();
        if work.by_task.is_empty() {
            return by_task;
        }
        let Register { cancels, .. } = inquiry.register;
        let told = inquiry.threads.over_rows(cancels.len(), |rows| {
            cancels[rows].iter().flat_map(|cancel| told(inquiry, cancel, work, &logged)).collect()
        });
        let mut of_task: WireMap<TaskId, Vec<Told>> = WireMap::default();
        for (task, told) in told {
            of_task.entry(task).or_default().push(told);
        }
        for (task, told) in of_task {
            let mut intervals = work.by_task.remove(&task).unwrap_or_default();
            intervals.retain(|(goroutine, _)| work.task_of(*goroutine) == Some(task));
            intervals.sort_by_key(|(goroutine, interval)| (*goroutine, interval.start));
            let each = || intervals.chunk_by(|one, other| one.0 == other.0);
            let most = CANCELS.max(told.len() / each().count().max(1));
            for of_one in each() {
                by_task.add(inquiry, &told, of_one, most);
            }
        }
        by_task
    }

    /// Adds the first cancels for which a goroutine that works in a task may have to stop, in order of
    /// time, so many at most; the intervals in which it works there are in order of their beginnings.
    fn add(
        &mut self,
        inquiry: &Inquiry<'_>,
        told: &[Told],
        of_one: &[(Goroutine, Interval)],
        most: usize,
    ) {
        let late_ns = inquiry.rules.late_over_ns;
        let (mut next, mut n_added) = (0, 0);
        for &(goroutine, interval) in of_one {
            next = next.max(told.partition_point(|told| told.at <= interval.start));
            let ends = told.partition_point(|told| interval.end - told.at > late_ns);
            while next < ends && n_added < most {
                let Told { cancel, because_of, .. } = told[next];
                let of = inquiry.register.cancel(cancel);
                // The creator of the one that heard may have given it a context of its own.
                let above = because_of.is_some_and(|of| is_ancestor(inquiry, goroutine, of));
                if !above && of.by != Some(goroutine) && !inquiry.heard(of, goroutine) {
                    self.0.entry(cancel).or_default().push(goroutine);
                    n_added += 1;
                }
                next += 1;
            }
        }
    }
}

/// The tasks of those that heard a cancel, and that of its log, each once.
fn told(
    inquiry: &Inquiry<'_>,
    cancel: &Cancel,
    work: &LongWork,
    logged: impl Fn(&Cancel) -> Option<TaskId>,
) -> Vec<(TaskId, Told)> {
    let told = |because_of| Told { cancel: cancel.id, at: cancel.at, because_of };
    let mut asked: WireSet<TaskId> = WireSet::default();
    // A goroutine that serves many tasks tells nothing of any.
    let tasks = inquiry.told(cancel).filter_map(|hearing| {
        let task = work.task_of(hearing.goroutine)?;
        asked.insert(task).then(|| (task, told(Some(hearing.goroutine))))
    });
    let mut tasks: Vec<(TaskId, Told)> = tasks.collect();
    let by_log = logged(cancel).filter(|task| *task != BACKGROUND && !asked.contains(task));
    tasks.extend(by_log.map(|task| (task, told(cancel.by))));
    tasks
}

/// Adds the goroutines that work in a task of one that heard, or in that of the cancel's log.
pub(super) fn find(inquiry: &Inquiry<'_>, cancel: &Cancel, by_task: &ByTask, found: &mut Found) {
    for &goroutine in by_task.0.get(&cancel.id).map_or(&[][..], Vec::as_slice) {
        if inquiry.may_be_deaf(cancel, goroutine) {
            found.add(Row { goroutine, evidence: Evidence::Task, left: None, question: None });
        }
    }
}

fn is_ancestor(inquiry: &Inquiry<'_>, who: Goroutine, of: Goroutine) -> bool {
    let line = lives::line(inquiry.trace, of);
    line.skip(1).take(MAX_GENERATIONS).any(|ancestor| ancestor == who)
}
