//! Text for people: styles, lists that are cut short, and words that cannot harm a terminal.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use crate::analysis::{Severity, Verdict, frame_text};
use crate::base::{StrId, Time};
pub(super) use crate::base::{count_text as count, grouped};
use crate::model::{Frame, Trace};

/// What stands out.
pub(super) const STRONG: Style = Style::new().bold();
/// What can be skipped.
pub(super) const FAINT: Style = Style::new().dimmed();
/// What is bad.
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();
/// What is doubtful.
pub(super) const DOUBTFUL: Style = AnsiColor::Yellow.on_default();
/// What is good.
pub(super) const GOOD: Style = AnsiColor::Green.on_default().bold();

/// Runs `write`, with its styles if `color` and without them if not.
pub(super) fn with_color(
    out: &mut dyn Write,
    color: bool,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut text = Vec::new();
    write(&mut text)?;
    if !color {
        text = anstream::adapter::strip_bytes(&text).into_vec();
    }
    out.write_all(&text)
}

/// A text in a style.
pub(super) fn styled(style: Style, text: impl fmt::Display) -> String {
    format!("{style}{text}{style:#}")
}

/// The style of a severity.
pub(super) fn of_severity(severity: Severity) -> Style {
    match severity {
        Severity::High => BAD,
        Severity::Medium => DOUBTFUL,
        Severity::Low => FAINT,
    }
}

/// The style of a verdict.
pub(super) fn of_verdict(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Worse => BAD,
        Verdict::Better => GOOD,
        Verdict::Same => STRONG,
        _ => FAINT,
    }
}

/// A text of the trace, without what would steer a terminal.
pub(super) fn safe(text: &str) -> Cow<'_, str> {
    if text.contains(char::is_control) {
        text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
    } else {
        Cow::Borrowed(text)
    }
}

/// A string of the trace, or `(unknown function)`.
pub(super) fn function(trace: &Trace, name: StrId) -> Cow<'_, str> {
    match trace.string(name) {
        "" => Cow::Borrowed("(unknown function)"),
        name => safe(name),
    }
}

/// `main.work (main.go:22)`: a line of code.
pub(super) fn place(trace: &Trace, frame: Frame) -> String {
    safe(&frame_text(trace, frame)).into_owned()
}

/// When, counted from the trace's start: `+101 ms`.
pub(super) fn when(trace: &Trace, at: Time) -> String {
    format!("+{}", trace.clock().text(at - trace.interval().start))
}

/// Writes the first `limit` of a list, and says how many more there are and where.
pub(super) fn cut_list<T>(
    out: &mut dyn Write,
    items: impl ExactSizeIterator<Item = T>,
    limit: usize,
    mut write: impl FnMut(&mut dyn Write, T) -> io::Result<()>,
) -> io::Result<()> {
    let left = items.len().saturating_sub(limit);
    for item in items.take(limit) {
        write(out, item)?;
    }
    match and_more(left) {
        Some(text) => writeln!(out, "  {}", styled(FAINT, text)),
        None => Ok(()),
    }
}

/// What stands in every form for those of a list that are not told; none if all are.
pub(super) fn and_more(left: usize) -> Option<String> {
    (left > 0).then(|| format!("… and {} more; --format json has them all", grouped(left as u64)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_cannot_steer_the_terminal() {
        assert_eq!(safe("main.work"), "main.work");
        assert_eq!(safe("a\x1b[31m\nb"), "a\u{fffd}[31m\u{fffd}b");
    }

    #[test]
    fn styles_go_only_where_color_is_wanted() {
        for (color, expected) in [(true, "\x1b[1mx\x1b[0m"), (false, "x")] {
            let mut out = Vec::new();
            with_color(&mut out, color, |out| write!(out, "{}", styled(STRONG, "x")))
                .expect("memory");
            assert_eq!(String::from_utf8_lossy(&out), expected);
        }
    }

    #[test]
    fn a_long_list_says_what_it_leaves_out() {
        let mut out = Vec::new();
        let write = |out: &mut dyn Write, n: usize| writeln!(out, "  {n}");
        cut_list(&mut out, [1, 2, 3, 4].into_iter(), 2, write).expect("memory");
        let text = String::from_utf8(out).expect("UTF-8");
        assert!(text.starts_with("  1\n  2\n") && text.contains("2 more"), "{text}");
    }
}
