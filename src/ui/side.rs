//! Which of two traces a page is about, and the switch between them.

use egui::{RichText, Ui, WidgetInfo};

use super::command::Command;
use super::compare::twin_of;
use super::ctx::Ctx;
use super::keys::{Action, key_text};
use super::slot::Slot;

/// In a comparison the switch; nothing where there is one trace.
pub(crate) fn switch_ui(ui: &mut Ui, ctx: &Ctx<'_>) {
    if !ctx.comparing() {
        return;
    }
    ui.add_space(8.0);
    let keys = key_text(ui.ctx(), Action::OtherTrace);
    for slot in Slot::BOTH {
        let selected = slot == ctx.state.focus;
        let text = RichText::new(slot.name()).color(ctx.theme.side[slot as usize]);
        let button = egui::Button::selectable(selected, text).frame_when_inactive(true);
        let button = ui.add(button).on_hover_text(format!("{keys} shows the other one"));
        let spoken = format!("Show the trace {}", slot.name());
        button.widget_info(|| {
            WidgetInfo::selected(egui::Role::RadioButton, true, selected, spoken.as_str())
        });
        if button.clicked() {
            show(ctx, slot);
        }
    }
}

/// Makes the pages be about one of two traces. If it has the site whose cancels are shown, too, they
/// are those of that site.
pub(crate) fn show(ctx: &Ctx<'_>, slot: Slot) {
    if slot == ctx.state.focus {
        return;
    }
    let twin = ctx.state.cancel_site.and_then(|row| {
        let sheet = ctx.sheet(slot.other())?;
        twin_of(sheet, sheet.cancel(row)?, ctx.sheet(slot)?)
    });
    ctx.send(Command::Focus(slot));
    if let Some(twin) = twin {
        ctx.send(Command::CancelSite(Some(twin.id)));
    }
}
