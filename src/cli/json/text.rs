//! The text of a report on its way out.

use std::io::{self, Write};

use crate::base::{MOST_DIGITS, put_digits};

/// How much room is made at once, in bytes: what is not needed would be touched in vain.
const ROOM_BYTES: usize = 1 << 14;

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

    /// Adds a piece of a row that is always the same, and a number.
    #[inline]
    pub(super) fn push_int<const N: usize>(&mut self, before: &[u8; N], value: i64) {
        let end = self.len + N + 1 + MOST_DIGITS;
        if self.bytes.len() < end {
            self.grow(end);
        }
        if let Some((place, rest)) = self.bytes[self.len..].split_first_chunk_mut() {
            *place = *before;
            self.len += N + put_int(rest, value);
        }
    }

    pub(super) fn push_int_or_null<const N: usize>(
        &mut self,
        before: &[u8; N],
        value: Option<i64>,
    ) {
        match value {
            Some(value) => self.push_int(before, value),
            None => {
                self.push_bytes(before);
                self.push("null");
            }
        }
    }

    #[cold]
    fn grow(&mut self, len: usize) {
        self.bytes.resize(len.next_multiple_of(ROOM_BYTES), 0);
    }
}

/// Writes a number to the front of `place`, and gives its length.
fn put_int(place: &mut [u8], value: i64) -> usize {
    let sign = usize::from(value < 0);
    if sign > 0
        && let Some(place) = place.first_mut()
    {
        *place = b'-';
    }
    let digits = place.get_mut(sign..).and_then(<[u8]>::first_chunk_mut);
    sign + digits.map_or(0, |digits| put_digits(digits, value.unsigned_abs()))
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
            let values = [0, -1, 7, i64::MIN, i64::MAX, 1_234_567_890];
            let wanted: Vec<_> = values.iter().map(|value| format!("is {value} or null")).collect();
            let wanted = wanted.concat();
            text.clear();
            for value in values {
                text.push_int(b"is ", value);
                text.push_int_or_null(b" or ", None);
            }
            assert_eq!(text.as_bytes(), wanted.as_bytes());
            assert_eq!(text.len(), wanted.len());
        }
    }
}
