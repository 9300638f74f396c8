//! Bytes → ordered events.
//!
//! This room may borrow bytes and fill tables. It may not do IO, panic on any input, or
//! allocate from a length that the remaining bytes cannot justify.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod cursor;
pub mod error;
pub mod event;
pub mod experiment;
pub mod measure;
pub mod pieces;
pub mod sink;
pub mod sniff;
pub mod spec;
pub mod tables;
pub mod text;
mod v1;
mod v2;

use crate::base::{Progress, Warning};
use error::ParseError;
use sink::Sink;

/// The length of the header: `go 1.NN trace` and NULs up to 16 bytes.
const HEADER_BYTES: usize = 16;

/// Times beyond this, some 146 years, are cut to it, so that adding to them never overflows.
const LIMIT_NS: i64 = 1 << 62;

/// How often, in events, to see whether the work is still wanted.
const CHECK_EVERY: usize = 1 << 14;

/// The first format whose parts, the generations, stand by themselves (Go 1.22). Go's reader calls
/// it and what follows v2, and what came before v1.
pub const FIRST_WITH_GENERATIONS: u32 = 22;

/// How a trace was read.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Parsed {
    /// The format's minor version, from the header.
    pub minor: u32,
    /// How many events were handed to the sink.
    pub events: u64,
    /// How many generations they are from; 1 for the old format.
    pub generations: u32,
    /// Whether the trace was read to its end without damage.
    pub complete: bool,
    /// Whether generations are missing in between, or events refer to stacks that the file does
    /// not have. The format has no word for it, and Go's reader does not look, so the trace is read
    /// to its end all the same.
    pub has_gaps: bool,
    /// Whether times are in the clock's ticks instead of nanoseconds, because the trace does not
    /// tell the frequency: the old format does that in its last event.
    pub in_ticks: bool,
    /// What is damaged, missing or skipped.
    pub warnings: Vec<Warning>,
}

/// The format's minor version in a trace's header: 26 for `go 1.26 trace`.
#[must_use]
pub fn header_minor(file: &[u8]) -> Option<u32> {
    let header = file.get(..HEADER_BYTES)?;
    let rest = header.strip_prefix(b"go 1.")?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, tail) = rest.split_at_checked(digits)?;
    let tail = tail.strip_prefix(b" trace")?;
    if digits == 0 || digits > 3 || tail.iter().any(|&byte| byte != 0) {
        return None;
    }
    std::str::from_utf8(number).ok()?.parse().ok()
}

/// Reads a trace of any supported format and hands its events to `sink` in order.
///
/// # Errors
/// If the bytes are not a trace, its format is not supported, not one event could be read, or
/// the work was cancelled. A trace that breaks later is read in part, with a warning.
pub fn parse<S: Sink>(
    file: &[u8],
    sink: &mut S,
    progress: &Progress,
) -> Result<Parsed, ParseError> {
    match dispatch(file)? {
        minor @ FIRST_WITH_GENERATIONS.. => {
            let parsed = v2::parse(file, minor, sink, progress)?;
            Ok(with_version_warning(parsed))
        }
        minor => Ok(of_v1(minor, v1::parse(file, minor, sink, progress)?)),
    }
}

fn of_v1(minor: u32, read: v1::V1Outcome) -> Parsed {
    let v1::V1Outcome { events, warnings, complete, has_gaps, in_ticks } = read;
    Parsed { minor, events, generations: 1, complete, has_gaps, in_ticks, warnings }
}

/// How much of the first bytes of a trace is whole generations, which can be read without the
/// rest; none if there is not one, and in the old format, which has none.
#[must_use]
pub fn whole_generations(start: &[u8]) -> Option<usize> {
    let minor = header_minor(start).filter(|&minor| minor >= FIRST_WITH_GENERATIONS)?;
    v2::whole_generations(start, minor)
}

/// The formats with generations that Go has written so far.
const KNOWN_V2: [u32; 4] = [22, 23, 25, 26];

/// A format that Overstay does not know is read as the newest it knows, and says so.
fn with_version_warning(mut parsed: Parsed) -> Parsed {
    if !KNOWN_V2.contains(&parsed.minor) {
        let message = format!(
            "the format go 1.{} is not known; it was read by the rules of the formats that are",
            parsed.minor
        );
        let notice = Warning { offset: 0, generation: None, message, is_damage: false };
        parsed.warnings.insert(0, notice);
    }
    parsed
}

/// The version to read a file by.
fn dispatch(file: &[u8]) -> Result<u32, ParseError> {
    if file.is_empty() {
        return Err(ParseError::Empty);
    }
    header_minor(file).ok_or_else(|| ParseError::NotATrace { looks_like: sniff::looks_like(file) })
}
