//! Texts of a trace, each kept once, so that tallies can be by number.

use std::io::{self, Write};

use crate::base::{WireMap, narrow};

use crate::parse::text::quoted;

/// All texts met so far. Bytes, since a trace's texts need not be UTF-8.
#[derive(Default, Debug)]
pub(super) struct Names {
    rows: WireMap<Box<[u8]>, u32>,
    texts: Vec<Box<[u8]>>,
}

impl Names {
    /// The number of a text.
    pub(super) fn row(&mut self, text: &[u8]) -> u32 {
        if let Some(&row) = self.rows.get(text) {
            return row;
        }
        let row = narrow(self.texts.len());
        self.texts.push(text.into());
        self.rows.insert(text.into(), row);
        row
    }

    /// The text of a number.
    pub(super) fn text(&self, row: u32) -> &[u8] {
        self.texts.get(row as usize).map_or(b"", |text| text)
    }

    /// Writes a tally by text, sorted by the texts' bytes: `key "text" …` on each line.
    pub(super) fn write_sorted<T>(
        &self,
        out: &mut dyn Write,
        key: &str,
        tally: &WireMap<u32, T>,
        write: impl Fn(&mut dyn Write, &T) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut rows: Vec<(&u32, &T)> = tally.iter().collect();
        rows.sort_by_key(|(row, _)| self.text(**row));
        for (&row, value) in rows {
            write!(out, "{key}\t{}\t", quoted(self.text(row)))?;
            write(out, value)?;
            writeln!(out)?;
        }
        Ok(())
    }
}
