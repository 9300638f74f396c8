//! What long-lived goroutines did up to many moments of their lives, so that a long window need
//! not be read span by span: a worker can hear thousands of cancels and live on to the trace's
//! end after each.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::{Goroutine, Interval, Time};
use crate::model::Run;

use super::super::index::Register;
use super::super::threads::Threads;
use super::super::words::{Doing, Outcome};
use super::Splitter;
use super::activity::{Activity, Key};
use super::course::each_piece;
use super::few::Few;

/// How many spans lie between two marks at first: more where that would take more than one sum
/// for each span.
pub(crate) const SPANS_EACH: usize = 64;

/// The ledgers of those goroutines for which somebody asked, to be shared between threads.
#[derive(Debug, Default)]
pub struct Ledgers {
    made: Mutex<FxHashMap<Goroutine, Arc<OnceLock<Ledger>>>>,
    /// Those whose own windows are quicker read than a ledger of their whole life is made.
    seldom: FxHashSet<Goroutine>,
}

impl Ledgers {
    /// Makes those that will be asked for when all hearings are taken to account: of goroutines
    /// that go on to the trace's end, with many spans after the first cancel they heard.
    /// Others are made on demand, while whoever else asks for the same one waits.
    pub(crate) fn ahead(splitter: Splitter<'_>, register: Register<'_>, threads: Threads) -> Self {
        let mut go_on: Vec<_> = register
            .hearings
            .iter()
            .filter(|hearing| hearing.outcome != Outcome::Exited)
            .map(|hearing| hearing.goroutine)
            .collect();
        go_on.sort_unstable();
        go_on.dedup();
        let (mut made, mut seldom) = (FxHashMap::default(), FxHashSet::default());
        for of in go_on {
            let windows = register.of(of);
            let n_windows = windows.len();
            let told = windows.map(|hearing| register.cancel_of(hearing).at);
            let first = told.min().unwrap_or(Time::MAX);
            let after = |run: Run<'_>| run.range().end - run.first_after(first);
            let n_spans: usize = splitter.trace.runs(of).map(after).sum();
            if n_windows.saturating_mul(n_spans) <= splitter.trace.n_spans(of) {
                seldom.insert(of);
            } else if n_spans > 2 * SPANS_EACH {
                made.insert(of, Arc::default());
            }
        }
        threads.each(made.len(), made.iter(), |(&of, ledger): (_, &Arc<OnceLock<Ledger>>)| {
            ledger.get_or_init(|| Ledger::new(splitter, of));
        });
        Self { made: Mutex::new(made), seldom }
    }

    /// Whether a goroutine's own windows are rather read span by span.
    pub(crate) fn is_seldom(&self, goroutine: Goroutine) -> bool {
        self.seldom.contains(&goroutine)
    }

    /// Hands out what a goroutine did in the largest part of a window that is on record, and
    /// gives that part; none if it is too short.
    pub(crate) fn part(
        &self,
        splitter: Splitter<'_>,
        goroutine: Goroutine,
        window: Interval,
        put: &mut impl FnMut(Activity, i64),
    ) -> Option<Interval> {
        // Nobody panics while it is held; where one does, nothing was left half done.
        let ledger = Arc::clone(
            self.made.lock().unwrap_or_else(PoisonError::into_inner).entry(goroutine).or_default(),
        );
        ledger.get_or_init(|| Ledger::new(splitter, goroutine)).part(window, put)
    }
}

/// What one goroutine did.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// Each thing that it did, in the order in which it first did it, and as it was then.
    things: Few<Key, Activity>,
    marks: Vec<Mark>,
}

/// The things of activities that were there before: most need not be found again.
#[derive(Default)]
struct Known {
    /// By state, those of which no more is known: two of three spans.
    plain: [Option<usize>; Doing::ALL.len()],
    /// What it waited for last it mostly waits for again.
    last: Option<(Activity, usize)>,
    others: FxHashMap<Activity, usize>,
}

impl Known {
    #[inline]
    fn thing(&mut self, activity: Activity, find: impl FnOnce() -> usize) -> usize {
        if activity.is_plain() {
            return *self.plain[activity.state as usize].get_or_insert_with(find);
        }
        match self.last {
            Some((last, thing)) if last == activity => thing,
            _ => {
                let thing = *self.others.entry(activity).or_insert_with(find);
                self.last = Some((activity, thing));
                thing
            }
        }
    }
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
        let mut known = Known::default();
        let mut last = None;
        each_piece(splitter, goroutine, |start, activity, ns| {
            // A span can come in several pieces.
            if last != Some(start) {
                last = Some(start);
                if n_spans == next_mark {
                    ledger.marks.push(Mark { at: start, sums: now.as_slice().into() });
                    n_sums += now.len();
                    // A goroutine can do something else in each span.
                    while n_sums > n_spans {
                        n_sums = ledger.thin_out();
                        step *= 2;
                    }
                    next_mark += step;
                }
                n_spans += 1;
            }
            let thing =
                known.thing(activity, || ledger.things.row(splitter.key(activity), || activity));
            if thing >= now.len() {
                now.resize(thing + 1, 0);
            }
            now[thing] += ns;
        });
        ledger
    }

    /// Leaves out every other mark; gives how many sums are left.
    fn thin_out(&mut self) -> usize {
        let mut keep = [true, false].into_iter().cycle();
        self.marks.retain(|_| keep.next().unwrap_or(true));
        self.marks.iter().map(|mark| mark.sums.len()).sum()
    }

    fn part(&self, window: Interval, put: &mut impl FnMut(Activity, i64)) -> Option<Interval> {
        let first = self.marks.partition_point(|mark| mark.at < window.start);
        let last = self.marks.partition_point(|mark| mark.at <= window.end).checked_sub(1)?;
        if first >= last {
            return None;
        }
        let (first, last) = (&self.marks[first], &self.marks[last]);
        for (thing, (&(_, activity), &ns)) in self.things.rows().iter().zip(&last.sums).enumerate()
        {
            let ns = ns - first.sums.get(thing).copied().unwrap_or(0);
            if ns > 0 {
                put(activity, ns);
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
