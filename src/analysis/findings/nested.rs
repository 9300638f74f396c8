//! `deadline-cut-short`: a child's context under a parent's deadline.
//!
//! A child that asks for a later deadline than its parent has gets none of its own, so no timer
//! of it is ever seen. What is seen is that its waiters are woken at the parent's time, a level
//! or more below the context whose deadline passed. A group of a library (`errgroup`) makes a
//! context for its members, which is a level without a deadline.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::{Goroutine, StackId, StrId, narrow};
use crate::model::Frame;

use super::super::code::names::{Origin, package_of};
use super::super::lives;
use super::super::types::{Finding, Hearing};
use super::super::words::{Cause, Evidence, HeardIn, Rule, Severity};
use super::{Facts, count_text};

pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let mut below: FxHashMap<StrId, Vec<&Hearing>> = FxHashMap::default();
    let mut direct: FxHashSet<StrId> = FxHashSet::default();
    let mut levels = Levels { facts, of_call: FxHashMap::default() };
    for hearing in facts.register.hearings {
        let cancel = facts.cancel_of(hearing);
        let counts = cancel.cause == Cause::Deadline
            && hearing.evidence == Evidence::Woken
            && hearing.stack != StackId::EMPTY;
        if !counts {
            continue;
        }
        let Some(of_libraries) = levels.of_libraries(hearing) else { continue };
        // On a server's goroutine it was the handler that waited.
        let kind = match facts.book.kind(facts.trace, told(facts, hearing)) {
            kind if facts.book.function(kind).origin == Origin::User => kind,
            _ => facts.acting(hearing.goroutine, [hearing.stack, StackId::EMPTY]),
        };
        if facts.book.function(kind).origin != Origin::User {
            continue;
        }
        if hearing.depth > 1 + of_libraries {
            below.entry(kind).or_default().push(hearing);
        } else {
            // Its own deadline does count, some time: the levels are no mistake.
            direct.insert(kind);
        }
    }
    below.retain(|function, _| !direct.contains(function));
    if !below.is_empty() {
        let n_of_kind = n_of_kind(facts);
        below.retain(|function, hearings| !is_end_of_all(&n_of_kind, *function, hearings));
    }
    below.iter().map(|(function, hearings)| finding(facts, *function, hearings)).collect()
}

/// The contexts without a deadline that libraries may have put between the one whose deadline passed and
/// the one in which a goroutine waited.
struct Levels<'a> {
    facts: &'a Facts<'a>,
    /// How many a call puts there, by the stack of the wait: a million can have waited in one.
    of_call: FxHashMap<StackId, Option<u16>>,
}

impl Levels<'_> {
    /// How many there may be above a hearing's; none if that is not known.
    fn of_libraries(&mut self, hearing: &Hearing) -> Option<u16> {
        let facts = self.facts;
        let start = facts.book.function(lives::name(facts.trace, told(facts, hearing)));
        let of_group = u16::from(start.origin == Origin::Dependency);
        if hearing.heard_in == HeardIn::Own {
            return Some(of_group);
        }
        let look = || levels_of_call(facts, hearing.stack);
        let of_call = *self.of_call.entry(hearing.stack).or_insert_with(look);
        of_call.map(|of_call| of_group + of_call)
    }
}

/// How many contexts a call of the standard library puts below its caller's: `net/http` makes one for
/// each round trip (since Go 1.23, net/http/transport.go), `database/sql` and `os/exec` hand theirs
/// on. Others are not known, nor is anything where no library was called.
fn levels_of_call(facts: &Facts<'_>, stack: StackId) -> Option<u16> {
    let trace = facts.trace;
    let origin = |frame: &Frame| facts.book.function(frame.function).origin;
    let package = |frame: &Frame| package_of(trace.string(frame.function));
    // A driver of the program's own may be what the library called.
    let frames = trace
        .stacks()
        .frames(stack)
        .skip_while(|frame| package(frame) == "runtime" || origin(frame) == Origin::User);
    let mut levels = None;
    for frame in frames.take_while(|frame| origin(frame) != Origin::User) {
        match package(&frame) {
            _ if origin(&frame) == Origin::Dependency => return None,
            "net/http" => levels = Some(1),
            "database/sql" | "os/exec" => levels = levels.or(Some(0)),
            "context" | "internal/poll" | "os" | "sync" | "time" => {}
            _ => return None,
        }
    }
    levels
}

/// Whose wait was cut short: a command's own goroutine watches the context for the one that runs it.
fn told(facts: &Facts<'_>, hearing: &Hearing) -> Goroutine {
    let (trace, of) = (facts.trace, hearing.goroutine);
    let start = lives::name(trace, of);
    // There can be a million hearings: names are looked at only where that may be.
    let is_std = facts.book.function(start).origin == Origin::Std;
    if is_std && package_of(trace.string(start)) == "os/exec" {
        lives::parent(trace, of).unwrap_or(of)
    } else {
        of
    }
}

/// Of all goroutines of a kind so many are cut short, if that is more than the end of what they all
/// worked under: one in this many.
const MANY_CUT: usize = 4;

/// How many goroutines there are of each kind. Handlers are none of their own.
fn n_of_kind(facts: &Facts<'_>) -> FxHashMap<StrId, usize> {
    let mut n_of_kind: FxHashMap<StrId, usize> = FxHashMap::default();
    for goroutine in facts.trace.goroutines() {
        *n_of_kind.entry(facts.book.kind(facts.trace, goroutine)).or_default() += 1;
    }
    n_of_kind
}

/// Whether one deadline ended the last few of many: the others had been in time, so that their own
/// deadlines would have counted.
fn is_end_of_all(
    n_of_kind: &FxHashMap<StrId, usize>,
    function: StrId,
    hearings: &[&Hearing],
) -> bool {
    let cancel = |hearing: &&Hearing| hearing.cancel;
    let first = hearings.first().map(cancel);
    if hearings.iter().any(|hearing| Some(cancel(hearing)) != first) {
        return false;
    }
    n_of_kind.get(&function).copied().unwrap_or(0) > hearings.len() * MANY_CUT
}

fn finding(facts: &Facts<'_>, function: StrId, hearings: &[&Hearing]) -> Finding {
    let n = narrow(hearings.len());
    let deepest = hearings.iter().map(|hearing| hearing.depth).max().unwrap_or(0);
    let mut cancels: Vec<u32> = hearings.iter().map(|hearing| hearing.cancel).collect();
    cancels.dedup();
    let site = hearings.first().and_then(|hearing| {
        let stack = match told(facts, hearing) {
            of if of == hearing.goroutine => hearing.stack,
            _ => lives::creation_stack(facts.trace, hearing.goroutine),
        };
        facts.book.site(facts.trace.stacks(), stack)
    });
    let (own, theirs) = match n {
        1 => ("a context of its own and was woken", "its own"),
        _ => ("a context of their own and were woken", "theirs"),
    };
    Finding {
        rule: Rule::DeadlineCutShort,
        severity: Severity::Low,
        function,
        site,
        count: n,
        worst_ns: 0,
        total_ns: 0,
        message: format!(
            "{} of {} waited under {own} by a deadline above it (depth {deepest}): if {theirs} has a \
             deadline, too, it is a later one, and never counts",
            count_text(n, "goroutine"),
            facts.trace.string(function)
        ),
        fix:
            "Give the child a deadline before its parent's, or only one of them a deadline at all; if \
             it has none (WithCancel), all is well."
                .to_owned(),
        goroutines: super::once_each(hearings.iter().map(|hearing| told(facts, hearing))),
        cancels,
    }
}
