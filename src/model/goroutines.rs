//! One row per goroutine life.

use std::fmt;

use rustc_hash::FxHashMap;

use crate::base::{GoId, Goroutine, StackId, StrId, Time, narrow};
use crate::parse::event::GoState;

/// Where something begins or ends: at a time that was seen, or outside what was recorded.
///
/// Half as large as an `Option<Time>`: there can be millions.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Edge(Time);

impl Edge {
    /// It lies before the trace's start or after its end.
    pub const OUTSIDE: Self = Self(Time::MIN);

    /// The trace holds the event. No event has the time [`Time::MIN`].
    #[must_use]
    pub fn seen(at: Time) -> Self {
        Self(at)
    }

    /// The time, if the event was seen.
    #[must_use]
    pub fn time(self) -> Option<Time> {
        (self != Self::OUTSIDE).then_some(self.0)
    }
}

impl From<Option<Time>> for Edge {
    fn from(seen: Option<Time>) -> Self {
        seen.map_or(Self::OUTSIDE, Self::seen)
    }
}

impl Default for Edge {
    fn default() -> Self {
        Self::OUTSIDE
    }
}

impl fmt::Debug for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.time() {
            Some(at) => at.fmt(f),
            None => f.write_str("outside"),
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

/// The parent of a goroutine of which that is not known.
const NOBODY: Goroutine = Goroutine(u32::MAX);

fn known(parent: Goroutine) -> Option<Goroutine> {
    (parent != NOBODY).then_some(parent)
}

/// The table of goroutines, as columns.
#[derive(Debug, Default)]
pub struct Goroutines {
    pub(crate) ids: Vec<GoId>,
    pub(crate) names: Vec<StrId>,
    parents: Vec<Goroutine>,
    pub(crate) creation_stacks: Vec<StackId>,
    pub(crate) born: Vec<Edge>,
    pub(crate) ended: Vec<Edge>,
    /// When those first appear whose birth was not seen, in order of row.
    appeared: Vec<(Goroutine, Time)>,
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
        narrow(self.ids.len())
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
        self.parents.push(life.parent.unwrap_or(NOBODY));
        self.creation_stacks.push(life.creation_stack);
        self.born.push(life.born);
        self.ended.push(life.ended);
        if life.born == Edge::OUTSIDE {
            self.appeared.push((row, life.first));
        }
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
        Life {
            id: self.ids[at],
            name: self.names[at],
            parent: self.parent(goroutine),
            creation_stack: self.creation_stacks[at],
            born: self.born[at],
            ended: self.ended[at],
            first: self.first(goroutine),
            first_state: self.first_state[at],
            first_stack: self.first_stack[at],
        }
    }

    /// When a goroutine ended, if that was seen. A life's other columns are far to go for this.
    pub(crate) fn ended(&self, goroutine: Goroutine) -> Option<Time> {
        self.ended[goroutine.index()].time()
    }

    /// When a goroutine first appears: its birth as a rule.
    pub(crate) fn first(&self, goroutine: Goroutine) -> Time {
        self.born[goroutine.index()].time().unwrap_or_else(|| {
            let row = self.appeared.partition_point(|&(row, _)| row < goroutine);
            self.appeared.get(row).map_or(Time::MIN, |&(_, first)| first)
        })
    }

    /// Who created a goroutine, if that is known.
    pub(crate) fn parent(&self, goroutine: Goroutine) -> Option<Goroutine> {
        known(self.parents[goroutine.index()])
    }

    /// Who created each goroutine, if that is known.
    pub(crate) fn parents(&self) -> impl Iterator<Item = Option<Goroutine>> + Clone {
        self.parents.iter().copied().map(known)
    }

    /// Where a goroutine's spans are, in order of time.
    pub(crate) fn runs(&self, goroutine: Goroutine) -> &[RunAt] {
        let at = goroutine.index();
        let bounds = self.run_starts.get(at).zip(self.run_starts.get(at + 1));
        bounds.and_then(|(&start, &end)| self.runs.get(start as usize..end as usize)).unwrap_or(&[])
    }
}
