//! Where the pointer is in time, what was measured out, and marks.

use egui::{Align2, Color32, Rect, Ui, pos2, vec2};

use super::{Frame, Kind, hover, x_of};
use crate::base::{Interval, Time};
use crate::scene::reaches;
use crate::ui::ctx::count;
use crate::ui::stretch;
use crate::ui::table::Pool;
use crate::ui::theme::{self, size};
use crate::ui::widgets;

/// From a label's text to the ends of its ground, in points.
const PAD: f32 = 4.0;
/// Where the row of flags has its middle, below the axis's upper edge, in points.
const ABOVE_PX: f32 = 9.0;
/// Where labels have theirs below its lower edge.
const BELOW_PX: f32 = 12.0;

/// The moment that is pointed at, here or on the other of two timelines.
pub(super) struct Pointed {
    x: f32,
    text: String,
    /// Where its time is written on the axis.
    label: Rect,
}

impl Pointed {
    /// Whether nothing is left of a label of the axis below it.
    pub(super) fn covers(&self, label: Rect) -> bool {
        self.label.expand2(vec2(6.0, 1.0)).intersects(label)
    }

    /// Goes to the row above, that of the flags, if it would leave the axis without two labels.
    pub(super) fn spare(&mut self, frame: &Frame<'_>, labels: impl Iterator<Item = Rect>) {
        let labels: Vec<Rect> = labels.collect();
        let left = labels.iter().filter(|label| !self.covers(**label)).count();
        if left < 2 && left < labels.len() {
            let center = pos2(self.label.center().x, frame.canvas.top() + ABOVE_PX);
            self.label = Rect::from_center_size(center, self.label.size());
        }
    }
}

/// What is pointed at at a position, if that is on the canvas.
pub(super) fn pointed(ui: &Ui, frame: &Frame<'_>, x: f32) -> Option<Pointed> {
    if !frame.canvas.x_range().contains(x) {
        return None;
    }
    let at = frame.viewport.time_from_x(f64::from(x - frame.canvas.left()));
    let text = hover::pointed_text(frame, at);
    let color = frame.ctx.theme.text;
    let size = ui.painter().layout_no_wrap(text.clone(), widgets::small_font(), color).size();
    // Near the canvas's ends it stands beside the hairline, and is whole.
    let half = size.x / 2.0 + PAD;
    let (from, to) = (frame.canvas.left() + half, frame.canvas.right() - half);
    let center = pos2(within(x, from, to), frame.canvas.top() + size::AXIS - 8.0);
    Some(Pointed { x, text, label: Align2::CENTER_CENTER.anchor_size(center, size) })
}

/// A position moved between two ends; the first if they leave no room.
fn within(x: f32, from: f32, to: f32) -> f32 {
    x.min(to).max(from)
}

/// A vertical hairline at what is pointed at, with the time on the axis.
pub(super) fn crosshair(ui: &Ui, frame: &Frame<'_>, painter: &egui::Painter, pointed: &Pointed) {
    let theme = frame.ctx.theme;
    let (top, bottom) = (frame.canvas.top(), frame.canvas.bottom());
    let color = theme::fade(theme.text, 0.25);
    painter.vline(pointed.x, top + size::AXIS..=bottom, egui::Stroke::new(1.0, color));
    label(ui, painter, pointed.label.center(), &pointed.text, theme.text, theme.raised);
}

/// The measured stretch, and the marks.
pub(super) fn range_and_marks(ui: &Ui, frame: &Frame<'_>, painter: &egui::Painter) {
    if frame.kind != Kind::All {
        return;
    }
    let theme = frame.ctx.theme;
    let (top, bottom) = (frame.canvas.top(), frame.canvas.bottom());
    if let Some(range) = frame.ctx.state.range {
        let (left, right) = (x_of(frame, range.start), x_of(frame, range.end));
        let area = Rect::from_min_max(pos2(left, top), pos2(right, bottom));
        painter.rect_filled(area, 0.0, theme::fade(theme.accent, 0.12));
        for x in [left, right] {
            painter.vline(x, top..=bottom, egui::Stroke::new(1.0, theme.accent));
        }
        let text = range_text(frame, range);
        let at = pos2(left.midpoint(right), top + size::AXIS + BELOW_PX);
        label(ui, painter, at, &text, theme.on_loud, theme.accent);
    }
    for mark in &frame.ctx.state.marks {
        let x = x_of(frame, mark.at);
        painter.vline(x, top + size::AXIS - 6.0..=bottom, egui::Stroke::new(1.0, theme.accent));
        // In the row of the flags it would lie over what they say.
        let at = pos2(x, top + size::AXIS + BELOW_PX);
        label(ui, painter, at, &mark.number.to_string(), theme.on_loud, theme.accent);
    }
}

/// How long a stretch is, and how many cancels and late exits are in it.
fn range_text(frame: &Frame<'_>, range: Interval) -> String {
    /// Of more late exits than this their number waits until it has been worked out.
    const FEW: usize = 2_000;
    let (sheet, state) = (frame.sheet, frame.ctx.state);
    let analysis = sheet.document.analysis();
    let own = stretch::measured(state, frame.slot).unwrap_or(range);
    let first_from = |at: Time| analysis.cancels().partition_point(|cancel| cancel.at < at);
    let n_cancels = first_from(own.end).saturating_sub(first_from(own.start));
    let mut text = format!("{}: {}", sheet.duration(range.ns()), count(n_cancels, "cancel"));
    let budget_ns = state.prefs.budget_ns;
    let all = Pool::all(analysis).late(budget_ns);
    let late = match sheet.measured_now(state, frame.slot) {
        Some(measured) => Some(Pool::of(analysis, &measured.stretch).late(budget_ns).len()),
        None if all.len() > FEW => None,
        None => {
            let windows = all.iter().filter_map(|&row| sheet.hearing(row));
            let windows = windows.map(|hearing| sheet.document.window(hearing));
            Some(windows.filter(|&window| reaches(window, own)).count())
        }
    };
    if let Some(n) = late {
        text = format!("{text}, {}", count(n, "late exit"));
    }
    if state.rows.within.is_some() {
        text.push_str(" – all else is left out");
    }
    text
}

/// A text on a small ground, centered.
fn label(
    ui: &Ui,
    painter: &egui::Painter,
    center: egui::Pos2,
    text: &str,
    color: Color32,
    ground: Color32,
) {
    let galley = ui.painter().layout_no_wrap(text.to_owned(), widgets::small_font(), color);
    let rect = Align2::CENTER_CENTER.anchor_size(center, galley.size());
    painter.rect_filled(rect.expand2(vec2(PAD, 1.0)), 3.0, ground);
    painter.galley(rect.min, galley, color);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_stays_within_the_canvas() {
        for (x, at) in [(500.0, 500.0), (995.0, 960.0), (2.0, 40.0)] {
            assert!((within(x, 40.0, 960.0) - at).abs() < 0.1, "{x}");
        }
        assert!((within(5.0, 40.0, 20.0) - 40.0).abs() < 0.1, "where there is no room");
    }
}
