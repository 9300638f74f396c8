//! What the command line says of each example, as committed text.

use std::path::Path;

use crate::support::{example_traces, run, shown};

/// `traces/late-exit/before.go1.22.trace` → `late-exit-before-go1.22`.
fn snapshot_name(trace: &Path) -> String {
    let name = shown(trace);
    let name = name.trim_start_matches("traces/").trim_end_matches(".trace");
    name.replace('/', "-").replace(".go", "-go")
}

fn check(name: &str, text: &str) {
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn golden_reports() {
    for trace in example_traces() {
        let said = run(["report".as_ref(), Path::new(&shown(&trace)).as_os_str()]);
        assert_eq!((said.status, said.err.as_str()), (0, ""), "{}", shown(&trace));
        check(&format!("report-{}", snapshot_name(&trace)), &said.out);
    }
}

#[test]
fn golden_comparisons() {
    for before in example_traces() {
        let name = shown(&before);
        if !name.contains("/before") {
            continue;
        }
        let said = run(["diff", &name, &name.replace("/before", "/after")]);
        assert_eq!((said.status, said.err.as_str()), (0, ""), "{name}");
        check(&format!("diff-{}", snapshot_name(&before)), &said.out);
    }
}

#[test]
fn golden_forms() {
    let (before, after) = ("traces/late-exit/before.trace", "traces/late-exit/after.trace");
    for form in ["markdown", "html"] {
        let said = run(["report", before, "--format", form]);
        assert_eq!((said.status, said.err.as_str()), (0, ""), "{form}");
        check(&format!("report-{form}"), &said.out);
        let said = run(["diff", before, after, "--format", form]);
        assert_eq!((said.status, said.err.as_str()), (0, ""), "{form}");
        check(&format!("diff-{form}"), &said.out);
    }
}
