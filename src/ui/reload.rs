//! Reading open files again: they may have grown, or been recorded anew.
//!
//! What was looked at stays as it was, as far as the new trace has it.

use super::answer::Answer;
use super::app::App;
use super::command::Origin;
use super::jobs::{Jobs, Lane};
use super::open::{self, Opened, selection};
use super::sheet::Sheet;
use super::slot::Slot;
use super::state::{Selected, What};
use crate::base::Interval;

impl App {
    /// Reads the files of all open traces again.
    pub(super) fn reload(&mut self) {
        let late_over_ns = self.state.prefs.budget_ns;
        for slot in Slot::BOTH {
            let Some(sheet) = &self.sheets[slot] else { continue };
            let origin = sheet.origin.clone();
            if origin.is_stream() || matches!(origin, Origin::Example(_)) {
                continue;
            }
            let title = format!("Reading {} again", origin.name());
            self.jobs.start(Lane::Open(slot), title, move |progress| Answer::Reopened {
                slot,
                result: open::open(&origin, late_over_ns, progress).map(Box::new),
                origin,
            });
        }
    }

    /// Puts a trace that was read again in the place of the one before.
    pub(super) fn put_again(&mut self, slot: Slot, origin: Origin, opened: Opened) {
        let Some(old) = self.sheets[slot].take_if(|sheet| sheet.origin == origin) else {
            // It was closed or replaced meanwhile.
            return;
        };
        let kept = Kept::of(self, slot, &old);
        let damage = open::damage(&old.origin.name(), old.trace(), &old.file_warnings);
        if let Some((stale, _)) = damage {
            self.state.notices.retain(|notice| notice.text != stale);
        }
        self.place(slot, origin, opened);
        self.fit_all();
        kept.restore(self, slot);
        Jobs::discard(old);
    }
}

/// What of a window's state outlives the trace that it is about.
struct Kept {
    /// The stretch of time on screen, on the first trace's clock; none if it was all.
    looked_at: Option<Interval>,
    scroll_px: f64,
    /// What was selected, in words that the new trace understands.
    selected: Option<String>,
}

impl Kept {
    fn of(app: &App, slot: Slot, old: &Sheet) -> Self {
        let all = |interval: Interval, bounds: Interval| interval == bounds;
        let viewport = app.state.viewport;
        Self {
            looked_at: viewport
                .filter(|viewport| !all(viewport.visible(), viewport.bounds()))
                .map(|viewport| viewport.visible()),
            scroll_px: app.state.scroll[slot],
            selected: app
                .state
                .selected
                .filter(|selected| selected.slot == slot)
                .and_then(|selected| words(old, selected.what)),
        }
    }

    fn restore(self, app: &mut App, slot: Slot) {
        if let (Some(viewport), Some(interval)) = (&mut app.state.viewport, self.looked_at) {
            viewport.show(interval, 0.0);
        }
        app.state.scroll[slot] = self.scroll_px;
        // Rows of cancels and hearings have moved; whatever names one is let go.
        let of_old = |selected: &Selected| selected.slot == slot;
        app.state.reveal = app.state.reveal.filter(|selected| !of_old(selected));
        app.state.cancel_site = None;
        app.state.trail = super::history::Trail::default();
        if app.state.selected.as_ref().is_some_and(of_old) {
            let sheet = app.sheets[slot].as_ref();
            let what = sheet.zip(self.selected).and_then(|(sheet, words)| selection(sheet, &words));
            app.state.selected = what.map(|what| Selected { slot, what });
        }
    }
}

/// The goroutine that something is about, as [`selection`] reads it: ids outlive a recording's
/// growth, rows do not.
fn words(sheet: &Sheet, what: What) -> Option<String> {
    let goroutine = match what {
        What::Goroutine(goroutine) | What::Span(goroutine, _) => goroutine,
        What::Hearing(row) => sheet.document.analysis().hearings().get(row as usize)?.goroutine,
        What::Cancel(row) => sheet.cancel(row)?.by?,
    };
    Some(format!("goroutine:{}", sheet.trace().life(goroutine).id.0))
}
