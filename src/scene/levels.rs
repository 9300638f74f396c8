//! One pass over all spans, on all cores: pyramids of long lanes, densities, running time.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use rustc_hash::FxHashMap;

use crate::analysis::Document;
use crate::base::{Cancelled, Goroutine, Progress, StrId, Time};
use crate::model::Trace;

use super::class::{Classes, StateClass};
use super::density::{self, layer};
use super::index::Index;
use super::pyramid::{self, Pyramid, on_grid};

/// How many goroutines a thread takes at a time.
const BATCH: u32 = 512;

/// Calls `each` with every span of a goroutine, without reading stacks or wakers.
pub(super) fn each_span(
    trace: &Trace,
    classes: &Classes,
    goroutine: Goroutine,
    mut each: impl FnMut(Time, Time, StateClass),
) {
    let end = trace.lifetime(goroutine).end;
    let life = trace.life(goroutine);
    let (mut begin, mut class) = (life.first, classes.of_first(&life));
    for run in trace.runs(goroutine) {
        let chunk = run.chunk();
        for at in run.range() {
            let start = chunk.start(at);
            each(begin, start, class);
            (begin, class) = (start, classes.of_kind(chunk.kind_of(at)));
        }
    }
    each(begin, end, class);
}

/// The number of the first span of each of a lane's pieces (see [`super::piece`]).
fn pieces(trace: &Trace, goroutine: Goroutine) -> Vec<u32> {
    let mut pieces = vec![0];
    let mut n_spans = 1;
    for run in trace.runs(goroutine) {
        pieces.push(u32::try_from(n_spans).unwrap_or(u32::MAX));
        n_spans += run.range().len();
    }
    pieces
}

/// Fills in what [`Index::quick`] leaves empty.
pub(super) fn build(
    index: &mut Index,
    document: &Document,
    progress: &Progress,
) -> Result<(), Cancelled> {
    let trace = document.trace();
    let plan = Plan::new(document, &index.classes);
    let next = AtomicU32::new(0);
    let n_threads = thread::available_parallelism().map_or(1, std::num::NonZero::get);
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
    index.running_ns = vec![0; trace.n_goroutines() as usize];
    for part in parts {
        all.merge(&part.all);
        by_function.iter_mut().zip(&part.by_function).for_each(|(sum, part)| sum.merge(part));
        index.pyramids.extend(part.pyramids);
        for (goroutine, ns) in part.running_ns {
            index.running_ns[goroutine.index()] = ns;
        }
    }
    index.density = all.finish();
    let densities = by_function.into_iter().map(density::Builder::finish);
    index.densities = plan.functions.iter().map(|&(name, _)| name).zip(densities).collect();
    Ok(())
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
}

impl<'a> Plan<'a> {
    fn new(document: &'a Document, classes: &'a Classes) -> Self {
        let trace = document.trace();
        let mut plan = Self {
            document,
            trace,
            classes,
            zero: trace.interval().start,
            length_ns: trace.interval().ns(),
            n_spans: 0,
            functions: Vec::new(),
            function_rows: FxHashMap::default(),
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
        each_span(trace, plan.classes, goroutine, |start, end, class| {
            let (start, end) = (ns(start), ns(end));
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
