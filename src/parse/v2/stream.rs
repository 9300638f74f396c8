//! One thread's events in the order in which it wrote them, decoded one at a time.

#![expect(
    clippy::inline_always,
    reason = "an event whose parts stay in registers takes half the time: docs/performance.md"
)]

use super::batch::Batch;
use super::fault::Fault;
use super::read::Frequency;
use crate::parse::cursor::{Cursor, squeeze_short};
use crate::parse::spec::{MAX_ARGS, spec};

/// An event as the wire has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct RawEvent {
    /// In nanoseconds, not yet made to increase strictly.
    pub(super) time: i64,
    pub(super) wire_type: u8,
    args: Args,
}

/// The arguments after the time difference. Most events are looked at once and few of their
/// arguments are asked for more than once, so they stay as they lie in the file until then.
#[derive(Clone, Copy, Debug)]
enum Args {
    /// Varints of up to four bytes, the first one in the lowest bytes.
    Packed(u64),
    /// For events with more arguments, or longer ones, than eight bytes hold.
    Wide([u64; MAX_ARGS]),
}

impl RawEvent {
    const NONE: Self = Self { time: 0, wire_type: 0, args: Args::Packed(0) };

    /// The first `N` arguments; any value for those that the type does not have.
    #[inline]
    pub(super) fn args<const N: usize>(&self) -> [u64; N] {
        match &self.args {
            Args::Packed(word) => unpack(*word),
            Args::Wide(args) => wide(args),
        }
    }
}

/// The first `N` varints of a word that holds so many, none of more than four bytes.
#[inline]
fn unpack<const N: usize>(mut word: u64) -> [u64; N] {
    let mut values = [0; N];
    for value in &mut values {
        let [a, b, c, d, ..] = word.to_le_bytes();
        let low = u32::from_le_bytes([a, b, c, d]);
        let ends = !low & CONTINUES_SHORT;
        *value = u64::from(squeeze_short(low & (ends ^ ends.wrapping_sub(1))));
        word = word >> 1 >> (ends | 1 << 31).trailing_zeros();
    }
    values
}

#[cold]
fn wide<const N: usize>(args: &[u64; MAX_ARGS]) -> [u64; N] {
    std::array::from_fn(|at| args.get(at).copied().unwrap_or(0))
}

/// The bit of each byte that says that its varint goes on.
const CONTINUES: u64 = 0x8080_8080_8080_8080;
const CONTINUES_SHORT: u32 = 0x8080_8080;

/// How many arguments a timed event has after its time difference, by type; else [`UNTIMED`].
static ARGS: [u8; 256] = arg_counts();
const UNTIMED: u8 = u8::MAX;

#[expect(clippy::indexing_slicing, reason = "a wrong index does not compile")]
const fn arg_counts() -> [u8; 256] {
    // Spelled out, since the spec table cannot be walked in a constant; a test compares the two.
    let mut counts = [UNTIMED; 256];
    let ordinary: [u8; 45] = [
        2, 2, 0, 3, 2, 3, 1, 2, 0, 0, 2, 2, 3, 2, 0, 0, 3, 2, 0, 1, 2, 1, 1, 1, 2, 1, 1, 0, 1, 1,
        1, 4, 2, 3, 3, 4, 2, 2, 3, 4, UNTIMED, UNTIMED, 3, UNTIMED, UNTIMED,
    ];
    let mut i = 0;
    while i < ordinary.len() {
        counts[9 + i] = ordinary[i];
        i += 1;
    }
    let experimental: [u8; 9] = [3, 3, 1, 2, 2, 1, 2, 2, 1];
    let mut i = 0;
    while i < experimental.len() {
        counts[128 + i] = experimental[i];
        i += 1;
    }
    counts
}

/// How many bytes are looked at at once: a type, a time difference, the arguments.
const WINDOW: usize = 16;

/// `N` bytes of a window, from `at` on.
#[inline]
fn bytes_at<const N: usize>(window: &[u8; WINDOW], at: usize) -> [u8; N] {
    let bytes = window.get(at & 7..).and_then(|rest| rest.first_chunk());
    bytes.copied().unwrap_or([0; N])
}

/// Reads one thread's batches.
#[derive(Debug)]
pub(super) struct Stream<'a> {
    /// The order's slot of the thread.
    pub(super) slot: u32,
    /// The event that comes next, once [`Stream::advance`] has read one.
    pub(super) event: RawEvent,
    batches: Vec<Batch<'a>>,
    /// Row of the batch being read.
    batch: usize,
    /// Where that batch's data begins in the file.
    batch_offset: u64,
    /// That batch's data, and where in it the next event begins.
    data: &'a [u8],
    at: usize,
    /// Where in it the event at hand begins.
    event_at: usize,
    frequency: Frequency,
}

impl<'a> Stream<'a> {
    pub(super) fn new(slot: u32, frequency: Frequency) -> Self {
        Self {
            slot,
            event: RawEvent::NONE,
            batches: Vec::new(),
            batch: 0,
            batch_offset: 0,
            data: &[],
            at: 0,
            event_at: 0,
            frequency,
        }
    }

    pub(super) fn push(&mut self, batch: Batch<'a>) {
        if self.batches.is_empty() {
            self.data = batch.data;
            self.batch_offset = batch.offset;
        }
        self.batches.push(batch);
    }

    /// Where in the file [`Stream::event`] begins.
    pub(super) fn event_offset(&self) -> u64 {
        self.batch_offset + self.event_at as u64
    }

    /// Reads the next event into [`Stream::event`]; false at the end.
    #[inline(always)]
    pub(super) fn advance(&mut self) -> Result<bool, Fault> {
        if self.at >= self.data.len() && !self.next_batch() {
            return Ok(false);
        }
        // Go's reader takes a last time of 0 for "not begun"; it shows only in made-up traces.
        if self.event.time == 0 {
            self.begin();
        }
        let window = self.data.get(self.at..).and_then(|rest| rest.first_chunk());
        let ns = match window.and_then(|window| self.decode(window)) {
            Some(ticks) => self.frequency.ns_short(ticks),
            None => self.frequency.ns(self.decode_slowly()?),
        };
        self.event.time = self.event.time.wrapping_add(ns);
        Ok(true)
    }

    /// Reads an event of up to three arguments in eight bytes, without a branch on the lengths
    /// of its varints: mispredicting them costs more than reading. Gives the time difference
    /// in ticks; none if the event is not of that kind.
    #[inline(always)]
    fn decode(&mut self, window: &[u8; WINDOW]) -> Option<u32> {
        let [wire_type, ..] = *window;
        let &count = ARGS.get(usize::from(wire_type))?;
        let word = u32::from_le_bytes(bytes_at(window, 1));
        // In each byte that ends a varint the top bit is set, and no other bit is.
        let ends = !word & CONTINUES_SHORT;
        if ends == 0 {
            return None;
        }
        let ticks = squeeze_short(word & (ends ^ (ends - 1)));
        let begin = ends.trailing_zeros() as usize / 8 + 2;
        let args = u64::from_le_bytes(bytes_at(window, begin));
        let continues = args & CONTINUES;
        let twice = continues & continues >> 8;
        let first = continues ^ CONTINUES;
        let second = first & first.wrapping_sub(1);
        let third = second & second.wrapping_sub(1);
        // The lowest bit here is the top bit of the last byte; without arguments, none is.
        let &last = [1, first, second, third].get(usize::from(count))?;
        if last == 0 || twice & twice >> 16 != 0 {
            return None;
        }
        self.event.wire_type = wire_type;
        self.event.args = Args::Packed(args);
        self.event_at = self.at;
        self.at += begin + (last.trailing_zeros() as usize + 1) / 8;
        Some(ticks)
    }

    #[cold]
    fn begin(&mut self) {
        let base = self.batches.get(self.batch).map_or(0, |batch| batch.time);
        self.event.time = self.frequency.ns(base);
    }

    /// The same, varint by varint, for all events.
    #[cold]
    fn decode_slowly(&mut self) -> Result<u64, Fault> {
        self.event_at = self.at;
        let mut cursor = Cursor::starting_at(self.data, self.at);
        let wire_type = cursor.byte().unwrap_or(0);
        let count = ARGS.get(usize::from(wire_type)).copied().unwrap_or(UNTIMED);
        if count == UNTIMED {
            return Err(self.not_an_event(wire_type));
        }
        let Some(ticks) = cursor.varint() else {
            return Err(cut(self.event_offset(), wire_type));
        };
        let mut args = [0; MAX_ARGS];
        for arg in args.iter_mut().take(usize::from(count)) {
            let Some(value) = cursor.varint() else {
                return Err(cut(self.event_offset(), wire_type));
            };
            *arg = value;
        }
        self.event.wire_type = wire_type;
        self.event.args = Args::Wide(args);
        self.at = cursor.position();
        Ok(ticks)
    }

    /// Moves to the next batch that holds anything.
    #[cold]
    fn next_batch(&mut self) -> bool {
        while self.batch + 1 < self.batches.len() {
            self.batch += 1;
            if let Some(batch) = self.batches.get(self.batch) {
                self.data = batch.data;
                self.at = 0;
                self.batch_offset = batch.offset;
                self.event.time = 0;
                if !batch.data.is_empty() {
                    return true;
                }
            }
        }
        false
    }

    #[cold]
    fn not_an_event(&self, wire_type: u8) -> Fault {
        let what = match spec(wire_type) {
            Some(spec) => format!("{} in the middle of an event batch", spec.name),
            None => format!("unknown event type {wire_type}"),
        };
        Fault::broken(self.event_offset(), what)
    }
}

#[cold]
fn cut(offset: u64, wire_type: u8) -> Fault {
    let name = spec(wire_type).map_or("event", |spec| spec.name);
    Fault::broken(offset, format!("{name} is cut off or has a bad number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn argument_counts_are_those_of_the_spec_table() {
        for wire_type in 0..=u8::MAX {
            let timed = spec(wire_type).filter(|spec| spec.timed);
            let want = timed.map_or(usize::from(UNTIMED), |spec| spec.args.len());
            assert_eq!(usize::from(ARGS[usize::from(wire_type)]), want, "type {wire_type}");
        }
    }
}
