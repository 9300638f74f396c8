//! Messages at the top of the window. Those of what went well go by themselves, all others stay
//! until they are dismissed.

use std::time::Duration;

use egui::{
    Align2, Area, CornerRadius, Frame, Id, Margin, Order, RichText, Stroke, Ui, WidgetInfo, vec2,
};

use super::command::Command;
use super::ctx::{Ctx, count};
use super::state::{Notice, Tone};
use super::theme::{self, size};
use super::widgets::{caption, strong};

/// Width of a message in points.
const WIDTH: f32 = 620.0;
/// How many messages are shown at a time.
const MAX_SHOWN: usize = 3;
/// How long a message stays that something went well.
const DONE_STAYS: Duration = Duration::from_secs(8);
/// How many items of a message are listed.
const MAX_LISTED: usize = 50;

/// All messages, over whatever else is shown.
pub(crate) fn overlay_ui(ui: &mut Ui, ctx: &Ctx<'_>) {
    if ctx.state.notices.is_empty() {
        return;
    }
    Area::new(Id::unique("notices"))
        .order(Order::Foreground)
        .anchor(Align2::CENTER_TOP, vec2(0.0, size::TOP_BAR + 10.0))
        .show(ui.ctx(), |ui| {
            ui.spacing_mut().item_spacing.y = 6.0;
            // The newest are shown: more would hide what they are about.
            let older = ctx.state.notices.len().saturating_sub(MAX_SHOWN);
            for notice in ctx.state.notices.iter().skip(older) {
                notice_ui(ui, ctx, notice);
            }
            if older > 0 {
                older_ui(ui, ctx, older);
            }
        });
}

/// How many messages are not shown, and the means to be rid of all.
fn older_ui(ui: &mut Ui, ctx: &Ctx<'_>, n: usize) {
    let frame = Frame::new()
        .fill(ctx.theme.raised)
        .corner_radius(CornerRadius::same(6))
        .inner_margin(Margin::symmetric(12, 4));
    frame.show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.label(caption(ctx.theme, count(n, "older message")));
            if ui.button("Dismiss all").on_hover_text("Dismiss all (Esc)").clicked() {
                ctx.send(Command::DismissAll);
            }
        });
    });
}

/// What went well need not be dismissed: it goes by itself.
fn fade_ui(ui: &Ui, ctx: &Ctx<'_>, notice: &Notice) {
    let now = ui.input(|input| input.time);
    let id = Id::unique(("notice_since", notice.id));
    let since: f64 = ui.data_mut(|data| *data.get_temp_mut_or(id, now));
    let left = DONE_STAYS.as_secs_f64() - (now - since);
    if left <= 0.0 {
        ctx.send(Command::Dismiss(notice.id));
    } else {
        ui.ctx().request_repaint_after(Duration::from_secs_f64(left));
    }
}

fn notice_ui(ui: &mut Ui, ctx: &Ctx<'_>, notice: &Notice) {
    let theme = ctx.theme;
    if notice.tone == Tone::Done {
        fade_ui(ui, ctx, notice);
    }
    let (color, ground, word, icon) = match notice.tone {
        Tone::Error => (theme.late_text, theme.late_soft, "Error", "✗"),
        Tone::Warning => (theme.warn, theme.warn_soft, "Warning", "⚠"),
        Tone::Done => (theme.better, theme.raised, "Done", "✓"),
    };
    let frame = Frame::new()
        .fill(ground)
        .stroke(Stroke::new(1.0, theme::mix(ground, color, 0.5)))
        .corner_radius(CornerRadius::same(6))
        .inner_margin(Margin::symmetric(12, 8))
        .shadow(ui.visuals().popup_shadow);
    frame.show(ui, |ui| {
        ui.set_width(WIDTH.min(ui.ctx().content_rect().width() - 80.0));
        ui.horizontal_top(|ui| {
            ui.label(strong(icon).color(color));
            ui.vertical(|ui| {
                ui.set_width(ui.available_width() - 34.0);
                let text = ui.label(RichText::new(&notice.text).color(theme.text));
                let spoken = format!("{word}: {}", notice.text);
                text.widget_info(|| WidgetInfo::labeled(egui::Role::Alert, true, &spoken));
                more_ui(ui, ctx, notice);
            });
            let close = ui.button("×");
            close.widget_info(|| {
                WidgetInfo::labeled(egui::Role::Button, true, format!("Dismiss {word}"))
            });
            if close.on_hover_text("Dismiss (Esc dismisses all)").clicked() {
                ctx.send(Command::Dismiss(notice.id));
            }
        });
    });
}

fn more_ui(ui: &mut Ui, ctx: &Ctx<'_>, notice: &Notice) {
    if notice.more.is_empty() {
        return;
    }
    let title = format!("Details ({})", notice.more.len());
    egui::CollapsingHeader::new(title).id_salt(("notice", notice.id)).show(ui, |ui| {
        egui::ScrollArea::vertical().max_height(160.0).show(ui, |ui| {
            for line in notice.more.iter().take(MAX_LISTED) {
                ui.label(caption(ctx.theme, line));
            }
            if let Some(rest) = notice.more.len().checked_sub(MAX_LISTED).filter(|&n| n > 0) {
                ui.label(caption(ctx.theme, format!("and {rest} more")));
            }
        });
    });
}
