//! Waits for groups of many that did not hear: for whom they may be is asked after each cancel, and
//! each of thousands of cancels would be held against each of as many goroutines.
//!
//! So cancels with such waits are put off until all others are done, and then looked at one after the
//! other, in order of time; once a goroutine is known to be deaf to several of them it is not asked
//! for any longer. What is put off is told anew from the beginning, so that nothing else is different.

use std::ops::{Range, RangeInclusive};

use rustc_hash::FxHashMap;

use crate::base::{Goroutine, Time};

/// So many are asked for after each cancel, and no wait for them is put off.
const FEW: usize = 16;

/// To so many cancels that one wait spans, the first ones, one can be deaf because of it.
const MAX_DEAF: u8 = 16;

/// How often to judge, because of one wait, whether one is deaf.
const MAX_JUDGED: u8 = 64;

/// How often to look at all those for whom one wait may be, and at those for whom all may be.
const MAX_LOOKS: usize = 1_000_000;
const MAX_LOOKS_FOR_ALL: usize = 16 * MAX_LOOKS;

/// To look at so many costs as little as one look.
const FEW_NEAR: usize = 128;

/// A wait for children: their creator, the goroutine that waits, and since when.
pub(super) type Wait = (Goroutine, Goroutine, Time);

/// What is known of a goroutine after a cancel.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The wait is not for it, as is seen at first sight.
    NotFor,
    /// It turned out not to be deaf.
    NotDeaf,
    Deaf,
}

/// A member of a crowd, and how often it was asked for.
#[derive(Clone, Copy)]
struct Member {
    goroutine: Goroutine,
    n_judged: u8,
    n_deaf: u8,
}

/// The goroutines for which one wait may be, as far as they are still asked for.
#[derive(Default)]
struct Crowd {
    members: Vec<Member>,
    n_done: usize,
    n_looks: usize,
}

/// What was found of waits for many.
#[derive(Default)]
pub(super) struct Crowds {
    /// Whether waits for many are looked at, and not put off.
    are_due: bool,
    /// Whether any was put off.
    pub(super) any_put_off: bool,
    n_looks: usize,
    by_wait: FxHashMap<Wait, Crowd>,
}

impl Crowds {
    /// For cancels that were put off.
    pub(super) fn due() -> Self {
        Self { are_due: true, ..Self::default() }
    }

    /// Whether a wait for so many can be looked at in the way of waits for few; if not it is put off,
    /// unless it is due.
    pub(super) fn are_few(&mut self, n: usize) -> bool {
        self.any_put_off |= n > FEW && !self.are_due;
        n <= FEW
    }

    /// Judges those for whom a wait for many may be, in a range if there is one; gives the deaf. All of
    /// them are `members`, in order of birth, found among `n`; after a later cancel there are no others.
    pub(super) fn judge(
        &mut self,
        wait: Wait,
        n: usize,
        members: impl FnOnce() -> Vec<Goroutine>,
        around: Option<&RangeInclusive<Goroutine>>,
        verdict: impl Fn(Goroutine) -> Verdict,
    ) -> Vec<Goroutine> {
        if !self.are_due || self.n_looks >= MAX_LOOKS_FOR_ALL {
            return Vec::new();
        }
        let member = |goroutine| Member { goroutine, n_judged: 0, n_deaf: 0 };
        let crowd = self.by_wait.entry(wait).or_insert_with(|| {
            self.n_looks += n;
            Crowd { members: members().into_iter().map(member).collect(), ..Crowd::default() }
        });
        if crowd.n_looks >= MAX_LOOKS {
            return Vec::new();
        }
        let near = crowd.near(around);
        // In a range there mostly are few, and those of ten thousand cancels are others each time.
        let n_looks = if near.len() <= FEW_NEAR { 1 } else { near.len() };
        crowd.n_looks += n_looks;
        self.n_looks += n_looks;
        crowd.judge(near, verdict)
    }
}

impl Member {
    fn is_done(self) -> bool {
        self.n_judged >= MAX_JUDGED || self.n_deaf >= MAX_DEAF
    }
}

impl Crowd {
    /// The rows of the members in a range; all if there is none.
    fn near(&self, around: Option<&RangeInclusive<Goroutine>>) -> Range<usize> {
        around.map_or(0..self.members.len(), |around| {
            let first = self.members.partition_point(|it| it.goroutine < *around.start());
            let after = self.members.partition_point(|it| it.goroutine <= *around.end());
            first..after
        })
    }

    fn judge(
        &mut self,
        near: Range<usize>,
        verdict: impl Fn(Goroutine) -> Verdict,
    ) -> Vec<Goroutine> {
        let mut deaf = Vec::new();
        for member in self.members[near].iter_mut().filter(|it| !it.is_done()) {
            let verdict = verdict(member.goroutine);
            if verdict == Verdict::Deaf {
                deaf.push(member.goroutine);
                member.n_deaf += 1;
            }
            member.n_judged += u8::from(verdict != Verdict::NotFor);
            self.n_done += usize::from(member.is_done());
        }
        if self.n_done > self.members.len() / 2 {
            self.members.retain(|member| !member.is_done());
            self.n_done = 0;
        }
        deaf
    }
}
