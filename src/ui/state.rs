//! All that the window remembers between frames, but for the traces themselves.
//!
//! Panels read it. What users ask for, [`super::apply::apply`] writes; `apply.rs` says what else does.

use std::path::PathBuf;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use super::command::Origin;
use super::history::{Places, Trail};
use super::slot::{Pair, Slot};
use super::table::Between;
use super::theme::size;
use crate::analysis::{GroupKind, Rules};
use crate::base::{Goroutine, Interval, Time};
use crate::scene::{Grouping, Link, SectionKey, Sort, Viewport};

/// What the middle of the window shows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum View {
    /// The lanes of all goroutines.
    #[default]
    Timeline,
    /// The lanes that cancels reached, each with its cancel as time zero.
    Cancel,
    /// The table of late exits.
    Late,
    /// Two traces, before and after.
    Compare,
}

impl View {
    /// All views, in the order of their tabs.
    pub(crate) const ALL: [Self; 4] = [Self::Timeline, Self::Cancel, Self::Late, Self::Compare];

    /// The tab's title.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Timeline => "Timeline",
            Self::Cancel => "Cancels",
            Self::Late => "Late exits",
            Self::Compare => "Compare",
        }
    }
}

/// Which theme to use.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum ThemeChoice {
    /// As the desktop says; dark if it says nothing.
    #[default]
    System,
    /// Light on dark.
    Dark,
    /// Dark on light.
    Light,
}

impl From<ThemeChoice> for egui::ThemePreference {
    fn from(choice: ThemeChoice) -> Self {
        match choice {
            ThemeChoice::System => Self::System,
            ThemeChoice::Dark => Self::Dark,
            ThemeChoice::Light => Self::Light,
        }
    }
}

/// How many recent entries are kept.
const MAX_RECENT: usize = 8;

/// What survives a restart.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches of the view menu")]
pub(crate) struct Prefs {
    /// Dark, light, or the desktop's.
    pub(crate) theme: ThemeChoice,
    /// Overstays beyond this are late, in nanoseconds.
    pub(crate) budget_ns: i64,
    /// Whether to guess at deaf goroutines that were started like one that heard.
    pub(crate) siblings: bool,
    /// Files opened lately, the newest first: one, or two that were compared.
    pub(crate) recent: Vec<Vec<PathBuf>>,
    /// Whether the details panel is open.
    pub(crate) details: bool,
    /// Whether the late exits are shown under the timeline.
    pub(crate) drawer: bool,
    /// Whether the plain wheel zooms (with Ctrl it always does) instead of scrolling.
    pub(crate) wheel_zooms: bool,
    /// Whether lanes are half as high.
    pub(crate) compact: bool,
    /// Whether user regions are drawn under their goroutine's lane.
    pub(crate) regions: bool,
    /// Width of the column of names beside the lanes, in points.
    pub(crate) names_width: f32,
    /// What is drawn over the lanes.
    pub(crate) overlays: Overlays,
}

/// What is drawn over the lanes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches of the view menu")]
pub(crate) struct Overlays {
    /// Cancel marks and fuses.
    pub(crate) cancels: bool,
    /// Arrows to and from what is selected.
    pub(crate) arrows: bool,
    /// GC phases.
    pub(crate) gc: bool,
    /// Stop-the-world stretches.
    pub(crate) stop_the_world: bool,
}

impl Default for Overlays {
    fn default() -> Self {
        Self { cancels: true, arrows: true, gc: false, stop_the_world: true }
    }
}

impl Default for Prefs {
    fn default() -> Self {
        Self {
            theme: ThemeChoice::default(),
            budget_ns: Rules::default().late_over_ns,
            siblings: Rules::default().sibling,
            recent: Vec::new(),
            details: true,
            drawer: true,
            wheel_zooms: false,
            compact: false,
            regions: true,
            names_width: size::NAMES,
            overlays: Overlays::default(),
        }
    }
}

impl Prefs {
    /// What traces are analyzed by.
    pub(crate) fn rules(&self) -> Rules {
        Rules { late_over_ns: self.budget_ns, sibling: self.siblings, ..Rules::default() }
    }

    /// Puts an entry at the top of the recent files.
    pub(crate) fn remember(&mut self, paths: Vec<PathBuf>) {
        self.recent.retain(|other| *other != paths);
        self.recent.insert(0, paths);
        self.recent.truncate(MAX_RECENT);
    }
}

/// What is selected in a trace.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum What {
    /// A goroutine.
    Goroutine(Goroutine),
    /// The span of a goroutine that holds a moment.
    Span(Goroutine, Time),
    /// A cancel, by its row.
    Cancel(u32),
    /// One goroutine's hearing of one cancel: an overstay. By its row among the hearings.
    Hearing(u32),
}

/// What is selected, and in which of the traces.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Selected {
    /// In which trace.
    pub(crate) slot: Slot,
    /// What.
    pub(crate) what: What,
}

/// A finding of one of the traces that is looked at among the others.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct FindingAt {
    /// In which trace.
    pub(crate) slot: Slot,
    /// Which: a row of the analysis's findings.
    pub(crate) row: usize,
    /// Whom of those it is about one has come to; nobody yet if none.
    pub(crate) place: Option<usize>,
}

/// Where a file that is to be opened goes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Role {
    /// In place of all that is open.
    Replace,
    /// Beside the trace that is open, as the one after.
    Compare,
}

/// Which rows the timeline has.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct RowChoice {
    /// In which order.
    pub(crate) sort: Sort,
    /// In which groups.
    pub(crate) grouping: Grouping,
    /// Words that the function's name must hold.
    pub(crate) filter: Arc<str>,
    /// Whether these are of a row of the comparison, and not what somebody looks for: then they
    /// leave out lanes, but no rows.
    pub(crate) filter_is_rows: bool,
    /// Only goroutines with a late overstay.
    pub(crate) late_only: bool,
    /// Only what is in this stretch of time, on the first trace's clock.
    pub(crate) within: Option<Interval>,
    /// In the table only overstays of this length: those of a bar of the histogram.
    pub(crate) between: Option<Between>,
    /// Which sections were collapsed (true) or opened; the others are as they come.
    pub(crate) folds: Pair<Arc<FxHashMap<SectionKey, bool>>>,
    /// Which sections are left out.
    pub(crate) hidden: Pair<Hidden>,
}

/// Sections that are left out.
pub(crate) type Hidden = Arc<FxHashSet<SectionKey>>;

/// A moment that the user marked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Mark {
    /// Its number, from 1.
    pub(crate) number: u32,
    /// When, on the first trace's clock.
    pub(crate) at: Time,
}

/// What lies over the window and takes the keyboard.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Popup {
    /// The keys.
    Help,
    /// Commands by name.
    Commands,
    /// Goroutines by name or id.
    Lanes,
    /// A field for a path, where the desktop has no file dialog.
    PathField(Role),
    /// What to save, and where.
    Save,
    /// What to do with a file that was dropped while a trace is open.
    DropChoice(Origin),
}

/// How serious a message is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Tone {
    /// Something did not work.
    Error,
    /// Something worked in part.
    Warning,
    /// Something went well that cannot be seen otherwise.
    Done,
}

/// A message. It stays until it is dismissed, but for what went well, which goes by itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Notice {
    /// Its number.
    pub(crate) id: u64,
    /// How serious.
    pub(crate) tone: Tone,
    /// What happened, in one sentence.
    pub(crate) text: String,
    /// More, shown on demand, one item a line.
    pub(crate) more: Vec<String>,
}

/// All that the window remembers between frames.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// What survives a restart.
    pub(crate) prefs: Prefs,
    /// What the middle shows.
    pub(crate) view: View,
    /// The stretch of time of the timeline, on the first trace's clock.
    pub(crate) viewport: Option<Viewport>,
    /// The stretch of time of the cancel view, from the cancel.
    pub(crate) cancel_viewport: Option<Viewport>,
    /// Whether the picture glides to the viewports instead of jumping.
    pub(crate) glide: bool,
    /// How far the rows of each timeline are scrolled, in pixels.
    pub(crate) scroll: Pair<f64>,
    /// How far the rows of the cancel view are scrolled, in pixels.
    pub(crate) cancel_scroll: f64,
    /// Which rows.
    pub(crate) rows: RowChoice,
    /// Which trace the table, the cancel view and the keys are about.
    pub(crate) focus: Slot,
    /// What is selected.
    pub(crate) selected: Option<Selected>,
    /// The row of the comparison that is selected, instead of anything in a trace: its kind and
    /// key, by which it is the same in every order.
    pub(crate) compared: Option<(GroupKind, String)>,
    /// The finding that the panel shows among the others, whatever is selected.
    pub(crate) finding: Option<FindingAt>,
    /// What is to be brought into view as soon as its row is known.
    pub(crate) reveal: Option<Selected>,
    /// The cancels of the cancel view: those of the site of this one; all if none.
    pub(crate) cancel_site: Option<u32>,
    /// A stretch that was measured out, on the first trace's clock.
    pub(crate) range: Option<Interval>,
    /// Whether the panel shows what happened in it, whatever is selected.
    pub(crate) range_shown: bool,
    /// How the two traces' clocks go together: which moments are shown at the same place.
    pub(crate) link: Option<Link>,
    /// Moments that were marked.
    pub(crate) marks: Vec<Mark>,
    /// What was selected before.
    pub(crate) trail: Trail,
    /// What was looked at before.
    pub(crate) places: Places,
    /// What lies over the window.
    pub(crate) popup: Option<Popup>,
    /// What came of the last thing that was asked for, in the status bar.
    pub(crate) said: Option<String>,
    /// Messages, the oldest first.
    pub(crate) notices: Vec<Notice>,
    /// The number of the next message.
    pub(crate) next_notice: u64,
}
