//! Plots of overstays: a histogram with the budget as a line that can be dragged, and ECDFs.
//!
//! They see bins and a few hundred points, never hearings: all of it comes from binary searches
//! in the list that the analysis keeps sorted.

use egui::{Stroke, Ui, WidgetInfo, vec2};
use egui_plot::{Bar, BarChart, Line, PlotUi, VLine};

use self::plot::framed_ui;

use super::command::Command;
use super::ctx::{Ctx, thousands};
use super::slot::Slot;
use super::theme::{self, Theme};
use super::widgets::caption;
use crate::analysis::Analysis;

mod plot;

/// Bins per factor of ten.
const BINS_PER_DECADE: i32 = 8;
/// More factors of ten than any time has nanoseconds.
const DECADES: i32 = 19;
/// Points of an ECDF at most.
const ECDF_POINTS: usize = 240;
/// What is drawn for an overstay of less: 1 µs, as a power of ten in nanoseconds.
const LEAST: f64 = 3.0;
/// How near the pointer must be to the budget's line to drag it, in points.
const GRAB: f32 = 6.0;

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

/// How many overstays there are in the analysis's list above a duration.
fn n_above(analysis: &Analysis, ns: i64) -> usize {
    analysis.late(ns).len()
}

/// The histogram, colored by the budget.
pub(crate) fn overstays_ui(ui: &mut Ui, ctx: &Ctx<'_>) {
    let Some((_, sheet)) = ctx.focus() else { return };
    let theme = ctx.theme;
    let analysis = sheet.document.analysis();
    let all = analysis.worst_first.len();
    let late = n_above(analysis, ctx.state.prefs.budget_ns);
    ui.horizontal(|ui| {
        ui.label(caption(theme, "Overstays"));
        let [late_of, all_of] = [late, all].map(|n| thousands(n as u64));
        let budget = ctx.clock().text(ctx.state.prefs.budget_ns);
        let text = format!("{late_of} of {all_of} over {budget}");
        ui.label(caption(theme, text).color(if late > 0 { theme.late_text } else { theme.weak }));
    });
    let budget = log10_ns(ctx.state.prefs.budget_ns);
    let (bars, top) = bars(analysis, budget, theme);
    let range = range(ctx);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
    let highest = (top, thousands(top as u64));
    let levels = if all > 0 { vec![highest] } else { Vec::new() };
    let response = framed_ui(ui, ctx, "overstays", range, top * 1.12, &levels, |plot| {
        plot.bar_chart(BarChart::new("overstays", bars).allow_hover(false));
        drag_budget(plot, ctx, budget);
    });
    response.response.widget_info(|| {
        let text = format!("Histogram of overstays: {late} of {all} are late");
        WidgetInfo::labeled(egui::Role::Image, true, text)
    });
}

/// The ECDFs of the open traces: which share of overstays is at most how long.
pub(crate) fn ecdf_ui(ui: &mut Ui, ctx: &Ctx<'_>) {
    let theme = ctx.theme;
    let budget_ns = ctx.state.prefs.budget_ns;
    ui.horizontal(|ui| {
        ui.label(caption(theme, "Share that left within"));
        ui.label(caption(theme, ctx.clock().text(budget_ns)));
        for slot in Slot::BOTH {
            let Some(sheet) = ctx.sheet(slot) else { continue };
            let share = percent_within(sheet.document.analysis(), budget_ns);
            let (text, color) = if ctx.comparing() {
                (format!("{} {share}", slot.name()), theme.side[slot as usize])
            } else {
                (share, theme.text)
            };
            ui.label(caption(theme, text).color(color));
        }
    });
    let range = range(ctx);
    let budget = log10_ns(budget_ns);
    let levels = [(0.5, "50 %"), (0.9, "90 %"), (1.0, "100 %")];
    let levels = levels.map(|(at, text)| (at, text.to_owned()));
    let response = framed_ui(ui, ctx, "ecdf", range, 1.06, &levels, |plot| {
        for slot in Slot::BOTH {
            let Some(sheet) = ctx.sheet(slot) else { continue };
            let points = ecdf(sheet.document.analysis(), range.0, range.1);
            let color = if ctx.comparing() { theme.side[slot as usize] } else { theme.text };
            plot.line(
                Line::new(slot.name(), points)
                    .color(color)
                    .width(1.8)
                    .allow_hover(false)
                    .allow_band(false),
            );
        }
        drag_budget(plot, ctx, budget);
    });
    response.response.widget_info(|| {
        WidgetInfo::labeled(egui::Role::Image, true, "Cumulative share of overstays")
    });
}

/// How many of all overstays are within the budget: `93 %`, and never `100 %` if one is not.
fn percent_within(analysis: &Analysis, budget_ns: i64) -> String {
    let all = analysis.worst_first.len();
    let within = all - n_above(analysis, budget_ns);
    match (within * 100).checked_div(all) {
        None => "none".to_owned(),
        Some(0) if within > 0 => "< 1 %".to_owned(),
        Some(99) => "> 99 %".to_owned(),
        Some(percent) => format!("{percent} %"),
    }
}

/// The powers of ten between which all overstays of all open traces lie, and the budget.
fn range(ctx: &Ctx<'_>) -> (f64, f64) {
    let budget = log10_ns(ctx.state.prefs.budget_ns.max(1_000));
    let (mut low, mut high) = (budget - 1.0, budget + 1.0);
    for (_, sheet) in ctx.sheets.iter() {
        let Some(analysis) = sheet.as_ref().map(|sheet| sheet.document.analysis()) else {
            continue;
        };
        let ends = [analysis.worst_first.first(), analysis.worst_first.last()];
        for row in ends.into_iter().flatten() {
            if let Some(hearing) = analysis.hearings().get(*row as usize) {
                low = low.min(log10_ns(hearing.overstay_ns));
                high = high.max(log10_ns(hearing.overstay_ns));
            }
        }
    }
    ((low - 0.2).max(LEAST) - 0.15, high + 0.3)
}

/// The bars, and the height of the highest.
fn bars(analysis: &Analysis, budget: f64, theme: &Theme) -> (Vec<Bar>, f64) {
    let mut top: f64 = 1.0;
    let bars = bins(analysis, budget).into_iter().map(|Bin { from, to, n, is_late }| {
        #[expect(clippy::cast_precision_loss, reason = "a height")]
        let height = n as f64;
        top = top.max(height);
        let bar = Bar::new(from.midpoint(to), height).width((to - from) * 0.92);
        bar.fill(if is_late { theme.late } else { theme.prompt }).stroke(Stroke::NONE)
    });
    (bars.collect(), top)
}

/// How many overstays lie between two powers of ten.
#[derive(Clone, Copy, Debug)]
struct Bin {
    from: f64,
    to: f64,
    n: usize,
    is_late: bool,
}

/// All bins with something in them. Each is late or not as a whole, but for the one that holds
/// the budget, which is cut there.
fn bins(analysis: &Analysis, budget: f64) -> Vec<Bin> {
    let width = 1.0 / f64::from(BINS_PER_DECADE);
    let mut bins = Vec::new();
    #[expect(clippy::cast_possible_truncation, reason = "a few decades")]
    let first = (LEAST * f64::from(BINS_PER_DECADE)) as i32;
    // What is shorter than the least is drawn in the first bin.
    let mut above_right = analysis.worst_first.len();
    for bin in first..DECADES * BINS_PER_DECADE {
        let above_left = above_right;
        if above_left == 0 {
            break;
        }
        let (left, right) = (f64::from(bin) * width, f64::from(bin + 1) * width);
        let cut = budget.clamp(left, right);
        above_right = n_above(analysis, exact_ns(right));
        let above_cut = if cut <= left {
            above_left
        } else if cut >= right {
            above_right
        } else {
            // However powers of ten are rounded.
            n_above(analysis, exact_ns(cut)).clamp(above_right, above_left)
        };
        let prompt = Bin { from: left, to: cut, n: above_left - above_cut, is_late: false };
        let late = Bin { from: cut, to: right, n: above_cut - above_right, is_late: true };
        bins.extend([prompt, late].into_iter().filter(|bin| bin.n > 0));
    }
    bins
}

/// A power of ten in nanoseconds, without rounding to digits; the longest time for more than that.
#[expect(clippy::cast_possible_truncation, reason = "what is too long becomes the longest")]
fn exact_ns(power: f64) -> i64 {
    10_f64.powf(power) as i64
}

/// The budget's line; dragging it, or a click anywhere, sets the budget.
fn drag_budget(plot: &mut PlotUi<'_>, ctx: &Ctx<'_>, budget: f64) {
    let theme = ctx.theme;
    let response = plot.response().clone();
    let pointer = plot.pointer_coordinate();
    let line_x = plot.screen_from_plot(egui_plot::PlotPoint::new(budget, 0.0)).x;
    let near = response.hover_pos().is_some_and(|at| (at.x - line_x).abs() <= GRAB);
    let held = response.is_pointer_button_down_on();
    let lit = near || held;
    let color = if lit { theme.accent } else { theme.text };
    let width = if lit { 2.0 } else { 1.2 };
    plot.vline(VLine::new("budget", budget).color(color).width(width).allow_hover(false));
    if near || held {
        plot.ctx().set_cursor_icon(egui::CursorIcon::ResizeHorizontal);
    }
    if let (true, Some(at)) = (held, pointer) {
        let ns = ns_from_log10(at.x.clamp(LEAST, 12.0));
        if ns != ctx.state.prefs.budget_ns {
            ctx.send(Command::SetBudget(ns));
        }
    }
}

/// An ECDF as a line of at most a few hundred points.
fn ecdf(analysis: &Analysis, low: f64, high: f64) -> Vec<[f64; 2]> {
    let rows = &analysis.worst_first;
    if rows.is_empty() {
        return Vec::new();
    }
    let n = rows.len();
    let steps = n.min(ECDF_POINTS);
    let mut points = vec![[low, 0.0]];
    let mut share = 0.0;
    for step in 0..steps {
        // The list is sorted from the worst down: read it from its end.
        let at = n - 1 - step * n / steps;
        let Some(hearing) = rows.get(at).and_then(|row| analysis.hearings().get(*row as usize))
        else {
            continue;
        };
        let x = log10_ns(hearing.overstay_ns);
        points.push([x, share]);
        #[expect(clippy::cast_precision_loss, reason = "a share")]
        let up_to = ((step + 1) * n / steps) as f64 / n as f64;
        share = up_to;
        points.push([x, share]);
    }
    points.push([high, 1.0]);
    points
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::{Document, Rules};
    use crate::base::Progress;

    #[test]
    fn bars_add_up_and_the_late_ones_to_those_beyond_the_budget() {
        let file = include_bytes!("../../traces/late-exit/before.trace");
        let trace = crate::model::build(file, &Progress::default()).expect("a trace");
        let document = Document::new(trace, Rules::default());
        let analysis = document.analysis();
        for power in [3.1, 5.0, 6.0, 7.0, 7.5, 12.0] {
            let bins = bins(analysis, power);
            let n = |is_counted: fn(&Bin) -> bool| -> usize {
                bins.iter().filter(|bin| is_counted(bin)).map(|bin| bin.n).sum()
            };
            assert_eq!(n(|bin| bin.is_late), n_above(analysis, exact_ns(power)), "{power}");
            assert_eq!(n(|_| true), analysis.worst_first.len(), "{power}");
            let (bars, top) = bars(analysis, power, Theme::get(true));
            assert_eq!(bars.len(), bins.len());
            assert!(bars.iter().all(|bar| bar.value <= top));
        }
    }

    #[test]
    fn no_overstay_is_too_long_for_a_bin() {
        assert_eq!(exact_ns(f64::from(DECADES)), i64::MAX);
    }
}
