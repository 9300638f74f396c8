//! Which of two traces a page is about, and the switch between them.

use egui::{Ui, WidgetInfo};

use super::command::Command;
use super::ctx::Ctx;
use super::slot::Slot;

/// In a comparison the switch; nothing where there is one trace.
pub(crate) fn switch_ui(ui: &mut Ui, ctx: &Ctx<'_>) {
    if !ctx.comparing() {
        return;
    }
    ui.add_space(8.0);
    for slot in Slot::BOTH {
        let selected = slot == ctx.state.focus;
        let button = ui.add(egui::Button::selectable(selected, slot.name()));
        let spoken = format!("Show the trace {}", slot.name());
        button.widget_info(|| {
            WidgetInfo::selected(egui::Role::RadioButton, true, selected, spoken.as_str())
        });
        if button.clicked() {
            ctx.send(Command::Focus(slot));
        }
    }
}
