//! The JSON of `report` and `diff`, held to the contract: names, words, order, sums.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::corpus::{assert_no_complaints, complaints_of, fixtures, whole};
use crate::support::{Said, example_traces, run, shown};

const OUTCOMES: [&str; 3] = ["exited", "alive", "lives-on"];
const HEARD_IN: [&str; 2] = ["own", "call"];
const EVIDENCE: [&str; 6] = ["woken", "after-func", "logged", "task", "waited-on", "sibling"];
const CAUSES: [&str; 10] = [
    "deadline",
    "explicit",
    "client-gone",
    "handler-done",
    "server-shutdown",
    "signal",
    "errgroup",
    "parent",
    "logged",
    "unknown",
];
const RULES: [&str; 10] = [
    "late-exit",
    "still-alive",
    "deaf",
    "orphan",
    "long-sleep",
    "pile-up",
    "late-scheduling",
    "deadline-cut-short",
    "gc-pressure",
    "late-request",
];
const SEVERITIES: [&str; 3] = ["high", "medium", "low"];
const KINDS: [&str; 7] = ["cancel-site", "goroutine", "task", "blocked", "scheduling", "gc", "stw"];
const VERDICTS: [&str; 6] =
    ["better", "worse", "same", "not-enough-data", "only-before", "only-after"];

/// What was found wrong, on the first complaint.
type Check = Result<(), String>;

macro_rules! hold {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err(format!($($message)+));
        }
    };
}

/// Checks that an object has these fields and no others.
fn fields(value: &Value, names: &[&str]) -> Check {
    let object = value.as_object().ok_or_else(|| format!("no object: {value}"))?;
    let found: BTreeSet<&str> = object.keys().map(String::as_str).collect();
    let expected: BTreeSet<&str> = names.iter().copied().collect();
    hold!(found == expected, "fields {found:?} instead of {expected:?}");
    Ok(())
}

fn list<'a>(value: &'a Value, name: &str) -> Result<&'a [Value], String> {
    value[name].as_array().map(Vec::as_slice).ok_or_else(|| format!("`{name}` is no list"))
}

fn int(value: &Value, name: &str) -> Result<i64, String> {
    value[name].as_i64().ok_or_else(|| format!("`{name}` is no whole number: {}", value[name]))
}

fn int_or_null(value: &Value, name: &str) -> Result<Option<i64>, String> {
    if value[name].is_null() { Ok(None) } else { int(value, name).map(Some) }
}

fn word<'a>(value: &'a Value, name: &str, words: &[&str]) -> Result<&'a str, String> {
    let word = value[name].as_str().ok_or_else(|| format!("`{name}` is no text"))?;
    hold!(words.contains(&word), "`{name}`: `{word}` is not one of {words:?}");
    Ok(word)
}

fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str, String> {
    value[name].as_str().ok_or_else(|| format!("`{name}` is no text"))
}

fn site(value: &Value) -> Check {
    if value.is_null() {
        return Ok(());
    }
    fields(value, &["function", "file", "line"])?;
    text(value, "function")?;
    text(value, "file")?;
    hold!(int(value, "line")? >= 0, "a line below 0");
    Ok(())
}

fn head(value: &Value) -> Check {
    fields(
        value,
        &[
            "path",
            "bytes",
            "format",
            "duration_ns",
            "generations",
            "events",
            "goroutines",
            "complete",
        ],
    )?;
    for name in ["bytes", "duration_ns", "generations", "events", "goroutines"] {
        hold!(int(value, name)? >= 0, "`{name}` is below 0");
    }
    hold!(text(value, "format")?.starts_with("go 1."), "format {}", value["format"]);
    hold!(value["complete"].is_boolean(), "`complete` is no truth value");
    text(value, "path").map(|_| ())
}

fn quantiles(value: &Value, names: [&str; 4]) -> Check {
    let mut last = 0;
    for name in names {
        let now = int(value, name)?;
        hold!(now >= last, "`{name}` is below a lower quantile: {value}");
        last = now;
    }
    Ok(())
}

/// How it ended, which hearings and the deaf have in common.
fn end(row: &Value, at: i64) -> Check {
    let overstay = int(row, "overstay_ns")?;
    hold!(overstay >= 0, "an overstay below 0");
    let outcome = word(row, "outcome", &OUTCOMES)?;
    let ended = int_or_null(row, "end_ns")?;
    match (outcome, ended) {
        ("exited", None) => return Err("exited without an end".to_owned()),
        ("alive", Some(_)) => return Err("alive with an end".to_owned()),
        (_, Some(ended)) => {
            hold!(ended - at == overstay, "ended {ended} − cancelled {at} ≠ overstay {overstay}");
        }
        _ => {}
    }
    let mut sum = 0;
    for part in list(row, "split")? {
        fields(part, &["state", "reason", "site", "ns"])?;
        text(part, "state")?;
        text(part, "reason")?;
        site(&part["site"])?;
        hold!(int(part, "ns")? > 0, "a part of no length");
        sum += int(part, "ns")?;
    }
    hold!(sum == overstay, "the split adds up to {sum}, the overstay is {overstay}");
    for link in list(row, "held_by")? {
        fields(link, &["goroutine", "what"])?;
        int(link, "goroutine")?;
        hold!(!text(link, "what")?.is_empty(), "a link without words");
    }
    text(row, "function")?;
    int(row, "goroutine")?;
    word(row, "evidence", &EVIDENCE).map(|_| ())
}

fn cancel(row: &Value) -> Check {
    fields(row, &["id", "at_ns", "cause", "site", "by_goroutine", "depth", "hearings", "deaf"])?;
    let at = int(row, "at_ns")?;
    word(row, "cause", &CAUSES)?;
    site(&row["site"])?;
    int_or_null(row, "by_goroutine")?;
    int(row, "depth")?;
    let mut last = (i64::MIN, i64::MIN);
    for hearing in list(row, "hearings")? {
        fields(
            hearing,
            &[
                "goroutine",
                "function",
                "evidence",
                "heard_in",
                "depth",
                "heard_ns",
                "end_ns",
                "outcome",
                "overstay_ns",
                "split",
                "held_by",
            ],
        )?;
        word(hearing, "heard_in", &HEARD_IN)?;
        let now = (int(hearing, "heard_ns")?, int(hearing, "goroutine")?);
        hold!(now.0 >= at, "heard before it was cancelled");
        hold!(last <= now, "hearings out of order");
        last = now;
        int(hearing, "depth")?;
        end(hearing, at)?;
    }
    for deaf in list(row, "deaf")? {
        fields(
            deaf,
            &[
                "goroutine",
                "function",
                "evidence",
                "end_ns",
                "outcome",
                "overstay_ns",
                "split",
                "held_by",
            ],
        )?;
        end(deaf, at)?;
    }
    Ok(())
}

fn finding(row: &Value) -> Check {
    fields(
        row,
        &[
            "rule",
            "severity",
            "function",
            "site",
            "count",
            "worst_ns",
            "total_ns",
            "message",
            "fix",
            "goroutines",
        ],
    )?;
    word(row, "rule", &RULES)?;
    site(&row["site"])?;
    hold!(int(row, "count")? > 0, "a finding of nothing");
    hold!(int(row, "total_ns")? >= int(row, "worst_ns")?, "the worst is more than the total");
    for name in ["message", "fix"] {
        hold!(!text(row, name)?.is_empty(), "`{name}` is empty");
    }
    for goroutine in list(row, "goroutines")? {
        hold!(goroutine.is_i64(), "no goroutine: {goroutine}");
    }
    text(row, "function").map(|_| ())
}

fn summary(report: &Value) -> Check {
    let summary = &report["summary"];
    fields(summary, &["cancels", "heard", "exited", "alive", "lives_on", "deaf", "overstay_ns"])?;
    let mut counted = [0; 6];
    for cancel in list(report, "cancels")? {
        counted[0] += 1;
        for hearing in list(cancel, "hearings")? {
            counted[1] += 1;
            let outcome = OUTCOMES.iter().position(|word| hearing["outcome"] == *word);
            counted[2 + outcome.unwrap_or_default()] += 1;
        }
        counted[5] += i64::try_from(list(cancel, "deaf")?.len()).unwrap_or(i64::MAX);
    }
    for (name, n) in ["cancels", "heard", "exited", "alive", "lives_on", "deaf"].iter().zip(counted)
    {
        hold!(int(summary, name)? == n, "summary: {} {name}, counted {n}", summary[*name]);
    }
    fields(&summary["overstay_ns"], &["p50", "p90", "p99", "max"])?;
    quantiles(&summary["overstay_ns"], ["p50", "p90", "p99", "max"])
}

fn report(report: &Value) -> Check {
    fields(report, &["schema", "trace", "warnings", "cancels", "findings", "summary"])?;
    hold!(report["schema"] == 1, "schema {}", report["schema"]);
    head(&report["trace"])?;
    for warning in list(report, "warnings")? {
        fields(warning, &["offset", "generation", "message"])?;
        int(warning, "offset")?;
        int_or_null(warning, "generation")?;
        text(warning, "message")?;
    }
    let mut last = i64::MIN;
    for (number, row) in list(report, "cancels")?.iter().enumerate() {
        hold!(row["id"] == number, "cancel {} in place {number}", row["id"]);
        hold!(int(row, "at_ns")? >= last, "cancels out of order");
        last = int(row, "at_ns")?;
        cancel(row).map_err(|complaint| format!("cancel {number}: {complaint}"))?;
    }
    let mut last = (0, i64::MAX);
    for row in list(report, "findings")? {
        finding(row)?;
        let severity = word(row, "severity", &SEVERITIES)?;
        let rank = SEVERITIES.iter().position(|word| *word == severity).unwrap_or_default();
        let worst = int(row, "worst_ns")?;
        hold!(rank > last.0 || (rank == last.0 && worst <= last.1), "findings out of order");
        last = (rank, worst);
    }
    summary(report)
}

fn group(row: &Value) -> Check {
    fields(
        row,
        &[
            "kind", "key", "function", "before", "after", "shift_ns", "ci95_ns", "p_value",
            "q_value", "verdict",
        ],
    )?;
    word(row, "kind", &KINDS)?;
    word(row, "verdict", &VERDICTS)?;
    text(row, "key")?;
    text(row, "function")?;
    int_or_null(row, "shift_ns")?;
    for side in [&row["before"], &row["after"]] {
        fields(side, &["n", "p50_ns", "p90_ns", "p99_ns", "max_ns", "alive"])?;
        quantiles(side, ["p50_ns", "p90_ns", "p99_ns", "max_ns"])?;
        hold!(int(side, "alive")? <= int(side, "n")?, "more alive than there are");
    }
    if let Some(bounds) = row["ci95_ns"].as_array() {
        let bounds: Vec<i64> = bounds.iter().filter_map(Value::as_i64).collect();
        hold!(bounds.len() == 2 && bounds[0] <= bounds[1], "interval {bounds:?}");
    } else {
        hold!(row["ci95_ns"].is_null(), "interval {}", row["ci95_ns"]);
    }
    for name in ["p_value", "q_value"] {
        let value = row[name].as_f64();
        hold!(row[name].is_null() || value.is_some_and(|p| (0.0..=1.0).contains(&p)), "{name}");
    }
    Ok(())
}

/// Checks a comparison, in whose second trace somebody may newly hang or be deaf.
fn diff(diff: &Value, hangs_newly: bool) -> Check {
    fields(diff, &["schema", "before", "after", "groups", "verdict"])?;
    hold!(diff["schema"] == 1, "schema {}", diff["schema"]);
    head(&diff["before"])?;
    head(&diff["after"])?;
    for row in list(diff, "groups")? {
        group(row).map_err(|complaint| format!("group {}: {complaint}", row["key"]))?;
    }
    word(diff, "verdict", &VERDICTS[..4])?;
    // Where nobody was late before, or too few were reached to compare, it is worse that one is,
    // but for what could not be helped.
    let may_be_late = |row: &Value| {
        (row["verdict"] == "only-after" || row["verdict"] == "not-enough-data")
            && row["kind"] == "cancel-site"
            && row["after"]["max_ns"].as_i64().is_some_and(|ns| ns > 10_000_000)
    };
    let rows = list(diff, "groups")?;
    let worse = rows.iter().any(|row| row["verdict"] == "worse");
    let may_be = worse || hangs_newly || rows.iter().any(may_be_late);
    let is = diff["verdict"] == "worse";
    hold!(if is { may_be } else { !worse }, "the whole is {}", diff["verdict"]);
    Ok(())
}

/// What the program said, as JSON; none if it refused the trace in the way that it should.
fn json(said: &Said) -> Result<Option<Value>, String> {
    match said.status {
        0 => serde_json::from_str(&said.out).map(Some).map_err(|err| err.to_string()),
        2 if said.err.starts_with("overstay: ") && !said.err.contains("internal error") => Ok(None),
        _ => Err(format!("{said:?}")),
    }
}

fn reports_well(trace: &str) -> Check {
    json(&run(["report", trace, "--format", "json"]))?.map_or(Ok(()), |value| report(&value))
}

/// The functions that are surely deaf or never end.
fn hanging(trace: &str) -> Result<Vec<String>, String> {
    let report = json(&run(["report", trace, "--format", "json"]))?.ok_or("refused")?;
    let hangs = |finding: &&Value| {
        (finding["rule"] == "deaf" || finding["rule"] == "still-alive")
            && finding["severity"] == "high"
    };
    list(&report, "findings")?
        .iter()
        .filter(hangs)
        .map(|finding| text(finding, "function").map(str::to_owned))
        .collect()
}

fn differs_not_from_itself(trace: &str) -> Check {
    let Some(value) = json(&run(["diff", trace, trace, "--format", "json"]))? else {
        return Ok(());
    };
    diff(&value, false)?;
    for row in list(&value, "groups")? {
        let verdict = text(row, "verdict")?;
        hold!(verdict == "same", "{} {} differs from itself: {verdict}", row["kind"], row["key"]);
    }
    hold!(value["verdict"] == "same", "differs from itself: {}", value["verdict"]);
    let said = run(["diff", trace, trace]);
    let words = ["gone", "new", "only-before", "only-after"];
    let one_sided = said
        .out
        .lines()
        .find(|line| line.split_whitespace().next().is_some_and(|word| words.contains(&word)));
    hold!(one_sided.is_none(), "what it has is gone or new: {one_sided:?}");
    Ok(())
}

/// A comparison's verdicts by row, the other way round if asked for.
fn verdicts(diff: &Value, mirrored: bool) -> Result<BTreeSet<[String; 3]>, String> {
    let other_way = |verdict: &str| {
        match verdict {
            "worse" => "better",
            "better" => "worse",
            "only-before" => "only-after",
            "only-after" => "only-before",
            _ => return verdict.to_owned(),
        }
        .to_owned()
    };
    let row = |row: &Value| -> Result<[String; 3], String> {
        let verdict = text(row, "verdict")?;
        let verdict = if mirrored { other_way(verdict) } else { verdict.to_owned() };
        Ok([text(row, "kind")?.to_owned(), text(row, "key")?.to_owned(), verdict])
    };
    list(diff, "groups")?.iter().map(row).collect()
}

/// Compared the other way round, each row is the mirror of what it was.
fn mirrors(before: &str) -> Check {
    let after = before.replace("/before", "/after");
    let compared = |one: &str, two: &str| json(&run(["diff", one, two, "--format", "json"]));
    let (Some(there), Some(back)) = (compared(before, &after)?, compared(&after, before)?) else {
        return Ok(());
    };
    let (there_rows, back_rows) = (verdicts(&there, false)?, verdicts(&back, true)?);
    let odd: Vec<&[String; 3]> = there_rows.symmetric_difference(&back_rows).collect();
    hold!(odd.is_empty(), "not mirrored: {odd:?}");
    let is_better = |diff: &Value| diff["verdict"] == "better";
    hold!(!(is_better(&there) && is_better(&back)), "better both ways");
    Ok(())
}

fn examples() -> Vec<String> {
    example_traces().iter().map(|path| shown(path)).collect()
}

#[test]
fn reports_of_the_examples_keep_the_contract() {
    assert_no_complaints(&complaints_of(&examples(), reports_well));
}

#[test]
fn guesses_are_made_only_where_they_are_asked_for() {
    let guesses = |args: &[&str]| run(args).out.matches("(inferred: sibling)").count();
    assert_eq!(guesses(&["report", "traces/deaf/before.trace"]), 0);
    assert_eq!(guesses(&["report", "traces/deaf/before.trace", "--guess-siblings"]), 1);
}

#[test]
fn no_example_differs_from_itself() {
    assert_no_complaints(&complaints_of(&examples(), differs_not_from_itself));
}

#[test]
fn no_fixture_differs_from_itself() {
    let traces: Vec<String> = fixtures().iter().map(|known| shown(&known.file)).collect();
    assert_no_complaints(&complaints_of(&traces, differs_not_from_itself));
}

#[test]
fn the_other_way_round_each_row_of_the_examples_is_mirrored() {
    let befores: Vec<String> =
        examples().into_iter().filter(|trace| trace.contains("/before")).collect();
    assert_no_complaints(&complaints_of(&befores, mirrors));
}

#[test]
fn comparisons_of_the_examples_keep_the_contract() {
    let pairs: Vec<String> =
        examples().into_iter().filter(|trace| trace.contains("/before")).collect();
    assert!(pairs.len() > 10, "{pairs:?}");
    assert_no_complaints(&complaints_of(&pairs, |before| {
        let after = before.replace("/before", "/after");
        for (one, two) in [(before, after.as_str()), (after.as_str(), before)] {
            let value = json(&run(["diff", one, two, "--format", "json"]))?;
            let [was, is] = [hanging(one)?, hanging(two)?];
            let hangs_newly = is.iter().any(|function| !was.contains(function));
            diff(&value.ok_or("an example was refused")?, hangs_newly)?;
        }
        Ok(())
    }));
}

#[test]
fn reports_of_the_fixtures_keep_the_contract() {
    let traces: Vec<String> = fixtures().iter().map(|known| shown(&known.file)).collect();
    assert_no_complaints(&complaints_of(&traces, reports_well));
}

#[test]
fn reports_of_the_whole_corpus_keep_the_contract() {
    let Some(corpus) = whole() else { return };
    let recorded = corpus.iter().filter(|known| known.name.starts_with("recorded/"));
    let traces: Vec<String> = recorded.map(|known| shown(&known.file)).collect();
    assert_no_complaints(&complaints_of(&traces, reports_well));
}
