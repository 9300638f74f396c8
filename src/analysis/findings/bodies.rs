//! Answers of HTTP servers that a client neither reads to their end nor closes: each keeps a
//! connection with two goroutines of `net/http`.

use crate::base::{Goroutine, StackId, WireMap, count_text, narrow};
use crate::model::{Edge, Frame};
use crate::parse::event::GoState;

use super::super::code::names::Origin;
use super::super::code::patterns::CLIENT_READER;
use super::super::code::reasons;
use super::super::lives;
use super::super::split::describe::frame_text;
use super::super::types::Finding;
use super::super::words::{Rule, Severity};
use super::{Facts, growth};

/// How far up to look for the code that asked.
const ASKERS: usize = 4;

/// Looks for such answers, whose number grew throughout.
///
/// A connection that waits until its answer is read has its reader in a `select` of that function
/// itself; one that is idle has it in a read from the network (Go 1.21 to 1.27, net/http/transport.go).
pub(super) fn find(facts: &Facts<'_>) -> Option<Finding> {
    let trace = facts.trace;
    let lives = &trace.goroutines;
    let name = trace.strings().find(CLIENT_READER)?;
    let is_stuck = |&reader: &Goroutine| {
        let at = reader.index();
        lives.names[at] == name && lives.born[at] != Edge::OUTSIDE && waits_for_user(facts, reader)
    };
    let mut stuck: Vec<Goroutine> = trace.goroutines().filter(is_stuck).collect();
    stuck.sort_unstable_by_key(|reader| lives.first(*reader));
    let growth = growth::growth(facts, &stuck)?;
    let site = asked_at(facts, &growth.alive);
    let place = site.map_or(String::new(), |site| {
        format!(", most of them to requests made in {}", frame_text(trace, site))
    });
    let n = narrow(growth.alive.len());
    Some(Finding {
        rule: Rule::PileUp,
        severity: Severity::Medium,
        function: site.map_or(name, |site| site.function),
        site,
        count: n,
        worst_ns: growth.oldest_ns,
        total_ns: growth.total_ns,
        message: format!(
            "{} are neither read to the end nor closed when the trace ends, and there were more \
             and more{place}: each keeps a connection and two goroutines",
            count_text(n, "HTTP response")
        ),
        fix:
            "Close the body of each response: defer resp.Body.Close() once the error was looked at. \
              If they are streams, give their requests a context."
                .to_owned(),
        goroutines: growth.alive,
        cancels: Vec::new(),
    })
}

/// Whether a connection's reader waits, when the trace ends, for the response to be read.
fn waits_for_user(facts: &Facts<'_>, reader: Goroutine) -> bool {
    let trace = facts.trace;
    let last = trace.spans_before(reader, trace.last_known(reader)).next();
    lives::ended(trace, reader).is_none()
        && last.is_some_and(|last| {
            last.state == GoState::Waiting && trace.string(last.reason) == reasons::SELECT
        })
}

/// The line of the program in which most of the connections were asked for.
fn asked_at(facts: &Facts<'_>, readers: &[Goroutine]) -> Option<Frame> {
    let trace = facts.trace;
    let mut n_of: WireMap<Frame, usize> = WireMap::default();
    let is_own = |site: &Frame| facts.book.function(site.function).origin != Origin::Std;
    for &reader in readers {
        // A goroutine of net/http dials for the one that asks.
        let stacks =
            lives::line(trace, reader).take(ASKERS).map(|of| lives::creation_stack(trace, of));
        let mut sites = stacks
            .filter_map(|stack: StackId| facts.book.site(trace.stacks(), stack).filter(is_own));
        if let Some(site) = sites.next() {
            *n_of.entry(site).or_default() += 1;
        }
    }
    let key = |site: &Frame| (trace.string(site.function), site.line, site.file, site.function);
    let (site, _) =
        n_of.into_iter().max_by(|(a, n), (b, m)| n.cmp(m).then_with(|| key(b).cmp(&key(a))))?;
    Some(site)
}
