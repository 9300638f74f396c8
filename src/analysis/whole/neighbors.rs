//! Whom a goroutine created, whom it woke, and who woke it. Costs as much as its life is long, or
//! the trace has goroutines: not for a thread that paints.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use crate::base::{Cancelled, Goroutine, Progress, Time};
use crate::model::{Trace, Wakers};

/// How many children are listed; the rest is counted.
const MAX_CHILDREN: usize = 40;
/// How many of the others that it woke, or that woke it, are listed.
const MAX_PARTNERS: usize = 10;
/// How many wakes are looked at between two looks at the wish to stop.
const STEP: usize = 1 << 16;

/// The goroutines that one created.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Children {
    /// How many there are.
    pub n: usize,
    /// The first forty.
    pub first: Vec<Goroutine>,
}

impl Children {
    /// Looks for those of one goroutine.
    #[must_use]
    pub fn of(trace: &Trace, goroutine: Goroutine) -> Self {
        let all = || trace.goroutines().filter(|&it| trace.life(it).parent == Some(goroutine));
        Self { n: all().count(), first: all().take(MAX_CHILDREN).collect() }
    }
}

/// Wakes of one goroutine by others, or of others by it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Wakes {
    /// How many there are.
    pub n: usize,
    /// The ten others with the most of them; of several with as many, the earliest first.
    pub partners: Vec<Partner>,
    /// How many others there are.
    pub n_partners: usize,
}

/// The wakes between a goroutine and one other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Partner {
    /// The other goroutine; none if it is the runtime.
    pub other: Option<Goroutine>,
    /// How many wakes.
    pub n: usize,
    /// The first of them at or after the moment that was asked for, or else the last before it.
    pub at: Time,
}

impl Wakes {
    /// The wakes that one goroutine did, those from a moment on first.
    ///
    /// # Errors
    /// If `progress` is cancelled meanwhile.
    pub fn by(
        trace: &Trace,
        wakers: &Wakers,
        goroutine: Goroutine,
        from: Time,
        progress: &Progress,
    ) -> Result<Self, Cancelled> {
        let woke = wakers.of(trace, goroutine);
        let wakes = (0..woke.len()).filter_map(|at| woke.get(at));
        Self::new(wakes.map(|wake| (wake.at, Some(wake.wakee))), from, progress)
    }

    /// The wakes that let one goroutine go on, those from a moment on first.
    ///
    /// # Errors
    /// If `progress` is cancelled meanwhile.
    pub fn of(
        trace: &Trace,
        goroutine: Goroutine,
        from: Time,
        progress: &Progress,
    ) -> Result<Self, Cancelled> {
        let woken = trace.spans(goroutine).filter(|span| span.woken);
        Self::new(woken.map(|span| (span.start, span.waker)), from, progress)
    }

    /// Counts wakes that come in order of time; those from a moment on are nearer than others.
    fn new(
        wakes: impl Iterator<Item = (Time, Option<Goroutine>)>,
        from: Time,
        progress: &Progress,
    ) -> Result<Self, Cancelled> {
        let mut list = Self::default();
        let mut partners: FxHashMap<Option<Goroutine>, Partner> = FxHashMap::default();
        for (at, other) in wakes {
            if list.n.is_multiple_of(STEP) {
                progress.check()?;
            }
            list.n += 1;
            let partner = partners.entry(other).or_insert(Partner { other, n: 0, at });
            partner.n += 1;
            if partner.at < from {
                partner.at = at;
            }
        }
        list.n_partners = partners.len();
        list.partners = partners.into_values().collect();
        list.partners.sort_unstable_by_key(|it| (Reverse(it.n), it.at, it.other));
        list.partners.truncate(MAX_PARTNERS);
        Ok(list)
    }
}
