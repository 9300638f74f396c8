//! Special stretches of time in the runtime, by name and by the kind of thing they belong to.

use std::io::{self, Write};

use super::names::Names;
use crate::base::{Time, WireMap};
use crate::parse::event::{RangeKind, RangeMoment};
use crate::parse::tables::Tables;
use crate::parse::text::quoted;

/// What the stretches of one name come to.
#[derive(Clone, Copy, Default, Debug)]
struct Tally {
    begins: u64,
    actives: u64,
    ends: u64,
    ns: i64,
}

/// A range's name, and the kind of thing that it belongs to.
type Key = (u32, &'static str);

/// All of them, and those that are open.
#[derive(Default, Debug)]
pub(super) struct Ranges {
    tallies: WireMap<Key, Tally>,
    /// Since when, by the id of what they belong to.
    open: WireMap<(Key, u64), Time>,
}

impl Ranges {
    /// Counts one moment of a range.
    pub(super) fn event(
        &mut self,
        names: &mut Names,
        tables: &Tables<'_>,
        at: Time,
        kind: RangeKind,
        moment: RangeMoment,
    ) {
        let (key, id) = key(names, tables, kind);
        let tally = self.tallies.entry(key).or_default();
        match moment {
            RangeMoment::Begin => {
                tally.begins += 1;
                self.open.insert((key, id), at);
            }
            RangeMoment::Active => {
                tally.actives += 1;
                self.open.entry((key, id)).or_insert(at);
            }
            RangeMoment::End { .. } => {
                tally.ends += 1;
                if let Some(since) = self.open.remove(&(key, id)) {
                    tally.ns += at - since;
                }
            }
        }
    }

    /// Closes all that is open at the trace's end.
    pub(super) fn close(&mut self, end: Time) {
        for ((key, _), since) in self.open.drain() {
            self.tallies.entry(key).or_default().ns += end - since;
        }
    }

    /// Writes a line for each name.
    pub(super) fn write(&self, out: &mut dyn Write, names: &Names) -> io::Result<()> {
        let mut tallies: Vec<_> = self.tallies.iter().collect();
        tallies.sort_by_key(|((name, kind), _)| (names.text(*name), *kind));
        for ((name, kind), Tally { begins, actives, ends, ns }) in tallies {
            let name = quoted(names.text(*name));
            writeln!(out, "range\t{name}\t{kind}\t{begins}\t{actives}\t{ends}\t{ns}")?;
        }
        Ok(())
    }
}

/// A range's name and scope, and the id of what it belongs to.
fn key(names: &mut Names, tables: &Tables<'_>, kind: RangeKind) -> (Key, u64) {
    match kind {
        RangeKind::StopTheWorld { reason, by } => {
            let name = [b"stop-the-world (", tables.string(reason), b")"].concat();
            ((names.row(&name), "Goroutine"), by.id.0)
        }
        RangeKind::GcMark => ((names.row(b"GC concurrent mark phase"), "None"), u64::MAX),
        RangeKind::GcSweep(proc) => ((names.row(b"GC incremental sweep"), "Proc"), proc.0),
        RangeKind::GcMarkAssist(by) => ((names.row(b"GC mark assist"), "Goroutine"), by.id.0),
    }
}
