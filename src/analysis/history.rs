//! Looking back: a goroutine's spans from some moment backwards.

use crate::base::{Goroutine, Time};
use crate::model::{Span, Trace};

/// How many spans are fetched at a time, and at least this many when there are.
const STEP: usize = 64;

/// A goroutine's spans that begin before `time`, the last first, but at most `limit` of them.
///
/// The first one may end after `time`.
pub(crate) fn spans_before(
    trace: &Trace,
    goroutine: Goroutine,
    time: Time,
    limit: usize,
) -> impl Iterator<Item = Span> + '_ {
    let mut until = time;
    let mut fetched: Vec<Span> = Vec::new();
    let mut exhausted = false;
    std::iter::from_fn(move || {
        if fetched.is_empty() && !exhausted {
            let from = step_back(trace, goroutine, until, STEP);
            exhausted = from.is_none();
            let from = from.unwrap_or(Time::MIN);
            fetched.extend(trace.spans_from(goroutine, from).take_while(|span| span.start < until));
            // The first of these may hold `from` without beginning there.
            until = fetched.first().map_or(Time::MIN, |span| span.start);
        }
        fetched.pop()
    })
    .take(limit)
}

/// When the span began that is `n` spans before `time`; none if there are fewer.
pub(crate) fn step_back(trace: &Trace, goroutine: Goroutine, time: Time, n: usize) -> Option<Time> {
    let mut wanted = n;
    for run in trace.runs(goroutine).rev() {
        let range = run.range();
        let before = run.first_before(time);
        let n = before - range.start;
        if n >= wanted {
            return Some(run.chunk().start(before - wanted));
        }
        wanted -= n;
    }
    None
}

trait FirstBefore {
    /// The number after the last span that begins before `time`.
    fn first_before(&self, time: Time) -> usize;
}

impl FirstBefore for crate::model::Run<'_> {
    fn first_before(&self, time: Time) -> usize {
        self.first_after(Time(time.ns().saturating_sub(1)))
    }
}
