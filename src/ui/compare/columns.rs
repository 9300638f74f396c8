//! What the columns of the comparison mean, and sorting by them.

use std::cmp::Ordering;

use egui::{RichText, Ui, WidgetInfo};

use super::super::theme::{Theme, size};
use super::super::widgets::caption;
use super::{INTERVAL_TEXT, Q_TEXT, SHIFT_TEXT, SIDE};
use crate::analysis::{Aspect, DiffGroup};

/// What the rows can be sorted by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Key {
    /// What is worse, then what is better, then the rest.
    Verdict,
    /// The kind of group.
    Kind,
    /// The group's name.
    Name,
    /// The median before.
    Before,
    /// The median after.
    After,
    /// By how much it grew.
    Shift,
    /// How likely that is by chance.
    Chance,
}

/// A column's title with what it means; a click sorts by it, another the other way round.
pub(super) fn heading_ui(
    ui: &mut Ui,
    theme: &Theme,
    title: &str,
    key: Option<Key>,
    sorted: &mut Option<(Key, bool)>,
) {
    let tip = meaning(title);
    let Some(key) = key else {
        ui.label(caption(theme, title)).on_hover_text(tip);
        return;
    };
    let (now, ascending) = sorted.unwrap_or((Key::Verdict, true));
    let text = match (now == key, ascending) {
        (true, true) => format!("{title} ▲"),
        (true, false) => format!("{title} ▼"),
        (false, _) => title.to_owned(),
    };
    let color = if now == key { theme.text } else { theme.weak };
    let text = RichText::new(text).size(size::TEXT_SMALL).color(color);
    let button = ui.add(egui::Button::new(text).frame(false));
    button.widget_info(|| WidgetInfo::labeled(egui::Role::ColumnHeader, true, title));
    if button.on_hover_text(tip).clicked() {
        // Of durations the longest come first, of all else the least.
        let first = !matches!(key, Key::Before | Key::After | Key::Shift);
        *sorted = Some((key, if now == key { !ascending } else { first }));
    }
}

/// What a column tells.
fn meaning(title: &str) -> String {
    let text = match title.trim_end_matches(SIDE) {
        "Verdict" => {
            "Worse or better: the change is larger than chance explains, and large enough to \
             matter. Same: it is not. Too little data: fewer than it takes to tell. Late, only \
             after (or before): late by far where nobody was (or is any longer)"
        }
        "What" => "What is compared: overstays after cancels, lifetimes, tasks, blocked time …",
        "Group" => "What is the same in both traces: a function, a cancel's site, a task's type",
        "Before" => "In the trace before: how many, the median, and what 99 of 100 are within",
        "After" => "In the trace after: how many, the median, and what 99 of 100 are within",
        "Median to longest" => "Both traces on one logarithmic axis: the dot is the median",
        "Typical shift" => {
            return format!(
                "{SHIFT_TEXT}. For the slowest or the stuck it is what changed of them"
            );
        }
        "95 % interval" => INTERVAL_TEXT,
        _ => Q_TEXT,
    };
    text.to_owned()
}

/// Sorts the rows by a column; those of one key stay as they come, the most worth telling first.
pub(super) fn sort(groups: &mut [&DiffGroup], sorted: Option<(Key, bool)>) {
    let Some((key, ascending)) = sorted else { return };
    let compare = |a: &&DiffGroup, b: &&DiffGroup| match key {
        Key::Verdict => a.rank().cmp(&b.rank()),
        Key::Kind => a.kind.cmp(&b.kind),
        Key::Name => a.key.cmp(&b.key),
        Key::Before => a.before.p50_ns.cmp(&b.before.p50_ns),
        Key::After => a.after.p50_ns.cmp(&b.after.p50_ns),
        Key::Shift => shift_ns(a).cmp(&shift_ns(b)),
        Key::Chance => {
            let chance = |group: &DiffGroup| group.q_value.unwrap_or(2.0);
            chance(a).partial_cmp(&chance(b)).unwrap_or(Ordering::Equal)
        }
    };
    groups.sort_by(|a, b| if ascending { compare(a, b) } else { compare(b, a) });
}

/// The change that the row shows; the least of all where it shows none.
fn shift_ns(group: &DiffGroup) -> i64 {
    match group.aspect {
        Some(Aspect::Slowest) => group.after.p99_ns.saturating_sub(group.before.p99_ns),
        _ => group.shift_ns.unwrap_or(i64::MIN),
    }
}
