//! Who held up a goroutine: its time, handed on along wakes.
//!
//! Going back from the end of a window, a goroutine's time is its own, except where it waited
//! and another goroutine let it go on: that stretch is the other one's, and so on. A sleep, the
//! network, a timer or a wait for a processor is nobody else's: there the chain stops. So the
//! window is cut into pieces that belong to one goroutine each.

use crate::base::{Goroutine, Interval};
use crate::model::Span;
use crate::parse::event::GoState;

use super::book::Traits;
use super::describe::part_text;
use super::few::Few;
use super::lives;
use super::split::{Splitter, Sums};
use super::types::{Link, SplitPart};

/// How many hands a wait may go through.
const MAX_DEPTH: u32 = 16;
/// How many spans to read in all: beyond that, waits are left where they are.
const MAX_SPANS: usize = 20_000;
/// How many links to give at most.
const MAX_LINKS: usize = 8;
/// A link below this share of the window is left out.
const MIN_SHARE: i64 = 50;

/// What a goroutine did in a window of its life, the largest part first, and who held it up, from
/// the window's end backwards.
pub(crate) fn account(
    splitter: Splitter<'_>,
    goroutine: Goroutine,
    window: Interval,
) -> (Vec<SplitPart>, Vec<Link>) {
    let spans_left = MAX_SPANS;
    let mut walk = Walk { splitter, spans_left, split: Sums::default(), hands: Few::default() };
    walk.back(goroutine, window, 0);
    let mut hands = walk.hands.into_rows();
    hands.retain(|(_, held)| held.ns.saturating_mul(MIN_SHARE) >= window.ns());
    if hands.len() > MAX_LINKS {
        let mut longest: Vec<(i64, Goroutine)> =
            hands.iter().map(|(of, held)| (held.ns, *of)).collect();
        longest.sort_by_key(|(ns, _)| std::cmp::Reverse(*ns));
        longest.truncate(MAX_LINKS);
        hands.retain(|(of, _)| longest.iter().any(|(_, other)| other == of));
    }
    let links = hands.into_iter().filter_map(|(of, held)| held.into_link(splitter, of));
    (walk.split.into_parts(), links.collect())
}

/// The pieces of the window that are one goroutine's.
struct Held {
    /// Their length in all, in nanoseconds.
    ns: i64,
    /// From the first to the last.
    interval: Interval,
    /// What it did in them.
    sums: Sums,
}

impl Held {
    fn into_link(self, splitter: Splitter<'_>, goroutine: Goroutine) -> Option<Link> {
        let what = part_text(splitter.trace, self.sums.into_parts().first()?);
        Some(Link { goroutine, what, interval: self.interval })
    }
}

struct Walk<'a> {
    splitter: Splitter<'a>,
    spans_left: usize,
    /// What the goroutine itself did in the window, whoever held it up.
    split: Sums,
    /// Whose the time was, the last first.
    hands: Few<Goroutine, Held>,
}

impl Walk<'_> {
    /// Cuts up a window, its end first.
    fn back(&mut self, goroutine: Goroutine, window: Interval, depth: u32) {
        let spans = self.read(goroutine, window);
        let mut end = window.end;
        let mut seen = false;
        for (at, span) in spans.iter().enumerate().rev() {
            let Some(piece) = span.interval().intersect(Interval::new(window.start, end)) else {
                continue;
            };
            let next = spans.get(at + 1);
            if piece.end < end {
                // The spans ran out before the window did.
                self.rest(goroutine, Interval::new(piece.end, end), depth);
            }
            (end, seen) = (piece.start, true);
            if depth == 0 {
                self.splitter.add_span(&mut self.split, goroutine, span, next, piece);
            }
            match next.and_then(|next| self.let_go_by(goroutine, span, next)) {
                Some(waker) if depth < MAX_DEPTH => self.back(waker, piece, depth + 1),
                _ => {
                    let splitter = self.splitter;
                    let sums = self.own(goroutine, piece);
                    splitter.add_span(sums, goroutine, span, next, piece);
                }
            }
        }
        let rest = Interval::new(window.start, end);
        if !seen {
            self.rest(goroutine, rest, depth);
        } else if window.start < end {
            self.before_birth(goroutine, rest, depth);
        }
    }

    /// A goroutine's spans in a window, and one more, which tells who ended the last wait.
    fn read(&mut self, goroutine: Goroutine, window: Interval) -> Vec<Span> {
        let mut spans: Vec<Span> = Vec::new();
        for span in self.splitter.trace.spans_from(goroutine, window.start).take(self.spans_left) {
            spans.push(span);
            if span.start >= window.end {
                break;
            }
        }
        self.spans_left -= spans.len();
        spans
    }

    /// Who ended a wait, if that was another goroutine's doing.
    fn let_go_by(&self, goroutine: Goroutine, span: &Span, next: &Span) -> Option<Goroutine> {
        let waits = span.state == GoState::Waiting && next.woken;
        let sleeps = self
            .splitter
            .book
            .top(self.splitter.trace.stacks(), span.stack)
            .is_some_and(|function| function.is.has(Traits::SLEEPS));
        // A timer or the network can be noticed by any goroutine that happens to look: the
        // runtime's frames are all there is on the stack then.
        let by_code = self
            .splitter
            .book
            .top(self.splitter.trace.stacks(), next.stack)
            .is_some_and(|function| !function.is.has(Traits::RUNTIME));
        next.waker.filter(|waker| waits && !sleeps && by_code && *waker != goroutine)
    }

    /// The stretch of a window in which a goroutine was not there yet: its creator's.
    fn before_birth(&mut self, goroutine: Goroutine, window: Interval, depth: u32) {
        if depth == 0 {
            self.splitter.add_unborn(&mut self.split, window.ns());
        }
        let trace = self.splitter.trace;
        let was_born = lives::born(trace, goroutine).is_some();
        match lives::parent(trace, goroutine) {
            Some(parent) if depth < MAX_DEPTH && was_born => self.back(parent, window, depth + 1),
            _ => {
                let splitter = self.splitter;
                splitter.add_unborn(self.own(goroutine, window), window.ns());
            }
        }
    }

    /// The stretch of a window for which no spans were read.
    fn rest(&mut self, goroutine: Goroutine, window: Interval, depth: u32) {
        let splitter = self.splitter;
        if depth == 0 {
            splitter.add(&mut self.split, goroutine, window);
        }
        splitter.add(self.own(goroutine, window), goroutine, window);
    }

    /// Makes a piece a goroutine's own; gives where to add what it did.
    fn own(&mut self, goroutine: Goroutine, piece: Interval) -> &mut Sums {
        let new = || Held { ns: 0, interval: piece, sums: Sums::default() };
        let held = self.hands.entry(goroutine, new);
        held.ns += piece.ns();
        let Interval { start, end } = held.interval;
        held.interval = Interval::new(start.min(piece.start), end.max(piece.end));
        &mut held.sums
    }
}
