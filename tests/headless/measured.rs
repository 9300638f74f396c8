//! Programs that measured themselves, against what the analysis says of their traces: see
//! tests/measured/README.md.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use overstay::analysis::{Document, Hearing, Outcome, Rule, Rules};
use overstay::base::{Goroutine, Progress};
use overstay::model::build;
use serde::Deserialize;

use crate::support::bytes_of;

/// Names a folder of more recordings.
const MORE: &str = "OVERSTAY_MEASURED";
/// How far a clock may be off, and an end from a goroutine's last statement, in nanoseconds.
const SLACK_NS: i64 = 200_000;
/// By how much an overstay may differ: so many nanoseconds, and one part in so many.
const DIFFERS_NS: i64 = 1_000_000;
const DIFFERS_PART: i64 = 100;
/// Who left within this, in nanoseconds, behaved: the limit is 10 ms.
const PROMPT_NS: i64 = 9_000_000;

/// Nobody is deaf who left within this, in nanoseconds: the limit, and the slack of the clocks.
const DEAF_NS: i64 = 11_000_000;

/// What a program knows.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Known {
    Cancel(Cancel),
    Goroutine(Line),
}

#[derive(Deserialize)]
struct Cancel {
    #[serde(rename = "cancel")]
    name: String,
    cause: Vec<String>,
    visible: bool,
    lo_ns: i64,
    hi_ns: i64,
}

/// What one goroutine knows of one cancel.
#[derive(Deserialize)]
struct Line {
    cancel: String,
    goroutine: i64,
    name: String,
    evidence: Vec<String>,
    heard_in: String,
    outcome: String,
    late_lo_ns: i64,
    late_hi_ns: i64,
}

/// One recording.
struct Measured {
    document: Document,
    cancels: HashMap<String, Cancel>,
    lines: Vec<Line>,
    /// Wall time less trace time, in nanoseconds.
    offset_ns: i64,
}

impl Measured {
    fn open(trace: &Path, rules: Rules) -> Self {
        let built = build(&bytes_of(trace), &Progress::default()).expect("a sound trace");
        let logs = built.notes().logs().iter();
        let wall_ns = |text: &str| text.strip_prefix("wall_ns=")?.parse::<i64>().ok();
        let offsets =
            logs.filter_map(|log| Some(wall_ns(built.string(log.message))? - log.at.ns()));
        let offset_ns = offsets.max().expect("a log of the wall clock");
        let (mut cancels, mut lines) = (HashMap::new(), Vec::new());
        let truth = bytes_of(&trace.with_extension("truth.jsonl"));
        for known in serde_json::Deserializer::from_slice(&truth).into_iter() {
            match known.expect("a line of the truth") {
                Known::Cancel(cancel) => drop(cancels.insert(cancel.name.clone(), cancel)),
                Known::Goroutine(line) => lines.push(line),
            }
        }
        let document = Document::new(built, rules);
        Self { document, cancels, lines, offset_ns }
    }

    fn go_id(&self, goroutine: Goroutine) -> i64 {
        self.document.trace().go_id(goroutine).0.cast_signed()
    }

    /// What the analysis says of those whom a cancel reached, or should have.
    fn reached(&self, cancel: &str) -> impl Iterator<Item = &Hearing> {
        let known = &self.cancels[cancel];
        let analysis = self.document.analysis();
        let window = known.lo_ns - SLACK_NS..=known.hi_ns + SLACK_NS;
        analysis.hearings().iter().filter(move |hearing| {
            let at = analysis.cancel_of(hearing).at.ns();
            window.contains(&(at + self.offset_ns))
        })
    }

    /// What is wrong with what the analysis says of one goroutine and one cancel.
    fn of_line(&self, line: &Line) -> Vec<String> {
        let known = &self.cancels[&line.cancel];
        let analysis = self.document.analysis();
        let reached = self.reached(&line.cancel);
        let mut found = reached.filter(|hearing| self.go_id(hearing.goroutine) == line.goroutine);
        let Some(hearing) = found.next() else {
            let may_miss = !known.visible || line.evidence.iter().any(|word| word == "none");
            return if may_miss { Vec::new() } else { vec!["is missing".to_owned()] };
        };
        let mut wrong = Vec::new();
        let mut expect = |what: &str, is: &str, right: &[&str]| {
            if !right.contains(&is) {
                wrong.push(format!("{what} is {is}, not {right:?}"));
            }
        };
        expect("the evidence", hearing.evidence.name(), &words(&line.evidence));
        expect("the outcome", hearing.outcome.name(), &[&line.outcome]);
        let cause = analysis.cancel_of(hearing).cause;
        expect("the cause", cause.name(), &words(&known.cause));
        if !hearing.deaf && !line.heard_in.is_empty() {
            let right: Vec<&str> = line.heard_in.split('|').collect();
            expect("heard in", hearing.heard_in.name(), &right);
        }
        let (overstay, slack) = (hearing.overstay_ns, DIFFERS_NS + line.late_hi_ns / DIFFERS_PART);
        let right = line.late_lo_ns - slack..=line.late_hi_ns + slack;
        if hearing.outcome != Outcome::LivesOn && !right.contains(&overstay) {
            wrong.push(format!("the overstay is {overstay}, not {right:?}"));
        }
        if found.next().is_some() {
            wrong.push("is told twice".to_owned());
        }
        wrong
    }

    /// For each goroutine that the grade `sibling` is about, and that stayed longer than the limit,
    /// whether it was found by any grade: its creator made one that heard in the same function.
    fn siblings(&self) -> impl Iterator<Item = (&Line, bool)> {
        let trace = self.document.trace();
        let made_by = |of: Goroutine| {
            let life = trace.life(of);
            let top = trace.frames(life.creation_stack).next();
            life.parent.zip(top.map(|frame| frame.function))
        };
        let lines = self.lines.iter().filter(|line| {
            line.evidence.iter().any(|word| word == "sibling") && line.late_lo_ns > DEAF_NS
        });
        lines.filter_map(move |line| {
            let mut own = trace.goroutines().filter(|of| self.go_id(*of) == line.goroutine);
            let made = made_by(own.next()?)?;
            let mut heard = self.reached(&line.cancel).filter(|hearing| !hearing.deaf);
            heard.find(|hearing| made_by(hearing.goroutine) == Some(made))?;
            let mut reached = self.reached(&line.cancel);
            let found = reached.any(|hearing| self.go_id(hearing.goroutine) == line.goroutine);
            Some((line, found))
        })
    }

    /// Findings that accuse somebody who behaved.
    fn accused(&self) -> Vec<String> {
        let mut worst: HashMap<i64, i64> = HashMap::new();
        for line in self.lines.iter().filter(|line| line.outcome != "lives-on") {
            let worst = worst.entry(line.goroutine).or_default();
            *worst = line.late_hi_ns.max(*worst);
        }
        let findings = self.document.analysis().findings().iter();
        let accusing = findings.filter(|finding| {
            matches!(finding.rule, Rule::LateExit | Rule::StillAlive | Rule::Deaf)
        });
        accusing
            .flat_map(|finding| finding.goroutines.iter().map(move |of| (finding, self.go_id(*of))))
            .filter(|(_, id)| worst.get(id).copied().unwrap_or(0) < PROMPT_NS)
            .map(|(finding, id)| format!("goroutine {id} is accused: {}", finding.message))
            .collect()
    }
}

fn words(all: &[String]) -> Vec<&str> {
    all.iter().map(String::as_str).collect()
}

/// All recordings below a folder.
fn recordings(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for version in std::fs::read_dir(folder).expect("a folder").flatten() {
        for file in std::fs::read_dir(version.path()).into_iter().flatten().flatten() {
            found.extend(
                Some(file.path()).filter(|path| path.extension() == Some("trace".as_ref())),
            );
        }
    }
    found.sort();
    found
}

fn all_recordings() -> Vec<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/measured/recorded");
    let mut traces = recordings(&own);
    assert!(traces.len() >= 70, "the package has recordings");
    match std::env::var_os(MORE) {
        Some(folder) => traces.extend(recordings(Path::new(&folder))),
        None => eprintln!("{MORE} is not set: only the package's own recordings are checked"),
    }
    traces
}

#[test]
fn measured_siblings_are_found_when_they_are_asked_for() {
    let (mut n_all, mut missed) = (0, Vec::new());
    for path in &all_recordings() {
        let measured = Measured::open(path, Rules { sibling: true, ..Rules::default() });
        for (line, found) in measured.siblings() {
            n_all += 1;
            if !found {
                missed.push(format!("{}: {} of {}", path.display(), line.name, line.cancel));
            }
        }
    }
    println!("{} of {n_all} siblings found", n_all - missed.len());
    assert!(n_all > 0 && missed.len() * 20 <= n_all, "missed:\n{}", missed.join("\n"));
}

#[test]
fn measured_overstays_are_found_and_nobody_else_is_accused() {
    let traces = all_recordings();
    let (mut n_lines, mut wrong) = (0, Vec::new());
    for path in &traces {
        let measured = Measured::open(path, Rules::default());
        n_lines += measured.lines.len();
        let of_lines = measured.lines.iter().flat_map(|line| {
            let who = format!("{} of {}, goroutine {}", line.name, line.cancel, line.goroutine);
            measured.of_line(line).into_iter().map(move |wrong| format!("{who}: {wrong}"))
        });
        let all = of_lines.chain(measured.accused());
        wrong.extend(all.map(|wrong| format!("{}: {wrong}", path.display())));
    }
    println!("{} recordings, {n_lines} goroutines", traces.len());
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}
