//! The grades `waited-on` and `sibling`: by which goroutine created which, and which waits for which.

use rustc_hash::FxHashSet;

use crate::base::{Goroutine, StackId, StrId, Time};
use crate::model::Span;
use crate::parse::event::GoState;

use super::super::code::book::Traits;
use super::super::code::reasons;
use super::super::heard::outcome::PROMPT_NS;
use super::super::heard::place::{host, place};
use super::super::lives;
use super::super::types::{Cancel, Hearing};
use super::super::words::{Evidence, HeardIn, Outcome};
use super::crowd::Crowds;
use super::held::{Held, Members};
use super::waits::{Plain, Waits};
use super::{Found, Inquiry, Row, asked, rounds};

/// How many goroutines created before and after one to look at.
const MAX_COMPANIONS: usize = 64;

/// How many spans to look at of one that left at once.
const MAX_LET_GO: usize = 16;

/// How many of the canceller's children to look at that created some who were told to stop.
const MAX_CHILDREN: usize = 16;

/// How many goroutines created before and after one to look at for the guess.
const MAX_SIBLINGS: usize = 1_024;

/// Adds the goroutines for which one of the cancelled family had to wait: the cases of `waited-on` in
/// docs/late-exits.md, in their order.
pub(super) fn find(inquiry: &Inquiry<'_>, cancel: &Cancel, crowds: &mut Crowds, found: &mut Found) {
    let mut family = Family {
        inquiry,
        cancel,
        waits: Waits::new(inquiry, cancel, crowds),
        creators: Creators::default(),
        asleep: Vec::new(),
    };
    // First, since a goroutine that is asked may turn out not to be deaf, with all that help it.
    for hearing in inquiry.all_heard(cancel) {
        asked::find(&mut family.waits, hearing);
    }
    for hearing in inquiry.told(cancel) {
        if inquiry.is_asked(hearing) {
            family.by_own_wait(hearing);
            family.by_children(hearing);
        }
        family.by_creator(hearing);
    }
    family.by_canceller();
    for hearing in inquiry.all_heard(cancel) {
        family.by_living_on(hearing);
    }
    found.asleep.append(&mut family.asleep);
    let mut waits = family.waits;
    for handler in &found.rows {
        waits.since_before(&Held::by_children(handler.goroutine), Plain::OrNot);
    }
    // The goroutines that the deaf wait for in their turn.
    let mut next = 0;
    while let Some(&(who, question)) = waits.deaf.get(next) {
        next += 1;
        let (evidence, left) = (Evidence::WaitedOn, None);
        let new = found.add(Row { goroutine: who, evidence, left, question });
        if new {
            let n_before = waits.deaf.len();
            waits.since_before(&Held::by_children(who), Plain::OrNot);
            if let Some(question) = question {
                waits.are_known_by(n_before, question);
            }
        }
    }
}

/// The search for the goroutines that one cancel should have reached as well.
struct Family<'a> {
    inquiry: &'a Inquiry<'a>,
    cancel: &'a Cancel,
    waits: Waits<'a>,
    creators: Creators,
    asleep: Vec<Goroutine>,
}

/// What is known of the creators of those that were told: mostly all have the same.
#[derive(Default)]
struct Creators {
    /// The last creator that cannot have waited for a deaf goroutine.
    useless: Option<Goroutine>,
    /// The creators that were asked, and the functions that had created those told.
    asked: FxHashSet<(Goroutine, StrId)>,
    /// A goroutine that was told to stop and that the canceller had created.
    of_canceller: Option<Goroutine>,
}

impl Family<'_> {
    /// Looks at the waits of one that was told to stop until it left: they may be for its own children.
    fn by_own_wait(&mut self, hearing: &Hearing) {
        if hearing.overstay_ns > self.inquiry.rules.late_over_ns {
            let held = Held::by_children(hearing.goroutine);
            self.waits.while_leaving(hearing, &held);
        }
    }

    /// Looks at the waits of the unheard children of one that was told to stop.
    fn by_children(&mut self, hearing: &Hearing) {
        let (inquiry, cancel, who) = (self.inquiry, self.cancel, hearing.goroutine);
        let mut after = None;
        for child in children_left(inquiry, cancel, who) {
            let after = *after.get_or_insert_with(|| handler_began(inquiry, hearing));
            let parents = [Some(child), Some(who)];
            let held = Held { parents, after, ..Held::by_children(child) };
            self.waits.since_before(&held, Plain::OrNot);
            if hearing.heard_in == HeardIn::Own
                && lives::first(inquiry.trace, child) > after
                && inquiry.sleeps_across(cancel, child, cancel.at + hearing.overstay_ns)
                && inquiry.may_be_deaf(cancel, child)
            {
                self.asleep.push(child);
            }
        }
    }

    /// Looks at the wait of the creator of one that was told to stop, for what it had created in one go,
    /// and at those of what it had created with that for another purpose; or, if the creator heard and
    /// lives on, at its next wait.
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
        if !self.creators.asked.insert((parent, made_by)) {
            return;
        }
        let children = Held { round_of: Some(who), ..Held::by_children(parent) };
        let waits_at = waits_at(inquiry, parent, cancel.at);
        let held = Held { made_by: Some(made_by), waits_at, ..children };
        if self.waits.since_before(&held, Plain::Only) {
            for other in companions(inquiry, cancel, who, parent) {
                let held = Held::by_children(other);
                self.waits.since_before(&held, Plain::Only);
            }
        } else if let Some(proxy) = proxy(inquiry, cancel, parent, who) {
            self.waits.since_before(&Held { who: proxy, ..held }, Plain::Only);
        }
        if inquiry.heard(cancel, parent) {
            self.waits.joins_after(&Held { may_tell: true, ..children });
        } else if is_let_go_by_canceller(inquiry, cancel, parent) {
            self.waits.joins_after(&Held { may_tell: true, ..held });
        }
    }

    /// Looks at the very next wait of one that heard and lives on: it may be for what that had created.
    fn by_living_on(&mut self, hearing: &Hearing) {
        let (inquiry, cancel, who) = (self.inquiry, self.cancel, hearing.goroutine);
        if hearing.outcome == Outcome::LivesOn
            && hearing.evidence == Evidence::Woken
            && hearing.heard_in == HeardIn::Own
            && (may_wait_for_deaf(inquiry, cancel, who)
                || may_wait_for_grandchildren(inquiry, cancel, who))
        {
            self.waits.joins_after(&Held {
                may_tell: true,
                may_feed: true,
                ..Held::by_children(who)
            });
        }
    }

    /// Looks at the very next wait of the canceller: it may be for what that had created.
    fn by_canceller(&mut self) {
        let (inquiry, cancel) = (self.inquiry, self.cancel);
        let Some(by) = cancel.by.filter(|&by| inquiry.overstays(cancel, by)) else { return };
        let children = Held { may_tell: true, ..Held::by_children(by) };
        let for_its_own = may_wait_for_deaf(inquiry, cancel, by);
        let told = self.creators.of_canceller;
        let let_go = || child_let_go(inquiry, cancel, by);
        let told = if for_its_own { told.or_else(let_go) } else { told };
        if let Some(told) = told {
            // Whoever ends the wait for a group is one of it, whoever started that.
            self.waits.joins_after(&Held {
                round_of: Some(told),
                members: Members::Anyones,
                ..children
            });
        } else if for_its_own && let Some(told) = child_cut_off(inquiry, cancel, by) {
            let made_by = Some(inquiry.creating_function(told));
            self.waits.joins_after(&Held { round_of: Some(told), made_by, ..children });
        }
        self.by_canceller_of_grandchildren(by);
    }

    /// Looks at the canceller's next wait, if that is for a group, for what its children had created
    /// together with one that was told to stop: they accept the connections, say, that others serve.
    fn by_canceller_of_grandchildren(&mut self, by: Goroutine) {
        let (inquiry, cancel) = (self.inquiry, self.cancel);
        let mut asked = Vec::new();
        for told in inquiry.told(cancel).filter(|told| told.evidence == Evidence::Woken) {
            let told = told.goroutine;
            let Some(parent) = lives::parent(inquiry.trace, told) else { continue };
            if lives::parent(inquiry.trace, parent) != Some(by) || asked.contains(&parent) {
                continue;
            }
            asked.push(parent);
            let limit = cancel.at + inquiry.rules.late_over_ns;
            if inquiry.stayers.any(inquiry.trace, parent, cancel.at, limit) {
                let made_by = Some(inquiry.creating_function(told));
                let parents = [Some(parent), None];
                let held = Held { parents, made_by, may_tell: true, ..Held::by_children(by) };
                self.waits.joins_after(&Held { round_of: Some(told), ..held });
            }
            if asked.len() == MAX_CHILDREN {
                break;
            }
        }
    }
}

/// Whether the canceller ended, right after the cancel, the wait in which a goroutine was: as by closing
/// the listener from which that one accepts.
fn is_let_go_by_canceller(inquiry: &Inquiry<'_>, cancel: &Cancel, goroutine: Goroutine) -> bool {
    let mut spans = inquiry.trace.spans_from(goroutine, cancel.at);
    let wait = spans.next().filter(|span| span.state == GoState::Waiting);
    let next = spans.next().filter(|next| next.start - cancel.at <= inquiry.rules.late_over_ns);
    let by = next.and_then(|next| next.waker);
    wait.is_some() && by.is_some() && by == cancel.by
}

/// Where a goroutine waits at some time; empty if it does not.
fn waits_at(inquiry: &Inquiry<'_>, goroutine: Goroutine, at: Time) -> StackId {
    let span = inquiry.trace.span_at(goroutine, at);
    let wait = span.filter(|span| span.state == GoState::Waiting);
    wait.map_or(StackId::EMPTY, |wait| wait.stack)
}

/// The goroutine that the creator of one that was told to stop had started only to wait for a group, with
/// that one in it, while it waits itself in a `select`, as for a time limit besides.
fn proxy(
    inquiry: &Inquiry<'_>,
    cancel: &Cancel,
    parent: Goroutine,
    told: Goroutine,
) -> Option<Goroutine> {
    let trace = inquiry.trace;
    let is_select = |wait: &Span| {
        wait.state == GoState::Waiting && trace.string(wait.reason) == reasons::SELECT
    };
    let select = trace.span_at(parent, cancel.at).filter(is_select)?;
    let waits_in = inquiry.book.user_function(trace.stacks(), select.stack);
    let joins = |span: Span| {
        span.state == GoState::Waiting
            && inquiry.book.any(trace.stacks(), span.stack, Traits::JOINS)
    };
    let stayers = inquiry.stayers.of(parent);
    let after = stayers.partition_point(|&child| child < told);
    let until = stayers.partition_point(|&child| lives::first(trace, child) < select.start);
    let started = stayers.get(after..until)?.iter().rev().take(MAX_COMPANIONS);
    started.copied().find(|&child| {
        Some(inquiry.creating_function(child)) == waits_in
            && !inquiry.heard(cancel, child)
            && trace.span_at(child, cancel.at).is_some_and(joins)
    })
}

/// A child of the canceller's that heard in a library's call and left at once: it was told to stop, as
/// far as that goes.
fn child_cut_off(inquiry: &Inquiry<'_>, cancel: &Cancel, by: Goroutine) -> Option<Goroutine> {
    let left = |row: &&Hearing| {
        row.heard_in == HeardIn::Call
            && row.outcome == Outcome::Exited
            && row.overstay_ns <= PROMPT_NS
            && lives::parent(inquiry.trace, row.goroutine) == Some(by)
    };
    inquiry.all_heard(cancel).find(left).map(|row| row.goroutine)
}

/// A child of the canceller's that a callback of the cancel let go on, and that left then: it was told to
/// stop by that.
fn child_let_go(inquiry: &Inquiry<'_>, cancel: &Cancel, by: Goroutine) -> Option<Goroutine> {
    let is_callback = |row: &Hearing| row.evidence == Evidence::AfterFunc;
    if !inquiry.all_heard(cancel).any(is_callback) {
        return None;
    }
    let trace = inquiry.trace;
    let in_time = cancel.at + inquiry.rules.late_over_ns;
    let is_let_go = |&child: &Goroutine| {
        let mut after = trace.spans_from(child, cancel.at).take(MAX_LET_GO);
        lives::ended(trace, child).is_some_and(|end| end > cancel.at && end <= in_time)
            && after.any(|span| span.waker.is_some_and(|by| inquiry.is_callback(cancel, by)))
    };
    let children = inquiry.children(by);
    let born = children.partition_point(|&row| lives::first(trace, Goroutine(row)) < cancel.at);
    let children = children[..born].iter().rev().take(MAX_COMPANIONS);
    children.map(|&row| Goroutine(row)).find(is_let_go)
}

/// The children of one that was told to stop which stay longer than the limit and did not hear.
fn children_left<'a>(
    inquiry: &'a Inquiry<'_>,
    cancel: &'a Cancel,
    parent: Goroutine,
) -> impl Iterator<Item = Goroutine> + 'a {
    let children = inquiry.stayers.of(parent).iter().copied();
    children.filter(|&child| inquiry.overstays(cancel, child) && !inquiry.heard(cancel, child))
}

/// The goroutines that the same function created in one go with one that was told to stop, for another
/// purpose, and that did not hear. A goroutine of the same go statement as the one that heard has a
/// context of its own if it did not hear, and so have those beyond it.
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
            && !rounds::blocks_between(inquiry, parent, child.min(told), child.max(told))
    };
    stayers[near].iter().copied().filter(|&child| is_companion(child)).collect()
}

/// Whether all that the `go` statement of one that was told to stop created between that and another
/// heard the cancel: else the other is of another round, with a context of its own.
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
        .filter(Span::has_own_stack)
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

/// The same of those that the main goroutine's children started.
fn may_wait_for_grandchildren(inquiry: &Inquiry<'_>, cancel: &Cancel, who: Goroutine) -> bool {
    let starts_in = inquiry.book.function(lives::name(inquiry.trace, who));
    let children = || inquiry.stayers.of(who).iter().take(MAX_COMPANIONS);
    let limit = cancel.at + inquiry.rules.late_over_ns;
    let any = |of| inquiry.stayers.any(inquiry.trace, of, cancel.at, limit);
    starts_in.is.has(Traits::MAIN)
        && inquiry.overstays(cancel, who)
        && children().any(|&child| any(child))
}

/// Adds the goroutines that one goroutine created in the same function as one that heard: a guess.
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
                found.add(Row {
                    goroutine: child,
                    evidence: Evidence::Sibling,
                    left: None,
                    question: None,
                });
            }
        }
    }
}
