//! What cannot be done is said on one line, with the file's name, and never by a panic.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::support::{Said, bytes_of, finished, program, root, run};

const TRACE: &str = "traces/late-exit/before.trace";
const OTHER: &str = "traces/late-exit/after.trace";

/// A folder with files that are no good.
struct Bad(tempfile::TempDir);

impl Bad {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    #[expect(clippy::disallowed_methods, reason = "tests make the files that they need")]
    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).expect("a writable folder");
        path
    }

    /// The first part of a trace.
    fn cut(&self, name: &str, trace: &str, percent: usize) -> PathBuf {
        let bytes = bytes_of(&root().join(trace));
        self.file(name, &bytes[..bytes.len() * percent / 100])
    }
}

/// The failure's line, after checking that there is one and nothing else.
#[track_caller]
fn refused<'a>(said: &'a Said, path: &Path) -> &'a str {
    assert_eq!(said.status, 2, "{said:?}");
    let line = said.err.strip_suffix('\n').unwrap_or_else(|| panic!("{said:?}"));
    assert!(!line.contains('\n'), "more than one line: {said:?}");
    let name = path.display().to_string();
    let why = line.strip_prefix(&format!("overstay: {name}: "));
    why.unwrap_or_else(|| panic!("`{line}` does not name {name}"))
}

/// Every command that reads the trace at `path`.
fn commands(path: &Path) -> Vec<Vec<String>> {
    let path = path.display().to_string();
    let commands: [&[&str]; 9] = [
        &["report", &path],
        &["report", &path, "--format", "json"],
        &["dump", &path],
        &["dump", "--summary", &path],
        &["export", &path, "--to", "csv"],
        &["export", &path, "--to", "perfetto"],
        &["diff", &path, TRACE],
        &["diff", TRACE, &path],
        &["diff", &path, &path, "--format", "json"],
    ];
    commands.iter().map(|args| args.iter().map(ToString::to_string).collect()).collect()
}

#[test]
fn what_is_no_trace_is_refused_by_name() {
    let bad = Bad::new();
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0";
    let cases = [
        (bad.file("empty.trace", b""), "empty"),
        (bad.file("picture.trace", png), "PNG"),
        (
            bad.file("notes.txt", b"these are not the events you are looking for\n"),
            "not a Go execution trace",
        ),
        (bad.file("short.trace", b"go 1.2"), "not a Go execution trace"),
        (bad.file("old.trace", b"go 1.10 trace\0\0\0"), "1.10"),
        (bad.0.path().to_owned(), "directory"),
        (bad.0.path().join("missing.trace"), "no such file"),
    ];
    for (path, expected) in cases {
        for args in commands(&path) {
            let said = run(&args);
            let why = refused(&said, &path);
            assert!(why.contains(expected), "{args:?}: `{why}` does not say `{expected}`");
        }
    }
}

#[cfg(unix)]
#[test]
fn an_unreadable_file_is_refused_by_name() {
    use std::os::unix::fs::PermissionsExt;
    let bad = Bad::new();
    let path = bad.cut("secret.trace", TRACE, 100);
    let closed = std::fs::Permissions::from_mode(0o000);
    std::fs::set_permissions(&path, closed).expect("the file is ours");
    let said = run(["report".as_ref(), path.as_os_str()]);
    // Whoever may read everything reads this too.
    if said.status != 0 {
        assert!(refused(&said, &path).contains("permission denied"), "{said:?}");
    }
}

#[test]
fn a_trace_that_was_cut_opens_in_part_with_a_warning() {
    let bad = Bad::new();
    for trace in
        [TRACE, "traces/healthy-server/healthy-server.trace", "traces/deaf/before.go1.22.trace"]
    {
        let path = bad.cut("cut.trace", trace, 60);
        let name = path.display().to_string();
        let said = run(["report", &name]);
        assert_eq!(said.status, 0, "{said:?}");
        assert!(said.err.starts_with(&format!("overstay: {name}: warning: ")), "{said:?}");
        assert!(said.err.contains("at byte "), "{said:?}");
        assert!(said.out.contains("incomplete"), "{said:?}");

        let json = run(["report", &name, "--format", "json"]);
        let report: serde_json::Value = serde_json::from_str(&json.out).expect("JSON");
        assert_eq!(report["trace"]["complete"], false);
        assert!(report["warnings"][0]["offset"].as_u64().is_some_and(|offset| offset > 0));

        let strict = run(["report", "--strict", &name]);
        assert_eq!(strict.out, "", "nothing is said of what is not good enough");
        assert!(refused(&strict, &path).contains("at byte "), "{strict:?}");
    }
}

#[test]
fn of_a_format_that_is_not_known_what_is_damaged_is_told_as_that() {
    const NOTICE: &str = "the format go 1.28 is not known";
    let bad = Bad::new();
    let mut bytes = bytes_of(&root().join(TRACE));
    bytes[..13].copy_from_slice(b"go 1.28 trace");
    let whole = bad.file("whole.trace", &bytes);
    let said = run(["report".as_ref(), "--strict".as_ref(), whole.as_os_str()]);
    assert!(said.status == 0 && said.err.contains(NOTICE), "{said:?}");

    let path = bad.file("cut.trace", &bytes[..bytes.len() / 2]);
    let strict = run(["report".as_ref(), "--strict".as_ref(), path.as_os_str()]);
    let why = refused(&strict, &path);
    assert!(why.contains("damaged: ") && !why.contains("at byte 0"), "{why}");
    let dump = run(["dump".as_ref(), path.as_os_str()]);
    let last = dump.out.lines().last().unwrap_or_default();
    assert!(last.contains("at byte ") && !last.contains(NOTICE), "{last}");
    assert!(dump.err.contains(NOTICE), "{dump:?}");
    let json = run(["report".as_ref(), path.as_os_str(), "--format".as_ref(), "json".as_ref()]);
    let report: serde_json::Value = serde_json::from_str(&json.out).expect("JSON");
    let first = report["warnings"][0]["message"].as_str().unwrap_or_default();
    assert!(first.contains(NOTICE), "{first}");
}

#[test]
fn of_cancels_in_what_is_missing_nothing_is_claimed() {
    let bad = Bad::new();
    let bytes = bytes_of(&root().join(TRACE));
    let path = bad.file("cut.trace", &bytes[..4_000]);
    for form in ["text", "markdown", "html"] {
        let said = run(["report".as_ref(), path.as_os_str(), "--format".as_ref(), form.as_ref()]);
        assert_eq!(said.status, 0, "{said:?}");
        assert!(said.out.contains("in what is there of the trace. Cancels in what is missing"));
        assert!(!said.out.contains("so there is nobody to leave late"), "{said:?}");
    }
}

#[test]
fn times_in_ticks_are_not_passed_off_as_nanoseconds() {
    let bad = Bad::new();
    let path = bad.cut("cut.trace", "traces/late-exit/before.go1.21.trace", 50);
    let said = run(["report".as_ref(), path.as_os_str()]);
    assert_eq!(said.status, 0, "{said:?}");
    assert!(said.out.contains("times are in ticks"), "{said:?}");
    assert!(said.err.contains("the frequency of the clock is missing"), "{said:?}");
}

#[test]
fn arguments_that_make_no_sense_are_refused() {
    let cases: [&[&str]; 9] = [
        &["report"],
        &["report", TRACE, "--format", "xml"],
        &["report", TRACE, "--late-over", "soon"],
        &["report", TRACE, "--late-over", "-5ms"],
        &["report", TRACE, OTHER],
        &["diff", TRACE],
        &["diff", TRACE, OTHER, "--fail-on", "better"],
        &["dump", "--sumary", TRACE],
        &["--nonsense"],
    ];
    for args in cases {
        let said = run(args);
        assert_eq!(said.status, 2, "{args:?}: {said:?}");
        assert_eq!(said.out, "", "{args:?}: {said:?}");
        assert!(said.err.starts_with("overstay: arguments: "), "{args:?}: {said:?}");
        assert_eq!(said.err.lines().count(), 1, "{args:?}: {said:?}");
    }
}

#[test]
fn help_goes_to_standard_output() {
    for args in [&["--help"][..], &["help", "report"], &["diff", "--help"], &["--version"]] {
        let said = run(args);
        assert_eq!((said.status, said.err.as_str()), (0, ""), "{args:?}");
        assert!(said.out.contains("overstay") || said.out.contains("Usage"), "{args:?}");
    }
}

#[test]
fn without_a_display_the_report_comes_instead() {
    let said = run([TRACE]);
    assert_eq!(said.status, 0, "{said:?}");
    assert!(said.err.starts_with("overstay: no window: "), "{said:?}");
    assert_eq!(said.err.lines().count(), 1, "{said:?}");
    assert_eq!(said.out, run(["report", TRACE]).out);

    let two = run([TRACE, OTHER]);
    assert_eq!(two.status, 0, "{two:?}");
    assert_eq!(two.out, run(["diff", TRACE, OTHER]).out);

    let none = run::<&str>([]);
    assert_eq!(none.status, 2, "{none:?}");
    assert_eq!(none.err.lines().count(), 1, "{none:?}");

    let missing = run(["missing.trace"]);
    assert_eq!(missing.status, 2, "{missing:?}");
    assert!(missing.err.contains("missing.trace: no such file"), "{missing:?}");
}

#[test]
fn a_trace_comes_through_standard_input_too() {
    let mut child = program(["report", "-", "--format", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let bytes = bytes_of(&root().join(TRACE));
    child.stdin.take().expect("a pipe").write_all(&bytes).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success());
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["trace"]["path"], "-");
    assert_eq!(report["trace"]["bytes"], bytes.len());
}

#[test]
fn nobody_is_told_that_nobody_reads() {
    let mut child = program(["dump", "traces/healthy-server/healthy-server.trace"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut first = [0; 10];
    child.stdout.take().expect("a pipe").read_exact(&mut first).expect("it writes");
    assert_eq!(&first, b"#tracedump");
    // The pipe is closed now.
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn a_file_that_cannot_be_written_is_named() {
    let said = run(["report", TRACE, "-o", "missing-folder/report.txt"]);
    assert_eq!(said.status, 2, "{said:?}");
    assert!(
        said.err.starts_with("overstay: missing-folder/report.txt: cannot write: "),
        "{said:?}"
    );
}

#[test]
fn colors_are_for_terminals_and_those_who_ask() {
    assert!(!run(["report", TRACE]).out.contains('\x1b'));
    let forced = finished(program(["report", TRACE]).env("CLICOLOR_FORCE", "1"));
    assert!(forced.out.contains('\x1b'));
    let refused =
        finished(program(["report", TRACE]).env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1"));
    assert!(!refused.out.contains('\x1b'));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "tests make the files that they look at")]
fn nothing_that_is_read_is_written_over() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let (trace, baseline, budget) = (path("a.trace"), path("b.trace"), path("o.toml"));
    for copy in [&trace, &baseline] {
        std::fs::copy("traces/deaf/before.trace", copy).expect("copied");
    }
    std::fs::write(&budget, "[default]\ndeaf = 0\n").expect("written");
    let check = ["check", &trace, "--baseline", &baseline, "--budget", &budget, "-o"];
    let report = ["report", trace.as_str(), "-o"];
    let mut writers: Vec<(&[&str], &str)> = vec![(&report, &trace)];
    writers.extend([&trace, &baseline, &budget].map(|input| (&check[..], input.as_str())));
    let render = ["render", trace.as_str(), "-o"];
    if cfg!(feature = "gui") {
        writers.push((&render, &trace));
    }
    for (args, output) in writers {
        let was = std::fs::read(output).expect("read");
        let said = run([args, &[output]].concat());
        assert_eq!(said.status, 2, "{args:?} {said:?}");
        assert!(said.err.contains("name another file"), "{said:?}");
        assert_eq!(std::fs::read(output).expect("read"), was, "{args:?}");
    }
}
