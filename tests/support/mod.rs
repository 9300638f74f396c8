//! What the tests share: where things are, and how the program is run.

pub(crate) mod corpus;

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The package's own folder.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Says that something is not checked, and why. Of a test that passes nobody sees what it prints,
/// so this goes straight to standard error.
pub(crate) fn skipped(why: &str) {
    // If nobody can be told, the rest is checked all the same.
    let _ = writeln!(std::io::stderr(), "SKIPPED: {why}");
}

/// All files below a folder of the package, by name; empty if there is no such folder.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.expect("a readable folder").path();
            if path.is_dir() {
                open.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// The Rust files below a folder of the package.
pub(crate) fn rust_files(folder: &str) -> Vec<PathBuf> {
    let mut files = files_below(&root().join(folder));
    files.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    files
}

/// A path as the package's own files name each other: relative, with `/`.
pub(crate) fn shown(path: &Path) -> String {
    let relative = path.strip_prefix(root()).unwrap_or(path);
    relative.display().to_string().replace('\\', "/")
}

/// The bytes of a file of the package.
#[expect(clippy::disallowed_methods, reason = "tests read the files that they look at")]
pub(crate) fn bytes_of(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|err| panic!("{}: {err}", shown(path)))
}

/// The text of a file of the package.
pub(crate) fn text_of(path: &Path) -> String {
    String::from_utf8(bytes_of(path)).unwrap_or_else(|err| panic!("{}: {err}", shown(path)))
}

/// What a run of the program said.
#[derive(Debug)]
pub(crate) struct Said {
    /// The exit status; -1 if a signal ended it.
    pub(crate) status: i32,
    /// Standard output.
    pub(crate) out: String,
    /// Standard error.
    pub(crate) err: String,
}

/// The program, with arguments, in an environment without colors and without a display.
pub(crate) fn program<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_overstay"));
    command.args(args).current_dir(root()).stdin(Stdio::null());
    for variable in
        ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET", "CLICOLOR_FORCE", "RUST_BACKTRACE"]
    {
        command.env_remove(variable);
    }
    command
}

/// Runs the program to its end.
pub(crate) fn run<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Said {
    finished(&mut program(args))
}

/// Runs a prepared command to its end.
pub(crate) fn finished(command: &mut Command) -> Said {
    let output = command.output().expect("the program starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Said {
        status: output.status.code().unwrap_or(-1),
        out: text(&output.stdout),
        err: text(&output.stderr),
    }
}

/// The traces of the examples, by name.
pub(crate) fn example_traces() -> Vec<PathBuf> {
    let mut traces = files_below(&root().join("traces"));
    traces.retain(|path| path.extension().is_some_and(|extension| extension == "trace"));
    traces
}
