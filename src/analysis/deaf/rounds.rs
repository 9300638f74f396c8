//! Rounds of a loop that starts goroutines: each with a context of its own, or all with one.

use std::ops::RangeInclusive;

use crate::base::{Goroutine, StackId};
use crate::parse::event::GoState;

use super::super::lives;
use super::super::types::Cancel;
use super::super::words::Cause;
use super::Inquiry;

/// How many goroutines created before and after one to look at.
const MAX_NEAR: usize = 64;

/// How many goroutines to look at for what a round begins with.
const MAX_FIRST: usize = 256;

/// Whether a goroutine may have the context of `told`, which heard the cancel and has the same
/// creator, as far as the others tell that the creator started.
///
/// If others of `told`'s go statement heard other cancels, each round has its own context. Then
/// a goroutine belongs to the round in which it was started, and only if other rounds start one
/// like it: what comes after the loop, or before it, belongs to none.
pub(super) fn same(
    inquiry: &Inquiry<'_>,
    cancel: &Cancel,
    told: Goroutine,
    other: Goroutine,
) -> bool {
    let origin = |of: Goroutine| lives::creation_stack(inquiry.trace, of);
    let (of_told, of_other) = (origin(told), origin(other));
    let Some(parent) = lives::parent(inquiry.trace, told) else { return true };
    if lives::parent(inquiry.trace, other) != Some(parent) || of_told == StackId::EMPTY {
        return true;
    }
    let children = inquiry.children(parent);
    let at = children.partition_point(|&row| row < other.0);
    let near = at.saturating_sub(MAX_NEAR)..(at + MAX_NEAR).min(children.len());
    let near: Vec<Goroutine> = children[near]
        .iter()
        .map(|&row| Goroutine(row))
        .filter(|&child| [of_told, of_other].contains(&origin(child)))
        .collect();
    let has_its_own = |&child: &Goroutine| has_its_own(inquiry, cancel, of_told, child);
    if !near.iter().any(has_its_own) {
        return true;
    }
    // Goroutines started without a stop in between are of one round, unless several of these have
    // contexts of their own, too. A deadline that only one heard may be its own.
    let of_both = told.min(other)..=told.max(other);
    let is_between = |child: &&Goroutine| of_both.contains(child);
    let is_shared = cancel.n_heard() > 1 || cancel.cause != Cause::Deadline;
    if is_shared
        && !near.iter().filter(is_between).any(has_its_own)
        && !blocks_between(inquiry, parent, told.min(other), told.max(other))
        && !shares_its_stretch(inquiry, parent, told, &near, has_its_own)
    {
        return true;
    }
    if of_told == of_other || !is_in_rounds(&near, |child| origin(child) == of_told) {
        return false;
    }
    let mut origins = children.iter().take(MAX_FIRST).map(|&row| origin(Goroutine(row)));
    let begins_with = origins.find(|of| [of_told, of_other].contains(of));
    let owner = if begins_with == Some(of_other) {
        near.iter().find(|child| **child > other && origin(**child) == of_told)
    } else {
        near.iter().rfind(|child| **child < other && origin(**child) == of_told)
    };
    owner.is_some_and(|&owner| inquiry.heard(cancel, owner))
}

/// Whether a goroutine of a go statement heard another cancel, in its own code, and not this one.
fn has_its_own(
    inquiry: &Inquiry<'_>,
    cancel: &Cancel,
    statement: StackId,
    child: Goroutine,
) -> bool {
    lives::creation_stack(inquiry.trace, child) == statement
        && !inquiry.heard(cancel, child)
        && inquiry.heard_another(cancel, child)
}

/// The goroutines among which those of `told`'s round are; none if there may be any: its creator
/// did not give others that it started around it contexts of their own.
///
/// Where each of ten thousand has a context of its own, each of as many cancels would be held
/// against all of them.
pub(super) fn around(
    inquiry: &Inquiry<'_>,
    cancel: &Cancel,
    told: Goroutine,
) -> Option<RangeInclusive<Goroutine>> {
    let statement = lives::creation_stack(inquiry.trace, told);
    let children = inquiry.children(lives::parent(inquiry.trace, told)?);
    let at = children.partition_point(|&row| row < told.0);
    let near = &children[at.saturating_sub(MAX_NEAR)..(at + MAX_NEAR).min(children.len())];
    let is_own = |&row: &u32| has_its_own(inquiry, cancel, statement, Goroutine(row));
    let (first, last) = (*near.first()?, *near.last()?);
    near.iter().any(is_own).then_some(Goroutine(first)..=Goroutine(last))
}

/// Whether the goroutines of one kind come between those of the other.
fn is_in_rounds(near: &[Goroutine], is_told: impl Fn(Goroutine) -> bool) -> bool {
    let others = |of: &Goroutine| !is_told(*of);
    let first = near.iter().position(others);
    let last = near.iter().rposition(others);
    let Some((first, last)) = first.zip(last) else { return false };
    near[first..last].iter().any(|&of| is_told(of))
}

/// Whether a goroutine with a context of its own was started in the same stretch as one that heard,
/// without a stop of their creator in between: the nearest on either side tells.
fn shares_its_stretch(
    inquiry: &Inquiry<'_>,
    parent: Goroutine,
    told: Goroutine,
    near: &[Goroutine],
    has_its_own: impl Fn(&Goroutine) -> bool,
) -> bool {
    let known =
        |child: &&Goroutine| lives::born(inquiry.trace, **child).is_some() && has_its_own(child);
    let before = near.iter().rfind(|child| **child < told && known(child));
    let after = near.iter().find(|child| **child > told && known(child));
    let mut nearest = before.into_iter().chain(after);
    nearest.any(|&child| !blocks_between(inquiry, parent, child.min(told), child.max(told)))
}

/// Whether a goroutine blocked between creating one and creating another, or did so much that it may
/// have.
pub(super) fn blocks_between(
    inquiry: &Inquiry<'_>,
    parent: Goroutine,
    first: Goroutine,
    last: Goroutine,
) -> bool {
    let born = |goroutine| lives::born(inquiry.trace, goroutine);
    let (Some(from), Some(until)) = (born(first), born(last)) else { return true };
    let between = inquiry.trace.spans_from(parent, from).take_while(|span| span.start < until);
    between.take(super::MAX_SPANS).enumerate().any(|(n, span)| {
        n + 1 == super::MAX_SPANS || span.state == GoState::Waiting && span.start > from
    })
}
