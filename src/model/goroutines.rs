//! One row per goroutine life.

use rustc_hash::FxHashMap;

use crate::base::{GoId, Goroutine, StackId, StrId, Time};
use crate::parse::event::GoState;

/// Where a life begins or ends: seen, or outside what was recorded.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Edge {
    /// The trace holds the event.
    Seen(Time),
    /// It lies before the trace's start or after its end.
    TraceEdge,
}

impl Edge {
    /// The time, if the event was seen.
    #[must_use]
    pub fn time(self) -> Option<Time> {
        match self {
            Self::Seen(time) => Some(time),
            Self::TraceEdge => None,
        }
    }
}

/// One goroutine, without its spans.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Life {
    /// The trace's id; another life can have the same one.
    pub id: GoId,
    /// The start function: the outermost frame of its own stack. "" if no stack of it was seen.
    pub name: StrId,
    /// Who created it, if that was seen and was a goroutine.
    pub parent: Option<Goroutine>,
    /// The creator's stack at the `go` statement; empty if not seen.
    pub creation_stack: StackId,
    /// When it was created.
    pub born: Edge,
    /// When it ended.
    pub ended: Edge,
    /// When it first appears: its birth, or the start of the generation that first tells of it.
    pub first: Time,
    /// Its state at first.
    pub first_state: GoState,
    /// Its own stack at first, empty if not known.
    pub first_stack: StackId,
}

/// Where one stretch of a goroutine's spans is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct RunAt {
    /// Row of the chunk.
    pub(crate) chunk: u32,
    /// The goroutine's number within it.
    pub(crate) member: u32,
}

/// A time column's value for "outside the trace".
const UNSEEN: Time = Time::MIN;

/// The table of goroutines, as columns.
#[derive(Debug, Default)]
pub struct Goroutines {
    pub(crate) ids: Vec<GoId>,
    pub(crate) names: Vec<StrId>,
    pub(crate) parents: Vec<Option<Goroutine>>,
    pub(crate) creation_stacks: Vec<StackId>,
    pub(crate) born: Vec<Time>,
    pub(crate) ended: Vec<Time>,
    pub(crate) first: Vec<Time>,
    pub(crate) first_state: Vec<GoState>,
    pub(crate) first_stack: Vec<StackId>,
    /// Goroutines that ended while nothing was known, after a break of the trace: since when.
    pub(crate) lost: FxHashMap<Goroutine, Time>,
    /// Where each goroutine's runs begin in `runs`, and the end.
    pub(crate) run_starts: Vec<u32>,
    pub(crate) runs: Vec<RunAt>,
}

impl Goroutines {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> u32 {
        u32::try_from(self.ids.len()).unwrap_or(u32::MAX)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Appends a row and returns it.
    pub(crate) fn push(&mut self, life: &Life) -> Goroutine {
        let row = Goroutine(self.len());
        self.ids.push(life.id);
        self.names.push(life.name);
        self.parents.push(life.parent);
        self.creation_stacks.push(life.creation_stack);
        self.born.push(life.born.time().unwrap_or(UNSEEN));
        self.ended.push(life.ended.time().unwrap_or(UNSEEN));
        self.first.push(life.first);
        self.first_state.push(life.first_state);
        self.first_stack.push(life.first_stack);
        row
    }

    /// One row.
    ///
    /// # Panics
    /// If the row is not in the table.
    #[must_use]
    pub fn life(&self, goroutine: Goroutine) -> Life {
        let at = goroutine.index();
        let edge = |time: Time| if time == UNSEEN { Edge::TraceEdge } else { Edge::Seen(time) };
        Life {
            id: self.ids[at],
            name: self.names[at],
            parent: self.parents[at],
            creation_stack: self.creation_stacks[at],
            born: edge(self.born[at]),
            ended: edge(self.ended[at]),
            first: self.first[at],
            first_state: self.first_state[at],
            first_stack: self.first_stack[at],
        }
    }

    /// When a goroutine ended, if that was seen. A life's other columns are far to go for this.
    pub(crate) fn ended(&self, goroutine: Goroutine) -> Option<Time> {
        Some(self.ended[goroutine.index()]).filter(|&time| time != UNSEEN)
    }

    /// Where a goroutine's spans are, in order of time.
    pub(crate) fn runs(&self, goroutine: Goroutine) -> &[RunAt] {
        let at = goroutine.index();
        let bounds = self.run_starts.get(at).zip(self.run_starts.get(at + 1));
        bounds.and_then(|(&start, &end)| self.runs.get(start as usize..end as usize)).unwrap_or(&[])
    }
}
