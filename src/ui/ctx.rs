//! What panels may read, and how they ask for changes.

use std::borrow::Cow;
use std::cell::RefCell;

use super::command::Command;
use super::explain::Held;
use super::jobs::{Jobs, Lane};
use super::sheet::Sheet;
use super::slot::{Pair, Slot};
use super::state::State;
use super::table::Row;
use super::theme::Theme;
use crate::analysis::{Diff, Hearing};
pub(crate) use crate::base::grouped as thousands;
use crate::base::{Clock, Goroutine, StackId, Time, count_text};
use crate::load::Saving;

/// What panels ask for: commands, in the order in which they were sent, and sentences.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    commands: RefCell<Vec<Command>>,
    sentences: RefCell<Vec<(Slot, Row)>>,
}

impl Outbox {
    /// Asks for something.
    pub(crate) fn send(&self, command: impl Into<Command>) {
        self.commands.borrow_mut().push(command.into());
    }

    /// Takes all commands.
    pub(crate) fn take(&mut self) -> Vec<Command> {
        std::mem::take(self.commands.get_mut())
    }

    /// Whether no command waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.commands.borrow().is_empty()
    }

    /// Takes those of one trace whose sentences are missing.
    pub(crate) fn take_sentences(&mut self, slot: Slot) -> Vec<Row> {
        let wanted = self.sentences.get_mut();
        let rows = wanted.iter().filter(|(of, _)| *of == slot).map(|(_, row)| *row).collect();
        wanted.retain(|(of, _)| *of != slot);
        rows
    }
}

/// What panels may read, and the outbox for what they ask for.
#[derive(Clone, Copy)]
pub(crate) struct Ctx<'a> {
    /// What the window remembers.
    pub(crate) state: &'a State,
    /// The open traces.
    pub(crate) sheets: &'a Pair<Option<Sheet>>,
    /// What is being worked on.
    pub(crate) jobs: &'a Jobs,
    /// The colors.
    pub(crate) theme: &'static Theme,
    /// Where requests go.
    pub(crate) out: &'a Outbox,
    /// What can be saved, and how.
    pub(crate) saving: Option<&'static Saving>,
    /// The comparison of the two open traces, once it is there.
    pub(crate) diff: Option<&'a Diff>,
}

/// Which traces are open.
pub(crate) type Open = [Option<u64>; 2];

impl<'a> Ctx<'a> {
    /// Asks for something.
    pub(crate) fn send(&self, command: impl Into<Command>) {
        self.out.send(command);
    }

    /// What held up a late exit, in a sentence; nothing yet if it has to be worked out first.
    pub(crate) fn sentence(&self, slot: Slot, hearing: u32) -> Option<&'a str> {
        self.sentence_of(slot, Row::Hearing(hearing))
    }

    /// What holds up the one of a row of the table; nothing yet if it has to be worked out first.
    pub(crate) fn sentence_of(&self, slot: Slot, row: Row) -> Option<&'a str> {
        self.held(slot, row).map(|held| held.sentence.as_str())
    }

    /// The same, in a sentence and in a few words.
    pub(crate) fn held(&self, slot: Slot, row: Row) -> Option<&'a Held> {
        let known = self.sheet(slot)?.held.get(&row);
        if known.is_none() {
            self.out.sentences.borrow_mut().push((slot, row));
        }
        known
    }

    /// The trace in a slot.
    pub(crate) fn sheet(&self, slot: Slot) -> Option<&'a Sheet> {
        self.sheets[slot].as_ref()
    }

    /// The trace that the table and the keys are about.
    pub(crate) fn focus(&self) -> Option<(Slot, &'a Sheet)> {
        let slot = self.state.focus;
        Some((slot, self.sheet(slot)?))
    }

    /// What durations are counted in that are about no trace in particular, such as the budget.
    pub(crate) fn clock(&self) -> Clock {
        self.focus().map(|(_, sheet)| sheet.trace().clock()).unwrap_or_default()
    }

    /// Which traces are open, by a number that none has had before: what is about others is shown
    /// from its beginning. Judged by another budget they are the same.
    pub(crate) fn open(&self) -> Open {
        Slot::BOTH.map(|slot| self.sheet(slot).map(|sheet| sheet.opening))
    }

    /// Whether two traces are open.
    pub(crate) fn comparing(&self) -> bool {
        self.sheet(Slot::After).is_some()
    }

    /// Whether a trace is being opened.
    pub(crate) fn opening(&self) -> bool {
        Slot::BOTH.iter().any(|&slot| self.jobs.is_busy(Lane::Open(slot)))
    }

    /// Whether only the beginning of a trace is shown.
    pub(crate) fn previewing(&self) -> bool {
        Slot::BOTH.iter().any(|&slot| self.sheet(slot).is_some_and(|sheet| sheet.is_preview))
    }

    /// Whether an overstay in nanoseconds is over the budget.
    pub(crate) fn is_late(&self, overstay_ns: i64) -> bool {
        overstay_ns > self.state.prefs.budget_ns
    }
}

/// How many moments of a trace are told apart where nothing asks for more.
const MOMENTS: i64 = 100_000;
/// How many moments of a stretch that is looked at are told apart.
const MOMENTS_WITHIN: i64 = 100;

/// A moment as time since the trace's start: `104.153 ms`.
pub(crate) fn moment(sheet: &Sheet, time: Time) -> String {
    moment_within(sheet, time, i64::MAX)
}

/// The same with the digits that it takes to place it within a stretch of so many nanoseconds.
pub(crate) fn moment_within(sheet: &Sheet, time: Time, stretch_ns: i64) -> String {
    let apart = (sheet.interval().ns() / MOMENTS).min(stretch_ns / MOMENTS_WITHIN);
    sheet.trace().clock().moment(sheet.since_start(time), apart)
}

/// A goroutine's name as lanes and links show it: `g23`.
pub(crate) fn goroutine_id(sheet: &Sheet, goroutine: Goroutine) -> String {
    format!("g{}", sheet.trace().life(goroutine).id)
}

/// The function that it was started for; `no stack seen` if none of it was.
pub(crate) fn called(sheet: &Sheet, goroutine: Goroutine) -> &str {
    match sheet.trace().string(sheet.document.called(goroutine)) {
        "" => "no stack seen",
        name => name,
    }
}

/// Whose work a goroutine did that was late: the handler's, of one that a server runs.
pub(crate) fn acting<'s>(sheet: &'s Sheet, hearing: &Hearing) -> &'s str {
    match sheet.trace().string(sheet.document.acting(hearing, StackId::EMPTY)) {
        "" => "no stack seen",
        name => name,
    }
}

/// A function's name without the folders of its package's path: `http.(*conn).serve`. A major
/// version is no package: of `gocron/v2.New` that is `gocron`.
pub(crate) fn short_function(full: &str) -> Cow<'_, str> {
    let last = last_part(full);
    let path = &full[..full.len() - last.len()];
    let (package, rest) = last.split_once('.').unwrap_or((last, ""));
    if is_version(package) && !rest.is_empty() {
        let before = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        // Nothing but a host, or a package of that name, is none either.
        return match before {
            "" => Cow::Borrowed(last),
            name => Cow::Owned(format!("{name}.{rest}")),
        };
    }
    // In names of symbols a path's last dots are escaped: `gopkg.in/yaml%2ev3.Unmarshal`.
    match package.split_once("%2e") {
        Some((name, version)) if is_version(version) => Cow::Owned(format!("{name}.{rest}")),
        _ => Cow::Borrowed(last),
    }
}

/// The part of a function's name after its package's folders, as it stands there.
pub(crate) fn last_part(full: &str) -> &str {
    // A slash within brackets belongs to a type argument, not to the path.
    let path_end = full.find(['[', '(']).unwrap_or(full.len());
    let slash = full.get(..path_end).and_then(|path| path.rfind('/'));
    slash.and_then(|at| full.get(at + 1..)).unwrap_or(full)
}

/// What to look for in order to see only the lanes of a function; none where its name was not seen, or has
/// spaces, which would be several words.
pub(crate) fn words_of(function: &str) -> Option<&str> {
    Some(last_part(function)).filter(|words| !words.is_empty() && !words.contains(' '))
}

/// Whether a path's element is a module's major version: `v2`.
fn is_version(element: &str) -> bool {
    let digits = element.strip_prefix('v').unwrap_or_default();
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// A sentence with its functions' names as [`short_function`] has them: a package's path takes
/// more room than all the rest.
pub(crate) fn short_names(sentence: &str) -> String {
    let words = sentence.split(' ').map(|word| {
        let short = short_function(word);
        // Logged names of contexts, `#` and all, can be routes: they are left alone.
        let is_function = short.contains('.') && !word.starts_with('/') && !word.contains('#');
        if is_function { short } else { Cow::Borrowed(word) }
    });
    words.collect::<Vec<Cow<'_, str>>>().join(" ")
}

/// A file's name without its folders.
pub(crate) fn short_file(full: &str) -> &str {
    full.rsplit('/').next().unwrap_or(full)
}

/// A count with its noun: `1 goroutine`, `12,345 goroutines`. The noun's plural ends in s.
pub(crate) fn count(n: usize, noun: &str) -> String {
    count_text(n as u64, noun)
}

/// A number of bytes: `19.2 MB`.
pub(crate) fn bytes(n: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let n_f64 = n as f64;
    match n {
        0..1_000 => format!("{n} B"),
        1_000..1_000_000 => format!("{:.1} kB", n_f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", n_f64 / 1e6),
        _ => format!("{:.2} GB", n_f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_folders_and_nothing_else() {
        assert_eq!(short_function("net/http.(*conn).serve"), "http.(*conn).serve");
        assert_eq!(short_function("main.main.func1"), "main.main.func1");
        assert_eq!(short_function("a.com/b/c.F[a.com/d/e.T]"), "c.F[a.com/d/e.T]");
        assert_eq!(short_function("v2.New"), "v2.New");
        assert_eq!(short_function("github.com/go-co-op/gocron/v2.New"), "gocron.New");
        let method = "github.com/go-co-op/gocron/v2.(*executor).stop.func1";
        assert_eq!(short_function(method), "gocron.(*executor).stop.func1");
        assert_eq!(short_function("gopkg.in/yaml%2ev3.Unmarshal"), "yaml.Unmarshal");
        assert_eq!(short_function("a.com/vault.v2"), "vault.v2");
        assert_eq!(short_file("/usr/lib/go/src/net/http/server.go"), "server.go");
    }

    #[test]
    fn sentences_keep_all_but_the_folders() {
        let long =
            "1 goroutine of go.k6.io/k6/lib/executor.(*Pool[a.com/b.T]).Run waited 1 s (pool.go:5)";
        let short = "1 goroutine of executor.(*Pool[a.com/b.T]).Run waited 1 s (pool.go:5)";
        assert_eq!(short_names(long), short);
        for same in ["slept 80 ms in main.lateWork (main.go:22)", "cancel of GET /v1.2/users#3", ""]
        {
            assert_eq!(short_names(same), same);
        }
    }

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!(count(1, "goroutine"), "1 goroutine");
        assert_eq!(count(12_345, "goroutine"), "12,345 goroutines");
        assert_eq!(count(2, "late exit"), "2 late exits");
        assert_eq!(thousands(1_000_000), "1,000,000");
        assert_eq!(bytes(19_200_000), "19.2 MB");
    }
}
