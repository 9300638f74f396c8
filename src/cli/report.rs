//! The report for people in a terminal. Free to change at any time.

use std::io::{self, Write};
use std::path::Path;

use super::failure::file_name;
use super::ink::{
    BAD, DOUBTFUL, FAINT, GOOD, STRONG, count, cut_list, function, grouped, of_severity, place,
    safe, styled, when, with_color,
};
use super::json::{format_name, go_id};
use crate::analysis::{Document, Finding, Hearing, Outcome, Rule, Summary, describe};
use crate::base::format_duration;
use crate::model::Trace;

/// How many late exits are told one by one.
const LATE_SHOWN: usize = 20;
/// How many findings are told.
const FINDINGS_SHOWN: usize = 20;

/// Writes the report of one trace.
///
/// # Errors
/// If `out` does not take it.
pub(super) fn write(
    out: &mut dyn Write,
    color: bool,
    path: &Path,
    document: &Document,
) -> io::Result<()> {
    with_color(out, color, |out| {
        head(out, path, document.trace())?;
        writeln!(out)?;
        summary(out, document)?;
        late(out, document)?;
        findings(out, document)
    })
}

/// One line that says which trace this is.
pub(super) fn head(out: &mut dyn Write, path: &Path, trace: &Trace) -> io::Result<()> {
    let info = trace.info();
    let name = file_name(path);
    write!(out, "{}  ", styled(STRONG, safe(&name)))?;
    let facts = format!(
        "{}, {}, {}, {}",
        format_name(trace),
        format_duration(trace.interval().ns()),
        count(info.events, "event"),
        count(trace.n_goroutines(), "goroutine"),
    );
    write!(out, "{}", styled(FAINT, facts))?;
    let incomplete = if info.complete { String::new() } else { styled(DOUBTFUL, "  (incomplete)") };
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
    let reached = summary.heard + summary.deaf;
    writeln!(
        out,
        "{} reached {}: {}.",
        count(summary.cancels, "cancel"),
        count(reached, "goroutine"),
        outcomes(summary),
    )?;
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

/// `5 ended, 1 is still alive, 2 live on, 1 never heard it`
fn outcomes(summary: &Summary) -> String {
    let is = |n: u32| if n == 1 { "is" } else { "are" };
    let mut parts = Vec::new();
    let mut say = |n: u32, text: String| {
        if n > 0 {
            parts.push(format!("{} {text}", grouped(n.into())));
        }
    };
    say(summary.exited, "ended".to_owned());
    say(summary.alive, format!("{} still alive when the trace ends", is(summary.alive)));
    say(summary.lives_on, "went on as they should".to_owned());
    say(summary.deaf, "never heard it".to_owned());
    if parts.is_empty() { "nobody listened".to_owned() } else { parts.join(", ") }
}

fn late(out: &mut dyn Write, document: &Document) -> io::Result<()> {
    let late = document.analysis().late(document.rules().late_over_ns);
    if late.len() == 0 {
        return Ok(());
    }
    writeln!(out, "\n{}", styled(STRONG, "Late, worst first"))?;
    cut_list(out, late, LATE_SHOWN, |out, hearing| late_exit(out, document, hearing))
}

/// Two lines: how late who was, and what held it.
fn late_exit(out: &mut dyn Write, document: &Document, hearing: &Hearing) -> io::Result<()> {
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
        let evidence = format!("deaf (inferred: {})", hearing.evidence);
        write!(out, "  {}", styled(DOUBTFUL, evidence))?;
    }
    writeln!(out)?;
    writeln!(
        out,
        "             {}; {}",
        held(document, hearing),
        styled(FAINT, cancelled(document, hearing))
    )
}

/// What held it: the largest part of its overstay, and whom it waited for.
pub(super) fn held(document: &Document, hearing: &Hearing) -> String {
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

/// By what it was cancelled: `deadline at +101 ms in main.main (main.go:31)`.
pub(super) fn cancelled(document: &Document, hearing: &Hearing) -> String {
    let trace = document.trace();
    let Some(cancel) = document.analysis().cancels().get(hearing.cancel as usize) else {
        return String::new();
    };
    let mut text = format!("cancelled ({}) at {}", cancel.cause, when(trace, cancel.at));
    if let Some(site) = cancel.site {
        text.push_str(" in ");
        text.push_str(&place(trace, site));
    }
    text
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
        None if finding.function == crate::base::StrId::EMPTY => {}
        None => write!(out, "  {}", function(trace, finding.function))?,
    }
    if finding.count > 1 {
        write!(out, "  {}", styled(FAINT, format!("×{}", grouped(finding.count.into()))))?;
    }
    writeln!(out)?;
    writeln!(out, "             {}", safe(&finding.message))?;
    if !finding.fix.is_empty() {
        writeln!(out, "             {}", styled(GOOD, safe(&finding.fix)))?;
    }
    Ok(())
}
