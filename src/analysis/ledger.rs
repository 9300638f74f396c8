//! What long-lived goroutines did up to many moments of their lives, so that a long window need
//! not be read span by span: a worker can hear thousands of cancels and live on to the trace's
//! end after each.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustc_hash::FxHashMap;

use crate::base::{Goroutine, Interval, StackId, Time};
use crate::model::Run;

use super::few::Few;
use super::split::{Key, Sole, Splitter};
use super::threads::Threads;
use super::types::Hearing;
use super::words::Outcome;

/// How many spans lie between two marks at first: more where that would take more than one sum
/// for each span.
pub(crate) const SPANS_EACH: usize = 64;

/// The ledgers of those goroutines for which somebody asked, to be shared between threads.
#[derive(Debug, Default)]
pub struct Ledgers(Mutex<FxHashMap<Goroutine, Arc<OnceLock<Ledger>>>>);

impl Ledgers {
    /// Makes those that will be asked for when all these hearings are taken to account: of
    /// goroutines that go on to the trace's end, with many spans after the first they heard.
    /// Others are made on demand, while whoever else asks for the same one waits.
    pub(crate) fn ahead(splitter: Splitter<'_>, hearings: &[Hearing], threads: Threads) -> Self {
        let go_on = hearings.iter().filter(|hearing| hearing.outcome != Outcome::Exited);
        let mut firsts: Vec<_> =
            go_on.map(|hearing| (hearing.goroutine, hearing.heard_at)).collect();
        firsts.sort_unstable();
        firsts.dedup_by_key(|(of, _)| *of);
        let after = |run: Run<'_>, time| run.range().end - run.first_after(time);
        firsts.retain(|&(of, time)| {
            splitter.trace.runs(of).map(|run| after(run, time)).sum::<usize>() > 2 * SPANS_EACH
        });
        let ledgers: FxHashMap<_, Arc<OnceLock<Ledger>>> =
            firsts.iter().map(|&(of, _)| (of, Arc::default())).collect();
        threads.each(ledgers.len(), ledgers.iter(), |(&of, ledger)| {
            ledger.get_or_init(|| Ledger::new(splitter, of));
        });
        Self(Mutex::new(ledgers))
    }

    /// Hands out what a goroutine did in the largest part of a window that is on record, and
    /// gives that part; none if it is too short.
    pub(crate) fn part(
        &self,
        splitter: Splitter<'_>,
        goroutine: Goroutine,
        window: Interval,
        put: &mut impl FnMut(Key, StackId, i64),
    ) -> Option<Interval> {
        // Nobody panics while it is held; where one does, nothing was left half done.
        let ledger = Arc::clone(
            self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(goroutine).or_default(),
        );
        ledger.get_or_init(|| Ledger::new(splitter, goroutine)).part(window, put)
    }
}

/// What one goroutine did.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// Each thing that it did, in the order in which it first did it.
    things: Few<Key, StackId>,
    marks: Vec<Mark>,
}

/// A moment at which a span begins.
#[derive(Debug)]
struct Mark {
    at: Time,
    /// How long each of the first things had been done by then, in nanoseconds.
    sums: Box<[i64]>,
}

impl Ledger {
    pub(crate) fn new(splitter: Splitter<'_>, goroutine: Goroutine) -> Self {
        let mut ledger = Self::default();
        let mut now: Vec<i64> = Vec::new();
        let (mut n_spans, mut next_mark, mut step, mut n_sums) = (0, 0, SPANS_EACH, 0);
        // Most spans are of a kind that was there before: its thing need not be found again.
        let mut known: FxHashMap<Sole, usize> = FxHashMap::default();
        let has_gaps = !splitter.trace.world().gaps().is_empty();
        let mut assists =
            splitter.assists.of(goroutine).iter().map(|(_, assist)| *assist).peekable();
        let mut spans = splitter.trace.spans(goroutine).peekable();
        while let Some(span) = spans.next() {
            if n_spans == next_mark {
                ledger.marks.push(Mark { at: span.start, sums: now.as_slice().into() });
                n_sums += now.len();
                // A goroutine can do something else in each span.
                while n_sums > n_spans {
                    n_sums = ledger.thin_out();
                    step *= 2;
                }
                next_mark += step;
            }
            n_spans += 1;
            while assists.next_if(|assist| assist.end <= span.start).is_some() {}
            let is_cut = has_gaps || assists.peek().is_some_and(|assist| assist.start < span.end);
            let sole = (!is_cut).then(|| Splitter::sole(&span, spans.peek()));
            if let Some(&thing) = sole.as_ref().and_then(|sole| known.get(sole)) {
                now[thing] += span.ns();
                continue;
            }
            let put = &mut |key, stack, ns| {
                let thing = ledger.things.row(key, || stack);
                now.resize(now.len().max(thing + 1), 0);
                now[thing] += ns;
                if let Some(sole) = sole {
                    known.insert(sole, thing);
                }
            };
            splitter.cut_span(goroutine, &span, spans.peek(), span.interval(), put);
        }
        ledger
    }

    /// Leaves out every other mark; gives how many sums are left.
    fn thin_out(&mut self) -> usize {
        let mut keep = [true, false].into_iter().cycle();
        self.marks.retain(|_| keep.next().unwrap_or(true));
        self.marks.iter().map(|mark| mark.sums.len()).sum()
    }

    fn part(&self, window: Interval, put: &mut impl FnMut(Key, StackId, i64)) -> Option<Interval> {
        let first = self.marks.partition_point(|mark| mark.at < window.start);
        let last = self.marks.partition_point(|mark| mark.at <= window.end).checked_sub(1)?;
        if first >= last {
            return None;
        }
        let (first, last) = (&self.marks[first], &self.marks[last]);
        for (thing, (&(key, stack), &ns)) in self.things.rows().iter().zip(&last.sums).enumerate() {
            let ns = ns - first.sums.get(thing).copied().unwrap_or(0);
            if ns > 0 {
                put(key, stack, ns);
            }
        }
        Some(Interval::new(first.at, last.at))
    }

    /// How many sums it holds.
    #[cfg(test)]
    pub(crate) fn n_sums(&self) -> usize {
        self.marks.iter().map(|mark| mark.sums.len()).sum()
    }
}
