//! What became of everyone who heard.

use crate::base::Time;
use crate::model::Trace;

use super::Rules;
use super::book::Book;
use super::index::ByGoroutine;
use super::listening::Listening;
use super::outcome::{self, fate};
use super::place::place;
use super::threads::Threads;
use super::types::{Cancel, Hearing};
use super::words::{Cause, Evidence, HeardIn};

/// Decides, and notes it in the table of hearings.
pub(crate) fn judge(
    trace: &Trace,
    book: &Book,
    rules: &Rules,
    threads: Threads,
    cancels: &[Cancel],
    hearings: &mut [Hearing],
    by_goroutine: &ByGoroutine,
) {
    let next = threads.over_rows(hearings.len(), |rows| {
        let next = |row| Some((row, next_hearing(cancels, hearings, by_goroutine, row)?));
        rows.filter_map(next).collect()
    });
    let listening = Listening::new(trace, book, hearings.iter().map(|row| row.stack));
    threads.each_stretch(hearings, |first, rows| {
        let mut next = next[next.partition_point(|(row, _)| *row < first)..].iter().peekable();
        for (at, row) in (first..).zip(rows) {
            let next = next.next_if(|(row, _)| *row == at).map(|(_, next)| *next);
            settle(trace, book, rules, &listening, cancels, row, next);
        }
    });
}

/// When and where a goroutine next heard another cancel.
type Next = (Time, HeardIn);

/// Decides what became of one.
fn settle(
    trace: &Trace,
    book: &Book,
    rules: &Rules,
    listening: &Listening,
    cancels: &[Cancel],
    row: &mut Hearing,
    next: Option<Next>,
) {
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
        private_limit: cancel.cause == Cause::Deadline && cancel.n_heard() == 1,
    };
    let fate = fate(trace, book, listening, rules.late_over_ns, &heard, next);
    let until = fate.end.unwrap_or(trace.interval().end);
    row.told_to_stop = fate.told_to_stop;
    row.end = fate.end.into();
    row.outcome = fate.outcome;
    row.overstay_ns = until.since(cancel.at).max(0);
}

/// For a hearing, when and where its goroutine next heard another cancel, unless that one
/// follows from the first: it was made by one who heard the first.
fn next_hearing(
    cancels: &[Cancel],
    hearings: &[Hearing],
    by_goroutine: &ByGoroutine,
    row: usize,
) -> Option<Next> {
    let hearing = hearings.get(row)?;
    let rows = by_goroutine.of(hearing.goroutine);
    if rows.len() == 1 {
        return None;
    }
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
    Some((next.heard_at, next.heard_in))
}
