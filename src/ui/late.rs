//! The late exits: a table whose rows jump to the picture, and a histogram of all overstays.

mod row;

use std::sync::Arc;

use egui::{Align, Frame, Layout, Margin, RichText, Sense, Ui, WidgetInfo, vec2};
use egui_extras::{Column as Width, TableBuilder};

use super::app::Gestures;
use super::charts;
use super::command::{Command, Switch};
use super::ctx::{Ctx, count, thousands};
use super::nothing::{empty_ui, nothing_text};
use super::sheet::Sheet;
use super::side;
use super::slot::Slot;
use super::state::{Selected, State, View, What};
use super::stuck;
use super::table::{Column, Query, late_rows};
use super::theme::size;
use super::widgets::{caption, link_ui, strong, weak};
use super::widths::Widths;
use crate::analysis::Hearing;
use row::row_ui;

/// What the table remembers.
#[derive(Debug, Default)]
pub(crate) struct LatePanel {
    column: Column,
    ascending: bool,
    /// The columns that there was no room for.
    hidden: Vec<Column>,
    /// How wide its columns were made.
    widths: Widths<Cell>,
    budget: charts::BudgetLine,
    /// How many rows there is room for.
    page_rows: u16,
    /// What was selected last, to scroll to it once when it changes.
    shown: Option<Selected>,
}

/// A column of the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Cell {
    Overstay,
    Goroutine,
    Function,
    HeldBy,
    Cause,
    At,
    Site,
    Evidence,
}

/// How a column is shown.
#[derive(Clone, Copy)]
struct Heading {
    cell: Cell,
    title: &'static str,
    /// What a click on the title sorts by.
    sort: Option<Column>,
    /// Width in points; the one without takes what is left.
    width: Option<f32>,
    /// How wide the table must be to have the column, in points.
    from: f32,
}

const fn heading(
    cell: Cell,
    title: &'static str,
    sort: Option<Column>,
    width: Option<f32>,
    from: f32,
) -> Heading {
    Heading { cell, title, sort, width, from }
}

/// All columns, from left to right.
const COLUMNS: [Heading; 8] = [
    heading(Cell::Overstay, "Overstay", Some(Column::Overstay), Some(104.0), 0.0),
    heading(Cell::Goroutine, "Goroutine", Some(Column::Goroutine), Some(72.0), 0.0),
    heading(Cell::Function, "Function", Some(Column::Function), Some(150.0), 0.0),
    heading(Cell::HeldBy, "What held it", None, None, 0.0),
    heading(Cell::Cause, "Cause", Some(Column::Cause), Some(96.0), 680.0),
    heading(Cell::At, "Cancelled at", Some(Column::At), Some(84.0), 820.0),
    heading(Cell::Site, "Site", Some(Column::Site), Some(120.0), 980.0),
    heading(Cell::Evidence, "Evidence", Some(Column::Evidence), Some(78.0), 860.0),
];

/// What excuses those that are late by scheduling.
pub(crate) const EXCUSED: &str = "Late by scheduling: without the waits for a processor, the GC \
                                   and the canceller it would have left in time";

/// How high the drawer is with no more than words, in points.
const WORDS_PX: f32 = 84.0;

/// The narrowest that the column of what held each is, in points, and what most need.
const HELD_BY: f32 = 120.0;
const HELD_BY_WELL: f32 = 340.0;
/// The widest that a column of names becomes by itself, in points.
const NAME_MOST: f32 = 420.0;

/// How wide the drawer must be to have the chart beside the table, in points.
const CHART_FROM: f32 = 760.0;

impl LatePanel {
    /// What the table shows.
    pub(crate) fn query(&self, state: &State) -> Query {
        Query {
            budget_ns: state.prefs.budget_ns,
            words: Arc::clone(&state.rows.filter),
            // Nobody would see what a column orders that is not there.
            column: if self.is_shown() { self.column } else { Column::Overstay },
            ascending: self.is_shown() && self.ascending,
        }
    }

    /// How many rows a page of the table has.
    pub(crate) fn page_rows(&self) -> i64 {
        i64::from(self.page_rows.max(2) - 1)
    }

    /// Whether the table has the column that it is sorted by.
    fn is_shown(&self) -> bool {
        !self.hidden.contains(&self.column)
    }

    /// Remembers which columns the table has no room for.
    fn table_shows(&mut self, ui: &Ui, shown: &[Heading]) {
        let was_shown = self.is_shown();
        let has = |column| shown.iter().any(|heading| heading.sort == Some(column));
        let sortable = COLUMNS.iter().filter_map(|heading| heading.sort);
        self.hidden = sortable.filter(|&column| !has(column)).collect();
        if self.is_shown() != was_shown {
            ui.ctx().request_repaint();
        }
    }

    /// The rows of the table, from top to bottom.
    pub(crate) fn rows<'a>(&self, ctx: &Ctx<'_>, sheet: &'a Sheet) -> &'a [u32] {
        let query = self.query(ctx.state);
        let plain = late_rows(sheet.document.analysis(), query.budget_ns);
        match &sheet.table {
            Some((_, rows)) if !query.is_plain() => rows,
            _ => plain,
        }
    }

    /// The drawer's panel, `width` wide and at most `most` high: no higher than its words where it
    /// has neither a row nor a chart.
    pub(crate) fn drawer(ctx: &Ctx<'_>, width: f32, most: f32) -> egui::Panel {
        let budget_ns = ctx.state.prefs.budget_ns;
        let is_late = |sheet: &Sheet| sheet.document.analysis().late(budget_ns).len() > 0;
        let any = ctx.focus().is_none_or(|(_, sheet)| is_late(sheet));
        if any || has_chart(ctx, width) {
            egui::Panel::bottom("late_drawer")
                .resizable(true)
                .default_size(size::BOTTOM.min(most * 0.85))
                .size_range(120.0..=most)
        } else {
            egui::Panel::bottom("nobody_late").exact_size(WORDS_PX).resizable(false)
        }
    }

    /// Table and histogram side by side, under the timeline.
    pub(crate) fn drawer_ui(&mut self, ui: &mut Ui, ctx: &Ctx<'_>, gestures: &mut Gestures) {
        let width = ui.available_width();
        // What held each one up tells more than the chart, which the page of late exits has, too.
        if has_chart(ctx, width) {
            egui::Panel::right("late_chart")
                .exact_size((width * 0.30).clamp(200.0, 420.0))
                .resizable(false)
                .frame(Frame::new().inner_margin(Margin { left: 10, right: 8, top: 6, bottom: 4 }))
                .show(ui, |ui| charts::overstays_ui(ui, ctx, &mut self.budget, gestures));
        }
        let frame = Frame::new().inner_margin(Margin { left: 10, right: 4, top: 4, bottom: 0 });
        egui::CentralPanel::default().frame(frame).show(ui, |ui| self.list_ui(ui, ctx));
    }

    /// Histogram and ECDF above, the table below: the whole middle.
    pub(crate) fn page_ui(&mut self, ui: &mut Ui, ctx: &Ctx<'_>, gestures: &mut Gestures) {
        // Without an overstay they would be two empty frames.
        if has_overstays(ctx) {
            plots_ui(ui, ctx, &mut self.budget, gestures);
        }
        let frame = Frame::new().fill(ctx.theme.panel).inner_margin(Margin::symmetric(12, 6));
        egui::CentralPanel::default().frame(frame).show(ui, |ui| self.list_ui(ui, ctx));
    }

    fn list_ui(&mut self, ui: &mut Ui, ctx: &Ctx<'_>) {
        let Some((slot, sheet)) = ctx.focus() else { return };
        let rows = self.rows(ctx, sheet);
        head_ui(ui, ctx, sheet, rows.len());
        if rows.is_empty() {
            let text = nothing_text(ctx, sheet);
            if ctx.state.view == View::Late {
                let first = text.find(". ").map_or(text.len(), |at| at + 1);
                let (why, more) = text.split_at(first);
                empty_ui(ui, ctx.theme, why, more.trim_start());
            } else {
                ui.add_space(8.0);
                ui.add(egui::Label::new(weak(ctx.theme, text)).wrap());
            }
            return;
        }
        self.table_ui(ui, ctx, slot, sheet, rows);
    }

    fn table_ui(&mut self, ui: &mut Ui, ctx: &Ctx<'_>, slot: Slot, sheet: &Sheet, rows: &[u32]) {
        let n_late = sheet.document.analysis().late(ctx.state.prefs.budget_ns).len();
        let width = ui.available_width();
        let egui::Vec2 { x: spacing, y: spacing_y } = ui.spacing().item_spacing;
        let shown = shown(width, sheet, n_late);
        self.table_shows(ui, &shown);
        // The lines between columns go down where there is no row: they stay in the background.
        ui.visuals_mut().widgets.noninteractive.bg_stroke.color = ctx.theme.grid;
        let mut table = TableBuilder::new(ui)
            .id_salt("late_exits")
            .sense(Sense::click())
            .cell_layout(Layout::left_to_right(Align::Center))
            .auto_shrink(false)
            .min_scrolled_height(40.0);
        let sized = grown(&shown, width, spacing);
        let (widths, is_other) = self.widths.of(&sized, width - HELD_BY, spacing);
        let mut widths = widths.into_iter();
        if is_other {
            table.reset();
        }
        for heading in &shown {
            table = table.column(match heading.width.and_then(|_| widths.next()) {
                Some(width) => Width::initial(width).at_least(50.0).clip(true).resizable(true),
                None => Width::remainder().at_least(HELD_BY).clip(true),
            });
        }
        if self.shown != ctx.state.selected {
            self.shown = ctx.state.selected;
            if let Some(Selected { what, slot: of }) = self.shown
                && of == slot
                && let Some(at) = rows.iter().position(|&row| {
                    sheet.hearing(row).is_some_and(|hearing| is_about(what, row, hearing))
                })
            {
                table = table.scroll_to_row(at, None);
            }
        }
        let worst_ns = sheet.document.analysis().summary().overstay.max.max(1);
        table
            .header(22.0, |mut header| {
                for heading in &shown {
                    header.col(|ui| self.heading_ui(ui, ctx, heading.title, heading.sort));
                }
            })
            .body(|body| {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "saturates"
                )]
                let page_rows = (body.max_rect().height() / (size::ROW + spacing_y)) as u16;
                self.page_rows = page_rows;
                let cells = shown.iter().map(|heading| heading.cell);
                let sized = cells.zip(body.widths().iter().copied());
                self.widths.keep(sized.filter(|(cell, _)| *cell != Cell::HeldBy));
                body.rows(size::ROW, rows.len(), |row| {
                    if let Some(&at) = rows.get(row.index()) {
                        let cells = shown.iter().map(|heading| heading.cell);
                        row_ui(row, ctx, slot, sheet, at, worst_ns, cells);
                    }
                });
            });
    }

    /// A column's title; a click sorts by it, another the other way round.
    fn heading_ui(&mut self, ui: &mut Ui, ctx: &Ctx<'_>, title: &str, column: Option<Column>) {
        let theme = ctx.theme;
        let Some(column) = column else {
            // Fainter than those that a click sorts by.
            ui.label(caption(theme, title).color(theme.faint));
            return;
        };
        let sorted = self.query(ctx.state);
        let current = sorted.column == column;
        let text = match (current, sorted.ascending) {
            (true, false) => format!("{title} ▼"),
            (true, true) => format!("{title} ▲"),
            (false, _) => title.to_owned(),
        };
        let color = if current { theme.text } else { theme.weak };
        let text = RichText::new(text).size(size::TEXT_SMALL).color(color);
        let button = ui.add(egui::Button::new(text).frame(false));
        let button = button.on_hover_cursor(egui::CursorIcon::PointingHand);
        button.widget_info(|| {
            WidgetInfo::labeled(egui::Role::ColumnHeader, true, format!("Sort by {title}"))
        });
        if button.clicked() {
            // The first click on overstays shows the worst first, on others the least.
            let first = column != Column::Overstay;
            self.ascending = if current { !sorted.ascending } else { first };
            self.column = column;
        }
    }
}

/// The columns that a table has room for, and something to show in.
fn shown(table_width: f32, sheet: &Sheet, n_late: usize) -> Vec<Heading> {
    let fits = |heading: &Heading| {
        table_width >= heading.from && (heading.cell != Cell::Site || sheet.has_sites(n_late))
    };
    COLUMNS.into_iter().filter(fits).collect()
}

/// The widths of the columns but the one that takes what is left. What that has no use for is the
/// names': they say more the more of them is seen.
fn grown(shown: &[Heading], table_width: f32, spacing: f32) -> Vec<(Cell, f32)> {
    let sized = shown.iter().filter_map(|heading| Some((heading.cell, heading.width?)));
    let sized: Vec<(Cell, f32)> = sized.collect();
    let taken: f32 = sized.iter().map(|(_, width)| width + spacing).sum();
    let spare = (table_width - taken - HELD_BY_WELL).max(0.0);
    let grow = |(cell, width): (Cell, f32)| match cell {
        Cell::Function => (cell, (width + 0.35 * spare).min(NAME_MOST).floor()),
        Cell::Site => (cell, (width + 0.25 * spare).min(NAME_MOST).floor()),
        _ => (cell, width),
    };
    sized.into_iter().map(grow).collect()
}

/// Histogram and ECDF beside each other.
fn plots_ui(ui: &mut Ui, ctx: &Ctx<'_>, line: &mut charts::BudgetLine, gestures: &mut Gestures) {
    egui::Panel::top("late_plots")
        .default_size(230.0)
        .size_range(120.0..=500.0)
        .resizable(true)
        .frame(Frame::new().fill(ctx.theme.panel).inner_margin(Margin::symmetric(12, 8)))
        .show(ui, |ui| {
            let half = (ui.available_width() - 16.0) / 2.0;
            let height = ui.available_height();
            ui.horizontal_top(|ui| {
                // Each caption stands above its plot, not beside it.
                let column = Layout::top_down(Align::Min);
                let room = vec2(half, height);
                ui.allocate_ui_with_layout(room, column, |ui| {
                    charts::overstays_ui(ui, ctx, line, gestures);
                });
                ui.add_space(10.0);
                ui.allocate_ui_with_layout(room, column, |ui| {
                    charts::ecdf_ui(ui, ctx, line, gestures);
                });
            });
        });
}

/// How many there are, and of which trace.
fn head_ui(ui: &mut Ui, ctx: &Ctx<'_>, sheet: &Sheet, n_rows: usize) {
    let theme = ctx.theme;
    ui.horizontal(|ui| {
        let color = if n_rows > 0 { theme.late_text } else { theme.text };
        let analysis = sheet.document.analysis();
        let late = analysis.late(ctx.state.prefs.budget_ns).len();
        let (counted, of) = if ctx.state.rows.filter.trim().is_empty() {
            let all = thousands(analysis.worst_first.len() as u64);
            (count(n_rows, "late exit"), format!("of {all} who were meant to leave"))
        } else {
            (found_text(n_rows, late), String::new())
        };
        ui.label(strong(counted).color(color));
        if !of.is_empty() {
            ui.label(caption(theme, of));
        }
        stuck::worst_ui(ui, ctx, sheet);
        // Below the words there would be no room for it in a low drawer.
        if n_rows == 0 {
            other_findings_ui(ui, ctx, sheet);
        }
        side::switch_ui(ui, ctx);
    });
}

/// How many of the late exits Find has left.
fn found_text(n: usize, late: usize) -> String {
    let matches = if n == 1 { "matches" } else { "match" };
    match late {
        // Of none there is nothing to find.
        0 => count(0, "late exit"),
        _ => format!("{} of {} {matches}", thousands(n as u64), count(late, "late exit")),
    }
}

/// Whether what is selected is an overstay, its goroutine, or a part of that one's life.
pub(crate) fn is_about(what: What, row: u32, hearing: &Hearing) -> bool {
    match what {
        What::Hearing(selected) => selected == row,
        What::Goroutine(goroutine) | What::Span(goroutine, _) => goroutine == hearing.goroutine,
        What::Cancel(_) => false,
    }
}

/// Whether a drawer as wide as that has the chart beside the table.
fn has_chart(ctx: &Ctx<'_>, width: f32) -> bool {
    width >= CHART_FROM && has_overstays(ctx)
}

/// Whether any of the open traces has an overstay for the plots.
fn has_overstays(ctx: &Ctx<'_>) -> bool {
    let mut open = ctx.sheets.iter().filter_map(|(_, sheet)| sheet.as_ref());
    open.any(|sheet| !sheet.document.analysis().worst_first.is_empty())
}

/// Nobody late is not all well: the way to what else was found.
fn other_findings_ui(ui: &mut Ui, ctx: &Ctx<'_>, sheet: &Sheet) {
    // As many as there are cards: what else was found in one place is told on its card.
    let n = sheet.document.analysis().findings_by_place().len();
    let filtered = !ctx.state.rows.filter.trim().is_empty();
    let beside = ctx.state.prefs.details && ctx.state.selected.is_none();
    if n == 0 || sheet.is_preview || filtered || beside {
        return;
    }
    if link_ui(ui, ctx.theme, format!("See {}", count(n, "finding"))).clicked() {
        ctx.send(Command::Select(None));
        if !ctx.state.prefs.details {
            ctx.send(Command::Toggle(Switch::Details));
        }
    }
}
