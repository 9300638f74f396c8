//! What a click or a double-click on the canvas does.

use super::{Frame, Kind, TimelinePanel, input};
use crate::scene::{Hit, Row, Scene};
use crate::ui::command::Command;
use crate::ui::look::{interval_of, interval_to_first};
use crate::ui::state::{Selected, What};

impl TimelinePanel {
    /// Selects what was clicked, opens or collapses it, or zooms to a crowd of cancels.
    pub(super) fn click(&self, frame: &Frame<'_>, hit: Hit) {
        if self.opens_crowd(frame, hit) {
            return;
        }
        match (hit, self.target(hit)) {
            (_, Some(Target::Section(number))) => {
                if let Some(section) = frame.rows.sections().get(number as usize) {
                    frame.ctx.send(Command::Fold(frame.slot, section.key, !section.collapsed));
                }
            }
            (_, Some(Target::What(what))) => {
                frame.ctx.send(Command::Select(Some(Selected { slot: frame.slot, what })));
            }
            (Hit::Axis { .. }, None) => frame.ctx.send(Command::Select(None)),
            _ => {}
        }
    }

    /// Zooms to the crowd of cancels whose flag was clicked, if it was one; says whether it was.
    fn opens_crowd(&self, frame: &Frame<'_>, hit: Hit) -> bool {
        let Hit::Flag { record } = hit else { return false };
        let flag = self.scene.flags.get(record as usize).filter(|flag| flag.count > 1);
        let Some(interval) = flag.map(|flag| flag.interval(&frame.view())) else { return false };
        // Those that are at once stay one flag, however near one comes.
        if interval.ns() == 0 || frame.kind == Kind::Cancels {
            return false;
        }
        if let Some(viewport) = self.shown {
            let interval = interval_to_first(frame.ctx, frame.slot, interval);
            input::zoom_to(frame, interval, viewport);
        }
        true
    }

    /// What a click is about.
    pub(super) fn target(&self, hit: Hit) -> Option<Target> {
        target_of(&self.scene, hit)
    }

    /// Zooms to what was clicked.
    pub(super) fn double_click(&self, frame: &Frame<'_>, hit: Hit) {
        let Some(Target::What(what)) = self.target(hit) else { return };
        let Some(interval) = interval_of(frame.sheet, what) else { return };
        match frame.kind {
            Kind::All => {
                let interval = interval_to_first(frame.ctx, frame.slot, interval);
                if let Some(viewport) = self.shown {
                    input::zoom_to(frame, interval, viewport);
                }
            }
            Kind::Cancels => frame.ctx.send(Command::Jump(Selected { slot: frame.slot, what })),
        }
    }
}

/// What a click on something is about.
pub(super) enum Target {
    Section(u32),
    What(What),
}

fn target_of(scene: &Scene, hit: Hit) -> Option<Target> {
    let row = |record: u32| scene.rows.get(record as usize).map(|row| row.row);
    Some(match hit {
        Hit::Axis { .. } => return None,
        Hit::Flag { record } => {
            Target::What(What::Cancel(scene.flags.get(record as usize)?.cancel))
        }
        Hit::Cancel { record } => {
            Target::What(What::Cancel(scene.cancels.get(record as usize)?.cancel))
        }
        Hit::Fuse { record } => {
            let fuse = scene.fuses.get(record as usize)?;
            Target::What(fuse.hearing().map_or(What::Goroutine(fuse.goroutine), What::Hearing))
        }
        Hit::Span { record, at } => match row(scene.spans.get(record as usize)?.row)? {
            Row::Lane { goroutine, .. } => Target::What(What::Span(goroutine, at)),
            _ => return None,
        },
        Hit::Bar { record } => match row(scene.bars.get(record as usize)?.row)? {
            Row::Lane { goroutine, .. } => Target::What(What::Goroutine(goroutine)),
            Row::Header(number) => Target::Section(number),
            _ => return None,
        },
        Hit::Arrow { record } => {
            let arrow = scene.arrows.get(record as usize)?;
            Target::What(What::Goroutine(arrow.from.unwrap_or(arrow.to)))
        }
        Hit::Row { record, .. } => match row(record)? {
            Row::Lane { goroutine, .. } => Target::What(What::Goroutine(goroutine)),
            Row::Header(number) => Target::Section(number),
            _ => return None,
        },
        Hit::Sticky => match scene.sticky?.row {
            Row::Header(number) => Target::Section(number),
            _ => return None,
        },
    })
}
