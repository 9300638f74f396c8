//! Cancels and what became of those they reached: lines, fuses, overstays, arrows.
//!
//! The loudest marks of the window are made here: beyond the budget a fuse is a thick red bar
//! with the overstay written at its end, on reddened ground; hatched if the goroutine was deaf;
//! an open arrow if it is still alive. What is within the budget is a thin gray line.

use egui::{Align2, Color32, Painter, Rect, Ui, vec2};

use super::super::table;
use super::paint::{self, Sketch};
use super::{Frame, names, words};
use crate::scene::{ArrowKind, FuseEnd, FuseKind, FuseRecord, Row, RowRecord, Scene};
use crate::ui::theme::{self, Theme, size};
use crate::ui::widgets;

/// Cancels farther apart than this are drawn in full, in points.
const CROWD_PX: f32 = 60.0;
/// Width of the mark at an end, in points.
pub(super) const END_PX: f32 = 2.0;
/// Size of an arrow's head, in points.
const HEAD: f32 = 5.0;

/// Reddened ground under the late part of each fuse.
pub(super) fn late_ground(scene: &Scene, frame: &Frame<'_>, sketch: &mut Sketch) {
    let theme = frame.ctx.theme;
    for fuse in scene.fuses.iter().filter(|fuse| fuse.kind == FuseKind::Late) {
        let Some(row) = scene.rows.get(fuse.row as usize) else { continue };
        if matches!(row.row, Row::Header(_)) {
            continue;
        }
        let opacity = if fuse.dimmed { 0.25 } else { 0.9 };
        let area = [fuse.x_budget, row.y0, fuse.x1, row.y1 - 1.0];
        sketch.rect(area, theme::fade(theme.late_soft, opacity));
    }
}

/// A line through all lanes at each cancel.
pub(super) fn lines(scene: &Scene, frame: &Frame<'_>, sketch: &mut Sketch) {
    let theme = frame.ctx.theme;
    for (at, mark) in scene.cancels.iter().enumerate() {
        // A crowd of lines would be a curtain: the closer they are, the fainter.
        let crowd = (room(scene, at) / CROWD_PX).clamp(0.16, 1.0);
        let opacity = match (mark.selected, mark.dimmed) {
            (true, _) => 1.0,
            (false, true) => 0.18 * crowd,
            (false, false) => 0.60 * crowd,
        };
        let color = theme::fade(theme.cause(mark.cause), opacity);
        let half = if mark.selected { 0.8 } else { 0.4 };
        sketch.rect([mark.x - half, size::AXIS, mark.x + half, frame.canvas.height()], color);
    }
}

/// The space from a mark to its nearest neighbor, in points.
fn room(scene: &Scene, at: usize) -> f32 {
    let x = |at: usize| scene.cancels.get(at).map(|mark| mark.x);
    let Some(here) = x(at) else { return f32::INFINITY };
    let before = at.checked_sub(1).and_then(x).map_or(f32::INFINITY, |other| here - other);
    let after = x(at + 1).map_or(f32::INFINITY, |other| other - here);
    before.min(after)
}

/// The fuses, the quiet ones under the loud ones.
pub(super) fn fuses(scene: &Scene, frame: &Frame<'_>, sketch: &mut Sketch) {
    let theme = frame.ctx.theme;
    for loud in [false, true] {
        for fuse in scene.fuses.iter().filter(|fuse| (fuse.kind == FuseKind::Late) == loud) {
            let opacity = if fuse.dimmed { 0.3 } else { 1.0 };
            match fuse.kind {
                FuseKind::LivesOn => {
                    let color = theme::fade(theme.faint, opacity);
                    sketch.rect([fuse.x0 - 1.0, fuse.y - 5.0, fuse.x0 + 1.0, fuse.y + 1.0], color);
                }
                FuseKind::Within => {
                    let color = theme::fade(theme.prompt, opacity);
                    let end = sketch.column(fuse.x1);
                    thin(sketch, fuse, end, color);
                    sketch.rect([end, fuse.y - 3.0, end + 1.0, fuse.y + 2.0], color);
                }
                FuseKind::Late => late(sketch, theme, fuse, opacity),
            }
        }
    }
}

fn thin(sketch: &mut Sketch, fuse: &FuseRecord, to: f32, color: Color32) {
    let half = size::FUSE_THIN / 2.0;
    sketch.rect([fuse.x0, fuse.y - half, to, fuse.y + half], color);
}

/// Thin up to the budget, loud beyond.
fn late(sketch: &mut Sketch, theme: &Theme, fuse: &FuseRecord, opacity: f32) {
    thin(sketch, fuse, fuse.x_budget, theme::fade(theme.prompt, opacity));
    let color = theme::fade(theme.late, opacity);
    let half = size::FUSE_LOUD / 2.0;
    let end = sketch.column(fuse.x1);
    let area = [fuse.x_budget, fuse.y - half, end, fuse.y + half];
    if fuse.deaf {
        sketch.rect(area, theme::fade(theme.late, opacity * 0.30));
        sketch.hatch(area, color);
    } else {
        sketch.rect(area, color);
    }
    match fuse.end {
        FuseEnd::Exit => {
            // A stop across the lane: here it ended.
            sketch.rect([end, fuse.y - 12.0, end + END_PX, fuse.y + half], color);
        }
        FuseEnd::Alive => {
            let (tip, back) = (end + 3.0, end - 4.0);
            for side in [-5.0, 5.0] {
                sketch.line([back, fuse.y + side], [tip, fuse.y], 1.8, color);
            }
        }
    }
}

/// The overstays, written at the ends of the loud fuses, and behind each what held the goroutine.
pub(super) fn overstays(ui: &Ui, scene: &Scene, frame: &Frame<'_>, painter: &Painter) {
    // What has scrolled under the heading that stays in sight is not written over it.
    let top = frame.canvas.top() + scene.sticky.map_or(0.0, |row| row.y1 + 0.5);
    let clip = painter.clip_rect();
    let painter = &painter.with_clip_rect(clip.with_min_y(clip.top().max(top)));
    let mut told = None;
    for fuse in scene.fuses.iter().filter(|fuse| !fuse.text.is_empty()) {
        let Some(row) = scene.rows.get(fuse.row as usize) else { continue };
        if fuse.x1 < 0.0 || fuse.x0 > frame.canvas.width() {
            continue;
        }
        let badge = overstay(ui, scene, frame, painter, (fuse, row));
        // Of several that end with one goroutine, the first is the longest.
        if fuse.kind == FuseKind::Late && fuse.count == 1 && told != Some(fuse.row) {
            told = Some(fuse.row);
            let held =
                fuse.hearing().and_then(|row| frame.ctx.held(frame.slot, table::Row::Hearing(row)));
            if let Some(held) = held.filter(|held| !held.brief.is_empty()) {
                words::held_ui(scene, frame, painter, (fuse, row), badge, &held.brief);
            }
        }
    }
}

/// An overstay at the end of its fuse, and where it is; none where there is no room and the column
/// of names has it.
fn overstay(
    ui: &Ui,
    scene: &Scene,
    frame: &Frame<'_>,
    painter: &Painter,
    (fuse, row): (&FuseRecord, &RowRecord),
) -> Option<Rect> {
    let (theme, width) = (frame.ctx.theme, frame.canvas.width());
    let loud = fuse.kind == FuseKind::Late;
    let text = scene.text(fuse.text);
    let font = if loud { widgets::small_strong_font() } else { widgets::small_font() };
    let color = if loud { theme.late_text } else { theme.weak };
    let color = if fuse.dimmed { theme.dimmed(color) } else { color };
    let galley = ui.painter().layout_no_wrap(text.to_owned(), font, color);
    let end =
        paint::snap(frame.canvas.left() + fuse.x1, ui.pixels_per_point()) - frame.canvas.left();
    let anchor = side(end, galley.size().x + 12.0, width, || names::says(frame, row, fuse))?;
    let x = if anchor == Align2::LEFT_CENTER { end + END_PX + 6.0 } else { end.min(width) - 7.0 };
    let at = frame.canvas.min + vec2(x, words::line_of(row));
    let rect = anchor.anchor_size(at, galley.size());
    // Whoever lives on has its spans there, with names on them.
    let ground = if loud { theme.late_soft } else { theme.canvas };
    let ground = if fuse.dimmed { theme::fade(ground, 0.4) } else { ground };
    let around = rect.expand2(vec2(4.0, 0.5));
    painter.rect_filled(around, 3.0, ground);
    painter.galley(rect.min, galley, color);
    Some(around)
}

/// Where an overstay goes: right of its fuse's end if there is room, else left of it. There it would
/// cover the very end that it is about: if that is on screen, and the number is told elsewhere, it
/// is left out.
fn side(end: f32, needed_px: f32, width: f32, told: impl FnOnce() -> bool) -> Option<Align2> {
    if end + needed_px < width {
        return Some(Align2::LEFT_CENTER);
    }
    if end <= width && told() { None } else { Some(Align2::RIGHT_CENTER) }
}

/// Arrows of the selection.
pub(super) fn arrows(scene: &Scene, theme: &Theme, sketch: &mut Sketch) {
    for arrow in &scene.arrows {
        let color = match arrow.kind {
            _ if arrow.late => theme.late,
            ArrowKind::Wake => theme.accent,
            ArrowKind::Create => theme.better,
            ArrowKind::Reach => theme.weak,
        };
        let color = theme::fade(color, if arrow.kind == ArrowKind::Reach { 0.55 } else { 0.85 });
        let (from, to) = ([arrow.x0, arrow.y0], [arrow.x1, arrow.y1]);
        let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
        let length = dx.hypot(dy).max(1e-3);
        let (ux, uy) = (dx / length, dy / length);
        let neck = [to[0] - ux * HEAD, to[1] - uy * HEAD];
        sketch.line(from, neck, 1.2, color);
        let side = [-uy * HEAD * 0.55, ux * HEAD * 0.55];
        sketch.triangle(
            [to, [neck[0] + side[0], neck[1] + side[1]], [neck[0] - side[0], neck[1] - side[1]]],
            color,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overstay_covers_no_end_for_a_number_that_is_told_elsewhere() {
        let (right, left) = (Some(Align2::LEFT_CENTER), Some(Align2::RIGHT_CENTER));
        assert_eq!(side(200.0, 60.0, 300.0, || true), right);
        assert_eq!(side(250.0, 60.0, 300.0, || true), None);
        assert_eq!(side(250.0, 60.0, 300.0, || false), left, "of a group nothing else tells");
        assert_eq!(side(364.0, 60.0, 300.0, || true), left, "it goes on beyond the screen");
    }
}
