//! Which of the user's functions on a stack is the one that a library's goroutine is there for.
//!
//! A server calls the program through a row of functions: middleware that hands the request on, a
//! switch that a generator wrote, and at last the handler of one route. Each of them is called by the
//! library again, or by generated code; what the handler calls is its own business.

use crate::base::StackId;
use crate::model::{Frame, Trace};

use super::book::{Book, Traits};
use super::called::without_closures;
use super::names::{Origin, package_of};

/// Files that generators write, for servers to be called by: of gRPC, connect and Twirp.
const GENERATED: [&str; 4] = [".pb.go", ".connect.go", ".twirp.go", ".pb.gw.go"];

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
            Origin::Std => trace.string(by.function).starts_with("net/http."),
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

    /// Whether a library's function that calls the user's is of the library that serves: one of its
    /// functions is below all of the user's, or is a handler itself.
    fn hands_on(&self, trace: &Trace, stack: StackId, by: Frame) -> bool {
        let stacks = trace.stacks();
        let package = package_of(trace.string(by.function));
        let is_related = |frame: &Frame| {
            let other = package_of(trace.string(frame.function));
            is_within(package, other) || is_within(other, package)
        };
        let is_handler = |frame: &Frame| trace.string(frame.function).ends_with(".ServeHTTP");
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

fn is_generated(file: &str) -> bool {
    GENERATED.iter().any(|end| file.ends_with(end))
}

/// Whether a package is another one or in a folder of it.
fn is_within(package: &str, other: &str) -> bool {
    package.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
