//! Who held up a goroutine: its time, handed on along wakes.
//!
//! Going back from the end of a window, a goroutine's time is its own, except where it waited
//! and another goroutine let it go on: that stretch is the other one's, and so on. A sleep, the
//! network, a timer or a wait for a processor is nobody else's: there the chain stops. So the
//! window is cut into pieces that belong to one goroutine each.

use crate::base::{Goroutine, Interval, Time, narrow};
use crate::model::Span;
use crate::parse::event::GoState;

use super::super::lives;
use super::super::types::{Link, SplitPart};
use super::Splitter;
use super::account::Account;
use super::activity::{Activities, Activity, ActivityId, Share};
use super::few::Few;

/// How many hands a wait may go through.
const MAX_DEPTH: u32 = 16;
/// How many spans to read for one window at most, as far as anybody would read.
const MOST_SPANS: usize = 20_000;
/// How many to read for all hearings of a trace together, as often as it has spans: each of a
/// hundred thousand can have waited for one goroutine that was busy with all of them.
const TIMES_ALL_SPANS: usize = 16;
/// The bounds of that: small traces may ask for more, and none for longer than some seconds.
const SPANS_FOR_ALL: std::ops::RangeInclusive<usize> = 200_000..=20_000_000;
/// How many to read for one window at least, and where nobody held anybody up.
pub(crate) const FEW_SPANS: usize = 32;
/// How many links to give at most.
const MAX_LINKS: usize = 8;
/// A link is left out if the window is more than so many times as long.
const MAX_TIMES_LINK: i64 = 50;

/// How many spans to read for each of so many hearings of a trace that has `n_spans` in all.
pub(crate) fn spans_for_each(n_hearings: usize, n_spans: usize) -> usize {
    let (least, most) = SPANS_FOR_ALL.into_inner();
    let for_all = n_spans.saturating_mul(TIMES_ALL_SPANS).clamp(least, most);
    (for_all / n_hearings.max(1)).clamp(FEW_SPANS, MOST_SPANS)
}

/// Takes windows of goroutines' lives to account, one after another. Its tables are used again:
/// most windows are short, and there can be millions.
pub(crate) struct Walk<'a> {
    splitter: Splitter<'a>,
    spans_left: usize,
    activities: Activities,
    /// What the goroutine itself did in the window, whoever held it up.
    split: Sums<ActivityId>,
    /// Whose the time was, the last first.
    hands: Few<Goroutine, Held>,
    /// What each hand, by its row, did in its pieces.
    did: Sums<(u32, ActivityId)>,
    shares: Vec<Share>,
    links: Vec<Link<Share>>,
}

/// Times of pieces, added up, with the activity of the first.
type Sums<K> = Few<K, Share>;

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
            activities: Activities::default(),
            split: Few::default(),
            hands: Few::default(),
            did: Few::default(),
            shares: Vec::new(),
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
    ) -> Account<'_> {
        self.activities.make_room();
        self.spans_left = n_spans;
        self.split.clear();
        self.hands.clear();
        self.did.clear();
        self.back(goroutine, window, 0);
        self.shares.clear();
        self.shares.extend(self.split.rows().iter().map(|(_, share)| *share));
        self.shares.sort_unstable_by(|a, b| self.activities.order(a, b));
        self.link(window);
        Account { activities: &self.activities, split: &self.shares, held_by: &self.links }
    }

    /// Whose the pieces of the last window are; their lengths add up to the window's.
    #[cfg(test)]
    pub(crate) fn hands(&self) -> &[(Goroutine, Held)] {
        self.hands.rows()
    }

    /// What others did in the pieces of the last window that are theirs.
    pub(crate) fn others(&self, than: Goroutine) -> impl Iterator<Item = SplitPart> + '_ {
        let whose = |hand: u32| self.hands.rows().get(hand as usize).map(|(of, _)| *of);
        let rows = self.did.rows().iter();
        let others = rows.filter(move |((hand, _), _)| whose(*hand) != Some(than));
        others.map(|(_, share)| self.activities.part(*share))
    }

    /// Makes links of the hands that count.
    fn link(&mut self, window: Interval) {
        let counts = |held: &Held| held.ns.saturating_mul(MAX_TIMES_LINK) >= window.ns();
        self.links.clear();
        for (hand, &(goroutine, held)) in (0..).zip(self.hands.rows()) {
            if counts(&held) {
                let did = self.did.rows().iter().filter(|((of, _), _)| *of == hand);
                let largest =
                    did.map(|(_, share)| share).min_by(|a, b| self.activities.order(a, b));
                let interval = held.interval;
                self.links.extend(largest.map(|&did| Link { goroutine, did, interval }));
            }
        }
        if self.links.len() > MAX_LINKS {
            let held = |link: &Link<Share>| {
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
    ///
    /// ```text
    /// window.start                                                  window.end
    /// ├── early ──┬── before birth ──┬─ piece ─┬─ piece ─┬─ piece ──┬─ rest ─┤
    ///             └ from                       └ end, as the walk goes back
    /// ```
    ///
    /// Its parts tile the window, so that what is put adds up to it: the pieces of the spans that
    /// are read; a rest behind a life that ends before the window does; what is before the
    /// goroutine's birth; and, if there are more spans than may be read, what is before those that
    /// are (`from` is then their first one's start). Most windows have pieces only.
    fn back(&mut self, goroutine: Goroutine, window: Interval, depth: u32) {
        let limit = self.spans_left;
        let mut spans = self.splitter.trace.spans_before(goroutine, window.end);
        let n_spans = spans.count_from(window.start, limit);
        let mut next = spans.after().copied();
        // The span after the last is read too, since it tells who ended a wait.
        self.spans_left -= limit.min(n_spans + usize::from(next.is_some()));
        let (mut from, mut end) = (window.end, window.end);
        let mut seen = false;
        for _ in 0..n_spans.min(limit) {
            let Some(span) = spans.next() else { break };
            from = span.start;
            let piece = Interval::new(span.start.max(window.start), span.end.min(end));
            if piece.ns() > 0 {
                if piece.end < end {
                    // The spans ran out before the window did.
                    self.rest(goroutine, Interval::new(piece.end, end), depth);
                }
                (end, seen) = (piece.start, true);
                self.piece(goroutine, &span, next.as_ref(), piece, depth);
            }
            next = Some(span);
        }
        if n_spans <= limit {
            from = window.start;
        }
        let rest = Interval::new(from, end);
        if !seen && rest.ns() > 0 {
            self.rest(goroutine, rest, depth);
        } else if from < end {
            self.before_birth(goroutine, rest, depth);
        }
        // What lies before those that were read, if there were too many: the last say more of
        // the end.
        let early = Interval::new(window.start, from);
        if early.ns() > 0 {
            self.rest(goroutine, early, depth);
        }
    }

    /// Takes a piece of a span to account, given the span after it.
    fn piece(
        &mut self,
        goroutine: Goroutine,
        span: &Span,
        next: Option<&Span>,
        piece: Interval,
        depth: u32,
    ) {
        let waker = next.and_then(|next| self.let_go_by(goroutine, span, next));
        let waker = waker.filter(|_| depth < MAX_DEPTH);
        let turn = waker.map_or(piece.end, |waker| self.turn_of(waker, piece));
        let (own, passed_on) = (Interval::new(piece.start, turn), Interval::new(turn, piece.end));
        if waker.is_none() || own.ns() > 0 {
            let hand = self.own(goroutine, own);
            self.splitter.cut_span(goroutine, span, next, own, &mut |activity, ns| {
                self.put(Some(hand), activity, ns, depth);
            });
        }
        // Of what is passed on the goroutine is asked only for its own split.
        if depth == 0 && passed_on.ns() > 0 {
            self.splitter.cut_span(goroutine, span, next, passed_on, &mut |activity, ns| {
                self.put(None, activity, ns, depth);
            });
        }
        if let Some(waker) = waker {
            self.back(waker, passed_on, depth + 1);
        }
    }

    /// Adds what the goroutine did, or one that held it up, in a piece that is a hand's own.
    fn put(&mut self, hand: Option<u32>, activity: Activity, ns: i64, depth: u32) {
        let Splitter { trace, book, .. } = self.splitter;
        let id = self.activities.id(trace, book, activity);
        let first = self.activities.first(id);
        let new = || Share { activity: id, ns: 0 };
        if depth == 0 {
            self.split.entry(first, new).ns += ns;
        }
        if let Some(hand) = hand {
            self.did.entry((hand, first), new).ns += ns;
        }
    }

    /// Who ended a wait, if that was another goroutine's doing.
    fn let_go_by(&self, goroutine: Goroutine, span: &Span, next: &Span) -> Option<Goroutine> {
        let waits = span.state == GoState::Waiting;
        let waker = next.waker.filter(|waker| waits && *waker != goroutine)?;
        let Splitter { trace, book, .. } = self.splitter;
        let stacks = trace.stacks();
        (!book.sleeps(stacks, span.stack) && book.woken_by_code(stacks, next)).then_some(waker)
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
        let trace = self.splitter.trace;
        let was_born = lives::born(trace, goroutine).is_some();
        let parent = lives::parent(trace, goroutine).filter(|_| depth < MAX_DEPTH && was_born);
        let hand = parent.is_none().then(|| self.own(goroutine, window));
        self.put(hand, Activity::UNBORN, window.ns(), depth);
        if let Some(parent) = parent {
            self.back(parent, window, depth + 1);
        }
    }

    /// The stretch of a window for which no spans were read.
    fn rest(&mut self, goroutine: Goroutine, window: Interval, depth: u32) {
        let hand = self.own(goroutine, window);
        let mut splitter = self.splitter;
        if depth == 0 {
            splitter.ledgers = splitter.ledgers.filter(|ledgers| !ledgers.is_seldom(goroutine));
        }
        splitter.cut(goroutine, window, &mut |activity, ns| {
            self.put(Some(hand), activity, ns, depth);
        });
    }

    /// Makes a piece a goroutine's own; gives the row of its hand.
    #[inline]
    fn own(&mut self, goroutine: Goroutine, piece: Interval) -> u32 {
        let row = self.hands.row(goroutine, || Held { ns: 0, interval: piece });
        let held = self.hands.value(row);
        held.ns += piece.ns();
        let Interval { start, end } = held.interval;
        held.interval = Interval { start: start.min(piece.start), end: end.max(piece.end) };
        // There are no more hands than spans that one window reads.
        narrow(row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_hearings_the_fewer_spans_for_each() {
        let (least, most) = SPANS_FOR_ALL.into_inner();
        assert_eq!([0, 1, 1_000].map(|n| spans_for_each(n, 1 << 21)), [MOST_SPANS; 3]);
        for (n_spans, for_all) in [(0, least), (200_000, 3_200_000), (1 << 30, most)] {
            for n in [1_001, 4_000, 6_000] {
                let all = n * spans_for_each(n, n_spans);
                assert!((for_all / 2..=for_all).contains(&all), "{n}: {all}");
            }
        }
        assert_eq!(spans_for_each(usize::MAX, usize::MAX), FEW_SPANS);
    }
}
