//! The canvas: what is painted in which order, and what the pointer is at.

use std::sync::Arc;

use egui::{Align2, Color32, Galley, PointerButton, Rect, Response, Ui, vec2};

use super::paint::Sketch;
use super::pointer::{self, Pointed};
use super::spans::{self, DIMMED};
use super::{Frame, Kind, TimelinePanel, flags, fuses, hover, tips, x_of};
use crate::scene::{
    BandKind, BarKind, BarRecord, MarkerKind, Row, RowRecord, SpanFlags, StateClass,
};
use crate::ui::theme::{self, Theme, size};
use crate::ui::widgets;

/// How much higher what is written stands on a lane with a loud fuse, in points.
pub(super) const LATE_RISE_PX: f32 = 2.0;
/// How much of the accent is in a task's bar, so that it is no state's color.
const TASK_TINT: f32 = 0.2;
/// The height of a bar of which next to nothing is filled, as a share of the lane's.
const LOWEST_BAR: f32 = 0.22;
/// Spans at least this wide are written on, in points.
pub(super) const NAMED_PX: f32 = 46.0;

impl TimelinePanel {
    /// Paints the canvas and answers the pointer.
    pub(super) fn canvas_ui(&mut self, ui: &mut Ui, frame: &Frame<'_>, response: &Response) {
        let theme = frame.ctx.theme;
        let painter = ui.painter_at(frame.canvas);
        painter.rect_filled(frame.canvas, 0.0, theme.canvas);
        let below_axis = frame.canvas.with_min_y(frame.canvas.top() + size::AXIS);
        let lanes = painter.with_clip_rect(below_axis.intersect(ui.clip_rect()));
        let sketch = || Sketch::new(frame.canvas.min, ui.pixels_per_point());
        let mut ground = sketch();
        self.ground(frame, &mut ground);
        self.spans(frame, &mut ground);
        ground.finish(&lanes);
        self.plots(frame, &lanes);
        let mut over = sketch();
        fuses::lines(&self.scene, frame, &mut over);
        fuses::fuses(&self.scene, frame, &mut over);
        over.finish(&lanes);
        // A fuse burns along the foot of its lane: it must not take the feet off the letters.
        self.span_names(frame, &lanes);
        let mut top = sketch();
        fuses::arrows(&self.scene, theme, &mut top);
        self.sticky(frame, &mut top);
        top.finish(&lanes);
        fuses::overstays(ui, &self.scene, frame, &lanes);
        let labels = self.tick_labels(frame, &painter);
        let mut pointed = pointed(ui, frame, response);
        if let Some(pointed) = &mut pointed {
            pointed.spare(frame, labels.iter().map(|(rect, _)| *rect));
        }
        self.axis(ui, frame, &painter, labels, pointed.as_ref());
        if frame.rows.n_lanes() == 0 {
            self.no_lanes(frame, &painter);
        }
        pointer::range_and_marks(ui, frame, &painter);
        if let Some(pointed) = &pointed {
            pointer::crosshair(ui, frame, &painter, pointed);
        }
        self.pointer_ui(ui, frame, response);
    }

    /// Why there is no lane: below the other rows, and on a ground of its own where they leave no
    /// room.
    fn no_lanes(&self, frame: &Frame<'_>, painter: &egui::Painter) {
        let theme = frame.ctx.theme;
        let (font, text) = (widgets::body_font(), hover::no_lanes_text(frame));
        let room = frame.canvas.width() - 16.0;
        let galley = painter.layout(text, font, theme.weak, room.max(80.0));
        let free = self.scene.rows.last().map_or(size::AXIS, |row| row.y1);
        let least = frame.canvas.top() + free + galley.size().y;
        let most = frame.canvas.bottom() - galley.size().y;
        let y = frame.canvas.center().y.max(least).min(most);
        let center = egui::pos2(frame.canvas.center().x, y);
        let rect = Align2::CENTER_CENTER.anchor_size(center, galley.size());
        painter.rect_filled(rect.expand2(vec2(8.0, 4.0)), 4.0, theme.canvas);
        painter.galley(rect.min, galley, theme.weak);
    }

    /// The labels of the axis that are whole, and where they go.
    fn tick_labels(&self, frame: &Frame<'_>, painter: &egui::Painter) -> Vec<(Rect, Arc<Galley>)> {
        let theme = frame.ctx.theme;
        let named = self.scene.ticks.iter().filter(|tick| !tick.text.is_empty());
        let placed = named.map(|tick| {
            let text = self.scene.text(tick.text).to_owned();
            let galley = painter.layout_no_wrap(text, widgets::small_font(), theme.weak);
            let at = vec2(tick.x + 4.0, size::AXIS - 8.0 - galley.size().y / 2.0);
            (Rect::from_min_size(frame.canvas.min + at, galley.size()), galley)
        });
        let range = frame.canvas.x_range();
        placed.filter(|(at, _)| range.contains(at.left()) && range.contains(at.right())).collect()
    }

    /// Bands, heading backgrounds, grid, late stretches.
    fn ground(&self, frame: &Frame<'_>, sketch: &mut Sketch) {
        let theme = frame.ctx.theme;
        let (top, bottom, right) = (size::AXIS, frame.canvas.height(), frame.canvas.width());
        for tick in self.scene.ticks.iter().filter(|tick| !tick.text.is_empty()) {
            sketch.rect([tick.x, top, tick.x, bottom], theme.grid);
        }
        for row in &self.scene.rows {
            if let Row::Header(_) = row.row {
                sketch.rect([0.0, row.y0, right, row.y0], theme.grid);
            }
            if row.selected {
                let wash = theme::fade(theme.accent_soft, 0.55);
                sketch.rect([0.0, row.y0, right, row.y1], wash);
            }
        }
        for band in &self.scene.bands {
            let area = [band.x0, top, band.x1, bottom];
            match band.kind {
                BandKind::Outside => sketch.rect(area, theme.void),
                BandKind::Gap => {
                    sketch.rect(area, theme.void);
                    sketch.hatch(area, theme.line);
                }
                // As strong as it is filled: all that a screen of narrow ones has is its share.
                BandKind::Gc => {
                    sketch.rect(area, theme::fade(theme.state(StateClass::Gc), 0.35 * band.share));
                }
                BandKind::StopTheWorld => {
                    sketch.rect(area, theme::fade(theme.text, 0.10 * band.share));
                }
            }
        }
        fuses::late_ground(&self.scene, frame, sketch);
    }

    /// Histograms of collapsed groups, spans, bars and marks.
    fn spans(&self, frame: &Frame<'_>, sketch: &mut Sketch) {
        let theme = frame.ctx.theme;
        for column in &self.scene.density {
            let color = theme::mix(theme.canvas, theme.state(column.class), 0.72);
            sketch.rect([column.x0, column.y0, column.x1, column.y1], color);
        }
        spans::spans(&self.scene, theme, sketch);
        for bar in &self.scene.bars {
            let color = bar_color(theme, bar.kind);
            let dimmed = self.scene.rows.get(bar.row as usize).is_some_and(|row| row.dimmed);
            let color = if dimmed { theme::fade(color, DIMMED) } else { color };
            sketch.rect([bar.x0, bar_top(bar), bar.x1, bar.y1], color);
        }
        for mark in &self.scene.markers {
            let dimmed = self.scene.rows.get(mark.row as usize).is_some_and(|row| row.dimmed);
            marker(sketch, theme, mark, if dimmed { 0.35 } else { 1.0 });
        }
    }

    fn plots(&self, frame: &Frame<'_>, painter: &egui::Painter) {
        let theme = frame.ctx.theme;
        for plot in &self.scene.plots {
            let points = self.scene.points.get(plot.start as usize..plot.end as usize);
            let points: Vec<egui::Pos2> =
                points.unwrap_or(&[]).iter().map(|&[x, y]| frame.canvas.min + vec2(x, y)).collect();
            let Some(row) = self.scene.rows.get(plot.row as usize) else { continue };
            let color = plot_color(theme, row.row, plot.line);
            painter.line(points, egui::Stroke::new(1.3, color));
        }
    }

    /// What wide spans and bars are, written on them.
    fn span_names(&self, frame: &Frame<'_>, painter: &egui::Painter) {
        let theme = frame.ctx.theme;
        let trace = frame.sheet.trace();
        for span in &self.scene.spans {
            let (left, right) = (span.x0.max(0.0), span.x1.min(frame.canvas.width()));
            let mixed = span.flags.has(SpanFlags::MIXED);
            if right - left < NAMED_PX || mixed || span.y1 - span.y0 < 13.0 {
                continue;
            }
            let Some(row) = self.scene.rows.get(span.row as usize) else { continue };
            let Row::Lane { goroutine, zero, .. } = row.row else { continue };
            let viewport = frame.viewport.shifted(zero.ns());
            let middle = viewport.time_from_x(f64::from(left.midpoint(right)));
            let Some(found) = trace.span_at(goroutine, middle) else { continue };
            let text = hover::span_label(trace, &found, right - left);
            if text.is_empty() {
                continue;
            }
            let color = name_color(theme, span.class, row.dimmed);
            // Above the fuse, which would take the feet off the letters.
            let up = if row.late { LATE_RISE_PX } else { 0.0 };
            let at = frame.canvas.min + vec2(left + 5.0, span.y0.midpoint(span.y1) - up);
            let room = right - left - 9.0;
            let font = widgets::small_font();
            let galley = painter.layout_no_wrap(text.clone(), font.clone(), color);
            // A word is written whole or not at all; of a function's name the beginning tells.
            if galley.size().x <= room || room >= hover::WITH_FUNCTION_PX {
                widgets::text_at(painter, at, &text, font, color, room);
            }
        }
        for bar in &self.scene.bars {
            let (left, right) = (bar.x0.max(0.0), bar.x1.min(frame.canvas.width()));
            if right - left < 28.0 || bar.y1 - bar.y0 < 9.0 || bar.is_merged() {
                continue;
            }
            let text = hover::bar_label(frame, bar);
            let dimmed = self.scene.rows.get(bar.row as usize).is_some_and(|row| row.dimmed);
            let color = match bar.kind {
                BarKind::Task(_) => theme.on_state(StateClass::Blocked),
                // It is as dark on light, and as light on dark, as text.
                BarKind::StopTheWorld => theme.canvas,
                _ => theme.on_patch,
            };
            let color = if dimmed { theme::fade(color, 0.35) } else { color };
            let at = frame.canvas.min + vec2(left + 4.0, bar.y0.midpoint(bar.y1));
            widgets::text_at(painter, at, &text, widgets::small_font(), color, right - left - 7.0);
        }
    }

    /// The heading that stays in sight.
    fn sticky(&self, frame: &Frame<'_>, sketch: &mut Sketch) {
        if let Some(row) = self.scene.sticky {
            let right = frame.canvas.width();
            sketch.rect([0.0, row.y0, right, row.y1], frame.ctx.theme.band);
            sketch.rect([0.0, row.y1 - 0.5, right, row.y1 + 0.5], frame.ctx.theme.line);
        }
    }

    fn axis(
        &self,
        ui: &Ui,
        frame: &Frame<'_>,
        painter: &egui::Painter,
        labels: Vec<(Rect, Arc<Galley>)>,
        pointed: Option<&Pointed>,
    ) {
        let theme = frame.ctx.theme;
        let axis = Rect::from_min_size(frame.canvas.min, vec2(frame.canvas.width(), size::AXIS));
        painter.rect_filled(axis, 0.0, theme.panel);
        let mut sketch = Sketch::new(frame.canvas.min, ui.pixels_per_point());
        for tick in &self.scene.ticks {
            let length = if tick.text.is_empty() { 3.0 } else { 6.0 };
            sketch.rect([tick.x, size::AXIS - length, tick.x, size::AXIS], theme.faint);
        }
        sketch.rect([0.0, size::AXIS - 0.5, axis.width(), size::AXIS + 0.5], theme.line);
        flags::poles(&self.scene, theme, &mut sketch);
        sketch.finish(painter);
        for (rect, galley) in labels {
            // What is pointed at is written over it: half a label would be another number.
            if !pointed.is_some_and(|it| it.covers(rect)) {
                // No pole goes through a label.
                painter.rect_filled(rect.expand2(vec2(2.0, -1.0)), 0.0, theme.panel);
                painter.galley(rect.min, galley, theme.weak);
            }
        }
        flags::flags(ui, &self.scene, frame, painter);
    }

    /// Tooltip, click and double-click.
    fn pointer_ui(&mut self, ui: &mut Ui, frame: &Frame<'_>, response: &Response) {
        self.hint = None;
        let before = self.pointer.take();
        let here = response.hover_pos().filter(|_| !response.dragged());
        let first = here.and_then(|at| self.time_at(at.x, frame.canvas));
        self.pointer = first.filter(|_| frame.kind == Kind::All);
        if self.pointer != before && frame.ctx.comparing() {
            // The other timeline shows it, too, and may have been painted already.
            ui.ctx().request_repaint();
        }
        let hit = here.and_then(|at| {
            let place = at - frame.canvas.min;
            self.scene.hit(&frame.view(), place.x, place.y)
        });
        self.menu_ui(frame, response, hit);
        let Some((at, hit)) = here.zip(hit) else { return };
        self.hint = Some(hover::hint(&self.scene, frame, hit, at.x));
        hover::cursor(ui, hit);
        if response.clicked() {
            self.click(frame, hit);
        }
        if response.double_clicked_by(PointerButton::Primary) {
            self.double_click(frame, hit);
        }
        let scene = &self.scene;
        // Where there is nothing to say, no empty frame follows the pointer.
        if !tips::has_tooltip(scene, frame, hit) {
            return;
        }
        response.clone().on_hover_ui_at_pointer(|ui| tips::tooltip_ui(ui, scene, frame, hit));
    }
}

/// What the pointer is at here, or at the same moment on the other of two timelines.
fn pointed(ui: &Ui, frame: &Frame<'_>, response: &Response) -> Option<Pointed> {
    let here = response.hover_pos().filter(|_| !response.dragged()).map(|at| at.x);
    let there = || frame.pointed_beside.map(|first| x_of(frame, first));
    pointer::pointed(ui, frame, here.or_else(there)?)
}

fn name_color(theme: &Theme, class: StateClass, dimmed: bool) -> Color32 {
    let color = theme.on_state(class);
    if dimmed { theme::fade(color, 0.35) } else { color }
}

/// The top of a bar: the higher, the more of what is drawn is filled. What is far narrower than a
/// pixel can be seen all the same.
fn bar_top(bar: &BarRecord) -> f32 {
    bar.y1 - (bar.y1 - bar.y0) * bar.share.max(LOWEST_BAR)
}

/// The color of a bar that is no state of a goroutine.
pub(crate) fn bar_color(theme: &Theme, kind: BarKind) -> Color32 {
    match kind {
        BarKind::Gc => theme::fade(theme.patch(StateClass::Gc), 0.75),
        BarKind::StopTheWorld => theme::fade(theme.text, 0.6),
        BarKind::Proc(_) | BarKind::Thread(_) => {
            theme::fade(theme.patch(StateClass::Running), 0.55)
        }
        // There can be a screen full of them: no louder than a lane that waits.
        BarKind::Task(_) => theme::mix(theme.state(StateClass::Blocked), theme.accent, TASK_TINT),
        BarKind::Region(_) => theme::fade(theme.patch(StateClass::Network), 0.55),
    }
}

fn marker(sketch: &mut Sketch, theme: &Theme, mark: &crate::scene::MarkerRecord, opacity: f32) {
    let (x, y0, y1) = (mark.x, mark.y0 + 1.0, mark.y1 - 1.0);
    let middle = y0.midpoint(y1);
    let color = theme::fade(theme.weak, opacity);
    match mark.kind {
        MarkerKind::Born => sketch.rect([x - 1.0, y0, x, y1], color),
        MarkerKind::Ended => {
            let end = sketch.column(x);
            let color = theme::fade(theme.text, opacity);
            sketch.rect([end, y0, end + fuses::END_PX, y1], color);
        }
        MarkerKind::Before => {
            sketch.triangle(
                [[x - 1.0, middle], [x - 5.0, middle - 3.0], [x - 5.0, middle + 3.0]],
                color,
            );
        }
        MarkerKind::After => {
            sketch.triangle(
                [[x + 5.0, middle], [x + 1.0, middle - 3.0], [x + 1.0, middle + 3.0]],
                color,
            );
        }
        MarkerKind::Log => {
            let color = theme::fade(theme.accent, opacity);
            sketch.triangle([[x, y0 + 4.0], [x - 2.5, y0], [x + 2.5, y0]], color);
        }
    }
}

/// The color of a plot's line.
pub(super) fn plot_color(theme: &Theme, row: Row, line: u8) -> Color32 {
    match (row, line) {
        (Row::HeapPlot, 0) => theme.patch(StateClass::Network),
        (Row::HeapPlot, _) => theme.faint,
        (_, 0) => theme.patch(StateClass::Running),
        (_, 1) => theme.patch(StateClass::Runnable),
        (_, 2) => theme.patch(StateClass::Syscall),
        _ => theme.weak,
    }
}

/// Whether a row is a goroutine's lane.
pub(super) fn lane_of(row: &RowRecord) -> Option<crate::base::Goroutine> {
    match row.row {
        Row::Lane { goroutine, .. } => Some(goroutine),
        _ => None,
    }
}
