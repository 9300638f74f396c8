//! How wide the columns of a table were made. The table forgets that whenever it has more or fewer
//! columns, as when a panel beside it is resized.

/// The widths of a table's columns, each by what it shows.
#[derive(Debug)]
pub(crate) struct Widths<K> {
    /// Those that somebody made so wide.
    rows: Vec<(K, f32)>,
    /// What the table was told last.
    told: Vec<(K, f32)>,
}

impl<K> Default for Widths<K> {
    fn default() -> Self {
        Self { rows: Vec::new(), told: Vec::new() }
    }
}

impl<K: Copy + PartialEq> Widths<K> {
    /// The widths of some columns, each with the one that it has at first: as they were made if there
    /// is room for that, `spacing_px` beside each included. The second says whether the table has to
    /// forget its own, since others are right now.
    pub(crate) fn of(
        &mut self,
        columns: &[(K, f32)],
        room_px: f32,
        spacing_px: f32,
    ) -> (Vec<f32>, bool) {
        let known = |key: K| self.rows.iter().find(|(of, _)| *of == key).map(|&(_, width)| width);
        let kept: Vec<f32> =
            columns.iter().map(|&(key, first)| known(key).unwrap_or(first)).collect();
        let widths = if kept.iter().map(|width| width + spacing_px).sum::<f32>() <= room_px {
            kept
        } else {
            columns.iter().map(|&(_, first)| first).collect()
        };
        let keys = columns.iter().map(|&(key, _)| key);
        let told: Vec<(K, f32)> = keys.zip(widths.iter().copied()).collect();
        let is_other = told != self.told;
        self.told = told;
        (widths, is_other)
    }

    /// Remembers how wide columns are that are not as the table was told.
    pub(crate) fn keep(&mut self, widths: impl Iterator<Item = (K, f32)>) {
        for (key, width) in widths {
            let told = self.told.iter_mut().find(|(of, _)| *of == key);
            match told {
                // Nobody has made it wider: in another window it may have another width.
                Some((_, told)) if (*told - width).abs() < 0.5 => continue,
                Some((_, told)) => *told = width,
                None => {}
            }
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
        assert_eq!(widths.of(&first, 400.0, 8.0), (vec![100.0, 50.0], true));
        widths.keep([('a', 180.0), ('b', 50.0)].into_iter());
        widths.keep([('b', 60.0)].into_iter());
        assert_eq!(widths.of(&first, 400.0, 8.0), (vec![180.0, 60.0], false));
        assert_eq!(widths.of(&first, 250.0, 8.0).0, [100.0, 50.0], "where there is room for it");
    }

    #[test]
    fn a_column_that_nobody_touched_grows_with_the_window() {
        let mut widths = Widths::default();
        widths.of(&[('a', 100.0), ('b', 50.0)], 400.0, 8.0);
        widths.keep([('a', 100.0), ('b', 70.0)].into_iter());
        let wider = widths.of(&[('a', 160.0), ('b', 90.0)], 800.0, 8.0);
        assert_eq!(wider, (vec![160.0, 70.0], true), "but the other stays as it was made");
    }
}
