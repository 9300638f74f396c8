//! The file as batches, and batches as generations.
//!
//! ```text
//! header      16 bytes, "go 1.NN trace" and three NULs
//! batch       type 1, generation, thread, base time, size (varints), then `size` bytes
//! batch       type 49, one byte naming the experiment, then the same
//! mark        type 52 alone: the generation ends (format 26 and later)
//! ```
//!
//! Before format 26 a generation ends where the first batch of the next begins, whose
//! number is one higher. From 26 on numbers are compared only within a generation.
//! Facts from Go 1.26 `internal/trace/batch.go` and `generation.go`.

use std::ops::Range;

use super::fault::Fault;
use super::resync;
use crate::base::{ThreadId, Warning};
use crate::parse::HEADER_BYTES;
use crate::parse::cursor::Cursor;
use crate::parse::spec::{MAX_BATCH_BYTES, wire};

/// The first format that marks the end of a generation in band.
pub(super) const FIRST_WITH_MARK: u32 = 26;
/// The first format whose sync batch has a clock snapshot.
pub(super) const FIRST_WITH_CLOCK: u32 = 25;

/// One batch, borrowed from the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Batch<'a> {
    pub(super) thread: ThreadId,
    /// Base time in ticks.
    pub(super) time: u64,
    /// Where the data begins in the file.
    pub(super) offset: u64,
    /// Which experiment's, 0 for ordinary batches.
    pub(super) experiment: u8,
    pub(super) data: &'a [u8],
}

impl Generation<'_> {
    /// What to say if it is not the next after the one before it. Go's reader does not look.
    pub(super) fn gap(&self) -> Option<Warning> {
        let message = match self.before.checked_add(1)? {
            1 => return None,
            next if next == self.number || self.number == 0 => return None,
            next if next.checked_add(1) == Some(self.number) => {
                format!("generation {next} is missing")
            }
            next if next < self.number => {
                format!("generations {next} to {} are missing", self.number - 1)
            }
            _ => format!("generation {} follows generation {}", self.number, self.before),
        };
        Some(Warning::of_damage(self.offset, Some(self.number), message))
    }

    /// Which bytes of the file it is.
    pub(super) fn bytes(&self) -> Range<usize> {
        place(self.offset)..place(self.end)
    }
}

/// Where an offset is in the file's bytes.
pub(super) fn place(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

impl Batch<'_> {
    /// The first byte of an ordinary batch, which says what it holds.
    pub(super) fn leading_type(&self) -> Option<u8> {
        if self.experiment == 0 { self.data.first().copied() } else { None }
    }
}

/// All batches of one generation, in file order.
#[derive(Clone, Default, Debug)]
pub(super) struct Generation<'a> {
    pub(super) number: u64,
    /// The number of the one before it in the file; 0 if there is none, or it is damaged.
    pub(super) before: u64,
    /// Where it begins in the file.
    pub(super) offset: u64,
    /// Where it ends in the file.
    pub(super) end: u64,
    /// The lowest base time of any batch, in ticks.
    pub(super) min_time: u64,
    /// The highest, but of 0 ticks if there is no batch.
    pub(super) max_time: u64,
    pub(super) batches: Vec<Batch<'a>>,
    /// How many of the batches stand before what cannot be read as a batch, if that is what
    /// damaged the frame first.
    pub(super) sound: Option<usize>,
}

impl Generation<'_> {
    /// The batches before what cannot be read as a batch, if there are any.
    pub(super) fn before_damage(&self) -> Option<Self> {
        let batches = self.batches.get(..self.sound?)?.to_vec();
        (!batches.is_empty()).then_some(Self { batches, sound: None, ..*self })
    }

    /// Whether there is any batch but tables.
    pub(super) fn has_events(&self) -> bool {
        self.batches.iter().any(|batch| holds_events(batch))
    }
}

/// Whether a batch is neither a table nor an experiment's.
fn holds_events(batch: &Batch<'_>) -> bool {
    let tables = [wire::STRINGS, wire::STACKS, wire::CPU_SAMPLES, wire::SYNC, wire::FREQUENCY];
    batch.experiment == 0 && batch.data.first().is_none_or(|first| !tables.contains(first))
}

/// What the scanner found next.
#[derive(Debug)]
pub(super) enum Scanned<'a> {
    /// A generation, whole as far as its frame goes.
    Generation(Generation<'a>),
    /// The frame breaks. `rest` holds the batches of the generation that was being read, those
    /// behind the damage too; Go's reader drops them.
    Broken { fault: Fault, rest: Generation<'a> },
}

/// Walks over the batch headers of a file, without decoding any batch.
#[derive(Clone, Debug)]
pub(super) struct Scanner<'a> {
    pub(super) file: &'a [u8],
    minor: u32,
    pub(super) at: usize,
    /// Whether the file, or what can be made sense of, is at its end.
    done: bool,
    /// Whether a generation has been found.
    any: bool,
    /// The number of the last one, if that is whole; else 0.
    last: u64,
}

/// What the end of the file means for the generation being read.
enum Ending {
    Fault(Fault),
    Generation,
    Nothing,
}

/// One item of the frame.
pub(super) enum Item<'a> {
    Batch { generation: u64, batch: Batch<'a> },
    Mark,
    End,
}

impl<'a> Scanner<'a> {
    /// Scans the batches behind the header of `file`.
    pub(super) fn new(file: &'a [u8], minor: u32) -> Self {
        Self { file, minor, at: HEADER_BYTES, done: false, any: false, last: 0 }
    }

    /// How far into the file the scan has come, in bytes.
    pub(super) fn position(&self) -> u64 {
        self.at as u64
    }

    /// The next generation, or where the frame breaks; none at the end of the file. Behind a
    /// break it goes on where batches follow one another again.
    pub(super) fn next(&mut self) -> Option<Scanned<'a>> {
        if self.done {
            return None;
        }
        let mut generation =
            Generation { offset: self.position(), before: self.last, ..Generation::default() };
        let mut damage: Option<Fault> = None;
        loop {
            let at = self.at;
            let fault = match self.item() {
                Ok(Item::Batch { generation: number, batch }) if number != 0 => {
                    if generation.number == 0 {
                        generation.number = number;
                    }
                    // A mark may also come as the first byte of a batch.
                    if self.has_marks() && batch.leading_type() == Some(wire::END_OF_GENERATION) {
                        break;
                    }
                    if number == generation.number {
                        push(&mut generation, batch);
                        continue;
                    }
                    if !self.has_marks() && generation.number.checked_add(1) == Some(number) {
                        self.at = at;
                        break;
                    }
                    self.other_number(at, number, generation.number)
                }
                Ok(Item::Mark) if self.has_marks() => break,
                Ok(Item::End) => {
                    self.done = true;
                    match self.end(&generation, damage.is_some()) {
                        Ending::Fault(fault) => fault,
                        Ending::Generation => break,
                        Ending::Nothing => return None,
                    }
                }
                Ok(Item::Mark | Item::Batch { .. }) => {
                    let what = "a batch of generation 0, which is never used";
                    self.skip_damage(at, Fault::broken(at as u64, what))
                }
                Err(fault) => {
                    if damage.is_none() {
                        generation.sound = Some(generation.batches.len());
                    }
                    self.skip_damage(at, fault)
                }
            };
            damage.get_or_insert(fault);
            if self.done || !self.goes_on(&generation) {
                break;
            }
        }
        self.any = true;
        generation.end = self.position();
        // There may be as many generations as the file has bytes, each with room for more.
        generation.batches.shrink_to_fit();
        self.last = if damage.is_none() { generation.number } else { 0 };
        Some(match damage {
            Some(fault) => Scanned::Broken { fault, rest: generation },
            None => Scanned::Generation(generation),
        })
    }

    fn has_marks(&self) -> bool {
        self.minor >= FIRST_WITH_MARK
    }

    /// The file is at its end, and so is `generation`.
    fn end(&self, generation: &Generation<'_>, is_damaged: bool) -> Ending {
        let is_empty = generation.batches.is_empty();
        if self.has_marks() {
            if generation.has_events() {
                let what = "the file ends before its last generation does";
                return Ending::Fault(Fault::broken(self.position(), what));
            }
            return if is_damaged { Ending::Generation } else { Ending::Nothing };
        }
        match (is_empty, self.any || is_damaged) {
            (true, false) => {
                Ending::Fault(Fault::broken(self.position(), "the file holds no generation"))
            }
            (true, true) if !is_damaged => Ending::Nothing,
            _ => Ending::Generation,
        }
    }

    /// A batch at `at` has neither the generation's number nor the next. Either the number is
    /// damaged and the batch is lost, or what is missing is the end of the generation.
    fn other_number(&mut self, at: usize, number: u64, current: u64) -> Fault {
        if resync::chain(self) != Some(current) {
            self.at = at;
        }
        let what = if self.has_marks() {
            format!("a batch of generation {number} inside generation {current}")
        } else {
            format!("a batch of generation {number} follows generation {current}")
        };
        Fault::broken(at as u64, what)
    }

    /// Goes on where batches stand in a row again.
    fn skip_damage(&mut self, at: usize, fault: Fault) -> Fault {
        match resync::find(self, at + 1) {
            Some(found) => self.at = found,
            None => {
                self.at = self.file.len();
                self.done = true;
            }
        }
        fault
    }

    /// Whether what stands behind the damage still belongs to `generation`.
    fn goes_on(&self, generation: &Generation<'_>) -> bool {
        match self.clone().item() {
            Ok(Item::Batch { generation: number, .. }) => number == generation.number,
            _ => false,
        }
    }

    /// The next batch or mark.
    pub(super) fn item(&mut self) -> Result<Item<'a>, Fault> {
        let start = self.position();
        let mut cursor = Cursor::starting_at(self.file, self.at);
        let Some(kind) = cursor.byte() else {
            return Ok(Item::End);
        };
        let cut =
            |what: &str| Fault::broken(start, format!("a batch header is cut off: no {what}"));
        let experiment = match kind {
            wire::END_OF_GENERATION => {
                self.at = cursor.position();
                return Ok(Item::Mark);
            }
            wire::EVENT_BATCH => 0,
            wire::EXPERIMENTAL_BATCH => cursor.byte().ok_or_else(|| cut("experiment"))?,
            other => {
                let what = format!("a batch was expected, but the byte is {other}");
                return Err(Fault::broken(start, what));
            }
        };
        let generation = cursor.varint().ok_or_else(|| cut("generation"))?;
        let thread = cursor.varint().ok_or_else(|| cut("thread"))?;
        let time = cursor.varint().ok_or_else(|| cut("time"))?;
        let size = cursor.varint().ok_or_else(|| cut("size"))?;
        if size > MAX_BATCH_BYTES {
            let what = format!("a batch of {size} bytes, more than {MAX_BATCH_BYTES}");
            return Err(Fault::broken(start, what));
        }
        let offset = cursor.position() as u64;
        let Some(data) = cursor.bytes(size) else {
            let left = cursor.remaining();
            let what = format!("a batch is cut off: {left} of its {size} bytes are there");
            return Err(Fault::broken(start, what));
        };
        self.at = cursor.position();
        let batch = Batch { thread: ThreadId(thread), time, offset, experiment, data };
        Ok(Item::Batch { generation, batch })
    }
}

fn push<'a>(generation: &mut Generation<'a>, batch: Batch<'a>) {
    if generation.min_time == 0 || batch.time < generation.min_time {
        generation.min_time = batch.time;
    }
    generation.max_time = generation.max_time.max(batch.time);
    generation.batches.push(batch);
}
