//! Visible rows → their records. The only loop over rows, and it sees none but those on screen.

use crate::base::{Goroutine, Interval, StrId, Time};

use crate::model::{Life, Trace};

use super::bars::{Bars, Track};
use super::columns::Chart;
use super::density::Density;
use super::fold::{Fold, blank, cell_end, cell_log2};
use super::frame::Scene;
use super::fuses;
use super::minis;
use super::plots::Plot;
use super::records::{BarKind, BarRecord, MarkerKind, MarkerRecord, RowRecord};
use super::rows::{Row, SectionKey, Visible};
use super::view::View;
use super::viewport::Viewport;

/// Logs closer than this are one mark, in pixels.
const LOG_PX: f32 = 4.0;

/// Lanes lower than this have no texts, in pixels.
const TEXT_PX: u32 = 14;

/// How far above a lane's lower edge its fuse runs, in pixels.
const FUSE_RISE_PX: f32 = 2.5;

/// Fills everything that belongs to a row.
pub(super) fn fill(view: &View<'_>, scene: &mut Scene) {
    let height = f64::from((view.layout.height_px - view.layout.axis_px).max(0.0));
    let (from, to) = (view.scroll_px, view.scroll_px + height);
    let mut lanes = Lanes { view, scene, cell_log2: cell_log2(&view.viewport, view.layout.min_px) };
    view.rows.visible(from, to, |visible| lanes.row(visible));
    let scene = lanes.scene;
    scene.sticky = sticky(view, scene);
}

/// The header of the topmost row's section, if it has scrolled out above.
fn sticky(view: &View<'_>, scene: &Scene) -> Option<RowRecord> {
    let top = view.layout.axis_px;
    let first = scene.rows.first()?;
    let number = view.rows.section_at(view.scroll_px.max(0.0))?;
    let header = Row::Header(number);
    if view.rows.is_headless(number) {
        return None;
    }
    if first.y0 >= top && first.row == header {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "a row's height")]
    let height = view.rows.metrics.header_px as f32;
    // The next section pushes it out.
    let bottom = view.rows.section_bottom_px(number) - view.scroll_px + f64::from(top);
    #[expect(clippy::cast_possible_truncation, reason = "only matters where it is on screen")]
    let y0 = top.min(bottom as f32 - height);
    let late = view.rows.sections()[number as usize].worst_ns > view.budget_ns;
    let record =
        RowRecord { row: header, y0, y1: y0 + height, selected: false, dimmed: false, late };
    Some(record)
}

struct Lanes<'a, 'v> {
    view: &'a View<'v>,
    scene: &'a mut Scene,
    cell_log2: u32,
}

impl Lanes<'_, '_> {
    fn row(&mut self, visible: Visible) {
        let Some(number) = u32::try_from(self.scene.rows.len()).ok() else { return };
        let y0 = visible.top_px - self.view.scroll_px + f64::from(self.view.layout.axis_px);
        #[expect(clippy::cast_possible_truncation, reason = "a position on screen")]
        let y0 = y0 as f32;
        let height = as_px(visible.height_px);
        let mut record = RowRecord {
            row: visible.row,
            y0,
            y1: y0 + height,
            selected: false,
            dimmed: false,
            late: false,
        };
        let gap = as_px(self.view.rows.metrics.gap_px);
        let (top, bottom) = (y0, y0 + height - gap);
        match visible.row {
            Row::Header(section) => self.header(section, number, &mut record),
            Row::Lane { goroutine, cancel, zero } => {
                let viewport = self.view.viewport.shifted(zero.ns());
                let life = self.view.source.document.trace().life(goroutine);
                let lane = Lane { number, goroutine, cancel, viewport, life };
                self.lane(&lane, &mut record);
            }
            Row::HeapPlot | Row::GoroutinesPlot => self.plot(visible.row, number, top, bottom),
            Row::Gc | Row::StopTheWorld | Row::Proc(_) | Row::Thread(_) | Row::Tasks(_) => {
                // What is selected is to stand out, and tasks are many.
                let tasks = matches!(visible.row, Row::Tasks(_));
                record.dimmed = tasks && self.view.selection.cancel.is_some();
                self.bars(visible.row, number, top, bottom);
            }
        }
        self.scene.rows.push(record);
    }

    fn plot(&mut self, kind: Row, row: u32, y0: f32, y1: f32) {
        let plot = Plot { view: self.view, row, y0, y1 };
        let (lines, points) = (&mut self.scene.plots, &mut self.scene.points);
        match kind {
            Row::HeapPlot => plot.heap(lines, points),
            _ => plot.goroutines(lines, points),
        }
    }

    fn header(&mut self, number: u32, row: u32, record: &mut RowRecord) {
        let Some(section) = self.view.rows.sections().get(number as usize) else { return };
        record.late = section.worst_ns > self.view.budget_ns;
        let selected = self.view.selection.goroutine;
        record.selected = section.collapsed
            && selected
                .is_some_and(|goroutine| self.view.rows.section_of(goroutine) == Some(number));
        if !section.collapsed {
            return;
        }
        let trace = self.view.source.document.trace().interval();
        let (y0, y1) = (record.y0 + 2.0, record.y1 - 2.0);
        let chart = Chart { viewport: &self.view.viewport, trace, row, y0, y1 };
        let index = self.view.source.index;
        let own = self.view.rows.densities.get(number as usize).and_then(Option::as_ref);
        let density = own.or_else(|| match section.key {
            SectionKey::Function(name) => index.levels.densities.get(&name),
            SectionKey::Metrics => Some(&index.levels.density),
            SectionKey::Procs | SectionKey::Threads => Some(&index.tracks.procs_held),
            SectionKey::Tasks => Some(&index.tracks.tasks_open),
            _ => None,
        });
        if section.key == SectionKey::Runtime {
            let has_gc = !self.view.source.document.trace().world().gc().is_empty();
            self.bars(if has_gc { Row::Gc } else { Row::StopTheWorld }, row, y0, y1);
        }
        let density = density.filter(|density| !density.is_empty());
        let bin_ns = density.map(Density::bin_ns);
        let lives = self.view.rows.lives.get(number as usize);
        let lives = lives.filter(|lives| minis::say_more(self.view, lives, bin_ns));
        let closely = lives.is_some_and(|lives| {
            let scene = &mut *self.scene;
            scene.minis.fill(self.view, lives, (row, y0, y1), &mut scene.density)
        });
        if let Some(density) = density.filter(|_| !closely) {
            chart.brief(density, &mut self.scene.density);
        }
        if self.view.show.cancels {
            let fuses = fuses::Rail {
                view: self.view,
                viewport: &self.view.viewport,
                row,
                y: record.y1 - FUSE_RISE_PX,
                dimmed: false,
                has_text: false,
            };
            fuses.group(number as usize, &mut self.scene.fuses, &mut self.scene.texts);
        }
    }

    fn lane(&mut self, lane: &Lane, record: &mut RowRecord) {
        let metrics = self.view.rows.metrics;
        let (top, bottom) =
            (record.y0, record.y0 + as_px(metrics.lane_px - metrics.gap_px.min(metrics.lane_px)));
        let selection = self.view.selection;
        record.selected = selection.goroutine == Some(lane.goroutine);
        let mut fuses = fuses::Rail {
            view: self.view,
            viewport: &lane.viewport,
            row: lane.number,
            y: bottom - FUSE_RISE_PX,
            dimmed: false,
            has_text: metrics.lane_px >= TEXT_PX,
        };
        record.dimmed = match lane.cancel {
            // All that is in a cancel view is about cancels: only a cancel itself, when it is
            // selected, sets its own lanes apart.
            Some(cancel) => {
                selection.goroutine.is_none() && selection.cancel.is_some_and(|it| it != cancel)
            }
            None => {
                let analysis = self.view.source.document.analysis();
                let heard = |cancel| {
                    fuses.find(lane.goroutine, cancel).is_some()
                        || analysis.is_stuck_by(lane.goroutine, cancel)
                };
                !record.selected && selection.cancel.is_some_and(|cancel| !heard(cancel))
            }
        };
        fuses.dimmed = record.dimmed;
        self.scene.late.clear();
        let scene = &mut *self.scene;
        let first_fuse = scene.fuses.len();
        let (out, windows, texts) = (&mut scene.fuses, &mut scene.late, &mut scene.texts);
        match lane.cancel {
            Some(cancel) => fuses.of_cancel(lane.goroutine, cancel, out, windows, texts),
            None => fuses.lane(lane.goroutine, out, windows, texts),
        }
        record.late = !scene.late.is_empty();
        if !self.view.show.cancels {
            scene.fuses.truncate(first_fuse);
        }
        self.spans(lane, (top, bottom));
        self.markers(lane, (top, bottom));
        if !self.view.rows.depths.is_empty() {
            self.regions(lane, record);
        }
    }

    fn spans(&mut self, lane: &Lane, (y0, y1): (f32, f32)) {
        let index = self.view.source.index;
        let selection = self.view.selection;
        let fold = Fold {
            trace: self.view.source.document.trace(),
            classes: &index.classes,
            pyramid: index.levels.pyramids.get(&lane.goroutine),
            viewport: lane.viewport,
            zero: index.zero,
            cell_log2: self.cell_log2,
            min_px: self.view.layout.min_px,
            late: &self.scene.late,
            selected: selection.span.filter(|_| selection.goroutine == Some(lane.goroutine)),
            row: blank(lane.number, y0, y1),
        };
        let life = Interval::new(lane.life.first, lane.end(fold.trace));
        fold.lane(lane.goroutine, &lane.life, life, &mut self.scene.spans);
    }

    fn markers(&mut self, lane: &Lane, (y0, y1): (f32, f32)) {
        let trace = self.view.source.document.trace();
        let seen = lane.viewport.visible();
        let (born, ended) = (lane.life.born.time(), lane.life.ended.time());
        let first = if born.is_some() { MarkerKind::Born } else { MarkerKind::Before };
        let last = if ended.is_some() { MarkerKind::Ended } else { MarkerKind::After };
        let mut mark = |at: Time, kind| {
            if seen.start <= at && at <= seen.end {
                let x = lane.viewport.x_on_screen(at);
                self.scene.markers.push(MarkerRecord { x, y0, y1, row: lane.number, kind });
            }
        };
        mark(born.unwrap_or(lane.life.first), first);
        mark(lane.end(trace), last);
        let logs = trace.notes().logs();
        let cell = cell_log2(&lane.viewport, LOG_PX);
        let mut rest = self.view.source.index.tracks.logs_from(logs, lane.goroutine, seen.start);
        let at = |row: &u32| logs[*row as usize].at;
        while let Some(first) = rest.first().map(at).filter(|&first| first < seen.end) {
            mark(first, MarkerKind::Log);
            let stop_ns = cell_end(first.ns(), cell);
            let past = super::fold::gallop(1, rest.len(), |n| at(&rest[n]).ns() < stop_ns);
            rest = &rest[past..];
        }
    }

    fn regions(&mut self, lane: &Lane, record: &RowRecord) {
        let trace = self.view.source.document.trace();
        let metrics = self.view.rows.metrics;
        let (lane_px, region_px) = (as_px(metrics.lane_px), as_px(metrics.region_px));
        let all = trace.notes().regions();
        let whole = trace.interval();
        let mut y0 = record.y0 + lane_px;
        let mut depth = 0;
        // The row is as high as the goroutine's regions are deep.
        while y0 + region_px <= record.y1 + 0.5 {
            let tracks = &self.view.source.index.tracks;
            let (rows, first) = tracks.regions_at(all, lane.goroutine, depth);
            let region = |at: usize| &all[rows[at] as usize];
            let strip = Track {
                viewport: &lane.viewport,
                cell_log2: self.cell_log2,
                row: lane.number,
                y0,
                y1: y0 + region_px - 1.0,
            };
            let bars = Bars {
                n: rows.len(),
                interval: |at| region(at).interval(whole),
                what: |at| (BarKind::Region(rows[at]), region(at).kind),
                sums: &tracks.region_sums,
                first,
            };
            strip.fill(&bars, &mut self.scene.bars);
            y0 += region_px;
            depth += 1;
        }
    }

    fn bars(&mut self, row: Row, number: u32, y0: f32, y1: f32) {
        let trace = self.view.source.document.trace();
        let world = trace.world();
        let tracks = &self.view.source.index.tracks;
        let viewport = &self.view.viewport;
        let strip = Track { viewport, cell_log2: self.cell_log2, row: number, y0, y1 };
        let out: &mut Vec<BarRecord> = &mut self.scene.bars;
        match row {
            Row::Gc => {
                let gc = world.gc();
                let (interval, what) = (|at: usize| gc[at], |_| (BarKind::Gc, StrId::EMPTY));
                let sums = &tracks.gc_sums;
                strip.fill(&Bars { n: gc.len(), interval, what, sums, first: 0 }, out);
            }
            Row::StopTheWorld => {
                let stw = |at: usize| &world.stop_the_world()[tracks.stop_the_world[at] as usize];
                let n = tracks.stop_the_world.len();
                let what = |at| (BarKind::StopTheWorld, stw(at).reason);
                let (interval, sums) = (|at| stw(at).interval, &tracks.stop_sums);
                strip.fill(&Bars { n, interval, what, sums, first: 0 }, out);
            }
            Row::Proc(proc) => {
                let Some((_, held)) = world.procs().get(proc as usize) else { return };
                let Some(sums) = tracks.proc_sums.get(proc as usize) else { return };
                let what = |at: usize| (BarKind::Proc(held[at].thread), StrId::EMPTY);
                let (n, interval) = (held.len(), |at: usize| held[at].interval);
                strip.fill(&Bars { n, interval, what, sums, first: 0 }, out);
            }
            Row::Thread(lane) => {
                let Some(sums) = tracks.thread_sums.get(lane as usize) else { return };
                let held = |at| tracks.threads.held(world, lane, at);
                let what = |at| (BarKind::Thread(held(at).1), StrId::EMPTY);
                let (n, interval) = (tracks.threads.n_held(lane), |at| held(at).0);
                strip.fill(&Bars { n, interval, what, sums, first: 0 }, out);
            }
            Row::Tasks(packed) => {
                let Some(rows) = tracks.tasks.get(packed as usize) else { return };
                let Some(sums) = tracks.task_sums.get(packed as usize) else { return };
                let tasks = trace.notes().tasks();
                let what = |at: usize| (BarKind::Task(rows[at].1), tasks[rows[at].1 as usize].kind);
                let (n, interval) = (rows.len(), |at: usize| rows[at].0);
                strip.fill(&Bars { n, interval, what, sums, first: 0 }, out);
            }
            _ => {}
        }
    }
}

/// A goroutine's visible lane.
struct Lane {
    number: u32,
    goroutine: Goroutine,
    cancel: Option<u32>,
    viewport: Viewport,
    life: Life,
}

impl Lane {
    /// Its goroutine's end, or the last moment at which it is known to exist.
    fn end(&self, trace: &Trace) -> Time {
        self.life.ended.time().unwrap_or_else(|| trace.lifetime(self.goroutine).end)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a row's height")]
fn as_px(px: u32) -> f32 {
    px as f32
}
