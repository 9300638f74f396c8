//! Before and after: two traces compared by what stays the same between builds.
//!
//! Each row compares durations of one kind. A row is worse or better only if there are at least
//! [`ENOUGH`] on both sides, the difference would be by chance in less than 5 % of all rows of
//! its kind that are called so (the false discovery rate, after correction for the number of
//! rows of that kind), and it is large enough to matter: beyond [`MIN_PERCENT`] of what it was and beyond a floor that depends
//! on the kind. It may be in the middle (a rank test) or in the slowest twentieth (a test of
//! shares, if there are at least [`ENOUGH_FOR_TAIL`]); the smaller p of the two counts, doubled.

mod collect;

use std::collections::BTreeMap;

use crate::base::Clock;

use super::Document;
use super::stats::{Sample, Shift, false_discovery_rates, rank_test, shift, tail_test};
use super::words::{GroupKind, Verdict};

/// So many durations are needed on both sides.
pub const ENOUGH: usize = 5;
/// So many are needed on both sides to compare the slowest.
pub const ENOUGH_FOR_TAIL: usize = 100;
/// A change below this share of what it was does not matter, in percent.
pub const MIN_PERCENT: i64 = 5;
/// The false discovery rate below which a change counts.
const MAX_RATE: f64 = 0.05;

/// One side of a comparison's row. Durations are nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Side {
    /// How many durations there are.
    pub n: u32,
    /// Half are at most this.
    pub p50_ns: i64,
    /// Nine of ten are at most this.
    pub p90_ns: i64,
    /// Ninety-nine of a hundred are at most this.
    pub p99_ns: i64,
    /// The largest.
    pub max_ns: i64,
    /// How many of them were cut off by the trace's end.
    pub alive: u32,
}

/// One row of a comparison.
#[derive(Clone, PartialEq, Debug)]
pub struct DiffGroup {
    /// What the members have in common.
    pub kind: GroupKind,
    /// What identifies them in both traces.
    pub key: String,
    /// The function or type they share; "" if none.
    pub function: String,
    /// In the first trace.
    pub before: Side,
    /// In the second.
    pub after: Side,
    /// By how much the typical duration grew, in nanoseconds (Hodges–Lehmann); none if a side is empty.
    pub shift_ns: Option<i64>,
    /// Where that lies with 95 % confidence; none if there is too little data.
    pub ci95_ns: Option<[i64; 2]>,
    /// How likely a difference as large is by chance alone, 0 to 1; none if there is too little data.
    pub p_value: Option<f64>,
    /// The same after correction for the number of groups (Benjamini–Hochberg).
    pub q_value: Option<f64>,
    /// What that means.
    pub verdict: Verdict,
}

/// Two traces compared.
#[derive(Clone, PartialEq, Debug)]
pub struct Diff {
    /// All rows: the worse first, then the better, then the others; each by how much changed.
    pub groups: Vec<DiffGroup>,
    /// Worse if any group is worse; else better if any is better; else same, if there is enough
    /// data in any.
    pub verdict: Verdict,
    /// What the times of the first and the second trace count. Where that differs, nothing can
    /// be said of a change.
    pub clocks: [Clock; 2],
}

impl Diff {
    /// What changes are counted in.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.clocks[0]
    }
}

/// What identifies a row in both traces.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct Key {
    kind: GroupKind,
    what: String,
    function: String,
}

/// Compares two traces.
#[must_use]
pub fn diff(before: &Document, after: &Document) -> Diff {
    let mut rows: BTreeMap<Key, [Sample; 2]> = BTreeMap::new();
    for (side, document) in [before, after].into_iter().enumerate() {
        for (key, sample) in collect::samples(document) {
            rows.entry(key).or_default()[side] = sample;
        }
    }
    let clocks = [before, after].map(|document| document.trace().clock());
    let alike = clocks[0] == clocks[1];
    let mut groups: Vec<DiffGroup> = rows
        .into_iter()
        .map(|(key, [before, after])| compare(key, &before, &after, alike))
        .collect();
    correct(&mut groups);
    groups.sort_by(|a, b| {
        let key = |group: &DiffGroup| {
            let weight = group.shift_ns.map_or(0, i64::unsigned_abs);
            (group.verdict, group.kind, std::cmp::Reverse(weight))
        };
        (key(a), &a.key).cmp(&(key(b), &b.key))
    });
    Diff { verdict: overall(&groups), groups, clocks }
}

/// Compares two samples, whose durations are of one unit if they are `alike`.
fn compare(key: Key, before: &Sample, after: &Sample, alike: bool) -> DiffGroup {
    let moved = shift(before, after).filter(|_| alike);
    let enough = alike && before.len().min(after.len()) >= ENOUGH;
    let p_value = enough.then(|| p_value(key.kind, before, after));
    let mut group = DiffGroup {
        kind: key.kind,
        key: key.what,
        function: key.function,
        before: side(before),
        after: side(after),
        shift_ns: moved.map(|moved| moved.ns),
        ci95_ns: moved.filter(|_| enough).map(|moved: Shift| moved.ci95_ns),
        p_value,
        q_value: None,
        verdict: Verdict::Same,
    };
    group.verdict = match (before.is_empty(), after.is_empty()) {
        (_, true) => Verdict::OnlyBefore,
        (true, _) => Verdict::OnlyAfter,
        // Whatever there is of it, nothing changed.
        _ if alike && before == after => Verdict::Same,
        _ if !enough => Verdict::NotEnoughData,
        _ => direction(&group),
    };
    group
}

fn side(sample: &Sample) -> Side {
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Side {
        n: count(sample.len()),
        p50_ns: sample.quantile(50),
        p90_ns: sample.quantile(90),
        p99_ns: sample.quantile(99),
        max_ns: sample.quantile(100),
        alive: count(sample.n_cut_off()),
    }
}

fn p_value(kind: GroupKind, before: &Sample, after: &Sample) -> f64 {
    let ranks = rank_test(before, after);
    if !has_tail(kind, before.len().min(after.len())) {
        return ranks;
    }
    (2.0 * ranks.min(tail_test(before, after))).min(1.0)
}

/// Whether the slowest are compared too. How long a sleep or a lock took at worst is the
/// machine's doing more than the program's.
fn has_tail(kind: GroupKind, n: usize) -> bool {
    kind != GroupKind::Blocked && n >= ENOUGH_FOR_TAIL
}

/// Which way a row changed, if by enough to matter.
fn direction(group: &DiffGroup) -> Verdict {
    let floor = floor_ns(group.kind);
    let matters = |change: i64, was: i64| {
        change.saturating_abs() > floor
            && change.saturating_abs().saturating_mul(100)
                > was.saturating_abs().saturating_mul(MIN_PERCENT)
    };
    let moved = group.shift_ns.unwrap_or(0);
    let tail = group.after.p99_ns - group.before.p99_ns;
    let enough_for_tail = has_tail(group.kind, group.before.n.min(group.after.n) as usize);
    let change = if matters(moved, group.before.p50_ns) {
        moved
    } else if enough_for_tail && matters(tail, group.before.p99_ns) {
        tail
    } else if alive_share_grew(group) {
        i64::MAX
    } else {
        0
    };
    match change {
        0 => Verdict::Same,
        1.. => Verdict::Worse,
        _ => Verdict::Better,
    }
}

/// Whether far more were cut off than before, which makes their durations look short.
fn alive_share_grew(group: &DiffGroup) -> bool {
    let percent = |side: &Side| u64::from(side.alive) * 100 / u64::from(side.n.max(1));
    percent(&group.after) > percent(&group.before) + 20
}

/// A change below this does not matter, in nanoseconds.
fn floor_ns(kind: GroupKind) -> i64 {
    match kind {
        GroupKind::CancelSite | GroupKind::Goroutine => 1_000_000,
        GroupKind::Task
        | GroupKind::Blocked
        | GroupKind::Scheduling
        | GroupKind::Gc
        | GroupKind::Stw => 100_000,
    }
}

/// Corrects for the number of rows, and takes back what no longer counts. Each kind of row is a
/// question of its own, so that many rows of blocked time do not drown the few of cancels.
fn correct(groups: &mut [DiffGroup]) {
    for &kind in GroupKind::ALL {
        let tested = |group: &&mut DiffGroup| group.kind == kind && group.p_value.is_some();
        let p_values: Vec<f64> =
            groups.iter_mut().filter(tested).filter_map(|group| group.p_value).collect();
        let rates = false_discovery_rates(&p_values);
        for (group, rate) in groups.iter_mut().filter(tested).zip(rates) {
            group.q_value = Some(rate);
            let changed = matches!(group.verdict, Verdict::Worse | Verdict::Better);
            if changed && rate >= MAX_RATE {
                group.verdict = Verdict::Same;
            }
        }
    }
}

fn overall(groups: &[DiffGroup]) -> Verdict {
    let any = |verdict| groups.iter().any(|group| group.verdict == verdict);
    if any(Verdict::Worse) {
        Verdict::Worse
    } else if any(Verdict::Better) {
        Verdict::Better
    } else if any(Verdict::Same) || groups.is_empty() {
        Verdict::Same
    } else {
        Verdict::NotEnoughData
    }
}

#[cfg(test)]
mod tests;
