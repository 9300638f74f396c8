//! Newtypes for the trace's own ids and for the dense rows that replace them.

use std::fmt;

/// Declares an id as the trace writes it: any 64-bit number, all ones for none.
macro_rules! trace_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(pub u64);

        impl $name {
            /// The absent id, which the canonical dump prints as -1.
            pub const NONE: Self = Self(u64::MAX);

            /// The id, unless it is the absent one.
            #[must_use]
            pub fn some(self) -> Option<Self> {
                (self != Self::NONE).then_some(self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0.cast_signed(), f)
            }
        }
    };
}

trace_id!(
    /// A goroutine's id in the trace; an id can be used again after its goroutine ended.
    GoId
);
trace_id!(
    /// A P, one of GOMAXPROCS processors.
    ProcId
);
trace_id!(
    /// An M, an operating system thread.
    ThreadId
);
trace_id!(
    /// A user task; 0 is the background task.
    TaskId
);

/// Declares a dense row number of one of the model's tables.
macro_rules! row {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(pub u32);

        impl $name {
            /// The row as an index.
            #[must_use]
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

row!(
    /// One goroutine's life: a row of the model's table of goroutines. Row 0 is one like any other, so
    /// that there is none to fall back on.
    Goroutine
);
row!(
    /// An interned call stack; row 0 is the empty stack.
    StackId
);
row!(
    /// An interned string; row 0 is the empty string.
    StrId
);

impl StackId {
    /// The absent stack.
    pub const EMPTY: Self = Self(0);
}

impl Default for StackId {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl StrId {
    /// The empty string.
    pub const EMPTY: Self = Self(0);
}

impl Default for StrId {
    fn default() -> Self {
        Self::EMPTY
    }
}
