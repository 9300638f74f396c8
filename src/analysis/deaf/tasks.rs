//! The grade `task`: works in the same user task as one that heard, or as one that logged the
//! cancel.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::{Goroutine, Interval, TaskId};
use crate::model::Trace;

use super::super::Rules;
use super::super::types::Cancel;
use super::super::words::Evidence;
use super::{Found, Ground, Row};

/// The background task, which everything is in.
const BACKGROUND: TaskId = TaskId(0);

/// How far up to look for ancestors.
const MAX_GENERATIONS: usize = 16;

/// Who works in which task for longer than the limit, and what else it takes to judge them.
pub(super) struct LongWork {
    /// By task: who, from when until when.
    by_task: FxHashMap<TaskId, Vec<(Goroutine, Interval)>>,
    /// The tasks among these in which each goroutine has ever been seen.
    tasks_of: FxHashMap<Goroutine, FxHashSet<TaskId>>,
    /// Goroutines that were seen in more than one task: they serve one after the other.
    many: FxHashSet<Goroutine>,
}

impl LongWork {
    pub(super) fn new(trace: &Trace, rules: &Rules) -> Self {
        let mut work =
            Self { by_task: FxHashMap::default(), tasks_of: FxHashMap::default(), many: FxHashSet::default() };
        let all = trace.interval();
        for region in trace.notes().regions() {
            let interval = region.interval(all);
            if region.task != BACKGROUND && interval.ns() > rules.late_over_ns {
                work.by_task.entry(region.task).or_default().push((region.goroutine, interval));
            }
        }
        if !work.by_task.is_empty() {
            work.note_tasks(trace);
        }
        work
    }

    fn note_tasks(&mut self, trace: &Trace) {
        let notes = trace.notes();
        let regions = notes.regions().iter().map(|region| (region.goroutine, region.task));
        let logs = notes.logs().iter().filter_map(|log| Some((log.goroutine?, log.task)));
        let begun = notes.tasks().iter().filter_map(|task| Some((task.goroutine?, task.id)));
        for (goroutine, task) in regions.chain(logs).chain(begun) {
            if task == BACKGROUND {
                continue;
            }
            let tasks = self.tasks_of.entry(goroutine).or_default();
            tasks.insert(task);
            if tasks.len() > 1 {
                self.many.insert(goroutine);
            }
        }
    }
}

/// Adds those that work in a task of one who heard, or in that of the cancel's log.
pub(super) fn find(
    ground: &Ground<'_>,
    cancel: &Cancel,
    work: &LongWork,
    found: &mut Found,
) {
    if work.by_task.is_empty() {
        return;
    }
    let mut asked: FxHashSet<TaskId> = FxHashSet::default();
    for hearing in ground.told(cancel) {
        let Some(tasks) = work.tasks_of.get(&hearing.goroutine) else { continue };
        // One who serves many tasks tells nothing of any.
        if work.many.contains(&hearing.goroutine) {
            continue;
        }
        for &task in tasks {
            if asked.insert(task) {
                add(ground, cancel, work, task, Some(hearing.goroutine), found);
            }
        }
    }
    if cancel.task != BACKGROUND && !asked.contains(&cancel.task) {
        add(ground, cancel, work, cancel.task, cancel.by, found);
    }
}

fn add(
    ground: &Ground<'_>,
    cancel: &Cancel,
    work: &LongWork,
    task: TaskId,
    because_of: Option<Goroutine>,
    found: &mut Found,
) {
    for &(goroutine, interval) in work.by_task.get(&task).map_or(&[][..], Vec::as_slice) {
        let works_on = interval.start < cancel.at
            && interval.end - cancel.at > ground.rules.late_over_ns
            && !work.many.contains(&goroutine);
        // Who created the one that heard may have given it a context of its own.
        let above = because_of.is_some_and(|of| is_ancestor(ground, goroutine, of));
        if works_on && !above && ground.may_be_deaf(cancel, goroutine) {
            found.add(Row { goroutine, evidence: Evidence::Task, left: None });
        }
    }
}

fn is_ancestor(ground: &Ground<'_>, who: Goroutine, of: Goroutine) -> bool {
    let parents = &ground.trace.goroutines.parents;
    let up = std::iter::successors(Some(of), |of| parents[of.index()]);
    up.skip(1).take(MAX_GENERATIONS).any(|ancestor| ancestor == who)
}
