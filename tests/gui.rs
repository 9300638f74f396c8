//! The window, driven without a display: the whole app in egui's test harness, and pictures of
//! it from the CPU rasterizer. What is looked for is looked for by its accessible name.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use overstay::ui::{App, Picture, Settings, ThemeChoice, View, picture};

#[path = "gui/budget.rs"]
mod budget;
#[path = "gui/compare.rs"]
mod compare;
#[path = "gui/damage.rs"]
mod damage;
#[path = "gui/details.rs"]
mod details;
#[path = "gui/keyboard.rs"]
mod keyboard;
#[path = "gui/late.rs"]
mod late;
#[path = "gui/menu.rs"]
mod menu;
#[path = "gui/saving.rs"]
mod saving;
#[path = "gui/sizes.rs"]
mod sizes;
#[path = "gui/stretch.rs"]
mod stretch;

/// How long the work behind what a test waits for may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A file of the package.
fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// A file that is dropped on the window.
#[derive(Debug)]
struct Dropped(PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        Err("the window opens files by their path".to_owned())
    }
}

/// The window with nothing open.
fn window() -> Harness<'static, App> {
    window_with(Settings::default())
}

fn window_with(settings: Settings) -> Harness<'static, App> {
    window_of([1500.0, 940.0], settings)
}

/// The window with a trace open.
fn window_on(name: &str) -> Harness<'static, App> {
    let mut harness = window();
    drop_files(&mut harness, &[name]);
    harness
}

/// The window with nothing open, of a width and height in points.
fn window_of(size: [f32; 2], settings: Settings) -> Harness<'static, App> {
    let harness = Harness::builder()
        .with_size(size)
        .with_max_steps(30)
        .build_eframe(|creation| App::new(&creation.egui_ctx, &[], settings));
    settle(harness)
}

/// Runs frames until nothing is being worked on and what is shown is final.
fn wait(harness: &mut Harness<'_, App>) {
    let begun = Instant::now();
    let mut quiet = 0;
    while quiet < 3 {
        assert!(begun.elapsed() < PATIENCE, "the window does not come to rest");
        harness.step();
        quiet = if harness.state().is_settled() { quiet + 1 } else { 0 };
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn settle(mut harness: Harness<'_, App>) -> Harness<'_, App> {
    wait(&mut harness);
    harness
}

/// Drops files on the window.
fn drop_files(harness: &mut Harness<'_, App>, names: &[&str]) {
    let files = names.iter().map(|name| Arc::new(Dropped(file(name))) as _);
    harness.input_mut().dropped_files = files.collect();
    wait(harness);
}

/// Clicks what has an accessible name that holds the words, and waits for what follows.
fn click(harness: &mut Harness<'_, App>, words: &str) {
    harness.get_by_label_contains(words).click();
    wait(harness);
}

/// Whether something has an accessible name that holds the words.
fn says(harness: &Harness<'_, App>, words: &str) -> bool {
    harness.query_all_by_label_contains(words).next().is_some()
}

/// All accessible names that hold the words.
fn names(harness: &Harness<'_, App>, words: &str) -> Vec<String> {
    let nodes = harness.query_all_by_label_contains(words);
    // A plain label has its text for a value.
    let name = |node: egui_kittest::Node<'_>| {
        let node = node.accesskit_node();
        node.label().or_else(|| node.value())
    };
    nodes.filter_map(name).collect()
}

#[test]
fn a_dropped_trace_shows_who_left_late_and_what_held_them() {
    let mut harness = window();
    assert!(says(&harness, "Open a trace"), "the welcome page");
    drop_files(&mut harness, &["traces/late-exit/before.trace"]);
    assert_eq!(harness.state().n_open(), 1);
    assert!(says(&harness, "Late exits (4)"));
    assert!(says(&harness, "Timeline of before.trace"));
    let rows = names(&harness, "Late exit: ");
    assert_eq!(rows.len(), 4, "{rows:?}");
    let slept = rows.iter().find(|row| row.contains("main.flushWorker")).expect("its row");
    assert!(slept.contains("slept 80"), "{slept}");
    assert!(slept.contains("main.lateWork (main.go:52)"), "{slept}");
    click(&mut harness, "Late exit: g22 main.flushWorker left 80");
    assert!(says(&harness, "80.6 ms late"), "the details name the overstay");
    assert!(says(&harness, "slept 80.4 ms in main.lateWork (main.go:52)"), "what held it");
    assert!(says(&harness, "Deadline at 100.328 ms"), "and the cancel");
    click(&mut harness, "Deadline at 100.328 ms");
    assert!(says(&harness, "Heard it"), "whose page lists whom it reached");
    click(&mut harness, "Back");
    assert!(says(&harness, "80.6 ms late"), "back is where one was");
}

#[test]
fn a_cancels_page_shows_how_it_went_down_the_contexts() {
    let mut harness = window_on("traces/nested-deadline/before.trace");
    click(&mut harness, "In time: g10 main.capture");
    click(&mut harness, "Deadline at 10");
    assert!(says(&harness, "2 levels, 3 hearers; level 2 heard "), "the tree in a sentence");
    assert!(says(&harness, "slowest leaf: g10 main.capture, left "));
    assert!(says(&harness, "Level 1: 1 heard, "), "each level has its fan-out");
    assert!(says(&harness, "Level 2: 2 heard, "));
    assert!(says(&harness, "The way down to it"));
    click(&mut harness, "Level 2: 2 heard, ");
    let names = names(&harness, "slowest leaf");
    assert_eq!(names.len(), 1, "folded, a level names nobody: {names:?}");
    drop_files(&mut harness, &["traces/deaf/before.trace"]);
    click(&mut harness, "Replace");
    harness.key_press(egui::Key::N);
    wait(&mut harness);
    click(&mut harness, "Deadline at 10");
    assert!(says(&harness, "Deaf to it"));
    assert_eq!(self::names(&harness, "deaf").iter().filter(|name| *name == "deaf").count(), 5);
    assert!(says(&harness, "slowest leaf"), "a deaf one may be the slowest");
}

#[test]
fn a_context_that_the_program_named_is_called_by_its_name() {
    let mut harness = window_on("tests/fixtures/recorded/1.27.3/overstayctx.trace");
    assert!(says(&harness, "left 25.5 ms after its cancel of request#1"), "the finding");
    click(&mut harness, "Late exit: g21 main.poll left 25.5 ms after logged of request#1");
    assert!(says(&harness, "poll#3"), "the name by which it heard");
    click(&mut harness, "Logged cancel of request#1 at 10.");
    assert!(says(&harness, "Heard the cancel of request#1"), "the root of its tree");
    assert!(says(&harness, "as poll#3"), "and who heard");
    // Along the flags on the axis.
    let canvas = harness.get_by_label_contains("Timeline of overstayctx.trace").rect();
    let at = along_the_flags(&mut harness, canvas, "  ·  2 cancels ");
    for _ in 0..30 {
        harness.step();
    }
    assert!(says(&harness, "Logged cancel of slow-query#2 at 10."), "they are a crowd");
    for pressed in [true, false] {
        let modifiers = egui::Modifiers::NONE;
        let button = egui::PointerButton::Primary;
        harness.event(egui::Event::PointerButton { pos: at, button, pressed, modifiers });
        harness.step();
    }
    wait(&mut harness);
    for _ in 0..60 {
        harness.step();
    }
    for name in ["slow-query#2", "request#1"] {
        let named = format!("  ·  Logged cancel of {name} at 10.");
        along_the_flags(&mut harness, canvas, &named);
    }
}

/// Moves the pointer along the axis until the status line says something.
#[track_caller]
fn along_the_flags(harness: &mut Harness<'_, App>, canvas: egui::Rect, words: &str) -> egui::Pos2 {
    let mut at = egui::pos2(canvas.left(), canvas.top() + 6.0);
    while !says(harness, words) {
        at.x += 1.0;
        assert!(at.x < canvas.right(), "no flag is called {words}");
        harness.hover_at(at);
        harness.step();
    }
    at
}

#[test]
fn wakes_can_be_followed_both_ways() {
    let mut harness = window_on("traces/late-exit/before.trace");
    click(&mut harness, "g24 main.readWorker, 126 ms late");
    assert!(says(&harness, "Woken 28 times"), "who woke it");
    assert!(says(&harness, "Woke others "), "and whom it woke");
    harness.key_press(egui::Key::CloseBracket);
    wait(&mut harness);
    let woken = names(&harness, "Woken by");
    assert_eq!(woken.len(), 1, "a span of the goroutine that it woke: {woken:?}");
    harness.key_press(egui::Key::OpenBracket);
    wait(&mut harness);
    assert!(says(&harness, "Woke others "), "and back to who woke that");
}

#[test]
fn a_finding_about_no_overstay_leads_to_its_goroutine() {
    let mut harness = window_on("traces/shutdown-hang/before.trace");
    let words = "3 requests in main.events still ran when";
    let card = |node: &egui_kittest::Node<'_>| node.accesskit_node().role() == egui::Role::Button;
    harness.query_all_by_label_contains(words).find(card).expect("the card").click();
    wait(&mut harness);
    assert!(says(&harness, "How it spent its life"));
    assert!(!says(&harness, "Lives on"), "no page about a hearing");
}

#[test]
fn who_lives_on_is_neither_early_nor_late() {
    let harness = window_on("tests/measured/recorded/1.27/goeson.trace");
    assert!(says(&harness, "Nothing to act on: nobody was told to stop."));
    assert!(says(&harness, "whoever heard one was meant to go on"), "the empty table");
    assert!(!says(&harness, "left within"), "nobody left");
    assert!(!says(&harness, "0 ns"), "there is no overstay to tell");
}

#[test]
fn an_error_stays_until_it_is_dismissed() {
    let mut harness = window_on("traces/README.md");
    assert_eq!(harness.state().n_open(), 0);
    let messages = harness.state().messages();
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert!(messages[0].contains("README.md: not a Go execution trace"), "{messages:?}");
    for _ in 0..50 {
        harness.step();
    }
    assert!(says(&harness, "Error: "), "it is still there");
    click(&mut harness, "Dismiss Error");
    assert!(harness.state().messages().is_empty());
}

#[test]
#[expect(clippy::disallowed_methods, reason = "tests make the files that they look at")]
fn a_file_that_has_grown_is_read_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("growing.trace");
    let whole = std::fs::read(file("traces/late-exit/before.trace")).expect("the trace");
    std::fs::write(&path, &whole[..whole.len() * 6 / 10]).expect("what is written so far");
    let mut harness = window();
    harness.input_mut().dropped_files = vec![Arc::new(Dropped(path.clone())) as _];
    wait(&mut harness);
    assert!(!says(&harness, "Late exits (4)"));
    std::fs::write(&path, &whole).expect("the rest");
    harness.key_press(egui::Key::F5);
    wait(&mut harness);
    assert_eq!(harness.state().n_open(), 1);
    assert!(says(&harness, "Late exits (4)"));
    assert!(harness.state().messages().is_empty(), "what was missing is there now");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "tests make the files that they look at")]
fn a_trace_whose_clock_is_not_known_is_told_in_ticks() {
    let mut bytes = std::fs::read(file("traces/late-exit/before.go1.21.trace")).expect("a trace");
    // The event that tells the clock's frequency: it is made 0, which makes no sense.
    let told = [0x02, 0xed, 0xef, 0xab, 0x13];
    let at = bytes.windows(told.len()).position(|window| window == told).expect("the frequency");
    bytes[at + 1..at + told.len()].copy_from_slice(&[0x80, 0x80, 0x80, 0x00]);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ticks.trace");
    std::fs::write(&path, bytes).expect("a file");
    let budget = Some(100_000);
    let mut harness = window_with(Settings { late_over_ns: budget, ..Settings::default() });
    harness.input_mut().dropped_files = vec![Arc::new(Dropped(path)) as _];
    wait(&mut harness);
    assert!(says(&harness, "times are in ticks"));
    harness.get_by_label_contains("Late exits").click();
    wait(&mut harness);
    let late = names(&harness, "Late exit: ");
    assert!(!late.is_empty() && late.iter().all(|row| row.contains(" ticks after")), "{late:?}");
    click(&mut harness, &late[0]);
    for unit in [" ns", " µs", " ms", " s"] {
        let in_time = |text: &String| {
            let ends = text.match_indices(unit).map(|(at, _)| (at, at + unit.len()));
            ends.into_iter().any(|(start, end)| {
                text[..start].ends_with(|c: char| c.is_ascii_digit())
                    && !text[end..].starts_with(|c: char| c.is_alphanumeric())
            })
        };
        let wrong: Vec<String> = names(&harness, unit).into_iter().filter(in_time).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}

#[test]
fn examples_open_with_one_click() {
    let mut harness = window();
    click(&mut harness, "Open example Healthy server");
    assert!(says(&harness, "Late exits (0)"));
    assert!(says(&harness, "the longest stays, all within 10 ms"));
}

#[test]
fn keys_do_what_the_help_says() {
    let mut harness = window_on("traces/late-exit/before.trace");
    harness.key_press(egui::Key::Questionmark);
    wait(&mut harness);
    assert!(says(&harness, "Keys and mouse"));
    harness.key_press(egui::Key::Escape);
    wait(&mut harness);
    assert!(!says(&harness, "Zoom to the selection"), "the help is gone");
    harness.key_press(egui::Key::N);
    wait(&mut harness);
    assert!(says(&harness, "126 ms late"), "N goes to the worst late exit");
    harness.key_press(egui::Key::Num3);
    wait(&mut harness);
    assert!(!says(&harness, "Timeline of"), "3 shows the late exits alone");
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Z);
    wait(&mut harness);
    assert!(says(&harness, "Timeline of"), "and undo is back at the timeline");
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::P);
    wait(&mut harness);
    harness.get_by_label("Go to a goroutine").type_text("reportWorker");
    wait(&mut harness);
    harness.key_press(egui::Key::Enter);
    wait(&mut harness);
    assert!(says(&harness, "How it spent its life"), "the goroutine's page");
    assert!(says(&harness, "main.reportWorker"));
}

#[test]
fn the_budget_decides_what_is_late() {
    let mut harness = window_on("traces/late-exit/before.trace");
    let budget = harness.get_by_label("Budget");
    budget.set_value_accesskit(100e6);
    wait(&mut harness);
    assert!(says(&harness, "Late exits (2)"), "two of four are over 100 ms");
}

/// The color of a pixel, as its share of white.
fn lightness(picture: &Picture, x: usize, y: usize) -> f32 {
    let at = (y * picture.width + x) * 4;
    picture.rgba[at..at + 3].iter().map(|&byte| f32::from(byte) / 765.0).sum()
}

/// How many pixels are loud red.
fn n_loud(picture: &Picture) -> usize {
    let red = |pixel: &&[u8]| pixel[0] > 200 && pixel[1] < 90 && pixel[2] < 80;
    picture.rgba.chunks_exact(4).filter(red).count()
}

fn draw(names: &[&str], settings: Settings) -> Picture {
    let traces: Vec<PathBuf> = names.iter().map(|name| file(name)).collect();
    picture(&traces, [1200, 800], settings).expect("a picture").picture
}

#[test]
fn pictures_are_dark_or_light_and_only_late_ones_are_loud() {
    let late = ["traces/late-exit/before.trace"];
    let prompt = ["traces/late-exit/after.trace"];
    for (theme, is_dark) in [(ThemeChoice::Dark, true), (ThemeChoice::Light, false)] {
        let settings = Settings { theme: Some(theme), ..Settings::default() };
        let loud = draw(&late, settings.clone());
        assert_eq!(lightness(&loud, 600, 790) < 0.5, is_dark);
        assert!(n_loud(&loud) > 1500, "{} loud pixels", n_loud(&loud));
        // The legend has a patch of it.
        let calm = draw(&prompt, settings);
        assert!(n_loud(&calm) < 200, "{} loud pixels", n_loud(&calm));
    }
}

#[test]
fn every_view_can_be_drawn() {
    let views = [View::Timeline, View::Cancel, View::Late, View::Compare];
    let both = ["traces/late-exit/before.trace", "traces/late-exit/after.trace"];
    let pictures: Vec<Picture> = views
        .into_iter()
        .map(|view| draw(&both, Settings { view: Some(view), ..Settings::default() }))
        .collect();
    for (at, picture) in pictures.iter().enumerate() {
        assert!(pictures[..at].iter().all(|other| other != picture), "view {at} is like another");
    }
}

#[test]
fn what_cannot_be_opened_cannot_be_drawn() {
    let err = picture(&[file("traces/README.md")], [400, 300], Settings::default());
    let err = err.expect_err("it is no trace").to_string();
    assert!(err.contains("README.md: not a Go execution trace"), "{err}");
    let settings = Settings { select: Some("cancel:99".to_owned()), ..Settings::default() };
    let err = picture(&[file("traces/late-exit/before.trace")], [400, 300], settings);
    let err = err.expect_err("there is no such cancel").to_string();
    assert_eq!(err, "late-exit/before.trace: there is no cancel:99 in this trace");
}

#[test]
fn find_shows_who_was_in_a_function_in_every_view() {
    let mut harness = window_on("traces/late-exit/before.trace");
    harness.get_by_label("Find").focus();
    harness.get_by_label("Find").type_text("latework");
    wait(&mut harness);
    // The function that held it up, not the one that it started with.
    assert!(says(&harness, "g22 main.flushWorker, 80.6 ms late"));
    assert!(!says(&harness, "g24 main.readWorker, "), "the others are out of the way");
    assert_eq!(names(&harness, "Late exit: ").len(), 1, "in the table, too");
    assert!(says(&harness, "1 of 4 late exits matches"), "of how many that is");
    harness.key_press(egui::Key::Enter);
    wait(&mut harness);
    harness.key_press(egui::Key::Num2);
    wait(&mut harness);
    assert!(says(&harness, "g22 main.flushWorker, 80.6 ms late"));
    assert!(!says(&harness, "g24 main.readWorker, "), "and among the cancels");
    click(&mut harness, "Show all lanes again");
    assert!(says(&harness, "g24 main.readWorker, "));
}

#[test]
fn escape_in_the_find_field_is_about_the_words() {
    let mut harness = window_on("traces/late-exit/before.trace");
    harness.key_press(egui::Key::N);
    wait(&mut harness);
    assert!(says(&harness, "126 ms late"));
    harness.get_by_label("Find").focus();
    harness.get_by_label("Find").type_text("heartbeat");
    wait(&mut harness);
    assert!(!says(&harness, "g1 main.main"));
    harness.key_press(egui::Key::Escape);
    wait(&mut harness);
    assert!(says(&harness, "g1 main.main"), "all lanes are back");
    assert!(says(&harness, "What held up the end"), "and what was selected is still");
}

#[test]
fn what_could_not_be_opened_is_not_among_the_recent_files() {
    let mut harness = window_on("README.md");
    assert!(!harness.state().errors().is_empty());
    assert!(!says(&harness, "Recent"), "nothing to come back to");
    drop_files(&mut harness, &["traces/late-exit/before.trace"]);
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::W);
    wait(&mut harness);
    assert!(says(&harness, "Recent"));
}

#[test]
fn what_find_leaves_out_is_said_to_be_left_out() {
    let mut harness = window_on("traces/late-exit/before.trace");
    harness.get_by_label("Find").focus();
    harness.get_by_label("Find").type_text("heartbeat");
    harness.key_press(egui::Key::Enter);
    wait(&mut harness);
    assert!(says(&harness, "No late exit matches"));
    harness.key_press(egui::Key::N);
    wait(&mut harness);
    assert!(says(&harness, "has no lane here, since Find leaves it out"));
}
