//! The traces with known contents: a subset in `tests/fixtures`, the whole beside the package
//! where there is one. README.md in the fixtures' folder says where they come from.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{root, text_of};

/// One trace and what Go's own reader makes of it.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    /// The trace.
    pub(crate) file: PathBuf,
    /// Its name in the corpus.
    pub(crate) name: String,
    /// Whether the reference reads it to the end.
    pub(crate) verdict: Verdict,
    /// How many events the reference yields.
    pub(crate) events: u64,
    /// The hash of their lines in the canonical dump.
    pub(crate) dump: u64,
    /// The hash of the whole summary; none where the reference does not read to the end.
    pub(crate) summary: Option<u64>,
}

/// How the reference ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    /// It reads to the end.
    Ok,
    /// It reports an error.
    Error,
    /// It panics: a bug of the reference.
    Panic,
}

/// Whose events the reference computes by float conversions out of range, or cuts by mistake.
const LOOSE: [&str; 3] = ["-freq-zero", "-time-overflow", "-cpu-samples-cut"];

impl Known {
    /// Whether the events have to be those of the reference.
    pub(crate) fn is_binding(&self) -> bool {
        self.verdict == Verdict::Ok && !LOOSE.iter().any(|name| self.name.contains(name))
    }
}

/// The committed subset.
pub(crate) fn fixtures() -> Vec<Known> {
    let known = listed(&root().join("tests/fixtures"), "MANIFEST.tsv");
    assert!(known.len() > 900, "only {} fixtures", known.len());
    known
}

/// The whole corpus, if it is beside the package.
pub(crate) fn whole() -> Option<Vec<Known>> {
    let folder = root().join("../shared/corpus");
    if !folder.join("MANIFEST.tsv").exists() {
        super::skipped("there is no ../shared/corpus; only the fixtures are checked");
        return None;
    }
    Some(listed(&folder, "MANIFEST.tsv"))
}

fn listed(folder: &Path, manifest: &str) -> Vec<Known> {
    let text = text_of(&folder.join(manifest));
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().expect("a head").split('\t').collect();
    let column = |name: &str| head.iter().position(|title| *title == name);
    let hash = |text: &str| u64::from_str_radix(text, 16).ok();
    let needed = |name: &str| column(name).unwrap_or_else(|| panic!("no column `{name}`"));
    let (path, verdict) = (needed("path"), needed("verdict"));
    let (events, dump, summary) =
        (needed("events"), needed("dump_fnv1a64"), column("summary_fnv1a64"));
    let known = lines.map(|line| {
        let fields: Vec<&str> = line.split('\t').collect();
        Known {
            file: folder.join(fields[path]),
            name: fields[path].to_owned(),
            verdict: match fields[verdict] {
                "ok" => Verdict::Ok,
                "panic" => Verdict::Panic,
                _ => Verdict::Error,
            },
            events: fields[events].parse().expect("a number of events"),
            dump: hash(fields[dump]).expect("a hash"),
            summary: summary.and_then(|at| hash(fields[at])),
        }
    });
    known.filter(|known| known.file.exists()).collect()
}

/// Does something for each of many traces on all cores and returns what it complains about.
pub(crate) fn complaints(
    traces: &[Known],
    check: impl Fn(&Known) -> Result<(), String> + Sync,
) -> Vec<String> {
    on_all_cores(traces, |known| {
        check(known).map_err(|complaint| format!("{}: {complaint}", known.name))
    })
}

/// The same by file names.
pub(crate) fn complaints_of(
    files: &[String],
    check: impl Fn(&str) -> Result<(), String> + Sync,
) -> Vec<String> {
    on_all_cores(files, |file| check(file).map_err(|complaint| format!("{file}: {complaint}")))
}

fn on_all_cores<T: Sync>(
    items: &[T],
    check: impl Fn(&T) -> Result<(), String> + Sync,
) -> Vec<String> {
    let n_threads = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut said = Vec::new();
        while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
            said.extend(check(item).err());
        }
        said
    };
    let mut all: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..n_threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
    });
    all.sort();
    all
}

/// Fails with the first complaints, if there are any.
#[track_caller]
pub(crate) fn assert_no_complaints(complaints: &[String]) {
    let shown = complaints.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
    assert!(complaints.is_empty(), "{} complaints, among them\n{shown}", complaints.len());
}
