//! The late exits: a table whose rows jump to the picture, and a histogram of all overstays.

mod columns;
mod row;

use std::sync::Arc;

use egui::{Align, Frame, Layout, Margin, RichText, Sense, Ui, WidgetInfo, vec2};
use egui_extras::{Column as Width, TableBuilder};

use super::app::Gestures;
use super::charts;
use super::chips;
use super::command::{Command, Switch};
use super::ctx::{Ctx, count, thousands};
use super::nothing::{empty_ui, nothing_text};
use super::sheet::Sheet;
use super::side;
use super::slot::Slot;
use super::state::{Selected, State, View};
use super::stretch;
use super::stuck;
use super::table::{Column, Pool, Query, Rows};
use super::theme::size;
use super::widgets::{caption, link_ui, strong, weak};
use super::widths::Widths;
use columns::{COLUMNS, Cell, HELD_BY, Heading, grown, longest_name, shown};
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
    /// Of which trace the rows were that the drawer had last, and those of the page: those of
    /// another begin with the worst.
    listed: [Option<u64>; 2],
    /// Whether the drawer shows only who left in time.
    quiet: bool,
    /// How wide the longest name of a function is, and of which trace, in points.
    longest_name: Option<(u64, f32)>,
}

/// What excuses those that are late by scheduling.
pub(crate) const EXCUSED: &str = "Late by scheduling: without the waits for a processor, the GC \
                                   and the canceller it would have left in time";

/// How high the drawer is with no more than words, in points, and with those who left in time.
const WORDS_PX: f32 = 84.0;
const QUIET_PX: f32 = 132.0;

/// How wide the drawer must be to have the chart beside the table, in points.
const CHART_FROM: f32 = 760.0;

impl LatePanel {
    /// What the table shows.
    pub(crate) fn query(&self, state: &State) -> Query {
        Query {
            budget_ns: state.prefs.budget_ns,
            within: stretch::within(state, state.focus),
            between: state.rows.between,
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
    pub(crate) fn rows<'a>(&self, ctx: &Ctx<'_>, sheet: &'a Sheet) -> Rows<'a> {
        let query = self.query(ctx.state);
        match &sheet.table {
            Some((_, rows)) if !query.is_plain() => Rows::Made(rows),
            _ => query.rows(sheet.pool(ctx.state)),
        }
    }

    /// The drawer's panel, `width` wide and at most `most` high: lower where nobody is late, and no
    /// higher than its words where it has neither a row nor a chart.
    pub(crate) fn drawer(&mut self, ctx: &Ctx<'_>, width: f32, most: f32) -> egui::Panel {
        let budget_ns = ctx.state.prefs.budget_ns;
        // With a chip that leaves all of them out the drawer stays as it is.
        let all = ctx.focus().map(|(_, sheet)| Pool::all(sheet.document.analysis()));
        let any = all.is_none_or(|it| it.listed(budget_ns).len() > 0);
        if !any && !has_chart(ctx, width) {
            return egui::Panel::bottom("no_overstays").exact_size(WORDS_PX).resizable(false);
        }
        // Who drags the budget across the longest does not want the chart to jump meanwhile.
        if !self.budget.is_held() {
            self.quiet = all.is_some_and(|it| it.over(budget_ns).len() == 0);
        }
        let (name, high) =
            if self.quiet { ("nobody_late", QUIET_PX) } else { ("late_drawer", size::BOTTOM) };
        egui::Panel::bottom(name)
            .resizable(true)
            .default_size(high.min(most * 0.85))
            .size_range(QUIET_PX.min(120.0)..=most)
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
        if rows.len() == 0 {
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

    fn table_ui(&mut self, ui: &mut Ui, ctx: &Ctx<'_>, slot: Slot, sheet: &Sheet, rows: Rows<'_>) {
        let analysis = sheet.document.analysis();
        let width = ui.available_width();
        let egui::Vec2 { x: spacing, y: spacing_y } = ui.spacing().item_spacing;
        let shown = shown(width, sheet, ctx.state.prefs.budget_ns);
        self.table_shows(ui, &shown);
        // The lines between columns go down where there is no row: they stay in the background.
        ui.visuals_mut().widgets.noninteractive.bg_stroke.color = ctx.theme.grid;
        let name_px = self.name_px(ui, sheet);
        let mut table = TableBuilder::new(ui)
            .id_salt("late_exits")
            .sense(Sense::click())
            .cell_layout(Layout::left_to_right(Align::Center))
            .auto_shrink(false)
            .min_scrolled_height(40.0);
        let sized = grown(&shown, width, spacing, name_px);
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
        table = self.scrolled(table, ctx, (slot, sheet), rows);
        let longest_stuck = analysis.stuck_over(0).next().map_or(1, |it| it.interval.ns());
        let worst_ns = analysis.summary().overstay.max.max(longest_stuck);
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
                    if let Some(at) = rows.get(row.index()) {
                        let cells = shown.iter().map(|heading| heading.cell);
                        row_ui(row, ctx, slot, sheet, at, worst_ns, cells);
                    }
                });
            });
    }

    /// The table at its top if it is another trace's, and where what has just been selected is in it.
    fn scrolled<'u>(
        &mut self,
        mut table: TableBuilder<'u>,
        ctx: &Ctx<'_>,
        (slot, sheet): (Slot, &Sheet),
        rows: Rows<'_>,
    ) -> TableBuilder<'u> {
        // egui keeps how far it is scrolled, whatever is in it, even over a restart.
        let listed = &mut self.listed[usize::from(ctx.state.view == View::Late)];
        if listed.replace(sheet.opening) != Some(sheet.opening) {
            table = table.vertical_scroll_offset(0.0);
        }
        if self.shown != ctx.state.selected {
            self.shown = ctx.state.selected;
            if let Some(Selected { what, slot: of }) = self.shown
                && of == slot
                && let Some(at) = rows.position(sheet.document.analysis(), what)
            {
                table = table.scroll_to_row(at, None);
            }
        }
        table
    }

    /// How wide the longest name of a function is, in points. Looked up once for each trace.
    fn name_px(&mut self, ui: &Ui, sheet: &Sheet) -> f32 {
        match self.longest_name {
            Some((of, name_px)) if of == sheet.serial => name_px,
            _ => {
                let name_px = longest_name(ui, sheet);
                self.longest_name = Some((sheet.serial, name_px));
                name_px
            }
        }
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
        let pool = sheet.pool(ctx.state);
        let budget_ns = ctx.state.prefs.budget_ns;
        let n_late = pool.late(budget_ns).len();
        let n_stuck = pool.stuck_over(budget_ns).len();
        let filtered = !ctx.state.rows.filter.trim().is_empty();
        if let Some(between) = ctx.state.rows.between {
            let all = pool.between(between).len();
            let text = if filtered {
                format!(
                    "{} of {} {}",
                    thousands(n_rows as u64),
                    count(all, "overstay"),
                    match_word(n_rows)
                )
            } else {
                count(all, "overstay")
            };
            ui.label(strong(text));
            chips::chips_ui(ui, ctx, sheet);
            side::switch_ui(ui, ctx);
            return;
        }
        // Nobody late is not all well where some are stuck: that is said first.
        if n_late == 0 && n_stuck > 0 {
            stuck::worst_ui(ui, ctx, sheet);
            ui.add_space(6.0);
        }
        let (counted, is_loud) = if filtered && n_late + n_stuck > 0 {
            (found_text(n_rows, n_late, n_stuck), n_rows > 0)
        } else {
            (count(n_late, "late exit"), n_late > 0)
        };
        ui.label(strong(counted).color(if is_loud { theme.late_text } else { theme.text }));
        chips::chips_ui(ui, ctx, sheet);
        let all = pool.n_overstays();
        if !filtered && all > 0 {
            let all = thousands(all as u64);
            let end = if n_late + n_stuck == 0 && n_rows > 0 { ";" } else { "" };
            ui.label(caption(theme, format!("of {all} who were meant to leave{end}")));
        }
        if n_late > 0 {
            stuck::worst_ui(ui, ctx, sheet);
        } else if n_stuck == 0 && n_rows > 0 {
            let known = match (sheet.is_preview, sheet.is_whole()) {
                (true, _) => " so far",
                (_, false) => " in what could be read",
                _ => "",
            };
            let budget = sheet.duration(budget_ns);
            let text = format!("the longest stays{known}, all within {budget}:");
            ui.label(caption(theme, text));
        }
        if n_late == 0 {
            other_findings_ui(ui, ctx, sheet);
        }
        side::switch_ui(ui, ctx);
    });
}

fn match_word(n: usize) -> &'static str {
    if n == 1 { "matches" } else { "match" }
}

/// How many of those who are late or stuck Find has left.
fn found_text(n: usize, late: usize, stuck: usize) -> String {
    let matches = match_word(n);
    let of = match (late, stuck) {
        (_, 0) => count(late, "late exit"),
        (0, _) => format!("{} stuck", count(stuck, "goroutine")),
        _ => format!("{} late or stuck", thousands((late + stuck) as u64)),
    };
    format!("{} of {of} {matches}", thousands(n as u64))
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
