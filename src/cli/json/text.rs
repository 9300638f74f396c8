//! The text of a report on its way out.

use std::io::{self, Write};

use crate::base::{MOST_DIGITS, put_digits};

/// A text that grows at its end. What was made once and is used again is room that need not be
/// asked for: so a piece costs hardly more than its bytes.
#[derive(Debug, Default)]
pub(super) struct Text {
    /// The text, and after it room for more.
    bytes: Vec<u8>,
    len: usize,
}

impl Text {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// Leaves nothing but the room.
    pub(super) fn clear(&mut self) {
        self.len = 0;
    }

    #[inline]
    pub(super) fn push(&mut self, piece: &str) {
        self.push_bytes(piece.as_bytes());
    }

    #[inline]
    pub(super) fn push_bytes(&mut self, piece: &[u8]) {
        let range = self.len..self.len + piece.len();
        if self.bytes.len() < range.end {
            self.grow(range.end);
        }
        self.bytes[range].copy_from_slice(piece);
        self.len += piece.len();
    }

    /// Adds a number, and before it what a row has there.
    #[inline]
    pub(super) fn push_int(&mut self, before: &str, value: i64) {
        let before = before.as_bytes();
        let end = self.len + before.len() + MOST_DIGITS + 1;
        if self.bytes.len() < end {
            self.grow(end);
        }
        let (head, tail) = self.bytes[self.len..end].split_at_mut(before.len());
        head.copy_from_slice(before);
        self.len += before.len();
        if value < 0 {
            tail[0] = b'-';
            self.len += 1;
        }
        let place = tail[usize::from(value < 0)..].first_chunk_mut();
        self.len += place.map_or(0, |place| put_digits(place, value.unsigned_abs()));
    }

    pub(super) fn push_int_or_null(&mut self, before: &str, value: Option<i64>) {
        match value {
            Some(value) => self.push_int(before, value),
            None => {
                self.push(before);
                self.push("null");
            }
        }
    }

    #[cold]
    fn grow(&mut self, len: usize) {
        self.bytes.resize(len.next_power_of_two(), 0);
    }
}

impl Write for Text {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.push_bytes(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_what_was_pushed() {
        let mut text = Text::default();
        for _ in 0..2 {
            let mut wanted = String::new();
            text.clear();
            for value in [0, -1, 7, i64::MIN, i64::MAX, 1_234_567_890] {
                text.push_int("is ", value);
                text.push_int_or_null(" or ", None);
                wanted += &format!("is {value} or null");
            }
            assert_eq!(text.as_bytes(), wanted.as_bytes());
            assert_eq!(text.len(), wanted.len());
        }
    }
}
