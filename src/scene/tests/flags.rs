//! Flags in the axis: apart where there is room, with a count where there is none.

use super::story::Story;
use crate::base::{Interval, Time};
use crate::scene::{
    FlagRecord, Index, Layout, RowOptions, Rows, Scene, Selection, Show, Source, View, Viewport,
};

/// The flags on an axis of 1000 px, on which a cancel's time is its place: 1 px is 1000 ns.
/// It is panned by some pixels first.
fn flags(cancels: &[i64], pan_px: f64, selected: Option<u32>) -> Vec<FlagRecord> {
    let mut story = Story::new(2_000_000).actor("main.main", &[(0, 0)], None);
    for &at in cancels {
        story = story.cancel(at, &[], &[]);
    }
    let document = story.document();
    let index = Index::quick(&document);
    let source = Source { document: &document, index: &index };
    let rows = Rows::build(source, &RowOptions::default());
    let mut viewport = Viewport::new(Interval::new(Time(-500_000), Time(2_000_000)), 1000.0);
    viewport.show(Interval::new(Time(0), Time(1_000_000)), 0.0);
    viewport.pan(pan_px);
    let view = View {
        source,
        rows: &rows,
        viewport,
        layout: Layout { height_px: 300.0, axis_px: 30.0, min_px: 1.5 },
        scroll_px: 0.0,
        selection: Selection { cancel: selected, ..Selection::default() },
        budget_ns: 0,
        show: Show::default(),
        wakers: None,
    };
    let mut scene = Scene::default();
    scene.fill(&view);
    scene.flags
}

/// Each flag's place, and how many cancels it stands for.
fn places(flags: &[FlagRecord]) -> Vec<(i32, u32)> {
    #[expect(clippy::cast_possible_truncation, reason = "pixels of a screen")]
    flags.iter().map(|flag| (flag.x.round() as i32, flag.count)).collect()
}

#[test]
fn a_cancel_that_stands_apart_has_a_flag_of_its_own() {
    let shown = flags(&[100_000, 120_000, 500_000], 0.0, None);
    assert_eq!(places(&shown), [(100, 1), (120, 1), (500, 1)]);
}

#[test]
fn cancels_that_crowd_share_a_flag_with_a_count() {
    let cancels = [100_000, 108_000, 116_000, 124_000, 500_000, 505_000];
    let shown = flags(&cancels, 0.0, None);
    assert_eq!(places(&shown), [(100, 4), (500, 2)], "at the left end of a wide crowd");
    assert_eq!((shown[0].x0, shown[0].x1), (100.0, 124.0));
    assert_eq!(shown[0].cancels(), 0..4);
    let selected = flags(&cancels, 0.0, Some(2));
    assert_eq!(places(&selected), [(116, 4), (500, 2)], "but for the selected one");
    assert!(selected[0].selected && selected[1].dimmed);
}

#[test]
fn flags_stay_with_their_cancels_when_one_pans() {
    let cancels: Vec<i64> = (0..1_900).map(|n| n * 1_000 + n % 7 * 90).collect();
    let groups = |pan_px| {
        let shown = flags(&cancels, pan_px, None);
        assert!((8..=40).contains(&shown.len()), "{} flags", shown.len());
        // At the edges there are parts of crowds.
        let inner = &shown[2..shown.len() - 2];
        inner.iter().map(|flag| (flag.first, flag.count)).collect::<Vec<_>>()
    };
    let before = groups(0.0);
    for pan_px in [1.0, 7.0, 33.0, 61.0] {
        let after = groups(pan_px);
        let kept = after.iter().filter(|flag| before.contains(flag)).count();
        assert!(kept + 2 >= after.len(), "{kept} of {} flags kept by {pan_px} px", after.len());
    }
}
