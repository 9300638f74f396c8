//! One pass over the span columns, for all that needs to see every span: evidence of cancels,
//! and long sleeps.

use crate::base::{Goroutine, StackId, StrId, Time};
use crate::model::{Chunk, Kind, Trace, View};
use crate::parse::event::GoState;

use super::super::Rules;
use super::super::code::book::Book;
use super::super::code::ground::Ground;
use super::super::code::reasons;
use super::evidence::{Act, Part, Piece, Wait};
use super::joining::ChunkJoins;
use super::scan::{Hit, Runs, each_span, member_of};

/// Reasons for which nobody blocks inside a cancel: most waits need no look at their stacks.
const ELSEWHERE: &[&str] = &[
    reasons::SELECT,
    reasons::RECEIVE,
    reasons::SEND,
    reasons::SLEEP,
    reasons::NETWORK,
    reasons::FOREVER,
    reasons::COND,
];

/// What there is in one chunk.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Wakes made, and states entered, inside a cancel.
    pub(crate) evidence: Part,
    /// Who began to sleep when, unless it was seen to wake up soon.
    pub(crate) sleeps: Vec<(Goroutine, Time)>,
}

/// Looks at every span, chunk by chunk.
pub(crate) fn survey(ground: Ground<'_>) -> Vec<Found> {
    let Ground { trace, book, rules, threads } = ground;
    let reasons = Reasons::new(trace, rules);
    threads.of_chunks(trace, |buffers: &mut Buffers, number, chunk| {
        Survey { trace, book, chunk }.all(number, &reasons, buffers)
    })
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
            sleep: trace.strings().find(reasons::SLEEP),
            sleeps_over_ns: rules.shortest_sleep_ns(),
        }
    }

    fn class(&self, kind: &Kind, has_marks: bool) -> u8 {
        let is_woken_or_here = kind.woken || !self.elsewhere.contains(&kind.reason);
        if kind.state == GoState::Waiting && Some(kind.reason) == self.sleep {
            SLEEP
        } else if has_marks && kind.words > 0 && is_woken_or_here {
            MAYBE
        } else {
            NOTHING
        }
    }
}

/// Of no interest.
const NOTHING: u8 = 0;
/// Somebody was woken or stopped: in a cancel, perhaps.
const MAYBE: u8 = 1;
/// Somebody slept.
const SLEEP: u8 = 2;

/// What is found in one chunk, on its way.
#[derive(Default)]
struct Buffers {
    /// The spans of interest.
    hits: Vec<Hit>,
    /// Wakes made, and states entered, inside a cancel.
    pieces: Vec<Piece>,
    keys: Vec<u128>,
}

struct Survey<'a> {
    trace: &'a Trace,
    book: &'a Book,
    chunk: &'a Chunk,
}

impl Survey<'_> {
    fn all(&self, number: usize, reasons: &Reasons, buffers: &mut Buffers) -> Found {
        let chunk = self.chunk;
        let marked: Vec<bool> =
            chunk.stacks.iter().map(|&stack| self.book.mark(stack).is_some()).collect();
        // Most chunks of most traces hold no cancel.
        let has_marks = marked.contains(&true);
        let class = |row: u16| reasons.class(&chunk.kinds()[usize::from(row)], has_marks);
        let view = View::new(chunk);
        let is_marked = |hit: Hit| {
            let local = view.names.stack(hit.word()).map(|local| local as usize);
            local.and_then(|local| marked.get(local)) == Some(&true)
        };
        // Nearly all are wakes outside of cancels: this loop does nothing but leave them out.
        buffers.hits.clear();
        each_span(chunk, class, |hit| {
            if is_marked(hit) || hit.class() == SLEEP {
                buffers.hits.push(hit);
            }
        });
        let mut sleeps = Vec::new();
        let mut runs = Runs::new(chunk);
        buffers.pieces.clear();
        for &hit in &buffers.hits {
            if is_marked(hit) {
                buffers.pieces.extend(self.piece(view, &mut runs, hit));
            } else if !ends_soon(view, hit.at(), reasons.sleeps_over_ns) {
                sleeps.push((member_of(chunk, hit.at()).0, view.start(hit.at())));
            }
        }
        let mut pieces = by_canceller(&buffers.pieces, &mut buffers.keys);
        ChunkJoins { trace: self.trace, book: self.book, chunk, number }.join(&mut pieces);
        Found { evidence: Part::new(pieces), sleeps }
    }

    /// The evidence that a span is.
    #[inline(never)]
    fn piece(&self, view: View<'_>, runs: &mut Runs<'_>, hit: Hit) -> Option<Piece> {
        let (at, word) = (hit.at(), hit.word());
        let stack = view.stack_at(word);
        let mark = self.book.mark(stack)?;
        let (member, first) = runs.at(at);
        let kind = view.kind_of(at);
        let time = view.start(at);
        let inside = Piece::inside(Some(member), time, stack);
        if !kind.woken {
            return Some(inside);
        }
        let by = view.waker_at(word);
        if !mark.closes {
            return Some(Piece { by, ..inside });
        }
        let wait = if at > first {
            let waiting = view.kind_of(at - 1);
            let stack = match waiting.words {
                0 => StackId::EMPTY,
                words => view.stack_at(word - usize::from(words)),
            };
            Wait { since: view.start(at - 1), stack }
        } else {
            // It began in an earlier chunk.
            self.trace
                .span_at(member, Time(time.ns().saturating_sub(1)))
                .map_or_else(Wait::default, |span| Wait { since: span.start, stack: span.stack })
        };
        Some(Piece { by, act: Act::Wakes(member), wait, ..inside })
    }
}

/// Sorts pieces by way of small keys, which is faster than moving the pieces about.
fn by_canceller(pieces: &[Piece], keys: &mut Vec<u128>) -> Vec<Piece> {
    // The canceller, the time and the row, in this order of weight.
    let key = |row: u32, piece: &Piece| {
        let by = piece.by.map_or(0, |by| u128::from(by.0) + 1);
        let at = u128::from(piece.at.ns().cast_unsigned() ^ (1 << 63));
        by << 96 | at << 32 | u128::from(row)
    };
    keys.clear();
    keys.extend((0..).zip(pieces).map(|(row, piece)| key(row, piece)));
    keys.sort_unstable();
    let row = |key: u128| usize::try_from(key & u128::from(u32::MAX)).unwrap_or(usize::MAX);
    let mut sorted = Vec::with_capacity(pieces.len());
    sorted.extend(keys.iter().filter_map(|&key| pieces.get(row(key))));
    sorted
}

/// Whether a span is followed, in its chunk, by one that begins within the limit.
fn ends_soon(view: View<'_>, at: usize, over_ns: i64) -> bool {
    // Most next spans begin soon after; those of another goroutine begin anywhere.
    let chunk = view.chunk;
    let soon = at + 1 < chunk.n_spans() && (0..=over_ns).contains(&(view.ns(at + 1) - view.ns(at)));
    soon && member_of(chunk, at + 1).0 == member_of(chunk, at).0
}
