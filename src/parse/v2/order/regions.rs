//! Open regions, and the texts by which regions and tasks are compared.

use std::sync::Arc;

use crate::base::{Nests, TaskId, WireMap};
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
    all: Vec<Text>,
    numbers: WireMap<Text, TextNumber>,
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
        let number = TextNumber(u32::try_from(self.all.len()).unwrap_or(NO_ROW));
        let text = Text::from(text);
        self.all.push(Arc::clone(&text));
        self.numbers.insert(text, number);
        number
    }

    pub(super) fn text(&self, number: TextNumber) -> Text {
        self.all.get(number.0 as usize).cloned().unwrap_or_default()
    }
}

/// The open regions of all goroutines, by goroutine slot.
pub(super) type Regions = Nests<(TaskId, TextNumber)>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_have_equal_numbers() {
        let mut texts = Texts::default();
        let (a, b) = (texts.number(b"a"), texts.number(b"b"));
        assert_ne!(a, b);
        assert_eq!(texts.number(b"a"), a);
        assert_eq!(&*texts.text(b), b"b");
    }
}
