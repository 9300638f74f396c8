//! One pass over the span columns, for all that needs to see every span: evidence of cancels,
//! and long sleeps.

use crate::base::{Goroutine, StackId, StrId, Time};
use crate::model::{Chunk, Kind, Trace};
use crate::parse::event::GoState;

use super::Rules;
use super::book::{Book, Mark};
use super::evidence::{Act, Piece, Wait};
use super::joining::{ChunkJoins, OtherWake};
use super::scan::{Runs, each_span, member_of};
use super::threads::Threads;

/// Reasons for which nobody blocks inside a cancel: most waits need no look at their stacks.
const ELSEWHERE: &[&str] =
    &["select", "chan receive", "chan send", "sleep", "network", "forever", "sync.(*Cond).Wait"];

/// What there is in one chunk.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Wakes made, and states entered, inside a cancel: by canceller, then by time.
    pub(crate) pieces: Vec<Piece>,
    /// Who began to sleep when, unless it was seen to wake up soon.
    pub(crate) sleeps: Vec<(Goroutine, Time)>,
}

/// Looks at every span, chunk by chunk.
pub(crate) fn survey(trace: &Trace, book: &Book, rules: &Rules, threads: Threads) -> Vec<Found> {
    let reasons = Reasons::new(trace, rules);
    threads.of_chunks(trace, |number, chunk| Survey { trace, book, chunk }.all(number, &reasons))
}

/// What to look for.
struct Reasons {
    elsewhere: Vec<StrId>,
    sleep: Option<StrId>,
    /// Sleeps up to this are none, in nanoseconds.
    sleeps_over_ns: i64,
}

impl Reasons {
    fn new(trace: &Trace, rules: &Rules) -> Self {
        let find = |reason: &&str| trace.strings().find(reason);
        Self {
            elsewhere: ELSEWHERE.iter().filter_map(find).collect(),
            sleep: trace.strings().find("sleep"),
            sleeps_over_ns: rules.shortest_sleep_ns(),
        }
    }

    fn class(&self, kind: &Kind, has_marks: bool) -> Class {
        if kind.state == GoState::Waiting && Some(kind.reason) == self.sleep {
            Class::Sleep
        } else if !has_marks || kind.words == 0 {
            Class::Nothing
        } else if kind.woken {
            Class::Wake
        } else if self.elsewhere.contains(&kind.reason) {
            Class::Nothing
        } else {
            Class::Stop
        }
    }
}

/// What a kind of span is to the survey.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Nothing,
    /// Somebody was woken: in a cancel, perhaps.
    Wake,
    /// Somebody stopped: in a cancel, perhaps.
    Stop,
    Sleep,
}

struct Survey<'a> {
    trace: &'a Trace,
    book: &'a Book,
    chunk: &'a Chunk,
}

impl Survey<'_> {
    fn all(&self, number: usize, reasons: &Reasons) -> Found {
        let chunk = self.chunk;
        let marked: Vec<bool> =
            chunk.stacks.iter().map(|&stack| self.book.mark(stack).is_some()).collect();
        // Most chunks of most traces hold no cancel.
        let has_marks = marked.contains(&true);
        let classes: Vec<Class> =
            chunk.kinds().iter().map(|kind| reasons.class(kind, has_marks)).collect();
        let class = |row: u16| classes.get(usize::from(row)).copied().unwrap_or(Class::Nothing);
        let rows = chunk.kind_rows();
        let mut found = Found::default();
        let mut others: Vec<OtherWake> = Vec::new();
        let mut runs = Runs::new(chunk);
        each_span(chunk, |row| class(row) != Class::Nothing, |at, word| {
            let class = class(rows.get(at).unwrap_or_default());
            if class == Class::Sleep {
                if !ends_soon(chunk, at, reasons.sleeps_over_ns) {
                    found.sleeps.push((member_of(chunk, at).0, chunk.start(at)));
                }
                return;
            }
            let local = chunk.columns.stack(word).map_or(usize::MAX, |local| local as usize);
            if !marked.get(local).copied().unwrap_or(false) {
                if class == Class::Wake {
                    others.push(OtherWake::new(at, word));
                }
            } else if let Some(mark) = self.book.mark(chunk.stack_at(word)) {
                found.pieces.push(self.piece(runs.at(at), &mark, word, at));
            }
        });
        found.pieces = by_canceller(&found.pieces);
        ChunkJoins { trace: self.trace, book: self.book, chunk, number }
            .join(&mut found.pieces, &others);
        found
    }

    /// The evidence that the span `at` is, whose stack the word `word` names.
    fn piece(
        &self,
        (member, first): (Goroutine, usize),
        mark: &Mark,
        word: usize,
        at: usize,
    ) -> Piece {
        let chunk = self.chunk;
        let kind = chunk.kind_of(at);
        let time = chunk.start(at);
        let inside = Piece::inside(Some(member), time, chunk.stack_at(word));
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
            self.trace
                .span_at(member, Time(time.ns().saturating_sub(1)))
                .map_or_else(Wait::default, |span| Wait { since: span.start, stack: span.stack })
        };
        Piece { by, act: Act::Wakes(member), wait, ..inside }
    }
}

/// Sorts pieces by way of small keys, which is faster than moving the pieces about.
fn by_canceller(pieces: &[Piece]) -> Vec<Piece> {
    let key = |row, piece: &Piece| (piece.by, piece.at, row);
    let mut keys: Vec<(Option<Goroutine>, Time, u32)> =
        (0..).zip(pieces).map(|(row, piece)| key(row, piece)).collect();
    keys.sort_unstable();
    keys.into_iter().map(|(.., row)| pieces[row as usize]).collect()
}

/// Whether a span is followed, in its chunk, by one that begins within the limit.
fn ends_soon(chunk: &Chunk, at: usize, over_ns: i64) -> bool {
    // Most next spans begin soon after; those of another goroutine begin anywhere.
    let soon = at + 1 < chunk.n_spans()
        && (0..=over_ns).contains(&(chunk.start(at + 1) - chunk.start(at)));
    soon && member_of(chunk, at + 1).0 == member_of(chunk, at).0
}
