//! Cancels and who heard them, from the evidence.

use std::ops::Range;

use crate::base::{Goroutine, StackId, Time};
use crate::model::Trace;

use super::Rules;
use super::book::Book;
use super::cause::why;
use super::evidence::{Act, Piece, collect};
use super::grouping::group;
use super::outcome::{Heard, fate};
use super::place::{Place, place};
use super::types::{Cancel, Hearing};
use super::words::{Evidence, HeardIn};

/// Finds all cancels, in order of time, and all that heard them, cancel by cancel.
pub(crate) fn find(trace: &Trace, book: &Book, rules: &Rules) -> (Vec<Cancel>, Vec<Hearing>) {
    let pieces = collect(trace, book);
    let mut runs: Vec<Range<usize>> = group(trace, book, &pieces);
    runs.sort_by_key(|run| pieces.get(run.start).map(|piece| (piece.at, piece.by)));
    let mut cancels = Vec::with_capacity(runs.len());
    let mut ears = Vec::new();
    for run in runs {
        let id = u32::try_from(cancels.len()).unwrap_or(u32::MAX);
        let start = ears.len();
        let cancel = cancel(trace, book, id, &pieces[run], &mut ears);
        let rows = row(start)..row(ears.len());
        cancels.push(Cancel { heard: rows, ..cancel });
    }
    let hearings = judge(trace, book, rules, &cancels, &ears);
    (cancels, hearings)
}

fn row(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
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

/// Makes one cancel of its pieces, and appends who heard it.
fn cancel(trace: &Trace, book: &Book, id: u32, pieces: &[Piece], ears: &mut Vec<Ear>) -> Cancel {
    let marked = pieces.iter().find(|piece| book.mark(piece.stack).is_some());
    let at = pieces.first().map_or(Time::MIN, |piece| piece.at);
    let by = pieces.first().and_then(|piece| piece.by);
    let stack = marked.map_or(StackId::EMPTY, |piece| piece.stack);
    let why = why(trace, book, by, stack, at);
    let start = ears.len();
    for piece in pieces {
        let depth = book.mark(piece.stack).map_or(0, |mark| u32::from(mark.depth).max(1));
        let (goroutine, evidence) = match piece.act {
            Act::Wakes(goroutine) => (goroutine, Evidence::Woken),
            Act::Creates(goroutine) => (goroutine, Evidence::AfterFunc),
            Act::Starts | Act::Inside => continue,
        };
        let stack = piece.wait.stack;
        let place = place(trace, book, goroutine, stack);
        ears.push(Ear { cancel: id, goroutine, evidence, depth, at: piece.at, stack, place });
    }
    ears[start..].sort_by_key(|ear| (ear.goroutine, ear.at));
    // Who waits again on a context below hears once more: that is the same cancel.
    let mut kept = start;
    for at in start..ears.len() {
        if at == start || ears[at].goroutine != ears[kept - 1].goroutine {
            ears[kept] = ears[at];
            kept += 1;
        }
    }
    ears.truncate(kept);
    ears[start..].sort_by_key(|ear| (ear.at, ear.goroutine));
    let deepest = pieces.iter().filter_map(|piece| book.mark(piece.stack)).map(|mark| mark.depth);
    Cancel {
        id,
        at,
        cause: why.cause,
        detail: why.detail,
        site: why.site,
        by: why.by,
        depth: u32::from(deepest.max().unwrap_or(0)),
        stack: why.stack,
        heard: 0..0,
        deaf: 0..0,
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
