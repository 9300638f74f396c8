//! Whether goroutines live as long as their like in another trace. Whether a cancel is seen at all
//! can be a matter of luck; how long somebody lived is not.

use rustc_hash::{FxHashMap, FxHashSet};

use super::super::Document;
use super::super::stats::Sample;
use super::Key;
use super::collect::{Start, life_key, lives};
use super::occasions::{Timed, sample};
use crate::base::Goroutine;

/// By how much some lives are longer than others at most, in nanoseconds: the half, nine of ten, or
/// all of them; none where there are none.
fn longer_ns(here: &Sample, there: &Sample) -> Option<i64> {
    let by = |percent| here.quantile(percent).saturating_sub(there.quantile(percent));
    let is_any = !here.is_empty() && !there.is_empty();
    is_any.then(|| by(50).max(by(90)).max(by(100)))
}

/// Whether some lives are as long as others, of whom nobody is known to have been late by so many
/// nanoseconds: had all of that been new, they would be longer by more than half of it. None where there
/// are no others.
pub(super) fn is_as_long(here: &Sample, there: &Sample, late_ns: i64) -> Option<bool> {
    Some(longer_ns(here, there)? <= late_ns / 2)
}

/// Who of a trace lives as long as in a baseline.
pub(crate) struct AsLong<'a> {
    document: &'a Document,
    /// By how much those that were started somewhere live longer, in nanoseconds.
    longer_ns: FxHashMap<Start, i64>,
    /// The functions of those whom a cancel reached in the baseline.
    told: FxHashSet<&'a str>,
}

impl<'a> AsLong<'a> {
    /// Compares the lives in a trace with those in a baseline.
    pub(crate) fn new(document: &'a Document, baseline: &'a Document) -> Self {
        let (mut here, mut there) = (FxHashMap::default(), FxHashMap::default());
        let starts = add_lives(&mut here, document);
        add_lives(&mut there, baseline);
        let longer = |key: &Key| {
            let (here, there) = (here.get(key)?, there.get(key)?);
            longer_ns(&sample(here.clone()), &sample(there.clone()))
        };
        let mut by_key: FxHashMap<&Key, Option<i64>> = FxHashMap::default();
        let starts = starts.iter();
        let longer_ns = starts.filter_map(|(start, key)| {
            let ns = by_key.entry(key).or_insert_with(|| longer(key));
            Some((*start, (*ns)?))
        });
        let longer_ns = longer_ns.collect();
        let analysis = baseline.analysis();
        let kind = |goroutine| analysis.book.kind(baseline.trace(), goroutine);
        let hearings = analysis.hearings().iter();
        let told = hearings.map(|hearing| baseline.trace().string(kind(hearing.goroutine)));
        Self { document, longer_ns, told: told.collect() }
    }

    /// Whether all of some goroutines, which are late by up to so many nanoseconds, live as long as
    /// their like in the baseline.
    pub(crate) fn live(&self, goroutines: &[Goroutine], late_ns: i64) -> bool {
        let is_one = |&goroutine: &Goroutine| {
            self.longer_ns.get(&self.start(goroutine)).is_some_and(|&ns| ns <= late_ns / 2)
        };
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

/// Adds the lives of a trace by what makes them alike in two traces, and tells what that is for all who
/// were started somewhere: several places can be alike.
fn add_lives(by_key: &mut FxHashMap<Key, Vec<Timed>>, document: &Document) -> Vec<(Start, Key)> {
    let mut starts = Vec::new();
    for (start, lives) in lives(document) {
        let key = life_key(document.trace(), start);
        by_key.entry(key.clone()).or_default().extend(lives);
        starts.push((start, key));
    }
    starts
}
