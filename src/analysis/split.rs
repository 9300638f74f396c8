//! What a goroutine did in a window of its life, to the nanosecond.

use crate::base::{Goroutine, Interval, StackId, StrId};
use crate::model::{Frame, Span, Trace};
use crate::parse::event::GoState;

use super::book::Book;
use super::few::Few;
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
pub(crate) struct Key {
    state: Doing,
    reason: StrId,
    site: Option<Frame>,
}

/// What splitting needs to know of a trace.
#[derive(Clone, Copy)]
pub(crate) struct Splitter<'a> {
    pub(crate) trace: &'a Trace,
    pub(crate) book: &'a Book,
    pub(crate) assists: &'a Assists,
}

/// Pieces of time, added up.
#[derive(Default)]
pub(crate) struct Sums {
    parts: Few<Key, (StackId, i64)>,
}

impl Splitter<'_> {
    /// What a goroutine did in a window, the largest part first.
    pub(crate) fn parts(self, goroutine: Goroutine, window: Interval) -> Vec<SplitPart> {
        let mut sums = Sums::default();
        self.add(&mut sums, goroutine, window);
        sums.into_parts()
    }

    /// Adds what a goroutine did in a window; exactly the window's length in all.
    pub(crate) fn add(self, sums: &mut Sums, goroutine: Goroutine, window: Interval) {
        let mut covered = window.start;
        let mut spans = self.trace.spans_from(goroutine, window.start).peekable();
        while let Some(span) = spans.next() {
            if span.start >= window.end {
                break;
            }
            let Some(piece) = span.interval().intersect(window) else { continue };
            self.add_unborn(sums, piece.start - covered);
            covered = piece.end;
            self.add_span(sums, goroutine, &span, spans.peek(), piece);
        }
        self.add_unknown(sums, window.end - covered);
    }

    /// Adds a piece of a span, given the span after it.
    pub(crate) fn add_span(
        self,
        sums: &mut Sums,
        goroutine: Goroutine,
        span: &Span,
        next: Option<&Span>,
        piece: Interval,
    ) {
        let gaps = self.trace.world().gaps().iter();
        let lost = gaps.filter_map(|gap| gap.intersect(piece)).map(Interval::ns).sum();
        self.add_unknown(sums, lost);
        let ns = piece.ns() - lost;
        match span.state {
            GoState::Running => {
                let assisted = self.assists.ns(goroutine, piece).min(ns);
                let stack = ran_in(span, next);
                self.put(sums, Doing::GcAssist, StrId::EMPTY, StackId::EMPTY, assisted);
                self.put(sums, Doing::Running, StrId::EMPTY, stack, ns - assisted);
            }
            // Where it was before it got ready has no part in how long it waits for a processor.
            GoState::Runnable => {
                self.put(sums, Doing::Runnable, StrId::EMPTY, StackId::EMPTY, ns);
            }
            GoState::Waiting => self.put(sums, Doing::Waiting, span.reason, span.stack, ns),
            GoState::Syscall => self.put(sums, Doing::Syscall, span.reason, span.stack, ns),
            GoState::Undetermined | GoState::NotExist => self.add_unknown(sums, ns),
        }
    }

    /// Adds time before the goroutine was there.
    pub(crate) fn add_unborn(self, sums: &mut Sums, ns: i64) {
        self.put(sums, Doing::Unborn, StrId::EMPTY, StackId::EMPTY, ns);
    }

    /// Adds time of which the trace says nothing.
    pub(crate) fn add_unknown(self, sums: &mut Sums, ns: i64) {
        self.put(sums, Doing::Unknown, StrId::EMPTY, StackId::EMPTY, ns);
    }

    fn put(self, sums: &mut Sums, state: Doing, reason: StrId, stack: StackId, ns: i64) {
        if ns <= 0 {
            return;
        }
        let site = self.book.site(self.trace.stacks(), stack);
        sums.parts.entry(Key { state, reason, site }, || (stack, 0)).1 += ns;
    }
}

impl Sums {
    /// The parts, the largest first.
    pub(crate) fn into_parts(self) -> Vec<SplitPart> {
        let rows = self.parts.into_rows().into_iter();
        let part = |(Key { state, reason, site }, (stack, ns))| SplitPart {
            state,
            reason,
            site,
            stack,
            ns,
        };
        let mut parts: Vec<SplitPart> = rows.map(part).collect();
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
