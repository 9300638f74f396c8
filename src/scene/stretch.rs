//! What happened in a stretch of time: what was cancelled, who overstayed, and how goroutines
//! spent it.
//!
//! Costs as much as the stretch holds, so that it is called off the UI thread.

use std::cmp::Reverse;
use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use rustc_hash::FxHashMap;

use crate::analysis::{Analysis, Document, Doing, SplitPart};
use crate::base::{
    Cancelled, Goroutine, Interval, Progress, StackId, StrId, Time, WireMap, n_cores, narrow,
};
use crate::model::{Frame, Span, Trace};
use crate::parse::event::GoState;

use super::class::{StateClass, Tally};
use super::index::Source;

/// How many goroutines a thread takes at a time.
const BATCH: u32 = 512;
/// How many kinds of goroutines are told, and how many places where they waited.
const MAX_TOLD: usize = 24;

/// What happened in a stretch of time.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Stretch {
    /// From when to when, on the trace's clock.
    pub interval: Interval,
    /// The cancels that were made in it: rows of [`Analysis::cancels`].
    pub cancels: Range<u32>,
    /// Of those who were meant to leave whoever overstayed at some time in it: rows of
    /// [`Analysis::hearings`], the worst first.
    pub overstays: Vec<u32>,
    /// Who was stuck at some time in it: rows of [`Analysis::all_stuck`], the longest first.
    pub stuck: Vec<u32>,
    /// How many goroutines lived at some time in it.
    pub goroutines: u32,
    /// How many of them were created in it.
    pub started: u32,
    /// How many of them ended in it.
    pub ended: u32,
    /// How all of them spent it.
    pub spent: Spent,
    /// The same by kind: those first that ran for longest, as many as are told.
    pub kinds: Vec<KindSpent>,
    /// How many kinds there are.
    pub n_kinds: usize,
    /// For what they waited, and where, the longest first, as many as are told; places in the
    /// runtime's own code are left out.
    pub waits: Vec<SplitPart>,
}

/// Time by class of state.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Spent(Tally);

impl Spent {
    /// The classes that took any time, the most first, and how long in nanoseconds.
    #[must_use]
    pub fn parts(&self) -> Vec<(StateClass, i64)> {
        let all = StateClass::ALL.into_iter().map(|class| (class, self.of(class)));
        let mut parts: Vec<_> = all.filter(|(_, ns)| *ns > 0).collect();
        parts.sort_by_key(|&(class, ns)| (Reverse(ns), class));
        parts
    }

    /// How long in one class, in nanoseconds.
    #[must_use]
    pub fn of(&self, class: StateClass) -> i64 {
        self.0.of(class)
    }

    /// How long in all, in nanoseconds.
    #[must_use]
    pub fn total(&self) -> i64 {
        StateClass::ALL.into_iter().fold(0, |sum, class| sum.saturating_add(self.of(class)))
    }
}

/// How the goroutines of one kind spent a stretch of time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KindSpent {
    /// The function that they were started for; "" if no stack of theirs was seen.
    pub function: StrId,
    /// How many lived at some time in it.
    pub goroutines: u32,
    /// How they spent it.
    pub spent: Spent,
}

impl Stretch {
    /// Looks at all that the stretch holds.
    ///
    /// # Errors
    /// [`Cancelled`] if `progress` is cancelled meanwhile.
    pub fn of(
        source: Source<'_>,
        interval: Interval,
        progress: &Progress,
    ) -> Result<Self, Cancelled> {
        let (document, analysis) = (source.document, source.document.analysis());
        let sum = add_up(source, interval, progress)?;
        let mut kinds: Vec<KindSpent> = sum.kinds.into_values().collect();
        let text = |kind: &KindSpent| document.trace().string(kind.function).to_owned();
        kinds.sort_by_cached_key(|kind| {
            (Reverse((kind.spent.of(StateClass::Running), kind.spent.total())), text(kind))
        });
        let mut spent = Tally::default();
        for kind in &kinds {
            spent.merge(&kind.spent.0);
        }
        let n_kinds = kinds.len();
        kinds.truncate(MAX_TOLD);
        Ok(Self {
            interval,
            cancels: cancels(analysis, interval),
            overstays: overstays(document, interval),
            stuck: stuck(analysis, interval),
            goroutines: sum.goroutines,
            started: sum.started,
            ended: sum.ended,
            spent: Spent(spent),
            kinds,
            n_kinds,
            waits: waits(document, &sum.waits),
        })
    }
}

/// Whether something that lasts has a part in a stretch; something at once, whether it lies in it.
#[must_use]
pub fn reaches(of: Interval, stretch: Interval) -> bool {
    of.start < stretch.end && (of.end > stretch.start || of.start >= stretch.start)
}

fn cancels(analysis: &Analysis, interval: Interval) -> Range<u32> {
    let first_from = |at: Time| narrow(analysis.cancels().partition_point(|cancel| cancel.at < at));
    first_from(interval.start)..first_from(interval.end)
}

fn overstays(document: &Document, interval: Interval) -> Vec<u32> {
    let analysis = document.analysis();
    let is_in = |row: &u32| {
        let hearing = analysis.hearings().get(*row as usize);
        hearing.is_some_and(|hearing| reaches(document.window(hearing), interval))
    };
    analysis.worst_first.iter().copied().filter(is_in).collect()
}

fn stuck(analysis: &Analysis, interval: Interval) -> Vec<u32> {
    let is_in = |row: &u32| {
        let stuck = analysis.all_stuck().get(*row as usize);
        stuck.is_some_and(|stuck| reaches(stuck.interval, interval))
    };
    analysis.stuck_rows_over(i64::MIN).iter().copied().filter(is_in).collect()
}

/// What was waited for: in which state, why, and with which stack.
type Wait = (GoState, StrId, StackId);

/// What some goroutines come to.
#[derive(Debug, Default)]
struct Sum {
    goroutines: u32,
    started: u32,
    ended: u32,
    kinds: FxHashMap<StrId, KindSpent>,
    waits: FxHashMap<Wait, i64>,
}

impl Sum {
    fn merge(&mut self, other: Self) {
        self.goroutines += other.goroutines;
        self.started += other.started;
        self.ended += other.ended;
        for (function, theirs) in other.kinds {
            self.kind(function).merge(&theirs);
        }
        for (wait, ns) in other.waits {
            *self.waits.entry(wait).or_default() += ns;
        }
    }

    fn kind(&mut self, function: StrId) -> &mut KindSpent {
        let spent = Spent::default();
        self.kinds.entry(function).or_insert(KindSpent { function, goroutines: 0, spent })
    }

    /// Adds what a goroutine did, if it lived then.
    fn add(&mut self, source: Source<'_>, goroutine: Goroutine, interval: Interval) {
        let trace = source.document.trace();
        if !reaches(trace.lifetime(goroutine), interval) {
            return;
        }
        let life = trace.life(goroutine);
        let is_in = |at: Option<Time>| u32::from(at.is_some_and(|at| interval.contains(at)));
        self.goroutines += 1;
        self.started += is_in(life.born.time());
        self.ended += is_in(life.ended.time());
        let mut tally = Tally::default();
        let spans = trace.spans_from(goroutine, interval.start);
        for span in spans.take_while(|span| span.start < interval.end) {
            let shared = span.interval().intersect(interval);
            let Some(shared) = shared else { continue };
            tally.add(class_of(source, &span, span.start == life.first), shared.ns());
            if matches!(span.state, GoState::Waiting | GoState::Syscall) {
                let wait = (span.state, span.reason, span.stack);
                *self.waits.entry(wait).or_default() += shared.ns();
            }
        }
        let function = source.document.kind(goroutine);
        let kind = self.kind(function);
        kind.goroutines += 1;
        kind.spent.0.merge(&tally);
    }
}

impl KindSpent {
    fn merge(&mut self, other: &Self) {
        self.goroutines += other.goroutines;
        self.spent.0.merge(&other.spent.0);
    }
}

/// The class of a span, as the lanes have it.
fn class_of(source: Source<'_>, span: &Span, is_first: bool) -> StateClass {
    let classes = &source.index.classes;
    if is_first && span.reason == StrId::EMPTY {
        classes.of_first(span.state, span.stack)
    } else {
        classes.of(span.state, span.reason)
    }
}

/// Adds up all goroutines, on all cores.
fn add_up(source: Source<'_>, interval: Interval, progress: &Progress) -> Result<Sum, Cancelled> {
    let n = source.document.trace().n_goroutines();
    let next = AtomicU32::new(0);
    let work = || {
        let mut sum = Sum::default();
        loop {
            progress.check()?;
            let from = next.fetch_add(BATCH, Ordering::Relaxed).min(n);
            if from >= n {
                return Ok(sum);
            }
            for goroutine in from..n.min(from.saturating_add(BATCH)) {
                sum.add(source, Goroutine(goroutine), interval);
            }
        }
    };
    // A thread costs more than to look at a few goroutines.
    let n_threads = n_cores().min((n / (4 * BATCH)) as usize + 1);
    thread::scope(|scope| {
        let threads: Vec<_> = (1..n_threads).map(|_| scope.spawn(work)).collect();
        let mut sum: Sum = work()?;
        for thread in threads {
            let part = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            sum.merge(part?);
        }
        Ok(sum)
    })
}

/// Whether a place is in the runtime's own code.
fn is_runtime(document: &Document, site: Frame) -> bool {
    let function = document.trace().string(site.function);
    function.starts_with("runtime.") || function.starts_with("runtime/")
}

/// What was waited for longest, each with its place in the code.
fn waits(document: &Document, waits: &FxHashMap<Wait, i64>) -> Vec<SplitPart> {
    let mut places: WireMap<(GoState, StrId, Frame), SplitPart> = WireMap::default();
    for (&(state, reason, stack), &ns) in waits {
        // The runtime's own goroutines mostly wait, whatever the program does.
        let Some(site) = document.site(stack).filter(|it| !is_runtime(document, *it)) else {
            continue;
        };
        let doing = if state == GoState::Syscall { Doing::Syscall } else { Doing::Waiting };
        let none = SplitPart { state: doing, reason, site: Some(site), stack, ns: 0 };
        let place = places.entry((state, reason, site)).or_insert(none);
        place.ns = place.ns.saturating_add(ns);
        // Whichever comes first: the same each time.
        place.stack = place.stack.min(stack);
    }
    let mut parts: Vec<SplitPart> = places.into_values().collect();
    let trace: &Trace = document.trace();
    let place = |part: &SplitPart| part.site.map(|it| (trace.string(it.function), it.line));
    parts.sort_by_key(|part| (Reverse(part.ns), place(part), part.reason));
    parts.truncate(MAX_TOLD);
    parts
}
