//! Which serious findings only one of two traces has. The rows of a comparison are about durations,
//! of which a single hang or leak has too few to tell.

use std::collections::BTreeSet;

use super::super::split::describe::frame_text;
use super::super::{Document, Finding, Rule, Severity};
use super::LONG_NS;

/// A serious finding that only one of two traces has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OneSided {
    /// By which rule.
    pub rule: Rule,
    /// How much it matters.
    pub severity: Severity,
    /// The function that it is about; "" if none is known.
    pub function: String,
    /// That function, or where the code is that should change: `main.lateWork (main.go:22)`.
    pub place: String,
    /// How often.
    pub count: u32,
    /// The worst of them, in nanoseconds; 0 if it is not about time.
    pub worst_ns: i64,
}

impl OneSided {
    /// Whether it is worse, or better, by itself: what hangs does so in every run, while another run
    /// can have one more that is late or deaf, or a deadline that is reached.
    #[must_use]
    pub fn decides(&self) -> bool {
        self.rule == Rule::StillAlive
            && self.severity <= Severity::Medium
            && self.worst_ns >= LONG_NS
    }
}

/// What only the first of two traces has, and what only the second one has: by rule and function,
/// each in the order of its findings.
pub(super) fn of(both: [&Document; 2]) -> [Vec<OneSided>; 2] {
    let [of_before, of_after] = both.map(keys);
    let [before, after] = both;
    [told(before, &of_after), told(after, &of_before)]
}

/// Whether a finding accuses somebody, and not only its numbers can be worse.
fn is_grave(finding: &Finding) -> bool {
    let accuses = matches!(
        finding.rule,
        Rule::LateExit | Rule::StillAlive | Rule::Deaf | Rule::DeadlineCutShort
    );
    accuses || finding.severity == Severity::High
}

fn keys(document: &Document) -> BTreeSet<(Rule, &str)> {
    let findings = document.analysis().findings().iter().filter(|finding| is_grave(finding));
    findings.map(|finding| key(document, finding)).collect()
}

fn key<'a>(document: &'a Document, finding: &Finding) -> (Rule, &'a str) {
    (finding.rule, document.trace().string(finding.function))
}

/// The findings that the other trace does not have, each rule and place once.
fn told(document: &Document, other: &BTreeSet<(Rule, &str)>) -> Vec<OneSided> {
    let findings = document.analysis().findings().iter().filter(|finding| is_grave(finding));
    let only_here = findings.filter(|finding| !other.contains(&key(document, finding)));
    let mut seen = BTreeSet::new();
    let mut told: Vec<OneSided> = only_here.map(|finding| one(document, finding)).collect();
    told.retain(|one| seen.insert((one.rule, one.place.clone())));
    told
}

fn one(document: &Document, finding: &Finding) -> OneSided {
    let trace = document.trace();
    let function = trace.string(finding.function).to_owned();
    let place = finding.site.map(|site| frame_text(trace, site));
    OneSided {
        rule: finding.rule,
        severity: finding.severity,
        place: place.unwrap_or_else(|| function.clone()),
        function,
        count: finding.count,
        worst_ns: finding.worst_ns,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Rules;
    use super::super::super::tests::made::{DEADLINE, MS, Made, US};
    use super::*;

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

    fn places(side: &[OneSided]) -> Vec<(Rule, &str)> {
        side.iter().map(|one| (one.rule, one.place.as_str())).collect()
    }

    #[test]
    fn what_only_one_side_has_is_gone_or_new() {
        let (bad, good) = (late(&["main.work"], 50 * MS), late(&["main.work"], MS));
        let expected = vec![(Rule::LateExit, "main.work (main.go:12)")];
        let [gone, new] = of([&bad, &good]);
        assert_eq!((places(&gone), places(&new)), (expected.clone(), vec![]));
        let [gone, new] = of([&good, &bad]);
        assert_eq!((places(&gone), places(&new)), (vec![], expected));
        assert_eq!(of([&bad, &bad]), [vec![], vec![]]);
    }

    #[test]
    fn of_several_functions_each_is_told() {
        let names: Vec<String> = (0..8).map(|n| format!("main.work{n}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let [gone, new] = of([&late(&names, 50 * MS), &late(&names[2..], MS)]);
        assert_eq!((gone.len(), new.len()), (8, 0));
    }

    #[test]
    fn who_is_late_once_more_decides_nothing() {
        let one = |rule, worst_ns| OneSided {
            rule,
            severity: Severity::High,
            function: "main.work".to_owned(),
            place: "main.work".to_owned(),
            count: 1,
            worst_ns,
        };
        assert!(one(Rule::StillAlive, LONG_NS).decides());
        assert!(!one(Rule::StillAlive, LONG_NS - 1).decides());
        assert!(!one(Rule::Deaf, LONG_NS).decides() && !one(Rule::LateExit, LONG_NS).decides());
        let low = OneSided { severity: Severity::Low, ..one(Rule::StillAlive, LONG_NS) };
        assert!(!low.decides());
    }
}
