//! Pure functions over the model: cancels, who heard them, who overstays and why.
//!
//! This room may read a [`Trace`] and take [`Rules`]; it does no IO, reads no clocks and
//! holds no globals, so that the window, the command line and the tests get the same answers.
//! docs/late-exits.md says what is counted and what cannot be seen.
//!
//! From left to right, each part may read the ones before it, and none after it: `code` (what functions
//! mean), `cancels`, `heard` (by whom, and what became of them), `deaf` (who should have heard),
//! `split` (what held somebody up), `findings` (what to do about it), `diff` (two traces).
//! [`analyze`] finds cancels, then the deaf, and hands both to `tally`, which asks for the findings;
//! splits are made when somebody asks for them.
//! Beside the parts stands what several share: `types` and `words`, `rules`, `index`, `lives`,
//! `recorder`, `stats`, `threads`; and what surfaces ask of a whole analysis: `accused`,
//! `stuck`, `tree`.

mod accused;
mod cancels;
mod code;
mod deaf;
mod diff;
mod findings;
mod heard;
mod index;
mod lives;
mod recorder;
mod rules;
mod split;
mod stats;
mod stuck;
mod tally;
mod threads;
mod tree;
mod types;
mod words;

pub(crate) use accused::Accused;
pub use cancels::logged::ContextName;
pub(crate) use diff::AsLong;
pub use diff::{
    Aspect, Diff, DiffGroup, ENOUGH, ENOUGH_FOR_TAIL, MIN_PERCENT, OneSided, Side, diff,
};
pub use rules::Rules;
pub use split::activity::{ActivityId, Share};
pub(crate) use split::describe::{frame_text, reason_of};
pub use split::ledger::Ledgers;
pub use stuck::Stuck;
pub use tree::{ContextTree, Level, Slowest, context_tree};
pub use types::{
    Analysis, Cancel, Finding, Group, Hearing, Link, Logged, Quantiles, SplitPart, Summary,
};
pub use words::{
    Cause, Doing, Evidence, GroupKind, HeardIn, Outcome, PASSED, Rule, Severity, Verdict,
};

use std::sync::Arc;

use rustc_hash::FxHashSet;

use std::cmp::Reverse;

use crate::base::{Goroutine, Interval, StackId, StrId};
use crate::model::{Chunk, Frame, Trace};

use code::names::Origin;
use threads::Threads;

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
        overstay_split(&self.trace, &self.analysis, hearing.goroutine, self.window(hearing))
    }

    /// How many sleeps a part of a hearing's split is made of; 0 if it is none.
    ///
    /// # Panics
    /// If the hearing is not one of this document's.
    #[must_use]
    pub fn n_sleeps(&self, hearing: &Hearing, part: &SplitPart) -> usize {
        let window = self.window(hearing);
        split::n_sleeps(&self.trace, &self.analysis.book, (hearing.goroutine, window), part)
    }

    /// Who held up the goroutine's end, from the end back to the cancel.
    ///
    /// # Panics
    /// If the hearing is not one of this document's.
    #[must_use]
    pub fn held_by(&self, hearing: &Hearing) -> Vec<Link> {
        self.accountant(&Ledgers::default()).account(hearing).links().collect()
    }

    /// The other goroutine that held a hearing's goroutine up longest, if it was another that did.
    #[must_use]
    pub fn held_up_by(&self, hearing: &Hearing) -> Option<Link> {
        self.accountant(&Ledgers::default()).account(hearing).held_up_by(hearing.goroutine)
    }

    /// What an accountant of all hearings looks up, made on all threads.
    #[must_use]
    pub fn ledgers(&self) -> Ledgers {
        let splitter = splitter(&self.trace, &self.analysis);
        Ledgers::ahead(splitter, &self.analysis, Threads::all())
    }

    /// Tells both, [`Document::split`] and [`Document::held_by`], of many hearings. The ledgers
    /// are those of all accountants of this document.
    #[must_use]
    pub fn accountant<'a>(&'a self, ledgers: &'a Ledgers) -> Accountant<'a> {
        let splitter = splitter(&self.trace, &self.analysis);
        let walk = split::blame::Walk::new(split::Splitter { ledgers: Some(ledgers), ..splitter });
        let in_all = self.trace.chunks().iter().map(Chunk::n_spans).sum();
        let n_spans = split::blame::spans_for_each(self.analysis.hearings().len(), in_all);
        Accountant { document: self, walk, n_spans }
    }
}

/// Says what goroutines did from a cancel to their end, and who held them up. For many hearings:
/// it keeps its memory from one to the next.
pub struct Accountant<'a> {
    document: &'a Document,
    walk: split::blame::Walk<'a>,
    /// How many spans to read for one hearing.
    n_spans: usize,
}

impl Accountant<'_> {
    /// The split of a hearing's overstay, and the chain from its end back to the cancel.
    ///
    /// # Panics
    /// If the hearing is not one of the document's.
    pub fn account(&mut self, hearing: &Hearing) -> Account<'_> {
        let n_spans = match hearing.outcome {
            Outcome::Exited | Outcome::Alive => self.n_spans,
            // It was not meant to end, so that nobody held it up.
            Outcome::LivesOn => split::blame::FEW_SPANS,
        };
        self.walk.account(hearing.goroutine, self.document.window(hearing), n_spans)
    }
}

/// What an [`Accountant`] says of one hearing.
#[derive(Clone, Copy)]
pub struct Account<'w> {
    activities: &'w split::activity::Activities,
    /// What [`Document::split`] has, in short.
    pub split: &'w [Share],
    /// What [`Document::held_by`] has, in short.
    pub held_by: &'w [Link<Share>],
}

impl<'w> Account<'w> {
    /// The numbers of activities mean the same in all accounts with the same edition.
    #[must_use]
    pub fn edition(&self) -> u32 {
        self.activities.edition
    }

    /// A share in full.
    #[must_use]
    pub fn part(&self, share: Share) -> SplitPart {
        self.activities.part(share)
    }

    /// The split in full.
    pub fn parts(self) -> impl Iterator<Item = SplitPart> + 'w {
        self.split.iter().map(move |&share| self.part(share))
    }

    /// The chain in full.
    pub fn links(self) -> impl Iterator<Item = Link> + 'w {
        self.held_by.iter().map(move |&Link { goroutine, did, interval }| Link {
            goroutine,
            did: self.part(did),
            interval,
        })
    }

    /// The other goroutine that held one up longest, if it was another that did.
    #[must_use]
    pub fn held_up_by(self, held_up: Goroutine) -> Option<Link> {
        let others = self.links().filter(|link| link.goroutine != held_up);
        // Of two that took as long the one that came last.
        others.min_by_key(|link| Reverse(link.did.ns))
    }
}

fn splitter<'a>(trace: &'a Trace, analysis: &'a Analysis) -> split::Splitter<'a> {
    split::Splitter { trace, book: &analysis.book, assists: &analysis.assists, ledgers: None }
}

/// Finds all cancels, who heard them, and what to act on.
#[must_use]
pub fn analyze(trace: &Trace, rules: &Rules) -> Analysis {
    analyze_on(trace, rules, Threads::all())
}

fn analyze_on(trace: &Trace, rules: &Rules, threads: Threads) -> Analysis {
    let (book, long_work) =
        threads.both(|| code::book::Book::new(trace), || deaf::LongWork::new(trace, rules));
    let (found, rare) = threads.both(
        || cancels::survey::survey(trace, &book, rules, threads),
        || cancels::evidence::rare(trace, &book),
    );
    let (parts, sleeps): (Vec<_>, Vec<_>) =
        found.into_iter().map(|found| (found.evidence, found.sleeps)).unzip();
    let pieces = cancels::evidence::Pieces::new(threads, trace.n_goroutines(), rare, parts);
    let (mut heard, suspects) = threads.both(
        || heard::find(trace, &book, rules, threads, pieces),
        || deaf::Suspects { stayers: deaf::stayers(trace, &book, rules), long_work },
    );
    let deaf = deaf::find(trace, &book, rules, threads, &heard, suspects);
    deaf.add_to(&mut heard);
    tally::analysis(trace, rules, threads, book, heard, &sleeps)
}

/// All that a goroutine did in a window of its life, the largest part first. The parts add up
/// to the window exactly. The analysis is the trace's own.
#[must_use]
pub fn overstay_split(
    trace: &Trace,
    analysis: &Analysis,
    goroutine: Goroutine,
    window: Interval,
) -> Vec<SplitPart> {
    splitter(trace, analysis).parts(goroutine, window)
}

/// What a part of a split says in words: `slept 80 ms in main.lateWork (main.go:22)`.
#[must_use]
pub fn describe(trace: &Trace, part: &SplitPart) -> String {
    split::describe::part_text(trace, part)
}

/// What [`describe`] puts before and after the duration: the same for all parts with the same
/// state, reason, site and stack.
#[must_use]
pub fn phrase(trace: &Trace, part: &SplitPart) -> [String; 2] {
    split::describe::phrase(trace, part)
}

#[cfg(test)]
pub(crate) mod tests;
