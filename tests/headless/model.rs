//! The model's invariants, over every fixture: `src/model/mod.rs` lists them.

use overstay::base::{Goroutine, Progress, StackId, Time};
use overstay::model::{Trace, build_on};
use overstay::parse::text::Fnv;

use crate::support::bytes_of;
use crate::support::corpus::{Known, Verdict, assert_no_complaints, complaints, fixtures};

type Check = Result<(), String>;

fn trace_of(known: &Known, threads: usize) -> Option<Trace> {
    build_on(&bytes_of(&known.file), threads, &Progress::default()).ok()
}

/// Spans tile a goroutine's life, and their starts strictly increase.
fn spans_tile(trace: &Trace, goroutine: Goroutine) -> Check {
    let lifetime = trace.lifetime(goroutine);
    let mut at = lifetime.start;
    let mut last_start = None;
    for span in trace.spans(goroutine) {
        if span.start != at {
            return Err(format!(
                "a span begins at {:?}, the one before ends at {at:?}",
                span.start
            ));
        }
        if span.end < span.start || last_start.is_some_and(|last: Time| last >= span.start) {
            return Err(format!("spans do not go on: {span:?}"));
        }
        stack_resolves(trace, span.stack)?;
        last_start = Some(span.start);
        at = span.end;
    }
    if at == lifetime.end {
        Ok(())
    } else {
        Err(format!("the last span ends at {at:?} of {lifetime:?}"))
    }
}

fn stack_resolves(trace: &Trace, stack: StackId) -> Check {
    if stack.index() < trace.stacks().len() {
        Ok(())
    } else {
        Err(format!("{stack:?} resolves to nothing"))
    }
}

fn is_sound(trace: &Trace) -> Check {
    for (row, caller, _) in trace.stacks().iter() {
        if caller >= row {
            return Err(format!("stack {row:?} is called from {caller:?}"));
        }
    }
    let interval = trace.interval();
    for goroutine in trace.goroutines() {
        let life = trace.life(goroutine);
        let name = |complaint| format!("goroutine {}: {complaint}", life.id);
        spans_tile(trace, goroutine).map_err(name)?;
        stack_resolves(trace, life.creation_stack).map_err(name)?;
        for time in [life.born.time(), life.ended.time()].into_iter().flatten() {
            if time < interval.start || interval.end < time {
                return Err(name(format!("{time:?} lies outside {interval:?}")));
            }
        }
    }
    Ok(())
}

/// A hash over everything that can be told of the goroutines.
fn digest(trace: &Trace) -> u64 {
    let mut hash = Fnv::default();
    let mut add = |value: &dyn std::fmt::Debug| hash.add(format!("{value:?}").as_bytes());
    add(&trace.info());
    add(&trace.interval());
    add(&trace.warnings());
    for goroutine in trace.goroutines() {
        let life = trace.life(goroutine);
        add(&(life, trace.string(life.name)));
        for span in trace.spans(goroutine) {
            add(&(span, trace.string(span.reason)));
            add(&trace
                .frames(span.stack)
                .map(|f| (trace.string(f.function).to_owned(), f.line))
                .collect::<Vec<_>>());
        }
    }
    let notes = trace.notes();
    add(&(notes.tasks(), notes.regions(), notes.logs()));
    let world = trace.world();
    add(&(world.procs(), world.gc(), world.stop_the_world(), world.assists(), world.samples()));
    hash.value()
}

#[test]
fn the_model_of_every_fixture_is_sound() {
    assert_no_complaints(&complaints(&fixtures(), |known| match trace_of(known, 1) {
        Some(trace) => is_sound(&trace),
        None if known.is_binding() => Err("refused".to_owned()),
        None => Ok(()),
    }));
}

#[test]
fn one_thread_and_many_make_the_same_of_every_fixture() {
    assert_no_complaints(&complaints(&fixtures(), |known| {
        let digests = [1, 2, 5].map(|threads| trace_of(known, threads).as_ref().map(digest));
        if digests.iter().all(|digest| *digest == digests[0]) {
            Ok(())
        } else {
            Err(format!("1, 2 and 5 threads: {digests:x?}"))
        }
    }));
}

#[test]
fn spans_reach_from_every_moment() {
    let known = fixtures().into_iter().filter(|known| known.verdict == Verdict::Ok).step_by(7);
    let known: Vec<Known> = known.collect();
    assert_no_complaints(&complaints(&known, |known| {
        let Some(trace) = trace_of(known, 1) else { return Ok(()) };
        for goroutine in trace.goroutines() {
            let spans: Vec<_> = trace.spans(goroutine).collect();
            for (at, span) in spans.iter().enumerate() {
                let rest: Vec<_> = trace.spans_from(goroutine, span.start).collect();
                if rest != spans[at..] {
                    return Err(format!("{goroutine:?}: other spans from {:?}", span.start));
                }
            }
        }
        Ok(())
    }));
}
