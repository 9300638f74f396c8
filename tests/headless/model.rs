//! What the model's readers promise beyond the validator in `tests/robust`.

use overstay::base::Progress;
use overstay::model::build_on;

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
