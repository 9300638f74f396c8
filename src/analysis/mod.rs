//! Pure functions over the model: cancels, who heard them, who overstays and why.
//!
//! This room may read a [`Trace`] and take [`Rules`]; it does no IO, reads no clocks and
//! holds no globals, so that the window, the command line and the tests get the same answers.
//! docs/late-exits.md says what is counted and what cannot be seen.
//!
//! From left to right, each part may read the ones before it, and none after it: `code` (what functions
//! mean), `cancels`, `heard` (by whom, and what became of them), `deaf` (who should have heard),
//! `split` (what held somebody up), `findings` (what to do about it), `whole` (all of it, as surfaces
//! ask for it), `diff` (two traces).
//! [`analyze`] finds cancels, then the deaf, and hands both to `whole`, which asks for the findings;
//! splits are made when somebody asks for them.
//! Beside the parts stands what several share, which names none of them: `types` and `words`, `rules`,
//! `index`, `lives`, `recorder`, `stats`, `threads`.

mod cancels;
mod code;
mod deaf;
mod diff;
mod findings;
mod heard;
mod index;
mod lives;
mod recorder;
mod rules;
mod split;
mod stats;
mod threads;
mod types;
mod whole;
mod words;

pub use cancels::logged::Logged;
pub(crate) use code::reasons;
pub(crate) use diff::{AsLong, BY};
pub use diff::{
    Aspect, Diff, DiffGroup, ENOUGH, ENOUGH_FOR_TAIL, Lived, MIN_PERCENT, OneSided, Side, Spared,
    diff,
};
pub use rules::Rules;
pub use split::account::Account;
pub use split::activity::{ActivityId, Share};
pub use split::describe::{brief_text, part_text as describe, phrase};
pub(crate) use split::describe::{frame_text, reason_of};
pub use split::ledger::Ledgers;
pub use types::{Cancel, Finding, Group, Hearing, Link, Quantiles, SplitPart, Summary};
pub use whole::Analysis;
pub use whole::accounts::{Accountant, overstay_split};
pub(crate) use whole::accused::Accused;
pub use whole::context_name::ContextName;
pub use whole::document::Document;
pub use whole::neighbors::{Children, Partner, Wakes};
pub use whole::sites::{CancelSite, SiteKey, SitePlace};
pub use whole::stuck::Stuck;
pub use whole::tree::{ContextTree, Level, Slowest, context_tree};
pub use words::{
    Cause, Doing, Evidence, GroupKind, HeardIn, Outcome, PASSED, Rule, Severity, Verdict,
};

use crate::model::Trace;

use threads::Threads;

/// Finds all cancels, who heard them, and what to act on.
#[must_use]
pub fn analyze(trace: &Trace, rules: &Rules) -> Analysis {
    analyze_on(trace, rules, Threads::all())
}

fn analyze_on(trace: &Trace, rules: &Rules, threads: Threads) -> Analysis {
    let (book, long_work) =
        threads.both(|| code::book::Book::new(trace), || deaf::LongWork::new(trace, rules));
    let ground = code::ground::Ground { trace, book: &book, rules, threads };
    let (found, rare) =
        threads.both(|| cancels::survey::survey(ground), || cancels::evidence::rare(trace, &book));
    let (parts, sleeps): (Vec<_>, Vec<_>) =
        found.into_iter().map(|found| (found.evidence, found.sleeps)).unzip();
    let pieces = cancels::evidence::Pieces::new(threads, trace.n_goroutines(), rare, parts);
    let (mut heard, suspects) = threads.both(
        || heard::find(ground, pieces),
        || deaf::Suspects { stayers: deaf::stayers(ground), long_work },
    );
    let deaf = deaf::find(ground, &heard, suspects);
    deaf.add_to(&mut heard);
    whole::tally::analysis(trace, rules, threads, book, heard, &sleeps)
}

#[cfg(test)]
pub(crate) mod tests;
