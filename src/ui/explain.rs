//! What takes too long to work out on the UI thread about what is selected.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use super::ctx::short_names;
use super::sheet::Sheet;
use super::state::{Selected, What};
use crate::analysis::{
    ContextTree, Document, Doing, Link, SplitPart, context_tree, describe, overstay_split,
};
use crate::base::{Cancelled, Goroutine, Interval, Progress, StackId, Time};
use crate::model::{Span, Trace, Wakers};
use crate::parse::event::GoState;

/// How many children are listed; the rest is counted.
const MAX_LISTED: usize = 100;
/// How many of the others that it woke, or that woke it, are listed.
const MAX_PARTNERS: usize = 10;
/// How many spans of a life are looked at for the longest of each part: some have millions.
const MAX_SPANS: usize = 1 << 18;
/// How many parts, the largest, have a way to their longest span: each span is held against each.
const MAX_PARTS: usize = 64;
/// How many wakes are looked at between two looks at the wish to stop.
const STEP: usize = 1 << 16;

/// What was worked out about what is selected.
#[derive(Clone, Debug, Default)]
pub(crate) struct Explanation {
    /// What it did from the cancel to its end, the largest part first.
    pub(crate) overstay: Vec<Told>,
    /// Who held up its end, from the end back to the cancel.
    pub(crate) held_by: Vec<Link>,
    /// What it did all its life, the largest part first.
    pub(crate) life: Vec<Told>,
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

/// The parts of a split, each with its sentence and its longest span.
fn told(
    document: &Document,
    (goroutine, window): (Goroutine, Interval),
    parts: Vec<SplitPart>,
) -> Vec<Told> {
    let trace = document.trace();
    let tell = |part| Told { text: short_names(&describe(trace, &part)), part, at: None };
    let mut told: Vec<Told> = parts.into_iter().map(tell).collect();
    let mut longest = vec![0; told.len()];
    let mut spans = trace.spans_from(goroutine, window.start).take(MAX_SPANS).peekable();
    while let Some(span) = spans.next().filter(|span| span.start < window.end) {
        let Some(piece) = span.interval().intersect(window) else { continue };
        let is_it = |told: &Told| is_of(document, &told.part, &span, spans.peek());
        let Some(row) = told.iter().take(MAX_PARTS).position(is_it) else { continue };
        if piece.ns() > longest[row] {
            longest[row] = piece.ns();
            told[row].at = Some(span.start.max(window.start));
        }
    }
    told
}

/// Whether a span, given the one after it, is of a part of a split.
fn is_of(document: &Document, part: &SplitPart, span: &Span, next: Option<&Span>) -> bool {
    let (state, stack) = match span.state {
        // Running has no stack of its own: where it was preempted it was.
        GoState::Running => {
            let after = next.filter(|it| it.state == GoState::Runnable && !it.woken);
            (Doing::Running, after.map_or(StackId::EMPTY, |it| it.stack))
        }
        GoState::Runnable => return part.state == Doing::Runnable,
        GoState::Waiting => (Doing::Waiting, span.stack),
        GoState::Syscall => (Doing::Syscall, span.stack),
        GoState::Undetermined | GoState::NotExist => (Doing::Unknown, StackId::EMPTY),
    };
    let is_alike = state == part.state && (state == Doing::Running || span.reason == part.reason);
    is_alike && (stack == part.stack || document.site(stack) == part.site)
}

/// What held up a late exit, in one sentence: its largest part.
pub(crate) fn sentence(document: &Document, hearing: u32) -> String {
    let Some(hearing) = document.analysis().hearings().get(hearing as usize) else {
        return String::new();
    };
    let parts = document.split(hearing);
    parts.first().map(|part| short_names(&describe(document.trace(), part))).unwrap_or_default()
}
