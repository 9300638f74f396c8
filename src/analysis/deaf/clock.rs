//! Whose a deadline was that nobody listened to, as the clock tells it.
//!
//! A trace does not tell who made a context. But a time limit is a number in the code: where each
//! of some goroutines of one `go` statement was started the same time before such a deadline, it
//! was started with that context. So was one alone whose only deadline in all its life came a
//! round number of milliseconds after its start. Handlers of net/http begin with their background
//! reader. That is evidence by coincidence, so the odds against chance are asked for
//! (docs/late-exits.md, "By the clock").

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::{Goroutine, Interval, StackId, StrId, Time};
use crate::parse::event::GoState;

use super::super::lives;
use super::super::readers::{handled, readers};
use super::super::types::Cancel;
use super::super::words::{Cause, Evidence};
use super::waits::{Held, Plain, Waits};
use super::{Found, Inquiry, MAX_SPANS, Row};

/// The shortest time limit that is told from chance, in nanoseconds.
const SHORTEST_NS: i64 = 5_000_000;

/// How far apart two times may be that are the same limit: a timer is late by up to so much, and so
/// much happens between making a context and starting who works under it.
const APART_NS: i64 = 1_500_000;

/// A round number is met that closely: from below and from above, in nanoseconds.
const SHORT_OF_ROUND_NS: i64 = 300_000;
const BEYOND_ROUND_NS: i64 = 1_300_000;

/// How many starts of one statement to try limits on, how many limits of each, and on how many
/// starts to try each limit.
const MAX_EXAMPLES: usize = 4;
const MAX_LIMITS: usize = 32;
const MAX_TRIED: usize = 64;

/// Below these odds against it, a match may be chance.
const ODDS: f64 = 5.0;

/// Of those that lived for the whole limit so many in a hundred must have met a deadline.
const MOST_PERCENT: usize = 80;

/// One start alone tells nothing of what was still at work so many times the limit later.
const MAX_TIMES_OF_ONE: i64 = 10;

/// A piece of work that may have begun when its context was made.
#[derive(Clone, Copy, Debug)]
struct Work {
    of: Goroutine,
    began: Time,
    /// When it was done: the goroutine's end, or the handler's return.
    until: Time,
    /// Whether it is a handler, on the goroutine of its connection.
    is_handler: bool,
}

/// What began in one place in the code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
enum Beginning {
    Statement(StackId),
    Handler(StrId),
}

/// The work whose time limit each of the deadlines was that nobody listened to, by cancel.
#[derive(Default, Debug)]
pub(super) struct Limited(FxHashMap<u32, Vec<Work>>);

impl Limited {
    /// Tells them apart, those of each place in the code by themselves.
    pub(super) fn new(inquiry: &Inquiry<'_>, cancels: &[Cancel]) -> Self {
        let deadlines = || cancels.iter().filter(|cancel| cancel.cause == Cause::Deadline);
        let is_unheard = |cancel: &&Cancel| cancel.heard.is_empty();
        let heard = deadlines().filter(|cancel| !is_unheard(cancel));
        let heard: Vec<Time> = heard.map(|cancel| cancel.at).collect();
        let unheard = deadlines().filter(is_unheard);
        let unheard: Vec<(Time, u32)> = unheard.map(|cancel| (cancel.at, cancel.id)).collect();
        let mut by_cancel: FxHashMap<u32, Vec<Work>> = FxHashMap::default();
        let (Some(first), Some(last)) = (unheard.first(), unheard.last()) else {
            return Self::default();
        };
        let span = Interval::new(first.0, last.0);
        for works in beginnings(inquiry, span) {
            let limited = Clock { works: &works, deadlines: &unheard, heard: &heard }.pairs();
            for (cancel, work) in limited {
                by_cancel.entry(cancel).or_default().push(work);
            }
        }
        Self(by_cancel)
    }
}

/// Adds those whose limit a deadline was: handlers, and those for whom their creator waits since
/// before it; others are only asleep, if they are.
pub(super) fn find(inquiry: &Inquiry<'_>, cancel: &Cancel, limited: &Limited, found: &mut Found) {
    let Some(works) = limited.0.get(&cancel.id) else { return };
    let (handlers, started): (Vec<Work>, Vec<Work>) =
        works.iter().partition(|work| work.is_handler);
    for &Work { of: goroutine, until, .. } in &handlers {
        let window = Interval::new(cancel.at, until);
        if inquiry.own_ns(cancel, goroutine, window, |_| false) > Some(inquiry.rules.late_over_ns) {
            let (evidence, left) = (Evidence::Task, Some(until));
            found.add(Row { goroutine, evidence, left, question: None });
        }
    }
    let by_handler = |of: Goroutine| {
        let parent = lives::parent(inquiry.trace, of);
        handlers.iter().any(|handler| Some(handler.of) == parent)
    };
    // The client of a handler began a little earlier, and not with that context.
    let started: FxHashSet<Goroutine> = started
        .iter()
        .map(|work| work.of)
        .filter(|&of| handlers.is_empty() || by_handler(of))
        .collect();
    let mut in_order: Vec<Goroutine> = started.iter().copied().collect();
    in_order.sort_unstable();
    let mut waits = Waits::new(inquiry, cancel);
    let mut parents: Vec<Goroutine> =
        in_order.iter().filter_map(|&of| lives::parent(inquiry.trace, of)).collect();
    parents.dedup();
    for parent in parents {
        let held = Held { may_feed: true, ..Held::by_children(parent) };
        waits.since_before(&held, Plain::Only);
    }
    for (goroutine, _) in waits.deaf {
        if started.contains(&goroutine) && !waits_for_another(inquiry, cancel, goroutine, &started)
        {
            found.add(Row { goroutine, evidence: Evidence::WaitedOn, left: None, question: None });
        }
    }
    let sleeps = |&of: &Goroutine| {
        inquiry.sleeps_across(cancel, of, cancel.at) && inquiry.may_be_deaf(cancel, of)
    };
    found.asleep.extend(in_order.into_iter().filter(sleeps));
}

/// Whether most of what a goroutine did after a cancel was to wait for another of some.
fn waits_for_another(
    inquiry: &Inquiry<'_>,
    cancel: &Cancel,
    goroutine: Goroutine,
    others: &FxHashSet<Goroutine>,
) -> bool {
    let window = Interval::new(cancel.at, inquiry.end(goroutine));
    let mut spans = inquiry.trace.spans_from(goroutine, cancel.at).take(MAX_SPANS).peekable();
    let mut waited_ns = 0;
    while let Some(span) = spans.next() {
        let let_go_by = spans.peek().filter(|next| next.woken).and_then(|next| next.waker);
        if span.state == GoState::Waiting && let_go_by.is_some_and(|by| others.contains(&by)) {
            waited_ns += span.interval().intersect(window).map_or(0, Interval::ns);
        }
    }
    waited_ns > window.ns() / 2
}

/// All work that may have been cut short by a deadline of some time, by where it began, in order of
/// its beginning.
fn beginnings(inquiry: &Inquiry<'_>, deadlines: Interval) -> Vec<Vec<Work>> {
    let (trace, late_ns) = (inquiry.trace, inquiry.rules.late_over_ns);
    let mut by_place: FxHashMap<Beginning, Vec<Work>> = FxHashMap::default();
    let mut add = |place, work: Work| {
        if work.began < deadlines.end && work.until > deadlines.start + late_ns {
            by_place.entry(place).or_default().push(work);
        }
    };
    for of in inquiry.unheard.all() {
        let statement = lives::creation_stack(trace, of);
        if let (true, Some(began)) = (statement != StackId::EMPTY, lives::born(trace, of)) {
            let work = Work { of, began, until: lives::end(trace, of), is_handler: false };
            add(Beginning::Statement(statement), work);
        }
    }
    for (of, reader) in readers(trace, inquiry.book) {
        if let Some(began) = lives::born(trace, reader)
            && let Some((until, handler)) = handled(trace, inquiry.book, of, began)
        {
            let work = Work { of, began, until, is_handler: true };
            add(Beginning::Handler(handler.function), work);
        }
    }
    let mut places: Vec<(Beginning, Vec<Work>)> = by_place.into_iter().collect();
    places.sort_unstable_by_key(|(place, _)| *place);
    for (_, works) in &mut places {
        works.sort_unstable_by_key(|work| (work.began, work.of));
    }
    places.into_iter().map(|(_, works)| works).collect()
}

/// What began in one place, against the deadlines that nobody listened to.
struct Clock<'a> {
    /// In order of their beginnings.
    works: &'a [Work],
    /// When, and which cancel, in order of time.
    deadlines: &'a [(Time, u32)],
    /// When the other deadlines were, in order.
    heard: &'a [Time],
}

/// How well a limit fits.
#[derive(Clone, Copy, Debug)]
struct Fit {
    limit_ns: i64,
    n_met: usize,
    /// How far they missed it, together.
    missed_ns: i64,
}

impl Clock<'_> {
    /// Each piece of work with the deadline that was its limit, if there is a limit.
    fn pairs(&self) -> Vec<(u32, Work)> {
        let moments = self.moments();
        let limit = match moments.as_slice() {
            [one] => self.limit_of_one(one).map(|limit| (limit, MAX_TIMES_OF_ONE)),
            several => self.limit_of_several(several).map(|limit| (limit, i64::MAX)),
        };
        let Some((limit, times)) = limit else { return Vec::new() };
        let met = |work: &Work| {
            let (at, cancel) = self.met(work, limit)?;
            (work.until - at <= limit.saturating_mul(times)).then_some((cancel, *work))
        };
        self.works.iter().filter_map(met).collect()
    }

    /// One piece of work of each moment at which some began, and of many moments but some.
    fn moments(&self) -> Vec<Work> {
        let mut moments: Vec<Work> = Vec::new();
        for work in self.works {
            if moments.last().is_none_or(|last| work.began - last.began > 2 * APART_NS) {
                moments.push(*work);
            }
        }
        let each = moments.len().div_ceil(MAX_TRIED).max(1);
        moments.into_iter().step_by(each).collect()
    }

    /// The deadlines in a stretch of time.
    fn within(&self, from: Time, until: Time) -> &[(Time, u32)] {
        let first = self.deadlines.partition_point(|(at, _)| *at < from);
        let after = self.deadlines.partition_point(|(at, _)| *at <= until);
        self.deadlines.get(first..after).unwrap_or(&[])
    }

    /// The deadline that a piece of work met when a limit was over.
    fn met(&self, work: &Work, limit_ns: i64) -> Option<(Time, u32)> {
        let due = work.began + limit_ns;
        let near = self.within(due + -apart_ns(limit_ns), due + apart_ns(limit_ns));
        near.iter().copied().min_by_key(|(at, _)| (*at - due).abs())
    }

    /// The limit of what began at one moment only: a deadline after a round time, if there was no
    /// other one as long as it was at work, heard or not.
    fn limit_of_one(&self, work: &Work) -> Option<i64> {
        let all = self.within(work.began, work.until);
        let (first, last) = (all.first()?.0, all.last()?.0);
        let limit_ns = first - work.began;
        let heard = self.heard.partition_point(|at| *at < work.began);
        let is_alone = last - first <= APART_NS
            && self.heard.get(heard).is_none_or(|at| *at > work.until)
            && limit_ns >= SHORTEST_NS;
        (is_alone && odds_of_round(limit_ns) >= ODDS).then_some(limit_ns)
    }

    /// The limit that nearly all have that lived for so long, if that cannot be chance.
    fn limit_of_several(&self, moments: &[Work]) -> Option<i64> {
        let each = moments.len().div_ceil(MAX_EXAMPLES).max(1);
        let limits: Vec<i64> = moments
            .iter()
            .step_by(each)
            .flat_map(|work| {
                let deadlines = self.within(work.began + SHORTEST_NS, work.until);
                deadlines.iter().take(MAX_LIMITS).map(|(at, _)| *at - work.began)
            })
            .collect();
        let fits = limits.iter().filter_map(|&limit| self.fit(moments, limit));
        let best =
            fits.min_by_key(|fit| (std::cmp::Reverse(fit.n_met), fit.missed_ns, fit.limit_ns))?;
        let by_chance = self.chance(moments, best.limit_ns);
        let again = i32::try_from(best.n_met - 1).unwrap_or(i32::MAX);
        let odds = by_chance.recip().powi(again) / approximate(limits.len());
        let odds = odds * odds_of_round(best.limit_ns).max(1.0);
        (best.n_met > 1 && odds >= ODDS).then_some(best.limit_ns)
    }

    /// How well a limit fits; none if it does not fit most.
    fn fit(&self, moments: &[Work], limit_ns: i64) -> Option<Fit> {
        let lasting = |work: &&Work| work.until - work.began > limit_ns + apart_ns(limit_ns);
        let (mut n, mut n_met, mut missed_ns) = (0, 0, 0_i64);
        for work in moments.iter().filter(lasting) {
            n += 1;
            if let Some((at, _)) = self.met(work, limit_ns) {
                n_met += 1;
                missed_ns = missed_ns.saturating_add((at - work.began - limit_ns).abs());
            }
        }
        (n_met > 0 && n_met * 100 >= n * MOST_PERCENT).then_some(Fit { limit_ns, n_met, missed_ns })
    }

    /// How probable it is that a deadline which has nothing to do with it meets a limit.
    fn chance(&self, moments: &[Work], limit_ns: i64) -> f64 {
        let (Some(first), Some(last)) = (moments.first(), self.deadlines.last()) else {
            return 1.0;
        };
        let mut n = 0;
        let mut before: Option<Time> = None;
        for &(at, _) in self.within(first.began, last.0) {
            if before.is_none_or(|before| at - before > APART_NS) {
                n += 1;
                before = Some(at);
            }
        }
        let span = (last.0 - first.began).max(1);
        (approximate(n) * 2.0 * of_ns(apart_ns(limit_ns)) / of_ns(span)).clamp(1e-9, 1.0)
    }
}

/// How far apart two times may be that are the same limit.
fn apart_ns(limit_ns: i64) -> i64 {
    APART_NS + limit_ns / 1_000
}

/// The odds against chance of a time that is so near to a round number, as people choose limits: one
/// digit, or from a tenth of a second on two, the second a five. Below 1 if it is not.
fn odds_of_round(ns: i64) -> f64 {
    let mut digit = 1_000_000;
    while digit <= ns / 10 {
        digit *= 10;
    }
    let step = if digit >= 100_000_000 { digit / 2 } else { digit };
    let beyond = (ns + SHORT_OF_ROUND_NS) % step;
    let window = SHORT_OF_ROUND_NS + BEYOND_ROUND_NS;
    if beyond <= window { of_ns(step) / of_ns(window) } else { 0.0 }
}

#[expect(clippy::cast_precision_loss, reason = "a probability needs no more")]
fn of_ns(ns: i64) -> f64 {
    ns as f64
}

#[expect(clippy::cast_precision_loss, reason = "a probability needs no more")]
fn approximate(n: usize) -> f64 {
    n as f64
}
