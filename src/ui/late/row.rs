//! A row of the table of late exits.

use egui::{CornerRadius, Rect, RichText, Ui, WidgetInfo, vec2};
use egui_extras::TableRow;

use super::{Cell, EXCUSED, is_about};
use crate::analysis::{Cancel, Hearing, Outcome};
use crate::ui::command::Command;
use crate::ui::ctx::{Ctx, acting, goroutine_id, moment, short_file, short_function};
use crate::ui::elide;
use crate::ui::sheet::Sheet;
use crate::ui::slot::Slot;
use crate::ui::state::{Selected, What};
use crate::ui::theme;
use crate::ui::widgets::{badge_ui, body_font, caption, strong, weak};

/// How far from a text a bar's edge has to be, in points.
const EDGE_CLEAR_PX: f32 = 3.0;

/// A row: an overstay, in the cells that have room.
pub(super) fn row_ui(
    mut row: TableRow<'_, '_>,
    ctx: &Ctx<'_>,
    slot: Slot,
    sheet: &Sheet,
    at: u32,
    worst_ns: i64,
    cells: impl Iterator<Item = Cell>,
) {
    let Some(hearing) = sheet.hearing(at) else { return };
    let Some(cancel) = sheet.cancel(hearing.cancel) else { return };
    let selected = ctx.state.selected.filter(|selected| selected.slot == slot);
    row.set_selected(selected.is_some_and(|selected| is_about(selected.what, at, hearing)));
    let sentence = ctx.sentence(slot, at);
    for cell in cells {
        row.col(|ui| match cell {
            Cell::Overstay => overstay_ui(ui, ctx, sheet, hearing, worst_ns),
            Cell::HeldBy => {
                if sheet.excused.contains(&at) {
                    badge_ui(ui, ctx.theme, "scheduling", ctx.theme.weak).on_hover_text(EXCUSED);
                }
                elide::label_ui(ui, sentence.unwrap_or("…"), &body_font(), ctx.theme.text);
            }
            _ => fact_ui(ui, ctx, sheet, (hearing, cancel), cell),
        });
    }
    let response = row.response();
    let mut spoken = row_text(sheet, hearing, cancel, sentence);
    if sheet.excused.contains(&at) {
        spoken.push_str(", late by scheduling");
    }
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Row, true, &spoken));
    if response.clicked() {
        ctx.send(Command::Jump(Selected { slot, what: What::Hearing(at) }));
    }
}

/// A cell that states a fact about a hearing and its cancel.
fn fact_ui(
    ui: &mut Ui,
    ctx: &Ctx<'_>,
    sheet: &Sheet,
    (hearing, cancel): (&Hearing, &Cancel),
    cell: Cell,
) {
    let theme = ctx.theme;
    match cell {
        Cell::Goroutine => drop(ui.label(goroutine_id(sheet, hearing.goroutine))),
        Cell::Function => {
            let function = acting(sheet, hearing);
            let name = short_function(function);
            elide::label_ui_of(ui, &name, function, &body_font(), theme.text);
        }
        Cell::Cause => {
            badge_ui(ui, theme, cancel.cause.name(), theme.cause(cancel.cause));
        }
        Cell::At => drop(ui.label(weak(theme, moment(sheet, cancel.at)))),
        Cell::Site => site_ui(ui, ctx, sheet, cancel),
        Cell::Evidence => {
            let word = if hearing.deaf { "deaf" } else { hearing.evidence.name() };
            let color = if hearing.deaf { theme.warn } else { theme.weak };
            ui.label(RichText::new(word).color(color));
        }
        Cell::Overstay | Cell::HeldBy => {}
    }
}

/// The overstay as a bar and a number.
fn overstay_ui(ui: &mut Ui, ctx: &Ctx<'_>, sheet: &Sheet, hearing: &Hearing, worst_ns: i64) {
    let theme = ctx.theme;
    let full = ui.available_rect_before_wrap();
    #[expect(clippy::cast_precision_loss, reason = "a share of the width")]
    #[expect(clippy::cast_possible_truncation, reason = "0 to 1")]
    let share = (hearing.overstay_ns as f64 / worst_ns as f64).clamp(0.0, 1.0) as f32;
    let bar = Rect::from_min_size(
        full.left_center() - vec2(0.0, 8.0),
        vec2((share * full.width()).max(2.0), 16.0),
    );
    let color = if ctx.is_late(hearing.overstay_ns) { theme.late } else { theme.prompt };
    ui.painter().rect_filled(bar, CornerRadius::same(2), theme::fade(color, 0.28));
    let sign = if hearing.outcome == Outcome::Alive { "≥ " } else { "" };
    ui.add_space(6.0);
    let text = format!("{sign}{}", sheet.duration(hearing.overstay_ns));
    let mut written = ui.label(strong(text).color(theme.text)).rect;
    if hearing.outcome == Outcome::Alive {
        written = written.union(ui.label(caption(theme, "alive")).rect);
    }
    // The bar's loud edge does not cross the text: its shade ends there, too.
    if !written.expand(EDGE_CLEAR_PX).x_range().contains(bar.right()) {
        let edge = Rect::from_min_max(bar.right_top() - vec2(2.0, 0.0), bar.right_bottom());
        ui.painter().rect_filled(edge, 0.0, color);
    }
}

/// The context's name, if the program logged it, and where it was cancelled.
fn site_ui(ui: &mut Ui, ctx: &Ctx<'_>, sheet: &Sheet, cancel: &Cancel) {
    if let Some(context) = sheet.document.context_of(cancel) {
        let under = format!("{} under {}", context.name, context.parent);
        let whole = if context.parent.is_empty() { context.name } else { &under };
        elide::label_ui_of(ui, context.name, whole, &body_font(), ctx.theme.text);
    }
    let Some(site) = cancel.site else { return };
    let trace = sheet.trace();
    let (function, file) = (trace.string(site.function), trace.string(site.file));
    let text = format!("{}:{}", short_file(file), site.line);
    let whole = format!("{function}\n{file}:{}", site.line);
    elide::label_ui_of(ui, &text, &whole, &body_font(), ctx.theme.weak);
}

/// A row as a screen reader says it.
fn row_text(sheet: &Sheet, hearing: &Hearing, cancel: &Cancel, sentence: Option<&str>) -> String {
    let id = goroutine_id(sheet, hearing.goroutine);
    let function = short_function(acting(sheet, hearing));
    let late = sheet.duration(hearing.overstay_ns);
    let how = match hearing.outcome {
        Outcome::Alive => format!("still alive {late} after"),
        _ => format!("left {late} after"),
    };
    let mut text = format!("Late exit: {id} {function} {how} {}", cancel.cause.name());
    if let Some(context) = sheet.document.context_of(cancel) {
        text.push_str(" of ");
        text.push_str(context.name);
    }
    if let Some(sentence) = sentence {
        text.push_str(", ");
        text.push_str(sentence);
    }
    text
}
