//! The way from bytes to a trace.

use std::ops::Range;

use crate::base::{Progress, n_cores};
use crate::parse::error::ParseError;
use crate::parse::pieces::{parse_first, parse_pieces};
use crate::parse::tables::Tables;

use super::{Builder, Draft, Trace};

/// Reads a trace into columns, on as many threads as the machine has cores.
///
/// # Errors
/// As [`parse`](crate::parse::parse).
pub fn build(file: &[u8], progress: &Progress) -> Result<Trace, ParseError> {
    build_on(file, n_cores(), progress)
}

/// [`build`], telling `done`, from several threads, which bytes of the file are not needed for
/// now: they are seldom looked at again.
///
/// # Errors
/// As [`parse`](crate::parse::parse).
pub fn build_from(
    file: &[u8],
    done: &(impl Fn(Range<usize>) + Sync),
    progress: &Progress,
) -> Result<Trace, ParseError> {
    build_with(file, n_cores(), done, progress)
}

/// The first `at_most` events of a trace, or a few more, as if it had ended there; in the
/// newer formats none beyond the first generation.
///
/// # Errors
/// As [`parse_first`].
pub fn build_first(file: &[u8], at_most: usize, progress: &Progress) -> Result<Trace, ParseError> {
    let mut builder = Builder::default();
    let join = |draft: Draft, tables: &Tables<'_>| builder.join(draft, tables);
    let parsed = parse_first(file, at_most, join, progress)?;
    Ok(builder.finish(parsed, file.len() as u64))
}

/// Reads a trace into columns, on `threads` threads. The result does not depend on their number.
///
/// # Errors
/// As [`parse`](crate::parse::parse).
pub fn build_on(file: &[u8], threads: usize, progress: &Progress) -> Result<Trace, ParseError> {
    build_with(file, threads, &|_| {}, progress)
}

fn build_with(
    file: &[u8],
    threads: usize,
    done: &(impl Fn(Range<usize>) + Sync),
    progress: &Progress,
) -> Result<Trace, ParseError> {
    let mut builder = Builder::default();
    let join = |draft: Draft, tables: &Tables<'_>| builder.join(draft, tables);
    let parsed = parse_pieces(file, threads, join, done, progress)?;
    Ok(builder.finish(parsed, file.len() as u64))
}
