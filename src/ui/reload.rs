//! Reading open files again: they may have grown, or been recorded anew.
//!
//! What was looked at stays as it was, as far as the new trace has it.

use super::app::App;
use super::command::Origin;
use super::jobs::Jobs;
use super::kept::Kept;
use super::open::{self, Opened};
use super::slot::Slot;

impl App {
    /// Reads all open traces again, examples too: the findings go by the budget of now then.
    pub(super) fn reload(&mut self) {
        for slot in Slot::BOTH {
            let Some(sheet) = &self.sheets[slot] else { continue };
            let origin = sheet.origin.clone();
            if origin.is_stream() {
                continue;
            }
            self.read_again(slot, format!("Reading {} again", origin.name()), origin);
        }
    }

    /// Puts a trace that was read again in the place of the one before.
    pub(super) fn put_again(&mut self, slot: Slot, origin: Origin, opened: Opened) {
        // The two may have been swapped meanwhile.
        let place = [slot, slot.other()].into_iter().find_map(|slot| {
            let old = self.sheets[slot].take_if(|sheet| sheet.origin == origin)?;
            Some((slot, old))
        });
        let Some((slot, old)) = place else {
            // It was closed or replaced.
            return;
        };
        let kept = Kept::of(self, slot, &old);
        self.state.finding = None;
        let damage = open::damage(&old.origin.name(), old.trace(), &old.file_warnings);
        if let Some((stale, _)) = damage {
            self.state.notices.retain(|notice| notice.text != stale);
        }
        self.place(slot, origin, opened);
        // What was listed of a beginning is not what all of it has.
        if let Some(sheet) = self.sheets[slot].as_mut().filter(|_| !old.is_preview) {
            sheet.opening = old.opening;
        }
        self.fit_all();
        kept.restore(self, slot);
        if old.is_preview {
            self.grant_wishes();
        }
        Jobs::discard(old);
    }
}
