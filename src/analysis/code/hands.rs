//! Which of the program's own functions hand requests on to others: its router, its middleware.
//!
//! A library calls them as it calls a handler, and they call the handler as that calls its helpers. But a
//! line of theirs calls many functions, for each request one: that of its route. A handler's line calls
//! one, or several for one request.

use rustc_hash::FxHashMap;

use crate::base::{Goroutine, StackId, StrId, narrow};
use crate::model::{Frame, Trace};

use super::super::lives;
use super::book::{Book, Traits};
use super::names::{Origin, package_of};
use super::routes::{is_closure, is_handler};

/// No call.
const NONE: u32 = u32::MAX;

/// So many calls of a stack are looked at, from the innermost on.
const MAX_CALLS: usize = 16;

/// So much is noted of a request before what was noted twice is left out.
const MANY_SEEN: usize = 1_024;

/// If what a line calls were called independently, so many requests at least would have met two of it.
const EXPECTED: u64 = 2;
/// Of those that would, one in so many may: two requests can look like one.
const MIXED: u64 = 10;

/// A handler may work with any of so many types, by methods of one name.
const FEW_TYPES: u32 = 2;

/// The calls by which requests come to handlers: a call is a line, given those by which one came there.
///
/// Where the compiler has inlined a function that makes a closure, that has a name of its own in each
/// place, but the same lines: they are one code.
#[derive(Default)]
struct Calls {
    /// By stack: its call.
    of: Vec<u32>,
    /// By call: that by which its function was called, and the code that it is of.
    ways: Vec<(u32, u32)>,
    codes: Vec<Code>,
}

/// What one call calls.
#[derive(Clone, Copy)]
struct Code {
    /// Another that is the same; itself if it is the first of these.
    same: u32,
    /// The call.
    by: u32,
    function: StrId,
    /// Whether it is a closure of the function that calls it.
    is_own: bool,
    /// In how many requests it was seen.
    seen: u32,
}

/// What the functions are called that one call calls.
#[derive(Clone, Copy, Default)]
struct Callees {
    n: u32,
    first: StrId,
    /// Whether they differ in more than the type that they are methods of.
    differ: bool,
}

/// Notes who hands requests on, given that everything else is noted of all stacks. By stack: whether its
/// function is one that requests are handed to.
pub(super) fn handed_to(trace: &Trace, book: &Book) -> Option<Vec<bool>> {
    let mut calls = Calls::new(trace, book)?;
    let callees = calls.callees(trace);
    if !callees.iter().any(Callees::may_be_handlers) {
        return None;
    }
    let mixed = calls.look(trace, book);
    let hands_on: Vec<bool> = calls.hand_on(trace, &callees, &mixed);
    let is_handed = |call: &u32| {
        let Some(&(by, code)) = calls.ways.get(*call as usize) else { return false };
        hands_on.get(by as usize).is_some_and(|on| *on) && !calls.codes[code as usize].is_own
    };
    Some(calls.of.iter().map(is_handed).collect())
}

impl Calls {
    /// All calls; none if no library calls the program.
    fn new(trace: &Trace, book: &Book) -> Option<Self> {
        let stacks = trace.stacks();
        let mut rows: FxHashMap<(u32, StrId, u32), u32> = FxHashMap::default();
        let mut codes: FxHashMap<(u32, StrId), u32> = FxHashMap::default();
        let mut all = Self { of: vec![NONE; stacks.len()], ..Self::default() };
        for (row, caller, frame) in stacks.iter() {
            if book.user(row) != row || !is_served(trace, book, row) {
                continue;
            }
            let by = stacks.top(caller).filter(|_| book.user(caller) == caller);
            let from = match by {
                _ if book.route(row) == row => all.of[book.route(caller).index()],
                Some(_) if all.of[caller.index()] != NONE => all.of[caller.index()],
                _ => continue,
            };
            let code = *codes.entry((from, frame.function)).or_insert_with(|| {
                let same = narrow(all.codes.len());
                let is_own = by.is_some_and(|by| is_own(trace, by.function, frame.function));
                let function = frame.function;
                all.codes.push(Code { same, by: from, function, is_own, seen: 0 });
                same
            });
            let call = *rows.entry((from, frame.file, frame.line)).or_insert_with(|| {
                all.ways.push((from, code));
                narrow(all.ways.len() - 1)
            });
            all.of[row.index()] = call;
            all.join(all.ways[call as usize].1, code);
        }
        for (_, code) in &mut all.ways {
            *code = first(&mut all.codes, *code);
        }
        (!all.ways.is_empty()).then_some(all)
    }

    /// Two codes have a line in common.
    fn join(&mut self, one: u32, other: u32) {
        let [one, other] = [one, other].map(|code| first(&mut self.codes, code));
        self.codes[one.max(other) as usize].same = one.min(other);
    }

    /// What each call calls.
    fn callees(&self, trace: &Trace) -> Vec<Callees> {
        let mut callees = vec![Callees::default(); self.ways.len()];
        for (at, code) in (0..).zip(&self.codes) {
            let of = callees.get_mut(code.by as usize).filter(|_| code.same == at && !code.is_own);
            let Some(of) = of else { continue };
            of.n += 1;
            if of.n == 1 {
                of.first = code.function;
            } else if !of.differ {
                let [first, name] = [of.first, code.function].map(|name| trace.string(name));
                of.differ = method_of(first) != method_of(name);
            }
        }
        callees
    }

    /// Counts the requests in which each code is seen. By call: those in which it called several.
    fn look(&mut self, trace: &Trace, book: &Book) -> FxHashMap<u32, u64> {
        let nearest = self.nearest(trace);
        let mut mixed: FxHashMap<u32, u64> = FxHashMap::default();
        let mut seen: Vec<u32> = Vec::new();
        for server in trace.goroutines().filter(|of| serves(trace, book, *of)) {
            let (mut by, mut last, mut many) = (StackId::EMPTY, StackId::EMPTY, MANY_SEEN);
            for span in trace.spans(server) {
                let stack = book.user(span.stack);
                if !span.has_own_stack() || stack == last {
                    continue;
                }
                last = stack;
                let of = trace.stacks().caller(book.outermost(stack));
                if of != by {
                    self.count(&mut seen, &mut mixed);
                    by = of;
                }
                seen.extend(self.codes_of(nearest[stack.index()]));
                if seen.len() > many {
                    once(&mut seen);
                    many = MANY_SEEN.max(2 * seen.len());
                }
            }
            self.count(&mut seen, &mut mixed);
        }
        mixed
    }

    /// By stack: its innermost call.
    fn nearest(&self, trace: &Trace) -> Vec<u32> {
        let mut nearest = self.of.clone();
        for (row, caller, _) in trace.stacks().iter() {
            if nearest[row.index()] == NONE {
                nearest[row.index()] = nearest[caller.index()];
            }
        }
        nearest
    }

    /// The codes of a call and of those by which one came there, from the innermost on.
    fn codes_of(&self, call: u32) -> impl Iterator<Item = u32> + '_ {
        let way = |call: u32| self.ways.get(call as usize);
        let mut next = way(call);
        std::iter::from_fn(move || {
            let &(by, code) = next?;
            next = way(by);
            Some(code)
        })
        .take(MAX_CALLS)
    }

    /// A request is over, in which these were seen.
    fn count(&mut self, seen: &mut Vec<u32>, mixed: &mut FxHashMap<u32, u64>) {
        once(seen);
        let mut by: Vec<u32> = Vec::with_capacity(seen.len());
        for code in seen.drain(..) {
            let code = &mut self.codes[code as usize];
            code.seen += 1;
            if !code.is_own {
                by.push(code.by);
            }
        }
        by.sort_unstable();
        for call in by.chunk_by(|one, other| one == other).filter(|calls| calls.len() > 1) {
            *mixed.entry(call[0]).or_default() += 1;
        }
    }

    /// Whether what calls methods of one name, of many types, is a router: a library calls it, or what calls
    /// that; functions of the same name may stand between.
    fn is_router(&self, trace: &Trace, call: u32, callee: StrId) -> bool {
        let method = method_of(trace.string(callee));
        let mut at = call;
        for _ in 0..MAX_CALLS {
            let Some(&(by, code)) = self.ways.get(at as usize) else { return true };
            let own = trace.string(self.codes[code as usize].function);
            if method_of(own) != method {
                return is_handler(own) || is_closure(own);
            }
            at = by;
        }
        false
    }

    /// By call: whether it is one that hands requests on.
    fn hand_on(
        &self,
        trace: &Trace,
        callees: &[Callees],
        mixed: &FxHashMap<u32, u64>,
    ) -> Vec<bool> {
        // Of each call: in how many requests what it calls was seen, and the squares of that.
        let mut sums = vec![(0_u64, 0_u64); self.ways.len()];
        for (at, code) in (0..).zip(&self.codes) {
            let counts = code.same == at && !code.is_own;
            if let Some((sum, squares)) = sums.get_mut(code.by as usize).filter(|_| counts) {
                let seen = u64::from(code.seen);
                *sum += seen;
                *squares = squares.saturating_add(seen * seen);
            }
        }
        let hands_on = |call: u32, (sum, squares): (u64, u64), of: &Callees| {
            let code = &self.codes[self.ways[call as usize].1 as usize];
            let pairs = sum.saturating_mul(sum).saturating_sub(squares) / 2;
            let expected = pairs / u64::from(code.seen).max(1);
            let are_mixed = mixed.get(&call).copied().unwrap_or_default();
            of.may_be_handlers()
                && (of.differ || of.n > FEW_TYPES && self.is_router(trace, call, of.first))
                && expected >= EXPECTED
                && are_mixed.saturating_mul(MIXED) <= expected
        };
        let all = (0..).zip(sums.into_iter().zip(callees));
        all.map(|(call, (sums, of))| hands_on(call, sums, of)).collect()
    }
}

impl Callees {
    fn may_be_handlers(&self) -> bool {
        self.n > 1
    }
}

/// The first of all codes that are the same as one.
fn first(codes: &mut [Code], of: u32) -> u32 {
    let mut at = of;
    while codes[at as usize].same != at {
        let above = codes[codes[at as usize].same as usize].same;
        codes[at as usize].same = above;
        at = above;
    }
    at
}

fn once(seen: &mut Vec<u32>) {
    seen.sort_unstable();
    seen.dedup();
}

/// Whether a stack is of a library's goroutine that has called the program, and not to run it, nor one
/// function that it was given.
fn is_served(trace: &Trace, book: &Book, stack: StackId) -> bool {
    let by = trace.stacks().top(trace.stacks().caller(book.outermost(stack)));
    by.is_some_and(|Frame { function, .. }| !book.function(function).is.has(Traits::MAIN))
        && book.given_on(stack).is_none()
        && !book.spot(stack).called_back
}

fn serves(trace: &Trace, book: &Book, goroutine: Goroutine) -> bool {
    let start = book.function(lives::name(trace, goroutine));
    start.origin != Origin::User && start.starter.is_none() && !start.is.has(Traits::MAIN)
}

/// Whether a function is a closure of another one.
pub(super) fn is_own(trace: &Trace, of: StrId, closure: StrId) -> bool {
    let rest = trace.string(closure).strip_prefix(trace.string(of));
    rest.is_some_and(|rest| rest.starts_with('.'))
}

/// What a function is called, without its package and type; a closure's whole name.
fn method_of(name: &str) -> &str {
    if is_closure(name) {
        return name;
    }
    let rest = &name[package_of(name).len()..];
    rest.rsplit_once('.').map_or(rest, |(_, method)| method)
}
