use super::*;
use crate::base::{Goroutine, Interval, Time};
use crate::scene::Viewport;
use crate::ui::command::Look;
use crate::ui::state::{Popup, What};

fn goroutine(row: u32) -> Selected {
    Selected { slot: Slot::Before, what: What::Goroutine(Goroutine(row)) }
}

fn state() -> State {
    let trace = Interval::new(Time(0), Time(1_000_000));
    State { viewport: Some(Viewport::new(trace, 1000.0)), ..State::default() }
}

fn panned(state: &State, by_px: f64, gesture: u64) -> Command {
    let mut to = state.viewport.expect("a viewport");
    to.zoom_at(500.0, 4.0);
    to.pan(by_px);
    Command::Look(Look { to, glide: false, gesture: Some(gesture) })
}

#[test]
fn a_drag_is_undone_as_a_whole() {
    let mut state = state();
    let begin = state.viewport;
    for by_px in [1.0, 2.0, 3.0] {
        let look = panned(&state, by_px, 7);
        assert_eq!(apply(&mut state, look), None);
    }
    let end = state.viewport;
    assert_ne!(begin, end);
    apply(&mut state, Command::Undo);
    assert_eq!(state.viewport, begin);
    apply(&mut state, Command::Redo);
    assert_eq!(state.viewport, end);
    apply(&mut state, Command::Redo);
    assert_eq!(state.viewport, end, "there is nothing more to redo");
}

#[test]
fn each_zoom_to_what_was_clicked_twice_is_a_step_of_its_own() {
    let mut state = state();
    let mut seen = vec![state.viewport];
    for interval in [Interval::new(Time(0), Time(500)), Interval::new(Time(200), Time(300))] {
        let mut to = state.viewport.expect("a viewport");
        to.show(interval, 0.05);
        apply(&mut state, Command::Look(Look { to, glide: true, gesture: None }));
        seen.push(state.viewport);
    }
    assert!(seen[0] != seen[1] && seen[1] != seen[2]);
    apply(&mut state, Command::Undo);
    assert_eq!(state.viewport, seen[1]);
    apply(&mut state, Command::Undo);
    assert_eq!(state.viewport, seen[0]);
}

#[test]
fn views_are_steps_of_undo() {
    let mut state = state();
    apply(&mut state, Command::Show(View::Late));
    apply(&mut state, Command::Show(View::Cancel));
    apply(&mut state, Command::Undo);
    assert_eq!(state.view, View::Late);
    apply(&mut state, Command::Undo);
    assert_eq!(state.view, View::Timeline);
}

#[test]
fn escape_lets_go_of_one_thing_at_a_time() {
    let mut state = state();
    apply(&mut state, Command::Filter("worker".to_owned()));
    apply(&mut state, Command::Select(Some(goroutine(1))));
    apply(&mut state, Command::Popup(Some(Popup::Help)));
    apply(&mut state, Command::Escape);
    assert_eq!(state.popup, None);
    assert_eq!(state.selected, Some(goroutine(1)));
    apply(&mut state, Command::Escape);
    assert_eq!(state.selected, None);
    assert_eq!(&*state.rows.filter, "worker");
    apply(&mut state, Command::Escape);
    assert_eq!(&*state.rows.filter, "");
}

#[test]
fn back_brings_into_view_what_was_selected() {
    let mut state = state();
    apply(&mut state, Command::Jump(goroutine(1)));
    apply(&mut state, Command::Jump(goroutine(2)));
    apply(&mut state, Command::Revealed);
    apply(&mut state, Command::Back);
    assert_eq!(state.selected, Some(goroutine(1)));
    assert_eq!(state.reveal, Some(goroutine(1)));
    apply(&mut state, Command::Forward);
    assert_eq!(state.selected, Some(goroutine(2)));
}

#[test]
fn swapping_keeps_what_is_selected() {
    let mut state = state();
    apply(&mut state, Command::Select(Some(goroutine(1))));
    assert_eq!(apply(&mut state, Command::Swap), Some(Effect::Swap));
    let selected = state.selected.expect("still selected");
    assert_eq!((selected.slot, state.focus), (Slot::After, Slot::After));
}

#[test]
fn closing_lets_go_of_the_trace() {
    let mut state = state();
    apply(&mut state, Command::Jump(goroutine(1)));
    apply(&mut state, Command::Mark(Time(5)));
    apply(&mut state, Command::Show(View::Compare));
    assert_eq!(apply(&mut state, Command::CloseAll), Some(Effect::CloseAll));
    assert_eq!((state.selected, state.reveal, state.view), (None, None, View::Timeline));
    assert!(state.marks.is_empty() && !state.trail.can_back());
}

#[test]
fn a_mark_is_set_and_removed_at_the_same_place() {
    let mut state = state();
    for at in [30, 10, 20] {
        apply(&mut state, Command::Mark(Time(at)));
    }
    let numbers: Vec<u32> = state.marks.iter().map(|mark| mark.number).collect();
    assert_eq!(numbers, [2, 3, 1], "in order of time, numbered as they were set");
    apply(&mut state, Command::Mark(Time(10)));
    assert_eq!(state.marks.len(), 2);
}

#[test]
fn messages_stay_until_they_are_dismissed_and_are_not_doubled() {
    let mut state = state();
    for _ in 0..2 {
        apply(&mut state, Command::Notify(Tone::Error, "no such file".to_owned(), Vec::new()));
    }
    apply(&mut state, Command::Notify(Tone::Warning, "cut off".to_owned(), Vec::new()));
    assert_eq!(state.notices.len(), 2);
    let first = state.notices[0].id;
    apply(&mut state, Command::Dismiss(first));
    assert_eq!(state.notices.len(), 1);
    assert_eq!(state.notices[0].text, "cut off");
}

#[test]
fn every_switch_flips_something_and_flips_it_back() {
    let switches = [
        Switch::Details,
        Switch::Drawer,
        Switch::Cancels,
        Switch::Arrows,
        Switch::Gc,
        Switch::StopTheWorld,
        Switch::LateOnly,
        Switch::Compact,
        Switch::Regions,
        Switch::WheelZooms,
        Switch::Siblings,
    ];
    for switch in switches {
        let mut state = state();
        let before = (state.prefs.clone(), state.rows.clone());
        apply(&mut state, Command::Toggle(switch));
        assert_ne!((state.prefs.clone(), state.rows.clone()), before, "{switch:?}");
        apply(&mut state, Command::Toggle(switch));
        assert_eq!((state.prefs.clone(), state.rows.clone()), before, "{switch:?}");
    }
}

#[test]
fn a_drag_of_the_budget_is_undone_as_a_whole() {
    let mut state = state();
    let begin = state.prefs.budget_ns;
    for ns in [11, 12, 13] {
        apply(&mut state, Command::SetBudget(ns * 1_000_000, Some(7)));
    }
    apply(&mut state, Command::SetBudget(5_000_000, None));
    apply(&mut state, Command::Undo);
    assert_eq!(state.prefs.budget_ns, 13_000_000);
    apply(&mut state, Command::Undo);
    assert_eq!(state.prefs.budget_ns, begin);
    apply(&mut state, Command::Redo);
    assert_eq!(state.prefs.budget_ns, 13_000_000);
}

#[test]
fn what_was_copied_is_told() {
    assert_eq!(copied_text("g22 main.flush"), "Copied “g22 main.flush”");
    assert_eq!(copied_text("a\nb\nc\n"), "Copied 3 lines: “a”");
    assert_eq!(copied_text(&"ä".repeat(80)), format!("Copied “{}…”", "ä".repeat(60)));
}

#[test]
fn a_row_of_the_comparison_is_selected_instead_of_anything_in_a_trace() {
    let mut state = state();
    apply(&mut state, Command::Select(Some(goroutine(1))));
    apply(&mut state, Command::Compared(GroupKind::Task, "pay".to_owned()));
    assert_eq!(state.selected, None);
    assert!(state.compared.is_some());
    apply(&mut state, Command::LanesOf("main.pay".to_owned()));
    assert!(state.rows.filter_is_rows && state.compared.is_some());
    apply(&mut state, Command::Filter("main".to_owned()));
    assert!(!state.rows.filter_is_rows, "what is typed is looked for in the table, too");
    apply(&mut state, Command::Back);
    assert_eq!((state.selected, &state.compared), (Some(goroutine(1)), &None));
    apply(&mut state, Command::Compared(GroupKind::Task, "pay".to_owned()));
    apply(&mut state, Command::Escape);
    assert_eq!(state.compared, None);
}

#[test]
fn a_stretch_is_shown_until_something_is_selected_and_let_go_of_with_what_goes_by_it() {
    let mut state = state();
    let stretch = Interval::new(Time(100), Time(300));
    apply(&mut state, Command::Select(Some(goroutine(1))));
    apply(&mut state, Command::Range(Some(stretch)));
    assert!(state.range_shown && state.selected == Some(goroutine(1)), "what is selected waits");
    apply(&mut state, Command::Back);
    assert!(!state.range_shown && state.selected == Some(goroutine(1)), "and comes back");
    apply(&mut state, Command::ShowRange);
    assert!(state.range_shown);
    apply(&mut state, Command::Select(Some(goroutine(2))));
    assert!(!state.range_shown && state.range == Some(stretch));
    apply(&mut state, Command::Within(true));
    assert_eq!(state.rows.within, Some(stretch));
    let longer = Interval::new(Time(100), Time(400));
    apply(&mut state, Command::Range(Some(longer)));
    assert_eq!(state.rows.within, Some(stretch), "not before it is let go of");
    apply(&mut state, Command::Within(true));
    assert_eq!(state.rows.within, Some(longer));
    apply(&mut state, Command::Escape);
    assert_eq!((state.range, state.rows.within, state.range_shown), (None, None, false));
    assert_eq!(state.selected, Some(goroutine(2)), "one thing at a time");
    apply(&mut state, Command::Within(true));
    assert_eq!(state.rows.within, None, "there is no stretch");
    apply(&mut state, Command::ShowRange);
    assert!(!state.range_shown);
}
