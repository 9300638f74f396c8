//! What takes too long to work out on the UI thread about what is selected.

use std::sync::OnceLock;

use super::ctx::short_names;
use super::sheet::Sheet;
use super::state::{Selected, What};
use super::table::{Listed, Row};
use crate::analysis::{
    Children, ContextTree, Document, Link, SplitPart, Wakes, brief_text, context_tree, describe,
    overstay_split,
};
use crate::base::{Cancelled, Goroutine, Interval, Progress, Time};
use crate::model::{Trace, Wakers};

/// What was worked out about what is selected.
#[derive(Clone, Debug, Default)]
pub(crate) struct Explanation {
    /// What it did from the cancel to its end, the largest part first.
    pub(crate) overstay: Vec<Told>,
    /// Who held up its end, from the end back to the cancel.
    pub(crate) held_by: Vec<Link>,
    /// What it did all its life, the largest part first.
    pub(crate) life: Vec<Told>,
    /// Whom it created.
    pub(crate) children: Children,
    /// Whom it woke.
    pub(crate) woke: Wakes,
    /// Who woke it.
    pub(crate) woken: Wakes,
    /// The findings that name it: rows of the analysis's.
    pub(crate) findings: Vec<usize>,
    /// Of a cancel: how it went down the contexts.
    pub(crate) tree: Option<ContextTree>,
}

/// A part of what a goroutine did.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    /// The part.
    pub(crate) part: SplitPart,
    /// Its sentence.
    pub(crate) text: String,
    /// When its longest span began, to go there; none if no single span is of it.
    pub(crate) at: Option<Time>,
}

/// The goroutine that a selection is about.
pub(crate) fn goroutine_of(sheet: &Sheet, selected: Selected) -> Option<Goroutine> {
    match selected.what {
        What::Goroutine(goroutine) | What::Span(goroutine, _) => Some(goroutine),
        What::Hearing(row) => Some(sheet.hearing(row)?.goroutine),
        What::Cancel(row) => sheet.cancel(row)?.by,
    }
}

/// Works it out. Costs as much as the trace is long the first time, and then as much as the
/// life of what is selected.
///
/// # Errors
/// If `progress` is cancelled meanwhile.
pub(crate) fn explain(
    document: &Document,
    wakers: &OnceLock<Wakers>,
    what: What,
    progress: &Progress,
) -> Result<Explanation, Cancelled> {
    let analysis = document.analysis();
    let wakers = sorted_wakes(document.trace(), wakers, progress)?;
    let mut explanation = Explanation::default();
    let (goroutine, from) = match what {
        What::Cancel(row) => {
            let cancel = analysis.cancels().get(row as usize);
            explanation.tree = cancel.map(|cancel| context_tree(analysis, cancel));
            return Ok(explanation);
        }
        What::Goroutine(goroutine) => (goroutine, Time::MIN),
        What::Span(goroutine, at) => (goroutine, at),
        What::Hearing(row) => {
            let Some(hearing) = analysis.hearings().get(row as usize) else {
                return Ok(explanation);
            };
            let of = (hearing.goroutine, document.window(hearing));
            explanation.overstay = told(document, of, document.split(hearing));
            explanation.held_by = document.held_by(hearing);
            (hearing.goroutine, hearing.heard_at)
        }
    };
    let trace = document.trace();
    let lifetime = trace.lifetime(goroutine);
    let life = overstay_split(trace, analysis, goroutine, lifetime);
    explanation.life = told(document, (goroutine, lifetime), life);
    let findings = analysis.findings().iter().enumerate();
    let names = findings.filter(|(_, finding)| finding.goroutines.contains(&goroutine));
    explanation.findings = names.map(|(row, _)| row).collect();
    explanation.children = Children::of(trace, goroutine);
    explanation.woke = Wakes::by(trace, wakers, goroutine, from, progress)?;
    explanation.woken = Wakes::of(trace, goroutine, from, progress)?;
    Ok(explanation)
}

/// The wakes by waker, sorted when they are first asked for.
fn sorted_wakes<'w>(
    trace: &Trace,
    known: &'w OnceLock<Wakers>,
    progress: &Progress,
) -> Result<&'w Wakers, Cancelled> {
    if let Some(wakers) = known.get() {
        return Ok(wakers);
    }
    let sorted = Wakers::new(trace, progress)?;
    Ok(known.get_or_init(|| sorted))
}

/// The parts of a split, each with its sentence and its longest span.
fn told(
    document: &Document,
    (goroutine, window): (Goroutine, Interval),
    parts: Vec<SplitPart>,
) -> Vec<Told> {
    let longest = document.longest_of(goroutine, window, &parts);
    let text = |part: &SplitPart| short_names(&describe(document.trace(), part));
    let tell = |(part, at)| Told { text: text(&part), part, at };
    parts.into_iter().zip(longest).map(tell).collect()
}

/// What held up a late exit, or holds up who is stuck: its largest part.
#[derive(Clone, Debug, Default)]
pub(crate) struct Held {
    /// In one sentence.
    pub(crate) sentence: String,
    /// In a few words, to stand behind the overstay.
    pub(crate) brief: String,
}

/// What held up a late exit, or what one who is stuck does.
pub(crate) fn held(document: &Document, row: Row) -> Held {
    let (trace, analysis) = (document.trace(), document.analysis());
    let (parts, in_all_ns) = match row.of(analysis) {
        Some(Listed::Hearing(hearing, _)) => (document.split(hearing), hearing.overstay_ns),
        Some(Listed::Stuck(stuck, _)) => {
            let parts = overstay_split(trace, analysis, stuck.goroutine, stuck.interval);
            (parts, stuck.interval.ns())
        }
        None => return Held::default(),
    };
    let Some(part) = parts.first() else { return Held::default() };
    Held {
        sentence: short_names(&describe(trace, part)),
        brief: short_names(&brief_text(trace, part, in_all_ns)),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::analysis::Rules;

    #[test]
    fn what_held_a_late_exit_is_told_in_a_few_words() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("traces/late-exit/before.trace");
        #[expect(clippy::disallowed_methods, reason = "a test reads the examples")]
        let bytes = std::fs::read(&path).expect("an example is there");
        let trace = crate::model::build(&bytes, &Progress::default()).expect("it is a trace");
        let document = Document::new(trace, Rules::default());
        let late = &document.analysis().worst_first;
        let told: Vec<String> =
            late.iter().map(|&row| held(&document, Row::Hearing(row)).brief).collect();
        let expected = [
            "waited to receive from a channel in main.drain",
            "slept in main.readRow",
            "slept in main.lateWork",
            // It did something else for a while: of how long it ran the overstay tells nothing.
            "ran for 53.7 ms in main.summarize",
        ];
        assert_eq!(told[..4], expected);
        assert!(held(&document, Row::Hearing(u32::MAX)).brief.is_empty());
    }
}
