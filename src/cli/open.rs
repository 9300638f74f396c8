//! Traces in: read, analyzed, and what is wrong with them said on standard error.

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use super::args::ReadArgs;
use super::complain;
use super::failure::{Failure, file_name};
use super::ink::safe;
use crate::analysis::{Document, Rules};
use crate::base::{Progress, Warning};
pub(super) use crate::load::Opened;
use crate::load::{Input, read_input};
use crate::model::build_from;
use crate::parse::error::ParseError;

/// Work that takes less is not worth a line.
const SHOWN_AFTER: Duration = Duration::from_millis(700);
/// How often the line is written anew.
const SHOWN_EVERY: Duration = Duration::from_millis(100);
/// How many warnings of one trace are said one by one.
const WARNINGS_SHOWN: usize = 5;

/// The bytes of a trace, decompressed, and what is wrong with them.
pub(super) fn input(path: &Path) -> Result<Input, Failure> {
    Ok(read_input(path, &Progress::default())?)
}

/// Reads and analyzes a trace. Damage is said, or refused if the arguments are strict.
pub(super) fn open(path: &Path, rules: Rules, read: ReadArgs) -> Result<Opened, Failure> {
    let input = input(path)?;
    let progress = Progress::default();
    let done = |range| input.bytes.give_back(range);
    let name = safe(&file_name(path)).into_owned();
    let line = || format!("reading {name}: {:.0} %", progress.fraction() * 100.0);
    let trace = showing(&line, || build_from(&input.bytes, &done, &progress));
    let trace = trace.map_err(|err| refuse(path, &err))?;
    let complete = trace.info().complete && input.warnings.is_empty();
    let warnings = [&input.warnings, trace.warnings()].concat();
    tell(path, &warnings, complete, read)?;
    let document = Arc::new(Document::new(trace, rules));
    Ok(Opened { path: path.to_owned(), document, warnings, complete })
}

/// Does long work and shows on a terminal how far it has come, once it takes a while; `line`
/// says it.
pub(super) fn showing<T>(line: &(impl Fn() -> String + Sync), work: impl FnOnce() -> T) -> T {
    if !io::stderr().is_terminal() {
        return work();
    }
    thread::scope(|scope| {
        let (done, waiting) = sync_channel::<()>(1);
        let shown = thread::Builder::new()
            .name("progress".to_owned())
            .spawn_scoped(scope, move || show(line, &waiting));
        let result = work();
        drop(done);
        // Without the thread nothing is shown, and that is all.
        let _ = shown.map(thread::ScopedJoinHandle::join);
        result
    })
}

/// Shows how far it has come until the other end of the channel is gone.
fn show(line: &impl Fn() -> String, waiting: &Receiver<()>) {
    let mut pause = SHOWN_AFTER;
    let mut shown = false;
    while let Err(RecvTimeoutError::Timeout) = waiting.recv_timeout(pause) {
        let _ = write!(io::stderr(), "\r\x1b[K{}", line());
        shown = true;
        pause = SHOWN_EVERY;
    }
    if shown {
        let _ = write!(io::stderr(), "\r\x1b[K");
    }
}

/// Says what is wrong with a trace that could be read in part.
///
/// # Errors
/// If that is not good enough.
pub fn tell(
    path: &Path,
    warnings: &[Warning],
    complete: bool,
    read: ReadArgs,
) -> Result<(), Failure> {
    if read.strict && !complete {
        let why = Warning::first_damage(warnings).map_or_else(
            || "the trace is not complete".to_owned(),
            |warning| format!("damaged: {warning}"),
        );
        return Err(Failure::of_file(path, why));
    }
    for warning in warnings.iter().take(WARNINGS_SHOWN) {
        complain(&Failure::of_file(path, format!("warning: {warning}")));
    }
    let left = warnings.len().saturating_sub(WARNINGS_SHOWN);
    if left > 0 {
        complain(&format!("{}: warning: and {left} more", file_name(path)));
    }
    Ok(())
}

/// Why a file is no trace that can be read.
pub(super) fn refuse(path: &Path, err: &ParseError) -> Failure {
    Failure::of_file(path, err)
}
