//! What `check` says, in each form.

use std::io::{self, Write};

use super::budget::{Budget, Unit};
use super::verdict::{Checked, Over, measure};
use crate::analysis::Severity;
use crate::cli::failure::file_name;
use crate::cli::ink::{
    BAD, DOUBTFUL, FAINT, GOOD, STRONG, count, cut_list, grouped, safe, styled, with_color,
};
use crate::cli::open::Opened;
use crate::cli::text::head;
use crate::cli::told::Head;

use files::Package;
pub(super) use machine::{json, sarif};

mod files;
mod machine;

/// How many things over their limit are told.
const SHOWN: usize = 20;

/// For people, in a terminal.
pub(super) fn text(
    out: &mut dyn Write,
    color: bool,
    opened: &Opened,
    budget: &Budget,
    checked: &Checked,
) -> io::Result<()> {
    with_color(out, color, |out| {
        head(out, &Head::new(opened))?;
        writeln!(out, "{}", styled(FAINT, against(budget)))?;
        let verdict = if checked.over.is_empty() {
            styled(GOOD, "Within the budget.")
        } else {
            styled(BAD, format!("Over the budget: {}.", count(checked.over.len() as u64, "case")))
        };
        writeln!(out, "\n{verdict}")?;
        cut_list(out, checked.over.iter(), SHOWN, one_over)?;
        let within: Vec<&str> = checked.within().collect();
        if !within.is_empty() {
            let within = within.join(", ");
            writeln!(out, "  {}", styled(FAINT, format!("within: {within}")))?;
        }
        for excused in &checked.excused {
            let times = grouped(excused.count.into());
            let text = format!(
                "allowed: {} {} ×{times}: {}",
                safe(&excused.function),
                excused.rule,
                safe(&excused.why)
            );
            writeln!(out, "  {}", styled(FAINT, text))?;
        }
        let times = |(limit, n): (&str, u64)| match n {
            1 => limit.to_owned(),
            _ => format!("{limit} ×{}", grouped(n)),
        };
        let forgiven: Vec<String> = checked.forgiven_limits().map(times).collect();
        if !forgiven.is_empty() {
            let text = format!("no worse than in the baseline: {}", forgiven.join(", "));
            writeln!(out, "  {}", styled(DOUBTFUL, text))?;
        }
        Ok(())
    })
}

fn against(budget: &Budget) -> String {
    let path = budget.path.as_deref().map_or_else(
        || "the built-in budget: there is no overstay.toml here or above".to_owned(),
        |path| safe(&file_name(path)).into_owned(),
    );
    let profile =
        budget.profile.as_ref().map_or_else(String::new, |name| format!(", profile {name}"));
    format!("against {path}{}", safe(&profile))
}

fn one_over(out: &mut dyn Write, over: &Over) -> io::Result<()> {
    writeln!(out, "  {}  {}", styled(BAD, measure(over)), styled(STRONG, &over.function))?;
    writeln!(out, "      {}", over.message)?;
    writeln!(out, "      {}", styled(GOOD, &over.fix))
}

/// Commands of GitHub's actions: a mark at each line of code.
pub(super) fn github(out: &mut dyn Write, checked: &Checked) -> io::Result<()> {
    let package = Package::here();
    for over in &checked.over {
        // It fails the check, so that only what hardly matters is less than an error here.
        let level = match over.severity {
            Severity::High | Severity::Medium => "error",
            Severity::Low => "warning",
        };
        let place = over.site.as_ref().or(over.near.as_ref()).map_or_else(String::new, |place| {
            format!("file={},line={},", property(&package.file(&place.file)), place.line)
        });
        let title = property(&measure(over));
        let message = data(&format!("{}. {}", over.message, over.fix));
        writeln!(out, "::{level} {place}title={title}::{message}")?;
    }
    Ok(())
}

/// A text that cannot end a command's message.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A text that cannot end a command's property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// A test suite with a case for each limit.
pub(super) fn junit(out: &mut dyn Write, opened: &Opened, checked: &Checked) -> io::Result<()> {
    let mut failed: Vec<&str> = checked.over.iter().map(|over| over.limit).collect();
    failed.dedup();
    let n_cases = failed.len() + checked.kept().count();
    let name = xml(&file_name(&opened.path));
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    let n_failed = failed.len();
    writeln!(
        out,
        "<testsuites>\n<testsuite name=\"overstay {name}\" tests=\"{n_cases}\" failures=\"{n_failed}\">"
    )?;
    for limit in failed {
        writeln!(out, "<testcase classname=\"{name}\" name=\"{limit}\">")?;
        for over in checked.over.iter().filter(|over| over.limit == limit) {
            let (measure, message, fix) = (xml(&measure(over)), xml(&over.message), xml(&over.fix));
            let kind = over.rule;
            writeln!(
                out,
                "<failure type=\"{kind}\" message=\"{measure}\">{message}\n{fix}</failure>"
            )?;
        }
        writeln!(out, "</testcase>")?;
    }
    for limit in checked.kept() {
        writeln!(out, "<testcase classname=\"{name}\" name=\"{limit}\"/>")?;
    }
    writeln!(out, "</testsuite>\n</testsuites>")
}

fn xml(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let is_none_of_xml = |c: char| c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}');
    text.replace('"', "&quot;").replace(is_none_of_xml, " ")
}

/// What a limit's value is counted in, by the name's ending in JSON.
fn unit_of(over: &Over) -> &'static str {
    match over.unit {
        Unit::Duration => "ns",
        Unit::Count => "goroutines",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_cannot_give_commands_or_break_out_of_a_form() {
        assert_eq!(data("50 %\n::error::x"), "50 %25%0A::error::x");
        assert_eq!(property("a:b,c"), "a%3Ab%2Cc");
        assert_eq!(xml("<a b=\"c\">&\u{1}"), "&lt;a b=&quot;c&quot;&gt;&amp; ");
        assert_eq!(xml("a\u{ffff}\nb"), "a  b");
    }
}
