//! Whether the reader keeps its promises on any input: what a trace in memory has to be, how
//! much memory and time it may cost, and what becomes of a trace that is damaged.
//!
//! A binary of its own, since its allocator counts.

mod robust {
    mod assemble;
    mod bounds;
    mod damage;
    mod gotests;
    mod hostile;
    mod memory;
    mod model;
    mod mutate;
    mod same;
    mod shapes;
    mod sides;
    mod totals;
    mod validator;
    mod wire;
}
#[expect(dead_code, reason = "shared with the other test binary, which uses the rest")]
mod support;
