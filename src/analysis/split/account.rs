//! What is said of one goroutine's overstay: its split, and who held it up.

use std::cmp::Reverse;

use crate::base::Goroutine;

use super::super::types::{Link, SplitPart};
use super::activity::{Activities, Share};

/// What an [`Accountant`](crate::analysis::Accountant) says of one hearing.
#[derive(Clone, Copy)]
pub struct Account<'w> {
    pub(super) activities: &'w Activities,
    /// What [`Document::split`](crate::analysis::Document::split) has, in short.
    pub split: &'w [Share],
    /// What [`Document::held_by`](crate::analysis::Document::held_by) has, in short.
    pub held_by: &'w [Link<Share>],
}

impl<'w> Account<'w> {
    /// The numbers of activities mean the same in all accounts with the same edition.
    #[must_use]
    pub fn edition(&self) -> u32 {
        self.activities.edition
    }

    /// A share in full.
    #[must_use]
    pub fn part(&self, share: Share) -> SplitPart {
        self.activities.part(share)
    }

    /// The split in full.
    pub fn parts(self) -> impl Iterator<Item = SplitPart> + 'w {
        self.split.iter().map(move |&share| self.part(share))
    }

    /// The chain in full.
    pub fn links(self) -> impl Iterator<Item = Link> + 'w {
        self.held_by.iter().map(move |&Link { goroutine, did, interval }| Link {
            goroutine,
            did: self.part(did),
            interval,
        })
    }

    /// The other goroutine that held one up longest, if it was another that did.
    #[must_use]
    pub fn held_up_by(self, held_up: Goroutine) -> Option<Link> {
        let others = self.links().filter(|link| link.goroutine != held_up);
        // Of two that took as long the one that came last.
        others.min_by_key(|link| Reverse(link.did.ns))
    }
}
