//! The exits from system calls get their own times, and system calls learn whether they block.
//!
//! Go writes the exit when the goroutine is to run again, with the time at which the call
//! really returned. Facts from Go 1.26 `internal/trace/internal/tracev1/parser.go`, end of
//! `parseEventBatches`, and `internal/trace/tracev1.go`, `EvGoSysCall`.

use super::notes::Notes;
use super::order::Record;
use super::stream::File;
use super::wire::Kind;
use crate::parse::event::GoRef;

/// The records in time order: those that stay in their places, and those that were moved.
#[derive(Debug)]
pub(super) struct Retimed {
    records: Vec<Record>,
    /// Rows of the records with other times than their places say, by those times.
    moved: Vec<usize>,
}

impl Retimed {
    /// Sets the exits' times, and marks the system calls that block.
    pub(super) fn new(
        mut records: Vec<Record>,
        n_goroutines: usize,
        file: &File<'_>,
        notes: &mut Notes,
    ) -> Self {
        let moved = set_exit_times(&mut records, n_goroutines, file, notes);
        let mut retimed = Self { records, moved };
        retimed.mark_blocking_calls(n_goroutines);
        retimed
    }

    /// How many records there are.
    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// The records in time order; equal times in the order of their places.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Record> {
        let mut walk = Walk::default();
        std::iter::from_fn(move || self.records.get(walk.next(self)?))
    }

    /// After a system call, the goroutine's next event tells whether it blocks.
    fn mark_blocking_calls(&mut self, n_goroutines: usize) {
        let mut open_calls = vec![usize::MAX; n_goroutines];
        let mut walk = Walk::default();
        while let Some(row) = walk.next(self) {
            let Some(&Record { goroutine, kind, .. }) = self.records.get(row) else { return };
            if goroutine == GoRef::NO_SLOT {
                continue;
            }
            let Some(open_call) = open_calls.get_mut(goroutine as usize) else { continue };
            if kind == Kind::GoSysBlock
                && let Some(call) = self.records.get_mut(*open_call)
            {
                call.flag = true;
            }
            *open_call = if kind == Kind::GoSysCall { row } else { usize::MAX };
        }
    }
}

/// A place in both lists of a [`Retimed`].
#[derive(Default)]
struct Walk {
    kept: usize,
    n_moved: usize,
}

impl Walk {
    /// The row of the next record.
    fn next(&mut self, of: &Retimed) -> Option<usize> {
        let moved_out = |record: &Record| record.kind == Kind::GoSysExit && record.flag;
        while of.records.get(self.kept).is_some_and(moved_out) {
            self.kept += 1;
        }
        let kept = of.records.get(self.kept).map(|record| (record.ticks, self.kept));
        let moved = of.moved.get(self.n_moved).copied();
        let moved = moved.and_then(|row| Some((of.records.get(row)?.ticks, row)));
        match (kept, moved) {
            (Some(kept), Some(moved)) if moved < kept => {
                self.n_moved += 1;
                Some(moved.1)
            }
            (Some((_, row)), _) => {
                self.kept += 1;
                Some(row)
            }
            (None, moved) => {
                self.n_moved += 1;
                moved.map(|(_, row)| row)
            }
        }
    }
}

/// Gives each exit its own time; returns the rows that are out of place for it.
fn set_exit_times(
    records: &mut [Record],
    n_goroutines: usize,
    file: &File<'_>,
    notes: &mut Notes,
) -> Vec<usize> {
    let mut last_blocks: Vec<Option<i64>> = vec![None; n_goroutines];
    let mut moved = Vec::new();
    for (row, record) in records.iter_mut().enumerate() {
        let Some(last_block) = last_blocks.get_mut(record.goroutine as usize) else { continue };
        match record.kind {
            Kind::GoSysBlock | Kind::GoInSyscall => *last_block = Some(record.ticks),
            Kind::GoSysExit => match exit_ticks(file, record.at) {
                0 => {}
                ticks if last_block.is_some_and(|block| block <= ticks) => {
                    record.flag = ticks != record.ticks;
                    record.ticks = ticks;
                    if record.flag {
                        moved.push(row);
                    }
                }
                _ => notes.add(record.at, "a system call returns before it blocks"),
            },
            _ => {}
        }
    }
    moved.sort_by_key(|&row| records.get(row).map(|record| record.ticks));
    moved
}

/// The time that an exit carries, in ticks; 0 if it has none of its own.
fn exit_ticks(file: &File<'_>, at: usize) -> i64 {
    let ticks = file.event(at).map_or(0, |raw| match (raw.kind, raw.args) {
        (Kind::GoSysExitLocal, [_, ticks, _]) | (_, [_, _, ticks]) => ticks,
    });
    ticks.cast_signed()
}
