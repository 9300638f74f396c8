//! The grade `waited-on`, for a goroutine that was asked for an answer: its creator started it, and then
//! waited in a select for the answer or the context, and the context came first.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::{Goroutine, StrId, Time};
use crate::model::{Chunk, Span, View};
use crate::parse::event::GoState;

use super::super::cancels::scan::{each_span, member_of};
use super::super::code::names::Origin;
use super::super::code::reasons;
use super::super::lives;
use super::super::types::Hearing;
use super::super::words::{Cause, Evidence, HeardIn};
use super::held::Held;
use super::waits::Waits;
use super::{Inquiry, Question};

/// How far to look back from the select, in spans, for where its round began.
const LOOK_BACK: usize = 64;

/// Adds the goroutines for whose answers one that heard did not wait any longer.
///
/// If that one lives on, only a deadline tells what it was for; and in a loop that starts a goroutine for
/// whatever the select brings, these do not answer.
pub(super) fn find(waits: &mut Waits<'_>, hearing: &Hearing) {
    let (inquiry, cancel, who) = (waits.inquiry, waits.cancel, hearing.goroutine);
    let was_told = hearing.was_to_leave();
    if hearing.evidence != Evidence::Woken
        || hearing.heard_in != HeardIn::Own
        || !was_told && cancel.cause != Cause::Deadline
        || !inquiry.unheard.any(
            inquiry.trace,
            who,
            cancel.at,
            cancel.at + inquiry.rules.late_over_ns,
        )
    {
        return;
    }
    let Some((asks, since, until)) = round(waits, hearing) else { return };
    let children = inquiry.unheard.of(who);
    let first = children.partition_point(|&child| lives::first(inquiry.trace, child) <= since);
    for &child in &children[first..] {
        if lives::first(inquiry.trace, child) >= until {
            break;
        }
        if !is_started_in(inquiry, child, asks)
            || !inquiry.may_be_deaf(cancel, child)
            || inquiry.is_let_go(cancel, who, child)
            || inquiry.takes_jobs(cancel, child)
        {
            continue;
        }
        // A goroutine that only gathers answers waits for those that are late.
        let (n_before, question) = (waits.deaf.len(), Question { asked: child, by: who });
        let parents = [Some(child), Some(who)];
        if waits.is_held(&Held { parents, after: since, ..Held::by_children(child) }) {
            waits.are_known_by(n_before, question);
        } else {
            waits.add_asked(question);
        }
    }
}

/// Whether it was a function itself that started a goroutine, to run code of the program's. What a
/// library starts for it can serve others as well (`singleflight.(*Group).DoChan`).
fn is_started_in(inquiry: &Inquiry<'_>, goroutine: Goroutine, function: StrId) -> bool {
    let (trace, book) = (inquiry.trace, inquiry.book);
    let is_user = |name| book.function(name).origin == Origin::User;
    is_user(book.kind(trace, goroutine)) && inquiry.creating_function(goroutine) == function
}

/// The goroutines that were asked by one and let others go on after the cancel besides: these wait for
/// the same answer, so that it was not to end with the first one's context. One that hands on to one
/// other what it had waited for, such as a pool's connection, does not count.
pub(super) fn serve_several(
    inquiry: &Inquiry<'_>,
    asked: &FxHashMap<Goroutine, (Goroutine, Time)>,
) -> FxHashSet<Goroutine> {
    if asked.is_empty() {
        return FxHashSet::default();
    }
    let in_chunk = |chunk: &Chunk| {
        let view = View::new(chunk);
        let is_wake = |row: u16| u8::from(chunk.kinds()[usize::from(row)].woken);
        let mut serving = Vec::new();
        each_span(chunk, is_wake, |wake| {
            let Some(by) = view.waker_at(wake.word()) else { return };
            let Some(&(asker, cancelled)) = asked.get(&by) else { return };
            let member = member_of(chunk, wake.at()).0;
            let answers = inquiry.book.spot(view.stack_at(wake.word())).code == Some(Origin::User);
            // Its own goroutines and its asker's work on the same answer.
            let parent = lives::parent(inquiry.trace, member);
            let is_other = member != asker && parent != Some(by) && parent != Some(asker);
            let at = view.start(wake.at());
            if answers && is_other && at >= cancelled {
                serving.push((by, hands_on(inquiry, by, member, at)));
            }
        });
        serving
    };
    let mut once = FxHashSet::default();
    let wakes = inquiry.threads.over_chunks(inquiry.trace, in_chunk).into_iter();
    let serves = wakes.filter(|&(by, hands_on)| !hands_on || !once.insert(by));
    serves.map(|(by, _)| by).collect()
}

/// Whether a goroutine had waited, until another let it go on, in the place of the one that it lets go on
/// now.
fn hands_on(inquiry: &Inquiry<'_>, by: Goroutine, to: Goroutine, at: Time) -> bool {
    let place = |span: &Span| inquiry.book.place(span.stack);
    let wait = inquiry.trace.spans_before(to, at).next();
    let Some(wait) = wait.filter(|wait| wait.state == GoState::Waiting) else { return false };
    lives::waits_before(inquiry.trace, by, at, LOOK_BACK)
        .any(|(own, next)| next.waker.is_some() && place(&own) == place(&wait))
}

/// The user's function whose select was the one that heard, since when it had prepared for that, and when
/// the select began; none if it was no select, or one for what others bring.
fn round(waits: &Waits<'_>, hearing: &Hearing) -> Option<(StrId, Time, Time)> {
    let (trace, book) = (waits.inquiry.trace, waits.inquiry.book);
    let mut spans = trace.spans_before(hearing.goroutine, hearing.heard_at).take(LOOK_BACK);
    let select = spans.next().filter(|span| trace.string(span.reason) == reasons::SELECT)?;
    let asks = book.user_function(trace.stacks(), select.stack)?;
    let (mut since, mut after) = (select.start, select);
    for span in spans {
        since = span.start;
        if waits.inquiry.is_wanted_wait(&span) {
            let is_other = book.place(span.stack) != book.place(select.stack);
            if is_other || after.woken && book.mark(after.stack).is_some() {
                since = span.end;
                break;
            }
            // It waits for one answer after the other, or for what others bring.
            lives::parent(trace, after.waker?).filter(|&parent| parent == hearing.goroutine)?;
        }
        after = span;
    }
    Some((asks, since, select.start))
}
