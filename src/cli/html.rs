//! The report and the comparison as one HTML file: no scripts, nothing fetched, light and dark.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

use super::comparison::{facts, moved, one_sided, verdict_of, verdict_words};
use super::ink::{and_more, safe};
use super::open::Opened;
use super::told::{Head, Late, Told, ToldFinding, Tone};
use crate::analysis::{Diff, DiffGroup, Doing, Severity, Verdict};
use crate::base::Clock;

const STYLE: &str = include_str!("report.css");
/// How many rows a table has at most.
const ROWS: usize = 500;

/// Writes the report of one trace.
///
/// # Errors
/// If `out` does not take it.
pub(super) fn write_report(out: &mut dyn Write, told: &Told) -> io::Result<()> {
    begin(out, &told.head.name)?;
    head(out, "h1", &told.head)?;
    let class = match told.tone() {
        Tone::Good => "good",
        Tone::Plain => "",
        Tone::Bad => "bad",
    };
    writeln!(out, "<p class=\"{class}\">{}</p>", text(&told.verdict))?;
    writeln!(out, "<p>{}</p>", text(&told.summary))?;
    if let Some(quantiles) = &told.quantiles {
        writeln!(out, "<p class=\"faint\">{}</p>", text(quantiles))?;
    }
    late(out, told)?;
    if !told.findings.is_empty() {
        writeln!(out, "<h2>Findings</h2>\n<table>")?;
        titles(out, &["", "finding", "where", "what", "what to do"])?;
        for finding in told.findings.iter().take(ROWS) {
            write_finding(out, finding)?;
        }
        writeln!(out, "</table>")?;
        not_told(out, told.findings.len())?;
    }
    end(out)
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
    begin(out, &format!("{} → {}", before.name, after.name))?;
    let class = class_of(diff.verdict);
    writeln!(out, "<h1 class=\"{class}\">{verdict}: {}</h1>", text(&words))?;
    for (title, side) in [("Before", &before), ("After", &after)] {
        writeln!(out, "<h2>{title}</h2>")?;
        head(out, "p", side)?;
    }
    if !one_sided.is_empty() {
        writeln!(out, "<h2>Findings of one side only</h2>")?;
    }
    for (what, finding) in &one_sided {
        writeln!(out, "<p>{what}: {}</p>", text(finding))?;
    }
    let changed: Vec<&DiffGroup> = diff.changes().collect();
    if !changed.is_empty() {
        writeln!(out, "<h2>What changed</h2>\n<table>")?;
        titles(out, &["", "what", "of", "before → after", "change"])?;
    }
    for group in changed.iter().take(ROWS) {
        let class = format!("word {}", class_of_row(group));
        let change = moved(diff, group).unwrap_or_default();
        let facts = facts(diff, group);
        let cells = [
            (&*class, verdict_of(group)),
            ("word", group.kind.name()),
            ("", &code(&group.key)),
            ("", &text(&facts)),
            ("", &text(&change)),
        ];
        row(out, &cells)?;
    }
    if !changed.is_empty() {
        writeln!(out, "</table>")?;
        not_told(out, changed.len())?;
    }
    end(out)
}

fn begin(out: &mut dyn Write, title: &str) -> io::Result<()> {
    writeln!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>Overstay: {}</title>\n<style>\n{STYLE}</style>",
        text(title)
    )
}

fn end(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "</html>")
}

fn head(out: &mut dyn Write, tag: &str, head: &Head) -> io::Result<()> {
    let doubt = head.doubt.map(|doubt| format!(", <span class=\"doubt\">{doubt}</span>"));
    let doubt = doubt.unwrap_or_default();
    let (name, facts) = (text(&head.name), text(&head.facts));
    writeln!(out, "<{tag}>{name}</{tag}>\n<p class=\"faint\">{facts}{doubt}</p>")
}

/// A table's first row: what its columns are.
fn titles(out: &mut dyn Write, titles: &[&str]) -> io::Result<()> {
    write!(out, "<tr>")?;
    for title in titles {
        write!(out, "<th>{title}</th>")?;
    }
    writeln!(out, "</tr>")
}

/// A table's row, each cell a class and its HTML.
fn row(out: &mut dyn Write, cells: &[(&str, &str)]) -> io::Result<()> {
    write!(out, "<tr>")?;
    for (class, cell) in cells {
        write!(out, "<td class=\"{class}\">{cell}</td>")?;
    }
    writeln!(out, "</tr>")
}

fn late(out: &mut dyn Write, told: &Told) -> io::Result<()> {
    if told.late.is_empty() {
        return Ok(());
    }
    writeln!(out, "<h2>Late, worst first</h2>\n<p class=\"key faint\">")?;
    let is_there =
        |doing| told.late.iter().any(|late| late.parts.iter().any(|part| part.0 == doing));
    for &doing in Doing::ALL.iter().filter(|&&doing| is_there(doing)) {
        writeln!(out, "<span><i style=\"background:var(--{doing})\"></i>{doing}</span>")?;
    }
    writeln!(out, "</p>\n<table>")?;
    titles(out, &["late by", "goroutine", "what held it", "cancelled by"])?;
    let worst = told.late.first().map_or(1, |late| late.ns.max(1));
    for exit in &told.late {
        write_late(out, told.head.clock, exit, worst)?;
    }
    writeln!(out, "</table>")?;
    for left in told.left.iter().take(ROWS) {
        writeln!(out, "<p class=\"faint\">… and {}</p>", text(left))?;
    }
    not_told(out, told.left.len())
}

/// Says how many of `n_rows` are not there.
fn not_told(out: &mut dyn Write, n_rows: usize) -> io::Result<()> {
    match and_more(n_rows.saturating_sub(ROWS)) {
        Some(more) => writeln!(out, "<p class=\"faint\">{more}</p>"),
        None => Ok(()),
    }
}

fn write_late(out: &mut dyn Write, clock: Clock, late: &Late, worst: i64) -> io::Result<()> {
    let notes: String = late.notes.iter().fold(String::new(), |mut notes, note| {
        // Writing to a string cannot fail.
        let _ = write!(notes, " <span class=\"doubt\">{}</span>", text(note));
        notes
    });
    let who =
        format!("{} <span class=\"faint\">{}</span>{notes}", code(&late.function), late.goroutine);
    let held = format!("{}{}", text(&late.held), bar(clock, late, worst));
    let cells = [
        ("number bad", &*text(&late.overstay)),
        ("", &who),
        ("wide", &held),
        ("faint", &text(&late.cancel)),
    ];
    row(out, &cells)
}

/// The overstay as a bar, as long as its share of the worst, with a piece for each part.
fn bar(clock: Clock, late: &Late, worst: i64) -> String {
    let mut bar = format!("<div class=\"bar\" style=\"width:{:.1}%\">", percent(late.ns, worst));
    for &(doing, ns) in &late.parts {
        let title = format!("{doing}: {}", clock.text(ns));
        let width = percent(ns, late.ns);
        // Writing to a string cannot fail.
        let _ = write!(
            bar,
            "<i title=\"{title}\" style=\"width:{width:.2}%;background:var(--{doing})\"></i>"
        );
    }
    bar.push_str("</div>");
    bar
}

#[expect(clippy::cast_precision_loss, reason = "a share with three digits")]
fn percent(part: i64, whole: i64) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}

fn write_finding(out: &mut dyn Write, finding: &ToldFinding) -> io::Result<()> {
    let class = match finding.severity {
        Severity::High => "bad",
        Severity::Medium => "doubt",
        Severity::Low => "faint",
    };
    let class = format!("word {class}");
    let all = finding.messages();
    let all: Vec<_> = all.map(|message| text(message)).collect();
    let cells = [
        (&*class, finding.severity.name()),
        ("word", finding.rule),
        ("", &code(&finding.place)),
        ("", &all.join("<br>")),
        ("", &text(&finding.fix)),
    ];
    row(out, &cells)
}

fn class_of_row(group: &DiffGroup) -> &'static str {
    match group.verdict {
        _ if group.is_newly_late() => "bad",
        _ if group.is_no_longer_late() => "good",
        verdict => class_of(verdict),
    }
}

fn class_of(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Worse => "bad",
        Verdict::Better => "good",
        _ => "",
    }
}

/// A name or a place: besides its spaces it may be broken behind a slash and a receiver.
fn code(text_of_trace: &str) -> String {
    let text = text(text_of_trace).replace('/', "/<wbr>").replace(").", ")<wbr>.");
    format!("<code>{text}</code>")
}

/// A text that means nothing special in HTML.
fn text(of_trace: &str) -> Cow<'_, str> {
    let text = safe(of_trace);
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return text;
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_a_color_by_day_and_by_night() {
        for doing in Doing::ALL {
            assert_eq!(STYLE.matches(&format!("--{doing}:")).count(), 2, "{doing}");
        }
    }

    #[test]
    fn a_trace_cannot_break_out_of_the_page() {
        assert_eq!(text("main.work"), "main.work");
        let hostile = "<script>alert('x & \"y\"')</script>";
        let expected = "&lt;script&gt;alert(&#39;x &amp; &quot;y&quot;&#39;)&lt;/script&gt;";
        assert_eq!(text(hostile), expected);
        assert_eq!(text("a\0b\n"), "a\u{fffd}b\u{fffd}");
    }
}
