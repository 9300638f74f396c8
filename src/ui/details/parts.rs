//! Rows of facts, links, and bars of how time was spent.

use egui::{
    Align, Color32, CornerRadius, CursorIcon, Layout, Rect, RichText, Sense, Stroke, StrokeKind,
    Ui, WidgetInfo, vec2,
};

use super::Page;
use crate::analysis::{Doing, SplitPart, reason_of};
use crate::base::Goroutine;
use crate::scene::StateClass;
use crate::ui::command::Command;
use crate::ui::ctx::{Ctx, called, goroutine_id, short_function, words_of};
use crate::ui::elide;
use crate::ui::explain::Told;
use crate::ui::state::What;
use crate::ui::theme::{self, Theme, size};
use crate::ui::widgets::{body_font, caption, link_ui, swatch_ui, weak};

/// Width of the names of facts in points.
const NAMES: f32 = 78.0;
/// How many parts of a split are listed.
const MAX_PARTS: usize = 8;

/// A fact: its name, and what it is.
pub(super) fn fact_ui(ui: &mut Ui, theme: &Theme, name: &str, value: impl FnOnce(&mut Ui)) {
    ui.horizontal_top(|ui| {
        ui.allocate_ui_with_layout(vec2(NAMES, 16.0), Layout::left_to_right(Align::Min), |ui| {
            ui.set_min_width(NAMES);
            ui.label(RichText::new(name).color(theme.weak));
        });
        ui.allocate_ui_with_layout(
            vec2(ui.available_width(), 0.0),
            Layout::left_to_right(Align::Min).with_main_wrap(true),
            |ui| {
                ui.spacing_mut().item_spacing = vec2(5.0, 2.0);
                value(ui);
            },
        );
    });
}

/// A link to a goroutine: its id and start function.
pub(super) fn goroutine_ui(ui: &mut Ui, page: &Page<'_>, goroutine: Goroutine) {
    let id = goroutine_id(page.sheet, goroutine);
    let name = called(page.sheet, goroutine);
    let text = format!("{id} {}", short_function(name));
    if link_ui(ui, page.ctx.theme, text).on_hover_text(name).clicked() {
        page.jump(What::Goroutine(goroutine));
    }
}

/// A moment as a fact's value: time since the trace's start, with the digits that it takes to
/// place it within a stretch of so many nanoseconds.
pub(super) fn moment_text(page: &Page<'_>, time: crate::base::Time, stretch_ns: i64) -> String {
    crate::ui::ctx::moment_within(page.sheet, time, stretch_ns)
}

/// The class that a part of a split is drawn as.
pub(super) fn class_of(page: &Page<'_>, part: &SplitPart) -> StateClass {
    match part.state {
        Doing::Running => StateClass::Running,
        Doing::Runnable => StateClass::Runnable,
        Doing::Syscall => StateClass::Syscall,
        Doing::GcAssist => StateClass::Gc,
        Doing::Waiting => {
            let trace = page.sheet.trace();
            StateClass::of_reason(reason_of(trace, part.stack, trace.string(part.reason)))
        }
        Doing::Unknown | Doing::Unborn => StateClass::Unknown,
    }
}

/// How a stretch of a goroutine's time was spent: a bar, and a line for each large part. A click
/// on either goes to the longest span of it.
pub(super) fn split_ui(ui: &mut Ui, page: &Page<'_>, goroutine: Goroutine, parts: &[Told]) {
    let total: i64 = parts.iter().map(|told| told.part.ns).sum();
    if total <= 0 {
        return;
    }
    bar_ui(ui, page, goroutine, parts, total);
    ui.add_space(3.0);
    for told in parts.iter().take(MAX_PARTS) {
        part_ui(ui, page, goroutine, told, total);
    }
    let rest: i64 = parts.iter().skip(MAX_PARTS).map(|told| told.part.ns).sum();
    if rest > 0 {
        let n_rest = parts.len() - MAX_PARTS;
        let text = format!("{n_rest} more, {} together", page.sheet.duration(rest));
        ui.label(caption(page.ctx.theme, text));
    }
}

fn bar_ui(ui: &mut Ui, page: &Page<'_>, goroutine: Goroutine, parts: &[Told], total: i64) {
    let theme = page.ctx.theme;
    let size = vec2(ui.available_width(), 10.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let spoken: Vec<&str> = parts.iter().take(3).map(|told| told.text.as_str()).collect();
    response.widget_info(|| {
        WidgetInfo::labeled(egui::Role::Image, true, format!("Spent: {}", spoken.join("; ")))
    });
    ui.painter().rect_filled(rect, CornerRadius::same(3), theme.sunken);
    let mut left = rect.left();
    let mut pointed = None;
    for told in parts {
        let width = share(told.part.ns, total) * rect.width();
        let piece = Rect::from_min_max(
            egui::pos2(left, rect.top()),
            egui::pos2((left + width - 1.0).max(left + 0.5).min(rect.right()), rect.bottom()),
        );
        // The lanes' colors, with an edge: waiting is sunk toward the ground.
        let color = theme.state(class_of(page, &told.part));
        let edge = Stroke::new(1.0, theme::mix(color, theme.text, 0.25));
        ui.painter().rect(piece, 1.0, color, edge, StrokeKind::Inside);
        let at = response.hover_pos().or(response.interact_pointer_pos());
        if at.is_some_and(|at| (left..left + width).contains(&at.x)) {
            pointed = Some(told);
        }
        left += width;
    }
    let Some(told) = pointed else { return };
    let response = response.on_hover_text(&told.text);
    let Some(at) = told.at else { return };
    if response.on_hover_cursor(CursorIcon::PointingHand).clicked() {
        page.jump(What::Span(goroutine, at));
    }
}

fn part_ui(ui: &mut Ui, page: &Page<'_>, goroutine: Goroutine, told: &Told, total: i64) {
    let theme = page.ctx.theme;
    let row = ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        ui.add_space(1.0);
        ui.vertical(|ui| {
            ui.set_width(10.0);
            ui.add_space(3.0);
            swatch_ui(ui, theme.state(class_of(page, &told.part)));
        });
        let percent = share(told.part.ns, total) * 100.0;
        let percent = if percent < 0.5 { "< 1 %".to_owned() } else { format!("{percent:.0} %") };
        let room = ui.available_width() - 44.0;
        ui.allocate_ui_with_layout(vec2(room, 0.0), Layout::top_down(Align::Min), |ui| {
            ui.set_width(room);
            // What is clicked cannot be selected as text, too.
            let text = RichText::new(&told.text).size(size::TEXT);
            ui.add(egui::Label::new(text).wrap().selectable(told.at.is_none()));
        });
        ui.with_layout(Layout::right_to_left(Align::Min), |ui| {
            ui.label(caption(theme, percent));
        });
    });
    let Some(at) = told.at else { return };
    let id = ui.scope_id().with(("part", goroutine, at));
    let response = ui.interact(row.response.rect, id, Sense::click());
    let spoken = format!("Show on the timeline: {}", told.text);
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Link, true, &spoken));
    lit_ui(ui, theme, &response, row.response.rect);
    let tip = "Show its longest span on the timeline";
    let response = response.on_hover_cursor(CursorIcon::PointingHand).on_hover_text(tip);
    if response.clicked() {
        page.jump(What::Span(goroutine, at));
    }
}

/// The edge of what can be clicked, while the pointer or the keyboard is on it.
pub(super) fn lit_ui(ui: &Ui, theme: &Theme, response: &egui::Response, rect: Rect) {
    let color = if response.has_focus() { theme.accent } else { theme.line };
    if response.hovered() || response.has_focus() {
        let edge = Stroke::new(1.0, color);
        ui.painter().rect_stroke(rect, CornerRadius::same(3), edge, StrokeKind::Outside);
    }
}

/// One duration as a share of another, 0 to 1.
#[expect(clippy::cast_precision_loss, reason = "a share, drawn or shown in percent")]
#[expect(clippy::cast_possible_truncation, reason = "0 to 1")]
pub(super) fn share(part: i64, total: i64) -> f32 {
    (part as f64 / total.max(1) as f64) as f32
}

/// The headline of a page.
pub(super) fn headline_ui(ui: &mut Ui, text: &str, color: Color32) {
    let text = RichText::new(text).family(theme::strong_family()).size(19.0).color(color);
    ui.add(egui::Label::new(text).wrap().selectable(true));
}

/// A function's name under a headline, whole in the tooltip.
pub(super) fn function_ui(ui: &mut Ui, theme: &Theme, name: &str) {
    let font = egui::FontId::monospace(size::TEXT_CODE);
    let short = short_function(name);
    elide::label_ui_of(ui, &short, name, &font, theme.text);
}

/// A function's name: a click shows only its lanes, another all again.
pub(super) fn lanes_link_ui(ui: &mut Ui, ctx: &Ctx<'_>, name: &str) {
    let theme = ctx.theme;
    // What is looked for is in the whole name as it stands.
    let Some(words) = words_of(name) else {
        let known = if name.is_empty() { "no stack seen".into() } else { short_function(name) };
        ui.label(weak(theme, known));
        return;
    };
    let chosen = *ctx.state.rows.filter == *words;
    let color = if chosen { theme.accent } else { theme.text };
    let tip = if chosen { "Show all lanes again" } else { "Show only its lanes" };
    if elide::link_ui(ui, &short_function(name), &body_font(), color, tip).clicked() {
        let filter = if chosen { String::new() } else { words.to_owned() };
        ctx.send(Command::Filter(filter));
    }
}
