//! The cancels of a trace by where they are made: what the cancel view can be about.

use std::cmp::Reverse;
use std::sync::Arc;

use egui::{ComboBox, RichText, ScrollArea, Ui, WidgetInfo};
use rustc_hash::FxHashMap;

use super::act::say;
use super::answer::Answer;
use super::app::App;
use super::command::Command;
use super::ctx::{Ctx, count, short_file, short_function, thousands};
use super::details::cancel_kind;
use super::jobs::{Jobs, Lane};
use super::keys::{self, Action};
use super::sheet::Sheet;
use super::state::View;
use super::theme::Theme;
use super::widgets::{SWATCH, icon_button_ui, swatch_ui};
use super::work::metrics;
use crate::analysis::{Cancel, Cause, Document};
use crate::base::{StackId, StrId};
use crate::model::Frame;
use crate::scene::{RowOptions, Rows, Source};

/// How many sites can be chosen.
const MAX_SITES: usize = 200;
/// Height of the list, in points.
const LIST_PX: f32 = 360.0;
/// Width of the choice, in points.
const CHOICE_PX: f32 = 260.0;

/// The cancels of one cause and site.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Site {
    /// The first of them, by its row.
    pub(crate) first: u32,
    /// How many there are.
    pub(crate) n: u32,
    /// The worst overstay of any of them that counts; 0 if none.
    pub(crate) worst_ns: i64,
}

/// What the cancels of one site have in common.
type Key = (Cause, Place);

/// Where a cancel is made, as far as that tells anything.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Place {
    /// On a line of the program, or of a library.
    Line(Frame),
    /// On no such line: the function of those who heard it first, if any did.
    HeardBy(Option<StrId>),
}

/// Of which site a cancel is. A deadline has no line, nor has a client that went away while nobody
/// waited. One that was waited for has a line inside the standard library, and is of the same site.
fn site_key(document: &Document, cancel: &Cancel) -> Key {
    let line = cancel.site.filter(|_| document.comparable_site(cancel).is_some());
    let heard_by = || Place::HeardBy(first_function(document, cancel));
    (cancel.cause, line.map_or_else(heard_by, Place::Line))
}

/// All sites, the one with the worst overstay first. Costs a pass over the hearings: not for the UI
/// thread.
pub(crate) fn sites_of(document: &Document) -> Vec<Site> {
    let analysis = document.analysis();
    let (mut sites, mut has_lanes) = (Vec::<Site>::new(), Vec::new());
    let mut rows: FxHashMap<Key, usize> = FxHashMap::default();
    for cancel in analysis.cancels() {
        let row = *rows.entry(site_key(document, cancel)).or_insert_with(|| {
            sites.push(Site { first: cancel.id, n: 0, worst_ns: 0 });
            has_lanes.push(false);
            sites.len() - 1
        });
        let reached = || analysis.heard(cancel).iter().chain(analysis.deaf(cancel));
        has_lanes[row] |= reached().next().is_some();
        let counts = reached().filter(|hearing| hearing.is_late(0));
        let worst_ns = counts.map(|hearing| hearing.overstay_ns).max().unwrap_or(0);
        let site = &mut sites[row];
        site.n += 1;
        site.worst_ns = site.worst_ns.max(worst_ns);
    }
    // Of a site whose cancels reached nobody there is nothing to show.
    let mut has_lanes = has_lanes.into_iter();
    sites.retain(|_| has_lanes.next() == Some(true));
    sites.sort_by_key(|site| (Reverse(site.worst_ns), Reverse(site.n), site.first));
    sites.truncate(MAX_SITES);
    sites
}

/// Which of the sites is chosen, by its number.
fn chosen(ctx: &Ctx<'_>, sheet: &Sheet) -> Option<usize> {
    let row = ctx.state.cancel_site?;
    let key_of = |row| Some(site_key(&sheet.document, sheet.cancel(row)?));
    let key = key_of(row)?;
    sheet.sites().iter().position(|site| key_of(site.first) == Some(key))
}

/// The choice of a site, and the steps to its neighbors.
pub(crate) fn choice_ui(ui: &mut Ui, ctx: &Ctx<'_>, sheet: &Sheet) {
    let all = sheet.document.analysis().cancels().len();
    let like = ctx.state.cancel_site.and_then(|row| sheet.cancel(row));
    let shown = match like {
        Some(cancel) => site_text(sheet, cancel),
        None => all_text(all),
    };
    match like {
        Some(like) => swatch_ui(ui, ctx.theme.cause(like.cause)),
        // Its room is there for all cancels, too, so that nothing moves.
        None => drop(ui.allocate_space(egui::Vec2::splat(SWATCH))),
    }
    let spoken = format!("Cancel site: {shown}");
    let combo = ComboBox::from_id_salt("cancel_site").selected_text(shown).width(CHOICE_PX);
    let combo = combo.height(LIST_PX).truncate().show_ui(ui, |ui| list_ui(ui, ctx, sheet));
    combo.response.widget_info(|| WidgetInfo::labeled(egui::Role::ComboBox, true, &spoken));
    let key = |action| keys::key_text(ui.ctx(), action);
    let (previous, next) = (key(Action::PreviousSite), key(Action::NextSite));
    let several = sheet.sites().len() > 1;
    ui.add_enabled_ui(several, |ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        if icon_button_ui(ui, "←", "Previous cancel site", &previous).clicked() {
            step(ctx, -1);
        }
        if icon_button_ui(ui, "→", "Next cancel site", &next).clicked() {
            step(ctx, 1);
        }
    });
}

/// What all cancels of a trace are called.
fn all_text(n: usize) -> String {
    if n == 1 { "The only cancel".to_owned() } else { format!("All {}", count(n, "cancel")) }
}

fn list_ui(ui: &mut Ui, ctx: &Ctx<'_>, sheet: &Sheet) {
    let (theme, at) = (ctx.theme, chosen(ctx, sheet));
    let all = sheet.document.analysis().cancels().len();
    let title = all_text(all);
    if ui.selectable_label(ctx.state.cancel_site.is_none(), title).clicked() {
        ctx.send(Command::CancelSite(None));
    }
    ScrollArea::vertical().max_height(LIST_PX - 30.0).show(ui, |ui| {
        for (number, site) in sheet.sites().iter().enumerate() {
            let Some(cancel) = sheet.cancel(site.first) else { continue };
            ui.horizontal(|ui| {
                swatch_ui(ui, theme.cause(cancel.cause));
                let text = RichText::new(line_text(sheet, cancel, site));
                let color = color_of(ctx, theme, site);
                if ui.selectable_label(at == Some(number), text.color(color)).clicked() {
                    ctx.send(Command::CancelSite(Some(site.first)));
                }
            });
        }
    });
}

fn color_of(ctx: &Ctx<'_>, theme: &Theme, site: &Site) -> egui::Color32 {
    if ctx.is_late(site.worst_ns) { theme.late_text } else { theme.text }
}

/// A site in the list: what it is, how many, and the worst overstay.
fn line_text(sheet: &Sheet, cancel: &Cancel, site: &Site) -> String {
    let n = thousands(u64::from(site.n));
    let text = format!("{}  {n}×", site_text(sheet, cancel));
    if site.worst_ns > 0 {
        format!("{text}, up to {}", sheet.duration(site.worst_ns))
    } else {
        text
    }
}

/// What the cancels of one site are called.
pub(crate) fn site_text(sheet: &Sheet, cancel: &Cancel) -> String {
    let kind = cancel_kind(sheet, cancel);
    let trace = sheet.trace();
    match site_key(&sheet.document, cancel).1 {
        Place::Line(site) => {
            let (function, file) = (trace.string(site.function), trace.string(site.file));
            format!("{kind} in {} ({}:{})", short_function(function), short_file(file), site.line)
        }
        Place::HeardBy(Some(function)) => {
            format!("{kind}, heard by {}", short_function(trace.string(function)))
        }
        Place::HeardBy(None) => kind,
    }
}

/// To the next of the sites, or the one before; between the last and the first are all cancels.
pub(crate) fn step(ctx: &Ctx<'_>, step: i64) {
    let Some((_, sheet)) = ctx.focus() else { return };
    // They are looked for once they are to be seen.
    if ctx.state.view != View::Cancel {
        ctx.send(Command::Show(View::Cancel));
        return;
    }
    let sites = sheet.sites();
    if sites.len() < 2 {
        say(ctx, "There is no other site: all cancels that reached somebody are of one");
        return;
    }
    let places = i64::try_from(sites.len()).unwrap_or(i64::MAX).saturating_add(1);
    let now = chosen(ctx, sheet).and_then(|at| i64::try_from(at).ok()).map_or(0, |at| at + 1);
    let next = usize::try_from((now + step).rem_euclid(places)).unwrap_or(0);
    let first = next.checked_sub(1).and_then(|at| sites.get(at)).map(|site| site.first);
    ctx.send(Command::CancelSite(first));
}

/// The cancels of the same site as one cancel, in order of time; all if none is given.
pub(crate) fn cancels_of_site(document: &Document, like: Option<u32>) -> Vec<u32> {
    let cancels = document.analysis().cancels();
    let like = like.and_then(|row| cancels.get(row as usize));
    let key = like.map(|like| site_key(document, like));
    let fits = |cancel: &&Cancel| key.is_none_or(|key| site_key(document, cancel) == key);
    cancels.iter().filter(fits).map(|cancel| cancel.id).collect()
}

fn first_function(document: &Document, cancel: &Cancel) -> Option<StrId> {
    let analysis = document.analysis();
    let first = analysis.heard(cancel).first().or(analysis.deaf(cancel).first());
    first.map(|hearing| document.acting(hearing, StackId::EMPTY))
}

impl Sheet {
    /// Takes the rows of the cancel view, and the sites if they were looked for.
    pub(super) fn put_cancel_rows(&mut self, n: usize, sites: Option<Vec<Site>>, rows: Rows) {
        Jobs::discard(self.cancel_rows.replace(rows));
        self.n_cancels_shown = n;
        if let Some(sites) = sites {
            self.cancel_sites = Some(sites);
        }
    }
}

impl App {
    /// Has the rows of the cancel view arranged, and the sites looked for, once they are to be seen.
    pub(super) fn want_cancel_rows(&mut self) {
        if self.state.view != View::Cancel {
            return;
        }
        let site = self.state.cancel_site;
        // Only what counts there, so that nothing else makes the rows anew.
        let options = RowOptions {
            filter: self.state.rows.filter.clone(),
            late_only: self.state.rows.late_only,
            budget_ns: self.state.prefs.budget_ns,
            metrics: metrics(self.state.prefs.compact),
            ..RowOptions::default()
        };
        let slot = self.state.focus;
        let Some(sheet) = &mut self.sheets[slot] else { return };
        let key = (site, options.clone());
        if sheet.cancel_rows_asked.as_ref() == Some(&key) {
            return;
        }
        sheet.cancel_rows_asked = Some(key);
        let serial = sheet.serial;
        let unknown = sheet.cancel_sites.is_none();
        let (document, index) = (Arc::clone(&sheet.document), Arc::clone(&sheet.index));
        self.jobs.start(Lane::CancelRows(slot), "Arranging lanes", move |_| {
            let sites = unknown.then(|| sites_of(&document));
            let cancels = cancels_of_site(&document, site);
            let source = Source { document: &document, index: &index };
            let rows = Rows::cancel_view(source, &cancels, &options);
            Answer::CancelRows { serial, n_cancels: cancels.len(), sites, rows }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Rules;
    use crate::base::Progress;

    fn document(file: &[u8]) -> Document {
        let trace = crate::model::build(file, &Progress::default()).expect("a trace");
        Document::new(trace, Rules::default())
    }

    #[test]
    fn each_cancel_that_reached_somebody_is_of_one_site_and_the_list_counts_as_the_view_shows() {
        let files = [
            &include_bytes!("../../traces/sleep-in-handler/before.trace")[..],
            include_bytes!("../../traces/deaf/before.trace"),
            include_bytes!("../../traces/late-exit/before.trace"),
            include_bytes!("../../traces/nested-deadline/before.trace"),
            include_bytes!("../../traces/shutdown-hang/before.trace"),
        ];
        for (number, file) in files.into_iter().enumerate() {
            let document = document(file);
            let sites = sites_of(&document);
            assert!(!sites.is_empty(), "{number}");
            let mut listed = Vec::new();
            for site in sites {
                let cancels = cancels_of_site(&document, Some(site.first));
                assert_eq!(cancels.len(), site.n as usize, "{number}: {site:?}");
                assert_eq!(cancels[0], site.first, "{number}: {site:?}");
                listed.extend(cancels);
            }
            let n = listed.len();
            listed.sort_unstable();
            listed.dedup();
            assert_eq!(listed.len(), n, "{number}: none is of two sites");
            let reached = |cancel: &&Cancel| cancel.n_heard() + cancel.n_deaf() > 0;
            let mut reached = document.analysis().cancels().iter().filter(reached);
            assert!(reached.all(|cancel| listed.binary_search(&cancel.id).is_ok()), "{number}");
        }
    }
}
