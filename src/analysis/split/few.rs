//! A table that mostly has a handful of rows.

use std::hash::Hash;

use crate::base::WireMap;

/// Up to so many rows are looked through; more are looked up.
const FEW: usize = 12;

/// Rows by key, in the order in which keys first came. Most of these tables stay so small that
/// hashing would cost more than all the rest; those that grow are looked up by hash. Keys may hold
/// what whoever wrote the trace chose, such as a line's number.
#[derive(Debug)]
pub(crate) struct Few<K, V> {
    rows: Vec<(K, V)>,
    /// The row of each key, once there are more than [`FEW`].
    places: WireMap<K, usize>,
}

impl<K, V> Default for Few<K, V> {
    fn default() -> Self {
        Self { rows: Vec::new(), places: WireMap::default() }
    }
}

impl<K: Copy + Eq + Hash, V> Few<K, V> {
    /// The value of a key, made by `new` if the key is.
    #[inline]
    pub(crate) fn entry(&mut self, key: K, new: impl FnOnce() -> V) -> &mut V {
        let row = self.row(key, new);
        self.value(row)
    }

    /// The value in a row.
    pub(crate) fn value(&mut self, row: usize) -> &mut V {
        &mut self.rows[row].1
    }

    /// The row of a key, made by `new` if the key is.
    #[inline]
    pub(crate) fn row(&mut self, key: K, new: impl FnOnce() -> V) -> usize {
        match self.find(key) {
            Some(row) => row,
            None => self.add(key, new()),
        }
    }

    #[inline]
    fn add(&mut self, key: K, value: V) -> usize {
        self.rows.push((key, value));
        if self.rows.len() > FEW {
            self.place();
        }
        self.rows.len() - 1
    }

    /// Makes the last row known by its hash; the first time these are all of them.
    #[cold]
    fn place(&mut self) {
        let unplaced = self.rows.iter().enumerate().skip(self.places.len());
        self.places.extend(unplaced.map(|(row, (key, _))| (*key, row)));
    }

    #[inline]
    fn find(&self, key: K) -> Option<usize> {
        if self.rows.len() > FEW {
            return self.places.get(&key).copied();
        }
        self.rows.iter().position(|(other, _)| *other == key)
    }

    /// All rows.
    pub(crate) fn rows(&self) -> &[(K, V)] {
        &self.rows
    }

    /// Leaves no row, and keeps the memory.
    pub(crate) fn clear(&mut self) {
        if self.rows.len() > FEW {
            self.places.clear();
        }
        self.rows.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_and_many_keys_are_found_again() {
        let mut sums: Few<u32, u32> = Few::default();
        for n in [1_u32, 100, 12, 13, 14] {
            sums.clear();
            for key in (0..n).chain(0..n) {
                *sums.entry(key, || 0) += key;
            }
            assert!(sums.rows().iter().copied().eq((0..n).map(|key| (key, 2 * key))), "{n}");
        }
    }
}
