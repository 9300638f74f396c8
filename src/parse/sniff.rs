//! What a file that is not a trace seems to be, so that the error can say more than "no".

/// How much of the file is looked at, in bytes.
pub const SNIFF_BYTES: usize = 4096;

/// Beginnings of binary files: at which byte, what, and what that means.
const MAGIC: [(usize, &[u8], &str); 19] = [
    (0, b"\x89PNG\r\n", "a PNG image"),
    (0, b"\xff\xd8\xff", "a JPEG image"),
    (0, b"GIF8", "a GIF image"),
    (0, b"%PDF-", "a PDF document"),
    (0, b"\x7fELF", "a program (ELF)"),
    (0, b"\xcf\xfa\xed\xfe", "a program (Mach-O)"),
    (0, b"\xca\xfe\xba\xbe", "a program (Mach-O)"),
    (0, b"MZ", "a program (Windows)"),
    (0, b"PK\x03\x04", "a zip archive"),
    (0, b"\x1f\x8b", "gzip data inside of other data"),
    (0, b"\x28\xb5\x2f\xfd", "zstd data inside of other data"),
    (0, b"\xfd7zXZ\0", "an xz file; decompress it first"),
    (0, b"BZh", "a bzip2 file; decompress it first"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (257, b"ustar", "a tar archive"),
    (0, b"PERFILE2", "a recording of Linux perf"),
    (0, b"SQLite format 3\0", "an SQLite database"),
    (0, b"\0asm", "a WebAssembly program"),
    (0, b"Trace Go1.", "a Go trace in text form, as Go's own tests use it"),
];

/// Beginnings of text files, in lower case, leading white space excluded.
const TEXTS: [(&str, &str); 19] = [
    ("mode: set\n", "a Go coverage profile"),
    ("mode: count\n", "a Go coverage profile"),
    ("mode: atomic\n", "a Go coverage profile"),
    ("goroutine profile: total ", "a goroutine profile in text form"),
    ("heap profile: ", "a pprof profile in text form"),
    ("threadcreate profile: ", "a pprof profile in text form"),
    ("--- mutex:", "a pprof profile in text form"),
    ("--- contention:", "a pprof profile in text form"),
    ("<!doctype html", "an HTML page"),
    ("<html", "an HTML page"),
    ("<svg", "an SVG image"),
    ("<?xml", "an XML file"),
    ("404 page not found", "a server's error message"),
    ("could not enable ", "a server's error message"),
    ("=== run ", "output of go test"),
    ("goos: ", "output of go test"),
    ("panic: ", "the output of a Go program that panicked"),
    ("fatal error: ", "the output of a Go program that crashed"),
    ("go ", "a trace with a damaged header"),
];

/// Whether a file begins as a trace of some version does: `go 1.`
#[must_use]
pub fn begins_like_a_trace(bytes: &[u8]) -> bool {
    bytes.starts_with(b"go 1.")
}

/// What a file that is not a trace seems to be, with its article; none if it is like nothing
/// known. Looks at the first [`SNIFF_BYTES`] only.
#[must_use]
pub fn looks_like(bytes: &[u8]) -> Option<&'static str> {
    let bytes = bytes.get(..SNIFF_BYTES).unwrap_or(bytes);
    let magic = MAGIC.iter().find(|(at, magic, _)| {
        bytes.get(*at..).is_some_and(|from_there| from_there.starts_with(magic))
    });
    if let Some((_, _, what)) = magic {
        return Some(what);
    }
    if is_pprof(bytes) {
        return Some("a pprof profile");
    }
    text_of(bytes).map(looks_like_text)
}

/// A profile is a protobuf message whose first field is a value type: two numbers of strings.
fn is_pprof(bytes: &[u8]) -> bool {
    matches!(bytes, [0x0a, 4, 0x08, _, 0x10, _, ..] | [0x0a, 2, 0x08 | 0x10, ..])
}

/// The bytes as text, if they are text, possibly cut inside the last character.
fn text_of(bytes: &[u8]) -> Option<&str> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(err) if err.error_len().is_none() => {
            std::str::from_utf8(bytes.get(..err.valid_up_to())?).ok()?
        }
        Err(_) => return None,
    };
    let is_text = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t' | '\x1b');
    (!text.is_empty() && text.chars().all(is_text)).then_some(text)
}

fn looks_like_text(text: &str) -> &'static str {
    let text = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    let lower = text.to_ascii_lowercase();
    if has_goroutine(text) {
        return "a goroutine dump";
    }
    if let Some((_, what)) = TEXTS.iter().find(|(begin, _)| lower.starts_with(begin)) {
        return what;
    }
    if text.starts_with(['{', '[']) {
        return looks_like_json(text);
    }
    "plain text"
}

/// Whether a line is like `goroutine 7 [select]:`.
fn has_goroutine(text: &str) -> bool {
    text.lines().any(|line| {
        let rest = line.strip_prefix("goroutine ").unwrap_or_default();
        let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        rest.starts_with(" [") && line.ends_with("]:")
    })
}

fn looks_like_json(text: &str) -> &'static str {
    let first_line = text.lines().next().unwrap_or_default();
    if first_line.contains("\"Action\":") && first_line.starts_with('{') {
        "output of go test -json"
    } else if text.contains("\"traceEvents\"") {
        "a Chrome trace"
    } else {
        "JSON"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_mistakes_are_recognized() {
        let cases: [(&[u8], &str); 16] = [
            (b"\x89PNG\r\n\x1a\n\0", "a PNG image"),
            (b"\x7fELF\x02\x01\x01", "a program (ELF)"),
            (b"PK\x03\x04\x14", "a zip archive"),
            (&[0x0a, 4, 8, 1, 0x10, 2, 0x0a, 4], "a pprof profile"),
            (b"mode: atomic\nx.go:1.2,3.4 1 1\n", "a Go coverage profile"),
            (b"goroutine 1 [running]:\nmain.main()\n", "a goroutine dump"),
            (b"SIGQUIT: quit\nPC=0x1\n\ngoroutine 0 [idle]:\n", "a goroutine dump"),
            (b"goroutine profile: total 5\n", "a goroutine profile in text form"),
            (b"\n<!DOCTYPE html>\n<html>", "an HTML page"),
            (b"404 page not found\n", "a server's error message"),
            (b"{\"Time\":\"x\",\"Action\":\"run\"}\n", "output of go test -json"),
            (b"{\"traceEvents\":[", "a Chrome trace"),
            (b"[1, 2]", "JSON"),
            (b"go 2.00 trace", "a trace with a damaged header"),
            ("Grüße".as_bytes(), "plain text"),
            (b"caf\xc3", "plain text"),
        ];
        for (bytes, what) in cases {
            assert_eq!(looks_like(bytes), Some(what), "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn what_is_like_nothing_is_called_nothing() {
        assert_eq!(looks_like(b""), None);
        assert_eq!(looks_like(b"\x01\x02\x03\xff"), None);
        assert_eq!(looks_like(b"text\0text"), None);
    }

    #[test]
    fn a_tar_archive_says_so_late() {
        let mut tar = vec![b'x'; 512];
        tar[257..262].copy_from_slice(b"ustar");
        assert_eq!(looks_like(&tar), Some("a tar archive"));
    }
}
