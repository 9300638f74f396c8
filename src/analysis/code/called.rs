//! What to call a goroutine that somebody else's function starts in: the function it was started
//! for.
//!
//! `sync.(*WaitGroup).Go` and its like start every goroutine in a closure of their own, and package
//! testing starts every test in one function. Which function such a goroutine is there for is the
//! next one out of the starter's package on any stack that it was seen in.

use crate::base::{Goroutine, StackId, StrId};
use crate::model::{Span, Trace};

use super::super::lives;
use super::book::{Book, Function};
use super::names::{Origin, package_of};
use super::patterns;

/// At most this many of a goroutine's first spans are looked at: most have a stack.
const LOOKED_AT: usize = 64;

/// How a function starts goroutines for others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Starter {
    /// One by one, as they are asked for.
    Go,
    /// As tests, each of a function of its own, which belong together.
    Tests,
}

impl Starter {
    /// How a function starts goroutines for others, if it does.
    pub(crate) fn of(name: &str) -> Option<Self> {
        if patterns::listed(patterns::TEST_MAINS, name) {
            return Some(Self::Tests);
        }
        let method = without_closures(name);
        let starts = [".Go", ".TryGo"].iter().any(|go| method.ends_with(go));
        (starts && method.len() < name.len()).then_some(Self::Go)
    }
}

impl Book {
    /// What to note of a stack whose innermost frame is `function`, given what is noted of its
    /// caller: the function that a starter at the bottom was given; the starter itself, as long as
    /// all is its own; empty if there is none at the bottom.
    pub(crate) fn given(
        &self,
        trace: &Trace,
        caller: StackId,
        of_caller: StrId,
        function: StrId,
    ) -> StrId {
        let is_starter = self.function(function).starter.is_some();
        match self.function(of_caller).starter {
            None if caller != StackId::EMPTY => of_caller,
            None if !is_starter => StrId::EMPTY,
            Some(starter) if self.is_means(trace, (of_caller, starter), function) => of_caller,
            _ => function,
        }
    }

    /// Whether a function only stands between a starter and what it was given.
    fn is_means(&self, trace: &Trace, (name, starter): (StrId, Starter), function: StrId) -> bool {
        let of = package_of(trace.string(name));
        let package = package_of(trace.string(function));
        let Function { origin, .. } = self.function(function);
        let is_part =
            package.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        match starter {
            // Package testing comes back in between, from below testing/synctest.
            Starter::Tests if origin == Origin::Std => true,
            _ => is_part && origin != Origin::User || matches!(package, "runtime" | "reflect"),
        }
    }

    /// The function that a goroutine was started for; that it started in, if that is the same or
    /// nothing tells.
    pub(crate) fn called(&self, trace: &Trace, goroutine: Goroutine) -> StrId {
        let name = lives::name(trace, goroutine);
        if self.function(name).starter.is_none() {
            return name;
        }
        let mut own = trace.spans(goroutine).take(LOOKED_AT).filter(Span::has_own_stack);
        own.find_map(|span| self.given_on(span.stack)).unwrap_or(name)
    }

    /// The function by which goroutines belong together: tests do by what runs them.
    pub(crate) fn kind(&self, trace: &Trace, goroutine: Goroutine) -> StrId {
        let name = lives::name(trace, goroutine);
        match self.function(name).starter {
            Some(Starter::Go) => self.called(trace, goroutine),
            Some(Starter::Tests) | None => name,
        }
    }

    /// Whose work a goroutine does that was seen on two stacks, by the first that tells: the
    /// function that it was started for, or the user's that a library's goroutine runs.
    pub(crate) fn works_for(
        &self,
        trace: &Trace,
        goroutine: Goroutine,
        [first, second]: [StackId; 2],
    ) -> StrId {
        let start = self.kind(trace, goroutine);
        match self.acting(trace.stacks(), start, first) {
            acting if acting == start => self.acting(trace.stacks(), start, second),
            acting => acting,
        }
    }
}

/// A closure's name without what the compiler added: `sync.(*WaitGroup).Go` of
/// `sync.(*WaitGroup).Go.func1.2`.
pub(crate) fn without_closures(name: &str) -> &str {
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
        assert_eq!(Starter::of("sync.(*WaitGroup).Go.func1"), go);
        assert_eq!(Starter::of("golang.org/x/sync/errgroup.(*Group).TryGo.func1"), go);
        assert_eq!(Starter::of("example.com/a.v2.(*Pool[...]).Go.func1.2"), go);
        assert_eq!(Starter::of("testing.tRunner"), Some(Starter::Tests));
        assert_eq!(Starter::of("sync.(*WaitGroup).Go"), None, "it starts itself");
        assert_eq!(Starter::of("main.run.func1"), None);
        assert_eq!(Starter::of("main.LetsGo.func1"), None);
        assert_eq!(Starter::of(""), None);
    }

    #[test]
    fn members_of_a_group_are_called_by_what_they_run() {
        let file = include_bytes!("../../../traces/errgroup-straggler/before.trace");
        let progress = crate::base::Progress::default();
        let trace = crate::model::build(file, &progress).expect("a trace");
        let document = crate::analysis::Document::new(trace, crate::analysis::Rules::default());
        let trace = document.trace();
        let starts = |g: &Goroutine| Starter::of(trace.string(lives::name(trace, *g))).is_some();
        let (members, others): (Vec<_>, Vec<_>) = trace.goroutines().partition(starts);
        let mut names: Vec<_> = members.iter().map(|&g| trace.string(document.called(g))).collect();
        names.sort_unstable();
        // One for each g.Go in the program.
        let funcs: Vec<_> = (1..=5).map(|n| format!("main.deploy.func{n}")).collect();
        assert_eq!(names, funcs);
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
