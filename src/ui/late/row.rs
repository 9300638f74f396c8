//! A row of the table of late exits.

use egui::{Color32, CornerRadius, Rect, RichText, Ui, WidgetInfo, vec2};
use egui_extras::TableRow;

use super::EXCUSED;
use super::columns::Cell;
use crate::analysis::{Cancel, Outcome};
use crate::ui::command::Command;
use crate::ui::ctx::{Ctx, goroutine_id, moment, short_file, short_function};
use crate::ui::details::severity_color;
use crate::ui::elide;
use crate::ui::sheet::Sheet;
use crate::ui::slot::Slot;
use crate::ui::state::Selected;
use crate::ui::table::{Listed, Row};
use crate::ui::theme;
use crate::ui::widgets::{badge_ui, body_font, caption, strong, weak};

/// How far from a text a bar's edge has to be, in points.
const EDGE_CLEAR_PX: f32 = 3.0;
/// Why one who is stuck has no cancel.
const NO_CANCEL: &str = "No cancel is known to have told it to stop";

/// A row: an overstay or one who is stuck, in the cells that have room.
pub(super) fn row_ui(
    mut row: TableRow<'_, '_>,
    ctx: &Ctx<'_>,
    slot: Slot,
    sheet: &Sheet,
    at: Row,
    worst_ns: i64,
    cells: impl Iterator<Item = Cell>,
) {
    let analysis = sheet.document.analysis();
    let Some(listed) = at.of(analysis) else { return };
    let selected = ctx.state.selected.filter(|selected| selected.slot == slot);
    row.set_selected(selected.is_some_and(|selected| at.is_about(analysis, selected.what)));
    let sentence = ctx.sentence_of(slot, at);
    let is_excused = matches!(at, Row::Hearing(row) if sheet.excused.contains(&row));
    // Who left in time is there to be looked at, not to be read first.
    let color = if ctx.is_late(listed.ns()) { ctx.theme.text } else { ctx.theme.weak };
    for cell in cells {
        row.col(|ui| match cell {
            Cell::Overstay => overstay_ui(ui, ctx, sheet, listed, worst_ns),
            Cell::HeldBy => {
                if is_excused {
                    badge_ui(ui, ctx.theme, "scheduling", ctx.theme.weak).on_hover_text(EXCUSED);
                }
                elide::sentence_ui(ui, sentence.unwrap_or("…"), &body_font(), color);
            }
            _ => fact_ui(ui, ctx, sheet, listed, (cell, color)),
        });
    }
    let response = row.response();
    let mut spoken = row_text(ctx, sheet, listed, sentence);
    if is_excused {
        spoken.push_str(", late by scheduling");
    }
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Row, true, &spoken));
    if response.clicked()
        && let Some(what) = at.what(analysis)
    {
        ctx.send(Command::Jump(Selected { slot, what }));
    }
}

/// The function of a row; what is said where none of it was seen.
fn function_of<'a>(sheet: &'a Sheet, listed: Listed<'a>) -> &'a str {
    match listed.function(&sheet.document) {
        "" => "no stack seen",
        name => name,
    }
}

/// A cell that states a fact about a hearing and its cancel, or about one who is stuck.
fn fact_ui(
    ui: &mut Ui,
    ctx: &Ctx<'_>,
    sheet: &Sheet,
    listed: Listed<'_>,
    (cell, color): (Cell, Color32),
) {
    let theme = ctx.theme;
    match (cell, listed) {
        (Cell::Goroutine, _) => {
            ui.label(RichText::new(goroutine_id(sheet, listed.goroutine())).color(color));
        }
        (Cell::Function, _) => {
            let function = function_of(sheet, listed);
            elide::label_ui_of(ui, &short_function(function), function, &body_font(), color);
        }
        (Cell::Cause, Listed::Hearing(_, cancel)) => {
            badge_ui(ui, theme, cancel.cause.name(), theme.cause(cancel.cause));
        }
        (Cell::Cause, Listed::Stuck(_, finding)) => {
            let color = severity_color(theme, finding.severity);
            badge_ui(ui, theme, &listed.cause(), color).on_hover_text(NO_CANCEL);
        }
        (Cell::At, Listed::Hearing(_, cancel)) => {
            ui.label(weak(theme, moment(sheet, cancel.at)));
        }
        (Cell::Site, _) => site_ui(ui, ctx, sheet, (listed, color)),
        (Cell::Evidence, Listed::Hearing(hearing, _)) => {
            let word = if hearing.deaf { "deaf" } else { hearing.evidence.name() };
            let color = if hearing.deaf { theme.warn } else { theme.weak };
            ui.label(RichText::new(word).color(color));
        }
        (Cell::At | Cell::Evidence, Listed::Stuck(..)) => {
            ui.label(RichText::new("–").color(theme.faint)).on_hover_text(NO_CANCEL);
        }
        (Cell::Overstay | Cell::HeldBy, _) => {}
    }
}

/// How long, as a bar and a number.
fn overstay_ui(ui: &mut Ui, ctx: &Ctx<'_>, sheet: &Sheet, listed: Listed<'_>, worst_ns: i64) {
    let theme = ctx.theme;
    let full = ui.available_rect_before_wrap();
    #[expect(clippy::cast_precision_loss, reason = "a share of the width")]
    #[expect(clippy::cast_possible_truncation, reason = "0 to 1")]
    let share = (listed.ns() as f64 / worst_ns as f64).clamp(0.0, 1.0) as f32;
    let bar = Rect::from_min_size(
        full.left_center() - vec2(0.0, 8.0),
        vec2((share * full.width()).max(2.0), 16.0),
    );
    let is_late = ctx.is_late(listed.ns());
    let color = if is_late { theme.late } else { theme.prompt };
    ui.painter().rect_filled(bar, CornerRadius::same(2), theme::fade(color, 0.28));
    let sign = if listed.is_alive() { "≥ " } else { "" };
    let word = match listed {
        Listed::Stuck(..) => "stuck",
        Listed::Hearing(..) if listed.is_alive() => "alive",
        Listed::Hearing(..) => "",
    };
    ui.add_space(6.0);
    let text = format!("{sign}{}", sheet.duration(listed.ns()));
    let text = if is_late { strong(text).color(theme.text) } else { weak(theme, text) };
    let mut written = ui.label(text).rect;
    if !word.is_empty() {
        written = written.union(ui.label(caption(theme, word)).rect);
    }
    // The bar's loud edge does not cross the text: its shade ends there, too.
    if !written.expand(EDGE_CLEAR_PX).x_range().contains(bar.right()) {
        let edge = Rect::from_min_max(bar.right_top() - vec2(2.0, 0.0), bar.right_bottom());
        ui.painter().rect_filled(edge, 0.0, color);
    }
}

/// The context's name, if the program logged it, and where it was cancelled; of one who is stuck,
/// where its finding is.
fn site_ui(ui: &mut Ui, ctx: &Ctx<'_>, sheet: &Sheet, (listed, color): (Listed<'_>, Color32)) {
    let context = |cancel: &Cancel| sheet.document.context_of(cancel);
    if let Listed::Hearing(_, cancel) = listed
        && let Some(context) = context(cancel)
    {
        let under = format!("{} under {}", context.name, context.parent);
        let whole = if context.parent.is_empty() { context.name } else { &under };
        elide::label_ui_of(ui, context.name, whole, &body_font(), color);
    }
    let Some(site) = listed.site() else { return };
    let trace = sheet.trace();
    let (function, file) = (trace.string(site.function), trace.string(site.file));
    let text = format!("{}:{}", short_file(file), site.line);
    let whole = format!("{function}\n{file}:{}", site.line);
    elide::label_ui_of(ui, &text, &whole, &body_font(), ctx.theme.weak);
}

/// A row as a screen reader says it.
fn row_text(ctx: &Ctx<'_>, sheet: &Sheet, listed: Listed<'_>, sentence: Option<&str>) -> String {
    let id = goroutine_id(sheet, listed.goroutine());
    let function = short_function(function_of(sheet, listed));
    let mut text = match listed {
        Listed::Stuck(stuck, _) => {
            let sign = if stuck.ended { "" } else { "≥ " };
            let ns = sheet.duration(stuck.interval.ns());
            format!("Stuck: {id} {function} for {sign}{ns}, {}", listed.cause())
        }
        Listed::Hearing(hearing, cancel) => {
            let stayed = sheet.duration(hearing.overstay_ns);
            let how = match hearing.outcome {
                Outcome::Alive => format!("still alive {stayed} after"),
                _ => format!("left {stayed} after"),
            };
            let title = if ctx.is_late(hearing.overstay_ns) { "Late exit" } else { "In time" };
            let mut text = format!("{title}: {id} {function} {how} {}", cancel.cause.name());
            if let Some(context) = sheet.document.context_of(cancel) {
                text.push_str(" of ");
                text.push_str(context.name);
            }
            text
        }
    };
    if let Some(sentence) = sentence {
        text.push_str(", ");
        text.push_str(sentence);
    }
    text
}
