//! What `check` says to programs: JSON, and SARIF for code scanners.

use std::io::{self, Write};

use serde_json::{Value, json as value};

use super::files::{Package, uri};
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
        "within": checked.within().collect::<Vec<_>>(),
        "allowed": excused.collect::<Vec<_>>(),
        "in_baseline": checked.forgiven.len(),
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

/// For code scanners. It has all that GitHub asks for, which refuses a result without a place.
pub(in crate::cli::check) fn sarif(
    out: &mut dyn Write,
    opened: &Opened,
    budget: &Budget,
    checked: &Checked,
) -> io::Result<()> {
    let mut rules: Vec<Rule> = checked.over.iter().map(|over| over.rule).collect();
    rules.sort();
    rules.dedup();
    // Where no line of code is known, it is the budget that is not kept, or the trace that is bad.
    let whole = file_name(budget.path.as_deref().unwrap_or(&opened.path));
    let package = Package::here();
    let result = |over: &Over| sarif_result(over, &rules, (&package, &whole));
    let results = checked.over.iter().map(result);
    let log = value!({
        "$schema": SARIF,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "overstay",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(|&rule| sarif_rule(rule)).collect::<Vec<_>>(),
            } },
            "results": results.collect::<Vec<_>>(),
        }],
    });
    pretty(out, &log)
}

fn sarif_rule(rule: Rule) -> Value {
    let (what, cure) = rule_text(rule);
    value!({
        "id": rule.name(), "name": rule.name(),
        "shortDescription": { "text": what }, "fullDescription": { "text": what },
        "help": { "text": cure },
    })
}

/// What a rule is about, and what is to be done, whoever breaks it.
fn rule_text(rule: Rule) -> (&'static str, &'static str) {
    match rule {
        Rule::LateExit => (
            "A goroutine that was told to stop ended late.",
            "Let it return as soon as ctx.Done() is closed.",
        ),
        Rule::StillAlive => (
            "A goroutine that should have ended had not when the trace did, or keeps the program from \
             ending.",
            "Let it return as soon as ctx.Done() is closed, and tell it to stop.",
        ),
        Rule::Deaf => (
            "A goroutine in a cancel's scope was not woken by it, and stayed.",
            "Give it the context, and let it wait for ctx.Done(), too.",
        ),
        Rule::Orphan => (
            "A goroutine outlives the one that created it.",
            "Wait for it, or give it a context that ends with its creator.",
        ),
        Rule::LongSleep => (
            "One time.Sleep is longer than the limit.",
            "Wait in a select on ctx.Done() and a timer instead.",
        ),
        Rule::PileUp => (
            "Live goroutines of one start function grow in number throughout the trace.",
            "See what they wait for, and bound their number.",
        ),
        Rule::LateScheduling => (
            "A goroutine that was told to stop ended late only because no processor was free, because \
             of the GC, or because the cancel itself was slow.",
            "Give the program more processors, or fewer goroutines that compute at a time.",
        ),
        Rule::DeadlineCutShort => (
            "A child's deadline never counted, since its parent's came first.",
            "Make the child's deadline shorter than its parent's.",
        ),
        Rule::GcPressure => (
            "The garbage collector takes a large share of the processors' time.",
            "Allocate less, or give the program more memory.",
        ),
        Rule::LateRequest => (
            "One request in a hundred takes longer than the limit.",
            "Give each request a deadline, and end all its waits at that.",
        ),
    }
}

fn sarif_result(over: &Over, rules: &[Rule], (package, whole): (&Package, &str)) -> Value {
    let level = match over.severity {
        Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "note",
    };
    let text = format!("{}: {}. {}", measure(over), over.message, over.fix);
    let place = over.site.as_ref().or(over.near.as_ref());
    let (file, line) = place.map_or((whole, 1), |place| (place.file.as_str(), place.line.max(1)));
    // By these it is known again when lines have moved.
    let same = format!("{} {} {}", over.limit, over.rule.name(), over.function);
    value!({
        "ruleId": over.rule.name(),
        "ruleIndex": rules.binary_search(&over.rule).ok(),
        "level": level,
        "message": { "text": text },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": uri(&package.file(file)) },
            "region": { "startLine": line, "startColumn": 1, "endLine": line },
        } }],
        "partialFingerprints": { "overstay/v1": same },
    })
}

fn pretty(mut out: &mut dyn Write, whole: &Value) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut out, whole).map_err(io::Error::from)?;
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Clock;

    #[test]
    fn each_result_has_a_place_and_its_rule() {
        let site = |file: &str| Place { function: "f".into(), file: file.into(), line: 7 };
        let mut over = Over {
            limit: "deaf",
            allowed: 0,
            actual: 1,
            unit: Unit::Count,
            clock: Clock::Nanoseconds,
            rule: Rule::Deaf,
            severity: Severity::Medium,
            function: "main.f".into(),
            site: None,
            near: None,
            count: 1,
            message: "m".into(),
            fix: "f".into(),
            goroutines: vec![],
            worst_ns: 1,
        };
        let place = |over: &Over| {
            let result = sarif_result(
                over,
                &[Rule::LateExit, Rule::Deaf],
                (&Package::here(), "overstay.toml"),
            );
            assert_eq!((&result["ruleId"], &result["ruleIndex"]), (&value!("deaf"), &value!(1)));
            let place = &result["locations"][0]["physicalLocation"];
            (place["artifactLocation"]["uri"].clone(), place["region"]["startLine"].clone())
        };
        assert_eq!(place(&over), (value!("overstay.toml"), value!(1)));
        over.near = Some(site("gone/near by/main.go"));
        assert_eq!(place(&over), (value!("gone/near%20by/main.go"), value!(7)));
        over.site = Some(site("/gone/main.go"));
        assert_eq!(place(&over), (value!("file:///gone/main.go"), value!(7)));
    }
}
