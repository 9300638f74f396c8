//! The one function that does what a user asks for. Nothing else writes the state but what follows
//! from a trace that was opened, closed, read again or judged by another budget (`work`, `kept`,
//! `judged`, `reload`).

use std::sync::Arc;

use super::command::{Command, Effect, Look, Scroll, Switch};
use super::history::{Place, Trail};
use super::slot::{Pair, Slot};
use super::state::{FindingAt, Mark, Notice, Overlays, Selected, State, ThemeChoice, Tone, View};
use crate::analysis::GroupKind;
use crate::base::{Interval, Time};
use crate::scene::{Link, Viewport};

/// Does what a command asks for, but for what needs more than the state: that is handed back.
pub(crate) fn apply(state: &mut State, command: Command) -> Option<Effect> {
    state.said = None;
    match command {
        Command::Do(effect) => return Some(effect),
        Command::CloseAll => {
            let_go(state);
            return Some(Effect::CloseAll);
        }
        Command::Close(slot) => {
            let_go(state);
            return Some(Effect::Close(slot));
        }
        Command::Swap => return Some(swap(state)),
        Command::Theme(choice) => return Some(set_theme(state, choice)),
        Command::Copy(text) => return Some(copy(state, text)),
        Command::ForgetRecent => state.prefs.recent.clear(),
        Command::Show(view) => show(state, view),
        Command::Look(look) => state.viewport = Some(look_at(state, look)),
        Command::LookCancel(look) => state.cancel_viewport = Some(look_at(state, look)),
        Command::Scroll(which, top_px, gesture) => scroll(state, which, top_px, gesture),
        Command::Undo => step(state, true),
        Command::Redo => step(state, false),
        Command::Select(selected) => select(state, selected),
        Command::Jump(selected) => {
            select(state, Some(selected));
            state.reveal = Some(selected);
        }
        Command::Finding(at, selected) => show_finding(state, at, selected),
        Command::Compared(kind, key) => select_compared(state, (kind, key)),
        Command::Revealed => state.reveal = None,
        Command::Back => walk(state, true),
        Command::Forward => walk(state, false),
        Command::SetBudget(ns, gesture) => set_budget(state, ns.max(0), gesture),
        Command::SetNamesWidth(width) => state.prefs.names_width = width,
        Command::Sort(_)
        | Command::Group(_)
        | Command::Filter(_)
        | Command::LanesOf(_)
        | Command::Within(_)
        | Command::Between(_)
        | Command::Fold(..)
        | Command::SetFolds(..)
        | Command::Hide(..)
        | Command::ShowHidden => choose_rows(state, command),
        Command::Toggle(switch) => state.said = toggle(state, switch),
        Command::Focus(slot) => focus(state, slot),
        Command::CancelSite(cancel) => show_site(state, cancel),
        Command::Mark(at) => mark(state, at),
        Command::Align(link, viewport) => align(state, link, viewport),
        Command::Unmark => state.marks.clear(),
        Command::Range(range) => measure(state, range),
        Command::ShowRange => show_range(state),
        Command::Popup(popup) => state.popup = popup,
        Command::Escape => escape(state),
        Command::Notify(tone, text, more) => notify(state, tone, text, more),
        Command::Dismiss(id) => state.notices.retain(|notice| notice.id != id),
        Command::DismissAll => state.notices.clear(),
        Command::Say(text) => state.said = Some(text),
        Command::Hush => {}
    }
    None
}

/// Does what commands ask for that choose rows: which, in which groups and which order.
fn choose_rows(state: &mut State, command: Command) {
    match command {
        Command::Sort(sort) => state.rows.sort = sort,
        Command::Group(grouping) => state.rows.grouping = grouping,
        Command::Filter(words) => filter(state, words, false),
        Command::LanesOf(function) => filter(state, function, true),
        Command::Within(on) => state.rows.within = state.range.filter(|_| on),
        Command::Between(between) => state.rows.between = between,
        Command::Fold(slot, key, collapsed) => {
            Arc::make_mut(&mut state.rows.folds[slot]).insert(key, collapsed);
        }
        Command::Hide(slot, key) => {
            leave(state, None);
            Arc::make_mut(&mut state.rows.hidden[slot]).insert(key);
            state.said = Some("Hidden: Ctrl+Z undoes it".to_owned());
        }
        Command::ShowHidden => {
            leave(state, None);
            state.rows.hidden = Pair::default();
        }
        Command::SetFolds(slot, folds) => state.rows.folds[slot] = Arc::new(folds),
        _ => {}
    }
}

fn show(state: &mut State, view: View) {
    if view != state.view {
        leave(state, None);
        state.view = view;
        state.popup = None;
    }
}

/// Remembers what was looked at; gives what is looked at now.
fn look_at(state: &mut State, look: Look) -> Viewport {
    leave(state, look.gesture);
    state.glide = look.glide;
    look.to
}

fn scroll(state: &mut State, which: Scroll, top_px: f64, gesture: u64) {
    leave(state, Some(gesture));
    match which {
        Scroll::Timeline(slot) => state.scroll[slot] = top_px,
        Scroll::Cancel => state.cancel_scroll = top_px,
    }
}

fn align(state: &mut State, link: Link, viewport: Viewport) {
    leave(state, None);
    state.link = Some(link);
    state.viewport = Some(viewport);
    state.glide = false;
}

/// Makes the cancel view be about one cancel's site, or all.
fn show_site(state: &mut State, cancel: Option<u32>) {
    state.cancel_site = cancel;
    state.cancel_viewport = None;
    state.cancel_scroll = 0.0;
}

fn set_theme(state: &mut State, choice: ThemeChoice) -> Effect {
    state.prefs.theme = choice;
    Effect::Theme(choice)
}

fn copy(state: &mut State, text: String) -> Effect {
    state.said = Some(copied_text(&text));
    Effect::Copy(text)
}

fn set_budget(state: &mut State, ns: i64, gesture: Option<u64>) {
    if ns != state.prefs.budget_ns {
        leave(state, gesture);
        state.prefs.budget_ns = ns;
    }
}

/// Lets go of all that is about a trace, since it is about to be closed.
fn let_go(state: &mut State) {
    state.selected = None;
    state.compared = None;
    state.finding = None;
    state.reveal = None;
    measure(state, None);
    state.rows.between = None;
    state.marks.clear();
    state.focus = Slot::Before;
    state.cancel_site = None;
    state.view = View::Timeline;
    state.trail = Trail::default();
    // Names and goroutines of one trace mean nothing in another.
    state.rows.folds = Pair::default();
    state.rows.hidden = Pair::default();
    state.rows.filter = Arc::default();
    state.rows.late_only = false;
}

fn swap(state: &mut State) -> Effect {
    state.scroll.swap();
    state.rows.folds.swap();
    state.rows.hidden.swap();
    state.focus = state.focus.other();
    if let Some(finding) = &mut state.finding {
        finding.slot = finding.slot.other();
    }
    for selected in [&mut state.selected, &mut state.reveal].into_iter().flatten() {
        selected.slot = selected.slot.other();
    }
    Effect::Swap
}

/// What a switch did, where there may be nothing to see of it.
fn said_of(switch: Switch, on: bool) -> Option<String> {
    let (what, words) = match switch {
        Switch::Cancels => ("Cancels and fuses", ["hidden", "shown"]),
        Switch::Arrows => ("Arrows of the selection", ["hidden", "shown"]),
        Switch::Gc => ("Garbage collection across all lanes", ["hidden", "shown"]),
        Switch::StopTheWorld => ("Stop-the-world across all lanes", ["hidden", "shown"]),
        Switch::Regions => ("User regions", ["hidden", "shown"]),
        Switch::WheelZooms => ("The wheel", ["scrolls", "zooms"]),
        Switch::Siblings => ("Guesses at deaf goroutines", ["left out", "shown, each as a guess"]),
        Switch::Details | Switch::Drawer | Switch::LateOnly | Switch::Compact => return None,
    };
    Some(format!("{what} {}", words[usize::from(on)]))
}

/// Flips a switch; gives what is to be said of it.
fn toggle(state: &mut State, switch: Switch) -> Option<String> {
    let prefs = &mut state.prefs;
    let Overlays { cancels, arrows, gc, stop_the_world } = &mut prefs.overlays;
    let on = match switch {
        Switch::Details => &mut prefs.details,
        Switch::Drawer => &mut prefs.drawer,
        Switch::Cancels => cancels,
        Switch::Arrows => arrows,
        Switch::Gc => gc,
        Switch::StopTheWorld => stop_the_world,
        Switch::LateOnly => &mut state.rows.late_only,
        Switch::Compact => &mut prefs.compact,
        Switch::Regions => &mut prefs.regions,
        Switch::WheelZooms => &mut prefs.wheel_zooms,
        Switch::Siblings => &mut prefs.siblings,
    };
    *on = !*on;
    said_of(switch, *on)
}

/// What is said of a text that is on the clipboard now: its first line, and how many there are.
fn copied_text(text: &str) -> String {
    /// The most characters that are told.
    const MOST: usize = 60;
    let first = text.lines().next().unwrap_or_default().trim();
    let told: String = first.chars().take(MOST).collect();
    let cut = if told.len() < first.len() { "…" } else { "" };
    match text.lines().count() {
        0 | 1 => format!("Copied “{told}{cut}”"),
        n => format!("Copied {n} lines: “{told}{cut}”"),
    }
}

fn mark(state: &mut State, at: Time) {
    if let Some(row) = state.marks.iter().position(|mark| mark.at == at) {
        state.marks.remove(row);
        return;
    }
    let number = state.marks.iter().map(|mark| mark.number).max().unwrap_or(0) + 1;
    state.marks.push(Mark { number, at });
    state.marks.sort_by_key(|mark| mark.at);
}

fn notify(state: &mut State, tone: Tone, text: String, more: Vec<String>) {
    let id = state.next_notice;
    state.next_notice += 1;
    state.notices.retain(|notice| notice.text != text);
    state.notices.push(Notice { id, tone, text, more });
}

fn filter(state: &mut State, words: String, is_rows: bool) {
    state.rows.filter = words.into();
    state.rows.filter_is_rows = is_rows;
}

/// Measures out a stretch, which the panel shows, or lets go of it, and of leaving out the rest.
fn measure(state: &mut State, range: Option<Interval>) {
    state.range = range;
    if range.is_some() {
        show_range(state);
    } else {
        state.range_shown = false;
        state.rows.within = None;
    }
}

/// Shows in the panel what happened in the stretch; what is selected waits.
fn show_range(state: &mut State) {
    state.range_shown = state.range.is_some();
    state.finding = state.finding.filter(|_| !state.range_shown);
}

fn select_compared(state: &mut State, row: (GroupKind, String)) {
    select(state, None);
    state.compared = Some(row);
}

/// Shows a finding among the others; one of whom it is about is selected, but its page waits.
fn show_finding(state: &mut State, at: FindingAt, selected: Option<Selected>) {
    select(state, selected);
    state.reveal = selected.or(state.reveal);
    state.finding = Some(at);
}

fn select(state: &mut State, selected: Option<Selected>) {
    state.compared = None;
    state.finding = None;
    state.range_shown = false;
    if state.selected == selected {
        return;
    }
    state.trail.leave(state.selected);
    state.selected = selected;
    if let Some(selected) = selected {
        focus(state, selected.slot);
    }
}

/// Makes the table, the cancel view and the keys be about one of two traces.
fn focus(state: &mut State, slot: Slot) {
    if state.focus == slot {
        return;
    }
    state.focus = slot;
    // The row of a cancel of one trace is another's in the other.
    show_site(state, None);
}

fn walk(state: &mut State, back: bool) {
    // Back from a finding is the page of whom it led to.
    if state.finding.take().is_some() && state.selected.is_some() && back {
        return;
    }
    // And back from a stretch that of what was selected before it was measured out.
    if std::mem::take(&mut state.range_shown) && state.selected.is_some() && back {
        return;
    }
    let now = state.selected;
    // The row was nothing in a trace: back from it is what had been selected.
    state.compared = None;
    let to = if back { state.trail.back(now) } else { state.trail.forward(now) };
    if let Ok(to) = to {
        state.selected = to;
        state.reveal = to;
        if let Some(to) = to {
            focus(state, to.slot);
        }
    }
}

fn escape(state: &mut State) {
    if state.popup.take().is_some() {
        return;
    }
    if !state.notices.is_empty() {
        state.notices.clear();
    } else if state.range.is_some() {
        measure(state, None);
    } else if state.selected.is_some() || state.compared.is_some() {
        select(state, None);
    } else if state.rows.between.take().is_some() {
        // That was all.
    } else if !state.rows.filter.is_empty() {
        state.rows.filter = Arc::default();
    } else {
        state.rows.late_only = false;
    }
}

fn place(state: &State) -> Place {
    Place {
        view: state.view,
        link: state.link,
        viewport: state.viewport,
        cancel_viewport: state.cancel_viewport,
        scroll: state.scroll,
        cancel_scroll: state.cancel_scroll,
        budget_ns: state.prefs.budget_ns,
        hidden: state.rows.hidden.clone(),
    }
}

fn leave(state: &mut State, gesture: Option<u64>) {
    let left = place(state);
    state.places.leave(left, gesture);
}

fn step(state: &mut State, back: bool) {
    let now = place(state);
    let to = if back { state.places.back(now) } else { state.places.forward(now) };
    if let Some(to) = to {
        state.view = to.view;
        state.link = to.link;
        state.viewport = to.viewport;
        state.cancel_viewport = to.cancel_viewport;
        state.scroll = to.scroll;
        state.cancel_scroll = to.cancel_scroll;
        state.prefs.budget_ns = to.budget_ns;
        state.rows.hidden = to.hidden;
        state.glide = true;
    }
}

#[cfg(test)]
mod tests;
