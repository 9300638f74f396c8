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
use super::index::ByGoroutine;
use super::listening::Listening;
use super::lives;
use super::logged::{Entry, SAME_CALL_NS, Says, entries, says};
use super::outcome::{self, Fate, fate};
use super::place::{Place, place};
use super::threads::over_rows;
use super::types::{Cancel, Hearing, Logged};
use super::words::{Evidence, HeardIn};

/// All cancels, in order of time, and who heard them, cancel by cancel.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub(crate) cancels: Vec<Cancel>,
    pub(crate) hearings: Vec<Hearing>,
    /// What the program logged, by cancel.
    pub(crate) logged: FxHashMap<u32, Logged>,
    /// The rows of those that heard, by goroutine, in order of time.
    pub(crate) by_goroutine: ByGoroutine,
}

/// Finds them.
pub(crate) fn find(trace: &Trace, book: &Book, rules: &Rules) -> Heard {
    let pieces = collect(trace, book);
    let logs = entries(trace, rules);
    let mut calls = calls(&pieces, group(trace, book, &pieces), &logs);
    calls.sort_by_key(|call| (call.at, call.by));
    let mut cancels = Vec::with_capacity(calls.len());
    let mut logged = FxHashMap::default();
    let mut places = Places { trace, book, known: FxHashMap::default() };
    let mut ears = Vec::with_capacity(pieces.len());
    for call in calls {
        let id = row(cancels.len());
        if let Some((message, _, task)) = call.log {
            logged.insert(id, Logged { message, task });
        }
        let start = ears.len();
        cancels.push(cancel(&mut places, id, &call, &pieces, &mut ears));
        once_each(&mut ears, start);
    }
    let logged_ears = logged_ears(trace, book, &cancels, &logged, &logs);
    if !logged_ears.is_empty() {
        ears.extend(logged_ears);
        ears.sort_by_key(|ear| ear.cancel);
        ears = ears
            .chunk_by(|a, b| a.cancel == b.cancel)
            .flat_map(|same| {
                let mut same = same.to_vec();
                once_each(&mut same, 0);
                same
            })
            .collect();
    }
    let mut start = 0;
    for same in ears.chunk_by(|a, b| a.cancel == b.cancel) {
        let end = start + same.len();
        if let Some(first) = same.first() {
            cancels[first.cancel as usize].heard = row(start)..row(end);
        }
        start = end;
    }
    let mut by_goroutine =
        ByGoroutine::new(trace.n_goroutines(), ears.iter().map(|ear| Some(ear.goroutine)));
    by_goroutine.sort_each_by_key(|row| ears[row as usize].at);
    let hearings = judge(trace, book, rules, &cancels, &ears, &by_goroutine);
    Heard { cancels, hearings, logged, by_goroutine }
}

/// Keeps the first hearing of each goroutine, in order of time: who waits again on a context
/// below hears once more, but that is the same cancel. All from `start` on are of one cancel.
fn once_each(ears: &mut Vec<Ear>, start: usize) {
    if ears.len() - start < 2 {
        return;
    }
    ears[start..].sort_unstable_by_key(|ear| (ear.goroutine, ear.at));
    let mut kept = start + 1;
    for at in start + 1..ears.len() {
        if ears[at].goroutine != ears[kept - 1].goroutine {
            ears[kept] = ears[at];
            kept += 1;
        }
    }
    ears.truncate(kept);
    ears[start..].sort_unstable_by_key(|ear| (ear.at, ear.goroutine));
}

/// Appends the deaf, who are sorted by cancel, to the table of hearings.
pub(crate) fn add_deaf(heard: &mut Heard, deaf: Vec<Hearing>) {
    let Heard { cancels, hearings, .. } = heard;
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

/// Where goroutines waited; the same few places over and over.
struct Places<'a> {
    trace: &'a Trace,
    book: &'a Book,
    /// By start function and stack.
    known: FxHashMap<(StrId, StackId), Place>,
}

impl Places<'_> {
    fn of(&mut self, goroutine: Goroutine, stack: StackId) -> Place {
        let name = lives::name(self.trace, goroutine);
        let find = || place(self.trace, self.book, goroutine, stack);
        *self.known.entry((name, stack)).or_insert_with(find)
    }
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
    places: &mut Places<'_>,
    id: u32,
    call: &Call,
    pieces: &[Piece],
    ears: &mut Vec<Ear>,
) -> Cancel {
    let (trace, book) = (places.trace, places.book);
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
        let place = places.of(goroutine, stack);
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
        heard: 0..0,
        deaf: 0..0,
    }
}

/// Who logged that they heard: the last cancel of that name before.
fn logged_ears(
    trace: &Trace,
    book: &Book,
    cancels: &[Cancel],
    logged: &FxHashMap<u32, Logged>,
    logs: &[Entry<'_>],
) -> Vec<Ear> {
    let mut ears = Vec::new();
    let mut last: FxHashMap<&str, u32> = FxHashMap::default();
    let mut named = cancels.iter().filter(|cancel| logged.contains_key(&cancel.id)).peekable();
    for log in logs {
        let Says::Heard(name) = log.says else { continue };
        while let Some(cancel) = named.next_if(|cancel| cancel.at <= log.at) {
            if let Some(Says::Cancel(name)) = says(trace.string(logged[&cancel.id].message)) {
                last.insert(name, cancel.id);
            }
        }
        let Some(&cancel) = last.get(name) else { continue };
        // The log's own frames are the library's; whoever called it noticed in its own code.
        let place = place(trace, book, log.by, book.user(log.stack));
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
    ears
}

/// Decides what became of everyone who heard.
fn judge(
    trace: &Trace,
    book: &Book,
    rules: &Rules,
    cancels: &[Cancel],
    ears: &[Ear],
    by_goroutine: &ByGoroutine,
) -> Vec<Hearing> {
    let next = next_hearings(cancels, ears, by_goroutine);
    let listening = Listening::new(trace, book, ears.iter().map(|ear| ear.stack));
    over_rows(ears.len(), |rows| {
        let hearing = |at: usize| {
            let (ear, cancel) = (&ears[at], &cancels[ears[at].cancel as usize]);
            let heard = outcome::Heard {
                goroutine: ear.goroutine,
                cancelled: cancel.at,
                at: ear.at,
                stack: ear.stack,
                place: ear.place,
                told_to_stop: !ear.place.library_only
                    && (ear.place.heard_in == HeardIn::Own || cancel.cause.ends_all()),
            };
            let fate = fate(trace, book, &listening, rules.late_over_ns, &heard, next[at]);
            hearing(trace, cancel, ear, &fate)
        };
        rows.map(hearing).collect()
    })
}

fn hearing(trace: &Trace, cancel: &Cancel, ear: &Ear, fate: &Fate) -> Hearing {
    let until = fate.end.unwrap_or(trace.interval().end);
    Hearing {
        cancel: ear.cancel,
        goroutine: ear.goroutine,
        function: lives::name(trace, ear.goroutine),
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
    }
}

/// For each hearing, when and where its goroutine next heard another cancel, unless that one
/// follows from the first: it was made by one who heard the first.
fn next_hearings(
    cancels: &[Cancel],
    ears: &[Ear],
    by_goroutine: &ByGoroutine,
) -> Vec<Option<(Time, HeardIn)>> {
    let of =
        |goroutine: Goroutine| by_goroutine.of(goroutine).iter().map(|&row| &ears[row as usize]);
    let follows = |first: u32, later: u32| {
        cancels[later as usize].by.is_some_and(|by| of(by).any(|ear| ear.cancel == first))
    };
    let mut next = vec![None; ears.len()];
    for (ear, next) in ears.iter().zip(&mut next) {
        if by_goroutine.of(ear.goroutine).len() == 1 {
            continue;
        }
        *next = of(ear.goroutine)
            .skip_while(|later| later.at <= ear.at)
            .find(|later| !follows(ear.cancel, later.cancel))
            .map(|later| (later.at, later.place.heard_in));
    }
    next
}
