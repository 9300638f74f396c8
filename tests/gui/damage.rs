//! Traces of which a part is missing.

use super::*;

#[test]
#[expect(clippy::disallowed_methods, reason = "tests make the files that they look at")]
fn a_damaged_trace_opens_in_part_and_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cut.trace");
    let whole = std::fs::read(file("traces/sleep-in-handler/before.trace")).expect("the trace");
    std::fs::write(&path, &whole[..whole.len() * 6 / 10]).expect("the cut trace");
    let mut harness = window();
    harness.input_mut().dropped_files = vec![Arc::new(Dropped(path)) as _];
    wait(&mut harness);
    assert_eq!(harness.state().n_open(), 1);
    let messages = harness.state().messages();
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert!(messages[0].contains("cut.trace"), "{messages:?}");
    assert!(messages[0].contains("at byte"), "{messages:?}");
    assert!(says(&harness, "Warning: "));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "tests make the files that they look at")]
fn a_picture_of_a_damaged_trace_says_so() {
    let whole = std::fs::read(file("traces/late-exit/before.trace")).expect("a trace");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cut.trace");
    std::fs::write(&path, &whole[..whole.len() * 6 / 10]).expect("a file");
    let drawing =
        picture(std::slice::from_ref(&path), [400, 300], Settings::default()).expect("a picture");
    let [damage] = drawing.damage.as_slice() else { panic!("{:?}", drawing.damage) };
    assert_eq!((&damage.path, damage.complete), (&path, false));
    assert!(!damage.warnings.is_empty());
}

/// The window with the first bytes of a trace: without its stacks no cancel can be seen.
#[expect(clippy::disallowed_methods, reason = "tests make the files that they look at")]
fn window_with_a_stump() -> Harness<'static, App> {
    let whole = std::fs::read(file("traces/late-exit/before.trace")).expect("a trace");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cut.trace");
    std::fs::write(&path, &whole[..4000]).expect("a file");
    let mut harness = window();
    harness.input_mut().dropped_files = vec![Arc::new(Dropped(path)) as _];
    wait(&mut harness);
    harness
}

#[test]
fn a_trace_with_a_part_missing_is_not_called_healthy() {
    let mut harness = window_with_a_stump();
    assert!(says(&harness, "Part of this trace is missing"));
    assert!(!says(&harness, "No cancel left evidence"));
    click(&mut harness, "Dismiss Warning");
    assert!(says(&harness, "incomplete"), "which the status bar says as long as it is open");
    for key in [egui::Key::Num2, egui::Key::Num3] {
        harness.key_press(key);
        wait(&mut harness);
        assert!(says(&harness, "No cancel in what could be read."), "{key:?}");
        assert!(!says(&harness, "no evidence"), "{key:?}");
    }
    drop_files(&mut harness, &["traces/late-exit/before.trace"]);
    click(&mut harness, "Replace");
    assert!(!says(&harness, "incomplete"), "a whole one is not");
}

#[test]
fn messages_do_not_pile_up_and_go_when_a_trace_opens() {
    let mut harness = window();
    for name in ["README.md", "Cargo.toml", "CHANGELOG.md", "LICENSE-MIT", "clippy.toml"] {
        drop_files(&mut harness, &[name]);
    }
    assert_eq!(harness.state().messages().len(), 5);
    assert_eq!(names(&harness, "Error: ").len(), 3, "the newest are shown");
    assert!(says(&harness, "2 older messages"));
    drop_files(&mut harness, &["traces/late-exit/before.trace"]);
    assert!(harness.state().messages().is_empty(), "{:?}", harness.state().messages());
    drop_files(&mut harness, &["README.md", "traces/late-exit/before.trace"]);
    assert_eq!(harness.state().messages().len(), 1, "of two opened at once one failed");
}

#[test]
fn views_without_a_cancel_say_why_they_are_empty() {
    let mut harness = window_on("tests/fixtures/recorded/1.27.3/mutex.trace");
    for key in [egui::Key::Num2, egui::Key::Num3] {
        harness.key_press(key);
        wait(&mut harness);
        assert!(says(&harness, "no evidence of a context being cancelled"), "{key:?}");
        assert!(says(&harness, "one that nobody waited for"), "{key:?}");
        assert!(!says(&harness, "each at time zero") && !says(&harness, "Histogram"), "{key:?}");
    }
}
