//! Whether two pieces of evidence can be of one call of a cancel function, as far as the pieces
//! themselves and the canceller's own stops tell.

use crate::base::{Goroutine, StackId};
use crate::model::{Chunk, Kind, Run, Span, Trace, View};
use crate::parse::event::GoState;

use super::super::code::book::{Book, Traits};
use super::super::code::patterns::Role;
use super::super::lives;
use super::evidence::Piece;
use super::gaps::{Gap, Gaps};
use super::scan::each_span;

/// Between two pieces that are closer together than this, in nanoseconds, there is no room for
/// anything else that leaves a trace: writing an event with its stack takes half as long.
const TWO_EVENTS_NS: i64 = 500;

/// Whether there is room for anything else between two pieces.
pub(crate) fn is_wide(before: &Piece, piece: &Piece) -> bool {
    piece.at - before.at >= TWO_EVENTS_NS
}

/// What pieces are held against.
#[derive(Clone, Copy)]
pub(crate) struct Joins<'a> {
    pub(crate) trace: &'a Trace,
    pub(crate) book: &'a Book,
}

impl Joins<'_> {
    /// Whether two pieces in a row are of the same goroutine, from the same outer stack, and
    /// the goroutine did not stop elsewhere in between.
    pub(crate) fn may_join(self, before: &Piece, piece: &Piece) -> bool {
        self.may_join_unless(before, piece, |by| self.stops_elsewhere(by, before, piece))
    }

    fn may_join_unless(
        self,
        before: &Piece,
        piece: &Piece,
        stops_elsewhere: impl FnOnce(Goroutine) -> bool,
    ) -> bool {
        if before.by != piece.by {
            return false;
        }
        if piece.by.is_some_and(|by| self.cancels_once(by)) {
            return true;
        }
        self.same_caller(before.stack, piece.stack)
            && (!is_wide(before, piece) || !piece.by.is_some_and(stops_elsewhere))
    }

    /// Whether a goroutine cancels one context if any: it was started for that, or reads a
    /// connection until its client is gone.
    pub(crate) fn cancels_once(self, goroutine: Goroutine) -> bool {
        let start = self.book.function(lives::name(self.trace, goroutine));
        start.is.has(Traits::READS)
            || matches!(start.role, Some(Role::CancelFunc | Role::DeadlineFunc | Role::Watcher))
    }

    /// Whether two stacks are of a call from the same place, as far as they reach.
    fn same_caller(self, one: StackId, other: StackId) -> bool {
        let (Some(one), Some(other)) = (self.book.mark(one), self.book.mark(other)) else {
            return false;
        };
        one.caller == other.caller || one.cut || other.cut
    }

    /// Whether the canceller blocked, was preempted or made a system call outside the cancel.
    fn stops_elsewhere(self, by: Goroutine, before: &Piece, piece: &Piece) -> bool {
        self.trace
            .spans_from(by, before.at)
            .skip_while(|span| span.start <= before.at)
            .take_while(|span| span.start < piece.at)
            .any(|Span { state, woken, stack, .. }| {
                self.is_elsewhere(piece, state, woken, || stack)
            })
    }

    /// Whether the span that a canceller enters shows it outside of the call that made `piece`.
    fn is_elsewhere(
        self,
        piece: &Piece,
        state: GoState,
        woken: bool,
        stack: impl FnOnce() -> StackId,
    ) -> bool {
        match state {
            GoState::Running | GoState::Undetermined | GoState::NotExist => false,
            // The stack is the waker's.
            GoState::Runnable if woken => false,
            GoState::Runnable | GoState::Waiting | GoState::Syscall => {
                let stack = stack();
                // There is none after a system call.
                let unknown = state == GoState::Runnable && stack == StackId::EMPTY;
                !unknown && !self.same_caller(stack, piece.stack)
            }
        }
    }
}

/// One chunk, in which pieces are close together.
pub(crate) struct ChunkJoins<'a> {
    pub(crate) trace: &'a Trace,
    pub(crate) book: &'a Book,
    pub(crate) chunk: &'a Chunk,
    pub(crate) number: usize,
}

impl ChunkJoins<'_> {
    /// Notes on each of the chunk's pieces, which are sorted by canceller and time, whether it
    /// may be of the same call as the one before.
    pub(crate) fn join(&self, pieces: &mut [Piece]) {
        let joins = Joins { trace: self.trace, book: self.book };
        let mut gaps = Vec::new();
        let mut stops: Option<Stops<'_>> = None;
        for at in 1..pieces.len() {
            let (before, piece) = (pieces[at - 1], pieces[at]);
            let elsewhere = |by| {
                let stops = match &mut stops {
                    Some(stops) if stops.of == by => stops,
                    stops => stops.insert(self.stops_of(by)),
                };
                stops.elsewhere(joins, &before, &piece)
            };
            let may_join = joins.may_join_unless(&before, &piece, elsewhere);
            pieces[at].joins = may_join;
            // Who was started in order to cancel does nothing else.
            if let (true, true, Some(by)) = (may_join, is_wide(&before, &piece), piece.by)
                && !joins.cancels_once(by)
            {
                gaps.push(Gap { by, from: before.at, until: piece.at, piece: at });
            }
        }
        if !gaps.is_empty() {
            for piece in wakes_in(self.chunk, self.book, &Gaps::new(gaps)) {
                pieces[piece].joins = false;
            }
        }
    }

    fn stops_of(&self, of: Goroutine) -> Stops<'_> {
        let runs = self.trace.goroutines.runs(of);
        let row = runs.partition_point(|run| (run.chunk as usize) < self.number);
        let run = runs.get(row).filter(|run| run.chunk as usize == self.number);
        let run = run
            .map_or(Run { chunk: self.chunk, start: 0, end: 0 }, |run| self.chunk.run(run.member));
        Stops { of, run, next: run.start }
    }
}

/// A canceller's spans in a chunk, asked for in order of time.
struct Stops<'a> {
    of: Goroutine,
    run: Run<'a>,
    next: usize,
}

impl Stops<'_> {
    /// As [`Joins::stops_elsewhere`].
    fn elsewhere(&mut self, joins: Joins<'_>, before: &Piece, piece: &Piece) -> bool {
        let chunk = self.run.chunk;
        let rest = Run { start: self.next, ..self.run };
        self.next = rest.first_after(before.at);
        (self.next..self.run.end).take_while(|&at| chunk.start(at) < piece.at).any(|at| {
            let &Kind { state, woken, words, .. } = chunk.kind_of(at);
            let stack =
                || if words > 0 { chunk.stack_at(chunk.words_at(at)) } else { StackId::EMPTY };
            joins.is_elsewhere(piece, state, woken, stack)
        })
    }
}

/// The pieces before which their canceller woke somebody outside of the cancel. That is looked
/// for where there are gaps only, since there are few: all wakes have to be looked at.
pub(crate) fn wakes_in(chunk: &Chunk, book: &Book, gaps: &Gaps) -> Vec<usize> {
    // A chunk has no spans before its base; where the next one's begin, its own have ended.
    if gaps.rows().iter().all(|gap| gap.until < chunk.base) {
        return Vec::new();
    }
    let view = View::new(chunk);
    let is_wake = |row: u16| u8::from(chunk.kinds()[usize::from(row)].woken);
    let mut found = Vec::new();
    each_span(chunk, is_wake, |wake| {
        let time = view.start(wake.at());
        if gaps.may_be_around(time)
            && book.mark(view.stack_at(wake.word())).is_none()
            && let Some(by) = view.waker_at(wake.word())
        {
            found.extend(gaps.around(by, time));
        }
    });
    found
}
