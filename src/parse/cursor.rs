//! Reading bytes and base-128 varints without ever leaving the slice.

/// How long a varint can be: 64 bits, 7 bits a byte.
pub(super) const MAX_VARINT_BYTES: usize = 10;

/// A position in a slice of bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    data: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    #[cfg(test)]
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self { data, at: 0 }
    }

    /// A cursor on `data` that has already read `at` bytes of it.
    pub(super) fn starting_at(data: &'a [u8], at: usize) -> Self {
        Self { data, at: at.min(data.len()) }
    }

    /// How many bytes have been read.
    #[inline]
    pub(super) fn position(&self) -> usize {
        self.at
    }

    #[inline]
    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.data.len()
    }

    /// How many bytes are left.
    pub(super) fn remaining(&self) -> usize {
        self.data.len().saturating_sub(self.at)
    }

    /// The next byte.
    #[inline]
    pub(super) fn byte(&mut self) -> Option<u8> {
        let byte = *self.data.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    /// The next `len` bytes; nothing is read if there are fewer.
    pub(super) fn bytes(&mut self, len: u64) -> Option<&'a [u8]> {
        let end = self.at.checked_add(usize::try_from(len).ok()?)?;
        let bytes = self.data.get(self.at..end)?;
        self.at = end;
        Some(bytes)
    }

    /// The next varint: 7 bits a byte, low ones first, padded up to ten bytes. None if the
    /// data ends inside it, or it is longer than ten bytes or 64 bits.
    #[inline]
    pub(super) fn varint(&mut self) -> Option<u64> {
        let rest = self.data.get(self.at..)?;
        let &first = rest.first()?;
        if first < 0x80 {
            self.at += 1;
            return Some(u64::from(first));
        }
        if let Some(word) = rest.first_chunk::<8>() {
            let word = u64::from_le_bytes(*word);
            let ends = !word & 0x8080_8080_8080_8080;
            if ends != 0 {
                // All bytes up to the first without a continuation bit, seven bits of each.
                self.at += (ends.trailing_zeros() / 8 + 1) as usize;
                return Some(squeeze(word & (ends ^ (ends - 1))));
            }
        }
        self.varint_slow()
    }

    /// At the end of the data, and for more than eight bytes.
    #[cold]
    fn varint_slow(&mut self) -> Option<u64> {
        let (value, n_bytes) = long_varint(self.data.get(self.at..)?)?;
        self.at += n_bytes;
        Some(value)
    }
}

/// The varint that the data begins with, taken byte by byte, and how long it is.
pub(super) fn long_varint(data: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0_u64;
    for (place, &byte) in data.iter().enumerate().take(MAX_VARINT_BYTES) {
        if place + 1 == MAX_VARINT_BYTES && byte > 1 {
            return None;
        }
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte < 0x80 {
            return Some((value, place + 1));
        }
    }
    None
}

/// Closes the gaps that the continuation bits leave: 8 groups of 7 bits become 56 bits.
#[inline]
pub(super) fn squeeze(word: u64) -> u64 {
    let pairs = (word & 0x007f_007f_007f_007f) | ((word & 0x7f00_7f00_7f00_7f00) >> 1);
    let quads = (pairs & 0x0000_3fff_0000_3fff) | ((pairs & 0x3fff_0000_3fff_0000) >> 2);
    (quads & 0x0000_0000_0fff_ffff) | ((quads & 0x0fff_ffff_0000_0000) >> 4)
}

/// The same for 4 groups, which become 28 bits.
#[inline]
pub(super) fn squeeze_short(word: u32) -> u32 {
    let bits = word & 0x7f7f_7f7f;
    // What moves down by one bit loses half of itself.
    let pairs = bits - ((bits & 0x7f00_7f00) >> 1);
    (pairs & 0x3fff) | ((pairs >> 2) & 0x0fff_c000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(mut value: u64, pad_to: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        loop {
            let low = (value & 0x7f) as u8;
            value >>= 7;
            if value == 0 && bytes.len() + 1 >= pad_to {
                bytes.push(low);
                return bytes;
            }
            bytes.push(low | 0x80);
        }
    }

    #[test]
    fn varints_of_every_length_read_back_in_both_paths() {
        for shift in 0..64 {
            for value in [1_u64 << shift, (1_u64 << shift) - 1, u64::MAX >> shift] {
                for pad_to in [1, 3, 8, 10] {
                    let mut bytes = encoded(value, pad_to);
                    let len = bytes.len();
                    assert_eq!(Cursor::new(&bytes).varint(), Some(value));
                    bytes.extend([0xff; 16]);
                    let mut cursor = Cursor::new(&bytes);
                    assert_eq!(cursor.varint(), Some(value));
                    assert_eq!(cursor.position(), len);
                }
            }
        }
    }

    #[test]
    fn varints_that_are_cut_or_too_long_are_refused() {
        assert_eq!(Cursor::new(&[]).varint(), None);
        assert_eq!(Cursor::new(&[0x80]).varint(), None);
        assert_eq!(Cursor::new(&[0xff; 10]).varint(), None);
        assert_eq!(Cursor::new(&[0x80; 20]).varint(), None);
        let mut too_big = [0xff; 10];
        too_big[9] = 2;
        assert_eq!(Cursor::new(&too_big).varint(), None);
    }
}
