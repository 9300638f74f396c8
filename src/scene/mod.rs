//! Document + viewport → draw records, level of detail, hit test.
//!
//! This room has no egui types and does no IO, and one frame costs no more than the screen:
//! it depends on pixels and visible rows, never on how many events the trace holds.
//!
//! How the pieces fit together:
//!
//! 1. Off the UI thread, once per document: [`Index::build`] makes the levels of detail.
//! 2. Off the UI thread, whenever sorting, grouping or the filter changes: [`Rows::build`], or
//!    [`Rows::cancel_view`] for rows re-based on cancels. Collapsing a group is instant:
//!    [`Rows::set_collapsed`].
//! 3. Every frame: [`Scene::fill`] with a [`View`] refills the caller's buffers, unless the view is
//!    the same as before; the painter loops over [`Scene`]'s record lists, each of which is flat
//!    and in painting order.
//! 4. Hover and click: [`Scene::hit`] answers from the same records.
//!
//! What a frame of 1920 × 1080 px costs on one busy core, on a trace of 200 MB with 31 million
//! spans, 1.3 million goroutines and 187,000 cancels, with a new view each time (median and worst
//! CPU time of a few hundred frames):
//!
//! | view | median | worst |
//! |---|---|---|
//! | everything, groups collapsed | 0.5 ms | 1.5 ms |
//! | everything, 104 of the longest lanes | 1.6 ms | 3.1 ms |
//! | a tenth, panned across, the same lanes, 17,000 records | 2.4 ms | 3.1 ms |
//! | from everything to 1 µs, the same lanes | 0.04 ms | 3.9 ms |
//! | all 1.3 million lanes, scrolled through | 0.3 ms | 2.3 ms |
//! | cancel view of one cancel; of all, 740,000 lanes | 0.002 ms; 0.1 ms | 0.2 ms |
//!
//! Off the UI thread, on two cores: [`Index::build`] 0.4 s and 0.14 bytes per span, [`Rows::build`]
//! 0.13 s, both beside each other 0.45 s.
//!
//! Coordinates are logical pixels from the canvas's upper left corner. The axis takes the top
//! [`Layout::axis_px`]; rows lie below it and must be clipped there.

mod arrows;
mod axis;
mod bars;
mod class;
mod columns;
mod compare;
mod density;
mod edition;
mod filter;
mod flags;
mod fold;
mod frame;
mod fuses;
mod grouped;
mod hearings;
mod hit;
mod index;
mod lanes;
mod levels;
mod listing;
mod maxtree;
mod minis;
mod options;
mod overlay;
mod overview;
mod piece;
mod plots;
mod pyramid;
mod records;
mod rows;
mod stretch;
mod sums;
mod text;
mod threads;
mod tracks;
mod view;
mod viewport;

#[cfg(test)]
mod tests;

pub use class::StateClass;
pub use compare::Link;
pub use filter::Filter;
pub use frame::Scene;
pub use hit::Hit;
pub use index::{Index, Source};
pub use options::{Grouping, Others, RowOptions, Sort};
pub use overview::{LateRecord, Overview};
pub use records::{
    ArrowKind, ArrowRecord, BandKind, BandRecord, BarKind, BarRecord, CancelRecord, DensityRecord,
    FlagRecord, FuseEnd, FuseKind, FuseOf, FuseRecord, MarkerKind, MarkerRecord, PlotRecord,
    RowRecord, SpanFlags, SpanRecord, TextRange, TickRecord,
};
pub use rows::{Place, Row, Rows, Section, SectionKey};
pub use stretch::{KindSpent, Spent, Stretch, reaches};
pub use view::{Layout, Metrics, Selection, Show, View};
pub use viewport::{MIN_NS_PER_PX, OFFSCREEN_PX, Viewport};
