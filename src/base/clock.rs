//! Numbers and durations as people read them. This is the only place that words a duration: which
//! words depends on what the trace's clock counts.

use super::digits::put_digits;
use super::time::{ParseDurationError, parse_duration};

/// What a trace's clock counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Clock {
    /// Nanoseconds.
    #[default]
    Nanoseconds,
    /// Ticks of unknown length: the trace was cut before it told the clock's frequency.
    Ticks,
}

impl Clock {
    /// A duration as text with three significant digits: `80.2 ms`, `1.5 s`, `640 ns`; in ticks
    /// `1,234 ticks`, `80.2 M ticks`.
    #[must_use]
    pub fn text(self, duration: i64) -> String {
        self.short(duration).as_str().to_owned()
    }

    /// As [`Clock::text`], in no memory of its own: a report can have a million durations.
    #[must_use]
    pub fn short(self, duration: i64) -> ShortText {
        let mut text = ShortText::default();
        if duration < 0 {
            text.push("-");
        }
        let magnitude = duration.unsigned_abs();
        match (self, magnitude) {
            (Self::Nanoseconds, 0..1_000) => {
                text.push_digits(magnitude);
                text.push(" ns");
            }
            (Self::Nanoseconds, 1_000..999_500) => {
                push_three_digits::<1_000>(&mut text, magnitude, " µs");
            }
            (Self::Nanoseconds, 999_500..999_500_000) => {
                push_three_digits::<1_000_000>(&mut text, magnitude, " ms");
            }
            (Self::Nanoseconds, _) => {
                push_three_digits::<1_000_000_000>(&mut text, magnitude, " s");
            }
            (Self::Ticks, 0..1_000_000) => {
                text.push(&grouped(magnitude));
                text.push(if magnitude == 1 { " tick" } else { " ticks" });
            }
            (Self::Ticks, 1_000_000..999_500_000) => {
                push_three_digits::<1_000_000>(&mut text, magnitude, " M ticks");
            }
            (Self::Ticks, _) => {
                push_three_digits::<1_000_000_000>(&mut text, magnitude, " G ticks");
            }
        }
        text
    }

    /// A moment since the trace's start: as [`Clock::text`], with as many digits more as it takes
    /// to tell it from a moment `apart` away: `13.2974 s` where the trace is long and `apart`
    /// 0.1 ms.
    #[must_use]
    pub fn moment(self, at: i64, apart: i64) -> String {
        let magnitude = at.unsigned_abs();
        let unit_of = |ns: u64| UNITS.iter().rposition(|(one, _)| ns >= *one);
        let Some(unit) = unit_of(magnitude).filter(|_| self == Self::Nanoseconds) else {
            return self.text(at);
        };
        let (mut decimals, mut digit) = (0, UNITS[unit].0);
        while digit > apart.unsigned_abs().max(1) {
            digit /= 10;
            decimals += 1;
        }
        // What three digits say already needs no more.
        let whole = (magnitude / UNITS[unit].0).max(1).ilog10() as usize + 1;
        if whole + decimals <= 3 {
            return self.text(at);
        }
        let rounded = magnitude.saturating_add(digit / 2) / digit * digit;
        // 999.9999 ms may have become 1 s.
        let larger = unit_of(rounded).unwrap_or(unit);
        decimals += 3 * (larger - unit);
        let (one, name) = UNITS[larger];
        let width = one.ilog10() as usize;
        let mut text = format!("{}.{:0width$}", rounded / one, rounded % one);
        let point = text.len() - width - 1;
        text.truncate(if decimals == 0 { point } else { point + 1 + decimals });
        let sign = if at < 0 { "-" } else { "" };
        format!("{sign}{text}{name}")
    }

    /// Reads a duration such as `10ms`, as [`parse_duration`] does; of ticks `20,000`,
    /// `20000 ticks` or `1.5 M ticks`, too.
    ///
    /// # Errors
    /// If the text is anything else, negative, or out of range.
    pub fn parse(self, text: &str) -> Result<i64, ParseDurationError> {
        if self == Self::Nanoseconds {
            return parse_duration(text);
        }
        let number = text.trim().trim_end_matches("ticks").trim_end_matches("tick").trim();
        let number = number.replace(',', "");
        let units = [('k', "us"), ('M', "ms"), ('G', "s")];
        let unit =
            units.iter().find_map(|(letter, unit)| Some((number.strip_suffix(*letter)?, unit)));
        // A tick is to a million of them as 1 ns to 1 ms.
        let in_time = match unit {
            Some((number, unit)) => format!("{}{unit}", number.trim()),
            None if number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') => {
                format!("{number}ns")
            }
            None => number,
        };
        parse_duration(&in_time).map_err(|_| ParseDurationError { text: text.to_owned() })
    }

    /// A change: `+80 ms`, `−79 ms`, `±0`.
    #[must_use]
    pub fn signed_text(self, change: i64) -> String {
        match change {
            0 => "±0".to_owned(),
            1.. => format!("+{}", self.text(change)),
            _ => format!("−{}", self.text(change.saturating_neg())),
        }
    }

    /// The two ends of where a change lies, with as many digits as it takes to tell them apart:
    /// `−356.1 ms` and `−355.9 ms`.
    #[must_use]
    pub fn signed_ends(self, [low, high]: [i64; 2]) -> [String; 2] {
        let ends = [low, high].map(|end| self.signed_text(end));
        if ends[0] != ends[1] || low == high {
            return ends;
        }
        let sign = if low < 0 { "−" } else { "+" };
        let apart = high.abs_diff(low).try_into().unwrap_or(i64::MAX);
        [low, high].map(|end| format!("{sign}{}", self.moment(end.saturating_abs(), apart)))
    }
}

/// A duration as text.
#[derive(Clone, Copy, Debug, Default)]
pub struct ShortText {
    bytes: [u8; Self::ROOM],
    len: usize,
}

impl ShortText {
    /// The longest are `-9223372037 s` and `-999,999 ticks`; digits want room for more.
    const ROOM: usize = 32;

    /// Its bytes, which are UTF-8.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    #[inline]
    fn push(&mut self, text: &str) {
        if let Some(place) = self.bytes.get_mut(self.len..self.len + text.len()) {
            place.copy_from_slice(text.as_bytes());
            self.len += text.len();
        }
    }

    fn push_digit(&mut self, digit: u64) {
        if let (Some(place), Ok(digit)) = (self.bytes.get_mut(self.len), u8::try_from(digit)) {
            *place = b'0' + digit;
            self.len += 1;
        }
    }

    #[inline]
    fn push_digits(&mut self, number: u64) {
        if let Some(place) = self.bytes[self.len..].first_chunk_mut() {
            self.len += put_digits(place, number);
        }
    }
}

/// Adds a number in units of `ONE` and the unit, with three significant digits: `80.2`, `1.5`, `59`.
#[inline]
fn push_three_digits<const ONE: u64>(text: &mut ShortText, number: u64, unit: &str) {
    let rounded = |scale| number.saturating_mul(scale).saturating_add(ONE / 2) / ONE;
    // What rounds up to 100 or 10 needs a digit less.
    let (whole, hundredths) = match (number / 5).saturating_mul(1_000) / ONE {
        19_990.. => (rounded(1), 0),
        1_999.. => (rounded(10) / 10, rounded(10) % 10 * 10),
        _ => (rounded(100) / 100, rounded(100) % 100),
    };
    text.push_digits(whole);
    if hundredths > 0 {
        text.push(".");
        text.push_digit(hundredths / 10);
        if hundredths % 10 > 0 {
            text.push_digit(hundredths % 10);
        }
    }
    text.push(unit);
}

/// A number with its digits in groups of three: `1,234,567`.
#[must_use]
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 goroutine`, `20,000 goroutines`.
#[must_use]
pub fn count_text(n: impl Into<u64>, thing: &str) -> String {
    let n = n.into();
    let plural = if n == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", grouped(n))
}

/// The units of durations in nanoseconds that are a thousand or more.
const UNITS: [(u64, &str); 3] = [(1_000, " µs"), (1_000_000, " ms"), (1_000_000_000, " s")];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_write_them() {
        let shown = |ns| Clock::Nanoseconds.text(ns);
        assert_eq!(shown(0), "0 ns");
        assert_eq!(shown(640), "640 ns");
        assert_eq!(shown(80_154_176), "80.2 ms");
        assert_eq!(shown(80_000_000), "80 ms");
        assert_eq!(shown(1_500_000_000), "1.5 s");
        assert_eq!(shown(999_600), "1 ms");
        assert_eq!(shown(-2_500), "-2.5 µs");
        assert_eq!(shown(-640), "-640 ns");
        assert_eq!(shown(100_400_000), "100 ms");
        assert_eq!(shown(59_630_000_000), "59.6 s");
        assert_eq!(shown(1_050), "1.05 µs");
        assert_eq!(shown(9_995), "10 µs");
        assert_eq!(shown(9_994), "9.99 µs");
        assert_eq!(shown(12_345_000), "12.3 ms");
        assert_eq!(shown(99_949_999), "99.9 ms");
        assert_eq!(shown(99_950_000), "100 ms");
        assert_eq!(shown(i64::MAX), "9223372037 s");
    }

    #[test]
    fn moments_are_told_apart() {
        let shown = |at, apart| Clock::Nanoseconds.moment(at, apart);
        assert_eq!(shown(13_297_411_000, 100_000), "13.2974 s");
        assert_eq!(shown(13_297_411_000, 1_000), "13.297411 s");
        assert_eq!(shown(13_300_000_000, 1_000), "13.300000 s");
        assert_eq!(shown(13_297_411_000, 1_000_000_000), "13.3 s");
        assert_eq!(shown(100_153_400, 1_000), "100.153 ms");
        assert_eq!(shown(100_000_000, 1_000), "100.000 ms");
        assert_eq!(shown(-2_512_345, 1_000), "-2.512 ms");
        assert_eq!(shown(640, 1), "640 ns");
        assert_eq!(shown(0, 0), "0 ns");
        assert_eq!(shown(999_999_999, 1_000), "1.000000 s");
        assert_eq!(shown(999_999_999, 100_000), "1.0000 s");
        assert_eq!(shown(-999_999, 100), "-1.0000 ms");
        assert_eq!(shown(999_940_000, 100_000), "999.9 ms");
        assert_eq!(shown(i64::MAX, i64::MAX), "9223372037 s");
        assert_eq!(shown(i64::MAX, 0), "9223372036.854775807 s");
        assert_eq!(Clock::Ticks.moment(80_154_176, 1), "80.2 M ticks");
    }

    #[test]
    fn a_clock_that_counts_ticks_says_so() {
        let shown = |ticks| Clock::Ticks.text(ticks);
        assert_eq!(shown(0), "0 ticks");
        assert_eq!(shown(1), "1 tick");
        assert_eq!(shown(1_234), "1,234 ticks");
        assert_eq!(shown(-20_500), "-20,500 ticks");
        assert_eq!(shown(999_999), "999,999 ticks");
        assert_eq!(shown(1_000_000), "1 M ticks");
        assert_eq!(shown(80_154_176), "80.2 M ticks");
        assert_eq!(shown(999_600_000), "1 G ticks");
        assert_eq!(shown(2_350_000_000), "2.35 G ticks");
    }

    #[test]
    fn what_is_shown_of_ticks_can_be_typed() {
        for (text, ticks) in [
            ("1,234 ticks", 1_234),
            ("1 tick", 1),
            ("20000", 20_000),
            ("80.2 M ticks", 80_200_000),
            ("2.35 G", 2_350_000_000),
            ("20k", 20_000),
            ("10ms", 10_000_000),
        ] {
            assert_eq!(Clock::Ticks.parse(text), Ok(ticks), "{text}");
        }
        for bad in ["", "ticks", "-1 ticks", "a few ticks"] {
            assert!(Clock::Ticks.parse(bad).is_err(), "{bad}");
        }
        assert_eq!(Clock::Nanoseconds.parse("10ms"), Ok(10_000_000));
        assert!(Clock::Nanoseconds.parse("10").is_err());
    }

    #[test]
    fn changes_have_a_sign() {
        assert_eq!(Clock::Nanoseconds.signed_text(80_000_000), "+80 ms");
        assert_eq!(Clock::Nanoseconds.signed_text(-79_000_000), "−79 ms");
        assert_eq!(Clock::Ticks.signed_text(0), "±0");
    }

    #[test]
    fn the_ends_of_where_a_change_lies_are_told_apart() {
        let ends = |low, high| Clock::Nanoseconds.signed_ends([low, high]);
        assert_eq!(ends(-356_120_000, -355_940_000), ["−356.1 ms", "−355.9 ms"]);
        assert_eq!(ends(1_234_000_010, 1_234_000_019), ["+1.234000010 s", "+1.234000019 s"]);
        assert_eq!(ends(-2_000_000, 3_000_000), ["−2 ms", "+3 ms"]);
        assert_eq!(ends(80_000_000, 80_000_000), ["+80 ms", "+80 ms"]);
        assert_eq!(ends(999_960_000, 999_990_000), ["+999.96 ms", "+999.99 ms"]);
    }

    #[test]
    fn things_are_counted() {
        assert_eq!(count_text(1u32, "goroutine"), "1 goroutine");
        assert_eq!(count_text(0u32, "goroutine"), "0 goroutines");
        assert_eq!(count_text(39_999u32, "goroutine"), "39,999 goroutines");
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_000), "1,000");
        assert_eq!(grouped(36_195_642), "36,195,642");
    }
}
