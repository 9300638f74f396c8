//! Which finding a late goroutine counts in: so that those who add up hearings go by the same
//! verdicts as those who list findings.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::Goroutine;

use super::Document;
use super::types::{Finding, Hearing};
use super::words::{Outcome, Rule};

/// The findings about late goroutines, by goroutine.
pub(crate) struct Accused<'a> {
    late_over_ns: i64,
    by_goroutine: FxHashMap<Goroutine, Vec<&'a Finding>>,
}

impl<'a> Accused<'a> {
    pub(crate) fn new(document: &'a Document) -> Self {
        let mut by_goroutine: FxHashMap<Goroutine, Vec<&Finding>> = FxHashMap::default();
        let is_late = |rule| {
            matches!(rule, Rule::LateExit | Rule::StillAlive | Rule::Deaf | Rule::LateScheduling)
        };
        let findings = document.analysis().findings().iter();
        for finding in findings.filter(|finding| is_late(finding.rule)) {
            for &goroutine in &finding.goroutines {
                by_goroutine.entry(goroutine).or_default().push(finding);
            }
        }
        Self { late_over_ns: document.rules().late_over_ns, by_goroutine }
    }

    /// The finding that a hearing counts in; none if it is not late by the document's rules.
    pub(crate) fn finding_of(&self, hearing: &Hearing) -> Option<&'a Finding> {
        if !hearing.is_late(self.late_over_ns) {
            return None;
        }
        let rule = match hearing.outcome {
            _ if hearing.deaf => Rule::Deaf,
            Outcome::Alive => Rule::StillAlive,
            Outcome::Exited | Outcome::LivesOn => Rule::LateExit,
        };
        let mut of_both = self.by_goroutine.get(&hearing.goroutine)?.iter().filter(|finding| {
            finding.cancels.binary_search(&hearing.cancel).is_ok()
                && (finding.rule == rule || finding.rule == Rule::LateScheduling && !hearing.deaf)
        });
        // Where both fit, since it was late for two cancels, the graver one does.
        let first = *of_both.next()?;
        Some(of_both.fold(first, |found, finding| if found.rule == rule { found } else { finding }))
    }

    /// The rows that [`Document::excused`] names.
    pub(super) fn excused(document: &'a Document) -> FxHashSet<u32> {
        let analysis = document.analysis();
        let is_excuse = |finding: &Finding| finding.rule == Rule::LateScheduling;
        if !analysis.findings().iter().any(is_excuse) {
            return FxHashSet::default();
        }
        let accused = Self::new(document);
        let n_late = analysis.late(accused.late_over_ns).len();
        let late = analysis.worst_first.iter().take(n_late).copied();
        let is_excused = |row: &u32| {
            accused.finding_of(&analysis.hearings[*row as usize]).is_some_and(is_excuse)
        };
        late.filter(is_excused).collect()
    }

    /// Whether a hearing is late, and not only because no processor was free, or because of the GC.
    pub(crate) fn is_late(&self, hearing: &Hearing) -> bool {
        self.finding_of(hearing).is_some_and(|finding| finding.rule != Rule::LateScheduling)
    }
}
