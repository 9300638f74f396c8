//! Flags on the axis: one for each cancel that stands apart, one with a count for a crowd.

use egui::{Painter, Ui, vec2};

use super::paint::Sketch;
use super::{Frame, Kind};
use crate::scene::{FlagRecord, Scene};
use crate::ui::ctx::thousands;
use crate::ui::theme::{self, Theme, size};
use crate::ui::widgets;

/// Height of the row of flags, in points.
const ROW: f32 = 11.0;
/// The upper edge of the flags.
const TOP: f32 = 3.0;
/// Where a flag's tip begins.
const BODY_END: f32 = TOP + ROW - 4.0;
/// Half a flag's width.
const HALF: f32 = 4.5;
/// A crowd wider than this has a bracket under its count, in points.
const WIDE_PX: f32 = 12.0;
/// Room for the name of a cause, in points.
const NAMED_PX: f32 = 150.0;

/// What goes under the axis's labels: the poles.
pub(super) fn poles(scene: &Scene, theme: &Theme, sketch: &mut Sketch) {
    for mark in &scene.cancels {
        let opacity = if mark.dimmed { 0.3 } else { 0.8 };
        let color = theme::fade(theme.cause(mark.cause), opacity);
        sketch.rect([mark.x - 0.5, size::AXIS - 5.0, mark.x + 0.5, size::AXIS], color);
    }
    for flag in scene.flags.iter().filter(|flag| flag.selected || !is_wide(flag)) {
        let color = color_of(theme, flag);
        sketch.rect([flag.x - 0.5, BODY_END, flag.x + 0.5, size::AXIS], color);
    }
}

fn is_wide(flag: &FlagRecord) -> bool {
    flag.x1 - flag.x0 >= WIDE_PX
}

fn color_of(theme: &Theme, flag: &FlagRecord) -> egui::Color32 {
    theme::fade(theme.cause(flag.cause), if flag.dimmed { 0.3 } else { 1.0 })
}

/// The flags: their cause's color, red if somebody left late.
pub(super) fn flags(ui: &Ui, scene: &Scene, frame: &Frame<'_>, painter: &Painter) {
    let theme = frame.ctx.theme;
    let mut sketch = Sketch::new(frame.canvas.min, ui.pixels_per_point());
    for flag in &scene.flags {
        flag_shape(theme, flag, &mut sketch);
    }
    sketch.finish(painter);
    for (at, flag) in scene.flags.iter().enumerate() {
        let next = scene.flags.get(at + 1).map_or(frame.canvas.width(), |next| next.x - 8.0);
        label(ui, frame, painter, flag, next);
    }
}

fn flag_shape(theme: &Theme, flag: &FlagRecord, sketch: &mut Sketch) {
    let opacity = if flag.dimmed { 0.3 } else { 1.0 };
    let (color, late) = (color_of(theme, flag), theme::fade(theme.late, opacity));
    if is_wide(flag) {
        let color = if flag.late { late } else { theme::fade(color, 0.7) };
        let (y, end) = (TOP + ROW + 1.0, flag.x1.max(flag.x0 + WIDE_PX));
        sketch.rect([flag.x0, y, end, y + 1.0], color);
        sketch.rect([end - 0.5, y - 2.0, end + 0.5, y + 1.0], color);
    }
    let half = if flag.selected { HALF + 1.0 } else { HALF };
    let (left, right) = (flag.x - half, flag.x + half);
    if flag.count > 1 {
        // The edge of the one behind it.
        sketch.rect([right + 1.0, TOP + 1.5, right + 2.0, BODY_END + 1.0], color);
    }
    sketch.rect([left, TOP, right, BODY_END], color);
    sketch.triangle([[left, BODY_END], [right, BODY_END], [flag.x, BODY_END + 4.0]], color);
    if flag.late {
        sketch.rect([left + 1.5, TOP + 1.5, right - 1.5, BODY_END - 0.5], late);
    }
}

/// Beside a flag: how many, and the worst overstay, where there is room for it.
fn label(ui: &Ui, frame: &Frame<'_>, painter: &Painter, flag: &FlagRecord, next: f32) {
    let theme = frame.ctx.theme;
    let overlaid = frame.kind == Kind::Cancels && frame.sheet.n_cancels_shown > 1;
    let mut parts = Vec::new();
    if overlaid {
        let all = format!("{} cancels", thousands(frame.sheet.n_cancels_shown as u64));
        parts.push((all, theme.weak, widgets::small_font()));
    } else if flag.count > 1 {
        let n = format!("{}×", short_count(flag.count));
        parts.push((n, theme.text, widgets::small_font()));
    } else if next - flag.x > NAMED_PX {
        parts.push((name_of(frame, flag), theme.cause(flag.cause), widgets::small_font()));
    }
    if flag.late {
        let worst = frame.sheet.duration(flag.worst_ns);
        parts.push((worst, theme.late_text, widgets::small_strong_font()));
    }
    let mut x = flag.x + if flag.count > 1 { 10.0 } else { 9.0 };
    for (text, color, font) in parts {
        let color = if flag.dimmed { theme::fade(color, 0.4) } else { color };
        let galley = ui.painter().layout_no_wrap(text, font, color);
        if x + galley.size().x > next {
            break;
        }
        let place = frame.canvas.min + vec2(x, TOP + (ROW - galley.size().y) / 2.0);
        x += galley.size().x + 5.0;
        painter.galley(place, galley, color);
    }
}

/// A count in few letters: `938`, `1.2k`, `45k`.
pub(super) fn short_count(n: u32) -> String {
    match n {
        0..1_000 => n.to_string(),
        1_000..10_000 => format!("{}.{}k", n / 1_000, n % 1_000 / 100),
        10_000..1_000_000 => format!("{}k", n / 1_000),
        _ => format!("{}M", n / 1_000_000),
    }
}

/// The cause, and the context's name if the program logged it.
fn name_of(frame: &Frame<'_>, flag: &FlagRecord) -> String {
    let cancel = frame.sheet.cancel(flag.cancel);
    let context = cancel.and_then(|cancel| frame.sheet.document.context_of(cancel));
    match context {
        Some(context) => format!("{} {}", flag.cause.name(), context.name),
        None => flag.cause.name().to_owned(),
    }
}
