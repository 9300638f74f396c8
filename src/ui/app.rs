//! The window: takes answers, does commands, lays out the panels.

use std::path::PathBuf;

use super::act;
use super::apply::apply;
use super::command::{Command, Effect, Origin};
use super::compare::ComparePanel;
use super::ctx::{Ctx, Outbox};
use super::details::DetailsPanel;
use super::dialog::PathField;
use super::drop::DropZone;
use super::jobs::Jobs;
use super::keys;
use super::late::LatePanel;
use super::open::Beginning;
use super::palette::Palette;
use super::render::Damage;
use super::saving::{SavePanel, Shot};
use super::sheet::Sheet;
use super::slot::{Pair, Slot};
use super::state::{Popup, Prefs, Role, State, ThemeChoice, Tone, View};
use super::theme::{self, Theme, size};
use super::timeline::TimelinePanel;
use super::top::TopBar;
use super::{help, loading, notices, status, welcome};
use crate::load::Saving;
use crate::scene::Sort;

/// What the command line asks of the window, or of a picture.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Dark or light; as saved, or the desktop's, if none.
    pub theme: Option<ThemeChoice>,
    /// Which view to begin with.
    pub view: Option<View>,
    /// What to select: `goroutine:23` by the trace's id, or `cancel:0` by its number.
    pub select: Option<String>,
    /// Overstays beyond this are late, in nanoseconds; as saved if none.
    pub late_over_ns: Option<i64>,
    /// What can be saved, and how; nothing if none.
    pub saving: Option<&'static Saving>,
}

/// What panels remember for themselves: scroll positions, text being typed, the last frame.
#[derive(Default)]
pub(super) struct Panels {
    pub(super) top: TopBar,
    pub(super) timelines: Pair<TimelinePanel>,
    pub(super) cancels: TimelinePanel,
    pub(super) late: LatePanel,
    pub(super) compare: ComparePanel,
    pub(super) details: DetailsPanel,
    pub(super) palette: Palette,
    pub(super) path_field: PathField,
    pub(super) save: SavePanel,
    pub(super) drop: DropZone,
    pub(super) gestures: Gestures,
}

/// Numbers for gestures, so that moves of one gesture are undone together.
#[derive(Debug, Default)]
pub(super) struct Gestures(u64);

impl Gestures {
    /// A number that no gesture has had.
    pub(super) fn next(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }

    /// The number of the gesture that goes on.
    pub(super) fn current(&self) -> u64 {
        self.0
    }
}

/// The window's content, whoever shows it: eframe, a test, or a picture.
pub struct App {
    pub(super) state: State,
    pub(super) sheets: Pair<Option<Sheet>>,
    pub(super) jobs: Jobs,
    pub(super) out: Outbox,
    pub(super) panels: Panels,
    /// The traces that are being opened now replace what is open, once one of them is there.
    pub(super) replacing: bool,
    /// The number of the first message since they were asked for.
    pub(super) told_before: u64,
    /// Which traces are shown in part first; none are, if none.
    pub(super) beginning: Option<Beginning>,
    /// The number of the next trace.
    pub(super) next_serial: u64,
    /// What the command line asked to select or show, once a trace is open.
    pub(super) wishes: Settings,
    /// Whether the command line asked for a view: then a comparison does not choose its own.
    pub(super) view_chosen: bool,
    /// The comparison, and of which traces.
    pub(super) diff: Option<([u64; 2], crate::analysis::Diff)>,
    /// Which two were last asked to be compared.
    pub(super) diff_asked: Option<[u64; 2]>,
    /// What commands could not do by themselves, to be done next.
    pub(super) effects: Vec<Effect>,
    /// Whether what is to survive a restart has been written since a file was opened.
    pub(super) is_saved: bool,
    /// What can be saved, and how.
    pub(super) saving: Option<&'static Saving>,
    /// A picture that is being taken.
    pub(super) shot: Option<Shot>,
    /// The window's title.
    title: String,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("view", &self.state.view).finish_non_exhaustive()
    }
}

impl App {
    /// A window with nothing open yet that begins to open `traces`: one, or two to compare.
    #[must_use]
    pub fn new(ctx: &egui::Context, traces: &[PathBuf], settings: Settings) -> Self {
        Self::with_prefs(ctx, traces, settings, Prefs::default())
    }

    /// The same, with what survived the last run.
    pub(super) fn with_prefs(
        ctx: &egui::Context,
        traces: &[PathBuf],
        settings: Settings,
        mut prefs: Prefs,
    ) -> Self {
        theme::install(ctx);
        // How far something was scrolled in the last run says nothing of what is in it now.
        ctx.data_mut(egui::util::IdTypeMap::remove_by_type::<egui::scroll_area::State>);
        if let Some(ns) = settings.late_over_ns {
            prefs.budget_ns = ns;
        }
        if let Some(choice) = settings.theme {
            prefs.theme = choice;
        }
        ctx.set_theme(prefs.theme);
        let waker = ctx.clone();
        let app = Self {
            state: State { prefs, ..State::default() },
            sheets: Pair::default(),
            jobs: Jobs::new(move || waker.request_repaint()),
            out: Outbox::default(),
            panels: Panels::default(),
            replacing: false,
            told_before: 0,
            beginning: Some(Beginning::default()),
            next_serial: 0,
            view_chosen: settings.view.is_some(),
            saving: settings.saving,
            shot: None,
            wishes: settings,
            diff: None,
            diff_asked: None,
            effects: Vec::new(),
            is_saved: true,
            title: "Overstay".to_owned(),
        };
        if !traces.is_empty() {
            let origins = traces.iter().cloned().map(Origin::File).collect();
            app.out.send(Effect::Open(origins, Role::Replace));
        }
        app
    }

    /// Whether nothing is being worked on and no command waits: what is shown is final.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        // What is to be revealed on a timeline waits until one is shown.
        let revealing = self.state.reveal.is_some() && self.state.view != View::Late;
        self.out.is_empty() && !self.jobs.any_busy() && !revealing
    }

    /// The errors shown in the window, the oldest first.
    #[must_use]
    pub fn messages(&self) -> Vec<String> {
        self.state.notices.iter().map(|notice| notice.text.clone()).collect()
    }

    /// The errors that nobody has dismissed yet, the oldest first.
    #[must_use]
    pub fn errors(&self) -> Vec<String> {
        let errors = self.state.notices.iter().filter(|notice| notice.tone == Tone::Error);
        errors.map(|notice| notice.text.clone()).collect()
    }

    /// How many traces are open.
    #[must_use]
    pub fn n_open(&self) -> usize {
        self.sheets.iter().filter(|(_, sheet)| sheet.is_some()).count()
    }

    /// Whether only the beginning of a trace is shown.
    #[must_use]
    pub fn is_preview(&self) -> bool {
        self.sheets.iter().any(|(_, sheet)| sheet.as_ref().is_some_and(|it| it.is_preview))
    }

    /// How many lanes of goroutines there are on the timeline, hidden ones included; 0 until
    /// they are arranged.
    #[must_use]
    pub fn n_lanes(&self) -> usize {
        let sheet = self.sheets[Slot::Before].as_ref();
        sheet.and_then(|sheet| sheet.rows.as_ref()).map_or(0, |built| built.rows.n_lanes())
    }

    /// What the lanes that are shown on the timeline are sorted by; none until they are arranged.
    #[must_use]
    pub fn sorted_by(&self) -> Option<Sort> {
        let sheet = self.sheets[Slot::Before].as_ref();
        sheet.and_then(|sheet| sheet.rows.as_ref()).map(|built| built.options.sort)
    }

    /// What is wrong with the traces that are open.
    pub(super) fn damage(&self) -> Vec<Damage> {
        let sheets = self.sheets.iter().filter_map(|(_, sheet)| sheet.as_ref());
        sheets.filter_map(Damage::of).collect()
    }

    /// What runs before each frame, and while the window is hidden: commands, answers, and the
    /// work that follows from them.
    pub fn update(&mut self, ctx: &egui::Context) {
        self.take_shot();
        // First, since rows in them are those of the traces that were on screen.
        for command in self.out.take() {
            if let Some(effect) = apply(&mut self.state, command) {
                self.effects.push(effect);
            }
        }
        for effect in std::mem::take(&mut self.effects) {
            self.perform(effect, ctx);
        }
        for answer in self.jobs.drain() {
            self.take(answer);
        }
        self.follow_up(ctx);
        self.name_window(ctx);
    }

    /// Puts what is open in the window's title.
    fn name_window(&mut self, ctx: &egui::Context) {
        let open: Vec<String> = self
            .sheets
            .iter()
            .filter_map(|(_, sheet)| Some(sheet.as_ref()?.origin.long_name()))
            .collect();
        let title = if open.is_empty() {
            "Overstay".to_owned()
        } else {
            format!("{} – Overstay", open.join(" → "))
        };
        if title != self.title {
            ctx.send_viewport_cmd(egui::ViewportCommand::Title(title.clone()));
            self.title = title;
        }
    }

    /// What the panels may read.
    pub(super) fn ctx(&self, theme: &'static Theme) -> Ctx<'_> {
        let Self { state, sheets, jobs, out, saving, diff, .. } = self;
        let diff = diff.as_ref().map(|(_, diff)| diff);
        Ctx { state, sheets, jobs, theme, out, saving: *saving, diff }
    }

    /// Shows everything.
    pub fn show_ui(&mut self, ui: &mut egui::Ui) {
        let theme = Theme::of(ui);
        let mut panels = std::mem::take(&mut self.panels);
        let ctx = self.ctx(theme);
        panels.drop.read(ui, &ctx);
        if matches!(ctx.state.popup, None | Some(Popup::Help)) {
            for action in keys::pressed(ui.ctx()) {
                act::act(action, &ctx, &mut panels);
            }
        } else if ui.input_mut(|input| input.consume_key(egui::Modifiers::NONE, egui::Key::Escape))
        {
            ctx.send(Command::Escape);
        }
        if self.sheets[Slot::Before].is_some() {
            Self::trace_ui(ui, &ctx, &mut panels);
        } else if ctx.opening() {
            loading::page_ui(ui, &ctx);
        } else {
            welcome::page_ui(ui, &ctx);
        }
        notices::overlay_ui(ui, &ctx);
        match &ctx.state.popup {
            Some(Popup::Help) => help::overlay_ui(ui, &ctx),
            Some(Popup::Commands | Popup::Lanes) => {
                let mut palette = std::mem::take(&mut panels.palette);
                palette.overlay_ui(ui, &ctx, &mut panels);
                panels.palette = palette;
            }
            Some(Popup::PathField(role)) => panels.path_field.overlay_ui(ui, &ctx, *role),
            Some(Popup::Save) => panels.save.overlay_ui(ui, &ctx),
            Some(Popup::DropChoice(origin)) => DropZone::choice_ui(ui, &ctx, origin),
            None => {}
        }
        if ctx.state.popup != Some(Popup::Save) {
            panels.save.clear();
        }
        if !matches!(ctx.state.popup, Some(Popup::PathField(_))) {
            panels.path_field.close();
        }
        panels.drop.overlay_ui(ui, &ctx);
        let asked = !self.out.is_empty();
        self.panels = panels;
        self.want_sentences();
        if asked {
            ui.ctx().request_repaint();
        }
    }

    /// The panels around an open trace.
    fn trace_ui(ui: &mut egui::Ui, ctx: &Ctx<'_>, panels: &mut Panels) {
        let theme = ctx.theme;
        let bar = |fill| egui::Frame::new().fill(fill).inner_margin(egui::Margin::symmetric(10, 0));
        egui::Panel::top("top_bar")
            .exact_size(size::TOP_BAR)
            .frame(bar(theme.panel))
            .show(ui, |ui| panels.top.bar_ui(ui, ctx, &mut panels.gestures));
        if ctx.opening() || ctx.previewing() {
            egui::Panel::top("opening")
                .frame(bar(theme.band))
                .show(ui, |ui| loading::strip_ui(ui, ctx));
        }
        notices::strip_ui(ui, ctx);
        egui::Panel::bottom("status_bar")
            .exact_size(size::STATUS)
            .frame(bar(theme.panel))
            .show(ui, |ui| status::bar_ui(ui, ctx, panels));
        if ctx.state.prefs.details {
            // In a narrow window most of it stays the timeline's.
            let most = (ui.available_width() * 0.36).clamp(260.0, 640.0);
            egui::Panel::right("details")
                .default_size(size::DETAILS.min(most))
                .size_range(260.0..=most)
                .frame(egui::Frame::new().fill(theme.panel))
                .show(ui, |ui| {
                    // What is wider than the panel is cut at its right: a panel that grows by it
                    // would be moved, and cut at its left.
                    ui.set_min_size(ui.available_size());
                    let room = egui::UiBuilder::new().max_rect(ui.max_rect());
                    panels.details.panel_ui(&mut ui.new_child(room), ctx);
                });
        }
        let plain = egui::Frame::new().fill(theme.canvas);
        if ctx.state.prefs.drawer && ctx.state.view == View::Timeline {
            // In a low window most of it stays the lanes'.
            let most = (ui.available_height() * 0.45).clamp(120.0, 700.0);
            let drawer = panels.late.drawer(ctx, ui.available_width(), most);
            drawer
                .frame(egui::Frame::new().fill(theme.panel))
                .show(ui, |ui| panels.late.drawer_ui(ui, ctx, &mut panels.gestures));
        }
        egui::CentralPanel::default().frame(plain).show(ui, |ui| match ctx.state.view {
            View::Timeline => {
                super::timeline::both_ui(ui, ctx, &mut panels.timelines, &mut panels.gestures);
            }
            View::Cancel => {
                super::timeline::cancels_ui(ui, ctx, &mut panels.cancels, &mut panels.gestures);
            }
            View::Late => panels.late.page_ui(ui, ctx, &mut panels.gestures),
            View::Compare => {
                let Panels { compare, timelines, gestures, .. } = panels;
                compare.page_ui(ui, ctx, timelines, gestures);
            }
        });
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &egui::Context, frame: &mut eframe::Frame) {
        self.update(ctx);
        // A window that is killed saves nothing: what was opened is to be found again all the same.
        if let (false, Some(storage)) = (self.is_saved, frame.storage_mut()) {
            self.is_saved = true;
            eframe::set_value(storage, super::PREFS_KEY, &self.state.prefs);
            storage.flush();
        }
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        self.show_ui(ui);
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        eframe::set_value(storage, super::PREFS_KEY, &self.state.prefs);
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        Theme::get(visuals.dark_mode).window.to_normalized_gamma_f32()
    }
}
