//! No panic, no hang and no more memory than its size justifies, for any file: each beginning of
//! small traces of different versions, and traces that were damaged at random.
//!
//! `OVERSTAY_MUTATIONS` sets how many are tried (2,000 unless told), `OVERSTAY_SEED` where the
//! dice begin, `OVERSTAY_PREFIX_STEP` how many bytes lie between two beginnings (1 tries each;
//! 7 unless told).

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use overstay::analysis::{Document, Rules};
use overstay::base::Progress;
use overstay::model::{Trace, build_first, build_on};
use overstay::parse::event::Event;
use overstay::parse::parse;
use overstay::parse::sink::Sink;
use overstay::parse::spec::wire;
use overstay::parse::tables::Tables;

use super::memory::{Cost, bounded, measured, most_memory};
use super::mutate::{Dice, mutated};
use super::validator::{Rigor, complaints_about};
use super::wire::{File, event, running};
use crate::support::corpus::{assert_no_complaints, fixtures};
use crate::support::{bytes_of, root};

/// Small traces of different versions, some of several generations.
const SMALL: [&str; 10] = [
    "crafted/v11-v1-user",
    "recorded/1.19.8/empty",
    "recorded/1.21.13/tasks",
    "recorded/1.22.10-noexectracer2/tasks",
    "recorded/1.22.10/tasks",
    "recorded/1.23.9/iterpull",
    "recorded/1.23.9/gcassist-gen3ms",
    "recorded/1.25.5/flightrec2",
    "recorded/1.27.3/tasks",
    "recorded/1.27.3/locked-gen3ms",
];

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// Reads `bytes` into a trace and examines it; says whether it opened, and the cost of reading.
pub(crate) fn read(bytes: &[u8]) -> Result<(bool, Cost), String> {
    let none = Progress::default();
    let (built, cost) = bounded(bytes.len(), || build_on(bytes, 1, &none))?;
    // Another part of the events each time, none and all included.
    let at_most = bytes.len() % 97 * bytes.len() / 500;
    let (first, _) = bounded(bytes.len(), || build_first(bytes, at_most, &none))?;
    let of_first = first.ok().and_then(|it| complaints_about(&it, Rigor::Damaged).pop());
    if let Some(complaint) = of_first {
        return Err(format!("the first {at_most} events: {complaint}"));
    }
    let Ok(trace) = built else { return Ok((false, cost)) };
    let complaints = complaints_about(&trace, Rigor::Damaged).into_iter();
    if let Some(complaint) = complaints.chain(disagreement(bytes, &trace)).next() {
        return Err(complaint);
    }
    let mut trace = Some(trace);
    let analyze = || trace.take().map(|trace| Document::new(trace, Rules::default()));
    let (document, of_analysis) =
        measured(analyze).map_err(|panic| format!("panicked: {panic}"))?;
    if of_analysis.peak > most_memory(bytes.len()) {
        return Err(format!("the analysis held {} MiB", of_analysis.peak >> 20));
    }
    match document.and_then(|document| complaint_about_analysis(&document)) {
        Some(complaint) => Err(complaint),
        None => Ok((true, cost)),
    }
}

/// Where reading in order, as `dump` does, and reading by generations tell different stories.
fn disagreement(bytes: &[u8], trace: &Trace) -> Option<String> {
    let in_order = parse(bytes, &mut Nothing, &Progress::default());
    let (complete, events) =
        in_order.map_or((false, 0), |it| (it.complete && !it.has_gaps, it.events));
    let info = trace.info();
    let differ = complete != info.complete || complete && events != info.events;
    differ.then(|| {
        let (by_generations, n) = (info.complete, info.events);
        format!("in order complete: {complete}, {events} events; else {by_generations}, {n}")
    })
}

/// Splits add up, and nobody leaves before hearing.
fn complaint_about_analysis(document: &Document) -> Option<String> {
    let analysis = document.analysis();
    analysis.hearings().iter().find_map(|hearing| {
        let split = document.split(hearing);
        let sum: i64 = split.iter().map(|part| part.ns).sum();
        let overstay = hearing.overstay_ns;
        (sum != overstay || overstay < 0)
            .then(|| format!("an overstay of {overstay} ns whose parts add up to {sum} ns"))
    })
}

#[test]
fn a_task_that_begins_twice_is_found_however_the_trace_is_read() {
    let task = |kind, id: u64| {
        let mut data = Vec::new();
        let rest: &[u64] =
            if kind == wire::USER_TASK_BEGIN { &[1, id, 0, 0, 0] } else { &[1, id, 0] };
        event(&mut data, kind, rest);
        data
    };
    let mut file = File::new();
    let (begin, end) = (task(wire::USER_TASK_BEGIN, 5), task(wire::USER_TASK_END, 5));
    file.batch(1, &[running(), begin.clone()].concat());
    file.next_generation();
    // The second end is that of the first generation's begin for whoever does not know that.
    file.batch(1, &[running(), begin, end.clone(), end].concat());
    let bytes = file.finish();
    let trace = build_on(&bytes, 1, &Progress::default()).expect("the first generation is sound");
    assert_eq!(disagreement(&bytes, &trace), None);
    assert!(trace.warnings()[0].message.contains("begins twice"), "{:?}", trace.warnings());
}

struct Nothing;

impl Sink for Nothing {
    fn begin_generation(&mut self, _: &Tables<'_>) {}

    fn event(&mut self, _: &Tables<'_>, _: &Event) {}
}

/// What many readings came to.
#[derive(Debug, Default)]
struct Tally {
    read: AtomicUsize,
    opened: AtomicUsize,
    peak: AtomicUsize,
    slowest_us: AtomicU64,
}

impl Tally {
    fn add(&self, (opened, cost): (bool, Cost)) {
        self.read.fetch_add(1, Ordering::Relaxed);
        self.opened.fetch_add(usize::from(opened), Ordering::Relaxed);
        self.peak.fetch_max(cost.peak, Ordering::Relaxed);
        let us = u64::try_from(cost.time.as_micros()).unwrap_or(u64::MAX);
        self.slowest_us.fetch_max(us, Ordering::Relaxed);
    }

    fn say(&self, what: &str) {
        eprintln!(
            "{} {what}: {} opened at least in part, at most {} KiB held, at most {} ms",
            self.read.load(Ordering::Relaxed),
            self.opened.load(Ordering::Relaxed),
            self.peak.load(Ordering::Relaxed) >> 10,
            self.slowest_us.load(Ordering::Relaxed) / 1000,
        );
    }
}

/// Does something for each number below `n` on all cores; collects complaints.
fn for_each(n: usize, check: impl Fn(usize) -> Result<(), String> + Sync) -> Vec<String> {
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let work = || {
        let mut said = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= n || said.len() > 20 {
                return said;
            }
            said.extend(check(at).err());
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
    })
}

fn small(name: &str) -> Vec<u8> {
    bytes_of(&root().join(format!("tests/fixtures/{name}.trace")))
}

#[test]
fn every_beginning_of_a_trace_is_read_within_bounds() {
    let step = usize::try_from(setting("OVERSTAY_PREFIX_STEP", 7)).unwrap_or(1).max(1);
    let tally = Tally::default();
    for name in SMALL {
        let bytes = small(name);
        let complaints = for_each(bytes.len() / step + 1, |at| {
            let len = at * step;
            let read =
                read(&bytes[..len]).map_err(|err| format!("{name}, first {len} bytes: {err}"))?;
            tally.add(read);
            Ok(())
        });
        assert_no_complaints(&complaints);
    }
    tally.say("beginnings");
}

#[test]
fn traces_damaged_at_random_are_read_within_bounds() {
    let n = usize::try_from(setting("OVERSTAY_MUTATIONS", 2_000)).unwrap_or(0);
    let seed = setting("OVERSTAY_SEED", 1);
    let mut traces: Vec<(String, Vec<u8>)> =
        fixtures().iter().map(|known| (known.name.clone(), bytes_of(&known.file))).collect();
    traces.retain(|(_, bytes)| (16..64 << 10).contains(&bytes.len()));
    let bytes: Vec<Vec<u8>> = traces.iter().map(|(_, bytes)| bytes.clone()).collect();
    let tally = Tally::default();
    let complaints = for_each(n, |at| {
        let mut dice = Dice(seed.wrapping_mul(1 << 32).wrapping_add(at as u64));
        let (name, original) = &traces[dice.below(traces.len())];
        let damaged = mutated(original, &bytes, &mut dice);
        let read = read(&damaged).map_err(|err| {
            keep(&damaged, seed, at);
            format!("mutation {at} of seed {seed}, of {name}: {err}")
        })?;
        tally.add(read);
        Ok(())
    });
    tally.say("mutations");
    assert_no_complaints(&complaints);
}

/// Writes a file that is to be looked at where `OVERSTAY_KEEP` says, if it does.
#[expect(clippy::disallowed_methods, reason = "only for whoever asks for it")]
fn keep(bytes: &[u8], seed: u64, at: usize) {
    if let Ok(folder) = std::env::var("OVERSTAY_KEEP") {
        let _ = std::fs::write(format!("{folder}/mutation-{seed}-{at}.trace"), bytes);
    }
}
