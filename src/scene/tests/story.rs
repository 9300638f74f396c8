//! Small models made by hand: goroutines with their spans, cancels with their hearings.

use std::sync::Arc;

use crate::analysis::{
    Analysis, Cancel, Cause, Document, Evidence, HeardIn, Hearing, Outcome, Rules,
};
use crate::base::{GoId, Goroutine, Interval, ProcId, StackId, StrId, Time};
use crate::model::Columns;
use crate::model::{Chunk, Kind, Life, MetricPoint, RunAt, Trace};
use crate::parse::event::GoState;

/// A state and its reason, as stories write them.
pub(super) const STATES: [(GoState, &str); 8] = [
    (GoState::Running, ""),
    (GoState::Runnable, ""),
    (GoState::Syscall, ""),
    (GoState::Waiting, "sleep"),
    (GoState::Waiting, "select"),
    (GoState::Waiting, "sync"),
    (GoState::Waiting, "network"),
    (GoState::Waiting, "forever"),
];

/// One goroutine of a story.
#[derive(Clone, Debug)]
pub(super) struct Actor {
    pub(super) name: &'static str,
    pub(super) parent: Option<u32>,
    /// Starts and rows of [`STATES`]; the first is where the life begins.
    pub(super) spans: Vec<(i64, usize)>,
    /// None if it is alive at the trace's end.
    pub(super) end: Option<i64>,
}

/// One goroutine's reaction to a cancel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ear {
    pub(super) goroutine: u32,
    pub(super) deaf: bool,
    pub(super) told: bool,
    pub(super) outcome: Outcome,
    pub(super) overstay_ns: i64,
}

/// A model in the making.
#[derive(Clone, Debug, Default)]
pub(super) struct Story {
    pub(super) end: i64,
    pub(super) actors: Vec<Actor>,
    /// Times of cancels and who heard them; in order.
    pub(super) cancels: Vec<(i64, Vec<Ear>)>,
    /// Where chunks begin, besides 0.
    pub(super) cuts: Vec<i64>,
    pub(super) heap: Vec<(i64, u64)>,
    pub(super) gc: Vec<(i64, i64)>,
}

impl Story {
    /// A trace from 0 to `end` ns.
    pub(super) fn new(end: i64) -> Self {
        Self { end, ..Self::default() }
    }

    /// Adds a goroutine: where each span starts and in which row of [`STATES`] it is.
    pub(super) fn actor(
        mut self,
        name: &'static str,
        spans: &[(i64, usize)],
        end: Option<i64>,
    ) -> Self {
        self.actors.push(Actor { name, parent: None, spans: spans.to_vec(), end });
        self
    }

    /// Adds a cancel that some goroutines heard; they were told to stop and end when they end.
    pub(super) fn cancel(mut self, at: i64, heard: &[u32], deaf: &[u32]) -> Self {
        let ear = |&goroutine: &u32, deaf: bool| {
            let end = self.actors[goroutine as usize].end;
            let outcome = if end.is_some() { Outcome::Exited } else { Outcome::Alive };
            let overstay_ns = end.unwrap_or(self.end) - at;
            Ear { goroutine, deaf, told: true, outcome, overstay_ns }
        };
        let heard = heard.iter().map(|row| ear(row, false));
        let ears = heard.chain(deaf.iter().map(|row| ear(row, true))).collect();
        self.cancels.push((at, ears));
        self
    }

    pub(super) fn document(&self) -> Document {
        let trace = self.trace();
        let analysis = self.analysis(&trace);
        Document { trace: trace.into(), rules: Rules::default(), analysis }
    }

    fn trace(&self) -> Trace {
        let mut trace =
            Trace { interval: Interval::new(Time(0), Time(self.end)), ..Trace::default() };
        let kinds: Vec<Kind> = STATES
            .iter()
            .map(|&(state, reason)| Kind {
                state,
                reason: trace.strings.intern(reason),
                proc: ProcId::NONE,
                woken: false,
                words: 0,
            })
            .collect();
        for (id, actor) in (1..).zip(&self.actors) {
            let name = trace.strings.intern(actor.name);
            trace.goroutines.push(&life(GoId(id), name, actor));
        }
        trace.chunks = self.chunks(&kinds.into());
        self.add_runs(&mut trace);
        trace.world.heap =
            self.heap.iter().map(|&(at, value)| MetricPoint { at: Time(at), value }).collect();
        trace.world.gc =
            self.gc.iter().map(|&(start, end)| Interval::new(Time(start), Time(end))).collect();
        trace
    }

    fn chunks(&self, kinds: &Arc<[Kind]>) -> Vec<Chunk> {
        let mut bounds = vec![0];
        bounds.extend(&self.cuts);
        bounds.push(i64::MAX);
        let chunk = |window: &[i64]| {
            let (mut members, mut run_starts) = (Vec::new(), vec![0]);
            let mut spans = Vec::new();
            for (row, actor) in (0..).map(Goroutine).zip(&self.actors) {
                let inside = |at: i64| window[0] <= at && at < window[1];
                // The state in which a life begins is the life's, not a span of a chunk.
                let later = actor.spans.iter().skip(1);
                for &(at, state) in later.filter(|span| inside(span.0)) {
                    spans.push((at - window[0], u16::try_from(state).unwrap(), None));
                }
                if run_starts.last() != Some(&u32::try_from(spans.len()).unwrap()) {
                    members.push(row);
                    run_starts.push(u32::try_from(spans.len()).unwrap());
                }
            }
            Chunk {
                base: Time(window[0]),
                kinds: kinds.clone(),
                stacks: Arc::new([StackId::EMPTY]),
                people: Arc::new([]),
                members,
                run_starts,
                columns: Columns::of(&spans),
                word_marks: Vec::new(),
            }
        };
        bounds.windows(2).map(chunk).collect()
    }

    fn add_runs(&self, trace: &mut Trace) {
        for row in (0..u32::try_from(self.actors.len()).unwrap()).map(Goroutine) {
            let n = u32::try_from(trace.goroutines.runs.len()).unwrap();
            trace.goroutines.run_starts.push(n);
            for (chunk, columns) in (0..).zip(&trace.chunks) {
                let member = columns.members.iter().position(|&member| member == row);
                let member = member.map(|member| u32::try_from(member).unwrap());
                trace.goroutines.runs.extend(member.map(|member| RunAt { chunk, member }));
            }
        }
        let n = u32::try_from(trace.goroutines.runs.len()).unwrap();
        trace.goroutines.run_starts.push(n);
    }

    fn analysis(&self, trace: &Trace) -> Analysis {
        let mut analysis = Analysis::default();
        for (id, (at, ears)) in (0..).zip(&self.cancels) {
            let start = u32::try_from(analysis.hearings.len()).unwrap();
            let n_heard = u32::try_from(ears.iter().filter(|ear| !ear.deaf).count()).unwrap();
            let end = start + u32::try_from(ears.len()).unwrap();
            analysis.hearings.extend(ears.iter().map(|ear| hearing(trace, id, *at, ear)));
            analysis.cancels.push(Cancel {
                id,
                at: Time(*at),
                cause: Cause::Deadline,
                detail: "",
                site: None,
                by: None,
                depth: 1,
                stack: StackId::EMPTY,
                heard: start..start + n_heard,
                deaf: start + n_heard..end,
            });
        }
        let overstay = |row: &u32| std::cmp::Reverse(analysis.hearings[*row as usize].overstay_ns);
        let mut worst_first: Vec<u32> =
            (0..u32::try_from(analysis.hearings.len()).unwrap()).collect();
        worst_first.sort_by_key(overstay);
        analysis.worst_first = worst_first;
        analysis
    }
}

fn life(id: GoId, name: StrId, actor: &Actor) -> Life {
    let (first, state) = actor.spans[0];
    Life {
        id,
        name,
        parent: actor.parent.map(Goroutine),
        creation_stack: StackId::EMPTY,
        born: (first != 0).then_some(Time(first)).into(),
        ended: actor.end.map(Time).into(),
        first: Time(first),
        first_state: STATES[state].0,
        first_stack: StackId::EMPTY,
    }
}

fn hearing(trace: &Trace, cancel: u32, at: i64, ear: &Ear) -> Hearing {
    let goroutine = Goroutine(ear.goroutine);
    Hearing {
        cancel,
        goroutine,
        function: trace.life(goroutine).name,
        deaf: ear.deaf,
        by_clock: false,
        evidence: if ear.deaf { Evidence::Sibling } else { Evidence::Woken },
        heard_in: HeardIn::Own,
        told_to_stop: ear.told,
        depth: 1,
        heard_at: Time(at),
        stack: StackId::EMPTY,
        end: (ear.outcome != Outcome::Alive).then_some(Time(at + ear.overstay_ns)).into(),
        outcome: ear.outcome,
        overstay_ns: ear.overstay_ns,
    }
}
