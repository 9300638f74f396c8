//! The program: arguments choose between the window and the command line.

use std::path::PathBuf;
use std::process::ExitCode;

use overstay::cli::{self, Failure, Parsed, Status};

fn main() -> ExitCode {
    cli::exit_code_of(|| match cli::parse(std::env::args_os())? {
        Parsed::Text(text) => cli::print(&text),
        Parsed::Invocation(invocation) => match &invocation.command {
            Some(command) => cli::run(command),
            None => open_window(&invocation.traces),
        },
    })
}

fn open_window(traces: &[PathBuf]) -> Result<Status, Failure> {
    cli::instead_of_window(traces, "this program was built without it")
}
