//! `dump`: every event as a line of text, or all of them counted.

use std::io::{self, Write};

use super::Status;
use super::args::DumpArgs;
use super::failure::Failure;
use super::open::{input, refuse, tell};
use super::output::write_to;
use super::summary::Summary;
use crate::base::{Progress, Warning};
use crate::parse::error::ParseError;
use crate::parse::text::{TextSink, write_head, write_tail};
use crate::parse::{Parsed, header_minor, parse};

/// Runs `overstay dump`.
pub(super) fn run(args: &DumpArgs) -> Result<Status, Failure> {
    let input = input(&args.trace)?;
    let parsed = write_to(None, |out| {
        if args.summary {
            write_summary(&input.bytes, out)
        } else {
            write_events(&input.bytes, out)
        }
    })?;
    let parsed = parsed.map_err(|err| refuse(&args.trace, &err))?;
    let complete = parsed.complete && !parsed.has_gaps && input.warnings.is_empty();
    let warnings = [input.warnings, parsed.warnings].concat();
    tell(&args.trace, &warnings, complete, args.read)?;
    Ok(Status::Fine)
}

fn write_events(bytes: &[u8], out: &mut dyn Write) -> io::Result<Result<Parsed, ParseError>> {
    let progress = Progress::default();
    let mut out = Stopping { out, progress: progress.clone() };
    write_head(&mut out, header_minor(bytes).unwrap_or(0))?;
    let mut sink = TextSink::new(out);
    let parsed = parse(bytes, &mut sink, &progress);
    let (mut out, count) = sink.finish()?;
    write_tail(&mut out, count, why_it_ended(&parsed).as_deref())?;
    Ok(parsed)
}

/// Writes a summary of all events of a trace, in the corpus's form.
///
/// # Errors
/// If `out` does not take it; inside, if the trace cannot be read.
pub fn write_summary(bytes: &[u8], out: &mut dyn Write) -> io::Result<Result<Parsed, ParseError>> {
    let mut summary = Summary::new();
    let parsed = parse(bytes, &mut summary, &Progress::default());
    let minor = header_minor(bytes).unwrap_or(0);
    summary.write(out, minor, why_it_ended(&parsed).as_deref())?;
    Ok(parsed)
}

/// The error that a dump's last line gives, if the trace was not read to its end.
fn why_it_ended(parsed: &Result<Parsed, ParseError>) -> Option<String> {
    match parsed {
        Err(err) => Some(err.to_string()),
        Ok(parsed) if parsed.complete => None,
        Ok(parsed) => Some(
            Warning::first_damage(&parsed.warnings)
                .map_or_else(|| "the trace is not complete".to_owned(), ToString::to_string),
        ),
    }
}

/// A writer that ends the work once nobody takes its output any more.
struct Stopping<'a> {
    out: &'a mut dyn Write,
    progress: Progress,
}

impl Write for Stopping<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes).inspect_err(|_| self.progress.cancel())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
