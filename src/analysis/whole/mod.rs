//! What surfaces ask of a whole analysis: counts, orders, look-ups, and all of it beside its trace.

pub(super) mod accounts;
pub(super) mod accused;
pub(super) mod context_name;
pub(super) mod document;
pub(super) mod neighbors;
pub(super) mod sites;
pub(super) mod stuck;
pub(super) mod tally;
pub(super) mod tree;

use rustc_hash::FxHashMap;

use crate::base::{Goroutine, WireMap};
use crate::model::Frame;

use super::cancels::logged::Logged;
use super::code::book::Book;
use super::index::{ByGoroutine, Register};
use super::split::Assists;
use super::types::{Cancel, Finding, Group, Hearing, Summary};
use stuck::{AllStuck, Stuck};

/// All that the analysis says of one trace.
#[derive(Debug, Default)]
pub struct Analysis {
    pub(crate) cancels: Vec<Cancel>,
    pub(crate) hearings: Vec<Hearing>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) summary: Summary,
    pub(crate) groups: Vec<Group>,
    /// Rows of `hearings`, each goroutine's worst first.
    pub(crate) by_goroutine: ByGoroutine,
    /// Rows of those `hearings` that may be late, worst first.
    pub(crate) worst_first: Vec<u32>,
    /// By cancel.
    pub(crate) logged: FxHashMap<u32, Logged>,
    pub(crate) stuck: AllStuck,
    pub(crate) book: Book,
    pub(crate) assists: Assists,
}

impl Analysis {
    pub(crate) fn register(&self) -> Register<'_> {
        let Self { cancels, hearings, by_goroutine, .. } = self;
        Register { cancels, hearings, by_goroutine }
    }

    /// All cancels, in order of time; [`Cancel::id`] is the row.
    #[must_use]
    pub fn cancels(&self) -> &[Cancel] {
        &self.cancels
    }

    /// The cancel of a hearing.
    #[must_use]
    pub fn cancel_of(&self, hearing: &Hearing) -> &Cancel {
        self.register().cancel_of(hearing)
    }

    /// What the program logged of a cancel, if it did.
    #[must_use]
    pub fn logged(&self, cancel: &Cancel) -> Option<Logged> {
        self.logged.get(&cancel.id).copied()
    }

    /// All hearings, cancel by cancel, and after them all that were deaf, in the same order.
    #[must_use]
    pub fn hearings(&self) -> &[Hearing] {
        &self.hearings
    }

    /// Who heard a cancel, in order of time and then of goroutine.
    #[must_use]
    pub fn heard(&self, cancel: &Cancel) -> &[Hearing] {
        self.register().heard(cancel)
    }

    /// Who was deaf to a cancel, in order of goroutine.
    #[must_use]
    pub fn deaf(&self, cancel: &Cancel) -> &[Hearing] {
        self.register().deaf(cancel)
    }

    /// What a goroutine heard or was deaf to, the worst overstay first.
    #[must_use]
    pub fn overstays_of(&self, goroutine: Goroutine) -> impl ExactSizeIterator<Item = &Hearing> {
        self.register().of(goroutine)
    }

    /// All that overstay by more than `late_over_ns` and were meant not to, worst first.
    /// Costs a binary search, so that a budget can be dragged.
    #[must_use]
    pub fn late(&self, late_over_ns: i64) -> impl ExactSizeIterator<Item = &Hearing> {
        let n = self
            .worst_first
            .partition_point(|&row| self.hearings[row as usize].overstay_ns > late_over_ns);
        self.worst_first[..n].iter().map(|&row| &self.hearings[row as usize])
    }

    /// What to act on, by severity, then worst first.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What is known of a goroutine that is stuck, or left over, without a cancel that tells so.
    #[must_use]
    pub fn stuck(&self, goroutine: Goroutine) -> Option<&Stuck> {
        self.stuck.of(goroutine)
    }

    /// Whether a goroutine is stuck, and its finding is about a cancel.
    #[must_use]
    pub fn is_stuck_by(&self, goroutine: Goroutine, cancel: u32) -> bool {
        let finding = self.stuck(goroutine).and_then(|it| self.findings.get(it.finding as usize));
        finding.is_some_and(|finding| finding.cancels.binary_search(&cancel).is_ok())
    }

    /// All of these, in order of goroutine.
    #[must_use]
    pub fn all_stuck(&self) -> &[Stuck] {
        &self.stuck.rows
    }

    /// Those that have been stuck for longer than `over_ns`, the longest first.
    #[must_use]
    pub fn stuck_over(&self, over_ns: i64) -> impl ExactSizeIterator<Item = &Stuck> {
        self.stuck_rows_over(over_ns).iter().map(|&row| &self.stuck.rows[row as usize])
    }

    /// The findings, those of one place in the code together: where the first of them was. What is
    /// of no place is alone.
    #[must_use]
    pub fn findings_by_place(&self) -> Vec<Vec<&Finding>> {
        let mut places: Vec<Vec<&Finding>> = Vec::new();
        let mut row_of: WireMap<Frame, usize> = WireMap::default();
        for finding in &self.findings {
            let next = places.len();
            let row = finding.site.map_or(next, |site| *row_of.entry(site).or_insert(next));
            match places.get_mut(row) {
                Some(place) => place.push(finding),
                None => places.push(vec![finding]),
            }
        }
        places
    }

    /// The whole in numbers.
    #[must_use]
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Goroutines by start function: those with late ones first, then the most numerous.
    #[must_use]
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }
}
