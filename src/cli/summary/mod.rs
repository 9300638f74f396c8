//! `dump --summary`: the events counted instead of written out, in the corpus's summary form.
//!
//! Tab-separated lines, `key value…`: hashes of the whole event stream, events by kind, time by
//! state and reason, ranges, metrics, tasks, and one line per goroutine. Two readers of a trace
//! agree when their summaries are equal; `tests/` holds Overstay's against those of Go's own.

mod lives;
mod names;
mod ranges;

use std::collections::BTreeMap;
use std::io::{self, Write};

use self::lives::{Goroutines, Procs};
use self::names::Names;
use self::ranges::Ranges;
use crate::base::{ThreadId, Time, WireMap, WireSet};
use crate::parse::event::{Body, Event, MetricKind, RangeMoment, StackRef, StrRef};
use crate::parse::experiment::ALLOC_FREE;
use crate::parse::sink::Sink;
use crate::parse::spec;
use crate::parse::tables::Tables;
use crate::parse::text::{Fnv, TextSink, quoted};

/// The version of the summary's form.
const FORM: u32 = 1;
/// The kinds of event in the order in which they are counted out.
const KINDS: [&str; 13] = [
    "Sync",
    "Metric",
    "Label",
    "StackSample",
    "RangeBegin",
    "RangeActive",
    "RangeEnd",
    "TaskBegin",
    "TaskEnd",
    "RegionBegin",
    "RegionEnd",
    "Log",
    "StateTransition",
];
/// The kind that comes last.
const EXPERIMENTAL: &str = "Experimental";

/// A writer that only hashes.
#[derive(Default, Debug)]
struct Hashed(Fnv);

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.add(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How often something began and ended.
#[derive(Clone, Copy, Default, Debug)]
struct Pairs {
    begins: u64,
    ends: u64,
}

/// What a metric's reports come to.
#[derive(Clone, Copy, Debug)]
struct Metric {
    n: u64,
    min: u64,
    max: u64,
    last: u64,
}

/// Counts events instead of keeping them.
#[derive(Debug)]
pub(super) struct Summary {
    dump: TextSink<Hashed>,
    names: Names,
    first: Time,
    last: Time,
    last_sync: Time,
    frames: Frames,
    kinds: [u64; KINDS.len() + 1],
    clock_snapshots: u64,
    exp_batches: u64,
    exp_bytes: u64,
    threads: WireSet<ThreadId>,
    goroutines: Goroutines,
    procs: Procs,
    ranges: Ranges,
    metrics: BTreeMap<&'static str, Metric>,
    labels: WireMap<u32, u64>,
    tasks: WireMap<u32, Pairs>,
    regions: WireMap<u32, Pairs>,
    logs: WireMap<u32, u64>,
    experimental: BTreeMap<&'static str, u64>,
}

impl Summary {
    pub(super) fn new() -> Self {
        Self {
            dump: TextSink::new(Hashed::default()),
            names: Names::default(),
            first: Time(0),
            last: Time(0),
            last_sync: Time(0),
            frames: Frames::default(),
            kinds: [0; KINDS.len() + 1],
            clock_snapshots: 0,
            exp_batches: 0,
            exp_bytes: 0,
            threads: WireSet::default(),
            goroutines: Goroutines::default(),
            procs: Procs::default(),
            ranges: Ranges::default(),
            metrics: BTreeMap::new(),
            labels: WireMap::default(),
            tasks: WireMap::default(),
            regions: WireMap::default(),
            logs: WireMap::default(),
            experimental: BTreeMap::new(),
        }
    }

    /// Writes the summary of all events so far.
    ///
    /// # Errors
    /// If `out` does not take it.
    pub(super) fn write(
        mut self,
        out: &mut dyn Write,
        minor: u32,
        error: Option<&str>,
    ) -> io::Result<()> {
        self.goroutines.close(self.last);
        self.procs.close(self.last);
        self.ranges.close(self.last);
        let (Hashed(dump_hash), events) = self.dump.finish()?;
        writeln!(out, "format\t{FORM}\nversion\t{minor}")?;
        match error {
            None => writeln!(out, "verdict\tok")?,
            Some(message) => {
                writeln!(out, "verdict\terror\nerror\t{}", quoted(message.as_bytes()))?;
            }
        }
        writeln!(out, "events\t{events}\nfirst_time\t{}", self.first.ns())?;
        writeln!(out, "last_time\t{}\ndump_fnv1a64\t{:016x}", self.last.ns(), dump_hash.value())?;
        writeln!(
            out,
            "frames\t{}\nframes_fnv1a64\t{:016x}",
            self.frames.n,
            self.frames.hash.value()
        )?;
        for (kind, n) in KINDS.iter().chain([&EXPERIMENTAL]).zip(self.kinds) {
            if n > 0 {
                writeln!(out, "kind\t{kind}\t{n}")?;
            }
        }
        writeln!(out, "clock_snapshots\t{}", self.clock_snapshots)?;
        writeln!(out, "exp_batches\t{}\t{}", self.exp_batches, self.exp_bytes)?;
        let (ids, instances) = self.goroutines.counts();
        writeln!(out, "goroutines\t{ids}\t{instances}\nprocs\t{}", self.procs.len())?;
        writeln!(out, "threads\t{}", self.threads.len())?;
        self.goroutines.write_states(out, &self.names)?;
        self.procs.write(out)?;
        self.ranges.write(out, &self.names)?;
        for (name, Metric { n, min, max, last }) in &self.metrics {
            writeln!(out, "metric\t{}\t{n}\t{min}\t{max}\t{last}", quoted(name.as_bytes()))?;
        }
        let write_count = |out: &mut dyn Write, n: &u64| write!(out, "{n}");
        let write_pairs =
            |out: &mut dyn Write, pairs: &Pairs| write!(out, "{}\t{}", pairs.begins, pairs.ends);
        self.names.write_sorted(out, "label", &self.labels, write_count)?;
        self.names.write_sorted(out, "task", &self.tasks, write_pairs)?;
        self.names.write_sorted(out, "region", &self.regions, write_pairs)?;
        self.names.write_sorted(out, "log", &self.logs, write_count)?;
        for (name, n) in &self.experimental {
            writeln!(out, "experimental\t\"AllocFree/{name}\"\t{n}")?;
        }
        self.goroutines.write(out, &self.names)
    }

    fn count_body(&mut self, tables: &Tables<'_>, event: &Event) {
        let names = &mut self.names;
        let mut name = |row: StrRef| names.row(tables.string(row));
        match event.body {
            Body::Sync { last, .. } => self.sync(tables, event.time, last),
            Body::Metric { kind, value } => self.metric(kind, value),
            Body::Label(label) => *self.labels.entry(name(label)).or_default() += 1,
            Body::StackSample => {}
            Body::Range { kind, moment } => {
                self.ranges.event(&mut self.names, tables, event.time, kind, moment);
            }
            Body::TaskBegin { kind, .. } => self.tasks.entry(name(kind)).or_default().begins += 1,
            Body::TaskEnd { kind, .. } => self.tasks.entry(name(kind)).or_default().ends += 1,
            Body::RegionBegin { kind, .. } => {
                self.regions.entry(name(kind)).or_default().begins += 1;
            }
            Body::RegionEnd { kind, .. } => self.regions.entry(name(kind)).or_default().ends += 1,
            Body::Log { category, .. } => *self.logs.entry(name(category)).or_default() += 1,
            Body::Goroutine { .. } => {
                self.goroutines.event(&mut self.names, tables, event, self.last_sync);
            }
            Body::Proc { of, from, to } => {
                self.procs.event(of, from, to, event.time, self.last_sync);
            }
            Body::Experimental { wire_type, .. } => {
                if let Some(spec) = spec::spec(wire_type) {
                    *self.experimental.entry(spec.name).or_default() += 1;
                }
            }
        }
    }

    fn sync(&mut self, tables: &Tables<'_>, at: Time, last: bool) {
        self.last_sync = at;
        if last {
            return;
        }
        self.clock_snapshots += u64::from(tables.clock.is_some());
        for batch in tables.experimental.iter().filter(|batch| batch.experiment == ALLOC_FREE) {
            self.exp_batches += 1;
            self.exp_bytes += batch.data.len() as u64;
        }
    }

    fn metric(&mut self, kind: MetricKind, value: u64) {
        let first = Metric { n: 0, min: value, max: value, last: value };
        let metric = self.metrics.entry(kind.name()).or_insert(first);
        metric.n += 1;
        metric.min = metric.min.min(value);
        metric.max = metric.max.max(value);
        metric.last = value;
    }
}

impl Sink for Summary {
    fn begin_generation(&mut self, tables: &Tables<'_>) {
        self.dump.begin_generation(tables);
        self.frames.forget();
    }

    fn event(&mut self, tables: &Tables<'_>, event: &Event) {
        if self.dump.count() == 0 {
            self.first = event.time;
        }
        self.last = event.time;
        self.dump.event(tables, event);
        self.frames.add(tables, event.stack);
        if let Body::Goroutine { stack, .. } = event.body {
            self.frames.add(tables, stack);
        }
        if event.thread != ThreadId::NONE {
            self.threads.insert(event.thread);
        }
        if let Some(n) = self.kinds.get_mut(kind_row(&event.body)) {
            *n += 1;
        }
        self.count_body(tables, event);
    }
}

/// A kind's row in [`KINDS`].
fn kind_row(body: &Body) -> usize {
    match body {
        Body::Sync { .. } => 0,
        Body::Metric { .. } => 1,
        Body::Label(_) => 2,
        Body::StackSample => 3,
        Body::Range { moment: RangeMoment::Begin, .. } => 4,
        Body::Range { moment: RangeMoment::Active, .. } => 5,
        Body::Range { moment: RangeMoment::End { .. }, .. } => 6,
        Body::TaskBegin { .. } => 7,
        Body::TaskEnd { .. } => 8,
        Body::RegionBegin { .. } => 9,
        Body::RegionEnd { .. } => 10,
        Body::Log { .. } => 11,
        Body::Goroutine { .. } | Body::Proc { .. } => 12,
        Body::Experimental { .. } => 13,
    }
}

/// A hash over all frames of all stacks, in the order of the events.
#[derive(Default, Debug)]
struct Frames {
    n: u64,
    hash: Fnv,
    /// What is hashed for a stack, made when it is first met in a generation.
    texts: WireMap<StackRef, Box<[u8]>>,
}

impl Frames {
    fn forget(&mut self) {
        self.texts.clear();
    }

    fn add(&mut self, tables: &Tables<'_>, stack: StackRef) {
        let n_frames = tables.stack(stack).len() as u64;
        if n_frames == 0 {
            return;
        }
        self.n += n_frames;
        let text = self.texts.entry(stack).or_insert_with(|| frames_text(tables, stack));
        self.hash.add(text);
    }
}

fn frames_text(tables: &Tables<'_>, stack: StackRef) -> Box<[u8]> {
    let mut text = Vec::new();
    for frame in tables.stack_of(stack) {
        text.extend_from_slice(frame.pc.to_string().as_bytes());
        text.push(0);
        text.extend_from_slice(tables.string(frame.function));
        text.push(0);
        text.extend_from_slice(tables.string(frame.file));
        text.push(0);
        text.extend_from_slice(frame.line.to_string().as_bytes());
        text.push(b'\n');
    }
    text.into_boxed_slice()
}
