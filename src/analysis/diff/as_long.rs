//! Whether goroutines live as long as their like in another trace. Whether a cancel is seen at all
//! can be a matter of luck; how long somebody lived is not.

use rustc_hash::{FxHashMap, FxHashSet};

use super::super::Document;
use super::super::stats::Sample;
use super::collect::{Start, life_key, lives};
use super::occasions::sample;
use super::{Key, LONG_NS};
use crate::base::Goroutine;

/// A life that is longer by less than this share, in percent, is as long: a cancel that is not
/// heard changes more.
const MIN_PERCENT_OF_LIFE: i64 = 25;

/// Whether some lives are no longer than others: the half, nine of ten, and all of them.
pub(super) fn is_as_long(here: &Sample, there: &Sample) -> bool {
    let is_within = |percent| {
        let there_ns = there.quantile(percent);
        let margin = LONG_NS.max(there_ns / (100 / MIN_PERCENT_OF_LIFE));
        here.quantile(percent) <= there_ns.saturating_add(margin)
    };
    !here.is_empty() && !there.is_empty() && [50, 90, 100].into_iter().all(is_within)
}

/// Who of a trace lives as long as in a baseline.
pub(crate) struct AsLong<'a> {
    document: &'a Document,
    starts: FxHashSet<Start>,
    /// The functions of those whom a cancel reached in the baseline.
    told: FxHashSet<&'a str>,
}

impl<'a> AsLong<'a> {
    /// Compares the lives in a trace with those in a baseline.
    pub(crate) fn new(document: &'a Document, baseline: &'a Document) -> Self {
        let by_key = |document: &Document| -> FxHashMap<Key, Sample> {
            let of_start = |(start, lives)| (life_key(document.trace(), start), sample(lives));
            lives(document).into_iter().map(of_start).collect()
        };
        let before = by_key(baseline);
        let is_as_long = |(start, lives)| {
            let before = before.get(&life_key(document.trace(), start))?;
            is_as_long(&sample(lives), before).then_some(start)
        };
        let starts = lives(document).into_iter().filter_map(is_as_long).collect();
        let analysis = baseline.analysis();
        let kind = |goroutine| analysis.book.kind(baseline.trace(), goroutine);
        let hearings = analysis.hearings().iter();
        let told = hearings.map(|hearing| baseline.trace().string(kind(hearing.goroutine)));
        Self { document, starts, told: told.collect() }
    }

    /// Whether all of some goroutines live as long as their like in the baseline.
    pub(crate) fn live(&self, goroutines: &[Goroutine]) -> bool {
        let is_one = |&goroutine: &Goroutine| self.starts.contains(&self.start(goroutine));
        !goroutines.is_empty() && goroutines.iter().all(is_one)
    }

    /// Whether a cancel is seen to reach the like of any of them in the baseline.
    pub(crate) fn are_told(&self, goroutines: &[Goroutine]) -> bool {
        let name = |&goroutine: &Goroutine| self.document.trace().string(self.start(goroutine).0);
        goroutines.iter().map(name).any(|name| self.told.contains(name))
    }

    fn start(&self, goroutine: Goroutine) -> Start {
        let trace = self.document.trace();
        let name = self.document.analysis().book.kind(trace, goroutine);
        (name, trace.goroutines.creation_stacks[goroutine.index()])
    }
}
