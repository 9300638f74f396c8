//! One thread's events in the order in which it wrote them, decoded one at a time.
//!
//! An event on the fast way, as it lies in the window of 16 bytes from `rest` on:
//!
//! ```text
//! 0e  85 01  d2 09  83 80 01  2c │ 10  07  …
//! │   │      │                   └ the next event
//! │   │      └ args_at: arguments, up to three varints of up to four bytes each
//! │   └ the time difference, a varint of up to four bytes
//! └ the type, which tells how many arguments there are
//! ```
//!
//! - [`Packed`] is the eight bytes from `args_at` on, whatever of them belongs to the next events.
//! - Where the event ends is worked out when the next one is read, from the number of arguments:
//!   whoever handled the event knows that mostly when this is compiled.
//! - `args_at` is 2 to 5, so that eight bytes from there are in the window.
//! - What does not fit is read varint by varint, as are the last 16 bytes of a batch: so a packed
//!   event never ends its batch. `args_at` is where such an event ends, and its arguments are
//!   [`Args::Wide`].

#![expect(
    clippy::inline_always,
    reason = "an event whose parts stay in registers takes half the time: docs/performance.md"
)]

use super::batch::Batch;
use super::fault::Fault;
use super::read::Frequency;
use crate::parse::cursor::{Cursor, squeeze_short};
use crate::parse::spec::{MAX_ARGS, arg_counts, spec};

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
    Packed(Packed),
    /// For events with more arguments, or longer ones, than eight bytes hold.
    Wide([u64; MAX_ARGS]),
}

/// Eight bytes that begin with an event's arguments: up to three varints of up to four bytes, the
/// first one in the lowest bytes. What follows them belongs to the events behind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packed(u64);

impl RawEvent {
    /// Nothing, which ends where the first event begins.
    const NONE: Self = Self { time: 0, wire_type: 0, args: Args::Wide([0; MAX_ARGS]) };

    /// The first `N` arguments; any value for those that the type does not have.
    pub(super) fn args<const N: usize>(&self) -> [u64; N] {
        match &self.args {
            Args::Packed(packed) => packed.unpack(),
            Args::Wide(args) => std::array::from_fn(|at| args.get(at).copied().unwrap_or(0)),
        }
    }

    /// The arguments as they lie in the file, unless they take much room.
    #[inline(always)]
    pub(super) fn packed(&self) -> Option<Packed> {
        match self.args {
            Args::Packed(packed) => Some(packed),
            Args::Wide(_) => None,
        }
    }
}

impl Packed {
    /// The first `N` arguments.
    #[inline(always)]
    pub(super) fn unpack<const N: usize>(self) -> [u64; N] {
        let Self(mut word) = self;
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

    /// How many bytes the first `n` arguments take, of which there are at most three.
    #[inline(always)]
    fn len(self, n: u8) -> usize {
        // In each byte that ends a varint the top bit is set, and no other bit is.
        let first = !self.0 & CONTINUES;
        let second = first & first.wrapping_sub(1);
        let third = second & second.wrapping_sub(1);
        let last = match n {
            0 => return 0,
            1 => first,
            2 => second,
            _ => third,
        };
        (last.trailing_zeros() as usize + 1) / 8
    }
}

/// The bit of each byte that says that its varint goes on.
const CONTINUES: u64 = 0x8080_8080_8080_8080;
const CONTINUES_SHORT: u32 = 0x8080_8080;

/// How many arguments a timed event has after its time difference, by type; else [`UNTIMED`].
static ARGS: [u8; 256] = arg_counts(UNTIMED);
const UNTIMED: u8 = u8::MAX;

/// By type [`CONTINUES_SHORT`] if its arguments can be [`Packed`], else nothing.
static PACKS: [u32; 256] = packs();

#[expect(clippy::indexing_slicing, reason = "a wrong index does not compile")]
const fn packs() -> [u32; 256] {
    let mut packs = [0; 256];
    let counts = arg_counts(UNTIMED);
    let mut i = 0;
    while i < counts.len() {
        if counts[i] <= 3 {
            packs[i] = CONTINUES_SHORT;
        }
        i += 1;
    }
    packs
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
    /// That batch's data from the event at hand on.
    rest: &'a [u8],
    /// Where in it the packed arguments of that event begin, else where the event ends.
    args_at: usize,
    frequency: Frequency,
    /// Why there is no next event, if it is not that the thread wrote no more.
    pub(super) fault: Option<Box<Fault>>,
}

impl<'a> Stream<'a> {
    pub(super) fn new(slot: u32, frequency: Frequency) -> Self {
        Self {
            slot,
            event: RawEvent::NONE,
            batches: Vec::new(),
            batch: 0,
            rest: &[],
            args_at: 0,
            frequency,
            fault: None,
        }
    }

    pub(super) fn push(&mut self, batch: Batch<'a>) {
        if self.batches.is_empty() {
            self.rest = batch.data;
        }
        self.batches.push(batch);
    }

    /// Where in the file [`Stream::event`] begins.
    pub(super) fn event_offset(&self) -> u64 {
        let batch = self.batches.get(self.batch);
        batch.map_or(0, |batch| {
            batch.offset + batch.data.len().saturating_sub(self.rest.len()) as u64
        })
    }

    /// Reads the first event, or the one after that at hand, into [`Stream::event`]; false at the
    /// end, or if it cannot be read, of which [`Stream::fault`] then tells.
    #[inline(always)]
    pub(super) fn advance(&mut self) -> bool {
        match self.event.args {
            Args::Packed(packed) => {
                let n = ARGS.get(usize::from(self.event.wire_type)).copied().unwrap_or(0);
                // No type that is packed has more.
                self.advance_behind(packed, n & 3)
            }
            Args::Wide(_) => self.read(self.args_at),
        }
    }

    /// The same behind an event that has these `n` arguments.
    #[inline(always)]
    pub(super) fn advance_behind(&mut self, packed: Packed, n: u8) -> bool {
        self.read(self.args_at + packed.len(n))
    }

    /// Reads the event that begins so many bytes behind that at hand.
    #[inline(always)]
    fn read(&mut self, skip: usize) -> bool {
        let ticks = match self.rest.get(skip..) {
            Some(rest) => {
                self.rest = rest;
                rest.first_chunk().and_then(|window| self.decode(window))
            }
            None => None,
        };
        let ns = match ticks {
            Some(ticks) => self.frequency.ns_short(ticks),
            None => match self.read_slowly() {
                Some(ns) => ns,
                None => return false,
            },
        };
        // Go's reader takes a last time of 0 for "not begun"; it shows only in made-up traces.
        if self.event.time == 0 {
            self.begin();
        }
        self.event.time = self.event.time.wrapping_add(ns);
        true
    }

    /// The same for all events, in the next batch, too; gives the time difference.
    #[cold]
    fn read_slowly(&mut self) -> Option<i64> {
        if self.rest.is_empty() && !self.next_batch() {
            return None;
        }
        match self.decode_slowly() {
            Ok(ticks) => Some(self.frequency.ns(ticks)),
            Err(fault) => {
                self.fault = Some(Box::new(fault));
                None
            }
        }
    }

    /// Reads an event of up to three arguments in eight bytes, without a branch on the lengths
    /// of its varints: mispredicting them costs more than reading. Gives the time difference
    /// in ticks; none if the event is not of that kind.
    #[inline(always)]
    fn decode(&mut self, window: &[u8; WINDOW]) -> Option<u32> {
        let [wire_type, ..] = *window;
        let word = u32::from_le_bytes(bytes_at(window, 1));
        // In each byte that ends a varint the top bit is set, and no other bit is.
        let ends = !word & PACKS.get(usize::from(wire_type))?;
        if ends == 0 {
            return None;
        }
        let ticks = squeeze_short(word & (ends ^ (ends - 1)));
        let begin = ends.trailing_zeros() as usize / 8 + 2;
        let args = u64::from_le_bytes(bytes_at(window, begin));
        // Whether three varints, of which some may be the next events' bytes, end in them.
        let continues = args & CONTINUES;
        let first = continues ^ CONTINUES;
        let second = first & first.wrapping_sub(1);
        let third = second & second.wrapping_sub(1);
        let twice = continues & continues >> 8;
        if third == 0 || twice & twice >> 16 != 0 {
            return None;
        }
        self.event.wire_type = wire_type;
        self.event.args = Args::Packed(Packed(args));
        self.args_at = begin;
        Some(ticks)
    }

    #[cold]
    fn begin(&mut self) {
        let base = self.batches.get(self.batch).map_or(0, |batch| batch.time);
        self.event.time = self.frequency.ns(base);
    }

    /// Reads the event at hand varint by varint.
    fn decode_slowly(&mut self) -> Result<u64, Fault> {
        let mut cursor = Cursor::starting_at(self.rest, 0);
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
        self.args_at = cursor.position();
        Ok(ticks)
    }

    /// Moves to the next batch that holds anything.
    #[cold]
    fn next_batch(&mut self) -> bool {
        while self.batch + 1 < self.batches.len() {
            self.batch += 1;
            if let Some(batch) = self.batches.get(self.batch) {
                self.rest = batch.data;
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
    use proptest::prelude::*;

    use super::*;
    use crate::base::ThreadId;
    use crate::parse::spec::wire;

    /// Stream on one batch, as it is before the first event is read.
    fn stream(data: &[u8]) -> Stream<'_> {
        let mut stream = Stream::new(0, Frequency::from_ns(64.0));
        stream.push(Batch { thread: ThreadId(1), time: 1, offset: 0, experiment: 0, data });
        stream
    }

    /// Types, time differences and arguments of all that can be read, and where each begins.
    fn all<'a>(mut stream: Stream<'a>, next: impl Fn(&mut Stream<'a>) -> bool) -> Vec<String> {
        let mut events = Vec::new();
        while next(&mut stream) {
            let n = usize::from(ARGS[usize::from(stream.event.wire_type)]);
            let args = &stream.event.args::<MAX_ARGS>()[..n];
            let (at, time) = (stream.event_offset(), stream.event.time);
            events.push(format!("{at}: {} {time} {args:?}", stream.event.wire_type));
        }
        events
    }

    /// As [`Stream::advance`], but varint by varint.
    fn advance_slowly(stream: &mut Stream<'_>) -> bool {
        stream.rest = &stream.rest[stream.args_at..];
        let Some(ns) = stream.read_slowly() else { return false };
        if stream.event.time == 0 {
            stream.begin();
        }
        stream.event.time = stream.event.time.wrapping_add(ns);
        true
    }

    proptest! {
        #[test]
        fn both_ways_read_the_same(
            events in proptest::collection::vec(
                (wire::PROCS_CHANGE..=wire::END_OF_GENERATION, any::<[u64; 5]>(), any::<[u8; 5]>()),
                1..60,
            ),
        ) {
            let mut data = Vec::new();
            for (wire_type, values, bits) in events {
                let n = ARGS[usize::from(wire_type)];
                if n == UNTIMED {
                    continue;
                }
                data.push(wire_type);
                for (value, bits) in values.iter().zip(bits).take(usize::from(n) + 1) {
                    // Of every length, the short ones often.
                    let mut value = value >> (63 - (bits % 64).min(bits / 4)) >> 1;
                    while value >= 0x80 {
                        data.push(value.to_le_bytes()[0] | 0x80);
                        value >>= 7;
                    }
                    data.push(value.to_le_bytes()[0]);
                }
            }
            let quick = all(stream(&data), Stream::advance);
            prop_assert_eq!(quick, all(stream(&data), advance_slowly));
        }
    }

    #[test]
    fn argument_counts_are_those_of_the_spec_table() {
        for wire_type in 0..=u8::MAX {
            let timed = spec(wire_type).filter(|spec| spec.timed);
            let want = timed.map_or(usize::from(UNTIMED), |spec| spec.args.len());
            assert_eq!(usize::from(ARGS[usize::from(wire_type)]), want, "type {wire_type}");
        }
    }
}
