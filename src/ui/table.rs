//! The late exits as a list: which, and in which order.

use crate::analysis::{Analysis, Document, Hearing};
use crate::base::{Cancelled, Progress};

/// A column that the late exits can be sorted by.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) enum Column {
    /// How late.
    #[default]
    Overstay,
    /// The goroutine's id.
    Goroutine,
    /// Its start function.
    Function,
    /// Why it was cancelled.
    Cause,
    /// When it was cancelled.
    At,
    /// How it is known that it heard.
    Evidence,
}

/// Which late exits, in which order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Query {
    /// Overstays beyond this are late, in nanoseconds.
    pub(crate) budget_ns: i64,
    /// Words that the function, or the cancel's site or context, must hold.
    pub(crate) words: String,
    /// By which column.
    pub(crate) column: Column,
    /// Whether the least comes first.
    pub(crate) ascending: bool,
}

impl Query {
    /// Whether this is the order that the analysis keeps: then no list has to be made.
    pub(crate) fn is_plain(&self) -> bool {
        self.column == Column::Overstay && !self.ascending && self.words.trim().is_empty()
    }
}

/// The rows of all that overstay by more than the budget and were meant not to, worst first.
/// Costs a binary search.
pub(crate) fn late_rows(analysis: &Analysis, budget_ns: i64) -> &[u32] {
    let n_late = analysis.late(budget_ns).len();
    analysis.worst_first.get(..n_late).unwrap_or(&[])
}

/// The rows among the hearings that a query asks for, in its order.
///
/// # Errors
/// If `progress` is cancelled meanwhile.
pub(crate) fn list(
    document: &Document,
    query: &Query,
    progress: &Progress,
) -> Result<Vec<u32>, Cancelled> {
    let analysis = document.analysis();
    let words: Vec<String> = query.words.split_whitespace().map(str::to_lowercase).collect();
    let mut rows: Vec<u32> = late_rows(analysis, query.budget_ns).to_vec();
    progress.check()?;
    if !words.is_empty() {
        rows.retain(|&row| matches(document, &analysis.hearings()[row as usize], &words));
    }
    progress.check()?;
    let hearing = |row: &u32| &analysis.hearings()[*row as usize];
    let trace = document.trace();
    match query.column {
        Column::Overstay => {}
        Column::Goroutine => rows.sort_by_key(|row| trace.life(hearing(row).goroutine).id),
        Column::Function => {
            rows.sort_by(|a, b| {
                trace.string(hearing(a).function).cmp(trace.string(hearing(b).function))
            });
        }
        Column::Cause => {
            rows.sort_by_key(|row| analysis.cancels()[hearing(row).cancel as usize].cause);
        }
        Column::At => rows.sort_by_key(|row| analysis.cancels()[hearing(row).cancel as usize].at),
        Column::Evidence => rows.sort_by_key(|row| (hearing(row).deaf, hearing(row).evidence)),
    }
    // The worst comes first in its column; the others begin with the least.
    let reversed = match query.column {
        Column::Overstay => query.ascending,
        _ => !query.ascending,
    };
    if reversed {
        rows.reverse();
    }
    Ok(rows)
}

/// Whether all words occur in the function's name, the cancel's cause, site or context, or the id.
fn matches(document: &Document, hearing: &Hearing, words: &[String]) -> bool {
    let trace = document.trace();
    let cancel = &document.analysis().cancels()[hearing.cancel as usize];
    let site = cancel.site.map_or("", |site| trace.string(site.function));
    let id = format!("g{}", trace.life(hearing.goroutine).id);
    let texts = [
        trace.string(hearing.function),
        site,
        document.context_of(cancel).map_or("", |context| context.name),
        cancel.cause.name(),
        hearing.evidence.name(),
    ];
    words.iter().all(|word| {
        *word == id || texts.iter().any(|text| text.to_lowercase().contains(word.as_str()))
    })
}
