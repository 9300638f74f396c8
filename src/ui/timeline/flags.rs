//! Flags on the axis: one for each cancel that stands apart, one with a count for a crowd.

use std::cmp::Reverse;
use std::sync::Arc;

use egui::{Color32, FontId, Galley, Painter, Rangef, Ui, vec2};

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
/// Between the parts of a label, in points.
const GAP: f32 = 5.0;
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

fn color_of(theme: &Theme, flag: &FlagRecord) -> Color32 {
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
    let mut taken: Vec<Rangef> = scene.flags.iter().map(body).collect();
    for at in by_worth(&scene.flags) {
        let next = scene.flags.get(at + 1).map_or(frame.canvas.width(), |next| next.x - 8.0);
        label(ui, frame, painter, (&scene.flags[at], next), &mut taken);
    }
}

/// The flags from the one whose label tells most: the selected one, then the worst. Those of less
/// worth have the room that these leave.
fn by_worth(flags: &[FlagRecord]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..flags.len()).collect();
    order.sort_by_key(|&at| {
        let flag = &flags[at];
        let late_ns = if flag.late { flag.worst_ns } else { 0 };
        (!flag.selected, flag.dimmed, Reverse(late_ns), at)
    });
    order
}

/// What a flag takes of the row.
fn body(flag: &FlagRecord) -> Rangef {
    Rangef::new(flag.x - HALF - 2.0, flag.x + HALF + 2.0)
}

/// Where something of a width has room beside a flag: at its right, or else at its left.
fn beside(flag: &FlagRecord, width: f32, taken: &[Rangef], to: f32) -> Option<f32> {
    let off = if flag.count > 1 { 10.0 } else { 9.0 };
    [flag.x + off, flag.x - off - width].into_iter().find(|&left| {
        let (from, end) = (left - 2.0, left + width + 2.0);
        let is_free = |other: &Rangef| end <= other.min || from >= other.max;
        left >= 0.0 && end <= to && taken.iter().all(is_free)
    })
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

/// Beside a flag that has `next` after it: how many, and the worst overstay, or only that, where
/// there is room for it.
fn label(
    ui: &Ui,
    frame: &Frame<'_>,
    painter: &Painter,
    (flag, next): (&FlagRecord, f32),
    taken: &mut Vec<Rangef>,
) {
    let mut parts: Vec<Arc<Galley>> = parts(frame, flag, next)
        .into_iter()
        .map(|(text, color, font)| {
            let color = if flag.dimmed { frame.ctx.theme.dimmed(color) } else { color };
            ui.painter().layout_no_wrap(text, font, color)
        })
        .collect();
    while !parts.is_empty() {
        let width = parts.iter().map(|part| part.size().x + GAP).sum::<f32>() - GAP;
        let Some(mut x) = beside(flag, width, taken, frame.canvas.width()) else {
            parts.remove(0);
            continue;
        };
        taken.push(Rangef::new(x, x + width));
        for galley in parts {
            let place = frame.canvas.min + vec2(x, TOP + (ROW - galley.size().y) / 2.0);
            x += galley.size().x + GAP;
            painter.galley(place, galley, frame.ctx.theme.text);
        }
        return;
    }
}

/// What is to be said beside a flag, what tells most last.
fn parts(frame: &Frame<'_>, flag: &FlagRecord, next: f32) -> Vec<(String, Color32, FontId)> {
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
    parts
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Cause;

    fn flag(x: f32, worst_ns: i64) -> FlagRecord {
        FlagRecord {
            x,
            x0: x,
            x1: x,
            cancel: 0,
            first: 0,
            count: 1,
            worst_ns,
            cause: Cause::Deadline,
            late: worst_ns > 0,
            selected: false,
            dimmed: false,
        }
    }

    #[test]
    fn the_worst_has_its_label_and_others_give_way() {
        let mut flags = [flag(20.0, 5), flag(100.0, 90), flag(118.0, 7), flag(200.0, 0)];
        assert_eq!(by_worth(&flags), [1, 2, 0, 3]);
        let taken: Vec<Rangef> = flags.iter().map(body).collect();
        let at_left = beside(&flags[1], 40.0, &taken, 400.0).expect("room");
        assert!(at_left < 100.0, "its right is taken: {at_left}");
        let taken = [taken, vec![Rangef::new(at_left, at_left + 40.0)]].concat();
        assert_eq!(beside(&flags[0], 40.0, &taken, 400.0), None, "the other gives way");
        flags[3].selected = true;
        assert_eq!(by_worth(&flags)[0], 3, "what is selected is the first of all");
    }
}
