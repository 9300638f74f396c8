//! Which of the user's functions on a stack is the one that a library's goroutine is there for.
//!
//! A server calls the program through a row of functions: middleware that hands the request on, a
//! switch that a generator wrote, and at last the handler of one route. Each of them is called by the
//! library again, or by generated code; what the handler calls is its own business.

use rustc_hash::FxHashSet;

use crate::base::{StackId, StrId};
use crate::model::{Frame, Trace};

use super::book::{Book, Traits};
use super::called::without_closures;
use super::hands::is_own;
use super::names::{Origin, package_of};

/// Files that generators write, for servers to be called by: of gRPC, connect and Twirp.
const GENERATED: [&str; 4] = [".pb.go", ".connect.go", ".twirp.go", ".pb.gw.go"];

/// How many frames of a stack to look at.
const MAX_FRAMES: usize = 256;

impl Book {
    /// What to note of a stack whose innermost frame is one of the user's functions: whether that is
    /// still on the way to the handler.
    pub(crate) fn is_on_route(&self, trace: &Trace, caller: StackId, frame: Frame) -> bool {
        let stacks = trace.stacks();
        let Some(by) = stacks.top(caller) else { return true };
        let generated = |frame: Frame| is_generated(trace.string(frame.file));
        match self.function(by.function).origin {
            _ if self.outermost(caller) == StackId::EMPTY => true,
            // A transport of the program's own, below the call of a client.
            _ if self.spot(caller).called_back => false,
            // Whoever calls it.
            _ if is_handler(trace.string(frame.function)) => true,
            Origin::Std => {
                let by = trace.string(by.function);
                // Not `http.Error`, which writes to a writer of the program's own.
                by.starts_with("net/http.") && (is_handler(without_closures(by)) || is_closure(by))
            }
            Origin::Dependency => {
                self.hands_on(trace, caller, by)
                    || generated(frame) && is_inner(trace, caller, frame)
            }
            Origin::User => {
                self.route(caller) == caller && generated(by)
                    || generated(frame) && is_inner(trace, caller, frame)
            }
        }
    }

    /// The functions that are seen to hand requests on.
    pub(crate) fn hand_on<'a>(&'a self, trace: &'a Trace) -> impl Iterator<Item = &'a str> {
        self.hand_on.iter().map(|function| trace.string(*function))
    }

    /// As [`Book::route`], if it is `known` of more functions that they hand requests on: another trace of
    /// the program tells, in which more of its routes were called.
    pub(crate) fn route_by(
        &self,
        trace: &Trace,
        stack: StackId,
        known: &FxHashSet<&str>,
    ) -> StackId {
        let (stacks, route) = (trace.stacks(), self.route(stack));
        if known.len() == self.hand_on.len() || route == StackId::EMPTY {
            return route;
        }
        let rows = std::iter::successors(Some(stack), |&row| Some(stacks.caller(row)));
        let above: Vec<StackId> = rows.take_while(|row| *row != route).take(MAX_FRAMES).collect();
        let hands_on = |frame: Frame| {
            !self.hand_on.contains(&frame.function) && known.contains(trace.string(frame.function))
        };
        let mut last = route;
        for &row in above.iter().rev().filter(|_| above.len() < MAX_FRAMES) {
            let [by, of] = [last, row].map(|row| stacks.top(row).unwrap_or_default());
            let is_user = self.user(row) == row && stacks.caller(row) == last;
            if !is_user || !hands_on(by) || is_own(trace, by.function, of.function) {
                break;
            }
            last = row;
        }
        last
    }

    /// As [`Book::acting`], by [`Book::route_by`].
    pub(crate) fn acting_by(
        &self,
        trace: &Trace,
        (start, stack): (StrId, StackId),
        known: &FxHashSet<&str>,
    ) -> StrId {
        if self.function(start).origin == Origin::User {
            return start;
        }
        let route = trace.stacks().top(self.route_by(trace, stack, known));
        route.map_or(start, |frame| frame.function)
    }

    /// Whether a library's function that calls the user's is of the library that serves: one of its
    /// functions is below all of the user's, or is a handler itself.
    fn hands_on(&self, trace: &Trace, stack: StackId, by: Frame) -> bool {
        let stacks = trace.stacks();
        let package = package_of(trace.string(by.function));
        let is_related = |frame: &Frame| {
            let other = package_of(trace.string(frame.function));
            is_within(package, other) || is_within(other, package)
        };
        let is_handler = |frame: &Frame| is_handler(trace.string(frame.function));
        let below = stacks.caller(self.outermost(stack));
        let operates = self.function(by.function).is.has(Traits::OPERATES);
        !operates
            && (stacks.frames(below).any(|frame| is_related(&frame))
                || stacks.frames(stack).any(|frame| is_handler(&frame) && is_related(&frame)))
    }
}

/// Whether a generated function is a closure of one that had been called before, which is how
/// middleware of gRPC goes on: a client's stub is none.
fn is_inner(trace: &Trace, caller: StackId, frame: Frame) -> bool {
    let name = trace.string(frame.function);
    let outer = without_closures(name);
    let is_outer = |frame: Frame| trace.string(frame.function) == outer;
    outer.len() < name.len() && trace.stacks().frames(caller).any(is_outer)
}

/// Whether a function is the method of an `http.Handler`.
pub(super) fn is_handler(function: &str) -> bool {
    function.ends_with(".ServeHTTP")
}

/// Whether a function is a closure, by its name.
pub(super) fn is_closure(function: &str) -> bool {
    without_closures(function).len() < function.len()
}

fn is_generated(file: &str) -> bool {
    GENERATED.iter().any(|end| file.ends_with(end))
}

/// Whether a package is another one or in a folder of it.
fn is_within(package: &str, other: &str) -> bool {
    package.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
