//! The budget as a line in the plots, which can be dragged.

use egui::{CornerRadius, CursorIcon, Id, Rect, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use egui_plot::{PlotPoint, PlotTransform};

use super::{LEAST, log10_ns, ns_from_log10};
use crate::analysis::Rules;
use crate::ui::app::Gestures;
use crate::ui::command::Command;
use crate::ui::ctx::{Ctx, Open};
use crate::ui::theme;

/// How near the pointer must be to the line to take hold of it, in points.
const GRAB_PX: f32 = 6.0;
/// Width and height of the grip on the line, in points.
const GRIP_PX: egui::Vec2 = vec2(9.0, 18.0);
/// The longest budget that it can be dragged to, as a power of ten in nanoseconds.
const MOST: f64 = 12.0;

/// What the line remembers while it is held.
#[derive(Debug, Default)]
pub(crate) struct BudgetLine {
    held: Option<Held>,
    /// What the plots went on showing after the last drag, of which traces: letting go of the line
    /// does not move it from under the pointer.
    kept: Option<(Open, (f64, f64))>,
}

/// A drag that goes on.
#[derive(Clone, Copy, Debug)]
struct Held {
    /// What the plots showed when it began. They keep to it: an axis that follows the budget would
    /// run away under the pointer.
    range: (f64, f64),
    /// How far right of the line it was taken hold of, in points.
    off_px: f32,
}

impl BudgetLine {
    /// Whether the line is being dragged.
    pub(crate) fn is_held(&self) -> bool {
        self.held.is_some()
    }

    /// The powers of ten that the plots show.
    pub(super) fn range(&self, ctx: &Ctx<'_>) -> (f64, f64) {
        let budget = log10_ns(ctx.state.prefs.budget_ns.max(1_000));
        let holds = |(low, high): &(f64, f64)| (*low..=*high).contains(&budget);
        let kept = self.kept.filter(|(of, _)| *of == ctx.open()).map(|(_, range)| range);
        let held = self.held.map(|held| held.range);
        held.or(kept.filter(holds)).unwrap_or_else(|| range(ctx))
    }

    /// The line over a plot: a drag of it sets the budget, a double-click puts it back.
    pub(super) fn line_ui(
        &mut self,
        ui: &Ui,
        ctx: &Ctx<'_>,
        gestures: &mut Gestures,
        plot: &str,
        transform: &PlotTransform,
    ) {
        let frame = *transform.frame();
        let budget_ns = ctx.state.prefs.budget_ns;
        let line = PlotPoint::new(log10_ns(budget_ns), 0.0);
        let line_px = transform.position_from_point(&line).x;
        let reach = Rect::from_x_y_ranges(line_px - GRAB_PX..=line_px + GRAB_PX, frame.y_range());
        let id = Id::unique(("budget_line", plot));
        let response = ui.interact(reach.intersect(frame), id, Sense::click_and_drag());
        let spoken = format!("Budget in the {plot}");
        #[expect(clippy::cast_precision_loss, reason = "told with three digits")]
        response.widget_info(|| WidgetInfo::slider(true, budget_ns as f64, &spoken));
        let lit = response.hovered() || response.dragged();
        paint(ui, ctx, frame, line_px, lit);
        if lit {
            ui.ctx().set_cursor_icon(CursorIcon::ResizeHorizontal);
        }
        if response.double_clicked() {
            ctx.send(Command::SetBudget(Rules::default().late_over_ns, None));
        }
        if response.drag_started() {
            let from = ui.input(|input| input.pointer.press_origin());
            // What lies beside the line is not the line, however near it is to nothing else.
            let on_it = from.filter(|from| (from.x - line_px).abs() <= GRAB_PX);
            gestures.next();
            self.held = on_it
                .map(|from| Held { range: self.range(ctx), off_px: from.x - line_px })
                .or(self.held);
        }
        self.follow(ctx, &response, transform, gestures.current());
        let usual = ctx.clock().text(Rules::default().late_over_ns);
        response.on_hover_text(format!("The budget: drag it. Double-click for {usual}"));
    }

    /// Sets the budget to where the line is dragged.
    fn follow(
        &mut self,
        ctx: &Ctx<'_>,
        response: &egui::Response,
        transform: &PlotTransform,
        gesture: u64,
    ) {
        if let (true, Some(held), Some(at)) =
            (response.dragged(), self.held, response.interact_pointer_pos())
        {
            let place = pos2(at.x - held.off_px, at.y);
            let wanted = transform.value_from_position(place).x;
            let ns = ns_from_log10(wanted.clamp(held.range.0.max(LEAST), held.range.1.min(MOST)));
            if ns != ctx.state.prefs.budget_ns {
                ctx.send(Command::SetBudget(ns, Some(gesture)));
            }
        }
        if response.drag_stopped() {
            self.kept = self.held.take().map(|held| (ctx.open(), held.range)).or(self.kept);
        }
    }
}

/// The line, and the grip by which it is seen to be movable.
fn paint(ui: &Ui, ctx: &Ctx<'_>, frame: Rect, line_px: f32, lit: bool) {
    let theme = ctx.theme;
    let painter = ui.painter_at(frame);
    let color = if lit { theme.accent } else { theme.text };
    let width = if lit { 2.0 } else { 1.2 };
    painter.vline(line_px, frame.y_range(), Stroke::new(width, color));
    let grip = Rect::from_center_size(pos2(line_px, frame.top() + GRIP_PX.y / 2.0), GRIP_PX);
    painter.rect_filled(grip, CornerRadius::same(3), color);
    let groove = theme::mix(color, theme.panel, 0.75);
    for off in [-1.5, 1.5] {
        let y = egui::Rangef::new(grip.top() + 5.0, grip.bottom() - 5.0);
        painter.vline(line_px + off, y, Stroke::new(1.0, groove));
    }
}

/// The powers of ten between which all overstays of all open traces lie, and the budget.
fn range(ctx: &Ctx<'_>) -> (f64, f64) {
    let budget = log10_ns(ctx.state.prefs.budget_ns.max(1_000));
    let (mut low, mut high) = (budget - 1.0, budget + 1.0);
    for (_, sheet) in ctx.sheets.iter() {
        let Some(analysis) = sheet.as_ref().map(|sheet| sheet.document.analysis()) else {
            continue;
        };
        let ends = [analysis.worst_first.first(), analysis.worst_first.last()];
        for row in ends.into_iter().flatten() {
            if let Some(hearing) = analysis.hearings().get(*row as usize) {
                low = low.min(log10_ns(hearing.overstay_ns));
                high = high.max(log10_ns(hearing.overstay_ns));
            }
        }
    }
    ((low - 0.2).max(LEAST) - 0.15, high + 0.3)
}
