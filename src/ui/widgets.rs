//! Small things that many panels show.

use std::sync::Arc;

use egui::{
    Align2, Color32, CornerRadius, FontFamily, FontId, Galley, Painter, Pos2, Rect, Response,
    RichText, Role, Sense, Stroke, Ui, Vec2, WidgetInfo,
};

use super::theme::{self, Theme, size};

/// Text in the strong weight.
pub(crate) fn strong(text: impl Into<String>) -> RichText {
    RichText::new(text).family(theme::strong_family())
}

/// Text that one reads second.
pub(crate) fn weak(theme: &Theme, text: impl Into<String>) -> RichText {
    RichText::new(text).color(theme.weak)
}

/// A caption: small and quiet.
pub(crate) fn caption(theme: &Theme, text: impl Into<String>) -> RichText {
    RichText::new(text).size(size::TEXT_SMALL).color(theme.weak)
}

/// Code.
pub(crate) fn code(text: impl Into<String>) -> RichText {
    RichText::new(text).family(FontFamily::Monospace).size(size::TEXT_CODE)
}

/// A section's heading within a panel.
pub(crate) fn section_ui(ui: &mut Ui, theme: &Theme, title: &str) {
    ui.add_space(8.0);
    ui.label(
        RichText::new(title)
            .family(theme::strong_family())
            .size(size::TEXT_SMALL)
            .color(theme.weak),
    );
    ui.add_space(1.0);
}

/// A section's heading with a note at the right.
pub(crate) fn noted_section_ui(ui: &mut Ui, theme: &Theme, title: &str, note: &str) {
    ui.add_space(8.0);
    ui.horizontal(|ui| {
        let text = RichText::new(title).family(theme::strong_family()).size(size::TEXT_SMALL);
        ui.label(text.color(theme.weak));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.label(caption(theme, note));
        });
    });
    ui.add_space(1.0);
}

/// A button that looks like a link and is one for the keyboard and screen readers.
pub(crate) fn link_ui(ui: &mut Ui, theme: &Theme, text: impl Into<String>) -> Response {
    ui.link(RichText::new(text).color(theme.accent))
}

/// A small label on a tinted ground, with a color that means something and the word for it.
pub(crate) fn badge_ui(ui: &mut Ui, theme: &Theme, text: &str, color: Color32) -> Response {
    let font = FontId::new(size::TEXT_SMALL, FontFamily::Proportional);
    let galley = ui.painter().layout_no_wrap(text.to_owned(), font, color);
    let padding = Vec2::new(6.0, 1.5);
    let (rect, response) = ui.allocate_exact_size(galley.size() + 2.0 * padding, Sense::hover());
    let ground = theme::mix(theme.panel, color, 0.16);
    ui.painter().rect_filled(rect, CornerRadius::same(3), ground);
    ui.painter().galley(rect.min + padding, galley, color);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
    response
}

/// Draws a small sign into a square.
pub(crate) type Sign = fn(&Painter, Rect, Color32);

/// A badge with a sign before its word.
pub(crate) fn icon_badge_ui(
    ui: &mut Ui,
    theme: &Theme,
    sign: Sign,
    text: &str,
    color: Color32,
) -> Response {
    let font = FontId::new(size::TEXT_SMALL, FontFamily::Proportional);
    let galley = ui.painter().layout_no_wrap(text.to_owned(), font, color);
    let padding = Vec2::new(6.0, 1.5);
    let square = Vec2::splat(galley.size().y - 4.0);
    let inner = galley.size() + Vec2::new(square.x + 4.0, 0.0);
    let (rect, response) = ui.allocate_exact_size(inner + 2.0 * padding, Sense::hover());
    let ground = theme::mix(theme.panel, color, 0.16);
    ui.painter().rect_filled(rect, CornerRadius::same(3), ground);
    let at = egui::pos2(rect.left() + padding.x, rect.center().y - square.y / 2.0);
    sign(ui.painter(), Rect::from_min_size(at, square), color);
    let at = rect.min + padding + Vec2::new(square.x + 4.0, 0.0);
    ui.painter().galley(at, galley, color);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
    response
}

/// An hourglass: who left last.
pub(crate) fn hourglass(painter: &Painter, area: Rect, color: Color32) {
    let area = area.shrink2(Vec2::new(area.width() * 0.12, 0.0));
    let middle = area.center();
    for edge in [area.top(), area.bottom()] {
        let (left, right) = (egui::pos2(area.left(), edge), egui::pos2(area.right(), edge));
        let half = vec![left, right, middle];
        painter.add(egui::Shape::convex_polygon(half, color, Stroke::NONE));
    }
}

/// Slanted stripes: one who was deaf, as its fuse shows it.
pub(crate) fn hatched(painter: &Painter, area: Rect, color: Color32) {
    let painter = painter.with_clip_rect(area.intersect(painter.clip_rect()));
    let height = area.height();
    let mut x = area.left() - height;
    while x < area.right() {
        let from = egui::pos2(x, area.bottom());
        painter.line_segment([from, from + Vec2::new(height, -height)], Stroke::new(1.5, color));
        x += 4.0;
    }
}

/// Says that times are ticks of unknown length.
pub(crate) fn ticks_ui(ui: &mut Ui, theme: &Theme) -> Response {
    let text = caption(theme, "times are in ticks").color(theme.warn);
    ui.label(text).on_hover_text(
        "The trace was cut before it told its clock's frequency, so nobody knows how long a tick \
         is. The budget is in ticks too",
    )
}

/// A key as it is printed on a keyboard.
pub(crate) fn key_cap_ui(ui: &mut Ui, theme: &Theme, text: &str) {
    let font = FontId::new(size::TEXT_SMALL, FontFamily::Proportional);
    let galley = ui.painter().layout_no_wrap(text.to_owned(), font, theme.text);
    let cap = Vec2::new((galley.size().x + 10.0).max(20.0), 18.0);
    let (rect, _) = ui.allocate_exact_size(cap, Sense::hover());
    let painter = ui.painter();
    let rounded = CornerRadius::same(size::RADIUS);
    let stroke = Stroke::new(1.0, theme.line);
    painter.rect(rect, rounded, theme.raised, stroke, egui::StrokeKind::Inside);
    painter.galley(rect.center() - galley.size() / 2.0, galley, theme.text);
}

/// How wide and high a swatch is, in points.
pub(crate) const SWATCH: f32 = 10.0;

/// A square of a color beside its meaning, with an edge for colors that are near the ground's.
pub(crate) fn swatch_ui(ui: &mut Ui, color: Color32) {
    let (rect, _) = ui.allocate_exact_size(Vec2::splat(SWATCH), Sense::hover());
    let edge = Stroke::new(1.0, theme::mix(color, ui.visuals().text_color(), 0.25));
    let rounded = CornerRadius::same(2);
    ui.painter().rect(rect, rounded, color, edge, egui::StrokeKind::Inside);
}

/// A line of text cut to a width, with an ellipsis.
pub(crate) fn cut_galley(
    painter: &Painter,
    text: &str,
    font: FontId,
    color: Color32,
    width_px: f32,
) -> Arc<Galley> {
    let mut job = egui::text::LayoutJob::simple_singleline(text.to_owned(), font, color);
    job.wrap = egui::text::TextWrapping::truncate_at_width(width_px.max(1.0));
    painter.layout_job(job)
}

/// Writes a line of text with its left middle at `at`, cut to a width.
pub(crate) fn text_at(
    painter: &Painter,
    at: Pos2,
    text: &str,
    font: FontId,
    color: Color32,
    width_px: f32,
) -> Rect {
    let galley = cut_galley(painter, text, font, color, width_px);
    let rect = Align2::LEFT_CENTER.anchor_size(at, galley.size());
    painter.galley(rect.min, galley, color);
    rect
}

/// The font of lanes and tables.
pub(crate) fn body_font() -> FontId {
    FontId::new(size::TEXT, FontFamily::Proportional)
}

/// The font of captions and axis labels.
pub(crate) fn small_font() -> FontId {
    FontId::new(size::TEXT_SMALL, FontFamily::Proportional)
}

/// The strong font of overstays.
pub(crate) fn small_strong_font() -> FontId {
    FontId::new(size::TEXT_SMALL, theme::strong_family())
}

/// An icon button, named for screen readers, with its keys in the tooltip.
pub(crate) fn icon_button_ui(ui: &mut Ui, icon: &str, name: &str, keys: &str) -> Response {
    icon_ui(ui, egui::Button::new(icon), name, keys)
}

/// The same of a button as it is.
pub(crate) fn icon_ui(ui: &mut Ui, button: egui::Button<'_>, name: &str, keys: &str) -> Response {
    let response = ui.add(button);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
    let tip = if keys.is_empty() { name.to_owned() } else { format!("{name} ({keys})") };
    response.on_hover_text(tip)
}

/// The button for what a form is for.
pub(crate) fn primary(theme: &Theme, text: &str) -> egui::Button<'static> {
    egui::Button::new(strong(text).color(theme.on_loud)).fill(theme.accent)
}

/// Selects all of a field's text, so that what is typed next takes its place.
pub(crate) fn select_all(ctx: &egui::Context, field: egui::Id, text: &str) {
    let mut state = egui::text_edit::TextEditState::load(ctx, field).unwrap_or_default();
    state.cursor.set_char_range(Some(egui::text::CCursorRange::select_all_str(text)));
    state.store(ctx, field);
}
