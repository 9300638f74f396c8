//! What held goroutines up: splits and chains of blame, of one hearing or of all.

use crate::base::{Goroutine, Interval};
use crate::model::{Chunk, Trace};

use super::super::split::account::Account;
use super::super::split::ledger::Ledgers;
use super::super::split::{Splitter, blame, n_sleeps};
use super::super::threads::Threads;
use super::super::types::{Hearing, Link, SplitPart};
use super::super::words::Outcome;
use super::Analysis;
use super::document::Document;

impl Document {
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
        n_sleeps(&self.trace, &self.analysis.book, (hearing.goroutine, window), part)
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
        Ledgers::ahead(splitter, self.analysis.register(), Threads::all())
    }

    /// Tells both, [`Document::split`] and [`Document::held_by`], of many hearings. The ledgers
    /// are those of all accountants of this document.
    #[must_use]
    pub fn accountant<'a>(&'a self, ledgers: &'a Ledgers) -> Accountant<'a> {
        let splitter = splitter(&self.trace, &self.analysis);
        let walk = blame::Walk::new(Splitter { ledgers: Some(ledgers), ..splitter });
        let in_all = self.trace.chunks().iter().map(Chunk::n_spans).sum();
        let n_spans = blame::spans_for_each(self.analysis.hearings().len(), in_all);
        Accountant { document: self, walk, n_spans }
    }
}

/// Says what goroutines did from a cancel to their end, and who held them up. For many hearings:
/// it keeps its memory from one to the next.
pub struct Accountant<'a> {
    document: &'a Document,
    walk: blame::Walk<'a>,
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
            Outcome::LivesOn => blame::FEW_SPANS,
        };
        self.walk.account(hearing.goroutine, self.document.window(hearing), n_spans)
    }
}

pub(in crate::analysis) fn splitter<'a>(trace: &'a Trace, analysis: &'a Analysis) -> Splitter<'a> {
    Splitter { trace, book: &analysis.book, assists: &analysis.assists, ledgers: None }
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
