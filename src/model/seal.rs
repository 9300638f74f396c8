//! Spans in order of time → spans sorted by goroutine: count, prefix sum, scatter.

use crate::base::Time;
use crate::parse::pieces::Shift;

use super::columns::{Columns, Widths};
use super::draft::Member;
use super::kinds::Kinds;

/// How many spans a chunk has at least, but for the last one, and in what steps it grows: few
/// enough that what waits to be sorted takes little room.
const FULL: usize = 1 << 16;
/// How many it has at most.
const MOST: usize = 1 << 20;
/// How many chunks a trace has, about, once chunks can be larger than [`FULL`]: whoever follows
/// one goroutine through them takes a look at each.
const CHUNKS: usize = 256;
/// What a span takes in a file, about, in bytes.
const BYTES_PER_SPAN: usize = 7;
/// The longest chunk whose starts fit 32 bits, in nanoseconds, with room for a [`Shift`].
const NARROW_NS: i64 = u32::MAX as i64 - 200_000_000;

/// A span not yet sorted.
#[derive(Clone, Copy, Debug)]
struct Row {
    at: Time,
    member: Member,
    stack: u32,
    waker: u32,
    kind: u16,
    tally: Tally,
}

/// What comes with a span: nothing, a stack, a stack and a waker.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Tally {
    Bare,
    Stack,
    Wake,
}

/// How many spans, stacks and wakers a member has, in a third of the bits each: a chunk has
/// fewer than 2^21 of all.
#[derive(Clone, Copy, Default, Debug)]
struct Counts(u64);

impl Counts {
    const BITS: u32 = 21;

    #[inline]
    fn add(&mut self, tally: Tally) {
        self.0 += match tally {
            Tally::Bare => 1,
            Tally::Stack => 1 | 1 << Self::BITS,
            Tally::Wake => 1 | 1 << Self::BITS | 1 << (2 * Self::BITS),
        };
    }

    fn nth(self, n: u32) -> u32 {
        u32::try_from(self.0 >> (n * Self::BITS) & ((1 << Self::BITS) - 1)).unwrap_or(0)
    }
}

/// Spans not yet sorted, in order of time.
#[derive(Debug, Default)]
pub(super) struct Pending {
    rows: Vec<Row>,
    /// By member, counted as the rows come.
    counts: Vec<Counts>,
    highest_stack: u32,
    /// How many spans to let gather, for the trace's size.
    enough: usize,
}

/// One chunk's columns, its goroutines still the draft's members.
#[derive(Debug)]
pub(super) struct Sealed {
    pub(super) base: Time,
    /// The members that have spans here.
    pub(super) members: Vec<Member>,
    /// Where each member's spans begin, and the end.
    pub(super) run_starts: Vec<u32>,
    pub(super) columns: Columns,
}

impl Pending {
    /// For the spans of a file of so many bytes.
    pub(super) fn of_file(n_bytes: usize) -> Self {
        Self { enough: n_bytes / BYTES_PER_SPAN / CHUNKS, ..Self::default() }
    }

    /// Empties all but the capacity.
    pub(super) fn clear(&mut self) {
        self.rows.clear();
        self.counts.clear();
        self.highest_stack = 0;
    }

    pub(super) fn add_member(&mut self) {
        self.counts.push(Counts::default());
    }

    /// A span that has no stack.
    #[inline]
    pub(super) fn push_bare(&mut self, at: Time, member: Member, kind: u16) {
        self.push(Row { at, member, stack: 0, waker: 0, kind, tally: Tally::Bare });
    }

    #[inline]
    pub(super) fn push_stack(&mut self, at: Time, member: Member, kind: u16, stack: u32) {
        self.highest_stack = self.highest_stack.max(stack);
        self.push(Row { at, member, stack, waker: 0, kind, tally: Tally::Stack });
    }

    #[inline]
    pub(super) fn push_wake(
        &mut self,
        at: Time,
        member: Member,
        kind: u16,
        (stack, waker): (u32, Member),
    ) {
        self.highest_stack = self.highest_stack.max(stack);
        self.push(Row { at, member, stack, waker, kind, tally: Tally::Wake });
    }

    #[inline]
    fn push(&mut self, row: Row) {
        if let Some(counts) = self.counts.get_mut(row.member as usize) {
            counts.add(row.tally);
            self.rows.push(row);
        }
    }

    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.rows.len().is_multiple_of(FULL) && self.is_full_here()
    }

    #[cold]
    fn is_full_here(&self) -> bool {
        // Each chunk also takes a look at all members.
        let enough = self.enough.max(self.counts.len()).clamp(FULL, MOST);
        self.rows.len() >= enough || self.length_ns() >= NARROW_NS
    }

    fn length_ns(&self) -> i64 {
        match (self.rows.first(), self.rows.last()) {
            (Some(first), Some(last)) => last.at - first.at,
            _ => 0,
        }
    }

    /// Sorts what has gathered; none if that is nothing.
    pub(super) fn seal(&mut self, kinds: &Kinds) -> Option<Sealed> {
        let base = self.rows.first()?.at;
        // Room for a shift, which can only move the first starts, and not far.
        let longest = if self.length_ns() > NARROW_NS { i64::MAX } else { 0 };
        let widths = Widths::for_highest(longest, kinds.rows().len() - 1, self.highest_stack);
        let (members, run_starts, mut places) = self.places(widths);
        let words = places.pop().map_or(0, |(_, words)| words as usize);
        let mut columns = Columns::zeroed(self.rows.len(), words, widths);
        let mut writer = columns.writer();
        for row in &self.rows {
            let Some((span, word)) = places.get_mut(row.member as usize) else {
                continue;
            };
            let at = *span as usize;
            *span += 1;
            writer.start(at, row.at - base);
            writer.kind(at, row.kind);
            if row.tally != Tally::Bare {
                let mut next = writer.stack(*word, row.stack);
                if row.tally == Tally::Wake {
                    writer.double(next, row.waker);
                    next += 2;
                }
                *word = next;
            }
        }
        self.rows.clear();
        self.counts.fill(Counts::default());
        self.highest_stack = 0;
        Some(Sealed { base, members, run_starts, columns })
    }

    /// The members that have spans, where their runs begin (and the end), and by member the
    /// next free place for a span and its words (and the ends).
    fn places(&self, widths: Widths) -> (Vec<Member>, Vec<u32>, Vec<(u32, u32)>) {
        let mut members = Vec::new();
        let mut run_starts = Vec::new();
        let mut places = Vec::with_capacity(self.counts.len() + 1);
        let (mut spans, mut words) = (0, 0);
        for (member, counts) in (0..).zip(&self.counts) {
            places.push((spans, words));
            if counts.0 > 0 {
                members.push(member);
                run_starts.push(spans);
                spans += counts.nth(0);
                words += widths.words(counts.nth(1), counts.nth(2));
            }
        }
        places.push((spans, words));
        run_starts.push(spans);
        (members, run_starts, places)
    }
}

impl Sealed {
    /// Moves the starts that `shift` moves; they are the first of their runs.
    pub(super) fn shift(&mut self, shift: &Shift) {
        let end = shift.end();
        if self.base >= end {
            return;
        }
        // Where all events move, they may move far.
        if shift.apply(end + (-1)) - self.base > i64::from(u32::MAX) {
            self.columns.widen_starts();
        }
        for bounds in self.run_starts.windows(2) {
            let &[start, stop] = bounds else { continue };
            for at in start as usize..stop as usize {
                let Some(ns) = self.columns.start(at) else { break };
                let old = self.base + ns;
                if old >= end {
                    break;
                }
                self.columns.writer().start(at, shift.apply(old) - self.base);
            }
        }
    }
}
