//! Contexts that nobody ends, below a parent of another type than `context`'s own: for each of them
//! `context` keeps a goroutine that watches the parent.

use crate::base::{Goroutine, WireMap, count_text, narrow};
use crate::model::{Edge, Frame};

use super::super::code::names::Origin;
use super::super::code::patterns::Role;
use super::super::lives;
use super::super::split::describe::frame_text;
use super::super::types::Finding;
use super::super::words::{Rule, Severity};
use super::growth::Growth;
use super::{Facts, growth};

/// Looks for such contexts, whose number grew throughout, by where they are made.
///
/// The watcher ends with either context (Go 1.7 to 1.27, context/context.go, `propagateCancel`), so that
/// one which is there when the trace ends stands for a context that nobody has cancelled.
pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let trace = facts.trace;
    let lives = &trace.goroutines;
    let mut made_at: WireMap<Frame, Vec<Goroutine>> = WireMap::default();
    let is_watcher =
        |of: &Goroutine| facts.book.function(lives.names[of.index()]).role == Some(Role::Watcher);
    for watcher in trace.goroutines().filter(is_watcher) {
        let made = facts.book.site(trace.stacks(), lives::creation_stack(trace, watcher));
        let by_program =
            made.filter(|site| facts.book.function(site.function).origin != Origin::Std);
        if let Some(site) = by_program.filter(|_| lives.born[watcher.index()] != Edge::OUTSIDE) {
            made_at.entry(site).or_default().push(watcher);
        }
    }
    let mut findings: Vec<Finding> = made_at
        .into_iter()
        .filter_map(|(site, mut watchers)| {
            watchers.sort_unstable_by_key(|watcher| lives.first(*watcher));
            growth::growth(facts, &watchers).map(|growth| finding(facts, site, growth))
        })
        .collect();
    findings.sort_by_key(|finding| finding.site.map(|site| (site.function, site.file, site.line)));
    findings
}

fn finding(facts: &Facts<'_>, site: Frame, growth: Growth) -> Finding {
    let n = narrow(growth.alive.len());
    let left = match growth.at_end {
        0 => "they ended only when no more were made".to_owned(),
        left if left == n => "all of them are there when the trace ends".to_owned(),
        left => format!("{left} of them are there when the trace ends"),
    };
    Finding {
        rule: if growth.at_end > 0 { Rule::StillAlive } else { Rule::PileUp },
        severity: Severity::Medium,
        function: site.function,
        site: Some(site),
        count: n,
        worst_ns: growth.oldest_ns,
        total_ns: growth.total_ns,
        message: format!(
            "{} made in {} were not cancelled, and there were more and more: {left}, and each has a \
             goroutine of context's own, since its parent is of another type",
            count_text(n, "context"),
            frame_text(facts.trace, site)
        ),
        fix: "Keep the cancel function and call it when the work is done: defer cancel()."
            .to_owned(),
        goroutines: growth.alive,
        cancels: Vec::new(),
    }
}
