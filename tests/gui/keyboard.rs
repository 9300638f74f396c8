//! Keys, whatever has the focus.

use super::*;

#[test]
fn a_key_that_can_do_nothing_says_why() {
    let mut harness = window();
    drop_files(&mut harness, &["traces/late-exit/after.trace"]);
    for (key, why) in [
        (egui::Key::Period, "Select a lane first"),
        (egui::Key::OpenBracket, "Select a lane first"),
        (egui::Key::F, "Nothing is selected to zoom to"),
        (egui::Key::N, "Nobody left later than 10 ms"),
        (egui::Key::B, "Only one trace is open"),
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
    let mut harness = window();
    drop_files(&mut harness, &["traces/late-exit/before.trace"]);
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
