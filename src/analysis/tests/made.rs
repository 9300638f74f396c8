//! Traces made by hand, event by event, for what no recording shows at will.

use std::collections::BTreeMap;

use super::super::{Document, Rules};
use crate::base::{GoId, ProcId, TaskId, ThreadId, Time};
use crate::model::{Builder, Draft};
use crate::parse::Parsed;
use crate::parse::event::{Body, Event, GoRef, GoState, RangeKind, RangeMoment, StackRef, StrRef};
use crate::parse::pieces::Piece as _;
use crate::parse::sink::Sink as _;
use crate::parse::tables::{Frame, Tables};

/// A microsecond, in nanoseconds.
pub(crate) const US: i64 = 1_000;
/// A millisecond, in nanoseconds.
pub(crate) const MS: i64 = 1_000_000;

/// A cancel's own frames, as below an explicit `cancel()`.
pub(crate) const CANCEL: &str = "context.(*cancelCtx).cancel < context.WithCancel.func1";
/// The same, one level further down.
pub(crate) const BELOW: &str =
    "context.(*cancelCtx).cancel < context.(*cancelCtx).cancel < context.WithCancel.func1";
/// A deadline's, on its timer's goroutine.
pub(crate) const TIMER: &str = "context.(*timerCtx).cancel < context.WithDeadlineCause.func2";
/// From where a deadline's timer wakes those who wait on its context itself.
pub(crate) const DEADLINE: &str = "context.(*cancelCtx).cancel < context.(*timerCtx).cancel < \
                                   context.WithDeadlineCause.func2";

/// A trace in the making. Goroutines have the numbers that the test gives them, from 1; times
/// are nanoseconds and must increase.
pub(crate) struct Made {
    tables: Tables<'static>,
    strings: BTreeMap<String, StrRef>,
    stacks: BTreeMap<String, StackRef>,
    states: BTreeMap<u32, GoState>,
    events: Vec<Event>,
    builder: Builder,
    generations: u32,
}

impl Made {
    /// An empty one that begins at 0.
    pub(crate) fn new() -> Self {
        let mut made = Self {
            tables: Tables::empty(1),
            strings: BTreeMap::new(),
            stacks: BTreeMap::new(),
            states: BTreeMap::new(),
            events: Vec::new(),
            builder: Builder::default(),
            generations: 0,
        };
        made.begin(0);
        made
    }

    fn begin(&mut self, at: i64) {
        self.generations += 1;
        self.push(at, 0, "", Body::Sync { number: self.generations, last: false });
    }

    fn string(&mut self, text: &str) -> StrRef {
        if text.is_empty() {
            return StrRef(0);
        }
        if let Some(&row) = self.strings.get(text) {
            return row;
        }
        let row = self.tables.add_string(text.to_owned().into_bytes());
        self.strings.insert(text.to_owned(), row);
        row
    }

    /// A stack of functions, innermost first: `a.B < main.main:12`; the line is 1 if not given. One
    /// of the program's can have a file: `main.get@get.pb.go:7`.
    fn stack(&mut self, text: &str) -> StackRef {
        if text.is_empty() {
            return StackRef(0);
        }
        if let Some(&row) = self.stacks.get(text) {
            return row;
        }
        let mut frames = Vec::new();
        for call in text.split(" < ") {
            let (function, line) = call.rsplit_once(':').unwrap_or((call, "1"));
            let (function, own) = function.split_once('@').unwrap_or((function, "/src/main.go"));
            // A module's version in the path tells another module's code from the program's.
            let file = match function.split_once('.') {
                Some(("main", _)) => own,
                Some(("golang" | "google" | "github" | "go", _)) => {
                    "/go/pkg/mod/golang.org/x/sync@v0.7.0/lib.go"
                }
                _ => "lib.go",
            };
            let (name, file) = (self.string(function), self.string(file));
            let line = line.parse().expect("a line's number");
            frames.push(self.tables.add_frame(Frame { pc: 0, function: name, file, line }));
        }
        let row = self.tables.add_stack(&frames);
        self.stacks.insert(text.to_owned(), row);
        row
    }

    fn push(&mut self, at: i64, by: u32, stack: &str, body: Body) {
        let stack = self.stack(stack);
        self.events.push(Event {
            time: Time(at),
            thread: ThreadId(1),
            proc: ProcId(0),
            goroutine: person(by),
            stack,
            body,
        });
    }

    /// A goroutine changes state; `by` is who made it, `stack` that one's, `own` its own.
    fn turn(&mut self, at: i64, (by, stack): (u32, &str), of: u32, to: GoState, why: (&str, &str)) {
        let from = self.states.insert(of, to).unwrap_or(GoState::NotExist);
        let (reason, own) = (self.string(why.0), self.stack(why.1));
        let body = Body::Goroutine { of: person(of), from, to, reason, stack: own };
        self.push(at, by, stack, body);
    }

    /// It is there and runs from the beginning on; `start` is where its life began.
    pub(crate) fn running(&mut self, of: u32, start: &str) -> &mut Self {
        self.states.insert(of, GoState::Undetermined);
        self.turn(0, (0, ""), of, GoState::Running, ("", start));
        self
    }

    /// It waits when the trace begins, which tells neither why nor where it does.
    pub(crate) fn waiting(&mut self, of: u32) -> &mut Self {
        self.states.insert(of, GoState::Undetermined);
        self.turn(0, (0, ""), of, GoState::Waiting, ("", ""));
        self
    }

    /// One creates another, which starts in a function; nobody does if `by` is 0.
    pub(crate) fn go(&mut self, at: i64, by: u32, stack: &str, of: u32, start: &str) -> &mut Self {
        self.states.insert(of, GoState::NotExist);
        self.turn(at, (by, stack), of, GoState::Runnable, ("", start));
        self
    }

    pub(crate) fn runs(&mut self, at: i64, of: u32) -> &mut Self {
        self.turn(at, (0, ""), of, GoState::Running, ("", ""));
        self
    }

    pub(crate) fn waits(&mut self, at: i64, of: u32, reason: &str, stack: &str) -> &mut Self {
        self.turn(at, (of, stack), of, GoState::Waiting, (reason, stack));
        self
    }

    /// One wakes another from a stack.
    pub(crate) fn wakes(&mut self, at: i64, by: u32, stack: &str, of: u32) -> &mut Self {
        self.turn(at, (by, stack), of, GoState::Runnable, ("", ""));
        self
    }

    /// The goroutine of a deadline's timer begins, a microsecond before it runs.
    pub(crate) fn timer(&mut self, at: i64, of: u32) -> &mut Self {
        self.go(at, 0, "", of, "context.WithDeadlineCause.func2").runs(at + US, of)
    }

    /// A deadline passes: from two microseconds after its timer's goroutine has begun, that wakes
    /// one after the other, and ends, a microsecond each.
    pub(crate) fn passes(&mut self, at: i64, timer: u32, wakes: &[u32]) -> &mut Self {
        let mut at = at + 2 * US;
        self.timer(at - 2 * US, timer);
        for &of in wakes {
            self.wakes(at, timer, DEADLINE, of);
            at += US;
        }
        self.ends(at, timer)
    }

    /// It loses its processor.
    pub(crate) fn preempted(&mut self, at: i64, of: u32, stack: &str) -> &mut Self {
        self.turn(at, (of, stack), of, GoState::Runnable, ("preempted", stack));
        self
    }

    pub(crate) fn ends(&mut self, at: i64, of: u32) -> &mut Self {
        self.turn(at, (of, ""), of, GoState::NotExist, ("", ""));
        self
    }

    /// It logs in the category of contexts.
    pub(crate) fn logs(
        &mut self,
        at: i64,
        by: u32,
        task: u64,
        message: &str,
        stack: &str,
    ) -> &mut Self {
        let (category, message) = (self.string("context"), self.string(message));
        self.push(at, by, stack, Body::Log { task: TaskId(task), category, message });
        self
    }

    /// It begins a region of a task, or ends it.
    pub(crate) fn region(&mut self, at: i64, by: u32, task: u64, begins: bool) -> &mut Self {
        let (task, kind) = (TaskId(task), self.string("work"));
        let body =
            if begins { Body::RegionBegin { task, kind } } else { Body::RegionEnd { task, kind } };
        self.push(at, by, "", body);
        self
    }

    /// A user task begins, or ends.
    pub(crate) fn task(&mut self, at: i64, id: u64, kind: &str, begins: bool) -> &mut Self {
        self.task_by(at, 1, (id, kind), begins)
    }

    /// The same by somebody.
    pub(crate) fn task_by(
        &mut self,
        at: i64,
        by: u32,
        (id, kind): (u64, &str),
        begins: bool,
    ) -> &mut Self {
        let (id, kind, parent) = (TaskId(id), self.string(kind), TaskId(0));
        let body = if begins {
            Body::TaskBegin { id, parent, kind }
        } else {
            Body::TaskEnd { id, parent, kind }
        };
        self.push(at, by, "", body);
        self
    }

    /// The GC begins to mark, or is done with it.
    pub(crate) fn marks(&mut self, at: i64, begins: bool) -> &mut Self {
        let end = RangeMoment::End { swept: 0, reclaimed: 0 };
        let moment = if begins { RangeMoment::Begin } else { end };
        let body = Body::Range { kind: RangeKind::GcMark, moment };
        self.push(at, 0, "", body);
        self
    }

    /// A new generation begins, in which all that live are told of again.
    pub(crate) fn generation(&mut self, at: i64) -> &mut Self {
        self.close();
        self.begin(at);
        for (of, state) in self.states.clone() {
            if state != GoState::NotExist {
                self.states.insert(of, GoState::Undetermined);
                self.turn(at, (0, ""), of, state, ("", ""));
            }
        }
        self
    }

    fn close(&mut self) {
        let mut draft = Draft::default();
        draft.begin_generation(&self.tables);
        for event in self.events.drain(..) {
            draft.event(&self.tables, &event);
        }
        let _ = draft.finish();
        let _ = self.builder.join(draft, &self.tables);
    }

    /// The whole, as it is analyzed by the usual rules; `at` is when the trace ends.
    pub(crate) fn document(&mut self, at: i64) -> Document {
        self.document_by(at, Rules::default())
    }

    pub(crate) fn document_by(&mut self, at: i64, rules: Rules) -> Document {
        self.push(at, 0, "", Body::Sync { number: self.generations + 1, last: true });
        self.close();
        let parsed = Parsed { minor: 26, complete: true, ..Parsed::default() };
        Document::new(std::mem::take(&mut self.builder).finish(parsed, 0), rules)
    }
}

fn person(of: u32) -> GoRef {
    if of == 0 { GoRef::NONE } else { GoRef { id: GoId(u64::from(of)), slot: of } }
}
