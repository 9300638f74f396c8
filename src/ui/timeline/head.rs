//! The line above the cancel view.

use egui::Ui;

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
            ui.label(weak(theme, format!("{n} of {all}, each at time zero")));
            return;
        }
        ui.label(weak(theme, "each at time zero, the latest exits first"));
        let selected = ctx.state.selected.map(|selected| selected.what);
        let row = match selected {
            Some(What::Cancel(row)) => Some(row),
            Some(What::Hearing(row)) => sheet.hearing(row).map(|hearing| hearing.cancel),
            _ => None,
        };
        if let Some(row) = row.filter(|_| all > 1)
            && ui.button("Only this cancel's site").clicked()
        {
            ctx.send(Command::CancelSite(Some(row)));
        }
    });
}
