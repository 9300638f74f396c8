//! The durations of one trace, by what identifies them in another.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::{Goroutine, Interval, StackId, StrId, Time};
use crate::model::{Chunk, Edge, RunAt, Trace};
use crate::parse::event::GoState;

use super::super::Document;
use super::super::cancels::readers::readers;
use super::super::cancels::scan::{Runs, each_span};
use super::super::code::book::{Book, Traits};
use super::super::code::names::Origin;
use super::super::code::reasons;
use super::super::heard::serving::{Run, are_nearly_all, runs};
use super::super::lives;
use super::super::stats::{Duration, Sample};
use super::super::threads::Threads;
use super::super::whole::accused::Accused;
use super::super::words::GroupKind;
use super::cut_short::CutShort;
use super::kept::Kept;
use super::occasions::{Timed, sample};
use super::{ALL_CANCELS, Key};

/// How many functions of the creation path enter a goroutine's key.
const MAX_PATH: usize = 8;
/// What stands in a key between a function and who called it.
pub(crate) const BY: &str = " ← ";

/// Why one is in the run queue who has called `runtime.Gosched`.
const YIELDS: &str = "runtime.Gosched";

/// The durations of one row.
#[derive(Default)]
pub(super) struct Row {
    /// Them, or of very many a selection.
    pub(super) sample: Sample,
    /// How many of them are overstays that are late by the rules, and could have been helped.
    pub(super) late: u32,
    /// In which rows the lifetimes of those are.
    pub(super) late_lives: Vec<Key>,
}

/// What the lifetimes of one row have in common: what was started, and where.
pub(super) type Start = (StrId, StackId);

/// Those of a row who are late, and could have helped it.
#[derive(Default)]
struct Late {
    n: u32,
    starts: FxHashSet<Start>,
}

/// The durations by key.
#[derive(Default)]
struct Rows {
    durations: FxHashMap<Key, Vec<Timed>>,
    /// Of very many, which ones stand for all.
    kept: FxHashMap<Key, Kept>,
    late: FxHashMap<Key, Late>,
}

impl Rows {
    fn put(&mut self, kind: GroupKind, what: String, function: &str, timed: Timed) {
        let key = Key { kind, what, function: function.to_owned() };
        self.durations.entry(key).or_default().push(timed);
    }
}

/// All durations of a trace that can be compared; what the GC took, by slices of time.
///
/// Handlers are told from middleware by what is `known` of both traces.
pub(super) fn rows(
    document: &Document,
    known: &FxHashSet<&str>,
    slice_ns: Option<i64>,
) -> Vec<(Key, Row)> {
    let mut rows = Rows::default();
    overstays(document, known, &mut rows);
    lifetimes(document, &mut rows);
    tasks(document.trace(), &mut rows);
    handlers(document, known, &mut rows);
    waits(document, &mut rows);
    world(document.trace(), slice_ns, &mut rows);
    let Rows { durations, kept, mut late } = rows;
    let whole = durations.into_iter().map(|(key, durations)| {
        let Late { n, starts } = late.remove(&key).unwrap_or_default();
        let late_lives = starts.into_iter().map(|start| life_key(document.trace(), start));
        let late_lives = late_lives.collect();
        (key, Row { sample: sample(durations), late: n, late_lives })
    });
    let some =
        kept.into_iter().map(|(key, kept)| (key, Row { sample: kept.sample(), ..Row::default() }));
    whole.chain(some).collect()
}

/// The overstays of all who were told to stop, and of the deaf.
fn overstays(document: &Document, known: &FxHashSet<&str>, rows: &mut Rows) {
    let (trace, analysis) = (document.trace(), document.analysis());
    let accused = Accused::new(document);
    for hearing in analysis.hearings().iter().filter(|hearing| hearing.was_to_leave()) {
        let cancel = analysis.cancel_of(hearing);
        let start = analysis.book.kind(trace, hearing.goroutine);
        let acting = analysis.book.acting_by(trace, (start, hearing.stack), known);
        let function = trace.string(acting);
        let by = document.comparable_site(cancel);
        let by = by.map_or_else(String::new, |by| format!(" by {}", trace.string(by)));
        let told = cancel.at;
        let left = told + hearing.overstay_ns;
        let is_alive = hearing.end == Edge::OUTSIDE;
        let overstay = if is_alive { Timed::alive(told, left) } else { Timed::whole(told, left) };
        let site = format!("{function} → {}{by}", cancel.cause);
        for (what, function) in [(site, function), (ALL_CANCELS.to_owned(), "")] {
            let key = Key { kind: GroupKind::CancelSite, what, function: function.to_owned() };
            if accused.is_late(hearing) {
                let late = rows.late.entry(key.clone()).or_default();
                late.n += 1;
                late.starts
                    .insert((start, trace.goroutines.creation_stacks[hearing.goroutine.index()]));
            }
            rows.durations.entry(key).or_default().push(overstay);
        }
    }
}

/// The lifetimes of goroutines that were born in the trace, by what was started and where.
fn lifetimes(document: &Document, rows: &mut Rows) {
    for (start, lives) in lives(document) {
        rows.durations.entry(life_key(document.trace(), start)).or_default().extend(lives);
    }
}

/// The lifetimes of goroutines that were born in the trace, but for those of the standard library:
/// how long a connection is kept is not the program's doing.
pub(super) fn lives(document: &Document) -> FxHashMap<Start, Vec<Timed>> {
    let (trace, book) = (document.trace(), &document.analysis().book);
    let lives = &trace.goroutines;
    let cut_short = CutShort::new(document);
    let mut by_start: FxHashMap<Start, Vec<Timed>> = FxHashMap::default();
    for goroutine in trace.goroutines() {
        let at = goroutine.index();
        let Some(born) = lives.born[at].time() else { continue };
        // What a group started is of the kind that it was started for.
        let name = book.kind(trace, goroutine);
        if book.function(name).origin == Origin::Std {
            continue;
        }
        let life = match lives.ended[at].time() {
            Some(end) if cut_short.ended(goroutine, end) => Timed::whole(born, end).cut_off(),
            Some(end) => Timed::whole(born, end),
            None => Timed::alive(born, trace.interval().end),
        };
        by_start.entry((name, lives.creation_stacks[at])).or_default().push(life);
    }
    by_start
}

/// The row of the lifetimes of what was started somewhere.
pub(super) fn life_key(trace: &Trace, (name, stack): Start) -> Key {
    let name = trace.string(name);
    let mut what = name.to_owned();
    for frame in trace.frames(stack).take(MAX_PATH) {
        what.push_str(BY);
        what.push_str(trace.string(frame.function));
    }
    Key { kind: GroupKind::Goroutine, what, function: name.to_owned() }
}

/// The durations of user tasks that began in the trace.
fn tasks(trace: &Trace, rows: &mut Rows) {
    for task in trace.notes().tasks() {
        let Some(began) = task.began.time() else { continue };
        let kind = trace.string(task.kind);
        let duration = match task.ended.time() {
            Some(end) => Timed::whole(began, end),
            None => Timed::alive(began, trace.interval().end),
        };
        rows.put(GroupKind::Task, kind.to_owned(), kind, duration);
    }
}

/// The durations of HTTP handlers that were called in the trace, by the function of their route.
///
/// One that stops nowhere is not seen to run. Where those that are seen are not nearly all, the others
/// would be compared with those that happened to wait.
fn handlers(document: &Document, known: &FxHashSet<&str>, rows: &mut Rows) {
    let (trace, book) = (document.trace(), &document.analysis().book);
    let runs: Vec<Run> = runs(trace, book).collect();
    if !are_nearly_all(runs.len(), readers(trace, book).count()) {
        return;
    }
    for Run { began, until, stack, .. } in runs {
        let route = trace.stacks().top(book.route_by(trace, stack, known));
        let (Some(began), Some(frame)) = (began, route) else { continue };
        let duration = match until {
            Some(until) => Timed::whole(began, until),
            None => Timed::alive(began, trace.interval().end),
        };
        let name = trace.string(frame.function);
        rows.put(GroupKind::Task, format!("handler {name}"), name, duration);
    }
}

/// What a stretch that somebody waited is compared by: why and where; nothing for waits in the
/// run queue.
type Place = Option<(StrId, StackId)>;

/// Blocked time by reason and site, unless it was idle, and waits for a processor.
fn waits(document: &Document, rows: &mut Rows) {
    let (trace, book) = (document.trace(), &document.analysis().book);
    let mut by_place: FxHashMap<Place, Kept> = FxHashMap::default();
    let of_chunks = Threads::all()
        .of_chunks(trace, |(): &mut (), number, chunk| waits_in(trace, book, number, chunk));
    for (place, kept) in of_chunks.into_iter().flatten() {
        by_place.entry(place).or_default().join(kept);
    }
    let first = first_waits(trace, book);
    if !first.is_empty() {
        by_place.entry(None).or_default().join(first);
    }
    for (place, kept) in by_place {
        let (kind, what, function) = match place {
            None => (GroupKind::Scheduling, "run queue".to_owned(), String::new()),
            Some((reason, stack)) => {
                let Some(site) = book.site(trace.stacks(), stack) else { continue };
                let idle = reasons::is_idle(trace.string(reason))
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
        rows.kept.entry(Key { kind, what, function }).or_default().join(kept);
    }
}

/// The waits that begin in a chunk and end in the trace, by place.
fn waits_in(trace: &Trace, book: &Book, number: usize, chunk: &Chunk) -> Vec<(Place, Kept)> {
    let mut by_place: FxHashMap<(u16, u32), Kept> = FxHashMap::default();
    let kinds = chunk.kinds();
    let waits = |row: u16| {
        let kind = &kinds[usize::from(row)];
        u8::from(match kind.state {
            GoState::Waiting => kind.words > 0,
            // Who offers its processor to others gets in nobody's way by waiting.
            GoState::Runnable => trace.string(kind.reason) != YIELDS,
            _ => false,
        })
    };
    let mut runs = Runs::new(chunk);
    each_span(chunk, waits, |wait| {
        let at = wait.at();
        let (goroutine, _) = runs.at(at);
        let next = at + 1;
        let end = if next < runs.end() {
            Some(chunk.start(next))
        } else {
            next_start(trace, goroutine, number)
        };
        let Some(end) = end else { return };
        let row = chunk.kind_rows().get(at).unwrap_or_default();
        let key = match kinds[usize::from(row)].state {
            GoState::Waiting => (row, chunk.columns.stack(wait.word()).unwrap_or(u32::MAX)),
            _ if is_runtimes(trace, book, goroutine) => return,
            _ => (u16::MAX, 0),
        };
        by_place.entry(key).or_default().push(goroutine, chunk.start(at), end);
    });
    let place = |(row, local): (u16, u32)| {
        let kind = chunk.kinds().get(usize::from(row))?;
        Some((kind.reason, chunk.stacks.get(local as usize).copied().unwrap_or_default()))
    };
    by_place.into_iter().map(|(key, kept)| (place(key), kept)).collect()
}

/// The waits for a processor from a goroutine's birth on, which no chunk has.
fn first_waits(trace: &Trace, book: &Book) -> Kept {
    let lives = &trace.goroutines;
    let mut waits = Kept::default();
    for goroutine in trace.goroutines() {
        let at = goroutine.index();
        if let Some(born) = lives.born[at].time()
            && lives.first_state[at] == GoState::Runnable
            && !is_runtimes(trace, book, goroutine)
            && let Some(end) = lives.runs(goroutine).first().and_then(|run| start_of(trace, *run))
        {
            waits.push(goroutine, born, end);
        }
    }
    waits
}

/// Whether a goroutine is one of the runtime's own, which has time.
fn is_runtimes(trace: &Trace, book: &Book, goroutine: Goroutine) -> bool {
    book.function(lives::name(trace, goroutine)).is.has(Traits::RUNTIME)
}

/// When a goroutine's first span after a chunk begins; none if there is none.
fn next_start(trace: &Trace, goroutine: Goroutine, chunk: usize) -> Option<Time> {
    let runs = trace.goroutines.runs(goroutine);
    let next = runs.get(runs.partition_point(|run| run.chunk as usize <= chunk))?;
    start_of(trace, *next)
}

fn start_of(trace: &Trace, run: RunAt) -> Option<Time> {
    let chunk = trace.chunks().get(run.chunk as usize)?;
    Some(chunk.start(chunk.run(run.member).start))
}

/// What of each slice of time the GC marked, goroutines helped it, and the world was stopped: how
/// long each cycle takes says nothing of how many there are. And stop-the-world stretches by reason.
fn world(trace: &Trace, slice_ns: Option<i64>, rows: &mut Rows) {
    let world = trace.world();
    for stop in world.stop_the_world() {
        let reason = trace.string(stop.reason);
        rows.put(
            GroupKind::Stw,
            reason.to_owned(),
            "",
            Timed::whole(stop.interval.start, stop.interval.end),
        );
    }
    let Some(slice_ns) = slice_ns else { return };
    let marks: Vec<Interval> = world.gc().to_vec();
    let assists: Vec<Interval> = world.assists().iter().map(|assist| assist.interval).collect();
    for (what, intervals) in [("mark", marks), ("assist", assists)] {
        let what = format!("{what} in each {}", trace.clock().text(slice_ns));
        let mut slice = Interval::new(trace.interval().start, trace.interval().start + slice_ns);
        for ns in in_slices(trace.interval(), slice_ns, &intervals) {
            let duration = Duration { ns, cut_off: false };
            rows.put(
                GroupKind::Gc,
                what.clone(),
                "",
                Timed { when: slice, duration, is_alive: false },
            );
            slice = Interval::new(slice.end, slice.end + slice_ns);
        }
    }
}

/// How much of each whole slice of time some intervals take, which may overlap.
fn in_slices(all: Interval, slice_ns: i64, intervals: &[Interval]) -> Vec<i64> {
    let n = usize::try_from(all.ns() / slice_ns).unwrap_or(0);
    let mut slices = vec![0_i64; n];
    let slice_of = |at: Time| usize::try_from((at - all.start) / slice_ns).unwrap_or(0);
    for interval in intervals {
        let last = slice_of(interval.end).min(n.saturating_sub(1));
        for at in slice_of(interval.start)..=last {
            let start = all.start + i64::try_from(at).unwrap_or(0) * slice_ns;
            let slice = Interval::new(start, start + slice_ns);
            let Some(sum) = slices.get_mut(at) else { break };
            *sum = sum.saturating_add(interval.intersect(slice).map_or(0, Interval::ns));
        }
    }
    slices
}
