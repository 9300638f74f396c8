//! The grade `task`: works in the same user task as one that heard, or as one that logged the
//! cancel.

use crate::base::{Goroutine, Interval, TaskId, WireMap, WireSet};
use crate::model::Trace;

use super::super::threads::Threads;
use super::super::types::Cancel;
use super::super::words::Evidence;
use super::super::{Rules, lives};
use super::{Found, Inquiry, Row};

/// The background task, which everything is in.
const BACKGROUND: TaskId = TaskId(0);

/// How far up to look for ancestors.
const MAX_GENERATIONS: usize = 16;

/// Who works in which task for longer than the limit, and what else it takes to judge them.
pub(crate) struct LongWork {
    /// By task: who, from when until when.
    by_task: WireMap<TaskId, Vec<(Goroutine, Interval)>>,
    /// By goroutine: whether it was seen in any of these tasks; empty if there are none.
    known: Vec<bool>,
    /// In which tasks those were seen.
    tasks: WireMap<Goroutine, Seen>,
}

/// In which tasks a goroutine was seen.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    In(TaskId),
    /// It serves one after the other.
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

    /// Notes in which tasks those are seen who are in any of long work, if there is any left.
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

/// Who was seen in which task, time and again, as far as they fit.
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

/// Adds those that work in a task of one who heard, or in that of the cancel's log.
pub(super) fn find(
    inquiry: &Inquiry<'_>,
    cancel: &Cancel,
    work: &LongWork,
    logged: Option<TaskId>,
    found: &mut Found,
) {
    if work.by_task.is_empty() {
        return;
    }
    let mut asked: WireSet<TaskId> = WireSet::default();
    for hearing in inquiry.told(cancel) {
        // One who serves many tasks tells nothing of any.
        if let Some(task) = work.task_of(hearing.goroutine)
            && asked.insert(task)
        {
            add(inquiry, cancel, work, task, Some(hearing.goroutine), found);
        }
    }
    if let Some(task) = logged.filter(|task| *task != BACKGROUND && !asked.contains(task)) {
        add(inquiry, cancel, work, task, cancel.by, found);
    }
}

fn add(
    inquiry: &Inquiry<'_>,
    cancel: &Cancel,
    work: &LongWork,
    task: TaskId,
    because_of: Option<Goroutine>,
    found: &mut Found,
) {
    for &(goroutine, interval) in work.by_task.get(&task).map_or(&[][..], Vec::as_slice) {
        let works_on = interval.start < cancel.at
            && interval.end - cancel.at > inquiry.rules.late_over_ns
            && work.task_of(goroutine) == Some(task);
        // Who created the one that heard may have given it a context of its own.
        let above = because_of.is_some_and(|of| is_ancestor(inquiry, goroutine, of));
        if works_on && !above && inquiry.may_be_deaf(cancel, goroutine) {
            found.add(Row { goroutine, evidence: Evidence::Task, left: None, question: None });
        }
    }
}

fn is_ancestor(inquiry: &Inquiry<'_>, who: Goroutine, of: Goroutine) -> bool {
    let up = std::iter::successors(Some(of), |of| lives::parent(inquiry.trace, *of));
    up.skip(1).take(MAX_GENERATIONS).any(|ancestor| ancestor == who)
}
