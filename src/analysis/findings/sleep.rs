//! `long-sleep`: a `time.Sleep` that nothing can end.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use crate::base::{Goroutine, Interval, StackId, StrId, Time, WireMap, narrow};
use crate::model::Frame;
use crate::parse::event::GoState;

use super::super::code::book::Traits;
use super::super::code::names::Origin;
use super::super::deaf::deadlines_slept_across;
use super::super::heard::awaited::waits_plainly;
use super::super::lives;
use super::super::split::describe::frame_text;
use super::super::types::{Finding, Hearing};
use super::super::words::{Cause, Rule, Severity};
use super::{Facts, count_text};

/// So many of the cancels that told a goroutine to stop are held against each of its sleeps: those before
/// the sleep's end that it heard last.
const MAX_TOLD: usize = 64;

/// From so many nanoseconds on a sleep in a handler shows in the service's slowest requests.
const LONG_IN_HANDLER_NS: i64 = 100_000_000;

/// How many spans of a canceller's to look at for its next wait.
const MAX_AHEAD: usize = 256;

/// One sleep that may be too long.
#[derive(Clone, Copy)]
struct Sleep {
    of: Goroutine,
    interval: Interval,
    stack: StackId,
}

/// Sleeps of one function in one place.
#[derive(Default)]
struct Group {
    /// The longest first.
    sleeps: Vec<Sleep>,
    in_handler: bool,
    /// The cancels that any of them spans, or that came before it.
    cancels: Vec<u32>,
    /// Whether any of the sleepers had heard one of the cancels.
    any_heard: bool,
    /// Whether any sleeper is known to have been in a cancel's scope, and not by the clock only.
    any_sure: bool,
    /// How many sleepers had a call cut off, and their canceller waited for them.
    n_carried_on: usize,
    /// How many of the sleeps began before a cancel.
    n_across: usize,
}

pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let mut groups: WireMap<(StrId, Option<Frame>), Group> = WireMap::default();
    let mut told = Told { facts, of_many: FxHashMap::default() };
    let helped = Helped::new(facts);
    let sleeps = sleeps(facts, facts.rules.shortest_sleep_ns());
    let by_clock = by_clock(facts, &sleeps);
    for sleep in sleeps {
        // A library's own sleeps are nothing that the program's authors can change.
        if facts.book.user(sleep.stack) == StackId::EMPTY {
            continue;
        }
        let in_handler = facts.book.any(facts.trace.stacks(), sleep.stack, Traits::SERVES);
        let spanned = told.spanned(&sleep);
        let ns = sleep.interval.ns();
        let met = by_clock.get(&(sleep.of, sleep.interval.start)).copied();
        let under = seems_under(facts, &sleep).or(met.filter(|&it| is_across(facts, &sleep, it)));
        let awaited = helped.awaited(&sleep).filter(|_| spanned.is_empty());
        let counts = ns > facts.rules.max_sleep_ns
            && (facts.rules.main_sleeps || !facts.is_main(sleep.of))
            || in_handler && ns > facts.rules.max_sleep_in_handler_ns
            || !spanned.is_empty()
            || under.or(awaited).is_some();
        if counts {
            let function = facts.acting(sleep.of, [sleep.stack; 2]);
            // The line that is shown: it can be called from several.
            let place = facts.book.site(facts.trace.stacks(), sleep.stack);
            let group = groups.entry((function, place)).or_default();
            group.sleeps.push(sleep);
            group.in_handler |= in_handler;
            let is_unheard = |hearing: &Hearing| facts.cancel_of(hearing).is_unheard_deadline();
            group.any_heard |= spanned.iter().any(|hearing| !hearing.deaf);
            group.any_sure |= spanned.iter().any(|hearing| !is_unheard(hearing));
            let is_after = |hearing: &&Hearing| hearing.heard_at < sleep.interval.start;
            let carried_on = spanned.iter().all(|hearing| facts.has_carried_on(hearing));
            let carried_on = carried_on && !spanned.is_empty() || awaited.is_some();
            group.any_sure |= awaited.is_some();
            group.n_carried_on += usize::from(carried_on);
            group.n_across += usize::from(awaited.is_none() && !spanned.iter().any(is_after));
            let spanned = spanned.iter().map(|hearing| hearing.cancel);
            group.cancels.extend(spanned.chain(under).chain(awaited));
        }
    }
    groups.into_iter().map(|(place, group)| finding(facts, place, group)).collect()
}

/// All stretches in `time.Sleep` beyond a limit.
fn sleeps(facts: &Facts<'_>, over_ns: i64) -> Vec<Sleep> {
    let trace = facts.trace;
    let sleep = |of: Goroutine, start: Time| {
        let span = trace.span_at(of, start)?;
        let long = span.state == GoState::Waiting && span.ns() > over_ns;
        long.then(|| Sleep { of, interval: span.interval(), stack: span.stack })
    };
    let begun = facts.sleeps.iter().flatten();
    let mut sleeps: Vec<Sleep> = begun.filter_map(|&(of, start)| sleep(of, start)).collect();
    // Sleeps that were under way when the trace began are in no chunk.
    let lives = &trace.goroutines;
    let firsts = lives.first_state.iter().zip(&lives.first_stack);
    for (goroutine, (state, &stack)) in trace.goroutines().zip(firsts) {
        if *state == GoState::Waiting && facts.book.sleeps(trace.stacks(), stack) {
            sleeps.extend(sleep(goroutine, lives.first(goroutine)));
        }
    }
    sleeps
}

/// The deadlines that the sleeps met of goroutines that sleep again and again in one place. A test waits
/// for what it has set up to be over.
fn by_clock(facts: &Facts<'_>, sleeps: &[Sleep]) -> FxHashMap<(Goroutine, Time), u32> {
    let sleeps = sleeps.iter().filter(|sleep| !facts.is_main(sleep.of));
    let each = sleeps.map(|sleep| (sleep.of, sleep.interval, facts.book.place(sleep.stack)));
    deadlines_slept_across(facts.register.cancels, each)
}

/// The cancels that told sleepers to stop.
struct Told<'a> {
    facts: &'a Facts<'a>,
    /// The hearings of goroutines that have many, in order of time.
    of_many: FxHashMap<Goroutine, Vec<&'a Hearing>>,
}

impl<'a> Told<'a> {
    /// The cancels that reached the sleeper, or should have, and that it slept across or after.
    fn spanned(&mut self, sleep: &Sleep) -> Vec<&'a Hearing> {
        let facts = self.facts;
        let tells = |hearing: &&Hearing| hearing.was_to_leave() || facts.has_carried_on(hearing);
        let is_spanned = |hearing: &&Hearing| {
            let window = Interval::new(hearing.heard_at, facts.until(hearing));
            let slept = sleep.interval.intersect(window).map_or(0, Interval::ns);
            // What a call was cut off for may be worth some time.
            let over_ns = if facts.has_carried_on(hearing) {
                facts.rules.max_sleep_in_handler_ns
            } else {
                facts.rules.late_over_ns
            };
            slept > over_ns
        };
        if facts.register.by_goroutine.of(sleep.of).len() <= MAX_TOLD {
            return facts.hearings_of(sleep.of).filter(tells).filter(is_spanned).collect();
        }
        let all = self.of_many.entry(sleep.of).or_insert_with(|| {
            let mut all: Vec<&Hearing> = facts.hearings_of(sleep.of).filter(tells).collect();
            all.sort_by_key(|hearing| hearing.heard_at);
            all
        });
        let before = all.partition_point(|hearing| hearing.heard_at < sleep.interval.end);
        let last = &all[before.saturating_sub(MAX_TOLD)..before];
        last.iter().copied().filter(is_spanned).collect()
    }
}

/// The goroutines whose call was cut off by a cancel that a helper of the library heard for them, such as
/// the one of `exec.CommandContext` that kills the process.
struct Helped<'a> {
    facts: &'a Facts<'a>,
    /// The cancels of each, in order of time.
    cancels: FxHashMap<Goroutine, Vec<u32>>,
}

impl<'a> Helped<'a> {
    fn new(facts: &'a Facts<'a>) -> Self {
        let mut cancels: FxHashMap<Goroutine, Vec<u32>> = FxHashMap::default();
        for hearing in facts.register.hearings.iter().filter(|hearing| !hearing.deaf) {
            let start = facts.book.function(lives::name(facts.trace, hearing.goroutine));
            let cause = facts.cancel_of(hearing).cause;
            let is_helper = start.origin == Origin::Std && start.starter.is_none();
            if is_helper
                && cause == Cause::Explicit
                && let Some(of) = lives::parent(facts.trace, hearing.goroutine)
            {
                cancels.entry(of).or_default().push(hearing.cancel);
            }
        }
        Self { facts, cancels }
    }

    /// The cancel after which a goroutine slept while the canceller waited for nothing but its end.
    fn awaited(&self, sleep: &Sleep) -> Option<u32> {
        let Self { facts, cancels } = self;
        let trace = facts.trace;
        let all = cancels.get(&sleep.of)?;
        let before =
            all.partition_point(|cancel| facts.register.cancel(*cancel).at < sleep.interval.start);
        let row = *all.get(before.checked_sub(1)?)?;
        let cancel = facts.register.cancel(row);
        let mut spans = trace.spans_from(cancel.by?, cancel.at).take(MAX_AHEAD);
        let wait = spans.find(|span| {
            let is_after = span.start >= cancel.at && facts.book.mark(span.stack).is_none();
            span.state == GoState::Waiting && is_after
        })?;
        let next = spans.next()?;
        let left = lives::ended(trace, sleep.of)?;
        let holds_up = waits_plainly(trace, facts.book, &wait)
            && next.waker == Some(sleep.of)
            && sleep.interval.end <= next.start
            && left - next.start <= facts.rules.late_over_ns
            && sleep.interval.ns() > facts.rules.max_sleep_in_handler_ns;
        holds_up.then_some(row)
    }
}

/// The cancel of a context that the sleeper seems to work under, if it slept across that.
fn seems_under(facts: &Facts<'_>, sleep: &Sleep) -> Option<u32> {
    let cancel = *facts.asleep.get(&sleep.of)?;
    is_across(facts, sleep, cancel).then_some(cancel)
}

/// Whether a sleep spans a cancel, and the limit after it.
fn is_across(facts: &Facts<'_>, sleep: &Sleep, cancel: u32) -> bool {
    let at = facts.register.cancel(cancel).at;
    sleep.interval.contains(at) && sleep.interval.end - at > facts.rules.late_over_ns
}

fn finding(
    facts: &Facts<'_>,
    (function, site): (StrId, Option<Frame>),
    mut group: Group,
) -> Finding {
    let trace = facts.trace;
    group.sleeps.sort_by_key(|sleep| (Reverse(sleep.interval.ns()), sleep.of));
    group.cancels.sort_unstable();
    group.cancels.dedup();
    let n = narrow(group.sleeps.len());
    let worst = group.sleeps.first().map_or(0, |sleep| sleep.interval.ns());
    let place = site.map_or(String::new(), |site| format!(" in {}", frame_text(trace, site)));
    let mut notes = Vec::new();
    if group.in_handler {
        notes.push("in the handler of a request");
    }
    if !group.cancels.is_empty() {
        let any_after = group.n_across < group.sleeps.len();
        let all_carried_on = group.n_carried_on == group.sleeps.len();
        notes.push(match (group.any_heard, any_after, n) {
            _ if all_carried_on && n == 1 => {
                "after its context was cancelled, while the one that cancelled it waited for its end"
            }
            _ if all_carried_on => {
                "after their contexts were cancelled, while the ones that cancelled them waited for \
                 their end"
            }
            (true, _, 1) => "while its context was cancelled",
            (true, ..) => "while their contexts were cancelled",
            (false, false, 1) => "while a context was cancelled that it seems to work under",
            (false, false, _) => "while contexts were cancelled that they seem to work under",
            (false, true, _) => {
                "while contexts were cancelled that they seem to work under, or after that"
            }
        });
    }
    let notes = if notes.is_empty() { String::new() } else { format!(", {}", notes.join(", ")) };
    Finding {
        rule: Rule::LongSleep,
        severity: match (group.in_handler, group.any_sure) {
            (true, true) if worst >= LONG_IN_HANDLER_NS => Severity::High,
            (true, _) | (false, true) => Severity::Medium,
            (false, false) => Severity::Low,
        },
        function,
        site,
        count: n,
        worst_ns: worst,
        total_ns: super::total(group.sleeps.iter().map(|sleep| sleep.interval.ns())),
        message: format!(
            "{} {} {}{place}{notes}",
            count_text(n, "time.Sleep"),
            if n == 1 { "of" } else { "of up to" },
            facts.trace.clock().text(worst)
        ),
        fix:
            "Use a timer or ticker in a select with ctx.Done(), so that a cancel can end the wait."
                .to_owned(),
        goroutines: super::once_each(group.sleeps.iter().map(|sleep| sleep.of)),
        cancels: group.cancels,
    }
}
