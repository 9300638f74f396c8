//! What takes too long to work out on the UI thread about what is selected.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use super::ctx::short_names;
use super::sheet::Sheet;
use super::state::{Selected, What};
use crate::analysis::{
    ContextTree, Document, Link, SplitPart, context_tree, describe, overstay_split,
};
use crate::base::{Cancelled, Goroutine, Progress, Time};
use crate::model::{Span, Trace, Wakers};

/// How many children are listed; the rest is counted.
const MAX_LISTED: usize = 100;
/// How many of the others that it woke, or that woke it, are listed.
const MAX_PARTNERS: usize = 10;
/// How many wakes are looked at between two looks at the wish to stop.
const STEP: usize = 1 << 16;

/// What was worked out about what is selected.
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
    /// Whom it woke.
    pub(crate) woke: Wakes,
    /// Who woke it.
    pub(crate) woken: Wakes,
    /// Of a cancel: how it went down the contexts.
    pub(crate) tree: Option<ContextTree>,
}

/// Wakes of one goroutine by others, or of others by it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wakes {
    /// How many there are.
    pub(crate) n: usize,
    /// The others with the most of them; of several with as many, the earliest first.
    pub(crate) partners: Vec<Partner>,
    /// How many others there are.
    pub(crate) n_partners: usize,
}

/// The wakes between a goroutine and one other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Partner {
    /// The other goroutine; none if it is the runtime.
    pub(crate) other: Option<Goroutine>,
    /// How many wakes.
    pub(crate) n: usize,
    /// The first of them at or after the moment that is selected, or else the last before it.
    pub(crate) at: Time,
}

impl Wakes {
    /// Counts wakes that come in order of time; those from a moment on are nearer than others.
    fn of(
        wakes: impl Iterator<Item = (Time, Option<Goroutine>)>,
        from: Time,
        progress: &Progress,
    ) -> Result<Self, Cancelled> {
        let mut list = Self::default();
        let mut partners: FxHashMap<Option<Goroutine>, Partner> = FxHashMap::default();
        for (at, other) in wakes {
            if list.n.is_multiple_of(STEP) {
                progress.check()?;
            }
            list.n += 1;
            let partner = partners.entry(other).or_insert(Partner { other, n: 0, at });
            partner.n += 1;
            if partner.at < from {
                partner.at = at;
            }
        }
        list.n_partners = partners.len();
        list.partners = partners.into_values().collect();
        let key = |partner: &Partner| (std::cmp::Reverse(partner.n), partner.at, partner.other);
        list.partners.sort_unstable_by_key(key);
        list.partners.truncate(MAX_PARTNERS);
        Ok(list)
    }
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
            explanation.overstay = told(document.trace(), document.split(hearing));
            explanation.held_by = document.held_by(hearing);
            (hearing.goroutine, hearing.heard_at)
        }
    };
    let trace = document.trace();
    let life = overstay_split(trace, analysis, goroutine, trace.lifetime(goroutine));
    explanation.life = told(trace, life);
    for child in trace.goroutines() {
        if trace.life(child).parent == Some(goroutine) {
            explanation.n_children += 1;
            if explanation.children.len() < MAX_LISTED {
                explanation.children.push(child);
            }
        }
    }
    let woke = wakers.of(trace, goroutine);
    let wakes = (0..woke.len()).filter_map(|at| woke.get(at));
    explanation.woke = Wakes::of(wakes.map(|wake| (wake.at, Some(wake.wakee))), from, progress)?;
    let woken = trace.spans(goroutine).filter(|span: &Span| span.woken);
    explanation.woken = Wakes::of(woken.map(|span| (span.start, span.waker)), from, progress)?;
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

/// The parts of a split, each with its sentence.
fn told(trace: &Trace, parts: Vec<SplitPart>) -> Vec<(SplitPart, String)> {
    let tell = |part| {
        let text = short_names(&describe(trace, &part));
        (part, text)
    };
    parts.into_iter().map(tell).collect()
}

/// What held up a late exit, in one sentence: its largest part.
pub(crate) fn sentence(document: &Document, hearing: u32) -> String {
    let Some(hearing) = document.analysis().hearings().get(hearing as usize) else {
        return String::new();
    };
    let parts = document.split(hearing);
    parts.first().map(|part| short_names(&describe(document.trace(), part))).unwrap_or_default()
}
