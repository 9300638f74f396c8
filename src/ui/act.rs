//! What an action means for the trace and the selection at hand: commands.

use rustc_hash::FxHashMap;

use super::app::Panels;
use super::charts;
use super::command::{Command, Effect, Look, Resize, Scroll, Switch};
use super::ctx::{Ctx, words_of};
use super::details;
use super::explain::goroutine_of;
use super::keys::Action;
use super::look::{clipped, interval_of, selected_interval};
use super::side;
use super::sites;
use super::slot::Slot;
use super::state::{Popup, Role, Selected, ThemeChoice, View, What};
use super::step;
use crate::base::{Interval, Time};
use crate::scene::{Grouping, SectionKey, Sort, Viewport};

/// How much one press zooms.
const ZOOM_STEP: f64 = 1.4;
/// How much of the width one press pans.
const PAN_STEP: f64 = 0.15;
/// Free space around what is zoomed to, as a share of it.
pub(crate) const ZOOM_MARGIN: f64 = 0.25;

/// Why late exits cannot be asked for only the late ones.
pub(super) const ALL_LATE: &str = "All that is listed here is late";
/// Why nothing can be left out beside a stretch.
const NO_STRETCH: &str =
    "No stretch of time is measured out: Shift+drag on the timeline, or V for what is in view";
/// Why there is no group to hide, and no function to look for.
const NO_GROUP: &str = "Select a lane of a group first: a click, or N for the worst late exit";
/// Why there is nothing to measure out.
const NOTHING_TO_MEASURE: &str = "Nothing is selected to measure out: click a lane, or press N";
/// Why there is nothing to swap or to compare.
const ONE_TRACE: &str = "Only one trace is open: Ctrl+Shift+O opens another to compare it with";

/// Says why an action does nothing here, in the status bar.
pub(super) fn say(ctx: &Ctx<'_>, text: impl Into<String>) {
    ctx.send(Command::Say(text.into()));
}

/// Does what an action asks for, by sending commands.
pub(crate) fn act(action: Action, ctx: &Ctx<'_>, panels: &mut Panels) {
    use Action as A;
    match action {
        A::Open => ctx.send(Effect::AskFile(Role::Replace)),
        A::OpenCompare => ctx.send(Effect::AskFile(Role::Compare)),
        A::Reload => ctx.send(Effect::Reload),
        A::CloseTrace if ctx.comparing() => ctx.send(Command::Close(Slot::After)),
        A::CloseTrace => ctx.send(Command::CloseAll),
        A::SwapSides if ctx.comparing() => ctx.send(Command::Swap),
        A::SwapSides => say(ctx, ONE_TRACE),
        A::Quit => ctx.send(Effect::Quit),
        A::Undo => ctx.send(Command::Undo),
        A::Redo => ctx.send(Command::Redo),
        A::Back => ctx.send(Command::Back),
        A::Forward => ctx.send(Command::Forward),
        // Who is typing means the words, whatever else is selected.
        A::Escape if panels.top.is_finding() => ctx.send(Command::Filter(String::new())),
        // It has left the budget's field: that was all that was asked for.
        A::Escape if panels.top.is_budgeting() => ctx.send(Command::Hush),
        A::Escape => ctx.send(Command::Escape),
        A::Unmark => ctx.send(Command::Unmark),
        A::Help => {
            let open = ctx.state.popup == Some(Popup::Help);
            ctx.send(Command::Popup((!open).then_some(Popup::Help)));
        }
        // Nobody is there to go to, and nothing to save.
        A::GoToLane | A::Save if ctx.sheet(Slot::Before).is_none() => {}
        A::Save => ctx.send(Command::Popup(Some(Popup::Save))),
        A::Commands | A::GoToLane => {
            panels.palette.clear();
            let popup = if action == A::Commands { Popup::Commands } else { Popup::Lanes };
            ctx.send(Command::Popup(Some(popup)));
        }
        A::LateOnly if ctx.state.view == View::Late => say(ctx, ALL_LATE),
        A::Find => panels.top.focus_find(),
        A::ThemeDark => ctx.send(Command::Theme(ThemeChoice::Dark)),
        A::ThemeLight => ctx.send(Command::Theme(ThemeChoice::Light)),
        A::ThemeSystem => ctx.send(Command::Theme(ThemeChoice::System)),
        A::LargerText => ctx.send(Effect::Resize(Resize::Larger)),
        A::SmallerText => ctx.send(Effect::Resize(Resize::Smaller)),
        A::UsualText => ctx.send(Effect::Resize(Resize::Usual)),
        _ => {
            if let Some(switch) = switch_of(action) {
                ctx.send(Command::Toggle(switch));
            } else if let Some(command) = arrangement_of(action) {
                ctx.send(command);
            } else if ctx.sheet(Slot::Before).is_some() {
                act_on_trace(action, ctx, panels);
            }
        }
    }
}

/// The switch that an action flips.
pub(crate) fn switch_of(action: Action) -> Option<Switch> {
    Some(match action {
        Action::LateOnly => Switch::LateOnly,
        Action::Cancels => Switch::Cancels,
        Action::Arrows => Switch::Arrows,
        Action::Gc => Switch::Gc,
        Action::StopTheWorld => Switch::StopTheWorld,
        Action::Regions => Switch::Regions,
        Action::Compact => Switch::Compact,
        Action::Details => Switch::Details,
        Action::Drawer => Switch::Drawer,
        Action::WheelZooms => Switch::WheelZooms,
        Action::Siblings => Switch::Siblings,
        _ => return None,
    })
}

fn arrangement_of(action: Action) -> Option<Command> {
    Some(match action {
        Action::SortLateness => Command::Sort(Sort::Lateness),
        Action::SortStart => Command::Sort(Sort::Start),
        Action::SortId => Command::Sort(Sort::Id),
        Action::SortRunning => Command::Sort(Sort::Running),
        Action::SortLifetime => Command::Sort(Sort::Lifetime),
        Action::GroupFunction => Command::Group(Grouping::Function),
        Action::GroupCreator => Command::Group(Grouping::Creator),
        Action::GroupFlat => Command::Group(Grouping::Flat),
        _ => return None,
    })
}

/// The actions that need an open trace.
fn act_on_trace(action: Action, ctx: &Ctx<'_>, panels: &mut Panels) {
    use Action as A;
    match action {
        A::ViewTimeline => ctx.send(Command::Show(View::Timeline)),
        A::ViewCancel => ctx.send(Command::Show(View::Cancel)),
        A::ViewLate => ctx.send(Command::Show(View::Late)),
        A::ViewCompare if ctx.comparing() => ctx.send(Command::Show(View::Compare)),
        A::OtherTrace if ctx.comparing() => side::show(ctx, ctx.state.focus.other()),
        A::ViewCompare | A::OtherTrace => say(ctx, ONE_TRACE),
        A::ZoomIn => look(ctx, panels, |view| view.zoom_at(view.width_px() / 2.0, ZOOM_STEP)),
        A::ZoomOut => {
            look(ctx, panels, |view| view.zoom_at(view.width_px() / 2.0, 1.0 / ZOOM_STEP));
        }
        A::PanLeft => look(ctx, panels, |view| view.pan(-PAN_STEP * view.width_px())),
        A::PanRight => look(ctx, panels, |view| view.pan(PAN_STEP * view.width_px())),
        A::Fit if ctx.state.view == View::Late => step::listed(ctx, &panels.late, i64::MIN),
        A::Fit => look(ctx, panels, Viewport::fit),
        A::ZoomToSelection => zoom_to_selection(ctx, panels),
        A::ZoomToCancel => zoom_to_cancel(ctx),
        A::RowUp => step::row(ctx, panels, -1),
        A::RowDown => step::row(ctx, panels, 1),
        A::PageUp => scroll(ctx, panels, -1),
        A::PageDown => scroll(ctx, panels, 1),
        A::LastRow => scroll(ctx, panels, i32::MAX),
        A::NextLate => step::late(ctx, 1),
        A::PreviousLate => step::late(ctx, -1),
        A::NextSite => sites::step(ctx, 1),
        A::PreviousSite => sites::step(ctx, -1),
        A::NextEvent => step::event(ctx, true),
        A::PreviousEvent => step::event(ctx, false),
        A::WhoWoke => step::to_waker(ctx),
        A::WhomWoke => step::to_woken(ctx),
        A::MeasureView => {
            measure(ctx, panels.timelines[Slot::Before].shown().map(|it| it.visible()));
        }
        A::MeasureSelection if selected_interval(ctx).is_none() => say(ctx, NOTHING_TO_MEASURE),
        A::MeasureSelection => measure(ctx, selected_interval(ctx)),
        A::Within if ctx.state.range.is_none() => say(ctx, NO_STRETCH),
        A::Within => ctx.send(Command::Within(ctx.state.rows.within.is_none())),
        A::NextBar => charts::step_bar(ctx, -1),
        A::PreviousBar => charts::step_bar(ctx, 1),
        A::Mark => mark(ctx, panels),
        A::HideGroup => match selected_group(ctx) {
            Some((slot, key)) => ctx.send(Command::Hide(slot, key)),
            None => say(ctx, NO_GROUP),
        },
        A::ShowHidden if ctx.state.rows.hidden.iter().all(|(_, hidden)| hidden.is_empty()) => {
            say(ctx, "No group is hidden");
        }
        A::ShowHidden => ctx.send(Command::ShowHidden),
        A::OnlyFunction => only_function(ctx),
        A::CollapseAll => collapse_all(ctx, true),
        A::ExpandAll => collapse_all(ctx, false),
        A::CopySelection => match ctx.state.selected.and_then(|it| details::as_text(ctx, it)) {
            Some(text) => ctx.send(Command::Copy(text)),
            None => say(ctx, "Nothing selected to copy"),
        },
        _ => {}
    }
}

/// Moves the viewport of the view that is shown.
pub(crate) fn look(ctx: &Ctx<'_>, panels: &Panels, change: impl FnOnce(&mut Viewport)) {
    let cancels = ctx.state.view == View::Cancel;
    let from = if cancels { panels.cancels.shown() } else { ctx.state.viewport };
    let Some(mut to) = from else { return };
    change(&mut to);
    let look = Look { to, glide: true, gesture: None };
    ctx.send(if cancels { Command::LookCancel(look) } else { Command::Look(look) });
}

fn zoom_to_selection(ctx: &Ctx<'_>, panels: &Panels) {
    let selected = match ctx.state.view {
        View::Cancel => selected_since_cancel(ctx),
        _ => ctx.state.range.or_else(|| selected_interval(ctx)),
    };
    match selected {
        Some(interval) => look(ctx, panels, |view| view.show(interval, ZOOM_MARGIN)),
        None => say(ctx, "Nothing is selected to zoom to: click a lane, or press N"),
    }
}

/// What is selected as a stretch on the cancel view's clock, which begins at the cancel.
fn selected_since_cancel(ctx: &Ctx<'_>) -> Option<Interval> {
    let Selected { slot, what } = ctx.state.selected?;
    let sheet = ctx.sheet(slot)?;
    let cancel = sheet.cancel(selected_cancel(ctx)?)?;
    let stretch = match what {
        // The lane goes on before and after: what counts is from the cancel on.
        What::Goroutine(goroutine) => {
            let analysis = sheet.document.analysis();
            let heard = analysis.overstays_of(goroutine).find(|it| it.cancel == cancel.id)?;
            sheet.document.window(heard)
        }
        _ => interval_of(sheet, what)?,
    };
    let since = |time: Time| Time(time.since(cancel.at));
    Some(Interval::new(since(stretch.start), since(stretch.end)))
}

/// The cancel that is selected, or that reached what is.
fn selected_cancel(ctx: &Ctx<'_>) -> Option<u32> {
    let selected = ctx.state.selected?;
    let sheet = ctx.sheet(selected.slot)?;
    match selected.what {
        What::Cancel(row) => Some(row),
        What::Hearing(row) => Some(sheet.hearing(row)?.cancel),
        What::Goroutine(goroutine) | What::Span(goroutine, _) => {
            let mut worst = sheet.document.analysis().overstays_of(goroutine);
            worst.next().map(|hearing| hearing.cancel)
        }
    }
}

fn zoom_to_cancel(ctx: &Ctx<'_>) {
    let cancel = selected_cancel(ctx);
    ctx.send(Command::CancelSite(cancel));
    ctx.send(Command::Show(View::Cancel));
}

/// Scrolls the lanes by pages, or walks through the table by as much.
fn scroll(ctx: &Ctx<'_>, panels: &mut Panels, pages: i32) {
    if ctx.state.view == View::Late {
        let rows = i64::from(pages).saturating_mul(panels.late.page_rows());
        step::listed(ctx, &panels.late, rows);
        return;
    }
    let pages = f64::from(pages);
    let gesture = panels.gestures.next();
    if ctx.state.view == View::Cancel {
        let to = panels.cancels.paged(ctx.state.cancel_scroll, pages);
        ctx.send(Command::Scroll(Scroll::Cancel, to, gesture));
    } else {
        let slot = ctx.state.focus;
        let to = panels.timelines[slot].paged(ctx.state.scroll[slot], pages);
        ctx.send(Command::Scroll(Scroll::Timeline(slot), to, gesture));
    }
}

/// The group that the selected lane is in, on the timeline of its trace.
fn selected_group(ctx: &Ctx<'_>) -> Option<(Slot, SectionKey)> {
    let selected = ctx.state.selected?;
    let sheet = ctx.sheet(selected.slot)?;
    let rows = &sheet.rows.as_ref()?.rows;
    let number = rows.section_of(goroutine_of(sheet, selected)?)?;
    let section = rows.sections().get(number as usize)?;
    (section.key != SectionKey::All).then_some((selected.slot, section.key))
}

/// Shows only the lanes of the function that the selected goroutine was started for.
fn only_function(ctx: &Ctx<'_>) {
    let name = ctx.state.selected.and_then(|selected| {
        let sheet = ctx.sheet(selected.slot)?;
        let name = sheet.document.called(goroutine_of(sheet, selected)?);
        words_of(sheet.trace().string(name))
    });
    match name {
        Some(name) => ctx.send(Command::Filter(name.to_owned())),
        None => say(ctx, NO_GROUP),
    }
}

/// Measures out a stretch on the first trace's clock, and has it told.
fn measure(ctx: &Ctx<'_>, stretch: Option<Interval>) {
    let seen = stretch.or(ctx.state.viewport.map(|viewport| viewport.visible()));
    // There is nothing before a trace's beginning, nor after its end.
    let Some(stretch) = seen.and_then(|seen| clipped(ctx, seen)) else {
        return say(ctx, "Nothing of the trace is in view");
    };
    ctx.send(Command::Range(Some(stretch)));
    if ctx.state.rows.within.is_some() {
        ctx.send(Command::Within(true));
    }
    if !ctx.state.prefs.details {
        ctx.send(Command::Toggle(Switch::Details));
    }
}

fn mark(ctx: &Ctx<'_>, panels: &Panels) {
    let hovered = panels.timelines.iter().find_map(|(_, panel)| panel.pointer_time());
    let at = hovered.or_else(|| selected_interval(ctx).map(|interval| interval.start));
    match at {
        Some(at) => ctx.send(Command::Mark(at)),
        None => say(ctx, "Point at a moment on the timeline to mark it"),
    }
}

fn collapse_all(ctx: &Ctx<'_>, collapsed: bool) {
    for (slot, sheet) in ctx.sheets.iter() {
        let Some(built) = sheet.as_ref().and_then(|sheet| sheet.rows.as_ref()) else { continue };
        let mut folds = FxHashMap::clone(&ctx.state.rows.folds[slot]);
        folds.extend(built.rows.sections().iter().map(|section| (section.key, collapsed)));
        ctx.send(Command::SetFolds(slot, folds));
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::scene::Section;
    use crate::ui::app::{App, Settings};
    use crate::ui::keys::ENTRIES;
    use crate::ui::theme::Theme;

    /// Two traces, both indexed, and one of the first one's late exits selected, which has others above and below.
    fn comparison(egui: &egui::Context) -> App {
        let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("traces/polling-sleep");
        let traces = ["before.trace", "after.trace"].map(|name| case.join(name));
        let mut app = App::new(egui, &traces, Settings::default());
        let begun = Instant::now();
        let is_there = |app: &App| {
            let rows = |slot| app.sheets[slot].as_ref().is_some_and(|sheet| sheet.rows.is_some());
            Slot::BOTH.into_iter().all(rows)
        };
        while !is_there(&app) {
            assert!(begun.elapsed() < Duration::from_secs(20), "they do not open");
            app.update(egui);
            std::thread::sleep(Duration::from_millis(1));
        }
        let sheet = app.sheets[Slot::Before].as_ref().expect("a trace is open");
        let late = &sheet.document.analysis().worst_first;
        let one = *late.get(late.len() / 2).expect("some are late");
        app.state.selected = Some(Selected { slot: Slot::Before, what: What::Hearing(one) });
        app
    }

    #[test]
    fn every_action_does_something() {
        let egui = egui::Context::default();
        let mut app = comparison(&egui);
        for entry in ENTRIES {
            let mut panels = std::mem::take(&mut app.panels);
            act(entry.action, &app.ctx(Theme::get(true)), &mut panels);
            app.panels = panels;
            // Where to find things is asked in a field that gets the keyboard.
            let is_heard = !app.out.take().is_empty() || entry.action == Action::Find;
            assert!(is_heard, "{:?} does nothing", entry.action);
        }
    }

    #[test]
    fn all_sections_are_collapsed_and_opened_at_once() {
        let egui = egui::Context::default();
        let mut app = comparison(&egui);
        for (action, collapsed) in [(Action::CollapseAll, true), (Action::ExpandAll, false)] {
            let mut panels = std::mem::take(&mut app.panels);
            act(action, &app.ctx(Theme::get(true)), &mut panels);
            app.panels = panels;
            let begun = Instant::now();
            // Rows that are being arranged take what was asked for when they are there.
            while !app.is_settled() {
                assert!(begun.elapsed() < Duration::from_secs(20), "they are not arranged");
                app.update(&egui);
                std::thread::sleep(Duration::from_millis(1));
            }
            for slot in Slot::BOTH {
                let rows = &app.sheets[slot].as_ref().and_then(|it| it.rows.as_ref());
                let rows = &rows.expect("rows are there").rows;
                let mut sections = rows.sections().iter().zip(0..);
                let is_so = |(section, number): (&Section, u32)| {
                    section.collapsed == (collapsed && !rows.is_headless(number))
                };
                assert!(rows.sections().len() > 2 && sections.all(is_so), "{action:?}: {rows:?}");
            }
        }
    }
}
