//! Bars and bands: what is merged or too narrow says how much time it really stands for.

use std::collections::BTreeMap;

use super::fixtures::{fill, open};
use super::story::Story;
use crate::base::{Interval, Progress, Time};
use crate::scene::{
    BandKind, Index, Layout, Row, RowOptions, Rows, Scene, Selection, Show, Source, View, Viewport,
};

/// The scene of a trace of 10 s, with GC phases, seen through a viewport 500 px wide.
fn gc_scene(gc: Vec<(i64, i64)>, seen: (i64, i64)) -> (Scene, Viewport) {
    let story = Story { gc, ..Story::new(10_000_000_000) };
    let document = story.actor("main.main", &[(1, 0)], None).document();
    let index = Index::build(&document, &Progress::default()).unwrap();
    let source = Source { document: &document, index: &index };
    let rows = Rows::build(source, &RowOptions::default());
    let mut viewport = Viewport::new(document.trace().interval(), 500.0);
    viewport.show(Interval::new(Time(seen.0), Time(seen.1)), 0.0);
    let view = View {
        source,
        rows: &rows,
        viewport,
        layout: Layout { height_px: 400.0, ..Layout::default() },
        scroll_px: 0.0,
        selection: Selection::default(),
        budget_ns: 0,
        show: Show { gc: true, ..Show::default() },
        wakers: None,
    };
    let mut scene = Scene::default();
    scene.fill(&view);
    (scene, viewport)
}

/// What the painted bands come to, each as strong as it is.
fn painted_ns(scene: &Scene, viewport: &Viewport) -> f64 {
    let bands = scene.bands.iter().filter(|band| band.kind == BandKind::Gc);
    bands.map(|band| f64::from((band.x1 - band.x0) * band.share) * viewport.ns_per_px()).sum()
}

#[test]
fn bands_are_as_strong_as_the_time_that_they_stand_for() {
    let all = (0, 10_000_000_000);
    // 1,000 phases of 4 ms, each a fifth of a pixel: two fifths of the time.
    let fence: Vec<(i64, i64)> =
        (0..1_000).map(|n| n * 10_000_000).map(|at| (at, at + 4_000_000)).collect();
    let (scene, viewport) = gc_scene(fence.clone(), all);
    let painted = painted_ns(&scene, &viewport);
    assert!((3.8e9..4.2e9).contains(&painted), "{painted} ns");
    let bands = scene.bands.iter().filter(|band| band.kind == BandKind::Gc);
    assert!(bands.clone().count() > 20 && bands.clone().all(|band| band.share < 0.6));
    // Pauses of which a pixel has next to nothing do not stand for a pixel each.
    let short: Vec<(i64, i64)> = fence.iter().map(|&(at, _)| (at, at + 100_000)).collect();
    let (scene, _) = gc_scene(short, all);
    assert!(scene.bands.iter().all(|band| band.kind != BandKind::Gc));
    // Seen closely each is what it is.
    let (scene, _) = gc_scene(fence, (0, 50_000_000));
    let bands: Vec<f32> = scene
        .bands
        .iter()
        .filter(|band| band.kind == BandKind::Gc)
        .map(|band| band.share)
        .collect();
    assert!(bands.len() >= 5 && bands.iter().all(|share| *share > 0.99), "{bands:?}");
}

/// However they are merged, the bars of a lane have the time and the number of all that it holds.
#[test]
fn bars_have_the_time_that_they_stand_for() {
    for case in ["sleep-in-handler/before.trace", "healthy-server/healthy-server.trace"] {
        let document = open(case);
        let (trace, index) =
            (document.trace(), Index::build(&document, &Progress::default()).unwrap());
        let source = Source { document: &document, index: &index };
        let mut rows = Rows::build(source, &RowOptions::default());
        rows.set_collapsed(|_| false);
        let scene = fill(source, &rows);
        let mut lanes: BTreeMap<u32, (u32, i64, i64)> = BTreeMap::new();
        for bar in &scene.bars {
            assert!((0.0..=1.0).contains(&bar.share) && bar.busy_ns <= bar.interval.ns());
            assert!(bar.longest_ns <= bar.busy_ns && (bar.is_merged() || bar.share > 0.0));
            let (n, busy_ns, longest_ns) = lanes.entry(bar.row).or_default();
            (*n, *busy_ns) = (*n + bar.count, *busy_ns + bar.busy_ns);
            *longest_ns = bar.longest_ns.max(*longest_ns);
        }
        let sum = |all: &[Interval]| {
            let ns = all.iter().map(|interval| interval.ns());
            let n = u32::try_from(all.len()).unwrap();
            (n, ns.clone().sum::<i64>(), ns.max().unwrap_or(0))
        };
        for (&number, &found) in &lanes {
            let expected = match scene.rows[number as usize].row {
                Row::Gc => sum(trace.world().gc()),
                Row::Proc(proc) => {
                    let held = &trace.world().procs()[proc as usize].1;
                    sum(&held.iter().map(|held| held.interval).collect::<Vec<_>>())
                }
                Row::StopTheWorld => {
                    let stops = trace.world().stop_the_world().iter();
                    sum(&stops.map(|stop| stop.interval).collect::<Vec<_>>())
                }
                _ => continue,
            };
            assert_eq!(found, expected, "{case}: {:?}", scene.rows[number as usize].row);
        }
        assert!(lanes.len() > 3 && scene.bars.iter().any(crate::scene::BarRecord::is_merged));
    }
}
