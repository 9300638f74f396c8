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
use super::evidence::{Act, Piece};
use super::lives;
use super::patterns::Role;
use super::scan::each_span;
use super::threads::{over_chunks, over_rows};

/// Two waits that began closer together than this, in nanoseconds, may be in the trace in the
/// wrong order: clocks of different processors tick 64 ns apart, and are read at leisure.
const CLOCK_SLACK_NS: i64 = 1_000;

/// Between two pieces that are closer together than this, in nanoseconds, there is no room for
/// anything else that leaves a trace: writing an event with its stack takes half as long.
const TWO_EVENTS_NS: i64 = 500;

/// The pieces of each cancel, as ranges of `pieces`, which are sorted by canceller and time.
pub(crate) fn group(trace: &Trace, book: &Book, pieces: &[Piece]) -> Vec<Range<usize>> {
    let grouping = Grouping { trace, book };
    let mut joined: Vec<bool> = over_rows(pieces.len(), |rows| {
        rows.map(|at| at > 0 && grouping.may_join(pieces[at - 1], pieces[at])).collect()
    });
    grouping.part(pieces, &mut joined);
    interrupt(trace, book, pieces, &mut joined);
    let mut runs = Vec::new();
    let mut start = 0;
    for at in 1..=pieces.len() {
        if joined.get(at).is_none_or(|joined| !joined) {
            runs.push(start..at);
            start = at;
        }
    }
    if pieces.is_empty() { Vec::new() } else { runs }
}

/// What the pieces so far tell of one call.
#[derive(Default)]
struct Run {
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
        let short = piece.at - before.at < TWO_EVENTS_NS;
        self.same_caller(before.stack, piece.stack)
            && (short || piece.by.is_none_or(|by| !self.stops_elsewhere(by, before, piece)))
    }

    /// Whether a goroutine was started in order to cancel one context.
    fn cancels_once(&self, goroutine: Goroutine) -> bool {
        let name = lives::name(self.trace, goroutine);
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

    /// Separates pieces that do not fit those before.
    fn part(&self, pieces: &[Piece], joined: &mut [bool]) {
        let mut run = Run::default();
        for (piece, joined) in pieces.iter().zip(joined) {
            *joined &= self.goes_on(&run, *piece);
            if !*joined {
                run = Run::default();
            }
            self.extend(&mut run, *piece);
        }
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
            let wide = piece.at - before.at >= TWO_EVENTS_NS;
            if let (true, true, Some(by)) = (wide, joined[at + 1], piece.by) {
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
    let columns = &trace.goroutines;
    let births = columns.parents.iter().zip(columns.creation_stacks.iter().zip(&columns.born));
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
        chunk.people.iter().map(|&person| !gaps.of(person).is_empty()).collect();
    if !wanted.contains(&true) {
        return Vec::new();
    }
    let outside: Vec<bool> = chunk.stacks.iter().map(|&stack| book.mark(stack).is_none()).collect();
    let is = |facts: &[bool], local: Option<u32>| {
        local.and_then(|local| facts.get(local as usize)).copied().unwrap_or(false)
    };
    let is_wake = |row: u16| chunk.kinds()[usize::from(row)].woken;
    let mut found = Vec::new();
    each_span(chunk, is_wake, |at, word| {
        let by = chunk.columns.waker(word);
        if is(&wanted, by) && is(&outside, chunk.columns.stack(word)) {
            let by = chunk.waker_at(word);
            found.extend(by.and_then(|by| gaps.around(by, chunk.start(at))));
        }
    });
    found
}
