//! Everything in a trace that shows a goroutine inside a cancel.

use std::ops::Range;

use crate::base::{Goroutine, StackId, Time};
use crate::model::Trace;
use crate::parse::event::GoState;

use super::super::code::book::{Book, Mark};
use super::super::code::patterns::Role;
use super::super::lives;
use super::super::threads::Threads;
use super::readers;

/// What a piece of evidence shows the canceller doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Act {
    /// Its goroutine was born, or began to run, in order to cancel.
    Starts,
    /// It woke a goroutine by closing the Done channel that this one waited on.
    Wakes(Goroutine),
    /// It created the goroutine of an `AfterFunc`.
    Creates(Goroutine),
    /// Its goroutine ended, which it did because it had cancelled.
    Ends,
    /// Something else: it blocked, was preempted or sampled, or woke someone by a mutex.
    Inside,
}

impl Act {
    /// Whether somebody heard the cancel by it.
    pub(crate) fn is_heard(self) -> bool {
        matches!(self, Self::Wakes(_) | Self::Creates(_))
    }
}

/// One piece of evidence.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Piece {
    /// The canceller.
    pub(crate) by: Option<Goroutine>,
    /// When.
    pub(crate) at: Time,
    /// The canceller's stack; empty for [`Act::Starts`] and [`Act::Ends`].
    pub(crate) stack: StackId,
    /// What it did.
    pub(crate) act: Act,
    /// The wait that it ended, for [`Act::Wakes`].
    pub(crate) wait: Wait,
    /// Whether it may be of the same call as the piece before it in its chunk.
    pub(crate) joins: bool,
}

impl Piece {
    /// Something that a goroutine did inside a cancel.
    pub(crate) fn inside(by: Option<Goroutine>, at: Time, stack: StackId) -> Self {
        Self { by, at, stack, act: Act::Inside, wait: Wait::default(), joins: false }
    }
}

/// A wait that a wake ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Wait {
    /// Since when.
    pub(crate) since: Time,
    /// The stack of the one who waited; empty if not known.
    pub(crate) stack: StackId,
}

/// Some of the evidence, sorted by canceller and then by time.
#[derive(Debug, Default)]
pub(crate) struct Part {
    pieces: Vec<Piece>,
    /// The cancellers, and which pieces each has.
    runs: Vec<(Option<Goroutine>, Range<u32>)>,
    /// By how many of them somebody heard.
    n_heard: usize,
}

impl Part {
    /// Takes pieces that are sorted.
    pub(crate) fn new(pieces: Vec<Piece>) -> Self {
        let mut runs: Vec<(Option<Goroutine>, Range<u32>)> = Vec::new();
        let mut n_heard = 0;
        for (row, piece) in (0..).zip(&pieces) {
            match runs.last_mut() {
                Some((by, rows)) if *by == piece.by => rows.end = row + 1,
                _ => runs.push((piece.by, row..row + 1)),
            }
            n_heard += usize::from(piece.act.is_heard());
        }
        Self { pieces, runs, n_heard }
    }
}

/// All evidence, sorted by canceller and then by time: in parts as it was found, and the order.
#[derive(Debug, Default)]
pub(crate) struct Pieces {
    parts: Vec<Part>,
    /// The part and the row in it.
    order: Vec<(u32, u32)>,
}

/// The part that is of no chunk.
const RARE: u32 = 0;

impl Pieces {
    /// Puts parts in order: first what is of no chunk, then what was found in each.
    pub(crate) fn new(
        threads: Threads,
        n_goroutines: u32,
        rare: Part,
        of_chunks: Vec<Part>,
    ) -> Self {
        let mut parts = vec![rare];
        parts.extend(of_chunks);
        // Those whose canceller is not known come first.
        let n_cancellers = n_goroutines as usize + 1;
        let order = threads.over_shares(n_cancellers, |cancellers| order_of(&parts, &cancellers));
        Self { parts, order }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    /// One of them, by its place in the order.
    pub(crate) fn at(&self, place: usize) -> &Piece {
        let (part, row) = self.order[place];
        &self.parts[part as usize].pieces[row as usize]
    }

    /// The place after the last piece of a canceller, or of those before it.
    pub(crate) fn end_of(&self, by: Option<Goroutine>) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            if self.at(middle).by <= by {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Whether one may be of the same call as the one before it, if that was found out in
    /// their chunk.
    pub(crate) fn joins(&self, place: usize) -> Option<bool> {
        let (before, (part, row)) = (self.order[place.checked_sub(1)?], self.order[place]);
        let of_chunk = part != RARE && before == (part, row.checked_sub(1)?);
        of_chunk.then(|| self.at(place).joins)
    }

    /// By how many of them somebody heard.
    pub(crate) fn n_heard(&self) -> usize {
        self.parts.iter().map(|part| part.n_heard).sum()
    }

    /// Some of them, in order.
    pub(crate) fn of(&self, places: Range<u32>) -> impl Iterator<Item = &Piece> {
        places.map(|place| self.at(place as usize))
    }
}

/// The pieces of some cancellers in order: each one's part, and its row in that.
fn order_of(parts: &[Part], cancellers: &Range<usize>) -> Vec<(u32, u32)> {
    let number = |by: Option<Goroutine>| by.map_or(0, |by| by.index() + 1);
    let mut runs = Vec::new();
    for (part, Part { runs: all, .. }) in (RARE..).zip(parts) {
        let first = all.partition_point(|(by, _)| number(*by) < cancellers.start);
        let of_these = all[first..].iter().take_while(|(by, _)| number(*by) < cancellers.end);
        runs.extend(of_these.map(|(by, rows)| (number(*by), part, rows.clone())));
    }
    runs.sort_unstable_by_key(|&(by, part, _)| (by, part));
    let mut order = Vec::with_capacity(runs.iter().map(|(.., rows)| rows.len()).sum());
    let time = |&(part, row): &(u32, u32)| parts[part as usize].pieces[row as usize].at;
    for same in runs.chunk_by(|(one, ..), (other, ..)| one == other) {
        let start = order.len();
        for (_, part, rows) in same {
            order.extend(rows.clone().map(|row| (*part, row)));
        }
        // Chunks are in order of time, but what is of no chunk lies anywhere between them.
        if let [(_, RARE, _), _, ..] = same {
            order[start..].sort_by_key(time);
        }
    }
    order
}

/// The evidence that is in no chunk: births, clients that went away, and samples.
pub(crate) fn rare(trace: &Trace, book: &Book) -> Part {
    let mut rare = Vec::new();
    from_births(trace, book, &mut rare);
    rare.extend(readers::saw_client_go(trace, book));
    for sample in trace.world().samples() {
        if sample.goroutine.is_some() && book.mark(sample.stack).is_some() {
            rare.push(Piece::inside(sample.goroutine, sample.at, sample.stack));
        }
    }
    rare.sort_by_key(|piece| (piece.by, piece.at));
    Part::new(rare)
}

/// Goroutines that were born to cancel, or by a cancel.
fn from_births(trace: &Trace, book: &Book, pieces: &mut Vec<Piece>) {
    let columns = &trace.goroutines;
    let columns = columns.names.iter().zip(&columns.creation_stacks);
    for (goroutine, (name, stack)) in trace.goroutines().zip(columns) {
        let mark = book.mark(*stack);
        let cancels =
            matches!(book.function(*name).role, Some(Role::CancelFunc | Role::DeadlineFunc));
        if mark.is_some() || cancels {
            from_birth(trace, goroutine, mark, cancels, pieces);
        }
    }
}

fn from_birth(
    trace: &Trace,
    goroutine: Goroutine,
    mark: Option<Mark>,
    cancels: bool,
    pieces: &mut Vec<Piece>,
) {
    let Some(born) = lives::born(trace, goroutine) else { return };
    if let Some(mark) = mark {
        let act = if mark.starts_callback { Act::Creates(goroutine) } else { Act::Inside };
        let by = lives::parent(trace, goroutine);
        let inside = Piece::inside(by, born, lives::creation_stack(trace, goroutine));
        pieces.push(Piece { act, ..inside });
    }
    // `context.AfterFunc(ctx, cancel)` mostly cancels what is cancelled already: only if it wakes
    // somebody is it a cancel.
    if !cancels || mark.is_some_and(|mark| mark.starts_callback) {
        return;
    }
    // A timer's goroutine cancels as soon as it is born, as far as anyone could expect;
    // that of `go cancel()` when it gets to run.
    let at = if is_timers(trace, goroutine) {
        Some(born)
    } else {
        trace.spans(goroutine).find(|span| span.state == GoState::Running).map(|span| span.start)
    };
    if let Some(at) = at {
        let inside = Piece::inside(Some(goroutine), at, StackId::EMPTY);
        pieces.push(Piece { act: Act::Starts, ..inside });
    }
}

/// Whether a goroutine was started by a timer: by nobody, and from nowhere.
pub(crate) fn is_timers(trace: &Trace, goroutine: Goroutine) -> bool {
    lives::parent(trace, goroutine).is_none()
        && lives::creation_stack(trace, goroutine) == StackId::EMPTY
}
