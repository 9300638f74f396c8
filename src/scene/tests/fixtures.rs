//! Real traces: the examples that come with the project.

use std::path::Path;

use crate::analysis::{Document, Rules};
use crate::base::Progress;
use crate::scene::{
    FuseKind, Index, Layout, Metrics, Overview, Row, RowOptions, Rows, Scene, Selection, Show,
    Source, View, Viewport,
};

fn open(path: &str) -> Document {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("traces").join(path);
    let bytes = std::fs::read(&path).unwrap();
    let trace = crate::model::build(&bytes, &Progress::default()).unwrap();
    Document::new(trace, Rules::default())
}

fn fill(source: Source<'_>, rows: &Rows) -> Scene {
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
    rows.set_all_collapsed(false);
    let scene = fill(source, &rows);
    for hearing in &late {
        let loud = scene
            .fuses
            .iter()
            .find(|fuse| fuse.goroutine == hearing.goroutine && fuse.kind == FuseKind::Late);
        let loud = loud.expect("a late goroutine has a loud fuse");
        assert!(loud.x1 > loud.x_budget && !scene.text(loud.text).is_empty());
    }
    rows.set_all_collapsed(true);
    let scene = fill(source, &rows);
    assert!(scene.fuses.iter().any(|fuse| fuse.kind == FuseKind::Late));
    assert!(scene.rows.iter().any(|row| row.late && matches!(row.row, Row::Header(_))));
    let mut overview = Overview::default();
    overview.fill(source, 1600.0, 40.0, budget_ns);
    assert!(!overview.density.is_empty() && !overview.late.is_empty());
}

#[test]
fn the_cancel_view_of_the_example_shows_the_late_ones_on_top() {
    let document = open("late-exit/before.trace");
    let index = Index::quick(&document);
    let source = Source { document: &document, index: &index };
    let worst = document.analysis().late(document.rules().late_over_ns).next().unwrap();
    let rows = Rows::cancel_view(source, &[worst.cancel], Metrics::default());
    assert_eq!(rows.goroutines()[0], worst.goroutine);
    let scene = fill(source, &rows);
    assert_eq!(scene.cancels.len(), 1);
    let first = scene.fuses.first().unwrap();
    assert_eq!((first.goroutine, first.kind), (worst.goroutine, FuseKind::Late));
}
