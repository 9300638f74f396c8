//! Which rows there are, in which groups and which order.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::rows::{Section, SectionKey};
use super::view::Metrics;
use crate::base::Interval;

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

/// What there is of the lanes for metrics, GC, processors and tasks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Others {
    /// All, as they come.
    #[default]
    Open,
    /// All, but plots and the collector's lanes come collapsed, for want of room.
    Low,
    /// None.
    Without,
}

/// Which rows, in which order. Copies share what is long, so that they are made and compared in no time.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct RowOptions {
    /// The order.
    pub sort: Sort,
    /// The groups.
    pub grouping: Grouping,
    /// Words that must all fit, as [`super::Filter`] has it.
    pub filter: Arc<str>,
    /// Only goroutines with a late overstay.
    pub late_only: bool,
    /// Only goroutines that live at some time in this stretch, on the trace's clock; of what they
    /// heard, only overstays that reach into it count. All if none.
    pub within: Option<Interval>,
    /// Overstays above this are late, in nanoseconds.
    pub budget_ns: i64,
    /// Regions as bars under their goroutine's lane.
    pub regions: bool,
    /// The lanes that are not goroutines'.
    pub others: Others,
    /// Which sections somebody collapsed (true) or opened; the others are as they come.
    pub folds: Arc<FxHashMap<SectionKey, bool>>,
    /// Sections that are left out.
    pub hidden: Arc<FxHashSet<SectionKey>>,
    /// Heights.
    pub metrics: Metrics,
    /// In which order another trace has its functions, to be looked at side by side: groups of these
    /// come first and in that order, the others after them. As it comes if none.
    pub like: Option<Arc<[String]>>,
}

impl RowOptions {
    /// Whether a section is collapsed: as somebody wants it, else as it comes.
    #[must_use]
    pub fn collapses(&self, section: &Section) -> bool {
        let is_first = matches!(section.key, SectionKey::Metrics | SectionKey::Runtime);
        let comes = section.comes_collapsed || (self.others == Others::Low && is_first);
        self.folds.get(&section.key).copied().unwrap_or(comes)
    }
}
