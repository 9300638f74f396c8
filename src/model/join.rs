//! Drafts, in order of time → one trace: goroutines, strings and stacks get their rows.

use std::sync::Arc;

use crate::base::{GoId, Goroutine, Interval, StackId, StrId, Time, WireMap, narrow};
use crate::parse::Parsed;
use crate::parse::event::{GoState, StackRef, StrRef};
use crate::parse::tables::Tables;

use super::alloc::Heap;
use super::chunk::{Chunk, Kind};
use super::columns::{Columns, SpanParts, Widths};
use super::draft::{Draft, Left, Member, MemberRow, NOBODY, Origin};
use super::escapes::unescaped;
use super::goroutines::{Edge, Life, RunAt};
use super::kinds::{Kinds, RawKind};
use super::seal::Sealed;
use super::sides::Sides;
use super::stacks::Frame;
use super::world::WallClock;
use super::{Trace, TraceInfo};

/// Joins drafts into a trace.
#[derive(Debug, Default)]
pub struct Builder {
    pub(super) trace: Trace,
    /// The row of each goroutine that is alive, by the trace's id.
    alive: WireMap<GoId, Goroutine>,
    pub(super) sides: Sides,
    heap: Heap,
    start: Option<Time>,
    last: Time,
    /// Since when nothing is known, after a break.
    lost: Option<Time>,
    /// What lies between the break and the generation being joined.
    gap: Option<Interval>,
}

/// A draft's own numbers → the trace's rows.
pub(super) struct Rows {
    pub(super) people: Arc<[Goroutine]>,
    pub(super) stacks: Arc<[StackId]>,
    strings: Vec<StrId>,
}

impl Rows {
    pub(super) fn goroutine(&self, member: Member) -> Option<Goroutine> {
        if member == NOBODY { None } else { self.people.get(member as usize).copied() }
    }

    pub(super) fn stack(&self, stack: StackRef) -> StackId {
        self.stacks.get(stack.0 as usize).copied().unwrap_or_default()
    }

    pub(super) fn string(&self, string: StrRef) -> StrId {
        self.strings.get(string.0 as usize).copied().unwrap_or_default()
    }
}

impl Builder {
    /// Adds the next draft, with the tables that its events refer to.
    pub fn join(&mut self, mut draft: Draft, tables: &Tables<'_>) -> Left {
        let lost = draft.lost;
        if let Some(start) = draft.start {
            self.last = self.last.max(draft.last);
            self.generation(&mut draft, tables, start);
        } else if self.start.is_some() {
            // No more than a Sync.
            self.last = self.last.max(draft.last);
        }
        if self.start.is_some() && self.lost.is_none() {
            self.lost = lost;
        }
        draft.leave()
    }

    fn generation(&mut self, draft: &mut Draft, tables: &Tables<'_>, start: Time) {
        self.start.get_or_insert(start);
        if let Some(at) = self.lost.take() {
            // The event at `at` itself is known.
            let gap = Interval::new(at + 1, start);
            self.sides.lose(&mut self.trace, gap);
            self.gap = Some(gap);
        }
        if let Some(clock) = tables.clock {
            let seconds = i128::from(clock.wall_s) * 1_000_000_000;
            let unix_ns = seconds + i128::from(clock.wall_ns);
            self.trace.world.clocks.push(WallClock { trace: clock.trace, unix_ns });
        }
        let strings = self.strings(tables);
        let functions = self.functions(tables, &strings);
        let stacks = self.stacks(tables, &strings, &functions);
        let people = self.people(draft, &stacks, &functions, start);
        let rows = Rows { people, stacks, strings };
        let kinds = [false, true].map(|wide_stacks| -> Arc<[Kind]> {
            let widths = Widths { wide_stacks, ..Widths::default() };
            draft.kinds.rows().iter().map(|raw| finish_kind(raw, &rows, widths)).collect()
        });
        let [narrow, wide] = &kinds;
        for sealed in std::mem::take(&mut draft.sealed) {
            let is_wide = sealed.columns.widths().wide_stacks;
            self.chunk(sealed, &rows, if is_wide { wide } else { narrow });
        }
        self.heap.add(&draft.heap, &mut self.trace.strings);
        self.sides.add(&mut self.trace, start, &draft.sides, &rows);
        self.sides.add_regions(&mut self.trace, &draft.regions, &rows);
    }

    /// The finished trace.
    #[must_use]
    pub fn finish(mut self, parsed: Parsed, bytes: u64) -> Trace {
        let mut trace = std::mem::take(&mut self.trace);
        let start = self.start.unwrap_or_default();
        trace.interval = Interval::new(start, self.last);
        trace.info = TraceInfo {
            minor: parsed.minor,
            bytes,
            events: parsed.events,
            generations: parsed.generations,
            complete: parsed.complete && !parsed.has_gaps,
            in_ticks: parsed.in_ticks,
        };
        trace.warnings = parsed.warnings;
        trace.world.allocations = self.heap.finish();
        self.sides.finish(&mut trace);
        index_runs(&mut trace);
        trace
    }

    fn strings(&mut self, tables: &Tables<'_>) -> Vec<StrId> {
        let rows = (0..).take(tables.n_strings()).map(StrRef);
        rows.map(|row| self.trace.strings.intern_bytes(tables.string(row))).collect()
    }

    /// The same rows, with the names of functions as people write them.
    fn functions(&mut self, tables: &Tables<'_>, strings: &[StrId]) -> Vec<StrId> {
        let mut functions = strings.to_vec();
        // Once each: what is left of an escaped per cent sign is none of an escape.
        let mut is_done = vec![false; strings.len()];
        for frame in tables.frames() {
            let at = frame.function.0 as usize;
            let (Some(row), Some(done)) = (functions.get_mut(at), is_done.get_mut(at)) else {
                continue;
            };
            if !std::mem::replace(done, true)
                && let Some(name) = unescaped(self.trace.strings.get(*row))
            {
                *row = self.trace.strings.intern(&name);
            }
        }
        functions
    }

    fn stacks(
        &mut self,
        tables: &Tables<'_>,
        strings: &[StrId],
        functions: &[StrId],
    ) -> Arc<[StackId]> {
        let string = |row: StrRef| strings.get(row.0 as usize).copied().unwrap_or_default();
        let function = |row: StrRef| functions.get(row.0 as usize).copied().unwrap_or_default();
        let frames: Vec<Frame> = tables
            .frames()
            .iter()
            .map(|frame| Frame {
                function: function(frame.function),
                file: string(frame.file),
                line: u32::try_from(frame.line).unwrap_or(u32::MAX),
            })
            .collect();
        let stacks = &mut self.trace.stacks;
        (0..)
            .take(tables.n_stacks())
            .map(|row| {
                let outermost_first = tables.stack(StackRef(row)).iter().rev();
                outermost_first.fold(StackId::EMPTY, |caller, &frame| {
                    let frame = frames.get(frame as usize).copied().unwrap_or_default();
                    stacks.intern(caller, frame)
                })
            })
            .collect()
    }

    /// Gives every member its row: a new one if it was created here or is heard of for the
    /// first time, else the one that it has.
    fn people(
        &mut self,
        draft: &Draft,
        stacks: &[StackId],
        functions: &[StrId],
        start: Time,
    ) -> Arc<[Goroutine]> {
        let gap = self.gap.take();
        let stack = |row: StackRef| stacks.get(row.0 as usize).copied().unwrap_or_default();
        let mut found = Found::default();
        let mut people: Vec<Goroutine> = Vec::with_capacity(draft.members.len());
        for (member, &name) in draft.members.iter().zip(draft.names.iter()) {
            let known = match member.origin {
                Origin::Created { .. } => None,
                Origin::Status | Origin::Named => self.alive.get(&member.id).copied(),
            };
            let row = match known {
                Some(row) => {
                    if gap.is_some() {
                        found.insert(row, (member.state, stack(member.stack)));
                    }
                    row
                }
                None => self.new_life(member, &stack, start, &people),
            };
            let name = functions.get(name.0 as usize).copied().unwrap_or_default();
            self.settle(row, member, name);
            people.push(row);
        }
        if let Some(gap) = gap {
            self.bridge(gap, &found);
        }
        people.into()
    }

    fn new_life(
        &mut self,
        member: &MemberRow,
        stack: &impl Fn(StackRef) -> StackId,
        start: Time,
        people: &[Goroutine],
    ) -> Goroutine {
        let (born, parent, creation_stack) = match member.origin {
            Origin::Created { at, by, stack: creation } => {
                (Edge::seen(at), people.get(by as usize).copied(), stack(creation))
            }
            Origin::Status | Origin::Named => (Edge::OUTSIDE, None, StackId::EMPTY),
        };
        self.trace.goroutines.push(&Life {
            id: member.id,
            name: StrId::EMPTY,
            parent,
            creation_stack,
            born,
            ended: Edge::OUTSIDE,
            first: born.time().unwrap_or(start),
            first_state: member.state,
            first_stack: stack(member.stack),
        })
    }

    /// Takes over a member's name and end.
    fn settle(&mut self, row: Goroutine, member: &MemberRow, own_name: StrId) {
        let goroutines = &mut self.trace.goroutines;
        if let Some(name) = goroutines.names.get_mut(row.index())
            && *name == StrId::EMPTY
        {
            *name = own_name;
        }
        match member.ended.time() {
            Some(at) => {
                if let Some(ended) = goroutines.ended.get_mut(row.index()) {
                    *ended = Edge::seen(at);
                }
                // Who was created here, too, was never on record.
                let is_older = !matches!(member.origin, Origin::Created { .. });
                if is_older && self.alive.get(&member.id) == Some(&row) {
                    self.alive.remove(&member.id);
                }
            }
            None => {
                self.alive.insert(member.id, row);
            }
        }
    }

    /// After a break: what was alive before it is in an unknown state until the next
    /// generation says otherwise, and what that does not name has ended in between.
    fn bridge(&mut self, gap: Interval, found: &Found) {
        self.trace.world.gaps.push(gap);
        let unknown = Kinds::plain(GoState::Undetermined);
        let lives = |row: Goroutine| self.trace.goroutines.life(row).first < gap.end;
        // Not from `alive`: what ends in the generation behind the gap is no longer there.
        let mut spans: Vec<_> = found
            .iter()
            .filter(|(row, _)| lives(**row))
            .map(|(&row, &(state, stack))| (row, state, stack))
            .collect();
        // A table of its own for those who stay: to walk along one costs the room that it has, which
        // is for as many as were ever alive at once, and there may be a gap before each generation.
        let alive = std::mem::take(&mut self.alive).into_iter();
        let (mut gone, stay): (Vec<_>, Vec<_>) =
            alive.partition(|(_, row)| lives(*row) && !found.contains_key(row));
        self.alive = stay.into_iter().collect();
        gone.sort_unstable();
        for (_, row) in gone {
            self.trace.goroutines.lost.insert(row, gap.start);
        }
        spans.sort_unstable_by_key(|(row, ..)| *row);
        let with_stack = |state| (state != GoState::Running).then_some(());
        let length = gap.ns();
        let mut parts: Vec<SpanParts> = Vec::new();
        let mut run_starts = vec![0];
        for (at, &(_, state, _)) in (0_u32..).zip(&spans) {
            // Where no time lies in between, the state only changes.
            if length > 0 {
                parts.push((0, unknown, Some(u32::MAX)));
            }
            // The first event behind the gap is later than its end, so that starts increase.
            parts.push((length, Kinds::plain(state), with_stack(state).map(|()| at)));
            run_starts.push(narrow(parts.len()));
        }
        let columns = Columns::of(&parts);
        let kinds = Kinds::default();
        let mut chunk = Chunk {
            base: gap.start,
            kinds: kinds.rows().iter().map(|raw| plain_kind(raw, columns.widths())).collect(),
            stacks: spans.iter().map(|&(.., stack)| stack).collect(),
            people: Arc::default(),
            members: spans.iter().map(|&(row, ..)| row).collect(),
            run_starts,
            columns,
            word_marks: Vec::new(),
        };
        chunk.mark_words();
        self.trace.chunks.push(chunk);
    }

    fn chunk(&mut self, sealed: Sealed, rows: &Rows, kinds: &Arc<[Kind]>) {
        // None is left out: only those that the draft has met have spans.
        let members = sealed.members.iter().filter_map(|&member| rows.goroutine(member));
        self.trace.chunks.push(Chunk {
            base: sealed.base,
            kinds: Arc::clone(kinds),
            stacks: Arc::clone(&rows.stacks),
            people: Arc::clone(&rows.people),
            members: members.collect(),
            run_starts: sealed.run_starts,
            columns: sealed.columns,
            word_marks: sealed.word_marks,
        });
    }
}

/// Goroutines that a generation after a break names again, with the state it gives.
type Found = WireMap<Goroutine, (GoState, StackId)>;

fn finish_kind(raw: &RawKind, rows: &Rows, widths: Widths) -> Kind {
    Kind { reason: rows.string(raw.reason), ..plain_kind(raw, widths) }
}

fn plain_kind(raw: &RawKind, widths: Widths) -> Kind {
    let words = widths.words(u32::from(raw.stack), u32::from(raw.woken));
    Kind {
        state: raw.state,
        reason: StrId::EMPTY,
        proc: raw.proc,
        woken: raw.woken,
        words: u8::try_from(words).unwrap_or(0),
    }
}

/// Finds each goroutine's runs, in order of time: chunks are.
fn index_runs(trace: &mut Trace) {
    let n = trace.goroutines.len() as usize;
    // First how many each goroutine has, two places behind its own: summed up, the place behind
    // its own says where they begin, and moves on while they are filled in.
    let mut starts = vec![0_u32; n + 2];
    for of in trace.chunks.iter().flat_map(|chunk| &chunk.members) {
        starts[of.index() + 2] += 1;
    }
    let mut n_runs = 0;
    for start in &mut starts {
        n_runs += *start;
        *start = n_runs;
    }
    let mut runs = vec![RunAt { chunk: 0, member: 0 }; n_runs as usize];
    for (row, chunk) in (0..).zip(&trace.chunks) {
        for (member, of) in (0..).zip(&chunk.members) {
            let place = &mut starts[of.index() + 1];
            runs[*place as usize] = RunAt { chunk: row, member };
            *place += 1;
        }
    }
    starts.pop();
    trace.goroutines.run_starts = starts;
    trace.goroutines.runs = runs;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gone_behind_a_gap_takes_no_room() {
        let mut builder = Builder::default();
        for id in 0..10_000 {
            let row = builder.trace.goroutines.push(&Life {
                id: GoId(id),
                name: StrId::EMPTY,
                parent: None,
                creation_stack: StackId::EMPTY,
                born: Edge::seen(Time(1)),
                ended: Edge::OUTSIDE,
                first: Time(1),
                first_state: GoState::Runnable,
                first_stack: StackId::EMPTY,
            });
            builder.alive.insert(GoId(id), row);
        }
        let stays = Goroutine(7);
        let found = std::iter::once((stays, (GoState::Waiting, StackId::EMPTY))).collect();
        builder.bridge(Interval::new(Time(2), Time(3)), &found);
        assert_eq!(builder.alive.iter().collect::<Vec<_>>(), [(&GoId(7), &stays)]);
        assert_eq!(builder.trace.goroutines.lost.len(), 9_999);
        // Each gap walks along all of it.
        assert!(builder.alive.capacity() < 100, "{}", builder.alive.capacity());
    }
}
