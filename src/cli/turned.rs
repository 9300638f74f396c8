//! Which grave findings only one of two traces has. The groups of a comparison are about durations,
//! of which a single hang or leak has too few to tell.

use std::collections::BTreeSet;

use super::ink::{function, grouped, place};
use crate::analysis::{Document, Finding, Rule, Severity};

/// How many are told of each side.
const TOLD: usize = 5;

/// Findings of one side only, each in a few words, the worst first.
#[derive(Default, Debug)]
pub(super) struct Turned {
    /// What only the first trace has.
    pub(super) gone: Vec<String>,
    /// What only the second one has.
    pub(super) new: Vec<String>,
}

impl Turned {
    /// Holds the findings of two traces against each other, by rule and function.
    pub(super) fn new(before: &Document, after: &Document) -> Self {
        let [of_before, of_after] = [before, after].map(keys);
        Self { gone: told(before, &of_after), new: told(after, &of_before) }
    }

    /// Each with what it is: `gone`, `new`.
    pub(super) fn all(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let gone = self.gone.iter().map(|text| ("gone", text.as_str()));
        gone.chain(self.new.iter().map(|text| ("new", text.as_str())))
    }
}

/// Whether a finding accuses somebody, and not only its numbers can be worse.
fn is_grave(finding: &Finding) -> bool {
    let accuses = matches!(finding.rule, Rule::LateExit | Rule::StillAlive | Rule::Deaf);
    accuses || finding.severity == Severity::High
}

fn keys(document: &Document) -> BTreeSet<(Rule, String)> {
    let findings = document.analysis().findings().iter().filter(|finding| is_grave(finding));
    findings.map(|finding| key(document, finding)).collect()
}

fn key(document: &Document, finding: &Finding) -> (Rule, String) {
    (finding.rule, document.trace().string(finding.function).to_owned())
}

/// The findings that the other trace does not have, each rule and function once.
fn told(document: &Document, other: &BTreeSet<(Rule, String)>) -> Vec<String> {
    let trace = document.trace();
    let mut seen = BTreeSet::new();
    let findings = document.analysis().findings().iter().filter(|finding| {
        let key = key(document, finding);
        is_grave(finding) && !other.contains(&key) && seen.insert(key)
    });
    let text = |finding: &Finding| {
        let whose = match finding.site {
            Some(site) => place(trace, site),
            None => function(trace, finding.function).into_owned(),
        };
        let times = match finding.count {
            0 | 1 => String::new(),
            n => format!(", {}×", grouped(n.into())),
        };
        format!("{}, {whose}{times}", finding.rule)
    };
    let mut told: Vec<String> = findings.map(text).collect();
    let left = told.len().saturating_sub(TOLD);
    told.truncate(TOLD);
    if left > 0 {
        told.push(format!("and {} more", grouped(left as u64)));
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Rules;
    use crate::analysis::tests::made::{DEADLINE, MS, Made, US};

    /// A worker that leaves so long after its deadline, for each of some functions.
    fn late(workers: &[&str], late_ns: i64) -> Document {
        let mut made = Made::new();
        made.running(1, "runtime.main");
        for (of, name) in (10..).zip(workers) {
            let at = i64::from(of) * US;
            made.go(at, 1, "main.main:3", of, name).runs(at + 100, of);
            made.waits(at + 200, of, "select", &format!("{name}:9"));
        }
        made.timer(MS, 2);
        for (of, _) in (10..).zip(workers) {
            made.wakes(MS + i64::from(of) * US, 2, DEADLINE, of);
        }
        made.ends(2 * MS, 2);
        for (of, name) in (10..).zip(workers) {
            made.runs(2 * MS + i64::from(of) * US, of);
            made.waits(
                3 * MS + i64::from(of) * US,
                of,
                "sleep",
                &format!("time.Sleep < {name}:12"),
            );
        }
        for (of, _) in (10..).zip(workers) {
            let at = 3 * MS + late_ns + i64::from(of) * 10 * US;
            made.wakes(at, 0, "", of).runs(at + US, of).ends(at + 2 * US, of);
        }
        made.document_by(2_000 * MS, Rules::default())
    }

    #[test]
    fn what_only_one_side_has_is_gone_or_new() {
        let (bad, good) = (late(&["main.work"], 50 * MS), late(&["main.work"], MS));
        let turned = Turned::new(&bad, &good);
        assert_eq!(
            (turned.gone.as_slice(), turned.new.len()),
            (&["late-exit, main.work (main.go:12)".to_owned()][..], 0)
        );
        let turned = Turned::new(&good, &bad);
        assert_eq!((turned.gone.len(), turned.new.len()), (0, 1));
        assert_eq!(Turned::new(&bad, &bad).all().count(), 0);
    }

    #[test]
    fn of_many_only_the_worst_are_told() {
        let names: Vec<String> = (0..8).map(|n| format!("main.work{n}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let turned = Turned::new(&late(&names, 50 * MS), &late(&names, MS));
        assert_eq!(turned.gone.len(), TOLD + 1);
        assert_eq!(turned.gone.last().map(String::as_str), Some("and 3 more"));
    }
}
