//! Two traces, before and after.

use super::*;

#[test]
fn a_second_trace_is_compared_with_the_first() {
    let mut harness = window();
    drop_files(&mut harness, &["traces/late-exit/before.trace"]);
    drop_files(&mut harness, &["traces/late-exit/after.trace"]);
    assert_eq!(harness.state().n_open(), 1, "the choice comes first");
    assert!(says(&harness, "Replace"));
    click(&mut harness, "Compare: before.trace is before");
    assert_eq!(harness.state().n_open(), 2);
    assert!(says(&harness, "Timeline of before.trace"));
    assert!(says(&harness, "Timeline of after.trace"));
    let verdicts = names(&harness, "Better than before");
    assert_eq!(verdicts.len(), 1, "{verdicts:?}");
    let rows = names(&harness, "Overstay ");
    assert!(rows.iter().any(|row| row.starts_with("better: ")), "{rows:?}");
    click(&mut harness, "Swap before and after");
    assert!(says(&harness, "Worse than before"));
}

#[test]
fn two_traces_dropped_together_are_compared() {
    let mut harness = window();
    let both = ["traces/deaf/before.trace", "traces/deaf/after.trace"];
    drop_files(&mut harness, &both);
    assert_eq!(harness.state().n_open(), 2);
    assert!(says(&harness, "Compare"));
}

#[test]
fn a_row_of_the_comparison_shows_its_lanes() {
    let mut harness = window();
    let pair = ["traces/sleep-in-handler/before.trace", "traces/sleep-in-handler/after.trace"];
    drop_files(&mut harness, &pair);
    // The handler is what it is called by; net/http's goroutines run it.
    click(&mut harness, "better: Overstay main.pay");
    for trace in ["before", "after"] {
        assert!(says(&harness, &format!("Timeline of {trace}.trace: 200 lanes")), "{trace}");
    }
}
