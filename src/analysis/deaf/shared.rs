//! Goroutines that work for several: others wait for what one brings that had not started it.
//!
//! The first one that wants a thing starts a goroutine that fetches it, and others that want it in the
//! meantime wait for that one, too: in the same place, without having started anybody. So the work is not
//! the first one's alone, and does not end with that one's context.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::{Goroutine, StackId, StrId, Time};
use crate::model::{Chunk, View};
use crate::parse::event::GoState;

use super::super::cancels::scan::{each_span, member_of};
use super::super::code::reasons;
use super::super::lives;
use super::super::types::Cancel;
use super::Inquiry;

/// How far to look for the wait of one that started another, in spans.
const MAX_AHEAD: usize = 64;

/// How far to look back from a wait, in spans, for what one had done before in the same function.
const MAX_BACK: usize = 64;

/// How many waits of others to look at, the last that began while one worked.
const MAX_OTHERS: usize = 64;

/// A function of the program's, and a line in it, by whatever way of calls.
type Line = (StrId, u32);

/// A goroutine that was started by another, which waits then.
struct Started {
    who: Goroutine,
    by: Goroutine,
    /// Where its creator waits, in the function that started it.
    line: Line,
}

/// A wait of a goroutine that had started nobody before in the function in which it waits.
#[derive(Clone, Copy)]
struct Other {
    who: Goroutine,
    start: Time,
    end: Time,
}

/// The goroutines among some that work for several.
pub(super) fn work_for_several(
    inquiry: &Inquiry<'_>,
    of: impl Iterator<Item = Goroutine>,
) -> FxHashSet<Goroutine> {
    let started: Vec<Started> = of.filter_map(|who| started(inquiry, who)).collect();
    if started.is_empty() {
        return FxHashSet::default();
    }
    let others = others(inquiry, &started);
    let is_shared =
        |it: &&Started| others.get(&it.line).is_some_and(|of| is_shared(inquiry, it, of));
    started.iter().filter(is_shared).map(|it| it.who).collect()
}

/// How a goroutine was started, if its creator next waits for something to come in the very function.
fn started(inquiry: &Inquiry<'_>, who: Goroutine) -> Option<Started> {
    let trace = inquiry.trace;
    let (born, by) = (lives::born(trace, who)?, lives::parent(trace, who)?);
    let mut ahead = trace.spans_from(by, born).take(MAX_AHEAD);
    let wait = ahead.find(|span| span.start >= born && inquiry.is_wanted_wait(span))?;
    let reason = trace.string(wait.reason);
    let comes = reasons::is_for_work(reason) && reason != reasons::NETWORK;
    let line = line_of(inquiry, wait.stack)?;
    (comes && line.0 == inquiry.creating_function(who)).then_some(Started { who, by, line })
}

fn line_of(inquiry: &Inquiry<'_>, stack: StackId) -> Option<Line> {
    let frame = inquiry.book.user_frame(inquiry.trace.stacks(), stack)?;
    Some((frame.function, frame.line))
}

/// The waits in the lines where creators wait, of those that had started nobody; by line, and in
/// order of time.
fn others(inquiry: &Inquiry<'_>, started: &[Started]) -> FxHashMap<Line, Vec<Other>> {
    let trace = inquiry.trace;
    let lines: FxHashSet<Line> = started.iter().map(|it| it.line).collect();
    let in_chunk = |chunk: &Chunk| {
        let view = View::new(chunk);
        let waits = |row: u16| {
            let kind = &chunk.kinds()[usize::from(row)];
            u8::from(kind.state == GoState::Waiting && kind.words > 0)
        };
        let mut found = Vec::new();
        each_span(chunk, waits, |wait| {
            let line = line_of(inquiry, view.stack_at(wait.word()));
            if let Some(line) = line.filter(|line| lines.contains(line)) {
                found.push((line, member_of(chunk, wait.at()).0, view.start(wait.at())));
            }
        });
        found
    };
    let mut others: FxHashMap<Line, Vec<Other>> = FxHashMap::default();
    let mut inside = FxHashMap::default();
    for (line, who, start) in inquiry.threads.over_chunks(trace, in_chunk) {
        let Some(wait) = trace.span_at(who, start).filter(|wait| wait.start == start) else {
            continue;
        };
        // A stack is looked through once, however often somebody stops there.
        let is_inside = |stack| {
            *inside
                .entry((stack, line.0))
                .or_insert_with(|| trace.frames(stack).any(|frame| frame.function == line.0))
        };
        if started_nobody(inquiry, who, start, is_inside) {
            others.entry(line).or_default().push(Other { who, start, end: wait.end });
        }
    }
    for of in others.values_mut() {
        of.sort_unstable_by_key(|other| (other.start, other.who));
    }
    others
}

/// Whether a goroutine has started nobody since it came to a function in which it waits: as far as its
/// stops tell, and if the trace does.
fn started_nobody(
    inquiry: &Inquiry<'_>,
    who: Goroutine,
    waits: Time,
    mut is_inside: impl FnMut(StackId) -> bool,
) -> bool {
    let trace = inquiry.trace;
    let mut since = lives::born(trace, who);
    for (n, span) in trace.spans_before(who, waits).enumerate() {
        if n == MAX_BACK {
            return false;
        }
        if inquiry.is_wanted_wait(&span) && !is_inside(span.stack) {
            since = Some(span.end);
            break;
        }
    }
    let Some(since) = since else { return false };
    let children = inquiry.children(who);
    let first = children.partition_point(|&row| lives::first(trace, Goroutine(row)) < since);
    children.get(first).is_none_or(|&row| lives::first(trace, Goroutine(row)) >= waits)
}

/// Whether others waited for one while it worked. Its own goroutines and its creator's work on the same
/// thing.
fn is_shared(inquiry: &Inquiry<'_>, of: &Started, others: &[Other]) -> bool {
    let (first, end) = (lives::first(inquiry.trace, of.who), inquiry.end(of.who));
    let until = others.partition_point(|other| other.start < end);
    let waits_for_it = |other: &Other| {
        let parent = lives::parent(inquiry.trace, other.who);
        other.end > first
            && other.who != of.by
            && parent.is_none_or(|parent| parent != of.who && parent != of.by)
    };
    others[..until].iter().rev().take(MAX_OTHERS).any(waits_for_it)
}

/// Whether a goroutine stays beyond a cancel in a plain wait for one that works for several, and leaves
/// right after: its time limit was for that, since it has waited for nothing else in its life.
pub(super) fn stays_for(
    inquiry: &Inquiry<'_>,
    cancel: &Cancel,
    who: Goroutine,
    shared: &FxHashSet<Goroutine>,
) -> bool {
    let trace = inquiry.trace;
    let mut spans = trace.spans(who).take(MAX_AHEAD);
    let Some(wait) = spans.find(|span| inquiry.is_wanted_wait(span)) else { return false };
    let Some(next) = spans.next() else { return false };
    matches!(trace.string(wait.reason), reasons::RECEIVE | reasons::COND)
        && wait.start < cancel.at
        && next.start > cancel.at
        && next.waker.is_some_and(|by| shared.contains(&by))
        && inquiry.end(who) - next.start <= inquiry.rules.late_over_ns
        && inquiry.may_be_deaf(cancel, who)
}
