//! Reading one goroutine's spans from a moment backwards.

use crate::base::{Goroutine, Time};

use super::Trace;
use super::chunk::View;
use super::goroutines::RunAt;
use super::spans::{Span, first};

/// A goroutine's spans that begin before a moment, the last first.
#[derive(Clone, Debug)]
pub struct SpansBack<'a> {
    trace: &'a Trace,
    goroutine: Goroutine,
    /// The runs before the one that is being read.
    runs: &'a [RunAt],
    view: Option<View<'a>>,
    /// Of that run: its first span, the span after the one to give next, and that one's first word.
    start: usize,
    at: usize,
    word: usize,
    /// Whether the span is still to be given that the life begins with.
    has_first: bool,
    /// When the span ends that is to be given next.
    end: Time,
    after: Option<Span>,
}

impl<'a> SpansBack<'a> {
    #[inline]
    pub(crate) fn new(trace: &'a Trace, goroutine: Goroutine, time: Time) -> Self {
        let runs = trace.goroutines.runs(goroutine);
        let begins_before =
            |at: &RunAt| trace.run(*at).is_some_and(|run| run.chunk.start(run.start) < time);
        // Most look back from their end.
        let n = match runs.last() {
            Some(last) if begins_before(last) => runs.len(),
            _ => runs.partition_point(begins_before),
        };
        let mut spans = Self {
            trace,
            goroutine,
            runs: &runs[..n],
            view: None,
            start: 0,
            at: 0,
            word: 0,
            has_first: true,
            end: trace.last_known(goroutine),
            after: None,
        };
        spans.enter(time);
        if spans.after.is_none() && (n < runs.len() || n == 0) {
            spans.after = spans.find_after(runs.get(n), time);
        }
        if let Some(after) = &spans.after {
            spans.end = after.start;
        }
        spans
    }

    /// The span after all of these: the one that begins at the moment or is the first after it.
    /// It is said to end where the life does.
    #[must_use]
    pub fn after(&self) -> Option<&Span> {
        self.after.as_ref()
    }

    /// How many are left to be given back to the one that holds `from`. Beyond `enough` it
    /// need not be exact.
    #[must_use]
    pub fn count_from(&self, from: Time, enough: usize) -> usize {
        if self.after.is_some() && self.end <= from {
            return 0;
        }
        let (mut n, mut runs) = (0, self.runs);
        let mut part = self.view.map(|view| (view, self.start..self.at));
        while let Some((view, range)) = part {
            let after = view.first_after(range.clone(), from);
            n += range.end - after;
            if after > range.start {
                return n + 1;
            }
            if n > enough {
                return n;
            }
            part = runs.split_last().and_then(|(last, before)| {
                runs = before;
                let run = self.trace.run(*last)?;
                Some((View::new(run.chunk), run.range()))
            });
        }
        n + usize::from(self.has_first && self.first().is_some())
    }

    /// Goes to the end of the last run that is left, or to its last span that begins before `time`.
    fn enter(&mut self, time: Time) {
        self.view = None;
        let Some((last, before)) = self.runs.split_last() else { return };
        self.runs = before;
        let Some(run) = self.trace.run(*last) else { return };
        let view = View::new(run.chunk);
        self.view = Some(view);
        self.start = run.start;
        self.at = run.end;
        if run.start < run.end && view.start(run.end - 1) >= time {
            let just_before = Time(time.ns().saturating_sub(1));
            self.at = view.first_after(run.start..run.end - 1, just_before);
        }
        self.word = view.words_at(self.at);
        if self.at < run.end {
            self.after = Some(view.span(self.at, view.kind_of(self.at), self.word, self.end));
        }
    }

    /// The first span that begins at `time` or after it, given the first run that does.
    fn find_after(&mut self, next: Option<&RunAt>, time: Time) -> Option<Span> {
        if self.view.is_none()
            && let Some(first) = self.first().filter(|first| first.start >= time)
        {
            self.has_first = false;
            return Some(first);
        }
        let run = self.trace.run(*next?)?;
        let view = View::new(run.chunk);
        let word = view.words_at(run.start);
        Some(view.span(run.start, view.kind_of(run.start), word, self.end))
    }

    /// The last span of an earlier run, or the one that the life begins with.
    fn next_run(&mut self) -> Option<Span> {
        while self.view.is_some() {
            self.enter(Time::MAX);
            if self.at > self.start && self.view.is_some() {
                return self.next();
            }
        }
        let first = std::mem::take(&mut self.has_first).then(|| self.first())??;
        Some(Span { end: self.end, ..first })
    }

    fn first(&self) -> Option<Span> {
        first(self.trace, self.goroutine, self.end)
    }
}

impl Iterator for SpansBack<'_> {
    type Item = Span;

    #[expect(clippy::inline_always, reason = "called a span costs twice as much")]
    #[inline(always)]
    fn next(&mut self) -> Option<Span> {
        let Some(view) = &self.view else { return self.next_run() };
        if self.at == self.start {
            return self.next_run();
        }
        self.at -= 1;
        let kind = view.kind_of(self.at);
        self.word -= usize::from(kind.words);
        let span = view.span(self.at, kind, self.word, self.end);
        self.end = span.start;
        Some(span)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Progress;

    #[test]
    fn what_is_read_backwards_is_what_is_read_forwards() {
        let file = include_bytes!("../../traces/late-exit/before.trace");
        let trace = crate::model::build(file, &Progress::default()).expect("a trace");
        for goroutine in trace.goroutines() {
            let all: Vec<Span> = trace.spans(goroutine).collect();
            let edges = all.iter().flat_map(|span| [span.start, span.start + 1, span.end]);
            for time in edges.chain([Time::MIN, Time::MAX]) {
                let n = all.partition_point(|span| span.start < time);
                let back = trace.spans_before(goroutine, time);
                assert_eq!(back.after().map(|after| after.start), all.get(n).map(|at| at.start));
                assert!(back.clone().eq(all[..n].iter().rev().copied()), "{goroutine:?} {time:?}");
                let starts = all[..n].iter().map(|span| span.start.ns());
                for from in starts.flat_map(|ns| [Time(ns - 1), Time(ns)]) {
                    let forwards = trace.spans_from(goroutine, from);
                    let n = forwards.take_while(|span| span.start < time).count();
                    assert_eq!(back.count_from(from, usize::MAX), n);
                }
            }
        }
    }
}
