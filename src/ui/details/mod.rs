//! The panel of what is selected: a goroutine, a span, a cancel, an overstay; or the findings.

mod cancel;
mod card;
mod compared;
mod findings;
mod goroutine;
mod overstay;
mod parts;
mod stack;
mod stretch;
mod text;
mod tree;
mod wakes;

use egui::{Align, Layout, Margin, ScrollArea, Ui};

use super::command::Command;
use super::ctx::{Ctx, Open};
use super::keys::{self, Action};
use super::sheet::Sheet;
use super::slot::Slot;
use super::state::{Selected, State, What};
use super::widgets::{icon_button_ui, strong};
use crate::analysis::GroupKind;

pub(crate) use cancel::{cancel_kind, cancel_title};
pub(crate) use card::{rule_title, severity_color, worst_of};
pub(crate) use findings::INCOMPLETE;
pub(crate) use overstay::verdict;
pub(crate) use stack::is_library;
pub(crate) use text::{as_text, span_text};

/// What the panel remembers.
#[derive(Debug, Default)]
pub(crate) struct DetailsPanel {
    /// What it showed last, a row of a comparison besides, and of which traces: something else
    /// begins at the top.
    shown: (Option<Selected>, Option<(GroupKind, String)>, Open),
    /// The finding that it showed among the others last.
    finding: Option<(Slot, usize)>,
    /// Whether it showed a stretch of time last.
    stretch: bool,
}

impl DetailsPanel {
    /// The whole panel.
    pub(crate) fn panel_ui(&mut self, ui: &mut Ui, ctx: &Ctx<'_>) {
        let State { selected, compared, finding, .. } = ctx.state;
        let looked_for = finding.map(|at| (at.slot, at.row));
        let is_list = looked_for.is_some() || selected.is_none() && compared.is_none();
        let (was, was_compared, was_open) = &self.shown;
        let was_list = self.finding.is_some() || was.is_none() && was_compared.is_none();
        let is_same = *was_open == ctx.open();
        let changed = was != selected || was_compared != compared || self.finding != looked_for;
        // What is done on a card leaves it under the pointer.
        let turned =
            std::mem::replace(&mut self.stretch, ctx.state.range_shown) != ctx.state.range_shown;
        let to_top = !is_same || turned || changed && !(was_list && is_list);
        if changed || !is_same {
            self.shown = (*selected, compared.clone(), ctx.open());
            self.finding = looked_for;
        }
        let margin = egui::Frame::new().inner_margin(Margin::symmetric(12, 6));
        margin.show(ui, |ui| head_ui(ui, ctx));
        ui.add_space(-4.0);
        ui.separator();
        let mut area = ScrollArea::vertical().auto_shrink(false);
        if to_top {
            area = area.vertical_scroll_offset(0.0);
        }
        area.show(ui, |ui| {
            egui::Frame::new().inner_margin(Margin::symmetric(12, 2)).show(ui, |ui| {
                ui.set_width(ui.available_width());
                content_ui(ui, ctx, to_top);
                ui.add_space(16.0);
            });
        });
    }
}

/// The title, and back and forward.
fn head_ui(ui: &mut Ui, ctx: &Ctx<'_>) {
    ui.horizontal(|ui| {
        let measured = ctx.state.range_shown;
        let shown = ctx.state.selected.filter(|_| ctx.state.finding.is_none() && !measured);
        let title = match shown.map(|selected| selected.what) {
            _ if measured => "Stretch of time",
            None if ctx.state.compared.is_some() => "Compared",
            None => "Findings",
            Some(What::Goroutine(_)) => "Goroutine",
            Some(What::Span(..)) => "Span",
            Some(What::Cancel(_)) => "Cancel",
            Some(What::Hearing(_)) => "Overstay",
        };
        ui.label(strong(title));
        if let (true, Some(selected)) = (ctx.comparing(), shown) {
            let color = ctx.theme.side[selected.slot as usize];
            super::widgets::badge_ui(ui, ctx.theme, selected.slot.name(), color);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let key = |action| keys::key_text(ui.ctx(), action);
            let (back, forward, close) =
                (key(Action::Back), key(Action::Forward), key(Action::Escape));
            let any = ctx.state.selected.is_some() || ctx.state.compared.is_some();
            if measured && icon_button_ui(ui, "×", "Let go of the stretch", &close).clicked() {
                ctx.send(Command::Range(None));
            }
            if any && !measured && icon_button_ui(ui, "×", "Select nothing", &close).clicked() {
                ctx.send(Command::Select(None));
            }
            ui.add_enabled_ui(ctx.state.trail.can_forward(), |ui| {
                if icon_button_ui(ui, "→", "Forward", &forward).clicked() {
                    ctx.send(Command::Forward);
                }
            });
            let in_front = ctx.state.finding.is_some() || measured;
            let is_waiting = in_front && ctx.state.selected.is_some();
            ui.add_enabled_ui(is_waiting || ctx.state.trail.can_back(), |ui| {
                if icon_button_ui(ui, "←", "Back", &back).clicked() {
                    ctx.send(Command::Back);
                }
            });
            if ctx.state.range.is_some() && !measured {
                let tip = "Show what happened in the stretch that was measured out";
                if ui.button("Stretch").on_hover_text(tip).clicked() {
                    ctx.send(Command::ShowRange);
                }
            }
        });
    });
}

/// The page of what is selected; the findings, if one of them is looked at or nothing is selected.
/// `scroll` says that another page was shown before.
fn content_ui(ui: &mut Ui, ctx: &Ctx<'_>, scroll: bool) {
    if ctx.state.range_shown {
        stretch::page_ui(ui, ctx);
        return;
    }
    let Some(selected) = ctx.state.selected.filter(|_| ctx.state.finding.is_none()) else {
        if !compared::page_ui(ui, ctx) {
            findings::list_ui(ui, ctx, scroll);
        }
        return;
    };
    let Some(sheet) = ctx.sheet(selected.slot) else { return };
    let page = Page { ctx, sheet, selected };
    match selected.what {
        What::Goroutine(goroutine) => goroutine::page_ui(ui, &page, goroutine),
        What::Span(goroutine, at) => {
            if let Some(span) = sheet.trace().span_at(goroutine, at) {
                goroutine::span_ui(ui, &page, goroutine, &span);
            }
            goroutine::page_ui(ui, &page, goroutine);
        }
        What::Cancel(row) => {
            if let Some(cancel) = sheet.cancel(row) {
                cancel::page_ui(ui, &page, cancel);
            }
        }
        What::Hearing(row) => {
            if let Some(hearing) = sheet.hearing(row) {
                overstay::page_ui(ui, &page, row, hearing);
            }
        }
    }
}

/// What every part of the panel is about.
struct Page<'a> {
    ctx: &'a Ctx<'a>,
    sheet: &'a Sheet,
    selected: Selected,
}

impl Page<'_> {
    /// What was worked out about the selection, once it has been.
    fn explanation(&self) -> Option<&super::explain::Explanation> {
        let (about, explanation) = self.sheet.explanation.as_ref()?;
        (*about == self.selected).then_some(explanation)
    }

    /// Selects something of the same trace and brings it into view.
    fn jump(&self, what: What) {
        self.ctx.send(Command::Jump(Selected { slot: self.selected.slot, what }));
    }
}
