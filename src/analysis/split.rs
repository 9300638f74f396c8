//! What a goroutine did in a window of its life, to the nanosecond.

use crate::base::{Goroutine, Interval, StackId, StrId};
use crate::model::{Frame, Span, Trace};
use crate::parse::event::GoState;

use super::book::Book;
use super::few::Few;
use super::ledger::{Ledgers, SPANS_EACH};
use super::types::SplitPart;
use super::words::Doing;

/// GC assists by goroutine, so that a split looks at its own goroutine's only.
#[derive(Debug, Default)]
pub(crate) struct Assists {
    /// Sorted by goroutine, then by time; those of one goroutine do not overlap.
    rows: Vec<(Goroutine, Interval)>,
    /// A bit for each goroutine: whether it has any. Most have none, and are asked for often.
    any: Vec<u64>,
}

impl Assists {
    /// Sorts a trace's assists.
    pub(crate) fn new(trace: &Trace) -> Self {
        let assists = trace.world().assists();
        let mut rows: Vec<_> = assists.iter().map(|range| (range.of, range.interval)).collect();
        rows.sort_unstable_by_key(|(of, interval)| (*of, interval.start));
        let mut any = vec![0; rows.last().map_or(0, |(of, _)| of.index() / 64 + 1)];
        for (of, _) in &rows {
            any[of.index() / 64] |= 1 << (of.index() % 64);
        }
        Self { rows, any }
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

    /// All assists of a goroutine, in order of time.
    pub(crate) fn of(&self, goroutine: Goroutine) -> &[(Goroutine, Interval)] {
        let start = self.rows.partition_point(|(of, _)| *of < goroutine);
        let rows = &self.rows[start..];
        &rows[..rows.partition_point(|(of, _)| *of == goroutine)]
    }

    /// How long a goroutine assisted in a window, in nanoseconds.
    pub(crate) fn ns(&self, goroutine: Goroutine, window: Interval) -> i64 {
        let bits = self.any.get(goroutine.index() / 64).copied().unwrap_or(0);
        if bits >> (goroutine.index() % 64) & 1 == 0 {
            return 0;
        }
        self.within(goroutine, window).map(Interval::ns).sum()
    }
}

/// What pieces of time are added up by.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Key {
    state: Doing,
    reason: StrId,
    site: Option<Frame>,
}

impl Key {
    /// Time before the goroutine was there.
    pub(crate) const UNBORN: Self = Self::plain(Doing::Unborn);
    /// Time of which the trace says nothing.
    pub(crate) const UNKNOWN: Self = Self::plain(Doing::Unknown);

    const fn plain(state: Doing) -> Self {
        Self { state, reason: StrId::EMPTY, site: None }
    }

    /// All the time that was added up.
    pub(crate) fn part(self, Sum { stack, ns }: Sum) -> SplitPart {
        let Self { state, reason, site } = self;
        SplitPart { state, reason, site, stack, ns }
    }
}

/// Pieces of time, added up.
#[derive(Clone, Copy)]
pub(crate) struct Sum {
    /// The stack of the first piece.
    pub(crate) stack: StackId,
    /// Their length, in nanoseconds.
    pub(crate) ns: i64,
}

impl Sum {
    /// Nothing yet, of pieces the first of which has this stack.
    pub(crate) fn of(stack: StackId) -> Self {
        Self { stack, ns: 0 }
    }
}

/// Sorts parts: the largest first.
pub(crate) fn rank(part: &SplitPart) -> impl Ord + use<> {
    let site = part.site.map(|site| (site.function, site.line));
    (std::cmp::Reverse(part.ns), part.state, part.reason, site)
}

/// What tells one [`Key`] from another where a span has only one.
pub(crate) type Sole = (GoState, StrId, StackId);

/// What splitting needs to know of a trace. It hands out pieces of time one by one: what they
/// are, the stack, and how long.
#[derive(Clone, Copy)]
pub(crate) struct Splitter<'a> {
    pub(crate) trace: &'a Trace,
    pub(crate) book: &'a Book,
    pub(crate) assists: &'a Assists,
    /// Where to look up what is in long windows, if many are asked for.
    pub(crate) ledgers: Option<&'a Ledgers>,
}

impl Splitter<'_> {
    /// What a goroutine did in a window, the largest part first.
    pub(crate) fn parts(self, goroutine: Goroutine, window: Interval) -> Vec<SplitPart> {
        let mut sums: Few<Key, Sum> = Few::default();
        self.cut(goroutine, window, &mut |key, stack, ns| {
            sums.entry(key, || Sum::of(stack)).ns += ns;
        });
        let mut parts: Vec<_> = sums.rows().iter().map(|(key, sum)| key.part(*sum)).collect();
        parts.sort_unstable_by_key(rank);
        parts
    }

    /// Cuts up a window of a goroutine's life; exactly its length in all.
    pub(crate) fn cut(
        self,
        goroutine: Goroutine,
        window: Interval,
        put: &mut impl FnMut(Key, StackId, i64),
    ) {
        let mut covered = window.start;
        let mut n_read = 0;
        let mut spans = self.trace.spans_from(goroutine, window.start).peekable();
        while let Some(span) = spans.next() {
            if span.start >= window.end {
                break;
            }
            n_read += 1;
            if n_read > 2 * SPANS_EACH
                && let Some(ledgers) = self.ledgers
            {
                return self.cut_by(ledgers, goroutine, Interval::new(covered, window.end), put);
            }
            let Some(piece) = span.interval().intersect(window) else { continue };
            if piece.start > covered {
                put(Key::UNBORN, StackId::EMPTY, piece.start - covered);
            }
            covered = piece.end;
            self.cut_span(goroutine, &span, spans.peek(), piece, put);
        }
        if window.end > covered {
            put(Key::UNKNOWN, StackId::EMPTY, window.end - covered);
        }
    }

    /// The same of a window in the goroutine's life that has many spans.
    fn cut_by(
        self,
        ledgers: &Ledgers,
        goroutine: Goroutine,
        window: Interval,
        put: &mut impl FnMut(Key, StackId, i64),
    ) {
        let read = Self { ledgers: None, ..self };
        match ledgers.part(self, goroutine, window, put) {
            Some(Interval { start, end }) => {
                read.cut(goroutine, Interval::new(window.start, start), put);
                read.cut(goroutine, Interval::new(end, window.end), put);
            }
            None => read.cut(goroutine, window, put),
        }
    }

    /// What a span's time is, given the span after it, unless it is cut by an assist or a gap:
    /// that of spans with the same is put under the same key.
    pub(crate) fn sole(span: &Span, next: Option<&Span>) -> Sole {
        match span.state {
            GoState::Running => (span.state, StrId::EMPTY, ran_in(span, next)),
            _ => (span.state, span.reason, span.stack),
        }
    }

    /// Cuts up a piece of a span, given the span after it.
    pub(crate) fn cut_span(
        self,
        goroutine: Goroutine,
        span: &Span,
        next: Option<&Span>,
        piece: Interval,
        put: &mut impl FnMut(Key, StackId, i64),
    ) {
        let mut ns = piece.ns();
        for gap in self.trace.world().gaps() {
            let Some(lost) = gap.intersect(piece) else { continue };
            put(Key::UNKNOWN, StackId::EMPTY, lost.ns());
            ns -= lost.ns();
        }
        let mut put = |state, reason, stack, ns| {
            if ns > 0 {
                let site = self.book.site(self.trace.stacks(), stack);
                put(Key { state, reason, site }, stack, ns);
            }
        };
        match span.state {
            GoState::Running => {
                let assisted = self.assists.ns(goroutine, piece).min(ns);
                let stack = ran_in(span, next);
                put(Doing::GcAssist, StrId::EMPTY, StackId::EMPTY, assisted);
                put(Doing::Running, StrId::EMPTY, stack, ns - assisted);
            }
            // Where it was before it got ready has no part in how long it waits for a processor.
            GoState::Runnable => put(Doing::Runnable, StrId::EMPTY, StackId::EMPTY, ns),
            GoState::Waiting => put(Doing::Waiting, span.reason, span.stack, ns),
            GoState::Syscall => put(Doing::Syscall, span.reason, span.stack, ns),
            GoState::Undetermined | GoState::NotExist => {
                put(Doing::Unknown, StrId::EMPTY, StackId::EMPTY, ns);
            }
        }
    }
}

/// Where a goroutine ran, if that is known: it was preempted there.
fn ran_in(span: &Span, next: Option<&Span>) -> StackId {
    next.filter(|next| next.start == span.end && next.state == GoState::Runnable && !next.woken)
        .map_or(StackId::EMPTY, |next| next.stack)
}
