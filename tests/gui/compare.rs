//! Two traces, before and after.

use super::*;

#[test]
fn a_second_trace_is_compared_with_the_first() {
    let mut harness = window_on("traces/late-exit/before.trace");
    drop_files(&mut harness, &["traces/late-exit/after.trace"]);
    assert_eq!(harness.state().n_open(), 1, "the choice comes first");
    assert!(says(&harness, "Replace"));
    click(&mut harness, "Compare: before.trace is before");
    assert_eq!(harness.state().n_open(), 2);
    assert!(says(&harness, "Timeline of before.trace"));
    assert!(says(&harness, "Timeline of after.trace"));
    let verdicts = names(&harness, "Better than before");
    assert_eq!(verdicts.len(), 1, "{verdicts:?}");
    let rows = names(&harness, "Overstay ");
    assert!(rows.iter().any(|row| row.starts_with("better: ")), "{rows:?}");
    click(&mut harness, "Swap before and after");
    assert!(says(&harness, "Worse than before"));
}

#[test]
fn two_traces_dropped_together_are_compared() {
    let mut harness = window();
    let both = ["traces/deaf/before.trace", "traces/deaf/after.trace"];
    drop_files(&mut harness, &both);
    assert_eq!(harness.state().n_open(), 2);
    assert!(says(&harness, "Compare"));
}

#[test]
fn a_row_of_the_comparison_shows_its_lanes() {
    let mut harness = window();
    let pair = ["traces/sleep-in-handler/before.trace", "traces/sleep-in-handler/after.trace"];
    drop_files(&mut harness, &pair);
    // The handler is what it is called by; net/http's goroutines run it.
    click(&mut harness, "better: Overstay main.pay");
    let lanes = names(&harness, "Timeline of before.trace");
    assert!(!lanes.iter().any(|text| text.contains(": 200 lanes")), "not before that is asked for");
    click(&mut harness, "Show only its lanes");
    for trace in ["before", "after"] {
        assert!(says(&harness, &format!("Timeline of {trace}.trace: 200 lanes")), "{trace}");
    }
}

#[test]
fn a_click_on_a_row_selects_it_alone_and_shows_its_page() {
    let mut harness = window();
    let pair = ["traces/sleep-in-handler/before.trace", "traces/sleep-in-handler/after.trace"];
    drop_files(&mut harness, &pair);
    let find = |harness: &Harness<'_, App>| {
        harness.get_by_label("Find").accesskit_node().value().unwrap_or_default()
    };
    for row in ["better: Task pay", "Overstay all cancels"] {
        click(&mut harness, row);
        assert!(says(&harness, "Compared"), "{row}");
        assert!(says(&harness, "90 % within"), "{row}: more than the table has");
        assert_eq!(find(&harness), "", "{row}");
    }
    harness.key_press(egui::Key::N);
    wait(&mut harness);
    assert!(!says(&harness, "Compared"), "what is selected in a trace takes its place");
    click(&mut harness, "better: Task pay");
    harness.key_press(egui::Key::Escape);
    wait(&mut harness);
    assert!(says(&harness, "Reached by cancels"), "Esc lets go of it");
}

#[test]
fn the_lower_timeline_has_its_groups_in_the_order_of_the_upper_one() {
    let mut harness = window();
    let pair = ["traces/sleep-in-handler/before.trace", "traces/sleep-in-handler/after.trace"];
    drop_files(&mut harness, &pair);
    // The late ones above come as lanes, which leave no room for other groups.
    harness.key_press(egui::Key::X);
    wait(&mut harness);
    let mut heads = names(&harness, " lanes, ");
    heads.retain(|head| head.starts_with("Open ") || head.starts_with("Collapse "));
    let name = |head: &String| {
        let (_, name) = head.split_once(' ').unwrap_or_default();
        name.split(", ").next().unwrap_or_default().to_owned()
    };
    let heads: Vec<String> = heads.iter().map(name).collect();
    let again = heads.iter().skip(1).position(|head| *head == heads[0]).expect("both have it") + 1;
    let (above, below) = heads.split_at(again);
    let shared = above.len().min(below.len()).min(4);
    assert!(shared >= 3, "{heads:?}");
    assert_eq!(above[..shared], below[..shared]);
}

#[test]
fn who_is_stuck_is_told_of_both_traces() {
    let mut harness = window();
    drop_files(
        &mut harness,
        &["traces/lost-cancel/before.trace", "traces/lost-cancel/after.trace"],
    );
    assert!(
        says(&harness, "Late exits (0 → 0)  450 → 0 stuck"),
        "{:?}",
        names(&harness, "Late exits")
    );
}

/// A trace in which nobody is late, and one in which five are.
const GOOD_AND_BAD: [&str; 2] =
    ["traces/healthy-server/healthy-server.trace", "traces/deaf/before.trace"];

#[test]
fn late_exits_of_both_traces_are_stepped_through_and_counted() {
    let mut harness = window();
    drop_files(&mut harness, &GOOD_AND_BAD);
    assert!(says(&harness, "Late exits (0 → 5)"), "{:?}", names(&harness, "Late exits"));
    assert!(!names(&harness, "Cancels (").iter().any(|name| name.ends_with("(0)")));
    harness.key_press(egui::Key::N);
    wait(&mut harness);
    assert!(!says(&harness, "Nobody left later"), "there are five");
    let worst = names(&harness, "Still alive ≥").concat() + &names(&harness, " late").concat();
    assert!(!worst.is_empty(), "one is selected");
    // Back the other way round the ends, in the trace that has them.
    harness.key_press_modifiers(egui::Modifiers::SHIFT, egui::Key::N);
    wait(&mut harness);
    assert!(!says(&harness, "Nobody left later"));
}

#[test]
fn late_exits_of_two_traces_go_by_how_late_they_are() {
    let mut harness = window();
    let same = ["traces/late-exit/before.trace", "traces/late-exit/before.trace"];
    drop_files(&mut harness, &same);
    for late in [126.0, 126.0, 126.0, 126.0, 80.6, 80.6, 60.1, 60.1, 126.0] {
        harness.key_press(egui::Key::N);
        wait(&mut harness);
        let headline = format!("{late} ms late");
        let all = names(&harness, " ms late");
        assert!(all.contains(&headline), "{headline}: {all:?}");
    }
}

#[test]
fn the_cancels_of_either_trace_can_be_shown() {
    let mut harness = window();
    drop_files(&mut harness, &GOOD_AND_BAD);
    harness.key_press(egui::Key::Num2);
    wait(&mut harness);
    click(&mut harness, "Show the trace after");
    assert!(says(&harness, "Cancels of before.trace"));
    let lanes = names(&harness, "Cancels of before.trace");
    click(&mut harness, "Show the trace before");
    let others = names(&harness, "Cancels of before.trace");
    assert_ne!(others, lanes, "the other one's");
    harness.key_press(egui::Key::P);
    wait(&mut harness);
    assert_eq!(names(&harness, "Cancels of before.trace"), lanes, "the same by a key");
}

#[test]
fn what_became_late_counts_as_changed() {
    let mut harness = window();
    drop_files(&mut harness, &GOOD_AND_BAD);
    let new = names(&harness, "late, only after: ");
    assert!(!new.is_empty());
    click(&mut harness, "Only what changed");
    assert_eq!(names(&harness, "late, only after: "), new);
}

#[test]
fn who_was_late_is_told_like_who_became_late() {
    let [before, after] = ["traces/late-exit/before.trace", "traces/late-exit/after.trace"];
    let rows = |pair: [&str; 2], words: &str| {
        let mut harness = window();
        drop_files(&mut harness, &pair);
        let mut rows = names(&harness, words);
        rows.retain(|row| row.starts_with(words));
        rows.iter().map(|row| row[words.len()..].to_owned()).collect::<Vec<_>>()
    };
    let gone = rows([before, after], "late, only before: ");
    assert!(gone.len() >= 2, "{gone:?}");
    assert_eq!(gone, rows([after, before], "late, only after: "));
}

#[test]
fn a_click_on_a_row_leaves_the_others_where_they_are() {
    let mut harness = window();
    let pair = ["traces/sleep-in-handler/before.trace", "traces/sleep-in-handler/after.trace"];
    drop_files(&mut harness, &pair);
    let before = names(&harness, "Overstay ");
    assert!(before.len() > 2);
    click(&mut harness, "better: Overstay main.pay");
    click(&mut harness, "Show only its lanes");
    assert_eq!(names(&harness, "Overstay "), before);
    click(&mut harness, "Overstay all cancels");
    assert_eq!(names(&harness, "Overstay "), before, "whatever row is selected then");
    harness.get_by_label("Find").focus();
    harness.get_by_label("Find").type_text("x");
    wait(&mut harness);
    assert!(names(&harness, "Overstay ").len() < before.len(), "typed words fit the table, too");
}

#[test]
fn no_column_is_cut_beside_the_details() {
    for (width, columns) in [
        (800.0, &["Typical shift"][..]),
        (900.0, &["Typical shift"][..]),
        (1280.0, &["Median to longest", "Typical shift"][..]),
        (1440.0, &["Median to longest", "Typical shift", "95 % interval"][..]),
        (1920.0, &["What", "Median to longest", "Typical shift", "95 % interval", "q"][..]),
    ] {
        let mut harness = window_of([width, 720.0], Settings::default());
        let pair = ["traces/sleep-in-handler/before.trace", "traces/sleep-in-handler/after.trace"];
        drop_files(&mut harness, &pair);
        let details = harness.get_by_label("Findings").rect().left() - 12.0;
        for &column in columns {
            // As wide as the column, not as its heading.
            let wide = match column {
                "Median to longest" => 190.0,
                "95 % interval" => 130.0,
                _ => 50.0,
            };
            let left = harness.get_by_label(column).rect().left();
            assert!(left + wide < details, "{column} of {width}: {left} to {details}");
        }
    }
}

#[test]
fn who_swaps_twice_at_once_compares_the_same_again() {
    let mut harness = window();
    let pair = ["traces/sleep-in-handler/before.trace", "traces/sleep-in-handler/after.trace"];
    drop_files(&mut harness, &pair);
    assert!(says(&harness, "Better than before"));
    harness.key_press(egui::Key::B);
    harness.key_press(egui::Key::B);
    wait(&mut harness);
    assert!(says(&harness, "Better than before"));
    harness.key_press(egui::Key::B);
    wait(&mut harness);
    assert!(says(&harness, "Worse than before"));
}

#[test]
fn a_finding_that_is_gone_leads_to_whom_it_was_about() {
    let mut harness = window();
    let pair = ["traces/shutdown-hang/before.trace", "traces/shutdown-hang/after.trace"];
    drop_files(&mut harness, &pair);
    assert!(says(&harness, "Better than before"));
    assert!(says(&harness, "gone"));
    click(&mut harness, "Still alive: main.events (main.go:34) 3×");
    assert!(says(&harness, "How it spent its life"), "whom it is about is selected");
}

#[test]
fn a_click_on_a_heading_sorts() {
    let mut harness = window();
    let pair = ["traces/late-exit/before.trace", "traces/late-exit/after.trace"];
    drop_files(&mut harness, &pair);
    let first = |harness: &Harness<'_, App>| {
        let rows = harness.query_all_by_role(egui::Role::Row);
        let top = rows.min_by(|a, b| a.rect().top().total_cmp(&b.rect().top()));
        top.and_then(|row| row.accesskit_node().label()).expect("a row")
    };
    let as_it_comes = first(&harness);
    assert!(as_it_comes.starts_with("better"), "{as_it_comes}");
    harness.get_by_label("Group").click();
    wait(&mut harness);
    let by_name = first(&harness);
    harness.get_by_label("Group").click();
    wait(&mut harness);
    assert_ne!(first(&harness), by_name, "the other way round");
    harness.get_by_label("Verdict").click();
    wait(&mut harness);
    assert_eq!(first(&harness), as_it_comes);
}

#[test]
fn the_arrows_walk_the_rows_of_the_comparison() {
    let mut harness = window();
    let pair = ["traces/sleep-in-handler/before.trace", "traces/sleep-in-handler/after.trace"];
    drop_files(&mut harness, &pair);
    for (key, row) in [
        (egui::Key::ArrowDown, "main.pay → client-gone"),
        (egui::Key::ArrowDown, "all cancels"),
        (egui::Key::ArrowDown, "handler main.pay"),
        (egui::Key::ArrowUp, "all cancels"),
        (egui::Key::ArrowUp, "main.pay → client-gone"),
        (egui::Key::ArrowUp, "main.pay → client-gone"),
    ] {
        harness.key_press(key);
        wait(&mut harness);
        assert!(says(&harness, "Compared"), "{row}");
        let picture = format!("Cumulative shares before and after: {row}");
        assert!(says(&harness, &picture), "{:?}", names(&harness, "Cumulative shares"));
    }
    // Who has chosen a lane walks the lanes.
    harness.key_press(egui::Key::N);
    wait(&mut harness);
    harness.key_press(egui::Key::ArrowDown);
    wait(&mut harness);
    assert!(!says(&harness, "Compared"));
}
