//! Work under deadlines that nobody listened to, and the goroutines that wait for it.
//!
//! When work began is held against the clock ([`super::clock`]). Of all that met one deadline the last to
//! begin has it, with its siblings: what began before is the client of a handler, or an ancestor, with
//! another context or none.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::base::{Goroutine, Interval, StackId, StrId, Time};
use crate::model::Span;
use crate::parse::event::GoState;

use super::super::code::book::Traits;
use super::super::heard::awaited::waits_plainly;
use super::super::heard::serving::{Run, route, runs};
use super::super::index::Register;
use super::super::lives;
use super::super::recorder;
use super::super::types::{Cancel, Hearing};
use super::super::words::{Cause, Evidence, HeardIn};
use super::clock::{APART_NS, Clock, Pair, Work, n_apart};
use super::listened::{self, Listened};
use super::{Found, Inquiry, MAX_SPANS, Row, shared};

/// How many later deadlines to look at for where work under the first one ended.
const MAX_LATER: usize = 64;

/// Fewer goroutines than this are waited for only if a wait since before the deadline tells so.
const FEWEST_JOINED: usize = 4;

/// How many spans to look at of a goroutine that may wait for a group, since the group's last one ended.
const MAX_SINCE: usize = 64;

/// A goroutine that goes round more often than this after a deadline works in the background.
const MAX_ROUNDS: usize = 4;

/// A place in the code where work begins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
enum Beginning {
    /// A `go` statement, by one way of calls.
    Statement(StackId),
    /// The function and line of a `go` statement, if each way of calls led there at one moment only.
    Line(StrId, u32),
    Handler(StrId),
}

/// The work whose time limits those deadlines were that nobody listened to.
#[derive(Default, Debug)]
pub(super) struct Limited {
    by_cancel: FxHashMap<u32, Vec<Pair>>,
    /// The members of groups that somebody waited for, if only after some of their deadlines.
    joined: FxHashSet<Goroutine>,
    /// When the deadlines were that nobody listened to, and those that listeners did, in order.
    unheard: Vec<Time>,
    /// All goroutines that have limits.
    all: FxHashSet<Goroutine>,
    /// The goroutines that work for several of those whose limits the deadlines were.
    shared: FxHashSet<Goroutine>,
}

impl Limited {
    /// Looks for the limits of the work that began in each place in the code.
    pub(super) fn new(inquiry: &Inquiry<'_>) -> Self {
        let Register { cancels, .. } = inquiry.register;
        let is_heard =
            |cancel: &&Cancel| cancel.cause == Cause::Deadline && !cancel.heard.is_empty();
        let heard: Vec<Time> = cancels.iter().filter(is_heard).map(|cancel| cancel.at).collect();
        let unheard = cancels.iter().filter(|cancel| cancel.is_unheard_deadline());
        let unheard: Vec<(Time, u32)> = unheard.map(|cancel| (cancel.at, cancel.id)).collect();
        let listened = Listened::new(inquiry);
        let mut by_cancel: FxHashMap<u32, Vec<Pair>> = FxHashMap::default();
        let mut joined = FxHashSet::default();
        let mut have = |pairs: Vec<Pair>| {
            join(inquiry, &pairs, &mut joined);
            for pair in pairs {
                by_cancel.entry(pair.cancel).or_default().push(pair);
            }
        };
        let n_apart = n_apart(&unheard);
        if let Some(within) = from_first_to_last(&unheard) {
            let places = beginnings(inquiry, within);
            let n_places = places.len();
            for works in &places {
                let (deadlines, n_apart) = (&unheard[..], &n_apart[..]);
                have(Clock { works, deadlines, n_apart, heard: &heard, n_places }.pairs());
            }
        }
        if let Some(within) = from_first_to_last(&listened.deadlines) {
            listened::pairs(&listened, &beginnings(inquiry, within))
                .into_iter()
                .for_each(&mut have);
        }
        if by_cancel.is_empty() {
            return Self::default();
        }
        let also_of_creators =
            by_cancel.values().flat_map(|pairs| also_of_creators(inquiry, pairs));
        let shared = shared::work_for_several(inquiry, also_of_creators);
        for pairs in by_cancel.values_mut() {
            pairs.retain(|pair| pair.work.is_handler || !shared.contains(&pair.work.of));
            keep_last(inquiry, pairs);
        }
        let unheard = unheard.into_iter().chain(listened.deadlines);
        let mut unheard: Vec<Time> = unheard.map(|(at, _)| at).collect();
        unheard.sort_unstable();
        let all = by_cancel.values().flatten().map(|pair| pair.work.of).collect();
        Self { by_cancel, joined, unheard, all, shared }
    }

    /// When work under one limit ended, if it went on to something else with a limit of its own: it
    /// was let go on as long before a later deadline.
    fn left(&self, inquiry: &Inquiry<'_>, cancel: &Cancel, pair: &Pair) -> Option<Time> {
        let later = self.unheard.partition_point(|at| *at <= cancel.at);
        let of_others = self.unheard[later..].iter().take_while(|at| **at < pair.work.until);
        let mut begins = of_others.take(MAX_LATER).map(|at| *at - pair.limit_ns);
        begins.find(|&begins| {
            let near = Interval::new(begins - APART_NS, begins + APART_NS);
            let spans = inquiry.trace.spans_from(pair.work.of, near.start).take(MAX_SPANS);
            let let_go = |span: &Span| span.woken && near.contains(span.start);
            begins > cancel.at
                && spans.take_while(|span| span.start < near.end).any(|span| let_go(&span))
        })
    }
}

/// The time in which some deadlines were, which are in order; none if there are none.
fn from_first_to_last(deadlines: &[(Time, u32)]) -> Option<Interval> {
    Some(Interval::new(deadlines.first()?.0, deadlines.last()?.0))
}

/// Adds those of one statement for whose group the one that had started them waits, or the one that had
/// started that: the last of them, or a later one, is seen to end that wait, and the others were of the
/// group as well.
///
/// A loop that starts one after the other waits only in the end, when most deadlines have passed; so this
/// is asked where several tell of the limit, and most of them overstay it: few that do had no processor.
fn join(inquiry: &Inquiry<'_>, pairs: &[Pair], joined: &mut FxHashSet<Goroutine>) {
    let sure = || pairs.iter().filter(|pair| pair.is_sure && !pair.work.is_handler);
    let overstays = |pair: &&Pair| pair.overstay_ns() > inquiry.rules.late_over_ns;
    let (n, n_over) = (sure().count(), sure().filter(overstays).count());
    if n < FEWEST_JOINED || n_over < n.div_ceil(2) {
        return;
    }
    let mut last_of: FxHashMap<Goroutine, Work> = FxHashMap::default();
    for pair in sure() {
        for who in waiters(inquiry, pair.work.of) {
            let last = last_of.entry(who).or_insert(pair.work);
            if pair.work.until > last.until {
                *last = pair.work;
            }
        }
    }
    last_of.retain(|&who, last| waits_for_group(inquiry, who, last));
    let is_joined =
        |pair: &&Pair| waiters(inquiry, pair.work.of).any(|who| last_of.contains_key(&who));
    joined.extend(sure().filter(is_joined).map(|pair| pair.work.of));
}

/// The goroutines that may wait for the group of one: its creator, and its creator's.
fn waiters(inquiry: &Inquiry<'_>, of: Goroutine) -> impl Iterator<Item = Goroutine> {
    let parent = lives::parent(inquiry.trace, of);
    let above = parent.and_then(|parent| lives::parent(inquiry.trace, parent));
    parent.into_iter().chain(above)
}

/// Whether somebody waits for a group until one lets it go on, as its last act, or one of the same statement
/// does later.
fn waits_for_group(inquiry: &Inquiry<'_>, who: Goroutine, last: &Work) -> bool {
    let (trace, over_ns) = (inquiry.trace, inquiry.rules.late_over_ns);
    let statement = |of: Goroutine| lives::creation_stack(trace, of);
    let ends_it = |next: &Span| {
        next.waker.is_some_and(|by| {
            statement(by) == statement(last.of) && inquiry.end(by) - next.start <= over_ns
        })
    };
    let mut spans = trace.spans_from(who, last.until - over_ns).take(MAX_SINCE).peekable();
    while let Some(wait) = spans.next() {
        if wait.state == GoState::Waiting
            && spans.peek().is_some_and(ends_it)
            && inquiry.book.any(trace.stacks(), wait.stack, Traits::JOINS)
        {
            return true;
        }
    }
    false
}

/// The goroutines of pairs whose creators met the same deadline.
fn also_of_creators<'p>(
    inquiry: &'p Inquiry<'_>,
    pairs: &'p [Pair],
) -> impl Iterator<Item = Goroutine> + 'p {
    let of: FxHashSet<Goroutine> = pairs.iter().map(|pair| pair.work.of).collect();
    let started = pairs.iter().filter(|pair| !pair.work.is_handler).map(|pair| pair.work.of);
    started.filter(move |&it| lives::parent(inquiry.trace, it).is_some_and(|by| of.contains(&by)))
}

/// Keeps the work that began last, that of its siblings, and what its creator's siblings started by the
/// same `go` statement.
fn keep_last(inquiry: &Inquiry<'_>, pairs: &mut Vec<Pair>) {
    let parent = |pair: &Pair| lives::parent(inquiry.trace, pair.work.of);
    let origin = |of: Goroutine| lives::creation_stack(inquiry.trace, of);
    // Where it was started, where its creator was, and by whom.
    let line = |pair: &Pair| {
        let by = parent(pair)?;
        Some((origin(pair.work.of), origin(by), lives::parent(inquiry.trace, by)?))
    };
    let Some(last) = pairs.iter().max_by_key(|pair| (pair.work.began, pair.work.of)).copied()
    else {
        return;
    };
    let (of, line_of_last) = (parent(&last), line(&last));
    pairs.retain(|pair| {
        let is_cousin = || line_of_last.is_some() && line(pair) == line_of_last;
        pair.work.of == last.work.of
            || pair.work.is_handler == last.work.is_handler && (parent(pair) == of || is_cousin())
    });
}

/// Adds the goroutines whose limit a deadline was: handlers, and those for which their creator waits;
/// others are only noted if they sleep.
pub(super) fn find(inquiry: &Inquiry<'_>, cancel: &Cancel, limited: &Limited, found: &mut Found) {
    let Some(pairs) = limited.by_cancel.get(&cancel.id) else { return };
    // Where its own goroutines were given the context as well they hold it up.
    let is_held = |Work { of, until, .. }: Work| {
        let is_its_own = |by| lives::parent(inquiry.trace, by) == Some(of);
        mostly_waits_for(inquiry, cancel, (of, until), is_its_own)
    };
    let pairs = || pairs.iter().filter(|pair| cancel.is_unheard_deadline() || !is_held(pair.work));
    let over_ns = inquiry.rules.late_over_ns;
    for pair in pairs().filter(|pair| pair.work.is_handler) {
        let until = limited.left(inquiry, cancel, pair).unwrap_or(pair.work.until);
        let work = Work { until, ..pair.work };
        if !heard_in(inquiry, &work) && own_ns(inquiry, cancel, &work) > Some(over_ns) {
            let (evidence, left) = (Evidence::Task, Some(until));
            found.add_by_clock(Row { goroutine: work.of, evidence, left, question: None });
        }
    }
    let started: FxHashMap<Goroutine, &Pair> =
        pairs().filter(|pair| !pair.work.is_handler).map(|pair| (pair.work.of, pair)).collect();
    let others = &limited.all;
    let mut waited = Waited { inquiry, cancel, limited: &started, others, found: Vec::new() };
    for (parent, children) in by_parent(inquiry, started.keys().copied()) {
        waited.by(parent, &children);
    }
    for of in of_joined(inquiry, limited, &started) {
        waited.add(of);
    }
    for goroutine in waited.found {
        let left = started.get(&goroutine).and_then(|pair| limited.left(inquiry, cancel, pair));
        if left.is_none_or(|left| left - cancel.at > over_ns) {
            let evidence = Evidence::WaitedOn;
            found.add_by_clock(Row { goroutine, evidence, left, question: None });
        }
    }
    let sleeps = |of: Goroutine| {
        inquiry.sleeps_across(cancel, of, cancel.at)
            && inquiry.may_be_deaf(cancel, of)
            && !recorder::ends_it(inquiry.trace, of)
    };
    let sure = || started.values().filter(|pair| pair.is_sure).map(|pair| pair.work.of);
    if !limited.shared.is_empty() {
        let stays = |of: &Goroutine| shared::stays_for(inquiry, cancel, *of, &limited.shared);
        let mut callers: Vec<Goroutine> = sure().filter(stays).collect();
        callers.sort_unstable();
        for goroutine in callers {
            found.add_by_clock(Row {
                goroutine,
                evidence: Evidence::Task,
                left: None,
                question: None,
            });
        }
    }
    let mut asleep: Vec<Goroutine> = sure().filter(|&of| sleeps(of)).collect();
    asleep.sort_unstable();
    found.asleep.append(&mut asleep);
}

/// Goroutines by the one that created them, both in order.
fn by_parent(
    inquiry: &Inquiry<'_>,
    all: impl Iterator<Item = Goroutine>,
) -> BTreeMap<Goroutine, Vec<Goroutine>> {
    let mut by_parent: BTreeMap<Goroutine, Vec<Goroutine>> = BTreeMap::new();
    for of in all {
        if let Some(parent) = lives::parent(inquiry.trace, of) {
            by_parent.entry(parent).or_default().push(of);
        }
    }
    for children in by_parent.values_mut() {
        children.sort_unstable();
    }
    by_parent
}

/// The members of a group that was waited for. What is started together meets the same deadlines, and
/// then it is not known whose they are.
fn of_joined(
    inquiry: &Inquiry<'_>,
    limited: &Limited,
    started: &FxHashMap<Goroutine, &Pair>,
) -> Vec<Goroutine> {
    let mut statements = started.keys().map(|&of| lives::creation_stack(inquiry.trace, of));
    let first = statements.next();
    if !statements.all(|of| Some(of) == first) {
        return Vec::new();
    }
    let is_joined = |of: &Goroutine| limited.joined.contains(of);
    let mut joined: Vec<Goroutine> = started.keys().copied().filter(is_joined).collect();
    joined.sort_unstable();
    joined
}

/// Whether a handler heard a cancel in its own code.
fn heard_in(inquiry: &Inquiry<'_>, work: &Work) -> bool {
    let run = Interval::new(work.began, work.until);
    let heard = |row: &Hearing| row.heard_in == HeardIn::Own && run.contains(row.heard_at);
    inquiry.rows_of(work.of).any(heard)
}

/// How long a handler stayed by its own doing; none if it waited where cancels are heard.
fn own_ns(inquiry: &Inquiry<'_>, cancel: &Cancel, work: &Work) -> Option<i64> {
    let listens = |span: &Span| {
        span.state == GoState::Waiting && inquiry.listening.hears_exactly(inquiry.book, span.stack)
    };
    let since = inquiry.done_at(cancel).min(work.until);
    inquiry.own_ns(cancel, work.of, Interval::new(since, work.until), listens)
}

/// Whether a goroutine had waited in some place before a deadline, and does so again and again
/// afterwards: it is at no one thing that can be late.
fn works_in_background(inquiry: &Inquiry<'_>, cancel: &Cancel, goroutine: Goroutine) -> bool {
    let waits = |span: &Span| span.state == GoState::Waiting;
    let before = inquiry.trace.spans_before(goroutine, cancel.at).take(MAX_SPANS);
    let mut places: Vec<StackId> = before.filter(waits).map(|span| span.stack).collect();
    places.sort_unstable();
    places.dedup();
    let again = |span: &Span| waits(span) && places.binary_search(&span.stack).is_ok();
    let after = inquiry.trace.spans_from(goroutine, cancel.at).take(MAX_SPANS);
    after.filter(|span| span.start > cancel.at).filter(again).count() > MAX_ROUNDS
}

/// The search for goroutines whose limit a deadline was and for which somebody waits.
struct Waited<'a> {
    inquiry: &'a Inquiry<'a>,
    cancel: &'a Cancel,
    /// All goroutines whose limit the deadline was: siblings and cousins.
    limited: &'a FxHashMap<Goroutine, &'a Pair>,
    /// All goroutines that have limits, by whichever deadline.
    others: &'a FxHashSet<Goroutine>,
    found: Vec<Goroutine>,
}

impl Waited<'_> {
    /// Looks at the plain wait of the creator of some of them that spans the deadline, and at the next ones
    /// as long as results are gathered one by one.
    fn by(&mut self, parent: Goroutine, children: &[Goroutine]) {
        let Self { inquiry, cancel, limited, .. } = *self;
        let mut who = parent;
        let mut spans = inquiry.trace.spans_from(who, cancel.at).take(MAX_SPANS).peekable();
        let mut wait = spans.next().filter(|first| first.start < cancel.at);
        while let Some(this) = wait.filter(|wait| self.is_plain(wait)) {
            let next = spans.peek().copied();
            let by = next.and_then(|next| next.waker);
            let joins = inquiry.book.any(inquiry.trace.stacks(), this.stack, Traits::JOINS);
            match (next, by) {
                (None, _) if this.end >= inquiry.end(who) => self.group(children, None),
                (Some(next), Some(_)) if joins => self.group(children, Some(next.start)),
                (Some(next), Some(by)) if limited.contains_key(&by) => self.one(by, next.start),
                // Each of those whose results are gathered can have a deadline of its own.
                (Some(_), Some(by)) if self.others.contains(&by) => {}
                // One that only waits for the others, to close a channel: its own wait tells.
                (Some(next), Some(by)) if who == parent && self.closes(parent, by, &next) => {
                    who = by;
                    spans = inquiry.trace.spans_from(by, cancel.at).take(MAX_SPANS).peekable();
                    wait = spans.next();
                    continue;
                }
                _ => return,
            }
            wait = spans.find(|span| span.state == GoState::Waiting);
        }
    }

    fn is_plain(&self, wait: &Span) -> bool {
        wait.state == GoState::Waiting && waits_plainly(self.inquiry.trace, self.inquiry.book, wait)
    }

    /// Whether a child of the creator, started before the deadline, was in a group's wait since.
    fn closes(&self, parent: Goroutine, by: Goroutine, let_go: &Span) -> bool {
        let Self { inquiry, cancel, .. } = *self;
        let joins =
            |span: Span| inquiry.book.any(inquiry.trace.stacks(), span.stack, Traits::JOINS);
        lives::parent(inquiry.trace, by) == Some(parent)
            && inquiry.end(by) - let_go.start <= inquiry.rules.late_over_ns
            && inquiry.trace.span_at(by, cancel.at).is_some_and(joins)
    }

    /// Adds all children that ended by the time at which their group let the creator go on; without one,
    /// those that are alive at the trace's end.
    fn group(&mut self, children: &[Goroutine], let_go: Option<Time>) {
        let inquiry = self.inquiry;
        let is_of_group = |of: &Goroutine| match let_go {
            Some(let_go) => inquiry.end(*of) <= let_go + inquiry.rules.late_over_ns,
            None => lives::ended(inquiry.trace, *of).is_none(),
        };
        for &of in children.iter().filter(|of| is_of_group(of)) {
            self.add(of);
        }
    }

    /// Adds one that let its creator go on, if that was its last act.
    fn one(&mut self, by: Goroutine, let_go: Time) {
        if self.inquiry.end(by) - let_go <= self.inquiry.rules.late_over_ns {
            self.add(by);
        }
    }

    fn add(&mut self, of: Goroutine) {
        let Self { inquiry, cancel, limited, .. } = *self;
        let is_told = |by| inquiry.is_told(cancel, by, of);
        let in_background =
            |pair: &&Pair| !pair.is_sure && works_in_background(inquiry, cancel, of);
        if inquiry.may_be_deaf(cancel, of)
            && !inquiry.takes_jobs(cancel, of)
            && !lives::parent(inquiry.trace, of).is_some_and(is_told)
            && !recorder::ends_it(inquiry.trace, of)
            && !limited.get(&of).is_some_and(in_background)
            && !mostly_waits_for(inquiry, cancel, (of, inquiry.end(of)), |by| {
                limited.contains_key(&by)
            })
        {
            self.found.push(of);
        }
    }
}

/// Whether most of what a goroutine did after a deadline, up to a moment, was to wait for some others.
fn mostly_waits_for(
    inquiry: &Inquiry<'_>,
    cancel: &Cancel,
    (of, until): (Goroutine, Time),
    is_one: impl Fn(Goroutine) -> bool,
) -> bool {
    let window = Interval::new(cancel.at.min(until), until);
    let mut spans = inquiry.trace.spans_from(of, cancel.at).take(MAX_SPANS).peekable();
    let mut waited_ns = 0;
    while let Some(span) = spans.next() {
        let let_go_by = spans.peek().and_then(|next| next.waker);
        if span.state == GoState::Waiting && let_go_by.is_some_and(&is_one) {
            waited_ns += span.interval().intersect(window).map_or(0, Interval::ns);
        }
    }
    waited_ns > window.ns() / 2
}

/// All work that may have been cut short by a deadline of some time, by where it began, in order of
/// its beginning.
fn beginnings(inquiry: &Inquiry<'_>, deadlines: Interval) -> Vec<Vec<Work>> {
    let trace = inquiry.trace;
    let mut by_place: FxHashMap<Beginning, Vec<Work>> = FxHashMap::default();
    let mut add = |place, work: Work| {
        // Work that cannot be late tells of the limit all the same.
        if work.began < deadlines.end && work.until > deadlines.start {
            by_place.entry(place).or_default().push(work);
        }
    };
    for of in inquiry.unheard.all() {
        let statement = lives::creation_stack(trace, of);
        if let (true, Some(began)) = (statement != StackId::EMPTY, lives::born(trace, of)) {
            let work = Work { of, began, until: lives::end(trace, of), is_handler: false };
            add(Beginning::Statement(statement), work);
        }
    }
    for Run { by: of, began, until, stack } in runs(trace, inquiry.book) {
        if let (Some(began), Some(until)) = (began, until)
            && let Some(handler) = route(trace, inquiry.book, stack)
        {
            add(Beginning::Handler(handler.function), Work { of, began, until, is_handler: true });
        }
    }
    let mut places: FxHashMap<Beginning, Vec<Work>> = FxHashMap::default();
    for (place, works) in by_place {
        places.entry(by_line(inquiry, place, &works)).or_default().extend(works);
    }
    let mut places: Vec<(Beginning, Vec<Work>)> = places.into_iter().collect();
    places.sort_unstable_by_key(|(place, _)| *place);
    for (_, works) in &mut places {
        works.sort_unstable_by_key(|work| (work.began, work.of));
    }
    places.into_iter().map(|(_, works)| works).collect()
}

/// The line of a `go` statement if it is a helper's, that starts one for each of many callers; else the
/// place as it is.
fn by_line(inquiry: &Inquiry<'_>, place: Beginning, works: &[Work]) -> Beginning {
    let Beginning::Statement(stack) = place else { return place };
    let began = || works.iter().map(|work| work.began);
    let is_one =
        began().max().zip(began().min()).is_some_and(|(last, first)| last - first <= 2 * APART_NS);
    let line = inquiry.book.user_frame(inquiry.trace.stacks(), stack).filter(|_| is_one);
    line.map_or(place, |frame| Beginning::Line(frame.function, frame.line))
}
