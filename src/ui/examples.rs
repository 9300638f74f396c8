//! The example traces that the program carries with it, so that an installed one has them too.

/// One case: a mistake, and its cure if it has one.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Tour {
    /// What it is called.
    pub(crate) title: &'static str,
    /// What one sees in it, in a sentence.
    pub(crate) about: &'static str,
    /// The trace with the mistake.
    pub(crate) before: Example,
    /// The trace with the cure.
    pub(crate) after: Option<Example>,
}

/// A trace in memory.
#[derive(PartialEq, Eq)]
pub(crate) struct Example {
    /// Its path below the source's root.
    pub(crate) name: &'static str,
    /// The file.
    pub(crate) bytes: &'static [u8],
}

impl std::fmt::Debug for Example {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Example({})", self.name)
    }
}

/// An example by its path below `traces/`.
macro_rules! example {
    ($path:literal) => {
        Example {
            name: concat!("traces/", $path),
            bytes: include_bytes!(concat!("../../traces/", $path)),
        }
    };
}

/// The cases, the simplest first.
pub(crate) static TOURS: [Tour; 10] = [
    Tour {
        title: "Late exit",
        about: "Four workers hear the deadline, then sleep, spin or drain before they leave.",
        before: example!("late-exit/before.trace"),
        after: Some(example!("late-exit/after.trace")),
    },
    Tour {
        title: "Deaf",
        about: "Calls under a 100 ms deadline that nobody told them of: they end 400 ms after it.",
        before: example!("deaf/before.trace"),
        after: Some(example!("deaf/after.trace")),
    },
    Tour {
        title: "Polling with sleep",
        about: "A loop asks for its context only between two sleeps, so requests pile up.",
        before: example!("polling-sleep/before.trace"),
        after: Some(example!("polling-sleep/after.trace")),
    },
    Tour {
        title: "Sleep in a handler",
        about: "A hundred clients go away; the handlers sleep on for up to half a second.",
        before: example!("sleep-in-handler/before.trace"),
        after: Some(example!("sleep-in-handler/after.trace")),
    },
    Tour {
        title: "Errgroup straggler",
        about: "Wait returns late: one member waits for a lock, its holder for the disk.",
        before: example!("errgroup-straggler/before.trace"),
        after: Some(example!("errgroup-straggler/after.trace")),
    },
    Tour {
        title: "Broken chain",
        about: "A middleware drops the request's context, so the deadline never gets below it.",
        before: example!("broken-chain/before.trace"),
        after: Some(example!("broken-chain/after.trace")),
    },
    Tour {
        title: "Lost cancel",
        about: "A timeout without defer cancel(): 450 goroutines are still alive at the end.",
        before: example!("lost-cancel/before.trace"),
        after: Some(example!("lost-cancel/after.trace")),
    },
    Tour {
        title: "Nested deadline",
        about: "A payment believes in its 400 ms, but the checkout above it has only 100.",
        before: example!("nested-deadline/before.trace"),
        after: Some(example!("nested-deadline/after.trace")),
    },
    Tour {
        title: "Shutdown that hangs",
        about: "Nobody tells three streams that the server stops, so Shutdown gives up.",
        before: example!("shutdown-hang/before.trace"),
        after: Some(example!("shutdown-hang/after.trace")),
    },
    Tour {
        title: "Healthy server",
        about: "Keep-alive, a worker pool, a graceful shutdown: many cancels, nobody late.",
        before: example!("healthy-server/healthy-server.trace"),
        after: None,
    },
];
