//! One pass over all spans, on all cores: pyramids of long lanes, densities, running time.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use rustc_hash::FxHashMap;

use crate::analysis::Document;
use crate::base::{Cancelled, Goroutine, Progress, StrId, Time, n_cores, narrow};
use crate::model::{Chunk, Trace, View};

use super::class::{Classes, StateClass};
use super::density::{self, Density, layer};
use super::pyramid::{self, Pyramid, on_grid};

/// How many goroutines a thread takes at a time.
const BATCH: u32 = 512;

/// The number of the first span of each of a lane's pieces (see [`super::piece`]).
fn pieces(trace: &Trace, goroutine: Goroutine) -> Vec<u32> {
    let mut pieces = vec![0];
    let mut n_spans = 1;
    for run in trace.runs(goroutine) {
        pieces.push(narrow(n_spans));
        n_spans += run.range().len();
    }
    pieces
}

/// What [`Index::quick`](super::Index::quick) leaves empty.
#[derive(Debug, Default)]
pub(super) struct Levels {
    /// Pyramids of the long lanes, by goroutine.
    pub(super) pyramids: FxHashMap<Goroutine, Pyramid>,
    /// Time on a processor by goroutine, in nanoseconds.
    pub(super) running_ns: Vec<i64>,
    /// By kind of goroutine.
    pub(super) densities: FxHashMap<StrId, Density>,
    /// All goroutines.
    pub(super) density: Density,
}

/// Builds all levels.
pub(super) fn build(
    document: &Document,
    classes: &Classes,
    progress: &Progress,
) -> Result<Levels, Cancelled> {
    let trace = document.trace();
    let plan = Plan::new(document, classes);
    let next = AtomicU32::new(0);
    let n_threads = n_cores();
    let parts = thread::scope(|scope| {
        let work = || {
            let mut part = Part::new(&plan);
            while part.take_batch(&plan, &next, progress)? {}
            Ok(part)
        };
        let threads: Vec<_> = (1..n_threads).map(|_| scope.spawn(work)).collect();
        let mut parts = vec![work()];
        for thread in threads {
            parts.push(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        parts.into_iter().collect::<Result<Vec<_>, Cancelled>>()
    })?;
    let mut all = density::Builder::new(plan.length_ns, plan.n_spans, 1);
    let mut by_function = plan.builders();
    let mut running_ns = vec![0; trace.n_goroutines() as usize];
    let mut pyramids = FxHashMap::default();
    for part in parts {
        all.merge(&part.all);
        by_function.iter_mut().zip(&part.by_function).for_each(|(sum, part)| sum.merge(part));
        pyramids.extend(part.pyramids);
        for (goroutine, ns) in part.running_ns {
            running_ns[goroutine.index()] = ns;
        }
    }
    let densities = by_function.into_iter().map(density::Builder::finish);
    let densities = plan.functions.iter().map(|&(name, _)| name).zip(densities).collect();
    Ok(Levels { pyramids, running_ns, densities, density: all.finish() })
}

/// What every thread needs to know.
struct Plan<'a> {
    document: &'a Document,
    trace: &'a Trace,
    classes: &'a Classes,
    zero: Time,
    length_ns: i64,
    n_spans: usize,
    /// The kinds of goroutines, each with the number of its spans.
    functions: Vec<(StrId, usize)>,
    function_rows: FxHashMap<StrId, usize>,
    /// The class of each kind of span, by chunk.
    classes_of_kinds: Vec<Vec<StateClass>>,
}

impl<'a> Plan<'a> {
    fn new(document: &'a Document, classes: &'a Classes) -> Self {
        let trace = document.trace();
        let classes_of =
            |chunk: &Chunk| chunk.kinds().iter().map(|kind| classes.of_kind(kind)).collect();
        let mut plan = Self {
            document,
            trace,
            classes,
            zero: trace.interval().start,
            length_ns: trace.interval().ns(),
            n_spans: 0,
            functions: Vec::new(),
            function_rows: FxHashMap::default(),
            classes_of_kinds: trace.chunks().iter().map(classes_of).collect(),
        };
        for goroutine in trace.goroutines() {
            let name = document.kind(goroutine);
            let row = *plan.function_rows.entry(name).or_insert_with(|| {
                plan.functions.push((name, 0));
                plan.functions.len() - 1
            });
            let n = trace.n_spans(goroutine);
            plan.functions[row].1 += n;
            plan.n_spans += n;
        }
        plan
    }

    fn builders(&self) -> Vec<density::Builder> {
        let n_groups = self.functions.len();
        let builder = |&(_, n): &(StrId, usize)| density::Builder::new(self.length_ns, n, n_groups);
        self.functions.iter().map(builder).collect()
    }
}

impl Plan<'_> {
    /// Calls `each` with every span of a goroutine, its times in nanoseconds from the trace's
    /// start, without reading stacks or wakers.
    fn each_span(&self, goroutine: Goroutine, mut each: impl FnMut(i64, i64, StateClass)) {
        let lives = &self.trace.goroutines;
        let (state, stack) =
            (lives.first_state[goroutine.index()], lives.first_stack[goroutine.index()]);
        let life = self.trace.lifetime(goroutine);
        let mut class = self.classes.of_first(state, stack);
        let mut begin = on_grid(self.zero, life.start);
        for at in lives.runs(goroutine) {
            let Some(run) = self.trace.run(*at) else { continue };
            let classes = &self.classes_of_kinds[at.chunk as usize];
            let (view, base) = (View::new(run.chunk()), on_grid(self.zero, run.chunk().base));
            for at in run.range() {
                let start = base.saturating_add(view.ns(at));
                each(begin, start, class);
                (begin, class) = (start, classes[view.kind_row(at)]);
            }
        }
        each(begin, on_grid(self.zero, life.end), class);
    }
}

/// What one thread has made.
struct Part {
    all: density::Builder,
    by_function: Vec<density::Builder>,
    pyramids: Vec<(Goroutine, Pyramid)>,
    running_ns: Vec<(Goroutine, i64)>,
}

impl Part {
    fn new(plan: &Plan<'_>) -> Self {
        Self {
            all: density::Builder::new(plan.length_ns, plan.n_spans, 1),
            by_function: plan.builders(),
            pyramids: Vec::new(),
            running_ns: Vec::new(),
        }
    }

    /// Takes the next goroutines, if there are any left.
    fn take_batch(
        &mut self,
        plan: &Plan<'_>,
        next: &AtomicU32,
        progress: &Progress,
    ) -> Result<bool, Cancelled> {
        progress.check()?;
        let first = next.fetch_add(BATCH, Ordering::Relaxed);
        let total = plan.trace.n_goroutines();
        for row in first..total.min(first.saturating_add(BATCH)) {
            self.take(plan, Goroutine(row));
        }
        Ok(first < total)
    }

    fn take(&mut self, plan: &Plan<'_>, goroutine: Goroutine) {
        let trace = plan.trace;
        let row = plan.function_rows.get(&plan.document.kind(goroutine)).copied().unwrap_or(0);
        let life = trace.lifetime(goroutine);
        let n = trace.n_spans(goroutine);
        let ns = |time| on_grid(plan.zero, time);
        let mut pyramid =
            (n >= pyramid::MIN_SPANS).then(|| Pyramid::builder(ns(life.start), ns(life.end), n));
        let mut running = 0;
        plan.each_span(goroutine, |start, end, class| {
            let layer = layer(class);
            self.all.add(start, end, layer);
            if let Some(function) = self.by_function.get_mut(row) {
                function.add(start, end, layer);
            }
            if class == StateClass::Running {
                running += (end - start).max(0);
            }
            if let Some(pyramid) = &mut pyramid {
                pyramid.add(start, end, class);
            }
        });
        if running > 0 {
            self.running_ns.push((goroutine, running));
        }
        if let Some(pyramid) = pyramid {
            self.pyramids.push((goroutine, pyramid.finish(pieces(trace, goroutine))));
        }
    }
}
