//! What to do about goroutines that overstay, by what held the worst of them.

use crate::model::Span;
use crate::parse::event::GoState;

use super::super::super::code::book::Traits;
use super::super::super::code::names::Origin;
use super::super::super::code::reasons;
use super::super::super::split::describe::is_of_file;
use super::super::super::types::{Hearing, SplitPart};
use super::super::super::words::{Doing, Evidence, Rule};
use super::super::{Facts, timers};
use super::Group;
use super::message::reach;

/// To wake fewer goroutines takes a cancel no time to speak of.
const MANY_HEARERS: usize = 64;

/// Whether the worst one ran on in the function in which it had heard.
fn ran_where_it_heard(facts: &Facts<'_>, group: &Group<'_>, held: &SplitPart) -> bool {
    let heard = group.members.first().filter(|hearing| !hearing.deaf);
    let top =
        heard.and_then(|hearing| facts.book.user_function(facts.trace.stacks(), hearing.stack));
    top.is_some() && top == held.site.map(|site| site.function)
}

/// What to do about a group, by what held the worst one.
pub(super) fn fix(facts: &Facts<'_>, group: &Group<'_>) -> &'static str {
    let is_scheduling = group.key.rule == Rule::LateScheduling;
    if is_scheduling && reach(facts, &group.members).is_some() {
        let n_heard = |hearing: &&Hearing| facts.cancel_of(hearing).n_heard();
        return if group.members.iter().map(n_heard).max().unwrap_or(0) < MANY_HEARERS {
            "Give the program more processors: the goroutine that cancels waited for one."
        } else {
            "Let fewer goroutines wait for one context: a cancel wakes them one after another."
        };
    }
    if group.members.iter().all(|hearing| hearing.evidence == Evidence::AfterFunc) {
        return "A callback of a cancel has no context left that ends its waits: give them a time \
                limit of their own, on context.WithoutCancel(ctx).";
    }
    let Some(held) = &group.held else { return "Return as soon as ctx.Done() is closed." };
    if is_scheduling {
        return "Give the program more processors, or fewer goroutines that compute at a time.";
    }
    if group.members.iter().all(|hearing| hearing.evidence == Evidence::Stranded) {
        return if facts.trace.string(held.reason) == reasons::SEND {
            "Nobody takes what it sends any more: put the send into a select with a case <-ctx.Done()."
        } else {
            "Nobody reads from that pipe any more: let its reader close it when it leaves, so that writes fail."
        };
    }
    match held.state {
        Doing::Waiting => of_wait(facts, group, held),
        Doing::Running if ran_where_it_heard(facts, group, held) => {
            "Return there when ctx.Done() is closed (break leaves only the select), or check ctx.Err() in the loop."
        }
        Doing::Running => "Check ctx.Err() in the loop, every few milliseconds of work.",
        Doing::Syscall => {
            "Make the call interruptible (deadlines, CommandContext), or run it where nobody waits for it."
        }
        Doing::GcAssist => "Allocate less on the way out: it paid for allocations with GC work.",
        _ => "Return as soon as ctx.Done() is closed.",
    }
}

/// What to do about a wait that held the worst one.
fn of_wait(facts: &Facts<'_>, group: &Group<'_>, held: &SplitPart) -> &'static str {
    let trace = facts.trace;
    let joins = facts.book.any(trace.stacks(), held.stack, Traits::JOINS);
    let heard = group.members.iter().any(|hearing| !hearing.deaf);
    let in_call = facts.book.spot(held.stack).code.is_some_and(|code| code != Origin::User);
    match trace.string(held.reason) {
        reasons::SLEEP if group.key.rule == Rule::Deaf => {
            "Give it the context if it has none, and wait in a select on ctx.Done() and a timer instead of time.Sleep."
        }
        reasons::SLEEP => {
            "Wait in a select on ctx.Done() and a timer instead of time.Sleep, or return before the sleep."
        }
        _ if joins => "Cancel those whom it waits for with the same context: they hold it up.",
        // A goroutine that heard and went on to wait may have to: with that case it would wait for
        // nothing.
        reasons::SELECT if heard && in_call && has_time_limit(facts, group, held) => {
            "Give that call, which it makes on its way out, a shorter time limit."
        }
        reasons::SELECT if heard && in_call => {
            "Give that call, which it makes on its way out, a time limit: a context with a deadline of its own."
        }
        reasons::SELECT if heard && has_time_limit(facts, group, held) => {
            "Give that wait on its way out a shorter time limit, or a case <-ctx.Done() if nothing is lost by leaving at once."
        }
        reasons::SELECT if heard => {
            "Give that wait on its way out a time limit, or a case <-ctx.Done() if nothing is lost by leaving at once."
        }
        reasons::SELECT if in_call => {
            "Give that call the context: it waits there with another one, or none."
        }
        reasons::SELECT if facts.listening.hears(trace, facts.book, held.stack) => {
            "Others hear in that select: it was given another context there, or one that nobody cancels. Give it theirs."
        }
        reasons::SELECT => {
            "Add a case <-ctx.Done() of the same context to that select; if it has one, that is another context's: hand on the same."
        }
        reasons::RECEIVE if heard && has_time_limit(facts, group, held) => {
            "It waits for a timer there on its way out: leave that out, or give it a shorter time."
        }
        reasons::RECEIVE if has_time_limit(facts, group, held) => {
            "It waits for a timer there: put that into a select with a case <-ctx.Done()."
        }
        reasons::RECEIVE | reasons::SEND if heard => {
            "Put the channel operation into a select with a time limit, or with a case <-ctx.Done() if nothing is lost by leaving at once."
        }
        reasons::RECEIVE | reasons::SEND => {
            "Put the channel operation into a select with a case <-ctx.Done()."
        }
        reasons::NETWORK if is_of_file(trace, held.stack) => {
            "Close the file or pipe when ctx is done (context.AfterFunc), or set a deadline on it."
        }
        reasons::NETWORK => {
            "Use the call that takes a context, or set a deadline on the connection when ctx is done."
        }
        reasons::COND => {
            "Let context.AfterFunc(ctx, cond.Broadcast) end the wait, and check ctx.Err() in the loop around it."
        }
        reasons::LOCK => {
            "Do not take locks on the way out, or make their holders shorter: see who held it."
        }
        _ => "Return as soon as ctx.Done() is closed.",
    }
}

/// How many of the spans of the worst to read for how its wait ended.
const MAX_READ: usize = 4_096;

/// Whether the longest wait in which the worst one was held ended by a timer.
fn has_time_limit(facts: &Facts<'_>, group: &Group<'_>, held: &SplitPart) -> bool {
    let trace = facts.trace;
    let Some(worst) = group.members.first().filter(|_| group.asked) else { return false };
    let until = facts.until(worst);
    let spans = trace.spans_from(worst.goroutine, worst.heard_at).take(MAX_READ);
    let spans: Vec<Span> = spans.take_while(|span| span.start <= until).collect();
    let held_there = |span: &Span| {
        span.state == GoState::Waiting
            && span.reason == held.reason
            && facts.book.site(trace.stacks(), span.stack) == held.site
    };
    let waits = spans.windows(2).filter(|pair| held_there(&pair[0]));
    // A callback of `time.AfterFunc` that ends it is the program's code, and a deadline's cancel is none.
    let by_callback = |next: &Span| {
        facts.book.woken_by_code(trace.stacks(), next) && facts.book.mark(next.stack).is_none()
    };
    waits
        .max_by_key(|pair| pair[0].ns())
        .is_some_and(|pair| timers::woke(facts, &pair[1]) && !by_callback(&pair[1]))
}
