//! Who is stuck: goroutines of which a finding says that they are still there, though no cancel
//! that they heard tells how late they are. A program that hangs, and goroutines that leak.

use std::cmp::Reverse;

use crate::base::{Goroutine, Interval, Time, narrow};
use crate::model::Trace;
use crate::parse::event::GoState;

use super::super::index::Register;
use super::super::lives;
use super::super::types::{Cancel, Finding, Hearing};
use super::super::words::{Outcome, Rule};
use super::Analysis;

/// A goroutine that is stuck, or left over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stuck {
    /// Who.
    pub goroutine: Goroutine,
    /// Since when, until its end or the trace's.
    pub interval: Interval,
    /// Whether its end was seen.
    pub ended: bool,
    /// Which finding says so: a row of [`Analysis::findings`](super::Analysis::findings).
    pub finding: u32,
}

/// All who are stuck, found by goroutine, and the worst at once.
#[derive(Debug, Default)]
pub(crate) struct AllStuck {
    /// In order of goroutine.
    pub(crate) rows: Vec<Stuck>,
    /// Rows of these, the longest first.
    pub(crate) worst_first: Vec<u32>,
}

impl AllStuck {
    /// Looks them up in the findings: the first that is about a goroutine counts.
    pub(crate) fn new(trace: &Trace, register: Register<'_>, findings: &[Finding]) -> Self {
        let has_fuse = |of: Goroutine| {
            let overdue = |it: &Hearing| it.told_to_stop && it.outcome == Outcome::Alive;
            register.of(of).any(overdue)
        };
        let mut rows = Vec::new();
        for (number, finding) in (0..).zip(findings) {
            if !matches!(finding.rule, Rule::StillAlive | Rule::PileUp) {
                continue;
            }
            let counts = |of: &&Goroutine| {
                let is_alive = lives::ended(trace, **of).is_none();
                (is_alive || finding.rule == Rule::StillAlive) && !has_fuse(**of)
            };
            rows.extend(finding.goroutines.iter().filter(counts).map(|&of| Stuck {
                goroutine: of,
                interval: interval(trace, register.cancels, finding, of),
                ended: lives::ended(trace, of).is_some(),
                finding: number,
            }));
        }
        rows.sort_by_key(|stuck| stuck.goroutine);
        rows.dedup_by_key(|stuck| stuck.goroutine);
        let mut worst_first: Vec<u32> = (0..narrow(rows.len())).collect();
        worst_first.sort_by_key(|&row| Reverse(rows[row as usize].interval.ns()));
        Self { rows, worst_first }
    }

    /// What is known of a goroutine, if it is stuck.
    pub(crate) fn of(&self, goroutine: Goroutine) -> Option<&Stuck> {
        let at = self.rows.binary_search_by_key(&goroutine, |stuck| stuck.goroutine).ok()?;
        self.rows.get(at)
    }
}

impl Analysis {
    /// Rows of [`Analysis::all_stuck`]: those that have been stuck for longer than `over_ns`, the
    /// longest first.
    #[must_use]
    pub fn stuck_rows_over(&self, over_ns: i64) -> &[u32] {
        let AllStuck { rows, worst_first } = &self.stuck;
        let n = worst_first.partition_point(|&row| rows[row as usize].interval.ns() > over_ns);
        &worst_first[..n]
    }
}

/// From when a goroutine should have ended, as far as its finding tells, to its end.
fn interval(
    trace: &Trace,
    cancels: &[Cancel],
    finding: &Finding,
    goroutine: Goroutine,
) -> Interval {
    let end = lives::end(trace, goroutine);
    let worst_ns = finding.worst_ns;
    // As long as the worst of them, unless something tells of this one.
    let as_the_worst = trace.interval().end - worst_ns;
    let told = finding.cancels.first().and_then(|&row| cancels.get(row as usize));
    let since = match told.map(|cancel| cancel.at) {
        // With that cancel somebody gave up waiting for it.
        Some(at) if at > as_the_worst => at - worst_ns,
        Some(at) => at,
        None => {
            let left = lives::parent(trace, goroutine).and_then(|of| lives::ended(trace, of));
            let since = left.unwrap_or(as_the_worst);
            long_wait(trace, goroutine, Interval::new(since.min(end), end)).unwrap_or(since)
        }
    };
    Interval::new(since.max(lives::first(trace, goroutine)).min(end), end)
}

/// When the wait began that a goroutine is in at the end of a window, if it takes most of that.
fn long_wait(trace: &Trace, goroutine: Goroutine, window: Interval) -> Option<Time> {
    let last = trace.spans_before(goroutine, window.end).next()?;
    let begins_within = last.state == GoState::Waiting && last.start >= window.start;
    (begins_within && last.ns() > window.ns() / 2).then_some(last.start)
}
