//! Sizes, in points (logical pixels).

/// Height of the time axis.
pub(crate) const AXIS: f32 = 34.0;
/// Height of the strip that shows the whole trace.
pub(crate) const OVERVIEW: f32 = 40.0;
/// Width of the column of lane names.
pub(crate) const NAMES: f32 = 250.0;
/// Width of the scroll bar of the lanes.
pub(crate) const SCROLL_BAR: f32 = 12.0;
/// Thickness of a fuse within the budget.
pub(crate) const FUSE_THIN: f32 = 1.5;
/// Thickness of a fuse beyond it.
pub(crate) const FUSE_LOUD: f32 = 4.0;
/// Height of a table's row.
pub(crate) const ROW: f32 = 22.0;
/// Height of the top bar.
pub(crate) const TOP_BAR: f32 = 36.0;
/// Height of the status bar.
pub(crate) const STATUS: f32 = 24.0;
/// Width of the details panel at first.
pub(crate) const DETAILS: f32 = 360.0;
/// Height of the bottom panel at first.
pub(crate) const BOTTOM: f32 = 250.0;
/// Radius of rounded corners.
pub(crate) const RADIUS: u8 = 4;
/// Text in lanes and tables.
pub(crate) const TEXT: f32 = 12.5;
/// Captions, axis labels, overstays.
pub(crate) const TEXT_SMALL: f32 = 11.0;
/// Headings.
pub(crate) const TEXT_HEADING: f32 = 16.0;
/// The name on the welcome page.
pub(crate) const TEXT_TITLE: f32 = 30.0;
/// Code: functions, files.
pub(crate) const TEXT_CODE: f32 = 11.5;
