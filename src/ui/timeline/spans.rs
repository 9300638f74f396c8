//! The spans of lanes as rectangles, in stronger colors where a goroutine is late.

use egui::Color32;

use super::paint::Sketch;
use crate::scene::{FuseKind, Scene, SpanFlags, SpanRecord, StateClass};
use crate::ui::theme::{self, Theme};

/// How much of its color is left of what steps back.
pub(super) const DIMMED: f32 = 0.22;

/// Paints all spans.
pub(super) fn spans(scene: &Scene, theme: &Theme, sketch: &mut Sketch) {
    let mut previous = None;
    let mut late = Late::default();
    for span in &scene.spans {
        let row = scene.rows.get(span.row as usize);
        let dimmed = row.is_some_and(|row| row.dimmed);
        let color = color(theme, span, false);
        let color = if dimmed { theme::mix(color, theme.canvas, 1.0 - DIMMED) } else { color };
        let inset = inset(span.class, span.y1 - span.y0);
        let area = [span.x0, span.y0 + inset, span.x1, span.y1 - inset];
        sketch.rect(area, color);
        if span.flags.has(SpanFlags::LATE) {
            let strong = self::color(theme, span, true);
            for (x0, x1) in late.within(scene, span) {
                sketch.rect([x0, area[1], x1, area[3]], strong);
            }
        }
        // A hairline between neighbors that would look like one span.
        let alike = previous == Some((span.row, span.class));
        if alike && span.x1 - span.x0 > 4.0 {
            sketch.rect([span.x0, area[1], span.x0 + 0.6, area[3]], theme.canvas);
        }
        previous = Some((span.row, span.class));
        if span.flags.has(SpanFlags::SELECTED) {
            outline(sketch, area, theme.text);
        }
    }
}

/// How far the bar of a class is from the lane's edges: where nothing happens, it is low.
fn inset(class: StateClass, height: f32) -> f32 {
    match class {
        StateClass::Unknown => height * 0.40,
        _ => height * 0.06,
    }
}

/// The color of a span where its goroutine is late, or elsewhere. What is merged fades with the
/// share of its largest part.
fn color(theme: &Theme, span: &SpanRecord, late: bool) -> Color32 {
    let of = |class| if late { theme.late_state(class) } else { theme.state(class) };
    if !span.flags.has(SpanFlags::MIXED) {
        return of(span.class);
    }
    theme::mix(of(StateClass::Blocked), of(span.class), f32::from(span.share) / 255.0)
}

fn outline(sketch: &mut Sketch, [x0, y0, x1, y1]: [f32; 4], color: Color32) {
    for side in [
        [x0, y0, x1, y0 + 1.0],
        [x0, y1 - 1.0, x1, y1],
        [x0, y0, x0 + 1.0, y1],
        [x1 - 1.0, y0, x1, y1],
    ] {
        sketch.rect(side, color);
    }
}

/// Where the goroutine of a row is late, for one row after the other.
#[derive(Default)]
struct Late {
    row: Option<u32>,
    /// From left to right, not touching.
    stretches: Vec<(f32, f32)>,
}

impl Late {
    /// The parts of a span that lie in such a stretch.
    fn within(&mut self, scene: &Scene, span: &SpanRecord) -> impl Iterator<Item = (f32, f32)> {
        if self.row != Some(span.row) {
            self.row = Some(span.row);
            self.look_up(scene, span.row);
        }
        let (from, to) = (span.x0, span.x1);
        let first = self.stretches.partition_point(|stretch| stretch.1 <= from);
        let reached = self.stretches[first..].iter().take_while(move |stretch| stretch.0 < to);
        reached.map(move |&(x0, x1)| (x0.max(from), x1.min(to)))
    }

    fn look_up(&mut self, scene: &Scene, row: u32) {
        self.stretches.clear();
        let first = scene.fuses.partition_point(|fuse| fuse.row < row);
        let fuses = scene.fuses[first..].iter().take_while(|fuse| fuse.row == row);
        let loud = fuses.filter(|fuse| fuse.kind == FuseKind::Late && !fuse.dimmed);
        self.stretches.extend(loud.map(|fuse| (fuse.x_budget, fuse.x1)));
        self.stretches.sort_by(|a, b| a.0.total_cmp(&b.0));
        self.stretches.dedup_by(|next, before| {
            let touches = next.0 <= before.1;
            if touches {
                before.1 = before.1.max(next.1);
            }
            touches
        });
    }
}
