//! Which limits of a budget a trace is over, and by what.

use std::cell::OnceCell;

use rustc_hash::FxHashMap;

use super::budget::{Budget, Limits, Unit};
use crate::analysis::{Accused, AsLong, Document, Finding, Outcome, Rule, Rules, Severity};
use crate::base::{Clock, Goroutine, StrId, grouped, nearest_rank};
use crate::cli::ink::{count, safe};
use crate::model::{Frame, Trace};

/// What is as bad in the baseline, or at most this much better there, is forgiven, in percent.
const TOLERANCE: i64 = 10;

/// How many more may be deaf than in the baseline, in standard deviations of such a number: who
/// is seen to be deaf is a matter of luck, as who is alive is not.
const DEAF_DEVIATIONS: u64 = 2;

/// The limit that is on all of them together.
const LATE_EXIT_P99: &str = "late_exit_p99";

/// A line of code, by its texts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Place {
    /// The function.
    pub(super) function: String,
    /// The file as the trace has it.
    pub(super) file: String,
    /// The line.
    pub(super) line: u32,
}

/// One thing that is over its limit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Over {
    /// The limit, by its name in the budget.
    pub(super) limit: &'static str,
    /// What is allowed, and what there is: nanoseconds or goroutines.
    pub(super) allowed: i64,
    /// The same of the trace: of goroutines all that the limit is on, whoever else they are.
    pub(super) actual: i64,
    /// What kind of value both are.
    pub(super) unit: Unit,
    /// What durations are counted in.
    pub(super) clock: Clock,
    /// By which rule.
    pub(super) rule: Rule,
    /// How much it matters.
    pub(super) severity: Severity,
    /// Whom it is about.
    pub(super) function: String,
    /// Where.
    pub(super) site: Option<Place>,
    /// Where that is not known: a line of the function that it is about.
    pub(super) near: Option<Place>,
    /// How often.
    pub(super) count: u32,
    /// What happened.
    pub(super) message: String,
    /// How to cure it.
    pub(super) fix: String,
    /// Whom it is about, one by one.
    pub(super) goroutines: Vec<Goroutine>,
    /// How late the worst of them is, in nanoseconds; of a limit for all, the worst of those that are
    /// least late beyond it.
    pub(super) worst_ns: i64,
}

impl Over {
    /// A value as people write it.
    pub(super) fn shown(&self, value: i64) -> String {
        match self.unit {
            Unit::Duration => self.clock.text(value),
            Unit::Count => value.to_string(),
        }
    }

    /// What this and what another trace is over have in common if they are the same. A p99 is that
    /// of all, whoever is worst.
    fn key(&self) -> OverKey<'_> {
        let whom = (self.limit != LATE_EXIT_P99).then_some((self.rule, self.function.as_str()));
        (self.limit, whom)
    }

    /// Whether another trace has the same, about as bad.
    fn is_forgiven_by(&self, before: Total, all: Total) -> bool {
        match self.unit {
            Unit::Duration => {
                let ns = before.worst_ns;
                self.actual <= ns.saturating_add(ns / (100 / TOLERANCE))
            }
            Unit::Count if self.rule == Rule::Deaf => {
                let more = all.count.saturating_sub(before.count);
                more.pow(2) <= DEAF_DEVIATIONS.pow(2) * (all.count + before.count)
            }
            Unit::Count => all.count <= before.count,
        }
    }

    /// Whether those whom this is about live as long as their like in the baseline, where it is not
    /// seen that they were told to stop, or were deaf.
    fn is_unseen_in(&self, baseline: &AsLong<'_>) -> bool {
        let lives_as_long = baseline.live(&self.goroutines, self.worst_ns);
        match self.rule {
            Rule::Deaf => lives_as_long,
            Rule::LateExit => lives_as_long && !baseline.are_told(&self.goroutines),
            _ => false,
        }
    }
}

/// What those that are the same have in common: the limit, and whom it is about.
type OverKey<'a> = (&'static str, Option<(Rule, &'a str)>);

/// What is the same of a trace, taken together: those of one function may be told in several
/// places.
#[derive(Clone, Copy, Default)]
struct Total {
    /// The worst of them, if they are durations.
    worst_ns: i64,
    /// How many goroutines there are.
    count: u64,
}

/// All that is over a limit, by what is the same.
fn totals(over: &[Over]) -> FxHashMap<OverKey<'_>, Total> {
    let mut totals: FxHashMap<OverKey<'_>, Total> = FxHashMap::default();
    for over in over {
        let total = totals.entry(over.key()).or_default();
        total.worst_ns = total.worst_ns.max(over.actual);
        total.count += u64::from(over.count);
    }
    totals
}

/// What an exception of the budget was needed for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Excused {
    /// The function.
    pub(super) function: String,
    /// The rule that it breaks.
    pub(super) rule: Rule,
    /// The reason given.
    pub(super) why: String,
    /// How often.
    pub(super) count: u32,
}

/// A trace held against a budget.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Checked {
    /// The limits that were checked.
    limits: Vec<&'static str>,
    /// What is over its limit.
    pub(super) over: Vec<Over>,
    /// What the budget allows by name.
    pub(super) excused: Vec<Excused>,
    /// The limit of each thing that is over it, but was so in the baseline.
    pub(super) forgiven: Vec<&'static str>,
}

impl Checked {
    /// Takes out what another trace has as well.
    pub(super) fn forgive(&mut self, before: &Self) {
        let all = std::mem::take(&mut self.over);
        let (of_before, of_all) = (totals(&before.over), totals(&all));
        let is_forgiven = |over: &Over| {
            let all = of_all.get(&over.key()).copied().unwrap_or_default();
            of_before.get(&over.key()).is_some_and(|before| over.is_forgiven_by(*before, all))
        };
        let forgiven: Vec<bool> = all.iter().map(is_forgiven).collect();
        self.part(all, forgiven);
    }

    /// Takes out what may have been in a baseline, and was not seen there.
    pub(super) fn forgive_unseen(&mut self, baseline: &AsLong<'_>) {
        let all = std::mem::take(&mut self.over);
        let forgiven = all.iter().map(|over| over.is_unseen_in(baseline)).collect();
        self.part(all, forgiven);
    }

    /// Keeps what is over its limit and is not forgiven, and notes the limits of the rest.
    fn part(&mut self, all: Vec<Over>, forgiven: Vec<bool>) {
        for (over, is_forgiven) in all.into_iter().zip(forgiven) {
            if is_forgiven {
                self.forgiven.push(over.limit);
            } else {
                self.over.push(over);
            }
        }
    }

    /// The limits that nothing is over, or nothing more than in the baseline.
    pub(super) fn kept(&self) -> impl Iterator<Item = &'static str> {
        let is_over = |limit: &str| self.over.iter().any(|over| over.limit == limit);
        self.limits.iter().copied().filter(move |limit| !is_over(limit))
    }

    /// The limits that nothing is over.
    pub(super) fn within(&self) -> impl Iterator<Item = &'static str> {
        self.kept().filter(|limit| !self.forgiven.contains(limit))
    }

    /// The limits of what is forgiven, each once and with how much of it there is.
    pub(super) fn forgiven_limits(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let n_of = |limit: &str| self.forgiven.iter().filter(|of| **of == limit).count() as u64;
        let counted = self.limits.iter().map(move |&limit| (limit, n_of(limit)));
        counted.filter(|(_, n)| *n > 0)
    }

    /// Only what is about durations: how many are late depends on the rules.
    pub(super) fn of_durations(mut self) -> Self {
        self.over.retain(|over| over.unit == Unit::Duration);
        self
    }

    /// Whether a duration is over its limit.
    pub(super) fn is_late(&self) -> bool {
        self.over.iter().any(|over| over.unit == Unit::Duration)
    }
}

/// The rules by which a baseline is looked at, so that what it just keeps is found in it.
pub(super) fn of_baseline(rules: &Rules) -> Rules {
    let less = |limit: i64| limit / (100 + TOLERANCE) * 100;
    Rules {
        late_over_ns: less(rules.late_over_ns),
        max_sleep_ns: less(rules.max_sleep_ns),
        ..rules.clone()
    }
}

/// Holds a trace against a budget.
pub(super) fn hold_against(document: &Document, budget: &Budget) -> Checked {
    let mut checked = Checked::default();
    let lines = Lines::new(document.trace());
    let findings = not_excused(document, budget, &mut checked.excused);
    let Limits { late_exit_p99, late_exit_max, still_alive, deaf, max_sleep } = budget.limits;
    if let Some(allowed) = late_exit_p99 {
        let actual = late_exit_percentile(document, budget, 99);
        let late = findings.iter().filter(|finding| finding.rule == Rule::LateExit);
        if let Some(first) = late.clone().next().filter(|_| actual > allowed) {
            let mut over = Over::new(&lines, LATE_EXIT_P99, Unit::Duration, first);
            (over.allowed, over.actual) = (allowed, actual);
            // It is that of all who are beyond the limit, and forgiven only if each of them is.
            let beyond = late.filter(|finding| finding.worst_ns > allowed);
            over.worst_ns = beyond.clone().map(|finding| finding.worst_ns).min().unwrap_or(actual);
            over.goroutines = beyond.flat_map(|finding| finding.goroutines.clone()).collect();
            checked.over.push(over);
        }
    }
    let mut by_time = |limit, allowed: Option<i64>, rule| {
        let late = findings.iter().filter(|finding| finding.rule == rule);
        for finding in late.filter(|finding| allowed.is_some_and(|ns| finding.worst_ns > ns)) {
            let mut over = Over::new(&lines, limit, Unit::Duration, finding);
            (over.allowed, over.actual) = (allowed.unwrap_or(0), finding.worst_ns);
            checked.over.push(over);
        }
    };
    by_time("late_exit_max", late_exit_max, Rule::LateExit);
    by_time("max_sleep", max_sleep, Rule::LongSleep);
    let mut by_count = |limit, allowed: Option<i64>, rule| {
        let found = || findings.iter().filter(|finding| finding.rule == rule);
        let total: i64 = found().map(|finding| i64::from(finding.count)).sum();
        for finding in found().filter(|_| allowed.is_some_and(|allowed| total > allowed)) {
            let mut over = Over::new(&lines, limit, Unit::Count, finding);
            (over.allowed, over.actual) = (allowed.unwrap_or(0), total);
            checked.over.push(over);
        }
    };
    by_count("still_alive", still_alive, Rule::StillAlive);
    by_count("deaf", deaf, Rule::Deaf);
    let mut limits = budget.limits;
    let named = limits.named().into_iter().filter(|(.., limit)| limit.is_some());
    checked.limits = named.map(|(name, ..)| name).collect();
    checked
}

/// The findings that no exception of the budget covers; the others are noted.
fn not_excused<'a>(
    document: &'a Document,
    budget: &Budget,
    excused: &mut Vec<Excused>,
) -> Vec<&'a Finding> {
    let trace = document.trace();
    let mut findings = Vec::new();
    for finding in document.analysis().findings() {
        let function = trace.string(finding.function);
        match budget.allow.iter().find(|allow| allow.covers(function, finding.rule)) {
            None => findings.push(finding),
            Some(allow) => excused.push(Excused {
                function: safe(function).into_owned(),
                rule: finding.rule,
                why: allow.why.clone(),
                count: finding.count,
            }),
        }
    }
    findings
}

/// How late those who were told to stop left: of so many in a hundred, the latest, in
/// nanoseconds. As for the limit on the latest of all, those do not count who were late only for
/// want of a processor or by the GC, nor those who are late in a finding that the budget allows.
fn late_exit_percentile(document: &Document, budget: &Budget, percent: usize) -> i64 {
    let trace = document.trace();
    let accused = Accused::new(document);
    let counts = |finding: &Finding| {
        let function = trace.string(finding.function);
        finding.rule == Rule::LateExit
            && !budget.allow.iter().any(|allow| allow.covers(function, finding.rule))
    };
    let hearings = document.analysis().hearings().iter();
    let mut overstays: Vec<i64> = hearings
        .filter(|hearing| hearing.told_to_stop && !hearing.deaf)
        .filter(|hearing| hearing.outcome == Outcome::Exited)
        .filter(|hearing| accused.finding_of(hearing).is_none_or(counts))
        .map(|hearing| hearing.overstay_ns)
        .collect();
    let Some(rank) = nearest_rank(overstays.len(), percent) else { return 0 };
    *overstays.select_nth_unstable(rank).1
}

/// A line of each function of a trace: the first, so that it is the same in each trace. Looked
/// for once it is asked for.
struct Lines<'a> {
    trace: &'a Trace,
    first: OnceCell<FxHashMap<StrId, Frame>>,
}

impl<'a> Lines<'a> {
    fn new(trace: &'a Trace) -> Self {
        Self { trace, first: OnceCell::new() }
    }

    /// A line of a function, if the trace has one.
    fn of(&self, function: StrId) -> Option<Frame> {
        let first = self.first.get_or_init(|| {
            let mut first: FxHashMap<StrId, Frame> = FxHashMap::default();
            let frames = self.trace.stacks().iter().map(|(.., frame)| frame);
            for frame in frames.filter(|frame| frame.line > 0) {
                let known = first.entry(frame.function).or_insert(frame);
                if frame.line < known.line {
                    *known = frame;
                }
            }
            first.remove(&StrId::EMPTY);
            first
        });
        first.get(&function).copied()
    }
}

impl Over {
    fn new(lines: &Lines<'_>, limit: &'static str, unit: Unit, finding: &Finding) -> Self {
        let trace = lines.trace;
        let text = |row| safe(trace.string(row)).into_owned();
        let site = |frame: Frame| Place {
            function: text(frame.function),
            file: text(frame.file),
            line: frame.line,
        };
        Self {
            limit,
            allowed: 0,
            actual: 0,
            unit,
            clock: trace.clock(),
            rule: finding.rule,
            severity: finding.severity,
            function: text(finding.function),
            site: finding.site.map(site),
            near: match finding.site {
                Some(_) => None,
                None => lines.of(finding.function).map(site),
            },
            count: finding.count,
            message: safe(&finding.message).into_owned(),
            fix: safe(&finding.fix).into_owned(),
            goroutines: finding.goroutines.clone(),
            worst_ns: finding.worst_ns,
        }
    }
}

/// `still_alive 3 goroutines, at most 0` in the unit of the limit; `still_alive 3 of 5 goroutines,
/// at most 4` if others are told apart from these.
pub(super) fn measure(over: &Over) -> String {
    let (actual, allowed) = (over.shown(over.actual), over.shown(over.allowed));
    match over.unit {
        // In so many digits they are the same: `300 ms, at most 300 ms` would be no reason.
        Unit::Duration if actual == allowed => {
            let unit = if over.clock == Clock::Ticks { "ticks" } else { "ns" };
            let exact = |value: i64| format!("{} {unit}", grouped(value.unsigned_abs()));
            format!("{} {}, at most {}", over.limit, exact(over.actual), exact(over.allowed))
        }
        Unit::Duration => format!("{} {actual}, at most {allowed}", over.limit),
        Unit::Count => {
            let all = over.actual.unsigned_abs();
            let of = match u64::from(over.count) {
                here if here < all => format!("{} of ", grouped(here)),
                _ => String::new(),
            };
            let actual = format!("{of}{}", count(all, "goroutine"));
            format!("{} {actual}, at most {allowed}", over.limit)
        }
    }
}
