//! Ticks and labels of the time axis, at steps of 1, 2 or 5 times a power of ten.

use std::fmt::Write;

use crate::base::{Clock, Time, grouped};

use super::records::{TextRange, TickRecord};
use super::viewport::Viewport;

/// Room for a label and the space to the next, in pixels.
const LABEL_PX: f64 = 110.0;

/// With fewer labels than this they come closer, as far as their widths allow: what is pointed at is
/// written over one or two of them.
const LEAST_LABELS: f64 = 4.5;

/// With more room than this many labels take there are two, wherever the first is.
const TWO_LABELS: f64 = 2.5;

/// Room for a letter of a label, and between two labels, in pixels.
const LETTER_PX: f64 = 6.4;
const BETWEEN_PX: f64 = 14.0;

/// Minor ticks are left out where they would be closer than this, in pixels.
const MINOR_PX: f64 = 7.0;

/// Appends the ticks on screen, from left to right, labelled with the time since `zero`.
pub(super) fn fill(
    viewport: &Viewport,
    clock: Clock,
    zero: Time,
    ticks: &mut Vec<TickRecord>,
    texts: &mut String,
) {
    let step = major_step(clock, viewport, zero);
    let minor = minor_step(step, viewport.ns_per_px());
    let seen = viewport.visible();
    let (from, to) = (seen.start.since(zero), seen.end.since(zero));
    let unit = Unit::of(clock, from.saturating_abs().max(to.saturating_abs()), step);
    let mut at = from.div_euclid(minor).saturating_mul(minor);
    while at <= to {
        let is_major = at.rem_euclid(step) == 0;
        let text = if is_major { unit.write(at, texts) } else { TextRange::default() };
        ticks.push(TickRecord { x: viewport.x_on_screen(zero + at), text });
        at = at.saturating_add(minor);
        if at == i64::MAX {
            break;
        }
    }
}

/// The step of the labels: as wide as is easy on the eye, but not so wide that hardly one is left
/// where the axis is short.
fn major_step(clock: Clock, viewport: &Viewport, zero: Time) -> i64 {
    let ns_per_px = viewport.ns_per_px();
    let mut step = nice_step(ns_per_px * LABEL_PX);
    let mut wanted_px = LABEL_PX;
    loop {
        wanted_px *= 0.8;
        let closer = nice_step(ns_per_px * wanted_px);
        #[expect(clippy::cast_precision_loss, reason = "a distance on screen")]
        let [apart_px, closer_px] = [step, closer].map(|step| step as f64 / ns_per_px);
        let least_px = label_px(clock, viewport, zero, closer);
        if apart_px * LEAST_LABELS <= viewport.width_px() || wanted_px < least_px {
            break;
        }
        if closer_px >= least_px {
            step = closer;
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a distance on screen")]
    let px = |step: i64| step as f64 / ns_per_px;
    if px(step) * TWO_LABELS <= viewport.width_px() {
        return step;
    }
    // Where there would be one or none, less round steps do.
    let fits = |&finer: &i64| px(finer) >= label_px(clock, viewport, zero, finer);
    finer_steps(step).find(fits).unwrap_or(step)
}

/// Steps below a step, from the least of its power of ten and the one before.
fn finer_steps(step: i64) -> impl Iterator<Item = i64> {
    const TENTHS: [i64; 9] = [10, 15, 20, 25, 30, 40, 50, 60, 80];
    let decade = 10_i64.saturating_pow(step.max(1).ilog10());
    let decades = [decade / 100, decade / 10].into_iter().filter(|&decade| decade > 0);
    decades
        .flat_map(move |decade| TENTHS.map(|tenths| decade.saturating_mul(tenths)))
        .filter(move |&finer| finer < step)
}

/// How wide the longest label is, at most, with the space to the next, in pixels.
fn label_px(clock: Clock, viewport: &Viewport, zero: Time, step: i64) -> f64 {
    let seen = viewport.visible();
    let mut text = String::new();
    let ends = [seen.start.since(zero), seen.end.since(zero)];
    let largest = ends.map(i64::saturating_abs).into_iter().max().unwrap_or(0);
    let unit = Unit::of(clock, largest, step);
    let _ = unit.write(largest.div_euclid(step).saturating_mul(step), &mut text);
    #[expect(clippy::cast_precision_loss, reason = "a few letters")]
    let letters = text.chars().count() as f64;
    letters * LETTER_PX + BETWEEN_PX
}

/// The least of 1, 2, 5 × 10ⁿ ns that is at least `least_ns`.
fn nice_step(least_ns: f64) -> i64 {
    let mut decade = 1_i64;
    loop {
        for factor in [1, 2, 5] {
            let step = decade.saturating_mul(factor);
            #[expect(clippy::cast_precision_loss, reason = "only compared")]
            if step as f64 >= least_ns || step == i64::MAX {
                return step;
            }
        }
        decade = decade.saturating_mul(10);
    }
}

/// The step of the minor ticks: a tenth or a fifth, or a half of a step of 2, or none.
fn minor_step(step: i64, ns_per_px: f64) -> i64 {
    for parts in [10, 5, 2] {
        #[expect(clippy::cast_precision_loss, reason = "only compared")]
        let apart_px = (step / parts) as f64 / ns_per_px;
        if step % parts == 0 && apart_px >= MINOR_PX {
            return step / parts;
        }
    }
    step
}

/// One unit for all labels of an axis, so that they can be compared at a glance.
#[derive(Clone, Copy)]
struct Unit {
    ns: i64,
    name: &'static str,
    decimals: usize,
}

impl Unit {
    /// The unit for times up to `largest_ns` apart by `step_ns`.
    fn of(clock: Clock, largest_ns: i64, step_ns: i64) -> Self {
        let (ns, name) = match (clock, largest_ns) {
            (Clock::Nanoseconds, 0..=1_000) => (1, "ns"),
            (Clock::Nanoseconds, 1_001..=1_000_000) => (1_000, "µs"),
            (Clock::Nanoseconds, 1_000_001..=1_000_000_000) => (1_000_000, "ms"),
            (Clock::Nanoseconds, _) => (1_000_000_000, "s"),
            (Clock::Ticks, ..=1_000_000) => (1, "ticks"),
            (Clock::Ticks, 1_000_001..=1_000_000_000) => (1_000_000, "M ticks"),
            (Clock::Ticks, _) => (1_000_000_000, "G ticks"),
        };
        // As many decimals as tell one label from the next.
        let mut decimals = 0;
        let mut digit_ns = ns;
        while digit_ns > 1 && step_ns % digit_ns != 0 {
            digit_ns /= 10;
            decimals += 1;
        }
        Self { ns, name, decimals }
    }

    /// Appends a label, without losing a digit to floating point.
    fn write(self, at_ns: i64, texts: &mut String) -> TextRange {
        let start = texts.len();
        let sign = if at_ns < 0 { "-" } else { "" };
        let (ns, unit) = (at_ns.unsigned_abs(), self.ns.unsigned_abs());
        // Writing to a string cannot fail.
        if ns == 0 && self.name.ends_with("ticks") {
            // There is no million of nothing.
            texts.push_str("0 ticks");
            return TextRange::new(start, texts.len());
        }
        let whole = ns / unit;
        let _ = match self.name {
            "ticks" => write!(texts, "{sign}{}", grouped(whole)),
            _ => write!(texts, "{sign}{whole}"),
        };
        if self.decimals > 0 {
            let digits = unit.ilog10() as usize;
            let point = texts.len();
            let _ = write!(texts, ".{:0digits$}", ns % unit);
            texts.truncate(point + 1 + self.decimals);
        }
        let _ = write!(texts, " {}", self.name);
        TextRange::new(start, texts.len())
    }
}

#[cfg(test)]
mod tests {
    use crate::base::Interval;

    use super::*;

    /// All labels of an axis of 1000 px that shows `from..to` ns.
    fn labels(from: i64, to: i64) -> String {
        labels_of(Clock::Nanoseconds, from, to)
    }

    fn labels_of(clock: Clock, from: i64, to: i64) -> String {
        let mut viewport =
            Viewport::new(Interval::new(Time(-1_000), Time(100_000_000_000)), 1000.0);
        viewport.show(Interval::new(Time(from), Time(to)), 0.0);
        let (mut ticks, mut texts) = (Vec::new(), String::new());
        fill(&viewport, clock, Time(0), &mut ticks, &mut texts);
        assert!(ticks.len() < 160, "{}", ticks.len());
        assert!(ticks.is_sorted_by(|a, b| a.x < b.x));
        let label = |tick: &TickRecord| &texts[tick.text.start as usize..tick.text.end as usize];
        ticks.iter().map(label).filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" · ")
    }

    #[test]
    fn labels_are_round_and_tell_neighbors_apart() {
        assert_eq!(labels(0, 1_000), "0 ns · 200 ns · 400 ns · 600 ns · 800 ns · 1000 ns");
        assert_eq!(
            labels(0, 80_000_000),
            "0 ms · 10 ms · 20 ms · 30 ms · 40 ms · 50 ms · 60 ms · 70 ms · 80 ms"
        );
        assert_eq!(
            labels(59_123_456_700, 59_123_456_800),
            "59.12345670 s · 59.12345672 s · 59.12345674 s · 59.12345676 s · 59.12345678 s · 59.12345680 s"
        );
        assert_eq!(labels(-500, 500), "-400 ns · -200 ns · 0 ns · 200 ns · 400 ns");
    }

    #[test]
    fn ticks_of_unknown_length_are_no_nanoseconds() {
        let shown = |from, to| labels_of(Clock::Ticks, from, to);
        assert_eq!(
            shown(0, 500),
            "0 ticks · 100 ticks · 200 ticks · 300 ticks · 400 ticks · 500 ticks"
        );
        assert!(shown(0, 50_000).contains(" · 20,000 ticks · "), "{}", shown(0, 50_000));
        assert!(shown(0, 2_500_000).contains(" · 1.5 M ticks · "), "{}", shown(0, 2_500_000));
        assert!(shown(0, 5_000_000_000).ends_with(" · 5 G ticks"));
    }

    #[test]
    fn a_short_axis_has_several_labels_too() {
        for width_px in [280.0, 340.0, 420.0, 500.0] {
            let mut viewport =
                Viewport::new(Interval::new(Time(0), Time(3_600_000_000_000)), width_px);
            for _ in 0..100 {
                let (mut ticks, mut texts) = (Vec::new(), String::new());
                fill(&viewport, Clock::Nanoseconds, Time(0), &mut ticks, &mut texts);
                let labelled = ticks.iter().filter(|tick| !tick.text.is_empty());
                let labelled: Vec<&TickRecord> = labelled.collect();
                assert!(labelled.len() >= 2, "{width_px} px at {} ns/px", viewport.ns_per_px());
                for pair in labelled.windows(2) {
                    #[expect(clippy::cast_precision_loss, reason = "a few letters")]
                    let letters = (pair[0].text.end - pair[0].text.start) as f32;
                    assert!(
                        pair[1].x - pair[0].x >= letters * 6.0,
                        "{width_px} px: one over another"
                    );
                }
                viewport.zoom_at(width_px * 0.7, 1.3);
            }
        }
    }

    #[test]
    fn every_zoom_has_a_few_labels() {
        let mut viewport = Viewport::new(Interval::new(Time(0), Time(3_600_000_000_000)), 1920.0);
        for _ in 0..120 {
            let (mut ticks, mut texts) = (Vec::new(), String::new());
            fill(&viewport, Clock::Nanoseconds, Time(0), &mut ticks, &mut texts);
            let n = ticks.iter().filter(|tick| !tick.text.is_empty()).count();
            assert!((3..=20).contains(&n), "{n} labels at {} ns/px", viewport.ns_per_px());
            viewport.zoom_at(700.0, 1.3);
        }
    }
}
