//! Which rows there are, in which groups and which order.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::rows::SectionKey;
use super::view::Metrics;

/// What the rows of a group, and the groups, are sorted by.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Sort {
    /// Worst overstay first.
    #[default]
    Lateness,
    /// First appearance first.
    Start,
    /// The trace's id.
    Id,
    /// Most time on a processor first.
    Running,
    /// Longest life first.
    Lifetime,
}

/// How goroutines are grouped.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Grouping {
    /// By start function.
    #[default]
    Function,
    /// By creator.
    Creator,
    /// Not at all.
    Flat,
}

/// Which rows, in which order.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct RowOptions {
    /// The order.
    pub sort: Sort,
    /// The groups.
    pub grouping: Grouping,
    /// Words that must all fit, as [`super::Filter`] has it.
    pub filter: String,
    /// Only goroutines with a late overstay.
    pub late_only: bool,
    /// Overstays above this are late, in nanoseconds.
    pub budget_ns: i64,
    /// Regions as bars under their goroutine's lane.
    pub regions: bool,
    /// Leave out the lanes for metrics, GC, processors and tasks.
    pub goroutines_only: bool,
    /// Sections that are not as they come: collapsed instead of open, or the reverse.
    pub toggled: Arc<FxHashSet<SectionKey>>,
    /// Heights.
    pub metrics: Metrics,
    /// In which order another trace has its functions, to be looked at side by side: groups of these
    /// come first and in that order, the others after them. As it comes if none.
    pub like: Option<Arc<[String]>>,
}
