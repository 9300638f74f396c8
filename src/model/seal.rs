//! Spans in order of time → spans sorted by goroutine.
//!
//! Each goroutine's spans gather in blocks of its own, one cache line each, which are chained.
//! When enough have gathered the chains are read one after another, and the columns are written
//! from their beginning to their end.

#![expect(
    clippy::inline_always,
    reason = "an event whose parts stay in registers takes half the time: docs/performance.md"
)]

use crate::base::{Large, Time, narrow};
use crate::parse::pieces::Shift;

use super::chunk::MARK_EVERY;
use super::columns::{Columns, Widths};
use super::draft::Member;
use super::kinds::Kinds;

/// How many spans a chunk has at least, but for the last one: few enough that what waits to be
/// sorted takes little room.
const FEWEST: usize = 1 << 16;
/// How many it has at most.
const MOST: usize = 1 << 20;
/// How many chunks a trace has, about, once chunks can be larger than [`FEWEST`]: whoever follows
/// one goroutine through them takes a look at each.
const CHUNKS: usize = 256;
/// What a span takes in a file, about, in bytes.
const BYTES_PER_SPAN: usize = 7;
/// The longest chunk in nanoseconds: starts fit 32 bits, with room for a [`Shift`].
const LONGEST_NS: u64 = u32::MAX as u64 - 200_000_000;

/// How many spans a block holds: 64 bytes.
const BLOCK: usize = 4;
/// The place of a member that has no block; as all places behind a full block a multiple of
/// [`BLOCK`].
const NOWHERE: u32 = u32::MAX - 3;

/// Spans not yet sorted.
#[derive(Debug)]
pub(super) struct Pending {
    blocks: Blocks,
    /// By member.
    chains: Large<Chain>,
    /// The members that have spans.
    members: Vec<Member>,
    n_spans: usize,
    n_stacks: u32,
    n_wakers: u32,
    /// What starts count from; [`UNBEGUN`] while no chunk has begun.
    base: Time,
    /// How many spans to let gather, for the trace's size.
    enough: usize,
    wide_stacks: bool,
}

/// So many members are looked at in the time in which one of a list is sorted.
const MEMBERS_AT_A_GLANCE: usize = 16;

/// No span is close to this.
const UNBEGUN: Time = Time::MIN;

/// The blocks of all chains.
#[derive(Debug, Default)]
struct Blocks {
    /// Those in use, and behind them some that were.
    spans: Large<[Waiting; BLOCK]>,
    /// By block in use, the next one of its chain.
    links: Large<u32>,
}

/// A span as it waits.
#[derive(Clone, Copy, Debug, Default)]
struct Waiting {
    start: u32,
    kind: u16,
    stack: u32,
    waker: Member,
}

/// Where a member's spans begin, and where its next one goes: places count through all blocks.
#[derive(Clone, Copy, Debug)]
struct Chain {
    first: u32,
    next: u32,
}

impl Chain {
    const EMPTY: Self = Self { first: NOWHERE, next: NOWHERE };

    #[inline(always)]
    fn is_full(self) -> bool {
        place(self.next).1 == 0
    }
}

impl Blocks {
    /// Chains another block to a full chain, or to one that has none.
    #[inline(never)]
    fn lengthen(&mut self, chain: &mut Chain) {
        let block = u32::try_from(self.links.len()).unwrap_or(NOWHERE);
        self.links.push(NOWHERE);
        if self.spans.len() < self.links.len() {
            self.spans.push([Waiting::default(); BLOCK]);
        }
        let begin = block.saturating_mul(4);
        if chain.first == NOWHERE {
            chain.first = begin;
        } else if let Some(link) = self.links.get_mut(place(chain.next - 1).0) {
            *link = block;
        }
        chain.next = begin;
    }

    fn clear(&mut self) {
        self.links.clear();
    }

    /// The spans of a chain, block by block.
    fn of(&self, chain: Chain) -> impl Iterator<Item = &[Waiting]> {
        let (last, n_last) = place(chain.next - 1);
        let mut block = place(chain.first).0;
        std::iter::from_fn(move || {
            let spans = self.spans.get(block)?;
            let n = if block == last { n_last + 1 } else { BLOCK };
            block = self.links.get(block).map_or(usize::MAX, |&link| link as usize);
            spans.get(..n)
        })
    }
}

/// The block of a place, and the place in it.
#[inline(always)]
fn place(at: u32) -> (usize, usize) {
    (at as usize / BLOCK, at as usize % BLOCK)
}

/// One chunk's columns, its goroutines still the draft's members.
#[derive(Debug)]
pub(super) struct Sealed {
    pub(super) base: Time,
    /// The members that have spans here, in ascending order.
    pub(super) members: Vec<Member>,
    /// Where each member's spans begin, and the end.
    pub(super) run_starts: Vec<u32>,
    pub(super) columns: Columns,
    /// As in [`Chunk`](super::Chunk).
    pub(super) word_marks: Vec<u32>,
}

impl Default for Pending {
    fn default() -> Self {
        Self::of_file(0)
    }
}

impl Pending {
    /// For the spans of a file of so many bytes.
    pub(super) fn of_file(n_bytes: usize) -> Self {
        Self {
            blocks: Blocks::default(),
            chains: Large::default(),
            members: Vec::new(),
            n_spans: 0,
            n_stacks: 0,
            n_wakers: 0,
            base: UNBEGUN,
            enough: (n_bytes / BYTES_PER_SPAN / CHUNKS).clamp(FEWEST, MOST),
            wide_stacks: false,
        }
    }

    /// Empties all but the capacity.
    pub(super) fn clear(&mut self) {
        self.forget_spans();
        self.chains.clear();
    }

    fn forget_spans(&mut self) {
        self.blocks.clear();
        (self.n_spans, self.n_stacks, self.n_wakers) = (0, 0, 0);
        self.base = UNBEGUN;
        self.members.clear();
    }

    /// The stacks of the spans to come are numbered below this.
    pub(super) fn expect_stacks(&mut self, n: usize) {
        debug_assert_eq!(self.n_spans, 0, "spans that wait have their size already");
        let highest = narrow(n.saturating_sub(1));
        self.wide_stacks = Widths::for_highest(0, 0, highest).wide_stacks;
    }

    pub(super) fn add_member(&mut self) {
        self.chains.push(Chain::EMPTY);
    }

    /// Whether a span that begins at `at` is not of this chunk: then it has to be sealed, and
    /// another begun.
    #[inline(always)]
    pub(super) fn is_over(&self, at: Time) -> bool {
        self.n_spans >= self.enough || self.start(at) >= LONGEST_NS
    }

    /// Begins a chunk with a span at `at`.
    pub(super) fn begin(&mut self, at: Time) {
        self.base = at;
    }

    #[inline(always)]
    fn start(&self, at: Time) -> u64 {
        at.ns().wrapping_sub(self.base.ns()).cast_unsigned()
    }

    /// A span that has no stack.
    #[inline(always)]
    pub(super) fn push_bare(&mut self, at: Time, member: Member, kind: u16) {
        self.push(at, member, kind, (0, 0));
    }

    #[inline(always)]
    pub(super) fn push_stack(&mut self, at: Time, member: Member, kind: u16, stack: u32) {
        self.n_stacks += 1;
        self.push(at, member, kind, (stack, 0));
    }

    /// With the waker's stack and the waker.
    #[inline(always)]
    pub(super) fn push_wake(&mut self, at: Time, member: Member, kind: u16, by: (u32, Member)) {
        self.n_stacks += 1;
        self.n_wakers += 1;
        self.push(at, member, kind, by);
    }

    #[inline(always)]
    fn push(&mut self, at: Time, member: Member, kind: u16, (stack, waker): (u32, Member)) {
        // What is longer is over.
        let start = u32::try_from(self.start(at) & u64::from(u32::MAX)).unwrap_or(0);
        let Some(chain) = self.chains.get_mut(member as usize) else { return };
        if chain.is_full() {
            if chain.first == NOWHERE {
                self.members.push(member);
            }
            self.blocks.lengthen(chain);
        }
        let (block, at) = place(chain.next);
        if let Some(place) = self.blocks.spans.get_mut(block).and_then(|spans| spans.get_mut(at)) {
            *place = Waiting { start, kind, stack, waker };
        }
        chain.next += 1;
        self.n_spans += 1;
    }

    /// Sorts what has gathered; none if that is nothing.
    pub(super) fn seal(&mut self, kinds: &Kinds) -> Option<Sealed> {
        if self.n_spans == 0 {
            return None;
        }
        let highest = if self.wide_stacks { u32::MAX } else { 0 };
        let widths = Widths::for_highest(0, kinds.rows().len() - 1, highest);
        let words = widths.words(self.n_stacks, self.n_wakers) as usize;
        let mut columns = Columns::zeroed(self.n_spans, words, widths);
        self.sort_members();
        let members = std::mem::take(&mut self.members);
        let words = kinds.words(widths);
        let (run_starts, word_marks) = if widths.wide_kinds || widths.wide_stacks {
            self.fill::<true>(&members, &mut columns, &words)
        } else {
            self.fill::<false>(&members, &mut columns, &words)
        };
        let base = self.base;
        self.forget_spans();
        Some(Sealed { base, members, run_starts, columns, word_marks })
    }

    /// Fills in all spans, member by member; gives where runs begin, and the end, and the marks.
    fn fill<const WIDE: bool>(
        &mut self,
        members: &[Member],
        columns: &mut Columns,
        words: &[u8],
    ) -> (Vec<u32>, Vec<u32>) {
        let mut filler = columns.filler();
        let mut run_starts = Vec::with_capacity(members.len() + 1);
        let mut word_marks = Vec::with_capacity(self.n_spans.div_ceil(MARK_EVERY) + 1);
        let mut n_spans = 0_u32;
        for &member in members {
            run_starts.push(n_spans);
            let Some(chain) = self.chains.get_mut(member as usize) else { continue };
            for spans in self.blocks.of(std::mem::replace(chain, Chain::EMPTY)) {
                for &Waiting { start, kind, stack, waker } in spans {
                    if (n_spans as usize).is_multiple_of(MARK_EVERY) {
                        word_marks.push(filler.n_words());
                    }
                    let n_words = words.get(usize::from(kind)).copied().unwrap_or_default();
                    filler.add::<WIDE>(start, kind, n_words, (stack, waker));
                    n_spans += 1;
                }
            }
        }
        run_starts.push(n_spans);
        word_marks.push(filler.n_words());
        (run_starts, word_marks)
    }

    /// Sorts the members that have spans; where many of all have some, by looking at all.
    fn sort_members(&mut self) {
        if self.members.len() < self.chains.len() / MEMBERS_AT_A_GLANCE {
            return self.members.sort_unstable();
        }
        let used = (0..).zip(self.chains.iter()).filter(|(_, chain)| chain.first != NOWHERE);
        self.members.clear();
        self.members.extend(used.map(|(member, _)| member));
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
        if shift.apply(end - 1) - self.base > i64::from(u32::MAX) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ProcId;
    use crate::parse::event::{GoState, StrRef};

    /// A span's member, start, kind, and what else it has.
    type Told = (Member, i64, u16, Option<u32>, Option<u32>);

    /// What a chunk says, member by member.
    fn told(sealed: &Sealed, kinds: &Kinds) -> Vec<Told> {
        let columns = &sealed.columns;
        let words = kinds.words(columns.widths());
        let (mut told, mut word) = (Vec::new(), 0);
        for (&member, bounds) in sealed.members.iter().zip(sealed.run_starts.windows(2)) {
            for at in bounds[0] as usize..bounds[1] as usize {
                if at % MARK_EVERY == 0 {
                    assert_eq!(sealed.word_marks[at / MARK_EVERY] as usize, word);
                }
                let kind = columns.kinds().get(at).expect("a span");
                let row = &kinds.rows()[usize::from(kind)];
                let stack = row.stack.then(|| columns.stack(word).expect("a stack"));
                let waker = row.woken.then(|| columns.names().waker(word).expect("a waker"));
                told.push((member, columns.start(at).expect("a span"), kind, stack, waker));
                word += usize::from(words[usize::from(kind)]);
            }
        }
        told
    }

    #[test]
    fn spans_come_out_by_member_in_all_widths() {
        for (n_procs, n_stacks) in [(2, 100), (300, 100), (2, 70_000), (300, 70_000)] {
            let mut kinds = Kinds::default();
            let mut pending = Pending::default();
            // The second round finds blocks that were in use.
            for base in [1_000, 5_000_000_000] {
                pending.expect_stacks(n_stacks as usize);
                pending.clear();
                (0..40).for_each(|_| pending.add_member());
                assert!(pending.is_over(Time(base)), "no chunk has begun");
                pending.begin(Time(base));
                let mut expected: Vec<Told> = Vec::new();
                for n in 0..2_000_u32 {
                    // Most have a few, some none, one has half of all.
                    let member = if n % 2 == 0 { 7 } else { n * n % 38 };
                    let (ns, stack) = (i64::from(n) * 3, n * 31 % n_stacks);
                    let at = Time(base) + ns;
                    assert!(!pending.is_over(at));
                    expected.push(match n % 3 {
                        0 => {
                            let kind = kinds.running(ProcId(u64::from(n % n_procs)));
                            pending.push_bare(at, member, kind);
                            (member, ns, kind, None, None)
                        }
                        1 => {
                            let kind = kinds.stopped(GoState::Waiting, StrRef(n % 5));
                            pending.push_stack(at, member, kind, stack);
                            (member, ns, kind, Some(stack), None)
                        }
                        _ => {
                            let kind = kinds.woken();
                            pending.push_wake(at, member, kind, (stack, n * 1_000));
                            (member, ns, kind, Some(stack), Some(n * 1_000))
                        }
                    });
                }
                expected.sort_by_key(|&(member, ns, ..)| (member, ns));
                let sealed = pending.seal(&kinds).expect("spans");
                assert_eq!(sealed.base, Time(base));
                assert_eq!(told(&sealed, &kinds), expected, "{n_procs} {n_stacks}");
                assert!(pending.seal(&kinds).is_none());
            }
        }
    }

    #[test]
    fn a_chunk_is_over_when_it_is_full_or_its_starts_would_be_too_long() {
        let mut pending = Pending::of_file(0);
        pending.add_member();
        pending.begin(Time(-5));
        assert!(!pending.is_over(Time(4_000_000_000)));
        assert!(pending.is_over(Time(4_200_000_000)));
        for n in 0..FEWEST {
            assert!(!pending.is_over(Time(0)), "{n}");
            pending.push_bare(Time(0), 0, 1);
        }
        assert!(pending.is_over(Time(0)));
    }
}
