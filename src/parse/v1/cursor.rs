//! Reads one event after another from the bytes, without judging what they mean.
//!
//! ```text
//! batch    0x41, P, time in ticks          (P 2^64-1 is "no P")
//! string   type 37, id, length, bytes
//! log      as any event, then length and bytes of the message
//! ```

use super::wire::{self, Kind, MAX_NUMBERS};
use crate::parse::cursor::{MAX_VARINT_BYTES, long_varint, squeeze};

/// The arguments of an event take at most this many bytes.
const MAX_ARGS_BYTES: u64 = 2048;
/// What a number that ends nowhere, or is beyond 64 bits, is called.
const BAD_NUMBER: &str = "a number is malformed";
/// A string takes at most this many bytes.
const MAX_STRING_BYTES: u64 = 1_000_000;
/// A stack has at most this many frames.
const MAX_FRAMES: u64 = 1000;

/// Why an event cannot be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Damage {
    /// Where the event begins.
    pub(super) at: usize,
    /// What is wrong.
    pub(super) what: String,
    /// Where the next event begins, if this one's extent is beyond doubt.
    pub(super) resume: Option<usize>,
}

/// What can stand in the file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Item<'a> {
    /// A batch of one P's events begins.
    Batch { proc: i32, ticks: i64 },
    /// An entry of the dictionary.
    String { id: u64, text: &'a [u8] },
    /// A stack: its id and its frames, four numbers each.
    Stack { id: u64, frames: Numbers<'a> },
    /// Ticks per second.
    Frequency(u64),
    /// A goroutine that runs timers.
    TimerGoroutine(u64),
    /// Something that happened.
    Event(Raw<'a>),
}

/// A timed event as it stands in the file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Raw<'a> {
    /// What happened.
    pub(super) kind: Kind,
    /// Ticks since the batch's previous event; two's complement.
    pub(super) ticks: u64,
    /// The arguments; those beyond the spec's count are 0.
    pub(super) args: [u64; 3],
    /// The stack's id, 0 for none.
    pub(super) stack: u32,
    /// The message of a user log.
    pub(super) text: &'a [u8],
}

/// Numbers that are known to be well-formed and complete.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Numbers<'a>(&'a [u8]);

impl Iterator for Numbers<'_> {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        let (number, rest) = varint(self.0)?;
        self.0 = rest;
        Some(number)
    }
}

/// A place in the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    minor: u32,
}

impl<'a> Cursor<'a> {
    /// A cursor over the whole file's bytes that begins at `at`.
    pub(super) fn new(bytes: &'a [u8], at: usize, minor: u32) -> Self {
        Self { bytes, at, minor }
    }

    /// Where the next event begins.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// The next event and where it begins; none at the end of the bytes.
    ///
    /// # Errors
    /// If the bytes there are no event. The cursor stands nowhere useful then.
    pub(super) fn next(&mut self) -> Result<Option<(usize, Item<'a>)>, Damage> {
        let start = self.at;
        let Some(&head) = self.bytes.get(start) else { return Ok(None) };
        self.at += 1;
        let (wire_type, n_numbers) = (head & 0x3f, (head >> 6) + 1);
        let Some(spec) = wire::spec(wire_type, self.minor) else {
            return Err(damage(start, format!("event type {wire_type} does not exist")));
        };
        let item = match spec.kind {
            Kind::Batch => self.batch(start, n_numbers)?,
            Kind::String => {
                let id = self.number(start)?;
                Item::String { id, text: self.text(start)? }
            }
            _ => self.event(start, spec, n_numbers)?,
        };
        Ok(Some((start, item)))
    }

    /// The event here and where it begins, if it is like most: timed, its numbers not preceded
    /// by their length, and in eight bytes. Else the cursor stays where it is, for
    /// [`Cursor::next`], which reads all that there can be.
    #[inline]
    pub(super) fn plain(&mut self) -> Option<(usize, Raw<'a>)> {
        let start = self.at;
        let (spec, word) = self.plain_spec()?;
        let mut numbers = [0; MAX_NUMBERS];
        let mut from = 0;
        for place in numbers.iter_mut().take(spec.n_numbers()) {
            // Beyond the eight bytes no number ends.
            let (rest, ends) = (word.checked_shr(from)?, (!word & LAST_BYTE).checked_shr(from)?);
            let bits = (ends != 0).then(|| ends.trailing_zeros() + 1)?;
            *place = squeeze(rest & u64::MAX >> (u64::BITS - bits));
            from += bits;
        }
        self.at = start + 1 + from as usize / 8;
        Some((start, raw(spec, &numbers, b"")))
    }

    /// Passes over an event that [`Cursor::plain`] would read; tells whether there is one.
    #[inline]
    pub(super) fn skip_plain(&mut self) -> bool {
        let Some((spec, word)) = self.plain_spec() else { return false };
        let mut ends = !word & LAST_BYTE;
        for _ in 1..spec.n_numbers() {
            ends &= ends.wrapping_sub(1);
        }
        if ends == 0 {
            return false;
        }
        self.at += 2 + ends.trailing_zeros() as usize / 8;
        true
    }

    /// What the event here is, if it is timed and has as many numbers as it should, and the
    /// eight bytes behind its first.
    #[inline]
    fn plain_spec(&self) -> Option<(wire::Spec, u64)> {
        let (&head, rest) = self.bytes.get(self.at..)?.split_first()?;
        let spec = wire::spec(head & 0x3f, self.minor)?;
        let n_numbers = usize::from(head >> 6) + 1;
        let is_plain = spec.is_timed && n_numbers < 4 && n_numbers == spec.n_numbers();
        is_plain.then_some((spec, u64::from_le_bytes(*rest.first_chunk()?)))
    }

    fn batch(&mut self, start: usize, n_numbers: u8) -> Result<Item<'a>, Damage> {
        if n_numbers != 2 {
            return Err(damage(start, "a batch begins wrongly".to_owned()));
        }
        let proc = self.number(start)?;
        let ticks = self.number(start)?.cast_signed();
        let proc = match i32::try_from(proc) {
            Ok(proc) => proc,
            Err(_) if proc == u64::MAX => -1,
            Err(_) => return Err(damage(start, format!("P {proc} is out of range"))),
        };
        Ok(Item::Batch { proc, ticks })
    }

    fn event(&mut self, start: usize, spec: wire::Spec, n_numbers: u8) -> Result<Item<'a>, Damage> {
        let mut numbers = [0; MAX_NUMBERS];
        let is_prefixed = n_numbers > 3;
        let n_numbers = if is_prefixed {
            let length = self.number(start)?;
            if length > MAX_ARGS_BYTES {
                return Err(damage(start, format!("an event claims {length} bytes")));
            }
            let mut all = Numbers(self.take(start, length)?);
            if spec.kind == Kind::Stack {
                return self.stack(start, all);
            }
            let n_numbers = fill(&mut numbers, &mut all);
            if !all.0.is_empty() {
                return Err(damage(start, BAD_NUMBER.to_owned()));
            }
            n_numbers
        } else {
            let from = self.at;
            for place in numbers.iter_mut().take(usize::from(n_numbers)) {
                *place = self.number(start)?;
            }
            if spec.kind == Kind::Stack {
                let all = self.bytes.get(from..self.at).unwrap_or_default();
                return self.stack(start, Numbers(all));
            }
            usize::from(n_numbers)
        };
        let text = if is_prefixed && spec.kind == Kind::UserLog { self.text(start)? } else { b"" };
        if n_numbers == spec.n_numbers() {
            Ok(item(spec, &numbers, text))
        } else {
            Err(self.wrong_count(start, spec.kind, n_numbers))
        }
    }

    /// A stack of the numbers at hand: id, frame count, and four numbers for each frame.
    fn stack(&self, start: usize, numbers: Numbers<'a>) -> Result<Item<'a>, Damage> {
        let mut frames = numbers.clone();
        let n_numbers = count(numbers).ok_or_else(|| damage(start, BAD_NUMBER.to_owned()))?;
        if let (Some(id), Some(n_frames)) = (frames.next(), frames.next())
            && n_frames <= MAX_FRAMES
            && n_numbers as u64 == 2 + 4 * n_frames
        {
            return Ok(Item::Stack { id, frames });
        }
        Err(self.wrong_count(start, Kind::Stack, n_numbers))
    }

    /// Its extent is known, so that reading can go on after it.
    fn wrong_count(&self, start: usize, kind: Kind, n_numbers: usize) -> Damage {
        let what = format!("{kind:?} has {n_numbers} numbers, which is wrong");
        Damage { resume: Some(self.at), ..damage(start, what) }
    }

    fn number(&mut self, start: usize) -> Result<u64, Damage> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let Some((number, after)) = varint(rest) else {
            return Err(if rest.len() < MAX_VARINT_BYTES {
                cut(start)
            } else {
                damage(start, BAD_NUMBER.to_owned())
            });
        };
        self.at += rest.len() - after.len();
        Ok(number)
    }

    fn text(&mut self, start: usize) -> Result<&'a [u8], Damage> {
        let length = self.number(start)?;
        if length > MAX_STRING_BYTES {
            return Err(damage(start, format!("a string claims {length} bytes")));
        }
        self.take(start, length)
    }

    fn take(&mut self, start: usize, length: u64) -> Result<&'a [u8], Damage> {
        let end = usize::try_from(length).ok().and_then(|length| self.at.checked_add(length));
        let taken = end.and_then(|end| self.bytes.get(self.at..end)).ok_or_else(|| cut(start))?;
        self.at += taken.len();
        Ok(taken)
    }
}

/// The bit that each byte of a number but its last has set.
const LAST_BYTE: u64 = 0x8080_8080_8080_8080;

/// An event of fixed form, whose numbers have been counted.
fn item<'a>(spec: wire::Spec, numbers: &[u64; MAX_NUMBERS], text: &'a [u8]) -> Item<'a> {
    let [first, ..] = numbers;
    match spec.kind {
        Kind::Frequency => Item::Frequency(*first),
        Kind::TimerGoroutine => Item::TimerGoroutine(*first),
        _ => Item::Event(raw(spec, numbers, text)),
    }
}

#[inline]
fn raw<'a>(spec: wire::Spec, numbers: &[u64; MAX_NUMBERS], text: &'a [u8]) -> Raw<'a> {
    let [first, args @ ..] = numbers;
    let mut raw = Raw { kind: spec.kind, ticks: *first, args: [0; 3], stack: 0, text };
    let n_args = usize::from(spec.n_args);
    for (place, &number) in raw.args.iter_mut().zip(args).take(n_args) {
        *place = number;
    }
    if spec.has_stack {
        raw.stack = low_half(args.get(n_args).copied().unwrap_or_default());
    }
    raw
}

/// Fills in the numbers as far as there are places, and tells how many numbers there are.
fn fill(places: &mut [u64; MAX_NUMBERS], numbers: &mut Numbers<'_>) -> usize {
    let mut n_numbers = 0;
    for number in numbers {
        if let Some(place) = places.get_mut(n_numbers) {
            *place = number;
        }
        n_numbers += 1;
    }
    n_numbers
}

/// The low 32 bits, to which Go's reader cuts stack ids.
pub(super) fn low_half(number: u64) -> u32 {
    let [a, b, c, d, ..] = number.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

/// How many numbers there are, if nothing else is.
fn count(mut numbers: Numbers<'_>) -> Option<usize> {
    let n_numbers = numbers.by_ref().count();
    numbers.0.is_empty().then_some(n_numbers)
}

/// A base-128 number and what comes after it, if it fits into 64 bits.
#[inline]
fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    match bytes {
        // Most numbers are small.
        [byte @ 0..0x80, rest @ ..] => Some((u64::from(*byte), rest)),
        _ => long_varint(bytes).and_then(|(number, n)| Some((number, bytes.get(n..)?))),
    }
}

fn damage(at: usize, what: String) -> Damage {
    Damage { at, what, resume: None }
}

fn cut(at: usize) -> Damage {
    damage(at, "the file ends inside an event".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push_varint(bytes: &mut Vec<u8>, mut number: u64) {
        while number >= 0x80 {
            bytes.push(number.to_le_bytes()[0] | 0x80);
            number >>= 7;
        }
        bytes.push(number.to_le_bytes()[0]);
    }

    #[test]
    fn plain_events_are_read_as_all_others_are() {
        let mut seed = 1_u64;
        let mut random = move || {
            seed = seed.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            seed >> 8
        };
        let mut n_plain = 0;
        for _ in 0..20_000 {
            let n_numbers = random() % 3 + 1;
            let head = u8::try_from(((n_numbers - 1) << 6) | (random() % 52)).expect("a byte");
            let mut bytes = vec![head];
            for _ in 0..n_numbers {
                let bits = random() % 40;
                push_varint(&mut bytes, random() & ((1 << bits) - 1));
            }
            let padding = if random() % 2 == 0 { &[0xff; 8][..] } else { &[] };
            bytes.extend(padding);
            let [mut slow, mut fast, mut passing] = [Cursor::new(&bytes, 0, 21); 3];
            let plain = fast.plain();
            assert_eq!(passing.skip_plain(), plain.is_some(), "{bytes:?}");
            assert_eq!(passing.at(), fast.at(), "{bytes:?}");
            match plain {
                Some((at, raw)) => {
                    assert_eq!(slow.next(), Ok(Some((at, Item::Event(raw)))), "{bytes:?}");
                    assert_eq!(slow.at(), fast.at(), "{bytes:?}");
                    n_plain += 1;
                }
                None => assert_eq!(fast.at(), 0, "{bytes:?}"),
            }
        }
        assert!(n_plain > 1_000, "{n_plain}");
    }
}
