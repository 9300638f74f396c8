//! By which rule a late hearing counts: what is not the goroutine's own doing excuses it.

use crate::base::{Interval, StackId};

use super::super::super::code::book::Traits;
use super::super::super::code::reasons;
use super::super::super::split::blame::{FEW_SPANS, Walk};
use super::super::super::types::{Hearing, SplitPart};
use super::super::super::words::{Doing, Rule};
use super::super::Facts;

/// A goroutine that spent this much of its overstay, in percent, on what it could not help is late by
/// that, even if the rest is a little too long, too.
const MOST_PERCENT: i64 = 66;

/// How many times the limit is a little too long.
const LITTLE: i64 = 2;

/// By which rule a late hearing counts, and what held it up; `n_spans` is how many spans to read in order
/// to tell whether those for which it waited could not help it.
pub(super) fn judge(
    facts: &Facts<'_>,
    walk: &mut Walk<'_>,
    n_spans: usize,
    hearing: &Hearing,
) -> (Rule, Option<SplitPart>) {
    let window = Interval::new(hearing.heard_at, facts.until(hearing));
    let parts = facts.parts(hearing.goroutine, window);
    let rule = hearing.rule();
    let own = |part: &&SplitPart| !is_starved(facts, part);
    if rule == Rule::Deaf {
        return (rule, parts.iter().find(own).or(parts.first()).copied());
    }
    // What it could not help: that the canceller took its time, that no processor was free,
    // and that the GC made it wait.
    let starved = |part: &&SplitPart| is_starved(facts, part);
    let waited: i64 = parts.iter().filter(starved).map(|part| part.ns).sum();
    let excused = (Rule::LateScheduling, parts.iter().find(starved).map(without_place));
    if is_excuse(facts, window, waited) {
        return excused;
    }
    let passed_on = |part: &&SplitPart| part.state == Doing::Waiting && own(part);
    let can_be = waited + parts.iter().filter(passed_on).map(|part| part.ns).sum::<i64>();
    // What those could not help for which it waited, if that can matter.
    if is_excuse(facts, window, can_be) {
        walk.account(hearing.goroutine, window, n_spans.max(FEW_SPANS));
        let theirs: Vec<SplitPart> = walk.others(hearing.goroutine).collect();
        let is_starved = |part: &&SplitPart| part.state != Doing::Unborn && is_starved(facts, part);
        let theirs = theirs.iter().filter(is_starved);
        let starved = waited + theirs.clone().map(|part| part.ns).sum::<i64>();
        if is_excuse(facts, window, starved) && starved > window.ns() / 2 {
            let longest = theirs.max_by_key(|part| part.ns);
            return (Rule::LateScheduling, longest.map(without_place));
        }
    }
    (rule, parts.iter().find(own).copied())
}

/// Whether a goroutine would have been in time, or nearly, without so many nanoseconds of its
/// overstay.
fn is_excuse(facts: &Facts<'_>, window: Interval, starved_ns: i64) -> bool {
    let limit = facts.rules.late_over_ns;
    let rest = window.ns() - starved_ns;
    let is_most = || starved_ns >= window.ns() / 100 * MOST_PERCENT;
    rest <= limit || rest <= limit.saturating_mul(LITTLE) && is_most()
}

/// Whether a goroutine spent its time waiting for a processor or for the GC.
fn is_starved(facts: &Facts<'_>, part: &SplitPart) -> bool {
    const BY_GC: &[&str] = &[reasons::GC_ASSIST, reasons::GC_ENDS, reasons::PREEMPTED];
    match part.state {
        Doing::Runnable | Doing::GcAssist | Doing::Unborn => true,
        Doing::Running => has_returned(facts, part.stack),
        Doing::Waiting => {
            BY_GC.contains(&facts.trace.string(part.reason))
                || facts.book.in_gc(facts.trace, part.stack)
        }
        _ => false,
    }
}

/// Whether a goroutine was preempted after all its code had returned, in the runtime's that ends it.
/// That is done in no time: the machine had taken the processor from the program.
fn has_returned(facts: &Facts<'_>, stack: StackId) -> bool {
    let top = facts.book.top(facts.trace.stacks(), stack);
    stack != StackId::EMPTY && top.is_some_and(|function| function.is.has(Traits::RUNTIME))
}

/// What starved a goroutine is the same wherever it was.
fn without_place(part: &SplitPart) -> SplitPart {
    match part.state {
        Doing::Running => {
            SplitPart { state: Doing::Runnable, site: None, stack: StackId::EMPTY, ..*part }
        }
        _ => *part,
    }
}
