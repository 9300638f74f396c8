//! What is known of a wait before anybody has ended it: for whom it may be.

use crate::base::{Goroutine, StackId, StrId, Time};

use super::super::code::names::Origin;
use super::super::lives;
use super::super::types::Cancel;
use super::way::Way;
use super::{Inquiry, private, rounds};

/// How many goroutines may be between one that waits for a group and the one that started a member.
const MAX_BETWEEN: usize = 2;

/// A wait of one of the family, and the goroutines for which it may have been.
pub(super) struct Held {
    /// The goroutine that waited.
    pub(super) who: Goroutine,
    /// The goroutines for whose children it may have waited.
    pub(super) parents: [Option<Goroutine>; 2],
    /// The user's function that must have created them, if that matters.
    pub(super) made_by: Option<StrId>,
    /// The time after which they must have been created.
    pub(super) after: Time,
    /// The goroutine that was told to stop, if they must have been created in the same round.
    pub(super) round_of: Option<Goroutine>,
    /// Where it waited, if those count as well that other functions had started in the same go.
    pub(super) waits_at: StackId,
    /// Whether the waiting goroutine may have told some of them to stop by other means, and whether by
    /// giving them no more jobs.
    pub(super) may_tell: bool,
    pub(super) may_feed: bool,
    /// Whose goroutines may be members of a group that is waited for.
    pub(super) members: Members,
}

/// Whose goroutines may be members of a group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Members {
    /// Those of the parents only; so it is where no group is waited for.
    OfParents,
    /// Those, too, that were started for the goroutine which waits, by its own ones.
    OfItsOwn,
    /// Anybody's. If the group is a library's, who was told to stop has to be a member, too.
    Anyones,
}

impl Held {
    /// A wait for one's own children.
    pub(super) fn by_children(who: Goroutine) -> Self {
        Self {
            who,
            parents: [Some(who), None],
            made_by: None,
            after: Time::MIN,
            round_of: None,
            waits_at: StackId::EMPTY,
            may_tell: false,
            may_feed: false,
            members: Members::OfItsOwn,
        }
    }

    /// Whether a goroutine that was waited for was started as it must have been, and told nothing else.
    pub(super) fn admits(&self, inquiry: &Inquiry<'_>, cancel: &Cancel, of: Goroutine) -> bool {
        self.may_admit(inquiry, cancel, of) && self.has_not_told(inquiry, cancel, of)
    }

    /// Whether a goroutine was started as it must have been.
    pub(super) fn may_admit(&self, inquiry: &Inquiry<'_>, cancel: &Cancel, of: Goroutine) -> bool {
        self.made_by.is_none_or(|function| self.is_made_by(inquiry, cancel, function, of))
            && lives::first(inquiry.trace, of) > self.after
            && self.round_of.is_none_or(|told| {
                rounds::same(inquiry, cancel, told, of)
                    && !(self.members == Members::Anyones
                        && is_of_a_group_without(inquiry, told, of))
            })
    }

    /// Whether the function that must have started a goroutine did; or another one on the way to the wait
    /// that is for both.
    fn is_made_by(
        &self,
        inquiry: &Inquiry<'_>,
        cancel: &Cancel,
        function: StrId,
        of: Goroutine,
    ) -> bool {
        let made_by = inquiry.creating_function(of);
        let Some(told) = self.round_of.filter(|_| made_by != function) else {
            return made_by == function;
        };
        let way = Way { inquiry, cancel, wait: self.waits_at };
        way.joins(told, function, of)
            && !inquiry.takes_jobs(cancel, of)
            && (way.ends_whole()
                || !rounds::blocks_between(inquiry, self.who, told.min(of), told.max(of)))
    }

    /// Whether a goroutine was told nothing else, and the cancel was not another one's time limit.
    pub(super) fn has_not_told(
        &self,
        inquiry: &Inquiry<'_>,
        cancel: &Cancel,
        of: Goroutine,
    ) -> bool {
        let by_parent =
            || self.parents.iter().flatten().any(|&by| inquiry.is_let_go(cancel, by, of));
        let is_told = self.may_tell && by_parent();
        !(is_told
            || self.may_feed && inquiry.takes_jobs(cancel, of)
            || inquiry.is_told(cancel, self.who, of)
            || private::is_of_another(inquiry, cancel, of)
            || inquiry.works_off(cancel, of))
    }

    /// What is known of one of the waits: only a group may have members that others started, and whoever
    /// has to be made by one function is made by a parent.
    pub(super) fn in_wait(&self, joins: bool) -> Self {
        let members = match self.members {
            Members::OfItsOwn if self.made_by.is_some() => Members::OfParents,
            members if joins => members,
            _ => Members::OfParents,
        };
        Self { members, ..*self }
    }

    /// Whether a goroutine was started by one of those whose goroutines count.
    pub(super) fn may_be_started_by(&self, inquiry: &Inquiry<'_>, of: Goroutine) -> bool {
        let Some(parent) = lives::parent(inquiry.trace, of) else { return false };
        self.parents.contains(&Some(parent))
            || match self.members {
                Members::OfParents => false,
                Members::OfItsOwn => is_started_for(inquiry, of, self.who),
                Members::Anyones => true,
            }
    }
}

/// Whether one was started as a member of a library's group, as by `sync.(*WaitGroup).Go`, and another was
/// not: then that one's context need not be the group's.
fn is_of_a_group_without(inquiry: &Inquiry<'_>, other: Goroutine, member: Goroutine) -> bool {
    let starts_in = lives::name(inquiry.trace, member);
    inquiry.book.function(starts_in).origin != Origin::User
        && lives::name(inquiry.trace, other) != starts_in
}

/// Whether a goroutine was started by another one's child, or on behalf of that: as those that serve the
/// connections which that child accepts.
fn is_started_for(inquiry: &Inquiry<'_>, goroutine: Goroutine, of: Goroutine) -> bool {
    lives::line(inquiry.trace, goroutine).skip(2).take(MAX_BETWEEN).any(|it| it == of)
}
