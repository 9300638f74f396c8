//! What takes too long to work out on the UI thread about what is selected.

use super::sheet::Sheet;
use super::state::{Selected, What};
use crate::analysis::{Document, Link, SplitPart, describe, overstay_split};
use crate::base::{Cancelled, Goroutine, Interval, Progress, Time};

/// How many children are listed; the rest is counted.
const MAX_LISTED: usize = 100;

/// What was worked out about a goroutine, and about one of its overstays.
#[derive(Clone, Debug, Default)]
pub(crate) struct Explanation {
    /// What it did from the cancel to its end, the largest part first; each with its sentence.
    pub(crate) overstay: Vec<(SplitPart, String)>,
    /// Who held up its end, from the end back to the cancel.
    pub(crate) held_by: Vec<Link>,
    /// What it did all its life, the largest part first; each with its sentence.
    pub(crate) life: Vec<(SplitPart, String)>,
    /// Whom it created, the first ones.
    pub(crate) children: Vec<Goroutine>,
    /// Whom it created, counted.
    pub(crate) n_children: usize,
    /// Whom it woke and when, in order of time.
    pub(crate) woke: Vec<(Time, Goroutine)>,
}

/// The goroutine that a selection is about.
pub(crate) fn goroutine_of(sheet: &Sheet, selected: Selected) -> Option<Goroutine> {
    match selected.what {
        What::Goroutine(goroutine) | What::Span(goroutine, _) => Some(goroutine),
        What::Hearing(row) => Some(sheet.hearing(row)?.goroutine),
        What::Cancel(row) => sheet.cancel(row)?.by,
    }
}

/// Works it out. Costs as much as the trace is long.
///
/// # Errors
/// If `progress` is cancelled meanwhile.
pub(crate) fn explain(
    document: &Document,
    goroutine: Goroutine,
    hearing: Option<u32>,
    progress: &Progress,
) -> Result<Explanation, Cancelled> {
    let trace = document.trace();
    let told = |parts: Vec<SplitPart>| {
        parts
            .into_iter()
            .map(|part| (part, describe(trace, &part)))
            .collect::<Vec<(SplitPart, String)>>()
    };
    let hearing = hearing.and_then(|row| document.analysis().hearings().get(row as usize));
    let life: Interval = trace.lifetime(goroutine);
    let mut explanation = Explanation {
        overstay: told(hearing.map(|hearing| document.split(hearing)).unwrap_or_default()),
        held_by: hearing.map(|hearing| document.held_by(hearing)).unwrap_or_default(),
        life: told(overstay_split(trace, document.analysis(), goroutine, life)),
        ..Explanation::default()
    };
    for child in trace.goroutines() {
        if trace.life(child).parent == Some(goroutine) {
            explanation.n_children += 1;
            if explanation.children.len() < MAX_LISTED {
                explanation.children.push(child);
            }
        }
    }
    for chunk in trace.chunks() {
        progress.check()?;
        let wakes = chunk.wakes().filter(|wake| wake.waker == Some(goroutine));
        explanation.woke.extend(wakes.map(|wake| (wake.at, wake.wakee)));
    }
    explanation.woke.sort_unstable();
    Ok(explanation)
}

/// What held up a late exit, in one sentence: its largest part.
pub(crate) fn sentence(document: &Document, hearing: u32) -> String {
    let Some(hearing) = document.analysis().hearings().get(hearing as usize) else {
        return String::new();
    };
    let parts = document.split(hearing);
    parts.first().map(|part| describe(document.trace(), part)).unwrap_or_default()
}
