//! Keys, whatever has the focus.

use super::*;

#[test]
fn a_key_that_can_do_nothing_says_why() {
    let mut harness = window_on("traces/late-exit/after.trace");
    for (key, why) in [
        (egui::Key::Period, "Select a lane first"),
        (egui::Key::OpenBracket, "Select a lane first"),
        (egui::Key::F, "Nothing is selected to zoom to"),
        (egui::Key::N, "Nobody left later than 10 ms"),
        (egui::Key::B, "Only one trace is open"),
        (egui::Key::Num4, "Only one trace is open: Ctrl+Shift+O opens another"),
        (egui::Key::U, "User regions hidden"),
    ] {
        harness.key_press(key);
        wait(&mut harness);
        assert!(says(&harness, why), "{key:?}: {why}");
    }
    harness.key_press(egui::Key::L);
    wait(&mut harness);
    assert!(!says(&harness, "User regions hidden"), "until something else happens");
}

#[test]
fn the_arrow_keys_follow_the_rows_that_are_shown() {
    let mut harness = window_on("traces/late-exit/before.trace");
    harness.key_press(egui::Key::Num3);
    harness.key_press(egui::Key::N);
    wait(&mut harness);
    assert!(says(&harness, "126 ms late"));
    for late in ["126 ms late", "80.6 ms late", "60.1 ms late"] {
        harness.key_press(egui::Key::ArrowDown);
        wait(&mut harness);
        assert!(says(&harness, late), "the table, row by row: {late}");
    }
    harness.key_press(egui::Key::Num2);
    wait(&mut harness);
    harness.key_press(egui::Key::ArrowDown);
    wait(&mut harness);
    assert!(says(&harness, "Left 154 µs after the cancel"), "and so do cancels");
}

#[test]
fn keys_work_whatever_widget_has_the_focus() {
    let mut harness = window_on("traces/late-exit/before.trace");
    for _ in 0..3 {
        harness.key_press(egui::Key::Tab);
        wait(&mut harness);
    }
    harness.key_press(egui::Key::N);
    wait(&mut harness);
    assert!(says(&harness, "126 ms late"), "N");
    harness.key_press(egui::Key::Tab);
    harness.key_press(egui::Key::Num3);
    wait(&mut harness);
    assert!(!says(&harness, "Timeline of"), "3");
    harness.key_press(egui::Key::ArrowDown);
    harness.step();
    harness.key_press(egui::Key::ArrowDown);
    wait(&mut harness);
    assert!(!says(&harness, "126 ms late  "), "the arrows step through the table");
    assert!(says(&harness, "80.6 ms late") || says(&harness, "60.1 ms late"));
    harness.key_press(egui::Key::Questionmark);
    wait(&mut harness);
    assert!(says(&harness, "Keys and mouse"), "?");
    harness.key_press(egui::Key::Escape);
    wait(&mut harness);
}

#[test]
fn the_focused_button_is_pressed_and_a_field_takes_letters() {
    let mut harness = window_on("traces/late-exit/before.trace");
    harness.get_by_label("Late only").focus();
    wait(&mut harness);
    assert!(says(&harness, "g1 main.main"));
    harness.key_press(egui::Key::Space);
    wait(&mut harness);
    assert!(!says(&harness, "g1 main.main"), "only late lanes are left");
    harness.get_by_label("Find").focus();
    wait(&mut harness);
    harness.key_press(egui::Key::Num3);
    wait(&mut harness);
    assert!(says(&harness, "Timeline of"), "3 is written, and shows no other view");
}

#[test]
fn what_is_no_duration_is_said_to_be_none() {
    let mut harness = window_on("traces/late-exit/before.trace");
    harness.get_by_label("Budget").focus();
    harness.step();
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
    harness.step();
    harness.event(egui::Event::Text("abc".to_owned()));
    harness.step();
    assert!(!says(&harness, "is not a duration"), "not before the writing has ended");
    harness.key_press(egui::Key::Enter);
    wait(&mut harness);
    assert!(says(&harness, "is not a duration"));
    assert!(says(&harness, "Late exits (4)"), "and the budget is as it was");
}

#[test]
fn escape_in_the_budgets_field_only_leaves_it() {
    let mut harness = window_on("traces/late-exit/before.trace");
    harness.key_press(egui::Key::L);
    wait(&mut harness);
    assert!(!says(&harness, "g1 main.main"), "only late lanes");
    harness.get_by_label("Budget").focus();
    wait(&mut harness);
    harness.key_press(egui::Key::Escape);
    wait(&mut harness);
    assert!(!harness.get_by_label("Budget").accesskit_node().is_focused());
    assert!(!says(&harness, "g1 main.main"), "still only late lanes");
    harness.key_press(egui::Key::Escape);
    wait(&mut harness);
    assert!(says(&harness, "g1 main.main"), "that was for them");
}

#[test]
fn pages_and_ends_of_the_table_can_be_walked_to() {
    let mut harness = window_on("traces/late-exit/before.trace");
    harness.key_press(egui::Key::Num3);
    wait(&mut harness);
    for (key, late) in [
        (egui::Key::End, "60.1 ms late"),
        (egui::Key::Home, "126 ms late"),
        (egui::Key::PageDown, "60.1 ms late"),
        (egui::Key::PageUp, "126 ms late"),
    ] {
        harness.key_press(key);
        wait(&mut harness);
        assert!(says(&harness, late), "{key:?}");
    }
}

#[test]
fn tab_walks_the_top_bar_from_left_to_right() {
    let mut harness = window_on("traces/late-exit/before.trace");
    harness.get_by_label("Find").focus();
    wait(&mut harness);
    for name in ["Late only", "Budget"] {
        harness.key_press(egui::Key::Tab);
        wait(&mut harness);
        let node = harness.get_by_label(name);
        assert!(node.accesskit_node().is_focused(), "{name}");
    }
    let find = harness.get_by_label("Find").rect();
    let help = harness.get_by_label("Keys and mouse").rect();
    assert!(find.right() < help.left() && help.right() > 1480.0, "{find} {help}");
}

#[test]
fn escape_dismisses_messages_first() {
    let mut harness = window_on("traces/late-exit/before.trace");
    harness.key_press(egui::Key::N);
    wait(&mut harness);
    drop_files(&mut harness, &["README.md"]);
    click(&mut harness, "Replace");
    assert_eq!(harness.state().messages().len(), 1);
    harness.key_press(egui::Key::Escape);
    wait(&mut harness);
    assert!(harness.state().messages().is_empty());
    assert!(says(&harness, "What held up the end"), "what was selected still is");
}

#[test]
fn findings_follow_the_budget() {
    let mut harness = window_on("traces/late-exit/before.trace");
    assert!(says(&harness, "of main.reportWorker left 60.1 ms after its cancel"));
    for _ in 0..2 {
        harness.key_press(egui::Key::N);
        wait(&mut harness);
    }
    harness.get_by_label("Budget").set_value_accesskit(100e6);
    wait(&mut harness);
    assert!(says(&harness, "Late exits (2)"));
    assert!(says(&harness, "56.1 µs after the cancel"), "what was selected still is");
    click(&mut harness, "Back");
    assert!(says(&harness, "waited 125 ms to receive from a channel"), "and what was before");
    harness.key_press(egui::Key::Escape);
    wait(&mut harness);
    assert!(says(&harness, "of main.readWorker left 126 ms after its cancel"));
    assert!(!says(&harness, "of main.reportWorker left"));
    assert!(!says(&harness, "Found with a budget of"));
}

#[test]
fn findings_wait_until_the_budget_is_let_go_of() {
    let mut harness = window_on("traces/late-exit/before.trace");
    let at = harness.get_by_label("Budget").rect().center();
    harness.drag_at(at);
    harness.step();
    harness.hover_at(at + egui::vec2(60.0, 0.0));
    wait(&mut harness);
    assert!(says(&harness, "Found with a budget of 10 ms; "));
    harness.drop_at(at + egui::vec2(60.0, 0.0));
    wait(&mut harness);
    assert!(!says(&harness, "Found with a budget of"));
}

#[test]
fn who_is_no_longer_deaf_stays_selected_as_a_goroutine() {
    let mut harness = window_on("traces/deaf/before.trace");
    harness.key_press(egui::Key::N);
    wait(&mut harness);
    assert!(says(&harness, "What held up the end"), "one that is deaf");
    harness.get_by_label("Budget").set_value_accesskit(60e9);
    wait(&mut harness);
    assert!(says(&harness, "Late exits (0)") && says(&harness, "How it spent its life"));
}

#[test]
fn guesses_come_and_go_with_their_switch() {
    let mut harness = window_on("traces/deaf/before.trace");
    assert!(says(&harness, "Late exits (5)"));
    for n in [6, 5] {
        harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::K);
        wait(&mut harness);
        harness.get_by_label("Command").type_text("guess who");
        wait(&mut harness);
        harness.key_press(egui::Key::Enter);
        wait(&mut harness);
        assert!(says(&harness, &format!("Late exits ({n})")));
    }
}

#[test]
fn back_returns_to_the_findings() {
    let mut harness = window_on("traces/late-exit/before.trace");
    assert!(says(&harness, "Reached by cancels"));
    harness.key_press(egui::Key::N);
    wait(&mut harness);
    assert!(!says(&harness, "Reached by cancels"));
    click(&mut harness, "Back");
    assert!(says(&harness, "Reached by cancels"), "the first step");
    click(&mut harness, "Forward");
    assert!(says(&harness, "126 ms late"));
}

#[test]
fn with_nothing_open_the_commands_are_those_that_do_something() {
    let mut harness = window();
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::K);
    wait(&mut harness);
    assert!(says(&harness, "Open example: Late exit"));
    assert!(!says(&harness, "Zoom in") && !says(&harness, "Swap before and after"));
    harness.get_by_label("Command").type_text("healthy");
    wait(&mut harness);
    harness.key_press(egui::Key::Enter);
    wait(&mut harness);
    assert_eq!(harness.state().n_open(), 1);
}

#[test]
fn who_is_late_is_the_first_to_be_gone_to() {
    let mut harness = window_on("traces/late-exit/before.trace");
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::P);
    wait(&mut harness);
    assert!(says(&harness, "g25 main.storeWorker, 126 ms late"));
    harness.get_by_label("Go to a goroutine").type_text("flush");
    wait(&mut harness);
    let line = harness.query_all_by_label("g22 main.flushWorker, 80.6 ms late").next();
    assert!(line.is_some());
    harness.key_press(egui::Key::Escape);
    wait(&mut harness);
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::P);
    wait(&mut harness);
    harness.key_press(egui::Key::Enter);
    wait(&mut harness);
    assert!(says(&harness, "How it spent its life") && says(&harness, "126 ms"));
}

#[test]
fn late_only_is_not_offered_where_all_are_late() {
    let mut harness = window_on("traces/late-exit/before.trace");
    let disabled = |harness: &Harness<'_, App>| {
        harness.get_by_label("Late only").accesskit_node().is_disabled()
    };
    assert!(!disabled(&harness));
    harness.key_press(egui::Key::Num3);
    wait(&mut harness);
    assert!(disabled(&harness));
    harness.key_press(egui::Key::L);
    wait(&mut harness);
    assert!(says(&harness, "All that is listed here is late"));
}

#[test]
fn the_sites_of_cancels_are_chosen_from_a_list_and_walked_through() {
    let mut harness = window_on("traces/sleep-in-handler/before.trace");
    for _ in 0..2 {
        harness.key_press(egui::Key::J);
        wait(&mut harness);
    }
    let shown = |harness: &Harness<'_, App>| names(harness, "Cancel site: ").remove(0);
    let first = shown(&harness);
    assert!(says(&harness, "cancels of 401, each at time zero"), "{first}");
    harness.key_press(egui::Key::J);
    wait(&mut harness);
    assert_ne!(shown(&harness), first, "and then the next");
    for _ in 0..2 {
        harness.key_press_modifiers(egui::Modifiers::SHIFT, egui::Key::J);
        wait(&mut harness);
    }
    assert!(shown(&harness).contains("All 401 cancels"), "before the first are all");
    click(&mut harness, "Cancel site: ");
    click(&mut harness, "Client gone");
    assert!(shown(&harness).contains("Client gone"), "{}", shown(&harness));
}

#[test]
fn what_is_typed_into_find_takes_the_place_of_what_was_there() {
    let mut harness = window_on("traces/late-exit/before.trace");
    let find = |harness: &Harness<'_, App>| {
        harness.get_by_label("Find").accesskit_node().value().unwrap_or_default()
    };
    for words in ["flush", "report"] {
        harness.key_press(egui::Key::Slash);
        harness.step();
        harness.step();
        harness.event(egui::Event::Text(words.to_owned()));
        wait(&mut harness);
        assert_eq!(find(&harness), words);
        harness.key_press(egui::Key::Enter);
        wait(&mut harness);
    }
}

#[test]
fn that_cancels_are_hidden_is_said_as_long_as_they_are() {
    let mut harness = window_on("traces/late-exit/before.trace");
    harness.key_press(egui::Key::K);
    wait(&mut harness);
    assert!(says(&harness, "Timeline of before.trace: ") && says(&harness, "cancels hidden"));
    harness.key_press(egui::Key::K);
    wait(&mut harness);
    assert!(!says(&harness, "cancels hidden"));
}
