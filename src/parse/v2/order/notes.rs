//! The rules of what user code says of itself, of numbers and of experiments.

use std::borrow::Cow;

use super::{Answer, Made, Step, Stop, TaskCell, nth};
use crate::base::TaskId;
use crate::parse::event::{Body, MetricKind, StackRef, StrRef};
use crate::parse::spec::{spec, wire};

impl Made<'_, '_, '_> {
    /// A second begin of an active task is an error; nothing else about tasks is.
    pub(super) fn task_begin(&mut self, args: &[u64]) -> Answer {
        let id = TaskId(nth(args, 0));
        if self.order.tasks.contains_key(&id) {
            return Err(Stop::broken(format!("task {id} begins twice")));
        }
        // On the wire 0 is no parent, not the background task.
        let parent = match nth(args, 1) {
            0 => TaskId::NONE,
            parent => TaskId(parent),
        };
        let kind = self.string(nth(args, 2))?;
        let text = self.order.text(self.loaded, kind);
        self.order.tasks.insert(id, TaskCell { parent, kind: text });
        self.order.assume_task_new(id);
        self.needs_user_code()?;
        let stack = self.stack(nth(args, 3))?;
        self.emit(stack, Body::TaskBegin { id, parent, kind });
        Ok(Step::Advanced)
    }

    /// Repeats type and parent of the begin, even from an earlier generation.
    pub(super) fn task_end(&mut self, args: &[u64]) -> Answer {
        let id = TaskId(nth(args, 0));
        let (parent, kind) = match self.order.tasks.remove(&id) {
            Some(task) => (task.parent, self.text_row(&task.kind)),
            None => {
                self.order.assume_task_ended(id);
                (TaskId::NONE, StrRef(0))
            }
        };
        self.needs_user_code()?;
        let stack = self.stack(nth(args, 1))?;
        self.emit(stack, Body::TaskEnd { id, parent, kind });
        Ok(Step::Advanced)
    }

    /// The row of a text that may not be in this generation's table.
    fn text_row(&mut self, text: &[u8]) -> StrRef {
        if text.is_empty() {
            return StrRef(0);
        }
        if let Some(&row) = self.order.extra_rows.get(text) {
            return row;
        }
        let row = self.loaded.tables.add_string(Cow::Owned(text.to_vec()));
        self.order.extra_rows.insert(text.into(), row);
        row
    }

    pub(super) fn region_begin(&mut self, args: &[u64]) -> Answer {
        self.needs_user_code()?;
        let task = TaskId(nth(args, 0));
        let kind = self.string(nth(args, 1))?;
        let text = self.order.text(self.loaded, kind);
        let of = self.context.goroutine;
        self.order.regions.entry(of.slot).or_default().push((task, text));
        let stack = self.stack(nth(args, 2))?;
        self.emit(stack, Body::RegionBegin { task, kind });
        Ok(Step::Advanced)
    }

    /// Regions nest per goroutine; an end with nothing open began before the trace.
    pub(super) fn region_end(&mut self, args: &[u64]) -> Answer {
        self.needs_user_code()?;
        let task = TaskId(nth(args, 0));
        let kind = self.string(nth(args, 1))?;
        let text = self.order.text(self.loaded, kind);
        let of = self.context.goroutine;
        match self.order.regions.get_mut(&of.slot) {
            Some(open) => {
                if open.pop().is_some_and(|inner| inner != (task, text)) {
                    let what =
                        format!("goroutine {} ends a region that is not its innermost", of.id);
                    return Err(Stop::broken(what));
                }
                if open.is_empty() {
                    self.order.regions.remove(&of.slot);
                }
            }
            None => self.order.assume_region(of.slot, task, text),
        }
        let stack = self.stack(nth(args, 2))?;
        self.emit(stack, Body::RegionEnd { task, kind });
        Ok(Step::Advanced)
    }

    pub(super) fn log(&mut self, args: &[u64]) -> Answer {
        self.needs_user_code()?;
        let task = TaskId(nth(args, 0));
        let category = self.string(nth(args, 1))?;
        let message = self.string(nth(args, 2))?;
        let stack = self.stack(nth(args, 3))?;
        self.emit(stack, Body::Log { task, category, message });
        Ok(Step::Advanced)
    }

    pub(super) fn label(&mut self, args: &[u64]) -> Answer {
        self.needs_user_code()?;
        let label = self.string(nth(args, 0))?;
        self.emit(StackRef(0), Body::Label(label));
        Ok(Step::Advanced)
    }

    pub(super) fn metric(&mut self, wire_type: u8, args: &[u64]) -> Answer {
        let (kind, stack) = match wire_type {
            wire::PROCS_CHANGE => {
                self.needs_user_code()?;
                (MetricKind::GoMaxProcs, self.stack(nth(args, 1))?)
            }
            wire::HEAP_ALLOC => (MetricKind::HeapObjects, StackRef(0)),
            _ => (MetricKind::HeapGoal, StackRef(0)),
        };
        self.needs_proc()?;
        self.emit(stack, Body::Metric { kind, value: nth(args, 0) });
        Ok(Step::Advanced)
    }

    pub(super) fn experimental(&mut self, wire_type: u8, args: &[u64]) -> Answer {
        self.needs_thread()?;
        let count = spec(wire_type).map_or(0, |spec| spec.args.len());
        let mut shown = [0; 3];
        for (place, &arg) in shown.iter_mut().zip(args).take(count) {
            *place = arg;
        }
        self.emit(StackRef(0), Body::Experimental { wire_type, args: shown });
        Ok(Step::Advanced)
    }
}
