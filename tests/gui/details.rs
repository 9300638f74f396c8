//! The panel of what is selected.

use super::*;

/// The stacks on the page, by their titles, from top to bottom, each with its first frame.
fn stacks(harness: &Harness<'_, App>, titles: &[&str]) -> Vec<(String, f32)> {
    let top = |title: &&str| {
        let node = harness.query_all_by_label(title).next()?;
        Some(((*title).to_owned(), node.rect().top()))
    };
    let mut found: Vec<(String, f32)> = titles.iter().filter_map(top).collect();
    found.sort_by(|a, b| a.1.total_cmp(&b.1));
    found
}

#[test]
fn the_stack_of_what_held_one_up_comes_before_that_of_the_hearing() {
    let mut harness = window_of([1500.0, 1600.0], Settings::default());
    drop_files(&mut harness, &["traces/late-exit/before.trace"]);
    harness.key_press(egui::Key::N);
    wait(&mut harness);
    assert!(says(&harness, "waited 125 ms to receive from a channel in main.drain (main.go:113)"));
    let titles = ["Where it was held", "Where it heard the cancel"];
    let found = stacks(&harness, &titles);
    assert_eq!(found.iter().map(|(title, _)| title.as_str()).collect::<Vec<_>>(), titles);
    let frame = harness.get_by_label("main.drain main.go:113").rect();
    assert!((found[0].1..found[1].1).contains(&frame.top()), "its frame is below its title");
}

#[test]
fn a_part_of_an_overstay_leads_to_its_span() {
    let mut harness = window_on("traces/late-exit/before.trace");
    harness.key_press(egui::Key::N);
    wait(&mut harness);
    click(&mut harness, "Show on the timeline: waited 125 ms to receive");
    assert!(says(&harness, "chan receive"), "the span's page");
    assert!(says(&harness, "Let go by"));
    click(&mut harness, "Back");
    assert!(says(&harness, "What held up the end"), "and back to the overstay");
}

#[test]
fn a_finding_says_what_the_table_says() {
    let settings = Settings { late_over_ns: Some(0), ..Settings::default() };
    let mut harness = window_with(settings);
    drop_files(&mut harness, &["traces/late-exit/before.trace"]);
    let row = names(&harness, "Late exit: g21 main.heartbeat").remove(0);
    let held = row.rsplit(", ").next().expect("what held it").to_owned();
    assert!(held.starts_with("waited 55.5 µs in a select"), "{row}");
    let cards = names(&harness, "1 goroutine of main.heartbeat left 154 µs");
    assert!(!cards.is_empty() && cards.iter().all(|card| card.contains(&held)), "{cards:?}");
    assert!(cards[0].contains("and of its own doing ran for 55.4 µs"), "{cards:?}");
}

#[test]
fn findings_are_reached_by_tab_and_opened_by_the_keyboard() {
    let mut harness = window_on("traces/late-exit/before.trace");
    let words = "1 goroutine of main.flushWorker left 80.6 ms";
    let card = |harness: &Harness<'_, App>| {
        let is_card =
            |node: &egui_kittest::Node<'_>| node.accesskit_node().role() == egui::Role::Button;
        let card = harness.query_all_by_label_contains(words).find(is_card).expect("the card");
        card.accesskit_node().is_focused()
    };
    for _ in 0..80 {
        if card(&harness) {
            break;
        }
        harness.key_press(egui::Key::Tab);
        harness.step();
    }
    assert!(card(&harness), "it has the focus");
    harness.key_press(egui::Key::Space);
    wait(&mut harness);
    assert!(says(&harness, "80.6 ms late"));
}

#[test]
fn a_finding_that_names_a_goroutine_leads_to_its_card_and_on_to_the_next() {
    let mut harness = window_on("traces/sleep-in-handler/before.trace");
    harness.key_press(egui::Key::N);
    wait(&mut harness);
    click(&mut harness, "Show the finding: 68 goroutines of main.pay");
    assert!(says(&harness, "Reached by cancels"), "all findings are shown");
    assert!(says(&harness, "1 of 68"), "and where one came from");
    click(&mut harness, "Next of 68: late exit");
    assert!(says(&harness, "2 of 68") && says(&harness, "Reached by cancels"), "the card stays");
    click(&mut harness, "Previous of 68: late exit");
    click(&mut harness, "Previous of 68: late exit");
    assert!(says(&harness, "68 of 68"), "around at the ends");
    click(&mut harness, "Back");
    assert!(says(&harness, "From the cancel to the end"), "the page of the one that was shown");
    harness.key_press(egui::Key::Escape);
    wait(&mut harness);
    assert!(!says(&harness, "68 of 68"));
    assert!(!says(&harness, "200 goroutines of main.pay"), "the other is told beside the first");
    click(&mut harness, "also long sleep");
    assert!(says(&harness, "also late exit, 504 ms, 68×"), "a click exchanges them");
    assert!(says(&harness, "Next of 200: long sleep"));
}

#[test]
fn a_goroutines_page_lists_its_main_finding() {
    let mut harness = window_on("traces/lost-cancel/before.trace");
    harness.key_press(egui::Key::N);
    wait(&mut harness);
    assert!(says(&harness, "Findings that name it"));
    click(&mut harness, "Show the finding: 379 goroutines of main.refresh are still alive");
    assert!(says(&harness, "1 of 379"));
    harness.get_by_label("g23 main.refresh").click();
    wait(&mut harness);
    assert!(says(&harness, "How it spent its life"), "a click on its name shows its page again");
}

#[test]
fn from_an_overstay_the_next_lane_shows_its_own() {
    let mut harness = window_on("traces/late-exit/before.trace");
    harness.key_press(egui::Key::N);
    wait(&mut harness);
    for _ in 0..2 {
        harness.key_press(egui::Key::ArrowDown);
        wait(&mut harness);
        assert!(says(&harness, "From the cancel to the end"), "not its goroutine's page");
    }
}
