//! What a goroutine did in a window of its life, to the nanosecond.
//!
//! [`activity`] gives each thing that one can do a number, and [`describe`] has the words for it;
//! [`blame`] goes on to who held up whom, and [`ledger`] and [`course`] make both fast for long lives.

pub(super) mod account;
pub(super) mod activity;
pub(super) mod blame;
pub(super) mod course;
pub(super) mod describe;
pub(super) mod few;
pub(super) mod ledger;
pub(super) mod longest;

use crate::base::{Goroutine, Interval, StackId};
use crate::model::{Span, Trace};
use crate::parse::event::GoState;

use super::code::book::Book;
use super::types::SplitPart;
use super::words::Doing;
use activity::{Activity, Key};
use few::Few;
use ledger::{Ledgers, SPANS_EACH};

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

/// How many spans to read for how often somebody slept.
const MAX_READ: usize = 4_096;

/// How many sleeps a part of what a goroutine did in a window is made of: 0 if it is none, or if there
/// is too much to read.
pub(crate) fn n_sleeps(
    trace: &Trace,
    book: &Book,
    (goroutine, window): (Goroutine, Interval),
    part: &SplitPart,
) -> usize {
    if part.state != Doing::Waiting || !book.sleeps(trace.stacks(), part.stack) {
        return 0;
    }
    let spans = trace.spans_from(goroutine, window.start).take(MAX_READ + 1);
    let spans: Vec<Span> = spans.take_while(|span| span.start < window.end).collect();
    let is_one = |span: &&Span| {
        span.state == GoState::Waiting
            && book.sleeps(trace.stacks(), span.stack)
            && book.site(trace.stacks(), span.stack) == part.site
    };
    if spans.len() > MAX_READ { 0 } else { spans.iter().filter(is_one).count() }
}

/// Sorts parts: the largest first.
fn rank(part: &SplitPart) -> impl Ord + use<> {
    let site = part.site.map(|site| (site.function, site.line));
    (std::cmp::Reverse(part.ns), part.state, part.reason, site)
}

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
        let mut sums: Few<Key, (StackId, i64)> = Few::default();
        self.cut(goroutine, window, &mut |activity, ns| {
            sums.entry(self.key(activity), || (activity.stack, 0)).1 += ns;
        });
        let parts = sums.rows().iter();
        let mut parts: Vec<_> = parts.map(|&(key, (stack, ns))| key.part(stack, ns)).collect();
        parts.sort_unstable_by_key(rank);
        parts
    }

    /// What an activity's time is added up by.
    pub(crate) fn key(self, activity: Activity) -> Key {
        Key::of(self.trace, self.book, activity)
    }

    /// Cuts up a window of a goroutine's life; exactly its length in all.
    pub(crate) fn cut(
        self,
        goroutine: Goroutine,
        window: Interval,
        put: &mut impl FnMut(Activity, i64),
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
                put(Activity::UNBORN, piece.start - covered);
            }
            covered = piece.end;
            self.cut_span(goroutine, &span, spans.peek(), piece, put);
        }
        if window.end > covered {
            put(Activity::UNKNOWN, window.end - covered);
        }
    }

    /// The same of a window in the goroutine's life that has many spans.
    fn cut_by(
        self,
        ledgers: &Ledgers,
        goroutine: Goroutine,
        window: Interval,
        put: &mut impl FnMut(Activity, i64),
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

    /// Cuts up a piece of a span, given the span after it.
    #[inline]
    pub(crate) fn cut_span(
        self,
        goroutine: Goroutine,
        span: &Span,
        next: Option<&Span>,
        piece: Interval,
        put: &mut impl FnMut(Activity, i64),
    ) {
        let mut ns = piece.ns();
        let gaps = self.trace.world().gaps();
        let first = gaps.partition_point(|gap| gap.end <= piece.start);
        for gap in gaps[first..].iter().take_while(|gap| gap.start < piece.end) {
            let Some(lost) = gap.intersect(piece) else { continue };
            put(Activity::UNKNOWN, lost.ns());
            ns -= lost.ns();
        }
        if span.state == GoState::Running {
            let assisted = self.assists.ns(goroutine, piece).min(ns);
            if assisted > 0 {
                put(Activity::GC_ASSIST, assisted);
                ns -= assisted;
            }
        }
        if ns > 0 {
            put(Activity::of(span, next), ns);
        }
    }
}
