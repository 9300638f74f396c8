//! Records as text, reviewed as snapshots.

use std::fmt::Write;
use std::sync::Arc;

use super::story::Story;
use crate::base::{Goroutine, Interval, Progress, Time};
use crate::scene::{
    Grouping, Index, Layout, Others, RowOptions, Rows, Scene, SectionKey, Selection, Show, Source,
    SpanFlags, View, Viewport,
};

const MS: i64 = 1_000_000;

/// Two workers that hear a cancel at 40 ms, one prompt and one late; a deaf one; one that is
/// still alive; and a busy one that switches too often to be drawn.
fn late_exit() -> Story {
    let busy: Vec<(i64, usize)> =
        (0..2_000).map(|n| (10 * MS + n * 20_000, usize::from(n % 4 == 0))).collect();
    let mut story = Story::new(100 * MS)
        .actor("main.main", &[(0, 0), (MS, 4)], None)
        .actor("main.work", &[(5 * MS, 1), (6 * MS, 4), (40 * MS, 0)], Some(41 * MS))
        .actor("main.work", &[(5 * MS, 1), (7 * MS, 4), (40 * MS, 0), (42 * MS, 3)], Some(90 * MS))
        .actor("main.deaf", &[(8 * MS, 3)], Some(80 * MS))
        .actor("main.stuck", &[(9 * MS, 4), (40 * MS, 7)], None)
        .actor("main.busy", &busy, Some(50 * MS))
        .cancel(40 * MS, &[1, 2, 4], &[3]);
    story.cuts = vec![33 * MS];
    story.heap = vec![(2 * MS, 100), (30 * MS, 400), (60 * MS, 200)];
    story.gc = vec![(20 * MS, 25 * MS)];
    story
}

/// What a scene of 400 × 400 px holds.
fn draw(source: Source<'_>, rows: &Rows, viewport: Viewport, selection: Selection) -> String {
    let view = View {
        source,
        rows,
        viewport,
        layout: Layout { height_px: 400.0, axis_px: 32.0, min_px: 1.5 },
        scroll_px: 0.0,
        selection,
        budget_ns: 10 * MS,
        show: Show { gc: true, ..Show::default() },
        wakers: None,
    };
    let mut scene = Scene::default();
    scene.fill(&view);
    describe(&scene, &view)
}

fn describe(scene: &Scene, view: &View<'_>) -> String {
    let mut out = String::new();
    let labels = scene.ticks.iter().map(|tick| (tick.x.round(), scene.text(tick.text)));
    for (x, text) in labels.filter(|label| !label.1.is_empty()) {
        let _ = write!(out, "{x} {text} | ");
    }
    let _ = writeln!(out, "axis");
    for band in &scene.bands {
        let share = band.share * 100.0;
        let _ = writeln!(out, "band {:?} {:.0}–{:.0} {share:.0}%", band.kind, band.x0, band.x1);
    }
    for mark in &scene.cancels {
        let _ = writeln!(
            out,
            "cancel {} ×{} at {:.0} {:?}{}{}",
            mark.cancel,
            mark.count,
            mark.x,
            mark.cause,
            if mark.late { " late" } else { "" },
            if mark.dimmed { " dimmed" } else { "" }
        );
    }
    for (number, row) in (0..).zip(&scene.rows) {
        let flags = [(row.selected, " selected"), (row.dimmed, " dimmed"), (row.late, " late")];
        let flags: String = flags.iter().filter(|flag| flag.0).map(|flag| flag.1).collect();
        let _ = writeln!(out, "{:.0}–{:.0} {:?}{flags}", row.y0, row.y1, row.row);
        describe_row(scene, view, number, &mut out);
    }
    out
}

fn describe_row(scene: &Scene, _view: &View<'_>, number: u32, out: &mut String) {
    for span in scene.spans.iter().filter(|span| span.row == number) {
        let late = if span.flags.has(SpanFlags::LATE) { " late" } else { "" };
        let mixed = if span.flags.has(SpanFlags::MIXED) {
            format!(" mixed {}%", u32::from(span.share) * 100 / 255)
        } else {
            String::new()
        };
        let _ = writeln!(out, "    {:.1}–{:.1} {:?}{mixed}{late}", span.x0, span.x1, span.class);
    }
    for bar in scene.bars.iter().filter(|bar| bar.row == number) {
        let (kind, share) = (bar.kind, bar.share * 100.0);
        let _ = writeln!(
            out,
            "    bar {:.1}–{:.1} {kind:?} ×{} {share:.0}%",
            bar.x0, bar.x1, bar.count
        );
    }
    for column in scene.density.iter().filter(|column| column.row == number) {
        let _ = writeln!(
            out,
            "    column {:.0}–{:.0} {:?} {:.1} px",
            column.x0,
            column.x1,
            column.class,
            column.y1 - column.y0
        );
    }
    for plot in scene.plots.iter().filter(|plot| plot.row == number) {
        let points = &scene.points[plot.start as usize..plot.end as usize];
        let points: Vec<String> =
            points.iter().map(|[x, y]| format!("{x:.0},{y:.0}")).take(12).collect();
        let _ = writeln!(out, "    line {} max {} {}", plot.line, plot.max, points.join(" "));
    }
    for fuse in scene.fuses.iter().filter(|fuse| fuse.row == number) {
        let _ = writeln!(
            out,
            "    fuse {:.0}→{:.0}→{:.0} {:?} {:?}{}{} ×{} “{}”",
            fuse.x0,
            fuse.x_budget,
            fuse.x1,
            fuse.kind,
            fuse.end,
            if fuse.deaf { " deaf" } else { "" },
            if fuse.dimmed { " dimmed" } else { "" },
            fuse.count,
            scene.text(fuse.text)
        );
    }
    for marker in scene.markers.iter().filter(|marker| marker.row == number) {
        let _ = writeln!(out, "    mark {:.0} {:?}", marker.x, marker.kind);
    }
}

#[test]
fn the_timeline_of_a_late_exit() {
    let document = late_exit().document();
    let index = Index::build(&document, &Progress::default()).unwrap();
    let source = Source { document: &document, index: &index };
    let open = [SectionKey::Metrics, SectionKey::Runtime].map(|key| (key, false));
    let folds = Arc::new(open.into_iter().collect());
    let options = RowOptions { budget_ns: 10 * MS, folds, ..RowOptions::default() };
    let mut rows = Rows::build(source, &options);
    let viewport = Viewport::new(document.trace().interval(), 400.0);
    insta::assert_snapshot!("timeline", draw(source, &rows, viewport, Selection::default()));
    rows.set_collapsed(|_| true);
    insta::assert_snapshot!("collapsed", draw(source, &rows, viewport, Selection::default()));
}

#[test]
fn zoomed_in_everything_is_exact() {
    let document = late_exit().document();
    let index = Index::build(&document, &Progress::default()).unwrap();
    let source = Source { document: &document, index: &index };
    let options = RowOptions {
        grouping: Grouping::Flat,
        others: Others::Without,
        filter: "BUSY".into(),
        ..RowOptions::default()
    };
    let rows = Rows::build(source, &options);
    let mut viewport = Viewport::new(document.trace().interval(), 400.0);
    viewport.show(Interval::new(Time(10 * MS), Time(10 * MS + 200_000)), 0.0);
    let selection = Selection {
        goroutine: Some(Goroutine(5)),
        span: Some(Interval::new(Time(10 * MS + 20_000), Time(10 * MS + 40_000))),
        cancel: None,
    };
    insta::assert_snapshot!("zoomed", draw(source, &rows, viewport, selection));
}

#[test]
fn the_cancel_view_puts_the_latest_first() {
    let document = late_exit().document();
    let index = Index::quick(&document);
    let source = Source { document: &document, index: &index };
    let options = RowOptions { budget_ns: 10 * MS, ..RowOptions::default() };
    let rows = Rows::cancel_view(source, &[0], &options);
    let viewport = Viewport::new(rows.cancel_bounds().unwrap(), 400.0);
    let selection = Selection { cancel: Some(0), ..Selection::default() };
    insta::assert_snapshot!("cancel_view", draw(source, &rows, viewport, selection));
}

#[test]
fn the_cancel_view_follows_filter_and_budget() {
    let document = late_exit().document();
    let index = Index::quick(&document);
    let source = Source { document: &document, index: &index };
    let list = |options: &RowOptions| {
        let rows = Rows::cancel_view(source, &[0], options);
        let late = rows.sections()[0].late;
        (rows.goroutines().iter().map(|goroutine| goroutine.0).collect::<Vec<_>>(), late)
    };
    let ten = RowOptions { budget_ns: 10 * MS, ..RowOptions::default() };
    let (all, late) = list(&ten);
    assert!(all.len() > late as usize && late > 1, "{all:?}, {late} late");
    let (kept, n) = list(&RowOptions { late_only: true, ..ten.clone() });
    assert_eq!((kept, n), (all[..late as usize].to_vec(), late));
    let (kept, _) = list(&RowOptions { filter: "g3".into(), ..ten.clone() });
    assert_eq!(kept, [2]);
    let (kept, n) = list(&RowOptions { budget_ns: i64::MAX, late_only: true, ..ten });
    assert_eq!((kept, n), (Vec::new(), 0));
}

#[test]
fn filters_sorts_and_places_agree() {
    let document = late_exit().document();
    let index = Index::build(&document, &Progress::default()).unwrap();
    let source = Source { document: &document, index: &index };
    let list = |options: &RowOptions| {
        let rows = Rows::build(source, options);
        rows.goroutines().iter().map(|goroutine| goroutine.0).collect::<Vec<_>>()
    };
    let flat = RowOptions { grouping: Grouping::Flat, budget_ns: 10 * MS, ..RowOptions::default() };
    assert_eq!(list(&flat), [4, 2, 3, 1, 0, 5]);
    assert_eq!(list(&RowOptions { late_only: true, ..flat.clone() }), [4, 2, 3]);
    assert_eq!(list(&RowOptions { filter: "g6".into(), ..flat.clone() }), [5]);
    assert_eq!(list(&RowOptions { filter: "main. WORK".into(), ..flat.clone() }), [2, 1]);
    assert_eq!(list(&RowOptions { filter: "nothing".into(), ..flat.clone() }), [0; 0]);
    let by = |sort| list(&RowOptions { sort, ..flat.clone() });
    assert_eq!(by(crate::scene::Sort::Start), [0, 1, 2, 3, 4, 5]);
    assert_eq!(by(crate::scene::Sort::Running)[0], 5);
    assert_eq!(by(crate::scene::Sort::Lifetime), [0, 4, 2, 3, 5, 1]);
    let mut rows = Rows::build(source, &RowOptions::default());
    let open = rows.place_of(Goroutine(2)).unwrap();
    let section = rows.section_of(Goroutine(2)).unwrap();
    assert_eq!(rows.section_at(open.top_px), Some(section));
    assert_eq!(rows.neighbor(rows.goroutines()[0], 1), rows.goroutines().get(1).copied());
    assert_eq!(rows.neighbor(rows.goroutines()[0], -1), None);
    if !rows.sections()[section as usize].collapsed {
        let before = rows.height_px();
        let key = rows.sections()[section as usize].key;
        rows.set_collapsed(|it| it.collapsed || it.key == key);
        assert!(rows.height_px() < before);
    }
    assert!(rows.place_of(Goroutine(2)).unwrap().collapsed);
    let lone = rows.section_of(Goroutine(4)).unwrap();
    assert!(rows.is_headless(lone));
    rows.set_collapsed(|_| true);
    assert!(!rows.place_of(Goroutine(4)).unwrap().collapsed);
}

#[test]
fn a_collapsed_group_seen_closely_shows_who_lives_there() {
    let mut story = Story::new(1_000 * MS);
    for n in 0..200 {
        let born = MS + n * 4 * MS;
        story = story.actor("main.work", &[(born, 1), (born + MS, 0)], Some(born + 3 * MS));
    }
    story = story.actor("main.work", &[(MS, 3)], None);
    let document = story.document();
    let index = Index::build(&document, &Progress::default()).unwrap();
    let source = Source { document: &document, index: &index };
    let options = RowOptions { others: Others::Without, ..RowOptions::default() };
    let rows = Rows::build(source, &options);
    assert!(rows.sections()[0].collapsed);
    let mut viewport = Viewport::new(document.trace().interval(), 400.0);
    let window = Interval::new(Time(401 * MS), Time(407 * MS));
    viewport.show(window, 0.0);
    insta::assert_snapshot!("closely", draw(source, &rows, viewport, Selection::default()));
    let few = Rows::build(source, &RowOptions { within: Some(window), ..options });
    let lanes: Vec<u32> = few.goroutines().iter().map(|goroutine| goroutine.0).collect();
    assert_eq!(lanes, [100, 101, 200]);
}
