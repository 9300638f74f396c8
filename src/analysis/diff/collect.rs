//! The durations of one trace, by what identifies them in another.

use rustc_hash::FxHashMap;

use crate::base::{StackId, StrId};
use crate::model::{Chunk, Edge, Trace};
use crate::parse::event::GoState;

use super::super::Document;
use super::super::book::Traits;
use super::super::names::Origin;
use super::super::scan::{Runs, each_span};
use super::super::stats::{Duration, Sample};
use super::super::threads::Threads;
use super::super::words::GroupKind;
use super::Key;

/// How many functions of the creation path enter a goroutine's key.
const MAX_PATH: usize = 8;

/// How many durations to keep per place and chunk: the others are left out evenly.
const MAX_KEPT: usize = 4_096;

/// Reasons for waiting until there is something to do: that it took longer is nothing worse.
const IDLE: &[&str] = &[
    "select",
    "chan receive",
    "network",
    "forever",
    "sync.(*Cond).Wait",
    "preempted",
    "system goroutine wait",
    "",
];

/// The durations by key.
type Rows = FxHashMap<Key, Vec<Duration>>;

/// All durations of a trace that can be compared.
pub(super) fn samples(document: &Document) -> Vec<(Key, Sample)> {
    let mut rows = Rows::default();
    overstays(document, &mut rows);
    lifetimes(document, &mut rows);
    tasks(document.trace(), &mut rows);
    waits(document, &mut rows);
    world(document.trace(), &mut rows);
    rows.into_iter().map(|(key, durations)| (key, Sample::new(durations))).collect()
}

fn put(rows: &mut Rows, kind: GroupKind, what: String, function: &str, duration: Duration) {
    let key = Key { kind, what, function: function.to_owned() };
    rows.entry(key).or_default().push(duration);
}

/// The overstays of all who were told to stop, and of the deaf.
fn overstays(document: &Document, rows: &mut Rows) {
    let (trace, analysis) = (document.trace(), document.analysis());
    for hearing in analysis.hearings().iter().filter(|hearing| hearing.is_late(-1)) {
        let cancel = &analysis.cancels()[hearing.cancel as usize];
        let start = analysis.book.function(hearing.function).origin;
        let outermost = analysis.book.outermost_user(trace.stacks(), hearing.stack);
        let function = match outermost {
            Some(frame) if start != Origin::User => frame.function,
            _ => hearing.function,
        };
        let function = trace.string(function);
        // The names inside the standard library change with its versions.
        let site = cancel
            .site
            .map(|site| site.function)
            .filter(|&function| analysis.book.function(function).origin != Origin::Std);
        let site = site.map_or("", |function| trace.string(function));
        let by = if site.is_empty() { String::new() } else { format!(" by {site}") };
        let duration = Duration { ns: hearing.overstay_ns, cut_off: hearing.end == Edge::OUTSIDE };
        put(
            rows,
            GroupKind::CancelSite,
            format!("{function} → {}{by}", cancel.cause),
            function,
            duration,
        );
        put(rows, GroupKind::CancelSite, "all cancels".to_owned(), "", duration);
    }
}

/// The lifetimes of goroutines that were born in the trace.
fn lifetimes(document: &Document, rows: &mut Rows) {
    let trace = document.trace();
    let lives = &trace.goroutines;
    let mut by_place: FxHashMap<(StrId, StackId), Vec<Duration>> = FxHashMap::default();
    for goroutine in trace.goroutines() {
        let at = goroutine.index();
        let (born, ended) = (lives.born[at], lives.ended[at]);
        let Some(born) = born.time() else { continue };
        if document.analysis().book.function(lives.names[at]).is.has(Traits::RUNTIME) {
            continue;
        }
        let cut_off = ended == Edge::OUTSIDE;
        let ns = ended.time().unwrap_or(trace.interval().end) - born;
        let place = (lives.names[at], lives.creation_stacks[at]);
        by_place.entry(place).or_default().push(Duration { ns, cut_off });
    }
    for ((name, stack), durations) in by_place {
        let name = trace.string(name);
        let mut what = name.to_owned();
        for frame in trace.frames(stack).take(MAX_PATH) {
            what.push_str(" ← ");
            what.push_str(trace.string(frame.function));
        }
        let key = Key { kind: GroupKind::Goroutine, what, function: name.to_owned() };
        rows.entry(key).or_default().extend(durations);
    }
}

/// The durations of user tasks that began in the trace.
fn tasks(trace: &Trace, rows: &mut Rows) {
    for task in trace.notes().tasks() {
        let Some(began) = task.began.time() else { continue };
        let ended = task.ended.time();
        let ns = ended.unwrap_or(trace.interval().end) - began;
        let kind = trace.string(task.kind);
        let duration = Duration { ns, cut_off: ended.is_none() };
        put(rows, GroupKind::Task, kind.to_owned(), kind, duration);
    }
}

/// What a stretch that somebody waited is compared by: why and where; nothing for waits in the
/// run queue.
type Place = Option<(StrId, StackId)>;

/// Blocked time by reason and site, unless it was idle, and waits for a processor.
fn waits(document: &Document, rows: &mut Rows) {
    let (trace, book) = (document.trace(), &document.analysis().book);
    let mut by_place: FxHashMap<Place, Vec<Duration>> = FxHashMap::default();
    for (place, durations) in Threads::all().over_chunks(trace, waits_in) {
        by_place.entry(place).or_default().extend(durations);
    }
    for (place, durations) in by_place {
        let (kind, what, function) = match place {
            None => (GroupKind::Scheduling, "run queue".to_owned(), String::new()),
            Some((reason, stack)) => {
                let Some(site) = book.site(trace.stacks(), stack) else { continue };
                let idle = IDLE.contains(&trace.string(reason))
                    || book.any(trace.stacks(), stack, Traits::JOINS)
                    || book.function(site.function).is.has(Traits::RUNTIME);
                if idle {
                    continue;
                }
                let function = trace.string(site.function);
                let what = format!("{} in {function}", trace.string(reason));
                (GroupKind::Blocked, what, function.to_owned())
            }
        };
        rows.entry(Key { kind, what, function }).or_default().extend(durations);
    }
}

/// The waits of a chunk that end in it, by place; of very many, an even selection.
fn waits_in(chunk: &Chunk) -> Vec<(Place, Vec<Duration>)> {
    let mut by_place: FxHashMap<(u16, u32), Vec<i64>> = FxHashMap::default();
    let kinds = chunk.kinds();
    let waits = |row: u16| match kinds[usize::from(row)].state {
        GoState::Waiting => u8::from(kinds[usize::from(row)].words > 0),
        state => u8::from(state == GoState::Runnable),
    };
    let mut runs = Runs::new(chunk);
    each_span(chunk, waits, |at, word, _| {
        runs.at(at);
        if at + 1 >= runs.end() {
            return;
        }
        let row = chunk.kind_rows().get(at).unwrap_or_default();
        let key = match kinds[usize::from(row)].state {
            GoState::Waiting => (row, chunk.columns.stack(word).unwrap_or(u32::MAX)),
            _ => (u16::MAX, 0),
        };
        by_place.entry(key).or_default().push(chunk.start(at + 1) - chunk.start(at));
    });
    let place = |(row, local): (u16, u32)| {
        let kind = chunk.kinds().get(usize::from(row))?;
        Some((kind.reason, chunk.stacks.get(local as usize).copied().unwrap_or_default()))
    };
    by_place
        .into_iter()
        .map(|(key, waits)| {
            let step = waits.len().div_ceil(MAX_KEPT).max(1);
            let kept = waits.into_iter().step_by(step);
            (place(key), kept.map(|ns| Duration { ns, cut_off: false }).collect())
        })
        .collect()
}

/// GC cycles, assists and stop-the-world stretches.
fn world(trace: &Trace, rows: &mut Rows) {
    let world = trace.world();
    let whole = |ns| Duration { ns, cut_off: false };
    for cycle in world.gc() {
        put(rows, GroupKind::Gc, "mark".to_owned(), "", whole(cycle.ns()));
    }
    for assist in world.assists() {
        put(rows, GroupKind::Gc, "assist".to_owned(), "", whole(assist.interval.ns()));
    }
    for stop in world.stop_the_world() {
        let reason = trace.string(stop.reason);
        put(rows, GroupKind::Stw, reason.to_owned(), "", whole(stop.interval.ns()));
    }
}
