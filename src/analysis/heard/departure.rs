//! When a library's goroutine left the user's handler in which it heard a cancel.
//!
//! A test that tries one thing after another can hear tens of thousands of cancels in one handler.
//! Looking through the rest of its life after each takes time that grows with the square of their
//! number, so that such a life is looked through once.

use rustc_hash::FxHashMap;

use crate::base::{Goroutine, StackId, Time};
use crate::model::{Span, Trace};

use super::super::code::book::Book;
use super::super::index::ByGoroutine;
use super::super::threads::Threads;
use super::place::{has_host, host};

/// The lives of goroutines that heard more cancels than this are looked through beforehand.
const MANY: usize = 8;

/// So many spans in a row that do not show where a goroutine is are looked through once, and not
/// after each cancel.
const QUIET: usize = 64;

/// Where some goroutines were, all their lives long.
#[derive(Debug, Default)]
pub(crate) struct Departures(FxHashMap<Goroutine, Whereabouts>);

/// Where a goroutine was, all its life long.
#[derive(Debug, Default)]
struct Whereabouts {
    stays: Vec<Stay>,
    /// The stretches without a sign of it that have more than [`QUIET`] spans: from the sign before
    /// each up to the sign after it, if there is one.
    quiet: Vec<(Time, Option<Time>)>,
}

/// From `since` on, a goroutine's own stacks are below another host than before.
#[derive(Clone, Copy, Debug)]
struct Stay {
    since: Time,
    host: StackId,
}

impl Departures {
    /// Looks through the lives of goroutines that heard many cancels and have a host.
    pub(crate) fn new(
        trace: &Trace,
        book: &Book,
        threads: Threads,
        by_goroutine: &ByGoroutine,
    ) -> Self {
        let several = by_goroutine.several();
        let known = threads.over_rows(several.len(), |rows| {
            let many = several[rows].iter().filter(|&&goroutine| {
                by_goroutine.of(goroutine).len() > MANY && has_host(trace, book, goroutine)
            });
            many.map(|&goroutine| (goroutine, whereabouts(trace, book, goroutine))).collect()
        });
        Self(known.into_iter().collect())
    }

    /// When a goroutine was first seen below another host than `hosted`, after `at`.
    pub(crate) fn after(
        &self,
        trace: &Trace,
        book: &Book,
        goroutine: Goroutine,
        hosted: StackId,
        at: Time,
    ) -> Option<Time> {
        let is_away = |span: &Span| host(trace, book, span.stack) != hosted;
        let Some(Whereabouts { stays, quiet }) = self.0.get(&goroutine) else {
            return own_stacks(trace, goroutine, at).find(is_away).map(|span| span.start);
        };
        let mut near = trace.spans_from(goroutine, at).take(QUIET + 2);
        let next = match near.find(|span| span.start > at && span.has_own_stack()) {
            Some(next) => next.start,
            None => quiet.get(quiet.partition_point(|(from, _)| *from <= at).checked_sub(1)?)?.1?,
        };
        let left = stays.partition_point(|stay| stay.since <= next);
        if left.checked_sub(1).and_then(|at| stays.get(at)).is_some_and(|stay| stay.host != hosted)
        {
            return Some(next);
        }
        // It is still there, until it goes elsewhere.
        stays.get(left).map(|stay| stay.since)
    }
}

fn whereabouts(trace: &Trace, book: &Book, goroutine: Goroutine) -> Whereabouts {
    let mut known = Whereabouts::default();
    let (mut last, mut n_quiet) = (Time::MIN, 0);
    for span in trace.spans(goroutine) {
        if !span.has_own_stack() {
            n_quiet += 1;
            continue;
        }
        if n_quiet > QUIET {
            known.quiet.push((last, Some(span.start)));
        }
        (last, n_quiet) = (span.start, 0);
        let host = host(trace, book, span.stack);
        if known.stays.last().is_none_or(|last| last.host != host) {
            known.stays.push(Stay { since: span.start, host });
        }
    }
    if n_quiet > QUIET {
        known.quiet.push((last, None));
    }
    known
}

/// The spans from `from` on that show where a goroutine itself is.
pub(crate) fn own_stacks(
    trace: &Trace,
    goroutine: Goroutine,
    from: Time,
) -> impl Iterator<Item = Span> + '_ {
    trace.spans_from(goroutine, from).filter(move |span| span.start > from && span.has_own_stack())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::tests::everywhere::documents;

    /// Enough of a life to go from one handler to the next.
    const LOOKS: usize = 100;

    #[test]
    fn a_life_looked_through_once_tells_what_each_look_would() {
        let mut n_left = 0;
        for (path, document) in documents() {
            let (trace, book) = (document.trace(), &document.analysis().book);
            for goroutine in trace.goroutines().filter(|&it| has_host(trace, book, it)) {
                let life = whereabouts(trace, book, goroutine);
                let hosts: Vec<StackId> =
                    life.stays.iter().map(|stay| stay.host).take(10).collect();
                let each = Departures::default();
                let once = Departures([(goroutine, life)].into_iter().collect());
                for span in trace.spans(goroutine).take(LOOKS) {
                    for &hosted in &hosts {
                        let left = each.after(trace, book, goroutine, hosted, span.start);
                        let told = once.after(trace, book, goroutine, hosted, span.start);
                        assert_eq!(told, left, "{}: {goroutine:?}, {span:?}", path.display());
                        n_left += usize::from(left.is_some());
                    }
                }
            }
        }
        assert!(n_left > 100, "{n_left}");
    }
}
