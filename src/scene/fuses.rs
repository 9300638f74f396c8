//! Fuses: from a cancel to the end of each goroutine that it reached, and from where a goroutine
//! is stuck to its end, if no cancel tells how late it is.
//!
//! The promise of this file: however many fuses a lane or a collapsed group has, and however
//! far the view is zoomed out, every late one that reaches the screen is drawn, or lies within
//! the pixels of a late one that is at least as bad.

use crate::analysis::{Analysis, Hearing, Outcome, Stuck};
use crate::base::{Goroutine, Interval, Time, narrow};

use super::fold::{cell_end, cell_log2, gallop};
use super::hearings::{cancelled_at, late_ns};
use super::records::{FuseEnd, FuseKind, FuseOf, FuseRecord, TextRange};
use super::text::push_overstay;
use super::view::View;
use super::viewport::Viewport;

/// Cancels of one lane closer than this share a fuse, in pixels.
const FUSE_PX: f32 = 2.0;

/// Late ends of a collapsed group closer than this share a fuse, in pixels.
const GROUP_PX: f32 = 6.0;

/// How many fuses of one lane that began left of the screen are looked at one by one.
const MAX_ENTERING: usize = 64;

/// Where the fuses of one row go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rail<'a> {
    pub(super) view: &'a View<'a>,
    /// The row's own viewport.
    pub(super) viewport: &'a Viewport,
    pub(super) row: u32,
    pub(super) y: f32,
    pub(super) dimmed: bool,
    /// Whether the row is high enough to write on.
    pub(super) has_text: bool,
}

impl<'a> Rail<'a> {
    fn analysis(&self) -> &'a Analysis {
        self.view.source.document.analysis()
    }

    /// Appends the fuses of a goroutine's lane, by the time of their cancels, and the late
    /// stretches to `late`, sorted and not overlapping.
    pub(super) fn lane(
        &self,
        goroutine: Goroutine,
        out: &mut Vec<FuseRecord>,
        late: &mut Vec<Interval>,
        texts: &mut String,
    ) {
        let first_record = out.len();
        let index = &self.view.source.index.hearings;
        let (start, end) = index.of(goroutine);
        if let Some(stuck) = self.analysis().stuck(goroutine) {
            out.extend(self.stuck(stuck, 1));
        }
        if start < end {
            self.heard(goroutine, (start, end), first_record, out);
        }
        for fuse in &mut out[first_record..] {
            if fuse.kind == FuseKind::Late {
                join(late, window_of(self.analysis(), fuse));
                fuse.text = self.text(fuse, texts);
            }
        }
    }

    /// The fuses of a goroutine's hearings, which are those of `start..end` in their index.
    fn heard(
        &self,
        goroutine: Goroutine,
        (start, end): (usize, usize),
        first_record: usize,
        out: &mut Vec<FuseRecord>,
    ) {
        let index = &self.view.source.index.hearings;
        let seen = self.viewport.visible();
        let times = &self.view.source.index.cancel_times;
        let at = |place: usize| times[index.cancel(place) as usize];
        let inside = start + gallop(0, end - start, |n| at(start + n) < seen.start);
        let stop = inside + gallop(0, end - inside, |n| at(inside + n) < seen.end);
        self.entering((start, inside), seen.start, out);
        let cell = cell_log2(self.viewport, FUSE_PX);
        let mut place = inside;
        while place < stop {
            let stop_ns = cell_end(at(place).ns(), cell);
            let past = gallop(place + 1, stop, |place| at(place).ns() < stop_ns);
            self.push(self.spokesman(place, past), past - place, out);
            place = past;
        }
        self.select(goroutine, (start, end), first_record, out);
    }

    /// The one fuse of a lane of a cancel view.
    pub(super) fn of_cancel(
        &self,
        goroutine: Goroutine,
        cancel: u32,
        out: &mut Vec<FuseRecord>,
        late: &mut Vec<Interval>,
        texts: &mut String,
    ) {
        let Some(row) = self.find(goroutine, cancel) else { return };
        let mut fuse = self.record(row, 1);
        if fuse.kind == FuseKind::Late {
            late.push(window_of(self.analysis(), &fuse));
        }
        // Here the overstays are what the rows are about: each has its text.
        if fuse.kind != FuseKind::LivesOn {
            fuse.text = self.text(&fuse, texts);
        }
        out.push(fuse);
    }

    /// The late fuses of a collapsed group: the worst of each few pixels of ends, and of those who
    /// are stuck the one that is so for longest.
    pub(super) fn group(&self, section: usize, out: &mut Vec<FuseRecord>, texts: &mut String) {
        if let Some(section) = self.view.rows.sections.get(section) {
            let stuck = section.worst_stuck.and_then(|of| self.analysis().stuck(of));
            let fuse = stuck.and_then(|stuck| self.stuck(stuck, section.stuck));
            out.extend(fuse.filter(|fuse| fuse.kind == FuseKind::Late));
        }
        let Some(ends) = self.view.rows.ends.get(section) else { return };
        let seen = self.viewport.visible();
        let cell = cell_log2(self.viewport, GROUP_PX);
        let range = (seen.start, Time(seen.end.ns().saturating_add(1)));
        ends.late_cells(range, cell, self.view.budget_ns, |count, hearing| {
            let mut fuse = self.record(hearing, 1);
            fuse.count = count;
            fuse.text = self.text(&fuse, texts);
            out.push(fuse);
        });
        // What goes across the screen and ends right of it: one line stands for all.
        if let Some(hearing) = ends.late_across(range.1, seen.end, self.view.budget_ns) {
            out.push(self.record(hearing, 1));
        }
    }

    /// Whether a cancel reached a goroutine: the row of the hearing.
    pub(super) fn find(&self, goroutine: Goroutine, cancel: u32) -> Option<u32> {
        self.view.source.index.hearings.find(goroutine, cancel)
    }

    /// Fuses from cancels left of the screen: those that end alike are one.
    fn entering(&self, (start, end): (usize, usize), from: Time, out: &mut Vec<FuseRecord>) {
        let index = &self.view.source.index.hearings;
        let first_record = out.len();
        let mut next = start;
        let mut left = MAX_ENTERING;
        while let Some(place) = index.next_ending_after(next, end, from) {
            if left == 0 {
                // Thousands reach into the screen: the longest and the worst stand for the rest.
                self.push(index.longest(place, end).unwrap_or(place), end - place, out);
                self.push(self.spokesman(place, end), end - place, out);
                return;
            }
            let fuse = self.record(index.row(place), 1);
            let same = |other: &FuseRecord| {
                (other.x1 - fuse.x1).abs() < FUSE_PX
                    && (other.kind == FuseKind::Late || fuse.kind != FuseKind::Late)
            };
            if !out[first_record..].iter().any(same) {
                out.push(fuse);
            }
            next = place + 1;
            left -= 1;
        }
    }

    /// Of several fuses that begin together, the one to draw: the worst if it is late, else the
    /// longest.
    fn spokesman(&self, start: usize, end: usize) -> usize {
        let index = &self.view.source.index.hearings;
        let worst = index.worst(start, end).filter(|&(_, ns)| ns > self.view.budget_ns);
        worst.map(|(place, _)| place).or_else(|| index.longest(start, end)).unwrap_or(start)
    }

    /// Makes sure that the selected cancel's own fuse is drawn.
    fn select(
        &self,
        goroutine: Goroutine,
        (start, end): (usize, usize),
        first_record: usize,
        out: &mut Vec<FuseRecord>,
    ) {
        let Some(cancel) = self.view.selection.cancel else { return };
        debug_assert!(start < end);
        if let Some(row) = self.find(goroutine, cancel)
            && !out[first_record..].iter().any(|fuse| fuse.hearing() == Some(row))
        {
            out.push(self.record(row, 1));
        }
    }

    fn push(&self, place: usize, count: usize, out: &mut Vec<FuseRecord>) {
        let row = self.view.source.index.hearings.row(place);
        out.push(self.record(row, narrow(count)));
    }

    fn record(&self, row: u32, count: u32) -> FuseRecord {
        let hearing = self.hearing(row);
        let at = cancelled_at(self.analysis(), hearing.cancel);
        let end = at + hearing.overstay_ns.max(0);
        let is_late = late_ns(hearing) > self.view.budget_ns;
        let kind = match hearing.outcome {
            Outcome::LivesOn => FuseKind::LivesOn,
            _ if is_late => FuseKind::Late,
            _ => FuseKind::Within,
        };
        let x0 = self.viewport.x_on_screen(at);
        let x1 = if kind == FuseKind::LivesOn { x0 } else { self.viewport.x_on_screen(end) };
        let budget_end = at + self.view.budget_ns.max(0);
        let x_budget = if is_late { self.viewport.x_on_screen(budget_end).min(x1) } else { x1 };
        let other = self.view.rows.cancel_bounds().is_none()
            && self.view.selection.cancel.is_some_and(|cancel| cancel != hearing.cancel);
        FuseRecord {
            x0,
            x_budget,
            x1,
            y: self.y,
            row: self.row,
            of: FuseOf::Heard { hearing: row, cancel: hearing.cancel },
            goroutine: hearing.goroutine,
            kind,
            deaf: hearing.deaf,
            end: if hearing.outcome == Outcome::Alive { FuseEnd::Alive } else { FuseEnd::Exit },
            dimmed: self.dimmed || other,
            overstay_ns: hearing.overstay_ns,
            count,
            text: TextRange::default(),
        }
    }

    /// The fuse of a goroutine that is stuck, which may stand for several; none if it is not on
    /// screen.
    fn stuck(&self, stuck: &Stuck, count: u32) -> Option<FuseRecord> {
        let seen = self.viewport.visible();
        let Interval { start, end } = stuck.interval;
        if end < seen.start || start > seen.end {
            return None;
        }
        let is_late = stuck.interval.ns() > self.view.budget_ns;
        let x1 = self.viewport.x_on_screen(end);
        let budget_end = start + self.view.budget_ns.max(0);
        let x_budget = if is_late { self.viewport.x_on_screen(budget_end).min(x1) } else { x1 };
        Some(FuseRecord {
            x0: self.viewport.x_on_screen(start),
            x_budget,
            x1,
            y: self.y,
            row: self.row,
            of: FuseOf::Stuck { since: start },
            goroutine: stuck.goroutine,
            kind: if is_late { FuseKind::Late } else { FuseKind::Within },
            deaf: false,
            end: if stuck.ended { FuseEnd::Exit } else { FuseEnd::Alive },
            dimmed: self.dimmed,
            overstay_ns: stuck.interval.ns(),
            count,
            text: TextRange::default(),
        })
    }

    fn text(&self, fuse: &FuseRecord, texts: &mut String) -> TextRange {
        if !self.has_text {
            return TextRange::default();
        }
        let clock = self.view.source.document.trace().clock();
        push_overstay(texts, clock, fuse.overstay_ns, fuse.end == FuseEnd::Alive)
    }

    fn hearing(&self, row: u32) -> &'a Hearing {
        &self.analysis().hearings()[row as usize]
    }
}

/// From a fuse's beginning to its end.
fn window_of(analysis: &Analysis, fuse: &FuseRecord) -> Interval {
    let start = match fuse.of {
        FuseOf::Heard { cancel, .. } => cancelled_at(analysis, cancel),
        FuseOf::Stuck { since } => since,
    };
    Interval::new(start, start + fuse.overstay_ns.max(0))
}

/// Adds a stretch to sorted, separate ones, joining those that it touches.
fn join(late: &mut Vec<Interval>, mut window: Interval) {
    let first = late.partition_point(|other| other.end < window.start);
    let past = first + late[first..].partition_point(|other| other.start <= window.end);
    for other in &late[first..past] {
        window = Interval::new(window.start.min(other.start), window.end.max(other.end));
    }
    late.splice(first..past, [window]);
}
