//! Another budget, or guesses wanted or not: what is open is analyzed so, off the UI thread, without
//! being read again.
//!
//! Fuses, tables and plots go by the budget of each frame; findings, and who counts as deaf, are
//! the analysis'.

use std::sync::Arc;
use std::time::Duration;

use super::answer::Answer;
use super::app::App;
use super::jobs::{Jobs, Lane};
use super::open::Opened;
use super::sheet::Sheet;
use super::slot::Slot;
use super::state::{Selected, What};

/// How soon to look again whether somebody still moves the budget.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

impl App {
    /// Has all that is open judged by the budget of now, once nobody is dragging it, and with guesses
    /// or without.
    pub(super) fn want_judged(&mut self, ctx: &egui::Context) {
        let rules = self.state.prefs.rules();
        for slot in Slot::BOTH {
            // What is being read is judged when all of it is there.
            let busy = self.jobs.is_busy(Lane::Open(slot));
            let other = |sheet: &Sheet| sheet.judged_asked != rules;
            if busy || !self.sheets[slot].as_ref().is_some_and(other) {
                continue;
            }
            if ctx.input(|input| input.pointer.any_down()) {
                ctx.request_repaint_after(LOOK_AGAIN);
                continue;
            }
            self.judge(slot);
        }
    }

    fn judge(&mut self, slot: Slot) {
        let Some(sheet) = &mut self.sheets[slot] else { return };
        sheet.judged_asked = self.state.prefs.rules();
        let (serial, trace) = (sheet.serial, sheet.document.share_trace());
        let origin = sheet.origin.clone();
        let request = self.request(slot, origin, true);
        self.jobs.start(Lane::Judge(slot), "Judging", move |progress| {
            match Opened::new(trace, &request, progress) {
                Ok(opened) => Answer::Judged { serial, opened: Box::new(opened) },
                Err(_) => Answer::Nothing,
            }
        });
    }

    /// Puts what the analysis says now in the place of what it said. What is on screen, selected
    /// and remembered stays.
    pub(super) fn put_judged(&mut self, serial: u64, opened: Opened) {
        let of_serial = |sheet: &mut Sheet| sheet.serial == serial;
        let found = Slot::BOTH
            .into_iter()
            .find_map(|slot| Some((slot, self.sheets[slot].take_if(of_serial)?)));
        let Some((slot, mut old)) = found else { return };
        self.next_serial += 1;
        let mut sheet = Sheet::new(self.next_serial, old.origin.clone(), opened);
        sheet.opening = old.opening;
        sheet.is_preview = old.is_preview;
        sheet.file_warnings = std::mem::take(&mut old.file_warnings);
        sheet.wakers = Arc::clone(&old.wakers);
        // To be looked at until those by the new budget are there.
        sheet.cancel_rows = old.cancel_rows.take();
        sheet.n_cancels_shown = old.n_cancels_shown;
        sheet.old_cancel_sites = old.cancel_sites.take().unwrap_or_default();
        let explained = old.explanation.take();
        let renamed = |selected: Selected| match selected.what {
            What::Hearing(row) if selected.slot == slot => {
                Selected { what: hearing_again(&old, row, &sheet), ..selected }
            }
            _ => selected,
        };
        let state = &mut self.state;
        // By another budget the findings are others.
        state.finding = state.finding.filter(|finding| finding.slot != slot);
        state.selected = state.selected.map(renamed);
        state.reveal = state.reveal.map(renamed);
        state.trail.rename(renamed);
        sheet.explanation = explained.map(|(about, explanation)| (renamed(about), explanation));
        self.sheets[slot] = Some(sheet);
        Jobs::discard(old);
    }
}

/// The same hearing in another analysis of the same trace; the goroutine if that has no such one.
fn hearing_again(old: &Sheet, row: u32, new: &Sheet) -> What {
    let Some(was) = old.hearing(row) else { return What::Hearing(row) };
    let is_same = |row: &u32| {
        new.hearing(*row).is_some_and(|is| (is.cancel, is.deaf) == (was.cancel, was.deaf))
    };
    let mut rows = new.document.analysis().by_goroutine.of(was.goroutine).iter().copied();
    rows.find(is_same).map_or(What::Goroutine(was.goroutine), What::Hearing)
}
