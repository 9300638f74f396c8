//! The line above the cancel view.

use egui::Ui;

use crate::ui::command::Command;
use crate::ui::ctx::{Ctx, count, short_function};
use crate::ui::details::cancel_kind;
use crate::ui::nothing::{UNHEARD, no_cancels_text};
use crate::ui::sheet::Sheet;
use crate::ui::side;
use crate::ui::state::What;
use crate::ui::widgets::{strong, swatch_ui, weak};

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
        let like = ctx.state.cancel_site.and_then(|row| sheet.cancel(row));
        match like {
            Some(cancel) => {
                swatch_ui(ui, theme.cause(cancel.cause));
                let site = match cancel.site {
                    Some(site) => {
                        let trace = sheet.trace();
                        let function = short_function(trace.string(site.function));
                        format!("{} in {function}", cancel_kind(sheet, cancel))
                    }
                    None => cancel_kind(sheet, cancel),
                };
                ui.label(strong(site));
                let n = count(sheet.n_cancels_shown, "cancel");
                ui.label(weak(theme, format!("{n} of {all}, each at time zero")));
                if ui.button("Show all cancels").clicked() {
                    ctx.send(Command::CancelSite(None));
                }
            }
            None if all == 0 => drop(ui.label(strong("No cancels"))),
            None => {
                ui.label(strong(count(all, "cancel")));
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
            }
        }
    });
}
