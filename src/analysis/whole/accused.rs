//! Which finding a late goroutine counts in: so that those who add up hearings go by the same
//! verdicts as those who list findings.

use rustc_hash::FxHashSet;

use crate::base::Goroutine;

use super::super::types::{Finding, Hearing};
use super::super::words::Rule;
use super::document::Document;

/// The findings about late goroutines, by goroutine.
pub(crate) struct Accused<'a> {
    late_over_ns: i64,
    findings: &'a [Finding],
    /// Who is in which of them, in order of goroutine. One table: there can be a million.
    by_goroutine: Vec<(Goroutine, u32)>,
    /// Which cancel is in which of them, in order of cancel; only if somebody is in many.
    by_cancel: Vec<(u32, u32)>,
}

/// Who is in more findings than this is looked for among those of each cancel: a goroutine can be
/// late in thousands of places.
const MANY: usize = 8;

impl<'a> Accused<'a> {
    pub(crate) fn new(document: &'a Document) -> Self {
        let findings = document.analysis().findings();
        let about_late =
            || (0..).zip(findings).filter(|(_, finding)| finding.rule.is_about_lateness());
        let mut by_goroutine: Vec<(Goroutine, u32)> = about_late()
            .flat_map(|(row, finding)| finding.goroutines.iter().map(move |&of| (of, row)))
            .collect();
        by_goroutine.sort_unstable();
        let is_in_many = by_goroutine.chunk_by(|a, b| a.0 == b.0).any(|rows| rows.len() > MANY);
        let mut by_cancel = Vec::new();
        if is_in_many {
            by_cancel = about_late()
                .flat_map(|(row, finding)| finding.cancels.iter().map(move |&of| (of, row)))
                .collect();
            by_cancel.sort_unstable();
        }
        let late_over_ns = document.rules().late_over_ns;
        Self { late_over_ns, findings, by_goroutine, by_cancel }
    }

    /// Shows the findings that a goroutine and a cancel are both in, in their order.
    fn each_of_both(&self, of: Goroutine, cancel: u32, mut show: impl FnMut(&'a Finding)) {
        let rows = rows_of(&self.by_goroutine, of);
        let with_cancel = rows_of(&self.by_cancel, cancel);
        let finding = |row: &u32| self.findings.get(*row as usize);
        if rows.len() <= MANY || rows.len() <= with_cancel.len() {
            let findings = rows.iter().filter_map(|(_, row)| finding(row));
            findings.filter(|it| it.cancels.binary_search(&cancel).is_ok()).for_each(show);
        } else {
            for (_, row) in with_cancel {
                if rows.binary_search(&(of, *row)).is_ok() {
                    finding(row).into_iter().for_each(&mut show);
                }
            }
        }
    }

    /// The finding that a hearing counts in; none if it is not late by the document's rules.
    pub(crate) fn finding_of(&self, hearing: &Hearing) -> Option<&'a Finding> {
        if !hearing.is_late(self.late_over_ns) {
            return None;
        }
        let rule = hearing.rule();
        let mut found: Option<&Finding> = None;
        self.each_of_both(hearing.goroutine, hearing.cancel, |finding| {
            let fits =
                finding.rule == rule || finding.rule == Rule::LateScheduling && !hearing.deaf;
            // Where both fit, since it was late for two cancels, the graver one does.
            if fits && found.is_none_or(|found| found.rule != rule) {
                found = Some(finding);
            }
        });
        found
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

/// The rows of one key in a table in order of key.
fn rows_of<K: Ord + Copy>(table: &[(K, u32)], key: K) -> &[(K, u32)] {
    let rows = &table[table.partition_point(|(of, _)| *of < key)..];
    &rows[..rows.partition_point(|(of, _)| *of == key)]
}
