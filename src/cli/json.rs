//! What programs read: the JSON of `report` and `diff`, field for field as in the contract.
//!
//! The lists of a report are written one element at a time, so that a trace with a hundred
//! thousand cancels needs no second copy in memory. A new meaning of a field needs a new [`SCHEMA`].

use std::io::{self, Write};

use serde::{Serialize, Serializer};
use serde_json::ser::Formatter;

use super::open::Opened;
use crate::analysis::{
    Cancel, Diff, DiffGroup, Document, Finding, Hearing, Quantiles, Side, SplitPart, Summary,
};
use crate::base::{Goroutine, StrId, Time, Warning};
use crate::model::{self, Trace};

/// The number that changes when a field changes its meaning.
pub(super) const SCHEMA: u32 = 1;

/// Writes the report of one trace.
///
/// # Errors
/// If `out` does not take it.
pub(super) fn write_report(out: &mut dyn Write, opened: &Opened) -> io::Result<()> {
    let document = &opened.document;
    let trace = document.trace();
    let analysis = document.analysis();
    let report = Report {
        schema: SCHEMA,
        trace: Head::new(opened),
        warnings: Each(&opened.warnings, WarningRow::new),
        cancels: Each(analysis.cancels(), |cancel| CancelRow::new(document, cancel)),
        findings: Each(analysis.findings(), |finding| FindingRow::new(trace, finding)),
        summary: SummaryRow::new(analysis.summary()),
    };
    write_json(out, &report)
}

/// Writes the comparison of two traces.
///
/// # Errors
/// If `out` does not take it.
pub(super) fn write_diff(
    out: &mut dyn Write,
    before: &Opened,
    after: &Opened,
    diff: &Diff,
) -> io::Result<()> {
    let comparison = Comparison {
        schema: SCHEMA,
        before: Head::new(before),
        after: Head::new(after),
        groups: Each(&diff.groups, GroupRow::new),
        verdict: diff.verdict.name(),
    };
    write_json(out, &comparison)
}

fn write_json(mut out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, Lines::default());
    value.serialize(&mut serializer).map_err(io::Error::from)?;
    out.write_all(b"\n")
}

/// JSON with a line for each field of the whole and for each element of its lists: half the size
/// of indented JSON, and still fit to be read and compared line by line.
#[derive(Default)]
struct Lines {
    /// How many objects and lists are open.
    depth: u32,
}

impl Lines {
    fn separate<W: Write + ?Sized>(
        &self,
        out: &mut W,
        first: bool,
        deepest: u32,
    ) -> io::Result<()> {
        if !first {
            out.write_all(b",")?;
        }
        if self.depth <= deepest { out.write_all(b"\n") } else { Ok(()) }
    }
}

impl Formatter for Lines {
    fn begin_array<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.depth += 1;
        out.write_all(b"[")
    }

    fn end_array<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.depth -= 1;
        out.write_all(b"]")
    }

    fn begin_array_value<W: Write + ?Sized>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.separate(out, first, 2)
    }

    fn begin_object<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.depth += 1;
        out.write_all(b"{")
    }

    fn end_object<W: Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.depth -= 1;
        out.write_all(b"}")
    }

    fn begin_object_key<W: Write + ?Sized>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.separate(out, first, 1)
    }
}

/// A list whose elements are made while they are written.
struct Each<'a, T, F>(&'a [T], F);

impl<'a, T, R: Serialize, F: Fn(&'a T) -> R> Serialize for Each<'a, T, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(&self.1))
    }
}

#[derive(Serialize)]
struct Report<'a, W: Serialize, C: Serialize, F: Serialize> {
    schema: u32,
    trace: Head<'a>,
    warnings: W,
    cancels: C,
    findings: F,
    summary: SummaryRow,
}

#[derive(Serialize)]
struct Comparison<'a, G: Serialize> {
    schema: u32,
    before: Head<'a>,
    after: Head<'a>,
    groups: G,
    verdict: &'static str,
}

/// What is known of a trace as a whole.
#[derive(Serialize)]
struct Head<'a> {
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
    fn new(opened: &'a Opened) -> Self {
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
pub(super) fn head(opened: &Opened) -> impl Serialize {
    Head::new(opened)
}

/// The format as its header names it: `go 1.26`.
pub(super) fn format_name(trace: &Trace) -> String {
    format!("go 1.{}", trace.info().minor)
}

#[derive(Serialize)]
struct WarningRow<'a> {
    offset: u64,
    generation: Option<u64>,
    message: &'a str,
}

impl<'a> WarningRow<'a> {
    fn new(warning: &'a Warning) -> Self {
        Self { offset: warning.offset, generation: warning.generation, message: &warning.message }
    }
}

#[derive(Serialize)]
struct CancelRow<'a> {
    id: u32,
    at_ns: i64,
    cause: &'static str,
    site: Option<Site<'a>>,
    by_goroutine: Option<i64>,
    depth: u32,
    hearings: Vec<HearingRow<'a>>,
    deaf: Vec<DeafRow<'a>>,
}

impl<'a> CancelRow<'a> {
    fn new(document: &'a Document, cancel: &Cancel) -> Self {
        let trace = document.trace();
        let analysis = document.analysis();
        Self {
            id: cancel.id,
            at_ns: cancel.at.ns(),
            cause: cancel.cause.name(),
            site: Site::new(trace, cancel.site),
            by_goroutine: cancel.by.map(|by| go_id(trace, by)),
            depth: cancel.depth,
            hearings: analysis
                .heard(cancel)
                .iter()
                .map(|hearing| HearingRow::new(document, hearing))
                .collect(),
            deaf: analysis
                .deaf(cancel)
                .iter()
                .map(|hearing| DeafRow::new(document, hearing))
                .collect(),
        }
    }
}

#[derive(Serialize)]
struct HearingRow<'a> {
    goroutine: i64,
    function: &'a str,
    evidence: &'static str,
    heard_in: &'static str,
    depth: u32,
    heard_ns: i64,
    #[serde(flatten)]
    end: EndRow<'a>,
}

impl<'a> HearingRow<'a> {
    fn new(document: &'a Document, hearing: &Hearing) -> Self {
        let trace = document.trace();
        Self {
            goroutine: go_id(trace, hearing.goroutine),
            function: trace.string(hearing.function),
            evidence: hearing.evidence.name(),
            heard_in: hearing.heard_in.name(),
            depth: hearing.depth,
            heard_ns: hearing.heard_at.ns(),
            end: EndRow::new(document, hearing),
        }
    }
}

#[derive(Serialize)]
struct DeafRow<'a> {
    goroutine: i64,
    function: &'a str,
    evidence: &'static str,
    #[serde(flatten)]
    end: EndRow<'a>,
}

impl<'a> DeafRow<'a> {
    fn new(document: &'a Document, hearing: &Hearing) -> Self {
        let trace = document.trace();
        Self {
            goroutine: go_id(trace, hearing.goroutine),
            function: trace.string(hearing.function),
            evidence: hearing.evidence.name(),
            end: EndRow::new(document, hearing),
        }
    }
}

/// How it ended: what the hearings and the deaf have in common.
#[derive(Serialize)]
struct EndRow<'a> {
    end_ns: Option<i64>,
    outcome: &'static str,
    overstay_ns: i64,
    split: Vec<SplitRow<'a>>,
    held_by: Vec<LinkRow>,
}

impl<'a> EndRow<'a> {
    fn new(document: &'a Document, hearing: &Hearing) -> Self {
        let trace = document.trace();
        let links = document.held_by(hearing).into_iter();
        Self {
            end_ns: hearing.end.map(Time::ns),
            outcome: hearing.outcome.name(),
            overstay_ns: hearing.overstay_ns,
            split: document.split(hearing).iter().map(|part| SplitRow::new(trace, part)).collect(),
            held_by: links
                .map(|link| LinkRow { goroutine: go_id(trace, link.goroutine), what: link.what })
                .collect(),
        }
    }
}

#[derive(Serialize)]
struct SplitRow<'a> {
    state: &'static str,
    reason: &'a str,
    site: Option<Site<'a>>,
    ns: i64,
}

impl<'a> SplitRow<'a> {
    fn new(trace: &'a Trace, part: &SplitPart) -> Self {
        Self {
            state: part.state.name(),
            reason: trace.string(part.reason),
            site: Site::new(trace, part.site),
            ns: part.ns,
        }
    }
}

#[derive(Serialize)]
struct LinkRow {
    goroutine: i64,
    what: String,
}

#[derive(Serialize)]
struct FindingRow<'a> {
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
    fn new(trace: &'a Trace, finding: &'a Finding) -> Self {
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
struct SummaryRow {
    cancels: u32,
    heard: u32,
    exited: u32,
    alive: u32,
    lives_on: u32,
    deaf: u32,
    overstay_ns: QuantilesRow,
}

impl SummaryRow {
    fn new(summary: &Summary) -> Self {
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
struct QuantilesRow {
    p50: i64,
    p90: i64,
    p99: i64,
    max: i64,
}

impl QuantilesRow {
    fn new(Quantiles { p50, p90, p99, max }: Quantiles) -> Self {
        Self { p50, p90, p99, max }
    }
}

/// A line of code.
#[derive(Serialize)]
struct Site<'a> {
    function: &'a str,
    file: &'a str,
    line: u32,
}

impl<'a> Site<'a> {
    fn new(trace: &'a Trace, frame: Option<model::Frame>) -> Option<Self> {
        let frame = frame?;
        let text = |row: StrId| trace.string(row);
        Some(Self { function: text(frame.function), file: text(frame.file), line: frame.line })
    }
}

/// A goroutine's id as `dump` prints it.
pub(super) fn go_id(trace: &Trace, goroutine: Goroutine) -> i64 {
    trace.life(goroutine).id.0.cast_signed()
}

#[derive(Serialize)]
struct GroupRow<'a> {
    kind: &'static str,
    key: &'a str,
    function: &'a str,
    before: SideRow,
    after: SideRow,
    shift_ns: Option<i64>,
    ci95_ns: Option<[i64; 2]>,
    p_value: Option<f64>,
    q_value: Option<f64>,
    verdict: &'static str,
}

impl<'a> GroupRow<'a> {
    fn new(group: &'a DiffGroup) -> Self {
        Self {
            kind: group.kind.name(),
            key: &group.key,
            function: &group.function,
            before: SideRow::new(group.before),
            after: SideRow::new(group.after),
            shift_ns: group.shift_ns,
            ci95_ns: group.ci95_ns,
            p_value: group.p_value,
            q_value: group.q_value,
            verdict: group.verdict.name(),
        }
    }
}

#[derive(Serialize)]
struct SideRow {
    n: u32,
    p50_ns: i64,
    p90_ns: i64,
    p99_ns: i64,
    max_ns: i64,
    alive: u32,
}

impl SideRow {
    fn new(Side { n, p50_ns, p90_ns, p99_ns, max_ns, alive }: Side) -> Self {
        Self { n, p50_ns, p90_ns, p99_ns, max_ns, alive }
    }
}
