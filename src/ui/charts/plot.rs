//! The frame of a plot over durations: grid, axis, levels.

use egui::{Color32, Id, Rect, Ui, vec2};
use egui_plot::{GridInput, GridMark, HLine, Plot, PlotPoint, PlotResponse, PlotTransform, PlotUi};

use super::ns_from_log10;
use crate::ui::ctx::Ctx;
use crate::ui::theme::Theme;
use crate::ui::widgets;

/// Between two labels of the axis at least, in points.
const LABEL_GAP: f32 = 10.0;
/// Height of the axis below, in points.
const AXIS_PX: f32 = 18.0;

/// A plot over durations, as high as there is room, with its axis below, and faint lines at
/// `levels`, each with what it means written at its left end. The plot is `top` high.
pub(super) fn framed_ui(
    ui: &mut Ui,
    ctx: &Ctx<'_>,
    name: &str,
    (low, high): (f64, f64),
    top: f64,
    levels: &[(f64, String)],
    add: impl FnOnce(&mut PlotUi<'_>),
) -> PlotResponse<()> {
    let theme = ctx.theme;
    // Plot, axis and the space between them fill the room to the pixel: a panel around them grows
    // by whatever they need more, with every frame.
    let below = AXIS_PX + ui.spacing().item_spacing.y;
    // The plot draws its grid in the color of text: here that is quiet.
    ui.visuals_mut().override_text_color = Some(theme.line);
    let response = Plot::new(Id::unique(name))
        .height((ui.available_height() - below).max(20.0))
        .include_x(low)
        .include_x(high)
        .include_y(0.0)
        .include_y(top)
        .set_margin_fraction(vec2(0.0, 0.0))
        .allow_drag(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_double_click_reset(false)
        .show_background(false)
        .show_y(false)
        .show_x(false)
        .show_grid([true, false])
        .x_grid_spacer(decades)
        .show_axes([false, false])
        .cursor_color(Color32::TRANSPARENT)
        .auto_bounds([true, true])
        .show(ui, |plot| {
            for (at, _) in levels {
                plot.hline(HLine::new("", *at).color(theme.grid).allow_hover(false));
            }
            add(plot);
        });
    ui.visuals_mut().override_text_color = None;
    level_names(ui, theme, &response.transform, levels);
    axis_ui(ui, ctx, &response.transform, (low, high));
    response
}

/// The durations below a plot, all within its width: one at each power of ten, or as there is room
/// at every second, third, …
fn axis_ui(ui: &mut Ui, ctx: &Ctx<'_>, transform: &PlotTransform, (low, high): (f64, f64)) {
    let theme = ctx.theme;
    let size = vec2(ui.available_width(), AXIS_PX);
    let (area, _) = ui.allocate_exact_size(size, egui::Sense::hover());
    let right = transform.frame().right().min(area.right());
    #[expect(clippy::cast_possible_truncation, reason = "powers of ten of durations")]
    let powers = low.ceil() as i32..=high.floor() as i32;
    let labels: Vec<_> = powers
        .map(|power| {
            let at = f64::from(power);
            let text = ctx.clock().text(ns_from_log10(at));
            let galley = ui.painter().layout_no_wrap(text, widgets::small_font(), theme.weak);
            (power, transform.position_from_point(&PlotPoint::new(at, 0.0)).x, galley)
        })
        .collect();
    let sizes: Vec<_> =
        labels.iter().map(|(power, x, galley)| (*power, *x, galley.size().x)).collect();
    for ((.., galley), left) in labels.into_iter().zip(regular_lefts(&sizes, area.left(), right)) {
        if let Some(left) = left {
            ui.painter().galley(egui::pos2(left, area.top() + 2.0), galley, theme.weak);
        }
    }
}

/// The same of labels with their powers of ten, where those that are left out are so regularly.
fn regular_lefts(labels: &[(i32, f32, f32)], from: f32, to: f32) -> Vec<Option<f32>> {
    let lefts = |every: i32| {
        let is_kept = |power: i32| power.rem_euclid(every) == 0;
        let kept = labels.iter().filter(|(power, ..)| is_kept(*power));
        let kept: Vec<_> = kept.map(|&(_, middle, width)| (middle, width)).collect();
        let mut placed = label_lefts(&kept, from, to).into_iter();
        // One that stands alone tells no scale.
        let all_fit = kept.len() > 1 && placed.clone().all(|left| left.is_some());
        let each = |&(power, ..): &(i32, f32, f32)| {
            if is_kept(power) { placed.next().flatten() } else { None }
        };
        let each: Vec<Option<f32>> = labels.iter().map(each).collect();
        all_fit.then_some(each)
    };
    (1..=3).find_map(lefts).unwrap_or_else(|| {
        let all: Vec<_> = labels.iter().map(|&(_, middle, width)| (middle, width)).collect();
        label_lefts(&all, from, to)
    })
}

/// Where labels begin whose middles and widths these are: all within the ends, and none where
/// there is no room after the one before it.
fn label_lefts(labels: &[(f32, f32)], from: f32, to: f32) -> Vec<Option<f32>> {
    let mut free = from;
    let place = |&(middle, width): &(f32, f32)| {
        let left = (middle - width / 2.0).clamp(from, (to - width).max(from));
        let fits = left >= free && left + width <= to;
        if fits {
            free = left + width + LABEL_GAP;
        }
        fits.then_some(left)
    };
    labels.iter().map(place).collect()
}

/// What the levels mean, at their left ends.
fn level_names(ui: &Ui, theme: &Theme, transform: &PlotTransform, levels: &[(f64, String)]) {
    for (at, text) in levels {
        let y = transform.position_from_point(&PlotPoint::new(0.0, *at)).y;
        let font = widgets::small_font();
        let galley = ui.painter().layout_no_wrap(text.clone(), font, theme.weak);
        let place = egui::pos2(transform.frame().left(), y - galley.size().y / 2.0);
        let ground = Rect::from_min_size(place, galley.size() + vec2(5.0, 0.0));
        ui.painter().rect_filled(ground, 0.0, theme.panel);
        ui.painter().galley(place, galley, theme.weak);
    }
}

/// A grid line at each power of ten.
#[expect(clippy::needless_pass_by_value, reason = "the plot calls it so")]
fn decades(input: GridInput) -> Vec<GridMark> {
    let (low, high) = input.bounds;
    #[expect(clippy::cast_possible_truncation, reason = "powers of ten of durations")]
    let powers = low.ceil() as i32..=high.floor() as i32;
    powers.map(|power| GridMark { value: f64::from(power), step_size: 1.0 }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_the_axis_are_whole_and_apart() {
        let lefts = label_lefts(&[(10.0, 40.0), (100.0, 40.0), (195.0, 40.0)], 0.0, 200.0);
        assert_eq!(lefts, [Some(0.0), Some(80.0), Some(160.0)], "the outer ones are moved in");
        let lefts = label_lefts(&[(10.0, 40.0), (50.0, 40.0), (90.0, 40.0)], 0.0, 200.0);
        assert_eq!(lefts, [Some(0.0), None, Some(70.0)], "one without room is left out");
        assert_eq!(label_lefts(&[(10.0, 40.0)], 0.0, 30.0), [None]);
    }

    #[test]
    fn powers_are_left_out_regularly() {
        let shown = |gap: f32, widths: &[f32]| {
            let mut labels = Vec::new();
            for (power, width) in (3..).zip(widths) {
                #[expect(clippy::cast_precision_loss, reason = "a few")]
                labels.push((power, 30.0 + gap * (power - 3) as f32, *width));
            }
            let lefts = regular_lefts(&labels, 0.0, 1000.0);
            let shown = lefts.iter().map(Option::is_some);
            shown.collect::<Vec<_>>()
        };
        let widths = [30.0, 40.0, 50.0, 30.0, 40.0, 50.0];
        assert_eq!(shown(65.0, &widths), [true; 6]);
        assert_eq!(shown(50.0, &widths), [false, true, false, true, false, true]);
        assert_eq!(shown(24.0, &widths), [true, false, false, true, false, false]);
    }
}
