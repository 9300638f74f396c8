//! Names of functions as people write them.

/// A function's name without the linker's escapes; none if it has none. Go writes dots of a package
/// path's last element, and what is no plain letter, as `%xx` (Go 1.26, `PathToPrefix` in
/// cmd/internal/objabi/path.go): `github.com/nats-io/nats%2ego.(*Conn).close`.
pub(super) fn unescaped(name: &str) -> Option<String> {
    let (before, _) = name.split_once('%')?;
    let mut bytes = before.as_bytes().to_vec();
    let mut rest = &name.as_bytes()[before.len()..];
    while let Some((&first, after)) = rest.split_first() {
        let escape = after.get(..2).filter(|_| first == b'%').and_then(byte);
        bytes.push(escape.unwrap_or(first));
        rest = if escape.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(bytes).ok().filter(|text| text != name)
}

/// The byte that two digits of sixteen stand for.
fn byte(digits: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(digits).ok()?;
    digits
        .bytes()
        .all(|digit| digit.is_ascii_hexdigit())
        .then(|| u8::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_what_they_stand_for() {
        let cases = [
            (
                "github.com/nats-io/nats%2ego.(*Conn).close",
                "github.com/nats-io/nats.go.(*Conn).close",
            ),
            ("gopkg.in/yaml%2ev3.Unmarshal", "gopkg.in/yaml.v3.Unmarshal"),
            ("example.com/caf%c3%a9.Open", "example.com/caf\u{e9}.Open"),
            ("a%25b.f%2", "a%b.f%2"),
        ];
        for (name, written) in cases {
            assert_eq!(unescaped(name).as_deref(), Some(written), "{name}");
        }
        for name in ["main.main", "", "main.f%", "main.f%zz", "main.f%+1", "main.f%ff"] {
            assert_eq!(unescaped(name), None, "{name}");
        }
    }
}
