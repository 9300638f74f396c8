//! The line above the cancel view.

use egui::{Align, Label, Layout, Ui};

use crate::ui::command::Command;
use crate::ui::ctx::{Ctx, count, thousands};
use crate::ui::nothing::{UNHEARD, empty_ui, no_cancels_text};
use crate::ui::sheet::Sheet;
use crate::ui::side;
use crate::ui::sites;
use crate::ui::state::What;
use crate::ui::widgets::{strong, weak};

/// What a trace without a cancel can and cannot tell.
pub(super) fn no_cancels_ui(ui: &mut Ui, ctx: &Ctx<'_>, sheet: &Sheet) {
    let more = if sheet.is_whole() { UNHEARD } else { "" };
    empty_ui(ui, ctx.theme, &no_cancels_text(sheet), more);
}

/// What the cancel view shows, above it.
pub(super) fn cancel_head_ui(ui: &mut Ui, ctx: &Ctx<'_>, sheet: &Sheet) {
    let theme = ctx.theme;
    ui.horizontal(|ui| {
        side::switch_ui(ui, ctx);
        let all = sheet.document.analysis().cancels().len();
        if all == 0 {
            ui.label(strong("No cancels"));
            return;
        }
        sites::choice_ui(ui, ctx, sheet);
        if ctx.state.cancel_site.is_some() {
            let n = count(sheet.n_cancels_shown, "cancel");
            let all = thousands(all as u64);
            let text = format!("{n} of {all}, each at time zero");
            ui.add(Label::new(weak(theme, text)).truncate());
            return;
        }
        // The button has its room first: the sentence is cut.
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let row = selected_cancel(ctx, sheet).filter(|_| all > 1);
            if let Some(row) = row
                && ui.button("Only this cancel's site").clicked()
            {
                ctx.send(Command::CancelSite(Some(row)));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let text = if all == 1 { "at time zero" } else { "each at time zero" };
                let text = format!("{text}, the latest exits first");
                let font = egui::TextStyle::Body.resolve(ui.style());
                let whole = ui.painter().layout_no_wrap(text.clone(), font, theme.weak);
                // Its first letters alone would tell nothing.
                if whole.size().x <= ui.available_width() {
                    ui.label(weak(theme, text));
                }
            });
        });
    });
}

/// The cancel that is selected, or whose hearing is.
fn selected_cancel(ctx: &Ctx<'_>, sheet: &Sheet) -> Option<u32> {
    match ctx.state.selected?.what {
        What::Cancel(row) => Some(row),
        What::Hearing(row) => sheet.hearing(row).map(|hearing| hearing.cancel),
        What::Goroutine(_) | What::Span(..) => None,
    }
}
