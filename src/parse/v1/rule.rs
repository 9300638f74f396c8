//! What an event asks of the goroutine it is about before it can be put in order.
//!
//! Facts from Go 1.26 `internal/trace/internal/tracev1/order.go`.

use super::cursor::Raw;
use super::ids::Goroutines;
use super::wire::Kind;

/// What the ordering knows of a goroutine.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(super) enum Status {
    #[default]
    Dead,
    Runnable,
    Running,
    Waiting,
}

/// A goroutine's status with the number of its last numbered change.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(super) struct State {
    /// In a rule, [`State::ANY`] asks for no number.
    pub(super) seq: u64,
    /// The status.
    pub(super) status: Status,
}

impl State {
    /// Any number will do.
    pub(super) const ANY: u64 = u64::MAX;

    /// Whether a goroutine in state `now` is as this state asks.
    pub(super) fn is_met_by(self, now: Self) -> bool {
        self.status == now.status && (self.seq == Self::ANY || self.seq == now.seq)
    }
}

/// What happens to the number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum NextSeq {
    Keep,
    Increment,
    Set(u64),
}

/// What an event needs and what it does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Rule {
    /// The slot of the goroutine, [`Rule::GC`] for the collector; a goroutine that does not
    /// exist has none, and the event can never come.
    pub(super) slot: u32,
    /// The state in which it can come next.
    pub(super) needs: State,
    /// The status afterwards.
    pub(super) status: Status,
    /// The number afterwards.
    pub(super) seq: NextSeq,
}

impl Rule {
    /// In place of a goroutine: the order of GC cycles.
    pub(super) const GC: u32 = u32::MAX - 1;

    /// The state after the event.
    pub(super) fn after(self, now: State) -> State {
        let seq = match self.seq {
            NextSeq::Keep => now.seq,
            NextSeq::Increment => now.seq.wrapping_add(1),
            NextSeq::Set(seq) => seq,
        };
        State { seq, status: self.status }
    }
}

/// The rule for an event on a P that runs the goroutine in slot `running`; none if it can come
/// at any time.
pub(super) fn rule(raw: &Raw<'_>, running: u32, goroutines: &mut Goroutines) -> Option<Rule> {
    let [first, second, _] = raw.args;
    let mut numbered = |seq: u64, needs, status| Rule {
        slot: goroutines.slot(first),
        needs: State { seq, status: needs },
        status,
        seq: NextSeq::Set(seq.wrapping_add(1)),
    };
    let stop = |status| Rule {
        slot: running,
        needs: State { seq: State::ANY, status: Status::Running },
        status,
        seq: NextSeq::Keep,
    };
    Some(match raw.kind {
        Kind::GoCreate => numbered(0, Status::Dead, Status::Runnable),
        Kind::GoWaiting | Kind::GoInSyscall => numbered(1, Status::Runnable, Status::Waiting),
        Kind::GoStart | Kind::GoStartLabel => numbered(second, Status::Runnable, Status::Running),
        Kind::GoUnblock | Kind::GoSysExit => numbered(second, Status::Waiting, Status::Runnable),
        // The local forms come from the P that made the goroutine ready: no number is needed.
        Kind::GoStartLocal => Rule {
            seq: NextSeq::Increment,
            ..numbered(State::ANY, Status::Runnable, Status::Running)
        },
        Kind::GoUnblockLocal | Kind::GoSysExitLocal => Rule {
            seq: NextSeq::Increment,
            ..numbered(State::ANY, Status::Waiting, Status::Runnable)
        },
        Kind::GoSched | Kind::GoPreempt => stop(Status::Runnable),
        kind if kind.blocks() => stop(Status::Waiting),
        Kind::GcStart => Rule {
            slot: Rule::GC,
            needs: State { seq: first, status: Status::Dead },
            status: Status::Dead,
            seq: NextSeq::Set(first.wrapping_add(1)),
        },
        _ => return None,
    })
}
