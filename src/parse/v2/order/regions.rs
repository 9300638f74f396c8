//! Open regions, and the texts by which regions and tasks are compared.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::base::TaskId;
use crate::parse::event::StrRef;
use crate::parse::tables::Tables;
use crate::parse::v2::ids::NO_ROW;

/// The text of a region or task type: compared by content, since a text has another id in
/// every generation.
pub(super) type Text = Arc<[u8]>;

/// A text's number within one order: equal texts have equal numbers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct TextNumber(u32);

/// Numbers texts as they are met.
#[derive(Debug, Default)]
pub(super) struct Texts {
    texts: Vec<Text>,
    numbers: FxHashMap<Text, TextNumber>,
    /// By string row, [`NO_ROW`] before the first use.
    of_rows: Vec<u32>,
}

impl Texts {
    /// The number of a string row's text.
    #[inline]
    pub(super) fn of_row(&mut self, tables: &Tables<'_>, row: StrRef) -> TextNumber {
        match self.of_rows.get(row.0 as usize) {
            Some(&number) if number != NO_ROW => TextNumber(number),
            _ => self.meet(tables, row),
        }
    }

    #[cold]
    fn meet(&mut self, tables: &Tables<'_>, row: StrRef) -> TextNumber {
        let number = self.number(tables.string(row));
        let at = row.0 as usize;
        if at >= self.of_rows.len() {
            self.of_rows.resize(tables.n_strings().max(at + 1), NO_ROW);
        }
        if let Some(place) = self.of_rows.get_mut(at) {
            *place = number.0;
        }
        number
    }

    pub(super) fn number(&mut self, text: &[u8]) -> TextNumber {
        if let Some(&number) = self.numbers.get(text) {
            return number;
        }
        let number = TextNumber(u32::try_from(self.texts.len()).unwrap_or(NO_ROW));
        let text = Text::from(text);
        self.texts.push(Arc::clone(&text));
        self.numbers.insert(text, number);
        number
    }

    pub(super) fn text(&self, number: TextNumber) -> Text {
        self.texts.get(number.0 as usize).cloned().unwrap_or_default()
    }
}

/// The open regions of all goroutines, by goroutine slot: a stack each, in one pool, since
/// most are open for a moment only.
#[derive(Debug, Default)]
pub(super) struct Regions {
    /// Row of each goroutine's innermost region, [`NO_ROW`] if none is open.
    innermost: Vec<u32>,
    pool: Vec<OpenRegion>,
    /// Row of the first unused entry of the pool, which names the next one as its outer.
    unused: Option<u32>,
}

#[derive(Clone, Copy, Debug)]
struct OpenRegion {
    task: TaskId,
    kind: TextNumber,
    /// Row of the region around it.
    outer: u32,
}

impl Regions {
    pub(super) fn push(&mut self, slot: u32, task: TaskId, kind: TextNumber) {
        let at = slot as usize;
        if at >= self.innermost.len() {
            self.innermost.resize(at + 1, NO_ROW);
        }
        let Some(innermost) = self.innermost.get_mut(at) else {
            return;
        };
        let region = OpenRegion { task, kind, outer: *innermost };
        let unused = self.unused.and_then(|row| Some((row, self.pool.get_mut(row as usize)?)));
        if let Some((row, place)) = unused {
            self.unused = Some(place.outer).filter(|&next| next != NO_ROW);
            *place = region;
            *innermost = row;
        } else {
            *innermost = u32::try_from(self.pool.len()).unwrap_or(NO_ROW);
            self.pool.push(region);
        }
    }

    /// Takes a goroutine's innermost region off.
    pub(super) fn pop(&mut self, slot: u32) -> Option<(TaskId, TextNumber)> {
        let innermost = self.innermost.get_mut(slot as usize)?;
        let row = *innermost;
        let region = self.pool.get_mut(row as usize)?;
        *innermost = region.outer;
        region.outer = self.unused.replace(row).unwrap_or(NO_ROW);
        Some((region.task, region.kind))
    }

    /// A goroutine's regions end with it.
    pub(super) fn forget(&mut self, slot: u32) {
        while self.pop(slot).is_some() {}
    }

    /// Every goroutine slot with open regions, and those, innermost last.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, Vec<(TaskId, TextNumber)>)> + '_ {
        (0..).zip(&self.innermost).filter(|&(_, &row)| row != NO_ROW).map(|(slot, &row)| {
            let region = |row: u32| self.pool.get(row as usize);
            let outwards = std::iter::successors(region(row), |inner| region(inner.outer));
            let mut open: Vec<_> = outwards.map(|region| (region.task, region.kind)).collect();
            open.reverse();
            (slot, open)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_nest_per_goroutine_and_places_are_used_again() {
        let mut texts = Texts::default();
        let (a, b) = (texts.number(b"a"), texts.number(b"b"));
        assert_eq!(texts.number(b"a"), a);
        assert_eq!(&*texts.text(b), b"b");
        let mut regions = Regions::default();
        for round in 0..3 {
            regions.push(0, TaskId(round), a);
            regions.push(5, TaskId(round), b);
            regions.push(0, TaskId(round), b);
            let open: Vec<_> = regions.iter().map(|(slot, open)| (slot, open.len())).collect();
            assert_eq!(open, [(0, 2), (5, 1)]);
            assert_eq!(regions.pop(0), Some((TaskId(round), b)));
            assert_eq!(regions.pop(0), Some((TaskId(round), a)));
            assert_eq!(regions.pop(0), None);
            assert_eq!(regions.pop(9), None);
            regions.forget(5);
            assert_eq!(regions.iter().count(), 0);
        }
        assert_eq!(regions.pool.len(), 3);
    }
}
