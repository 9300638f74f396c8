//! The table of late exits, on its page and in the drawer.

use super::*;

/// Turns the wheel down over a place.
fn scroll_down(harness: &mut Harness<'_, App>, at: egui::Pos2) {
    harness.hover_at(at);
    for _ in 0..8 {
        harness.event(egui::Event::MouseWheel {
            unit: egui::MouseWheelUnit::Point,
            delta: egui::vec2(0.0, -120.0),
            phase: egui::TouchPhase::Move,
            source: egui::MouseWheelSource::Unknown,
            modifiers: egui::Modifiers::NONE,
        });
        harness.step();
    }
    wait(harness);
}

#[test]
fn the_late_exits_of_a_trace_begin_with_the_worst() {
    for view in [View::Timeline, View::Late] {
        let settings = || Settings { view: Some(view), ..Settings::default() };
        let mut harness = window_with(settings());
        drop_files(&mut harness, &["traces/sleep-in-handler/before.trace"]);
        let worst = names(&harness, "Late exit: ").remove(0);
        let at = harness.get_by_label(&worst).rect().center();
        scroll_down(&mut harness, at);
        assert!(!says(&harness, &worst), "{view:?}: it is scrolled out of sight");
        // What egui remembers is what it saves, and has again after a restart.
        let saved = harness.ctx.memory(Clone::clone);
        drop_files(&mut harness, &["traces/deaf/before.trace"]);
        click(&mut harness, "Replace");
        drop_files(&mut harness, &["traces/sleep-in-handler/before.trace"]);
        click(&mut harness, "Replace");
        if view == View::Late {
            click(&mut harness, "Late exits (");
        }
        assert!(says(&harness, &worst), "{view:?}: another trace was opened meanwhile");
        let again = Harness::builder().with_size([1500.0, 940.0]).with_max_steps(30);
        let mut again = settle(again.build_eframe(|creation| {
            creation.egui_ctx.memory_mut(|memory| *memory = saved);
            App::new(&creation.egui_ctx, &[], settings())
        }));
        drop_files(&mut again, &["traces/sleep-in-handler/before.trace"]);
        assert!(says(&again, &worst), "{view:?}: the window was opened again");
    }
}

#[test]
fn who_is_stuck_is_listed_with_what_it_waits_in() {
    let settings = Settings { view: Some(View::Late), ..Settings::default() };
    let mut harness = window_with(settings);
    drop_files(&mut harness, &["traces/lost-cancel/before.trace"]);
    assert!(says(&harness, "450 goroutines stuck") && says(&harness, "0 late exits"));
    let rows = names(&harness, "Stuck: g");
    assert!(rows.len() > 10, "{rows:?}");
    let worst = "Stuck: g23 main.refresh for ≥ 532 ms, still alive, waited 532 ms in a select \
                 in main.refresh (main.go:55)";
    assert_eq!(rows[0], worst);
    harness.key_press(egui::Key::End);
    wait(&mut harness);
    let rows = names(&harness, "Stuck: g");
    assert!(!rows[0].contains("g23 ") && rows.iter().any(|row| row.contains(", pile-up, ")));
    assert!(says(&harness, "Still alive, stuck ≥ "), "the last one's page");
    harness.key_press(egui::Key::Escape);
    harness.key_press(egui::Key::N);
    wait(&mut harness);
    assert!(says(&harness, worst), "the table follows to the worst");
    assert!(says(&harness, "Still alive, stuck ≥ 532 ms"), "whose page is shown");
    harness.key_press(egui::Key::ArrowDown);
    wait(&mut harness);
    assert!(says(&harness, "Still alive, stuck ≥ 531 ms"), "and the one below");
    click(&mut harness, "Sort by Goroutine");
    assert!(names(&harness, "Stuck: g")[0].starts_with("Stuck: g7 "), "by id");
    harness.get_by_label("Find").focus();
    harness.get_by_label("Find").type_text("pile-up");
    wait(&mut harness);
    assert!(says(&harness, "71 of 450 goroutines stuck match"), "{:?}", names(&harness, "match"));
}

#[test]
fn where_nobody_is_stuck_only_late_exits_are_told_of() {
    let settings = Settings { view: Some(View::Late), ..Settings::default() };
    let mut harness = window_with(settings);
    drop_files(&mut harness, &["traces/late-exit/before.trace"]);
    assert!(says(&harness, "4 late exits") && !says(&harness, " stuck"));
    assert_eq!(names(&harness, "Late exit: ").len(), 4);
}

#[test]
fn where_nobody_is_late_the_longest_stays_are_the_evidence() {
    let mut harness = window_on("traces/healthy-server/healthy-server.trace");
    assert!(
        says(&harness, "0 late exits") && says(&harness, "the longest stays, all within 10 ms")
    );
    let rows = names(&harness, "In time: g");
    assert!(rows.len() > 1 && rows[0].starts_with("In time: g135 main.(*pool).ServeHTTP left 560"));
    let low = harness.get_by_label_contains("Timeline of healthy").rect().height();
    harness.get_by_label("Budget").set_value_accesskit(100e3);
    wait(&mut harness);
    assert!(says(&harness, "Late exit: g135 "));
    let high = harness.get_by_label_contains("Timeline of healthy").rect().height();
    assert!(low > high + 60.0, "the drawer takes less room: {high} → {low}");
    harness.get_by_label("Budget").set_value_accesskit(10e6);
    harness.get_by_label("Find").focus();
    harness.get_by_label("Find").type_text("nobodys");
    wait(&mut harness);
    assert!(says(&harness, "Nobody who left in time matches “nobodys”."));
}

#[test]
fn a_bar_of_the_histogram_tells_what_it_stands_for() {
    let settings = Settings { view: Some(View::Late), ..Settings::default() };
    let mut harness = window_with(settings);
    drop_files(&mut harness, &["traces/sleep-in-handler/before.trace"]);
    let plot = harness.get_by_label_contains("Histogram of overstays: 200 of 400").rect();
    // From the right: the longest are there.
    let mut at = plot.right_center();
    while !says(&harness, " overstays, ") {
        at.x -= 2.0;
        assert!(at.x > plot.center().x, "no bar tells anything");
        harness.hover_at(at);
        for _ in 0..40 {
            harness.step();
        }
    }
    let told = names(&harness, " overstays, ").remove(0);
    assert!(told.ends_with(" ms") && told.contains('–'), "{told}");
    for pressed in [true, false] {
        let (button, modifiers) = (egui::PointerButton::Primary, egui::Modifiers::NONE);
        harness.event(egui::Event::PointerButton { pos: at, button, pressed, modifiers });
        harness.step();
    }
    wait(&mut harness);
    let lengths = told.rsplit(", ").next().expect("from when to when").to_owned();
    let chip = format!("Remove the filter: {lengths}");
    assert!(says(&harness, &chip), "a click lists only them: {told}");
    assert!(says(&harness, &told[..told.find(',').expect("how many")]), "as many as it told");
    let listed = names(&harness, "Late exit: ");
    click(&mut harness, &chip);
    assert!(says(&harness, "200 late exits") && !says(&harness, "Remove the filter"));
    // The keys walk from the longest to shorter ones.
    harness.key_press(egui::Key::Y);
    wait(&mut harness);
    assert!(says(&harness, &chip) && names(&harness, "Late exit: ") == listed);
    harness.key_press(egui::Key::Y);
    wait(&mut harness);
    assert!(says(&harness, "Remove the filter") && !says(&harness, &chip));
    harness.key_press_modifiers(egui::Modifiers::SHIFT, egui::Key::Y);
    wait(&mut harness);
    assert!(says(&harness, &chip), "and back");
    harness.key_press(egui::Key::Escape);
    wait(&mut harness);
    assert!(!says(&harness, "Remove the filter"));
}
