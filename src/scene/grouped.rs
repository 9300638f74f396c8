//! Rows of anything, by goroutine.

use crate::base::{Goroutine, narrow};

/// Rows by goroutine, those of one goroutine in the order in which they were.
#[derive(Clone, Debug, Default)]
pub(super) struct Grouped {
    /// The rows.
    pub(super) order: Vec<u32>,
    /// Where each goroutine's begin in `order`, and the end.
    starts: Vec<u32>,
}

impl Grouped {
    /// Groups the rows of `all`, of which `of` tells whose they are; nobody's are left out. Linear,
    /// since goroutines are numbered: they are counted, and then each row's place is known.
    pub(super) fn new<T>(
        n_goroutines: u32,
        all: &[T],
        of: impl Fn(&T) -> Option<Goroutine>,
    ) -> Self {
        let of = |thing: &T| of(thing).filter(|goroutine| goroutine.0 < n_goroutines);
        let mut starts = vec![0_u32; n_goroutines as usize + 1];
        for goroutine in all.iter().filter_map(of) {
            starts[goroutine.index()] += 1;
        }
        // At first each is where its rows end; the rows then go in from the last to the first.
        let mut n_rows = 0;
        for start in &mut starts {
            n_rows += *start;
            *start = n_rows;
        }
        let mut order = vec![0; n_rows as usize];
        for (row, thing) in all.iter().enumerate().rev() {
            if let Some(goroutine) = of(thing) {
                let start = &mut starts[goroutine.index()];
                *start -= 1;
                order[*start as usize] = narrow(row);
            }
        }
        Self { order, starts }
    }

    /// The places in this order of one goroutine's rows.
    pub(super) fn of(&self, goroutine: Goroutine) -> (usize, usize) {
        let at = goroutine.index();
        let bounds = self.starts.get(at).zip(self.starts.get(at + 1));
        bounds.map_or((0, 0), |(&start, &end)| (start as usize, end as usize))
    }

    /// One goroutine's rows.
    pub(super) fn rows(&self, goroutine: Goroutine) -> &[u32] {
        let (start, end) = self.of(goroutine);
        &self.order[start..end]
    }

    /// Sorts the rows of each goroutine.
    pub(super) fn sort_each<K: Ord>(&mut self, key: impl Fn(u32) -> K) {
        let mut rest = self.order.as_mut_slice();
        for bounds in self.starts.windows(2) {
            let (of_one, after) = rest.split_at_mut((bounds[1] - bounds[0]) as usize);
            of_one.sort_unstable_by_key(|&row| key(row));
            rest = after;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_keep_their_order_within_a_goroutine() {
        let of = [Some(3), None, Some(0), Some(3), Some(9), Some(2), Some(3), Some(0)];
        let mut grouped = Grouped::new(5, &of, |of| of.map(Goroutine));
        assert_eq!(grouped.order, [2, 7, 5, 0, 3, 6]);
        let bounds = [0, 1, 2, 3, 4, 9].map(|of| grouped.of(Goroutine(of)));
        assert_eq!(bounds, [(0, 2), (2, 2), (2, 3), (3, 6), (6, 6), (0, 0)]);
        assert_eq!(grouped.rows(Goroutine(3)), [0, 3, 6]);
        assert!(grouped.rows(Goroutine(9)).is_empty());
        grouped.sort_each(std::cmp::Reverse);
        assert_eq!(grouped.order, [7, 2, 5, 6, 3, 0]);
    }
}
