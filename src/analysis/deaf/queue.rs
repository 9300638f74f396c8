//! Goroutines that take what others queue in a channel, to its end: the channel's close tells them to
//! stop, and what is queued until then is theirs to do.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::{Goroutine, StackId, StrId, Time};
use crate::model::{Chunk, View};
use crate::parse::event::GoState;

use super::super::cancels::scan::{Runs, each_span};
use super::super::code::book::Traits;
use super::super::code::reasons;
use super::super::heard::outcome::PROMPT_NS;
use super::super::lives;
use super::super::types::Cancel;
use super::{Inquiry, MAX_SPANS};

/// What the compiler calls to receive where the program asks whether the channel is closed (Go 1.19 to
/// 1.27, runtime/chan.go).
const RECEIVES_TO_THE_END: &str = "runtime.chanrecv2";

/// How many goroutines that fill a channel, or that heard, to look at.
const MAX_FILLERS: usize = 16;

/// How many goroutines to look at in a pipeline.
const MAX_STAGES: usize = 16;

/// How many places to tell apart in which a goroutine waits.
const MAX_PLACES: usize = 64;

/// How many spans to look back for how long a goroutine was about what it had taken; and of how many of
/// those from which it took.
const MAX_BACK: usize = 512;
const MAX_LOOKED_AT: usize = 4;

/// One goroutine fills a channel from which another one takes to its end.
#[derive(Clone, Copy)]
struct Feed {
    taker: Goroutine,
    filler: Goroutine,
    /// When the one was first seen to give the other something.
    first: Time,
}

/// The kind of a goroutine, and the function that created it.
type Kind = (StrId, StrId);

/// Which goroutines take from which, as far as one had to wait for the other.
#[derive(Default)]
pub(super) struct Queues {
    /// By taker, and then by filler.
    feeds: Vec<Feed>,
    /// The kinds of takers with those of their fillers. A taker whose queue is never empty when it takes,
    /// and never full, is not seen to take; others of its kind may be.
    kinds: FxHashSet<(Kind, StrId)>,
}

impl Queues {
    fn new(inquiry: &Inquiry<'_>) -> Self {
        let trace = inquiry.trace;
        let Some(receives) = trace.strings().find(RECEIVES_TO_THE_END) else {
            return Self::default();
        };
        let mut feeds =
            inquiry.threads.over_chunks(trace, |chunk| feeds_in(inquiry, receives, chunk));
        feeds.sort_unstable_by_key(|feed| (feed.taker, feed.filler, feed.first));
        feeds.dedup_by_key(|feed| (feed.taker, feed.filler));
        let filler = |of| inquiry.book.kind(trace, of);
        let kinds = feeds.iter().map(|feed| (inquiry.sort_of(feed.taker), filler(feed.filler)));
        Self { kinds: kinds.collect(), feeds }
    }

    /// Whether a goroutine was seen to take from another before a moment.
    fn takes_from(&self, taker: Goroutine, filler: Goroutine, at: Time) -> bool {
        let found = self.feeds.binary_search_by_key(&(taker, filler), |of| (of.taker, of.filler));
        found.is_ok_and(|row| self.feeds[row].first < at)
    }

    /// From which others a goroutine takes.
    fn of(&self, taker: Goroutine) -> &[Feed] {
        let start = self.feeds.partition_point(|feed| feed.taker < taker);
        let end = self.feeds.partition_point(|feed| feed.taker <= taker);
        &self.feeds[start..end]
    }
}

/// The feeds seen in a chunk: the taker is let go on in its receive, or lets the filler go on that waits
/// to send.
fn feeds_in(inquiry: &Inquiry<'_>, receives: StrId, chunk: &Chunk) -> Vec<Feed> {
    let Inquiry { trace, book, .. } = *inquiry;
    let (view, kinds) = (View::new(chunk), chunk.kinds());
    let class = |row: u16| {
        let kind = &kinds[usize::from(row)];
        let waits_to_receive = || trace.string(kind.reason) == reasons::RECEIVE;
        match kind.state {
            _ if kind.woken => 2,
            GoState::Waiting if kind.words > 0 && waits_to_receive() => 1,
            _ => 0,
        }
    };
    let calls = |stack: StackId| trace.stacks().top(stack).map(|frame| frame.function);
    let mut runs = Runs::new(chunk);
    let mut found: FxHashMap<(Goroutine, Goroutine), Feed> = FxHashMap::default();
    let mut received = None;
    each_span(chunk, class, |span| {
        let at = span.at();
        let stack = view.stack_at(span.word());
        let member = runs.at(at).0;
        if span.class() == 1 {
            received = (calls(stack) == Some(receives)).then_some((member, at + 1));
            return;
        }
        let Some(by) = view.waker_at(span.word()) else { return };
        let is_taker = received.take() == Some((member, at));
        let lets_go = calls(stack);
        // A send's stack begins in the runtime, but a close's where the program calls it (Go 1.19 to 1.27,
        // runtime/chan.go); it brings nothing.
        let closes = lets_go.is_some_and(|name| !book.function(name).is.has(Traits::RUNTIME));
        let (taker, filler) = if is_taker && !closes {
            (member, by)
        } else if lets_go == Some(receives) {
            (by, member)
        } else {
            return;
        };
        let time = view.start(at);
        let feed = found.entry((taker, filler)).or_insert(Feed { taker, filler, first: time });
        feed.first = feed.first.min(time);
    });
    found.into_values().collect()
}

/// How long a goroutine waited in each place, at most.
#[derive(Default)]
struct Longest(Vec<(StackId, i64)>);

impl Longest {
    fn add(&mut self, place: StackId, ns: i64) {
        let n = self.0.len();
        match self.0.iter_mut().find(|of| of.0 == place) {
            Some(of) => of.1 = of.1.max(ns),
            None if n < MAX_PLACES => self.0.push((place, ns)),
            None => {}
        }
    }

    /// The longest wait in a place; 0 if there was none.
    fn of(&self, place: StackId) -> i64 {
        self.0.iter().find(|of| of.0 == place).map_or(0, |of| of.1)
    }
}

/// How long what usually takes so many nanoseconds may take once.
fn half_as_long_again(usual_ns: i64) -> i64 {
    usual_ns / 2 * 3
}

impl Inquiry<'_> {
    fn queues(&self) -> &Queues {
        self.queues.get_or_init(|| Queues::new(self))
    }

    fn sort_of(&self, goroutine: Goroutine) -> Kind {
        (self.book.kind(self.trace, goroutine), self.creating_function(goroutine))
    }

    /// Whether a goroutine works off what is queued in a channel that is closed then: those that fill it
    /// heard the cancel or are the canceller, or take what such bring in their turn; and it goes round
    /// several times after that, or is no longer about the last thing than it had been about others. One
    /// that is longer about the one thing that it has at hand does not.
    pub(super) fn works_off(&self, cancel: &Cancel, goroutine: Goroutine) -> bool {
        if self.waits_in_one_place_again(cancel, goroutine) {
            return self.is_filled_for(cancel, goroutine) || self.is_of_takers(cancel, goroutine);
        }
        self.is_filled_for(cancel, goroutine) && self.is_as_quick_as_before(cancel, goroutine)
    }

    /// Whether a goroutine waits in one place more than once after a cancel.
    fn waits_in_one_place_again(&self, cancel: &Cancel, goroutine: Goroutine) -> bool {
        let after = self.trace.spans_from(goroutine, cancel.at).take(MAX_SPANS);
        let mut places: Vec<StackId> = Vec::new();
        after.filter(|span| span.state == GoState::Waiting).any(|span| {
            let again = places.contains(&span.stack);
            if places.len() < MAX_PLACES {
                places.push(span.stack);
            }
            again
        })
    }

    /// Whether the channel from which a goroutine takes is filled by one that heard or cancelled, or by
    /// another stage of a pipeline that begins with one.
    fn is_filled_for(&self, cancel: &Cancel, goroutine: Goroutine) -> bool {
        let queues = self.queues();
        let mut stages = vec![goroutine];
        let mut at = 0;
        while let Some(&taker) = stages.get(at) {
            at += 1;
            // Of very many fillers only some are looked at, and of very many that heard.
            if self.fillers_told(cancel).any(|of| queues.takes_from(taker, of, cancel.at)) {
                return true;
            }
            let feeds = queues.of(taker).iter().take(MAX_FILLERS);
            for filler in feeds.filter(|feed| feed.first < cancel.at).map(|feed| feed.filler) {
                if self.heard(cancel, filler) || self.left_without_waiting(cancel, filler) {
                    return true;
                }
                if stages.len() < MAX_STAGES && !stages.contains(&filler) {
                    stages.push(filler);
                }
            }
        }
        false
    }

    /// Whether a goroutine that was on its way at a cancel left as soon as it could: it need not wait in
    /// order to see that its context is over.
    fn left_without_waiting(&self, cancel: &Cancel, goroutine: Goroutine) -> bool {
        let ended = lives::ended(self.trace, goroutine).filter(|ended| *ended >= cancel.at);
        let Some(ended) = ended else { return false };
        let (mut n_read, mut own_ns, mut waits) = (0, 0, false);
        for span in self.trace.spans_from(goroutine, cancel.at).take(MAX_PLACES) {
            n_read += 1;
            waits |= span.state == GoState::Waiting;
            if span.state != GoState::Runnable {
                own_ns += span.end.min(ended) - span.start.max(cancel.at);
            }
        }
        n_read < MAX_PLACES && !waits && own_ns <= PROMPT_NS
    }

    /// The goroutines that were told to stop, and so fill no channel any longer: the canceller, and those
    /// that heard.
    fn fillers_told<'b>(&'b self, cancel: &Cancel) -> impl Iterator<Item = Goroutine> + use<'b> {
        let who_heard = self.all_heard(cancel).take(MAX_FILLERS).map(|row| row.goroutine);
        who_heard.chain(cancel.by)
    }

    /// Whether goroutines of the same kind take from those of the kind of one that was told.
    fn is_of_takers(&self, cancel: &Cancel, goroutine: Goroutine) -> bool {
        let Queues { kinds, .. } = self.queues();
        let kind = self.sort_of(goroutine);
        !kinds.is_empty()
            && self
                .fillers_told(cancel)
                .any(|of| kinds.contains(&(kind, self.book.kind(self.trace, of))))
    }

    /// Whether a goroutine is no longer about what it has at hand at a cancel than about what it took
    /// before: no wait is longer than others in its place were, and no work longer than the longest job.
    /// A wait for the next is no work, if that or the close comes while there are any who fill the channel,
    /// or right after that.
    fn is_as_quick_as_before(&self, cancel: &Cancel, goroutine: Goroutine) -> bool {
        let Some((took, longest_job)) = self.jobs(cancel, goroutine) else { return false };
        let mut longest = Longest::default();
        let before = self.trace.spans_before(goroutine, took).take(MAX_BACK);
        for wait in before.filter(|span| span.state == GoState::Waiting) {
            longest.add(wait.stack, wait.end.min(took) - wait.start);
        }
        let may_take = |usual: i64| self.rules.late_over_ns.max(half_as_long_again(usual));
        let feeds = self.queues().of(goroutine).iter().take(MAX_FILLERS);
        let filled_until = feeds.map(|feed| self.end(feed.filler)).max();
        let in_time =
            |at: Time| filled_until.is_none_or(|until| at - until <= self.rules.late_over_ns);
        let (mut n_read, mut works_ns) = (0, 0);
        let mut after = self.trace.spans_from(goroutine, cancel.at).take(MAX_SPANS).peekable();
        while let Some(span) = after.next() {
            n_read += 1;
            let ns = span.end - span.start;
            match span.state {
                GoState::Waiting => {
                    works_ns = 0;
                    let comes = self.is_to_the_end(span.stack)
                        && after.peek().is_some_and(|next| next.woken)
                        && in_time(span.end);
                    if !comes && ns > may_take(longest.of(span.stack)) {
                        return false;
                    }
                }
                GoState::Runnable => {}
                _ => {
                    works_ns += ns.min(span.end - cancel.at);
                    if works_ns > may_take(longest_job) {
                        return false;
                    }
                }
            }
        }
        n_read < MAX_SPANS
    }

    /// When a goroutine took the last thing before a cancel, and how long it was at most about what it
    /// took before that.
    fn jobs(&self, cancel: &Cancel, goroutine: Goroutine) -> Option<(Time, i64)> {
        let before = |of| self.trace.spans_before(of, cancel.at).take(MAX_BACK);
        let waits = before(goroutine).filter(|span| {
            span.state == GoState::Waiting
                && span.end <= cancel.at
                && self.is_to_the_end(span.stack)
        });
        // When it asked for the next thing, and when it had it.
        let mut taken: Vec<(Time, Time)> = waits.map(|wait| (wait.start, wait.end)).collect();
        for feed in self.queues().of(goroutine).iter().take(MAX_LOOKED_AT) {
            let lets_go = before(feed.filler)
                .filter(|span| span.waker == Some(goroutine) && self.is_to_the_end(span.stack));
            taken.extend(lets_go.map(|span| (span.start, span.start)));
        }
        taken.sort_unstable();
        let ns = |pair: &[(Time, Time)]| Some(pair.get(1)?.0 - pair.first()?.1);
        let longest = taken.windows(2).filter_map(ns).max().unwrap_or(0);
        taken.last().map(|last| (last.1, longest))
    }

    /// Whether a stack is in `for range channel`, or in `x, ok := <-channel`.
    pub(super) fn is_to_the_end(&self, stack: StackId) -> bool {
        let top = self.trace.stacks().top(stack);
        top.is_some_and(|frame| self.trace.string(frame.function) == RECEIVES_TO_THE_END)
    }
}
