//! The two places for a trace: the one that is looked at, and the one it is compared with.

use serde::{Deserialize, Serialize};

/// Which of the two traces.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub(crate) enum Slot {
    /// The trace, or of two the one before.
    #[default]
    Before,
    /// Of two traces the one after.
    After,
}

impl Slot {
    /// Both, in order.
    pub(crate) const BOTH: [Self; 2] = [Self::Before, Self::After];

    /// The other one.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Before => Self::After,
            Self::After => Self::Before,
        }
    }

    /// As a word.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
        }
    }
}

/// One of a thing for each of the two traces.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(crate) struct Pair<T>([T; 2]);

impl<T> Pair<T> {
    /// Exchanges the two.
    pub(crate) fn swap(&mut self) {
        self.0.swap(0, 1);
    }

    /// Something of each.
    pub(crate) fn map<U>(&self, of: impl FnMut(&T) -> U) -> Pair<U> {
        Pair(self.0.each_ref().map(of))
    }

    /// Both with their slots, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Slot, &T)> {
        Slot::BOTH.into_iter().zip(&self.0)
    }
}

impl<T> std::ops::Index<Slot> for Pair<T> {
    type Output = T;

    fn index(&self, slot: Slot) -> &T {
        &self.0[slot as usize]
    }
}

impl<T> std::ops::IndexMut<Slot> for Pair<T> {
    fn index_mut(&mut self, slot: Slot) -> &mut T {
        &mut self.0[slot as usize]
    }
}
