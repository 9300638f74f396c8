//! Where the program is known to listen to contexts: the waits that cancels ended.
//!
//! A Done channel that is closed ends a wait at once. So a goroutine that is seen to wait there waits
//! with another context, one that was not cancelled, or with none.

use crate::base::{StackId, WireSet};
use crate::model::{Frame, Trace};

use super::super::code::book::Book;
use super::super::code::names::Origin;

/// The places of all waits that cancels ended.
#[derive(Debug, Default)]
pub(crate) struct Listening {
    /// By stack: whether it is the place of such a wait, with all its callers.
    places: Vec<bool>,
    /// The statements in the user's own code, by whatever way of calls. A library's statement serves
    /// every kind of caller, and so tells nothing without its callers.
    statements: WireSet<Frame>,
}

impl Listening {
    /// Notes the waits, by their stacks.
    pub(crate) fn new(trace: &Trace, book: &Book, stacks: impl Iterator<Item = StackId>) -> Self {
        let n_stacks = trace.stacks().len();
        let mut listening = Self { places: vec![false; n_stacks], ..Self::default() };
        for stack in stacks {
            let place = book.place(stack);
            if place != StackId::EMPTY && !listening.is_place(place) {
                listening.places[place.index()] = true;
                listening.statements.extend(statement(trace, book, place));
            }
        }
        listening
    }

    /// Whether a wait is one that a cancel was seen to end, by the same way of calls. Elsewhere
    /// the same statement may have been handed a context that has nothing to do with it.
    pub(crate) fn hears_exactly(&self, book: &Book, stack: StackId) -> bool {
        self.is_place(book.place(stack))
    }

    fn is_place(&self, place: StackId) -> bool {
        self.places.get(place.index()).copied().unwrap_or(false)
    }

    /// Whether a wait with this stack is one that a cancel would have ended.
    pub(crate) fn hears(&self, trace: &Trace, book: &Book, stack: StackId) -> bool {
        let place = book.place(stack);
        self.is_place(place)
            || statement(trace, book, place).is_some_and(|frame| self.statements.contains(&frame))
    }
}

fn statement(trace: &Trace, book: &Book, place: StackId) -> Option<Frame> {
    let is_user = |frame: &Frame| book.function(frame.function).origin == Origin::User;
    trace.stacks().top(place).filter(is_user)
}
