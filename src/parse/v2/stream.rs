//! One thread's events in the order in which it wrote them, decoded one at a time.

use super::batch::Batch;
use super::fault::Fault;
use super::read::Frequency;
use crate::base::ThreadId;
use crate::parse::cursor::{Cursor, squeeze};
use crate::parse::spec::{MAX_ARGS, spec};

/// An event as the wire has it.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct RawEvent {
    /// In nanoseconds, not yet made to increase strictly.
    pub(super) time: i64,
    pub(super) wire_type: u8,
    /// The arguments after the time difference; those the type does not have are left over.
    pub(super) args: [u64; MAX_ARGS],
}

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

/// How many bytes are looked at at once: a type and 16 bytes of varints.
const WINDOW: usize = 17;

/// The top bit of each byte, gathered: bit i is byte i's.
#[inline]
fn movemask(word: u64) -> u32 {
    let bits = (word >> 7) & 0x0101_0101_0101_0101;
    // Each bit moves to its place in the top byte; no two products meet, so none carries.
    (bits.wrapping_mul(0x0102_0408_1020_4080) >> 56) as u32
}

/// Reads one thread's batches.
#[derive(Debug)]
pub(super) struct Stream<'a> {
    pub(super) thread: ThreadId,
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
    last_time: i64,
    frequency: Frequency,
}

impl<'a> Stream<'a> {
    pub(super) fn new(thread: ThreadId, frequency: Frequency) -> Self {
        Self {
            thread,
            event: RawEvent::default(),
            batches: Vec::new(),
            batch: 0,
            batch_offset: 0,
            data: &[],
            at: 0,
            event_at: 0,
            last_time: 0,
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
    #[inline]
    pub(super) fn advance(&mut self) -> Result<bool, Fault> {
        if self.at >= self.data.len() && !self.next_batch() {
            return Ok(false);
        }
        // Go's reader takes a last time of 0 for "not begun"; it shows only in made-up traces.
        if self.last_time == 0 {
            let base = self.batches.get(self.batch).map_or(0, |batch| batch.time);
            self.last_time = self.frequency.ns(base);
        }
        let rest = self.data.get(self.at..).unwrap_or_default();
        let ticks = match rest.first_chunk::<WINDOW>() {
            Some(window) => match self.decode(window) {
                Some(ticks) => ticks,
                None => self.decode_slowly()?,
            },
            None => self.decode_slowly()?,
        };
        self.event.time = self.last_time.wrapping_add(self.frequency.ns(ticks));
        self.last_time = self.event.time;
        Ok(true)
    }

    /// Reads an event of up to three arguments that lies in `window`, without a branch on the
    /// lengths of its varints: mispredicting them costs more than reading. Gives the time
    /// difference in ticks; none if the event is not of that kind.
    #[inline]
    fn decode(&mut self, window: &[u8; WINDOW]) -> Option<u64> {
        let [wire_type, bytes @ ..] = *window;
        let count = *ARGS.get(usize::from(wire_type))?;
        let word = u128::from_le_bytes(bytes);
        // One bit for each byte that ends a varint.
        let mut ends = movemask(!(word as u64)) | movemask(!((word >> 64) as u64)) << 8;
        let mut values = [0_u64; 4];
        let mut stops = [0_u32; 4];
        let mut start = 0_u32;
        let mut long = count > 3;
        for (value, stop) in values.iter_mut().zip(&mut stops) {
            let end = ends.trailing_zeros() + 1;
            ends &= ends.wrapping_sub(1);
            let len = end - start;
            long |= len > 8;
            let bytes = (word >> ((8 * start) & 127)) as u64;
            *value = squeeze(bytes & (u64::MAX >> ((64_u32.wrapping_sub(8 * len)) & 63)));
            *stop = end;
            start = end;
        }
        let &stop = stops.get(usize::from(count))?;
        if long || stop > 16 {
            return None;
        }
        let [ticks, first, second, third] = values;
        self.event.wire_type = wire_type;
        self.event.args = [first, second, third, 0];
        self.event_at = self.at;
        self.at += stop as usize + 1;
        Some(ticks)
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
        self.event.args = args;
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
                self.last_time = 0;
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
