//! What to act on: each rule is a function from what is known to findings.

mod abandoned;
mod bodies;
mod gc;
mod growth;
mod in_use;
mod late;
mod nested;
mod requests;
mod shutdown;
mod sleep;
mod stuck;
mod timers;
mod watchers;

use std::cmp::Reverse;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::{Goroutine, Interval, StackId, StrId, Time, count_text};
use crate::model::Trace;

use super::Rules;
use super::cancels::logged::Logged;
use super::code::book::{Book, Traits};
use super::heard::listening::Listening;
use super::index::Register;
use super::split::{Assists, Splitter};
use super::threads::Threads;
use super::types::{Cancel, Finding, Hearing, SplitPart};
use super::words::{HeardIn, Outcome};

/// What rules look at.
pub(crate) struct Facts<'a> {
    pub(crate) trace: &'a Trace,
    pub(crate) rules: &'a Rules,
    pub(crate) threads: Threads,
    pub(crate) book: &'a Book,
    pub(crate) assists: &'a Assists,
    /// The goroutines that began to sleep, and when, chunk by chunk.
    pub(crate) sleeps: &'a [Vec<(Goroutine, Time)>],
    /// The goroutines that slept when a context was cancelled that they seem to work under, with the
    /// first such cancel, where nothing more is known.
    pub(crate) asleep: &'a FxHashMap<Goroutine, u32>,
    /// Where goroutines are known to have listened to a context.
    pub(crate) listening: &'a Listening,
    /// The rows of each goroutine are sorted: the worst first.
    pub(crate) register: Register<'a>,
    /// What the program logged, by cancel.
    pub(crate) logged: &'a FxHashMap<u32, Logged>,
    /// Rows of hearings that may be late, worst first.
    pub(crate) worst_first: &'a [u32],
}

impl<'a> Facts<'a> {
    /// The cancel of a hearing.
    fn cancel_of(&self, hearing: &Hearing) -> &'a Cancel {
        self.register.cancel_of(hearing)
    }

    /// What a goroutine did in a window, the largest part first.
    fn parts(&self, goroutine: Goroutine, window: Interval) -> Vec<SplitPart> {
        self.splitter().parts(goroutine, window)
    }

    fn splitter(&self) -> Splitter<'_> {
        let Self { trace, book, assists, .. } = *self;
        Splitter { trace, book, assists, ledgers: None }
    }

    /// As [`Book::works_for`].
    fn acting(&self, of: Goroutine, stacks: [StackId; 2]) -> StrId {
        self.book.works_for(self.trace, of, stacks)
    }

    /// Whether a goroutine runs the program, or a test.
    fn is_main(&self, of: Goroutine) -> bool {
        let function = self.book.kind(self.trace, of);
        self.book.function(function).is.has(Traits::MAIN)
    }

    /// When a hearing's overstay ends: at its end, or the trace's.
    fn until(&self, hearing: &Hearing) -> Time {
        self.cancel_of(hearing).at + hearing.overstay_ns
    }

    /// Whether one whose call was cut off went on to other things, though the one that cancelled waited
    /// for its end: it lives on, as far as anybody can tell, but should not sleep.
    fn has_carried_on(&self, hearing: &Hearing) -> bool {
        hearing.told_to_stop
            && hearing.outcome == Outcome::LivesOn
            && hearing.heard_in == HeardIn::Call
            && !self.cancel_of(hearing).cause.ends_all()
    }

    /// What a goroutine heard, or was deaf to, the worst first.
    fn hearings_of(&self, goroutine: Goroutine) -> impl Iterator<Item = &Hearing> {
        self.register.of(goroutine)
    }
}

/// All findings, by severity and then worst first.
pub(crate) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let rules: [&(dyn Fn() -> Vec<Finding> + Sync); 10] = [
        &|| late::find(facts),
        &|| growth::find(facts),
        &|| sleep::find(facts),
        &|| nested::find(facts),
        &|| requests::find(facts),
        &|| shutdown::find(facts),
        &|| stuck::find(facts).into_iter().collect(),
        &|| watchers::find(facts),
        &|| bodies::find(facts).into_iter().collect(),
        &|| gc::find(facts).into_iter().collect(),
    ];
    let mut findings: Vec<Finding> = facts.threads.of_all(&rules).into_iter().flatten().collect();
    findings.sort_by(|a, b| {
        let key = |finding: &Finding| {
            (finding.severity, Reverse(finding.worst_ns), finding.rule, Reverse(finding.count))
        };
        let site = |finding: &Finding| {
            finding.site.map(|site| (facts.trace.string(site.function), site.line))
        };
        let name = |finding: &Finding| facts.trace.string(finding.function);
        (key(a), name(a), site(a)).cmp(&(key(b), name(b), site(b)))
    });
    findings
}

/// Each goroutine once, where it comes first.
fn once_each(goroutines: impl Iterator<Item = Goroutine>) -> Vec<Goroutine> {
    let mut seen = FxHashSet::default();
    goroutines.filter(|goroutine| seen.insert(*goroutine)).collect()
}

/// What some durations come to, in nanoseconds; a trace can hold more than an integer does.
fn total(durations: impl Iterator<Item = i64>) -> i64 {
    durations.fold(0, i64::saturating_add)
}
