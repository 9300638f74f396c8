//! The keys, over the window.

use egui::{Align, Align2, Id, Layout, Ui, vec2};

use super::command::Command;
use super::ctx::Ctx;
use super::keys::{ENTRIES, Entry, MOUSE, Section, shortcut_text};
use super::widgets::{caption, key_cap_ui, strong};

/// Width of one of the three columns in points.
const COLUMN: f32 = 300.0;

/// Between two columns, in points.
const GAP: f32 = 24.0;

/// Height of the help in points, if the window has room for it.
const HEIGHT: f32 = 740.0;

/// The help, until Escape, `?` or a click on its cross.
pub(crate) fn overlay_ui(ui: &mut Ui, ctx: &Ctx<'_>) {
    let mut open = true;
    let room = ui.ctx().content_rect().size() - vec2(60.0, 90.0);
    let columns = columns_within(room.x);
    #[expect(clippy::cast_precision_loss, reason = "at most three")]
    let n = columns.len() as f32;
    egui::Window::new("Keys and mouse")
        .id(Id::unique("help"))
        // Above all messages.
        .order(egui::Order::Foreground)
        .anchor(Align2::CENTER_CENTER, vec2(0.0, 0.0))
        .collapsible(false)
        .resizable(false)
        .open(&mut open)
        .fixed_size(vec2(n * COLUMN + (n - 1.0) * GAP + 32.0, HEIGHT).min(room))
        .show(ui.ctx(), |ui| {
            egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                ui.horizontal_top(|ui| {
                    ui.spacing_mut().item_spacing.x = GAP;
                    for sections in columns {
                        ui.vertical(|ui| column_ui(ui, ctx, sections));
                    }
                });
            });
        });
    if !open {
        ctx.send(Command::Popup(None));
    }
}

/// The sections of each column, as many columns as there is room for.
fn columns_within(width: f32) -> &'static [&'static [Section]] {
    use Section::{Arrange, Files, Move, Select, Show};
    let fits = |n: f32| n * COLUMN + (n - 1.0) * GAP + 32.0 <= width;
    if fits(3.0) {
        &[&[Move], &[Select, Arrange], &[Show, Files]]
    } else if fits(2.0) {
        &[&[Move, Arrange], &[Select, Show, Files]]
    } else {
        &[&[Move, Select, Show, Arrange, Files]]
    }
}

/// One column; what the mouse does comes under the keys that move.
fn column_ui(ui: &mut Ui, ctx: &Ctx<'_>, sections: &[Section]) {
    ui.set_width(COLUMN);
    ui.spacing_mut().item_spacing.x = 6.0;
    for section in sections {
        section_ui(ui, ctx, *section);
    }
    if sections.contains(&Section::Move) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_window_has_all_sections_in_fewer_columns() {
        for (width, n) in [(1540.0, 3), (1000.0, 3), (840.0, 2), (400.0, 1), (0.0, 1)] {
            let columns = columns_within(width);
            assert_eq!(columns.len(), n, "{width}");
            assert_eq!(columns.iter().map(|sections| sections.len()).sum::<usize>(), 5, "{width}");
        }
    }
}
