//! Many small stacks in one pool.

/// The row of an entry that is not there.
const NONE: u32 = u32::MAX;

/// A stack of things for each of many dense numbers. Most stacks are empty, and most things
/// stay for a moment only, so that the pool stays as small as what is open at a time.
#[derive(Clone, Debug)]
pub struct Nests<T> {
    /// Row of each stack's top, [`NONE`] if it is empty.
    tops: Vec<u32>,
    pool: Vec<Entry<T>>,
    /// The first row that is free; it names the next one as its below.
    free: u32,
}

#[derive(Clone, Copy, Debug)]
struct Entry<T> {
    thing: T,
    below: u32,
}

impl<T> Default for Nests<T> {
    fn default() -> Self {
        Self { tops: Vec::new(), pool: Vec::new(), free: NONE }
    }
}

impl<T: Copy> Nests<T> {
    /// Puts a thing on a stack.
    pub fn push(&mut self, stack: u32, thing: T) {
        let at = stack as usize;
        if at >= self.tops.len() {
            self.tops.resize(at + 1, NONE);
        }
        let Some(top) = self.tops.get_mut(at) else {
            return;
        };
        let entry = Entry { thing, below: *top };
        if let Some(place) = self.pool.get_mut(self.free as usize) {
            *top = self.free;
            self.free = place.below;
            *place = entry;
        } else {
            *top = u32::try_from(self.pool.len()).unwrap_or(NONE);
            self.pool.push(entry);
        }
    }

    /// Takes the top thing off a stack.
    pub fn pop(&mut self, stack: u32) -> Option<T> {
        let top = self.tops.get_mut(stack as usize)?;
        let entry = self.pool.get_mut(*top as usize)?;
        let below = std::mem::replace(&mut entry.below, self.free);
        self.free = std::mem::replace(top, below);
        Some(entry.thing)
    }

    /// The top thing of a stack.
    #[must_use]
    pub fn top(&self, stack: u32) -> Option<T> {
        let &top = self.tops.get(stack as usize)?;
        self.pool.get(top as usize).map(|entry| entry.thing)
    }

    /// Empties a stack.
    pub fn clear(&mut self, stack: u32) {
        while self.pop(stack).is_some() {}
    }

    /// Empties all stacks.
    pub fn clear_all(&mut self) {
        self.tops.clear();
        self.pool.clear();
        self.free = NONE;
    }

    /// Changes all things on all stacks; and those that were taken off, which nobody sees.
    pub fn for_each_mut(&mut self, mut change: impl FnMut(&mut T)) {
        for entry in &mut self.pool {
            change(&mut entry.thing);
        }
    }

    /// Every stack that is not empty with its things, the top one last.
    pub fn iter(&self) -> impl Iterator<Item = (u32, Vec<T>)> + '_ {
        (0..).zip(&self.tops).filter(|&(_, &top)| top != NONE).map(|(stack, &top)| {
            let entry = |row: u32| self.pool.get(row as usize);
            let downwards = std::iter::successors(entry(top), |above| entry(above.below));
            let mut things: Vec<T> = downwards.map(|entry| entry.thing).collect();
            things.reverse();
            (stack, things)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stacks_are_apart_and_places_are_used_again() {
        let mut nests = Nests::default();
        for round in 0..3 {
            nests.push(0, (round, 'a'));
            nests.push(5, (round, 'b'));
            nests.push(0, (round, 'c'));
            let all: Vec<_> = nests.iter().collect();
            assert_eq!(all, [(0, vec![(round, 'a'), (round, 'c')]), (5, vec![(round, 'b')])]);
            assert_eq!(nests.top(0), Some((round, 'c')));
            assert_eq!(nests.pop(0), Some((round, 'c')));
            assert_eq!(nests.pop(0), Some((round, 'a')));
            assert_eq!(nests.pop(0), None);
            assert_eq!(nests.pop(9), None);
            nests.clear(5);
            assert_eq!(nests.iter().count(), 0);
        }
        assert_eq!(nests.pool.len(), 3);
    }
}
