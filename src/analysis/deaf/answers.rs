//! Which goroutines were asked for nothing, though their creator waited in a select right after it had
//! started them: what writes to a log or sends a mail beside the answer. What the others of the same `go`
//! statement did tells.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::{Goroutine, StackId, Time};
use crate::model::Span;
use crate::parse::event::GoState;

use super::super::code::reasons;
use super::super::lives;
use super::Inquiry;

/// How far to look ahead from a start for the select, in spans.
const LOOK_AHEAD: usize = 64;

/// Of more goroutines of one `go` statement the first are looked at.
const MAX_LIKE: u32 = 1_024;

/// How many `go` statements may be between one that answers and the one that was asked.
const MAX_BETWEEN: usize = 4;

/// What the goroutines of one `go` statement tell.
#[derive(Clone, Copy, Default)]
struct Tally {
    n_seen: u32,
    /// Whether one of them ended its creator's select.
    answered: bool,
    /// Whether one of them was seen to be asked for something else.
    is_beside: bool,
}

/// Those of the asked of whose `go` statement none ever ended its creator's select, while for one of them
/// a stranger ended it, or which ended while its creator still waited.
pub(super) fn answer_nobody(
    inquiry: &Inquiry<'_>,
    asked: impl Iterator<Item = Goroutine>,
) -> FxHashSet<Goroutine> {
    let trace = inquiry.trace;
    let asked: Vec<Goroutine> = asked.collect();
    let mut tallies: FxHashMap<StackId, Tally> = FxHashMap::default();
    for &goroutine in &asked {
        let statement = lives::creation_stack(trace, goroutine);
        tallies.entry(statement).or_default();
    }
    tallies.remove(&StackId::EMPTY);
    if tallies.is_empty() {
        return FxHashSet::default();
    }
    for goroutine in trace.goroutines() {
        let Some(tally) = tallies.get_mut(&lives::creation_stack(trace, goroutine)) else {
            continue;
        };
        if tally.n_seen < MAX_LIKE && !tally.answered {
            tally.n_seen += 1;
            tally.take(inquiry, goroutine);
        }
    }
    let is_beside = |goroutine: &Goroutine| {
        let tally = tallies.get(&lives::creation_stack(trace, *goroutine));
        tally.is_some_and(|tally| tally.is_beside && !tally.answered)
    };
    asked.into_iter().filter(is_beside).collect()
}

impl Tally {
    /// Looks at who ended the select in which the creator of one waited after it had started it.
    fn take(&mut self, inquiry: &Inquiry<'_>, started: Goroutine) {
        let Some((by, select, next)) = select_after(inquiry, started) else { return };
        let trace = inquiry.trace;
        let ended = lives::ended(trace, started).unwrap_or(Time::MAX);
        // Who ends while its creator waits for an answer had none to give.
        self.is_beside |= (select.start..select.end).contains(&ended);
        let Some(next) = next.filter(|next| inquiry.book.mark(next.stack).is_none()) else {
            return;
        };
        let Some(waker) = next.waker else { return };
        if descends(inquiry, waker, started) {
            self.answered = true;
        } else if !descends(inquiry, waker, by) {
            self.is_beside |= ended > select.end;
        }
    }
}

/// The creator of a goroutine, its first select after that in the function that started it, and what it did
/// next.
fn select_after(
    inquiry: &Inquiry<'_>,
    started: Goroutine,
) -> Option<(Goroutine, Span, Option<Span>)> {
    let trace = inquiry.trace;
    let (by, born) = (lives::parent(trace, started)?, lives::born(trace, started)?);
    let asks = inquiry.creating_function(started);
    let mut spans = trace.spans_from(by, born).take(LOOK_AHEAD);
    while let Some(span) = spans.next() {
        let is_select = span.state == GoState::Waiting
            && trace.string(span.reason) == reasons::SELECT
            && inquiry.book.user_function(trace.stacks(), span.stack) == Some(asks);
        if is_select {
            return Some((by, span, spans.next()));
        }
    }
    None
}

/// Whether a goroutine is another one, or was started by it or on its behalf.
fn descends(inquiry: &Inquiry<'_>, goroutine: Goroutine, from: Goroutine) -> bool {
    lives::line(inquiry.trace, goroutine).take(MAX_BETWEEN).any(|of| of == from)
}
