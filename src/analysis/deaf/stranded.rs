//! Goroutines that wait, to the trace's end, to hand something to others of whom the last was told to stop
//! and left: what they send nobody takes any more, and nobody had told them.

use rustc_hash::FxHashMap;

use crate::base::{Goroutine, StackId, StrId, Time};
use crate::model::{Chunk, View};
use crate::parse::event::GoState;

use super::super::cancels::scan::{Runs, each_span};
use super::super::code::book::Traits;
use super::super::lives;
use super::super::types::{Cancel, Hearing};
use super::super::words::{Evidence, HeardIn, Outcome};
use super::{Found, Inquiry, MAX_SPANS, Row};

/// What a send on a channel calls (Go 1.11 to 1.27, runtime/chan.go).
const SENDS: &str = "runtime.chansend1";

/// What a write to an `io.Pipe` calls, which waits until all of it is read (io/pipe.go).
const WRITES: &str = "io.(*pipe).write";

/// How far down a stack to look for these.
const MAX_DEPTH: usize = 8;

/// Who waits for less than this may only wait for the next to take.
const SHORTEST_NS: i64 = 50_000_000;

/// How many of the last cancels that one heard to look at.
const MAX_HEARD: usize = 16;

/// How many goroutines one behind the other, each of which sends to the one before.
const MAX_STAGES: usize = 16;

/// The goroutines that nobody takes anything from any more, each with the cancel that told the last who
/// did, in order of cancel.
#[derive(Default)]
pub(super) struct Stranded(Vec<(u32, Goroutine)>);

impl Stranded {
    pub(super) fn new(inquiry: &Inquiry<'_>) -> Self {
        let Some(hands) = Hands::of(inquiry) else { return Self::default() };
        // A list of the alive for each creator is nothing that every trace has to pay for.
        let is_alive = |of: &Goroutine| lives::ended(inquiry.trace, *of).is_none();
        let alive = inquiry.unheard.all().filter(is_alive);
        let stuck = alive.filter_map(|of| Some((of, hands.stuck(of)?)));
        let stuck: FxHashMap<Goroutine, Stuck> = stuck.collect();
        if stuck.is_empty() {
            return Self::default();
        }
        let taken = hands.taken(&stuck);
        let mut stranded = Search { inquiry, stuck, found: FxHashMap::default() }.all(&taken);
        stranded.sort_unstable();
        Self(stranded)
    }

    fn of(&self, cancel: &Cancel) -> &[(u32, Goroutine)] {
        let start = self.0.partition_point(|of| of.0 < cancel.id);
        let end = self.0.partition_point(|of| of.0 <= cancel.id);
        &self.0[start..end]
    }
}

/// Adds those that wait for one that a cancel told to stop.
pub(super) fn find(inquiry: &Inquiry<'_>, cancel: &Cancel, stranded: &Stranded, found: &mut Found) {
    for &(_, goroutine) in stranded.of(cancel) {
        if inquiry.may_be_deaf(cancel, goroutine) {
            let evidence = Evidence::Stranded;
            found.add(Row { goroutine, evidence, left: None, question: None });
        }
    }
}

/// A goroutine that waits to the end to hand something on.
#[derive(Clone, Copy)]
struct Stuck {
    since: Time,
    until: Time,
    /// The function of the program's that sends.
    sends_in: StrId,
}

/// One goroutine took something from another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Taken {
    from: Goroutine,
    by: Goroutine,
    at: Time,
    /// How long the giver had waited for that, in nanoseconds; 0 if the taker had waited.
    after_ns: i64,
}

/// How goroutines hand things on.
struct Hands<'a> {
    inquiry: &'a Inquiry<'a>,
    sends: Option<StrId>,
    writes: Option<StrId>,
}

impl<'a> Hands<'a> {
    /// None if nobody does, or nobody was told to stop.
    fn of(inquiry: &'a Inquiry<'a>) -> Option<Self> {
        let strings = inquiry.trace.strings();
        let (sends, writes) = (strings.find(SENDS), strings.find(WRITES));
        let any = !inquiry.register.hearings.is_empty() && (sends.is_some() || writes.is_some());
        any.then_some(Self { inquiry, sends, writes })
    }

    /// In which function of the program's a stack hands something on, if it does.
    fn sends_in(&self, stack: StackId) -> Option<StrId> {
        let stacks = self.inquiry.trace.stacks();
        let callers = std::iter::successors(Some(stack), |&of| Some(stacks.caller(of)));
        let mut frames = callers.map_while(|of| stacks.top(of)).take(MAX_DEPTH);
        let is_it = |name: StrId| Some(name) == self.sends || Some(name) == self.writes;
        frames.any(|frame| is_it(frame.function)).then_some(())?;
        self.inquiry.book.user_function(stacks, stack)
    }

    /// The wait of one that hands something on to the trace's end.
    fn stuck(&self, goroutine: Goroutine) -> Option<Stuck> {
        let Inquiry { trace, rules, .. } = self.inquiry;
        let until = lives::end(trace, goroutine);
        let last = trace.spans_before(goroutine, until).next()?;
        let is_long = until - last.start > rules.late_over_ns.max(SHORTEST_NS);
        let waits = last.state == GoState::Waiting && is_long;
        let sends_in = self.sends_in(last.stack).filter(|_| waits)?;
        Some(Stuck { since: last.start, until, sends_in })
    }

    /// What was taken from those that are stuck now, as far as one had to wait for the other, in order of
    /// the giver and the taker.
    fn taken(&self, stuck: &FxHashMap<Goroutine, Stuck>) -> Vec<Taken> {
        let trace = self.inquiry.trace;
        let mut is_stuck = vec![false; trace.n_goroutines() as usize];
        for of in stuck.keys() {
            is_stuck[of.index()] = true;
        }
        let threads = self.inquiry.threads;
        let mut taken = threads.over_chunks(trace, |chunk| self.taken_in(chunk, stuck, &is_stuck));
        taken.sort_unstable();
        taken
    }

    fn taken_in(
        &self,
        chunk: &Chunk,
        stuck: &FxHashMap<Goroutine, Stuck>,
        is_stuck: &[bool],
    ) -> Vec<Taken> {
        let trace = self.inquiry.trace;
        let (view, kinds) = (View::new(chunk), chunk.kinds());
        let class = |row: u16| u8::from(kinds[usize::from(row)].woken);
        let sends = |of: Goroutine, stack| {
            stuck.get(&of).is_some_and(|stuck| self.sends_in(stack) == Some(stuck.sends_in))
        };
        let mut runs = Runs::new(chunk);
        let mut found = Vec::new();
        each_span(chunk, class, |hit| {
            let Some(waker) = view.waker_at(hit.word()) else { return };
            let (member, at) = (runs.at(hit.at()).0, view.start(hit.at()));
            if is_stuck[waker.index()] && sends(waker, view.stack_at(hit.word())) {
                found.push(Taken { from: waker, by: member, at, after_ns: 0 });
            }
            if is_stuck[member.index()] {
                let waited = trace.spans_before(member, at).next();
                let waited = waited.filter(|span| span.state == GoState::Waiting);
                if let Some(span) = waited.filter(|span| sends(member, span.stack)) {
                    let after_ns = at - span.start;
                    found.push(Taken { from: member, by: waker, at, after_ns });
                }
            }
        });
        found
    }
}

/// The search for those of the stuck whose takers are all gone.
struct Search<'a> {
    inquiry: &'a Inquiry<'a>,
    stuck: FxHashMap<Goroutine, Stuck>,
    found: FxHashMap<Goroutine, u32>,
}

impl Search<'_> {
    /// Once around for each stage of a pipeline: who is stranded takes nothing any more either.
    fn all(mut self, taken: &[Taken]) -> Vec<(u32, Goroutine)> {
        for _ in 0..MAX_STAGES {
            let n_before = self.found.len();
            for of_one in taken.chunk_by(|one, other| one.from == other.from) {
                let Some(from) = of_one.first().map(|taken| taken.from) else { continue };
                if let Some(cancel) = self.told_by(from, of_one) {
                    self.found.insert(from, cancel);
                }
            }
            if self.found.len() == n_before {
                break;
            }
        }
        self.found.into_iter().map(|(of, cancel)| (cancel, of)).collect()
    }

    /// The cancel that told the last of those to stop who took from one that is stuck, if all are gone,
    /// and it has been stuck for much longer than it had ever waited for them.
    fn told_by(&self, from: Goroutine, taken: &[Taken]) -> Option<u32> {
        let stuck = self.stuck.get(&from).filter(|_| !self.found.contains_key(&from))?;
        let takers = || taken.chunk_by(|one, other| one.by == other.by);
        let last_by = |of_one: &[Taken]| of_one.last().map(|last| (last.at, last.by));
        let (at, last) = takers().filter_map(last_by).max()?;
        let cancel = self.left_by(last, at)?;
        let longest_ns = taken.iter().map(|taken| taken.after_ns).max().unwrap_or(0);
        let stuck_ns = stuck.until - stuck.since.max(self.inquiry.register.cancel(cancel).at);
        let least_ns = self.inquiry.rules.late_over_ns.max(SHORTEST_NS).max(2 * longest_ns);
        let all_gone = || takers().filter_map(last_by).all(|(at, by)| self.is_gone(by, at));
        (stuck_ns > least_ns && all_gone()).then_some(cancel)
    }

    fn is_gone(&self, taker: Goroutine, took_at: Time) -> bool {
        lives::ended(self.inquiry.trace, taker).is_some() || self.left_by(taker, took_at).is_some()
    }

    /// The cancel because of which one left that had last taken something at a moment, or is stranded
    /// itself.
    fn left_by(&self, taker: Goroutine, took_at: Time) -> Option<u32> {
        if let Some(&cancel) = self.found.get(&taker) {
            return Some(cancel);
        }
        let Inquiry { register, .. } = self.inquiry;
        let rows = register.by_goroutine.of(taker).iter().rev().take(MAX_HEARD).rev();
        let mut heard = rows.map(|&row| &register.hearings[row as usize]);
        heard
            .find(|hearing| hearing.heard_at >= took_at && self.has_left(hearing))
            .map(|hearing| hearing.cancel)
    }

    /// Whether one that heard has left. The main goroutine has if it never came back to where it heard.
    fn has_left(&self, hearing: &Hearing) -> bool {
        let Inquiry { trace, book, .. } = self.inquiry;
        if hearing.was_to_leave() {
            return hearing.outcome == Outcome::Exited;
        }
        let is_main = book.function(lives::name(trace, hearing.goroutine)).is.has(Traits::MAIN);
        let heard_at = book.place(hearing.stack);
        let mut after = trace.spans_from(hearing.goroutine, hearing.heard_at).take(MAX_SPANS);
        is_main
            && hearing.heard_in == HeardIn::Own
            && !after
                .any(|span| span.state == GoState::Waiting && book.place(span.stack) == heard_at)
    }
}
