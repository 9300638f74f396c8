//! The late exits as a list: which, and in which order.

use std::cmp::Reverse;
use std::sync::Arc;

use super::ctx::short_file;
use crate::analysis::{Analysis, Document, Hearing};
use crate::base::{Cancelled, Progress, StackId};
use crate::scene::Filter;

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
    /// Where it was cancelled.
    Site,
    /// How it is known that it heard.
    Evidence,
}

/// Which late exits, in which order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Query {
    /// Overstays beyond this are late, in nanoseconds.
    pub(crate) budget_ns: i64,
    /// Words that must fit the goroutine or its cancel.
    pub(crate) words: Arc<str>,
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
    let filter = Filter::new(document.trace(), &query.words);
    let mut rows: Vec<u32> = late_rows(analysis, query.budget_ns).to_vec();
    progress.check()?;
    if !filter.is_empty() {
        rows.retain(|&row| matches(document, &analysis.hearings()[row as usize], &filter));
    }
    progress.check()?;
    let hearing = |row: &u32| &analysis.hearings()[*row as usize];
    let trace = document.trace();
    let cancel = |row: &u32| analysis.cancel_of(hearing(row));
    let up = query.ascending;
    match query.column {
        Column::Overstay if up => rows.reverse(),
        Column::Overstay => {}
        Column::Goroutine => sort_by(&mut rows, up, |row| trace.life(hearing(row).goroutine).id),
        Column::Function => {
            let function = |row: &u32| trace.string(document.acting(hearing(row), StackId::EMPTY));
            sort_by(&mut rows, up, function);
        }
        Column::Cause => sort_by(&mut rows, up, |row| cancel(row).cause),
        Column::At => sort_by(&mut rows, up, |row| cancel(row).at),
        Column::Site => sort_by(&mut rows, up, |row| {
            let site = cancel(row).site;
            site.map(|site| (short_file(trace.string(site.file)), site.line))
        }),
        Column::Evidence => {
            sort_by(&mut rows, up, |row| (hearing(row).deaf, hearing(row).evidence));
        }
    }
    Ok(rows)
}

/// Sorts by a key, either way round: those of one key stay in order, the worst first.
fn sort_by<K: Ord>(rows: &mut [u32], ascending: bool, key: impl Fn(&u32) -> K) {
    if ascending {
        rows.sort_by_cached_key(key);
    } else {
        rows.sort_by_cached_key(|row| Reverse(key(row)));
    }
}

/// Whether each word fits the goroutine, as on the timeline, or occurs in the cancel's cause, site
/// or context, or in the evidence.
fn matches(document: &Document, hearing: &Hearing, filter: &Filter) -> bool {
    let trace = document.trace();
    let cancel = document.analysis().cancel_of(hearing);
    let texts = [
        cancel.site.map_or("", |site| trace.string(site.function)),
        document.context_of(cancel).map_or("", |context| context.name),
        cancel.cause.name(),
        hearing.evidence.name(),
    ];
    filter.keeps_or(trace, hearing.goroutine, |word| {
        texts.iter().any(|text| text.to_lowercase().contains(word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Rules;

    #[test]
    fn of_those_alike_the_worst_comes_first_either_way_round() {
        let file = include_bytes!("../../traces/sleep-in-handler/before.trace");
        let trace = crate::model::build(file, &Progress::default()).expect("a trace");
        let document = Document::new(trace, Rules::default());
        let analysis = document.analysis();
        for ascending in [true, false] {
            let query = Query { column: Column::Cause, ascending, ..Query::default() };
            let rows = list(&document, &query, &Progress::default()).expect("a list");
            assert!(rows.len() > 10);
            for pair in rows.windows(2) {
                let [a, b] = [pair[0], pair[1]].map(|row| &analysis.hearings()[row as usize]);
                let cause = |it: &Hearing| analysis.cancel_of(it).cause;
                assert!(cause(a) != cause(b) || a.overstay_ns >= b.overstay_ns, "{ascending}");
                let order = cause(a).cmp(&cause(b));
                assert!(order.is_eq() || order.is_lt() == ascending);
            }
        }
    }
}
