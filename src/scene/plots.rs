//! Plots of metrics: step lines, decimated to the extremes of each few pixels.

use crate::base::{Time, narrow};
use crate::model::MetricPoint;

use super::fold::{cell_end, cell_log2, gallop};
use super::pyramid::on_grid;
use super::records::PlotRecord;
use super::rows::Row;
use super::tracks::Curve;
use super::view::View;

/// Reports closer than this are drawn as one stroke from their least to their greatest, in pixels.
const STROKE_PX: f32 = 2.0;

/// Steps lower than this are left out, in pixels.
const FLAT_PX: f32 = 0.25;

/// Free space above the highest point, as a share of the height.
const HEADROOM: f64 = 0.08;

impl View<'_> {
    /// What the lines of a plot are at a moment: heap and goal in bytes, or goroutines by state as
    /// in [`PlotRecord::line`], the mean of what is drawn there. Nothing for other rows.
    #[must_use]
    pub fn plot_values(&self, row: Row, at: Time) -> [Option<f64>; 4] {
        let trace = self.source.document.trace();
        let mut values = [None; 4];
        if !trace.interval().contains(at) {
            return values;
        }
        match row {
            Row::HeapPlot => {
                let world = trace.world();
                for (value, reports) in values.iter_mut().zip([world.heap(), world.heap_goal()]) {
                    let after = reports.partition_point(|report| report.at <= at);
                    let last = after.checked_sub(1).and_then(|last| reports.get(last));
                    *value = last.map(|report| as_f64(report.value.cast_signed()));
                }
            }
            Row::GoroutinesPlot => {
                let density = &self.source.index.levels.density;
                let width = density.bin_ns().max(1 << cell_log2(&self.viewport, STROKE_PX));
                let start = on_grid(trace.interval().start, at) & !(width - 1);
                let mean = density.mean(start, start.saturating_add(width)).map(f64::from);
                let [running, runnable, syscall, _] = mean;
                values = [running, runnable, syscall, mean.iter().sum()].map(Some);
            }
            _ => {}
        }
        values
    }
}

/// Where a plot goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plot<'a> {
    pub(super) view: &'a View<'a>,
    pub(super) row: u32,
    pub(super) y0: f32,
    pub(super) y1: f32,
}

impl Plot<'_> {
    /// Appends the heap (line 0) and its goal (line 1), both to one scale.
    pub(super) fn heap(&self, lines: &mut Vec<PlotRecord>, points: &mut Vec<[f32; 2]>) {
        let world = self.view.source.document.trace().world();
        let tracks = &self.view.source.index.tracks;
        let curves = [(world.heap(), &tracks.heap), (world.heap_goal(), &tracks.heap_goal)];
        let highest = |&(reports, curve): &(&[MetricPoint], &Curve)| {
            let (start, end) = self.on_screen(reports);
            curve.highest.argmax(start, end).map_or(0, |at| curve.highest.get(at))
        };
        let max = curves.iter().map(highest).max().unwrap_or(0);
        for (line, (reports, curve)) in (0..).zip(curves) {
            let start = points.len();
            self.steps(reports, curve, as_f64(max), points);
            self.push(line, start, as_f64(max), lines, points);
        }
    }

    /// Appends goroutines by state: running (line 0), runnable (1), in system calls (2), all
    /// that are alive (3).
    pub(super) fn goroutines(&self, lines: &mut Vec<PlotRecord>, points: &mut Vec<[f32; 2]>) {
        let trace = self.view.source.document.trace().interval();
        let density = &self.view.source.index.levels.density;
        let Some(seen) = self.view.viewport.visible().intersect(trace) else { return };
        if density.is_empty() {
            return;
        }
        let (from, to) = (on_grid(trace.start, seen.start), on_grid(trace.start, seen.end));
        let width = density.bin_ns().max(1 << cell_log2(&self.view.viewport, STROKE_PX));
        let first = from & !(width - 1);
        let columns = || {
            std::iter::successors(Some(first), move |at| at.checked_add(width))
                .take_while(|&at| at < to)
        };
        let all = |at: i64| density.mean(at, at.saturating_add(width)).iter().sum::<f32>();
        // The scale is that of the bins, which do not depend on how wide a column is: neither does
        // the number that is written beside the plot.
        let max = f64::from(density.max_within(from, to));
        for line in 0..4_u8 {
            let start = points.len();
            for at in columns() {
                let value = match density.mean(at, at.saturating_add(width)).get(usize::from(line))
                {
                    Some(&value) if line < 3 => value,
                    _ => all(at),
                };
                let y = self.y(f64::from(value), max);
                let x = |ns: i64| self.view.viewport.x_on_screen(trace.start + ns);
                let (x0, x1) = (x(at.max(from)), x(at.saturating_add(width).min(to)));
                // A step no higher than can be seen is none.
                match points[start..].last_mut() {
                    Some(last) if (last[1] - y).abs() < FLAT_PX => last[0] = x1,
                    _ => points.extend([[x0, y], [x1, y]]),
                }
            }
            self.push(line, start, max, lines, points);
        }
    }

    /// The reports that decide what is on screen: those on it and the one before.
    fn on_screen(&self, reports: &[MetricPoint]) -> (usize, usize) {
        let seen = self.view.viewport.visible();
        let start = reports.partition_point(|report| report.at <= seen.start).saturating_sub(1);
        (start, reports.partition_point(|report| report.at < seen.end))
    }

    /// A step line: each value holds until the next.
    fn steps(&self, reports: &[MetricPoint], curve: &Curve, max: f64, points: &mut Vec<[f32; 2]>) {
        let (mut at, stop) = self.on_screen(reports);
        let cell = cell_log2(&self.view.viewport, STROKE_PX);
        let trace = self.view.source.document.trace().interval();
        let value = |at: usize| self.y(as_f64(curve.highest.get(at)), max);
        let mut last_y = None;
        while at < stop {
            let stop_ns = cell_end(reports[at].at.ns(), cell);
            let past = gallop(at + 1, stop, |at| reports[at].at.ns() < stop_ns);
            let x = self.x(reports[at].at);
            points.extend(last_y.map(|y| [x, y]));
            points.push([x, value(at)]);
            if past - at > 2 {
                let highest = curve.highest.argmax(at, past).unwrap_or(at);
                let lowest = curve.lowest.argmax(at, past).unwrap_or(at);
                points.push([x, value(highest)]);
                points.push([x, value(lowest)]);
            }
            if past - at > 1 {
                points.push([self.x(reports[past - 1].at), value(past - 1)]);
            }
            last_y = Some(value(past - 1));
            at = past;
        }
        // The last value holds to the trace's end.
        points.extend(last_y.map(|y| [self.x(trace.end), y]));
    }

    fn push(
        &self,
        line: u8,
        start: usize,
        max: f64,
        lines: &mut Vec<PlotRecord>,
        points: &[[f32; 2]],
    ) {
        let (start, end) = (narrow(start), narrow(points.len()));
        if start < end {
            lines.push(PlotRecord { row: self.row, line, start, end, max });
        }
    }

    fn x(&self, at: Time) -> f32 {
        self.view.viewport.x_on_screen(at)
    }

    fn y(&self, value: f64, max: f64) -> f32 {
        let share = if max > 0.0 { value / (max * (1.0 + HEADROOM)) } else { 0.0 };
        #[expect(clippy::cast_possible_truncation, reason = "a position on screen")]
        let share = share as f32;
        self.y1 - share * (self.y1 - self.y0)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a position on screen")]
fn as_f64(value: i64) -> f64 {
    value as f64
}
