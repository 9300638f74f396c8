//! The columns of the table of late exits, and how wide they are.

use std::collections::HashSet;

use egui::Ui;

use crate::ui::ctx::short_function;
use crate::ui::sheet::Sheet;
use crate::ui::table::{Column, Pool};
use crate::ui::widgets::body_font;

/// A column of the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Cell {
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
pub(super) struct Heading {
    pub(super) cell: Cell,
    pub(super) title: &'static str,
    /// What a click on the title sorts by.
    pub(super) sort: Option<Column>,
    /// Width in points; the one without takes what is left.
    pub(super) width: Option<f32>,
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
pub(super) const COLUMNS: [Heading; 8] = [
    heading(Cell::Overstay, "Overstay", Some(Column::Overstay), Some(104.0), 0.0),
    heading(Cell::Goroutine, "Goroutine", Some(Column::Goroutine), Some(72.0), 0.0),
    heading(Cell::Function, "Function", Some(Column::Function), Some(150.0), 0.0),
    heading(Cell::HeldBy, "What held it", None, None, 0.0),
    heading(Cell::Cause, "Cause", Some(Column::Cause), Some(96.0), 680.0),
    heading(Cell::At, "Cancelled at", Some(Column::At), Some(84.0), 820.0),
    heading(Cell::Site, "Site", Some(Column::Site), Some(120.0), 980.0),
    heading(Cell::Evidence, "Evidence", Some(Column::Evidence), Some(78.0), 860.0),
];

/// The narrowest that the column of what held each is, in points, and what most need.
pub(super) const HELD_BY: f32 = 120.0;
const HELD_BY_WELL: f32 = 340.0;
/// The widest that a column of names becomes by itself, in points.
const NAME_MOST: f32 = 420.0;

/// The columns that a table has room for, and something to show in, whatever Find leaves of it.
pub(super) fn shown(table_width: f32, sheet: &Sheet, budget_ns: i64) -> Vec<Heading> {
    let analysis = sheet.document.analysis();
    let any_stuck = analysis.stuck_over(budget_ns).len() > 0;
    let has_sites = any_stuck || sheet.has_sites(Pool::all(analysis).listed(budget_ns).len());
    // Who is stuck has no cancel to tell of.
    let any_cancel = !any_stuck || analysis.late(budget_ns).len() > 0;
    let fits = |heading: &Heading| {
        let says = match heading.cell {
            Cell::Site => has_sites,
            Cell::At | Cell::Evidence => any_cancel,
            _ => true,
        };
        says && table_width >= heading.from
    };
    COLUMNS.into_iter().filter(fits).collect()
}

/// The widths of the columns but the one that takes what is left. What that has no use for is the
/// names': they say more the more of them is seen, but none needs more than the longest.
pub(super) fn grown(
    shown: &[Heading],
    table_width: f32,
    spacing: f32,
    name_px: f32,
) -> Vec<(Cell, f32)> {
    let first = |heading: &Heading| {
        let width = heading.width?;
        let is_name = heading.cell == Cell::Function;
        Some((heading.cell, if is_name { width.min(name_px) } else { width }))
    };
    let sized: Vec<(Cell, f32)> = shown.iter().filter_map(first).collect();
    let taken: f32 = sized.iter().map(|(_, width)| width + spacing).sum();
    let spare = (table_width - taken - HELD_BY_WELL).max(0.0);
    let grow = |(cell, width): (Cell, f32)| match cell {
        Cell::Function => (cell, (width + 0.35 * spare).min(NAME_MOST).min(name_px).floor()),
        Cell::Site => (cell, (width + 0.25 * spare).min(NAME_MOST).floor()),
        _ => (cell, width),
    };
    sized.into_iter().map(grow).collect()
}

/// How wide the longest name of a function is among the first rows of a trace, in points: with
/// few rows more or less a column should not change its width.
pub(super) fn longest_name(ui: &Ui, sheet: &Sheet) -> f32 {
    /// So many rows are looked at.
    const ROWS: usize = 2_000;
    /// So many of the longest names are measured: not all letters are as wide.
    const MEASURED: usize = 8;
    /// What a title and a sign of the order need at least, in points, and the gap after a name.
    const LEAST_PX: f32 = 72.0;
    const GAP_PX: f32 = 4.0;
    let document = &*sheet.document;
    let rows = Pool::all(document.analysis()).listed(document.rules().late_over_ns);
    let rows = (0..rows.len().min(ROWS)).filter_map(|at| rows.get(at));
    let names: HashSet<&str> =
        rows.filter_map(|row| Some(row.of(document.analysis())?.function(document))).collect();
    let mut names: Vec<_> = names.into_iter().map(short_function).collect();
    names.sort_by_key(|name| std::cmp::Reverse(name.chars().count()));
    let width = |name: &str| {
        let galley =
            ui.painter().layout_no_wrap(name.to_owned(), body_font(), egui::Color32::PLACEHOLDER);
        galley.size().x
    };
    let widths = names.iter().take(MEASURED).map(|name| width(name) + GAP_PX);
    widths.fold(LEAST_PX, f32::max).ceil()
}
