//! Who is told of a cancel by its callback: `context.AfterFunc(ctx, cond.Broadcast)`, or one that closes
//! the channel or the connection on which others wait.

use rustc_hash::FxHashMap;

use crate::base::{Goroutine, Time};
use crate::model::{Chunk, Trace, View};
use crate::parse::event::GoState;

use super::super::cancels::scan::{Hit, each_span, member_of};
use super::super::code::book::{Book, Traits};
use super::super::code::ground::Ground;
use super::super::code::reasons;
use super::super::types::Hearing;
use super::super::words::Evidence;
use super::{AllHeard, Ear};

/// Who is let go later than this after the cancel, in nanoseconds, was held up by the callback, and not
/// told by the cancel.
const TOLD_WITHIN_NS: i64 = 10_000_000;

/// The hearings of goroutines that a callback of a cancel let go on, where they had waited since before
/// it for something to come.
pub(super) fn relayed(ground: Ground<'_>, heard: &AllHeard) -> Vec<Hearing> {
    let Ground { trace, book, threads, .. } = ground;
    let of_callback = |hearing: &&Hearing| hearing.evidence == Evidence::AfterFunc;
    let callbacks: FxHashMap<Goroutine, &Hearing> =
        heard.hearings.iter().filter(of_callback).map(|row| (row.goroutine, row)).collect();
    if callbacks.is_empty() {
        return Vec::new();
    }
    let mut is_callback = vec![false; trace.n_goroutines() as usize];
    for callback in callbacks.keys() {
        is_callback[callback.index()] = true;
    }
    let relays = Relays { trace, book, heard, callbacks, is_callback };
    threads.over_chunks(trace, |chunk| relays.of_chunk(chunk))
}

/// The callbacks whose wakes are looked for.
struct Relays<'a> {
    trace: &'a Trace,
    book: &'a Book,
    heard: &'a AllHeard,
    callbacks: FxHashMap<Goroutine, &'a Hearing>,
    /// Of each goroutine whether it is one: that is asked for each wake.
    is_callback: Vec<bool>,
}

impl Relays<'_> {
    fn of_chunk(&self, chunk: &Chunk) -> Vec<Hearing> {
        let view = View::new(chunk);
        let is_wake = |row: u16| u8::from(chunk.kinds()[usize::from(row)].woken);
        let mut found = Vec::new();
        each_span(chunk, is_wake, |hit| {
            let waker = view.waker_at(hit.word());
            if waker.is_some_and(|waker| self.is_callback[waker.index()]) {
                found.extend(self.hearing(view, hit));
            }
        });
        found
    }

    /// What one heard that a callback let go on, if that told it to stop.
    fn hearing(&self, view: View<'_>, hit: Hit) -> Option<Hearing> {
        let Self { trace, book, heard, callbacks, .. } = self;
        let callback = callbacks.get(&view.waker_at(hit.word())?)?;
        let cancel = heard.cancels.get(callback.cancel as usize)?;
        let (goroutine, at) = (member_of(view.chunk, hit.at()).0, view.start(hit.at()));
        // What it cancels is another cancel; and who cancelled knows.
        if at.since(cancel.at) > TOLD_WITHIN_NS
            || book.mark(view.stack_at(hit.word())).is_some()
            || cancel.by == Some(goroutine)
        {
            return None;
        }
        let wait = trace.span_at(goroutine, Time(at.ns().saturating_sub(1)))?;
        let reason = trace.string(wait.reason);
        // Who began to wait later waits for the callback, and so does who waits for a group.
        let is_told = wait.state == GoState::Waiting
            && wait.start < cancel.at
            && reasons::is_for_work(reason)
            && !book.any(trace.stacks(), wait.stack, Traits::JOINS);
        // That a `sync.Cond` is waited for in a library is a matter of form.
        let stack = if reason == reasons::COND { book.user(wait.stack) } else { wait.stack };
        let ear = Ear { goroutine, at, stack };
        is_told.then(|| ear.hearing(trace, book, cancel.id, Evidence::Relayed, callback.depth))
    }
}
