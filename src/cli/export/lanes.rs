//! Slices of one track have to lie in each other or apart, like calls: which of several tracks
//! each of some intervals goes to.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::base::{Interval, Time};

/// So many lanes are tried for each interval, one after the other; of more only the one that is free
/// first, since where all of many overlap nothing fits anywhere.
const TRIED: usize = 64;

/// Sorts intervals into lanes in which any two lie apart or one in the other. In each lane they
/// are in order of their begins, and the longer first.
pub(super) fn lanes<T>(mut items: Vec<T>, interval: impl Fn(&T) -> Interval) -> Vec<Vec<T>> {
    items.sort_by_key(|item| {
        let Interval { start, end } = interval(item);
        (start, Reverse(end))
    });
    let mut lanes: Vec<(Vec<Time>, Vec<T>)> = Vec::new();
    // Those beyond, in which no interval lies in another, and when each is free.
    let mut more: Vec<Vec<T>> = Vec::new();
    let mut free: BinaryHeap<Reverse<(Time, usize)>> = BinaryHeap::new();
    for item in items {
        let Interval { start, end } = interval(&item);
        let is_full = lanes.len() >= TRIED;
        let fits = lanes.iter_mut().find_map(|(open, lane)| {
            while open.last().is_some_and(|last| *last <= start) {
                open.pop();
            }
            open.last().is_none_or(|last| end <= *last).then_some((open, lane))
        });
        match fits {
            Some((open, lane)) => {
                open.push(end);
                lane.push(item);
            }
            None if !is_full => lanes.push((vec![end], vec![item])),
            None => {
                let first = free.peek().filter(|Reverse((at, _))| *at <= start);
                let lane = first.map_or(more.len(), |Reverse((_, lane))| *lane);
                match more.get_mut(lane) {
                    Some(items) => {
                        free.pop();
                        items.push(item);
                    }
                    None => more.push(vec![item]),
                }
                free.push(Reverse((end, lane)));
            }
        }
    }
    lanes.into_iter().map(|(_, lane)| lane).chain(more).collect()
}

/// A step through a lane.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step<'l, T> {
    /// One begins.
    Begin(Time, &'l T),
    /// The one that began last, of those that are open, ends.
    End(Time),
}

/// Walks through a lane in order of time.
///
/// # Errors
/// The first of `put`.
pub(super) fn walk<'l, T, E>(
    lane: &'l [T],
    interval: impl Fn(&T) -> Interval,
    mut put: impl FnMut(Step<'l, T>) -> Result<(), E>,
) -> Result<(), E> {
    let mut open: Vec<Time> = Vec::new();
    for item in lane {
        let Interval { start, end } = interval(item);
        while let Some(last) = open.pop_if(|last| *last <= start) {
            put(Step::End(last))?;
        }
        put(Step::Begin(start, item))?;
        open.push(end);
    }
    while let Some(last) = open.pop() {
        put(Step::End(last))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intervals(all: &[(i64, i64)]) -> Vec<Interval> {
        all.iter().map(|&(start, end)| Interval::new(Time(start), Time(end))).collect()
    }

    #[test]
    fn what_overlaps_without_lying_inside_goes_to_another_lane() {
        let made = lanes(intervals(&[(3, 6), (0, 4), (1, 2), (4, 5), (0, 1)]), |item| *item);
        let expected = [intervals(&[(0, 4), (0, 1), (1, 2), (4, 5)]), intervals(&[(3, 6)])];
        assert_eq!(made, expected);
    }

    #[test]
    fn thousands_that_overlap_are_sorted_at_once() {
        const N: usize = 20_000;
        let n = i64::try_from(N).expect("a number");
        // Each of the first begins before any ends; then as many again find those lanes free.
        let all: Vec<(i64, i64)> = (0..n).chain(2 * n..3 * n).map(|at| (at, at + n)).collect();
        let made = lanes(intervals(&all), |item| *item);
        assert_eq!(made.iter().map(Vec::len).sum::<usize>(), 2 * N);
        assert_eq!(made.len(), N);
        let are_apart = |pair: &[Interval]| pair[0].end <= pair[1].start;
        assert!(made.iter().all(|lane| lane.windows(2).all(are_apart)));
    }

    #[test]
    fn a_walk_ends_the_inner_before_the_outer() {
        let lane = intervals(&[(0, 9), (1, 4), (2, 4), (4, 4), (9, 10)]);
        let mut said = Vec::new();
        let done: Result<(), ()> = walk(
            &lane,
            |item| *item,
            |step| {
                said.push(match step {
                    Step::Begin(at, _) => at.ns(),
                    Step::End(at) => -at.ns(),
                });
                Ok(())
            },
        );
        assert_eq!(done, Ok(()));
        assert_eq!(said, [0, 1, 2, -4, -4, 4, -4, -9, 9, -10]);
    }
}
