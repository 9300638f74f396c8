//! Cancels and who heard them, from the evidence.

use std::ops::Range;

use rustc_hash::FxHashMap;

use crate::base::{Goroutine, StackId, StrId, TaskId, Time};
use crate::model::Trace;

use super::Rules;
use super::book::Book;
use super::cause::{why, why_logged};
use super::evidence::{Act, Piece, collect};
use super::grouping::group;
use super::logged::{Entry, SAME_CALL_NS, Says, entries, says};
use super::outcome::{Heard, fate};
use super::place::{Place, place};
use super::types::{Cancel, Hearing};
use super::words::{Evidence, HeardIn};

/// Finds all cancels, in order of time, and all that heard them, cancel by cancel.
pub(crate) fn find(trace: &Trace, book: &Book, rules: &Rules) -> (Vec<Cancel>, Vec<Hearing>) {
    let pieces = collect(trace, book);
    let logs = entries(trace, rules);
    let mut calls = calls(&pieces, group(trace, book, &pieces), &logs);
    calls.sort_by_key(|call| (call.at, call.by));
    let mut cancels = Vec::with_capacity(calls.len());
    let mut ears = Vec::new();
    for call in calls {
        let id = row(cancels.len());
        cancels.push(cancel(trace, book, id, &call, &pieces, &mut ears));
    }
    add_logged_ears(trace, book, &cancels, &logs, &mut ears);
    ears.sort_by_key(|ear: &Ear| (ear.cancel, ear.goroutine, ear.at));
    // Who waits again on a context below hears once more: that is the same cancel.
    ears.dedup_by_key(|ear| (ear.cancel, ear.goroutine));
    ears.sort_by_key(|ear| (ear.cancel, ear.at, ear.goroutine));
    let mut start = 0;
    for same in ears.chunk_by(|a, b| a.cancel == b.cancel) {
        let end = start + same.len();
        if let Some(first) = same.first() {
            cancels[first.cancel as usize].heard = row(start)..row(end);
        }
        start = end;
    }
    let hearings = judge(trace, book, rules, &cancels, &ears);
    (cancels, hearings)
}

/// Appends the deaf, who are sorted by cancel, to the table of hearings.
pub(crate) fn add_deaf(cancels: &mut [Cancel], hearings: &mut Vec<Hearing>, deaf: Vec<Hearing>) {
    let mut start = hearings.len();
    for same in deaf.chunk_by(|a, b| a.cancel == b.cancel) {
        let end = start + same.len();
        if let Some(first) = same.first() {
            cancels[first.cancel as usize].deaf = row(start)..row(end);
        }
        start = end;
    }
    hearings.extend(deaf);
}

fn row(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// One call of a cancel function: its pieces, or else the log that tells of it.
struct Call {
    at: Time,
    by: Option<Goroutine>,
    pieces: Range<usize>,
    log: Option<(StrId, StackId, TaskId)>,
}

/// Puts logs and evidence together: the evidence that follows a log at once is of that call.
fn calls(pieces: &[Piece], runs: Vec<Range<usize>>, logs: &[Entry<'_>]) -> Vec<Call> {
    let mut calls: Vec<Call> = runs
        .into_iter()
        .filter_map(|run| {
            let first = pieces.get(run.start)?;
            Some(Call { at: first.at, by: first.by, pieces: run, log: None })
        })
        .collect();
    // The runs are in the order of their pieces: by canceller, then time.
    let n_seen = calls.len();
    for log in logs.iter().filter(|log| matches!(log.says, Says::Cancel(_))) {
        let told = Some((log.message, log.stack, log.task));
        let next =
            calls[..n_seen].partition_point(|call| (call.by, call.at) < (Some(log.by), log.at));
        match calls[..n_seen].get_mut(next) {
            Some(call) if call.by == Some(log.by) && call.at - log.at <= SAME_CALL_NS => {
                call.log = told;
            }
            _ => calls.push(Call { at: log.at, by: Some(log.by), pieces: 0..0, log: told }),
        }
    }
    calls
}

/// A hearing before its outcome is known.
#[derive(Clone, Copy)]
struct Ear {
    cancel: u32,
    goroutine: Goroutine,
    evidence: Evidence,
    depth: u32,
    at: Time,
    stack: StackId,
    place: Place,
}

/// Makes one cancel, and appends who heard it.
fn cancel(
    trace: &Trace,
    book: &Book,
    id: u32,
    call: &Call,
    pieces: &[Piece],
    ears: &mut Vec<Ear>,
) -> Cancel {
    let pieces = &pieces[call.pieces.clone()];
    let marked = pieces.iter().find(|piece| book.mark(piece.stack).is_some());
    let stack = marked.map_or(StackId::EMPTY, |piece| piece.stack);
    let why = match call.log {
        Some((_, stack, _)) if pieces.is_empty() => why_logged(trace, book, call.by, stack),
        _ => why(trace, book, call.by, stack, call.at),
    };
    let marks = || pieces.iter().filter_map(|piece| book.mark(piece.stack));
    for piece in pieces {
        let (goroutine, evidence) = match piece.act {
            Act::Wakes(goroutine) => (goroutine, Evidence::Woken),
            Act::Creates(goroutine) => (goroutine, Evidence::AfterFunc),
            Act::Starts | Act::Inside => continue,
        };
        let depth = book.mark(piece.stack).map_or(0, |mark| u32::from(mark.depth).max(1));
        let stack = piece.wait.stack;
        let place = place(trace, book, goroutine, stack);
        ears.push(Ear { cancel: id, goroutine, evidence, depth, at: piece.at, stack, place });
    }
    Cancel {
        id,
        at: call.at,
        cause: why.cause,
        detail: why.detail,
        site: why.site,
        by: why.by,
        depth: marks().map(|mark| u32::from(mark.depth)).max().unwrap_or(0),
        stack: why.stack,
        logged: call.log.map_or(StrId::EMPTY, |(message, ..)| message),
        task: call.log.map_or(TaskId(0), |(.., task)| task),
        heard: 0..0,
        deaf: 0..0,
    }
}

/// Adds who logged that they heard: the last cancel of that name before.
fn add_logged_ears(
    trace: &Trace,
    book: &Book,
    cancels: &[Cancel],
    logs: &[Entry<'_>],
    ears: &mut Vec<Ear>,
) {
    let mut last: FxHashMap<&str, u32> = FxHashMap::default();
    let mut named = cancels.iter().filter(|cancel| cancel.logged != StrId::EMPTY).peekable();
    for log in logs {
        let Says::Heard(name) = log.says else { continue };
        while let Some(cancel) = named.next_if(|cancel| cancel.at <= log.at) {
            if let Some(Says::Cancel(name)) = says(trace.string(cancel.logged)) {
                last.insert(name, cancel.id);
            }
        }
        let Some(&cancel) = last.get(name) else { continue };
        let place = place(trace, book, log.by, log.stack);
        ears.push(Ear {
            cancel,
            goroutine: log.by,
            evidence: Evidence::Logged,
            depth: 0,
            at: log.at,
            stack: log.stack,
            place,
        });
    }
}

/// Decides what became of everyone who heard.
fn judge(
    trace: &Trace,
    book: &Book,
    rules: &Rules,
    cancels: &[Cancel],
    ears: &[Ear],
) -> Vec<Hearing> {
    let next = next_hearings(cancels, ears);
    let mut hearings = Vec::with_capacity(ears.len());
    for (ear, next) in ears.iter().zip(next) {
        let cancel = &cancels[ear.cancel as usize];
        let heard = Heard {
            goroutine: ear.goroutine,
            cancelled: cancel.at,
            at: ear.at,
            stack: ear.stack,
            place: ear.place,
            told_to_stop: !ear.place.library_only
                && (ear.place.heard_in == HeardIn::Own || cancel.cause.ends_all()),
        };
        let fate = fate(trace, book, rules.late_over_ns, &heard, next);
        let until = fate.end.unwrap_or(trace.interval().end);
        hearings.push(Hearing {
            cancel: ear.cancel,
            goroutine: ear.goroutine,
            function: trace.life(ear.goroutine).name,
            deaf: false,
            evidence: ear.evidence,
            heard_in: ear.place.heard_in,
            told_to_stop: fate.told_to_stop,
            depth: ear.depth,
            heard_at: ear.at,
            stack: ear.stack,
            end: fate.end,
            outcome: fate.outcome,
            overstay_ns: until.since(cancel.at).max(0),
        });
    }
    hearings
}

/// For each hearing, when and where its goroutine next heard another cancel, unless that one
/// follows from the first: it was made by one who heard the first.
fn next_hearings(cancels: &[Cancel], ears: &[Ear]) -> Vec<Option<(Time, HeardIn)>> {
    let mut order: Vec<usize> = (0..ears.len()).collect();
    order.sort_unstable_by_key(|&at| (ears[at].goroutine, ears[at].at));
    let of = |goroutine: Goroutine| {
        let start = order.partition_point(|&at| ears[at].goroutine < goroutine);
        order[start..].iter().map(|&at| &ears[at]).take_while(move |ear| ear.goroutine == goroutine)
    };
    let follows = |first: u32, later: u32| {
        cancels[later as usize].by.is_some_and(|by| of(by).any(|ear| ear.cancel == first))
    };
    let mut next = vec![None; ears.len()];
    for (n, &at) in order.iter().enumerate() {
        let ear = &ears[at];
        next[at] = order[n + 1..]
            .iter()
            .map(|&later| &ears[later])
            .take_while(|later| later.goroutine == ear.goroutine)
            .find(|later| later.at > ear.at && !follows(ear.cancel, later.cancel))
            .map(|later| (later.at, later.place.heard_in));
    }
    next
}
