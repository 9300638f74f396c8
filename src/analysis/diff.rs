//! Before and after: two traces compared by what stays the same between builds.

use super::Document;
use super::words::{GroupKind, Verdict};

/// One side of a comparison's row. Durations are nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Side {
    /// How many durations there are.
    pub n: u32,
    /// Half are at most this.
    pub p50_ns: i64,
    /// Nine of ten are at most this.
    pub p90_ns: i64,
    /// Ninety-nine of a hundred are at most this.
    pub p99_ns: i64,
    /// The largest.
    pub max_ns: i64,
    /// How many of them were cut off by the trace's end.
    pub alive: u32,
}

/// One row of a comparison.
#[derive(Clone, PartialEq, Debug)]
pub struct DiffGroup {
    /// What the members have in common.
    pub kind: GroupKind,
    /// What identifies them in both traces.
    pub key: String,
    /// The function or type they share; "" if none.
    pub function: String,
    /// In the first trace.
    pub before: Side,
    /// In the second.
    pub after: Side,
    /// By how much the typical duration grew, in nanoseconds (Hodges–Lehmann); none if a side is empty.
    pub shift_ns: Option<i64>,
    /// Where that lies with 95 % confidence; none if there is too little data.
    pub ci95_ns: Option<[i64; 2]>,
    /// How likely a difference as large is by chance alone, 0 to 1 (Mann–Whitney).
    pub p_value: Option<f64>,
    /// The same after correction for the number of groups (Benjamini–Hochberg).
    pub q_value: Option<f64>,
    /// What that means.
    pub verdict: Verdict,
}

/// Two traces compared.
#[derive(Clone, PartialEq, Debug)]
pub struct Diff {
    /// All rows: the worse first, then the better, then the others; each by how much changed.
    pub groups: Vec<DiffGroup>,
    /// Worse if any group is worse; else better if any is better; else same.
    pub verdict: Verdict,
}

/// Compares two traces.
#[must_use]
pub fn diff(_before: &Document, _after: &Document) -> Diff {
    Diff { groups: Vec::new(), verdict: Verdict::Same }
}
