//! What a right click offers, and groups that are left out.

use super::*;

/// The names of the headings that are on screen.
fn headings(harness: &Harness<'_, App>) -> Vec<String> {
    let opened = names(harness, "Collapse ").into_iter().chain(names(harness, "Open "));
    opened.filter(|name| name.contains(" lanes, ")).collect()
}

#[test]
fn a_group_is_hidden_and_shown_again() {
    let mut harness = window_on("traces/sleep-in-handler/before.trace");
    let heading = "Collapse http.(*conn).serve, 200 lanes";
    let all = (headings(&harness), harness.state().n_lanes());
    assert!(all.0.len() > 4 && says(&harness, heading));
    harness.get_by_label_contains(heading).click_secondary();
    wait(&mut harness);
    for offered in ["Copy its name", "Zoom to its lanes", "Only lanes of http.(*conn).serve"] {
        assert!(says(&harness, offered), "{offered}");
    }
    click(&mut harness, "Hide http.(*conn).serve (200 lanes)");
    assert!(!says(&harness, heading) && says(&harness, "Show 1 hidden group again"));
    assert_eq!(harness.state().n_lanes(), all.1 - 200);
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Z);
    wait(&mut harness);
    assert_eq!((headings(&harness), harness.state().n_lanes()), all, "it is undone");
    // The lane of the worst, by the keys.
    harness.key_press(egui::Key::N);
    harness.key_press(egui::Key::Delete);
    wait(&mut harness);
    assert!(!says(&harness, heading));
    harness.key_press(egui::Key::F5);
    wait(&mut harness);
    assert!(!says(&harness, heading), "read again, it is the same group");
    click(&mut harness, "Show 1 hidden group again");
    assert!(says(&harness, heading) && !says(&harness, "hidden group"));
}

#[test]
fn the_menu_of_a_lane_zooms_to_it_and_leaves_only_its_function() {
    let mut harness = window_on("traces/late-exit/before.trace");
    let seen = names(&harness, "Timeline of before.trace");
    let lane = "g22 main.flushWorker, ";
    harness.get_by_label_contains(lane).click_secondary();
    wait(&mut harness);
    assert!(says(&harness, "Copy where it was started"));
    click(&mut harness, "Zoom to its life");
    assert_ne!(names(&harness, "Timeline of before.trace"), seen, "another stretch is in view");
    harness.get_by_label_contains(lane).click_secondary();
    wait(&mut harness);
    click(&mut harness, "Only lanes of main.flushWorker");
    assert_eq!(harness.state().n_lanes(), 1);
    harness.key_press(egui::Key::Escape);
    wait(&mut harness);
    assert_eq!(harness.state().n_lanes(), 14);
    harness.key_press(egui::Key::N);
    harness.key_press(egui::Key::Z);
    wait(&mut harness);
    assert_eq!(harness.state().n_lanes(), 1, "the same by the keys");
}
