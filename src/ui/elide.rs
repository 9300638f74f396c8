//! Text that is cut in its middle: of a function's name or a sentence the end (`.func3`,
//! `(main.go:93)`) tells as much as the beginning.

use std::sync::Arc;

use egui::epaint::text::cursor::CCursor;
use egui::text::CharIndex;
use egui::{
    Align2, Color32, FontId, Galley, Painter, Pos2, Rect, Response, Role, Sense, Ui, WidgetInfo,
    vec2,
};

/// What stands for what was left out.
const GAP: &str = "…";
/// How much of the room the end has.
const END: f32 = 0.58;

/// A line of text within a width, without its middle if there is no room for all; says whether it
/// was cut. What it lays out is kept by egui from frame to frame; besides that it costs a walk
/// along the line.
pub(crate) fn galley(
    painter: &Painter,
    text: &str,
    font: &FontId,
    color: Color32,
    width_px: f32,
) -> (Arc<Galley>, bool) {
    let lay_out = |text: String| painter.layout_no_wrap(text, font.clone(), color);
    let whole = lay_out(text.to_owned());
    if whole.size().x <= width_px {
        return (whole, false);
    }
    let gap_px = lay_out(GAP.to_owned()).size().x;
    let room_px = (width_px - gap_px).max(0.0);
    let (start, end) = ends(&whole, text.chars().count(), room_px);
    let head: String = text.chars().take(start).collect();
    let tail: String = text.chars().skip(end).collect();
    let head = head.trim_end_matches([' ', '(']);
    (lay_out(format!("{head}{GAP}{tail}")), true)
}

/// Up to which character the beginning goes, and from which on the end, within `room_px` together.
fn ends(whole: &Galley, n_chars: usize, room_px: f32) -> (usize, usize) {
    let y = whole.size().y / 2.0;
    let near = |x: f32| whole.cursor_from_pos(vec2(x, y)).index.0;
    let left_of = |at: usize| {
        let cursor = CCursor { index: CharIndex(at), prefer_next_row: false };
        whole.pos_from_cursor(cursor).left()
    };
    let width_px = whole.size().x;
    let mut end = near(width_px - END * room_px);
    if width_px - left_of(end) > END * room_px {
        end += 1;
    }
    let end = end.min(n_chars);
    // What the end leaves is the beginning's.
    let head_px = room_px - (width_px - left_of(end));
    let mut start = near(head_px.max(0.0));
    if start > 0 && left_of(start) > head_px {
        start -= 1;
    }
    (start.min(end), end)
}

/// Writes a line of text with its left middle at `at`, cut in its middle to a width.
pub(crate) fn text_at(
    painter: &Painter,
    at: Pos2,
    text: &str,
    font: &FontId,
    color: Color32,
    width_px: f32,
) -> Rect {
    let (galley, _) = galley(painter, text, font, color, width_px);
    let rect = Align2::LEFT_CENTER.anchor_size(at, galley.size());
    painter.galley(rect.min, galley, color);
    rect
}

/// A label within the room there is, cut in its middle; all of it is in the tooltip then, and
/// what a screen reader says.
pub(crate) fn label_ui(ui: &mut Ui, text: &str, font: &FontId, color: Color32) -> Response {
    let (response, is_cut) = paint_ui(ui, text, font, color, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
    if is_cut { response.on_hover_text(text) } else { response }
}

/// The same of a name that is short for another: its tooltip is all of that one, where it tells
/// more than what is seen.
pub(crate) fn label_ui_of(
    ui: &mut Ui,
    text: &str,
    whole: &str,
    font: &FontId,
    color: Color32,
) -> Response {
    if text == whole {
        return label_ui(ui, text, font, color);
    }
    let (response, _) = paint_ui(ui, text, font, color, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
    response.on_hover_text(whole)
}

/// Paints a line within the room there is; gives whether it was cut, too.
fn paint_ui(
    ui: &mut Ui,
    text: &str,
    font: &FontId,
    color: Color32,
    sense: Sense,
) -> (Response, bool) {
    let (galley, is_cut) = galley(ui.painter(), text, font, color, ui.available_width());
    let (rect, response) = ui.allocate_exact_size(galley.size(), sense);
    ui.painter().galley(rect.min, galley, color);
    (response, is_cut)
}

/// The same as a link with a tooltip.
pub(crate) fn link_ui(
    ui: &mut Ui,
    text: &str,
    font: &FontId,
    color: Color32,
    tip: &str,
) -> Response {
    let (response, is_cut) = paint_ui(ui, text, font, color, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Link, true, text));
    if response.hovered() || response.has_focus() {
        let stroke = egui::Stroke::new(1.0, color);
        ui.painter().hline(response.rect.x_range(), response.rect.bottom() - 0.5, stroke);
    }
    let tip = if is_cut { format!("{text}\n{tip}") } else { tip.to_owned() };
    response.on_hover_cursor(egui::CursorIcon::PointingHand).on_hover_text(tip)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left of a text in so many points, and how wide that is.
    fn cut(text: &str, width_px: f32) -> (String, f32) {
        let ctx = egui::Context::default();
        let mut got = (String::new(), 0.0);
        let mut output = ctx.run_ui(egui::RawInput::default(), |ui| {
            let font = FontId::proportional(12.0);
            let (galley, _) = galley(ui.painter(), text, &font, Color32::PLACEHOLDER, width_px);
            got = (galley.text().to_owned(), galley.size().x);
        });
        output.textures_delta.clear();
        got
    }

    #[test]
    fn the_end_of_what_is_cut_is_kept() {
        let text = "slept 61 ms in http_test.testTimeoutHandlerRace.func1 (serve_test.go:2727)";
        assert_eq!(cut(text, 2_000.0).0, text);
        for width_px in [120.0, 180.0, 240.0, 300.0] {
            let (cut, is_px) = cut(text, width_px);
            assert!(is_px <= width_px + 0.5, "{cut}: {is_px} of {width_px}");
            assert!(is_px > width_px - 20.0, "{cut}: {is_px} of {width_px}");
            assert!(cut.starts_with("slept") && cut.contains('…'), "{cut}");
            assert!(cut.ends_with("go:2727)"), "{cut}");
        }
        for width_px in [0.0, 5.0, 20.0] {
            assert!(cut(text, width_px).0.contains('…'));
        }
        assert_eq!(cut("", 0.0).0, "");
    }

    #[test]
    fn text_of_many_bytes_a_letter_is_cut_between_letters() {
        let (cut, _) = cut("süß.(*Größenänderung).händler.func1", 120.0);
        assert!(cut.ends_with("func1") && cut.starts_with("süß"), "{cut}");
    }
}
