//! The kinds of span in a draft, numbered as they are met.

use crate::base::{ProcId, WireMap};
use crate::parse::event::{GoState, StrRef};

use super::columns::Widths;

/// A kind before strings have rows: see [`Kind`](super::Kind).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct RawKind {
    pub(super) state: GoState,
    pub(super) reason: StrRef,
    pub(super) proc: ProcId,
    pub(super) woken: bool,
    /// Whether a stack comes with it; with one that was woken, a waker too.
    pub(super) stack: bool,
}

/// Beyond this many kinds a span keeps its state and loses its reason or P. Only made-up
/// traces have so many.
const MAX_KINDS: usize = 60_000;
/// P numbers below this are looked up in a table.
const LOW_PROCS: usize = 1 << 12;
const NONE: u16 = u16::MAX;

/// Numbers kinds, with a direct lookup for each way in which a span begins.
#[derive(Debug)]
pub(super) struct Kinds {
    rows: Vec<RawKind>,
    running: Vec<u16>,
    far_running: WireMap<ProcId, u16>,
    /// By state (runnable, waiting, syscall), then reason.
    stopped: [Vec<u16>; 3],
}

/// The kinds that always exist, in this order.
const WOKEN: u16 = 0;
const FALLBACK: [GoState; 5] = [
    GoState::Running,
    GoState::Runnable,
    GoState::Waiting,
    GoState::Syscall,
    GoState::Undetermined,
];

impl Default for Kinds {
    fn default() -> Self {
        let plain = |state, stack| RawKind {
            state,
            reason: StrRef(0),
            proc: ProcId::NONE,
            woken: false,
            stack,
        };
        let woken = RawKind { woken: true, ..plain(GoState::Runnable, true) };
        let rows = std::iter::once(woken)
            .chain(FALLBACK.into_iter().map(|state| plain(state, state != GoState::Running)))
            .collect();
        Self {
            rows,
            running: Vec::new(),
            far_running: WireMap::default(),
            stopped: std::array::from_fn(|_| Vec::new()),
        }
    }
}

impl Kinds {
    pub(super) fn rows(&self) -> &[RawKind] {
        &self.rows
    }

    /// How many words spans of each kind have.
    pub(super) fn words(&self, widths: Widths) -> Vec<u8> {
        let words = |row: &RawKind| widths.words(row.stack.into(), row.woken.into());
        self.rows.iter().map(|row| u8::try_from(words(row)).unwrap_or(0)).collect()
    }

    /// The kind of a span in a state of which neither reason nor P is known.
    pub(super) fn plain(state: GoState) -> u16 {
        let at = FALLBACK.iter().position(|&plain| plain == state).unwrap_or(FALLBACK.len() - 1);
        u16::try_from(at + 1).unwrap_or(NONE)
    }

    pub(super) fn woken(&self) -> u16 {
        debug_assert!(self.rows.first().is_some_and(|kind| kind.woken));
        WOKEN
    }

    #[inline]
    pub(super) fn running(&mut self, proc: ProcId) -> u16 {
        let low = usize::try_from(proc.0).ok().filter(|&at| at < LOW_PROCS);
        let known = match low {
            Some(at) => self.running.get(at).copied().unwrap_or(NONE),
            None => self.far_running.get(&proc).copied().unwrap_or(NONE),
        };
        if known == NONE { self.add_running(proc, low) } else { known }
    }

    #[cold]
    fn add_running(&mut self, proc: ProcId, low: Option<usize>) -> u16 {
        let kind = RawKind {
            state: GoState::Running,
            reason: StrRef(0),
            proc,
            woken: false,
            stack: false,
        };
        let row = self.add(kind);
        match low {
            Some(at) => put(&mut self.running, at, row),
            None => {
                self.far_running.insert(proc, row);
            }
        }
        row
    }

    /// Runnable again without having waited, waiting, or in a system call.
    #[inline]
    pub(super) fn stopped(&mut self, state: GoState, reason: StrRef) -> u16 {
        let group = match state {
            GoState::Runnable => 0,
            GoState::Waiting => 1,
            GoState::Syscall => 2,
            _ => return Self::plain(state),
        };
        let table = self.stopped.get(group);
        let known = table.and_then(|table| table.get(reason.0 as usize)).copied();
        match known {
            Some(row) if row != NONE => row,
            _ => self.add_stopped(group, state, reason),
        }
    }

    #[cold]
    fn add_stopped(&mut self, group: usize, state: GoState, reason: StrRef) -> u16 {
        let kind = RawKind { state, reason, proc: ProcId::NONE, woken: false, stack: true };
        let row = self.add(kind);
        if let Some(table) = self.stopped.get_mut(group) {
            put(table, reason.0 as usize, row);
        }
        row
    }

    fn add(&mut self, kind: RawKind) -> u16 {
        if self.rows.len() >= MAX_KINDS {
            return Self::plain(kind.state);
        }
        self.rows.push(kind);
        u16::try_from(self.rows.len() - 1).unwrap_or_else(|_| Self::plain(kind.state))
    }
}

fn put(table: &mut Vec<u16>, at: usize, row: u16) {
    if at >= table.len() {
        table.resize(at + 1, NONE);
    }
    if let Some(place) = table.get_mut(at) {
        *place = row;
    }
}
