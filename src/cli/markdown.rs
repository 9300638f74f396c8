//! The report and the comparison as Markdown: for a pull request or a job's summary.

use std::borrow::Cow;
use std::io::{self, Write};

use super::comparison::{facts, moved, one_sided, verdict_of, verdict_words};
use super::ink::{and_more, safe};
use super::open::Opened;
use super::told::{Head, Told};
use crate::analysis::Diff;

/// How many rows a table has at most.
const ROWS: usize = 50;

/// Writes the report of one trace.
///
/// # Errors
/// If `out` does not take it.
pub(super) fn write_report(out: &mut dyn Write, told: &Told) -> io::Result<()> {
    head(out, "###", &told.head)?;
    writeln!(out, "**{}** {}", told.verdict, told.summary)?;
    if let Some(quantiles) = &told.quantiles {
        writeln!(out, "{quantiles}")?;
    }
    if !told.late.is_empty() {
        writeln!(out, "\n| late by | goroutine | what held it | cancelled by |")?;
        writeln!(out, "|---:|---|---|---|")?;
    }
    for late in &told.late {
        let notes = late.notes.join(", ");
        let notes = if notes.is_empty() { notes } else { format!(", {notes}") };
        writeln!(
            out,
            "| {} | {} {}{} | {} | {} |",
            cell(&late.overstay),
            code(&late.function),
            late.goroutine,
            cell(&notes),
            cell(&late.held),
            cell(&late.cancel),
        )?;
    }
    if !told.left.is_empty() {
        writeln!(out)?;
    }
    for left in told.left.iter().take(ROWS) {
        writeln!(out, "- … and {}", cell(left))?;
    }
    if let Some(more) = and_more(told.left.len().saturating_sub(ROWS)) {
        writeln!(out, "- {more}")?;
    }
    if !told.findings.is_empty() {
        writeln!(out, "\n| | finding | where | what | what to do |\n|---|---|---|---|---|")?;
    }
    for finding in told.findings.iter().take(ROWS) {
        let place = code(&finding.place);
        let all = finding.messages();
        let all: Vec<_> = all.map(|message| cell(message)).collect();
        let (message, fix) = (all.join("<br>"), cell(&finding.fix));
        writeln!(out, "| {} | {} | {place} | {message} | {fix} |", finding.severity, finding.rule)?;
    }
    below_table(out, told.findings.len())
}

/// Writes the comparison of two traces.
///
/// # Errors
/// If `out` does not take it.
pub(super) fn write_diff(
    out: &mut dyn Write,
    before: &Opened,
    after: &Opened,
    diff: &Diff,
) -> io::Result<()> {
    let one_sided = one_sided(diff);
    let [before, after] = [before, after].map(Head::new);
    let (verdict, words) = verdict_words(diff);
    head(out, "### Before:", &before)?;
    head(out, "### After:", &after)?;
    writeln!(out, "**{verdict}**: {words}")?;
    if !one_sided.is_empty() {
        writeln!(out)?;
    }
    for (what, finding) in &one_sided {
        writeln!(out, "- {what}: {}", cell(finding))?;
    }
    let changed: Vec<_> = diff.changes().collect();
    if !changed.is_empty() {
        writeln!(out, "\n| | what | of | before → after | change |\n|---|---|---|---|---|")?;
    }
    for group in changed.iter().take(ROWS) {
        let change = moved(diff, group).unwrap_or_default();
        writeln!(
            out,
            "| {} | {} | {} | {} | {} |",
            verdict_of(group),
            group.kind,
            code(&group.key),
            cell(&facts(diff, group)),
            cell(&change),
        )?;
    }
    below_table(out, changed.len())
}

/// Says how many of `n_rows` a table does not have.
fn below_table(out: &mut dyn Write, n_rows: usize) -> io::Result<()> {
    match and_more(n_rows.saturating_sub(ROWS)) {
        Some(more) => writeln!(out, "\n{more}"),
        None => Ok(()),
    }
}

fn head(out: &mut dyn Write, title: &str, head: &Head) -> io::Result<()> {
    let doubt = head.doubt.map(|doubt| format!(", **{doubt}**")).unwrap_or_default();
    writeln!(out, "{title} {}\n\n{}{doubt}\n", code(&head.name), cell(&head.facts))
}

/// A text that means nothing special in a table's cell, and ends no row.
fn cell(of_trace: &str) -> Cow<'_, str> {
    let text = safe(of_trace);
    if !text.contains(['&', '|', '<', '>', '*', '_', '[', '`', '\\', '#', '~']) {
        return text;
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '|' | '*' | '_' | '[' | '`' | '\\' | '#' | '~' => escaped.extend(['\\', c]),
            c => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}

/// A text as code, fit for a table's cell: it ends no row either.
fn code(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    format!("`{}`", safe(text).replace('`', "'").replace('|', "\\|"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_cannot_break_out_of_a_cell() {
        assert_eq!(cell("main.work"), "main.work");
        assert_eq!(cell("a|b <i> *c*"), "a\\|b &lt;i&gt; \\*c\\*");
        assert_eq!(code("main.(*T).f`|x"), "`main.(*T).f'\\|x`");
        assert_eq!(code(""), "");
        assert_eq!(cell("a\r\nb & ~~c~~"), "a\u{fffd}\u{fffd}b &amp; \\~\\~c\\~\\~");
        assert_eq!(code("type\n|x"), "`type\u{fffd}\\|x`");
    }
}
