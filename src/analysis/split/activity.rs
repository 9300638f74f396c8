//! What goroutines do in their spans, and a number for each of these things, by which their
//! times are added up and their texts are found.

use rustc_hash::FxHashMap;

use crate::base::{StackId, StrId, WireMap, narrow};
use crate::model::{Frame, Span, Trace};
use crate::parse::event::GoState;

use super::super::code::book::Book;
use super::super::types::SplitPart;
use super::super::words::Doing;

/// What a goroutine does in a piece of a span.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Activity {
    pub(crate) state: Doing,
    pub(crate) reason: StrId,
    pub(crate) stack: StackId,
}

impl Activity {
    /// Time before the goroutine was there.
    pub(crate) const UNBORN: Self = Self::plain(Doing::Unborn);
    /// Time of which the trace says nothing.
    pub(crate) const UNKNOWN: Self = Self::plain(Doing::Unknown);
    /// Time in which it worked for the collector.
    pub(crate) const GC_ASSIST: Self = Self::plain(Doing::GcAssist);

    const fn plain(state: Doing) -> Self {
        Self { state, reason: StrId::EMPTY, stack: StackId::EMPTY }
    }

    /// Whether no more is known of it than the state.
    #[inline]
    pub(crate) fn is_plain(self) -> bool {
        self.stack == StackId::EMPTY && self.reason == StrId::EMPTY
    }

    /// That of a span, given the span after it.
    #[inline]
    pub(crate) fn of(span: &Span, next: Option<&Span>) -> Self {
        Self::entered(span.state, span.reason, span.stack).preempted_in(ran_in(span, next))
    }

    /// That of a span of which no more is known than how it begins.
    #[inline]
    pub(crate) fn entered(state: GoState, reason: StrId, stack: StackId) -> Self {
        match state {
            GoState::Running => Self::plain(Doing::Running),
            // Where it was before it got ready has no part in how long it waits for a processor.
            GoState::Runnable => Self::plain(Doing::Runnable),
            GoState::Waiting => Self { state: Doing::Waiting, reason, stack },
            GoState::Syscall => Self { state: Doing::Syscall, reason, stack },
            GoState::Undetermined | GoState::NotExist => Self::UNKNOWN,
        }
    }

    /// The same if it ended with the goroutine being preempted: running has no stack of its own.
    #[inline]
    pub(crate) fn preempted_in(self, stack: StackId) -> Self {
        if self.state == Doing::Running { Self { stack, ..self } } else { self }
    }
}

/// Where a goroutine ran, if that is known: it was preempted there.
#[inline]
fn ran_in(span: &Span, next: Option<&Span>) -> StackId {
    next.filter(|next| next.start == span.end && next.state == GoState::Runnable && !next.woken)
        .map_or(StackId::EMPTY, |next| next.stack)
}

/// What times are added up by: all that people see of an activity.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Key {
    state: Doing,
    reason: StrId,
    site: Option<Frame>,
}

impl Key {
    /// That of an activity.
    pub(crate) fn of(trace: &Trace, book: &Book, activity: Activity) -> Self {
        let Activity { state, reason, stack } = activity;
        Self { state, reason, site: book.site(trace.stacks(), stack) }
    }

    /// That of a part of a split.
    pub(crate) fn of_part(part: &SplitPart) -> Self {
        Self { state: part.state, reason: part.reason, site: part.site }
    }

    /// All the time that was added up, the first piece of which had this stack.
    pub(crate) fn part(self, stack: StackId, ns: i64) -> SplitPart {
        let Self { state, reason, site } = self;
        SplitPart { state, reason, site, stack, ns }
    }

    /// Sorts those with the same time.
    fn rank(self) -> impl Ord {
        (self.state, self.reason, self.site.map(|site| (site.function, site.line)))
    }
}

/// The number of an activity.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ActivityId(u32);

impl ActivityId {
    /// The number as an index: they are dense.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// How long an activity took.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Share {
    /// What was done: the first of those whose times were added up.
    pub activity: ActivityId,
    /// In nanoseconds, above 0.
    pub ns: i64,
}

/// Beyond so many activities all are forgotten before the next hearing.
const MANY: usize = 1 << 14;

/// The activities that were met so far.
#[derive(Debug)]
pub(crate) struct Activities {
    rows: Vec<Row>,
    known: FxHashMap<Activity, ActivityId>,
    /// The first activity with each key.
    firsts: WireMap<Key, ActivityId>,
    /// How often all were forgotten.
    pub(crate) edition: u32,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    key: Key,
    stack: StackId,
    first: ActivityId,
}

impl Default for Activities {
    fn default() -> Self {
        let mut activities = Self {
            rows: Vec::new(),
            known: FxHashMap::default(),
            firsts: WireMap::default(),
            edition: 0,
        };
        activities.add_plain();
        activities
    }
}

impl Activities {
    /// Those of which only the state is known come first, in the order of the states: their
    /// number needs no look-up, and they are most of all.
    fn add_plain(&mut self) {
        for &state in Doing::ALL {
            let key = Key { state, reason: StrId::EMPTY, site: None };
            self.add(key, StackId::EMPTY);
        }
    }

    fn add(&mut self, key: Key, stack: StackId) -> ActivityId {
        let id = ActivityId(narrow(self.rows.len()));
        let first = *self.firsts.entry(key).or_insert(id);
        self.rows.push(Row { key, stack, first });
        id
    }

    /// The number of an activity.
    #[inline]
    pub(crate) fn id(&mut self, trace: &Trace, book: &Book, activity: Activity) -> ActivityId {
        if activity.is_plain() {
            return ActivityId(activity.state as u32);
        }
        match self.known.get(&activity) {
            Some(&id) => id,
            None => self.add_new(trace, book, activity),
        }
    }

    #[cold]
    fn add_new(&mut self, trace: &Trace, book: &Book, activity: Activity) -> ActivityId {
        let id = self.add(Key::of(trace, book, activity), activity.stack);
        self.known.insert(activity, id);
        id
    }

    /// The first activity of which nobody can tell this one: their times are added up.
    #[inline]
    pub(crate) fn first(&self, id: ActivityId) -> ActivityId {
        self.rows[id.index()].first
    }

    /// A share in full.
    pub(crate) fn part(&self, share: Share) -> SplitPart {
        let Row { key, stack, .. } = self.rows[share.activity.index()];
        key.part(stack, share.ns)
    }

    /// The order of shares: the largest first.
    #[inline]
    pub(crate) fn order(&self, a: &Share, b: &Share) -> std::cmp::Ordering {
        let rank = |share: &Share| self.rows[share.activity.index()].key.rank();
        b.ns.cmp(&a.ns).then_with(|| rank(a).cmp(&rank(b)))
    }

    /// Forgets all if they are many: then numbers mean something else.
    pub(crate) fn make_room(&mut self) {
        if self.rows.len() > MANY {
            self.rows.clear();
            self.known.clear();
            self.firsts.clear();
            self.edition += 1;
            self.add_plain();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::tests::made::Made;

    #[test]
    fn activities_keep_their_numbers_until_they_are_many() {
        let mut made = Made::new();
        made.running(1, "main.main").waits(10, 1, "select", "main.main:3");
        let document = made.document(100);
        let (trace, book) = (document.trace(), &document.analysis().book);
        let mut activities = Activities::default();
        for &state in Doing::ALL {
            let id = activities.id(trace, book, Activity::plain(state));
            assert_eq!(activities.part(Share { activity: id, ns: 5 }).state, state);
        }
        let wait = |reason| Activity { reason: StrId(reason), ..Activity::plain(Doing::Waiting) };
        let n = u32::try_from(MANY).expect("a number");
        let ids: Vec<_> = (1..n).map(|of| activities.id(trace, book, wait(of))).collect();
        assert!((1..n).map(|of| activities.id(trace, book, wait(of))).eq(ids.iter().copied()));
        activities.make_room();
        assert_eq!(activities.edition, 1);
        let again = activities.id(trace, book, wait(7));
        assert_eq!(activities.part(Share { activity: again, ns: 1 }).reason, StrId(7));
        assert!(again != ids[6]);
    }
}
