//! What a painter paints: flat lists of small records, positions in canvas pixels.
//!
//! Every record names its row by its number in [`super::Scene::rows`].

use crate::analysis::Cause;
use crate::base::{Goroutine, Interval, ProcId, StrId, ThreadId, Time};

use super::class::StateClass;
use super::rows::Row;

/// A text in the scene's arena; see [`super::Scene::text`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct TextRange {
    pub(super) start: u32,
    pub(super) end: u32,
}

impl TextRange {
    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// A visible row, from top to bottom. Its label is the painter's: left of the canvas, same `y`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct RowRecord {
    /// What the row is.
    pub row: Row,
    /// Top edge in pixels; may lie above the axis's lower edge, so clip.
    pub y0: f32,
    /// Bottom edge in pixels.
    pub y1: f32,
    /// Whether it is, or holds, what is selected.
    pub selected: bool,
    /// Whether something else is selected, so that this one steps back.
    pub dimmed: bool,
    /// Its goroutine has a late overstay (lane), or one of its goroutines has (header).
    pub late: bool,
}

/// What a span record stands for besides its class.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SpanFlags(u8);

impl SpanFlags {
    /// Several spans, too narrow to draw each; the class is the one with the most time.
    pub const MIXED: Self = Self(1);
    /// Overlaps a late overstay of its goroutine.
    pub const LATE: Self = Self(2);
    /// The span that is selected.
    pub const SELECTED: Self = Self(4);

    /// Whether all flags of `other` are set.
    #[must_use]
    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both sets together.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// A rectangle of a goroutine's lane: one span, or several narrow ones merged.
/// Within a row, records are sorted by `x0` and do not overlap.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct SpanRecord {
    /// Left edge in pixels.
    pub x0: f32,
    /// Right edge in pixels.
    pub x1: f32,
    /// Top edge in pixels.
    pub y0: f32,
    /// Bottom edge in pixels.
    pub y1: f32,
    /// Which visible row.
    pub row: u32,
    /// The state's class; for merged spans the one with the most time.
    pub class: StateClass,
    /// How much of the record's time is of that class, 0 to 255; 255 unless merged.
    pub share: u8,
    /// Merged, late, selected.
    pub flags: SpanFlags,
}

/// A column of a group's or the overview's histogram: how many goroutines, mostly in which state.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct DensityRecord {
    /// Left edge in pixels.
    pub x0: f32,
    /// Right edge in pixels.
    pub x1: f32,
    /// Top edge in pixels: the higher, the more goroutines are alive.
    pub y0: f32,
    /// Bottom edge in pixels.
    pub y1: f32,
    /// Which visible row; 0 in the overview.
    pub row: u32,
    /// The class that this part of the column stands for.
    pub class: StateClass,
}

/// What a bar is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BarKind {
    /// A concurrent mark phase.
    Gc,
    /// A stop-the-world; the text is its reason.
    StopTheWorld,
    /// This thread holds the row's P.
    Proc(ThreadId),
    /// The row's thread holds this P.
    Thread(ProcId),
    /// A user task, by its row in the model.
    Task(u32),
    /// A user region, by its row in the model.
    Region(u32),
}

/// A labelled bar in a special lane or a region under a goroutine's lane; or several narrow ones
/// merged.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct BarRecord {
    /// Left edge in pixels.
    pub x0: f32,
    /// Right edge in pixels.
    pub x1: f32,
    /// Top edge in pixels.
    pub y0: f32,
    /// Bottom edge in pixels.
    pub y1: f32,
    /// Which visible row.
    pub row: u32,
    /// What it is; of several what the longest is.
    pub kind: BarKind,
    /// What to write in it where it is wide enough, unless it is of several; may be "".
    pub name: StrId,
    /// How many it stands for.
    pub count: u32,
    /// From when until when.
    pub interval: Interval,
    /// How much time in between it stands for.
    pub busy_ns: i64,
    /// The longest of those that it stands for.
    pub longest_ns: i64,
    /// How much of the rectangle that is, 0 to 1: of what is narrower than a pixel less than 1, too.
    pub share: f32,
}

impl BarRecord {
    /// Whether it stands for several.
    #[must_use]
    pub fn is_merged(&self) -> bool {
        self.count > 1
    }
}

/// What a band across all rows is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BandKind {
    /// A concurrent mark phase.
    Gc,
    /// A stop-the-world.
    StopTheWorld,
    /// Lost to damage: nothing is known here.
    Gap,
    /// Before the trace's first event or after its last.
    Outside,
}

/// A band across all rows.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct BandRecord {
    /// Left edge in pixels.
    pub x0: f32,
    /// Right edge in pixels.
    pub x1: f32,
    /// What it is.
    pub kind: BandKind,
    /// How much of it is really filled, 0 to 1: how strongly it is to be painted.
    pub share: f32,
}

/// A cancel: a vertical line through all rows with a flag in the axis. Marks closer than a few
/// pixels are merged into one, which then stands for the worst of them.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct CancelRecord {
    /// Position in pixels.
    pub x: f32,
    /// The cancel, the worst one if several: a row of [`crate::analysis::Analysis::cancels`].
    pub cancel: u32,
    /// The first of the cancels it stands for; they are consecutive in time.
    pub first: u32,
    /// How many it stands for.
    pub count: u32,
    /// The worst overstay of any of them in nanoseconds; 0 if none.
    pub worst_ns: i64,
    /// Why it was cancelled.
    pub cause: Cause,
    /// Whether that is over the budget.
    pub late: bool,
    /// Whether the selected cancel is among them.
    pub selected: bool,
    /// Whether another cancel is selected.
    pub dimmed: bool,
}

/// A flag in the axis: of one cancel, or of a crowd of them with a count.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct FlagRecord {
    /// Where the flag is, in pixels.
    pub x: f32,
    /// The first of the crowd's marks, in pixels.
    pub x0: f32,
    /// The last of the crowd's marks, in pixels.
    pub x1: f32,
    /// The cancel, the worst one if several: a row of [`crate::analysis::Analysis::cancels`].
    pub cancel: u32,
    /// The first of the cancels it stands for; they are consecutive in time.
    pub first: u32,
    /// How many it stands for.
    pub count: u32,
    /// The worst overstay of any of them in nanoseconds; 0 if none.
    pub worst_ns: i64,
    /// Why the worst one was cancelled.
    pub cause: Cause,
    /// Whether that is over the budget.
    pub late: bool,
    /// Whether the selected cancel is among them.
    pub selected: bool,
    /// Whether another cancel is selected.
    pub dimmed: bool,
}

/// How a fuse is drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FuseKind {
    /// Ended within the budget: thin.
    Within,
    /// Late: thin up to [`FuseRecord::x_budget`], loud beyond.
    Late,
    /// Heard, and not meant to end: only a tick at the cancel.
    LivesOn,
}

/// How a fuse ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FuseEnd {
    /// The goroutine ended there.
    Exit,
    /// The trace ended first: an open arrow, and `≥` before the text.
    Alive,
}

/// What a fuse draws, the worst one if several.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FuseOf {
    /// From a cancel to the end of a goroutine that it reached.
    Heard {
        /// A row of [`crate::analysis::Analysis::hearings`].
        hearing: u32,
        /// The cancel: a row of [`crate::analysis::Analysis::cancels`].
        cancel: u32,
    },
    /// For how long its goroutine is stuck, and no cancel tells so; see
    /// [`crate::analysis::Stuck`].
    Stuck {
        /// Since when.
        since: Time,
    },
}

/// The window from a cancel to the end of a goroutine that it reached; or for how long a goroutine
/// is stuck.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct FuseRecord {
    /// The cancel, in pixels; cut shortly outside the screen.
    pub x0: f32,
    /// Where the budget is used up; equals `x1` if it never is.
    pub x_budget: f32,
    /// The end, in pixels; cut shortly outside the screen.
    pub x1: f32,
    /// The line's height on the canvas, in pixels.
    pub y: f32,
    /// Which visible row.
    pub row: u32,
    /// What it draws.
    pub of: FuseOf,
    /// Whose.
    pub goroutine: Goroutine,
    /// Thin, loud, or only a tick.
    pub kind: FuseKind,
    /// Never heard the cancel: hatched.
    pub deaf: bool,
    /// Exit or still alive.
    pub end: FuseEnd,
    /// Another cancel or goroutine is selected.
    pub dimmed: bool,
    /// The overstay in nanoseconds.
    pub overstay_ns: i64,
    /// How many it stands for (a collapsed group's late exits merged by pixel).
    pub count: u32,
    /// The overstay as text where there is room for it, else empty.
    pub text: TextRange,
}

impl FuseRecord {
    /// The hearing that it draws, if its goroutine is not stuck.
    #[must_use]
    pub fn hearing(&self) -> Option<u32> {
        match self.of {
            FuseOf::Heard { hearing, .. } => Some(hearing),
            FuseOf::Stuck { .. } => None,
        }
    }
}

/// What an arrow says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ArrowKind {
    /// The one made the other runnable.
    Wake,
    /// The one created the other.
    Create,
    /// The selected cancel reached it.
    Reach,
}

/// An arrow from one lane to another, at most a screen outside it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ArrowRecord {
    /// Tail.
    pub x0: f32,
    /// Tail.
    pub y0: f32,
    /// Head.
    pub x1: f32,
    /// Head.
    pub y1: f32,
    /// What it says.
    pub kind: ArrowKind,
    /// The goroutine at the tail.
    pub from: Option<Goroutine>,
    /// The goroutine at the head.
    pub to: Goroutine,
    /// When.
    pub at: Time,
    /// Whether it leads to a late exit.
    pub late: bool,
}

/// What is marked in a lane.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MarkerKind {
    /// The goroutine's birth was seen.
    Born,
    /// Its end was seen.
    Ended,
    /// It lived before the trace began.
    Before,
    /// It lived on when the trace ended.
    After,
    /// A user log.
    Log,
}

/// A small mark in a lane.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct MarkerRecord {
    /// Position in pixels.
    pub x: f32,
    /// Top edge in pixels.
    pub y0: f32,
    /// Bottom edge in pixels.
    pub y1: f32,
    /// Which visible row.
    pub row: u32,
    /// What it marks.
    pub kind: MarkerKind,
}

/// A line of a plot: a piece of [`super::Scene::points`].
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct PlotRecord {
    /// Which visible row.
    pub row: u32,
    /// Number of the line within its row: 0 heap, 1 goal; or goroutines 0 running, 1 runnable,
    /// 2 in system calls, 3 all that are alive.
    pub line: u8,
    /// First point.
    pub start: u32,
    /// One past the last point.
    pub end: u32,
    /// The greatest value on screen: what the row's top edge stands for.
    pub max: f64,
}

/// A tick of the axis.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct TickRecord {
    /// Position in pixels.
    pub x: f32,
    /// Its label; empty for a minor tick.
    pub text: TextRange,
}
