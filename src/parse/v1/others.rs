//! The events that are not about scheduling: metrics, the GC, tasks, regions, logs.
//!
//! A misuse of regions, or a GC that begins twice, is noted and told as it stands: the rest of
//! the trace can be trusted all the same. Go's reader refuses such traces.

use super::convert::Step;
use super::index::Index;
use super::names::Names;
use super::notes::Notes;
use super::wire::Kind;
use crate::base::{ProcId, TaskId, WireMap, WireSet};
use crate::parse::event::{Body, MetricKind, RangeKind, RangeMoment, StrRef};

/// What is open.
#[derive(Default, Debug)]
pub(super) struct Others {
    gc: bool,
    /// Why the world is stopped, or was last.
    world_stop: StrRef,
    world_stopped: bool,
    /// Ps that sweep.
    sweeps: WireSet<ProcId>,
    /// Parent and type by id.
    tasks: WireMap<TaskId, (TaskId, StrRef)>,
    /// Task and type's id, by the goroutine's slot.
    regions: WireMap<u32, Vec<(u64, u64)>>,
}

const END: RangeMoment = RangeMoment::End { swept: 0, reclaimed: 0 };

impl Others {
    /// Converts an event, unless it means nothing.
    pub(super) fn convert(
        &mut self,
        step: &Step<'_>,
        index: &Index<'_>,
        names: &Names,
        notes: &mut Notes,
    ) -> Option<Body> {
        let [first, second, third] = step.raw.args;
        let (at, by, proc) = (step.record.at, step.context.goroutine, step.context.proc);
        let string = |id| index.dictionary.string(id);
        let metric = |kind| Body::Metric { kind, value: first };
        let range = |kind, moment| Body::Range { kind, moment };
        Some(match step.record.kind {
            Kind::Gomaxprocs => metric(MetricKind::GoMaxProcs),
            Kind::HeapAlloc => metric(MetricKind::HeapObjects),
            Kind::HeapGoal => metric(MetricKind::HeapGoal),
            Kind::CpuSample => Body::StackSample,
            Kind::GcStart => {
                set(&mut self.gc, true, at, "a GC cycle begins or ends twice", notes);
                range(RangeKind::GcMark, RangeMoment::Begin)
            }
            Kind::GcDone => {
                set(&mut self.gc, false, at, "a GC cycle begins or ends twice", notes);
                range(RangeKind::GcMark, END)
            }
            Kind::StwStart => {
                set(&mut self.world_stopped, true, at, "the world stops or starts twice", notes);
                self.world_stop = names.world_stop(first);
                range(RangeKind::StopTheWorld { reason: self.world_stop, by }, RangeMoment::Begin)
            }
            Kind::StwDone => {
                set(&mut self.world_stopped, false, at, "the world stops or starts twice", notes);
                range(RangeKind::StopTheWorld { reason: self.world_stop, by }, END)
            }
            Kind::GcSweepStart => {
                if !self.sweeps.insert(proc) {
                    notes.add(at, "a P begins or ends sweeping twice");
                }
                range(RangeKind::GcSweep(proc), RangeMoment::Begin)
            }
            Kind::GcSweepDone => {
                if !self.sweeps.remove(&proc) {
                    notes.add(at, "a P begins or ends sweeping twice");
                }
                let end = RangeMoment::End { swept: first, reclaimed: second };
                range(RangeKind::GcSweep(proc), end)
            }
            Kind::GcMarkAssistStart => range(RangeKind::GcMarkAssist(by), RangeMoment::Begin),
            Kind::GcMarkAssistDone => range(RangeKind::GcMarkAssist(by), END),
            Kind::UserTaskCreate => self.task_begin(first, second, string(third)),
            Kind::UserTaskEnd => self.task_end(first),
            Kind::UserRegion => self.region(step, string(third), notes)?,
            Kind::UserLog => {
                let messages = &index.messages;
                let row = messages.binary_search_by_key(&at, |&(place, _)| place).ok();
                let message = row.and_then(|row| messages.get(row)).map_or(StrRef(0), |m| m.1);
                Body::Log { task: TaskId(first), category: string(second), message }
            }
            _ => return None,
        })
    }

    fn task_begin(&mut self, id: u64, parent: u64, kind: StrRef) -> Body {
        let (id, parent) = (TaskId(id), TaskId(parent));
        self.tasks.insert(id, (parent, kind));
        let parent = if parent == TaskId(0) { TaskId::NONE } else { parent };
        Body::TaskBegin { id, parent, kind }
    }

    /// Tells the parent as the file does, 0 for none, where the beginning tells none; so does
    /// Go's reader.
    fn task_end(&mut self, id: u64) -> Body {
        let id = TaskId(id);
        let (parent, kind) = self.tasks.remove(&id).unwrap_or((TaskId::NONE, StrRef(0)));
        Body::TaskEnd { id, parent, kind }
    }

    fn region(&mut self, step: &Step<'_>, kind: StrRef, notes: &mut Notes) -> Option<Body> {
        let [task, mode, type_id] = step.raw.args;
        let at = step.record.at;
        let open = self.regions.entry(step.record.goroutine).or_default();
        match mode {
            0 => {
                open.push((task, type_id));
                Some(Body::RegionBegin { task: TaskId(task), kind })
            }
            1 => {
                // One that is not open began before the trace, if none is.
                if open.pop().is_some_and(|innermost| innermost != (task, type_id)) {
                    notes.add(at, "a region ends that is not the innermost one of its goroutine");
                }
                Some(Body::RegionEnd { task: TaskId(task), kind })
            }
            _ => {
                notes.add(at, "a region event tells neither beginning nor end, and is ignored");
                None
            }
        }
    }
}

/// Sets a state that should have been the other one.
fn set(state: &mut bool, to: bool, at: usize, what: &'static str, notes: &mut Notes) {
    if std::mem::replace(state, to) == to {
        notes.add(at, what);
    }
}
