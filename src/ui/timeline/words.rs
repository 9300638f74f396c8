//! What held a goroutine, in a few words on the canvas: behind its overstay or, where no span is
//! wide enough to have a name of its own, within the late stretch.

use std::sync::Arc;

use egui::{Color32, Galley, Painter, Rect, vec2};

use super::canvas::{LATE_RISE_PX, NAMED_PX};
use super::{Frame, hover};
use crate::scene::{FuseRecord, RowRecord, Scene, SpanFlags, SpanRecord, StateClass};
use crate::ui::theme;
use crate::ui::widgets;

/// From what is left of the words to them, in points.
const GAP_PX: f32 = 5.0;
/// How much of the ground that the words stand on must be of one class: their color is for that.
const ONE_CLASS: f32 = 0.85;

/// How far below the canvas's top what is written on a lane stands, in its middle.
pub(super) fn line_of(row: &RowRecord) -> f32 {
    row.y0.midpoint((row.y0 + 18.0).min(row.y1))
}

/// Writes what held a late goroutine, if there is room for all of it.
pub(super) fn held_ui(
    scene: &Scene,
    frame: &Frame<'_>,
    painter: &Painter,
    (fuse, row): (&FuseRecord, &RowRecord),
    badge: Option<Rect>,
    text: &str,
) {
    let colors = frame.ctx.theme;
    let width = frame.canvas.width();
    let spans = spans_of(scene, fuse.row);
    let late = (fuse.x_budget.max(0.0), fuse.x1.min(width));
    // Once is enough.
    let least_px = hover::WITH_FUNCTION_PX.max((late.1 - late.0) / 2.0);
    if spans.iter().any(|span| is_named(span, late, least_px)) {
        return;
    }
    let galley = |color| -> Arc<Galley> {
        painter.layout_no_wrap(text.to_owned(), widgets::small_font(), color)
    };
    let weak = if fuse.dimmed { colors.dimmed(colors.weak) } else { colors.weak };
    let words = galley(weak);
    let behind = badge.map(|badge| badge.right() - frame.canvas.left() + GAP_PX);
    if let Some(left) = behind.filter(|left| *left > fuse.x1)
        && left + words.size().x + GAP_PX < width
    {
        let at = frame.canvas.min + vec2(left, line_of(row) - words.size().y / 2.0);
        painter.galley(at, words, weak);
        return;
    }
    let left = late.0 + GAP_PX;
    // What is written left of an end that is off the screen, or has no room, keeps its place.
    let badge_left = badge.map(|badge| badge.left() - frame.canvas.left());
    let right = badge_left.filter(|&x| x < late.1).unwrap_or(late.1) - GAP_PX;
    let fits = left + words.size().x <= right && row.y1 - row.y0 >= 14.0;
    if !fits || spans.iter().any(|span| is_named(span, late, NAMED_PX)) {
        return;
    }
    let Some(class) = ground(spans, (left, left + words.size().x)) else { return };
    let color: Color32 = colors.on_state(class);
    let color = if fuse.dimmed { theme::fade(color, 0.35) } else { color };
    let words = galley(color);
    let y = line_of(row) - LATE_RISE_PX - words.size().y / 2.0;
    painter.galley(frame.canvas.min + vec2(left, y), words, color);
}

/// The spans of a row, from left to right.
fn spans_of(scene: &Scene, row: u32) -> &[SpanRecord] {
    let first = scene.spans.partition_point(|span| span.row < row);
    let spans = &scene.spans[first..];
    &spans[..spans.partition_point(|span| span.row == row)]
}

/// Whether a span of which at least so much lies within a stretch has a name on it.
fn is_named(span: &SpanRecord, (from, to): (f32, f32), least_px: f32) -> bool {
    let silent = matches!(span.class, StateClass::Running | StateClass::Unknown);
    let inside_px = span.x1.min(to) - span.x0.max(from);
    !silent && !span.flags.has(SpanFlags::MIXED) && inside_px >= least_px
}

/// The class of the spans under a stretch, if nearly all of it is of one.
fn ground(spans: &[SpanRecord], (from, to): (f32, f32)) -> Option<StateClass> {
    let mut px = [0.0_f32; StateClass::ALL.len()];
    for span in spans {
        px[span.class as usize] += (span.x1.min(to) - span.x0.max(from)).max(0.0);
    }
    let most = StateClass::ALL.into_iter().max_by(|a, b| {
        let of = |class: &StateClass| px[*class as usize];
        of(a).total_cmp(&of(b))
    })?;
    (px[most as usize] >= ONE_CLASS * (to - from)).then_some(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(x0: f32, x1: f32, class: StateClass, flags: SpanFlags) -> SpanRecord {
        SpanRecord { x0, x1, y0: 0.0, y1: 18.0, row: 0, class, share: u8::MAX, flags }
    }

    #[test]
    fn words_stand_on_one_color_and_say_nothing_twice() {
        let none = SpanFlags::default();
        let (sleep, run) = (StateClass::Sleep, StateClass::Running);
        let wide = span(10.0, 200.0, sleep, none);
        assert!(is_named(&wide, (20.0, 300.0), 120.0));
        assert!(!is_named(&wide, (150.0, 300.0), 120.0), "little of it is in the late stretch");
        assert!(!is_named(&span(10.0, 200.0, run, none), (20.0, 300.0), 120.0));
        assert!(!is_named(&span(10.0, 200.0, sleep, SpanFlags::MIXED), (20.0, 300.0), 120.0));
        let spans = [wide, span(200.0, 205.0, run, none), span(205.0, 300.0, sleep, none)];
        assert_eq!(ground(&spans, (150.0, 250.0)), Some(sleep));
        assert_eq!(ground(&spans, (190.0, 215.0)), None, "a fifth is of another color");
        assert_eq!(ground(&spans, (280.0, 400.0)), None, "most of it is bare");
    }
}
