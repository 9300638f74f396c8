//! What can be saved of traces that were read. The command line knows how each form is written,
//! the window offers them, and neither names the other: this is what they agree on.

use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::analysis::Document;
use crate::base::Warning;

/// A trace that was read and analyzed.
#[derive(Clone, Debug)]
pub struct Opened {
    /// As it was named.
    pub path: PathBuf,
    /// The trace and what the analysis says of it.
    pub document: Arc<Document>,
    /// What is wrong with the file and with the trace in it.
    pub warnings: Vec<Warning>,
    /// Whether nothing is missing.
    pub complete: bool,
}

impl Opened {
    /// Leaves its memory to the system, which is quicker at taking back all of it when the program
    /// ends: piece by piece it took a fiftieth of a large report's time.
    pub fn leave(self) {
        std::mem::forget(self);
    }
}

/// Writes something to where it is to go.
pub type Writing<'a> = dyn FnMut(&mut dyn Write) -> io::Result<()> + 'a;

/// A form in which one trace, or the comparison of two, can be saved.
#[derive(Clone, Copy)]
pub struct Form {
    /// Its name, as a noun.
    pub title: &'static str,
    /// How a file's name ends that has it, without the dot.
    pub extension: &'static str,
    /// How many traces it is about: one, or two.
    pub n_traces: usize,
    /// Writes it.
    pub write: fn(&mut dyn Write, &[Opened]) -> io::Result<()>,
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Form").field(&self.title).finish()
    }
}

/// Why something was not saved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SaveError {
    /// There is a file of that name, which was not to be replaced.
    Exists,
    /// Anything else, on one line.
    Failed(String),
}

/// How to save: all forms, and the way to a file.
#[derive(Clone, Copy, Debug)]
pub struct Saving {
    /// The forms, the most useful first.
    pub forms: &'static [Form],
    /// Writes a file whole or not at all, and never one of those that were read.
    pub place: Place,
}

/// The files that were read, the one to write, whether it may replace another, and what writes it.
pub type Place = fn(&[PathBuf], &Path, bool, &mut Writing<'_>) -> Result<(), SaveError>;
