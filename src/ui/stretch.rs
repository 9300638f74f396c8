//! A stretch of time that was measured out: what happened in it, and whether the rest is left out.
//!
//! While one is being dragged out it changes with every frame. What all else goes by, if the rest
//! is to be left out, changes only when it is let go of.

use std::sync::Arc;

use super::answer::Answer;
use super::app::App;
use super::charts::Overstays;
use super::ctx::short_names;
use super::jobs::Lane;
use super::sheet::Sheet;
use super::slot::Slot;
use super::state::State;
use super::table::Pool;
use crate::analysis::{Document, SplitPart, phrase, reason_of};
use crate::base::{Cancelled, Interval, Progress, Time};
use crate::scene::{Index, Source, StateClass, Stretch};

/// What was worked out about a stretch.
#[derive(Debug)]
pub(crate) struct Measured {
    /// What happened in it.
    pub(crate) stretch: Stretch,
    /// Its waits in words.
    pub(crate) waits: Vec<WaitText>,
    /// The overstays that reach into it, as the plots see them.
    pub(crate) overstays: Overstays,
}

/// What was waited for, and where.
#[derive(Debug)]
pub(crate) struct WaitText {
    /// As what it is drawn.
    pub(crate) class: StateClass,
    /// In words, without how long.
    pub(crate) text: String,
    /// How long, in nanoseconds.
    pub(crate) ns: i64,
}

impl Measured {
    /// Looks at all that the stretch holds.
    fn of(
        document: &Document,
        index: &Index,
        interval: Interval,
        progress: &Progress,
    ) -> Result<Self, Cancelled> {
        let stretch = Stretch::of(Source { document, index }, interval, progress)?;
        let trace = document.trace();
        let waits = stretch.waits.iter().map(|part| WaitText {
            class: match part.state {
                crate::analysis::Doing::Syscall => StateClass::Syscall,
                _ => StateClass::of_reason(reason_of(trace, part.stack, trace.string(part.reason))),
            },
            text: wait_text(document, part),
            ns: part.ns,
        });
        let waits = waits.collect();
        let analysis = document.analysis();
        let overstays = Overstays::new(analysis, Pool::of(analysis, &stretch));
        Ok(Self { stretch, waits, overstays })
    }
}

/// What was waited for, and where, without how long: `waited for a lock in main.work (main.go:9)`.
fn wait_text(document: &Document, part: &SplitPart) -> String {
    let [before, after] = phrase(document.trace(), part);
    short_names(&format!("{}{after}", before.trim_end().trim_end_matches(" for")))
}

/// A stretch of the first trace's clock on that of a trace.
fn on_clock(state: &State, slot: Slot, stretch: Interval) -> Interval {
    let own = |time: Time| match (slot, state.link) {
        (Slot::After, Some(link)) => link.swapped().to_first(time),
        _ => time,
    };
    Interval::new(own(stretch.start), own(stretch.end))
}

/// The stretch that was measured out, on a trace's clock.
pub(crate) fn measured(state: &State, slot: Slot) -> Option<Interval> {
    state.range.map(|range| on_clock(state, slot, range))
}

/// The stretch beside which all else is left out, on a trace's clock.
pub(crate) fn within(state: &State, slot: Slot) -> Option<Interval> {
    state.rows.within.map(|within| on_clock(state, slot, within))
}

impl Sheet {
    /// What is known of the stretch that was measured out, once that has been worked out.
    pub(crate) fn measured_now(&self, state: &State, slot: Slot) -> Option<&Measured> {
        let range = measured(state, slot)?;
        self.measured.as_deref().filter(|it| it.stretch.interval == range)
    }

    /// Whom the table, the plots and the keys are about. While what a stretch holds is being worked
    /// out, those of the one before.
    pub(crate) fn pool(&self, state: &State) -> Pool<'_> {
        let analysis = self.document.analysis();
        match (state.rows.within, &self.within) {
            (Some(_), Some(measured)) => Pool::of(analysis, &measured.stretch),
            _ => Pool::all(analysis),
        }
    }

    /// What the plots of overstays show of those.
    pub(crate) fn overstays(&self, state: &State) -> &Overstays {
        match (state.rows.within, &self.within) {
            (Some(_), Some(measured)) => &measured.overstays,
            _ => self.all_overstays(),
        }
    }
}

impl App {
    /// Takes what a stretch holds.
    pub(super) fn put_measured(&mut self, serial: u64, measured: Arc<Measured>) {
        if let Some(sheet) = self.sheet_mut(serial) {
            sheet.measured = Some(measured);
        }
    }

    /// Has what a trace holds in the stretch worked out.
    pub(super) fn want_measured(&mut self, slot: Slot, ctx: &egui::Context) {
        let (range, within) = (measured(&self.state, slot), within(&self.state, slot));
        let Some(sheet) = &mut self.sheets[slot] else { return };
        if within.is_none() {
            sheet.within = None;
        } else if let Some(known) = &sheet.measured
            && within == Some(known.stretch.interval)
        {
            sheet.within = Some(Arc::clone(known));
        }
        let Some(interval) = range else {
            (sheet.measured, sheet.measured_asked) = (None, None);
            return;
        };
        // What is begun is finished while one drags on: or there would be nothing until the end.
        let dragging = ctx.input(|input| input.pointer.any_down());
        let lane = Lane::Stretch(slot);
        if sheet.measured_asked == Some(interval) || dragging && self.jobs.is_busy(lane) {
            return;
        }
        sheet.measured_asked = Some(interval);
        let serial = sheet.serial;
        let (document, index) = (Arc::clone(&sheet.document), Arc::clone(&sheet.index));
        self.jobs.start(lane, "Looking at the stretch", move |progress| {
            match Measured::of(&document, &index, interval, progress) {
                Ok(measured) => Answer::Measured { serial, measured: Arc::new(measured) },
                Err(_) => Answer::Nothing,
            }
        });
    }
}
