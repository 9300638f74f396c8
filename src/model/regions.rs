//! Regions of one draft: their begins and ends matched as they come.

use crate::base::{Large, Nests, TaskId, Time};
use crate::parse::event::StrRef;
use crate::parse::pieces::Shift;

use super::draft::{Member, NOBODY};
use super::goroutines::Edge;

/// A region that has begun.
#[derive(Clone, Copy, Debug)]
pub(super) struct OpenRegion {
    pub(super) task: TaskId,
    pub(super) kind: StrRef,
    pub(super) began: Time,
    /// How many of the draft's regions it lies in.
    depth: u32,
}

/// A region that ended in the draft.
#[derive(Clone, Copy, Debug)]
pub(super) struct EndedRegion {
    pub(super) task: TaskId,
    pub(super) kind: StrRef,
    pub(super) by: Member,
    /// Outside if it began in an earlier draft.
    pub(super) began: Edge,
    pub(super) ended: Time,
    /// How many of the draft's regions it lies in.
    pub(super) depth: u32,
}

/// A draft's regions.
#[derive(Debug, Default)]
pub(super) struct Regions {
    open: Nests<OpenRegion>,
    /// In order of their ends.
    ended: Large<EndedRegion>,
}

impl Regions {
    pub(super) fn begin(&mut self, by: Member, task: TaskId, kind: StrRef, began: Time) {
        if by != NOBODY {
            let depth = self.open.top(by).map_or(0, |around| around.depth + 1);
            self.open.push(by, OpenRegion { task, kind, began, depth });
        }
    }

    pub(super) fn end(&mut self, by: Member, task: TaskId, kind: StrRef, ended: Time) {
        if by != NOBODY {
            let open = self.open.pop(by);
            let began = open.map(|open| open.began).into();
            let depth = open.map_or(0, |open| open.depth);
            self.ended.push(EndedRegion { task, kind, by, began, ended, depth });
        }
    }

    pub(super) fn clear(&mut self) {
        self.open.clear_all();
        self.ended.clear();
    }

    /// Those that ended, in order of their ends.
    pub(super) fn ended(&self) -> &[EndedRegion] {
        &self.ended
    }

    /// Those that go on, by member, the innermost last.
    pub(super) fn open(&self) -> impl Iterator<Item = (Member, Vec<OpenRegion>)> + '_ {
        self.open.iter()
    }

    pub(super) fn shift(&mut self, shift: &Shift) {
        let end = shift.end();
        for region in self.ended.iter_mut() {
            let began = region.began.time();
            if began.is_some_and(|began| began < end) || region.ended < end {
                region.began = began.map(|began| shift.apply(began)).into();
                region.ended = shift.apply(region.ended);
            }
        }
        self.open.for_each_mut(|region| region.began = shift.apply(region.began));
    }
}
