//! The grades `waited-on` and `sibling`: by who created whom and who waits for whom.

use rustc_hash::FxHashSet;

use crate::base::{Goroutine, StackId, StrId, Time};
use crate::model::Span;
use crate::parse::event::GoState;

use super::super::book::Traits;
use super::super::lives;
use super::super::names::Origin;
use super::super::place::{host, place};
use super::super::types::{Cancel, Hearing};
use super::super::words::{Evidence, HeardIn};
use super::{Found, Inquiry, Row, rounds};

/// How many goroutines created before and after one to look at.
const MAX_COMPANIONS: usize = 64;

/// How many of them for the guess.
const MAX_SIBLINGS: usize = 1_024;

/// A wait of one of the family, and whom it may have been for.
struct Held {
    /// Who waited.
    who: Goroutine,
    /// Whose children it may have waited for.
    parents: [Option<Goroutine>; 2],
    /// The user's function that must have created them, if that matters.
    made_by: Option<StrId>,
    /// When they must have been created: after this.
    after: Time,
    /// Who was told to stop, if they must have been created in the same round as that one.
    round_of: Option<Goroutine>,
}

impl Held {
    /// A wait for one's own children.
    fn by_children(who: Goroutine) -> Self {
        let parents = [Some(who), None];
        Self { who, parents, made_by: None, after: Time::MIN, round_of: None }
    }
}

/// Those who were waited for, each once.
#[derive(Default)]
struct Deaf {
    rows: Vec<Goroutine>,
    seen: FxHashSet<Goroutine>,
}

impl Deaf {
    fn add(&mut self, goroutine: Goroutine) {
        if self.seen.insert(goroutine) {
            self.rows.push(goroutine);
        }
    }
}

/// Adds those for whom one of the cancelled family had to wait: the cases of `waited-on` in
/// docs/late-exits.md, in their order.
pub(super) fn find(inquiry: &Inquiry<'_>, cancel: &Cancel, found: &mut Found) {
    let mut family =
        Family { inquiry, cancel, deaf: Deaf::default(), creators: Creators::default() };
    for hearing in inquiry.told(cancel) {
        family.by_own_wait(hearing);
        family.by_children(hearing);
        family.by_creator(hearing);
    }
    family.by_canceller();
    let mut deaf = family.deaf;
    for handler in &found.rows {
        let held = Held::by_children(handler.goroutine);
        since_before(inquiry, cancel, &held, Plain::OrNot, &mut deaf);
    }
    // Those whom the deaf wait for in their turn.
    let mut next = 0;
    while let Some(&who) = deaf.rows.get(next) {
        next += 1;
        let new = found.add(Row { goroutine: who, evidence: Evidence::WaitedOn, left: None });
        if new {
            since_before(inquiry, cancel, &Held::by_children(who), Plain::OrNot, &mut deaf);
        }
    }
}

/// The search for those whom one cancel should have reached as well.
struct Family<'a> {
    inquiry: &'a Inquiry<'a>,
    cancel: &'a Cancel,
    deaf: Deaf,
    creators: Creators,
}

/// What is known of the creators of those that were told: mostly all have the same.
#[derive(Default)]
struct Creators {
    /// The last one that cannot have waited for a deaf goroutine.
    useless: Option<Goroutine>,
    /// The last one that was asked, and for what its function had created.
    asked: Option<(Goroutine, StrId)>,
    /// One that was told to stop and that the canceller had created.
    of_canceller: Option<Goroutine>,
}

impl Family<'_> {
    /// One that was told to stop had to wait for its own child before it could leave.
    fn by_own_wait(&mut self, hearing: &Hearing) {
        if hearing.overstay_ns > self.inquiry.rules.late_over_ns {
            let held = Held::by_children(hearing.goroutine);
            while_leaving(self.inquiry, self.cancel, hearing, &held, &mut self.deaf);
        }
    }

    /// An unheard child of one that was told to stop had to wait.
    fn by_children(&mut self, hearing: &Hearing) {
        let (inquiry, cancel, who) = (self.inquiry, self.cancel, hearing.goroutine);
        let mut after = None;
        for child in children_left(inquiry, cancel, who) {
            let after = *after.get_or_insert_with(|| handler_began(inquiry, hearing));
            let parents = [Some(child), Some(who)];
            let held = Held { parents, after, ..Held::by_children(child) };
            since_before(inquiry, cancel, &held, Plain::OrNot, &mut self.deaf);
        }
    }

    /// The creator of one that was told to stop waits for what it had created in one go, or what it
    /// had created with it for another purpose has to wait; or the creator heard and lives on, and
    /// waits then.
    fn by_creator(&mut self, hearing: &Hearing) {
        let (inquiry, cancel, who) = (self.inquiry, self.cancel, hearing.goroutine);
        // The creator of a callback is whoever cancelled, and none of its family.
        let is_callback = hearing.evidence == Evidence::AfterFunc;
        let parent = lives::parent(inquiry.trace, who).filter(|_| !is_callback);
        let Some(parent) = parent else { return };
        if cancel.by == Some(parent) {
            self.creators.of_canceller = Some(who);
        }
        if self.creators.useless != Some(parent) && !may_wait_for_deaf(inquiry, cancel, parent) {
            self.creators.useless = Some(parent);
        }
        if self.creators.useless == Some(parent) {
            return;
        }
        let made_by = inquiry.creating_function(who);
        if self.creators.asked == Some((parent, made_by)) {
            return;
        }
        self.creators.asked = Some((parent, made_by));
        let children = Held { round_of: Some(who), ..Held::by_children(parent) };
        let held = Held { made_by: Some(made_by), ..children };
        if since_before(inquiry, cancel, &held, Plain::Only, &mut self.deaf) {
            for other in companions(inquiry, cancel, who, parent) {
                let held = Held::by_children(other);
                since_before(inquiry, cancel, &held, Plain::Only, &mut self.deaf);
            }
        }
        if inquiry.heard(cancel, parent) {
            joins_after(inquiry, cancel, &children, &mut self.deaf);
        }
    }

    /// The canceller waits, in the very next wait, for what it had created.
    fn by_canceller(&mut self) {
        let (inquiry, cancel) = (self.inquiry, self.cancel);
        if let (Some(by), Some(told)) = (cancel.by, self.creators.of_canceller)
            && may_wait_for_deaf(inquiry, cancel, by)
        {
            let children = Held { round_of: Some(told), ..Held::by_children(by) };
            joins_after(inquiry, cancel, &children, &mut self.deaf);
        }
    }
}

/// Those children of one that was told to stop which stay longer than the limit, unheard.
fn children_left<'a>(
    inquiry: &'a Inquiry<'_>,
    cancel: &'a Cancel,
    parent: Goroutine,
) -> impl Iterator<Item = Goroutine> + 'a {
    let children = inquiry.stayers.of(parent).iter().copied();
    children.filter(|&child| inquiry.overstays(cancel, child) && !inquiry.heard(cancel, child))
}

/// Those that were created together with one that was told to stop, for another purpose, and
/// did not hear: by the same function in one go. A goroutine of the same go statement as the
/// one that heard has a context of its own if it did not hear, and so have those beyond it.
fn companions(
    inquiry: &Inquiry<'_>,
    cancel: &Cancel,
    told: Goroutine,
    parent: Goroutine,
) -> Vec<Goroutine> {
    let trace = inquiry.trace;
    let stayers = inquiry.stayers.of(parent);
    let made_by = inquiry.creating_function(told);
    let at = stayers.partition_point(|&child| child < told);
    let near = at.saturating_sub(MAX_COMPANIONS)..(at + MAX_COMPANIONS).min(stayers.len());
    let is_companion = |child: Goroutine| {
        inquiry.overstays(cancel, child)
            && inquiry.book.kind(trace, child) != inquiry.book.kind(trace, told)
            && inquiry.creating_function(child) == made_by
            && !inquiry.heard(cancel, child)
            && one_round(inquiry, cancel, parent, told, child)
            && rounds::same(inquiry, cancel, told, child)
            && !blocks_between(inquiry, parent, child.min(told), child.max(told))
    };
    stayers[near].iter().copied().filter(|&child| is_companion(child)).collect()
}

/// Whether all that were created between two, by the `go` statement of the one that was told
/// to stop, heard the cancel: another one is of another round, with a context of its own.
fn one_round(
    inquiry: &Inquiry<'_>,
    cancel: &Cancel,
    parent: Goroutine,
    told: Goroutine,
    other: Goroutine,
) -> bool {
    let origin = lives::creation_stack(inquiry.trace, told);
    let children = inquiry.children(parent);
    let (first, last) = (told.min(other), told.max(other));
    let start = children.partition_point(|&row| row < first.0);
    let end = children.partition_point(|&row| row <= last.0);
    let same = |child: &Goroutine| lives::creation_stack(inquiry.trace, *child) == origin;
    end - start <= MAX_COMPANIONS
        && children[start..end]
            .iter()
            .map(|&row| Goroutine(row))
            .filter(same)
            .all(|child| inquiry.heard(cancel, child))
}

/// Whether a goroutine blocked between creating one and creating another.
fn blocks_between(
    inquiry: &Inquiry<'_>,
    parent: Goroutine,
    first: Goroutine,
    last: Goroutine,
) -> bool {
    let born = |goroutine| lives::born(inquiry.trace, goroutine);
    let (Some(from), Some(until)) = (born(first), born(last)) else { return true };
    inquiry
        .trace
        .spans_from(parent, from)
        .take_while(|span| span.start < until)
        .any(|span| span.state == GoState::Waiting && span.start > from)
}

/// Since when a goroutine has been in the handler in which it heard; one that runs no handlers
/// has been in its own function all its life.
fn handler_began(inquiry: &Inquiry<'_>, hearing: &Hearing) -> Time {
    let place = place(inquiry.trace, inquiry.book, hearing.goroutine, hearing.stack);
    if place.host == StackId::EMPTY {
        return Time::MIN;
    }
    inquiry
        .trace
        .spans_before(hearing.goroutine, hearing.heard_at)
        .take(super::MAX_SPANS)
        .filter(|span| !span.woken && span.stack != StackId::EMPTY)
        .find(|span| host(inquiry.trace, inquiry.book, span.stack) != place.host)
        .map_or(Time::MIN, |span| span.start)
}

/// Whether it pays to ask whom a goroutine waits for: it waits for its children if for anybody,
/// and those that ended in time are not deaf.
fn may_wait_for_deaf(inquiry: &Inquiry<'_>, cancel: &Cancel, parent: Goroutine) -> bool {
    let limit = cancel.at + inquiry.rules.late_over_ns;
    inquiry.stayers.any(inquiry.trace, parent, cancel.at, limit)
        && inquiry.overstays(cancel, parent)
}

/// Whether a wait is one for a result or an end, and for nothing else.
fn waits_plainly(inquiry: &Inquiry<'_>, span: &Span) -> bool {
    inquiry.trace.string(span.reason) == "chan receive"
        || inquiry.book.any(inquiry.trace.stacks(), span.stack, Traits::JOINS)
}

/// Which waits count.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Plain {
    Only,
    OrNot,
}

/// Looks at the wait that spans the cancel, if there is one that counts: who ended it? If it was one
/// that heard, results may be gathered one by one: then at the next wait in the same place, too.
fn since_before(
    inquiry: &Inquiry<'_>,
    cancel: &Cancel,
    held: &Held,
    plain: Plain,
    deaf: &mut Deaf,
) -> bool {
    let mut spans = inquiry.trace.spans_from(held.who, cancel.at).take(super::MAX_SPANS).peekable();
    let Some(first) = spans.next() else { return false };
    let counts = first.state == GoState::Waiting
        && first.start < cancel.at
        && (plain == Plain::OrNot || waits_plainly(inquiry, &first));
    let mut wait = Some(first).filter(|_| counts);
    while let (Some(this), Some(&next)) = (wait, spans.peek()) {
        let_go(inquiry, cancel, held, &this, &next, deaf);
        if !next.waker.is_some_and(|by| inquiry.heard(cancel, by)) {
            break;
        }
        let place = |span: &Span| inquiry.book.place(span.stack);
        let then = spans.find(|span| span.state == GoState::Waiting);
        wait = then.filter(|then| place(then) == place(&first));
    }
    counts
}

/// Looks at all waits of one that heard and has not left yet.
fn while_leaving(
    inquiry: &Inquiry<'_>,
    cancel: &Cancel,
    hearing: &Hearing,
    held: &Held,
    deaf: &mut Deaf,
) {
    let until = cancel.at + hearing.overstay_ns;
    let mut spans =
        inquiry.trace.spans_from(held.who, hearing.heard_at).take(super::MAX_SPANS).peekable();
    while let Some(span) = spans.next() {
        if span.start >= until {
            break;
        }
        if let Some(next) = spans.peek() {
            let_go(inquiry, cancel, held, &span, next, deaf);
        }
    }
}

/// Looks at the next wait that the canceller enters after the cancel, or a goroutine that heard
/// and lives on: if it is for others to end, who ended it?
fn joins_after(inquiry: &Inquiry<'_>, cancel: &Cancel, held: &Held, deaf: &mut Deaf) {
    let waits = |span: &Span| span.start >= cancel.at && span.state == GoState::Waiting;
    let mut spans = inquiry.trace.spans_from(held.who, cancel.at).take(super::MAX_SPANS);
    let outside = |span: &Span| inquiry.book.mark(span.stack).is_none();
    let Some(wait) = spans.find(|span| waits(span) && outside(span)) else { return };
    if let (true, Some(next)) = (waits_plainly(inquiry, &wait), spans.next()) {
        let_go(inquiry, cancel, held, &wait, &next, deaf);
    }
}

/// Adds who ended a wait, if that was its last act and it may be deaf.
fn let_go(
    inquiry: &Inquiry<'_>,
    cancel: &Cancel,
    held: &Held,
    wait: &Span,
    next: &Span,
    deaf: &mut Deaf,
) {
    let (GoState::Waiting, true, Some(by)) = (wait.state, next.woken, next.waker) else { return };
    // The members of a library's group have its context, whoever of them leaves last.
    let start = inquiry.book.function(lives::name(inquiry.trace, by));
    let heard = start.origin == Origin::Dependency && inquiry.heard(cancel, by);
    if !is_waited_for(inquiry, cancel, held, by, next.start)
        || !heard && !inquiry.may_be_deaf(cancel, by)
    {
        return;
    }
    let mut accuse = |of: Goroutine| {
        if !deaf.seen.contains(&of) && held.admits(inquiry, cancel, of) {
            deaf.add(of);
        }
    };
    if !heard {
        accuse(by);
    }
    if !inquiry.book.any(inquiry.trace.stacks(), wait.stack, Traits::JOINS) {
        return;
    }
    // Only the last of those that a WaitGroup waits for is seen to end the wait: the others
    // that do the same were waited for as well.
    let trace = inquiry.trace;
    let Some(parent) = lives::parent(trace, by) else { return };
    let origin = lives::creation_stack(trace, by);
    let made_by = inquiry.creating_function(by);
    let kind = inquiry.book.kind(trace, by);
    let does_the_same = |other: Goroutine| {
        lives::creation_stack(trace, other) == origin
            || inquiry.creating_function(other) == made_by
                && inquiry.book.kind(trace, other) == kind
    };
    let around = held.round_of.and_then(|told| rounds::around(inquiry, cancel, told));
    let others = inquiry.unheard.of(parent);
    let others = around.map_or(others, |around| {
        let first = others.partition_point(|other| other < around.start());
        let after = others.partition_point(|other| other <= around.end());
        &others[first..after]
    });
    for &other in others {
        if other != by
            && origin != StackId::EMPTY
            && does_the_same(other)
            && inquiry.end(other) <= next.start
            && is_waited_for(inquiry, cancel, held, other, inquiry.end(other))
            && inquiry.may_be_deaf(cancel, other)
        {
            accuse(other);
        }
    }
}

/// Whether a goroutine may have been waited for that let another go on: it left right after, and had
/// not only just been let go by that one itself.
fn is_waited_for(
    inquiry: &Inquiry<'_>,
    cancel: &Cancel,
    held: &Held,
    by: Goroutine,
    let_go: Time,
) -> bool {
    let parent = lives::parent(inquiry.trace, by);
    let_go - cancel.at > inquiry.rules.late_over_ns
        && lives::ended(inquiry.trace, by).is_some()
        && inquiry.end(by) - let_go <= inquiry.rules.late_over_ns
        && parent.is_some()
        && held.parents.contains(&parent)
        && !is_freed_by(inquiry, cancel, held.who, by, let_go)
}

/// Whether it was one goroutine that had ended the last wait of another, after the cancel and right
/// before this let go: `conn.Close()` waits until a reader that it stops has left.
fn is_freed_by(
    inquiry: &Inquiry<'_>,
    cancel: &Cancel,
    one: Goroutine,
    other: Goroutine,
    let_go: Time,
) -> bool {
    let from = cancel.at.max(let_go + -inquiry.rules.late_over_ns);
    inquiry
        .trace
        .spans_before(other, let_go)
        .take(super::MAX_SPANS)
        .take_while(|span| span.start >= from)
        .find(|span| span.woken)
        .is_some_and(|span| span.waker == Some(one))
}

impl Held {
    /// Whether one that was waited for was started as it must have been.
    fn admits(&self, inquiry: &Inquiry<'_>, cancel: &Cancel, of: Goroutine) -> bool {
        self.made_by.is_none_or(|function| inquiry.creating_function(of) == function)
            && lives::first(inquiry.trace, of) > self.after
            && self.round_of.is_none_or(|told| rounds::same(inquiry, cancel, told, of))
    }
}

/// Adds those that the same function of the same goroutine created as one that heard: a guess.
pub(super) fn find_siblings(inquiry: &Inquiry<'_>, cancel: &Cancel, found: &mut Found) {
    let mut asked = FxHashSet::default();
    for hearing in inquiry.told(cancel).filter(|hearing| hearing.heard_in == HeardIn::Own) {
        let Some(parent) = lives::parent(inquiry.trace, hearing.goroutine) else {
            continue;
        };
        let made_by = inquiry.creating_function(hearing.goroutine);
        if !asked.insert((parent, made_by)) {
            continue;
        }
        let children = inquiry.stayers.of(parent);
        let at = children.partition_point(|&child| child < hearing.goroutine);
        let near = at.saturating_sub(MAX_SIBLINGS)..(at + MAX_SIBLINGS).min(children.len());
        for &child in &children[near] {
            if inquiry.overstays(cancel, child)
                && inquiry.creating_function(child) == made_by
                && rounds::same(inquiry, cancel, hearing.goroutine, child)
                && inquiry.may_be_deaf(cancel, child)
            {
                found.add(Row { goroutine: child, evidence: Evidence::Sibling, left: None });
            }
        }
    }
}
