//! Everything in a trace that shows a goroutine inside a cancel.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::base::{Goroutine, StackId, Time};
use crate::model::{Chunk, Edge, Trace};
use crate::parse::event::GoState;

use super::book::{Book, Mark};
use super::patterns::Role;

/// What a piece of evidence shows the canceller doing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Act {
    /// Its goroutine was born, or began to run, in order to cancel.
    Starts,
    /// It woke a goroutine by closing the Done channel that this one waited on.
    Wakes(Goroutine),
    /// It created the goroutine of an AfterFunc.
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
    // Each chunk's evidence is sorted already, and a stable sort merges such runs.
    pieces.sort_by_key(order);
    pieces
}

fn order(piece: &Piece) -> (Option<Goroutine>, Time, Act) {
    (piece.by, piece.at, piece.act)
}

/// Runs `scan` over all chunks, on as many threads as pay.
pub(crate) fn over_chunks<T: Send>(
    trace: &Trace,
    scan: impl Fn(&Chunk) -> Vec<T> + Sync,
) -> Vec<T> {
    let chunks = trace.chunks();
    let n_spans: usize = chunks.iter().map(Chunk::n_spans).sum();
    // A thread costs as much as scanning some ten thousand spans.
    let useful = (n_spans / 100_000).clamp(1, chunks.len().max(1));
    let n_threads = std::thread::available_parallelism().map_or(1, usize::from).min(useful);
    if n_threads == 1 {
        return chunks.iter().flat_map(scan).collect();
    }
    let next = AtomicUsize::new(0);
    let work = || {
        let mut found = Vec::new();
        while let Some(chunk) = chunks.get(next.fetch_add(1, Ordering::Relaxed)) {
            found.extend(scan(chunk));
        }
        found
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..n_threads).map(|_| scope.spawn(work)).collect();
        // A worker that panicked has printed why; the others' results still count.
        workers.into_iter().filter_map(|worker| worker.join().ok()).flatten().collect()
    })
}

/// Wakes made, and states entered, inside a cancel.
fn from_spans(trace: &Trace, book: &Book) -> Vec<Piece> {
    over_chunks(trace, |chunk| {
        let marks: Vec<Option<Mark>> = chunk.stacks.iter().map(|&stack| book.mark(stack)).collect();
        // Most chunks of most traces hold no cancel: they cost a look at their stacks only.
        if marks.iter().all(Option::is_none) {
            return Vec::new();
        }
        let mut pieces = Vec::new();
        for (word, at) in stack_words(chunk) {
            let local = chunk.columns.stack(word).map_or(usize::MAX, |local| local as usize);
            if let Some(Some(mark)) = marks.get(local) {
                pieces.push(piece(trace, chunk, mark, word, at));
            }
        }
        pieces.sort_unstable_by_key(order);
        pieces
    })
}

/// The evidence that the span `at` of a chunk is, whose stack the word `word` names.
fn piece(trace: &Trace, chunk: &Chunk, mark: &Mark, word: usize, at: usize) -> Piece {
    let (member, first) = member_of(chunk, at);
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

/// The spans of a chunk that have a stack: the word that names it, and the span's number.
pub(crate) fn stack_words(chunk: &Chunk) -> impl Iterator<Item = (usize, usize)> + '_ {
    let words: Vec<u8> = chunk.kinds().iter().map(|kind| kind.words).collect();
    let mut next = 0;
    chunk.kind_rows().iter().enumerate().filter_map(move |(at, row)| {
        let n = words.get(usize::from(row)).copied().unwrap_or(0);
        let word = next;
        next += usize::from(n);
        (n > 0).then_some((word, at))
    })
}

/// Whose span a chunk's span is, and the number of that goroutine's first span in the chunk.
pub(crate) fn member_of(chunk: &Chunk, at: usize) -> (Goroutine, usize) {
    let after = chunk.run_starts.partition_point(|&start| start as usize <= at);
    let row = after.saturating_sub(1);
    let first = chunk.run_starts.get(row).map_or(0, |&start| start as usize);
    (chunk.members.get(row).copied().unwrap_or_default(), first)
}

/// Goroutines that were born to cancel, or by a cancel.
fn from_births(trace: &Trace, book: &Book, pieces: &mut Vec<Piece>) {
    let lives = &trace.goroutines;
    let columns = lives.names.iter().zip(&lives.creation_stacks);
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
    let life = trace.life(goroutine);
    let Edge::Seen(born) = life.born else { return };
    let wait = Wait::default();
    if let Some(mark) = mark {
        let act = if mark.starts_callback { Act::Creates(goroutine) } else { Act::Inside };
        pieces.push(Piece { by: life.parent, at: born, stack: life.creation_stack, act, wait });
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
    let life = trace.life(goroutine);
    life.parent.is_none() && life.creation_stack == StackId::EMPTY
}
