//! Plots of overstays: a histogram with the budget as a line that can be dragged, and ECDFs.
//!
//! They see bins and a few hundred points, never hearings: a trace's are counted once
//! ([`Overstays`]).

use egui::{Align, CursorIcon, Layout, Rect, Stroke, StrokeKind, Ui, WidgetInfo, vec2};
use egui_plot::{Bar, BarChart, Line, PlotPoint, PlotResponse};

use self::plot::framed_ui;

use super::act;
use super::app::Gestures;
use super::chips::between_text;
use super::command::Command;
use super::ctx::{Ctx, count, thousands};
use super::slot::Slot;
use super::table::{Between, Pool};
use super::theme::{self, Theme};
use super::widgets::caption;
use crate::analysis::DiffGroup;

mod budget;
mod overstays;
mod plot;

pub(crate) use budget::BudgetLine;
use overstays::Bin;
pub(crate) use overstays::Overstays;

/// What is drawn for an overstay of less: 1 µs, as a power of ten in nanoseconds.
const LEAST: f64 = 3.0;

/// How wide a plot must be for all words above the shares of two traces, in points.
const ECDF_WORDS: f32 = 330.0;

/// A duration as a power of ten in nanoseconds.
fn log10_ns(ns: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a place on a plot")]
    let ns = ns.max(1) as f64;
    ns.log10().max(LEAST)
}

/// The reverse, in whole microseconds below a millisecond, else with three digits.
fn ns_from_log10(power: f64) -> i64 {
    let ns = 10_f64.powf(power);
    let step = 10_f64.powf((power - 2.0).floor()).max(1.0);
    #[expect(clippy::cast_possible_truncation, reason = "at most 10^12")]
    let rounded = ((ns / step).round() * step) as i64;
    rounded
}

/// The histogram, colored by the budget.
pub(crate) fn overstays_ui(
    ui: &mut Ui,
    ctx: &Ctx<'_>,
    line: &mut BudgetLine,
    gestures: &mut Gestures,
) {
    let Some((_, sheet)) = ctx.focus() else { return };
    let theme = ctx.theme;
    let pool = sheet.pool(ctx.state);
    let all = pool.n_overstays();
    let late = pool.late(ctx.state.prefs.budget_ns).len();
    ui.horizontal(|ui| {
        // Find leaves out rows of the table, but no overstay here: beside fewer rows that is said.
        let found = !ctx.state.rows.filter.trim().is_empty();
        let what = if found { "All overstays, found or not:" } else { "Overstays" };
        ui.label(caption(theme, what));
        let [late_of, all_of] = [late, all].map(|n| thousands(n as u64));
        let budget = ctx.clock().text(ctx.state.prefs.budget_ns);
        let text = format!("{late_of} of {all_of} over {budget}");
        ui.label(caption(theme, text).color(if late > 0 { theme.late_text } else { theme.weak }));
    });
    let budget = log10_ns(ctx.state.prefs.budget_ns);
    let bins = sheet.overstays(ctx.state).bins(pool, budget);
    let (bars, top) = bars(&bins, theme, ctx.state.rows.between);
    let range = line.range(ctx);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
    let highest = (top, thousands(top as u64));
    let levels = if all > 0 { vec![highest] } else { Vec::new() };
    let response = framed_ui(ui, ctx, "overstays", range, top * 1.12, &levels, |plot| {
        plot.bar_chart(BarChart::new("overstays", bars).allow_hover(false));
    });
    line.line_ui(ui, ctx, gestures, "histogram", &response.transform);
    response.response.widget_info(|| {
        let text = format!("Histogram of overstays: {late} of {all} are late");
        WidgetInfo::labeled(egui::Role::Image, true, text)
    });
    pointed_ui(ui, ctx, &bins, response, top);
}

/// The bar at the pointer: what it stands for; a click lists only those, another all again.
fn pointed_ui(ui: &Ui, ctx: &Ctx<'_>, bins: &[Bin], plot: PlotResponse<()>, top: f64) {
    let Some((_, sheet)) = ctx.focus() else { return };
    let PlotResponse { response, transform, .. } = plot;
    // Not while the budget's line is taken hold of.
    let at = response.hover_pos().filter(|_| response.contains_pointer());
    let Some(at) = at.map(|at| transform.value_from_position(at)) else { return };
    let Some(bin) = bins.iter().find(|bin| (bin.from..bin.to).contains(&at.x)) else { return };
    let height = bin_height(bin, top);
    let corners = [PlotPoint::new(bin.from, 0.0), PlotPoint::new(bin.to, height)];
    let [low, high] = corners.map(|corner| transform.position_from_point(&corner));
    let outline = Rect::from_two_pos(low, high);
    let between = bin.between();
    let is_chosen = ctx.state.rows.between == Some(between);
    let edge = Stroke::new(1.0, ctx.theme.text);
    ui.painter_at(*transform.frame()).rect_stroke(outline, 0.0, edge, StrokeKind::Outside);
    let lengths = between_text(sheet.trace().clock(), between);
    let text = format!("{}, {lengths}", count(bin.n, "overstay"));
    let response =
        response.on_hover_cursor(CursorIcon::PointingHand).on_hover_ui_at_pointer(|ui| {
            ui.label(&text);
            let tip = if is_chosen { "A click lists all again" } else { "A click lists only them" };
            ui.label(caption(ctx.theme, tip));
        });
    if response.clicked() {
        ctx.send(Command::Between((!is_chosen).then_some(between)));
    }
}

/// The bar after the one whose overstays are listed, toward longer ones (`step` 1) or shorter ones
/// (-1); the longest if none is. Beyond the ends are all overstays.
pub(crate) fn step_bar(ctx: &Ctx<'_>, step: i64) {
    let Some((_, sheet)) = ctx.focus() else { return };
    let budget = log10_ns(ctx.state.prefs.budget_ns);
    let bins = sheet.overstays(ctx.state).bins(sheet.pool(ctx.state), budget);
    let places = i64::try_from(bins.len()).unwrap_or(i64::MAX - 1) + 1;
    let chosen = |bin: &Bin| ctx.state.rows.between == Some(bin.between());
    let now = bins.iter().position(chosen).and_then(|at| i64::try_from(at).ok());
    // All are the place after the last bar, from which one comes to the longest first.
    let next = (now.unwrap_or(places - 1) + step).rem_euclid(places);
    let bin = usize::try_from(next).ok().and_then(|at| bins.get(at));
    if bins.is_empty() {
        act::say(ctx, "There is no overstay here, and so no bar of the histogram");
    } else {
        ctx.send(Command::Between(bin.map(Bin::between)));
    }
}

/// The ECDFs of the open traces: which share of overstays is at most how long.
pub(crate) fn ecdf_ui(ui: &mut Ui, ctx: &Ctx<'_>, line: &mut BudgetLine, gestures: &mut Gestures) {
    let theme = ctx.theme;
    let budget_ns = ctx.state.prefs.budget_ns;
    ui.horizontal(|ui| {
        let few = ctx.comparing() && ui.available_width() < ECDF_WORDS;
        ui.label(caption(theme, if few { "Left within" } else { "Share that left within" }));
        ui.label(caption(theme, ctx.clock().text(budget_ns)));
        for slot in Slot::BOTH {
            let Some(sheet) = ctx.sheet(slot) else { continue };
            let share = percent_within(sheet.pool(ctx.state), budget_ns);
            let (text, color) = if ctx.comparing() {
                (format!("{} {share}", slot.name()), theme.side[slot as usize])
            } else {
                (share, theme.text)
            };
            ui.label(caption(theme, text).color(color));
        }
    });
    let range = line.range(ctx);
    let levels = [(0.5, "50 %"), (0.9, "90 %"), (1.0, "100 %")];
    let levels = levels.map(|(at, text)| (at, text.to_owned()));
    let response = framed_ui(ui, ctx, "ecdf", range, 1.06, &levels, |plot| {
        for slot in Slot::BOTH {
            let Some(sheet) = ctx.sheet(slot) else { continue };
            let points = sheet.overstays(ctx.state).ecdf(range.0, range.1);
            let color = if ctx.comparing() { theme.side[slot as usize] } else { theme.text };
            plot.line(
                Line::new(slot.name(), points)
                    .color(color)
                    .width(1.8)
                    .allow_hover(false)
                    .allow_band(false),
            );
        }
    });
    line.line_ui(ui, ctx, gestures, "shares", &response.transform);
    response.response.widget_info(|| {
        WidgetInfo::labeled(egui::Role::Image, true, "Cumulative share of overstays")
    });
}

/// How high the picture of a row of the comparison is, in points.
const SPREAD_PX: f32 = 168.0;

/// Both sides of a row of the comparison: which share took at most how long.
pub(crate) fn spread_ui(ui: &mut Ui, ctx: &Ctx<'_>, group: &DiffGroup) {
    let theme = ctx.theme;
    let all = group.ecdf.iter().flatten();
    let (low, high) = range_of(all.map(|&(ns, _)| ns));
    // One power of ten alone tells no scale, and none tells nothing.
    let is_told = high.floor() - low.ceil() >= 1.0;
    let range = if is_told { (low, high) } else { (low.floor() - 0.05, high.ceil() + 0.05) };
    if group.ecdf.iter().all(Vec::is_empty) {
        return;
    }
    ui.add_space(8.0);
    ui.horizontal(|ui| {
        ui.label(caption(theme, "Share that took at most"));
        for slot in Slot::BOTH {
            ui.label(caption(theme, slot.name()).color(theme.side[slot as usize]));
        }
    });
    let levels = [(0.5, "50 %"), (0.9, "90 %"), (1.0, "100 %")];
    let levels = levels.map(|(at, text)| (at, text.to_owned()));
    let room = vec2(ui.available_width(), SPREAD_PX);
    ui.allocate_ui_with_layout(room, Layout::top_down(Align::Min), |ui| {
        ui.set_min_height(SPREAD_PX);
        let response = framed_ui(ui, ctx, "spread", range, 1.06, &levels, |plot| {
            for (slot, rises) in Slot::BOTH.into_iter().zip(&group.ecdf) {
                let color = theme.side[slot as usize];
                let line = Line::new(slot.name(), stairs(rises, range)).color(color).width(1.8);
                plot.line(line.allow_hover(false).allow_band(false));
            }
        });
        let spoken = format!("Cumulative shares before and after: {}", group.key);
        response.response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, &spoken));
    });
}

/// The stairs of an ECDF, from one power of ten to another.
fn stairs(rises: &[(i64, f64)], (low, high): (f64, f64)) -> Vec<[f64; 2]> {
    let Some(&(_, all)) = rises.last() else { return Vec::new() };
    let mut points = vec![[low, 0.0]];
    let mut share = 0.0;
    for &(ns, up_to) in rises {
        let x = log10_ns(ns);
        points.extend([[x, share], [x, up_to]]);
        share = up_to;
    }
    points.push([high, all]);
    points
}

/// How many of all overstays are within the budget: `93 %`, and never `100 %` if one is not.
fn percent_within(pool: Pool<'_>, budget_ns: i64) -> String {
    let all = pool.n_overstays();
    let within = all - pool.late(budget_ns).len();
    match (within * 100).checked_div(all) {
        None => "none".to_owned(),
        Some(0) if within > 0 => "< 1 %".to_owned(),
        Some(99) => "> 99 %".to_owned(),
        Some(percent) => format!("{percent} %"),
    }
}

/// How high a bar of late ones is at least, as a share of the highest: few of very many are seen.
const LEAST_LATE: f64 = 0.03;

/// How high the bar of a bin is, if the highest is `top` high.
fn bin_height(bin: &Bin, top: f64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a height")]
    let n = bin.n as f64;
    n.max(if bin.is_late { top * LEAST_LATE } else { 0.0 })
}

/// The bars, and the height of the highest. Beside one whose overstays are listed the others are
/// faint.
fn bars(bins: &[Bin], theme: &Theme, listed: Option<Between>) -> (Vec<Bar>, f64) {
    let highest = bins.iter().map(|bin| bin.n).max().unwrap_or(0).max(1);
    #[expect(clippy::cast_precision_loss, reason = "a height")]
    let top = highest as f64;
    let bars = bins.iter().map(|bin| {
        let height = bin_height(bin, top);
        let bar = Bar::new(bin.from.midpoint(bin.to), height).width((bin.to - bin.from) * 0.92);
        let color = if bin.is_late { theme.late } else { theme.prompt };
        let is_in =
            |it: Between| it.over_ns < bin.between().most_ns && bin.between().over_ns < it.most_ns;
        let is_faint = listed.is_some_and(|it| !is_in(it));
        bar.fill(theme::fade(color, if is_faint { 0.35 } else { 1.0 })).stroke(Stroke::NONE)
    });
    (bars.collect(), top)
}

/// Before and after as two rows of marks on one logarithmic axis: median, p90, p99, maximum.
pub(crate) fn quantiles_ui(
    ui: &mut Ui,
    theme: &Theme,
    sides: [Option<[i64; 4]>; 2],
    (low, high): (f64, f64),
) {
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), 16.0), egui::Sense::hover());
    let place = |ns: i64| {
        let share = (log10_ns(ns) - low) / (high - low).max(0.1);
        #[expect(clippy::cast_possible_truncation, reason = "a place on screen")]
        let share = share.clamp(0.0, 1.0) as f32;
        rect.left() + share * rect.width()
    };
    for (at, quantiles) in sides.into_iter().enumerate() {
        let Some([median, p90, p99, max]) = quantiles else { continue };
        let color = theme.side[at];
        let y = rect.top() + if at == 0 { 4.5 } else { 11.5 };
        let thin = Stroke::new(1.0, theme::fade(color, 0.6));
        ui.painter().hline(place(median)..=place(max), y, thin);
        ui.painter().hline(
            place(median)..=place(p90),
            y,
            Stroke::new(3.0, theme::fade(color, 0.8)),
        );
        ui.painter().circle_filled(egui::pos2(place(median), y), 3.0, color);
        for end in [p99, max] {
            let tick = egui::Rangef::new(y - 2.5, y + 2.5);
            ui.painter().vline(place(end), tick, Stroke::new(1.2, color));
        }
    }
    response.on_hover_text("Dot: median. Thick: to p90. Ticks: p99 and the longest.");
}

/// The powers of ten that hold a comparison's durations.
pub(crate) fn range_of(durations: impl Iterator<Item = i64>) -> (f64, f64) {
    let (mut low, mut high) = (f64::MAX, f64::MIN);
    for ns in durations.filter(|&ns| ns > 0) {
        low = low.min(log10_ns(ns));
        high = high.max(log10_ns(ns));
    }
    if low > high { (LEAST, LEAST + 1.0) } else { (low - 0.1, high + 0.1) }
}
