//! Goroutines and contexts that are many since they are needed, and those that nobody needs any more.

use super::super::{Document, Rule};
use super::made::{MS, Made, US};

const WATCHER: &str = "context.(*cancelCtx).propagateCancel.func2";
const MAKES: &str = "context.(*cancelCtx).propagateCancel < context.WithCancel < main.open:8";

/// What a service does in which sessions are opened, one every 10 ms.
#[derive(Clone, Copy)]
struct Service {
    /// Whether who opens them ends when the last is open.
    creator_ends: bool,
    /// Whether each has a context below a parent of the program's own type.
    has_contexts: bool,
    /// The last so many are given something to do each time.
    used: u32,
    /// The trace goes on for so long.
    idle_ms: i64,
}

impl Service {
    const USUAL: Self = Self { creator_ends: false, has_contexts: false, used: 40, idle_ms: 100 };

    fn rules(self) -> Vec<Rule> {
        let mut made = Made::new();
        made.running(1, "main.main").go(US, 1, "main.main:7", 2, "main.serve").runs(2 * US, 2);
        made.go(3 * US, 1, "main.main:8", 3, "main.feed").runs(4 * US, 3);
        for of in 10..50 {
            let start = i64::from(of) * 10 * MS;
            if self.has_contexts {
                made.go(start - 9 * US, 2, MAKES, of + 100, WATCHER).runs(start - 8 * US, of + 100);
                made.waits(start - 7 * US, of + 100, "select", WATCHER);
            }
            made.go(start, 2, "main.open:9", of, "main.session").runs(start + US, of);
            made.waits(start + 2 * US, of, "select", "main.session:20");
            let mut at = start + 10 * US;
            for user in (10..=of).filter(|user| of - user < self.used) {
                made.wakes(at, 3, "main.feed:30", user).runs(at + US, user);
                made.waits(at + 2 * US, user, "select", "main.session:20");
                at += 5 * US;
            }
        }
        if self.creator_ends {
            made.ends(495 * MS, 2);
        }
        found(&made.document((500 + self.idle_ms) * MS))
    }
}

fn found(document: &Document) -> Vec<Rule> {
    document.analysis().findings().iter().map(|it| it.rule).collect()
}

#[test]
fn who_is_given_things_to_do_until_the_end_does_not_pile_up() {
    let usual = Service::USUAL;
    assert!(usual.rules().is_empty());
    assert_eq!(Service { used: 1, ..usual }.rules(), [Rule::PileUp], "each is used once");
    assert_eq!(Service { idle_ms: 600, ..usual }.rules(), [Rule::PileUp], "not any more");
    let left = Service { creator_ends: true, ..usual }.rules();
    assert!(left.contains(&Rule::StillAlive), "who opened them is gone: {left:?}");
}

#[test]
fn a_context_is_needed_as_long_as_whom_it_was_made_for() {
    let usual = Service { has_contexts: true, ..Service::USUAL };
    assert!(usual.rules().is_empty());
    let unused = Service { used: 1, ..usual }.rules();
    assert_eq!(unused, [Rule::StillAlive, Rule::PileUp], "the contexts, and those that have them");
}

/// Contexts with a limit of 80 ms below a parent of the program's own type, one every so often, of which
/// each is ended by its deadline; whether each has a goroutine that works until then.
fn limited(every_ms: i64, is_used: bool) -> Document {
    let n = 80;
    let mut made = Made::new();
    made.running(1, "runtime.main");
    let births = (0..n).map(|at| (i64::from(at + 1) * every_ms * MS, at, true));
    let deaths =
        (0..n).map(|at| (i64::from(at + 1) * every_ms * MS + 80 * MS + 500 * US, at, false));
    let mut all: Vec<_> = births.chain(deaths).collect();
    all.sort_unstable();
    for (at, n, is_born) in all {
        let (watcher, timer, user) = (10 + n, 200 + n, 400 + n);
        if is_born {
            made.go(at, 1, MAKES, watcher, WATCHER).runs(at + US, watcher);
            made.waits(at + 2 * US, watcher, "select", WATCHER);
            if is_used {
                made.go(at + 3 * US, 1, "main.open:9", user, "main.poll").runs(at + 4 * US, user);
                made.waits(at + 5 * US, user, "network", "main.poll:20");
            }
            continue;
        }
        made.passes(at, timer, &[watcher]);
        made.runs(at + 10 * US, watcher).ends(at + 11 * US, watcher);
        if is_used {
            made.wakes(at + 12 * US, 0, "", user).runs(at + 13 * US, user).ends(at + 14 * US, user);
        }
    }
    made.document(i64::from(n + 2) * every_ms * MS + 100 * MS)
}

#[test]
fn contexts_that_only_their_deadlines_end_show_by_their_watchers() {
    let document = limited(4, false);
    assert_eq!(found(&document), [Rule::PileUp]);
    let finding = &document.analysis().findings()[0];
    assert_eq!((finding.count, finding.site.map(|site| site.line)), (79, Some(8)));
    assert!(finding.message.contains("ended by their deadlines alone"), "{}", finding.message);
    // Each may have been needed until then.
    assert!(found(&limited(100, false)).is_empty());
    let used = limited(4, true);
    let contexts = used.analysis().findings().iter().filter(|it| it.message.contains("context"));
    assert_eq!(contexts.count(), 0);
}
