//! Which finding a late goroutine counts in: so that those who add up hearings go by the same
//! verdicts as those who list findings.

use rustc_hash::FxHashMap;

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

    /// Whether a hearing is late, and not only for want of a processor or by the GC.
    pub(crate) fn is_late(&self, hearing: &Hearing) -> bool {
        self.finding_of(hearing).is_some_and(|finding| finding.rule != Rule::LateScheduling)
    }
}
