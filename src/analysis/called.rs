//! What to call a goroutine that somebody else's function starts in: the function it was started
//! for.
//!
//! `sync.(*WaitGroup).Go` and its like start every goroutine in a closure of their own, and package
//! testing starts every test in one function. Which function such a goroutine is there for is the
//! next one out of the starter's package on any stack that it was seen in.

use crate::base::{Goroutine, StackId, StrId};
use crate::model::Trace;

use super::book::Book;
use super::lives;
use super::names::{Origin, package_of};
use super::patterns;

/// At most this many of a goroutine's first spans are looked at: most have a stack.
const LOOKED_AT: usize = 64;

/// How a function starts goroutines for others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Starter {
    /// One by one, as they are asked for.
    Go,
    /// As tests, each of a function of its own, which belong together.
    Tests,
}

/// What goroutines are called.
#[derive(Debug, Default)]
pub(crate) struct Called {
    /// By function; empty if none starts goroutines for others.
    starters: Vec<Option<Starter>>,
    /// By stack: the function that a starter at its bottom was given; else empty.
    given: Vec<StrId>,
}

impl Called {
    /// Looks up all functions and stacks. Costs nothing more where no starter is among them.
    pub(crate) fn new(trace: &Trace, book: &Book) -> Self {
        let starters: Vec<_> = trace.strings().iter().map(|(_, name)| starter(name)).collect();
        if starters.iter().all(Option::is_none) {
            return Self::default();
        }
        let mut called = Self { starters, given: vec![StrId::EMPTY; trace.stacks().len()] };
        // The starter of the stacks that are not out of its package yet.
        let mut within = vec![StrId::EMPTY; trace.stacks().len()];
        // Callers come first.
        for (row, caller, frame) in trace.stacks().iter() {
            let start = within[caller.index()];
            if caller == StackId::EMPTY {
                let is_starter = called.starter(frame.function).is_some();
                within[row.index()] = if is_starter { frame.function } else { StrId::EMPTY };
            } else if start == StrId::EMPTY {
                called.given[row.index()] = called.given[caller.index()];
            } else if is_means(trace, book, start, frame.function) {
                within[row.index()] = start;
            } else {
                called.given[row.index()] = frame.function;
            }
        }
        called
    }

    fn starter(&self, name: StrId) -> Option<Starter> {
        self.starters.get(name.index()).copied().flatten()
    }

    /// The function that a goroutine was started for; that it started in, if that is the same or
    /// nothing tells.
    pub(crate) fn name(&self, trace: &Trace, goroutine: Goroutine) -> StrId {
        let name = lives::name(trace, goroutine);
        if self.starter(name).is_none() {
            return name;
        }
        let first = trace.life(goroutine).first_stack;
        // What is woken has its waker's stack.
        let own = trace.spans(goroutine).take(LOOKED_AT).filter(|span| !span.woken);
        let mut stacks = std::iter::once(first).chain(own.map(|span| span.stack));
        let given = stacks.find_map(|stack| {
            let given = *self.given.get(stack.index())?;
            (given != StrId::EMPTY).then_some(given)
        });
        given.unwrap_or(name)
    }

    /// The function by which goroutines belong together: tests do by what runs them.
    pub(crate) fn kind(&self, trace: &Trace, goroutine: Goroutine) -> StrId {
        let name = lives::name(trace, goroutine);
        match self.starter(name) {
            Some(Starter::Go) => self.name(trace, goroutine),
            Some(Starter::Tests) | None => name,
        }
    }
}

/// Whether a function only stands between a starter and what it was given.
fn is_means(trace: &Trace, book: &Book, starter: StrId, function: StrId) -> bool {
    let name = trace.string(function);
    let (of, package) = (package_of(trace.string(starter)), package_of(name));
    let is_part =
        package.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let is_own = is_part && book.function(function).origin != Origin::User;
    is_own || matches!(package, "runtime" | "reflect")
}

/// How a function starts goroutines for others, if it does.
fn starter(name: &str) -> Option<Starter> {
    if patterns::listed(patterns::TEST_STARTERS, name) {
        return Some(Starter::Tests);
    }
    let method = without_closures(name);
    let starts = [".Go", ".TryGo"].iter().any(|go| method.ends_with(go));
    (starts && method.len() < name.len()).then_some(Starter::Go)
}

/// A closure's name without what the compiler added: `sync.(*WaitGroup).Go` of
/// `sync.(*WaitGroup).Go.func1.2`.
fn without_closures(name: &str) -> &str {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let is_added = |last: &str| {
        let rest = last.strip_prefix("func").or_else(|| last.strip_prefix("gowrap"));
        is_number(rest.unwrap_or(last))
    };
    let mut left = name;
    while let Some((before, _)) = left.rsplit_once('.').filter(|(_, last)| is_added(last)) {
        left = before;
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starters_are_told_by_their_names() {
        let go = Some(Starter::Go);
        assert_eq!(starter("sync.(*WaitGroup).Go.func1"), go);
        assert_eq!(starter("golang.org/x/sync/errgroup.(*Group).TryGo.func1"), go);
        assert_eq!(starter("example.com/a.v2.(*Pool[...]).Go.func1.2"), go);
        assert_eq!(starter("testing.tRunner"), Some(Starter::Tests));
        assert_eq!(starter("sync.(*WaitGroup).Go"), None, "it starts itself");
        assert_eq!(starter("main.run.func1"), None);
        assert_eq!(starter("main.LetsGo.func1"), None);
        assert_eq!(starter(""), None);
    }

    #[test]
    fn members_of_a_group_are_called_by_what_they_run() {
        let file = include_bytes!("../../traces/errgroup-straggler/before.trace");
        let progress = crate::base::Progress::default();
        let trace = crate::model::build(file, &progress).expect("a trace");
        let document = crate::analysis::Document::new(trace, crate::analysis::Rules::default());
        let trace = document.trace();
        let started = |g: &Goroutine| starter(trace.string(lives::name(trace, *g))).is_some();
        let members: Vec<_> = trace.goroutines().filter(started).collect();
        let names: Vec<_> = members.iter().map(|&g| trace.string(document.called(g))).collect();
        assert!(names.iter().any(|name| name.starts_with("main.")), "{names:?}");
        // The others are called by what they started in, and those alone.
        let others = trace.goroutines().filter(|g| !started(g));
        for goroutine in others {
            assert_eq!(document.called(goroutine), lives::name(trace, goroutine));
        }
    }

    #[test]
    fn closures_have_their_functions_names_in_front() {
        assert_eq!(without_closures("main.f.func1"), "main.f");
        assert_eq!(without_closures("main.f.func1.2"), "main.f");
        assert_eq!(without_closures("main.f.gowrap1"), "main.f");
        assert_eq!(without_closures("main.function1"), "main.function1");
        assert_eq!(without_closures("example.com/v2.f"), "example.com/v2.f");
    }
}
