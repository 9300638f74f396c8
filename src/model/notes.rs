//! What user code said of itself: tasks, regions, logs.

use crate::base::{Goroutine, Interval, StackId, StrId, TaskId, Time};

use super::goroutines::Edge;

/// `trace.NewTask` … `End`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Task {
    /// The trace's id.
    pub id: TaskId,
    /// The parent task; [`TaskId::NONE`] if it has none.
    pub parent: TaskId,
    /// Its type; "" if its begin was not seen.
    pub kind: StrId,
    /// When it began.
    pub began: Edge,
    /// When it ended.
    pub ended: Edge,
    /// Who began it, if that was seen.
    pub goroutine: Option<Goroutine>,
    /// Where.
    pub stack: StackId,
}

/// `trace.StartRegion` … `End` on one goroutine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Region {
    /// Whose.
    pub goroutine: Goroutine,
    /// The task it belongs to; 0 for the background task.
    pub task: TaskId,
    /// Its type.
    pub kind: StrId,
    /// When it began.
    pub began: Edge,
    /// When it ended.
    pub ended: Edge,
    /// How many regions of the goroutine it lies in.
    pub depth: u32,
}

impl Region {
    /// From begin to end, cut at the trace's edges.
    #[must_use]
    pub fn interval(&self, trace: Interval) -> Interval {
        Interval::new(
            self.began.time().unwrap_or(trace.start),
            self.ended.time().unwrap_or(trace.end),
        )
    }
}

/// `trace.Log`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Log {
    /// When.
    pub at: Time,
    /// Who.
    pub goroutine: Option<Goroutine>,
    /// The task it belongs to; 0 for the background task.
    pub task: TaskId,
    /// Its category.
    pub category: StrId,
    /// Its text.
    pub message: StrId,
    /// Where.
    pub stack: StackId,
}

/// All of them.
#[derive(Debug, Default)]
pub struct Notes {
    pub(crate) tasks: Vec<Task>,
    pub(crate) regions: Vec<Region>,
    pub(crate) logs: Vec<Log>,
}

impl Notes {
    /// Tasks, in order of begin; those that began before the trace where they are first named.
    #[must_use]
    pub fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    /// Regions, in order of their ends; those still open at the trace's end last.
    #[must_use]
    pub fn regions(&self) -> &[Region] {
        &self.regions
    }

    /// Logs, in order of time.
    #[must_use]
    pub fn logs(&self) -> &[Log] {
        &self.logs
    }
}
