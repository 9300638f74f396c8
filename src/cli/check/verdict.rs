//! Which limits of a budget a trace is over, and by what.

use super::budget::{Budget, Limits, Unit};
use crate::analysis::{Document, Finding, Outcome, Rule, Severity};
use crate::base::{Clock, StrId};
use crate::cli::ink::{count, safe};
use crate::model::{Frame, Trace};

/// What is as bad in the baseline, or at most this much better there, is forgiven, in percent.
const TOLERANCE: i64 = 10;

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
    /// The same of the trace.
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

    /// Whether another trace has the same, about as bad.
    fn is_forgiven_by(&self, before: &Self) -> bool {
        let same = (self.limit, self.rule, &self.function)
            == (before.limit, before.rule, &before.function);
        let tolerated = match self.unit {
            Unit::Duration => before.actual.saturating_add(before.actual / (100 / TOLERANCE)),
            Unit::Count => before.actual,
        };
        same && self.actual <= tolerated
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
    /// What is over its limit.
    pub(super) over: Vec<Over>,
    /// What was checked and is within its limit.
    pub(super) within: Vec<&'static str>,
    /// What the budget allows by name.
    pub(super) excused: Vec<Excused>,
    /// How much is over its limit, but was so in the baseline.
    pub(super) forgiven: u32,
}

impl Checked {
    /// Takes out what another trace has as well.
    pub(super) fn forgive(&mut self, before: &Self) {
        let n_before = self.over.len();
        self.over.retain(|over| !before.over.iter().any(|before| over.is_forgiven_by(before)));
        self.forgiven = u32::try_from(n_before - self.over.len()).unwrap_or(u32::MAX);
    }
}

/// Holds a trace against a budget.
pub(super) fn hold_against(document: &Document, budget: &Budget) -> Checked {
    let mut checked = Checked::default();
    let trace = document.trace();
    let findings = not_excused(document, budget, &mut checked.excused);
    let Limits { late_exit_p99, late_exit_max, still_alive, deaf, max_sleep } = budget.limits;
    if let Some(allowed) = late_exit_p99 {
        let actual = late_exit_percentile(document, budget, 99);
        let of = |rule| findings.iter().copied().find(|finding: &&Finding| finding.rule == rule);
        let late = of(Rule::LateExit).or_else(|| of(Rule::LateScheduling));
        if let Some(finding) = late.filter(|_| actual > allowed) {
            let mut over = Over::new(trace, "late_exit_p99", Unit::Duration, finding);
            (over.allowed, over.actual) = (allowed, actual);
            checked.over.push(over);
        }
    }
    let mut by_time = |limit, allowed: Option<i64>, rule| {
        let late = findings.iter().filter(|finding| finding.rule == rule);
        for finding in late.filter(|finding| allowed.is_some_and(|ns| finding.worst_ns > ns)) {
            let mut over = Over::new(trace, limit, Unit::Duration, finding);
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
            let mut over = Over::new(trace, limit, Unit::Count, finding);
            (over.allowed, over.actual) = (allowed.unwrap_or(0), i64::from(finding.count));
            checked.over.push(over);
        }
    };
    by_count("still_alive", still_alive, Rule::StillAlive);
    by_count("deaf", deaf, Rule::Deaf);
    let mut limits = budget.limits;
    for (name, _, limit) in limits.named() {
        if limit.is_some() && !checked.over.iter().any(|over| over.limit == name) {
            checked.within.push(name);
        }
    }
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

/// How late those who were told to stop left, except those whom the budget excuses: of so many
/// in a hundred, the latest, in nanoseconds.
fn late_exit_percentile(document: &Document, budget: &Budget, percent: usize) -> i64 {
    let trace = document.trace();
    let is_excused = |function: StrId| {
        let function = trace.string(function);
        budget.allow.iter().any(|allow| allow.covers(function, Rule::LateExit))
    };
    let hearings = document.analysis().hearings().iter();
    let mut overstays: Vec<i64> = hearings
        .filter(|hearing| hearing.told_to_stop && !hearing.deaf)
        .filter(|hearing| hearing.outcome == Outcome::Exited && !is_excused(hearing.function))
        .map(|hearing| hearing.overstay_ns)
        .collect();
    overstays.sort_unstable();
    // The nearest rank: the smallest that so many in a hundred do not exceed.
    let rank = (overstays.len() * percent).div_ceil(100);
    rank.checked_sub(1).and_then(|at| overstays.get(at)).copied().unwrap_or(0)
}

impl Over {
    fn new(trace: &Trace, limit: &'static str, unit: Unit, finding: &Finding) -> Self {
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
            count: finding.count,
            message: safe(&finding.message).into_owned(),
            fix: safe(&finding.fix).into_owned(),
        }
    }
}

/// `still_alive 3 goroutines, at most 0` in the unit of the limit.
pub(super) fn measure(over: &Over) -> String {
    let (actual, allowed) = (over.shown(over.actual), over.shown(over.allowed));
    match over.unit {
        Unit::Duration => format!("{} {actual}, at most {allowed}", over.limit),
        Unit::Count => {
            let actual = count(over.actual.unsigned_abs(), "goroutine");
            format!("{} {actual}, at most {allowed}", over.limit)
        }
    }
}
