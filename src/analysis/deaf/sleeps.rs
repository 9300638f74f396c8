//! Sleeps of goroutines that take one job after another, across deadlines that nobody listened to.
//!
//! Such a goroutine is older than a job's context, but if it sleeps for the job, the deadline comes the
//! same time after the beginning of each sleep in one place ([`super::clock`]).

use rustc_hash::FxHashMap;

use crate::base::{Goroutine, Interval, StackId, Time};

use super::super::types::Cancel;
use super::clock::{Clock, Work, n_apart};

/// Of fewer sleeps in one place it would be little that each met a deadline.
const FEWEST: usize = 4;

/// The deadlines that were the limits of sleeps, each given with its goroutine and its place: by
/// goroutine, and since when it sleeps.
///
/// Only of goroutines that sleep several times in one place: work that began with its goroutine is held
/// against the clock by that.
pub(crate) fn deadlines_slept_across(
    cancels: &[Cancel],
    sleeps: impl Iterator<Item = (Goroutine, Interval, StackId)>,
) -> FxHashMap<(Goroutine, Time), u32> {
    let mut across = FxHashMap::default();
    let deadlines = cancels.iter().filter(|cancel| cancel.is_unheard_deadline());
    let deadlines: Vec<(Time, u32)> = deadlines.map(|cancel| (cancel.at, cancel.id)).collect();
    if deadlines.len() < FEWEST {
        return across;
    }
    let places = by_place(sleeps);
    let (n_places, n_apart) = (places.len(), n_apart(&deadlines));
    for works in &places {
        let clock = Clock { works, deadlines: &deadlines, n_apart: &n_apart, heard: &[], n_places };
        let pairs = clock.pairs_of_several().unwrap_or_default();
        if pairs.len() >= FEWEST {
            let each = pairs.iter().map(|pair| ((pair.work.of, pair.work.began), pair.cancel));
            across.extend(each);
        }
    }
    across
}

/// The sleeps of goroutines that sleep several times in one place, by place, each in order of time.
fn by_place(sleeps: impl Iterator<Item = (Goroutine, Interval, StackId)>) -> Vec<Vec<Work>> {
    let mut places: FxHashMap<StackId, Vec<Work>> = FxHashMap::default();
    let mut n_of: FxHashMap<(StackId, Goroutine), u32> = FxHashMap::default();
    for (of, Interval { start, end }, place) in sleeps {
        *n_of.entry((place, of)).or_default() += 1;
        let work = Work { of, began: start, until: end, is_handler: false };
        places.entry(place).or_default().push(work);
    }
    for (&place, works) in &mut places {
        works.retain(|work| n_of.get(&(place, work.of)).is_some_and(|&n| n > 1));
        works.sort_unstable_by_key(|work| (work.began, work.of));
    }
    let mut places: Vec<(StackId, Vec<Work>)> = places.into_iter().collect();
    places.retain(|(_, works)| works.len() >= FEWEST);
    places.sort_unstable_by_key(|(place, _)| *place);
    places.into_iter().map(|(_, works)| works).collect()
}
