//! Everything in a trace that shows a goroutine inside a cancel.

use crate::base::{Goroutine, StackId, StrId, Time};
use crate::model::{Chunk, Trace};
use crate::parse::event::GoState;

use super::book::{Book, Mark};
use super::lives;
use super::patterns::Role;
use super::scan::{Runs, each_span};
use super::threads::over_chunks;

/// What a piece of evidence shows the canceller doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Act {
    /// Its goroutine was born, or began to run, in order to cancel.
    Starts,
    /// It woke a goroutine by closing the Done channel that this one waited on.
    Wakes(Goroutine),
    /// It created the goroutine of an `AfterFunc`.
    Creates(Goroutine),
    /// Something else: it blocked, was preempted or sampled, or woke someone by a mutex.
    Inside,
}

/// One piece of evidence.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Piece {
    /// The canceller.
    pub(crate) by: Option<Goroutine>,
    /// When.
    pub(crate) at: Time,
    /// The canceller's stack; empty for [`Act::Starts`].
    pub(crate) stack: StackId,
    /// What it did.
    pub(crate) act: Act,
    /// The wait that it ended, for [`Act::Wakes`].
    pub(crate) wait: Wait,
}

/// A wait that a wake ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Wait {
    /// Since when.
    pub(crate) since: Time,
    /// The stack of the one who waited; empty if not known.
    pub(crate) stack: StackId,
}

/// All evidence, sorted by canceller and then by time.
pub(crate) fn collect(trace: &Trace, book: &Book) -> Vec<Piece> {
    let mut pieces = if book.has_marks() { from_spans(trace, book) } else { Vec::new() };
    from_births(trace, book, &mut pieces);
    for sample in trace.world().samples() {
        if sample.goroutine.is_some() && book.mark(sample.stack).is_some() {
            pieces.push(Piece {
                by: sample.goroutine,
                at: sample.at,
                stack: sample.stack,
                act: Act::Inside,
                wait: Wait::default(),
            });
        }
    }
    sorted(&pieces)
}

/// Sorts pieces by way of small keys, which is faster than moving the pieces about.
fn sorted(pieces: &[Piece]) -> Vec<Piece> {
    // The canceller, the time and the row, in this order of weight.
    let key = |row: u32, piece: &Piece| {
        let by = piece.by.map_or(0, |by| u128::from(by.0) + 1);
        let at = u128::from(piece.at.ns().cast_unsigned() ^ (1 << 63));
        by << 96 | at << 32 | u128::from(row)
    };
    let mut keys: Vec<u128> = (0..).zip(pieces).map(|(row, piece)| key(row, piece)).collect();
    keys.sort_unstable();
    let row = |key: u128| usize::try_from(key & u128::from(u32::MAX)).unwrap_or(usize::MAX);
    keys.into_iter().filter_map(|key| pieces.get(row(key)).copied()).collect()
}

/// Reasons for which nobody blocks inside a cancel: most waits need no look at their stacks.
const ELSEWHERE: &[&str] =
    &["select", "chan receive", "chan send", "sleep", "network", "forever", "sync.(*Cond).Wait"];

/// Wakes made, and states entered, inside a cancel.
fn from_spans(trace: &Trace, book: &Book) -> Vec<Piece> {
    let elsewhere: Vec<StrId> =
        ELSEWHERE.iter().filter_map(|reason| trace.strings().find(reason)).collect();
    over_chunks(trace, |chunk| {
        let marked: Vec<bool> =
            chunk.stacks.iter().map(|&stack| book.mark(stack).is_some()).collect();
        // Most chunks of most traces hold no cancel: they cost a look at their stacks only.
        if !marked.contains(&true) {
            return Vec::new();
        }
        let may_be = |row: u16| {
            let kind = &chunk.kinds()[usize::from(row)];
            kind.words > 0 && (kind.woken || !elsewhere.contains(&kind.reason))
        };
        let mut pieces = Vec::new();
        let mut runs = Runs::new(chunk);
        each_span(chunk, may_be, |at, word| {
            let local = chunk.columns.stack(word).map_or(usize::MAX, |local| local as usize);
            if marked.get(local).copied().unwrap_or(false)
                && let Some(mark) = book.mark(chunk.stack_at(word))
            {
                pieces.push(piece(trace, chunk, runs.at(at), &mark, word, at));
            }
        });
        pieces
    })
}

/// The evidence that the span `at` of a chunk is, whose stack the word `word` names.
fn piece(
    trace: &Trace,
    chunk: &Chunk,
    (member, first): (Goroutine, usize),
    mark: &Mark,
    word: usize,
    at: usize,
) -> Piece {
    let kind = chunk.kind_of(at);
    let time = chunk.start(at);
    let stack = chunk.stack_at(word);
    let inside =
        Piece { by: Some(member), at: time, stack, act: Act::Inside, wait: Wait::default() };
    if !kind.woken {
        return inside;
    }
    let by = chunk.waker_at(word);
    if !mark.closes {
        return Piece { by, ..inside };
    }
    let wait = if at > first {
        let waiting = chunk.kind_of(at - 1);
        let stack = match waiting.words {
            0 => StackId::EMPTY,
            words => chunk.stack_at(word - usize::from(words)),
        };
        Wait { since: chunk.start(at - 1), stack }
    } else {
        // It began in an earlier chunk.
        trace
            .span_at(member, Time(time.ns().saturating_sub(1)))
            .map_or_else(Wait::default, |span| Wait { since: span.start, stack: span.stack })
    };
    Piece { by, act: Act::Wakes(member), wait, ..inside }
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
    let wait = Wait::default();
    if let Some(mark) = mark {
        let act = if mark.starts_callback { Act::Creates(goroutine) } else { Act::Inside };
        let (by, stack) =
            (lives::parent(trace, goroutine), lives::creation_stack(trace, goroutine));
        pieces.push(Piece { by, at: born, stack, act, wait });
    }
    if !cancels {
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
        let (by, stack) = (Some(goroutine), StackId::EMPTY);
        pieces.push(Piece { by, at, stack, act: Act::Starts, wait });
    }
}

/// Whether a goroutine was started by a timer: by nobody, and from nowhere.
pub(crate) fn is_timers(trace: &Trace, goroutine: Goroutine) -> bool {
    lives::parent(trace, goroutine).is_none()
        && lives::creation_stack(trace, goroutine) == StackId::EMPTY
}
