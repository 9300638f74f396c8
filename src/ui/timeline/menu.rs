//! What a right click on a lane, a heading or a cancel offers.

use egui::{Button, Response, Ui};

use super::{Frame, Kind, TimelinePanel, hover, input};
use crate::base::{Goroutine, Interval, StackId, Time};
use crate::scene::{Hit, Section, SectionKey};
use crate::ui::command::Command;
use crate::ui::ctx::{called, count, goroutine_id, short_function, words_of};
use crate::ui::details::as_text;
use crate::ui::keys::{Action, key_text};
use crate::ui::look::{interval_of, interval_to_first};
use crate::ui::state::{Selected, View, What};

/// What a menu is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum About {
    /// A goroutine's lane, and the moment at which it was clicked.
    Lane(Goroutine, Option<Time>),
    /// A section's heading.
    Section(SectionKey),
    /// A cancel, by its row.
    Cancel(u32),
}

impl TimelinePanel {
    /// The menu of what was clicked on the canvas.
    pub(super) fn menu_ui(&mut self, frame: &Frame<'_>, response: &Response, hit: Option<Hit>) {
        if response.secondary_clicked() {
            self.menu = hit.and_then(|hit| self.about(frame, hit));
        }
        if let Some(about) = self.menu {
            response.context_menu(|ui| menu_ui(ui, frame, about));
        }
    }

    fn about(&self, frame: &Frame<'_>, hit: Hit) -> Option<About> {
        Some(match (self.target(hit)?, frame.rows) {
            (super::clicks::Target::Section(number), rows) => {
                About::Section(rows.sections().get(number as usize)?.key)
            }
            (super::clicks::Target::What(what), _) => match what {
                What::Goroutine(goroutine) => About::Lane(goroutine, None),
                What::Span(goroutine, at) => About::Lane(goroutine, Some(at)),
                What::Cancel(row) => About::Cancel(row),
                What::Hearing(row) => About::Lane(frame.sheet.hearing(row)?.goroutine, None),
            },
        })
    }
}

/// The section that a lane is in, if it is one that can be left out.
pub(super) fn group_of<'f>(frame: &Frame<'f>, goroutine: Goroutine) -> Option<&'f Section> {
    let number = frame.rows.section_of(goroutine)?;
    frame.rows.sections().get(number as usize).filter(|section| can_hide(section.key))
}

fn can_hide(key: SectionKey) -> bool {
    !matches!(key, SectionKey::All | SectionKey::Cancel(_))
}

/// The lines of a menu.
pub(super) fn menu_ui(ui: &mut Ui, frame: &Frame<'_>, about: About) {
    ui.set_min_width(200.0);
    match about {
        About::Lane(goroutine, at) => lane_ui(ui, frame, goroutine, at),
        About::Section(key) => {
            let section = frame.rows.sections().iter().zip(0..).find(|(it, _)| it.key == key);
            if let Some((section, number)) = section {
                section_ui(ui, frame, section, number);
            }
        }
        About::Cancel(row) => cancel_ui(ui, frame, row),
    }
}

fn lane_ui(ui: &mut Ui, frame: &Frame<'_>, goroutine: Goroutine, at: Option<Time>) {
    let name = called(frame.sheet, goroutine);
    let id = goroutine_id(frame.sheet, goroutine);
    if ui.button("Copy its name").clicked() {
        frame.ctx.send(Command::Copy(format!("{id} {name}")));
    }
    if let Some(at) = at {
        copy_ui(ui, frame, "Copy what it does here, with its stack", What::Span(goroutine, at));
    }
    if frame.sheet.trace().life(goroutine).creation_stack != StackId::EMPTY {
        copy_ui(ui, frame, "Copy where it was started", What::Goroutine(goroutine));
    }
    ui.separator();
    let life = interval_of(frame.sheet, What::Goroutine(goroutine));
    zoom_ui(ui, frame, "Zoom to its life", life);
    if let Some(at) = at {
        zoom_ui(
            ui,
            frame,
            "Zoom to what it does here",
            interval_of(frame.sheet, What::Span(goroutine, at)),
        );
    }
    only_ui(ui, frame, name);
    if let Some(section) = group_of(frame, goroutine).filter(|_| frame.kind == Kind::All) {
        hide_ui(ui, frame, section);
    }
}

fn section_ui(ui: &mut Ui, frame: &Frame<'_>, section: &Section, number: u32) {
    if ui.button(if section.collapsed { "Open" } else { "Collapse" }).clicked() {
        frame.ctx.send(Command::Fold(frame.slot, section.key, !section.collapsed));
    }
    if ui.button("Copy its name").clicked() {
        let name = match section.key {
            SectionKey::Function(name) => frame.sheet.trace().string(name).to_owned(),
            key => hover::section_name(frame.sheet, key),
        };
        frame.ctx.send(Command::Copy(name));
    }
    ui.separator();
    zoom_ui(ui, frame, "Zoom to its lanes", frame.rows.life_of(number));
    if let SectionKey::Function(name) = section.key {
        only_ui(ui, frame, frame.sheet.trace().string(name));
    }
    if can_hide(section.key) {
        hide_ui(ui, frame, section);
    }
}

fn cancel_ui(ui: &mut Ui, frame: &Frame<'_>, row: u32) {
    copy_ui(ui, frame, "Copy it, with its stack", What::Cancel(row));
    ui.separator();
    zoom_ui(ui, frame, "Zoom to whom it reached", interval_of(frame.sheet, What::Cancel(row)));
    if ui.button("Show its site as time zero").clicked() {
        frame.ctx.send(Command::Focus(frame.slot));
        frame.ctx.send(Command::CancelSite(Some(row)));
        frame.ctx.send(Command::Show(View::Cancel));
    }
}

fn copy_ui(ui: &mut Ui, frame: &Frame<'_>, title: &str, what: What) {
    if ui.button(title).clicked()
        && let Some(text) = as_text(frame.ctx, Selected { slot: frame.slot, what })
    {
        frame.ctx.send(Command::Copy(text));
    }
}

/// Only where time is the trace's: in the cancel view each lane has its own zero.
fn zoom_ui(ui: &mut Ui, frame: &Frame<'_>, title: &str, interval: Option<Interval>) {
    let Some((interval, viewport)) = interval.zip(frame.ctx.state.viewport) else { return };
    if frame.kind == Kind::All && ui.button(title).clicked() {
        input::zoom_to(frame, interval_to_first(frame.ctx, frame.slot, interval), viewport);
    }
}

/// Only the lanes of a function.
fn only_ui(ui: &mut Ui, frame: &Frame<'_>, function: &str) {
    let Some(words) = words_of(function) else { return };
    if ui.button(format!("Only lanes of {}", short_function(function))).clicked() {
        frame.ctx.send(Command::Filter(words.to_owned()));
    }
}

fn hide_ui(ui: &mut Ui, frame: &Frame<'_>, section: &Section) {
    let name = hover::section_name(frame.sheet, section.key);
    let title = format!("Hide {name} ({})", count(section.count as usize, "lane"));
    let keys = key_text(ui.ctx(), Action::HideGroup);
    if ui.add(Button::new(title).shortcut_text(keys)).clicked() {
        frame.ctx.send(Command::Hide(frame.slot, section.key));
    }
}
