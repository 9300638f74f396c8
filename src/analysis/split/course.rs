//! All that a goroutine did, from its first moment to its last: for those that live long, of
//! whose millions of spans each is to cost next to nothing.

use crate::base::{Goroutine, Interval, StackId, Time};
use crate::model::{Run, View};
use crate::parse::event::GoState;

use super::Splitter;
use super::activity::Activity;

/// Hands out what a goroutine did, in pieces as [`Splitter::cut`] makes them of its whole life,
/// each with the start of the span that it is a piece of.
pub(crate) fn each_piece(
    splitter: Splitter<'_>,
    goroutine: Goroutine,
    put: impl FnMut(Time, Activity, i64),
) {
    let trace = splitter.trace;
    let Some(first) = trace.spans(goroutine).next() else { return };
    let open = Open { start: first.start, activity: Activity::of(&first, None) };
    let cuts = cuts_of(splitter, goroutine);
    let mut course = Course { splitter, goroutine, cuts, open, put };
    for run in trace.runs(goroutine) {
        course.read(run);
    }
    course.close(trace.last_known(goroutine));
}

/// What cuts a goroutine's spans, the last first.
fn cuts_of(splitter: Splitter<'_>, goroutine: Goroutine) -> Vec<Interval> {
    let assists = splitter.assists.of(goroutine).iter().map(|(_, interval)| *interval);
    let mut cuts: Vec<_> = assists.chain(splitter.trace.world().gaps().iter().copied()).collect();
    cuts.sort_unstable_by_key(|cut| std::cmp::Reverse((cut.start, cut.end)));
    cuts
}

/// A span whose end was not met yet.
#[derive(Clone, Copy)]
struct Open {
    start: Time,
    activity: Activity,
}

struct Course<'a, F> {
    splitter: Splitter<'a>,
    goroutine: Goroutine,
    cuts: Vec<Interval>,
    open: Open,
    put: F,
}

impl<F: FnMut(Time, Activity, i64)> Course<'_, F> {
    fn read(&mut self, run: Run<'_>) {
        let view = View::new(run.chunk());
        let mut word = view.words_at(run.range().start);
        for at in run.range() {
            let kind = view.kind_of(at);
            let is_own = kind.words > 0 && !kind.woken;
            let stack = if is_own { view.stack_at(word) } else { StackId::EMPTY };
            word += usize::from(kind.words);
            if is_own && kind.state == GoState::Runnable {
                self.open.activity = self.open.activity.preempted_in(stack);
            }
            let start = view.start(at);
            self.close(start);
            self.open = Open { start, activity: Activity::entered(kind.state, kind.reason, stack) };
        }
    }

    /// Hands out the span that is open, given its end.
    #[inline]
    fn close(&mut self, end: Time) {
        let Open { start, activity } = self.open;
        let ns = end - start;
        if ns <= 0 {
            return;
        }
        if self.cuts.last().is_none_or(|cut| end <= cut.start) {
            return (self.put)(start, activity, ns);
        }
        self.close_cut(Interval::new(start, end));
    }

    /// The same of one that may be cut, of which there are few.
    #[cold]
    fn close_cut(&mut self, span: Interval) {
        while self.cuts.pop_if(|cut| cut.end <= span.start).is_some() {}
        let read = Splitter { ledgers: None, ..self.splitter };
        let put = &mut self.put;
        read.cut(self.goroutine, span, &mut |activity, ns| put(span.start, activity, ns));
    }
}
