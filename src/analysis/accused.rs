//! Which finding a late goroutine counts in: so that those who add up hearings go by the same
//! verdicts as those who list findings.

use rustc_hash::FxHashSet;

use crate::base::Goroutine;

use super::Document;
use super::types::{Finding, Hearing};
use super::words::Rule;

/// The findings about late goroutines, by goroutine.
pub(crate) struct Accused<'a> {
    late_over_ns: i64,
    findings: &'a [Finding],
    /// Who is in which of them, in order of goroutine. One table: there can be a million.
    by_goroutine: Vec<(Goroutine, u32)>,
}

impl<'a> Accused<'a> {
    pub(crate) fn new(document: &'a Document) -> Self {
        let is_late = |rule| {
            matches!(rule, Rule::LateExit | Rule::StillAlive | Rule::Deaf | Rule::LateScheduling)
        };
        let findings = document.analysis().findings();
        let about_late = (0..).zip(findings).filter(|(_, finding)| is_late(finding.rule));
        let mut by_goroutine: Vec<(Goroutine, u32)> = about_late
            .flat_map(|(row, finding)| finding.goroutines.iter().map(move |&of| (of, row)))
            .collect();
        by_goroutine.sort_unstable();
        Self { late_over_ns: document.rules().late_over_ns, findings, by_goroutine }
    }

    /// The findings that a goroutine is in, in their order.
    fn findings_of(&self, goroutine: Goroutine) -> impl Iterator<Item = &'a Finding> {
        let first = self.by_goroutine.partition_point(|(of, _)| *of < goroutine);
        let rows = self.by_goroutine[first..].iter().take_while(move |(of, _)| *of == goroutine);
        rows.filter_map(|(_, row)| self.findings.get(*row as usize))
    }

    /// The finding that a hearing counts in; none if it is not late by the document's rules.
    pub(crate) fn finding_of(&self, hearing: &Hearing) -> Option<&'a Finding> {
        if !hearing.is_late(self.late_over_ns) {
            return None;
        }
        let rule = hearing.rule();
        let mut of_both = self.findings_of(hearing.goroutine).filter(|finding| {
            finding.cancels.binary_search(&hearing.cancel).is_ok()
                && (finding.rule == rule || finding.rule == Rule::LateScheduling && !hearing.deaf)
        });
        // Where both fit, since it was late for two cancels, the graver one does.
        let first = of_both.next()?;
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

    /// Whether a hearing is late, and not only because no processor was free, or because of the
    /// GC.
    pub(crate) fn is_late(&self, hearing: &Hearing) -> bool {
        self.finding_of(hearing).is_some_and(|finding| finding.rule != Rule::LateScheduling)
    }
}
