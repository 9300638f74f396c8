//! What every room needs: ids, time, structured warnings, progress.
//!
//! This room may not know files or pixels, and knows no more of Go than what a trace gives numbers to:
//! goroutines, processors, threads, tasks.

mod beside;
mod clock;
mod digits;
mod ids;
mod large;
mod narrow;
mod nests;
mod progress;
mod rank;
mod time;
mod warn;
mod wire;

pub use beside::{beside, n_cores};
pub use clock::{Clock, ShortText, count_text, grouped};
pub(crate) use digits::{MOST_DIGITS, put_digits};
pub use ids::{GoId, Goroutine, ProcId, StackId, StrId, TaskId, ThreadId};
pub use large::Large;
pub use narrow::narrow;
pub use nests::Nests;
pub use progress::{Cancelled, Progress};
pub use rank::nearest_rank;
pub use time::{Interval, ParseDurationError, Time, parse_duration};
pub use warn::Warning;
pub use wire::{WireMap, WireSet};
