//! Who is stuck, of whom no cancel tells how late they are: what is said of them everywhere.

use egui::{Label, Ui, WidgetInfo};

use super::ctx::{Ctx, count, short_names, thousands};
use super::details::rule_title;
use super::sheet::Sheet;
use super::step;
use super::widgets::{caption, strong};
use crate::analysis::{Analysis, Document, Finding, Rule, Stuck};

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

/// Of a trace that has stuck goroutines, for how long those of each rule are, the longest first.
#[derive(Debug, Default)]
pub(crate) struct ByRule {
    rows: Vec<(Rule, Vec<i64>)>,
}

impl ByRule {
    /// Sorts them once: there can be a million.
    pub(crate) fn new(analysis: &Analysis) -> Self {
        let mut rows: Vec<(Rule, Vec<i64>)> = Vec::new();
        for stuck in analysis.stuck_over(i64::MIN) {
            let Some(finding) = analysis.findings().get(stuck.finding as usize) else { continue };
            let ns = stuck.interval.ns();
            match rows.iter_mut().find(|(rule, _)| *rule == finding.rule) {
                Some((_, of)) => of.push(ns),
                None => rows.push((finding.rule, vec![ns])),
            }
        }
        Self { rows }
    }

    /// How many of each rule have been stuck for longer than that, in words; nothing if all are of
    /// one: `379 still alive, 71 pile-up`. Costs a binary search.
    pub(crate) fn text(&self, over_ns: i64) -> Option<String> {
        let parts = self.rows.iter().filter_map(|(rule, of)| {
            let n = of.partition_point(|&ns| ns > over_ns) as u64;
            (n > 0).then(|| format!("{} {}", thousands(n), rule_title(*rule).to_lowercase()))
        });
        let parts: Vec<String> = parts.collect();
        (parts.len() > 1).then(|| parts.join(", "))
    }
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
    // Each finding counts its own: what they come to is told beside the sum.
    if let Some(by_rule) = sheet.stuck_by_rule().text(ctx.state.prefs.budget_ns) {
        ui.label(caption(ctx.theme, by_rule)).on_hover_text("By the finding that tells of them");
    }
}
