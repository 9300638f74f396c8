//! The strip that shows the whole trace, with the part that is on screen.

use egui::{CornerRadius, CursorIcon, Id, Rect, Sense, Stroke, StrokeKind, Ui, WidgetInfo, vec2};

use super::paint::Sketch;
use super::{Frame, TimelinePanel};
use crate::scene::{Overview, Viewport};
use crate::ui::app::Gestures;
use crate::ui::command::{Command, Look};
use crate::ui::look::{interval_to_first, to_first};
use crate::ui::state::{Selected, What};
use crate::ui::theme::{self, size};
use crate::ui::widgets::{self, text_at};

/// How near the pointer must be to an edge of the window to drag it, in points.
const GRAB: f32 = 5.0;
/// Height of the late marks along the strip's upper edge, in points.
const LATE: f32 = 6.0;

impl TimelinePanel {
    /// The strip; a drag moves the window on it, a click on a late mark goes there.
    pub(super) fn strip_ui(
        &mut self,
        ui: &mut Ui,
        frame: &Frame<'_>,
        strip: Rect,
        wanted: Viewport,
        gestures: &mut Gestures,
    ) {
        let ctx = frame.ctx;
        let theme = ctx.theme;
        let area = Rect::from_x_y_ranges(frame.canvas.x_range(), strip.y_range());
        let painter = ui.painter_at(strip);
        painter.rect_filled(strip, 0.0, theme.window);
        let name = strip.with_max_x(frame.names.right());
        let what = if frame.sheet.is_preview { "preview: the first" } else { "whole trace," };
        let whole = format!("{what} {}", frame.sheet.duration(frame.sheet.interval().ns()));
        let at = name.left_center() + vec2(8.0, 0.0);
        let font = widgets::small_font();
        text_at(&painter, at, &whole, font, theme.weak, name.width() - 16.0);
        self.fill_overview(frame, area);
        let mut sketch = Sketch::new(area.min, ui.pixels_per_point());
        // Of two traces the shorter one leaves room.
        let trace = frame.sheet.interval();
        let (from, to) = Overview::place(whole_of(frame), trace, area.width());
        for [x0, x1] in [[0.0, from], [to, area.width()]] {
            if x1 - x0 > 1.0 {
                sketch.rect([x0, 0.0, x1, area.height()], theme.void);
            }
        }
        for column in &self.overview.density {
            let color = theme::mix(theme.window, theme.state(column.class), 0.85);
            sketch.rect([column.x0, column.y0 + LATE, column.x1, column.y1 + LATE], color);
        }
        for late in &self.overview.late {
            sketch.rect(
                [late.x0, 0.0, late.x1.max(late.x0 + 2.0), area.height()],
                theme::fade(theme.late, 0.30),
            );
            sketch.rect([late.x0, 0.0, late.x1.max(late.x0 + 2.0), LATE], theme.late);
        }
        sketch.finish(&painter);
        let window = window_of(frame, area);
        for side in [area.with_max_x(window.left()), area.with_min_x(window.right())] {
            painter.rect_filled(side, 0.0, theme::fade(theme.window, 0.62));
        }
        painter.rect_stroke(
            window,
            CornerRadius::same(2),
            Stroke::new(1.0, theme.weak),
            StrokeKind::Inside,
        );
        painter.hline(strip.x_range(), strip.bottom() - 0.5, Stroke::new(1.0, theme.line));
        self.strip_input(ui, frame, area, window, wanted, gestures);
    }

    /// Refills the records if anything changed that they depend on.
    fn fill_overview(&mut self, frame: &Frame<'_>, area: Rect) {
        let budget_ns = frame.ctx.state.prefs.budget_ns;
        #[expect(clippy::cast_possible_truncation, reason = "a key to compare")]
        let width = (area.width() * 8.0) as i64;
        let indexed = frame.sheet.indexed;
        let whole = whole_of(frame);
        let key = (frame.sheet.serial, indexed, width, budget_ns, whole);
        if self.overview_key != Some(key) {
            self.overview_key = Some(key);
            let height = size::OVERVIEW - LATE;
            let size = (area.width(), height);
            self.overview.fill(frame.sheet.source(), whole, size, budget_ns);
        }
    }

    fn strip_input(
        &self,
        ui: &Ui,
        frame: &Frame<'_>,
        area: Rect,
        window: Rect,
        wanted: Viewport,
        gestures: &mut Gestures,
    ) {
        let id = Id::unique(("overview", frame.slot));
        let response = ui.interact(area, id, Sense::click_and_drag());
        response.widget_info(|| {
            let n = self.overview.late.iter().map(|late| late.count).sum::<u32>();
            let what = if frame.sheet.is_preview { "Preview" } else { "Whole trace" };
            WidgetInfo::labeled(egui::Role::Image, true, format!("{what}: {n} late exits"))
        });
        let Some(at) = response.hover_pos().or(response.interact_pointer_pos()) else { return };
        let near = |edge: f32| (at.x - edge).abs() <= GRAB;
        if near(window.left()) || near(window.right()) {
            ui.ctx().set_cursor_icon(CursorIcon::ResizeHorizontal);
        } else if response.hovered() {
            ui.ctx().set_cursor_icon(CursorIcon::PointingHand);
        }
        if let (true, Some(what)) = (response.clicked(), self.late_at(at.x - area.left())) {
            frame.ctx.send(Command::Jump(Selected { slot: frame.slot, what }));
            return;
        }
        if response.drag_started() {
            gestures.next();
        }
        if !response.dragged() && !response.clicked() {
            return;
        }
        let mut to = wanted;
        let origin = ui.input(|input| input.pointer.press_origin()).unwrap_or(at);
        let whole = whole_of(frame);
        let time = |x: f32| {
            let time = Overview::time_at(whole, x - area.left(), area.width());
            to_first(frame.ctx, frame.slot, time)
        };
        let seen = interval_to_first(frame.ctx, frame.slot, frame.viewport.visible());
        let on_edge = |edge: f32| (origin.x - edge).abs() <= GRAB * 2.0;
        if response.dragged() && !window.contains(origin) && !on_edge(window.left()) {
            // A new window is drawn out.
            let (a, b) = (time(origin.x), time(at.x));
            to.show(crate::base::Interval::new(a.min(b), a.max(b)), 0.0);
        } else {
            // The window is moved so that its middle is under the pointer.
            let middle = time(at.x);
            let half = seen.ns() / 2;
            let from = middle - half;
            to.show(crate::base::Interval::new(from, from + seen.ns()), 0.0);
        }
        let look = Look { to, glide: response.clicked(), gesture: Some(gestures.current()) };
        frame.ctx.send(Command::Look(look));
    }

    /// The late exit at a position on the strip.
    fn late_at(&self, x: f32) -> Option<What> {
        let near = |late: &&crate::scene::LateRecord| late.x0 - 3.0 <= x && x <= late.x1 + 3.0;
        self.overview
            .late
            .iter()
            .find(near)
            .map(|late| late.hearing.map_or(What::Goroutine(late.goroutine), What::Hearing))
    }
}

/// What the strip shows from edge to edge, on the trace's clock: the trace, or of two that are
/// compared what holds both, so that the strips have one scale.
fn whole_of(frame: &Frame<'_>) -> crate::base::Interval {
    frame.viewport.bounds()
}

/// The part that is on screen, never narrower than can be seen.
fn window_of(frame: &Frame<'_>, area: Rect) -> Rect {
    let (left, right) = Overview::window(whole_of(frame), &frame.viewport, area.width());
    let right = right.max(left + 3.0).min(area.width());
    let left = left.min(right - 3.0);
    Rect::from_x_y_ranges(area.left() + left..=area.left() + right, area.y_range())
}
