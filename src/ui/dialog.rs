//! Asking for a file: the desktop's dialog, or a field for the path where there is none.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use egui::{Align2, Id, Key, TextEdit, Ui, WidgetInfo, vec2};

use super::answer::Answer;
use super::command::{Command, Effect, Origin};
use super::ctx::Ctx;
use super::state::Role;
use super::widgets::{caption, select_all, strong};

/// A dialog that closes faster than this was never on screen: there is neither a portal nor
/// zenity, which the dialog library reports in the same way as Cancel.
pub(super) const UNSEEN: Duration = Duration::from_millis(400);

/// Shows the desktop's dialog; waits for the user, so only on a thread of its own.
pub(crate) fn ask(role: Role) -> Answer {
    let begun = Instant::now();
    let title = match role {
        Role::Replace => "Open a trace",
        Role::Compare => "Open a trace for comparison",
    };
    let picked = rfd::FileDialog::new()
        .set_title(title)
        .add_filter("Go execution traces", &["trace", "out", "gz", "zst"])
        .add_filter("All files", &["*"])
        .pick_files();
    let unseen = picked.is_none() && begun.elapsed() < UNSEEN;
    Answer::Picked { role, paths: picked, unseen }
}

/// The field for a path.
#[derive(Debug, Default)]
pub(crate) struct PathField {
    text: String,
    /// Whether it was shown in the last frame, too.
    is_open: bool,
}

impl PathField {
    /// Notes that it is not shown: what was written stays, to be written over.
    pub(crate) fn close(&mut self) {
        self.is_open = false;
    }

    /// The field, over the window.
    pub(crate) fn overlay_ui(&mut self, ui: &mut Ui, ctx: &Ctx<'_>, role: Role) {
        let title = match role {
            Role::Replace => "Open a trace by its path",
            Role::Compare => "Open a trace to compare with, by its path",
        };
        egui::Window::new(title)
            .id(Id::unique("path_field"))
            .anchor(Align2::CENTER_CENTER, vec2(0.0, -60.0))
            .collapsible(false)
            .resizable(false)
            .show(ui.ctx(), |ui| self.form_ui(ui, ctx, role));
    }

    fn form_ui(&mut self, ui: &mut Ui, ctx: &Ctx<'_>, role: Role) {
        ui.set_width(480.0);
        ui.label(caption(
            ctx.theme,
            "This desktop offers no file dialog (xdg-desktop-portal or zenity). \
             Write the path, or drop the file on the window.",
        ));
        ui.add_space(6.0);
        let id = Id::unique("path_text");
        let field = TextEdit::singleline(&mut self.text)
            .hint_text("/path/to/file.trace")
            .desired_width(f32::INFINITY)
            .id(id);
        let response = ui.add(field);
        response.widget_info(|| WidgetInfo::labeled(egui::Role::TextInput, true, "Path"));
        if !response.has_focus() && !response.lost_focus() {
            response.request_focus();
        }
        if !std::mem::replace(&mut self.is_open, true) {
            select_all(ui.ctx(), id, &self.text);
        }
        let entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        ui.add_space(8.0);
        ui.horizontal(|ui| {
            let path = path_of(&self.text);
            let open = ui.add_enabled(path.is_some(), egui::Button::new(strong("Open")));
            if let (true, Some(path)) = (open.clicked() || entered, path) {
                ctx.send(Command::Popup(None));
                ctx.send(Effect::Open(vec![Origin::File(path)], role));
            }
            if ui.button("Cancel").clicked() {
                ctx.send(Command::Popup(None));
            }
        });
    }
}

/// The path that was typed, with `~` for the home directory and without quotes.
pub(super) fn path_of(text: &str) -> Option<PathBuf> {
    let text = text.trim().trim_matches(['"', '\'']);
    let text = text.strip_prefix("file://").unwrap_or(text);
    if text.is_empty() {
        return None;
    }
    let home = std::env::var_os("HOME").map(PathBuf::from);
    Some(match (text.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(text),
    })
}
