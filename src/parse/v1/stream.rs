//! One P's events, batch after batch, and the CPU samples, each with its next event at hand.

use std::slice::Iter;
use std::vec::IntoIter;

use super::cursor::{Cursor, Item, Raw};
use super::ids::Goroutines;
use super::index::{Batch, ProcRow, Sample};
use super::rule::{self, Rule};
use super::wire::Kind;
use crate::parse::event::GoRef;

/// The P number under which CPU samples are merged (Go 1.26 `tracev1.ProfileP`).
const SAMPLES_PROC: i32 = 1_000_005;

/// An event that is next in its stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    /// When, in ticks.
    pub(super) ticks: i64,
    /// Where it is in the file.
    pub(super) at: usize,
    /// What it is, local forms included.
    pub(super) kind: Kind,
    /// The slot of the goroutine it is about or that does it.
    pub(super) goroutine: u32,
    /// What it needs before it can come.
    pub(super) rule: Option<Rule>,
}

/// Events that are in the right order among themselves.
#[derive(Debug)]
pub(super) struct Stream<'a> {
    /// The P's number in the file, by which ties are broken.
    pub(super) proc: i32,
    /// The next event, none at the end.
    pub(super) head: Option<Head>,
    /// The next stream that waits for the same.
    pub(super) next_blocked: Option<ProcRow>,
    source: Source<'a>,
}

#[derive(Debug)]
enum Source<'a> {
    /// The batches that are left, the place in the current one and its end, the time and the
    /// slot of the running goroutine there.
    Proc {
        left: IntoIter<Batch>,
        cursor: Cursor<'a>,
        end: usize,
        ticks: i64,
        running: u32,
    },
    Samples(Iter<'a, Sample>),
}

/// What all streams share.
pub(super) struct File<'a> {
    /// The whole file.
    pub(super) bytes: &'a [u8],
    /// The version in its header.
    pub(super) minor: u32,
}

impl<'a> File<'a> {
    /// A cursor at a byte.
    pub(super) fn cursor(&self, at: usize) -> Cursor<'a> {
        Cursor::new(self.bytes, at, self.minor)
    }

    /// The event at a byte where one is known to be.
    pub(super) fn event(&self, at: usize) -> Option<Raw<'a>> {
        let mut cursor = self.cursor(at);
        if let Some((_, raw)) = cursor.plain() {
            return Some(raw);
        }
        match cursor.next() {
            Ok(Some((_, Item::Event(raw)))) => Some(raw),
            _ => None,
        }
    }
}

impl<'a> Stream<'a> {
    /// A P's batches, in file order.
    pub(super) fn of_proc(proc: i32, batches: Vec<Batch>, file: &File<'a>) -> Self {
        let source = Source::Proc {
            left: batches.into_iter(),
            cursor: file.cursor(0),
            end: 0,
            ticks: 0,
            running: GoRef::NO_SLOT,
        };
        Self { proc, head: None, next_blocked: None, source }
    }

    /// The CPU samples, in time order.
    pub(super) fn of_samples(samples: &'a [Sample]) -> Self {
        let source = Source::Samples(samples.iter());
        Self { proc: SAMPLES_PROC, head: None, next_blocked: None, source }
    }

    /// Reads the next event into `head`.
    pub(super) fn advance(&mut self, file: &File<'a>, goroutines: &mut Goroutines) {
        self.head = match &mut self.source {
            Source::Samples(left) => left.next().map(|&Sample { at, ticks }| {
                let [_, _, id] = file.event(at).map_or([0; 3], |raw| raw.args);
                let goroutine = goroutines.slot(id);
                Head { ticks, at, kind: Kind::CpuSample, goroutine, rule: None }
            }),
            Source::Proc { left, cursor, end, ticks, running } => loop {
                if cursor.at() >= *end {
                    let Some(batch) = left.next() else { break None };
                    (*cursor, *end, *ticks) = (file.cursor(batch.start), batch.end, batch.ticks);
                    continue;
                }
                let (at, raw) = match cursor.plain() {
                    Some(plain) => plain,
                    None => match cursor.next() {
                        Ok(Some((_, Item::Event(raw)))) if raw.kind == Kind::CpuSample => continue,
                        Ok(Some((at, Item::Event(raw)))) => (at, raw),
                        Ok(Some(_)) => continue,
                        // The index has read all this before.
                        Ok(None) | Err(_) => {
                            *end = 0;
                            continue;
                        }
                    },
                };
                *ticks = ticks.wrapping_add(raw.ticks.cast_signed());
                let rule = rule::rule(&raw, *running, goroutines);
                let goroutine = about(&raw, *running, goroutines);
                *running = running_after(raw.kind, goroutine, *running);
                break Some(Head { ticks: *ticks, at, kind: raw.kind, goroutine, rule });
            },
        };
    }
}

/// The slot of the goroutine that an event belongs to.
fn about(raw: &Raw<'_>, running: u32, goroutines: &mut Goroutines) -> u32 {
    match raw.kind {
        Kind::GoStart
        | Kind::GoStartLocal
        | Kind::GoStartLabel
        | Kind::GoSysExit
        | Kind::GoSysExitLocal
        | Kind::GoWaiting
        | Kind::GoInSyscall => {
            let [id, ..] = raw.args;
            goroutines.slot(id)
        }
        _ => running,
    }
}

/// What the P runs after an event of goroutine `about`.
fn running_after(kind: Kind, about: u32, running: u32) -> u32 {
    match kind {
        Kind::GoStart | Kind::GoStartLocal | Kind::GoStartLabel => about,
        kind if kind.stops() => GoRef::NO_SLOT,
        _ => running,
    }
}
