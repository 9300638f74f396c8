//! The comparison of two traces for people in a terminal. Free to change at any time.

use std::borrow::Cow;
use std::io::{self, Write};

use anstyle::Style;

use super::ink::{
    BAD, FAINT, GOOD, STRONG, count, cut_list, grouped, of_verdict, safe, styled, with_color,
};
use super::open::Opened;
use super::text::head;
use super::told::Head;
use crate::analysis::{Aspect, BY, Diff, DiffGroup, ENOUGH, OneSided, Side, Verdict};
use crate::base::Clock;

/// How many groups are told one by one.
const GROUPS_SHOWN: usize = 20;

/// How many findings that are gone, and how many that are new.
const ONE_SIDED_SHOWN: usize = 5;

/// Writes the comparison of two traces.
///
/// # Errors
/// If `out` does not take it.
pub(super) fn write(
    out: &mut dyn Write,
    color: bool,
    before: &Opened,
    after: &Opened,
    diff: &Diff,
) -> io::Result<()> {
    with_color(out, color, |out| {
        write!(out, "before  ")?;
        head(out, &Head::new(before))?;
        write!(out, "after   ")?;
        head(out, &Head::new(after))?;
        let (verdict, words) = verdict_words(diff);
        writeln!(out, "\n{}: {words}", styled(of_verdict(diff.verdict), verdict))?;
        for (side, opened) in [("before", before), ("after", after)] {
            let summary = opened.document.analysis().summary();
            let late = format!("{} late of {}", grouped(summary.late.into()), {
                count(summary.heard + summary.deaf, "goroutine")
            });
            writeln!(out, "  {side:<7} {late} that a cancel reached")?;
        }
        for (what, finding) in one_sided(diff) {
            let style = if what == "new" { BAD } else { GOOD };
            writeln!(out, "  {} {finding}", styled(style, format!("{what:<7}")))?;
        }
        groups(out, diff)
    })
}

/// The serious findings that are `gone` and `new`, each in a few words.
pub(super) fn one_sided(diff: &Diff) -> Vec<(&'static str, String)> {
    let [gone, new] = &diff.one_sided;
    let mut told = Vec::new();
    for (what, all) in [("gone", gone), ("new", new)] {
        told.extend(all.iter().take(ONE_SIDED_SHOWN).map(|one| (what, one_text(one))));
        let left = all.len().saturating_sub(ONE_SIDED_SHOWN);
        if left > 0 {
            told.push((what, format!("and {} more", grouped(left as u64))));
        }
    }
    told
}

fn one_text(one: &OneSided) -> String {
    let place = if one.place.is_empty() { "(unknown function)" } else { &one.place };
    let times = match one.count {
        0 | 1 => String::new(),
        n => format!(", {}×", grouped(n.into())),
    };
    format!("{}, {}{times}", one.rule, safe(place))
}

fn number_of(diff: &Diff, verdict: Verdict) -> usize {
    diff.groups.iter().filter(|group| group.verdict == verdict).count()
}

/// The verdict and what it stands on, in words.
pub(super) fn verdict_words(diff: &Diff) -> (&'static str, String) {
    let [before, after] = diff.clocks;
    if before != after {
        let words = "one trace counts nanoseconds, the other ticks of unknown length.";
        return ("Not comparable", words.to_owned());
    }
    let groups = |verdict, what: &str| match number_of(diff, verdict) {
        0 => None,
        n => Some(format!("{} {what}", count(n as u64, "group"))),
    };
    let at = |n: usize| count(n as u64, "cancel site");
    let [n_newly, n_no_longer] = diff.late_sites();
    let new =
        (n_newly > 0).then(|| format!("goroutines are late at {} where none was", at(n_newly)));
    let gone = (n_no_longer > 0).then(|| format!("nobody is late any more at {}", at(n_no_longer)));
    let findings = |n: usize, what: &str| match n {
        0 => None,
        1 => Some(format!("1 serious finding is {what}")),
        n => Some(format!("{} are {what}", count(n as u64, "serious finding"))),
    };
    // Where the cancel sites tell it, all of them together tell no more.
    let more = (diff.lateness().is_gt() && new.is_none()).then(|| "more are late".to_owned());
    let fewer = (diff.lateness().is_lt() && gone.is_none()).then(|| "fewer are late".to_owned());
    let [n_gone, n_new] = diff.decided();
    let better = groups(Verdict::Better, "better");
    let words =
        |all: [Option<String>; 5]| all.into_iter().flatten().collect::<Vec<_>>().join("; ") + ".";
    match diff.verdict {
        Verdict::Worse => {
            let worse = groups(Verdict::Worse, "worse");
            ("Worse", words([worse, better, new, more, findings(n_new, "new")]))
        }
        Verdict::Better => {
            let better = better.map(|better| better + ", none worse");
            ("Better", words([better, gone, fewer, findings(n_gone, "gone"), None]))
        }
        Verdict::NotEnoughData => {
            ("Too little data", format!("no group has {ENOUGH} durations on both sides."))
        }
        _ => ("Same", same_words(diff).to_owned()),
    }
}

/// Why nothing is called a change.
fn same_words(diff: &Diff) -> &'static str {
    let differs = |group: &DiffGroup| {
        group.late[0] != group.late[1] && group.verdict == Verdict::NotEnoughData
    };
    if diff.one_sided.iter().any(|side| !side.is_empty()) {
        "no duration differs for sure; some findings are on one side only (below)."
    } else if diff.groups.iter().any(differs) {
        "no difference that is sure; too few goroutines heard a cancel to compare how late they were."
    } else {
        "no difference that matters."
    }
}

fn groups(out: &mut dyn Write, diff: &Diff) -> io::Result<()> {
    let changed: Vec<&DiffGroup> = diff.changes().collect();
    if !changed.is_empty() {
        writeln!(out, "\n{}", styled(STRONG, "What changed"))?;
    }
    cut_list(out, changed.into_iter(), GROUPS_SHOWN, |out, row| group(out, diff, row))?;
    let unchanged = number_of(diff, Verdict::Same);
    let unknown = diff.groups.len() - diff.changes().count() - unchanged;
    for (n, text) in [(unchanged, "unchanged"), (unknown, "with too little data to tell")] {
        if n > 0 {
            let text = format!("{} {text}", count(n as u64, "group"));
            writeln!(out, "  {}", styled(FAINT, text))?;
        }
    }
    Ok(())
}

fn group(out: &mut dyn Write, diff: &Diff, group: &DiffGroup) -> io::Result<()> {
    writeln!(
        out,
        "  {}  {}  {}",
        styled(style_of(group), format!("{:>11}", verdict_of(group))),
        styled(STRONG, safe(&brief(&group.key))),
        styled(FAINT, group.kind),
    )?;
    writeln!(out, "               {}", facts(diff, group))?;
    if let Some(moved) = moved(diff, group) {
        writeln!(out, "               {}", styled(FAINT, moved))?;
    }
    Ok(())
}

/// What is said of a group: its verdict, or that goroutines are late on one side only, which no test of
/// durations tells.
pub(super) fn verdict_of(group: &DiffGroup) -> &'static str {
    if group.is_newly_late() {
        "late after"
    } else if group.is_no_longer_late() {
        "late before"
    } else {
        group.verdict.name()
    }
}

fn style_of(group: &DiffGroup) -> Style {
    if group.is_newly_late() {
        BAD
    } else if group.is_no_longer_late() {
        GOOD
    } else {
        of_verdict(group.verdict)
    }
}

/// A key whose creation path is long, with the path's ends only: what is between is a library's, mostly.
fn brief(key: &str) -> Cow<'_, str> {
    let path: Vec<&str> = key.split(BY).collect();
    match path.as_slice() {
        [start, by, _, _, .., from, first] => Cow::Owned([start, by, "…", from, first].join(BY)),
        _ => Cow::Borrowed(key),
    }
}

/// What a group has on both sides, or on the only one.
pub(super) fn facts(diff: &Diff, group: &DiffGroup) -> String {
    let [before, after] = diff.clocks;
    match (group.before.n, group.after.n) {
        (_, 0) => one_side(before, &group.before, group.late[0]),
        (0, _) => one_side(after, &group.after, group.late[1]),
        _ => both_sides(diff, &group.before, &group.after),
    }
}

/// By how much, and how sure that is; none if nothing of it can be told.
pub(super) fn moved(diff: &Diff, group: &DiffGroup) -> Option<String> {
    let signed = |change| diff.clock().signed_text(change);
    let sure = group.ci95_ns.map_or_else(String::new, |ends| {
        let [low, high] = diff.clock().signed_ends(ends);
        format!(" (95 % sure: {low} to {high})")
    });
    let chance = group.q_value.map_or_else(String::new, |q| format!(", {}", probability(q)));
    match group.aspect {
        Some(Aspect::Slowest) => {
            let slowest = group.after.p99_ns.saturating_sub(group.before.p99_ns);
            return Some(format!("the slowest: p99 {}{chance}", signed(slowest)));
        }
        Some(Aspect::Stuck) => {
            let alive = |side: &Side| grouped(side.alive.into());
            let (was, is) = (alive(&group.before), alive(&group.after));
            return Some(format!("still going on at the end: {was} → {is}{chance}"));
        }
        Some(Aspect::Often) => {
            let than = if group.after.n < group.before.n { "less" } else { "more" };
            return Some(format!("{than} often{chance}"));
        }
        Some(Aspect::Typical) | None => {}
    }
    let shift = group.shift_ns?;
    // With enough to tell but no interval, the trace's end leaves one side open.
    Some(match (group.q_value, group.ci95_ns, shift) {
        (Some(_), None, 0) => format!("by how much cannot be told{chance}"),
        (Some(_), None, _) => format!("typically {} or more{chance}", signed(shift)),
        _ => format!("typically {}{sure}{chance}", signed(shift)),
    })
}

fn one_side(clock: Clock, side: &Side, late: u32) -> String {
    let mut parts = vec![
        format!("{}×", grouped(side.n.into())),
        format!("p50 {}", clock.text(side.p50_ns)),
        format!("p99 {}", clock.text(side.p99_ns)),
        format!("max {}", clock.text(side.max_ns)),
    ];
    if side.alive > 0 {
        parts.push(format!("{} still alive", grouped(side.alive.into())));
    }
    if late > 0 {
        parts.push(format!("{} late", grouped(late.into())));
    }
    parts.join(", ")
}

fn both_sides(diff: &Diff, before: &Side, after: &Side) -> String {
    let [was, is] = diff.clocks;
    let pair = |name: &str, before: i64, after: i64| {
        format!("{name} {} → {}", was.text(before), is.text(after))
    };
    let mut parts = vec![
        format!("{}× → {}×", grouped(before.n.into()), grouped(after.n.into())),
        pair("p50", before.p50_ns, after.p50_ns),
        pair("p99", before.p99_ns, after.p99_ns),
        pair("max", before.max_ns, after.max_ns),
    ];
    if before.alive > 0 || after.alive > 0 {
        parts.push(format!(
            "still alive {} → {}",
            grouped(before.alive.into()),
            grouped(after.alive.into())
        ));
    }
    parts.join(", ")
}

/// A corrected probability, with no more zeros than people read.
fn probability(q: f64) -> String {
    if q < 1e-4 { "q < 0.0001".to_owned() } else { format!("q = {q:.4}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::{GroupKind, Lived};

    fn empty(verdict: Verdict, clocks: [Clock; 2]) -> Diff {
        Diff { groups: Vec::new(), one_sided: [const { Vec::new() }; 2], verdict, clocks }
    }

    #[test]
    fn ticks_and_nanoseconds_are_not_compared() {
        let clocks = [Clock::Nanoseconds, Clock::Ticks];
        let diff = empty(Verdict::Same, clocks);
        assert_eq!(verdict_words(&diff).0, "Not comparable");
    }

    #[test]
    fn what_cannot_be_told_is_not_called_the_same() {
        let clocks = [Clock::Nanoseconds; 2];
        let of = |verdict| verdict_words(&empty(verdict, clocks));
        assert_eq!(of(Verdict::Same).0, "Same");
        let (verdict, words) = of(Verdict::NotEnoughData);
        assert_eq!(verdict, "Too little data");
        assert_eq!(words, "no group has 5 durations on both sides.");
    }

    /// Three of four were late by far before, and none is now: too few to compare, at two sites.
    #[test]
    fn a_verdict_says_what_it_stands_on() {
        let side = |n, max_ns| Side { n, max_ns, ..Side::default() };
        let all = DiffGroup {
            kind: GroupKind::CancelSite,
            key: "all cancels".to_owned(),
            function: String::new(),
            before: side(4, 260_000_000),
            after: side(1, 87_000),
            late: [3, 0],
            lived: [Lived::Unknown; 2],
            shift_ns: None,
            ci95_ns: None,
            spared: None,
            ecdf: [Vec::new(), Vec::new()],
            p_value: None,
            q_value: None,
            verdict: Verdict::NotEnoughData,
            aspect: None,
        };
        let diff = Diff { groups: vec![all], ..empty(Verdict::Better, [Clock::Nanoseconds; 2]) };
        assert_eq!(verdict_words(&diff), ("Better", "fewer are late.".to_owned()));
    }

    #[test]
    fn probabilities_are_short() {
        assert_eq!(probability(3e-20), "q < 0.0001");
        assert_eq!(probability(0.0321), "q = 0.0321");
    }
}
