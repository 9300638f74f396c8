//! Time limits, told by the clock from deadlines that nobody listened to.
//!
//! A time limit is a number in the code: where each of some pieces of work that began in one place
//! met such a deadline the same time after its beginning, it began with that context. So did one
//! alone whose only deadline came a round time after it. That is evidence by coincidence, so the
//! odds against chance are asked for (docs/late-exits.md, "By the clock").

use std::cmp::Reverse;
use std::ops::Range;

use crate::base::{Goroutine, Time};

/// The shortest time limit that is told from chance, in nanoseconds.
const SHORTEST_NS: i64 = 5_000_000;

/// How far apart two times may be that are the same limit: a timer is late by up to so much, and so much
/// happens between making a context and starting the work under it.
pub(super) const APART_NS: i64 = 1_500_000;

/// How late a timer may be where all processors are busy: the shortest, and by how much of the limit.
const BUSY_NS: i64 = 6_000_000;
const BUSY_SHARE: i64 = 10;

/// A deadline comes that much before a round time has passed, at most: its context can be older than the
/// work under it.
const SHORT_OF_ROUND_NS: i64 = 100_000;

/// Limits that people choose, and how much later than such a limit a deadline may be.
struct Choice {
    /// Whether people choose a limit, given its first three digits.
    is_one: fn(i64) -> bool,
    /// How many of these limits there are with each power of ten.
    n: usize,
    /// The least and the most that a deadline may be late, in nanoseconds.
    late_ns: [i64; 2],
    /// What it may be late by between these: one in so many parts of the limit.
    share: i64,
}

/// From the usual to the unusual: the less usual one is, the more closely it has to be met.
const CHOICES: [Choice; 3] = [
    Choice {
        is_one: |digits| digits % 100 == 0 || matches!(digits, 150 | 250),
        n: 11,
        late_ns: [1_300_000, 5_000_000],
        share: 60,
    },
    Choice {
        is_one: |digits| digits % 50 == 0 || matches!(digits, 120 | 125 | 175),
        n: 21,
        late_ns: [700_000, 2_000_000],
        share: 150,
    },
    Choice { is_one: |digits| digits % 10 == 0, n: 90, late_ns: [0, 1_000_000], share: 200 },
];

/// On how many beginnings to try limits, how many limits of each, and on how many beginnings to try
/// each limit.
const MAX_EXAMPLES: usize = 4;
const MAX_LIMITS: usize = 32;
const MAX_TRIED: usize = 64;

/// Of fewer it would be little that each has a deadline of its own.
const FEWEST_IN_BURST: usize = 3;

/// Below these odds against it, a match may be chance.
const ODDS: f64 = 5.0;

/// Of those that lasted for the whole limit so many in a hundred must have met a deadline.
const MOST_PERCENT: usize = 80;

/// A deadline tells nothing of what is still at work so many times the limit later.
const MAX_TIMES: i64 = 10;

/// A piece of work that may have begun when its context was made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Work {
    pub(super) of: Goroutine,
    pub(super) began: Time,
    /// When it was done: the goroutine's end, or the handler's return.
    pub(super) until: Time,
    /// Whether it is a handler, on the goroutine of its connection.
    pub(super) is_handler: bool,
}

impl Work {
    fn ns(&self) -> i64 {
        self.until - self.began
    }
}

/// A piece of work with the deadline that was its limit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    pub(super) work: Work,
    pub(super) cancel: u32,
    pub(super) limit_ns: i64,
    /// Whether others that began at other times tell the same.
    pub(super) is_sure: bool,
}

impl Pair {
    /// Whether the work ended soon enough after its deadline.
    pub(super) fn is_told(&self) -> bool {
        self.overstay_ns() <= self.limit_ns.saturating_mul(MAX_TIMES)
    }

    /// How much longer than the limit it lasted.
    pub(super) fn overstay_ns(&self) -> i64 {
        self.work.ns() - self.limit_ns
    }
}

/// What began in one place, against the deadlines that nobody listened to.
pub(super) struct Clock<'a> {
    /// In order of their beginnings.
    pub(super) works: &'a [Work],
    /// When, and which cancel, in order of time.
    pub(super) deadlines: &'a [(Time, u32)],
    /// What [`n_apart`] tells of the deadlines.
    pub(super) n_apart: &'a [u32],
    /// When the deadlines were that somebody heard, in order.
    pub(super) heard: &'a [Time],
    /// In how many places in all work began.
    pub(super) n_places: usize,
}

/// A time limit, in nanoseconds, and how late its timers may be.
#[derive(Clone, Copy, Debug)]
struct Limit {
    ns: i64,
    late_ns: i64,
}

impl Limit {
    /// A limit whose timers are as punctual as those of a machine that has time.
    fn punctual(ns: i64) -> Self {
        Self { ns, late_ns: apart_ns(ns) }
    }

    /// A limit whose timers are late since all processors are busy.
    fn busy(ns: i64) -> Self {
        Self { ns, late_ns: BUSY_NS.max(ns / BUSY_SHARE) }
    }

    /// How long the time is in which a deadline meets it, in nanoseconds.
    fn window_ns(self) -> i64 {
        apart_ns(self.ns) + self.late_ns
    }
}

/// How well a limit fits.
#[derive(Clone, Copy, Debug)]
struct Fit {
    limit: Limit,
    /// How many pieces of work met it.
    n: usize,
    /// How far they missed it, on average.
    missed_ns: i64,
    /// Whether they began at regular intervals, so that many tell no more than one does.
    in_step: bool,
}

impl Clock<'_> {
    /// Each piece of work with the deadline that was its limit, if there is a limit.
    pub(super) fn pairs(&self) -> Vec<Pair> {
        if let Some(pairs) = self.pairs_of_several() {
            return pairs;
        }
        if let Some(limit) = self.limit_of_burst() {
            return self.pairs_by(limit, None);
        }
        let one = self.limit_of_one();
        one.map_or_else(Vec::new, |(limit, only)| self.pairs_by(limit, Some(only)))
    }

    /// Each piece of work with its deadline, if those that began at different times tell of the limit.
    pub(super) fn pairs_of_several(&self) -> Option<Vec<Pair>> {
        let moments = self.moments();
        let mut limits = [Limit::punctual, Limit::busy].into_iter();
        let limit = limits.find_map(|limit| self.limit_of_several(&moments, limit))?;
        Some(self.pairs_by(limit, None))
    }

    /// Each piece of work with its deadline: those that began at once may each have one of their own, in
    /// their order, or share one. `only` is what all share that began before it, if it is the only
    /// deadline.
    fn pairs_by(&self, limit: Limit, only: Option<(Time, u32)>) -> Vec<Pair> {
        let mut n_taken = 0;
        let pair = |work: &Work| {
            let near = self.near(work, limit);
            let free = near.start.max(n_taken)..near.end;
            let own = self.deadlines.get(free.clone()).and_then(<[_]>::first);
            n_taken = if own.is_some() { free.start + 1 } else { n_taken };
            let all = only.filter(|(at, _)| work.began < *at && work.until > *at);
            let (_, cancel) = own.copied().or_else(|| self.met(work, limit)).or(all)?;
            Some(Pair { work: *work, cancel, limit_ns: limit.ns, is_sure: only.is_none() })
        };
        self.works.iter().filter_map(pair).filter(Pair::is_told).collect()
    }

    /// The longest work of each moment at which some began, the longest of all first.
    fn moments(&self) -> Vec<Work> {
        let mut moments: Vec<Work> = Vec::new();
        let mut since = Time::MIN;
        for work in self.works {
            match moments.last_mut() {
                Some(last) if work.began - since <= 2 * APART_NS => {
                    if work.ns() > last.ns() {
                        *last = *work;
                    }
                }
                _ => {
                    since = work.began;
                    moments.push(*work);
                }
            }
        }
        moments.retain(|work| work.ns() > SHORTEST_NS);
        moments.sort_by_key(|work| (Reverse(work.ns()), work.began, work.of));
        moments
    }

    /// The deadlines in a stretch of time: rows of the table.
    fn rows(&self, from: Time, until: Time) -> Range<usize> {
        let first = self.deadlines.partition_point(|(at, _)| *at < from);
        first..self.deadlines.partition_point(|(at, _)| *at <= until).max(first)
    }

    fn within(&self, from: Time, until: Time) -> &[(Time, u32)] {
        self.deadlines.get(self.rows(from, until)).unwrap_or(&[])
    }

    /// The deadlines that a piece of work met when a limit was over, or nearly so.
    fn near(&self, work: &Work, limit: Limit) -> Range<usize> {
        let due = work.began + limit.ns;
        self.rows(due - apart_ns(limit.ns), (due + limit.late_ns).min(work.until))
    }

    /// The nearest deadline that a piece of work met when a limit was over.
    fn met(&self, work: &Work, limit: Limit) -> Option<(Time, u32)> {
        let due = work.began + limit.ns;
        let rows = self.deadlines.get(self.near(work, limit))?;
        let after = rows.partition_point(|(at, _)| *at < due);
        let around = [after.checked_sub(1), Some(after)].into_iter().flatten();
        let around = around.filter_map(|row| rows.get(row).copied());
        around.min_by_key(|(at, _)| (*at - due).abs())
    }

    /// All deadlines while any of the work goes on, if none of them was heard.
    fn unheard_only(&self) -> Option<&[(Time, u32)]> {
        let began = self.works.first()?.began;
        let until = self.works.iter().map(|work| work.until).max()?;
        let heard = self.heard.partition_point(|at| *at < began);
        let is_alone = self.heard.get(heard).is_none_or(|at| *at > until);
        is_alone.then(|| self.within(began, until))
    }

    /// The limit of work during which there is but one deadline, heard or not: it came a round time after
    /// the first piece began.
    fn limit_of_one(&self) -> Option<(Limit, (Time, u32))> {
        let all = self.unheard_only()?;
        let (first, last) = (*all.first()?, all.last()?.0);
        let limit_ns = first.0 - self.works.first()?.began;
        (last - first.0 <= APART_NS && limit_ns >= SHORTEST_NS && is_round(limit_ns))
            .then(|| (Limit::punctual(limit_ns), first))
    }

    /// The limit of several of which each has a deadline of its own, and there are no others: their
    /// timers can be late, but one of them was not, after a round time.
    fn limit_of_burst(&self) -> Option<Limit> {
        let all = self.unheard_only()?;
        if all.len() != self.works.len() || all.len() < FEWEST_IN_BURST {
            return None;
        }
        let each = self.works.iter().zip(all).map(|(work, (at, _))| *at - work.began);
        let (least, most) =
            each.fold((i64::MAX, 0), |(least, most), ns| (ns.min(least), ns.max(most)));
        let limit = Limit { ns: least, late_ns: least / 2 };
        (least >= SHORTEST_NS && most - least <= limit.late_ns && is_round(least)).then_some(limit)
    }

    /// The limit that nearly all have that lasted for so long, if that cannot be chance.
    fn limit_of_several(&self, moments: &[Work], limit: fn(i64) -> Limit) -> Option<Limit> {
        let all = |work: &Work| self.within(work.began + SHORTEST_NS, work.until);
        let met: Vec<&Work> = moments.iter().filter(|work| !all(work).is_empty()).collect();
        let each = met.len().div_ceil(MAX_EXAMPLES).max(1);
        let limits: Vec<i64> = met
            .iter()
            .step_by(each)
            .flat_map(|work| all(work).iter().take(MAX_LIMITS).map(|(at, _)| *at - work.began))
            .collect();
        let fits = limits.iter().filter_map(|&ns| self.fit(moments, limit(ns)));
        let best = fits.min_by_key(|fit| {
            let is_odd = odds_of_round(fit.limit.ns) < 1.0;
            (Reverse(fit.n), fit.missed_ns / APART_NS, is_odd, fit.limit.ns)
        })?;
        let again = if best.in_step { 0 } else { i32::try_from(best.n - 1).unwrap_or(i32::MAX) };
        let tried = approximate(limits.len()) * approximate(self.n_places);
        let odds = match again {
            0 => 1.0,
            again => self.chance(moments, best.limit).recip().powi(again) / tried,
        };
        let odds = odds * odds_of_round(best.limit.ns).max(1.0);
        (best.n > 1 && odds >= ODDS).then_some(best.limit)
    }

    /// How well a limit fits; none if it does not fit most of those that lasted so long.
    fn fit(&self, moments: &[Work], limit: Limit) -> Option<Fit> {
        let long_ns = limit.ns.saturating_add(limit.late_ns);
        let lasting = &moments[..moments.partition_point(|work| work.ns() > long_ns)];
        let mut began: Vec<Time> = Vec::new();
        let (mut n, mut missed_ns, mut first) = (0, 0_i64, None);
        for work in lasting.iter().step_by(lasting.len().div_ceil(MAX_TRIED).max(1)) {
            n += 1;
            first = Some(first.map_or(work.began, |first: Time| first.min(work.began)));
            if let Some((at, _)) = self.met(work, limit) {
                began.push(work.began);
                missed_ns = missed_ns.saturating_add((at - work.began - limit.ns).abs());
            }
        }
        let n_met = began.len();
        began.sort_unstable();
        // A deadline of one that began earlier can fit another's limit just as well, but the first has its
        // own. That the last ones have none is usual, since they are cancelled with all.
        let has_first = began.first() == first.as_ref();
        (n_met > 0 && has_first && are_most(n_met, n)).then(|| Fit {
            limit,
            n: n_met,
            missed_ns: missed_ns / i64::try_from(n_met).unwrap_or(i64::MAX),
            in_step: are_in_step(&began),
        })
    }

    /// How probable it is that a deadline which has nothing to do with it meets a limit.
    fn chance(&self, moments: &[Work], limit: Limit) -> f64 {
        let first = moments.iter().map(|work| work.began).min();
        let (Some(first), Some(last)) = (first, self.deadlines.last()) else { return 1.0 };
        let rows = self.rows(first, last.0);
        let n_before = |row: usize| row.checked_sub(1).and_then(|row| self.n_apart.get(row));
        let n = n_before(rows.end).unwrap_or(&0) - n_before(rows.start).unwrap_or(&0);
        let span = (last.0 - first).max(1);
        (approximate(n as usize) * of_ns(limit.window_ns()) / of_ns(span)).clamp(1e-9, 1.0)
    }
}

/// Beside each deadline, how many there were up to it, those at the same time counted once.
pub(super) fn n_apart(deadlines: &[(Time, u32)]) -> Vec<u32> {
    let (mut n, mut before) = (0, None);
    let up_to = |&(at, _): &(Time, u32)| {
        if before.is_none_or(|before| at - before > APART_NS) {
            n += 1;
            before = Some(at);
        }
        n
    };
    deadlines.iter().map(up_to).collect()
}

/// How far apart two times may be that are the same limit.
fn apart_ns(limit_ns: i64) -> i64 {
    APART_NS + limit_ns / 1_000
}

/// How long after the beginning of some work a deadline meets its limit, punctual or not.
pub(super) fn meets_ns(limit_ns: i64) -> Range<i64> {
    limit_ns - apart_ns(limit_ns)..limit_ns.saturating_add(Limit::busy(limit_ns).late_ns)
}

/// Whether so many of those that lasted for a whole limit are enough to tell of it.
pub(super) fn are_most(n_met: usize, n: usize) -> bool {
    n_met * 100 >= n * MOST_PERCENT
}

/// Whether a time is so near to a round number that it is no chance.
pub(super) fn is_round(ns: i64) -> bool {
    odds_of_round(ns) >= ODDS
}

/// Whether all intervals between some times, in order, are multiples of the shortest. Of very short
/// ones that says nothing, but then chance is not asked for much either.
fn are_in_step(times: &[Time]) -> bool {
    let intervals = || times.windows(2).map(|pair| pair[1] - pair[0]);
    let Some(shortest) = intervals().min() else { return true };
    let is_multiple = |interval: i64| {
        let beyond = interval % shortest;
        beyond.min(shortest - beyond) <= 2 * APART_NS
    };
    shortest > 8 * APART_NS && intervals().all(is_multiple)
}

/// The number that people choose for a limit that one is near; none if there is none.
pub(crate) fn round_ns(ns: i64) -> Option<i64> {
    chosen(ns).map(|(round, _)| round)
}

/// Whether one is near to a limit of the most usual kind.
pub(super) fn is_usual(ns: i64) -> bool {
    chosen_of(&CHOICES[..1], ns).is_some()
}

/// The number that people choose for such a limit, and the odds against being so near to it by chance.
fn chosen(ns: i64) -> Option<(i64, f64)> {
    chosen_of(&CHOICES, ns)
}

fn chosen_of(choices: &[Choice], ns: i64) -> Option<(i64, f64)> {
    if !(SHORTEST_NS..i64::MAX / 1_000).contains(&ns) {
        return None;
    }
    let mut unit = 10_000;
    while ns.saturating_add(SHORT_OF_ROUND_NS) >= unit * 1_000 {
        unit *= 10;
    }
    let digits = (ns + SHORT_OF_ROUND_NS) / unit;
    choices.iter().find_map(|choice| {
        let late_ns = (ns / choice.share).clamp(choice.late_ns[0], choice.late_ns[1]);
        let first = (ns - late_ns + unit - 1).div_euclid(unit);
        let round = (first.max(100)..=digits).rev().find(|&digits| (choice.is_one)(digits))? * unit;
        let window = SHORT_OF_ROUND_NS + late_ns;
        Some((round, 900.0 * of_ns(unit) / (approximate(choice.n) * of_ns(window))))
    })
}

/// The odds against chance of a time that is so near to a round number; 0 if it is not.
fn odds_of_round(ns: i64) -> f64 {
    chosen(ns).map_or(0.0, |(_, odds)| odds)
}

#[expect(clippy::cast_precision_loss, reason = "a probability needs no more")]
fn of_ns(ns: i64) -> f64 {
    ns as f64
}

#[expect(clippy::cast_precision_loss, reason = "a probability needs no more")]
fn approximate(n: usize) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000_000;

    #[test]
    fn limits_are_near_the_numbers_that_people_choose() {
        for (ns, round) in [
            (100 * MS, Some(100)),
            (101 * MS + 600_000, Some(100)),
            (99 * MS + 950_000, Some(100)),
            (250 * MS + 300_000, Some(250)),
            (120 * MS + 600_000, Some(120)),
            (303 * MS, Some(300)),
            (330 * MS + 900_000, Some(330)),
            (950 * MS, Some(950)),
            (1_500 * MS, Some(1_500)),
            (20 * MS + 1_000_000, Some(20)),
            (35 * MS, Some(35)),
            (37 * MS + 500_000, None),
            (107 * MS, None),
            (333 * MS, None),
            (5 * MS, Some(5)),
            (MS, None),
            (i64::MAX, None),
        ] {
            assert_eq!(round_ns(ns), round.map(|round: i64| round * MS), "{ns}");
        }
        assert!(odds_of_round(100 * MS) > odds_of_round(50 * MS));
        assert!(odds_of_round(50 * MS) >= ODDS && odds_of_round(5 * MS) < ODDS);
        for ms in [75, 110, 120, 125, 175, 180, 220, 240, 330, 350, 450] {
            assert!(odds_of_round(ms * MS + 100_000) >= ODDS, "{ms}");
        }
        for ns in [37 * MS, 99 * MS, 103 * MS, 57 * MS, 333 * MS] {
            assert!(odds_of_round(ns) < ODDS, "{ns}");
        }
    }

    #[test]
    fn what_begins_at_regular_intervals_is_in_step() {
        let at = |times: &[i64]| times.iter().map(|at| Time(at * MS)).collect::<Vec<_>>();
        assert!(are_in_step(&at(&[0, 50, 100, 201])));
        assert!(are_in_step(&at(&[0, 50])), "two tell of no interval");
        assert!(!are_in_step(&at(&[0, 50, 123])));
        assert!(!are_in_step(&at(&[0, 5, 10, 15])), "too close to each other to tell");
    }
}
