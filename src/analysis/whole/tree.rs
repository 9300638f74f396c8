//! How a cancel went down the tree of contexts: its levels, how fast, and who left last.
//!
//! Cancelling a context closes its own channel, which wakes who waits on it, and then cancels
//! the contexts below one after another. So its hearings, in order of time, are a walk through
//! the tree that comes to every context before those below it, and the frames of the
//! canceller's stack say how deep each one is. Which of two contexts of one level a third lies
//! below is told only by that order, and a context that nobody waits on is not seen: levels
//! are certain, who lies below whom is likely.

use rustc_hash::FxHashMap;

use crate::base::{Goroutine, Time, narrow};

use super::super::types::{Cancel, Hearing};
use super::super::words::Cause;
use super::Analysis;

/// How many hearings of a level are named, and cancels that follow; the rest is counted.
const NAMED: usize = 200;

/// How a cancel went down the contexts.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ContextTree {
    /// The levels on which somebody heard, from the one cancelled downwards. The first one has
    /// depth 0 if there are hearings of which nothing tells how deep they are.
    pub levels: Vec<Level>,
    /// Rows of who was deaf to it, the longest overstay first; at most 200.
    pub deaf: Vec<u32>,
    /// Who was meant to leave and left last, or has not left; none if nobody was meant to.
    pub slowest: Option<Slowest>,
    /// Cancels by goroutines that heard this one and passed it on to contexts of other trees:
    /// the row of the hearing and the cancel, in order of time; at most 200.
    pub passed_on: Vec<(u32, u32)>,
}

/// All hearings of one depth.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Level {
    /// How many levels below the cancelled context, itself included; 0 if nothing tells.
    pub depth: u16,
    /// How many heard here.
    pub fan_out: u32,
    /// Nanoseconds from the cancel until the first of them heard.
    pub first_ns: i64,
    /// Nanoseconds from the cancel until the last of them heard.
    pub last_ns: i64,
    /// Rows of [`Analysis::hearings`], the longest overstay first; at most 200.
    pub worst: Vec<u32>,
}

/// Who left last.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Slowest {
    /// The row of the hearing.
    pub row: u32,
    /// Rows of who heard on the way down to it, itself last; alone if it was deaf.
    pub path: Vec<u32>,
}

impl ContextTree {
    /// How many levels somebody heard on.
    #[must_use]
    pub fn n_levels(&self) -> usize {
        self.levels.iter().filter(|level| level.depth > 0).count()
    }

    /// How many heard on any level.
    #[must_use]
    pub fn n_heard(&self) -> u32 {
        self.levels.iter().map(|level| level.fan_out).sum()
    }
}

/// Works out how a cancel of this analysis went down. Costs as much as it has hearings, and
/// there are cancels after it.
#[must_use]
pub fn context_tree(analysis: &Analysis, cancel: &Cancel) -> ContextTree {
    let (heard, deaf) = (analysis.heard(cancel), analysis.deaf(cancel));
    let heard = Rows { first: cancel.heard.start, hearings: heard };
    let deaf = Rows { first: cancel.deaf.start, hearings: deaf };
    ContextTree {
        levels: levels(cancel.at, heard),
        deaf: worst(deaf, (0..deaf.hearings.len()).collect()),
        slowest: slowest(heard, deaf),
        passed_on: passed_on(analysis.cancels(), cancel, heard),
    }
}

/// Hearings that follow one another in the table.
#[derive(Clone, Copy)]
struct Rows<'a> {
    /// The row of the first.
    first: u32,
    hearings: &'a [Hearing],
}

impl Rows<'_> {
    fn row(self, at: usize) -> u32 {
        self.first.saturating_add(narrow(at))
    }
}

fn levels(cancelled: Time, heard: Rows<'_>) -> Vec<Level> {
    let deepest = heard.hearings.iter().map(|hearing| hearing.depth).max().unwrap_or(0);
    let mut by_depth: Vec<Vec<usize>> = vec![Vec::new(); usize::from(deepest) + 1];
    for (at, hearing) in heard.hearings.iter().enumerate() {
        by_depth[usize::from(hearing.depth)].push(at);
    }
    let of_depth = |(depth, of_one): (u16, Vec<usize>)| {
        let after = |&at: &usize| heard.hearings[at].heard_at.since(cancelled).max(0);
        Some(Level {
            depth,
            fan_out: narrow(of_one.len()),
            first_ns: of_one.iter().map(after).min()?,
            last_ns: of_one.iter().map(after).max()?,
            worst: worst(heard, of_one),
        })
    };
    (0..).zip(by_depth).filter_map(of_depth).collect()
}

/// The rows of the longest overstays, those who were not meant to leave behind the others.
fn worst(rows: Rows<'_>, mut of_one: Vec<usize>) -> Vec<u32> {
    let key = |&at: &usize| {
        let hearing = &rows.hearings[at];
        (!hearing.was_to_leave(), std::cmp::Reverse(hearing.overstay_ns), at)
    };
    if of_one.len() > NAMED {
        of_one.select_nth_unstable_by_key(NAMED, key);
        of_one.truncate(NAMED);
    }
    of_one.sort_unstable_by_key(key);
    of_one.into_iter().map(|at| rows.row(at)).collect()
}

/// Who left last, of those who heard and of the deaf.
fn slowest(heard: Rows<'_>, deaf: Rows<'_>) -> Option<Slowest> {
    let last_of = |rows: Rows<'_>| {
        let meant = rows.hearings.iter().enumerate();
        let meant = meant.filter(|(_, hearing)| hearing.was_to_leave());
        // Of several that are equally late the first.
        meant
            .map(|(at, hearing)| (hearing.overstay_ns, std::cmp::Reverse(at)))
            .max()
            .map(|(ns, std::cmp::Reverse(at))| (ns, at))
    };
    let (of_heard, of_deaf) = (last_of(heard), last_of(deaf));
    match (of_heard, of_deaf) {
        (Some((ns, at)), of_deaf) if of_deaf.is_none_or(|(deaf_ns, _)| ns >= deaf_ns) => {
            let path = path_to(heard.hearings, at).into_iter().map(|at| heard.row(at)).collect();
            Some(Slowest { row: heard.row(at), path })
        }
        (_, Some((_, at))) => Some(Slowest { row: deaf.row(at), path: vec![deaf.row(at)] }),
        (_, None) => None,
    }
}

/// Who heard on the way down to a hearing, from the top, itself last.
fn path_to(heard: &[Hearing], to: usize) -> Vec<usize> {
    let mut path = vec![to];
    let Some(mut depth) = heard.get(to).map(|hearing| hearing.depth) else { return path };
    for (at, hearing) in heard.iter().enumerate().take(to).rev() {
        if depth <= 1 {
            break;
        }
        if (1..depth).contains(&hearing.depth) {
            depth = hearing.depth;
            path.push(at);
        }
    }
    path.reverse();
    path
}

/// Cancels that follow from this one: a watcher of a foreign parent heard it and made them.
fn passed_on(cancels: &[Cancel], cancel: &Cancel, heard: Rows<'_>) -> Vec<(u32, u32)> {
    let later = cancels.get(cancel.id as usize + 1..).unwrap_or(&[]);
    let mut by_watchers = later.iter().filter(|later| later.cause == Cause::Parent).peekable();
    if by_watchers.peek().is_none() {
        return Vec::new();
    }
    let known: FxHashMap<Goroutine, (u32, Time)> = heard
        .hearings
        .iter()
        .enumerate()
        .map(|(at, hearing)| (hearing.goroutine, (heard.row(at), hearing.heard_at)))
        .collect();
    by_watchers
        .filter_map(|later| {
            let &(row, heard_at) = known.get(&later.by?)?;
            (heard_at <= later.at).then_some((row, later.id))
        })
        .take(NAMED)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::words::{Evidence, HeardIn};
    use super::*;
    use crate::analysis::Outcome;
    use crate::base::{StackId, StrId};
    use crate::model::Edge;

    /// A goroutine `row` that heard at `depth`, some nanoseconds after the cancel at 1000, and
    /// left `overstay_ns` after it.
    fn hearing(row: u32, depth: u16, after_ns: i64, overstay_ns: i64) -> Hearing {
        Hearing {
            cancel: 0,
            goroutine: Goroutine(row),
            function: StrId::EMPTY,
            deaf: false,
            by_clock: false,
            evidence: Evidence::Woken,
            heard_in: HeardIn::Own,
            told_to_stop: true,
            depth,
            heard_at: Time(1000 + after_ns),
            stack: StackId::EMPTY,
            end: Edge::seen(Time(1000 + overstay_ns)),
            outcome: Outcome::Exited,
            overstay_ns,
        }
    }

    fn cancel(id: u32, at: i64, by: Option<u32>, cause: Cause) -> Cancel {
        Cancel {
            id,
            at: Time(at),
            cause,
            detail: "",
            site: None,
            by: by.map(Goroutine),
            depth: 1,
            stack: StackId::EMPTY,
            heard: 0..0,
            deaf: 0..0,
        }
    }

    /// One cancel at 1000 with these hearings, the deaf ones after the others.
    fn analysis(heard: Vec<Hearing>, deaf: Vec<Hearing>) -> Analysis {
        let n_heard = u32::try_from(heard.len()).expect("few");
        let n = n_heard + u32::try_from(deaf.len()).expect("few");
        let mut first = cancel(0, 1000, None, Cause::Explicit);
        (first.heard, first.deaf) = (0..n_heard, n_heard..n);
        let hearings = heard.into_iter().chain(deaf).collect();
        Analysis { cancels: vec![first], hearings, ..Analysis::default() }
    }

    fn tree_of(analysis: &Analysis) -> ContextTree {
        context_tree(analysis, &analysis.cancels[0])
    }

    #[test]
    fn levels_have_their_fan_out_and_delay() {
        let heard = vec![
            hearing(1, 1, 10, 500),
            hearing(2, 2, 20, 900),
            hearing(3, 2, 35, 700),
            hearing(4, 1, 50, 60),
        ];
        let tree = tree_of(&analysis(heard, Vec::new()));
        let level = |at: usize| {
            let level = &tree.levels[at];
            (level.depth, level.fan_out, level.first_ns, level.last_ns, &level.worst[..])
        };
        assert_eq!(level(0), (1, 2, 10, 50, &[0, 3][..]));
        assert_eq!(level(1), (2, 2, 20, 35, &[1, 2][..]));
        assert_eq!((tree.n_levels(), tree.n_heard()), (2, 4));
    }

    #[test]
    fn the_slowest_is_found_with_the_way_down_to_it() {
        let heard = vec![
            hearing(1, 1, 1, 10),
            hearing(2, 2, 2, 10),
            hearing(3, 3, 3, 10),
            // The walk goes up again, and down another branch.
            hearing(4, 2, 4, 10),
            hearing(5, 3, 5, 99),
            hearing(6, 3, 6, 99),
        ];
        let slowest = tree_of(&analysis(heard, Vec::new())).slowest.expect("six left");
        assert_eq!(slowest, Slowest { row: 4, path: vec![0, 3, 4] });
    }

    #[test]
    fn a_level_on_which_nobody_waits_is_left_out_of_the_way() {
        let heard = vec![hearing(1, 1, 1, 10), hearing(2, 4, 2, 20)];
        let tree = tree_of(&analysis(heard, Vec::new()));
        assert_eq!(tree.levels.iter().map(|level| level.depth).collect::<Vec<_>>(), [1, 4]);
        assert_eq!(tree.slowest.expect("two left").path, [0, 1]);
    }

    #[test]
    fn who_lives_on_or_was_not_told_is_not_the_slowest() {
        let mut worker = hearing(1, 1, 1, 1_000_000);
        worker.outcome = Outcome::LivesOn;
        let mut caller = hearing(2, 1, 2, 900_000);
        caller.told_to_stop = false;
        let tree = tree_of(&analysis(vec![worker, caller, hearing(3, 1, 3, 5)], Vec::new()));
        assert_eq!(tree.slowest.expect("one was told").row, 2);
        assert_eq!(tree.levels[0].worst, [2, 0, 1], "and comes before them in the list");
        let nobody = tree_of(&analysis(vec![worker], Vec::new()));
        assert_eq!(nobody.slowest, None);
    }

    #[test]
    fn a_deaf_one_may_be_the_slowest_and_has_no_way_down() {
        let mut deaf = hearing(9, 0, 0, 5_000);
        (deaf.deaf, deaf.outcome, deaf.end) = (true, Outcome::Alive, Edge::OUTSIDE);
        let tree = tree_of(&analysis(vec![hearing(1, 1, 1, 10)], vec![hearing(8, 0, 0, 1), deaf]));
        assert_eq!(tree.deaf, [2, 1]);
        assert_eq!(tree.slowest, Some(Slowest { row: 2, path: vec![2] }));
        assert_eq!(tree.n_heard(), 1, "the deaf did not hear");
    }

    #[test]
    fn hearings_of_unknown_depth_have_a_level_of_their_own() {
        let heard = vec![hearing(1, 0, 7, 10), hearing(2, 1, 9, 10)];
        let tree = tree_of(&analysis(heard, Vec::new()));
        assert_eq!(tree.levels.iter().map(|level| level.depth).collect::<Vec<_>>(), [0, 1]);
        assert_eq!((tree.n_levels(), tree.n_heard()), (1, 2));
        assert_eq!(tree.slowest.expect("two left").path, [0]);
    }

    #[test]
    fn a_watcher_passes_it_on() {
        let mut analysis = analysis(vec![hearing(1, 1, 5, 10), hearing(2, 1, 6, 10)], Vec::new());
        analysis.cancels.push(cancel(1, 1002, Some(2), Cause::Parent));
        analysis.cancels.push(cancel(2, 1020, Some(2), Cause::Parent));
        analysis.cancels.push(cancel(3, 1030, Some(1), Cause::Explicit));
        analysis.cancels.push(cancel(4, 1040, Some(7), Cause::Parent));
        assert_eq!(tree_of(&analysis).passed_on, [(1, 2)], "only what it made after it heard");
    }

    #[test]
    fn of_thousands_on_a_level_the_worst_are_named() {
        let heard: Vec<_> = (0..5_000).map(|row| hearing(row, 1, 1, i64::from(row))).collect();
        let tree = tree_of(&analysis(heard, Vec::new()));
        assert_eq!(tree.levels[0].fan_out, 5_000);
        assert_eq!(tree.levels[0].worst.len(), NAMED);
        assert_eq!(tree.levels[0].worst[..3], [4_999, 4_998, 4_997]);
    }

    #[test]
    fn nobody_heard() {
        assert_eq!(tree_of(&analysis(Vec::new(), Vec::new())), ContextTree::default());
    }
}
