//! Who held up a goroutine: its time, handed on along wakes.
//!
//! Going back from the end of a window, a goroutine's time is its own, except where it waited
//! and another goroutine let it go on: that stretch is the other one's, and so on. A sleep, the
//! network, a timer or a wait for a processor is nobody else's: there the chain stops. So the
//! window is cut into pieces that belong to one goroutine each.

use rustc_hash::FxHashMap;

use crate::base::{Goroutine, Interval};
use crate::model::{Span, Trace};
use crate::parse::event::GoState;

use super::book::{Book, Traits};
use super::describe::part_text;
use super::lives;
use super::split::{Assists, Splitter};
use super::types::{Link, SplitPart};

/// How many hands a wait may go through.
const MAX_DEPTH: u32 = 16;
/// How many spans to read in all: beyond that, waits are left where they are.
const MAX_SPANS: usize = 20_000;
/// How many links to give at most.
const MAX_LINKS: usize = 8;
/// A link below this share of the window is left out.
const MIN_SHARE: i64 = 50;

/// Who held up a goroutine in a window of its life, from the window's end backwards. `split` is
/// what it did in the window itself, the largest part first.
pub(crate) fn chain(
    trace: &Trace,
    book: &Book,
    assists: &Assists,
    goroutine: Goroutine,
    window: Interval,
    split: &[SplitPart],
) -> Vec<Link> {
    let mut walk = Walk { trace, book, spans_left: MAX_SPANS, pieces: Vec::new() };
    walk.back(goroutine, window, 0);
    if walk.pieces == [(goroutine, window)] {
        // Nobody else had a part in it.
        let what = split.first().map(|part| part_text(trace, part));
        return what.map(|what| Link { goroutine, what, interval: window }).into_iter().collect();
    }
    let pieces_of = by_goroutine(walk.pieces);
    let ns = |pieces: &[Interval]| pieces.iter().map(|piece| piece.ns()).sum::<i64>();
    let mut kept: Vec<(i64, Goroutine, Vec<Interval>)> = pieces_of
        .into_iter()
        .map(|(of, pieces)| (ns(&pieces), of, pieces))
        .filter(|(ns, ..)| ns.saturating_mul(MIN_SHARE) >= window.ns())
        .collect();
    if kept.len() > MAX_LINKS {
        let mut by_ns: Vec<(i64, Goroutine)> = kept.iter().map(|(ns, of, _)| (*ns, *of)).collect();
        by_ns.sort_by_key(|(ns, _)| std::cmp::Reverse(*ns));
        by_ns.truncate(MAX_LINKS);
        kept.retain(|(_, of, _)| by_ns.iter().any(|(_, other)| other == of));
    }
    kept.iter().filter_map(|(_, of, pieces)| link(trace, book, assists, *of, pieces)).collect()
}

/// The pieces of each goroutine, goroutines in the order of their first piece.
fn by_goroutine(pieces: Vec<(Goroutine, Interval)>) -> Vec<(Goroutine, Vec<Interval>)> {
    let mut rows: FxHashMap<Goroutine, usize> = FxHashMap::default();
    let mut grouped: Vec<(Goroutine, Vec<Interval>)> = Vec::new();
    for (of, piece) in pieces {
        let row = *rows.entry(of).or_insert(grouped.len());
        if row == grouped.len() {
            grouped.push((of, Vec::new()));
        }
        grouped[row].1.push(piece);
    }
    grouped
}

/// Says what a goroutine did in its pieces of the window.
fn link(
    trace: &Trace,
    book: &Book,
    assists: &Assists,
    goroutine: Goroutine,
    pieces: &[Interval],
) -> Option<Link> {
    let mut splitter = Splitter::new(trace, book, assists);
    for piece in pieces {
        splitter.add(goroutine, *piece);
    }
    let what = part_text(trace, splitter.parts().first()?);
    let start = pieces.iter().map(|piece| piece.start).min()?;
    let end = pieces.iter().map(|piece| piece.end).max()?;
    Some(Link { goroutine, what, interval: Interval::new(start, end) })
}

struct Walk<'a> {
    trace: &'a Trace,
    book: &'a Book,
    spans_left: usize,
    /// The last first.
    pieces: Vec<(Goroutine, Interval)>,
}

impl Walk<'_> {
    /// Cuts up a window, its end first.
    fn back(&mut self, goroutine: Goroutine, window: Interval, depth: u32) {
        let mut spans: Vec<Span> = Vec::new();
        let reading = self.trace.spans_from(goroutine, window.start);
        // One span more tells who ended the last wait.
        let mut beyond = false;
        for span in reading.take(self.spans_left) {
            if beyond {
                break;
            }
            beyond = span.start >= window.end;
            spans.push(span);
        }
        self.spans_left -= spans.len().min(self.spans_left);
        let mut end = window.end;
        for at in (0..spans.len()).rev() {
            let span = spans[at];
            let Some(piece) = span.interval().intersect(Interval::new(window.start, end)) else {
                continue;
            };
            if piece.end < end {
                // The spans ran out before the window did.
                self.own(goroutine, Interval::new(piece.end, end));
            }
            end = piece.start;
            match spans.get(at + 1).and_then(|next| self.let_go_by(goroutine, &span, next)) {
                Some(waker) if depth < MAX_DEPTH => self.hand_on(waker, piece, depth),
                _ => self.own(goroutine, piece),
            }
        }
        if window.start < end {
            self.before_birth(goroutine, Interval::new(window.start, end), depth);
        }
    }

    /// Who ended a wait, if that was another goroutine's doing.
    fn let_go_by(&self, goroutine: Goroutine, span: &Span, next: &Span) -> Option<Goroutine> {
        let waits = span.state == GoState::Waiting && next.woken;
        let sleeps = self
            .book
            .top(self.trace.stacks(), span.stack)
            .is_some_and(|function| function.is.has(Traits::SLEEPS));
        // A timer or the network can be noticed by any goroutine that happens to look: the
        // runtime's frames are all there is on the stack then.
        let by_code = self
            .book
            .top(self.trace.stacks(), next.stack)
            .is_some_and(|function| !function.is.has(Traits::RUNTIME));
        next.waker.filter(|waker| waits && !sleeps && by_code && *waker != goroutine)
    }

    fn hand_on(&mut self, waker: Goroutine, piece: Interval, depth: u32) {
        self.back(waker, piece, depth + 1);
    }

    /// The stretch of a window in which a goroutine was not there yet: its creator's.
    fn before_birth(&mut self, goroutine: Goroutine, window: Interval, depth: u32) {
        let was_born = lives::born(self.trace, goroutine).is_some();
        match lives::parent(self.trace, goroutine) {
            Some(parent) if depth < MAX_DEPTH && was_born => {
                self.back(parent, window, depth + 1);
            }
            _ => self.own(goroutine, window),
        }
    }

    fn own(&mut self, goroutine: Goroutine, piece: Interval) {
        if let Some((of, last)) = self.pieces.last_mut()
            && *of == goroutine
            && last.start == piece.end
        {
            last.start = piece.start;
            return;
        }
        self.pieces.push((goroutine, piece));
    }
}
