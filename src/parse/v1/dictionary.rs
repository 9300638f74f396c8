//! Strings and stacks, which can stand anywhere in the file, as [`Tables`].

use super::cursor::{Numbers, low_half};
use super::ids::Rows;
use super::notes::Notes;
use crate::base::WireMap;
use crate::parse::event::{StackRef, StrRef};
use crate::parse::tables::{Frame, Tables};

/// The tables as they grow, and from the file's ids to their rows.
#[derive(Debug)]
pub(super) struct Dictionary<'a> {
    /// What events will refer to.
    pub(super) tables: Tables<'a>,
    strings: Rows,
    stacks: Rows,
    /// Rows of the frames by PC: a PC keeps its first description.
    frames: WireMap<u64, u32>,
    /// Rows of the log messages by text.
    messages: WireMap<&'a [u8], StrRef>,
}

impl<'a> Dictionary<'a> {
    /// A dictionary for a trace of `n_bytes`.
    pub(super) fn for_trace(n_bytes: usize) -> Self {
        Self {
            tables: Tables::empty(0),
            strings: Rows::for_trace(n_bytes),
            stacks: Rows::for_trace(n_bytes),
            frames: WireMap::default(),
            messages: WireMap::default(),
        }
    }

    /// The row of a string that an event refers to, row 0 if there is none.
    pub(super) fn string(&self, id: u64) -> StrRef {
        StrRef(self.strings.get(id).unwrap_or_default())
    }

    /// The row of a stack that an event refers to, row 0 if the id means none or the stack has no
    /// frames. None if the file does not tell of it.
    pub(super) fn stack(&self, id: u64) -> Option<StackRef> {
        self.stacks.get(id).or_else(|| (id == 0).then_some(0)).map(StackRef)
    }

    /// Adds an entry of the dictionary. The first one with an id counts.
    pub(super) fn add_string(&mut self, at: usize, id: u64, text: &'a [u8], notes: &mut Notes) {
        if id == 0 {
            return notes.add(at, "a string has the id 0, which is taken, and is ignored");
        }
        if text.is_empty() {
            return notes.add(at, "a string without text is defined");
        }
        let row = self.string_row(id);
        match self.tables.strings.get_mut(row.0 as usize) {
            Some(place) if place.is_empty() => *place = text.into(),
            _ => notes.add(at, "a string is defined again; the first text counts"),
        }
    }

    /// Adds a stack of (PC, function, file, line) each. The last one with an id counts.
    pub(super) fn add_stack(&mut self, id: u64, mut numbers: Numbers<'_>) {
        let id = low_half(id);
        if id == 0 {
            // It means no stack.
            return;
        }
        let mut rows = Vec::new();
        while let (Some(pc), Some(function), Some(file), Some(line)) =
            (numbers.next(), numbers.next(), numbers.next(), numbers.next())
        {
            let known = self.frames.get(&pc).copied();
            rows.push(known.unwrap_or_else(|| {
                let (function, file) = (self.string_row(function), self.string_row(file));
                let row = self.tables.add_frame(Frame { pc, function, file, line });
                self.frames.insert(pc, row);
                row
            }));
        }
        let id = u64::from(id);
        if !rows.is_empty() {
            let row = self.tables.add_stack(&rows);
            self.stacks.set(id, row.0);
        } else if self.stacks.get(id).is_none() {
            self.stacks.set(id, 0);
        }
    }

    /// The row of a log message, which has no id in the file.
    pub(super) fn add_message(&mut self, text: &'a [u8]) -> StrRef {
        if text.is_empty() {
            return StrRef(0);
        }
        *self.messages.entry(text).or_insert_with(|| self.tables.add_string(text))
    }

    /// The row of a string id that may be defined only later on.
    fn string_row(&mut self, id: u64) -> StrRef {
        if id == 0 {
            return StrRef(0);
        }
        let known = self.strings.get(id).map(StrRef);
        known.unwrap_or_else(|| {
            let row = self.tables.add_string(&b""[..]);
            self.strings.set(id, row.0);
            row
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::cursor::{Cursor, Item};
    use super::*;

    fn add_stack(dictionary: &mut Dictionary<'_>, wire: &[u8]) {
        match Cursor::new(wire, 0, 21).next() {
            Ok(Some((_, Item::Stack { id, frames }))) => dictionary.add_stack(id, frames),
            other => panic!("not a stack: {other:?}"),
        }
    }

    #[test]
    fn frames_name_strings_that_come_later() {
        let (mut dictionary, mut notes) = (Dictionary::for_trace(1000), Notes::default());
        // Stack 5 with one frame: PC 100, function 1, file 2, line 7.
        add_stack(&mut dictionary, &[0xc3, 6, 5, 1, 100, 1, 2, 7]);
        dictionary.add_string(0, 1, b"main.f", &mut notes);
        dictionary.add_string(0, 1, b"main.g", &mut notes);
        let tables = &dictionary.tables;
        let stack = dictionary.stack(5).expect("it was added");
        let frame = tables.stack_of(stack).next().expect("a frame");
        assert_eq!((tables.string(frame.function), frame.line), (&b"main.f"[..], 7));
        assert_eq!(tables.string(frame.file), b"");
        assert_eq!(notes.len(), 1);
    }

    #[test]
    fn the_last_stack_counts_but_a_pc_keeps_its_first_description() {
        let mut dictionary = Dictionary::for_trace(1000);
        add_stack(&mut dictionary, &[0xc3, 6, 5, 1, 100, 1, 2, 7]);
        add_stack(&mut dictionary, &[0xc3, 10, 5, 2, 100, 1, 2, 8, 101, 1, 2, 9]);
        let row = dictionary.stack(5).expect("it was added");
        let lines: Vec<_> = dictionary.tables.stack_of(row).map(|frame| frame.line).collect();
        assert_eq!(lines, [7, 9]);
        assert_eq!([0, 6].map(|id| dictionary.stack(id)), [Some(StackRef(0)), None]);
    }
}
