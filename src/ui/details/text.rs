//! What is selected, as text for the clipboard and for the status line.

use std::fmt::Write as _;

use super::cancel::cancel_title;
use super::goroutine::state_word;
use super::overstay::{held_at, verdict};
use crate::analysis::reason_of;
use crate::base::StackId;
use crate::model::Span;
use crate::parse::event::GoState;
use crate::ui::ctx::{Ctx, called, goroutine_id, moment};
use crate::ui::sheet::Sheet;
use crate::ui::state::{Selected, What};

/// A span in words: `Waiting 80 ms: sleep`.
pub(crate) fn span_text(sheet: &Sheet, span: &Span) -> String {
    let trace = sheet.trace();
    let reason = match span.state {
        GoState::Waiting => reason_of(trace, span.stack, trace.string(span.reason)),
        _ => trace.string(span.reason),
    };
    let mut text = format!("{} {}", state_word(span.state), sheet.duration(span.ns()));
    if !reason.is_empty() {
        let _ = write!(text, ": {reason}");
    }
    text
}

/// What is selected, in a few lines with its stack.
pub(crate) fn as_text(ctx: &Ctx<'_>, selected: Selected) -> Option<String> {
    let sheet = ctx.sheet(selected.slot)?;
    let trace = sheet.trace();
    let name =
        |goroutine| format!("{} {}", goroutine_id(sheet, goroutine), called(sheet, goroutine));
    let mut text = String::new();
    let stack = match selected.what {
        What::Goroutine(goroutine) => {
            text += &name(goroutine);
            trace.life(goroutine).creation_stack
        }
        What::Span(goroutine, at) => {
            let span = trace.span_at(goroutine, at)?;
            let what = span_text(sheet, &span);
            let _ = write!(text, "{}\n{what} at {}", name(goroutine), moment(sheet, span.start));
            span.stack
        }
        What::Cancel(row) => {
            let cancel = sheet.cancel(row)?;
            text += &cancel_title(sheet, cancel);
            cancel.stack
        }
        What::Hearing(row) => {
            let hearing = sheet.hearing(row)?;
            let late = hearing.is_late(ctx.state.prefs.budget_ns);
            let _ = write!(text, "{}\n{}", name(hearing.goroutine), verdict(sheet, hearing, late));
            if let Some(sentence) = ctx.sentence(selected.slot, row) {
                let _ = write!(text, ": {sentence}");
            }
            let explained = sheet.explanation.as_ref().filter(|(about, _)| *about == selected);
            let held = explained.map_or(StackId::EMPTY, |(_, explanation)| held_at(explanation));
            if held == StackId::EMPTY { hearing.stack } else { held }
        }
    };
    let _ = writeln!(text, "\nin {}", sheet.origin.name());
    text += &stack_text(sheet, stack);
    Some(text)
}

/// A stack as Go prints it.
fn stack_text(sheet: &Sheet, stack: StackId) -> String {
    let trace = sheet.trace();
    let frames = trace.frames(stack).map(|frame| {
        let (function, file) = (trace.string(frame.function), trace.string(frame.file));
        format!("{function}\n\t{file}:{}\n", frame.line)
    });
    frames.collect()
}
