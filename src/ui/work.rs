//! What follows from answers and commands: traces put in their slots, jobs started.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::answer::Answer;
use super::app::App;
use super::apply::apply;
use super::command::{Command, Effect, Origin, Resize};
use super::dialog;
use super::explain;
use super::jobs::{Jobs, Lane};
use super::open::{self, OpenError, Opened};
use super::sheet::{Built, Sheet};
use super::slot::Slot;
use super::state::{Notice, Popup, Role, Selected, Tone, View};
use super::stretch;
use super::table::{self, Row};
use crate::analysis;
use crate::base::{Interval, Progress, Time};
use crate::scene::{Link, Metrics, Others, RowOptions, Rows, Source, Viewport};

/// The width that a viewport is made with before the canvas's is known, in pixels.
const ANY_WIDTH_PX: f64 = 1000.0;

/// How many sentences are worked out in one go.
const SENTENCES_AT_ONCE: usize = 64;

/// A path that means the same from every folder.
fn whole_path(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Heights of rows.
pub(super) fn metrics(compact: bool) -> Metrics {
    if compact {
        Metrics::compact()
    } else {
        Metrics { lane_px: 19, header_px: 22, region_px: 12, plot_px: 34, gap_px: 3 }
    }
}

impl App {
    /// Does what a command could not do by itself.
    pub(super) fn perform(&mut self, effect: Effect, ctx: &egui::Context) {
        match effect {
            Effect::AskFile(role) => {
                self.jobs.start(Lane::Dialog, "Choosing a file", move |_| dialog::ask(role));
            }
            Effect::Open(origins, role) => self.open(origins, role),
            Effect::Reload => self.reload(),
            Effect::StopOpening => self.stop_opening(),
            Effect::ReadOn(slot) => self.read_on(slot),
            Effect::CloseAll => {
                self.stop_opening();
                self.close_all();
            }
            Effect::Close(slot) => self.close(slot),
            Effect::Swap => self.swap(),
            Effect::Theme(choice) => ctx.set_theme(choice),
            Effect::Resize(Resize::Larger) => egui::gui_zoom::zoom_in(ctx),
            Effect::Resize(Resize::Smaller) => egui::gui_zoom::zoom_out(ctx),
            Effect::Resize(Resize::Usual) => ctx.set_zoom_factor(1.0),
            Effect::Copy(text) => ctx.copy_text(text),
            Effect::Save(wish) => self.save(wish, ctx),
            Effect::BrowseSave(wish) => self.browse_save(wish),
            Effect::Quit => ctx.send_viewport_cmd(egui::ViewportCommand::Close),
        }
    }

    /// Takes what a job has to say.
    pub(super) fn take(&mut self, answer: Answer) {
        match answer {
            Answer::Opened { slot, origin, result } => match result {
                Ok(opened) => self.put(slot, origin, *opened),
                Err(err) => self.tell_error(&err),
            },
            Answer::Previewed { slot, origin, opened } => self.put_preview(slot, origin, *opened),
            Answer::Reopened { slot, origin, result } => match result {
                Ok(opened) => self.put_again(slot, origin, *opened),
                Err(err) => self.tell_error(&err),
            },
            Answer::Judged { serial, opened } => self.put_judged(serial, *opened),
            Answer::Indexed { serial, index } => {
                if let Some(sheet) = self.sheet_mut(serial) {
                    sheet.put_index(index);
                }
            }
            Answer::Rows { serial, options, rows } => {
                if let Some(sheet) = self.sheet_mut(serial) {
                    let built = Built::new(sheet.trace(), options, rows);
                    Jobs::discard(sheet.rows.replace(built));
                }
            }
            Answer::CancelRows { serial, n_cancels, sites, rows } => {
                if let Some(sheet) = self.sheet_mut(serial) {
                    sheet.put_cancel_rows(n_cancels, sites, rows);
                }
            }
            Answer::Compared { serials, diff } => {
                // The two may have been swapped meanwhile, or one of them replaced.
                if self.diff_asked == Some(serials) {
                    self.diff = Some((serials, diff));
                }
            }
            Answer::Explained { serial, about, explanation } => {
                if let Some(sheet) = self.sheet_mut(serial) {
                    sheet.explanation = Some((about, explanation));
                }
            }
            Answer::Sentences { serial, held } => {
                if let Some(sheet) = self.sheet_mut(serial) {
                    sheet.held.extend(held);
                }
            }
            Answer::Table { serial, query, rows } => {
                if let Some(sheet) = self.sheet_mut(serial) {
                    sheet.table = Some((query, rows));
                }
            }
            Answer::Measured { serial, measured } => self.put_measured(serial, measured),
            Answer::Found { search, hits } => self.panels.palette.found(search, hits),
            Answer::Picked { role, paths, unseen } => self.picked(role, paths, unseen),
            Answer::PlaceChosen { wish, unseen } => self.place_chosen(wish, unseen),
            Answer::Saved { wish, result } => self.saved(&wish, result),
            Answer::Nothing => {}
            Answer::Crashed { what } => {
                self.notify(Tone::Error, format!("{what} failed: an error in Overstay itself"));
            }
        }
    }

    pub(super) fn notify(&mut self, tone: Tone, text: String) {
        self.apply_now(Command::Notify(tone, text, Vec::new()));
    }

    pub(super) fn apply_now(&mut self, command: Command) {
        let effect = apply(&mut self.state, command);
        self.effects.extend(effect);
    }

    fn tell_error(&mut self, err: &OpenError) {
        if !matches!(err, OpenError::Cancelled) {
            self.notify(Tone::Error, err.to_string());
        }
    }

    pub(super) fn sheet_mut(&mut self, serial: u64) -> Option<&mut Sheet> {
        let at = Slot::BOTH
            .into_iter()
            .find(|&slot| self.sheets[slot].as_ref().is_some_and(|sheet| sheet.serial == serial))?;
        self.sheets[at].as_mut()
    }

    fn open(&mut self, origins: Vec<Origin>, role: Role) {
        let beside = role == Role::Compare && self.sheets[Slot::Before].is_some();
        let slots = match (origins.len(), beside) {
            (1, true) => &[Slot::After][..],
            (1, false) => &[Slot::Before][..],
            _ => &Slot::BOTH[..],
        };
        self.replacing = !beside;
        self.told_before = self.state.next_notice;
        // What is opened beside a trace that is still being read does not stop that.
        if !beside {
            self.stop_opening();
        }
        for (&slot, origin) in slots.iter().zip(origins) {
            self.begin_to_open(slot, origin);
        }
    }

    /// Puts what is open among the recent files: only what could be read is worth another click.
    fn remember_open(&mut self) {
        let open = || self.sheets.iter().filter_map(|(_, sheet)| sheet.as_ref());
        let files: Vec<PathBuf> = open()
            .filter(|sheet| !sheet.origin.is_stream())
            .filter_map(|sheet| sheet.path().map(|path| whole_path(path)))
            .collect();
        // Of a pair one comes first: it is remembered with the other, not besides.
        if files.len() == open().count() {
            self.state.prefs.recent.retain(|other| !files.starts_with(other) || *other == files);
            self.state.prefs.remember(files);
            self.is_saved = false;
        }
    }

    /// Puts a trace that has been opened in its slot.
    pub(super) fn put(&mut self, slot: Slot, origin: Origin, opened: Opened) {
        let is_preview = opened.is_preview;
        self.forget_messages();
        if self.replacing {
            self.replacing = false;
            // The command makes the state let go of what was open; the rest is done at once.
            let _ = apply(&mut self.state, Command::CloseAll);
            self.close_all();
        }
        self.place(slot, origin, opened);
        self.remember_open();
        self.fit_all();
        let as_it_comes = !self.view_chosen && self.state.view == View::Timeline;
        if slot == Slot::After && as_it_comes {
            self.state.view = View::Compare;
        }
        if !is_preview {
            self.grant_wishes();
        }
    }

    /// Lets go of what was said before the opening that has just gone well: of what failed, and of
    /// the traces that it replaces.
    fn forget_messages(&mut self) {
        let (before, replacing) = (self.told_before, self.replacing);
        let is_stale =
            |notice: &Notice| notice.id < before && (replacing || notice.tone == Tone::Error);
        self.state.notices.retain(|notice| !is_stale(notice));
    }

    /// Makes a trace's sheet, says what is wrong with it, and begins to index it.
    pub(super) fn place(&mut self, slot: Slot, origin: Origin, opened: Opened) {
        self.next_serial += 1;
        let sheet = Sheet::new(self.next_serial, origin, opened);
        let name = sheet.origin.name();
        let damage = open::damage(&name, sheet.trace(), &sheet.file_warnings);
        if let Some((text, more)) = damage.filter(|_| !sheet.is_preview) {
            self.apply_now(Command::Notify(Tone::Warning, text, more));
        }
        if !sheet.indexed {
            let (serial, document) = (sheet.serial, Arc::clone(&sheet.document));
            self.jobs.start(Lane::Index(slot), "Indexing", move |progress| {
                match crate::scene::Index::build(&document, progress) {
                    Ok(index) => Answer::Indexed { serial, index: Arc::new(index) },
                    Err(_) => Answer::Nothing,
                }
            });
        }
        self.sheets[slot] = Some(sheet);
    }

    /// Makes the viewport anew, over all that is open.
    pub(super) fn fit_all(&mut self) {
        let interval = |sheet: &Option<Sheet>| sheet.as_ref().map(Sheet::interval);
        let first = interval(&self.sheets[Slot::Before]);
        let second = interval(&self.sheets[Slot::After]);
        self.state.link = first.zip(second).map(|(a, b)| Link { first: a.start, second: b.start });
        self.state.viewport = match (first, second, self.state.link) {
            (Some(a), Some(b), Some(link)) => Some(link.viewport(a, b, ANY_WIDTH_PX)),
            (Some(a), ..) => Some(Viewport::new(a, ANY_WIDTH_PX)),
            _ => None,
        };
        self.state.cancel_viewport = None;
        self.state.glide = false;
        self.state.places = crate::ui::history::Places::default();
        self.state.scroll = crate::ui::slot::Pair::default();
    }

    /// What the command line asked for, once there is a trace.
    pub(super) fn grant_wishes(&mut self) {
        let Some(sheet) = &self.sheets[Slot::Before] else { return };
        if let Some(words) = self.wishes.select.take() {
            match open::selection(sheet, &words) {
                Some(what) => {
                    self.apply_now(Command::Jump(Selected { slot: Slot::Before, what }));
                }
                None => {
                    let name = sheet.origin.long_name();
                    self.notify(Tone::Error, format!("{name}: there is no {words} in this trace"));
                }
            }
        }
        if let Some(view) = self.wishes.view.take() {
            self.state.view = view;
        }
    }

    /// What is open is no longer the pair that was compared, or not in that order.
    fn forget_diff(&mut self) {
        (self.diff, self.diff_asked) = (None, None);
    }

    fn close_all(&mut self) {
        Jobs::discard(std::mem::take(&mut self.sheets));
        self.forget_diff();
        self.fit_all();
    }

    fn close(&mut self, slot: Slot) {
        match slot {
            Slot::After => {
                let closed = self.sheets[Slot::After].take();
                Jobs::discard(closed);
            }
            Slot::Before => {
                let left = self.sheets[Slot::After].take();
                let closed = std::mem::replace(&mut self.sheets[Slot::Before], left);
                Jobs::discard(closed);
            }
        }
        self.forget_diff();
        self.fit_all();
    }

    fn swap(&mut self) {
        self.sheets.swap();
        self.panels.timelines.swap();
        self.forget_diff();
        let viewport = self.state.viewport;
        if let (Some(link), Some(viewport)) = (self.state.link, viewport) {
            let state = &mut self.state;
            let own = |time: Time| link.swapped().to_first(time);
            let stretch = |of: Interval| Interval::new(own(of.start), own(of.end));
            state.link = Some(link.swapped());
            state.viewport = Some(link.second(&viewport));
            state.range = state.range.map(stretch);
            state.rows.within = state.rows.within.map(stretch);
            state.marks.iter_mut().for_each(|mark| mark.at = own(mark.at));
        }
    }

    fn picked(&mut self, role: Role, paths: Option<Vec<PathBuf>>, unseen: bool) {
        match paths {
            Some(paths) if !paths.is_empty() => {
                let origins = paths.into_iter().take(2).map(Origin::File).collect();
                self.out.send(Effect::Open(origins, role));
            }
            _ if unseen => self.out.send(Command::Popup(Some(Popup::PathField(role)))),
            _ => {}
        }
    }

    /// Starts the jobs whose results are wanted and missing.
    pub(super) fn follow_up(&mut self, ctx: &egui::Context) {
        self.want_judged(ctx);
        for slot in Slot::BOTH {
            self.want_measured(slot, ctx);
            self.want_rows(slot);
        }
        self.want_cancel_rows();
        self.want_diff();
        self.want_explanation();
        self.want_table();
        self.want_found();
    }

    fn want_found(&mut self) {
        let is_open = self.state.popup == Some(Popup::Lanes);
        let serials = self.sheets.map(|sheet| sheet.as_ref().map(|sheet| sheet.serial));
        let Some(search) = self.panels.palette.wanted(is_open, serials) else { return };
        let documents: Vec<_> = self
            .sheets
            .iter()
            .filter_map(|(slot, sheet)| Some((slot, Arc::clone(&sheet.as_ref()?.document))))
            .collect();
        let budget_ns = self.state.prefs.budget_ns;
        self.jobs.start(Lane::Find, "Finding", move |progress| {
            super::palette::find(&documents, search, budget_ns, progress)
        });
    }

    /// Whether the rows have less room than so many points; not while that is not known, before the
    /// first frame.
    fn has_less_than(&self, slot: Slot, least_px: f64) -> bool {
        self.panels.timelines[slot].page_px().is_some_and(|page_px| page_px < least_px)
    }

    /// Which rows the timeline of a trace has.
    pub(super) fn row_options(&self, slot: Slot) -> RowOptions {
        /// The five headings of the other lanes, and as much again, in points: with less they would
        /// leave no room for a goroutine's.
        const LOWEST_PX: f64 = 170.0;
        /// With less than this the plots would leave hardly a lane, in points: late lanes are to be
        /// seen first.
        const LOW_PX: f64 = 300.0;
        let prefs = &self.state.prefs;
        let choice = &self.state.rows;
        let others = if self.state.view == View::Compare || self.has_less_than(slot, LOWEST_PX) {
            Others::Without
        } else if self.has_less_than(slot, LOW_PX) {
            Others::Low
        } else {
            Others::Open
        };
        RowOptions {
            sort: choice.sort,
            grouping: choice.grouping,
            filter: Arc::clone(&choice.filter),
            late_only: choice.late_only,
            within: stretch::within(&self.state, slot),
            budget_ns: prefs.budget_ns,
            regions: prefs.regions,
            others,
            folds: Arc::clone(&choice.folds[slot]),
            hidden: Arc::clone(&choice.hidden[slot]),
            metrics: metrics(prefs.compact),
            like: self.like(slot),
        }
    }

    /// The order of functions in the trace above, so that the two are side by side.
    fn like(&self, slot: Slot) -> Option<Arc<[String]>> {
        let above = self.sheets[Slot::Before].as_ref().filter(|_| slot == Slot::After)?;
        Some(Arc::clone(&above.rows.as_ref()?.functions))
    }

    fn want_rows(&mut self, slot: Slot) {
        let options = self.row_options(slot);
        let Some(sheet) = &mut self.sheets[slot] else { return };
        if sheet.rows_asked.as_ref() == Some(&options) {
            return;
        }
        if sheet.refold(&options) {
            return;
        }
        sheet.rows_asked = Some(options.clone());
        let serial = sheet.serial;
        let (document, index) = (Arc::clone(&sheet.document), Arc::clone(&sheet.index));
        self.jobs.start(Lane::Rows(slot), "Arranging lanes", move |_| {
            let source = Source { document: &document, index: &index };
            let rows = Rows::build(source, &options);
            Answer::Rows { serial, options, rows }
        });
    }

    fn want_diff(&mut self) {
        let (Some(before), Some(after)) = (&self.sheets[Slot::Before], &self.sheets[Slot::After])
        else {
            return;
        };
        let serials = [before.serial, after.serial];
        if self.diff_asked == Some(serials) {
            return;
        }
        self.diff_asked = Some(serials);
        let documents = [Arc::clone(&before.document), Arc::clone(&after.document)];
        self.jobs.start(Lane::Compare, "Comparing", move |_| {
            let [before, after] = &documents;
            Answer::Compared { serials, diff: analysis::diff(before, after) }
        });
    }

    fn want_explanation(&mut self) {
        let Some(about) = self.state.selected else { return };
        let Some(sheet) = &mut self.sheets[about.slot] else { return };
        if sheet.explanation_asked == Some(about) {
            return;
        }
        sheet.explanation_asked = Some(about);
        let serial = sheet.serial;
        let (document, wakers) = (Arc::clone(&sheet.document), Arc::clone(&sheet.wakers));
        self.jobs.start(Lane::Explain, "Explaining", move |progress: &Progress| {
            match explain::explain(&document, &wakers, about.what, progress) {
                Ok(explanation) => Answer::Explained { serial, about, explanation },
                Err(_) => Answer::Nothing,
            }
        });
    }

    fn want_table(&mut self) {
        let query = self.panels.late.query(&self.state);
        let slot = self.state.focus;
        let Some(sheet) = &mut self.sheets[slot] else { return };
        if query.is_plain() || sheet.table_asked.as_ref() == Some(&query) {
            return;
        }
        let stretch = sheet.within.clone();
        if query.within != stretch.as_ref().map(|measured| measured.stretch.interval) {
            // What it holds is being worked out.
            return;
        }
        sheet.table_asked = Some(query.clone());
        let (serial, document) = (sheet.serial, Arc::clone(&sheet.document));
        self.jobs.start(Lane::Table(slot), "Sorting", move |progress| {
            let stretch = stretch.as_ref().map(|measured| &measured.stretch);
            match table::list(&document, stretch, &query, progress) {
                Ok(rows) => Answer::Table { serial, query, rows },
                Err(_) => Answer::Nothing,
            }
        });
    }

    /// Works out the sentences of the rows that are in view.
    pub(super) fn want_sentences(&mut self) {
        for slot in Slot::BOTH {
            let mut wanted = self.out.take_sentences(slot);
            let Some(sheet) = &self.sheets[slot] else { continue };
            if wanted.is_empty() || self.jobs.is_busy(Lane::Sentences(slot)) {
                continue;
            }
            wanted.sort_unstable();
            wanted.dedup();
            wanted.truncate(SENTENCES_AT_ONCE);
            let (serial, document) = (sheet.serial, Arc::clone(&sheet.document));
            self.jobs.start(Lane::Sentences(slot), "Explaining", move |_| {
                let tell = |row: Row| (row, explain::held(&document, row));
                Answer::Sentences { serial, held: wanted.into_iter().map(tell).collect() }
            });
        }
    }
}
