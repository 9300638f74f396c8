//! Time on the trace's own clock, and durations as people type them.

use std::ops::{Add, Sub};

/// A moment on the trace's clock, in nanoseconds. The zero point is the trace's own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Time(pub i64);

impl Time {
    /// Earlier than any event.
    pub const MIN: Self = Self(i64::MIN);
    /// Later than any event.
    pub const MAX: Self = Self(i64::MAX);

    /// Nanoseconds on the trace's clock.
    #[must_use]
    pub fn ns(self) -> i64 {
        self.0
    }

    /// Nanoseconds from `earlier` to `self`; saturates instead of wrapping, since
    /// a hostile trace may hold any two times.
    #[must_use]
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<i64> for Time {
    type Output = Self;

    fn add(self, ns: i64) -> Self {
        Self(self.0.saturating_add(ns))
    }
}

impl Sub<i64> for Time {
    type Output = Self;

    fn sub(self, ns: i64) -> Self {
        Self(self.0.saturating_sub(ns))
    }
}

impl Sub for Time {
    type Output = i64;

    fn sub(self, earlier: Self) -> i64 {
        self.since(earlier)
    }
}

/// A half-open stretch of time, `start..end`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Interval {
    /// The first moment inside.
    pub start: Time,
    /// The first moment after.
    pub end: Time,
}

impl Interval {
    /// The stretch between two moments; empty if `end` is before `start`.
    #[must_use]
    pub fn new(start: Time, end: Time) -> Self {
        Self { start, end: end.max(start) }
    }

    /// Length in nanoseconds, never negative.
    #[must_use]
    pub fn ns(self) -> i64 {
        self.end - self.start
    }

    /// Whether `t` lies inside.
    #[must_use]
    pub fn contains(self, t: Time) -> bool {
        self.start <= t && t < self.end
    }

    /// What both stretches share, if they do.
    #[must_use]
    pub fn intersect(self, other: Self) -> Option<Self> {
        let start = self.start.max(other.start);
        let end = self.end.min(other.end);
        (start < end).then_some(Self { start, end })
    }
}

/// Why a text is not a duration.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{text}` is not a duration; write it as 10ms, 1.5s or 200us")]
pub struct ParseDurationError {
    /// What was given.
    pub text: String,
}

/// Reads a duration such as `10ms`, `1.5s`, `200us` or `1m`, in nanoseconds; `0` needs no unit.
///
/// # Errors
/// If the text is anything else, negative, or beyond 292 years.
pub fn parse_duration(text: &str) -> Result<i64, ParseDurationError> {
    let bad = || ParseDurationError { text: text.to_owned() };
    let trimmed = text.trim();
    if trimmed == "0" {
        return Ok(0);
    }
    let split = trimmed.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(bad)?;
    let (number, unit) = trimmed.split_at(split);
    let unit_ns = match unit.trim() {
        "ns" => 1.0,
        "us" | "µs" | "μs" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        "m" => 60e9,
        "h" => 3600e9,
        _ => return Err(bad()),
    };
    let value: f64 = number.parse().map_err(|_| bad())?;
    let ns = (value * unit_ns).round();
    #[expect(clippy::cast_precision_loss, reason = "only a bound")]
    if !ns.is_finite() || ns >= i64::MAX as f64 {
        return Err(bad());
    }
    #[expect(clippy::cast_possible_truncation, reason = "checked above")]
    Ok(ns as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_parse_or_say_why_not() {
        assert_eq!(parse_duration("10ms"), Ok(10_000_000));
        assert_eq!(parse_duration("1.5s"), Ok(1_500_000_000));
        assert_eq!(parse_duration("200us"), Ok(200_000));
        assert_eq!(parse_duration("0"), Ok(0));
        for bad in ["", "ms", "10", "-1ms", "1 year", "1e9s", "9999999999999h"] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
    }
}
