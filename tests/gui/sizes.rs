//! Windows of all sizes.

use super::*;

#[test]
fn a_narrow_window_has_all_that_matters() {
    let mut harness = window_of([900.0, 600.0], Settings::default());
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
    let mut harness = window_on("traces/late-exit/before.trace");
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
    let mut harness = window_on("traces/late-exit/before.trace");
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

#[test]
fn late_lanes_are_seen_first_in_a_low_window() {
    for size in [[800.0, 600.0], [1024.0, 640.0]] {
        let mut harness = window_of(size, Settings::default());
        drop_files(&mut harness, &["traces/late-exit/before.trace"]);
        // They are in the tree only if they are on screen.
        let late = names(&harness, " late");
        let lanes = late.iter().filter(|name| name.starts_with('g') && name.ends_with("ms late"));
        assert!(lanes.count() >= 3, "{size:?}: {late:?}");
        assert!(says(&harness, "Open Heap and goroutines"), "the plots are folded");
    }
}

#[test]
fn what_is_late_is_not_pushed_down_by_the_other_lanes() {
    for (case, heading) in [
        ("late-exit/before", "Open"),
        ("lost-cancel/before", "Open"),
        ("late-exit/after", "Collapse"),
    ] {
        let harness = window_on(&format!("traces/{case}.trace"));
        assert!(says(&harness, &format!("{heading} Heap and goroutines")), "{case}");
    }
    let harness = window_on("traces/late-exit/before.trace");
    let canvas = harness.get_by_label_contains("Timeline of before.trace").rect();
    let worst = harness.get_by_label_contains("g25 main.storeWorker, 126").rect();
    assert!(worst.top() - canvas.top() < 150.0, "{} of {canvas}", worst.top());
}

#[test]
fn hundreds_who_are_late_are_lanes_and_no_strip() {
    for (case, words) in [
        ("sleep-in-handler", "ms late"),
        ("polling-sleep", "ms late"),
        ("lost-cancel", "main.refresh, stuck"),
    ] {
        let mut harness = window_on(&format!("traces/{case}/before.trace"));
        let loud = |harness: &Harness<'_, App>| {
            let names = names(harness, words);
            names.iter().filter(|name| name.starts_with('g')).count()
        };
        assert!(loud(&harness) >= 10, "{case}: {}", loud(&harness));
        harness.key_press(egui::Key::L);
        wait(&mut harness);
        assert!(loud(&harness) >= 10, "{case}, only the late ones: {}", loud(&harness));
        harness.key_press(egui::Key::X);
        wait(&mut harness);
        assert_eq!(loud(&harness), 0, "{case}: all groups were collapsed");
        harness.key_press_modifiers(egui::Modifiers::SHIFT, egui::Key::X);
        wait(&mut harness);
        assert!(loud(&harness) > 0 || case != "lost-cancel", "{case}: and opened");
    }
}

#[test]
fn who_is_alive_without_having_been_told_marks_the_heading() {
    let harness = window_on("traces/lost-cancel/before.trace");
    assert!(says(&harness, "main.refresh, 450 lanes, 0 late, 450 stuck"));
    assert!(says(&harness, "379 still alive, 71 pile-up"), "what each finding counts of them");
}

#[test]
fn who_is_stuck_without_a_cancel_that_tells_so_is_loud() {
    let mut harness = window_on("traces/shutdown-hang/before.trace");
    assert!(says(&harness, "Late exits (0)  3 stuck"), "the tab tells");
    let stuck = |harness: &Harness<'_, App>| names(harness, "http.(*conn).serve, stuck ≥ 52");
    assert_eq!(stuck(&harness).len(), 3, "their lanes are marked");
    let all = harness.state().n_lanes();
    harness.key_press(egui::Key::L);
    wait(&mut harness);
    assert_eq!(harness.state().n_lanes(), 3, "of {all}");
    assert_eq!(stuck(&harness).len(), 3, "only the late ones does not hide them");
    harness.key_press(egui::Key::N);
    wait(&mut harness);
    assert!(says(&harness, "Still alive, stuck ≥ 52"), "they are walked through like late exits");
    assert!(says(&harness, "3 requests in main.events still ran"), "with what is said of them");
    click(&mut harness, "Deadline at ");
    assert!(says(&harness, "Show as time zero"), "and the way to the cancel that gave up");
}

#[test]
fn the_tooltip_of_a_plot_tells_its_values() {
    let mut harness = window_on("traces/late-exit/before.trace");
    click(&mut harness, "Open Heap and goroutines");
    let canvas = harness.get_by_label_contains("Timeline of before.trace").rect();
    let mut at = egui::pos2(canvas.center().x, canvas.top() + 40.0);
    while !says(&harness, " in system calls, ") {
        at.y += 4.0;
        assert!(at.y < canvas.top() + 200.0, "no plot of goroutines by state");
        harness.hover_at(at);
        harness.step();
    }
    // The tooltip comes once the pointer rests, and names each line by itself.
    for _ in 0..60 {
        harness.step();
    }
    assert!(names(&harness, " running").iter().any(|text| text.ends_with(" running")));
    assert!(names(&harness, " alive").iter().any(|text| text.ends_with(" alive")));
}

#[test]
fn merged_bars_say_how_much_time_they_stand_for() {
    let mut harness = window_on("traces/sleep-in-handler/before.trace");
    click(&mut harness, "Open Processors");
    let canvas = harness.get_by_label_contains("Timeline of before.trace").rect();
    let heading = harness.get_by_label_contains("Collapse Processors").rect();
    let mut at = egui::pos2(canvas.left(), heading.bottom() + 9.0);
    while !says(&harness, " turns, ") {
        at.x += 5.0;
        assert!(at.x < canvas.right(), "no merged bar of the first processor");
        harness.hover_at(at);
        harness.step();
    }
    let text = names(&harness, " turns, ").remove(0);
    assert!(text.contains(" in all, the longest "), "{text}");
}

#[test]
fn a_name_that_is_cut_is_whole_in_its_tooltip() {
    let mut harness = window_on("traces/late-exit/before.trace");
    let name = "context.WithDeadlineCause.func2";
    let lane = harness.get_by_label(&format!("g5 {name}")).rect();
    assert!(!names(&harness, name).iter().any(|text| text == name));
    harness.hover_at(lane.center());
    for _ in 0..60 {
        harness.step();
    }
    assert!(names(&harness, name).iter().any(|text| text == name));
}

#[test]
fn tabs_and_find_are_apart_in_a_narrow_comparison() {
    let mut harness = window_of([800.0, 600.0], Settings::default());
    let pair = ["traces/sleep-in-handler/before.trace", "traces/sleep-in-handler/after.trace"];
    drop_files(&mut harness, &pair);
    let (compare, find) = (harness.get_by_label("Compare"), harness.get_by_label("Find"));
    assert!(compare.rect().right() <= find.rect().left(), "{} {}", compare.rect(), find.rect());
}

#[test]
fn a_small_window_leaves_out_no_control_of_a_comparison() {
    let mut harness = window_of([900.0, 600.0], Settings::default());
    let pair = ["traces/sleep-in-handler/before.trace", "traces/sleep-in-handler/after.trace"];
    drop_files(&mut harness, &pair);
    for control in ["Keys and mouse", "Late only", "late over", "Budget", "Find"] {
        assert!(says(&harness, control), "{control}");
    }
    harness.key_press(egui::Key::Num1);
    wait(&mut harness);
    let late = names(&harness, "http.(*conn).serve, 200 lanes");
    assert_eq!(late.len(), 2, "each timeline has goroutines: {late:?}");
    assert!(!says(&harness, "Heap and goroutines"), "other lanes have left their room");
}

#[test]
fn the_status_bars_texts_are_apart() {
    let mut harness = window_of([900.0, 600.0], Settings::default());
    drop_files(&mut harness, &["traces/late-exit/before.trace"]);
    let canvas = harness.get_by_label_contains("Timeline of before.trace").rect();
    let lane = harness.get_by_label_contains("g22 main.flushWorker, 80.6").rect();
    harness.hover_at(egui::pos2(canvas.right() - 60.0, lane.center().y));
    harness.step();
    harness.step();
    let status = harness.query_all_by_label_contains("  ·  g22").next().expect("a hint").rect();
    let facts = harness.query_all_by_label_contains("14 goroutines");
    let facts = facts.map(|node| node.rect()).filter(|rect| rect.top() > canvas.bottom());
    let left = facts.map(|rect| rect.left()).fold(f32::MAX, f32::min);
    assert!(status.right() <= left, "{status} {left}");
}

#[test]
fn who_is_late_only_by_scheduling_is_said_to_be() {
    let settings = Settings { late_over_ns: Some(20_000), ..Settings::default() };
    let mut harness = window_with(settings);
    drop_files(&mut harness, &["traces/deaf/after.trace"]);
    let rows = names(&harness, ", late by scheduling");
    assert!(!rows.is_empty() && rows.iter().all(|row| row.starts_with("Late exit: ")), "{rows:?}");
    assert!(says(&harness, "only by scheduling"), "and how many, above the findings");
    click(&mut harness, &rows[0]);
    assert!(says(&harness, "Late by scheduling: without the waits"), "and why that excuses it");
}

#[test]
fn where_nobody_is_late_the_drawer_leaves_its_room_to_the_lanes() {
    let mut harness = window_of([1024.0, 640.0], Settings::default());
    let height =
        |harness: &Harness<'_, App>| harness.get_by_label_contains("Timeline of ").rect().height();
    drop_files(&mut harness, &["traces/late-exit/before.trace"]);
    let with_table = height(&harness);
    drop_files(&mut harness, &["traces/shutdown-hang/after.trace"]);
    if says(&harness, "Replace") {
        click(&mut harness, "Replace");
    }
    assert!(says(&harness, "0 late exits"));
    assert!(height(&harness) > with_table + 60.0, "{with_table} → {}", height(&harness));
}

#[test]
fn the_drawer_can_be_made_higher() {
    let mut harness = window_on("traces/late-exit/before.trace");
    let canvas = |harness: &Harness<'_, App>| {
        harness.get_by_label_contains("Timeline of before.trace").rect()
    };
    let before = canvas(&harness);
    let edge = egui::pos2(before.center().x, before.bottom() + 2.0);
    harness.hover_at(edge);
    harness.step();
    harness.drag_at(edge);
    harness.step();
    harness.hover_at(edge - egui::vec2(0.0, 80.0));
    harness.step();
    harness.drop_at(edge - egui::vec2(0.0, 80.0));
    wait(&mut harness);
    let height = canvas(&harness).height();
    assert!((before.height() - height - 80.0).abs() < 3.0, "{} → {height}", before.height());
}

#[test]
fn the_drawer_is_not_sorted_by_a_column_that_it_lacks() {
    let mut harness = window_of([1100.0, 800.0], Settings::default());
    drop_files(&mut harness, &["traces/late-exit/before.trace"]);
    let first = |harness: &Harness<'_, App>| names(harness, "Late exit: ")[0].clone();
    let worst = first(&harness);
    harness.key_press(egui::Key::Num3);
    wait(&mut harness);
    // The page is wide enough for the column.
    harness.key_press(egui::Key::I);
    wait(&mut harness);
    click(&mut harness, "Sort by Evidence");
    click(&mut harness, "Sort by Goroutine");
    assert!(first(&harness).contains("g22 "), "the least id first: {}", first(&harness));
    click(&mut harness, "Sort by Cancelled at");
    harness.key_press(egui::Key::I);
    harness.key_press(egui::Key::Num1);
    wait(&mut harness);
    assert!(!says(&harness, "Sort by Cancelled at"), "the drawer lacks the column");
    assert_eq!(first(&harness), worst);
    assert!(says(&harness, "Sort by Overstay"));
}

#[test]
fn a_column_without_anything_in_it_leaves_its_room() {
    let mut harness = window_on("traces/late-exit/before.trace");
    harness.key_press(egui::Key::Num3);
    wait(&mut harness);
    assert!(says(&harness, "Cancelled at"));
    assert!(!names(&harness, "Site").iter().any(|name| name == "Site"), "deadlines have none");
}

#[test]
fn the_way_to_the_findings_counts_the_cards_and_is_shown_where_it_leads() {
    let mut harness = window_on("traces/lost-cancel/before.trace");
    assert!(!says(&harness, "See "), "they are beside it");
    harness.key_press(egui::Key::I);
    wait(&mut harness);
    click(&mut harness, "See 1 finding");
    assert!(says(&harness, "Still alive"));
}

#[test]
fn examples_have_two_columns_beside_the_recent_files() {
    let mut harness = window_of([1440.0, 900.0], Settings::default());
    drop_files(&mut harness, &["traces/late-exit/before.trace"]);
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::W);
    wait(&mut harness);
    assert!(says(&harness, "Recent") && says(&harness, "Clear list"));
    let rect = |title: &str| harness.get_by_label(&format!("Open example {title}")).rect();
    let (first, second) = (rect("Late exit"), rect("Deaf"));
    assert!((first.top() - second.top()).abs() < 1.0, "{first} {second}");
}

#[test]
fn the_legend_has_the_causes_and_notes_that_occur() {
    let harness = window_on("traces/sleep-in-handler/before.trace");
    assert!(says(&harness, "client-gone") && says(&harness, "user task"));
    let legend = names(&harness, "errgroup");
    assert!(legend.is_empty(), "none occurs: {legend:?}");
    let harness = window_on("traces/late-exit/before.trace");
    assert!(!says(&harness, "user task"));
}

#[test]
fn a_row_of_tasks_has_their_name() {
    let mut harness = window_on("traces/sleep-in-handler/before.trace");
    click(&mut harness, "Open Tasks");
    assert!(says(&harness, "Collapse Tasks"));
    assert!(!names(&harness, "Tasks of pay").is_empty());
}

#[test]
fn a_comparison_has_rows_to_read_in_a_small_window() {
    for (size, least) in [([1280.0, 720.0], 6), ([900.0, 600.0], 4)] {
        let mut harness = window_of(size, Settings::default());
        let pair = ["before", "after"].map(|side| format!("traces/sleep-in-handler/{side}.trace"));
        drop_files(&mut harness, &pair.each_ref().map(String::as_str));
        let table = harness.get_by_label_contains("Timeline of before.trace").rect();
        let rows = harness.query_all_by_role(egui::accesskit::Role::Row);
        let whole = rows.filter(|row| row.rect().bottom() <= table.top()).count();
        assert!(whole >= least, "{size:?}: {whole}");
    }
}
