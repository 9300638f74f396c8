//! What is known of every function and every stack of a trace: looked up once, read often.
//!
//! Stacks are rows of a tree in which callers come first, so that each fact about all of them
//! is one forward pass.

use rustc_hash::FxHashSet;

use crate::base::{StackId, StrId};
use crate::model::{Frame, Span, Stacks, Trace};

use super::called::Starter;
use super::hands::handed_to;
use super::names::{Origin, origin_of, root_by};
use super::patterns::{self, Role};

/// What a function's name tells.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Function {
    /// Whose it is.
    pub(crate) origin: Origin,
    /// What it does in a cancel.
    pub(crate) role: Option<Role>,
    /// Its row in the table of causes.
    pub(crate) cause: Option<u8>,
    /// How it starts goroutines for others, if it does.
    pub(crate) starter: Option<Starter>,
    /// Facts that are yes or no.
    pub(crate) is: Traits,
}

/// Yes or no facts about a function, as bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Traits(u16);

/// What the functions of the runtime begin with, and those of `reflect`: who waits in
/// `reflect.Select` waits in a select of its own.
const RUNTIME: [&str; 3] = ["runtime.", "internal/runtime/", "reflect."];

impl Traits {
    /// It is the runtime's, which says nothing of where a goroutine is.
    pub(crate) const RUNTIME: Self = Self(1);
    /// Goroutines that start in it run the program or a test.
    pub(crate) const MAIN: Self = Self(2);
    /// It shuts something down in good order.
    pub(crate) const GRACEFUL: Self = Self(4);
    /// It waits for other goroutines to end.
    pub(crate) const JOINS: Self = Self(8);
    /// It hands signals to the program.
    pub(crate) const SIGNALS: Self = Self(16);
    /// It is `time.Sleep`.
    pub(crate) const SLEEPS: Self = Self(32);
    /// It carries out one operation for its caller.
    pub(crate) const OPERATES: Self = Self(64);
    /// It serves a request by calling the user's handler.
    pub(crate) const SERVES: Self = Self(128);
    /// It reads a connection while a handler serves its request.
    pub(crate) const READS: Self = Self(256);

    /// Whether the facts include `other`.
    pub(crate) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    fn of(name: &str) -> Self {
        let listed = |table| patterns::listed(table, name);
        let facts = [
            (Self::RUNTIME, RUNTIME.iter().any(|package| name.starts_with(package))),
            (Self::MAIN, listed(patterns::MAINS) || listed(patterns::TEST_MAINS)),
            (Self::GRACEFUL, listed(patterns::GRACEFUL)),
            (Self::JOINS, listed(patterns::JOINS)),
            (Self::SIGNALS, listed(patterns::SIGNALS)),
            (Self::SLEEPS, name == "time.Sleep"),
            (Self::OPERATES, listed(patterns::OPERATIONS)),
            (Self::SERVES, listed(patterns::SERVERS)),
            (Self::READS, listed(patterns::READERS)),
        ];
        Self(facts.iter().filter(|(_, holds)| *holds).fold(0, |bits, (fact, _)| bits | fact.0))
    }
}

/// What a stack tells of a cancel that it is inside of.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "facts of one stack, each asked for by name")]
pub(crate) struct Mark {
    /// How many contexts deep: 1 in the one that is cancelled.
    pub(crate) depth: u16,
    /// Whether the innermost frame outside the runtime closes a Done channel.
    pub(crate) closes: bool,
    /// Whether it starts an `AfterFunc`'s callback.
    pub(crate) starts_callback: bool,
    /// Whether it is inside the cancel itself, and not only in a watcher that waits for one.
    pub(crate) inside: bool,
    /// Whether the outer frames were cut off, so that nobody knows who called.
    pub(crate) cut: bool,
    /// What the call went into: the outermost of `context`'s own frames.
    pub(crate) entry: StackId,
    /// The stack that called it; empty if that was started as a goroutine.
    pub(crate) caller: StackId,
}

/// What a stack tells of one who waits there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Spot {
    /// Whose the code is, below the runtime's; none if no stack is known.
    pub(crate) code: Option<Origin>,
    /// Whether any of it is the user's.
    pub(crate) has_user: bool,
    /// Whether it was called by an operation that the user's code had called: it is a driver of
    /// the user's own, below database/sql.
    pub(crate) called_back: bool,
}

/// The row of a stack that is not inside a cancel.
const UNMARKED: u32 = u32::MAX;
/// The row of a stack inside the birth of a context that is cancelled already: such a context
/// has no waiters, so that is no cancel.
const VOID: u32 = u32::MAX - 1;

/// Everything looked up.
#[derive(Debug, Default)]
pub(crate) struct Book {
    /// By string.
    functions: Vec<Function>,
    /// By stack: row in `marks`.
    mark_rows: Vec<u32>,
    marks: Vec<Mark>,
    /// By stack: the innermost stack, itself included, that is in the user's code; else empty.
    user: Vec<StackId>,
    /// By stack: the same; if none of it is the user's, that in a library that the program
    /// brings along.
    nearest: Vec<StackId>,
    /// By stack: the outermost stack of its own that is in the user's code; else empty.
    outermost: Vec<StackId>,
    /// By stack: the innermost stack of its own that is in the user's code and on the way to a
    /// handler; else empty.
    routes: Vec<StackId>,
    /// The functions that are seen to hand requests on.
    pub(super) hand_on: FxHashSet<StrId>,
    /// By stack: itself without the runtime's frames at its top.
    place: Vec<StackId>,
    /// By stack: what it tells of one who waits there.
    spots: Vec<Spot>,
    /// By stack: what [`Book::given`] says.
    given: Vec<StrId>,
    /// Whether any function hands signals to the program.
    has_signals: bool,
}

impl Book {
    /// Looks everything up.
    pub(crate) fn new(trace: &Trace) -> Self {
        let stacks = trace.stacks();
        let n = stacks.len();
        let functions = classify(trace);
        let mut book = Self {
            has_signals: functions.iter().any(|function| function.is.has(Traits::SIGNALS)),
            functions,
            mark_rows: vec![UNMARKED; n],
            marks: Vec::new(),
            user: vec![StackId::EMPTY; n],
            nearest: vec![StackId::EMPTY; n],
            outermost: vec![StackId::EMPTY; n],
            routes: vec![StackId::EMPTY; n],
            hand_on: FxHashSet::default(),
            place: vec![StackId::EMPTY; n],
            spots: vec![Spot::default(); n],
            given: vec![StrId::EMPTY; n],
        };
        for (row, caller, frame) in stacks.iter() {
            let function = book.function(frame.function);
            let is_user = function.origin == Origin::User;
            book.user[row.index()] = if is_user { row } else { book.user[caller.index()] };
            let is_nearest = book.user[row.index()] == row
                || function.origin == Origin::Dependency
                    && book.user[row.index()] == StackId::EMPTY;
            book.nearest[row.index()] = if is_nearest { row } else { book.nearest[caller.index()] };
            book.given[row.index()] =
                book.given(trace, caller, book.given[caller.index()], frame.function);
            let above = book.outermost[caller.index()];
            let is_outermost = is_user && above == StackId::EMPTY;
            book.outermost[row.index()] = if is_outermost { row } else { above };
            // A stack of runtime frames only keeps them: it is all that is known.
            let is_runtime = function.is.has(Traits::RUNTIME) && caller != StackId::EMPTY;
            book.place[row.index()] = if is_runtime { book.place[caller.index()] } else { row };
            let below = stacks.top(caller).and_then(|frame| book.function(frame.function).role);
            book.mark_rows[row.index()] = book.mark_row(row, caller, function, below);
            book.spots[row.index()] = book.find_spot(stacks, row, caller, function);
            let is_on_route = is_user && book.is_on_route(trace, caller, frame);
            book.routes[row.index()] = if is_on_route { row } else { book.route(caller) };
        }
        if let Some(handed_to) = handed_to(trace, &book) {
            for (row, caller, _) in stacks.iter() {
                let is_on_route = book.route(row) == row || handed_to[row.index()];
                book.routes[row.index()] = if is_on_route { row } else { book.route(caller) };
                if let Some(by) = stacks.top(caller).filter(|_| handed_to[row.index()]) {
                    book.hand_on.insert(by.function);
                }
            }
        }
        book
    }

    /// What a stack tells of one who waits there, given what its caller tells.
    fn find_spot(&self, stacks: &Stacks, row: StackId, caller: StackId, of: Function) -> Spot {
        let called_back = if of.is.has(Traits::OPERATES) {
            self.user(caller) != StackId::EMPTY
        } else {
            self.spots[caller.index()].called_back
        };
        let has_user = self.user(row) != StackId::EMPTY;
        let code = self.top(stacks, row).map(|function| function.origin);
        Spot { code, has_user, called_back }
    }

    /// The row of a stack's mark, given the role of its caller's innermost frame.
    fn mark_row(
        &mut self,
        row: StackId,
        caller: StackId,
        of: Function,
        below: Option<Role>,
    ) -> u32 {
        if self.mark_rows[caller.index()] == VOID {
            return VOID;
        }
        let mark = match (of.role, self.any_mark(caller)) {
            (None | Some(Role::Other), None) => return UNMARKED,
            // close() may be a frame of its own above the one that calls it.
            (None | Some(Role::Other), Some(mark)) => {
                Mark { closes: mark.closes && of.is.has(Traits::RUNTIME), ..mark }
            }
            (Some(_), None) if below == Some(Role::Other) => return VOID,
            (Some(role), mark) => enter(role, row, caller, mark),
        };
        self.marks.push(mark);
        u32::try_from(self.marks.len() - 1).unwrap_or(UNMARKED)
    }

    /// Whether any function of the trace has a trait.
    pub(crate) fn knows(&self, of: Traits) -> bool {
        self.functions.iter().any(|function| function.is.has(of))
    }

    /// What a function's name tells.
    pub(crate) fn function(&self, name: StrId) -> Function {
        self.functions.get(name.index()).copied().unwrap_or_default()
    }

    /// What a stack tells of a cancel, if it is inside one.
    pub(crate) fn mark(&self, stack: StackId) -> Option<Mark> {
        self.any_mark(stack).filter(|mark| mark.inside)
    }

    fn any_mark(&self, stack: StackId) -> Option<Mark> {
        let row = *self.mark_rows.get(stack.index())?;
        self.marks.get(row as usize).copied()
    }

    /// Whether the trace shows a signal being handed to the program.
    pub(crate) fn has_signals(&self) -> bool {
        self.has_signals
    }

    /// The innermost part of a stack that begins in the user's own code; empty if there is none.
    pub(crate) fn user(&self, stack: StackId) -> StackId {
        self.user.get(stack.index()).copied().unwrap_or_default()
    }

    /// The innermost frame of a stack that is the user's.
    pub(crate) fn user_frame(&self, stacks: &Stacks, stack: StackId) -> Option<Frame> {
        stacks.top(self.user(stack))
    }

    /// The innermost function on a stack that is the user's.
    pub(crate) fn user_function(&self, stacks: &Stacks, stack: StackId) -> Option<StrId> {
        self.user_frame(stacks, stack).map(|frame| frame.function)
    }

    /// A stack without the runtime's frames at its top: where the code is.
    pub(crate) fn place(&self, stack: StackId) -> StackId {
        self.place.get(stack.index()).copied().unwrap_or_default()
    }

    /// The frame that a person looks for in a stack: the first of the user's code, else the first
    /// of a library that the program brings along, else the first outside the runtime, else the
    /// first.
    pub(crate) fn site(&self, stacks: &Stacks, stack: StackId) -> Option<Frame> {
        let nearest = self.nearest.get(stack.index()).copied().unwrap_or_default();
        stacks.top(nearest).or_else(|| stacks.top(self.place(stack)))
    }

    /// The part of a stack from the outermost of the user's frames on; empty if there is none.
    pub(crate) fn outermost(&self, stack: StackId) -> StackId {
        self.outermost.get(stack.index()).copied().unwrap_or_default()
    }

    /// The part of a stack from the function on that a library's goroutine is there for: the handler
    /// that it runs; empty if none of it is the user's.
    pub(crate) fn route(&self, stack: StackId) -> StackId {
        self.routes.get(stack.index()).copied().unwrap_or_default()
    }

    /// Whose work is done on a stack of a goroutine that started in `start`: that function's, or
    /// the handler's if a library's started it.
    pub(crate) fn acting(&self, stacks: &Stacks, start: StrId, stack: StackId) -> StrId {
        if self.function(start).origin == Origin::User {
            return start;
        }
        stacks.top(self.route(stack)).map_or(start, |frame| frame.function)
    }

    /// The function that a stack's goroutine was started for, if a starter is at the bottom and
    /// the stack is out of its package.
    pub(crate) fn given_on(&self, stack: StackId) -> Option<StrId> {
        let given = *self.given.get(stack.index())?;
        let is_out = given != StrId::EMPTY && self.function(given).starter.is_none();
        is_out.then_some(given)
    }

    /// What a stack tells of one who waits there.
    pub(crate) fn spot(&self, stack: StackId) -> Spot {
        self.spots.get(stack.index()).copied().unwrap_or_default()
    }

    /// What the function tells that is at the top of a stack's [`Book::place`].
    pub(crate) fn top(&self, stacks: &Stacks, stack: StackId) -> Option<Function> {
        stacks.top(self.place(stack)).map(|frame| self.function(frame.function))
    }

    /// Whether a goroutine's code woke the one that has this span after its wait. A timer or the network can
    /// be noticed by any goroutine that happens to look: all that is on the stack then is the runtime's.
    pub(crate) fn woken_by_code(&self, stacks: &Stacks, next: &Span) -> bool {
        next.woken && self.top(stacks, next.stack).is_some_and(|top| !top.is.has(Traits::RUNTIME))
    }

    /// Whether a stack is in the collector's code: the GC, and not the program, made it wait.
    pub(crate) fn in_gc(&self, trace: &Trace, stack: StackId) -> bool {
        trace
            .frames(stack)
            .take_while(|frame| self.function(frame.function).is.has(Traits::RUNTIME))
            .any(|frame| trace.string(frame.function).starts_with("runtime.gc"))
    }

    /// Whether a stack is one of who is in `time.Sleep`.
    pub(crate) fn sleeps(&self, stacks: &Stacks, stack: StackId) -> bool {
        self.top(stacks, stack).is_some_and(|function| function.is.has(Traits::SLEEPS))
    }

    /// Whether any function on a stack has a fact.
    pub(crate) fn any(&self, stacks: &Stacks, stack: StackId, fact: Traits) -> bool {
        stacks.frames(stack).any(|frame| self.function(frame.function).is.has(fact))
    }
}

/// The mark of one more of `context`'s own frames.
fn enter(role: Role, row: StackId, caller: StackId, below: Option<Mark>) -> Mark {
    let mut mark = below.unwrap_or(Mark {
        caller,
        entry: row,
        // A goroutine starts in a cancel function or a watcher, never in a method.
        cut: caller == StackId::EMPTY
            && matches!(role, Role::Level | Role::Around | Role::StartsCallback),
        ..Mark::default()
    });
    mark.depth = mark.depth.saturating_add(u16::from(role == Role::Level));
    mark.closes = role == Role::Level;
    mark.inside |= role != Role::Watcher;
    mark.starts_callback |= role == Role::StartsCallback;
    mark
}

/// Looks up the name of every function that occurs in a stack or starts a goroutine.
fn classify(trace: &Trace) -> Vec<Function> {
    let mut functions = vec![Function::default(); trace.strings().len()];
    let mut seen = vec![false; functions.len()];
    let root = library_root(trace);
    let mut note = |name: StrId, file: StrId| {
        if let Some(seen @ false) = seen.get_mut(name.index()) {
            *seen = true;
            functions[name.index()] = classify_one(trace.string(name), trace.string(file), root);
        }
    };
    for (_, _, frame) in trace.stacks().iter() {
        note(frame.function, frame.file);
    }
    for &name in &trace.goroutines.names {
        note(name, StrId::EMPTY);
    }
    functions
}

/// The folder that the standard library was built from; "" if the paths do not tell.
fn library_root(trace: &Trace) -> &str {
    let root = |frame: Frame| root_by(trace.string(frame.function), trace.string(frame.file));
    trace.stacks().iter().find_map(|(_, _, frame)| root(frame)).unwrap_or("")
}

fn classify_one(name: &str, file: &str, root: &str) -> Function {
    Function {
        origin: origin_of(name, file, root),
        role: patterns::role_of(name),
        cause: patterns::cause_of(name).and_then(|row| u8::try_from(row).ok()),
        starter: Starter::of(name),
        is: Traits::of(name),
    }
}
