//! What the window says where there is nothing to show, and whether that says anything of the program.

use super::ctx::Ctx;
use super::details::INCOMPLETE;
use super::sheet::Sheet;
use crate::analysis::{Cause, PASSED};

/// Why the table of late exits is empty.
pub(super) fn nothing_text(ctx: &Ctx<'_>, sheet: &Sheet) -> String {
    let analysis = sheet.document.analysis();
    if !ctx.state.rows.filter.trim().is_empty() {
        return format!("No late exit matches “{}”.", ctx.state.rows.filter.trim());
    }
    if sheet.is_preview {
        return "No late exit in the beginning of this trace, which is all that has been read so far.".to_owned();
    }
    if analysis.cancels().is_empty() {
        let text = no_cancels_text(sheet);
        return if sheet.is_whole() { format!("{text} {UNHEARD}") } else { text };
    }
    if !sheet.is_whole() {
        return format!("No late exit in what could be read. {INCOMPLETE}");
    }
    if analysis.worst_first.is_empty() && analysis.summary().heard == 0 {
        let passed = analysis.cancels().iter().any(|cancel| cancel.cause == Cause::Deadline);
        let passed = if passed { PASSED } else { "" };
        return format!("Nobody waited to hear of a cancel. {UNHEARD} {passed}");
    }
    if analysis.worst_first.is_empty() {
        return "Nobody was told to stop: whoever heard a cancel was meant to go on.".to_owned();
    }
    let budget = sheet.duration(ctx.state.prefs.budget_ns);
    format!("All of them left within {budget}.")
}

/// What leaves nothing in a trace.
pub(crate) const UNHEARD: &str = "A cancel is seen by the goroutines that it wakes: one that nobody \
                                  waited for mostly leaves no trace, and neither does code that \
                                  only checks ctx.Err().";

/// That no cancel was found, and whether that says anything.
pub(crate) fn no_cancels_text(sheet: &Sheet) -> String {
    if sheet.is_preview {
        "The beginning of this trace holds no evidence of a context being cancelled.".to_owned()
    } else if sheet.is_whole() {
        "This trace holds no evidence of a context being cancelled.".to_owned()
    } else {
        format!("No cancel in what could be read. {INCOMPLETE}")
    }
}
