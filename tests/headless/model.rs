//! What the model's readers promise beyond the validator in `tests/robust`.

use overstay::base::Progress;
use overstay::model::build_on;
use overstay::parse::whole_generations;

use crate::support::bytes_of;
use crate::support::corpus::{Known, assert_no_complaints, complaints, fixtures};

/// Reading a goroutine's spans from any moment on gives the end of reading them all.
fn reads_from_every_span(known: &Known) -> Result<(), String> {
    let Ok(trace) = build_on(&bytes_of(&known.file), 1, &Progress::default()) else {
        return Ok(());
    };
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
}

#[test]
fn spans_can_be_read_from_every_moment() {
    let known: Vec<Known> = fixtures().into_iter().step_by(7).collect();
    assert_no_complaints(&complaints(&known, reads_from_every_span));
}

/// The whole generations at the beginning of a file are a trace of their own, that opens without
/// a complaint and holds no more than the whole.
fn begins_with_whole_generations(known: &Known) -> Result<(), String> {
    let bytes = bytes_of(&known.file);
    let build = |bytes: &[u8]| build_on(bytes, 1, &Progress::default());
    let Ok(whole) = build(&bytes) else { return Ok(()) };
    if whole.info().minor < 22 || !whole.info().complete {
        return Ok(());
    }
    let Some(end) = whole_generations(&bytes[..bytes.len() * 3 / 4]) else { return Ok(()) };
    let start = build(&bytes[..end]).map_err(|err| format!("up to byte {end}: {err}"))?;
    let (start, whole) = (start.info(), whole.info());
    // A generation may hold nothing that counts as an event.
    if !start.complete || start.generations > whole.generations || start.events > whole.events {
        return Err(format!("up to byte {end}: {start:?} of {whole:?}"));
    }
    Ok(())
}

#[test]
fn the_beginning_of_a_trace_is_one() {
    assert_no_complaints(&complaints(&fixtures(), begins_with_whole_generations));
}
