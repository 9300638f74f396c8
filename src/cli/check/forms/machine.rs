//! What `check` says to programs: JSON, and SARIF for code scanners.

use std::io::{self, Write};
use std::path::Path;

use serde_json::{Value, json as value};

use super::unit_of;
use crate::analysis::{Rule, Severity};
use crate::cli::check::budget::{Budget, Unit};
use crate::cli::check::verdict::{Checked, Over, Place, measure};
use crate::cli::failure::file_name;
use crate::cli::json::{SCHEMA, head};
use crate::cli::open::Opened;

/// Where SARIF's own schema is.
const SARIF: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// All that is known, as JSON.
pub(in crate::cli::check) fn json(
    out: &mut dyn Write,
    opened: &Opened,
    budget: &Budget,
    checked: &Checked,
) -> io::Result<()> {
    let mut limits = budget.limits;
    let limits: serde_json::Map<String, Value> = limits
        .named()
        .into_iter()
        .map(|(name, unit, limit)| {
            let ending = if unit == Unit::Duration { "_ns" } else { "" };
            (format!("{name}{ending}"), value!(*limit))
        })
        .collect();
    let excused = checked.excused.iter().map(|excused| {
        value!({
            "function": excused.function, "rule": excused.rule.name(),
            "why": excused.why, "count": excused.count,
        })
    });
    let whole = value!({
        "schema": SCHEMA,
        "trace": head(opened),
        "budget": {
            "path": budget.path.as_deref().map(file_name),
            "profile": budget.profile,
            "limits": limits,
        },
        "verdict": if checked.over.is_empty() { "within" } else { "over" },
        "over": checked.over.iter().map(over_row).collect::<Vec<_>>(),
        "within": checked.within,
        "allowed": excused.collect::<Vec<_>>(),
        "in_baseline": checked.forgiven,
    });
    pretty(out, &whole)
}

fn over_row(over: &Over) -> Value {
    let site = over.site.as_ref().map(|Place { function, file, line }| {
        value!({ "function": function, "file": file, "line": line })
    });
    value!({
        "limit": over.limit, "unit": unit_of(over), "allowed": over.allowed, "actual": over.actual,
        "rule": over.rule.name(), "severity": over.severity.name(), "function": over.function,
        "site": site, "count": over.count, "message": over.message, "fix": over.fix,
    })
}

/// For code scanners.
pub(in crate::cli::check) fn sarif(out: &mut dyn Write, checked: &Checked) -> io::Result<()> {
    let mut rules: Vec<Rule> = checked.over.iter().map(|over| over.rule).collect();
    rules.sort();
    rules.dedup();
    let rules = rules.iter().map(|rule| value!({ "id": rule.name(), "name": rule.name() }));
    let whole = value!({
        "$schema": SARIF,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "overstay",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.collect::<Vec<_>>(),
            } },
            "results": checked.over.iter().map(sarif_result).collect::<Vec<_>>(),
        }],
    });
    pretty(out, &whole)
}

fn sarif_result(over: &Over) -> Value {
    let level = match over.severity {
        Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "note",
    };
    let text = format!("{}: {}. {}", measure(over), over.message, over.fix);
    let locations: Vec<Value> = over
        .site
        .iter()
        .map(|site| {
            value!({ "physicalLocation": {
                "artifactLocation": { "uri": in_package(&site.file) },
                "region": { "startLine": site.line.max(1) },
            } })
        })
        .collect();
    value!({
        "ruleId": over.rule.name(), "level": level, "message": { "text": text },
        "locations": locations,
    })
}

fn pretty(mut out: &mut dyn Write, whole: &Value) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut out, whole).map_err(io::Error::from)?;
    out.write_all(b"\n")
}

/// A trace's file name as the package in the working directory would call it: traces have full
/// paths, or with -trimpath the module's path first.
pub(super) fn in_package(file: &str) -> String {
    let path = file.replace('\\', "/");
    let parts = path.match_indices('/').map(|(at, _)| &path[at + 1..]);
    let relative = std::iter::once(path.as_str()).chain(parts).find(|rest| {
        let rest = Path::new(rest);
        rest.is_relative() && rest.is_file()
    });
    relative.unwrap_or(&path).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_as_in_the_package_if_they_are_there() {
        // Tests run in the package's folder.
        assert_eq!(in_package("/somewhere/else/src/main.rs"), "src/main.rs");
        assert_eq!(in_package("example.com/tool/src/main.rs"), "src/main.rs");
        assert_eq!(in_package("example.com/tool/gone.go"), "example.com/tool/gone.go");
    }
}
