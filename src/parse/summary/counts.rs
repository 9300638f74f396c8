//! What is counted by kind and by name: ranges, metrics, labels, tasks, regions, logs.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{self, Write};

use super::quoted;
use crate::base::{ThreadId, Time};
use crate::parse::event::{Body, Event, MetricKind, RangeKind, RangeMoment};
use crate::parse::spec;
use crate::parse::tables::Tables;
use crate::parse::text::{EVENTS_EXPERIMENT, experiment_name, kind_name};

/// The order in which kinds are listed.
const KINDS: [&str; 14] = [
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
    "Experimental",
];

/// A range's name and the kind of what it belongs to.
type RangeName = (Vec<u8>, &'static str);

#[derive(Default, Debug)]
struct RangeCount {
    n_begins: u64,
    n_actives: u64,
    n_ends: u64,
    ns: i64,
}

#[derive(Debug)]
struct MetricCount {
    n_values: u64,
    min: u64,
    max: u64,
    last: u64,
}

/// All counts.
#[derive(Default, Debug)]
pub(super) struct Counts {
    kinds: HashMap<&'static str, u64>,
    n_clocks: u64,
    n_batches: u64,
    n_batch_bytes: usize,
    threads: BTreeSet<u64>,
    ranges: BTreeMap<RangeName, RangeCount>,
    /// Since when, by name and what it belongs to.
    open_ranges: HashMap<(RangeName, u64), Time>,
    metrics: BTreeMap<&'static str, MetricCount>,
    labels: BTreeMap<Vec<u8>, u64>,
    /// Begins and ends.
    tasks: BTreeMap<Vec<u8>, [u64; 2]>,
    regions: BTreeMap<Vec<u8>, [u64; 2]>,
    logs: BTreeMap<Vec<u8>, u64>,
    experimental: BTreeMap<&'static str, u64>,
}

impl Counts {
    /// Counts one event.
    pub(super) fn add(&mut self, tables: &Tables<'_>, event: &Event) {
        *self.kinds.entry(kind_name(&event.body)).or_default() += 1;
        if let Some(ThreadId(thread)) = event.thread.some() {
            self.threads.insert(thread);
        }
        let text = |row| tables.string(row).to_vec();
        match event.body {
            Body::Sync { last: false, .. } => {
                self.n_clocks += u64::from(tables.clock.is_some());
                for batch in &tables.experimental {
                    if experiment_name(batch.experiment).is_some() {
                        self.n_batches += 1;
                        self.n_batch_bytes += batch.data.len();
                    }
                }
            }
            Body::Metric { kind, value } => self.metric(kind, value),
            Body::Label(label) => *self.labels.entry(text(label)).or_default() += 1,
            Body::Range { kind, moment } => {
                self.range(range_name(tables, kind), moment, event.time);
            }
            Body::TaskBegin { kind, .. } => self.tasks.entry(text(kind)).or_default()[0] += 1,
            Body::TaskEnd { kind, .. } => self.tasks.entry(text(kind)).or_default()[1] += 1,
            Body::RegionBegin { kind, .. } => self.regions.entry(text(kind)).or_default()[0] += 1,
            Body::RegionEnd { kind, .. } => self.regions.entry(text(kind)).or_default()[1] += 1,
            Body::Log { category, .. } => *self.logs.entry(text(category)).or_default() += 1,
            Body::Experimental { wire_type, .. } => {
                let name = spec::spec(wire_type).map_or("", |spec| spec.name);
                *self.experimental.entry(name).or_default() += 1;
            }
            Body::Sync { .. } | Body::StackSample | Body::Goroutine { .. } | Body::Proc { .. } => {}
        }
    }

    fn metric(&mut self, kind: MetricKind, value: u64) {
        let new = MetricCount { n_values: 0, min: value, max: value, last: value };
        let count = self.metrics.entry(kind.name()).or_insert(new);
        count.n_values += 1;
        count.min = count.min.min(value);
        count.max = count.max.max(value);
        count.last = value;
    }

    fn range(&mut self, (name, of): (RangeName, u64), moment: RangeMoment, time: Time) {
        let count = self.ranges.entry(name.clone()).or_default();
        match moment {
            RangeMoment::Begin => {
                count.n_begins += 1;
                self.open_ranges.insert((name, of), time);
            }
            RangeMoment::Active => {
                count.n_actives += 1;
                self.open_ranges.entry((name, of)).or_insert(time);
            }
            RangeMoment::End { .. } => {
                count.n_ends += 1;
                if let Some(begin) = self.open_ranges.remove(&(name, of)) {
                    count.ns = count.ns.saturating_add(time - begin);
                }
            }
        }
    }

    /// Closes what is open at the time of the last event.
    pub(super) fn close(&mut self, last: Time) {
        for ((name, _), begin) in self.open_ranges.drain() {
            if let Some(count) = self.ranges.get_mut(&name) {
                count.ns = count.ns.saturating_add(last - begin);
            }
        }
    }

    /// Kinds, clocks and experimental batches.
    pub(super) fn write_kinds(&self, out: &mut dyn Write) -> io::Result<()> {
        for kind in KINDS {
            if let Some(count) = self.kinds.get(kind) {
                writeln!(out, "kind\t{kind}\t{count}")?;
            }
        }
        writeln!(out, "clock_snapshots\t{}", self.n_clocks)?;
        writeln!(out, "exp_batches\t{}\t{}", self.n_batches, self.n_batch_bytes)
    }

    /// The number of threads.
    pub(super) fn write_threads(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "threads\t{}", self.threads.len())
    }

    /// All that is counted by name.
    pub(super) fn write_names(&self, out: &mut dyn Write) -> io::Result<()> {
        for ((name, of), RangeCount { n_begins, n_actives, n_ends, ns }) in &self.ranges {
            let name = quoted(name);
            writeln!(out, "range\t{name}\t{of}\t{n_begins}\t{n_actives}\t{n_ends}\t{ns}")?;
        }
        for (name, MetricCount { n_values, min, max, last }) in &self.metrics {
            writeln!(out, "metric\t\"{name}\"\t{n_values}\t{min}\t{max}\t{last}")?;
        }
        for (label, count) in &self.labels {
            writeln!(out, "label\t{}\t{count}", quoted(label))?;
        }
        for (key, counts) in [("task", &self.tasks), ("region", &self.regions)] {
            for (kind, [n_begins, n_ends]) in counts {
                writeln!(out, "{key}\t{}\t{n_begins}\t{n_ends}", quoted(kind))?;
            }
        }
        for (category, count) in &self.logs {
            writeln!(out, "log\t{}\t{count}", quoted(category))?;
        }
        for (name, count) in &self.experimental {
            writeln!(out, "experimental\t\"{EVENTS_EXPERIMENT}/{name}\"\t{count}")?;
        }
        Ok(())
    }
}

/// A range's name, the kind of what it belongs to, and its id.
fn range_name(tables: &Tables<'_>, kind: RangeKind) -> (RangeName, u64) {
    match kind {
        RangeKind::StopTheWorld { reason, by } => {
            let name = [b"stop-the-world (", tables.string(reason), b")"].concat();
            ((name, "Goroutine"), by.id.0)
        }
        RangeKind::GcMark => ((b"GC concurrent mark phase".to_vec(), "None"), u64::MAX),
        RangeKind::GcSweep(proc) => ((b"GC incremental sweep".to_vec(), "Proc"), proc.0),
        RangeKind::GcMarkAssist(by) => ((b"GC mark assist".to_vec(), "Goroutine"), by.id.0),
    }
}
