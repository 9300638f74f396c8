//! Evidence → cancels: which pieces belong to one call of one cancel function.
//!
//! Pieces are of one cancel when the same goroutine made them from the same outer stack,
//! without the depth going back to 1 after it went deeper, and without having left the call in
//! between. It left the call if it stopped outside of it, or did anything else that the trace
//! shows: woke or created another goroutine, began a region, logged. One thing more proves that
//! two wakes are of two cancels: closing a channel wakes its waiters in the reverse order of
//! their coming, so a waiter that came later than the one before it waited on another channel.

use std::ops::Range;

use crate::base::Time;
use crate::model::{Chunk, Trace};

use super::book::Book;
use super::evidence::{Act, Piece, Pieces};
use super::gaps::{Gap, Gaps};
use super::joining::{Joins, is_wide};
use super::scan::each_span;
use super::threads::Threads;

/// Two waits that began closer together than this, in nanoseconds, may be in the trace in the
/// wrong order: clocks of different processors tick 64 ns apart, and are read at leisure.
const CLOCK_SLACK_NS: i64 = 1_000;

/// The pieces of each cancel, as ranges of `pieces`, which are sorted by canceller and time.
pub(crate) fn group(
    trace: &Trace,
    book: &Book,
    threads: Threads,
    pieces: &Pieces,
) -> Vec<Range<usize>> {
    let joins = Joins { trace, book };
    let may_join = |at| {
        let joined = pieces.joins(at);
        joined.unwrap_or_else(|| at > 0 && joins.may_join(pieces.at(at - 1), pieces.at(at)))
    };
    let mut joined: Vec<bool> =
        threads.over_rows(pieces.len(), |rows| rows.map(may_join).collect());
    part(joins, pieces, &mut joined);
    interrupt(joins, threads, pieces, &mut joined);
    let mut runs = Vec::new();
    let mut start = 0;
    for at in 1..=pieces.len() {
        if joined.get(at).is_none_or(|joined| !joined) {
            runs.push(start..at);
            start = at;
        }
    }
    if pieces.len() == 0 { Vec::new() } else { runs }
}

/// What the pieces so far tell of one call.
#[derive(Default)]
struct Run {
    /// Whether anybody has been woken below the first level.
    went_deeper: bool,
    /// When the wait began that was ended last on the first level.
    last_wait: Option<Time>,
}

/// Separates pieces that do not fit those before.
fn part(joins: Joins<'_>, pieces: &Pieces, joined: &mut [bool]) {
    let mut run = Run::default();
    for (piece, joined) in pieces.of(0..pieces.len()).zip(joined) {
        let wait = first_level_wait(joins.book, piece);
        *joined = *joined && (run.fits(wait) || piece.by.is_some_and(|by| joins.cancels_once(by)));
        if !*joined {
            run = Run::default();
        }
        if wait.is_some() {
            run.last_wait = wait;
        } else if matches!(piece.act, Act::Wakes(_)) {
            run.went_deeper = true;
        }
    }
}

impl Run {
    /// Whether a piece fits, by when the wait began that it ended on the first level.
    fn fits(&self, wait: Option<Time>) -> bool {
        let Some(since) = wait else { return true };
        let later = self.last_wait.is_some_and(|last| since - last > CLOCK_SLACK_NS);
        !self.went_deeper && !later
    }
}

/// When the wait began that a piece ended on the first level, if it did.
fn first_level_wait(book: &Book, piece: &Piece) -> Option<Time> {
    let Act::Wakes(_) = piece.act else { return None };
    let mark = book.mark(piece.stack)?;
    (mark.depth <= 1).then_some(piece.wait.since)
}

/// The stretches between two pieces that may be of one cancel, as far as `wanted` wants them.
/// Who was started in order to cancel does nothing else.
fn gaps(
    joins: Joins<'_>,
    pieces: &Pieces,
    joined: &[bool],
    wanted: impl Fn(usize) -> bool,
) -> Gaps {
    let gap = |at: usize| {
        let (before, piece) = (pieces.at(at - 1), pieces.at(at));
        let by = piece.by.filter(|&by| is_wide(before, piece) && !joins.cancels_once(by))?;
        Some(Gap { by, from: before.at, until: piece.at, piece: at })
    };
    Gaps::new((1..pieces.len()).filter(|&at| joined[at] && wanted(at)).filter_map(gap).collect())
}

/// Separates pieces between which their canceller did something outside of the cancel.
fn interrupt(joins: Joins<'_>, threads: Threads, pieces: &Pieces, joined: &mut [bool]) {
    let Joins { trace, book } = joins;
    // What was found in a chunk knows of all wakes between its pieces.
    let across = gaps(joins, pieces, joined, |at| pieces.joins(at).is_none());
    if !across.is_empty() {
        for piece in threads.over_chunks(trace, |chunk| wakes_in(chunk, book, &across)) {
            joined[piece] = false;
        }
    }
    let gaps = gaps(joins, pieces, joined, |_| true);
    if gaps.is_empty() {
        return;
    }
    let columns = &trace.goroutines;
    let births = columns.born.iter().zip(columns.parents.iter().zip(&columns.creation_stacks));
    let births = births
        .filter(|(born, _)| gaps.may_be_around(**born))
        .filter(|(_, (_, stack))| book.mark(**stack).is_none())
        .filter_map(|(&born, (parent, _))| Some(((*parent)?, born)));
    let notes = trace.notes();
    let logs = notes.logs().iter().filter_map(|log| Some((log.goroutine?, log.at)));
    let regions = notes.regions().iter().flat_map(|region| {
        let edges = [region.began.time(), region.ended.time()];
        edges.into_iter().flatten().map(|at| (region.goroutine, at))
    });
    for (by, at) in births.chain(logs).chain(regions) {
        if let Some(piece) = gaps.around(by, at) {
            joined[piece] = false;
        }
    }
}

/// The pieces before which their canceller woke somebody outside of the cancel.
fn wakes_in(chunk: &Chunk, book: &Book, gaps: &Gaps) -> Vec<usize> {
    // A chunk has no spans before its base; where the next one's begin, its own have ended.
    if gaps.rows().iter().all(|gap| gap.until < chunk.base) {
        return Vec::new();
    }
    let is_wake = |row: u16| chunk.kinds()[usize::from(row)].woken;
    let mut found = Vec::new();
    each_span(chunk, is_wake, |at, word| {
        let time = chunk.start(at);
        if gaps.may_be_around(time)
            && book.mark(chunk.stack_at(word)).is_none()
            && let Some(by) = chunk.waker_at(word)
        {
            found.extend(gaps.around(by, time));
        }
    });
    found
}
