//! Cancels, from the evidence of them.
//!
//! [`survey`] goes over all spans once and finds the [`evidence`]; [`grouping`] tells which pieces are of
//! one call, which [`joining`] and [`gaps`] decide; [`calls`] adds what the program has [`logged`], and
//! [`cause`] says why. [`readers`] sees HTTP clients go, and [`scan`] has the innermost loops. Who heard a
//! cancel is not its business.

pub(super) mod calls;
pub(super) mod cause;
pub(super) mod evidence;
pub(super) mod gaps;
pub(super) mod grouping;
pub(super) mod joining;
pub(super) mod logged;
pub(super) mod readers;
pub(super) mod scan;
pub(super) mod survey;
