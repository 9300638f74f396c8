//! The page of a stretch of time: who overstayed in it, what was cancelled, what goroutines did.

use egui::{Align, Color32, CornerRadius, Layout, Rect, Sense, Stroke, StrokeKind, Ui, WidgetInfo};

use super::cancel::cancel_title;
use super::parts::{fact_ui, headline_ui, lanes_link_ui, share};
use crate::scene::{KindSpent, Spent, StateClass, Stretch};
use crate::ui::act;
use crate::ui::chips::stretch_text;
use crate::ui::command::{Command, Look};
use crate::ui::ctx::{Ctx, called, count, goroutine_id, short_function, thousands};
use crate::ui::elide;
use crate::ui::keys::{Action, key_text};
use crate::ui::sheet::Sheet;
use crate::ui::slot::Slot;
use crate::ui::state::{Selected, View, What};
use crate::ui::stretch::{Measured, WaitText, measured};
use crate::ui::table::Row;
use crate::ui::theme::{self, Theme};
use crate::ui::widgets::{
    body_font, caption, noted_section_ui, section_ui, strong, swatch_ui, weak,
};

/// How many overstays, cancels, kinds of goroutines and waits are listed.
const MAX_OVERSTAYS: usize = 10;
const MAX_CANCELS: usize = 8;
const MAX_KINDS: usize = 10;
const MAX_WAITS: usize = 6;
/// How high a line is at least, in points; a bar of states of all goroutines, and of one kind; how
/// wide a share is.
const LINE: f32 = 17.0;
const BAR: f32 = 10.0;
const PERCENT: f32 = 34.0;
const THIN_BAR: f32 = 4.0;

/// The whole page, of each of the open traces.
pub(super) fn page_ui(ui: &mut Ui, ctx: &Ctx<'_>) {
    let Some(range) = ctx.state.range else { return };
    // Lists of short lines: as dense as the table.
    ui.spacing_mut().interact_size.y = LINE;
    headline_ui(ui, &ctx.clock().text(range.ns()), ctx.theme.text);
    buttons_ui(ui, ctx);
    for slot in Slot::BOTH {
        let Some(sheet) = ctx.sheet(slot) else { continue };
        if ctx.comparing() {
            section_ui(ui, ctx.theme, &format!("{}: {}", slot.name(), sheet.origin.long_name()));
        }
        let Some(own) = measured(ctx.state, slot) else { continue };
        // While one drags on, what is shown is some frames old.
        let is_old = sheet.measured_now(ctx.state, slot).is_none();
        ui.horizontal(|ui| {
            ui.label(weak(ctx.theme, stretch_text(sheet, own)))
                .on_hover_text("From when to when, since the trace began");
            if is_old {
                ui.label(caption(ctx.theme, "Working it out…"));
            }
        });
        if let Some(measured) = &sheet.measured {
            trace_ui(ui, ctx, (slot, sheet), measured);
        }
    }
}

/// What can be done with it.
fn buttons_ui(ui: &mut Ui, ctx: &Ctx<'_>) {
    let key = |action| key_text(ui.ctx(), action);
    let [zoom_key, only, clear] =
        [Action::ZoomToSelection, Action::Within, Action::Escape].map(key);
    ui.horizontal_wrapped(|ui| {
        let tip = format!("Show only this stretch of the timeline ({zoom_key})");
        if ui.button("Zoom to it").on_hover_text(tip).clicked() {
            zoom(ctx);
        }
        let within = ctx.state.rows.within.is_some();
        let button = egui::Button::selectable(within, "Only what is in it");
        let tip = format!(
            "Leaves out of the lanes, the table, the plots and Find whatever is not in this \
             stretch ({only})"
        );
        if ui.add(button.frame_when_inactive(true)).on_hover_text(tip).clicked() {
            ctx.send(Command::Within(!within));
        }
        if ui.button("Clear").on_hover_text(format!("Let go of the stretch ({clear})")).clicked() {
            ctx.send(Command::Range(None));
        }
    });
    ui.add_space(2.0);
}

/// Shows the stretch on the timeline.
fn zoom(ctx: &Ctx<'_>) {
    let (Some(range), Some(mut to)) = (ctx.state.range, ctx.state.viewport) else { return };
    if !matches!(ctx.state.view, View::Timeline | View::Compare) {
        ctx.send(Command::Show(View::Timeline));
    }
    to.show(range, act::ZOOM_MARGIN / 5.0);
    ctx.send(Command::Look(Look { to, glide: true, gesture: None }));
}

fn trace_ui(ui: &mut Ui, ctx: &Ctx<'_>, (slot, sheet): (Slot, &Sheet), measured: &Measured) {
    let stretch = &measured.stretch;
    overstays_ui(ui, ctx, (slot, sheet), stretch);
    cancels_ui(ui, ctx, (slot, sheet), stretch);
    goroutines_ui(ui, ctx, sheet, stretch);
    waits_ui(ui, ctx, sheet, &measured.waits);
    kinds_ui(ui, ctx, sheet, stretch);
}

/// Who overstays in it, late or stuck, the worst first.
fn overstays_ui(ui: &mut Ui, ctx: &Ctx<'_>, (slot, sheet): (Slot, &Sheet), stretch: &Stretch) {
    let theme = ctx.theme;
    let analysis = sheet.document.analysis();
    let budget_ns = ctx.state.prefs.budget_ns;
    let pool = crate::ui::table::Pool::of(analysis, stretch);
    let rows = pool.over(budget_ns);
    let within = pool.n_overstays() - pool.late(budget_ns).len();
    let note = match within {
        0 => String::new(),
        n => format!("{} more within the budget", thousands(n as u64)),
    };
    let (late, stuck) = (pool.late(budget_ns).len(), pool.stuck_over(budget_ns).len());
    let title = match (late, stuck) {
        (0, 0) => "No late exit".to_owned(),
        (_, 0) => count(late, "late exit"),
        (0, _) => format!("{} stuck", count(stuck, "goroutine")),
        _ => format!("{}, {} stuck", count(late, "late exit"), thousands(stuck as u64)),
    };
    noted_section_ui(ui, theme, &title, &note);
    for row in (0..rows.len().min(MAX_OVERSTAYS)).filter_map(|at| rows.get(at)) {
        overstay_ui(ui, ctx, (slot, sheet), row);
    }
    if rows.len() > MAX_OVERSTAYS {
        let text = format!("All {} in the table", thousands(rows.len() as u64));
        let tip = "Lists only what is in this stretch";
        if elide::link_ui(ui, &text, &body_font(), theme.accent, tip).clicked() {
            ctx.send(Command::Within(true));
            ctx.send(Command::Focus(slot));
            ctx.send(Command::Show(View::Late));
        }
    }
}

/// One who overstays: a click goes there.
fn overstay_ui(ui: &mut Ui, ctx: &Ctx<'_>, (slot, sheet): (Slot, &Sheet), row: Row) {
    let analysis = sheet.document.analysis();
    let Some((listed, what)) = row.of(analysis).zip(row.what(analysis)) else { return };
    let function = match listed.function(&sheet.document) {
        "" => called(sheet, listed.goroutine()),
        name => name,
    };
    let id = goroutine_id(sheet, listed.goroutine());
    let text = format!("{id} {}", short_function(function));
    let sign = if listed.is_alive() { "≥ " } else { "" };
    let ns = format!("{sign}{}", sheet.duration(listed.ns()));
    let number = (ns, ctx.theme.late_text, "How late, or how long stuck");
    if line_ui(ui, None, &text, function, number).clicked() {
        ctx.send(Command::Jump(Selected { slot, what }));
    }
}

/// What was cancelled in it, in order of time.
fn cancels_ui(ui: &mut Ui, ctx: &Ctx<'_>, (slot, sheet): (Slot, &Sheet), stretch: &Stretch) {
    let theme = ctx.theme;
    let n = stretch.cancels.len();
    section_ui(ui, theme, &if n == 0 { "No cancel".to_owned() } else { count(n, "cancel") });
    for row in stretch.cancels.clone().take(MAX_CANCELS) {
        let Some(cancel) = sheet.cancel(row) else { continue };
        let reached = cancel.n_heard() + cancel.n_deaf();
        let number = (thousands(reached as u64), theme.weak, "How many goroutines it reached");
        let color = Some(theme.cause(cancel.cause));
        if line_ui(ui, color, &cancel_title(sheet, cancel), "", number).clicked() {
            ctx.send(Command::Jump(Selected { slot, what: What::Cancel(row) }));
        }
    }
    if n > MAX_CANCELS {
        let last = stretch.cancels.end - 1;
        let text = format!("{} more; to the last of them", thousands((n - MAX_CANCELS) as u64));
        let tip = "They are in order of time";
        if elide::link_ui(ui, &text, &body_font(), theme.accent, tip).clicked() {
            ctx.send(Command::Jump(Selected { slot, what: What::Cancel(last) }));
        }
    }
}

/// How many goroutines there were, and how they spent it.
fn goroutines_ui(ui: &mut Ui, ctx: &Ctx<'_>, sheet: &Sheet, stretch: &Stretch) {
    let theme = ctx.theme;
    section_ui(ui, theme, &count(stretch.goroutines as usize, "goroutine"));
    if stretch.goroutines == 0 {
        return;
    }
    let number = |n: u32| thousands(u64::from(n));
    fact_ui(ui, theme, "Started", |ui| drop(ui.label(number(stretch.started))));
    fact_ui(ui, theme, "Ended", |ui| drop(ui.label(number(stretch.ended))));
    ui.add_space(3.0);
    bar_ui(ui, theme, &stretch.spent, BAR);
    ui.add_space(3.0);
    let total = stretch.spent.total();
    for (class, ns) in stretch.spent.parts() {
        ui.horizontal(|ui| {
            swatch_ui(ui, theme.state(class));
            ui.label(class.label());
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                // Numbers stand below each other, whatever their shares.
                let room = egui::vec2(PERCENT, LINE);
                ui.allocate_ui_with_layout(room, Layout::right_to_left(Align::Center), |ui| {
                    ui.set_min_width(PERCENT);
                    ui.label(caption(theme, percent(ns, total)));
                });
                ui.label(sheet.duration(ns)).on_hover_text("All goroutines together");
            });
        });
    }
}

/// For what they waited longest, and where.
fn waits_ui(ui: &mut Ui, ctx: &Ctx<'_>, sheet: &Sheet, waits: &[WaitText]) {
    if waits.is_empty() {
        return;
    }
    noted_section_ui(ui, ctx.theme, "Where they waited", "all goroutines together");
    for wait in waits.iter().take(MAX_WAITS) {
        ui.horizontal(|ui| {
            swatch_ui(ui, ctx.theme.state(wait.class));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.label(sheet.duration(wait.ns));
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    elide::sentence_ui(ui, &wait.text, &body_font(), ctx.theme.text);
                });
            });
        });
    }
}

/// The kinds of goroutines, those first that ran for longest; a click shows only their lanes.
fn kinds_ui(ui: &mut Ui, ctx: &Ctx<'_>, sheet: &Sheet, stretch: &Stretch) {
    if stretch.kinds.is_empty() {
        return;
    }
    noted_section_ui(ui, ctx.theme, "By start function", "time running");
    for kind in stretch.kinds.iter().take(MAX_KINDS) {
        kind_ui(ui, ctx, sheet, kind);
    }
    let shown = stretch.kinds.len().min(MAX_KINDS);
    if stretch.n_kinds > shown {
        let more = count(stretch.n_kinds - shown, "function");
        ui.label(caption(ctx.theme, format!("{more} more, which ran for less")));
    }
}

fn kind_ui(ui: &mut Ui, ctx: &Ctx<'_>, sheet: &Sheet, kind: &KindSpent) {
    let theme = ctx.theme;
    let name = sheet.trace().string(kind.function);
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let running = kind.spent.of(StateClass::Running);
            ui.label(strong(sheet.duration(running))).on_hover_text("How long they ran in all");
            let n = thousands(u64::from(kind.goroutines));
            ui.label(caption(theme, n)).on_hover_text("How many of them lived in it");
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                lanes_link_ui(ui, ctx, name);
            });
        });
    });
    bar_ui(ui, theme, &kind.spent, THIN_BAR);
    ui.add_space(2.0);
}

/// A line that leads somewhere: a color, a text, a number at its right with what it means.
fn line_ui(
    ui: &mut Ui,
    color: Option<Color32>,
    text: &str,
    whole: &str,
    (number, number_color, tip): (String, Color32, &str),
) -> egui::Response {
    ui.horizontal(|ui| {
        if let Some(color) = color {
            swatch_ui(ui, color);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.label(strong(number).color(number_color)).on_hover_text(tip);
            let text_color = ui.visuals().text_color();
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                elide::link_ui(ui, text, &body_font(), text_color, whole)
            })
            .inner
        })
        .inner
    })
    .inner
}

/// How time was spent, as a bar.
fn bar_ui(ui: &mut Ui, theme: &Theme, spent: &Spent, height: f32) {
    let size = egui::vec2(ui.available_width(), height);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let (parts, total) = (spent.parts(), spent.total());
    let told =
        |&(class, ns): &(StateClass, i64)| format!("{} {}", class.label(), percent(ns, total));
    let told: Vec<String> = parts.iter().map(told).collect();
    let told = told.join(", ");
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, format!("Spent: {told}")));
    ui.painter().rect_filled(rect, CornerRadius::same(2), theme.sunken);
    let mut left = rect.left();
    // In the order of the classes, so that bars can be held against each other.
    for class in StateClass::ALL {
        let width = share(spent.of(class), total) * rect.width();
        if width <= 0.0 {
            continue;
        }
        let right = (left + width).min(rect.right());
        let piece = Rect::from_min_max(
            egui::pos2(left, rect.top()),
            egui::pos2(right.max(left + 0.5), rect.bottom()),
        );
        let color = theme.state(class);
        let edge = Stroke::new(1.0, theme::mix(color, theme.text, 0.25));
        ui.painter().rect(piece, 1.0, color, edge, StrokeKind::Inside);
        left = right;
    }
    response.on_hover_text(told);
}

/// A share in percent, and never none if there is some.
fn percent(part: i64, total: i64) -> String {
    let percent = share(part, total) * 100.0;
    if percent < 0.5 { "< 1 %".to_owned() } else { format!("{percent:.0} %") }
}
