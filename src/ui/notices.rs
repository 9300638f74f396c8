//! Messages. Those of what went well go by themselves, all others stay until they are dismissed.
//!
//! Over an open trace they would cover the overview and the cancels' flags: what failed or is
//! missing has a strip of its own there, and what went well stands in the lower
//! right corner for a while.

use std::time::Duration;

use egui::{
    Align2, Area, CornerRadius, Frame, Id, Margin, Order, RichText, Stroke, Ui, WidgetInfo, vec2,
};

use super::command::Command;
use super::ctx::{Ctx, count};
use super::slot::Slot;
use super::state::{Notice, Tone};
use super::theme::{self, size};
use super::widgets::{caption, strong};

/// Width of a message in points, and of one that something went well.
const WIDTH: f32 = 620.0;
const DONE_WIDTH: f32 = 330.0;
/// How many messages are shown at a time.
const MAX_SHOWN: usize = 3;
/// How long a message stays that something went well.
const DONE_STAYS: Duration = Duration::from_secs(8);
/// How many items of a message are listed.
const MAX_LISTED: usize = 50;

/// The messages that lie over what is shown: all where no trace is open, else what went well.
pub(crate) fn overlay_ui(ui: &mut Ui, ctx: &Ctx<'_>) {
    let (open, below) = (ctx.sheet(Slot::Before).is_some(), size::STATUS + 8.0);
    let shown = newest(ctx, |notice| !open || notice.tone == Tone::Done);
    let (anchor, offset, width) = if open {
        (Align2::RIGHT_BOTTOM, vec2(-8.0, -below), DONE_WIDTH)
    } else {
        (Align2::CENTER_TOP, vec2(0.0, size::TOP_BAR + 10.0), WIDTH)
    };
    if shown.notices.is_empty() {
        return;
    }
    let area = Area::new(Id::unique("notices")).order(Order::Middle).anchor(anchor, offset);
    area.show(ui.ctx(), |ui| {
        let width = width.min(ui.ctx().content_rect().width() - 80.0);
        shown.list_ui(ui, ctx, width);
    });
}

/// The strip under the top bar: what went wrong with a trace that is open, or beside it.
pub(crate) fn strip_ui(ui: &mut Ui, ctx: &Ctx<'_>) {
    let shown = newest(ctx, |notice| notice.tone != Tone::Done);
    if shown.notices.is_empty() {
        return;
    }
    let frame = Frame::new().fill(ctx.theme.panel).inner_margin(Margin::symmetric(10, 5));
    egui::Panel::top("messages").frame(frame).show(ui, |ui| {
        let width = ui.available_width() - 26.0;
        shown.list_ui(ui, ctx, width);
    });
}

/// The newest messages of some: more would leave no room for what they are about.
struct Shown<'a> {
    notices: Vec<&'a Notice>,
    n_older: usize,
}

fn newest<'a>(ctx: &Ctx<'a>, counts: impl Fn(&Notice) -> bool) -> Shown<'a> {
    let mut notices: Vec<&Notice> = ctx.state.notices.iter().filter(|it| counts(it)).collect();
    let n_older = notices.len().saturating_sub(MAX_SHOWN);
    notices.drain(..n_older);
    Shown { notices, n_older }
}

impl Shown<'_> {
    fn list_ui(&self, ui: &mut Ui, ctx: &Ctx<'_>, width: f32) {
        ui.spacing_mut().item_spacing.y = 6.0;
        for notice in &self.notices {
            notice_ui(ui, ctx, notice, width);
        }
        if self.n_older > 0 {
            older_ui(ui, ctx, self.n_older);
        }
    }
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

fn notice_ui(ui: &mut Ui, ctx: &Ctx<'_>, notice: &Notice, width: f32) {
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
        .inner_margin(Margin::symmetric(12, 8));
    frame.show(ui, |ui| {
        ui.set_width(width);
        ui.horizontal_top(|ui| {
            // A line of text is lower than the button beside it: their middles are at one height.
            let line_px = ui.text_style_height(&egui::TextStyle::Body);
            let above_px = ((ui.spacing().interact_size.y - line_px) / 2.0).max(0.0);
            ui.vertical(|ui| {
                ui.add_space(above_px);
                ui.label(strong(icon).color(color));
            });
            ui.vertical(|ui| {
                ui.set_width(ui.available_width() - 34.0);
                ui.add_space(above_px);
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
