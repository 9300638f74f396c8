//! States and reasons as the few classes that colors can tell apart.

use rustc_hash::FxHashMap;

use crate::analysis::{reason_of, reasons};
use crate::base::{StackId, StrId};
use crate::model::{Kind, Trace};
use crate::parse::event::GoState;

/// What a stretch of a goroutine's life looks like: its state, and for waiting the kind of
/// thing waited for. The theme has one color for each.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[repr(u8)]
pub enum StateClass {
    /// Not known: before the goroutine's first event in a trace that began too late.
    #[default]
    Unknown,
    /// On a processor.
    Running,
    /// Ready, waiting for a processor.
    Runnable,
    /// In a system call or C code.
    Syscall,
    /// `time.Sleep`.
    Sleep,
    /// A channel operation or `select`.
    Channel,
    /// A mutex, a condition variable, a wait group, a semaphore.
    Sync,
    /// The network poller.
    Network,
    /// The garbage collector: assist, its own workers' waits.
    Gc,
    /// Waiting for something else, the runtime's own parked goroutines among them.
    Blocked,
}

impl StateClass {
    /// All classes, in the order of their numbers.
    pub const ALL: [Self; 10] = [
        Self::Unknown,
        Self::Running,
        Self::Runnable,
        Self::Syscall,
        Self::Sleep,
        Self::Channel,
        Self::Sync,
        Self::Network,
        Self::Gc,
        Self::Blocked,
    ];

    /// A short name for legends: "running", "blocked on a channel".
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Running => "running",
            Self::Runnable => "runnable",
            Self::Syscall => "system call",
            Self::Sleep => "sleeping",
            Self::Channel => "blocked on a channel",
            Self::Sync => "blocked on a lock",
            Self::Network => "blocked on the network",
            Self::Gc => "garbage collection",
            Self::Blocked => "blocked",
        }
    }
}

/// How many classes there are.
pub(super) const N_CLASSES: usize = StateClass::ALL.len();

impl StateClass {
    /// The class of a number below [`N_CLASSES`]; unknown beyond.
    pub(super) fn from_index(index: usize) -> Self {
        Self::ALL.get(index).copied().unwrap_or_default()
    }

    /// The class of waiting for a reason as the runtime words it, in the old format too.
    #[must_use]
    pub fn of_reason(reason: &str) -> Self {
        match reason {
            reasons::SLEEP => Self::Sleep,
            reasons::SELECT | reasons::SEND | reasons::RECEIVE => Self::Channel,
            reasons::NETWORK => Self::Network,
            reasons::LOCK | reasons::COND => Self::Sync,
            _ if reasons::is_gc(reason) => Self::Gc,
            _ => Self::Blocked,
        }
    }
}

/// The class of every reason of a trace, so that a frame compares no strings.
#[derive(Clone, Debug, Default)]
pub(super) struct Classes {
    by_reason: Vec<StateClass>,
    /// Of waits with which a life begins, by stack: the runtime gives no reason then.
    by_first_stack: FxHashMap<StackId, StateClass>,
}

impl Classes {
    /// Classifies all strings of the trace: most are no reasons, and cost one failed match.
    pub(super) fn new(trace: &Trace) -> Self {
        let by_reason = trace.strings().iter().map(|(_, s)| StateClass::of_reason(s)).collect();
        let lives = &trace.goroutines;
        let mut by_first_stack = FxHashMap::default();
        for (state, &stack) in lives.first_state.iter().zip(&lives.first_stack) {
            if *state == GoState::Waiting {
                by_first_stack
                    .entry(stack)
                    .or_insert_with(|| StateClass::of_reason(reason_of(trace, stack, "")));
            }
        }
        Self { by_reason, by_first_stack }
    }

    /// The class of a state with its reason.
    pub(super) fn of(&self, state: GoState, reason: StrId) -> StateClass {
        match state {
            GoState::Running => StateClass::Running,
            GoState::Runnable => StateClass::Runnable,
            GoState::Syscall => StateClass::Syscall,
            GoState::Waiting => {
                self.by_reason.get(reason.index()).copied().unwrap_or(StateClass::Blocked)
            }
            GoState::Undetermined | GoState::NotExist => StateClass::Unknown,
        }
    }

    /// The class of the state in which a life begins, with a stack.
    pub(super) fn of_first(&self, state: GoState, stack: StackId) -> StateClass {
        let by_stack = self.by_first_stack.get(&stack).filter(|_| state == GoState::Waiting);
        by_stack.copied().unwrap_or_else(|| self.of(state, StrId::EMPTY))
    }

    /// The class of a span's kind.
    pub(super) fn of_kind(&self, kind: &Kind) -> StateClass {
        self.of(kind.state, kind.reason)
    }
}

/// Time by class, to find the class that a merged record is drawn as.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Tally([i64; N_CLASSES]);

impl Tally {
    /// Adds time of a class.
    pub(super) fn add(&mut self, class: StateClass, ns: i64) {
        let sum = &mut self.0[class as usize];
        *sum = sum.saturating_add(ns);
    }

    /// How much of a class.
    pub(super) fn of(&self, class: StateClass) -> i64 {
        self.0[class as usize]
    }

    /// Adds another tally.
    pub(super) fn merge(&mut self, other: &Self) {
        for (ours, theirs) in self.0.iter_mut().zip(other.0) {
            *ours = ours.saturating_add(theirs);
        }
    }

    /// The class with the most time, and its share in 255ths.
    pub(super) fn dominant(&self) -> (StateClass, u8) {
        let (mut best, mut total) = (0, 0_i64);
        for (class, &ns) in self.0.iter().enumerate() {
            total = total.saturating_add(ns);
            if ns > self.0[best] {
                best = class;
            }
        }
        // Two years of nanoseconds times 255 still fit: only longer sums are made smaller first.
        let shift = (64 - total.leading_zeros()).saturating_sub(55);
        let share = ((self.0[best] >> shift) * 255).checked_div(total >> shift).unwrap_or(255);
        (StateClass::from_index(best), u8::try_from(share).unwrap_or(u8::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_of_both_formats_have_classes() {
        assert_eq!(StateClass::of_reason("sync.(*Cond).Wait"), StateClass::Sync);
        assert_eq!(StateClass::of_reason("GC mark assist wait for work"), StateClass::Gc);
        assert_eq!(StateClass::of_reason("forever"), StateClass::Blocked);
        assert_eq!(StateClass::of_reason("select"), StateClass::Channel);
        for (at, class) in StateClass::ALL.into_iter().enumerate() {
            assert_eq!(class as usize, at);
            assert!(!class.label().is_empty());
        }
    }

    #[test]
    fn the_most_time_wins_and_a_tie_goes_to_the_first() {
        let mut tally = Tally::default();
        tally.add(StateClass::Running, 25);
        tally.add(StateClass::Sleep, 75);
        assert_eq!(tally.dominant(), (StateClass::Sleep, 191));
        tally.add(StateClass::Running, 50);
        assert_eq!(tally.dominant(), (StateClass::Running, 127));
        assert_eq!(Tally::default().dominant(), (StateClass::Unknown, 255));
    }
}
