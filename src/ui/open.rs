//! Opening a trace: read, parse, analyze. Runs on a worker.

use std::ops::Range;
use std::sync::Arc;

use super::command::Origin;
use super::ctx::bytes;
use super::sheet::Sheet;
use super::state::What;
use crate::analysis::{Document, Rules};
use crate::base::{Cancelled, Progress, Warning};
use crate::load::{LoadError, read_input};
use crate::model::{self, Trace};
use crate::parse::error::ParseError;

/// What opening gives.
#[derive(Debug)]
pub(crate) struct Opened {
    /// The trace and what the analysis says of it.
    pub(crate) document: Arc<Document>,
    /// What is wrong with the file besides what the trace itself says.
    pub(crate) warnings: Vec<Warning>,
}

/// Why a trace did not open. The text names the file, and the offset if there is one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    /// It could not be read.
    #[error(transparent)]
    Load(LoadError),
    /// It could not be parsed.
    #[error("{name}: {source}")]
    Parse {
        /// The file.
        name: String,
        /// What is wrong with it.
        source: ParseError,
    },
    /// Whoever asked for it has asked to stop.
    #[error("cancelled")]
    Cancelled,
}

impl From<Cancelled> for OpenError {
    fn from(_: Cancelled) -> Self {
        Self::Cancelled
    }
}

/// Reads, parses and analyzes a trace. `late_over_ns` is the budget that the findings go by.
///
/// # Errors
/// If it cannot be read at all; a damaged one opens in part.
pub(crate) fn open(
    origin: &Origin,
    late_over_ns: i64,
    progress: &Progress,
) -> Result<Opened, OpenError> {
    let (trace, warnings) = match origin {
        Origin::Example(example) => {
            (parse(example.name, example.bytes, |_| {}, progress)?, Vec::new())
        }
        Origin::File(path) => {
            let input = read_input(path, progress).map_err(|err| match err {
                LoadError::Cancelled(_) => OpenError::Cancelled,
                err => OpenError::Load(err),
            })?;
            let done = |range| input.bytes.give_back(range);
            (parse(&input.name, &input.bytes, done, progress)?, input.warnings)
        }
    };
    progress.check()?;
    let rules = Rules { late_over_ns, ..Rules::default() };
    let document = Document::new(trace, rules);
    progress.check()?;
    Ok(Opened { document: Arc::new(document), warnings })
}

fn parse(
    name: &str,
    file: &[u8],
    done: impl FnMut(Range<usize>),
    progress: &Progress,
) -> Result<Trace, OpenError> {
    model::build_from(file, done, progress).map_err(|err| match err {
        ParseError::Cancelled(_) => OpenError::Cancelled,
        source => OpenError::Parse { name: name.to_owned(), source },
    })
}

/// What to say of a trace that opened in part, and the warnings one by one; nothing if it is
/// whole.
pub(crate) fn damage(
    name: &str,
    trace: &Trace,
    of_file: &[Warning],
) -> Option<(String, Vec<String>)> {
    let warnings: Vec<String> =
        of_file.iter().chain(trace.warnings()).map(ToString::to_string).collect();
    let first = warnings.first();
    if first.is_none() && trace.info().complete {
        return None;
    }
    let what = if trace.info().complete { "opened with a warning" } else { "opened in part" };
    let size = bytes(trace.info().bytes);
    let why = first.map_or_else(|| "it is not complete".to_owned(), Clone::clone);
    Some((format!("{name} ({size}) {what}: {why}"), warnings))
}

/// What words such as `goroutine:23` or `cancel:0` name in a trace.
pub(crate) fn selection(sheet: &Sheet, words: &str) -> Option<What> {
    let (kind, number) = words.split_once(':')?;
    let number: u64 = number.trim().parse().ok()?;
    let trace = sheet.trace();
    match kind.trim() {
        "goroutine" | "g" => {
            let of_id = |goroutine: &crate::base::Goroutine| trace.life(*goroutine).id.0 == number;
            trace.goroutines().find(of_id).map(What::Goroutine)
        }
        "cancel" => {
            let row = u32::try_from(number).ok()?;
            sheet.cancel(row).map(|_| What::Cancel(row))
        }
        "hearing" | "late" => {
            let analysis = sheet.document.analysis();
            let at = usize::try_from(number).ok()?;
            if kind == "late" {
                analysis.worst_first.get(at).map(|&row| What::Hearing(row))
            } else {
                analysis.hearings().get(at).map(|_| What::Hearing(u32::try_from(at).unwrap_or(0)))
            }
        }
        _ => None,
    }
}
