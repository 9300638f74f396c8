//! Cancels and the goroutines that heard them, from the evidence.
//!
//! [`place`] says where a goroutine was when it heard, and [`listening`] where the program listens at
//! all; [`judge`] asks what became of each, and [`outcome`] decides, by when it left a handler
//! ([`departure`]), for whom the canceller waits ([`awaited`]) and which waits only let time pass
//! ([`rests`]). [`serving`] tells which handlers ran when. The deaf come later, from another part.

pub(super) mod awaited;
pub(super) mod departure;
pub(super) mod judge;
pub(super) mod listening;
pub(super) mod outcome;
pub(super) mod place;
mod relayed;
pub(super) mod rests;
pub(super) mod serving;

use std::sync::atomic::{AtomicBool, Ordering};

use rustc_hash::FxHashMap;

use crate::base::{Goroutine, StackId, StrId, Time, narrow};
use crate::model::{Edge, Trace};

use super::cancels::calls::{Call, Names, calls};
use super::cancels::cause::{why, why_logged};
use super::cancels::evidence::{Act, Pieces};
use super::cancels::grouping::group;
use super::cancels::logged::Logged;
use super::cancels::logged::{Entry, Verb, entries, says, tops};
use super::code::book::Book;
use super::code::ground::Ground;
use super::index::ByGoroutine;
use super::lives;
use super::threads::{ROWS_AT_A_TIME, Threads};
use super::types::{Cancel, Hearing};
use super::words::{Cause, Evidence, HeardIn, Outcome};
use judge::judge;
use listening::Listening;
use place::place_of_hearing;
use relayed::relayed;

/// All cancels, in order of time, and the hearings, cancel by cancel.
#[derive(Debug, Default)]
pub(crate) struct AllHeard {
    pub(crate) cancels: Vec<Cancel>,
    pub(crate) hearings: Vec<Hearing>,
    /// What the program logged, by cancel.
    pub(crate) logged: FxHashMap<u32, Logged>,
    /// The rows of those that heard, by goroutine, in order of time.
    pub(crate) by_goroutine: ByGoroutine,
    /// Where those that heard had waited.
    pub(crate) listening: Listening,
    /// The goroutines that only seem to be deaf, each with that cancel, in order of cancel.
    pub(crate) asleep: Vec<(Goroutine, u32)>,
}

/// Finds all cancels and hearings in the evidence.
pub(crate) fn find(ground: Ground<'_>, pieces: Pieces) -> AllHeard {
    let Ground { trace, book, rules, threads } = ground;
    let logs = entries(trace, rules);
    // Fresh memory takes its time.
    let (groups, hearings) =
        threads.both(|| group(trace, book, threads, &pieces), || vec![OPEN; pieces.n_heard()]);
    let (calls, cancels) =
        threads.both(|| calls(threads, &pieces, &groups, &logs), || vec![UNKNOWN; groups.len()]);
    let mut heard = AllHeard { cancels, hearings, ..AllHeard::default() };
    // Of some only a log tells.
    heard.cancels.resize(calls.len(), UNKNOWN);
    let adding = Adding { trace, book, pieces: &pieces, logs: &logs };
    adding.add_all(threads, &calls, &mut heard);
    if !logs.is_empty() {
        heard.logged = logged(&calls, &logs);
    }
    let mut besides = noticed(trace, book, &heard, &logs);
    besides.extend(relayed(ground, &heard));
    heard.add(besides);
    let AllHeard { cancels, hearings, by_goroutine, listening, .. } = &mut heard;
    let index = || {
        // A column of their own is quicker to read twice.
        let of: Vec<Goroutine> = hearings.iter().map(|hearing| hearing.goroutine).collect();
        let mut index = ByGoroutine::new(trace.n_goroutines(), of.iter().copied().map(Some));
        index.sort_each_by_time(|row| hearings[row as usize].heard_at);
        index
    };
    let places = || {
        drop((pieces, calls));
        Listening::new(trace, book, hearings.iter().map(|hearing| hearing.stack))
    };
    (*by_goroutine, *listening) = threads.both(index, places);
    judge(ground, cancels, hearings, by_goroutine, listening);
    heard
}

/// What the program logged, by cancel.
fn logged(calls: &[Call], logs: &[Entry<'_>]) -> FxHashMap<u32, Logged> {
    let tops = tops(logs);
    let of_log = |(id, call): (u32, &Call)| {
        let &Entry { message, task, says, .. } = logs.get(call.log? as usize)?;
        let whole_task = tops.get(&task).is_none_or(|top| *top == Some(says.name));
        Some((id, Logged { message, task, whole_task }))
    };
    (0..).zip(calls).filter_map(of_log).collect()
}

/// A hearing of which nothing is known yet.
const OPEN: Hearing = Hearing {
    cancel: u32::MAX,
    goroutine: Goroutine(0),
    function: StrId::EMPTY,
    deaf: false,
    by_clock: false,
    evidence: Evidence::Woken,
    heard_in: HeardIn::Own,
    told_to_stop: false,
    depth: 0,
    heard_at: Time(0),
    stack: StackId::EMPTY,
    end: Edge::OUTSIDE,
    outcome: Outcome::Alive,
    overstay_ns: 0,
};

/// A cancel of which nothing is known yet.
const UNKNOWN: Cancel = Cancel {
    id: u32::MAX,
    at: Time(0),
    cause: Cause::Unknown,
    detail: "",
    site: None,
    by: None,
    depth: 0,
    stack: StackId::EMPTY,
    heard: 0..0,
    deaf: 0..0,
};

/// Fills the tables of cancels and hearings, cancel by cancel.
struct Adding<'a> {
    trace: &'a Trace,
    book: &'a Book,
    pieces: &'a Pieces,
    logs: &'a [Entry<'a>],
}

/// Some calls, and where what becomes of them goes.
struct Stretch<'a> {
    /// The number of the first, and of the first hearing.
    first: u32,
    first_heard: u32,
    calls: &'a [Call],
    cancels: &'a mut [Cancel],
    hearings: &'a mut [Hearing],
}

impl Adding<'_> {
    fn add_all(&self, threads: Threads, calls: &[Call], heard: &mut AllHeard) {
        let (mut first, mut first_heard) = (0, 0);
        let mut rest = &mut *heard.hearings;
        let stretches = calls.chunks(ROWS_AT_A_TIME).zip(heard.cancels.chunks_mut(ROWS_AT_A_TIME));
        let stretches: Vec<Stretch<'_>> = stretches
            .map(|(calls, cancels)| {
                let n_heard: u32 = calls.iter().map(|call| call.n_heard).sum();
                let (hearings, others) = std::mem::take(&mut rest).split_at_mut(n_heard as usize);
                let stretch = Stretch { first, first_heard, calls, cancels, hearings };
                (first, first_heard, rest) =
                    (first + narrow(calls.len()), first_heard + n_heard, others);
                stretch
            })
            .collect();
        let is_full = AtomicBool::new(true);
        threads.each(stretches.len(), stretches.into_iter(), |stretch| {
            if !self.fill(stretch) {
                is_full.store(false, Ordering::Relaxed);
            }
        });
        if !is_full.into_inner() {
            heard.close_up();
        }
    }

    /// Fills a stretch, and tells whether no place for a hearing is left over.
    fn fill(&self, stretch: Stretch<'_>) -> bool {
        let Stretch { first, first_heard: mut start, calls, cancels, hearings: mut rows } = stretch;
        let mut is_full = true;
        for ((id, call), cancel) in (first..).zip(calls).zip(cancels) {
            let (rows_of_call, others) = rows.split_at_mut(call.n_heard as usize);
            is_full &= self.add(id, call, rows_of_call) == rows_of_call.len();
            let heard = start..start + call.n_heard;
            (start, rows) = (heard.end, others);
            *cancel = Cancel { heard, ..self.cancel(id, call) };
        }
        is_full
    }

    /// Fills in the hearings of a call, their outcomes still open, and gives their number.
    fn add(&self, id: u32, call: &Call, rows: &mut [Hearing]) -> usize {
        let mut n = 0;
        for piece in self.pieces.of(call.pieces.clone()) {
            let (goroutine, evidence) = match piece.act {
                Act::Wakes(goroutine) => (goroutine, Evidence::Woken),
                Act::Creates(goroutine) => (goroutine, Evidence::AfterFunc),
                Act::Starts | Act::Ends | Act::Inside => continue,
            };
            let depth = self.book.mark(piece.stack).map_or(0, |mark| mark.depth.max(1));
            let ear = Ear { goroutine, at: piece.at, stack: piece.wait.stack };
            if let Some(row) = rows.get_mut(n) {
                *row = ear.hearing(self.trace, self.book, id, evidence, depth);
                n += 1;
            }
        }
        once_each(&mut rows[..n])
    }

    /// Makes one cancel, of which the hearings are not known yet.
    fn cancel(&self, id: u32, call: &Call) -> Cancel {
        let Self { trace, book, pieces, logs } = *self;
        let (mut stack, mut depth) = (None, 0);
        for piece in pieces.of(call.pieces.clone()) {
            if let Some(mark) = book.mark(piece.stack) {
                stack.get_or_insert(piece.stack);
                depth = depth.max(u32::from(mark.depth));
            }
        }
        let log = call.log.and_then(|row| logs.get(row as usize));
        let why = match log {
            Some(log) if call.pieces.is_empty() => why_logged(trace, book, call.by, log.stack),
            _ => why(trace, book, call.by, stack.unwrap_or_default(), call.at),
        };
        Cancel {
            at: call.at,
            cause: why.cause,
            detail: why.detail,
            site: why.site,
            by: why.by,
            depth,
            stack: why.stack,
            id,
            ..UNKNOWN
        }
    }
}

/// Up to so many rows are held against each other one by one.
const FEW_ROWS: usize = 16;

/// Keeps the first hearing of each goroutine, in order of time: one that waits again on a context below
/// hears once more, but that is the same cancel. All are of one cancel; gives how many are left, and
/// leaves the places behind them open.
fn once_each(rows: &mut [Hearing]) -> usize {
    if is_in_order(rows) {
        return rows.len();
    }
    rows.sort_unstable_by_key(|row| (row.goroutine, row.heard_at));
    let mut kept = 1;
    for at in 1..rows.len() {
        if rows[at].goroutine != rows[kept - 1].goroutine {
            rows[kept] = rows[at];
            kept += 1;
        }
    }
    rows[kept..].fill(OPEN);
    rows[..kept].sort_unstable_by_key(|row| (row.heard_at, row.goroutine));
    kept
}

/// Whether rows are in order and of as many goroutines, as far as a look tells: most are few.
fn is_in_order(rows: &[Hearing]) -> bool {
    let is_new = |at: usize| {
        let (before, row) = (&rows[..at], &rows[at]);
        before
            .last()
            .is_none_or(|last| (last.heard_at, last.goroutine) < (row.heard_at, row.goroutine))
            && before.iter().all(|other| other.goroutine != row.goroutine)
    };
    rows.len() <= FEW_ROWS && (0..rows.len()).all(is_new)
}

impl AllHeard {
    /// Leaves out the rows that are still open, each behind those of its cancel.
    fn close_up(&mut self) {
        let mut end = 0;
        for cancel in &mut self.cancels {
            let rows = cancel.heard.start as usize..cancel.heard.end as usize;
            let n = self.hearings[rows.clone()].partition_point(|row| row.cancel != OPEN.cancel);
            self.hearings.copy_within(rows.start..rows.start + n, end);
            cancel.heard = narrow(end)..narrow(end + n);
            end += n;
        }
        self.hearings.truncate(end);
    }

    /// Adds hearings of goroutines that no cancel woke itself, unless they had heard it before.
    fn add(&mut self, besides: Vec<Hearing>) {
        if besides.is_empty() {
            return;
        }
        let mut seen = std::mem::take(&mut self.hearings);
        seen.extend(besides);
        seen.sort_by_key(|row| row.cancel);
        for same in seen.chunk_by(|a, b| a.cancel == b.cancel) {
            let start = self.hearings.len();
            self.hearings.extend(same);
            let kept = once_each(&mut self.hearings[start..]);
            self.hearings.truncate(start + kept);
            if let Some(first) = same.first() {
                self.cancels[first.cancel as usize].heard =
                    narrow(start)..narrow(self.hearings.len());
            }
        }
    }
}

/// A goroutine that heard, when, and where it was.
struct Ear {
    goroutine: Goroutine,
    at: Time,
    stack: StackId,
}

impl Ear {
    fn hearing(
        &self,
        trace: &Trace,
        book: &Book,
        cancel: u32,
        evidence: Evidence,
        depth: u16,
    ) -> Hearing {
        let heard = (self.stack, self.at);
        let (_, place) = place_of_hearing(trace, book, evidence, self.goroutine, heard);
        Hearing {
            cancel,
            goroutine: self.goroutine,
            function: lives::name(trace, self.goroutine),
            deaf: false,
            by_clock: false,
            evidence,
            heard_in: place.heard_in,
            told_to_stop: false,
            depth,
            heard_at: self.at,
            stack: self.stack,
            end: Edge::OUTSIDE,
            outcome: Outcome::Alive,
            overstay_ns: 0,
        }
    }
}

/// The hearings of goroutines that logged that they noticed a cancel.
fn noticed(trace: &Trace, book: &Book, heard: &AllHeard, logs: &[Entry<'_>]) -> Vec<Hearing> {
    let mut hearings = Vec::new();
    let mut names = Names::default();
    let AllHeard { cancels, logged, .. } = heard;
    let mut named = cancels.iter().filter(|cancel| logged.contains_key(&cancel.id)).peekable();
    for log in logs {
        match log.says.verb {
            Verb::New => names.is_under(log.says.name, log.says.parent),
            Verb::Cancel => {}
            Verb::Heard => {
                while let Some(cancel) = named.next_if(|cancel| cancel.at <= log.at) {
                    if let Some(says) = says(trace.string(logged[&cancel.id].message)) {
                        names.is_cancelled(says.name, cancel.id);
                    }
                }
                let Some(cancel) = names.cancel_of(log.says.name) else { continue };
                let ear = Ear { goroutine: log.by, at: log.at, stack: log.stack };
                hearings.push(ear.hearing(trace, book, cancel, Evidence::Logged, 0));
            }
        }
    }
    hearings
}
