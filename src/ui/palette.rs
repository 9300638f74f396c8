//! Commands by name, and goroutines by name or id: one field, one list.

use std::sync::Arc;

use egui::{Align, Id, Key, Layout, Modifiers, ScrollArea, TextEdit, Ui, WidgetInfo, vec2};

use super::act;
use super::answer::Answer;
use super::app::Panels;
use super::command::Command;
use super::ctx::Ctx;
use super::keys::{self, ENTRIES, Entry};
use super::slot::Slot;
use super::state::{Popup, Selected, What};
use super::widgets::{caption, key_cap_ui};
use crate::analysis::Document;
use crate::base::{Goroutine, Progress};

/// How many goroutines are listed.
const MAX_HITS: usize = 60;
/// How many goroutines are looked at between two checks for a wish to stop.
const CHECK_EVERY: usize = 4096;

/// The field and what was found.
#[derive(Debug, Default)]
pub(crate) struct Palette {
    text: String,
    at: usize,
    lanes: bool,
    /// The words that were asked for last.
    asked: Option<String>,
    /// The words that the hits are for.
    found: Option<String>,
    hits: Vec<(Slot, Goroutine, String)>,
}

/// What a line of the list does.
enum Line<'a> {
    Entry(&'static Entry),
    Lane(&'a (Slot, Goroutine, String)),
}

impl Palette {
    /// Empties the field, when the palette is opened.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The words to find goroutines by, if they have not been asked for.
    pub(crate) fn wanted(&mut self) -> Option<String> {
        if !self.lanes || self.asked.as_ref() == Some(&self.text) {
            return None;
        }
        self.asked = Some(self.text.clone());
        self.asked.clone()
    }

    /// Takes what was found.
    pub(crate) fn found(&mut self, words: String, hits: Vec<(Slot, Goroutine, String)>) {
        self.found = Some(words);
        self.hits = hits;
    }

    /// The palette, over the window.
    pub(crate) fn overlay_ui(&mut self, ui: &mut Ui, ctx: &Ctx<'_>, panels: &mut Panels) {
        self.lanes = ctx.state.popup == Some(Popup::Lanes);
        let screen = ui.ctx().content_rect();
        egui::Window::new("Palette")
            .id(Id::unique("palette"))
            .title_bar(false)
            .resizable(false)
            .fixed_size(vec2(560.0_f32.min(screen.width() - 40.0), 420.0))
            .anchor(egui::Align2::CENTER_TOP, vec2(0.0, 72.0))
            .show(ui.ctx(), |ui| self.content_ui(ui, ctx, panels));
    }

    fn content_ui(&mut self, ui: &mut Ui, ctx: &Ctx<'_>, panels: &mut Panels) {
        let (hint, name) = if self.lanes {
            ("Goroutine: g123, or part of a function's name", "Go to a goroutine")
        } else {
            ("Command", "Command")
        };
        let step = move_in_list(ui);
        let before = self.text.clone();
        let field = TextEdit::singleline(&mut self.text)
            .hint_text(hint)
            .desired_width(f32::INFINITY)
            .id(Id::unique("palette_text"));
        let response = ui.add(field);
        response.widget_info(|| WidgetInfo::labeled(egui::Role::TextInput, true, name));
        let entered = ui.input(|input| input.key_pressed(Key::Enter));
        response.request_focus();
        if self.text != before {
            self.at = 0;
        }
        ui.add_space(4.0);
        let lines = lines(self.lanes, &self.text, &self.hits);
        self.at = self.at.saturating_add_signed(step).min(lines.len().saturating_sub(1));
        let mut chosen = entered.then_some(self.at);
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for (at, line) in lines.iter().enumerate() {
                let response = line_ui(ui, ctx, line, at == self.at);
                if at == self.at && step != 0 {
                    response.scroll_to_me(None);
                }
                if response.clicked() {
                    chosen = Some(at);
                }
            }
            if lines.is_empty() {
                let waiting = self.lanes && self.found.as_ref() != Some(&self.text);
                let text = if waiting { "Looking…" } else { "Nothing matches" };
                ui.label(caption(ctx.theme, text));
            }
        });
        if let Some(line) = chosen.and_then(|at| lines.get(at)) {
            ctx.send(Command::Popup(None));
            match line {
                Line::Entry(entry) => act::act(entry.action, ctx, panels),
                Line::Lane((slot, goroutine, _)) => {
                    let what = What::Goroutine(*goroutine);
                    ctx.send(Command::Jump(Selected { slot: *slot, what }));
                }
            }
        }
    }
}

/// How far the arrow keys move in the list, taken before the field sees them.
fn move_in_list(ui: &Ui) -> isize {
    ui.input_mut(|input| {
        let mut pressed = |key| isize::from(input.consume_key(Modifiers::NONE, key));
        pressed(Key::ArrowDown) - pressed(Key::ArrowUp)
            + 10 * (pressed(Key::PageDown) - pressed(Key::PageUp))
    })
}

fn lines<'a>(lanes: bool, text: &str, hits: &'a [(Slot, Goroutine, String)]) -> Vec<Line<'a>> {
    if lanes {
        return hits.iter().map(Line::Lane).collect();
    }
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    let fits = |entry: &&Entry| {
        let title = entry.title.to_lowercase();
        words.iter().all(|word| title.contains(word))
    };
    ENTRIES.iter().filter(fits).map(Line::Entry).collect()
}

fn line_ui(ui: &mut Ui, ctx: &Ctx<'_>, line: &Line<'_>, current: bool) -> egui::Response {
    let theme = ctx.theme;
    let size = vec2(ui.available_width(), 24.0);
    let (rect, response) = ui.allocate_exact_size(size, egui::Sense::click());
    if current || response.hovered() {
        let fill = if current { theme.accent_soft } else { theme.raised };
        ui.painter().rect_filled(rect, 4.0, fill);
    }
    let mut inside = ui.new_child(
        egui::UiBuilder::new()
            .max_rect(rect.shrink2(vec2(8.0, 0.0)))
            .layout(Layout::left_to_right(Align::Center)),
    );
    let title = match line {
        Line::Entry(entry) => entry.title,
        Line::Lane((_, _, text)) => text,
    };
    inside.add(egui::Label::new(title).truncate());
    match line {
        Line::Entry(entry) => {
            let key = keys::key_text(ui.ctx(), entry.action);
            if !key.is_empty() {
                inside.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    key_cap_ui(ui, theme, &key);
                });
            }
        }
        Line::Lane((slot, ..)) if ctx.comparing() => {
            inside.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.label(caption(theme, slot.name()));
            });
        }
        Line::Lane(_) => {}
    }
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, title));
    response
}

/// Finds goroutines by words of their function's name, or by id.
pub(crate) fn find(
    documents: &[(Slot, Arc<Document>)],
    words: String,
    progress: &Progress,
) -> Answer {
    let lower: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
    let mut hits = Vec::new();
    for (slot, document) in documents {
        let trace = document.trace();
        for (at, goroutine) in trace.goroutines().enumerate() {
            if hits.len() >= MAX_HITS {
                break;
            }
            if at % CHECK_EVERY == 0 && progress.is_cancelled() {
                return Answer::Nothing;
            }
            let life = trace.life(goroutine);
            let text = format!("g{} {}", life.id, trace.string(document.called(goroutine)));
            let id = format!("g{}", life.id);
            let name = text.to_lowercase();
            let fits = |word: &String| {
                // An id is meant whole: g1 is not g12.
                let is_id = word.len() > 1
                    && word.starts_with('g')
                    && word[1..].chars().all(|c| c.is_ascii_digit());
                if is_id { id == *word } else { name.contains(word.as_str()) }
            };
            if lower.iter().all(fits) {
                hits.push((*slot, goroutine, text));
            }
        }
    }
    Answer::Found { words, hits }
}
