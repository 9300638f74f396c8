//! What programs read: the JSON of `report` and `diff`, field for field as in the contract.
//!
//! A report is written piece by piece, so that a trace with a million hearings needs no second
//! copy in memory. A new meaning of a field needs a new [`SCHEMA`].

mod cancels;
mod groups;
mod lists;
mod rows;
mod text;
mod turns;

use std::io::{self, Write};

use super::open::Opened;
use crate::analysis::Diff;
use cancels::{CancelPen, CancelPiece};
use groups::GroupRow;
use lists::Object;
use rows::{FindingRow, Head, SummaryRow, WarningRow};

pub(super) use rows::{format_name, go_id, head};

/// The number that changes when a field changes its meaning.
pub(super) const SCHEMA: u32 = 1;

/// How many of those that one cancel reached are written by one thread at a time, at most.
const ROWS_AT_A_TIME: u32 = 256;

/// Writes the report of one trace.
///
/// # Errors
/// If `out` does not take it.
pub(super) fn write_report(out: &mut dyn Write, opened: &Opened) -> io::Result<()> {
    let document = &opened.document;
    let trace = document.trace();
    let analysis = document.analysis();
    let pieces = CancelPiece::all(analysis, ROWS_AT_A_TIME);
    let ledgers = document.ledgers();
    let mut report = Object::open(out)?;
    report.field("schema", &SCHEMA)?;
    report.field("trace", &Head::new(opened))?;
    report.list("warnings", &opened.warnings, WarningRow::new)?;
    report.heavy_list("cancels", &pieces, CancelPiece::weight, || {
        let mut pen = CancelPen::new(document, &ledgers);
        move |out, piece| pen.write(out, piece)
    })?;
    report.list("findings", analysis.findings(), |finding| FindingRow::new(trace, finding))?;
    report.field("summary", &SummaryRow::new(analysis.summary()))?;
    report.close()
}

/// Writes the comparison of two traces.
///
/// # Errors
/// If `out` does not take it.
pub(super) fn write_diff(
    out: &mut dyn Write,
    before: &Opened,
    after: &Opened,
    diff: &Diff,
) -> io::Result<()> {
    let mut comparison = Object::open(out)?;
    comparison.field("schema", &SCHEMA)?;
    comparison.field("before", &Head::new(before))?;
    comparison.field("after", &Head::new(after))?;
    comparison.list("groups", &diff.groups, GroupRow::new)?;
    comparison.field("verdict", diff.verdict.name())?;
    comparison.close()
}
