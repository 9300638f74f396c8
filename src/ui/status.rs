//! The bottom line: what is under the pointer, and the trace in numbers.

use egui::{Align, Label, Layout, Ui, WidgetInfo};

use super::app::Panels;
use super::command::Command;
use super::ctx::{Ctx, bytes, count};
use super::details::INCOMPLETE;
use super::open::damage;
use super::state::View;
use super::widgets::{caption, ticks_ui};
use crate::base::{Clock, count_text};

/// How wide the window must be for all numbers, in points.
const ALL_NUMBERS: f32 = 1000.0;

/// The status bar.
pub(crate) fn bar_ui(ui: &mut Ui, ctx: &Ctx<'_>, panels: &Panels) {
    ui.horizontal_centered(|ui| {
        let hint = match ctx.state.view {
            View::Timeline | View::Compare => {
                let hints = panels.timelines.iter().filter_map(|(_, panel)| panel.hint());
                hints.last().map(str::to_owned)
            }
            View::Cancel => panels.cancels.hint().map(str::to_owned),
            View::Late => None,
        };
        // The numbers have their room first: what is under the pointer is cut at its end.
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            numbers_ui(ui, ctx);
            ui.add_space(10.0);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| said_ui(ui, ctx, hint));
        });
    });
}

/// What came of the last thing that was asked for, or else what is under the pointer.
fn said_ui(ui: &mut Ui, ctx: &Ctx<'_>, hint: Option<String>) {
    let theme = ctx.theme;
    match &ctx.state.said {
        Some(said) => {
            let label = ui.add(Label::new(caption(theme, said).color(theme.text)).truncate());
            label.widget_info(|| WidgetInfo::labeled(egui::Role::Status, true, said));
            if ui.input(|input| input.pointer.is_moving()) {
                ctx.send(Command::Hush);
            }
        }
        None => {
            let text = hint.unwrap_or_else(|| "? shows the keys".to_owned());
            ui.add(Label::new(caption(theme, text)).truncate());
        }
    }
}

/// What is known of the trace as a whole, from right to left.
fn numbers_ui(ui: &mut Ui, ctx: &Ctx<'_>) {
    let Some((slot, sheet)) = ctx.focus() else { return };
    let theme = ctx.theme;
    let info = sheet.trace().info();
    // In a narrow window what is under the pointer tells more than these.
    let wide = ui.available_width() > ALL_NUMBERS;
    // What comes first, at the right end, has nothing to be set apart from.
    let mut any = false;
    let mut dot_ui = |ui: &mut Ui| {
        if std::mem::replace(&mut any, true) {
            ui.label(caption(theme, "·"));
        }
    };
    if wide {
        dot_ui(ui);
        let format = format!("format go 1.{}", info.minor);
        let tip = "The version of the trace's format, which is not the toolchain's: \
                   Go 1.27 writes 1.26";
        ui.label(caption(theme, format)).on_hover_text(tip);
    }
    if sheet.trace().clock() == Clock::Ticks {
        dot_ui(ui);
        ticks_ui(ui, theme);
    }
    if sheet.is_preview {
        dot_ui(ui);
        ui.label(caption(theme, "preview").color(theme.warn));
    }
    if !sheet.is_preview && !sheet.is_whole() {
        dot_ui(ui);
        let name = sheet.origin.name();
        let damage = damage(&name, sheet.trace(), &sheet.file_warnings);
        let (why, _) = damage.unwrap_or_default();
        let word = ui.label(caption(theme, "incomplete").color(theme.warn));
        word.on_hover_text(format!("{INCOMPLETE}\n{why}"));
    }
    let facts = [
        bytes(info.bytes),
        count_text(info.events, "event"),
        count(sheet.trace().n_goroutines() as usize, "goroutine"),
        sheet.duration(sheet.interval().ns()),
    ];
    for fact in facts.into_iter().skip(if wide { 0 } else { 2 }) {
        dot_ui(ui);
        ui.label(caption(theme, fact));
    }
    if ctx.comparing() {
        // Of the two it is the one that the table and the cancels are about.
        ui.label(caption(theme, slot.name()).color(theme.side[slot as usize]));
    }
    if ctx.jobs.any_busy() {
        dot_ui(ui);
        ui.label(caption(theme, "working…"));
    }
}
