//! Files dragged over the window and dropped on it.

use std::path::PathBuf;

use egui::{
    Align2, Color32, CornerRadius, FontId, Id, Key, LayerId, Order, Painter, Pos2, Rect, Stroke,
    StrokeKind, Ui, vec2,
};

use super::command::{Command, Effect, Origin};
use super::ctx::Ctx;
use super::slot::Slot;
use super::state::{Popup, Role};
use super::theme::{self, Theme};
use super::widgets;

/// What hovers over the window.
#[derive(Debug, Default)]
pub(crate) struct DropZone {
    /// How many files; 0 if none.
    n_files: usize,
    /// Where the pointer was when they came.
    came_at: Option<Pos2>,
    /// What a drop here would do, if the desktop tells where the pointer is meanwhile. Most do
    /// not: then the choice is asked for after the drop.
    role: Option<Role>,
}

impl DropZone {
    /// Reads the frame's input; sends what was dropped.
    pub(crate) fn read(&mut self, ui: &Ui, ctx: &Ctx<'_>) {
        let (n_files, dropped, pointer, screen) = ui.input(|input| {
            let dropped = &input.raw.dropped_files;
            let paths: Vec<PathBuf> =
                dropped.iter().map(|file| file.path().to_path_buf()).collect();
            let at = input.pointer.latest_pos();
            (input.raw.hovered_files.len(), paths, at, input.content_rect())
        });
        if n_files > 0 && self.n_files == 0 {
            self.came_at = pointer;
        }
        self.n_files = n_files;
        if n_files > 0 {
            let moved = pointer.filter(|_| pointer != self.came_at);
            self.role = moved
                .map(|at| if at.x < screen.center().x { Role::Replace } else { Role::Compare });
        }
        if dropped.is_empty() {
            return;
        }
        let role = self.role.take();
        let open = ctx.sheet(Slot::Before).is_some();
        let mut origins: Vec<Origin> = dropped.into_iter().take(2).map(Origin::File).collect();
        match (open, origins.len(), role) {
            (true, 1, None) => {
                ctx.send(Command::Popup(origins.pop().map(Popup::DropChoice)));
            }
            (true, 1, Some(role)) => ctx.send(Effect::Open(origins, role)),
            _ => ctx.send(Effect::Open(origins, Role::Replace)),
        }
    }

    /// Asks what to do with a file that was dropped while a trace is open.
    pub(crate) fn choice_ui(ui: &mut Ui, ctx: &Ctx<'_>, origin: &Origin) {
        let open = ctx.sheet(Slot::Before).map(|sheet| sheet.origin.name()).unwrap_or_default();
        egui::Window::new(format!("Open {}", origin.name()))
            .id(Id::unique("drop_choice"))
            .anchor(Align2::CENTER_CENTER, vec2(0.0, -60.0))
            .collapsible(false)
            .resizable(false)
            .show(ui.ctx(), |ui| {
                ui.label(format!("{open} is open."));
                ui.add_space(8.0);
                ui.horizontal(|ui| {
                    let choose = |role| {
                        ctx.send(Command::Popup(None));
                        ctx.send(Effect::Open(vec![origin.clone()], role));
                    };
                    let entered = ui.input(|input| input.key_pressed(Key::Enter));
                    let compare = format!("Compare: {open} is before");
                    if ui.button(widgets::strong(compare)).clicked() || entered {
                        choose(Role::Compare);
                    }
                    if ui.button("Replace").clicked() {
                        choose(Role::Replace);
                    }
                    if ui.button("Cancel").clicked() {
                        ctx.send(Command::Popup(None));
                    }
                });
            });
    }

    /// What a drop would do, over the whole window.
    pub(crate) fn overlay_ui(&self, ui: &mut Ui, ctx: &Ctx<'_>) {
        if self.n_files == 0 {
            return;
        }
        let theme = ctx.theme;
        let layer = LayerId::new(Order::Foreground, Id::unique("drop_overlay"));
        let painter = ui.ctx().layer_painter(layer);
        let screen = ui.ctx().content_rect();
        painter.rect_filled(screen, 0.0, theme::fade(theme.window, 0.86));
        let area = screen.shrink(28.0);
        let open = ctx.sheet(Slot::Before).map(|sheet| sheet.origin.name());
        let spoken = match (open, self.n_files) {
            (None, 1) => {
                pane(&painter, theme, area, "Drop to open", "", true);
                "Drop to open"
            }
            (Some(open), 1) => {
                let (left, right) = area.split_left_right_at_fraction(0.5);
                let halves = [left, right].map(|half| half.shrink2(vec2(8.0, 0.0)));
                let lit = |role| self.role.is_none_or(|other| other == role);
                let closes = format!("closes {open}");
                let beside = format!("{open} is before, this one after");
                pane(&painter, theme, halves[0], "Replace", &closes, lit(Role::Replace));
                pane(&painter, theme, halves[1], "Compare", &beside, lit(Role::Compare));
                "Drop to replace or compare"
            }
            (_, n) => {
                let more = if n > 2 { "only the first two are opened" } else { "before and after" };
                pane(&painter, theme, area, "Drop to compare", more, true);
                "Drop to compare"
            }
        };
        let corner = Rect::from_min_size(screen.min, vec2(1.0, 1.0));
        let response = ui.interact(corner, Id::unique("drop_label"), egui::Sense::hover());
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, spoken));
    }
}

fn pane(painter: &Painter, theme: &Theme, rect: Rect, title: &str, more: &str, lit: bool) {
    let color: Color32 = if lit { theme.accent } else { theme.line };
    let fill = if lit { theme::mix(theme.panel, theme.accent, 0.10) } else { theme.panel };
    let rounded = CornerRadius::same(12);
    painter.rect(rect, rounded, fill, Stroke::new(2.0, color), StrokeKind::Inside);
    let font = FontId::new(24.0, theme::strong_family());
    let text = if lit { theme.text } else { theme.weak };
    painter.text(rect.center(), Align2::CENTER_BOTTOM, title, font, text);
    let below = rect.center() + vec2(0.0, 8.0);
    painter.text(below, Align2::CENTER_TOP, more, widgets::body_font(), theme.weak);
}
