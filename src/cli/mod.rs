//! The subcommands: arguments in, text and JSON out.
//!
//! Everything a command says comes from `analysis`; this room only words it. A failure is one
//! line on standard error and exit status 2, whatever happens: see [`exit_code_of`].

mod args;
mod check;
mod comparison;
mod dump;
mod export;
mod failure;
mod html;
mod ink;
mod json;
mod markdown;
mod open;
mod output;
mod overall;
mod phrases;
mod record;
mod saving;
mod summary;
mod text;
mod told;

use std::io::{self, Write};
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

pub use args::{Command, Parsed, ReadArgs, parse};
#[cfg(feature = "gui")]
pub use args::{RenderArgs, Theme, View};
pub use dump::write_summary;
pub use failure::Failure;
pub use open::tell;
pub use output::{write_sparing, write_to};
pub use saving::SAVING;

use args::{DiffArgs, FailOn, LateArgs, ReportFormat};
use output::{spare, stdout_has_color, write_or_let_go};
use told::Told;

use crate::analysis::{self, Verdict};

/// How a command that could do its work ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// Nothing to complain about.
    Fine,
    /// The work is done, and what was asked to be watched is worse or over its budget.
    Worse,
}

/// Runs the program's work and turns its result into an exit status: 0 fine, 1 worse than asked
/// for, 2 could not do it. A failure is said on one line; a panic, which is a defect, too.
pub fn exit_code_of(work: impl FnOnce() -> Result<Status, Failure>) -> ExitCode {
    panic::set_hook(Box::new(|info| {
        let message = info.payload_as_str().unwrap_or("no message").replace('\n', " ");
        let place = info.location().map(|at| format!(" ({}:{})", at.file(), at.line()));
        complain(&format!("internal error: {message}{}", place.unwrap_or_default()));
    }));
    match panic::catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(Status::Fine)) => ExitCode::SUCCESS,
        Ok(Ok(Status::Worse)) => ExitCode::from(1),
        Ok(Err(failure)) if failure.is_quiet() => ExitCode::SUCCESS,
        Ok(Err(failure)) => {
            complain(&failure);
            ExitCode::from(2)
        }
        Err(_) => ExitCode::from(2),
    }
}

/// Runs a command that needs no window.
///
/// # Errors
/// If it cannot do what it was asked to.
pub fn run(command: &Command) -> Result<Status, Failure> {
    match command {
        Command::Report(args) => {
            report(&args.trace, args.format, args.late, args.read, args.output.as_deref())
        }
        Command::Diff(args) => diff(args),
        Command::Check(args) => check::run(args),
        Command::Dump(args) => dump::run(args),
        Command::Record(args) => record::run(args),
        Command::Export(args) => export::run(args),
    }
}

/// What is done when there is no display: the report of one trace, or the comparison of two.
///
/// # Errors
/// If no trace is named, or it cannot be read.
pub fn instead_of_window(traces: &[PathBuf], why: &str) -> Result<Status, Failure> {
    let read = ReadArgs::default();
    let format = ReportFormat::Text;
    match traces {
        [] => Err(Failure::new("no window", format!("{why}; name a trace to get its report"))),
        [trace] => {
            complain(&format!("no window: {why}; printing the report instead"));
            report(trace, format, LateArgs::default(), read, None)
        }
        [before, after, ..] => {
            complain(&format!("no window: {why}; printing the comparison instead"));
            let (before, after) = (before.clone(), after.clone());
            diff(&DiffArgs { before, after, format, fail_on: None, output: None, read })
        }
    }
}

fn report(
    path: &Path,
    format: ReportFormat,
    late: LateArgs,
    read: ReadArgs,
    output: Option<&Path>,
) -> Result<Status, Failure> {
    spare(&[path], output)?;
    let opened = open::open(path, late.rules(), read)?;
    write_to(output, |out| match format {
        ReportFormat::Text => text::write(out, stdout_has_color(output), &Told::new(&opened)),
        ReportFormat::Markdown => markdown::write_report(out, &Told::new(&opened)),
        ReportFormat::Html => html::write_report(out, &Told::new(&opened)),
        ReportFormat::Json => json::write_report(out, &opened),
    })?;
    opened.leave();
    Ok(Status::Fine)
}

fn diff(args: &DiffArgs) -> Result<Status, Failure> {
    let DiffArgs { before, after, format, fail_on, output, read } = args;
    let rules = LateArgs::default().rules();
    spare(&[before, after], output.as_deref())?;
    let before = open::open(before, rules.clone(), *read)?;
    let after = open::open(after, rules, *read)?;
    let diff = analysis::diff(&before.document, &after.document);
    let output = output.as_deref();
    write_or_let_go(output, |out| match format {
        ReportFormat::Text => {
            comparison::write(out, stdout_has_color(output), &before, &after, &diff)
        }
        ReportFormat::Markdown => markdown::write_diff(out, &before, &after, &diff),
        ReportFormat::Html => html::write_diff(out, &before, &after, &diff),
        ReportFormat::Json => json::write_diff(out, &before, &after, &diff),
    })?;
    before.leave();
    after.leave();
    let failed = match fail_on {
        Some(FailOn::Worse) => diff.verdict == Verdict::Worse,
        None => false,
    };
    Ok(if failed { Status::Worse } else { Status::Fine })
}

/// Writes a text that was asked for: the help or the version.
///
/// # Errors
/// If standard output does not take it.
pub fn print(text: &clap::builder::StyledStr) -> Result<Status, Failure> {
    write_to(None, |out| {
        if stdout_has_color(None) { write!(out, "{}", text.ansi()) } else { write!(out, "{text}") }
    })?;
    Ok(Status::Fine)
}

/// Says something on standard error, on one line. If that is closed there is nobody to tell.
fn complain(what: &impl std::fmt::Display) {
    let _ = writeln!(io::stderr(), "overstay: {what}");
}
