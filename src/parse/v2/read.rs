//! One generation's tables: strings, stacks, CPU samples, clock.
//!
//! Events refer to tables that come after them in the file, so all of a generation's tables
//! are read before its first event. A batch is told by its first byte:
//!
//! ```text
//! strings   4, then entries: 5, id, length, bytes
//! stacks    2, then entries: 3, id, count, then per frame: pc, function, file, line
//! samples   6, then entries: 7, time, M, P, goroutine, stack
//! sync      8, frequency                                (formats before 25)
//! sync      50, then 8, frequency and 51, time, mono, s, ns   (25 and later, either order)
//! ```
//!
//! Facts from Go 1.26 `internal/trace/generation.go`.

use std::borrow::Cow;

use super::batch::{Batch, FIRST_WITH_CLOCK, Generation};
use super::fault::Fault;
use super::ids::Rows;
use crate::base::{ProcId, ThreadId, Time, WireMap, narrow};
use crate::parse::cursor::Cursor;
use crate::parse::event::{StackRef, StrRef};
use crate::parse::spec::{MAX_STACK_FRAMES, MAX_STRING_BYTES, wire};
use crate::parse::tables::{ClockSnapshot, ExperimentalBatch, Frame, Tables};

/// Up to so many nanoseconds a tick, the product with 2^28 of them is exact as a float, too.
const MAX_WHOLE_NS: u32 = 1 << 24;

/// Nanoseconds per tick of the trace's clock.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Frequency {
    ns: f64,
    /// The same if it is a whole number, as it is on most systems; else 0.
    whole_ns: u32,
}

impl Frequency {
    fn from_hz(hz: u64) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "Go's reader computes it so")]
        let hz = hz as f64;
        Self::from_ns(1.0 / (hz / 1e9))
    }

    pub(super) fn from_ns(ns: f64) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "compared with what it was made from"
        )]
        let whole_ns = ns as u32;
        #[expect(clippy::float_cmp, reason = "it is only right if it is exact")]
        let is_whole = f64::from(whole_ns) == ns && whole_ns <= MAX_WHOLE_NS;
        Self { ns, whole_ns: if is_whole { whole_ns } else { 0 } }
    }

    /// [`Frequency::ns`] of ticks below 2^28, without floating point where it can be.
    #[inline]
    pub(super) fn ns_short(self, ticks: u32) -> i64 {
        if self.whole_ns == 0 {
            return self.ns(u64::from(ticks));
        }
        i64::from(ticks) * i64::from(self.whole_ns)
    }

    /// Ticks in nanoseconds, truncated as Go's reader does.
    pub(super) fn ns(self, ticks: u64) -> i64 {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            reason = "ticks over 2^53 lose bits in Go's reader too"
        )]
        let ns = (ticks as f64 * self.ns) as i64;
        ns
    }
}

/// One sample of the CPU profiler, still with the wire's ids.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    pub(super) time: Time,
    pub(super) thread: ThreadId,
    pub(super) proc: ProcId,
    /// 0 for none.
    pub(super) goroutine: u64,
    pub(super) stack: StackRef,
}

/// A generation whose tables have been read.
#[derive(Debug)]
pub(super) struct Loaded<'a> {
    pub(super) tables: Tables<'a>,
    pub(super) string_rows: Rows,
    pub(super) stack_rows: Rows,
    pub(super) frequency: Frequency,
    /// In order of time.
    pub(super) samples: Vec<Sample>,
    /// The event batches, in file order.
    pub(super) events: Vec<Batch<'a>>,
    /// When the generation begins: the lowest base time of any batch.
    pub(super) start: Time,
    /// Where it begins in the file.
    pub(super) offset: u64,
    /// Batches are missing: ids that no table defines become "" and the empty stack, and a
    /// thread that waits for an event that is not there is left out, instead of breaking the
    /// trace.
    pub(super) lenient: bool,
}

/// What is known of the clock before a generation is read: needed only when its own is cut off.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fallback {
    pub(super) frequency: Option<Frequency>,
}

/// Reads a whole generation's tables.
///
/// # Errors
/// At the first entry that breaks a rule, and when the clock's frequency is missing.
pub(super) fn load<'a>(generation: &Generation<'a>, minor: u32) -> Result<Loaded<'a>, Fault> {
    let mut reader = Reader::new(generation, minor);
    for batch in &generation.batches {
        reader.batch(batch)?;
    }
    let end = generation.end;
    let frequency = reader
        .frequency
        .ok_or_else(|| Fault::broken(end, "the generation names no clock frequency"))?;
    if minor >= FIRST_WITH_CLOCK && reader.snapshot.is_none() {
        return Err(Fault::broken(end, "the generation has no clock snapshot"));
    }
    reader.finish(generation, frequency)
}

/// Reads what there is of a generation that is damaged: entries up to the first broken one
/// of each batch, the frequency of an earlier generation if its own is missing. If there is
/// none the usual one is taken, and that is said.
pub(super) fn load_rest<'a>(
    generation: &Generation<'a>,
    minor: u32,
    fallback: Fallback,
) -> (Loaded<'a>, Option<Fault>) {
    let mut reader = Reader::new(generation, minor);
    for batch in &generation.batches {
        // A broken entry ends its batch; the entries before it count.
        let _ = reader.batch(batch);
    }
    let known = reader.frequency.or(fallback.frequency);
    let guess = known.is_none().then(|| {
        let what = "the clock's frequency is missing; a tick is taken as 64 ns, which is right on \
                    most systems";
        Fault::broken(generation.end, what)
    });
    (reader.finish_anyway(generation, known.unwrap_or(Frequency::from_ns(64.0))), guess)
}

/// A frame whose strings are still the wire's ids.
#[derive(Clone, Copy)]
struct RawFrame {
    pc: u64,
    function: u64,
    file: u64,
    line: u64,
}

struct Reader<'a> {
    minor: u32,
    tables: Tables<'a>,
    string_ids: Vec<u64>,
    stack_ids: Vec<u64>,
    frames: Vec<RawFrame>,
    frame_of_pc: WireMap<u64, u32>,
    /// Samples with their time in ticks and the stack's wire id.
    samples: Vec<(u64, Sample, u64)>,
    frequency: Option<Frequency>,
    /// Ticks, mono, seconds, nanoseconds.
    snapshot: Option<(u64, u64, u64, u64)>,
    events: Vec<Batch<'a>>,
}

/// Reads one field of a table entry, or says where the batch ends instead.
macro_rules! field {
    ($cursor:ident, $batch:ident, $what:literal) => {
        match $cursor.varint() {
            Some(value) => value,
            None => {
                let at = $batch.offset + $cursor.position() as u64;
                return Err(Fault::broken(at, concat!("a table is cut off: no ", $what)));
            }
        }
    };
}

impl<'a> Reader<'a> {
    fn new(generation: &Generation<'a>, minor: u32) -> Self {
        Self {
            minor,
            tables: Tables::empty(generation.number),
            string_ids: Vec::new(),
            stack_ids: Vec::new(),
            frames: Vec::new(),
            frame_of_pc: WireMap::default(),
            samples: Vec::new(),
            frequency: None,
            snapshot: None,
            events: Vec::new(),
        }
    }

    fn batch(&mut self, batch: &Batch<'a>) -> Result<(), Fault> {
        match batch.leading_type() {
            Some(wire::STRINGS) => self.strings(batch),
            Some(wire::STACKS) => self.stacks(batch),
            Some(wire::CPU_SAMPLES) => self.cpu_samples(batch),
            Some(wire::FREQUENCY) if self.minor < FIRST_WITH_CLOCK => self.sync(batch, 0),
            Some(wire::SYNC) if self.minor >= FIRST_WITH_CLOCK => self.sync(batch, 1),
            Some(wire::END_OF_GENERATION) => {
                Err(Fault::broken(batch.offset, "an end of generation inside a batch"))
            }
            _ if batch.experiment != 0 => {
                self.tables.experimental.push(ExperimentalBatch {
                    experiment: batch.experiment,
                    thread: batch.thread,
                    data: batch.data,
                });
                Ok(())
            }
            _ => {
                self.events.push(*batch);
                Ok(())
            }
        }
    }

    /// Checks an entry's type byte.
    fn entry(batch: &Batch<'_>, cursor: &mut Cursor<'_>, wanted: u8) -> Result<(), Fault> {
        let at = batch.offset + cursor.position() as u64;
        match cursor.byte() {
            Some(kind) if kind == wanted => Ok(()),
            Some(kind) => {
                Err(Fault::broken(at, format!("a table entry of type {kind}, not {wanted}")))
            }
            None => Err(Fault::broken(at, "a table is cut off")),
        }
    }

    fn strings(&mut self, batch: &Batch<'a>) -> Result<(), Fault> {
        let mut cursor = Cursor::starting_at(batch.data, 1);
        while !cursor.is_at_end() {
            Self::entry(batch, &mut cursor, wire::STRING)?;
            let id = field!(cursor, batch, "string id");
            let len = field!(cursor, batch, "string length");
            let at = batch.offset + cursor.position() as u64;
            if len > MAX_STRING_BYTES {
                let what = format!("a string of {len} bytes, more than {MAX_STRING_BYTES}");
                return Err(Fault::broken(at, what));
            }
            let Some(text) = cursor.bytes(len) else {
                return Err(Fault::broken(at, "a string is cut off"));
            };
            self.string_ids.push(id);
            self.tables.strings.push(Cow::Borrowed(text));
        }
        Ok(())
    }

    fn stacks(&mut self, batch: &Batch<'a>) -> Result<(), Fault> {
        let mut cursor = Cursor::starting_at(batch.data, 1);
        let mut stack = Vec::new();
        while !cursor.is_at_end() {
            Self::entry(batch, &mut cursor, wire::STACK)?;
            let id = field!(cursor, batch, "stack id");
            let at = batch.offset + cursor.position() as u64;
            let count = field!(cursor, batch, "frame count");
            if count > MAX_STACK_FRAMES {
                let what = format!("a stack of {count} frames, more than {MAX_STACK_FRAMES}");
                return Err(Fault::broken(at, what));
            }
            stack.clear();
            for _ in 0..count {
                let pc = field!(cursor, batch, "pc");
                let function = field!(cursor, batch, "function");
                let file = field!(cursor, batch, "file");
                let line = field!(cursor, batch, "line");
                // The first description of a PC holds for the generation.
                let next = narrow(self.frames.len());
                let row = *self.frame_of_pc.entry(pc).or_insert(next);
                if row == next {
                    self.frames.push(RawFrame { pc, function, file, line });
                }
                stack.push(row);
            }
            self.stack_ids.push(id);
            self.tables.add_stack(&stack);
        }
        Ok(())
    }

    fn cpu_samples(&mut self, batch: &Batch<'a>) -> Result<(), Fault> {
        let mut cursor = Cursor::starting_at(batch.data, 1);
        while !cursor.is_at_end() {
            Self::entry(batch, &mut cursor, wire::CPU_SAMPLE)?;
            let ticks = field!(cursor, batch, "sample time");
            let thread = field!(cursor, batch, "thread");
            let proc = field!(cursor, batch, "P");
            let goroutine = field!(cursor, batch, "goroutine");
            let stack = field!(cursor, batch, "stack");
            let sample = Sample {
                time: Time(0),
                thread: ThreadId(thread),
                proc: ProcId(proc),
                goroutine,
                stack: StackRef(0),
            };
            self.samples.push((ticks, sample, stack));
        }
        Ok(())
    }

    /// `skip` bytes of the batch say only that it is a sync batch.
    fn sync(&mut self, batch: &Batch<'a>, skip: usize) -> Result<(), Fault> {
        let mut cursor = Cursor::starting_at(batch.data, skip);
        let mut ticks = batch.time;
        while !cursor.is_at_end() {
            let at = batch.offset + cursor.position() as u64;
            match cursor.byte() {
                Some(wire::FREQUENCY) if self.frequency.is_none() => {
                    let hz = field!(cursor, batch, "frequency");
                    if hz == 0 {
                        return Err(Fault::broken(at, "a clock frequency of 0"));
                    }
                    self.frequency = Some(Frequency::from_hz(hz));
                }
                Some(wire::CLOCK_SNAPSHOT)
                    if self.minor >= FIRST_WITH_CLOCK && self.snapshot.is_none() =>
                {
                    ticks = ticks.wrapping_add(field!(cursor, batch, "snapshot time"));
                    let mono = field!(cursor, batch, "monotonic time");
                    let seconds = field!(cursor, batch, "wall seconds");
                    let nanoseconds = field!(cursor, batch, "wall nanoseconds");
                    self.snapshot = Some((ticks, mono, seconds, nanoseconds));
                }
                Some(wire::FREQUENCY | wire::CLOCK_SNAPSHOT) => {
                    return Err(Fault::broken(at, "a second frequency or clock snapshot"));
                }
                other => {
                    let what = format!("byte {} in a sync batch", other.unwrap_or_default());
                    return Err(Fault::broken(at, what));
                }
            }
        }
        Ok(())
    }

    /// Resolves the wire's ids, now that all tables are there.
    fn finish(
        self,
        generation: &Generation<'a>,
        frequency: Frequency,
    ) -> Result<Loaded<'a>, Fault> {
        let twice = |what: &str, id: u64| {
            Fault::broken(generation.end, format!("{what} {id} is defined more than once"))
        };
        let string_rows = Rows::new(&self.string_ids).map_err(|id| twice("string", id))?;
        let stack_rows = Rows::new(&self.stack_ids).map_err(|id| twice("stack", id))?;
        for raw in &self.frames {
            if let Some(id) =
                [raw.function, raw.file].into_iter().find(|&id| string_rows.get(id).is_none())
            {
                let what = format!("a stack names string {id}, which is not defined");
                return Err(Fault::broken(generation.end, what));
            }
        }
        Ok(self.resolved(generation, frequency, string_rows, stack_rows, false))
    }

    /// The same for damaged tables: the first definition of an id counts, what none defines is "".
    fn finish_anyway(self, generation: &Generation<'a>, frequency: Frequency) -> Loaded<'a> {
        let string_rows = Rows::of_first(&self.string_ids);
        let stack_rows = Rows::of_first(&self.stack_ids);
        self.resolved(generation, frequency, string_rows, stack_rows, true)
    }

    fn resolved(
        mut self,
        generation: &Generation<'a>,
        frequency: Frequency,
        string_rows: Rows,
        stack_rows: Rows,
        lenient: bool,
    ) -> Loaded<'a> {
        let string = |id: u64| StrRef(string_rows.get(id).unwrap_or(0));
        let frames = self.frames.iter().map(|raw| Frame {
            pc: raw.pc,
            function: string(raw.function),
            file: string(raw.file),
            line: raw.line,
        });
        self.tables.frames = frames.collect();
        self.tables.clock = self.snapshot.map(|(ticks, mono, wall_s, wall_ns)| ClockSnapshot {
            trace: Time(frequency.ns(ticks)),
            mono,
            wall_s,
            wall_ns,
        });
        let mut samples: Vec<Sample> = self
            .samples
            .iter()
            .map(|&(ticks, sample, stack)| Sample {
                time: Time(frequency.ns(ticks)),
                stack: StackRef(stack_rows.get(stack).unwrap_or(0)),
                ..sample
            })
            .collect();
        samples.sort_by_key(|sample| sample.time);
        Loaded {
            tables: self.tables,
            string_rows,
            stack_rows,
            frequency,
            samples,
            events: self.events,
            start: Time(frequency.ns(generation.min_time)),
            offset: generation.offset,
            lenient,
        }
    }
}
