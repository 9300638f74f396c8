//! Contexts and cancels that the program itself logs.
//!
//! The convention, in the category that [`Rules::log_category`](super::super::Rules) names: `new NAME`
//! where a context is made, `cancel NAME` right before it is cancelled, `heard NAME` when a
//! goroutine notices; the first two may end in `under PARENT`. assets/overstayctx does this.

use crate::base::{Goroutine, StackId, StrId, TaskId, Time, WireMap};
use crate::model::{Log, Trace};

use super::super::Rules;

/// A cancel is the logged one if its goroutine began it this soon after the log, in nanoseconds.
pub(crate) const SAME_CALL_NS: i64 = 1_000_000;

/// What happened to a context.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verb {
    /// It was made.
    New,
    /// It is being cancelled.
    Cancel,
    /// The goroutine noticed that it was cancelled.
    Heard,
}

/// What a log says of a context.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Says<'a> {
    pub(crate) verb: Verb,
    /// The context's name, "" if it has none.
    pub(crate) name: &'a str,
    /// Its parent's name, "" if that is not told.
    pub(crate) parent: &'a str,
}

/// What the program logged of a cancel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Logged {
    /// The message: `cancel import`.
    pub message: StrId,
    /// The user task of the log; 0 for the background task.
    pub task: TaskId,
    /// Whether all of that task has this context or one below it, as far as the program logs
    /// where contexts are made.
    pub whole_task: bool,
}

impl Logged {
    /// The context's name, "" if it has none.
    #[must_use]
    pub fn name(self, trace: &Trace) -> &str {
        says(trace.string(self.message)).map_or("", |says| says.name)
    }

    /// The name of the context that it was made of, "" if that is not told.
    #[must_use]
    pub fn parent(self, trace: &Trace) -> &str {
        says(trace.string(self.message)).map_or("", |says| says.parent)
    }
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

/// A context's name without its number.
pub(crate) fn kind(name: &str) -> &str {
    match name.rsplit_once('#') {
        Some((kind, number)) if number.bytes().all(|byte| byte.is_ascii_digit()) => kind,
        _ => name,
    }
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

/// For each task in which contexts were made, the one above all others; none if there are several.
pub(crate) fn tops<'a>(logs: &[Entry<'a>]) -> WireMap<TaskId, Option<&'a str>> {
    let made = || logs.iter().filter(|log| log.says.verb == Verb::New);
    let task_of: WireMap<&str, TaskId> = made().map(|log| (log.says.name, log.task)).collect();
    let mut tops = WireMap::default();
    for log in made().filter(|log| task_of.get(log.says.parent) != Some(&log.task)) {
        let top = tops.entry(log.task).or_insert(Some(log.says.name));
        if *top != Some(log.says.name) {
            *top = None;
        }
    }
    tops
}

/// Reads a message: the verb, the name, and perhaps `under` and the parent's name.
pub(crate) fn says(message: &str) -> Option<Says<'_>> {
    let mut words = message.split_whitespace();
    let verb = match words.next()? {
        "new" => Verb::New,
        "cancel" => Verb::Cancel,
        "heard" => Verb::Heard,
        _ => return None,
    };
    let name = words.next().unwrap_or("").trim_end_matches(':');
    let parent = words.next().filter(|word| *word == "under").and_then(|_| words.next());
    Some(Says { verb, name, parent: parent.unwrap_or("") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_begin_with_a_verb() {
        let told = |verb, name, parent| Some(Says { verb, name, parent });
        assert_eq!(says("cancel import"), told(Verb::Cancel, "import", ""));
        assert_eq!(says("cancel import: out of space"), told(Verb::Cancel, "import", ""));
        assert_eq!(says("cancel"), told(Verb::Cancel, "", ""));
        assert_eq!(says(" heard  import "), told(Verb::Heard, "import", ""));
        assert_eq!(says("new query#3 under request#2"), told(Verb::New, "query#3", "request#2"));
        assert_eq!(
            says("cancel query#3 under request#2").map(|says| says.parent),
            Some("request#2")
        );
        assert_eq!(says("cancel import under"), told(Verb::Cancel, "import", ""));
        assert_eq!(says("canceling import"), None);
        assert_eq!(says("newest import"), None);
        assert_eq!(says(""), None);
    }

    #[test]
    fn contexts_of_one_name_differ_by_their_number() {
        for (name, of_all) in
            [("query#7", "query"), ("query", "query"), ("a#b", "a#b"), ("a#1#22", "a#1")]
        {
            assert_eq!(kind(name), of_all);
        }
    }
}
