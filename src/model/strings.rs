//! Interned strings, each once.

use crate::base::{StrId, WireMap, narrow};

/// How long a text can be, in bytes: Go writes no longer ones (Go 1.26, `maxLen` in
/// runtime/tracestack.go, `MaxEventTrailerDataSize` in internal/trace/tracev2/events.go), but a
/// file of the old format can hold a megabyte, which nobody can lay out on a screen.
const LONGEST: usize = 1 << 10;

/// All strings of a trace, each once.
#[derive(Debug)]
pub struct Strings {
    texts: Vec<Box<str>>,
    rows: WireMap<Box<str>, StrId>,
}

impl Default for Strings {
    fn default() -> Self {
        let mut strings = Self { texts: Vec::new(), rows: WireMap::default() };
        strings.intern("");
        strings
    }
}

impl Strings {
    /// The row of a text, added if it is new.
    pub(crate) fn intern(&mut self, text: &str) -> StrId {
        if let Some(&row) = self.rows.get(text) {
            return row;
        }
        let row = StrId(narrow(self.texts.len()));
        self.texts.push(text.into());
        self.rows.insert(text.into(), row);
        row
    }

    /// The row of a text as the wire has it: bytes that are not UTF-8 become U+FFFD, and what is
    /// longer than [`LONGEST`] is cut there and ends in "…".
    pub(crate) fn intern_bytes(&mut self, text: &[u8]) -> StrId {
        match text.get(..LONGEST) {
            Some(head) if head.len() < text.len() => {
                // A character that is cut in two goes as well.
                let whole = String::from_utf8_lossy(head);
                self.intern(&format!("{}…", whole.trim_end_matches(char::REPLACEMENT_CHARACTER)))
            }
            _ => self.intern(&String::from_utf8_lossy(text)),
        }
    }

    /// The text of a row, "" for a row that is not there.
    #[must_use]
    pub fn get(&self, row: StrId) -> &str {
        self.texts.get(row.index()).map_or("", |text| text)
    }

    /// The row of a text, if the trace has it.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<StrId> {
        self.rows.get(text).copied()
    }

    /// All rows and their texts.
    pub fn iter(&self) -> impl Iterator<Item = (StrId, &str)> {
        (0..).map(StrId).zip(self.texts.iter().map(|text| &**text))
    }

    /// How many there are, "" included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Never: row 0 is always there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_longer_than_go_writes_them_are_cut() {
        let mut strings = Strings::default();
        let longest = "x".repeat(LONGEST);
        let row = strings.intern_bytes(longest.as_bytes());
        assert_eq!(strings.get(row), longest);
        let row = strings.intern_bytes("x".repeat(1_000_000).as_bytes());
        assert_eq!(strings.get(row), format!("{longest}…"));
        // Characters of two bytes, the last one of which would be cut.
        let row = strings.intern_bytes(format!("x{}", "ä".repeat(LONGEST)).as_bytes());
        assert_eq!(strings.get(row), format!("x{}…", "ä".repeat(LONGEST / 2 - 1)));
    }
}
