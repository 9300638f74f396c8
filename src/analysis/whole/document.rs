//! A trace and its analysis as one, and what only both together tell: names, windows, splits, blame.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use crate::base::{Goroutine, Interval, StackId, StrId, Time};
use crate::model::{Frame, Trace};

use super::super::code::names::Origin;
use super::super::split::longest::longest;
use super::super::types::{Cancel, Hearing, SplitPart};
use super::super::{Rules, analyze};
use super::Analysis;
use super::accused::Accused;

/// A trace with what the analysis says of it: immutable, to be shared behind an `Arc`.
#[derive(Debug, Default)]
pub struct Document {
    pub(crate) trace: Arc<Trace>,
    pub(crate) rules: Rules,
    pub(crate) analysis: Analysis,
}

impl Document {
    /// Analyzes a trace and keeps both.
    #[must_use]
    pub fn new(trace: impl Into<Arc<Trace>>, rules: Rules) -> Self {
        let trace = trace.into();
        let analysis = analyze(&trace, &rules);
        Self { trace, rules, analysis }
    }

    /// The trace.
    #[must_use]
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// The rows of the hearings that are late only because no processor was free, or because of the GC, or since
    /// the cancel took its time.
    #[must_use]
    pub fn excused(&self) -> FxHashSet<u32> {
        Accused::excused(self)
    }

    /// The limits that the analysis went by.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// What it says.
    #[must_use]
    pub fn analysis(&self) -> &Analysis {
        &self.analysis
    }

    /// The trace again, to analyze it by other rules. That changes neither its cancels nor who
    /// heard them: these keep their rows, and only the hearings of the deaf, which come last, are
    /// others.
    #[must_use]
    pub fn share_trace(&self) -> Arc<Trace> {
        Arc::clone(&self.trace)
    }

    /// The function that a goroutine was started for. As a rule it started in that; not so where
    /// `sync.(*WaitGroup).Go` and its like, or a test runner, start goroutines for others.
    #[must_use]
    pub fn called(&self, goroutine: Goroutine) -> StrId {
        self.analysis.book.called(&self.trace, goroutine)
    }

    /// Whose work a goroutine did when it heard and stayed: as [`Document::called`], but of a
    /// library's goroutine, such as a server's, the handler that it ran. `held` is a stack of what
    /// held it, empty if none is known.
    #[must_use]
    pub fn acting(&self, hearing: &Hearing, held: StackId) -> StrId {
        let (book, trace) = (&self.analysis.book, &self.trace);
        let called = book.called(trace, hearing.goroutine);
        match book.works_for(trace, hearing.goroutine, [hearing.stack, held]) {
            acting if acting == hearing.function => called,
            acting => acting,
        }
    }

    /// The function by which goroutines of one kind belong together: [`Document::called`], but
    /// what runs tests for all of these.
    #[must_use]
    pub fn kind(&self, goroutine: Goroutine) -> StrId {
        self.analysis.book.kind(&self.trace, goroutine)
    }

    /// The line of a stack that people look for: the first frame of the user's code, else the
    /// first outside the runtime.
    #[must_use]
    pub fn site(&self, stack: StackId) -> Option<Frame> {
        self.analysis.book.site(self.trace.stacks(), stack)
    }

    /// The function of a cancel's site, if cancels of two traces can be told to be of one site by
    /// it: names inside the standard library change with its versions, and a cancel for which
    /// nobody waited does not show them.
    #[must_use]
    pub fn comparable_site(&self, cancel: &Cancel) -> Option<StrId> {
        let function = cancel.site?.function;
        (self.analysis.book.function(function).origin != Origin::Std).then_some(function)
    }

    /// When the longest span of each part of a goroutine's split began, as far as it is in the
    /// window; none of a part that is no span.
    #[must_use]
    pub fn longest_of(
        &self,
        goroutine: Goroutine,
        window: Interval,
        parts: &[SplitPart],
    ) -> Vec<Option<Time>> {
        longest(&self.trace, &self.analysis.book, goroutine, window, parts)
    }

    /// From the cancel to a hearing's end, or to the trace's.
    ///
    /// # Panics
    /// If the hearing is not one of this document's.
    #[must_use]
    pub fn window(&self, hearing: &Hearing) -> Interval {
        let at = self.analysis.cancel_of(hearing).at;
        Interval::new(at, at + hearing.overstay_ns)
    }
}
