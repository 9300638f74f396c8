//! The way from bytes to a trace.

use std::num::NonZero;

use crate::base::Progress;
use crate::parse::error::ParseError;
use crate::parse::pieces::parse_pieces;

use super::{Builder, Draft, Trace};

/// Reads a trace into columns, on as many threads as the machine has cores.
///
/// # Errors
/// As [`parse`](crate::parse::parse).
pub fn build(file: &[u8], progress: &Progress) -> Result<Trace, ParseError> {
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    build_on(file, threads, progress)
}

/// Reads a trace into columns, on `threads` threads. The result does not depend on their number.
///
/// # Errors
/// As [`parse`](crate::parse::parse).
pub fn build_on(file: &[u8], threads: usize, progress: &Progress) -> Result<Trace, ParseError> {
    let mut builder = Builder::default();
    let parsed =
        parse_pieces(file, threads, |draft: Draft, tables| builder.join(draft, tables), progress)?;
    Ok(builder.finish(parsed, file.len() as u64))
}
