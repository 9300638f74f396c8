//! The validator's part for what is not a goroutine's span: Ps, ranges, numbers, tasks, regions.

use std::collections::HashMap;

use overstay::base::{Goroutine, Interval, Time};
use overstay::model::Region;

use super::validator::Check;

/// Checks all of it.
pub(crate) fn check(check: &mut Check<'_>) {
    procs(check);
    ranges(check);
    points(check);
    notes(check);
    regions(check);
}

fn interval(check: &mut Check<'_>, interval: Interval, of: &str) {
    check.moment(interval.start, of);
    check.moment(interval.end, of);
    check.that(interval.start <= interval.end, || {
        format!("{of} ends before it begins: {interval:?}")
    });
}

fn ascending(check: &mut Check<'_>, times: impl Iterator<Item = Time>, of: &str) {
    let mut before = Time::MIN;
    for at in times {
        check.moment(at, of);
        check.that(before <= at, || format!("{of}: {at:?} after {before:?}"));
        before = at;
    }
}

/// A P is held by one thread at a time.
fn procs(check: &mut Check<'_>) {
    let world = check.trace.world();
    let ascending = world.procs().is_sorted_by(|(a, _), (b, _)| a < b);
    check.that(ascending, || "the Ps are not in order".to_owned());
    for (proc, spans) in world.procs() {
        let of = format!("P {proc}");
        for span in spans {
            interval(check, span.interval, &of);
        }
        for pair in spans.windows(2) {
            let [a, b] = pair else { continue };
            check.that(a.interval.end <= b.interval.start, || {
                format!("{of} is held twice: {a:?}, {b:?}")
            });
        }
    }
}

fn ranges(check: &mut Check<'_>) {
    let trace = check.trace;
    let world = trace.world();
    for gc in world.gc() {
        interval(check, *gc, "a GC cycle");
    }
    for pair in world.gc().windows(2) {
        let [a, b] = pair else { continue };
        check.that(a.end <= b.start, || format!("two GC cycles at once: {a:?}, {b:?}"));
    }
    for stop in world.stop_the_world() {
        interval(check, stop.interval, "a stop of the world");
        check.string(stop.reason, "a stop of the world");
        check.stack(stop.stack, "a stop of the world");
        if let Some(by) = stop.by {
            check.that(by.0 < trace.n_goroutines(), || format!("the world is stopped by {by:?}"));
        }
    }
    for assist in world.assists() {
        interval(check, assist.interval, "a mark assist");
        // Its end may not be told if the goroutine's is.
        let life = trace.lifetime(assist.of);
        let meets = assist.interval.start <= life.end && life.start <= assist.interval.end;
        check.that(meets, || format!("{assist:?} of a goroutine that lives in {life:?}"));
    }
    for sweep in world.sweeps() {
        interval(check, sweep.interval, "a sweep");
    }
    ascending(
        check,
        world.stop_the_world().iter().map(|stop| stop.interval.end),
        "stops of the world",
    );
    ascending(check, world.assists().iter().map(|assist| assist.interval.end), "mark assists");
    ascending(check, world.sweeps().iter().map(|sweep| sweep.interval.end), "sweeps");
}

fn points(check: &mut Check<'_>) {
    let trace = check.trace;
    let world = trace.world();
    for points in [world.gomaxprocs(), world.heap(), world.heap_goal()] {
        ascending(check, points.iter().map(|point| point.at), "a metric");
    }
    ascending(check, world.samples().iter().map(|sample| sample.at), "CPU samples");
    for sample in world.samples() {
        check.stack(sample.stack, "a CPU sample");
        if let Some(of) = sample.goroutine {
            check.that(of.0 < trace.n_goroutines(), || format!("a CPU sample of {of:?}"));
        }
    }
    for &(of, label) in world.labels() {
        check.string(label, "a label");
        check.that(of.0 < trace.n_goroutines(), || format!("a label of {of:?}"));
    }
}

fn notes(check: &mut Check<'_>) {
    let trace = check.trace;
    for task in trace.notes().tasks() {
        let of = format!("task {}", task.id);
        check.string(task.kind, &of);
        check.stack(task.stack, &of);
        for at in [task.began.time(), task.ended.time()].into_iter().flatten() {
            check.moment(at, &of);
        }
        if let (Some(began), Some(ended)) = (task.began.time(), task.ended.time()) {
            check.that(began < ended, || format!("{of} lasts from {began:?} to {ended:?}"));
        }
        if let (Some(by), Some(began)) = (task.goroutine, task.began.time()) {
            check.lives_at(by, began, &of);
        }
    }
    ascending(check, trace.notes().logs().iter().map(|log| log.at), "logs");
    for log in trace.notes().logs() {
        check.string(log.category, "a log's category");
        check.string(log.message, "a log's message");
        check.stack(log.stack, "a log");
        if let Some(by) = log.goroutine {
            check.lives_at(by, log.at, "who logs");
        }
    }
}

/// A goroutine's regions lie in each other or apart, and each knows how deep it lies.
fn regions(check: &mut Check<'_>) {
    let trace = check.trace;
    let whole = trace.interval();
    let mut by_goroutine: HashMap<Goroutine, Vec<&Region>> = HashMap::new();
    for region in trace.notes().regions() {
        check.string(region.kind, "a region");
        interval(check, region.interval(whole), "a region");
        by_goroutine.entry(region.goroutine).or_default().push(region);
    }
    for (goroutine, mut regions) in by_goroutine {
        let life = trace.lifetime(goroutine);
        // Those that began before the trace go first, the outer ones of equals before the inner.
        regions.sort_by_key(|region| {
            (region.began.time(), std::cmp::Reverse(region.interval(whole).end))
        });
        let mut open: Vec<&Region> = Vec::new();
        for region in regions {
            let (start, end) = (region.interval(whole).start, region.interval(whole).end);
            if let Some(began) = region.began.time() {
                check.lives_at(goroutine, began, "whose region begins");
                check.that(end <= life.end || region.ended.time().is_none(), || {
                    format!("{goroutine:?} ends in {life:?}, before its region {region:?}")
                });
            }
            while open.last().is_some_and(|outer| outer.interval(whole).end <= start) {
                open.pop();
            }
            if let Some(outer) = open.last() {
                let inside = end <= outer.interval(whole).end;
                check.that(inside, || format!("{goroutine:?}: {region:?} across {outer:?}"));
            }
            open.push(region);
        }
    }
}
