//! Who held up a goroutine: its time, handed on along wakes.
//!
//! Going back from the end of a window, a goroutine's time is its own, except where it waited
//! and another goroutine let it go on: that stretch is the other one's, and so on. A sleep, the
//! network, a timer or a wait for a processor is nobody else's: there the chain stops. So the
//! window is cut into pieces that belong to one goroutine each.

use crate::base::{Goroutine, Interval, StackId, Time};
use crate::model::Span;
use crate::parse::event::GoState;

use super::book::Traits;
use super::few::Few;
use super::history::step_back;
use super::lives;
use super::split::{Key, Splitter, Sum, rank};
use super::types::{Link, SplitPart};

/// How many hands a wait may go through.
const MAX_DEPTH: u32 = 16;
/// How many spans to read for one window at most, as far as anybody would read.
const MOST_SPANS: usize = 20_000;
/// How many to read for all hearings of a trace together: each of a hundred thousand can have
/// waited for one goroutine that was busy with all of them.
const SPANS_FOR_ALL: usize = 20_000_000;
/// How many to read for one window at least, and where nobody held anybody up.
pub(crate) const FEW_SPANS: usize = 32;
/// How many links to give at most.
const MAX_LINKS: usize = 8;
/// A link below this share of the window is left out.
const MIN_SHARE: i64 = 50;

/// How many spans to read for each of so many hearings.
pub(crate) fn spans_for_each(n_hearings: usize) -> usize {
    (SPANS_FOR_ALL / n_hearings.max(1)).clamp(FEW_SPANS, MOST_SPANS)
}

/// Takes windows of goroutines' lives to account, one after another. Its tables are used again:
/// most windows are short, and there can be millions.
pub(crate) struct Walk<'a> {
    splitter: Splitter<'a>,
    spans_left: usize,
    /// The spans of all goroutines that are being walked, those of the latest last.
    spans: Vec<Span>,
    /// What the goroutine itself did in the window, whoever held it up.
    split: Few<Key, Sum>,
    /// Whose the time was, the last first.
    hands: Few<Goroutine, Held>,
    /// What each hand, by its row, did in its pieces.
    did: Few<(usize, Key), Sum>,
    parts: Vec<SplitPart>,
    links: Vec<Link>,
}

/// The pieces of the window that are one goroutine's.
#[derive(Clone, Copy)]
pub(crate) struct Held {
    /// Their length in all, in nanoseconds.
    pub(crate) ns: i64,
    /// From the first to the last.
    interval: Interval,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(splitter: Splitter<'a>) -> Self {
        Self {
            splitter,
            spans_left: 0,
            spans: Vec::new(),
            split: Few::default(),
            hands: Few::default(),
            did: Few::default(),
            parts: Vec::new(),
            links: Vec::new(),
        }
    }

    /// What a goroutine did in a window of its life, the largest part first, and who held it up,
    /// from the window's end backwards: over `n_spans` spans in all, waits before which are left
    /// where they are.
    pub(crate) fn account(
        &mut self,
        goroutine: Goroutine,
        window: Interval,
        n_spans: usize,
    ) -> (&[SplitPart], &[Link]) {
        self.spans_left = n_spans;
        self.split.clear();
        self.hands.clear();
        self.did.clear();
        self.back(goroutine, window, 0);
        self.parts.clear();
        self.parts.extend(self.split.rows().iter().map(|(key, sum)| key.part(*sum)));
        self.parts.sort_unstable_by_key(rank);
        self.link(window);
        (&self.parts, &self.links)
    }

    /// Whose the pieces of the last window are; their lengths add up to the window's.
    #[cfg(test)]
    pub(crate) fn hands(&self) -> &[(Goroutine, Held)] {
        self.hands.rows()
    }

    /// Makes links of the hands that count.
    fn link(&mut self, window: Interval) {
        let hands = self.hands.rows().iter().enumerate();
        let counts = |held: &Held| held.ns.saturating_mul(MIN_SHARE) >= window.ns();
        let did = self.did.rows();
        self.links.clear();
        self.links.extend(hands.filter(|(_, (_, held))| counts(held)).filter_map(
            |(hand, &(goroutine, Held { interval, .. }))| {
                let parts = did.iter().filter(|((of, _), _)| *of == hand);
                let did = parts.map(|((_, key), sum)| key.part(*sum)).min_by_key(rank)?;
                Some(Link { goroutine, did, interval })
            },
        ));
        if self.links.len() > MAX_LINKS {
            let held = |link: &Link| {
                let rows = self.hands.rows().iter();
                rows.filter(|(of, _)| *of == link.goroutine).map(|(_, held)| held.ns).sum::<i64>()
            };
            let mut longest: Vec<(i64, Goroutine)> =
                self.links.iter().map(|link| (held(link), link.goroutine)).collect();
            longest.sort_by_key(|(ns, _)| std::cmp::Reverse(*ns));
            longest.truncate(MAX_LINKS);
            self.links.retain(|link| longest.iter().any(|(_, of)| *of == link.goroutine));
        }
    }

    /// Cuts up a window, its end first.
    fn back(&mut self, goroutine: Goroutine, window: Interval, depth: u32) {
        let first = self.spans.len();
        let early = self.read(goroutine, window);
        let window = Interval::new(early.end, window.end);
        let mut end = window.end;
        let mut seen = false;
        for at in (first..self.spans.len()).rev() {
            let span = self.spans[at];
            let Some(piece) = span.interval().intersect(Interval::new(window.start, end)) else {
                continue;
            };
            let next = self.spans.get(at + 1).copied();
            // Those below are done with: the walk of another goroutine takes their place.
            self.spans.truncate(at + 1);
            if piece.end < end {
                // The spans ran out before the window did.
                self.rest(goroutine, Interval::new(piece.end, end), depth);
            }
            (end, seen) = (piece.start, true);
            let waker = next.and_then(|next| self.let_go_by(goroutine, &span, &next));
            let waker = waker.filter(|_| depth < MAX_DEPTH);
            let turn = waker.map_or(piece.end, |waker| self.turn_of(waker, piece));
            let (own, passed_on) =
                (Interval::new(piece.start, turn), Interval::new(turn, piece.end));
            let hand = (waker.is_none() || own.ns() > 0).then(|| self.own(goroutine, own));
            for (part, hand) in [(own, hand), (passed_on, None)] {
                if part.ns() == 0 && piece.ns() > 0 {
                    continue;
                }
                let (splitter, split, did) = (self.splitter, &mut self.split, &mut self.did);
                splitter.cut_span(goroutine, &span, next.as_ref(), part, &mut |key, stack, ns| {
                    if depth == 0 {
                        split.entry(key, || Sum::of(stack)).ns += ns;
                    }
                    if let Some(hand) = hand {
                        did.entry((hand, key), || Sum::of(stack)).ns += ns;
                    }
                });
            }
            if let Some(waker) = waker {
                self.back(waker, passed_on, depth + 1);
            }
        }
        self.spans.truncate(first);
        let rest = Interval::new(window.start, end);
        if !seen && rest.ns() > 0 {
            self.rest(goroutine, rest, depth);
        } else if window.start < end {
            self.before_birth(goroutine, rest, depth);
        }
        if early.ns() > 0 {
            self.rest(goroutine, early, depth);
        }
    }

    /// Reads a goroutine's spans in a window, and one more, which tells who ended the last wait.
    /// Gives what of the window is not read: its beginning, if there is too much.
    fn read(&mut self, goroutine: Goroutine, window: Interval) -> Interval {
        let (first, limit) = (self.spans.len(), self.spans_left);
        let trace = self.splitter.trace;
        let mut from = window.start;
        if limit == 0 {
            from = window.end;
        } else if self.read_from(goroutine, window, limit) {
            // The last ones say more of the end.
            self.spans.truncate(first);
            from = step_back(trace, goroutine, window.end, limit).unwrap_or(from).max(from);
            self.read_from(goroutine, Interval::new(from, window.end), limit + 1);
        }
        self.spans_left -= limit.min(self.spans.len() - first);
        Interval::new(window.start, from)
    }

    /// Reads spans, and tells whether there are more in the window than the limit allows.
    fn read_from(&mut self, goroutine: Goroutine, window: Interval, limit: usize) -> bool {
        for (n, span) in self.splitter.trace.spans_from(goroutine, window.start).enumerate() {
            if n == limit && span.start < window.end {
                return true;
            }
            self.spans.push(span);
            if span.start >= window.end {
                break;
            }
        }
        false
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

    /// From when on a wait was for the one who ended it. A timer's goroutine, which nobody
    /// started, is there only once the time is up: before that the wait was for the time.
    fn turn_of(&self, waker: Goroutine, wait: Interval) -> Time {
        let trace = self.splitter.trace;
        match lives::born(trace, waker) {
            Some(born) if born > wait.start && lives::parent(trace, waker).is_none() => {
                born.min(wait.end)
            }
            _ => wait.start,
        }
    }

    /// The stretch of a window in which a goroutine was not there yet: its creator's.
    fn before_birth(&mut self, goroutine: Goroutine, window: Interval, depth: u32) {
        if depth == 0 {
            self.split.entry(Key::UNBORN, || Sum::of(StackId::EMPTY)).ns += window.ns();
        }
        let trace = self.splitter.trace;
        let was_born = lives::born(trace, goroutine).is_some();
        match lives::parent(trace, goroutine) {
            Some(parent) if depth < MAX_DEPTH && was_born => self.back(parent, window, depth + 1),
            _ => {
                let hand = self.own(goroutine, window);
                self.did.entry((hand, Key::UNBORN), || Sum::of(StackId::EMPTY)).ns += window.ns();
            }
        }
    }

    /// The stretch of a window for which no spans were read.
    fn rest(&mut self, goroutine: Goroutine, window: Interval, depth: u32) {
        let hand = self.own(goroutine, window);
        let (splitter, split, did) = (self.splitter, &mut self.split, &mut self.did);
        splitter.cut(goroutine, window, &mut |key, stack, ns| {
            if depth == 0 {
                split.entry(key, || Sum::of(stack)).ns += ns;
            }
            did.entry((hand, key), || Sum::of(stack)).ns += ns;
        });
    }

    /// Makes a piece a goroutine's own; gives the row of its hand.
    fn own(&mut self, goroutine: Goroutine, piece: Interval) -> usize {
        let row = self.hands.row(goroutine, || Held { ns: 0, interval: piece });
        let held = self.hands.value(row);
        held.ns += piece.ns();
        let Interval { start, end } = held.interval;
        held.interval = Interval::new(start.min(piece.start), end.max(piece.end));
        row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_hearings_the_fewer_spans_for_each() {
        assert_eq!([0, 1, 1_000].map(spans_for_each), [MOST_SPANS; 3]);
        for n in [1_001, 20_000, 600_000] {
            let all = n * spans_for_each(n);
            assert!((SPANS_FOR_ALL / 2..=SPANS_FOR_ALL).contains(&all), "{n}: {all}");
        }
        assert_eq!(spans_for_each(usize::MAX), FEW_SPANS);
    }
}
