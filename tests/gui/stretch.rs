//! A stretch of time that is measured out, and what is left out by a bar of the histogram.

use super::*;

/// Drags a stretch out on the timeline, from one share of its width to another.
fn measure(harness: &mut Harness<'_, App>, from: f32, to: f32) {
    let canvas = harness.get_by_label_contains("Timeline of").rect();
    let at = |share: f32| egui::pos2(canvas.left() + share * canvas.width(), canvas.center().y);
    let modifiers = egui::Modifiers::SHIFT;
    harness.event(egui::Event::ModifiersChanged(modifiers));
    let button = egui::PointerButton::Primary;
    let press = |pos, pressed| egui::Event::PointerButton { pos, button, pressed, modifiers };
    harness.event(egui::Event::PointerMoved(at(from)));
    harness.event(press(at(from), true));
    harness.step();
    for share in [0.5, 1.0] {
        harness.event(egui::Event::PointerMoved(at(from + share * (to - from))));
        harness.step();
    }
    harness.event(press(at(to), false));
    harness.step();
    harness.event(egui::Event::ModifiersChanged(egui::Modifiers::NONE));
    wait(harness);
}

#[test]
fn what_happened_in_a_stretch_is_told_and_leads_there() {
    let mut harness = window_on("traces/late-exit/before.trace");
    // From before the cancel at 100 ms to after the first who left late.
    measure(&mut harness, 0.35, 0.8);
    assert!(says(&harness, "Stretch of time"), "its page");
    for told in ["4 late exits", "1 cancel", "14 goroutines", "Where they waited", "Ended"] {
        assert!(says(&harness, told), "{told}");
    }
    let spent = names(&harness, "Spent: ").remove(0);
    assert!(spent.contains("blocked on a channel ") && spent.contains(" %"), "{spent}");
    click(&mut harness, "Deadline at 100.328 ms");
    assert!(says(&harness, "Heard it"), "the page of the cancel");
    harness.get_by_label("Stretch").click();
    wait(&mut harness);
    assert!(says(&harness, "Stretch of time"), "and back");
    harness.get_by_label("g22 main.flushWorker").click();
    wait(&mut harness);
    assert!(says(&harness, "80.6 ms late"), "the page of a late exit");
    harness.key_press_modifiers(egui::Modifiers::ALT, egui::Key::ArrowLeft);
    harness.key_press(egui::Key::Escape);
    wait(&mut harness);
    assert!(!says(&harness, "Stretch of time") && !says(&harness, "left out"), "it is let go of");
}

#[test]
fn all_but_what_is_in_a_stretch_can_be_left_out() {
    let mut harness = window_on("traces/late-exit/before.trace");
    harness.key_press(egui::Key::E);
    wait(&mut harness);
    assert!(says(&harness, "No stretch of time is measured out"), "and how to");
    // Two of the four have left when it begins.
    measure(&mut harness, 0.82, 0.9);
    assert!(says(&harness, "2 late exits"));
    assert_eq!(names(&harness, "Late exit: ").len(), 4, "nothing is left out yet");
    harness.key_press(egui::Key::E);
    wait(&mut harness);
    let rows = names(&harness, "Late exit: ");
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert!(says(&harness, "Histogram of overstays: 2 of 2 are late"), "the plots, too");
    assert!(harness.state().n_lanes() < 14, "and lanes");
    // Another stretch takes its place.
    measure(&mut harness, 0.1, 0.2);
    assert!(says(&harness, "Nobody who was to leave was still there in this stretch."));
    click(&mut harness, "Remove the filter: in ");
    assert_eq!(names(&harness, "Late exit: ").len(), 4);
    assert_eq!(harness.state().n_lanes(), 14);
    assert!(says(&harness, "Stretch of time"), "the stretch itself stays");
    harness.key_press(egui::Key::V);
    wait(&mut harness);
    assert!(says(&harness, "246 ms: 1 cancel") || says(&harness, "4 late exits"), "all in view");
}

#[test]
fn a_stretch_is_told_of_both_traces() {
    let mut harness = window();
    drop_files(&mut harness, &["traces/late-exit/before.trace", "traces/late-exit/after.trace"]);
    harness.key_press(egui::Key::Num1);
    wait(&mut harness);
    harness.key_press(egui::Key::V);
    wait(&mut harness);
    assert!(says(&harness, "before: late-exit/before.trace"));
    assert!(says(&harness, "after: late-exit/after.trace"));
    assert!(says(&harness, "4 late exits") && says(&harness, "No late exit"));
}
