//! Which changes of a row matter: what two runs of one program differ by on a busy machine does
//! not.

use std::cmp::Ordering;

use super::super::stats::{Sample, Shift, Slow, Test, rank_test, stuck_test, tail_test};
use super::super::words::GroupKind;
use super::{Aspect, ENOUGH, ENOUGH_FOR_TAIL, LONG_NS};

/// A change below this share of the smaller of both does not matter, in percent.
pub const MIN_PERCENT: i64 = 10;
/// The same where the machine's load decides, in percent: it can halve what a program gets done.
const MIN_PERCENT_BY_LOAD: i64 = 100;
/// Below the floor a change matters all the same if it is this large, in percent: load makes less of what
/// is short, if there were many occasions; and if it is beyond this, in nanoseconds.
const SHARP_PERCENT: i64 = 150;
const SHARP_NS: i64 = 300_000;
/// So many occasions are many.
const MANY: usize = 30;
/// A change of so many times what does not matter is large, and need not be beyond it for sure.
const LARGE: i64 = 4;
/// Which are the slowest: few can be slow.
const TAILS: [Slow; 3] = [Slow::Beyond(95), Slow::Beyond(98), Slow::Beyond(99)];
/// A p below this leaves little doubt.
const SURE: f64 = 0.001;
/// So many more in a hundred may be stuck.
const MIN_STUCK: i64 = 20;

/// What everything may take longer, in nanoseconds: a timer fires later by another program's turn
/// on the processor, which is 3 ms to 4 ms on Linux.
const TURN_NS: i64 = 4_000_000;
/// What the slowest may take longer, in nanoseconds: some have to wait for several turns.
const TURNS_NS: i64 = 20_000_000;
/// The same of both for overstays, in nanoseconds: they are what a comparison is about, and begin
/// with a wake, not with a timer.
const CANCEL_NS: i64 = 1_000_000;
const SLOW_CANCEL_NS: i64 = 5_000_000;
/// What a wait for a processor may typically take longer, in nanoseconds: most take none of its
/// time, so that this is much.
const WAKE_NS: i64 = 1_000_000;
/// What the GC may take more in each slice of time, in nanoseconds: a hundredth of the shortest.
const GC_NS: i64 = super::MIN_SLICE_NS / 100;

/// How much a duration may grow or shrink and not matter.
#[derive(Clone, Copy)]
struct Margin {
    /// In any case so much, in nanoseconds.
    floor_ns: i64,
    /// So much of the smaller one, in percent.
    percent: i64,
    /// From so many times this margin on a change need not be sure.
    large: i64,
    /// Whether a large share is enough, though it is below the floor.
    is_sharp: bool,
}

impl Margin {
    /// For the typical duration of a row, or for the slowest ones.
    fn new(kind: GroupKind, aspect: Aspect, [before, after]: [&Sample; 2]) -> Self {
        let is_typical = aspect == Aspect::Typical;
        let floor_ns = match (kind, is_typical) {
            (GroupKind::Stw, _) => TURNS_NS,
            (GroupKind::CancelSite, true) => CANCEL_NS,
            (GroupKind::CancelSite, false) => SLOW_CANCEL_NS,
            (GroupKind::Gc, true) => GC_NS,
            (GroupKind::Scheduling, true) => WAKE_NS,
            (_, true) => TURN_NS,
            (_, false) => TURNS_NS,
        };
        let occasions = |sample: &Sample| {
            let occasions = sample.occasions();
            if is_typical { occasions.all } else { occasions.slow }
        };
        let n = occasions(before).min(occasions(after));
        // What a lock or a sleep takes, and what the machine does, is the load's.
        let is_own = matches!(kind, GroupKind::Task | GroupKind::Goroutine);
        let is_sharp = is_typical && is_own && n >= MANY;
        if kind == GroupKind::Gc {
            Self { floor_ns, percent: MIN_PERCENT_BY_LOAD, large: LARGE, is_sharp }
        } else if n < ENOUGH {
            // However many there are, the machine was busy for all of them, or for none.
            let floor_ns = floor_ns.max(LONG_NS);
            Self { floor_ns, percent: MIN_PERCENT_BY_LOAD, large: 1, is_sharp }
        } else {
            Self { floor_ns, percent: MIN_PERCENT, large: LARGE, is_sharp }
        }
    }

    /// By how much a duration may grow, in nanoseconds.
    fn of(self, ns: i64) -> i64 {
        self.floor_ns.max((ns / 100).saturating_mul(self.percent))
    }

    /// Which way a change goes, of which the smaller duration is known; equal if it does not matter.
    fn way(self, change_ns: i64, smaller_ns: i64) -> Ordering {
        let change = change_ns.saturating_abs();
        let is_large = change > SHARP_NS.max((smaller_ns / 100).saturating_mul(SHARP_PERCENT));
        let matters = change > self.of(smaller_ns) || self.is_sharp && is_large;
        if matters { change_ns.cmp(&0) } else { Ordering::Equal }
    }
}

/// Why a change does not matter that is hardly by chance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spared {
    /// What of the row changed so.
    pub aspect: Aspect,
    /// The change has to be larger than this, in nanoseconds.
    pub margin_ns: i64,
    /// Whether that is so much because the machine's load moves it by as much, and not because it is
    /// a small part of the whole.
    pub by_load: bool,
    /// Whether the change is smaller; it may be larger, but not for sure.
    pub is_below: bool,
}

impl Spared {
    /// What of the row changed is known, as is how much of that does not matter.
    fn new(
        aspect: Aspect,
        margin: Margin,
        moved: Option<Shift>,
        [before, after]: [&Sample; 2],
    ) -> Self {
        let (percent, change_ns) = match aspect {
            Aspect::Slowest => (99, after.quantile(99).saturating_sub(before.quantile(99))),
            _ => (50, moved.map_or(0, |moved| moved.ns)),
        };
        let margin_ns = margin.of(before.quantile(percent).min(after.quantile(percent)));
        Self {
            aspect,
            margin_ns,
            by_load: margin_ns == margin.floor_ns,
            is_below: change_ns.saturating_abs() <= margin_ns,
        }
    }
}

/// What the tests of a row say together.
#[derive(Clone, Copy)]
pub(super) struct Tested {
    /// The surest of them.
    pub(super) test: Test,
    /// What it is about.
    pub(super) aspect: Aspect,
    /// If it says nothing, why that is so should it be no chance.
    pub(super) spared: Option<Spared>,
}

/// All tests of a row taken together: equal if no change is both sure and large enough.
///
/// Each test is held against the change that it is about, and has to go the same way. The p is
/// that of the surest among those that matter, times the number of tests.
pub(super) fn tested(
    kind: GroupKind,
    before: &Sample,
    after: &Sample,
    moved: Option<Shift>,
) -> Tested {
    let margin = |aspect| Margin::new(kind, aspect, [before, after]);
    let smaller = |percent| before.quantile(percent).min(after.quantile(percent));
    let middle = middle_moved(margin(Aspect::Typical), moved, smaller(50));
    let mut tests = vec![(if_it_is(rank_test(before, after), middle), Aspect::Typical)];
    let of_slow = margin(Aspect::Slowest);
    let mut beyond_all = Test::NONE;
    if has_tail(kind, before.len().min(after.len())) {
        let change = after.quantile(99).saturating_sub(before.quantile(99));
        let way = of_slow.way(change, smaller(99));
        let tail = |slow| if_it_is(tail_test(before, after, slow, |was| of_slow.of(was)), way);
        tests.extend(TAILS.map(|slow| (tail(slow), Aspect::Slowest)));
        beyond_all = tail(Slow::BeyondAll);
    }
    if before.n_alive() + after.n_alive() > 0 {
        let (test, percent) = stuck_test(before, after, |was| of_slow.of(was));
        let way = if percent.abs() > MIN_STUCK { percent.cmp(&0) } else { Ordering::Equal };
        tests.push((if_it_is(test, way), Aspect::Stuck));
    }
    let (test, aspect) = surest(tests, beyond_all);
    let why = || Spared::new(aspect, margin(aspect), moved, [before, after]);
    Tested { test, aspect, spared: (test.way == Ordering::Equal).then(why) }
}

/// Which way the typical duration moved, if by so much that it matters. What is not large has to
/// be beyond the margin for sure.
fn middle_moved(margin: Margin, moved: Option<Shift>, smaller_ns: i64) -> Ordering {
    let Some(moved) = moved else { return Ordering::Equal };
    let is_large = margin.way(moved.ns / margin.large, smaller_ns) != Ordering::Equal;
    margin.way(if is_large { moved.ns } else { surely_moved(moved) }, smaller_ns)
}

/// By how much the typical duration grew at least, or shrank, as far as that is sure, in
/// nanoseconds.
fn surely_moved(moved: Shift) -> i64 {
    match moved.ci95_ns {
        Some([low, _]) if low > 0 => low,
        Some([_, high]) if high < 0 => high,
        Some(_) => 0,
        None => moved.ns,
    }
}

/// A test, which says nothing if it goes another way than the change that it is about.
fn if_it_is(test: Test, way: Ordering) -> Test {
    let agreed = if test.way == way { way } else { Ordering::Equal };
    Test { way: agreed, ..test }
}

/// Whether the slowest are compared too. How long a sleep or a lock took at worst is the
/// machine's doing more than the program's.
fn has_tail(kind: GroupKind, n: usize) -> bool {
    kind != GroupKind::Blocked && n >= ENOUGH_FOR_TAIL
}

/// The surest test of those that matter, or of all if none does, its p times their number. That a few are
/// beyond all others is what tells only where nothing else is sure: it says the least.
fn surest(tests: Vec<(Test, Aspect)>, beyond_all: Test) -> (Test, Aspect) {
    // Those of the slowest are hardly more than two: each has most of the next one's.
    let n_alike = tests.iter().filter(|(_, aspect)| *aspect == Aspect::Slowest).count().max(2) - 2;
    let n = u8::try_from(tests.len() - n_alike).map_or(1.0, f64::from);
    let matters = |test: &Test| test.way != Ordering::Equal;
    let surest = |a: &Test, b: &Test| (!matters(a), a.p).partial_cmp(&(!matters(b), b.p));
    let surest = tests.into_iter().min_by(|a, b| surest(&a.0, &b.0).unwrap_or(Ordering::Equal));
    let (test, aspect) = match surest.unwrap_or((Test::NONE, Aspect::Typical)) {
        (test, aspect) if matters(&test) && test.p <= SURE => (test, aspect),
        (test, _) if matters(&beyond_all) && (!matters(&test) || beyond_all.p < test.p) => {
            (beyond_all, Aspect::Slowest)
        }
        least => least,
    };
    (Test { p: (n * test.p).min(1.0), ..test }, aspect)
}
