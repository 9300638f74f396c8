//! Reading the span columns: one goroutine's spans in order, and all wakes of a chunk.

use std::ops::Range;

use crate::base::{Goroutine, Interval, ProcId, StackId, StrId, Time};
use crate::parse::event::GoState;

use super::Trace;
use super::chunk::{Chunk, View};
use super::goroutines::RunAt;

/// A stretch of a goroutine's life in one state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    /// When the state began.
    pub start: Time,
    /// When it ended: the next span's start, the goroutine's end, or the trace's.
    pub end: Time,
    /// The state.
    pub state: GoState,
    /// Why, as the runtime words it; "" where it says nothing.
    pub reason: StrId,
    /// Waiting, system call, preempted: the goroutine's own stack. Woken: the waker's. Else empty.
    pub stack: StackId,
    /// Who woke it; none if it was not woken or nobody in particular did.
    pub waker: Option<Goroutine>,
    /// Whether it was waiting before and something made it runnable.
    pub woken: bool,
    /// The P it ran on, for running.
    pub proc: ProcId,
}

impl Span {
    /// Length in nanoseconds.
    #[must_use]
    pub fn ns(&self) -> i64 {
        self.end - self.start
    }

    /// Whether [`Span::stack`] tells where the goroutine itself is: that of one that was woken is its
    /// waker's.
    #[must_use]
    pub fn has_own_stack(&self) -> bool {
        !self.woken && self.stack != StackId::EMPTY
    }

    /// From start to end.
    #[must_use]
    pub fn interval(&self) -> Interval {
        Interval::new(self.start, self.end)
    }
}

/// One goroutine made another runnable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wake {
    /// When.
    pub at: Time,
    /// Who did it; none if the runtime did (a timer, the network poller).
    pub waker: Option<Goroutine>,
    /// Who was waiting.
    pub wakee: Goroutine,
    /// The waker's stack.
    pub stack: StackId,
}

/// The spans of one goroutine that begin in one chunk.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    pub(crate) chunk: &'a Chunk,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl<'a> Run<'a> {
    /// The chunk, by whose numbers [`Run::range`] counts.
    #[must_use]
    pub fn chunk(&self) -> &'a Chunk {
        self.chunk
    }

    /// The spans' numbers in the chunk.
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }

    /// The number of the first span in the chunk that begins after `time`, within the range.
    #[must_use]
    pub fn first_after(&self, time: Time) -> usize {
        View::new(self.chunk).first_after(self.range(), time)
    }
}

/// A goroutine's spans in order of time.
#[derive(Clone, Debug)]
pub struct Spans<'a> {
    trace: &'a Trace,
    goroutine: Goroutine,
    /// The span to give next, its end still open.
    pending: Option<Span>,
    /// Row in the goroutine's runs of the run being read, and that run's chunk.
    run: usize,
    view: Option<View<'a>>,
    /// Next span in that run's chunk, and its first word.
    at: usize,
    word: usize,
    stop: usize,
    end: Time,
}

impl<'a> Spans<'a> {
    pub(crate) fn new(trace: &'a Trace, goroutine: Goroutine, from: Time) -> Self {
        let end = trace.last_known(goroutine);
        let mut spans = Self {
            trace,
            goroutine,
            pending: None,
            run: 0,
            view: None,
            at: 0,
            word: 0,
            stop: 0,
            end,
        };
        spans.seek(from);
        if spans.pending.is_none() {
            spans.pending = first(trace, goroutine, end);
        }
        spans
    }

    /// Positions before the span that holds `from`; leaves nothing pending if that is the first.
    fn seek(&mut self, from: Time) {
        let runs = self.trace.goroutines.runs(self.goroutine);
        let begins = |at: &RunAt| self.trace.run(*at).map(|run| run.chunk.start(run.start));
        let after = runs.partition_point(|at| begins(at).is_some_and(|start| start <= from));
        self.enter(after.saturating_sub(1));
        if after == 0 {
            self.find_word();
        } else if let Some(view) = self.view {
            let holds = view.first_after(self.at..self.stop, from).saturating_sub(1).max(self.at);
            self.at = holds;
            self.find_word();
            self.pending = self.read();
        }
    }

    /// Starts reading the run at `row`.
    fn enter(&mut self, row: usize) {
        self.run = row;
        let runs = self.trace.goroutines.runs(self.goroutine);
        let Some(run) = runs.get(row).and_then(|at| self.trace.run(*at)) else {
            (self.at, self.stop, self.view) = (0, 0, None);
            return;
        };
        (self.at, self.stop, self.view) = (run.start, run.end, Some(View::new(run.chunk)));
    }

    /// Starts reading the next run that is not empty, if there is one.
    fn enter_next(&mut self) {
        while self.at >= self.stop
            && self.run + 1 < self.trace.goroutines.runs(self.goroutine).len()
        {
            self.enter(self.run + 1);
            self.find_word();
        }
    }

    fn find_word(&mut self) {
        self.word = self.view.map_or(0, |view| view.words_at(self.at));
    }

    /// Reads the next span's columns; its end is the life's until the one after is read.
    #[inline]
    fn read(&mut self) -> Option<Span> {
        if self.at >= self.stop {
            self.enter_next();
        }
        let view = self.view.filter(|_| self.at < self.stop)?;
        let kind = view.kind_of(self.at);
        let span = view.span(self.at, kind, self.word, self.end);
        self.word += usize::from(kind.words);
        self.at += 1;
        Some(span)
    }
}

/// The span that a life begins with, unless that ends at once.
pub(super) fn first(trace: &Trace, goroutine: Goroutine, end: Time) -> Option<Span> {
    let lives = &trace.goroutines;
    let start = lives.first(goroutine);
    (start < end || lives.ended(goroutine).is_none()).then(|| Span {
        start,
        end,
        state: lives.first_state[goroutine.index()],
        reason: StrId::EMPTY,
        stack: lives.first_stack[goroutine.index()],
        waker: None,
        woken: false,
        proc: ProcId::NONE,
    })
}

impl Iterator for Spans<'_> {
    type Item = Span;

    #[inline]
    fn next(&mut self) -> Option<Span> {
        let mut span = self.pending.take()?;
        self.pending = self.read();
        if let Some(next) = &self.pending {
            span.end = next.start;
        }
        Some(span)
    }
}

impl Chunk {
    /// All wakes of the chunk, goroutine by goroutine (not in order of time).
    pub fn wakes(&self) -> impl Iterator<Item = Wake> + '_ {
        let mut word = 0;
        let runs = self.members.iter().zip(self.run_starts.windows(2));
        runs.flat_map(|(&wakee, bounds)| match bounds {
            [start, end] => (*start as usize..*end as usize).map(move |at| (wakee, at)),
            _ => unreachable!("windows of two"),
        })
        .filter_map(move |(wakee, at)| {
            let kind = self.kind_of(at);
            let first = word;
            word += usize::from(kind.words);
            kind.woken.then(|| Wake {
                at: self.start(at),
                waker: self.waker_at(first),
                wakee,
                stack: self.stack_at(first),
            })
        })
    }
}
