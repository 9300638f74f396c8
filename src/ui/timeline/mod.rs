//! Lanes over time: one panel for each trace, and one for the cancel view.
//!
//! A panel reads its input first and paints after, so that what is dragged follows the pointer
//! within the same frame. What to paint comes from [`crate::scene`], whose cost follows the
//! screen; this module turns its records into one mesh and some texts.

mod canvas;
mod clicks;
mod edge;
mod flags;
mod fuses;
mod head;
mod held;
mod hover;
mod input;
mod menu;
mod names;
mod paint;
mod pointer;
mod reveal;
mod scrollbar;
mod spans;
mod strip;
mod tips;
mod words;

pub(crate) use canvas::bar_color;

use egui::{Rect, Ui, pos2, vec2};

use super::app::Gestures;
use super::command::Scroll;
use super::ctx::Ctx;
use super::look::from_first;
use super::sheet::Sheet;
use super::slot::{Pair, Slot};
use super::state::What;
use super::theme::size;
use super::widgets::{caption, weak};
use crate::base::{Goroutine, Interval, Time};
use crate::scene::{Layout, Overview, Rows, Scene, Selection, Show, View, Viewport};

/// Beside a comparison's table a timeline lower than this leaves out the strip of the whole trace,
/// in points.
const LOW_PX: f32 = 215.0;

/// What a panel shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    /// All goroutines of a trace.
    All,
    /// Those that cancels reached, each with its cancel as time zero.
    Cancels,
}

/// What a panel remembers between frames.
#[derive(Debug, Default)]
pub(crate) struct TimelinePanel {
    scene: Scene,
    overview: Overview,
    /// What the overview was filled for: trace, width, budget, stretch.
    overview_key: Option<(u64, bool, i64, i64, Interval)>,
    /// The stretch of time that is shown while the picture glides to the one that is wanted.
    shown: Option<Viewport>,
    /// The moment under the pointer, on the first trace's clock.
    pointer: Option<Time>,
    /// What is under the pointer, for the status bar.
    hint: Option<String>,
    /// Height of the rows' part in points.
    page_px: f64,
    /// How far the rows could be scrolled.
    max_scroll: f64,
    input: input::Motion,
    /// What was clicked for a menu last.
    menu: Option<menu::About>,
}

impl TimelinePanel {
    /// The moment under the pointer, on the first trace's clock.
    pub(crate) fn pointer_time(&self) -> Option<Time> {
        self.pointer
    }

    /// The topmost lane of a goroutine, and how far it is above the rows' upper edge in pixels,
    /// if the rows are scrolled at all.
    pub(crate) fn top_lane(&self, scroll_px: f64) -> Option<(Goroutine, f64)> {
        if scroll_px <= 0.0 {
            return None;
        }
        let mut lanes = self.scene.rows.iter();
        let (goroutine, y0) = lanes.find_map(|row| Some((canvas::lane_of(row)?, row.y0)))?;
        Some((goroutine, f64::from(size::AXIS - y0)))
    }

    /// The stretch of time that is shown.
    pub(crate) fn shown(&self) -> Option<Viewport> {
        self.shown
    }

    /// Height of the rows' part in points, once it has been shown.
    pub(crate) fn page_px(&self) -> Option<f64> {
        (self.page_px > 0.0).then_some(self.page_px)
    }

    /// What is under the pointer, in one line.
    pub(crate) fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// A scroll position moved by pages.
    pub(crate) fn paged(&self, from: f64, pages: f64) -> f64 {
        (from + pages * self.page_px * 0.9).clamp(0.0, self.max_scroll)
    }
}

/// One frame's view of one trace: what the parts of the panel share.
struct Frame<'a> {
    ctx: &'a Ctx<'a>,
    slot: Slot,
    sheet: &'a Sheet,
    rows: &'a Rows,
    kind: Kind,
    /// The canvas: axis and rows, without the column of names.
    canvas: Rect,
    /// The column of names, as high as the canvas.
    names: Rect,
    /// The stretch of time, on the clock of the rows.
    viewport: Viewport,
    /// How far the rows are scrolled.
    scroll: f64,
    /// What is pointed at on the other of two timelines, on the first trace's clock.
    pointed_beside: Option<Time>,
}

impl Frame<'_> {
    /// What the scene is filled for.
    fn view(&self) -> View<'_> {
        let prefs = &self.ctx.state.prefs;
        View {
            source: self.sheet.source(),
            rows: self.rows,
            viewport: self.viewport,
            layout: Layout {
                height_px: self.canvas.height(),
                axis_px: size::AXIS,
                ..Layout::default()
            },
            scroll_px: self.scroll,
            selection: self.selection(),
            budget_ns: prefs.budget_ns,
            show: Show {
                cancels: prefs.overlays.cancels,
                arrows: prefs.overlays.arrows,
                gc: prefs.overlays.gc,
                stop_the_world: prefs.overlays.stop_the_world,
            },
            wakers: self.sheet.wakers.get(),
        }
    }

    fn selection(&self) -> Selection {
        let selected = self.ctx.state.selected.filter(|selected| selected.slot == self.slot);
        let Some(selected) = selected else { return Selection::default() };
        match selected.what {
            What::Goroutine(goroutine) => {
                Selection { goroutine: Some(goroutine), ..Selection::default() }
            }
            What::Span(goroutine, at) => {
                let span = self.sheet.trace().span_at(goroutine, at);
                Selection {
                    goroutine: Some(goroutine),
                    span: span.map(|span| span.interval()),
                    cancel: None,
                }
            }
            What::Cancel(row) => Selection { cancel: Some(row), ..Selection::default() },
            What::Hearing(row) => {
                let hearing = self.sheet.hearing(row);
                Selection {
                    goroutine: hearing.map(|hearing| hearing.goroutine),
                    span: None,
                    cancel: hearing.map(|hearing| hearing.cancel),
                }
            }
        }
    }

    /// Which scroll position this is.
    fn scroll_id(&self) -> Scroll {
        match self.kind {
            Kind::All => Scroll::Timeline(self.slot),
            Kind::Cancels => Scroll::Cancel,
        }
    }
}

/// The timeline of the open trace, or both one above the other.
pub(crate) fn both_ui(
    ui: &mut Ui,
    ctx: &Ctx<'_>,
    panels: &mut Pair<TimelinePanel>,
    gestures: &mut Gestures,
) {
    let area = ui.available_rect_before_wrap();
    let slots: Vec<Slot> =
        Slot::BOTH.into_iter().filter(|&slot| ctx.sheet(slot).is_some()).collect();
    #[expect(clippy::cast_precision_loss, reason = "one or two")]
    let height = area.height() / slots.len().max(1) as f32;
    for (at, slot) in slots.into_iter().enumerate() {
        #[expect(clippy::cast_precision_loss, reason = "0 or 1")]
        let top = area.top() + height * at as f32;
        let part = Rect::from_min_size(pos2(area.left(), top), vec2(area.width(), height));
        let Some(sheet) = ctx.sheet(slot) else { continue };
        let pointed_beside = panels[slot.other()].pointer.filter(|_| ctx.comparing());
        let panel = &mut panels[slot];
        match &sheet.rows {
            Some(built) => {
                let viewport = ctx.state.viewport;
                let (rows, kind, rect) = (&built.rows, Kind::All, part);
                let part = Part { slot, sheet, rows, kind, rect, pointed_beside };
                panel.part_ui(ui, ctx, &part, viewport, gestures);
            }
            None => drop(ui.put(part, egui::Label::new(caption(ctx.theme, "Arranging lanes…")))),
        }
    }
}

/// The cancel view of the trace in focus.
pub(crate) fn cancels_ui(
    ui: &mut Ui,
    ctx: &Ctx<'_>,
    panel: &mut TimelinePanel,
    gestures: &mut Gestures,
) {
    let Some((slot, sheet)) = ctx.focus() else { return };
    let head =
        egui::Frame::new().fill(ctx.theme.panel).inner_margin(egui::Margin::symmetric(10, 5));
    egui::Panel::top("cancel_head").frame(head).show(ui, |ui| {
        head::cancel_head_ui(ui, ctx, sheet);
    });
    let rect = ui.available_rect_before_wrap();
    if sheet.document.analysis().cancels().is_empty() {
        head::no_cancels_ui(ui, ctx, sheet);
        return;
    }
    let Some(rows) = &sheet.cancel_rows else {
        ui.put(rect, egui::Label::new(caption(ctx.theme, "Arranging lanes…")));
        return;
    };
    let Some(bounds) = rows.cancel_bounds() else {
        let text = "No goroutine is known to have been reached by a cancel here.";
        ui.put(rect, egui::Label::new(weak(ctx.theme, text)));
        return;
    };
    let viewport = ctx
        .state
        .cancel_viewport
        .filter(|viewport| viewport.bounds() == bounds)
        .unwrap_or_else(|| Viewport::new(bounds, 1000.0));
    let kind = Kind::Cancels;
    let part = Part { slot, sheet, rows, kind, rect, pointed_beside: None };
    panel.part_ui(ui, ctx, &part, Some(viewport), gestures);
}

/// Which rows go where.
struct Part<'a> {
    slot: Slot,
    sheet: &'a Sheet,
    rows: &'a Rows,
    kind: Kind,
    rect: Rect,
    pointed_beside: Option<Time>,
}

impl TimelinePanel {
    /// Overview strip, names, canvas and scroll bar of one trace.
    fn part_ui(
        &mut self,
        ui: &mut Ui,
        ctx: &Ctx<'_>,
        part: &Part<'_>,
        wanted: Option<Viewport>,
        gestures: &mut Gestures,
    ) {
        let Some(mut wanted) = wanted else { return };
        // In a low window the lanes of two traces need the room of both strips.
        let is_low = ctx.state.view == super::state::View::Compare && part.rect.height() < LOW_PX;
        let has_strip = part.kind == Kind::All && !is_low;
        let strip_height = if has_strip { size::OVERVIEW } else { 0.0 };
        let names_width = edge::names_width(ctx, part.rect);
        let (strip, below) = part.rect.split_top_bottom_at_y(part.rect.top() + strip_height);
        let (names, rest) = below.split_left_right_at_x(below.left() + names_width);
        let (canvas, bar) = rest.split_left_right_at_x(rest.right() - size::SCROLL_BAR);
        wanted.set_width(f64::from(canvas.width()));
        self.page_px = f64::from((canvas.height() - size::AXIS).max(1.0));
        self.max_scroll = part.rows.max_scroll(self.page_px);
        let scroll = match part.kind {
            Kind::All => ctx.state.scroll[part.slot],
            Kind::Cancels => ctx.state.cancel_scroll,
        };
        let mut frame = Frame {
            ctx,
            slot: part.slot,
            sheet: part.sheet,
            rows: part.rows,
            kind: part.kind,
            canvas,
            names,
            viewport: wanted,
            scroll: scroll.clamp(0.0, self.max_scroll),
            pointed_beside: part.pointed_beside,
        };
        let response = self.read_input(ui, &mut frame, &mut wanted, gestures);
        self.glide(ui, ctx, wanted);
        frame.viewport = self.on_rows_clock(&frame, wanted);
        self.scene.fill(&frame.view());
        self.canvas_ui(ui, &frame, &response);
        self.names_ui(ui, &frame);
        edge::edge_ui(ui, &frame, part.rect);
        if strip_height > 0.0 {
            self.strip_ui(ui, &frame, strip, wanted, gestures);
        }
        if is_low {
            // The strip would have kept the two apart.
            let line = egui::Stroke::new(1.0, ctx.theme.line);
            ui.painter().hline(part.rect.x_range(), part.rect.top() + 0.5, line);
        }
        self.scrollbar_ui(ui, &frame, bar, gestures);
        self.reveal(&frame, wanted, gestures);
    }

    /// Moves the stretch of time that is shown toward the one that is wanted.
    fn glide(&mut self, ui: &Ui, ctx: &Ctx<'_>, wanted: Viewport) {
        /// How much of the way is left after this many seconds: 1/e.
        const SLOWNESS_SECS: f64 = 0.05;
        let animated = ui.style().animation_time > 0.0 && ctx.state.glide;
        let from = self.shown.filter(|shown| animated && shown.bounds() == wanted.bounds());
        let Some(mut from) = from else {
            self.shown = Some(wanted);
            return;
        };
        from.set_width(wanted.width_px());
        let passed = f64::from(ui.input(|input| input.stable_dt.min(0.05)));
        let next = from.toward(&wanted, 1.0 - (-passed / SLOWNESS_SECS).exp());
        let off_px = wanted.x_from_time(next.visible().start).abs()
            + (wanted.x_from_time(next.visible().end) - wanted.width_px()).abs();
        if off_px < 1.0 {
            self.shown = Some(wanted);
        } else {
            self.shown = Some(next);
            ui.ctx().request_repaint();
        }
    }

    /// What is shown, on the clock of the rows: the second trace has its own.
    fn on_rows_clock(&self, frame: &Frame<'_>, wanted: Viewport) -> Viewport {
        let shown = self.shown.unwrap_or(wanted);
        match (frame.kind, frame.slot, frame.ctx.state.link) {
            (Kind::All, Slot::After, Some(link)) => link.second(&shown),
            _ => shown,
        }
    }

    /// A moment under a position on the canvas, on the first trace's clock.
    fn time_at(&self, x: f32, canvas: Rect) -> Option<Time> {
        Some(self.shown?.time_from_x(f64::from(x - canvas.left())))
    }
}

/// A moment of the first trace's clock as a position on the canvas.
fn x_of(frame: &Frame<'_>, first: Time) -> f32 {
    let time = match frame.kind {
        Kind::All => from_first(frame.ctx, frame.slot, first),
        Kind::Cancels => first,
    };
    frame.canvas.left() + frame.viewport.x_on_screen(time)
}
