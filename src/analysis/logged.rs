//! Cancels and hearings that the program itself logs.
//!
//! The convention, in the category that [`Rules::log_category`](super::Rules) names:
//! `cancel NAME` right before a cancel, `heard NAME` when a goroutine notices it.
//! docs/late-exits.md has a small wrapper around package context that does this.

use crate::base::{Goroutine, StackId, StrId, TaskId, Time};
use crate::model::{Log, Trace};

use super::Rules;

/// A cancel is the logged one if its goroutine began it this soon after the log, in nanoseconds.
pub(crate) const SAME_CALL_NS: i64 = 1_000_000;

/// What a log says of a context.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Says<'a> {
    /// It is being cancelled.
    Cancel(&'a str),
    /// The goroutine noticed that it was cancelled.
    Heard(&'a str),
}

/// One log of the convention.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) at: Time,
    pub(crate) by: Goroutine,
    pub(crate) task: TaskId,
    pub(crate) stack: StackId,
    pub(crate) message: StrId,
    pub(crate) says: Says<'a>,
}

/// All logs of the convention, in order of time.
pub(crate) fn entries<'a>(trace: &'a Trace, rules: &Rules) -> Vec<Entry<'a>> {
    let Some(category) = trace.strings().find(&rules.log_category) else { return Vec::new() };
    let logs = trace.notes().logs().iter().filter(|log| log.category == category);
    logs.filter_map(|log| entry(trace, log)).collect()
}

fn entry<'a>(trace: &'a Trace, log: &Log) -> Option<Entry<'a>> {
    Some(Entry {
        at: log.at,
        by: log.goroutine?,
        task: log.task,
        stack: log.stack,
        message: log.message,
        says: says(trace.string(log.message))?,
    })
}

/// Reads a message; the name is the first word after the verb, and may be missing.
pub(crate) fn says(message: &str) -> Option<Says<'_>> {
    let mut words = message.split_whitespace();
    let verb = words.next()?;
    let name = words.next().unwrap_or("").trim_end_matches(':');
    match verb {
        "cancel" => Some(Says::Cancel(name)),
        "heard" => Some(Says::Heard(name)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_begin_with_a_verb() {
        assert_eq!(says("cancel import"), Some(Says::Cancel("import")));
        assert_eq!(says("cancel import: out of space"), Some(Says::Cancel("import")));
        assert_eq!(says("cancel"), Some(Says::Cancel("")));
        assert_eq!(says(" heard  import "), Some(Says::Heard("import")));
        assert_eq!(says("canceling import"), None);
        assert_eq!(says(""), None);
    }
}
