//! What leaves rows out of the table besides Find: each as a chip that a click removes.

use egui::{Button, CornerRadius, RichText, Stroke, Ui, WidgetInfo, vec2};

use super::command::Command;
use super::ctx::{Ctx, moment_within};
use super::sheet::Sheet;
use super::stretch;
use super::table::Between;
use super::theme::{self, Theme, size};
use crate::base::{Clock, Interval};

/// A chip for each of them.
pub(crate) fn chips_ui(ui: &mut Ui, ctx: &Ctx<'_>, sheet: &Sheet) {
    let state = ctx.state;
    if let Some(within) = stretch::within(state, state.focus) {
        let text = format!("in {}", stretch_text(sheet, within));
        if chip_ui(ui, ctx.theme, &text, "Only what is in the stretch").clicked() {
            ctx.send(Command::Within(false));
        }
    }
    if let Some(between) = state.rows.between {
        let text = between_text(sheet.trace().clock(), between);
        if chip_ui(ui, ctx.theme, &text, "Only the overstays of a bar of the histogram").clicked() {
            ctx.send(Command::Between(None));
        }
    }
}

/// From when to when a stretch is: `104.1–188.3 ms`.
pub(crate) fn stretch_text(sheet: &Sheet, stretch: Interval) -> String {
    let [from, to] =
        [stretch.start, stretch.end].map(|at| moment_within(sheet, at, stretch.ns().max(1)));
    from_to(&from, &to)
}

/// Between which lengths overstays are: `316–398 ms`.
pub(crate) fn between_text(clock: Clock, Between { over_ns, most_ns }: Between) -> String {
    if over_ns <= 0 {
        return format!("up to {}", rounded(clock, most_ns));
    }
    from_to(&rounded(clock, over_ns), &rounded(clock, most_ns))
}

/// The ends of bars are powers of ten: three digits of them tell enough.
fn rounded(clock: Clock, ns: i64) -> String {
    let step = 10_i64.pow(ns.max(1).ilog10().saturating_sub(2));
    clock.text((ns + step / 2) / step * step)
}

/// Two durations with one unit, if they have the same.
fn from_to(from: &str, to: &str) -> String {
    let unit = |text: &str| text.split_once(' ').map(|(_, unit)| unit.to_owned());
    match from.split_once(' ') {
        // Nothing is nothing in every unit.
        Some((number, _)) if unit(from) == unit(to) || number == "0" => format!("{number}–{to}"),
        _ => format!("{from}–{to}"),
    }
}

/// A chip: what is left, and the sign that removes it.
fn chip_ui(ui: &mut Ui, theme: &Theme, text: &str, tip: &str) -> egui::Response {
    let shown = RichText::new(format!("{text}  ×")).size(size::TEXT_SMALL).color(theme.text);
    let button = Button::new(shown)
        .fill(theme::mix(theme.panel, theme.accent, 0.22))
        .stroke(Stroke::new(1.0, theme::fade(theme.accent, 0.6)))
        .corner_radius(CornerRadius::same(8))
        .min_size(vec2(0.0, 18.0));
    let response = ui.add(button);
    let spoken = format!("Remove the filter: {text}");
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &spoken));
    response.on_hover_text(format!("{tip}. A click shows the others again"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_bars_have_one_unit_and_three_digits() {
        let clock = Clock::default();
        let text = |over_ns, most_ns| between_text(clock, Between { over_ns, most_ns });
        assert_eq!(text(316_227_766, 421_696_503), "316–422 ms");
        assert_eq!(text(749_894_209, 1_000_000_000), "750 ms–1 s");
        assert_eq!(text(-1, 1_333), "up to 1.33 µs");
        assert_eq!(from_to("0 ns", "522 ms"), "0–522 ms");
    }
}
