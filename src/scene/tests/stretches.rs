//! What happened in a stretch of time.

use super::fixtures::open;
use super::story::Story;
use crate::base::{Interval, Progress, Time};
use crate::scene::{Index, RowOptions, Rows, Source, StateClass, Stretch, reaches};

fn stretch(source: Source<'_>, from: i64, to: i64) -> Stretch {
    let interval = Interval::new(Time(from), Time(to));
    Stretch::of(source, interval, &Progress::default()).expect("nobody stops it")
}

#[test]
fn a_stretch_has_what_is_cut_off_at_its_ends() {
    // The first runs from 10 and sleeps from 40 to 90; the other waits from 20 on.
    let story = Story::new(100)
        .actor("main.work", &[(10, 0), (40, 2)], Some(90))
        .actor("main.wait", &[(20, 3)], None)
        .cancel(50, &[0], &[]);
    let document = story.document();
    let index = Index::quick(&document);
    let source = Source { document: &document, index: &index };
    let all = stretch(source, 0, 100);
    assert_eq!((all.goroutines, all.started, all.ended), (2, 2, 1));
    assert_eq!((all.cancels, all.overstays), (0..1, vec![0]));
    assert_eq!(all.spent.of(StateClass::Running), 30);
    assert_eq!(all.spent.total(), 80 + 80);
    let part = stretch(source, 30, 50);
    assert_eq!((part.goroutines, part.started, part.ended), (2, 0, 0));
    assert_eq!(part.spent.of(StateClass::Running), 10);
    assert_eq!(part.spent.total(), 20 + 20);
    assert!(part.cancels.is_empty() && part.overstays.is_empty(), "its end is no part of it");
    let after = stretch(source, 60, 70);
    assert!(after.cancels.is_empty(), "the cancel was before");
    assert_eq!(after.overstays, [0], "but it is still there");
    assert!(stretch(source, 90, 100).overstays.is_empty(), "it has left");
    assert_eq!(stretch(source, 0, 10).goroutines, 0);
}

#[test]
fn two_halves_come_to_the_whole() {
    for path in ["late-exit/before.trace", "sleep-in-handler/before.trace", "deaf/before.trace"] {
        let document = open(path);
        let index = Index::quick(&document);
        let source = Source { document: &document, index: &index };
        let Interval { start: Time(start), end: Time(end) } = document.trace().interval();
        let middle = start.midpoint(end);
        let all = stretch(source, start, end + 1);
        let halves = [stretch(source, start, middle), stretch(source, middle, end + 1)];
        for class in StateClass::ALL {
            let sum: i64 = halves.iter().map(|half| half.spent.of(class)).sum();
            assert_eq!(sum, all.spent.of(class), "{path}: {class:?}");
        }
        let sum = |of: fn(&Stretch) -> usize| halves.iter().map(of).sum::<usize>();
        assert_eq!(sum(|half| half.cancels.len()), document.analysis().cancels().len());
        assert_eq!(all.overstays, document.analysis().worst_first, "{path}: all reach into it");
        assert_eq!(all.goroutines, document.trace().n_goroutines());
        assert_eq!(sum(|half| half.started as usize), all.started as usize);
        assert!(!all.waits.is_empty() && all.waits.is_sorted_by(|one, other| one.ns >= other.ns));
    }
}

#[test]
fn lanes_of_a_stretch_are_those_that_live_in_it() {
    let document = open("sleep-in-handler/before.trace");
    let index = Index::quick(&document);
    let source = Source { document: &document, index: &index };
    let Interval { start, end } = document.trace().interval();
    let within = Interval::new(start + (end - start) / 2, start + (end - start) / 2 + 5_000_000);
    let budget_ns = document.rules().late_over_ns;
    let options = RowOptions { within: Some(within), budget_ns, ..RowOptions::default() };
    let known = stretch(source, within.start.0, within.end.0);
    let rows = Rows::build(source, &options);
    assert_eq!(rows.n_lanes(), known.goroutines as usize);
    let late = Rows::build(source, &RowOptions { late_only: true, ..options.clone() });
    assert!(late.n_lanes() > 0 && late.n_lanes() < rows.n_lanes());
    for &goroutine in late.goroutines() {
        let mut overstays = document.analysis().overstays_of(goroutine);
        let is_in = |window: Interval| reaches(window, within) && window.ns() > budget_ns;
        assert!(overstays.any(|it| is_in(document.window(it))), "{goroutine:?} is late in it");
    }
    let cancels: Vec<u32> =
        (0..u32::try_from(document.analysis().cancels().len()).unwrap()).collect();
    let reached = Rows::cancel_view(source, &cancels, &options);
    let all = Rows::cancel_view(source, &cancels, &RowOptions { within: None, ..options });
    assert!(reached.n_lanes() > 0 && reached.n_lanes() < all.n_lanes());
}
