//! The top bar: menus, what is open, the views, find, the budget.

mod budget;

use std::fmt::Write as _;

use egui::{Align, Id, Layout, RichText, TextEdit, Ui, WidgetInfo, vec2};

use super::act::{ALL_LATE, switch_of};
use super::app::Gestures;
use super::command::{Command, Effect, Origin, Switch};
use super::ctx::{Ctx, thousands};
use super::keys::{self, Action, entry_of};
use super::slot::Slot;
use super::state::{Role, State, ThemeChoice, View};
use super::stuck::n_stuck_text;
use super::theme;
use super::welcome::theme_button_ui;
use super::widgets::{caption, icon_button_ui, icon_ui, select_all, strong};
use crate::scene::{Grouping, Sort};
use budget::BudgetField;

/// Width of the find field in points, and the least that it is of use with.
const FIND: f32 = 170.0;
const LEAST_FIND: f32 = 56.0;
/// How wide a window must be for two names with their folders, in points.
const LONG_NAMES: f32 = 1250.0;
/// How wide it must be for two names at all, in points.
const NAMES: f32 = 1050.0;
/// How wide it must be for two numbers on each tab, in points.
const ALL_NUMBERS: f32 = 1000.0;
/// The same where some are stuck.
const ALL_NUMBERS_STUCK: f32 = 1200.0;
/// How much room at the right it takes, in points, to have the theme there and a button that
/// empties the find field; the budget's whole caption; the switch for late lanes.
const ROOM_FOR_ALL: f32 = 345.0;
const ROOM_FOR_CAPTION: f32 = 380.0;
const ROOM_FOR_LATE_ONLY: f32 = 300.0;
/// Width of the button that empties the find field, in points.
const CLEAR: f32 = 24.0;
/// Width of the menus in points.
const MENU: f32 = 240.0;

/// What the bar remembers.
#[derive(Debug, Default)]
pub(crate) struct TopBar {
    focus_find: bool,
    finding: bool,
    budget: BudgetField,
    /// The width of what is at the right, without that of the find field's text, in points.
    right_px: f32,
}

impl TopBar {
    /// Puts the cursor in the find field.
    pub(crate) fn focus_find(&mut self) {
        self.focus_find = true;
    }

    /// Whether the cursor is in the find field.
    pub(crate) fn is_finding(&self) -> bool {
        self.finding
    }

    /// Whether the cursor is in the budget's field.
    pub(crate) fn is_budgeting(&self) -> bool {
        self.budget.is_writing()
    }

    /// The bar.
    pub(crate) fn bar_ui(&mut self, ui: &mut Ui, ctx: &Ctx<'_>, gestures: &mut Gestures) {
        ui.horizontal_centered(|ui| {
            ui.menu_button("File", |ui| file_menu_ui(ui, ctx));
            ui.menu_button("View", |ui| view_menu_ui(ui, ctx));
            ui.add_space(6.0);
            open_ui(ui, ctx);
            ui.add_space(8.0);
            tabs_ui(ui, ctx);
            self.right_ui(ui, ctx, gestures);
        });
    }

    /// At the right end: find, late only, budget, theme, help; in a narrow window without what is
    /// also in a menu. They are added from left to right, which is the order in which
    /// Tab walks, so how wide they are is known from the pass before.
    fn right_ui(&mut self, ui: &mut Ui, ctx: &Ctx<'_>, gestures: &mut Gestures) {
        let room = ui.available_width();
        let find = (room - self.right_px - 2.0).clamp(LEAST_FIND, FIND);
        ui.add_space((room - self.right_px - find).max(0.0));
        let left = ui.cursor().left();
        self.find_ui(ui, ctx, find, room > ROOM_FOR_ALL);
        if room > ROOM_FOR_LATE_ONLY {
            ui.add_space(4.0);
            late_only_ui(ui, ctx);
        }
        ui.add_space(4.0);
        let words = if room > ROOM_FOR_CAPTION { "late over" } else { "late >" };
        self.budget.field_ui(ui, ctx, gestures, words);
        ui.add_space(4.0);
        if room > ROOM_FOR_ALL {
            theme_button_ui(ui, ctx);
        }
        if icon_button_ui(ui, "?", "Keys and mouse", "?").clicked() {
            ctx.send(Command::Popup(Some(super::state::Popup::Help)));
        }
        let right_px = ui.cursor().left() - ui.spacing().item_spacing.x - left - find;
        if (right_px - self.right_px).abs() > 0.5 {
            self.right_px = right_px;
            ui.ctx().request_discard("what is at the right of the top bar has another width");
        }
    }

    fn find_ui(&mut self, ui: &mut Ui, ctx: &Ctx<'_>, width: f32, clears: bool) {
        let mut words = ctx.state.rows.filter.to_string();
        let id = Id::unique("find");
        let field =
            TextEdit::singleline(&mut words).id(id).hint_text("Find (/)").desired_width(width);
        let response = ui.add(field);
        response.widget_info(|| WidgetInfo::labeled(egui::Role::TextInput, true, "Find"));
        if std::mem::take(&mut self.focus_find) {
            response.request_focus();
            select_all(ui.ctx(), id, &words);
        }
        self.finding = response.has_focus();
        // Its room is there without it, too, or the field would move away from whoever types.
        let square = vec2(CLEAR, ui.spacing().interact_size.y);
        if !clears {
            // Esc does it, too.
        } else if words.is_empty() {
            ui.allocate_space(square);
        } else {
            let clear = egui::Button::new("×").min_size(square);
            if icon_ui(ui, clear, "Show all lanes again", "Esc").clicked() {
                words.clear();
                ctx.send(Command::Filter(String::new()));
                return;
            }
        }
        if response.changed() {
            ctx.send(Command::Filter(words));
        }
    }
}

/// Whether all lanes are shown, or only the late ones.
fn late_only_ui(ui: &mut Ui, ctx: &Ctx<'_>) {
    let late_only = ctx.state.rows.late_only;
    let button = egui::Button::selectable(late_only, "Late only").frame_when_inactive(true);
    let tip = "Only lanes of goroutines that left late or are overdue (L)";
    // The table of late exits has nothing else to leave out.
    let enabled = ctx.state.view != View::Late;
    let response = ui.add_enabled(enabled, button).on_disabled_hover_text(ALL_LATE);
    if response.on_hover_text(tip).clicked() {
        ctx.send(Command::Toggle(Switch::LateOnly));
    }
}

/// What is open, by name.
fn open_ui(ui: &mut Ui, ctx: &Ctx<'_>) {
    let theme = ctx.theme;
    let comparing = ctx.comparing();
    for slot in Slot::BOTH {
        let Some(sheet) = ctx.sheet(slot) else { continue };
        if slot == Slot::After {
            let swap = icon_button_ui(ui, "↔", "Swap before and after", "B");
            if swap.clicked() {
                ctx.send(Command::Swap);
            }
        }
        // The heads of the timelines have them, too.
        if comparing && ui.ctx().content_rect().width() < NAMES {
            continue;
        }
        // Where two names leave no room, their folders do not count.
        let long = !comparing || ui.ctx().content_rect().width() > LONG_NAMES;
        let name = if long { sheet.origin.long_name() } else { sheet.origin.name() };
        let color = if comparing { theme.side[slot as usize] } else { theme.text };
        let shown = shorten(&name);
        let label = ui.label(strong(shown).color(color));
        let whole = match &sheet.origin {
            Origin::File(path) => path.display().to_string(),
            Origin::Example(example) => format!("{}, an example", example.name),
        };
        let role = if comparing { format!("{}: {whole}", slot.name()) } else { whole };
        label.on_hover_text(role);
    }
}

/// The end of a long name, which tells more than its beginning.
fn shorten(name: &str) -> String {
    const MAX: usize = 40;
    let n_chars = name.chars().count();
    if n_chars <= MAX {
        return name.to_owned();
    }
    let end: String = name.chars().skip(n_chars - MAX + 1).collect();
    format!("…{end}")
}

fn tabs_ui(ui: &mut Ui, ctx: &Ctx<'_>) {
    let theme = ctx.theme;
    ui.spacing_mut().item_spacing.x = 2.0;
    let stuck = stuck_part(ctx);
    let least = if stuck.is_some() { ALL_NUMBERS_STUCK } else { ALL_NUMBERS };
    let narrow = ui.ctx().content_rect().width() < least;
    for view in View::ALL {
        if view == View::Compare && !ctx.comparing() {
            continue;
        }
        let mut numbers = numbers_of(ctx, view);
        // Where two of each leave no room for the others, it is late exits that count.
        if view == View::Cancel && numbers.len() > 1 && narrow {
            numbers.clear();
        }
        let selected = ctx.state.view == view;
        let color = if selected { theme.text } else { theme.weak };
        let mut text = egui::text::LayoutJob::default();
        let style = ui.style().clone();
        let valign = Align::Center;
        let title = RichText::new(view.title()).color(color);
        title.append_to(&mut text, &style, egui::FontSelection::Default, valign);
        let mut spoken = view.title().to_owned();
        // Nobody late is not all well where some are stuck.
        let stuck = stuck.as_ref().filter(|_| view == View::Late);
        for (at, &n) in numbers.iter().enumerate() {
            let loud = view == View::Late && n > 0;
            let before = if at == 0 { "  " } else { " → " };
            let parts = [(before.to_owned(), false), (thousands(n as u64), loud)];
            for (part, loud) in parts {
                RichText::new(part)
                    .family(theme::strong_family())
                    .color(if loud { theme.late_text } else { theme.weak })
                    .append_to(&mut text, &style, egui::FontSelection::Default, valign);
            }
            let _ = write!(spoken, "{}{n}", if at == 0 { " (" } else { " → " });
        }
        if !numbers.is_empty() {
            spoken.push(')');
        }
        if let Some(part) = stuck {
            spoken.push_str(part);
            RichText::new(part).family(theme::strong_family()).color(theme.late_text).append_to(
                &mut text,
                &style,
                egui::FontSelection::Default,
                valign,
            );
        }
        let tab = ui.add(egui::Button::selectable(selected, text));
        tab.widget_info(|| WidgetInfo::selected(egui::Role::Tab, true, selected, spoken.as_str()));
        if tab.clicked() {
            ctx.send(Command::Show(view));
        }
    }
}

/// The numbers on a view's tab: of two traces one of each, before and after.
fn numbers_of(ctx: &Ctx<'_>, view: View) -> Vec<usize> {
    let analyses =
        ctx.sheets.iter().filter_map(|(_, sheet)| Some(sheet.as_ref()?.document.analysis()));
    match view {
        View::Late => analyses.map(|it| it.late(ctx.state.prefs.budget_ns).len()).collect(),
        View::Cancel => analyses.map(|it| it.cancels().len()).collect(),
        View::Timeline | View::Compare => Vec::new(),
    }
}

/// How many goroutines are stuck, of whom no cancel tells how late they are, as a tab says it; of
/// two traces before and after. Nothing if none is.
fn stuck_part(ctx: &Ctx<'_>) -> Option<String> {
    let over_ns = ctx.state.prefs.budget_ns;
    let sheets = ctx.sheets.iter().filter_map(|(_, sheet)| sheet.as_ref());
    let n: Vec<u64> =
        sheets.map(|sheet| sheet.document.analysis().stuck_over(over_ns).len() as u64).collect();
    match n[..] {
        [n] if n > 0 => Some(format!("  {}", n_stuck_text(n))),
        [before, after] if before + after > 0 => {
            Some(format!("  {} → {}", thousands(before), n_stuck_text(after)))
        }
        _ => None,
    }
}

/// A menu's line for an action, with its keys.
fn action_ui(ui: &mut Ui, action: Action) -> bool {
    item_ui(ui, entry_of(action).map_or("", |entry| entry.title), action)
}

/// The same under another title.
fn item_ui(ui: &mut Ui, title: &str, action: Action) -> bool {
    let keys = keys::key_text(ui.ctx(), action);
    ui.add(egui::Button::new(title).shortcut_text(keys).min_size(vec2(MENU, 0.0))).clicked()
}

fn file_menu_ui(ui: &mut Ui, ctx: &Ctx<'_>) {
    if action_ui(ui, Action::Open) {
        ctx.send(Effect::AskFile(Role::Replace));
    }
    if action_ui(ui, Action::OpenCompare) {
        ctx.send(Effect::AskFile(Role::Compare));
    }
    ui.menu_button("Recent", |ui| recent_menu_ui(ui, ctx));
    ui.menu_button("Examples", |ui| examples_menu_ui(ui, ctx));
    ui.separator();
    if action_ui(ui, Action::Reload) {
        ctx.send(Effect::Reload);
    }
    if action_ui(ui, Action::Save) {
        ctx.send(Command::Popup(Some(super::state::Popup::Save)));
    }
    if ctx.comparing() {
        if ui.button("Close the first trace").clicked() {
            ctx.send(Command::Close(Slot::Before));
        }
        if item_ui(ui, "Close the second trace", Action::CloseTrace) {
            ctx.send(Command::Close(Slot::After));
        }
    }
    if ctx.comparing() {
        // The key closes the one that was opened last.
        if ui.button("Close both").clicked() {
            ctx.send(Command::CloseAll);
        }
    } else if action_ui(ui, Action::CloseTrace) {
        ctx.send(Command::CloseAll);
    }
    ui.separator();
    if action_ui(ui, Action::Quit) {
        ctx.send(Effect::Quit);
    }
}

fn recent_menu_ui(ui: &mut Ui, ctx: &Ctx<'_>) {
    if ctx.state.prefs.recent.is_empty() {
        ui.label(caption(ctx.theme, "Nothing yet"));
    }
    for paths in &ctx.state.prefs.recent {
        let names: Vec<String> =
            paths.iter().map(|path| Origin::File(path.clone()).long_name()).collect();
        if ui.button(names.join(" → ")).clicked() {
            let origins = paths.iter().cloned().map(Origin::File).collect();
            ctx.send(Effect::Open(origins, Role::Replace));
        }
    }
}

fn examples_menu_ui(ui: &mut Ui, ctx: &Ctx<'_>) {
    for tour in &super::examples::TOURS {
        if ui.button(tour.title).on_hover_text(tour.about).clicked() {
            let origins = vec![Origin::Example(&tour.before)];
            ctx.send(Effect::Open(origins, Role::Replace));
        }
    }
}

fn view_menu_ui(ui: &mut Ui, ctx: &Ctx<'_>) {
    let state = ctx.state;
    ui.set_max_width(MENU + 30.0);
    let actions = [
        Action::Details,
        Action::Drawer,
        Action::LateOnly,
        Action::Cancels,
        Action::Arrows,
        Action::Gc,
        Action::StopTheWorld,
        Action::Regions,
        Action::Compact,
        Action::WheelZooms,
        Action::Siblings,
    ];
    for action in actions {
        let Some(switch) = switch_of(action) else { continue };
        let mut on = is_on(state, switch);
        let title = entry_of(action).map_or("", |entry| entry.title);
        let keys = keys::key_text(ui.ctx(), action);
        ui.horizontal(|ui| {
            if ui.checkbox(&mut on, title).changed() {
                ctx.send(Command::Toggle(switch));
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.label(caption(ctx.theme, keys));
            });
        });
    }
    ui.separator();
    ui.menu_button("Sort lanes by", |ui| {
        for (title, sort) in SORTS {
            if ui.radio(state.rows.sort == sort, title).clicked() {
                ctx.send(Command::Sort(sort));
            }
        }
    });
    ui.menu_button("Group lanes by", |ui| {
        for (title, grouping) in GROUPINGS {
            if ui.radio(state.rows.grouping == grouping, title).clicked() {
                ctx.send(Command::Group(grouping));
            }
        }
    });
    ui.menu_button("Theme", |ui| {
        for (title, choice) in THEMES {
            if ui.radio(state.prefs.theme == choice, title).clicked() {
                ctx.send(Command::Theme(choice));
            }
        }
    });
}

const SORTS: [(&str, Sort); 5] = [
    ("Lateness", Sort::Lateness),
    ("Start", Sort::Start),
    ("Id", Sort::Id),
    ("Running time", Sort::Running),
    ("Lifetime", Sort::Lifetime),
];

const GROUPINGS: [(&str, Grouping); 3] = [
    ("Start function", Grouping::Function),
    ("Creator", Grouping::Creator),
    ("Nothing", Grouping::Flat),
];

const THEMES: [(&str, ThemeChoice); 3] = [
    ("The desktop's", ThemeChoice::System),
    ("Dark", ThemeChoice::Dark),
    ("Light", ThemeChoice::Light),
];

/// Whether a switch is on.
fn is_on(state: &State, switch: Switch) -> bool {
    let prefs = &state.prefs;
    match switch {
        Switch::Details => prefs.details,
        Switch::Drawer => prefs.drawer,
        Switch::Cancels => prefs.overlays.cancels,
        Switch::Arrows => prefs.overlays.arrows,
        Switch::Gc => prefs.overlays.gc,
        Switch::StopTheWorld => prefs.overlays.stop_the_world,
        Switch::LateOnly => state.rows.late_only,
        Switch::Compact => prefs.compact,
        Switch::Regions => prefs.regions,
        Switch::WheelZooms => prefs.wheel_zooms,
        Switch::Siblings => prefs.siblings,
    }
}
