//! Evidence → cancels: which pieces belong to one call of one cancel function.
//!
//! Pieces are of one cancel when the same goroutine made them from the same outer stack,
//! without the depth going back to 1 after it went deeper, and without having left the call in
//! between. It left the call if it stopped outside of it, or did anything else that the trace
//! shows: woke or created another goroutine, began a region, logged. One thing more proves that
//! two wakes are of two cancels: closing a channel wakes its waiters in the reverse order of
//! their coming, so a waiter that came later than the one before it waited on another channel.

use std::ops::Range;

use crate::base::{Goroutine, StackId, Time};
use crate::model::{Chunk, Trace};
use crate::parse::event::GoState;

use super::book::Book;
use super::evidence::{Act, Piece, over_chunks, stack_words};
use super::patterns::Role;

/// Two waits that began closer together than this, in nanoseconds, may be in the trace in the
/// wrong order: clocks of different processors tick 64 ns apart, and are read at leisure.
const CLOCK_SLACK_NS: i64 = 1_000;

/// The pieces of each cancel, as ranges of `pieces`, which are sorted by canceller and time.
pub(crate) fn group(trace: &Trace, book: &Book, pieces: &[Piece]) -> Vec<Range<usize>> {
    let grouping = Grouping { trace, book };
    let mut joined: Vec<bool> = (0..pieces.len())
        .map(|at| at > 0 && grouping.may_join(pieces[at - 1], pieces[at]))
        .collect();
    interrupt(trace, book, pieces, &mut joined);
    let mut runs = Vec::new();
    let mut run = Run::default();
    for (at, piece) in pieces.iter().enumerate() {
        let goes_on = joined[at] && grouping.goes_on(&run, *piece);
        if !goes_on {
            if at > 0 {
                runs.push(run.start..at);
            }
            run = Run { start: at, ..Run::default() };
        }
        grouping.extend(&mut run, *piece);
    }
    if !pieces.is_empty() {
        runs.push(run.start..pieces.len());
    }
    runs
}

/// What the pieces so far tell of one call.
#[derive(Default)]
struct Run {
    start: usize,
    /// Whether anybody has been woken below the first level.
    went_deeper: bool,
    /// When the wait began that was ended last on the first level.
    last_wait: Option<Time>,
}

struct Grouping<'a> {
    trace: &'a Trace,
    book: &'a Book,
}

impl Grouping<'_> {
    /// Whether two pieces in a row are of the same goroutine, from the same outer stack, and
    /// the goroutine did not stop elsewhere in between.
    fn may_join(&self, before: Piece, piece: Piece) -> bool {
        if before.by != piece.by {
            return false;
        }
        if piece.by.is_some_and(|by| self.cancels_once(by)) {
            return true;
        }
        self.same_caller(before.stack, piece.stack)
            && piece.by.is_none_or(|by| !self.stops_elsewhere(by, before, piece))
    }

    /// Whether a goroutine was started in order to cancel one context.
    fn cancels_once(&self, goroutine: Goroutine) -> bool {
        let name = self.trace.life(goroutine).name;
        matches!(
            self.book.function(name).role,
            Some(Role::CancelFunc | Role::DeadlineFunc | Role::Watcher)
        )
    }

    /// Whether two stacks are of a call from the same place, as far as they reach.
    fn same_caller(&self, one: StackId, other: StackId) -> bool {
        let (Some(one), Some(other)) = (self.book.mark(one), self.book.mark(other)) else {
            return false;
        };
        one.caller == other.caller || one.cut || other.cut
    }

    /// Whether the canceller blocked, was preempted or made a system call outside the cancel.
    fn stops_elsewhere(&self, by: Goroutine, before: Piece, piece: Piece) -> bool {
        self.trace
            .spans_from(by, before.at)
            .skip_while(|span| span.start <= before.at)
            .take_while(|span| span.start < piece.at)
            .any(|span| match span.state {
                GoState::Running | GoState::Undetermined | GoState::NotExist => false,
                // The stack is the waker's, or there is none after a system call.
                GoState::Runnable if span.woken || span.stack == StackId::EMPTY => false,
                GoState::Runnable | GoState::Waiting | GoState::Syscall => {
                    !self.same_caller(span.stack, piece.stack)
                }
            })
    }

    /// Whether a piece fits what the run tells so far.
    fn goes_on(&self, run: &Run, piece: Piece) -> bool {
        let Some(waited_since) = self.first_level_wait(piece) else { return true };
        if piece.by.is_some_and(|by| self.cancels_once(by)) {
            return true;
        }
        let later = run.last_wait.is_some_and(|last| waited_since - last > CLOCK_SLACK_NS);
        !run.went_deeper && !later
    }

    fn extend(&self, run: &mut Run, piece: Piece) {
        if let Some(waited_since) = self.first_level_wait(piece) {
            run.last_wait = Some(waited_since);
        } else if matches!(piece.act, Act::Wakes(_)) {
            run.went_deeper = true;
        }
    }

    /// When the wait began that a piece ended on the first level, if it did.
    fn first_level_wait(&self, piece: Piece) -> Option<Time> {
        let Act::Wakes(_) = piece.act else { return None };
        let mark = self.book.mark(piece.stack)?;
        (mark.depth <= 1).then_some(piece.wait.since)
    }
}

/// The stretches between two pieces that may be of one cancel, by canceller.
struct Gaps {
    /// Where each goroutine's gaps begin in `rows`, and the end.
    starts: Vec<u32>,
    /// From when until when, and the number of the later piece.
    rows: Vec<(Time, Time, usize)>,
}

impl Gaps {
    /// The pieces are sorted by canceller, so their gaps are too.
    fn new(trace: &Trace, pieces: &[Piece], joined: &[bool]) -> Self {
        let mut starts = vec![0; trace.n_goroutines() as usize + 1];
        let mut rows = Vec::new();
        for (at, pair) in pieces.windows(2).enumerate() {
            let [before, piece] = pair else { continue };
            if let (true, Some(by)) = (joined[at + 1], piece.by) {
                rows.push((before.at, piece.at, at + 1));
                starts[by.index() + 1] += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        Self { starts, rows }
    }

    fn of(&self, goroutine: Goroutine) -> &[(Time, Time, usize)] {
        match self.starts.get(goroutine.index()..goroutine.index() + 2) {
            Some(&[start, end]) => &self.rows[start as usize..end as usize],
            _ => &[],
        }
    }

    /// The piece after the gap in which a goroutine did something at some moment.
    fn around(&self, goroutine: Goroutine, at: Time) -> Option<usize> {
        let gaps = self.of(goroutine);
        let next = gaps.partition_point(|(_, end, _)| *end <= at);
        gaps.get(next).filter(|(start, ..)| *start < at).map(|(.., piece)| *piece)
    }
}

/// Separates pieces between which their canceller did something outside of the cancel.
fn interrupt(trace: &Trace, book: &Book, pieces: &[Piece], joined: &mut [bool]) {
    let gaps = Gaps::new(trace, pieces, joined);
    if gaps.rows.is_empty() {
        return;
    }
    for piece in over_chunks(trace, |chunk| wakes_in(chunk, book, &gaps)) {
        joined[piece] = false;
    }
    let lives = &trace.goroutines;
    let births = lives.parents.iter().zip(lives.creation_stacks.iter().zip(&lives.born));
    let births = births
        .filter(|(_, (stack, _))| book.mark(**stack).is_none())
        .filter_map(|(parent, (_, &born))| Some(((*parent)?, born)));
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
    let wanted: Vec<bool> =
        chunk.members().iter().map(|&member| !gaps.of(member).is_empty()).collect();
    if !wanted.contains(&true) {
        return Vec::new();
    }
    let outside: Vec<bool> = chunk.stacks.iter().map(|&stack| book.mark(stack).is_none()).collect();
    let is = |facts: &[bool], local: Option<u32>| {
        local.and_then(|local| facts.get(local as usize)).copied().unwrap_or(false)
    };
    stack_words(chunk)
        .filter(|&(word, at)| {
            chunk.kind_of(at).woken
                && is(&wanted, chunk.columns.waker(word))
                && is(&outside, chunk.columns.stack(word))
        })
        .filter_map(|(word, at)| gaps.around(chunk.waker_at(word)?, chunk.start(at)))
        .collect()
}
