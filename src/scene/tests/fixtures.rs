//! Real traces: the examples that come with the project.

use std::path::Path;
use std::sync::Arc;

use crate::analysis::{Document, Rules};
use crate::base::{Progress, Time};
use crate::scene::{
    Filter, FuseKind, Index, Layout, Metrics, Overview, Row, RowOptions, Rows, Scene, Section,
    Selection, Show, Source, View, Viewport,
};

pub(super) fn open(path: &str) -> Document {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("traces").join(path);
    #[expect(clippy::disallowed_methods, reason = "a test reads the examples")]
    let bytes = std::fs::read(&path).unwrap();
    let trace = crate::model::build(&bytes, &Progress::default()).unwrap();
    Document::new(trace, Rules::default())
}

pub(super) fn fill(source: Source<'_>, rows: &Rows) -> Scene {
    let document = source.document;
    let bounds = rows.cancel_bounds().unwrap_or(document.trace().interval());
    let view = View {
        source,
        rows,
        viewport: Viewport::new(bounds, 1600.0),
        layout: Layout { height_px: 100_000.0, ..Layout::default() },
        scroll_px: 0.0,
        selection: Selection::default(),
        budget_ns: document.rules().late_over_ns,
        show: Show::default(),
        wakers: None,
    };
    let mut scene = Scene::default();
    scene.fill(&view);
    scene
}

/// Every late goroutine of the example has a loud fuse, in its lane and in its group.
#[test]
fn late_exits_of_the_example_are_on_screen_in_every_arrangement() {
    let document = open("late-exit/before.trace");
    let index = Index::build(&document, &Progress::default()).unwrap();
    let source = Source { document: &document, index: &index };
    let budget_ns = document.rules().late_over_ns;
    let late: Vec<_> = document.analysis().late(budget_ns).collect();
    assert!(!late.is_empty());
    let options = RowOptions { budget_ns, regions: true, ..RowOptions::default() };
    let mut rows = Rows::build(source, &options);
    rows.set_collapsed(|_| false);
    let scene = fill(source, &rows);
    for hearing in &late {
        let loud = scene
            .fuses
            .iter()
            .find(|fuse| fuse.goroutine == hearing.goroutine && fuse.kind == FuseKind::Late);
        let loud = loud.expect("a late goroutine has a loud fuse");
        assert!(loud.x1 > loud.x_budget && !scene.text(loud.text).is_empty());
    }
    rows.set_collapsed(|_| true);
    let scene = fill(source, &rows);
    assert!(scene.fuses.iter().any(|fuse| fuse.kind == FuseKind::Late));
    // Each of them is the only one of its function: lanes without headers, which stay.
    assert!(scene.rows.iter().any(|row| row.late && matches!(row.row, Row::Lane { .. })));
    let mut overview = Overview::default();
    let whole = source.document.trace().interval();
    overview.fill(source, whole, (1600.0, 40.0), budget_ns);
    assert!(!overview.density.is_empty() && !overview.late.is_empty());
}

/// Whoever opens a trace with hundreds of late exits sees their lanes, the worst first, and no
/// late one is a strip when only late ones are asked for.
#[test]
fn the_worst_group_comes_open_however_large_it_is() {
    for case in ["sleep-in-handler", "polling-sleep", "lost-cancel"] {
        let document = open(&format!("{case}/before.trace"));
        let index = Index::build(&document, &Progress::default()).unwrap();
        let source = Source { document: &document, index: &index };
        let budget_ns = document.rules().late_over_ns;
        let options = RowOptions { budget_ns, ..RowOptions::default() };
        let rows = Rows::build(source, &options);
        let worst = rows.sections().iter().find(|section| section.late > 0).unwrap();
        assert!(worst.count > 64 && !worst.collapsed, "{case}: {worst:?}");
        let healthy = |section: &&Section| section.late == 0 && section.count > 64;
        assert!(rows.sections().iter().filter(healthy).all(|section| section.collapsed), "{case}");
        let scene = fill(source, &rows);
        let lanes = scene.rows.iter().filter(|row| matches!(row.row, Row::Lane { .. }));
        let late: Vec<bool> = lanes.map(|row| row.late).collect();
        assert!(late[..64].iter().all(|late| *late), "{case}: the late ones are the first");
        let fuses = scene.fuses.iter().filter(|fuse| fuse.kind == FuseKind::Late);
        let worst_ns: Vec<i64> = fuses.map(|fuse| fuse.overstay_ns).take(64).collect();
        assert!(worst_ns.is_sorted_by(|a, b| a >= b), "{case}: {worst_ns:?}");
        let rows = Rows::build(source, &RowOptions { late_only: true, ..options.clone() });
        let late = |section: &&Section| section.late > 0;
        assert!(rows.sections().iter().filter(late).all(|section| !section.collapsed), "{case}");
        // What somebody collapsed stays so.
        let folds = [(worst.key, true)].into_iter().collect();
        let rows = Rows::build(source, &RowOptions { folds: Arc::new(folds), ..options });
        assert!(rows.sections().iter().filter(late).all(|section| section.collapsed), "{case}");
    }
}

#[test]
fn the_cancel_view_of_the_example_shows_the_late_ones_on_top() {
    let document = open("late-exit/before.trace");
    let index = Index::quick(&document);
    let source = Source { document: &document, index: &index };
    let worst = document.analysis().late(document.rules().late_over_ns).next().unwrap();
    let options = RowOptions::default();
    let rows = Rows::cancel_view(source, &[worst.cancel], &options);
    assert_eq!(rows.goroutines()[0], worst.goroutine);
    let scene = fill(source, &rows);
    assert_eq!(scene.cancels.len(), 1);
    let first = scene.fuses.first().unwrap();
    assert_eq!((first.goroutine, first.kind), (worst.goroutine, FuseKind::Late));
}

/// Right of the longest fuse there is room for its overstay in the smallest window.
#[test]
fn the_cancel_view_leaves_room_for_the_worst_overstay() {
    let document = open("deaf/before.trace");
    let index = Index::quick(&document);
    let source = Source { document: &document, index: &index };
    let rows = Rows::cancel_view(source, &[0], &RowOptions::default());
    let viewport = Viewport::new(rows.cancel_bounds().unwrap(), 334.0);
    let longest = document.analysis().hearings().iter().map(|it| it.overstay_ns).max().unwrap();
    let room_px = 334.0 - viewport.x_from_time(Time(longest));
    assert!(room_px > 54.0, "{room_px}");
}

/// A function is found in whoever was seen in it: the one that a library's goroutine runs, and
/// the one that held somebody up. The stack of a waker is not that of whom it woke.
#[test]
fn lanes_are_found_by_the_functions_that_they_were_in() {
    let found = |path: &str, words: &str| {
        let document = open(path);
        let trace = document.trace();
        let filter = Filter::new(trace, words);
        let kept = trace.goroutines().filter(|&g| filter.keeps(trace, g));
        let mut names: Vec<String> =
            kept.map(|g| trace.string(trace.life(g).name).to_owned()).collect();
        names.sort();
        names.dedup();
        names
    };
    assert_eq!(found("late-exit/before.trace", "LateWork"), ["main.flushWorker"]);
    assert_eq!(found("sleep-in-handler/before.trace", "main.pay"), ["net/http.(*conn).serve"]);
    assert_eq!(found("late-exit/before.trace", "cancelCtx"), [""; 0]);
    assert_eq!(found("late-exit/before.trace", "main.worker g22"), [""; 0]);
    assert_eq!(found("late-exit/before.trace", "time.Sleep g22"), ["main.flushWorker"]);
}

/// Whatever the model says of a goroutine's life is in its lane, from its first state on.
#[test]
fn lanes_show_every_span_that_is_wide_enough() {
    let cases = ["after-in-loop", "broken-chain", "deaf", "errgroup-straggler", "late-exit"];
    let paths = cases.map(|case| format!("{case}/before.trace")).into_iter();
    for path in paths.chain(["healthy-server/healthy-server.trace".to_owned()]) {
        let document = open(&path);
        let trace = document.trace();
        let index = Index::build(&document, &Progress::default()).unwrap();
        let source = Source { document: &document, index: &index };
        let mut rows = Rows::build(source, &RowOptions::default());
        rows.set_collapsed(|_| false);
        let scene = fill(source, &rows);
        let viewport = Viewport::new(trace.interval(), 1600.0);
        let mut n_wide = 0;
        for (number, row) in (0..).zip(&scene.rows) {
            let Row::Lane { goroutine, .. } = row.row else { continue };
            for span in trace.spans(goroutine) {
                let (x0, x1) = (viewport.x_on_screen(span.start), viewport.x_on_screen(span.end));
                if x1 - x0 < 4.0 {
                    continue;
                }
                n_wide += 1;
                let class = match trace.life(goroutine) {
                    life if life.first == span.start => {
                        index.classes.of_first(life.first_state, life.first_stack)
                    }
                    _ => index.classes.of(span.state, span.reason),
                };
                let x = x0.midpoint(x1);
                let mut there =
                    scene.spans.iter().filter(|r| r.row == number && r.x0 <= x && x < r.x1);
                let record = there.next().map(|record| record.class);
                assert_eq!(record, Some(class), "{path}: {goroutine:?} {span:?}");
            }
        }
        assert!(n_wide > 20, "{path}: {n_wide}");
    }
}

/// Every example under many views with everything switched on: no panic, records within bounds.
#[test]
fn every_example_can_be_looked_at_from_anywhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("traces");
    let mut n = 0;
    for case in std::fs::read_dir(root).unwrap().flatten() {
        let path = case.path().join("before.trace");
        if path.exists() {
            look_around(&open(path.to_str().unwrap()));
            n += 1;
        }
    }
    assert!(n > 5);
}

fn look_around(document: &Document) {
    let index = Index::build(document, &Progress::default()).unwrap();
    let source = Source { document, index: &index };
    let budget_ns = document.rules().late_over_ns;
    let options = RowOptions { budget_ns, regions: true, ..RowOptions::default() };
    let mut rows = Rows::build(source, &options);
    let cancel = document.analysis().cancels().first().map(|cancel| cancel.id);
    let cancel_rows = Rows::cancel_view(source, &[cancel.unwrap_or(0)], &options);
    let mut scene = Scene::default();
    for step in 0..48_u32 {
        rows.set_collapsed(|_| step % 3 == 0);
        let rows = if step % 8 == 7 { &cancel_rows } else { &rows };
        let goroutine = rows.goroutines().get(step as usize % rows.n_lanes().max(1)).copied();
        let bounds = rows.cancel_bounds().unwrap_or(document.trace().interval());
        let mut viewport = Viewport::new(bounds, 800.0);
        viewport.zoom_at(f64::from(step * 97 % 800), f64::from(step % 16).exp2());
        let view = View {
            source,
            rows,
            viewport,
            layout: Layout { height_px: 700.0, ..Layout::default() },
            scroll_px: rows.max_scroll(600.0) * f64::from(step % 5) / 4.0,
            selection: Selection {
                goroutine: goroutine.filter(|_| step % 2 == 0),
                span: goroutine.map(|g| document.trace().lifetime(g)),
                cancel: cancel.filter(|_| step % 4 < 2),
            },
            budget_ns,
            show: Show { gc: true, ..Show::default() },
            wakers: None,
        };
        scene.fill(&view);
        assert!(scene.spans.len() <= 60 * 2 * 402);
        assert!(scene.bars.len() <= 100 * 2 * 402);
        assert!(scene.arrows.len() <= 700);
        for x in (0..800_u16).step_by(7) {
            for y in (0..700_u16).step_by(9) {
                let _ = scene.hit(&view, f32::from(x), f32::from(y));
            }
        }
    }
}

/// A scene that is kept shows the same as one that is filled anew, whatever changes; and where
/// nothing changes nothing is done.
#[test]
fn a_kept_scene_follows_every_change_of_the_view() {
    let document = open("late-exit/before.trace");
    let (quick, full) =
        (Index::quick(&document), Index::build(&document, &Progress::default()).unwrap());
    let budget_ns = document.rules().late_over_ns;
    let options = RowOptions { budget_ns, ..RowOptions::default() };
    let [on_quick, on_full] = [&quick, &full].map(|index| Source { document: &document, index });
    let mut rows = Rows::build(on_full, &options);
    rows.set_collapsed(|_| false);
    let mut other_rows = rows.clone();
    other_rows.set_metrics(Metrics::compact());
    let mut folded = rows.clone();
    folded.set_collapsed(|_| true);
    let bounds = document.trace().interval();
    let view = View {
        source: on_full,
        rows: &rows,
        viewport: Viewport::new(bounds, 900.0),
        layout: Layout { height_px: 300.0, ..Layout::default() },
        scroll_px: 0.0,
        selection: Selection::default(),
        budget_ns,
        show: Show::default(),
        wakers: None,
    };
    let mut zoomed = view.viewport;
    zoomed.zoom_at(300.0, 4.0);
    let goroutine = rows.goroutines().first().copied();
    let views = [
        view,
        View { source: on_quick, ..view },
        View { rows: &other_rows, ..view },
        View { rows: &folded, ..view },
        View { viewport: zoomed, ..view },
        View { layout: Layout { height_px: 200.0, ..view.layout }, ..view },
        View { scroll_px: 40.0, ..view },
        View { selection: Selection { goroutine, ..Selection::default() }, ..view },
        View { budget_ns: i64::MAX, ..view },
        View { show: Show { cancels: false, ..view.show }, ..view },
    ];
    let mut kept = Scene::default();
    for (one, other) in views.iter().flat_map(|one| views.iter().map(move |other| (one, other))) {
        for view in [one, other] {
            let mut anew = Scene::default();
            anew.fill(view);
            kept.fill(view);
            assert_eq!(format!("{kept:?}"), format!("{anew:?}"));
        }
    }
    kept.rows.clear();
    kept.fill(&views[views.len() - 1]);
    assert!(kept.rows.is_empty(), "it was filled for this view");
    kept.clear();
    kept.fill(&views[views.len() - 1]);
    assert!(!kept.rows.is_empty(), "it was emptied");
}
