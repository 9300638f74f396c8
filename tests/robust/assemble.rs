//! Traces from the text form in which the Go project writes its own test cases.
//!
//! ```text
//! Trace Go1.22
//! EventBatch gen=1 m=18446744073709551615 time=1 size=5
//! Frequency freq=15625000
//! Stack id=1 nframes=1
//!     pc=1 func=2 file=3 line=4
//! String id=1
//!     data="text"
//! ```

use std::collections::HashMap;

use overstay::parse::spec::spec;

use super::wire::push;

/// The parts of a case: what is expected of it, and the trace's text.
///
/// # Errors
/// If it is no such case.
pub(crate) fn parts(case: &str) -> Result<(&str, &str), &'static str> {
    let rest = case.split_once("-- expect --\n").ok_or("no expectation")?.1;
    rest.split_once("-- trace --\n").ok_or("no trace")
}

/// The bytes of a trace in text form.
///
/// # Errors
/// The first line that cannot be read.
pub(crate) fn assemble(text: &str) -> Result<Vec<u8>, String> {
    let types: HashMap<&str, u8> =
        (0..=u8::MAX).filter_map(|wire_type| Some((spec(wire_type)?.name, wire_type))).collect();
    let meaningful = |line: &&str| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with('#')
    };
    let mut lines = text.lines().filter(meaningful);
    let head = lines.next().unwrap_or_default().trim();
    let minor = head.strip_prefix("Trace Go1.").ok_or_else(|| format!("no header: {head}"))?;
    let mut bytes = format!("go 1.{minor} trace").into_bytes();
    bytes.resize(16, 0);
    while let Some(line) = lines.next() {
        let mut words = line.split_whitespace();
        let name = words.next().unwrap_or_default();
        let &wire_type = types.get(name).ok_or_else(|| format!("no such event: {line}"))?;
        bytes.push(wire_type);
        let numbers = numbers(words)?;
        for &number in &numbers {
            push(&mut bytes, number);
        }
        match name {
            "Stack" => {
                for _ in 0..numbers.get(1).copied().unwrap_or(0) {
                    let frame = lines.next().ok_or("a stack is cut off")?;
                    for number in self::numbers(frame.split_whitespace())? {
                        push(&mut bytes, number);
                    }
                }
            }
            "String" => {
                let data = data(lines.next().ok_or("a string is cut off")?)?;
                push(&mut bytes, data.len() as u64);
                bytes.extend_from_slice(&data);
            }
            _ => {}
        }
    }
    Ok(bytes)
}

/// The values of `name=value` words, up to a comment.
fn numbers<'t>(words: impl Iterator<Item = &'t str>) -> Result<Vec<u64>, String> {
    let words = words.take_while(|word| !word.starts_with('#'));
    let value = |word: &str| word.split_once('=').and_then(|(_, value)| value.parse().ok());
    words.map(|word| value(word).ok_or_else(|| format!("no number: {word}"))).collect()
}

/// The bytes of a line `data="…"`, with Go's escapes.
fn data(line: &str) -> Result<Vec<u8>, String> {
    let quoted = line.trim().strip_prefix("data=\"").and_then(|rest| rest.strip_suffix('"'));
    let mut rest = quoted.ok_or_else(|| format!("no data: {line}"))?;
    let mut bytes = Vec::new();
    while let Some(at) = rest.find('\\') {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        let escape = rest[at + 1..].chars().next().unwrap_or_default();
        let digits = match escape {
            'x' => 2,
            'u' => 4,
            _ => 0,
        };
        let code = rest.get(at + 2..at + 2 + digits).unwrap_or_default();
        let code = u32::from_str_radix(code, 16).ok();
        match (escape, code) {
            ('n', _) => bytes.push(b'\n'),
            ('t', _) => bytes.push(b'\t'),
            ('r', _) => bytes.push(b'\r'),
            ('x', Some(code)) => bytes.push(code.to_le_bytes()[0]),
            ('u', Some(code)) => {
                bytes.extend_from_slice(
                    char::from_u32(code).unwrap_or_default().to_string().as_bytes(),
                );
            }
            (other, _) => bytes.extend_from_slice(other.to_string().as_bytes()),
        }
        rest = &rest[at + 1 + escape.len_utf8() + digits..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    Ok(bytes)
}

#[test]
fn text_becomes_the_bytes_that_it_names() {
    let text = "Trace Go1.22\n# a comment\nEventBatch gen=1 m=2 time=300 size=4 # another\n\
                Stack id=1 nframes=1\n\tpc=7 func=1 file=2 line=3\nString id=1\n\tdata=\"a\\x41\\n\"\n";
    let mut want = b"go 1.22 trace\0\0\0".to_vec();
    want.extend([1, 1, 2, 0xac, 2, 4, 3, 1, 1, 7, 1, 2, 3, 5, 1, 3, b'a', b'A', b'\n']);
    assert_eq!(assemble(text), Ok(want));
    assert!(assemble("Trace Go1.22\nNoSuchEvent").is_err());
    assert!(assemble("EventBatch").is_err());
}
