//! What the window says where there is nothing to show, and whether that says anything of the program.

use egui::Ui;

use super::ctx::Ctx;
use super::details::INCOMPLETE;
use super::sheet::Sheet;
use super::table::Pool;
use super::theme::Theme;
use super::widgets::{strong, weak};
use crate::analysis::{Cause, PASSED};

/// What stands in the middle of a page that has nothing to show: why, and more of that.
pub(crate) fn empty_ui(ui: &mut Ui, theme: &Theme, why: &str, more: &str) {
    ui.add_space((ui.available_height() * 0.3).max(16.0));
    ui.vertical_centered(|ui| {
        ui.set_max_width(460.0);
        ui.label(strong(why));
        ui.add_space(4.0);
        if !more.is_empty() {
            ui.label(weak(theme, more));
        }
    });
}

/// Why the table of late exits is empty: it lists who is late or stuck, or else who left in time.
pub(super) fn nothing_text(ctx: &Ctx<'_>, sheet: &Sheet) -> String {
    let (analysis, budget_ns) = (sheet.document.analysis(), ctx.state.prefs.budget_ns);
    let (pool, choice) = (sheet.pool(ctx.state), &ctx.state.rows);
    let words = short_words(&choice.filter);
    if let Some(between) = choice.between {
        return match pool.between(between).len() {
            0 => "No overstay is as long as those of that bar.".to_owned(),
            _ => format!("No overstay of that bar matches “{words}”."),
        };
    }
    if !words.is_empty() && pool.listed(budget_ns).len() > 0 {
        let [late, stuck] = [pool.late(budget_ns).len(), pool.stuck_over(budget_ns).len()];
        let none = match (late, stuck) {
            (0, 0) => "Nobody who left in time matches",
            (_, 0) => "No late exit matches",
            (0, _) => "Nobody who is stuck matches",
            _ => "Nobody who is late or stuck matches",
        };
        return format!("{none} “{words}”.");
    }
    if choice.within.is_some() && Pool::all(analysis).listed(budget_ns).len() > 0 {
        return "Nobody who was to leave was still there in this stretch.".to_owned();
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
    if analysis.summary().heard == 0 {
        let passed = analysis.cancels().iter().any(|cancel| cancel.cause == Cause::Deadline);
        let passed = if passed { PASSED } else { "" };
        return format!("Nobody waited to hear of a cancel. {UNHEARD} {passed}")
            .trim_end()
            .to_owned();
    }
    "No cancel told anybody to stop: whoever heard one was meant to go on.".to_owned()
}

/// The words of Find as a sentence can quote them: a long text would leave no room for the rest.
pub(super) fn short_words(words: &str) -> String {
    /// The most characters that are quoted.
    const MOST: usize = 40;
    let words = words.trim();
    if words.chars().count() <= MOST {
        return words.to_owned();
    }
    let start: String = words.chars().take(MOST).collect();
    format!("{}…", start.trim_end())
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

#[cfg(test)]
mod tests {
    use super::short_words;

    #[test]
    fn what_is_quoted_of_long_words_is_short() {
        assert_eq!(short_words(" main.work "), "main.work");
        let long = "waited to receive from a channel in a function with a long name";
        assert_eq!(short_words(long), "waited to receive from a channel in a fu…");
        assert_eq!(short_words(&"ö".repeat(90)).chars().count(), 41);
    }
}
