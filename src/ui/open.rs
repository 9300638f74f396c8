//! Opening a trace: read, parse, analyze. Runs on a worker.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::command::Origin;
use super::ctx::bytes;
use super::sheet::{Built, Sheet};
use super::state::What;
use crate::analysis::{Document, Rules};
use crate::base::{Cancelled, Progress, Warning};
use crate::load::{LoadError, Start, read_input, read_start};
use crate::model::{self, Trace};
use crate::parse::error::ParseError;
use crate::parse::{FIRST_WITH_GENERATIONS, header_minor, whole_generations};
use crate::scene::{Index, RowOptions, Rows, Source};

/// Which files are shown in part first, and in what part.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Beginning {
    /// Files longer than this are, in bytes; shorter ones are as fast at once.
    pub(crate) of_longer_than: u64,
    /// How much of the beginning is read, in bytes, to show the whole generations in it: as a rule
    /// some tenths of a second of a busy program, read in less than that.
    pub(crate) bytes: usize,
    /// How much of a compressed file is unpacked if there is none, until there is one.
    pub(crate) unpacked_bytes: [usize; 3],
    /// How many events are shown if there is none, as in the old format, which has no parts that
    /// stand by themselves.
    pub(crate) events: usize,
}

impl Default for Beginning {
    fn default() -> Self {
        Self {
            of_longer_than: 12 << 20,
            bytes: 4 << 20,
            unpacked_bytes: [8 << 20, 16 << 20, 48 << 20],
            events: 1 << 17,
        }
    }
}

/// What to open, and how it is looked at.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Where the trace comes from.
    pub(crate) origin: Origin,
    /// What it is analyzed by.
    pub(crate) rules: Rules,
    /// Which rows the timeline has.
    pub(crate) row_options: RowOptions,
    /// Whether something is on screen meanwhile, so that all is worked out before it goes.
    pub(crate) thorough: bool,
}

/// What opening gives.
#[derive(Debug)]
pub(crate) struct Opened {
    /// The trace and what the analysis says of it.
    pub(crate) document: Arc<Document>,
    /// The hearings that are late, but excused.
    pub(crate) excused: Arc<FxHashSet<u32>>,
    /// What is wrong with the file besides what the trace itself says.
    pub(crate) warnings: Vec<Warning>,
    /// Its levels of detail.
    pub(crate) index: Arc<Index>,
    /// Whether those are all, and not only the quick ones.
    pub(crate) indexed: bool,
    /// The rows of its timeline.
    pub(crate) rows: Built,
    /// Whether it is only the beginning of the file.
    pub(crate) is_preview: bool,
}

impl Opened {
    /// Works out what a window needs to show a trace.
    pub(crate) fn new(
        trace: impl Into<Arc<Trace>>,
        request: &Request,
        progress: &Progress,
    ) -> Result<Self, Cancelled> {
        let document = Document::new(trace, request.rules.clone());
        progress.check()?;
        let (index, rows) = if request.thorough {
            Index::build_with_rows(&document, &request.row_options, progress)?
        } else {
            let index = Index::quick(&document);
            let rows =
                Rows::build(Source { document: &document, index: &index }, &request.row_options);
            (index, rows)
        };
        progress.check()?;
        Ok(Self {
            excused: Arc::new(document.excused()),
            rows: Built::new(document.trace(), request.row_options.clone(), rows),
            document: Arc::new(document),
            warnings: Vec::new(),
            index: Arc::new(index),
            indexed: request.thorough,
            is_preview: false,
        })
    }
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

/// The beginning of a trace in a long file, to look at while the rest is being read. None if the
/// file is not that long, if it can be read only once, and if it cannot be read.
pub(crate) fn preview(
    request: &Request,
    beginning: Beginning,
    progress: &Progress,
) -> Option<Opened> {
    let Origin::File(path) = &request.origin else { return None };
    let trace = first_of(path, beginning, progress)?;
    if trace.n_goroutines() == 0 {
        return None;
    }
    let opened = Opened::new(trace, request, progress).ok()?;
    Some(Opened { is_preview: true, ..opened })
}

/// The first generations of a file, or the first events where its beginning holds none.
fn first_of(path: &Path, beginning: Beginning, progress: &Progress) -> Option<Trace> {
    // Only the whole file says how far the work has come.
    let untold = progress.untold();
    let above = beginning.of_longer_than;
    let Start { mut bytes, goes_on, is_packed } = read_start(path, above, beginning.bytes)?;
    let is_old = header_minor(&bytes)? < FIRST_WITH_GENERATIONS;
    if !goes_on {
        return None;
    }
    if let Some(end) = whole_generations(&bytes) {
        bytes.truncate(end);
        return model::build(&bytes, &untold).ok();
    }
    // The old format tells names and times at its end: it has to be unpacked to there, twice as it
    // is, which takes a tenth of what reading it does.
    if !is_packed || is_old {
        let whole = read_input(path, &untold).ok()?;
        return model::build_first(&whole.bytes, beginning.events, &untold).ok();
    }
    for least in beginning.unpacked_bytes {
        untold.check().ok()?;
        bytes = read_start(path, above, least)?.bytes;
        if whole_generations(&bytes).is_some() {
            break;
        }
    }
    model::build_first(&bytes, beginning.events, &untold).ok()
}

/// Reads, parses and analyzes a trace.
///
/// # Errors
/// If it cannot be read at all; a damaged one opens in part.
pub(crate) fn open(request: &Request, progress: &Progress) -> Result<Opened, OpenError> {
    let (trace, warnings) = match &request.origin {
        Origin::Example(example) => {
            (parse(example.name, example.bytes, &|_| {}, progress)?, Vec::new())
        }
        Origin::File(path) => {
            let input = read_input(path, progress).map_err(|err| match err {
                LoadError::Cancelled(_) => OpenError::Cancelled,
                err => OpenError::Load(err),
            })?;
            let done = |range| input.bytes.give_back(range);
            (parse(&input.name, &input.bytes, &done, progress)?, input.warnings)
        }
    };
    progress.check()?;
    Ok(Opened { warnings, ..Opened::new(trace, request, progress)? })
}

fn parse(
    name: &str,
    file: &[u8],
    done: &(impl Fn(Range<usize>) + Sync),
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
    let warnings = [of_file, trace.warnings()].concat();
    if warnings.is_empty() && trace.info().complete {
        return None;
    }
    let first = Warning::first_damage(&warnings).or(warnings.first());
    let what = if trace.info().complete { "opened with a warning" } else { "opened in part" };
    let size = bytes(trace.info().bytes);
    let why = first.map_or_else(|| "it is not complete".to_owned(), ToString::to_string);
    let told = warnings.iter().map(ToString::to_string).collect();
    Some((format!("{name} ({size}) {what}: {why}"), told))
}

/// What words such as `goroutine:23` or `cancel:0` name in a trace.
pub(crate) fn selection(sheet: &Sheet, words: &str) -> Option<What> {
    let (kind, number) = words.split_once(':')?;
    let number: u64 = number.trim().parse().ok()?;
    let trace = sheet.trace();
    match kind.trim() {
        "goroutine" | "g" => {
            let of_id = |goroutine: &crate::base::Goroutine| trace.go_id(*goroutine).0 == number;
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
