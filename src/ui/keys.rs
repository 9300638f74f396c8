//! Every action with its name and its keys, in one table: what the keyboard does, what the
//! command palette lists, and what the help shows are the same by construction.

use egui::{Context, EventFilter, Key, KeyboardShortcut, Modifiers};

/// What an action does. What that means for the trace at hand is decided in [`super::act`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Action {
    Open,
    OpenCompare,
    Reload,
    Save,
    CloseTrace,
    SwapSides,
    Quit,
    ViewTimeline,
    ViewCancel,
    ViewLate,
    ViewCompare,
    ZoomIn,
    ZoomOut,
    PanLeft,
    PanRight,
    Fit,
    ZoomToSelection,
    ZoomToCancel,
    Undo,
    Redo,
    RowUp,
    RowDown,
    PageUp,
    PageDown,
    LastRow,
    Back,
    Forward,
    NextLate,
    PreviousLate,
    NextSite,
    PreviousSite,
    NextEvent,
    PreviousEvent,
    WhoWoke,
    WhomWoke,
    Mark,
    Unmark,
    MeasureView,
    MeasureSelection,
    Within,
    NextBar,
    PreviousBar,
    LateOnly,
    Cancels,
    Arrows,
    Gc,
    StopTheWorld,
    Regions,
    Compact,
    CollapseAll,
    HideGroup,
    ShowHidden,
    OnlyFunction,
    OtherTrace,
    ExpandAll,
    SortLateness,
    SortStart,
    SortId,
    SortRunning,
    SortLifetime,
    GroupFunction,
    GroupCreator,
    GroupFlat,
    Details,
    Drawer,
    Find,
    GoToLane,
    Commands,
    Help,
    Escape,
    CopySelection,
    ThemeDark,
    ThemeLight,
    ThemeSystem,
    LargerText,
    SmallerText,
    UsualText,
    WheelZooms,
    Siblings,
}

/// Where the help lists an action.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Section {
    Files,
    Move,
    Select,
    Show,
    Arrange,
}

impl Section {
    /// Its heading.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Files => "Files and window",
            Self::Move => "Move",
            Self::Select => "Select and follow",
            Self::Show => "Show",
            Self::Arrange => "Arrange",
        }
    }
}

/// An action's entry.
#[derive(Debug)]
pub(crate) struct Entry {
    /// What it does.
    pub(crate) action: Action,
    /// Its name, as a request.
    pub(crate) title: &'static str,
    /// Where the help lists it.
    pub(crate) section: Section,
    /// Its keys; any of them will do.
    pub(crate) keys: &'static [KeyboardShortcut],
}

const fn plain(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::NONE, key)
}

const fn ctrl(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND, key)
}

const fn ctrl_shift(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), key)
}

const fn shift(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::SHIFT, key)
}

const fn alt(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::ALT, key)
}

const fn entry(
    section: Section,
    action: Action,
    title: &'static str,
    keys: &'static [KeyboardShortcut],
) -> Entry {
    Entry { action, title, section, keys }
}

/// All actions, in the order of the help. W, A, S, D and the arrows left and right also move
/// for as long as they are held.
pub(crate) static ENTRIES: &[Entry] = {
    use Action as A;
    use Section as S;
    &[
        entry(S::Move, A::ZoomIn, "Zoom in", &[plain(Key::W), plain(Key::Plus)]),
        entry(S::Move, A::ZoomOut, "Zoom out", &[plain(Key::S), plain(Key::Minus)]),
        entry(S::Move, A::PanLeft, "Earlier", &[plain(Key::A), plain(Key::ArrowLeft)]),
        entry(S::Move, A::PanRight, "Later", &[plain(Key::D), plain(Key::ArrowRight)]),
        entry(
            S::Move,
            A::Fit,
            "Show all; to a table's first row",
            &[plain(Key::Num0), plain(Key::Home)],
        ),
        entry(S::Move, A::ZoomToSelection, "Zoom to the selection", &[plain(Key::F)]),
        entry(S::Move, A::PageUp, "Rows up by a page", &[plain(Key::PageUp)]),
        entry(S::Move, A::PageDown, "Rows down by a page", &[plain(Key::PageDown)]),
        entry(S::Move, A::LastRow, "To the last row", &[plain(Key::End)]),
        entry(S::Move, A::Undo, "Undo the last move", &[ctrl(Key::Z)]),
        entry(S::Move, A::Redo, "Redo it", &[ctrl(Key::Y), ctrl_shift(Key::Z)]),
        entry(S::Select, A::NextLate, "Next late exit, worst first", &[plain(Key::N)]),
        entry(S::Select, A::PreviousLate, "Previous late exit", &[shift(Key::N)]),
        entry(S::Select, A::NextSite, "Next cancel site as time zero", &[plain(Key::J)]),
        entry(S::Select, A::PreviousSite, "Previous cancel site", &[shift(Key::J)]),
        entry(S::Select, A::RowUp, "Lane above", &[plain(Key::ArrowUp)]),
        entry(S::Select, A::RowDown, "Lane below", &[plain(Key::ArrowDown)]),
        entry(S::Select, A::PreviousEvent, "Previous event of the lane", &[plain(Key::Comma)]),
        entry(S::Select, A::NextEvent, "Next event of the lane", &[plain(Key::Period)]),
        entry(S::Select, A::WhoWoke, "Go to who woke it", &[plain(Key::OpenBracket)]),
        entry(
            S::Select,
            A::WhomWoke,
            "Go to the goroutine that it woke",
            &[plain(Key::CloseBracket)],
        ),
        entry(S::Select, A::Back, "Back to what was selected", &[alt(Key::ArrowLeft)]),
        entry(S::Select, A::Forward, "Forward again", &[alt(Key::ArrowRight)]),
        entry(
            S::Select,
            A::Find,
            "Find in lanes and late exits",
            &[plain(Key::Slash), ctrl(Key::F)],
        ),
        entry(S::Select, A::GoToLane, "Go to a goroutine…", &[ctrl(Key::P)]),
        entry(S::Select, A::CopySelection, "Copy what is selected", &[ctrl(Key::C)]),
        entry(S::Select, A::Mark, "Mark the moment under the pointer", &[plain(Key::M)]),
        entry(S::Select, A::Unmark, "Remove all marks", &[shift(Key::M)]),
        entry(S::Select, A::MeasureView, "Measure out what is in view", &[plain(Key::V)]),
        entry(S::Select, A::MeasureSelection, "Measure out what is selected", &[shift(Key::V)]),
        entry(S::Select, A::Escape, "Clear the selection or filter", &[plain(Key::Escape)]),
        entry(S::Show, A::ViewTimeline, "Timeline", &[plain(Key::Num1)]),
        entry(S::Show, A::ViewCancel, "Cancels as time zero", &[plain(Key::Num2)]),
        entry(S::Show, A::ViewLate, "Late exits", &[plain(Key::Num3)]),
        entry(S::Show, A::ViewCompare, "Comparison", &[plain(Key::Num4)]),
        entry(
            S::Show,
            A::ZoomToCancel,
            "The selected cancel's site as time zero",
            &[plain(Key::C)],
        ),
        entry(S::Show, A::OtherTrace, "The other trace's table and cancels", &[plain(Key::P)]),
        entry(S::Show, A::LateOnly, "Only late lanes", &[plain(Key::L)]),
        entry(S::Show, A::Within, "Only what is in the measured stretch", &[plain(Key::E)]),
        entry(
            S::Show,
            A::NextBar,
            "Only overstays of the next bar, longest first",
            &[plain(Key::Y)],
        ),
        entry(S::Show, A::PreviousBar, "Only those of the bar before", &[shift(Key::Y)]),
        entry(S::Show, A::Cancels, "Cancels and fuses", &[plain(Key::K)]),
        entry(S::Show, A::Arrows, "Arrows of the selection", &[plain(Key::R)]),
        entry(S::Show, A::Gc, "Garbage collection", &[plain(Key::G)]),
        entry(S::Show, A::StopTheWorld, "Stop-the-world", &[plain(Key::O)]),
        entry(S::Show, A::Regions, "User regions", &[plain(Key::U)]),
        entry(S::Show, A::Details, "Details panel", &[plain(Key::I)]),
        entry(S::Show, A::Drawer, "Late exits under the timeline", &[plain(Key::T)]),
        entry(S::Show, A::Help, "This help", &[plain(Key::Questionmark), plain(Key::F1)]),
        entry(S::Show, A::Commands, "Commands by name…", &[ctrl_shift(Key::P), ctrl(Key::K)]),
        entry(S::Arrange, A::Compact, "Compact lanes", &[plain(Key::H)]),
        entry(S::Arrange, A::CollapseAll, "Collapse all groups", &[plain(Key::X)]),
        entry(S::Arrange, A::ExpandAll, "Open all groups", &[shift(Key::X)]),
        entry(S::Arrange, A::HideGroup, "Hide the group of the selection", &[plain(Key::Delete)]),
        entry(S::Arrange, A::ShowHidden, "Show hidden groups again", &[shift(Key::Delete)]),
        entry(
            S::Arrange,
            A::OnlyFunction,
            "Only lanes of the selection's function",
            &[plain(Key::Z)],
        ),
        entry(S::Arrange, A::SortLateness, "Sort lanes by lateness", &[]),
        entry(S::Arrange, A::SortStart, "Sort lanes by start", &[]),
        entry(S::Arrange, A::SortId, "Sort lanes by id", &[]),
        entry(S::Arrange, A::SortRunning, "Sort lanes by running time", &[]),
        entry(S::Arrange, A::SortLifetime, "Sort lanes by lifetime", &[]),
        entry(S::Arrange, A::GroupFunction, "Group by start function", &[]),
        entry(S::Arrange, A::GroupCreator, "Group by creator", &[]),
        entry(S::Arrange, A::GroupFlat, "Do not group", &[]),
        entry(S::Files, A::Open, "Open a trace…", &[ctrl(Key::O)]),
        entry(S::Files, A::OpenCompare, "Open for comparison…", &[ctrl_shift(Key::O)]),
        entry(S::Files, A::SwapSides, "Swap before and after", &[plain(Key::B)]),
        entry(S::Files, A::Reload, "Read the files again", &[plain(Key::F5), ctrl(Key::R)]),
        entry(S::Files, A::Save, "Save a report or a picture…", &[ctrl(Key::S)]),
        entry(S::Files, A::CloseTrace, "Close the trace", &[ctrl(Key::W)]),
        entry(S::Files, A::ThemeDark, "Dark theme", &[]),
        entry(S::Files, A::ThemeLight, "Light theme", &[]),
        entry(S::Files, A::ThemeSystem, "The desktop's theme", &[]),
        entry(S::Files, A::LargerText, "Everything larger", &[ctrl(Key::Plus)]),
        entry(S::Files, A::SmallerText, "Everything smaller", &[ctrl(Key::Minus)]),
        entry(S::Files, A::UsualText, "The usual size", &[ctrl(Key::Num0)]),
        entry(S::Files, A::WheelZooms, "Wheel zooms instead of scrolling", &[]),
        entry(S::Files, A::Siblings, "Guess who else was deaf", &[]),
        entry(S::Files, A::Quit, "Quit", &[ctrl(Key::Q)]),
    ]
};

/// What the mouse does: for the help, which shows it beside the keys.
pub(crate) static MOUSE: &[(&str, &str)] = &[
    ("Drag", "Move the timeline"),
    ("Ctrl+wheel", "Zoom at the pointer"),
    ("Wheel", "Scroll the lanes"),
    ("Shift+wheel", "Earlier, later"),
    ("Shift+drag", "Measure out a stretch of time"),
    ("Ctrl+drag", "Zoom to a stretch of time"),
    ("Click", "Select"),
    ("Click a bar", "List only its overstays"),
    ("Double-click", "Zoom to it"),
    ("Right click", "What can be done with it"),
    ("Drag the names' edge", "Make room for long names"),
    ("Drop a file", "Open it, or compare with it"),
];

/// An action's entry.
pub(crate) fn entry_of(action: Action) -> Option<&'static Entry> {
    ENTRIES.iter().find(|entry| entry.action == action)
}

/// An action's first key as text, "" if it has none.
pub(crate) fn key_text(ctx: &Context, action: Action) -> String {
    let first = entry_of(action).and_then(|entry| entry.keys.first());
    first.map(|&keys| shortcut_text(ctx, keys)).unwrap_or_default()
}

/// A shortcut as it is written on keyboards: signs for keys that have one.
pub(crate) fn shortcut_text(ctx: &Context, keys: KeyboardShortcut) -> String {
    let text = ctx.format_shortcut(&keys);
    let (before, key) = text.rsplit_once('+').map_or(("", text.as_str()), |(a, b)| (a, b));
    let sign = match key {
        "Plus" => "+",
        "Minus" => "−",
        "Comma" => ",",
        "Period" => ".",
        "Slash" => "/",
        "OpenBracket" => "[",
        "CloseBracket" => "]",
        "Left" => "←",
        "Right" => "→",
        "Up" => "↑",
        "Down" => "↓",
        "Questionmark" => "?",
        "Escape" => "Esc",
        other => other,
    };
    if before.is_empty() { sign.to_owned() } else { format!("{before}+{sign}") }
}

/// Actions that go on while their key is held; see [`super::timeline`].
const HELD: [Action; 4] = [Action::ZoomIn, Action::ZoomOut, Action::PanLeft, Action::PanRight];

/// Whether a text field has the keyboard. Any other widget takes only Space and Enter, which are
/// no action's: whoever walks with Tab still has all keys.
pub(crate) fn is_typing(ctx: &Context) -> bool {
    ctx.text_edit_focused()
}

/// The arrows step through rows and time, whatever has the focus: Tab walks on from there.
fn keep_arrows(ctx: &Context) {
    let filter =
        EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
    ctx.memory_mut(|memory| {
        if let Some(id) = memory.focused() {
            memory.set_focus_lock_filter(id, filter);
        }
    });
}

/// The actions whose keys were pressed since the last frame, most modifiers first. While a text
/// field has the keyboard, only those with Ctrl count, but for the field's own, and Escape.
pub(crate) fn pressed(ctx: &Context) -> Vec<Action> {
    if egui::Popup::is_any_open(ctx) {
        // An open menu has the keyboard; Escape closes it.
        return Vec::new();
    }
    let typing = is_typing(ctx);
    if !typing {
        keep_arrows(ctx);
    }
    let mut found = Vec::new();
    let mut shortcuts: Vec<(&KeyboardShortcut, Action)> = ENTRIES
        .iter()
        .filter(|entry| !HELD.contains(&entry.action))
        .flat_map(|entry| entry.keys.iter().map(|keys| (keys, entry.action)))
        .collect();
    shortcuts.sort_by_key(|(keys, _)| {
        let Modifiers { alt, ctrl, shift, command, .. } = keys.modifiers;
        std::cmp::Reverse(u8::from(alt) + u8::from(ctrl || command) + u8::from(shift))
    });
    for (keys, action) in shortcuts {
        let fields_own = matches!(action, Action::Undo | Action::Redo | Action::CopySelection);
        let allowed =
            !typing || action == Action::Escape || (keys.modifiers.command && !fields_own);
        if allowed && ctx.input_mut(|input| input.consume_shortcut(keys)) {
            found.push(action);
        }
    }
    // The windowing library makes an event of its own of Ctrl+C.
    let copied = |input: &egui::InputState| input.events.contains(&egui::Event::Copy);
    if !typing && ctx.input(copied) {
        found.push(Action::CopySelection);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_key_has_two_meanings_and_no_action_two_entries() {
        let mut actions = HashSet::new();
        let mut keys = HashSet::new();
        for entry in ENTRIES {
            assert!(actions.insert(entry.action), "{:?}", entry.action);
            for key in entry.keys {
                assert!(keys.insert(format!("{key:?}")), "{}: {key:?}", entry.title);
            }
        }
    }

    #[test]
    fn titles_are_in_sentence_case() {
        for entry in ENTRIES {
            let rest = &entry.title[1..];
            assert!(entry.title.starts_with(char::is_uppercase), "{}", entry.title);
            assert!(!rest.contains(char::is_uppercase) || rest.contains("WOR"), "{}", entry.title);
            assert!(!entry.title.ends_with('.'), "{}", entry.title);
        }
    }
}
