//! What an analysis says, in rows that refer to the trace.

use std::ops::Range;

use crate::base::{Goroutine, Interval, StackId, StrId, Time};
use crate::model::{Edge, Frame};

use super::words::{Cause, Doing, Evidence, HeardIn, Outcome, Rule, Severity};

/// One cancel of one context, with all that it reached below that context.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cancel {
    /// Its number: cancels are numbered in order of time.
    pub id: u32,
    /// When. A deadline: when its timer fired. Else the first trace event inside the call.
    pub at: Time,
    /// Why.
    pub cause: Cause,
    /// More about the cause, "" if there is nothing to add: `net/http: the connection broke`.
    pub detail: &'static str,
    /// The first frame of the user's own code on the canceller's stack, else the first
    /// outside `context`; none for a deadline.
    pub site: Option<Frame>,
    /// Who called it; none if nobody in particular is known to have.
    pub by: Option<Goroutine>,
    /// How many levels of contexts it went down, itself included; 0 if nothing tells.
    pub depth: u32,
    /// The canceller's stack, from inside the call; empty if there is none.
    pub stack: StackId,
    /// Who heard it, in order of time and then of goroutine: rows of [`Analysis::hearings`](super::Analysis::hearings).
    pub(crate) heard: Range<u32>,
    /// Who should have heard it: rows of the same table.
    pub(crate) deaf: Range<u32>,
}

impl Cancel {
    /// How many goroutines heard it.
    #[must_use]
    pub fn n_heard(&self) -> usize {
        self.heard.len()
    }

    /// Whether it is a deadline's, and nobody heard it.
    #[must_use]
    pub fn is_unheard_deadline(&self) -> bool {
        self.cause == Cause::Deadline && self.heard.is_empty()
    }

    /// How many should have heard it and did not.
    #[must_use]
    pub fn n_deaf(&self) -> usize {
        self.deaf.len()
    }
}

/// One goroutine that a cancel reached, or that was deaf to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hearing {
    /// The cancel: a row of [`Analysis::cancels`](super::Analysis::cancels).
    pub cancel: u32,
    /// Who.
    pub goroutine: Goroutine,
    /// Its start function.
    pub function: StrId,
    /// Whether it was deaf: in scope, alive, and never woken by the cancel.
    pub deaf: bool,
    /// Whether only the clock tells that it was deaf: nobody heard the deadline, or a goroutine did that it
    /// had started for nothing else.
    pub by_clock: bool,
    /// How that is known.
    pub evidence: Evidence,
    /// Where it was when it heard. Of a deaf one: [`HeardIn::Own`].
    pub heard_in: HeardIn,
    /// Whether it was told to stop: heard in its own code, or by a cancel that ends all, or by one whose
    /// canceller waited for its end next. Of the last it may live on all the same.
    pub told_to_stop: bool,
    /// How many levels below the cancelled context its own context is, from 1; 0 if not known.
    pub depth: u16,
    /// When it was woken. Of a deaf one: the time of the cancel.
    pub heard_at: Time,
    /// Where it was waiting when it heard, or what it was doing if it was deaf; empty if not known.
    pub stack: StackId,
    /// When it ended or, a handler that a server's goroutine runs, returned; outside if the
    /// trace ends first.
    pub end: Edge,
    /// What became of it.
    pub outcome: Outcome,
    /// Nanoseconds from the cancel to the end; a lower bound if it is alive. At least 0.
    pub overstay_ns: i64,
}

impl Hearing {
    /// By which rule it counts if it is late at all, unless it could not help that.
    pub(crate) fn rule(&self) -> Rule {
        match self.outcome {
            _ if self.deaf => Rule::Deaf,
            Outcome::Alive => Rule::StillAlive,
            Outcome::Exited | Outcome::LivesOn => Rule::LateExit,
        }
    }

    /// Whether it was meant to leave because of the cancel, as far as anybody can tell.
    #[must_use]
    pub fn was_to_leave(&self) -> bool {
        self.told_to_stop && self.outcome != Outcome::LivesOn
    }

    /// Whether it overstays its context by more than `late_over_ns`, and was meant not to.
    #[must_use]
    pub fn is_late(&self, late_over_ns: i64) -> bool {
        self.was_to_leave() && self.overstay_ns > late_over_ns
    }
}

/// A piece of a window of a goroutine's life: all its time in one state for one reason in one place.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct SplitPart {
    /// What it was doing.
    pub state: Doing,
    /// Why, as the runtime words it; "" where it says nothing.
    pub reason: StrId,
    /// Where: the first frame of the user's code, else the first outside the runtime.
    pub site: Option<Frame>,
    /// The whole stack of one of its spans, empty if none is known.
    pub stack: StackId,
    /// How long, in nanoseconds; above 0.
    pub ns: i64,
}

impl SplitPart {
    /// The same for all parts that differ in nothing but their length.
    #[must_use]
    pub fn sort(self) -> Self {
        Self { ns: 0, ..self }
    }
}

/// One link of the chain from a goroutine's end back to the cancel: who held up whom.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Link<D = SplitPart> {
    /// Who.
    pub goroutine: Goroutine,
    /// What it mostly did meanwhile; [`describe`](super::describe) words it.
    pub did: D,
    /// When it did that: the link's part of the chain.
    pub interval: Interval,
}

/// Something that a reader of the trace should act on.
#[derive(Clone, PartialEq, Debug)]
pub struct Finding {
    /// By which rule.
    pub rule: Rule,
    /// How much it matters.
    pub severity: Severity,
    /// The start function of the goroutines it is about, or the type of the task; "" if none.
    pub function: StrId,
    /// Where the code is that should change.
    pub site: Option<Frame>,
    /// How often.
    pub count: u32,
    /// The worst of them, in nanoseconds; 0 if it is not about time.
    pub worst_ns: i64,
    /// All together, in nanoseconds; 0 if it is not about time.
    pub total_ns: i64,
    /// What happened, in one sentence.
    pub message: String,
    /// How to cure it, in one sentence.
    pub fix: String,
    /// Whom it is about, worst first.
    pub goroutines: Vec<Goroutine>,
    /// Which cancels it is about, in order of time.
    pub cancels: Vec<u32>,
}

/// Quantiles of some durations, in nanoseconds; all 0 if there are none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Quantiles {
    /// Half are at most this.
    pub p50: i64,
    /// Nine of ten are at most this.
    pub p90: i64,
    /// Ninety-nine of a hundred are at most this.
    pub p99: i64,
    /// The largest.
    pub max: i64,
}

/// The whole in numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Summary {
    /// How many cancels were found.
    pub cancels: u32,
    /// How many hearings.
    pub heard: u32,
    /// Of these: the goroutine ended.
    pub exited: u32,
    /// Of these: the trace ends first.
    pub alive: u32,
    /// Of these: it was not meant to end.
    pub lives_on: u32,
    /// How many goroutines were deaf to a cancel.
    pub deaf: u32,
    /// How many hearings, deaf ones included, are late by the rules.
    pub late: u32,
    /// Overstays of all who were told to stop and not meant to live on; lower bounds of the living.
    pub overstay: Quantiles,
}

/// All goroutines of one kind.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Group {
    /// The function that they were started for, or that runs tests.
    pub function: StrId,
    /// How many there are.
    pub goroutines: u32,
    /// How many of them are alive at the trace's end.
    pub alive: u32,
    /// How many of them heard a cancel or were deaf to one.
    pub reached: u32,
    /// How many of them are late by the rules.
    pub late: u32,
    /// Their overstays, each goroutine's worst.
    pub overstay: Quantiles,
}
