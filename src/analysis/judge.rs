//! What became of everyone who heard.

use crate::model::Trace;

use super::Rules;
use super::book::Book;
use super::departure::Departures;
use super::index::ByGoroutine;
use super::listening::Listening;
use super::lives;
use super::outcome::{self, Ground, Later, PROMPT_NS, fate};
use super::place::place;
use super::threads::Threads;
use super::types::{Cancel, Hearing};
use super::words::{Cause, Evidence, HeardIn};

/// Decides, and notes it in the table of hearings.
pub(crate) fn judge(
    (trace, book, rules): (&Trace, &Book, &Rules),
    threads: Threads,
    cancels: &[Cancel],
    hearings: &mut [Hearing],
    by_goroutine: &ByGoroutine,
    listening: &Listening,
) {
    // Most heard one cancel only.
    let several = by_goroutine.several().iter().flat_map(|&goroutine| by_goroutine.of(goroutine));
    let mut several: Vec<u32> = several.copied().collect();
    threads.sort(&mut several);
    let next = threads.over_rows(several.len(), |rows| {
        let rows = several[rows].iter().map(|&row| row as usize);
        let next = |row| Some((row, next_hearing(trace, cancels, hearings, by_goroutine, row)?));
        rows.filter_map(next).collect()
    });
    let departures = Departures::new(trace, book, threads, by_goroutine);
    let late_over_ns = rules.late_over_ns;
    let ground = Ground { trace, book, listening, departures: &departures, late_over_ns };
    threads.each_stretch(hearings, |first, rows| {
        let mut next = next[next.partition_point(|(row, _)| *row < first)..].iter().peekable();
        for (at, row) in (first..).zip(rows) {
            let next = next.next_if(|(row, _)| *row == at).map(|(_, next)| *next);
            settle(&ground, cancels, row, next);
        }
    });
}

/// Decides what became of one.
fn settle(ground: &Ground<'_>, cancels: &[Cancel], row: &mut Hearing, next: Option<Later>) {
    let Ground { trace, book, .. } = *ground;
    let cancel = &cancels[row.cancel as usize];
    let told = row.evidence == Evidence::Logged;
    let waited = if told { book.user(row.stack) } else { row.stack };
    let place = place(trace, book, row.goroutine, waited);
    let heard = outcome::Heard {
        goroutine: row.goroutine,
        cancelled: cancel.at,
        at: row.heard_at,
        stack: row.stack,
        place,
        told_to_stop: !place.library_only
            && (place.heard_in == HeardIn::Own || cancel.cause.ends_all()),
        private_limit: is_private_limit(cancel),
    };
    let fate = fate(ground, &heard, next);
    let until = fate.end.unwrap_or_else(|| trace.last_known(row.goroutine));
    row.told_to_stop = fate.told_to_stop;
    row.end = fate.end.into();
    row.outcome = fate.outcome;
    row.overstay_ns = until.since(cancel.at).max(0);
}

/// For a hearing, the next other cancel that its goroutine heard, unless that one follows from
/// the first: it was made by one who heard the first.
fn next_hearing(
    trace: &Trace,
    cancels: &[Cancel],
    hearings: &[Hearing],
    by_goroutine: &ByGoroutine,
    row: usize,
) -> Option<Later> {
    let hearing = hearings.get(row)?;
    let rows = by_goroutine.of(hearing.goroutine);
    let of = |row: &u32| &hearings[*row as usize];
    let later = rows.partition_point(|row| of(row).heard_at <= hearing.heard_at);
    let follows = |later: &Hearing| {
        let Some(by) = cancels[later.cancel as usize].by else { return false };
        let heard_by = by_goroutine.of(by);
        let first = &cancels[hearing.cancel as usize].heard;
        // Whichever is the shorter way to learn whether the canceller heard the first.
        if heard_by.len() <= first.len() {
            heard_by.iter().any(|row| of(row).cancel == hearing.cancel)
        } else {
            first.clone().any(|row| of(&row).goroutine == by)
        }
    };
    let next = rows[later..].iter().map(of).find(|later| !follows(later))?;
    let last = rows.last().map_or(next, of);
    let is_limit = |hearing: &Hearing| is_private_limit(&cancels[hearing.cancel as usize]);
    let ended = lives::ended(trace, hearing.goroutine);
    let ends_cleanup = is_limit(next)
        && is_limit(last)
        && ended.is_some_and(|end| end - last.heard_at <= PROMPT_NS);
    Some(Later { at: next.heard_at, heard_in: next.heard_in, ends_cleanup })
}

/// Whether a cancel is a deadline that one goroutine alone heard: the time limit of an operation.
fn is_private_limit(cancel: &Cancel) -> bool {
    cancel.cause == Cause::Deadline && cancel.n_heard() == 1
}
