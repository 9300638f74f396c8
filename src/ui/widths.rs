//! How wide the columns of a table were made. The table forgets that whenever it has more or fewer
//! columns, as when a panel beside it is resized.

/// The widths of a table's columns, each by what it shows.
#[derive(Debug)]
pub(crate) struct Widths<K> {
    rows: Vec<(K, f32)>,
}

impl<K> Default for Widths<K> {
    fn default() -> Self {
        Self { rows: Vec::new() }
    }
}

impl<K: Copy + PartialEq> Widths<K> {
    /// The widths of some columns, each with the one that it has at first: as they were made if there
    /// is room for that, `spacing_px` beside each included.
    pub(crate) fn of(&self, columns: &[(K, f32)], room_px: f32, spacing_px: f32) -> Vec<f32> {
        let known = |key: K| self.rows.iter().find(|(of, _)| *of == key).map(|&(_, width)| width);
        let kept: Vec<f32> =
            columns.iter().map(|&(key, first)| known(key).unwrap_or(first)).collect();
        if kept.iter().map(|width| width + spacing_px).sum::<f32>() <= room_px {
            kept
        } else {
            columns.iter().map(|&(_, first)| first).collect()
        }
    }

    /// Remembers how wide columns are.
    pub(crate) fn keep(&mut self, widths: impl Iterator<Item = (K, f32)>) {
        for (key, width) in widths {
            match self.rows.iter_mut().find(|(of, _)| *of == key) {
                Some((_, kept)) => *kept = width,
                None => self.rows.push((key, width)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_that_comes_back_is_as_wide_as_it_was() {
        let mut widths = Widths::default();
        let first = [('a', 100.0), ('b', 50.0)];
        assert_eq!(widths.of(&first, 400.0, 8.0), [100.0, 50.0]);
        widths.keep([('a', 180.0), ('b', 50.0)].into_iter());
        widths.keep([('b', 60.0)].into_iter());
        assert_eq!(widths.of(&first, 400.0, 8.0), [180.0, 60.0]);
        assert_eq!(widths.of(&first, 250.0, 8.0), [100.0, 50.0], "where there is room for it");
    }
}
