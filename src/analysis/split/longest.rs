//! Where to look for a part of a split: at its longest span.

use rustc_hash::FxHashMap;

use crate::base::{Goroutine, Interval, Time};
use crate::model::Trace;

use super::super::code::book::Book;
use super::super::types::SplitPart;
use super::activity::{Activity, Key};

/// How many spans are looked at, the first ones: some lives have millions.
const MAX_SPANS: usize = 1 << 18;

/// When the longest span of each part of a goroutine's split began, as far as it is in the window;
/// none of a part that is no span, such as the time before it was born.
pub(crate) fn longest(
    trace: &Trace,
    book: &Book,
    goroutine: Goroutine,
    window: Interval,
    parts: &[SplitPart],
) -> Vec<Option<Time>> {
    let mut longest: FxHashMap<Key, Interval> = FxHashMap::default();
    let mut spans = trace.spans_from(goroutine, window.start).take(MAX_SPANS).peekable();
    while let Some(span) = spans.next().filter(|span| span.start < window.end) {
        let Some(piece) = span.interval().intersect(window) else { continue };
        let key = Key::of(trace, book, Activity::of(&span, spans.peek()));
        let known = longest.entry(key).or_insert(piece);
        if piece.ns() > known.ns() {
            *known = piece;
        }
    }
    parts.iter().map(|part| longest.get(&Key::of_part(part)).map(|piece| piece.start)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::tests::made::{MS, Made};

    #[test]
    fn each_part_leads_to_its_longest_span() {
        let mut made = Made::new();
        made.running(1, "main.main");
        for (at, ns) in [(10 * MS, 5 * MS), (20 * MS, 30 * MS), (60 * MS, 7 * MS)] {
            made.waits(at, 1, "sleep", "time.Sleep < main.main:3");
            made.wakes(at + ns, 0, "", 1).runs(at + ns + MS, 1);
        }
        made.waits(90 * MS, 1, "select", "main.main:9");
        let document = made.document(95 * MS);
        let trace = document.trace();
        let main = trace.goroutines().next().expect("a goroutine");
        let window = Interval::new(Time(12 * MS), Time(95 * MS));
        let parts = crate::analysis::overstay_split(trace, document.analysis(), main, window);
        let began = document.longest_of(main, window, &parts);
        let told = parts.iter().zip(began).map(|(part, at)| {
            (trace.string(part.reason).to_owned(), part.state, at.map(|at| at.0 / MS))
        });
        let told: Vec<_> = told.collect();
        assert!(told.iter().any(|it| it.0 == "sleep" && it.2 == Some(20)), "{told:?}");
        assert!(told.iter().any(|it| it.0 == "select" && it.2 == Some(90)), "{told:?}");
        assert!(told.iter().all(|it| it.2.is_some()), "{told:?}");
    }
}
