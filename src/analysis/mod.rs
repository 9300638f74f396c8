//! Pure functions over the model: cancels, who heard them, who overstays and why.
//!
//! This room may read a [`Trace`] and take [`Rules`]; it does no IO, reads no clocks and
//! holds no globals, so that the window, the command line and the tests get the same answers.
//! docs/late-exits.md says what is counted and what cannot be seen.

mod diff;
mod rules;
mod types;
mod words;

pub use diff::{Diff, DiffGroup, Side, diff};
pub use rules::Rules;
pub use types::{Analysis, Cancel, Finding, Group, Hearing, Link, Quantiles, SplitPart, Summary};
pub use words::{Cause, Doing, Evidence, GroupKind, HeardIn, Outcome, Rule, Severity, Verdict};

use crate::base::{Goroutine, Interval};
use crate::model::Trace;

/// A trace with what the analysis says of it: immutable, to be shared behind an `Arc`.
#[derive(Debug, Default)]
pub struct Document {
    trace: Trace,
    rules: Rules,
    analysis: Analysis,
}

impl Document {
    /// Analyzes a trace and keeps both.
    #[must_use]
    pub fn new(trace: Trace, rules: Rules) -> Self {
        let analysis = analyze(&trace, &rules);
        Self { trace, rules, analysis }
    }

    /// The trace.
    #[must_use]
    pub fn trace(&self) -> &Trace {
        &self.trace
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

    /// The trace again, to analyze it by other rules.
    #[must_use]
    pub fn into_trace(self) -> Trace {
        self.trace
    }

    /// From the cancel to a hearing's end, or to the trace's.
    ///
    /// # Panics
    /// If the hearing is not one of this document's.
    #[must_use]
    pub fn window(&self, hearing: &Hearing) -> Interval {
        let at = self.analysis.cancels()[hearing.cancel as usize].at;
        Interval::new(at, at + hearing.overstay_ns)
    }

    /// What the goroutine did from the cancel to its end, the largest part first.
    /// The parts add up to the overstay exactly.
    ///
    /// # Panics
    /// If the hearing is not one of this document's.
    #[must_use]
    pub fn split(&self, hearing: &Hearing) -> Vec<SplitPart> {
        overstay_split(&self.trace, hearing.goroutine, self.window(hearing))
    }

    /// Who held up the goroutine's end, from the end back to the cancel.
    ///
    /// # Panics
    /// If the hearing is not one of this document's.
    #[must_use]
    pub fn held_by(&self, hearing: &Hearing) -> Vec<Link> {
        blame(&self.trace, hearing.goroutine, self.window(hearing))
    }
}

/// Finds all cancels, who heard them, and what to act on.
#[must_use]
pub fn analyze(_trace: &Trace, _rules: &Rules) -> Analysis {
    Analysis::default()
}

/// All that a goroutine did in a window of its life, the largest part first. The parts add up
/// to the window exactly.
#[must_use]
pub fn overstay_split(_trace: &Trace, _goroutine: Goroutine, _window: Interval) -> Vec<SplitPart> {
    Vec::new()
}

/// Who held up a goroutine in a window of its life, from the window's end backwards along wakes.
#[must_use]
pub fn blame(_trace: &Trace, _goroutine: Goroutine, _window: Interval) -> Vec<Link> {
    Vec::new()
}

/// What a part of a split says in words: `slept 80 ms in main.lateWork (main.go:22)`.
#[must_use]
pub fn describe(_trace: &Trace, _part: &SplitPart) -> String {
    String::new()
}
