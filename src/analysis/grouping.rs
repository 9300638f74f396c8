//! Evidence → cancels: which pieces belong to one call of one cancel function.
//!
//! Pieces are of one cancel when the same goroutine made them from the same outer stack,
//! without the depth going back to 1 after it went deeper, and without having left the call in
//! between. It left the call if it stopped outside of it, or did anything else that the trace
//! shows: woke or created another goroutine, began a region, logged. One thing more proves that
//! two wakes are of two cancels: closing a channel wakes its waiters in the reverse order of
//! their coming, so a waiter that came later than the one before it waited on another channel.

use std::ops::Range;

use rustc_hash::FxHashSet;

use crate::base::{Goroutine, StackId, Time};
use crate::model::{Chunk, Trace};
use crate::parse::event::GoState;

use super::book::Book;
use super::evidence::{Act, Piece, over_chunks, stack_words};
use super::history::spans_before;
use super::patterns::Role;

/// Two waits that began closer together than this, in nanoseconds, may be in the trace in the
/// wrong order: clocks of different processors tick 64 ns apart, and are read at leisure.
const CLOCK_SLACK_NS: i64 = 1_000;

/// The pieces of each cancel, as ranges of `pieces`, which are sorted by canceller and time.
pub(crate) fn group(trace: &Trace, book: &Book, pieces: &[Piece]) -> Vec<Range<usize>> {
    let grouping = Grouping { trace, book };
    let joined: Vec<bool> = (0..pieces.len())
        .map(|at| at > 0 && grouping.may_join(pieces[at - 1], pieces[at]))
        .collect();
    let interruptions = Interruptions::find(trace, book, pieces, &joined);
    let mut runs = Vec::new();
    let mut run = Run::default();
    for (at, piece) in pieces.iter().enumerate() {
        let goes_on = joined[at]
            && !interruptions.any(pieces[at - 1], *piece)
            && grouping.goes_on(&run, *piece);
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
        let Act::Wakes(wakee) = piece.act else { return None };
        let mark = self.book.mark(piece.stack)?;
        if mark.depth > 1 {
            return None;
        }
        Some(
            spans_before(self.trace, wakee, piece.at, 1)
                .next()
                .map_or(Time::MIN, |span| span.start),
        )
    }
}

/// What cancellers did outside of cancels, by canceller and time.
struct Interruptions(Vec<(Goroutine, Time)>);

impl Interruptions {
    /// Finds them for those goroutines that have pieces to be told apart.
    fn find(trace: &Trace, book: &Book, pieces: &[Piece], joined: &[bool]) -> Self {
        let suspects: FxHashSet<Goroutine> = pieces
            .iter()
            .zip(joined)
            .filter(|(_, joined)| **joined)
            .filter_map(|(piece, _)| piece.by)
            .collect();
        if suspects.is_empty() {
            return Self(Vec::new());
        }
        let mut found = over_chunks(trace, |chunk| wakes_by(chunk, book, &suspects));
        for goroutine in trace.goroutines() {
            let life = trace.life(goroutine);
            let by = life.parent.filter(|parent| suspects.contains(parent));
            if let (Some(by), Some(at)) = (by, life.born.time())
                && book.mark(life.creation_stack).is_none()
            {
                found.push((by, at));
            }
        }
        let notes = trace.notes();
        let logs = notes.logs().iter().filter_map(|log| Some((log.goroutine?, log.at)));
        let regions = notes.regions().iter().flat_map(|region| {
            let edges = [region.began.time(), region.ended.time()];
            edges.into_iter().flatten().map(|at| (region.goroutine, at))
        });
        found.extend(logs.chain(regions).filter(|(by, _)| suspects.contains(by)));
        found.sort_unstable();
        Self(found)
    }

    /// Whether there is one between two pieces of one goroutine.
    fn any(&self, before: Piece, piece: Piece) -> bool {
        let Some(by) = piece.by else { return false };
        let after = self.0.partition_point(|&(of, at)| (of, at) <= (by, before.at));
        self.0.get(after).is_some_and(|&(of, at)| of == by && at < piece.at)
    }
}

/// The wakes in a chunk that some goroutines made outside of cancels.
fn wakes_by(chunk: &Chunk, book: &Book, wakers: &FxHashSet<Goroutine>) -> Vec<(Goroutine, Time)> {
    let wanted: Vec<bool> = chunk.members().iter().map(|member| wakers.contains(member)).collect();
    if !wanted.contains(&true) {
        return Vec::new();
    }
    let is_wanted = |word: usize| {
        let local = chunk.words.get(word + 1).map_or(usize::MAX, |&local| local as usize);
        wanted.get(local).copied().unwrap_or(false)
    };
    stack_words(chunk)
        .filter(|&(word, at)| chunk.kind_of(at).words > 1 && is_wanted(word))
        .filter(|&(word, _)| book.mark(chunk.stack_at(word)).is_none())
        .filter_map(|(word, at)| Some((chunk.waker_at(word)?, chunk.start(at))))
        .collect()
}
