//! What the program's functions and stacks mean: whose code is it, and what does it do there?
//!
//! The leftmost part of the analysis. It reads names and stacks, and no spans; only [`patterns`] knows
//! functions by name, and only [`reasons`] the words of the runtime. [`book`] looks everything up once.

pub(super) mod book;
pub(super) mod called;
pub(super) mod names;
pub(super) mod patterns;
pub(super) mod reasons;
pub(super) mod routes;
pub(super) mod turn;
