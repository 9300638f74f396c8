//! What a report says, in words: made once, written as text, Markdown or HTML.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::failure::file_name;
use super::ink::{count, function, grouped, place, safe, when};
use super::json::{format_name, go_id};
use super::open::Opened;
use super::overall;
use super::phrases::Phrases;
use crate::analysis::{
    Cancel, Cause, Document, Doing, Finding, Hearing, Outcome, Severity, SplitPart,
};
use crate::base::{Clock, StackId, StrId};
use crate::model::Trace;

/// How many late exits are told one by one.
const LATE_TOLD: usize = 20;
/// How many of them may be of the same function and cause.
const ALIKE_TOLD: usize = 3;

/// A report in words. Texts of the trace in it hold no control characters.
#[derive(Debug)]
pub(super) struct Told {
    /// The trace's name and what it is: format, length, size.
    pub(super) head: Head,
    /// How many cancels there are, and what became of those who heard them.
    pub(super) summary: String,
    /// Whether anybody was late.
    pub(super) verdict: String,
    /// Whether that is good, and nothing else is bad.
    is_good: bool,
    /// The overstays' quantiles, if there are overstays.
    pub(super) quantiles: Option<String>,
    /// The late exits, worst first, of each kind only a few.
    pub(super) late: Vec<Late>,
    /// Those that are left, by function, worst first.
    pub(super) left: Vec<String>,
    /// What to act on.
    pub(super) findings: Vec<ToldFinding>,
}

/// Which trace it is.
#[derive(Debug)]
pub(super) struct Head {
    /// As it was named.
    pub(super) name: String,
    /// Its format, length and size.
    pub(super) facts: String,
    /// What its times count.
    pub(super) clock: Clock,
    /// What to bear in mind about all that is said of it.
    pub(super) doubt: Option<&'static str>,
}

/// One late exit.
#[derive(Debug)]
pub(super) struct Late {
    /// By how much; at least so much if it is alive.
    pub(super) overstay: String,
    /// The start function.
    pub(super) function: String,
    /// The trace's id.
    pub(super) goroutine: i64,
    /// What is odd about it: alive, or deaf.
    pub(super) notes: Vec<String>,
    /// What held it.
    pub(super) held: String,
    /// What cancelled it.
    pub(super) cancel: String,
    /// Its overstay, and how much of it went into what, in nanoseconds.
    pub(super) ns: i64,
    /// The parts of the overstay, the largest first.
    pub(super) parts: Vec<(Doing, i64)>,
}

/// One thing to act on.
#[derive(Debug)]
pub(super) struct ToldFinding {
    /// How much it matters.
    pub(super) severity: Severity,
    /// By which rule.
    pub(super) rule: &'static str,
    /// Where, and how often if more than once.
    pub(super) place: String,
    /// What happened.
    pub(super) message: String,
    /// What else happened in the same place.
    pub(super) also: Vec<String>,
    /// How to cure it.
    pub(super) fix: String,
}

impl ToldFinding {
    /// All that happened in one place.
    pub(super) fn messages(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.message).chain(&self.also)
    }
}

/// How a verdict is to be heard.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Tone {
    /// Nobody was late, and nothing else is bad.
    Good,
    /// Nobody was late, but that is not all.
    Plain,
    /// Some were late.
    Bad,
}

impl Told {
    /// How the verdict is to be heard.
    pub(super) fn tone(&self) -> Tone {
        match (self.is_good, self.late.is_empty()) {
            (true, _) => Tone::Good,
            (false, true) => Tone::Plain,
            (false, false) => Tone::Bad,
        }
    }

    /// Words a report.
    pub(super) fn new(opened: &Opened) -> Self {
        let document = &opened.document;
        let summary = document.analysis().summary();
        let (late, left) = late(document);
        let trace = document.trace();
        let findings = document.analysis().findings();
        let is_grave = findings.iter().any(|finding| finding.severity == Severity::High);
        Self {
            head: Head::new(opened),
            summary: overall::cancels(document, opened.complete),
            verdict: overall::verdict(document),
            is_good: summary.late == 0 && !is_grave && (summary.cancels > 0 || opened.complete),
            quantiles: overall::quantiles(document),
            late,
            left,
            findings: document
                .analysis()
                .findings_by_place()
                .iter()
                .filter_map(|of_place| ToldFinding::new(trace, of_place))
                .collect(),
        }
    }
}

impl Head {
    /// Words what is known of a trace as a whole.
    pub(super) fn new(opened: &Opened) -> Self {
        let trace = opened.document.trace();
        let facts = [
            format_name(trace),
            trace.clock().text(trace.interval().ns()),
            count(trace.info().events, "event"),
            count(trace.n_goroutines(), "goroutine"),
        ];
        Self {
            name: safe(&file_name(&opened.path)).into_owned(),
            facts: facts.join(", "),
            clock: trace.clock(),
            doubt: doubt(opened),
        }
    }
}

/// What to bear in mind about all that is said of a trace.
fn doubt(opened: &Opened) -> Option<&'static str> {
    if opened.document.trace().clock() == Clock::Ticks {
        return Some("incomplete; times are in ticks of unknown length");
    }
    (!opened.complete).then_some("incomplete")
}

impl ToldFinding {
    /// Words the findings of one place, of which the first matters most.
    fn new(trace: &Trace, of_place: &[&Finding]) -> Option<Self> {
        let (finding, others) = of_place.split_first()?;
        let at = match finding.site {
            Some(site) => place(trace, site),
            None if finding.function == StrId::EMPTY => String::new(),
            None => function(trace, finding.function).into_owned(),
        };
        let times = |finding: &Finding| match finding.count {
            0 | 1 => String::new(),
            n => format!(" ×{}", grouped(n.into())),
        };
        let also = |other: &&Finding| {
            format!("also {}{}: {}", other.rule, times(other), safe(&other.message))
        };
        Some(Self {
            severity: finding.severity,
            rule: finding.rule.name(),
            place: format!("{at}{}", times(finding)).trim_start().to_owned(),
            message: safe(&finding.message).into_owned(),
            also: others.iter().map(also).collect(),
            fix: safe(&finding.fix).into_owned(),
        })
    }
}

/// Late exits of one function and one cause, of which only the worst are told.
#[derive(Default)]
struct Alike {
    told: usize,
    left: u64,
    /// The least and the most of those that are left, in nanoseconds.
    left_ns: Option<(i64, i64)>,
    /// Whether any of those is still there when the trace ends.
    any_alive: bool,
}

impl Alike {
    fn leave(&mut self, hearing: &Hearing) {
        let ns = hearing.overstay_ns;
        self.left += 1;
        self.any_alive |= hearing.outcome == Outcome::Alive;
        let (least, most) = self.left_ns.unwrap_or((ns, ns));
        self.left_ns = Some((least.min(ns), most.max(ns)));
    }

    /// `27 more of main.syncLoop, 500 ms to 501 ms`
    fn told(&self, clock: Clock, name: &str) -> String {
        let (least, most) = self.left_ns.unwrap_or_default();
        let (least, most) = (clock.text(least), clock.text(most));
        let range = if least == most { most } else { format!("{least} to {most}") };
        let range = if self.any_alive { format!("≥ {range}") } else { range };
        format!("{} more of {name}, {range}", grouped(self.left))
    }
}

/// The late exits that are told one by one, and words on the others.
fn late(document: &Document) -> (Vec<Late>, Vec<String>) {
    let analysis = document.analysis();
    let mut kinds: BTreeMap<(StrId, Cause), Alike> = BTreeMap::new();
    let mut told = Vec::new();
    for hearing in analysis.late(document.rules().late_over_ns) {
        let cancel = analysis.cancel_of(hearing);
        let alike = kinds.entry((kind(document, hearing), cancel.cause)).or_default();
        if alike.told < ALIKE_TOLD && told.len() < LATE_TOLD {
            told.push(Late::new(document, hearing, cancel));
            alike.told += 1;
        } else {
            alike.leave(hearing);
        }
    }
    let mut left: Vec<_> = kinds.into_iter().filter(|(_, alike)| alike.left > 0).collect();
    left.sort_by_key(|(_, alike)| std::cmp::Reverse(alike.left_ns.map(|(_, most)| most)));
    let name = |row| function(document.trace(), row);
    let clock = document.trace().clock();
    (told, left.into_iter().map(|((row, _), alike)| alike.told(clock, &name(row))).collect())
}

/// The function by which late exits are alike.
fn kind(document: &Document, hearing: &Hearing) -> StrId {
    match document.kind(hearing.goroutine) {
        kind if kind == hearing.function => document.acting(hearing, StackId::EMPTY),
        kind => kind,
    }
}

impl Late {
    fn new(document: &Document, hearing: &Hearing, cancel: &Cancel) -> Self {
        let trace = document.trace();
        let alive = hearing.outcome == Outcome::Alive;
        let mut notes = Vec::new();
        if alive {
            notes.push("still alive".to_owned());
        }
        if hearing.deaf {
            let by_clock = if hearing.by_clock { ", by the clock" } else { "" };
            let evidence = hearing.evidence;
            notes.push(format!("deaf: not woken by it (inferred: {evidence}{by_clock})"));
        }
        let overstay = trace.clock().text(hearing.overstay_ns);
        let split = document.split(hearing);
        let held_in = split.first().map_or(StackId::EMPTY, |part| part.stack);
        Self {
            overstay: if alive { format!("≥ {overstay}") } else { overstay },
            function: function(trace, document.acting(hearing, held_in)).into_owned(),
            goroutine: go_id(trace, hearing.goroutine),
            notes,
            held: held(document, hearing, &split),
            cancel: cancelled(document, cancel),
            ns: hearing.overstay_ns,
            parts: split.iter().map(|part| (part.state, part.ns)).collect(),
        }
    }
}

/// What held it: the largest part of its overstay, and whom it waited for.
fn held(document: &Document, hearing: &Hearing, split: &[SplitPart]) -> String {
    let mut text = String::new();
    if split.is_empty() {
        text.push_str("nothing is known of it");
    }
    let mut phrases = Phrases::new(document.trace());
    phrases.push_held(&mut text, split.first(), None);
    let n_sleeps = split.first().map_or(0, |part| document.n_sleeps(hearing, part));
    if n_sleeps > 1 {
        let _ = write!(text, ", {n_sleeps} times");
    }
    if let Some(other) = document.held_up_by(hearing) {
        text.push_str(", ");
        phrases.push_other(&mut text, &other);
    }
    safe(&text).into_owned()
}

/// By what it was cancelled: `cancel 0 (deadline) at +101 ms`, `cancel 3 of query#7 (explicit) at
/// +101 ms in main.main (main.go:12)`.
fn cancelled(document: &Document, cancel: &Cancel) -> String {
    let trace = document.trace();
    let site = cancel.site.map_or_else(String::new, |site| format!(" in {}", place(trace, site)));
    let context = document.context_of(cancel);
    let of = context.map_or_else(String::new, |context| format!(" of {}", safe(context.name)));
    format!("cancel {}{of} ({}) at {}{site}", cancel.id, cancel.cause, when(trace, cancel.at))
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};

    use super::super::{html, markdown, text};
    use super::*;
    use crate::analysis::tests::made::Made;

    fn written(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&mut out).expect("memory");
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn every_form_says_what_it_leaves_out() {
        let head = Head {
            name: String::new(),
            facts: String::new(),
            clock: Clock::Nanoseconds,
            doubt: None,
        };
        let mut told = Told {
            head,
            summary: String::new(),
            verdict: String::new(),
            is_good: false,
            quantiles: None,
            late: vec![Late {
                overstay: String::new(),
                function: String::new(),
                goroutine: 1,
                notes: Vec::new(),
                held: String::new(),
                cancel: String::new(),
                ns: 1,
                parts: Vec::new(),
            }],
            left: Vec::new(),
            findings: Vec::new(),
        };
        let finding = || ToldFinding {
            severity: Severity::Low,
            rule: "",
            place: String::new(),
            message: String::new(),
            also: Vec::new(),
            fix: String::new(),
        };
        let forms = |told: &Told| {
            [
                written(|out| text::write(out, false, told)),
                written(|out| markdown::write_report(out, told)),
                written(|out| html::write_report(out, told)),
            ]
        };
        for form in forms(&told) {
            assert!(!form.contains("more"), "{form}");
        }
        told.findings = std::iter::repeat_with(finding).take(2_000).collect();
        for (form, n_shown) in forms(&told).iter().zip([20, 50, 500]) {
            let said = format!("… and {} more; --format json", grouped(2_000 - n_shown));
            assert_eq!(form.matches(&said).count(), 1, "{form}");
        }
        told.findings.clear();
        told.left = vec!["7 more of main.f".to_owned(); 1_000];
        for (form, n_shown) in forms(&told).iter().zip([20, 50, 500]) {
            let said = format!("… and {} more; --format json", 1_000 - n_shown);
            assert_eq!(form.matches(&said).count(), 1, "{form}");
        }
    }

    #[test]
    fn nobody_is_said_to_have_left_in_time_of_whom_nothing_is_known() {
        let mut made = Made::new();
        // A deadline's timer, for which nobody waits.
        made.running(1, "main.main").go(1_000, 0, "", 2, "context.WithDeadlineCause.func2");
        made.runs(1_100, 2).ends(2_000, 2);
        let document = made.document(1_000_000);
        let summary = document.analysis().summary();
        assert_eq!((summary.cancels, summary.heard, summary.deaf), (1, 0, 0));
        assert_eq!(
            overall::verdict(&document),
            "Nobody waited to hear of it. Code that only checks ctx.Err(), or ignores its context, \
             leaves no trace. A deadline that passes shows that its cancel function had not been \
             called before: the work took longer, or the call is missing, or deferred though the \
             work was over."
        );
    }
}
