//! The limits that a caller may change. Those that are part of a rule stand beside it.

/// What counts as late, long or much. Durations are nanoseconds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rules {
    /// An overstay is late beyond this; at least 0.
    pub late_over_ns: i64,
    /// A `time.Sleep` is long beyond this; at least 0.
    pub max_sleep_ns: i64,
    /// A wait of the main goroutine for others, and a shutdown that does not end, hang beyond this; at
    /// least 0.
    pub hang_over_ns: i64,
    /// Whether the main goroutine's own count too, that span no cancel: who paces a whole program so does
    /// it by design, but a limit that somebody set is for all.
    pub main_sleeps: bool,
    /// A `time.Sleep` in a request's handler is long beyond this; at least 0.
    pub max_sleep_in_handler_ns: i64,
    /// A goroutine that outlives its creator by more than this is an orphan; at least 0.
    pub orphan_over_ns: i64,
    /// Goroutines of one start function pile up if at least this many are alive at once.
    pub pile_up_min: u32,
    /// The GC presses if it marks for more than this share of the time, in percent.
    pub gc_percent: u32,
    /// Requests are late if their p99 is beyond this; at least 0.
    pub max_request_ns: i64,
    /// Of many requests the p99 is late, too, if it is many times the median and longer by more than
    /// this; at least 0.
    pub tail_ns: i64,
    /// Below this many requests there is no p99.
    pub requests_min: u32,
    /// Whether to guess at deaf goroutines by [`Sibling`](super::Evidence::Sibling).
    pub sibling: bool,
    /// The category of logs about contexts: `trace.Log(ctx, "context", …)`.
    pub log_category: String,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            late_over_ns: 10_000_000,
            max_sleep_ns: 1_000_000_000,
            hang_over_ns: 1_000_000_000,
            main_sleeps: false,
            max_sleep_in_handler_ns: 100_000_000,
            orphan_over_ns: 100_000_000,
            pile_up_min: 20,
            gc_percent: 20,
            max_request_ns: 250_000_000,
            tail_ns: 50_000_000,
            requests_min: 20,
            sibling: false,
            log_category: "context".to_owned(),
        }
    }
}

impl Rules {
    /// Sleeps that are no longer than this are never counted, in nanoseconds.
    pub(crate) fn shortest_sleep_ns(&self) -> i64 {
        self.max_sleep_ns.min(self.max_sleep_in_handler_ns).min(self.late_over_ns)
    }
}
