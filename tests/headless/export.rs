//! `export`, held against the report's JSON and against the tools that are meant to read it.

use std::process::Command;

use serde_json::Value;

use crate::support::{example_traces, finished, program, run, shown, skipped};

const TRACE: &str = "traces/late-exit/before.trace";

/// A field of the table as CSV has it: nothing for null.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[test]
fn the_table_says_what_the_report_says() {
    let mut n_rows = 0;
    for trace in example_traces() {
        let name = shown(&trace);
        let report = run(["report", &name, "--format", "json"]);
        let report: Value = serde_json::from_str(&report.out).expect("JSON");
        let csv = run(["export", &name, "--to", "csv"]);
        assert_eq!((csv.status, csv.err.as_str()), (0, ""), "{name}");
        let mut reader = csv::Reader::from_reader(csv.out.as_bytes());
        let names = reader.headers().expect("names").clone();
        let mut rows = reader.records().map(|row| row.expect("a row"));
        for cancel in report["cancels"].as_array().expect("a list") {
            let list = |name: &str| cancel[name].as_array().expect("a list").clone();
            for hearing in list("hearings").iter().chain(&list("deaf")) {
                let row = rows.next().expect("a row for each");
                let cell = |name: &str| {
                    let at = names.iter().position(|it| it == name).expect(name);
                    row.get(at).expect("a cell").to_owned()
                };
                assert_eq!(cell("cancel"), text(&cancel["id"]), "{name}");
                assert_eq!(cell("cause"), text(&cancel["cause"]), "{name}");
                assert_eq!(cell("site_function"), text(&cancel["site"]["function"]), "{name}");
                for same in ["goroutine", "function", "evidence", "outcome", "overstay_ns"]
                    .iter()
                    .chain(&["heard_in", "depth", "heard_ns", "end_ns"])
                {
                    assert_eq!(cell(same), text(&hearing[same]), "{name}: {same}");
                }
                let largest = &hearing["split"][0];
                assert_eq!(cell("largest_reason"), text(&largest["reason"]), "{name}");
                assert_eq!(cell("largest_ns"), text(&largest["ns"]), "{name}");
                assert_eq!(cell("largest_line"), text(&largest["site"]["line"]), "{name}");
                n_rows += 1;
            }
        }
        assert!(rows.next().is_none(), "{name}: more rows than hearings");
    }
    assert!(n_rows > 100, "{n_rows}");
}

#[test]
fn go_reads_the_profile() {
    let Ok(version) = Command::new("go").arg("version").output() else {
        return skipped("there is no `go`; nobody has looked whether it reads the profile");
    };
    assert!(version.status.success(), "{version:?}");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("late.pprof");
    let said = finished(program(["export", TRACE, "--to", "pprof", "-o"]).arg(&file));
    assert_eq!((said.status, said.err.as_str()), (0, ""), "{said:?}");
    let top = finished(Command::new("go").args(["tool", "pprof", "-top"]).arg(&file));
    assert_eq!(top.status, 0, "{top:?}");
    assert!(top.out.contains("Type: overstay"), "{top:?}");
    assert!(top.out.contains("main.readWorker"), "{top:?}");
    let counts = finished(
        Command::new("go").args(["tool", "pprof", "-top", "-sample_index=hearings"]).arg(&file),
    );
    assert!(counts.out.contains("Type: hearings"), "{counts:?}");
}

#[test]
fn every_form_goes_to_a_file_and_to_standard_output() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (form, begin) in [
        ("csv", &b"cancel,"[..]),
        ("parquet", b"PAR1"),
        ("pprof", b"\x1f\x8b"),
        ("perfetto", b"\n"),
    ] {
        let file = folder.path().join(form);
        let said = finished(program(["export", TRACE, "--to", form, "-o"]).arg(&file));
        assert_eq!((said.status, said.out.as_str(), said.err.as_str()), (0, "", ""), "{form}");
        let written = crate::support::bytes_of(&file);
        assert!(written.starts_with(begin), "{form}");
        let piped = program(["export", TRACE, "--to", form]).output().expect("it starts").stdout;
        assert!(piped == written, "{form}: standard output has something else");
    }
}

#[test]
fn what_cannot_be_exported_is_refused() {
    let cases: [(&[&str], &str); 3] = [
        (&["export", TRACE], "arguments: "),
        (&["export", TRACE, "--to", "excel"], "arguments: "),
        (&["export", "missing.trace", "--to", "csv"], "missing.trace: no such file"),
    ];
    for (args, expected) in cases {
        let said = run(args);
        assert_eq!((said.status, said.out.as_str()), (2, ""), "{said:?}");
        assert!(said.err.starts_with(&format!("overstay: {expected}")), "{said:?}");
        assert_eq!(said.err.lines().count(), 1, "{said:?}");
    }
}
