//! Who is stuck, of whom no cancel tells how late they are: what is said of them everywhere.

use egui::{Label, Ui, WidgetInfo};

use super::ctx::{Ctx, count, short_names, thousands};
use super::sheet::Sheet;
use super::step;
use super::widgets::strong;
use crate::analysis::{Document, Finding, Stuck};

/// For how long a goroutine is stuck, in words: the trace may have ended before it did.
pub(crate) fn stuck_text(document: &Document, stuck: &Stuck) -> String {
    let ns = document.trace().clock().text(stuck.interval.ns());
    if stuck.ended { format!("was stuck for {ns}") } else { format!("stuck ≥ {ns}") }
}

/// How many are stuck, where there is little room.
pub(crate) fn n_stuck_text(n: u64) -> String {
    format!("{} stuck", thousands(n))
}

/// For how long a goroutine is stuck, `between`, and what is said of it; gives the finding that
/// says so.
pub(crate) fn stuck_ui<'a>(
    ui: &mut Ui,
    ctx: &Ctx<'_>,
    sheet: &'a Sheet,
    stuck: &Stuck,
    between: impl FnOnce(&mut Ui),
) -> Option<&'a Finding> {
    let text = stuck_text(&sheet.document, stuck);
    let text = if stuck.ended { format!("It {text}") } else { format!("Still alive, {text}") };
    let late = ctx.is_late(stuck.interval.ns());
    let color = if late { ctx.theme.late_text } else { ctx.theme.text };
    ui.label(strong(text).color(color));
    between(ui);
    let finding = sheet.document.analysis().findings().get(stuck.finding as usize)?;
    ui.add(Label::new(short_names(&finding.message)).wrap());
    Some(finding)
}

/// How many of a trace are stuck; a click leads to the worst.
pub(crate) fn worst_ui(ui: &mut Ui, ctx: &Ctx<'_>, sheet: &Sheet) {
    let n = sheet.document.analysis().stuck_over(ctx.state.prefs.budget_ns).len();
    if n == 0 {
        return;
    }
    let text = format!("{} stuck", count(n, "goroutine"));
    let spoken = format!("{text}: show the worst");
    let text = strong(text).color(ctx.theme.late_text);
    let button = ui.add(egui::Button::new(text).frame(false));
    button.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &spoken));
    let tip = "Not late after a cancel: stuck, or left over. A click leads to the worst.";
    if button.on_hover_text(tip).clicked() {
        step::stuck(ctx, sheet);
    }
}
