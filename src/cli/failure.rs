//! Why a command could not do what it was asked to, on one line.

use std::fmt;
use std::io;
use std::path::Path;

use crate::load::{FetchError, LoadError, reason};

/// What could not be done, and why. Shown as `overstay: <what>: <why>`, with exit status 2.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    text: String,
    /// Whoever read the output has stopped reading: no reason to complain.
    quiet: bool,
}

impl Failure {
    /// A failure about `what`: a file's name, or the part of the command line.
    #[must_use]
    pub fn new(what: impl Into<String>, why: impl fmt::Display) -> Self {
        Self { text: format!("{}: {why}", what.into()), quiet: false }
    }

    /// A failure whose text says already what and why: `a.trace: not a trace`.
    #[must_use]
    pub fn said(text: impl fmt::Display) -> Self {
        Self { text: text.to_string(), quiet: false }
    }

    /// A failure about a file, `-` being standard input.
    #[must_use]
    pub fn of_file(path: &Path, why: impl fmt::Display) -> Self {
        Self::new(file_name(path), why)
    }

    /// A failure to write to `what`. A pipe that was closed at its other end is none to speak of.
    #[must_use]
    pub fn of_output(what: impl Into<String>, err: &io::Error) -> Self {
        let quiet = err.kind() == io::ErrorKind::BrokenPipe;
        Self { quiet, ..Self::new(what, format!("cannot write: {}", reason(err))) }
    }

    /// A failure to read a file.
    #[must_use]
    pub fn of_reading(path: &Path, err: &io::Error) -> Self {
        Self::of_file(path, reason(err))
    }

    /// The same failure, and what is done about it.
    #[must_use]
    pub fn and(self, what: impl fmt::Display) -> Self {
        Self { text: format!("{}; {what}", self.text), ..self }
    }

    /// Whether it is only that nobody reads the output any more (`overstay … | head`).
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }
}

impl From<LoadError> for Failure {
    /// The error's text names the file itself.
    fn from(err: LoadError) -> Self {
        Self::said(err)
    }
}

impl From<FetchError> for Failure {
    /// The error's text names the host itself.
    fn from(err: FetchError) -> Self {
        Self::said(err)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Names of files and messages of the system can hold line breaks; an error is one line.
        f.write_str(&self.text.replace(char::is_control, " "))
    }
}

/// How a path is named to people: as it was given, `-` being standard input.
#[must_use]
pub(super) fn file_name(path: &Path) -> String {
    if path.as_os_str() == "-" { "standard input".to_owned() } else { path.display().to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_one_line_that_names_the_file() {
        let err = io::Error::from_raw_os_error(2);
        let failure = Failure::of_file(Path::new("a\nb.trace"), reason(&err));
        assert_eq!(failure.to_string(), "a b.trace: no such file or directory");
        assert_eq!(Failure::of_file(Path::new("-"), "x").to_string(), "standard input: x");
    }

    #[test]
    fn a_closed_pipe_is_quiet() {
        let closed = io::Error::from(io::ErrorKind::BrokenPipe);
        assert!(Failure::of_output("standard output", &closed).is_quiet());
        let full = io::Error::from(io::ErrorKind::StorageFull);
        assert!(!Failure::of_output("standard output", &full).is_quiet());
    }
}
