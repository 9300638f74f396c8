//! `export`: what was found in a trace, for other tools. Everything is written as it is made,
//! so that a trace with a million hearings needs no second copy in memory.

mod lanes;
mod parquet;
mod perfetto;
mod pprof;
mod table;

use std::io::{self, IsTerminal, Write};

use super::Status;
use super::args::{ExportArgs, ExportForm, LateArgs};
use super::failure::Failure;
use super::open::open;
use super::output::{spare, write_to};
use crate::analysis::Document;

/// Runs `overstay export`.
pub(super) fn run(args: &ExportArgs) -> Result<Status, Failure> {
    let output = args.output.as_deref();
    if output.is_none() && args.to.is_binary() && io::stdout().is_terminal() {
        let why = "this form is not for a terminal; name a file with -o FILE";
        return Err(Failure::new("standard output", why));
    }
    spare(&[&args.trace], output)?;
    let opened = open(&args.trace, LateArgs::default().rules(), args.read)?;
    write_to(output, |out| write(args.to, out, &opened.document))?;
    Ok(Status::Fine)
}

/// Writes one form.
///
/// # Errors
/// If `out` does not take it.
pub(super) fn write(
    form: ExportForm,
    out: &mut dyn Write,
    document: &Document,
) -> Result<(), io::Error> {
    match form {
        ExportForm::Perfetto => perfetto::write(out, document),
        ExportForm::Csv => table::write_csv(out, document),
        ExportForm::Parquet => parquet::write(out, document),
        ExportForm::Pprof => pprof::write(out, document),
    }
}

#[cfg(test)]
mod tests;
