//! What an action means for the trace and the selection at hand: commands.

use super::app::Panels;
use super::command::{Command, Look, Scroll, Switch};
use super::ctx::Ctx;
use super::details;
use super::explain::goroutine_of;
use super::keys::Action;
use super::look::{from_first, selected_interval};
use super::sheet::Sheet;
use super::slot::Slot;
use super::state::{Popup, Role, Selected, ThemeChoice, View, What};
use super::table::late_rows;
use crate::base::{Goroutine, Time};
use crate::model::Span;
use crate::scene::{Grouping, SectionKey, Sort, Viewport};

/// How much one press zooms.
const ZOOM_STEP: f64 = 1.4;
/// How much of the width one press pans.
const PAN_STEP: f64 = 0.15;
/// Free space around what is zoomed to, as a share of it.
pub(crate) const ZOOM_MARGIN: f64 = 0.25;

/// Does what an action asks for, by sending commands.
pub(crate) fn act(action: Action, ctx: &Ctx<'_>, panels: &mut Panels) {
    use Action as A;
    match action {
        A::Open => ctx.send(Command::AskFile(Role::Replace)),
        A::OpenCompare => ctx.send(Command::AskFile(Role::Compare)),
        A::Reload => ctx.send(Command::Reload),
        A::CloseTrace if ctx.comparing() => ctx.send(Command::Close(Slot::After)),
        A::CloseTrace => ctx.send(Command::CloseAll),
        A::SwapSides if ctx.comparing() => ctx.send(Command::Swap),
        A::SwapSides => {}
        A::Quit => ctx.send(Command::Quit),
        A::Undo => ctx.send(Command::Undo),
        A::Redo => ctx.send(Command::Redo),
        A::Back => ctx.send(Command::Back),
        A::Forward => ctx.send(Command::Forward),
        A::Escape => ctx.send(Command::Escape),
        A::Unmark => ctx.send(Command::Unmark),
        A::Help => {
            let open = ctx.state.popup == Some(Popup::Help);
            ctx.send(Command::Popup((!open).then_some(Popup::Help)));
        }
        A::Commands | A::GoToLane => {
            panels.palette.clear();
            let popup = if action == A::Commands { Popup::Commands } else { Popup::Lanes };
            ctx.send(Command::Popup(Some(popup)));
        }
        A::Find => panels.top.focus_find(),
        A::ThemeDark => ctx.send(Command::Theme(ThemeChoice::Dark)),
        A::ThemeLight => ctx.send(Command::Theme(ThemeChoice::Light)),
        A::ThemeSystem => ctx.send(Command::Theme(ThemeChoice::System)),
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
        A::ViewCompare => ctx.send(Command::AskFile(Role::Compare)),
        A::ZoomIn => look(ctx, panels, |view| view.zoom_at(view.width_px() / 2.0, ZOOM_STEP)),
        A::ZoomOut => {
            look(ctx, panels, |view| view.zoom_at(view.width_px() / 2.0, 1.0 / ZOOM_STEP));
        }
        A::PanLeft => look(ctx, panels, |view| view.pan(-PAN_STEP * view.width_px())),
        A::PanRight => look(ctx, panels, |view| view.pan(PAN_STEP * view.width_px())),
        A::Fit => look(ctx, panels, Viewport::fit),
        A::ZoomToSelection => zoom_to_selection(ctx, panels),
        A::ZoomToCancel => zoom_to_cancel(ctx),
        A::RowUp => step_row(ctx, -1),
        A::RowDown => step_row(ctx, 1),
        A::PageUp => scroll(ctx, panels, -1.0),
        A::PageDown => scroll(ctx, panels, 1.0),
        A::NextLate => step_late(ctx, 1),
        A::PreviousLate => step_late(ctx, -1),
        A::NextEvent => step_event(ctx, true),
        A::PreviousEvent => step_event(ctx, false),
        A::WhoWoke => jump_to_waker(ctx),
        A::WhomWoke => jump_to_woken(ctx),
        A::Mark => mark(ctx, panels),
        A::CollapseAll => collapse_all(ctx, true),
        A::ExpandAll => collapse_all(ctx, false),
        A::CopySelection => {
            if let Some(text) = ctx.state.selected.and_then(|it| details::as_text(ctx, it)) {
                ctx.send(Command::Copy(text));
            }
        }
        _ => {}
    }
}

/// Moves the viewport of the view that is shown.
pub(crate) fn look(ctx: &Ctx<'_>, panels: &mut Panels, change: impl FnOnce(&mut Viewport)) {
    let cancels = ctx.state.view == View::Cancel;
    let from = if cancels { ctx.state.cancel_viewport } else { ctx.state.viewport };
    let Some(mut to) = from else { return };
    change(&mut to);
    let look = Look { to, glide: true, gesture: panels.gestures.next() };
    ctx.send(if cancels { Command::LookCancel(look) } else { Command::Look(look) });
}

fn zoom_to_selection(ctx: &Ctx<'_>, panels: &mut Panels) {
    let range = ctx.state.range.or_else(|| selected_interval(ctx));
    if let Some(interval) = range {
        look(ctx, panels, |view| view.show(interval, ZOOM_MARGIN));
    }
}

fn zoom_to_cancel(ctx: &Ctx<'_>) {
    let cancel = ctx.state.selected.and_then(|selected| match selected.what {
        What::Cancel(row) => Some(row),
        What::Hearing(row) => Some(ctx.sheet(selected.slot)?.hearing(row)?.cancel),
        What::Goroutine(goroutine) | What::Span(goroutine, _) => {
            let analysis = ctx.sheet(selected.slot)?.document.analysis();
            analysis.overstays_of(goroutine).next().map(|hearing| hearing.cancel)
        }
    });
    ctx.send(Command::CancelSite(cancel));
    ctx.send(Command::Show(View::Cancel));
}

fn selected_goroutine<'a>(ctx: &Ctx<'a>) -> Option<(Slot, &'a Sheet, Goroutine)> {
    let selected = ctx.state.selected?;
    let sheet = ctx.sheet(selected.slot)?;
    Some((selected.slot, sheet, goroutine_of(sheet, selected)?))
}

fn step_row(ctx: &Ctx<'_>, step: i64) {
    let next = selected_goroutine(ctx).and_then(|(slot, sheet, goroutine)| {
        let rows = &sheet.rows.as_ref()?.rows;
        Some((slot, rows.neighbor(goroutine, step)?))
    });
    if let Some((slot, goroutine)) = next {
        ctx.send(Command::Jump(Selected { slot, what: What::Goroutine(goroutine) }));
    } else if ctx.state.selected.is_none() {
        step_late(ctx, step);
    }
}

fn scroll(ctx: &Ctx<'_>, panels: &mut Panels, pages: f64) {
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

/// The next of the late exits after the selected one, worst first; around at the ends.
fn step_late(ctx: &Ctx<'_>, step: i64) {
    let Some((slot, sheet)) = ctx.focus() else { return };
    let rows = late_rows(sheet.document.analysis(), ctx.state.prefs.budget_ns);
    if rows.is_empty() {
        return;
    }
    let now = match ctx.state.selected.map(|selected| selected.what) {
        Some(What::Hearing(row)) => rows.iter().position(|&other| other == row),
        _ => None,
    };
    let at = match (now, step > 0) {
        (Some(at), true) => (at + 1) % rows.len(),
        (Some(at), false) => (at + rows.len() - 1) % rows.len(),
        (None, true) => 0,
        (None, false) => rows.len() - 1,
    };
    if let Some(&row) = rows.get(at) {
        ctx.send(Command::Jump(Selected { slot, what: What::Hearing(row) }));
    }
}

/// The span that the selection is at: the selected one, or the one at the left of the screen.
fn current_span<'a>(ctx: &Ctx<'a>) -> Option<(Slot, &'a Sheet, Goroutine, Span)> {
    let (slot, sheet, goroutine) = selected_goroutine(ctx)?;
    let trace = sheet.trace();
    let at = match ctx.state.selected?.what {
        What::Span(_, at) => at,
        What::Hearing(row) => sheet.hearing(row)?.heard_at,
        _ => {
            let left = from_first(ctx, slot, ctx.state.viewport?.visible().start);
            left.max(trace.life(goroutine).first)
        }
    };
    Some((slot, sheet, goroutine, trace.span_at(goroutine, at)?))
}

fn select_span(ctx: &Ctx<'_>, slot: Slot, goroutine: Goroutine, at: Time) {
    ctx.send(Command::Jump(Selected { slot, what: What::Span(goroutine, at) }));
}

fn step_event(ctx: &Ctx<'_>, forward: bool) {
    let Some((slot, sheet, goroutine, span)) = current_span(ctx) else { return };
    let on_span = matches!(ctx.state.selected.map(|it| it.what), Some(What::Span(..)));
    let at = match (on_span, forward) {
        (false, _) => span.start,
        (true, true) => span.end,
        (true, false) => span.start + -1,
    };
    if let Some(next) = sheet.trace().span_at(goroutine, at) {
        select_span(ctx, slot, goroutine, next.start);
    }
}

/// To the goroutine that ended the current wait, at that moment.
fn jump_to_waker(ctx: &Ctx<'_>) {
    let Some((slot, sheet, goroutine, span)) = current_span(ctx) else { return };
    let woken = if span.woken {
        Some(span)
    } else {
        sheet.trace().span_at(goroutine, span.end).filter(|next| next.woken)
    };
    if let Some((waker, at)) = woken.and_then(|span| Some((span.waker?, span.start))) {
        select_span(ctx, slot, waker, at);
    }
}

/// To the goroutine that the selected one woke at this moment, or else to the first that it
/// woke from this span on.
fn jump_to_woken(ctx: &Ctx<'_>) {
    let Some((slot, sheet, goroutine, span)) = current_span(ctx) else { return };
    let Some(wakers) = sheet.wakers.get() else { return };
    let woke = wakers.of(sheet.trace(), goroutine);
    let first_from = |time| woke.get(woke.first_from(time));
    // Where one came from along a wake is where one goes back to.
    let same = match ctx.state.selected.map(|selected| selected.what) {
        Some(What::Span(_, at)) => first_from(at).filter(|wake| wake.at == at),
        _ => None,
    };
    if let Some(wake) = same.or_else(|| first_from(span.start)) {
        select_span(ctx, slot, wake.wakee, wake.at);
    }
}

fn mark(ctx: &Ctx<'_>, panels: &Panels) {
    let hovered = panels.timelines.iter().find_map(|(_, panel)| panel.pointer_time());
    let at = hovered.or_else(|| selected_interval(ctx).map(|interval| interval.start));
    if let Some(at) = at {
        ctx.send(Command::Mark(at));
    }
}

fn collapse_all(ctx: &Ctx<'_>, collapsed: bool) {
    for (slot, sheet) in ctx.sheets.iter() {
        let Some(built) = sheet.as_ref().and_then(|sheet| sheet.rows.as_ref()) else { continue };
        let mut toggled: Vec<SectionKey> = ctx.state.rows.toggled[slot].clone();
        for (section, number) in built.rows.sections().iter().zip(0..) {
            if section.collapsed == collapsed || built.rows.is_headless(number) {
                continue;
            }
            match toggled.iter().position(|key| *key == section.key) {
                Some(at) => drop(toggled.swap_remove(at)),
                None => toggled.push(section.key),
            }
        }
        ctx.send(Command::SetToggled(slot, toggled));
    }
}
