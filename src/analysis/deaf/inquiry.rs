//! What all grades look things up in, and what they ask of one goroutine and one cancel.

use std::sync::OnceLock;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::{Goroutine, Interval, StackId, StrId, Time};
use crate::model::{Span, Trace};
use crate::parse::event::GoState;

use super::super::Rules;
use super::super::code::book::{Book, Traits};
use super::super::code::names::Origin;
use super::super::heard::listening::Listening;
use super::super::index::{ByGoroutine, Register, Spanning, children_of};
use super::super::lives;
use super::super::threads::Threads;
use super::super::types::{Cancel, Hearing};
use super::super::words::{Cause, Evidence, HeardIn, Outcome};
use super::found::Row;
use super::often::{OFTEN, Often};
use super::queue::Queues;
use super::{MAX_SPANS, is_given};

/// How many spans of a timer's goroutine to look at for when it ran.
const MAX_TIMER_SPANS: usize = 8;

/// How many of those that heard a cancel to look at for the first that it woke: callbacks may come
/// before that.
const MAX_FIRST: usize = 16;

/// How many spans to look at for where a goroutine was at a cancel.
const MAX_NEXT: usize = 8;

/// What all grades look things up in.
pub(super) struct Inquiry<'a> {
    pub(super) trace: &'a Trace,
    pub(super) book: &'a Book,
    pub(super) rules: &'a Rules,
    pub(super) register: Register<'a>,
    /// The children that live longer than the limit, and may be deaf as far as that goes.
    pub(super) stayers: Spanning,
    /// Those of the stayers that may be deaf to some cancel.
    pub(super) unheard: Spanning,
    /// Those of the unheard that are alive when the trace ends; few traces need to know.
    pub(super) alive: OnceLock<Spanning>,
    /// All children; few traces need to know.
    pub(super) children: OnceLock<ByGoroutine>,
    /// The goroutines helped by a library's that heard a cancel, each with that cancel.
    pub(super) helped: OnceLock<FxHashSet<(Goroutine, u32)>>,
    /// The name of [`request::TIMEOUT_HANDLER`], if it occurs.
    pub(super) timeout_handler: Option<StrId>,
    /// Where goroutines are known to have listened to a context.
    pub(super) listening: &'a Listening,
    /// What those heard that heard many cancels, summed up.
    pub(super) often: OnceLock<FxHashMap<Goroutine, Often>>,
    /// The goroutines that take what others queue; few traces need to know.
    pub(super) queues: OnceLock<Queues>,
    pub(super) threads: Threads,
}

impl Inquiry<'_> {
    /// The hearings of those that heard a cancel.
    pub(super) fn all_heard<'b>(
        &'b self,
        cancel: &Cancel,
    ) -> impl Iterator<Item = &'b Hearing> + use<'b> {
        self.register.heard(cancel).iter()
    }

    /// The hearings of those that heard a cancel and were meant to stop because of it.
    pub(super) fn told<'b>(
        &'b self,
        cancel: &Cancel,
    ) -> impl Iterator<Item = &'b Hearing> + use<'b> {
        self.all_heard(cancel).filter(|hearing| hearing.was_to_leave())
    }

    /// When a life ended, or the trace.
    pub(super) fn end(&self, goroutine: Goroutine) -> Time {
        lives::end(self.trace, goroutine)
    }

    /// Whether a goroutine lived at the cancel and until the limit after it.
    pub(super) fn overstays(&self, cancel: &Cancel, goroutine: Goroutine) -> bool {
        lives::first(self.trace, goroutine) < cancel.at
            && self.end(goroutine) - cancel.at > self.rules.late_over_ns
    }

    /// When a cancel could first be seen: at the latest when the first was seen to hear it. The timer of a
    /// deadline may have had to wait for a processor.
    pub(super) fn done_at(&self, cancel: &Cancel) -> Time {
        let woken = |hearing: &&Hearing| hearing.evidence == Evidence::Woken;
        if let Some(first) = self.all_heard(cancel).take(MAX_FIRST).find(woken) {
            return first.heard_at;
        }
        let timer = cancel.by.filter(|_| cancel.cause == Cause::Deadline);
        let mut spans = timer.into_iter().flat_map(|by| self.trace.spans(by)).take(MAX_TIMER_SPANS);
        let runs = spans.find(|span| span.state == GoState::Running);
        runs.map_or(cancel.at, |span| span.start.max(cancel.at))
    }

    /// Whether a goroutine slept when a context was cancelled, and for longer than the limit after
    /// `until`, which is then or later.
    pub(super) fn sleeps_across(&self, cancel: &Cancel, goroutine: Goroutine, until: Time) -> bool {
        let span = self.trace.span_at(goroutine, cancel.at);
        span.is_some_and(|span| {
            span.state == GoState::Waiting
                && span.end - until > self.rules.late_over_ns
                && self.book.sleeps(self.trace.stacks(), span.stack)
        })
    }

    pub(super) fn heard(&self, cancel: &Cancel, goroutine: Goroutine) -> bool {
        self.register.has_heard(cancel, goroutine)
    }

    /// What a goroutine heard of a cancel; mostly once if at all.
    fn heard_of(&self, cancel: &Cancel, goroutine: Goroutine) -> impl Iterator<Item = &Hearing> {
        let Register { hearings, by_goroutine, .. } = self.register;
        let rows = by_goroutine.of_within(goroutine, &cancel.heard);
        rows.iter().map(|&row| &hearings[row as usize])
    }

    /// Whether a goroutine heard a cancel and was meant to stop because of it.
    pub(super) fn has_to_leave(&self, cancel: &Cancel, goroutine: Goroutine) -> bool {
        self.heard_of(cancel, goroutine).any(Hearing::was_to_leave)
    }

    pub(super) fn rows_of(&self, goroutine: Goroutine) -> impl Iterator<Item = &Hearing> {
        self.register.of(goroutine)
    }

    /// What a goroutine heard, summed up, if it heard many cancels.
    pub(super) fn often(&self, goroutine: Goroutine) -> Option<Often> {
        let is_often = |of: Goroutine| self.register.by_goroutine.of(of).len() > OFTEN;
        let all = || {
            let often = self.register.by_goroutine.several().iter().filter(|&&of| is_often(of));
            often.map(|&of| (of, Often::new(self.rows_of(of)))).collect()
        };
        is_often(goroutine).then(|| self.often.get_or_init(all).get(&goroutine).copied())?
    }

    /// Whether a goroutine heard another cancel than this in its own code.
    pub(super) fn heard_another(&self, cancel: &Cancel, goroutine: Goroutine) -> bool {
        let own = |row: &Hearing| row.heard_in == HeardIn::Own && row.cancel != cancel.id;
        self.often(goroutine).map_or_else(
            || self.rows_of(goroutine).any(own),
            |often| often.in_own.iter().flatten().any(|&other| other != cancel.id),
        )
    }

    /// Whether a goroutine is never deaf to any cancel: it heard one in its own code, or is not
    /// the program's.
    pub(super) fn cannot_be_deaf(&self, goroutine: Goroutine) -> bool {
        let start = self.book.function(self.book.kind(self.trace, goroutine));
        let heard = |hearing: &Hearing| {
            hearing.heard_in == HeardIn::Own || hearing.outcome == Outcome::LivesOn
        };
        start.origin == Origin::Std
            || start.is.has(Traits::MAIN)
            || self.often(goroutine).map_or_else(
                || self.rows_of(goroutine).any(heard),
                |often| often.lives_on || often.in_own[0].is_some(),
            )
    }

    /// Whether nothing speaks against a goroutine's being deaf to a cancel.
    pub(super) fn may_be_deaf(&self, cancel: &Cancel, goroutine: Goroutine) -> bool {
        self.overstays(cancel, goroutine)
            && cancel.by != Some(goroutine)
            && !self.cannot_be_deaf(goroutine)
            && !self.heard(cancel, goroutine)
            && !self.was_helped(cancel, goroutine)
            && !self.is_excused(cancel, goroutine)
    }

    /// Whether all that a goroutine heard is a deadline of its own, later than a cancel: then its context is
    /// not below the cancelled one, though it may have been meant to be.
    pub(super) fn has_later_limit(&self, cancel: &Cancel, goroutine: Goroutine) -> bool {
        let start = self.book.function(self.book.kind(self.trace, goroutine));
        let is_later = |row: &Hearing| {
            let other = self.register.cancel_of(row);
            row.heard_in == HeardIn::Own
                && row.outcome == Outcome::Exited
                && row.overstay_ns <= self.rules.late_over_ns
                && other.cause == Cause::Deadline
                && other.n_heard() == 1
                && other.at - cancel.at > self.rules.late_over_ns
        };
        let is_told = |span: &Span| span.waker.is_some_and(|by| self.is_callback(cancel, by));
        let window = Interval::new(cancel.at, self.end(goroutine).max(cancel.at));
        let mut rows = self.rows_of(goroutine);
        start.origin != Origin::Std
            && !start.is.has(Traits::MAIN)
            && self.overstays(cancel, goroutine)
            && cancel.by != Some(goroutine)
            && rows.next().is_some_and(is_later)
            && rows.next().is_none()
            && self.own_ns(cancel, goroutine, window, is_told) > Some(self.rules.late_over_ns)
    }

    /// All that a goroutine created, in order of birth.
    pub(super) fn children(&self, goroutine: Goroutine) -> &[u32] {
        self.children.get_or_init(|| children_of(self.trace)).of(goroutine)
    }

    /// Whether a library's goroutine that works for another one heard the cancel: then the
    /// operation which that one is in was cut off.
    pub(super) fn was_helped(&self, cancel: &Cancel, goroutine: Goroutine) -> bool {
        let is_library = |of| !is_given(self.trace, self.book, of);
        let of_library = |hearing: &Hearing| {
            let parent = lives::parent(self.trace, hearing.goroutine)?;
            is_library(hearing.goroutine).then_some((parent, hearing.cancel))
        };
        let helped = self
            .helped
            .get_or_init(|| self.register.hearings.iter().filter_map(of_library).collect());
        helped.contains(&(goroutine, cancel.id))
    }

    /// Whether what a goroutine did after the cancel speaks for it: it waits where contexts are
    /// listened to, was told by a callback of the cancel, only wanted for a processor, or only
    /// waited for others that heard.
    pub(super) fn is_excused(&self, cancel: &Cancel, goroutine: Goroutine) -> bool {
        let end = self.end(goroutine);
        let window = Interval::new(self.done_at(cancel).min(end), end);
        // A helper that listens may be given one context here and another one there.
        let is_ones_own = cancel.n_heard() == 1
            && cancel.cause == Cause::Explicit
            && cancel.by != lives::parent(self.trace, goroutine);
        let speaks_for_it = |span: &Span| {
            let listens = span.state == GoState::Waiting
                && (self.listening.hears_exactly(self.book, span.stack)
                    || is_ones_own && self.listening.hears(self.trace, self.book, span.stack));
            let told = span.waker.is_some_and(|by| self.is_callback(cancel, by));
            listens || told
        };
        let own_ns = self.own_ns(cancel, goroutine, window, speaks_for_it);
        own_ns.is_none_or(|own_ns| own_ns <= self.rules.late_over_ns)
    }

    /// How long in a window after a cancel a goroutine neither wanted for a processor nor waited
    /// for others that heard; none if a span speaks for it. Who no longer waits when the window begins, as
    /// its ticker fired with the deadline, may not have waited when the context was done.
    pub(super) fn own_ns(
        &self,
        cancel: &Cancel,
        goroutine: Goroutine,
        window: Interval,
        speaks_for_it: impl Fn(&Span) -> bool,
    ) -> Option<i64> {
        let (mut not_its_own, mut n_read, mut read_to) = (0, 0, window.start);
        let mut spans = self.trace.spans_from(goroutine, cancel.at).take(MAX_SPANS).peekable();
        while let Some(span) = spans.next().filter(|span| span.start < window.end) {
            (n_read, read_to) = (n_read + 1, span.end);
            if span.end > window.start && speaks_for_it(&span) {
                return None;
            }
            let let_go_by = spans.peek().and_then(|next| next.waker);
            let held = span.state == GoState::Waiting
                && let_go_by.is_some_and(|by| self.heard(cancel, by));
            if held || span.state == GoState::Runnable {
                not_its_own += span.interval().intersect(window).map_or(0, Interval::ns);
            }
        }
        if n_read < MAX_SPANS {
            return Some(window.ns() - not_its_own);
        }
        // Of a life that is too long to be read, the rest is taken to be like its beginning.
        let read = i128::from(read_to.since(window.start).max(1));
        let own = (read - i128::from(not_its_own)) * i128::from(window.ns()) / read;
        Some(i64::try_from(own).unwrap_or(i64::MAX))
    }

    /// Those of the unheard that are alive when the trace ends.
    pub(super) fn alive(&self) -> &Spanning {
        let is_alive = |of: Goroutine| lives::ended(self.trace, of).is_none();
        self.alive.get_or_init(|| self.unheard.only(self.trace, is_alive))
    }

    /// Whether to look at the waits of one that was told to stop by a cancel, and at its children's: not
    /// any more if it was told to stop very often.
    pub(super) fn is_asked(&self, hearing: &Hearing) -> bool {
        let last = self.often(hearing.goroutine).and_then(|often| often.last_asked);
        last.is_none_or(|last| hearing.cancel <= last)
    }

    /// Whether a goroutine was started by a cancel, as an `AfterFunc`.
    pub(super) fn is_callback(&self, cancel: &Cancel, goroutine: Goroutine) -> bool {
        self.heard_of(cancel, goroutine).any(|row| row.evidence == Evidence::AfterFunc)
    }

    /// The user's function that created a goroutine; "" if not known.
    pub(super) fn creating_function(&self, goroutine: Goroutine) -> StrId {
        let stack = lives::creation_stack(self.trace, goroutine);
        self.book.user_function(self.trace.stacks(), stack).unwrap_or(StrId::EMPTY)
    }

    pub(super) fn hearing(&self, cancel: &Cancel, row: &Row) -> Hearing {
        let end = row.left.or(lives::ended(self.trace, row.goroutine));
        let until = end.unwrap_or_else(|| self.end(row.goroutine));
        // Who is between two waits at the cancel is told by the next one where it was.
        let since = self.trace.spans_from(row.goroutine, cancel.at).take(MAX_NEXT);
        let span = since.take_while(|span| span.start < until).find(Span::has_own_stack);
        Hearing {
            cancel: cancel.id,
            goroutine: row.goroutine,
            function: lives::name(self.trace, row.goroutine),
            deaf: true,
            by_clock: false,
            evidence: row.evidence,
            heard_in: HeardIn::Own,
            told_to_stop: true,
            depth: 0,
            heard_at: cancel.at,
            stack: span.map_or(StackId::EMPTY, |span| span.stack),
            end: end.into(),
            outcome: if end.is_some() { Outcome::Exited } else { Outcome::Alive },
            overstay_ns: until.since(cancel.at).max(0),
        }
    }
}
