//! The report for people in a terminal. Free to change at any time.

use std::io::{self, Write};

use super::ink::{BAD, DOUBTFUL, FAINT, GOOD, STRONG, cut_list, of_severity, styled, with_color};
use super::told::{Head, Late, Told, ToldFinding, Tone};

/// How many lines of what is left, and how many findings, are told.
const SHOWN: usize = 20;
/// What stands before the lines that belong to the line above.
const INDENT: &str = "             ";

/// Writes the report of one trace.
///
/// # Errors
/// If `out` does not take it.
pub(super) fn write(out: &mut dyn Write, color: bool, told: &Told) -> io::Result<()> {
    with_color(out, color, |out| {
        head(out, &told.head)?;
        writeln!(out, "\n{}", told.summary)?;
        let verdict = match told.tone() {
            Tone::Good => GOOD,
            Tone::Plain => STRONG,
            Tone::Bad => BAD,
        };
        writeln!(out, "{}", styled(verdict, &told.verdict))?;
        if let Some(quantiles) = &told.quantiles {
            writeln!(out, "{}", styled(FAINT, quantiles))?;
        }
        if !told.late.is_empty() {
            writeln!(out, "\n{}", styled(STRONG, "Late, worst first"))?;
        }
        for late in &told.late {
            late_exit(out, late)?;
        }
        cut_list(out, told.left.iter(), SHOWN, |out, left| {
            writeln!(out, "{INDENT}{}", styled(FAINT, format!("… and {left}")))
        })?;
        if !told.findings.is_empty() {
            writeln!(out, "\n{}", styled(STRONG, "Findings"))?;
        }
        cut_list(out, told.findings.iter(), SHOWN, finding)
    })
}

/// One line that says which trace this is.
pub(super) fn head(out: &mut dyn Write, head: &Head) -> io::Result<()> {
    let doubt = head.doubt.map(|doubt| styled(DOUBTFUL, format!("  ({doubt})")));
    let doubt = doubt.unwrap_or_default();
    writeln!(out, "{}  {}{doubt}", styled(STRONG, &head.name), styled(FAINT, &head.facts))
}

/// How late who was, what held it, and what cancelled it.
fn late_exit(out: &mut dyn Write, late: &Late) -> io::Result<()> {
    write!(
        out,
        "  {}  {}  {}",
        styled(BAD, format!("{:>9}", late.overstay)),
        styled(STRONG, &late.function),
        styled(FAINT, format!("goroutine {}", late.goroutine)),
    )?;
    for note in &late.notes {
        write!(out, "  {}", styled(DOUBTFUL, note))?;
    }
    writeln!(out, "\n{INDENT}{}\n{INDENT}{}", late.held, styled(FAINT, &late.cancel))
}

fn finding(out: &mut dyn Write, finding: &ToldFinding) -> io::Result<()> {
    writeln!(
        out,
        "  {}  {}  {}",
        styled(of_severity(finding.severity), format!("{:>9}", finding.severity)),
        styled(STRONG, finding.rule),
        finding.place,
    )?;
    writeln!(out, "{INDENT}{}\n{INDENT}{}", finding.message, styled(GOOD, &finding.fix))?;
    finding.also.iter().try_for_each(|also| writeln!(out, "{INDENT}{}", styled(FAINT, also)))
}
