//! Short cuts for the three events that most are: a goroutine starts, is woken, waits.
//!
//! They take an event where the rule has nothing to look up in the past and nothing to refuse, and
//! give its transition as it is, which [`merge`](crate::parse::v2::merge) hands on without a
//! queue. If a short cut gives none nothing has changed, and the rule in the sibling file decides.

#![expect(
    clippy::inline_always,
    reason = "an event whose parts stay in registers takes half the time: docs/performance.md"
)]

use super::{Context, Order, Seq};
use crate::base::{GoId, Time};
use crate::parse::event::{GoRef, GoState, StackRef, StrRef, Transition};
use crate::parse::v2::read::Loaded;

impl Order {
    /// Takes a `GoStart`, the next event of the thread at `slot`, if it fits.
    #[inline(always)]
    pub(in crate::parse::v2) fn go_start(
        &mut self,
        slot: u32,
        time: i64,
        [id, number]: [u64; 2],
    ) -> Option<Transition> {
        let Self { threads, go_slots, goroutines, number: generation, .. } = self;
        let thread = threads.get_mut(slot as usize).filter(|thread| thread.is_settled())?;
        let context = thread.context(slot);
        if !context.proc.is_some() || context.goroutine.some().is_some() {
            return None;
        }
        let of = GoRef { id: GoId(id), slot: go_slots.get(id)? };
        let seq = Seq { generation: *generation, number };
        let cell = goroutines.get_mut(of.slot as usize)?;
        if cell.state != GoState::Runnable || !seq.follows(cell.seq) {
            return None;
        }
        cell.state = GoState::Running;
        cell.seq = seq;
        thread.goroutine = of;
        Some(plain(time, context, of, GoState::Runnable, GoState::Running))
    }

    /// The same for a `GoUnblock`.
    #[inline(always)]
    pub(in crate::parse::v2) fn go_unblock(
        &mut self,
        loaded: &Loaded<'_>,
        slot: u32,
        time: i64,
        [id, number, stack]: [u64; 3],
    ) -> Option<Transition> {
        let thread = self.threads.get(slot as usize).filter(|thread| thread.is_settled())?;
        let context = thread.context(slot);
        let of = GoRef { id: GoId(id), slot: self.go_slots.get(id)? };
        let stack = StackRef(loaded.stack_rows.get(stack)?);
        let seq = self.seq(number);
        let cell = self.go_cell(of.slot)?;
        if cell.state != GoState::Waiting || !seq.follows(cell.seq) {
            return None;
        }
        cell.state = GoState::Runnable;
        cell.seq = seq;
        let woken = plain(time, context, of, GoState::Waiting, GoState::Runnable);
        Some(Transition { stack, ..woken })
    }

    /// The same for a `GoBlock` or `GoStop`, after which the goroutine is waiting or runnable.
    #[inline(always)]
    pub(in crate::parse::v2) fn go_stop(
        &mut self,
        loaded: &Loaded<'_>,
        slot: u32,
        time: i64,
        to: GoState,
        [reason, stack]: [u64; 2],
    ) -> Option<Transition> {
        let Self { threads, goroutines, .. } = self;
        let thread = threads.get_mut(slot as usize).filter(|thread| thread.is_settled())?;
        let context = thread.context(slot);
        let of = context.goroutine.some().filter(|_| context.proc.is_some())?;
        let reason = StrRef(loaded.string_rows.get(reason)?);
        let stack = StackRef(loaded.stack_rows.get(stack)?);
        let cell = goroutines.get_mut(of.slot as usize)?;
        if cell.state != GoState::Running {
            return None;
        }
        cell.state = to;
        thread.goroutine = GoRef::NONE;
        let stopped = plain(time, context, of, GoState::Running, to);
        Some(Transition { reason, stack, own_stack: stack, ..stopped })
    }
}

/// A transition with neither reason nor stack.
#[inline(always)]
fn plain(time: i64, context: Context, of: GoRef, from: GoState, to: GoState) -> Transition {
    Transition {
        time: Time(time),
        thread: context.thread,
        proc: context.proc.id,
        by: context.goroutine,
        stack: StackRef(0),
        of,
        from,
        to,
        reason: StrRef(0),
        own_stack: StackRef(0),
    }
}
