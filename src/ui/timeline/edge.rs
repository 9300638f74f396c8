//! The edge between the names and the lanes, which can be dragged: function names are long.

use egui::{CursorIcon, Id, Rect, Sense, Ui, WidgetInfo};

use super::{Frame, Kind};
use crate::ui::command::Command;
use crate::ui::ctx::Ctx;
use crate::ui::theme::size;

/// The narrowest that the column of names is, in points.
const LEAST: f32 = 120.0;
/// The most of a timeline's width that it takes.
const MOST: f32 = 0.4;
/// How far from the edge the pointer may be to take hold of it, in points.
const REACH: f32 = 3.0;

/// The width of the column of names in a timeline's area.
pub(super) fn names_width(ctx: &Ctx<'_>, area: Rect) -> f32 {
    within(ctx.state.prefs.names_width, area)
}

fn within(width: f32, area: Rect) -> f32 {
    // In a narrow window the lanes need the room more.
    width.max(LEAST).min(area.width() * MOST)
}

/// The edge: a drag moves it, a double-click puts it back.
pub(super) fn edge_ui(ui: &Ui, frame: &Frame<'_>, area: Rect) {
    let x = frame.names.right();
    let grip = Rect::from_x_y_ranges(x - REACH..=x + REACH, frame.names.y_range());
    let id = Id::unique(("names_edge", frame.slot, frame.kind == Kind::Cancels));
    let response = ui.interact(grip, id, Sense::click_and_drag());
    let width = f64::from(frame.names.width());
    response.widget_info(|| WidgetInfo::slider(true, width, "Width of the names"));
    if response.hovered() || response.dragged() {
        ui.ctx().set_cursor_icon(CursorIcon::ResizeHorizontal);
        let stroke = egui::Stroke::new(1.0, frame.ctx.theme.accent);
        ui.painter().vline(x - 0.5, frame.names.y_range(), stroke);
    }
    if response.double_clicked() {
        frame.ctx.send(Command::SetNamesWidth(size::NAMES));
    } else if let (true, Some(at)) = (response.dragged(), response.interact_pointer_pos()) {
        frame.ctx.send(Command::SetNamesWidth(within(at.x - area.left(), area)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::{Pos2, vec2};

    #[test]
    fn neither_names_nor_lanes_lose_all_their_room() {
        let area = |width| Rect::from_min_size(Pos2::ZERO, vec2(width, 100.0));
        for (wanted, total, width) in [
            (250.0, 1500.0, 250.0),
            (10.0, 1500.0, LEAST),
            (2_000.0, 1500.0, 600.0),
            (250.0, 500.0, 200.0),
            (10.0, 200.0, 80.0),
        ] {
            assert!((within(wanted, area(total)) - width).abs() < 0.1, "{wanted} of {total}");
        }
    }
}
