//! The cancels of a trace by where they are made: what the cancel view can be about.

use std::sync::Arc;

use egui::{ComboBox, RichText, ScrollArea, Ui, WidgetInfo};

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
use super::stretch;
use super::theme::Theme;
use super::widgets::{SWATCH, icon_button_ui, swatch_ui};
use super::work::metrics;
use crate::analysis::{Cancel, CancelSite, SitePlace};
use crate::scene::{RowOptions, Rows, Source};

/// How many sites can be chosen.
const MAX_SITES: usize = 200;
/// Height of the list, in points.
const LIST_PX: f32 = 360.0;
/// Width of the choice, in points.
const CHOICE_PX: f32 = 260.0;

/// Which of the sites is chosen, by its number.
fn chosen(ctx: &Ctx<'_>, sheet: &Sheet) -> Option<usize> {
    let row = ctx.state.cancel_site?;
    let key_of = |row| Some(sheet.document.site_key(sheet.cancel(row)?));
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

fn color_of(ctx: &Ctx<'_>, theme: &Theme, site: &CancelSite) -> egui::Color32 {
    if ctx.is_late(site.worst_ns) { theme.late_text } else { theme.text }
}

/// A site in the list: what it is, how many, and the worst overstay.
fn line_text(sheet: &Sheet, cancel: &Cancel, site: &CancelSite) -> String {
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
    match sheet.document.site_key(cancel).place {
        SitePlace::Line(site) => {
            let (function, file) = (trace.string(site.function), trace.string(site.file));
            format!("{kind} in {} ({}:{})", short_function(function), short_file(file), site.line)
        }
        SitePlace::HeardBy(Some(function)) => {
            format!("{kind}, heard by {}", short_function(trace.string(function)))
        }
        SitePlace::HeardBy(None) => kind,
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

impl Sheet {
    /// Takes the rows of the cancel view, and the sites if they were looked for.
    pub(super) fn put_cancel_rows(&mut self, n: usize, sites: Option<Vec<CancelSite>>, rows: Rows) {
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
            filter: Arc::clone(&self.state.rows.filter),
            late_only: self.state.rows.late_only,
            within: stretch::within(&self.state, self.state.focus),
            budget_ns: self.state.prefs.budget_ns,
            metrics: metrics(self.state.prefs.compact),
            ..RowOptions::default()
        };
        let slot = self.state.focus;
        let Some(sheet) = &mut self.sheets[slot] else { return };
        let key = (site, options);
        if sheet.cancel_rows_asked.as_ref() == Some(&key) {
            return;
        }
        let options = key.1.clone();
        sheet.cancel_rows_asked = Some(key);
        let serial = sheet.serial;
        let unknown = sheet.cancel_sites.is_none();
        let (document, index) = (Arc::clone(&sheet.document), Arc::clone(&sheet.index));
        self.jobs.start(Lane::CancelRows(slot), "Arranging lanes", move |_| {
            let sites = unknown.then(|| {
                let mut sites = document.sites();
                sites.truncate(MAX_SITES);
                sites
            });
            let cancels = document.cancels_of_site(site);
            let source = Source { document: &document, index: &index };
            let rows = Rows::cancel_view(source, &cancels, &options);
            Answer::CancelRows { serial, n_cancels: cancels.len(), sites, rows }
        });
    }
}
