//! Commands by name, and goroutines by name or id: one field, one list.

use std::sync::Arc;

use egui::{Align, Id, Key, Layout, Modifiers, ScrollArea, TextEdit, Ui, WidgetInfo, vec2};

use super::act;
use super::answer::Answer;
use super::app::Panels;
use super::command::{Command, Effect, Origin};
use super::ctx::{Ctx, short_function};
use super::elide;
use super::examples::{TOURS, Tour};
use super::keys::{self, Action, ENTRIES, Entry};
use super::slot::{Pair, Slot};
use super::state::{Popup, Role, Selected, What};
use super::stuck::stuck_text;
use super::table::late_rows;
use super::widgets::{body_font, caption, key_cap_ui, strong};
use rustc_hash::FxHashSet;

use crate::analysis::{Document, Hearing, Outcome};
use crate::base::{Goroutine, Progress};

/// How many goroutines are listed.
const MAX_HITS: usize = 60;
/// The height of a line, and the most of the list that is shown, in points.
const LINE_PX: f32 = 24.0;
const LIST_PX: f32 = 380.0;
/// How many goroutines are looked at between two checks for a wish to stop.
const CHECK_EVERY: usize = 4096;

/// The field and what was found.
#[derive(Debug, Default)]
pub(crate) struct Palette {
    text: String,
    at: usize,
    lanes: bool,
    /// What was asked for last.
    asked: Option<Search>,
    /// What the hits are for.
    found: Option<Search>,
    hits: Vec<LaneHit>,
}

/// What goroutines are looked for by, and in which traces: a row of one trace is nobody in another.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Search {
    /// The words.
    pub(crate) words: String,
    /// The traces' serial numbers.
    pub(crate) serials: Pair<Option<u64>>,
}

/// A goroutine that was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct LaneHit {
    slot: Slot,
    goroutine: Goroutine,
    /// Its id and function.
    text: String,
    /// How late it left, if it did.
    late: Option<String>,
}

impl LaneHit {
    /// Which goroutine it is.
    fn key(&self) -> (Slot, Goroutine) {
        (self.slot, self.goroutine)
    }
}

/// What a line of the list does.
enum Line<'a> {
    Entry(&'static Entry),
    Tour(&'static Tour),
    Lane(&'a LaneHit),
}

impl Palette {
    /// Empties the field, when the palette is opened.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// What to find goroutines by in the traces that are open now, if that has not been asked for;
    /// lets go of what was found in others.
    pub(crate) fn wanted(&mut self, is_open: bool, serials: Pair<Option<u64>>) -> Option<Search> {
        if self.found.take_if(|found| found.serials != serials).is_some() {
            self.hits.clear();
        }
        let is_asked = |asked: &Search| asked.words == self.text && asked.serials == serials;
        if !is_open || self.asked.as_ref().is_some_and(is_asked) {
            return None;
        }
        self.asked = Some(Search { words: self.text.clone(), serials });
        self.asked.clone()
    }

    /// Takes what was found.
    pub(crate) fn found(&mut self, search: Search, hits: Vec<LaneHit>) {
        self.found = Some(search);
        self.hits = hits;
    }

    /// The palette, over the window.
    pub(crate) fn overlay_ui(&mut self, ui: &mut Ui, ctx: &Ctx<'_>, panels: &mut Panels) {
        self.lanes = ctx.state.popup == Some(Popup::Lanes);
        let screen = ui.ctx().content_rect();
        egui::Window::new("Palette")
            .id(Id::unique("palette"))
            // Above all messages.
            .order(egui::Order::Foreground)
            .title_bar(false)
            .resizable(false)
            .anchor(egui::Align2::CENTER_TOP, vec2(0.0, 72.0))
            .show(ui.ctx(), |ui| {
                ui.set_width(560.0_f32.min(screen.width() - 40.0));
                self.content_ui(ui, ctx, panels);
            });
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
        let any_open = ctx.sheet(Slot::Before).is_some();
        let lines = lines(self.lanes, any_open, &self.text, &self.hits);
        self.at = self.at.saturating_add_signed(step).min(lines.len().saturating_sub(1));
        let mut chosen = entered.then_some(self.at);
        // As high as its lines: an empty box would hide the trace for nothing.
        let area = ScrollArea::vertical().auto_shrink([false, true]).max_height(LIST_PX);
        area.show(ui, |ui| {
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
                let is_found = |found: &Search| found.words == self.text;
                let waiting = self.lanes && !self.found.as_ref().is_some_and(is_found);
                let text = if waiting { "Looking…" } else { "Nothing matches" };
                ui.label(caption(ctx.theme, text));
            }
        });
        if let Some(line) = chosen.and_then(|at| lines.get(at)) {
            ctx.send(Command::Popup(None));
            match line {
                Line::Entry(entry) => act::act(entry.action, ctx, panels),
                Line::Tour(tour) => {
                    ctx.send(Effect::Open(vec![Origin::Example(&tour.before)], Role::Replace));
                }
                Line::Lane(hit) => {
                    let what = What::Goroutine(hit.goroutine);
                    ctx.send(Command::Jump(Selected { slot: hit.slot, what }));
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

/// What fits the words. With nothing open that is what can be done then, opening first.
fn lines<'a>(lanes: bool, any_open: bool, text: &str, hits: &'a [LaneHit]) -> Vec<Line<'a>> {
    if lanes {
        return hits.iter().map(Line::Lane).collect();
    }
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    let fits = |title: &str| {
        let title = title.to_lowercase();
        words.iter().all(|word| title.contains(word))
    };
    let mut entries: Vec<&Entry> = ENTRIES.iter().filter(|entry| fits(entry.title)).collect();
    entries.sort_by_key(|entry| rank(entry.title, &words));
    let entries = entries.into_iter();
    if any_open {
        return entries.map(Line::Entry).collect();
    }
    let entries = entries.filter(|entry| works_with_nothing_open(entry.action));
    let (open, rest): (Vec<&Entry>, Vec<&Entry>) =
        entries.partition(|entry| entry.action == Action::Open);
    let tours = TOURS.iter().filter(|tour| fits(&tour_title(tour)));
    let open = open.into_iter().map(Line::Entry);
    open.chain(tours.map(Line::Tour)).chain(rest.into_iter().map(Line::Entry)).collect()
}

/// How well a title fits words, 0 best: it begins with the first of them, has it as a whole word, or
/// begins a word with it.
fn rank(title: &str, words: &[String]) -> u8 {
    let Some(first) = words.first() else { return 0 };
    let title = title.to_lowercase();
    let mut of_title = title.split(|c: char| !c.is_alphanumeric()).filter(|it| !it.is_empty());
    let begins = of_title.clone().next() == Some(first.as_str());
    let whole = of_title.clone().any(|word| word == first);
    match (begins, whole, title.starts_with(first.as_str())) {
        (true, ..) => 0,
        (_, true, _) => 1,
        (_, _, true) => 2,
        _ if of_title.any(|word| word.starts_with(first.as_str())) => 3,
        _ => 4,
    }
}

fn tour_title(tour: &Tour) -> String {
    format!("Open example: {}", tour.title)
}

/// Whether an action does something that is seen while no trace is open.
fn works_with_nothing_open(action: Action) -> bool {
    use Action as A;
    let looks = matches!(
        action,
        A::ThemeDark
            | A::ThemeLight
            | A::ThemeSystem
            | A::LargerText
            | A::SmallerText
            | A::UsualText
    );
    looks || matches!(action, A::Open | A::Help | A::Quit)
}

fn line_ui(ui: &mut Ui, ctx: &Ctx<'_>, line: &Line<'_>, current: bool) -> egui::Response {
    let theme = ctx.theme;
    let size = vec2(ui.available_width(), LINE_PX);
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
        Line::Entry(entry) => entry.title.to_owned(),
        Line::Tour(tour) => tour_title(tour),
        Line::Lane(hit) => hit.text.clone(),
    };
    let mut spoken = title.clone();
    inside.with_layout(Layout::right_to_left(Align::Center), |ui| {
        match line {
            Line::Entry(entry) => {
                let key = keys::key_text(ui.ctx(), entry.action);
                if !key.is_empty() {
                    key_cap_ui(ui, theme, &key);
                }
            }
            Line::Tour(_) => {}
            Line::Lane(hit) => {
                if let Some(late) = &hit.late {
                    spoken = format!("{title}, {late}");
                    ui.label(strong(late).color(theme.late_text));
                }
                if ctx.comparing() {
                    ui.label(caption(theme, hit.slot.name()));
                }
            }
        }
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            elide::label_ui(ui, &title, &body_font(), theme.text);
        });
    });
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &spoken));
    response
}

/// Finds goroutines by words of their function's name, or by id: those that are late first, the
/// worst of all at the top.
pub(crate) fn find(
    documents: &[(Slot, Arc<Document>)],
    search: Search,
    budget_ns: i64,
    progress: &Progress,
) -> Answer {
    let lower: Vec<String> = search.words.split_whitespace().map(str::to_lowercase).collect();
    let mut late = Vec::new();
    for (slot, document) in documents {
        let analysis = document.analysis();
        let mut seen = FxHashSet::default();
        for stuck in analysis.stuck_over(budget_ns).take(MAX_HITS) {
            if fits(document, stuck.goroutine, &lower) && seen.insert(stuck.goroutine) {
                let text = Some(stuck_text(document, stuck));
                late.push((stuck.interval.ns(), hit(*slot, document, stuck.goroutine, text)));
            }
        }
        seen.clear();
        for (at, &row) in late_rows(analysis, budget_ns).iter().enumerate() {
            let Some(hearing) = analysis.hearings().get(row as usize) else { continue };
            if seen.len() >= MAX_HITS || at % CHECK_EVERY == 0 && progress.is_cancelled() {
                break;
            }
            if fits(document, hearing.goroutine, &lower) && seen.insert(hearing.goroutine) {
                let late_text = Some(late_text(document, hearing));
                let hit = hit(*slot, document, hearing.goroutine, late_text);
                late.push((hearing.overstay_ns, hit));
            }
        }
    }
    late.sort_by_key(|(overstay_ns, _)| std::cmp::Reverse(*overstay_ns));
    let late: Vec<LaneHit> = late.into_iter().map(|(_, hit)| hit).collect();
    let Some(mut hits) = by_id(documents, &lower, &late, progress) else { return Answer::Nothing };
    let mut listed: FxHashSet<(Slot, Goroutine)> = hits.iter().map(LaneHit::key).collect();
    hits.extend(late.into_iter().filter(|hit| listed.insert(hit.key())));
    hits.truncate(MAX_HITS);
    for (slot, document) in documents {
        for (at, goroutine) in document.trace().goroutines().enumerate() {
            if hits.len() >= MAX_HITS {
                break;
            }
            if at % CHECK_EVERY == 0 && progress.is_cancelled() {
                return Answer::Nothing;
            }
            if fits(document, goroutine, &lower) && !listed.contains(&(*slot, goroutine)) {
                hits.push(hit(*slot, document, goroutine, None));
            }
        }
    }
    Answer::Found { search, hits }
}

/// Of a number the goroutines whose id begins with it, the one that it is first. None if `progress`
/// is cancelled meanwhile.
fn by_id(
    documents: &[(Slot, Arc<Document>)],
    words: &[String],
    late: &[LaneHit],
    progress: &Progress,
) -> Option<Vec<LaneHit>> {
    let [word] = words else { return Some(Vec::new()) };
    if !word.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Vec::new());
    }
    let mut found = Vec::new();
    for (slot, document) in documents {
        for (at, goroutine) in document.trace().goroutines().enumerate() {
            if at % CHECK_EVERY == 0 && progress.is_cancelled() {
                return None;
            }
            let id = document.trace().go_id(goroutine).0;
            if id.to_string().starts_with(word.as_str()) {
                found.push((id, *slot, goroutine));
            }
        }
    }
    // The shortest is the word itself.
    found.sort_by_key(|&(id, ..)| id);
    let hit = |&(_, slot, goroutine): &(_, Slot, Goroutine)| {
        let known = late.iter().find(|hit| hit.key() == (slot, goroutine));
        let document = documents.iter().find(|(of, _)| *of == slot).map(|(_, it)| it);
        known.cloned().or_else(|| Some(hit(slot, document?, goroutine, None)))
    };
    Some(found.iter().take(MAX_HITS).filter_map(hit).collect())
}

/// Whether all words fit a goroutine's id or its function's whole name.
fn fits(document: &Document, goroutine: Goroutine, words: &[String]) -> bool {
    let trace = document.trace();
    let id = format!("g{}", trace.life(goroutine).id);
    let name = format!("{id} {}", trace.string(document.called(goroutine))).to_lowercase();
    words.iter().all(|word| {
        // An id is meant whole: g1 is not g12.
        let is_id = word.len() > 1
            && word.starts_with('g')
            && word[1..].chars().all(|c| c.is_ascii_digit());
        if is_id { id == *word } else { name.contains(word.as_str()) }
    })
}

fn hit(slot: Slot, document: &Document, goroutine: Goroutine, late: Option<String>) -> LaneHit {
    let trace = document.trace();
    let name = short_function(trace.string(document.called(goroutine)));
    let text = format!("g{} {name}", trace.life(goroutine).id);
    LaneHit { slot, goroutine, text, late }
}

fn late_text(document: &Document, hearing: &Hearing) -> String {
    let overstay = document.trace().clock().text(hearing.overstay_ns);
    match hearing.outcome {
        Outcome::Alive => format!("still alive ≥ {overstay}"),
        _ => format!("{overstay} late"),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::analysis::Rules;
    use crate::ui::app::{App, Settings};
    use crate::ui::open;

    fn until(app: &mut App, egui: &egui::Context, so: impl Fn(&App) -> bool) {
        let begun = Instant::now();
        while !so(app) {
            assert!(begun.elapsed() < Duration::from_secs(20), "it does not come to that");
            app.update(egui);
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn what_was_found_in_a_trace_is_let_go_with_it_and_looked_for_in_the_next() {
        let traces = Path::new(env!("CARGO_MANIFEST_DIR")).join("traces");
        let egui = egui::Context::default();
        let path = traces.join("polling-sleep/before.trace");
        let mut app = App::new(&egui, std::slice::from_ref(&path), Settings::default());
        until(&mut app, &egui, |app| app.n_lanes() > 0 && app.is_settled());
        app.panels.palette.clear();
        app.state.popup = Some(Popup::Lanes);
        until(&mut app, &egui, |app| !app.panels.palette.hits.is_empty());
        // The same file, recorded anew by a program with other goroutines.
        let other = Origin::File(traces.join("deaf/before.trace"));
        let opened = open::open(&app.request(Slot::Before, other, true), &Progress::default());
        app.put_again(Slot::Before, Origin::File(path), opened.expect("it opens"));
        app.update(&egui);
        let is_new = |app: &App| {
            let trace = app.sheets[Slot::Before].as_ref().expect("a trace is open").trace();
            let is_there = |hit: &LaneHit| {
                hit.goroutine.index() < trace.n_goroutines() as usize
                    && hit.text.starts_with(&format!("g{} ", trace.life(hit.goroutine).id))
            };
            app.panels.palette.hits.iter().all(is_there)
        };
        assert!(is_new(&app), "a row of the trace before is listed");
        until(&mut app, &egui, |app| !app.panels.palette.hits.is_empty() && app.is_settled());
        assert!(is_new(&app));
    }

    fn titles(text: &str) -> Vec<&'static str> {
        let lines = lines(false, true, text, &[]).into_iter();
        lines
            .filter_map(|line| if let Line::Entry(it) = line { Some(it.title) } else { None })
            .collect()
    }

    #[test]
    fn whole_words_come_before_beginnings() {
        let late = titles("late");
        let at = |title: &str| late.iter().position(|it| *it == title).expect("it is there");
        assert_eq!(at("Late exits"), 0, "{late:?}");
        assert!(at("Only late lanes") < at("Later"), "{late:?}");
        assert_eq!(titles("").len(), ENTRIES.len());
    }

    #[test]
    fn a_number_is_an_id_before_all_else() {
        let file = include_bytes!("../../traces/late-exit/before.trace");
        let trace = crate::model::build(file, &Progress::default()).expect("a trace");
        let document = Arc::new(Document::new(trace, Rules::default()));
        let documents = [(Slot::Before, document)];
        let search = Search { words: "1".to_owned(), serials: Pair::default() };
        let answer = find(&documents, search, 10_000_000, &Progress::default());
        let Answer::Found { hits, .. } = answer else { panic!("something is found") };
        assert!(hits[0].text.starts_with("g1 "), "{hits:?}");
        assert!(hits[1].text.starts_with("g1"), "{hits:?}");
    }
}
