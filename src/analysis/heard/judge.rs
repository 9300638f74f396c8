//! What became of each goroutine that heard a cancel.

use rustc_hash::FxHashMap;

use crate::base::{Goroutine, StackId};
use crate::model::Trace;

use super::super::cancels::cause::is_timers_own;
use super::super::code::book::Book;
use super::super::code::ground::Ground;
use super::super::index::{ByGoroutine, Register};
use super::super::lives;
use super::super::types::{Cancel, Hearing};
use super::super::words::{Cause, Evidence, HeardIn};
use super::awaited::{Awaited, Lookup};
use super::departure::Departures;
use super::listening::Listening;
use super::outcome::{self, Basis, GENERATIONS, HeardToo, Later, PROMPT_NS, fate};
use super::place::{place, place_of_hearing};

/// How many hearings before or after one to look at, in the life of one goroutine.
const MAX_OTHERS: usize = 64;

/// At most so many goroutines hear the end of one operation.
const MAX_HELPERS: usize = 8;

/// Decides what became of each, and notes it in the table of hearings.
pub(crate) fn judge(
    ground: Ground<'_>,
    cancels: &[Cancel],
    hearings: &mut [Hearing],
    by_goroutine: &ByGoroutine,
    listening: &Listening,
) {
    let Ground { trace, book, rules, threads } = ground;
    let late_over_ns = rules.late_over_ns;
    let register = Register { cancels, hearings, by_goroutine };
    let lookup = Lookup { trace, book, register, late_over_ns };
    let facts = threads.over_rows(cancels.len(), |rows| {
        let facts = cancels[rows].iter().map(|cancel| {
            let awaited = lookup.awaited(cancel);
            (
                Owner::of(trace, cancel, register),
                (!awaited.is_empty()).then_some((cancel.id, awaited)),
            )
        });
        facts.collect()
    });
    let (owners, awaited): (Vec<Owner>, Vec<_>) = facts.into_iter().unzip();
    let awaited: FxHashMap<u32, Awaited> = awaited.into_iter().flatten().collect();
    // Most heard one cancel only.
    let several = by_goroutine.several().iter().flat_map(|&goroutine| by_goroutine.of(goroutine));
    let mut several: Vec<u32> = several.copied().collect();
    threads.sort(&mut several);
    let departures = Departures::new(trace, book, threads, by_goroutine);
    let others = threads.over_rows(several.len(), |rows| {
        let (owners, departures) = (&owners, &departures);
        let others = Others { trace, book, register, owners, departures };
        let rows = several[rows].iter().map(|&row| row as usize);
        rows.filter_map(|row| Some((row, others.of(row)?))).collect()
    });
    let departures = &departures;
    let basis = Basis { trace, book, listening, departures, by_goroutine, late_over_ns };
    threads.each_stretch(hearings, |first, rows| {
        let mut others =
            others[others.partition_point(|(row, _)| *row < first)..].iter().peekable();
        for (at, row) in (first..).zip(rows) {
            let heard_too =
                others.next_if(|(row, _)| *row == at).map_or(HeardToo::default(), |it| it.1);
            let cancel = &cancels[row.cancel as usize];
            let is_awaited =
                awaited.get(&row.cancel).is_some_and(|of| of.has(trace, row.goroutine));
            let told = Told { owner: owners[row.cancel as usize], is_awaited };
            settle(&basis, cancel, row, told, heard_too);
        }
    });
}

/// What else is known of a cancel, for one that heard it.
#[derive(Clone, Copy)]
struct Told {
    owner: Owner,
    /// Whether the canceller waited for its end.
    is_awaited: bool,
}

/// Decides what became of one.
fn settle(
    basis: &Basis<'_>,
    cancel: &Cancel,
    row: &mut Hearing,
    Told { owner, is_awaited }: Told,
    heard_too: HeardToo,
) {
    let Basis { trace, book, .. } = *basis;
    let heard = (row.stack, row.heard_at);
    let (stack, place) = place_of_hearing(trace, book, row.evidence, row.goroutine, heard);
    let heard = outcome::Heard {
        goroutine: row.goroutine,
        cancelled: cancel.at,
        at: row.heard_at,
        stack,
        place,
        told_to_stop: !place.library_only
            && (place.heard_in == HeardIn::Own || cancel.cause.ends_all()),
        is_awaited: is_awaited && !place.library_only,
        private_limit: owner.is_limit_of(row.goroutine),
        alone: owner.who == Some(row.goroutine)
            && (!cancel.cause.ends_all() || cancel.cause == Cause::ClientGone),
        waited_before: row.evidence == Evidence::Woken && stack == StackId::EMPTY,
        by_own_child: cancel.n_heard() == 1
            && cancel.by.is_some_and(|by| descends(trace, by, row.goroutine)),
    };
    let fate = fate(basis, &heard, heard_too);
    let until = fate.end.unwrap_or_else(|| trace.last_known(row.goroutine));
    row.told_to_stop = fate.told_to_stop;
    row.end = fate.end.into();
    row.outcome = fate.outcome;
    row.overstay_ns = until.since(cancel.at).max(0);
}

/// Whether a goroutine was started by another one, or by one that this had started.
fn descends(trace: &Trace, goroutine: Goroutine, from: Goroutine) -> bool {
    lives::line(trace, goroutine).skip(1).take(GENERATIONS).any(|of| of == from)
}

/// The goroutine whose operation a cancel ended: the only one that heard it in its own right. Callbacks
/// of the cancel and goroutines that it had started itself are parts of the operation.
#[derive(Clone, Copy, Default)]
struct Owner {
    who: Option<Goroutine>,
    /// Whether the cancel was a time limit.
    is_limit: bool,
}

impl Owner {
    fn of(trace: &Trace, cancel: &Cancel, register: Register<'_>) -> Self {
        // `time.AfterFunc(d, cancel)` is a time limit as well.
        let is_limit = cancel.cause == Cause::Deadline
            || cancel.cause == Cause::Explicit
                && cancel.by.is_some_and(|by| is_timers_own(trace, by));
        Self { who: sole(trace, cancel, register.heard(cancel)), is_limit }
    }

    fn is_limit_of(self, goroutine: Goroutine) -> bool {
        self.is_limit && self.who == Some(goroutine)
    }
}

/// The only goroutine that heard a cancel in its own right, if there is only one.
fn sole(trace: &Trace, cancel: &Cancel, heard: &[Hearing]) -> Option<Goroutine> {
    if cancel.n_heard() > MAX_HELPERS {
        return None;
    }
    let hears = |of: Goroutine| heard.iter().any(|hearing| hearing.goroutine == of);
    let mut own_right = heard.iter().filter(|hearing| {
        hearing.evidence != Evidence::AfterFunc
            && !lives::parent(trace, hearing.goroutine).is_some_and(hears)
    });
    let first = own_right.next()?;
    own_right.all(|other| other.goroutine == first.goroutine).then_some(first.goroutine)
}

/// Looks through what else the goroutine of a hearing heard.
struct Others<'a> {
    trace: &'a Trace,
    book: &'a Book,
    register: Register<'a>,
    /// By cancel.
    owners: &'a [Owner],
    departures: &'a Departures,
}

impl Others<'_> {
    /// What else a hearing's goroutine heard; none if nothing of it matters.
    fn of(&self, row: usize) -> Option<HeardToo> {
        let Register { hearings, by_goroutine, .. } = self.register;
        let hearing = hearings.get(row)?;
        let rows = by_goroutine.of(hearing.goroutine);
        let of = |row: &u32| &hearings[*row as usize];
        let before = rows.partition_point(|row| of(row).heard_at < hearing.heard_at);
        let after = rows.partition_point(|row| of(row).heard_at <= hearing.heard_at);
        let alike = rows[..before].iter().rev().take(MAX_OTHERS).map(of).any(|earlier| {
            self.is_alike(earlier, hearing)
                && !self.follows(hearing, earlier)
                && self.is_one_run(earlier, hearing)
        });
        let next = rows[after..].iter().take(MAX_OTHERS).map(of);
        let next = next.into_iter().find(|later| !self.follows(later, hearing));
        let next = next.map(|next| self.later(next, rows.last().map_or(next, of)));
        (alike || next.is_some()).then_some(HeardToo { next, alike_before: alike })
    }

    /// Whether a cancel follows from one that the same goroutine heard: it was made by one that heard
    /// that, too.
    fn follows(&self, later: &Hearing, first: &Hearing) -> bool {
        let Some(by) = self.register.cancel_of(later).by else { return false };
        self.register.has_heard(self.register.cancel_of(first), by)
    }

    /// Whether two cancels reached a goroutine in one place, as far below the cancelled context,
    /// and for one reason: that ends the contexts of which there is one after another.
    fn is_alike(&self, one: &Hearing, other: &Hearing) -> bool {
        let cause = |hearing: &Hearing| self.register.cancel_of(hearing).cause;
        one.depth == other.depth
            && cause(one) == cause(other)
            && self.book.place(one.stack) == self.book.place(other.stack)
    }

    /// Whether a goroutine had not left, in between, the handler in which it heard both: the next request
    /// has a context of its own, which says nothing of this one's.
    fn is_one_run(&self, earlier: &Hearing, later: &Hearing) -> bool {
        let (trace, book) = (self.trace, self.book);
        let hosted = place(trace, book, later.goroutine, later.stack).host;
        hosted == StackId::EMPTY
            || self
                .departures
                .after(trace, book, earlier.goroutine, hosted, earlier.heard_at)
                .is_none_or(|left| left >= later.heard_at)
    }

    fn later(&self, next: &Hearing, last: &Hearing) -> Later {
        let is_limit =
            |hearing: &Hearing| self.owners[hearing.cancel as usize].is_limit_of(hearing.goroutine);
        let ended = lives::ended(self.trace, next.goroutine);
        let ends_cleanup = is_limit(next)
            && is_limit(last)
            && ended.is_some_and(|end| end - last.heard_at <= PROMPT_NS);
        Later { at: next.heard_at, heard_in: next.heard_in, ends_cleanup }
    }
}
