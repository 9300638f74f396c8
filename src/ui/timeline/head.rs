//! The line above the cancel view.

use egui::{Align, Label, Layout, Ui};

use crate::ui::command::Command;
use crate::ui::ctx::{Ctx, count, thousands};
use crate::ui::nothing::{UNHEARD, no_cancels_text};
use crate::ui::sheet::Sheet;
use crate::ui::side;
use crate::ui::sites;
use crate::ui::state::What;
use crate::ui::widgets::{strong, weak};

/// What a trace without a cancel can and cannot tell.
pub(super) fn no_cancels_ui(ui: &mut Ui, ctx: &Ctx<'_>, sheet: &Sheet) {
    let what = no_cancels_text(sheet);
    ui.add_space((ui.available_height() * 0.3).max(16.0));
    ui.vertical_centered(|ui| {
        ui.set_max_width(460.0);
        ui.label(strong(what));
        ui.add_space(4.0);
        if sheet.is_whole() {
            ui.label(weak(ctx.theme, UNHEARD));
        }
    });
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
                ui.add(Label::new(weak(theme, text)).truncate());
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
