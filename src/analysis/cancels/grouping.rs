//! Evidence → cancels: which pieces belong to one call of one cancel function.
//!
//! Pieces are of one cancel when the same goroutine made them from the same outer stack,
//! without the depth going back to 1 after it went deeper, and without having left the call in
//! between. It left the call if it stopped outside of it, or did anything else that the trace
//! shows: woke or created another goroutine, began a region, logged. One thing more proves that
//! two wakes are of two cancels: closing a channel wakes its waiters in the reverse order of
//! their coming, so a waiter that came later than the one before it waited on another channel.

use std::ops::Range;

use crate::base::{Goroutine, Time, narrow};
use crate::model::Trace;

use super::super::code::book::Book;
use super::super::lives;
use super::super::threads::Threads;
use super::evidence::{Act, Piece, Pieces};
use super::gaps::{Gap, Gaps};
use super::joining::{Joins, is_wide, wakes_in};

/// Two waits that began closer together than this, in nanoseconds, may be in the trace in the
/// wrong order: clocks of different processors tick 64 ns apart, and are read at leisure.
const CLOCK_SLACK_NS: i64 = 1_000;

/// Pieces that are of one cancel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Group {
    /// Their places.
    pub(crate) pieces: Range<u32>,
    /// By how many of them somebody heard.
    pub(crate) n_heard: u32,
}

/// The pieces of each cancel, by canceller and then by time.
pub(crate) fn group(trace: &Trace, book: &Book, threads: Threads, pieces: &Pieces) -> Vec<Group> {
    let joins = Joins { trace, book };
    let blocks = threads.of_rows(pieces.len(), |rows| {
        let rows = whole_cancellers(pieces, rows);
        Block::new(joins, pieces, rows)
    });
    let mut joined = Vec::with_capacity(pieces.len());
    let mut heard = Vec::with_capacity(pieces.len());
    let (mut gaps, mut across) = (Vec::new(), Vec::new());
    for block in blocks {
        joined.extend(block.joined);
        heard.extend(block.heard);
        gaps.extend(block.gaps);
        across.extend(block.across);
    }
    interrupt(joins, threads, &Gaps::new(gaps), &Gaps::new(across), &mut joined);
    threads.over_rows(joined.len(), |rows| {
        let begins = |at: &usize| !joined[*at];
        let group = |start: usize| {
            let end = (start + 1..joined.len()).find(begins).unwrap_or(joined.len());
            let n_heard = heard[start..end].iter().map(|&heard| u32::from(heard)).sum();
            Group { pieces: narrow(start)..narrow(end), n_heard }
        };
        rows.filter(begins).map(group).collect()
    })
}

/// Moves the bounds of a stretch of pieces to where the next canceller's begin.
fn whole_cancellers(pieces: &Pieces, rows: Range<usize>) -> Range<usize> {
    let next = |from: usize| match from.checked_sub(1) {
        Some(last) if from < pieces.len() => pieces.end_of(pieces.at(last).by),
        _ => from,
    };
    next(rows.start)..next(rows.end)
}

/// A stretch of pieces, all of some cancellers'.
struct Block {
    /// Whether each may be of the same call as the one before it.
    joined: Vec<bool>,
    /// Whether somebody heard by each.
    heard: Vec<bool>,
    /// The stretches between two that may be: there the canceller may have done something else.
    gaps: Vec<Gap>,
    /// Those of them that no chunk holds as a whole.
    across: Vec<Gap>,
}

impl Block {
    fn new(joins: Joins<'_>, pieces: &Pieces, rows: Range<usize>) -> Self {
        let mut block = Self {
            joined: Vec::with_capacity(rows.len()),
            heard: Vec::with_capacity(rows.len()),
            gaps: Vec::new(),
            across: Vec::new(),
        };
        let mut run = Run::default();
        let mut before = rows.start.checked_sub(1).map(|before| pieces.at(before));
        let mut cancels_once = false;
        for at in rows {
            let piece = pieces.at(at);
            let of_same = before.is_some_and(|before| before.by == piece.by);
            if !of_same {
                cancels_once = piece.by.is_some_and(|by| joins.cancels_once(by));
            }
            let before = before.replace(piece);
            // Who was started in order to cancel does nothing else.
            if cancels_once {
                block.joined.push(of_same);
                block.heard.push(piece.act.is_heard());
                continue;
            }
            let in_chunk = pieces.joins(at);
            let wait = first_level_wait(joins.book, piece);
            let joined = in_chunk
                .unwrap_or_else(|| before.is_some_and(|before| joins.may_join(before, piece)))
                && run.fits(wait);
            if let (true, Some(before), Some(by)) = (joined, before, piece.by)
                && is_wide(before, piece)
            {
                let gap = Gap { by, from: before.at, until: piece.at, piece: at };
                block.gaps.push(gap);
                block.across.extend(in_chunk.is_none().then_some(gap));
            }
            block.joined.push(joined);
            block.heard.push(piece.act.is_heard());
            run = if joined { run } else { Run::default() };
            run.take(piece, wait);
        }
        block
    }
}

/// What the pieces so far tell of one call.
#[derive(Default)]
struct Run {
    /// Whether anybody has been woken below the first level.
    went_deeper: bool,
    /// When the wait began that was ended last on the first level.
    last_wait: Option<Time>,
}

impl Run {
    /// Whether a piece fits, by when the wait began that it ended on the first level.
    fn fits(&self, wait: Option<Time>) -> bool {
        let Some(since) = wait else { return true };
        let later = self.last_wait.is_some_and(|last| since - last > CLOCK_SLACK_NS);
        !self.went_deeper && !later
    }

    fn take(&mut self, piece: &Piece, wait: Option<Time>) {
        if wait.is_some() {
            self.last_wait = wait;
        } else if matches!(piece.act, Act::Wakes(_)) {
            self.went_deeper = true;
        }
    }
}

/// When the wait began that a piece ended on the first level, if it did.
fn first_level_wait(book: &Book, piece: &Piece) -> Option<Time> {
    let Act::Wakes(_) = piece.act else { return None };
    let mark = book.mark(piece.stack)?;
    (mark.depth <= 1).then_some(piece.wait.since)
}

/// Separates pieces between which their canceller did something outside of the cancel.
fn interrupt(joins: Joins<'_>, threads: Threads, gaps: &Gaps, across: &Gaps, joined: &mut [bool]) {
    let Joins { trace, book } = joins;
    // What was found in a chunk knows of all wakes between its pieces.
    if !across.is_empty() {
        for piece in threads.over_chunks(trace, |chunk| wakes_in(chunk, book, across)) {
            joined[piece] = false;
        }
    }
    if gaps.is_empty() {
        return;
    }
    let notes = trace.notes();
    let births = threads.over_rows(trace.n_goroutines() as usize, |rows| {
        let born = rows.map(|row| Goroutine(narrow(row)));
        born.filter_map(|born| birth_in(trace, book, gaps, born)).collect()
    });
    let regions = threads.over_rows(notes.regions().len(), |rows| {
        let edges = notes.regions()[rows].iter().flat_map(|region| {
            let edges = [region.began.time(), region.ended.time()];
            let near = edges.into_iter().flatten().filter(|&at| gaps.may_be_around(at));
            near.map(|at| (region.goroutine, at))
        });
        edges.filter_map(|(by, at)| gaps.around(by, at)).collect()
    });
    let logs = notes.logs().iter().filter_map(|log| gaps.around(log.goroutine?, log.at));
    for piece in births.into_iter().chain(regions).chain(logs) {
        joined[piece] = false;
    }
}

/// The piece before which its canceller created a goroutine outside of the cancel.
fn birth_in(trace: &Trace, book: &Book, gaps: &Gaps, goroutine: Goroutine) -> Option<usize> {
    let born = lives::born(trace, goroutine).filter(|&born| gaps.may_be_around(born))?;
    let in_cancel = book.mark(lives::creation_stack(trace, goroutine)).is_some();
    let parent = lives::parent(trace, goroutine).filter(|_| !in_cancel)?;
    gaps.around(parent, born)
}
