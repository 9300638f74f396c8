//! The late exits as a list: which, and in which order.

use std::cmp::Reverse;
use std::sync::Arc;

use super::ctx::short_file;
use super::details::rule_title;
use super::state::What;
use crate::analysis::{Analysis, Cancel, Document, Finding, Hearing, Outcome, Stuck};
use crate::base::{Cancelled, Goroutine, Interval, Progress, StackId};
use crate::model::Frame;
use crate::scene::{Filter, Stretch};

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

/// Overstays of a length: longer than one duration and at most as long as another, in nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Between {
    /// Longer than this; -1 if all that are short enough are meant.
    pub(crate) over_ns: i64,
    /// At most as long as this.
    pub(crate) most_ns: i64,
}

/// Whom the table, the plots and the keys are about: all, or those of a stretch of time.
#[derive(Clone, Copy)]
pub(crate) struct Pool<'a> {
    analysis: &'a Analysis,
    /// Rows of the hearings of those who were meant to leave, the worst first.
    overstays: &'a [u32],
    /// Rows of those who are stuck, the longest first.
    stuck: &'a [u32],
}

impl<'a> Pool<'a> {
    /// All of a trace.
    pub(crate) fn all(analysis: &'a Analysis) -> Self {
        let stuck = analysis.stuck_rows_over(i64::MIN);
        Self { analysis, overstays: &analysis.worst_first, stuck }
    }

    /// Those of a stretch of time.
    pub(crate) fn of(analysis: &'a Analysis, stretch: &'a Stretch) -> Self {
        Self { analysis, overstays: &stretch.overstays, stuck: &stretch.stuck }
    }

    /// How many were meant to leave.
    pub(crate) fn n_overstays(self) -> usize {
        self.overstays.len()
    }

    /// The hearings with overstays of more than that, the worst first. Costs a binary search.
    pub(crate) fn late(self, over_ns: i64) -> &'a [u32] {
        let ns =
            |row: u32| self.analysis.hearings().get(row as usize).map_or(0, |it| it.overstay_ns);
        let n_late = self.overstays.partition_point(|&row| ns(row) > over_ns);
        &self.overstays[..n_late]
    }

    /// Who is stuck for longer than that, the longest first. Costs a binary search.
    pub(crate) fn stuck_over(self, over_ns: i64) -> &'a [u32] {
        let n = self.stuck.partition_point(|&row| ns_of(self.analysis, Row::Stuck(row)) > over_ns);
        &self.stuck[..n]
    }

    /// All who overstay by more than the budget and were meant not to, and all who are stuck for
    /// longer: the longest first.
    pub(crate) fn over(self, budget_ns: i64) -> Rows<'a> {
        Rows::Kept(self.analysis, self.late(budget_ns), self.stuck_over(budget_ns))
    }

    /// What the table lists: these or, if there are none, all who left in time, those first who
    /// stayed for longest.
    pub(crate) fn listed(self, budget_ns: i64) -> Rows<'a> {
        let over = self.over(budget_ns);
        if over.len() > 0 { over } else { Rows::Kept(self.analysis, self.overstays, &[]) }
    }

    /// The overstays of a length, late or not, the worst first.
    pub(crate) fn between(self, Between { over_ns, most_ns }: Between) -> Rows<'a> {
        let (from, past) = (self.late(most_ns).len(), self.late(over_ns).len());
        Rows::Kept(self.analysis, self.overstays.get(from..past).unwrap_or(&[]), &[])
    }
}

/// Which late exits, in which order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Query {
    /// Overstays beyond this are late, in nanoseconds.
    pub(crate) budget_ns: i64,
    /// Only those of this stretch of time, on the trace's clock.
    pub(crate) within: Option<Interval>,
    /// Only overstays of this length, late or not.
    pub(crate) between: Option<Between>,
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

    /// The rows before Find leaves any out, in the order that the analysis keeps.
    pub(crate) fn rows<'a>(&self, pool: Pool<'a>) -> Rows<'a> {
        match self.between {
            Some(between) => pool.between(between),
            None => pool.listed(self.budget_ns),
        }
    }
}

/// The rows of all that overstay by more than the budget and were meant not to, worst first.
/// Costs a binary search.
pub(crate) fn late_rows(analysis: &Analysis, budget_ns: i64) -> &[u32] {
    Pool::all(analysis).late(budget_ns)
}

/// Who stands in a row of the table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Row {
    /// One who overstays after a cancel: a row among the hearings.
    Hearing(u32),
    /// One who is stuck, of whom no cancel tells how late it is: a row among those.
    Stuck(u32),
}

impl Row {
    /// What is known of the one of this row; nothing if there is no such row.
    pub(crate) fn of(self, analysis: &Analysis) -> Option<Listed<'_>> {
        Some(match self {
            Self::Hearing(row) => {
                let hearing = analysis.hearings().get(row as usize)?;
                Listed::Hearing(hearing, analysis.cancel_of(hearing))
            }
            Self::Stuck(row) => {
                let stuck = analysis.all_stuck().get(row as usize)?;
                Listed::Stuck(stuck, analysis.findings().get(stuck.finding as usize)?)
            }
        })
    }

    /// What a click on it selects.
    pub(crate) fn what(self, analysis: &Analysis) -> Option<What> {
        Some(match self {
            Self::Hearing(row) => What::Hearing(row),
            Self::Stuck(_) => What::Goroutine(self.of(analysis)?.goroutine()),
        })
    }

    /// Whether what is selected is its overstay, its goroutine, or a part of that one's life.
    pub(crate) fn is_about(self, analysis: &Analysis, what: What) -> bool {
        match what {
            What::Hearing(selected) => self == Self::Hearing(selected),
            What::Goroutine(of) | What::Span(of, _) => {
                self.of(analysis).is_some_and(|listed| listed.goroutine() == of)
            }
            What::Cancel(_) => false,
        }
    }
}

/// What a row of the table is about.
#[derive(Clone, Copy)]
pub(crate) enum Listed<'a> {
    /// An overstay, and the cancel that it comes after.
    Hearing(&'a Hearing, &'a Cancel),
    /// One who is stuck, and the finding that says so.
    Stuck(&'a Stuck, &'a Finding),
}

impl<'a> Listed<'a> {
    pub(crate) fn goroutine(self) -> Goroutine {
        match self {
            Self::Hearing(hearing, _) => hearing.goroutine,
            Self::Stuck(stuck, _) => stuck.goroutine,
        }
    }

    /// How long it has overstayed, or is stuck, in nanoseconds.
    pub(crate) fn ns(self) -> i64 {
        match self {
            Self::Hearing(hearing, _) => hearing.overstay_ns,
            Self::Stuck(stuck, _) => stuck.interval.ns(),
        }
    }

    /// Whether it is so for at least that long: the trace ended first.
    pub(crate) fn is_alive(self) -> bool {
        match self {
            Self::Hearing(hearing, _) => hearing.outcome == Outcome::Alive,
            Self::Stuck(stuck, _) => !stuck.ended,
        }
    }

    /// Whose work it did; "" if none of it was seen.
    pub(crate) fn function(self, document: &'a Document) -> &'a str {
        let name = match self {
            Self::Hearing(hearing, _) => document.acting(hearing, StackId::EMPTY),
            Self::Stuck(stuck, _) => document.called(stuck.goroutine),
        };
        document.trace().string(name)
    }

    /// Where it was cancelled, or where its finding is.
    pub(crate) fn site(self) -> Option<Frame> {
        match self {
            Self::Hearing(_, cancel) => cancel.site,
            Self::Stuck(_, finding) => finding.site,
        }
    }

    /// Why it should have ended, as its badge says it.
    pub(crate) fn cause(self) -> String {
        match self {
            Self::Hearing(_, cancel) => cancel.cause.name().to_owned(),
            Self::Stuck(_, finding) => rule_title(finding.rule).to_lowercase(),
        }
    }
}

/// The rows of a table, from top to bottom.
#[derive(Clone, Copy)]
pub(crate) enum Rows<'a> {
    /// Two lists that the analysis keeps, each the longest first, taken as one in that order: the
    /// hearings, and who is stuck.
    Kept(&'a Analysis, &'a [u32], &'a [u32]),
    /// A list that was made.
    Made(&'a [Row]),
}

impl Rows<'_> {
    /// How many there are.
    pub(crate) fn len(self) -> usize {
        match self {
            Self::Kept(_, late, stuck) => late.len() + stuck.len(),
            Self::Made(rows) => rows.len(),
        }
    }

    /// The row at a place. Costs a binary search at most.
    pub(crate) fn get(self, at: usize) -> Option<Row> {
        let (analysis, late, stuck) = match self {
            Self::Kept(..) if at >= self.len() => return None,
            Self::Kept(analysis, late, stuck) => (analysis, late, stuck),
            Self::Made(rows) => return rows.get(at).copied(),
        };
        // How many of those above it are hearings: as many as come before the stuck one that
        // follows the others.
        let (mut low, mut high) = (at.saturating_sub(stuck.len()), at.min(late.len()));
        while low < high {
            let n_late = low.midpoint(high);
            let next = Row::Hearing(late[n_late]);
            let last_stuck = Row::Stuck(stuck[at - n_late - 1]);
            if ns_of(analysis, next) >= ns_of(analysis, last_stuck) {
                low = n_late + 1;
            } else {
                high = n_late;
            }
        }
        let next = [
            late.get(low).map(|&it| Row::Hearing(it)),
            stuck.get(at - low).map(|&it| Row::Stuck(it)),
        ];
        match next {
            [Some(late), Some(stuck)] if ns_of(analysis, late) < ns_of(analysis, stuck) => {
                Some(stuck)
            }
            [late, stuck] => late.or(stuck),
        }
    }

    /// The place of the first that is about what is selected. Costs a walk along the lists.
    pub(crate) fn position(self, analysis: &Analysis, what: What) -> Option<usize> {
        let (late, stuck) = match self {
            Self::Kept(_, late, stuck) => (late, stuck),
            Self::Made(rows) => return rows.iter().position(|row| row.is_about(analysis, what)),
        };
        let is_late = |&row: &u32| Row::Hearing(row).is_about(analysis, what);
        let is_stuck = |&row: &u32| Row::Stuck(row).is_about(analysis, what);
        let ns_late = |&row: &u32| ns_of(analysis, Row::Hearing(row));
        let ns_stuck = |&row: &u32| ns_of(analysis, Row::Stuck(row));
        let of_late = late.iter().position(is_late).map(|at| {
            let ns = ns_late(&late[at]);
            at + stuck.partition_point(|row| ns_stuck(row) > ns)
        });
        let of_stuck = stuck.iter().position(is_stuck).map(|at| {
            let ns = ns_stuck(&stuck[at]);
            at + late.partition_point(|row| ns_late(row) >= ns)
        });
        of_late.into_iter().chain(of_stuck).min()
    }

    /// All of them.
    pub(crate) fn iter(self) -> impl Iterator<Item = Row> {
        (0..self.len()).filter_map(move |at| self.get(at))
    }
}

fn ns_of(analysis: &Analysis, row: Row) -> i64 {
    row.of(analysis).map_or(0, Listed::ns)
}

/// The rows that a query asks for, in its order; those of its stretch of time if it has one. Who is stuck has neither a cancel nor evidence of
/// hearing one: sorted by those it comes after the others, or before.
///
/// # Errors
/// If `progress` is cancelled meanwhile.
pub(crate) fn list(
    document: &Document,
    stretch: Option<&Stretch>,
    query: &Query,
    progress: &Progress,
) -> Result<Vec<Row>, Cancelled> {
    let (analysis, trace) = (document.analysis(), document.trace());
    let pool = stretch.map_or(Pool::all(analysis), |stretch| Pool::of(analysis, stretch));
    let filter = Filter::new(trace, &query.words);
    let mut rows: Vec<Row> = query.rows(pool).iter().collect();
    progress.check()?;
    let of = |row: &Row| row.of(analysis);
    if !filter.is_empty() {
        rows.retain(|row| of(row).is_some_and(|it| matches(document, it, &filter)));
    }
    progress.check()?;
    let cancel = |row: &Row| match of(row) {
        Some(Listed::Hearing(hearing, cancel)) => Some((hearing, cancel)),
        _ => None,
    };
    let up = query.ascending;
    match query.column {
        Column::Overstay if up => rows.reverse(),
        Column::Overstay => {}
        Column::Goroutine => {
            sort_by(&mut rows, up, |row| of(row).map(|it| trace.life(it.goroutine()).id));
        }
        Column::Function => sort_by(&mut rows, up, |row| of(row).map(|it| it.function(document))),
        Column::Cause => sort_by(&mut rows, up, |row| match of(row) {
            Some(Listed::Stuck(_, finding)) => (None, Some(finding.rule)),
            _ => (cancel(row).map(|(_, cancel)| cancel.cause), None),
        }),
        Column::At => sort_by(&mut rows, up, |row| cancel(row).map(|(_, cancel)| cancel.at)),
        Column::Site => sort_by(&mut rows, up, |row| {
            let site = of(row).and_then(Listed::site);
            site.map(|site| (short_file(trace.string(site.file)), site.line))
        }),
        Column::Evidence => sort_by(&mut rows, up, |row| {
            cancel(row).map(|(hearing, _)| (hearing.deaf, hearing.evidence))
        }),
    }
    Ok(rows)
}

/// Sorts by a key, either way round: those of one key stay in order, the worst first.
fn sort_by<K: Ord>(rows: &mut [Row], ascending: bool, key: impl Fn(&Row) -> K) {
    if ascending {
        rows.sort_by_cached_key(key);
    } else {
        rows.sort_by_cached_key(|row| Reverse(key(row)));
    }
}

/// Whether each word fits the goroutine, as on the timeline, or occurs in the cancel's cause, site
/// or context, in the evidence, or in what is said of one who is stuck.
fn matches(document: &Document, listed: Listed<'_>, filter: &Filter) -> bool {
    let trace = document.trace();
    let cause = listed.cause();
    let site = listed.site().map_or("", |site| trace.string(site.function));
    let [name, evidence] = match listed {
        Listed::Hearing(hearing, cancel) => {
            let context = document.context_of(cancel);
            [context.map_or("", |context| context.name), hearing.evidence.name()]
        }
        Listed::Stuck(..) => ["stuck", ""],
    };
    let texts = [site, &cause, name, evidence].map(str::to_lowercase);
    filter.keeps_or(trace, listed.goroutine(), |word| texts.iter().any(|text| text.contains(word)))
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
            let rows = list(&document, None, &query, &Progress::default()).expect("a list");
            assert!(rows.len() > 10);
            for pair in rows.windows(2) {
                let [a, b] = [pair[0], pair[1]].map(|row| match row.of(analysis) {
                    Some(Listed::Hearing(hearing, cancel)) => (cancel.cause, hearing.overstay_ns),
                    _ => panic!("nobody is stuck"),
                });
                assert!(a.0 != b.0 || a.1 >= b.1, "{ascending}");
                let order = a.0.cmp(&b.0);
                assert!(order.is_eq() || order.is_lt() == ascending);
            }
        }
    }

    #[test]
    fn two_lists_are_one_in_the_order_of_how_long() {
        let file = include_bytes!("../../traces/lost-cancel/before.trace");
        let trace = crate::model::build(file, &Progress::default()).expect("a trace");
        let document = Document::new(trace, Rules::default());
        let analysis = document.analysis();
        // By no budget all of both are in it.
        for budget_ns in [0, 10_000, 10_000_000, i64::MAX] {
            let rows = Pool::all(analysis).over(budget_ns);
            let all: Vec<Row> = rows.iter().collect();
            let n_late = all.iter().filter(|row| matches!(row, Row::Hearing(_))).count();
            assert_eq!(n_late, analysis.late(budget_ns).len());
            assert_eq!(all.len() - n_late, analysis.stuck_over(budget_ns).len());
            assert!(all.is_sorted_by_key(|&row| Reverse(ns_of(analysis, row))), "{budget_ns}");
            for (at, row) in all.iter().enumerate().step_by(37) {
                let what = row.what(analysis).expect("somebody");
                assert_eq!(rows.position(analysis, what), Some(at));
            }
            assert_eq!(rows.get(all.len()), None);
        }
        assert!(analysis.late(0).len() > 100 && analysis.stuck_over(0).len() > 100);
    }
}
