//! What a goroutine did in a window of its life, to the nanosecond.

use rustc_hash::FxHashMap;

use crate::base::{Goroutine, Interval, StackId, StrId};
use crate::model::{Frame, Span, Trace};
use crate::parse::event::GoState;

use super::book::Book;
use super::types::SplitPart;
use super::words::Doing;

/// GC assists by goroutine, so that a split looks at its own goroutine's only.
#[derive(Debug, Default)]
pub(crate) struct Assists {
    /// Sorted by goroutine, then by time; those of one goroutine do not overlap.
    rows: Vec<(Goroutine, Interval)>,
}

impl Assists {
    /// Sorts a trace's assists.
    pub(crate) fn new(trace: &Trace) -> Self {
        let assists = trace.world().assists();
        let mut rows: Vec<_> = assists.iter().map(|range| (range.of, range.interval)).collect();
        rows.sort_unstable_by_key(|(of, interval)| (*of, interval.start));
        Self { rows }
    }

    /// The assists of a goroutine that overlap a window.
    fn within(
        &self,
        goroutine: Goroutine,
        window: Interval,
    ) -> impl Iterator<Item = Interval> + '_ {
        let start = self
            .rows
            .partition_point(|(of, interval)| (*of, interval.end) <= (goroutine, window.start));
        self.rows[start..]
            .iter()
            .take_while(move |(of, interval)| *of == goroutine && interval.start < window.end)
            .filter_map(move |(_, interval)| interval.intersect(window))
    }

    /// How long a goroutine assisted in a window, in nanoseconds.
    pub(crate) fn ns(&self, goroutine: Goroutine, window: Interval) -> i64 {
        self.within(goroutine, window).map(Interval::ns).sum()
    }
}

/// What pieces of time are added up by.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    state: Doing,
    reason: StrId,
    site: Option<Frame>,
}

/// Up to so many parts are looked through; more are looked up.
const FEW: usize = 12;

/// The sums of a split. Most have a handful of parts, for which a table by hash costs more than
/// all the rest.
#[derive(Default)]
struct Parts {
    rows: Vec<SplitPart>,
    /// The row of each key, once there are more than [`FEW`].
    places: FxHashMap<Key, usize>,
}

impl Parts {
    fn add(&mut self, key: Key, stack: StackId, ns: i64) {
        if let Some(row) = self.find(key) {
            self.rows[row].ns += ns;
            return;
        }
        let Key { state, reason, site } = key;
        self.rows.push(SplitPart { state, reason, site, stack, ns });
        if self.rows.len() > FEW {
            // The first time these are all of them, later the last one.
            let unplaced = self.rows.iter().enumerate().skip(self.places.len());
            let key = |part: &SplitPart| {
                let SplitPart { state, reason, site, .. } = *part;
                Key { state, reason, site }
            };
            self.places.extend(unplaced.map(|(row, part)| (key(part), row)));
        }
    }

    fn find(&self, key: Key) -> Option<usize> {
        if self.rows.len() > FEW {
            return self.places.get(&key).copied();
        }
        self.rows.iter().position(|part| {
            part.site == key.site && part.reason == key.reason && part.state == key.state
        })
    }
}

/// Adds up pieces of time.
pub(crate) struct Splitter<'a> {
    trace: &'a Trace,
    book: &'a Book,
    assists: &'a Assists,
    parts: Parts,
}

impl<'a> Splitter<'a> {
    pub(crate) fn new(trace: &'a Trace, book: &'a Book, assists: &'a Assists) -> Self {
        Self { trace, book, assists, parts: Parts::default() }
    }

    /// Adds what a goroutine did in a window; exactly the window's length in all.
    pub(crate) fn add(&mut self, goroutine: Goroutine, window: Interval) {
        let mut covered = window.start;
        let mut spans = self.trace.spans_from(goroutine, window.start).peekable();
        while let Some(span) = spans.next() {
            if span.start >= window.end {
                break;
            }
            let Some(piece) = span.interval().intersect(window) else { continue };
            if covered < piece.start {
                self.put(Doing::Unborn, StrId::EMPTY, StackId::EMPTY, piece.start - covered);
            }
            covered = piece.end;
            self.add_span(goroutine, &span, spans.peek(), piece);
        }
        if covered < window.end {
            self.put(Doing::Unknown, StrId::EMPTY, StackId::EMPTY, window.end - covered);
        }
    }

    fn add_span(
        &mut self,
        goroutine: Goroutine,
        span: &Span,
        next: Option<&Span>,
        piece: Interval,
    ) {
        let lost: i64 = self
            .trace
            .world()
            .gaps()
            .iter()
            .filter_map(|gap| gap.intersect(piece))
            .map(Interval::ns)
            .sum();
        self.put(Doing::Unknown, StrId::EMPTY, StackId::EMPTY, lost);
        let ns = piece.ns() - lost;
        match span.state {
            GoState::Running => {
                let assisted = self.assists.ns(goroutine, piece).min(ns);
                let stack = ran_in(span, next);
                self.put(Doing::GcAssist, StrId::EMPTY, StackId::EMPTY, assisted);
                self.put(Doing::Running, StrId::EMPTY, stack, ns - assisted);
            }
            // Where it was before it got ready has no part in how long it waits for a processor.
            GoState::Runnable => self.put(Doing::Runnable, StrId::EMPTY, StackId::EMPTY, ns),
            GoState::Waiting => self.put(Doing::Waiting, span.reason, span.stack, ns),
            GoState::Syscall => self.put(Doing::Syscall, span.reason, span.stack, ns),
            GoState::Undetermined | GoState::NotExist => {
                self.put(Doing::Unknown, StrId::EMPTY, StackId::EMPTY, ns);
            }
        }
    }

    fn put(&mut self, state: Doing, reason: StrId, stack: StackId, ns: i64) {
        if ns <= 0 {
            return;
        }
        let site = self.book.site(self.trace.stacks(), stack);
        self.parts.add(Key { state, reason, site }, stack, ns);
    }

    /// The parts, the largest first.
    pub(crate) fn parts(self) -> Vec<SplitPart> {
        let mut parts = self.parts.rows;
        parts.sort_unstable_by_key(|part| {
            let site = part.site.map(|site| (site.function, site.line));
            (std::cmp::Reverse(part.ns), part.state, part.reason, site)
        });
        parts
    }
}

/// Where a goroutine ran, if that is known: it was preempted there.
fn ran_in(span: &Span, next: Option<&Span>) -> StackId {
    next.filter(|next| next.start == span.end && next.state == GoState::Runnable && !next.woken)
        .map_or(StackId::EMPTY, |next| next.stack)
}
