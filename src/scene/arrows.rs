//! Arrows between lanes: who woke or created what is selected, whom a selected cancel reached.

use crate::base::{Goroutine, Time};

use super::records::{ArrowKind, ArrowRecord, RowRecord};
use super::rows::Row;
use super::view::View;
use super::viewport::OFFSCREEN_PX;

/// With more spans of the selected goroutine on screen than this, only the selected span's
/// wake is drawn: more arrows would be a smear, and finding them would cost more than a frame.
const MAX_SPANS: usize = 256;

/// As many of the wakes of others by the selected goroutine are drawn, the first on screen, and so
/// many are looked at for them: the others may have no lane.
const MAX_WOKEN: usize = 64;
const MAX_LOOKED_AT: usize = 1_024;

/// Where a canvas row is: its middle, in pixels.
#[derive(Clone, Copy)]
struct Ends<'a> {
    view: &'a View<'a>,
}

/// Appends the arrows for what is selected. `rows` are the visible rows.
pub(super) fn fill(view: &View<'_>, rows: &[RowRecord], out: &mut Vec<ArrowRecord>) {
    // In a cancel view each row has its own clock, so that no line between two means anything.
    if !view.show.arrows || view.rows.cancel_bounds().is_some() {
        return;
    }
    let ends = Ends { view };
    if let Some(goroutine) = view.selection.goroutine {
        ends.creation(goroutine, out);
        ends.wakes(goroutine, out);
        // Whom a selected cancel reached is drawn from it already.
        if view.selection.cancel.is_none() {
            ends.woken(goroutine, out);
        }
    }
    if let Some(cancel) = view.selection.cancel {
        ends.reach(cancel, rows, out);
    }
}

impl Ends<'_> {
    fn creation(self, goroutine: Goroutine, out: &mut Vec<ArrowRecord>) {
        let life = self.view.source.document.trace().life(goroutine);
        if let (Some(parent), Some(at)) = (life.parent, life.born.time()) {
            self.push(ArrowKind::Create, Some(parent), goroutine, (at, at), false, out);
        }
    }

    fn wakes(self, goroutine: Goroutine, out: &mut Vec<ArrowRecord>) {
        let trace = self.view.source.document.trace();
        let seen = self.view.viewport.visible();
        let first = out.len();
        let mut left = MAX_SPANS;
        for span in trace.spans_from(goroutine, seen.start) {
            if span.start >= seen.end {
                break;
            }
            if left == 0 {
                out.truncate(first);
                break;
            }
            left -= 1;
            if let Some(waker) = span.waker {
                let at = (span.start, span.start);
                self.push(ArrowKind::Wake, Some(waker), goroutine, at, false, out);
            }
        }
        let Some(selected) = self.view.selection.span.filter(|_| left == 0) else { return };
        // A span is let go by the wake that begins the next one.
        for span in trace.spans_from(goroutine, selected.start).take(2) {
            if let Some(waker) = span.waker {
                let at = (span.start, span.start);
                self.push(ArrowKind::Wake, Some(waker), goroutine, at, false, out);
            }
        }
    }

    /// To those whom the selected goroutine woke.
    fn woken(self, goroutine: Goroutine, out: &mut Vec<ArrowRecord>) {
        let Some(wakers) = self.view.wakers else { return };
        let seen = self.view.viewport.visible();
        let woke = wakers.of(self.view.source.document.trace(), goroutine);
        let first = woke.first_from(seen.start);
        let begin = out.len();
        for wake in (first..woke.len()).take(MAX_LOOKED_AT).filter_map(|at| woke.get(at)) {
            if wake.at >= seen.end || out.len() - begin >= MAX_WOKEN {
                break;
            }
            let at = (wake.at, wake.at);
            if wake.wakee != goroutine {
                self.push(ArrowKind::Wake, Some(goroutine), wake.wakee, at, false, out);
            }
        }
    }

    /// From the canceller to each visible goroutine that the cancel reached.
    fn reach(self, cancel: u32, rows: &[RowRecord], out: &mut Vec<ArrowRecord>) {
        let analysis = self.view.source.document.analysis();
        let Some(cancelled) = analysis.cancels().get(cancel as usize) else { return };
        for row in rows {
            let Row::Lane { goroutine, .. } = row.row else { continue };
            let index = &self.view.source.index.hearings;
            let Some(hearing) = index.find(goroutine, cancel) else { continue };
            let hearing = &analysis.hearings()[hearing as usize];
            let at = (cancelled.at, hearing.heard_at);
            let late = hearing.is_late(self.view.budget_ns);
            if cancelled.by != Some(goroutine) {
                self.push(ArrowKind::Reach, cancelled.by, goroutine, at, late, out);
            }
        }
    }

    fn push(
        self,
        kind: ArrowKind,
        from: Option<Goroutine>,
        to: Goroutine,
        (left, arrived): (Time, Time),
        late: bool,
        out: &mut Vec<ArrowRecord>,
    ) {
        let Some(y1) = self.y(to) else { return };
        // From nobody in particular: from the axis.
        let y0 = from.map_or(Some(self.view.layout.axis_px), |from| self.y(from));
        let Some(y0) = y0 else { return };
        let (x0, x1) =
            (self.view.viewport.x_on_screen(left), self.view.viewport.x_on_screen(arrived));
        let (top, bottom) = (self.view.layout.axis_px, self.view.layout.height_px);
        let off_screen = (y0 < top && y1 < top) || (y0 > bottom && y1 > bottom);
        if !off_screen && arrived >= self.view.viewport.visible().start {
            out.push(ArrowRecord { x0, y0, x1, y1, kind, from, to, at: arrived, late });
        }
    }

    /// The middle of a goroutine's lane, cut shortly outside the canvas.
    fn y(self, goroutine: Goroutine) -> Option<f32> {
        let place = self.view.rows.place_of(goroutine)?;
        let lane_px = f64::from(self.view.rows.metrics.lane_px.min(px(place.height_px)));
        let y = place.top_px - self.view.scroll_px + lane_px / 2.0;
        let y = y + f64::from(self.view.layout.axis_px);
        let off = f64::from(self.view.layout.height_px) + OFFSCREEN_PX;
        #[expect(clippy::cast_possible_truncation, reason = "a position on screen")]
        let y = y.clamp(-OFFSCREEN_PX, off) as f32;
        Some(y)
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a row's height")]
fn px(height: f64) -> u32 {
    height as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::{Document, Rules};
    use crate::base::Progress;
    use crate::model::Wakers;
    use crate::scene::{Index, Layout, RowOptions, Rows, Scene, Selection, Show, Source, Viewport};

    #[test]
    fn a_selected_goroutine_has_arrows_to_those_whom_it_woke() {
        let file = include_bytes!("../../traces/late-exit/before.trace");
        let trace = crate::model::build(file, &Progress::default()).expect("a trace");
        let document = Document::new(trace, Rules::default());
        let wakers = Wakers::new(document.trace(), &Progress::default()).expect("nobody stops it");
        let index = Index::quick(&document);
        let source = Source { document: &document, index: &index };
        let rows = Rows::build(source, &RowOptions::default());
        // The one that made the deadline's cancel: it woke all who heard.
        let canceller = document.analysis().cancels()[0].by.expect("somebody cancelled");
        let view = |wakers| View {
            source,
            rows: &rows,
            viewport: Viewport::new(document.trace().interval(), 1000.0),
            layout: Layout { height_px: 900.0, ..Layout::default() },
            scroll_px: 0.0,
            selection: Selection { goroutine: Some(canceller), ..Selection::default() },
            budget_ns: 10_000_000,
            show: Show::default(),
            wakers,
        };
        let mut scene = Scene::default();
        scene.fill(&view(None));
        let n = |scene: &Scene| scene.arrows.iter().filter(|it| it.from == Some(canceller)).count();
        assert_eq!(n(&scene), 0, "not before they are sorted");
        scene.fill(&view(Some(&wakers)));
        assert_eq!(n(&scene), 5);
        assert!(scene.arrows.iter().all(|it| it.kind != ArrowKind::Wake || it.to != canceller));
    }
}
