//! Saving what is open: the reports of the command line, or a picture of the window. Which forms
//! there are and how they are written, the program tells: see [`crate::load::Saving`].

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use egui::{Align2, ColorImage, Id, Key, Modifiers, TextEdit, Ui, WidgetInfo, vec2};

use super::answer::Answer;
use super::app::App;
use super::command::{Command, Effect, Origin};
use super::ctx::Ctx;
use super::dialog::{UNSEEN, path_of};
use super::jobs::Lane;
use super::render::Picture;
use super::sheet::Sheet;
use super::slot::{Pair, Slot};
use super::state::{Popup, Tone};
use super::theme::Theme;
use super::widgets::{caption, primary, select_all};
use crate::load::{Form, Opened, SaveError, Saving};

/// How wide the form is, in points.
const WIDTH: f32 = 520.0;
/// How much of the window's height the list of forms leaves to the rest, in points.
const BELOW_PX: f32 = 260.0;

/// Why the beginning of a trace is not saved.
const NOT_YET: &str = "Once all of the trace has been read it can be saved.";

/// What is saved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum SaveForm {
    /// A form of the command line, by its number.
    Report(usize),
    /// What the window shows.
    Picture,
}

/// A wish to save something.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct SaveAs {
    /// What.
    pub(crate) what: SaveForm,
    /// Where.
    pub(crate) path: PathBuf,
    /// Whether a file that is there already may be replaced.
    pub(crate) replace: bool,
}

/// A picture that is to be saved once it has been taken.
#[derive(Debug)]
pub(crate) struct Shot {
    wish: SaveAs,
    image: Arc<OnceLock<Arc<ColorImage>>>,
}

/// What can be chosen.
struct Choice {
    what: SaveForm,
    title: String,
    extension: &'static str,
}

/// The form that asks what to save, and where.
#[derive(Debug, Default)]
pub(crate) struct SavePanel {
    /// What is chosen; the first of the list if nothing yet.
    what: Option<SaveForm>,
    path: String,
    /// What was suggested, as long as nobody has written anything else.
    suggested: String,
    /// Why it was not saved.
    refused: Option<SaveError>,
    /// Whether the desktop has no file dialog.
    no_dialog: bool,
}

impl SavePanel {
    /// Forgets what was written, once the form is closed.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The form, over the window.
    pub(crate) fn overlay_ui(&mut self, ui: &mut Ui, ctx: &Ctx<'_>) {
        egui::Window::new("Save a report or a picture")
            .id(Id::unique("save"))
            .anchor(Align2::CENTER_CENTER, vec2(0.0, -40.0))
            .collapsible(false)
            .resizable(false)
            .show(ui.ctx(), |ui| {
                ui.set_width(WIDTH.min(ui.ctx().content_rect().width() - 60.0));
                self.form_ui(ui, ctx);
            });
    }

    fn form_ui(&mut self, ui: &mut Ui, ctx: &Ctx<'_>) {
        if ctx.previewing() {
            ui.label(caption(ctx.theme, NOT_YET));
        }
        let choices = choices(ctx);
        let step = ui.input_mut(|input| {
            let mut pressed = |key| isize::from(input.consume_key(Modifiers::NONE, key));
            pressed(Key::ArrowDown) - pressed(Key::ArrowUp)
        });
        let before = choices.iter().position(|it| Some(it.what) == self.what).unwrap_or(0);
        let mut now = before.saturating_add_signed(step).min(choices.len().saturating_sub(1));
        // In a low window the buttons stay in sight.
        let room = (ui.ctx().content_rect().height() - BELOW_PX).max(80.0);
        egui::ScrollArea::vertical().max_height(room).auto_shrink([false, true]).show(ui, |ui| {
            for (at, choice) in choices.iter().enumerate() {
                let title = format!("{}  .{}", choice.title, choice.extension);
                let radio = ui.radio(now == at, title);
                if radio.clicked() {
                    now = at;
                }
                if now == at && step != 0 {
                    radio.scroll_to_me(None);
                }
            }
        });
        let Some(choice) = choices.get(now) else { return };
        self.what = Some(choice.what);
        if self.path.is_empty() && self.suggested.is_empty() {
            self.path = suggestion(ctx, choice);
            self.suggested.clone_from(&self.path);
        } else if now != before {
            self.rename(ctx, choice, choices.get(before));
        }
        ui.add_space(8.0);
        let entered = self.path_ui(ui);
        // What is typed may name another form by its ending.
        let named = named_by(&choices, now, &self.path);
        let Some(choice) = choices.get(named) else { return };
        self.what = Some(choice.what);
        ui.add_space(4.0);
        self.refusal_ui(ui, ctx.theme);
        ui.add_space(4.0);
        self.buttons_ui(ui, ctx, choice, entered);
    }

    /// Gives the path the ending of another form.
    fn rename(&mut self, ctx: &Ctx<'_>, to: &Choice, from: Option<&Choice>) {
        self.refused = None;
        if self.path == self.suggested {
            self.path = suggestion(ctx, to);
            self.suggested.clone_from(&self.path);
        } else if let Some(from) = from
            && let Some(stem) = self.path.strip_suffix(&format!(".{}", from.extension))
        {
            self.path = format!("{stem}.{}", to.extension);
        }
    }

    /// The field for the path; says whether it was entered.
    fn path_ui(&mut self, ui: &mut Ui) -> bool {
        let id = Id::unique("save_path");
        let field = TextEdit::singleline(&mut self.path)
            .hint_text("/path/to/file")
            .desired_width(f32::INFINITY)
            .id(id);
        let response = ui.add(field);
        response.widget_info(|| WidgetInfo::labeled(egui::Role::TextInput, true, "Save as"));
        if !response.has_focus() && !response.lost_focus() && ui.memory(|it| it.focused().is_none())
        {
            response.request_focus();
            select_all(ui.ctx(), id, &self.path);
        }
        if response.changed() {
            self.refused = None;
        }
        response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter))
    }

    /// Why it was not saved. The line is there without a reason, too, so that nothing moves.
    fn refusal_ui(&self, ui: &mut Ui, theme: &Theme) {
        let text = match &self.refused {
            Some(SaveError::Exists) => caption(theme, "There is such a file.").color(theme.warn),
            Some(SaveError::Failed(why)) => caption(theme, why).color(theme.late_text),
            None if self.no_dialog => {
                caption(theme, "This desktop offers no file dialog: write the path.")
                    .color(theme.warn)
            }
            None => caption(theme, "↑ ↓ choose what, Enter saves, Esc closes."),
        };
        ui.add(egui::Label::new(text).wrap());
    }

    fn buttons_ui(&mut self, ui: &mut Ui, ctx: &Ctx<'_>, choice: &Choice, entered: bool) {
        let path = path_of(&self.path).filter(|_| !ctx.previewing());
        let busy = ctx.jobs.is_busy(Lane::Save);
        let replace = self.refused == Some(SaveError::Exists);
        ui.horizontal(|ui| {
            let title = if replace { "Replace it" } else { "Save" };
            let button = primary(ctx.theme, title);
            let clicked = ui.add_enabled(path.is_some() && !busy, button).clicked();
            if let (true, Some(path)) = ((clicked || entered) && !busy, &path) {
                let wish = SaveAs { what: choice.what, path: path.clone(), replace };
                ctx.send(Effect::Save(wish));
            }
            let may_browse = !busy && !ctx.previewing();
            let dialogs = ui.add_enabled(may_browse, egui::Button::new("Browse…"));
            if dialogs.on_hover_text("Choose the place in the desktop's file dialog").clicked() {
                let path = path.unwrap_or_else(|| PathBuf::from(suggestion(ctx, choice)));
                ctx.send(Effect::BrowseSave(SaveAs { what: choice.what, path, replace: true }));
            }
            if ui.button("Cancel").clicked() {
                ctx.send(Command::Popup(None));
            }
            if busy {
                ui.spinner();
            }
        });
    }
}

/// Which choice a path's ending names: the one of now if it is that one's, or nobody's.
fn named_by(choices: &[Choice], now: usize, path: &str) -> usize {
    let path = path.to_lowercase();
    let fits = |choice: &Choice| path.ends_with(&format!(".{}", choice.extension));
    if choices.get(now).is_none_or(fits) {
        return now;
    }
    // Of several the longest ending tells most: `.pb.gz` is no `.gz`.
    let named = choices.iter().enumerate().filter(|(_, choice)| fits(choice));
    let best = named.rev().max_by_key(|(_, choice)| choice.extension.len());
    best.map_or(now, |(at, _)| at)
}

/// What can be saved of what is open.
fn choices(ctx: &Ctx<'_>) -> Vec<Choice> {
    let n_open = if ctx.comparing() { 2 } else { 1 };
    let forms = ctx.saving.map_or(&[][..], |saving| saving.forms);
    let numbered = || forms.iter().enumerate();
    let choice = |(at, form): (usize, &Form)| Choice {
        what: SaveForm::Report(at),
        // Of two traces it is told which one's report that is.
        title: if n_open > form.n_traces {
            let focus = ctx.state.focus;
            let named = ctx.sheet(focus).map(|sheet| sheet.origin.name()).unwrap_or_default();
            format!("{} of “{named}” ({})", form.title, focus.name())
        } else {
            form.title.to_owned()
        },
        extension: form.extension,
    };
    // Of two traces the comparison comes first, and then what there is of the one in focus.
    let both = numbered().filter(|(_, form)| n_open == 2 && form.n_traces == 2);
    let single = numbered().filter(|(_, form)| form.n_traces == 1);
    let picture = Choice {
        what: SaveForm::Picture,
        title: "Picture of the window".to_owned(),
        extension: "png",
    };
    both.chain(single).map(choice).chain([picture]).collect()
}

/// A name beside what is open.
fn suggestion(ctx: &Ctx<'_>, choice: &Choice) -> String {
    let focus = ctx.state.focus;
    let is_both = match choice.what {
        SaveForm::Report(at) => {
            let form = ctx.saving.and_then(|saving| saving.forms.get(at));
            form.is_some_and(|form| form.n_traces == 2)
        }
        SaveForm::Picture => ctx.comparing(),
    };
    let slots = if is_both { &Slot::BOTH[..] } else { &[focus][..] };
    let open: Vec<&Origin> = slots.iter().filter_map(|&of| Some(&ctx.sheet(of)?.origin)).collect();
    let stems: Vec<String> = open.iter().map(|origin| stem(&origin.name())).collect();
    let name = format!("{}.{}", stems.join("-to-"), choice.extension);
    let folder = open.last().and_then(|origin| match origin {
        Origin::File(path) if !origin.is_stream() => path.parent().map(Path::to_owned),
        _ => None,
    });
    let path = folder.unwrap_or_default().join(name);
    std::path::absolute(&path).unwrap_or(path).display().to_string()
}

/// A trace's name without what tells that it is one.
fn stem(name: &str) -> String {
    let name = name.replace(['/', ' '], "-");
    let mut stem = name.as_str();
    for ending in [".gz", ".zst", ".trace", ".out"] {
        stem = stem.strip_suffix(ending).filter(|stem| !stem.is_empty()).unwrap_or(stem);
    }
    stem.to_owned()
}

/// A trace as the writers want it.
fn opened(sheet: &Sheet) -> Opened {
    let trace = sheet.trace();
    Opened {
        path: sheet.path().cloned().unwrap_or_else(|| PathBuf::from(sheet.origin.name())),
        document: Arc::clone(&sheet.document),
        warnings: [&sheet.file_warnings, trace.warnings()].concat(),
        complete: sheet.is_whole(),
    }
}

/// Shows the desktop's dialog; waits for the user, so only on a thread of its own.
fn ask(mut wish: SaveAs, title: &str, extension: &str) -> Answer {
    let begun = Instant::now();
    let mut dialog = rfd::FileDialog::new().set_title("Save").add_filter(title, &[extension]);
    if let Some(folder) = wish.path.parent() {
        dialog = dialog.set_directory(folder);
    }
    if let Some(name) = wish.path.file_name() {
        dialog = dialog.set_file_name(name.to_string_lossy());
    }
    let picked = dialog.save_file();
    let unseen = picked.is_none() && begun.elapsed() < UNSEEN;
    let wish = picked.map(|path| {
        wish.path = path;
        wish
    });
    Answer::PlaceChosen { wish, unseen }
}

/// Writes a picture as a PNG.
fn write_png(image: &ColorImage, out: &mut dyn io::Write) -> io::Result<()> {
    let [width, height] = image.size;
    let rgba = image.pixels.iter().flat_map(egui::Color32::to_array).collect();
    Picture { width, height, rgba }.write_png(out).map_err(io::Error::other)
}

impl App {
    /// Asks for a place with the desktop's dialog.
    pub(super) fn browse_save(&mut self, wish: SaveAs) {
        let (title, extension) = match (wish.what, self.saving) {
            (SaveForm::Report(at), Some(saving)) => {
                saving.forms.get(at).map_or(("", ""), |form| (form.title, form.extension))
            }
            _ => ("Picture", "png"),
        };
        self.jobs.start(Lane::Dialog, "Choosing a place", move |_| ask(wish, title, extension));
    }

    /// Saves what was wished for: a report at once, a picture once the window without the form has
    /// been painted.
    pub(super) fn save(&mut self, wish: SaveAs, ctx: &egui::Context) {
        let Some(saving) = self.saving else { return };
        // The wish may be older than what is open: the desktop's dialog waits for the user.
        if self.is_preview() {
            self.saved(&wish, Err(SaveError::Failed(NOT_YET.to_owned())));
            return;
        }
        let form = match wish.what {
            SaveForm::Report(at) => saving.forms.get(at),
            SaveForm::Picture => {
                self.apply_now(Command::Popup(None));
                let image = Arc::new(OnceLock::new());
                let (taken, waker) = (Arc::clone(&image), ctx.clone());
                ctx.request_screenshot(move |picture| {
                    // It is asked for once.
                    let _ = taken.set(picture);
                    waker.request_repaint();
                });
                self.shot = Some(Shot { wish, image });
                return;
            }
        };
        let Some(form) = form else { return };
        let slots: &[Slot] = if form.n_traces == 2 { &Slot::BOTH } else { &[self.state.focus] };
        let of: Vec<Opened> =
            slots.iter().filter_map(|&slot| self.sheets[slot].as_ref().map(opened)).collect();
        self.write(saving, wish, move |out| (form.write)(out, &of));
    }

    /// Saves the picture that was asked for, once it is there.
    pub(super) fn take_shot(&mut self) {
        let Some(saving) = self.saving else { return };
        if let Some(shot) = self.shot.take_if(|shot| shot.image.get().is_some())
            && let Some(image) = shot.image.get().cloned()
        {
            self.write(saving, shot.wish, move |out| write_png(&image, out));
        }
    }

    /// Writes a file, off the UI thread.
    fn write(
        &mut self,
        saving: &'static Saving,
        wish: SaveAs,
        write: impl Fn(&mut dyn io::Write) -> io::Result<()> + Send + 'static,
    ) {
        let inputs = read_files(&self.sheets);
        self.jobs.start(Lane::Save, "Saving", move |_| {
            let mut write = |out: &mut dyn io::Write| write(out);
            let result = (saving.place)(&inputs, &wish.path, wish.replace, &mut write);
            Answer::Saved { wish, result }
        });
    }

    /// Says what came of saving.
    pub(super) fn saved(&mut self, wish: &SaveAs, result: Result<(), SaveError>) {
        match result {
            Ok(()) => {
                if self.state.popup == Some(Popup::Save) {
                    self.apply_now(Command::Popup(None));
                }
                self.notify(Tone::Done, format!("Saved {}", wish.path.display()));
            }
            Err(refused) => {
                // Of a picture, and of a dialog's file, the form is no longer there.
                if self.state.popup != Some(Popup::Save) {
                    self.panels.save.path = wish.path.display().to_string();
                    self.panels.save.what = Some(wish.what);
                    self.apply_now(Command::Popup(Some(Popup::Save)));
                }
                self.panels.save.refused = Some(refused);
            }
        }
    }

    /// Takes the place that was chosen in the desktop's dialog, which asks before it lets replace a
    /// file.
    pub(super) fn place_chosen(&mut self, wish: Option<SaveAs>, unseen: bool) {
        match wish {
            Some(wish) => self.out.send(Effect::Save(wish)),
            None if unseen => self.panels.save.no_dialog = true,
            None => {}
        }
    }
}

/// The files that are open, which are not to be written over.
fn read_files(sheets: &Pair<Option<Sheet>>) -> Vec<PathBuf> {
    sheets.iter().filter_map(|(_, sheet)| sheet.as_ref()?.path().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_it_is_of_and_not_that_it_is_a_trace() {
        assert_eq!(stem("before.trace.gz"), "before");
        assert_eq!(stem("cpu.out"), "cpu");
        assert_eq!(stem(".trace"), ".trace");
        assert_eq!(stem("late-exit/before.trace"), "late-exit-before");
        assert_eq!(stem("standard input"), "standard-input");
    }

    #[test]
    fn the_ending_that_is_typed_names_the_form() {
        let forms = [(0, "html"), (1, "md"), (2, "pb.gz"), (3, "html")];
        let choice = |(at, extension): (usize, &'static str)| Choice {
            what: SaveForm::Report(at),
            title: String::new(),
            extension,
        };
        let choices = forms.map(choice);
        for (now, path, named) in [
            (0, "x.md", 1),
            (0, "X.MD", 1),
            (0, "x.pb.gz", 2),
            (3, "x.html", 3),
            (1, "x.html", 0),
            (1, "x", 1),
            (1, "x.doc", 1),
        ] {
            assert_eq!(named_by(&choices, now, path), named, "{path} at {now}");
        }
    }
}
