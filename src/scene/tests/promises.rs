//! What must hold under any view of any model.

use proptest::prelude::*;

use super::story::{Actor, Ear, STATES, Story};
use crate::analysis::{Document, Outcome};
use crate::base::{Goroutine, Progress, Time};
use crate::scene::{
    FuseKind, Grouping, Hit, Index, Layout, Metrics, Row, RowOptions, Rows, Scene, Selection, Show,
    Source, SpanFlags, View, Viewport,
};

const NAMES: [&str; 3] = ["main.main", "main.work", "net/http.(*conn).serve"];

/// Lengths that make short, long and very uneven spans.
fn length() -> impl Strategy<Value = i64> {
    prop_oneof![1_i64..20, 20_i64..2_000, 2_000_i64..400_000]
}

fn actor() -> impl Strategy<Value = Actor> {
    let spans = proptest::collection::vec((length(), 0..STATES.len()), 1..300);
    (0..NAMES.len(), 1_i64..500_000, spans, any::<bool>()).prop_map(|(name, born, spans, alive)| {
        let mut at = born;
        let starts = spans.iter().map(|&(ns, state)| {
            let start = at;
            at += ns;
            (start, state)
        });
        let spans = starts.collect();
        Actor { name: NAMES[name], parent: None, spans, end: (!alive).then_some(at) }
    })
}

fn story() -> impl Strategy<Value = Story> {
    let cancels = proptest::collection::vec(
        (1_i64..2_000_000, proptest::collection::vec((0_u32..6, 0_u8..4, 0_i64..900_000), 0..5)),
        0..40,
    );
    let cuts = proptest::collection::btree_set(1_i64..3_000_000, 0..12);
    (proptest::collection::vec(actor(), 1..6), cancels, cuts).prop_map(
        |(actors, mut cancels, cuts)| {
            cancels.sort_by_key(|cancel| cancel.0);
            let last = |actor: &Actor| {
                actor.end.unwrap_or_else(|| actor.spans.last().map_or(0, |span| span.0 + 1))
            };
            let end = actors.iter().map(last).max().unwrap_or(0).max(3_000_000);
            let n = u32::try_from(actors.len()).unwrap();
            let ears = |ears: Vec<(u32, u8, i64)>| {
                let mut ears: Vec<Ear> = ears
                    .into_iter()
                    .map(|(goroutine, what, overstay_ns)| Ear {
                        goroutine: goroutine % n,
                        deaf: what == 3,
                        told: what != 2,
                        outcome: if what == 1 { Outcome::LivesOn } else { Outcome::Exited },
                        overstay_ns,
                    })
                    .collect();
                ears.sort_by_key(|ear| (ear.deaf, ear.goroutine));
                ears.dedup_by_key(|ear| ear.goroutine);
                ears.sort_by_key(|ear| ear.deaf);
                ears
            };
            let cancels = cancels.into_iter().map(|(at, list)| (at, ears(list))).collect();
            let cuts = cuts.into_iter().collect();
            Story { end, actors, cancels, cuts, ..Story::default() }
        },
    )
}

/// A view: zoom as a power of two, where on the trace, how far scrolled, and the budget.
type Look = (f64, f64, f64, i64);

fn look() -> impl Strategy<Value = Look> {
    (0.0_f64..20.0, 0.0_f64..1.0, 0.0_f64..1.0, 0_i64..500_000)
}

fn viewport(document: &Document, (zoom, place, ..): Look) -> Viewport {
    let mut viewport = Viewport::new(document.trace().interval(), 500.0);
    viewport.zoom_at(place * 500.0, zoom.exp2());
    viewport
}

fn check(story: &Story, look: Look, collapsed: bool, full: bool) -> Result<(), TestCaseError> {
    let document = story.document();
    let index = if full {
        Index::build(&document, &Progress::default()).unwrap()
    } else {
        Index::quick(&document)
    };
    let source = Source { document: &document, index: &index };
    let (_, _, scroll, budget_ns) = look;
    let grouping = if full { Grouping::Function } else { Grouping::Flat };
    let options = RowOptions { grouping, budget_ns, ..RowOptions::default() };
    let mut rows = Rows::build(source, &options);
    rows.set_collapsed(|_| collapsed);
    let view = View {
        source,
        rows: &rows,
        viewport: viewport(&document, look),
        layout: Layout { height_px: 300.0, axis_px: 30.0, min_px: 1.5 },
        scroll_px: scroll * rows.max_scroll(270.0),
        selection: Selection::default(),
        budget_ns,
        show: Show::default(),
        wakers: None,
    };
    let mut scene = Scene::default();
    scene.fill(&view);
    bounded(&scene)?;
    ordered(&scene)?;
    tiled(&scene, &view)?;
    no_late_lost(&scene, &view)?;
    no_late_cancel_lost(&scene, &view)?;
    hits_agree(&scene, &view)
}

/// At most two records per cell, which is at least 1.5 px.
fn bounded(scene: &Scene) -> Result<(), TestCaseError> {
    let cells = 500.0 / 1.5 + 2.0;
    for row in 0..u32::try_from(scene.rows.len()).unwrap() {
        let n = scene.spans.iter().filter(|span| span.row == row).count();
        prop_assert!(f64::from(u32::try_from(n).unwrap()) <= 2.0 * cells, "{n} spans in a row");
        let n = scene.density.iter().filter(|column| column.row == row).count();
        prop_assert!(f64::from(u32::try_from(n).unwrap()) <= 11.0 * cells, "{n} columns in a row");
    }
    prop_assert!(scene.cancels.len() <= 127);
    prop_assert!(scene.ticks.len() <= 200);
    Ok(())
}

fn ordered(scene: &Scene) -> Result<(), TestCaseError> {
    for pair in scene.spans.windows(2) {
        prop_assert!(pair[0].x0 <= pair[0].x1);
        prop_assert!(pair[0].row <= pair[1].row);
        if pair[0].row == pair[1].row {
            prop_assert!(pair[0].x1 <= pair[1].x0 + 1e-3, "{:?} {:?}", pair[0], pair[1]);
        }
    }
    prop_assert!(scene.cancels.is_sorted_by(|a, b| a.x <= b.x));
    prop_assert!(scene.fuses.is_sorted_by(|a, b| a.row <= b.row));
    prop_assert!(scene.rows.is_sorted_by(|a, b| a.y1 <= b.y0 + 1e-3));
    Ok(())
}

/// A lane has no holes while its goroutine lives, and single spans are where they are.
fn tiled(scene: &Scene, view: &View<'_>) -> Result<(), TestCaseError> {
    let trace = view.source.document.trace();
    for (number, row) in (0..).zip(&scene.rows) {
        let Row::Lane { goroutine, .. } = row.row else { continue };
        let spans: Vec<_> = scene.spans.iter().filter(|span| span.row == number).collect();
        let life = trace.lifetime(goroutine);
        let (x0, x1) = (view.viewport.x_on_screen(life.start), view.viewport.x_on_screen(life.end));
        if x1 <= 0.0 || x0 >= 500.0 {
            continue;
        }
        let first = spans.first().expect("a living goroutine has a record");
        let last = spans.last().expect("a living goroutine has a record");
        prop_assert!(first.x0 <= x0.max(0.0) + 1.0, "{} {}", first.x0, x0);
        prop_assert!(last.x1 >= x1.min(500.0) - 1.0, "{} {}", last.x1, x1);
        for pair in spans.windows(2) {
            prop_assert!((pair[1].x0 - pair[0].x1).abs() < 0.01);
        }
        for span in spans.iter().filter(|span| !span.flags.has(SpanFlags::MIXED)) {
            let middle = view.viewport.time_from_x(f64::from(span.x0.midpoint(span.x1)));
            if let Some(real) = trace.span_at(goroutine, middle)
                && span.x1 - span.x0 > 3.0
            {
                let class = view.source.index.classes.of(real.state, real.reason);
                prop_assert_eq!(span.class, class);
            }
        }
    }
    Ok(())
}

/// Every late fuse that reaches the screen is drawn, or lies within the pixels of a late one.
fn no_late_lost(scene: &Scene, view: &View<'_>) -> Result<(), TestCaseError> {
    let document = view.source.document;
    for (number, row) in (0..).zip(&scene.rows) {
        for hearing in document.analysis().hearings() {
            let inside = match row.row {
                Row::Lane { goroutine, .. } => hearing.goroutine == goroutine,
                Row::Header(section) => {
                    view.rows.sections()[section as usize].collapsed
                        && view.rows.section_of(hearing.goroutine) == Some(section)
                }
                _ => false,
            };
            if !inside || !hearing.is_late(view.budget_ns) {
                continue;
            }
            let at = document.analysis().cancel_of(hearing).at;
            let (x0, x1) = (x(view, at), x(view, at + hearing.overstay_ns));
            if x1 < 0.0 || x0 >= 500.0 {
                continue;
            }
            let is_header = matches!(row.row, Row::Header(_));
            let fuses = scene.fuses.iter().filter(|fuse| fuse.row == number);
            let mut late = fuses.filter(|fuse| fuse.kind == FuseKind::Late);
            // A group merges ends up to 12 px apart and keeps the worst; what ends right of the
            // screen is stood for by the worst of them.
            let near = if is_header { 13.0 } else { 5.0 };
            let kept = late.any(|fuse| {
                let covers_start = fuse.x0 <= x0.max(0.0) + near;
                let ends_there = (fuse.x1.min(500.0) - x1.min(500.0)).abs() <= near;
                let covers_end = fuse.x1 >= x1.min(500.0) - near;
                if is_header { ends_there } else { covers_start && covers_end }
            });
            prop_assert!(kept, "lost {hearing:?} at {x0}–{x1} in row {number}");
            prop_assert!(row.late);
        }
    }
    Ok(())
}

fn no_late_cancel_lost(scene: &Scene, view: &View<'_>) -> Result<(), TestCaseError> {
    let analysis = view.source.document.analysis();
    for cancel in analysis.cancels() {
        let hearings = analysis.heard(cancel).iter().chain(analysis.deaf(cancel));
        let late = hearings.filter(|hearing| hearing.is_late(view.budget_ns)).count() > 0;
        let px = x(view, cancel.at);
        if (0.0..499.0).contains(&px) {
            let holds = |mark: &&crate::scene::CancelRecord| {
                (mark.first..mark.first + mark.count).contains(&cancel.id)
            };
            let mark = scene.cancels.iter().find(holds);
            let mark = mark.expect("every cancel on screen has a mark");
            prop_assert!((mark.x - px).abs() <= 20.01);
            prop_assert!(mark.late || !late);
            let flags = scene.flags.iter().filter(|flag| flag.cancels().contains(&cancel.id));
            let [flag] = flags.collect::<Vec<_>>()[..] else { panic!("one flag for each") };
            prop_assert!(flag.late || !late);
            prop_assert!((flag.x0..=flag.x1).contains(&flag.x));
            let interval = flag.interval(view);
            prop_assert!(interval.start <= cancel.at && cancel.at <= interval.end);
        }
    }
    for pair in scene.flags.windows(2) {
        prop_assert!(pair[1].x0 - pair[0].x1 >= 13.0 || pair[0].x1 - pair[0].x0 >= 50.0);
        let crowded = pair[0].count > 1 && pair[1].x - pair[0].x < 40.0;
        prop_assert!(!crowded || pair[1].x0 - pair[0].x0 >= 13.0);
    }
    Ok(())
}

/// What a hit names is what the records have there.
fn hits_agree(scene: &Scene, view: &View<'_>) -> Result<(), TestCaseError> {
    for (at_x, at_y) in (0..50_u16).flat_map(|x| (0..15_u16).map(move |y| (x, y))) {
        let (x, y) = (f32::from(at_x) * 10.0 + 0.3, f32::from(at_y) * 20.0 + 3.7);
        match scene.hit(view, x, y) {
            Some(Hit::Span { record, at }) => {
                let span = &scene.spans[record as usize];
                prop_assert!(span.x0 <= x && x <= span.x1 && span.y0 <= y && y < span.y1);
                let row = &scene.rows[span.row as usize];
                prop_assert!(row.y0 <= y && y < row.y1);
                prop_assert!((view.viewport.x_from_time(at) - f64::from(x)).abs() < 11.0);
            }
            Some(Hit::Fuse { record }) => {
                prop_assert!((scene.fuses[record as usize].y - y).abs() <= 4.0);
            }
            Some(Hit::Row { record, .. }) => {
                let row = &scene.rows[record as usize];
                prop_assert!(row.y0 <= y && y < row.y1);
                let covered = scene.spans.iter().any(|span| {
                    span.row == record && span.x0 <= x && x < span.x1 && span.y0 <= y && y < span.y1
                });
                prop_assert!(!covered);
            }
            Some(Hit::Axis { .. }) => prop_assert!(y < 30.0),
            _ => {}
        }
    }
    Ok(())
}

fn x(view: &View<'_>, time: Time) -> f32 {
    view.viewport.x_on_screen(time)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn any_view_keeps_the_promises(
        story in story(), look in look(), collapsed: bool, full: bool,
    ) {
        check(&story, look, collapsed, full)?;
    }
}

/// A lane with a pyramid, seen at every zoom: bounded, without holes, and the same without it.
#[test]
fn a_crowded_lane_is_the_same_with_and_without_its_pyramid() {
    let spans: Vec<(i64, usize)> =
        (0..20_000_i64).map(|n| (1 + n * 50 + n % 7, usize::from(n / 500 % 3 == 1))).collect();
    let mut story = Story::new(1_000_100).actor("main.main", &spans, Some(1_000_050));
    story.cuts = vec![100_000, 500_001, 500_002];
    let document = story.document();
    let full = Index::build(&document, &Progress::default()).unwrap();
    assert_eq!(full.levels.pyramids.len(), 1);
    let bytes: usize =
        full.levels.pyramids.values().map(crate::scene::pyramid::Pyramid::bytes).sum();
    assert!(bytes * 2 <= spans.len());
    let quick = Index::quick(&document);
    for zoom in 0..40 {
        let mut classes = Vec::new();
        for index in [&full, &quick] {
            let source = Source { document: &document, index };
            let mut rows = Rows::build(source, &RowOptions::default());
            rows.set_collapsed(|_| false);
            let mut viewport = Viewport::new(document.trace().interval(), 500.0);
            viewport.zoom_at(200.0, 1.3_f64.powi(zoom));
            let view = View {
                source,
                rows: &rows,
                viewport,
                layout: Layout::default(),
                scroll_px: 0.0,
                selection: Selection::default(),
                budget_ns: 0,
                show: Show::default(),
                wakers: None,
            };
            let mut scene = Scene::default();
            scene.fill(&view);
            tiled(&scene, &view).unwrap();
            bounded(&scene).unwrap();
            ordered(&scene).unwrap();
            let at = |x: u16| {
                let x = f32::from(x) + 0.5;
                scene.spans.iter().find(|span| span.x0 <= x && x < span.x1).map(|span| span.class)
            };
            classes.push((0..500).map(at).collect::<Vec<_>>());
        }
        let same = classes[0].iter().zip(&classes[1]).filter(|(a, b)| a == b).count();
        assert!(same >= 490, "zoom {zoom}: {same} of 500 px the same");
    }
}

#[test]
fn thousands_of_hearings_in_one_lane_stay_bounded_and_keep_the_late_one() {
    let mut story = Story::new(1_000_000).actor("main.serve", &[(1, 4)], None);
    for n in 0..5_000 {
        let told = n == 2_500;
        let overstay_ns = if told { 60_000 } else { 150 };
        let outcome = if told { Outcome::Exited } else { Outcome::LivesOn };
        let ear = Ear { goroutine: 0, deaf: false, told, outcome, overstay_ns };
        story.cancels.push((100 + n * 190, vec![ear]));
    }
    let document = story.document();
    let index = Index::quick(&document);
    let source = Source { document: &document, index: &index };
    let mut rows = Rows::build(source, &RowOptions::default());
    rows.set_collapsed(|_| false);
    for look in [(0.0, 0.5, 0.0, 10_000), (3.0, 0.52, 0.0, 10_000), (6.0, 0.51, 0.0, 10_000)] {
        let view = View {
            source,
            rows: &rows,
            viewport: viewport(&document, look),
            layout: Layout::default(),
            scroll_px: 0.0,
            selection: Selection::default(),
            budget_ns: 10_000,
            show: Show::default(),
            wakers: None,
        };
        let mut scene = Scene::default();
        scene.fill(&view);
        assert!(scene.fuses.len() < 400, "{}", scene.fuses.len());
        no_late_lost(&scene, &view).unwrap();
        no_late_cancel_lost(&scene, &view).unwrap();
    }
}

#[test]
fn a_million_rows_cost_no_more_than_a_screen() {
    let mut story = Story::new(1 << 40);
    for n in 0..100_000 {
        story = story.actor(NAMES[1], &[(1 + n * 1_000, 0)], Some(500 + n * 1_000));
    }
    let document = story.document();
    let index = Index::quick(&document);
    let source = Source { document: &document, index: &index };
    let options = RowOptions { grouping: Grouping::Flat, ..RowOptions::default() };
    let rows = Rows::build(source, &options);
    let lane_px = f64::from(Metrics::default().lane_px);
    assert!(rows.height_px() >= 100_000.0 * lane_px);
    for goroutine in [0, 1, 50_000, 99_999].map(Goroutine) {
        let place = rows.place_of(goroutine).unwrap();
        let mut seen = Vec::new();
        rows.visible(place.top_px, place.top_px + 300.0, |visible| seen.push(visible));
        assert!(seen.len() <= 17);
        let first = seen[0].row;
        assert!(matches!(first, Row::Lane { goroutine: first, .. } if first == goroutine));
    }
}

/// A trace may claim any times; nothing may overflow or go on without end.
#[test]
fn times_at_the_ends_of_the_clock_are_drawn_like_others() {
    let far = i64::MAX - 1_000;
    let mut story = Story::new(i64::MAX - 1)
        .actor("main.main", &[(1, 0), (far, 3), (far + 500, 1)], None)
        .actor("main.work", &[(5, 4), (1 << 61, 5), (1 << 62, 6)], Some(i64::MAX - 2));
    for n in 0..2_000 {
        story.actors[0].spans.insert(1, (1_999 - n, 2));
    }
    story.actors[0].spans[0].0 = 0;
    story = story.cancel(10, &[0], &[1]).cancel(far, &[1], &[]);
    story.heap = vec![(3, u64::MAX), (far, 1)];
    story.gc = vec![(7, far), (far + 1, i64::MAX - 3)];
    for place in [0.0, 0.3, 1.0] {
        for zoom in 0..64 {
            let look = (f64::from(zoom), place, 0.0, 1_000);
            for full in [false, true] {
                let document = story.document();
                let index = if full {
                    Index::build(&document, &Progress::default()).unwrap()
                } else {
                    Index::quick(&document)
                };
                let source = Source { document: &document, index: &index };
                let mut rows = Rows::build(source, &RowOptions::default());
                rows.set_collapsed(|_| !full);
                let view = View {
                    source,
                    rows: &rows,
                    viewport: viewport(&document, look),
                    layout: Layout::default(),
                    scroll_px: 0.0,
                    selection: Selection::default(),
                    budget_ns: 1_000,
                    show: Show { gc: true, ..Show::default() },
                    wakers: None,
                };
                let mut scene = Scene::default();
                scene.fill(&view);
                bounded(&scene).unwrap();
                ordered(&scene).unwrap();
            }
        }
    }
}
