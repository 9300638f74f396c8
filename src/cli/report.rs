//! The report for people in a terminal. Free to change at any time.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::failure::file_name;
use super::ink::{
    BAD, DOUBTFUL, FAINT, GOOD, STRONG, count, cut_list, function, grouped, of_severity, place,
    safe, styled, when, with_color,
};
use super::json::{format_name, go_id};
use super::open::Opened;
use crate::analysis::{
    Cancel, Cause, Document, Finding, Hearing, Outcome, Rule, Summary, describe,
};
use crate::base::{StrId, format_duration};
use crate::model::Trace;

/// How many late exits are told one by one.
const LATE_SHOWN: usize = 20;
/// How many of them may be of the same function and cause.
const ALIKE_SHOWN: usize = 3;
/// How many findings are told.
const FINDINGS_SHOWN: usize = 20;
/// What stands before the lines that belong to the line above.
const INDENT: &str = "             ";

/// Writes the report of one trace.
///
/// # Errors
/// If `out` does not take it.
pub(super) fn write(out: &mut dyn Write, color: bool, opened: &Opened) -> io::Result<()> {
    let document = &opened.document;
    with_color(out, color, |out| {
        head(out, opened)?;
        writeln!(out)?;
        summary(out, document)?;
        late(out, document)?;
        findings(out, document)
    })
}

/// One line that says which trace this is.
pub(super) fn head(out: &mut dyn Write, opened: &Opened) -> io::Result<()> {
    let trace = opened.document.trace();
    let info = trace.info();
    let name = file_name(&opened.path);
    write!(out, "{}  ", styled(STRONG, safe(&name)))?;
    let facts = format!(
        "{}, {}, {}, {}",
        format_name(trace),
        format_duration(trace.interval().ns()),
        count(info.events, "event"),
        count(trace.n_goroutines(), "goroutine"),
    );
    write!(out, "{}", styled(FAINT, facts))?;
    let incomplete =
        if opened.complete { String::new() } else { styled(DOUBTFUL, "  (incomplete)") };
    writeln!(out, "{incomplete}")
}

fn summary(out: &mut dyn Write, document: &Document) -> io::Result<()> {
    let summary = document.analysis().summary();
    if summary.cancels == 0 {
        return writeln!(
            out,
            "No context was cancelled while anybody listened, so there is nobody to leave late.\n\
             (A cancel that no goroutine waits for leaves nothing in a trace, unless it is a deadline's.)"
        );
    }
    writeln!(out, "{}, {}.", count(summary.cancels, "cancel"), hearings(summary))?;
    let limit = format_duration(document.rules().late_over_ns);
    let verdict = match summary.late {
        0 => styled(GOOD, format!("Nobody left more than {limit} after the cancel.")),
        1 => styled(BAD, format!("1 left more than {limit} after the cancel.")),
        late => styled(
            BAD,
            format!("{} left more than {limit} after the cancel.", grouped(late.into())),
        ),
    };
    writeln!(out, "{verdict}")?;
    let overstay = summary.overstay;
    if overstay.max > 0 {
        let quantiles = format!(
            "From the cancel to the end: p50 {}, p90 {}, p99 {}, at most {}.",
            format_duration(overstay.p50),
            format_duration(overstay.p90),
            format_duration(overstay.p99),
            format_duration(overstay.max),
        );
        writeln!(out, "{}", styled(FAINT, quantiles))?;
    }
    Ok(())
}

/// `heard 7 times: 5 goroutines ended, 1 is still alive…`
fn hearings(summary: &Summary) -> String {
    let is = |n: u32| if n == 1 { "is" } else { "are" };
    let mut parts = Vec::new();
    let mut say = |n: u32, text: &str| {
        if n > 0 {
            parts.push(format!("{} {text}", grouped(n.into())));
        }
    };
    say(summary.exited, "ended");
    say(summary.alive, &format!("{} still alive when the trace ends", is(summary.alive)));
    say(summary.lives_on, "went on as they should");
    let deaf = match summary.deaf {
        0 => String::new(),
        n => format!("; {} never heard it", count(n, "goroutine")),
    };
    match summary.heard {
        0 => format!("heard by nobody{deaf}"),
        1 => format!("heard once: {}{deaf}", parts.join(", ")),
        n => format!("heard {} times: {}{deaf}", grouped(n.into()), parts.join(", ")),
    }
}

/// Late exits of one function and one cause, of which only the worst are told.
#[derive(Default)]
struct Alike {
    shown: usize,
    left: u64,
    /// The least and the most of those that are left, in nanoseconds.
    left_ns: Option<(i64, i64)>,
}

impl Alike {
    fn leave(&mut self, ns: i64) {
        self.left += 1;
        let (least, most) = self.left_ns.unwrap_or((ns, ns));
        self.left_ns = Some((least.min(ns), most.max(ns)));
    }
}

fn late(out: &mut dyn Write, document: &Document) -> io::Result<()> {
    let analysis = document.analysis();
    let late = analysis.late(document.rules().late_over_ns);
    if late.len() == 0 {
        return Ok(());
    }
    writeln!(out, "\n{}", styled(STRONG, "Late, worst first"))?;
    let mut kinds: BTreeMap<(StrId, Option<Cause>), Alike> = BTreeMap::new();
    let mut shown = 0;
    for hearing in late {
        let cancel = analysis.cancels().get(hearing.cancel as usize);
        let alike = kinds.entry((hearing.function, cancel.map(|cancel| cancel.cause))).or_default();
        if alike.shown < ALIKE_SHOWN && shown < LATE_SHOWN {
            late_exit(out, document, hearing, cancel)?;
            alike.shown += 1;
            shown += 1;
        } else {
            alike.leave(hearing.overstay_ns);
        }
    }
    let mut left: Vec<_> = kinds.into_iter().filter(|(_, alike)| alike.left > 0).collect();
    left.sort_by_key(|(_, alike)| std::cmp::Reverse(alike.left_ns.map(|(_, most)| most)));
    cut_list(out, left.into_iter(), LATE_SHOWN, |out, ((name, _), alike)| {
        let (least, most) = alike.left_ns.unwrap_or_default();
        let (least, most) = (format_duration(least), format_duration(most));
        let range = if least == most { most } else { format!("{least} to {most}") };
        let name = function(document.trace(), name);
        let text = format!("… and {} more of {name}, {range}", grouped(alike.left));
        writeln!(out, "{INDENT}{}", styled(FAINT, text))
    })
}

/// How late who was, what held it, and what cancelled it.
fn late_exit(
    out: &mut dyn Write,
    document: &Document,
    hearing: &Hearing,
    cancel: Option<&Cancel>,
) -> io::Result<()> {
    let trace = document.trace();
    let alive = hearing.outcome == Outcome::Alive;
    let overstay = format_duration(hearing.overstay_ns);
    let overstay = if alive { format!("≥ {overstay}") } else { overstay };
    write!(
        out,
        "  {}  {}  {}",
        styled(BAD, format!("{overstay:>9}")),
        styled(STRONG, function(trace, hearing.function)),
        styled(FAINT, format!("goroutine {}", go_id(trace, hearing.goroutine))),
    )?;
    if alive {
        write!(out, "  {}", styled(DOUBTFUL, "still alive"))?;
    }
    if hearing.deaf {
        let evidence = format!("never heard it (inferred: {})", hearing.evidence);
        write!(out, "  {}", styled(DOUBTFUL, evidence))?;
    }
    writeln!(out, "\n{INDENT}{}", held(document, hearing))?;
    let Some(cancel) = cancel else { return Ok(()) };
    writeln!(out, "{INDENT}{}", styled(FAINT, cancelled(trace, cancel)))
}

/// What held it: the largest part of its overstay, and whom it waited for.
fn held(document: &Document, hearing: &Hearing) -> String {
    let trace = document.trace();
    let split = document.split(hearing);
    let own = split
        .first()
        .map_or_else(|| "nothing is known of it".to_owned(), |part| describe(trace, part));
    let others = document.held_by(hearing);
    let other = others.iter().find(|link| link.goroutine != hearing.goroutine);
    let text = match other {
        None => own,
        Some(link) => {
            format!("{own}, held up by goroutine {}: {}", go_id(trace, link.goroutine), link.what)
        }
    };
    safe(&text).into_owned()
}

/// By what it was cancelled: `cancel 0 (deadline) at +101 ms`.
fn cancelled(trace: &Trace, cancel: &Cancel) -> String {
    let site = cancel.site.map_or_else(String::new, |site| format!(" in {}", place(trace, site)));
    format!("cancel {} ({}) at {}{site}", cancel.id, cancel.cause, when(trace, cancel.at))
}

fn findings(out: &mut dyn Write, document: &Document) -> io::Result<()> {
    let findings = document.analysis().findings();
    if findings.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", styled(STRONG, "Findings"))?;
    cut_list(out, findings.iter(), FINDINGS_SHOWN, |out, item| finding(out, document.trace(), item))
}

fn finding(out: &mut dyn Write, trace: &Trace, finding: &Finding) -> io::Result<()> {
    let rule: Rule = finding.rule;
    write!(
        out,
        "  {}  {}",
        styled(of_severity(finding.severity), format!("{:>9}", finding.severity)),
        styled(STRONG, rule)
    )?;
    match finding.site {
        Some(site) => write!(out, "  {}", place(trace, site))?,
        None if finding.function == StrId::EMPTY => {}
        None => write!(out, "  {}", function(trace, finding.function))?,
    }
    if finding.count > 1 {
        write!(out, "  {}", styled(FAINT, format!("×{}", grouped(finding.count.into()))))?;
    }
    writeln!(out)?;
    writeln!(out, "{INDENT}{}", safe(&finding.message))?;
    if !finding.fix.is_empty() {
        writeln!(out, "{INDENT}{}", styled(GOOD, safe(&finding.fix)))?;
    }
    Ok(())
}
