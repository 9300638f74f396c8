//! What the analysis says of real traces: the thirteen cases, and what holds of every trace.

mod accepted;
mod advice;
mod asked;
mod awaited;
mod canceller;
mod cases;
mod causes;
mod clock;
mod comparing;
mod deaf;
pub(crate) mod everywhere;
mod grouping;
mod in_use;
mod logged;
pub(crate) mod made;
mod nested;
mod outcome;
mod queues;
mod readers;
mod relayed;
mod rounds;
mod routes;
mod shared;
mod shutdown;
mod spared;
mod started;
mod starved;
mod stranded;
mod threads;
mod wording;

use std::path::{Path, PathBuf};

use crate::base::Progress;
use crate::model;

use super::{Document, Finding, Rule, Rules};

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("traces").join(format!("{name}.trace"))
}

/// All traces below a folder.
pub(crate) fn traces_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            traces_below(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "trace") {
            found.push(path);
        }
    }
}

fn open(path: &Path) -> Document {
    #[expect(clippy::disallowed_methods, reason = "a test reads its trace")]
    let bytes = std::fs::read(path).unwrap_or_else(|err| panic!("{}: {err}", path.display()));
    let trace = model::build(&bytes, &Progress::default())
        .unwrap_or_else(|err| panic!("{}: {err}", path.display()));
    Document::new(trace, Rules::default())
}

/// The findings of one rule.
fn found(document: &Document, rule: Rule) -> Vec<&Finding> {
    document.analysis().findings().iter().filter(|finding| finding.rule == rule).collect()
}

/// The functions that findings of one rule are about, with how many times each, sorted.
fn whom(document: &Document, rule: Rule) -> Vec<(&str, u32)> {
    let named = |finding: &&Finding| (document.trace().string(finding.function), finding.count);
    let mut functions: Vec<_> = found(document, rule).iter().map(named).collect();
    functions.sort_unstable();
    functions
}
