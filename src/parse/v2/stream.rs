//! One thread's events in the order in which it wrote them, decoded one at a time.

use super::batch::Batch;
use super::fault::Fault;
use super::read::Frequency;
use crate::base::ThreadId;
use crate::parse::cursor::Cursor;
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
    cursor: Cursor<'a>,
    last_time: i64,
    /// Where in the file the event at hand begins.
    event_offset: u64,
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
            cursor: Cursor::new(&[]),
            last_time: 0,
            event_offset: 0,
            frequency,
        }
    }

    pub(super) fn push(&mut self, batch: Batch<'a>) {
        if self.batches.is_empty() {
            self.cursor = Cursor::new(batch.data);
            self.batch_offset = batch.offset;
        }
        self.batches.push(batch);
    }

    /// Where in the file [`Stream::event`] begins.
    pub(super) fn last_offset(&self) -> u64 {
        self.event_offset
    }

    /// Reads the next event into [`Stream::event`]; false at the end.
    #[inline]
    pub(super) fn advance(&mut self) -> Result<bool, Fault> {
        if self.cursor.is_at_end() && !self.next_batch() {
            return Ok(false);
        }
        // Go's reader takes a last time of 0 for "not begun"; it shows only in made-up traces.
        if self.last_time == 0 {
            let base = self.batches.get(self.batch).map_or(0, |batch| batch.time);
            self.last_time = self.frequency.ns(base);
        }
        self.event_offset = self.batch_offset + self.cursor.position() as u64;
        let mut cursor = self.cursor;
        let wire_type = cursor.byte().unwrap_or(0);
        let count = ARGS.get(usize::from(wire_type)).copied().unwrap_or(UNTIMED);
        if count == UNTIMED {
            return Err(self.not_an_event(wire_type));
        }
        let Some(ticks) = cursor.varint() else {
            return Err(cut(self.event_offset, wire_type));
        };
        for arg in self.event.args.iter_mut().take(usize::from(count)) {
            match cursor.varint() {
                Some(value) => *arg = value,
                None => return Err(cut(self.event_offset, wire_type)),
            }
        }
        self.event.wire_type = wire_type;
        self.event.time = self.last_time.wrapping_add(self.frequency.ns(ticks));
        self.last_time = self.event.time;
        self.cursor = cursor;
        Ok(true)
    }

    /// Moves to the next batch that holds anything.
    #[cold]
    fn next_batch(&mut self) -> bool {
        while self.batch + 1 < self.batches.len() {
            self.batch += 1;
            if let Some(batch) = self.batches.get(self.batch) {
                self.cursor = Cursor::new(batch.data);
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
        Fault::broken(self.event_offset, what)
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
