//! The scroll bar of the lanes: egui's own counts in f32, which a million lanes outgrow.

use egui::{CornerRadius, Id, Rect, Sense, Ui, WidgetInfo, pos2};

use super::{Frame, TimelinePanel};
use crate::ui::app::Gestures;
use crate::ui::command::Command;

/// The handle is at least this high, in points.
const LEAST: f32 = 24.0;

impl TimelinePanel {
    /// The bar right of the canvas.
    pub(super) fn scrollbar_ui(
        &self,
        ui: &mut Ui,
        frame: &Frame<'_>,
        bar: Rect,
        gestures: &mut Gestures,
    ) {
        let theme = frame.ctx.theme;
        ui.painter().rect_filled(bar, 0.0, theme.panel);
        if self.max_scroll <= 0.0 {
            return;
        }
        #[expect(clippy::cast_possible_truncation, reason = "a height on screen")]
        let shown = (self.page_px / (self.max_scroll + self.page_px)) as f32;
        let height = (bar.height() * shown).max(LEAST);
        let room = bar.height() - height;
        #[expect(clippy::cast_possible_truncation, reason = "a share")]
        let share = (frame.scroll / self.max_scroll) as f32;
        let top = bar.top() + room * share;
        let handle =
            Rect::from_min_max(pos2(bar.left() + 3.0, top), pos2(bar.right() - 3.0, top + height));
        let id = Id::unique(("lanes_scroll", frame.slot, frame.kind == super::Kind::Cancels));
        let response = ui.interact(bar, id, Sense::click_and_drag());
        response.widget_info(|| WidgetInfo::slider(true, f64::from(share), "Scroll the lanes"));
        let lit = response.hovered() || response.dragged();
        let color = if lit { theme.weak } else { theme.raised_hover };
        ui.painter().rect_filled(handle, CornerRadius::same(3), color);
        if response.drag_started() || response.clicked() {
            gestures.next();
        }
        let delta = f64::from(response.drag_delta().y);
        let jumped = response.clicked() && !ui.rect_contains_pointer(handle);
        let to = match response.interact_pointer_pos() {
            Some(at) if jumped => {
                f64::from((at.y - bar.top() - height / 2.0) / room.max(1.0)) * self.max_scroll
            }
            _ if response.dragged() => {
                frame.scroll + delta / f64::from(room.max(1.0)) * self.max_scroll
            }
            _ => return,
        };
        let to = to.clamp(0.0, self.max_scroll);
        frame.ctx.send(Command::Scroll(frame.scroll_id(), to, gestures.current()));
    }
}
