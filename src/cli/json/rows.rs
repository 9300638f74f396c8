//! The objects of the report, field for field as in the contract.

use serde::Serialize;

use crate::analysis::{Finding, Quantiles, Summary};
use crate::base::{Goroutine, StrId, Warning};
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
    trace.go_id(goroutine).0.cast_signed()
}
