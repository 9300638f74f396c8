//! The first events of a long file, of which only the two ends are read.

use super::super::part::{SEARCH_BYTES, find_batch};
use super::*;

/// Goroutine 9 is created early, 300 batches follow, and its name comes last.
fn long() -> (Trace, Vec<usize>) {
    let mut trace = started().timed(Kind::GoCreate, &[9, 3, 3]);
    let mut batches = Vec::new();
    for n in 0..300 {
        batches.push(trace.bytes.len());
        trace = trace.batch(n % 3, 1100 + 100 * n);
        for size in 0..20 {
            trace = trace.timed(Kind::HeapAlloc, &[65 * size]);
        }
    }
    batches.push(trace.bytes.len());
    let trace = trace
        .batch(u64::MAX, 50_000)
        .string(1, "main.named_at_the_end")
        .string(2, "main.go")
        .untimed(Kind::Stack, &[3, 1, 77, 1, 2, 12])
        .frequency();
    (trace, batches)
}

fn lines(trace: &Trace, part: &Part) -> Vec<String> {
    let mut sink = TextSink::new(Vec::new());
    let outcome = parse_part(&trace.bytes, 21, part, &mut sink, &Progress::default());
    let outcome = outcome.expect("a sound trace");
    assert_eq!((outcome.complete, outcome.warnings), (true, vec![]), "{part:?}");
    let text = String::from_utf8(sink.finish().expect("a Vec takes all").0);
    text.expect("the dump is UTF-8").lines().map(str::to_owned).collect()
}

#[test]
fn the_first_events_of_a_long_file_need_its_two_ends() {
    let (trace, batches) = long();
    for (head, tail) in [(900, 600), (1000, 700), (1001, 1203), (5000, 433)] {
        let part = Part::first(60, &trace.bytes, 21, Ends { head, tail });
        let left_out = part.left_out.clone().expect("it is long");
        assert!(batches.contains(&left_out.end) && left_out.start == head, "{left_out:?}");
        let first = lines(&trace, &part);
        assert_eq!(first, lines(&trace, &part.and_the_middle()));
        assert!(first.iter().any(|line| line.contains("main.named_at_the_end")), "{first:#?}");
    }
}

#[test]
fn the_middle_is_read_too_where_it_holds_what_is_asked_for() {
    let (trace, _) = long();
    let part = Part::first(4000, &trace.bytes, 21, Ends { head: 900, tail: 600 });
    assert!(part.left_out.is_some());
    assert_eq!(lines(&trace, &part), lines(&trace, &part.and_the_middle()));
}

#[test]
fn a_short_file_is_read_whole() {
    let (trace, _) = long();
    let n_bytes = trace.bytes.len();
    let part = Part::first(60, &trace.bytes, 21, Ends { head: 900, tail: n_bytes - 900 });
    assert_eq!(part, Part { at_most: 60, left_out: None });
    // Nothing at its end looks like a batch that another one follows.
    let part = Part::first(60, &trace.bytes, 21, Ends { head: 900, tail: 60 });
    assert_eq!(part.left_out, None);
}

#[test]
fn a_file_that_seems_to_hold_a_batch_at_every_event_is_not_searched_for_long() {
    // The time, read as a batch's first byte, takes the arguments for its numbers.
    let mut trace = started();
    for _ in 0..40_000 {
        trace = trace.timed_after(0x41, Kind::GoStart, &[5, 5]);
    }
    let searched = find_batch(&trace.bytes, 1000, 21).expect_err("there is one batch only");
    assert!((SEARCH_BYTES..2 * SEARCH_BYTES).contains(&searched), "{searched} bytes");
}
