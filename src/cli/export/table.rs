//! The table: a row for each goroutine that heard a cancel or was deaf to one, in the report's
//! order and with the names of its JSON.

use std::io::{self, Write};

use crate::analysis::{Accountant, Cancel, Document, Doing, Hearing, SplitPart};
use crate::base::Time;
use crate::cli::json::go_id;
use crate::cli::phrases::Phrases;
use crate::model::{Frame, Trace};

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// A whole number.
    Int,
    /// True or false.
    Bool,
    /// A text.
    Text,
}

use Kind::{Bool, Int, Text};

/// How many columns there are.
pub(super) const N: usize = 31;

/// The columns, in order. All can be empty.
pub(super) const COLUMNS: [(&str, Kind); N] = [
    ("cancel", Int),
    ("cancel_at_ns", Int),
    ("cause", Text),
    ("site_function", Text),
    ("site_file", Text),
    ("site_line", Int),
    ("goroutine", Int),
    ("function", Text),
    ("deaf", Bool),
    ("evidence", Text),
    ("heard_in", Text),
    ("depth", Int),
    ("heard_ns", Int),
    ("end_ns", Int),
    ("outcome", Text),
    ("overstay_ns", Int),
    ("running_ns", Int),
    ("runnable_ns", Int),
    ("waiting_ns", Int),
    ("syscall_ns", Int),
    ("gc_assist_ns", Int),
    ("unborn_ns", Int),
    ("unknown_ns", Int),
    ("largest_state", Text),
    ("largest_reason", Text),
    ("largest_ns", Int),
    ("largest_function", Text),
    ("largest_file", Text),
    ("largest_line", Int),
    ("held_by_goroutine", Int),
    ("held_by", Text),
];

/// The states of a split, in the order of their columns.
const STATES: [Doing; 7] = [
    Doing::Running,
    Doing::Runnable,
    Doing::Waiting,
    Doing::Syscall,
    Doing::GcAssist,
    Doing::Unborn,
    Doing::Unknown,
];

/// What stands in one place of the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Cell<'r> {
    /// Nothing.
    Null,
    /// A whole number.
    Int(i64),
    /// True or false.
    Bool(bool),
    /// A text.
    Text(&'r str),
}

impl From<Option<i64>> for Cell<'_> {
    fn from(value: Option<i64>) -> Self {
        value.map_or(Self::Null, Self::Int)
    }
}

/// Makes the rows one by one.
///
/// # Errors
/// If `put` does not take one.
pub(super) fn each_row(
    document: &Document,
    mut put: impl FnMut(&[Cell<'_>; N]) -> io::Result<()>,
) -> io::Result<()> {
    let analysis = document.analysis();
    let ledgers = document.ledgers();
    let mut maker = Maker {
        document,
        accountant: document.accountant(&ledgers),
        phrases: Phrases::new(document.trace()),
        held_by: String::new(),
    };
    for cancel in analysis.cancels() {
        for hearing in analysis.heard(cancel).iter().chain(analysis.deaf(cancel)) {
            put(&maker.row(cancel, hearing))?;
        }
    }
    Ok(())
}

/// Writes the table as CSV: a line of names, then a line for each row; what is not known is empty.
///
/// # Errors
/// If `out` does not take it.
pub(super) fn write_csv(out: &mut dyn Write, document: &Document) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(COLUMNS.map(|(name, _)| name))?;
    let mut digits = itoa::Buffer::new();
    each_row(document, |row| {
        for cell in row {
            writer.write_field(match *cell {
                Cell::Null => "",
                Cell::Int(value) => digits.format(value),
                Cell::Bool(true) => "true",
                Cell::Bool(false) => "false",
                Cell::Text(text) => text,
            })?;
        }
        Ok(writer.write_record(None::<&[u8]>)?)
    })?;
    writer.flush()
}

/// Makes rows, keeping its memory from one to the next.
struct Maker<'a> {
    document: &'a Document,
    accountant: Accountant<'a>,
    phrases: Phrases<'a>,
    held_by: String,
}

impl Maker<'_> {
    fn row(&mut self, cancel: &Cancel, hearing: &Hearing) -> [Cell<'_>; N] {
        let trace = self.document.trace();
        let heard = |cell| if hearing.deaf { Cell::Null } else { cell };
        let [site_function, site_file, site_line] = site(trace, cancel.site);
        let account = self.accountant.account(hearing);
        let split: Vec<_> = account.parts().collect();
        let largest = split.first();
        let [largest_function, largest_file, largest_line] =
            site(trace, largest.and_then(|part| part.site));
        let other = account.held_up_by(hearing.goroutine);
        self.held_by.clear();
        self.phrases.push_held(&mut self.held_by, largest, other.as_ref());
        let [running, runnable, waiting, syscall, gc_assist, unborn, unknown] =
            STATES.map(|state| Cell::Int(ns_in(&split, state)));
        [
            Cell::Int(i64::from(cancel.id)),
            Cell::Int(cancel.at.ns()),
            Cell::Text(cancel.cause.name()),
            site_function,
            site_file,
            site_line,
            Cell::Int(go_id(trace, hearing.goroutine)),
            Cell::Text(trace.string(hearing.function)),
            Cell::Bool(hearing.deaf),
            Cell::Text(hearing.evidence.name()),
            heard(Cell::Text(hearing.heard_in.name())),
            heard(Cell::Int(i64::from(hearing.depth))),
            heard(Cell::Int(hearing.heard_at.ns())),
            Cell::from(hearing.end.time().map(Time::ns)),
            Cell::Text(hearing.outcome.name()),
            Cell::Int(hearing.overstay_ns),
            running,
            runnable,
            waiting,
            syscall,
            gc_assist,
            unborn,
            unknown,
            largest.map_or(Cell::Null, |part| Cell::Text(part.state.name())),
            largest.map_or(Cell::Null, |part| Cell::Text(trace.string(part.reason))),
            Cell::from(largest.map(|part| part.ns)),
            largest_function,
            largest_file,
            largest_line,
            Cell::from(other.map(|link| go_id(trace, link.goroutine))),
            if self.held_by.is_empty() { Cell::Null } else { Cell::Text(&self.held_by) },
        ]
    }
}

/// How long a split has of one state.
fn ns_in(split: &[SplitPart], state: Doing) -> i64 {
    split.iter().filter(|part| part.state == state).map(|part| part.ns).sum()
}

/// A line of code as three columns.
fn site(trace: &Trace, frame: Option<Frame>) -> [Cell<'_>; 3] {
    frame.map_or([Cell::Null; 3], |frame| {
        let text = |row| Cell::Text(trace.string(row));
        [text(frame.function), text(frame.file), Cell::Int(i64::from(frame.line))]
    })
}

#[cfg(test)]
mod tests;
