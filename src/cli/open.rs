//! Traces in: read, analyzed, and what is wrong with them said on standard error.

use std::path::Path;

use super::args::ReadArgs;
use super::complain;
use super::failure::{Failure, file_name, reason};
use crate::analysis::{Document, Rules};
use crate::base::{Progress, Warning};
use crate::model::build;
use crate::parse::error::ParseError;

/// How many warnings of one trace are said one by one.
const WARNINGS_SHOWN: usize = 5;

/// The bytes of a trace, decompressed.
#[expect(clippy::disallowed_methods, reason = "until load")]
pub(super) fn bytes_of(path: &Path) -> Result<Vec<u8>, Failure> {
    if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        return match std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut bytes) {
            Ok(_) => Ok(bytes),
            Err(err) => Err(Failure::of_file(path, reason(&err))),
        };
    }
    std::fs::read(path).map_err(|err| Failure::of_file(path, reason(&err)))
}

/// Reads and analyzes a trace. Damage is said, or refused if the arguments are strict.
pub(super) fn document(path: &Path, rules: Rules, read: ReadArgs) -> Result<Document, Failure> {
    let bytes = bytes_of(path)?;
    let trace = build(&bytes, &Progress::default()).map_err(|err| refuse(path, &err))?;
    tell(path, trace.warnings(), trace.info().complete, read)?;
    Ok(Document::new(trace, rules))
}

/// Says what is wrong with a trace that could be read in part.
///
/// # Errors
/// If that is not good enough.
pub(super) fn tell(
    path: &Path,
    warnings: &[Warning],
    complete: bool,
    read: ReadArgs,
) -> Result<(), Failure> {
    if read.strict && !complete {
        let why = warnings.first().map_or_else(
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
