//! The keys, over the window.

use egui::{Align, Align2, Id, Layout, Ui, vec2};

use super::command::Command;
use super::ctx::Ctx;
use super::keys::{ENTRIES, Entry, MOUSE, Section, shortcut_text};
use super::widgets::{caption, key_cap_ui, strong};

/// Width of one of the three columns in points.
const COLUMN: f32 = 300.0;

/// Height of the help in points, if the window has room for it.
const HEIGHT: f32 = 690.0;

/// The help, until Escape, `?` or a click on its cross.
pub(crate) fn overlay_ui(ui: &mut Ui, ctx: &Ctx<'_>) {
    let mut open = true;
    let room = ui.ctx().content_rect().size() - vec2(60.0, 90.0);
    egui::Window::new("Keys and mouse")
        .id(Id::unique("help"))
        .anchor(Align2::CENTER_CENTER, vec2(0.0, 0.0))
        .collapsible(false)
        .resizable(false)
        .open(&mut open)
        .fixed_size(vec2(3.0 * COLUMN + 60.0, HEIGHT).min(room))
        .show(ui.ctx(), |ui| {
            egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                ui.horizontal_top(|ui| {
                    let columns: [&[Section]; 3] = [
                        &[Section::Move, Section::Files],
                        &[Section::Select, Section::Arrange],
                        &[Section::Show],
                    ];
                    for sections in columns {
                        ui.vertical(|ui| column_ui(ui, ctx, sections));
                        ui.add_space(14.0);
                    }
                });
            });
        });
    if !open {
        ctx.send(Command::Popup(None));
    }
}

/// One column; the mouse comes under what is shown.
fn column_ui(ui: &mut Ui, ctx: &Ctx<'_>, sections: &[Section]) {
    ui.set_width(COLUMN);
    for section in sections {
        section_ui(ui, ctx, *section);
    }
    if sections.contains(&Section::Show) {
        mouse_ui(ui, ctx);
    }
}

fn section_ui(ui: &mut Ui, ctx: &Ctx<'_>, section: Section) {
    let listed: Vec<&Entry> =
        ENTRIES.iter().filter(|entry| entry.section == section && !entry.keys.is_empty()).collect();
    ui.label(strong(section.title()));
    ui.add_space(2.0);
    for entry in listed {
        let keys: Vec<String> =
            entry.keys.iter().map(|&keys| shortcut_text(ui.ctx(), keys)).collect();
        line_ui(ui, ctx, entry.title, &keys);
    }
    ui.add_space(10.0);
}

fn mouse_ui(ui: &mut Ui, ctx: &Ctx<'_>) {
    ui.label(strong("Mouse"));
    ui.add_space(2.0);
    for (what, does) in MOUSE {
        line_ui(ui, ctx, does, &[(*what).to_owned()]);
    }
}

fn line_ui(ui: &mut Ui, ctx: &Ctx<'_>, title: &str, keys: &[String]) {
    ui.horizontal(|ui| {
        ui.set_height(20.0);
        ui.label(caption(ctx.theme, title).color(ctx.theme.text));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 3.0;
            for key in keys.iter().rev() {
                key_cap_ui(ui, ctx.theme, key);
            }
        });
    });
}
