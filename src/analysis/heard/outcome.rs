//! What became of a goroutine after it heard a cancel: did it leave, and was it meant to?

use rustc_hash::FxHashSet;

use crate::base::{Goroutine, StackId, StrId, Time};
use crate::model::{Span, Stacks, Trace};
use crate::parse::event::GoState;

use super::super::code::book::{Book, Traits};
use super::super::code::names::Origin;
use super::super::code::reasons;
use super::super::code::turn::{Turn, path, turn};
use super::super::index::ByGoroutine;
use super::super::lives;
use super::super::words::{HeardIn, Outcome};
use super::departure::Departures;
use super::listening::Listening;
use super::place::{Place, host};
use super::rests::Rests;

/// A goroutine that leaves within this many nanoseconds has left, whatever else it may be.
pub(crate) const PROMPT_NS: i64 = 1_000_000;

/// How far to look back for a wait that a goroutine came back to, in spans.
const LOOK_BACK: usize = 4_096;

/// How far to look ahead for where a goroutine went next, in stops: one that hears thousands of cancels
/// is asked after each.
const LOOK_AHEAD: usize = 64;

/// A goroutine that heard no more cancels than this is followed to its end after each.
const FEW_HEARD: usize = 64;

/// How many spans are read at least after each cancel of a goroutine that heard more.
const LEAST_SPANS: usize = 512;

/// Nobody waits so often for contexts of its own in order to clean up.
const MANY_WAITS: usize = 64;

/// How far up to look for the one that started a goroutine.
pub(crate) const GENERATIONS: usize = 16;

/// What was heard, as far as the outcome depends on it.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "facts of one hearing, each asked for by name")]
pub(crate) struct Heard {
    pub(crate) goroutine: Goroutine,
    /// When the context was cancelled.
    pub(crate) cancelled: Time,
    /// When the goroutine was woken.
    pub(crate) at: Time,
    /// Where it had waited; empty if that is not known.
    pub(crate) stack: StackId,
    /// Whether the place is not known because it waited before the trace began.
    pub(crate) waited_before: bool,
    pub(crate) place: Place,
    /// Whether the cancel was meant to end it, wherever it heard.
    pub(crate) told_to_stop: bool,
    /// Whether the canceller waited for its end next.
    pub(crate) is_awaited: bool,
    /// Whether the cancel was a time limit that nobody else heard but for its own helpers.
    pub(crate) private_limit: bool,
    /// Whether nobody else heard the cancel but for its own helpers, and it did not end all.
    pub(crate) alone: bool,
    /// Whether one of its own goroutines cancelled, and nobody else heard.
    pub(crate) by_own_child: bool,
}

/// What else the goroutine heard.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct HeardToo {
    /// The next other, unrelated cancel.
    pub(crate) next: Option<Later>,
    /// Whether it had heard an unrelated cancel of the same sort in the same place before.
    pub(crate) alike_before: bool,
}

/// Another, unrelated cancel that the goroutine heard later.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Later {
    pub(crate) at: Time,
    pub(crate) heard_in: HeardIn,
    /// Whether it can be the time limit of its cleaning up: a deadline that it alone heard, as
    /// is the last cancel that it heard, after which it ended at once.
    pub(crate) ends_cleanup: bool,
}

/// Where it ended up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Fate {
    pub(crate) outcome: Outcome,
    pub(crate) end: Option<Time>,
    /// As [`Heard::told_to_stop`], unless it turned out to have had a job to do after the cancel.
    pub(crate) told_to_stop: bool,
}

/// All that tells what became of a goroutine that heard.
#[derive(Clone, Copy)]
pub(crate) struct Basis<'a> {
    pub(crate) trace: &'a Trace,
    pub(crate) book: &'a Book,
    pub(crate) listening: &'a Listening,
    pub(crate) departures: &'a Departures,
    /// How often each goroutine heard.
    pub(crate) by_goroutine: &'a ByGoroutine,
    /// The limit beyond which a goroutine that leaves is late, in nanoseconds.
    pub(crate) late_over_ns: i64,
}

impl Basis<'_> {
    /// How many spans of a goroutine to read after each cancel that it heard: all, if these are few;
    /// else so many that none of its spans is read more than [`FEW_HEARD`] times, on average.
    fn n_spans(&self, goroutine: Goroutine) -> usize {
        let n_heard = self.by_goroutine.of(goroutine).len();
        if n_heard <= FEW_HEARD {
            return usize::MAX;
        }
        (self.trace.n_spans(goroutine).saturating_mul(FEW_HEARD) / n_heard).max(LEAST_SPANS)
    }
}

/// Decides what became of a goroutine that heard.
pub(crate) fn fate(basis: &Basis<'_>, heard: &Heard, heard_too: HeardToo) -> Fate {
    let Basis { trace, book, listening, departures, late_over_ns, .. } = *basis;
    let left = || departures.after(trace, book, heard.goroutine, heard.place.host, heard.at);
    let left = if heard.place.host == StackId::EMPTY { None } else { left() };
    let end = left.or_else(|| lives::ended(trace, heard.goroutine));
    let fate = |outcome, told_to_stop| Fate { outcome, end, told_to_stop };
    let told_to_stop = heard.told_to_stop;
    if book.function(lives::name(trace, heard.goroutine)).is.has(Traits::MAIN) {
        return fate(Outcome::LivesOn, false);
    }
    let until = end.unwrap_or_else(|| trace.last_known(heard.goroutine));
    let outcome = if end.is_some() { Outcome::Exited } else { Outcome::Alive };
    if until - heard.cancelled <= PROMPT_NS {
        return fate(outcome, told_to_stop || heard.is_awaited);
    }
    let n_spans = basis.n_spans(heard.goroutine);
    let after = After { trace, book, listening, heard, until, left: end.is_some(), n_spans };
    if after.serves_many(heard_too) {
        return fate(Outcome::LivesOn, told_to_stop);
    }
    if !told_to_stop && heard.place.heard_in == HeardIn::Call {
        // One operation was cut off. A goroutine that returns at once has left; one that does not carries
        // on.
        let carried_on = outcome == Outcome::Alive || until - heard.cancelled > late_over_ns;
        return fate(if carried_on { Outcome::LivesOn } else { outcome }, heard.is_awaited);
    }
    fate(outcome, told_to_stop && !after.shuts_down())
}

/// The function in which the way to one stack parts from that to another; none if one of them goes
/// all the way with the other.
fn leaves_in(stacks: &Stacks, from: StackId, to: StackId) -> Option<StrId> {
    let (from, to) = (path(stacks, from), path(stacks, to));
    let shared = from.iter().zip(&to).take_while(|(from, to)| from == to).count();
    let function = |path: &[StackId]| Some(stacks.top(*path.get(shared)?)?.function);
    function(&from).filter(|&it| function(&to) == Some(it))
}

/// The time between a hearing and what counts as its end.
struct After<'a> {
    trace: &'a Trace,
    book: &'a Book,
    listening: &'a Listening,
    heard: &'a Heard,
    until: Time,
    /// Whether that end was seen, and is not the trace's.
    left: bool,
    /// How many spans to read of it.
    n_spans: usize,
}

impl After<'_> {
    /// Where it stopped.
    fn stops(&self) -> impl Iterator<Item = Span> {
        self.trace
            .spans_from(self.heard.goroutine, self.heard.at)
            .take(self.n_spans)
            .take_while(|span| span.start < self.until)
            .filter(|span| span.start > self.heard.at && span.has_own_stack())
    }

    /// Where it waited for something that can come.
    fn waits(&self) -> impl Iterator<Item = Span> {
        self.stops().filter(|span| {
            span.state == GoState::Waiting && self.trace.string(span.reason) != reasons::FOREVER
        })
    }

    /// The way from where it heard to where it waited later.
    fn way_to(&self, wait: &Span) -> Turn {
        let stacks = self.trace.stacks();
        let heard = self.book.place(self.heard.stack);
        match turn(stacks, heard, self.book.place(wait.stack)) {
            // `go func() { <-ctx.Done(); <-done }()`: one line tells nothing of the way.
            Turn::Same if self.is_one_line() => Turn::On,
            way => way,
        }
    }

    /// Whether it heard in the very line in which it was started: all its code stands there.
    fn is_one_line(&self) -> bool {
        let go = lives::creation_stack(self.trace, self.heard.goroutine);
        let line = |stack| {
            let frame = self.book.user_frame(self.trace.stacks(), stack)?;
            Some((frame.file, frame.line))
        };
        line(go).is_some_and(|go| line(self.heard.stack) == Some(go))
    }

    /// Whether the goroutine is one that serves many contexts.
    fn serves_many(&self, HeardToo { next, alike_before }: HeardToo) -> bool {
        let next = next.filter(|next| next.at < self.until);
        // First what costs nothing: one that serves thousands is asked this for each of them.
        next.is_some_and(|next| match next.heard_in {
            // It may be the time limit of its cleaning up, too.
            HeardIn::Call => self.heard.place.heard_in == HeardIn::Call || self.heard.waited_before,
            // After another such limit it is the next operation's.
            HeardIn::Own => self.heard.private_limit || !next.ends_cleanup,
        }) || self.waits_again()
            || alike_before && (self.returns() || self.goes_back_up())
            || self.goes_back_to_its_loop()
            || self.goes_back_up_after_a_job()
            || self.goes_on_to_wait_for_work()
            || self.goes_on_after_its_own()
            || self.is_cut_off()
    }

    /// Whether it went on for longer than is read: no goroutine is late of which not all is known.
    fn is_cut_off(&self) -> bool {
        let mut spans = self.trace.spans_from(self.heard.goroutine, self.heard.at);
        self.n_spans != usize::MAX
            && spans.nth(self.n_spans).is_some_and(|span| span.start < self.until)
    }

    /// What it did before the cancel, the last first, as far back as is read. What a library's goroutine
    /// did in an earlier run of a handler says nothing of this one.
    fn before(&self) -> impl Iterator<Item = Span> {
        let (trace, book, hosted) = (self.trace, self.book, self.heard.place.host);
        let is_here = move |span: &Span| {
            hosted == StackId::EMPTY
                || !span.has_own_stack()
                || host(trace, book, span.stack) == hosted
        };
        let before = trace.spans_before(self.heard.goroutine, self.heard.cancelled);
        before.take(LOOK_BACK.min(self.n_spans)).take_while(is_here)
    }

    /// Whether it was seen anywhere but in the function in which it heard, or below.
    fn returns(&self) -> bool {
        self.stops().take(LOOK_AHEAD).any(|span| self.is_outside(&span))
    }

    /// Whether it went back up, in the function in which it heard, to wait for the next thing to do.
    fn goes_back_up(&self) -> bool {
        let mut waits = self.waits().take(LOOK_AHEAD);
        waits.any(|span| self.is_for_work(&span) && self.way_to(&span) == Turn::Back)
    }

    /// Whether it alone heard, and went back up in the function in which it heard, to wait for work in
    /// a place where it had waited before, or where others have it: the context was one job's.
    ///
    /// One that only left the select, and not the loop, takes one thing after the other there and never
    /// waits anywhere else again, since its context is cancelled.
    fn goes_back_up_after_a_job(&self) -> bool {
        if !self.heard.alone {
            return false;
        }
        let waits: Vec<Span> = self.waits().take(LOOK_AHEAD).collect();
        let stacks = self.trace.stacks();
        let function = |stack| self.book.user_function(stacks, stack);
        let is_round = |span: &Span| {
            self.is_for_work(span)
                && self.way_to(span) == Turn::Back
                && function(span.stack) == function(self.heard.stack)
        };
        let idle = waits.windows(2).filter(|pair| pair.iter().all(is_round)).count();
        let Some(first) = waits.iter().find(|span| is_round(span)) else { return false };
        let place = self.book.place(first.stack);
        let is_there =
            |span: Span| span.state == GoState::Waiting && self.book.place(span.stack) == place;
        let before = || self.before().any(is_there);
        idle <= 1 && (self.is_fed_by_others(first) || before())
    }

    /// Whether a stop was neither in the function in which it heard nor below.
    fn is_outside(&self, span: &Span) -> bool {
        let stacks = self.trace.stacks();
        let heard = self.book.user(self.heard.stack);
        let (caller, function) = (stacks.caller(heard), stacks.top(heard).map(|at| at.function));
        let mut stack = self.book.user(span.stack);
        while stack != StackId::EMPTY {
            let below = stacks.caller(stack);
            if below == caller && stacks.top(stack).map(|at| at.function) == function {
                return false;
            }
            stack = below;
        }
        // A goroutine that heard in its outermost function is never out of it.
        caller != StackId::EMPTY
    }

    /// Whether one of its own goroutines had cancelled what it alone listened to, and it went on to
    /// wait for something else to do: the operation failed, and was its own.
    fn goes_on_after_its_own(&self) -> bool {
        self.heard.by_own_child
            && self.waits().take(LOOK_AHEAD).any(|span| {
                let joins = self.book.any(self.trace.stacks(), span.stack, Traits::JOINS);
                self.is_for_work(&span) && !joins && self.is_outside(&span)
            })
    }

    /// Whether it came back to wait where it had heard, or others hear. With the same context that cannot
    /// be: its Done channel is closed, so nobody waits for it again. One that waits there further down,
    /// and then ends, may have cleaned up under a context made for that.
    fn waits_again(&self) -> bool {
        self.waits()
            .filter(|span| self.listening.hears(self.trace, self.book, span.stack))
            .take(MANY_WAITS)
            .enumerate()
            .any(|(n, span)| !self.left || n + 1 == MANY_WAITS || self.way_to(&span) != Turn::On)
    }

    /// Where it waited further out than where it heard: in a function that had called the one in which
    /// it heard; or for work, in a helper that such a function called then.
    fn outer_waits(&self) -> Vec<Span> {
        if self.waits().next().is_none() {
            return Vec::new();
        }
        let stacks = self.trace.stacks();
        let callers: FxHashSet<_> = self
            .trace
            .frames(self.book.user(self.heard.stack))
            .skip(1)
            .filter(|frame| self.book.function(frame.function).origin == Origin::User)
            .map(|frame| frame.function)
            .collect();
        let is_outer = |stack| {
            self.book
                .user_function(stacks, stack)
                .is_some_and(|function| callers.contains(&function))
        };
        let is_by_helper = |span: &Span| {
            let leaves_in = leaves_in(stacks, self.book.user(self.heard.stack), span.stack);
            self.is_for_work(span) && leaves_in.is_some_and(|function| callers.contains(&function))
        };
        self.waits().filter(|span| is_outer(span.stack) || is_by_helper(span)).collect()
    }

    /// Whether a wait can be one for the next thing to do.
    fn is_for_work(&self, span: &Span) -> bool {
        reasons::is_for_work(self.trace.string(span.reason))
    }

    /// Whether it came back to a wait further out, in which it had been before: it takes one job after
    /// the other, and the context was the job's.
    fn goes_back_to_its_loop(&self) -> bool {
        let mut outer = self.outer_waits();
        let rests = self.rests();
        let ends_it = |span: &Span| {
            self.trace.string(span.reason) == reasons::SLEEP
                && self.waits().last().is_some_and(|last| last.start == span.start)
        };
        if self.only_rests(&outer) {
            outer.retain(|span| !rests.has(span));
        } else if self.left && !self.heard.private_limit && outer.last().is_some_and(ends_it) {
            // It had polled its context between operations.
            outer.pop();
        }
        let places: FxHashSet<StackId> =
            outer.iter().map(|span| self.book.place(span.stack)).collect();
        !places.is_empty()
            && self.before().any(|span| {
                span.state == GoState::Waiting && places.contains(&self.book.place(span.stack))
            })
    }

    /// Whether it only let time pass after the cancel, where it had had something to do in each round
    /// before: it tries again and again with the cancelled context. Only one more round tells nothing
    /// of one that goes on, nor of one that heard an operation's own time limit.
    fn only_rests(&self, outer: &[Span]) -> bool {
        let rests = self.rests();
        let places: Vec<StackId> = outer
            .iter()
            .filter(|span| rests.has(span))
            .map(|span| self.book.place(span.stack))
            .collect();
        let round: FxHashSet<StackId> = places.iter().copied().collect();
        let is_over = self.left && !self.heard.private_limit;
        !places.is_empty()
            && (is_over || round.len() < places.len())
            && self.waits().all(|span| !self.is_for_work(&span) || rests.has(&span))
            && rests.had_work_in_each_round(&round, self.before())
    }

    fn rests(&self) -> Rests<'_> {
        let Self { trace, book, listening, .. } = *self;
        Rests { trace, book, listening, goroutine: self.heard.goroutine }
    }

    /// Whether it heard the time limit of one operation, and went back to wait further out for what
    /// others have for it: it takes one job after the other, and this was its first in the trace.
    fn goes_on_to_wait_for_work(&self) -> bool {
        self.heard.private_limit
            && self.outer_waits().iter().any(|span| {
                self.is_for_work(span)
                    && self.way_to(span) == Turn::Back
                    && self.is_fed_by_others(span)
            })
    }

    /// Whether a wait was ended by another goroutine's code, and not by one that the goroutine
    /// itself had started, whose results it may have waited for; or not ended within the trace.
    fn is_fed_by_others(&self, wait: &Span) -> bool {
        // What comes over the network is noticed by any goroutine that happens to look.
        if self.trace.string(wait.reason) == reasons::NETWORK {
            return true;
        }
        let Some(woken) = self.trace.span_at(self.heard.goroutine, wait.end) else {
            return true;
        };
        let by_code = self.book.woken_by_code(self.trace.stacks(), &woken);
        let Some(waker) = woken.waker.filter(|_| by_code) else { return false };
        let line = lives::line(self.trace, waker);
        !line.take(GENERATIONS).any(|of| of == self.heard.goroutine)
    }

    /// Whether it went on to shut something down in good order, which was its job.
    fn shuts_down(&self) -> bool {
        let stacks = self.trace.stacks();
        self.stops().any(|span| self.book.any(stacks, span.stack, Traits::GRACEFUL))
    }
}
