//! When a library's goroutine left the user's handler in which it heard a cancel.
//!
//! A test that tries one thing after another can hear tens of thousands of cancels in one handler.
//! Looking through the rest of its life after each takes time that grows with the square of their
//! number, so that such a life is looked through once.

use rustc_hash::FxHashMap;

use crate::base::{Goroutine, StackId, Time};
use crate::model::{Span, Trace};

use super::book::Book;
use super::index::ByGoroutine;
use super::place::{has_host, host};
use super::threads::Threads;

/// The lives of those who heard more than this many cancels are looked through beforehand.
const MANY: usize = 8;

/// Where some goroutines were, all their lives long.
#[derive(Debug, Default)]
pub(crate) struct Departures(FxHashMap<Goroutine, Vec<Stay>>);

/// From `since` on, a goroutine's own stacks are below another host than before.
#[derive(Clone, Copy, Debug)]
struct Stay {
    since: Time,
    host: StackId,
}

impl Departures {
    /// Looks through the lives of those who heard many cancels and have a host.
    pub(crate) fn new(
        trace: &Trace,
        book: &Book,
        threads: Threads,
        by_goroutine: &ByGoroutine,
    ) -> Self {
        let several = by_goroutine.several();
        let stays = threads.over_rows(several.len(), |rows| {
            let many = several[rows].iter().filter(|&&goroutine| {
                by_goroutine.of(goroutine).len() > MANY && has_host(trace, book, goroutine)
            });
            many.map(|&goroutine| (goroutine, stays(trace, book, goroutine))).collect()
        });
        Self(stays.into_iter().collect())
    }

    /// When a goroutine was first seen below another host than `hosted`, after `at`.
    pub(crate) fn after(
        &self,
        (trace, book): (&Trace, &Book),
        goroutine: Goroutine,
        hosted: StackId,
        at: Time,
    ) -> Option<Time> {
        let mut seen = own_stacks(trace, goroutine, at);
        let is_away = |span: &Span| host(trace, book, span.stack) != hosted;
        let Some(stays) = self.0.get(&goroutine) else {
            return seen.find(is_away).map(|span| span.start);
        };
        let next = seen.next()?;
        if is_away(&next) {
            return Some(next.start);
        }
        // It is still there, until it goes elsewhere.
        let left = stays.partition_point(|stay| stay.since <= next.start);
        stays.get(left).map(|stay| stay.since)
    }
}

/// Where a goroutine was, all its life long.
fn stays(trace: &Trace, book: &Book, goroutine: Goroutine) -> Vec<Stay> {
    let mut stays: Vec<Stay> = Vec::new();
    for span in own_stacks(trace, goroutine, Time::MIN) {
        let host = host(trace, book, span.stack);
        if stays.last().is_none_or(|last| last.host != host) {
            stays.push(Stay { since: span.start, host });
        }
    }
    stays
}

/// The spans from `from` on that show where a goroutine itself is.
pub(crate) fn own_stacks(
    trace: &Trace,
    goroutine: Goroutine,
    from: Time,
) -> impl Iterator<Item = Span> + '_ {
    trace
        .spans_from(goroutine, from)
        .filter(move |span| span.start > from && !span.woken && span.stack != StackId::EMPTY)
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
            let known @ (trace, book) = (document.trace(), &document.analysis().book);
            for goroutine in trace.goroutines().filter(|&it| has_host(trace, book, it)) {
                let life = stays(trace, book, goroutine);
                let hosts: Vec<StackId> = life.iter().map(|stay| stay.host).take(10).collect();
                let each = Departures::default();
                let once = Departures([(goroutine, life)].into_iter().collect());
                for span in trace.spans(goroutine).take(LOOKS) {
                    for &hosted in &hosts {
                        let left = each.after(known, goroutine, hosted, span.start);
                        let told = once.after(known, goroutine, hosted, span.start);
                        assert_eq!(told, left, "{}: {goroutine:?}, {span:?}", path.display());
                        n_left += usize::from(left.is_some());
                    }
                }
            }
        }
        assert!(n_left > 100, "{n_left}");
    }
}
