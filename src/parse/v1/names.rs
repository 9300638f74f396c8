//! The texts that the old format has numbers or event types for.
//!
//! Facts from Go 1.26 `internal/trace/tracev1.go` and `…/internal/tracev1/parser.go`.

use super::wire::Kind;
use crate::parse::event::{GoState, StrRef};
use crate::parse::tables::Tables;

/// How a goroutine stops running, and why.
const STOPS: [(Kind, GoState, &str); 12] = [
    (Kind::GoStop, GoState::Waiting, "forever"),
    (Kind::GoSched, GoState::Runnable, "runtime.Gosched"),
    (Kind::GoPreempt, GoState::Runnable, "preempted"),
    (Kind::GoSleep, GoState::Waiting, "sleep"),
    (Kind::GoBlock, GoState::Waiting, ""),
    (Kind::GoBlockSend, GoState::Waiting, "chan send"),
    (Kind::GoBlockRecv, GoState::Waiting, "chan receive"),
    (Kind::GoBlockSelect, GoState::Waiting, "select"),
    (Kind::GoBlockSync, GoState::Waiting, "sync"),
    (Kind::GoBlockCond, GoState::Waiting, "sync.(*Cond).Wait"),
    (Kind::GoBlockNet, GoState::Waiting, "network"),
    (Kind::GoBlockGc, GoState::Waiting, "GC mark assist wait for work"),
];

/// Why the world is stopped, by Go 1.21's numbers.
const WORLD_STOPS: [&str; 17] = [
    "",
    "GC mark termination",
    "GC sweep termination",
    "write heap dump",
    "goroutine profile",
    "goroutine profile cleanup",
    "all goroutine stack trace",
    "read mem stats",
    "AllThreadsSyscall",
    "GOMAXPROCS",
    "start trace",
    "stop trace",
    "CountPagesInUse (test)",
    "ReadMetricsSlow (test)",
    "ReadMemStatsSlow (test)",
    "PageCachePagesLeaked (test)",
    "ResetDebugLog (test)",
];

/// The texts as rows of the tables.
#[derive(Debug)]
pub(super) struct Names {
    stops: [StrRef; STOPS.len()],
    world_stops: [StrRef; WORLD_STOPS.len()],
    minor: u32,
}

impl Names {
    /// Adds the texts to the tables of a trace of format `minor`.
    pub(super) fn add_to(tables: &mut Tables<'_>, minor: u32) -> Self {
        let mut add = |text: &'static str| match text {
            "" => StrRef(0),
            _ => tables.add_string(text.as_bytes()),
        };
        Self {
            stops: STOPS.map(|(_, _, text)| add(text)),
            world_stops: WORLD_STOPS.map(add),
            minor,
        }
    }

    /// The state and the reason that a type of event puts the running goroutine into.
    pub(super) fn stop(&self, kind: Kind) -> Option<(GoState, StrRef)> {
        let row = STOPS.iter().position(|&(of, _, _)| of == kind)?;
        Some((STOPS.get(row)?.1, *self.stops.get(row)?))
    }

    /// The reason that a number stands for in this version.
    pub(super) fn world_stop(&self, number: u64) -> StrRef {
        let number = match (self.minor, number) {
            (21, number) => number,
            // Before Go 1.21: 0 mark termination, 1 sweep termination.
            (_, 0 | 1) => number + 1,
            _ => 0,
        };
        let row = usize::try_from(number).ok().and_then(|row| self.world_stops.get(row));
        row.copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::v1::wire::spec;

    #[test]
    fn all_that_stop_have_a_text_but_who_ends_and_who_is_in_a_system_call() {
        let kinds = (0..=u8::MAX).filter_map(|row| Some(spec(row, 21)?.kind));
        let untold = [Kind::GoEnd, Kind::GoSysBlock];
        for kind in kinds {
            let row = STOPS.iter().find(|(of, ..)| *of == kind);
            assert_eq!(row.is_some(), kind.stops() && !untold.contains(&kind), "{kind:?}");
            if let Some((_, state, _)) = row {
                let waits = kind.blocks() || kind == Kind::GoStop;
                assert_eq!(*state == GoState::Waiting, waits, "{kind:?}");
            }
        }
    }

    #[test]
    fn numbers_of_world_stops_depend_on_the_version() {
        let text = |minor, number| {
            let mut tables = Tables::empty(0);
            let names = Names::add_to(&mut tables, minor);
            String::from_utf8_lossy(tables.string(names.world_stop(number))).into_owned()
        };
        assert_eq!(text(19, 0), "GC mark termination");
        assert_eq!(text(19, 2), "");
        assert_eq!(text(21, 0), "");
        assert_eq!(text(21, 9), "GOMAXPROCS");
        assert_eq!(text(21, 17), "");
    }
}
