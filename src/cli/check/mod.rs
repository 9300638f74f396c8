//! `check`: a trace against a budget, for CI.

mod budget;
mod forms;
mod mistake;
mod verdict;

use std::path::PathBuf;

use super::Status;
use super::args::{CheckArgs, CheckFormat, LateArgs};
use super::failure::Failure;
use super::open::open;
use super::output::{spare, stdout_has_color, write_or_let_go};
use crate::analysis::{AsLong, Document, Rules};
use budget::Budget;
use verdict::{Checked, hold_against, of_baseline};

/// Runs `overstay check`.
pub(super) fn run(args: &CheckArgs) -> Result<Status, Failure> {
    let mut budget = Budget::find(args.budget.as_deref(), args.profile.as_deref())?;
    let read = [Some(&args.trace), args.baseline.as_ref(), budget.path.as_ref()];
    let read: Vec<&PathBuf> = read.into_iter().flatten().collect();
    spare(&read, args.output.as_deref())?;
    if let Some(late_over) = args.late_over {
        // All leave within it, so that another limit for most of them has no meaning.
        budget.limits.late_exit_max = Some(late_over);
        budget.limits.late_exit_p99 = None;
    }
    if args.max_sleep.is_some() {
        budget.limits.max_sleep = args.max_sleep;
    }
    let mut rules: Rules = LateArgs { late_over: args.late_over, ..LateArgs::default() }.rules();
    // What is within its limit need not be looked at, and what is beyond must be.
    for limit in [budget.limits.late_exit_p99, budget.limits.late_exit_max].into_iter().flatten() {
        rules.late_over_ns = rules.late_over_ns.min(limit);
    }
    if let Some(max_sleep) = budget.limits.max_sleep {
        rules.max_sleep_ns = max_sleep;
    }
    rules.main_sleeps = budget.path.is_some() || args.max_sleep.is_some();
    let opened = open(&args.trace, rules.clone(), args.read)?;
    let mut checked: Checked = hold_against(&opened.document, &budget);
    if let Some(baseline) = &args.baseline {
        let before = open(baseline, rules.clone(), args.read)?.document;
        forgive(&mut checked, &before, &rules, &budget);
        if !checked.over.is_empty() {
            checked.forgive_unseen(&AsLong::new(&opened.document, &before));
        }
    }
    write_or_let_go(args.output.as_deref(), |out| match args.format {
        CheckFormat::Text => {
            forms::text(out, stdout_has_color(args.output.as_deref()), &opened, &budget, &checked)
        }
        CheckFormat::Json => forms::json(out, &opened, &budget, &checked),
        CheckFormat::Github => forms::github(out, &checked),
        CheckFormat::Sarif => forms::sarif(out, &opened, &budget, &checked),
        CheckFormat::Junit => forms::junit(out, &opened, &checked),
    })?;
    opened.leave();
    Ok(if checked.over.is_empty() { Status::Fine } else { Status::Worse })
}

/// Takes out what is no worse than in the baseline, whether that was within its limit there or
/// not.
fn forgive(checked: &mut Checked, before: &Document, rules: &Rules, budget: &Budget) {
    let all = Budget { limits: budget.limits.at_nothing(), ..budget.clone() };
    checked.forgive(&hold_against(before, &all));
    if checked.is_late() {
        // What is just within a limit that it is analyzed by is not found in the baseline.
        let before = Document::new(before.share_trace(), of_baseline(rules));
        checked.forgive(&hold_against(&before, &all).of_durations());
    }
}

#[cfg(test)]
mod tests;
