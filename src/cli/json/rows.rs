//! The objects of the report, field for field as in the contract.

use serde::{Serialize, Serializer};

use crate::analysis::{Cancel, Document, Finding, Hearing, Quantiles, SplitPart, Summary};
use crate::base::{Goroutine, StrId, Time, Warning};
use crate::cli::open::Opened;
use crate::model::{self, Trace};

/// What is known of a trace as a whole.
#[derive(Serialize)]
pub(super) struct Head<'a> {
    path: std::borrow::Cow<'a, str>,
    bytes: u64,
    format: String,
    duration_ns: i64,
    generations: u32,
    events: u64,
    goroutines: u32,
    complete: bool,
}

impl<'a> Head<'a> {
    pub(super) fn new(opened: &'a Opened) -> Self {
        let trace = opened.document.trace();
        let info = trace.info();
        Self {
            path: opened.path.to_string_lossy(),
            bytes: info.bytes,
            format: format_name(trace),
            duration_ns: trace.interval().ns(),
            generations: info.generations,
            events: info.events,
            goroutines: trace.n_goroutines(),
            complete: opened.complete,
        }
    }
}

/// What is known of a trace as a whole, as an object of another JSON.
pub(in crate::cli) fn head(opened: &Opened) -> impl Serialize {
    Head::new(opened)
}

/// The format as its header names it: `go 1.26`.
pub(in crate::cli) fn format_name(trace: &Trace) -> String {
    format!("go 1.{}", trace.info().minor)
}

#[derive(Serialize)]
pub(super) struct WarningRow<'a> {
    offset: u64,
    generation: Option<u64>,
    message: &'a str,
}

impl<'a> WarningRow<'a> {
    pub(super) fn new(warning: &'a Warning) -> Self {
        Self { offset: warning.offset, generation: warning.generation, message: &warning.message }
    }
}

#[derive(Serialize)]
pub(super) struct CancelRow<'a> {
    id: u32,
    at_ns: i64,
    cause: &'static str,
    site: Option<Site<'a>>,
    by_goroutine: Option<i64>,
    depth: u32,
    hearings: HearingRows<'a>,
    deaf: HearingRows<'a>,
}

impl<'a> CancelRow<'a> {
    pub(super) fn new(document: &'a Document, cancel: &Cancel) -> Self {
        let trace = document.trace();
        let analysis = document.analysis();
        let rows = |hearings| HearingRows { document, hearings };
        Self {
            id: cancel.id,
            at_ns: cancel.at.ns(),
            cause: cancel.cause.name(),
            site: Site::new(trace, cancel.site),
            by_goroutine: cancel.by.map(|by| go_id(trace, by)),
            depth: cancel.depth,
            hearings: rows(analysis.heard(cancel)),
            deaf: rows(analysis.deaf(cancel)),
        }
    }
}

/// Hearings whose rows are made while they are written: a cancel can reach a million.
struct HearingRows<'a> {
    document: &'a Document,
    hearings: &'a [Hearing],
}

impl Serialize for HearingRows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let row = |hearing| HearingRow::new(self.document, hearing);
        serializer.collect_seq(self.hearings.iter().map(row))
    }
}

/// A goroutine that heard, or was deaf: then the fields about hearing are not there.
#[derive(Serialize)]
struct HearingRow<'a> {
    goroutine: i64,
    function: &'a str,
    evidence: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    heard_in: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    depth: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    heard_ns: Option<i64>,
    end_ns: Option<i64>,
    outcome: &'static str,
    overstay_ns: i64,
    split: Vec<SplitRow<'a>>,
    held_by: Vec<LinkRow>,
}

impl<'a> HearingRow<'a> {
    fn new(document: &'a Document, hearing: &Hearing) -> Self {
        let trace = document.trace();
        let (split, links) = document.account(hearing);
        let heard = !hearing.deaf;
        Self {
            goroutine: go_id(trace, hearing.goroutine),
            function: trace.string(hearing.function),
            evidence: hearing.evidence.name(),
            heard_in: heard.then(|| hearing.heard_in.name()),
            depth: heard.then_some(hearing.depth),
            heard_ns: heard.then(|| hearing.heard_at.ns()),
            end_ns: hearing.end.map(Time::ns),
            outcome: hearing.outcome.name(),
            overstay_ns: hearing.overstay_ns,
            split: split.iter().map(|part| SplitRow::new(trace, part)).collect(),
            held_by: links
                .into_iter()
                .map(|link| LinkRow { goroutine: go_id(trace, link.goroutine), what: link.what })
                .collect(),
        }
    }
}

#[derive(Serialize)]
pub(super) struct SplitRow<'a> {
    state: &'static str,
    reason: &'a str,
    site: Option<Site<'a>>,
    ns: i64,
}

impl<'a> SplitRow<'a> {
    pub(super) fn new(trace: &'a Trace, part: &SplitPart) -> Self {
        Self {
            state: part.state.name(),
            reason: trace.string(part.reason),
            site: Site::new(trace, part.site),
            ns: part.ns,
        }
    }
}

#[derive(Serialize)]
pub(super) struct LinkRow {
    goroutine: i64,
    what: String,
}

#[derive(Serialize)]
pub(super) struct FindingRow<'a> {
    rule: &'static str,
    severity: &'static str,
    function: &'a str,
    site: Option<Site<'a>>,
    count: u32,
    worst_ns: i64,
    total_ns: i64,
    message: &'a str,
    fix: &'a str,
    goroutines: Vec<i64>,
}

impl<'a> FindingRow<'a> {
    pub(super) fn new(trace: &'a Trace, finding: &'a Finding) -> Self {
        let goroutines = finding.goroutines.iter();
        Self {
            rule: finding.rule.name(),
            severity: finding.severity.name(),
            function: trace.string(finding.function),
            site: Site::new(trace, finding.site),
            count: finding.count,
            worst_ns: finding.worst_ns,
            total_ns: finding.total_ns,
            message: &finding.message,
            fix: &finding.fix,
            goroutines: goroutines.map(|&goroutine| go_id(trace, goroutine)).collect(),
        }
    }
}

#[derive(Serialize)]
pub(super) struct SummaryRow {
    cancels: u32,
    heard: u32,
    exited: u32,
    alive: u32,
    lives_on: u32,
    deaf: u32,
    overstay_ns: QuantilesRow,
}

impl SummaryRow {
    pub(super) fn new(summary: &Summary) -> Self {
        Self {
            cancels: summary.cancels,
            heard: summary.heard,
            exited: summary.exited,
            alive: summary.alive,
            lives_on: summary.lives_on,
            deaf: summary.deaf,
            overstay_ns: QuantilesRow::new(summary.overstay),
        }
    }
}

#[derive(Serialize)]
pub(super) struct QuantilesRow {
    p50: i64,
    p90: i64,
    p99: i64,
    max: i64,
}

impl QuantilesRow {
    pub(super) fn new(Quantiles { p50, p90, p99, max }: Quantiles) -> Self {
        Self { p50, p90, p99, max }
    }
}

/// A line of code.
#[derive(Serialize)]
pub(super) struct Site<'a> {
    function: &'a str,
    file: &'a str,
    line: u32,
}

impl<'a> Site<'a> {
    pub(super) fn new(trace: &'a Trace, frame: Option<model::Frame>) -> Option<Self> {
        let frame = frame?;
        let text = |row: StrId| trace.string(row);
        Some(Self { function: text(frame.function), file: text(frame.file), line: frame.line })
    }
}

/// A goroutine's id as `dump` prints it.
pub(in crate::cli) fn go_id(trace: &Trace, goroutine: Goroutine) -> i64 {
    trace.life(goroutine).id.0.cast_signed()
}
