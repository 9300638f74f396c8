//! What jobs answer.

use std::path::PathBuf;
use std::sync::Arc;

use super::command::Origin;
use super::explain::{Explanation, Held};
use super::open::{OpenError, Opened};
use super::palette::{LaneHit, Search};
use super::saving::SaveAs;
use super::slot::Slot;
use super::state::{Role, Selected};
use super::stretch::Measured;
use super::table::{Query, Row};
use crate::analysis::{CancelSite, Diff};
use crate::load::SaveError;
use crate::scene::{Index, RowOptions, Rows};

/// What a job has to say to the UI thread. Serial numbers tell which trace it is about, since
/// that may have been closed or replaced meanwhile.
#[derive(Debug)]
pub(crate) enum Answer {
    /// A trace is open, or not.
    Opened {
        /// Where it goes.
        slot: Slot,
        /// Where it comes from.
        origin: Origin,
        /// The trace, or why not.
        result: Result<Box<Opened>, OpenError>,
    },
    /// The beginning of a large trace, to be looked at while the rest is read.
    Previewed {
        /// Where it goes.
        slot: Slot,
        /// Where it comes from.
        origin: Origin,
        /// The beginning.
        opened: Box<Opened>,
    },
    /// The file of an open trace was read again, or not.
    Reopened {
        /// Where the trace is.
        slot: Slot,
        /// Where it comes from.
        origin: Origin,
        /// The trace, or why not.
        result: Result<Box<Opened>, OpenError>,
    },
    /// An open trace, analyzed by another budget.
    Judged {
        /// Which trace.
        serial: u64,
        /// The same trace and what the analysis says now.
        opened: Box<Opened>,
    },
    /// All levels of detail of a trace.
    Indexed {
        /// Which trace.
        serial: u64,
        /// The levels.
        index: Arc<Index>,
    },
    /// The rows of a timeline.
    Rows {
        /// Which trace.
        serial: u64,
        /// What they were built by.
        options: RowOptions,
        /// The rows.
        rows: Rows,
    },
    /// The rows of the cancel view.
    CancelRows {
        /// Which trace.
        serial: u64,
        /// How many cancels are shown.
        n_cancels: usize,
        /// All sites, if they had not been looked for.
        sites: Option<Vec<CancelSite>>,
        /// The rows.
        rows: Rows,
    },
    /// The comparison of two traces.
    Compared {
        /// Which traces.
        serials: [u64; 2],
        /// What came out.
        diff: Diff,
    },
    /// What a goroutine did, and who held it up.
    Explained {
        /// Which trace.
        serial: u64,
        /// About what.
        about: Selected,
        /// The explanation.
        explanation: Explanation,
    },
    /// What held up some late exits, and some of who is stuck.
    Sentences {
        /// Which trace.
        serial: u64,
        /// The rows and what held them up.
        held: Vec<(Row, Held)>,
    },
    /// The late exits and who is stuck, sorted and filtered.
    Table {
        /// Which trace.
        serial: u64,
        /// By what.
        query: Query,
        /// The rows.
        rows: Vec<Row>,
    },
    /// What happened in a stretch of time.
    Measured {
        /// In which trace.
        serial: u64,
        /// What.
        measured: Arc<Measured>,
    },
    /// Goroutines that match some words.
    Found {
        /// The words, and in which traces.
        search: Search,
        /// The best matches, each with its line of text.
        hits: Vec<LaneHit>,
    },
    /// The file dialog was closed.
    Picked {
        /// What for.
        role: Role,
        /// The files; none if it was cancelled, or there is no dialog.
        paths: Option<Vec<PathBuf>>,
        /// Whether it closed too fast to have been seen by anybody.
        unseen: bool,
    },
    /// The dialog for a place to save to was closed.
    PlaceChosen {
        /// What is to be saved there; nothing if it was cancelled, or there is no dialog.
        wish: Option<SaveAs>,
        /// Whether it closed too fast to have been seen by anybody.
        unseen: bool,
    },
    /// Something was saved, or not.
    Saved {
        /// What, and where.
        wish: SaveAs,
        /// Why not.
        result: Result<(), SaveError>,
    },
    /// The job was stopped.
    Nothing,
    /// The job panicked.
    Crashed {
        /// What it was doing.
        what: String,
    },
}
