//! `check`: a trace against a budget, as CI runs it.

use std::path::PathBuf;

use serde_json::Value;

use crate::support::{Said, finished, program, root, run};

const LATE: &str = "traces/late-exit/before.trace";
const PROMPT: &str = "traces/late-exit/after.trace";
const DEAF: &str = "traces/deaf/before.trace";

/// A folder with a budget file in it.
struct Folder(tempfile::TempDir);

impl Folder {
    #[expect(clippy::disallowed_methods, reason = "tests make the files that they need")]
    fn with(budget: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("overstay.toml"), budget).expect("a writable folder");
        Self(folder)
    }

    fn budget(&self) -> String {
        self.0.path().join("overstay.toml").display().to_string()
    }

    /// Runs `check` with the budget given by name.
    fn check(&self, trace: &str, more: &[&str]) -> Said {
        let budget = self.budget();
        run([&["check", trace, "--budget", &budget], more].concat())
    }
}

/// The limits that a trace is over, by name.
fn over(said: &Said) -> Vec<String> {
    let whole: Value =
        serde_json::from_str(&said.out).unwrap_or_else(|err| panic!("{err}: {said:?}"));
    let rows = whole["over"].as_array().expect("a list").iter();
    rows.map(|row| row["limit"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn check_fails_over_the_budget_and_only_then() {
    let said = run(["check", PROMPT]);
    assert_eq!((said.status, said.err.as_str()), (0, ""), "{said:?}");
    assert!(said.out.contains("Within the budget."), "{said:?}");
    for trace in [LATE, DEAF] {
        let said = run(["check", trace]);
        assert_eq!((said.status, said.err.as_str()), (1, ""), "{said:?}");
        assert!(said.out.contains("Over the budget"), "{said:?}");
    }
    assert_eq!(run(["check", "traces/healthy-server/healthy-server.trace"]).status, 0);
}

#[test]
fn check_goes_by_what_the_budget_names() {
    let generous = Folder::with("[default]\nlate_exit_max = \"500ms\"\n");
    assert_eq!(generous.check(LATE, &[]).status, 0);
    let strict = Folder::with(
        "[default]\nlate_exit_max = \"500ms\"\n[profile.ci]\nlate_exit_max = \"100ms\"\n",
    );
    assert_eq!(strict.check(LATE, &[]).status, 0);
    let said = strict.check(LATE, &["--profile", "ci", "--format", "json"]);
    assert_eq!(said.status, 1, "{said:?}");
    assert!(over(&said).iter().all(|limit| limit == "late_exit_max"), "{said:?}");
    // An argument replaces what the file says.
    assert_eq!(strict.check(LATE, &["--profile", "ci", "--late-over", "1s"]).status, 0);
    assert_eq!(generous.check(LATE, &["--late-over", "20ms"]).status, 1);
    let said = generous.check(LATE, &["--max-sleep", "50ms", "--format", "json"]);
    assert_eq!(over(&said).first().map(String::as_str), Some("max_sleep"), "{said:?}");
}

#[test]
fn check_finds_the_budget_upwards() {
    let folder = Folder::with("[default]\nlate_exit_max = \"500ms\"\n");
    let below = folder.0.path().join("a/b");
    std::fs::create_dir_all(&below).expect("a writable folder");
    let trace: PathBuf = root().join(LATE);
    let said = finished(program(["check".as_ref(), trace.as_os_str()]).current_dir(&below));
    assert_eq!(said.status, 0, "{said:?}");
    assert!(said.out.contains("overstay.toml"), "{said:?}");
}

#[test]
fn check_excuses_what_the_budget_allows() {
    let budget = "[default]\ndeaf = 0\n\
        [[allow]]\nfunction = \"main.*\"\nrule = \"deaf\"\nwhy = \"they end by themselves\"\n";
    let said = Folder::with(budget).check(DEAF, &[]);
    assert_eq!(said.status, 0, "{said:?}");
    assert!(said.out.contains("they end by themselves"), "{said:?}");
}

#[test]
fn check_forgives_what_the_baseline_has() {
    assert_eq!(run(["check", LATE, "--baseline", LATE]).status, 0);
    assert_eq!(run(["check", LATE, "--baseline", PROMPT]).status, 1);
    // The same program in two recordings, the limit between the two: 127 ms here, 126 ms there.
    let here = "traces/late-exit/before.go1.21.trace";
    let other = "traces/late-exit/before.go1.22.trace";
    let limit = ["--late-over", "126500us"];
    assert_eq!(run([&["check", here][..], &limit].concat()).status, 1);
    assert_eq!(run([&["check", other][..], &limit].concat()).status, 0);
    let said = run([&["check", here, "--baseline", other][..], &limit].concat());
    assert_eq!(said.status, 0, "{said:?}");
    assert!(said.out.contains("no worse than in the baseline: late_exit_max"), "{said:?}");
    // What is forgiven is still a limit that was checked.
    let junit = run(["check", LATE, "--baseline", LATE, "--format", "junit"]);
    assert_eq!(junit.out.matches("<testcase").count(), 5, "{junit:?}");
    assert!(junit.out.contains("tests=\"5\" failures=\"0\""), "{junit:?}");
    let json = run(["check", LATE, "--baseline", LATE, "--format", "json"]);
    let whole: Value = serde_json::from_str(&json.out).expect("JSON");
    assert!(whole["in_baseline"].as_u64().is_some_and(|n| n > 0), "{json:?}");
    // What the trace is over is not within its limit, forgiven or not; and each limit is told once.
    let text = run(["check", LATE, "--baseline", LATE]).out;
    let told = |start: &str| -> Vec<String> {
        let line =
            text.lines().find_map(|line| line.trim().strip_prefix(start)).unwrap_or_default();
        let name = |told: &str| told.split(' ').next().unwrap_or_default().to_owned();
        line.split(", ").map(name).filter(|name| !name.is_empty()).collect()
    };
    let (within, mut forgiven) = (told("within: "), told("no worse than in the baseline: "));
    assert_eq!(whole["within"], Value::from(within.clone()), "{text}");
    forgiven.extend(within);
    forgiven.sort();
    let n_told = forgiven.len();
    forgiven.dedup();
    assert_eq!((forgiven.len(), n_told), (5, 5), "{text}");
}

#[test]
fn check_refuses_a_budget_with_a_mistake() {
    let folder = Folder::with("[default]\nlate_exit_maxx = \"1s\"\n");
    let said = folder.check(LATE, &[]);
    assert_eq!((said.status, said.out.as_str()), (2, ""), "{said:?}");
    let expected = format!(
        "overstay: {}: unknown key `late_exit_maxx` in [default]; the nearest known one is `late_exit_max`\n",
        folder.budget()
    );
    assert_eq!(said.err, expected);
    let said = run(["check", LATE, "--budget", "missing.toml"]);
    assert_eq!(said.status, 2);
    assert!(said.err.starts_with("overstay: missing.toml: no such file"), "{said:?}");
}

#[test]
fn check_speaks_to_machines() {
    let github = run(["check", DEAF, "--format", "github"]);
    assert_eq!(github.status, 1);
    assert!(github.out.lines().all(|line| line.starts_with("::")), "{github:?}");
    assert!(github.out.contains("file=traces/deaf/before/main.go,line="), "{github:?}");

    let sarif = run(["check", DEAF, "--format", "sarif"]);
    is_sarif(&serde_json::from_str(&sarif.out).expect("JSON"), "traces/deaf/before/main.go");

    let junit = run(["check", DEAF, "--format", "junit"]);
    assert!(junit.out.starts_with("<?xml"), "{junit:?}");
    assert_eq!(junit.out.matches("<testcase").count(), 5, "{junit:?}");
    assert!(junit.out.contains("failures=\"1\""), "{junit:?}");

    let fine = run(["check", PROMPT, "--format", "github"]);
    assert_eq!((fine.status, fine.out.as_str()), (0, ""));
}

/// Checks that a log has all that SARIF 2.1.0 and GitHub's code scanning ask for, and that its
/// first result is about a file.
fn is_sarif(log: &Value, file: &str) {
    let text = |value: &Value| value["text"].as_str().is_some_and(|text| !text.is_empty());
    assert_eq!(log["version"], "2.1.0");
    assert!(log["$schema"].as_str().is_some_and(|schema| schema.contains("2.1.0")), "{log}");
    let run = &log["runs"][0];
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "overstay");
    let rules = driver["rules"].as_array().expect("rules");
    for rule in rules {
        assert!(rule["id"].is_string(), "{rule}");
        for part in ["shortDescription", "fullDescription", "help"] {
            assert!(text(&rule[part]), "{part}: {rule}");
        }
    }
    let results = run["results"].as_array().expect("results");
    let place = |result: &Value| result["locations"][0]["physicalLocation"].clone();
    assert_eq!(place(&results[0])["artifactLocation"]["uri"], file);
    for result in results {
        let index = result["ruleIndex"].as_u64().expect("a rule's number");
        assert_eq!(rules[usize::try_from(index).expect("small")]["id"], result["ruleId"]);
        assert!(["error", "warning", "note"].iter().any(|level| result["level"] == *level));
        assert!(text(&result["message"]), "{result}");
        assert!(result["partialFingerprints"].as_object().is_some_and(|prints| !prints.is_empty()));
        assert!(place(result)["region"]["startLine"].as_u64().is_some_and(|line| line > 0));
        let uri = place(result)["artifactLocation"]["uri"].as_str().expect("a URI").to_owned();
        assert!(!uri.is_empty() && uri.is_ascii() && !uri.contains([' ', '\\', '#']), "{uri}");
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "tests make the files that they need")]
fn a_file_of_the_same_name_is_not_marked() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("main.go"), "package main\n").expect("a writable folder");
    let trace = root().join(DEAF);
    for form in ["github", "sarif"] {
        let args = ["check".as_ref(), trace.as_os_str(), "--format".as_ref(), form.as_ref()];
        let said = finished(program(args).current_dir(folder.path()));
        assert_eq!(said.status, 1, "{said:?}");
        assert!(said.out.contains("before/main.go"), "{said:?}");
    }
}
