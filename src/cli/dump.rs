//! `overstay dump`: every event in the canonical text form, or a summary of them.

use std::io::{self, Write};
use std::path::Path;

use crate::base::{Progress, Warning};
use crate::load::{self, LoadError};
use crate::parse::error::ParseError;
use crate::parse::summary::SummarySink;
use crate::parse::text::{self, TextSink};
use crate::parse::{self, Parsed};

/// Why a dump ended early.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    /// The input cannot be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The input is not a trace, or nothing of it can be read. What goes before the events has
    /// been written all the same, and an `#error` line after it.
    #[error("{name}: {source}")]
    Parse {
        /// The input as messages call it.
        name: String,
        /// Why.
        source: ParseError,
    },
    /// The output does not take it.
    #[error("cannot write: {0}")]
    Write(#[from] io::Error),
}

/// Writes a trace's events, or with `summary` only their counts and sums, to `out`. `path` may
/// be `-` for standard input. Returns what is damaged or missing; the last line says so, too.
///
/// # Errors
/// [`DumpError`]. A trace that can be read in part is none.
pub fn dump(path: &Path, summary: bool, out: &mut dyn Write) -> Result<Vec<Warning>, DumpError> {
    let progress = Progress::default();
    let input = load::read_input(path, &progress)?;
    let minor = parse::header_minor(&input.bytes).unwrap_or(0);
    let mut out = out;
    let outcome = if summary {
        let mut sink = SummarySink::default();
        let outcome = parse::parse(&input.bytes, &mut sink, &progress);
        sink.write(out, minor, error_of(&outcome).as_deref())?;
        outcome
    } else {
        text::write_head(&mut out, minor)?;
        let mut sink = TextSink::new(&mut out);
        let outcome = parse::parse(&input.bytes, &mut sink, &progress);
        let (_, n_events) = sink.finish()?;
        text::write_tail(&mut out, n_events, error_of(&outcome).as_deref())?;
        outcome
    };
    out.flush()?;
    let parsed = outcome.map_err(|source| DumpError::Parse { name: input.name, source })?;
    let mut warnings = input.warnings;
    warnings.extend(parsed.warnings);
    Ok(warnings)
}

/// What the dump calls the error: why nothing could be read, or what is missing.
fn error_of(outcome: &Result<Parsed, ParseError>) -> Option<String> {
    match outcome {
        Ok(parsed) if parsed.complete => None,
        Ok(parsed) => {
            Some(parsed.warnings.first().map_or("incomplete".to_owned(), Warning::to_string))
        }
        Err(err) => Some(err.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes of a trace in the old format that holds nothing but its clock.
    const EMPTY_TRACE: &[u8] = b"go 1.21 trace\0\0\0\x41\0\x01\x02\x0a";

    fn dumped(bytes: &[u8], summary: bool) -> (String, Result<Vec<Warning>, DumpError>) {
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        file.write_all(bytes).expect("room for it");
        let mut out = Vec::new();
        let outcome = dump(file.path(), summary, &mut out);
        (String::from_utf8(out).expect("UTF-8"), outcome)
    }

    #[test]
    fn a_dump_has_head_and_tail() {
        let (text, outcome) = dumped(EMPTY_TRACE, false);
        let sync = "0\t0\tSync\t-1\t-1\t-1\t-\t-\t1\t-\t-\t-\t-\t-";
        assert_eq!(text, format!("#tracedump\t1\n#version\t21\n{sync}\n#ok\t1\n"));
        assert!(outcome.is_ok_and(|warnings| warnings.is_empty()));
        let (text, _) = dumped(EMPTY_TRACE, true);
        assert!(text.starts_with("format\t1\nversion\t21\nverdict\tok\nevents\t1\n"), "{text}");
    }

    #[test]
    fn what_is_no_trace_is_named_in_the_tail_and_in_the_error() {
        let (text, outcome) = dumped(b"hello\n", false);
        let why = "not a Go execution trace: this is plain text";
        assert_eq!(text, format!("#tracedump\t1\n#version\t0\n#error\t0\t\"{why}\"\n"));
        let err = outcome.err().expect("no trace").to_string();
        assert!(err.ends_with(&format!(": {why}")), "{err}");
    }
}
