//! The rules of what user code says of itself, of numbers and of experiments.

use std::borrow::Cow;

use super::assume::AssumedTask;
use super::regions::TextNumber;
use super::{Answer, Made, Step, Stop, TaskCell};
use crate::base::TaskId;
use crate::parse::event::{Body, MetricKind, StackRef, StrRef};
use crate::parse::spec::spec;

impl Made<'_, '_, '_> {
    /// A second begin of an active task is an error; nothing else about tasks is.
    pub(super) fn task_begin(&mut self, [id, parent, kind, stack]: [u64; 4]) -> Answer {
        let id = TaskId(id);
        if self.order.task(id).is_some() {
            return Err(Stop::broken(format!("task {id} begins twice")));
        }
        // On the wire 0 is no parent, not the background task.
        let parent = match parent {
            0 => TaskId::NONE,
            parent => TaskId(parent),
        };
        let kind = self.string(kind)?;
        let text = self.order.texts.of_row(&self.loaded.tables, kind);
        self.order.tasks.insert(id, TaskCell { parent, kind: text });
        self.order.assume_task(id, AssumedTask::New);
        self.needs_user_code()?;
        let stack = self.stack(stack)?;
        self.emit(stack, Body::TaskBegin { id, parent, kind });
        Ok(Step::Advanced)
    }

    /// Repeats type and parent of the begin, even from an earlier generation.
    pub(super) fn task_end(&mut self, [id, stack]: [u64; 2]) -> Answer {
        let id = TaskId(id);
        let known = self.order.task(id);
        self.order.tasks.remove(&id);
        let (parent, kind) = match known {
            Some(task) => (task.parent, self.text_row(task.kind)),
            None => {
                self.order.assume_task(id, AssumedTask::Ended);
                (TaskId::NONE, StrRef(0))
            }
        };
        self.needs_user_code()?;
        let stack = self.stack(stack)?;
        self.emit(stack, Body::TaskEnd { id, parent, kind });
        Ok(Step::Advanced)
    }

    /// The row of a text that may not be in this generation's table.
    fn text_row(&mut self, number: TextNumber) -> StrRef {
        if let Some(&row) = self.order.extra_rows.get(&number) {
            return row;
        }
        let text = self.order.texts.text(number);
        let row = match &*text {
            b"" => StrRef(0),
            text => self.loaded.tables.add_string(Cow::Owned(text.to_vec())),
        };
        self.order.extra_rows.insert(number, row);
        row
    }

    pub(super) fn region_begin(&mut self, [task, kind, stack]: [u64; 3]) -> Answer {
        self.needs_user_code()?;
        let task = TaskId(task);
        let kind = self.string(kind)?;
        let text = self.order.texts.of_row(&self.loaded.tables, kind);
        let of = self.context.goroutine;
        self.order.regions.push(of.slot, (task, text));
        let stack = self.stack(stack)?;
        self.emit(stack, Body::RegionBegin { task, kind });
        Ok(Step::Advanced)
    }

    /// Regions nest per goroutine; an end with nothing open began before the trace.
    pub(super) fn region_end(&mut self, [task, kind, stack]: [u64; 3]) -> Answer {
        self.needs_user_code()?;
        let task = TaskId(task);
        let kind = self.string(kind)?;
        let text = self.order.texts.of_row(&self.loaded.tables, kind);
        let of = self.context.goroutine;
        match self.order.regions.pop(of.slot) {
            Some(inner) if inner == (task, text) => {}
            Some(_) => {
                let what = format!("goroutine {} ends a region that is not its innermost", of.id);
                return Err(Stop::broken(what));
            }
            None => self.order.assume_region(of.slot, task, text),
        }
        let stack = self.stack(stack)?;
        self.emit(stack, Body::RegionEnd { task, kind });
        Ok(Step::Advanced)
    }

    pub(super) fn log(&mut self, [task, category, message, stack]: [u64; 4]) -> Answer {
        self.needs_user_code()?;
        let task = TaskId(task);
        let category = self.string(category)?;
        let message = self.string(message)?;
        let stack = self.stack(stack)?;
        self.emit(stack, Body::Log { task, category, message });
        Ok(Step::Advanced)
    }

    pub(super) fn label(&mut self, [label]: [u64; 1]) -> Answer {
        self.needs_user_code()?;
        let label = self.string(label)?;
        self.emit(StackRef(0), Body::Label(label));
        Ok(Step::Advanced)
    }

    pub(super) fn procs_change(&mut self, [value, stack]: [u64; 2]) -> Answer {
        self.needs_user_code()?;
        let stack = self.stack(stack)?;
        self.emit(stack, Body::Metric { kind: MetricKind::GoMaxProcs, value });
        Ok(Step::Advanced)
    }

    pub(super) fn heap(&mut self, kind: MetricKind, [value]: [u64; 1]) -> Answer {
        self.needs_proc()?;
        self.emit(StackRef(0), Body::Metric { kind, value });
        Ok(Step::Advanced)
    }

    pub(super) fn experimental(&mut self, wire_type: u8, args: [u64; 3]) -> Answer {
        self.needs_thread()?;
        let count = spec(wire_type).map_or(0, |spec| spec.args.len());
        let mut shown = [0; 3];
        for (place, &arg) in shown.iter_mut().zip(&args).take(count) {
            *place = arg;
        }
        self.emit(StackRef(0), Body::Experimental { wire_type, args: shown });
        Ok(Step::Advanced)
    }
}
