//! Rounds of a loop that starts goroutines: each with a context of its own, or all with one.

use crate::base::{Goroutine, StackId};

use super::super::lives;
use super::super::types::Cancel;
use super::super::words::HeardIn;
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
    let has_its_own = |child: &Goroutine| {
        let own = |row: &super::Hearing| row.heard_in == HeardIn::Own && row.cancel != cancel.id;
        origin(*child) == of_told
            && !inquiry.heard(cancel, *child)
            && inquiry.rows_of(*child).any(own)
    };
    if !near.iter().any(has_its_own) {
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

/// Whether those of one kind come between those of the other.
fn is_in_rounds(near: &[Goroutine], is_told: impl Fn(Goroutine) -> bool) -> bool {
    let others = |of: &Goroutine| !is_told(*of);
    let first = near.iter().position(others);
    let last = near.iter().rposition(others);
    let Some((first, last)) = first.zip(last) else { return false };
    near[first..last].iter().any(|&of| is_told(of))
}
