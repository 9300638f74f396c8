//! The vocabulary: each word as the command line's JSON spells it.

/// Declares an enum whose variants each have a fixed name in JSON and in the window.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident => $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum $name {
            $($(#[$variant_doc])* $variant),+
        }

        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word as the JSON contract spells it.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),+
                }
            }

            /// The variant that a word of the JSON contract names.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|word| word.name() == name)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }
    };
}

words!(
    /// Why a context was cancelled, as far as the canceller's stack tells.
    Cause {
        /// Its deadline passed.
        Deadline => "deadline",
        /// Somebody called its cancel function.
        Explicit => "explicit",
        /// The HTTP or RPC client went away.
        ClientGone => "client-gone",
        /// The handler that the context was made for returned.
        HandlerDone => "handler-done",
        /// A server was shut down.
        ServerShutdown => "server-shutdown",
        /// The process got a signal.
        Signal => "signal",
        /// A member of an errgroup failed, or its `Wait` returned.
        Errgroup => "errgroup",
        /// A parent of a foreign type was cancelled.
        Parent => "parent",
        /// Only a log of the program says so.
        Logged => "logged",
        /// The stack does not tell.
        Unknown => "unknown",
    }
);

impl Cause {
    /// Whether it ends a whole request or program, so that a goroutine which noticed it
    /// inside a call was told to stop all the same.
    #[must_use]
    pub fn ends_all(self) -> bool {
        matches!(self, Self::ClientGone | Self::ServerShutdown | Self::Signal | Self::Errgroup)
    }
}

words!(
    /// How it is known that a cancel reached a goroutine, or should have.
    Evidence {
        /// The cancel's own wake.
        Woken => "woken",
        /// Created by the cancel: a `context.AfterFunc` callback.
        AfterFunc => "after-func",
        /// Let go on by such a callback, as by `cond.Broadcast`.
        Relayed => "after-func",
        /// The program logged it.
        Logged => "logged",
        /// Inferred: works in the same user task, or serves the same request.
        Task => "task",
        /// Inferred: one of the cancelled family waited for it.
        WaitedOn => "waited-on",
        /// Inferred: it waits to hand something to one that was told to stop and has left.
        Stranded => "waited-on",
        /// A guess: same parent and creating function as one that was woken.
        Sibling => "sibling",
    }
);

words!(
    /// Where a goroutine was when it heard the cancel.
    HeardIn {
        /// In its own code: it was told to stop.
        Own => "own",
        /// In a library it had called: one operation was cut off.
        Call => "call",
    }
);

words!(
    /// What became of a goroutine after a cancel.
    Outcome {
        /// It ended.
        Exited => "exited",
        /// The trace ends first.
        Alive => "alive",
        /// It was not meant to end with that context.
        LivesOn => "lives-on",
    }
);

words!(
    /// How much a finding matters, worst first.
    Severity {
        /// A defect that costs something now.
        High => "high",
        /// Likely a defect.
        Medium => "medium",
        /// Worth knowing.
        Low => "low",
    }
);

words!(
    /// The rules of findings, in the order in which a reader wants them.
    Rule {
        /// A goroutine that was told to stop ended late.
        LateExit => "late-exit",
        /// A goroutine that was told to stop has not ended.
        StillAlive => "still-alive",
        /// A goroutine in a cancel's scope was not woken by it.
        Deaf => "deaf",
        /// A goroutine outlives the one that created it.
        Orphan => "orphan",
        /// One `time.Sleep` beyond the limit.
        LongSleep => "long-sleep",
        /// Live goroutines of one start function grow in number throughout the trace.
        PileUp => "pile-up",
        /// A goroutine that was told to stop ended late only since it waited for a processor or for
        /// the GC, or since the cancel itself was slow.
        LateScheduling => "late-scheduling",
        /// A child's deadline never counted, since its parent's came first.
        DeadlineCutShort => "deadline-cut-short",
        /// The GC takes a large share of the processors' time.
        GcPressure => "gc-pressure",
        /// One request in a hundred takes longer than the limit.
        LateRequest => "late-request",
    }
);

words!(
    /// What a goroutine spends time on, as a split counts it.
    Doing {
        /// Blocked, for a reason.
        Waiting => "waiting",
        /// Ready, waiting for a processor.
        Runnable => "runnable",
        /// On a processor.
        Running => "running",
        /// In a system call.
        Syscall => "syscall",
        /// Made to help the GC mark.
        GcAssist => "gc-assist",
        /// Not born yet: the cancel had not come to its callback.
        Unborn => "unborn",
        /// Not known: the trace has a hole.
        Unknown => "unknown",
    }
);

words!(
    /// What the goroutines or events of one row of a comparison have in common.
    GroupKind {
        /// Overstays by the function that heard and the cancel's cause and site.
        CancelSite => "cancel-site",
        /// Lifetimes by start function and creation path.
        Goroutine => "goroutine",
        /// Durations of user tasks by type.
        Task => "task",
        /// Blocked time by reason and site.
        Blocked => "blocked",
        /// Scheduler waits.
        Scheduling => "scheduling",
        /// GC cycles.
        Gc => "gc",
        /// Stop-the-world stretches.
        Stw => "stw",
    }
);

words!(
    /// What a comparison says of one group, or of all.
    Verdict {
        /// Slower, or more are still alive.
        Worse => "worse",
        /// Faster, or fewer are still alive.
        Better => "better",
        /// No difference that matters.
        Same => "same",
        /// Too few on one side to say.
        NotEnoughData => "not-enough-data",
        /// Only the first trace has it.
        OnlyBefore => "only-before",
        /// Only the second trace has it.
        OnlyAfter => "only-after",
    }
);

/// What a deadline tells that nobody heard.
pub const PASSED: &str = "A deadline that passes shows that its cancel function had not been called \
                          before: the work took longer, or the call is missing, or deferred though \
                          the work was over.";

impl Rule {
    /// Whether it is about the time from a cancel to an end, or to the trace's end.
    pub(crate) fn is_about_lateness(self) -> bool {
        matches!(self, Self::LateExit | Self::StillAlive | Self::Deaf | Self::LateScheduling)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_contract() {
        let names =
            |all: &[Cause]| all.iter().map(|cause| cause.name()).collect::<Vec<_>>().join(" ");
        assert_eq!(
            names(Cause::ALL),
            "deadline explicit client-gone handler-done server-shutdown signal errgroup parent logged unknown"
        );
        assert_eq!(Rule::from_name("gc-pressure"), Some(Rule::GcPressure));
        assert_eq!(Rule::from_name("gc"), None);
        assert_eq!(format!("{:>9}", Outcome::LivesOn), " lives-on");
    }
}
