//! Windows of all sizes.

use super::*;

#[test]
fn a_narrow_window_has_all_that_matters() {
    let mut harness = Harness::builder()
        .with_size([900.0, 600.0])
        .with_max_steps(30)
        .build_eframe(|creation| App::new(&creation.egui_ctx, &[], Settings::default()));
    wait(&mut harness);
    let pair = ["traces/sleep-in-handler/before.trace", "traces/sleep-in-handler/after.trace"];
    drop_files(&mut harness, &pair);
    let (compare, find) = (harness.get_by_label("Compare"), harness.get_by_label("Find"));
    assert!(compare.rect().right() <= find.rect().left(), "tabs and find are apart");
    let details = harness.get_by_label("Forward").rect().left();
    let rows: Vec<_> = harness.query_all_by_label_contains("better: ").collect();
    assert!(!rows.is_empty());
    for row in rows {
        assert!(row.rect().right() < details, "{} ends before the panel beside it", row.rect());
    }
}

#[test]
fn the_column_of_names_can_be_made_wider() {
    let mut harness = window();
    drop_files(&mut harness, &["traces/late-exit/before.trace"]);
    let width = |harness: &Harness<'_, App>| {
        harness.get_by_label_contains("g22 main.flushWorker, 80.6").rect().width()
    };
    let before = width(&harness);
    let edge = harness.get_by_label("Width of the names").rect().center();
    let to = edge + egui::vec2(100.0, 0.0);
    harness.drag_at(edge);
    harness.step();
    harness.hover_at(to);
    harness.step();
    harness.drop_at(to);
    wait(&mut harness);
    assert!((width(&harness) - before - 100.0).abs() < 2.0, "{before} → {}", width(&harness));
}

#[test]
fn the_plots_of_late_exits_stay_as_high_as_they_are() {
    let mut harness = window();
    drop_files(&mut harness, &["traces/late-exit/before.trace"]);
    harness.key_press(egui::Key::Num3);
    wait(&mut harness);
    let height = |harness: &Harness<'_, App>| {
        harness.get_by_label_contains("Histogram of overstays").rect().height()
    };
    let first = height(&harness);
    for _ in 0..40 {
        harness.step();
    }
    assert!((height(&harness) - first).abs() < 0.5, "{first} → {}", height(&harness));
}
