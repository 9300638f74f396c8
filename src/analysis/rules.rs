//! The limits that findings go by, all in one place and all explicit.

/// What counts as late, long or much. Durations are nanoseconds.
#[derive(Clone, PartialEq, Debug)]
pub struct Rules {
    /// An overstay is late beyond this; at least 0.
    pub late_over_ns: i64,
    /// A `time.Sleep` is long beyond this; at least 0.
    pub max_sleep_ns: i64,
    /// Whether to guess at deaf goroutines by [`Sibling`](super::Evidence::Sibling).
    pub sibling: bool,
    /// Where code that logs contexts names its category: `trace.Log(ctx, "context", …)`.
    pub log_category: String,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            late_over_ns: 10_000_000,
            max_sleep_ns: 1_000_000_000,
            sibling: false,
            log_category: "context".to_owned(),
        }
    }
}
