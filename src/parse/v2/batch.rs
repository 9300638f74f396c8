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
use crate::base::ThreadId;
use crate::parse::cursor::Cursor;
use crate::parse::spec::{MAX_BATCH_BYTES, wire};

/// The length of the file's header in bytes.
pub(super) const HEADER_BYTES: usize = 16;

/// The first format that marks the end of a generation in band.
pub(super) const FIRST_WITH_MARK: u32 = 26;
/// The first format whose sync batch has a clock snapshot.
pub(super) const FIRST_WITH_CLOCK: u32 = 25;

/// How many batches have to stand in a row to be taken for batches behind a break. Headers have
/// little redundancy, so one or two could be chance.
const CHAIN: usize = 4;

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
    /// Which bytes of the file it is.
    pub(super) fn bytes(&self) -> Range<usize> {
        let place = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX);
        place(self.offset)..place(self.end)
    }
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
    /// Where it begins in the file.
    pub(super) offset: u64,
    /// Where it ends in the file.
    pub(super) end: u64,
    /// The lowest base time of any batch, in ticks.
    pub(super) min_time: u64,
    /// Whether the frame breaks behind it, so that batches may be missing.
    pub(super) is_cut: bool,
    pub(super) batches: Vec<Batch<'a>>,
}

impl Generation<'_> {
    fn has_events(&self) -> bool {
        self.batches.iter().any(|batch| holds_events(batch))
    }
}

/// Whether a batch is neither a table nor an experiment's.
pub(super) fn holds_events(batch: &Batch<'_>) -> bool {
    let tables = [wire::STRINGS, wire::STACKS, wire::CPU_SAMPLES, wire::SYNC, wire::FREQUENCY];
    batch.experiment == 0 && batch.data.first().is_none_or(|first| !tables.contains(first))
}

/// What the scanner found next.
#[derive(Debug)]
pub(super) enum Scanned<'a> {
    /// A generation, whole as far as its frame goes.
    Generation(Generation<'a>),
    /// The frame breaks. `rest` holds the batches of the generation that was being read:
    /// Go's reader drops them.
    Broken { fault: Fault, rest: Generation<'a> },
}

/// Walks over the batch headers of a file, without decoding any batch.
#[derive(Debug)]
pub(super) struct Scanner<'a> {
    file: &'a [u8],
    minor: u32,
    at: usize,
    /// The batch that ended the generation before (formats before 26), with its number.
    spill: Option<(u64, Batch<'a>, u64)>,
    /// A frame error behind a generation that was given as complete (formats before 26).
    pending: Option<Fault>,
    done: bool,
}

/// One item of the frame.
enum Item<'a> {
    Batch { generation: u64, batch: Batch<'a> },
    Mark,
    End,
}

impl<'a> Scanner<'a> {
    /// Scans the batches behind the header of `file`.
    pub(super) fn new(file: &'a [u8], minor: u32) -> Self {
        Self { file, minor, at: HEADER_BYTES, spill: None, pending: None, done: false }
    }

    /// The next generation, or where the frame breaks; none at the end of the file.
    pub(super) fn next(&mut self) -> Option<Scanned<'a>> {
        if let Some(fault) = self.pending.take() {
            self.done = true;
            return Some(Scanned::Broken { fault, rest: Generation::default() });
        }
        if self.done {
            return None;
        }
        if self.minor < FIRST_WITH_MARK { self.next_by_number() } else { self.next_by_mark() }
    }

    /// Goes on behind a break, where the next whole generation seems to begin: at a batch that
    /// others follow as batches do. At the end of the file if there is none.
    pub(super) fn resume(&mut self) {
        let broken_at = self.at;
        self.spill = None;
        self.pending = None;
        self.done = true;
        let mut from = broken_at + 1;
        while let Some(found) = self.find_batches(from) {
            self.at = found;
            if let Some(start) = self.next_start() {
                self.at = start;
                self.done = false;
                return;
            }
            from = self.at.max(found) + 1;
        }
        self.at = self.file.len();
    }

    /// The first place from `from` on where [`CHAIN`] batches of one generation stand in a row.
    fn find_batches(&self, from: usize) -> Option<usize> {
        let rest = self.file.get(from..)?;
        let candidates = rest.iter().enumerate().filter(|(_, byte)| **byte == wire::EVENT_BATCH);
        candidates.map(|(at, _)| from + at).find(|&at| {
            let mut probe = Self::new(self.file, self.minor);
            probe.at = at;
            let mut number = None;
            (0..CHAIN).all(|_| match probe.item() {
                Ok(Item::Batch { generation, .. }) if generation != 0 => {
                    *number.get_or_insert(generation) == generation
                }
                _ => false,
            })
        })
    }

    /// Skips the rest of a generation; gives where the next begins, if the frame holds so far.
    fn next_start(&mut self) -> Option<usize> {
        let mut number = None;
        loop {
            let start = self.at;
            match self.item() {
                Ok(Item::Mark) if self.minor >= FIRST_WITH_MARK => return Some(self.at),
                Ok(Item::Batch { generation, .. })
                    if *number.get_or_insert(generation) != generation =>
                {
                    return Some(start);
                }
                Ok(Item::Batch { .. }) => {}
                _ => return None,
            }
        }
    }

    /// How far into the file the scan has come, in bytes.
    pub(super) fn position(&self) -> u64 {
        self.at as u64
    }

    /// Format 26 and later.
    fn next_by_mark(&mut self) -> Option<Scanned<'a>> {
        let mut generation = Generation { offset: self.position(), ..Generation::default() };
        loop {
            let at = self.position();
            let fault = match self.item() {
                Err(fault) => fault,
                Ok(Item::End) if generation.has_events() => {
                    Fault::broken(at, "the file ends before its last generation does")
                }
                Ok(Item::End) => {
                    self.done = true;
                    return None;
                }
                Ok(Item::Mark) => {
                    generation.end = self.position();
                    return Some(Scanned::Generation(generation));
                }
                Ok(Item::Batch { generation: 0, .. }) => {
                    Fault::broken(at, "a batch of generation 0, which is never used")
                }
                Ok(Item::Batch { generation: number, batch }) => {
                    if generation.number == 0 {
                        generation.number = number;
                    }
                    // A mark may also come as the first byte of a batch.
                    if batch.leading_type() == Some(wire::END_OF_GENERATION) {
                        generation.end = self.position();
                        return Some(Scanned::Generation(generation));
                    }
                    if number == generation.number {
                        push(&mut generation, batch);
                        continue;
                    }
                    let what = format!(
                        "a batch of generation {number} inside generation {}",
                        generation.number
                    );
                    Fault::broken(at, what)
                }
            };
            self.done = true;
            generation.end = at;
            generation.is_cut = true;
            return Some(Scanned::Broken { fault, rest: generation });
        }
    }

    /// Formats before 26.
    fn next_by_number(&mut self) -> Option<Scanned<'a>> {
        let mut generation = Generation { offset: self.position(), ..Generation::default() };
        if let Some((number, batch, offset)) = self.spill.take() {
            generation.number = number;
            generation.offset = offset;
            generation.min_time = batch.time;
            generation.batches.push(batch);
        }
        loop {
            let at = self.position();
            let fault = match self.item() {
                Ok(Item::End) => {
                    self.done = true;
                    generation.end = at;
                    if generation.batches.is_empty() {
                        let fault = Fault::broken(at, "the file holds no generation");
                        return Some(Scanned::Broken { fault, rest: generation });
                    }
                    return Some(Scanned::Generation(generation));
                }
                Err(fault) if generation.number != 0 => {
                    // What there is of the generation may still be sound.
                    self.pending = Some(fault);
                    generation.is_cut = true;
                    generation.end = at;
                    return Some(Scanned::Generation(generation));
                }
                Err(fault) => fault,
                Ok(Item::Mark | Item::Batch { generation: 0, .. }) => {
                    Fault::broken(at, "a batch of generation 0, which is never used")
                }
                Ok(Item::Batch { generation: number, batch }) => {
                    if generation.number == 0 {
                        generation.number = number;
                    }
                    if generation.number.checked_add(1) == Some(number) {
                        self.spill = Some((number, batch, at));
                        generation.end = at;
                        return Some(Scanned::Generation(generation));
                    }
                    if number == generation.number {
                        push(&mut generation, batch);
                        continue;
                    }
                    let what = format!(
                        "a batch of generation {number} follows generation {}",
                        generation.number
                    );
                    Fault::broken(at, what)
                }
            };
            self.done = true;
            generation.end = at;
            generation.is_cut = true;
            return Some(Scanned::Broken { fault, rest: generation });
        }
    }

    /// The next batch or mark.
    fn item(&mut self) -> Result<Item<'a>, Fault> {
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
    generation.batches.push(batch);
}
