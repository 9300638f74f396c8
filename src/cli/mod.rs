//! The subcommands: arguments in, text and JSON out.
//!
//! Everything a command says comes from `analysis`; this room only words it. A failure is one
//! line on standard error and exit status 2, whatever happens: see [`exit_code_of`].

mod args;
mod comparison;
mod failure;
mod ink;
mod json;
mod output;
mod report;

use std::io::{self, Write};
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;

pub use args::{Command, Invocation, Parsed, parse};
#[cfg(feature = "gui")]
pub use args::{RenderArgs, Theme, View};
pub use failure::Failure;

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

/// Says something on standard error, on one line. If that is closed there is nobody to tell.
fn complain(what: &impl std::fmt::Display) {
    let _ = writeln!(io::stderr(), "overstay: {what}");
}
