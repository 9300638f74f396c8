//! Reads one event after another from the bytes, without judging what they mean.
//!
//! ```text
//! batch    0x41, P, time in ticks          (P 2^64-1 is "no P")
//! string   type 37, id, length, bytes
//! log      as any event, then length and bytes of the message
//! ```

use super::wire::{self, Kind, MAX_NUMBERS};

/// The arguments of an event take at most this many bytes.
const MAX_ARGS_BYTES: u64 = 2048;
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
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
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
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
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

    fn event(
        &mut self,
        start: usize,
        spec: &wire::Spec,
        n_numbers: u8,
    ) -> Result<Item<'a>, Damage> {
        let is_prefixed = n_numbers > 3;
        let (mut numbers, n_numbers) = if is_prefixed {
            let length = self.number(start)?;
            if length > MAX_ARGS_BYTES {
                return Err(damage(start, format!("an event claims {length} bytes")));
            }
            let numbers = Numbers(self.take(start, length)?);
            let n_numbers = count(numbers).ok_or_else(|| damage(start, bad_number()))?;
            (numbers, n_numbers)
        } else {
            let from = self.at;
            for _ in 0..n_numbers {
                self.number(start)?;
            }
            let numbers = Numbers(self.bytes.get(from..self.at).unwrap_or_default());
            (numbers, usize::from(n_numbers))
        };
        let text = if is_prefixed && spec.kind == Kind::UserLog { self.text(start)? } else { b"" };
        let wrong_count = || Damage {
            resume: Some(self.at),
            ..damage(start, format!("{:?} has {n_numbers} numbers", spec.kind))
        };
        if spec.kind == Kind::Stack {
            let id = numbers.next().ok_or_else(wrong_count)?;
            let n_frames = numbers.next().ok_or_else(wrong_count)?;
            let is_right = n_frames <= MAX_FRAMES && n_numbers as u64 == 2 + 4 * n_frames;
            return if is_right {
                Ok(Item::Stack { id, frames: numbers })
            } else {
                Err(wrong_count())
            };
        }
        if n_numbers != spec.n_numbers() {
            return Err(wrong_count());
        }
        Ok(item(spec, numbers, text))
    }

    fn number(&mut self, start: usize) -> Result<u64, Damage> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let Some((number, after)) = varint(rest) else {
            return Err(if rest.len() < MAX_VARINT_BYTES {
                cut(start)
            } else {
                damage(start, bad_number())
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

/// An event of fixed form, whose numbers have been counted.
fn item<'a>(spec: &wire::Spec, numbers: Numbers<'a>, text: &'a [u8]) -> Item<'a> {
    let mut all = [0; MAX_NUMBERS];
    for (place, number) in all.iter_mut().zip(numbers) {
        *place = number;
    }
    let [first, args @ ..] = all;
    match spec.kind {
        Kind::Frequency => return Item::Frequency(first),
        Kind::TimerGoroutine => return Item::TimerGoroutine(first),
        _ => {}
    }
    let mut raw = Raw { kind: spec.kind, ticks: first, args: [0; 3], stack: 0, text };
    let n_args = usize::from(spec.n_args);
    for (place, &number) in raw.args.iter_mut().zip(&args).take(n_args) {
        *place = number;
    }
    if spec.has_stack {
        raw.stack = low_half(args.get(n_args).copied().unwrap_or_default());
    }
    Item::Event(raw)
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

const MAX_VARINT_BYTES: usize = 10;

/// A base-128 number and what comes after it, if it fits into 64 bits.
fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0;
    for (place, &byte) in bytes.iter().enumerate().take(MAX_VARINT_BYTES) {
        if place + 1 == MAX_VARINT_BYTES && byte > 1 {
            return None;
        }
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte < 0x80 {
            return Some((number, bytes.get(place + 1..)?));
        }
    }
    None
}

fn damage(at: usize, what: String) -> Damage {
    Damage { at, what, resume: None }
}

fn cut(at: usize) -> Damage {
    damage(at, "the file ends inside an event".to_owned())
}

fn bad_number() -> String {
    "a number is malformed".to_owned()
}
