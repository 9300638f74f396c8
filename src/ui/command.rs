//! What a user can ask for, as plain data. `apply` does it.

use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;

use super::examples::Example;
use super::saving::SaveAs;
use super::slot::Slot;
use super::state::{FindingAt, Popup, Role, Selected, ThemeChoice, Tone, View};
use super::table::Between;
use crate::analysis::GroupKind;
use crate::base::{Interval, Time};
use crate::scene::{Grouping, Link, SectionKey, Sort, Viewport};

/// Where a trace comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Origin {
    /// A file.
    File(PathBuf),
    /// One of the traces that the program carries with it.
    Example(&'static Example),
}

impl Origin {
    /// A short name: the file's, without its folders.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::File(_) if self.is_stream() => "standard input".to_owned(),
            Self::File(path) => match path.file_name() {
                Some(name) => name.to_string_lossy().into_owned(),
                None => path.display().to_string(),
            },
            Self::Example(example) => example.name.trim_start_matches("traces/").to_owned(),
        }
    }

    /// Whether it is standard input, which can be read only once.
    pub(crate) fn is_stream(&self) -> bool {
        matches!(self, Self::File(path) if path.as_os_str() == "-")
    }

    /// The name with the folder it is in, which tells more where traces are called `before`.
    pub(crate) fn long_name(&self) -> String {
        match self {
            Self::File(path) => {
                let folder = path.parent().and_then(Path::file_name);
                let folder = folder.map(|folder| format!("{}/", folder.to_string_lossy()));
                folder.unwrap_or_default() + &self.name()
            }
            Self::Example(_) => self.name(),
        }
    }
}

/// A move of one of the viewports.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Look {
    /// Where to.
    pub(crate) to: Viewport,
    /// Whether the picture glides there.
    pub(crate) glide: bool,
    /// Moves of one gesture are undone together; a move of none is a step of its own.
    pub(crate) gesture: Option<u64>,
}

/// Which scroll position.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Scroll {
    /// Of a trace's timeline.
    Timeline(Slot),
    /// Of the cancel view.
    Cancel,
}

/// A switch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Switch {
    /// The details panel.
    Details,
    /// The late exits under the timeline.
    Drawer,
    /// Cancel marks and fuses.
    Cancels,
    /// Arrows to and from what is selected.
    Arrows,
    /// GC phases across all rows.
    Gc,
    /// Stop-the-world across all rows.
    StopTheWorld,
    /// Only goroutines with a late overstay.
    LateOnly,
    /// Low lanes.
    Compact,
    /// User regions under their lanes.
    Regions,
    /// The plain wheel zooms.
    WheelZooms,
    /// Guesses at deaf goroutines.
    Siblings,
}

/// A change of the size of all that is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Resize {
    /// A step up.
    Larger,
    /// A step down.
    Smaller,
    /// As it comes.
    Usual,
}

/// What a user can ask for.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Command {
    /// Asks for what is no change of the state by itself.
    Do(Effect),
    /// Closes all traces: back to the welcome page.
    CloseAll,
    /// Closes one of two compared traces.
    Close(Slot),
    /// Exchanges before and after.
    Swap,
    /// Forgets the recent files.
    ForgetRecent,
    /// Shows a view.
    Show(View),
    /// Moves the timeline's stretch of time.
    Look(Look),
    /// Moves the cancel view's stretch of time.
    LookCancel(Look),
    /// Scrolls rows to a height in pixels, as part of a gesture.
    Scroll(Scroll, f64, u64),
    /// To the look before.
    Undo,
    /// To the look that was undone.
    Redo,
    /// Selects something, or nothing.
    Select(Option<Selected>),
    /// Selects something and brings it into view.
    Jump(Selected),
    /// Shows a finding among all, and selects one of whom it is about, if any.
    Finding(FindingAt, Option<Selected>),
    /// Selects a row of the comparison, by its kind and key.
    Compared(GroupKind, String),
    /// What was to be brought into view is in view.
    Revealed,
    /// To what was selected before.
    Back,
    /// To what was selected after.
    Forward,
    /// Sets the budget in nanoseconds, as part of a gesture or as a step of its own.
    SetBudget(i64, Option<u64>),
    /// Makes the column of names so wide, in points.
    SetNamesWidth(f32),
    /// Sorts the rows.
    Sort(Sort),
    /// Groups the rows.
    Group(Grouping),
    /// Filters the rows by words.
    Filter(String),
    /// The same by the function of a row of the comparison, whose other rows stay.
    LanesOf(String),
    /// Collapses a section (true) or opens it.
    Fold(Slot, SectionKey, bool),
    /// Leaves a section out.
    Hide(Slot, SectionKey),
    /// Shows all that were left out again.
    ShowHidden,
    /// Sets which sections are collapsed (true) or open, whatever they come as.
    SetFolds(Slot, FxHashMap<SectionKey, bool>),
    /// Flips a switch.
    Toggle(Switch),
    /// Makes the keys and the table be about one of two traces.
    Focus(Slot),
    /// Shows the cancels of one cancel's site in the cancel view; all if none.
    CancelSite(Option<u32>),
    /// Marks a moment on the first trace's clock, or unmarks it.
    Mark(Time),
    /// Shows two moments of the two traces at the same place, in a viewport that holds both.
    Align(Link, Viewport),
    /// Removes all marks.
    Unmark,
    /// Measures out a stretch, or lets go of it.
    Range(Option<Interval>),
    /// Shows in the panel what happened in the stretch.
    ShowRange,
    /// Leaves out all that is not in the stretch (true), or shows all again.
    Within(bool),
    /// Lists only overstays of a length; all again if none.
    Between(Option<Between>),
    /// Lays something over the window, or takes it away.
    Popup(Option<Popup>),
    /// Clears what is in the way, one thing at a time: popup, messages, stretch, selection, filters.
    Escape,
    /// Sets the theme.
    Theme(ThemeChoice),
    /// Adds a message.
    Notify(Tone, String, Vec<String>),
    /// Removes a message.
    Dismiss(u64),
    /// Removes all messages.
    DismissAll,
    /// Puts a text on the clipboard.
    Copy(String),
    /// Says something in the status bar, until something else happens.
    Say(String),
    /// The pointer moved on: what was said has been read.
    Hush,
}

impl From<Effect> for Command {
    fn from(effect: Effect) -> Self {
        Self::Do(effect)
    }
}

/// What `apply` cannot do by itself, since it has no files, threads or window.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Effect {
    /// Asks for a file with the desktop's dialog.
    AskFile(Role),
    /// Opens one trace, or two to compare.
    Open(Vec<Origin>, Role),
    /// Reads the files of what is open again.
    Reload,
    /// Stops what is being opened.
    StopOpening,
    /// Reads the rest of a trace whose beginning is shown.
    ReadOn(Slot),
    /// Drops all traces.
    CloseAll,
    /// Drops a trace; the other one is what is looked at then.
    Close(Slot),
    /// Exchanges the traces.
    Swap,
    /// Sets the theme.
    Theme(ThemeChoice),
    /// Makes everything larger or smaller.
    Resize(Resize),
    /// Puts a text on the clipboard.
    Copy(String),
    /// Saves a report or a picture.
    Save(SaveAs),
    /// Asks where to, with the desktop's dialog.
    BrowseSave(SaveAs),
    /// Closes the window.
    Quit,
}
