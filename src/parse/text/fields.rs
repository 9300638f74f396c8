//! Numbers, escapes and the hash of the canonical dump, without the cost of `format!`.

const HEX: [u8; 16] = *b"0123456789abcdef";

/// Adds a number in decimal.
pub(super) fn push_u64(out: &mut Vec<u8>, mut number: u64) {
    // 20 digits are enough for 2^64.
    let mut digits = [0u8; 20];
    let mut n_digits = 0;
    for digit in digits.iter_mut().rev() {
        // The remainder is below 10 and so fits.
        *digit = b'0' + (number % 10).to_le_bytes()[0];
        number /= 10;
        n_digits += 1;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(digits.len() - n_digits..).unwrap_or_default());
}

/// Adds a signed number in decimal.
pub(super) fn push_i64(out: &mut Vec<u8>, number: i64) {
    if number < 0 {
        out.push(b'-');
    }
    push_u64(out, number.unsigned_abs());
}

/// Text between quotes, with the dump's escapes; a quote inside is `\x22`.
#[must_use]
pub fn quoted(text: &[u8]) -> String {
    let mut out = Vec::with_capacity(text.len() + 2);
    push_quoted(&mut out, text);
    // What the escapes leave is UTF-8.
    String::from_utf8(out).unwrap_or_default()
}

/// Adds text between quotes; a quote inside is `\x22`.
pub(super) fn push_quoted(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    push_escaped(out, text, Some(b'"'));
    out.push(b'"');
}

/// Adds text with the dump's escapes: `\\`, `\t`, `\n`, `\r`, and `\xHH` for other control bytes,
/// for `also`, and for each byte that is not part of well-formed UTF-8.
pub(super) fn push_escaped(out: &mut Vec<u8>, text: &[u8], also: Option<u8>) {
    let is_plain = |&byte: &u8| matches!(byte, b' '..=b'~') && byte != b'\\' && Some(byte) != also;
    if text.iter().all(is_plain) {
        out.extend_from_slice(text);
        return;
    }
    for chunk in text.utf8_chunks() {
        for &byte in chunk.valid().as_bytes() {
            match byte {
                b'\\' => out.extend_from_slice(b"\\\\"),
                b'\t' => out.extend_from_slice(b"\\t"),
                b'\n' => out.extend_from_slice(b"\\n"),
                b'\r' => out.extend_from_slice(b"\\r"),
                0..b' ' | 0x7f => push_hex(out, byte),
                _ if Some(byte) == also => push_hex(out, byte),
                _ => out.push(byte),
            }
        }
        for &byte in chunk.invalid() {
            push_hex(out, byte);
        }
    }
}

fn push_hex(out: &mut Vec<u8>, byte: u8) {
    out.extend_from_slice(b"\\x");
    for half in [byte >> 4, byte & 15] {
        out.push(HEX.get(usize::from(half)).copied().unwrap_or(b'?'));
    }
}

/// FNV-1a with 64 bits, as the corpus uses it for whatever is too long to print.
#[derive(Clone, Copy, Debug)]
pub struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    /// Hashes more bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    /// The hash so far.
    #[must_use]
    pub fn value(self) -> u64 {
        self.0
    }
}

impl std::io::Write for Fnv {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.add(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(push: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        push(&mut out);
        String::from_utf8(out).unwrap_or_default()
    }

    #[test]
    fn numbers_come_in_full() {
        for number in [0, 9, 10, 1234, u64::MAX] {
            assert_eq!(text(|out| push_u64(out, number)), number.to_string());
        }
        for number in [0, -1, i64::MAX, i64::MIN] {
            assert_eq!(text(|out| push_i64(out, number)), number.to_string());
        }
    }

    #[test]
    fn escapes_are_the_documented_ones() {
        assert_eq!(text(|out| push_quoted(out, b"a \"b\" ;")), r#""a \x22b\x22 ;""#);
        assert_eq!(text(|out| push_escaped(out, b"a;b\\", Some(b';'))), r"a\x3bb\\");
        assert_eq!(text(|out| push_escaped(out, b"\t\n\r\0\x7f", None)), r"\t\n\r\x00\x7f");
        assert_eq!(text(|out| push_escaped(out, "µ\u{fffd}".as_bytes(), None)), "µ\u{fffd}");
        // A character cut short, then a good one.
        assert_eq!(
            text(|out| push_escaped(out, b"\xe2\x82A\xff\xc3\xa9", None)),
            r"\xe2\x82A\xffé"
        );
    }

    #[test]
    fn the_hash_is_fnv_1a() {
        let mut hash = Fnv::default();
        hash.add(b"foobar");
        assert_eq!(hash.value(), 0x8594_4171_f739_67e8);
    }
}
