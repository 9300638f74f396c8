//! What every part of the analysis goes by.

use crate::model::Trace;

use super::super::Rules;
use super::super::threads::Threads;
use super::book::Book;

/// A trace, what its functions mean, the limits, and how many threads may work on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ground<'a> {
    pub(crate) trace: &'a Trace,
    pub(crate) book: &'a Book,
    pub(crate) rules: &'a Rules,
    pub(crate) threads: Threads,
}
