//! The budget's field in the top bar.

use std::cell::RefCell;
use std::ops::RangeInclusive;

use egui::{DragValue, Stroke, Ui, WidgetInfo};

use super::super::act::say;
use super::super::app::Gestures;
use super::super::command::Command;
use super::super::ctx::Ctx;
use super::super::widgets::caption;
use crate::base::Clock;

/// Width of the field in points: ticks take more digits than any time.
const WIDTH: f32 = 76.0;
/// The largest budget that can be dragged to: an hour, in nanoseconds.
const MAX_NS: f64 = 3.6e12;

/// What it is for.
const TIP: &str = "The budget: a goroutine that leaves later than this after its context was \
                   cancelled is late. Drag, or click and write: 10 (or 10ms), 1.5s; ticks where \
                   the trace counts them";

/// What the field remembers.
#[derive(Debug, Default)]
pub(super) struct BudgetField {
    /// Whether the cursor is in it.
    writing: bool,
    /// What was written that is no duration, and the budget that it has left as it was.
    refused: Option<(String, i64)>,
}

impl BudgetField {
    /// Whether the cursor is in it.
    pub(super) fn is_writing(&self) -> bool {
        self.writing
    }

    /// The field after its caption: an overstay beyond the budget is late.
    pub(super) fn field_ui(
        &mut self,
        ui: &mut Ui,
        ctx: &Ctx<'_>,
        gestures: &mut Gestures,
        words: &str,
    ) {
        let budget_ns = ctx.state.prefs.budget_ns;
        self.refused.take_if(|(_, of_ns)| self.writing || *of_ns != budget_ns);
        let color = if self.refused.is_some() { ctx.theme.late_text } else { ctx.theme.weak };
        ui.label(caption(ctx.theme, words).color(color));
        // Its own part of the window's memory: what is before it comes and goes.
        ui.push_id("budget", |ui| self.value_ui(ui, ctx, gestures));
    }

    fn value_ui(&mut self, ui: &mut Ui, ctx: &Ctx<'_>, gestures: &mut Gestures) {
        let budget_ns = ctx.state.prefs.budget_ns;
        #[expect(clippy::cast_precision_loss, reason = "shown with three digits")]
        let mut ns = budget_ns as f64;
        let speed = (ns * 0.01).max(1_000.0);
        let clock = ctx.clock();
        let refused = RefCell::new(None);
        let value = DragValue::new(&mut ns)
            .range(RangeInclusive::new(0.0, MAX_NS))
            .speed(speed)
            .custom_formatter(move |ns, _| clock.text(whole_ns(ns)))
            .custom_parser(|text| match parse_budget(clock, text) {
                #[expect(clippy::cast_precision_loss, reason = "shown with three digits")]
                Some(ns) => Some(ns as f64),
                None => {
                    *refused.borrow_mut() = Some(text.trim().to_owned());
                    None
                }
            });
        if self.refused.is_some() {
            let inactive = &mut ui.visuals_mut().widgets.inactive;
            inactive.weak_bg_fill = ctx.theme.late_soft;
            inactive.bg_stroke = Stroke::new(1.0, ctx.theme.late_text);
        }
        // As wide for each duration: what is beside it stays where it is while it is dragged.
        let height = ui.spacing().interact_size.y;
        let response = ui.add_sized([WIDTH, height], value);
        self.writing = response.has_focus();
        // Half a duration is none either: it is said when the writing has ended.
        if let Some(text) = refused.take().filter(|_| !self.writing) {
            say(ctx, refused_text(&text));
            self.refused = Some((text, budget_ns));
        }
        response.widget_info(|| WidgetInfo::slider(true, ns, "Budget"));
        if response.drag_started() {
            gestures.next();
        }
        // All of a drag is undone at once; what is written is a step of its own.
        let gesture = response.dragged().then(|| gestures.current());
        let tip = match &self.refused {
            Some((text, _)) => &refused_text(text),
            None => TIP,
        };
        if response.on_hover_text(tip).changed() {
            ctx.send(Command::SetBudget(whole_ns(ns), gesture));
        }
    }
}

fn refused_text(text: &str) -> String {
    format!("“{text}” is not a duration: write 10ms or 1.5s, for example")
}

/// A duration; a number without a unit counts milliseconds, as budgets mostly do.
fn parse_budget(clock: Clock, text: &str) -> Option<i64> {
    let in_ms = || clock.parse(&format!("{}ms", text.trim())).ok();
    clock.parse(text).ok().or_else(|| in_ms().filter(|_| clock == Clock::Nanoseconds))
}

#[expect(clippy::cast_possible_truncation, reason = "saturates")]
fn whole_ns(ns: f64) -> i64 {
    ns.round() as i64
}

#[cfg(test)]
mod tests {
    use super::{Clock, parse_budget};

    #[test]
    fn a_bare_number_is_a_budget_in_milliseconds() {
        for (text, ns) in
            [("10", Some(10_000_000)), (" 1.5 ", Some(1_500_000)), ("2s", Some(2_000_000_000))]
        {
            assert_eq!(parse_budget(Clock::Nanoseconds, text), ns, "{text}");
        }
        for text in ["", "abc", "-5", "ms"] {
            assert_eq!(parse_budget(Clock::Nanoseconds, text), None, "{text}");
        }
        assert_eq!(parse_budget(Clock::Ticks, "10"), Some(10));
    }
}
