//! The goroutines that should have heard a cancel and did not.
//!
//! That is always inferred, so each grade has strict rules (docs/late-exits.md states them, and
//! what they cost). Common to all: the goroutine lived when the context was cancelled and
//! overstays it by more than the limit; it heard neither this cancel nor, in its own code, any
//! other; it is not the canceller, the main goroutine or a library's own; and it is never seen
//! to wait where others are known to listen to a context, since one that waits there has a
//! context of its own that was not cancelled.

mod asked;
mod clock;
mod crowd;
mod family;
mod found;
mod group;
mod limited;
mod listened;
mod often;
mod private;
mod queue;
mod request;
mod rounds;
mod shared;
mod sleeps;
mod tasks;
mod told;
mod waits;
mod way;

use std::sync::OnceLock;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::{Goroutine, Interval, StackId, StrId, Time, narrow};
use crate::model::{Span, Trace};
use crate::parse::event::GoState;

use super::Rules;
use super::code::book::{Book, Traits};
use super::code::ground::Ground;
use super::code::names::Origin;
use super::heard::AllHeard;
use super::heard::listening::Listening;
use super::index::{ByGoroutine, Register, Spanning, children_of};
use super::lives;
use super::threads::Threads;
use super::types::{Cancel, Hearing};
use super::words::{Cause, Evidence, HeardIn, Outcome};

use crowd::Crowds;
use found::{Found, Question, Row};
use limited::Limited;
use often::{OFTEN, Often};
use queue::Queues;
use tasks::ByTask;

pub(crate) use clock::round_ns;
pub(crate) use sleeps::deadlines_slept_across;
pub(crate) use tasks::LongWork;

/// How many spans of a timer's goroutine to look at for when it ran.
const MAX_TIMER_SPANS: usize = 8;

/// How many spans to look at for where a goroutine was at a cancel.
const MAX_NEXT: usize = 8;

/// How many spans of a goroutine to look at for a wait where others listen.
const MAX_SPANS: usize = 4_096;

/// The goroutines that may be deaf to some cancel, as far as that can be told before the cancels are
/// known.
pub(crate) struct Suspects {
    pub(crate) stayers: Spanning,
    pub(crate) long_work: LongWork,
}

/// The goroutines that should have heard the cancels and did not.
#[derive(Default)]
pub(crate) struct Deaf {
    /// By cancel and then by goroutine.
    pub(crate) rows: Vec<Hearing>,
    /// The goroutines for which nobody waited, so that no grade fits, but which slept when a context was
    /// cancelled that they seem to work under, each with that cancel, in order of cancel.
    pub(crate) asleep: Vec<(Goroutine, u32)>,
}

impl Deaf {
    /// Appends them to the table of hearings.
    pub(crate) fn add_to(self, heard: &mut AllHeard) {
        let AllHeard { cancels, hearings, .. } = heard;
        let mut start = hearings.len();
        for same in self.rows.chunk_by(|a, b| a.cancel == b.cancel) {
            let end = start + same.len();
            if let Some(first) = same.first() {
                cancels[first.cancel as usize].deaf = narrow(start)..narrow(end);
            }
            start = end;
        }
        hearings.extend(self.rows);
        heard.asleep = self.asleep;
    }
}

/// The deaf of each cancel.
pub(crate) fn find(ground: Ground<'_>, heard: &AllHeard, suspects: Suspects) -> Deaf {
    let Ground { trace, book, rules, threads } = ground;
    let AllHeard { cancels, hearings, logged, by_goroutine, listening, .. } = heard;
    let Suspects { stayers, mut long_work } = suspects;
    let mut inquiry = Inquiry {
        trace,
        book,
        rules,
        register: Register { cancels, hearings, by_goroutine },
        stayers,
        unheard: Spanning::default(),
        children: OnceLock::new(),
        helped: OnceLock::new(),
        timeout_handler: trace.strings().find(request::TIMEOUT_HANDLER),
        listening,
        alive: OnceLock::new(),
        often: OnceLock::new(),
        queues: OnceLock::new(),
        threads,
    };
    // A goroutine that is never deaf is left out once, and not looked at again for each cancel.
    inquiry.unheard = inquiry.stayers.only(trace, |goroutine| !inquiry.cannot_be_deaf(goroutine));
    long_work.retain(|goroutine| !inquiry.cannot_be_deaf(goroutine));
    long_work.see(trace, threads);
    let limited = Limited::new(&inquiry);
    let task = |cancel: &Cancel| {
        let logged = logged.get(&cancel.id).filter(|logged| logged.whole_task);
        logged.map(|logged| logged.task)
    };
    let by_task = ByTask::new(&inquiry, &mut long_work, task);
    let found = of_each(&inquiry, &by_task, &limited);
    let rows = found.iter().flat_map(|of| &of.rows);
    let asked = rows.filter_map(|(row, question)| {
        let Question { asked, by } = (*question)?;
        Some((asked, (by, inquiry.register.cancel_of(row).at)))
    });
    let asked: FxHashMap<Goroutine, (Goroutine, Time)> = asked.collect();
    let mut serving = asked::serve_several(&inquiry, &asked);
    serving.extend(shared::work_for_several(&inquiry, asked.keys().copied()));
    let is_deaf = |(_, question): &(Hearing, Option<Question>)| {
        question.is_none_or(|question| !serving.contains(&question.asked))
    };
    let mut deaf = Deaf::default();
    for OfCancel { rows, asleep, .. } in found {
        deaf.rows.extend(rows.into_iter().filter(is_deaf).map(|(row, _)| row));
        deaf.asleep.extend(asleep);
    }
    deaf
}

/// The deaf of each cancel that has any. Cancels with waits for crowds are looked at after all others.
fn of_each(inquiry: &Inquiry<'_>, by_task: &ByTask, limited: &Limited) -> Vec<OfCancel> {
    let Register { cancels, .. } = inquiry.register;
    let mut found = inquiry.threads.over_rows(cancels.len(), |rows| {
        let found = cancels[rows].iter().filter_map(|cancel| {
            let mut crowds = Crowds::default();
            let found = find_deaf(inquiry, cancel, by_task, limited, &mut crowds);
            if crowds.any_put_off {
                return Some(OfCancel { put_off: Some(cancel.id), ..OfCancel::default() });
            }
            let any = !found.rows.is_empty() || !found.asleep.is_empty();
            any.then(|| OfCancel::new(inquiry, cancel, found))
        });
        found.collect()
    });
    let mut crowds = Crowds::due();
    for of in &mut found {
        if let Some(id) = of.put_off {
            let cancel = inquiry.register.cancel(id);
            let found = find_deaf(inquiry, cancel, by_task, limited, &mut crowds);
            *of = OfCancel::new(inquiry, cancel, found);
        }
    }
    found
}

/// What was found of one cancel.
#[derive(Default)]
struct OfCancel {
    rows: Vec<(Hearing, Option<Question>)>,
    asleep: Vec<(Goroutine, u32)>,
    /// The cancel's number, if it was put off.
    put_off: Option<u32>,
}

impl OfCancel {
    fn new(inquiry: &Inquiry<'_>, cancel: &Cancel, mut found: Found) -> Self {
        found.rows.sort_by_key(|row| row.goroutine);
        let row = |row: &Row| {
            let by_clock = cancel.is_unheard_deadline() || found.by_clock.contains(&row.goroutine);
            (Hearing { by_clock, ..inquiry.hearing(cancel, row) }, row.question)
        };
        let asleep = found.asleep.iter().filter(|of| !found.seen.contains(of));
        Self {
            rows: found.rows.iter().map(row).collect(),
            asleep: asleep.map(|&of| (of, cancel.id)).collect(),
            put_off: None,
        }
    }
}

/// The deaf of one cancel, by the first grade that fits each.
fn find_deaf(
    inquiry: &Inquiry<'_>,
    cancel: &Cancel,
    by_task: &ByTask,
    limited: &Limited,
    crowds: &mut Crowds,
) -> Found {
    let mut found = Found::default();
    request::find(inquiry, cancel, &mut found);
    family::find(inquiry, cancel, crowds, &mut found);
    tasks::find(inquiry, cancel, by_task, &mut found);
    limited::find(inquiry, cancel, limited, &mut found);
    if inquiry.rules.sibling {
        family::find_siblings(inquiry, cancel, &mut found);
    }
    found
}

/// Goroutines of the program's own that live longer than the limit, by their creator.
pub(crate) fn stayers(ground: Ground<'_>) -> Spanning {
    let Ground { trace, book, rules, .. } = ground;
    let columns = &trace.goroutines;
    let (born, ended, names) = (&columns.born, &columns.ended, &columns.names);
    let rows = trace.goroutines().zip(born.iter().zip(ended).zip(names));
    let stayers = rows.filter_map(|(goroutine, ((born, ended), &name))| {
        let end = ended.time().unwrap_or_else(|| trace.last_known(goroutine));
        let stays = born.time().is_some_and(|born| end - born > rules.late_over_ns);
        let parent = columns.parent(goroutine).filter(|_| stays)?;
        let is_own = book.function(name).origin != Origin::Std || is_given(trace, book, goroutine);
        is_own.then_some((parent, goroutine))
    });
    Spanning::new(trace, stayers.collect())
}

/// Whether a library's function started a goroutine for code of the program's: `sync.(*WaitGroup).Go`.
fn is_given(trace: &Trace, book: &Book, goroutine: Goroutine) -> bool {
    book.function(book.kind(trace, goroutine)).origin != Origin::Std
}

/// What all grades look things up in.
struct Inquiry<'a> {
    trace: &'a Trace,
    book: &'a Book,
    rules: &'a Rules,
    register: Register<'a>,
    /// The children that live longer than the limit, and may be deaf as far as that goes.
    stayers: Spanning,
    /// Those of the stayers that may be deaf to some cancel.
    unheard: Spanning,
    /// Those of the unheard that are alive when the trace ends; few traces need to know.
    alive: OnceLock<Spanning>,
    /// All children; few traces need to know.
    children: OnceLock<ByGoroutine>,
    /// The goroutines helped by a library's that heard a cancel, each with that cancel.
    helped: OnceLock<FxHashSet<(Goroutine, u32)>>,
    /// The name of [`request::TIMEOUT_HANDLER`], if it occurs.
    timeout_handler: Option<StrId>,
    /// Where goroutines are known to have listened to a context.
    listening: &'a Listening,
    /// What those heard that heard many cancels, summed up.
    often: OnceLock<FxHashMap<Goroutine, Often>>,
    /// The goroutines that take what others queue; few traces need to know.
    queues: OnceLock<Queues>,
    threads: Threads,
}

impl Inquiry<'_> {
    /// The hearings of those that heard a cancel.
    fn all_heard<'b>(&'b self, cancel: &Cancel) -> impl Iterator<Item = &'b Hearing> + use<'b> {
        self.register.heard(cancel).iter()
    }

    /// The hearings of those that heard a cancel and were meant to stop because of it.
    fn told<'b>(&'b self, cancel: &Cancel) -> impl Iterator<Item = &'b Hearing> + use<'b> {
        self.all_heard(cancel).filter(|hearing| hearing.was_to_leave())
    }

    /// When a life ended, or the trace.
    fn end(&self, goroutine: Goroutine) -> Time {
        lives::end(self.trace, goroutine)
    }

    /// Whether a goroutine lived at the cancel and until the limit after it.
    fn overstays(&self, cancel: &Cancel, goroutine: Goroutine) -> bool {
        lives::first(self.trace, goroutine) < cancel.at
            && self.end(goroutine) - cancel.at > self.rules.late_over_ns
    }

    /// When a cancel could first be seen: the timer of a deadline may have had to wait for a processor.
    fn done_at(&self, cancel: &Cancel) -> Time {
        let timer = cancel.by.filter(|_| cancel.cause == Cause::Deadline);
        let mut spans = timer.into_iter().flat_map(|by| self.trace.spans(by)).take(MAX_TIMER_SPANS);
        let runs = spans.find(|span| span.state == GoState::Running);
        runs.map_or(cancel.at, |span| span.start.max(cancel.at))
    }

    /// Whether a goroutine slept when a context was cancelled, and for longer than the limit after
    /// `until`, which is then or later.
    fn sleeps_across(&self, cancel: &Cancel, goroutine: Goroutine, until: Time) -> bool {
        let span = self.trace.span_at(goroutine, cancel.at);
        span.is_some_and(|span| {
            span.state == GoState::Waiting
                && span.end - until > self.rules.late_over_ns
                && self.book.sleeps(self.trace.stacks(), span.stack)
        })
    }

    fn heard(&self, cancel: &Cancel, goroutine: Goroutine) -> bool {
        self.register.has_heard(cancel, goroutine)
    }

    fn rows_of(&self, goroutine: Goroutine) -> impl Iterator<Item = &Hearing> {
        self.register.of(goroutine)
    }

    /// What a goroutine heard, summed up, if it heard many cancels.
    fn often(&self, goroutine: Goroutine) -> Option<Often> {
        let is_often = |of: Goroutine| self.register.by_goroutine.of(of).len() > OFTEN;
        let all = || {
            let often = self.register.by_goroutine.several().iter().filter(|&&of| is_often(of));
            often.map(|&of| (of, Often::new(self.rows_of(of)))).collect()
        };
        is_often(goroutine).then(|| self.often.get_or_init(all).get(&goroutine).copied())?
    }

    /// Whether a goroutine heard another cancel than this in its own code.
    fn heard_another(&self, cancel: &Cancel, goroutine: Goroutine) -> bool {
        let own = |row: &Hearing| row.heard_in == HeardIn::Own && row.cancel != cancel.id;
        self.often(goroutine).map_or_else(
            || self.rows_of(goroutine).any(own),
            |often| often.in_own.iter().flatten().any(|&other| other != cancel.id),
        )
    }

    /// Whether a goroutine is never deaf to any cancel: it heard one in its own code, or is not
    /// the program's.
    fn cannot_be_deaf(&self, goroutine: Goroutine) -> bool {
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
    fn may_be_deaf(&self, cancel: &Cancel, goroutine: Goroutine) -> bool {
        self.overstays(cancel, goroutine)
            && cancel.by != Some(goroutine)
            && !self.cannot_be_deaf(goroutine)
            && !self.heard(cancel, goroutine)
            && !self.was_helped(cancel, goroutine)
            && !self.is_excused(cancel, goroutine)
    }

    /// Whether all that a goroutine heard is a deadline of its own, later than a cancel: then its context is
    /// not below the cancelled one, though it may have been meant to be.
    fn has_later_limit(&self, cancel: &Cancel, goroutine: Goroutine) -> bool {
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
    fn children(&self, goroutine: Goroutine) -> &[u32] {
        self.children.get_or_init(|| children_of(self.trace)).of(goroutine)
    }

    /// Whether a library's goroutine that works for another one heard the cancel: then the
    /// operation which that one is in was cut off.
    fn was_helped(&self, cancel: &Cancel, goroutine: Goroutine) -> bool {
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
    fn is_excused(&self, cancel: &Cancel, goroutine: Goroutine) -> bool {
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
    /// for others that heard; none if a span speaks for it.
    fn own_ns(
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
            if speaks_for_it(&span) {
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
    fn alive(&self) -> &Spanning {
        let is_alive = |of: Goroutine| lives::ended(self.trace, of).is_none();
        self.alive.get_or_init(|| self.unheard.only(self.trace, is_alive))
    }

    /// Whether to look at the waits of one that was told to stop by a cancel, and at its children's: not
    /// any more if it was told to stop very often.
    fn is_asked(&self, hearing: &Hearing) -> bool {
        let last = self.often(hearing.goroutine).and_then(|often| often.last_asked);
        last.is_none_or(|last| hearing.cancel <= last)
    }

    /// Whether a goroutine was started by a cancel, as an `AfterFunc`.
    fn is_callback(&self, cancel: &Cancel, goroutine: Goroutine) -> bool {
        let Register { hearings, by_goroutine, .. } = self.register;
        let rows = by_goroutine.of_within(goroutine, &cancel.heard);
        rows.iter().any(|&row| hearings[row as usize].evidence == Evidence::AfterFunc)
    }

    /// The user's function that created a goroutine; "" if not known.
    fn creating_function(&self, goroutine: Goroutine) -> StrId {
        let stack = lives::creation_stack(self.trace, goroutine);
        self.book.user_function(self.trace.stacks(), stack).unwrap_or(StrId::EMPTY)
    }

    fn hearing(&self, cancel: &Cancel, row: &Row) -> Hearing {
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
