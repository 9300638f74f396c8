//! Waits of the goroutines around a cancel, and those that ended them: they were waited for, and did not
//! hear.

use std::iter::Peekable;
use std::ops::RangeInclusive;

use rustc_hash::FxHashSet;

use crate::base::{Goroutine, StackId, Time};
use crate::model::Span;
use crate::parse::event::GoState;

use super::super::code::book::Traits;
use super::super::code::names::Origin;
use super::super::heard::awaited::{is_in_passing, waits_plainly};
use super::super::heard::outcome::PROMPT_NS;
use super::super::lives;
use super::super::types::{Cancel, Hearing};
use super::crowd::{Crowds, Verdict};
use super::group::Hung;
use super::held::Held;
use super::{Inquiry, Question, rounds};

/// How many spans to look at for the next wait.
const MAX_AHEAD: usize = 256;

/// How many spans to look at of one that only waits for a group in another one's place.
const MAX_OF_PROXY: usize = 16;

/// Which members of a group the last to leave tells of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Alike {
    /// Those of the same `go` statement.
    ByStatement,
    /// Those, too, that another one of the same function started to run the same function.
    ByKind,
}

/// Which waits count.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Plain {
    /// Waits for a result or an end, and for nothing else.
    Only,
    /// All.
    OrNot,
}

/// The search for the goroutines that were waited for after one cancel.
pub(super) struct Waits<'a> {
    pub(super) inquiry: &'a Inquiry<'a>,
    pub(super) cancel: &'a Cancel,
    /// The goroutines that were found, each once, with the question that shows it, if one does.
    pub(super) deaf: Vec<(Goroutine, Option<Question>)>,
    seen: FxHashSet<Goroutine>,
    crowds: &'a mut Crowds,
}

impl<'a> Waits<'a> {
    pub(super) fn new(
        inquiry: &'a Inquiry<'a>,
        cancel: &'a Cancel,
        crowds: &'a mut Crowds,
    ) -> Self {
        Self { inquiry, cancel, deaf: Vec::new(), seen: FxHashSet::default(), crowds }
    }

    /// Adds the goroutine that ended the wait that spans the cancel, if there is one that counts. If that
    /// heard or is deaf, results may be gathered one by one: then the next such wait counts, too. Tells
    /// whether there was one.
    pub(super) fn since_before(&mut self, held: &Held, plain: Plain) -> bool {
        let Self { inquiry, cancel, .. } = *self;
        let mut spans =
            inquiry.trace.spans_from(held.who, cancel.at).take(super::MAX_SPANS).peekable();
        let Some(first) = spans.next() else { return false };
        let counts = first.state == GoState::Waiting
            && first.start < cancel.at
            && (plain == Plain::OrNot || waits_plainly(inquiry.trace, inquiry.book, &first));
        if counts {
            self.gathers(held, &first, &mut spans, |_, _| true);
        }
        counts
    }

    /// Looks at a wait, and at the next ones as long as one that heard or is deaf ends each, and results
    /// are gathered one by one. A wait and what follows it have to fit.
    fn gathers(
        &mut self,
        held: &Held,
        first: &Span,
        spans: &mut Peekable<impl Iterator<Item = Span>>,
        fits: impl Fn(&Span, Option<&Span>) -> bool,
    ) {
        let Self { inquiry, cancel, .. } = *self;
        let mut wait = Some(*first);
        while let Some(this) = wait {
            let next = spans.peek().copied();
            if !fits(&this, next.as_ref()) {
                break;
            }
            self.ended(held, &this, next.as_ref());
            let by = next.and_then(|next| next.waker);
            if !by.is_some_and(|by| inquiry.heard(cancel, by) || self.seen.contains(&by)) {
                break;
            }
            let then = spans.find(|span| span.state == GoState::Waiting);
            wait = then.filter(|then| is_next_result(inquiry, first, then));
        }
    }

    /// Looks at all waits of one that heard and has not left yet.
    pub(super) fn while_leaving(&mut self, hearing: &Hearing, held: &Held) {
        let until = self.cancel.at + hearing.overstay_ns;
        let trace = self.inquiry.trace;
        let spans = trace.spans_from(held.who, hearing.heard_at).take(super::MAX_SPANS);
        let mut spans = spans.peekable();
        while let Some(span) = spans.next().filter(|span| span.start < until) {
            self.ended(held, &span, spans.peek());
        }
    }

    /// Adds the goroutine that ended the next wait that the canceller enters after the cancel, or one
    /// that heard and lives on, if it is for others to end. Shutting something down in good order does
    /// not count, nor what is over in a moment.
    pub(super) fn joins_after(&mut self, held: &Held) {
        let Self { inquiry, cancel, .. } = *self;
        let stacks = inquiry.trace.stacks();
        let waits = |span: &Span| {
            span.start >= cancel.at
                && span.state == GoState::Waiting
                && !inquiry.book.any(stacks, span.stack, Traits::GRACEFUL)
                && !is_in_passing(inquiry.trace, inquiry.book, span, inquiry.rules.late_over_ns)
        };
        let spans = inquiry.trace.spans_from(held.who, cancel.at).take(MAX_AHEAD);
        let mut spans = spans.peekable();
        let outside = |span: &Span| inquiry.book.mark(span.stack).is_none();
        let Some(wait) = spans.find(|span| waits(span) && outside(span)) else { return };
        if waits_plainly(inquiry.trace, inquiry.book, &wait) {
            let goes_on = |wait: &Span, next: &Span| {
                inquiry.is_fed(held.who, cancel.at, wait, next)
                    || inquiry.is_drained(held.who, cancel, wait, next)
            };
            // What it waits for in another place can be something else.
            let place = |wait: &Span| inquiry.book.place(wait.stack);
            let fits = |this: &Span, next: Option<&Span>| {
                place(this) == place(&wait) && !next.is_some_and(|next| goes_on(this, next))
            };
            self.gathers(held, &wait, &mut spans, fits);
        } else {
            self.joins_by_proxy(held, &wait);
        }
    }

    /// Looks at the wait of a goroutine that was started after the cancel, only to wait for a group
    /// while the one that started it waits with a time limit.
    fn joins_by_proxy(&mut self, held: &Held, wait: &Span) {
        let Self { inquiry, cancel, .. } = *self;
        let (trace, children) = (inquiry.trace, inquiry.children(held.who));
        let first = |&row: &u32| lives::first(trace, Goroutine(row));
        let after = children.partition_point(|row| first(row) < cancel.at);
        let until = children.partition_point(|row| first(row) < wait.start);
        let Some(&proxy) = children.get(after..until).and_then(<[u32]>::last) else { return };
        let proxy = Goroutine(proxy);
        let spans = trace.spans(proxy).take(super::MAX_SPANS);
        let mut spans = spans.filter(|span| span.state != GoState::Syscall);
        let Some(wait) = spans.find(|span| span.state == GoState::Waiting) else { return };
        if inquiry.book.any(trace.stacks(), wait.stack, Traits::JOINS) {
            self.ended(&Held { who: proxy, ..*held }, &wait, spans.next().as_ref());
        }
    }

    /// Adds the goroutine that ended a wait, or those for which it still lasts when the trace ends.
    fn ended(&mut self, held: &Held, wait: &Span, next: Option<&Span>) {
        match next {
            // Once the cancel is put off all else is for nothing.
            _ if wait.state != GoState::Waiting || self.crowds.any_put_off => {}
            Some(next) => self.let_go(held, wait, next),
            // It lasts to the end of what is known, and not only of what was read.
            None if wait.end >= self.inquiry.end(held.who)
                && lives::ended(self.inquiry.trace, held.who).is_none() =>
            {
                self.still_joins(held, wait);
            }
            None => {}
        }
    }

    /// Adds the goroutine that ended a wait, if that was its last act and it may be deaf.
    fn let_go(&mut self, held: &Held, wait: &Span, next: &Span) {
        let inquiry = self.inquiry;
        let Some(by) = next.waker else { return };
        if let Some((wait, next)) = wait_for_another(inquiry, held, by, next.start) {
            return self.let_go_by_member(&Held { who: by, ..*held }, &wait, &next);
        }
        self.let_go_by_member(held, wait, next);
    }

    /// The same, if nobody waited for the group in its place.
    fn let_go_by_member(&mut self, held: &Held, wait: &Span, next: &Span) {
        let Self { inquiry, cancel, .. } = *self;
        let Some(by) = next.waker else { return };
        // The members of a library's group have its context, whichever leaves last; of others those
        // that one `go` statement started.
        let start = inquiry.book.function(lives::name(inquiry.trace, by));
        let (heard, alike) = match start.origin {
            Origin::Dependency => (inquiry.heard(cancel, by), Alike::ByKind),
            _ if inquiry.has_to_leave(cancel, by) => (true, Alike::ByStatement),
            _ => (false, Alike::ByKind),
        };
        let joins = inquiry.book.any(inquiry.trace.stacks(), wait.stack, Traits::JOINS);
        let held = &held.in_wait(joins);
        if !is_waited_for(inquiry, cancel, held, by, next.start)
            || !heard && !inquiry.may_be_deaf(cancel, by) && !inquiry.has_later_limit(cancel, by)
        {
            return;
        }
        if !heard {
            self.accuse(held, by);
        }
        if joins {
            self.with_the_last(held, wait, (by, next.start), alike);
        }
    }

    /// Only the last of those that a `WaitGroup` waits for is seen to end the wait: the others that
    /// do the same were waited for as well.
    fn with_the_last(
        &mut self,
        held: &Held,
        wait: &Span,
        (last, let_go): (Goroutine, Time),
        alike: Alike,
    ) {
        let Self { inquiry, cancel, .. } = *self;
        let trace = inquiry.trace;
        let Some(parent) = lives::parent(trace, last) else { return };
        let origin = lives::creation_stack(trace, last);
        if origin == StackId::EMPTY {
            return;
        }
        let made_by = inquiry.creating_function(last);
        let kind = inquiry.book.kind(trace, last);
        let does_the_same = |other: Goroutine| {
            other != last
                && (lives::creation_stack(trace, other) == origin
                    || alike == Alike::ByKind
                        && inquiry.creating_function(other) == made_by
                        && inquiry.book.kind(trace, other) == kind)
        };
        let in_time = cancel.at + inquiry.rules.late_over_ns;
        let ending = inquiry.unheard.ending(trace, parent, in_time, let_go);
        if ending.is_empty() {
            return;
        }
        let around = held.round_of.and_then(|told| rounds::around(inquiry, cancel, told));
        let is_near = |of: Goroutine| around.as_ref().is_none_or(|around| around.contains(&of));
        let in_order_of_birth = || {
            let mut others: Vec<Goroutine> =
                ending.iter().copied().filter(|other| does_the_same(*other)).collect();
            others.sort_unstable();
            others
        };
        let waited_for = |other| is_waited_for(inquiry, cancel, held, other, inquiry.end(other));
        if self.crowds.are_few(ending.len()) {
            for other in in_order_of_birth().into_iter().filter(|other| is_near(*other)) {
                if waited_for(other) && inquiry.may_be_deaf(cancel, other) {
                    self.accuse(held, other);
                }
            }
            return;
        }
        let verdict = |other: Goroutine| {
            if !waited_for(other) || !held.may_admit(inquiry, cancel, other) {
                return Verdict::NotFor;
            }
            if inquiry.may_be_deaf(cancel, other) && held.has_not_told(inquiry, cancel, other) {
                return Verdict::Deaf;
            }
            Verdict::NotDeaf
        };
        let wait = (parent, held.who, wait.start);
        for other in
            self.crowds.judge(wait, ending.len(), in_order_of_birth, around.as_ref(), verdict)
        {
            self.add(other, None);
        }
    }

    /// Adds the children for which a group's wait still lasts when the trace ends.
    fn still_joins(&mut self, held: &Held, wait: &Span) {
        let Self { inquiry, cancel, .. } = *self;
        let born_before = |of: Goroutine| {
            let alive = inquiry.alive().of(of);
            let first = |child: &Goroutine| lives::first(inquiry.trace, *child);
            &alive[..alive.partition_point(|child| first(child) < wait.start)]
        };
        let parents = held.parents.into_iter().flatten();
        if parents.clone().all(|of| born_before(of).is_empty()) {
            return;
        }
        let Some(hung) = Hung::new(inquiry, cancel, held, wait) else { return };
        let around = held.round_of.and_then(|told| rounds::around(inquiry, cancel, told));
        // To have taken jobs is no excuse for a goroutine for which no more come.
        let held_for = |child| Held { may_feed: held.may_feed && !hung.is_idle(child), ..*held };
        for parent in parents {
            let near = within(born_before(parent), around.as_ref());
            if self.crowds.are_few(near.len()) {
                for &child in near.iter().filter(|child| hung.is_for(**child)) {
                    self.accuse(&held_for(child), child);
                }
                continue;
            }
            let verdict = |child: Goroutine| {
                let held = held_for(child);
                if !hung.may_be_for(child) || !held.may_admit(inquiry, cancel, child) {
                    return Verdict::NotFor;
                }
                if hung.is_deaf(child) && held.has_not_told(inquiry, cancel, child) {
                    return Verdict::Deaf;
                }
                Verdict::NotDeaf
            };
            let members = || born_before(parent).to_vec();
            let wait = (parent, held.who, wait.start);
            for child in self.crowds.judge(wait, near.len(), members, around.as_ref(), verdict) {
                self.add(child, None);
            }
        }
    }

    fn accuse(&mut self, held: &Held, of: Goroutine) {
        if !self.seen.contains(&of) && held.admits(self.inquiry, self.cancel, of) {
            self.add(of, None);
        }
    }

    /// Adds the goroutine to which a question was put.
    pub(super) fn add_asked(&mut self, question: Question) {
        self.add(question.asked, Some(question));
    }

    fn add(&mut self, of: Goroutine, question: Option<Question>) {
        if self.seen.insert(of) {
            self.deaf.push((of, question));
        }
    }

    /// Whether a goroutine is held up by another for which it waits plainly since before the cancel; that
    /// one is added if it is deaf.
    pub(super) fn is_held(&mut self, held: &Held) -> bool {
        let Self { inquiry, cancel, .. } = *self;
        let mut spans = inquiry.trace.spans_from(held.who, cancel.at);
        let wait = spans.next().filter(|wait| waits_plainly(inquiry.trace, inquiry.book, wait));
        let by = spans.next().and_then(|next| next.waker);
        let by_family = by.is_some_and(|by| {
            let parent = lives::parent(inquiry.trace, by);
            parent.is_some() && held.parents.contains(&parent)
        });
        wait.is_some() && by_family && self.since_before(held, Plain::Only)
    }

    /// Notes by which question those found from a number on are known, unless that is noted: a goroutine
    /// that helps to answer one is deaf only if that counts.
    pub(super) fn are_known_by(&mut self, from: usize, question: Question) {
        for (_, of) in self.deaf.iter_mut().skip(from) {
            of.get_or_insert(question);
        }
    }
}

/// The goroutines among some, in order of birth, that are in a range; all if there is none.
fn within<'a>(all: &'a [Goroutine], around: Option<&RangeInclusive<Goroutine>>) -> &'a [Goroutine] {
    let Some(around) = around else { return all };
    let first = all.partition_point(|other| other < around.start());
    let after = all.partition_point(|other| other <= around.end());
    &all[first..after]
}

/// Whether a wait is for the next of several results: in the same place, or as plainly in the same
/// function, or for a group as well.
fn is_next_result(inquiry: &Inquiry<'_>, first: &Span, then: &Span) -> bool {
    let Inquiry { trace, book, .. } = *inquiry;
    let joins = |span: &Span| book.any(trace.stacks(), span.stack, Traits::JOINS);
    let function = |span: &Span| book.user_function(trace.stacks(), span.stack);
    book.place(then.stack) == book.place(first.stack)
        || joins(then) && joins(first)
        || function(then) == function(first)
            && waits_plainly(trace, book, then)
            && waits_plainly(trace, book, first)
}

/// The wait for a group that a child of the goroutine which waits did in its place, and then let it go on:
/// `go func() { wg.Wait(); close(done) }()`. It did nothing else, and had started nobody who stayed.
fn wait_for_another(
    inquiry: &Inquiry<'_>,
    held: &Held,
    by: Goroutine,
    let_go: Time,
) -> Option<(Span, Span)> {
    let Inquiry { trace, book, .. } = *inquiry;
    if lives::parent(trace, by) != Some(held.who) {
        return None;
    }
    let mut waits = lives::waits_before(trace, by, let_go, MAX_OF_PROXY);
    let last = waits.next().filter(|(wait, _)| book.any(trace.stacks(), wait.stack, Traits::JOINS));
    last.filter(|_| waits.next().is_none() && inquiry.stayers.of(by).is_empty())
}

/// Whether a goroutine that let another go on may have been waited for: it left right after, and had not
/// just been let go by that one itself.
fn is_waited_for(
    inquiry: &Inquiry<'_>,
    cancel: &Cancel,
    held: &Held,
    by: Goroutine,
    let_go: Time,
) -> bool {
    // The trace can end first, if that was the program's last act.
    let ends_within_ns = match lives::ended(inquiry.trace, by) {
        Some(_) => inquiry.rules.late_over_ns,
        None => PROMPT_NS,
    };
    let_go - cancel.at > inquiry.rules.late_over_ns
        && inquiry.end(by) - let_go <= ends_within_ns
        && held.may_be_started_by(inquiry, by)
        && !is_freed_by(inquiry, cancel, held.who, by, let_go)
}

/// Whether a goroutine had ended the last wait of another after the cancel, right before that one let go:
/// `conn.Close()` waits until a reader that it stops has left.
fn is_freed_by(
    inquiry: &Inquiry<'_>,
    cancel: &Cancel,
    one: Goroutine,
    other: Goroutine,
    let_go: Time,
) -> bool {
    let from = cancel.at.max(let_go - inquiry.rules.late_over_ns);
    inquiry
        .trace
        .spans_before(other, let_go)
        .take(super::MAX_SPANS)
        .take_while(|span| span.start >= from)
        .find(|span| span.woken)
        .is_some_and(|span| span.waker == Some(one))
}
