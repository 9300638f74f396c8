//! Before and after: two traces compared by what stays the same between builds.
//!
//! Each row compares durations of one kind, in up to three ways: in the middle (a rank test), in
//! the slowest twentieth to hundredth (tests of shares, if there are at least [`ENOUGH_FOR_TAIL`]),
//! and in how many were still going on when the trace ended though the others had long ended. A row
//! is worse or better only if there are at least [`ENOUGH`] on both sides, and in one of these ways
//! - the change is large enough to matter: beyond [`MIN_PERCENT`] and beyond a floor that depends
//!   on the kind, far beyond both where all went on at once, or a fifth more are stuck (see
//!   `matters`);
//! - the test goes the same way;
//! - the difference would be by chance in less than 5 % of all rows of its kind that are called
//!   so: the false discovery rate, after correction for the number of tests and of rows.
//!
//! Where two ways contradict each other, the surer one counts. What is compared with what does
//! not matter: the other way round, worse is better. The GC's cycles are counted instead (`cycles`).

mod as_long;
mod collect;
mod cut_short;
mod cycles;
mod kept;
mod matters;
mod occasions;
mod one_sided;

use std::cmp::Ordering;
use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use crate::base::{Clock, narrow};

use super::Document;
use super::stats::{Sample, false_discovery_rates, late_test, shift};
use super::words::{GroupKind, Verdict};
pub(crate) use as_long::AsLong;
use as_long::is_as_long;
pub(crate) use collect::BY;
use collect::Row;
pub use matters::{MIN_PERCENT, Spared};
pub use one_sided::OneSided;

/// So many durations are needed on both sides.
pub const ENOUGH: usize = 5;
/// So many are needed on both sides to compare the slowest.
pub const ENOUGH_FOR_TAIL: usize = 100;
/// So many steps of each side's ECDF are kept: more would not be seen.
const ECDF_STEPS: usize = 64;
/// The false discovery rate below which a change counts.
const MAX_RATE: f64 = 0.05;

/// The chance below which it counts that more are late than before.
const MAX_LATE_P: f64 = 0.02;

/// A trace is cut into so many slices, since what goes on in one goes on in the next.
const N_SLICES: i64 = 100;
/// With fewer in one of the traces they are not compared.
const ENOUGH_SLICES: i64 = 5;
/// No slice is shorter, in nanoseconds.
const MIN_SLICE_NS: i64 = 10_000_000;

/// The row of all that any cancel reached.
const ALL_CANCELS: &str = "all cancels";

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
    /// How many of each side are overstays that are late by the rules, those left out that are
    /// so only because no processor was free, or because of the GC.
    pub late: [u32; 2],
    /// How those of each side who are late live, against their like on the other side.
    pub lived: [Lived; 2],
    /// By how much the typical duration grew, in nanoseconds (Hodges–Lehmann, with what was cut
    /// off as at least so long); none if a side is empty or all of both was cut off.
    pub shift_ns: Option<i64>,
    /// Where that lies with 95 % confidence; none if there is too little data, or no bound.
    pub ci95_ns: Option<[i64; 2]>,
    /// How likely a difference as large is by chance alone, 0 to 1, before the correction for the
    /// number of groups; none if there is too little data.
    pub p_value: Option<f64>,
    /// The same after correction for the number of groups (Benjamini–Hochberg).
    pub q_value: Option<f64>,
    /// What that means.
    pub verdict: Verdict,
    /// What of it is better or worse; none if nothing is.
    pub aspect: Option<Aspect>,
    /// Why it is the same though its difference is hardly by chance; none if it is by chance.
    pub spared: Option<Spared>,
    /// Of each side, how long, in nanoseconds, and the share that took at most as long, both rising,
    /// in a few dozen steps. What was cut off never counts as over.
    pub ecdf: [Vec<(i64, f64)>; 2],
}

/// How long some goroutines live, against their like in the other trace.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Lived {
    /// There is nobody to compare them with.
    #[default]
    Unknown,
    /// No longer, or by less than half of what they are late by.
    Alike,
    /// Longer.
    Longer,
}

/// What of some durations changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Aspect {
    /// The typical one.
    Typical,
    /// The slowest twentieth, or fewer.
    Slowest,
    /// How many were still going on when the trace ended.
    Stuck,
    /// How many there were.
    Often,
}

impl DiffGroup {
    /// Whether goroutines are late for a cancel that reached nobody before: several, or one by far.
    /// That one is late by little can be another's turn in the next run. Where too few were reached
    /// to compare, one has to be late by far, and none was late, or only by far less.
    #[must_use]
    pub fn is_newly_late(&self) -> bool {
        let is_far = self.after.max_ns >= LONG_NS;
        match self.verdict {
            _ if self.is_unseen(1) => false,
            Verdict::OnlyAfter => self.late[1] > 1 || self.late[1] > 0 && is_far,
            _ if self.are_few() => {
                let is_new = self.late[0] == 0 || is_far_less(&self.before, &self.after);
                is_new && self.late[1] > 0 && is_far
            }
            _ => false,
        }
    }

    /// Whether few were reached, and nobody is late any more where one was by far, or only by far less; or
    /// nobody was reached, and those who were late no longer live that long.
    #[must_use]
    pub fn is_no_longer_late(&self) -> bool {
        let was_far = self.late[0] > 0 && self.before.max_ns >= LONG_NS;
        let is_none = self.late[1] == 0 || is_far_less(&self.after, &self.before);
        let is_over = match self.verdict {
            Verdict::OnlyBefore => self.lived[0] == Lived::Longer,
            _ => self.are_few() && is_none && !self.is_unseen(0),
        };
        was_far && is_over
    }

    /// Whether so few were reached that a test of durations tells little or nothing.
    fn are_few(&self) -> bool {
        let n = self.before.n.min(self.after.n) as usize;
        self.verdict == Verdict::NotEnoughData || self.verdict == Verdict::Same && n < FEW_REACHED
    }

    /// Whether a group was late by far, and is no longer there. What is there instead has its own row.
    #[must_use]
    pub fn was_late_and_is_gone(&self) -> bool {
        self.verdict == Verdict::OnlyBefore && self.late[0] > 0 && self.is_change()
    }

    /// Whether those of a side who are late may have been as late on the other side, for a cancel
    /// that was not seen there. At one site somebody was seen on both sides.
    fn is_unseen(&self, side: usize) -> bool {
        self.lived[side] == Lived::Alike && !(self.is_one_site() && self.are_few())
    }

    /// Whether it is worth telling: what there is on one side only is if it is often, or long, or
    /// a cancel.
    #[must_use]
    pub fn is_change(&self) -> bool {
        match self.verdict {
            Verdict::Worse | Verdict::Better => true,
            Verdict::Same | Verdict::NotEnoughData => {
                self.is_newly_late() || self.is_no_longer_late()
            }
            Verdict::OnlyBefore | Verdict::OnlyAfter => {
                let Side { n, max_ns, .. } =
                    if self.after.n == 0 { &self.before } else { &self.after };
                // That a cancel has another site, or none, is what was changed.
                self.is_one_site() || *n as usize >= ENOUGH || *max_ns >= LONG_NS
            }
        }
    }

    /// The order in which groups are worth telling: the worse, where lateness is new, the better, where
    /// nobody is late any more, and the rest.
    #[must_use]
    pub fn rank(&self) -> u8 {
        match self.verdict {
            Verdict::Worse => 0,
            _ if self.is_newly_late() => 1,
            Verdict::Better => 2,
            _ if self.is_no_longer_late() => 3,
            _ => 4,
        }
    }

    /// Whether it is of one cancel site, whose overstays the row of all sites counts too.
    #[must_use]
    pub fn is_one_site(&self) -> bool {
        self.kind == GroupKind::CancelSite && self.key != ALL_CANCELS
    }
}

/// With fewer on a side one that is late by far is told, since no test of durations finds one of so few.
const FEW_REACHED: usize = 10;
/// From so many nanoseconds on it matters what there is only once, on one side.
const LONG_NS: i64 = 50_000_000;
/// A duration that is at most one in so many of another is next to nothing beside it.
const FAR_LESS: i64 = 10;

/// Two traces compared.
#[derive(Clone, PartialEq, Debug)]
pub struct Diff {
    /// All rows by [`DiffGroup::rank`], and then by how much changed.
    pub groups: Vec<DiffGroup>,
    /// The serious findings that are gone, and those that are new, each worst first.
    pub one_sided: [Vec<OneSided>; 2],
    /// Worse if any group is worse, goroutines are late where nobody was reached or late before, more of
    /// all that were reached are late, or somebody hangs who did not; else better if any is better,
    /// nobody is late or hangs any more, or fewer are late; else same, if there is enough data in any.
    pub verdict: Verdict,
    /// What the times of the first and the second trace count. Where that differs, nothing can
    /// be said of a change.
    pub clocks: [Clock; 2],
}

impl Diff {
    /// The rows that are worth telling, in their order.
    pub fn changes(&self) -> impl Iterator<Item = &DiffGroup> {
        self.groups.iter().filter(|group| group.is_change())
    }

    /// How many do not hang any more, if that decides, and how many newly do: what comes and goes
    /// at once can be one thing by two names.
    #[must_use]
    pub fn decided(&self) -> [usize; 2] {
        let alike = self.clocks[0] == self.clocks[1];
        let n = |side: &Vec<OneSided>| side.iter().filter(|one| alike && one.decides()).count();
        match [n(&self.one_sided[0]), n(&self.one_sided[1])] {
            [0, new] => [0, new],
            [gone, 0] => [gone, 0],
            _ => [0, 0],
        }
    }

    /// At how many cancel sites goroutines are late where none was, and at how many none is any more.
    #[must_use]
    pub fn late_sites(&self) -> [usize; 2] {
        let n = |is: fn(&DiffGroup) -> bool| {
            self.groups.iter().filter(|group| is(group) && group.is_one_site()).count()
        };
        [n(DiffGroup::is_newly_late), n(DiffGroup::is_no_longer_late)]
    }

    /// Whether more or fewer of all that any cancel reached are late, as hardly comes by chance or,
    /// where too few were reached to tell, by far.
    #[must_use]
    pub fn lateness(&self) -> Ordering {
        let is_all =
            |group: &&DiffGroup| group.kind == GroupKind::CancelSite && group.key == ALL_CANCELS;
        let Some(all) = self.groups.iter().find(is_all) else {
            return Ordering::Equal;
        };
        let test = late_test(all.late, [all.before.n, all.after.n]);
        let is_sure = |way| test.p < MAX_LATE_P && test.way == way;
        if is_sure(Ordering::Greater) || all.is_newly_late() {
            Ordering::Greater
        } else if is_sure(Ordering::Less) || all.is_no_longer_late() {
            Ordering::Less
        } else {
            Ordering::Equal
        }
    }

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
    let mut rows: BTreeMap<Key, [Row; 2]> = BTreeMap::new();
    let slice_ns = slice_ns([before, after]);
    let known = [before, after].map(|it| it.analysis().book.hand_on(it.trace()));
    let known: FxHashSet<&str> = known.into_iter().flatten().collect();
    for (side, document) in [before, after].into_iter().enumerate() {
        for (key, row) in collect::rows(document, &known, slice_ns) {
            rows.entry(key).or_default()[side] = row;
        }
    }
    let clocks = [before, after].map(|document| document.trace().clock());
    let alike = clocks[0] == clocks[1];
    let compared = rows.iter().map(|(key, row @ [before, after])| {
        let late = if alike { [before.late, after.late] } else { [0; 2] };
        let lived = [0, 1].map(|side| lived(&rows, row, side));
        DiffGroup { late, lived, ..compare(key, &before.sample, &after.sample, alike) }
    });
    let mut groups: Vec<DiffGroup> = compared.collect();
    groups.extend(cycles::row([before, after], &groups));
    correct(&mut groups);
    groups.sort_by(|a, b| {
        let key = |group: &DiffGroup| {
            let weight = group.shift_ns.map_or(0, i64::unsigned_abs);
            (group.rank(), group.verdict, group.kind, std::cmp::Reverse(weight))
        };
        (key(a), &a.key).cmp(&(key(b), &b.key))
    });
    let one_sided = one_sided::of([before, after]);
    let mut diff = Diff { groups, one_sided, verdict: Verdict::Same, clocks };
    diff.verdict = overall(&diff);
    diff
}

/// How those of one side who are late in a row live, against their like on the other.
fn lived(rows: &BTreeMap<Key, [Row; 2]>, row: &[Row; 2], side: usize) -> Lived {
    let Row { sample, late_lives, .. } = &row[side];
    let late_ns = sample.quantile(100);
    let lives = late_lives.iter().map(|life| {
        let row = rows.get(life)?;
        is_as_long(&row[side].sample, &row[1 - side].sample, late_ns)
    });
    match lives.collect::<Option<Vec<bool>>>() {
        Some(as_long) if as_long.is_empty() => Lived::Unknown,
        Some(as_long) if as_long.iter().all(|&is| is) => Lived::Alike,
        Some(_) => Lived::Longer,
        None => Lived::Unknown,
    }
}

/// How long the slices of time are in which what the GC took is added up; none if it took nothing,
/// or a trace is too short.
fn slice_ns(both: [&Document; 2]) -> Option<i64> {
    let all = both.map(|document| document.trace().interval().ns());
    let slice_ns = (all[0].max(all[1]) / N_SLICES).max(MIN_SLICE_NS);
    let any = both.iter().any(|document| !document.trace().world().gc().is_empty());
    let shortest = all[0].min(all[1]) / slice_ns;
    (any && shortest >= ENOUGH_SLICES).then_some(slice_ns)
}

/// Compares two samples, whose durations are of one unit if they are `alike`.
fn compare(key: &Key, before: &Sample, after: &Sample, alike: bool) -> DiffGroup {
    let moved = shift(before, after).filter(|_| alike);
    let enough = alike && before.len().min(after.len()) >= ENOUGH;
    let tested = enough.then(|| matters::tested(key.kind, before, after, moved));
    let verdict = match (before.is_empty(), after.is_empty(), tested) {
        (_, true, _) => Verdict::OnlyBefore,
        (true, ..) => Verdict::OnlyAfter,
        (.., Some(tested)) => verdict_of(tested.test.way),
        // However little there is of it, nothing changed.
        _ if alike && before == after => Verdict::Same,
        _ => Verdict::NotEnoughData,
    };
    DiffGroup {
        kind: key.kind,
        key: key.what.clone(),
        function: key.function.clone(),
        before: side(before),
        after: side(after),
        late: [0; 2],
        lived: [Lived::Unknown; 2],
        shift_ns: moved.map(|moved| moved.ns),
        ci95_ns: moved.filter(|_| enough).and_then(|moved| moved.ci95_ns),
        p_value: tested.map(|tested| tested.test.p),
        q_value: None,
        aspect: tested
            .map(|tested| tested.aspect)
            .filter(|_| matches!(verdict, Verdict::Better | Verdict::Worse)),
        spared: tested.and_then(|tested| tested.spared),
        ecdf: [before, after].map(|sample| sample.ecdf(ECDF_STEPS)),
        verdict,
    }
}

/// Whether the longest of a side is a small part of the longest of the other.
fn is_far_less(less: &Side, more: &Side) -> bool {
    less.max_ns.saturating_mul(FAR_LESS) <= more.max_ns
}

fn verdict_of(way: Ordering) -> Verdict {
    match way {
        Ordering::Less => Verdict::Better,
        Ordering::Equal => Verdict::Same,
        Ordering::Greater => Verdict::Worse,
    }
}

fn side(sample: &Sample) -> Side {
    Side {
        n: u32::try_from(sample.n()).unwrap_or(u32::MAX),
        p50_ns: sample.quantile(50),
        p90_ns: sample.quantile(90),
        p99_ns: sample.quantile(99),
        max_ns: sample.quantile(100),
        alive: narrow(sample.n_alive()),
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
            group.spared = group.spared.filter(|_| rate < MAX_RATE);
            if changed && rate >= MAX_RATE {
                (group.verdict, group.aspect) = (Verdict::Same, None);
            }
        }
    }
}

/// The verdict on the whole; of traces whose clocks differ nothing can be said to be late.
fn overall(diff: &Diff) -> Verdict {
    let alike = diff.clocks[0] == diff.clocks[1];
    let [gone, new] = diff.decided().map(|n| n > 0);
    let any = |verdict| diff.groups.iter().any(|group| group.verdict == verdict);
    let [newly, no_longer] = diff.late_sites().map(|n| alike && n > 0);
    let lateness = if alike { diff.lateness() } else { Ordering::Equal };
    // Whatever decides is told in words beside the verdict.
    if any(Verdict::Worse) || new || lateness.is_gt() || newly {
        Verdict::Worse
    } else if any(Verdict::Better) || gone || lateness.is_lt() || no_longer {
        Verdict::Better
    } else if any(Verdict::Same) || diff.groups.is_empty() {
        Verdict::Same
    } else {
        Verdict::NotEnoughData
    }
}

#[cfg(test)]
mod tests;
