//! Spans in order of time → spans sorted by goroutine: count, prefix sum, scatter.

use crate::base::Time;
use crate::parse::pieces::Shift;

use super::chunk::Starts;
use super::draft::Member;
use super::kinds::Kinds;

/// Spans gather until there are so many.
const FULL: usize = 1 << 18;
/// From so many on a chunk is also closed before its starts outgrow 32 bits.
const ENOUGH: usize = 1 << 16;
/// The longest chunk whose starts fit 32 bits, in nanoseconds, with room for a [`Shift`].
const NARROW_NS: i64 = u32::MAX as i64 - 200_000_000;

/// Spans not yet sorted, in order of time.
#[derive(Debug, Default)]
pub(super) struct Pending {
    times: Vec<Time>,
    members: Vec<Member>,
    kinds: Vec<u16>,
    words: Vec<u32>,
    /// Spans and words by member, counted as they come.
    counts: Vec<(u32, u32)>,
}

/// One chunk's columns, its goroutines still the draft's members.
#[derive(Debug)]
pub(super) struct Sealed {
    pub(super) base: Time,
    /// The members that have spans here.
    pub(super) members: Vec<Member>,
    /// Where each member's spans begin, and the end.
    pub(super) run_starts: Vec<u32>,
    pub(super) starts: Starts,
    pub(super) kinds: Vec<u16>,
    pub(super) words: Vec<u32>,
}

impl Pending {
    /// Empties all but the capacity.
    pub(super) fn clear(&mut self) {
        self.times.clear();
        self.members.clear();
        self.kinds.clear();
        self.words.clear();
        self.counts.clear();
    }

    pub(super) fn add_member(&mut self) {
        self.counts.push((0, 0));
    }

    #[inline]
    pub(super) fn push<const N: usize>(
        &mut self,
        at: Time,
        member: Member,
        kind: u16,
        words: [u32; N],
    ) {
        let Some(count) = self.counts.get_mut(member as usize) else {
            return;
        };
        count.0 += 1;
        count.1 += u32::try_from(N).unwrap_or(0);
        self.times.push(at);
        self.members.push(member);
        self.kinds.push(kind);
        self.words.extend_from_slice(&words);
    }

    #[inline]
    pub(super) fn is_full(&self) -> bool {
        let len = self.times.len();
        len >= FULL || (len >= ENOUGH && self.length_ns() >= NARROW_NS)
    }

    fn length_ns(&self) -> i64 {
        match (self.times.first(), self.times.last()) {
            (Some(&first), Some(&last)) => last - first,
            _ => 0,
        }
    }

    /// Sorts what has gathered; none if that is nothing.
    pub(super) fn seal(&mut self, kinds: &Kinds) -> Option<Sealed> {
        let base = *self.times.first()?;
        let narrow = self.length_ns() <= NARROW_NS;
        let (members, run_starts, mut places) = self.places();
        let n = self.times.len();
        let mut sorted_kinds = vec![0_u16; n];
        let mut sorted_words = vec![0_u32; self.words.len()];
        let mut narrow_starts = vec![0_u32; if narrow { n } else { 0 }];
        let mut wide_starts = vec![0_i64; if narrow { 0 } else { n }];
        let widths: Vec<u8> = kinds.rows().iter().map(|kind| kind.words).collect();
        let mut word = 0_usize;
        for ((&at, &member), &kind) in self.times.iter().zip(&self.members).zip(&self.kinds) {
            let width = usize::from(widths.get(usize::from(kind)).copied().unwrap_or(0));
            let Some((span, first_word)) = places.get_mut(member as usize) else {
                continue;
            };
            let (to, to_word) = (*span as usize, *first_word as usize);
            *span += 1;
            *first_word += u32::try_from(width).unwrap_or(0);
            sorted_kinds[to] = kind;
            if narrow {
                narrow_starts[to] = u32::try_from(at - base).unwrap_or(u32::MAX);
            } else {
                wide_starts[to] = at - base;
            }
            sorted_words[to_word..to_word + width].copy_from_slice(&self.words[word..word + width]);
            word += width;
        }
        self.times.clear();
        self.members.clear();
        self.kinds.clear();
        self.words.clear();
        self.counts.fill((0, 0));
        let starts = if narrow { Starts::Narrow(narrow_starts) } else { Starts::Wide(wide_starts) };
        Some(Sealed { base, members, run_starts, starts, kinds: sorted_kinds, words: sorted_words })
    }

    /// The members that have spans, where their runs begin (and the end), and by member the
    /// next free place for a span and its words.
    fn places(&self) -> (Vec<Member>, Vec<u32>, Vec<(u32, u32)>) {
        let mut members = Vec::new();
        let mut run_starts = Vec::new();
        let (mut spans, mut words) = (0, 0);
        let places = (0..)
            .zip(&self.counts)
            .map(|(member, count)| {
                let place = (spans, words);
                if count.0 > 0 {
                    members.push(member);
                    run_starts.push(spans);
                    spans += count.0;
                    words += count.1;
                }
                place
            })
            .collect();
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
        for bounds in self.run_starts.windows(2) {
            let &[start, stop] = bounds else { continue };
            for at in start as usize..stop as usize {
                let old = self.starts.get(self.base, at);
                if old >= end {
                    break;
                }
                self.starts.set(at, shift.apply(old) - self.base);
            }
        }
    }
}
