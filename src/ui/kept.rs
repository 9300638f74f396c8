//! What of the window's state outlives a trace when another reading of it takes its place.
//!
//! Rows are numbers of one reading. What was looked at is therefore remembered by what it is:
//! a goroutine by its id and birth, a cancel by its moment, a section by its function's name.

use std::sync::Arc;

use super::app::App;
use super::history::Trail;
use super::sheet::Sheet;
use super::slot::{Pair, Slot};
use super::state::{Selected, What};
use crate::base::{GoId, Goroutine, Interval, Time, WireMap};
use crate::scene::{Link, SectionKey};

/// What is kept.
pub(super) struct Kept {
    /// The stretch of time on screen, on the first trace's clock; none if it was all.
    looked_at: Option<Interval>,
    /// How the clocks of two traces go together, if not by their beginnings.
    link: Option<Link>,
    scroll: Pair<f64>,
    /// The topmost lane, and how far it had been scrolled out of view, in pixels.
    top: Option<(Person, f64)>,
    folds: Vec<(Section, bool)>,
    hidden: Vec<Section>,
    selected: Option<Thing>,
    cancel_site: Option<Thing>,
}

/// A goroutine, whatever its row.
#[derive(Clone, Copy)]
struct Person {
    id: GoId,
    first: Time,
}

/// Something that can be selected.
#[derive(Clone, Copy)]
enum Thing {
    Goroutine(Person),
    Span(Person, Time),
    Cancel(Time, Option<Person>),
    Hearing(Time, Option<Person>, Person),
}

impl Thing {
    /// The goroutines that it is about.
    fn people(self) -> impl Iterator<Item = Person> {
        let people = match self {
            Self::Goroutine(person) | Self::Span(person, _) => [Some(person), None],
            Self::Cancel(_, by) => [by, None],
            Self::Hearing(_, by, person) => [by, Some(person)],
        };
        people.into_iter().flatten()
    }
}

/// A section that was collapsed or opened.
enum Section {
    Same(SectionKey),
    Function(String),
    CreatedBy(Person),
}

impl Kept {
    /// What is to be kept of a slot whose trace is about to be replaced; `old` was in it.
    pub(super) fn of(app: &App, slot: Slot, old: &Sheet) -> Self {
        let state = &app.state;
        let looked_at = state.viewport.as_ref().and_then(|viewport| {
            let (seen, all) = (viewport.visible(), viewport.bounds());
            (seen.start > all.start || seen.end < all.end).then_some(seen)
        });
        let other = app.sheets[slot.other()].as_ref();
        let begin = |of: Slot| if of == slot { Some(old) } else { other }.map(Sheet::interval);
        let by_begin = begin(Slot::Before)
            .zip(begin(Slot::After))
            .map(|(a, b)| Link { first: a.start, second: b.start });
        let selected = state.selected.filter(|selected| selected.slot == slot);
        let is_focus = state.focus == slot;
        let top = app.panels.timelines[slot].top_lane(state.scroll[slot]);
        Self {
            looked_at,
            link: state.link.filter(|link| Some(*link) != by_begin),
            scroll: state.scroll,
            top: top.map(|(goroutine, out_px)| (person(old, goroutine), out_px)),
            folds: state.rows.folds[slot]
                .iter()
                .map(|(&key, &it)| (section(old, key), it))
                .collect(),
            hidden: state.rows.hidden[slot].iter().map(|&key| section(old, key)).collect(),
            selected: selected.and_then(|selected| thing(old, selected.what)),
            cancel_site: state
                .cancel_site
                .filter(|_| is_focus)
                .and_then(|row| thing(old, What::Cancel(row))),
        }
    }

    /// Puts it back, once the new trace is in the slot and all of it in view.
    pub(super) fn restore(self, app: &mut App, slot: Slot) {
        let App { state, sheets, .. } = app;
        let Some(sheet) = &sheets[slot] else { return };
        let again = Again::of(sheet, self.people());
        if let Some(link) = self.link.filter(|_| state.link.is_some()) {
            state.link = Some(link);
        }
        if let (Some(viewport), Some(interval)) = (&mut state.viewport, self.looked_at) {
            viewport.show(interval, 0.0);
        }
        state.scroll = self.scroll;
        if let Some(top_px) = self.top.and_then(|top| again.scroll_to(top)) {
            state.scroll[slot] = top_px;
        }
        let folds = self.folds.iter().filter_map(|(kept, it)| Some((again.section(kept)?, *it)));
        state.rows.folds[slot] = Arc::new(folds.collect());
        let hidden = self.hidden.iter().filter_map(|kept| again.section(kept));
        state.rows.hidden[slot] = Arc::new(hidden.collect());
        if let Some(cancel) = state.cancel_site {
            let site = self.cancel_site.and_then(|thing| again.thing(thing));
            state.cancel_site = match site {
                Some(What::Cancel(row)) => Some(row),
                _ => Some(cancel).filter(|_| state.focus != slot),
            };
        }
        // Other rows that were remembered are let go.
        state.trail = Trail::default();
        state.reveal = state.reveal.filter(|selected| selected.slot != slot);
        if state.selected.is_some_and(|selected| selected.slot == slot) {
            let what = self.selected.and_then(|thing| again.thing(thing));
            state.selected = what.map(|what| Selected { slot, what });
        }
    }

    /// All goroutines that something of it is about.
    fn people(&self) -> impl Iterator<Item = Person> {
        let sections = self.folds.iter().map(|(section, _)| section).chain(&self.hidden);
        let creators = sections.filter_map(|section| match section {
            Section::CreatedBy(person) => Some(*person),
            Section::Same(_) | Section::Function(_) => None,
        });
        let things = [self.selected, self.cancel_site].into_iter().flatten();
        let top = self.top.map(|(person, _)| person);
        creators.chain(things.flat_map(Thing::people)).chain(top)
    }
}

fn person(sheet: &Sheet, goroutine: Goroutine) -> Person {
    let life = sheet.trace().life(goroutine);
    Person { id: life.id, first: life.first }
}

fn thing(sheet: &Sheet, what: What) -> Option<Thing> {
    let cancel = |row: u32| {
        let cancel = sheet.cancel(row)?;
        Some((cancel.at, cancel.by.map(|by| person(sheet, by))))
    };
    Some(match what {
        What::Goroutine(goroutine) => Thing::Goroutine(person(sheet, goroutine)),
        What::Span(goroutine, at) => Thing::Span(person(sheet, goroutine), at),
        What::Cancel(row) => {
            let (at, by) = cancel(row)?;
            Thing::Cancel(at, by)
        }
        What::Hearing(row) => {
            let hearing = sheet.hearing(row)?;
            let (at, by) = cancel(hearing.cancel)?;
            Thing::Hearing(at, by, person(sheet, hearing.goroutine))
        }
    })
}

fn section(sheet: &Sheet, key: SectionKey) -> Section {
    match key {
        SectionKey::Function(name) => Section::Function(sheet.trace().string(name).to_owned()),
        SectionKey::CreatedBy(Some(goroutine)) => Section::CreatedBy(person(sheet, goroutine)),
        other => Section::Same(other),
    }
}

/// Another reading of a trace, in which what was remembered is found again.
struct Again<'a> {
    sheet: &'a Sheet,
    /// The rows of those who are looked for, by id: a trace may have millions of others, which are
    /// walked through once.
    rows: WireMap<GoId, Vec<Goroutine>>,
}

impl<'a> Again<'a> {
    fn of(sheet: &'a Sheet, people: impl Iterator<Item = Person>) -> Self {
        let trace = sheet.trace();
        let mut rows: WireMap<GoId, Vec<Goroutine>> =
            people.map(|person| (person.id, Vec::new())).collect();
        if !rows.is_empty() {
            for row in trace.goroutines() {
                if let Some(alike) = rows.get_mut(&trace.go_id(row)) {
                    alike.push(row);
                }
            }
        }
        Self { sheet, rows }
    }

    /// The goroutine of that id that appeared at that moment; if there is none, one of that id.
    fn person(&self, person: Person) -> Option<Goroutine> {
        let trace = self.sheet.trace();
        let alike = self.rows.get(&person.id)?;
        let same = alike.iter().find(|&&row| trace.life(row).first == person.first);
        same.or(alike.first()).copied()
    }

    /// The scroll position at which a lane is where it was.
    fn scroll_to(&self, (top, out_px): (Person, f64)) -> Option<f64> {
        let place = self.sheet.rows.as_ref()?.rows.place_of(self.person(top)?)?;
        Some((place.top_px + out_px).max(0.0))
    }

    /// The same thing; the goroutine that it was about if there is no such thing any more.
    fn thing(&self, thing: Thing) -> Option<What> {
        let sheet = self.sheet;
        match thing {
            Thing::Goroutine(person) => self.person(person).map(What::Goroutine),
            Thing::Span(person, at) => {
                let goroutine = self.person(person)?;
                let there = sheet.trace().span_at(goroutine, at).is_some();
                Some(if there { What::Span(goroutine, at) } else { What::Goroutine(goroutine) })
            }
            Thing::Cancel(at, by) => self.cancel(at, by).map(What::Cancel),
            Thing::Hearing(at, by, person) => {
                let goroutine = self.person(person)?;
                let analysis = sheet.document.analysis();
                let cancel = self.cancel(at, by);
                let rows = analysis.by_goroutine.of(goroutine).iter().copied();
                let of_cancel = |row: &u32| {
                    sheet.hearing(*row).is_some_and(|hearing| Some(hearing.cancel) == cancel)
                };
                let row = rows.filter(|_| cancel.is_some()).find(of_cancel);
                Some(row.map_or(What::Goroutine(goroutine), What::Hearing))
            }
        }
    }

    fn cancel(&self, at: Time, by: Option<Person>) -> Option<u32> {
        let cancels = self.sheet.document.analysis().cancels();
        let first = cancels.partition_point(|cancel| cancel.at < at);
        let alike = cancels.get(first..)?.iter().take_while(|cancel| cancel.at == at);
        let by = by.and_then(|by| self.person(by));
        alike.into_iter().find(|cancel| cancel.by == by).map(|cancel| cancel.id)
    }

    fn section(&self, kept: &Section) -> Option<SectionKey> {
        match kept {
            Section::Same(key) => Some(*key),
            Section::Function(name) => {
                self.sheet.trace().strings().find(name).map(SectionKey::Function)
            }
            Section::CreatedBy(person) => {
                self.person(*person).map(|row| SectionKey::CreatedBy(Some(row)))
            }
        }
    }
}
