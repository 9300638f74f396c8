//! What the program's functions and stacks mean: whose code is it, and what does it do there?
//!
//! The leftmost part of the analysis. It reads names and stacks; only [`patterns`] knows functions by
//! name, and [`reasons`] the words of the runtime. [`book`] looks everything up once; [`ground`] is that with
//! the trace and the limits. [`called`] says what to call a goroutine that a library's function starts in,
//! [`routes`] which function is the handler, [`hands`] who hands requests on to it, and [`turn`] whether a
//! goroutine that went from one place to another came back.

pub(super) mod book;
pub(super) mod called;
pub(super) mod ground;
mod hands;
pub(super) mod names;
pub(super) mod patterns;
pub(crate) mod reasons;
pub(super) mod routes;
pub(super) mod turn;
