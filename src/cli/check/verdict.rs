//! Which limits of a budget a trace is over, and by what.

use super::budget::{Budget, Limits, Unit};
use crate::analysis::{Accused, Document, Finding, Outcome, Rule, Rules, Severity};
use crate::base::{Clock, StrId, grouped, nearest_rank};
use crate::cli::ink::{count, safe};
use crate::model::{Frame, Trace};

/// What is as bad in the baseline, or at most this much better there, is forgiven, in percent.
const TOLERANCE: i64 = 10;

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
}

impl Over {
    /// A value as people write it.
    pub(super) fn shown(&self, value: i64) -> String {
        match self.unit {
            Unit::Duration => self.clock.text(value),
            Unit::Count => value.to_string(),
        }
    }

    /// Whether this and what another trace is over are the same. A p99 is that of all, whoever
    /// is worst.
    fn is_like(&self, other: &Self) -> bool {
        let of_all = self.limit == LATE_EXIT_P99;
        let alike = (self.rule, &self.function) == (other.rule, &other.function);
        self.limit == other.limit && (of_all || alike)
    }

    /// Whether another trace has the same, about as bad. `all` is what this one has.
    fn is_forgiven_by<'a>(&self, before: &'a [Self], all: &'a [Self]) -> bool {
        let alike = |list: &'a [Self]| list.iter().filter(|other| self.is_like(other));
        match self.unit {
            Unit::Duration => alike(before).any(|over| {
                let ns = over.actual;
                self.actual <= ns.saturating_add(ns / (100 / TOLERANCE))
            }),
            Unit::Count => {
                // Those of one function may be told in several places.
                let n = |list| alike(list).map(|over| u64::from(over.count)).sum::<u64>();
                n(all) <= n(before)
            }
        }
    }
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
    /// The limits of what is over them, but was so in the baseline.
    pub(super) forgiven: Vec<&'static str>,
}

impl Checked {
    /// Takes out what another trace has as well.
    pub(super) fn forgive(&mut self, before: &Self) {
        let all = std::mem::take(&mut self.over);
        let is_forgiven = |over: &Over| over.is_forgiven_by(&before.over, &all);
        self.forgiven.extend(all.iter().filter(|over| is_forgiven(over)).map(|over| over.limit));
        self.over = all.iter().filter(|over| !is_forgiven(over)).cloned().collect();
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
    let findings = not_excused(document, budget, &mut checked.excused);
    let Limits { late_exit_p99, late_exit_max, still_alive, deaf, max_sleep } = budget.limits;
    if let Some(allowed) = late_exit_p99 {
        let actual = late_exit_percentile(document, budget, 99);
        let late = findings.iter().find(|finding| finding.rule == Rule::LateExit);
        if let Some(finding) = late.filter(|_| actual > allowed) {
            let mut over = Over::new(document, LATE_EXIT_P99, Unit::Duration, finding);
            (over.allowed, over.actual) = (allowed, actual);
            checked.over.push(over);
        }
    }
    let mut by_time = |limit, allowed: Option<i64>, rule| {
        let late = findings.iter().filter(|finding| finding.rule == rule);
        for finding in late.filter(|finding| allowed.is_some_and(|ns| finding.worst_ns > ns)) {
            let mut over = Over::new(document, limit, Unit::Duration, finding);
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
            let mut over = Over::new(document, limit, Unit::Count, finding);
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

/// A line of a function, if the trace has one: the first, so that it is the same in each trace.
fn line_of(trace: &Trace, function: StrId) -> Option<Frame> {
    let frames = trace.stacks().iter().map(|(.., frame)| frame);
    let in_it = frames.filter(|frame| frame.function == function && frame.line > 0);
    in_it.filter(|_| function != StrId::EMPTY).min_by_key(|frame| frame.line)
}

impl Over {
    fn new(document: &Document, limit: &'static str, unit: Unit, finding: &Finding) -> Self {
        let trace = document.trace();
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
                None => line_of(trace, finding.function).map(site),
            },
            count: finding.count,
            message: safe(&finding.message).into_owned(),
            fix: safe(&finding.fix).into_owned(),
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
