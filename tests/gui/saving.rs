//! What is open is saved: reports, comparisons, pictures.

use egui::{Key, Modifiers};

use super::*;

/// The window as the program opens it.
fn window_that_saves(names: &[&str]) -> Harness<'static, App> {
    let saving = Some(&overstay::cli::SAVING);
    let mut harness = window_with(Settings { saving, ..Settings::default() });
    drop_files(&mut harness, names);
    harness
}

/// Opens the form, chooses a form of report by its name, and writes a path.
fn ask_to_save(harness: &mut Harness<'_, App>, what: &str, path: &Path) {
    harness.key_press_modifiers(Modifiers::COMMAND, Key::S);
    wait(harness);
    click(harness, what);
    write_path(harness, path);
}

fn write_path(harness: &mut Harness<'_, App>, path: &Path) {
    harness.get_by_label("Save as").focus();
    harness.step();
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.step();
    harness.get_by_label("Save as").type_text(&path.display().to_string());
    harness.step();
}

#[expect(clippy::disallowed_methods, reason = "the test looks at what was written")]
fn written(path: &Path) -> String {
    std::fs::read_to_string(path).expect("it was written")
}

#[test]
fn a_report_is_saved_in_each_of_its_forms() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut harness = window_that_saves(&["traces/late-exit/before.trace"]);
    let forms = [
        ("Report as HTML", "html", "main.flushWorker"),
        ("Report as Markdown", "md", "main.flushWorker"),
        ("Report as text", "txt", "main.flushWorker"),
        ("Report as JSON", "json", "\"schema\""),
        ("Table of hearings as CSV", "csv", "main.flushWorker"),
    ];
    for (title, extension, holds) in forms {
        let path = folder.path().join(format!("report.{extension}"));
        ask_to_save(&mut harness, title, &path);
        harness.key_press(Key::Enter);
        wait(&mut harness);
        assert!(written(&path).contains(holds), "{title}");
        assert!(says(&harness, &format!("Done: Saved {}", path.display())), "{title}");
        assert!(!says(&harness, "Save as"), "{title}: the form is closed");
    }
}

#[test]
fn a_comparison_is_saved_and_so_is_the_report_of_one_of_its_traces() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut harness = window_that_saves(&["traces/deaf/before.trace", "traces/deaf/after.trace"]);
    let (both, one) = (folder.path().join("both.html"), folder.path().join("one.md"));
    ask_to_save(&mut harness, "Comparison as HTML", &both);
    harness.get_by_label("Save").click();
    wait(&mut harness);
    assert!(written(&both).contains("better"));
    ask_to_save(&mut harness, "Report as Markdown", &one);
    harness.key_press(Key::Enter);
    wait(&mut harness);
    assert!(written(&one).contains("main.fetchQuote"), "the trace in focus");
}

#[test]
fn a_file_is_replaced_only_when_that_is_said_and_an_open_trace_never() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (trace, path) = (folder.path().join("a.trace"), folder.path().join("a.txt"));
    std::fs::copy(file("traces/deaf/before.trace"), &trace).expect("a writable folder");
    std::fs::copy(file("README.md"), &path).expect("a writable folder");
    let mut harness = window_that_saves(&[trace.to_str().expect("a plain name")]);
    ask_to_save(&mut harness, "Report as text", &path);
    harness.key_press(Key::Enter);
    wait(&mut harness);
    assert!(says(&harness, "There is such a file."));
    assert!(written(&path).contains("Overstay"), "it is as it was");
    harness.get_by_label("Replace it").click();
    wait(&mut harness);
    assert!(written(&path).contains("main.fetchQuote"), "{}", written(&path));
    ask_to_save(&mut harness, "Report as text", &trace);
    for _ in 0..2 {
        harness.get_by_label("Save").click();
        wait(&mut harness);
        assert!(says(&harness, "it is what is read; name another file"));
    }
    harness.key_press(Key::Escape);
    wait(&mut harness);
    assert!(!says(&harness, "Save as"), "Esc closes the form");
}

#[test]
fn the_path_follows_the_form_until_another_is_written() {
    let mut harness = window_that_saves(&["traces/deaf/before.trace"]);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::S);
    wait(&mut harness);
    let path = |harness: &Harness<'_, App>| {
        harness.get_by_label("Save as").accesskit_node().value().unwrap_or_default()
    };
    assert!(path(&harness).ends_with("traces/deaf/before.html"), "{}", path(&harness));
    harness.key_press(Key::ArrowDown);
    wait(&mut harness);
    assert!(path(&harness).ends_with("traces/deaf/before.md"), "{}", path(&harness));
    write_path(&mut harness, Path::new("elsewhere/other.md"));
    click(&mut harness, "Picture of the window");
    assert_eq!(path(&harness), "elsewhere/other.png");
}

#[test]
fn the_ending_that_is_written_decides_the_form() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut harness = window_that_saves(&["traces/deaf/before.trace"]);
    let path = folder.path().join("x.md");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::S);
    wait(&mut harness);
    // What was suggested is selected: it need not be deleted first.
    harness.event(egui::Event::Text(path.display().to_string()));
    harness.step();
    harness.step();
    harness.key_press(Key::Enter);
    wait(&mut harness);
    assert!(written(&path).starts_with('#'), "it is Markdown: {}", written(&path));
}
