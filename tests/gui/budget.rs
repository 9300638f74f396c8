//! The budget, in the plots and in its field.

use super::*;

/// The budget in nanoseconds.
fn budget_ns(harness: &Harness<'_, App>) -> f64 {
    let node = harness.get_by_label("Budget");
    node.accesskit_node().numeric_value().expect("a number")
}

/// The window with the page of late exits.
fn late_page() -> Harness<'static, App> {
    let mut harness = window_on("traces/late-exit/before.trace");
    harness.key_press(egui::Key::Num3);
    wait(&mut harness);
    harness
}

fn double_click(harness: &mut Harness<'_, App>, at: egui::Pos2) {
    harness.hover_at(at);
    harness.step();
    for pressed in [true, false, true, false] {
        let (button, modifiers) = (egui::PointerButton::Primary, egui::Modifiers::NONE);
        // All in one frame: one event a frame would be too slow for a double-click.
        let event = egui::Event::PointerButton { pos: at, button, pressed, modifiers };
        harness.input_mut().events.push(event);
    }
    wait(harness);
}

#[test]
fn the_line_of_the_budget_stays_under_the_pointer_that_drags_it() {
    for plot in ["histogram", "shares"] {
        let mut harness = late_page();
        let name = format!("Budget in the {plot}");
        let from = harness.get_by_label(&name).rect().center();
        harness.drag_at(from + egui::vec2(3.0, 0.0));
        harness.step();
        let to = from + egui::vec2(60.0, 0.0);
        harness.hover_at(to + egui::vec2(3.0, 0.0));
        harness.step();
        harness.step();
        let first = budget_ns(&harness);
        assert!(first > 12e6, "{plot}: {first}");
        for _ in 0..20 {
            harness.step();
        }
        assert!((budget_ns(&harness) - first).abs() < 0.5, "{plot}: it runs away");
        let at = harness.get_by_label(&name).rect().center();
        assert!((at.x - to.x).abs() < 2.0, "{plot}: the line is at {at}, the pointer at {to}");
        harness.drop_at(to + egui::vec2(3.0, 0.0));
        wait(&mut harness);
        assert!((budget_ns(&harness) - first).abs() < 0.5, "{plot}");
        harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Z);
        wait(&mut harness);
        assert!((budget_ns(&harness) - 10e6).abs() < 0.5, "all of the drag is undone at once");
    }
}

#[test]
fn a_click_beside_the_line_leaves_the_budget() {
    let mut harness = late_page();
    for plot in ["Histogram of overstays", "Cumulative share"] {
        let area = harness.get_by_label_contains(plot).rect();
        let line = harness.get_by_label_contains("Budget in the histogram").rect().center();
        for x in [area.left() + 30.0, area.right() - 30.0, line.x + 9.0, line.x - 9.0] {
            let at = egui::pos2(x, area.center().y);
            harness.drag_at(at);
            harness.step();
            harness.drop_at(at);
            wait(&mut harness);
            assert!((budget_ns(&harness) - 10e6).abs() < 0.5, "a click at {at} in {plot}");
            harness.drag_at(at);
            harness.step();
            harness.hover_at(at + egui::vec2(25.0, 0.0));
            harness.step();
            harness.drop_at(at + egui::vec2(25.0, 0.0));
            wait(&mut harness);
            assert!((budget_ns(&harness) - 10e6).abs() < 0.5, "a drag from {at} in {plot}");
        }
    }
}

#[test]
fn a_double_click_on_the_line_puts_the_budget_back() {
    let mut harness = late_page();
    harness.get_by_label("Budget").set_value_accesskit(100e6);
    wait(&mut harness);
    let at = harness.get_by_label("Budget in the histogram").rect().center();
    double_click(&mut harness, at);
    assert!((budget_ns(&harness) - 10e6).abs() < 0.5);
    assert!(says(&harness, "Late exits (4)"));
}

#[test]
fn a_number_without_a_unit_counts_milliseconds() {
    let mut harness = window_on("traces/late-exit/before.trace");
    harness.get_by_label("Budget").focus();
    harness.step();
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
    harness.step();
    harness.event(egui::Event::Text("100".to_owned()));
    harness.step();
    harness.key_press(egui::Key::Enter);
    wait(&mut harness);
    assert!(says(&harness, "Late exits (2)"));
}
