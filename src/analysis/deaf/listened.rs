//! Deadlines that listeners heard: goroutines that do nothing but wait for a context to end, as a logger of
//! what was aborted, or a watcher that closes a connection. Nobody makes a context only for such a one, so
//! it is its creator's, too, and that can have left as little as if nobody had heard.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::{Goroutine, StackId, Time};
use crate::model::Span;
use crate::parse::event::GoState;

use super::super::code::reasons;
use super::super::lives;
use super::super::types::{Cancel, Hearing};
use super::super::words::{Cause, Evidence, HeardIn, Outcome};
use super::Inquiry;
use super::clock::{Clock, Pair, Work, are_most, is_round, meets_ns, n_apart};

/// Of more that heard one cancel nobody is looked for who only listened.
const MAX_HEARD: usize = 64;

/// In a place where more than this met deadlines each is one of several: each is held against all others
/// that did.
const MAX_SINGLE: usize = 256;

/// How many spans a listener has at most, up to when it hears: it may have had to wait for a processor.
const MAX_SPANS: usize = 16;

/// The deadlines that listeners heard.
#[derive(Default, Debug)]
pub(super) struct Listened {
    /// When, and which cancel, in order of time.
    pub(super) deadlines: Vec<(Time, u32)>,
    /// When, and which cancel, by each goroutine that had started listeners.
    of: FxHashMap<Goroutine, Vec<(Time, u32)>>,
}

impl Listened {
    pub(super) fn new(inquiry: &Inquiry<'_>) -> Self {
        let mut listened = Self::default();
        let mut waits = Waits { inquiry, receives: FxHashMap::default() };
        for cancel in inquiry.register.cancels {
            let (keepers, deadline) = (waits.keepers(cancel), (cancel.at, cancel.id));
            listened.deadlines.extend((!keepers.is_empty()).then_some(deadline));
            for keeper in keepers {
                listened.of.entry(keeper).or_default().push(deadline);
            }
        }
        listened
    }

    /// The deadlines of one that were while it did some work.
    fn during(&self, work: &Work) -> &[(Time, u32)] {
        let all = self.of.get(&work.of).map_or(&[][..], Vec::as_slice);
        let from = all.partition_point(|(at, _)| *at <= work.began);
        &all[from..all.partition_point(|(at, _)| *at < work.until).max(from)]
    }

    /// The deadline of its own that some work met when a limit was over, or nearly so.
    fn met(&self, work: &Work, limit_ns: i64) -> Option<u32> {
        let due = work.began + limit_ns;
        let (at, cancel) = *self.during(work).iter().min_by_key(|(at, _)| (*at - due).abs())?;
        meets_ns(limit_ns).contains(&(at - work.began)).then_some(cancel)
    }
}

/// The work that began in each of some places with the deadline that was its limit, by the clock, as far
/// as its own listeners heard that.
pub(super) fn pairs(listened: &Listened, places: &[Vec<Work>]) -> Vec<Vec<Pair>> {
    let has_any = |works: &&Vec<Work>| works.iter().any(|work| !listened.during(work).is_empty());
    let n_places = places.iter().filter(has_any).count();
    places.iter().filter(has_any).map(|works| pairs_of(listened, works, n_places)).collect()
}

/// The pairs of the work that began in one place.
fn pairs_of(listened: &Listened, works: &[Work], n_places: usize) -> Vec<Pair> {
    // A handler's goroutine can have several pieces of work.
    let all: FxHashSet<(Time, u32)> =
        works.iter().flat_map(|work| listened.during(work)).copied().collect();
    let mut deadlines: Vec<(Time, u32)> = all.into_iter().collect();
    deadlines.sort_unstable();
    let n_apart = n_apart(&deadlines);
    let clock = Clock { works, deadlines: &deadlines, n_apart: &n_apart, heard: &[], n_places };
    if let Some(pairs) = clock.pairs_of_several() {
        let own =
            |pair: Pair| Some(Pair { cancel: listened.met(&pair.work, pair.limit_ns)?, ..pair });
        return pairs.into_iter().filter_map(own).collect();
    }
    let has_any = |work: &&Work| !listened.during(work).is_empty();
    let own: Vec<Work> = works.iter().filter(has_any).copied().collect();
    if own.len() > MAX_SINGLE {
        return Vec::new();
    }
    let mut lasted_ns: Vec<i64> = works.iter().map(|work| work.until - work.began).collect();
    lasted_ns.sort_unstable();
    own.iter().filter_map(|work| pair_of_one(listened, &own, &lasted_ns, work)).collect()
}

/// One piece of work with its only deadline, if that came a round time after it began, and nearly all others
/// in that place that lasted so long had one of their own then, too. `own` is the work there that had any,
/// and `lasted_ns` how long all work there lasted, in order.
fn pair_of_one(listened: &Listened, own: &[Work], lasted_ns: &[i64], work: &Work) -> Option<Pair> {
    let [(at, cancel)] = *listened.during(work) else { return None };
    let limit_ns = at - work.began;
    let until_ns = meets_ns(limit_ns).end;
    let n_lasting = lasted_ns.len() - lasted_ns.partition_point(|ns| *ns <= until_ns);
    let met = |other: &&Work| {
        other.until - other.began > until_ns && listened.met(other, limit_ns).is_some()
    };
    let n_met = own.iter().filter(met).count();
    let pair = Pair { work: *work, cancel, limit_ns, is_sure: false };
    (is_round(limit_ns) && pair.is_told() && are_most(n_met, n_lasting)).then_some(pair)
}

/// The waits in which cancels were heard.
struct Waits<'a> {
    inquiry: &'a Inquiry<'a>,
    /// Whether one in a stack is a channel's receive, which each in that stack is then: most are not.
    receives: FxHashMap<StackId, bool>,
}

impl Waits<'_> {
    /// The goroutines that had a context, since they started listeners for it, and of whose children no
    /// others heard it end.
    fn keepers(&mut self, cancel: &Cancel) -> Vec<Goroutine> {
        if cancel.cause != Cause::Deadline || cancel.n_heard() > MAX_HEARD {
            return Vec::new();
        }
        let inquiry = self.inquiry;
        let (mut keepers, mut others) = (Vec::new(), Vec::new());
        for hearing in inquiry.all_heard(cancel) {
            let of = if self.only_listens(hearing) { &mut keepers } else { &mut others };
            of.extend(lives::parent(inquiry.trace, hearing.goroutine));
        }
        keepers.sort_unstable();
        keepers.dedup();
        keepers.retain(|keeper| !others.contains(keeper));
        keepers
    }

    /// Whether a goroutine only received from its context's channel since its birth, and left at once
    /// when that was closed. A `select` can be for something that takes its time.
    fn only_listens(&mut self, hearing: &Hearing) -> bool {
        let inquiry = self.inquiry;
        let (trace, over_ns) = (inquiry.trace, inquiry.rules.late_over_ns);
        let is_prompt = hearing.evidence == Evidence::Woken
            && hearing.heard_in == HeardIn::Own
            && hearing.outcome == Outcome::Exited
            && hearing.overstay_ns <= over_ns;
        if !is_prompt || self.receives.get(&hearing.stack) == Some(&false) {
            return false;
        }
        let mut spans = trace.spans_before(hearing.goroutine, hearing.heard_at);
        let receives = |wait: Span| {
            wait.state == GoState::Waiting
                && trace.string(wait.reason) == reasons::RECEIVE
                && inquiry.book.place(wait.stack) == inquiry.book.place(hearing.stack)
        };
        let in_receive = spans.next().is_some_and(receives);
        self.receives.entry(hearing.stack).or_insert(in_receive);
        let is_nothing = |span: &Span| match span.state {
            GoState::Waiting => reasons::is_gc(trace.string(span.reason)),
            GoState::Runnable => true,
            _ => span.ns() <= over_ns,
        };
        in_receive
            && lives::born(trace, hearing.goroutine).is_some()
            && spans.take(MAX_SPANS).enumerate().all(|(n, it)| n + 1 < MAX_SPANS && is_nothing(&it))
    }
}
