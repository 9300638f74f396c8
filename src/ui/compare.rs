//! Two traces, before and after: a table by what stays the same between builds, and below it
//! both timelines, panned and zoomed as one.

mod columns;
mod head;

use egui::{Align, Frame, Layout, Margin, RichText, Sense, Ui, WidgetInfo};
use egui_extras::{Column as Width, TableBuilder, TableRow};

use self::columns::{Key, sort};
use super::app::Gestures;
use super::charts;
use super::command::Command;
use super::ctx::{Ctx, Open, short_function, thousands};
use super::elide;
use super::nothing::short_words;
use super::sheet::Sheet;
use super::slot::{Pair, Slot};
use super::state::What;
use super::theme::{self, Theme, size};
use super::timeline::{self, TimelinePanel};
use super::widgets::{badge_ui, body_font, caption, strong, weak};
use super::widths::Widths;
use crate::analysis::{Aspect, Cancel, Diff, DiffGroup, GroupKind, Side, Verdict};
use crate::base::Clock;
use crate::scene::Link;

/// How many of the other trace's cancels are looked at for one like the selected one.
const MAX_LOOKED_AT: usize = 4096;

/// What the page remembers.
#[derive(Debug, Default)]
pub(crate) struct ComparePanel {
    /// Only groups that got worse or better.
    changed_only: bool,
    /// Only one kind of group.
    kind: Option<GroupKind>,
    /// What the rows are sorted by, if not as they come, and whether the least comes first.
    sorted: Option<(Key, bool)>,
    /// How wide the columns were made.
    widths: Widths<&'static str>,
    /// Which traces were compared last: the rows of others begin at the top.
    compared: Open,
    /// Which row was selected last, to scroll to it once when it changes.
    shown: Option<(GroupKind, String)>,
}

/// In a lower page the table has nearly half of it, in points: with less it would have hardly a row.
const LOW_PX: f32 = 720.0;
/// How wide the page must be for the verdict and the choices on one line, in points.
const ONE_LINE: f32 = 1140.0;
/// How wide the table must be to tell of each side more than the median, in points.
const ALL_FIGURES: f32 = 760.0;
/// What the choices take of one line, in points.
const CHOICES: f32 = 500.0;
/// The width of a side's column with only the median, in points.
const MEDIAN: f32 = 84.0;
/// The columns: title, first width in points (the one of 0 takes what is left), how wide the
/// table must be to have it, and what a click on the title sorts by.
const COLUMNS: [(&str, f32, f32, Option<Key>); 9] = [
    ("Verdict", 110.0, 0.0, Some(Key::Verdict)),
    ("What", 104.0, 1290.0, Some(Key::Kind)),
    ("Group", 0.0, 0.0, Some(Key::Name)),
    ("Before: n, median, p99", 150.0, 0.0, Some(Key::Before)),
    ("After: n, median, p99", 150.0, 0.0, Some(Key::After)),
    ("Median to longest", 190.0, 880.0, None),
    ("Typical shift", 88.0, 0.0, Some(Key::Shift)),
    ("95 % interval", 136.0, 1050.0, None),
    ("q", 56.0, 1150.0, Some(Key::Chance)),
];
/// What the columns of the sides have besides the median.
const SIDE: &str = ": n, median, p99";
/// The narrowest that the column of groups is, in points.
const GROUP: f32 = 120.0;
/// What [`COLUMNS`] says of a difference by chance.
pub(super) const Q_TEXT: &str = "The chance of a difference as large if nothing had changed, corrected \
                      for the number of groups";

/// What it says of the typical shift, and of where that lies.
pub(super) const SHIFT_TEXT: &str = "The median of all differences between one after and one \
                                     before (Hodges–Lehmann). Where durations have two humps it \
                                     can be far from the difference of the medians";
pub(super) const INTERVAL_TEXT: &str = "Where the true shift lies, with 95 % confidence";

impl ComparePanel {
    /// The whole page.
    pub(crate) fn page_ui(
        &mut self,
        ui: &mut Ui,
        ctx: &Ctx<'_>,
        panels: &mut Pair<TimelinePanel>,
        gestures: &mut Gestures,
    ) {
        let height = ui.available_height();
        egui::Panel::top("compare_table")
            .default_size((height * if height < LOW_PX { 0.46 } else { 0.36 }).max(150.0))
            .size_range(90.0..=(height - 160.0).max(120.0))
            .resizable(true)
            .frame(Frame::new().fill(ctx.theme.panel).inner_margin(Margin::symmetric(10, 6)))
            .show(ui, |ui| {
                // While there is nothing in it the panel stays as high.
                ui.set_min_height(ui.available_height());
                match ctx.diff {
                    Some(diff) => self.diff_ui(ui, ctx, diff),
                    None => drop(ui.label(caption(ctx.theme, "Comparing…"))),
                }
            });
        egui::CentralPanel::no_frame().show(ui, |ui| timeline::both_ui(ui, ctx, panels, gestures));
    }

    fn diff_ui(&mut self, ui: &mut Ui, ctx: &Ctx<'_>, diff: &Diff) {
        let one_line = ui.available_width() >= ONE_LINE;
        ui.horizontal(|ui| {
            // The sides' names come first: what is cut for want of room is the counts.
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                head::sides_ui(ui, ctx);
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    head::verdict_ui(ui, ctx, diff, if one_line { CHOICES } else { 0.0 });
                    if one_line {
                        ui.add_space(10.0);
                        self.choices_ui(ui, ctx);
                    }
                });
            });
        });
        if !one_line {
            ui.horizontal_wrapped(|ui| self.choices_ui(ui, ctx));
        }
        head::one_sided_ui(ui, ctx, diff);
        ui.add_space(2.0);
        let groups = self.groups(ctx, diff);
        if groups.is_empty() {
            let text = if diff.groups.is_empty() {
                "The two traces have nothing in common that could be compared.".to_owned()
            } else if words(ctx).trim().is_empty() {
                "None of the groups of that kind has changed.".to_owned()
            } else {
                format!("No group matches “{}”.", short_words(&ctx.state.rows.filter))
            };
            ui.label(weak(ctx.theme, text));
            return;
        }
        self.table_ui(ui, ctx, &groups);
    }

    /// The rows of the table, from top to bottom.
    pub(crate) fn groups<'a>(&self, ctx: &Ctx<'_>, diff: &'a Diff) -> Vec<&'a DiffGroup> {
        let words = words(ctx).to_lowercase();
        let words: Vec<&str> = words.split_whitespace().collect();
        let named = |group: &DiffGroup| {
            let key = group.key.to_lowercase();
            words.iter().all(|word| key.contains(word))
        };
        let fits = |group: &&DiffGroup| {
            (!self.changed_only || group.is_change())
                && self.kind.is_none_or(|kind| kind == group.kind)
                && (words.is_empty() || named(group))
        };
        let mut groups: Vec<&DiffGroup> = diff.groups.iter().filter(fits).collect();
        sort(&mut groups, self.sorted);
        groups
    }

    /// The groups; a click shows one's page.
    fn table_ui(&mut self, ui: &mut Ui, ctx: &Ctx<'_>, groups: &[&DiffGroup]) {
        let durations = groups.iter().flat_map(|group| {
            [group.before, group.after].into_iter().flat_map(|side| [side.p50_ns, side.max_ns])
        });
        let range = charts::range_of(durations);
        let (table_width, spacing) = (ui.available_width(), ui.spacing().item_spacing.x);
        let shown = COLUMNS.map(|(_, _, from, _)| table_width >= from);
        let mut table = TableBuilder::new(ui)
            .id_salt("compare")
            .sense(Sense::click())
            .cell_layout(Layout::left_to_right(Align::Center))
            .auto_shrink(false)
            .min_scrolled_height(40.0);
        let figures = table_width >= ALL_FIGURES;
        let columns = COLUMNS.iter().zip(shown).filter(|(_, shown)| *shown).map(|(it, _)| it);
        let columns: Vec<_> = columns.collect();
        let sized = columns.iter().filter(|(_, width, ..)| *width > 0.0);
        let sized: Vec<_> = sized.map(|&&(title, width, ..)| (title, width)).collect();
        let (widths, is_other) = self.widths.of(&sized, table_width - GROUP, spacing);
        if is_other {
            table.reset();
        }
        table = self.scrolled(table, ctx, groups);
        let kept = |title: &str| {
            let at = sized.iter().position(|(of, _)| *of == title);
            at.and_then(|at| widths.get(at).copied())
        };
        for (title, ..) in &columns {
            table = table.column(if title.contains(SIDE) && !figures {
                Width::exact(MEDIAN).clip(true)
            } else if let Some(width) = kept(title) {
                Width::initial(width).at_least(40.0).clip(true).resizable(true)
            } else {
                Width::remainder().at_least(GROUP).clip(true)
            });
        }
        table
            .header(20.0, |mut header| {
                for (title, .., key) in &columns {
                    let title = if figures { *title } else { title.trim_end_matches(SIDE) };
                    header.col(|ui| {
                        columns::heading_ui(ui, ctx.theme, title, *key, &mut self.sorted);
                    });
                }
            })
            .body(|body| {
                let widths = columns.iter().map(|(title, ..)| *title).zip(body.widths());
                let is_sized = |title: &str| figures || !title.contains(SIDE);
                let widths = widths.filter(|(title, _)| is_sized(title) && *title != "Group");
                self.widths.keep(widths.map(|(title, &width)| (title, width)));
                body.rows(size::ROW + 2.0, groups.len(), |row| {
                    if let Some(group) = groups.get(row.index()) {
                        row_ui(row, ctx, group, range, (figures, &shown));
                    }
                });
            });
    }

    /// The table at its top if it is of other traces, and where the selected row is in it.
    fn scrolled<'u>(
        &mut self,
        mut table: TableBuilder<'u>,
        ctx: &Ctx<'_>,
        groups: &[&DiffGroup],
    ) -> TableBuilder<'u> {
        if std::mem::replace(&mut self.compared, ctx.open()) != ctx.open() {
            table = table.vertical_scroll_offset(0.0);
        }
        if self.shown != ctx.state.compared {
            self.shown.clone_from(&ctx.state.compared);
            if let Some(at) = groups.iter().position(|group| is_selected(ctx, group)) {
                table = table.scroll_to_row(at, None);
            }
        }
        table
    }

    /// What is listed, and how the timelines are aligned.
    fn choices_ui(&mut self, ui: &mut Ui, ctx: &Ctx<'_>) {
        ui.checkbox(&mut self.changed_only, "Only what changed");
        let shown = self.kind.map_or("All kinds", kind_text);
        let combo = egui::ComboBox::from_id_salt("compare_kind").selected_text(shown);
        let combo = combo.show_ui(ui, |ui| {
            ui.selectable_value(&mut self.kind, None, "All kinds");
            for &kind in GroupKind::ALL {
                ui.selectable_value(&mut self.kind, Some(kind), kind_text(kind));
            }
        });
        combo
            .response
            .widget_info(|| WidgetInfo::labeled(egui::Role::ComboBox, true, "Kind of group"));
        align_ui(ui, ctx);
    }
}

/// The words that a row's name must hold. The lanes of a row are chosen for the timelines, not for
/// the table.
fn words<'a>(ctx: &Ctx<'a>) -> &'a str {
    if ctx.state.rows.filter_is_rows { "" } else { &ctx.state.rows.filter }
}

/// Whether it is the row that is selected.
pub(crate) fn is_selected(ctx: &Ctx<'_>, group: &DiffGroup) -> bool {
    let is_it = |(kind, key): &(GroupKind, String)| *kind == group.kind && *key == group.key;
    ctx.state.compared.as_ref().is_some_and(is_it)
}

/// Which moments of the two traces are shown at the same place.
fn align_ui(ui: &mut Ui, ctx: &Ctx<'_>) {
    let (Some(before), Some(after)) = (ctx.sheet(Slot::Before), ctx.sheet(Slot::After)) else {
        return;
    };
    let starts = Link { first: before.interval().start, second: after.interval().start };
    let first = |sheet: &Sheet| sheet.document.analysis().cancels().first().map(|it| it.at);
    let cancels = first(before).zip(first(after)).map(|(first, second)| Link { first, second });
    let choices = [
        ("start of the trace", Some(starts)),
        ("first cancel", cancels),
        ("selected cancel", selected_link(ctx)),
    ];
    let chosen = choices.iter().find(|(_, link)| link.is_some() && *link == ctx.state.link);
    let shown = chosen.map_or("another moment", |(title, _)| title);
    let combo = egui::ComboBox::from_id_salt("compare_align")
        .selected_text(format!("Aligned at the {shown}"))
        .width(210.0);
    let combo = combo.show_ui(ui, |ui| {
        for (title, link) in choices {
            let Some(link) = link else { continue };
            if ui.selectable_label(ctx.state.link == Some(link), title).clicked() {
                let (a, b) = (before.interval(), after.interval());
                let width_px = ctx.state.viewport.map_or(1000.0, |viewport| viewport.width_px());
                ctx.send(Command::Align(link, link.viewport(a, b, width_px)));
            }
        }
    });
    combo.response.widget_info(|| WidgetInfo::labeled(egui::Role::ComboBox, true, "Alignment"));
}

/// The selected cancel, and the first of the same cause and site in the other trace.
fn selected_link(ctx: &Ctx<'_>) -> Option<Link> {
    let selected = ctx.state.selected?;
    let sheet = ctx.sheet(selected.slot)?;
    let row = match selected.what {
        What::Cancel(row) => row,
        What::Hearing(row) => sheet.hearing(row)?.cancel,
        What::Goroutine(_) | What::Span(..) => return None,
    };
    let cancel = sheet.cancel(row)?;
    let twin = twin_of(sheet, cancel, ctx.sheet(selected.slot.other())?)?;
    let link = Link { first: cancel.at, second: twin.at };
    Some(if selected.slot == Slot::Before { link } else { link.swapped() })
}

/// The first cancel of the same cause and site in another trace.
pub(crate) fn twin_of<'o>(sheet: &Sheet, cancel: &Cancel, other: &'o Sheet) -> Option<&'o Cancel> {
    let site = |sheet: &Sheet, cancel: &Cancel| {
        let site = sheet.document.comparable_site(cancel);
        site.map(|function| sheet.trace().string(function).to_owned())
    };
    let wanted = site(sheet, cancel);
    let same = |it: &&Cancel| it.cause == cancel.cause && site(other, it) == wanted;
    other.document.analysis().cancels().iter().take(MAX_LOOKED_AT).find(same)
}

/// One group. `shown` says which columns there are, and whether the sides have all figures. A
/// click selects it.
fn row_ui(
    mut row: TableRow<'_, '_>,
    ctx: &Ctx<'_>,
    group: &DiffGroup,
    range: (f64, f64),
    (figures, shown): (bool, &[bool]),
) {
    row.set_selected(is_selected(ctx, group));
    let is_shown = |at: usize| shown.get(at).copied().unwrap_or(true);
    let theme = ctx.theme;
    row.col(|ui| verdict_ui(ui, theme, group));
    if is_shown(1) {
        row.col(|ui| drop(ui.label(weak(theme, kind_text(group.kind)))));
    }
    row.col(|ui| {
        // One name can have several rows: without their column it says which.
        if !is_shown(1) {
            ui.label(caption(theme, kind_text(group.kind)));
        }
        let name = short_function(&group.key);
        elide::label_ui_of(ui, &name, &group.key, &body_font(), theme.text);
    });
    for (slot, side) in [(Slot::Before, &group.before), (Slot::After, &group.after)] {
        row.col(|ui| side_ui(ui, ctx, slot, side, figures));
    }
    if is_shown(5) {
        row.col(|ui| {
            let quantiles = [group.before, group.after].map(|side| {
                (side.n > 0).then_some([side.p50_ns, side.p90_ns, side.p99_ns, side.max_ns])
            });
            charts::quantiles_ui(ui, theme, quantiles, range);
        });
    }
    row.col(|ui| shift_ui(ui, ctx, group));
    if is_shown(7) {
        let interval = interval_text(clock_of(ctx, Slot::Before), group).unwrap_or_default();
        row.col(|ui| drop(ui.label(caption(theme, interval))));
    }
    if is_shown(8) {
        row.col(|ui| {
            ui.label(caption(theme, q_text(group).unwrap_or_default())).on_hover_text(Q_TEXT);
        });
    }
    let response = row.response();
    let spoken = format!("{}: {} {}", verdict_text(group), kind_text(group.kind), group.key);
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Row, true, &spoken));
    if response.clicked() {
        ctx.send(Command::Compared(group.kind, group.key.clone()));
    }
}

/// By how much it changed, and in the tooltip how sure that is.
fn shift_ui(ui: &mut Ui, ctx: &Ctx<'_>, group: &DiffGroup) {
    let theme = ctx.theme;
    // There is no shift between clocks that differ.
    let clock = clock_of(ctx, Slot::Before);
    let text = match group.aspect {
        Some(Aspect::Slowest) => {
            let slowest = group.after.p99_ns.saturating_sub(group.before.p99_ns);
            format!("p99 {}", clock.signed_text(slowest))
        }
        Some(Aspect::Stuck) => {
            let more = i64::from(group.after.alive) - i64::from(group.before.alive);
            format!("{more:+} alive").replacen('-', "−", 1)
        }
        Some(Aspect::Often) => {
            let more = i64::from(group.after.n) - i64::from(group.before.n);
            format!("{more:+}×").replacen('-', "−", 1)
        }
        _ => group.shift_ns.map(|shift| clock.signed_text(shift)).unwrap_or_default(),
    };
    let shift = ui.label(strong(text).color(verdict_color(theme, group)));
    if let (Some(interval), Some(q)) = (interval_text(clock, group), q_text(group)) {
        shift.on_hover_ui(|ui| {
            ui.label(format!("95 % interval {interval}"));
            ui.label(format!("q {q}"));
            ui.label(caption(theme, Q_TEXT));
        });
    }
}

/// Where the typical shift lies, if that is what the row is about.
pub(super) fn interval_text(clock: Clock, group: &DiffGroup) -> Option<String> {
    let of_typical = !matches!(group.aspect, Some(Aspect::Slowest | Aspect::Stuck | Aspect::Often));
    let [low, high] = clock.signed_ends(group.ci95_ns.filter(|_| of_typical)?);
    Some(format!("{low} … {high}"))
}

/// What the times of one side count.
pub(super) fn clock_of(ctx: &Ctx<'_>, slot: Slot) -> Clock {
    ctx.sheet(slot).map(|sheet| sheet.trace().clock()).unwrap_or_default()
}

pub(super) fn q_text(group: &DiffGroup) -> Option<String> {
    let q = group.q_value?;
    Some(if q < 0.001 { "< 0.001".to_owned() } else { format!("{q:.3}") })
}

fn side_ui(ui: &mut Ui, ctx: &Ctx<'_>, slot: Slot, side: &Side, figures: bool) {
    let theme = ctx.theme;
    let clock = clock_of(ctx, slot);
    if side.n == 0 {
        ui.label(RichText::new("none").color(theme.faint));
        return;
    }
    let (n, median, p99) =
        (thousands(u64::from(side.n)), clock.text(side.p50_ns), clock.text(side.p99_ns));
    let alive = match side.alive {
        0 => String::new(),
        alive => format!("{} alive", thousands(u64::from(alive))),
    };
    if figures {
        ui.label(caption(theme, &n));
    }
    let color = theme::mix(theme.text, theme.side[slot as usize], 0.6);
    ui.label(RichText::new(&median).color(color));
    let mut all = format!("n {n}, median {median}, p99 {p99}");
    if !alive.is_empty() {
        all = format!("{all}, {alive} at the trace's end");
    }
    // What is cut off for want of room is the p99, which is at least so long then.
    if figures && !alive.is_empty() {
        ui.label(caption(theme, &alive).color(theme.warn));
    }
    if figures {
        ui.add(egui::Label::new(caption(theme, p99)).truncate());
    }
    ui.response().on_hover_text(all);
}

fn verdict_ui(ui: &mut Ui, theme: &Theme, group: &DiffGroup) {
    let icon = match group.verdict {
        Verdict::Worse => "✗ ",
        Verdict::Better => "✓ ",
        _ => "",
    };
    let text = format!("{icon}{}", verdict_text(group));
    badge_ui(ui, theme, &text, verdict_color(theme, group));
}

pub(super) fn verdict_color(theme: &Theme, group: &DiffGroup) -> egui::Color32 {
    match group.verdict {
        Verdict::Worse => theme.late_text,
        _ if group.is_newly_late() => theme.late_text,
        Verdict::Better => theme.better,
        _ if group.is_no_longer_late() => theme.better,
        _ if group.was_late_and_is_gone() => theme.better,
        Verdict::Same => theme.text,
        // What matters of these is not to step back.
        Verdict::OnlyBefore | Verdict::OnlyAfter if group.is_change() => theme.text,
        Verdict::NotEnoughData | Verdict::OnlyBefore | Verdict::OnlyAfter => theme.weak,
    }
}

pub(super) fn verdict_text(group: &DiffGroup) -> &'static str {
    match group.verdict {
        _ if group.is_newly_late() => "late, only after",
        _ if group.is_no_longer_late() || group.was_late_and_is_gone() => "late, only before",
        Verdict::Worse => "worse",
        Verdict::Better => "better",
        Verdict::Same => "same",
        Verdict::NotEnoughData => "too little data",
        Verdict::OnlyBefore => "only before",
        Verdict::OnlyAfter => "only after",
    }
}

fn kind_text(kind: GroupKind) -> &'static str {
    match kind {
        GroupKind::CancelSite => "Overstay",
        GroupKind::Goroutine => "Lifetime",
        GroupKind::Task => "Task",
        GroupKind::Blocked => "Blocked",
        GroupKind::Scheduling => "Scheduling",
        GroupKind::Gc => "GC",
        GroupKind::Stw => "Stop-the-world",
    }
}
