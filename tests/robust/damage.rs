//! Traces of several generations, of every version that has them, damaged in one: what comes
//! before stays, what comes after is read, and nothing is said to have ended that did not.

use std::collections::BTreeSet;
use std::ops::Range;

use overstay::base::{GoId, Progress, Time};
use overstay::model::{Trace, build_on};
use overstay::parse::event::GoState;
use overstay::parse::spec::wire;

use super::validator::{Rigor, complaints_about};
use crate::support::{bytes_of, root};

/// Traces with at least six generations, one for each layout of the format.
const TRACES: [&str; 4] = [
    "recorded/1.22.10/mutex-gen3ms",
    "recorded/1.23.9/mutex-gen3ms",
    "recorded/1.25.5/mutex-gen3ms",
    "recorded/1.27.3/mutex-gen3ms",
];

/// A batch's place in the file.
#[derive(Clone, Debug)]
struct Batch {
    generation: u64,
    time: u64,
    /// With its header.
    whole: Range<usize>,
    data: Range<usize>,
}

fn number(bytes: &[u8], at: &mut usize) -> u64 {
    let mut number = 0;
    for shift in (0..).step_by(7) {
        let byte = bytes[*at];
        *at += 1;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
    }
    number
}

fn batches(bytes: &[u8]) -> Vec<Batch> {
    let (mut at, mut all) = (16, Vec::new());
    while at < bytes.len() {
        let start = at;
        at += 1;
        match bytes[start] {
            wire::EVENT_BATCH => {}
            wire::EXPERIMENTAL_BATCH => at += 1,
            _ => continue,
        }
        let [generation, _thread, time, size] = std::array::from_fn(|_| number(bytes, &mut at));
        let data = at..at + usize::try_from(size).expect("small");
        at = data.end;
        all.push(Batch { generation, time, whole: start..at, data });
    }
    all
}

/// A trace and one of its generations, which is to be damaged.
struct Patient {
    name: &'static str,
    bytes: Vec<u8>,
    sound: Trace,
    number: u64,
    /// The batches of the generation.
    batches: Vec<Batch>,
    /// From the generation's first byte to its last, the mark included.
    extent: Range<usize>,
    /// When it begins, when the next begins, and when the one after that begins.
    times: [Time; 3],
}

fn built(bytes: &[u8]) -> Trace {
    build_on(bytes, 2, &Progress::default()).expect("it opens at least in part")
}

impl Patient {
    fn new(name: &'static str) -> Self {
        let bytes = bytes_of(&root().join(format!("tests/fixtures/{name}.trace")));
        let all = batches(&bytes);
        let numbers: BTreeSet<u64> = all.iter().map(|batch| batch.generation).collect();
        assert!(numbers.len() >= 6, "{name} has {} generations", numbers.len());
        let number = *numbers.iter().nth(2).expect("the third");
        let of = |number: u64| all.iter().filter(move |batch| batch.generation == number);
        // These were recorded on Linux, where a tick is 64 ns.
        let begins = |number: u64| {
            let ticks = of(number).map(|batch| batch.time).min().expect("there is such a one");
            Time((ticks * 64).cast_signed())
        };
        let first = of(number).next().expect("a batch").whole.start;
        let next = of(number + 1).next().expect("a batch").whole.start;
        Self {
            name,
            sound: built(&bytes),
            batches: of(number).cloned().collect(),
            extent: first..next,
            times: [begins(number), begins(number + 1), begins(number + 2)],
            number,
            bytes,
        }
    }

    fn batch(&self, is_it: impl Fn(u8) -> bool) -> Batch {
        let of_kind = |batch: &&Batch| batch.data.len() > 60 && is_it(self.bytes[batch.data.start]);
        self.batches.iter().find(of_kind).expect("a batch of the kind").clone()
    }

    /// A batch of events, not the first.
    fn events(&self) -> Batch {
        let is_events = |kind: u8| kind > wire::FREQUENCY && kind != wire::SYNC;
        self.batch(is_events)
    }

    fn check(&self, what: &str, damaged: &[u8]) {
        let trace = built(damaged);
        let of = format!("{}, {what}", self.name);
        let complaints = complaints_about(&trace, Rigor::Damaged);
        assert!(complaints.is_empty(), "{of}: {complaints:#?}");
        assert!(!trace.info().complete, "{of}: nothing was noticed");
        let warning = trace.warnings().first().unwrap_or_else(|| panic!("{of}: no warning"));
        let offset = usize::try_from(warning.offset).expect("small");
        let near = self.extent.start..=self.extent.end + 1;
        assert!(near.contains(&offset), "{of}: {warning}, but the damage is in {near:?}");
        assert_eq!(warning.generation, Some(self.number), "{of}: {warning}");
        self.check_ends(&of, &trace);
        let [begin, next, after] = self.times;
        let (sound, told) = (spans(&self.sound, Time::MIN, begin), spans(&trace, Time::MIN, begin));
        assert_eq!(sound, told, "{of}: not all of what came before");
        for gap in trace.world().gaps() {
            // A generation's first events may be earlier than its start is told to be.
            let inside = begin <= gap.start && gap.end <= after;
            assert!(inside, "{of}: {gap:?} is not between {begin:?} and {after:?}");
        }
        let last = self.sound.interval().end;
        let (sound, told) = (spans(&self.sound, after, last), spans(&trace, after, last));
        assert_eq!(sound, told, "{of}: not all of what comes after");
        let (sound, told) = (spans(&self.sound, next, after), spans(&trace, next, after));
        let n_both = sound.intersection(&told).count();
        assert!(10 * n_both >= 9 * sound.len(), "{of}: {n_both} of {} in the next", sound.len());
    }

    /// Whatever is said to have ended did.
    fn check_ends(&self, of: &str, trace: &Trace) {
        let ends = |trace: &Trace| -> BTreeSet<(GoId, Time)> {
            let lives = trace.goroutines().map(|goroutine| trace.life(goroutine));
            lives.filter_map(|life| Some((life.id, life.ended.time()?))).collect()
        };
        let sound: BTreeSet<GoId> = ends(&self.sound).into_iter().map(|(id, _)| id).collect();
        for (id, at) in ends(trace) {
            assert!(sound.contains(&id), "{of}: goroutine {id} is said to end at {at:?}");
        }
    }
}

/// The spans that begin in a stretch of time, but for those that a generation's start makes up.
fn spans(trace: &Trace, from: Time, to: Time) -> BTreeSet<(Time, GoId, GoState)> {
    let mut all = BTreeSet::new();
    for goroutine in trace.goroutines() {
        let life = trace.life(goroutine);
        let spans = trace.spans(goroutine).filter(|span| {
            let is_made_up = span.start == life.first && life.born.time().is_none();
            from < span.start && span.start < to && !is_made_up
        });
        all.extend(spans.map(|span| (span.start, life.id, span.state)));
    }
    all
}

fn for_each(damage: impl Fn(&Patient, &mut Vec<u8>), what: &str) {
    for name in TRACES {
        let patient = Patient::new(name);
        let mut bytes = patient.bytes.clone();
        damage(&patient, &mut bytes);
        patient.check(what, &bytes);
    }
}

#[test]
fn a_byte_flipped_in_the_strings_costs_names_only() {
    for_each(
        |patient, bytes| {
            let strings = patient.batch(|kind| kind == wire::STRINGS);
            bytes[strings.data.start + 1] ^= 0x40;
        },
        "a byte flipped in the strings",
    );
}

#[test]
fn a_byte_flipped_in_the_stacks_costs_stacks_only() {
    for_each(
        |patient, bytes| {
            let stacks = patient.batch(|kind| kind == wire::STACKS);
            bytes[stacks.data.start + 1] ^= 0x40;
        },
        "a byte flipped in the stacks",
    );
}

#[test]
fn an_event_that_is_none_costs_the_rest_of_its_generation() {
    for_each(
        |patient, bytes| {
            let events = patient.events();
            let middle = events.data.start + events.data.len() / 2;
            bytes[middle..middle + 12].fill(0xff);
        },
        "an event that is none",
    );
}

#[test]
fn a_batch_that_is_missing_costs_its_generation_at_most() {
    for_each(|patient, bytes| drop(bytes.drain(patient.events().whole)), "a batch cut out");
}

#[test]
fn a_batch_header_of_zeros_costs_its_generation_at_most() {
    for_each(
        |patient, bytes| {
            let header = patient.events();
            bytes[header.whole.start..header.data.start].fill(0);
        },
        "a batch header of zeros",
    );
}

#[test]
fn a_header_with_another_number_costs_its_generation_at_most() {
    for_each(
        |patient, bytes| {
            let header = patient.events();
            bytes[header.whole.start + 1] ^= 0x20;
        },
        "a batch of another generation",
    );
}

#[test]
fn two_kilobytes_of_zeros_cost_the_generation_that_they_are_in() {
    for_each(
        |patient, bytes| {
            let start = patient.events().data.start;
            let end = (start + 2048).min(patient.extent.end - 40);
            bytes[start..end].fill(0);
        },
        "two kilobytes of zeros",
    );
}

#[test]
fn what_was_cut_off_leaves_what_came_before() {
    for name in TRACES {
        let patient = Patient::new(name);
        for cut in patient.extent.clone().step_by(17) {
            let trace = built(&patient.bytes[..cut]);
            let of = format!("{name}, cut at {cut}");
            let complaints = complaints_about(&trace, Rigor::Damaged);
            assert!(complaints.is_empty(), "{of}: {complaints:#?}");
            let [begin, ..] = patient.times;
            let sound = spans(&patient.sound, Time::MIN, begin);
            assert_eq!(sound, spans(&trace, Time::MIN, begin), "{of}: not all that came before");
            patient.check_ends(&of, &trace);
        }
    }
}

#[test]
fn a_trace_cut_in_its_only_generation_opens_in_part() {
    for name in ["1.22.10/tasks", "1.23.9/iterpull", "1.25.5/signals", "1.27.3/tasks"] {
        let bytes = bytes_of(&root().join(format!("tests/fixtures/recorded/{name}.trace")));
        let trace = built(&bytes[..bytes.len() / 2]);
        assert!(!trace.info().complete && !trace.warnings().is_empty(), "{name}");
        assert!(trace.n_goroutines() > 3, "{name}: {} goroutines", trace.n_goroutines());
        let complaints = complaints_about(&trace, Rigor::Damaged);
        assert!(complaints.is_empty(), "{name}: {complaints:#?}");
    }
}

#[test]
fn a_generation_that_is_not_there_is_said_and_nothing_is_known_of_its_time() {
    for name in TRACES {
        let patient = Patient::new(name);
        let mut bytes = patient.bytes.clone();
        bytes.drain(patient.extent.clone());
        let trace = built(&bytes);
        let of = format!("{name} without generation {}", patient.number);
        assert!(!trace.info().complete && !trace.warnings().is_empty(), "{of}");
        let complaints = complaints_about(&trace, Rigor::Damaged);
        assert!(complaints.is_empty(), "{of}: {complaints:#?}");
        let [begin, next, _] = patient.times;
        assert_eq!(
            spans(&patient.sound, Time::MIN, begin),
            spans(&trace, Time::MIN, begin),
            "{of}"
        );
        patient.check_ends(&of, &trace);
        // Who is named again was somewhere in between, but nobody knows where.
        let hole = Time(begin.ns() + (next - begin) / 2);
        let known = trace.goroutines().filter_map(|goroutine| trace.span_at(goroutine, hole));
        let known: Vec<_> = known.filter(|span| span.state != GoState::Undetermined).collect();
        assert!(known.is_empty(), "{of}: {known:?}");
    }
}
